"""What the documents say about an operator's files: every key and every column, with the code's default."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter
from ruamel.yaml import YAML

from mentorship.programme import Fact, Part
from starter import pairing_files, pairs_file, people_file
from starter.faults import Findings
from starter.plain_words import _UNIONS
from starter.programme_file import read_programme
from starter.programme_keys import fields, models_at
from starter.yaml_document import Key, read_yaml

DOCS = Path(__file__).parents[2] / "docs"
ANNOTATED = DOCS / "programme.yaml"
_STATED = re.compile(r" (?:(?P<required>Required)\.|Default: (?P<default>.+))$")


def every_key(path: tuple[Key, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Every key of the models; keys inside lists come without an index."""
    found: dict[tuple[str, ...], Any] = {}
    for model in models_at(path):
        for name, info in fields(model).items():
            found[_words((*path, name))] = info
            found |= every_key((*path, name)) | every_key((*path, name, 0))
    return found


def _words(path: tuple[Key, ...]) -> tuple[str, ...]:
    """The words without indices; a condition is described once, whether `require` or `criteria` has it."""
    words = tuple(key for key in path if isinstance(key, str))
    return ("pairing", "a condition", *words[3:]) if words[:1] == ("pairing",) and words[2:3] == ("when",) and words[3:] else words


@functools.cache
def first_lines() -> dict[tuple[str, ...], int]:
    document, faults = read_yaml(ANNOTATED, "p")
    assert faults == []
    lines: dict[tuple[str, ...], int] = {}
    for path, (line, _) in document.keys.items():
        lines.setdefault(_words(path), line)
    return lines


def comment_above(line: int) -> str:
    lines = ANNOTATED.read_text().splitlines()[: line - 1]
    comment: list[str] = []
    while lines and lines[-1].lstrip().startswith("#"):
        comment.insert(0, lines.pop().strip(" #"))
    return " ".join(comment)


KEYS = every_key()
SAID = {path: info for path, info in KEYS.items() if not (isinstance(info.annotation, type) and issubclass(info.annotation, Part))}
"""For keys that have a value of their own; the others are groups, which their keys explain."""


def test_the_annotated_programme_has_every_key_and_no_other() -> None:
    assert len(KEYS) > 90
    assert set(first_lines()) == set(KEYS), "docs/programme.yaml, and the models of mentorship/programme.py"


def test_it_is_a_programme_without_a_fault_or_a_doubt() -> None:
    findings = Findings()
    assert read_programme(ANNOTATED, findings).programme is not None
    assert (findings.faults, findings.notices) == ([], [])


@pytest.mark.parametrize("path", sorted(SAID), ids=".".join)
def test_each_key_says_its_default_or_that_it_is_required_as_the_model_has_it(path: tuple[str, ...]) -> None:
    info = KEYS[path]
    stated = _STATED.search(comment_above(first_lines()[path]))
    assert stated is not None, "a comment above it that ends with its default, or with Required."
    assert (stated["required"] is not None) == info.is_required()
    if info.is_required():
        return
    written = None if stated["default"] == "nothing" else YAML(typ="safe").load(stated["default"])
    assert TypeAdapter(info.annotation).validate_python(written) == info.get_default(call_default_factory=True)


@pytest.mark.parametrize("told", [comment_above(first_lines()["milestones", "when"]), _UNIONS["when"]], ids=["programme.yaml", "plain_words.py"])
def test_every_fact_is_named_where_it_is_asked_for(told: str) -> None:
    """Beside the key, and wherever another file refers to it."""
    codes, *numbered = get_args(Fact)
    wanted = {*get_args(codes), *(name for kind in numbered for name in kind.model_fields)}
    assert {fact for fact in wanted if fact not in told} == set()


def test_its_bounds_are_the_models() -> None:
    lines = first_lines()
    for path, info in KEYS.items():
        bounds = [getattr(part, name) for part in info.metadata for name in ("ge", "le") if hasattr(part, name)]
        said = comment_above(lines[path])
        assert all(str(bound) in said for bound in bounds), path


@pytest.mark.parametrize(
    ("heading", "required", "optional"),
    [("People", people_file.REQUIRED, people_file.OPTIONAL), ("Pairs", pairs_file.REQUIRED, ())],
)
def test_the_tables_have_the_columns_that_the_readers_know(heading: str, required: tuple[str, ...], optional: tuple[str, ...]) -> None:
    text = (DOCS / "files.md").read_text()
    part = re.split(r"^## ", text, flags=re.MULTILINE)
    (section,) = [one for one in part if one.startswith(f"{heading}\n")]
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| (required)? ?\|", section, re.MULTILINE))
    assert rows == dict.fromkeys(required, "required") | dict.fromkeys(optional, "")


def test_the_examples_beside_the_tables_are_read(tmp_path: Path) -> None:
    people, pairs = re.findall(r"^```csv\n(.*?)^```$", (DOCS / "files.md").read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "people.csv").write_text(people)
    (tmp_path / "pairs.csv").write_text(pairs)
    findings = Findings()
    known = people_file.read_people(tmp_path / "people.csv", findings)
    pairs_file.read_pairs(tmp_path / "pairs.csv", known, 2, findings)
    assert (findings.faults, findings.notices) == ([], [])
    assert f"`{pairing_files.EXCLUDE}`" in (DOCS / "files.md").read_text()
    assert all(f"`{name}`" in (DOCS / "files.md").read_text() for name in (*people_file.ROLES, *people_file.STATUSES))


def test_an_unknown_key_leads_to_the_list_of_all_keys(run: Any, tmp_path: Path) -> None:
    wrong = tmp_path / "p.yaml"
    wrong.write_text(ANNOTATED.read_text().replace("share: 80", "shard: 80").replace("count: 12", "counts: 12"))
    assert run("programme", "check", str(wrong)).err.splitlines()[-1] == "every key, with its default and bounds: docs/programme.yaml"
    wrong.write_text(ANNOTATED.read_text().replace("share: 80", "share: 800"))
    assert "every key" not in run("programme", "check", str(wrong)).err
