"""The files that a command is given to read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starter.answer import Misused


def check_in(*paths: Path) -> None:
    """Before anything is read: raises Misused with every one that is not there. A pipe is a file as well."""
    missing = [f"{path}: {'is a folder' if path.is_dir() else 'no such file'}" for path in paths if path.is_dir() or not path.exists()]
    if missing:
        raise Misused("\n".join(missing))


@contextmanager
def reading(*paths: Path) -> Iterator[None]:
    """Raises Misused before the block for every file that is not there, and from within it for one that cannot be read."""
    check_in(*paths)
    try:
        yield
    except OSError as error:
        raise Misused(f"{error.filename}: {error.strerror or 'cannot be read'}") from error
