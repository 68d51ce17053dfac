"""In Temporal a concern looks like a line of the coordinators' list, and a concern's hold looks like an operator's pause (H12, H16)."""

from __future__ import annotations

import re
from datetime import timedelta

from temporalio.api.enums.v1 import EventType

from gateway.codec import READABLE
from mentorship.commands import Pause, Resume
from starter.operator_update import send
from worker.coordinators_list import CoordinatorsList


async def looks(house, case):
    """What a workflow's history shows without a key: kinds of events, how long timers are, and who sent what."""
    found = []
    for event in (await house.case(case).fetch_history()).events:
        kind = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
        timer = round(event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta() / timedelta(minutes=5)) if kind == "TIMER_STARTED" else None
        started = event.workflow_execution_started_event_attributes.identity
        found.append((kind, timer, started or event.workflow_execution_signaled_event_attributes.identity))
    return found


async def line_of(house):
    mentorship = house.enrolment.mentorship
    lines = CoordinatorsList(house.records, house.environment.client)
    for _ in range(3):  # as an effect is repeated, or a certificate tried again
        await lines.open(mentorship, "silence", None, house.clock.now, "a-line")
    case = await house.records.cases.of_line("a-line")
    assert case is not None
    return case


async def test_a_concern_and_a_line_begin_look_and_end_alike(house):
    """Both are raised in the night, taken by nobody for three weeks, then closed."""
    await house.wait(hours=3)
    concern = await house.concern(contacts=("ana", "carl"))
    line = await line_of(house)
    await house.wait(21.5)
    of_concern, of_line = await looks(house, concern), await looks(house, line)
    assert "WORKFLOW_EXECUTION_SIGNALED" in [kind for kind, _, _ in of_concern[:3]]
    assert len([kind for kind, _, _ in of_concern if kind == "TIMER_STARTED"]) > 6
    assert of_concern == of_line
    summaries = [event.user_metadata.summary for event in (await house.case(concern).fetch_history()).events if event.HasField("user_metadata")]
    assert {READABLE in summary.metadata for summary in summaries} == {True}, "an admin without a key reads what it waits for"

    await house.door.take(concern, house.refs["ana"])
    await house.door.close(concern, house.refs["ana"], "talked", release=False)
    await CoordinatorsList(house.records, house.environment.client).close(house.enrolment.mentorship, "silence", house.clock.now)
    await house.case(line).signal("look")
    for case in (concern, line):
        await house.case(case).result()
        assert (await looks(house, case))[-1][0] == "WORKFLOW_EXECUTION_COMPLETED"


async def sent(house):
    """Names and ids of what was sent to the mentorship, as its history shows them, without the random parts. A signal shows no id."""
    found: list[tuple[str, object, str]] = []
    for event in (await house.mentorship.fetch_history()).events:
        signal = event.workflow_execution_signaled_event_attributes
        update = event.workflow_execution_update_accepted_event_attributes.accepted_request
        if signal.signal_name:
            found.append((signal.signal_name, sorted(signal.header.fields), signal.identity))
        if update.input.name:
            found.append((update.input.name, re.sub(r"[0-9a-f]{16}", "X", update.meta.update_id), update.meta.identity))
    return found


async def test_a_hold_and_its_end_look_like_an_operators_pause_and_its_end(house):
    concern = await house.concern(hold=True)
    await house.wait(1)
    await house.door.release(await house.now(concern))
    await house.wait(1)
    by = await house.records.people.operator("olga")
    for message, name in ((Pause, "pause"), (Resume, "resume")):
        order = message(message_id=f"op-{name.encode().hex().rjust(16, '0')}", by=by, at=await house.environment.get_current_time())
        assert (await send(house.environment.client, house.enrolment, order, 20.0))["outcome"] == "applied"
        await house.wait(1)
    held = await sent(house)
    assert [name for name, *_ in held[:3]] == ["order", "pause", "resume"]
    assert held[:3] == held[3:]


async def test_the_end_of_a_line_does_not_name_its_case(house):
    line = await line_of(house)
    await house.records.lines.settle(house.enrolment.mentorship, "silence", house.refs["ana"], "talked", house.clock.now)
    await house.case(line).signal("look")
    await house.case(line).result()
    assert [(name, told) for name, told, _ in await sent(house)] == [("resolve", "op-X")]
