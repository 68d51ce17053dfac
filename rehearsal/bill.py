"""What Temporal Cloud bills for a history, by its price list (docs.temporal.io, *Actions*), without what no history shows: queries and heartbeats."""

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
"""The SDK's own search attribute, which is free: the `patched` changes that a run has passed."""


def actions(history: WorkflowHistory) -> int:
    """How many actions one run takes. Markers, which `patched` writes here, are one action for each workflow task that has any."""
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
