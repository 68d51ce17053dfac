"""Whether a text shows its reader anything. Every door asks it, of names as well as of words: a certificate prints a name, and a goal is a line on two pages.

Only doors do: what is in records already stays legible, whatever it is.
"""

from __future__ import annotations

import unicodedata

_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Mc", "Me", "Mn", "Zl", "Zp", "Zs"})
"""Controls, blanks, what only steers letters (zero-width characters, soft hyphens, marks of direction), what only stands on a letter, and what is
no character to anybody else."""
_FILLERS = frozenset(map(chr, (0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0)))
"""Unicode counts these among letters and symbols, but they are invisible."""


def is_blank(text: str) -> bool:
    return all(character in _FILLERS or unicodedata.category(character) in _UNSEEN for character in text)
