"""The table of who sees what governs the mails: changing a row there changes them (H12, P8)."""

from __future__ import annotations

import pytest

from mentorship import visibility
from mentorship.duration import iso
from notices.readers import Elsewhere
from notices.telling import NotToBeTold


@pytest.fixture
def row(monkeypatch):
    """Sets one cell of the table for this test."""

    def write(thing: visibility.Thing, viewer: visibility.Viewer, sight: visibility.Sight) -> None:
        monkeypatch.setitem(visibility._TABLE, thing, {**visibility._TABLE.get(thing, {}), viewer: sight})

    return write


def words(message) -> str:
    return " ".join(" ".join(part.get_content().split()) for part in message.walk() if part.get_content_maintype() == "text")


@pytest.mark.parametrize(
    ("thing", "viewer", "kind", "facts", "told"),
    [
        ("name", "partner", "prepare", {}, "Grace Hopper"),
        ("name", "coordinators", "case", {}, "Grace Hopper"),
        ("needs_a_person", "coordinators", "case", {"line": "silence"}, None),
        ("milestones", "partner", "halfway", {}, "A day of shadowing"),
        ("milestones", "partner", "result", {"met_with_share": False}, "A day of shadowing"),
        ("slot_answers", "partner", "prepare", {}, "Still on? Then"),
        ("meetings", "partner", "rescheduled", {"change": "cancelled"}, "will not take place"),
        ("meetings", "partner", "prepare", {"longer": iso("P4W")}, "4 weeks more"),
        ("stepped_away", "partner", "ended", {"stepped_away": "mentor"}, "stepped away"),
        ("address", "partner", "welcome", {}, "grace.secret@people.example"),
        ("pins", "own", "prepare", {}, "A second pair of eyes."),
        ("attendance", "partner", "absence_reported", {}, None),
        ("slot_answers", "partner", "move_proposed", {}, None),
        ("late_count", "own", "nudge", {}, None),
        ("coordinator_told", "own", "coordinator_told", {}, None),
    ],
)
def test_what_the_table_keeps_from_a_reader_no_mail_tells(row, mail, thing, viewer, kind, facts, told):
    """`told` is gone from the mail once the row says no. A mail about nothing else (None) is not made at all."""
    before = words(mail(kind, **facts))
    row(thing, viewer, "no")
    if told is None:
        with pytest.raises(NotToBeTold, match=kind):
            mail(kind, **facts)
        return
    assert told in before
    after = words(mail(kind, **facts))
    assert told not in after
    assert "None" not in after


@pytest.mark.parametrize("sight", ["as_code", "as_number", "in_groups"])
def test_less_than_all_of_a_thing_is_nothing_in_a_mail(row, mail, sight):
    row("name", "partner", sight)
    assert "Grace" not in words(mail("ended", stepped_away="mentor"))


def test_a_thing_without_a_row_is_told_to_nobody(monkeypatch, mail):
    monkeypatch.delitem(visibility._TABLE, "stepped_away")
    assert "stepped away" not in words(mail("ended", stepped_away="mentor"))
    assert "You have stepped away" in words(mail("ended", "mentor", stepped_away="mentor"))  # one knows what one did


def test_other_mentorships_are_named_as_the_table_allows(row, mail):
    others = (Elsewhere("Cleo Mentee", "https://mentoring.example/p/cleo"),)
    assert "Cleo Mentee" in words(mail("prepare", "mentor", with_={"elsewhere": others}))
    row("name", "partner", "no")
    told = words(mail("prepare", "mentor", with_={"elsewhere": others}))
    assert "Cleo Mentee" not in told
    assert "https://mentoring.example/p/cleo" in told
