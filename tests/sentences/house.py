"""Cohorts whose pairs live through their mentorships on real records: the rehearsal's own turns and outbox, the worker's own ports, and no engine.

Mails go through the activity that sends them, with hours, ledger and budget. What a mail tells comes from what was said and done, and nowhere else.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from itertools import count
from typing import Any, TypeVar, cast

import httpx
from temporalio.testing import ActivityEnvironment

from activities.certificates import CertificateActivities, CertificateRequest, ReissueRequest
from activities.coordination import CoordinationActivities, LineRequest
from activities.digests import DigestActivities
from activities.notices import NoticeActivities, NoticeRequest
from certificates.issuer import Issuer
from certificates.typesetting import Unprintable
from gateway.links import Bearer, LinkSigner, Purpose
from gateway.settings import Settings
from mentorship.advance import Advanced, begin
from mentorship.commands import SERVICE, Command, NoteCertificates, Undelivered
from mentorship.effects import IssueCertificates, PlanMeetings, SendNotice, TellCoordinators
from mentorship.events import EarnedMilestone
from mentorship.people import Side
from mentorship.programme import Programme
from mentorship.state import Meeting
from records import cohorts
from records.people import Profile
from records.store import Records
from schedule.calendar import reading_hours
from schedule.plan import Plans
from schedule.working_days import Home
from starter import rehearsal_fast as fast
from starter.rehearsal_personas import Persona, story
from starter.rehearsal_request import Couple, Request
from tests.sentences.engine import Engine
from webhook.app import create_app
from webhook.pages.fresh_links import FreshLinks
from worker.case_desk import CaseDesk
from worker.case_meetings import Meetings
from worker.case_post import CasePost
from worker.coordinators_list import CoordinatorsList
from worker.digests import SmtpDigests
from worker.journal import RecordsJournal
from worker.post import SmtpPost
from worker.registrar import RecordsRegistrar
from workflows.status import listed

T = TypeVar("T")
_PATHS = {"page": "p", "calendar": "p", "unsubscribe": "u"}
"""What an address begins with, where it is not the link's purpose."""
STARTS = datetime(2027, 3, 1, 8, tzinfo=UTC)


class _Mailer:
    """The mail server."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def send(self, message: EmailMessage) -> None:
        self.mails.append(message)


class House:
    """One company: its records, its mail server, and the worker's ports."""

    def __init__(self, runner: asyncio.Runner, records: Records, settings: Settings, issuer: Issuer) -> None:
        self._runner = runner
        self.records = records
        self.settings = settings
        self.mailer = cast("Any", _Mailer())
        self._signer = signer = LinkSigner(settings.link_secrets)
        self.engine = cast("Any", Engine())
        """What the doors take for Temporal."""
        lines = CoordinatorsList(records, self.engine)
        where: dict[str, Any] = {"sender": settings.mail_from, "base_url": settings.base_url}
        self.notices = NoticeActivities(SmtpPost(records, self.mailer, signer, **where), records.notices, reading_hours)
        self.certificates = CertificateActivities(RecordsRegistrar(records, issuer, lines, base_url=settings.base_url, font_folder=None))
        self.coordination = CoordinationActivities(lines)
        self.digests = DigestActivities(SmtpDigests(records, self.mailer, signer, **where))
        self.journal = RecordsJournal(records)
        self.desk = CaseDesk(records, Meetings(records, self.engine), CasePost(records, self.mailer, signer, reading_hours, **where))
        self.issuer = issuer
        self.now = STARTS
        self.working = True
        """Whether any worker is alive."""
        self.http: httpx.AsyncClient | None = None
        """To the pages, for whoever serves them."""
        self.looking: Callable[[Cohort], None] | None = None
        """What somebody does each time that a story has come to an instant."""
        self.fresh = FreshLinks(records, signer, self.mailer, lambda: self.now, **where)

    def serve(self, **changes: Any) -> httpx.AsyncClient:
        """A browser's way to the pages, which go by the stories' clock. `changes` are of the settings."""
        settings = self.settings.model_copy(update=changes)
        app = create_app(
            settings, self.engine, self.records, clock=lambda: self.now, post=self.mailer, ticks=lambda: (self.now - STARTS) / timedelta(seconds=1)
        )
        return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.base_url, headers={"Accept": "text/html"})

    def page(self, pair: Pair, who: str) -> str:
        """The address of this person's page."""
        return self.address("page", pair.bearer(who))

    def address(self, purpose: Purpose, bearer: Bearer, path: str = "") -> str:
        """Where a link made for this leads; `path` is what the address begins with, if it is another page's."""
        return f"/{path or _PATHS.get(purpose, purpose)}/{self._signer.token(purpose, bearer)}"

    def settle(self) -> None:
        """Has everything handled that came by a door, and what follows from it, unless nobody works."""
        engine = self.engine
        while self.working and (engine.told or engine.woken or engine.wishes):
            told, engine.told = engine.told, []
            for pair in told:
                pair.cohort.until(self.now)
            woken, engine.woken = engine.woken, []
            for case in dict.fromkeys(woken):
                self.wait(self.desk.tend(case, self.now))
            wishes, engine.wishes = engine.wishes, []
            for of, wish in wishes:
                self.act(self.certificates.reissue_certificate, ReissueRequest(mentorship=of.mentorship, person=of.person, results=wish.results), self.now)

    def wait(self, work: Awaitable[T]) -> T:
        async def waited() -> T:
            return await work

        return self._runner.run(waited())

    def act(self, activity: Any, request: Any, now: datetime) -> Any:
        """Runs one of the worker's activities in an attempt that begins now; what goes in goes over the wire."""
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, started_time=now)
        return self.wait(environment.run(activity, type(request).model_validate_json(request.model_dump_json())))


class _Post(fast._Post):
    """Sends by the real activity, and so by the ledger's budget; the rehearsal's own is not asked."""

    def __init__(self, house: House, request: Request, texts: str) -> None:
        super().__init__(request)
        self._house = house
        self._texts = texts
        self.pairs: dict[str, Pair] = {}

    def send(self, notice: SendNotice, cast: fast.Cast, now: datetime) -> datetime | Undelivered | None:
        request = NoticeRequest.of(cast.mentorship, self.pairs[cast.mentorship].state, texts=self._texts, notice=notice)
        delivery = self._house.act(self._house.notices.send_notice, request, now)
        return delivery.until if delivery.outcome == "later" else delivery.why


class Pair(fast._Run):
    """One pair of a cohort. `say` and `until` move the whole cohort on."""

    def __init__(self, house: House, cohort: Cohort, cast: fast.Cast, request: Request, post: _Post, earned: tuple[EarnedMilestone, ...]) -> None:
        super().__init__(cast, request, post, keep=True)
        self._house = house
        self.cohort = cohort
        post.pairs[cast.mentorship] = house.engine.pairs[cast.mentorship] = self
        self._begins = begin(self._begins.told[0].what.model_copy(update={"earned": earned}))  # type: ignore[arg-type]
        self.state = self._begins.state

    @property
    def mentorship(self) -> str:
        return self.cast.mentorship

    def ref(self, who: str) -> str:
        return getattr(self.cast.couple.pair, who) if who in ("mentor", "mentee") else who

    def bearer(self, who: str) -> Bearer:
        return Bearer(self.mentorship, self.ref(who))

    def meeting(self, n: int) -> Meeting:
        found = self.state.meeting(n)
        assert found is not None
        return found

    def say(self, who: str, command: Any, at: datetime | None = None) -> str:
        """Has `who` (a side, or an operator) say this then, or now; returns `applied`, or why it was refused."""
        at = at or self.cohort.now
        self.cohort.until(at)
        name = f"said-{next(self.cohort.ids)}"
        self._said.append(command.model_copy(update={"message_id": name, "by": self.ref(who), "at": at}))
        self.cohort.until(at)
        return next(told.refused or "applied" for told in reversed(self.told) if getattr(told.what, "message_id", None) == name)

    def hear(self, command: Command) -> None:
        """Takes what came by a door; it is handled when the cohort goes on."""
        self._said.append(command)

    def _take(self, turn: Advanced, now: datetime) -> None:
        if turn.entries:
            over_at = (turn.state.ended.at if turn.state.ended is not None else turn.state.now) if turn.state.over else None
            self._house.wait(self._house.journal.append(self.mentorship, turn.entries, listed(turn.state), over_at))
        super()._take(turn, now)

    def _carry(self, effect: PlanMeetings | IssueCertificates | TellCoordinators, now: datetime) -> None:
        house = self._house
        match effect:
            case IssueCertificates():
                request = CertificateRequest(mentorship=self.mentorship, pair=self.cast.couple.pair, texts=self.cohort.texts, wanted=effect)
                try:
                    made = house.act(house.certificates.issue_certificates, request, now)
                except Unprintable:  # it is tried again until there is a font, longer than any story
                    return
                self._inbox.append(
                    NoteCertificates(
                        message_id=f"certificates.{effect.id}", by=SERVICE, at=now, effect=effect.id, certificates=made.certificates, erased=made.erased
                    )
                )
            case TellCoordinators():
                house.act(house.coordination.tell_coordinators, LineRequest(mentorship=self.mentorship, wanted=effect), now)
            case _:
                super()._carry(effect, now)


class Cohort:
    """A cohort of a story's own, with people, a programme and pairs of its own. The people of contacts are everybody's."""

    ids = count(1)

    def __init__(
        self,
        house: House,
        name: str,
        programme: Programme,
        people: Mapping[str, Profile],
        pairs: Iterable[tuple[str, str]],
        *,
        personas: Mapping[str, Persona] | None = None,
        earned: tuple[EarnedMilestone, ...] = (),
        starts: datetime = STARTS,
    ) -> None:
        self.house = house
        self.name = name
        self.programme = programme
        self.now = house.now = starts
        wait, records = house.wait, house.records
        wait(records.programmes.put(programme))
        self.texts = programme.texts().digest
        refs = wait(records.people.enrol(people.values()))
        self.refs = {who: refs[profile.person_id] for who, profile in people.items()}
        head = programme.programme
        wait(
            records.cohorts.put(
                cohorts.Cohort(
                    id=name, programme=head.id, version=head.version, texts_digest=self.texts, starts_at=starts, created_at=starts - timedelta(days=9)
                )
            )
        )
        listed = [(f"pair-{n}", self.refs[mentor], self.refs[mentee]) for n, (mentor, mentee) in enumerate(pairs, 1)]
        added = wait(records.cohorts.enrol_pairs(name, listed)).added
        known = {self.refs[key]: profile.model_copy(update={"person_id": self.refs[key]}) for key, profile in people.items()}
        couples = tuple(Couple(pair_id=one.pair_id, mentor_id=one.mentor, mentee_id=one.mentee) for one in added)
        acting = {self.refs[key]: persona for key, persona in (personas or {}).items()}
        request = Request(programme=programme, people=tuple(known.values()), pairs=couples, starts=starts, personas=acting, seed=7)
        post = _Post(house, request, self.texts)
        plans = Plans(programme, starts)
        self.pairs: list[Pair] = []
        for couple, enrolled in zip(couples, added, strict=True):
            planned = plans.of(Home.of(known[couple.mentee_id], programme), Home.of(known[couple.mentor_id], programme))
            sides: dict[Side, Persona] = {"mentor": acting[couple.mentor_id], "mentee": acting[couple.mentee_id]} if acting else {}
            said: list[Command] = story(couple.pair, sides, programme.rules(), planned, f"7 {couple.pair_id}") if acting else []
            wait(records.cohorts.mark_started(enrolled.mentorship))
            self.pairs.append(Pair(house, self, fast.Cast(couple, enrolled.mentorship, planned, said), request, post, earned))

    def bearer(self, person_id: str) -> Bearer:
        """Somebody who looks after the cohort."""
        return Bearer(self.name, self.refs[person_id])

    def until(self, at: datetime | None = None) -> None:
        """Everything that happens to any pair up to then, in the order of time; without an instant, to the end of all."""
        while (soon := self._soon()) is not None and (at is None or soon[0] <= at):
            then, place = soon
            self.pairs[place].wake(max(then, self.pairs[place].state.now))
            self.now = max(self.now, then)
        if at is not None:
            self.now = max(self.now, at)
        self.house.now = self.now
        if self.house.looking is not None:
            self.house.looking(self)

    def _soon(self) -> tuple[datetime, int] | None:
        """The next instant at which something happens to a pair, and which one."""
        return min(((then, place) for place, pair in enumerate(self.pairs) if (then := pair.next_instant()) is not None), default=None)
