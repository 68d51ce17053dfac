"""The partner can find no trace of a concern: everything that they see and receive is the same with it and without it (H16, H12)."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHistory

from gateway import logs
from gateway.links import Bearer, LinkSigner
from mentorship.commands import EXPECTATIONS, ConfirmExpectations, ConfirmMeeting, Pause, RecordMilestone, ReportMeeting, Resume
from notices.smtp import Mailer
from records import ids
from schedule.calendar import reading_hours
from starter.operator_update import send
from tests.webhook.outbox import Outbox
from webhook.app import create_app
from worker.case_desk import CaseDesk
from worker.case_meetings import Meetings, NotNow
from worker.case_post import CasePost

CANARY = "canary-in-the-words"


@pytest.fixture
def same_ids(monkeypatch):
    """Ids are minted in the same order in every run, so that what is made from them can be compared to the byte."""

    def forget() -> None:
        counts: dict[str, int] = {}

        def mint(prefix: str, length: int) -> str:
            kind = "operator" if prefix == "p" and counts.get("p", 0) >= 9 else prefix
            counts[kind] = counts.get(kind, 0) + 1
            return f"{prefix}-{f'{kind[0]}{counts[kind]}'.rjust(length, '0')}"

        for module in ("records.people", "records.cohorts", "records.cases", "records.notes"):
            monkeypatch.setattr(f"{module}.mint", mint)

    assert callable(ids.mint)
    return forget


def without_tokens(text: str) -> str:
    """Removes the tokens of links, which contain when they were made; nothing else may differ."""
    return re.sub(r"/(p|u|private|coordinator|case)/[\w.-]+", r"/\1/TOKEN", text)


def mails(mailbox, who, first) -> list[str]:
    found = [mail for mail in mailbox.mails[first:] if f"{who}@example.org" in mail["To"]]
    return [without_tokens("\n".join([*(f"{name}: {value}" for name, value in mail.items()), *map(str, _parts(mail))])) for mail in found]


def _parts(mail):
    return [part.get_content() for part in mail.walk() if not part.is_multipart()]


async def pages(house, who) -> dict[str, str]:
    """Every page of the person's own, their calendar, and the pages that anybody can open."""
    app = create_app(house.settings, house.environment.client, house.records, post=Outbox(), clock=house.clock)
    signer = LinkSigner(house.settings.link_secrets)
    bearer = Bearer(house.enrolment.mentorship, house.refs[who])
    token = {purpose: signer.token(purpose, bearer) for purpose in ("page", "private", "calendar")}
    addresses = {
        "page": f"/p/{token['page']}",
        "move": f"/p/{token['page']}/move_meeting/3",
        "private": f"/private/{token['private']}",
        "everything": f"/private/{token['private']}/everything",
        "download": f"/private/{token['private']}/everything.json",
        "concern": f"/concern/{token['private']}",
        "calendar": f"/p/{token['calendar']}/calendar.ics",
        "who sees what": "/who-sees-what",
    }
    found = {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hook") as http:
        for name, address in addresses.items():
            answer = await http.get(address)
            assert answer.status_code in (200, 404), (name, answer.text)
            body = re.sub(r'name="form" value="[^"]*"', "", without_tokens(answer.text))
            body = body.replace(token["page"], "T").replace(token["private"], "T").replace("/concern/T", "/concern/TOKEN")
            if name == "download":  # when this house was built, and some milliseconds of a worker's turns
                body = re.sub(r'"started_at": "[^"]*"', "", body)
                body = re.sub(r"(\d{4}-\d\d-\d\dT\d\d:\d\d):[\d.]+", r"\1", body)
            found[name] = f"{answer.status_code}\n{body}"
    return found


async def act_out(house, *, concern: str | None, by_operator: bool = False) -> None:
    """Noor and Mia agree on their meetings and meet twice. On day 30 Noor raises a concern, or an operator pauses; then life goes on."""
    began = (await house.status()).starts
    await house.until(began + timedelta(hours=1))
    for minute, who in enumerate(("mia", "noor")):
        ref, said_at = house.refs[who], began + timedelta(minutes=minute)
        confirmed = ConfirmExpectations(message_id=f"exp-{who}", by=ref, at=said_at + timedelta(seconds=1), expectations=EXPECTATIONS)
        await house.mentorship.signal("confirm_meeting", ConfirmMeeting(message_id=f"slots-{who}", by=ref, at=said_at, meeting="all"))
        await house.mentorship.signal("confirm_expectations", confirmed)
    for meeting in (await house.status()).meetings[:2]:
        await house.until(meeting.start + timedelta(hours=2))
        met = ReportMeeting(
            message_id=f"met-{meeting.meeting}", by=house.refs["mia"], at=meeting.start + timedelta(hours=2), meeting=meeting.meeting, held=True
        )
        await house.mentorship.signal("report_meeting", met)
    at = began + timedelta(days=30, hours=9)
    await house.until(at)
    house.clock.now = at
    case = None
    if concern is not None:
        case = await take_in(house, at, hold=concern == "hold")
    elif by_operator:
        pause = Pause(message_id="op-1", by=await house.records.people.operator("ana"), at=at)
        await send(house.environment.client, house.enrolment, pause, 20.0)
    await house.until(at + timedelta(days=1))
    await house.mentorship.signal(
        "record_milestone", RecordMilestone(message_id="shadowing", by=house.refs["mia"], at=at + timedelta(days=1), milestone="shadowing")
    )
    resumes = at + timedelta(days=20)
    await house.until(resumes)
    house.clock.now = resumes
    if case is not None and concern == "hold":
        await house.door.release(await house.now(case))
    elif by_operator:
        operator = await house.records.people.operator("ana")
        await house.mentorship.execute_update("resume", Resume(message_id="op-2", by=operator, at=resumes))
    await house.until(began + timedelta(days=70))


async def take_in(house, at, *, hold):
    from webhook.concern.door import Concern  # noqa: PLC0415 - beside its one use

    house.clock.now = at
    wanted = Concern(subject=house.refs["mia"], contacts=(house.refs["sam"], house.refs["ana"]), words=CANARY, hold=hold)
    return await house.door.take_in(house.enrolment, house.refs["noor"], wanted, "form")


async def seen_by_mia(house, mailbox, first) -> dict[str, Any]:
    """Everything that the partner sees or receives, and what admins see of the mentorship in Temporal."""
    description = await house.mentorship.describe()
    history: WorkflowHistory = await house.mentorship.fetch_history()
    status = await house.status()
    journal = await house.records.journal.entries(house.enrolment.mentorship)
    enrolment = await house.records.cohorts.by_mentorship(house.enrolment.mentorship)
    hers = [row for row in journal if row.by == house.refs["mia"]]
    return {
        "mails": mails(mailbox, "mia", first),
        "pages": await pages(house, "mia"),
        "receipts": [(row.message_id, row.outcome, row.reason, row.at) for row in hers],
        "timeline": [(entry["what"], entry["reason"]) for entry in await house.mentorship.query("timeline")],
        "status": status.model_dump(exclude={"head"}),
        "card": enrolment.card,
        "attributes": sorted((pair.key.name, str(pair.value)) for pair in description.typed_search_attributes),
        "events": [(row.seq, row.kind, row.name, row.at.replace(second=0, microsecond=0) if row.name not in ("pause", "resume") else None) for row in journal],
        "notices": [(n.kind, n.state, n.key, n.at.replace(second=0, microsecond=0)) for n in await house.records.notices.of(house.refs["mia"])],
        "door": await house.records.doors.of(house.enrolment.mentorship),
        "history": sorted({EventType.Name(event.event_type) for event in history.events}),
    }


@pytest.fixture
def folder(tmp_path):
    def folder(number: int) -> Path:
        path = tmp_path / f"house-{number}"
        path.mkdir()
        return path

    return folder


@pytest.mark.parametrize(("concern", "twin"), [("talk", {"concern": None}), ("hold", {"concern": None, "by_operator": True})])
async def test_with_and_without_a_concern_the_partner_sees_and_gets_the_same(concern, twin, build, keyring, mailbox, folder, same_ids):
    """A hold is like any other pause: here an operator's, at the same instant."""
    seen = []
    for number, how in enumerate(({"concern": concern}, twin)):
        same_ids()
        first = len(mailbox.mails)
        async with build(folder(number)) as house:
            await act_out(house, **how)
            seen.append(await seen_by_mia(house, mailbox, first))
            assert len(mails(mailbox, "sam", first)) == (5 if how["concern"] else 0)
    with_it, without = seen
    assert len(with_it["mails"]) > 5
    assert any("pause" in mail for mail in with_it["mails"]) == (concern == "hold")
    for name, what in with_it.items():
        assert what == without[name], name


@pytest.fixture
def told_in_logs():
    """Everything that is logged from here on, as a process would write it."""
    root, stream = logging.getLogger(), io.StringIO()
    before, level = list(root.handlers), root.level
    logs.configure("json", "DEBUG", stream=stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


async def test_the_words_are_nowhere_but_on_the_page_of_who_was_asked(house, mailbox, told_in_logs, tmp_path):
    """H12: a canary in the words appears in no history, search attribute, failure, log, other person's mail or byte of records."""
    mailbox.refuse["ana@example.org"] = "451 later"  # so that something fails on the way
    at = house.clock.now + timedelta(hours=10)
    await house.until(at)
    case = await take_in(house, at, hold=True)
    await house.wait(hours=5)
    del mailbox.refuse["ana@example.org"]
    await house.wait(1)
    await house.door.take(case, house.refs["sam"])
    await house.door.close(case, house.refs["sam"], "talked", release=True)
    await house.wait(1)

    assert await house.records.cases.words(case.id) == CANARY
    told = [house.refs[name] for name in house.refs] + list(house.refs) + [CANARY, house.enrolment.mentorship, "pair-1", "spring"]
    history = await house.case(case).fetch_history()
    bare = history.to_json()
    assert not [name for name in told if f'"{name}"' in bare or (name in (CANARY, house.enrolment.mentorship) and name in bare)]
    opened = json.dumps([_opened(house, event) for event in await _payloads(house, history)])
    assert case.id in opened
    assert not [name for name in told if len(name) > 4 and name in opened], opened
    for handle in (house.mentorship, house.case(case)):
        described = await handle.describe()
        assert CANARY not in str(described.raw_description)
        assert CANARY not in (await handle.fetch_history()).to_json()
    assert not list((await house.case(case).describe()).typed_search_attributes)
    everything = stored(tmp_path)
    assert CANARY.encode() not in everything
    assert case.id.encode() in everything
    texts = "\n".join(text for mail in mailbox.mails for text in [str(mail["Subject"]), *map(str, _parts(mail))])
    assert CANARY not in texts
    log = told_in_logs.getvalue()
    assert log.count("\n") > 10
    assert CANARY not in log


async def test_a_mail_that_is_refused_for_good_does_not_tell_the_logs_that_there_is_a_concern(house, mailbox, told_in_logs):
    mailbox.refuse["sam@example.org"] = "550 5.1.1 no such user"
    await house.wait(hours=10)
    await house.concern(contacts=("sam",))
    await house.wait(hours=1)
    log = told_in_logs.getvalue()
    assert "mail_failed" in log
    assert "concern" not in log


def stored(folder: Path) -> bytes:
    """Every byte of records, including its log."""
    return b"".join(path.read_bytes() for path in folder.glob("records.db*"))


async def _payloads(house, history):
    found = []

    def walk(message):
        for field, value in message.ListFields():
            if field.message_type is None:
                continue
            for item in value if field.is_repeated else [value]:
                if field.message_type.name == "Payload":
                    found.append(item)
                elif hasattr(item, "ListFields"):
                    walk(item)

    for event in history.events:
        walk(event)
    return await house.environment.client.data_converter.payload_codec.decode(found)


def _opened(_, payload) -> str:
    return payload.data.decode(errors="replace")


async def test_what_fails_names_nobody(house, mailbox):
    """H12: a failure is stored in the case's history. It says what could not be done, but neither for whom nor for which pair."""
    case = await house.concern(hold=True, contacts=("sam",))
    at = case.opened_at + timedelta(hours=10)
    mailbox.refuse["sam@example.org"] = "451 sam@example.org is away"
    settings = house.settings
    mailer = Mailer(settings.smtp_host, settings.smtp_port, tls="none")
    unreachable = await Client.connect("127.0.0.1:1", lazy=True)
    for client in (house.environment.client, unreachable):
        if client is unreachable:
            mailbox.refuse.clear()
            await house.records.cases.note_hold(case.id, "held", "wanted")
        post = CasePost(house.records, mailer, LinkSigner(settings.link_secrets), reading_hours, sender="a@example.org", base_url="http://x")
        desk = CaseDesk(house.records, Meetings(house.records, client), post)
        with pytest.raises(NotNow) as raised:
            await desk.tend(case.id, at)
        told = f"{raised.value} {raised.value.__cause__}"
        assert raised.value.__cause__ is None
        assert not any(name in told for name in ("sam", "example.org", house.enrolment.mentorship, *house.refs.values()))


async def test_a_row_in_records_alone_tells_neither_who_nor_of_which_pair_nor_when(house):
    """H16: this is what somebody reads who reached the database without the keys."""
    import sqlite3  # noqa: PLC0415 - as they would

    case = await house.concern(hold=True)
    path = house.settings.database_url.partition(":///")[2]
    with contextlib.closing(sqlite3.connect(path)) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(cases)")]
        (row,) = connection.execute("SELECT * FROM cases").fetchall()
    plain = {name: value for name, value in zip(columns, row, strict=True) if not isinstance(value, bytes)}
    assert set(plain) == {"id", "request_lookup", "pair_lookup", "state"}
    assert plain["id"] == case.id
    text = repr(row)
    assert not any(ref in text for ref in house.refs.values())
    assert house.enrolment.mentorship not in text
