"""How an operator's command about one pair reaches its mentorship, and what is shown of it where no workflow answers (H14)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.connect import TemporalUnavailable
from records.cohorts import Enrolment
from records.journal import JournalEntry
from records.store import Records
from starter import mentorship, operator_update


@pytest.fixture
def told(running: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Enrolment, Any]]:
    """What each command sent, and to whom."""
    found: list[tuple[Enrolment, Any]] = []

    async def reach(_: Any) -> None:
        return None

    async def send(_: Any, pair: Enrolment, message: Any, _patience: float) -> dict[str, Any]:
        found.append((pair, message))
        return {"outcome": "refused", "reason": "over"}

    monkeypatch.setattr(operator_update, "reach_temporal", reach)
    monkeypatch.setattr(operator_update, "send", send)
    return found


def test_who_stepped_away_is_the_one_that_the_operator_named(told: Any, run: Any) -> None:
    """The partner is told, and is the one who gets a new match."""
    for side in ("mentor", "mentee"):
        run("end", "spring-27", "p2", "--reason", "stepped_away", "--leaver", side)
    assert [(pair.pair_id, message.command, message.reason, message.leaver) for pair, message in told] == [
        ("p2", "end", "stepped_away", told[0][0].mentor),
        ("p2", "end", "stepped_away", told[0][0].mentee),
    ]


COMMANDS: list[tuple[list[str], dict[str, Any]]] = [
    (["pause"], {"until": None}),
    (["pause", "--until", "2099-05-01"], {"until": datetime(2099, 4, 30, 22, tzinfo=UTC)}),  # when that day begins in the programme's zone
    (["resume"], {}),
    (["waive", "shadowing"], {"milestone": "shadowing"}),
    (["resolve", "silence"], {"line": "silence"}),
    (["end"], {"reason": "operator", "leaver": None}),
    (["end", "--reason", "conduct"], {"reason": "conduct", "leaver": None}),  # H7: then nobody is certified, whatever was done
]


def test_a_command_says_what_it_was_given_and_by_whom(told: Any, running: Any, run: Any) -> None:
    for command, _ in COMMANDS:
        run(command[0], "spring-27", "p1", *command[1:], "--as", "ana-of-hr")
    ana = running.ask(lambda records: records.people.operator("ana-of-hr"))
    for (pair, message), (command, said) in zip(told, COMMANDS, strict=True):
        assert (pair.pair_id, message.command.split("_")[0], message.by) == ("p1", command[0], ana)
        assert {name: getattr(message, name) for name in said} == said


def test_what_records_show_of_a_pair_names_nobodys_rung(running: Any, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """H14: how much whose cancellations count is between that person and the coordinator."""

    async def away(_: Any) -> None:
        raise TemporalUnavailable("nobody answers at 127.0.0.1:1")

    async def written(records: Records) -> str:
        pair = next(pair for pair in await records.cohorts.enrolments("spring-27") if pair.pair_id == "p1")
        head = await records.journal.head(pair.mentorship)
        assert head is not None
        card = {"phase": "active", "meetings_held": 2, "ladder_rung": 2}
        await records.journal.append(
            pair.mentorship, [JournalEntry(seq=head.seq + 1, at=running.until, kind="event", name="alignment_reminded", body={})], card=card
        )
        return pair.mentorship

    monkeypatch.setattr(mentorship, "reach_temporal", away)
    name = running.ask(written)
    shown = run("show", "spring-27", "p1", "--json")
    assert (shown.json["mentorship"], shown.json["from"], shown.json["status"]) == (name, "records", {"phase": "active", "meetings_held": 2})
    assert "the workflow did not answer (nobody answers at 127.0.0.1:1); this is what records last heard" in shown.err
    assert run("show", "spring-27", "p1").out.splitlines() == [f"p1 of spring-27: started ({name})", "  phase: active", "  meetings_held: 2"]
