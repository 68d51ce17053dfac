"""`mentorship programme check FILE`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gateway.settings import Settings
from starter.answer import Json, Refused, answer, aside, counted
from starter.in_file import reading
from starter.printable import unprintable
from starter.programme_file import read_programme


def check(file: Annotated[Path, typer.Argument(help="The programme file (YAML 1.2).")], json: Json = False) -> None:
    """Says everything that is wrong with a programme file. Needs no server."""
    with reading(file) as findings:
        found = read_programme(file, findings)
    if found.programme is None:  # pragma: no cover - a reader that finds no fault and no programme has a defect
        raise Refused(f"{file}: cannot be used")
    head, meetings = found.programme.programme, found.programme.meetings
    for line in unprintable({"programme.title": head.title}, Settings.load()):
        aside(line)
    result = {
        "ok": True,
        "programme": head.id,
        "version": head.version,
        "digest": found.programme.digest,
        "notices": [asdict(notice) for notice in findings.sorted_notices()],
    }
    planned = f"{counted(meetings.count, 'meeting')}, {counted(len(found.programme.milestones), 'milestone')}, {head.length}"
    line = f"{file}: {head.id} version {head.version}: {planned}; nothing wrong"
    answer(result, [line], as_json=json)
