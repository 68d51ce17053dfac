"""What happened: past tense, in ids, codes and instants. The journal keeps every one of them; `evolve` folds them into state.

`at` is the instant in the mentorship's order of time: it never moves back. Where a rule reads the instant that a person stated
(`done_at`) or at which the door accepted (`accepted_at`), the event carries it as well.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from mentorship.commands import CancelReason, EndReason, Expectation, GoalProgress, OwnAttendance, PartnerAttendance, Slot, SurveyItem
from mentorship.duration import Duration
from mentorship.instant import Instant
from mentorship.people import Pair, Side
from mentorship.programme import Rules, Rung


class Event(BaseModel, frozen=True):
    at: Instant


class EarnedMilestone(BaseModel, frozen=True):
    """A milestone that the mentee did with an earlier mentor, and when (P6)."""

    milestone: str
    done_at: Instant
    waived: bool = False


class MentorshipStarted(Event):
    """Milestones in `earned` came along with the mentee. They count for the mentee's certificate, but not in the mentor's share of what remained."""

    event: Literal["mentorship_started"] = "mentorship_started"
    pair: Pair
    rules: Rules
    starts: Instant
    ends: Instant
    reporting_ends: Instant
    slots: tuple[Slot, ...]
    earned: tuple[EarnedMilestone, ...] = ()


class CommandRefused(Event):
    """Nothing changed; `reason` is a code of `refusal.Refusal`."""

    event: Literal["command_refused"] = "command_refused"
    reason: str


class ExpectationsConfirmed(Event):
    event: Literal["expectations_confirmed"] = "expectations_confirmed"
    side: Side
    expectations: tuple[Expectation, ...]
    accepted_at: Instant


class SlotsAccepted(Event):
    event: Literal["slots_accepted"] = "slots_accepted"
    side: Side
    meetings: tuple[int, ...]


class MoveProposed(Event):
    """`late` is judged by `accepted_at` against the start at that time, and only for a confirmed slot."""

    event: Literal["move_proposed"] = "move_proposed"
    side: Side
    meeting: int
    to: Instant
    late: bool
    accepted_at: Instant
    asked_at: Instant | None = None
    """When this was handled, if an outage made that later: the partner's time to answer counts from here."""


class MeetingMoved(Event):
    event: Literal["meeting_moved"] = "meeting_moved"
    meeting: int
    previous_start: Instant
    slot: Slot
    session: int | None = None
    """The topic, when the new time is too soon for a preparation mail of its own: it goes with the news of the move (H10)."""
    named_to: tuple[Side, ...] = ()
    """Who has that topic already."""


class ProposalExpired(Event):
    event: Literal["proposal_expired"] = "proposal_expired"
    side: Side
    meeting: int


class MeetingCancelled(Event):
    """`side` is None when an operator or a pause cancelled it; that never counts."""

    event: Literal["meeting_cancelled"] = "meeting_cancelled"
    meeting: int
    side: Side | None
    reason: CancelReason
    late: bool
    accepted_at: Instant
    lapsed: bool = False
    """A late proposal that nobody answered, which counts as a cancellation by its author (H14)."""
    answers: Instant | None = None
    """When the partner had proposed another time, too late. To call the meeting off in answer is not to accept, so it counts against the partner (H14)."""


class MeetingExcused(Event):
    """`side` is the person whose conduct about this meeting the partner excused."""

    event: Literal["meeting_excused"] = "meeting_excused"
    meeting: int
    side: Side


class MeetingReported(Event):
    event: Literal["meeting_reported"] = "meeting_reported"
    meeting: int
    side: Side
    report: str
    """The digest of the report's message id, by which its author can withdraw it."""
    held: bool | None
    own: OwnAttendance | None
    partner: PartnerAttendance | None
    reason: CancelReason | None = None
    accepted_at: Instant


class MeetingHeld(Event):
    """The meeting now counts as held; `session` is the topic that it used up."""

    event: Literal["meeting_held"] = "meeting_held"
    meeting: int
    session: int


class MeetingUnheld(Event):
    """The meeting no longer counts as held: a report was withdrawn or changed."""

    event: Literal["meeting_unheld"] = "meeting_unheld"
    meeting: int


class ExtraMeetingReported(Event):
    event: Literal["extra_meeting_reported"] = "extra_meeting_reported"
    side: Side
    report: str
    held_at: Instant
    session: int


class AbsenceClaimed(Event):
    """The partner says that `side` was not there; `side` is asked and may dispute it (H13)."""

    event: Literal["absence_claimed"] = "absence_claimed"
    meeting: int
    side: Side
    asked_at: Instant | None = None
    """When this was handled, if an outage made that later: the time to contest counts from being asked."""


class AbsenceDisputed(Event):
    event: Literal["absence_disputed"] = "absence_disputed"
    meeting: int
    side: Side


class AbsenceStood(Event):
    event: Literal["absence_stood"] = "absence_stood"
    meeting: int
    side: Side


class AbsenceDropped(Event):
    """The claim was withdrawn, or its notice never arrived: nobody is judged unheard."""

    event: Literal["absence_dropped"] = "absence_dropped"
    meeting: int
    side: Side


class MilestoneRecorded(Event):
    event: Literal["milestone_recorded"] = "milestone_recorded"
    milestone: str
    side: Side
    report: str
    done_at: Instant
    accepted_at: Instant
    asked_at: Instant | None = None
    """When this was handled, if an outage made that later: the partner's time to object counts from here."""


class MilestoneObjected(Event):
    event: Literal["milestone_objected"] = "milestone_objected"
    milestone: str
    side: Side


class MilestoneWaived(Event):
    event: Literal["milestone_waived"] = "milestone_waived"
    milestone: str


class ReportWithdrawn(Event):
    event: Literal["report_withdrawn"] = "report_withdrawn"
    side: Side
    report: str


class MilestoneReached(Event):
    event: Literal["milestone_reached"] = "milestone_reached"
    milestone: str
    done_at: Instant


class MilestoneReopened(Event):
    """A withdrawal or an objection undid it."""

    event: Literal["milestone_reopened"] = "milestone_reopened"
    milestone: str


class GoalSet(Event):
    event: Literal["goal_set"] = "goal_set"
    side: Side
    goal: str
    note_id: str | None
    actions: tuple[str, ...]
    accepted_at: Instant


class GoalReported(Event):
    event: Literal["goal_reported"] = "goal_reported"
    side: Side
    goal: str
    report: str = ""
    progress: GoalProgress
    accepted_at: Instant


class FeedbackGiven(Event):
    event: Literal["feedback_given"] = "feedback_given"
    side: Side
    meeting: int
    note_id: str | None
    shared: bool


class SurveyAnswered(Event):
    event: Literal["survey_answered"] = "survey_answered"
    side: Side
    survey: Literal["pulse", "closing"]
    answers: dict[SurveyItem, int]


class BenefitsPinned(Event):
    event: Literal["benefits_pinned"] = "benefits_pinned"
    side: Side
    benefits: tuple[str, ...]


class MeetingPrepared(Event):
    """The preparation of this meeting went out, with this topic. Inside it both are asked again about the meetings in `asks_again`, which are without word."""

    event: Literal["meeting_prepared"] = "meeting_prepared"
    meeting: int
    session: int
    named_to: tuple[Side, ...] = ()
    """Who already has the topic, for a meeting that did not happen: their mail names it, and does not send it again (H10)."""
    asks_again: tuple[int, ...] = ()
    feedback_for: int | None = None
    feedback_to: tuple[Side, ...] = ()
    """Whom it invites. A person whom an earlier invitation did not reach is invited alone."""
    pulse_to: tuple[Side, ...] = ()


class MeetingAskedAbout(Event):
    event: Literal["meeting_asked_about"] = "meeting_asked_about"
    meeting: int
    readers: tuple[Side, ...]
    feedback_for: int | None = None
    feedback_to: tuple[Side, ...] = ()
    pulse_to: tuple[Side, ...] = ()


class AlignmentReminded(Event):
    event: Literal["alignment_reminded"] = "alignment_reminded"
    readers: tuple[Side, ...]


class HalfwayReached(Event):
    event: Literal["halfway_reached"] = "halfway_reached"


class EndApproached(Event):
    event: Literal["end_approached"] = "end_approached"


class LadderClimbed(Event):
    event: Literal["ladder_climbed"] = "ladder_climbed"
    side: Side
    rung: int
    do: Rung


class EpisodeEnded(Event):
    event: Literal["episode_ended"] = "episode_ended"
    side: Side


class CheckInDue(Event):
    """Planned meetings in a row were not held, for whatever reasons; nobody's fault."""

    event: Literal["check_in_due"] = "check_in_due"
    readers: tuple[Side, ...]


class AttentionRaised(Event):
    event: Literal["attention_raised"] = "attention_raised"
    line: str


class AttentionCleared(Event):
    """`resolved`: a person took care of it; otherwise its reason is gone."""

    event: Literal["attention_cleared"] = "attention_cleared"
    line: str
    resolved: bool = False


class Paused(Event):
    """`by_leave`: one of the two is away, and the pause follows that (P6)."""

    event: Literal["paused"] = "paused"
    until: Instant
    dropped: tuple[int, ...]
    by_leave: bool = False


class PauseProlonged(Event):
    """The pause now lasts until another instant, because somebody is away or because an operator wants a pause, too."""

    event: Literal["pause_prolonged"] = "pause_prolonged"
    until: Instant
    by_leave: bool = True
    """False: an operator took it over, and it no longer ends with the leave."""


class LeaveNoted(Event):
    event: Literal["leave_noted"] = "leave_noted"
    side: Side
    begins: Instant
    until: Instant


class LeaveBegan(Event):
    event: Literal["leave_began"] = "leave_began"
    side: Side


class LeaveOver(Event):
    """The person is back before the leave's own end, or an operator said so."""

    event: Literal["leave_over"] = "leave_over"
    side: Side


class Resumed(Event):
    """The end moved by the pause's length."""

    event: Literal["resumed"] = "resumed"
    ends: Instant
    reporting_ends: Instant


class ExtensionAsked(Event):
    event: Literal["extension_asked"] = "extension_asked"
    side: Side


class Extended(Event):
    event: Literal["extended"] = "extended"
    by_pair: bool
    length: Duration
    ends: Instant
    reporting_ends: Instant


class PlanApplied(Event):
    event: Literal["plan_applied"] = "plan_applied"
    change: Literal["resumed", "extended"]
    slots: tuple[Slot, ...]
    ends: Instant
    reporting_ends: Instant


class EndReached(Event):
    event: Literal["end_reached"] = "end_reached"
    feedback_for: int | None = None
    """Feedback to which the closing survey's mail invites, if no mail about a meeting could (H15)."""
    feedback_to: tuple[Side, ...] = ()


class CertificatesDecided(Event):
    """H7, in whole numbers: `100 * done >= share * total`; both people or nobody.

    One of the two may be certified alone only if `carried` milestones came along with the mentee: a new mentor's own certificate
    needs the share of the `total - carried` that remained (P6).
    """

    event: Literal["certificates_decided"] = "certificates_decided"
    certified: tuple[Side, ...]
    done: int
    total: int
    carried: int = 0
    ended_at: Instant


class CertificatesIssued(Event):
    """A person in `erased` was erased before the certificate was made, so that nobody is left to certify. The other's goes out all the same (P8)."""

    event: Literal["certificates_issued"] = "certificates_issued"
    certificates: dict[str, str]
    erased: tuple[Side, ...] = ()


class SurveyReminded(Event):
    event: Literal["survey_reminded"] = "survey_reminded"
    readers: tuple[Side, ...]


class MentorshipEnded(Event):
    """It ended before its time. `by_pair`: one of the two wished it, and nobody is told which. `leaver` stepped away from the programme."""

    event: Literal["mentorship_ended"] = "mentorship_ended"
    reason: EndReason | Literal["by_pair"]
    leaver: Side | None = None


class MentorshipCompleted(Event):
    event: Literal["mentorship_completed"] = "mentorship_completed"


class NoticeFailed(Event):
    event: Literal["notice_failed"] = "notice_failed"
    effect: str
    notice: str
    to: str
    why: str
    session: int | None = None
    """The topic whose questions it would have brought."""
    feedback_for: int | None = None
    pulse: bool = False
    unreported: tuple[int, ...] = ()
    """With `feedback_for` and `pulse`: what it would have asked besides, if a later mail may ask it instead."""


AnyEvent = Annotated[
    MentorshipStarted
    | CommandRefused
    | ExpectationsConfirmed
    | SlotsAccepted
    | MoveProposed
    | MeetingMoved
    | ProposalExpired
    | MeetingCancelled
    | MeetingExcused
    | MeetingReported
    | MeetingHeld
    | MeetingUnheld
    | ExtraMeetingReported
    | AbsenceClaimed
    | AbsenceDisputed
    | AbsenceStood
    | AbsenceDropped
    | MilestoneRecorded
    | MilestoneObjected
    | MilestoneWaived
    | ReportWithdrawn
    | MilestoneReached
    | MilestoneReopened
    | GoalSet
    | GoalReported
    | FeedbackGiven
    | SurveyAnswered
    | BenefitsPinned
    | MeetingPrepared
    | MeetingAskedAbout
    | AlignmentReminded
    | HalfwayReached
    | EndApproached
    | LadderClimbed
    | EpisodeEnded
    | CheckInDue
    | AttentionRaised
    | AttentionCleared
    | Paused
    | PauseProlonged
    | LeaveNoted
    | LeaveBegan
    | LeaveOver
    | Resumed
    | ExtensionAsked
    | Extended
    | PlanApplied
    | EndReached
    | CertificatesDecided
    | CertificatesIssued
    | SurveyReminded
    | MentorshipEnded
    | MentorshipCompleted
    | NoticeFailed,
    Field(discriminator="event"),
]
