"""Reads the three files of a cohort that a command is given, or refuses them with every fault of all of them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from gateway.settings import Settings
from starter.answer import Refused, aside
from starter.in_file import reading
from starter.printable import unprintable
from starter.roster import Roster, read_roster


def read_files(programme: Path, people: Path, pairs: Path, *, enrolled: Collection[str] = ()) -> Roster:
    """The three files of a cohort. Raises Misused for one that is not there, Refused with every fault of all of them.

    Pairs that are already `enrolled` are not judged again: people leave, and reporting lines change.
    """
    with reading(programme, people, pairs) as findings:
        roster = read_roster(programme, people, pairs, findings, enrolled=enrolled)
    if roster is None:  # pragma: no cover - readers that find no fault and no roster have a defect
        raise Refused("the files cannot be used")
    for line in unprintable(_printed(roster), Settings.load()):
        aside(line)
    return roster


def _printed(roster: Roster) -> dict[str, str]:
    """The texts that certificates would print, by what they are called here: people by the roster's ids."""
    paired = {person for pair in roster.pairs for person in (pair.mentor_id, pair.mentee_id)}
    names = {f"name of {person}": roster.people[person].name for person in sorted(paired)}
    return {"programme.title": roster.programme.programme.title, **names}
