"""P6: an extension moves the end, and plans what fits before it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from mentorship import commands as c
from mentorship.decide import unfit_extension
from mentorship.duration import Duration, iso
from mentorship.effects import Longer, SendNotice
from mentorship.policy.helping import longer_wanted, still_helping
from mentorship.policy.milestones import milestone_facts
from mentorship.programme import MilestoneRule
from mentorship.state import State

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
CLOSING = 11


def test_a_pair_may_extend_once_by_four_weeks_if_both_agree(story, day, ends, grace_ends):
    told = story()
    assert told.tell("mentee", c.AskExtension(), day(100)) == "applied"
    assert told.tell("mentee", c.AskExtension(), day(101)) == "already_done"
    assert told.state.ends == ends
    assert told.tell("mentor", c.AskExtension(), ends) == "applied"
    assert (told.state.ends, told.state.reporting_ends) == (ends + 4 * WEEK, grace_ends + 4 * WEEK)
    assert told.tell("mentor", c.AskExtension(), ends) == "used_up"


@pytest.mark.parametrize("kind", ["prepare", "ask", "halfway", "heads_up"])
def test_mails_that_go_anyway_say_that_the_partner_would_like_more_time_until_the_reader_agrees(story, day, kind):
    """No mail goes for it alone (Calm), and the page alone was easily overlooked."""
    told = story()
    due = [SendNotice(kind=kind, to=side, due=day(100)) for side in ("mentee", "mentor")]
    told.state = told.state.model_copy(update={"seen": ("heads_up",)})
    told.tell("mentee", c.AskExtension(), day(100))
    assert all(told.helps(mail) for mail in due)
    assert [_longer(mail, told.state, day(100)) for mail in due] == [None, iso("P4W")]
    told.tell("mentor", c.AskExtension(), day(101))
    assert [_longer(mail, told.state, day(101)) for mail in due] == [None, None]


def _longer(mail: SendNotice, state: State, now: datetime) -> Duration | None:
    """None as well for a mail that does not go: the last stretch begins later once they agree."""
    still = still_helping(mail, state, now)
    return still.longer if still is not None else None


def test_after_the_end_nobody_extends_and_no_mail_invites_to_it(story, ends):
    told = story()
    told.tell("mentee", c.AskExtension(), ends)
    told.wait(ends + timedelta(seconds=1))
    assert longer_wanted(told.state, "mentor") is None
    assert told.tell("mentor", c.AskExtension(), ends + timedelta(seconds=1)) == "closing"


def test_an_extension_adds_time_and_slots_and_no_milestones(story, day, ends):
    told = story()
    told.operator(c.Extend(length=iso("P4W")), day(170))
    assert told.planned()[-1].count == 2
    assert told.replan() == "applied"
    assert len(told.state.meetings) == 14
    told.wait(ends + 4 * WEEK)
    told.run_out()
    assert told.state.decided.total == 10
    assert [mail.change for mail in told.mails("rescheduled", "mentee")] == ["extended"]


@pytest.mark.parametrize(
    ("length", "interval", "unfit"),
    [
        ("P26W", "P14D", None),
        ("P183D", "P14D", "too_long"),
        ("P9000D", "P14D", "too_long"),
        ("P1D", "P14D", None),
        ("PT23H", "P14D", "too_short"),
        ("PT1S", "P14D", "too_short"),
        ("PT1H", "PT1H", None),
        ("PT1S", "PT1H", "too_short"),
    ],
)
def test_an_operators_extension_is_within_the_programmes_own_measures(story, rules, length, interval, unfit):
    """The limit is not part of `decide`, which also replays what was decided earlier."""
    assert unfit_extension(story(rules=rules(interval=iso(interval))).state, iso(length)) == unfit


def test_a_pause_makes_no_programme_longer_than_it_is_meant_to_be(story, day):
    told = story()
    told.operator(c.Pause(until=day(30)), day(2))
    told.wait(day(30))
    assert [unfit_extension(told.state, iso(length)) for length in ("P182D", "P183D")] == [None, "too_long"]


def test_the_closing_session_moves_to_the_extensions_last_meeting(story, day):
    """Meetings."""
    told = story().met(*range(1, 11))
    told.operator(c.Extend(length=iso("P4W")), day(155))
    told.replan()
    told.met(11, 12, 13, 14)
    assert told.state.meeting(14).session == CLOSING
    assert CLOSING not in [meeting.session for meeting in told.state.meetings[:13]]


@pytest.mark.parametrize("before", [True, False])
def test_it_was_the_closing_one_if_it_took_place_before_the_extension_whenever_they_say_so(story, meets, before):
    """Time, H10: what counts is when it took place, not when it was reported; and no topic is skipped that nobody was sent."""
    told = story(meetings=3, milestones=(MilestoneRule(id="closing", when="closing_held"),)).met(1, 2)
    told.wait(meets(3, 2))
    if before:
        told.met(3)
    told.operator(c.Extend(length=iso("P4W")), meets(3, 24))
    told.replan()
    if not before:
        told.tell("mentee", c.ReportMeeting(meeting=3, held=True), told.state.now)
    assert told.state.meeting(3).session == CLOSING
    assert milestone_facts(told.state)[0].done_at == meets(3)
    told.met(4)
    assert [mail.meeting.session for mail in told.mails("prepare", to="mentor")] == [0, 1, CLOSING, 2]


def test_a_closing_conversation_that_was_held_before_an_extension_comes_no_second_time(story, meets):
    """H10: an extra meeting in place of the extension's last one gets the next topic."""
    told = story(meetings=3).met(1, 2, 3)
    told.operator(c.Extend(length=iso("P4W")), meets(3, 24))
    told.replan()
    last = told.state.meetings[-1]
    told.tell("mentor", c.CancelMeeting(meeting=last.n), last.start - 2 * DAY)
    told.tell("mentor", c.ReportMeeting(held_at=last.start, held=True), last.start + HOUR)
    assert [told.state.meeting(3).session, told.state.extras[0].session] == [CLOSING, 2]


@pytest.mark.parametrize("extended", [True, False])
def test_ahead_it_is_the_closing_one_only_while_no_other_is_the_last(story, meets, extended):
    """Until then the page names the next topic."""
    told = story(meetings=3).met(1)
    told.both(c.MoveMeeting(meeting=2, to=meets(3, -12)), meets(2, -48))
    told.wait(meets(3, -24))
    assert next(mail for mail in told.mails("prepare") if mail.meeting.meeting == 3).meeting.session == CLOSING
    if extended:
        told.operator(c.Extend(length=iso("P4W")), told.state.now)
        told.replan()
    else:
        told.both(c.MoveMeeting(meeting=2, to=meets(4)), told.state.now)
    told.met(3)
    assert told.state.meeting(3).session == 1


def test_more_is_a_coordinators_to_give(story, day, ends):
    told = story()
    told.both(c.AskExtension(), day(100))
    assert told.operator(c.Extend(length=iso("P1W")), day(101)) == "applied"
    assert told.operator(c.Extend(length=iso("P1W")), day(102)) == "applied"
    assert told.state.ends == ends + 6 * WEEK
    assert told.tell("mentor", c.AskExtension(), day(103)) == "used_up"


@pytest.mark.parametrize("length", ["PT0S", "P9999W"])
def test_no_extension_leaves_the_calendar_or_floods_the_state(story, day, length):
    told = story(interval=iso("PT1S"))
    outcomes = {told.operator(c.Extend(length=iso(length)), day(1)) for _ in range(50)}
    assert "malformed" in outcomes
    assert all(effect.count <= 208 for effect in told.planned())


def test_the_heads_up_is_said_again_only_if_the_end_moves_far_enough(story, ends):
    """Calm: nothing is sent twice."""
    told = story()
    told.operator(c.Extend(length=iso("P1W")), ends - 2 * WEEK)
    told.wait(ends - HOUR)
    assert len(told.mails("heads_up", "mentor")) == 1
    told.operator(c.Extend(length=iso("P8W")), ends - HOUR)
    told.run_out()
    assert [mail.due for mail in told.mails("heads_up", "mentor")] == [ends - 3 * WEEK, told.state.ends - 3 * WEEK]


def test_an_extension_agreed_in_a_pause_waits_to_be_counted_in_calendar_time(story, day, ends):
    """Days and weeks are calendar time: schedule/ moves the end in the programme's zone, starting from the end that held when they agreed."""
    told = story()
    told.operator(c.Pause(until=day(60)), day(30))
    told.both(c.AskExtension(), day(40))
    told.wait(day(60))
    asked = told.planned()[-1]
    assert asked.longer == Longer(ends=ends, length=iso("P4W"))
    assert (asked.ends, asked.count) == (ends + 4 * WEEK + 30 * DAY, 12)


def test_a_pause_before_the_plan_came_keeps_what_an_extension_and_an_earlier_pause_moved(story, day, ends):
    told = story().met(1)
    told.operator(c.Pause(), day(10))
    told.operator(c.Resume(), day(20))
    told.operator(c.Extend(length=iso("P4W")), day(21))
    told.operator(c.Pause(), day(22))
    told.operator(c.Extend(length=iso("P2W")), day(25))
    told.operator(c.Resume(), day(27))
    asked = told.planned()[-1]
    assert asked.longer == Longer(ends=ends + 10 * DAY, length=iso("P6W"))
    assert (asked.paused, asked.count) == (15 * DAY, 14)
    assert told.replan() == "applied"
    told.operator(c.Extend(length=iso("P1W")), day(28))
    assert told.planned()[-1].longer == Longer(ends=ends + 15 * DAY + 6 * WEEK, length=iso("P1W"))


def test_an_extension_in_a_pause_that_leaves_no_slot_to_plan_is_asked_about_all_the_same(story, meets, ends):
    told = story()
    told.operator(c.Pause(), meets(12) + HOUR)
    told.operator(c.Extend(length=iso("P1W")), meets(12) + 2 * HOUR)
    told.operator(c.Resume(), meets(12) + HOUR + WEEK)
    asked = told.planned()[-1]
    assert (asked.count, asked.longer) == (0, Longer(ends=ends, length=iso("P1W")))
    moved = ends + 2 * WEEK - HOUR
    told.take([c.ApplyPlan(message_id="plan", effect=asked.id, number=asked.number, ends=moved, reporting_ends=moved + WEEK)], told.state.now)
    assert (told.state.ends, told.state.reporting_ends) == (moved, moved + WEEK)
    assert [(mail.change, mail.ends) for mail in told.mails("rescheduled", "mentor")][-1] == ("resumed", moved)


def test_lengths_add_up_to_no_more_than_a_length_can_be():
    longest = Duration(days=99_999, seconds=10_000_000_000)
    assert iso("P4W") + iso("P1DT2H") == iso("P29DT2H")
    assert longest + iso("P1DT1S") == longest
