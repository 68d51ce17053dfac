"""What a mail's templates may say: the notice's facts, written in the reader's language and zone.

Only this passes from records to a page of words, so that what is not here cannot be told: nothing of the partner but the name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Literal

from mentorship.effects import CHANGES, MeetingFacts, MilestoneFacts, SendNotice
from mentorship.people import Side
from mentorship.programme import Resource, Session, Texts
from notices.language import Clock
from notices.readers import Links, Reader, plain


@dataclass(frozen=True)
class MeetingView:
    """A meeting in words; `confirmed` and `previous` as in MeetingFacts."""

    number: int
    when: str
    short: str
    day: str
    previous: str | None
    confirmed: bool
    free_until: str | None
    """Until when it can be moved or called off without any mark; None when that moment has passed."""
    topic: str | None
    topic_sent: bool
    expectations: bool
    closing: bool
    prompts: tuple[str, ...]
    resources: tuple[Resource, ...]


@dataclass(frozen=True)
class MilestoneView:
    """`state` is one of done, waived, late (done after the end), open."""

    title: str
    state: str
    when: str | None


class View:
    """One notice for one reader. Lazily written: a template asks for what it shows."""

    def __init__(
        self,
        notice: SendNotice,
        *,
        reader: Reader,
        partner: Reader | None,
        pair: tuple[Reader, ...],
        texts: Texts,
        links: Links,
        clock: Clock,
        free_before: timedelta,
    ) -> None:
        self._notice = notice
        self._texts = texts
        self._clock = clock
        self._free_before = free_before
        isolated = clock.language.isolated
        self.side = reader.side
        self.reader = isolated(reader.name)
        self.partner = isolated(partner.name) if partner is not None and partner.name else None
        self.pair = tuple(isolated(person.name) for person in pair if person.name)
        self.programme = plain(texts.title)
        self.place = clock.place()
        self.page = links.page
        self.calendar_feed = links.calendar
        self.who_sees_what = links.who_sees_what
        self.certificate = links.verify if notice.certificate is not None else None
        self.profile = links.profile if notice.certificate is not None else None
        self.unsubscribe = links.unsubscribe if notice.kind not in CHANGES else None
        self.change = notice.change
        self.line = notice.line
        asked = notice.meeting.meeting if notice.kind == "ask" and notice.meeting is not None else None
        self.unreported = tuple(number for number in notice.unreported if number != asked)
        self.feedback = notice.feedback_for is not None
        self.pulse = notice.pulse
        self.calendar_changed = notice.calendar is not None
        self.shares_met = notice.met_with_share

    @cached_property
    def meeting(self) -> MeetingView | None:
        return self._meeting(self._notice.meeting) if self._notice.meeting is not None else None

    @cached_property
    def slots(self) -> tuple[MeetingView, ...]:
        """The meetings to come, when the calendar changed; the invitation keeps those that were."""
        ahead = (facts for facts in self._notice.calendar or () if facts.ends > self._notice.due)
        return tuple(map(self._meeting, sorted(ahead, key=lambda facts: facts.start)))

    def _meeting(self, facts: MeetingFacts) -> MeetingView:
        session = self._session(facts.session)
        free_until = facts.start - self._free_before
        return MeetingView(
            number=facts.meeting,
            when=self._clock.when(facts.start),
            short=self._clock.short(facts.start),
            day=self._clock.day(facts.start),
            previous=self._clock.when(facts.previous_start) if facts.previous_start is not None and facts.previous_start != facts.start else None,
            confirmed=facts.confirmed,
            free_until=self._clock.when(free_until) if free_until > self._notice.due else None,
            topic=self._clock.language.isolated(session.topic) if session is not None else None,
            topic_sent=facts.session_sent,
            expectations=session is not None and session.expectations,
            closing=session is not None and session.closing,
            prompts=tuple(map(self._clock.language.isolated, session.prompts)) if session is not None and not facts.session_sent else (),
            resources=session.resources if session is not None and not facts.session_sent else (),
        )

    def _session(self, index: int | None) -> Session | None:
        return self._texts.sessions[index] if index is not None and 0 <= index < len(self._texts.sessions) else None

    @cached_property
    def milestones(self) -> tuple[MilestoneView, ...]:
        return tuple(map(self._milestone, self._notice.milestones))

    def _milestone(self, facts: MilestoneFacts) -> MilestoneView:
        title = self._title(facts.id)
        ends = self._notice.ends
        if facts.waived:
            return MilestoneView(title, "waived", None)
        if facts.done_at is None:
            return MilestoneView(title, "open", None)
        if ends is not None and facts.done_at > ends:
            return MilestoneView(title, "late", self._beside_the_end(facts.done_at))
        return MilestoneView(title, "done", self._clock.when(facts.done_at))

    def _beside_the_end(self, instant: datetime) -> str:
        """With seconds where minutes would read as the same moment as the end."""
        ends = self._notice.ends
        close = ends is not None and abs(instant - ends) < timedelta(minutes=2)
        return self._clock.to_the_second(instant) if close else self._clock.when(instant)

    def _title(self, identifier: str) -> str:
        titles = {milestone.id: milestone.title for milestone in self._texts.milestones}
        return self._clock.language.isolated(titles.get(identifier, identifier))

    @property
    def milestone(self) -> str | None:
        return self._title(self._notice.milestone) if self._notice.milestone is not None else None

    @property
    def total(self) -> int:
        return len(self._notice.milestones)

    @cached_property
    def done(self) -> int:
        """How many count: done by the end, or waived."""
        return sum(milestone.state in {"done", "waived"} for milestone in self.milestones)

    @property
    def needed(self) -> int | None:
        return self._notice.needed

    @property
    def missing(self) -> int | None:
        return max(0, self._notice.needed - self.done) if self._notice.needed is not None else None

    @property
    def open_milestones(self) -> tuple[str, ...]:
        return tuple(milestone.title for milestone in self.milestones if milestone.state in {"open", "late"})

    @property
    def reportable(self) -> tuple[str, ...]:
        """Open ones that this reader can report; the others come about by facts, or are the partner's to report."""
        rules = {rule.id: rule for rule in self._texts.milestones}
        own = ("either", "both", self.side)
        found = (facts.id for facts in self._notice.milestones if facts.done_at is None and not facts.waived)
        return tuple(self._title(name) for name in found if name in rules and rules[name].when is None and rules[name].by in own)

    @property
    def ends(self) -> str | None:
        return self._clock.when(self._notice.ends) if self._notice.ends is not None else None

    @property
    def ends_to_the_second(self) -> str | None:
        return self._clock.to_the_second(self._notice.ends) if self._notice.ends is not None else None

    @property
    def by_a_hair(self) -> bool:
        """Something was late by so little that seconds are shown."""
        ends = self._notice.ends
        return ends is not None and any(m.done_at is not None and timedelta(0) < m.done_at - ends < timedelta(minutes=2) for m in self._notice.milestones)

    @property
    def reporting_ends(self) -> str | None:
        return self._clock.when(self._notice.reporting_ends) if self._notice.reporting_ends is not None else None

    @property
    def answer_by(self) -> str | None:
        """Until when an answer still changes something."""
        return self._clock.when(self._notice.helps_until) if self._notice.helps_until is not None else None

    @cached_property
    def pins(self) -> tuple[str, ...]:
        """The reader's own pinned benefits; codes are `audience.index`, unknown ones are passed over."""
        return tuple(text for text in map(self._benefit, self._notice.pins) if text is not None)

    @cached_property
    def benefits(self) -> tuple[str, ...]:
        """Pinned ones, else up to three that the programme names for this reader."""
        if self.pins or self.side == "coordinators":
            return self.pins
        offered = self._texts.benefits
        named = (*(offered.mentor if self.side == "mentor" else offered.mentee), *offered.everyone)
        return tuple(map(self._clock.language.isolated, named[:3]))

    def _benefit(self, code: str) -> str | None:
        audience, _, index = code.partition(".")
        own = ("everyone", "company", self.side)
        texts = getattr(self._texts.benefits, audience, ()) if audience in own and audience != "coordinators" else ()
        return self._clock.language.isolated(texts[int(index)]) if index.isdecimal() and int(index) < len(texts) else None


@dataclass(frozen=True)
class FreshLinkView:
    """What the template may say; the rest of its attributes are those that every mail's frame asks for."""

    reader: str
    programme: str
    place: str
    pages: tuple[tuple[str, str], ...]
    until: str
    page: str | None = None
    who_sees_what: str | None = None
    unsubscribe: str | None = None
    side: Side | Literal["coordinators"] = "mentee"


@dataclass(frozen=True)
class CaseView:
    """A concern's mail: what the templates may say (H16); the rest of its attributes are those that every mail's frame asks for.

    `again`: it is a reminder. `taken`: to who looks after it. `number` and `days` are the owner's.
    """

    reader: str
    programme: str
    place: str
    link: str | None = None
    again: bool = False
    taken: bool = False
    number: int = 0
    days: int = 0
    page: str | None = None
    who_sees_what: str | None = None
    unsubscribe: str | None = None
    side: Side | Literal["coordinators"] = "coordinators"


def utc(instant: datetime) -> datetime:
    """`instant` in UTC; a value without a zone is refused, since nobody could say when it is."""
    if instant.tzinfo is None:
        raise ValueError("expected an instant with a zone")
    return instant.astimezone(UTC)
