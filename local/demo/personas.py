"""What each pair of the demo does. Each shows a rule of the handbook, and the verdict asks whether it came out so.

The worker is killed as soon as the fourth conversation has begun, so that no worker is there for the commands of that time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta

from local.demo.actor import Actor
from mentorship.people import SIDES

KILLED_AFTER = 4
"""The conversation in which the worker dies."""

LATEST = 1.5
"""Seconds by which somebody may be late without meeting another rule under the programme's notice of two seconds.

A cancellation in time is sent half a second after one conversation begins, two seconds before the next one's notice. A late one is sent 1.6
seconds before its own conversation begins.
"""


class Cues:
    """How the pairs and the demo that directs them signal each other."""

    def __init__(self) -> None:
        self.plans_are_made = asyncio.Event()
        self.cancelled_in_time = asyncio.Event()


async def finishes(pair: Actor, cues: Cues) -> None:
    """Everything (H7): a move that both agree on, a cancellation in time while no worker runs, an extra conversation."""
    await pair.begin_well()
    await pair.say("mentee", "submit_privately", body={"kind": "pins", "benefits": ["mentee.1", "everyone.0"]}, times=3)
    later = (pair.start(3) + timedelta(milliseconds=500)).isoformat()
    await pair.say("mentor", "move_meeting", meeting=3, to=later)
    await pair.say("mentee", "move_meeting", meeting=3, to=later)
    pair.tell("a conversation moved by agreement: it never counts")
    await pair.meet(2)
    await pair.progress()
    await pair.at(pair.start(3), 1.6)
    await pair.say("mentee", "report_meeting", meeting=3, held=True)
    await pair.say("mentee", "submit_privately", body={"kind": "feedback", "meeting": 3, "text": "You listened until I had finished.", "shared": True})
    await pair.at(pair.start(KILLED_AFTER), 0.5)
    await pair.say("mentee", "cancel_meeting", meeting=KILLED_AFTER + 1, reason="work")
    cues.cancelled_in_time.set()
    await pair.meet(4)
    await pair.say("mentor", "record_milestone", milestone="shadowing")
    await pair.introduce()
    await pair.at(pair.start(5), 2.5)
    extra = pair.start(5) + timedelta(seconds=2)
    await pair.say("mentor", "report_meeting", held_at=extra.isoformat(), held=True, times=2)
    for n in (6, 7, 8):
        await pair.meet(n)
    await pair.say("mentee", "report_goal", goal="speak-up", progress="achieved")
    await pair.answer_survey()


async def just_enough(pair: Actor, _: Cues) -> None:
    """Eight of ten; the eighth was done before the end and reported within the grace, so it counts (H7)."""
    await pair.begin_well()
    for n in range(2, 9):
        await pair.meet(n)
    await pair.at(pair.plan.ends, 0.6)
    before = pair.plan.ends - timedelta(seconds=2)
    await pair.say("mentee", "record_milestone", milestone="shadowing", done_at=before.isoformat())
    pair.tell("a milestone reported after the end, done before it")


async def one_short(pair: Actor, _: Cues) -> None:
    """Seven of ten: what was done a moment after the end does not count, and a fact cannot be claimed (H7)."""
    await pair.begin_well()
    for n in range(2, 9):
        await pair.meet(n)
    await pair.say("mentee", "record_milestone", milestone="progress", expected="a_fact")
    await pair.at(pair.plan.ends, 0.6)
    await pair.say("mentee", "record_milestone", milestone="shadowing")
    pair.tell("a milestone done a moment after the end")


async def cancels_late(pair: Actor, _: Cues) -> None:
    """Three late cancellations: a private word after the second, the coordinator after the third (H14). They cost no certificate.

    The second comes before the worker is killed: a private word that waits until the coordinator is told does not go.
    """
    await pair.begin_well()
    for n in range(2, 9):
        if n in (2, 3, 6):
            await pair.at(pair.start(n), -1.6)
            await pair.say("mentee", "cancel_meeting", meeting=n, reason="work")
            pair.tell(f"conversation {n} cancelled a moment before it begins")
        else:
            await pair.meet(n)
        if n == 3:
            await pair.progress()
            await pair.say("mentor", "record_milestone", milestone="shadowing")
        if n == 4:
            await pair.introduce()


async def disputes(pair: Actor, _: Cues) -> None:
    """A disputed absence never counts (H13); after an objection, a milestone needs both (H7)."""
    await pair.begin_well()
    await pair.meet(2)
    await pair.at(pair.start(3), 1.1)
    await pair.say("mentor", "report_meeting", meeting=3, held=False, attendance={"self": "on_time", "partner": "absent"})
    await pair.say("mentee", "dispute", meeting=3)
    await pair.say("mentee", "dispute", meeting=3, expected="already_done")
    pair.tell("an absence reported, and disputed")
    await pair.progress()
    for n in range(4, 9):
        await pair.meet(n, "mentee")
        if n == 5:
            await pair.say("mentor", "record_milestone", milestone="shadowing")
            await pair.say("mentee", "object_to_milestone", milestone="shadowing")
        if n == 6:
            await pair.introduce()


async def pauses(pair: Actor, cues: Cues) -> None:
    """A pause moves the end by its length. Both ask for more time, and get one more conversation (P6)."""
    await pair.begin_well()
    await pair.operate("pause")
    await pair.operate("resume")
    resumed = datetime.now(UTC)
    await pair.planned(lambda meeting: meeting.start > resumed)
    last = max(meeting.meeting for meeting in pair.plan.meetings)
    for side in SIDES:
        await pair.say(side, "ask_extension")
    pair.tell("both ask for more time")
    await pair.planned(lambda meeting: meeting.meeting > last)
    cues.plans_are_made.set()
    await pair.progress()
    await pair.introduce()
    await pair.say("mentor", "record_milestone", milestone="shadowing")
    for n in (meeting.meeting for meeting in pair.plan.meetings if not meeting.held):
        await pair.meet(n, timely=False)  # also conversations before the pause took effect: facts are accepted whenever they are reported
    await pair.answer_survey()


async def ends_early(pair: Actor, _: Cues) -> None:
    """One of the two wants it to end. Nobody is told who or why, and later commands are told that it is over."""
    await pair.begin_well()
    await pair.meet(2)
    await pair.meet(3)
    await pair.say("mentor", "submit_privately", body={"kind": "end_wish"})
    pair.tell("one of the two wishes to end it")
    await pair.over()
    await pair.say("mentee", "report_meeting", meeting=3, held=True)  # 409: it is over


async def silent(pair: Actor, _: Cues) -> None:
    """Not a word. Two follow-ups, then a line in the coordinators' list; the programme ends without a certificate."""
    await pair.look()


PERSONAS: dict[str, Callable[[Actor, Cues], Coroutine[None, None, None]]] = {
    "finishes": finishes,
    "just-enough": just_enough,
    "one-short": one_short,
    "cancels-late": cancels_late,
    "disputes": disputes,
    "pauses": pauses,
    "ends-early": ends_early,
    "silent": silent,
}
"""By the pair_id in pairs.csv."""
