"""`leave`, `back` and `left`: what records believe about a person at once, and what each of their mentorships is told (P6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from records.journal import JournalEntry
from tests.webhook.people.company import NOW


async def test_a_leave_is_told_to_every_mentorship_of_that_person_and_to_no_other(company, clock):
    answer = await company.say("ana", "leave", {"from": "2027-04-01", "until": "2027-05-01T00:00:00+02:00"}, "hr-1")
    assert answer.status_code == 202
    assert answer.json() == {"message_id": "hr-1", "receipt": "/v1/people/ana/receipts/hr-1"}
    ordered = [await company.orders(pair) for pair in (0, 1)]
    assert ordered[0] == ordered[1]
    (order,) = ordered[0]
    assert order.pop("message_id").startswith("hr.")
    assert order.pop("by").startswith("p-")
    assert order == {
        "command": "pause",
        "at": "2027-03-01T09:30:00Z",
        "away": company.refs["ana"],
        "begins": "2027-03-31T22:00:00Z",
        "until": "2027-04-30T22:00:00Z",
    }

    assert (await company.say("ben", "leave", {})).status_code == 202
    assert [len(await company.orders(pair)) for pair in (0, 1)] == [2, 1]


async def test_the_days_of_a_leave_are_those_of_the_persons_own_zone(company):
    await company.say("cleo", "address", {"time_zone": "Asia/Tokyo"})
    await company.say("cleo", "leave", {"from": "2027-04-01", "until": "2027-05-01"})
    (order,) = await company.orders(1)
    assert (order["begins"], order["until"]) == ("2027-03-31T15:00:00Z", "2027-04-30T15:00:00Z")


async def test_an_event_is_refused_only_where_no_mentorship_took_it_and_waits_while_one_has_not_looked(company):
    async def handled(pair: int, message: str, outcome: str, seq: int = 1) -> None:
        reason = "over" if outcome == "refused" else None
        row = JournalEntry(seq=seq, at=NOW, kind="command", name="end", message_id=message, by="p", outcome=outcome, reason=reason)
        await company.records.journal.append(company.mentorships[pair], [row])

    await company.say("ana", "left", message_id="hr-1")
    ((order,), _) = [await company.orders(pair) for pair in (0, 1)]
    await handled(0, order["message_id"], "refused")
    assert (await company.receipt("ana", "hr-1"))["status"] == "waiting"
    await handled(1, order["message_id"], "applied")
    assert (await company.receipt("ana", "hr-1"))["status"] == "accepted"

    await company.say("ben", "left", message_id="hr-2")
    await handled(0, (await company.orders())[-1]["message_id"], "refused", seq=2)
    answer = await company.receipt("ben", "hr-2")
    assert (answer["status"], answer["reason"]) == ("refused", "over")


async def test_whoever_is_on_leave_is_asked_for_nothing_until_it_is_over(company):
    now = datetime.now(UTC)
    await company.say("ana", "leave", {"from": (now - timedelta(days=1)).isoformat(), "until": (now + timedelta(days=1)).isoformat()})
    assert (await company.profile("ana")).status == "leave"
    await company.say("ana", "back")
    assert (await company.profile("ana")).status == "active"
    assert [order["command"] for order in await company.orders()] == ["pause", "resume"]
    await company.say("ana", "leave", {"from": (now - timedelta(days=2)).isoformat(), "until": (now - timedelta(days=1)).isoformat()})
    assert (await company.profile("ana")).status == "active"


async def test_who_is_back_is_active_whatever_was_said_of_them_before(company):
    """A people file, and no event, said that Ben is away; and it was wrong that Cleo had left."""
    await company.records.people.enrol([(await company.profile("ben")).model_copy(update={"status": "leave"})])
    await company.say("cleo", "left")
    for who in ("ben", "cleo"):
        assert (await company.profile(who)).status != "active"
        await company.say(who, "back")
        assert (await company.profile(who)).status == "active"


async def test_who_left_ends_every_mentorship_and_is_named_as_the_leaver_by_an_opaque_id(company):
    assert (await company.say("ana", "left")).status_code == 202
    for pair in (0, 1):
        (order,) = await company.orders(pair)
        assert (order["command"], order["reason"], order["leaver"]) == ("end", "stepped_away", company.refs["ana"])
    assert (await company.profile("ana")).status == "gone"


async def test_what_is_over_or_not_started_is_told_nothing(company):
    await company.records.journal.append(company.mentorships[0], [], over_at=NOW)
    await company.records.cohorts.enrol_pairs("spring-2027", [("three", company.refs["ana"], company.refs["dan"])])
    assert (await company.say("ana", "left")).status_code == 202
    assert [len(await company.orders(pair)) for pair in (0, 1)] == [0, 1]
