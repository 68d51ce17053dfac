"""A file that is no programme at all, or that expands to more than one, is refused in plain words and at once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from starter.faults import Findings
from starter.programme_file import read_programme
from tests.starter.programme_file.written import checked


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "p.yaml:1:1: file: nothing in it, expected a programme"),
        ("- a\n", "p.yaml:1:1: file: a list of 1 is not a group of keys, expected a programme"),
        ("a: [1\n", "p.yaml:2:1: file: brackets with no comma here, or not closed, expected `,` between entries, and a text with"),
        ("a: 1\n  b: 2\n", "p.yaml:2:4: file: a colon where none can be, expected keys of a group right below each other, one a line"),
        (
            "a: Sales: all\n",
            "p.yaml:1:9: file: a colon where none can be, expected keys of a group right below each other, one a line, and a text with a colon in quotes",
        ),
        (
            "a:\n  b: 1\n c: 2\n",
            "p.yaml:3:2: file: less to the right than what it belongs to, expected keys of a group, and entries of a list, right below each other",
        ),
        (
            "a:\n  b: 1\n  c:2\n  d: 3\n",
            "p.yaml:3:3: file: neither a key with a value nor an entry of a list, expected `key: value`, with a blank after the colon",
        ),
        ("a: 'b\n", "p.yaml:1:4: file: quotes that are opened here and not closed"),
        ("a: 'It's'\n", "p.yaml:1:8: file: text behind quotes or brackets that are closed"),
        ('a: "b",\nc: 1\n', "p.yaml:1:7: file: a bracket or a comma that belongs to nothing before it, expected none there, or a text with it in quotes"),
        ("a: [1, 2]]\n", "p.yaml:1:10: file: a bracket or a comma that belongs to nothing before it"),
        ("a: *b*\n", "p.yaml:1:4: file: a sign that has a meaning in YAML, expected a text with it in quotes"),
        ("a: - b\n", "p.yaml:1:4: file: a sign that has a meaning in YAML"),
        ("a:\n\t- b\n", "p.yaml:2:1: file: a tab, expected blanks at the beginning of a line"),
        ("a: [1,\n", "p.yaml:2:1: file: brackets that are opened and not closed, expected `]` or `}` at their end"),
        (
            "{a: 1}\nb: 2\n",
            "p.yaml:2:1: file: something behind what is a whole already, expected one group of keys, none of them in brackets or quotes by itself",
        ),
        ("a: |x\n  y\n", "p.yaml:1:5: file: something right behind `|` or `>`, expected the text on the lines below, or in quotes"),
        ('a: "C:\\q"\n', "p.yaml:1:8: file: a backslash in double quotes that means nothing, expected two of them, or single quotes around the text"),
        ("a: !mine b\n", "p.yaml:1:4: file: a tag, or `<<`, that makes nothing of its value, expected the value without it"),
        ("--- {}\n--- {}\n", "p.yaml:2:1: file: a second document, expected one programme a file"),
        ("a: &x [*x]\n", "a[0]: contains itself, expected plain values"),
        ("%YAML 1.1\n---\na: yes\n", "p.yaml:1:1: file: another version of YAML, expected YAML 1.2"),
        ("a: !!python/object:os.system x\n", "p.yaml:1:4: file: a tag, or `<<`, that makes nothing of its value"),
        ("a: \x07\n", "p.yaml:1:4: file: a character that YAML does not allow"),
    ],
)
def test_what_is_no_programme_at_all_is_told_in_its_place(tmp_path: Path, text: str, told: str) -> None:
    faults = checked(tmp_path, text)[0]

    assert told in faults[0]
    assert len(faults) == 1


def test_a_file_that_is_not_utf_8_is_told_at_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_bytes("a: b\nc: grün\n".encode("latin-1"))
    findings = Findings()
    read_programme(path, findings)

    assert [(fault.line, fault.column) for fault in findings.faults] == [(2, 6)]


def _bomb(first: str, inner: str) -> str:
    lines = [f"a0: &a0 {first}", *(f"a{n}: &a{n} " + inner.format(", ".join([f"*a{n - 1}"] * 9)) for n in range(1, 9))]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (_bomb("[1, 1, 1]", "[{}]"), "more than 20000 entries, aliases followed"),
        (_bomb("{k: 1}", "{{<<: [{}]}}"), "more than 20000 entries, aliases followed"),
        ("a0: &a0 [1]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 150)), "more than 100 levels"),
        ("[" * 3000, "more than 100 levels"),
        ("{a: " * 3000, "more than 100 levels"),
        ("- " * 3000, "more than 100 levels"),
        ("".join(f"{' ' * n}k{n}:\n" for n in range(200)), "more than 100 levels"),
    ],
)
def test_a_document_that_stands_for_more_than_a_programme_is_refused_at_once(tmp_path: Path, text: str, wrong: str) -> None:
    began = time.process_time()
    (told,), _ = checked(tmp_path, text)
    assert f": file: {wrong}, expected a programme" in told
    assert time.process_time() - began < 5


def test_brackets_in_texts_and_comments_are_no_levels(tmp_path: Path) -> None:
    brackets = "[" * 150
    told, _ = checked(tmp_path, f"# {brackets}\nbenefits: {{company: ['{brackets}', \"{brackets}\"]}}\n")
    assert told
    assert not any("levels" in line for line in told)
