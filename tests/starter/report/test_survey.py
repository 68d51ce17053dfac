"""`cohort report`: answers to the closing survey, in whole groups of five people (H5)."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.starter.report.counted import Rows
from tests.starter.report.stories import ENDS, closing


def test_three_pairs_of_whom_five_people_answered_show_no_answer(cohort: Any, run: Callable[..., Any], files: Any) -> None:
    """Five people are a group, and three pairs are not: only their number is shown."""
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


@pytest.mark.parametrize(("days", "some"), [(1.1, False), (2, None), (3, None), (7, True)])
def test_answers_are_shown_in_whole_groups_of_five(cohort: Any, files: Any, run: Callable[..., Any], days: float, some: bool | None) -> None:
    """H5: four answers show none and nine show five, so that tomorrow's report, compared with today's, reveals nobody's answer."""
    cohort(pairs=12, until=ENDS + timedelta(days=days))
    survey = run("cohort", "report", "spring-27", "--json").json["survey"]
    rows = Rows(files.folder)

    for one in survey:
        given_so_far = len(rows.answers(one["item"]))
        assert one["answers"] == given_so_far - given_so_far % 5
        assert (one["mean"] is None) == (given_so_far < 5)
    if some is not None:
        assert any(one["answers"] for one in survey) == some
