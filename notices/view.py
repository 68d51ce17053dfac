"""What a mail's templates may say: the notice's facts, written in the reader's language and zone.

Only this passes from records to a page of words, so nothing else can be told. What is the partner's, or a pair's, passes only as the
table of who sees what allows (H12).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Literal

from mentorship.effects import CHANGES, MeetingFacts, SendNotice
from mentorship.programme import Resource, Session, Texts
from mentorship.visibility import may_read
from notices import telling
from notices.language import Clock
from notices.milestones import Milestones, MilestoneView
from notices.readers import Elsewhere, Links, Reader, plain


@dataclass(frozen=True)
class MeetingView:
    """A meeting in words; `confirmed`, `accepted` and `previous` as in MeetingFacts."""

    number: int
    when: str
    short: str
    day: str
    previous: str | None
    confirmed: bool | None
    """None if the reader may not know what the partner accepted."""
    accepted: bool
    free_until: str | None
    """Until when it can be moved or cancelled without any mark; None when that time is over as the mail is sent."""
    topic: str | None
    topic_sent: bool
    topic_on_page: bool
    """Its questions are on the page alone."""
    expectations: bool
    prompts: tuple[str, ...]
    resources: tuple[Resource, ...]


class View:
    """One notice for one reader. Lazy: a template asks for what it shows."""

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
        began: Mapping[int, datetime],
        elsewhere: tuple[Elsewhere, ...],
    ) -> None:
        self._notice = notice
        self._texts = texts
        self._clock = clock
        self._free_before = free_before
        isolated = clock.language.isolated
        self.side = reader.side
        self.reader = isolated(reader.name) if reader.name else ""
        self.partner = isolated(partner.name) if partner is not None and partner.name else None
        self.pair = tuple(isolated(person.name) for person in pair if person.name) if may_read("coordinators", "name") else ()
        self.programme = plain(texts.title)
        self.place = clock.place()
        self.free_before = clock.language.lasting(free_before) if free_before else None
        self.page = links.page
        self.calendar_feed = links.calendar
        self.who_sees_what = links.who_sees_what
        self.certificate = links.verify if notice.certificate is not None else None
        self.profile = links.profile if notice.certificate is not None else None
        self.unsubscribe = links.unsubscribe if notice.kind not in CHANGES else None
        self.topic_moves_on = notice.topic_moves_on
        self.change = notice.change if may_read("partner", "meetings") else None
        self.left = telling.who_left(notice.stepped_away, reader.side)
        self.line = notice.line if may_read("coordinators", "needs_a_person") else None
        self.unreported = tuple(clock.day(began[number]) for number in notice.unreported if number in began)
        """By their days, since readers know them by those."""
        self.feedback = notice.feedback_for is not None
        self.pulse = notice.pulse
        self.calendar_changed = notice.calendar is not None
        self.certificate_follows = notice.certificate_follows
        self.survey = notice.survey
        self.survey_answered = notice.survey_answered
        self.longer = clock.language.lasting(notice.longer.span) if notice.longer is not None and may_read("partner", "meetings") else None
        self._elsewhere = elsewhere
        known = notice.milestones if may_read("partner", "milestones") else ()
        self._milestones = Milestones(known, texts, clock, notice.ends, answered=notice.answered, awaits_reader=notice.awaits_reader)

    @cached_property
    def meeting(self) -> MeetingView | None:
        return self._meeting(self._notice.meeting) if self._notice.meeting is not None else None

    @cached_property
    def slots(self) -> tuple[MeetingView, ...]:
        """The meetings to come, if the calendar changed; the invitation keeps the past ones."""
        ahead = (facts for facts in self._notice.calendar or () if facts.ends > self._clock.now)
        return tuple(map(self._meeting, sorted(ahead, key=lambda facts: facts.start)))

    def _meeting(self, facts: MeetingFacts) -> MeetingView:
        session = self._session(facts.session)
        free_until = facts.start - self._free_before
        brought = session if not (facts.session_sent or facts.session_on_page) else None
        return MeetingView(
            number=facts.meeting,
            when=self._clock.when(facts.start),
            short=self._clock.short(facts.start),
            day=self._clock.day(facts.start),
            previous=self._clock.when(facts.previous_start) if facts.previous_start is not None and facts.previous_start != facts.start else None,
            confirmed=facts.confirmed if may_read("partner", "slot_answers") else None,
            accepted=facts.accepted,
            free_until=self._clock.when(free_until) if free_until > self._clock.now else None,
            topic=self._clock.language.isolated(session.topic) if session is not None else None,
            topic_sent=facts.session_sent,
            topic_on_page=facts.session_on_page and session is not None and bool(session.prompts),
            expectations=brought is not None and brought.expectations,
            prompts=tuple(map(self._clock.language.isolated, brought.prompts)) if brought is not None else (),
            resources=brought.resources if brought is not None else (),
        )

    def _session(self, index: int | None) -> Session | None:
        return self._texts.sessions[index] if index is not None and 0 <= index < len(self._texts.sessions) else None

    @cached_property
    def milestones(self) -> tuple[MilestoneView, ...]:
        return self._milestones.listed()

    @property
    def total(self) -> int:
        return len(self.milestones)

    @cached_property
    def done(self) -> int:
        """How many milestones count."""
        return sum(milestone.counts for milestone in self.milestones)

    @property
    def apart(self) -> bool:
        return self._milestones.apart

    @property
    def needed(self) -> int | None:
        return self._notice.needed

    @property
    def missing(self) -> int | None:
        return max(0, self._notice.needed - self.done) if self._notice.needed is not None else None

    @property
    def open_milestones(self) -> tuple[str, ...]:
        return tuple(milestone.title for milestone in self.milestones if not milestone.counts)

    @property
    def reportable(self) -> tuple[str, ...]:
        """Open milestones that this reader can report."""
        return self._milestones.reportable(self.side)

    @property
    def ends(self) -> str | None:
        return self._clock.until(self._notice.ends) if self._notice.ends is not None else None

    @property
    def ends_to_the_second(self) -> str | None:
        return self._clock.to_the_second(self._notice.ends) if self._notice.ends is not None else None

    @property
    def by_a_hair(self) -> bool:
        return self._milestones.by_a_hair

    @property
    def reporting_ends(self) -> str | None:
        """Until when reports are taken; None when that is over, as on the morning after a short grace."""
        until = self._notice.reporting_ends
        return self._clock.until(until) if until is not None and until > self._clock.now else None

    @property
    def answer_by(self) -> str | None:
        """Until when an answer still changes something."""
        return self._clock.until(self._notice.helps_until) if self._notice.helps_until is not None else None

    @cached_property
    def pins(self) -> tuple[str, ...]:
        """The reader's own pinned benefits; codes are `audience.index`, and unknown ones are skipped."""
        if not may_read("own", "pins"):
            return ()
        return tuple(text for text in map(self._benefit, self._notice.pins) if text is not None)

    @cached_property
    def benefits(self) -> tuple[str, ...]:
        """The pinned benefits, else up to three that the programme names for this reader."""
        if self.pins or self.side == "coordinators":
            return self.pins
        offered = self._texts.benefits
        named = (*(offered.mentor if self.side == "mentor" else offered.mentee), *offered.everyone)
        return tuple(map(self._clock.language.isolated, named[:3]))

    @cached_property
    def elsewhere(self) -> tuple[ElsewhereView, ...]:
        """The reader's other mentorships, sorted by their next meeting."""
        ahead = sorted(self._elsewhere, key=lambda other: (other.start is None, other.start or self._clock.now, other.page))
        return tuple(map(self._other, ahead))

    def _other(self, other: Elsewhere) -> ElsewhereView:
        name = plain(other.partner or "") if may_read("partner", "name") else ""
        return ElsewhereView(
            partner=self._clock.language.isolated(name) if name else None,
            when=self._clock.short(other.start) if other.start is not None else None,
            url=other.page,
        )

    def _benefit(self, code: str) -> str | None:
        audience, _, index = code.partition(".")
        own = ("everyone", "company", self.side)
        texts = getattr(self._texts.benefits, audience, ()) if audience in own and audience != "coordinators" else ()
        return self._clock.language.isolated(texts[int(index)]) if index.isdecimal() and int(index) < len(texts) else None


@dataclass(frozen=True)
class ElsewhereView:
    """`when` is the next meeting's start."""

    partner: str | None
    when: str | None
    url: str


@dataclass(frozen=True)
class FreshLinkRow:
    """One page, or a coordinator's list; `label` tells it from the others."""

    label: str
    url: str
    is_list: bool


@dataclass(frozen=True, kw_only=True)
class Framed:
    """What the frame around every mail needs, for mails that are no notices: those cannot be stopped, and a page at their foot is a list."""

    reader: str
    programme: str
    place: str
    page: str | None = None
    who_sees_what: str | None = None
    unsubscribe: None = None
    side: Literal["coordinators"] = "coordinators"


@dataclass(frozen=True, kw_only=True)
class FreshLinkView(Framed):
    """Pages and lists open for different times; either is None if there are none of that kind."""

    pages: tuple[FreshLinkRow, ...]
    pages_until: str | None
    lists_until: str | None


@dataclass(frozen=True, kw_only=True)
class CaseView(Framed):
    """What the templates of a case's mail may say (H16, P7).

    `again`: it is a reminder. `taken`: it goes to the contact who took it. `waited` is how long in words, for the owner. `number` and `mine` count what
    waits for anybody, and what the reader took.
    """

    link: str | None = None
    again: bool = False
    taken: bool = False
    number: int = 0
    mine: int = 0
    waited: str | None = None


def utc(instant: datetime) -> datetime:
    """`instant` in UTC. A value without a zone is refused, since nobody could say when it is."""
    if instant.tzinfo is None:
        raise ValueError("expected an instant with a zone")
    return instant.astimezone(UTC)
