"""A command loads no more than it needs. The table that makes this possible describes each command as the command describes itself."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from starter import cli
from starter.on_demand import OnDemand

ROOT = Path(__file__).parents[2]
EXAMPLES = [f"--{name}=examples/{file}" for name, file in (("programme", "engineering-2027.yaml"), ("people", "people.csv"), ("pairs", "pairs.csv"))]
START = ["cohort", "start", *EXAMPLES, "--cohort", "spring-27", "--starts", "2099-03-02"]

HEAVY = {
    "alembic",
    "asyncpg",
    "babel",
    "cryptography",
    "holidays",
    "jinja2",
    "multiprocessing",
    "openbadgeslib",
    "pydantic_settings",
    "pyld",
    "pypdf",
    "scipy",
    "segno",
    "sqlalchemy",
    "structlog",
    "temporalio",
    "typst",
}
SETTINGS = {"pydantic_settings", "cryptography"}
FILES = SETTINGS | {"babel", "typst", "holidays"}
RECORDS = SETTINGS | {"sqlalchemy", "asyncpg"}
VERIFYING = SETTINGS | {"openbadgeslib", "pyld", "pypdf"}

LOADED = """
import contextlib, io, json, sys
from starter.cli import main
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    main()
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        (["--help"], set()),
        ([], set()),
        (["cohrt"], set()),
        *[([group, "--help"], set()) for group in ("programme", "cohort", "certificate", "person", "journal", "records", "keys")],
        (["programme", "check", "examples/engineering-2027.yaml"], FILES - {"holidays"}),
        ([*START, "--dry-run"], FILES),
        (["cohort", "rehearse", *EXAMPLES, "--starts", "2099-03-02", "--fast"], FILES | {"multiprocessing"}),
        (["cohort", "status", "spring-27"], RECORDS),
        (["cases"], RECORDS),
        (["certificate", "verify", "README.md", "--offline"], VERIFYING),
        (["doctor"], RECORDS | {"alembic", "temporalio", "typst"}),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else ",".join(sorted(value)),
)
def test_a_command_loads_what_it_needs(past: Any, monkeypatch: pytest.MonkeyPatch, arguments: list[str], needed: set[str]) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("MENTORSHIP_CONNECT_TIMEOUT", "1")

    ran = subprocess.run([sys.executable, "-c", LOADED, *arguments], cwd=ROOT, capture_output=True, text=True, check=True)

    assert HEAVY.intersection(json.loads(ran.stdout)) == needed


def _standing(group: Any) -> Iterator[OnDemand]:
    for command in group.commands.values():
        if isinstance(command, OnDemand):
            yield command
        else:
            yield from _standing(command)


STANDING = list(_standing(typer.main.get_command(cli.app)))


def test_the_table_has_every_command_there_is() -> None:
    """A command is a function that can answer programs."""
    written = {
        f"starter.{path.stem}:{function.name}"
        for path in (ROOT / "starter").glob("*.py")
        for function in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(function, ast.FunctionDef)
        for argument in (*function.args.args, *function.args.kwonlyargs)
        if isinstance(argument.annotation, ast.Name) and argument.annotation.id == "Json"
    }

    assert sorted(command.place for command in STANDING) == sorted(written)


@pytest.mark.parametrize("standing", STANDING, ids=lambda command: command.place)
def test_a_command_says_of_itself_what_the_table_says(standing: OnDemand) -> None:
    itself = standing.loaded()

    assert standing.name == itself.name
    assert standing.help == itself.help.partition("\n\n")[0]


def test_the_first_line_that_is_logged_reads_like_every_other() -> None:
    """Logging is set up only once there is something to log."""
    warned = """
import logging, sys
from starter import cli
sys.argv = ["mentorship", "cohort", "--help"]
try:
    cli.main()
except SystemExit:
    pass
log = logging.getLogger("somebody")
assert "structlog" not in sys.modules
log.info("nothing")
assert "structlog" not in sys.modules
log.warning("first: %s", 1)
log.warning("second: %s", 2)
"""
    ran = subprocess.run([sys.executable, "-c", warned], cwd=ROOT, capture_output=True, text=True, check=True)

    first, second = (line.split(maxsplit=1)[1].split() for line in ran.stderr.splitlines())
    assert first == ["[warning", "]", "first:", "1", "[somebody]"]
    assert second == ["[warning", "]", "second:", "2", "[somebody]"]


def test_the_help_of_a_command_is_its_own(run: Callable[..., Any]) -> None:
    told = run("cohort", "start", "--help")

    assert (told.code, told.err) == (0, "")
    assert "Usage: mentorship cohort start [OPTIONS]" in told.out
    assert "Starting again: pairs that are new join" in told.out
    assert "--dry-run" in told.out


def test_an_option_that_a_command_does_not_have_exits_2(run: Callable[..., Any]) -> None:
    told = run("cohort", "start", "--nothing-of-the-kind")

    assert (told.code, told.out) == (2, "")
    assert "Usage: mentorship cohort start [OPTIONS]" in told.err
    assert "No such option: --nothing-of-the-kind" in told.err
