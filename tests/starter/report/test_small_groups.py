"""`cohort report` shows only figures about five people or more, and no subtraction reveals a smaller group (H5)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from starter.report_figures import Figures, Milestone
from starter.report_page import page
from starter.report_shown import cells, shown


def figures_of(pairs: int, **known: Any) -> Figures:
    """The figures of a cohort in which nothing happened except what is `known`."""
    nothing = Figures(
        pairs=pairs,
        phases={"completed": pairs},
        milestones=(),
        meetings=dict.fromkeys(("held", "extra", "moved", "cancelled", "not_held"), 0),
        months={},
        attention={},
        goals=dict.fromkeys(("set", "progressed", "achieved", "dropped"), 0),
        certificates={"certified": 0, "not_certified": 0, "not_decided": pairs, "issued": 0},
        survey=(),
    )
    return nothing._replace(**known)


@pytest.mark.parametrize(("certified", "issued", "readable"), [(20, 40, True), (20, 39, False), (20, 36, False), (20, 35, True), (0, 0, True)])
def test_a_few_who_were_certified_alone_cannot_be_found_by_a_difference(certified: int, issued: int, readable: bool) -> None:
    """Twice the certified pairs, minus the certificates issued, gives the pairs of whom only one person has a certificate (P6)."""
    found = figures_of(20 + certified, certificates={"certified": certified, "not_certified": 20, "not_decided": 0, "issued": issued})

    assert shown(found)["certificates"]["issued"] == (issued if readable else None)


@pytest.mark.parametrize(
    ("phases", "certificates", "told"),
    [
        ({"aligning": 4, "active": 461, "paused": 0, "closing": 0, "completed": 0, "ended": 35}, (22, 13, 465), (22, None, None)),
        ({"aligning": 3, "active": 90, "paused": 7, "closing": 0, "completed": 0, "ended": 20}, (10, 10, 100), (10, 10, 100)),
        ({"aligning": 0, "active": 0, "paused": 0, "closing": 3, "completed": 40, "ended": 9}, (40, 9, 3), (40, None, None)),
        ({"aligning": 9, "active": 80, "paused": 8, "closing": 9, "completed": 40, "ended": 9}, (40, 15, 100), (40, 15, 100)),
        ({"aligning": 2, "active": 90, "paused": 2, "closing": 0, "completed": 3, "ended": 3}, (3, 3, 94), (None, None, None)),
        ({"aligning": 3, "active": 90, "paused": 2, "closing": 0, "completed": 40, "ended": 20}, (40, 20, 95), (40, 20, 95)),
        ({"aligning": 0, "active": 50, "paused": 0, "closing": 3, "completed": 40, "ended": 9}, (40, 9, 53), (40, None, None)),
        ({"aligning": 9, "active": 80, "paused": 0, "closing": 3, "completed": 40, "ended": 20}, (40, 20, 92), (40, None, None)),
        ({"aligning": 9, "active": 80, "paused": 0, "closing": 3, "completed": 20, "ended": 40}, (20, 40, 92), (20, None, None)),
    ],
)
def test_a_few_in_one_phase_are_not_found_by_who_was_decided_about(
    phases: dict[str, int], certificates: tuple[int, int, int], told: tuple[int | None, int | None, int | None]
) -> None:
    """H5: nothing is decided about pairs that are aligning, active or paused; about completed or ended ones it is."""
    certified, not_certified, not_decided = certificates
    counted = {"certified": certified, "not_certified": not_certified, "not_decided": not_decided, "issued": 2 * certified}
    found = shown(figures_of(sum(phases.values()), phases=phases, certificates=counted))["certificates"]
    assert tuple(found[name] for name in ("certified", "not_certified", "not_decided")) == told
    assert found["issued"] == (2 * certified if told[0] is not None else None)


@pytest.mark.parametrize(
    ("had", "has", "told"),
    [(7, 5, (7, None)), (12, 5, (12, 5)), (7, 7, (7, 7)), (7, 0, (7, 0)), (3, 0, (None, 0)), (3, 3, (None, None)), (18, 8, (None, 8)), (20, 18, (20, None))],
)
def test_the_few_whose_line_was_taken_care_of_cannot_be_found_by_a_difference(had: int, has: int, told: tuple[int | None, int | None]) -> None:
    """Twenty pairs. If 7 had a line and 5 still have it, two were helped, and somebody who knows of five would know who."""
    found = shown(figures_of(20, attention={"cancellations": {"had": had, "has": has}}))["attention"]["cancellations"]

    assert (found["had"], found["has"]) == told


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"set": 30, "progressed": 20, "achieved": 18, "dropped": 0}, {"progressed": 20, "achieved": None, "dropped": 0}),
        ({"set": 30, "progressed": 20, "achieved": 12, "dropped": 16}, {"progressed": 20, "achieved": 12, "dropped": None}),
        ({"set": 30, "progressed": 20, "achieved": 12, "dropped": 10}, {"progressed": 20, "achieved": 12, "dropped": 10}),
        ({"set": 30, "progressed": 20, "achieved": 18, "dropped": 10}, {"progressed": 20, "achieved": None, "dropped": 10}),
    ],
)
def test_a_few_goals_are_not_found_by_a_difference_either(counts: dict[str, int], told: dict[str, int | None]) -> None:
    """Progressed but not achieved, or neither achieved nor dropped."""
    assert shown(figures_of(20, goals=counts))["goals"] == {"set": counts["set"], **told}


@pytest.mark.parametrize(("done", "waived", "told"), [(12, 6, (12, 6)), (12, 8, (12, None)), (12, 2, (12, None)), (17, 8, (None, None)), (20, 20, (20, 20))])
def test_a_few_who_did_a_milestone_are_not_found_by_how_many_were_waived(done: int, waived: int, told: tuple[int | None, int | None]) -> None:
    """Twenty pairs. Twelve have the milestone and eight were waived, so four did it. Where the first number is hidden, the waived ones are hidden as well."""
    found = shown(figures_of(20, milestones=(Milestone("shadowing", "Shadowing", done, waived),)))["milestones"][0]

    assert (found["done"], found["waived"]) == told


@pytest.mark.parametrize(
    ("pairs", "done", "told", "band"),
    [
        (20, 0, 0, "none"),
        (20, 1, None, "few"),
        (20, 5, 5, "some"),
        (20, 15, 15, "some"),
        (20, 16, None, "most"),
        (20, 20, 20, "all"),
        (8, 4, None, "few"),
        (9, 5, None, "most"),
    ],
)
def test_a_word_stands_where_the_number_would_say_too_much(pairs: int, done: int, told: int | None, band: str) -> None:
    found = shown(figures_of(pairs, milestones=(Milestone("shadowing", "Shadowing", done, 0),)))["milestones"][0]

    assert (found["done"], found["band"]) == (told, band)


def test_the_few_planned_meetings_among_extra_ones_are_not_found_by_a_difference_and_one_move_is_somebodys() -> None:
    found = shown(figures_of(20, meetings={"held": 40, "extra": 37, "moved": 1, "cancelled": 38, "not_held": 38}))["meetings"]

    assert found == {"held": 40, "extra": None, "moved": None, "cancelled": 38, "not_held": 38}


def test_five_pairs_are_a_group() -> None:
    assert shown(figures_of(5))["phases"] == {"completed": 5}
    assert shown(figures_of(4))["phases"] == {"completed": None}


def test_no_more_is_hidden_than_has_to_be() -> None:
    """Three and two are five, in two parts."""
    assert cells({"a": 3, "b": 2, "c": 20}) == {"a": None, "b": None, "c": 20}


@pytest.mark.parametrize(("cancelled", "not_held", "readable"), [(9, 11, False), (9, 9, True), (9, 14, True), (9, 7, False), (9, 3, False)])
def test_a_few_meetings_that_were_missed_are_not_found_by_a_difference(cancelled: int, not_held: int, readable: bool) -> None:
    meetings = {"held": 40, "extra": 0, "moved": 0, "cancelled": cancelled, "not_held": not_held}

    assert shown(figures_of(20, meetings=meetings))["meetings"] == meetings | ({} if readable else {"not_held": None})


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 12), min_size=1))
@example({"a": 1, "b": 1, "c": 9})
@example({"a": 4, "b": 0, "c": 9})
def test_what_is_hidden_is_never_a_small_group_nor_found_by_a_difference(counts: dict[str, int]) -> None:
    """The reader knows the total: what remains after subtracting everything shown must be five or more, in two parts or more."""
    shown = cells(counts)

    assert all(count is None or count == counts[name] for name, count in shown.items())
    assert all(count is None or not 0 < count < 5 for count in shown.values())
    hidden = [counts[name] for name, count in shown.items() if count is None]
    if hidden and sum(counts.values()) >= 5 and len(counts) > 1:
        assert len(hidden) >= 2
        assert sum(hidden) >= 5
    if not any(0 < count < 5 for count in counts.values()):
        assert not hidden


@pytest.mark.parametrize(
    ("extra", "told"), [(7, "Held: 49. 7 of these were beside the plan. Moved"), (2, "Held: 49. How many of these were beside the plan is not shown. Moved")]
)
def test_meetings_beside_the_plan_are_said_or_said_not_to_be_shown(extra: int, told: str) -> None:
    meetings = {"held": 49, "extra": extra, "moved": 0, "cancelled": 0, "not_held": 0}
    facts = {"title": "Spring", "cohort": "spring-27", "programme": "spring version 1", "began": "started", "as_of": "now"}

    assert told in page(facts, shown(figures_of(20, meetings=meetings)))
