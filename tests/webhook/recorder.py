"""The stand-in for the mentorship's own workflow behind the door."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue


@workflow.defn(name="Mentorship")
class Recorder:
    """Stands in for the real workflow: keeps every signal it is sent, in order, and answers receipts for those it has seen."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    @workflow.run
    async def run(self, _: str) -> None:
        await workflow.wait_condition(lambda: any(name == "stop" for name, _ in self.seen))

    @workflow.signal(dynamic=True)
    def take(self, name: str, args: Sequence[RawValue]) -> None:
        self.seen.append((name, [workflow.payload_converter().from_payload(arg.payload) for arg in args]))

    @workflow.query
    def signals(self) -> list[Any]:
        return self.seen

    @workflow.query
    def receipt(self, message_id: str) -> dict[str, Any]:
        for name, arguments in self.seen:
            if arguments and arguments[0]["message_id"] == message_id:
                return {"outcome": "refused", "reason": "no_such_meeting"} if name == "excuse" else {"outcome": "applied", "reason": None}
        return {"outcome": "waiting", "reason": None}
