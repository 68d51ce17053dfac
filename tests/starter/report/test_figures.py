"""`cohort report`: every figure is counted a second time in another way (H6, H7, H14)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from ruamel.yaml import YAML

from mentorship.advance import advance, begin
from mentorship.commands import RecordMilestone
from mentorship.events import AttentionRaised, MeetingCancelled, MentorshipStarted
from mentorship.people import Pair
from mentorship.programme import Programme
from starter.report_figures import Story, _attention, figures
from starter.report_shown import cells
from tests.starter.report.counted import Rows
from tests.starter.report.stories import ENDS, PAIRS, PROGRAMME, STARTS


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
    """Counts phases from the events that lead to them, and open lines from those raised and cleared."""
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
    """Otherwise the test above would compare zeros."""
    cohort()
    rows = Rows(files.folder)

    for name in ("meeting_moved", "meeting_cancelled", "extra_meeting_reported", "mentorship_ended", "milestone_waived", "goal_reported", "attention_raised"):
        assert rows.count(name) >= 4, name


def test_a_pair_of_whom_both_reached_their_rung_is_one_pair() -> None:
    """H14: a report does not reveal whose cancellations they were, nor that they were both people's."""
    lines = ("cancellations_mentor", "cancellations_mentee")
    events = tuple(AttentionRaised(at=STARTS, line=line) for line in lines)
    stories = [Story("mentorship.a", SimpleNamespace(attention=lines), events)]  # type: ignore[arg-type]

    assert _attention(stories)["cancellations"] == {"had": 1, "has": 1}


def test_months_are_the_programmes_what_an_operator_called_off_is_nobodys_cancellation_and_what_came_late_is_not_done() -> None:
    """H14, H7. A leave or a pause removes meetings that nobody has called off; Auckland's first of March is still February in UTC."""
    programme = Programme.model_validate(YAML(typ="safe").load(PROGRAMME.replace("time_zone: UTC", "time_zone: Pacific/Auckland")))
    pair = Pair(mentor="p-m", mentee="p-e")
    began = MentorshipStarted(at=STARTS, pair=pair, rules=programme.rules(), starts=STARTS, ends=ENDS, reporting_ends=ENDS + timedelta(days=7), slots=())
    late = RecordMilestone(message_id="1", by=pair.mentee, milestone="shadowing", at=ENDS + timedelta(hours=1), done_at=ENDS + timedelta(seconds=1))
    state = advance(begin(began).state, [late], ENDS + timedelta(hours=1)).state
    at = datetime(2027, 2, 28, 20, tzinfo=UTC)
    called_off = [MeetingCancelled(at=at, meeting=1, side=side, reason="work", late=False, accepted_at=at) for side in ("mentor", None)]

    found = figures([Story("mentorship.a", state, (began, *called_off))], programme)

    assert found.meetings["cancelled"] == 1
    assert found.months == {"2027-03": {"held": 0, "moved": 0, "cancelled": 1}}
    assert [(one.id, one.done) for one in found.milestones] == [("goal", 0), ("six", 0), ("shadowing", 0)]
