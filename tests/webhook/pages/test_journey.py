"""From the welcome mail to the certificate, in a real browser: a mentee without JavaScript and a mentor with it use every action by its form.

Everything else is real as well: workers, records, a mail server, pages that listen on a port. Weeks pass on Temporal's time-skipping
server, so that a person's forms, which speak of days and minutes, can be used as they are.
"""

from __future__ import annotations

import asyncio
import io
import re
import sysconfig
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest_asyncio
from playwright.async_api import Page, expect
from pypdf import PdfReader
from temporalio.testing import WorkflowEnvironment

from certificates.issuer import Issuer
from gateway import search_attributes
from gateway.converter import data_converter
from gateway.settings import Settings
from mentorship.programme import Programme
from records.cohorts import Cohort
from records.people import Profile
from records.store import Records
from webhook.app import create_app
from webhook.main import _mailer
from worker.build import workers
from worker.office import RecordsOffice
from worker.ports import activities

LONDON = ZoneInfo("Europe/London")
PAIRS = (("ana", "ben"), ("cleo", "dan"))
"""Mentor and mentee."""


def programme() -> Programme:
    """Ten weeks, five conversations, eight milestones: seven earn the certificate."""
    by_hand = [("shadowing", "A day of shadowing"), ("letter", "A letter to oneself"), ("visit", "A visit")]
    facts = [
        ("aligned", "Expectations agreed", "expectations_confirmed"),
        ("goal", "A goal", "goal_set"),
        ("progress", "Progress", "goal_progressed"),
        ("talks", "Three conversations", {"meetings_held": 3}),
        ("closing", "Closing conversation", "closing_held"),
    ]
    return Programme.model_validate(
        {
            "programme": {"id": "journey", "version": 1, "title": "Mentoring 2027", "length": "P10W", "time_zone": "Europe/London", "languages": ["en", "de"]},
            "contacts": {"coordinators": ["petra"], "owner": "lee", "outside": ["sam"]},
            "meetings": {"count": 5, "first_after": "P7D", "interval": "P14D", "duration": "PT1H", "time_of_day": "10:00", "feedback_after": [1]},
            "sessions": [{"topic": "Getting started", "expectations": True}, {"topic": "Onwards"}, {"topic": "Looking back", "closing": True}],
            "milestones": [
                *({"id": one, "title": title, "when": when} for one, title, when in facts),
                *({"id": one, "title": title, "by": "either"} for one, title in by_hand),
            ],
            "surveys": {"pulse_after_meeting": 1},
            "benefits": {"mentee": ["A second pair of eyes on your plans."], "mentor": ["Seeing your own experience with new eyes."]},
            "mail": {"budget": {"most": 100, "in": "P30D"}, "spread": "PT0S"},
        }
    )


@dataclass
class World:
    """The service and its time. The hook's clock follows the server's."""

    environment: WorkflowEnvironment
    settings: Settings
    records: Records
    issuer: Issuer
    mailbox: Any
    ahead: timedelta = timedelta()
    pairs: dict[str, str] = field(default_factory=dict)
    """Each person's mentorship."""
    refs: dict[str, str] = field(default_factory=dict)
    begin: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    planned: dict[int, datetime] = field(default_factory=dict)
    """When Ana and Ben are to meet, according to the first plan."""

    def clock(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def until(self, instant: datetime) -> None:
        """Moves time on for the server, the workers and the pages, a day at a time, since one long sleep would time out while much happens."""
        while (left := instant - await self.environment.get_current_time()) > timedelta():
            await self.environment.sleep(min(left, timedelta(days=1)))
        self.ahead = await self.environment.get_current_time() - datetime.now(UTC)

    async def start(self) -> None:
        """Starts on the first Monday of March, at midnight."""
        year = (await self.environment.get_current_time()).year + 1
        first = datetime.combine(datetime(year, 3, 1, tzinfo=LONDON).date(), time(), LONDON)
        monday = first + timedelta(days=(7 - first.weekday()) % 7)
        await self.until(monday.astimezone(UTC))
        wanted = programme()
        await self.records.programmes.put(wanted)
        names = {"ana": "Ana Mentor", "ben": "Ben Mentee", "cleo": "Cleo Mentor", "dan": "Dan Mentee", "petra": "Petra", "sam": "Sam", "lee": "Lee"}
        roster = [Profile(person_id=one, name=name, email=f"{one}@example.org", time_zone="Europe/London", language="en") for one, name in names.items()]
        self.refs = await self.records.people.enrol(roster)
        digest = wanted.texts().digest
        await self.records.cohorts.put(
            Cohort(id="spring", programme="journey", version=1, texts_digest=digest, starts_at=monday.astimezone(UTC), created_at=datetime.now(UTC))
        )
        enrolled = await self.records.cohorts.enrol_pairs("spring", [(f"pair-{n}", self.refs[a], self.refs[b]) for n, (a, b) in enumerate(PAIRS)])
        for (mentor, mentee), enrolment in zip(PAIRS, enrolled.added, strict=True):
            self.pairs |= {mentor: enrolment.mentorship, mentee: enrolment.mentorship}
        await RecordsOffice(self.records, self.environment.client).enrol("spring", 2, lambda *_: None)
        self.begin = monday.astimezone(UTC)
        self.planned = {n: (monday + timedelta(days=7 + 14 * (n - 1), hours=10)).astimezone(UTC) for n in range(1, 6)}
        await self.until(self.begin + timedelta(hours=10))

    async def mail(self, who: str, having: str) -> str:
        """The link to such a page in the newest mail to this person that has one, as they would click it."""
        async with asyncio.timeout(10):
            while True:
                for mail in reversed(self.mailbox.to(f"{who}@example.org")):
                    found = re.search(rf"http://127\.0\.0\.1:\d+/{having}/\S+", mail.get_body(("plain",)).get_content())
                    if found is not None:
                        return found[0]
                await asyncio.sleep(0.05)


@pytest_asyncio.fixture
async def world(settings, records, keyring, issuer, mailbox, listening, serving) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        reached = {"smtp_host": "127.0.0.1", "smtp_port": mailbox.port, "smtp_tls": "none", "base_url": f"http://127.0.0.1:{listening.getsockname()[1]}"}
        own = settings.model_copy(update=reached)
        environment = await WorkflowEnvironment.start_time_skipping(
            test_server_existing_path=str(Path(sysconfig.get_path("scripts")) / "temporal-test-server"), data_converter=data_converter(keyring)
        )
        stack.push_async_callback(environment.shutdown)
        await search_attributes.register(environment.client)
        world = World(environment, own, records, issuer, mailbox)
        for worker in workers(environment.client, activities(own, records, environment.client, issuer)):
            await stack.enter_async_context(worker)
        await stack.enter_async_context(serving(create_app(own, environment.client, records, clock=world.clock, post=_mailer(own))))
        await world.start()
        yield world


@dataclass
class Person:
    """Somebody at a browser. Whatever they do ends on a page that says what became of it."""

    name: str
    page: Page
    world: World
    home: str = ""

    async def welcome(self) -> None:
        """Opens their page by the link in the welcome mail."""
        self.home = await self.world.mail(self.name, "p")
        await self.page.goto(self.home)

    async def look(self, *path: str | int) -> None:
        """Opens their page, or a form of it."""
        await self.page.goto("/".join([self.home, *map(str, path)]))

    async def press(self, name: str, tells: str = "Done.") -> None:
        """Presses the button with this text; the next page must confirm it."""
        await self.page.get_by_role("button", name=name, exact=True).first.click()
        await expect(self.page.locator("[role=status]").first).to_contain_text(tells)

    async def form(self, *path: str | int, press: str, tells: str = "Done.", choose: tuple[str, ...] = (), **typed: str) -> None:
        """Opens a form, chooses and types, and sends it."""
        await self.look(*path)
        for label in choose:
            await self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}")).check()
        for name, text in typed.items():
            await self.page.locator(f"[name={name}]").fill(text)
        await self.press(press, tells)

    async def privately(self) -> None:
        """Asks for the private link on the page, and opens it from the mail."""
        await self.form("private_link", press="Mail me that link", tells="It is on its way.")
        await self.page.goto(await self.world.mail(self.name, "private"))

    async def follow(self, link: str) -> None:
        await self.page.get_by_role("link", name=link).first.click()

    async def reads(self, *texts: str) -> None:
        for text in texts:
            await expect(self.page.locator("main")).to_contain_text(text)

    async def reads_nothing_of(self, *texts: str) -> None:
        for text in texts:
            await expect(self.page.locator("main")).not_to_contain_text(text)


def field_value(instant: datetime) -> str:
    """The time in the format of a field for day and time."""
    return instant.astimezone(LONDON).strftime("%Y-%m-%dT%H:%M")


@pytest_asyncio.fixture
async def people(chromium, world) -> dict[str, Person]:
    """Mentees without JavaScript, mentors with it."""
    found = {}
    for mentor, mentee in PAIRS:
        for name, scripted in ((mentor, True), (mentee, False)):
            context = await chromium.new_context(java_script_enabled=scripted, locale="en-GB")
            found[name] = Person(name, await context.new_page(), world)
    return found


async def a_welcome(world: World, ana: Person, ben: Person) -> None:
    """Accepts times one by one and all at once, confirms the three expectations, sets a goal with its first steps, and pins a benefit."""
    await ben.welcome()
    await ben.reads("Accept all 5 times", "Three things to talk about first", "Getting started")
    await ben.press("Accept this time")
    await ben.reads("You accepted this time; Ana Mentor has not yet.")
    await ana.welcome()
    await ana.press("Accept all 5 times")
    await ana.reads("You both accepted this time.")
    await ben.look()
    await ben.press("Accept all 4 times")
    expectations = ("Confidentiality", "Mutual respect", "Psychological safety")
    for who in (ana, ben):
        await who.form("confirm_expectations", press="We talked about it", choose=expectations)
        await who.reads_nothing_of("Three things to talk about first")
    await ben.form("set_goal", press="Set this goal", text="Lead a design review", steps="Ask who has led one\nTake the next one")
    await ben.reads("Lead a design review", "Take the next one")
    await ben.privately()
    await ben.follow("Choose")
    await ben.page.get_by_label("A second pair of eyes on your plans.").check()
    await ben.press("Keep these")
    await ben.look()
    await ben.reads("What matters to you in this", "A second pair of eyes on your plans.")
    await ana.look()
    await ana.reads("Lead a design review")
    await ana.reads_nothing_of("A second pair of eyes on your plans.")


async def a_move(world: World, ana: Person, ben: Person) -> None:
    """One proposes another time, and the other agrees with one tap. Returns when the second conversation then is."""
    second = world.planned[2] + timedelta(days=1)
    await ana.form("move_meeting", 2, press="Propose this time", to=field_value(second))
    await ana.reads("You proposed")
    await ben.look()
    await ben.press("That time is fine")
    await ben.reads(f"{second.astimezone(LONDON).day} March, 10:00")


async def a_first_conversation(world: World, ana: Person, ben: Person) -> None:
    """Reported by one tap, then attendance; feedback that is shared later; progress on the goal; two short questions."""
    await world.until(world.planned[1] + timedelta(hours=2))
    await ben.look()
    await ben.press("We met")
    await ben.reads("1 conversation held")
    await ana.form("report_meeting", 1, press="Say so", choose=("We met", "I was on time", "Was there"))
    await ana.privately()
    await ana.follow("After the meeting of")
    await ana.page.locator("textarea").fill("Ben prepares so well that an hour is short.")
    await ana.press("Keep it")
    await ana.reads("Only you can read it.")
    await ben.look()
    await ben.reads_nothing_of("an hour is short")
    await ana.follow("Share it with Ben Mentee")
    await ana.press("Share it")
    await ben.look()
    await ben.reads("Ana Mentor shared this with you", "an hour is short")
    await ben.form("report_goal", (await goal(world)), press="Say so", choose=("Progress made",))
    await ben.reads("progress made")
    await ben.privately()
    await ben.page.goto(ben.page.url + "/pulse")
    for item in ("trust", "satisfaction"):
        await ben.page.locator(f"input[name={item}][value='4']").check()
    await ben.press("Send my answers")


async def a_late_cancellation(world: World, ana: Person, ben: Person) -> None:
    """For a reason that stays private, and excused by the partner."""
    await world.until(world.planned[2] + timedelta(days=1) - timedelta(hours=3))
    await ana.form("cancel_meeting", 2, press="Call it off", choose=("Work",))
    await ana.reads("You called it off.")
    await ben.look()
    await ben.reads("did not work out for Ana Mentor")
    await ben.reads_nothing_of("Work")
    await ben.press("Fine by me")


async def a_disagreement(world: World, ana: Person, ben: Person) -> None:
    """One says that the other was not there, who contradicts; then a conversation outside the plan."""
    await world.until(world.planned[3] + timedelta(hours=2))
    await ana.form("report_meeting", 3, press="Say so", choose=("We did not meet", "Was not there"))
    await ben.look()
    await ben.reads("Ana Mentor says that you were not there")
    await ben.follow("I see it differently")
    await ben.press("I see it differently")
    await ben.reads_nothing_of("says that you were not there")
    await ben.form("report_meeting", press="Say so", held_at=field_value(world.planned[3] - timedelta(days=3)))
    await ben.reads("3 conversations held", "Outside the plan")


async def some_milestones(world: World, ana: Person, ben: Person) -> None:
    """Reported, objected to, reported by both; taken back; done at an instant of its own."""
    await ben.form("record_milestone", "shadowing", press="We did it")
    await ana.look()
    await ana.form("object_to_milestone", "shadowing", press="I see it differently")
    await ana.reads("it counts when you confirm it too")
    await ana.form("record_milestone", "shadowing", press="We did it")
    await ana.form("record_milestone", "visit", press="We did it")
    await ana.reads("Milestones: 6 of 8")
    await ana.page.get_by_text("Take back something that you reported").click()
    await ana.follow("A visit")
    await ana.press("Take it back")
    await ana.reads("Milestones: 5 of 8")
    await ben.form("record_milestone", "letter", press="We did it", done_at=field_value(world.planned[3] + timedelta(hours=1)) + ":30")
    await ben.reads("Milestones: 6 of 8")


async def more_time(world: World, ana: Person, ben: Person) -> None:
    """Both ask for it."""
    await ben.form("ask_extension", press="Ask for it")
    await ben.reads("it is added when Ana Mentor asks too")
    await ana.look()
    await ana.reads("Ben Mentee would like 4 weeks more")
    await ana.form("ask_extension", press="Yes, for me too")


async def the_end(world: World, ana: Person, ben: Person) -> None:
    """The last conversations, and six questions to close with."""
    await world.until(world.begin + timedelta(weeks=13, hours=13))
    await ana.look()
    await ana.follow("Answer for several at once")
    for box in await ana.page.get_by_role("checkbox").all():
        await box.check()
    await ana.press("The ticked ones took place")
    await ana.reads("Milestones: 7 of 8", "That is enough for both certificates")
    ends = world.begin + timedelta(weeks=14)
    await world.until(ends + timedelta(hours=12))
    for who in (ana, ben):
        await who.look()
        await who.reads("Six questions to close with")
        await who.privately()
        await who.follow("Answer them")
        for item in ("past_getting_to_know", "trust", "accountability", "depth", "opportunities", "satisfaction"):
            await who.page.locator(f"input[name={item}][value='5']").check()
        await who.press("Send my answers")
    await world.until(ends + timedelta(days=8))


async def a_certificate(world: World, ana: Person, ben: Person) -> None:
    """The mail leads to it; its holder adds the milestones, and a stranger can check it."""
    for who in (ana, ben):
        await who.welcome()
        await who.reads("You both earned it: 7 of 8 milestones.", "Add to LinkedIn")
    await ben.follow("Your certificate")
    await ben.page.get_by_label("Your milestones as well: 7 of 8").check()
    await ben.press("Make it say so")
    await ben.reads("This is the new certificate.")
    document = await ben.page.get_by_role("link", name="Document (PDF)").get_attribute("href")
    pdf = await ben.page.request.get(f"{world.settings.base_url}{document}")
    assert "Ben Mentee" in read(await pdf.body())
    await ben.follow("Page to verify it")
    await ben.reads("Valid", "Ben Mentee", "7 of 8")
    await ben.reads_nothing_of("Ana")


async def test_a_mentee_and_a_mentor_go_from_the_welcome_mail_to_the_certificate(world, people):
    ana, ben = people["ana"], people["ben"]
    for chapter in (a_welcome, a_move, a_first_conversation, a_late_cancellation, a_disagreement, some_milestones, more_time, the_end, a_certificate):
        await chapter(world, ana, ben)


async def test_either_may_end_it_and_the_other_hears_that_it_ended(world, people):
    cleo, dan = people["cleo"], people["dan"]
    await dan.welcome()
    await cleo.welcome()
    await dan.privately()
    await dan.follow("Read what happens then")
    await dan.reads("not who wished it and not why")
    await dan.page.get_by_label("I am sure").check()
    await dan.press("End it")
    await cleo.look()
    await cleo.reads("This mentorship ended on", "Nothing more is asked of you.", "Questions? A line to one of them is enough.")
    await cleo.reads_nothing_of("wish", "Dan Mentee ended", "Proposed", "a slower rhythm")
    await cleo.look("set_goal")
    await cleo.reads("The programme's time for that is over.")


async def goal(world: World) -> str:
    entries = await world.records.journal.entries(world.pairs["ben"])
    return next(entry.body["goal"] for entry in entries if entry.name == "goal_set")


def read(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
