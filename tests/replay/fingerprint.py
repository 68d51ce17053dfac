"""Lists what each workflow can ask of Temporal, read from its source: `python tests/replay/fingerprint.py` writes the list to its file.

A replay finds a change only where a stored history contradicts it. The fingerprint finds the others: an extra timer, another order.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
STORED = Path(__file__).with_name("fingerprint.json")

COMMANDS = {
    "continue_as_new",
    "create_task",
    "deprecate_patch",
    "execute",
    "patched",
    "set_current_details",
    "sleep",
    "upsert_search_attributes",
    "uuid4",
    "wait",
    "wait_condition",
}
ASKING = ("execute_", "start_")
"""Matches whatever `workflow` offers for starting activities and children: by name, by method, by class, local or not."""


def fingerprint() -> dict[str, list[str]]:
    """Lists, by module and function and in source order, each call that becomes a command or that decides when one does."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "workflows").glob("*.py")):
        tree = ast.parse(path.read_text())
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            calls = [_call(node) for node in ast.walk(function) if isinstance(node, ast.Call) and _counts(_name(node))]
            if calls:
                found[f"{path.stem}.{function.name}"] = calls
    return found


def patches(found: dict[str, list[str]]) -> set[str]:
    """The ids of the changes that a fingerprint's workflows guard with `workflow.patched`."""
    return {call.split()[1] for calls in found.values() for call in calls if call.startswith("patched ")}


def _counts(name: str) -> bool:
    return name in COMMANDS or name.startswith(ASKING)


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _call(call: ast.Call) -> str:
    """The call's name, the activity that it asks for or its first argument if that is a plain name, and a digest of the rest."""
    match call.args:
        case [ast.Constant(value=str(first)), *_]:
            pass
        case [ast.Attribute(attr=first), *_] if _name(call) == "execute":
            pass
        case _:
            first = ""
    digest = hashlib.sha256(_told(call).encode()).hexdigest()[:8]
    return f"{_name(call)} {first} {digest}".replace("  ", " ")


def _told(part: object) -> str:
    """Renders a piece of syntax the same way on every Python from 3.11 on; `ast.dump` leaves out empty fields only from 3.13 on."""
    match part:
        case ast.AST():
            fields = (f"{name}={_told(value)}" for name, value in ast.iter_fields(part) if value not in (None, []))
            return f"{type(part).__name__}({', '.join(fields)})"
        case list():
            return f"[{', '.join(map(_told, part))}]"
        case _:
            return repr(part)


if __name__ == "__main__":
    STORED.write_text(json.dumps(fingerprint(), indent=1) + "\n")
    sys.stdout.write(f"{STORED.name} written\n")
