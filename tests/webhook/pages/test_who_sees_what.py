"""The page that says who sees what (H12, P8)."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from fastapi import FastAPI

from mentorship.visibility import THINGS, VIEWERS, may_read, sight

DOCUMENT = Path(__file__).parents[3] / "docs" / "confidentiality.md"


@pytest.mark.parametrize("spoken", ["en", "de", "ar"])
async def test_the_page_has_a_cell_for_everything_and_everybody(spoken, http, two):
    page = await http.get(f"/who-sees-what?lang={spoken}")
    assert page.text.count("<td ") == len(THINGS) * len(VIEWERS)
    assert page.text.count('class="yes"') == sum(sight(viewer, thing) == "yes" for viewer in VIEWERS for thing in THINGS)


async def test_the_document_has_the_pages_table(http):
    page = (await http.get("/who-sees-what?lang=en")).text
    rows = [[unescape(cell) for cell in re.findall(r"<t[hd][^>]*>([^<]*)<", row)] for row in re.findall(r"<tr>.*?</tr>", page)]
    told = [line.strip("| ").split(" | ") for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    first = told.index(rows[0])
    assert len(rows) == len(THINGS) + 1
    assert told[first + 2 : first + 1 + len(rows)] == rows[1:]


def test_the_document_names_every_path_that_a_proxy_must_not_log(app: FastAPI):
    """Every address below these paths holds a token, or says to whom it belongs."""
    telling = {path.partition("{")[0] for route in app.routes if "{" in (path := getattr(route, "path", ""))} - {"/static/"}
    named = re.findall(r"`(/\w+/)`", DOCUMENT.read_text(encoding="utf-8"))
    assert {f"/{path.split('/')[1]}/" for path in telling} == set(named)


def test_what_a_participant_writes_is_read_by_nobody_else():
    for thing in ("feedback", "pins", "end_wish", "surveys", "cancel_reasons", "late_count", "goals"):
        for viewer in VIEWERS:
            if viewer != "own" and (thing, viewer) != ("goals", "partner"):
                assert not may_read(viewer, thing), (thing, viewer)
    assert may_read("partner", "feedback", shared=True)
    assert all(sight("everyone_else", thing) == "no" for thing in THINGS)
