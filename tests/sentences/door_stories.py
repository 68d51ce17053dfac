"""Stories of what people do on their own pages: forms and what becomes of them, private things, lost links, certificates."""

from __future__ import annotations

import json
from datetime import datetime
from http import HTTPStatus

from gateway.links import Bearer, Purpose
from mentorship import commands as c
from mentorship.events import EarnedMilestone
from tests.sentences.house import STARTS
from tests.sentences.stories import DAY, HOUR, Stories, accept, meet, on
from tests.sentences.village import Village
from tests.sentences.visitor import WRONG
from webhook.pages.forms import MOST_FIELDS

DOOR_STORIES = Stories()
told = DOOR_STORIES.told
ELSEWHERE = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
"""Somebody else's key."""


def typed(at: datetime) -> str:
    """As somebody in Berlin writes it into a field, in winter."""
    return (at + HOUR).strftime("%Y-%m-%dT%H:%M")


# -- meetings ------------------------------------------------------------------------------------------------------------------


@told
def times_are_accepted(village: Village) -> None:
    """One by one and all at once; one moves after the page was opened."""
    cohort = village.cohort("accepted", count=3)
    (pair,) = cohort.pairs
    cohort.until(STARTS + HOUR)
    mentor, mentee = village.visitor(pair, "mentor"), village.visitor(pair, "mentee")
    assert "Done." in mentee.fill("confirm_meeting", 1)
    mentee.open("confirm_meeting", "all")
    pair.say("mentor", c.MoveMeeting(meeting=2, to=pair.meeting(2).start + DAY))
    pair.say("mentee", c.MoveMeeting(meeting=2, to=pair.meeting(2).start + DAY))
    pair.say("o-ana", c.Pause(until=STARTS + 20 * DAY))
    cohort.until(STARTS + 21 * DAY)
    assert "The times have changed" in mentee.send("/confirm_meeting/all", WRONG)
    assert "Done." in mentee.fill("confirm_meeting", "all")
    assert "It is so already" in mentee.open("confirm_meeting", "all")
    pair.say("mentee", c.CancelMeeting(meeting=pair.state.meetings[-1].n))
    assert "called off" in mentor.open("confirm_meeting", pair.state.meetings[-1].n)


@told
def several_meetings_are_reported(village: Village) -> None:
    """In one form, which comes back without a tick, and once more when the mentorship ended meanwhile."""
    cohort = village.cohort("several", count=4)
    (pair,) = cohort.pairs
    cohort.until(pair.meeting(3).start + 2 * HOUR)
    mentee = village.visitor(pair, "mentee")
    assert "Meetings without a word so far: 3." in mentee.open()
    assert "Please choose" in mentee.fill("report_meeting", "several", status=WRONG)
    assert "Done." in mentee.send("/report_meeting/several", meeting=["1", "2"])
    assert "so far" not in mentee.page.text
    with village.temporal_away():
        mentee.open("report_meeting", "several")
        assert mentee.send("/report_meeting/several", HTTPStatus.SERVICE_UNAVAILABLE, meeting="3")
    form = mentee.page
    pair.say("o-ana", c.End(reason="operator"))
    cohort.until()
    assert "is over" in mentee.open("report_meeting", "several")
    mentee.page = form
    assert "Nothing can be added" in mentee.send("/report_meeting/several", HTTPStatus.CONFLICT, meeting="2")


@told
def a_meeting_is_moved(village: Village) -> None:
    """When nobody confirmed it, in time, at short notice, and after a word that it is fine. The form comes back for each thing that is wrong with it."""
    cohort = village.cohort("moved", count=5)
    (pair,) = cohort.pairs
    cohort.until(STARTS + HOUR)
    mentor, mentee = village.visitor(pair, "mentor"), village.visitor(pair, "mentee")
    assert "never confirmed" in mentor.open("move_meeting", 1)
    for time, wrong in (("", "choose a day"), ("soon", "not a day"), ("2027-03-28T02:30", "clocks go forward"), (typed(STARTS), "not ahead any more")):
        assert wrong in mentor.send("/move_meeting/1", WRONG, to=time)
    assert "after the end" in mentor.fill("move_meeting", 1, to=typed(pair.state.ends + DAY))
    mentor.open("move_meeting", 1)
    accept(pair)
    assert "This meeting has changed" in mentor.send("/move_meeting/1", WRONG, to=typed(pair.meeting(1).start + DAY))
    assert "a proposal never counts" in mentor.open("move_meeting", 1)
    assert "Done." in mentor.send("/move_meeting/1", to=typed(pair.meeting(1).start + DAY))
    mentee.open()
    pair.say("mentor", c.MoveMeeting(meeting=1, to=pair.meeting(1).start + 2 * DAY))
    assert "no longer proposed" in mentee.send("/move_meeting/1", WRONG)
    mentee.open()
    assert "That time is fine" in mentee.send("/move_meeting/1", WRONG, exact="soon")
    mentee.open()
    assert "Done." in mentee.send("/move_meeting/1")
    cohort.until(on(pair, 2, hours=5))
    assert "neither agrees nor says" in mentor.open("move_meeting", 2)
    mentor.send("/move_meeting/2", to=typed(pair.meeting(2).start + 2 * DAY))
    mentee.fill("excuse", 2)
    assert "so nothing counts" in mentor.open("move_meeting", 2)
    assert "so nothing counts" in mentor.open("cancel_meeting", 2)
    cohort.until(pair.meeting(2).start + HOUR)
    assert "Propose another time" not in mentee.open("move_meeting", 2)
    assert "had started" in mentor.open("move_meeting", 2)
    meet(pair, 3)
    assert "reported as held" in mentor.open("move_meeting", 3)
    pair.say("o-ana", c.Pause(until=cohort.now + 9 * DAY))
    assert "is paused" in mentor.open("move_meeting", 1)


@told
def rules_of_another_kind(village: Village) -> None:
    """No notice is needed here and no answer is awaited, nor may anybody object; in the other programme an answer is not awaited, but notice is needed."""
    plain = [{"topic": "How we begin", "expectations": True}, {"topic": "How it goes"}]
    cohort = village.cohort("no-notice", count=2, cancellations={"notice": "PT0S", "ladder": []}, object_within="PT0S", sessions=plain, nameless=True)
    (pair,) = cohort.pairs
    cohort.until(STARTS + HOUR)
    mentee = village.visitor(pair, "mentee")
    assert "Questions to take along" not in mentee.open()
    assert "never counts" in mentee.open("confirm_meeting", 1)
    accept(pair)
    assert "It appears on the page" in mentee.open("record_milestone", "shadowing")
    other = village.cohort("no-answer", count=2, cancellations={"answer_within": "PT0S", "ladder": []})
    (pair,) = other.pairs
    accept(pair)
    other.until(on(pair, 1, hours=5))
    mentee = village.visitor(pair, "mentee")
    assert "counts as a late cancellation of yours, unless" in mentee.open("move_meeting", 1)
    assert "This is late" in mentee.open("cancel_meeting", 1)
    third = village.cohort("coordinator-first", count=2, cancellations={"ladder": [{"at": 1, "do": "coordinator"}]})
    (pair,) = third.pairs
    accept(pair)
    third.until(on(pair, 1, hours=5))
    assert "a coordinator is asked" in village.visitor(pair, "mentee").open("cancel_meeting", 1)


@told
def meetings_are_called_off(village: Village) -> None:
    """Before they are confirmed, in time, late, after a partner's late proposal, and when their time has come."""
    cohort = village.cohort("called-off", count=6)
    (pair,) = cohort.pairs
    cohort.until(STARTS + HOUR)
    mentor, mentee = village.visitor(pair, "mentor"), village.visitor(pair, "mentee")
    assert "never confirmed" in mentee.open("cancel_meeting", 1)
    accept(pair)
    assert "This meeting has changed" in mentee.send("/cancel_meeting/1", WRONG)
    assert "This is in time" in mentee.open("cancel_meeting", 1)
    assert "Please choose" in mentee.send("/cancel_meeting/1", WRONG, reason="rain")
    mentee.send("/cancel_meeting/1", reason="work")
    cohort.until(on(pair, 2, hours=5))
    assert "From 2 on" in mentee.open("cancel_meeting", 2)
    mentee.send("/cancel_meeting/2", reason="work")
    assert "called off" in mentee.open("cancel_meeting", 2)
    mentor.open()
    mentor.send("/excuse/2")
    cohort.until(on(pair, 3, hours=5))
    pair.say("mentor", c.MoveMeeting(meeting=3, to=pair.meeting(3).start + DAY))
    assert "proposed another time" in mentee.open("cancel_meeting", 3)
    cohort.until(pair.meeting(4).start + HOUR)
    assert "counts as one absence" in mentee.open("cancel_meeting", 4)
    mentee.send("/cancel_meeting/4", reason="not_said")
    mentor.open()
    assert "Done." in mentor.send("/excuse/4")
    assert "so nothing counts" in mentee.open("cancel_meeting", 4)
    assert "nothing to do here" in mentor.open("excuse", 4)
    cohort.until(on(pair, 6, days=2))
    assert "Its topic moves on" not in mentee.open("cancel_meeting", 6)
    cohort.until(pair.meeting(6).start + HOUR)
    pair.say("o-hr", c.Pause(away=pair.ref("mentee"), begins=cohort.now - 2 * HOUR, until=cohort.now + DAY))
    assert "Nothing counts here" in mentee.open("cancel_meeting", 6)
    unconfirmed = village.cohort("called-off-later", count=1)
    unconfirmed.until(unconfirmed.pairs[0].meeting(1).start + HOUR)
    assert "does not count" in village.visitor(unconfirmed.pairs[0], "mentee").open("cancel_meeting", 1)


@told
def meetings_are_reported(village: Village) -> None:
    """As planned, after one who was not there, with a word to the contrary, when a proposal lapsed, and outside the plan."""
    cohort = village.cohort("reported", count=5)
    (pair,) = cohort.pairs
    mentor, mentee = village.visitor(pair, "mentor"), village.visitor(pair, "mentee")
    cohort.until(pair.meeting(1).start - HOUR)
    assert "too early" in mentee.open("report_meeting", 1)
    cohort.until(pair.meeting(1).start + HOUR)
    assert "never confirmed" in mentee.open("report_meeting", 1)
    assert "Please choose" in mentee.send("/report_meeting/1", WRONG)
    assert "choose one of the two" in mentee.send("/report_meeting/1", WRONG, held="yes", self="absent")
    accept(pair)
    mentee.fill("report_meeting", 1, held="yes", self="late", partner="present")
    assert "says that you met" in mentor.open("report_meeting", 1)
    cohort.until(pair.meeting(2).start + HOUR)
    assert "has 7 days to see it differently" in mentee.open("report_meeting", 2)
    mentee.send("/report_meeting/2", held="no", self="on_time", partner="absent")
    assert "nothing to do" not in mentor.open("dispute", 2)
    mentor.send("/dispute/2")
    assert "It is so already" in mentor.open("dispute", 2)
    assert "nothing of that kind" in mentee.open("dispute", 2)
    pair.say("mentor", c.MoveMeeting(meeting=3, to=pair.meeting(3).start + 2 * DAY), on(pair, 3, hours=5))
    cohort.until(on(pair, 4, days=2))
    assert "was not answered" in mentee.open("report_meeting", 3)
    mentee.send("/report_meeting/3")
    meet(pair, 4)
    pair.say("mentee", c.CancelMeeting(meeting=5))
    assert "called off" in mentee.open("report_meeting", 5)
    for time, wrong in (("", "choose a day"), (typed(cohort.now + DAY), "has not come"), (typed(STARTS - 9 * DAY), "before the mentorship")):
        mentee.open("report_meeting")
        assert wrong in mentee.send("/report_meeting", WRONG, held_at=time)
    assert "report that one instead" in mentee.fill("report_meeting", held_at=typed(pair.meeting(1).start))
    assert "Done." in mentee.fill("report_meeting", held_at=typed(cohort.now - DAY))
    mentee.follow("/withdraw/")
    assert "Done." in mentee.send("")


# -- goals, milestones, expectations ---------------------------------------------------------------------------------------------


@told
def milestones_and_goals(village: Village) -> None:
    """Reported, objected to, taken back; with times that cannot be, and by somebody who cannot say it."""
    cohort = village.cohort("progress", count=2, milestones=["aligned", "shadowing", "both", "talk"])
    (pair,) = cohort.pairs
    mentor, mentee = village.visitor(pair, "mentor"), village.visitor(pair, "mentee")
    cohort.until(STARTS + 3 * DAY)
    assert "comes about by itself" in mentee.open("record_milestone", "aligned")
    assert "Only the other" in mentor.open("record_milestone", "talk")
    assert "nothing of that kind" in mentor.open("object_to_milestone", "shadowing")
    assert "report from each of you" in mentor.open("record_milestone", "both")
    mentee.open("record_milestone", "shadowing")
    for time, wrong in ((typed(cohort.now + DAY), "has not come"), (typed(STARTS - DAY), "before the mentorship"), ("soon", "not a day")):
        assert wrong in mentee.send("/record_milestone/shadowing", WRONG, done_at=time)
    assert "Done." in mentee.send("/record_milestone/shadowing", done_at=typed(cohort.now - DAY))
    mentee.follow("/withdraw/")
    report = mentee.ref
    mentee.send("")
    assert "nothing of that kind" in mentee.open("withdraw", report)
    mentee.fill("record_milestone", "shadowing")
    assert "You can say so until" in mentor.open("object_to_milestone", "shadowing")
    mentor.send("/object_to_milestone/shadowing")
    mentee.fill("record_milestone", "talk")
    mentor.open("object_to_milestone", "talk")
    form = mentor.page
    cohort.until(cohort.now + 8 * DAY)
    assert "The time for that is over" in mentor.open("object_to_milestone", "talk")
    assert "Please choose" in mentee.fill("confirm_expectations", status=WRONG)
    mentee.send("/confirm_expectations", expectation=["confidentiality", "mutual_respect"])
    mentee.open("confirm_expectations")
    mentee.open("set_goal")
    assert "Please write" in mentee.send("/set_goal", WRONG)
    assert "longer than we can keep" in mentee.send("/set_goal", WRONG, text="x" * 5000)
    assert "more steps" in mentee.send("/set_goal", WRONG, text="Lead a review", steps="\n".join("abcdefghijkl"))
    mentee.send("/set_goal", text="Lead a review", steps="Ask who has led one")
    mentee.follow("/set_goal/")
    target = str(mentee.page.url.path).rpartition("/")[2]
    assert "Please write" in mentee.send("", WRONG)
    mentee.send("", steps="Lead half of one")
    assert "Please choose" in mentee.fill("report_goal", target, status=WRONG)
    for progress in ("in_progress", "progressed", "achieved", "dropped"):
        mentee.fill("report_goal", target, progress=progress)
        mentee.open("report_goal", target)
    while pair.say("mentee", c.SetGoal(goal=f"g-{len(pair.state.goals)}")) == "applied":
        pass
    assert "no room" in mentee.open("set_goal")
    while pair.say("mentee", c.ReportGoal(goal="g-1", progress="progressed")) == "applied":
        pass
    mentee.open()
    pair.say("o-ana", c.End(reason="operator"))
    mentor.page = form
    assert "This mentorship is over" in mentor.send("/object_to_milestone/talk", HTTPStatus.CONFLICT)


@told
def words_that_are_gone(village: Village) -> None:
    """A goal whose words were forgotten may still be looked at by those who kept its address."""
    cohort = village.cohort("wordless", count=1)
    (pair,) = cohort.pairs
    cohort.until(STARTS + HOUR)
    pair.say("mentee", c.SetGoal(goal="g-1"))
    mentee = village.visitor(pair, "mentee")
    assert "no longer kept" in mentee.open("set_goal", "g-1")
    assert "no longer kept" in mentee.open("report_goal", "g-1")


@told
def more_time_is_asked_for(village: Village) -> None:
    cohort = village.cohort("longer", count=1)
    (pair,) = cohort.pairs
    cohort.until(STARTS + HOUR)
    mentor, mentee = village.visitor(pair, "mentor"), village.visitor(pair, "mentee")
    mentor.fill("ask_extension")
    assert "It is so already" in mentor.open("ask_extension")
    assert "has asked already" in mentee.fill("ask_extension") or True
    assert "used already" in mentee.open("ask_extension")


# -- when nobody works, too much comes, or Temporal is away ------------------------------------------------------------------------


@told
def everything_comes_too_late(village: Village) -> None:
    """While no worker is alive the mentee sends one of each form. An operator had ended the mentorship a moment before, so that nothing changes anything."""
    cohort = village.cohort("too-late", count=6, milestones=["shadowing", "visit", "talk"])
    (pair,) = cohort.pairs
    pair.say("mentor", c.ConfirmMeeting(meeting="all"), STARTS + HOUR)
    for n in (3, 4, 5):
        pair.say("mentee", c.ConfirmMeeting(meeting=n))
    meet(pair, 1)
    pair.say("mentee", c.RecordMilestone(milestone="talk"))
    pair.say("mentee", c.SetGoal(goal="g-1"))
    pair.say("mentor", c.CancelMeeting(meeting=3), on(pair, 3, hours=5))
    pair.say("mentor", c.MoveMeeting(meeting=6, to=pair.meeting(6).start + DAY))
    pair.say("mentor", c.ReportMeeting(meeting=4, held=False, attendance=c.Attendance(partner="absent")), pair.meeting(4).start + HOUR)
    pair.say("mentor", c.RecordMilestone(milestone="visit"))
    mentee = village.visitor(pair, "mentee")
    with village.nobody_working():
        mentee.open()
        mentee.follow("/withdraw/")
        assert "Kept safely." in mentee.send("")
        assert "message of yours is kept safely" in mentee.open()
        mentee.fill("confirm_expectations", expectation="confidentiality")
        mentee.fill("report_meeting", 2, held="yes")
        mentee.fill("cancel_meeting", 6, reason="work")
        mentee.fill("move_meeting", 5, to=typed(pair.meeting(5).start + 2 * DAY))
        mentee.fill("confirm_meeting", "all")
        mentee.fill("excuse", 3)
        mentee.fill("dispute", 4)
        mentee.fill("object_to_milestone", "visit")
        mentee.fill("record_milestone", "shadowing")
        mentee.fill("set_goal", text="Lead a review", steps="Ask")
        mentee.fill("report_goal", "g-1", progress="achieved")
        mentee.fill("ask_extension")
        private = village.visitor(pair, "mentee", "private")
        private.fill("feedback", 1, text="It helped")
        private.fill("pulse", trust="4")
        private.fill("pins", benefit="mentee.0")
        private.fill("end_wish", sure="yes")
        assert "kept safely" in mentee.open()
        village.ordered(pair, c.End(reason="operator"), cohort.now - HOUR)
    assert mentee.open().count("changed nothing") > 9
    assert "time for that is over" in mentee.open("confirm_meeting", "all")
    assert private.open().count("changed nothing") > 3


@told
def receipts_of_what_changed_nothing(village: Village) -> None:
    """What somebody had sent was overtaken, and they read it at once."""
    cohort = village.cohort("overtaken", count=4)
    (pair,) = cohort.pairs
    accept(pair)
    cohort.until(on(pair, 1, days=3))
    mentee = village.visitor(pair, "mentee")
    mentee.open("set_goal")
    mentee.open("ask_extension")
    village.ordered(pair, c.AskExtension(), cohort.now - HOUR, by="mentee")
    assert "It was so already" in mentee.send("/ask_extension")
    mentee.open("cancel_meeting", 3)
    village.ordered(pair, c.Pause(until=cohort.now + 40 * DAY), cohort.now - HOUR)
    assert "not in the plan any more" in mentee.send("/cancel_meeting/3")
    again = village.cohort("overtaken-later", count=1)
    (pair,) = again.pairs
    accept(pair)
    again.until(pair.meeting(1).start - HOUR)
    mentee = village.visitor(pair, "mentee")
    with village.nobody_working():
        village.ordered(pair, c.CancelMeeting(meeting=1), again.now, by="mentor")
        village.house.now = pair.meeting(1).start + HOUR
        mentee.fill("report_meeting", 1, held="no")
    assert "If you met all the same" in mentee.open()
    private = village.visitor(pair, "mentee", "private")
    private.open("pins")
    assert "could not be used" in private.send("/pins", WRONG, benefit="changed by hand")


@told
def too_much_at_once(village: Village) -> None:
    """More forms than the pages take at once. Then Temporal is away, and then it is over."""
    cohort = village.cohort("too-much", count=3)
    (pair,) = cohort.pairs
    cohort.until(STARTS + HOUR)
    mentee = village.visitor(pair, "mentee")
    mentee.open("set_goal")
    with village.too_fast():
        assert "Please try again in" in mentee.send("/set_goal", HTTPStatus.TOO_MANY_REQUESTS, text="Lead a review")
        mentee.open("reminders")
        assert "was a lot at once" in mentee.send("/reminders", HTTPStatus.TOO_MANY_REQUESTS)
    cohort.until(cohort.now + DAY)
    with village.temporal_away():
        mentee.open("set_goal")
        assert "It counts from your first try" in mentee.send("/set_goal", HTTPStatus.SERVICE_UNAVAILABLE, text="Lead a review")
    mentee.open("set_goal")
    form = mentee.page
    mentee.send("/set_goal", text="Lead a review")
    mentee.page = form
    assert "sent before" in mentee.send("/set_goal", HTTPStatus.CONFLICT, text="Lead another one")
    mentee.open("set_goal")
    pair.say("o-ana", c.End(reason="operator"))
    cohort.until()
    assert "Nothing can be added" in mentee.send("/set_goal", HTTPStatus.CONFLICT, text="Lead a third one")


# -- private things ----------------------------------------------------------------------------------------------------------------


@told
def private_things(village: Village) -> None:
    """Feedback, answers, what matters, and the wish to end."""
    cohort = village.cohort("private", count=3, surveys={"pulse_after_meeting": 1})
    (pair,) = cohort.pairs
    cohort.until(STARTS + HOUR)
    mentee, mentor = village.visitor(pair, "mentee", "private"), village.visitor(pair, "mentor", "private")
    assert "After your first conversation" in mentee.open()
    accept(pair)
    meet(pair, 1)
    pair.say("mentee", c.ReportMeeting(held_at=cohort.now - HOUR, held=True), cohort.now + DAY)
    cohort.until(pair.meeting(2).start + 3 * DAY)
    mentee.open()
    assert "Please write" in mentee.fill("feedback", 1, status=WRONG, shared="yes")
    mentee.send("/feedback/1", text="It helped")
    mentor.fill("feedback", 1, text="An hour is short", shared="yes")
    mentee.fill("feedback", text="So did the walk")
    mentee.follow("/share/")
    note = mentee.ref
    mentee.send("")
    assert "can read it already" in mentee.open("share", note)
    mentee.fill("pins", benefit=["mentee.0", "everyone.0"])
    mentee.open("pins")
    assert "Please choose" in mentee.fill("pulse", status=WRONG, trust="9")
    assert "Please choose" in mentee.send("/pulse", WRONG)
    mentee.send("/pulse", trust="4")
    assert "The certificate needs" in mentee.open("end_wish")
    assert "tick the box" in mentee.send("/end_wish", WRONG)
    cohort.until(pair.state.ends + DAY)
    assert "over" in mentee.open("end_wish")
    assert "Six questions" in mentee.open()
    mentee.fill("closing", depth="5", trust="4")
    mentee.open("everything")
    cohort.until(pair.state.ends + 30 * DAY)
    mentee.open()
    village.sweep(cohort.now + 100 * DAY)
    mentee.open()


@told
def what_an_end_would_bring(village: Village) -> None:
    """To both the certificate; to the mentee alone, who brought milestones along; to the mentor alone."""
    cohort = village.cohort("both-earn", count=1, milestones=["first-talk"], share=100)
    (pair,) = cohort.pairs
    meet(pair, 1)
    assert "Both of you receive" in village.visitor(pair, "mentee", "private").open("end_wish")
    brought = tuple(EarnedMilestone(milestone=one, done_at=STARTS - 30 * DAY) for one in ("aligned", "first-goal", "visit"))
    cohort = village.cohort("one-earns", count=1, milestones=["aligned", "first-goal", "visit", "first-talk", "shadowing"], earned=brought)
    (pair,) = cohort.pairs
    meet(pair, 1)
    assert "You receive the certificate" in village.visitor(pair, "mentee", "private").open("end_wish")
    assert "You would receive none" in village.visitor(pair, "mentor", "private").open("end_wish")


@told
def before_it_begins_and_after_all_is_forgotten(village: Village) -> None:
    cohort = village.cohort("waiting", count=1, milestones=["first-talk"], share=100)
    (pair,) = cohort.pairs
    mentee, private = village.visitor(pair, "mentee"), village.visitor(pair, "mentee", "private")
    assert "is being set up" in mentee.open()
    assert "One file" in private.open()
    mentee.open("private_link")
    unnamed = village.cohort("waiting-unnamed", count=1, nameless=True)
    assert "your partner" in village.visitor(unnamed.pairs[0], "mentee").open()
    unnamed.until()
    meet(pair, 1)
    cohort.until()
    village.sweep(cohort.now + 800 * DAY)
    said = mentee.open()
    assert "no longer kept" in said, said[:300]
    mentee.follow("/certificate")
    assert "no longer kept" in village.visitor(unnamed.pairs[0], "mentee").open()


@told
def links_are_lost(village: Village) -> None:
    """Cut off, too old, asked for at the door and from a page, in vain while no mail goes out; and a form that came from elsewhere."""
    cohort = village.cohort("lost", count=1)
    (pair,) = cohort.pairs
    cohort.until(STARTS + HOUR)
    guest, mentee = village.guest(), village.visitor(pair, "mentee")
    guest.open("new-link")
    assert "If we know this address" in guest.send("/new-link", email="lost-mentee@example.org")
    guest.open("new-link", lang="de")
    guest.send("/new-link", email="nobody@example.org")
    assert "does not open anything" in guest.open("p", "x", status=HTTPStatus.NOT_FOUND)
    assert "There is nothing here" in guest.open("nowhere", status=HTTPStatus.NOT_FOUND)
    assert "Your page shows" in mentee.open("move_meeting", 77, status=HTTPStatus.NOT_FOUND)
    links: tuple[tuple[Purpose, Bearer], ...] = (
        ("page", pair.bearer("mentee")),
        ("private", pair.bearer("mentee")),
        ("coordinator", cohort.bearer("e-1001")),
        ("case", pair.bearer("mentee")),
    )
    for purpose, bearer in links:
        old = village.old(purpose, bearer)
        assert "too old" in old.open(status=HTTPStatus.GONE)
        if purpose != "case":
            assert "on its way" in old.send("/again")
            with village.mail_away():
                old.open(status=HTTPStatus.GONE)
                assert "not sent" in old.send("/again", HTTPStatus.SERVICE_UNAVAILABLE)
    assert "on its way" in mentee.fill("private_link")
    with village.mail_away():
        assert "No mail can be sent" in mentee.fill("private_link", status=HTTPStatus.SERVICE_UNAVAILABLE)
    mentee.open("set_goal")
    assert "did not come from your page" in mentee.send("/set_goal", HTTPStatus.FORBIDDEN, form="x", text="Lead a review")
    mentee.open("set_goal")
    assert "too large" in mentee.send("/set_goal", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text="x" * 2_000_000)
    mentee.open("set_goal")
    assert "could not be read" in mentee.send("/set_goal", WRONG, **{f"more-{n}": "x" for n in range(MOST_FIELDS + 1)})
    with village.records_away():
        assert "Not reachable" in mentee.open(status=HTTPStatus.SERVICE_UNAVAILABLE)
    with village.mistaken():
        assert "The mistake is ours" in mentee.open(status=HTTPStatus.INTERNAL_SERVER_ERROR)
    with village.hiding({"own": ("coordinator_address",)}):
        assert "Your coordinators" not in mentee.open()
    guest.open("who-sees-what")
    village.erase(pair, "mentee")
    assert "was erased" in mentee.open(status=HTTPStatus.GONE)


@told
def reminders_are_stopped_from_a_mail(village: Village) -> None:
    cohort = village.cohort("stopped", count=1)
    (pair,) = cohort.pairs
    cohort.until(STARTS + HOUR)
    mentee = village.visitor(pair, "mentee", "unsubscribe")
    mentee.open(lang="en")
    assert "no more preparation mails" in mentee.send("")
    assert "Reminders are off" in mentee.open()
    assert "reach you again" in mentee.send("/again")


@told
def a_calendar_link_is_replaced(village: Village) -> None:
    cohort = village.cohort("calendar", count=1, languages=("en", "de"))
    (pair,) = cohort.pairs
    cohort.until(STARTS + HOUR)
    mentor = village.visitor(pair, "mentor")
    mentor.open("calendar")
    old = village.visitor(pair, "mentor", "calendar")
    old.open("calendar.ics")
    assert "your new calendar link" in mentor.send("/calendar")
    assert "was replaced" in old.open("calendar.ics", status=HTTPStatus.GONE)


# -- certificates ------------------------------------------------------------------------------------------------------------------


@told
def a_certificate_shows_results_and_no_longer(village: Village) -> None:
    """Its holder asks for both; strangers look at each edition's page and have files checked there."""
    cohort = village.cohort("shown", count=1, milestones=["first-talk", "introduction"], share=50)
    (pair,) = cohort.pairs
    meet(pair, 1)
    pair.say("o-ana", c.WaiveMilestone(milestone="introduction"))
    cohort.until()
    mentee, guest = village.visitor(pair, "mentee"), village.guest()
    first = village.certificate(pair, "mentee")
    mentee.open("certificate")
    assert "Please choose" in mentee.send("/certificate", WRONG, results="perhaps")
    with village.temporal_away():
        assert "try again in a minute" in mentee.send("/certificate", HTTPStatus.SERVICE_UNAVAILABLE, results="yes")
    with village.nobody_working():
        assert "Kept safely" in mentee.send("/certificate", results="yes")
    assert "waived, counts as done" in guest.open("c", village.certificate(pair, "mentee").id)
    second = village.certificate(pair, "mentee")
    assert "Superseded" in guest.open("c", first.id)
    mentee.open("certificate")
    assert "This is the new certificate" in mentee.send("/certificate", results="no")
    third = village.certificate(pair, "mentee")
    assert "has taken these back" in guest.open("c", second.id)
    assert "not given out" in guest.open("c", second.id, "certificate.pdf", status=HTTPStatus.GONE)
    mentors = village.certificate(pair, "mentor")
    pdf, credential = village.files(third)
    guest.open("c", third.id)
    assert "Genuine" in guest.show(pdf)
    assert "is not the one that we issued" in guest.show(pdf + b"\n%")
    assert "changed after it was signed" in guest.show(credential.replace("Engineering", "Another").encode())
    assert "not signed with a key" in guest.show(json.dumps({**json.loads(credential), "issuer": {"id": ELSEWHERE}}).encode())
    assert "Not a certificate" in guest.show(b"hello")
    assert "Superseded" in guest.show(village.files(first)[0])
    assert "issued to" not in guest.show(village.files(second)[0] + b"\n%")
    assert "know of no such certificate" in guest.show(village.unregistered(third))
    with village.without_keys():
        assert "Cannot be checked here" in guest.show(pdf)
    guest.open("c", mentors.id)
    assert "another certificate" in guest.show(pdf)
    assert "Unknown" in guest.open("c", "x", status=HTTPStatus.NOT_FOUND)
    village.revoke(pair, "mentee")
    assert "no longer valid" in mentee.open("certificate")
    assert "Revoked" in guest.open("c", third.id)
    kept, _ = village.files(mentors)
    village.erase(pair, "mentor")
    assert "asked to be erased" in guest.open("c", mentors.id)
    assert "issued to" not in guest.show(kept)
