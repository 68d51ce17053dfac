"""Worker, web hook and CLI write to one database at once."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from records import journal as journal_module
from records.database import Database, engine_for
from records.errors import BeingSent, Gap
from records.people import Profile
from records.rewrap import Rewrap
from records.schema import journal

NOON = datetime(2027, 4, 1, 12, tzinfo=UTC)

WRITER = """
import asyncio, sys
from datetime import UTC, datetime
from gateway.keyring import Keyring
from records.journal import JournalEntry
from records.people import Profile
from records.store import Records

async def main(url, name):
    records = await Records.open(url, Keyring("k1", {"k1": bytes(range(32))}, bytes(32)))
    for seq in range(1, 41):
        entry = JournalEntry(seq=seq, at=datetime(2027, 3, 1, tzinfo=UTC), kind="event", name="meeting_held")
        await records.journal.append(f"mentorship.spring.{name}", [entry])
        await records.people.enrol([Profile(person_id=f"shared-{seq}", name="n", email="e@corp.example")])
    await records.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_several_processes_write_at_once_and_none_dies(records, url):
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    writers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, url, f"m-{number}", env=env, stderr=asyncio.subprocess.PIPE) for number in range(3)
    ]
    said = await asyncio.gather(*(writer.communicate() for writer in writers))
    assert [(writer.returncode, error.decode()) for writer, (_, error) in zip(writers, said, strict=True)] == [(0, "")] * 3
    assert [(await records.journal.head(f"mentorship.spring.m-{number}")).seq for number in range(3)] == [40, 40, 40]
    assert await records.journal.verify(cohort="spring") == []
    assert len(await records.people.by_email("e@corp.example")) == 40


async def test_two_connections_that_append_the_same_rows_leave_one_chain(reopen, keys, mentorship, event):
    one, two = await reopen(keys), await reopen(keys)
    batches = [[event(seq) for seq in range(start, start + 3)] for start in range(1, 31, 3)]
    for batch in batches:
        heads = await asyncio.gather(one.journal.append(mentorship, batch), two.journal.append(mentorship, batch))
        assert heads[0] == heads[1]
    assert len(await one.journal.entries(mentorship)) == 30
    assert await one.journal.verify() == []


async def test_of_two_connections_that_say_different_things_one_is_told(reopen, keys, mentorship, event):
    one, two = await reopen(keys), await reopen(keys)
    told = await asyncio.gather(
        one.journal.append(mentorship, [event(1, name="meeting_held")]),
        two.journal.append(mentorship, [event(1, name="meeting_missed")]),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in told) == ["Diverged", "Head"]


async def test_rows_that_arrive_in_any_order_end_in_one_chain(reopen, keys, mentorship, event):
    """A batch that would leave a gap is retried, as the activity does."""
    connections = [await reopen(keys) for _ in range(3)]

    async def persist(number: int) -> None:
        while True:
            try:
                await connections[number % 3].journal.append(mentorship, [event(number)])
            except Gap:
                await asyncio.sleep(0)
            else:
                return

    await asyncio.gather(*(persist(number) for number in range(9, 0, -1)))
    assert [row.seq for row in await connections[0].journal.entries(mentorship)] == list(range(1, 10))
    assert await connections[0].journal.verify() == []


async def test_closing_rows_written_at_once_are_numbered_without_a_hole(reopen, keys, records, event):
    one, two = await reopen(keys), await reopen(keys)
    names = [f"mentorship.spring.m-{number}" for number in range(8)]
    for name in names:
        await records.journal.append(name, [event(1)])
    await asyncio.gather(*(store.journal.seal(name) for store in (one, two) for name in names))
    assert await records.journal.verify(cohort="spring") == []


async def test_two_workers_do_not_issue_two_certificates(reopen, keys, people, mentorship):
    one, two = await reopen(keys), await reopen(keys)
    issued = await asyncio.gather(*(store.certificates.reserve(mentorship, people[0], {}) for store in (one, two) for _ in range(4)))
    assert len({certificate.id for certificate in issued}) == 1


async def test_two_enrolments_of_one_roster_mint_each_person_once(reopen, keys):
    one, two = await reopen(keys), await reopen(keys)
    roster = [Profile(person_id=f"E-{number}", name="n", email="e@corp.example") for number in range(50)]
    first, second = await asyncio.gather(one.people.enrol(roster), two.people.enrol(roster))
    assert first == second


async def test_of_many_repeats_of_a_message_one_is_fresh(reopen, keys):
    one, two = await reopen(keys), await reopen(keys)
    answers = await asyncio.gather(
        *(store.doors.accept("mentorship.spring.m-1", "msg", "digest", NOON + timedelta(seconds=n)) for store in (one, two) for n in range(5))
    )
    assert sum(answer.fresh for answer in answers) == 1
    assert len({answer.at for answer in answers}) == 1


async def test_of_one_id_that_comes_to_many_addresses_at_once_one_is_taken(reopen, keys):
    one, two = await reopen(keys), await reopen(keys)
    answers = await asyncio.gather(
        *(
            store.doors.accept(f"mentorship.spring.{name}-{n}", "msg", "digest", NOON, sender="hr")
            for name, store in (("a", one), ("b", two))
            for n in range(5)
        ),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Accepted"] + ["DifferentBody"] * 9


async def test_of_two_people_who_get_one_address_at_once_one_does(reopen, keys):
    one, two = await reopen(keys), await reopen(keys)
    refs = await one.people.enrol([Profile(person_id=name, name=name, email=f"{name}@corp.example") for name in ("ada", "bo")])
    told = await asyncio.gather(
        one.people.tell(refs["ada"], {"email": "same@corp.example", "name": "Ada"}, NOON),
        two.people.tell(refs["bo"], {"email": "Same@corp.example", "name": "Bo"}, NOON),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in told) == ["AddressTaken", "NoneType"]
    assert len(await one.people.by_email("same@corp.example")) == 1
    assert {(await one.people.profile(ref)).name for ref in refs.values()} in ({"Ada", "bo"}, {"ada", "Bo"})


async def test_mails_begun_at_once_share_one_budget(reopen, keys):
    one, two = await reopen(keys), await reopen(keys)
    answers = await asyncio.gather(
        *(
            store.notices.begin(f"{n}/{name}", "p-1", "welcome", False, NOON, 6, timedelta(days=30))
            for name, store in (("a", one), ("b", two))
            for n in range(6)
        )
    )
    assert sorted(answers) == ["over_budget"] * 6 + ["send"] * 6


async def test_a_mail_that_many_begin_at_once_is_sent_by_one(reopen, keys):
    """Including a mail whose first attempt died and has timed out."""
    one, two = await reopen(keys), await reopen(keys)
    for at in (NOON, NOON + timedelta(minutes=2)):
        tries = (
            store.notices.begin("shared", "p-1", "waiting", True, at, 6, timedelta(days=30), timedelta(minutes=2)) for store in (one, two) for _ in range(4)
        )
        answers = await asyncio.gather(*tries, return_exceptions=True)
        assert sorted(str(answer if isinstance(answer, str) else type(answer).__name__) for answer in answers) == [BeingSent.__name__] * 7 + ["send"]


async def test_a_cancelled_append_leaves_nothing_half_done(records, mentorship, event):
    """An activity may be cancelled at any moment, and its work is then repeated."""
    batch = [event(seq) for seq in range(1, 200)]
    for moment in range(20):
        task = asyncio.create_task(records.journal.append(mentorship, batch))
        await asyncio.wait([task], timeout=moment / 1000)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert len(await records.journal.entries(mentorship)) in (0, 199)
    await records.journal.append(mentorship, batch)
    assert (await records.journal.head(mentorship)).seq == 199
    assert await records.journal.verify() == []


async def test_a_call_that_began_is_finished_though_its_caller_was_cancelled(records, mentorship, event):
    task = asyncio.create_task(records.journal.append(mentorship, [event(1)]))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()  # an impatient caller
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await records.journal.head(mentorship)).seq == 1


async def test_who_reads_sees_one_moment_and_whoever_writes_meanwhile_is_not_kept_waiting(url, records, mentorship, event):
    database = Database(engine_for(url))
    rows = select(func.count()).select_from(journal)
    async with database.read() as connection:
        before = (await connection.execute(rows)).scalar_one()
        await records.journal.append(mentorship, [event(1)])
        assert (await connection.execute(rows)).scalar_one() == before
    async with database.read() as connection:
        assert (await connection.execute(rows)).scalar_one() == before + 1
    await database.close()


async def test_a_rotation_beside_an_audit_does_not_look_like_tampering(records, reopen, keys, next_keys, mentorship, event, monkeypatch):
    """P3: after one false alarm nobody listens to the next."""
    await records.journal.append(mentorship, [event(1), event(2)], over_at=NOON)
    await records.journal.seal(mentorship)
    auditor, rotating = await reopen(next_keys), await reopen(next_keys)
    over = journal_module._over

    async def chained_anew_meanwhile(connection, scope):
        await rotating.rewrap.everything()
        return await over(connection, scope)

    monkeypatch.setattr(journal_module, "_over", chained_anew_meanwhile)
    assert await auditor.journal.verify() == []


async def test_a_sweep_beside_a_rotation_does_not_look_like_tampering(records, reopen, next_keys, programme, mentorship, event, monkeypatch):
    """P3: a worker sweeps as it starts, and an operator who has just rotated rewraps at that moment."""
    await records.programmes.put(programme)
    await records.journal.append(mentorship, [event(1), event(2)], over_at=NOON)
    await records.journal.seal(mentorship)
    sweeping, rotating = await reopen(next_keys), await reopen(next_keys)
    listed = Rewrap._old_journals

    async def then_swept(self, cohort):
        names = await listed(self, cohort)
        await sweeping.retention.sweep(NOON + timedelta(days=2000))
        return names

    monkeypatch.setattr(Rewrap, "_old_journals", then_swept)
    assert (await rotating.rewrap.everything()).left == ()
    assert await rotating.journal.verify() == []


async def test_an_erasure_and_a_sweep_that_reach_for_the_same_rows_do_not_wait_for_each_other(
    url, records, reopen, keys, people, programme, mentorship, event, somebody_waits, monkeypatch
):
    """Postgres would end one of the two, and the operator who erases somebody would read that the database cannot be reached."""
    if url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    await records.programmes.put(programme)
    await records.journal.append(mentorship, [event(1)], over_at=NOON)
    await records.journal.seal(mentorship)
    await records.notices.begin(f"{mentorship}/1.0", people[0], "nudge", False, NOON, 6, timedelta(days=30))
    await records.calendar_links.renew(mentorship, people[0], NOON, seen=None)
    half_way, execute = asyncio.Event(), AsyncConnection.execute

    async def in_turn(connection, statement, *values, **options):
        if str(statement).startswith("DELETE FROM unsubscribed"):  # the erasure holds the mails, and goes on to the links once the sweep is in its way
            half_way.set()
            await somebody_waits()
        return await execute(connection, statement, *values, **options)

    monkeypatch.setattr(AsyncConnection, "execute", in_turn)
    erasure = asyncio.create_task(records.people.erase(people[0]))
    await half_way.wait()
    swept = await (await reopen(keys)).retention.sweep(NOON + timedelta(days=2000))
    await erasure
    assert (swept.journals, swept.damaged) == (1, ())


async def test_an_erasure_beside_a_later_edition_of_the_persons_certificate_does_not_wait_for_it_in_a_circle(
    url, records, reopen, keys, people, mentorship, somebody_waits, monkeypatch
):
    """Both change the rows of two editions, each in its own order."""
    if url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    first = await records.certificates.reserve(mentorship, people[0], {"holder": "Ada Quill"})
    await records.certificates.store(first.id, "{}", b"%PDF")
    second = await records.certificates.reissue(first.id, {"holder": "Ada Byron"})
    half_way, execute = asyncio.Event(), AsyncConnection.execute

    async def in_turn(connection, statement, *values, **options):
        if str(statement).startswith("UPDATE certificates SET status"):  # the new edition has its document, and supersedes the old one once the erasure waits
            half_way.set()
            await somebody_waits()
        return await execute(connection, statement, *values, **options)

    monkeypatch.setattr(AsyncConnection, "execute", in_turn)
    superseding = asyncio.create_task(records.certificates.supersede(first.id, second.id, "{}", b"%PDF Byron"))
    await half_way.wait()
    await (await reopen(keys)).people.erase(people[0])
    await superseding
    editions = await records.certificates.editions(mentorship, people[0])
    assert [(one.status, one.fields) for one in editions] == [("superseded", {}), ("valid", {})]


async def test_locks_hold_in_a_database_whose_transactions_see_one_moment_by_default(url, reopen, keys, meddle):
    """A Postgres may be set so for all of its users. A transaction that waited for a lock would then decide by what was there before."""
    if url.startswith("sqlite"):
        pytest.skip("a Postgres server's setting")
    [(name,)] = await meddle("SELECT current_database()")
    await meddle(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    one, two = await reopen(keys), await reopen(keys)
    begun = (
        store.notices.begin(f"{n}/{side}", "p-1", "welcome", False, NOON, 6, timedelta(days=30)) for side, store in (("a", one), ("b", two)) for n in range(6)
    )
    assert sorted(await asyncio.gather(*begun)) == ["over_budget"] * 6 + ["send"] * 6
