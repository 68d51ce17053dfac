"""After a rotation everything is wrapped under the new key, and the old one can be dropped when nothing needs it (docs/operations.md)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import LargeBinary

from gateway.keyring import Keyring
from records.chain import Finding
from records.rewrap import PLACES
from records.schema import cases as cases_table
from records.schema import certificates, metadata, notes, people

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)

WITH_A_PERSONS_OWN_KEY = {
    people.c.sealed,
    notes.c.sealed,
    certificates.c.reason_sealed,
    certificates.c.fields_sealed,
    certificates.c.pdf_sealed,
    cases_table.c.words,
}


async def _fill(records, people, couples, mentorship, programme, event):
    """Puts a value in every place that the keyring seals, with one running journal, one closed and one swept."""
    await records.programmes.put(programme)
    await records.notices.begin("key", people[0], "ask", False, NOW, 6, timedelta(days=30))
    await records.notices.failed("key", "550 ada@corp.example", NOW)
    await records.cases.open_line(mentorship, "not_held_in_a_row", programme="engineering-2027", at=NOW, key="line")
    pairs = (await records.cohorts.enrol_pairs("spring", await couples("PAIR-2", "PAIR-3"))).added
    closed, swept = (pair.mentorship for pair in pairs)
    await records.journal.append(swept, [event(1), event(2)], over_at=NOW - timedelta(days=2000))
    await records.journal.seal(swept)
    assert (await records.retention.sweep(NOW)).journals == 1
    await records.journal.append(closed, [event(seq) for seq in range(1, 4)], over_at=NOW)
    await records.journal.seal(closed)
    head = await records.journal.append(mentorship, [event(1), event(2)])
    return closed, {mentorship: head}


def test_every_sealed_column_is_known_to_be_under_the_keyring_or_under_a_persons_key():
    binary = {column for table in metadata.tables.values() for column in table.columns if isinstance(column.type, LargeBinary)}
    assert {place.column for place in PLACES} | WITH_A_PERSONS_OWN_KEY == binary


async def test_everything_but_running_journals_comes_under_the_new_key(records, reopen, next_keys, people, couples, mentorship, programme, event, ada):
    closed, known = await _fill(records, people, couples, mentorship, programme, event)
    before = (await records.rewrap.usage())["k1"]
    assert {place.table.name for place in PLACES} <= set(before)

    rotated = await reopen(next_keys)
    done = await rotated.rewrap.everything()
    assert (done.values, done.left) == (sum(before[place.table.name] for place in PLACES), ())
    assert done.rows == 3 + 2 + 1, "the closed journal, two closing rows, one stub"
    usage = await rotated.rewrap.usage()
    assert usage["k1"] == {"journal": 2}, "the mentorship that runs"
    assert await rotated.journal.verify(expected=known) == []
    assert (await rotated.rewrap.everything()).rows == 0

    await rotated.journal.append(mentorship, [event(3)], over_at=NOW)
    await rotated.journal.seal(mentorship)
    assert (await rotated.rewrap.everything()).rows == 3
    assert set(await rotated.rewrap.usage()) == {"k2"}
    assert len(await rotated.journal.entries(closed)) == 3


async def test_then_the_old_key_can_go_and_everything_opens(records, reopen, next_keys, other_keys, people, couples, mentorship, programme, event, ada):
    await _fill(records, people, couples, mentorship, programme, event)
    rotated = await reopen(next_keys)
    await rotated.journal.append(mentorship, [event(3)], over_at=NOW)
    await rotated.journal.seal(mentorship)
    await rotated.rewrap.everything()

    without = await reopen(other_keys)
    assert await without.people.profile(people[0]) == ada
    assert await without.programmes.get("engineering-2027", 1) == programme
    assert (await without.programmes.texts(programme.texts().digest)).title == programme.texts().title
    assert {pair.pair_id for pair in await without.cohorts.enrolments("spring")} == {"PAIR-1", "PAIR-2", "PAIR-3"}
    assert [notice.why for notice in await without.notices.of(people[0])] == ["550 ada@corp.example"]
    assert (await without.cases.open_line(mentorship, "x", programme="", at=NOW, key="line")).line == "not_held_in_a_row"
    assert await without.journal.verify() == []


async def test_a_closed_journal_that_was_tampered_with_keeps_its_key_and_its_finding(
    records, reopen, next_keys, people, couples, mentorship, programme, event, meddle
):
    closed, known = await _fill(records, people, couples, mentorship, programme, event)
    await meddle("UPDATE journal SET name = 'x' WHERE mentorship = :name AND seq = 2", name=closed)
    rotated = await reopen(next_keys)
    assert (await rotated.rewrap.everything()).left == (closed,)
    assert await rotated.journal.verify(expected=known) == [Finding(closed, 2, "altered")]
    assert (await rotated.rewrap.usage())["k1"]["journal"] == 2 + 3


async def test_what_is_altered_after_a_rewrap_still_shows(records, reopen, next_keys, people, couples, mentorship, programme, event, meddle):
    closed, known = await _fill(records, people, couples, mentorship, programme, event)
    rotated = await reopen(next_keys)
    await rotated.rewrap.everything()
    await meddle("UPDATE journal SET name = 'x' WHERE mentorship = :name AND seq = 2", name=closed)
    assert await rotated.journal.verify(expected=known) == [Finding(closed, 2, "altered")]


async def test_what_the_keys_before_sealed_stays_readable_while_only_some_of_it_was_sealed_again(records, reopen, next_keys, ada, people):
    rotated = await reopen(next_keys)
    await rotated.people.enrol([ada.model_copy(update={"person_id": "E-2000"})])
    assert (await rotated.rewrap.usage()) == {"k1": {"data_keys": 2}, "k2": {"data_keys": 1}}
    assert await rotated.people.profile(people[0]) == ada


async def test_a_process_hears_that_it_lacks_the_key_of_what_was_written_last(records, reopen, next_keys, people, programme):
    assert await records.lacking_key() is None
    rotated = await reopen(next_keys)
    await rotated.programmes.put(programme)
    assert await records.lacking_key() == "k2"
    assert await rotated.lacking_key() is None


async def test_an_older_key_that_is_gone_keeps_nobody_from_being_served(records, reopen, next_keys, people):
    rotated = await reopen(next_keys)
    await rotated.rewrap.everything()
    assert await records.lacking_key() == "k2"
    assert await (await reopen(Keyring("k2", {"k2": bytes(range(32, 64))}, bytes(32)))).lacking_key() is None
