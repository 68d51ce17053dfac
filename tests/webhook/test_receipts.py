"""What became of a message."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from records.journal import JournalEntry

AT = datetime(2027, 3, 1, 9, 30, tzinfo=UTC)


async def test_waiting_while_no_worker_lives_and_accepted_once_one_does(sender, running, mentorship):
    await sender.post("dispute", {"by": "ana", "meeting": 1}, "msg_1")
    waiting = await sender.receipt("msg_1")
    assert (waiting.status_code, waiting.json()["status"]) == (200, "waiting")
    async with mentorship.worker():
        accepted = await sender.answer("msg_1")
    assert accepted.json() == {"message_id": "msg_1", "status": "accepted", "reason": None, "at": None}


async def test_refused_says_why(sender, running, mentorship):
    await sender.post("excuse", {"by": "ana", "meeting": 99}, "msg_1")
    async with mentorship.worker():
        answer = await sender.answer("msg_1")
    assert (answer.json()["status"], answer.json()["reason"]) == ("refused", "no_such_meeting")
    assert answer.headers["cache-control"] == "no-store", "the next one may say something else"


@pytest.mark.parametrize(("outcome", "reason", "expected"), [("applied", None, "accepted"), ("refused", "too_late", "refused")])
async def test_the_journal_answers_without_temporal(outcome, reason, expected, sender, pair, records):
    entry = JournalEntry(seq=1, at=AT, kind="command", name="excuse", message_id="msg_1", by="p", outcome=outcome, reason=reason)
    await records.journal.append(pair.mentorship, [entry])
    answer = await sender.receipt("msg_1")
    assert answer.json() == {"message_id": "msg_1", "status": expected, "reason": reason, "at": "2027-03-01T09:30:00Z"}


async def test_what_came_as_the_journal_closed_waits_until_it_is_closed_and_is_refused_then(sender, pair, mentorship, records):
    """Nobody waits for a receipt that will never be there."""
    await mentorship.end("msg_1")
    assert (await sender.receipt("msg_2")).json()["status"] == "waiting"
    await records.journal.seal(pair.mentorship)
    assert (await sender.receipt("msg_1")).json()["status"] == "accepted"
    late = (await sender.receipt("msg_2")).json()
    assert (late["status"], late["reason"]) == ("refused", "over")


@pytest.mark.parametrize("kept", ["certificates.40.0", "failed.12.1", "plan.3.0", "hr.0123456789abcdef0123456789abcdef"])
async def test_what_no_program_said_has_no_receipt_for_one(kept, sender, pair, records):
    """H12: by counting up, a program could learn from the service's own ids who is certified, which mail failed, and what HR reported."""
    entry = JournalEntry(seq=1, at=AT, kind="command", name="note_certificates", message_id=kept, by="p", outcome="applied")
    await records.journal.append(pair.mentorship, [entry])
    assert (await sender.receipt(kept)).json() == (await sender.receipt("never.came")).json() | {"message_id": kept}


async def test_head_answers_like_get_without_a_body(http, sender, pair, records):
    headers = sender.headers(b"", "ask_1")
    answer = await http.head("/v1/receipts/spring-2027/pair-7/msg_1", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


async def test_a_receipt_is_signed_like_a_command(http, sender, pair, places):
    assert (await http.get("/v1/receipts/spring-2027/pair-7/msg_1")).status_code == 401
    with_a_body = await http.request("GET", "/v1/receipts/spring-2027/pair-7/msg_1", content=b"{}", headers=sender.headers(b"{}", "ask_1"))
    assert (with_a_body.status_code, places(with_a_body)) == (422, {"#"})
    assert (await sender.receipt("msg_1", secret="autumn")).status_code == 403
    assert (await sender.receipt("msg_1", pair="pair-8")).status_code == 404


async def test_the_receipts_address_is_the_one_that_the_answer_gave(sender, running, http):
    given = (await sender.post("dispute", {"by": "ana", "meeting": 1}, "msg_1")).json()["receipt"]
    answer = await http.get(given, headers=sender.headers(b"", "ask_1"))
    assert answer.json()["message_id"] == "msg_1"
