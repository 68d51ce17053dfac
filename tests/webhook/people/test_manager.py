"""`manager`: a changed reporting line is checked again (H4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from records.journal import JournalEntry
from records.people import Profile
from records.reporting_line import orders
from tests.webhook.people.company import NOW


async def journal(company, *commands: tuple[str, str, str]) -> None:
    """Writes commands into the first pair's journal, each with its name, its id and its outcome."""
    head = await company.records.journal.head(company.mentorships[0])
    rows = [
        JournalEntry(seq=seq, at=NOW, kind="command", name=name, message_id=message_id, by="p-o", outcome=outcome)
        for seq, (name, message_id, outcome) in enumerate(commands, head.seq + 1 if head else 1)
    ]
    await company.records.journal.append(company.mentorships[0], rows)


async def test_a_new_manager_who_brings_a_pair_into_one_line_is_a_line_for_the_coordinators(company):
    """H4: checked again when a line changes. Ben now reports to Ana: their pair is told, Ana's other pair is not, and nothing ends."""
    assert (await company.say("ben", "manager", {"manager_id": "ana"}, "hr-1")).status_code == 202
    (order,) = await company.orders(0)
    assert (order["command"], order["line"]) == ("flag", "reporting_line")
    assert await company.orders(1) == []
    assert (await company.profile("ben")).manager_id == "ana"
    await company.say("ben", "manager", {"manager_id": "ana"}, "hr-1")
    assert len(await company.orders(0)) == 1


async def test_a_change_further_up_counts_within_the_programmes_levels(company):
    """Cleo's manager is Fay, and Fay's becomes Ana: two levels, which the programme refuses by default; three would be allowed."""
    await company.records.people.enrol([Profile(person_id=n, name=n, email=f"{n}@example.org") for n in ("fay", "gil")])
    await company.say("cleo", "manager", {"manager_id": "fay"})
    assert await company.orders(1) == []
    await company.say("fay", "manager", {"manager_id": "gil"})
    await company.say("gil", "manager", {"manager_id": "ana"})
    assert await company.orders(1) == []
    await company.say("fay", "manager", {"manager_id": "ana"})
    assert [order["command"] for order in await company.orders(1)] == ["flag"]


async def test_a_line_that_is_gone_is_taken_off_the_list(company):
    await company.say("ben", "manager", {"manager_id": "ana"})
    (flag,) = await company.orders(0)
    await journal(company, ("flag", flag["message_id"], "applied"))
    await company.records.lines.open(company.mentorships[0], "reporting_line", None, NOW, "as the mentorship would")
    await company.say("ben", "manager", {"manager_id": None})
    assert [order["command"] for order in await company.orders(0)] == ["flag", "resolve"]
    assert (await company.profile("ben")).manager_id is None


async def test_the_same_end_of_a_line_may_be_told_of_by_several_events(company):
    """P5: while no worker is alive a line that is gone stays open, so that whatever HR says next of anybody's manager tells of its end once more."""
    await company.records.lines.open(company.mentorships[0], "reporting_line", None, NOW, "as the mentorship would")
    for person, manager in (("ben", None), ("cleo", "dan")):
        assert (await company.say(person, "manager", {"manager_id": manager})).status_code == 202
    assert [order["command"] for order in await company.orders(0)] == ["resolve"]


async def test_the_end_of_a_line_that_could_not_be_told_counts_from_the_first_event_whichever_brings_it(company, clock, monkeypatch):
    """P5: an outage of Temporal makes nothing late."""
    await company.records.lines.open(company.mentorships[0], "reporting_line", None, NOW, "as the mentorship would")

    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("no connection")

    with monkeypatch.context() as away:
        away.setattr("temporalio.client.WorkflowHandle.signal", broken)
        assert (await company.say("ben", "manager", {"manager_id": None})).status_code == 503
    clock.forward(timedelta(hours=3))
    assert (await company.say("cleo", "manager", {"manager_id": "dan"})).status_code == 202
    assert [(order["command"], order["at"]) for order in await company.orders(0)] == [("resolve", "2027-03-01T09:30:00Z")]


@pytest.mark.parametrize("listed", [False, True])
async def test_the_end_of_a_line_is_told_also_while_no_worker_has_opened_its_entry(company, clock, listed):
    """P5: all is said while no worker is alive. Whoever gets to it opens an entry, which nothing that HR says of this pair would close any more."""
    if listed:  # an earlier entry, whose end has been told
        await company.records.lines.open(company.mentorships[0], "reporting_line", None, NOW, "as the mentorship would")
        await company.say("ben", "manager", {"manager_id": None})
    for manager in ("ana", None, "ana", None):
        clock.forward(timedelta(minutes=1))
        await company.say("ben", "manager", {"manager_id": manager})
    orders = await company.orders(0)
    assert [order["command"] for order in orders] == ["resolve"] * listed + ["flag", "resolve"] * 2
    assert len({order["message_id"] for order in orders}) == len(orders)
    await company.say("cleo", "manager", {"manager_id": "dan"})
    assert len(await company.orders(0)) == len(orders), "whatever else HR says repeats nothing"


async def test_the_end_is_told_of_the_second_entry_also_where_an_operator_told_that_of_the_first(company, clock):
    """An operator's command reads a people file and sends its orders itself, with no worker alive either."""
    await company.records.lines.open(company.mentorships[0], "reporting_line", None, NOW, "as the mentorship would")
    (told,) = await orders(company.records, by="p-o", at=clock.now)
    for manager in ("ana", None):
        clock.forward(timedelta(minutes=1))
        await company.say("ben", "manager", {"manager_id": manager})
    assert {order["at"] for order in await company.orders(0) if order["message_id"] != told.command.message_id} == {
        "2027-03-01T09:31:00Z",
        "2027-03-01T09:32:00Z",
    }


async def test_an_operator_tells_of_a_line_again_after_its_entry_closed_by_itself_whatever_had_opened_it(company, clock):
    """HR and a people file told of it, and HR of its end, with no worker alive. Whoever got to it opened one entry, and closed it."""
    mentorship = company.mentorships[0]
    await company.say("ben", "manager", {"manager_id": "ana"})
    (told,) = await orders(company.records, by="p-o", at=clock.now)
    await company.say("ben", "manager", {"manager_id": None})
    flag, end = (order["message_id"] for order in await company.orders(0))
    await journal(company, ("flag", flag, "applied"), ("flag", told.command.message_id, "refused"), ("resolve", end, "applied"))
    await company.records.lines.open(mentorship, "reporting_line", None, NOW, "as the mentorship would")
    await company.records.lines.close(mentorship, "reporting_line", NOW)
    await company.records.people.tell(company.refs["ben"], {"manager_id": "ana"}, clock.now)
    assert [order.command.command for order in await orders(company.records, by="p-o", at=clock.now)] == ["flag"]
