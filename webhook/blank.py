"""Whether a text shows its reader anything."""

from __future__ import annotations

import unicodedata

_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
"""Controls, blanks, and what only steers letters: zero-width characters, soft hyphens, marks of direction."""
_FILLERS = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
"""Unicode counts these among letters, marks and symbols, but by themselves they are invisible."""


def is_blank(text: str) -> bool:
    return all(character in _FILLERS or unicodedata.category(character) in _UNSEEN for character in text)
