"""The errors of YAML and of pydantic in plain words: what is wrong, and what was expected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from starter.answer import counted
from starter.faults import one_of, perhaps, shown

_PATTERNS = {
    "[a-z0-9][a-z0-9-]{0,39}": "1 to 40 of a-z, 0-9 and -, beginning with a letter or digit",
    "[0-5]\\d$": "a time of day such as 10:00",
    "-([01]": "hours such as 08:00-18:00, or none",
    "https?": "an address that begins with http:// or https://",
}
_UNIONS = {
    "when": "expectations_confirmed, goal_set, goal_progressed, closing_held or {meetings_held: a number}",
    "reporting_line": "a whole number of levels, at least 1, or all",
}
DURATION = "an ISO 8601 duration in weeks, days, hours, minutes or seconds, such as P2W, P7D or PT24H"

_SLIPS = {
    "mapping values are not allowed": ("a colon where none can be", "keys of a group right below each other, one a line, and a text with a colon in quotes"),
    "could not find expected ':'": ("neither a key with a value nor an entry of a list", "`key: value`, with a blank after the colon, or `- entry`"),
    "unexpected end of stream": ("quotes that are opened here and not closed", "a second one at the end of the text"),
    "but found '<scalar>'": (
        "text behind quotes or brackets that are closed, or that were opened above",
        "a text with quotes or brackets in quotes as a whole",
    ),
    "but found '[],}]'": ("a bracket or a comma that belongs to nothing before it", "none there, or a text with it in quotes"),
    "expected <block end>": ("less to the right than what it belongs to", "keys of a group, and entries of a list, right below each other"),
    r"'\\t' that cannot start": ("a tab", "blanks at the beginning of a line"),
    "cannot start any|alphabetic or numeric|undefined alias|(?:entries|keys) are not allowed": (
        "a sign that has a meaning in YAML",
        "a text with it in quotes",
    ),
    r"expected ',' or '[]}]'": ("brackets with no comma here, or not closed", "`,` between entries, and a text with a comma or a colon in quotes"),
    "expected the node content": ("brackets that are opened and not closed", "`]` or `}` at their end"),
    "<document start>": ("something behind what is a whole already", "one group of keys, none of them in brackets or quotes by itself"),
    "chomping or indentation|a comment or a line break": ("something right behind `|` or `>`", "the text on the lines below, or in quotes"),
    "escape": ("a backslash in double quotes that means nothing", "two of them, or single quotes around the text"),
    "constructor for the tag|failed to|for merging": ("a tag, or `<<`, that makes nothing of its value", "the value without it"),
    "found another document": ("a second document", "one programme a file"),
}
"""For the commonest slips, by what the YAML parser says about them (in words about tokens and blocks). The first that fits counts."""


def misread(said: str) -> tuple[str, str]:
    """(what is wrong, what was expected), given `said`: the parser's reason why a text is not YAML."""
    return next((words for slip, words in _SLIPS.items() if re.search(slip, said)), (said, "YAML 1.2"))


def plain_words(error: Mapping[str, Any], field: str, value: Any) -> tuple[str, str]:
    """(what is wrong, what was expected) for one entry of `ValidationError.errors()` about `field`, which holds `value`. JSON is read strictly."""
    context: Mapping[str, Any] = error.get("ctx", {})
    kind: str = error["type"]
    if field in _UNIONS and (kind == "literal_error" or field == "reporting_line"):
        return f"{shown(value)} is not one of them", _UNIONS[field]
    match kind:
        case "missing":
            return "missing", "this key with a value"
        case "int_type":
            return f"{shown(value)} is not a whole number", "a whole number"
        case "greater_than_equal":
            return f"{shown(value)} is too small", f"at least {context['ge']}"
        case "less_than_equal":
            return f"{shown(value)} is too big", f"at most {context['le']}"
        case "string_type":
            hint = ", such as a word in quotes" if isinstance(value, int | float) else ", in quotes where it has a colon" if isinstance(value, dict) else ""
            return f"{shown(value)} is not a text", f"a text{hint}"
        case "string_too_short":
            return "empty", f"at least {counted(context['min_length'], 'character')}"
        case "string_too_long":
            return f"{len(value) if isinstance(value, str) else 'too many'} characters", f"at most {context['max_length']}"
        case "string_pattern_mismatch":
            return f"{shown(value)} does not fit", _pattern(str(context["pattern"]))
        case "too_short":
            entries = len(value) if isinstance(value, list | tuple) else 0
            return counted(entries, "entry", "entries"), f"at least {counted(context['min_length'], 'entry', 'entries')}"
        case "too_long":
            entries = len(value) if isinstance(value, list | tuple) else 0
            return counted(entries, "entry", "entries"), f"at most {counted(context['max_length'], 'entry', 'entries')}"
        case "literal_error":
            return f"{shown(value)} is not one of them", re.sub(r"'([^']*)'", r"\1", str(context["expected"]))
        case "bool_type":
            return f"{shown(value)} is neither true nor false", "true or false"
        case "tuple_type":
            return f"{shown(value)} is not a list", "a list: [one, two], or lines that begin with `- `"
        case "model_type":
            if context.get("class_name") == "Duration":
                return f"{shown(value)} is not a duration", DURATION
            return f"{shown(value)} is not a group of keys", "a group of keys"
        case "date_type" | "date_parsing":
            return f"{shown(value)} is not a date", "a date such as 2027-07-19"
        case "value_error":
            return f"{shown(value)} does not fit", str(context["error"]).removeprefix("expected ")
        case _:
            return f"{shown(value)} does not fit", " ".join(str(error["msg"]).removeprefix("Input should be ").split())


def unknown_key(key: str, known: Iterable[str]) -> tuple[str, str]:
    known = list(known)
    return f"unknown key {shown(key)}", perhaps(key, known, one_of(known) if known else "no keys here")


def _pattern(pattern: str) -> str:
    return next((words for part, words in reversed(_PATTERNS.items()) if part in pattern), "a text of another shape")
