"""`cohort pair` pairs the most people, then finds the best fit, within the hard rules, and gives everybody a reason (H4, H9)."""

from __future__ import annotations

import csv
import dataclasses
import random
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

import starter
from mentorship.programme import Pairing
from starter.faults import Findings
from starter.pairs_file import read_pairs
from starter.people_file import read_people

np = pytest.importorskip("numpy")
optimize = pytest.importorskip("scipy.optimize")
pairing_match = pytest.importorskip("starter.pairing_match")
pairing_rules = pytest.importorskip("starter.pairing_rules")

SHARED = Path(__file__).parents[3] / "shared" / "data" / "pairing"
COLUMNS = "person_id,name,email,role,language,manager_id,department,skills,goals,capacity,status"
CRITERIA = """\
pairing:
  criteria:
    - {score: 10, when: {shares: [goals, skills]}}
    - {score: 6, when: {same: [language, language]}}
    - {score: 3, when: {differs: [department, department]}}
"""


@pytest.fixture
def given(files: Any, run: Callable[..., Any]) -> Callable[..., Any]:
    """Pairs the people of these rows: person_id, role, then whatever is named."""

    def call(people: Iterable[dict[str, str]], *options: str, pairing: str = CRITERIA, more: str = "", extra: Iterable[str] = ()) -> Any:
        names = [*COLUMNS.split(","), *extra]
        with files.people.open("w", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            for person in people:
                name = person["person_id"]
                writer.writerow({"name": name, "email": f"{name.replace(':', '.')}@example.com", **person})
        files.programme.write_text(_programme(files) + more + pairing)
        return run("cohort", "pair", str(files.people), "--programme", str(files.programme), "--out", str(files.folder / "out.csv"), "--json", *options)

    return call


def _programme(files: Any) -> str:
    text: str = files.programme.read_text()
    return text[: text.index("pairing:")] if "pairing:" in text else text


def mentor(name: str, **more: str) -> dict[str, str]:
    return {"person_id": name, "role": "mentor", **more}


def mentee(name: str, **more: str) -> dict[str, str]:
    return {"person_id": name, "role": "mentee", **more}


def couples(told: Any) -> set[tuple[str, str]]:
    return {(one["mentor_id"], one["mentee_id"]) for one in told.json["pairs"]}


def why_left(told: Any, name: str) -> str:
    (found,) = [one["reason"] for group in told.json["left_over"].values() for one in group if one["person_id"] == name]
    return str(found)


def test_more_people_come_before_a_better_fit(given: Any) -> None:
    """m1 fits e1 best, but then e2, who may only have m1, would have nobody."""
    told = given(
        [mentor("m1", skills="a", manager_id="x"), mentor("m2", manager_id="e2"), mentee("e1", goals="a"), mentee("e2")],
    )

    assert told.code == 0
    assert couples(told) == {("m1", "e2"), ("m2", "e1")}
    assert told.json["score"] == 0


def test_of_equally_many_the_best_total_wins(given: Any) -> None:
    told = given([mentor("m1", skills="a|b"), mentor("m2", skills="b"), mentee("e1", goals="b"), mentee("e2", goals="A")])

    assert couples(told) == {("m2", "e1"), ("m1", "e2")}
    assert told.json["score"] == 20


def test_the_written_file_is_a_pairs_file_and_its_pairs_are_fit_to_start(given: Any, files: Any) -> None:
    given([mentor("m1", capacity="2"), mentor("m2"), mentee("e1"), mentee("e2"), mentee("e3")])

    findings = Findings()
    people = read_people(files.people, findings)
    pairs = read_pairs(files.folder / "out.csv", people, 2, findings)

    assert findings.faults == []
    assert len(pairs) == 3


@pytest.mark.parametrize(("levels", "free"), [("1", True), ("2", False), ("all", False)])
def test_nobody_is_paired_within_the_reporting_line_either_way(given: Any, levels: str, free: bool) -> None:
    """H4: two levels apart, which `reporting_line: 1` allows. The second mentee is above the second mentor."""
    chain = [mentee("e1", manager_id="x"), {"person_id": "x", "manager_id": "m1"}, mentor("m1", manager_id="y"), {"person_id": "y", "manager_id": "e2"}]

    told = given([*chain, mentee("e2")], more=f"reporting_line: {levels}\n")

    assert told.code == (0 if free else 1)
    if not free:
        assert why_left(told, "e1") == why_left(told, "e2") == "none of 1 mentors: 1 stand in the same reporting line"
        assert "nobody could be paired" in told.err


def test_a_reporting_line_that_leads_back_to_itself_is_told_and_nothing_is_paired(given: Any, files: Any) -> None:
    told = given([mentor("m1", manager_id="e1"), mentee("e1", manager_id="m1")])

    assert told.code == 1
    assert "people.csv:2:" in told.err
    assert "manager_id: the reporting line leads back to itself: m1 → e1 → m1" in told.err
    assert not (files.folder / "out.csv").exists()


def test_who_is_both_is_never_paired_with_themself(given: Any) -> None:
    told = given([{"person_id": "b1", "role": "both"}, {"person_id": "b2", "role": "both"}])

    assert couples(told) == {("b1", "b2"), ("b2", "b1")}


def test_who_is_on_leave_gone_or_without_a_role_is_not_asked(given: Any) -> None:
    told = given([mentor("m1"), mentor("m2", status="leave"), mentee("e1"), mentee("e2", status="gone"), {"person_id": "z"}])

    assert couples(told) == {("m1", "e1")}
    assert [why_left(told, name) for name in ("m2", "e2", "z")] == ["on leave", "gone", "no role in the file"]


def test_capacity_is_the_column_and_where_that_is_blank_the_programmes(given: Any) -> None:
    people = [mentor("m1", capacity="0"), mentor("m2"), *(mentee(f"e{number}") for number in range(4))]

    told = given(people, pairing=CRITERIA + "  mentees_per_mentor: 3\n")

    assert [one["mentor_id"] for one in told.json["pairs"]] == ["m2"] * 3
    (left,) = told.json["left_over"]["mentees"]
    assert left["reason"] == "1 of 2 mentors could, and each is with others; no exchange makes room for one more"
    assert left["next_best"]["mentor_id"] == "m2"


def test_a_pair_of_before_is_not_repeated_and_its_id_is_not_used_again(given: Any, files: Any) -> None:
    files.pairs.write_text("pair_id,mentor_id,mentee_id\np-01,m1,e1\np-02,m9,e9\n")

    told = given([mentor("m1"), mentor("m2"), mentee("e1"), mentee("e2")], "--pairs", str(files.pairs))

    assert couples(told) == {("m1", "e2"), ("m2", "e1")}
    assert [one["pair_id"] for one in told.json["pairs"]] == ["p-03", "p-04"]


def test_exclusions_hold_whichever_of_the_two_says_so(given: Any) -> None:
    told = given([mentor("m1", exclude="e1"), mentor("m2"), mentee("e1"), mentee("e2", exclude="m2")], extra=["exclude"])

    assert couples(told) == {("m1", "e2"), ("m2", "e1")}


def test_forbid_and_pin_then_run_again(given: Any) -> None:
    people = [mentor("m1", skills="a"), mentor("m2"), mentee("e1", goals="a"), mentee("e2")]

    first = given(people)
    forbidden = given(people, "--forbid", "m1:e1")
    pinned = given(people, "--pin", "m2:e1")

    assert couples(first) == {("m1", "e1"), ("m2", "e2")}
    assert couples(forbidden) == couples(pinned) == {("m1", "e2"), ("m2", "e1")}
    assert [one["mentee_id"] for one in pinned.json["pairs"] if one["pinned"]] == ["e1"]


@pytest.mark.parametrize(
    ("pins", "wrong"),
    [
        (["m1:e1"], "--pin m1:e1: not within the rules: stand in the same reporting line"),
        (["m1:e2", "m2:e2"], "--pin m2:e2: e2 is pinned to another mentor already"),
        (["m2:e1", "m2:e2"], "--pin m2:e2: m2 has room for 1 only"),
        (["m3:e1"], "--pin m3:e1: m3 is not asked: on leave"),
    ],
)
def test_a_pin_stays_within_the_rules(given: Any, pins: list[str], wrong: str) -> None:
    told = given(
        [mentor("m1"), mentor("m2"), mentor("m3", status="leave"), mentee("e1", manager_id="m1"), mentee("e2")],
        *(word for pin in pins for word in ("--pin", pin)),
    )

    assert told.code == 1
    assert wrong in told.err


def test_an_unknown_id_is_a_usage_error_with_a_guess(given: Any) -> None:
    told = given([mentor("mentor-1"), mentee("e1")], "--forbid", "mentor-2:e1")

    assert told.code == 2
    assert "no mentor or mentee with the id 'mentor-2', mentor-1 perhaps" in told.err


def test_ids_may_hold_colons(given: Any) -> None:
    told = given([mentor("hr:1"), mentor("m2"), mentee("e:1")], "--forbid", "hr:1:e:1")

    assert couples(told) == {("m2", "e:1")}


def test_every_pair_has_its_reasons_and_the_next_best(given: Any) -> None:
    told = given(
        [
            mentor("m1", skills="Speaking|writing", language="de", department="A"),
            mentor("m2", language="de", department="B"),
            mentee("e1", goals="speaking", language="de", department="B"),
        ]
    )

    (one,) = told.json["pairs"]
    assert one["reasons"] == ["speaking: goals of the mentee, skills of the mentor (+10)", "de: language (+6)", "another department (+3)"]
    assert one["next_best"] == {"mentor_id": "m2", "score": 6, "room": True, "has": []}
    assert why_left(told, "m2") == "1 mentee could have this mentor, best placed elsewhere"


def test_room_that_is_left_is_explained_by_the_mentees_who_are_with_others(given: Any) -> None:
    told = given([mentor("m1", capacity="3"), mentor("m2", capacity="2"), mentee("e1"), mentee("e2")], "--pin", "m1:e1", "--pin", "m1:e2")
    assert why_left(told, "m1") == "every mentee who may have this mentor does"
    assert why_left(told, "m2") == "2 mentees could have this mentor, best placed elsewhere"

    told = given([mentor("m1", capacity="2"), mentor("m2"), mentee("e1"), mentee("e2")], "--pin", "m1:e1", "--pin", "m2:e2")
    assert why_left(told, "m1") == "1 other mentee could have this mentor, best placed elsewhere"


def test_a_reason_never_names_a_protected_trait(given: Any) -> None:
    """The reason names neither its column nor its value, nor an operator's own words about it; the trait counts all the same."""
    criteria = """\
pairing:
  require:
    - {when: {same: [Faith Group, faith group]}}
  criteria:
    - {score: 7, when: {same: [gender identity, gender identity]}, reason: alike in what matters}
    - {score: 5, when: {shares: [wish, gives]}, reason: two women}
    - {score: 4, when: {shares: [hobby, hobby]}, reason: a hobby in common}
    - {score: 2, when: {same: [herkunft, herkunft]}}
"""
    traits = {"gender identity": "trans", "wish": "x", "gives": "x", "hobby": "chess", "herkunft": "Kurdistan"}
    people = [mentor("m1", **traits, **{"faith group": "Bahai"}), mentee("e1", **traits, **{"faith group": "Bahai"}), mentee("e2", **traits)]

    told = given(people, pairing=criteria, extra=[*traits, "faith group"])

    (one,) = told.json["pairs"]
    assert one["score"] == 18
    assert one["reasons"] == ["a hobby in common (+4)", "other criteria of the programme (+14)"]
    assert why_left(told, "e2") == "none of 1 mentors: 1 by requirement 1 of the programme"
    for word in ("gender", "trans", "women", "herkunft", "Kurdistan", "faith", "Bahai", "alike"):
        assert word.casefold() not in (told.out + told.err).casefold()


def test_a_criterion_over_a_column_that_is_not_there_is_a_fault_in_its_place(given: Any) -> None:
    told = given([mentor("m1"), mentee("e1")], pairing="pairing:\n  criteria:\n    - {score: 1, when: {same: [profesion, profession]}}\n", extra=["profession"])

    assert told.code == 1
    assert "programme.yaml:28:24: pairing.criteria[0].when: " in told.err
    assert "people.csv has no column 'profesion', expected profession perhaps" in told.err


@pytest.mark.parametrize(
    ("above", "fits"),
    [
        ("{fields: [grade, grade], order: [A, B, C, D], least: 1, most: 2}", {"m-B", "m-C"}),
        ("{fields: [grade, grade], order: [A, B, C, D], least: 2}", {"m-C", "m-D"}),
        ("{fields: [years, years], least: 5, most: 10}", {"m-C"}),
    ],
)
def test_a_mentor_stands_some_steps_above_on_a_scale(given: Any, above: str, fits: set[str]) -> None:
    years = {"A": "3", "B": "6", "C": "9.5", "D": "40"}
    people = [mentor(f"m-{grade}", grade=grade.lower(), years=years[grade]) for grade in "ABCD"] + [mentor("m-blank"), mentee("e1", grade="A", years="2")]
    found: set[str] = set()
    while True:
        told = given(
            people,
            *(word for name in found for word in ("--forbid", f"{name}:e1")),
            pairing=f"pairing:\n  require:\n    - when: {{above: {above}}}\n",
            extra=["grade", "years"],
        )
        if told.code:
            break
        found.add(told.json["pairs"][0]["mentor_id"])

    assert found == fits


def test_who_says_nothing_differs_from_nobody(given: Any) -> None:
    people = [mentor("m-other", department="b"), mentor("m-same", department="A"), mentor("m-blank"), mentee("e1", department="a"), mentee("e-blank")]

    told = given(people, pairing="pairing:\n  require:\n    - when: {differs: [department, department]}\n")

    assert couples(told) == {("m-other", "e1")}


def test_the_order_of_the_rows_changes_nothing(given: Any) -> None:
    """There are many ties here: the answer depends on the ids alone."""
    people = [mentor(f"m{number}", language="en") for number in range(6)] + [mentee(f"e{number}", language="en") for number in range(4)]
    told = []
    for seed in range(4):
        random.Random(seed).shuffle(people)
        told.append(couples(given(people)))

    assert all(one == told[0] for one in told)


def test_without_scipy_the_command_says_what_to_install(given: Any, files: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("starter.pairing_")]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("pairing_files", "pairing_rules", "pairing_match"):
        monkeypatch.delattr(starter, name, raising=False)
    monkeypatch.setitem(sys.modules, "numpy", None)

    told = given([mentor("m1"), mentee("e1")])

    assert told.code == 1
    assert "`make extras` installs them" in told.err
    assert not (files.folder / "out.csv").exists()


def test_pairs_are_never_written_over_what_is_read(given: Any, files: Any) -> None:
    told = given([mentor("m1"), mentee("e1")], "--out", str(files.people))

    assert told.code == 2
    assert "this file is read here" in told.err


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_every_rule_holds_for_the_mentees_after_the_first_few_hundred_as_well(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """H4: many mentees are processed in groups; an error there would pair somebody with their own manager, but only in large companies."""
    party = pairing_rules.Party
    said = [({"team": ("a",), "wants": ("x", "y")}, 1), ({"team": ("b",)}, 0), ({"wants": ("y",)}, 2), ({"team": ("a",), "wants": ("z",)}, 1), ({}, 1)]
    everybody = [party(f"p{number}", capacity, cells) for number, (cells, capacity) in enumerate(said)]
    criteria = [{"score": 3, "when": {"shares": ["wants", "wants"]}}, {"score": 2, "when": {"same": ["team", "team"]}}]
    panel = pairing_rules.Panel(
        mentees=everybody,
        mentors=everybody,
        pairing=Pairing.model_validate({"criteria": criteria}),
        managers={"p4": "p3", "p3": "p0"},
        reporting_line=1,
        earlier=[("p2", "p0")],
        excluded=[("p4", "p2")],
    )
    picky = dataclasses.replace(panel, pairing=Pairing.model_validate({"require": [{"when": {"differs": ["team", "team"]}}]}))
    monkeypatch.setattr(pairing_rules, "_ROWS", rows)

    barred = {(0, 0), (2, 2), (3, 3), (4, 4), (2, 0), (0, 2), (4, 2), (2, 4), (4, 3), (3, 4), (3, 0), (0, 3), *((row, 1) for row in range(5))}
    assert set(map(tuple, np.argwhere(~panel.allowed()).tolist())) == barred
    assert np.argwhere(picky.allowed()).tolist() == [[1, 0], [1, 3]]
    assert panel.scores().tolist() == [[5, 0, 3, 2, 0], [0, 2, 0, 0, 0], [3, 0, 3, 0, 0], [2, 0, 0, 5, 0], [0, 0, 0, 0, 0]]


@pytest.mark.parametrize("seed", range(12))
def test_leaving_candidates_out_never_costs_a_person_or_a_point(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compares with the exact optimum, by another algorithm, in crowded markets where only a few candidates are considered at first."""
    monkeypatch.setattr(pairing_match, "_ALL", 0)
    monkeypatch.setattr(pairing_match, "_FEW", 2)
    monkeypatch.setattr(pairing_match, "_MORE", 1)
    chance = np.random.default_rng(seed)
    rows, columns = (int(number) for number in chance.integers(1, 60, 2))
    scores = ((chance.zipf(1.6, rows) % 7)[:, None] == (chance.zipf(1.6, columns) % 7)[None, :]) * 10 + chance.integers(0, 3, (rows, columns))
    allowed = chance.random((rows, columns)) < chance.choice([0.05, 0.3, 0.9])
    capacity = chance.integers(0, 4, columns)

    matched = pairing_match.match(scores.astype(np.int32), allowed, capacity)

    places = np.repeat(np.arange(columns), capacity)
    worth = np.where(allowed, 10_000 + scores, 0)[:, places]
    best = worth[optimize.linear_sum_assignment(worth, maximize=True)].sum()
    has = np.flatnonzero(matched >= 0)
    assert allowed[has, matched[has]].all()
    assert (np.bincount(matched[has], minlength=columns) <= capacity).all()
    assert (10_000 + scores[has, matched[has]]).sum() == best


GRADES = "[AA, AO, EO, HEO, SEO, Grade 7, Grade 6, SCS1, SCS2, SCS3, SCS4]"
SHARED_PAIRING = f"""\
pairing:
  mentees_per_mentor: %d
  require:
    - {{when: {{differs: [organisation, organisation]}}, reason: another organisation}}
    - {{when: {{above: {{fields: [grade, grade], order: {GRADES}, least: 1, most: 2}}}}, reason: one or two grades above}}
  criteria:
    - {{score: 12, when: {{above: {{fields: [grade, grade], order: {GRADES}, least: 2, most: 2}}}}, reason: two grades above}}
    - {{score: 9, when: {{above: {{fields: [grade, grade], order: {GRADES}, least: 1, most: 1}}}}, reason: one grade above}}
    - {{score: 10, when: {{same: [profession, profession]}}, reason: the same profession}}
    - {{score: 6, when: {{shares: [identity to match, characteristics]}}}}
"""


@pytest.mark.skipif(not SHARED.is_dir(), reason="the sample people with a known optimum are not beside the project")
@pytest.mark.parametrize(("most", "matched", "score"), [(1, 35, 750), (2, 49, 1006), (3, 50, 1038)])
def test_the_documented_optimum_of_the_sample_people_is_reached(given: Any, most: int, matched: int, score: int) -> None:
    """The programme's own hard rules and criteria reach it, with no code of the test's."""
    extra = ["organisation", "grade", "profession", "identity to match", "characteristics"]
    people = []
    for role in ("mentor", "mentee"):
        with (SHARED / f"{role}s.csv").open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                person = {"person_id": f"{role}-{row['last name']}", "role": role, "email": row["email address"]}
                lists = {name: row.get(name, "").replace(",", "|") for name in ("identity to match", "characteristics")}
                people.append(person | {name: row[name] for name in ("organisation", "grade", "profession")} | lists)

    told = given(people, pairing=SHARED_PAIRING % most, extra=extra)

    assert (told.json["paired"], told.json["score"]) == (matched, score)
    assert len(told.json["left_over"]["mentees"]) == 50 - matched
    assert all(word not in told.out for word in ("identity", "Gay", "Lesbian", "Transgender", "Bisexual", "characteristics"))
