"""A workflow that began under an older release is carried on by this one: every stored history replays."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from workflows.cohort import Cohort
from workflows.mentorship import Mentorship

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json.gz"))


def load(path: Path) -> WorkflowHistory:
    """Under its own workflow id: a mentorship's share of the mails' spread is made from it."""
    name = path.name.removesuffix(".json.gz").split(".", 1)[1]
    return WorkflowHistory.from_json("cohort.replay" if name == "cohort" else f"mentorship.replay.{name}", json.loads(gzip.decompress(path.read_bytes())))


def test_there_are_histories_of_every_kind():
    names = {path.name.split(".", 1)[1] for path in HISTORIES}
    assert {"in-full.json.gz", "late-cancellations.json.gz", "paused-and-extended.json.gz", "silent.json.gz", "cohort.json.gz"} <= names


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.name.removesuffix(".json.gz"))
async def test_a_stored_history_replays(path):
    """An incompatible change of a workflow fails here; docs/operations.md says what to do then."""
    replayer = Replayer(workflows=[Mentorship, Cohort], data_converter=pydantic_data_converter)
    result = await replayer.replay_workflow(load(path), raise_on_replay_failure=False)
    assert result.replay_failure is None, str(result.replay_failure)
