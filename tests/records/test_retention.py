"""Words are kept until 90 days after the end, the journal for 24 months; an audit passes afterwards (brief, Records)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from records import clock as clock_module
from records import journal as journal_module
from records import retention as retention_module
from records.cases import Case
from records.chain import Finding, audit_seals
from records.errors import Diverged, UnknownKey, UnknownNote
from records.people import Leave, Profile
from records.retention import Retention, Swept

ENDED = datetime(2027, 8, 30, 9, tzinfo=UTC)
WORDS = timedelta(days=90)
JOURNAL = timedelta(days=730)


@pytest.fixture
async def over(records: Any, people: tuple[str, str], couples: Any, cohort: Any, programme: Any, event: Any) -> list[str]:
    """Three mentorships: one over since ENDED, one over a day later, one that runs. Each with a note, a door message, a line and a mail."""
    await records.programmes.put(programme)
    await records.cohorts.put(cohort)
    pairs = (await records.cohorts.enrol_pairs("spring", await couples("PAIR-1", "PAIR-2", "PAIR-3"))).added
    names = [pair.mentorship for pair in pairs]
    for n, name in enumerate(names):
        await records.notes.put(people[0], name, "goal", "Words of a talk.", note_id=f"n-{n}")
        await records.doors.accept(name, "m-1", "digest", ENDED)
        await records.lines.open(name, "not_held_in_a_row", None, ENDED, f"{name}/7.0")
        await records.notices.begin(f"{name}/3.0", people[0], "nudge", False, ENDED, 6, timedelta(days=30))
        await records.cohorts.mark_started(name, cohort.starts_at)
        ended = ENDED + timedelta(days=n) if n < 2 else None
        await records.journal.append(name, [event(seq) for seq in range(1, 6)], card={"ladder_rung": 2}, over_at=ended)
        if ended is not None:
            await records.journal.seal(name)
    return names


async def kept_notes(records: Any) -> list[str]:
    found = []
    for n in range(3):
        try:
            found.append((await records.notes.get(f"n-{n}")).id)
        except UnknownNote:
            continue
    return found


async def test_words_go_90_days_after_the_end_and_not_a_second_before(records, over):
    assert (await records.retention.sweep(ENDED + WORDS - timedelta(seconds=1))).nothing
    assert await kept_notes(records) == ["n-0", "n-1", "n-2"]
    assert (await records.retention.sweep(ENDED + WORDS)).notes == 1
    assert await kept_notes(records) == ["n-1", "n-2"]
    assert (await records.retention.sweep(ENDED + WORDS)).nothing


async def test_the_words_of_a_mentorship_that_runs_stay_however_long(records, over):
    await records.retention.sweep(ENDED + timedelta(days=5000))
    assert await kept_notes(records) == ["n-2"]
    assert len(await records.journal.entries(over[2])) == 5


async def test_the_journal_goes_after_24_months_with_whatever_else_told_of_it_and_an_audit_still_passes(records, over, people, meddle):
    assert (await records.retention.sweep(ENDED + JOURNAL - timedelta(seconds=1))).journals == 0
    swept = await records.retention.sweep(ENDED + JOURNAL)
    assert (swept.journals, swept.rows, swept.damaged) == (1, 5, ())

    assert await records.journal.verify() == []
    assert await records.journal.entries(over[0]) == []
    for table in ("door_messages", "lines"):
        assert {row[0] for row in await meddle(f"SELECT mentorship FROM {table}")} == set(over[1:])
    assert [notice.key for notice in await records.notices.of(people[0])] == [f"{name}/3.0" for name in sorted(over[1:])]
    enrolment = await records.cohorts.by_mentorship(over[0])
    assert (enrolment.state, enrolment.card) == ("over", None), "that the two were a pair stays: nobody is paired twice"
    assert (await records.retention.sweep(ENDED + JOURNAL)).journals == 0


async def test_a_sweep_beside_an_audit_does_not_look_like_tampering(records, over, reopen, keys, monkeypatch):
    """P3: after one false alarm nobody listens to the next."""
    sweeping = await reopen(keys)
    known = journal_module._over

    async def swept_meanwhile(connection: Any, scope: Any) -> Any:
        await sweeping.retention.sweep(ENDED + JOURNAL)
        return await known(connection, scope)

    monkeypatch.setattr(journal_module, "_over", swept_meanwhile)
    assert await records.journal.verify() == []
    assert await records.journal.entries(over[0]) == []


async def test_of_two_workers_that_sweep_at_once_the_second_finds_nothing_to_do(records, over, concern, reopen, keys):
    """Decision 22: each fleet's second worker would otherwise raise an alarm of damage, once and never again."""
    await records.cases.withdraw(concern.id, ENDED)
    now = ENDED + timedelta(days=2000)
    told = await records.retention.sweep(now, dry_run=True)
    one, two = await asyncio.gather(records.retention.sweep(now), (await reopen(keys)).retention.sweep(now))
    assert one + two == told
    assert told.journals == 2
    assert await records.journal.verify() == []


async def test_a_cohorts_chain_is_looked_at_once_a_sweep_and_not_for_each_of_its_pairs(records, over, monkeypatch):
    """All pairs of a cohort are due on one day: two thousand of them would have it verified two thousand times."""
    looked: list[str] = []

    def counted(cohort: str, *more: Any) -> Any:
        looked.append(cohort)
        return audit_seals(cohort, *more)

    monkeypatch.setattr(retention_module, "audit_seals", counted)
    assert (await records.retention.sweep(ENDED + timedelta(days=2000))).journals == 2
    assert looked == ["spring"]


async def test_a_chain_that_a_rotation_makes_anew_in_the_midst_of_a_sweep_is_looked_at_again(over, reopen, next_keys, monkeypatch):
    """Decision 23: what a rotation wrote is not damage."""
    rotated = await reopen(next_keys)
    step = Retention._journal

    async def then_rotated(self: Retention, *of: Any) -> Swept:
        swept = await step(self, *of)
        assert (await rotated.rewrap.everything()).left == ()
        return swept

    monkeypatch.setattr(Retention, "_journal", then_rotated)
    swept = await rotated.retention.sweep(ENDED + timedelta(days=2000))
    assert (swept.journals, swept.damaged) == (2, ())
    assert await rotated.journal.verify() == []


async def test_how_long_is_the_programmes_to_say(records, over, programme, meddle):
    longer = programme.model_copy(update={"retention": type(programme.retention).model_validate({"words": "P200D", "journal": "P1000D"})})
    await records.programmes.put(longer.model_copy(update={"programme": programme.programme.model_copy(update={"version": 2})}))
    await meddle("UPDATE cohorts SET version = 2")
    assert (await records.retention.sweep(ENDED + timedelta(days=199))).nothing
    assert (await records.retention.sweep(ENDED + timedelta(days=200))).notes == 1
    assert (await records.retention.sweep(ENDED + timedelta(days=999))).journals == 0
    assert (await records.retention.sweep(ENDED + timedelta(days=1000))).journals == 1


async def test_a_dry_run_says_the_same_and_deletes_nothing(records, over):
    now = ENDED + timedelta(days=2000)
    told = await records.retention.sweep(now, dry_run=True)
    assert await kept_notes(records) == ["n-0", "n-1", "n-2"]
    assert await records.retention.sweep(now) == told


async def test_a_journal_that_was_tampered_with_stays_as_evidence(records, over, meddle):
    await meddle("UPDATE journal SET name = 'x' WHERE mentorship = :name AND seq = 3", name=over[0])
    swept = await records.retention.sweep(ENDED + timedelta(days=2000))
    assert (swept.journals, swept.damaged) == (1, (over[0],))
    assert await records.journal.verify() == [Finding(over[0], 3, "altered")]


async def test_a_journal_that_somebody_deletes_without_the_key_shows_even_with_a_stub_of_their_own(records, over, meddle):
    await records.retention.sweep(ENDED + JOURNAL)
    forged = "INSERT INTO stubs SELECT s.mentorship, s.seq, s.head, t.swept_at, t.key_id, t.mac FROM seals s, stubs t WHERE s.mentorship = :name"
    await meddle(forged, name=over[1])
    await meddle("DELETE FROM journal WHERE mentorship = :name", name=over[1])
    found = await records.journal.verify()
    assert Finding(over[1], None, "seal_altered") in found
    assert Finding(over[1], None, "removed") in found


async def test_rows_that_come_back_after_the_sweep_are_named_and_none_can_be_appended(records, over, event, meddle):
    await records.retention.sweep(ENDED + JOURNAL)
    with pytest.raises(Diverged):
        await records.journal.append(over[0], [event(1)])
    await meddle(
        'INSERT INTO journal SELECT :name, seq, at, kind, name, message_id, "by", outcome, reason, body, key_id, previous, mac FROM journal WHERE mentorship = :other AND seq = 1',
        name=over[0],
        other=over[1],
    )
    assert await records.journal.verify() == [Finding(over[0], 1, "inserted")]


@pytest.fixture
async def concern(records: Any, over: list[str], people: tuple[str, str]) -> Case:
    """A concern of the pair whose mentorship runs."""
    mentor, mentee = people
    case = Case(id="", raiser=mentee, mentorship=over[2], programme="engineering-2027", subject=mentor, contacts=(), opened_at=ENDED)
    return await records.cases.open(case, "What happened.", "form")


async def test_the_words_of_a_concern_go_90_days_after_it_was_closed_while_its_mentorship_runs(records, concern):
    await records.cases.withdraw(concern.id, ENDED)
    assert (await records.retention.sweep(ENDED + WORDS - timedelta(seconds=1))).cases == 0
    assert (await records.retention.sweep(ENDED + WORDS)).cases == 1
    assert await records.cases.words(concern.id) is None
    assert (await records.retention.sweep(ENDED + WORDS)).nothing


async def test_that_there_was_a_concern_goes_24_months_after_it_was_closed_and_a_lines_case_as_well(records, concern, over, meddle):
    """H12: who raised it, about whom, and who helped is kept as long as the journal, and no longer."""
    line = await records.cases.open_line(over[2], "silence", programme="engineering-2027", at=ENDED, key="line")
    await records.cases.end_line(line.id, ENDED)
    await records.cases.withdraw(concern.id, ENDED + timedelta(days=1))
    await records.notices.begin(f"case.{concern.id}/asked.0/{concern.raiser}", concern.raiser, "concern", True, ENDED, 6, timedelta(days=30))
    assert (await records.retention.sweep(ENDED + JOURNAL - timedelta(seconds=1))).closed_cases == 0
    assert (await records.retention.sweep(ENDED + JOURNAL)).closed_cases == 1
    assert [row[0] for row in await meddle("SELECT id FROM cases")] == [concern.id]
    assert len(await meddle("SELECT key FROM notices WHERE key LIKE 'case.%'")) == 1
    assert (await records.retention.sweep(ENDED + timedelta(days=1) + JOURNAL)).closed_cases == 1
    assert await meddle("SELECT id FROM cases") == []
    assert await meddle("SELECT key FROM notices WHERE key LIKE 'case.%'") == [], "nor that anybody was asked"


async def test_what_is_no_mentorships_and_no_cases_goes_24_months_after_it_was_sent_or_said(records, over, people, meddle):
    """Digests, the owner's number, and HR's reports about a person belong to no journal with which they could go."""
    for key in ("cohort.spring/digest.20270830T060000Z/a", "owner.engineering-2027/unowned.7"):
        await records.notices.begin(key, people[0], "digest", True, ENDED, 6, timedelta(days=30))
    await records.doors.accept(f"person.{people[0]}", "hr_1", "digest", ENDED)
    left = "SELECT key FROM notices WHERE key LIKE 'cohort.%' OR key LIKE 'owner.%' UNION SELECT message_id FROM door_messages WHERE mentorship LIKE 'person.%'"

    await records.retention.sweep(ENDED + JOURNAL - timedelta(seconds=1))
    assert len(await meddle(left)) == 3
    await records.retention.sweep(ENDED + JOURNAL)
    assert await meddle(left) == []


async def test_what_came_of_a_mentorship_after_its_journal_had_gone_goes_24_months_later(records, over, people, meddle):
    """H12: a later edition of a certificate is mailed, and may wait for a font, long after everything else was swept."""
    gone = ENDED + JOURNAL
    await records.retention.sweep(gone)
    for line in ("unprintable/c/1", "unprintable/c/2"):
        await records.lines.open(over[0], "unprintable", "mentor", gone, f"{over[0]}/{line}")
    await records.lines.close(over[0], "unprintable", gone)
    await records.lines.open(over[0], "unprintable", "mentor", gone, "still open")
    await records.notices.begin(f"{over[0]}/reissued.c", people[0], "reissued", True, gone, 6, timedelta(days=30))
    left = f"SELECT key FROM notices WHERE key LIKE '{over[0]}/%' UNION ALL SELECT key FROM lines WHERE mentorship = '{over[0]}'"

    await records.retention.sweep(gone + JOURNAL - timedelta(seconds=1))
    assert len(await meddle(left)) == 4
    await records.retention.sweep(gone + JOURNAL)
    assert await meddle(left) == [("still open",)], "a person closes it first"
    assert [notice.key for notice in await records.notices.of(people[0])] == [f"{over[2]}/3.0"], "what runs keeps its own"


async def test_who_gave_an_order_is_kept_as_long_as_a_journal_tells_of_it(records, over, people, command):
    """P8, H16: a login, or the id under which a concern held the meetings, would otherwise be the one trace that stays for good."""
    olga, held, busy = [await records.people.operator(login) for login in ("olga", "operator-0123456789abcdef", "omar")]
    await records.journal.append(over[2], [command(6, name="pause", by=busy, body={})])
    ages = datetime.now(UTC) + JOURNAL

    await records.retention.sweep(ages - timedelta(days=1))
    assert set(await records.people.profiles([olga, held, busy])) == {olga, held, busy}
    await records.retention.sweep(ages)
    assert set(await records.people.profiles([olga, held, busy, *people])) == {busy, *people}
    assert await records.people.operator("olga") != olga


async def test_a_leave_that_is_over_goes_24_months_later_and_one_that_lasts_stays(records, over, people, meddle):
    """P8: otherwise HR's reports of absences would stay beside a name for good, long after the pauses that they led to."""
    ended = datetime.now(UTC)
    past, lasting = Leave(begins=ended - timedelta(days=90), until=ended), Leave(begins=ended - timedelta(days=90))
    back = (await records.people.enrol([(await records.people.profile(people[0])).model_copy(update={"person_id": "E-5", "email": "five@corp.example"})]))[
        "E-5"
    ]
    damaged = (await records.people.enrol([(await records.people.profile(people[0])).model_copy(update={"person_id": "E-6", "email": "six@corp.example"})]))[
        "E-6"
    ]
    for ref, leave in ((people[0], past), (people[1], lasting), (back, None), (damaged, past)):
        await records.people.note_leave(ref, leave, ended - timedelta(days=1))
    await meddle("UPDATE data_keys SET sealed = (SELECT sealed FROM data_keys WHERE person = :other) WHERE person = :ref", other=back, ref=damaged)

    async def told(*refs):
        return set(await records.people.leave_words(refs))

    sound = (*people, back)
    await records.retention.sweep(ended + JOURNAL - timedelta(hours=1))
    assert await told(*sound) == set(sound)
    await records.retention.sweep(ended + JOURNAL + timedelta(hours=1))
    assert await told(*sound) == {people[1]}
    assert "leave" not in await records.people.whole(people[0])
    assert (await records.people.profile(people[0])).name == "Ada Quill"


async def test_what_was_said_of_a_leave_is_kept_24_months_from_the_later_of_its_word_and_its_end(records, over, people, meddle):
    """The people here have been in records for long. Otherwise an older report that HR repeats would hold again."""
    said = datetime.now(UTC)
    second = timedelta(seconds=1)
    await meddle("UPDATE people SET created_at = '2020-01-01 00:00:00+00:00'")
    await records.people.note_leave(people[0], None, said)
    await records.people.note_leave(people[1], Leave(begins=said - timedelta(days=9), until=said - timedelta(days=2)), said)
    await records.retention.sweep(said + JOURNAL - second)
    assert set(await records.people.leave_words(people)) == set(people)
    await records.retention.sweep(said + JOURNAL)
    assert await records.people.leave_words(people) == {}


async def test_a_person_without_an_address_is_no_operator_and_stays(records, over, meddle):
    refs = await records.people.enrol([Profile(person_id="E-8", name="Hal", email="")])
    await meddle("UPDATE people SET created_at = '2020-01-01 00:00:00+00:00'")
    await records.retention.sweep(datetime.now(UTC) + JOURNAL)
    assert set(await records.people.profiles(refs.values())) == set(refs.values())


async def test_what_a_sweep_forgot_no_dry_run_tells_again(records, concern):
    await records.cases.withdraw(concern.id, ENDED)
    assert (await records.retention.sweep(ENDED + WORDS)).cases == 1
    assert (await records.retention.sweep(ENDED + WORDS, dry_run=True)).nothing


async def test_a_sweep_tells_of_concerns_and_lines_alike(records, concern, over):
    """H16: a count of concerns in a log or at the command line would reveal that there were any, and which cases."""
    line = await records.cases.open_line(over[2], "silence", programme="engineering-2027", at=ENDED, key="line")
    await records.cases.end_line(line.id, ENDED)
    alone = await records.retention.sweep(ENDED + WORDS - timedelta(seconds=1), dry_run=True)
    assert alone.cases == 0
    assert (await records.retention.sweep(ENDED + WORDS, dry_run=True)).cases == 1
    await records.cases.withdraw(concern.id, ENDED)
    assert (await records.retention.sweep(ENDED + WORDS)).cases == 2


async def test_a_case_that_nobody_can_read_keeps_itself_and_nothing_else(records, concern, over, meddle):
    """Retention used to stop for everybody while one row could not be read (P8)."""
    other = await records.cases.open_line(over[2], "silence", programme="engineering-2027", at=ENDED, key="line")
    await records.cases.end_line(other.id, ENDED)
    await records.cases.withdraw(concern.id, ENDED)
    await meddle("UPDATE cases SET sealed = (SELECT sealed FROM cases WHERE id = :other) WHERE id = :id", other=other.id, id=concern.id)
    now = ENDED + timedelta(days=2000)
    told = await records.retention.sweep(now, dry_run=True)
    swept = await records.retention.sweep(now)
    assert swept == told
    assert (swept.notes, swept.journals, swept.closed_cases) == (2, 2, 1)
    assert swept.damaged == (f"case.{concern.id}",)
    assert await meddle("SELECT id FROM cases") == [(concern.id,)], "it is evidence"


async def test_a_programme_that_nobody_can_read_keeps_its_own_cohorts_and_no_other(records, over, people, programme, cohort, meddle):
    autumn = programme.model_copy(update={"programme": programme.programme.model_copy(update={"id": "other"})})
    await records.programmes.put(autumn)
    await records.cohorts.put(cohort.model_copy(update={"id": "autumn", "programme": "other"}))
    await meddle("UPDATE programmes SET sealed = (SELECT sealed FROM programmes WHERE id = 'engineering-2027') WHERE id = 'other'")
    swept = await records.retention.sweep(ENDED + timedelta(days=2000))
    assert (swept.journals, swept.damaged) == (2, ("cohort.autumn",))


async def test_a_cohort_whose_programme_is_not_there_keeps_everything_and_holds_up_no_sweep(records, over, concern, cohort, meddle):
    await records.cohorts.put(cohort.model_copy(update={"id": "autumn"}))
    await meddle("UPDATE cohorts SET version = 9 WHERE id <> 'autumn'")
    await records.cases.withdraw(concern.id, ENDED)
    assert (await records.retention.sweep(ENDED + timedelta(days=2000))).nothing
    assert await kept_notes(records) == ["n-0", "n-1", "n-2"]
    assert await records.cases.words(concern.id) == "What happened."


@pytest.mark.parametrize("what", ["notes", "cases", "closed_cases", "journals"])
def test_a_sweep_that_deleted_anything_is_told(what):
    assert not Swept.model_validate({what: 1}).nothing
    assert Swept(damaged=("case.c-1",)).nothing, "what stays is told of itself"


async def test_a_concern_that_nobody_closed_stays_with_its_words_for_whom_was_asked(records, concern):
    """Only a person closes it."""
    await records.cases.take(concern.id, "p-sam", ENDED)
    swept = await records.retention.sweep(ENDED + timedelta(days=5000))
    assert (swept.cases, swept.closed_cases) == (0, 0)
    assert await records.cases.words(concern.id) == "What happened."


async def test_without_the_key_nothing_is_deleted(reopen, other_keys, over, records):
    stranger = await reopen(other_keys)
    with pytest.raises(UnknownKey):
        await stranger.retention.sweep(ENDED + timedelta(days=2000))
    assert await kept_notes(records) == ["n-0", "n-1", "n-2"]


@pytest.mark.parametrize("off", [timedelta(days=900), -timedelta(days=900)])
async def test_a_clock_that_was_set_far_ahead_deletes_nothing_before_its_time(records, url, monkeypatch, off):
    """P8: a sweep goes by the database server's clock as well as by its host's, and by the one that is behind. With SQLite there is only one."""

    class Host:
        @staticmethod
        def now(zone: Any) -> datetime:
            return datetime.now(zone) + off

    monkeypatch.setattr(clock_module, "datetime", Host)
    expected = datetime.now(UTC) + (off if url.startswith("sqlite") else min(off, timedelta()))
    assert abs(await records.clock.agreed() - expected) < timedelta(minutes=1)
