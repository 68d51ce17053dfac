"""`cohort report`: every figure counted again by another way, small groups left out, nobody named unasked (H5, H6, H12)."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import random
import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from ruamel.yaml import YAML

from mentorship.advance import advance, begin
from mentorship.commands import (
    SURVEY_ITEMS,
    CancelMeeting,
    Command,
    ConfirmMeeting,
    EndWish,
    MoveMeeting,
    RecordMilestone,
    ReportGoal,
    ReportMeeting,
    SetGoal,
    SubmitPrivately,
    SurveyAnswers,
    WaiveMilestone,
)
from mentorship.events import AttentionRaised, MeetingCancelled, MentorshipStarted
from mentorship.people import Pair
from mentorship.programme import Programme
from starter.report_figures import Story, _attention, figures
from starter.report_page import bars, word
from starter.report_shown import cells

STARTS = datetime(2027, 1, 4, tzinfo=UTC)
ENDS = STARTS + timedelta(weeks=26)
PAIRS = 23
PROGRAMME = """\
programme: {id: spring, version: 1, title: "Spring <b>& growth</b>", length: P26W, time_zone: UTC}
contacts: {coordinators: [ana], owner: lee, outside: [sam]}
meetings: {count: 12, first_after: P7D, interval: P14D, duration: PT1H, time_of_day: "10:00"}
sessions:
  - {topic: Getting started, expectations: true}
  - {topic: Looking back, closing: true}
milestones:
  - {id: goal, title: A goal, when: goal_set}
  - {id: six, title: Six conversations, when: {meetings_held: 6}}
  - {id: shadowing, title: A day of shadowing}
"""


def meets(number: int, **after: float) -> datetime:
    return STARTS + timedelta(days=7 + 14 * (number - 1), hours=10) + timedelta(**after)


def story(pair: int) -> list[Command]:
    """What this pair does: a different mixture for each, the same every time."""
    chance = random.Random(pair)
    said: list[Command] = [ConfirmMeeting(by=who, at=STARTS + timedelta(hours=1), meeting="all") for who in ("mentor", "mentee")]
    for number in range(1, 13 if pair % 4 else 11):  # every fourth falls silent
        match chance.randrange(8):
            case 0:
                said.append(
                    CancelMeeting(by=chance.choice(["mentor", "mentee"]), at=meets(number, hours=-chance.choice([3, 30])), meeting=number, reason="work")
                )
            case 1:
                to = meets(number, days=1)
                said += [MoveMeeting(by=who, at=meets(number, hours=-50), meeting=number, to=to) for who in ("mentor", "mentee")]
                said.append(ReportMeeting(by="mentee", at=to + timedelta(hours=2), meeting=number, held=True))
            case 2:
                said.append(ReportMeeting(by="mentor", at=meets(number, hours=2), meeting=number, held=False))
            case 3:
                said.append(ReportMeeting(by="mentor", at=meets(number, days=5), held_at=meets(number, days=4), held=True))
            case _:
                said.append(ReportMeeting(by="mentor", at=meets(number, hours=2), meeting=number, held=True))
    if pair % 3:
        said.append(SetGoal(by="mentee", at=meets(2), goal="one"))
        said.append(SetGoal(by="mentor", at=meets(3), goal="two"))
        said.append(ReportGoal(by="mentee", at=meets(6), goal="one", progress="progressed"))
        if pair % 2:
            said.append(ReportGoal(by="mentee", at=meets(9), goal="one", progress="achieved"))
    if pair % 2:
        said.append(RecordMilestone(by="mentor", at=meets(5), milestone="shadowing"))
    elif pair % 4 == 0:
        said.append(WaiveMilestone(by="operator", at=meets(5), milestone="shadowing"))
    if pair % 5 == 4:
        said.append(SubmitPrivately(by="mentee", at=meets(8), body=EndWish()))
    for who in ("mentor", "mentee"):
        if chance.random() < 0.8:
            items = chance.sample(SURVEY_ITEMS, 4)
            body = SurveyAnswers(survey="closing", answers={item: chance.randint(1, 5) for item in items})
            said.append(SubmitPrivately(by=who, at=ENDS + timedelta(days=1, minutes=chance.randrange(9000)), body=body))
            said.append(SubmitPrivately(by=who, at=ENDS + timedelta(days=8), body=SurveyAnswers(survey="closing", answers=dict.fromkeys(items, 1))))
    return said


def closing(who: str, answer: int, **after: float) -> list[Command]:
    """They answer every question of the closing survey with this, so long after the end."""
    body = SurveyAnswers(survey="closing", answers=dict.fromkeys(SURVEY_ITEMS, answer))
    return [SubmitPrivately(by=who, at=ENDS + timedelta(hours=1) + timedelta(**after), body=body)]


@pytest.fixture
def cohort(files: Any, past: Any) -> Callable[..., None]:
    def happened(
        pairs: int = PAIRS,
        until: datetime | None = None,
        *,
        mentors: int = PAIRS,
        said: Callable[[int], list[Command]] = story,
        programme: str = PROGRAMME,
    ) -> None:
        """With fewer `mentors` than pairs, one has several mentees."""
        rows = ["person_id,name,email,role", "ana,Ana,ana@example.com,coordinator", "lee,Lee,lee@example.com,owner", "sam,Sam,sam@example.com,contact"]
        rows += [
            f"{kind}{number},{kind.upper()} Person {number},{kind}{number}@example.com,{role}"
            for number in range(pairs)
            for kind, role in (("m", "mentor"), ("e", "mentee"))
        ]
        listed = ["pair_id,mentor_id,mentee_id", *(f"p{number},m{number % mentors},e{number}" for number in range(pairs))]
        files.write(programme, "\n".join(rows) + "\n", "\n".join(listed) + "\n")
        roster, faults, _ = files.read()
        assert roster is not None, faults
        past.happened(roster, STARTS, {f"p{number}": said(number) for number in range(pairs)}, until=until)

    return happened


class Rows:
    """The journal as SQL sees it, and counted by hand: none of the report's code, none of the core's."""

    def __init__(self, folder: Path) -> None:
        with contextlib.closing(sqlite3.connect(folder / "records.db")) as database, database:
            found = database.execute("select mentorship, seq, kind, name, at, by, outcome, body from journal order by mentorship, seq").fetchall()
            self.certificates = database.execute("select count(*) from certificates").fetchone()[0]
        self.rows = [(*row[:4], datetime.fromisoformat(row[4]).replace(tzinfo=UTC), *row[5:7], json.loads(row[7])) for row in found]
        self.mentorships = sorted({row[0] for row in self.rows})

    def events(self, *names: str) -> list[tuple[str, datetime, dict[str, Any]]]:
        return [(row[0], row[4], row[7]) for row in self.rows if row[2] == "event" and row[3] in names]

    def count(self, *names: str) -> int:
        return len(self.events(*names))

    def pairs(self, name: str, **body: Any) -> int:
        return len({mentorship for mentorship, _, known in self.events(name) if body.items() <= known.items()})

    def phase(self, mentorship: str) -> str:
        """As the handbook of phases has it, from the events of this pair alone."""
        names = [row[3] for row in self.rows if row[0] == mentorship and row[2] == "event"]
        if "mentorship_completed" in names:
            return "completed"
        if "mentorship_ended" in names:
            return "ended"
        if "end_reached" in names:
            return "closing"
        if names.count("paused") > names.count("resumed"):
            return "paused"
        met = {row[7].get("meeting") for row in self.rows if row[0] == mentorship and row[3] == "meeting_held"}
        met -= {row[7].get("meeting") for row in self.rows if row[0] == mentorship and row[3] == "meeting_unheld"}
        return "active" if met or "extra_meeting_reported" in names or names.count("expectations_confirmed") == 2 else "aligning"

    def stands(self, mentorship: str, line: str) -> bool:
        told = [row[3] for row in self.rows if row[0] == mentorship and row[3].startswith("attention_") and row[7].get("line") == line]
        return bool(told) and told[-1] == "attention_raised"

    def held(self) -> Counter[str]:
        """Meetings held by month: planned ones at their last start, extra ones as they were told."""
        starts: dict[tuple[str, int], str] = {}
        for mentorship, _, body in self.events("mentorship_started"):
            starts |= {(mentorship, number): slot["start"] for number, slot in enumerate(body["slots"], 1)}
        starts |= {(mentorship, body["meeting"]): body["slot"]["start"] for mentorship, _, body in self.events("meeting_moved")}
        planned = {(mentorship, body["meeting"]) for mentorship, _, body in self.events("meeting_held")}
        planned -= {(mentorship, body["meeting"]) for mentorship, _, body in self.events("meeting_unheld")}
        extra = {(mentorship, body["held_at"]) for mentorship, _, body in self.events("extra_meeting_reported")}
        return Counter([starts[key][:7] for key in planned] + [at[:7] for _, at in extra])

    def answers(self, item: str) -> list[int]:
        """Each person's first answer to this, in whichever pair, in the order in which they came."""
        pairs = {mentorship: body["pair"] for mentorship, _, body in self.events("mentorship_started")}
        first: dict[str, int] = {}
        for mentorship, _, body in sorted(self.events("survey_answered"), key=lambda known: known[1]):
            if body["survey"] == "closing" and item in body["answers"]:
                first.setdefault(pairs[mentorship][body["side"]], body["answers"][item])
        return list(first.values())


def test_every_figure_is_what_another_count_of_the_journal_says(cohort: Any, files: Any, run: Callable[..., Any]) -> None:
    cohort()
    told = run("cohort", "report", "spring-27", "--json").json
    rows = Rows(files.folder)

    ended, completed = rows.count("mentorship_ended"), rows.count("mentorship_completed")
    assert told["pairs"] == len(rows.mentorships) == PAIRS
    assert told["phases"] == cells({"aligning": 0, "active": 0, "paused": 0, "closing": 0, "completed": completed, "ended": ended})
    earned = rows.pairs("certificates_decided", certified=["mentor", "mentee"])
    assert told["certificates"] == {"certified": earned, "not_certified": PAIRS - earned, "not_decided": 0, "issued": rows.certificates}
    assert rows.certificates == 2 * earned
    reached = Counter(body["milestone"] for _, _, body in rows.events("milestone_reached"))
    reached.subtract(body["milestone"] for _, _, body in rows.events("milestone_reopened"))
    shadowing = rows.pairs("milestone_recorded") + rows.pairs("milestone_waived")
    assert {one["id"]: one["done"] for one in told["milestones"]} == {
        name: cells({"done": reached[name], "not done": PAIRS - reached[name]})["done"] for name in ("goal", "six", "shadowing")
    }
    assert {one["id"]: one["waived"] for one in told["milestones"]}["shadowing"] == rows.pairs("milestone_waived")
    assert reached["shadowing"] == shadowing
    held = rows.held()
    cancelled = rows.count("meeting_cancelled")
    extra = len({(mentorship, body["held_at"]) for mentorship, _, body in rows.events("extra_meeting_reported")})
    told_not_held = {(mentorship, body["meeting"]) for mentorship, _, body in rows.events("meeting_reported") if body.get("held") is False}
    assert told["meetings"] == {
        "held": held.total(),
        "extra": extra,
        "moved": rows.count("meeting_moved"),
        "cancelled": cancelled,
        "not_held": len(told_not_held | {(mentorship, body["meeting"]) for mentorship, _, body in rows.events("meeting_cancelled")}),
    }
    for kind, counted in (
        ("held", held),
        ("moved", Counter(f"{at:%Y-%m}" for _, at, _ in rows.events("meeting_moved"))),
        ("cancelled", Counter(f"{at:%Y-%m}" for _, at, _ in rows.events("meeting_cancelled"))),
    ):
        assert {month: kinds[kind] for month, kinds in told["months"].items()} == cells({month: counted[month] for month in told["months"]})
    for line in ("no_meeting", "rematch", "silence", "not_held"):
        had = rows.pairs("attention_raised", line=line)
        assert told["attention"][line]["had"] == cells({"a": had, "b": PAIRS - had})["a"]
        assert told["attention"][line]["has"] == 0
    had = len({mentorship for mentorship, _, body in rows.events("attention_raised") if body["line"].startswith("cancellations_")})
    assert told["attention"]["cancellations"]["had"] == cells({"a": had, "b": PAIRS - had})["a"]
    goals = {(mentorship, body["goal"]) for mentorship, _, body in rows.events("goal_set")}
    by_progress = {key: {(m, b["goal"]) for m, _, b in rows.events("goal_reported") if b["progress"] == key} for key in ("progressed", "achieved")}
    assert told["goals"] == {
        "set": len(goals),
        "progressed": len(by_progress["progressed"] | by_progress["achieved"]),
        "achieved": len(by_progress["achieved"]),
        "dropped": 0,
    }
    for one in told["survey"]:
        answers = rows.answers(one["item"])
        whole = answers[: len(answers) - len(answers) % 5]
        assert len(answers) >= 15
        assert (one["answers"], one["mean"]) == (len(whole), round(sum(whole) / len(whole), 2))


@pytest.mark.parametrize("weeks", [0.5, 9, 17, 26.5])
def test_every_figure_of_a_cohort_under_way_is_what_another_count_says(cohort: Any, files: Any, run: Callable[..., Any], weeks: float) -> None:
    """Phases from the events that lead to them, lines that stand from those raised and cleared."""
    cohort(until=STARTS + timedelta(weeks=weeks))
    told = run("cohort", "report", "spring-27", "--json").json
    rows = Rows(files.folder)

    phases = Counter(rows.phase(mentorship) for mentorship in rows.mentorships)
    assert told["phases"] == cells({name: phases[name] for name in told["phases"]})
    earned = len({m for m, _, body in rows.events("certificates_decided") if body["certified"]})
    decided = rows.pairs("certificates_decided")
    parts = {"certified": earned, "not_certified": decided - earned, "not_decided": PAIRS - decided}
    assert {name: told["certificates"][name] for name in parts} == cells(parts)
    assert told["certificates"]["issued"] == (rows.certificates if cells(parts)["certified"] is not None else None)
    small = {"held": rows.held().total(), "moved": rows.count("meeting_moved"), "cancelled": rows.count("meeting_cancelled")}
    assert {name: told["meetings"][name] for name in small} == {name: None if 0 < count < 5 else count for name, count in small.items()}
    for line in ("no_meeting", "rematch", "silence", "not_held"):
        has, had = sum(rows.stands(mentorship, line) for mentorship in rows.mentorships), rows.pairs("attention_raised", line=line)
        ever = cells({"a": had, "b": PAIRS - had})["a"]
        assert told["attention"][line] == {"had": ever, "has": cells({"a": has, "b": (PAIRS if ever is None else had) - has})["a"]}, line
    reached = Counter(body["milestone"] for _, _, body in rows.events("milestone_reached"))
    reached.subtract(body["milestone"] for _, _, body in rows.events("milestone_reopened"))
    assert {one["id"]: one["done"] for one in told["milestones"]} == {
        name: cells({"done": reached[name], "not done": PAIRS - reached[name]})["done"] for name in ("goal", "six", "shadowing")
    }


def test_the_figures_are_of_some_variety(cohort: Any, files: Any) -> None:
    """Else the test above would compare noughts."""
    cohort()
    rows = Rows(files.folder)

    for name in ("meeting_moved", "meeting_cancelled", "extra_meeting_reported", "mentorship_ended", "milestone_waived", "goal_reported", "attention_raised"):
        assert rows.count(name) >= 4, name


def test_page_and_table_are_two_files(run: Callable[..., Any], files: Any) -> None:
    one = str(files.folder / "r.html")
    assert run("cohort", "report", "spring-27", "--html", one, "--csv", one).code == 2
    assert not (files.folder / "r.html").exists()


def test_of_fewer_than_five_pairs_nothing_is_shown(cohort: Any, run: Callable[..., Any], files: Any) -> None:
    cohort(pairs=4)
    told = run("cohort", "report", "spring-27", "--json", "--html", str(files.folder / "r.html"), "--csv", str(files.folder / "r.csv")).json
    plain = run("cohort", "report", "spring-27")

    assert told["enough"] is False
    figures = [*told["phases"].values(), *told["certificates"].values(), *told["meetings"].values(), *told["goals"].values()]
    figures += [one[what] for one in told["milestones"] for what in ("done", "band", "waived")]
    figures += [one[what] for one in told["survey"] for what in ("answers", "mean")]
    figures += [count for counts in told["attention"].values() for count in counts.values()]
    assert set(figures) == {None}
    assert told["months"] == {}, "when something happened is a figure as well"
    assert set(told["attention"]) == {"no_meeting", "rematch", "silence", "not_held", "cancellations"}, "nor which other line there was"
    assert "figures would be about somebody" in plain.out
    assert "<svg" not in (files.folder / "r.html").read_text()
    assert {row["value"] for row in csv.DictReader((files.folder / "r.csv").read_text().splitlines()) if row["section"] != "cohort"} == {"not shown"}


def test_three_pairs_of_whom_five_people_answered_show_no_answer(cohort: Any, run: Callable[..., Any], files: Any) -> None:
    """Five people are a group, and three pairs are none: their number is all that stands there."""
    cohort(pairs=3, said=lambda _: closing("mentor", 2) + closing("mentee", 3))

    told = run("cohort", "report", "spring-27", "--json", "--csv", str(files.folder / "r.csv")).json

    assert len(Rows(files.folder).answers("trust")) == 6
    assert {(one["answers"], one["mean"]) for one in told["survey"]} == {(None, None)}
    assert {row["value"] for row in csv.DictReader((files.folder / "r.csv").read_text().splitlines()) if row["section"].startswith("survey")} == {"not shown"}


def test_a_mentor_of_five_is_one_person_who_answered(cohort: Any, run: Callable[..., Any], files: Any) -> None:
    """H5: five answers of one person are no group of five."""
    cohort(pairs=6, mentors=1, said=lambda _: closing("mentor", 1))

    assert {one["answers"] for one in run("cohort", "report", "spring-27", "--json").json["survey"]} == {0}


def test_whoever_answers_in_several_pairs_counts_once_and_with_the_first_of_their_answers(cohort: Any, run: Callable[..., Any], files: Any) -> None:
    """The mentor says 1 of the last pair first, then 5 of each other; the mentees say 4."""
    cohort(pairs=6, mentors=1, said=lambda number: closing("mentor", 1 if number == 5 else 5, hours=10 - number) + closing("mentee", 4, hours=20 + number))

    survey = run("cohort", "report", "spring-27", "--json").json["survey"]

    assert {(one["answers"], one["mean"]) for one in survey} == {(5, (1 + 4 * 4) / 5)}
    assert Rows(files.folder).answers("trust") == [1, 4, 4, 4, 4, 4, 4]


def test_a_pair_of_whom_both_reached_their_rung_is_one_pair() -> None:
    """H14: whose cancellations they were is nobody's business in a report, nor that they were both's."""
    lines = ("cancellations_mentor", "cancellations_mentee")
    events = tuple(AttentionRaised(at=STARTS, line=line) for line in lines)
    stories = [Story("mentorship.a", SimpleNamespace(attention=lines), events)]  # type: ignore[arg-type]

    assert _attention(stories)["cancellations"] == {"had": 1, "has": 1}


def test_months_are_the_programmes_what_an_operator_called_off_is_nobodys_cancellation_and_what_came_late_is_not_done() -> None:
    """H14, H7. A leave or a pause takes meetings that nobody has called off; Auckland's first of March is still February in UTC."""
    programme = Programme.model_validate(YAML(typ="safe").load(PROGRAMME.replace("time_zone: UTC", "time_zone: Pacific/Auckland")))
    pair = Pair(mentor="p-m", mentee="p-e")
    began = MentorshipStarted(at=STARTS, pair=pair, rules=programme.rules(), starts=STARTS, ends=ENDS, reporting_ends=ENDS + timedelta(days=7), slots=())
    late = RecordMilestone(message_id="1", by=pair.mentee, milestone="shadowing", at=ENDS + timedelta(hours=1), done_at=ENDS + timedelta(seconds=1))
    state = advance(begin(began).state, [late], late.at).state
    at = datetime(2027, 2, 28, 20, tzinfo=UTC)
    called_off = [MeetingCancelled(at=at, meeting=1, side=side, reason="work", late=False, accepted_at=at) for side in ("mentor", None)]

    found = figures([Story("mentorship.a", state, (began, *called_off))], programme)

    assert found.meetings["cancelled"] == 1
    assert found.months == {"2027-03": {"held": 0, "moved": 0, "cancelled": 1}}
    assert [(one.id, one.done) for one in found.milestones] == [("goal", 0), ("six", 0), ("shadowing", 0)]


@pytest.mark.parametrize(("days", "some"), [(1.1, False), (2, None), (3, None), (7, True)])
def test_answers_are_shown_in_whole_groups_of_five(cohort: Any, files: Any, run: Callable[..., Any], days: float, some: bool | None) -> None:
    """H5: four answers are none and nine are five, so that tomorrow's report tells nobody's answer from today's."""
    cohort(pairs=12, until=ENDS + timedelta(days=days))
    survey = run("cohort", "report", "spring-27", "--json").json["survey"]
    rows = Rows(files.folder)

    for one in survey:
        given_so_far = len(rows.answers(one["item"]))
        assert one["answers"] == given_so_far - given_so_far % 5
        assert (one["mean"] is None) == (given_so_far < 5)
    if some is not None:
        assert any(one["answers"] for one in survey) == some


def test_names_stand_only_where_they_are_asked_for(cohort: Any, run: Callable[..., Any], files: Any) -> None:
    cohort(pairs=6)
    page, table = files.folder / "r.html", files.folder / "r.csv"

    without = run("cohort", "report", "spring-27", "--html", str(page), "--csv", str(table))
    before = without.out + page.read_text() + table.read_text() + run("cohort", "report", "spring-27", "--json").out
    named = run("cohort", "report", "spring-27", "--names", "--html", str(page))

    assert "Person" not in before
    assert "example.com" not in before
    assert "p0" not in before
    assert "M Person 3" in named.out
    assert "E Person 5" in page.read_text()
    assert "for the people who run this programme, and nobody else" in page.read_text()
    assert "example.com" not in page.read_text()


def test_the_page_needs_nothing_else_and_is_well_formed(cohort: Any, run: Callable[..., Any], files: Any) -> None:
    cohort()
    run("cohort", "report", "spring-27", "--html", str(files.folder / "r.html"))
    page = (files.folder / "r.html").read_text()

    for part in ("http:", "https:", "<script", "url(", "<link", "src="):
        assert part not in page
    assert "Spring &lt;b&gt;&amp; growth&lt;/b&gt;" in page
    plots = [part.partition("</svg>")[0] + "</svg>" for part in page.split("<svg")[1:]]
    assert len(plots) == 5
    for plot in plots:
        root = ET.fromstring(f"<svg{plot}")
        assert root.get("role") == "img"
        assert root.get("aria-label")
        assert all(float(bar.get("width", "0")) >= 0 for bar in root.iter("rect"))


@pytest.mark.parametrize(
    "title",
    ["An introduction that opens a door to somebody whom the mentee would not have met without the mentor", "与导师共同完成一项跨部门的学习计划并分享经验"],
)
def test_a_long_title_stands_whole_above_its_bar(title: str) -> None:
    """A milestone's title has up to 2000 characters; a line of a plot that is as wide as a phone has fewer."""
    plot = ET.fromstring(str(bars("Milestones", [(title, 3, "most of them"), ("Next", None, "not shown")], 6)))
    *lines, value = [text for text in plot.iter("text") if float(text.get("y", "0")) < float(next(plot.iter("rect")).get("y", "0"))]

    assert "".join(line.text or "" for line in lines).replace(" ", "") == title.replace(" ", "")
    assert len(lines) > 1
    assert (value.text, value.get("y")) == ("most of them", lines[-1].get("y")), "beside the last line of its label"
    assert all(sum(1 if sign.isascii() else 2 for sign in line.text or "") <= 40 for line in lines)
    assert int(plot.get("viewBox", "").split()[3]) > max(float(bar.get("y", "0")) + float(bar.get("height", "0")) for bar in plot.iter("rect"))


def test_the_table_has_every_figure(cohort: Any, run: Callable[..., Any], files: Any) -> None:
    cohort()
    run("cohort", "report", "spring-27", "--csv", str(files.folder / "r.csv"))
    told = run("cohort", "report", "spring-27", "--json").json

    rows = {(row["section"], row["figure"]): row["value"] for row in csv.DictReader(io.StringIO((files.folder / "r.csv").read_text()))}
    assert rows["meetings", "held"] == str(told["meetings"]["held"])
    assert rows["survey mean", "trust"] == str({one["item"]: one for one in told["survey"]}["trust"]["mean"])
    assert len(rows) == 1 + 6 + 4 + 5 + 4 + 2 * 3 + 2 * 5 + 3 * len(told["months"]) + 2 * 6


def test_a_cohort_that_is_not_there_and_a_folder_that_is_not_there(past: Any, run: Callable[..., Any]) -> None:
    unknown = run("cohort", "report", "nowhere")
    nowhere = run("cohort", "report", "nowhere", "--html", "nowhere/at/all.html")

    assert (unknown.code, unknown.err) == (1, "there is no cohort nowhere\n")
    assert nowhere.code == 2


def test_a_code_is_called_what_it_is_called_in_its_own_section(cohort: Any, run: Callable[..., Any], files: Any) -> None:
    """A milestone may be called like a phase; meetings that were not held are no line of the coordinators' list."""
    cohort(programme=PROGRAMME.replace("id: goal,", "id: closing,").replace("id: six,", "id: not-held,"))
    plain = run("cohort", "report", "spring-27").out
    told = {tuple(re.split(r" {2,}", line)[:2]) for line in plain.splitlines()}

    assert {("milestones done", "closing"), ("milestones waived", "closing"), ("milestones done", "not-held"), ("phases", "Closing")} <= told
    assert {("meetings", "planned and not held"), ("attention ever", "Meetings in a row not held"), ("survey mean", "Trust")} <= told
    assert {("certificates", "Not decided yet"), ("goals", "progressed"), ("meetings held", "2027-01")} <= told
    assert not any("_" in figure for _, figure in (row for row in told if len(row) == 2))


@pytest.mark.parametrize(
    ("section", "code", "called"),
    [
        ("milestones", "trust", "trust"),
        ("milestones", "not_held", "not_held"),
        ("meetings", "not_held", "planned and not held"),
        ("meetings", "2027-01", "2027-01"),
        ("attention", "not_held", "Meetings in a row not held"),
        ("attention", "partner_left", "partner left"),
        ("phases", "closing", "Closing"),
    ],
)
def test_a_word_is_its_sections(section: str, code: str, called: str) -> None:
    assert word(section, code) == called
