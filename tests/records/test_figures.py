"""Numbers for monitoring the service: what waits, and for how long; never who."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from records.figures import Audit, Waiting
from records.journal import JournalEntry

NOON = datetime(2027, 4, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def accepted(records, mentorship, message_id, at, *, sent=True):
    await records.doors.accept(mentorship, message_id, "digest", at)
    if sent:
        await records.doors.mark_sent(mentorship, message_id)


def row(seq, message_id, outcome="applied"):
    return JournalEntry(seq=seq, at=NOON, kind="command", name="excuse", message_id=message_id, by="p-1", outcome=outcome)


async def test_nothing_waits_in_an_empty_service(records):
    found = await records.watch.figures(NOON)
    assert (found.commands, found.certificates, found.lines) == (Waiting(0, None),) * 3
    assert (found.mentorships, found.mails, found.audit) == ({}, {}, None)


async def test_a_command_waits_from_its_acknowledgement_until_it_is_in_the_journal(records, mentorship):
    await records.cohorts.mark_started(mentorship, NOON)
    await accepted(records, mentorship, "first", NOON - 2 * HOUR)
    await accepted(records, mentorship, "second", NOON - HOUR)
    await accepted(records, mentorship, "told-503", NOON - 3 * HOUR, sent=False)
    assert (await records.watch.figures(NOON)).commands == Waiting(2, NOON - 2 * HOUR)
    await records.journal.append(mentorship, [row(1, "first")])
    assert (await records.watch.figures(NOON)).commands == Waiting(1, NOON - HOUR)
    await records.journal.append(mentorship, [row(2, "second", "refused")])
    assert (await records.watch.figures(NOON)).commands == Waiting(0, None)


async def test_what_came_in_the_instant_of_the_end_waits_for_nothing(records, mentorship):
    await records.cohorts.mark_started(mentorship, NOON)
    await accepted(records, mentorship, "too-late", NOON)
    await records.journal.append(mentorship, [row(1, "the-end")], over_at=NOON)
    assert (await records.watch.figures(NOON)).commands == Waiting(0, None)


async def test_a_certificate_waits_until_its_document_is_there(records, mentorship, people):
    reserved = await records.certificates.reserve(mentorship, people[0], {})
    assert (await records.watch.figures(NOON)).certificates == Waiting(1, reserved.issued_at)
    await records.certificates.store(reserved.id, "{}", b"%PDF")
    assert (await records.watch.figures(NOON)).certificates == Waiting(0, None)


async def test_a_line_waits_until_a_coordinator_takes_it(records, mentorship):
    await records.lines.open(mentorship, "no_meeting", None, NOON - HOUR, "k1")
    assert (await records.watch.figures(NOON)).lines == Waiting(1, NOON - HOUR)
    await records.lines.take(mentorship, "no_meeting", "p-coordinator", NOON)
    assert (await records.watch.figures(NOON)).lines == Waiting(0, None)


async def test_mails_are_counted_over_a_day_by_what_became_of_them(records, people):
    for key, at in (("sent", NOON), ("refused", NOON), ("yesterday", NOON - 25 * HOUR)):
        await records.notices.begin(key, people[0], "prepare", False, at, 10, timedelta(days=30))
    await records.notices.sent("sent", "<1@example.org>", NOON)
    await records.notices.failed("refused", "550 no such mailbox", NOON)
    await records.notices.sent("yesterday", "<2@example.org>", NOON - 25 * HOUR)
    assert (await records.watch.figures(NOON)).mails == {"sent": 1, "failed": 1}


async def test_mentorships_are_counted_by_state(records, mentorship):
    assert (await records.watch.figures(NOON)).mentorships == {"pending": 1}
    await records.cohorts.mark_started(mentorship, NOON)
    assert (await records.watch.figures(NOON)).mentorships == {"started": 1}


async def test_the_newest_verification_stands_also_when_two_write_at_once(records):
    await records.watch.note_audit(NOON - HOUR, 3)
    await asyncio.gather(*(records.watch.note_audit(NOON, 0) for _ in range(4)))
    assert (await records.watch.figures(NOON)).audit == Audit(NOON, 0)
