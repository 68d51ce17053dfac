"""`cohort report` as a page, as a table and in words: what they show, and that they name nobody unasked (H12)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from starter.report_page import bars, word
from tests.starter.report.stories import PROGRAMME


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
    assert page.stat().st_mode & 0o077 == 0


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
    """A milestone's title has up to 2000 characters; a line of a plot as wide as a phone holds fewer."""
    plot = ET.fromstring(str(bars("Milestones", [(title, 3, "most of them"), ("Next", None, "not shown")], 6)))
    *lines, value = [text for text in plot.iter("text") if float(text.get("y", "0")) < float(next(plot.iter("rect")).get("y", "0"))]

    assert "".join(line.text or "" for line in lines).replace(" ", "") == title.replace(" ", "")
    assert len(lines) > 1
    assert (value.text, value.get("y")) == ("most of them", lines[-1].get("y")), "beside the last line of its label"
    assert all(sum(1 if sign.isascii() else 2 for sign in line.text or "") <= 32 for line in lines)
    assert int(plot.get("viewBox", "").split()[3]) > max(float(bar.get("y", "0")) + float(bar.get("height", "0")) for bar in plot.iter("rect"))


def test_the_words_of_a_plot_are_readable_on_a_small_phone() -> None:
    """A plot shrinks to the page, which leaves 280 pixels on a phone of 320: letters of 14 must not fall below 10 there."""
    plot = ET.fromstring(str(bars("Milestones", [("A goal", 3, "most of them")], 6)))
    wide = int(plot.get("viewBox", "").split()[2])
    assert 14 * 280 / wide >= 10


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
    """A milestone may have the name of a phase; meetings that were not held are not a line of the coordinators' list."""
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
