"""One mentorship's state: compact, bounded, serialisable. It is the fold of its events, with the journal's last number and the latest messages' digests."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, SkipValidation, model_validator

from mentorship.commands import CancelReason, EndReason, Expectation, GoalProgress, OwnAttendance, PartnerAttendance
from mentorship.effects import Longer
from mentorship.events import EarnedMilestone
from mentorship.instant import Instant
from mentorship.people import Pair, Side, other
from mentorship.programme import Rules

_PACKED = "packed"

MOST_EXTRA_MEETINGS = 60
MOST_GOALS = 20
MOST_ACTIONS = 20
MOST_GOAL_REPORTS = 50
"""For one goal, by both people together."""
MESSAGES_KEPT = 256
ROWS = {"not_held": "run", "silence": "silence"}
"""The lines about several meetings in a row, each with the code that is in `seen` while the row lasts."""
MOST_MEETINGS = 208
"""Planned ones, including those of extensions: the state stays bounded however often an operator extends."""


def report_digest(message_id: str) -> str:
    """A message id in 11 characters: ids come in any length, and the state keeps 256 of them."""
    return base64.urlsafe_b64encode(hashlib.blake2b(message_id.encode(errors="replace"), digest_size=8).digest()).rstrip(b"=").decode()


class Part(BaseModel, frozen=True):
    """A part of a mentorship's state."""


class Proposal(Part):
    side: Side
    to: Instant
    at: Instant
    late: bool
    asked_at: Instant | None = None
    """When the partner was asked, if an outage made that later than `at`."""


class Cancelled(Part):
    side: Side | None
    at: Instant
    reason: CancelReason
    late: bool
    lapsed: bool = False
    """Nobody cancelled it: a late proposal stayed unanswered. If the two met all the same, they can still say so."""
    answers: Instant | None = None
    """When the partner of the person who called it off had proposed another time too late."""

    @property
    def owed_to(self) -> tuple[Side, Instant] | None:
        """The person who could not come, and when they said so: not the one who called off what the other could not keep (H14). None: nobody."""
        if self.side is None:
            return None
        return (self.side, self.at) if self.answers is None else (other(self.side), self.answers)


class Report(Part):
    side: Side
    report: str
    at: Instant
    held: bool | None = None
    own: OwnAttendance | None = None
    partner: PartnerAttendance | None = None
    reason: CancelReason | None = None

    @property
    def present(self) -> bool:
        """Whether its author says that they were there. A person who reports only the partner's absence was."""
        return bool(self.held) or self.own in ("on_time", "late") or (self.partner == "absent" and self.own is None)


class Claim(Part):
    """An absence of `side` that the partner reported."""

    side: Side
    asked_at: Instant
    stands: Literal["open", "yes", "no"] = "open"
    disputed: bool = False
    """A disputed absence never counts (H13), however often it is reported again."""


class Meeting(Part):
    """A planned meeting. It is confirmed once both have `accepted`; only then can it be cancelled late or missed."""

    n: int
    start: Instant
    prepare_at: Instant
    ask_at: Instant
    accepted: tuple[Side, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    cancelled: Cancelled | None = None
    excused: tuple[Side, ...] = ()
    away: tuple[Side, ...] = ()
    """Those of the `excused` whom a leave excuses, and not the partner."""
    reports: tuple[Report, ...] = ()
    claims: tuple[Claim, ...] = ()
    prepared: bool = False
    asked: bool = False
    asked_again: bool = False
    """Asked inside the next preparation mail, for the last time. Also true where nobody was asked at first: then nothing is repeated."""
    topic: int | None = None
    """The topic that its preparation brought, unless another conversation took it before this meeting began."""
    session: int | None = None
    """The topic that it used up, once it was held."""
    laid_by: tuple[Proposal, ...] = ()
    """Proposals that are put aside as long as the meeting counts as held."""
    past: tuple[Proposal, ...] = ()
    """Each person's last proposal whose days to answer are over. An answer given within those days counts, however late it comes in (P5)."""
    unkept: Side | None = None
    """Who had asked too late for another time by the meeting's start. Kept here when the proposal itself is gone (H14)."""

    def __copy__(self) -> Self:
        """Forgets what was worked out about this meeting, which may not be true of a changed copy."""
        made = super().__copy__()
        for name in ("confirmed", "held", "not_held", "without_word"):
            made.__dict__.pop(name, None)
        return made

    @cached_property
    def confirmed(self) -> bool:
        return len(self.accepted) == 2

    @cached_property
    def held(self) -> bool:
        """Whether at least one says so, or their reports disagree about who was there (H13)."""
        return any(report.held for report in self.reports) or any(map(self._disagree, self.claims))

    def _disagree(self, claim: Claim) -> bool:
        """Whether the partner still reports this absence, and the person whom it is about disputes it and has not admitted it since."""
        own, partner = self.report(claim.side), self.report(other(claim.side))
        return claim.disputed and partner is not None and partner.partner == "absent" and (own is None or own.own != "absent")

    @cached_property
    def not_held(self) -> bool:
        return not self.held and (self.cancelled is not None or any(r.held is False or r.own == "absent" or r.partner == "absent" for r in self.reports))

    @cached_property
    def without_word(self) -> bool:
        return self.cancelled is None and not self.reports

    def late_proposal(self, until: Instant) -> Proposal | None:
        """The first proposal by `until` that came too late for the partner to be free. Its author could not keep the time, whatever the two did next."""
        return min((proposal for proposal in self.proposals if proposal.late and proposal.at <= until), key=lambda late: late.at, default=None)

    @property
    def unkept_by(self) -> Side | None:
        """The first person to say by its start, but too late for the partner to be free, that they could not keep the time."""
        asked = self.late_proposal(self.start)
        return self.unkept or (asked.side if asked is not None else None)

    def proposal(self, side: Side) -> Proposal | None:
        return next((proposal for proposal in self.proposals if proposal.side == side), None)

    def report(self, side: Side) -> Report | None:
        return next((report for report in self.reports if report.side == side), None)

    def claim(self, side: Side) -> Claim | None:
        return next((claim for claim in self.claims if claim.side == side), None)


class ExtraMeeting(Part):
    held_at: Instant
    session: int
    reports: tuple[Report, ...]


class Confirmation(Part):
    side: Side
    report: str
    done_at: Instant
    at: Instant
    asked_at: Instant | None = None
    """When the partner could see it, if an outage made that later than `at`."""


class MilestoneState(Part):
    confirmations: tuple[Confirmation, ...] = ()
    objected_by: Side | None = None
    waived_at: Instant | None = None


class GoalTold(Part):
    """What somebody reported about a goal."""

    side: Side
    report: str
    progress: GoalProgress
    at: Instant


class Goal(Part):
    set_at: Instant
    reports: tuple[GoalTold, ...] = ()
    """In the order in which they were taken."""
    actions: int = 0

    @property
    def status(self) -> Literal["set"] | GoalProgress:
        """Its status by the latest report that was not withdrawn."""
        return self.reports[-1].progress if self.reports else "set"

    @property
    def progressed_at(self) -> Instant | None:
        """When progress was first reported."""
        return min((told.at for told in self.reports if told.progress in ("progressed", "achieved")), default=None)


class Person(Part):
    """What the mentorship knows about one of the two."""

    expectations: tuple[Expectation, ...] = ()
    talked_at: Instant | None = None
    """The latest instant at which an expectation was confirmed."""
    confirmed_at: Instant | None = None
    rung: int = 0
    highest_rung: int = 0
    cleared_at: Instant | None = None
    """What counted against this person up to this instant no longer counts: its episode ended."""
    unanswered: int = 0
    topics: tuple[int, ...] = ()
    """Topics whose questions were sent to this person, without those that were not delivered (H10)."""
    pins: tuple[str, ...] = ()
    asked_extension: bool = False
    feedback_asked: int = 0
    """The number of meetings held after which this person was last invited to give feedback (H15)."""
    feedback_at: Instant | None = None
    """When this person last gave feedback."""
    pulse_asked: bool = False
    pulse_answered: bool = False
    closing_answered: bool = False


class Pausing(Part):
    since: Instant
    until: Instant
    dropped: int
    by_leave: bool = False
    """The pause follows the leaves of the two. An operator's pause does not."""
    longer: Longer | None = None
    """What extensions add to the end, until the end is planned together with the slots."""
    moved: timedelta = timedelta()
    """The length of earlier pauses whose slots were not planned yet."""


class Leave(Part):
    begins: Instant
    until: Instant
    begun: bool = False
    following: Leave | None = None
    """The next leave, which HR told of while this one lasts."""

    @property
    def ahead(self) -> Leave | None:
        """The leave that begins next."""
        return self.following if self.begun else self


class Ended(Part):
    at: Instant
    reason: EndReason | Literal["by_pair"]
    waiting: int | None = None
    """How many slots still waited for a time; None if every slot was planned."""


class Decided(Part):
    at: Instant
    certified: tuple[Side, ...]
    done: int
    total: int

    @property
    def earned(self) -> bool:
        """Whether anybody was certified."""
        return bool(self.certified)


class PlanRequest(Part):
    """Which answer of schedule/ the mentorship waits for. Any other one comes too late, and is refused."""

    number: int
    """The calendar's sequence when the question was asked. Each question moves it on, since two may be asked at one instant."""
    change: Literal["resumed", "extended"]
    count: int
    longer: Longer | None = None
    paused: timedelta = timedelta()
    """The length of the pauses that made it necessary."""
    asked_at: Instant | None = None
    """When the question was asked; None where an earlier release asked it."""


class Memory(dict[Any, Any]):
    """Questions about a state and their answers (policy/remembered.py). Any two are equal, so that states are the same whatever was asked about them."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Memory)

    __hash__ = None


class State(Part, arbitrary_types_allowed=True):
    """Everything that a decision may read. `now` is the latest instant that was handled; it never moves back."""

    pair: Pair
    rules: Rules
    starts: Instant
    ends: Instant
    reporting_ends: Instant
    now: Instant
    seq: int = 0
    """The number of the last journal entry."""
    meetings: tuple[Meeting, ...] = ()
    extras: tuple[ExtraMeeting, ...] = ()
    milestones: dict[str, MilestoneState] = {}
    earned: tuple[EarnedMilestone, ...] = ()
    """What came along with the mentee from an earlier pair (P6)."""
    reached: tuple[str, ...] = ()
    goals: dict[str, Goal] = {}
    mentor: Person = Person()
    mentee: Person = Person()
    pausing: Pausing | None = None
    leaves: dict[Side, Leave] = {}
    """Who is, was or will be away, by HR's latest word (P6). News of a leave yet to come does not end one that lasts."""
    paused_for: timedelta = timedelta()
    extended_by_pair: bool = False
    plan_request: PlanRequest | None = None
    attention: dict[str, Instant] = {}
    seen: tuple[str, ...] = ()
    """Codes of what is done only once: halfway, heads_up, alignment, survey, no_meeting, rematch; run and silence once for each row of meetings."""
    calendar_sequence: int = 0
    closing: bool = False
    decided: Decided | None = None
    certificates: dict[str, str] = {}
    ended: Ended | None = None
    completed: bool = False
    recent: tuple[str, ...] = Field(default=(), max_length=MESSAGES_KEPT)
    """Digests of the last message ids; a refused one carries its reason behind a `!`."""
    memory: Annotated[Memory, SkipValidation] = Field(default_factory=Memory, exclude=True, repr=False)
    """Handed on from state to state, and nowhere else."""

    def person(self, side: Side) -> Person:
        return self.mentor if side == "mentor" else self.mentee

    def meeting(self, n: int) -> Meeting | None:
        if 1 <= n <= len(self.meetings) and self.meetings[n - 1].n == n:
            return self.meetings[n - 1]
        return next((meeting for meeting in self.meetings if meeting.n == n), None)

    @property
    def over(self) -> bool:
        return self.completed or self.ended is not None

    def compact(self) -> dict[str, str]:
        """What continue-as-new carries: JSON without defaults, packed to a third. `State.model_validate` reads it back.

        A busy year would take 30 KiB, since field names and instants repeat so much; packed it takes under 16.
        """
        return {_PACKED: base64.b85encode(zlib.compress(self.model_dump_json(exclude_defaults=True).encode(), 9)).decode()}

    @model_validator(mode="before")
    @classmethod
    def _unpack(cls, value: Any) -> Any:
        packed = value.get(_PACKED) if isinstance(value, dict) else None
        return json.loads(zlib.decompress(base64.b85decode(packed))) if isinstance(packed, str) else value
