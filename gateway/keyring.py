"""The keys that seal everything at rest (H12, P8). One file or one environment variable holds them, names the active one, and keeps older ones.

`{"active": "k-…", "keys": {"k-…": "<base64 of 32 bytes>"}, "index": "<base64 of 32 bytes>"}`. To rotate, add a key and name it
as active. Whatever an older key sealed stays readable for as long as that key is kept. The index key makes blind indexes and never
rotates: with another one, nobody would be found any more.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
import stat
import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import BaseModel, Field, StringConstraints, ValidationError, field_validator, model_validator

from gateway.expected import expected

KEY_BYTES = 32
_ALPHABET = string.ascii_lowercase + string.digits


class KeyringUnusable(Exception):  # noqa: N818 - it says what is the case
    """The keys are missing, malformed, or readable by others. The message never holds any of them."""


class UnknownKey(LookupError):  # noqa: N818 - it says what is the case
    """Something names a key that this keyring does not have. Nothing is lost: it can be opened once the key is back."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"the keyring has no key {key_id!r}")
        self.key_id = key_id


def _key(text: str) -> str:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != KEY_BYTES:
        raise ValueError(f"expected base64 of {KEY_BYTES} bytes")
    return text


KeyId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


class _Stored(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    active: KeyId
    keys: Annotated[dict[KeyId, str], Field(min_length=1, repr=False)]
    index: str = Field(repr=False)

    @field_validator("keys")
    @classmethod
    def _keys(cls, keys: dict[str, str]) -> dict[str, str]:
        return {key_id: _key(text) for key_id, text in keys.items()}

    @field_validator("index")
    @classmethod
    def _index(cls, text: str) -> str:
        return _key(text)

    @model_validator(mode="after")
    def _has_active(self) -> Self:
        if self.active not in self.keys:
            raise ValueError("expected `active` to name one of `keys`")
        return self


class Keyring:
    """Derives a separate key for every purpose, so that no two uses ever share one. `repr` shows only key ids."""

    def __init__(self, active: str, keys: Mapping[str, bytes], index: bytes) -> None:
        """Raises KeyringUnusable unless `active` is one of `keys` and every key has 32 bytes."""
        if active not in keys or any(len(key) != KEY_BYTES for key in (*keys.values(), index)):
            raise KeyringUnusable(f"expected an active key among the keys, and {KEY_BYTES} bytes each")
        self._active = active
        self._keys = dict(keys)
        self._index = index
        self._derived: dict[tuple[str, str | None], bytes] = {}

    @property
    def active(self) -> str:
        """The id of the key that seals from now on."""
        return self._active

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Every key that still opens, the active one among them."""
        return tuple(self._keys)

    def derive(self, purpose: str, key_id: str | None = None) -> bytes:
        """32 bytes for one purpose (HKDF-SHA256), from the active key or the one named. Raises UnknownKey."""
        chosen = self._active if key_id is None else key_id
        if chosen not in self._keys:
            raise UnknownKey(chosen)
        return self._expand(self._keys[chosen], purpose, chosen)

    def index_key(self, purpose: str) -> bytes:
        """32 bytes for one blind index. The same for ever: it does not depend on the active key."""
        return self._expand(self._index, purpose, None)

    def _expand(self, key: bytes, purpose: str, key_id: str | None) -> bytes:
        found = self._derived.get((purpose, key_id))
        if found is None:
            kind = "key" if key_id is not None else "index"
            found = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"mentorship/{kind}/{purpose}".encode()).derive(key)
            self._derived[(purpose, key_id)] = found
        return found

    def __repr__(self) -> str:
        return f"Keyring(active={self._active!r}, keys={sorted(self._keys)})"

    @classmethod
    def parse(cls, text: str, source: str = "the keys") -> Self:
        """The keyring that this JSON describes. An error names the `source` and never quotes the text. Raises KeyringUnusable."""
        try:
            stored = _Stored.model_validate_json(text)
        except ValidationError as error:
            where = "; ".join(_problem(problem["loc"], expected(problem)) for problem in error.errors(include_input=False, include_url=False))
            raise KeyringUnusable(f"{source}: {where}") from None
        return cls(stored.active, {key_id: base64.b64decode(text) for key_id, text in stored.keys.items()}, base64.b64decode(stored.index))

    @classmethod
    def load(cls, path: Path | str, env: str | None = None) -> Self:
        """From `env` (the JSON itself) if given, else from the file. Raises KeyringUnusable, also for a file that others may read or write."""
        if env:
            return cls.parse(env, "MENTORSHIP_KEYS")
        return cls.parse(_private_text(Path(path)), str(path))

    @classmethod
    def generate(cls, path: Path | str) -> Self:
        """Makes a keyring in a new file with mode 0600, which is complete as soon as it exists. Raises FileExistsError rather than replace a file."""
        key_id = fresh_id()
        stored = {"active": key_id, "keys": {key_id: fresh_key()}, "index": fresh_key()}
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with written_aside(target, stored) as whole:
            os.link(whole, target)
        return cls.load(target)

    @classmethod
    def load_or_generate(cls, path: Path | str) -> Self:
        """Loads the keyring, or makes it if absent. For one's own machine only: in production, absent keys are a mistake."""
        if not Path(path).exists():
            try:
                return cls.generate(path)
            except FileExistsError:  # another process of the same start was first
                pass
        return cls.load(path)


def fresh_id() -> str:
    """A random id, so that another file's key is reported as unknown, not tried and found wrong."""
    return "k-" + "".join(secrets.choice(_ALPHABET) for _ in range(8))


def fresh_key() -> str:
    """Base64 of new bytes."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


@contextmanager
def written_aside(target: Path, stored: Mapping[str, Any]) -> Iterator[Path]:
    """Yields a synced file with mode 0600 beside the target, which holds `stored`. The block puts it in the target's place. Raises OSError.

    Whatever the block leaves of it is removed.
    """
    aside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(stored, indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        yield aside
    finally:
        aside.unlink(missing_ok=True)


def _problem(where: tuple[int | str, ...], what: str) -> str:
    place = ".".join(str(part) for part in where)
    return f"{place}: {what}" if place else what


def _private_text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise KeyringUnusable(f"{path}: others may read or write it (mode {mode:04o}); do: chmod 600 {path}")
            return file.read()
    except FileNotFoundError:
        raise KeyringUnusable(f"{path}: there is no such key file; see MENTORSHIP_KEY_FILE (after `make run`: . .mentorship/run/env)") from None
    except (OSError, UnicodeDecodeError) as error:
        why = "not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise KeyringUnusable(f"{path}: cannot be read ({why}); see MENTORSHIP_KEY_FILE") from None
