"""Opaque ids, minted here; they reveal nothing about the person or thing that they name (H12)."""

from __future__ import annotations

import base64
import secrets
import string

_ALPHABET = string.ascii_lowercase + string.digits


def mint(prefix: str, length: int) -> str:
    """Such as `p-4f0k…`: the prefix and `length` random letters and digits (5.2 bits each)."""
    return f"{prefix}-{''.join(secrets.choice(_ALPHABET) for _ in range(length))}"


def mint_certificate() -> str:
    """26 characters of lower-case base32, 130 bits: nobody has such an id without having been given it."""
    return base64.b32encode(secrets.token_bytes(17)).decode().lower()[:26]
