"""`python -m objmask VERB …`"""

import sys

from objmask.files.utf8 import speak_utf8

speak_utf8()

from objmask.jobs.prepared import forked  # noqa: E402 - only then

code = forked(sys.argv[1:])
if code is None:
    from objmask.cli import main

    code = main()
sys.exit(code)
