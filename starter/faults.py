"""What is wrong with an operator's files: one unwrapped line for each fault, with its place."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

_LONGEST = 60


@dataclass(frozen=True, order=True)
class Fault:
    """One thing to put right. `line` and `column` count from 1, in characters; faults are ordered by place."""

    path: str
    line: int
    column: int
    field: str
    wrong: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.field}: {self.wrong}, expected {self.expected}"


@dataclass(frozen=True, order=True)
class Notice:
    """Something that is allowed but worth a look; never a reason not to start."""

    path: str
    line: int
    column: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: notice: {self.field}: {self.message}"


@dataclass
class Findings:
    """Collects what several readers find, so that all of it is reported at once."""

    faults: list[Fault] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def sorted_faults(self) -> list[Fault]:
        return sorted(set(self.faults))

    def sorted_notices(self) -> list[Notice]:
        return sorted(set(self.notices))


def shown(value: Any) -> str:
    """A value as a fault quotes it: on one line, without control characters, and never long."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return f"a list of {len(value)}"
        case dict():
            return "a group of keys"
        case _:
            text = repr(value) if isinstance(value, str) else str(value)
            return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 2]}…{text[-1]}"


def hides(sign: str) -> bool:
    """Whether it is a control character, a line end, or one that turns the direction of what follows. Joiners belong to some scripts and may stay."""
    return unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} or sign in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def unreadable(value: str) -> tuple[str, str]:
    """(what is wrong, what was expected) for a text in which something hides."""
    return f"{shown(value)} has a control character", "text that can be read"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    by_fold = {name.casefold(): name for name in known}
    found = get_close_matches(word.casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[found[0]] if found else None


def perhaps(word: str, known: Iterable[str], otherwise: str) -> str:
    """What was expected instead of `word`: the known word that was probably meant, or `otherwise`."""
    meant = nearest(word, known)
    return f"{meant} perhaps" if meant else otherwise


def one_of(names: Iterable[str]) -> str:
    """`a, b or c`."""
    *most, last = list(names)
    return f"{', '.join(most)} or {last}" if most else last
