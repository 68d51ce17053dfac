"""Caught mails as people would see them: who got what, with which attachments, and which of their pages it leads to."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.utils import parseaddr
from functools import cached_property
from typing import Any, Literal
from urllib.parse import urlsplit

from icalendar import Calendar, Event
from icalendar.parser import Contentline

_LINK = re.compile(r"https?://[^\s<>\"]+")
_PAGES: dict[str, str] = {"p": "page", "coordinator": "list", "c": "certificate", "private": "private page", "case": "request", "u": "reminders"}
"""What an address of ours leads to, by its first part."""
_OWN = ("page", "list")
_LISTED = ("to", "subject", "language", "at", "thread", "beginning", "own", "invited")
"""What a list needs of mails that nobody opens, however many there are."""


@dataclass(frozen=True)
class Person:
    address: str
    name: str


@dataclass(frozen=True)
class Entry:
    """One meeting of a mail's calendar, in UTC; `cancelled` if the calendar removes it."""

    starts: datetime
    ends: datetime
    title: str
    cancelled: bool


@dataclass(frozen=True)
class File:
    """An attachment; `number` names it within its mail."""

    number: int
    name: str
    media_type: str
    size: int


class Letter:
    """One caught mail; `name` is its file's. What a list shows is kept for every mail; the mail itself is read again when somebody opens it."""

    def __init__(self, name: str, read: Callable[[], EmailMessage]) -> None:
        self.name = name
        self._read = read
        self._opened: EmailMessage | None = read()
        for fact in _LISTED:
            getattr(self, fact)
        self._opened = None
        del self.text

    @property
    def _message(self) -> EmailMessage:
        return self._opened if self._opened is not None else self._read()

    @cached_property
    def to(self) -> Person:
        return _person(self._message)

    @cached_property
    def subject(self) -> str:
        return str(self._message["Subject"] or "(no subject)")

    @cached_property
    def language(self) -> str | None:
        return str(self._message["Content-Language"]) if self._message["Content-Language"] else None

    @cached_property
    def at(self) -> datetime | None:
        try:
            found = self._message["Date"].datetime
        except (AttributeError, ValueError, TypeError):
            return None
        return found if isinstance(found, datetime) and found.tzinfo is not None else None

    @cached_property
    def thread(self) -> str:
        """The same for all mails of one mentorship to one person."""
        return f"{self._message['References'] or self._message['Message-ID'] or self.name}"

    @cached_property
    def text(self) -> str:
        return self._body("plain")

    @cached_property
    def html(self) -> str:
        return self._body("html")

    def _body(self, kind: Literal["plain", "html"]) -> str:
        part = self._message.get_body((kind,))
        return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""

    @cached_property
    def beginning(self) -> str:
        """The first sentence after the greeting."""
        paragraphs = [" ".join(paragraph.split()) for paragraph in self.text.split("\n\n")]
        return next((paragraph for paragraph in paragraphs[1:] if paragraph), "")

    @cached_property
    def pieces(self) -> list[tuple[str, str | None]]:
        """The text, split at its links: (words, None) or (address, address)."""
        found: list[tuple[str, str | None]] = []
        end = 0
        for link in _LINK.finditer(self.text):
            found += [(self.text[end : link.start()], None), (link[0], link[0])]
            end = link.end()
        return [*found, (self.text[end:], None)]

    @cached_property
    def links(self) -> dict[str, str]:
        """Addresses of ours by what they lead to. The last one of each kind counts, since the reader's own is at the end of the mail."""
        found: dict[str, str] = {}
        for address in _LINK.findall(self.text):
            parts = urlsplit(address).path.strip("/").split("/")
            if len(parts) == 2 and parts[0] in _PAGES:
                found[_PAGES[parts[0]]] = address
        return found

    @cached_property
    def own(self) -> tuple[str, str] | None:
        """The reader's own page or list, and its address."""
        return next(((kind, self.links[kind]) for kind in _OWN if kind in self.links), None)

    @property
    def own_thread(self) -> str:
        """What the mail's page belongs to: a mentorship of the receiver's, or their one list."""
        return "list" if self.own is not None and self.own[0] == "list" else self.thread

    @property
    def _calendar(self) -> bytes:
        return _bytes(next((part for part in self._message.walk() if part.get_content_type() == "text/calendar"), None))

    @cached_property
    def invited(self) -> frozenset[Person]:
        """The people whom the mail's calendar invites. Reads only their lines: a whole calendar takes ten times as long as the rest of the mail."""
        unfolded = re.sub(r"\r?\n[ \t]", "", self._calendar.decode(errors="replace"))
        found = set()
        for line in {line for line in unfolded.splitlines() if line.upper().startswith("ATTENDEE")}:
            with contextlib.suppress(ValueError):
                _, params, guest = Contentline(line).parts()  # type: ignore[no-untyped-call]
                found.add(Person(guest.removeprefix("mailto:").lower(), str(params.get("CN", ""))))
        return frozenset(found)

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The calendar's meetings, in order."""
        try:
            events = [component for component in Calendar.from_ical(self._calendar).walk("VEVENT") if isinstance(component, Event)] if self._calendar else []
        except ValueError:
            return ()
        return tuple(sorted(_unrolled(events), key=lambda entry: entry.starts))

    @cached_property
    def files(self) -> tuple[File, ...]:
        found = enumerate(self._message.iter_attachments())
        return tuple(File(number, part.get_filename() or "file", part.get_content_type(), len(_bytes(part))) for number, part in found)

    def content(self, number: int) -> bytes:
        """Raises IndexError."""
        return _bytes(list(self._message.iter_attachments())[number])

    @cached_property
    def headers(self) -> list[tuple[str, str]]:
        return [(name, str(value)) for name, value in self._message.items()]


@dataclass(frozen=True)
class Page:
    """A person's own page; `partner` is the other person of the pair, if a calendar told who that is."""

    kind: str
    address: str
    partner: str | None
    thread: str


@dataclass(frozen=True)
class Receiver:
    person: Person
    mails: int
    pages: tuple[Page, ...]


def receivers(letters: Iterable[Letter]) -> list[Receiver]:
    """Everybody who got a mail, partners beside each other, with the newest link to the page of each of their pairs."""
    counts: dict[str, int] = {}
    people: dict[str, Person] = {}
    pages: dict[str, dict[str, tuple[str, str]]] = {}
    partners: dict[str, Person] = {}
    for letter in letters:
        who = letter.to.address
        people[who] = letter.to
        counts[who] = counts.get(who, 0) + 1
        if letter.own is not None:
            pages.setdefault(who, {})[letter.own_thread] = letter.own
        for guest in letter.invited:
            if guest.address != who:
                partners[letter.thread] = guest
    found = {
        who: Receiver(
            people[who],
            counts[who],
            tuple(Page(kind, address, partners[thread].name if thread in partners else None, thread) for thread, (kind, address) in pages.get(who, {}).items()),
        )
        for who in people
    }
    return list(_beside(found, {who: [partners[thread].address for thread in pages.get(who, {}) if thread in partners] for who in people}))


def _beside(found: dict[str, Receiver], partners: dict[str, list[str]]) -> Iterator[Receiver]:
    """In the order of their first mails, each followed by their partners."""
    left = dict(found)
    for who in found:
        for one in (who, *partners.get(who, ())):
            if one in left:
                yield left.pop(one)


def _person(message: EmailMessage) -> Person:
    """To whom it goes. The library's own parser keeps a blank between two encoded words of a name, where RFC 2047 has none."""
    raw = next((" ".join(str(value).split()) for name, value in message.raw_items() if name.lower() == "to"), "")
    words, address = parseaddr(raw)
    if not address:
        return Person(raw.lower() or "nobody", raw or "nobody")
    try:
        shown = str(make_header(decode_header(words)))
    except (HeaderParseError, LookupError, ValueError):  # encoded words in an unknown encoding
        shown = words
    return Person(address.lower(), shown or address)


def _bytes(part: Message | None) -> bytes:
    content = part.get_payload(decode=True) if part is not None else None
    return content if isinstance(content, bytes) else b""


def _several(value: Any) -> list[Any]:
    """A list of what icalendar gives: one value, several, or none."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _unrolled(events: list[Event]) -> Iterator[Entry]:
    """The meetings of our own series, as notices/calendar.py writes them: a daily rule, days left out, exceptions with their own times."""
    moved = {_instant(event, "RECURRENCE-ID") for event in events if "RECURRENCE-ID" in event}
    for event in events:
        left_out = {day.dt for dates in _several(event.get("EXDATE")) for day in dates.dts}
        length = _instant(event, "DTEND") - _instant(event, "DTSTART")
        for start in _starts(event):
            if start in left_out or ("RECURRENCE-ID" not in event and start in moved):
                continue
            yield Entry(start, start + length, str(event.get("SUMMARY", "")), event.get("STATUS") == "CANCELLED")


def _starts(event: Event) -> list[datetime]:
    rule: Any = event.get("RRULE")
    step, count = (int(rule.get("INTERVAL", [1])[0]), int(rule.get("COUNT", [1])[0])) if rule is not None else (1, 1)
    return [_instant(event, "DTSTART") + timedelta(days=step * number) for number in range(count)]


def _instant(event: Event, name: str) -> datetime:
    value: Any = event[name]
    found: datetime = value.dt
    return found.astimezone(UTC)
