"""H13: on time and ready. Reports that disagree never count against anyone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mentorship import commands as c
from mentorship.policy.ladder import strikes
from mentorship.policy.meetings import held_instants, not_held_in_a_row

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
ABSENT = c.Attendance(partner="absent")
WEEK = timedelta(days=7)


def says_absent(told, n=1, by="mentor", hours=1):
    meeting = told.state.meeting(n)
    return told.tell(by, c.ReportMeeting(meeting=n, held=False, attendance=ABSENT), meeting.start + hours * HOUR)


def test_attendance_is_reported_by_a_person_about_themself(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.ReportMeeting(meeting=1, held=True, attendance=c.Attendance(own="late")), meets(1, hours=1))
    assert (told.state.meeting(1).report("mentee").own, told.state.meeting(1).report("mentor")) == ("late", None)


def test_both_there_means_held(story, meets):
    told = story()
    told.tell("mentor", c.ReportMeeting(meeting=1, attendance=c.Attendance(own="on_time", partner="present")), meets(1, hours=1))
    assert told.state.meeting(1).held


@pytest.mark.parametrize("attendance", [c.Attendance(own="absent"), c.Attendance(partner="absent")])
def test_a_meeting_without_one_of_the_two_was_not_held(story, meets, attendance):
    assert story().tell("mentor", c.ReportMeeting(meeting=1, held=True, attendance=attendance), meets(1, hours=1)) == "malformed"


def test_an_absence_that_the_person_admits_counts_as_one(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.ReportMeeting(meeting=1, held=False, attendance=c.Attendance(own="absent")), meets(1, hours=1))
    assert strikes(told.state, "mentee") == (meets(1),)


def test_an_absence_not_contested_within_seven_days_of_being_asked_counts_as_one(story, meets):
    told = story().confirmed()
    says_absent(told)
    (mail,) = told.mails("absence_reported")
    assert (mail.to, mail.helps_until) == ("mentee", meets(1, hours=1) + WEEK)
    told.wait(meets(1, hours=1) + WEEK - SECOND)
    assert strikes(told.state, "mentee") == ()
    told.wait(meets(1, hours=1) + WEEK)
    assert strikes(told.state, "mentee") == (meets(1),)


def test_who_missed_the_other_was_there_so_two_who_missed_each_other_disagree(story, meets):
    """H13: the meeting counts as held, and against neither."""
    told = story().confirmed()
    for by in ("mentor", "mentee"):
        assert told.tell(by, c.ReportMeeting(meeting=1, attendance=ABSENT), meets(1, hours=2)) == "applied"
    told.wait(meets(1) + 2 * WEEK)
    assert held_instants(told.state) == (meets(1),)
    assert (strikes(told.state, "mentor"), strikes(told.state, "mentee")) == ((), ())


def test_a_reason_that_never_counts_is_not_forgotten_when_the_same_absence_is_told_again(story, meets):
    """H14: `personal` covers illness, and nobody is asked about it."""
    told = story().confirmed()
    told.tell("mentee", c.CancelMeeting(meeting=1, reason="personal"), meets(1, hours=0.2))
    told.tell("mentee", c.ReportMeeting(meeting=1, held=False, attendance=c.Attendance(own="absent")), meets(1, hours=30))
    assert strikes(told.state, "mentee") == ()
    told.tell("mentee", c.CancelMeeting(meeting=1, reason="work"), meets(1, hours=31))
    assert strikes(told.state, "mentee") == (meets(1),)


def test_a_reason_goes_with_the_absence_that_it_was_given_for(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.CancelMeeting(meeting=1, reason="personal"), meets(1, hours=1))
    for hours, own in ((2, "on_time"), (3, "absent")):
        told.tell("mentee", c.ReportMeeting(meeting=1, attendance=c.Attendance(own=own)), meets(1, hours=hours))
    assert strikes(told.state, "mentee") == (meets(1),)


def test_a_disputed_absence_never_counts(story, meets):
    told = story().confirmed()
    says_absent(told)
    assert told.tell("mentee", c.Dispute(meeting=1), meets(1, hours=1) + WEEK) == "applied"
    told.wait(meets(3))
    assert strikes(told.state, "mentee") == ()


def test_a_dispute_a_second_after_the_seven_days_comes_too_late(story, meets):
    told = story().confirmed()
    says_absent(told)
    assert told.tell("mentee", c.Dispute(meeting=1), meets(1, hours=1) + WEEK + SECOND) == "too_late"
    assert len(strikes(told.state, "mentee")) == 1


@pytest.mark.parametrize(("after", "answer"), [(HOUR, "applied"), (WEEK, "applied"), (WEEK + SECOND, "too_late")])
def test_a_dispute_made_in_time_stands_however_late_it_is_handled(story, meets, after, answer):
    """Time, P5."""
    told = story().confirmed()
    says_absent(told)
    told.wait(meets(1) + 9 * 24 * HOUR)
    assert len(strikes(told.state, "mentee")) == 1
    assert told.tell("mentee", c.Dispute(meeting=1), at=meets(1, hours=1) + after, now=meets(1) + 9 * 24 * HOUR) == answer
    assert len(strikes(told.state, "mentee")) == (answer == "too_late")


def test_reporting_it_again_does_not_undo_a_dispute_nor_ask_again(story, meets):
    """A disputed absence never counts."""
    told = story().confirmed()
    says_absent(told)
    told.tell("mentee", c.Dispute(meeting=1), meets(1, hours=2))
    assert says_absent(told, hours=3) == "applied"
    told.wait(meets(3))
    assert strikes(told.state, "mentee") == ()
    assert len(told.mails("absence_reported")) == 1


def test_ones_own_word_that_one_was_there_disputes_it(story, meets):
    told = story().confirmed()
    says_absent(told)
    told.tell("mentee", c.ReportMeeting(meeting=1, attendance=c.Attendance(own="on_time")), meets(1, hours=2))
    told.wait(meets(3))
    assert strikes(told.state, "mentee") == ()


def test_it_does_when_it_was_said_before_as_well(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.ReportMeeting(meeting=1, attendance=c.Attendance(own="on_time")), meets(1, hours=1))
    says_absent(told, hours=2)
    told.wait(meets(3))
    assert strikes(told.state, "mentee") == ()


def test_reports_that_disagree_count_as_held_and_never_against_anyone(story, meets):
    told = story().confirmed()
    says_absent(told)
    told.tell("mentee", c.ReportMeeting(meeting=1, held=True), meets(1, hours=2))
    told.wait(meets(3))
    assert held_instants(told.state) == (meets(1),)
    assert (strikes(told.state, "mentee"), strikes(told.state, "mentor")) == ((), ())
    assert [report.held for report in told.state.meeting(1).reports] == [False, True]  # both are kept


def test_an_unconfirmed_slot_cannot_be_missed(story, meets):
    """Only a confirmed slot can be cancelled late or missed."""
    told = story()
    says_absent(told)
    told.tell("mentor", c.ReportMeeting(meeting=2, attendance=c.Attendance(own="absent")), meets(2, hours=1))
    told.wait(meets(4))
    assert (strikes(told.state, "mentee"), strikes(told.state, "mentor")) == ((), ())


def test_an_excused_absence_does_not_count(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.ReportMeeting(meeting=1, attendance=c.Attendance(own="absent")), meets(1, hours=1))
    assert told.tell("mentor", c.Excuse(meeting=1), meets(1, hours=2)) == "applied"
    assert strikes(told.state, "mentee") == ()


def test_a_withdrawn_report_takes_its_claim_along(story, meets):
    told = story().confirmed()
    told.tell("mentor", c.ReportMeeting(message_id="mistake", meeting=1, held=False, attendance=ABSENT), meets(1, hours=1))
    assert told.tell("mentor", c.Withdraw(report="another"), meets(1, hours=2)) == "no_such_report"
    assert told.tell("mentor", c.Withdraw(report="mistake"), meets(1, hours=2)) == "applied"
    told.tell("mentee", c.ReportMeeting(meeting=1, held=False), meets(1, hours=3))
    told.wait(meets(3))
    assert strikes(told.state, "mentee") == ()


@pytest.mark.parametrize("days", [1, 8])
def test_who_says_that_the_partner_was_there_after_all_takes_it_back(story, meets, days):
    """H13: a person's latest word counts, even once the absence counted."""
    told = story().confirmed()
    says_absent(told)
    there = c.ReportMeeting(meeting=1, attendance=c.Attendance(own="on_time", partner="present"))
    assert told.tell("mentor", there, meets(1, hours=1) + days * 24 * HOUR) == "applied"
    told.wait(meets(3))
    assert (strikes(told.state, "mentee"), held_instants(told.state)) == ((), (meets(1),))


def test_that_they_did_not_meet_takes_back_that_the_partner_was_away(story, meets):
    """H13: the absence is withdrawn; if it is reported again, it is asked about again."""
    told = story().confirmed()
    says_absent(told)
    told.tell("mentor", c.ReportMeeting(meeting=1, held=False, attendance=c.Attendance(own="on_time")), meets(1, hours=2))
    told.wait(meets(1) + 8 * 24 * HOUR)
    assert strikes(told.state, "mentee") == ()
    says_absent(told, hours=200)
    told.wait(meets(1, hours=200) + WEEK)
    assert (len(told.mails("absence_reported")), strikes(told.state, "mentee")) == (2, (meets(1),))


def test_said_twice_it_is_asked_about_once_and_the_seven_days_go_on(story, meets):
    told = story().confirmed()
    says_absent(told)
    says_absent(told, hours=24)
    told.wait(meets(1, hours=1) + WEEK)
    assert (len(told.mails("absence_reported")), strikes(told.state, "mentee")) == (1, (meets(1),))


@pytest.mark.parametrize("first", [True, False])
def test_that_they_did_not_meet_says_nothing_of_whether_one_was_there(story, meets, first):
    """H13: it neither admits an absence nor disputes one."""
    told = story().confirmed()
    no = c.ReportMeeting(meeting=1, held=False)
    if first:
        told.tell("mentee", no, meets(1, hours=0.5))
    says_absent(told)
    if not first:
        told.tell("mentee", no, meets(1, hours=2))
    assert (len(told.mails("absence_reported")), strikes(told.state, "mentee")) == (1, ())
    told.wait(meets(1, hours=1) + WEEK)
    assert strikes(told.state, "mentee") == (meets(1),)


def test_ones_own_word_after_the_seven_days_comes_too_late_as_well(story, meets):
    told = story().confirmed()
    says_absent(told)
    told.tell("mentee", c.ReportMeeting(meeting=1, attendance=c.Attendance(own="on_time")), meets(1, hours=1) + WEEK + SECOND)
    assert strikes(told.state, "mentee") == (meets(1),)


def test_only_an_absence_that_is_reported_and_not_disputed_yet_is_disputed(story, meets):
    told = story().confirmed()
    assert told.tell("mentee", c.Dispute(meeting=1), meets(1, hours=1)) == "nothing_to_dispute"
    says_absent(told)
    assert told.tell("mentor", c.Dispute(meeting=1), meets(1, hours=2)) == "nothing_to_dispute"
    assert [told.tell("mentee", c.Dispute(meeting=1), meets(1, hours=2)) for _ in range(2)] == ["applied", "already_done"]


@pytest.mark.parametrize(
    ("held", "attendance"),
    [(False, c.Attendance(own="on_time", partner="present")), (None, c.Attendance(own="absent", partner="present")), (None, c.Attendance(partner="present"))],
)
def test_they_met_only_if_somebody_says_so_or_that_both_were_there(story, meets, held, attendance):
    told = story()
    assert told.tell("mentor", c.ReportMeeting(meeting=1, held=held, attendance=attendance), meets(1, hours=1)) == "applied"
    assert held_instants(told.state) == ()


def test_a_report_that_says_nothing_is_none(story, meets):
    assert story().tell("mentor", c.ReportMeeting(meeting=1), meets(1, hours=1)) == "malformed"


def test_who_was_never_asked_is_not_judged(story, meets):
    """An absence counts if it is not contested within seven days *of being asked*."""
    told = story().confirmed()
    says_absent(told)
    mail = told.mails("absence_reported")[0]
    told.take([c.NoteFailedNotice(message_id="bounce", effect=mail.id, notice=mail.kind, to=mail.to, meeting=1, why="bounced")], meets(1, hours=3))
    told.wait(meets(3))
    assert strikes(told.state, "mentee") == ()


@pytest.mark.parametrize(
    ("notice", "to", "meeting"),
    [
        ("ask", "mentee", 1),
        ("absence_reported", "mentor", 1),
        ("absence_reported", "mentee", 2),
        ("absence_reported", "mentee", 99),
        ("absence_reported", "mentee", None),
        ("absence_reported", "coordinators", 1),
    ],
)
def test_another_mail_that_did_not_reach_somebody_takes_no_absence_back(story, meets, notice, to, meeting):
    told = story().confirmed()
    says_absent(told)
    told.take([c.NoteFailedNotice(message_id="bounce", effect="9.0", notice=notice, to=to, meeting=meeting, why="bounced")], meets(1, hours=3))
    told.wait(meets(1, hours=1) + WEEK)
    assert strikes(told.state, "mentee") == (meets(1),)


def test_a_disputed_absence_stays_one_though_the_question_had_not_arrived(story, meets):
    told = story().confirmed()
    says_absent(told)
    told.tell("mentee", c.Dispute(meeting=1), meets(1, hours=2))
    told.take([c.NoteFailedNotice(message_id="b", effect="9.0", notice="absence_reported", to="mentee", meeting=1, why="bounced")], meets(1, hours=3))
    assert not told.entries_named("absence_dropped")


def test_who_says_no_more_that_the_other_was_away_disagrees_no_more(story, meets):
    """H13: the meeting counts as held only for as long as their reports differ."""
    told = story().confirmed()
    says_absent(told)
    told.tell("mentee", c.Dispute(meeting=1), meets(1, hours=2))
    assert held_instants(told.state) == (meets(1),)
    told.tell("mentor", c.ReportMeeting(meeting=1, held=False, attendance=c.Attendance(own="on_time")), meets(1, hours=3))
    assert held_instants(told.state) == ()


@pytest.mark.parametrize("attendance", [c.Attendance(own="absent"), ABSENT])
def test_absences_alone_are_a_row_of_meetings_not_held(story, meets, attendance):
    told = story()
    for n in (1, 2, 3):
        told.tell("mentor", c.ReportMeeting(meeting=n, attendance=attendance), meets(n, hours=1))
    assert not_held_in_a_row(told.state) == 3


def test_an_outage_between_report_and_question_does_not_eat_the_time_to_contest(story, meets):
    """P5."""
    told = story().confirmed()
    back = meets(1) + timedelta(days=10)
    told.tell("mentor", c.ReportMeeting(meeting=1, held=False, attendance=ABSENT), at=meets(1, hours=1), now=back)
    assert strikes(told.state, "mentee") == ()
    assert told.mails("absence_reported")[0].helps_until == back + WEEK
    told.wait(back + WEEK)
    assert len(strikes(told.state, "mentee")) == 1


def test_a_meeting_is_reported_from_its_start_and_not_before(story, meets):
    told = story()
    assert told.tell("mentor", c.ReportMeeting(meeting=1, held=True), meets(1) - SECOND) == "not_yet"
    assert told.tell("mentor", c.ReportMeeting(meeting=1, held=True), meets(1)) == "applied"


def test_ones_latest_word_counts_in_whichever_order_they_come_in(story, meets):
    """Time: judged by `at`."""
    told = story()
    told.tell("mentor", c.ReportMeeting(meeting=1, held=False), at=meets(1, hours=5), now=meets(1, hours=5))
    assert told.tell("mentor", c.ReportMeeting(meeting=1, held=True), at=meets(1, hours=4), now=meets(1, hours=6)) == "already_done"
    assert not told.state.meeting(1).held
    assert not_held_in_a_row(told.state) == 1


@pytest.mark.parametrize(
    ("said", "held"),
    [({"own": "late"}, True), ({"own": "on_time"}, True), ({"partner": "present"}, True), ({"own": "absent"}, False), ({"partner": "absent"}, False)],
)
def test_a_word_about_attendance_alone_does_not_take_back_that_they_met(story, meets, said, held):
    """H13, H7: both parts of a report are optional. After "we met", a later "I was late" leaves it that they met."""
    told = story().confirmed().met(1)
    assert told.tell("mentee", c.ReportMeeting(meeting=1, attendance=c.Attendance(**said)), meets(1, hours=2)) == "applied"
    assert held_instants(told.state) == ((meets(1),) if held else ())


def test_nor_that_they_did_not(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.ReportMeeting(meeting=1, held=False), meets(1, hours=1))
    told.tell("mentee", c.ReportMeeting(meeting=1, attendance=c.Attendance(own="on_time")), meets(1, hours=2))
    assert not_held_in_a_row(told.state) == 1


def test_a_disputed_absence_counts_as_held(story, meets):
    """Reports that disagree count as held for milestones, and the meeting uses up its topic (H13, H10)."""
    told = story().confirmed()
    says_absent(told)
    assert (held_instants(told.state), not_held_in_a_row(told.state)) == ((), 1)
    told.tell("mentee", c.Dispute(meeting=1), meets(1, hours=2))
    assert (held_instants(told.state), not_held_in_a_row(told.state)) == ((meets(1),), 0)
    assert told.state.meeting(1).session == 0


def test_two_who_each_say_that_only_they_were_there_met(story, meets):
    told = story().confirmed()
    here = c.Attendance(own="on_time", partner="absent")
    told.both(c.ReportMeeting(meeting=1, attendance=here), meets(1, hours=1))
    assert told.state.meeting(1).held
    assert (strikes(told.state, "mentee"), strikes(told.state, "mentor")) == ((), ())


@pytest.mark.parametrize("by", ["mentor", "mentee"])
def test_who_takes_their_word_back_no_longer_disagrees(story, meets, by):
    told = story().confirmed()
    told.tell("mentor", c.ReportMeeting(message_id="claim", meeting=1, held=False, attendance=ABSENT), meets(1, hours=1))
    told.tell("mentee", c.Dispute(meeting=1), meets(1, hours=2))
    back = c.Withdraw(report="claim") if by == "mentor" else c.ReportMeeting(meeting=1, held=False, attendance=c.Attendance(own="absent"))
    assert told.tell(by, back, meets(1, hours=3)) == "applied"
    assert (told.state.meeting(1).held, told.state.meeting(1).session) == (False, None)


def test_who_has_said_already_that_they_were_there_is_not_asked(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.ReportMeeting(meeting=1, held=True), meets(1, hours=1))
    says_absent(told, hours=2)
    assert not told.mails("absence_reported")


def test_who_admitted_an_absence_by_mistake_disagrees_from_when_they_say_so(story, meets):
    """H13, H7: nobody was asked while the absence was admitted. Now their reports differ, whichever of them spoke first."""
    told = story().confirmed()
    told.tell("mentee", c.ReportMeeting(meeting=1, attendance=c.Attendance(own="absent")), meets(1, hours=1))
    says_absent(told, hours=2)
    assert (told.counted(), held_instants(told.state)) == (1, ())
    told.tell("mentee", c.ReportMeeting(meeting=1, attendance=c.Attendance(own="on_time")), meets(1, hours=3))
    told.wait(meets(1) + 2 * WEEK)
    assert (told.counted(), held_instants(told.state)) == (0, (meets(1),))
    assert not told.mails("absence_reported")  # they have said it


@pytest.mark.parametrize("back", [c.Withdraw(report="admitted"), c.ReportMeeting(meeting=1, held=False)])
def test_who_admits_an_absence_no_longer_is_asked_about_it(story, meets, back):
    """H13: an absence counts unless it is contested within seven days of being asked; nobody escapes it by withdrawing an admission."""
    told = story().confirmed()
    told.tell("mentee", c.ReportMeeting(message_id="admitted", meeting=1, attendance=c.Attendance(own="absent")), meets(1, hours=1))
    says_absent(told, hours=2)
    assert told.tell("mentee", back, meets(1, hours=3)) == "applied"
    assert (told.counted(), [mail.to for mail in told.mails("absence_reported")]) == (0, ["mentee"])
    told.wait(meets(1, hours=3) + WEEK)
    assert strikes(told.state, "mentee") == (meets(1),)


def test_who_could_not_be_asked_and_says_that_they_were_there_disagrees(story, meets):
    """H13, H7: with their mailbox out of order they find the question on their page. The meeting counts as held, like any other on which the two disagree."""
    told = story().confirmed()
    says_absent(told)
    told.take([c.NoteFailedNotice(message_id="b", effect="9.0", notice="absence_reported", to="mentee", meeting=1, why="bounced")], meets(1, hours=2))
    assert held_instants(told.state) == ()
    told.tell("mentee", c.ReportMeeting(meeting=1, attendance=c.Attendance(own="on_time")), meets(1, hours=3))
    assert held_instants(told.state) == (meets(1),)
    assert says_absent(told, hours=4) == "applied"
    assert (held_instants(told.state), told.counted()) == ((meets(1),), 0)


WORDS = {
    "we met": c.ReportMeeting(meeting=1, held=True),
    "we did not meet": c.ReportMeeting(meeting=1, held=False),
    "I was there": c.ReportMeeting(meeting=1, attendance=c.Attendance(own="on_time")),
    "I was away": c.ReportMeeting(meeting=1, attendance=c.Attendance(own="absent")),
    "only I was there": c.ReportMeeting(meeting=1, attendance=c.Attendance(own="on_time", partner="absent")),
}


@pytest.mark.parametrize("partner", WORDS)
@pytest.mark.parametrize("first", WORDS)
def test_what_two_words_come_to_does_not_hang_on_who_spoke_first(story, meets, partner, first):
    """H13: it does not matter what one of them said first, nor whether the partner's report falls before or after their final word about themself."""
    for last in ("I was there", "I was away", "only I was there"):
        came = set()
        for place in range(3):
            told = story(meetings=1).confirmed()
            said = [("mentee", first), ("mentee", last)]
            said.insert(place, ("mentor", partner))
            for hours, (by, word) in enumerate(said, 1):
                assert told.tell(by, WORDS[word], meets(1, hours)) == "applied"
            told.wait(meets(1) + 2 * WEEK)
            came.add((told.state.meeting(1).held, told.counted(), told.counted("mentor")))
        assert len(came) == 1, (last, came)
