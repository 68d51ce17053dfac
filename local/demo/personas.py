"""What each pair of the demo does. Every one of them shows a rule of the handbook; the verdict asks whether it came out so.

The worker is killed as soon as the fourth conversation has begun, so that whatever is said then is said to nobody.
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
"""Seconds by which somebody may come late and still be where the programme's notice of two seconds has them: a cancellation in time goes half
a second after one conversation begins and two before that notice of the next; a late one goes 1.6 before its own begins."""


class Cues:
    """What the pairs and the one who directs them tell each other."""

    def __init__(self) -> None:
        self.plans_are_made = asyncio.Event()
        self.cancelled_in_time = asyncio.Event()


async def finishes(pair: Actor, cues: Cues) -> None:
    """Everything (H7): a move that both agree on, a cancellation in time while no worker lives, an extra conversation."""
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
    """Eight of ten, the eighth reported within the grace and done before the end: that counts (H7)."""
    await pair.begin_well()
    for n in range(2, 9):
        await pair.meet(n)
    await pair.at(pair.plan.ends, 0.6)
    before = pair.plan.ends - timedelta(seconds=2)
    await pair.say("mentee", "record_milestone", milestone="shadowing", done_at=before.isoformat())
    pair.tell("a milestone reported after the end, done before it")


async def one_short(pair: Actor, _: Cues) -> None:
    """Seven of ten; what was done a moment after the end does not count, and a fact cannot be claimed (H7)."""
    await pair.begin_well()
    for n in range(2, 9):
        await pair.meet(n)
    await pair.say("mentee", "record_milestone", milestone="progress", expected="a_fact")
    await pair.at(pair.plan.ends, 0.6)
    await pair.say("mentee", "record_milestone", milestone="shadowing")
    pair.tell("a milestone done a moment after the end")


async def cancels_late(pair: Actor, _: Cues) -> None:
    """Three late cancellations: a private word after the second, the coordinator after the third (H14). It costs no certificate."""
    await pair.begin_well()
    for n in range(2, 9):
        if n in (2, 5, 6):
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
    """An absence that is disputed never counts (H13); an objection asks for both (H7)."""
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
    """A pause moves the end by its length; both ask for more time, and get one more conversation (P6)."""
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
        await pair.meet(n, timely=False)  # also those before the pause reached them: facts are taken in whenever they are told
    await pair.answer_survey()


async def ends_early(pair: Actor, _: Cues) -> None:
    """One of the two wishes it to end: nobody hears who or why, and what comes after is told that it is over."""
    await pair.begin_well()
    await pair.meet(2)
    await pair.meet(3)
    await pair.say("mentor", "submit_privately", body={"kind": "end_wish"})
    pair.tell("one of the two wishes to end it")
    await pair.over()
    await pair.say("mentee", "report_meeting", meeting=3, held=True)  # 409: over


async def silent(pair: Actor, _: Cues) -> None:
    """Not a word. Two follow-ups, then a line in the coordinator's list; the programme ends without a certificate."""
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
"""By the pair_id of pairs.csv."""
