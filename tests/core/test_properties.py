"""Whatever people, operators, outages and clocks do, the rules hold and nothing ever breaks (every row that names a limit)."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from mentorship import commands as c
from mentorship.advance import Entry, advance, receipt
from mentorship.consequences import consequences
from mentorship.decide_due import decide_due
from mentorship.effects import AnyEffect, IssueCertificates, PlanMeetings, SendNotice
from mentorship.evolve import evolve, fold
from mentorship.policy.deadlines import deadlines, decided_at, next_due
from mentorship.policy.milestones import done_in_time, final_instant, is_complete, milestone_facts
from mentorship.policy.phase import phase
from mentorship.state import State
from tests.core.any_programme import PAIR, ZERO, Programme, programmes
from tests.core.stories import (
    DONE_BY_OPERATORS,
    DONE_BY_PEOPLE,
    DONE_RARELY,
    EVENT,
    MILESTONE,
    Told,
    Unplanned,
    ends_while_slots_wait,
    stories,
    tell,
    what_it_is,
)

LAST = ZERO.replace(year=9900)
EFFECT: TypeAdapter[Any] = TypeAdapter(AnyEffect)
COMMAND: TypeAdapter[Any] = TypeAdapter(c.Command)


@settings(max_examples=1)
@given(st.data())
def test_the_stories_have_every_command(data):
    """A command that no story has is tested by none of the laws below."""
    told = {type(data.draw(kind)) for kind in (*DONE_BY_PEOPLE, *DONE_BY_OPERATORS, *DONE_RARELY)}
    assert {*get_args(c.ParticipantCommand), *get_args(c.OperatorCommand), *get_args(c.ResultCommand)} - told == set()


@settings(max_examples=80)
@given(stories())
def test_nothing_breaks_and_the_journal_tells_it_all(case):
    """P3, P5: no exception, only the order of instants, no gap in the numbers, and the events alone give the state."""
    programme, story = case
    told = tell(programme, story)
    assert [entry.seq for entry in told.entries] == list(range(1, told.state.seq + 1))
    assert what_it_is(fold(told.events())) == what_it_is(told.state)
    dated = [entry.at for entry in told.entries if entry.kind == "event"]
    assert dated == sorted(dated)
    ids = [effect.id for effect in told.effects]
    assert len(set(ids)) == len(ids)
    assert phase(told.state) in {"aligning", "active", "paused", "closing", "completed", "ended"}


@settings(max_examples=80)
@given(stories())
def test_everything_survives_being_written_down(case):
    """State, commands, events and effects, as JSON."""
    programme, story = case
    told = tell(programme, story)
    assert State.model_validate(told.state.compact()) == told.state
    assert State.model_validate_json(told.state.model_dump_json(exclude_defaults=True)) == told.state
    for event in told.events():
        assert EVENT.validate_json(event.model_dump_json(exclude_defaults=False)) == event
    for effect in told.effects:
        assert EFFECT.validate_json(effect.model_dump_json(exclude_defaults=False)) == effect
    for _, inbox in story:
        for command in inbox:
            assert COMMAND.validate_json(command.model_dump_json()) == command
    for entry in told.entries:
        assert Entry.model_validate_json(entry.model_dump_json()) == entry


@settings(max_examples=80)
@given(stories())
def test_every_deadline_moves_on_when_it_is_decided(case):
    """A deadline that stays due would loop for ever."""
    state = tell(*case).state
    for _ in range(600):
        due = next_due(state)
        if due is None:
            break
        events = decide_due(state, due)
        assert events
        rounds = 0
        while events:
            for event in events:
                state = evolve(state, event)
            events, rounds = consequences(state), rounds + 1
            assert rounds < 10
        assert (due.kind, due.at, due.meeting, due.side) not in {(d.kind, d.at, d.meeting, d.side) for d in deadlines(state)}
    else:
        pytest.fail(f"600 deadlines and still {next_due(state)}")
    assert state.over


@settings(max_examples=80)
@given(stories())
def test_certificates_exactly_when_the_share_was_reached(case):
    """H7: both people or nobody, once; never for conduct. A mentor who joined later is measured by the share of what remained (P6)."""
    programme, story = case
    told = tell(programme, story)
    told.turn(LAST, [])
    state, rules = told.state, programme[0]
    assert state.decided is not None
    done = [fact for fact in milestone_facts(state) if fact.done_at is not None]
    assert all(fact.done_at <= final_instant(state) for fact in done if fact.done_at)
    assert (state.decided.done, state.decided.total) == (len(done), len(rules.milestones))
    conduct = state.ended is not None and state.ended.reason == "conduct"
    brought = {earned.milestone for earned in programme[2]}
    remained = [fact for fact in done if fact.id not in brought]
    mentee = is_complete(len(done), len(rules.milestones), rules.share) and not conduct
    mentor = is_complete(len(remained), len(rules.milestones) - len(brought), rules.share) and not conduct
    assert mentor is mentee or brought
    assert state.certificates == ({PAIR.mentor: "mentor"} if mentor else {}) | ({PAIR.mentee: "mentee"} if mentee else {})
    assert [isinstance(effect, IssueCertificates) for effect in told.effects].count(True) == (1 if mentor or mentee else 0)


@settings(max_examples=80)
@given(ends_while_slots_wait())
def test_what_is_done_when_it_is_decided_is_done_ever_after_and_nothing_else_is(case):
    """H7, P6: cards, reports and the next pair ask again what the journal tells of milestones and of the decision, and hear the same."""
    programme, story = case
    told = Unplanned(*programme)
    for now, inbox in story:
        told.turn(now, inbox)
        assert done_in_time(told.state).keys() == set(told.state.reached)
    told.turn(LAST, [])
    state = told.state
    assert state.decided is not None
    assert state.decided.done == len(state.reached) == len(done_in_time(state))
    for effect in told.effects:
        if isinstance(effect, IssueCertificates):
            assert [fact.id for fact in effect.milestones if fact.done_at is not None] == list(done_in_time(state))


MORE_THAN_ONCE = {"prepare", "ask", "rescheduled", "move_proposed", "absence_reported", "nudge", "coordinator_told", "case", "check_in", "heads_up"}
"""Mails that may repeat: for a meeting, for an episode, or again because the end moved. Any other mail goes once to a person."""


@settings(max_examples=80)
@given(stories())
def test_each_rung_once_an_episode_and_each_thing_once(case):
    """H14, Calm: nothing is sent twice."""
    programme, story = case
    told = tell(programme, story)
    told.turn(LAST, [])
    climbed: dict[str, int] = {"mentor": 0, "mentee": 0}
    for event in told.events():
        if event.event == "ladder_climbed":
            assert event.rung > climbed[event.side]
            climbed[event.side] = event.rung
        elif event.event == "episode_ended":
            climbed[event.side] = 0
    once = Counter((effect.kind, effect.to) for effect in told.effects if isinstance(effect, SendNotice))
    for (kind, _), number in once.items():
        assert number == 1 or kind in MORE_THAN_ONCE, kind
    mails = [effect for effect in told.effects if isinstance(effect, SendNotice)]
    invited = Counter((effect.to, effect.feedback_for) for effect in mails if effect.feedback_for) + Counter(
        (effect.to, "pulse") for effect in mails if effect.pulse
    )
    assert not invited or max(invited.values()) == 1
    questions = Counter(effect.number for effect in told.effects if isinstance(effect, PlanMeetings))
    assert not questions or max(questions.values()) == 1
    lines = {effect.line: effect.opened for effect in told.effects if effect.effect == "tell_coordinators"}
    assert not any(lines.values()), "whoever is over needs nobody"


@settings(max_examples=60)
@given(stories())
def test_messages_that_come_again_change_nothing(case):
    """P5: applied once."""
    programme, story = case
    told = Told(*programme)
    for now, inbox in story:
        told.turn(now, inbox)
        again = advance(told.state, inbox, now)
        assert (again.state, again.entries, again.effects) == (told.state, (), ())
        for command in inbox:
            assert receipt(told.state, command.message_id) is not None


@settings(max_examples=60)
@given(stories(), st.integers(1, 400).map(lambda n: timedelta(days=n)))
def test_a_long_sleep_and_a_wake_for_every_deadline_are_the_same(case, slept):
    """P5: deadlines fall at their own instants, however late a worker handles them."""
    programme, story = case
    told = tell(programme, story)
    until = told.state.now + slept
    if story:
        until = max(until, story[-1][0])
    asleep = advance(told.state, [], until)
    state, entries = told.state, list[Entry]()
    while (due := next_due(state)) is not None and due.at <= until:
        turn = advance(state, [], max(due.at, story[-1][0]))
        state = turn.state
        entries += turn.entries
    assert [(entry.name, entry.at, entry.body) for entry in entries] == [(entry.name, entry.at, entry.body) for entry in asleep.entries]
    assert state == asleep.state


# -- what makes no difference ---------------------------------------------------------------------------------------------


def _what_happened(told: Told) -> tuple[Counter[str], Counter[str]]:
    """Events and effects, without the numbers that only record the order in which they were written."""
    events = [event.model_dump(mode="json") for event in told.events()]
    effects = [effect.model_dump(mode="json", exclude={"id"}) for effect in told.effects]
    return Counter(repr(_unordered(event)) for event in events), Counter(repr(_unordered(effect)) for effect in effects)


def _unordered(part: Any) -> Any:
    """What both are told comes in the order mentor, mentee."""
    if isinstance(part, dict):
        return sorted((name, _unordered(value)) for name, value in part.items())
    if isinstance(part, list):
        return sorted((_unordered(value) for value in part), key=repr)
    return part


@settings(max_examples=60)
@given(stories())
def test_what_is_refused_changes_nothing(case):
    """No mail, no line, no count: as if it had never been sent."""
    programme, story = case
    told = tell(programme, story)
    refused = {entry.message_id for entry in told.entries if entry.outcome == "refused"}
    without = tell(programme, [(now, [command for command in inbox if command.message_id not in refused]) for now, inbox in story])
    assert _what_happened(without) == _what_happened(told)


@settings(max_examples=60)
@given(stories())
def test_whoever_of_the_two_does_it_the_same_follows(case):
    """H1, H14: a mentor is judged, asked and informed as a mentee is. Only what a mentee brought along is counted apart (P6)."""
    (rules, plan, _), story = case
    told = tell((rules, plan, ()), story)
    swapped = rules.model_copy(update={"milestones": tuple(rule.model_copy(update={"by": _SIDES.get(rule.by, rule.by)}) for rule in rules.milestones)})
    mirrored = tell((swapped, plan, ()), [(now, [COMMAND.validate_python(_mirrored(command.model_dump())) for command in inbox]) for now, inbox in story])
    events, effects = ([_mirrored(one.model_dump(mode="json", exclude={"id"})) for one in some] for some in (told.events(), told.effects))
    assert _what_happened(mirrored) == (Counter(repr(_unordered(event)) for event in events), Counter(repr(_unordered(effect)) for effect in effects))


_SIDES = {"mentor": "mentee", "mentee": "mentor"}


def _mirrored(part: Any) -> Any:
    """The same with the two people exchanged, in ids, sides and lines."""
    match part:
        case dict():
            return {_mirrored(name): _mirrored(value) for name, value in part.items()}
        case list() | tuple():
            return [_mirrored(value) for value in part]
        case str():
            return re.sub("mentor|mentee", lambda side: _SIDES[side[0]], part) if "mentorship" not in part else part
        case _:
            return part


# -- in any order ---------------------------------------------------------------------------------------------------------


@st.composite
def deeds(draw: st.DrawFn) -> tuple[Programme, list[Any], list[list[int]]]:
    """A programme, what the two did in it at different instants, and the batches in which that reaches the service."""
    rules, plan, earned = draw(programmes())
    last = int((plan.reporting_ends - plan.starts).total_seconds()) - 1
    found: list[Any] = []
    for goal in ("g-0", "g-1"):
        found.append(c.SetGoal(by=PAIR.mentee, goal=goal))
    for person in (PAIR.mentor, PAIR.mentee):
        for expectation in draw(st.permutations(c.EXPECTATIONS)):
            found.append(c.ConfirmExpectations(by=person, expectations=(expectation,)))
    people = st.sampled_from([PAIR.mentor, PAIR.mentee])
    hour = st.integers(0, max(0, last // 7200)).map(lambda n: plan.starts + n * timedelta(hours=2))  # two hours apart: never the same conversation
    freely = st.one_of(
        st.builds(c.RecordMilestone, milestone=MILESTONE, done_at=st.one_of(st.none(), hour), by=people),
        st.builds(
            c.ReportGoal, goal=st.sampled_from(["g-0", "g-1"]), progress=st.sampled_from(["in_progress", "progressed", "achieved", "dropped"]), by=people
        ),
        st.builds(c.ReportMeeting, meeting=st.integers(1, 8), held=st.sampled_from([True, True, False]), by=people),
        st.builds(c.ReportMeeting, held_at=hour, held=st.just(True), by=people),
        st.builds(c.WaiveMilestone, milestone=MILESTONE, by=st.just("o-ana")),
    )
    found += draw(st.lists(freely, max_size=16))
    instants = draw(st.lists(st.integers(0, last), min_size=len(found), max_size=len(found), unique=True))
    goals, others = sorted(instants)[:2], instants  # a goal is set before anything is reported about it
    others = [at for at in instants if at not in goals]
    numbered = [
        command.model_copy(update={"message_id": f"x{n}", "at": plan.starts + timedelta(seconds=at)})
        for n, (command, at) in enumerate(zip(found, goals + others, strict=True))
    ]
    order = draw(st.permutations(range(2, len(numbered))))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=4)))
    batches = [list(order[low:high]) for low, high in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    return (rules, plan, earned), numbered, [[0, 1], *batches]


@settings(max_examples=200)
@given(deeds())
def test_whoever_is_certified_does_not_hang_on_the_order_in_which_reports_come_in(case):
    """H7, Time: as long as they come in before the decision.

    Holds for milestone reports, waivers, expectations, goals, reports of planned and of extra meetings, each at its own instant.
    It does not hold, and is not meant to, where one message is about another that has not come in yet: an objection, an excuse, a
    dispute or a withdrawal before its report, progress before its goal, an agreement before its proposal. Those are refused with
    a reason, and their author is told. An expectation confirmed twice counts from the confirmation that came in first.
    """
    programme, commands, batches = case
    plan = programme[1]
    at_once = Told(*programme)
    at_once.turn(plan.reporting_ends, commands)
    at_once.turn(decided_at(at_once.state), [])
    scattered = Told(*programme)
    arrival = max(command.at for command in commands)
    step = (plan.reporting_ends - arrival) / (len(batches) + 1)
    for number, batch in enumerate(batches):
        scattered.turn(arrival + number * step, [commands[index] for index in batch])
    scattered.turn(decided_at(scattered.state), [])
    assert at_once.state.decided is not None
    assert scattered.state.decided is not None
    assert done_in_time(scattered.state).keys() == done_in_time(at_once.state).keys()
    assert scattered.state.decided.certified == at_once.state.decided.certified
    assert scattered.state.certificates == at_once.state.certificates
