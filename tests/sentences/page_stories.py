"""Stories for the participants' page: what it says that no mail does."""

from __future__ import annotations

from datetime import timedelta

from mentorship import commands as c
from mentorship.events import EarnedMilestone
from mentorship.state import MOST_ACTIONS
from tests.sentences.house import STARTS
from tests.sentences.stories import DAY, HOUR, Stories, accept, meet, on
from tests.sentences.village import Village

PAGE_STORIES = Stories()
told = PAGE_STORIES.told
ABSENT = c.Attendance(own="on_time", partner="absent")


@told
def a_late_proposal_that_nobody_answers(village: Village) -> None:
    """The mentor would like another time, five hours before. Nobody says a word, until the mentor says that the mentee was not there."""
    cohort = village.cohort("late-proposal", count=2)
    (pair,) = cohort.pairs
    accept(pair)
    pair.say("mentor", c.MoveMeeting(meeting=1, to=pair.meeting(1).start + 4 * DAY), on(pair, 1, hours=5))
    cohort.until(pair.meeting(1).start + HOUR)
    cohort.until(pair.meeting(1).start + 4 * DAY)
    pair.say("mentor", c.ReportMeeting(meeting=1, held=False, attendance=ABSENT))
    pair.say("mentor", c.MoveMeeting(meeting=2, to=pair.meeting(2).start + DAY), on(pair, 2, hours=5))
    pair.say("mentor", c.ReportMeeting(meeting=2, held=False, attendance=c.Attendance(partner="absent")), pair.meeting(2).start + HOUR)
    cohort.until(pair.meeting(2).start + 4 * DAY)


@told
def partners_without_a_name(village: Village) -> None:
    """Names that show nothing pass as names."""
    cohort = village.cohort("unnamed", nameless=True, count=2, languages=("ar", "en"))
    (pair,) = cohort.pairs
    pair.say("mentor", c.ConfirmMeeting(meeting="all"), STARTS + HOUR)
    pair.say("mentee", c.ConfirmMeeting(meeting="all"))
    pair.say("mentor", c.AskExtension())
    pair.say("mentor", c.MoveMeeting(meeting=2, to=pair.meeting(2).start + DAY), on(pair, 1, days=2))
    pair.say("mentor", c.ReportMeeting(meeting=1, held=False, attendance=ABSENT), pair.meeting(1).start + HOUR)
    pair.say("mentor", c.CancelMeeting(meeting=2), on(pair, 2, hours=5))


@told
def nothing_is_said(village: Village) -> None:
    """They open the page when all meetings are ahead, and when two of them wait for a word."""
    cohort = village.cohort("nothing-said", count=5)
    cohort.until(STARTS + HOUR)
    cohort.until(cohort.pairs[0].meeting(2).start + 2 * HOUR)


@told
def absences_that_count_for_nothing(village: Village) -> None:
    """Of a time that was never confirmed, and of one that the mentor then says was fine by them."""
    cohort = village.cohort("nothing-counts", count=2)
    (pair,) = cohort.pairs
    pair.say("mentor", c.ReportMeeting(meeting=1, held=False, attendance=ABSENT), pair.meeting(1).start + 2 * HOUR)
    accept(pair)
    pair.say("mentor", c.ReportMeeting(meeting=2, held=False, attendance=ABSENT), pair.meeting(2).start + 2 * HOUR)
    pair.say("mentor", c.Excuse(meeting=2))


@told
def an_end_in_the_middle(village: Village) -> None:
    """They look at their page again when the next meeting would have been, and when their words are no longer kept."""
    cohort = village.cohort("middle", count=3)
    (pair,) = cohort.pairs
    step = village.note(pair, "mentee", "action", "Ask who has led one")
    pair.say("mentee", c.SetGoal(goal="g-1", note_id=village.note(pair, "mentee", "goal", "Lead a design review"), actions=(step,)), STARTS + DAY)
    meet(pair, 1)
    pair.say("mentee", c.ReportMeeting(held_at=pair.state.now + DAY, held=True), pair.state.now + 2 * DAY)
    shared = village.note(pair, "mentor", "feedback", "An hour is short", shared=True)
    pair.say("mentor", c.SubmitPrivately(body=c.Feedback(meeting=1, note_id=shared, shared=True)))
    village.unsubscribe(pair, "mentor")
    pair.say("o-ana", c.End(reason="operator"))
    cohort.until(cohort.now + 9 * DAY)
    village.sweep(cohort.now + 100 * DAY)
    cohort.until(cohort.now + 100 * DAY)


@told
def an_end_before_the_beginning(village: Village) -> None:
    cohort = village.cohort("before", count=1)
    cohort.pairs[0].say("o-ana", c.End(reason="operator"), STARTS)
    cohort.until()


@told
def an_end_in_a_pause(village: Village) -> None:
    """The pause dropped all meetings, so that the picture of the time has nothing to explain."""
    cohort = village.cohort("paused-and-ended", count=1)
    (pair,) = cohort.pairs
    pair.say("o-ana", c.Pause(until=STARTS + 30 * DAY), STARTS + DAY)
    pair.say("o-ana", c.End(reason="operator"), STARTS + 2 * DAY)
    cohort.until(STARTS + 3 * DAY)


@told
def a_certificate_that_waits_for_a_font(village: Village) -> None:
    """The mentee's name has a character that no font here has. Then they look at the page while the survey is open."""
    cohort = village.cohort("unprintable", count=1, milestones=["first-talk"], share=100, names={"mentee": "Noor \U000130b8"})
    (pair,) = cohort.pairs
    meet(pair, 1)
    pair.say("mentee", c.SetGoal(goal="g-1"))
    cohort.until(pair.state.ends + 8 * DAY)


@told
def a_certificate_that_is_revoked(village: Village) -> None:
    cohort = village.cohort("revoked", count=1, milestones=["first-talk"], share=100)
    (pair,) = cohort.pairs
    meet(pair, 1)
    cohort.until(pair.state.ends + 8 * DAY)
    village.revoke(pair, "mentee")
    cohort.until(cohort.now + HOUR)


@told
def reminders_off_and_on(village: Village) -> None:
    cohort = village.cohort("reminders", count=1)
    cohort.until(STARTS + HOUR)
    page = village.visitor(cohort.pairs[0], "mentee")
    for switch in ("off", "on"):
        page.fill("reminders", reminders=switch)


@told
def nothing_earned(village: Village) -> None:
    """They set a goal with as many steps as one may have. Certificates are decided, and the survey is still open."""
    cohort = village.cohort("not-earned", count=1)
    (pair,) = cohort.pairs
    steps = tuple(village.note(pair, "mentee", "action", f"Step {n}") for n in range(MOST_ACTIONS))
    pair.say("mentee", c.SetGoal(goal="g-1", note_id=village.note(pair, "mentee", "goal", "Lead a review"), actions=steps), STARTS + HOUR)
    cohort.until(pair.state.ends + 8 * DAY)


@told
def feedback_is_all_that_is_asked(village: Village) -> None:
    """After the first conversation; the second meeting moves behind the third, which is the next one then."""
    cohort = village.cohort("only-feedback", count=4, meetings={"feedback_after": [1]})
    (pair,) = cohort.pairs
    accept(pair)
    to = pair.meeting(3).start + 2 * DAY
    for side in ("mentor", "mentee"):
        pair.say(side, c.MoveMeeting(meeting=2, to=to), STARTS + HOUR)
        pair.say(side, c.ConfirmExpectations(expectations=c.EXPECTATIONS))
    meet(pair, 1)
    cohort.until(on(pair, 3, days=2))


@told
def enough_for_one_of_two(village: Village) -> None:
    """The mentee brought three of five milestones along. A fourth is enough for them, and one too few for the new mentor."""
    earned = tuple(EarnedMilestone(milestone=one, done_at=STARTS - timedelta(days=30)) for one in ("aligned", "first-goal", "visit"))
    cohort = village.cohort("enough-for-one", count=1, milestones=["aligned", "first-goal", "visit", "first-talk", "shadowing"], earned=earned)
    meet(cohort.pairs[0], 1)
