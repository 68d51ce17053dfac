"""One pair, one programme, and a mail of any kind to either of the two."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from mentorship.effects import MeetingFacts, MilestoneFacts, SendNotice
from mentorship.programme import Benefits, Milestone, Resource, Session, Texts
from notices.compose import compose
from notices.readers import Links, Reader
from tests.notices.reading import DUE, ENDS

BERLIN = ZoneInfo("Europe/Berlin")
MENTORSHIP = "mentorship.spring.m-0123456789ab"


def _meeting(number: int) -> MeetingFacts:
    """Every second Monday at 10:00 in Berlin, across the change to summer time on 28 March 2027."""
    start = datetime(2027, 2, 1, 10).replace(tzinfo=BERLIN) + timedelta(days=14 * (number - 1))  # noqa: DTZ001 - the zone follows
    return MeetingFacts(
        meeting=number, start=start.astimezone(UTC), ends=start.astimezone(UTC) + timedelta(hours=1), session=min(number - 1, 2), confirmed=number < 3
    )


@pytest.fixture
def series() -> tuple[MeetingFacts, ...]:
    return tuple(map(_meeting, range(1, 13)))


@pytest.fixture
def texts() -> Texts:
    return Texts(
        programme="engineering",
        version=1,
        title="Engineering mentorship 2027",
        time_zone="Europe/Berlin",
        languages=("en", "de", "ar"),
        share=80,
        sessions=(
            Session(topic="Getting started", expectations=True, prompts=("What would make this worth our time?",)),
            Session(
                topic="Career stories",
                prompts=("Which turn surprised you?",),
                resources=(Resource(title="On stories", url="https://stories.example/a?b=1&c=2"),),
            ),
            Session(topic="Looking back and ahead", closing=True),
        ),
        milestones=(
            Milestone.model_validate({"id": "aligned", "title": "Expectations agreed", "when": "expectations_confirmed"}),
            Milestone(id="first-goal", title="A goal with a first step"),
            Milestone(id="progress", title="Progress on a goal"),
            Milestone(id="talks", title="Three conversations"),
            Milestone(id="shadowing", title="A day of shadowing"),
            Milestone(id="hosting", title="A day as a host", by="mentor"),
        ),
        benefits=Benefits(
            mentor=("New eyes on old experience.",), mentee=("A second pair of eyes.", "Questions that I would not ask."), everyone=("Time to think.",)
        ),
    )


@pytest.fixture
def links() -> Links:
    return Links(
        page="https://mentoring.example/p/tok",
        unsubscribe="https://mentoring.example/u/tok",
        who_sees_what="https://mentoring.example/who-sees-what",
        calendar="https://mentoring.example/p/cal/calendar.ics",
        verify="https://mentoring.example/c/abcdefghijklmnopqrstuvwxyz",
    )


@pytest.fixture
def people() -> SimpleNamespace:
    return SimpleNamespace(
        mentee=Reader("p-mentee0000000000", "Ada Lovelace", "ada@people.example", "en", "Europe/Berlin", "mentee"),
        mentor=Reader("p-mentor0000000000", "Grace Hopper", "grace.secret@people.example", "en", "Pacific/Auckland", "mentor"),
        coordinator=Reader("p-coord00000000000", "Ana", "ana@people.example", "en", "Europe/Berlin", "coordinators"),
    )


@pytest.fixture
def notice(series: tuple[MeetingFacts, ...]) -> Callable[..., SendNotice]:
    """A notice with every fact that its kind can carry."""

    def build(kind: str, side: str = "mentee", **facts: object) -> SendNotice:
        known: dict[str, object] = {
            "id": "4.0",
            "kind": kind,
            "to": "coordinators" if kind == "case" else side,
            "due": DUE,
            "meeting": series[1],
            "helps_until": DUE + timedelta(days=7),
            "milestones": (
                MilestoneFacts(id="aligned", done_at=series[0].start),
                MilestoneFacts(id="first-goal", done_at=series[1].start),
                MilestoneFacts(id="progress", waived=True),
                MilestoneFacts(id="talks", done_at=series[2].start),
                MilestoneFacts(id="shadowing", done_at=None),
                MilestoneFacts(id="hosting", done_at=None),
            ),
            "needed": 5,
            "ends": ENDS,
            "reporting_ends": ENDS + timedelta(days=7),
            "milestone": "shadowing",
            "pins": (f"{side}.0",),
            "line": "cancellations_mentee",
        }
        if kind == "welcome":
            known["calendar"] = series
        if kind == "rescheduled":
            known |= {
                "change": "moved",
                "calendar": series,
                "calendar_sequence": 3,
                "meeting": series[1].model_copy(update={"previous_start": series[1].start - timedelta(days=1)}),
            }
        if kind == "move_proposed":
            known["meeting"] = series[1].model_copy(update={"previous_start": series[1].start - timedelta(days=1)})
        if kind == "ended":
            known |= {"calendar": (), "calendar_sequence": 4}
        return SendNotice.model_validate(known | facts)

    return build


@pytest.fixture
def mail(notice, texts, links, people) -> Callable[..., EmailMessage]:
    """The mail of one kind to one side. `facts` change the notice, and `with_` changes how it is composed."""

    def build(kind: str, side: str = "mentee", *, with_: dict[str, object] | None = None, **facts: object) -> EmailMessage:
        case = kind == "case"
        reader = people.coordinator if case else getattr(people, side)
        made = notice(kind, side, **facts)
        arguments: dict[str, object] = {
            "mentorship": MENTORSHIP,
            "reader": reader,
            "partner": None if case else people.mentor if side == "mentee" else people.mentee,
            "pair": (people.mentor, people.mentee) if case else (),
            "texts": texts,
            "links": links,
            "key": f"{MENTORSHIP}/4.0",
            "sender": "Mentoring <mentoring@service.example>",
            "at": made.due,
        }
        return compose(made, **(arguments | (with_ or {})))  # type: ignore[arg-type]

    return build
