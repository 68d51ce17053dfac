"""Payloads as Temporal stores them: sealed with AES-256-GCM, so that neither its history nor its UI can be read without a key (H12).

An unknown key id raises: the workflow waits until the key is back, and nothing is lost. A payload that only claims to be sealed
(marked by hand, cut, tampered with) is handed on as it came, since a codec that raises would block every later task of that
workflow; the SDK then drops just that message.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from gateway.keyring import Keyring

ENCODING = b"binary/encrypted"
PURPOSE = "temporal/payloads"
_NONCE = 12
_SHORTEST = _NONCE + 16


class EncryptionCodec(PayloadCodec):
    """The same payload never seals to the same bytes twice. A payload without our mark is read as it is (written before encryption)."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._ciphers: dict[str, AESGCM] = {}

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seals with the active key."""
        key_id = self._keyring.active
        cipher = self._cipher(key_id)
        return [self._seal(payload, key_id, cipher) for payload in payloads]

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
        return Payload(metadata={"encoding": ENCODING, "key-id": name}, data=nonce + cipher.encrypt(nonce, payload.SerializeToString(), ENCODING + b"/" + name))

    def _open(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        name = payload.metadata.get("key-id", b"")
        key_id = name.decode(errors="replace")
        if not key_id or len(payload.data) < _SHORTEST:
            return payload
        cipher = self._cipher(key_id)
        try:
            plain = cipher.decrypt(payload.data[:_NONCE], payload.data[_NONCE:], ENCODING + b"/" + name)
        except InvalidTag:
            return payload
        return Payload.FromString(plain)
