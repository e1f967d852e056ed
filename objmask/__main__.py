"""`python -m objmask VERB …`"""

import sys

from objmask.cli import main

sys.exit(main())
