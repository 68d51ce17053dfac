"""The files that a command is given to read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starter.answer import Misused


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
def reading(*paths: Path) -> Iterator[None]:
    """Raises Misused before the block for all files that are not there, and from within it for one that cannot be read."""
    check_in(*paths)
    try:
        yield
    except OSError as error:
        raise Misused(f"{error.filename}: {error.strerror or 'cannot be read'}") from error
