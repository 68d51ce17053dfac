"""Erasure that erases (P8): nothing of the erased person is readable in the bytes, and nothing that was sealed opens any more."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mentorship.advance import begin
from mentorship.events import MentorshipStarted
from mentorship.people import Pair
from records.cases import Case
from records.database import Database, engine_for
from records.erasure import BECOMES
from records.errors import Erased
from records.held import held
from records.journal import JournalEntry
from records.people import Profile
from records.schema import metadata

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
SECRETS = ("Wilhelmina", "wilhelmina@corp.example", "E-4711", "I dread the Tuesdays", "pottery", "550 5.1.1")


@pytest.fixture
async def wilhelmina(records, ben, cohort, programme):
    """Somebody with data in every table, and their mentorship with Ben."""
    her = Profile(person_id="E-4711", name="Wilhelmina", email="wilhelmina@corp.example", skills=("pottery",), role="mentor")
    refs = await records.people.enrol([her, ben])
    ref, partner = refs["E-4711"], refs[ben.person_id]
    await records.programmes.put(programme)
    await records.cohorts.put(cohort)
    running, waiting = (
        pair.mentorship for pair in (await records.cohorts.enrol_pairs("spring", [("Wilhelmina-E-4711", ref, partner), ("P-2", partner, ref)])).added
    )
    await records.cohorts.mark_started(running, NOW)
    await records.notes.put(ref, running, "feedback", "I dread the Tuesdays", note_id="n-hers")
    await records.notes.put(partner, running, "feedback", "Ben's own words", note_id="n-his")
    certificate = await records.certificates.reserve(running, ref, {"holder_name": "Wilhelmina"})
    await records.certificates.store(certificate.id, json.dumps({"proof": []}), b"%PDF Wilhelmina")
    await records.notices.begin("a-mail", ref, "nudge", False, NOW, 6, timedelta(days=30))
    await records.notices.failed("a-mail", "550 5.1.1 wilhelmina@corp.example unknown", NOW)
    await records.notices.unsubscribe(ref)
    await records.calendar_links.renew(running, ref, NOW, seen=None)
    case = Case(id="", raiser=ref, mentorship=running, programme="engineering-2027", subject=partner, contacts=(), opened_at=NOW)
    opened = await records.cases.open(case, "I dread the Tuesdays", "form")
    ends = {"ends": NOW + timedelta(weeks=26), "reporting_ends": NOW + timedelta(weeks=27)}
    begun = begin(MentorshipStarted(at=NOW, pair=Pair(mentor=ref, mentee=partner), rules=programme.rules(), starts=NOW, slots=(), **ends))
    await records.journal.append(running, [JournalEntry.model_validate(entry.model_dump()) for entry in begun.entries], over_at=NOW)
    await records.journal.seal(running)
    return ref, partner, running, waiting, certificate.id, opened.id


async def _everything(url):
    """Every byte of the database: SQLite's files with their log, and every value as it is stored."""
    database = Database(engine_for(url))
    try:
        async with database.read() as connection:
            rows = [list(await connection.execute(text(f'SELECT * FROM "{table}"'))) for table in metadata.tables]
    finally:
        await database.close()
    found = repr(rows).encode()
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        found += b"".join(file.read_bytes() for file in path.parent.glob(path.name + "*"))
    return found


def test_what_becomes_of_every_table_is_decided():
    assert set(BECOMES) == set(metadata.tables)


async def test_nothing_that_was_hers_is_in_the_bytes_before_or_after(records, wilhelmina, url):
    for moment in ("before", "after"):
        if moment == "after":
            await records.people.erase(wilhelmina[0])
        stored = await _everything(url)
        assert not [secret for secret in SECRETS if secret.encode() in stored], moment


async def test_the_sealed_rows_do_not_open_any_more(records, wilhelmina):
    ref, _, running, _, certificate, case = wilhelmina
    await records.people.erase(ref)
    for attempt in (
        records.people.profile(ref),
        records.people.whole(ref),
        records.notes.get("n-hers"),
        records.notes.put(ref, running, "feedback", "more"),
        records.certificates.document(certificate),
        records.cases.words(case),
    ):
        with pytest.raises(Erased):
            await attempt
    found = await records.certificates.get(certificate)
    assert (found.fields, found.reason) == ({}, None)
    assert [note.id for note in await records.notes.of(running)] == ["n-his"]


async def test_her_key_and_her_document_are_gone_from_the_files_and_the_log(records, wilhelmina, url, meddle):
    if not url.startswith("sqlite"):
        pytest.skip("Postgres's files belong to its server; tests/records/test_confidentiality.py sees that the table is rewritten")
    ref, *_ = wilhelmina
    [(key,)] = await meddle("SELECT sealed FROM data_keys WHERE person = :ref", ref=ref)
    [(profile, document, why)] = await meddle(
        "SELECT p.sealed, c.pdf_sealed, n.why_sealed FROM people p, certificates c, notices n WHERE p.ref = :ref AND c.person = p.ref AND n.person = p.ref",
        ref=ref,
    )
    path = Path(url.removeprefix("sqlite:///"))

    def stored():
        return b"".join(file.read_bytes() for file in path.parent.glob(path.name + "*"))

    traces = [bytes(trace) for trace in (key, profile, document, why)]
    assert all(trace in stored() for trace in traces)
    await records.people.erase(ref)
    assert [trace for trace in traces if trace in stored()] == []


async def test_a_backup_made_after_it_holds_no_key_of_hers_either(records, wilhelmina, url, tmp_path):
    if not url.startswith("sqlite"):
        pytest.skip("a file's backup")
    from records.backup import copy  # noqa: PLC0415 - only here

    await records.people.erase(wilhelmina[0])
    path = Path(url.removeprefix("sqlite:///"))
    copied = copy(path, tmp_path / "copy" / "records.db")
    stored = copied.file.read_bytes()
    assert not [secret for secret in SECRETS if secret.encode() in stored]


async def test_her_certificate_stays_what_it_is_and_names_nobody(records, wilhelmina):
    ref, *_, certificate, _ = wilhelmina
    await records.people.erase(ref)
    found = await records.certificates.get(certificate)
    assert (found.status, found.stored) == ("valid", True)
    assert json.loads(await records.certificates.credential(certificate)) == {"proof": []}
    assert await records.certificates.invalid() == []


async def test_the_journal_is_whole_and_the_partner_untouched(records, wilhelmina, ben):
    ref, partner, *_ = wilhelmina
    await records.people.erase(ref)
    assert await records.journal.verify() == []
    assert await records.people.profile(partner) == ben
    assert (await records.notes.get("n-his")).text == "Ben's own words"


async def test_a_pair_that_was_enrolled_and_not_started_never_starts(records, wilhelmina):
    ref, _, _, waiting, *_ = wilhelmina
    assert [pair.mentorship for pair in await records.cohorts.pending("spring", 10)] == [waiting]
    await records.people.erase(ref)
    assert await records.cohorts.pending("spring", 10) == []
    assert await records.journal.verify() == []


async def test_of_who_was_erased_there_is_nothing_but_codes_to_tell(records, wilhelmina):
    ref, *_ = wilhelmina
    await records.people.erase(ref)
    for reader in ("own", "operators"):
        found = await held(records, ref, reader, NOW)
        assert (found.erased, found.profile, found.unsubscribed) == (True, {}, False)
        assert [mail.why for mail in found.mails if mail.why] == []
        assert not [secret for secret in SECRETS if secret in found.model_dump_json()]


async def test_no_operator_reads_the_persons_name_in_that_of_the_pair_and_finds_the_pair_by_it(records, wilhelmina):
    """P8: operators name pairs as they like, by staff numbers and by names."""
    ref, partner, running, *_ = wilhelmina
    await records.people.erase(ref)
    (pair,) = [pair for pair in await records.cohorts.of_person(partner) if pair.mentorship == running]
    assert pair.pair_id == pair.pair
    assert await records.cohorts.find("spring", "Wilhelmina-E-4711") == pair
    assert (await records.cohorts.enrol_pairs("spring", [("Wilhelmina-E-4711", ref, partner)])).existing == (pair,)
    assert "Wilhelmina" not in (await held(records, partner, "operators", NOW)).model_dump_json()


async def test_an_old_mails_link_keeps_nothing_of_who_was_erased(records, wilhelmina):
    """P8: the link opens for good, and mail programs follow it by themselves."""
    ref, *_ = wilhelmina
    await records.people.erase(ref)
    await records.notices.unsubscribe(ref)
    assert not await records.notices.is_unsubscribed(ref)


# -- beside others (what they read earlier may no longer be true) -------------------------------------------------------------


async def test_nobody_is_paired_who_was_erased_since_the_files_were_judged(records, people, cohort):
    """The operators' name of the pair would bring back what was erased, and the pair could never start."""
    await records.cohorts.put(cohort)
    await records.people.erase(people[0])
    with pytest.raises(Erased):
        await records.cohorts.enrol_pairs("spring", [("Ada-Quill", *people)])
    assert await records.cohorts.enrolments("spring") == []


async def test_a_pair_that_was_there_before_the_erasure_hinders_nobody_who_joins(records, people, mentorship):
    await records.people.erase(people[0])
    cleo = (await records.people.enrol([Profile(person_id="E-1003", name="Cleo", email="cleo@corp.example")]))["E-1003"]
    enrolled = await records.cohorts.enrol_pairs("spring", [("PAIR-1", *people), ("PAIR-2", cleo, people[1])])
    assert [(pair.mentor, pair.state) for pair in (*enrolled.existing, *enrolled.added)] == [(people[0], "over"), (cleo, "pending")]


async def test_nothing_is_kept_of_who_is_erased_between_the_look_and_the_click(records, people, mentorship, meddle):
    await records.people.erase(people[0])
    assert await records.calendar_links.renew(mentorship, people[0], NOW, seen=None) is False
    await records.notices.unsubscribe(people[0])
    assert [await meddle(f"SELECT * FROM {table}") for table in ("calendar_links", "unsubscribed")] == [[], []]


@pytest.mark.parametrize("first", ["click", "erasure"])
async def test_of_a_click_and_an_erasure_at_once_nothing_stays(records, reopen, keys, people, mentorship, url, meddle, somebody_waits, monkeypatch, first):
    """Postgres shows each statement what was committed in between. Here each of the two is held in the middle until the other has begun."""
    if url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    erasing = await reopen(keys)
    held, execute = asyncio.Event(), AsyncConnection.execute
    last = {"click": "INSERT INTO", "erasure": "UPDATE people"}[first]

    async def in_turn(connection, statement, *values, **options):
        if str(statement).startswith(last) and not held.is_set():
            held.set()
            await somebody_waits()
        return await execute(connection, statement, *values, **options)

    monkeypatch.setattr(AsyncConnection, "execute", in_turn)
    both = {"click": lambda: records.notices.unsubscribe(people[0]), "erasure": lambda: erasing.people.erase(people[0])}
    begun = asyncio.create_task(both.pop(first)())
    await held.wait()
    await asyncio.gather(begun, *(other() for other in both.values()))
    assert await meddle("SELECT * FROM unsubscribed") == []
    with pytest.raises(Erased):
        await records.people.profile(people[0])
