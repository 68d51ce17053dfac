"""A cohort with two coordinators and lines on their list, in real records. Temporal's server keeps what cases are told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr
from ruamel.yaml import YAML

from gateway.links import Bearer, LinkSigner
from gateway.settings import Settings
from mentorship.programme import Programme
from records.cohorts import Cohort, Enrolment
from records.journal import JournalEntry
from records.people import Profile
from records.store import Records

NOW = datetime(2027, 5, 3, 9, 0, tzinfo=UTC)
"""A Monday."""

NAMES = [
    ("Mia Brandt", "Noor Haddad"),
    ("Jonas Lindqvist", "Aylin Öztürk"),
    ("Priya Raman", "Tom Achterberg"),
    ("Sofia Rossi", "Kwame Mensah"),
    ("Emil Novak", "Lea Fischer"),
]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    linked = {"link_secrets": (SecretStr("a secret of this test, long enough to be one"),), "base_url": "http://hook"}
    return settings.model_copy(update={**linked, "mail_from": "Mentorship <mentorship@example.org>"})


@pytest.fixture(scope="session")
def programme() -> Programme:
    document = YAML(typ="safe").load(Path(__file__).parents[3] / "examples" / "engineering-2027.yaml")
    document["contacts"] = {"coordinators": ["ana", "carl"], "owner": "lee", "outside": ["sam"]}
    return Programme.model_validate(document)


def person(name: str, **more: Any) -> Profile:
    person_id = name.split(maxsplit=1)[0].lower()
    return Profile(**{"person_id": person_id, "name": name, "email": f"{person_id}@example.org", "time_zone": "Europe/Berlin"} | more)


@dataclass
class Desk:
    """The list's other end: opens and closes lines as the mentorships would."""

    records: Records
    signer: LinkSigner
    programme: Programme
    clock: Any
    refs: dict[str, str] = field(default_factory=dict)
    pairs: list[Enrolment] = field(default_factory=list)
    number: int = 0

    def token(self, who: str = "ana", cohort: str = "spring") -> str:
        return self.signer.token("coordinator", Bearer(cohort, self.refs[who]))

    def address(self, who: str = "ana", *path: str) -> str:
        return "/".join(("/coordinator", self.token(who), *path))

    async def open(self, line: str, pair: int = 0, days: float = 5, *, side: Any = None) -> str:
        """Opens a line as of so many days ago, with its case; returns the line's key."""
        self.number += 1
        mentorship, at, key = self.pairs[pair].mentorship, self.clock.now - timedelta(days=days), f"line-{self.number}"
        await self.records.lines.open(mentorship, line, side, at, key)
        await self.records.cases.open_line(mentorship, line, programme=self.programme.programme.id, at=at, key=key)
        return key

    async def card(self, pair: int, *, over: bool = False) -> None:
        """Writes the card that the mentorship's last turn left for lists, with more on it than a coordinator may see. `over`: that turn was the last."""
        card = {"ladder_rung": 2, "meetings_held": 71, "milestones_done": 37, "milestones_total": 50, "attention": ["rematch"], "certificates": []}
        row = JournalEntry(seq=2 if over else 1, at=self.clock.now, kind="event", name="mentorship_started")
        await self.records.journal.append(self.pairs[pair].mentorship, [row], card, over_at=self.clock.now if over else None)

    async def decide(self, pair: int, certified: list[str]) -> None:
        """Decides who of an ended pair earned a certificate; makes none."""
        row = JournalEntry(seq=3, at=self.clock.now, kind="event", name="certificates_decided", body={"certified": certified})
        await self.records.journal.append(self.pairs[pair].mentorship, [row])

    async def line(self, key: str) -> Any:
        return next(line for line in await self.records.lines.all(open_only=False) if line.key == key)

    async def hire(self, **changes: dict[str, Any]) -> None:
        """Changes profiles: `hire(noor={"manager_id": "ana"})`."""
        for who, change in changes.items():
            profile = await self.records.people.profile(self.refs[who])
            await self.records.people.enrol([profile.model_copy(update=change)])


@pytest_asyncio.fixture
async def desk(records: Records, settings: Settings, programme: Programme, clock) -> Desk:
    clock.now = NOW
    await records.programmes.put(programme)
    staff = [person("Ana Coordinator", role="coordinator", language="en"), person("Carl Coordinator", role="coordinator", language="de")]
    staff += [person("Lee Owner"), person("Sam Contact"), person("Max Manager")]
    two = [person(name) for pair in NAMES for name in pair]
    refs = await records.people.enrol([*staff, *two])
    head = programme.programme
    started = NOW - timedelta(days=60)
    cohort = Cohort(id="spring", programme=head.id, version=head.version, texts_digest=programme.texts().digest, starts_at=started, created_at=started)
    await records.cohorts.put(cohort)
    wanted = [(f"pair-{n}", refs[one.split()[0].lower()], refs[other.split()[0].lower()]) for n, (one, other) in enumerate(NAMES, 1)]
    pairs = list((await records.cohorts.enrol_pairs("spring", wanted)).added)
    for pair in pairs:
        await records.cohorts.mark_started(pair.mentorship, started)
    return Desk(records, LinkSigner(settings.link_secrets), programme, clock, refs, pairs)
