"""H3, H10, H15 and *Meetings*: slots, extra meetings, meetings that nobody reports, feedback."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mentorship import commands as c
from mentorship.duration import iso
from mentorship.policy.meetings import held_instants

HOUR = timedelta(hours=1)
AHEAD = datetime(2027, 4, 1, tzinfo=UTC)


# -- slots ----------------------------------------------------------------------------------------------------------------


def test_a_slot_is_confirmed_when_both_accept_it(story, starts):
    told = story()
    told.tell("mentor", c.ConfirmMeeting(meeting=2), starts)
    assert not told.state.meeting(2).confirmed
    told.tell("mentee", c.ConfirmMeeting(meeting=2), starts)
    assert told.state.meeting(2).confirmed
    assert not told.state.meeting(3).confirmed


def test_the_series_can_be_accepted_at_once(story, starts):
    told = story().confirmed()
    assert all(meeting.confirmed for meeting in told.state.meetings)
    assert told.tell("mentor", c.ConfirmMeeting(meeting="all"), starts + HOUR) == "already_done"


def test_what_has_begun_cannot_be_confirmed_any_more(story, meets):
    told = story()
    assert told.tell("mentor", c.ConfirmMeeting(meeting=1), meets(1)) == "already_started"
    told.tell("mentor", c.ConfirmMeeting(meeting="all"), meets(1))
    assert told.state.meeting(1).accepted == ()


@pytest.mark.parametrize(
    "command",
    [
        c.ConfirmMeeting(meeting=99),
        c.MoveMeeting(meeting=99, to=AHEAD),
        c.CancelMeeting(meeting=99),
        c.Excuse(meeting=99),
        c.Dispute(meeting=99),
        c.ReportMeeting(meeting=99, held=True),
        c.SubmitPrivately(body=c.Feedback(meeting=99)),
    ],
    ids=lambda command: command.command,
)
def test_of_a_meeting_that_there_is_not_nothing_is_said(story, meets, command):
    assert story().tell("mentor", command, meets(1)) == "no_such_meeting"


def test_what_is_over_or_called_off_is_neither_accepted_nor_moved_nor_called_off(story, meets, ends):
    told = story().met(1)
    told.tell("mentor", c.CancelMeeting(meeting=2), meets(1, 2))
    again = [c.CancelMeeting(meeting=1), c.CancelMeeting(meeting=2), c.ConfirmMeeting(meeting=2)]
    assert [told.tell("mentee", command, meets(1, 3)) for command in again] == ["held", "cancelled", "cancelled"]
    told.tell("mentee", c.ConfirmMeeting(meeting=3), meets(1, 4))
    assert told.tell("mentee", c.ConfirmMeeting(meeting=3), meets(1, 5)) == "already_done"
    told.tell("mentee", c.ConfirmMeeting(meeting="all"), meets(1, 6))
    assert [meeting.n for meeting in told.state.meetings if meeting.accepted] == list(range(3, 13))
    told.wait(ends)
    over = [c.ConfirmMeeting(meeting="all"), c.MoveMeeting(meeting=12, to=ends + 24 * HOUR)]
    assert [told.tell("mentor", command, ends + HOUR) for command in over] == ["closing"] * 2


def test_the_same_time_is_proposed_once_and_not_the_one_that_it_has(story, meets):
    told = story()
    for to, answer in ((meets(1), "already_done"), (meets(1, 48), "applied"), (meets(1, 48), "already_done"), (meets(1, 72), "applied")):
        assert told.tell("mentor", c.MoveMeeting(meeting=1, to=to), meets(1, -48)) == answer


def test_an_unconfirmed_slot_is_prepared_and_asked_about_all_the_same(story, meets):
    """Meetings."""
    told = story()
    told.wait(meets(1) + timedelta(days=2))
    assert {(mail.kind, mail.to) for mail in told.mails() if mail.kind in ("prepare", "ask")} == {
        (kind, side) for kind in ("prepare", "ask") for side in ("mentor", "mentee")
    }


def test_the_others_same_time_agrees_a_move(story, meets):
    told = story()
    to = meets(1) + timedelta(days=2)
    told.tell("mentor", c.MoveMeeting(meeting=1, to=to), meets(1) - timedelta(days=4))
    (asked,) = told.mails("move_proposed")
    assert (asked.to, asked.meeting.start, asked.meeting.ends, asked.meeting.previous_start) == ("mentee", to, to + HOUR, meets(1))
    assert told.state.meeting(1).start == meets(1)
    told.tell("mentee", c.MoveMeeting(meeting=1, to=to), meets(1) - timedelta(days=4))
    assert (told.state.meeting(1).start, told.state.meeting(1).confirmed) == (to, True)
    assert [(mail.to, mail.change, mail.meeting.start) for mail in told.mails("rescheduled")] == [("mentor", "moved", to), ("mentee", "moved", to)]


def test_a_yes_to_a_time_that_is_no_longer_proposed_proposes_nothing(story, meets):
    """The proposal was withdrawn meanwhile. Were the yes a late proposal that nobody answers, it would count against somebody who only agreed (H14)."""
    told = story().confirmed()
    at, to = meets(1) - 5 * HOUR, meets(1) + timedelta(days=2)
    told.tell("mentor", c.MoveMeeting(meeting=1, to=to), at)
    told.tell("mentor", c.MoveMeeting(meeting=1, to=to + HOUR), at)
    assert told.tell("mentee", c.MoveMeeting(meeting=1, to=to, agreeing=True), at) == "not_proposed"
    assert told.state.meeting(1).proposal("mentee") is None
    assert told.tell("mentee", c.MoveMeeting(meeting=1, to=to + HOUR, agreeing=True), at) == "applied"
    assert told.tell("mentee", c.MoveMeeting(meeting=1, to=to + HOUR, agreeing=True), at) == "already_done"


def test_a_held_meeting_and_a_cancelled_one_do_not_move(story, meets):
    told = story().met(1)
    assert told.tell("mentor", c.MoveMeeting(meeting=1, to=meets(2)), meets(1) + 2 * HOUR) == "held"
    told.tell("mentor", c.CancelMeeting(meeting=2), meets(1) + 2 * HOUR)
    assert told.tell("mentor", c.MoveMeeting(meeting=2, to=meets(2) + HOUR), meets(1) + 3 * HOUR) == "cancelled"
    assert told.tell("mentor", c.ReportMeeting(meeting=2, held=True), meets(2)) == "cancelled"


def test_every_change_of_the_calendar_is_counted_and_carries_the_whole_series(story, meets):
    """Calm: one recurring calendar invite with exceptions."""
    told = story()
    told.tell("mentor", c.CancelMeeting(meeting=3), meets(1))
    first, second = told.mails("welcome", "mentor")[0], told.mails("rescheduled", "mentor")[0]
    assert (first.calendar_sequence, second.calendar_sequence) == (0, 1)
    assert [facts.meeting for facts in second.calendar] == [1, 2, *range(4, 13)]


def test_no_two_states_of_a_calendar_have_one_number(story, meets):
    """Calm: a calendar program accepts only what is newer than what it has."""
    told = story().met(1)
    told.tell("mentor", c.CancelMeeting(meeting=3), told.state.now)
    told.both(c.MoveMeeting(meeting=2, to=meets(2, 1)), told.state.now)
    told.both(c.MoveMeeting(meeting=2, to=meets(2, 2)), told.state.now)
    told.operator(c.Pause(), meets(1, 2))
    told.operator(c.Resume(), meets(1, 3))
    told.replan()
    told.operator(c.Extend(length=iso("P4W")), meets(1, 4))
    told.replan()
    told.operator(c.End(reason="operator"), meets(1, 5))
    changes: dict[str, list[int]] = {mail.change or mail.kind: [] for mail in told.mails(to="mentee") if mail.calendar is not None}
    for mail in told.mails(to="mentee"):
        if mail.calendar is not None:
            changes[mail.change or mail.kind].append(mail.calendar_sequence)
    numbers = [number for kind in ("welcome", "cancelled", "moved", "paused", "resumed", "extended", "ended") for number in changes[kind]]
    assert len(numbers) == 8
    assert numbers == sorted(set(numbers))


# -- extra meetings -------------------------------------------------------------------------------------------------------


def test_reporting_a_meeting_that_was_not_planned_records_an_extra_one_that_takes_the_next_topic(story, meets):
    """Meetings."""
    told = story().met(1)
    assert told.extra(meets(1) + timedelta(days=5)) == "applied"
    assert told.state.extras[0].session == 1
    told.wait(meets(2))
    assert told.prepared(2).meeting.session == 2
    assert held_instants(told.state) == (meets(1), meets(1) + timedelta(days=5))


def test_the_same_extra_meeting_told_by_both_is_one(story, day):
    told = story()
    told.extra(day(1))
    assert told.extra(day(1) + HOUR / 2, by="mentor") == "applied"
    assert told.extra(day(1), by="mentor") == "already_done"
    assert len(held_instants(told.state)) == 1


def test_an_extra_meeting_is_one_until_everybody_who_told_of_it_has_taken_it_back(story, day):
    """Milestones: wrong reports can be withdrawn by their author."""
    told = story()
    for by in ("mentor", "mentee"):
        told.tell(by, c.ReportMeeting(message_id=f"extra-{by}", held_at=day(1), held=True), day(2))
    for by, left in (("mentor", (day(1),)), ("mentee", ())):
        assert told.tell(by, c.Withdraw(report=f"extra-{by}"), day(3)) == "applied"
        assert held_instants(told.state) == left


def test_an_extra_meeting_at_a_planned_ones_time_is_that_one(story, meets, day):
    told = story()
    assert told.extra(meets(1) + HOUR / 2) == "planned_meeting"
    told.tell("mentor", c.CancelMeeting(meeting=2), day(8))
    assert told.extra(meets(2)) == "applied"  # they met all the same


def test_what_is_as_far_from_another_meeting_as_one_lasts_is_one_of_its_own(story, meets):
    """Meetings: before or after it."""
    told = story()
    second = timedelta(seconds=1)
    assert [told.extra(meets(1, hours) + near) for hours, near in ((-1, second), (1, -second), (-1, 0 * second), (1, 0 * second))] == [
        "planned_meeting",
        "planned_meeting",
        "applied",
        "applied",
    ]
    assert [told.extra(meets(1, 2) + near, by="mentor") for near in (-second, 0 * second)] == ["applied", "applied"]
    assert held_instants(told.state) == (meets(1, -1), meets(1, 1), meets(1, 2))


@pytest.mark.parametrize(
    ("held_at", "reason"),
    [(None, "malformed"), ("later", "in_the_future"), ("earlier", "before_start"), ("now", "applied"), ("the start", "applied")],
)
def test_an_extra_meeting_needs_a_time_in_the_programme_and_past(story, day, starts, held_at, reason):
    assert story().tell("mentor", c.ReportMeeting(held_at=day(1), held=False), day(2)) == "malformed"
    at = {None: None, "later": day(2) + HOUR / 3600, "earlier": starts - HOUR / 3600, "now": day(2), "the start": starts}[held_at]
    assert story().tell("mentor", c.ReportMeeting(held_at=at, held=True), day(2)) == reason


# -- no word --------------------------------------------------------------------------------------------------------------


def test_no_word_from_either_one_day_after_is_asked_once_and_repeated_inside_the_next_preparation_only(story, meets):
    """Meetings."""
    told = story().met(1)
    told.wait(meets(2) + timedelta(days=1, hours=1))
    assert [mail.meeting.meeting for mail in told.mails("ask", "mentor")] == [2]
    told.wait(meets(3))
    assert told.prepared(3).unreported == (2,)
    told.met(3)
    for n in (4, 5, 6):
        told.wait(meets(n))
        told.met(n)
        assert told.prepared(n).unreported == ()
    assert len(told.mails("ask", "mentor")) == 1


def test_a_preparation_asks_only_about_what_was_asked_about_and_is_without_word(story, meets):
    """Meetings: asked once, then repeated inside the next preparation."""
    told, answered = story().confirmed(), story()
    told.both(c.MoveMeeting(meeting=1, to=meets(2, -84)), meets(1, -48))
    told.wait(meets(2, -72))
    assert told.prepared(2).unreported == ()  # "did you meet?" goes out a day after it, and that is later
    answered.wait(meets(1, 48))
    answered.tell("mentor", c.ReportMeeting(meeting=1, held=False), meets(1, 49))
    answered.wait(meets(2))
    assert answered.prepared(2).unreported == ()


def test_a_word_from_one_of_the_two_is_enough(story, meets):
    """A meeting is held if at least one says so."""
    told = story().met(1)
    told.wait(meets(2))
    assert told.mails("ask") == []
    assert held_instants(told.state) == (meets(1),)


def test_a_meeting_that_was_moved_is_asked_about_after_its_new_time(story, meets):
    told = story()
    to = meets(1) + timedelta(days=3)
    told.tell("mentor", c.MoveMeeting(meeting=1, to=to), meets(1) - HOUR)
    told.tell("mentee", c.MoveMeeting(meeting=1, to=to), meets(1) - HOUR)
    told.wait(to + timedelta(days=1, hours=1))
    assert [mail.due for mail in told.mails("ask", "mentor")] == [to + timedelta(days=1, hours=1)]
    told.wait(meets(2))
    assert told.prepared(2).unreported == (1,)


def test_two_meetings_in_a_row_without_word_are_a_line_in_the_coordinators_list(story, meets):
    """Meetings."""
    told = story().met(1)
    told.wait(meets(2) + timedelta(days=2))
    assert told.state.attention == {}
    told.wait(meets(3) + timedelta(days=2))
    assert told.state.attention.keys() == {"silence"}
    told.met(3)
    assert told.state.attention == {}


def test_a_meeting_called_off_between_two_silent_ones_is_a_word(story, meets):
    """Meetings: two in a row. Whoever called off the one between them was not silent about it."""
    told = story().met(1)
    told.tell("mentor", c.CancelMeeting(meeting=3), meets(1, hours=2))
    told.wait(meets(4) + timedelta(days=2))
    assert told.state.attention == {}
    told.wait(meets(5) + timedelta(days=2))
    assert told.state.attention.keys() == {"silence"}


def test_an_extra_meeting_between_two_silent_ones_or_after_them_is_a_word(story, meets):
    between, after = story().met(1), story().met(1)
    between.wait(meets(2) + timedelta(days=5))
    between.extra(meets(2) + timedelta(days=5))
    for one in (between, after):
        one.wait(meets(3) + timedelta(days=2))
    assert (between.state.attention.keys(), after.state.attention.keys()) == (set(), {"silence"})
    after.extra(meets(3) + timedelta(days=3))
    assert after.state.attention == {}


def test_what_is_called_off_ahead_is_no_word_about_those_before_it(story, meets):
    told = story().met(1)
    told.tell("mentor", c.CancelMeeting(meeting=4), meets(1, hours=2))
    told.wait(meets(3) + timedelta(days=2))
    assert told.state.attention.keys() == {"silence"}
    told.tell("mentee", c.CancelMeeting(meeting=5), told.state.now)
    assert told.state.attention.keys() == {"silence"}


def test_a_word_about_an_older_meeting_does_not_raise_the_line_again(story, meets):
    told = story()
    told.wait(meets(3) + timedelta(days=2))
    assert len(told.entries_named("attention_raised", line="silence")) == 1
    told.tell("mentor", c.ReportMeeting(meeting=1, held=False), told.state.now)
    assert len(told.entries_named("attention_raised", line="silence")) == 1
    assert "silence" in told.state.attention


def test_no_meeting_for_four_weeks_is_a_line_and_for_six_an_offer_to_match_again(story, day):
    """P7."""
    told = story()
    told.wait(day(28))
    assert "no_meeting" in told.state.attention
    assert "rematch" not in told.state.attention
    told.wait(day(42))
    assert "rematch" in told.state.attention
    told.met(4)
    assert "rematch" not in told.state.attention
    assert "no_meeting" not in told.state.attention
    assert [entry.body["line"] for entry in told.entries_named("attention_cleared")] == ["no_meeting", "rematch", "silence"]  # a replay has the same order


# -- feedback and pulse ---------------------------------------------------------------------------------------------------


def test_feedback_is_asked_after_meetings_three_six_and_nine_inside_what_goes_out_anyway(story, meets):
    """H15, Calm."""
    told = story()
    for n in range(1, 13):
        told.wait(meets(n))
        told.met(n)
    told.wait(meets(12) + timedelta(days=2))
    asked = [(mail.kind, mail.meeting.meeting, mail.feedback_for) for mail in told.mails(to="mentor") if mail.feedback_for is not None]
    assert asked == [("prepare", 4, 3), ("prepare", 7, 6), ("prepare", 10, 9)]
    pulses = [(mail.kind, mail.meeting.meeting) for mail in told.mails(to="mentor") if mail.pulse]
    assert pulses == [("prepare", 4)]


def test_feedback_after_the_last_meeting_is_asked_with_the_closing_survey(story, meets, ends):
    """H15: no further mail about a meeting goes out."""
    told = story(meetings=9)
    for n in range(1, 10):
        told.wait(meets(n))
        told.met(n)
    told.wait(ends)
    asked = [(mail.kind, mail.feedback_for) for mail in told.mails(to="mentor") if mail.feedback_for is not None]
    assert asked == [("prepare", 3), ("prepare", 6), ("closing_survey", 9)]


def test_feedback_is_the_authors_own_and_only_ids_are_kept(story, meets):
    """H15, H12."""
    told = story().met(1)
    given = c.SubmitPrivately(body=c.Feedback(meeting=1, note_id="n-0123456789abcdef"))
    assert told.tell("mentee", given, meets(1, hours=2)) == "applied"
    assert told.tell("mentee", c.SubmitPrivately(body=c.Feedback(meeting=1)), meets(1, hours=3)) == "applied"  # never forced to say a word
    assert told.entries_named("feedback_given")[0].body == {"side": "mentee", "meeting": 1, "note_id": "n-0123456789abcdef", "shared": False}
    assert told.effects[-1].effect != "send_notice" or told.effects[-1].to != "mentor"


def test_words_in_the_place_of_an_id_are_refused_and_not_journaled(story, meets):
    """H12: the journal holds ids and codes."""
    told = story().met(1)
    words = "He was late, and rude"
    for command in (
        c.SubmitPrivately(body=c.Feedback(meeting=1, note_id=words)),
        c.SubmitPrivately(body=c.Pins(benefits=("mentee.0", words[:20]))),
        c.SetGoal(goal="g-1", note_id=words),
        c.SetGoal(goal="g-1", actions=(words,)),
    ):
        assert told.tell("mentee", command, meets(1, hours=2)) == "malformed"
    assert not any("late" in entry.model_dump_json() for entry in told.entries[-4:])


def test_a_topic_that_a_pause_took_from_its_meeting_is_named_and_not_sent_again(story, meets):
    """H10: nothing is sent twice."""
    told = story().confirmed().met(1, 2)
    told.operator(c.Pause(until=meets(3, 24)), meets(3, -48))
    told.wait(meets(3, 24))
    told.replan()
    told.wait(told.state.meeting(3).start)
    sent = [(mail.meeting.session, mail.meeting.session_sent) for mail in told.mails("prepare", "mentee")]
    assert sent[-2:] == [(2, False), (2, True)]


def test_a_topic_whose_meeting_moved_behind_the_next_one_is_not_sent_again(story, meets):
    told = story().confirmed().met(1, 2)
    told.wait(meets(3, -48))
    told.both(c.MoveMeeting(meeting=3, to=meets(4, 72)), meets(3, -40))
    told.wait(meets(4))
    sent = [(mail.meeting.meeting, mail.meeting.session, mail.meeting.session_sent) for mail in told.mails("prepare", "mentee")]
    assert sent[-2:] == [(3, 2, False), (4, 2, True)]


def test_an_extra_meeting_is_the_closing_one_when_later_slots_were_still_to_come_and_never_did(story, meets):
    """The last conversation was about another topic, since more meetings were planned; then a pause left no room for those."""
    told = story(meetings=2).confirmed().met(1)
    told.operator(c.Pause(until=meets(2, 24)), meets(2, -24))
    told.wait(meets(2, 24))
    told.take([c.ApplyPlan(message_id="plan", effect=told.planned()[-1].id, number=told.planned()[-1].number, slots=())], told.state.now)
    told.tell("mentee", c.ReportMeeting(held=True, held_at=meets(3)), meets(3, 2))
    assert told.state.extras[0].session == told.state.rules.closing
