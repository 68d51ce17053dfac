"""The door for HR's events (P6): who may speak, what is believed of a person at once, and what every mentorship of theirs is told."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from mentorship.programme import Programme
from records.cohorts import Cohort
from records.journal import JournalEntry
from records.people import Profile
from records.store import Records
from webhook import door
from webhook.people_door import PeopleDoor

NOW = datetime(2027, 3, 1, 9, 30, tzinfo=UTC)


@dataclass
class Company:
    """Ana mentors Ben and Cleo in two pairs; Dan is their manager's manager. Both pairs are started, and nobody runs them."""

    http: httpx.AsyncClient
    headers: Callable[..., dict[str, str]]
    client: Client
    records: Records
    refs: dict[str, str]
    mentorships: list[str]
    queue: str
    recorder: type
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def say(self, person: str, event: str, body: Any = None, message_id: str | None = None, **signed: Any) -> httpx.Response:
        raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        sent = self.headers(raw, message_id or f"hr_{next(self.numbers)}", **{"secret": "hr", **signed})
        return await self.http.post(f"/v1/people/{person}/{event}", content=raw, headers=sent)

    async def receipt(self, person: str, message_id: str, **signed: Any) -> dict[str, Any]:
        headers = self.headers(b"", f"ask_{next(self.numbers)}", **{"secret": "hr", **signed})
        answer = await self.http.get(f"/v1/people/{person}/receipts/{message_id}", headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        async with Worker(self.client, task_queue=self.queue, workflows=[self.recorder], workflow_runner=UnsandboxedWorkflowRunner()):
            yield

    async def orders(self, pair: int = 0) -> list[dict[str, Any]]:
        """What that mentorship was sent so far, without what is nobody's business here."""
        async with self.worker():
            seen = await self.client.get_workflow_handle(self.mentorships[pair]).query("signals")
        assert {name for name, _ in seen} <= {"order"}
        return [{key: value for key, value in arguments[0].items() if value is not None} for _, arguments in seen]

    async def profile(self, person: str) -> Profile:
        return await self.records.people.profile(self.refs[person])


@pytest_asyncio.fixture
async def company(http: httpx.AsyncClient, sender: Any, client: Client, records: Records, calm_programme: Programme, recorder: type) -> AsyncIterator[Company]:
    managers = {"ana": "eva", "ben": "eva2", "cleo": None, "eva": "dan"}
    names = ("ana", "ben", "cleo", "dan", "eva")
    refs = await records.people.enrol([Profile(person_id=n, name=n.title(), email=f"{n}@example.org", manager_id=managers.get(n)) for n in names])
    await records.programmes.put(calm_programme)
    head = calm_programme.programme
    await records.cohorts.put(Cohort(id="spring-2027", programme=head.id, version=head.version, texts_digest="0" * 64, starts_at=NOW, created_at=NOW))
    pairs = (await records.cohorts.enrol_pairs("spring-2027", [("one", refs["ana"], refs["ben"]), ("two", refs["ana"], refs["cleo"])])).added
    mentorships = [pair.mentorship for pair in pairs]
    queue = f"people-{mentorships[0]}"
    async with AsyncExitStack() as stack:
        for mentorship in mentorships:
            await records.cohorts.mark_started(mentorship, NOW)
            await client.start_workflow("Mentorship", "", id=mentorship, task_queue=queue)
            stack.push_async_callback(client.get_workflow_handle(mentorship).terminate)
        yield Company(http, sender.headers, client, records, refs, mentorships, queue, recorder)


@pytest.fixture(scope="session")
def calm_programme() -> Programme:
    return Programme.model_validate(
        {
            "programme": {"id": "p", "version": 1, "title": "P", "length": "P26W", "time_zone": "Europe/Berlin"},
            "contacts": {"coordinators": ["dan"], "owner": "eva", "outside": ["cleo"]},
            "meetings": {"count": 2, "first_after": "P7D", "interval": "P14D", "duration": "PT1H"},
            "sessions": [{"topic": "Getting started", "expectations": True}, {"topic": "On"}],
            "milestones": [{"id": "m", "title": "M"}],
        }
    )


# -- who may speak --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", ["everything", "spring"])
async def test_every_cohort_is_not_everybody(company, problem, secret):
    """`*` is every cohort; who may speak for people says so."""
    answer = await company.say("ana", "left", secret=secret)
    assert (answer.status_code, problem(answer)["type"]) == (403, "urn:mentorship:problem:out-of-scope")
    assert (await company.profile("ana")).status == "active"


async def test_hr_may_not_speak_for_a_pair(sender, company, problem):
    answer = await sender.post("excuse", {"by": "ana", "meeting": 1}, pair="one", secret="hr")
    assert answer.status_code == 403


async def test_outside_the_scope_nobody_learns_who_is_known(company):
    known, unknown = [await company.say(person, "back", secret="spring") for person in ("ana", "nobody")]
    assert known.json() == unknown.json()


async def test_unsigned_is_refused_before_anything_is_looked_up(company):
    answer = await company.http.post("/v1/people/ana/left", content=b"{}")
    assert answer.status_code == 401


async def test_a_receipt_is_for_who_may_speak_for_people_and_signed_over_an_empty_body(company, places):
    """What became of an event tells that somebody is known, and that something was said of them."""
    await company.say("ana", "left", message_id="hr-1")

    async def asked(person: str, body: bytes = b"", **signed: Any) -> httpx.Response:
        headers = company.headers(body, f"ask_{next(company.numbers)}", **signed) if signed else {}
        return await company.http.request("GET", f"/v1/people/{person}/receipts/hr-1", content=body, headers=headers)

    assert (await asked("ana")).status_code == 401
    known, unknown = [await asked(person, secret="everything") for person in ("ana", "nobody")]
    assert (known.status_code, known.json()) == (403, unknown.json())
    assert (await asked("nobody", secret="hr")).status_code == 404
    with_a_body = await asked("ana", b"{}", secret="hr")
    assert (with_a_body.status_code, places(with_a_body)) == (422, {"#"})


async def test_somebody_unknown_or_erased_is_not_found(company, problem):
    assert problem(await company.say("nobody", "left"))["type"] == "urn:mentorship:problem:no-such-person"
    await company.records.people.erase(company.refs["ben"])
    assert (await company.say("ben", "left")).status_code == 404


# -- leave, back, left ----------------------------------------------------------------------------------------------------


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
    """A people file said that Ben is away, which no event did; and that Cleo had left was wrong."""
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


# -- durable, and once ----------------------------------------------------------------------------------------------------


async def test_acknowledged_is_durable_with_no_worker_alive_and_at_the_instant_of_acceptance(company, clock):
    """P5: no worker lives until the test looks, a week later."""
    assert (await company.say("ana", "left", message_id="hr-1")).status_code == 202
    assert (await company.receipt("ana", "hr-1"))["status"] == "waiting"
    clock.forward(timedelta(days=7))
    (order,) = await company.orders()
    assert order["at"] == "2027-03-01T09:30:00Z"
    async with company.worker(), asyncio.timeout(30):
        while (told := await company.receipt("ana", "hr-1"))["status"] == "waiting":  # on a busy machine the hook asks in vain at first
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
    """The signature leaves the address out: `{}` of a return would be somebody's end at another one."""
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
    """503; the sender tries again, and is not late for it."""
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


async def test_a_leave_that_comes_again_after_a_later_word_pauses_nobody(company, clock, monkeypatch):
    """Its first try reached no mentorship, and HR has said since that the person is back: the pair would have stood still for as long as the leave."""

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
    """Two web hooks: the one that took the first is about to tell it when the other one has told the second."""
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
    """A program that went mad about one pair: what HR says of its mentor is for the other pair as well (P6)."""
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


# -- address and name -----------------------------------------------------------------------------------------------------


async def test_an_address_and_a_name_are_taken_over_and_the_rest_stays(company):
    assert (
        await company.say("ana", "address", {"email": "ana.new@example.org", "name": "Ana Neu", "time_zone": "Asia/Tokyo", "language": "de"})
    ).status_code == 202
    found = await company.profile("ana")
    assert (found.email, found.name, found.time_zone, found.language, found.manager_id) == ("ana.new@example.org", "Ana Neu", "Asia/Tokyo", "de", "eva")
    assert await company.records.people.by_email("ana@example.org") == ()
    assert await company.orders() == []


async def test_an_address_of_somebody_else_is_refused(company, places):
    answer = await company.say("ana", "address", {"email": "BEN@example.org"})
    assert (answer.status_code, places(answer)) == (422, {"#/email"})
    assert (await company.profile("ana")).email == "ana@example.org"


@pytest.mark.parametrize(
    ("event", "body", "where"),
    [
        ("address", {}, {"#"}),
        ("address", {"email": None}, {"#"}),
        ("address", {"email": "nowhere", "time_zone": "Mars/Base", "language": "??", "name": " "}, {"#/email", "#/time_zone", "#/language", "#/name"}),
        ("address", {"email": "\u200bana@example.org"}, {"#/email"}),
        ("address", {"email": "a\x00na@example.org"}, {"#/email"}),
        ("address", {"email": "=?utf-8?q?ana?=@example.org"}, {"#/email"}),
        ("address", {"mail": "a@b.example"}, {"#", "#/mail"}),
        ("manager", {}, {"#/manager_id"}),
        ("manager", {"manager_id": "ana"}, {"#/manager_id"}),
        ("manager", {"manager_id": "with blank"}, {"#/manager_id"}),
        ("leave", {"from": "soon"}, {"#/from"}),
        ("leave", {"from": "2027-05-01", "until": "2027-04-01"}, {"#/until"}),
        ("leave", {"from": "2027-05-01", "until": "2027-05-01"}, {"#/until"}),
        ("leave", {"until": "2027-05-01T00:00:00"}, {"#/until"}),
        ("leave", {"until": "0001-01-01"}, {"#/until"}),
        ("leave", {"until": "1900800000"}, {"#/until"}),
        ("left", {"why": "a better offer"}, {"#/why"}),
        ("back", [], {"#"}),
        ("back", b"{", {"#"}),
    ],
)
async def test_every_fault_has_its_place_and_nothing_is_told(company, places, event, body, where):
    answer = await company.say("ana", event, body)
    assert answer.status_code == 422, answer.text
    assert places(answer) == where
    assert await company.orders() == []


# -- a line that changes --------------------------------------------------------------------------------------------------


async def test_a_new_manager_who_brings_a_pair_into_one_line_is_a_line_for_the_coordinators(company):
    """H4: checked again when a line changes. Ben reports to Ana now: their pair is told, Ana's other pair is not, and nothing ends."""
    assert (await company.say("ben", "manager", {"manager_id": "ana"}, "hr-1")).status_code == 202
    (order,) = await company.orders(0)
    assert (order["command"], order["line"]) == ("flag", "reporting_line")
    assert await company.orders(1) == []
    assert (await company.profile("ben")).manager_id == "ana"
    await company.say("ben", "manager", {"manager_id": "ana"}, "hr-1")
    assert len(await company.orders(0)) == 1


async def test_a_change_further_up_counts_within_the_programmes_levels(company):
    """Cleo's manager is Fay, and Fay's becomes Ana: two levels, which the programme refuses by default; three would be fine."""
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
    await company.records.lines.open(company.mentorships[0], "reporting_line", None, NOW, "as the mentorship would")
    await company.say("ben", "manager", {"manager_id": None})
    assert [order["command"] for order in await company.orders(0)] == ["flag", "resolve"]
    assert (await company.profile("ben")).manager_id is None


# -- two sources ----------------------------------------------------------------------------------------------------------


async def test_an_old_people_file_does_not_undo_what_hr_said_and_a_changed_one_does(company):
    filed = await company.profile("ana")
    await company.say("ana", "address", {"email": "hr@example.org", "name": "By HR"})
    await company.records.people.enrol([filed])
    assert (await company.profile("ana")).email == "hr@example.org"
    await company.records.people.enrol([filed.model_copy(update={"email": "later@example.org", "department": "new"})])
    found = await company.profile("ana")
    assert (found.email, found.name, found.department) == ("later@example.org", "By HR", "new")


async def test_the_document_describes_every_event(http):
    described = (await http.get("/openapi.json")).json()
    assert {path.rpartition("/")[2] for path in described["paths"] if path.startswith("/v1/people/{person_id}/") and "receipts" not in path} == {
        "leave",
        "back",
        "left",
        "manager",
        "address",
    }
    for name in ("Leave", "Manager", "Address"):
        assert described["components"]["schemas"][name]["properties"]
