"""A server's program takes no arguments, and says so instead of starting a server for somebody who asked for help."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

_SETTINGS = "Everything is set by MENTORSHIP_* and TEMPORAL_* in the environment (README.md, Settings). SIGTERM or SIGINT stops it; then it exits with 0."


def no_arguments(program: str, what: str, given: Sequence[str] | None = None) -> None:
    """Returns when nothing was `given` (by default on the command line); else SystemExit: 0 after `--help`, 2 for anything else."""
    argparse.ArgumentParser(prog=program, description=what, epilog=_SETTINGS, allow_abbrev=False).parse_args(given)
