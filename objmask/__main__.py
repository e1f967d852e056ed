"""`python -m objmask VERB …`"""

import sys

from objmask.files.utf8 import speak_utf8

speak_utf8()

from objmask.cli import main  # noqa: E402 - only then

sys.exit(main())
