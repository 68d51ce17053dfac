"""What is held about somebody, as shown to the person and to an operator: one assembly, governed by the table of visibility (H12, P8)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mentorship import commands as c
from mentorship import visibility
from mentorship.advance import Advanced, advance, begin
from mentorship.commands import Slot
from mentorship.events import MentorshipStarted
from mentorship.people import Pair
from records.cases import Case
from records.held import held
from records.journal import JournalEntry

STARTS = datetime(2027, 3, 1, 9, tzinfo=UTC)
ENDS = STARTS + timedelta(weeks=26)
NOW = STARTS + timedelta(weeks=8)
THEIRS = "of-the-partner-alone"
"""In every word that the partner writes."""


@dataclass
class Lived:
    """Ada mentors Ben. Both say, write and keep private what people do; the core journals it."""

    records: Any
    ada: str
    ben: str
    mentorship: str
    turn: Advanced
    number: int = 0

    async def say(self, who: str, command: Any, after: timedelta) -> None:
        self.number += 1
        at = STARTS + after
        await self._keep(advance(self.turn.state, [command.model_copy(update={"message_id": f"m-{self.number}", "by": who, "at": at})], at))

    async def _keep(self, turn: Advanced) -> None:
        self.turn = turn
        await self.records.journal.append(self.mentorship, [JournalEntry.model_validate(entry.model_dump()) for entry in turn.entries])

    async def write(self, who: str, kind: str, text: str, *, shared: bool = False) -> str:
        return await self.records.notes.put(who, self.mentorship, kind, text, shared)

    async def concern(self, raiser: str, subject: str, text: str) -> None:
        case = Case(id="", raiser=raiser, mentorship=self.mentorship, programme="engineering-2027", subject=subject, contacts=(), opened_at=NOW)
        await self.records.cases.open(case, text, f"form of {raiser}")

    async def held(self, who: str, reader: Any) -> Any:
        """What is held, as it is handed over: JSON."""
        return json.loads((await held(self.records, who, reader, NOW)).model_dump_json())


@pytest.fixture
async def lived(records, people, mentorship, programme) -> Lived:
    ada, ben = people
    benefits = {"mentor": ("Seeing with new eyes.",), "mentee": ("A second pair of eyes.", "Courage.")}
    told = programme.model_copy(update={"benefits": programme.benefits.model_copy(update=benefits)})
    await records.programmes.put(told)
    await records.cohorts.mark_started(mentorship, STARTS)
    days = [STARTS + timedelta(days=7 + 14 * n) for n in range(12)]
    slots = tuple(Slot(start=day, prepare_at=day - timedelta(days=3), ask_at=day + timedelta(days=1)) for day in days)
    ends = {"ends": ENDS, "reporting_ends": ENDS + timedelta(days=7)}
    begun = begin(MentorshipStarted(at=STARTS, pair=Pair(mentor=ada, mentee=ben), rules=told.rules(), starts=STARTS, slots=slots, **ends))
    story = Lived(records, ada, ben, mentorship, begun)
    await story._keep(begun)
    for minute, who in enumerate(people):
        await story.say(who, c.ConfirmMeeting(meeting="all"), timedelta(minutes=minute))
    goal, step = await story.write(ben, "goal", "Lead a review"), await story.write(ben, "action", "Ask Ida")
    await story.say(ben, c.SetGoal(goal="g-ben", note_id=goal, actions=(step,)), timedelta(days=1))
    await story.say(ada, c.SetGoal(goal="g-ada", note_id=await story.write(ada, "goal", f"a goal {THEIRS}")), timedelta(days=1))
    await story.say(ben, c.ReportMeeting(meeting=1, held=True), timedelta(days=7, hours=2))
    for who, text in ((ben, "It helped me"), (ada, f"feedback {THEIRS}")):
        note = await story.write(who, "feedback", text)
        await story.say(who, c.SubmitPrivately(body=c.Feedback(meeting=1, note_id=note)), timedelta(days=7, hours=3))
        await story.say(who, c.SubmitPrivately(body=c.SurveyAnswers(survey="pulse", answers={"trust": 4 if who == ben else 1})), timedelta(days=8))
    await story.say(ben, c.SubmitPrivately(body=c.Pins(benefits=("mentee.1",))), timedelta(days=9))
    await story.say(ada, c.SubmitPrivately(body=c.Pins(benefits=("mentor.0",))), timedelta(days=9))
    await story.say(ben, c.CancelMeeting(meeting=2, reason="personal"), timedelta(days=20, hours=23))
    for n in (3, 4):  # late, and for the second time: the nudge is Ada's alone
        await story.say(ada, c.CancelMeeting(meeting=n, reason="work"), timedelta(days=7 + 14 * (n - 1)) - timedelta(hours=1))
    await story.say(ben, c.Excuse(meeting=9), timedelta(days=50))
    for kind, who in (("prepare", ben), ("nudge", ben), ("nudge", ada)):
        await records.notices.begin(f"{mentorship}/{kind}-{who}", who, kind, False, STARTS, 6, timedelta(days=30))
    await records.notices.failed(f"{mentorship}/prepare-{ben}", "550 ben@corp.example unknown", STARTS)
    await records.certificates.reserve(mentorship, ben, {"holder_name": "Ben Oyelaran", "holder_email": "ben@corp.example"})
    return story


# -- the person -------------------------------------------------------------------------------------------------------------


async def test_a_person_gets_everything_of_their_own(lived):
    told = await lived.held(lived.ben, "own")
    assert (told["profile"]["name"], told["profile"]["email"], told["profile"]["manager_id"]) == ("Ben Oyelaran", "ben@corp.example", "E-9")
    [mine] = told["mentorships"]
    assert {(word["kind"], word["text"], word["meeting"], word["goal"]) for word in mine["words"]} == {
        ("goal", "Lead a review", None, "g-ben"),
        ("action", "Ask Ida", None, "g-ben"),
        ("feedback", "It helped me", 1, None),
    }
    assert [goal["goal"] for goal in mine["goals"]] == ["g-ben"]
    assert [(one["survey"], one["answers"]) for one in mine["surveys"]] == [("pulse", {"trust": 4})]
    assert mine["pins"] == [{"benefit": "mentee.1", "text": "Courage."}]
    plan = mine["plan"]
    assert (plan["title"], plan["phase"], plan["certified"]) == ("Engineering mentorship", "active", None)
    assert [(m["meeting"], m["held"], m["called_off_by"]) for m in plan["meetings"][:4]] == [
        (1, True, None),
        (2, False, "own"),
        (3, False, "partner"),
        (4, False, "partner"),
    ]
    assert [(one["id"], one["title"], one["done_at"]) for one in plan["milestones"]] == [("aligned", "Expectations agreed", None)]
    assert [(mail["kind"], mail["why"]) for mail in told["mails"]] == [("nudge", None), ("prepare", "550 ben@corp.example unknown")]
    assert told["certificates"][0]["fields"]["holder_name"] == "Ben Oyelaran"
    assert told["withheld"] == {"texts": 0, "facts": 0}


async def test_own_commands_stand_with_their_outcomes(lived):
    [mine] = (await lived.held(lived.ben, "own"))["mentorships"]
    asked = [(fact["name"], fact["outcome"], fact["reason"]) for fact in mine["facts"] if fact["kind"] == "command"]
    assert ("cancel_meeting", "applied", None) in asked
    assert ("excuse", "refused", "nothing_to_excuse") in asked
    [cancelled] = [fact for fact in mine["facts"] if fact["name"] == "meeting_cancelled"]
    assert (cancelled["body"]["meeting"], cancelled["body"]["reason"]) == (2, "personal")


async def test_nothing_of_the_partners_alone_is_in_it(lived):
    """H14: how often the partner called off late, and that they were nudged, is theirs; so is what they wrote, answered and pinned."""
    told = await lived.held(lived.ben, "own")
    text = json.dumps(told)
    for theirs in (THEIRS, lived.ada, "Ada Quill", "ada.quill@corp.example", "g-ada", "mentor.0", "ladder_climbed", "work", '"trust": 1', "PAIR-1"):
        assert theirs not in text, theirs
    hers = await lived.held(lived.ada, "own")
    assert "ladder_climbed" in json.dumps(hers), "she reads of it herself"


async def test_a_concern_is_in_what_its_raiser_gets(lived):
    await lived.concern(lived.ben, lived.ada, "It weighs on me")
    [raised] = (await lived.held(lived.ben, "own"))["concerns"]
    assert (raised["text"], raised["state"], raised["holds_meetings"]) == ("It weighs on me", "waiting", False)


async def test_whom_a_concern_is_about_gets_the_same_as_without_it(lived):
    """H16: neither they nor an operator can find a trace, of whoever it is about."""
    readers = [(who, reader) for who in (lived.ada, lived.ben) for reader in ("own", "operators")]
    before = {(who, reader): await lived.held(who, reader) for who, reader in readers}
    await lived.concern(lived.ben, lived.ada, "It weighs on me")
    for who, reader in readers:
        if (who, reader) != (lived.ben, "own"):
            assert await lived.held(who, reader) == before[who, reader]


# -- an operator ------------------------------------------------------------------------------------------------------------


async def test_an_operator_gets_the_rest_without_a_word_and_is_told_how_much_is_left_out(lived):
    told = await lived.held(lived.ben, "operators")
    [pair] = told["mentorships"]
    text = json.dumps(told)
    for private in ("Lead a review", "Ask Ida", "It helped me", "ben@corp.example", "personal", "Courage", '"trust"', "submit_privately", "nudge"):
        assert private not in text, private
    assert told["withheld"]["texts"] == 3
    assert told["withheld"]["facts"] > 0
    assert (told["profile"]["name"], pair["pair_id"], pair["plan"]["meetings"][0]["held"]) == ("Ben Oyelaran", "PAIR-1", True)
    assert [(word["kind"], word["text"]) for word in pair["words"]] == [("goal", None), ("action", None)]
    assert [mail["kind"] for mail in told["mails"]] == ["prepare"]
    assert "own page" in told["left_out"]


async def test_what_is_withheld_is_what_the_person_has_besides(lived):
    own, shown = await lived.held(lived.ben, "own"), await lived.held(lived.ben, "operators")

    def lines(told):
        return len(told["mentorships"][0]["facts"]) + len(told["mails"])

    assert lines(own) - lines(shown) == shown["withheld"]["facts"]


async def test_that_somebody_was_asked_about_a_concern_is_no_operators_business(lived):
    """H16: not even a count, since a count is a trace."""
    await lived.records.notices.begin("asked", lived.ada, "nothing", False, NOW, 6, timedelta(days=30))
    before = await lived.held(lived.ada, "operators")
    for kind in ("concern", "unowned", "a kind of a later release"):
        await lived.records.notices.begin(f"key-{kind}", lived.ada, kind, True, NOW, 6, timedelta(days=30))
    assert await lived.held(lived.ada, "operators") == before
    assert "concern" in [mail["kind"] for mail in (await lived.held(lived.ada, "own"))["mails"]]


async def test_the_table_decides(lived, monkeypatch):
    """H12: changing who sees what changes this as well."""
    monkeypatch.setitem(visibility._TABLE, "surveys", {**visibility._TABLE["surveys"], "operators": "yes"})
    monkeypatch.setitem(visibility._TABLE, "goals", {**visibility._TABLE["goals"], "operators": "yes"})
    monkeypatch.setitem(visibility._TABLE, "concern", {})
    shown = (await lived.held(lived.ben, "operators"))["mentorships"][0]
    assert [one["answers"] for one in shown["surveys"]] == [{"trust": 4}]
    assert "Lead a review" in [word["text"] for word in shown["words"]]
    await lived.concern(lived.ben, lived.ada, "It weighs on me")
    assert (await lived.held(lived.ben, "own"))["concerns"] == []


# -- what is no longer kept -------------------------------------------------------------------------------------------------


async def test_words_that_are_no_longer_kept_are_not_in_it(lived):
    await lived.records.notes.forget(lived.mentorship)
    [mine] = (await lived.held(lived.ben, "own"))["mentorships"]
    assert (mine["words"], [goal["goal"] for goal in mine["goals"]]) == ([], ["g-ben"])


async def test_of_a_mentorship_that_never_began_there_is_who_is_in_it(records, people, mentorship):
    told = await held(records, people[1], "own", NOW)
    assert (told.mentorships[0].state, told.mentorships[0].plan, told.mentorships[0].facts) == ("pending", None, ())
