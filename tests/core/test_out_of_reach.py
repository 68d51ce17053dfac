"""Nothing that anybody sends wedges a mentorship: instants and lengths at the limits of the calendar, in every phase (architecture: the loop)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from mentorship import commands as c
from mentorship.advance import Entry, advance, begin
from mentorship.duration import Duration
from mentorship.events import MentorshipStarted
from mentorship.people import Pair
from mentorship.policy.deadlines import next_due
from mentorship.policy.phase import phase
from mentorship.programme import MilestoneRule, Rules
from mentorship.state import State

PAIR = Pair(mentor="p-mentor", mentee="p-mentee")
STARTS = datetime(2027, 1, 11, 9, tzinfo=UTC)
ENDS = STARTS + timedelta(weeks=26)
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
DAY = timedelta(days=1)
LONGEST = Duration(days=99_999, seconds=10_000_000_000)
COMMAND: TypeAdapter[Any] = TypeAdapter(c.Command)

USUAL: dict[str, Any] = {
    "programme": "any",
    "version": 1,
    "interval": Duration(days=14),
    "duration": Duration(seconds=3600),
    "sessions": 12,
    "closing": 11,
    "milestones": tuple(MilestoneRule(id=f"m{n}") for n in range(1, 6)),
}


def test_a_leave_at_the_end_of_the_calendar_is_refused(story, day):
    told = story()
    assert told.operator(c.Pause(away="p-mentor", begins=datetime(9999, 12, 1, tzinfo=UTC)), day(3)) == "malformed"
    assert told.operator(c.Pause(away="p-mentor", until=LAST), day(3)) == "malformed"
    assert told.tell("mentee", c.ConfirmMeeting(meeting="all"), day(3)) == "applied"


def test_a_message_from_the_year_one_is_refused_and_stands_in_the_journal_at_its_place_in_the_order(story, day):
    told = story()
    told.both(c.ConfirmMeeting(meeting="all"), day(1))
    told.take([c.MoveMeeting(message_id=by, by=by, at=FIRST, meeting=1, to=FIRST + DAY) for by in ("p-mentor", "p-mentee")], day(3))
    assert [(entry.reason, entry.at) for entry in told.entries_named("move_meeting")] == [("malformed", day(1))] * 2


@pytest.mark.parametrize(
    "command",
    [
        c.MoveMeeting(meeting=1, to=LAST),
        c.ReportMeeting(held_at=FIRST, held=True),
        c.RecordMilestone(milestone="m1", done_at=FIRST),
    ],
)
def test_so_is_what_speaks_of_such_an_instant(story, day, command):
    assert story().tell("mentee", command, day(3)) == "malformed"


def test_no_extension_reaches_there_either_however_long_the_programmes_own_is(story, day):
    rules = Rules(**USUAL, extension={"by_pair": LONGEST})
    told = story(rules=rules)
    outcomes = [told.operator(c.Extend(length=LONGEST), day(2)) for _ in range(9)]
    assert (outcomes[0], outcomes[-1]) == ("applied", "malformed")
    told.tell("mentor", c.AskExtension(), day(3))
    assert told.tell("mentee", c.AskExtension(), day(3)) == "malformed"
    assert State.model_validate(told.state.compact()) == told.state


@example(LONGEST)
@given(st.builds(Duration, days=st.integers(0, 99_999), seconds=st.integers(0, 10_000_000_000)))
def test_every_length_can_be_read_as_it_is_written(length):
    """A length that cannot be read back wedges whichever run reads it next."""
    assert Duration.model_validate(str(length)).span == length.span


# -- anything, at any time ------------------------------------------------------------------------------------------------

EDGES = [FIRST, FIRST + DAY, LAST - DAY, LAST, datetime(1899, 12, 31, tzinfo=UTC), datetime(3999, 12, 31, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)]
INSTANT = st.sampled_from([None, None, *EDGES, STARTS + 3 * DAY, STARTS + 30 * DAY, ENDS])
ACCEPTED = st.sampled_from([None, None, FIRST, FIRST, STARTS + DAY, LAST])
LENGTH = st.sampled_from([Duration(), Duration(days=28), Duration(days=99_999), LONGEST])
BY_THE_TWO, BY_AN_OPERATOR, BY_THE_SERVICE = (group.__args__ for group in (c.ParticipantCommand, c.OperatorCommand, c.ResultCommand))
GIVEN: dict[str, st.SearchStrategy[Any]] = {
    "away": st.sampled_from([None, "p-mentor", "p-mentee"]),
    "slots": st.lists(st.builds(c.Slot, **dict.fromkeys(c.Slot.model_fields, INSTANT.map(lambda at: at or ENDS - DAY))), max_size=3).map(tuple),
    "meeting": st.sampled_from([1, 1, 2, 12]),
    "held": st.sampled_from([None, True, False]),
    "milestone": st.sampled_from(["m1", "m2"]),
    "goal": st.just("g-1"),
    "expectations": st.just(c.EXPECTATIONS),
    "body": st.sampled_from([c.EndWish(), c.Feedback(meeting=1), c.Pins(benefits=("mentee.0",)), c.SurveyAnswers(answers={"trust": 3})]),
}


def _strategy(kind: type[BaseModel], name: str) -> st.SearchStrategy[Any] | None:
    """Finds instants and lengths by their type, so that a new one is thrown too."""
    kept = str(kind.model_fields[name].annotation)
    return ACCEPTED if name == "at" else INSTANT if "datetime" in kept else LENGTH if "Duration" in kept else GIVEN.get(name)


def _measured(kind: type[BaseModel]) -> bool:
    return any(_strategy(kind, name) in (INSTANT, LENGTH, GIVEN["slots"]) for name in kind.model_fields)


@st.composite
def thrown(draw: st.DrawFn, number: int) -> list[Any]:
    """Any command, most often one with extreme instants or lengths, from anybody allowed to send it, and from both where the two have to agree."""
    group, people = draw(st.sampled_from([(BY_THE_TWO, [PAIR.mentor, PAIR.mentee]), (BY_AN_OPERATOR, ["o-ana"]), (BY_THE_SERVICE, [c.SERVICE])]))
    kinds = draw(st.sampled_from([group, *[[kind for kind in group if _measured(kind)]] * 3]))
    kind: type[BaseModel] = draw(st.sampled_from(kinds))
    known = {name: strategy for name in kind.model_fields if (strategy := _strategy(kind, name)) is not None}
    said = {name: draw(strategy) for name, strategy in known.items() if name != "meeting" or kind is not c.ReportMeeting or draw(st.booleans())}
    return [kind(**said | {"message_id": f"x{number}.{by}", "by": by}) for by in people]


def _lengths(part: type[BaseModel]) -> list[str]:
    return [name for name, field in part.model_fields.items() if field.annotation is Duration]


@st.composite
def any_rules(draw: st.DrawFn) -> Rules:
    """Any rule may be as long as a length can be."""
    chosen: dict[str, Any] = dict(USUAL)
    for name, field in Rules.model_fields.items():
        part = field.annotation
        if isinstance(part, type) and issubclass(part, BaseModel) and draw(st.booleans()):
            chosen[name] = LONGEST if part is Duration else part(**dict.fromkeys(_lengths(part), LONGEST))
    return Rules(**chosen)


PHASES: dict[str, list[tuple[datetime, list[Any]]]] = {
    "aligning": [],
    "active": [
        (STARTS + DAY, [c.ConfirmMeeting(by=by, meeting="all") for by in (PAIR.mentor, PAIR.mentee)]),
        (STARTS + 9 * DAY, [c.ConfirmExpectations(by=by, expectations=c.EXPECTATIONS) for by in (PAIR.mentor, PAIR.mentee)]),
    ],
    "paused": [(STARTS + 30 * DAY, [c.Pause(by="o-ana")])],
    "closing": [(ENDS + DAY, [])],
    "completed": [(ENDS + 60 * DAY, [])],
    "ended": [(STARTS + 30 * DAY, [c.End(by="o-ana")])],
}


def _in_phase(name: str, rules: Rules) -> State:
    slots = tuple(c.Slot(start=at, prepare_at=at - 3 * DAY, ask_at=at + DAY) for at in (STARTS + (7 + 14 * n) * DAY for n in range(12)))
    begun = MentorshipStarted(at=STARTS, pair=PAIR, rules=rules, starts=STARTS, ends=ENDS, reporting_ends=ENDS + 7 * DAY, slots=slots)
    state = begin(begun).state
    for number, (now, inbox) in enumerate(PHASES[name]):
        state = advance(state, [command.model_copy(update={"message_id": f"{name}{number}{place}"}) for place, command in enumerate(inbox)], now).state
    return state


@pytest.mark.parametrize("name", PHASES)
def test_the_phases_that_are_thrown_at_are_all_of_them(name):
    assert phase(_in_phase(name, Rules(**USUAL))) == name


def _all_of(kind: type[BaseModel]) -> Iterator[list[Any]]:
    """The command with an extreme instant, or none, in each field; from anybody allowed to send it, and from both where the two have to agree."""
    people = [PAIR.mentor, PAIR.mentee] if kind in BY_THE_TWO else ["o-ana"] if kind in BY_AN_OPERATOR else [c.SERVICE]
    fields = [name for name in kind.model_fields if _strategy(kind, name) in (INSTANT, ACCEPTED)]
    known: dict[str, Any] = {"meeting": 1, "away": PAIR.mentor, "milestone": "m1", "length": LONGEST, "held": True}
    for instants in product([None, FIRST, FIRST + DAY, LAST], repeat=len(fields)):
        said = {name: value for name, value in known.items() if name in kind.model_fields} | dict(zip(fields, instants, strict=True))
        if said.get("held_at") is not None:
            said["meeting"] = None
        yield [kind(**said | {"message_id": f"x.{by}", "by": by}) for by in people]


@pytest.mark.parametrize("name", PHASES)
@pytest.mark.parametrize("kind", [kind for kind in (*BY_THE_TWO, *BY_AN_OPERATOR, *BY_THE_SERVICE) if _measured(kind)])
def test_no_instant_from_the_ends_of_the_calendar_breaks_anything(kind, name):
    state = _in_phase(name, Rules(**USUAL))
    for inbox in _all_of(kind):
        turn = advance(state, inbox, state.now)
        assert sum(isinstance(told.what, kind) for told in turn.told) == len(inbox)
        assert advance(turn.state, [], state.now + 900 * DAY).state.now >= turn.state.now


@settings(max_examples=200)
@given(st.sampled_from([*PHASES, *["aligning", "active", "paused"] * 3]), st.one_of(st.just(Rules(**USUAL)), any_rules()), st.data())
def test_whatever_is_thrown_at_a_mentorship_it_lives_on(name, rules, data):
    """`advance` never raises, its result can be written and read back, and a later message is handled like any other."""
    state = _in_phase(name, rules)
    now, entries = state.now, list[Entry]()
    for number in range(data.draw(st.integers(1, 5))):
        now += data.draw(st.sampled_from([timedelta(), DAY, 30 * DAY]))
        turn = advance(state, [command for place in range(3) for command in data.draw(thrown(3 * number + place))], now)
        state, entries = turn.state, [*entries, *turn.entries]
    assert State.model_validate(state.compact()) == state
    assert all(Entry.model_validate_json(entry.model_dump_json()) == entry for entry in entries)
    while (due := next_due(state)) is not None and due.at < now + 900 * DAY:
        state = advance(state, [], max(due.at, state.now)).state


def test_what_lies_beyond_the_calendar_is_no_instant_at_all():
    with pytest.raises(ValidationError):
        COMMAND.validate_python({"command": "move_meeting", "to": "0001-01-01T00:00:00+14:00"})
