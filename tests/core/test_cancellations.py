"""H14: repeated, last-minute cancellations."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mentorship import commands as c
from mentorship.duration import iso
from mentorship.effects import TellCoordinators
from mentorship.policy.ladder import strikes
from mentorship.policy.meetings import held_instants
from mentorship.programme import Cancellations, LadderRung

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def cancel(told, n, *, by="mentee", before=HOUR, reason="work"):
    start = told.state.meeting(n).start
    return told.tell(by, c.CancelMeeting(meeting=n, reason=reason), start - before)


def counted(told, side="mentee"):
    return len(strikes(told.state, side))


# -- what counts ----------------------------------------------------------------------------------------------------------


def test_less_than_twenty_four_hours_is_late(story):
    told = story().confirmed()
    cancel(told, 1, before=timedelta(hours=24) - SECOND)
    assert told.entries_named("meeting_cancelled")[0].body["late"] is True
    assert counted(told) == 1


def test_exactly_twenty_four_hours_is_not_late(story):
    told = story().confirmed()
    cancel(told, 1, before=timedelta(hours=24))
    assert told.entries_named("meeting_cancelled")[0].body["late"] is False
    assert counted(told) == 0


@pytest.mark.parametrize(("reason", "counts"), [("work", 1), ("not_said", 1), ("personal", 0), ("technical", 0)])
def test_personal_and_technical_reasons_never_count(story, reason, counts):
    told = story().confirmed()
    cancel(told, 1, reason=reason)
    assert counted(told) == counts


def test_nothing_that_the_partner_excuses_counts(story, meets):
    told = story().confirmed()
    cancel(told, 1)
    assert told.tell("mentor", c.Excuse(meeting=1), meets(1)) == "applied"
    assert counted(told) == 0


def test_there_is_nothing_to_excuse_in_what_would_not_count(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2, -1)), meets(1, -25))
    assert told.tell("mentor", c.Excuse(meeting=1), meets(1, -24)) == "nothing_to_excuse"
    told.tell("mentee", c.ReportMeeting(meeting=1, held=False, attendance=c.Attendance(own="on_time")), meets(1, 1))
    assert told.tell("mentor", c.Excuse(meeting=1), meets(1, 2)) == "nothing_to_excuse"


def test_an_absence_that_one_reported_can_be_excused_once(story, meets):
    told = story().confirmed()
    told.tell("mentor", c.ReportMeeting(meeting=1, attendance=c.Attendance(partner="absent")), meets(1, 1))
    assert [told.tell("mentor", c.Excuse(meeting=1), meets(1, 2)) for _ in range(2)] == ["applied", "already_done"]
    told.wait(meets(2))
    assert counted(told) == 0


def test_nobody_excuses_themself(story, meets):
    told = story().confirmed()
    cancel(told, 1)
    assert told.tell("mentee", c.Excuse(meeting=1), meets(1)) == "nothing_to_excuse"
    assert counted(told) == 1


@pytest.mark.parametrize("accepted", [(), ("mentor",), ("mentee",)])
def test_only_a_confirmed_slot_can_be_cancelled_late(story, starts, accepted):
    told = story()
    for side in accepted:
        told.tell(side, c.ConfirmMeeting(meeting=1), starts)
    cancel(told, 1)
    assert counted(told) == 0


def test_lateness_is_judged_by_at_and_not_by_when_it_was_handled(story, meets):
    """Time, P5: an outage makes nobody late."""
    told = story().confirmed()
    told.tell("mentee", c.CancelMeeting(meeting=1, reason="work"), at=meets(1) - timedelta(hours=30), now=meets(1) - HOUR)
    assert told.state.meeting(1).cancelled.late is False


def test_lateness_is_judged_against_the_start_as_it_then_stood(story, meets):
    told = story().confirmed()
    later = meets(1) + timedelta(days=5)
    told.tell("mentor", c.MoveMeeting(meeting=1, to=later), meets(1) - timedelta(days=2))
    told.tell("mentee", c.MoveMeeting(meeting=1, to=later), meets(1) - timedelta(days=2))
    cancel(told, 1, before=timedelta(hours=48))
    assert counted(told) == 0


def test_what_a_pause_drops_never_counts(story, meets):
    told = story().confirmed()
    told.operator(c.Pause(), meets(1) - HOUR)
    told.operator(c.Resume(), meets(2))
    assert counted(told, "mentor") == counted(told, "mentee") == 0


# -- moving ---------------------------------------------------------------------------------------------------------------


def test_an_agreed_move_never_counts_however_late(story, meets):
    told = story().confirmed()
    to = meets(1) + timedelta(days=1)
    assert told.tell("mentee", c.MoveMeeting(meeting=1, to=to), meets(1) - SECOND) == "applied"
    assert told.tell("mentor", c.MoveMeeting(meeting=1, to=to), meets(1) + HOUR / 2) == "applied"
    assert told.state.meeting(1).start == to
    told.wait(meets(1) + timedelta(days=4))
    assert counted(told) == 0


def test_a_late_proposal_that_nobody_answers_in_three_days_counts_as_a_cancellation_by_who_proposed(story, meets):
    told = story().confirmed()
    proposed = meets(1) - HOUR
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), proposed)
    told.wait(proposed + timedelta(days=3) - SECOND)
    assert counted(told) == 0
    told.wait(proposed + timedelta(days=3))
    assert strikes(told.state, "mentee") == (proposed,)
    assert counted(told, "mentor") == 0
    assert not told.mails("rescheduled")  # three days later that is no news


def test_a_late_proposal_that_the_partner_excuses_does_not_count(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2) - HOUR), meets(1) - HOUR)
    told.tell("mentor", c.Excuse(meeting=1), meets(1))
    told.wait(meets(2))
    assert counted(told) == 0


def test_a_late_proposal_counts_even_when_the_partner_reports_truthfully_that_they_did_not_meet(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2) - HOUR), meets(1) - HOUR)
    told.tell("mentor", c.ReportMeeting(meeting=1, held=False), meets(1) + HOUR)
    told.wait(meets(2))
    assert counted(told) == 1


def test_a_late_proposal_does_not_count_when_they_met_all_the_same(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2) - HOUR), meets(1) - HOUR)
    told.met(1)
    told.wait(meets(2))
    assert counted(told) == 0


def test_who_met_after_an_unanswered_proposal_can_say_so_after_it_lapsed(story, meets):
    """Held = at least one says so."""
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2) - HOUR), meets(1) - HOUR)
    told.wait(meets(1) + timedelta(days=4))
    assert counted(told) == 1
    assert told.tell("mentor", c.ReportMeeting(meeting=1, held=False), meets(1) + timedelta(days=5)) == "cancelled"
    assert told.tell("mentor", c.ReportMeeting(meeting=1, held=True), meets(1) + timedelta(days=5)) == "applied"
    assert counted(told) == 0


@pytest.mark.parametrize("extra_first", [True, False])
def test_a_meeting_that_lapsed_is_not_an_extra_one_besides(story, meets, extra_first):
    """Held = at least one says so: one conversation is one meeting, whatever each of the two calls it."""
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2) - HOUR), meets(1) - HOUR)
    told.wait(meets(1) + timedelta(days=4))
    words = [("mentor", c.ReportMeeting(held_at=meets(1), held=True)), ("mentee", c.ReportMeeting(meeting=1, held=True))]
    answers = [told.tell(by, word, meets(1) + timedelta(days=5)) for by, word in (words if extra_first else reversed(words))]
    assert sorted(answers) == ["applied", "planned_meeting"]
    assert held_instants(told.state) == (meets(1),)


def test_a_second_proposal_does_not_wash_a_late_one_clean_nor_start_its_three_days_again(story, meets):
    told = story().confirmed()
    proposed = meets(1) - timedelta(hours=20)
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=6)), proposed)
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=7)), proposed + timedelta(hours=10))
    told.wait(proposed + timedelta(days=3))
    assert strikes(told.state, "mentee") == (proposed,)


@pytest.mark.parametrize(("first", "second", "counts"), [(50, 30, 0), (30, 2, 1)])
def test_a_second_proposal_is_late_by_itself_where_the_first_was_in_time(story, meets, first, second, counts):
    told = story().confirmed()
    for hours in (first, second):
        told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2, -hours)), meets(1, -hours))
    told.wait(meets(1, 80))
    assert strikes(told.state, "mentee") == (meets(1, -second),) * counts


def test_a_second_proposal_leaves_the_partner_the_days_since_being_asked_first(story, meets):
    """P5: nobody could see the first before it was handled."""
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2, -5)), meets(1, -20), now=meets(1, -5))
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2, -3)), meets(1, -3))
    told.wait(meets(1, 72 - 5) - SECOND)
    assert counted(told) == 0
    told.wait(meets(1, 72 - 5))
    assert strikes(told.state, "mentee") == (meets(1, -20),)


def test_an_unconfirmed_slot_is_moved_late_by_nobody(story, meets):
    told = story()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2, -1)), meets(1, -1))
    told.wait(meets(1, 80))
    assert (counted(told), told.state.meeting(1).cancelled) == (0, None)


def test_a_proposal_in_time_lapses_without_counting(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=1)), meets(1) - timedelta(hours=24))
    told.wait(meets(2))
    assert counted(told) == 0
    assert told.state.meeting(1).cancelled is None


def test_calling_off_what_the_partner_could_not_keep_counts_as_the_partners(story, meets):
    """A late proposal that the other does not accept counts as a cancellation by who proposed, and whoever answers it by calling the meeting off has
    not accepted it: one meeting, one person who could not come, and it is not the one who tidied up.
    """
    told = story().confirmed()
    proposed = meets(1) - 3 * HOUR
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), proposed)
    cancel(told, 1, by="mentor")
    assert (strikes(told.state, "mentee"), counted(told, "mentor")) == ((proposed,), 0)
    told.wait(meets(1) + timedelta(days=4))
    assert (counted(told), counted(told, "mentor")) == (1, 0)
    assert told.tell("mentee", c.Excuse(meeting=1), told.state.now) == "nothing_to_excuse"
    assert told.tell("mentor", c.Excuse(meeting=1), told.state.now) == "applied"
    assert counted(told) == 0


@pytest.mark.parametrize("reason", ["work", "personal", "technical", "not_said"])
def test_the_reason_of_who_called_it_off_is_none_of_who_proposed(story, meets, reason):
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), meets(1) - 3 * HOUR)
    cancel(told, 1, by="mentor", reason=reason)
    assert (counted(told), counted(told, "mentor")) == (1, 0)


def test_fine_by_me_and_then_off_counts_against_nobody(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), meets(1) - 3 * HOUR)
    told.tell("mentor", c.Excuse(meeting=1), meets(1) - 2 * HOUR)
    cancel(told, 1, by="mentor")
    assert (counted(told), counted(told, "mentor")) == (0, 0)


@pytest.mark.parametrize(("first", "counts"), [("mentor", (0, 1)), ("mentee", (1, 0))])
def test_of_two_late_proposals_the_first_said_that_the_time_could_not_be_kept(story, meets, first, counts):
    told = story().confirmed()
    for by, hours in (("mentor", 5 if first == "mentor" else 3), ("mentee", 4)):
        told.tell(by, c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2, hours=hours)), meets(1) - hours * HOUR, now=meets(1) - 3 * HOUR)
    cancel(told, 1, by="mentor")
    assert (counted(told), counted(told, "mentor")) == counts


def test_a_proposal_in_time_takes_no_late_cancellation_off_anybody(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), meets(1) - timedelta(hours=30))
    cancel(told, 1, by="mentor")
    assert (counted(told), counted(told, "mentor")) == (0, 1)


def test_whoever_called_off_before_the_late_proposal_was_made_called_off(story, meets):
    """Time: by the instants at which a door took them, whichever comes in first."""
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), meets(1) - 2 * HOUR)
    told.tell("mentor", c.CancelMeeting(meeting=1, reason="work"), meets(1) - 3 * HOUR, now=meets(1) - HOUR)
    assert (counted(told), counted(told, "mentor")) == (0, 1)


def test_who_stays_away_from_what_the_partner_could_not_keep_has_missed_nothing(story, meets):
    """H13: after the start calling off is an absence; the partner's proposal is judged when its three days are over."""
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), meets(1) - HOUR)
    told.tell("mentor", c.CancelMeeting(meeting=1, reason="work"), meets(1) + HOUR)
    assert (counted(told), counted(told, "mentor")) == (0, 0)
    told.wait(meets(1) + timedelta(days=3))
    assert (counted(told), counted(told, "mentor")) == (1, 0)


@pytest.mark.parametrize("word", [c.Attendance(own="absent"), c.Attendance(own="on_time"), c.Attendance(own="on_time", partner="absent")])
def test_who_stayed_away_has_missed_nothing_once_that_proposal_is_judged_either(story, meets, word):
    """H13, H14: one meeting, and who could not come is judged by what they said of it since; nobody else is."""
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), meets(1) - HOUR)
    if word.partner is None:
        told.tell("mentor", c.CancelMeeting(meeting=1, reason="work"), meets(1) + HOUR)
    assert told.tell("mentee", c.ReportMeeting(meeting=1, attendance=word), meets(1) + 2 * HOUR) == "applied"
    told.wait(meets(1) + timedelta(days=8))
    assert told.entries_named("proposal_expired")
    assert (counted(told), counted(told, "mentor")) == (int(word.own == "absent"), 0)


def test_what_lapsed_before_the_start_keeps_nobody_from_coming(story, meets):
    """The old time stands again, and there was time to see it."""
    told = story(cancellations=Cancellations(answer_within=iso("PT6H"))).confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), meets(1) - 20 * HOUR)
    told.tell("mentor", c.Excuse(meeting=1), meets(1) - 19 * HOUR)
    told.wait(meets(1) - 14 * HOUR)
    assert told.entries_named("proposal_expired")
    told.tell("mentor", c.CancelMeeting(meeting=1, reason="work"), meets(1) + HOUR)
    assert (counted(told), counted(told, "mentor")) == (0, 1)


def test_what_was_said_of_the_old_time_keeps_nobody_from_the_new_one(story, meets):
    """They agreed at last; whoever is away then has missed it."""
    told = story().confirmed()
    to = meets(1) + timedelta(days=6)
    told.tell("mentee", c.MoveMeeting(meeting=1, to=to - HOUR), meets(1) - 5 * HOUR)
    told.tell("mentor", c.MoveMeeting(meeting=1, to=to), meets(1) - HOUR)
    told.tell("mentor", c.Excuse(meeting=1), meets(1) - HOUR)
    told.wait(meets(1) + timedelta(days=3) - 3 * HOUR)
    assert told.entries_named("proposal_expired")
    assert told.tell("mentee", c.MoveMeeting(meeting=1, to=to), told.state.now) == "applied"
    assert told.state.meeting(1).start == to
    told.tell("mentor", c.CancelMeeting(meeting=1, reason="work"), to + HOUR)
    assert (counted(told), counted(told, "mentor")) == (0, 1)


def test_a_slip_of_the_finger_takes_no_late_proposal_off_who_made_it(story, meets):
    """They said that they met, and then that they were away: whoever the partner kept from coming has missed nothing all the same."""
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), meets(1) - HOUR)
    told.met(1)
    for side in ("mentee", "mentor"):
        away = c.ReportMeeting(meeting=1, attendance=c.Attendance(own="absent"))
        assert told.tell(side, away, meets(1) + 2 * HOUR) == "applied"
    assert (counted(told), counted(told, "mentor")) == (1, 0)


@pytest.mark.parametrize("taken_back", [c.Withdraw(report="slip"), c.ReportMeeting(meeting=1, held=False)])
@pytest.mark.parametrize(("days", "counts"), [(1, 0), (3, 1), (5, 1)])
def test_that_they_met_taken_back_leaves_a_late_proposal_to_be_judged(story, meets, taken_back, days, counts):
    """H14: nobody rids themself of it by a report and its withdrawal; the partner has the three days, and may excuse it after them."""
    told = story().confirmed()
    proposed = meets(1) - HOUR
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=9)), proposed)
    told.tell("mentee", c.ReportMeeting(message_id="slip", meeting=1, held=True), meets(1))
    told.tell("mentee", taken_back, proposed + timedelta(days=days))
    assert counted(told) == counts
    told.wait(meets(1) + timedelta(days=6))
    assert strikes(told.state, "mentee") == (proposed,)
    assert told.tell("mentor", c.Excuse(meeting=1), told.state.now) == "applied"
    assert counted(told) == 0


def test_that_they_met_taken_back_in_time_can_still_be_moved(story, meets):
    told = story().confirmed()
    to = meets(1) + timedelta(days=9)
    told.tell("mentee", c.MoveMeeting(meeting=1, to=to), meets(1) - HOUR)
    told.tell("mentor", c.ReportMeeting(message_id="slip", meeting=1, held=True), meets(1))
    told.tell("mentor", c.Withdraw(report="slip"), meets(1) + HOUR)
    assert told.tell("mentor", c.MoveMeeting(meeting=1, to=to), meets(1) + 2 * HOUR) == "applied"
    assert told.state.meeting(1).start == to


def test_fine_by_me_and_then_away_counts_against_nobody(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), meets(1) - 3 * HOUR)
    told.tell("mentor", c.Excuse(meeting=1), meets(1) - 2 * HOUR)
    told.tell("mentor", c.CancelMeeting(meeting=1, reason="work"), meets(1) + HOUR)
    told.wait(meets(1) + timedelta(days=4))
    assert (counted(told), counted(told, "mentor")) == (0, 0)


@pytest.mark.parametrize(("since", "counts"), [("excused", (0, 0)), ("absent", (1, 0)), ("on_time", (0, 0)), (None, (1, 0))])
def test_who_answered_a_late_proposal_with_another_time_has_called_nothing_off(story, meets, since, counts):
    """H14: whatever became of the first one, the second lapses."""
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), meets(1) - 5 * HOUR)
    told.tell("mentor", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=3)), meets(1) - 4 * HOUR)
    if since == "excused":
        told.tell("mentor", c.Excuse(meeting=1), meets(1) - 3 * HOUR)
    elif since is not None:
        told.tell("mentee", c.ReportMeeting(meeting=1, attendance=c.Attendance(own=since)), meets(1) + 2 * HOUR)
    told.wait(meets(1) + timedelta(days=5))
    assert (counted(told), counted(told, "mentor")) == counts
    assert told.state.meeting(1).proposals == ()


def test_who_asked_too_late_second_is_the_one_whom_the_first_keeps_from_a_mark(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=2)), meets(1) - 4 * HOUR)
    told.tell("mentor", c.MoveMeeting(meeting=1, to=meets(1) + timedelta(days=3)), meets(1) - 3 * HOUR)
    for side in ("mentee", "mentor"):
        told.tell(side, c.CancelMeeting(meeting=1, reason="work"), meets(1) + HOUR)
    told.wait(meets(1) + timedelta(days=4))
    assert (counted(told), counted(told, "mentor")) == (1, 0)


def test_an_excuse_for_the_old_time_does_not_cover_the_new_one(story, meets):
    told = story().confirmed()
    to = meets(1) + timedelta(days=2)
    told.tell("mentee", c.MoveMeeting(meeting=1, to=to), meets(1) - HOUR)
    told.tell("mentor", c.Excuse(meeting=1), meets(1) - HOUR / 2)
    told.tell("mentor", c.MoveMeeting(meeting=1, to=to), meets(1) - HOUR / 2)
    cancel(told, 1)
    assert counted(told) == 1


def test_a_move_needs_a_time_ahead_and_before_the_end(story, meets, ends):
    told = story()
    assert told.tell("mentor", c.MoveMeeting(meeting=1, to=meets(1) - timedelta(days=4)), meets(1) - timedelta(days=4)) == "time_passed"
    assert told.tell("mentor", c.MoveMeeting(meeting=1, to=ends), meets(1) - timedelta(days=4)) == "after_the_end"
    assert told.tell("mentor", c.MoveMeeting(meeting=99, to=ends), meets(1) - timedelta(days=4)) == "no_such_meeting"
    assert told.tell("mentor", c.MoveMeeting(meeting=1), meets(1) - timedelta(days=4)) == "malformed"
    assert told.tell("mentor", c.MoveMeeting(meeting=1, to=ends - SECOND), meets(1) - SECOND) == "applied"
    assert told.tell("mentee", c.MoveMeeting(meeting=1, to=meets(2)), meets(1)) == "already_started"


# -- absences -------------------------------------------------------------------------------------------------------------


def test_a_cancellation_after_the_start_is_an_absence(story, meets):
    told = story().confirmed()
    assert told.tell("mentee", c.CancelMeeting(meeting=1, reason="work"), meets(1)) == "applied"
    assert told.state.meeting(1).cancelled is None
    assert told.state.meeting(1).report("mentee").own == "absent"
    assert strikes(told.state, "mentee") == (meets(1),)


def test_an_absence_for_a_personal_reason_never_counts(story, meets):
    told = story().confirmed()
    told.tell("mentee", c.CancelMeeting(meeting=1, reason="personal"), meets(1, hours=2))
    told.tell("mentor", c.ReportMeeting(meeting=1, held=False, attendance=c.Attendance(partner="absent")), meets(1, hours=3))
    told.wait(meets(2))
    assert counted(told) == 0
    assert not told.mails("absence_reported")  # admitted already: nothing to ask


# -- the ladder -----------------------------------------------------------------------------------------------------------


def test_two_bring_a_private_nudge_with_ones_own_benefits(story, starts):
    """H14, H2."""
    told = story().confirmed()
    told.tell("mentee", c.SubmitPrivately(body=c.Pins(benefits=("mentee.0", "everyone.1"))), starts)
    cancel(told, 1)
    assert told.mails("nudge") == []
    cancel(told, 2)
    (nudge,) = told.mails("nudge")
    assert (nudge.to, nudge.pins) == ("mentee", ("mentee.0", "everyone.1"))
    assert not any(isinstance(effect, TellCoordinators) for effect in told.effects)
    assert told.rung("mentor") == 0


def test_three_bring_the_coordinator_and_the_person_is_told_so_the_partner_is_not(story):
    told = story(attention={"not_held_in_a_row": 9}).confirmed().met(1)
    for n in (2, 3, 4):
        cancel(told, n)
    assert [(mail.kind, mail.to) for mail in told.mails("coordinator_told") + told.mails("case")] == [
        ("coordinator_told", "mentee"),
        ("case", "coordinators"),
    ]
    assert [effect.line for effect in told.effects if isinstance(effect, TellCoordinators)] == ["cancellations_mentee"]
    assert told.state.attention.keys() == {"cancellations_mentee"}
    partner = {mail.kind for mail in told.mails(to="mentor")}
    assert partner.isdisjoint({"nudge", "coordinator_told", "case", "check_in"})


def test_each_rung_speaks_once_an_episode(story):
    told = story(attention={"not_held_in_a_row": 99}).confirmed()
    for n in range(1, 7):
        cancel(told, n)
    assert len(told.mails("nudge")) == len(told.mails("coordinator_told")) == len(told.mails("case")) == 1


def test_the_ladder_is_each_persons_own(story):
    told = story().confirmed()
    cancel(told, 1, by="mentee")
    cancel(told, 2, by="mentor")
    assert told.mails("nudge") == []


def test_the_window_slides_over_ninety_days(story, meets):
    """The first cancellation lies outside the window when the eighth meeting is cancelled, 98 days later."""
    told = story(cancellations=Cancellations(episode_ends_after_held=99)).confirmed()
    cancel(told, 1)
    told.met(2, 3, 4, 5, 6, 7)
    cancel(told, 8)
    assert told.mails("nudge") == []
    within = story(cancellations=Cancellations(episode_ends_after_held=99)).confirmed()
    cancel(within, 1)
    within.met(2, 3, 4, 5, 6)
    cancel(within, 7)  # 84 days later
    assert len(within.mails("nudge")) == 1


@pytest.mark.parametrize(("before", "rung"), [(HOUR, 1), (HOUR + SECOND, 2)])
def test_what_has_left_the_window_counts_no_more_while_the_episode_goes_on(story, before, rung):
    """As old as the window is long is out of it: of three, two are left for the ladder."""
    told = story(cancellations=Cancellations(window=iso("P84D"), episode_ends_after_held=99)).confirmed()
    cancel(told, 1)
    told.met(2, 3)
    cancel(told, 4)
    told.met(5, 6)
    cancel(told, 7, before=before)  # 84 days after the first, or a second less
    assert (counted(told), told.rung("mentee")) == (3, rung)


def test_an_episode_ends_after_three_meetings_held(story):
    told = story().confirmed()
    cancel(told, 1)
    cancel(told, 2)
    told.met(3, 4)
    assert told.rung("mentee") == 1
    told.met(5)
    assert told.rung("mentee") == 0
    cancel(told, 6)
    assert len(told.mails("nudge")) == 1
    cancel(told, 7)
    assert len(told.mails("nudge")) == 2  # a new episode


def test_the_three_are_held_since_its_last_cancellation(story):
    told = story().confirmed()
    cancel(told, 1)
    cancel(told, 2)
    told.met(3, 4)
    cancel(told, 5)
    told.met(6, 7)
    assert told.rung("mentee") == 2
    told.met(8)
    assert told.rung("mentee") == 0
    for n in (9, 10):
        cancel(told, n)
    assert (told.rung("mentee"), told.state.mentee.highest_rung) == (1, 2)


def test_it_had_ended_though_they_say_only_after_the_next_cancellation_that_they_met(story, meets):
    """Time, H14: by the instants of what happened. No coordinator hears of somebody who met three times in between."""
    told = story().confirmed()
    cancel(told, 1)
    told.wait(meets(5, -2))
    cancel(told, 5)
    for n in (2, 3, 4):
        told.tell("mentor", c.ReportMeeting(meeting=n, held=True), meets(5, n))
    assert counted(told) == 1
    cancel(told, 6)
    assert (told.rung("mentee"), len(told.mails("coordinator_told"))) == (1, 0)
    cancel(told, 7)
    assert (told.rung("mentee"), len(told.mails("coordinator_told"))) == (2, 1)


def test_an_episode_of_which_everything_is_excused_is_over(story):
    """Nor anything that the partner excuses: what comes then is the first of another one."""
    told = story().confirmed()
    for n in (1, 2):
        cancel(told, n)
    told.tell("mentor", c.Excuse(meeting=1), told.state.now)
    assert told.rung("mentee") == 1
    told.tell("mentor", c.Excuse(meeting=2), told.state.now)
    assert told.rung("mentee") == 0
    for n in (3, 4):
        assert len(told.mails("nudge")) == 1
        cancel(told, n)
    assert len(told.mails("nudge")) == 2


def test_an_episode_ends_when_the_window_has_emptied(story, meets):
    told = story(attention={"not_held_in_a_row": 99}).confirmed()
    for n in (1, 2, 3):
        cancel(told, n)
    last = strikes(told.state, "mentee")[-1]
    told.wait(last + timedelta(days=90) - SECOND)
    assert told.rung("mentee") == 2
    told.wait(last + timedelta(days=90))
    assert told.rung("mentee") == 0
    assert "cancellations_mentee" not in told.state.attention
    assert told.state.mentee.highest_rung == 2


def test_a_ladder_of_ones_own_numbers(story):
    ladder = Cancellations(notice="PT48H", ladder=(LadderRung(at=1, do="coordinator"),))
    told = story(cancellations=ladder).confirmed()
    cancel(told, 1, before=timedelta(hours=47))
    assert len(told.mails("coordinator_told")) == 1


def test_the_ladder_freezes_in_a_pause_and_goes_on_after_it(story, meets):
    """H16: their ladder and nudges freeze."""
    told = story().confirmed()
    cancel(told, 1)
    told.tell("mentee", c.MoveMeeting(meeting=2, to=meets(2) + timedelta(days=3)), meets(2) - HOUR)
    told.operator(c.Pause(), meets(2) + HOUR)
    told.wait(meets(2) + timedelta(days=10))
    assert counted(told) == 2
    assert told.mails("nudge") == []
    told.operator(c.Resume(), meets(2) + timedelta(days=20))
    assert len(told.mails("nudge")) == 1


def test_nothing_is_ever_imposed(story):
    """Whatever the ladder says, every command stays open to the person."""
    told = story(attention={"not_held_in_a_row": 99}).confirmed()
    for n in (1, 2, 3, 4):
        cancel(told, n)
    assert told.tell("mentee", c.ReportMeeting(meeting=5, held=True), told.state.meeting(5).start) == "applied"
    assert told.state.ended is None


# -- three in a row -------------------------------------------------------------------------------------------------------


def test_three_planned_meetings_in_a_row_not_held_bring_a_check_in_to_both_then_a_line(story):
    """H14: for whatever reasons, nobody's fault."""
    told = story().confirmed().met(1)
    cancel(told, 2, reason="personal", before=timedelta(days=4))
    cancel(told, 3, by="mentor", reason="technical", before=timedelta(days=4))
    assert told.mails("check_in") == []
    cancel(told, 4, reason="work", before=timedelta(days=4))
    assert [mail.to for mail in told.mails("check_in")] == ["mentor", "mentee"]
    assert told.state.attention.keys() == {"not_held"}
    names = [entry.name for entry in told.entries]
    assert names.index("check_in_due") < names.index("attention_raised")


def test_a_meeting_held_in_between_ends_the_row(story):
    told = story().confirmed()
    cancel(told, 1)
    cancel(told, 2)
    told.met(3)
    cancel(told, 4, by="mentor")
    assert told.mails("check_in") == []


def test_meetings_cancelled_well_ahead_around_one_that_is_still_to_come_are_not_in_a_row(story, starts):
    told = story().confirmed()
    for n in (2, 4, 6):
        told.tell("mentor", c.CancelMeeting(meeting=n, reason="work"), starts + HOUR)
    assert told.mails("check_in") == []
    for n in (3, 5):
        told.tell("mentor", c.CancelMeeting(meeting=n, reason="work"), starts + 2 * HOUR)
    assert len(told.mails("check_in")) == 2


def test_a_row_goes_by_the_meetings_times_and_begins_anew_behind_one_that_is_ahead(story, meets):
    """H14: a meeting that moved behind them is not between them, and what is still ahead may be held."""
    ahead, moved = story().confirmed(), story().confirmed()
    for n in (2, 3):
        ahead.tell("mentor", c.CancelMeeting(meeting=n), meets(1, -48))
    assert not ahead.mails("check_in")
    ahead.tell("mentor", c.CancelMeeting(meeting=4), meets(1, -48))
    assert len(ahead.mails("check_in")) == 2
    ahead.tell("mentor", c.CancelMeeting(meeting=6), meets(1, -48))
    assert "not_held" in ahead.state.attention
    moved.both(c.MoveMeeting(meeting=2, to=meets(4, 48)), meets(1, -48))
    for n in (1, 3, 4):
        moved.tell("mentor", c.CancelMeeting(meeting=n), meets(1, -48))
    assert len(moved.mails("check_in")) == 2


def test_a_check_in_waits_for_the_end_of_a_pause(story, meets):
    """H16: the meetings are held, and nudges freeze."""
    told = story(attention={"unreported_in_a_row": 9})
    told.operator(c.Pause(), meets(3, 48))
    for n in (1, 2, 3):
        told.tell("mentor" if n == 2 else "mentee", c.ReportMeeting(meeting=n, held=False), meets(3, 50))
    assert not told.mails("check_in")
    told.operator(c.Resume(), meets(3, 72))
    assert len(told.mails("check_in")) == 2


def test_a_check_in_goes_to_who_still_answers(story, meets):
    """Calm: follow-ups stop after two unanswered."""
    told = story()
    told.wait(meets(2, 48))
    for n in (3, 4, 5):
        told.tell("mentee", c.CancelMeeting(meeting=n), meets(2, 49))
    assert [mail.to for mail in told.mails("check_in")] == ["mentee"]


def test_the_check_in_comes_once_a_row_and_its_line_goes_when_they_meet(story, meets):
    told = story().confirmed()
    for n in (2, 3, 4, 5):
        cancel(told, n, by="mentor" if n % 2 else "mentee", reason="personal")
    assert len(told.mails("check_in")) == 2
    assert told.tell("mentee", c.ReportMeeting(meeting=1, held=True), meets(5)) == "applied"  # an older one is no news of this row
    assert len(told.mails("check_in")) == 2
    assert "not_held" in told.state.attention
    told.met(6)
    assert told.state.attention == {}
    for n in (7, 8, 9):
        cancel(told, n, by="mentor" if n % 2 else "mentee", reason="personal")
    assert len(told.mails("check_in")) == 4


def test_a_line_that_a_person_took_care_of_stands_again_only_for_a_new_row(story):
    told = story().confirmed().met(1)
    for n in (2, 3, 4):
        cancel(told, n, reason="personal")
    assert told.operator(c.Resolve(line="not_held"), told.state.now) == "applied"
    cancel(told, 5, reason="personal")
    assert told.state.attention == {}
    told.met(6)
    for n in (7, 8, 9):
        cancel(told, n, reason="personal")
    assert "not_held" in told.state.attention


def test_after_the_end_nobody_climbs_any_more(story, meets, ends):
    """H14: the nudge offers another rhythm, and none is left to change."""
    told = story().confirmed()
    for n in (11, 12):
        absent = c.Attendance(own="on_time", partner="absent")
        told.tell("mentee", c.ReportMeeting(meeting=n, held=False, attendance=absent), ends - timedelta(days=1))
    told.run_out()
    assert len(strikes(told.state, "mentor")) == 2
    assert told.rung("mentor") == 0
    assert not told.mails("nudge")
