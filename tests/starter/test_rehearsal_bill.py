"""What a history costs on Temporal Cloud's bill."""

from __future__ import annotations

from typing import Any

from temporalio.api.common.v1 import Payload, SearchAttributes
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from rehearsal.bill import actions


def event(kind: str, **attributes: Any) -> HistoryEvent:
    return HistoryEvent(event_type=EventType.Value(f"EVENT_TYPE_{kind}"), **attributes)


def upsert(*names: str) -> HistoryEvent:
    fields = SearchAttributes(indexed_fields={name: Payload() for name in names})
    return event("UPSERT_WORKFLOW_SEARCH_ATTRIBUTES", upsert_workflow_search_attributes_event_attributes={"search_attributes": fields})


def marker(task: int) -> HistoryEvent:
    return event("MARKER_RECORDED", marker_recorded_event_attributes={"workflow_task_completed_event_id": task})


def billed(*events: HistoryEvent) -> int:
    return actions(WorkflowHistory("mentorship.c.m-1", list(events)))


def test_what_is_started_sent_or_waited_for_is_an_action():
    some = ("WORKFLOW_EXECUTION_STARTED", "WORKFLOW_EXECUTION_SIGNALED", "WORKFLOW_EXECUTION_UPDATE_ACCEPTED", "TIMER_STARTED", "ACTIVITY_TASK_SCHEDULED")
    assert billed(*map(event, some)) == len(some)
    assert billed(event("WORKFLOW_TASK_COMPLETED"), event("TIMER_FIRED"), event("ACTIVITY_TASK_COMPLETED")) == 0


def test_an_upsert_is_one_however_many_attributes_and_none_for_the_sdks_own():
    assert billed(upsert("MentorshipPhase", "MentorshipProgress")) == 1
    assert billed(upsert("TemporalChangeVersion")) == 0


def test_markers_of_one_task_are_one():
    assert billed(marker(4), marker(4), marker(9)) == 2
