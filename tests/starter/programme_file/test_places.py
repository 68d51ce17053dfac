"""All faults are reported at once, each in a line that names its own line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.starter.programme_file.written import MEETINGS, REQUIRED, checked, faults_of


def test_every_fault_stands_at_its_line_and_column_also_behind_faulty_keys(tmp_path: Path) -> None:
    text = """\
programme:
  id: spring
  version: 1
  title: Spring
  lenght: P26W
  share: 0
  time_zone: UTC
contacts: {coordinators: [a], owner: b, outside: [c]}
meetings:
  count: 12
  first_after: P7D
  interval: P14D
  duration: PT1H
  count: 13
sessions:
  - topic: A
    expectations: true
  - topic: B
    closing: true
  - topic: C
    closing: true
milestones:
  - {id: one, title: One, when: goal_set}
  - {id: one, title: Two, bye: mentee}
mail:
  spread: P1D
"""
    assert checked(tmp_path, text)[0] == [
        "p.yaml:5:3: programme.lenght: unknown key 'lenght', expected length perhaps",
        "p.yaml:6:10: programme.share: 0 is too small, expected at least 1",
        "p.yaml:14:3: meetings.count: the same key as on line 10, expected each key once",
        "p.yaml:21:14: sessions[2].closing: a second closing session, expected at most one",
        "p.yaml:24:10: milestones[1].id: 'one' stands on line 23 already, expected each milestone id once",
        "p.yaml:24:27: milestones[1].bye: unknown key 'bye', expected by perhaps",
        "p.yaml:26:11: mail.spread: 'P1D' does not fit, expected at most a tenth of the shortest lead (P1D), so that no mail comes too late to help",
    ]


def test_a_byte_order_mark_moves_nothing(tmp_path: Path) -> None:
    assert checked(tmp_path, "\ufeffnonsense: 1\n")[0][-1] == checked(tmp_path, "nonsense: 1\n")[0][-1]


def test_a_fault_is_one_line_whatever_the_value(tmp_path: Path) -> None:
    fault = faults_of(tmp_path, reporting_line='"a\\nb\\e[31m' + "x" * 500 + '"')

    assert len(fault) == 1
    assert "\n" not in fault[0]
    assert "\x1b" not in fault[0]
    assert len(fault[0]) < 250


@pytest.mark.parametrize("value", ["[a, b]", "{a: b}"])
def test_a_list_or_a_group_where_true_or_false_belongs_is_told_in_its_place(tmp_path: Path, value: str) -> None:
    told = faults_of(tmp_path, sessions=f"[{{topic: A, expectations: {value}}}, {{topic: B, expectations: {value}}}]")
    assert [line.partition(" is ")[2] for line in told] == ["neither true nor false, expected true or false"] * 2


@pytest.mark.parametrize(("key", "kind"), [("? [a, b]\n", "a list"), ("? {a: b}\n", "a group of keys")])
def test_a_key_that_is_no_word_is_told_with_all_other_faults(tmp_path: Path, key: str, kind: str) -> None:
    told, _ = checked(tmp_path, "".join(f"{name}: {value}\n" for name, value in REQUIRED.items()) + f"heads_up: soon\n{key}: c\n")
    assert told == [
        "p.yaml:6:11: heads_up: 'soon' does not fit, expected an ISO 8601 duration in weeks, days, hours, minutes or seconds, such as P2W, P7D or PT24H",
        f"p.yaml:7:3: file: {kind} as a key, expected a word as a key",
    ]


def test_a_date_or_a_number_as_a_key_is_an_unknown_key(tmp_path: Path) -> None:
    told = faults_of(tmp_path, benefits="{2027-01-01: a, 2027-02-30: b, 7: c, ~: d}")
    assert [line.partition(",")[0].partition("benefits.")[2] for line in told] == [
        "2027-01-01: unknown key '2027-01-01'",
        "2027-02-30: unknown key '2027-02-30'",
        "7: unknown key '7'",
        "~: unknown key '~'",
    ]


def test_a_mistyped_date_or_an_endless_number_hides_no_other_fault(tmp_path: Path) -> None:
    told = faults_of(
        tmp_path,
        meetings=MEETINGS.format("quiet: [{from: 2027-02-30, to: 2027-03-01}], count: 0").replace("count: 2, ", ""),
        reporting_line="9" * 5000,
        heads_up="soon",
    )
    assert [line.split(": ")[1] for line in told] == ["meetings.quiet[0].from", "meetings.count", "reporting_line", "heads_up"]
    assert "'2027-02-30' is not a date, expected a date such as 2027-07-19" in told[0]
