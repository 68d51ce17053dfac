"""Every command's `--json` has a schema in docs/cli. tests/starter/conftest.py checks with every call that answers conform to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from jsonschema import Draft202012Validator

from records.held import Held
from starter import cli

SCHEMAS = Path(__file__).parents[2] / "docs" / "cli"
CORRECTIONS = {"pause", "resume", "extend", "end", "waive", "resolve"}


def _commands(group: Any, *before: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, *before, name)
        else:
            yield "-".join([*before, name]), command


def _described() -> set[str]:
    found = {name for name, command in _commands(typer.main.get_command(cli.app)) if any("--json" in option.opts for option in command.loaded().params)}
    return (found - CORRECTIONS) | {"correction"}


def test_every_command_that_answers_programs_has_a_schema_and_there_is_none_besides():
    assert {path.name.removesuffix(".schema.json") for path in SCHEMAS.glob("*.schema.json")} == _described()


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.schema.json")), ids=lambda path: path.name)
def test_a_schema_is_one(path):
    schema = json.loads(path.read_text())
    Draft202012Validator.check_schema(schema)
    assert schema["title"].startswith("mentorship ")
    assert schema["description"]


@pytest.mark.parametrize("path", ["person-export.schema.json", "../own-data.schema.json"])
def test_what_is_held_is_described_by_its_very_models(path):
    """An operator and the person who downloads it get the same keys."""
    described = json.loads((SCHEMAS / path).read_text())["$defs"]
    models = Held.model_json_schema(mode="serialization")
    assert described == {**models.pop("$defs"), "Held": models}
