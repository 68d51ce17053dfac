"""Finds what people sent to a mentorship that Temporal has but its journal does not. It is read from the histories, and sent again after revival (P5)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.service import RPCError

from gateway.keyring import UnknownKey
from records.store import Records
from starter.running import runs
from wire.names import ORDER_SIGNAL


class Sent(NamedTuple):
    """A signal as it was sent, or an update as the signal that it becomes. `update` is the update's id, empty for a signal."""

    name: str
    message_id: str
    body: dict[str, Any]
    update: str


async def unwritten(client: Client, records: Records, mentorship: str, ended: Collection[str], *, runs_now: bool) -> list[Sent]:
    """What people sent to the mentorship and its journal does not have: it was acknowledged, so it must not be lost.

    If it `runs_now`, only what was sent to runs that `ended` and not to this one: a revival that was killed did not get to send it again.
    """
    newest = await runs(client, mentorship)
    older = [one for run in ended if run not in newest for one in await _sent(client, mentorship, await runs(client, mentorship, run))]
    known = await _sent(client, mentorship, newest)
    there = {one.message_id for one in known}
    owed = {one.message_id: one for one in older if one.message_id not in there} | ({} if runs_now else {one.message_id: one for one in known})
    return [one for one in owed.values() if await records.journal.receipt(mentorship, one.message_id) is None]


async def _sent(client: Client, mentorship: str, together: Sequence[str]) -> list[Sent]:
    """Everything that people sent to these runs. If an operator was told that a command is refused, it stays refused.

    It reads all runs: a run hands on to the next what it could not write, and the next one's history does not say what that was.
    """
    found: list[Sent] = []
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
                found.append(Sent(name, message_id, body, update))
    return [one for one in found if one.update not in refused]


async def _opened(client: Client, payloads: Sequence[Payload]) -> dict[str, Any]:
    """What one payload says. Empty if it was sent by hand and no mentorship would have understood it, or if it is sealed with a key of long ago."""
    try:
        [said] = await client.data_converter.decode(payloads)
    except (ValueError, RuntimeError, UnknownKey):
        return {}
    return said if isinstance(said, dict) else {}


def _told(event: HistoryEvent) -> tuple[str, Sequence[Payload], str]:
    """The name of the signal to send again, its payloads, and the update's id; without payloads if the event brings no message.

    An operator's update was answered, so it is sent as an order. What it asked is in the event that accepted it, or in the one with which a reset
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


async def send_again(client: Client, messages_of: dict[str, list[Sent]]) -> list[str]:
    """Sends each message to its mentorship and returns the ids sent. Those left in `messages_of` were not: their mentorship is not started yet."""
    done: list[str] = []
    for mentorship, messages in messages_of.items():
        for message in tuple(messages):
            with suppress(RPCError):
                await client.get_workflow_handle(mentorship).signal(message.name, message.body)
                messages.remove(message)
                done.append(message.message_id)
    return done
