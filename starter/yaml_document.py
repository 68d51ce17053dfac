"""A YAML 1.2 document as plain data, together with the place of every key and value."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from starter.faults import Fault, Notice
from starter.plain_words import misread

Key = str | int
KeyPath = tuple[Key, ...]
Place = tuple[int, int]
"""Line and column, counted from 1."""
_MOST, _DEEPEST = 20_000, 100
_MERGE = "tag:yaml.org,2002:merge"
_BEGAN_ABOVE = re.compile("could not find expected ':'|unexpected end of stream")
"""What the parser notices only after the place where it is written."""
_VALUES = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


@dataclass
class YamlDocument:
    """`values` and `keys` map the path of each node to its place.

    `comments` has comments after values without quotes that look like a part of the value, such as `#2` in `topic: Meeting #2`.
    """

    path: str
    data: Any = None
    values: dict[KeyPath, Place] = field(default_factory=dict)
    keys: dict[KeyPath, Place] = field(default_factory=dict)
    comments: dict[KeyPath, str] = field(default_factory=dict)

    def fault(self, path: KeyPath, wrong: str, expected: str) -> Fault:
        return Fault(self.path, *self.place(path), dotted(path), wrong, expected)

    def notice(self, path: KeyPath, message: str) -> Notice:
        return Notice(self.path, *self.place(path), dotted(path), message)

    def place(self, path: KeyPath) -> Place:
        """The place of the value at `path`, or of its nearest parent if it is not there."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, (1, 1))

    def value(self, path: KeyPath) -> Any:
        """The value at `path`, or None."""
        at = self.data
        for key in path:
            try:
                at = at[key]
            except (KeyError, IndexError, TypeError):
                return None
        return at


def read_yaml(path: Path, shown_path: str) -> tuple[YamlDocument, list[Fault]]:
    """The document, and what is wrong with it as YAML; with faults other than repeated keys, `data` is None.

    Raises OSError when there is no such file.
    """
    document = YamlDocument(shown_path)
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return document, [undecodable(shown_path, raw, error)]
    if (directive := re.search(r"^%YAML\s+(?!1\.2\b)", text, re.MULTILINE)) is not None:
        return document, [Fault(shown_path, text.count("\n", 0, directive.start()) + 1, 1, "file", "another version of YAML", "YAML 1.2")]
    try:
        _refuse_brackets(text)
        reader = YAML(typ="rt")
        reader.Composer = _Shallow
        root = reader.compose(text)
        if root is None:
            return document, [Fault(shown_path, 1, 1, "file", "nothing in it", "a programme")]
        faults = _walk(document, root, (), ())
        plain = YAML(typ="safe", pure=True)
        plain.Constructor = _Plain
        plain.allow_duplicate_keys = True
        data = plain.load(text)
    except _TooMuch as error:
        return document, [Fault(shown_path, *error.place, "file", error.wrong, error.expected)]
    except MarkedYAMLError as error:
        said = _one_line(error.problem or error.context or "not YAML")
        mark = (_BEGAN_ABOVE.search(said) and error.context_mark) or error.problem_mark or error.context_mark
        return document, [Fault(shown_path, *(_place(mark) if mark else (1, 1)), "file", *misread(said))]
    except ReaderError as error:
        place = _behind(text[: error.position] if isinstance(error.position, int) else "")
        return document, [Fault(shown_path, *place, "file", "a character that YAML does not allow", "text in UTF-8")]
    except (YAMLError, ValueError, RecursionError) as error:
        return document, [Fault(shown_path, 1, 1, "file", _one_line(str(error)) or "not YAML", "YAML 1.2")]
    if not any(fault.wrong == _LOOP for fault in faults):
        document.data = data
    return document, faults


class _TooMuch(Exception):  # noqa: N818 - never leaves this module
    """More than any programme has: a few lines of nested aliases can mean more entries than a machine has memory for."""

    def __init__(self, place: Place, wrong: str, expected: str) -> None:
        super().__init__(wrong)
        self.place, self.wrong, self.expected = place, wrong, expected


def _too_deep(place: Place) -> _TooMuch:
    return _TooMuch(place, f"more than {_DEEPEST} levels", "a programme, which has few")


def _refuse_brackets(text: str) -> None:
    """Raises _TooMuch for brackets nested too deep. Runs before YAML is read, since its reader takes quadratic time for brackets that are not closed."""
    depth = 0
    for found in _BRACKETS.finditer(text):
        sign = found[0]
        depth += 1 if sign in "[{" else -1 if sign in "]}" else 0
        if depth > _DEEPEST:
            raise _too_deep(_behind(text[: found.start()]))


_BRACKETS = re.compile(r"""[][{}]|(?<![^\s,:[{])(?:"(?:[^"\\]|\\.)*"|'[^']*'|\#[^\n]*)""", re.DOTALL)
"""Brackets; also quoted texts and comments as a whole, since brackets inside them do not count."""


class _Shallow(Composer):
    """Stops before Python's own recursion limit, which takes long to reach."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.depth += 1
        if self.depth > _DEEPEST + 1:
            raise _too_deep(_place(self.parser.peek_event().start_mark))
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def undecodable(path: str, raw: bytes, error: UnicodeDecodeError, expected: str = "text in UTF-8") -> Fault:
    """A fault at the first byte that is not UTF-8."""
    return Fault(path, *_behind(raw[: error.start].decode("utf-8-sig", errors="replace")), "file", "not UTF-8 here", expected)


def _behind(before: str) -> Place:
    """The place of what follows this text."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _place(mark: Any) -> Place:
    return mark.line + 1, mark.column + 1


class _Plain(SafeConstructor):
    """Keeps what looks like a date or a number and is none as text, and keys as words: both are judged later, in their places."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        node.value = [(_as_word(key), value) for key, value in node.value if isinstance(key, ScalarNode)]
        return super().construct_mapping(node, deep=deep)

    def construct_or_text(self, node: Any) -> Any:
        try:
            return self.yaml_constructors_of_values[node.tag](self, node)
        except (ValueError, OverflowError):
            return node.value

    yaml_constructors_of_values: ClassVar = {tag: SafeConstructor.yaml_constructors[tag] for tag in _VALUES}


for _tag in _VALUES:
    _Plain.add_constructor(_tag, _Plain.construct_or_text)


def _as_word(key: ScalarNode) -> ScalarNode:
    return key if key.tag == _MERGE else ScalarNode("tag:yaml.org,2002:str", key.value, key.start_mark, key.end_mark)


_LOOP = "contains itself"


def _walk(document: YamlDocument, node: Node, path: KeyPath, above: tuple[int, ...]) -> list[Fault]:
    place = _place(node.start_mark)
    document.values[path] = place
    if len(document.values) > _MOST:
        raise _TooMuch(place, f"more than {_MOST} entries, aliases followed", "a programme, which has fewer")
    if id(node) in above:
        return [document.fault(path, _LOOP, "plain values")]
    if len(above) > _DEEPEST:
        raise _too_deep(place)
    above = (*above, id(node))
    faults: list[Fault] = []
    if isinstance(node, MappingNode):
        for key, value in node.value:
            place = _place(key.start_mark)
            if not isinstance(key, ScalarNode):
                kind = "a list" if isinstance(key, SequenceNode) else "a group of keys"
                faults.append(Fault(document.path, *place, dotted(path), f"{kind} as a key", "a word as a key"))
                continue
            inner = (*path, str(key.value))
            if inner in document.keys:
                first = document.keys[inner][0]
                faults.append(Fault(document.path, *place, dotted(inner), f"the same key as on line {first}", "each key once"))
                continue
            document.keys[inner] = place
            faults += _walk(document, value, inner, above)
    elif isinstance(node, ScalarNode) and node.style is None and (comment := _comment(node)):
        document.comments[path] = comment
    elif isinstance(node, SequenceNode):
        for index, value in enumerate(node.value):
            faults += _walk(document, value, (*path, index), above)
    return faults


def _comment(node: ScalarNode) -> str:
    """The comment on the value's own line, if no blank separates its `#` from the words: most people write comments with one."""
    said = node.comment[0].value.partition("\n")[0] if node.comment and node.comment[0] else ""
    return said if re.match(r"#+[^\s#]", said) else ""


def dotted(path: KeyPath) -> str:
    """Such as `milestones[1].title`, with entries counted from 0 as in JSONPath; the whole file is `file`."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return text.removeprefix(".") or "file"


def _one_line(text: str) -> str:
    return " ".join(text.split())
