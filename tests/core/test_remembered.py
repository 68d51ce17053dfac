"""A question whose remembered answer still holds gets the answer that asking anew would give: it reads only the parts of the state that it names."""

from __future__ import annotations

from datetime import timedelta
from inspect import unwrap
from typing import Any

import pytest

from mentorship import commands as c
from mentorship.policy import deadlines, ladder, meetings, milestones
from mentorship.policy.remembered import QUESTIONS
from mentorship.programme import MeetingsHeld, MilestoneRule
from mentorship.state import Memory, State

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MODULES = (deadlines, ladder, meetings, milestones)
OF_A_SIDE = {unwrap(ladder.strikes)}


class Watched(State):
    """A state that records which of its fields are read."""

    def __getattribute__(self, name: str) -> Any:
        if name in State.model_fields and name != "memory":
            object.__getattribute__(self, "__dict__").setdefault("read", set()).add(name)
        return super().__getattribute__(name)


@pytest.fixture(scope="module")
def busy(story, meets, milestones, ends):
    """The states of a year in which everything happens: moves, late cancellations, absences, an extra meeting, goals, a leave, an extension."""
    told = story(milestones=(*milestones(4), MilestoneRule(id="met", when=MeetingsHeld(meetings_held=2)), MilestoneRule(id="closed", when="closing_held")))
    states = [told.state]

    def say(by: str, command: Any, at: Any) -> None:
        assert told.tell(by, command, at) == "applied", command
        states.append(told.state)

    for by in ("mentor", "mentee"):
        say(by, c.ConfirmMeeting(meeting="all"), told.state.now)
        say(by, c.ConfirmExpectations(expectations=c.EXPECTATIONS), told.state.now + HOUR)
    say("mentor", c.MoveMeeting(meeting=1, to=meets(1) + DAY), meets(1) - 4 * DAY)
    say("mentee", c.MoveMeeting(meeting=1, to=meets(1) + DAY), meets(1) - 3 * DAY)
    say("mentee", c.ReportMeeting(meeting=1, held=True), meets(1) + 2 * DAY)
    say("mentee", c.SetGoal(goal="g-1"), meets(1) + 2 * DAY)
    say("mentee", c.RecordMilestone(milestone=told.state.rules.milestones[0].id), meets(1) + 2 * DAY)
    say("mentor", c.ObjectToMilestone(milestone=told.state.rules.milestones[0].id), meets(1) + 3 * DAY)
    for number in (2, 3, 4):
        say("mentee", c.CancelMeeting(meeting=number, reason="work"), meets(number) - HOUR)
    say("mentor", c.Excuse(meeting=4), meets(4) + HOUR)
    say("mentor", c.ReportMeeting(meeting=5, attendance=c.Attendance(own="on_time", partner="absent")), meets(5) + HOUR)
    say("mentee", c.ReportMeeting(held_at=meets(5) + DAY, held=True), meets(5) + 2 * DAY)
    say("mentee", c.ReportGoal(goal="g-1", progress="progressed"), meets(5) + 2 * DAY)
    say("o-ana", c.Pause(away=told.state.pair.mentee, until=meets(7) + DAY), meets(6) + DAY)
    told.wait(meets(7) + 2 * DAY)
    assert told.replan() == "applied"
    states.append(told.state)
    for by in ("mentor", "mentee"):
        say(by, c.AskExtension(), told.state.now + HOUR)
    assert told.replan() == "applied"
    while (due := deadlines.next_due(told.state)) is not None:
        told.wait(max(due.at, told.state.now))
        states.append(told.state)
    return states


def watched(state: State) -> Watched:
    return Watched.model_construct(**{**state.__dict__, "memory": Memory()})


def arguments(question: Any) -> list[tuple[Any, ...]]:
    return [("mentor",), ("mentee",)] if question in OF_A_SIDE else [()]


def test_a_question_reads_nothing_but_the_parts_that_it_names(busy):
    asked = 0
    for state in busy:
        for question, named in QUESTIONS.items():
            for more in arguments(question):
                seen = watched(state)
                question(seen, *more)
                assert seen.__dict__["read"] <= named, question.__qualname__
                asked += 1
    assert asked > 10 * len(QUESTIONS) > 0
    assert {question.__module__ for question in QUESTIONS} <= {module.__name__ for module in MODULES}


def test_what_was_answered_before_is_what_is_answered_anew(busy):
    """The states of one story share a memory; each answer equals the one that a state without memory gives."""
    for state in busy:
        forgetful = state.model_copy(update={"memory": Memory()})
        for question in QUESTIONS:
            remembering = next(getattr(module, question.__name__) for module in MODULES if hasattr(module, question.__name__))
            for more in arguments(question):
                assert repr(remembering(state, *more)) == repr(question(forgetful, *more)), question.__qualname__


def test_an_answer_stands_while_its_parts_are_the_same_objects(story, meets):
    told = story().confirmed()
    before = meetings.held_instants(told.state)
    told.tell("mentor", c.SetGoal(goal="g-1"), meets(1) - HOUR)
    assert meetings.held_instants(told.state) is before
    told.tell("mentee", c.ReportMeeting(meeting=1, held=True), meets(1) + HOUR)
    assert meetings.held_instants(told.state) == (meets(1),)


def test_states_are_the_same_whatever_they_were_asked(story, meets):
    state = story().confirmed().state
    other = state.model_copy(update={"memory": Memory()})
    deadlines.next_due(other)
    assert state == other
    assert State.model_validate(state.compact()) == state
    assert "memory" not in state.model_dump()
