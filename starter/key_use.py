"""Which keys sealed something in the histories of running workflows. Asks Temporal for every event of every running workflow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from gateway.codec import ENCODING
from starter.running import each

_AT_ONCE = 10


async def running_workflows_by_key(client: Client) -> Counter[str]:
    """How many running workflows need each key to be replayed. Raises RPCError."""

    async def keys(workflow_id: str) -> set[str]:
        try:
            return {key async for event in client.get_workflow_handle(workflow_id).fetch_history_events() for key in _keys(event)}
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            return set()  # it ended meanwhile

    running = [execution.id async for execution in client.list_workflows('ExecutionStatus = "Running"')]
    return Counter(key for found in await each(keys, running, at_once=_AT_ONCE) for key in found)


def _keys(message: Message) -> Iterator[str]:
    if isinstance(message, Payload):
        if message.metadata.get("encoding") == ENCODING:
            yield message.metadata.get("key-id", b"").decode(errors="replace")
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            inner = field.message_type.fields_by_name["value"]
            values = list(value.values()) if inner.message_type is not None else []
        else:
            values = list(value) if field.is_repeated else [value]
        for one in values:
            yield from _keys(one)
