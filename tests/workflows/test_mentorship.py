"""A mentorship from its first mail to its certificates, on the time-skipping server, with the real activities."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

import pytest

from certificates.verify import verify_credential, verify_file
from mentorship.commands import (
    EXPECTATIONS,
    CancelMeeting,
    ConfirmExpectations,
    ConfirmMeeting,
    End,
    MoveMeeting,
    Pause,
    RecordMilestone,
    ReportGoal,
    ReportMeeting,
    Resume,
    SetGoal,
    SubmitPrivately,
    SurveyAnswers,
)
from mentorship.programme import Meetings
from mentorship.spread import spread
from records.people import Profile
from workflows.status import Outcome, Status

LONDON = ZoneInfo("Europe/London")


async def until(environment, instant: datetime) -> None:
    await environment.sleep(instant - await environment.get_current_time())


def first_monday_of_the_year_to_come(now: datetime) -> datetime:
    day = date(now.year + 1, 1, 4)
    return datetime.combine(day + timedelta(days=(7 - day.weekday()) % 7), time(), ZoneInfo("Europe/Berlin"))


async def the_two(records) -> tuple[str, str]:
    """The opaque ids of the mentor and the mentee."""
    refs = await records.people.refs(["mia", "noor"])
    return refs["mia"], refs["noor"]


async def status_of(handle) -> Status:
    return Status.model_validate(await handle.query("status"))


async def act_diligently(handle, environment, mentor: str, mentee: str) -> Outcome:
    """Both confirm, meet, report and answer; a goal is set and progressed, and everything that can be recorded is."""
    for who in (mentor, mentee):
        await handle.signal("confirm_meeting", ConfirmMeeting(message_id=f"slots-{who}", by=who, meeting="all"))
    status = await status_of(handle)
    for meeting in status.meetings:
        await until(environment, meeting.start + timedelta(hours=2))
        if meeting.meeting == 1:
            for who in (mentor, mentee):
                await handle.signal("confirm_expectations", ConfirmExpectations(message_id=f"expectations-{who}", by=who, expectations=EXPECTATIONS))
            await handle.signal("set_goal", SetGoal(message_id="goal", by=mentee, goal="speak-up"))
        if meeting.meeting == 4:
            await handle.signal("report_goal", ReportGoal(message_id="progress", by=mentee, goal="speak-up", progress="progressed"))
            for rule in ("shadowing", "introduction"):
                await handle.signal("record_milestone", RecordMilestone(message_id=rule, by=mentor, milestone=rule))
        for who in (mentor, mentee):
            await handle.signal("report_meeting", ReportMeeting(message_id=f"met-{meeting.meeting}-{who}", by=who, meeting=meeting.meeting, held=True))
    await until(environment, status.ends + timedelta(days=1))
    answers = SurveyAnswers(survey="closing", answers={"trust": 5, "satisfaction": 4})
    for who in (mentor, mentee):
        await handle.signal("submit_privately", SubmitPrivately(message_id=f"survey-{who}", by=who, body=answers))
    await until(environment, status.ends + timedelta(days=40))
    return Outcome.model_validate(await handle.result())


@pytest.fixture
def plain(programme) -> Meetings:
    """Every second Monday at ten, whatever the public holidays: dates that a reader can check in their head."""
    return programme.meetings.model_copy(update={"holidays": False, "quiet": ()})


async def test_a_programme_of_26_weeks_sends_each_person_these_mails_on_these_days(start, skipping, records, mailbox, plain):
    """H3, H7, H10, Calm: the whole sequence by date for both, across the change to summer time; at most 20 mails."""
    begins = first_monday_of_the_year_to_come(await skipping.get_current_time())
    await until(skipping, begins.astimezone(UTC))
    handle = await start(meetings=plain)
    mentor, mentee = await the_two(records)

    outcome = await act_diligently(handle, skipping, mentor, mentee)

    later = spread(handle.id, timedelta(minutes=15))
    monday = begins.date()
    expected = [(monday, "Welcome")]
    for n in range(12):
        meeting = monday + timedelta(days=7 + 14 * n)
        expected.append((meeting - timedelta(days=3), f"{meeting.day} {meeting:%b}"))
    expected += [(monday + timedelta(weeks=13), "Half-way"), (monday + timedelta(weeks=23), "last stretch")]
    expected += [(monday + timedelta(weeks=26), "Six questions"), (monday + timedelta(weeks=27), "certificate")]
    for address in ("mia@example.org", "noor@example.org"):
        got = sorted((parsedate_to_datetime(mail["Date"]), mail["Subject"]) for mail in mailbox.to(address))
        wanted = sorted(expected)
        assert [at.astimezone(ZoneInfo("Europe/Berlin")).date() for at, _ in got] == [day for day, _ in wanted]
        assert all(words in subject for (_, words), (_, subject) in zip(wanted, got, strict=True)), got
        assert len(got) <= 20
        prepared = [at for at, subject in got if "Your next" in subject]
        assert {at.astimezone(LONDON).time() for at in prepared} == {(datetime(2027, 1, 4, 10, tzinfo=UTC) + later).time().replace(microsecond=0)}
    assert len({at.utcoffset() or at.astimezone(LONDON).utcoffset() for at in (begins, begins + timedelta(weeks=20))}) == 2, "no change of time in between"
    assert outcome.phase == "completed"
    assert outcome.milestones_done == outcome.milestones_total == 10
    assert set(outcome.certificates) == {mentor, mentee}


async def test_the_certificate_travels_with_the_result_and_verifies(start, skipping, records, mailbox, issuer):
    """H7, H8: one certificate a person; the document contains the credential, and both can be verified without us."""
    handle = await start()
    mentor, mentee = await the_two(records)
    outcome = await act_diligently(handle, skipping, mentor, mentee)

    mail = next(mail for mail in mailbox.to("noor@example.org") if "certificate" in mail["Subject"])
    files = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
    credential, pdf = await records.certificates.document(outcome.certificates[mentee])
    assert pdf == files["certificate.pdf"]
    verdict = verify_file(pdf, trust=issuer.trust(), name="Noor Mentee")
    assert verdict.valid, verdict.reasons
    assert verify_credential(credential, trust=issuer.trust()).valid
    assert "Mia" not in json.dumps(json.loads(credential))


async def test_the_journal_of_a_finished_mentorship_is_whole_and_sealed(start, skipping, records):
    """P3: every command with its outcome and every event, with nothing missing, and a closing row."""
    handle = await start()
    mentor, mentee = await the_two(records)
    await act_diligently(handle, skipping, mentor, mentee)

    assert await records.journal.verify() == []
    entries = await records.journal.entries(handle.id)
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert {entry.outcome for entry in entries if entry.kind == "command"} == {"applied"}
    assert entries[-1].name == "mentorship_completed"
    enrolment = await records.cohorts.by_mentorship(handle.id)
    assert enrolment is not None
    assert enrolment.state == "over"
    assert enrolment.card is not None
    assert enrolment.card["milestones_done"] == 10


async def test_late_cancellations_reach_the_coordinator_at_the_third_and_the_partner_never(start, skipping, records, mailbox):
    """H14: two bring a private nudge, three the coordinator; the person is told so, and the partner is not."""
    handle = await start()
    mentor, mentee = await the_two(records)
    for who in (mentor, mentee):
        await handle.signal("confirm_meeting", ConfirmMeeting(message_id=f"slots-{who}", by=who, meeting="all"))
    for meeting in (await status_of(handle)).meetings[:3]:
        await until(skipping, meeting.start - timedelta(hours=2))
        await handle.signal("cancel_meeting", CancelMeeting(message_id=f"cancel-{meeting.meeting}", by=mentor, meeting=meeting.meeting, reason="work"))
    await skipping.sleep(timedelta(days=1))

    lines = {line.line for line in await records.lines.all("spring")}
    assert "cancellations_mentor" in lines
    # The pair's other line, that it has not met, has waited for half of `unowned` by now.
    assert sorted(mail["Subject"] for mail in mailbox.to("ana@example.org")) == ["1 pair is still waiting for somebody", "A pair could use a hand"]
    events = [entry.name for entry in await records.journal.entries(handle.id)]
    assert events.count("ladder_climbed") == 2
    status = await status_of(handle)
    assert "cancellations_mentor" in status.attention
    kinds = {person: {notice.kind for notice in await records.notices.of(person)} for person in (mentor, mentee)}
    assert {"nudge", "coordinator_told"} <= kinds[mentor]
    assert not {"nudge", "coordinator_told"} & kinds[mentee]


async def test_temporals_ui_shows_where_a_pair_stands_and_nothing_of_why(start, skipping, records):
    """H12, H14: a card, the latest event, and a word on every timer; no reason, no rung, and nobody whom it is about."""
    handle = await start()
    mentor, mentee = await the_two(records)
    for who in (mentor, mentee):
        await handle.signal("confirm_meeting", ConfirmMeeting(message_id=f"slots-{who}", by=who, meeting="all"))
    await handle.signal("confirm_expectations", ConfirmExpectations(message_id="expectations", by=mentor, expectations=EXPECTATIONS))
    planned = (await status_of(handle)).meetings
    for meeting in planned[:3]:
        await until(skipping, meeting.start - timedelta(hours=2))
        await handle.signal("cancel_meeting", CancelMeeting(message_id=f"cancel-{meeting.meeting}", by=mentor, meeting=meeting.meeting, reason="work"))
    await handle.signal("cancel_meeting", CancelMeeting(message_id="no-such", by=mentee, meeting=99))
    await until(skipping, planned[2].start + timedelta(days=1))

    shown = (await handle.query("__temporal_workflow_metadata")).current_details
    assert shown.startswith(f"### Aligning\n\n- **Next meeting:** {planned[3].start:%Y-%m-%d %H:%M} UTC (number 4 of 12)\n")
    assert shown.endswith("- **Needs a person:** yes, see the coordinators’ list")
    rows = await records.journal.entries(handle.id)
    assert len(rows) > 20
    assert [(datetime.fromisoformat(entry["at"]), entry["what"], entry["reason"]) for entry in await handle.query("timeline")] == [
        (row.at, row.name, row.reason) for row in rows[-20:]
    ]
    events = (await handle.fetch_history()).events
    waits = {json.loads(event.user_metadata.summary.data) for event in events if event.HasField("timer_started_event_attributes")}
    assert waits >= {"Next: prepare meeting 2", "Next: no meeting", "Next: a mail"}, waits
    told = " ".join([shown, *waits])
    assert not [word for word in ("cancel", "work", "ladder", "rung", "nudge", "mentor", "mentee", mentor, mentee) if word in told]


async def test_a_pause_drops_slots_moves_the_end_and_plans_again(start, skipping, records, mailbox):
    """P6: an operator's pause and resume are answered, and the end moves by the pause's length."""
    handle = await start()
    before = await status_of(handle)
    await until(skipping, before.meetings[2].start + timedelta(days=2))
    now = await skipping.get_current_time()
    assert (await handle.execute_update("pause", Pause(message_id="pause", by="p-operator", at=now)))["outcome"] == "applied"
    assert (await handle.execute_update("pause", Pause(message_id="again", by="p-operator", at=now))) == {"outcome": "refused", "reason": "paused"}
    assert len((await status_of(handle)).meetings) == 3
    await skipping.sleep(timedelta(days=21))
    later = await skipping.get_current_time()
    assert (await handle.execute_update("resume", Resume(message_id="resume", by="p-operator", at=later)))["outcome"] == "applied"
    await skipping.sleep(timedelta(hours=1))

    after = await status_of(handle)
    assert after.ends - before.ends == later - now
    assert len(after.meetings) == 12
    assert after.meetings[3].start > later
    assert all(low.start < high.start for low, high in zip(after.meetings, after.meetings[1:], strict=False))
    await handle.execute_update("end", End(message_id="end", by="p-operator", at=later, reason="operator"))
    outcome = Outcome.model_validate(await handle.result())
    assert outcome.ended == "operator"
    assert outcome.certificates == {}


async def test_an_evening_in_which_a_move_is_proposed_and_agreed_is_one_mail_in_the_morning(start, skipping, records, mailbox, plain):
    """*Time*: never two about one meeting at once."""
    handle = await start(meetings=plain)
    mentor, mentee = await the_two(records)
    meeting = (await status_of(handle)).meetings[1]
    evening = datetime.combine((meeting.start - timedelta(days=6)).date(), time(20), UTC)
    await until(skipping, evening)
    to = meeting.start + timedelta(days=1)
    for hours, who in enumerate((mentor, mentee)):
        at = evening + timedelta(hours=hours)
        await handle.signal("move_meeting", MoveMeeting(message_id=f"move-{who}", by=who, at=at, meeting=2, to=to))
        await skipping.sleep(timedelta(hours=1))
    await skipping.sleep(timedelta(hours=16))
    told = [mail["Subject"].partition(":")[0] for mail in mailbox.to("noor@example.org") if parsedate_to_datetime(mail["Date"]) >= evening]
    assert told == ["New time"]


async def test_whoever_sleeps_while_the_partner_says_that_they_met_is_not_asked(start, skipping, records, mailbox, plain):
    """Calm: "did you meet?" is asked only if unreported."""
    handle = await start(meetings=plain)
    await records.people.enrol([Profile(person_id="mia", name="Mia Mentor", email="mia@example.org", time_zone="America/Los_Angeles", country="US")])
    _, mentee = await the_two(records)
    asked = (await status_of(handle)).meetings[0].start + timedelta(days=1, hours=2)
    await until(skipping, asked)
    await handle.signal("report_meeting", ReportMeeting(message_id="met", by=mentee, at=asked, meeting=1, held=True))
    await skipping.sleep(timedelta(hours=20))
    assert "Did you meet?" not in [mail["Subject"] for mail in mailbox.to("mia@example.org")]
    failed = [entry.body for entry in await records.journal.entries(handle.id) if entry.name == "notice_failed"]
    assert [(body["notice"], body["to"], body["why"]) for body in failed] == [("ask", "mentor", "too_late")]
