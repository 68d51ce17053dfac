"""A mentorship told step by step. Builders are fixtures, so that every test says only what it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from mentorship import commands as c
from mentorship.advance import Advanced, Entry, advance, begin
from mentorship.commands import Plan, Slot
from mentorship.duration import iso
from mentorship.effects import AnyEffect, PlanMeetings, SendNotice
from mentorship.events import EarnedMilestone, MentorshipStarted
from mentorship.people import Pair, Side
from mentorship.policy.deadlines import decided_at, next_due
from mentorship.policy.helping import still_helping
from mentorship.policy.ladder import strikes
from mentorship.programme import REVISION, MilestoneRule, Rules
from mentorship.state import State

STARTS = datetime(2027, 1, 11, 9, tzinfo=UTC)
ENDS = STARTS + timedelta(weeks=26)
GRACE_ENDS = ENDS + timedelta(days=7)
PAIR = Pair(mentor="p-mentor", mentee="p-mentee")


def _day(number: float, hours: float = 0) -> datetime:
    """`number` days and `hours` after the start."""
    return STARTS + timedelta(days=number, hours=hours)


def _meets(n: int, hours: float = 0) -> datetime:
    """`hours` after the planned start of meeting `n`; meetings are a fortnight apart, the first on day 7."""
    return STARTS + timedelta(days=7 + 14 * (n - 1), hours=hours)


def _slot(start: datetime) -> Slot:
    return Slot(start=start, prepare_at=start - timedelta(days=3), ask_at=start + timedelta(hours=1, days=1))


def _rules(**changed: Any) -> Rules:
    """The defaults of the programme file, with ten milestones that either can report, `m1` to `m10`."""
    usual: dict[str, Any] = {
        "programme": "engineering-2027",
        "version": 1,
        "revision": REVISION,
        "interval": iso("P14D"),
        "duration": iso("PT1H"),
        "sessions": 12,
        "closing": 11,
        "milestones": _milestones(10),
    }
    return Rules(**(usual | changed))


def _milestones(number: int) -> tuple[MilestoneRule, ...]:
    return tuple(MilestoneRule(id=f"m{n}") for n in range(1, number + 1))


def _plan(meetings: int = 12) -> Plan:
    return Plan(starts=STARTS, ends=ENDS, reporting_ends=GRACE_ENDS, slots=tuple(_slot(_meets(n)) for n in range(1, meetings + 1)))


class Story:
    """One mentorship and everything that came of it. The test sets the clock, and nothing is awaited."""

    def __init__(self, rules: Rules, plan: Plan, pair: Pair = PAIR, earned: tuple[EarnedMilestone, ...] = ()) -> None:
        begun = MentorshipStarted(
            at=plan.starts, pair=pair, rules=rules, starts=plan.starts, ends=plan.ends, reporting_ends=plan.reporting_ends, slots=plan.slots, earned=earned
        )
        self.entries: list[Entry] = []
        self.effects: list[AnyEffect] = []
        self._ids = count(1)
        self._answered = 0
        self.state: State
        self._keep(begin(begun))

    def _keep(self, turn: Advanced) -> Advanced:
        self.state = turn.state
        self.entries += turn.entries
        self.effects += turn.effects
        return turn

    def take(self, inbox: Iterable[c.Command], now: datetime) -> Advanced:
        return self._keep(advance(self.state, list(inbox), now))

    def wait(self, until: datetime) -> None:
        """Lets time pass until then while nobody does anything."""
        self.take([], until)

    def until_decided(self) -> None:
        """Lets time pass until certificates are decided, a moment after the last report may come in."""
        self.wait(decided_at(self.state))

    def named(self, command: Any, by: str, at: datetime | None) -> Any:
        person = {"mentor": PAIR.mentor, "mentee": PAIR.mentee}.get(by, by)
        return command.model_copy(update={"message_id": command.message_id or f"message-{next(self._ids)}", "by": person, "at": at})

    def tell(self, by: str, command: Any, at: datetime, now: datetime | None = None) -> str:
        """Has `by` do this at `at`; it is handled at once, or at `now`. Returns `applied`, or why it was refused."""
        self.take([self.named(command, by, at)], now or at)
        last = next(entry for entry in reversed(self.entries) if entry.kind == "command")
        return last.reason or "applied"

    def both(self, command: Any, at: datetime) -> None:
        for side in ("mentor", "mentee"):
            assert self.tell(side, command, at) == "applied"

    def cancel(self, n: int, *, by: str = "mentee", before: timedelta = timedelta(hours=1), reason: str = "work") -> str:
        """Calls meeting `n` off this long before its current start."""
        meeting = self.state.meeting(n)
        assert meeting is not None
        return self.tell(by, c.CancelMeeting(meeting=n, reason=reason), meeting.start - before)

    def extra(self, at: datetime, by: str = "mentee") -> str:
        """Reports a conversation that was not planned, an hour after it began."""
        return self.tell(by, c.ReportMeeting(held_at=at, held=True), at + timedelta(hours=1))

    def prepared(self, n: int) -> SendNotice:
        """The latest preparation mail for meeting `n`, as the mentee gets it."""
        return next(mail for mail in reversed(self.mails("prepare", "mentee")) if mail.meeting is not None and mail.meeting.meeting == n)

    def counted(self, side: Side = "mentee") -> int:
        """How many events count against this person."""
        return len(strikes(self.state, side))

    def operator(self, command: Any, at: datetime) -> str:
        return self.tell("o-ana", command, at)

    def confirmed(self) -> Story:
        """Both participants have accepted every slot."""
        self.both(c.ConfirmMeeting(meeting="all"), self.state.now)
        return self

    def met(self, *numbers: int) -> Story:
        for n in numbers:
            meeting = self.state.meeting(n)
            assert meeting is not None
            assert self.tell("mentee", c.ReportMeeting(meeting=n, held=True), meeting.start + timedelta(hours=1)) == "applied"
        return self

    def record(self, *milestones: str, at: datetime, by: str = "mentee", done_at: datetime | None = None) -> Story:
        for milestone in milestones:
            assert self.tell(by, c.RecordMilestone(milestone=milestone, done_at=done_at), at) == "applied"
        return self

    def planned(self) -> list[PlanMeetings]:
        return [effect for effect in self.effects if isinstance(effect, PlanMeetings)]

    def replan(self, now: datetime | None = None) -> str:
        """Answers the latest question to schedule/, in the rhythm of the last meeting."""
        asked = self.planned()[-1]
        starts, found = asked.last_start or asked.after, list[Slot]()
        while len(found) < asked.count:
            starts += self.state.rules.interval.span
            if starts > asked.after + timedelta(days=3):
                found.append(_slot(starts))
        answer = c.ApplyPlan(message_id=f"plan.{asked.id}", effect=asked.id, number=asked.number, slots=tuple(found))
        self.take([answer], now or self.state.now)
        return self.entries_named("apply_plan")[-1].reason or "applied"

    def issue(self) -> None:
        """Answers for the certificate registry."""
        certificates = {PAIR.mentor: "cert-of-the-mentor", PAIR.mentee: "cert-of-the-mentee"}
        self.take([c.NoteCertificates(message_id="certificates", certificates=certificates)], self.state.now)

    def entries_named(self, name: str, **body: Any) -> list[Entry]:
        return [entry for entry in self.entries if entry.name == name and all(entry.body.get(key) == value for key, value in body.items())]

    def mails(self, kind: str | None = None, to: str | None = None) -> list[SendNotice]:
        sent = [effect for effect in self.effects if isinstance(effect, SendNotice)]
        return [mail for mail in sent if (kind is None or mail.kind == kind) and (to is None or mail.to == to)]

    def last(self, kind: str, to: str) -> SendNotice:
        return self.mails(kind, to)[-1]

    def helps(self, notice: SendNotice, at: datetime | None = None) -> bool:
        """Whether the mail would still help if it went then, or now."""
        return still_helping(notice, self.state, at or self.state.now) is not None

    def earned(self) -> bool | None:
        """Who earned a certificate; None while that is undecided."""
        return self.state.decided.earned if self.state.decided is not None else None

    def rung(self, side: str) -> int:
        return self.state.mentor.rung if side == "mentor" else self.state.mentee.rung

    def run_out(self) -> Story:
        """Runs on until the mentorship is over while nobody does anything. Fails if a deadline does not move on."""
        for _ in range(1000):
            due = next_due(self.state)
            if due is None:
                return self
            self.wait(max(due.at, self.state.now))
        raise AssertionError(f"still due after a thousand deadlines: {next_due(self.state)}")


@pytest.fixture(scope="session")
def rules() -> Callable[..., Rules]:
    return _rules


@pytest.fixture(scope="session")
def milestones() -> Callable[[int], tuple[MilestoneRule, ...]]:
    return _milestones


@pytest.fixture(scope="session")
def plan() -> Callable[..., Plan]:
    return _plan


@pytest.fixture(scope="session")
def story() -> Callable[..., Story]:
    """A mentorship that has just begun: `story(meetings=3, share=50)` overrides only the rules that matter to a test."""

    def begun(meetings: int = 12, plan: Plan | None = None, rules: Rules | None = None, earned: tuple[EarnedMilestone, ...] = (), **changed: Any) -> Story:
        return Story(rules or _rules(**changed), plan or _plan(meetings), earned=earned)

    return begun


@pytest.fixture(scope="session")
def day() -> Callable[..., datetime]:
    return _day


@pytest.fixture(scope="session")
def meets() -> Callable[..., datetime]:
    return _meets


@pytest.fixture(scope="session")
def slot() -> Callable[[datetime], Slot]:
    return _slot


@pytest.fixture(scope="session")
def starts() -> datetime:
    return STARTS


@pytest.fixture(scope="session")
def ends() -> datetime:
    """The instant at which the usual programme ends, 26 weeks after its start; the grace is seven days."""
    return ENDS


@pytest.fixture(scope="session")
def grace_ends() -> datetime:
    return GRACE_ENDS
