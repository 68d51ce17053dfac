"""Pages on real records, behind the real door. The core itself writes the journal; Temporal's server keeps the signals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI
from itsdangerous import TimestampSigner
from pydantic import SecretStr, TypeAdapter
from ruamel.yaml import YAML

from certificates.facts import CertificateFacts
from certificates.issue import issue
from gateway.links import Bearer, LinkSigner, Purpose
from gateway.settings import Settings
from mentorship import commands as c
from mentorship.advance import Advanced, advance, begin
from mentorship.commands import Slot
from mentorship.events import MentorshipStarted
from mentorship.people import Pair as People
from mentorship.people import Side
from mentorship.programme import Programme
from mentorship.state import State
from notices.language import Clock, language, zone
from records.cohorts import Cohort, Enrolment
from records.journal import JournalEntry
from records.people import Profile
from records.store import Records
from webhook.app import create_app
from webhook.pages.reading import Known

STARTS = datetime(2027, 3, 1, 8, tzinfo=UTC)
_COMMAND: TypeAdapter[Any] = TypeAdapter(c.Command)


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    linked = {
        "link_secrets": (SecretStr("a secret of this test, long enough to be one"),),
        "base_url": "http://hook",
        "webhook_receipt_timeout": 0.3,
        "issuer_key_file": tmp_path / "issuer.json",
    }
    return settings.model_copy(update={**linked, "mail_from": "Mentorship <mentorship@example.org>", "issuer_name": "Example Ltd"})


@pytest.fixture
def app(settings, client, records, clock, outbox, issuer) -> FastAPI:
    return create_app(settings, client, records, post=outbox, clock=clock, ticks=lambda: clock.ticks)


@pytest.fixture(scope="session")
def programme() -> Programme:
    return Programme.model_validate(YAML(typ="safe").load(Path(__file__).parents[3] / "examples" / "engineering-2027.yaml"))


@pytest.fixture(scope="session")
def known(programme) -> Callable[..., Known]:
    """What a page for one of the two is built from, without records."""

    def known(state: State, side: Side, now: datetime, **more: Any) -> Known:
        person = state.pair.person(side)
        found = Known(
            bearer=Bearer("m", person),
            enrolment=Enrolment(cohort="c", pair="m-1", pair_id="1", mentor=state.pair.mentor, mentee=state.pair.mentee, state="started"),
            side=side,
            texts=programme.texts(),
            partner=None,
            coordinators=(),
            state=state,
            goals=(),
            reports=(),
            feedback=(),
            leaver=None,
            sent=frozenset(),
            taken=frozenset(),
            kept=(),
            refused=(),
            certificate=None,
            unsubscribed=False,
            calendar_after=None,
            chosen=None,
            clock=Clock(language("en"), zone("UTC"), now),
        )
        return replace(found, **more)

    return known


@dataclass
class Two:
    """Ana mentors Ben. The core decides what they say, and it is journaled as a worker would do it."""

    records: Records
    enrolment: Enrolment
    signer: LinkSigner
    programme: Programme
    clock: Any
    turn: Advanced | None = None
    number: int = 0

    @property
    def mentorship(self) -> str:
        return self.enrolment.mentorship

    @property
    def state(self):
        assert self.turn is not None
        return self.turn.state

    def ref(self, who: str) -> str:
        return {"ana": self.enrolment.mentor, "ben": self.enrolment.mentee}[who]

    def token(self, who: str = "ben", purpose: Purpose = "page") -> str:
        return self.signer.token(purpose, Bearer(self.mentorship, self.ref(who)))

    def page(self, who: str = "ben", *path: Any) -> str:
        return "/".join(["/p", self.token(who), *map(str, path)])

    def private(self, who: str = "ben", *path: Any) -> str:
        return "/".join(["/private", self.token(who, "private"), *map(str, path)])

    async def begin(self, **changes: Any) -> Two:
        slots = [self._slot(STARTS + timedelta(days=7 + 14 * n, hours=1)) for n in range(12)]
        ends = STARTS + timedelta(weeks=26)
        begun = MentorshipStarted(
            at=STARTS,
            pair=People(mentor=self.enrolment.mentor, mentee=self.enrolment.mentee),
            rules=self.programme.rules(),
            starts=STARTS,
            ends=ends,
            reporting_ends=ends + timedelta(days=7),
            slots=tuple(slots),
        )
        await self._keep(begin(begun.model_copy(update=changes)))
        return self

    @staticmethod
    def _slot(start: datetime) -> Slot:
        return Slot(start=start, prepare_at=start - timedelta(days=3), ask_at=start + timedelta(days=1, hours=1))

    async def _keep(self, turn: Advanced) -> None:
        self.turn = turn
        rows = [JournalEntry.model_validate(entry.model_dump()) for entry in turn.entries]
        if rows:  # nothing new, nothing to write
            await self.records.journal.append(self.mentorship, rows, over_at=turn.state.now if turn.state.over else None)

    async def say(self, who: str, command: Any, at: datetime | None = None) -> str:
        """Has `who` say it at the clock's time; it is handled at once. Returns `applied`, or why it was refused."""
        self.number += 1
        at = at or self.clock.now
        given = {"message_id": command.message_id or f"said-{self.number}", "by": self.ref(who) if who in ("ana", "ben") else who, "at": at}
        await self._keep(advance(self.state, [command.model_copy(update=given)], max(at, self.state.now)))
        assert self.turn is not None
        return next(entry.reason or "applied" for entry in reversed(self.turn.entries) if entry.kind == "command")

    async def until(self, now: datetime) -> None:
        """Moves the clock on, and the worker with it."""
        self.clock.now = now
        await self._keep(advance(self.state, (), now))

    async def handle(self, signals: list[tuple[str, dict[str, Any]]]) -> None:
        """Handles what Temporal kept, as a worker would."""
        inbox = [_COMMAND.validate_python({**body, "command": name}) for name, body in signals]
        await self._keep(advance(self.state, inbox, max(self.clock.now, self.state.now)))

    def meeting(self, n: int) -> Any:
        return self.state.meeting(n)


@pytest_asyncio.fixture
async def matched(records: Records, settings: Settings, programme: Programme, clock, pair) -> Two:
    """The pair of the door's tests, with a programme and a mentorship that is about to begin, on the day before the first meeting."""
    clock.now = STARTS + timedelta(days=6)
    await records.programmes.put(programme)
    refs = await records.people.enrol(
        [
            Profile(person_id="ana", name="Ana Mentor", email="ana@example.org", time_zone="Europe/Berlin", language="de"),
            Profile(person_id="ben", name="Ben Mentee", email="ben@example.org", time_zone="Europe/London", language="en"),
        ]
    )
    texts = programme.texts().digest
    cohort = Cohort(
        id="summer-2027", programme=programme.programme.id, version=programme.programme.version, texts_digest=texts, starts_at=STARTS, created_at=STARTS
    )
    await records.cohorts.put(cohort)
    enrolled = await records.cohorts.enrol_pairs("summer-2027", [("pair-9", refs["ana"], refs["ben"])])
    await records.cohorts.mark_started(enrolled.added[0].mentorship)
    pair.enrolment = enrolled.added[0].model_copy(update={"state": "started"})  # which the door's fixtures read
    return Two(records, pair.enrolment, LinkSigner(settings.link_secrets), programme, clock)


@pytest_asyncio.fixture
async def two(matched: Two) -> Two:
    """The same two, once the mentorship has begun."""
    return await matched.begin()


@dataclass
class Issued:
    id: str
    credential: str
    pdf: bytes


@pytest.fixture
def certify(two, issuer, settings) -> Callable[..., Any]:
    """A certificate, made as the worker issues it."""

    async def certify(who: str = "ben", **more: Any) -> Issued:
        facts = {
            "holder_name": {"ana": "Ana Mentor", "ben": "Ben Mentee"}[who],
            "holder_ref": two.ref(who),
            "holder_email": f"{who}@example.org",
            "programme_title": "Engineering mentorship 2027",
            "started_on": "2026-03-01",
            "completed_at": "2026-08-30T08:00:00+00:00",
            "share": 80,
            "milestones_done": 9,
            "milestones_total": 10,
            "language": "en",
            "time_zone": "Europe/London",
            **more,
        }
        reserved = await two.records.certificates.reserve(two.mentorship, two.ref(who), facts)
        named = CertificateFacts.model_validate({**facts, "id": reserved.id, "issued_at": reserved.issued_at})
        made = await asyncio.to_thread(issue, named, issuer, base_url=settings.base_url)
        await two.records.certificates.store(reserved.id, made.credential_json, made.pdf)
        return Issued(reserved.id, made.credential_json, made.pdf)

    return certify


async def some_weeks(two: Two) -> Two:
    """Some weeks with meetings held, called off, moved and still to report, with goals, a milestone, and feedback kept to oneself."""
    for who in ("ana", "ben"):
        await two.say(who, c.ConfirmMeeting(meeting="all"))
    notes = two.records.notes
    steps = tuple([await notes.put(two.ref("ben"), two.mentorship, "action", text) for text in ("Ask who has led one", "Take the next one")])
    goal = await notes.put(two.ref("ben"), two.mentorship, "goal", "Lead a design review")
    await two.say("ben", c.SetGoal(goal="g-1", note_id=goal, actions=steps))
    await two.until(two.meeting(1).start + timedelta(hours=1))
    await two.say("ben", c.ReportMeeting(meeting=1, held=True))
    for who, text in (("ben", "Your question about what I avoid stayed with me."), ("ana", "Ben prepares so well that an hour is short.")):
        note = await notes.put(two.ref(who), two.mentorship, "feedback", text, who == "ana")
        await two.say(who, c.SubmitPrivately(body=c.Feedback(meeting=1, note_id=note, shared=who == "ana")))
    await two.until(two.meeting(2).start - timedelta(hours=3))
    await two.say("ana", c.CancelMeeting(meeting=2, reason="work"))
    await two.say("ana", c.MoveMeeting(meeting=4, to=two.meeting(4).start + timedelta(days=1)))
    await two.until(two.meeting(3).start + timedelta(hours=2))
    await two.say("ana", c.RecordMilestone(milestone="shadowing"))
    return two


@pytest_asyncio.fixture
async def lived(two) -> Two:
    """The same two, some weeks in."""
    return await some_weeks(two)


@pytest.fixture
def old(two, monkeypatch) -> Callable[..., str]:
    """A token that was made this long ago."""

    def made(purpose: Purpose, ago: timedelta, who: str = "ben") -> str:
        real = TimestampSigner.get_timestamp
        with monkeypatch.context() as patch:
            patch.setattr(TimestampSigner, "get_timestamp", lambda self: real(self) - int(ago.total_seconds()))
            return two.token(who, purpose)

    return made
