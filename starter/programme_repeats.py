"""Finds entries of a programme file that may be there only once, in only one of two places, or in order only. Each fault points at the very entry."""

from __future__ import annotations

from typing import Any

from starter.faults import Fault, shown
from starter.yaml_document import KeyPath, YamlDocument

_ONCE: tuple[KeyPath, ...] = (("programme", "languages"), ("contacts", "coordinators"), ("contacts", "outside"), ("meetings", "working_days"))


def repeated(document: YamlDocument) -> dict[KeyPath, Fault]:
    """The faults by path. The core refuses most of these too, but names only the list, and only the first of several."""
    found: dict[KeyPath, tuple[str, str]] = {}
    _milestones(document, found)
    _sessions(document, found)
    _ladder(document, found)
    for path in _ONCE:
        _each_once(path, _list(document, path), found)
    _outside(document, found)
    return {path: document.fault(path, *told) for path, told in found.items()}


def _milestones(document: YamlDocument, found: dict[KeyPath, tuple[str, str]]) -> None:
    seen: dict[str, int] = {}
    for index, milestone in enumerate(_list(document, ("milestones",))):
        name = _key(milestone, "id")
        if isinstance(name, str):
            if name in seen:
                line = document.place(("milestones", seen[name], "id"))[0]
                found["milestones", index, "id"] = f"{shown(name)} stands on line {line} already", "each milestone id once"
            seen.setdefault(name, index)


def _sessions(document: YamlDocument, found: dict[KeyPath, tuple[str, str]]) -> None:
    closing: int | None = None
    for index, session in enumerate(_list(document, ("sessions",))):
        expectations = _key(session, "expectations")
        if index == 0 and isinstance(session, dict) and (expectations is None or expectations is False):
            path: KeyPath = ("sessions", 0, "expectations") if expectations is False else ("sessions", 0)
            found[path] = "the first session without the three expectations", "`expectations: true` in the first session"
        if index > 0 and expectations is True:
            found["sessions", index, "expectations"] = "the three expectations again", "them in the first session only"
        if _key(session, "closing") is True:
            if closing is not None:
                found["sessions", index, "closing"] = "a second closing session", "at most one"
            closing = index


def _ladder(document: YamlDocument, found: dict[KeyPath, tuple[str, str]]) -> None:
    path: KeyPath = ("cancellations", "ladder")
    before: int | None = None
    seen: set[Any] = set()
    for index, rung in enumerate(_list(document, path)):
        at, do = _key(rung, "at"), _key(rung, "do")
        if isinstance(at, int) and not isinstance(at, bool):
            if before is not None and at <= before:
                found[*path, index, "at"] = f"{at} after {before}", "rising numbers"
            before = at
        if isinstance(do, str):
            if do in seen:
                found[*path, index, "do"] = f"{shown(do)} stands twice", "each `do` once"
            elif do == "nudge" and "coordinator" in seen:  # the nudge's mail says that nobody else was told (H14)
                found[*path, index, "do"] = "the private note after the coordinators were told", "it before them, or none"
            seen.add(do)


def _outside(document: YamlDocument, found: dict[KeyPath, tuple[str, str]]) -> None:
    """Nobody who runs the programme may be an outside contact, to whom people turn with a concern about it (H16)."""
    team = [document.value(("contacts", "owner")), *_list(document, ("contacts", "coordinators"))]
    for index, entry in enumerate(_list(document, ("contacts", "outside"))):
        if isinstance(entry, str) and entry in team:
            found["contacts", "outside", index] = f"{shown(entry)} is of the programme's team", "somebody outside it, for concerns"


def _each_once(path: KeyPath, entries: list[Any], found: dict[KeyPath, tuple[str, str]]) -> None:
    for index, entry in enumerate(entries):
        if isinstance(entry, str) and entry in entries[:index]:
            found[*path, index] = f"{shown(entry)} stands twice", "each one once"


def _list(document: YamlDocument, path: KeyPath) -> list[Any]:
    value = document.value(path)
    return value if isinstance(value, list) else []


def _key(entry: Any, key: str) -> Any:
    return entry.get(key) if isinstance(entry, dict) else None
