"""What the core costs per command: `python benchmarks/core.py`.

The state is a busy pair's at the end of a year (26 meetings, 20 goals, 15 milestones, 12 extra meetings, 256 messages). Each command has three
medians, in microseconds: `decide` alone; `decide` with the fold and everything that follows within the mentorship; and a whole turn of
`advance` with journal entry and effects. The floor is pydantic's own: one `model_copy` of the state, which every event needs.

One activation can bring 3,000 signals and has two seconds, so `decide` with the fold has to stay under 500 µs.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Any

from mentorship import commands as c
from mentorship.advance import advance, begin
from mentorship.consequences import consequences
from mentorship.decide import decide
from mentorship.duration import iso
from mentorship.events import MentorshipStarted
from mentorship.evolve import evolve
from mentorship.people import Pair
from mentorship.programme import MilestoneRule, Rules
from mentorship.state import State

ROUNDS = 300
STARTS = datetime(2027, 1, 11, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
PAIR = Pair(mentor="p-0123456789abcdef", mentee="p-fedcba9876543210")


def slot(start: datetime) -> c.Slot:
    return c.Slot(start=start, prepare_at=start - timedelta(days=3), ask_at=start + timedelta(days=1, hours=1))


def busy() -> State:
    """A pair after eleven busy months, with five meetings still ahead."""
    starts = [STARTS + timedelta(days=7 + 14 * n) for n in range(26)]
    rules = Rules(
        programme="engineering-2027",
        version=1,
        interval=iso("P14D"),
        duration=iso("PT1H"),
        sessions=12,
        closing=11,
        milestones=(*(MilestoneRule(id=f"m{n}", by="both") for n in range(12)), *(MilestoneRule(id=f"f{n}", when={"meetings_held": n}) for n in (3, 6, 9))),
    )
    ends = STARTS + timedelta(weeks=53)
    begun = MentorshipStarted(
        at=STARTS, pair=PAIR, rules=rules, starts=STARTS, ends=ends, reporting_ends=ends + timedelta(days=7), slots=tuple(map(slot, starts))
    )
    inbox: list[Any] = []

    def says(by: str, at: datetime, command: Any) -> None:
        inbox.append(command.model_copy(update={"message_id": f"msg_{len(inbox)}", "by": by, "at": at}))

    for by in (PAIR.mentor, PAIR.mentee):
        says(by, STARTS, c.ConfirmMeeting(meeting="all"))
        says(by, STARTS, c.ConfirmExpectations(expectations=c.EXPECTATIONS))
        for n, start in enumerate(starts[:21], 1):
            if n % 6 == 0 and by == PAIR.mentee:
                says(by, start - HOUR, c.CancelMeeting(meeting=n, reason="work"))
            elif n % 6:
                says(by, start + HOUR, c.ReportMeeting(meeting=n, held=True, attendance=c.Attendance(own="on_time", partner="present")))
            if n <= 12:
                says(by, start + 2 * HOUR, c.RecordMilestone(milestone=f"m{n - 1}"))
                says(by, start + timedelta(days=2), c.ReportMeeting(held_at=start + timedelta(days=2), held=True))
            for _ in range(3):
                says(by, start + 3 * HOUR, c.SubmitPrivately(body=c.Feedback(meeting=n)))
    for n in range(20):
        says(PAIR.mentee, STARTS + HOUR, c.SetGoal(goal=f"g-{n}", actions=("n-1", "n-2")))
    return advance(begin(begun).state, inbox, starts[20] + timedelta(days=5)).state


def median(work: Callable[[], object]) -> float:
    """In microseconds."""
    taken = []
    for _ in range(ROUNDS):
        began = perf_counter()
        work()
        taken.append(perf_counter() - began)
    return statistics.median(taken) * 1e6


def decided_and_folded(state: State, command: Any, at: datetime) -> State:
    events = decide(state, command, at)
    while events:
        for event in events:
            state = evolve(state, event)
        events = consequences(state)
    return state


def main() -> None:
    state = busy()
    at = state.now + HOUR
    ahead = state.meetings[22].start
    commands: list[Any] = [
        c.ConfirmMeeting(meeting=23),
        c.MoveMeeting(meeting=23, to=ahead + timedelta(days=1)),
        c.CancelMeeting(meeting=23, reason="work"),
        c.ReportMeeting(meeting=20, held=True),
        c.ReportMeeting(meeting=18, held=True),
        c.ReportMeeting(held_at=at - 2 * HOUR, held=True),
        c.RecordMilestone(milestone="m3"),
        c.Withdraw(report="msg_3"),
        c.SetGoal(goal="g-3", actions=("n-3",)),
        c.ReportGoal(goal="g-3", progress="achieved"),
        c.SubmitPrivately(body=c.Feedback(meeting=20)),
        c.AskExtension(),
        c.Pause(),
    ]
    print(
        f"state: {len(state.meetings)} meetings, {len(state.extras)} extra, {len(state.goals)} goals, {len(state.recent)} messages; medians of {ROUNDS}, in µs"
    )
    floor = median(lambda: state.model_copy(update={"now": at}))
    print(f"{'floor: one model_copy of the state':40} {floor:10.1f}")
    print(f"{'command':40} {'decide':>10} {'and fold':>10} {'whole turn':>10}  outcome")
    folded = []
    for command in commands:
        named = command.model_copy(update={"message_id": "msg_new", "by": PAIR.mentor, "at": at})
        alone = median(partial(decide, state, named, at))
        folded.append(median(partial(decided_and_folded, state, named, at)))
        turn = median(partial(advance, state, [named], at))
        outcome = next(entry for entry in advance(state, [named], at).entries if entry.kind == "command")
        print(f"{command.command:40} {alone:10.1f} {folded[-1]:10.1f} {turn:10.1f}  {outcome.reason or 'applied'}")
    packed = median(state.compact)
    print(f"{'median of decide and fold':40} {'':10} {statistics.median(folded):10.1f}")
    print(f"{'pack for continue-as-new':40} {packed:10.1f}  {len(state.compact()['packed'])} characters")


if __name__ == "__main__":
    main()
