"""Which pairs are within one reporting line, up to the configured level, as records know it now (H4)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from records.journal import JournalEntry
from records.people import Profile
from records.reporting_line import LINE, in_line, managers_with, orders

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
async def hire(records):
    async def hire(**managers: str | None) -> dict[str, str]:
        return await records.people.enrol([Profile(person_id=n, name=n, email=f"{n}@example.org", manager_id=m) for n, m in managers.items()])

    return hire


async def test_profiles_that_are_to_stand_count_before_those_that_do(records, hire):
    await hire(mia=None, vera="mia", noor="vera")
    changed = Profile(person_id="noor", name="noor", email="noor@example.org", manager_id="sam")
    assert (await managers_with(records.people, {"noor": changed}))["noor"] == "sam"
    new = Profile(person_id="eve", name="eve", email="eve@example.org", manager_id="vera")
    found = await managers_with(records.people, {"eve": new})
    assert (found["eve"], found["vera"]) == ("vera", "mia")


@pytest.mark.parametrize(("levels", "found"), [(1, []), (2, ["two"]), (3, ["two", "three"]), ("all", ["two", "three"])])
async def test_which_pairs_lie_within_a_line_is_the_programmes_levels_to_say(records, hire, programme, cohort, levels, found):
    await records.programmes.put(programme.model_copy(update={"reporting_line": levels}))
    await records.cohorts.put(cohort)
    refs = await hire(mia=None, vera="mia", noor="vera", far="noor", sam="mia")
    wanted = [("two", refs["mia"], refs["noor"]), ("three", refs["far"], refs["mia"]), ("peers", refs["sam"], refs["vera"])]
    await records.cohorts.enrol_pairs("spring", wanted)
    assert [pair.enrolment.pair_id for pair in await in_line(records, await records.cohorts.running())] == found
    await records.people.erase(refs["noor"])
    assert await in_line(records, await records.cohorts.running()) == (), "who was erased ends a line"


async def test_a_pair_is_told_at_the_programmes_level_once_it_began_and_only_of_a_line_that_it_lies_in(records, hire, programme, cohort):
    """Two levels by default. A person's own manager is told neither who is above the pair nor about another line."""
    await records.programmes.put(programme)
    await records.cohorts.put(cohort)
    refs = await hire(top=None, mia="top", vera="mia", noor="vera", far="noor", other=None)
    wanted = [("two", refs["mia"], refs["noor"]), ("three", refs["mia"], refs["far"]), ("none", refs["other"], refs["vera"])]
    two, three, none = (await records.cohorts.enrol_pairs("spring", wanted)).added
    assert [pair.enrolment.pair_id for pair in await in_line(records, await records.cohorts.running())] == ["two"]
    assert await orders(records, by="p-o", at=NOW) == (), "it has not begun"
    for pair in (two, three, none):
        await records.cohorts.mark_started(pair.mentorship, NOW)

    async def told(**of: str) -> list[tuple[str, str]]:
        return [(order.enrolment.pair_id, order.command.command) for order in await orders(records, by="p-o", at=NOW, **of)]

    assert await told() == [("two", "flag")]
    assert [order.command.at for order in await orders(records, by="p-o")] == [None], "what no door took carries no host's time"
    assert [await told(of=name) for name in ("noor", "vera", "mia", "top", "other")] == [[("two", "flag")], [("two", "flag")], [], [], []]

    before = await orders(records, by="p-o", at=NOW)
    await records.lines.open(two.mentorship, "silence", None, NOW, "another matter")
    await records.lines.open(three.mentorship, "silence", None, NOW, "of another pair")
    await records.lines.close(two.mentorship, "silence", NOW)
    assert await orders(records, by="p-o", at=NOW) == before, "other lines are no business of this one"
    await records.lines.open(two.mentorship, LINE, None, NOW, "as the mentorship would")
    assert await orders(records, by="p-o", at=NOW) == before, "nor is it taken off while it holds"
    await hire(noor=None)
    assert await told() == [("two", "resolve")]


@pytest.mark.parametrize("outcome", ["nothing_needed", None])
async def test_what_somebody_closed_is_not_told_again_while_the_line_is_the_same(records, hire, programme, cohort, outcome):
    """A coordinator closed it, or an operator without an outcome. A later start with the same people reports nothing; another line within the levels is
    reported.
    """
    await records.programmes.put(programme)
    await records.cohorts.put(cohort)
    refs = await hire(mia=None, vera="mia", noor="vera")
    (pair,) = (await records.cohorts.enrol_pairs("spring", [("two", refs["mia"], refs["noor"])])).added
    await records.cohorts.mark_started(pair.mentorship, NOW)
    (first,) = await orders(records, by="p-o", at=NOW)
    row = JournalEntry(seq=1, at=NOW, kind="command", name="flag", message_id=first.command.message_id, by="p-o", outcome="applied")
    await records.journal.append(pair.mentorship, [row])
    await records.lines.open(pair.mentorship, LINE, None, NOW, "as the mentorship would")
    if outcome is not None:
        assert await records.lines.settle(pair.mentorship, LINE, refs["vera"], outcome, NOW)
    await records.lines.close(pair.mentorship, LINE, NOW)
    assert await orders(records, by="p-o", at=NOW) == ()

    await hire(noor="mia")
    (nearer,) = await orders(records, by="p-o", at=NOW)
    assert nearer.command.message_id != first.command.message_id
