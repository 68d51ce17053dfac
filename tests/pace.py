"""Stories that last seconds, on machines of any speed: where a machine was too slow for a story, the story is told again at a slower pace."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import WorkflowHandle

from activities.journal import JournalBatch
from activities.notices import NoticeRequest

PACES = (1, 2, 4, 8)
"""By how much everything is slowed down. A failed story is retried at the next pace only where the machine was late (`behind`); otherwise we are at fault."""


def slower(document: Any, pace: int) -> Any:
    """A programme's document with all its seconds multiplied by `pace`."""
    if isinstance(document, dict):
        return {name: slower(inner, pace) for name, inner in document.items()}
    seconds = re.fullmatch(r"PT(\d+)S", document) if isinstance(document, str) else None
    return f"PT{int(seconds[1]) * pace}S" if seconds else document


async def behind(handle: WorkflowHandle[Any, Any]) -> timedelta:
    """The longest delay between an instant and its journal row or mail in this mentorship, plus the longest time that a decision took."""
    begun: dict[int, datetime] = {}
    late: list[timedelta] = []
    decided: list[timedelta] = []
    history = await handle.fetch_history()
    for event in history.events:
        at = event.event_time.ToDatetime(UTC)
        if event.HasField("activity_task_scheduled_event_attributes"):
            scheduled = event.activity_task_scheduled_event_attributes
            kind = {"append_journal": JournalBatch, "send_notice": NoticeRequest}.get(scheduled.activity_type.name)
            if kind is not None:
                [given] = await handle._client.data_converter.decode(scheduled.input.payloads, [kind])
                begun[event.event_id] = given.notice.due if isinstance(given, NoticeRequest) else min(entry.at for entry in given.entries)
        elif event.HasField("activity_task_completed_event_attributes"):
            if (meant := begun.get(event.activity_task_completed_event_attributes.scheduled_event_id)) is not None:
                late.append(at - meant)
        elif event.HasField("workflow_task_scheduled_event_attributes"):
            begun[event.event_id] = at
        elif event.HasField("workflow_task_completed_event_attributes"):
            decided.append(at - begun[event.workflow_task_completed_event_attributes.scheduled_event_id])
    return max(late) + max(decided)
