"""Stand-ins for what is wrong in a programme file, so that rules over several keys can still be checked."""

from __future__ import annotations

import copy
from collections.abc import Collection
from typing import Any

from starter.yaml_document import KeyPath

_PARTS: dict[str, Any] = {
    "programme": {"id": "stand-in", "version": 1, "title": "-", "length": "P26W", "time_zone": "UTC"},
    "contacts": {"coordinators": ["-"], "owner": "-", "outside": ["-"]},
    "meetings": {"count": 1, "first_after": "P7D", "interval": "P14D", "duration": "PT1H"},
    "quiet": {"from": "2000-01-01", "to": "2000-01-01"},
    "sessions": {"topic": "-"},
    "resources": {"title": "-", "url": "https://example.org"},
    "milestones": {"id": "stand-in", "title": "-"},
    "ladder": {"at": 1, "do": "nudge"},
    "criteria": {"score": 1, "when": {"same": ["-", "-"]}},
}
_LISTS = {"sessions", "milestones"}
_LEAST_SPREAD: KeyPath = ("mail", "spread")
_SPREAD_NEEDS: tuple[KeyPath, ...] = (("meetings", "prepare"), ("meetings", "ask_after"), ("meetings", "interval"), ("meetings",), ("mail",))


def repaired(data: Any, wrong: Collection[KeyPath]) -> Any:
    """A copy of `data` without what is at each path of `wrong`, or with a stand-in for it if it is required."""
    data = copy.deepcopy(data)
    for path in sorted(wrong, key=len, reverse=True):
        _replace(data, path)
    return data


def may_follow_from(path: KeyPath, faults: Collection[KeyPath]) -> bool:
    """Whether a later fault at `path` might come from a stand-in. Then it is not reported until the earlier ones are put right."""
    if path in {("sessions",), ("milestones",)}:
        return any(fault[:1] == path and (len(fault) <= 2 or fault[2] in {"id", "expectations", "closing"}) for fault in faults)
    if path == _LEAST_SPREAD:
        return any(fault in (_LEAST_SPREAD, *_SPREAD_NEEDS) for fault in faults)
    return any(fault[: len(path)] == path or path[: len(fault)] == fault for fault in faults)


def _replace(data: Any, path: KeyPath) -> None:
    if not path:
        return
    *above, key = path
    at = data
    for step in above:
        try:
            at = at[step]
        except (KeyError, IndexError, TypeError):
            return
    stand_in = _stand_in(path)
    if isinstance(at, dict):
        if stand_in is None:
            at.pop(key, None)
        else:
            at[key] = stand_in
    elif isinstance(at, list) and isinstance(key, int) and key < len(at):
        at[key] = stand_in if stand_in is not None else "-"


def _stand_in(path: KeyPath) -> Any:
    key = path[-1]
    if isinstance(key, int):
        part = _PARTS.get(str(path[-2]))
        if part is None:
            return {"feedback_after": 1, "working_days": "mon"}.get(str(path[-2]))
        if path == ("sessions", 0):
            return {**part, "expectations": True}
        return {**part, "id": f"stand-in-{key}"} if "id" in part else dict(part)
    if len(path) == 1:
        part = _PARTS.get(key)
        return None if part is None else [{**part, "expectations": True} if key == "sessions" else part] if key in _LISTS else part
    owner = next((str(step) for step in reversed(path[:-1]) if not isinstance(step, int)), "")
    part = _PARTS.get(owner, {})
    if path == ("sessions", 0, "expectations"):
        return True
    if key == "id" and owner == "milestones":
        return f"stand-in-{path[1]}"
    return part.get(key) if isinstance(part, dict) else None
