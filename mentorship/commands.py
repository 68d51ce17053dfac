"""What people ask of a mentorship, and what the service itself reports back to it.

Every command carries `message_id` (applied once), `by` (the person's opaque id) and `at`, the instant at which the door
accepted it; without `at` it counts from when it is handled. The models are lenient on purpose: they ignore unknown fields and
default new ones, because Temporal's SDK drops a signal that it cannot decode. It is the web hook that is strict.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field

from mentorship.duration import Duration
from mentorship.effects import SendNotice
from mentorship.instant import Instant

Expectation = Literal["confidentiality", "mutual_respect", "psychological_safety"]
EXPECTATIONS: tuple[Expectation, ...] = ("confidentiality", "mutual_respect", "psychological_safety")
CancelReason = Literal["work", "personal", "technical", "not_said"]
OwnAttendance = Literal["on_time", "late", "absent"]
PartnerAttendance = Literal["present", "absent"]
GoalProgress = Literal["in_progress", "progressed", "achieved", "dropped"]
SurveyItem = Literal["past_getting_to_know", "trust", "accountability", "depth", "opportunities", "satisfaction"]
SURVEY_ITEMS: tuple[SurveyItem, ...] = ("past_getting_to_know", "trust", "accountability", "depth", "opportunities", "satisfaction")
EndReason = Literal["operator", "stepped_away", "conduct", "rematch"]

SERVICE = "service"
"""`by` of what the service reports to itself. No person's id can be this, since minted ids are longer."""


class Message(BaseModel, frozen=True, extra="ignore", hide_input_in_errors=True):
    message_id: Annotated[str, Field(max_length=200)] = ""
    by: Annotated[str, Field(max_length=64)] = ""
    at: Instant | None = None


class Attendance(BaseModel, frozen=True, extra="ignore", populate_by_name=True, serialize_by_alias=True):
    """What a person says about themself and about the partner (H13); both parts are optional. JSON calls `own` `self`, a name that a model cannot have."""

    own: OwnAttendance | None = Field(default=None, alias="self")
    partner: PartnerAttendance | None = None


# -- participants: signals ------------------------------------------------------------------------------------------------


class ConfirmExpectations(Message):
    """A person says of each expectation that the two talked about it (H11)."""

    command: Literal["confirm_expectations"] = "confirm_expectations"
    expectations: tuple[Expectation, ...] = ()


class ConfirmMeeting(Message):
    command: Literal["confirm_meeting"] = "confirm_meeting"
    meeting: int | Literal["all"] = 0


class MoveMeeting(Message):
    """Propose a new time, or agree to the other's by the same `to`. With `agreeing`, it proposes nothing if the other no longer proposes that time (H14)."""

    command: Literal["move_meeting"] = "move_meeting"
    meeting: int = 0
    to: Instant | None = None
    agreeing: bool | None = None


class CancelMeeting(Message):
    command: Literal["cancel_meeting"] = "cancel_meeting"
    meeting: int = 0
    reason: CancelReason = "not_said"


class Excuse(Message):
    """Fine by me: whatever the partner did about this meeting does not count (H14)."""

    command: Literal["excuse"] = "excuse"
    meeting: int = 0


class ReportMeeting(Message):
    """What happened at a meeting; without `meeting` it was an extra one, held at `held_at`."""

    command: Literal["report_meeting"] = "report_meeting"
    meeting: int | None = None
    held_at: Instant | None = None
    held: bool | None = None
    attendance: Attendance = Attendance()


class Dispute(Message):
    """The partner reported an absence of mine; I say otherwise (H13)."""

    command: Literal["dispute"] = "dispute"
    meeting: int = 0


class RecordMilestone(Message):
    command: Literal["record_milestone"] = "record_milestone"
    milestone: str = ""
    done_at: Instant | None = None


class ObjectToMilestone(Message):
    command: Literal["object_to_milestone"] = "object_to_milestone"
    milestone: str = ""


class Withdraw(Message):
    """Take back one's own milestone or meeting report; `report` is that report's message id."""

    command: Literal["withdraw"] = "withdraw"
    report: Annotated[str, Field(max_length=200)] = ""


class SetGoal(Message):
    """Set a goal, or add actions to it (H6). The words are notes in records; only their ids are here."""

    command: Literal["set_goal"] = "set_goal"
    goal: Annotated[str, Field(max_length=40)] = ""
    note_id: Annotated[str, Field(max_length=40)] | None = None
    actions: tuple[Annotated[str, Field(max_length=40)], ...] = ()


class ReportGoal(Message):
    command: Literal["report_goal"] = "report_goal"
    goal: Annotated[str, Field(max_length=40)] = ""
    progress: GoalProgress = "in_progress"


class AskExtension(Message):
    command: Literal["ask_extension"] = "ask_extension"


class Feedback(BaseModel, frozen=True, extra="ignore"):
    """The author's own words after a meeting (H15), as a note id; shared only if the author says so."""

    kind: Literal["feedback"] = "feedback"
    meeting: int = 0
    note_id: Annotated[str, Field(max_length=40)] | None = None
    shared: bool = False


class SurveyAnswers(BaseModel, frozen=True, extra="ignore"):
    """Answers from 1 to 5 (H5). `pulse` is the survey of two questions on the way."""

    kind: Literal["survey"] = "survey"
    survey: Literal["pulse", "closing"] = "closing"
    answers: dict[SurveyItem, Annotated[int, Field(ge=1, le=5)]] = {}


class Pins(BaseModel, frozen=True, extra="ignore"):
    """Which benefits matter to me (H2): `audience.index` codes such as `mentee.0`."""

    kind: Literal["pins"] = "pins"
    benefits: tuple[Annotated[str, Field(max_length=20)], ...] = ()


class EndWish(BaseModel, frozen=True, extra="ignore"):
    """I want this to end; no reason is asked and nobody hears who."""

    kind: Literal["end_wish"] = "end_wish"


PrivateBody = Annotated[Feedback | SurveyAnswers | Pins | EndWish, Field(discriminator="kind")]


class SubmitPrivately(Message):
    """Something that is only its author's business. The signal's name does not tell what (H12)."""

    command: Literal["submit_privately"] = "submit_privately"
    body: PrivateBody | None = None
    """None says nothing, and is refused: an empty message never means the wish to end."""


# -- operators: updates ---------------------------------------------------------------------------------------------------


class Pause(Message):
    """`away` is the opaque id of the one who is on leave, from `begins` on. Without it, this is an operator's pause from now (P6)."""

    command: Literal["pause"] = "pause"
    until: Instant | None = None
    away: Annotated[str, Field(max_length=64)] | None = None
    begins: Instant | None = None


class Resume(Message):
    """`away` is the one who is back from leave. The meetings go on unless something else holds them."""

    command: Literal["resume"] = "resume"
    away: Annotated[str, Field(max_length=64)] | None = None


class Extend(Message):
    command: Literal["extend"] = "extend"
    length: Duration = Duration()


class WaiveMilestone(Message):
    command: Literal["waive_milestone"] = "waive_milestone"
    milestone: str = ""


class Flag(Message):
    """A line in the coordinators' list that only records can know of: the two are within one reporting line now (H4)."""

    command: Literal["flag"] = "flag"
    line: Literal["reporting_line"] = "reporting_line"


class Resolve(Message):
    """A person took care of a line in the coordinator's list."""

    command: Literal["resolve"] = "resolve"
    line: str = ""


class End(Message):
    """`leaver`, with `stepped_away`, is the opaque id of the one who left the programme. The partner hears of it (P6)."""

    command: Literal["end"] = "end"
    reason: EndReason = "operator"
    leaver: Annotated[str, Field(max_length=64)] | None = None


# -- the service: results of effects --------------------------------------------------------------------------------------


class Slot(BaseModel, frozen=True):
    """One planned meeting: its start, when both are prepared for it, when they are asked about it. UTC."""

    start: Instant
    prepare_at: Instant
    ask_at: Instant


class Plan(BaseModel, frozen=True):
    """What schedule/ computes from zones, working days and holidays: instants only, so that a replay never asks again."""

    starts: Instant
    ends: Instant
    reporting_ends: Instant
    slots: tuple[Slot, ...]


class ApplyPlan(Message):
    """The answer to a PlanMeetings effect. `ends` is None when the end stays where the mentorship put it."""

    command: Literal["apply_plan"] = "apply_plan"
    by: str = SERVICE
    effect: str = ""
    number: int | None = None
    """The effect's `number`: tells the answer to an older question from the one that is awaited."""
    slots: tuple[Slot, ...] = ()
    ends: Instant | None = None
    reporting_ends: Instant | None = None


Undelivered = Literal["bounced", "over_budget", "unsubscribed", "too_late", "superseded", "no_address", "undeliverable"]
"""`too_late`: its moment passed, by the clock or because what it asks or tells was settled meanwhile. `superseded`: a newer mail goes instead."""


class NoteFailedNotice(Message):
    """A notice was not delivered, and why; a delivered one is not reported."""

    command: Literal["note_failed_notice"] = "note_failed_notice"
    by: str = SERVICE
    effect: str = ""
    notice: str = ""
    to: str = ""
    meeting: int | None = None
    session: int | None = None
    """The topic whose questions it would have brought, and nobody got (H10)."""
    feedback_for: int | None = None
    pulse: bool = False
    unreported: tuple[int, ...] = ()
    """With `feedback_for` and `pulse`: what it would have asked besides, and nobody was asked."""
    why: Undelivered = "undeliverable"

    @classmethod
    def of(cls, notice: SendNotice, why: Undelivered, at: datetime, instead: SendNotice | None = None) -> Self:
        """Says that `notice` does not go, as of `at`. `instead` goes in its place, and may bring and ask what it would have.

        What it would have asked besides comes back only if its moment passed or a newer mail goes: a person who cannot be reached, or has enough mail,
        is not asked more often.
        """
        facts, left = notice.meeting, notice.lacking(instead)
        asked = {"feedback_for": left.feedback_for, "pulse": left.pulse, "unreported": left.unreported} if why in ("too_late", "superseded") else {}
        return cls(
            message_id=f"failed.{notice.id}",
            at=at,
            effect=notice.id,
            notice=notice.kind,
            to=notice.to,
            meeting=facts.meeting if facts is not None else None,
            session=left.meeting.session if left.meeting is not None and not left.meeting.session_sent else None,
            why=why,
            **asked,
        )


class NoteCertificates(Message):
    """The registry's answer: the certificate of each person, by opaque id. A person who was `erased` meanwhile has none."""

    command: Literal["note_certificates"] = "note_certificates"
    by: str = SERVICE
    effect: str = ""
    certificates: dict[str, str] = {}
    erased: tuple[str, ...] = ()


ParticipantCommand = (
    ConfirmExpectations
    | ConfirmMeeting
    | MoveMeeting
    | CancelMeeting
    | Excuse
    | ReportMeeting
    | Dispute
    | RecordMilestone
    | ObjectToMilestone
    | Withdraw
    | SetGoal
    | ReportGoal
    | AskExtension
    | SubmitPrivately
)
OperatorCommand = Pause | Resume | Extend | WaiveMilestone | Flag | Resolve | End
ResultCommand = ApplyPlan | NoteFailedNotice | NoteCertificates
Command = Annotated[ParticipantCommand | OperatorCommand | ResultCommand, Field(discriminator="command")]
