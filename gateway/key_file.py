"""Changes to a key file: a key is added, becomes the active one, or is dropped. The file is synced and replaced whole, never half written.

A lock allows one change at a time. Otherwise the second of two could overwrite the first, and a key that may already have sealed something
would be lost.
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
    """Adds a fresh key at the file's end, not active yet, and returns its id. Raises KeyringUnusable, OSError."""
    key_id = fresh_id()
    with _changed(path) as stored:
        stored["keys"][key_id] = fresh_key()
    return key_id


def newest(path: Path) -> str:
    """The id of the file's last key. Raises KeyringUnusable."""
    return str(list(_read(path)["keys"])[-1])


def activate(path: Path, key_id: str) -> None:
    """Makes this key the one that seals. Raises KeyringUnusable, also for a key that is not there; OSError."""
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
    """Yields the file's content for the block to change, then writes it. The lock is on the folder, since the file itself is replaced."""
    folder = os.open(path.resolve().parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        stored = _read(path)
        yield stored
        _write(path, stored)
    finally:
        os.close(folder)


def _read(path: Path) -> dict[str, Any]:
    Keyring.load(path)  # raises unless it is complete and private
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _write(path: Path, stored: dict[str, Any]) -> None:
    Keyring.parse(json.dumps(stored), str(path))
    target = path.resolve()
    with written_aside(target, stored) as whole:
        whole.replace(target)
