"""Whoever asks a workflow between two of its tasks asks once more, and nobody sees the first answer (worker/punctual.py)."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio.client import OutboundInterceptor, QueryWorkflowInput, WorkflowQueryFailedError

from gateway.asking import Asking
from gateway.connect import connect
from gateway.settings import Settings
from wire.names import BETWEEN_TASKS

REFUSED, BROKEN = WorkflowQueryFailedError(BETWEEN_TASKS), WorkflowQueryFailedError("a defect")


class Answers(OutboundInterceptor):
    """Stands for Temporal and the worker behind it."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    async def query_workflow(self, input: QueryWorkflowInput) -> Any:  # noqa: A002, ARG002 - the SDK's signature
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def ask(temporal: Answers) -> Any:
    question: Any = None
    return await Asking().intercept_client(temporal).query_workflow(question)


async def test_a_question_between_two_tasks_is_asked_once_more():
    assert await ask(Answers(REFUSED, "the status")) == "the status"


@pytest.mark.parametrize(
    ("answers", "left"),
    [
        pytest.param([REFUSED, REFUSED, "the status"], 1, id="a workflow that was ended with something unread never answers"),
        pytest.param([BROKEN, "the status"], 1, id="another failure stays one"),
    ],
)
async def test_and_no_more_than_that(answers: list[Any], left: int):
    temporal = Answers(*answers)
    with pytest.raises(WorkflowQueryFailedError):
        await ask(temporal)
    assert len(temporal.answers) == left


async def test_a_question_that_is_answered_is_asked_once():
    temporal = Answers("the status", "the status")
    assert (await ask(temporal), len(temporal.answers)) == ("the status", 1)


async def test_every_process_asks_so(keyring):
    client = await connect(Settings.load(), keyring, lazy=True)
    assert [type(one) for one in client.config()["interceptors"]] == [Asking]
