"""Continue-as-new every few events, amid a storm of signals and failing mail: nothing is lost, doubled or reordered, and operators are answered."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.update.v1 import UpdateRef, WaitPolicy
from temporalio.api.workflowservice.v1 import PollWorkflowExecutionUpdateRequest
from temporalio.service import RPCError, RPCStatusCode

from activities.enrolment import Progress
from mentorship.commands import ConfirmMeeting, Pause, Resume, WaiveMilestone
from starter.operator_update import _sent as operators_update
from wire.names import cohort_id
from wire.search_attributes import NEXT_MEETING, PHASE
from workflows.mentorship import MOST_AT_ONCE

OFTEN = {"limit.historyCount.suggestContinueAsNew": 40, "history.workflowIdReuseMinimalInterval": "0s"}
MENTOR, MENTEE = "mentor-1@example.org", "mentee-1@example.org"


async def runs(house) -> int:
    """How many runs the mentorship has had."""
    count, run = 0, None
    while run is None or run:
        handle = house.client.get_workflow_handle(house.pairs[0].mentorship, run_id=run)
        first = (await anext(handle.fetch_history_events())).workflow_execution_started_event_attributes
        count, run = count + 1, first.continued_execution_run_id
    return count


async def operator(house, times: int) -> list[str]:
    """Pauses and resumes in turn; returns what became of each."""
    found = []
    for n in range(times):
        for name, model in (("pause", Pause), ("resume", Resume)):
            answer = await operators_update(house.client, house.pairs[0], model(message_id=f"{name}-{n}", by="p-operator"), 30)
            found.append(answer["outcome"])
    waive = WaiveMilestone(message_id="waive", by="p-operator", milestone="visit")
    answer = await operators_update(house.client, house.pairs[0], waive, 30)
    return [*found, answer["outcome"]]


async def test_a_storm_over_many_runs_loses_doubles_and_reorders_nothing(houses, calm, hurried, mailbox):
    """The mentor's mailbox is busy for a while (4xx), the mentee's refuses for good (5xx)."""
    house = await houses(dynamic=OFTEN)
    await house.start(calm())
    mailbox.refuse |= {MENTOR: "451 busy", MENTEE: "550 no such mailbox"}

    async def storm(side: str) -> None:
        for n in range(120):
            await house.post(0, side, "confirm_meeting", f"{side}-{n:03}", meeting=n % 4 + 1)

    async with house.worker():
        _, _, answers = await asyncio.gather(storm("mentor"), storm("mentee"), operator(house, 4))
        assert answers == ["applied"] * 9
        del mailbox.refuse[MENTOR]
        await house.idle(within=60)
        assert await runs(house) > 2
        total = await house.check_books()

    assert sum(total.values()) == 240
    rows = await house.journal()
    for side in ("mentor", "mentee"):
        told = [row.message_id for row in rows if (row.message_id or "").startswith(side)]
        assert told == sorted(told), "reordered"
    words = {"mentorship_started": "Welcome", "paused": "pause", "plan_applied": "goes on"}
    news = {row.seq: words[row.name] for row in rows if row.name in words}
    failed = [row.body for row in rows if row.name == "notice_failed"]
    over = [int(body["effect"].partition(".")[0]) for body in failed if body["to"] == "mentor"]
    assert {news[seq] for seq in over} <= {"pause"}, "of all news only a pause that was over helped nobody any more"
    expected = [said for seq, said in news.items() if seq not in over]
    subjects = [mail["Subject"] for mail in mailbox.to(MENTOR)]
    assert len(news) >= 6
    assert all(said in subject for said, subject in zip(expected, subjects, strict=True)), subjects
    assert max(Counter(mail["Message-ID"] for mail in mailbox.mails).values()) == 1
    assert not mailbox.to(MENTEE)
    assert len(failed) == len(news) + len(over)
    assert set(Counter(body["effect"] for body in failed).values()) == {1}


@pytest.mark.parametrize("puts_off", [0, 2])
async def test_a_mail_that_the_mail_server_has_is_not_sent_again_by_a_new_run(puts_off, houses, calm, mailbox):
    """The mail server has not answered when enough has happened for a new run. A mail that it then accepts is sent; one that it puts off is tried again.

    More comes in meanwhile than one task takes, and the new run knows it and shows it: a pause, and no next meeting.
    """
    house = await houses(dynamic=OFTEN)
    house.settings = house.settings.model_copy(update={"smtp_timeout": 115.0})  # as long as an attempt may last: a busy machine needs more than usual
    await house.start(calm())
    mailbox.answers.clear()
    mailbox.puts_off = puts_off

    async def both_are_given() -> bool:
        return mailbox.given == 2

    async def interrupted() -> bool:
        return any([event.HasField("activity_task_cancel_requested_event_attributes") async for event in house.handle().fetch_history_events()])

    async def only_mails_are_left() -> bool:
        left = (await house.handle().describe()).raw_description.pending_activities
        return {one.activity_type.name for one in left} == {"send_notice"}

    async def since(kind: str) -> list[str]:
        kinds = [event.WhichOneof("attributes").removesuffix("_event_attributes") async for event in house.handle().fetch_history_events()]
        return kinds[len(kinds) - kinds[::-1].index(kind) :]

    async def looked_again() -> bool:
        return "workflow_task_completed" in await since("workflow_execution_signaled")

    async def carried_on() -> bool:
        return await runs(house) > 1

    async with house.worker():
        await house.until(both_are_given)
        for n in range(60):
            await house.post(0, "mentor", "confirm_meeting", f"mentor-{n:03}", meeting=n % 4 + 1)
        await house.until(interrupted, within=90)
        await house.until(only_mails_are_left)
        await house.handle().signal("order", Pause(message_id="meanwhile", by="p-operator"))
        await asyncio.gather(*(house.signal(ConfirmMeeting(message_id=f"then-{n}", by=house.mentee, meeting=1)) for n in range(MOST_AT_ONCE + 50)))
        await house.until(looked_again, within=90)
        assert "timer_started" not in await since("activity_task_cancel_requested"), "the new run is on its way"
        mailbox.answers.set()
        await house.until(carried_on, within=90)
        await house.idle(within=60)
        shown = (await house.handle().describe()).typed_search_attributes
        assert (shown.get(PHASE), shown.get(NEXT_MEETING)) == ("paused", None)
        await house.check_books()
    assert mailbox.given == 4 + puts_off
    for address in (MENTOR, MENTEE):
        assert [words in mail["Subject"] for mail, words in zip(mailbox.to(address), ("Welcome", "paused"), strict=True)] == [True, True]


async def admitted(house, update: str) -> bool:
    """Whether the server has accepted the update, for which no worker needs to run."""
    asked = UpdateRef(workflow_execution=WorkflowExecution(workflow_id=house.pairs[0].mentorship), update_id=update)
    try:
        await house.client.workflow_service.poll_workflow_execution_update(
            PollWorkflowExecutionUpdateRequest(namespace=house.client.namespace, update_ref=asked, wait_policy=WaitPolicy())
        )
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return True


async def test_an_operator_is_answered_in_the_midst_of_a_storm(house, calm):
    """The update comes with a thousand signals, before any worker lives: its answer is not pushed out of the last 256, and each keeps its instant (P5)."""
    await house.start(calm())
    begun = datetime.now(UTC)
    commands = [ConfirmMeeting(message_id=f"storm-{n}", by=house.mentor, at=begun + timedelta(milliseconds=n), meeting=1) for n in range(1000)]
    await asyncio.gather(*(house.signal(command) for command in commands[:500]))
    asked = [
        asyncio.create_task(house.handle().execute_update(name, order, id=order.message_id))
        for name, order in (
            ("pause", Pause(message_id="pause", by="p-operator", at=begun)),
            ("waive_milestone", WaiveMilestone(message_id="waive", by="p-operator", at=begun, milestone="nowhere")),
        )
    ]
    await asyncio.gather(*(house.signal(command) for command in commands[500:]))
    for update in ("pause", "waive"):
        await house.until(partial(admitted, house, update))
    async with house.worker():
        async with asyncio.timeout(60):
            assert await asyncio.gather(*asked) == [{"outcome": "applied", "reason": None}, {"outcome": "refused", "reason": "no_such_milestone"}]
        await house.journalled("storm-999")
        await house.idle(within=60)
        await house.check_books()
    assert [(row.message_id, row.at) for row in await house.journal() if (row.message_id or "").startswith("storm-")] == [
        (command.message_id, command.at) for command in commands
    ]


async def test_an_order_that_comes_again_in_a_storm_is_answered_as_it_was(house, calm):
    """So many messages come with it that its outcome is pushed out of the last 256; it is not decided anew all the same."""
    await house.start(calm())

    async def storm(name: str, messages: int) -> None:
        await asyncio.gather(*(house.signal(ConfirmMeeting(message_id=f"{name}-{n}", by=house.mentor, meeting=1)) for n in range(messages)))

    pause = Pause(message_id="pause", by="p-operator")
    async with house.worker():
        first = await house.handle().execute_update("pause", pause)
        await storm("before", 100)
        await house.idle()
    await storm("after", MOST_AT_ONCE)
    again = asyncio.create_task(house.handle().execute_update("pause", pause, id="again"))
    await house.until(partial(admitted, house, "again"))
    async with house.worker():
        async with asyncio.timeout(30):
            assert await again == first == {"outcome": "applied", "reason": None}
        await house.idle()
        await house.check_books()
    assert [row.outcome for row in await house.journal() if row.message_id == "pause"] == ["applied"]


@pytest.mark.parametrize("often", [True, False])
async def test_a_cancelled_workflow_is_an_operators_end_told_to_both(often, houses, calm, mailbox):
    """Even when the next run is about to begin."""
    house = await houses(dynamic=OFTEN if often else None)
    await house.start(calm())
    async with house.worker():
        for n in range(30):
            await house.post(0, "mentor", "confirm_meeting", f"before-{n}", meeting=n % 4 + 1)
        storm = [asyncio.create_task(house.signal(ConfirmMeeting(message_id=f"with-{n}", by=house.mentee, meeting=1))) for n in range(10)]
        await house.handle().cancel()
        said = await asyncio.gather(*storm, return_exceptions=True)
        assert {one.status if isinstance(one, RPCError) else one for one in said if one is not None} <= {RPCStatusCode.NOT_FOUND}, (
            "whoever speaks after the end is told that it is over"
        )
        outcome = await house.outcome()
    assert (outcome.phase, outcome.ended) == ("ended", "operator")
    for address in (MENTOR, MENTEE):
        assert sum("ended" in mail["Subject"].lower() for mail in mailbox.to(address)) == 1
    assert [row.name for row in await house.journal()].count("mentorship_ended") == 1
    assert await house.records.journal.verify(cohort=house.cohort) == []
    assert (await house.records.cohorts.by_mentorship(house.pairs[0].mentorship)).state == "over"


async def test_a_cancellation_that_comes_with_signals_is_not_lost_to_the_run_that_ends(houses, calm):
    """One task brings the cancellation and signals that make a new run due: the signals are handed over first."""
    house = await houses(dynamic=OFTEN)
    await house.start(calm())
    async with house.worker():
        await house.idle()
    assert await runs(house) == 1
    for n in range(50):
        await house.signal(ConfirmMeeting(message_id=f"with-{n}", by=house.mentee, meeting=1))
    await house.handle().cancel()
    async with house.worker():
        outcome = await house.outcome()
        assert await runs(house) > 1
        assert [entry["what"] for entry in await house.handle().query("timeline")] == [row.name for row in (await house.journal())[-20:]]
    assert (outcome.phase, outcome.ended) == ("ended", "operator")


async def test_a_cohorts_new_run_goes_on_with_the_same_digest_and_starts_nobody_again(houses, calm):
    """P7: the workflow lives as long as its pairs."""
    house = await houses(dynamic=OFTEN)
    await house.enrol(calm())
    await house.start_cohort()
    handle = house.client.get_workflow_handle(cohort_id(house.cohort))

    async def handed_on() -> Any:
        first = (await anext(handle.fetch_history_events())).workflow_execution_started_event_attributes
        return await house.client.data_converter.decode(first.input.payloads) if first.continued_execution_run_id else None

    async def looked() -> Progress | None:
        progress = Progress.model_validate(await handle.query("progress"))
        return progress if progress.total else None

    async with house.worker():
        for _ in range(50):
            await handle.signal("enrol")
        [given] = await house.until(handed_on)
        progress = await house.until(looked)
    assert (given["cohort"], given["enrolled"]) == (house.cohort, True)
    assert datetime.fromisoformat(given["due"]) == progress.next_digest
    assert (progress.started, progress.pending) == (1, 0)
