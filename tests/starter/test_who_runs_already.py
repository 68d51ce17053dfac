"""What `cohort start` checks besides its files: couples that run already, reporting lines that came about, and whether a worker is there (H4, H16)."""

from __future__ import annotations

from typing import Any

import pytest

from records.journal import JournalEntry
from records.reporting_line import LINE, orders
from records.store import Records
from starter.answer import Refused
from starter.cohort_start import _refusals, _refuse_twice
from starter.enrolment import intake, running_already, write_down
from starter.without_help import without_help


def test_the_same_two_under_another_pair_id_of_one_cohort_are_refused(running: Any, files: Any) -> None:
    """Both would get every mail twice; no option makes that right."""
    files.people.write_text(files.people.read_text().replace(",1,active", ",2,active"))
    files.pairs.write_text("pair_id,mentor_id,mentee_id\np9,m1,e1\n")

    async def asked(records: Records) -> dict[str, str]:
        roster = files.read()[0]
        return await running_already(records, roster, await intake(records, roster, "spring-27", "now"))

    known = running.ask(asked)
    assert known == {"p9": "spring-27"}
    for again in (True, False):
        with pytest.raises(Refused, match="1 pair of cohort spring-27 runs already") as refused:
            _refuse_twice("spring-27", known, again=again)
        assert "--again" not in str(refused.value)
    _refuse_twice("autumn-27", known, again=True)


def test_the_same_two_in_one_cohort_are_refused_also_where_another_one_has_them_again(running: Any, files: Any) -> None:
    """`--again` let them run in both; no option allows them a third pair, in the first of the two cohorts."""

    async def asked(records: Records) -> dict[str, str]:
        refs = await records.people.refs(["m1", "e1"])
        spring = await records.cohorts.get("spring-27")
        assert spring is not None
        await records.cohorts.put(spring.model_copy(update={"id": "winter-27"}))
        await records.cohorts.enrol_pairs("winter-27", [("w1", refs["m1"], refs["e1"])])
        roster = files.read()[0]
        return await running_already(records, roster, await intake(records, roster, "spring-27", "now"))

    files.pairs.write_text("pair_id,mentor_id,mentee_id\np9,m1,e1\n")
    assert running.ask(asked) == {"p9": "spring-27"}


def test_who_was_started_by_somebody_else_since_the_look_is_refused_by_pair(running: Any, files: Any) -> None:
    """Two operators act at the same moment, each with their own pairs file."""
    files.people.write_text(files.people.read_text().replace(",1,active", ",2,active"))
    files.pairs.write_text("pair_id,mentor_id,mentee_id\np8,m1,e2\np9,m2,e1\n")

    async def started(records: Records) -> None:
        roster = files.read()[0]
        joining = await intake(records, roster, "spring-27", "now")
        assert await running_already(records, roster, joining) == {}
        refs = await records.people.refs(["m2", "e1"])
        await records.cohorts.enrol_pairs("spring-27", [("theirs", refs["m2"], refs["e1"])])
        with _refusals("spring-27"):
            await write_down(records, roster, joining)

    with pytest.raises(Refused) as refused:
        running.ask(started)
    assert str(refused.value).splitlines() == [
        "1 pair of cohort spring-27 runs already:",
        "  p9: the same two run in cohort spring-27",
        "nothing was started; expected other pairs",
    ]
    assert [pair.pair_id for pair in running.ask(lambda records: records.cohorts.enrolments("spring-27"))] == ["p1", "p2", "theirs"]


def test_a_reporting_line_that_was_settled_and_comes_back_is_told_again(running: Any, files: Any) -> None:
    """One message for each time that the line came about: the mentorship accepts each once."""
    people = [one.model_copy(update={"manager_id": "m1"}) if one.person_id == "e1" else one for one in files.read()[0].profiles()]

    async def told(records: Records) -> list[str]:
        await records.people.enrol(people)
        (p1,) = [pair for pair in await records.cohorts.enrolments("spring-27") if pair.pair_id == "p1"]
        found = []
        for _ in range(2):
            found += [order.command.message_id for order in await orders(records, by="p-o", at=running.until) if order.command.command == "flag"]
            await records.lines.open(p1.mentorship, LINE, None, running.until, f"{p1.mentorship}/{len(found)}")
            found += [order.command.message_id for order in await orders(records, by="p-o", at=running.until) if order.command.command == "flag"]
            await records.people.enrol([one.model_copy(update={"manager_id": None}) for one in people])
            (gone,) = await orders(records, by="p-o", at=running.until)
            await records.people.enrol(people)
            head = await records.journal.head(p1.mentorship)
            assert head is not None
            row = JournalEntry(
                seq=head.seq + 1, at=running.until, kind="command", name="resolve", message_id=gone.command.message_id, by="p-o", outcome="applied"
            )
            await records.journal.append(p1.mentorship, [row])
            await records.lines.close(p1.mentorship, LINE, running.until)
        return found

    first, same, back, still = running.ask(told)
    assert first == same
    assert back == still != first


def test_pairs_whom_nobody_may_look_after_or_hear_are_named(running: Any, files: Any) -> None:
    async def asked(records: Records, **contacts: Any) -> list[str]:
        programme = files.read()[0].programme
        programme = programme.model_copy(update={"contacts": programme.contacts.model_copy(update=contacts)})
        return await without_help(records, programme, await records.cohorts.enrolments("spring-27"))

    assert running.ask(asked) == []
    alone, short = running.ask(lambda records: asked(records, coordinators=("m1",), owner="e1", outside=("m1",)))
    assert alone == "notice: nobody of the programme's team may look after p1; see contacts and reporting lines"
    assert short.startswith("notice: fewer than two contacts, or none outside the team, would hear a concern of p1")
