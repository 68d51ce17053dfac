"""On a busy machine the demo's people act too late. The demo then blames the machine, and never whatever they came too late for."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from local.demo.actor import Actor
from local.demo.door import Door
from local.demo.personas import LATEST
from local.demo.show import Show
from local.demo.verdict import EXPECTED, TOTAL, Finding, too_slow

MISSED = [Finding("the ladder, once a rung (H14)", holds=False, why="expected 2, found 1"), Finding("the journal is whole", holds=True)]
CARD = {"phase": "completed", "milestones_done": 9, "milestones_total": TOTAL, "ladder_rung": 2, "certificates": ["a", "b"], "ended": None}


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    """A door that accepts everything at once."""

    async def taken(*_: object) -> tuple[int, Any]:
        return 202, {}

    monkeypatch.setattr(Door, "_ask", taken)
    return Door(1, "demo", "whsec_")


@pytest.fixture
def actor(door: Door) -> Actor:
    return Actor("p", {"mentor": "a", "mentee": "b"}, handle=None, door=door, stack=None, tell=lambda *_: None)  # type: ignore[arg-type]


async def test_the_worst_lateness_is_kept(actor: Actor, door: Door) -> None:
    began = datetime.now(UTC)
    for ago in (0.5, 7.0, 1.0):
        await actor.at(datetime.now(UTC), -ago)
        await actor.say("mentor", "report_meeting")
    assert 7.0 <= door.behind <= 7.0 + (datetime.now(UTC) - began).total_seconds()


async def test_who_is_on_time_or_is_late_on_purpose_is_not_behind(actor: Actor, door: Door) -> None:
    due = datetime.now(UTC) + timedelta(seconds=0.2)
    await actor.at(due, 0.0)
    await actor.say("mentor", "report_meeting")
    await actor.at(datetime.now(UTC), -60.0, timely=False)
    await actor.say("mentor", "report_meeting")
    assert door.behind <= (datetime.now(UTC) - due).total_seconds()


def test_a_miss_on_a_slow_machine_accuses_the_machine_only() -> None:
    said = too_slow(MISSED, LATEST + 0.7)
    assert said == "this machine was too slow: 2.2 s behind; this run proves nothing: try again when it is less busy"
    assert too_slow(MISSED, LATEST - 0.1) is None, "a miss on a machine that kept up is ours"
    assert too_slow(MISSED[1:], LATEST + 60) is None, "what came out all the same is proved"


@pytest.mark.parametrize(("rung", "told"), [(2, True), (1, False)])
def test_the_table_tells_a_story_only_where_it_came_out_so(rung: int, told: bool) -> None:
    shown = io.StringIO()
    pair = SimpleNamespace(card={**CARD, "ladder_rung": rung})
    evidence = SimpleNamespace(pairs={"cancels-late": pair})
    Show(Console(file=shown, width=250)).table(evidence)  # type: ignore[arg-type]
    assert (EXPECTED["cancels-late"].story in shown.getvalue()) is told
    assert ("otherwise than it was played" in shown.getvalue()) is not told
