"""What continue-as-new carries stays small: a year of a busy pair within 16 KiB of JSON."""

from __future__ import annotations

import json
from datetime import timedelta

from mentorship import commands as c
from mentorship.duration import iso
from mentorship.people import Pair
from mentorship.state import MESSAGES_KEPT, MOST_GOALS, State

LIMIT = 16 * 1024
HOUR = timedelta(hours=1)


def test_a_year_of_a_busy_pair_stays_under_sixteen_kibibytes(story, plan, milestones, meets, starts):
    """26 meetings reported by both, 20 goals, 15 milestones that both confirm, a dozen extra meetings, more than 256 messages."""
    year = starts + timedelta(weeks=52)
    told = story(milestones=milestones(15), plan=plan(26).model_copy(update={"ends": year, "reporting_ends": year + timedelta(days=7)}))
    sent = 0

    def says(by, command, at):
        nonlocal sent
        at += timedelta(microseconds=sent * 16_807 % 999_983)  # a door's clock
        told.take([told.named(command.model_copy(update={"message_id": f"msg_2KWPBgLlAfxdpx2AI54pPJ85f4W{sent:04}"}), by, at)], at)
        sent += 1

    for side in ("mentor", "mentee"):
        says(side, c.ConfirmMeeting(meeting="all"), starts)
        says(side, c.ConfirmExpectations(expectations=c.EXPECTATIONS), starts)
        says(side, c.SubmitPrivately(body=c.Pins(benefits=tuple(f"mentee.{n}" for n in range(10)))), starts)
    for n in range(MOST_GOALS):
        says("mentee", c.SetGoal(goal=f"g-0123456789ab{n:02}", note_id="n-0123456789abcdef", actions=("n-0123456789abcdef",) * 3), starts + HOUR)
    for n in range(1, 27):
        to = meets(n) + timedelta(days=1)
        if n % 5 == 0:
            for side in ("mentor", "mentee"):
                says(side, c.MoveMeeting(meeting=n, to=to), meets(n) - HOUR)
        if n % 6 == 0:
            says("mentee", c.CancelMeeting(meeting=n, reason="work"), meets(n) - HOUR)
            says("mentor", c.ReportMeeting(held_at=to + timedelta(days=3), held=True), to + timedelta(days=4))
        else:
            for side in ("mentor", "mentee"):
                says(side, c.ReportMeeting(meeting=n, held=True, attendance=c.Attendance(own="on_time", partner="present")), to + HOUR)
        for side in ("mentor", "mentee"):
            says(side, c.SubmitPrivately(body=c.Feedback(meeting=n, note_id="n-0123456789abcdef")), to + 2 * HOUR)
        if n <= 8:
            says("mentor", c.ReportMeeting(held_at=to + timedelta(days=2), held=True), to + timedelta(days=2, hours=1))
            says("mentee", c.ReportMeeting(held_at=to + timedelta(days=2), held=True), to + timedelta(days=2, hours=1))
        if n <= 15:
            for side in ("mentor", "mentee"):
                says(side, c.RecordMilestone(milestone=f"m{n}"), to + 3 * HOUR)
        if n <= MOST_GOALS:
            says("mentee", c.ReportGoal(goal=f"g-0123456789ab{n - 1:02}", progress="progressed"), to + 4 * HOUR)
        for _ in range(2):
            says("p-stranger", c.Excuse(meeting=n), to + 5 * HOUR)  # refusals are remembered too

    state = told.state
    assert sent > MESSAGES_KEPT
    assert len(state.recent) == MESSAGES_KEPT
    assert (len(state.meetings), len(state.goals), len(state.milestones), len(state.extras)) == (26, 20, 15, 12)
    written = json.dumps(state.compact())
    assert State.model_validate(json.loads(written)) == state
    assert len(written.encode()) < LIMIT


def test_the_state_stays_bounded_whatever_a_pair_sends(story, day):
    """Sixteen hundred messages that all change something, or try to."""
    told = story(rules=None, duration=iso("PT1S"))
    inbox = [
        told.named(command, side, day(200) + n * timedelta(seconds=5))
        for n in range(200)
        for side in ("mentor", "mentee")
        for command in (
            c.ReportMeeting(held_at=day(1) + n * timedelta(seconds=9), held=True),
            c.SetGoal(goal=f"g-{n}", actions=("n-1",)),
            c.RecordMilestone(milestone=f"m{n % 11}", done_at=day(2)),
            c.ReportMeeting(meeting=n % 13, held=bool(n % 2)),
        )
    ]
    early = [command.model_copy(update={"at": day(100) + (command.at - day(200))}) for command in inbox]
    told.take(early, day(150))
    assert len(told.state.goals) == MOST_GOALS
    assert len(told.state.extras) == 60
    assert len(json.dumps(told.state.compact())) < 2 * LIMIT


def test_people_are_ids_and_nothing_else():
    """H12."""
    assert set(Pair.model_fields) == {"mentor", "mentee"}
