"""`/p/{token}`: what it says, and that looking at it changes nothing (H1, H3, H10, P5)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from ruamel.yaml import YAML

from mentorship import commands as c
from mentorship.programme import Fact, Milestone, Programme
from records.people import Profile

CODES, *NUMBERED = get_args(Fact)
FACTS = (*get_args(CODES), *(kind(**dict.fromkeys(kind.model_fields, 1)) for kind in NUMBERED))


def with_every_fact() -> Programme:
    programme = Programme.model_validate(YAML(typ="safe").load(Path(__file__).parents[3] / "examples" / "engineering-2027.yaml"))
    return programme.model_copy(update={"milestones": tuple(Milestone(id=f"fact-{n}", title="A fact", when=fact) for n, fact in enumerate(FACTS))})


async def test_the_page_says_what_is_next_and_how_to_prepare(browser, two, says):
    page = await browser.get(two.page())
    assert page.status_code == 200
    said = says(page)
    assert "You and Ana Mentor" in said
    assert "Monday 8 March, 09:00" in said  # Ben reads in London's time
    assert "Getting started" in said
    assert "What would make this time worth it for each of us?" in said
    assert "All times are London time." in said


async def test_a_hook_whose_clock_is_behind_shows_the_next_conversation_and_its_topic(browser, two, says):
    """P5: by another clock the first has begun, and somebody has said that it did not take place."""
    begins = two.meeting(1).start
    await two.until(begins)
    assert await two.say("ben", c.ReportMeeting(meeting=1, held=False)) == "applied"
    two.clock.now = begins - timedelta(seconds=3)
    page = await browser.get(two.page())
    assert page.status_code == 200
    assert "Getting started" in says(page)


async def test_the_picture_explains_the_marks_that_are_in_it_and_no_others(browser, two):
    async def explained() -> list[str]:
        legend = re.search(r'<ul class="legend quiet">(.*?)</ul>', (await browser.get(two.page())).text, re.DOTALL)
        return re.findall(r"</svg>(.*?)</li>", legend[1] if legend else "")

    assert await explained() == ["proposed", "today"]
    await two.until(two.meeting(1).start + timedelta(hours=1))
    await two.say("ben", c.ReportMeeting(meeting=1, held=True))
    assert await explained() == ["held", "proposed", "today"]
    await two.until(two.state.ends + timedelta(hours=1))
    assert await explained() == ["held", "unreported"], "today is outside the programme's time"


async def test_where_all_times_wait_to_be_accepted_accepting_one_is_not_as_loud(browser, two):
    page = (await browser.get(two.page())).text
    assert "<button>Accept all 12 times</button>" in page
    assert '<button class="second">Accept this time</button>' in page


@pytest.mark.parametrize("programme", [pytest.param(with_every_fact(), id="every-fact")])
async def test_of_what_comes_by_itself_no_page_says_that_somebody_reports_it(browser, two, says):
    """A fact without words of its own in participant.html would read as if anybody could report it."""
    said = says(await browser.get(two.page()))
    assert said.count("Comes by itself") == len(FACTS)
    assert "reports it" not in said


async def test_the_mentor_reads_the_same_page_in_german(browser, two, says):
    page = await browser.get(two.page("ana"))
    assert '<html lang="de" dir="ltr">' in page.text
    assert "Ben Mentee" in says(page)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_looking_changes_nothing(method, browser, two, mentorship, running, http):
    paths = [
        "",
        "/confirm_expectations",
        "/confirm_meeting/all",
        "/cancel_meeting/1",
        "/move_meeting/1",
        "/set_goal",
        "/private_link",
        "/record_milestone/shadowing",
    ]
    before = await two.records.journal.entries(two.mentorship)
    for path in paths:
        answer = await http.request(method, two.page() + path)
        assert answer.status_code == 200, path
    assert await mentorship.signals() == []
    assert await two.records.doors.of(two.mentorship) == []
    assert await two.records.journal.entries(two.mentorship) == before


async def test_both_expectations_and_slots_wait_for_a_person_that_has_done_nothing(browser, two, says):
    said = says(await browser.get(two.page()))
    assert "Accept all 12 times" in said
    assert "Three things to talk about first" in said
    await two.say("ben", c.ConfirmMeeting(meeting="all"))
    assert "Accept all" not in says(await browser.get(two.page()))


def with_one_for_both() -> Programme:
    programme = Programme.model_validate(YAML(typ="safe").load(Path(__file__).parents[3] / "examples" / "engineering-2027.yaml"))
    milestones = (one.model_copy(update={"by": "both"}) if one.id == "shadowing" else one for one in programme.milestones)
    return programme.model_copy(update={"milestones": tuple(milestones)})


@pytest.mark.parametrize("programme", [pytest.param(with_one_for_both(), id="both")])
async def test_what_the_partner_reported_waits_for_the_word_of_the_other(browser, two, says):
    """Milestones: one that needs both says so where everything stands that waits, and beside its title."""
    told = dict.fromkeys(("ana", "ben"), "reported it; it counts when you confirm it too.")

    async def waits() -> dict[str, int]:
        return {person: says(await browser.get(f"{two.page(person)}?lang=en")).count(words) for person, words in told.items()}

    assert await waits() == {"ana": 0, "ben": 0}
    await two.say("ben", c.RecordMilestone(milestone="shadowing"))
    assert await waits() == {"ana": 2, "ben": 0}
    await two.say("ana", c.RecordMilestone(milestone="shadowing"))
    assert await waits() == {"ana": 0, "ben": 0}


async def test_a_pause_takes_no_conversation_from_those_that_are_planned(browser, two, says):
    """Each gets a new time after the pause (P6). During it the page used to say that two were planned in all once two were held."""
    await two.until(two.meeting(1).start + timedelta(hours=1))
    await two.say("ben", c.ReportMeeting(meeting=1, held=True))
    await two.say("op-1", c.Pause(until=two.clock.now + timedelta(days=20)))
    said = says(await browser.get(two.page()))
    assert "Your mentorship is paused until" in said
    assert "1 conversation held, 12 planned in all." in said
    await two.say("op-1", c.Resume())
    assert len(two.state.meetings) == 1, "the new times are asked for"
    assert "1 conversation held, 12 planned in all." in says(await browser.get(two.page()))
    await two.say("op-1", c.End(reason="rematch"))
    assert "1 conversation held, 12 planned in all." in says(await browser.get(two.page())), "nor does an early end"


async def test_in_a_pause_the_end_is_told_as_the_pause_moves_it(browser, two, says):
    """P6, H7: what is done until then counts. The page used to give the end from before the pause."""

    async def tells() -> list[str]:
        page = await browser.get(two.page())
        return [*re.findall(r"if done by [^.]+", says(page)), *re.findall(r'<p class="ends quiet">(.*?)</p>', page.text)]

    before = await tells()
    await two.say("op-1", c.Pause(until=two.clock.now + timedelta(days=20)))
    paused = await tells()
    assert len(before) == len(paused) == 2
    assert not set(before) & set(paused)
    await two.until(two.clock.now + timedelta(days=21))
    assert two.state.pausing is None
    assert await tells() == paused


async def test_an_end_at_midnight_is_told_as_the_last_day_as_the_mails_tell_it(browser, matched, says):
    """Nobody reads 00:00 as the end of the day before."""
    ends = datetime(2027, 8, 30, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    two = await matched.begin(ends=ends, reporting_ends=ends + timedelta(days=7))
    said = says(await browser.get(f"{two.page('ana')}?lang=en"))
    assert "if done by Sunday 29 August, 24:00." in said
    assert "30 August" not in said
    await two.until(ends + timedelta(hours=1))
    said = says(await browser.get(f"{two.page('ana')}?lang=en"))
    assert "What was done by Sunday 29 August, 24:00 can be reported until Sunday 5 September, 24:00" in said


@pytest.mark.parametrize(
    ("spoken", "said"),
    [
        ("en", "That is enough for both certificates; they are decided after Sunday 5 September, 24:00."),
        ("de", "Das genügt für beide Zertifikate; entschieden wird nach Sonntag, 5. September, 24:00 Uhr."),
    ],
)
async def test_certificates_are_said_to_be_decided_once_reports_are_no_longer_taken(spoken, said, browser, matched, says):
    """H7: not at the end of the programme, but when the reporting grace has ended."""
    ends = datetime(2027, 8, 30, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    two = await matched.begin(ends=ends, reporting_ends=ends + timedelta(days=7))
    for rule in two.state.rules.milestones:
        await two.say("op-x", c.WaiveMilestone(milestone=rule.id))
    page = says(await browser.get(f"{two.page('ana')}?lang={spoken}"))
    assert said in page


async def test_a_waived_milestone_asks_for_no_report_and_is_told_in_the_words_of_the_mails(browser, two):
    offered = "/record_milestone/shadowing"
    assert offered in (await browser.get(two.page())).text
    await two.say("op-x", c.WaiveMilestone(milestone="shadowing"))
    page = await browser.get(f"{two.page()}?lang=de")
    assert offered not in page.text
    assert "Erlassen: Er zählt als geschafft." in page.text


async def test_a_topic_is_said_to_move_on_only_where_another_conversation_takes_it(browser, two, says):
    """H10: the last one has the closing topic, whatever was held before."""
    moves_on = "Its topic moves on to your next conversation."
    await two.until(two.meeting(11).start - timedelta(days=2))
    assert moves_on in says(await browser.get(two.page("ben", "cancel_meeting", 10)))
    for n in (11, 12):
        said = says(await browser.get(two.page("ben", "cancel_meeting", n)))
        assert "Ana Mentor hears that the meeting is off, never the reason." in said
        assert moves_on not in said


async def test_a_partner_without_a_name_begins_a_sentence_with_a_capital(browser, two, says):
    await two.say("ana", c.CancelMeeting(meeting=2, reason="work"))
    await two.say("ana", c.MoveMeeting(meeting=3, to=two.meeting(3).start + timedelta(days=1)))
    nobody = Profile(person_id="ana", name="", email="", status="gone")
    await two.records.people.enrol([nobody])
    said = says(await browser.get(two.page()))
    assert "You and your partner" in said
    for sentence in ("Your partner called it off.", "Your partner proposes another time", "Your partner proposes Tuesday 6 April, 10:00 instead."):
        assert sentence in said
    german = says(await browser.get(f"{two.page()}?lang=de"))
    for sentence in ("Ihr Gegenüber hat abgesagt.", "Sie und Ihr Gegenüber", "Ihr Gegenüber schlägt einen anderen Termin vor"):
        assert sentence in german
    assert "Ihrem Gegenüber" not in german
    form = says(await browser.get(f"{two.page('ben', 'record_milestone', 'shadowing')}?lang=de"))
    assert "Er steht auf der Seite von Ihrem Gegenüber." in form


async def test_once_certificates_are_decided_nothing_is_said_to_be_open_and_no_next_conversation_is_announced(browser, two, says):
    await two.until(two.state.ends + timedelta(hours=1))
    closing = says(await browser.get(two.page()))
    assert closing.count("“We met” counts for both of you") == 1, "said once, however many meetings wait for a word"
    assert "Open: either of you reports it." in closing
    await two.until(two.state.reporting_ends + timedelta(hours=1))
    assert two.state.decided is not None
    assert not two.state.over
    decided = says(await browser.get(two.page()))
    assert "Open: either of you reports it." not in decided
    assert "Not done." in decided
    for page in (closing, decided):
        assert "Your next conversation" not in page


async def test_what_an_early_end_left_over_is_not_waited_for(browser, two, says):
    """The mails said that there are no more meetings, but weeks later the page still said that nobody had reported whether they took place."""
    await two.until(two.meeting(1).start + timedelta(hours=1))
    await two.say("ben", c.ReportMeeting(meeting=1, held=True))
    await two.say("ana", c.MoveMeeting(meeting=3, to=two.meeting(3).start + timedelta(days=1)))
    await two.say("op-1", c.End())
    page = await browser.get(two.page())
    assert page.text.count('class="dot off" cx') == 11 + 1, "and one in the legend"
    two.clock.now = two.meeting(5).start + timedelta(hours=1)
    said = says(await browser.get(two.page()))
    assert "5 earlier meetings" in said
    assert said.count("It was taken out of the plan.") == 4
    for stale in ("Nobody has said yet", "You proposed", "proposes", "No goal yet"):
        assert stale not in said


async def test_once_reports_are_closed_nobody_is_expected_to_say_how_a_meeting_was(browser, two, says):
    yet, never = "Nobody has said yet whether it took place.", "Nobody said whether it took place."
    await two.until(two.state.ends + timedelta(hours=1))
    closing = says(await browser.get(two.page()))
    await two.until(two.state.reporting_ends + timedelta(hours=1))
    decided = says(await browser.get(two.page()))
    assert {name: (yet in said, never in said) for name, said in (("closing", closing), ("decided", decided))} == {
        "closing": (True, False),
        "decided": (False, True),
    }


async def test_what_ended_before_it_began_names_no_day_to_come(browser, two, says):
    """What comes before the start is dated at the start, which would still be ahead of whoever reads."""
    two.clock.now = two.state.starts - timedelta(days=90)
    await two.say("op-1", c.End())
    assert "This mentorship ended before it began" in says(await browser.get(two.page()))
