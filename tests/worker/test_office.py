"""The cohort's port on real records. Temporal is a stand-in that keeps what it is sent, and the real core folds it (H9, P6)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Self

import pytest
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from mentorship.advance import advance, begin
from mentorship.commands import ConfirmMeeting, Flag, Pause, Resolve, Resume
from mentorship.duration import iso
from mentorship.events import EarnedMilestone, MentorshipStarted
from mentorship.evolve import start
from mentorship.programme import Programme
from mentorship.state import State
from records.cohorts import Cohort, Couple, Enrolment
from records.people import Leave, Profile
from records.reporting_line import LINE, ended_by
from records.store import Records
from wire.search_attributes import PEOPLE
from worker import office
from worker.journal import RecordsJournal
from worker.office import RecordsOffice

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass
class Temporal:
    """Starts each workflow once, keeps what it was told, and refuses whatever is in `broken`."""

    started: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    told: dict[str, list[Any]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)

    async def start_workflow(self, name: str, given: Any, *, id: str, **options: Any) -> None:  # noqa: A002 - the client's own name for it
        if id in self.broken:
            raise RuntimeError("this one cannot be started")
        if id in self.started:
            raise WorkflowAlreadyStartedError(id, name)
        self.started[id] = given
        self.options[id] = options

    def get_workflow_handle(self, mentorship: str) -> Any:
        outer = self

        class Handle:
            async def signal(self, _: str, command: Any, **__: Any) -> None:
                outer.told.setdefault(mentorship, []).append(command)

            async def describe(self) -> None:
                raise RPCError("this stand-in keeps no histories", RPCStatusCode.NOT_FOUND, b"")

        return Handle()

    async def list_workflows(self, _: str) -> AsyncIterator[Any]:
        nothing: list[Any] = []
        for run in nothing:
            yield run

    def state(self, mentorship: str) -> State:
        """The state as the core now has it."""
        state = start(self.started[mentorship].begins)
        told = self.told.get(mentorship, [])
        return advance(state, tuple(told), datetime.now(UTC)).state

    def commands(self, mentorship: str) -> list[str]:
        return [command.command for command in self.told.get(mentorship, [])]


@dataclass
class Company:
    records: Records
    temporal: Temporal
    office: RecordsOffice
    refs: dict[str, str]
    pairs: list[Enrolment]

    @property
    def first(self) -> str:
        return self.pairs[0].mentorship

    async def enrol(self, most: int = 50) -> None:
        await self.office.enrol("spring", most, lambda *_: None)

    async def another(self, cohort: str, **changes: Any) -> None:
        """A second cohort, the same as the first one at the beginning."""
        known = await self.records.cohorts.get("spring")
        assert known is not None
        await self.records.cohorts.put(known.model_copy(update={"id": cohort, **changes}))

    async def states(self) -> list[str]:
        return [pair.state for pair in await self.records.cohorts.enrolments("spring")]


@pytest.fixture
async def company(records: Records, programme: Programme) -> Company:
    now = datetime.now(UTC)
    await records.programmes.put(programme)
    names = [f"{side}-{n}" for n in range(3) for side in ("mentor", "mentee")]
    refs = await records.people.enrol([Profile(person_id=name, name=name, email=f"{name}@example.org") for name in names])
    await records.cohorts.put(Cohort(id="spring", programme="p", version=1, texts_digest=programme.texts().digest, starts_at=now, created_at=now))
    pairs = (await records.cohorts.enrol_pairs("spring", [(f"pair-{n}", refs[f"mentor-{n}"], refs[f"mentee-{n}"]) for n in range(3)])).added
    temporal = Temporal()
    return Company(records, temporal, RecordsOffice(records, temporal), refs, list(pairs))  # type: ignore[arg-type]


@pytest.fixture
async def interrupted(company: Company, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Enrols until the worker dies, after it told the first pair and before it noted that the pair is started."""

    async def run() -> None:
        with monkeypatch.context() as dying:

            async def dies(_: str) -> None:
                raise RuntimeError("killed")

            dying.setattr(company.records.cohorts, "mark_started", dies)
            with pytest.raises(RuntimeError, match="killed"):
                await company.enrol(1)
        assert (await company.states())[0] == "pending"

    return run


async def test_an_end_that_hr_reports_after_a_crash_is_not_taken_for_the_leave_that_was_told_before_it(company, interrupted):
    mentor, now = company.refs["mentor-0"], datetime.now(UTC)
    await company.records.people.note_leave(mentor, Leave(begins=now, until=now + timedelta(days=20)), now)
    await interrupted()
    assert company.temporal.state(company.first).pausing is not None
    await company.records.people.tell(mentor, {"status": "gone"}, datetime.now(UTC))
    await company.enrol()
    assert company.temporal.commands(company.first)[-1] == "end"
    assert company.temporal.state(company.first).ended is not None


async def test_a_leave_that_hr_changes_after_a_crash_is_told_as_well(company, interrupted):
    mentor, now = company.refs["mentor-0"], datetime.now(UTC)
    await company.records.people.note_leave(mentor, Leave(begins=now, until=now + timedelta(days=20)), now)
    await interrupted()
    await company.records.people.note_leave(mentor, Leave(begins=now, until=now + timedelta(days=10)), now + timedelta(seconds=1))
    await company.enrol()
    assert company.temporal.state(company.first).pausing.until == now + timedelta(days=10)


async def test_the_same_word_told_again_changes_nothing(company, interrupted):
    mentor, now = company.refs["mentor-0"], datetime.now(UTC)
    await company.records.people.note_leave(mentor, Leave(begins=now, until=now + timedelta(days=20)), now)
    await interrupted()
    await company.enrol()
    told = company.temporal.told[company.first]
    assert len(told) > 1
    assert len({command.message_id for command in told}) == 1


async def test_who_is_back_while_the_pair_waits_to_be_started_again_is_told(company, interrupted):
    """`back` finds no started mentorship to tell (webhook/people_door.py), so the pause would last as long as the leave."""
    mentor, now = company.refs["mentor-0"], datetime.now(UTC)
    await company.records.people.note_leave(mentor, Leave(begins=now, until=now + timedelta(days=20)), now)
    await interrupted()
    await company.records.people.note_leave(mentor, None, datetime.now(UTC))
    await company.enrol()
    assert company.temporal.state(company.first).pausing is None


async def lost(company: Company, *told: Any) -> MentorshipStarted:
    """The first mentorship began thirty days ago, and its journal has what it was `told`, each a command with its instant. Temporal lost it."""
    began, mentorship = datetime.now(UTC) - 30 * DAY, company.first
    event = (await company.office._begins(company.pairs[0], *await company.office._known("spring"))).model_copy(update={"at": began, "slots": ()})
    turns = [begin(event)]
    for command in told:
        turns.append(advance(turns[-1].state, [command], command.at))
    await RecordsJournal(company.records).append(mentorship, [entry for turn in turns for entry in turn.entries], {}, None)
    await company.records.cohorts.mark_started(mentorship, began)
    await company.records.cohorts.await_start(mentorship)
    return event


def revived(company: Company) -> State:
    carried = company.temporal.started[company.first].carried
    told = company.temporal.told.get(company.first, [])
    return advance(State.model_validate(carried.state), (*carried.inbox, *told), datetime.now(UTC)).state


@pytest.mark.parametrize("paused", [True, False])
async def test_what_hr_says_of_a_mentorship_that_temporal_lost_counts_from_when_the_door_took_it(company, paused):
    """P5: deadlines that passed until somebody revived it, such as its pause's own end, are decided after it."""
    mentor, now = company.refs["mentor-0"], datetime.now(UTC)
    pause = Pause(message_id="hr.1", by="operator", at=now - 20 * DAY, away=mentor, begins=now - 20 * DAY, until=now - 2 * DAY)
    event = await lost(company, *[pause] * paused)
    leave = None if paused else Leave(begins=now - 15 * DAY, until=now - 10 * DAY)
    await company.records.people.note_leave(mentor, leave, now - 15 * DAY)
    await company.enrol(1)
    assert revived(company).ends == event.ends + 5 * DAY


async def test_of_a_leave_from_before_it_first_began_a_mentorship_that_begins_anew_hears_as_it_begins(company):
    now = datetime.now(UTC)
    await company.records.people.note_leave(company.refs["mentor-0"], Leave(begins=now - HOUR, until=now + HOUR), now - HOUR)
    await company.enrol()
    await company.records.cohorts.await_start(company.first)
    await company.enrol()
    assert {(command.command, command.at) for command in company.temporal.told[company.first]} == {("pause", now - HOUR)}
    begins = company.temporal.state(company.first)
    assert begins.pausing is not None
    assert begins.pausing.since >= begins.starts


async def test_a_leave_that_an_operator_ended_does_not_come_back_with_a_pair_that_is_started_again(company):
    """Who ends a pause knows better than the leave (P6): HR's word is in the journal, and is not told twice."""
    mentor, now = company.refs["mentor-0"], datetime.now(UTC)
    said, leave = now - 20 * DAY, Leave(begins=now - 20 * DAY, until=now + 20 * DAY)
    await company.records.people.note_leave(mentor, leave, said)
    await company.records.doors.accept(company.first, "hr.1", None, said)
    pause = Pause(message_id="hr.1", by="operator", at=said, away=mentor, begins=leave.begins, until=leave.until)
    await lost(company, pause, Resume(message_id="op.1", by="operator", at=now - 15 * DAY))
    await company.enrol(1)
    assert (revived(company).pausing, company.temporal.commands(company.first)) == (None, [])


async def test_that_somebody_left_counts_from_when_the_door_took_it_even_for_a_mentorship_that_temporal_lost(company):
    """P5: an end that HR reported in time certifies by what was done until then (H7). A people file gives no instant."""
    await company.enrol()
    said = datetime.now(UTC)
    await company.records.people.tell(company.refs["mentor-0"], {"status": "gone"}, said)
    await company.records.people.enrol([Profile(person_id="mentor-1", name="mentor-1", email="mentor-1@example.org", status="gone")])
    for pair in company.pairs:
        await company.records.cohorts.await_start(pair.mentorship)
    await company.enrol()
    assert [{(order.command, order.at) for order in company.temporal.told.get(pair.mentorship, [])} for pair in company.pairs] == [
        {("end", said)},
        {("end", None)},
        set(),
    ]


async def test_a_worker_whose_clock_is_ahead_tells_a_new_mentorship_nothing_from_the_future(company, monkeypatch):
    """P5, P6, H4: what is refused so is never told again. Here the worker's clock is an hour ahead of everybody else's."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + HOUR

    now = datetime.now(UTC)
    away, reports = company.refs["mentor-0"], company.refs["mentee-2"]
    await company.records.people.note_leave(away, Leave(begins=now, until=now + 20 * DAY), now)
    await company.records.people.enrol([Profile(person_id="mentor-1", name="mentor-1", email="mentor-1@example.org", status="gone")])
    await company.records.people.tell(reports, {"manager_id": "mentor-2"}, now)
    monkeypatch.setattr(office, "datetime", Ahead)
    await company.enrol()
    assert [company.temporal.commands(pair.mentorship)[-1] for pair in company.pairs] == ["pause", "end", "flag"]
    paused, ended, flagged = (company.temporal.state(pair.mentorship) for pair in company.pairs)
    assert paused.pausing is not None
    assert ended.ended is not None
    assert set(flagged.attention) == {"reporting_line"}


async def test_who_is_back_between_the_two_tellings_is_told(company, monkeypatch):
    mentor, now = company.refs["mentor-0"], datetime.now(UTC)
    await company.records.people.note_leave(mentor, Leave(begins=now, until=now + timedelta(days=20)), now)
    mark = company.records.cohorts.mark_started

    async def meanwhile(mentorship: str) -> None:
        await company.records.people.note_leave(mentor, None, datetime.now(UTC))
        await mark(mentorship)

    monkeypatch.setattr(company.records.cohorts, "mark_started", meanwhile)
    await company.enrol(1)
    assert company.temporal.commands(company.first) == ["pause", "resume"]
    assert company.temporal.state(company.first).pausing is None


async def test_a_second_leave_and_a_second_return_are_words_of_their_own(company, interrupted):
    mentor, now = company.refs["mentor-0"], datetime.now(UTC)
    leave = Leave(begins=now, until=now + timedelta(days=20))
    for number, word in enumerate((leave, None, leave, None)):
        await company.records.people.note_leave(mentor, word, now + timedelta(milliseconds=number))
        await interrupted()
    assert company.temporal.commands(company.first) == ["pause", "resume", "pause", "resume"]
    assert len({command.message_id for command in company.temporal.told[company.first]}) == 4
    assert company.temporal.state(company.first).pausing is None


async def test_a_new_mentorship_hears_nothing_of_a_leave_that_was_over_before_it(company):
    now = datetime.now(UTC)
    await company.records.people.note_leave(company.refs["mentor-0"], None, now - HOUR)
    await company.records.people.note_leave(company.refs["mentee-0"], Leave(begins=now - 2 * HOUR, until=now - HOUR), now - HOUR)
    await company.enrol()
    assert company.temporal.told == {}


async def test_a_pair_that_cannot_be_started_holds_up_no_other_and_is_tried_again(company):
    """The error is raised when nothing else is left to do: it delays the next attempt, and the others would wait for that."""
    company.temporal.broken = {company.first}
    await company.enrol(1)
    await company.enrol(1)
    assert await company.states() == ["pending", "started", "started"]
    with pytest.raises(RuntimeError, match="cannot be started"):
        await company.enrol(1)
    company.temporal.broken = set()
    await company.enrol()
    assert await company.states() == ["started"] * 3


async def test_as_many_that_cannot_be_started_as_a_batch_has_hold_up_no_other(company):
    company.temporal.broken = {pair.mentorship for pair in company.pairs[:2]}
    await company.enrol(2)
    assert await company.states() == ["pending", "pending", "started"]


async def test_a_batch_is_no_longer_than_it_was_asked_to_be(company):
    await company.enrol(2)
    assert await company.states() == ["started", "started", "pending"]


async def test_who_is_erased_while_their_pair_is_being_started_steps_away_from_it(company, monkeypatch):
    """P8: the erasure said that the pair never starts. Otherwise it would run for half a year with nobody on one side, out of reach of our doors."""
    start, mentee = company.temporal.start_workflow, company.refs["mentee-0"]

    async def erased_meanwhile(*given: Any, **options: Any) -> None:
        if options["id"] == company.first:
            await company.records.people.erase(mentee, ended=())
        await start(*given, **options)

    monkeypatch.setattr(company.temporal, "start_workflow", erased_meanwhile)
    await company.enrol()
    assert await company.states() == ["over", "started", "started"]
    assert {(order.command, order.reason, order.leaver) for order in company.temporal.told[company.first]} == {("end", "stepped_away", mentee)}
    assert company.temporal.state(company.first).ended is not None
    assert [company.temporal.commands(pair.mentorship) for pair in company.pairs[1:]] == [[], []]


async def test_a_pair_that_came_into_one_line_while_it_waited_to_be_started_stands_in_the_coordinators_list(company):
    """H4: checked again when a line changes; while no worker runs there is no mentorship to tell (records/reporting_line.py)."""
    await company.records.people.tell(company.refs["mentee-0"], {"manager_id": "mentor-0"}, datetime.now(UTC))
    await company.enrol()
    assert [company.temporal.commands(pair.mentorship) for pair in company.pairs] == [["flag"], [], []]
    assert set(company.temporal.state(company.first).attention) == {"reporting_line"}


async def test_a_line_that_a_coordinator_closed_does_not_come_back_with_a_pair_that_is_started_again(company):
    """Temporal lost the pair, and it continues from its journal: its reporting line was dealt with before."""
    await company.records.people.tell(company.refs["mentee-0"], {"manager_id": "mentor-0"}, datetime.now(UTC))
    await company.enrol()
    (flag,), now = company.temporal.told[company.first], datetime.now(UTC)
    await company.records.lines.open(company.first, flag.line, None, now, flag.message_id)
    await company.records.lines.settle(company.first, flag.line, company.refs["mentor-1"], "talked", now)
    await company.records.cohorts.await_start(company.first)
    await company.enrol()
    assert await company.states() == ["started"] * 3
    assert company.temporal.commands(company.first) == ["flag"]


async def listed(company: Company, *, until: datetime | None = None) -> None:
    """The first mentorship, which Temporal lost, had its reporting line in the list, until this ended it."""
    now = datetime.now(UTC)
    await company.records.lines.open(company.first, LINE, None, now - 20 * DAY, "4.0")
    ends = [] if until is None else [Resolve(message_id=ended_by("4.0"), by="operator", at=until, line=LINE)]
    await lost(company, Flag(message_id="reporting_line.hr.1", by="operator", at=now - 20 * DAY), *ends)
    if until is not None:
        await company.records.lines.close(company.first, LINE, until)


async def test_a_line_that_comes_back_while_temporal_has_lost_the_pair_is_told_as_it_starts_again(company):
    """H4, P5: its first entry had closed by itself. HR was answered 202, and nobody else would have told the mentorship."""
    await listed(company, until=datetime.now(UTC) - 10 * DAY)
    await company.records.people.tell(company.refs["mentee-0"], {"manager_id": "mentor-0"}, datetime.now(UTC))
    await company.enrol(1)
    assert company.temporal.commands(company.first) == ["flag"]
    assert set(revived(company).attention) == {LINE}


async def test_a_line_that_ends_while_temporal_has_lost_the_pair_is_taken_off_the_list_as_it_starts_again(company):
    await listed(company)
    await company.enrol(1)
    assert company.temporal.commands(company.first) == ["resolve"]
    assert set(revived(company).attention) == set()


async def test_a_line_is_told_also_where_a_worker_is_killed_once_the_pair_counts_as_started(company, monkeypatch):
    """H4: nobody starts that pair again, so nobody would have told it."""
    await company.records.people.tell(company.refs["mentee-0"], {"manager_id": "mentor-0"}, datetime.now(UTC))
    mark = company.records.cohorts.mark_started

    async def killed(*given: Any) -> None:
        await mark(*given)
        raise RuntimeError("killed")

    monkeypatch.setattr(company.records.cohorts, "mark_started", killed)
    with pytest.raises(RuntimeError):
        await company.enrol()
    assert set(company.temporal.state(company.first).attention) == {LINE}


async def test_a_leave_that_is_still_to_come_is_told_with_its_first_day(company):
    """P6: the meetings before the leave stay."""
    now = datetime.now(UTC)
    leave = Leave(begins=now + timedelta(days=5), until=now + timedelta(days=20))
    await company.records.people.note_leave(company.refs["mentee-0"], leave, now)
    await company.enrol()
    order = company.temporal.told[company.first][-1]
    assert (order.begins, order.until) == (leave.begins, leave.until)
    assert company.temporal.state(company.first).pausing is None


async def test_a_mentorship_begins_with_its_own_start_what_it_brings_and_the_time_to_report(company):
    """P6, H7: a late joiner has the whole programme from their start, and a mentee's earned milestones are carried over."""
    starts = (datetime.now(UTC) + timedelta(days=30)).replace(microsecond=0)
    earned = (EarnedMilestone(milestone="m", done_at=starts - timedelta(days=60)),)
    couple = Couple(pair_id="late", mentor=company.refs["mentor-0"], mentee=company.refs["mentee-1"], starts_at=starts, earned=earned)
    (late,) = (await company.records.cohorts.enrol_pairs("spring", [couple])).added
    await company.enrol()
    begins = company.temporal.started[late.mentorship].begins
    assert (begins.at, begins.starts, begins.earned) == (starts, starts, earned)
    assert begins.reporting_ends - begins.ends == timedelta(days=7)
    assert company.temporal.started[company.first].begins.starts < datetime.now(UTC)


async def test_where_no_worker_lived_until_after_the_first_meeting_the_plan_begins_now(company):
    """P5: nobody was prepared for it."""
    now = datetime.now(UTC)
    await company.another("winter", starts_at=now - timedelta(days=60))
    (late,) = (await company.records.cohorts.enrol_pairs("winter", [("pair-0", company.refs["mentor-0"], company.refs["mentee-1"])])).added
    await company.office.enrol("winter", 1, lambda *_: None)
    begins = company.temporal.started[late.mentorship].begins
    assert begins.starts >= now
    assert begins.slots[0].start > now


async def test_temporal_starts_a_pair_once_and_again_only_when_it_was_lost(company):
    """P5: a pair that Temporal lost continues where its journal ends, and is told who is back since. One without a journal begins again."""
    await company.enrol()
    began = begin(company.temporal.started[company.first].begins)
    await RecordsJournal(company.records).append(company.first, began.entries, {}, None)
    await company.records.people.note_leave(company.refs["mentor-0"], None, datetime.now(UTC))
    assert company.temporal.options[company.first]["id_reuse_policy"] == WorkflowIDReusePolicy.REJECT_DUPLICATE
    for lost in (company.first, company.pairs[1].mentorship):
        await company.records.cohorts.await_start(lost)
        del company.temporal.started[lost]
    await company.enrol()
    given, options = company.temporal.started[company.first], company.temporal.options[company.first]
    assert (given.begins, given.carried.outbox.head.seq) == (None, 1)
    assert options["id_reuse_policy"] == WorkflowIDReusePolicy.ALLOW_DUPLICATE
    assert options["search_attributes"][PEOPLE] == [company.refs["mentor-0"], company.refs["mentee-0"]]
    assert set(company.temporal.commands(company.first)) == {"resume"}
    assert company.temporal.started[company.pairs[1].mentorship].begins is not None
    assert company.temporal.options[company.pairs[1].mentorship]["id_reuse_policy"] == WorkflowIDReusePolicy.ALLOW_DUPLICATE


@pytest.mark.parametrize(("length", "again"), [("P26W", timedelta(days=1)), ("P4D", timedelta(hours=4.8)), ("PT10S", timedelta(seconds=1))])
async def test_a_cohort_looks_again_twenty_times_in_its_programme_at_least_daily_and_no_oftener_than_each_second(company, programme, length, again):
    head = programme.programme.model_copy(update={"version": 2, "length": iso(length)})
    await company.records.programmes.put(programme.model_copy(update={"programme": head}))
    await company.another("winter", version=2)
    assert (await company.office.progress("winter")).look_again == again


async def test_the_first_digest_comes_on_the_monday_after_the_start_at_eight_where_the_programme_is(company):
    """P7: a Monday that begins at this very instant is not the next one."""
    eight = datetime(2031, 3, 3, 7, tzinfo=UTC)
    for cohort, starts, due in (("a", eight - HOUR, eight), ("b", eight, eight + 7 * DAY), ("c", eight + 6 * DAY, eight + 7 * DAY)):
        await company.another(cohort, starts_at=starts)
        assert (await company.office.progress(cohort)).next_digest == due


async def test_a_pair_that_ended_before_it_wrote_anything_begins_again_with_what_it_was_sent(company, monkeypatch):
    """P5: a mentorship of any release takes an inbox along."""
    mentorship, said = company.first, ConfirmMeeting(message_id="unread", by=company.refs["mentor-0"], at=datetime.now(UTC), meeting=1)
    await company.enrol(1)
    first = company.temporal.started.pop(mentorship)
    await company.records.cohorts.await_start(mentorship)

    async def sent(_: Any, __: Any, asked: str) -> tuple[ConfirmMeeting, ...]:
        assert asked == mentorship
        return (said,)

    monkeypatch.setattr(office, "unwritten", sent)
    await company.enrol(1)
    again = company.temporal.started[mentorship]
    assert (again.begins, again.carried.inbox) == (None, (said,))
    turn = begin(first.begins)
    assert State.model_validate(again.carried.state).meetings == turn.state.meetings
    assert [entry.name for entry in again.carried.outbox.entries] == [entry.name for entry in turn.entries]
    assert [pending.effect.kind for pending in again.carried.outbox.pending] == ["welcome", "welcome"]
