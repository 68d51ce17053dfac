"""Who reads a mail, where its links lead, and what is attached to it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import idna

from mentorship.blank import is_blank
from mentorship.people import Side

_KEPT_FORMATS = frozenset("\u200c\u200d")
"""Joiners that the spelling of Persian, Arabic and Indic names needs; every other invisible character is removed."""
_LONGEST_NAME = 120
_ADDRESS = re.compile(r"[^\s@<>(),;:\\\"\[\]\x00-\x1f\x7f]+@[^\s@<>(),;:\\\"\[\]\x00-\x1f\x7f]+")


class NoAddress(ValueError):  # noqa: N818 - callers read it as what is so
    """A person has no address that mail can go to. The text names only the opaque id."""

    def __init__(self, ref: str) -> None:
        super().__init__(f"{ref} has no usable mail address")


def plain(name: str) -> str:
    """`name` on one line, without control or direction-changing characters: safe in a header, a calendar and a sentence. Empty if it shows nothing."""
    spaced = "".join(_shown(character) for character in unicodedata.normalize("NFC", name))
    # `=?` opens an encoded word: the standard library would decode it when it writes the header, line breaks and all.
    line = " ".join(spaced.replace("=?", "= ?").split())[:_LONGEST_NAME].strip()
    return "" if is_blank(line) else line


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if character in _KEPT_FORMATS:
        return character
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    return "" if category.startswith("C") else character


@dataclass(frozen=True, slots=True)
class Reader:
    """A person as a mail needs them. `ref` is the opaque id; `name` is cleaned here, once.

    `language` and `time_zone` may be unknown or empty; then the programme's are used.
    """

    ref: str
    name: str
    email: str
    language: str | None = None
    time_zone: str | None = None
    side: Side | Literal["coordinators"] = "mentee"

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", plain(self.name))

    @property
    def address(self) -> str:
        """The address as a header may carry it, with its domain in ASCII as browsers write it. Raises NoAddress, also for a local part outside ASCII."""
        email = self.email.strip()
        local, _, domain = email.rpartition("@")
        if _ADDRESS.fullmatch(email) is None or not local.isascii() or email.startswith("=?"):  # in a header that begins an encoded word
            raise NoAddress(self.ref)
        try:
            return f"{local}@{idna.encode(domain, uts46=True).decode('ascii')}" if not domain.isascii() else email
        except UnicodeError:
            raise NoAddress(self.ref) from None


@dataclass(frozen=True, slots=True)
class Links:
    """Where a mail leads: each is a complete URL of this reader's own, or None if there is none.

    `verify` is the page of the reader's certificate, in notices that carry one; `profile` adds it to LinkedIn. For a coordinator, `page` is the list.
    """

    page: str
    unsubscribe: str | None = None
    who_sees_what: str | None = None
    calendar: str | None = None
    verify: str | None = None
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another mentorship of the reader's, named at the end of a mail, so that one mail can stand for several (Calm).

    `page` is the reader's own page of it; `start` is when its next meeting starts, if there is one.
    """

    partner: str | None
    page: str
    start: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attached file, such as a certificate. `media_type` is, for example, `application/pdf`."""

    name: str
    media_type: str
    content: bytes
