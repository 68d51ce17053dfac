"""What is sealed, with which key, and how it is found again without being readable (H12).

There are two kinds of keys. The keyring's rotate: a value sealed with one begins with the key's id. And each person has one random data key,
which is itself sealed with the keyring's: without it everything that the person wrote is noise, which is what erasure means (P8).
Every sealed value is bound to its place (`about`), so that two values cannot be swapped.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from records.errors import UnknownKey, Unreadable

_NONCE = 12
_FORMAT = b"\x01"


class KeySource(Protocol):
    """The keyring, as records need it. `derive` raises a LookupError for a key id that the keyring lacks."""

    @property
    def active(self) -> str: ...

    def derive(self, purpose: str, key_id: str | None = None) -> bytes: ...

    def index_key(self, purpose: str) -> bytes: ...


def seal_with(key: bytes, plain: bytes, about: str) -> bytes:
    """AES-256-GCM with a random nonce in front."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, about.encode())


def open_with(key: bytes, sealed: bytes, about: str) -> bytes:
    """The plain bytes. Raises Unreadable when key, place or bytes are not those of the sealing."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], about.encode())
    except (InvalidTag, ValueError):
        raise Unreadable(about) from None


def new_data_key() -> bytes:
    return AESGCM.generate_key(256)


class Sealer:
    """Seals with the keyring's active key; opens with the key that a value names. Raises UnknownKey, Unreadable."""

    def __init__(self, keys: KeySource) -> None:
        self._keys = keys
        self._derived: dict[tuple[str, str], bytes] = {}

    @property
    def active(self) -> str:
        return self._keys.active

    def key(self, purpose: str, key_id: str) -> bytes:
        """The derived key, remembered, since deriving costs more than sealing."""
        found = self._derived.get((purpose, key_id))
        if found is None:
            try:
                found = self._keys.derive(purpose, key_id)
            except LookupError:
                raise UnknownKey(key_id) from None
            self._derived[purpose, key_id] = found
        return found

    def seal(self, purpose: str, plain: bytes, about: str) -> bytes:
        key_id = self.active
        name = key_id.encode()
        return _FORMAT + bytes([len(name)]) + name + seal_with(self.key(purpose, key_id), plain, about)

    def open(self, purpose: str, sealed: bytes, about: str) -> bytes:
        key_id, rest = _named(sealed, about)
        return open_with(self.key(purpose, key_id), rest, about)

    def key_id(self, sealed: bytes) -> str:
        """The id of the key that a value was sealed with."""
        return _named(sealed, "a sealed value")[0]

    def blind(self, purpose: str, text: str) -> str:
        """A keyed hash by which to find `text`, the same for ever, since the index key never rotates; 64 hex digits."""
        return hmac.new(self._keys.index_key(purpose), text.encode(), hashlib.sha256).hexdigest()


def _named(sealed: bytes, about: str) -> tuple[str, bytes]:
    end = 2 + sealed[1] if len(sealed) > 2 else 0
    if sealed[:1] != _FORMAT or len(sealed) < end + _NONCE:
        raise Unreadable(about)
    return sealed[2:end].decode("utf-8", "replace"), sealed[end:]
