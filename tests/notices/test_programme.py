"""Whole programmes through the real post: the core's notices, the activity that sends them, the budget's ledger, a mail server (Calm)."""

from __future__ import annotations

import asyncio
import dataclasses
import importlib.util
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from temporalio.testing import ActivityEnvironment

from activities.notices import NoticeActivities, NoticeRequest
from gateway.links import LinkSigner
from mentorship.commands import Undelivered
from mentorship.effects import FOLLOW_UPS
from mentorship.people import Pair
from notices.smtp import Mailer
from records.cohorts import Cohort
from records.journal import JournalEntry
from records.notices import Notice
from schedule.calendar import reading_hours
from starter import rehearsal_fast as fast
from starter.rehearsal_figures import most_within
from starter.rehearsal_request import Couple, Mail, Rehearsed, Request
from worker.post import SmtpPost

MONTH = timedelta(days=30)


def _script() -> ModuleType:
    """The command that lists the same casts: `python benchmarks/mails.py`."""
    spec = importlib.util.spec_from_file_location("mails", Path(__file__).parents[2] / "benchmarks" / "mails.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LISTED = _script()
CASTS = {cast.name: cast for cast in LISTED.CASTS}


@dataclasses.dataclass
class Lived:
    """A programme whose mails were sent, by the story's names, not by ids."""

    request: Request
    paper: Rehearsed
    real: Rehearsed
    journals: dict[str, list[JournalEntry]]
    ledger: dict[str, list[Notice]]
    mails: list[EmailMessage]

    def to(self, name: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if f"{name}@example.org" in mail["To"]]


@pytest.fixture
def live(records, settings, mailbox, monkeypatch):
    """Plays a cast through the real post."""

    async def played(name: str) -> Lived:
        loop = asyncio.get_running_loop()
        paper = LISTED.request(CASTS[name])
        programme = paper.programme
        await records.programmes.put(programme)
        refs = await records.people.enrol(paper.people)
        texts = programme.texts().digest
        cohort = Cohort(id="spring", programme=programme.programme.id, version=1, texts_digest=texts, starts_at=paper.starts, created_at=datetime.now(UTC))
        await records.cohorts.put(cohort)
        listed = [(couple.pair_id, refs[couple.mentor_id], refs[couple.mentee_id]) for couple in paper.pairs]
        enrolled = (await records.cohorts.enrol_pairs("spring", listed)).added
        for enrolment in enrolled:
            await records.cohorts.mark_started(enrolment.mentorship)
        mentorships = {enrolment.pair_id: enrolment.mentorship for enrolment in enrolled}
        names = {ref: person for person, ref in refs.items()}
        mailer = Mailer(settings.smtp_host, settings.smtp_port)
        post = SmtpPost(
            records,
            mailer,
            LinkSigner(settings.link_secrets),
            sender=settings.mail_from,
            base_url=settings.base_url,
        )
        sending = NoticeActivities(post, records.notices, reading_hours)
        await _certificates_are_there(post)

        class Real(fast._Post):
            def send(self, notice: Any, cast: Any, now: datetime) -> datetime | Undelivered | None:
                return asyncio.run_coroutine_threadsafe(self._carry(notice, cast, now), loop).result(60)

            async def _carry(self, notice: Any, cast: Any, now: datetime) -> datetime | Undelivered | None:
                if notice.to == "coordinators":
                    return None
                environment = ActivityEnvironment()
                environment.info = dataclasses.replace(environment.info, started_time=now)
                pair = Pair(mentor=cast.couple.mentor_id, mentee=cast.couple.mentee_id)
                request = NoticeRequest(mentorship=cast.mentorship, pair=pair, texts=texts, notice=notice, mail=programme.mail)
                delivery = await environment.run(sending.send_notice, request)
                if delivery.outcome == "sent":
                    self.sent.append(Mail(at=now, person_id=names[pair.person(notice.to)], kind=notice.kind, pair_id=cast.couple.pair_id))
                return {"sent": None, "later": delivery.until, "failed": delivery.why}[delivery.outcome]

        def kept(run: Any, turn: Any, now: datetime) -> None:
            rows = [JournalEntry.model_validate(entry.model_dump()) for entry in turn.entries]
            if rows:
                asyncio.run_coroutine_threadsafe(records.journal.append(run.cast.mentorship, rows), loop).result(60)
            take(run, turn, now)

        take = fast._Run._take
        monkeypatch.setattr(fast, "_Post", Real)
        monkeypatch.setattr(fast._Run, "_take", kept)
        acted = paper.model_copy(
            update={
                "people": tuple(profile.model_copy(update={"person_id": refs[profile.person_id]}) for profile in paper.people),
                "pairs": tuple(Couple(pair_id=c.pair_id, mentor_id=refs[c.mentor_id], mentee_id=refs[c.mentee_id]) for c in paper.pairs),
                "personas": {refs[person]: persona for person, persona in paper.personas.items()},
            }
        )
        real = await asyncio.to_thread(fast.rehearse, acted, mentorships)
        monkeypatch.undo()
        return Lived(
            paper,
            fast.rehearse(paper, mentorships).result,
            real.result,
            {pair_id: await records.journal.entries(mentorship) for pair_id, mentorship in mentorships.items()},
            {person: await records.notices.of(ref) for person, ref in refs.items()},
            list(mailbox.mails),
        )

    async def _certificates_are_there(post: SmtpPost) -> None:
        """Issuing happens on another queue, so here the result's mail goes without its attachments."""

        async def nothing(_: Any) -> tuple[()]:
            return ()

        async def no_link(_: Any) -> None:
            return None

        monkeypatch.setattr(post, "_attachments", nothing)
        monkeypatch.setattr(post, "_profile_link", no_link)

    return played


def sent(lived: Lived, name: str) -> list[Notice]:
    return [notice for notice in lived.ledger[name] if notice.state == "sent"]


@pytest.mark.parametrize(("name", "most"), [(cast.name, cast.most) for cast in CASTS.values() if cast.most])
async def test_nobody_gets_more_mails_than_the_brief_promises(live, name, most):
    """A diligent person gets at most 20 in 26 weeks, a typical one 30; silent people are left in peace after two unanswered ones."""
    lived = await live(name)
    for who in ("ana", "ben"):
        assert 0 < len(sent(lived, who)) == len(lived.to(who)) <= most
        if "silent" in name:
            assert sum(notice.kind in FOLLOW_UPS for notice in sent(lived, who)) == 2
    assert paper_says(lived.paper) == paper_says(lived.real)


def paper_says(of: Rehearsed) -> list[tuple[str, str, datetime]]:
    return sorted((mail.kind, mail.pair_id, mail.at) for mail in of.mails if mail.kind != "case")


async def test_a_mentor_of_three_gets_six_mails_in_thirty_days_over_all_pairs_and_hears_of_every_meeting(live):
    """The budget's real ledger decides. The journal says what did not go, and a mail that went names what merged into it (Calm, H3)."""
    lived = await live("a mentor of three")
    counted = [notice for notice in sent(lived, "ana") if not notice.exempt]
    assert most_within([Mail(at=n.at, person_id="ana", kind=n.kind, pair_id="") for n in counted], MONTH) <= 6
    assert paper_says(lived.paper) == paper_says(lived.real)

    refused = Counter(notice.kind for notice in lived.ledger["ana"] if notice.state == "over_budget")
    assert refused["prepare"] > 0
    told = Counter(row.body["notice"] for rows in lived.journals.values() for row in rows if row.name == "notice_failed" and row.body["why"] == "over_budget")
    assert told == refused

    read = {mail["Date"].datetime: " ".join(mail.get_body(("plain",)).get_content().split()) for mail in lived.to("ana")}
    for pair_id, when in _meetings_as_they_stood(lived, "Europe/Berlin"):
        partner = pair_id.removesuffix("-pair").title()
        day = f"{when:%a} {when.day} {when:%b}, {when:%H:%M}"
        ahead = [text for at, text in read.items() if when - timedelta(days=15) < at < when]
        assert any(partner in text and (day in text or f"{when:%A} {when.day} {when:%B}, {when:%H:%M}" in text) for text in ahead), (pair_id, when)


def _meetings_as_they_stood(lived: Lived, zone: str) -> list[tuple[str, datetime]]:
    """The starts of all meetings that were held, in a reader's zone."""
    found = []
    for pair_id, rows in lived.journals.items():
        starts = {number: datetime.fromisoformat(slot["start"]) for number, slot in enumerate(rows[0].body["slots"], 1)}
        for row in rows:
            if row.name == "meeting_moved":
                starts[row.body["meeting"]] = datetime.fromisoformat(row.body["slot"]["start"])
            if row.name == "meeting_held":
                found.append((pair_id, starts[row.body["meeting"]].astimezone(ZoneInfo(zone))))
    assert len(found) > 25
    return found


async def test_no_two_mails_about_one_meeting_reach_somebody_at_once(live):
    """Nobody is asked whether they met and prepared for the same meeting within the hour, which would be two mails from two taps."""
    lived = await live("a pair that moves every other meeting")
    for who in ("ana", "ben"):
        mails = sorted(lived.to(who), key=lambda mail: mail["Date"].datetime)
        about = [(mail["Date"].datetime, _meeting(mail)) for mail in mails]
        twice = [
            (number, at) for at, number in about for later, other in about if number is not None and number == other and at < later < at + timedelta(hours=1)
        ]
        assert twice == []
        assert len({(mail["Subject"], mail["Date"].datetime) for mail in mails}) == len(mails)


def _meeting(mail: EmailMessage) -> int | None:
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"^Meeting (\d+):", body.get_content(), re.MULTILINE)
    return int(found[1]) if found else None
