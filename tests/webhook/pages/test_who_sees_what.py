"""The page that says who sees what (H12, P8)."""

from __future__ import annotations

import pytest

from mentorship.visibility import THINGS, VIEWERS, may_read, sight


@pytest.mark.parametrize("spoken", ["en", "de", "ar"])
async def test_the_page_has_a_cell_for_everything_and_everybody(spoken, http, two):
    page = await http.get(f"/who-sees-what?lang={spoken}")
    assert page.text.count("<td ") == len(THINGS) * len(VIEWERS)
    assert page.text.count('class="yes"') == sum(sight(viewer, thing) == "yes" for viewer in VIEWERS for thing in THINGS)


def test_what_a_participant_writes_is_read_by_nobody_else():
    for thing in ("feedback", "pins", "end_wish", "surveys", "cancel_reasons", "late_count", "goals"):
        for viewer in VIEWERS:
            if viewer != "own" and (thing, viewer) != ("goals", "partner"):
                assert not may_read(viewer, thing), (thing, viewer)
    assert may_read("partner", "feedback", shared=True)
    assert all(sight("everyone_else", thing) == "no" for thing in THINGS)
