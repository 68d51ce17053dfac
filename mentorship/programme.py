"""The rules that an operator writes: every key of a programme file, and the part of it that a workflow carries.

The file's words (topics, prompts, benefits, titles) are `Texts`: they stay in records under their digest and never enter
Temporal. What decides is in `Rules`, which is compact and without words.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from mentorship.duration import Duration, Positive, iso
from mentorship.people import Id

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Rung = Literal["nudge", "coordinator"]


class Part(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True, populate_by_name=True, serialize_by_alias=True):
    """A part of a programme file: frozen, and an unknown key in it is an error."""


class Head(Part):
    id: Id
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    title: Text
    length: Positive
    share: Annotated[int, Field(ge=1, le=100)] = 80
    reporting_grace: Duration = iso("P7D")
    time_zone: str
    languages: Annotated[tuple[str, ...], Field(min_length=1)] = ("en",)


class Contacts(Part):
    coordinators: Annotated[tuple[str, ...], Field(min_length=1)]
    owner: str
    outside: Annotated[tuple[str, ...], Field(min_length=1)]


class Quiet(Part):
    """Days without meetings, both ends included."""

    from_: date = Field(alias="from")
    to: date

    @model_validator(mode="after")
    def _forwards(self) -> Quiet:
        if self.to < self.from_:
            raise ValueError("expected `to` on or after `from`")
        return self


class Meetings(Part):
    count: Annotated[int, Field(ge=1, le=104)]
    first_after: Duration
    interval: Positive
    duration: Positive
    time_of_day: Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None = None
    working_days: Annotated[tuple[Weekday, ...], Field(min_length=1)] = ("mon", "tue", "wed", "thu", "fri")
    quiet: tuple[Quiet, ...] = ()
    holidays: bool = False
    prepare: Duration = iso("P3D")
    ask_after: Duration = iso("P1D")
    feedback_after: tuple[Annotated[int, Field(ge=1)], ...] = (3, 6, 9)


class Resource(Part):
    title: Text
    url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2000)]


class Session(Part):
    """One conversation's guide (H10). The first carries the three expectations (H11)."""

    topic: Text
    expectations: bool = False
    closing: bool = False
    prompts: tuple[Text, ...] = ()
    resources: tuple[Resource, ...] = ()


class MeetingsHeld(Part):
    meetings_held: Annotated[int, Field(ge=1)]


Fact = Literal["expectations_confirmed", "goal_set", "goal_progressed", "closing_held"] | MeetingsHeld


class MilestoneRule(Part):
    """What completes a milestone: a report (`by`) or a fact (`when`)."""

    id: Id
    by: Literal["either", "both", "mentor", "mentee"] = "either"
    when: Fact | None = None

    @model_validator(mode="after")
    def _one_way(self) -> MilestoneRule:
        if self.when is not None and self.by != "either":
            raise ValueError("expected either `by` (somebody reports it) or `when` (a fact completes it), not both")
        return self


class Milestone(MilestoneRule):
    title: Text


class Attendance(Part):
    contest_within: Duration = iso("P7D")


class LadderRung(Part):
    at: Annotated[int, Field(ge=1)]
    do: Rung


class Cancellations(Part):
    """What counts as late and when somebody hears of it (H14)."""

    notice: Duration = iso("PT24H")
    answer_within: Duration = iso("P3D")
    window: Positive = iso("P90D")
    ladder: tuple[LadderRung, ...] = (LadderRung(at=2, do="nudge"), LadderRung(at=3, do="coordinator"))
    episode_ends_after_held: Annotated[int, Field(ge=1)] = 3

    @field_validator("ladder")
    @classmethod
    def _rising(cls, ladder: tuple[LadderRung, ...]) -> tuple[LadderRung, ...]:
        if any(low.at >= high.at for low, high in pairwise(ladder)):
            raise ValueError("expected rising `at` numbers")
        if len({rung.do for rung in ladder}) != len(ladder):
            raise ValueError("expected each `do` at most once")
        return ladder


class Attention(Part):
    """When a pair becomes a line in the coordinator's list (P7)."""

    not_held_in_a_row: Annotated[int, Field(ge=1)] = 3
    unreported_in_a_row: Annotated[int, Field(ge=1)] = 2
    no_meeting_by: Duration = iso("P28D")
    unowned: Duration = iso("P14D")
    offer_rematch: Duration = iso("P42D")


class Alignment(Part):
    remind_after: Duration = iso("P7D")


class Surveys(Part):
    pulse_after_meeting: Annotated[int, Field(ge=1)] = 3
    closing_reminder: Duration = iso("P7D")
    closes: Duration = iso("P28D")


class Pause(Part):
    longest: Positive = iso("P26W")


class Extension(Part):
    by_pair: Positive = iso("P4W")


class Budget(Part):
    most: Annotated[int, Field(ge=1)] = 6
    per: Positive = Field(default=iso("P30D"), alias="in")


class Mail(Part):
    """How much mail a person may get, and when."""

    budget: Budget = Budget()
    follow_ups: Annotated[int, Field(ge=0)] = 2
    hours: Annotated[str, StringConstraints(pattern=r"^(([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d|none)$")] = "08:00-18:00"
    spread: Duration = iso("PT15M")

    @field_validator("hours")
    @classmethod
    def _forwards(cls, hours: str) -> str:
        if hours != "none" and hours[:5] >= hours[6:]:
            raise ValueError("expected an opening time before the closing time, such as 08:00-18:00")
        return hours


class Benefits(Part):
    """What a mentorship is good for, per audience (H2)."""

    company: tuple[Text, ...] = ()
    everyone: tuple[Text, ...] = ()
    mentor: tuple[Text, ...] = ()
    mentee: tuple[Text, ...] = ()


class Retention(Part):
    words: Duration = iso("P90D")
    journal: Duration = iso("P730D")
    backups: Duration = iso("P35D")


Column = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=200)]
"""A column of the people file, including an operator's own. Upper and lower case make no difference in headers."""


class Above(Part):
    """The mentor is between `least` and `most` steps above the mentee on a scale. `order` is the scale from low to high; without it, values are numbers.

    With a value that is not on the scale the condition is not met.
    """

    fields: tuple[Column, Column]
    order: tuple[Text, ...] = ()
    least: Annotated[int, Field(ge=0, le=1_000_000_000)] = 1
    most: Annotated[int, Field(ge=0, le=1_000_000_000)] | None = None

    @model_validator(mode="after")
    def _scale(self) -> Above:
        if self.most is not None and self.most < self.least:
            raise ValueError("expected `most` to be at least `least`")
        if len({step.casefold() for step in self.order}) != len(self.order):
            raise ValueError("expected each step of `order` once")
        return self


class Condition(Part):
    """How a mentee's field and a mentor's field must relate; exactly one of the four. A blank cell meets none of them.

    Cells are lists separated by `|`. `shares`: an entry in common; `same`: the same entries; `differs`: none in common; `above`: a step on a scale.
    """

    shares: tuple[Column, Column] | None = None
    same: tuple[Column, Column] | None = None
    differs: tuple[Column, Column] | None = None
    above: Above | None = None

    @model_validator(mode="after")
    def _one(self) -> Condition:
        if sum(part is not None for part in (self.shares, self.same, self.differs, self.above)) != 1:
            raise ValueError("expected exactly one of `shares`, `same`, `differs`, with [field of the mentee, field of the mentor], or `above`")
        return self

    @property
    def fields(self) -> tuple[str, str]:
        """(field of the mentee, field of the mentor)."""
        found = self.shares or self.same or self.differs or (self.above.fields if self.above else None)
        assert found is not None  # by the validator above
        return found


class Requirement(Part):
    """What every pair must meet. `reason` is how it is named to people; without it, only fields about work are named."""

    when: Condition
    reason: Text | None = None


class Criterion(Part):
    score: Annotated[int, Field(ge=1, le=100_000)]
    when: Condition
    reason: Text | None = None


class Pairing(Part):
    mentees_per_mentor: Annotated[int, Field(ge=1, le=1000)] = 1
    require: tuple[Requirement, ...] = ()
    criteria: tuple[Criterion, ...] = ()


REVISION = 3
"""Which decisions this release makes. A release that decides something differently adds one, and asks `Rules.revision` at that place."""


class Rules(BaseModel, frozen=True):
    """What one mentorship carries of its programme: numbers and codes only, so that nothing readable enters Temporal (H12).

    `sessions` counts the topics in order; `closing` is the index (from 0) of the closing one, or None.
    """

    programme: str
    version: int
    share: int = 80
    reporting_grace: Duration = iso("P7D")
    interval: Duration
    duration: Duration
    prepare: Duration = iso("P3D")
    ask_after: Duration = iso("P1D")
    feedback_after: tuple[int, ...] = (3, 6, 9)
    sessions: int
    closing: int | None = None
    milestones: Annotated[tuple[MilestoneRule, ...], Field(min_length=1, max_length=50)]
    object_within: Duration = iso("P7D")
    attendance: Attendance = Attendance()
    cancellations: Cancellations = Cancellations()
    attention: Attention = Attention()
    alignment: Alignment = Alignment()
    heads_up: Duration = iso("P21D")
    surveys: Surveys = Surveys()
    pause: Pause = Pause()
    extension: Extension = Extension()
    mail: Mail = Mail()
    revision: Annotated[int, Field(ge=0)] = 0
    """The one that the mentorship began with. It keeps to it, since every replay decides again what it did. No programme can set it.
    A release that is older than it refuses these rules, since it would decide differently: such a mentorship waits for a newer release (P5).

    1: an answer from before a proposal lapsed counts, however late it comes in; a person is asked about an absence that they no longer admit; a mail
    that waited has the milestones and the end as they are when it goes; no mail goes about a pause that is over, or an absence admitted meanwhile.
    2: where the programme ended before the slots came that a pause or an extension asked for, no meeting from before passes for the closing one, and any
    conversation since does; what is waived in a pause is dated by the end that the pause moves; no nudge goes once the coordinator was told.
    3: a mail that waited asks nobody for what they gave meanwhile, the survey or feedback, nor for a survey that is closed, nor for an answer that nobody
    takes any more; it names no topic that another conversation took, and the benefits that are pinned now; none goes about a ladder, a row of meetings,
    a last stretch or a line that a pause, an extension, the end or somebody's word has done away with.
    """

    @field_validator("revision")
    @classmethod
    def _known(cls, revision: int) -> int:
        if revision > REVISION:
            raise PydanticCustomError("newer_release", "a newer release began this mentorship: this one knows no rules of that revision")
        return revision


class Texts(BaseModel, frozen=True):
    """The words of a programme, kept in records under `digest` and looked up when a mail or a page is made."""

    programme: str
    version: int
    title: str
    time_zone: str
    languages: tuple[str, ...]
    share: int
    sessions: tuple[Session, ...]
    milestones: tuple[Milestone, ...]
    benefits: Benefits

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical JSON, 64 hex digits."""
        return canonical_digest(self.model_dump(mode="json", by_alias=True))


class Programme(Part):
    """A whole programme file. Unknown keys, and numbers outside their bounds, raise pydantic.ValidationError."""

    programme: Head
    contacts: Contacts
    meetings: Meetings
    sessions: Annotated[tuple[Session, ...], Field(min_length=1)]
    milestones: Annotated[tuple[Milestone, ...], Field(min_length=1, max_length=50)]
    object_within: Duration = iso("P7D")
    attendance: Attendance = Attendance()
    cancellations: Cancellations = Cancellations()
    attention: Attention = Attention()
    alignment: Alignment = Alignment()
    heads_up: Duration = iso("P21D")
    surveys: Surveys = Surveys()
    pause: Pause = Pause()
    extension: Extension = Extension()
    mail: Mail = Mail()
    benefits: Benefits = Benefits()
    retention: Retention = Retention()
    reporting_line: Annotated[int, Field(ge=1)] | Literal["all"] = 2
    pairing: Pairing = Pairing()

    @field_validator("sessions")
    @classmethod
    def _sessions(cls, sessions: tuple[Session, ...]) -> tuple[Session, ...]:
        if not sessions[0].expectations:
            raise ValueError("expected the first session to carry the three expectations: `expectations: true`")
        if any(session.expectations for session in sessions[1:]):
            raise ValueError("expected only the first session to carry the expectations")
        if sum(session.closing for session in sessions) > 1:
            raise ValueError("expected at most one closing session")
        return sessions

    @field_validator("milestones")
    @classmethod
    def _milestones(cls, milestones: tuple[Milestone, ...]) -> tuple[Milestone, ...]:
        ids = [milestone.id for milestone in milestones]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"expected each milestone id once; {', '.join(twice)} stands more than once")
        return milestones

    @model_validator(mode="after")
    def _spread(self) -> Programme:
        lead = min((one for one in (self.meetings.prepare, self.meetings.ask_after, self.meetings.interval) if one.span), key=lambda one: one.span)
        if self.mail.spread.span * 10 > lead.span:
            raise ValueError(f"mail.spread: expected at most a tenth of the shortest lead ({lead}), so that no mail comes too late to help")
        return self

    def rules(self) -> Rules:
        """What each workflow of this programme carries."""
        closing = [index for index, session in enumerate(self.sessions) if session.closing]
        return Rules(
            programme=self.programme.id,
            version=self.programme.version,
            share=self.programme.share,
            reporting_grace=self.programme.reporting_grace,
            interval=self.meetings.interval,
            duration=self.meetings.duration,
            prepare=self.meetings.prepare,
            ask_after=self.meetings.ask_after,
            feedback_after=self.meetings.feedback_after,
            sessions=len(self.sessions),
            closing=closing[0] if closing else None,
            milestones=tuple(MilestoneRule.model_validate(m.model_dump(include={"id", "by", "when"}, exclude_unset=True)) for m in self.milestones),
            object_within=self.object_within,
            attendance=self.attendance,
            cancellations=self.cancellations,
            attention=self.attention,
            alignment=self.alignment,
            heads_up=self.heads_up,
            surveys=self.surveys,
            pause=self.pause,
            extension=self.extension,
            mail=self.mail,
            revision=REVISION,
        )

    def texts(self) -> Texts:
        """The words, for records."""
        return Texts(
            programme=self.programme.id,
            version=self.programme.version,
            title=self.programme.title,
            time_zone=self.programme.time_zone,
            languages=self.programme.languages,
            share=self.programme.share,
            sessions=self.sessions,
            milestones=self.milestones,
            benefits=self.benefits,
        )

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical JSON of the whole file. It tells whether a version was changed."""
        return canonical_digest(self.model_dump(mode="json", by_alias=True))


def canonical_digest(value: Any) -> str:
    """SHA-256 of the value's JSON with sorted keys and no spaces, 64 hex digits."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
