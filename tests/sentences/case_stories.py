"""Stories of those who look after others: the coordinators' list and its lines; concerns, with those who raise them and those who are asked."""

from __future__ import annotations

from http import HTTPStatus

from mentorship import commands as c
from tests.sentences.house import STARTS
from tests.sentences.stories import DAY, HOUR, Stories, accept, meet, on
from tests.sentences.village import Village
from tests.sentences.visitor import WRONG

CASE_STORIES = Stories()
told = CASE_STORIES.told

# -- the coordinators' list ----------------------------------------------------------------------------------------------------------


@told
def lines_are_taken_and_closed(village: Village) -> None:
    """Ana and Nadia share a list: they take, set aside, take over, give back and close."""
    cohort = village.cohort("list", [(f"mentor-{n}", f"mentee-{n}") for n in range(6)], count=1, languages=("en", "de"))
    ana, nadia = village.coordinator(cohort), village.coordinator(cohort, "e-1002")
    cohort.until(STARTS + HOUR)
    assert "No pair is waiting" in ana.open()
    for pair in cohort.pairs:
        pair.say("o-ana", c.Flag(), STARTS + HOUR)
    for group in ("mine", "aside", "others", "closed", "waiting"):
        ana.open(show=group)
    ana.line(0)
    nadia.open()
    nadia.line(0)
    ana.send("/take")
    assert "Somebody else has it" in nadia.send("/take")
    village.rename("e-1001", "\u2060")
    nadia.open(show="others")
    assert "If another coordinator is away" in nadia.line(0)
    village.rename("e-1001", "Ana Keller")
    assert "If Ana Keller is away, you can take it over" in nadia.open(nadia.ref)
    assert "It is in your hands" in nadia.send("/take_over")
    nadia.open(show="mine")
    nadia.line(0)
    assert "Given back" in nadia.send("/give_back")
    ana.open()
    ana.line(0)
    assert "Please choose" in ana.send("/set_aside", WRONG)
    assert "Set aside until" in ana.send("/set_aside", days="3")
    ana.open(show="aside")
    ana.line(0)
    assert "Please choose" in ana.send("/close", WRONG)
    with village.nobody_working():
        assert "kept safely" in ana.send("/close", outcome="ended")
    for outcome in ("talked", "rhythm_changed", "rematch", "nothing_needed"):
        nadia.open()
        nadia.line(0)
        ana.open()
        ana.line(0)
        closed = ana.ref
        assert "own record says so" in ana.send("/close", outcome=outcome)
        assert "closed before" in nadia.send("/close", outcome="talked")
    ana.open()
    ana.line(0)
    by_itself = ana.ref
    for pair in cohort.pairs:
        pair.say("o-ana", c.End(reason="operator"))
    assert "without a coordinator" in ana.open(by_itself)
    assert "Closed on" in ana.open(closed)
    assert "By Ana Keller" in nadia.open(show="closed")


@told
def every_kind_of_line(village: Village) -> None:
    """Why a pair may need a person, and mails drafted for it, to readers of two languages, one of whom has no name."""
    for name, nameless in (("kinds", False), ("kinds-unnamed", True)):
        attention = {"no_meeting_by": "P2D", "offer_rematch": "P4D", "not_held_in_a_row": 1, "unreported_in_a_row": 1}
        cohort = village.cohort(
            name, [("mentor", "mentee")] * 1, count=4, attention=attention, nameless=nameless, languages=("en", "de"), pause={"longest": "P5D"}
        )
        (pair,) = cohort.pairs
        ana = village.coordinator(cohort)
        accept(pair)
        cohort.until(STARTS + 5 * DAY)
        pair.say("o-ana", c.Flag())
        for n in (1, 2, 3):
            pair.say("mentee", c.CancelMeeting(meeting=n, reason="work"), on(pair, n, hours=3))
        cohort.until(pair.meeting(4).start + 9 * DAY)
        pair.say("o-hr", c.Pause(away=pair.ref("mentee"), begins=cohort.now, until=cohort.now + 30 * DAY))
        cohort.until(cohort.now + 7 * DAY)
        ana.open()
        for n in range(ana.lines):
            ana.open()
            ana.line(n)
        pair.say("o-ana", c.End(reason="stepped_away", leaver=pair.ref("mentor")))
        ana.open()
        ana.line(0)
    font = village.cohort("kinds-font", count=1, milestones=["first-talk"], share=100, names={"mentee": "Noor \U000130b8"})
    meet(font.pairs[0], 1)
    font.until(font.pairs[0].state.ends + 8 * DAY)
    ana = village.coordinator(font)
    ana.open()
    ana.line(0)


@told
def a_list_of_several_pages(village: Village) -> None:
    cohort = village.cohort("long-list", [(f"mentor-{n}", f"mentee-{n}") for n in range(42)], count=1)
    for pair in cohort.pairs:
        pair.say("o-ana", c.Flag(), STARTS + HOUR)
    ana = village.coordinator(cohort)
    assert "Page 1 of 3" in ana.open()
    ana.follow("page=2")
    ana.follow("page=3")


# -- concerns ----------------------------------------------------------------------------------------------------------------------


@told
def a_concern_is_raised_and_closed(village: Village) -> None:
    """The mentee chooses Sam and pauses the meetings; Sam reads, takes and closes it."""
    cohort = village.cohort("raised", count=3)
    (pair,) = cohort.pairs
    cohort.until(STARTS + HOUR)
    mentee = village.worried(pair, "mentee")
    sam, ana = cohort.refs["e-1004"], cohort.refs["e-1001"]
    mentee.open()
    mentee.open("new")
    assert "Please choose" in mentee.send("/new", WRONG)
    mentee.send("/new", about="else", email="raised-mentor@example.org")
    assert "Please choose" in mentee.send("/send", WRONG, text="It weighs on me", hold="yes")
    assert "Please write" in mentee.send("/send", WRONG, contact=sam)
    with village.temporal_away():
        mentee.send("/send", HTTPStatus.SERVICE_UNAVAILABLE, contact=[sam, ana], text="It weighs on me", hold="yes")
    with village.too_fast():
        mentee.send("/send", HTTPStatus.TOO_MANY_REQUESTS, contact=[sam, ana], text="It weighs on me", hold="yes")
    cohort.until(cohort.now + DAY)
    form = mentee.page
    assert "You have paused the meetings" in mentee.send("/send", contact=[sam, ana], text="It weighs on me", hold="yes")
    (case,) = village.concerns(pair)
    assert "Please choose" in mentee.send("/ask", WRONG)
    mentee.send("/ask", contact=cohort.refs["e-1002"])
    sams, anas = village.contact(case.id, sam), village.contact(case.id, ana)
    anas.open()
    sams.open()
    assert "The person has paused the meetings" in sams.send("/read")
    sams.send("/take")
    mentee.page = form
    assert "sent before" in mentee.send("/send", HTTPStatus.CONFLICT, contact=sam, text="Something else")
    assert "Somebody else is looking after it" in anas.send("/read")
    sams.open()
    sams.send("/read")
    assert "Please choose" in sams.send("/close", WRONG)
    pair.say("o-ana", c.Resume())
    assert "not by your word" in mentee.open()
    assert "You have paused" in mentee.send("/hold")
    assert "You no longer pause" in mentee.send("/release")
    mentee.send("/hold")
    mentee.open()
    sams.open()
    sams.send("/read")
    sams.send("/close", outcome="talked", release="yes")
    assert "This is closed" in sams.open()
    assert "What you sent is closed" in mentee.open()


@told
def concerns_whose_pauses_cannot_be(village: Village) -> None:
    """The meetings are paused already; they were paused for as long as they may; they are over. Nobody who was asked can be reached any more."""
    cohort = village.cohort("unpaused", count=3, pause={"longest": "P5D"})
    (pair,) = cohort.pairs
    mentee = village.worried(pair, "mentee")
    sam = cohort.refs["e-1004"]
    pair.say("o-ana", c.Pause(until=STARTS + 4 * DAY), STARTS + HOUR)

    def tell() -> None:
        mentee.open("new")
        mentee.send("/new", about="partner")
        mentee.send("/send", contact=sam, text="It weighs on me", hold="yes")

    tell()
    assert "paused already" in mentee.open()
    mentee.send("/withdraw")
    assert "paused already" in mentee.open()
    tell()
    first = village.concerns(pair)[-1]
    cohort.until(STARTS + 5 * DAY)
    assert "the meetings go on" in mentee.open()
    mentee.send("/hold")
    cohort.until(STARTS + 9 * DAY)
    mentee.open()
    mentee.send("/withdraw")
    tell()
    assert "as long as the programme allows" in mentee.open()
    village.contact(first.id, sam).open()
    second = village.concerns(pair)[-1]
    sams = village.contact(second.id, sam)
    sams.open()
    assert "wanted to pause the meetings" in sams.send("/read")
    with village.gone("e-1004"):
        assert "Please ask somebody else" in mentee.open()
        with village.gone("e-1001", "e-1002", "e-1003"):
            assert "somebody in your company whom you trust" in mentee.open()
            mentee.open("new")
            assert "nobody can be offered" in mentee.send("/new", about="nobody")
    mentee.open()
    mentee.send("/withdraw")
    sams.open()
    pair.say("o-ana", c.End(reason="operator"))
    cohort.until()
    assert "There are no meetings left" in mentee.open()
    mentee.open("new")
    mentee.send("/new", about="nobody")


@told
def a_concern_of_somebody_erased(village: Village) -> None:
    cohort = village.cohort("erased", count=1, nameless=True)
    (pair,) = cohort.pairs
    cohort.until(STARTS + HOUR)
    mentee = village.worried(pair, "mentee")
    ana = cohort.refs["e-1001"]
    village.rename("e-1004", "\u2060")
    mentee.open()
    mentee.open("new")
    assert "Somebody without a name" in mentee.send("/new", about="nobody")
    mentee.send("/send", contact=ana, text="It weighs on me")
    (case,) = village.concerns(pair)
    anas = village.contact(case.id, ana)
    anas.open()
    assert "From" not in anas.send("/read")
    anas.send("/take")
    village.erase(pair, "mentee")
    anas.open()
    assert "What was written is gone" in anas.send("/read")
