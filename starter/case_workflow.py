"""A case's workflow, which reminds until a person closes it (H16, P7): how a command starts it where Temporal has lost it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from gateway.names import CASE, TASK_QUEUE, case_id


class _CaseInput(BaseModel):
    """The workflow's input: an id that names nobody."""

    model_config = ConfigDict(frozen=True)

    case: str


async def start_case(client: Client, case: str) -> None:
    """Nothing where it runs. One that starts again finds in records what was done."""
    conflict = WorkflowIDConflictPolicy.USE_EXISTING
    await client.start_workflow(CASE, _CaseInput(case=case), id=case_id(case), task_queue=TASK_QUEUE, id_conflict_policy=conflict)
