"""Finds what people sent to a mentorship that Temporal has but its journal does not: it was acknowledged, so it must not be lost (P5).

A mentorship that begins again takes it in before anything else. If it came as signals afterwards, deadlines that passed meanwhile would have been decided
without it, certificates included (H7).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from gateway.keyring import UnknownKey
from gateway.runs import ended, runs
from mentorship.commands import SERVICE, OperatorCommand, ParticipantCommand, Resolve
from records.store import Records
from wire.names import ORDER_SIGNAL

Said = ParticipantCommand | OperatorCommand

_ORDER: TypeAdapter[OperatorCommand] = TypeAdapter(Annotated[OperatorCommand, Field(discriminator="command")])
_SIGNAL: TypeAdapter[ParticipantCommand] = TypeAdapter(Annotated[ParticipantCommand, Field(discriminator="command")])
_SAID: TypeAdapter[Said] = TypeAdapter(Annotated[Said, Field(discriminator="command")])


async def unwritten(client: Client, records: Records, mentorship: str) -> tuple[Said, ...]:
    """The commands that were sent to any run of the mentorship and that its journal does not have, as they were sent. Raises RPCError, RecordsError."""
    newest = await runs(client, mentorship)
    older = [
        one for run in await ended(client, mentorship) if run not in newest for one in await _sent(client, mentorship, await runs(client, mentorship, run))
    ]
    owed = {one.message_id: one for one in (*older, *await _sent(client, mentorship, newest))}
    return tuple([one for one in owed.values() if await records.journal.receipt(mentorship, one.message_id) is None])


async def _sent(client: Client, mentorship: str, together: Sequence[str]) -> list[Said]:
    """Everything that people sent to these runs. If an operator was told that a command is refused, it stays refused.

    It reads all runs: a run hands on to the next what it could not write, and the next one's history does not say what that was. What came along
    in a run's beginning counts as sent to it, since Temporal may no longer have the run that it was sent to first.
    """
    found: list[tuple[Said, str]] = []
    refused: set[str] = set()
    for run in together:
        async for event in client.get_workflow_handle(mentorship, run_id=run).fetch_history_events():
            if (answered := event.workflow_execution_update_completed_event_attributes).meta.update_id:
                answer = await _opened(client, answered.outcome.success.payloads)
                if answered.outcome.HasField("failure") or answer.get("outcome") == "refused":
                    refused.add(answered.meta.update_id)
            given = await _opened(client, event.workflow_execution_started_event_attributes.input.payloads)
            found += [(command, "") for command in _came_along(given)]
            name, payloads, update = _told(event)
            if (command := _understood(name, await _opened(client, payloads))) is not None:
                found.append((command, update))
    # a pause is told and then asked about, by one message
    return [command for command, update in found if refused.isdisjoint((update, command.message_id))]


def _came_along(given: dict[str, Any]) -> Iterator[Said]:
    """What people had said of a run's inbox when it began; the rest is what the service told itself."""
    match given:
        case {"carried": {"inbox": [*bodies]}}:
            for body in bodies:
                with suppress(ValidationError):
                    yield _SAID.validate_python(body)


def _understood(name: str, body: dict[str, Any]) -> Said | None:
    """What the signal says, as the mentorship would have taken it; None if it would not have, or if it is about the run that ended."""
    try:
        command: Said = _ORDER.validate_python(body) if name == ORDER_SIGNAL else _SIGNAL.validate_python({**body, "command": name})
    except ValidationError:
        return None
    if not command.message_id or (isinstance(command, Resolve) and command.line == "diverged"):
        return None
    return command if command.by != SERVICE else command.model_copy(update={"by": ""})  # nobody outside speaks for the service itself


async def _opened(client: Client, payloads: Sequence[Payload]) -> dict[str, Any]:
    """What one payload says. Empty if it was sent by hand and no mentorship would have understood it, or if it is sealed with a key of long ago."""
    try:
        [said] = await client.data_converter.decode(payloads)
    except (ValueError, RuntimeError, UnknownKey):
        return {}
    return said if isinstance(said, dict) else {}


def _told(event: HistoryEvent) -> tuple[str, Sequence[Payload], str]:
    """The name of the signal, its payloads, and the update's id; without payloads if the event brings no message.

    An operator's update was answered, so it becomes an order. What it asked is in the event that accepted it, or in the one with which a reset
    took it over from the earlier run.
    """
    signalled = event.workflow_execution_signaled_event_attributes
    for asked in (
        event.workflow_execution_update_accepted_event_attributes.accepted_request,
        event.workflow_execution_update_admitted_event_attributes.request,
    ):
        if asked.input.name:
            return ORDER_SIGNAL, asked.input.args.payloads, asked.meta.update_id
    return signalled.signal_name, signalled.input.payloads, ""
