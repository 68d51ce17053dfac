"""Signals sent by hand, past the web hook and all our models: nothing that anybody sends may fail a mentorship, wedge it, or slow it for good."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from mentorship.commands import ConfirmMeeting, End, Extend, Pause, RecordMilestone, Resolve, Resume, SetGoal, WaiveMilestone


@pytest.fixture
async def started(house, calm):
    """A mentorship in which nothing is due for an hour, and a worker."""
    await house.start(calm())
    async with house.worker():
        await house.idle()
        yield house


async def still_works(house, message_id="and-then") -> None:
    """Asserts that a good signal is applied as if nothing had happened."""
    await house.signal(RecordMilestone(message_id=message_id, by=house.mentee, milestone="visit"))
    assert await house.receipt_within(message_id) == {"outcome": "applied", "reason": None}
    status = await house.idle()
    assert status.phase == "aligning"
    assert not status.diverged
    await house.check_books()


UNREADABLE = {
    "wrong types": {"message_id": "m", "by": "{mentor}", "meeting": {"a": ["list"]}},
    "a number as the person": {"message_id": "m", "by": 7, "meeting": 1},
    "a list": ["m", 1],
    "a text": "confirm please",
    "a number": 42,
    "another command's name": {"message_id": "m", "by": "{mentor}", "command": "end"},
    "an id of 300 characters": {"message_id": "m" * 300, "by": "{mentor}", "meeting": 1},
    "no instant": {"message_id": "m", "by": "{mentor}", "meeting": 1, "at": "yesterday"},
    "an instant beyond the calendar": {"message_id": "m", "by": "{mentor}", "meeting": 1, "at": "0001-01-01T00:00:00+14:00"},
    "half a character": '{"message_id": "m\\ud800", "by": "{mentor}", "meeting": 1}',
}


async def test_what_cannot_be_understood_is_dropped_and_the_rest_goes_on(started):
    for body in UNREADABLE.values():
        text = body if isinstance(body, str) and body.startswith("{") else json.dumps(body)
        await started.by_hand("confirm_meeting", text.replace("{mentor}", started.mentor))
    await started.by_hand("confirm_meeting")  # no input at all
    await started.by_hand("confirm_meeting", json.dumps({"message_id": "m", "by": started.mentor, "meeting": 1}), '"and more"')
    await started.by_hand("no_such_signal", "{}")
    await started.by_hand("submit_privately", json.dumps({"message_id": "m", "by": started.mentor, "body": {"kind": "poem"}}))
    assert (await started.receipt("m"))["outcome"] == "waiting"
    await still_works(started)


async def test_what_is_understood_by_hand_has_a_receipt(started):
    """Plain, unsealed JSON is readable. Unknown fields are ignored, and what may not be done is refused with a reason."""
    stranger = "p-aaaaaaaaaaaaaaaa"
    for message_id, name, body in (
        ("unknown-fields", "confirm_meeting", {"by": started.mentor, "meeting": 1, "mood": "good", "nested": {"a": [1]}}),
        ("a-stranger", "confirm_meeting", {"by": stranger, "meeting": 1}),
        ("nobody", "confirm_meeting", {"meeting": 1}),
        ("the-service", "confirm_meeting", {"by": "service", "meeting": 1}),
        ("no-such-meeting", "cancel_meeting", {"by": started.mentor, "meeting": 99}),
        ("a-negative-meeting", "cancel_meeting", {"by": started.mentor, "meeting": -1}),
        ("a-huge-number", "confirm_meeting", {"by": started.mentor, "meeting": 10**30}),
        ("the-future", "confirm_meeting", {"by": started.mentor, "meeting": 2, "at": "2999-01-01T00:00:00Z"}),
        ("long-ago", "confirm_meeting", {"by": started.mentor, "meeting": 2, "at": "0001-01-01T00:00:00Z"}),
        ("before-it-began", "record_milestone", {"by": started.mentor, "milestone": "talk", "done_at": "1999-01-01T00:00:00Z"}),
        ("a-fact", "record_milestone", {"by": started.mentor, "milestone": "aligned"}),
        ("nul\0", "confirm_meeting", {"by": started.mentee, "meeting": 3}),
        ("words", "set_goal", {"by": started.mentor, "goal": "I want to be a better listener"}),
        ("empty-private", "submit_privately", {"by": started.mentor}),
    ):
        await started.by_hand(name, json.dumps({"message_id": message_id, **body}))
    await started.by_hand("confirm_meeting", "{}")

    await started.receipt_within("empty-private")
    await started.idle()
    got = {row.message_id: (row.outcome, row.reason) for row in await started.journal() if row.kind == "command"}
    assert {k: v for k, v in got.items() if not k.startswith("unnamed.")} == {
        "unknown-fields": ("applied", None),
        "a-stranger": ("refused", "not_a_participant"),
        "nobody": ("refused", "not_a_participant"),
        "the-service": ("refused", "not_a_participant"),
        "no-such-meeting": ("refused", "no_such_meeting"),
        "a-negative-meeting": ("refused", "no_such_meeting"),
        "a-huge-number": ("refused", "no_such_meeting"),
        "the-future": ("refused", "in_the_future"),
        "long-ago": ("refused", "malformed"),
        "before-it-began": ("refused", "before_start"),
        "a-fact": ("refused", "a_fact"),
        "nul\ufffd": ("applied", None),
        "words": ("refused", "malformed"),
        "empty-private": ("refused", "malformed"),
    }
    assert [v for k, v in got.items() if k.startswith("unnamed.")] == [("refused", "not_a_participant")]
    await still_works(started)


async def test_the_same_message_twice_is_applied_once(started):
    """Also under another name, and by hand after the client."""
    await started.signal(SetGoal(message_id="goal", by=started.mentor, goal="listen"))
    for _ in range(2):
        await started.by_hand("set_goal", json.dumps({"message_id": "goal", "by": started.mentor, "goal": "speak"}))
    await still_works(started)
    assert (await started.status()).goals == {"listen": "set"}


async def test_a_message_repeated_after_300_others_changes_nothing_and_stops_nothing(started):
    """The workflow remembers 256 ids. An older message is decided again, as a goal that exists already."""
    first = SetGoal(message_id="goal", by=started.mentor, goal="listen")
    await started.signal(first)
    await started.receipt_within("goal")
    await asyncio.gather(*(started.signal(SetGoal(message_id=f"again-{n}", by=started.mentor, goal="listen")) for n in range(300)))
    await started.idle()
    await started.signal(first)
    await still_works(started)
    rows = [row for row in await started.journal() if row.message_id == "goal"]
    assert [row.outcome for row in rows] == ["applied", "refused"]
    assert (await started.status()).goals == {"listen": "set"}


async def send_raw(house, name: str, payload: Payload) -> None:
    """A signal whose payload goes out unchanged, without our codec."""
    await house.client.workflow_service.signal_workflow_execution(
        SignalWorkflowExecutionRequest(
            namespace=house.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=house.pairs[0].mentorship),
            signal_name=name,
            input=Payloads(payloads=[payload]),
        )
    )


@pytest.mark.parametrize("key_id", ["ours", "k-nobody", None])
async def test_a_payload_that_only_claims_to_be_sealed_loses_that_message_and_no_other(key_id, started):
    name = started.keyring.active if key_id == "ours" else key_id
    metadata = {"encoding": b"binary/encrypted", **({"key-id": name.encode()} if name else {})}
    for data in (b"", b"not really", b"x" * 200, b'{"message_id": "m", "by": "me"}'):
        await send_raw(started, "confirm_meeting", Payload(metadata=metadata, data=data))
    await still_works(started)


async def test_an_operators_update_by_hand_with_impossible_numbers_is_refused(started):
    """An update's body may be as strange as a signal's."""
    for n, length in enumerate(({"days": 10**15}, {"days": -400}, {"days": 10**6}, {"seconds": 10**18})):
        with pytest.raises(WorkflowUpdateFailedError):
            await started.handle().execute_update("extend", {"message_id": f"extend-{n}", "by": "p-operator", "length": length})
    ends = (await started.status()).ends
    answer = await started.handle().execute_update("extend", Extend(message_id="extend", by="p-operator", length="P1D"))
    assert answer["outcome"] == "applied"
    assert (await started.status()).ends > ends


ORDERS = {
    "pause": Pause(),
    "resume": Resume(),
    "extend": Extend(length="P1D"),
    "waive_milestone": WaiveMilestone(milestone="visit"),
    "resolve": Resolve(line="silence"),
    "end": End(),
}


async def refusal(house, name: str, **said: str) -> str | None:
    """Why the update was refused before it was accepted."""
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await house.handle().execute_update(name, ORDERS[name].model_copy(update=said))
    assert isinstance(failed.value.cause, ApplicationError)
    return failed.value.cause.type


async def test_an_operators_update_that_names_nobody_or_has_no_id_is_not_taken_in(started):
    """Records: the journal holds every command, and who gave it."""
    rows = len(await started.journal())
    for name in ORDERS:
        assert await refusal(started, name, message_id=f"by-nobody-{name}") == "malformed"
        assert await refusal(started, name, by="p-operator") == "malformed"
    await started.idle()
    assert len(await started.journal()) == rows


async def test_an_operators_order_that_comes_again_is_done_once_and_answered_alike(started):
    """It comes again as another update, or as one after it came by itself: a new run forgets the ids of updates, and a revival sends what they said again."""
    pause = Pause(message_id="pause", by="p-operator")
    await started.handle().signal("order", pause)
    assert await started.receipt_within("pause") == await started.handle().execute_update("pause", pause) == {"outcome": "applied", "reason": None}
    waive = WaiveMilestone(message_id="waive", by="p-operator", milestone="nowhere")
    for _ in range(2):
        assert await started.handle().execute_update("waive_milestone", waive) == {"outcome": "refused", "reason": "no_such_milestone"}
    await started.idle()
    assert [row.message_id for row in await started.journal() if row.kind == "command" and row.by == "p-operator"] == ["pause", "waive"]


async def test_what_an_operator_orders_after_the_end_is_refused_while_the_last_mails_are_under_way(started, mailbox):
    """Otherwise it would be reported as done, and have no effect. A mentorship that does not differ from its journal has nothing to resolve."""
    not_diverged = Resolve(message_id="not-diverged", by="p-operator", line="diverged")
    assert await started.handle().execute_update("resolve", not_diverged) == {"outcome": "refused", "reason": "no_such_line"}
    mailbox.answers.clear()
    await started.handle().execute_update("end", End(message_id="end", by="p-operator"))
    for name in ORDERS:
        assert await refusal(started, name, message_id=f"after-{name}", by="p-operator") == "over"
    mailbox.answers.set()
    assert (await started.outcome()).ended == "operator"


async def all_of_them(house) -> bool:
    return len({row.message_id for row in await house.journal() if (row.message_id or "").startswith("storm-")}) == 3000


async def test_3000_signals_in_a_row_are_all_handled_and_nothing_is_slow_afterwards(house, calm, record_property):
    """All of them wait for the worker at once: the worst case for one workflow task, which has two seconds."""
    await house.start(calm())
    begun = time.perf_counter()
    mentee, mentor = house.mentee, house.mentor
    for first in range(0, 3000, 100):
        await asyncio.gather(
            *(house.signal(ConfirmMeeting(message_id=f"storm-{n}", by=(mentor, mentee)[n % 2], meeting=n % 5)) for n in range(first, first + 100))
        )
    accepted = time.perf_counter() - begun
    begun = time.perf_counter()
    async with house.worker():
        await house.until(lambda: all_of_them(house), within=90)
        handled = time.perf_counter() - begun
        begun = time.perf_counter()
        await still_works(house)
        after = time.perf_counter() - begun
    print(f"3,000 signals: accepted in {accepted:.1f} s, handled in {handled:.1f} s; the next one in {after:.2f} s")  # noqa: T201
    record_property("accepted_seconds", accepted)
    record_property("handled_seconds", handled)
    total = await house.check_books()
    assert total["applied"] + total["refused"] == 3001
    assert after < max(10, handled), "on a slow machine no longer than all of them together"
