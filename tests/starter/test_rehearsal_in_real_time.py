"""A rehearsal predicts what happens: the same cohort, run in seconds on Temporal's own server, sends the same mails (P1)."""

from __future__ import annotations

import asyncio
import shutil
import sysconfig
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from gateway import search_attributes
from gateway.converter import data_converter
from mentorship.commands import CancelMeeting, MoveMeeting
from mentorship.programme import Programme
from records.cohorts import Cohort
from records.people import Profile
from records.store import Records
from rehearsal import real
from starter import rehearsal_fast as fast
from starter.rehearsal_request import Couple, Request
from tests.pace import PACES, behind, slower
from worker.build import workers
from worker.office import RecordsOffice
from worker.ports import activities

SECOND = timedelta(seconds=1)
PROGRAMME = {
    "programme": {"id": "seconds", "version": 1, "title": "Seconds", "length": "PT32S", "reporting_grace": "PT4S", "time_zone": "Europe/Berlin"},
    "contacts": {"coordinators": ["ana"], "owner": "lee", "outside": ["sam"]},
    "meetings": {"count": 3, "first_after": "PT8S", "interval": "PT8S", "duration": "PT2S", "prepare": "PT4S", "ask_after": "PT2S"},
    "sessions": [{"topic": "Getting started", "expectations": True}, {"topic": "Onwards"}, {"topic": "Looking back", "closing": True}],
    "milestones": [
        {"id": "aligned", "title": "Aligned", "when": "expectations_confirmed"},
        {"id": "talks", "title": "Two talks", "when": {"meetings_held": 2}},
        {"id": "goal", "title": "A goal", "when": "goal_set"},
        {"id": "visit", "title": "A visit", "by": "either"},
    ],
    "object_within": "PT10S",
    "attendance": {"contest_within": "PT10S"},
    "cancellations": {"notice": "PT4S", "answer_within": "PT10S", "window": "PT120S"},
    "attention": {"no_meeting_by": "PT18S", "offer_rematch": "PT22S", "unowned": "PT600S"},
    "alignment": {"remind_after": "PT6S"},
    "heads_up": "PT6S",
    "surveys": {"closing_reminder": "PT4S", "closes": "PT8S"},
    "pause": {"longest": "PT120S"},
    "extension": {"by_pair": "PT8S"},
    "mail": {"budget": {"most": 1000, "in": "P30D"}, "hours": "none", "spread": "PT0S"},
}
CONDUCT = {"mentor-1": "diligent", "mentee-1": "diligent", "mentor-2": "late", "mentee-2": "busy", "mentor-3": "diligent", "mentee-3": "silent"}


def request(starts: datetime, seed: int, pace: int = 1) -> Request:
    return Request(
        programme=Programme.model_validate(slower(PROGRAMME, pace)),
        people=tuple(Profile(person_id=name, name=name.title(), email=f"{name}@example.org") for name in (*CONDUCT, "ana", "lee", "sam")),
        pairs=tuple(Couple(pair_id=f"pair-{n}", mentor_id=f"mentor-{n}", mentee_id=f"mentee-{n}") for n in (1, 2, 3)),
        starts=starts,
        personas=CONDUCT,
        seed=seed,
    )


def apart(of: Request) -> timedelta:
    """The shortest time from any event of a pair until something of it is due or news of a meeting no longer helps: a message or task may be this late.

    The other order does not matter: whatever was due before a command is done before it.
    """
    instants = {pair_id: [moment.at for moment in moments] for pair_id, moments in fast.rehearse(of).moments.items()}
    said = {one.couple.pair_id: {command.at for command in one.said} for one in fast.casts(of)}
    until_due = [later - earlier for pair_id, found in instants.items() for earlier, later in pairwise(sorted(set(found))) if later not in said[pair_id]]
    return min([*until_due, *(left for one in fast.casts(of) for left in ahead(one))])


def ahead(one: fast.Cast) -> Iterator[timedelta]:
    """How long before a meeting somebody says that it moves or is off."""
    starts = {number: slot.start for number, slot in enumerate(one.plan.slots, 1)}
    for command in (told for told in one.said if isinstance(told, (MoveMeeting, CancelMeeting))):
        meant = command.to if isinstance(command, MoveMeeting) else starts[command.meeting]
        assert meant is not None
        assert command.at is not None
        yield min(starts[command.meeting], meant) - command.at
        starts[command.meeting] = meant


def a_story() -> int:
    """A seed in which every message leaves time before what is due next, and somebody moves or cancels a meeting."""
    starts = datetime(2027, 1, 4, tzinfo=UTC)
    wanted = {"move_meeting", "cancel_meeting"}
    eventful = [seed for seed in range(150) if wanted <= {said.command for one in fast.casts(request(starts, seed)) for said in one.said}]
    return max(eventful, key=lambda seed: apart(request(starts, seed)))


Row = tuple[str, str, timedelta]
"""What is compared of a mail: its kind, its reader, its date counted from the start."""


async def lived(seed: int, pace: int, *, records: Any, settings: Any, keyring: Any, issuer: Any, mailbox: Any) -> tuple[list[Row], timedelta]:
    """Has everybody act in real time. Returns what each mail says of itself, and how late the machine was."""
    server = Path(sysconfig.get_path("scripts")) / "temporal"
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(server), dev_server_log_level="error", data_converter=data_converter(keyring)
    )
    try:
        client = environment.client
        await search_attributes.register(client)
        running = workers(client, activities(settings, records, client, issuer))
        async with running[0], running[1], running[2]:
            starts = datetime.now(UTC).replace(microsecond=0) + 3 * pace * SECOND
            of = request(starts, seed, pace)
            mentorships, refs = await enrolled(of, records)
            await RecordsOffice(records, client).enrol("seconds", 3, lambda *_: None)
            handles = {mentorship: client.get_workflow_handle(mentorship) for mentorship in mentorships.values()}
            async with asyncio.TaskGroup() as people:
                for one in fast.casts(of, mentorships):
                    people.create_task(acts(handles[one.mentorship], one.said, refs))
            await asyncio.gather(*(handle.result() for handle in handles.values()))
            late = max([await behind(handle) for handle in handles.values()])
    finally:
        await environment.shutdown()
    dates = {mail["Message-ID"]: parsedate_to_datetime(mail["Date"]) for mail in mailbox.mails}
    notices = [(name, notice) for name, ref in refs.items() for notice in await records.notices.of(ref) if notice.state == "sent"]
    return [(notice.kind, name, dates[notice.message_id] - starts) for name, notice in notices], late


async def enrolled(of: Request, records: Any) -> tuple[dict[str, str], dict[str, str]]:
    await records.programmes.put(of.programme)
    refs = await records.people.enrol(of.people)
    digest = of.programme.texts().digest
    await records.cohorts.put(Cohort(id="seconds", programme="seconds", version=1, texts_digest=digest, starts_at=of.starts, created_at=datetime.now(UTC)))
    pairs = [(couple.pair_id, refs[couple.mentor_id], refs[couple.mentee_id]) for couple in of.pairs]
    return {one.pair_id: one.mentorship for one in (await records.cohorts.enrol_pairs("seconds", pairs)).added}, refs


async def acts(handle: Any, said: Sequence[Any], refs: dict[str, str]) -> None:
    for command in said:
        await asyncio.sleep(max(0.0, (command.at - datetime.now(UTC)).total_seconds()))
        await handle.signal(command.command, command.model_copy(update={"by": refs[command.by]}))


def missed(of: Request, told: Sequence[Row], life: Sequence[Row]) -> list[Any]:
    """Where the two differ."""
    kinds, kinds_of_life = Counter(row[:2] for row in told), Counter(row[:2] for row in life)
    if kinds != kinds_of_life:
        return [kinds - kinds_of_life, kinds_of_life - kinds]
    tell_apart = apart(of) + SECOND  # a mail's own date has whole seconds
    return [(one, other) for one, other in zip(sorted(told), sorted(life), strict=True) if abs(one[2] - other[2]) > tell_apart]


@pytest.mark.timeout(900)
async def test_a_rehearsal_sends_the_mails_that_the_same_cohort_gets_in_real_time(
    template: Path, tmp_path: Path, settings: Any, keyring: Any, issuer: Any, mailbox: Any
) -> None:
    """The same kinds go to the same people at the same instants, by the rules alone and on the real workflows.

    If a busy machine acts later than the story allows, that is another story, and everything is slowed down. A difference on a machine in time is our
    fault.
    """
    seed = a_story()
    for pace in PACES:
        of = request(datetime(datetime.now(UTC).year + 1, 1, 4, tzinfo=UTC), seed, pace)
        rehearsed = (fast.rehearse(of).result, (await real.rehearse(of)).result)
        told = [[(mail.kind, mail.person_id, mail.at - of.starts) for mail in one.mails] for one in rehearsed]
        own = settings.model_copy(update={"database_url": f"sqlite+aiosqlite:///{tmp_path}/{pace}.db"})
        shutil.copy(template, tmp_path / f"{pace}.db")
        records = await Records.open(own.database_url, keyring)
        try:
            life, late = await lived(seed, pace, records=records, settings=own, keyring=keyring, issuer=issuer, mailbox=mailbox)
        finally:
            await records.close()
        differ = [one for each in told for one in missed(of, each, life)]
        if not differ:
            break
        assert late > apart(of), differ
    else:
        pytest.fail(f"even so slowly this machine was {late} late, and {apart(of)} would have been in time")
    assert len(life) > 30
    assert {"welcome", "prepare", "rescheduled", "result"} <= {kind for kind, _, _ in life}
