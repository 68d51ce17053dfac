"""Finds what people sent to a mentorship that Temporal has but its journal does not: it was acknowledged, so it must not be lost (P5).

A mentorship that begins again takes it in before anything else. If it came as signals afterwards, deadlines that passed meanwhile would have been decided
without it, certificates included (H7).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any, NamedTuple

from pydantic import Field, TypeAdapter, ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from gateway.keyring import UnknownKey
from gateway.runs import ended, runs
from mentorship.commands import OperatorCommand, ParticipantCommand
from records.store import Records
from wire.names import ORDER_SIGNAL

_ORDER: TypeAdapter[OperatorCommand] = TypeAdapter(Annotated[OperatorCommand, Field(discriminator="command")])
_SAID: TypeAdapter[ParticipantCommand] = TypeAdapter(Annotated[ParticipantCommand, Field(discriminator="command")])


class _Sent(NamedTuple):
    """A signal as it was sent, or an update as the signal that it becomes. `update` is the update's id, empty for a signal."""

    name: str
    message_id: str
    body: dict[str, Any]
    update: str


async def unwritten(client: Client, records: Records, mentorship: str) -> tuple[ParticipantCommand | OperatorCommand, ...]:
    """The commands that were sent to any run of the mentorship and that its journal does not have, as they were sent. Raises RPCError, RecordsError."""
    newest = await runs(client, mentorship)
    older = [
        one for run in await ended(client, mentorship) if run not in newest for one in await _sent(client, mentorship, await runs(client, mentorship, run))
    ]
    owed = {one.message_id: one for one in (*older, *await _sent(client, mentorship, newest))}
    found: list[ParticipantCommand | OperatorCommand] = []
    for one in owed.values():
        if await records.journal.receipt(mentorship, one.message_id) is None:
            with suppress(ValidationError):  # sent by hand: no mentorship would have understood it
                found.append(_ORDER.validate_python(one.body) if one.name == ORDER_SIGNAL else _SAID.validate_python({**one.body, "command": one.name}))
    return tuple(found)


async def _sent(client: Client, mentorship: str, together: Sequence[str]) -> list[_Sent]:
    """Everything that people sent to these runs. If an operator was told that a command is refused, it stays refused.

    It reads all runs: a run hands on to the next what it could not write, and the next one's history does not say what that was.
    """
    found: list[_Sent] = []
    refused: set[str] = set()
    for run in together:
        async for event in client.get_workflow_handle(mentorship, run_id=run).fetch_history_events():
            if (answered := event.workflow_execution_update_completed_event_attributes).meta.update_id:
                answer = await _opened(client, answered.outcome.success.payloads)
                if answered.outcome.HasField("failure") or answer.get("outcome") == "refused":
                    refused.add(answered.meta.update_id)
            name, payloads, update = _told(event)
            body = await _opened(client, payloads)
            message_id = body.get("message_id")
            if name == ORDER_SIGNAL and body.get("line") == "diverged":  # it is about the run that ended
                continue
            if isinstance(message_id, str) and message_id:
                found.append(_Sent(name, message_id, body, update))
    return [one for one in found if refused.isdisjoint((one.update, one.message_id))]  # a pause is told and then asked about, by one message


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
