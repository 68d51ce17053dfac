"""What people sent to a mentorship that Temporal has and its journal does not: read from the histories, and sent again once it is revived (P5)."""

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
    """A signal as it was sent, or an update as the signal that it will be. `update` is the update's id, empty for a signal."""

    name: str
    message_id: str
    body: dict[str, Any]
    update: str


async def unwritten(client: Client, records: Records, mentorship: str, ended: Collection[str], *, runs_now: bool) -> list[Sent]:
    """What people sent to it and no journal knows: it was acknowledged, so it is not lost.

    Of a mentorship that runs, what runs of it that `ended` had been sent and it was not: a revival that was killed did not come to that.
    """
    newest = await runs(client, mentorship)
    older = [one for run in ended if run not in newest for one in await _sent(client, mentorship, await runs(client, mentorship, run))]
    known = await _sent(client, mentorship, newest)
    there = {one.message_id for one in known}
    owed = {one.message_id: one for one in older if one.message_id not in there} | ({} if runs_now else {one.message_id: one for one in known})
    return [one for one in owed.values() if await records.journal.receipt(mentorship, one.message_id) is None]


async def _sent(client: Client, mentorship: str, together: Sequence[str]) -> list[Sent]:
    """All that people sent to these runs. What an operator was told is refused stays refused.

    One run hands on to the next what it could not write, and the next one's history does not say what that was.
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
            if name == ORDER_SIGNAL and body.get("line") == "diverged":  # that was about the run which ended
                continue
            if isinstance(message_id, str) and message_id:
                found.append(Sent(name, message_id, body, update))
    return [one for one in found if one.update not in refused]


async def _opened(client: Client, payloads: Sequence[Payload]) -> dict[str, Any]:
    """What one payload says; nothing where it was sent by hand and no mentorship would have understood it, or lies under a key of long ago."""
    try:
        [said] = await client.data_converter.decode(payloads)
    except (ValueError, RuntimeError, UnknownKey):
        return {}
    return said if isinstance(said, dict) else {}


def _told(event: HistoryEvent) -> tuple[str, Sequence[Payload], str]:
    """The signal that brings it again, what was in it, and the update's id; no input where nobody told anything. An operator's update was answered: it goes
    as an order. What an update asked stands where it was accepted, or where a reset took it over from the run before.
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
    """The ids that went, each to its mentorship. What is left in `messages_of` did not: its mentorship is not started yet."""
    done: list[str] = []
    for mentorship, messages in messages_of.items():
        for message in tuple(messages):
            with suppress(RPCError):
                await client.get_workflow_handle(mentorship).signal(message.name, message.body)
                messages.remove(message)
                done.append(message.message_id)
    return done
