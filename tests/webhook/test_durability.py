"""Acknowledged means durable, repeats change nothing, and an outage makes nobody late (P5)."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import timedelta

import httpx
import pytest
from temporalio.service import RPCError, RPCStatusCode

from gateway.connect import connect
from records.errors import RecordsUnavailable
from records.journal import JournalEntry
from tests.webhook.outbox import Outbox
from webhook import door
from webhook.app import create_app

BODY = {"by": "ana", "meeting": 2}


async def test_a_202_needs_no_worker_and_what_it_promised_is_handled_once_one_lives(sender, running, mentorship):
    answers = await asyncio.gather(*(sender.post("excuse", BODY, f"msg_{n}") for n in range(20)))
    assert {answer.status_code for answer in answers} == {202}
    assert sorted(sent["message_id"] for _, sent in await mentorship.signals()) == sorted(f"msg_{n}" for n in range(20))


async def test_the_same_message_again_is_202_and_no_change(sender, running, mentorship, clock):
    first = await sender.post("excuse", BODY, "msg_1")
    clock.forward(timedelta(hours=3))
    again = await sender.post("excuse", BODY, "msg_1")
    assert (again.status_code, again.json()) == (202, first.json())
    assert len(await mentorship.signals()) == 1


async def test_the_same_message_with_other_spacing_is_the_same_message(sender, running, mentorship):
    await sender.post("excuse", b'{"by":"ana","meeting":2}', "msg_1")
    assert (await sender.post("excuse", b' {"meeting": 2, "by": "ana"}', "msg_1")).status_code == 202
    assert len(await mentorship.signals()) == 1


async def test_a_copy_of_a_signed_request_is_refused_at_every_other_address(sender, running, mentorship, records, pair, places):
    """The signature leaves the path out: the same bytes would cancel what they confirm, or do it in another pair."""
    await records.cohorts.enrol_pairs("spring-2027", [("pair-8", pair.enrolment.mentee, pair.enrolment.mentor)])
    headers = sender.headers(json.dumps(BODY).encode(), "msg_1")
    assert (await sender.post("confirm_meeting", BODY, headers=headers)).status_code == 202
    for command, other in (("cancel_meeting", "pair-7"), ("confirm_meeting", "pair-8"), ("excuse", "pair-8")):
        answer = await sender.post(command, BODY, pair=other, headers=headers)
        assert (answer.status_code, places(answer)) == (422, {"webhook-id"})
    assert (await sender.post("confirm_meeting", BODY, headers=headers)).status_code == 202
    assert [name for name, _ in await mentorship.signals()] == ["confirm_meeting"]


async def test_what_was_refused_where_it_was_sent_is_refused_elsewhere_as_well(sender, running, mentorship, records, pair, client):
    """A copy of a message that came too late in one pair does nothing in another pair of the same two."""
    (other,) = (await records.cohorts.enrol_pairs("spring-2027", [("pair-8", pair.enrolment.mentee, pair.enrolment.mentor)])).added
    await records.cohorts.mark_started(other.mentorship)
    await mentorship.end()
    headers = sender.headers(json.dumps(BODY).encode(), "msg_1")
    assert (await sender.post("excuse", BODY, headers=headers)).status_code == 409
    assert (await sender.post("excuse", BODY, pair="pair-8", headers=headers)).status_code == 422


async def test_what_comes_to_a_mentorship_that_was_swept_leaves_no_row_that_nobody_would_sweep(sender, running, mentorship, records, pair):
    await mentorship.end()
    assert (await sender.post("excuse", BODY, "msg_1")).status_code == 409
    assert await records.doors.of(pair.mentorship) == []


@pytest.mark.parametrize(("command", "body"), [("excuse", {"by": "ana", "meeting": 3}), ("excuse", {"by": "ben", "meeting": 2}), ("dispute", BODY)])
async def test_the_same_id_with_another_body_is_422(command, body, sender, running, mentorship, places):
    await sender.post("excuse", BODY, "msg_1")
    answer = await sender.post(command, body, "msg_1")
    assert answer.status_code == 422
    assert places(answer) == {"webhook-id"}
    assert len(await mentorship.signals()) == 1


async def test_a_repeat_is_202_also_after_the_end(sender, running, mentorship):
    await sender.post("excuse", BODY, "msg_1")
    await mentorship.end()
    assert (await sender.post("excuse", BODY, "msg_1")).status_code == 202
    assert (await sender.post("excuse", {**BODY, "meeting": 3}, "msg_1")).status_code == 422
    assert (await sender.post("excuse", BODY, "msg_2")).status_code == 409


async def test_a_repeat_is_202_also_with_temporal_gone(sender, running, mentorship, settings, records, monkeypatch, keyring):
    await sender.post("excuse", BODY, "msg_1")
    async with _hook_without_temporal(settings, records, keyring, monkeypatch) as http:
        sender.http = http
        assert (await sender.post("excuse", BODY, "msg_1")).status_code == 202
        assert (await sender.post("excuse", BODY, "msg_2")).status_code == 503


async def test_a_message_that_came_in_an_outage_keeps_its_first_instant(sender, running, mentorship, settings, records, keyring, clock, monkeypatch):
    reachable = sender.http
    before = clock.now
    async with _hook_without_temporal(settings, records, keyring, monkeypatch, clock=clock) as sender.http:
        assert (await sender.post("excuse", BODY, "msg_1")).status_code == 503
    clock.forward(timedelta(hours=5))
    sender.http = reachable
    assert (await sender.post("excuse", BODY, "msg_1")).status_code == 202
    [(_, sent)] = await mentorship.signals()
    assert sent["at"] == before.isoformat().replace("+00:00", "Z")


async def test_more_than_one_task_can_hold_is_not_taken_and_late_for_nobody(sender, running, mentorship, records, pair, clock, problem, monkeypatch):
    """Messages that wait with no worker alive reach the next one as one task, which has two seconds. One that is not accepted keeps its instant."""
    monkeypatch.setattr(door, "MOST_WAITING", 3)
    taken = [f"msg_{n}" for n in range(3)]
    for message in taken:
        assert (await sender.post("excuse", BODY, message)).status_code == 202
    before = clock.now
    answer = await sender.post("excuse", BODY, "msg_3")
    assert (answer.status_code, problem(answer)["type"].rpartition(":")[2]) == (503, "behind")
    assert int(answer.headers["retry-after"]) > 0
    assert (await sender.post("excuse", BODY, "msg_0")).status_code == 202, "what was taken stays taken"
    assert len(await mentorship.signals()) == 3

    rows = [JournalEntry(seq=n, at=before, kind="command", name="excuse", message_id=message, outcome="applied") for n, message in enumerate(taken, 1)]
    await records.journal.append(pair.mentorship, rows)
    clock.forward(timedelta(hours=5))
    assert (await sender.post("excuse", BODY, "msg_3")).status_code == 202
    assert (await mentorship.signals())[-1][1]["at"] == before.isoformat().replace("+00:00", "Z")


async def test_words_are_kept_once_however_often_they_are_sent(sender, running, mentorship, records, pair, monkeypatch, settings, keyring):
    reachable, body = sender.http, {"by": "ben", "goal": "g", "text": "Lead a team", "actions": ["Ask"]}
    async with _hook_without_temporal(settings, records, keyring, monkeypatch) as sender.http:
        await sender.post("set_goal", body, "msg_1")
    sender.http = reachable
    await sender.post("set_goal", body, "msg_1")
    [(_, sent)] = await mentorship.signals()
    assert {note.id for note in await records.notes.of(pair.mentorship)} == {sent["note_id"], *sent["actions"]}


async def test_503_when_temporal_cannot_be_reached(settings, records, keyring, pair, sender, monkeypatch, problem):
    async with _hook_without_temporal(settings, records, keyring, monkeypatch) as sender.http:
        answer = await sender.post("excuse", BODY)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) == settings.webhook_retry_after
    assert problem(answer)["type"].endswith(":temporal-unavailable")


async def test_503_when_temporal_hangs(app, client, sender, running, monkeypatch):
    async def hang(*_args, **_more):
        raise RPCError("slow", RPCStatusCode.DEADLINE_EXCEEDED, b"")

    monkeypatch.setattr("temporalio.client.WorkflowHandle.signal", hang)
    assert (await sender.post("excuse", BODY)).status_code == 503


@pytest.mark.parametrize("method", ["cohorts.find", "people.ref", "doors.accept"])
async def test_503_when_records_cannot_be_reached(method, sender, records, running, monkeypatch, problem):
    monkeypatch.setattr(*_broken(records, method))
    answer = await sender.post("excuse", BODY)
    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    assert problem(answer)["type"].endswith(":records-unavailable")


async def test_503_when_the_words_cannot_be_kept_and_nothing_was_signalled(sender, records, running, mentorship, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(*_broken(records, "notes.put"))
        assert (await sender.post("set_goal", {"by": "ana", "goal": "g", "text": "words"}, "msg_1")).status_code == 503
    assert (await sender.post("set_goal", {"by": "ana", "goal": "g", "text": "words"}, "msg_1")).status_code == 202
    assert len(await mentorship.signals()) == 1


async def test_a_message_that_temporal_took_is_202_even_if_we_could_not_note_it(sender, records, running, mentorship, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(*_broken(records, "doors.mark_sent"))
        assert (await sender.post("excuse", BODY, "msg_1")).status_code == 202
    await mentorship.end("msg_1")
    assert (await sender.post("excuse", BODY, "msg_1")).status_code == 202, "the journal knows it, so it is a repeat"
    assert len(await mentorship.signals()) == 1


async def test_503_while_an_enrolled_mentorship_was_not_started_yet(sender, pair, problem):
    answer = await sender.post("excuse", BODY)
    assert answer.status_code == 503
    assert problem(answer)["type"].endswith(":not-running")


async def test_409_when_it_ended_between_the_look_and_the_signal(sender, pair, records, mentorship, monkeypatch):
    find = records.cohorts.find

    async def stale(cohort, pair_id):
        found = await find(cohort, pair_id)
        await mentorship.end()
        return found

    monkeypatch.setattr(records.cohorts, "find", stale)
    assert (await sender.post("excuse", BODY)).status_code == 409


def _broken(records, path):
    group, method = path.split(".")

    async def unavailable(*_args, **_more):
        raise RecordsUnavailable("gone")

    return getattr(records, group), method, unavailable


@contextlib.asynccontextmanager
async def _hook_without_temporal(settings, records, keyring, monkeypatch, **more):
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    quick = settings.model_copy(update={"webhook_timeout": 0.5})
    client = await connect(quick, keyring, lazy=True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(quick, client, records, post=Outbox(), **more)), base_url="http://hook") as http:
        yield http
