"""What stands on a person's page is their own: nothing of the partner's beyond the table of visibility, and what waits for them waits for nobody else
(H12, H14, H15). Pure: the core tells the story, and no records are asked.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from mentorship import commands as c
from mentorship.advance import advance, begin
from mentorship.commands import Slot
from mentorship.events import MentorshipStarted
from mentorship.people import SIDES, Pair, Side, other
from mentorship.state import State
from notices.language import Clock, language, zone
from webhook.pages.journal import Feedback, Goal, Report
from webhook.pages.participant_view import Page
from webhook.pages.reading import Known

STARTS = datetime(2027, 3, 1, 8, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAIR = Pair(mentor="p-m", mentee="p-e")


class Told:
    def __init__(self, programme: Any, known: Any) -> None:
        slots = tuple(Slot(start=at, prepare_at=at - 3 * DAY, ask_at=at + DAY) for at in (STARTS + timedelta(days=7 * n, hours=1) for n in range(1, 6)))
        ends = STARTS + timedelta(weeks=8)
        event = MentorshipStarted(at=STARTS, pair=PAIR, rules=programme.rules(), starts=STARTS, ends=ends, reporting_ends=ends + 7 * DAY, slots=slots)
        self._known = known
        self.state: State = begin(event).state
        self.number = 0

    def say(self, side: Side, command: Any, at: datetime) -> str:
        self.number += 1
        named = command.model_copy(update={"message_id": f"said-{self.number}", "by": PAIR.person(side), "at": at})
        self.state = advance(self.state, [named], max(at, self.state.now)).state
        return named.message_id

    def wait(self, until: datetime) -> None:
        self.state = advance(self.state, [], until).state

    def known(self, side: Side, **more: Any) -> Known:
        return self._known(self.state, side, self.state.now, **more)

    def page(self, side: Side, **more: Any) -> Page:
        return Page(self.known(side, **more), self.state)


@pytest.fixture
def told(programme, known) -> Told:
    """Both have accepted every time."""
    story = Told(programme, known)
    for side in SIDES:
        story.say(side, c.ConfirmMeeting(meeting="all"), STARTS + HOUR)
    return story


def test_each_reads_their_own_late_cancellations_and_never_the_partners(told):
    """H14."""
    for n in (1, 2):
        told.say("mentee", c.CancelMeeting(meeting=n, reason="work"), told.state.meeting(n).start - HOUR)
    assert (told.page("mentee").late_count, told.page("mentor").late_count) == (2, 0)


@pytest.mark.parametrize("side", SIDES)
def test_feedback_is_its_authors_until_they_share_it(told, side):
    """H15."""
    mine, kept, shared = (
        Feedback(note=note, by=by, text=note, shared=note != "kept", at=STARTS) for note, by in (("mine", side), ("kept", other(side)), ("shared", other(side)))
    )
    page = told.page(side, feedback=(mine, kept, shared))
    assert (page.own_feedback, page.shared_feedback) == ((mine,), (shared,))


def test_one_takes_back_what_one_said_oneself_and_only_while_it_stands(told):
    """H13."""
    at = told.state.meeting(1).start + HOUR
    said = {side: told.say(side, c.ReportMeeting(meeting=1, held=True), at) for side in SIDES}
    codes = {side: told.state.meeting(1).report(side).report for side in SIDES}
    reports = tuple(Report(code=codes[side], message_id=said[side], at=at) for side in SIDES)
    assert [one.code for one in told.page("mentee", reports=reports).reports] == [codes["mentee"]]
    told.say("mentee", c.Withdraw(report=said["mentee"]), at + HOUR)
    assert told.page("mentee", reports=reports).reports == ()


def test_feedback_is_asked_for_until_some_was_given_since_the_meeting_that_it_was_asked_after(told):
    """H15: feedback written before that meeting is about another one."""
    for n in (1, 2, 3):
        told.say("mentee", c.ReportMeeting(meeting=n, held=True), told.state.meeting(n).start + HOUR)
    told.wait(told.state.meeting(3).start + 3 * DAY)
    told.state = told.state.model_copy(update={"mentee": told.state.mentee.model_copy(update={"feedback_asked": 3})})
    third = told.state.meeting(3).start
    for at, asked in ((third - DAY, True), (third, False), (third + DAY, False)):
        written = Feedback(note="n", by="mentee", text="", shared=False, at=at)
        assert told.page("mentee", feedback=(written,)).asks_feedback is asked
    partners = Feedback(note="n", by="mentor", text="", shared=True, at=third + DAY)
    assert told.page("mentee", feedback=(partners,)).asks_feedback
    told.wait(told.state.ends + HOUR)
    assert not told.page("mentee").asks_feedback


def test_a_wish_for_more_time_stands_with_whoever_has_it_until_it_is_granted(told):
    """P6."""
    at = told.state.ends - 10 * DAY
    told.say("mentee", c.AskExtension(), at)
    assert [(told.page(side).i_asked_extension, told.page(side).partner_asks_extension) for side in SIDES] == [(False, True), (True, False)]
    told.say("mentor", c.AskExtension(), at + HOUR)
    assert [(told.page(side).i_asked_extension, told.page(side).partner_asks_extension) for side in SIDES] == [(False, False)] * 2


def test_the_closing_survey_waits_for_whoever_has_not_answered_while_answers_are_taken(told):
    """H5."""
    told.wait(told.state.ends + HOUR)
    assert [told.page(side).survey for side in SIDES] == ["closing", "closing"]
    told.say("mentor", c.SubmitPrivately(body=c.SurveyAnswers(survey="closing", answers={"trust": 4})), told.state.now)
    assert [told.page(side).survey for side in SIDES] == [None, "closing"]
    told.wait(told.state.now + 60 * DAY)
    assert [told.page(side).survey for side in SIDES] == [None, None]


@pytest.mark.parametrize("leaver", SIDES)
def test_only_who_is_left_hears_that_the_other_stepped_away(told, leaver):
    """Either may end without giving a reason; only the partner of a leaver is told."""
    assert [told.page(side, leaver=leaver).partner_left for side in SIDES] == [leaver == other(side) for side in SIDES]


def test_the_two_questions_on_the_way_are_asked_once_and_not_when_it_closes(told):
    told.state = told.state.model_copy(update={"mentee": told.state.mentee.model_copy(update={"pulse_asked": True})})
    assert [told.page(side).survey for side in SIDES] == [None, "pulse"]
    before = told.state
    told.say("mentee", c.SubmitPrivately(body=c.SurveyAnswers(survey="pulse", answers={"trust": 4})), STARTS + DAY)
    assert told.page("mentee").survey is None
    told.state = before
    told.wait(told.state.ends + HOUR)
    told.say("mentee", c.SubmitPrivately(body=c.SurveyAnswers(survey="closing", answers={"trust": 4})), told.state.now)
    assert told.page("mentee").survey is None


def test_expectations_are_asked_for_until_one_has_confirmed_all_oneself(told):
    """H11: a page never shows what the partner has confirmed."""
    told.say("mentor", c.ConfirmExpectations(expectations=c.EXPECTATIONS), STARTS + DAY)
    assert [(told.page(side).expectations_open, {done for _, done in told.page(side).expectations}) for side in SIDES] == [(False, {True}), (True, {False})]


@pytest.mark.parametrize("certified", [(), ("mentor",), SIDES])
def test_each_reads_whether_they_are_certified_and_whether_both_are(told, certified):
    told.state = told.state.model_copy(update={"decided": SimpleNamespace(certified=certified)})
    pages = [told.page(side) for side in SIDES]
    assert [page.certified for page in pages] == [side in certified for side in SIDES]
    assert {page.both_certified for page in pages} == {len(certified) == 2}


def test_nothing_can_be_taken_back_once_certificates_are_decided(told):
    at = told.state.meeting(1).start + HOUR
    said = told.say("mentee", c.ReportMeeting(meeting=1, held=True), at)
    report = Report(code=told.state.meeting(1).report("mentee").report, message_id=said, at=at)
    told.wait(told.state.reporting_ends + DAY)
    assert told.page("mentee", reports=(report,)).reports == ()


def test_goals_that_do_not_stand_are_not_shown_and_what_waits_is_counted(told):
    gone = Goal(id="g-gone", text="Lead", actions=())
    page = told.page("mentee", goals=(gone,), kept=("one", "two"))
    assert (page.goals, page.pending) == ((), 2)


@pytest.mark.parametrize("side", SIDES)
def test_the_benefits_to_pin_are_ones_own_and_everybodys(told, programme, side):
    """H2."""
    offered = programme.texts().benefits
    own = {"mentor": offered.mentor, "mentee": offered.mentee}[side]
    assert [text for code, text in told.page(side).benefits if code.startswith(side)] == list(own)
    assert not [code for code, _ in told.page(side).benefits if code.startswith(other(side))]


def test_a_time_in_a_field_is_the_readers(told):
    page = told.page("mentee", clock=Clock(language("en"), zone("Asia/Kathmandu"), STARTS))
    assert page.local(STARTS) == "2027-03-01T13:45"


def test_a_milestone_is_told_as_it_stands_for_its_reader(told, programme):
    """H7: who reported it, whether both are needed after an objection, and that what came after the end does not count."""
    (plain, *_) = [one.id for one in programme.milestones if one.when is None and one.by == "either"]
    told.say("mentee", c.RecordMilestone(milestone=plain), STARTS + 9 * DAY)
    done = {side: told.page(side).milestones.by_id(plain) for side in SIDES}
    assert [(one.state, one.reported_by_partner, one.by, one.object_until is not None) for one in done.values()] == [
        ("done", True, "either", True),
        ("done", False, "either", False),
    ]
    counted = told.page("mentor").milestones.done
    told.say("mentor", c.ObjectToMilestone(milestone=plain), STARTS + 10 * DAY)
    objected = told.page("mentor").milestones
    assert (objected.by_id(plain).state, objected.by_id(plain).by, objected.done) == ("waiting", "both", counted - 1)
    assert [told.page(side).milestones.awaiting for side in SIDES] == [(), ()], "who objected has had their say"
    (other_one,) = [one.id for one in programme.milestones if one.when is None and one.by == "either" and one.id != plain][:1]
    told.say("mentee", c.RecordMilestone(milestone=other_one, done_at=told.state.ends + timedelta(seconds=1)), told.state.ends + HOUR)
    late = told.page("mentee").milestones
    assert (late.by_id(other_one).state, late.by_id(other_one).when is not None, late.done) == ("late", True, counted - 1)
    assert not late.apart
