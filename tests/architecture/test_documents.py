"""The documents are true: links lead somewhere, commands exist, settings are the code's, and the door accepts the example's signature."""

from __future__ import annotations

import ast
import base64
import json
import os
import re
import shlex
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from pydantic import SecretStr
from starlette.datastructures import Headers

from gateway.settings import Settings, WebhookSecret
from starter.cli import app
from starter.on_demand import OnDemand
from webhook.bodies import BODIES
from webhook.signatures import Signatures
from wire.search_attributes import ALL

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_LINK = re.compile(r"\]\((?!https?://|mailto:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
_FILE = re.compile(r"`([\w./*-]+\.(?:py|j2|html|md|yaml|json|po|cfg))`")
MADE = re.compile(r"^[./]|^deploy/secrets/|^(keys|issuer|secrets|outcome)\.json$")
"""Files that no checkout contains, because they are made where the service runs, or are addresses that it answers."""
_FENCE = re.compile(r"^```(?P<kind>\w*)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
_MAKE = re.compile(r"(?:^|[`\s])make (?P<target>[a-z]+)(?=[`\s]|$)", re.MULTILINE)
_INLINE = re.compile(r"`(mentorship [a-z][^`\n]*)`")
_SETTING = re.compile(r"^\| `(?P<name>MENTORSHIP_[A-Z_]+)` \| (?:`(?P<default>[^`]*)`)? ?\|", re.MULTILINE)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(path: Path, kind: str) -> list[str]:
    return [match["text"] for match in _FENCE.finditer(text_of(path)) if match["kind"] == kind]


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", text_of(path)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_links_lead_somewhere(document):
    for link in _LINK.finditer(text_of(document)):
        target = document.parent / link["path"] if link["path"] else document
        assert target.exists(), link[0]
        if link["anchor"]:
            assert link["anchor"] in anchors(target), link[0]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_the_files_that_are_named_are_there(document):
    """A file is named by its path from the root, from tests or from the document; a bare name is a file in one of the packages. KIND and NAME stand for any."""
    named = {path: re.sub(r"\b(KIND|NAME)\b", "*", path) for path in _FILE.findall(text_of(document)) if not MADE.search(path)}
    packages = [path.parent for path in ROOT.glob("*/__init__.py")]
    there = [path for path, pattern in named.items() if any(any(folder.glob(pattern)) for folder in (ROOT, ROOT / "tests", document.parent))]
    there += [path for path, pattern in named.items() if "/" not in path and any(any(package.rglob(pattern)) for package in packages)]
    assert set(named) - set(there) == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_what_is_called_as_ours_is_ours(document):
    """Covers settings by their variables, and alerts, search attributes and the like, all of which begin with `Mentorship`."""
    variables = {f"MENTORSHIP_{name.upper()}" for name in Settings.model_fields} | {"MENTORSHIP_SECRETS_DIR"}
    alerts = re.findall(r"alert: (\w+)", text_of(ROOT / "deploy" / "prometheus" / "alerts.yml"))
    known = {*alerts, *(attribute.name for attribute in ALL)}
    said = text_of(document)
    assert set(re.findall(r"\bMENTORSHIP_[A-Z_]*[A-Z]\b(?![_*])", said)) - variables == set()
    assert set(re.findall(r"\bMentorship[A-Z]\w+", said)) - known == set()


def test_every_folder_is_told_in_the_readme():
    table = text_of(ROOT / "README.md").partition("## Where things are")[2].partition("\n## ")[0]
    ignored = [line.strip("/") for line in text_of(ROOT / ".gitignore").splitlines()]
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".") and not any(path.match(name) for name in ignored)}
    assert folders - set(re.findall(r"\]\((\w+)\)", table)) == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_targets_are_the_makefiles(document):
    targets = set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    in_code = " ".join(re.findall(r"`[^`\n]+`", text_of(document))) + "\n".join(text for _, text in _FENCE.findall(text_of(document)))
    assert {match["target"] for match in _MAKE.finditer(in_code)} <= targets


def shown_commands() -> list[tuple[str, str]]:
    return [
        (document.name, line)
        for document in DOCUMENTS
        for block in blocks(document, "console")
        for line in block.splitlines()
        if line.startswith("mentorship ")
    ] + [(document.name, line) for document in DOCUMENTS for line in dict.fromkeys(_INLINE.findall(text_of(document)))]


@pytest.mark.parametrize(("document", "line"), shown_commands())
def test_commands_are_the_command_lines(document, line):
    """Every subcommand and every option that a document shows exists."""
    command, words = typer.main.get_command(app), shlex.split(line)[1:]
    while words and hasattr(command, "commands"):
        assert words[0] in command.commands, f"{document}: {line}"
        command = command.commands[words.pop(0)]
    if isinstance(command, OnDemand):
        command = command.loaded()
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word.partition("=")[0] for word in words if word.startswith("--")} <= known, f"{document}: {line}"


def test_the_commands_shown_are_some():
    assert len(shown_commands()) > 10


def test_the_settings_are_those_of_the_code():
    """A new setting gets a row in README.md: its name, its default, what it is."""
    wanted = {}
    for name, field in Settings.model_fields.items():
        default = field.default
        wanted[f"MENTORSHIP_{name.upper()}"] = None if default in (None, (), {}) else str(default)
    assert {match["name"]: match["default"] for match in _SETTING.finditer(text_of(ROOT / "README.md"))} == wanted


def test_the_readmes_example_signs_what_the_door_believes(tmp_path):
    """Runs the block as it is, with a curl that writes down what it was asked to send."""
    (block,) = blocks(ROOT / "README.md", "bash")
    secret = "whsec_" + base64.b64encode(bytes(range(32))).decode()
    place = tmp_path / ".mentorship" / "run"
    place.mkdir(parents=True)
    given = {"MENTORSHIP_BASE_URL": "http://127.0.0.1:8080", "MENTORSHIP_WEBHOOK_SECRETS": json.dumps({"local": {"secret": secret}})}
    (place / "env").write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in given.items()))
    curl = tmp_path / "curl"
    curl.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$ASKED"\n')
    curl.chmod(0o755)
    asked = tmp_path / "asked"
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "ASKED": str(asked)}
    subprocess.run(["bash", "-eu", "-c", block], cwd=tmp_path, env=env, check=True, capture_output=True)

    words = asked.read_text().splitlines()
    headers = Headers({name: value for name, _, value in (words[at + 1].partition(": ") for at, word in enumerate(words) if word == "--header")})
    body = words[words.index("--data") + 1]
    signed = Signatures({"local": WebhookSecret(secret=SecretStr(secret))}).verify(headers, body.encode())
    assert (signed.sender, signed.message_id) == ("local", "hr-0001")
    assert abs(int(headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60
    command = words[1].rpartition("/")[2]
    assert BODIES[command].model_validate_json(body)


def test_the_readmes_example_is_about_people_of_the_examples():
    (block,) = blocks(ROOT / "README.md", "bash")
    person = re.search(r'"by": "([^"]+)"', block)
    assert person is not None
    pair = next(line for line in text_of(ROOT / "examples" / "pairs.csv").splitlines() if line.startswith("p-01,"))
    assert person[1] in pair.split(",")


def test_every_folder_of_tests_is_told():
    table = text_of(ROOT / "docs" / "architecture.md").partition("## What is tested how")[2].partition("\n## ")[0]
    told = {name for row in re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert told == {path.name for path in (ROOT / "tests").iterdir() if any(path.glob("test_*.py"))}


def test_decisions_are_numbered_without_a_gap():
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_where_a_command_sends_its_reader_there_is_a_section():
    """References such as `docs/operations.md, Restore`, with which doctor, revive and the like end a sentence."""
    sources = [text_of(path) for package in ROOT.glob("*/__init__.py") for path in package.parent.rglob("*.py")]
    said = {place for source in sources for place in re.findall(r"(docs/\w+\.md), ([A-Z][a-z]+(?: [a-z]+)*)", source)}
    assert len(said) > 3
    assert [(path, section) for path, section in sorted(said) if section.lower().replace(" ", "-") not in anchors(ROOT / path)] == []


def test_nobody_is_told_to_install_this_project_by_its_name():
    """The public registry has another project of that name."""
    sources = [path for package in ROOT.glob("*/__init__.py") for path in package.parent.rglob("*.py")]

    assert [str(path) for path in (*DOCUMENTS, *sources) if re.search(r"pip install ['\"]?mentorship", text_of(path))] == []


def _told() -> set[str]:
    """What our own code logs from warning on, up to the part that differs from line to line."""
    found: set[str] = set()
    for package in ("activities", "certificates", "gateway", "notices", "records", "webhook", "worker", "workflows"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(text_of(path))):
                match node:
                    case ast.Call(func=ast.Attribute(attr="warning" | "error" | "exception", value=log), args=[line, *_]):
                        if ast.unparse(log).rpartition(".")[2] in ("log", "_log", "logger"):
                            texts = [text.value for text in ast.walk(line) if isinstance(text, ast.Constant) and isinstance(text.value, str)]
                            found |= {text.partition("%")[0].partition(":")[0].strip() for text in texts}
    return found - {"mentorship"}  # what a line's name is chosen by


def test_every_line_of_trouble_is_told_in_the_runbook():
    """An operator who reads such a line at night searches the runbook for its words."""
    told = _told()
    assert len(told) > 15
    section = text_of(ROOT / "docs" / "operations.md").partition("## What the log says")[2].partition("\n## ")[0]
    assert [line for line in told if line not in section] == []
