"""What a case asks of its pair's mentorship.

It holds the meetings for a concern, by the same pause that an operator orders, so that nobody can tell one from the other (H16): a door told the
mentorship of it (webhook/concern/door.py), and here it is asked, by the same message, what became of it.
It resolves a line of the coordinators' list that a person took care of (P7).

`now` is Temporal's time. What a person did counts from when the door took it, but never from later: a mentorship refuses what is from the future, and
what a door's clock dated so would be noted as done, and would never be told again. A pause that was refused so is asked for once more.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode

from mentorship.commands import OperatorCommand, Resolve, Resume
from records.cases import Case, PauseOrder
from records.lines import Line
from records.pauses import in_force
from records.store import Records

_PATIENCE = timedelta(seconds=20)

OVER = "over"
"""A reason in the mentorship's own codes: it no longer does anything."""


class NotNow(Exception):  # noqa: N818 - it says what is the case
    """Something could not be done now, and may be later. The text names nobody, since it is written to the case's history."""


class Meetings:
    def __init__(self, records: Records, client: Client) -> None:
        self._records = records
        self._client = client

    async def settle(self, case: Case, now: datetime) -> Case:
        """Does what the raiser wishes about the meetings, once. Raises NotNow when the mentorship could not be asked."""
        match case.hold:
            case "wanted" if case.pause is not None:
                pause = case.pause
                refused = await self._ask(case.mentorship, pause.command)
                if refused == "in_the_future":
                    pause = pause.begun_at(now)
                    refused = await self._ask(case.mentorship, pause.command)
                return await self._records.cases.note_hold(case.id, "wanted", "held" if refused is None else "not_held", pause, refused=refused)
            case "release":
                await self._release(case, now)
                return await self._records.cases.note_hold(case.id, "release", "released")
            case _:
                return case

    async def resolve(self, case: Case, line: Line, now: datetime) -> None:
        """Tells the mentorship that a coordinator closed this line. A repeat sends the same message, so that it counts once.

        Does nothing for a line that closed by itself; a mentorship that is over has nothing to do either. Raises NotNow.
        """
        if case.resolve_id is None or line.outcome is None or line.taken_by is None or line.closed_at is None:
            return
        order = Resolve(message_id=case.resolve_id, by=line.taken_by, at=min(line.closed_at, now), line=line.line)
        await self._ask(case.mentorship, order)

    async def _release(self, case: Case, now: datetime) -> None:
        """Ends the pause if it is this case's. If somebody else of the pair wants a hold too, the pause becomes theirs instead."""
        if case.pause is None or not await self._in_force(case.mentorship, case.pause):
            return
        # A hold that an operator ended is not taken up again: its raiser was told so, and can ask for a new one.
        for other in await self._records.cases.of_pair(case.mentorship):
            heir = other
            if other.hold in ("wanted", "not_held"):
                heir = await self._records.cases.note_hold(other.id, other.hold, "held", case.pause)
            if heir.id != case.id and heir.hold == "held" and heir.pause == case.pause:  # also one that an interrupted attempt made the heir
                return
        order = Resume(message_id=case.pause.resume_id, by=case.pause.by, at=min(case.released_at or now, now))
        await self._ask(case.mentorship, order)

    async def _in_force(self, mentorship: str, pause: PauseOrder) -> bool:
        """Whether this very pause was applied and nothing has ended it since. One that the journal does not have yet is asked for: it came first. Raises NotNow."""
        told = await in_force(self._records, mentorship, pause)
        return told if told is not None else await self._ask(mentorship, pause.command) is None

    async def _ask(self, mentorship: str, command: OperatorCommand) -> str | None:
        """None once the mentorship did it; else its code for why not, or `over`. Raises NotNow, also while a mentorship that is not over awaits its revival."""
        handle = self._client.get_workflow_handle(mentorship)
        try:
            async with asyncio.timeout(_PATIENCE.total_seconds()):
                answer: Any = await handle.execute_update(command.command, command, id=command.message_id, rpc_timeout=_PATIENCE)
        except WorkflowUpdateFailedError:
            return OVER
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND and await self._is_over(mentorship):
                return OVER
            answer = None
        except (TimeoutError, RuntimeError, OSError):
            answer = None
        if not isinstance(answer, dict):
            raise NotNow("the meetings could not be reached")
        return None if answer.get("outcome") == "applied" else str(answer.get("reason") or OVER)

    async def _is_over(self, mentorship: str) -> bool:
        enrolment = await self._records.cohorts.by_mentorship(mentorship)
        return enrolment is None or enrolment.state == "over"
