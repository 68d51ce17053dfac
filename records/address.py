"""What a mail address looks like, wherever one comes in: people files and HR's events."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[^\s@<>(),;:\"\[\]\\]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W_](?:[\w-]{0,61}[^\W_])?")


def is_address(text: str) -> bool:
    """Whether mail could be sent there: shape only, nobody is asked."""
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None and ".." not in text and text[0] != "." and ".@" not in text
