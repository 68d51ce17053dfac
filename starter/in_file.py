"""The files that a command is given to read: those that are not there, and what is wrong in those that are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from starter.answer import Misused, Refused, aside
from starter.faults import Findings


def check_in(*paths: Path) -> None:
    """Call it before reading. Raises Misused with every file that is not there or that this user may not look for. A pipe counts as a file."""
    missing = [f"{path}: {why}" for path in paths if (why := _missing(path)) is not None]
    if missing:
        raise Misused("\n".join(missing))


def _missing(path: Path) -> str | None:
    try:
        if path.is_dir():
            return "is a folder"
        return None if path.exists() else "no such file"
    except OSError as error:  # its folder is closed
        return error.strerror


@contextmanager
def reading(*paths: Path) -> Iterator[Findings]:
    """Gives the block what its readers collect into, and tells the notices after it.

    Raises Misused before the block for all files that are not there, and from within it for one that cannot be read; after it Refused with every
    fault, a line each. If a key is unknown, the last line says where all keys are listed.
    """
    check_in(*paths)
    findings = Findings()
    try:
        yield findings
    except OSError as error:
        raise Misused(f"{error.filename}: {error.strerror or 'cannot be read'}") from error
    for notice in findings.sorted_notices():
        aside(str(notice))
    if faults := findings.sorted_faults():
        unknown = any(fault.wrong.startswith("unknown key") for fault in faults)
        lines = [*(str(fault) for fault in faults), *(["every key, with its default and bounds: docs/programme.yaml"] if unknown else [])]
        raise Refused(*lines, result={"ok": False, "faults": [asdict(fault) for fault in faults]})
