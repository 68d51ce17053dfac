"""An operator does not receive the answer to a command, because it was lost on the way (P5)."""

from __future__ import annotations

from typing import Any

from temporalio.client import Client, Interceptor, OutboundInterceptor, StartWorkflowUpdateInput
from temporalio.service import RPCError, RPCStatusCode

from mentorship.commands import Extend
from starter.operator_update import send


class LosesTheFirstAnswer(Interceptor):
    """The server did what an update asked, and went away before it answered."""

    def __init__(self) -> None:
        self.lost = False

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - the SDK's name
        line = self

        class Line(OutboundInterceptor):
            async def start_workflow_update(self, input: StartWorkflowUpdateInput) -> Any:  # noqa: A002 - the SDK's name
                answered = await super().start_workflow_update(input)
                if not line.lost:
                    line.lost = True
                    raise RPCError("connection reset", RPCStatusCode.UNAVAILABLE, b"")
                return answered

        return Line(next)


async def test_an_operators_command_whose_answer_was_lost_is_done_once_and_answered(house, calm):
    """It is not reported as undelivered: an operator who then repeats it would extend twice."""
    await house.start(calm())
    client = Client(**{**house.client.config(), "interceptors": [LosesTheFirstAnswer()]})
    async with house.worker():
        longer = Extend(message_id="op-1", by="p-operator", length="PT1H")
        assert (await send(client, house.pairs[0], longer, 15))["outcome"] == "applied"
        assert [row.name for row in await house.journal() if row.kind == "event"].count("extended") == 1
