"""`mentorship programme check FILE`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gateway.settings import Settings
from starter.answer import Json, Refused, answer, aside, counted
from starter.faults import Findings
from starter.in_file import reading
from starter.printable import unprintable
from starter.programme_file import read_programme


def check(file: Annotated[Path, typer.Argument(help="The programme file (YAML 1.2).")], json: Json = False) -> None:
    """Says everything that is wrong with a programme file. Needs no server."""
    findings = Findings()
    with reading(file):
        found = read_programme(file, findings)
    refuse_faults(findings)
    if found.programme is None:  # pragma: no cover - a reader that finds no fault and no programme has a defect
        raise Refused(f"{file}: cannot be used")
    head, meetings = found.programme.programme, found.programme.meetings
    for notice in findings.sorted_notices():
        aside(str(notice))
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


def refuse_faults(findings: Findings) -> None:
    """Raises Refused with every fault, a line each. Notices come first; if a key is unknown, the last line says where all keys are listed."""
    faults = findings.sorted_faults()
    if faults:
        for notice in findings.sorted_notices():
            aside(str(notice))
        unknown = any(fault.wrong.startswith("unknown key") for fault in faults)
        lines = [*(str(fault) for fault in faults), *(["every key, with its default and bounds: docs/programme.yaml"] if unknown else [])]
        raise Refused(*lines, result={"ok": False, "faults": [asdict(fault) for fault in faults]})
