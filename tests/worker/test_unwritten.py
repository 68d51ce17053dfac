"""What people sent to a mentorship and its journal does not have, as it is read from histories (P5). Temporal is a stand-in that hands out histories."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from temporalio.api.common.v1 import Payloads
from temporalio.api.history.v1 import HistoryEvent, WorkflowExecutionSignaledEventAttributes, WorkflowExecutionStartedEventAttributes
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode

from mentorship import commands as c
from records.store import Records
from wire.names import ORDER_SIGNAL
from worker.unwritten import unwritten
from workflows.mentorship import Carried, MentorshipInput

NOW = datetime(2027, 1, 11, 9, tzinfo=UTC)
HEAD = {"by": "p-1", "at": NOW}


async def began(*inbox: c.Command) -> HistoryEvent:
    return await started(MentorshipInput(cohort="spring", texts="t", carried=Carried(state={}, inbox=inbox)))


async def started(given: Any) -> HistoryEvent:
    payloads = Payloads(payloads=await pydantic_data_converter.encode([given]))
    return HistoryEvent(workflow_execution_started_event_attributes=WorkflowExecutionStartedEventAttributes(input=payloads))


async def signalled(name: str, said: Any) -> HistoryEvent:
    payloads = Payloads(payloads=await pydantic_data_converter.encode([said]))
    return HistoryEvent(workflow_execution_signaled_event_attributes=WorkflowExecutionSignaledEventAttributes(signal_name=name, input=payloads))


class Temporal:
    """Has the newest run, and whichever older one is named; it lists as ended whatever it is told to."""

    data_converter = pydantic_data_converter

    def __init__(self, histories: dict[str, list[HistoryEvent]], *ended: str) -> None:
        self._histories = histories
        self._ended = ended

    async def list_workflows(self, _: str) -> AsyncIterator[Any]:
        for run in self._ended:
            yield SimpleNamespace(run_id=run, start_time=NOW)

    def get_workflow_handle(self, _: str, run_id: str | None = None) -> Any:
        histories = self._histories

        class Handle:
            async def describe(self) -> Any:
                return SimpleNamespace(run_id=list(histories)[-1])

            async def fetch_history_events(self, **_: Any) -> AsyncIterator[HistoryEvent]:
                if run_id not in histories:
                    raise RPCError("gone", RPCStatusCode.NOT_FOUND, b"")
                for event in histories[run_id]:
                    yield event

        return Handle()


async def ids(records: Records, temporal: Any) -> list[str]:
    return [one.message_id for one in await unwritten(temporal, records, "mentorship.spring.m-1")]


async def test_what_came_along_in_a_runs_beginning_is_still_there_when_temporal_keeps_the_run_before_no_longer(records):
    """A mentorship that was revived may differ from its journal for longer than Temporal keeps what ended."""
    came = (c.ConfirmMeeting(message_id="first", meeting=1, **HEAD), c.Pause(message_id="held", **HEAD))
    planned = c.ApplyPlan(message_id="plan.3.0", at=NOW, effect="3.0", number=1, slots=())
    after = await signalled("excuse", c.Excuse(message_id="second", meeting=1, **HEAD))
    newest = [await began(*came, planned), after]
    assert await ids(records, Temporal({"b": newest}, "a")) == ["first", "held", "second"], "what the service told itself is no message"
    before = [await began(), await signalled("confirm_meeting", came[0]), await signalled(ORDER_SIGNAL, came[1])]
    assert await ids(records, Temporal({"a": before, "b": newest}, "a")) == ["first", "held", "second"], "each once"


async def test_what_a_mentorship_would_not_have_understood_stays_away_and_nobody_speaks_for_the_service(records):
    said = [
        await signalled("confirm_meeting", {"message_id": "by-hand", "meeting": "soon"}),
        await signalled("pause", c.Pause(message_id="no-signal", **HEAD)),
        await signalled("confirm_meeting", c.ConfirmMeeting(meeting=1, **HEAD)),
        await signalled("confirm_meeting", c.ConfirmMeeting(message_id="yes", meeting=1, by=c.SERVICE, at=NOW)),
        await signalled(ORDER_SIGNAL, c.Resolve(message_id="seen", line="diverged", **HEAD)),
    ]
    others = {"carried": {"inbox": [{"command": "of-another-release", "message_id": "theirs"}, "nothing"]}}
    temporal: Any = Temporal({"a": [await started(others), *said]})
    (found,) = await unwritten(temporal, records, "mentorship.spring.m-1")
    assert (found.message_id, found.by) == ("yes", "")
