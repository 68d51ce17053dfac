"""A mail states what holds for its pair, and what is still true when it is sent (H14, P5)."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace

import pytest
import pytest_asyncio
from ruamel.yaml import YAML
from temporalio.testing import ActivityEnvironment

from activities.notices import Delivery, NoticeActivities, NoticeRequest
from gateway.links import LinkSigner
from mentorship.advance import begin
from mentorship.budget import MERGING
from mentorship.commands import Slot
from mentorship.duration import iso
from mentorship.effects import MeetingFacts, SendNotice
from mentorship.events import MentorshipStarted
from mentorship.people import Pair
from mentorship.programme import Programme
from notices.smtp import Refused
from records.cohorts import Cohort
from records.journal import JournalEntry
from records.people import Profile
from schedule.calendar import reading_hours
from worker.post import SmtpPost

STARTS = datetime(2027, 3, 1, 8, tzinfo=UTC)
MEETING = STARTS + timedelta(days=21, hours=1)
DAY = timedelta(days=1)
EXAMPLES = Path(__file__).parents[2] / "examples"


class Kept:
    """The mail server."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def send(self, message: EmailMessage) -> None:
        self.mails.append(message)

    @property
    def last(self) -> str:
        part = self.mails[-1].get_body(("plain",))
        assert part is not None
        return " ".join(part.get_content().split())


@pytest.fixture(scope="session")
def programme() -> Programme:
    return Programme.model_validate(YAML(typ="safe").load((EXAMPLES / "engineering-2027.yaml").read_text(encoding="utf-8")))


@pytest_asyncio.fixture
async def world(records, settings, programme) -> SimpleNamespace:
    """Ana and Ben, who began under version 1 with 48 hours; their cohort has since been started again with version 2 and two hours."""
    first = programme.model_copy(update={"cancellations": programme.cancellations.model_copy(update={"notice": iso("PT48H")})})
    second = first.model_copy(
        update={
            "programme": first.programme.model_copy(update={"version": first.programme.version + 1}),
            "cancellations": first.cancellations.model_copy(update={"notice": iso("PT2H")}),
        }
    )
    head, texts = first.programme, first.texts().digest
    await records.programmes.put(first)
    await records.programmes.put(second)
    refs = await records.people.enrol([Profile(person_id=name, name=name.title(), email=f"{name}@example.org", time_zone="UTC") for name in ("ana", "ben")])
    cohort = Cohort(id="spring", programme=head.id, version=head.version, texts_digest=texts, starts_at=STARTS, created_at=STARTS)
    await records.cohorts.put(cohort)
    pair = Pair(mentor=refs["ana"], mentee=refs["ben"])
    (enrolled,) = (await records.cohorts.enrol_pairs("spring", [("one", pair.mentor, pair.mentee)])).added
    await records.cohorts.put(cohort.model_copy(update={"version": second.programme.version, "texts_digest": second.texts().digest}))
    slots = tuple(Slot(start=start, prepare_at=start - 3 * DAY, ask_at=start + DAY) for start in (MEETING - 14 * DAY, MEETING))
    ends = STARTS + timedelta(weeks=26)
    begun = MentorshipStarted(at=STARTS, pair=pair, rules=first.rules(), starts=STARTS, ends=ends, reporting_ends=ends + 7 * DAY, slots=slots)
    kept = Kept()
    post = SmtpPost(
        records,
        kept,  # type: ignore[arg-type]
        LinkSigner(settings.link_secrets),
        sender=settings.mail_from,
        base_url="http://hook",
    )
    sending = NoticeActivities(post, records.notices, reading_hours)

    async def attempt(kind: str, at: datetime, **facts: object) -> Delivery:
        """Sends Ben the mail that is due three days before the meeting; the worker begins `at`."""
        meeting = MeetingFacts(meeting=2, start=MEETING, ends=MEETING + timedelta(hours=1), confirmed=True)
        notice = SendNotice.model_validate({"id": f"{kind}.0", "kind": kind, "to": "mentee", "due": MEETING - 3 * DAY, "meeting": meeting, **facts})
        request = NoticeRequest.of(enrolled.mentorship, begin(begun).state, texts=texts, notice=notice)
        over_the_wire = NoticeRequest.model_validate_json(request.model_dump_json())
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, started_time=at)
        return await environment.run(sending.send_notice, over_the_wire)

    async def send(kind: str, at: datetime, **facts: object) -> str:
        assert (await attempt(kind, at, **facts)).outcome == "sent"
        return kept.last

    async def also(mentor: str, starts: datetime = STARTS) -> None:
        """Ben's other mentorship, which exists and begins then."""
        other = (await records.people.enrol([Profile(person_id=mentor, name=mentor.title(), email=f"{mentor}@example.org")]))[mentor]
        (second,) = (await records.cohorts.enrol_pairs("spring", [("two", other, pair.mentee)])).added
        started = begin(begun.model_copy(update={"pair": Pair(mentor=other, mentee=pair.mentee), "at": starts, "starts": starts}))
        await records.journal.append(second.mentorship, [JournalEntry.model_validate(entry.model_dump()) for entry in started.entries])
        await records.cohorts.mark_started(second.mentorship)

    return SimpleNamespace(attempt=attempt, send=send, kept=kept, also=also)


async def test_a_mail_tells_the_notice_that_the_pair_began_with_not_that_of_a_later_version(world):
    assert "move it freely until Saturday 20 March, 09:00" in await world.send("prepare", MEETING - 3 * DAY)
    assert "moved 2 days ahead costs nobody anything" in await world.send("nudge", MEETING - 3 * DAY)


async def test_a_preparation_that_goes_late_names_no_moment_that_has_passed(world):
    """An outage, or a night in the reader's zone, delays the mail after it is due."""
    late = await world.send("prepare", MEETING - 2 * DAY + timedelta(hours=1))
    assert "freely" not in late
    assert "say so on your page as early as you can" in late
    assert world.kept.mails[-1]["Date"].datetime == MEETING - 3 * DAY


async def test_what_waited_for_a_worker_goes_neither_at_night_nor_when_it_helps_no_more(world):
    """P5, Calm: the mail was handed over in the afternoon, and a worker was there again only at night, or when the meeting had begun."""
    night = (MEETING - 2 * DAY).replace(hour=23)
    put_off = await world.attempt("prepare", night, helps_until=MEETING)
    assert put_off.outcome == "later"
    assert night < put_off.until < night + 12 * timedelta(hours=1)
    assert await world.attempt("prepare", MEETING, helps_until=MEETING) == Delivery(outcome="failed", why="too_late")
    assert world.kept.mails == []


@pytest.mark.parametrize(("unreported", "said"), [((1,), "Did you meet on Monday 8 March? One tap is enough."), ((), "")])
async def test_a_preparation_asks_again_about_a_meeting_by_its_day(world, unreported, said):
    """The reader's page shows no numbers."""
    body = await world.send("prepare", MEETING - 3 * DAY, unreported=unreported)
    assert said in body
    assert ("Did you meet" in body) == bool(unreported)


@pytest.mark.parametrize("kind", sorted(MERGING))
async def test_what_can_stand_for_several_names_the_others(world, kind):
    """Calm: a reader whose mail gave way to this one finds the link to its page here."""
    await world.also("cleo")
    body = await world.send(kind, MEETING - 3 * DAY, ends=MEETING, reporting_ends=MEETING, milestones=(), needed=0)
    assert "In your other mentorships" in body
    assert "Cleo" in body


async def test_a_mentorship_that_is_still_ahead_is_told_by_its_own_welcome(world):
    """The other cohort starts in a week; until then nobody is told with whom."""
    await world.also("cleo", starts=MEETING)
    body = await world.send("prepare", MEETING - 3 * DAY)
    assert "Cleo" not in body
    assert "In your other mentorships" not in body


async def test_news_of_what_is_still_ahead_carries_the_date_of_the_day_on_which_it_goes(world):
    """P6: if HR reports a leave before the first day, the mentorship says that it pauses from then on. No mail is dated in the future."""
    at = STARTS - 10 * DAY
    await world.send("rescheduled", at, due=STARTS, change="paused", calendar=(), meeting=None)
    assert world.kept.mails[-1]["Date"].datetime == at


async def test_a_line_names_the_two_to_a_coordinator_and_nothing_else_of_theirs(world, records):
    """P7, H12."""
    await world.also("cleo")
    await records.people.enrol([Profile(person_id="e-1001", name="Petra", email="petra@example.org", time_zone="UTC")])
    delivery = await world.attempt("case", MEETING - 3 * DAY, to="coordinators", line="silence", meeting=None)
    assert delivery.outcome == "sent"
    assert world.kept.mails[-1]["To"] == "Petra <petra@example.org>"
    assert [name in world.kept.last for name in ("Ana", "Ben", "Cleo")] == [True, True, False]


async def test_what_stands_for_one_alone_names_no_other(world):
    await world.also("cleo")
    assert "In your other mentorships" not in await world.send("nudge", MEETING - 3 * DAY)


async def test_a_mail_names_the_other_of_the_two_and_its_links_are_its_readers(world, settings):
    await world.send("prepare", MEETING - 3 * DAY)
    mail = world.kept.mails[-1]
    assert "Ana" in world.kept.last
    text = mail.get_body(("plain",)).get_content() + str(mail["List-Unsubscribe"])
    signer = LinkSigner(settings.link_secrets)
    page, unsubscribe = (re.search(rf"http://hook/{where}/([^\s>]+)", text) for where in ("p", "u"))
    assert page is not None
    assert unsubscribe is not None
    assert signer.bearer("page", page[1]) == signer.bearer("unsubscribe", unsubscribe[1])


async def test_a_mail_that_is_refused_for_good_says_why_in_a_code_and_keeps_nothing_of_what_was_said_of_its_reader(world, monkeypatch):
    """H12: the attempt's failure is stored in a history."""

    async def refuses(_):
        raise Refused("550 ben@example.org is unknown here")

    monkeypatch.setattr(world.kept, "send", refuses)
    assert await world.attempt("prepare", MEETING - 3 * DAY) == Delivery(outcome="failed", why="bounced")
