"""Changes of a key file: a key comes, becomes the active one, or goes. The file is replaced whole and synced, never half written."""

from __future__ import annotations

import base64
import json
import os
import secrets
import string
from pathlib import Path
from typing import Any

from gateway.keyring import KEY_BYTES, Keyring, KeyringUnusable

_ALPHABET = string.ascii_lowercase + string.digits


def add(path: Path) -> str:
    """A fresh key, the last of the file, not active yet; returns its id. Raises KeyringUnusable, OSError."""
    stored = _read(path)
    key_id = "k-" + "".join(secrets.choice(_ALPHABET) for _ in range(8))
    stored["keys"][key_id] = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    _write(path, stored)
    return key_id


def newest(path: Path) -> str:
    """The last key of the file. Raises KeyringUnusable."""
    return str(list(_read(path)["keys"])[-1])


def activate(path: Path, key_id: str) -> None:
    """That key seals from now on. Raises KeyringUnusable, also for a key that is not there; OSError."""
    _write(path, {**_read(path), "active": key_id})


def drop(path: Path, key_id: str) -> None:
    """Deletes a key for good. Raises KeyringUnusable for the active one, or one that is not there; OSError."""
    stored = _read(path)
    if key_id not in stored["keys"]:
        raise KeyringUnusable(f"{path}: there is no key {key_id}")
    del stored["keys"][key_id]
    _write(path, stored)


def _read(path: Path) -> dict[str, Any]:
    Keyring.load(path)  # whether it is whole, and nobody else's to read
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _write(path: Path, stored: dict[str, Any]) -> None:
    text = json.dumps(stored, indent=2) + "\n"
    Keyring.parse(text, str(path))
    target = path.resolve()
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
