"""What Temporal Cloud bills of a history, by its price list (docs.temporal.io, *Actions*). What no history shows is not in it: queries, heartbeats."""

from __future__ import annotations

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

_BILLED = frozenset(
    {
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
        EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
        EventType.EVENT_TYPE_TIMER_STARTED,
    }
)
_CHANGES = {"TemporalChangeVersion"}
"""Which `patched` changes a run has passed: the SDK's own search attribute, which is free."""


def actions(history: WorkflowHistory) -> int:
    """How many actions one run is. Markers, which `patched` writes here, are one for each workflow task that has any."""
    marked: set[int] = set()
    counted = 0
    for event in history.events:
        if event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED:
            marked.add(event.marker_recorded_event_attributes.workflow_task_completed_event_id)
        elif event.event_type == EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
            counted += set(event.upsert_workflow_search_attributes_event_attributes.search_attributes.indexed_fields) != _CHANGES
        else:
            counted += event.event_type in _BILLED
    return counted + len(marked)
