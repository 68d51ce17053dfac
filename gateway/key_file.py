"""Changes of a key file: a key comes, becomes the active one, or goes. The file is replaced whole and synced, never half written.

One change at a time, whoever makes it: of two at once the second would write down what it read before the first, and a key that something may be
sealed with already would be gone.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gateway.keyring import Keyring, KeyringUnusable, fresh_id, fresh_key, written_aside


def add(path: Path) -> str:
    """A fresh key, the last of the file, not active yet; returns its id. Raises KeyringUnusable, OSError."""
    key_id = fresh_id()
    with _changed(path) as stored:
        stored["keys"][key_id] = fresh_key()
    return key_id


def newest(path: Path) -> str:
    """The last key of the file. Raises KeyringUnusable."""
    return str(list(_read(path)["keys"])[-1])


def activate(path: Path, key_id: str) -> None:
    """That key seals from now on. Raises KeyringUnusable, also for a key that is not there; OSError."""
    with _changed(path) as stored:
        stored["active"] = key_id


def drop(path: Path, key_id: str) -> None:
    """Deletes a key for good. Raises KeyringUnusable for the active one, or one that is not there; OSError."""
    with _changed(path) as stored:
        if key_id not in stored["keys"]:
            raise KeyringUnusable(f"{path}: there is no key {key_id}")
        del stored["keys"][key_id]


@contextmanager
def _changed(path: Path) -> Iterator[dict[str, Any]]:
    """What the file holds, to be changed, and written when the block is through. The folder is what is locked: the file is another one afterwards."""
    folder = os.open(path.resolve().parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        stored = _read(path)
        yield stored
        _write(path, stored)
    finally:
        os.close(folder)


def _read(path: Path) -> dict[str, Any]:
    Keyring.load(path)  # whether it is whole, and nobody else's to read
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _write(path: Path, stored: dict[str, Any]) -> None:
    Keyring.parse(json.dumps(stored), str(path))
    target = path.resolve()
    with written_aside(target, stored) as whole:
        whole.replace(target)
