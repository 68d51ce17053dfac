"""Computes a cohort's figures from its journals alone: no words, no names, nobody's rung (H5, H6, H12)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from mentorship import events as e
from mentorship.commands import SURVEY_ITEMS, SurveyItem
from mentorship.evolve import fold
from mentorship.policy.meetings import held_instants
from mentorship.policy.milestones import milestone_facts
from mentorship.policy.phase import Phase, phase
from mentorship.programme import Programme
from mentorship.state import State
from mentorship.visibility import SMALLEST
from records.journal import JournalEntry
from records.journal_events import events_of
from schedule.calendar import zone

PHASES: tuple[Phase, ...] = ("aligning", "active", "paused", "closing", "completed", "ended")
LINES = ("no_meeting", "rematch", "silence", "not_held", "cancellations")


class Story(NamedTuple):
    """One pair's events, and the state that they fold into."""

    mentorship: str
    state: State
    events: tuple[e.AnyEvent, ...]


class Milestone(NamedTuple):
    """How many pairs have done a milestone, including the `waived` ones."""

    id: str
    title: str
    done: int
    waived: int


class Item(NamedTuple):
    """One question of the closing survey (H5): the mean of its `answers`, from 1 to 5, or None while there are too few."""

    item: SurveyItem
    answers: int
    mean: float | None


class Figures(NamedTuple):
    """The true counts; `shown` of report_shown.py decides which of them may be read."""

    pairs: int
    phases: dict[str, int]
    milestones: tuple[Milestone, ...]
    meetings: dict[str, int]
    """held, of these extra; moved; cancelled by one of the two; not held."""
    months: dict[str, dict[str, int]]
    """By month in the programme's zone: held, moved, cancelled."""
    attention: dict[str, dict[str, int]]
    """By line: pairs that ever had it, and pairs that have it now."""
    goals: dict[str, int]
    certificates: dict[str, int]
    """Pairs that are certified, not certified, not decided; and certificates issued."""
    survey: tuple[Item, ...]


def told(mentorship: str, journal: Sequence[JournalEntry]) -> Story:
    """Folds a journal. Raises ValueError when it does not begin with the mentorship's start."""
    events = tuple(events_of(journal))
    return Story(mentorship, fold(events), events)


def figures(stories: Sequence[Story], programme: Programme) -> Figures:
    states = [story.state for story in stories]
    titles = {milestone.id: milestone.title for milestone in programme.milestones}
    facts = [fact for state in states for fact in milestone_facts(state)]
    known = dict.fromkeys([*titles, *(fact.id for fact in facts)])
    held = sum(len(held_instants(state)) for state in states)
    cancelled = [event for story in stories for event in story.events if isinstance(event, e.MeetingCancelled) and event.side is not None]
    return Figures(
        pairs=len(stories),
        phases={name: sum(phase(state) == name for state in states) for name in PHASES},
        milestones=tuple(
            Milestone(
                name,
                titles.get(name, name),
                sum(fact.id == name and fact.done_at is not None for fact in facts),
                sum(fact.id == name and fact.waived for fact in facts),
            )
            for name in known
        ),
        meetings={
            "held": held,
            "extra": sum(len(state.extras) for state in states),
            "moved": sum(isinstance(event, e.MeetingMoved) for story in stories for event in story.events),
            "cancelled": len(cancelled),
            "not_held": sum(meeting.not_held for state in states for meeting in state.meetings),
        },
        months=_months(stories, zone(programme.programme.time_zone)),
        attention=_attention(stories),
        goals=_goals(states),
        certificates={
            "certified": sum(state.decided is not None and state.decided.earned for state in states),
            "not_certified": sum(state.decided is not None and not state.decided.earned for state in states),
            "not_decided": sum(state.decided is None for state in states),
            "issued": sum(len(state.certificates) for state in states),
        },
        survey=tuple(_item(item, stories) for item in SURVEY_ITEMS),
    )


def _months(stories: Iterable[Story], home: ZoneInfo) -> dict[str, dict[str, int]]:
    """A held meeting counts in the month in which it was, a move or cancellation in the month in which somebody made it."""
    counted: dict[str, Counter[str]] = {}

    def count(at: datetime, what: str) -> None:
        counted.setdefault(f"{at.astimezone(home):%Y-%m}", Counter())[what] += 1

    for story in stories:
        for at in held_instants(story.state):
            count(at, "held")
        for event in story.events:
            if isinstance(event, e.MeetingMoved):
                count(event.at, "moved")
            elif isinstance(event, e.MeetingCancelled) and event.side is not None:
                count(event.at, "cancelled")
    months = sorted(counted)
    for earlier, later in pairwise(months[:1] + months[-1:]):
        months = _between(earlier, later)
    return {month: {what: counted.get(month, Counter())[what] for what in ("held", "moved", "cancelled")} for month in months}


def _between(first: str, last: str) -> list[str]:
    low, high = (int(month[:4]) * 12 + int(month[5:]) - 1 for month in (first, last))
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in range(low, high + 1)]


def _attention(stories: Iterable[Story]) -> dict[str, dict[str, int]]:
    """Pairs by line. Whose cancellations they were is nobody's business here."""
    had: Counter[str] = Counter()
    has: Counter[str] = Counter()
    for story in stories:
        had.update({_line(event.line) for event in story.events if isinstance(event, e.AttentionRaised)})
        has.update({_line(line) for line in story.state.attention})
    return {line: {"had": had[line], "has": has[line]} for line in (*LINES, *sorted(had.keys() - set(LINES)))}


def _line(line: str) -> str:
    return "cancellations" if line.startswith("cancellations_") else line


def _goals(states: Iterable[State]) -> dict[str, int]:
    """Progress counts as well as achievement (H6), so a goal that was progressed and then dropped counts as progressed."""
    goals = [goal for state in states for goal in state.goals.values()]
    return {
        "set": len(goals),
        "progressed": sum(goal.progressed_at is not None for goal in goals),
        "achieved": sum(goal.status == "achieved" for goal in goals),
        "dropped": sum(goal.status == "dropped" for goal in goals),
    }


def _item(item: SurveyItem, stories: Iterable[Story]) -> Item:
    """Counts only whole groups of five people, in the order in which they answered, and only each person's first answer, however many pairs they
    are in. So two reports, one a day after the other, never differ by fewer than five people's answers.
    """
    given = sorted(
        (event.at, f"{story.mentorship} {event.side}", story.state.pair.person(event.side), event.answers[item])
        for story in stories
        for event in story.events
        if isinstance(event, e.SurveyAnswered) and event.survey == "closing" and item in event.answers
    )
    first: dict[str, int] = {}
    for _, _, person, answer in given:
        first.setdefault(person, answer)
    answers = list(first.values())
    whole = answers[: len(answers) // SMALLEST * SMALLEST]
    return Item(item, len(whole), sum(whole) / len(whole) if whole else None)
