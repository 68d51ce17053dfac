"""Opaque ids, minted here and saying nothing about whom or what they name (H12)."""

from __future__ import annotations

import base64
import secrets
import string

_ALPHABET = string.ascii_lowercase + string.digits


def mint(prefix: str, length: int) -> str:
    """Such as `p-4f0k…`: the prefix and `length` random letters and digits (5.2 bits each)."""
    return f"{prefix}-{''.join(secrets.choice(_ALPHABET) for _ in range(length))}"


def mint_certificate() -> str:
    """26 characters of lower-case base32, 130 bits: whoever holds it was given it."""
    return base64.b32encode(secrets.token_bytes(17)).decode().lower()[:26]
