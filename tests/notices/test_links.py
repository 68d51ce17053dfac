"""Every link of every mail opens, and following them all twice, with GET and HEAD, changes nothing: mail scanners do that (H12)."""

from __future__ import annotations

import asyncio
import html
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import httpx
import pytest
import pytest_asyncio
from ruamel.yaml import YAML

from activities.notices import NoticeRequest
from certificates.facts import CertificateFacts
from certificates.issue import issue
from gateway.links import LinkSigner
from mentorship.advance import begin
from mentorship.commands import Slot
from mentorship.effects import NoticeKind, SendNotice
from mentorship.events import MentorshipStarted
from mentorship.people import SIDES, Pair
from mentorship.policy.milestones import milestone_facts
from mentorship.programme import Programme
from mentorship.react import react
from notices.smtp import Mailer
from records.cohorts import Cohort
from records.journal import JournalEntry
from records.people import Profile
from tests.webhook.outbox import Outbox
from webhook.app import create_app
from webhook.pages.fresh_links import FreshLinks
from worker.post import SmtpPost

STARTS = datetime(2027, 3, 1, 8, tzinfo=UTC)
NOW = STARTS + timedelta(days=6)
BASE = "http://hook"


class Untouchable:
    """Stands in for Temporal while pages are only looked at: any request to it fails the test."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a link in a mail asked Temporal for {name}")


@pytest.fixture
def settings(settings, tmp_path):
    return settings.model_copy(update={"base_url": BASE})


@pytest_asyncio.fixture
async def world(records, settings, issuer, mailbox) -> SimpleNamespace:
    """Ana mentors Ben and Cleo; one pair's mentorship has begun, and its certificates exist already."""
    programme = Programme.model_validate(YAML(typ="safe").load(Path(__file__).parents[2] / "examples" / "engineering-2027.yaml"))
    await records.programmes.put(programme)
    names = {"ana": "Europe/Berlin", "ben": "America/New_York", "cleo": "Europe/London", programme.contacts.coordinators[0]: "Europe/Berlin"}
    refs = await records.people.enrol([Profile(person_id=name, name=name.title(), email=f"{name}@example.org", time_zone=zone) for name, zone in names.items()])
    texts = programme.texts().digest
    await records.cohorts.put(Cohort(id="spring", programme=programme.programme.id, version=1, texts_digest=texts, starts_at=STARTS, created_at=STARTS))
    enrolled = (await records.cohorts.enrol_pairs("spring", [("one", refs["ana"], refs["ben"]), ("two", refs["ana"], refs["cleo"])])).added
    slots = tuple(
        Slot(start=start, prepare_at=start - timedelta(days=3), ask_at=start + timedelta(days=1))
        for start in (STARTS + timedelta(days=7 + 14 * number) for number in range(12))
    )
    ends = STARTS + timedelta(weeks=26)
    states = {}
    for enrolment in enrolled:
        await records.cohorts.mark_started(enrolment.mentorship)
        pair = Pair(mentor=enrolment.mentor, mentee=enrolment.mentee)
        begun = MentorshipStarted(at=STARTS, pair=pair, rules=programme.rules(), starts=STARTS, ends=ends, reporting_ends=ends + timedelta(days=7), slots=slots)
        turn = begin(begun)
        states[enrolment.mentorship] = (begun, turn.state)
        await records.journal.append(enrolment.mentorship, [JournalEntry.model_validate(entry.model_dump()) for entry in turn.entries])
    one = enrolled[0].mentorship
    facts = {
        "holder_name": "Ben",
        "holder_ref": refs["ben"],
        "holder_email": "ben@example.org",
        "programme_title": programme.programme.title,
        "started_on": "2026-03-01",
        "completed_at": "2026-08-30T08:00:00+00:00",
        "share": 80,
        "milestones_done": 9,
        "milestones_total": 10,
        "language": "en",
        "time_zone": "Europe/London",
    }
    reserved = await records.certificates.reserve(one, refs["ben"], facts)
    issued = CertificateFacts.model_validate({**facts, "id": reserved.id, "issued_at": datetime.now(UTC)})
    made = await asyncio.to_thread(issue, issued, issuer, base_url=BASE)
    await records.certificates.store(reserved.id, made.credential_json, made.pdf)
    signer = LinkSigner(settings.link_secrets)
    post = SmtpPost(records, Mailer("127.0.0.1", mailbox.port), signer, sender=settings.mail_from, base_url=BASE)
    begun, state = states[one]
    return SimpleNamespace(
        programme=programme,
        records=records,
        refs=refs,
        texts=texts,
        one=one,
        begun=begun,
        state=state,
        post=post,
        signer=signer,
        certificate=reserved.id,
        mailbox=mailbox,
        settings=settings,
    )


async def every_mail(world: SimpleNamespace) -> dict[str, list[EmailMessage]]:
    """One mail of each kind to each of the two and to a coordinator, as the real post sends them, and the mails with fresh links."""
    welcome = react(world.begun, world.state)[0]
    assert isinstance(welcome, SendNotice)
    series = welcome.calendar or ()
    known = {
        "due": NOW,
        "meeting": series[0].model_copy(update={"session": 0}),
        "milestones": milestone_facts(world.state),
        "needed": 8,
        "ends": world.state.ends,
        "reporting_ends": world.state.reporting_ends,
        "helps_until": world.state.ends,
        "feedback_for": 3,
        "pulse": True,
        "unreported": (1, 2),
        "survey": True,
        "calendar": series,
        "line": "silence",
    }
    found: dict[str, list[EmailMessage]] = {}
    pair = Pair(mentor=world.refs["ana"], mentee=world.refs["ben"])
    for kind in get_args(NoticeKind):
        for side in ("coordinators",) if kind == "case" else SIDES:
            more = {"certificate": world.certificate} if kind == "result" and side == "mentee" else {}
            notice = SendNotice.model_validate({**known, **more, "id": "4.0", "kind": kind, "to": side})
            request = NoticeRequest(
                mentorship=world.one, pair=pair, texts=world.texts, notice=notice, mail=world.programme.mail, began={n: series[n - 1].start for n in (1, 2)}
            )
            for reader in await world.post.readers(request):
                await world.post.deliver(reader, request, NOW)
        found[kind] = world.mailbox.mails[:]
        world.mailbox.mails.clear()
    kept: list[EmailMessage] = []

    class Kept:
        async def send(self, message: EmailMessage) -> None:
            kept.append(message)

    fresh = FreshLinks(world.records, world.signer, Kept(), lambda: datetime.now(UTC), base_url=BASE, sender=world.settings.mail_from)
    for who in ("ana", world.programme.contacts.coordinators[0]):
        await fresh.send_to_address(f"{who}@example.org")
    assert [len(links(mail)) for mail in kept] == [3, 2]
    found["fresh_link"] = kept
    return found


def links(mail: EmailMessage) -> set[str]:
    parts = {kind: mail.get_body((kind,)) for kind in ("plain", "html")}
    text, page = (str(part.get_content()) if part is not None else "" for part in parts.values())
    found = {html.unescape(link) for link in re.findall(r'href="([^"]*)"', page)} | set(re.findall(r"https?://[^\s<>]+", text))
    return found | set(re.findall(r"<(http[^>]*)>", mail["List-Unsubscribe"] or ""))


def stored(settings: Any) -> dict[str, list[Any]]:
    """Every byte that records hold."""
    with closing(sqlite3.connect(settings.database_url.partition("///")[2])) as connection, connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: connection.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall() for table in tables}


async def test_every_link_of_every_mail_opens_and_a_scanner_changes_nothing(world):
    mails = await every_mail(world)
    assert {kind: len(sent) > 0 for kind, sent in mails.items()} == dict.fromkeys((*get_args(NoticeKind), "fresh_link"), True)
    app = create_app(world.settings, Untouchable(), world.records, post=Outbox(), clock=lambda: NOW)  # type: ignore[arg-type]
    before = stored(world.settings)
    followed: set[str] = set()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as scanner:
        for kind, sent in mails.items():
            for mail in sent:
                ours = {link for link in links(mail) if link.startswith(BASE)}
                assert len(ours) >= 2 - (kind in {"case", "fresh_link"}), kind
                for link in sorted(ours - followed):
                    for method in ("GET", "HEAD", "GET", "HEAD"):
                        answer = await scanner.request(method, link)
                        assert answer.status_code == 200, (kind, method, link)
                    followed.add(link)
    assert {link.split("/")[3] for link in followed} == {"p", "u", "c", "who-sees-what", "coordinator"}
    assert stored(world.settings) == before
    assert world.mailbox.mails == []


async def test_links_to_elsewhere_are_the_programmes_own_and_linkedin(world):
    programme = {str(resource.url) for session in world.programme.sessions for resource in session.resources}
    for kind, sent in (await every_mail(world)).items():
        for mail in sent:
            others = {link for link in links(mail) if not link.startswith(BASE)}
            assert {link for link in others - programme if not link.startswith("https://www.linkedin.com/profile/add?")} == set(), kind
