"""What follows from events outside the mentorship: values that the workflow's outbox hands to activities.

An effect's id is derived from the event that it follows (`sequence.index`), so that a repeat is recognised.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from mentorship.duration import Duration
from mentorship.instant import Instant
from mentorship.people import SIDES, Side

NoticeKind = Literal[
    "welcome",  # orientation, the three expectations, the slots; one mail (H3, H4, H11)
    "prepare",  # before every meeting (H3, H10)
    "ask",  # "did you meet?"
    "rescheduled",  # slots moved, cancelled, dropped by a pause, planned again: exempt from the budget
    "move_proposed",  # the partner proposes another time
    "absence_reported",  # the partner says that you were not there; you may say otherwise (H13)
    "nudge",  # private; with the person's own benefits and an offer to change the rhythm (H14)
    "coordinator_told",  # you hear that a coordinator was told; the partner does not (H14)
    "check_in",  # three planned meetings in a row not held; no fault
    "alignment_reminder",  # one (H11)
    "halfway",
    "heads_up",  # "7 of 10; one more earns it"
    "closing_survey",  # also says that reports are taken until the grace ends
    "survey_reminder",  # one
    "result",  # certificate, or kindly what was missing and when (H7)
    "reissued",  # a later edition of the certificate, which supersedes the one before (H8)
    "ended",  # says that it ended, not who or why
    "case",  # to the coordinators: a pair needs a person
]

FOLLOW_UPS: frozenset[NoticeKind] = frozenset({"ask", "alignment_reminder", "survey_reminder", "check_in"})
"""Mails that ask again; they stop after `mail.follow_ups` unanswered."""

CHANGES: frozenset[NoticeKind] = frozenset({"rescheduled", "move_proposed", "absence_reported", "ended", "result", "reissued", "coordinator_told", "case"})
"""Exempt from the budget: certificate and changes."""

SPREAD: frozenset[NoticeKind] = frozenset({"welcome", "alignment_reminder", "halfway", "heads_up", "closing_survey", "survey_reminder", "result"})
"""Mails that many pairs would get at one instant, and that are spread. Slots are already planned spread, and a mail that answers somebody goes at once."""

OUTLIVING: frozenset[NoticeKind] = frozenset({"result", "reissued", "coordinator_told", "ended"})
"""What is still news once a mentorship has ended."""


class Effect(BaseModel, frozen=True):
    id: str = ""
    """`{sequence}.{index}` within the mentorship; set when the effect enters the outbox."""


class MeetingFacts(BaseModel, frozen=True):
    """One meeting as a mail needs it. `session` is the index of its topic in Texts.sessions. `accepted`: the reader accepted its time; `confirmed`: both did."""

    meeting: int
    start: Instant
    ends: Instant
    session: int | None = None
    session_sent: bool = False
    """The topic's prompts went out before, for a meeting that did not happen: the mail names the topic, and does not send it again."""
    session_on_page: bool = False
    """Another conversation took the topic that the mail was to bring. It names the one that the meeting has now, and leaves its prompts to the page."""
    confirmed: bool = False
    accepted: bool = False
    """Filled in for a preparation as it goes."""
    previous_start: Instant | None = None


class MilestoneFacts(BaseModel, frozen=True):
    """`done_at`: when it was done, in time. `late_at`: it was done, but only after the end, so it does not count (H7)."""

    id: str
    done_at: Instant | None = None
    late_at: Instant | None = None
    waived: bool = False
    carried: bool = False
    """Done with an earlier mentor; the mentee brought it along (P6)."""


def counting_for(side: Side, facts: tuple[MilestoneFacts, ...]) -> tuple[MilestoneFacts, ...]:
    """The milestones that this person's share is taken of: all of them for a mentee, what remained for a mentor who joined later (P6)."""
    return facts if side == "mentee" else tuple(fact for fact in facts if not fact.carried)


class SendNotice(Effect):
    """One mail to one reader. Facts only; the words come from records and templates when it is made.

    `due` is the workflow's instant (the mail's Date). From `helps_until` on the mail is dropped, since it would help nobody.
    `calendar` is the whole series of meetings, if the calendar changed; `calendar_sequence` counts its changes.
    """

    effect: Literal["send_notice"] = "send_notice"
    kind: NoticeKind
    to: Side | Literal["coordinators"]
    due: Instant
    helps_until: Instant | None = None
    meeting: MeetingFacts | None = None
    topic_moves_on: bool = False
    """Whether another conversation takes the meeting's topic if the meeting does not take place (H10)."""
    change: Literal["moved", "cancelled", "paused", "resumed", "extended"] | None = None
    unreported: tuple[int, ...] = ()
    """Meetings without word that the mail asks about again."""
    feedback_for: int | None = None
    """The meeting after which feedback is invited, never forced (H15)."""
    pulse: bool = False
    line: str | None = None
    """The coordinator's line: a code of Attention, never a reason."""
    milestones: tuple[MilestoneFacts, ...] = ()
    answered: tuple[str, ...] = ()
    awaits_reader: tuple[str, ...] = ()
    """Milestones that one of the two reported, and that need the word of both. `answered`: the reader reported it or objected to it. `awaits_reader`: not yet."""
    milestone: str | None = None
    needed: int | None = None
    """How many milestones earn the certificate."""
    met_with_share: bool | None = None
    certificate: str | None = None
    certificate_follows: bool = False
    """The mentorship ended before its time, and the reader's certificate comes in a mail of its own."""
    ends: Instant | None = None
    reporting_ends: Instant | None = None
    longer: Duration | None = None
    """How much more time the partner asked for, if the reader has not agreed to it yet."""
    calendar: tuple[MeetingFacts, ...] | None = None
    calendar_sequence: int = 0
    news_until: Instant | None = None
    """If a proposal goes instead of the news of a move: until when that news helps, even once the proposal does not."""
    known_start: Instant | None = None
    """If a proposal goes instead of the news of a move: the start by which its reader knows the meeting."""
    pins: tuple[str, ...] = ()
    """The reader's own pinned benefits (H2)."""
    stepped_away: Side | None = None
    """Who left the programme, if the mentorship ended for that."""
    survey: bool = False
    """The closing survey is still unanswered, and this mail is its one reminder."""
    survey_answered: bool = False
    """The closing survey was answered while the mail that asks for it waited."""

    @property
    def after(self) -> Side | None:
        """Whose older mails go first: a person hears that a coordinator is told about them before the coordinator does (H14)."""
        return next((side for side in SIDES if self.kind == "case" and self.line == f"cancellations_{side}"), None)

    def replaces(self, older: SendNotice) -> bool:
        """Whether an older mail that still waits for the same reader is needless once this one goes: never two about one meeting at once.

        Once a mentorship has ended, no waiting mail may invite anybody to it.
        """
        if self.kind == "ended":
            return older.kind not in OUTLIVING
        if older.meeting is None:
            return False
        if self.kind == "prepare":
            return older.kind == "ask" and older.meeting.meeting in self.unreported
        return older.kind in _GIVE_WAY.get(self.kind, ()) and self.is_about(older)

    def rides_with(self, waiting: SendNotice) -> bool:
        """Whether this is a preparation, and `waiting` is news of the same meeting that can bring it along."""
        return self.kind == "prepare" and waiting.kind in ("rescheduled", "move_proposed") and self.is_about(waiting)

    def is_about(self, other: SendNotice) -> bool:
        """Whether both are about the same meeting."""
        return self.meeting is not None and other.meeting is not None and self.meeting.meeting == other.meeting.meeting

    def asking_for(self, other: SendNotice) -> SendNotice:
        """The same mail, with what `other`, which does not go, would have told, asked or brought besides."""
        if self.kind not in _ABOUT_A_MEETING or self.meeting is None or other.meeting is None:
            return self
        own = self.meeting.meeting if self.kind == "ask" else None
        return self.model_copy(
            update={
                "meeting": self._meeting_with(self.meeting, other, other.meeting),
                **self._helping_with(other),
                **(self._telling_of(other) if self.kind == "move_proposed" else {}),
                "feedback_for": self.feedback_for or other.feedback_for,
                "pulse": self.pulse or other.pulse,
                "unreported": tuple(sorted({*self.unreported, *other.unreported} - {own})),
            }
        )

    def _meeting_with(self, mine: MeetingFacts, other: SendNotice, theirs: MeetingFacts) -> MeetingFacts:
        """Takes the other mail's topic along (H10). A reader who did not hear of a time knows the meeting by the time before."""
        changes: dict[str, object] = {}
        if self.kind == "prepare":
            if mine.session_sent and theirs.session == mine.session and not theirs.session_sent:
                changes["session_sent"] = False
        elif self.change != "cancelled" and self.kind != "ask" and mine.session is None and self.is_about(other):
            changes |= {"session": theirs.session, "session_sent": theirs.session_sent}
        known = other._known_start if self.kind == "rescheduled" and self.is_about(other) else None
        if known is not None:
            changes |= {"previous_start": known} if self.change == "moved" else {"start": known, "ends": known + (mine.ends - mine.start)}
        return mine.model_copy(update=changes)

    def _telling_of(self, news: SendNotice) -> dict[str, object]:
        """A proposal goes instead of `news`: it brings the calendar, and remembers from which start its reader has yet to hear of another."""
        brought: dict[str, object] = {"known_start": self.known_start or news._known_start}
        return brought if self.calendar is not None else {**brought, "calendar": news.calendar, "calendar_sequence": news.calendar_sequence}

    @property
    def _known_start(self) -> Instant | None:
        """The start by which its reader knows the meeting until they read this, if it is news of the meeting's start, or goes instead of such news."""
        if self.kind == "move_proposed" or self.meeting is None:
            return self.known_start
        return {"moved": self.meeting.previous_start, "cancelled": self.meeting.start}.get(self.change or "")

    def _helping_with(self, other: SendNotice) -> dict[str, object]:
        """News helps at least as long as the older news that it replaces: a calendar that hears of neither goes on showing what was taken out."""
        theirs = other._news_until
        if theirs is None or self.kind not in ("rescheduled", "move_proposed"):
            return {}
        name = "helps_until" if self.kind == "rescheduled" else "news_until"
        own = getattr(self, name)
        return {name: theirs if own is None else max(own, theirs)}

    @property
    def _news_until(self) -> Instant | None:
        return self.helps_until if self.kind == "rescheduled" else self.news_until

    def lacking(self, other: SendNotice | None) -> SendNotice:
        """The same mail without what `other` brings: what would be lost of it if only `other` went."""
        if other is None:
            return self
        facts, theirs = self.meeting, other.meeting
        if facts is not None and theirs is not None and theirs.session == facts.session and not theirs.session_sent:
            facts = facts.model_copy(update={"session_sent": True})
        return self.model_copy(
            update={
                "meeting": facts,
                "feedback_for": None if other.feedback_for is not None else self.feedback_for,
                "pulse": self.pulse and not other.pulse,
                "unreported": tuple(n for n in self.unreported if n not in other.unreported),
            }
        )


_ABOUT_A_MEETING: frozenset[NoticeKind] = frozenset({"prepare", "ask", "move_proposed", "rescheduled"})
"""Mails that can ask and bring what another mail about a meeting would have."""

_GIVE_WAY: dict[NoticeKind, frozenset[NoticeKind]] = {
    "rescheduled": _ABOUT_A_MEETING,
    "move_proposed": _ABOUT_A_MEETING - {"ask"},
    "ask": frozenset({"ask"}),
}
"""For each kind of mail about a meeting: the older ones about the same meeting that are needless once it goes."""


class Longer(BaseModel, frozen=True):
    """Extensions by which schedule/ has yet to move the end in calendar time. Their `length` counts from `ends`, the end when the first was agreed."""

    ends: Instant
    length: Duration


class PlanMeetings(Effect):
    """Ask schedule/ for slots: at most `count`, after `after`, or after now if an outage made that later (P5).

    `ends` is the present end, in which a day of the extensions in `longer` is taken as 24 hours.
    """

    effect: Literal["plan_meetings"] = "plan_meetings"
    number: int = 0
    """Which question it is: two may be asked at one instant, and only the answer to the later one is taken."""
    after: Instant
    count: int
    ends: Instant
    longer: Longer | None = None
    last_start: Instant | None = None
    """The start of the last meeting before `after`; the rhythm continues from there."""
    paused: timedelta = timedelta()
    """By how much pauses move the rhythm on."""


class IssueCertificates(Effect):
    """One certificate for each of `to`, unique by mentorship and person (H7). `completed_at` is when the programme ended for the pair.

    `milestones` are the pair's; each person's own share is taken of `counting_for(side, milestones)`.
    """

    effect: Literal["issue_certificates"] = "issue_certificates"
    to: tuple[Side, ...]
    started_at: Instant
    completed_at: Instant
    decided_at: Instant
    milestones: tuple[MilestoneFacts, ...]
    share: int


class TellCoordinators(Effect):
    """A line in the coordinators' list: opened, or closed when its reason is gone."""

    effect: Literal["tell_coordinators"] = "tell_coordinators"
    line: str
    side: Side | None = None
    opened: bool = True
    at: Instant


AnyEffect = Annotated[SendNotice | PlanMeetings | IssueCertificates | TellCoordinators, Field(discriminator="effect")]
