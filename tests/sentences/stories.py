"""Named stories that people might live. Together with the rehearsal's personas they say everything that mails can say.

A story is short where it can be: a programme of a few weeks, and one pair.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from mentorship import commands as c
from mentorship.events import EarnedMilestone
from mentorship.visibility import Thing, Viewer
from starter.rehearsal_personas import Persona
from tests.sentences.house import STARTS, Pair
from tests.sentences.village import Village

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ALL = c.EXPECTATIONS
Story = Callable[[Village], None]


class Stories(dict[str, Story]):
    """By their names."""

    def told(self, story: Story) -> Story:
        self[story.__name__.replace("_", "-")] = story
        return story


STORIES = Stories()
told = STORIES.told


def accept(pair: Pair) -> None:
    for side in ("mentor", "mentee"):
        pair.say(side, c.ConfirmMeeting(meeting="all"))


def meet(pair: Pair, *numbers: int, by: str = "mentee", later: timedelta = 2 * HOUR) -> None:
    for n in numbers:
        pair.say(by, c.ReportMeeting(meeting=n, held=True), pair.meeting(n).start + later)


def on(pair: Pair, n: int, **before: float) -> Any:
    """The instant this long before meeting `n` begins, as it stands."""
    return pair.meeting(n).start - timedelta(**before)


def pin(pair: Pair, *who: str) -> None:
    for side in who:
        pair.say(side, c.SubmitPrivately(body=c.Pins(benefits=(f"{side}.0", "everyone.1"))))


# -- nothing out of the ordinary ---------------------------------------------------------------------------------------------


@told
def personas(village: Village) -> None:
    """What the rehearsal's people do."""
    acting: dict[str, Persona] = {"mia": "diligent", "noor": "busy", "tom": "late", "ida": "diligent", "bo": "leaver", "cy": "silent"}
    village.cohort("personas", [("mia", "noor"), ("tom", "ida"), ("bo", "cy")], count=6, personas=acting).until()


@told
def all_is_well(village: Village) -> None:
    """They pin what matters, confirm, meet, set goals, and need one milestone more until the last weeks."""
    cohort = village.cohort("all-is-well", milestones=["aligned", "first-talk", "first-goal", "shadowing", "closing"])
    (pair,) = cohort.pairs
    pin(pair, "mentor", "mentee")
    accept(pair)
    meet(pair, 1)
    for side in ("mentor", "mentee"):
        pair.say(side, c.ConfirmExpectations(expectations=ALL))
    pair.say("mentee", c.SetGoal(goal="g-1"))
    meet(pair, 2, 3)
    cohort.until(pair.state.ends - 6 * DAY)
    meet(pair, 4)
    pair.say("mentee", c.RecordMilestone(milestone="shadowing"))
    cohort.until()


# -- more time -------------------------------------------------------------------------------------------------------------


@told
def one_would_like_more_time(village: Village) -> None:
    """The mentor asks for it early and the mentee says so at the end."""
    cohort = village.cohort("more-time")
    (pair,) = cohort.pairs
    accept(pair)
    pair.say("mentor", c.AskExtension(), STARTS + 2 * DAY)
    meet(pair, 1)
    cohort.until(pair.state.ends - 2 * DAY)
    pair.say("mentee", c.AskExtension())
    cohort.until(cohort.now + DAY)


# -- away ------------------------------------------------------------------------------------------------------------------


@told
def a_pause(village: Village) -> None:
    """An operator pauses the pair in the middle, and it goes on by itself; later once more, after the last meeting."""
    cohort = village.cohort("pause", count=2)
    (pair,) = cohort.pairs
    accept(pair)
    meet(pair, 1)
    pair.say("o-ana", c.Pause(until=pair.state.now + 10 * DAY), on(pair, 2, days=4))
    cohort.until(pair.state.now + 11 * DAY)
    meet(pair, 2)
    pair.say("o-ana", c.Pause(until=pair.state.now + 3 * DAY))
    cohort.until(cohort.now + 4 * DAY)


# -- the end comes early -----------------------------------------------------------------------------------------------------


@told
def the_mentor_leaves(village: Village) -> None:
    cohort = village.cohort("mentor-leaves")
    (pair,) = cohort.pairs
    meet(pair, 1)
    pair.say("o-ana", c.End(reason="stepped_away", leaver=pair.ref("mentor")), pair.state.now + DAY)
    cohort.until()


@told
def an_end_after_the_share(village: Village) -> None:
    """They have reached what a certificate needs when one of them would like it to end."""
    cohort = village.cohort("early-certificate", count=2, share=20)
    (pair,) = cohort.pairs
    meet(pair, 1)
    pair.say("mentee", c.SetGoal(goal="g-1"))
    pair.say("mentee", c.SubmitPrivately(body=c.EndWish()), pair.state.now + DAY)
    cohort.until()


@told
def another_mentor(village: Village) -> None:
    """The mentee brings two milestones along; the new mentor is measured by what remains."""
    earned = tuple(EarnedMilestone(milestone=one, done_at=STARTS - 30 * DAY) for one in ("aligned", "first-talk"))
    cohort = village.cohort("another-mentor", count=1, earned=earned)
    (pair,) = cohort.pairs
    meet(pair, 1)
    cohort.until()


@told
def another_mentor_when_all_is_done(village: Village) -> None:
    earned = tuple(EarnedMilestone(milestone=one, done_at=STARTS - 30 * DAY) for one in ("aligned", "first-talk"))
    cohort = village.cohort("all-done", count=1, milestones=["aligned", "first-talk"], earned=earned)
    cohort.until()


@told
def another_mentor_for_one_milestone(village: Village) -> None:
    """One remains, of which the mentor needs one."""
    earned = (EarnedMilestone(milestone="aligned", done_at=STARTS - 30 * DAY),)
    village.cohort("one-remains", count=1, milestones=["aligned", "first-talk"], earned=earned).until()


# -- milestones --------------------------------------------------------------------------------------------------------------


@told
def milestones_that_are_not_agreed(village: Village) -> None:
    """One was objected to, one needs both and has one, one is waived, one was done after the end, one a minute after it."""
    cohort = village.cohort("not-agreed", count=1, milestones=["shadowing", "both", "introduction", "visit", "talk", "aligned"])
    (pair,) = cohort.pairs
    meet(pair, 1)
    pair.say("mentee", c.RecordMilestone(milestone="shadowing"))
    pair.say("mentor", c.ObjectToMilestone(milestone="shadowing"), pair.state.now + DAY)
    pair.say("mentor", c.RecordMilestone(milestone="both"))
    pair.say("o-ana", c.WaiveMilestone(milestone="introduction"))
    ends = pair.state.ends
    pair.say("mentee", c.RecordMilestone(milestone="visit", done_at=ends + timedelta(seconds=30)), ends + HOUR)
    pair.say("mentee", c.RecordMilestone(milestone="talk", done_at=ends + 2 * DAY), ends + 3 * DAY)
    cohort.until()


# -- meetings ----------------------------------------------------------------------------------------------------------------


@told
def meetings_that_move(village: Village) -> None:
    """One is proposed at another time and agreed, one is agreed at night and proposed anew before morning, one goes there and back in a night."""
    cohort = village.cohort("moves", count=4)
    (pair,) = cohort.pairs
    accept(pair)
    to = pair.meeting(2).start + DAY
    pair.say("mentor", c.MoveMeeting(meeting=2, to=to), on(pair, 2, days=2))
    pair.say("mentee", c.MoveMeeting(meeting=2, to=to), pair.state.now + HOUR)
    night = on(pair, 3, days=3).replace(hour=20)
    first, second = pair.meeting(3).start + DAY, pair.meeting(3).start + 2 * DAY
    pair.say("mentor", c.MoveMeeting(meeting=3, to=first), night)
    pair.say("mentee", c.MoveMeeting(meeting=3, to=first), night + HOUR)
    pair.say("mentee", c.MoveMeeting(meeting=3, to=second), night + 2 * HOUR)
    cohort.until(night + DAY)
    night = on(pair, 4, days=5).replace(hour=20)
    before = pair.meeting(4).start
    for to in (before + DAY, before):
        for side in ("mentor", "mentee"):
            pair.say(side, c.MoveMeeting(meeting=4, to=to), cohort.now + timedelta(minutes=5) if cohort.now > night else night)
    cohort.until(night + DAY)


@told
def news_in_the_readers_night(village: Village) -> None:
    """The mentor sleeps when the mentee proposes another time, and when the meeting is prepared: one mail tells both. Another one moves to the day after next."""
    cohort = village.cohort("night", zones=("Pacific/Auckland", "Europe/Berlin"))
    (pair,) = cohort.pairs
    accept(pair)
    pair.say("mentee", c.MoveMeeting(meeting=2, to=pair.meeting(2).start + DAY), on(pair, 2, days=3, minutes=30))
    to = on(pair, 3, days=4)
    for side in ("mentor", "mentee"):
        pair.say(side, c.MoveMeeting(meeting=3, to=to), on(pair, 3, days=6))
    cohort.until(pair.meeting(4).start)


@told
def a_talk_in_the_readers_night(village: Village) -> None:
    """The mentor sleeps when the second meeting is prepared. Before their morning the mentee says that the two talked besides, so the next topic is its topic."""
    cohort = village.cohort("night-talk", zones=("Pacific/Auckland", "Europe/Berlin"))
    (pair,) = cohort.pairs
    accept(pair)
    meet(pair, 1)
    pair.say("mentee", c.ReportMeeting(held_at=on(pair, 2, days=3, hours=1), held=True), on(pair, 2, days=2, hours=23))
    cohort.until(pair.meeting(2).start)


@told
def short_of_notice(village: Village) -> None:
    """What is prepared is prepared after it could be moved freely."""
    cohort = village.cohort("no-time", meetings={"prepare": "P1D"}, cancellations={"notice": "P2D"})
    (pair,) = cohort.pairs
    accept(pair)
    cohort.until(pair.meeting(1).start)


@told
def accepted_by_one(village: Village) -> None:
    cohort = village.cohort("one-accepts")
    (pair,) = cohort.pairs
    pair.say("mentor", c.ConfirmMeeting(meeting="all"))
    cohort.until(pair.meeting(1).start)


@told
def cancellations_at_short_notice(village: Village) -> None:
    """The mentee calls off three meetings; they have pinned what matters, the programme's notice is a day."""
    cohort = village.cohort("short-notice")
    (pair,) = cohort.pairs
    accept(pair)
    pin(pair, "mentee")
    for n in (1, 2, 3):
        pair.say("mentee", c.CancelMeeting(meeting=n, reason="work"), on(pair, n, hours=3))
    cohort.until(cohort.now + DAY)


@told
def cancellations_without_notice(village: Village) -> None:
    """In a programme without benefits, in which no notice is needed and an absence counts."""
    cohort = village.cohort("without-notice", cancellations={"notice": "PT0S"}, benefits={})
    (pair,) = cohort.pairs
    accept(pair)
    for n in (1, 2, 3):
        attendance = c.Attendance(own="absent")
        pair.say("mentee", c.ReportMeeting(meeting=n, held=False, attendance=attendance), pair.meeting(n).start + 2 * HOUR)
    cohort.until(cohort.now + DAY)


@told
def a_report_that_comes_late(village: Village) -> None:
    """Of the third meeting they tell when the fourth was prepared already; of the fourth they say nothing, so the question about it asks for feedback."""
    cohort = village.cohort("late-report", count=5)
    (pair,) = cohort.pairs
    accept(pair)
    meet(pair, 1, 2)
    meet(pair, 3, later=6 * DAY)
    cohort.until(pair.meeting(5).start)


@told
def a_session_without_questions(village: Village) -> None:
    plain = [{"topic": "How we begin", "expectations": True}, {"topic": "How it goes"}]
    cohort = village.cohort("bare-topics", sessions=plain)
    cohort.until(cohort.pairs[0].meeting(1).start)


@told
def a_short_grace(village: Village) -> None:
    """Reports are taken for an hour after the end, at night, and the closing mail goes in the morning."""
    cohort = village.cohort("short-grace", count=1, programme={"reporting_grace": "PT1H"}, starts=STARTS + 12 * HOUR)
    (pair,) = cohort.pairs
    pair.say("mentee", c.SubmitPrivately(body=c.SurveyAnswers(answers=dict.fromkeys(c.SURVEY_ITEMS, 4))), pair.state.ends + timedelta(minutes=5))
    cohort.until()


@told
def a_survey_that_is_answered_at_night(village: Village) -> None:
    """The programme ends in the evening. The mentee answers on their page before the mail that asks for it goes in the morning, and can report for a week."""
    cohort = village.cohort("survey-at-night", count=1, starts=STARTS + 12 * HOUR)
    (pair,) = cohort.pairs
    meet(pair, 1)
    pair.say("mentee", c.SubmitPrivately(body=c.SurveyAnswers(answers=dict.fromkeys(c.SURVEY_ITEMS, 4))), pair.state.ends + timedelta(minutes=5))
    cohort.until()


@told
def a_survey_that_is_asked_again(village: Village) -> None:
    """The reminder of the survey is due long after certificates are decided."""
    cohort = village.cohort("survey-again", count=1, surveys={"closing_reminder": "P14D"})
    (pair,) = cohort.pairs
    meet(pair, 1)
    cohort.until()


@told
def gone_before_the_welcome(village: Village) -> None:
    """HR reports a leave while the welcome waits for the morning: there is nothing to accept until they are back."""
    evening = STARTS + 12 * HOUR
    cohort = village.cohort("no-slots", starts=evening)
    (pair,) = cohort.pairs
    pair.say("o-hr", c.Pause(away=pair.ref("mentee"), begins=evening, until=evening + 20 * DAY), evening + HOUR)
    cohort.until(evening + DAY)


# -- several at once -----------------------------------------------------------------------------------------------------------


@told
def a_mentor_of_two(village: Village) -> None:
    """The mentor has little room in their budget, so that one mail stands for both; the second pair pauses."""
    cohort = village.cohort("two-mentees", [("mentor", "mentee"), ("mentor", "cleo")], mail={"budget": {"most": 6}})
    first, second = cohort.pairs
    accept(first)
    cohort.until(first.meeting(2).start - 4 * DAY)
    second.say("o-ana", c.Pause(until=cohort.now + 9 * DAY))
    cohort.until(first.meeting(3).start)
    village.fresh_link("two-mentees-mentor@example.org")


@told
def nobody_has_a_name(village: Village) -> None:
    """Names that show nothing pass as names, and then nobody can be called by theirs."""
    cohort = village.cohort("nameless", [("mentor", "mentee"), ("mentor", "cleo")], nameless=True, count=5)
    pair, _ = cohort.pairs
    accept(pair)
    pair.say("mentor", c.AskExtension())
    to = pair.meeting(2).start + DAY
    pair.say("mentor", c.MoveMeeting(meeting=2, to=to), on(pair, 2, days=2))
    pair.say("mentee", c.MoveMeeting(meeting=2, to=to), pair.state.now + HOUR)
    absent = c.Attendance(own="on_time", partner="absent")
    pair.say("mentor", c.ReportMeeting(meeting=2, held=False, attendance=absent), pair.meeting(2).start + HOUR)
    for n in (3, 4):
        pair.say("mentor", c.CancelMeeting(meeting=n, reason="personal"), on(pair, n, days=2))
    cohort.until()
    village.fresh_link("nameless-mentor@example.org")
    again = village.cohort("nameless-leaver", nameless=True, languages=("ar", "de"))
    (pair,) = again.pairs
    pair.say("o-ana", c.Flag(), STARTS + HOUR)
    village.digest(again, STARTS + 7 * DAY)
    pair.say("o-ana", c.End(reason="stepped_away", leaver=pair.ref("mentor")))
    again.until()


# -- the coordinators ----------------------------------------------------------------------------------------------------------


@told
def a_list_that_grows(village: Village) -> None:
    """Sixteen pairs come to lie within one reporting line, so that a digest does not list them all; then all of them end."""
    cohort = village.cohort("many", [(f"mentor-{n}", f"mentee-{n}") for n in range(16)])
    now = STARTS + 2 * HOUR
    for pair in cohort.pairs[:1]:
        pair.say("o-ana", c.Flag(), now)
    village.digest(cohort, STARTS + DAY)
    for pair in cohort.pairs[1:]:
        pair.say("o-ana", c.Flag(), STARTS + DAY)
    village.digest(cohort, STARTS + 2 * DAY)
    for pair in cohort.pairs:
        pair.say("o-ana", c.End(reason="operator"), STARTS + 3 * DAY)
    village.digest(cohort, STARTS + 4 * DAY, closing=True)


@told
def lines_that_are_taken(village: Village) -> None:
    """One coordinator takes a pair and sets another one aside, and is reminded of what they took. Then the pairs end, and nothing waits any more."""
    cohort = village.cohort("taken", [("mentor", "mentee"), ("tom", "ida"), ("bo", "cy")], attention={"unowned": "P2D"})
    ana, nadia = cohort.refs["e-1001"], cohort.refs["e-1002"]
    for pair in cohort.pairs:
        pair.say("o-ana", c.Flag(), STARTS + HOUR)
    first, second, third = (pair.mentorship for pair in cohort.pairs)
    village.take(first, ana, STARTS + 2 * HOUR)
    village.digest(cohort, STARTS + DAY)
    village.take(second, nadia, STARTS + DAY)
    village.take(third, ana, STARTS + DAY, aside=STARTS + 50 * DAY)
    village.digest(cohort, STARTS + 2 * DAY)
    village.tend(first, STARTS + 4 * DAY)
    for pair in cohort.pairs:
        pair.say("o-ana", c.End(reason="operator"), STARTS + 4 * DAY)
    village.digest(cohort, STARTS + 5 * DAY, closing=True)


@told
def lines_that_wait(village: Village) -> None:
    """Nobody takes a pair: the coordinators are reminded, then the owner hears a number."""
    cohort = village.cohort("waits", [("mentor", "mentee"), ("tom", "ida")], attention={"unowned": "P2D"})
    first, second = cohort.pairs
    ana = cohort.refs["e-1001"]
    first.say("o-ana", c.Flag(), STARTS + HOUR)
    village.tend(first.mentorship, STARTS + DAY + 2 * HOUR)
    second.say("o-ana", c.Flag(), STARTS + DAY + 2 * HOUR)
    village.take(second.mentorship, ana, STARTS + DAY + 3 * HOUR)
    village.tend(first.mentorship, STARTS + 2 * DAY + 4 * HOUR)
    village.give_back(second.mentorship, ana)
    village.tend(first.mentorship, STARTS + 4 * DAY)


@told
def an_impatient_programme(village: Village) -> None:
    cohort = village.cohort("impatient", attention={"unowned": "PT2H"})
    (pair,) = cohort.pairs
    pair.say("o-ana", c.Flag(), STARTS + HOUR)
    village.tend(pair.mentorship, STARTS + 5 * HOUR)


@told
def a_concern(village: Village) -> None:
    """One contact is asked, reminded, takes it, and does not close it."""
    cohort = village.cohort("concern")
    (pair,) = cohort.pairs
    sam = cohort.refs["e-1004"]
    case = village.concern(cohort, pair, raiser="mentee", about="mentor", contacts=(sam,), at=STARTS + 2 * HOUR)
    for days in (0, 4):
        village.look_after(case, STARTS + 3 * HOUR + days * DAY)
    village.take_case(case, sam, STARTS + 5 * DAY)
    village.look_after(case, STARTS + 20 * DAY)


@told
def links_for_everybody(village: Village) -> None:
    """A participant asks for a link; so do a coordinator, who has lists, and a mentee who coordinates elsewhere."""
    cohort = village.cohort("links", [("mentor", "mentee")])
    cohort.until(STARTS + HOUR)
    village.fresh_link("links-mentee@example.org")
    village.fresh_link("e-1001@example.org")
    own = village.cohort("links-too", [("e-1001", "mentee")])
    own.until(STARTS + HOUR)
    village.fresh_link("e-1001@example.org")


@told
def a_certificate_anew(village: Village) -> None:
    """They were certified, and one of them has another name since."""
    cohort = village.cohort("anew", milestones=["first-talk"], share=100)
    (pair,) = cohort.pairs
    meet(pair, 1)
    cohort.until()
    village.rename("anew-mentee", "Noor Naseri-Vogt")
    village.reissue(pair, "mentee", cohort.now + DAY)


# -- what the table of visibility may keep back ---------------------------------------------------------------------------------


@told
def a_table_that_keeps_back(village: Village) -> None:
    """A company decides that nobody is told of a partner's meetings, answers and milestones, nor coordinators of a pair's names (H12)."""
    hidden: dict[Viewer, tuple[Thing, ...]] = {"partner": ("meetings", "slot_answers", "milestones"), "coordinators": ("name",)}
    with village.hiding(hidden):
        cohort = village.cohort("withheld", milestones=["first-talk", "shadowing", "aligned"])
        one = village.cohort("withheld-one", milestones=["first-talk"])
        (pair,) = cohort.pairs
        accept(pair)
        pair.say("mentor", c.CancelMeeting(meeting=1), on(pair, 1, days=2))
        for n in (2, 3):
            pair.say("mentee", c.CancelMeeting(meeting=n), on(pair, n, hours=3))
        pair.say("mentee", c.CancelMeeting(meeting=4), on(pair, 4, hours=3))
        cohort.until(cohort.now + 16 * DAY)
        one.until(STARTS + DAY)


@told
def readers_of_other_languages(village: Village) -> None:
    """The mentor reads Arabic and the mentee German."""
    cohort = village.cohort("languages", languages=("ar", "de"))
    cohort.until(STARTS + DAY)
