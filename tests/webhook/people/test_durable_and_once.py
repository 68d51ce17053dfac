"""An acknowledged event is durable, counts once, and takes effect from the instant at which it was accepted (P5)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from temporalio.service import RPCError, RPCStatusCode

from webhook import door
from webhook.people_door import PeopleDoor


async def test_acknowledged_is_durable_with_no_worker_alive_and_at_the_instant_of_acceptance(company, clock):
    """P5: no worker runs until the test looks, a week later."""
    assert (await company.say("ana", "left", message_id="hr-1")).status_code == 202
    assert (await company.receipt("ana", "hr-1"))["status"] == "waiting"
    clock.forward(timedelta(days=7))
    (order,) = await company.orders()
    assert order["at"] == "2027-03-01T09:30:00Z"
    async with company.worker(), asyncio.timeout(30):
        while (told := await company.receipt("ana", "hr-1"))["status"] == "waiting":  # on a busy machine the hook's first query fails
            pass
    assert told["status"] == "accepted"


async def test_the_same_message_again_changes_nothing_and_with_another_body_is_refused(company, clock, places):
    first = await company.say("ana", "leave", {"until": "2027-04-01"}, "hr-1")
    clock.forward(timedelta(hours=1))
    again = await company.say("ana", "leave", {"until": "2027-04-01"}, "hr-1")
    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (202, first.json())
    assert len(await company.orders()) == 1
    for event, body in (("leave", {"until": "2027-04-02"}), ("left", {})):
        answer = await company.say("ana", event, body, "hr-1")
        assert (answer.status_code, places(answer)) == (422, {"webhook-id"})
    assert len(await company.orders()) == 1


async def test_a_copy_of_a_signed_request_says_nothing_of_anybody_else_and_nothing_else(company, places):
    """The signature leaves the address out: at another address the `{}` of a return would end somebody's mentorships."""
    headers = company.headers(b"{}", "hr-1", secret="hr")
    assert (await company.http.post("/v1/people/ana/back", content=b"{}", headers=headers)).status_code == 202
    for path in ("ana/left", "ben/left", "ben/back"):
        answer = await company.http.post(f"/v1/people/{path}", content=b"{}", headers=headers)
        assert (answer.status_code, places(answer)) == (422, {"webhook-id"})
    assert [(await company.profile(person)).status for person in ("ana", "ben")] == ["active", "active"]
    assert [order["command"] for order in await company.orders()] == ["resume"]
    assert (await company.http.post("/v1/people/ana/back", content=b"{}", headers=headers)).status_code == 202
    assert len(await company.orders()) == 1


async def test_the_same_id_of_two_senders_about_both_of_a_pair_is_two_messages(company):
    for person, secret in (("ana", "hr"), ("ben", "payroll")):
        assert (await company.say(person, "leave", {"until": "2027-04-01"}, "hr-1", secret=secret)).status_code == 202
    assert len({order["message_id"] for order in await company.orders()}) == 2


async def test_what_could_not_be_told_to_every_mentorship_was_not_accepted_and_keeps_its_instant(company, client, app, clock, monkeypatch):
    """The answer is 503; the sender tries again, and is not late because of it."""
    real = type(company.client.get_workflow_handle(company.mentorships[1])).signal

    async def broken(handle: Any, *arguments: Any, **options: Any) -> None:
        if handle.id == company.mentorships[1]:
            raise RuntimeError("no connection")
        await real(handle, *arguments, **options)

    monkeypatch.setattr("temporalio.client.WorkflowHandle.signal", broken)
    assert (await company.say("ana", "left", message_id="hr-1")).status_code == 503
    monkeypatch.undo()
    clock.forward(timedelta(hours=3))
    assert (await company.say("ana", "left", message_id="hr-1")).status_code == 202
    assert [[order["at"] for order in await company.orders(pair)] for pair in (0, 1)] == [["2027-03-01T09:30:00Z"]] * 2


async def test_nothing_waits_for_a_mentorship_that_temporal_has_lost(company, records, monkeypatch):
    """It hears HR's last word once it is started again. A message that Temporal never took would have waited for a worker for as long as the pair runs."""
    real = type(company.client.get_workflow_handle(company.mentorships[1])).signal

    async def lost(handle: Any, *arguments: Any, **options: Any) -> None:
        if handle.id == company.mentorships[1]:
            raise RPCError("workflow execution already completed", RPCStatusCode.NOT_FOUND, b"")
        await real(handle, *arguments, **options)

    monkeypatch.setattr("temporalio.client.WorkflowHandle.signal", lost)
    assert (await company.say("ana", "left", message_id="hr-1")).status_code == 202
    assert [await records.doors.waiting(mentorship) for mentorship in company.mentorships] == [1, 0]
    async with company.worker(), asyncio.timeout(30):
        while (told := await company.receipt("ana", "hr-1"))["status"] == "waiting":
            pass
    assert told["status"] == "accepted"


async def test_a_leave_that_comes_again_after_a_later_word_pauses_nobody(company, clock, monkeypatch):
    """Its first attempt reached no mentorship, and HR has since said that the person is back: the pair would have paused for as long as the leave."""

    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("no connection")

    with monkeypatch.context() as away:
        away.setattr("temporalio.client.WorkflowHandle.signal", broken)
        assert (await company.say("ana", "leave", {"until": "2027-06-01"}, "hr-1")).status_code == 503
    clock.forward(timedelta(minutes=1))
    assert (await company.say("ana", "back", message_id="hr-2")).status_code == 202
    assert (await company.say("ana", "leave", {"until": "2027-06-01"}, "hr-1")).status_code == 202
    assert {order["command"] for order in await company.orders()} == {"resume"}
    assert (await company.receipt("ana", "hr-1"))["status"] == "accepted"


@pytest.mark.parametrize(("first", "then", "told"), [("leave", "back", ["resume", "pause", "resume"]), ("back", "leave", ["pause", "resume", "pause"])])
async def test_of_a_leave_and_a_return_at_once_the_later_is_what_a_mentorship_hears_last(company, clock, monkeypatch, first, then, told):
    """Two web hooks: the one with the first message is about to pass it on when the other has already passed on the second."""
    each, bodies = PeopleDoor._each, {"leave": {"until": "2027-06-01"}, "back": {}}

    async def overtaken(self: PeopleDoor, person: str, command: Any) -> Any:
        orders = await each(self, person, command)
        monkeypatch.undo()
        clock.forward(timedelta(seconds=1))
        assert (await company.say("ana", then, bodies[then])).status_code == 202
        return orders

    monkeypatch.setattr(PeopleDoor, "_each", overtaken)
    assert (await company.say("ana", first, bodies[first])).status_code == 202
    orders = await company.orders()
    assert [order["command"] for order in orders] == told
    assert len({order["message_id"] for order in orders}) == 3
    assert orders[-1] == {**orders[0], "message_id": orders[-1]["message_id"]}


async def test_a_mentorship_for_which_too_much_waits_keeps_nothing_from_the_persons_others(company, sender, clock, problem, monkeypatch):
    """A program floods one pair with messages, but what HR says about its mentor still reaches the other pair (P6)."""
    monkeypatch.setattr(door, "MOST_WAITING", 2)
    for n in range(2):
        assert (await sender.post("excuse", {"by": "ana", "meeting": 1}, f"mad_{n}", pair="one", secret="spring")).status_code == 202
    left = clock.now
    answer = await company.say("ana", "left", message_id="left")
    assert (answer.status_code, problem(answer)["type"]) == (503, "urn:mentorship:problem:behind")
    assert [order["leaver"] for order in await company.orders(1)] == [company.refs["ana"]]
    monkeypatch.setattr(door, "MOST_WAITING", 3)
    clock.forward(timedelta(hours=3))
    assert (await company.say("ana", "left", message_id="left")).status_code == 202
    assert len(await company.orders(1)) == 1
    kept = await company.records.doors.of(company.mentorships[0])
    assert [(one.sent, one.at) for one in kept][-1] == (True, left)


async def test_an_event_that_no_mentorship_hears_of_is_accepted_at_once(company):
    await company.say("ana", "address", {"name": "Ana Maria"}, "hr-1")
    assert await company.receipt("ana", "hr-1") == {"message_id": "hr-1", "status": "accepted", "reason": None, "at": "2027-03-01T09:30:00Z"}
    assert (await company.receipt("ana", "hr-404"))["status"] == "waiting"
