"""What a program may send, command by command, and which command a mentorship gets from it.

These bodies are strict where the commands are lenient: an unknown field, a number as text, or a time without a zone is refused here, by name.
Words never travel: each becomes a note, and only the note's id travels (H12).
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AliasChoices, AwareDatetime, BaseModel, BeforeValidator, Field, StringConstraints, model_validator

from mentorship import commands as c
from mentorship.blank import is_blank
from mentorship.people import Id

Keep = Callable[[str, str, bool], str]
"""(kind, text, shared) -> the id of the note that will hold the text."""

_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _near(value: datetime) -> datetime:
    if not _FIRST.replace(tzinfo=value.tzinfo) <= value <= _LAST.replace(tzinfo=value.tzinfo):
        raise ValueError("expected an instant between 2000 and 2200")
    return value.astimezone(UTC)


def iso(form: str, example: str) -> BeforeValidator:
    """Accepts only text of this form: pydantic would take a number for seconds, even one in a string. The field itself is lenient, since it reads text."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(form, value, re.ASCII):
            raise ValueError(f"expected ISO 8601, such as {example}")
        return value

    return BeforeValidator(check)


def _number_or_all(value: Any) -> Any:
    if value != "all" and (isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1000):
        raise ValueError('expected a meeting\'s number or "all"')
    return value


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) != len(values):
        raise ValueError("expected each only once")
    return values


def seen(value: str) -> str:
    if is_blank(value):
        raise ValueError("expected a text that can be seen")
    return value


When = Annotated[AwareDatetime, Field(strict=False), iso(r"\d{4}-\d{2}-\d{2}[Tt ].+", "2027-03-10T09:00:00Z"), AfterValidator(_near)]
"""ISO 8601 with a zone."""
Number = Annotated[int, Field(ge=1, le=1000, description="which planned meeting, from 1")]
NumberOrAll = Annotated[int | Literal["all"], BeforeValidator(_number_or_all), Field(json_schema_extra={"minimum": 1, "maximum": 1000})]
MOST_LETTERS = 4000
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_LETTERS), AfterValidator(seen)]
Report = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_:-]{1,200}$")]
GoalId = Annotated[Id, Field(description="kept readable, also once its author was erased, so let it say nothing of the goal")]
Benefit = Annotated[str, StringConstraints(pattern=r"^(company|everyone|mentor|mentee)\.[0-9]{1,3}$")]


class Part(BaseModel, frozen=True, extra="forbid", strict=True, hide_input_in_errors=True):
    """A part of what a program sends: an unknown field in it is an error, and so is a value of another type."""


class Body(Part):
    """What every command says: who sends it, by the roster's own id."""

    by: Annotated[str, Field(min_length=1, max_length=200, description="the roster's person_id of the mentor or the mentee")]

    @abstractmethod
    def command(self, keep: Keep) -> c.ParticipantCommand:
        """The command, without message_id, by and at. Every word in the body goes through `keep`."""


class ConfirmExpectations(Body):
    expectations: Annotated[tuple[c.Expectation, ...], Field(min_length=1), AfterValidator(_distinct)]

    def command(self, keep: Keep) -> c.ConfirmExpectations:  # noqa: ARG002 - no words
        return c.ConfirmExpectations(expectations=self.expectations)


class ConfirmMeeting(Body):
    meeting: NumberOrAll

    def command(self, keep: Keep) -> c.ConfirmMeeting:  # noqa: ARG002 - no words
        return c.ConfirmMeeting(meeting=self.meeting)


class MoveMeeting(Body):
    meeting: Number
    to: When
    agreeing: bool = False

    def command(self, keep: Keep) -> c.MoveMeeting:  # noqa: ARG002 - no words
        return c.MoveMeeting(meeting=self.meeting, to=self.to, agreeing=self.agreeing or None)


class CancelMeeting(Body):
    meeting: Number
    reason: c.CancelReason = "not_said"

    def command(self, keep: Keep) -> c.CancelMeeting:  # noqa: ARG002 - no words
        return c.CancelMeeting(meeting=self.meeting, reason=self.reason)


class Excuse(Body):
    meeting: Number

    def command(self, keep: Keep) -> c.Excuse:  # noqa: ARG002 - no words
        return c.Excuse(meeting=self.meeting)


class Attendance(Part):
    self_: c.OwnAttendance | None = Field(default=None, alias="self")
    partner: c.PartnerAttendance | None = None


class ReportMeeting(Body):
    """A planned meeting by its number, or an extra one by when it was held."""

    meeting: Number | None = None
    held_at: When | None = None
    held: bool | None = None
    attendance: Attendance = Attendance()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.meeting is None and self.held_at is None:
            raise ValueError("expected `meeting`, or `held_at` for an extra meeting")
        if self.meeting is not None and self.held_at is not None:
            raise ValueError("expected `held_at` only without `meeting`: it says when an extra meeting was held")
        if self.meeting is not None and self.held is None and self.attendance.self_ is None and self.attendance.partner is None:
            raise ValueError("expected `held` or `attendance`")
        return self

    def command(self, keep: Keep) -> c.ReportMeeting:  # noqa: ARG002 - no words
        attendance = c.Attendance(own=self.attendance.self_, partner=self.attendance.partner)
        return c.ReportMeeting(meeting=self.meeting, held_at=self.held_at, held=self.held, attendance=attendance)


class Dispute(Body):
    meeting: Number

    def command(self, keep: Keep) -> c.Dispute:  # noqa: ARG002 - no words
        return c.Dispute(meeting=self.meeting)


class RecordMilestone(Body):
    milestone: Id
    done_at: When | None = None

    def command(self, keep: Keep) -> c.RecordMilestone:  # noqa: ARG002 - no words
        return c.RecordMilestone(milestone=self.milestone, done_at=self.done_at)


class ObjectToMilestone(Body):
    milestone: Id

    def command(self, keep: Keep) -> c.ObjectToMilestone:  # noqa: ARG002 - no words
        return c.ObjectToMilestone(milestone=self.milestone)


class Withdraw(Body):
    """`message_id` (or `report`) is the webhook-id of the sender's own report."""

    message_id: Report = Field(validation_alias=AliasChoices("message_id", "report"))

    def command(self, keep: Keep) -> c.Withdraw:  # noqa: ARG002 - no words
        return c.Withdraw(report=self.message_id)


class SetGoal(Body):
    """Sets a goal in words, under a short id of the sender's choice. The same id again adds actions or rewords the goal (H6)."""

    goal: GoalId
    text: Words | None = None
    actions: Annotated[tuple[Words, ...], Field(max_length=20)] = ()

    def command(self, keep: Keep) -> c.SetGoal:
        note = None if self.text is None else keep("goal", self.text, False)
        return c.SetGoal(goal=self.goal, note_id=note, actions=tuple(keep("action", text, False) for text in self.actions))


class ReportGoal(Body):
    goal: GoalId
    progress: c.GoalProgress

    def command(self, keep: Keep) -> c.ReportGoal:  # noqa: ARG002 - no words
        return c.ReportGoal(goal=self.goal, progress=self.progress)


class AskExtension(Body):
    def command(self, keep: Keep) -> c.AskExtension:  # noqa: ARG002 - no words
        return c.AskExtension()


class Feedback(Part):
    kind: Literal["feedback"]
    meeting: Number
    text: Words
    shared: bool = False


class Survey(Part):
    kind: Literal["survey"]
    survey: Literal["pulse", "closing"] = "closing"
    answers: Annotated[dict[c.SurveyItem, Annotated[int, Field(ge=1, le=5)]], Field(min_length=1)]


class Pins(Part):
    kind: Literal["pins"]
    benefits: Annotated[tuple[Benefit, ...], Field(max_length=10), AfterValidator(_distinct)]


class EndWish(Part):
    kind: Literal["end_wish"]


class SubmitPrivately(Body):
    body: Annotated[Feedback | Survey | Pins | EndWish, Field(discriminator="kind")]

    def command(self, keep: Keep) -> c.SubmitPrivately:
        return c.SubmitPrivately(body=self._private(keep))

    def _private(self, keep: Keep) -> c.PrivateBody:
        match self.body:
            case Feedback(meeting=meeting, text=text, shared=shared):
                return c.Feedback(meeting=meeting, note_id=keep("feedback", text, shared), shared=shared)
            case Survey(survey=survey, answers=answers):
                return c.SurveyAnswers(survey=survey, answers=answers)
            case Pins(benefits=benefits):
                return c.Pins(benefits=benefits)
            case EndWish():
                return c.EndWish()


BODIES: dict[str, type[Body]] = {
    "confirm_expectations": ConfirmExpectations,
    "confirm_meeting": ConfirmMeeting,
    "move_meeting": MoveMeeting,
    "cancel_meeting": CancelMeeting,
    "excuse": Excuse,
    "report_meeting": ReportMeeting,
    "dispute": Dispute,
    "record_milestone": RecordMilestone,
    "object_to_milestone": ObjectToMilestone,
    "withdraw": Withdraw,
    "set_goal": SetGoal,
    "report_goal": ReportGoal,
    "ask_extension": AskExtension,
    "submit_privately": SubmitPrivately,
}
"""Every command that a participant may send through a program, by its signal's name. Operators' corrections are updates, and have no door here."""
