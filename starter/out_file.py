"""The files that a command writes for its operator."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from starter.answer import Misused, Refused


def check_out(path: Path, called: str) -> None:
    """Call it before the work begins. Raises Misused if `path` is a folder or is in none, Refused for a name that the file system does not take."""
    try:
        if path.is_dir() or not path.resolve().parent.is_dir():
            raise Misused(f"{called}: {'is a folder' if path.is_dir() else 'no such folder'}")
    except (OSError, RuntimeError) as error:
        raise _refused(called, error) from error


def out_folder(path: Path, called: str) -> None:
    """Call it before the work begins. Makes the folder, for its owner only, if it is not there.

    Raises Misused if it is a file, Refused if it cannot be made or written into.
    """
    try:
        if path.exists() and not path.is_dir():
            raise Misused(f"{called}: is a file, expected a folder")
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:
        raise _refused(called, error) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise Refused(f"{called}: cannot be written into")


def write_out(path: Path, text: str, called: str, *, private: bool = False) -> None:
    """Writes the whole file or nothing, so that a full disk leaves the earlier file. Into what is no regular file, such as a pipe, it writes directly.

    An earlier file's mode is kept, but a `private` file can be read by its owner only. Raises Refused for whatever is in the way.
    """
    part = path.with_name(f".{os.getpid()}.part")
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()) or not os.access(path.parent, os.W_OK):
            _put(path, text)
            return
        try:
            part.unlink(missing_ok=True)  # left by a killed command with the same process id: its mode would stay
            part.touch(mode=0o600 if private else 0o666, exist_ok=False)
            if path.exists() and not private:
                shutil.copymode(path, part)
            _put(part, text)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise _refused(called, error) from error


def not_replaced(path: Path, error: OSError, setting: str) -> Refused:
    """A new file is written beside the old one first, so it is the folder that may be in the way."""
    return Refused(f"{path}: cannot be replaced in its folder ({error.strerror or type(error).__name__}), so nothing was changed; see {setting}")


def _put(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        if path.is_file():
            os.fsync(file.fileno())


def _refused(called: str, error: Exception) -> Refused:
    return Refused(f"{called}: {getattr(error, 'strerror', None) or 'cannot be written'}")
