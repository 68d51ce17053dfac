"""A workflow that began under an older release is carried on by this one: every stored history replays."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

sys.path.insert(0, str(Path(__file__).parent))
from record import FOLDER, read
from replaying import REPLAYS, replayed
from scenarios import HISTORIES

STORED = sorted(FOLDER.glob("*.json.gz"))


def named(path: Path) -> str:
    return path.name.removesuffix(".json.gz")


def kinds(history: WorkflowHistory) -> Counter[str]:
    return Counter(EventType.Name(event.event_type).removeprefix("EVENT_TYPE_").lower() for event in history.events)


def test_there_is_a_history_of_everything_that_the_scenarios_act_out():
    assert {named(path).split(".", 1)[1] for path in STORED} >= set(HISTORIES)


@pytest.mark.parametrize("path", STORED, ids=named)
async def test_a_stored_history_replays(path):
    """An incompatible change of a workflow fails here, also one that asks the same activities something else; docs/operations.md says what to do then."""
    assert await replayed(read(path)) == REPLAYS


def test_the_histories_are_whole():
    """What was left open, or had a task fail, would hide a change from the replay."""
    for path in STORED:
        found = kinds(read(path))
        assert not found["workflow_task_failed"], named(path)
        assert not found["workflow_task_timed_out"], named(path)
        assert found["workflow_execution_completed"] + found["workflow_execution_continued_as_new"] == 1, named(path)


def test_the_histories_hold_every_kind_of_thing_that_a_workflow_does():
    """A change of something that no history holds would be seen by the fingerprint alone."""
    found = sum((kinds(read(path)) for path in STORED), Counter())
    for kind in (
        "timer_fired",
        "timer_canceled",
        "activity_task_cancel_requested",
        "marker_recorded",
        "workflow_execution_signaled",
        "workflow_execution_cancel_requested",
        "workflow_execution_continued_as_new",
        "workflow_execution_update_completed",
    ):
        assert found[kind], kind
    called = {
        event.activity_task_scheduled_event_attributes.activity_type.name
        for path in STORED
        for event in read(path).events
        if event.HasField("activity_task_scheduled_event_attributes")
    }
    assert called >= {
        "append_journal",
        "seal_journal",
        "send_notice",
        "plan_meetings",
        "tell_coordinators",
        "issue_certificates",
        "reissue_certificate",
        "tend_case",
        "enrol_batch",
        "cohort_progress",
        "send_digest",
    }
