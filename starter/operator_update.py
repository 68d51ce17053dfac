"""Sends an operator's command to one mentorship, as a Temporal update, and waits for the answer.

A pause is told first, as a signal, and then asked about by the same message, since a concern's hold comes so: the two must look alike (H16).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from temporalio.client import Client, WorkflowQueryFailedError, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from gateway.orders import send_order
from gateway.settings import Settings
from mentorship.commands import OperatorCommand, Pause
from mentorship.refusal import Refusal
from records.cohorts import Enrolment
from starter.answer import Refused, answer
from starter.reach import enrolled, open_records, reach_temporal
from wire.names import STATUS_QUERY, TIMELINE_QUERY

_UNTIL = {"paused_until": "paused until", "ends": "which ends", "ends_with_pause": "with its pause"}
_LOOKS, _LOOK_EVERY = 20, 0.1  # seconds
_MAY_HAVE_IT = {RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.UNAVAILABLE, RPCStatusCode.UNKNOWN, RPCStatusCode.INTERNAL, RPCStatusCode.ABORTED}
"""After these errors nobody knows whether the mentorship took the command: a storm, a crash, a server or a proxy that goes away."""


async def update(cohort: str, pair_id: str, command: Callable[[dict[str, Any]], OperatorCommand], *, by: str, as_json: bool) -> dict[str, datetime]:
    """Sends the command that `command` makes from `message_id`, `by` and `at`, and prints the outcome. Returns until when the change holds, as far as
    the mentorship says.

    Raises Refused when the mentorship refuses it or is not running, or when no worker answers in time; it may still apply in that last case.
    """
    settings = Settings.load()
    async with open_records(settings) as records:
        pair = await enrolled(records, cohort, pair_id)
        operator = await records.people.operator(by)
    client = await reach_temporal(settings)
    message = command({"message_id": f"op-{secrets.token_hex(8)}", "by": operator, "at": datetime.now(UTC)})
    outcome = await send(client, pair, message, settings.update_timeout)
    name = message.command
    if outcome["outcome"] == "refused":
        raise Refused(f"{_command(name)}: refused: {in_words(outcome['reason'])}", result=outcome)
    until = await _until(client, pair, name, settings.update_timeout)
    said = "".join(f", {_UNTIL[what]} {at:%Y-%m-%d %H:%M}Z" for what, at in until.items())
    answer(outcome | until, [f"{_command(name)}: done for {pair_id} of {cohort}{said}"], as_json=as_json)
    return until


async def _until(client: Client, pair: Enrolment, name: str, patience: float) -> dict[str, datetime]:
    """Until when the change holds, as the mentorship has it now. Empty if it cannot be asked, since what was done is done."""
    keys = {"pause": ["paused_until"], "extend": ["ends", "ends_with_pause"], "resume": ["paused_until", "ends", "ends_with_pause"]}.get(name)
    if keys is None:
        return {}
    handle, limit = client.get_workflow_handle(pair.mentorship), timedelta(seconds=patience)
    try:
        for _ in range(_LOOKS):
            planned = _is_planned(await handle.query(TIMELINE_QUERY, rpc_timeout=limit))  # asked first: a status from before the plan has an end in hours
            status = await handle.query(STATUS_QUERY, rpc_timeout=limit)
            if planned or status.get("paused_until") is not None:
                break
            await asyncio.sleep(_LOOK_EVERY)
    except (RPCError, WorkflowQueryFailedError):
        return {}
    return {key: datetime.fromisoformat(at).astimezone(UTC) for key in keys if (at := status.get(key)) is not None}


def _is_planned(timeline: list[dict[str, Any]]) -> bool:
    """Whether the meetings are planned. Until they are, an extension's end is counted in hours; then it is in calendar time."""
    latest = next((entry["what"] for entry in reversed(timeline) if entry["what"] in {"extended", "resumed", "plan_applied"}), None)
    return latest == "plan_applied"


async def send(client: Client, pair: Enrolment, message: OperatorCommand, patience: float) -> dict[str, Any]:
    """Returns what was sent to whom, with `outcome` and `reason` as the mentorship gave them.

    Raises Refused, with the same in its result, if nothing runs, or if there was no answer (`unknown`).
    """
    sent = {"cohort": pair.cohort, "pair_id": pair.pair_id, "command": message.command, "message_id": message.message_id}
    try:
        answered: dict[str, Any] = await _sent(client, pair, message, patience)
    except Refused as refusal:
        raise Refused(*refusal.lines, result=sent | refusal.result) from refusal.__cause__
    return sent | answered


async def _sent(client: Client, pair: Enrolment, message: OperatorCommand, patience: float) -> Any:
    name, handle = message.command, client.get_workflow_handle(pair.mentorship)
    limit = timedelta(seconds=patience)
    try:
        async with asyncio.timeout(patience + 1):
            while True:
                try:
                    if isinstance(message, Pause) and not await send_order(client, pair.mentorship, message, patience):
                        raise _not_running(name, pair)
                    return await handle.execute_update(name, message, id=message.message_id, rpc_timeout=limit)
                except RPCError as error:
                    if error.status not in _MAY_HAVE_IT:
                        raise
                    # The workflow task that took it was lost, or the answer was. The same message again is applied only once.
                    await asyncio.sleep(0.2)
    except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError) as error:
        raise _unanswered(name, patience) from error
    except WorkflowUpdateFailedError as error:
        reason = error.cause.type if isinstance(error.cause, ApplicationError) else None
        if reason not in get_args(Refusal):
            said = "refused by the mentorship, which does not say why; its worker's log does"
            raise _refused(f"{_command(name)}: {said}", "the mentorship refused it") from error
        return {"outcome": "refused", "reason": reason}  # a validator refused it: the same to the operator as a decision
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            raise _not_running(name, pair) from error
        if error.status in {RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED}:
            raise _unanswered(name, patience) from error
        raise


def _command(name: str) -> str:
    """The operator's name for the command that sends this update."""
    return "waive" if name == "waive_milestone" else name


def _refused(line: str, reason: str) -> Refused:
    return Refused(line, result={"outcome": "refused", "reason": reason})


def _unanswered(name: str, patience: float) -> Refused:
    return Refused(
        f"{_command(name)}: no answer within {patience:g} seconds: no worker runs, or Temporal went away; it may still apply once they are back",
        "look with `mentorship show` before trying again; MENTORSHIP_UPDATE_TIMEOUT sets the limit",
        result={"outcome": "unknown", "reason": "no_answer"},
    )


def _not_running(name: str, pair: Enrolment) -> Refused:
    called = _command(name)
    match pair.state:
        case "pending":
            return _refused(f"{called}: {pair.pair_id} was not started yet", "not_started")
        case "over":
            return _refused(f"{called}: {pair.pair_id} is over", "over")
        case _:
            return _refused(f"{called}: the workflow of {pair.pair_id} is not running, although it should; `mentorship doctor` says more", "not_running")


_SAID = {
    "too_long": "too long, expected at most the programme's own length",
    "too_short": "too short, expected at least a day, or an interval where meetings are less than a day apart",
    "used_up": "all pauses of this pair together have taken pause.longest of the programme already",
    "no_such_milestone": "no such milestone of this pair's programme; `mentorship show` lists them",
    "no_such_line": "no such line stands for this pair; `mentorship cases` lists them",
    "time_passed": "that is past, expected an instant to come",
    "paused": "it is paused",
    "not_paused": "it is not paused",
    "already_done": "that is done already",
    "closing": "it has come to its end, and only takes reports until certificates are decided",
    "decided": "its certificates are decided",
    "over": "it is over",
}


def in_words(code: str | None) -> str:
    """Why a mentorship refused something."""
    return _SAID.get(code or "", (code or "no reason given").replace("_", " "))
