"""A pair's mail, a reminder about a line and the weekly digest reach a coordinator in the same way: handed over at least once, recorded once."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs
from temporalio.testing import ActivityEnvironment

from activities import mail_once
from activities.digests import DigestRequest
from activities.notices import NoticeActivities, NoticeRequest
from gateway.links import LinkSigner
from mentorship.effects import SendNotice
from mentorship.people import Pair
from notices.smtp import Mailer
from records.cohorts import Cohort
from records.errors import RecordsUnavailable
from records.people import Profile
from schedule.calendar import reading_hours
from worker.case_desk import CaseDesk
from worker.case_meetings import Meetings
from worker.case_post import CasePost
from worker.digests import SmtpDigests
from worker.post import SmtpPost

NOON = datetime(2027, 1, 11, 11, tzinfo=UTC)
"""In Berlin, a Monday: a week after the line was opened."""
LATER = timedelta(minutes=3)
"""Longer than an attempt may take."""

Send = Callable[[datetime], Awaitable[object]]


@pytest.fixture
async def place(records, settings, programme) -> SimpleNamespace:
    """Ana looks after the pair of Mia and Noor, which has one open line."""
    opened = NOON - timedelta(days=7)
    await records.programmes.put(programme)
    refs = await records.people.enrol(
        [Profile(person_id=name, name=name.title(), email=f"{name}@example.org") for name in ("mia", "noor", "ana", "sam", "lee")]
    )
    texts = programme.texts().digest
    await records.cohorts.put(Cohort(id="spring", programme="p", version=1, texts_digest=texts, starts_at=opened, created_at=opened))
    (pair,) = (await records.cohorts.enrol_pairs("spring", [("pair-1", refs["mia"], refs["noor"])])).added
    await records.lines.open(pair.mentorship, "silence", None, opened, "a-line")
    case = await records.cases.open_line(pair.mentorship, "silence", programme="p", at=opened, key="a-line")
    mailer, signer = Mailer(settings.smtp_host, settings.smtp_port, tls="none"), LinkSigner(settings.link_secrets)
    where = {"sender": settings.mail_from, "base_url": "http://hook"}
    notices = NoticeActivities(SmtpPost(records, mailer, signer, **where), records.notices, reading_hours)
    desk = CaseDesk(records, Meetings(records, None), CasePost(records, mailer, signer, reading_hours, **where))  # type: ignore[arg-type]
    digests = SmtpDigests(records, mailer, signer, **where)

    async def notice(at: datetime) -> object:
        wanted = SendNotice.model_validate({"id": "3.0", "kind": "case", "to": "coordinators", "line": "silence", "due": NOON})
        people = Pair(mentor=refs["mia"], mentee=refs["noor"])
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, started_time=at)
        return await environment.run(
            notices.send_notice, NoticeRequest(mentorship=pair.mentorship, pair=people, texts=texts, notice=wanted, mail=programme.mail)
        )

    async def reminder(at: datetime) -> object:
        return await desk.tend(case.id, at)

    async def digest(at: datetime) -> object:
        return await digests.send(DigestRequest(cohort="spring", due=NOON, at=at))

    async def ledger() -> list[tuple[str, str | None]]:
        return [(mail.state, mail.why) for mail in await records.notices.of(refs["ana"])]

    return SimpleNamespace(records=records, refs=refs, ledger=ledger, notice=notice, reminder=reminder, digest=digest)


@pytest.fixture(params=["notice", "reminder", "digest"])
def send(place, request) -> Send:
    """Makes one attempt, which begins `at`."""
    return getattr(place, request.param)


async def test_what_the_mail_server_took_before_a_crash_goes_again_under_one_message_id_and_is_recorded_once(place, send, mailbox, monkeypatch):
    with monkeypatch.context() as patched:

        async def dies(*_: object) -> None:
            raise ConnectionError("between the server's 250 and our commit")

        patched.setattr(place.records.notices, "sent", dies)
        patched.setattr(mail_once, "PAUSE", 0)
        with pytest.raises(ConnectionError):
            await send(NOON)
    assert (len(mailbox.mails), await place.ledger()) == (1, [("intended", None)])
    await send(NOON + LATER)
    first, again = mailbox.mails
    assert first["Message-ID"] == again["Message-ID"]
    assert await place.ledger() == [("sent", None)]
    await send(NOON + 2 * LATER)
    assert len(mailbox.mails) == 2


async def test_what_the_mail_server_took_while_records_went_away_is_recorded_once_they_are_back_and_does_not_go_again(place, send, mailbox, monkeypatch):
    sent, away = place.records.notices.sent, [RecordsUnavailable(), RecordsUnavailable()]

    async def noted(*facts: object) -> None:
        if away:
            raise away.pop()
        await sent(*facts)

    monkeypatch.setattr(place.records.notices, "sent", noted)
    monkeypatch.setattr(mail_once, "PAUSE", 0)
    await send(NOON)
    assert (away, len(mailbox.mails), await place.ledger()) == ([], 1, [("sent", None)])


async def test_what_is_refused_for_now_is_raised_and_goes_with_the_next_attempt(place, send, mailbox):
    mailbox.refuse["ana@example.org"] = "452 4.2.2 the mailbox is full"
    with pytest.raises(Exception, match=r"^the recipient was refused \(452 4\.2\.2\)$") as raised:
        await send(NOON)
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)  # H12: no traceback leads to what the server said
    assert await place.ledger() == [("intended", None)]
    mailbox.refuse.clear()
    await send(NOON + LATER)
    assert (len(mailbox.mails), await place.ledger()) == (1, [("sent", None)])


async def test_what_is_refused_for_good_is_no_trouble_is_recorded_and_is_tried_again_where_it_is_asked_for_again(place, send, mailbox, caplog):
    """H12: neither log says to whom the mail went."""
    mailbox.refuse["ana@example.org"] = "550 5.1.1 ana@example.org is unknown here"
    with caplog.at_level(logging.INFO), capture_logs() as told:
        await send(NOON)
    assert await place.ledger() == [("failed", "bounced")]
    ours = [record.getMessage() for record in caplog.records if record.name != "mail.log"]  # the test's own mail server keeps one
    assert "example.org" not in f"{ours}{told}"
    mailbox.refuse.clear()
    await send(NOON + LATER)
    assert (len(mailbox.mails), await place.ledger()) == (1, [("sent", None)])


async def test_a_refusal_is_told_in_the_log_of_a_pairs_mail_by_kind_of_a_digest_by_cohort_and_of_a_cases_without(place, mailbox, caplog):
    mailbox.refuse["ana@example.org"] = "550 5.1.1 no such user"
    with caplog.at_level(logging.WARNING, logger="temporalio.activity"), capture_logs() as told:
        for one in (place.notice, place.reminder, place.digest):
            await one(NOON)
    assert [record.getMessage().partition(" ({")[0] for record in caplog.records] == ["mail failed: case, effect 3.0, bounced"]
    assert told == [
        {"event": "mail_failed", "log_level": "warning"},
        {"event": "digest_failed", "cohort": "spring", "why": "bounced", "log_level": "warning"},
    ]


async def test_who_was_erased_gets_nothing_and_holds_up_nothing(place, send, mailbox):
    """P8."""
    await place.records.people.erase(place.refs["ana"])
    await send(NOON)
    assert (mailbox.to("ana@example.org"), await place.ledger()) == ([], [])
