"""The list in words: what records let one coordinator see, in their language and zone. It contains no reasons, no rungs and no pair's numbers (H14)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Literal, get_args

from mentorship.people import Side
from mentorship.visibility import may_read
from notices.attention import UNPRINTABLE, Draft, code_of, drafts, line_words
from notices.digest import together
from notices.language import Clock, zone
from notices.readers import Reader, plain
from records.coordination import Entry, Overview
from webhook.pages.languages import reader_language

Group = Literal["waiting", "mine", "aside", "others", "closed"]
GROUPS: tuple[Group, ...] = get_args(Group)

DAYS = (3, 7, 14)
"""For how many days a line can be set aside."""

ON_A_PAGE = 20


def ref_of(entry: Entry) -> str:
    """A line's name in addresses. It is always the same, belongs to this line only, and tells nothing."""
    line = entry.line
    return hashlib.sha256(f"{line.mentorship}\0{line.line}\0{line.opened_at.isoformat()}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Item:
    """One line. `whose` names the person whom it is about; `who` names another coordinator who has it or closed it."""

    ref: str
    entry: Entry
    group: Group
    names: str
    why: str
    step: str
    since: str
    whose: str | None
    who: str | None
    until: str | None
    closed: str | None

    @property
    def outcome(self) -> str | None:
        return self.entry.line.outcome

    @property
    def kind(self) -> str:
        return code_of(self.entry.line.line)

    @property
    def closes_itself(self) -> bool:
        return self.entry.line.line == UNPRINTABLE


@dataclass(frozen=True)
class Pair:
    """The lines about one pair."""

    names: str
    items: tuple[Item, ...]


class Board:
    """One coordinator's list, now. `chosen` is the language that they asked for on the page."""

    def __init__(self, seen: Overview, chosen: str | None) -> None:
        self._seen = seen
        programme = seen.programme
        self.chosen = chosen
        self.title = plain(programme.programme.title)
        self.spoken = reader_language(chosen, seen.profile.language, programme.programme.languages)
        self.clock = Clock(self.spoken, zone(seen.profile.time_zone, programme.programme.time_zone), seen.now)
        self.counts = seen.counts

    @cached_property
    def groups(self) -> dict[Group, tuple[Entry, ...]]:
        seen = self._seen
        return {"waiting": seen.waiting, "mine": seen.mine, "aside": seen.aside, "others": seen.others, "closed": seen.closed}

    @property
    def first(self) -> Group:
        """The group that the list opens with."""
        return "mine" if self.groups["mine"] and not self.groups["waiting"] else "waiting"

    def page(self, group: Group, number: int) -> tuple[tuple[Pair, ...], int]:
        """The pairs of one page of a group, in the order of their oldest line, and how many pages there are."""
        together_: dict[str, list[Entry]] = {}
        for entry in self.groups[group]:
            together_.setdefault(entry.line.mentorship if group != "closed" else entry.line.key, []).append(entry)
        pairs = list(together_.values())
        shown = pairs[(number - 1) * ON_A_PAGE : number * ON_A_PAGE]
        return tuple(self._pair(entries, group) for entries in shown), max(1, -(-len(pairs) // ON_A_PAGE))

    def item(self, ref: str) -> Item | None:
        """None for a line that is not there, or whose pair the reader may not see."""
        for group, entries in self.groups.items():
            for entry in entries:
                if ref_of(entry) == ref:
                    return self._item(entry, group)
        return None

    def drafts(self, item: Item) -> tuple[Draft, ...]:
        """Mails to the person whom the line is about, or to both, each in its reader's language, whatever the page's is."""
        if not may_read("coordinators", "address"):
            return ()
        people = [self._reader(ref, item.entry) for ref in item.entry.people if ref in self._seen.names]
        offered = self._seen.programme.programme.languages
        return drafts(item.entry.line.line, people=people, offered=offered, programme=self.title, coordinator=self._seen.profile.name)

    def day(self, days: int) -> str:
        return self.clock.day(self.morning(days, self.today))

    def morning(self, days: int, today: date) -> datetime:
        """The first moment of the day so many days after `today`, in the reader's zone."""
        return datetime.combine(today + timedelta(days=days), time(), self.clock.zone)

    @property
    def today(self) -> date:
        return self.clock.now.astimezone(self.clock.zone).date()

    def _pair(self, entries: Sequence[Entry], group: Group) -> Pair:
        items = tuple(self._item(entry, group) for entry in entries)
        return Pair(items[0].names, items)

    def _item(self, entry: Entry, group: Group) -> Item:
        line = entry.line
        whose = self._name(entry.mentor if entry.about == "mentor" else entry.mentee) if entry.about is not None else None
        words = line_words(line.line, self.spoken, whose)
        names = tuple(self._seen.names[ref].name for ref in (entry.mentor, entry.mentee) if ref in self._seen.names)
        return Item(
            ref=ref_of(entry),
            entry=entry,
            group=group,
            names=together(names, self.spoken),
            why=words.why,
            step=words.step,
            since=self.clock.day(line.opened_at),
            whose=whose,
            who=self._name(line.taken_by) if line.taken_by is not None and line.taken_by != self._seen.reader else None,
            until=self.clock.day(line.aside_until) if line.aside_until is not None else None,
            closed=self.clock.day(line.closed_at) if line.closed_at is not None else None,
        )

    def _name(self, ref: str | None) -> str | None:
        """None also for a name that shows nothing."""
        profile = self._seen.names.get(ref) if ref is not None else None
        return self.spoken.isolated(shown) if profile is not None and (shown := plain(profile.name)) else None

    def _reader(self, ref: str, entry: Entry) -> Reader:
        profile = self._seen.names[ref]
        side: Side = "mentor" if ref == entry.mentor else "mentee"
        return Reader(ref, profile.name, profile.email, profile.language, profile.time_zone, side)
