"""Payloads as Temporal stores them: sealed with AES-256-GCM, so that neither its history nor its UI can be read without a key (H12).

An unknown key id raises: the workflow waits until the key is back, and nothing is lost. A payload that only claims to be sealed
(marked by hand, cut, tampered with) is passed on as it came: the SDK then drops just that message, while a codec that raised would
block every later task of that workflow. A checksum, which needs no key, tells the two cases apart.

Sealing keeps the length, so payloads are padded first. Otherwise their lengths would tell a wish to end from feedback, or one reason
from another.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from gateway.keyring import Keyring

ENCODING = b"binary/encrypted"
READABLE = "readable"
"""Payloads with this mark are our own labels for the Temporal UI: summaries of timers and activities, nothing private."""
_CARD = b"temporal.api.sdk.v1.WorkflowMetadata"
PURPOSE = "temporal/payloads"
_NONCE = 12
_CHECKSUM = 8
_SHORTEST = _NONCE + 16 + _CHECKSUM
_BLOCK = 512
"""Bytes. Participants' messages take one block, so that all are equally long; only one with a long list, such as a goal's actions, takes two."""
_FILLING = 15 << 3 | 2
"""The tag of a bytes field that Payload does not have. Every reader, an earlier release too, skips such a field."""


class EncryptionCodec(PayloadCodec):
    """Never seals the same payload to the same bytes twice. A payload without our mark is read as it is (written before encryption)."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._ciphers: dict[str, AESGCM] = {}

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seals with the active key; labels and the card stay readable."""
        key_id = self._keyring.active
        cipher = self._cipher(key_id)
        return [payload if _is_for_admins(payload) else self._seal(payload, key_id, cipher) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Raises `gateway.keyring.UnknownKey`; nothing else."""
        return [self._open(payload) for payload in payloads]

    def _cipher(self, key_id: str) -> AESGCM:
        found = self._ciphers.get(key_id)
        if found is None:
            found = AESGCM(self._keyring.derive(PURPOSE, key_id))
            self._ciphers[key_id] = found
        return found

    @staticmethod
    def _seal(payload: Payload, key_id: str, cipher: AESGCM) -> Payload:
        nonce = os.urandom(_NONCE)
        name = key_id.encode()
        sealed = nonce + cipher.encrypt(nonce, _filled(payload.SerializeToString()), ENCODING + b"/" + name)
        return Payload(metadata={"encoding": ENCODING, "key-id": name}, data=sealed + _checksum(name, sealed))

    def _open(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        name = payload.metadata.get("key-id", b"")
        key_id = name.decode(errors="replace")
        sealed = payload.data[:-_CHECKSUM]
        if not key_id or len(payload.data) < _SHORTEST or payload.data[-_CHECKSUM:] != _checksum(name, sealed):
            return payload
        cipher = self._cipher(key_id)
        try:
            plain = cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], ENCODING + b"/" + name)
        except InvalidTag:
            return payload
        opened = Payload.FromString(plain)
        opened.DiscardUnknownFields()  # the filling
        return opened


def _filled(plain: bytes) -> bytes:
    """Pads to whole blocks. The padding's length always takes two bytes, so that a gap of any size can be filled."""
    room = -(len(plain) + 3) % _BLOCK
    return plain + bytes((_FILLING, room & 0x7F | 0x80, room >> 7)) + bytes(room)


def _checksum(name: bytes, sealed: bytes) -> bytes:
    """Shows whether a payload is complete. It does not guard against attackers; the cipher does."""
    return hashlib.blake2b(name + b"/" + sealed, digest_size=_CHECKSUM).digest()


def _is_for_admins(payload: Payload) -> bool:
    """A label, or the answer to the UI's own query for a workflow's card and its handlers' names."""
    return READABLE in payload.metadata or payload.metadata.get("messageType") == _CARD
