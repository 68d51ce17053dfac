"""`python -m local demo|run`: the whole service on this machine."""

import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - told in words rather than by whatever an older Python stumbles over first
    sys.exit("mentorship needs Python 3.11 or newer; this is " + sys.version.split()[0])

if sys.dont_write_bytecode:  # a stack starts Python a dozen times: compile once, into a folder of our own instead of beside the sources
    sys.dont_write_bytecode, sys.pycache_prefix = False, str(Path(".mentorship/bytecode").resolve())

from gateway.starting import stopped_at_once

stopped_at_once(130)

from local.main import main  # noqa: E402 - takes a moment

main()
