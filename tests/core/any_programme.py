"""Generates any programme that a mentorship may begin with, for the laws of test_properties.py."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import get_args

from hypothesis import strategies as st

from mentorship import commands as c
from mentorship.duration import Duration
from mentorship.events import EarnedMilestone
from mentorship.people import Pair
from mentorship.programme import (
    REVISION,
    Alignment,
    Attendance,
    Attention,
    Cancellations,
    Extension,
    Fact,
    LadderRung,
    Mail,
    MilestoneRule,
    Pause,
    Rules,
    Surveys,
)

PAIR = Pair(mentor="p-mentor", mentee="p-mentee")
ZERO = datetime.fromisoformat("2027-01-11T09:00:00+00:00")

CODES, *NUMBERED = get_args(Fact)
FACTS = st.sampled_from([*get_args(CODES), *(kind(**dict.fromkeys(kind.model_fields, number)) for kind in NUMBERED for number in (1, 3))])
COMPLETED = st.one_of(
    st.builds(lambda by: {"by": by}, st.sampled_from(["either", "both", "mentor", "mentee"])),
    st.builds(lambda fact: {"when": fact}, FACTS),
)


def hours(least: int, most: int) -> st.SearchStrategy[Duration]:
    return st.integers(least, most).map(lambda n: Duration(seconds=n * 3600))


LADDERS = st.sampled_from(
    [
        (LadderRung(at=2, do="nudge"), LadderRung(at=3, do="coordinator")),
        (LadderRung(at=1, do="nudge"), LadderRung(at=2, do="coordinator")),
        (LadderRung(at=1, do="coordinator"),),
        (),
    ]
)


Programme = tuple[Rules, c.Plan, tuple[EarnedMilestone, ...]]
"""The rules, the plan, and what the mentee brought along from an earlier pair."""


@st.composite
def programmes(draw: st.DrawFn) -> Programme:
    """Generates any programme: rhythms from an hour to a month, leads longer than the programme, grace periods of nothing."""
    interval = draw(hours(1, 24 * 28))
    count = draw(st.integers(0, 8))
    sessions = draw(st.integers(1, 6))
    milestones = draw(st.lists(COMPLETED, min_size=1, max_size=6))
    rules = Rules(
        programme="any",
        version=1,
        revision=draw(st.integers(0, REVISION)),
        share=draw(st.sampled_from([1, 50, 80, 100])),
        interval=interval,
        duration=draw(st.sampled_from([Duration(seconds=1), Duration(seconds=3600)])),
        prepare=draw(hours(0, 72)),
        ask_after=draw(hours(0, 24)),
        feedback_after=draw(st.sampled_from([(), (1,), (3, 6, 9)])),
        sessions=sessions,
        closing=draw(st.one_of(st.none(), st.just(sessions - 1))),
        milestones=tuple(MilestoneRule(id=f"m{n}", **completed) for n, completed in enumerate(milestones)),
        object_within=draw(hours(0, 168)),
        attendance=Attendance(contest_within=draw(hours(0, 168))),
        cancellations=Cancellations(
            notice=draw(hours(0, 48)),
            answer_within=draw(hours(0, 72)),
            window=draw(hours(1, 24 * 90)),
            ladder=draw(LADDERS),
            episode_ends_after_held=draw(st.integers(1, 3)),
        ),
        attention=Attention(
            not_held_in_a_row=draw(st.integers(1, 3)),
            unreported_in_a_row=draw(st.integers(1, 3)),
            no_meeting_by=draw(hours(0, 700)),
            offer_rematch=draw(hours(0, 1000)),
        ),
        alignment=Alignment(remind_after=draw(hours(0, 168))),
        heads_up=draw(hours(0, 600)),
        surveys=Surveys(pulse_after_meeting=draw(st.integers(1, 3)), closing_reminder=draw(hours(0, 300)), closes=draw(hours(0, 700))),
        pause=Pause(longest=draw(hours(1, 1000))),
        extension=Extension(by_pair=draw(hours(1, 700))),
        mail=Mail(follow_ups=draw(st.integers(0, 3))),
    )
    first = ZERO + draw(hours(0, 200)).span
    slots = tuple(slot(rules, first + n * interval.span) for n in range(count))
    ends = ZERO + draw(hours(1, 24 * 180)).span
    brought = draw(st.sampled_from([0, 0, 0, 1, 2, len(milestones)]))
    earned = tuple(EarnedMilestone(milestone=rule.id, done_at=ZERO - timedelta(days=9)) for rule in rules.milestones[:brought])
    return rules, c.Plan(starts=ZERO, ends=ends, reporting_ends=ends + draw(hours(0, 200)).span, slots=slots), earned


def slot(rules: Rules, start: datetime) -> c.Slot:
    return c.Slot(start=start, prepare_at=start - rules.prepare.span, ask_at=start + rules.duration.span + rules.ask_after.span)
