"""kill -9 of workers and of Temporal itself: what was accepted is applied once, the outage makes nobody late, no notice is lost (P5, H7)."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.service import RPCError

from tests.pace import PACES

PAIRS = 4
SIDES = ("mentor", "mentee")


async def sleep_until(instant: datetime) -> None:
    await asyncio.sleep(max(0.0, (instant - datetime.now(UTC)).total_seconds()))


async def worker_is_up(house, worker, times: int = 1) -> None:
    async def started() -> bool:
        assert worker.alive, worker.said()
        return worker.said().count("worker_started") >= times

    await house.until(started, within=90)


async def handled(house, more_than: int = 0) -> int:
    """Waits until the journals have more rows than that, and counts them."""

    async def rows() -> int:
        count = sum([len(await house.journal(pair)) for pair in range(PAIRS)])
        return count if count > more_than else 0

    return await house.until(rows, within=60)


@pytest.mark.timeout(240)
async def test_a_cohort_lives_through_killed_workers_and_a_killed_server(houses, quick, mailbox, processes):
    house = await houses(durable=True)
    meetings = {"count": 4, "first_after": "PT10S", "interval": "PT10S", "duration": "PT1S", "prepare": "PT2S", "ask_after": "PT1S"}
    programme = quick(length="PT45S", grace="PT12S", closes="PT12S", meetings=meetings)
    worker = processes(house.worker_process())
    await worker_is_up(house, worker)
    starts = datetime.now(UTC)
    await house.enrol(programme, PAIRS, starts)
    await house.start_cohort()
    last_meeting, ends = starts + timedelta(seconds=40), starts + timedelta(seconds=45)
    enough = asyncio.Event()

    async def stream(pair: int, side: str) -> None:
        """One participant: useful messages and useless ones, without a pause while things are killed."""
        await house.until(lambda: is_running(house, pair))
        await house.persist(pair, side, "confirm_expectations", f"{side}-aligned", expectations=["confidentiality", "mutual_respect", "psychological_safety"])
        await house.persist(pair, side, "confirm_meeting", f"{side}-all", meeting="all")
        if side == "mentee":
            await house.persist(pair, side, "set_goal", "goal", goal="listen")
            await house.persist(pair, side, "record_milestone", "talk", milestone="talk")
        n = 0
        while not enough.is_set():
            n += 1
            await house.persist(pair, side, "confirm_meeting", f"{side}-{n:03}", meeting=n % 4 + 1)
            await asyncio.sleep(0.1)

    streams = [asyncio.create_task(stream(pair, side)) for pair in range(PAIRS) for side in SIDES]
    await kill_both(house, worker)
    enough.set()
    await asyncio.gather(*streams)

    # No worker runs from here until after the end; one second's notice of the last meeting is in time.
    worker.kill()
    await house.persist(0, "mentor", "cancel_meeting", "in-time", meeting=4, reason="work")
    assert datetime.now(UTC) < last_meeting - timedelta(seconds=1), "this machine is too slow for this test's programme"
    await sleep_until(ends - timedelta(seconds=2))
    for pair in range(PAIRS):
        await house.persist(pair, "mentor", "record_milestone", "visit", milestone="visit")
    assert datetime.now(UTC) < ends
    await sleep_until(ends + timedelta(seconds=0.5))
    worker.start()

    await check_outcomes(house)
    total = await house.check_books()
    print(f"sent {total.total()}: applied {total['applied']}, refused {total['refused']}")  # noqa: T201
    assert total["refused"] > 0
    journal = await house.journal()
    cancelled = next(row for row in journal if row.name == "meeting_cancelled")
    assert not cancelled.body.get("late", False)
    assert not [row for row in journal if row.name == "ladder_climbed"]
    await check_mails(house, mailbox)


async def check_outcomes(house) -> None:
    """Asserts that each completed with the milestones of the last outage, and one certificate each."""
    outcomes = await asyncio.gather(*(house.outcome(pair, within=120) for pair in range(PAIRS)))
    for outcome, pair in zip(outcomes, house.pairs, strict=True):
        assert (outcome.phase, outcome.milestones_done) == ("completed", 4), "done and sent before the end, handled after it"
        assert set(outcome.certificates) == {pair.mentor, pair.mentee}
        certificates = await house.records.certificates.of(pair.mentorship)
        assert sorted(certificate.id for certificate in certificates) == sorted(outcome.certificates.values())


async def kill_both(house, worker) -> None:
    """Kills the worker, then the server with its database file, each while messages stream in; both come back.

    Not while pairs are being started: a pair that did not begin would wait for a missed heartbeat, which takes longer than this programme.
    """
    for pair in range(PAIRS):
        await house.until(lambda pair=pair: is_running(house, pair))
    rows = await handled(house, more_than=40)
    worker.kill()
    worker.start()
    await worker_is_up(house, worker, times=2)
    rows = await handled(house, more_than=rows + 40)
    house.server.kill()
    house.server.start()
    await house.server.ready()
    await handled(house, more_than=rows + 40)


async def is_running(house, pair: int) -> bool:
    if len(house.pairs) <= pair:
        return False
    enrolment = await house.records.cohorts.by_mentorship(house.pairs[pair].mentorship)
    return enrolment.state == "started"


def announced(rows, side: str) -> Counter[str]:
    """How many mails of each kind the journal's events lead to for this person."""
    found: Counter[str] = Counter({"welcome": 1, "result": 1})
    kinds = {"meeting_prepared": "prepare", "halfway_reached": "halfway", "end_approached": "heads_up", "end_reached": "closing_survey"}
    for row in rows:
        if row.name in kinds:
            found[kinds[row.name]] += 1
        elif row.name == "meeting_asked_about":
            found["ask"] += side in row.body["readers"]
        elif row.name == "meeting_cancelled":
            found["rescheduled"] += 1
    return found


async def check_mails(house, mailbox) -> None:
    """Asserts that every mail was sent or has its reason in the journal, that ledger and mailboxes agree, and that repeats share one Message-ID."""
    mails = [mail for mail in mailbox.mails if "ana@" not in mail["To"]]
    in_boxes = Counter(mail["Message-ID"] for mail in mails)
    ledger: set[str | None] = set()
    given_up = 0
    for n, pair in enumerate(house.pairs):
        rows = await house.journal(n)
        for side, person in zip(SIDES, (pair.mentor, pair.mentee), strict=True):
            notices = await house.records.notices.of(person)
            assert {notice.state for notice in notices} <= {"sent", "failed"}
            failed = [row.body for row in rows if row.name == "notice_failed" and row.body["to"] == side]
            assert {body["why"] for body in failed} <= {"too_late", "superseded"}
            assert {notice.why for notice in notices if notice.state == "failed"} <= {"too_late"}
            sent = Counter(notice.kind for notice in notices if notice.state == "sent")
            given_up += len(notices) - sent.total()
            assert (sent["welcome"], sent["result"]) == (1, 1)
            assert sent + Counter(body["notice"] for body in failed) == announced(rows, side)
            ledger |= {notice.message_id for notice in notices if notice.state == "sent"}
    assert ledger <= set(in_boxes)
    assert len(set(in_boxes) - ledger) <= given_up, "a killed attempt may have sent what was given up afterwards"
    assert in_boxes.total() - len(in_boxes) <= 6, "repeats are for crashes only"
    assert len({(mail["Message-ID"], mail["To"], mail["Subject"]) for mail in mails}) == len(in_boxes)


@pytest.mark.timeout(600)
async def test_a_worker_that_comes_back_within_a_timer_fires_the_deadlines_in_their_order(house, quick, mailbox):
    """Two meetings' worth of deadlines pass without a worker; each is decided at its own instant, and stale mails are dropped."""
    for pace in PACES:
        house.cohort = f"spring-{pace}"
        async with house.worker():
            await house.start(quick(pace, length="PT15S", meetings={"first_after": "PT8S", "count": 2}))
            await house.idle()
        rows = await house.journal()
        if [row.name for row in rows] == ["mentorship_started"]:
            break
        with suppress(RPCError):  # it is over by now
            await house.handle().terminate("its first deadlines came before the worker was gone")
        mailbox.mails.clear()
    else:
        pytest.fail("this machine is too slow for a story of seconds")
    starts, second = rows[0].at, pace * timedelta(seconds=1)
    await sleep_until(starts + 10.5 * second)
    async with house.worker():
        outcome = await house.outcome(within=60 * pace)
    assert outcome.phase == "completed"
    rows = await house.journal()
    due = [(row.name, round((row.at - starts) / second, 1)) for row in rows if row.name in ("meeting_prepared", "meeting_asked_about", "end_reached")]
    assert due == [
        ("meeting_prepared", 7.0),
        ("meeting_asked_about", 10.0),
        ("meeting_prepared", 10.0),
        ("meeting_asked_about", 13.0),
        ("end_reached", 15.0),
    ]
    instants = [row.at for row in rows if row.kind == "event" and row.name != "notice_failed"]
    assert instants == sorted(instants)
    late = {row.body["notice"] for row in rows if row.name == "notice_failed"}
    assert "prepare" in late, "nobody is told to prepare for what is past"
    subjects = Counter(mail["Subject"] for mail in mailbox.to("mentee-1@example.org"))
    assert max(subjects.values()) <= 3
    assert await house.records.journal.verify(cohort=house.cohort) == []
