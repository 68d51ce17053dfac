"""P6: `cohort rematch` refuses what pairing refuses (H4, H9), and says what is carried over; nothing here needs a server."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mentorship import commands as c
from records.cohorts import Couple
from records.people import Leave
from starter import rematch_rules
from starter.faults import Findings
from starter.roster import read_roster

ROOT = Path(__file__).parents[2]
STARTS = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
MORE = """\
m3,Moe,moe@example.com,mentor,,,,,,,,
m4,Mo,mo@example.com,mentor,,,,e1,,,,
"""


@pytest.fixture
def begun(files: Any, past: Any) -> Any:
    """p1 (m1 with e1) and p2 (m2 with e2), a month old; e1 has completed a day of shadowing. m3 and m4 are known and free; m4 reports to e1."""
    files.write(people=files.people.read_text() + MORE)
    roster, faults, _ = files.read()
    assert faults == []
    told = {"p1": [c.RecordMilestone(by="mentee", milestone="shadowing", at=STARTS + 20 * DAY)]}
    past.happened(roster, STARTS, told, until=STARTS + 30 * DAY)
    return past


def dry(run: Any, *arguments: str, pair: str = "p1", mentor: str = "m3") -> Any:
    return run("cohort", "rematch", "spring-27", pair, "--mentor", mentor, "--dry-run", *arguments)


def went_on_with(mentor: str) -> Callable[[Any], Awaitable[None]]:
    """The mentee of the first pair continues in a second one."""

    async def second(records: Any) -> None:
        refs = await records.people.refs([mentor, "e1"])
        couple = Couple(pair_id="p1-2", mentor=refs[mentor], mentee=refs["e1"], starts_at=STARTS + 30 * DAY)
        (pair,) = (await records.cohorts.enrol_pairs("spring-27", [couple])).added
        await records.cohorts.mark_started(pair.mentorship, STARTS + 30 * DAY)

    return second


def test_it_says_what_would_come_along_and_what_each_would_need(begun: Any, run: Any) -> None:
    told = dry(run)

    assert (told.code, told.err) == (0, "")
    old, new, milestones, certificates = told.out.splitlines()
    assert old == "p1: would be ended"
    assert new.startswith("p1-2: would be enrolled: e1 with m3 as mentor, ")
    assert milestones == "milestones: 1 of 3 come along: shadowing"
    assert certificates == "certificates: the mentee's needs 3 of 3, the new mentor's 2 of the 2 that remain"
    found = dry(run, "--json").json
    assert found["new"]["pair_id"] == "p1-2"
    assert datetime.fromisoformat(found["new"]["ends"]) - datetime.fromisoformat(found["new"]["starts"]) > timedelta(weeks=25)


def test_a_dry_run_writes_nothing(begun: Any, run: Any, files: Any) -> None:
    people = files.folder / "more.csv"
    people.write_text("person_id,name,email\nm5,Mae,mae@example.com\n")

    assert dry(run, "--people", str(people), mentor="m5").code == 0

    assert begun.ask(lambda records: records.people.ref("m5")) is None
    assert len(begun.ask(lambda records: records.cohorts.enrolments("spring-27"))) == 2


@pytest.mark.parametrize(
    ("mentor", "why"),
    [
        ("m1", "m1 is the mentor of p1, expected somebody else"),
        ("e1", "e1 is the mentee, expected somebody else"),
        ("m9", "nobody with the id m9, expected somebody of an earlier people file, or of --people"),
        ("m4", "mentor and mentee are 1 level apart in the reporting line, expected more than 2 levels, or another line"),
        ("ana", "ana has the role coordinator, expected mentor or both"),
        ("m2", "m2 has room for 1 and has p2 of spring-27"),
    ],
)
def test_what_pairing_refuses_is_refused_here(begun: Any, run: Any, mentor: str, why: str) -> None:
    told = dry(run, mentor=mentor)

    assert told.code == 1
    assert why in told.err.splitlines()


def test_a_file_may_bring_a_new_mentor_and_newer_lines(begun: Any, run: Any, files: Any) -> None:
    people = files.folder / "more.csv"
    people.write_text("person_id,name,email,manager_id\nm5,Mae,mae@example.com,\nm4,Mo,mo@example.com,\nm3,Moe,moe@example.com,e1\n")

    assert dry(run, "--people", str(people), mentor="m5").code == 0
    assert dry(run, "--people", str(people), mentor="m4").code == 0
    assert "1 level apart" in dry(run, "--people", str(people), mentor="m3").err


def test_a_faulty_file_is_told_like_any(begun: Any, run: Any, files: Any) -> None:
    people = files.folder / "more.csv"
    people.write_text("person_id,name,email\nm5,Mae,nowhere\n")

    told = dry(run, "--people", str(people), mentor="m5")

    assert told.code == 1
    assert "more.csv:2:" in told.err


def test_who_is_away_or_gone_is_not_matched(begun: Any, run: Any) -> None:
    async def absent(records: Any) -> None:
        refs = await records.people.refs(["m3", "e1"])
        now = datetime.now(UTC)
        await records.people.note_leave(refs["m3"], Leave(begins=now - DAY, until=now + DAY), now)
        await records.people.tell(refs["e1"], {"status": "gone"}, now)

    begun.ask(absent)

    assert {"m3 is on leave", "e1 is gone"} <= set(dry(run).err.splitlines())


def test_a_pair_is_not_repeated_in_whichever_cohort_it_was(begun: Any, run: Any) -> None:
    async def before(records: Any) -> None:
        refs = await records.people.refs(["m3", "e1"])
        cohort = (await records.cohorts.get("spring-27")).model_copy(update={"id": "autumn-26"})
        await records.cohorts.put(cohort)
        await records.cohorts.enrol_pairs("autumn-26", [("a1", refs["m3"], refs["e1"])])

    begun.ask(before)

    assert "the two were a pair before: a1 of autumn-26" in dry(run).err


def test_a_mentee_who_goes_on_already_is_not_matched_twice(begun: Any, run: Any) -> None:
    async def matched(records: Any) -> None:
        refs = await records.people.refs(["m3", "m4", "e1"])
        await records.cohorts.enrol_pairs("spring-27", [("p1-2", refs["m4"], refs["e1"])])

    begun.ask(matched)

    assert "the mentee goes on already: p1-2 runs" in dry(run).err


def test_the_new_pair_id_is_the_next_free_one_and_keeps_its_people(begun: Any, run: Any) -> None:
    async def taken(records: Any) -> None:
        refs = await records.people.refs(["m1", "e2"])
        await records.cohorts.enrol_pairs("spring-27", [("p1-2", refs["m1"], refs["e2"])])

    begun.ask(taken)

    assert dry(run, "--json").json["new"]["pair_id"] == "p1-3"
    assert "cohort spring-27 has a pair p1-2 already, expected another --pair-id" in dry(run, "--pair-id", "p1-2").err
    assert dry(run, "--pair-id", "anew", "--json").json["new"]["pair_id"] == "anew"
    assert dry(run, "--pair-id", "a|b").code == 2


def test_the_first_meeting_must_be_ahead(begun: Any, run: Any) -> None:
    assert "which is past" in dry(run, "--starts", "2026-03-02").err
    assert dry(run, "--starts", "soon").code == 2
    assert dry(run, "--starts", "2099-03-02").code == 0


def test_a_pair_that_is_not_there_is_named(begun: Any, run: Any) -> None:
    assert dry(run, pair="p9").err == "cohort spring-27 has no pair p9\n"


@pytest.mark.filterwarnings("ignore:Requested Holidays")  # Egypt's are known until 2035
def test_the_readmes_example_is_taken_by_the_readmes_cohort(past: Any, run: Any) -> None:
    """The line as README.md has it, with the examples that it starts."""
    line = re.search(r"`mentorship (cohort rematch [^`]+)`", (ROOT / "README.md").read_text())
    assert line is not None
    _, _, cohort, pair, *_ = words = line[1].split()
    examples = ROOT / "examples"
    roster = read_roster(examples / "engineering-2027.yaml", examples / "people.csv", examples / "pairs.csv", Findings())
    assert roster is not None
    past.happened(roster, datetime.now(UTC) - 5 * DAY, {}, until=datetime.now(UTC), cohort=cohort)

    told = run(*words, "--dry-run")

    assert (told.code, told.err) == (0, "")
    assert told.out.startswith(f"{pair}: would be ended\n")


AGREED = ("confidentiality", "mutual_respect", "psychological_safety")


def all_done(at: datetime) -> list[Any]:
    """Everything that the small programme asks for."""
    confirmed = [c.ConfirmExpectations(by=side, expectations=AGREED, at=at) for side in ("mentor", "mentee")]
    return [*confirmed, c.SetGoal(by="mentee", goal="g-1", note="n-1", at=at), c.RecordMilestone(by="mentee", milestone="shadowing", at=at)]


@pytest.mark.parametrize(("ended", "why"), [(True, "has earned the certificate"), (False, "earns the certificate when it ends")])
def test_a_certificate_is_not_earned_twice_by_the_same_milestones(files: Any, past: Any, run: Any, ended: bool, why: str) -> None:
    """H7: exactly one a person; and the new mentor would have nothing left with which to earn theirs."""
    files.write(people=files.people.read_text() + MORE)
    end = [c.End(by="p-operator", reason="stepped_away", at=STARTS + 25 * DAY)] if ended else []
    past.happened(files.read()[0], STARTS, {"p1": [*all_done(STARTS + 20 * DAY), *end]}, until=STARTS + 30 * DAY)

    told = dry(run)

    assert told.code == 1
    assert told.err == f"the mentee of p1 {why}: what follows is a new pair, with `cohort start`\n"


def test_what_was_earned_goes_along_after_an_end_for_conduct(files: Any, past: Any, run: Any) -> None:
    """H7: that end certifies nobody, so nothing has been earned yet."""
    files.write(people=files.people.read_text() + MORE)
    end = c.End(by="p-operator", reason="conduct", at=STARTS + 25 * DAY)
    past.happened(files.read()[0], STARTS, {"p1": [*all_done(STARTS + 20 * DAY), end]}, until=STARTS + 30 * DAY)

    assert dry(run, "--json").json["milestones"]["brought"] == ["aligned", "goal", "shadowing"]


def test_a_mentee_who_was_matched_anew_goes_on_from_their_last_pair(begun: Any, run: Any) -> None:
    """P6: from the first pair, what was earned with the second mentor would be left behind, or its certificate earned again."""
    begun.ask(went_on_with("m4"))

    assert "the mentee went on with p1-2 after p1, expected that pair" in dry(run).err.splitlines()


def test_a_former_mentor_is_no_new_match_and_nothing_is_ended_for_it(begun: Any, run: Any) -> None:
    """H4: m3 had the mentee before m4. Taken for a repeat of the same command, this would end the running pair and begin none."""

    async def twice(records: Any) -> None:
        refs = await records.people.refs(["m3", "m4", "e1"])
        mentors = (("p1-2", "m3"), ("p1-3", "m4"))
        couples = [Couple(pair_id=name, mentor=refs[mentor], mentee=refs["e1"], starts_at=STARTS + 30 * DAY) for name, mentor in mentors]
        for pair in (await records.cohorts.enrol_pairs("spring-27", couples)).added:
            await records.cohorts.mark_started(pair.mentorship, STARTS + 30 * DAY)

    begun.ask(twice)

    told = dry(run, pair="p1-3")

    assert (told.code, told.out) == (1, "")
    assert "the two were a pair before: p1-2 of spring-27" in told.err.splitlines()


def test_a_file_without_managers_hides_no_line(begun: Any, run: Any, files: Any) -> None:
    """H4: what the file leaves out is as records know it: m4 reports to the mentee, and so does m5, through m4."""
    people = files.folder / "more.csv"
    people.write_text("person_id,name,email\nm4,Mo,mo@example.com\n")
    assert "1 level apart" in dry(run, "--people", str(people), mentor="m4").err
    people.write_text("person_id,name,email,manager_id\nm5,Mae,mae@example.com,m4\n")
    assert "2 levels apart" in dry(run, "--people", str(people), mentor="m5").err


def test_a_file_of_an_earlier_day_brings_nobody_back(begun: Any, run: Any, files: Any) -> None:
    people = files.folder / "more.csv"
    people.write_text("person_id,name,email,status\nm3,Moe,moe@example.com,active\nm4,Mo,mo@example.com,active\n")

    async def gone(records: Any) -> None:
        refs = await records.people.refs(["m3", "m4"])
        await records.people.tell(refs["m3"], {"status": "gone"}, datetime.now(UTC))
        await records.people.erase(refs["m4"])

    begun.ask(gone)

    assert "m3 is gone" in dry(run, "--people", str(people)).err.splitlines()
    assert "nobody with the id m4" in dry(run, "--people", str(people), mentor="m4").err


def test_the_new_mentors_address_is_nobody_elses(begun: Any, run: Any, files: Any) -> None:
    people = files.folder / "more.csv"
    people.write_text("person_id,name,email\nm5,Mae,Eli@Example.com\n")

    told = dry(run, "--people", str(people), mentor="m5")

    assert told.err == "m5: the address is that of e2 in records, expected one of their own, since mail is private\n"


def test_taken_again_after_it_broke_off_it_goes_on_with_the_same_pair(files: Any, past: Any, run: Any) -> None:
    """P6: the old pair had ended and the new one was enrolled; any other mentor would be another request."""
    files.write(people=files.people.read_text() + MORE)
    past.happened(files.read()[0], STARTS, {"p1": [c.End(by="p-operator", reason="rematch", at=STARTS + 25 * DAY)]}, until=STARTS + 30 * DAY)

    async def enrolled(records: Any) -> None:
        refs = await records.people.refs(["m3", "e1"])
        await records.cohorts.enrol_pairs("spring-27", [Couple(pair_id="p1-2", mentor=refs["m3"], mentee=refs["e1"], starts_at=STARTS + 26 * DAY)])

    past.ask(enrolled)

    new = dry(run, "--json").json["new"]
    assert (new["pair_id"], new["was_there"], datetime.fromisoformat(new["starts"])) == ("p1-2", True, STARTS + 26 * DAY)
    assert "the mentee goes on already: p1-2 runs" in dry(run, mentor="m4").err.splitlines()


def test_who_was_never_started_or_is_erased_is_not_matched_anew(begun: Any, run: Any) -> None:
    async def changed(records: Any) -> None:
        refs = await records.people.refs(["m3", "e1", "e2"])
        await records.cohorts.enrol_pairs("spring-27", [("p3", refs["m3"], refs["e2"])])
        await records.people.erase(refs["e1"])

    begun.ask(changed)

    assert dry(run, pair="p3", mentor="m4").err == "p3 was not started yet: there is nothing to match anew\n"
    assert dry(run).err.endswith(" was erased\n")


def test_what_was_completed_is_followed_by_a_new_pair(files: Any, past: Any, run: Any) -> None:
    """H7: its milestones have been decided about."""
    files.write(people=files.people.read_text() + MORE)
    past.happened(files.read()[0], STARTS, {})

    async def closed(records: Any) -> None:
        pair = await records.cohorts.find("spring-27", "p1")
        await records.journal.append(pair.mentorship, (), card={"phase": "completed"})

    past.ask(closed)

    assert dry(run).err == "p1 was completed: what follows is a new pair, with `cohort start`\n"


def test_a_pair_that_is_over_takes_no_room_and_another_cohorts_stands_in_no_ones_way(files: Any, past: Any, run: Any) -> None:
    """H9: a mentee has one mentor at a time in a cohort."""
    files.write(people=files.people.read_text() + MORE)
    past.happened(files.read()[0], STARTS, {"p2": [c.End(by="p-operator", reason="operator", at=STARTS + 25 * DAY)]}, until=STARTS + 30 * DAY)

    async def elsewhere(records: Any) -> None:
        refs = await records.people.refs(["m3", "e1"])
        await records.cohorts.put((await records.cohorts.get("spring-27")).model_copy(update={"id": "autumn-26"}))
        couple = Couple(pair_id="a1", mentor=refs["m3"], mentee=refs["e1"], starts_at=STARTS + 30 * DAY)
        (pair,) = (await records.cohorts.enrol_pairs("autumn-26", [couple])).added
        await records.cohorts.mark_started(pair.mentorship, STARTS + 30 * DAY)

    past.ask(elsewhere)

    assert (dry(run, mentor="m2").code, dry(run, mentor="m2").err) == (0, "")


def test_a_mentee_may_be_matched_anew_more_than_once(files: Any, past: Any, run: Any) -> None:
    """P6: the first of their pairs is over, and is in nobody's way."""
    files.write(people=files.people.read_text() + MORE)
    past.happened(files.read()[0], STARTS, {"p1": [c.End(by="p-operator", reason="rematch", at=STARTS + 25 * DAY)]}, until=STARTS + 60 * DAY)

    past.ask(went_on_with("m2"))

    told = dry(run, "--json", pair="p1-2")
    assert (told.code, told.err) == (0, "")
    assert told.json["new"]["pair_id"] == "p1-3"


def test_whoever_the_file_says_is_away_is_not_matched_whichever_of_the_two(begun: Any, run: Any, files: Any) -> None:
    people = files.folder / "more.csv"
    people.write_text("person_id,name,email,status\ne1,Eve,eve@example.com,leave\n")

    assert "e1 is on leave" in dry(run, "--people", str(people)).err.splitlines()


@pytest.mark.parametrize(("sides", "code"), [(("mentor",), 0), (("mentee",), 1), (("mentor", "mentee"), 1)])
def test_only_the_mentees_certificate_stands_in_the_way(begun: Any, run: Any, monkeypatch: Any, sides: tuple[str, ...], code: int) -> None:
    """P6: a mentor who joined late may have reached the share of what remained for them, and the mentee continues."""
    monkeypatch.setattr(rematch_rules, "certified", lambda *_: sides)

    assert dry(run).code == code
