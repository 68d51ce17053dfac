"""A small, correct programme and roster for each test to spoil, and the command line as it is called."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gateway.keyring import Keyring
from gateway.settings import Settings
from mentorship.advance import Advanced, advance, begin
from mentorship.commands import SERVICE, ApplyPlan, Command, NoteCertificates
from mentorship.effects import IssueCertificates, PlanMeetings
from mentorship.events import MentorshipStarted
from mentorship.people import Pair
from mentorship.policy.deadlines import next_due
from records.cohorts import Cohort, Enrolment
from records.journal import JournalEntry
from records.store import Records
from schedule.anew import new_end
from schedule.calendar import moved
from starter import cli
from starter.faults import Findings
from starter.programme_file import read_programme
from starter.roster import Roster, read_roster

PROGRAMME = """\
programme:
  id: spring
  version: 1
  title: Spring
  length: P26W
  time_zone: Europe/Berlin
  languages: [en, de]
contacts:
  coordinators: [ana]
  owner: lee
  outside: [sam]
meetings:
  count: 12
  first_after: P7D
  interval: P14D
  duration: PT1H
  time_of_day: "10:00"
sessions:
  - {topic: Getting started, expectations: true}
  - {topic: Career stories}
  - {topic: Looking back, closing: true}
milestones:
  - {id: aligned, title: Expectations agreed, when: expectations_confirmed}
  - {id: goal, title: A goal, when: goal_set}
  - {id: shadowing, title: A day of shadowing}
"""
PEOPLE = """\
person_id,name,email,role,time_zone,language,country,manager_id,skills,goals,capacity,status
ana,Ana,ana@example.com,coordinator,,,,,,,,
lee,Lee,lee@example.com,owner,,,,,,,,
sam,Sam,sam@example.com,contact,,,,,,,,
m1,Mia,mia@example.com,mentor,Europe/Berlin,de,DE,boss,a|b,,1,active
m2,Max,max@example.com,both,,,,m1,,,,
e1,Eve,eve@example.com,mentee,America/New_York,en,US,other,,a,,
e2,Eli,eli@example.com,,,,,,,,,
"""
PAIRS = """\
pair_id,mentor_id,mentee_id
p1,m1,e1
p2,m2,e2
"""


@dataclass
class Files:
    """The three files of a cohort in a folder of their own; each test writes what it needs into them."""

    folder: Path

    @property
    def programme(self) -> Path:
        return self.folder / "programme.yaml"

    @property
    def people(self) -> Path:
        return self.folder / "people.csv"

    @property
    def pairs(self) -> Path:
        return self.folder / "pairs.csv"

    def write(self, programme: str = PROGRAMME, people: str | bytes = PEOPLE, pairs: str | bytes = PAIRS) -> Files:
        for path, content in ((self.programme, programme), (self.people, people), (self.pairs, pairs)):
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return self

    def options(self, cohort: str = "spring-27", starts: str = "2099-03-02") -> list[str]:
        named = ["--programme", str(self.programme), "--people", str(self.people), "--pairs", str(self.pairs)]
        return [*named, "--cohort", cohort, "--starts", starts]

    def read(self) -> tuple[Roster | None, list[str], list[str]]:
        """Returns (roster, faults, notices), with the folder removed from each line."""
        findings = Findings()
        roster = read_roster(self.programme, self.people, self.pairs, findings)
        return roster, self._short(findings.sorted_faults()), self._short(findings.sorted_notices())

    def faults(self) -> list[str]:
        return self.read()[1]

    def check(self) -> tuple[list[str], list[str]]:
        """Returns (faults, notices) of the programme file alone."""
        findings = Findings()
        read_programme(self.programme, findings)
        return self._short(findings.sorted_faults()), self._short(findings.sorted_notices())

    def _short(self, found: list[Any]) -> list[str]:
        return [str(one).removeprefix(f"{self.folder}/").replace(f"{self.folder}/", "") for one in found]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path).write()


@dataclass
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


SCHEMAS = Path(__file__).parents[2] / "docs" / "cli"
CORRECTIONS = {"pause", "resume", "extend", "end", "waive", "resolve"}


def schema_of(*words: str) -> Path:
    """The schema file for what this command answers with `--json`."""
    names = ["correction"] if words[0] in CORRECTIONS else ["-".join(words[:2]), words[0]]
    return next((path for name in names if (path := SCHEMAS / f"{name}.schema.json").exists()), SCHEMAS / f"{names[0]}.schema.json")


def conforms(arguments: tuple[str, ...], answered: Any) -> None:
    """Checks that every answer that any test here sees is one that docs/cli promises."""
    path = schema_of(*arguments)
    problems = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(json.loads(path.read_text())).iter_errors(answered)]
    assert not problems, f"{path} does not describe what `mentorship {' '.join(arguments)}` answered: {problems}"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Runs the command line in this process, through the same entry point as the installed command."""

    def call(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["mentorship", *arguments])
        monkeypatch.setattr(sys.modules["__main__"], "__package__", "")  # not named after `python -m pytest`
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main()
        told = capsys.readouterr()
        if "--json" in arguments and told.out:
            conforms(arguments, json.loads(told.out))
        return Ran(int(left.value.code or 0), told.out, told.err)

    return call


@dataclass
class Past:
    """Records for one test, with cohorts whose journals the pure core wrote: no server, no worker."""

    settings: Settings
    until: datetime | None = None
    """The instant up to which something happened last; None if everything is over."""

    def happened(
        self, roster: Roster, starts: datetime, told: Mapping[str, Iterable[Command]], *, until: datetime | None = None, cohort: str = "spring-27"
    ) -> None:
        """A cohort in which people said this, by pair_id; `by` is `mentor` or `mentee`. Without `until`, all its mentorships are over."""
        self.until = until
        asyncio.run(self._happened(roster, starts, told, until, cohort))

    async def _happened(self, roster: Roster, starts: datetime, told: Mapping[str, Iterable[Command]], until: datetime | None, cohort: str) -> None:
        records = await Records.open(self.settings.database_url, self.settings.keyring())
        try:
            head = roster.programme.programme
            await records.programmes.put(roster.programme)
            refs = await records.people.enrol(roster.profiles())
            await records.cohorts.put(
                Cohort(
                    id=cohort,
                    programme=head.id,
                    version=head.version,
                    texts_digest=roster.programme.texts().digest,
                    starts_at=starts,
                    created_at=starts,
                )
            )
            enrolled = await records.cohorts.enrol_pairs(cohort, [(pair.pair_id, refs[pair.mentor_id], refs[pair.mentee_id]) for pair in roster.pairs])
            plans = roster.plans(roster.pairs, starts)
            for pair, enrolment in zip(roster.pairs, enrolled.added, strict=True):
                await records.cohorts.mark_started(enrolment.mentorship, starts)
                await _act(records, roster, enrolment, plans[pair.pair_id], told.get(pair.pair_id, ()), until)
        finally:
            await records.close()

    def ask(self, question: Callable[[Records], Any]) -> Any:
        """Calls the coroutine function `question` with the records and returns its answer."""

        async def asked() -> Any:
            records = await Records.open(self.settings.database_url, self.settings.keyring())
            try:
                return await question(records)
            finally:
                await records.close()

        return asyncio.run(asked())


async def _act(records: Records, roster: Roster, enrolment: Enrolment, plan: Any, told: Iterable[Command], until: datetime | None) -> None:
    pair = Pair(mentor=enrolment.mentor, mentee=enrolment.mentee)
    begun = MentorshipStarted(
        at=plan.starts, pair=pair, rules=roster.programme.rules(), starts=plan.starts, ends=plan.ends, reporting_ends=plan.reporting_ends, slots=plan.slots
    )
    entries: list[JournalEntry] = []
    sides = {"mentor": pair.mentor, "mentee": pair.mentee}

    async def keep(turn: Advanced) -> Any:
        entries.extend(JournalEntry.model_validate(entry.model_dump()) for entry in turn.entries)
        for effect in turn.effects:
            if isinstance(effect, IssueCertificates):
                issued = {person: (await records.certificates.reserve(enrolment.mentorship, person, {})).id for person in sides.values()}
                note = NoteCertificates(message_id="certificates", at=turn.state.now, certificates=issued)
                return await keep(advance(turn.state, [note], turn.state.now))
            if isinstance(effect, PlanMeetings) and effect.longer is not None:
                ends = new_end(effect, roster.programme.programme.time_zone)
                assert ends is not None
                reporting_ends = moved(ends, roster.programme.programme.reporting_grace, roster.programme.programme.time_zone)
                planned = ApplyPlan(
                    message_id=f"plan.{turn.state.now}", by=SERVICE, at=turn.state.now, number=effect.number, slots=(), ends=ends, reporting_ends=reporting_ends
                )
                return await keep(advance(turn.state, [planned], turn.state.now))
        return turn.state

    state = await keep(begin(begun))
    for number, said in enumerate(sorted(told, key=lambda command: command.at or plan.starts)):
        if until is not None and said.at is not None and said.at > until:
            break
        command = said.model_copy(update={"message_id": said.message_id or f"said-{number}", "by": sides.get(said.by, said.by)})
        state = await keep(advance(state, [], command.at or plan.starts))
        state = await keep(advance(state, [command], command.at or plan.starts))
    while (due := next_due(state)) is not None and (until is None or due.at <= until):
        state = await keep(advance(state, [], due.at))
    await records.journal.append(enrolment.mentorship, entries, over_at=state.now if state.over else None)


@pytest.fixture
def past(tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> Past:
    monkeypatch.setenv("MENTORSHIP_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'records.db'}")
    monkeypatch.setenv("MENTORSHIP_KEY_FILE", str(tmp_path / "keys.json"))
    monkeypatch.setenv("MENTORSHIP_LINK_SECRETS", "a-secret-of-this-test-that-is-long-enough")
    Keyring.generate(tmp_path / "keys.json")
    shutil.copy(template, tmp_path / "records.db")
    return Past(Settings.load())


@pytest.fixture
def running(files: Any, past: Past) -> Past:
    """A cohort that has run for 30 days with p1 (m1 and e1) and p2 (m2 and e2)."""
    roster, faults, _ = files.read()
    assert faults == []
    began = datetime(2026, 3, 2, 9, tzinfo=UTC)
    past.happened(roster, began, {}, until=began + timedelta(days=30))
    return past
