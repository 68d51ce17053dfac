"""One pair of the demo: two people who act through the door at the instants of their own plan, and an operator who uses the CLI."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.service import RPCError

from local.child import LOOK_EVERY
from local.demo.door import Door, Sent
from local.stack import Stack
from local.trouble import Trouble
from mentorship.instant import Instant
from mentorship.people import SIDES, Side
from wire.names import STATUS_QUERY
from workflows.status import MeetingStatus, Status

EXPECTATIONS = ["confidentiality", "mutual_respect", "psychological_safety"]

_ANSWER = timedelta(seconds=5)

Tell = Callable[[str, str], None]
"""(who or what, what happened): one line of the demo's story."""


class Actor:
    """`people` are the roster's ids by side. Instants come from the running mentorship, so that a late start moves them all."""

    def __init__(self, pair_id: str, people: dict[Side, str], *, handle: WorkflowHandle[Any, Any], door: Door, stack: Stack, tell: Tell) -> None:
        self.pair_id = pair_id
        self.people = people
        self._handle = handle
        self._door = door
        self._stack = stack
        self._tell = tell
        self._number = count(1)
        self._status: Status | None = None
        self._meant: datetime | None = None

    async def look(self) -> Status:
        """Reads the plan again, since it changes with a pause or an extension. Waits for a worker if there is none."""
        while True:
            try:
                self._status = await self._handle.query(STATUS_QUERY, result_type=Status, rpc_timeout=_ANSWER)
            except RPCError:
                continue
            return self._status

    async def planned(self, new: Callable[[MeetingStatus], bool]) -> None:
        """Returns once the plan has a meeting for which `new` is true. Raises Trouble if the mentorship is over before."""
        while not any(new(meeting) for meeting in (await self.look()).meetings):
            if self.plan.phase not in {"aligning", "active", "paused"}:
                raise Trouble(f"{self.pair_id} came to its end before it was planned anew; this machine is too slow for a programme of seconds")
            await asyncio.sleep(LOOK_EVERY)

    async def over(self) -> None:
        """Returns once the mentorship is over and its last mail is sent."""
        await self._handle.result()

    @property
    def plan(self) -> Status:
        assert self._status is not None
        return self._status

    def meeting(self, n: int) -> MeetingStatus:
        return next(meeting for meeting in self.plan.meetings if meeting.meeting == n)

    def start(self, n: int) -> Instant:
        return self.meeting(n).start

    async def at(self, instant: datetime, seconds: float, *, timely: bool = True) -> None:
        """Waits until that instant, or `seconds` after it (before it, if negative). If `timely`, the next command's delay is counted from there."""
        then = instant + timedelta(seconds=seconds)
        await asyncio.sleep(max(0.0, (then - datetime.now(UTC)).total_seconds()))
        self._meant = then if timely else None

    async def say(self, side: Side, command: str, *, expected: str | None = None, times: int = 1, **body: Any) -> str:
        """Sends a command and returns its message id. With `times` above one, the sender repeats it under the same id."""
        message_id = f"{self.pair_id}-{next(self._number):03}"
        for _ in range(times):
            meant, self._meant = self._meant, None
            await self._door.send(self.pair_id, message_id, command, {"by": self.people[side], **body}, expected=expected, meant=meant)
        return message_id

    async def operate(self, command: str, *arguments: str) -> None:
        """Runs the operator's own command line, as a person would. Raises Trouble unless it succeeds."""
        code, said = await self._stack.starter(command, self._door.cohort, self.pair_id, *arguments, "--as", "ana", "--json")
        if code:
            raise Trouble(f"`mentorship {command} {self.pair_id}` ended with {code}:\n{said}")
        message_id = str(json.loads(said)["message_id"])
        self._door.sent[message_id] = Sent(self.pair_id, message_id, datetime.now(UTC))
        self.tell(f"the operator's `mentorship {command}`: done")

    def tell(self, what: str) -> None:
        self._tell(self.pair_id, what)

    # -- what nearly everybody does -------------------------------------------------------------------------------------------

    async def agree_on_slots(self) -> None:
        await self.look()
        await self.at(self.plan.starts, 1.0)
        for side in SIDES:
            await self.say(side, "confirm_meeting", meeting="all")

    async def meet(self, n: int, *sides: Side, timely: bool = True) -> None:
        """The conversation takes place, and each of `sides` (by default the mentor) reports it. If `timely`, they do so as soon as it is over."""
        await self.at(self.start(n), 1.05, timely=timely)
        for side in sides or ("mentor",):
            await self.say(side, "report_meeting", meeting=n, held=True)

    async def begin_well(self) -> None:
        """Slots, the first conversation, the three expectations, a goal with a first step."""
        await self.agree_on_slots()
        await self.meet(1, *SIDES)
        for side in SIDES:
            await self.say(side, "confirm_expectations", expectations=EXPECTATIONS)
        await self.say("mentee", "set_goal", goal="speak-up", text="Speak up in the design review.", actions=["Bring one question to the next one."])

    async def progress(self) -> None:
        await self.say("mentee", "report_goal", goal="speak-up", progress="progressed")

    async def introduce(self) -> None:
        """A milestone that both have to report."""
        for side in SIDES:
            await self.say(side, "record_milestone", milestone="introduction")

    async def answer_survey(self) -> None:
        await self.at(self.plan.ends, 1.5)
        for side in SIDES:
            await self.say(side, "submit_privately", body={"kind": "survey", "answers": {"trust": 5, "accountability": 4, "satisfaction": 5}})
