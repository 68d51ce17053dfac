"""The programme file: turns YAML 1.2 into a Programme, and reports every fault in it at once, with its place."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from babel import Locale, UnknownLocaleError
from pydantic import ValidationError

from mentorship.blank import is_blank
from mentorship.duration import iso
from mentorship.programme import Programme
from mentorship.programme_doubts import doubts
from notices.language import known
from schedule.calendar import zone_names
from starter.faults import Fault, Findings, Notice, hides, nearest, perhaps, shown, unreadable
from starter.plain_words import DURATION, plain_words, unknown_key
from starter.programme_keys import is_duration, keys_at
from starter.programme_repair import may_follow_from, repaired
from starter.programme_repeats import repeated
from starter.yaml_document import KeyPath, YamlDocument, dotted, read_yaml

_PASSES = 4


@dataclass(frozen=True)
class ProgrammeFile:
    """The places of a programme file's keys, and the programme, if the whole file is right."""

    programme: Programme | None
    document: YamlDocument

    @property
    def reporting_line(self) -> int | Literal["all"]:
        """How near in the reporting line a mentor may not be. The default if the file says nothing that makes sense."""
        value = self.document.value(("reporting_line",))
        return value if value == "all" or (isinstance(value, int) and value > 0) else 2


def read_programme(path: Path, findings: Findings) -> ProgrammeFile:
    """The programme in that file; its faults go to `findings`. Raises OSError when there is no such file."""
    document, faults = read_yaml(path, str(path))
    findings.faults += faults
    if document.data is None:
        if not faults:
            findings.faults.append(document.fault((), "nothing in it", "a programme"))
        return ProgrammeFile(None, document)
    if not isinstance(document.data, dict):
        findings.faults.append(document.fault((), f"{shown(document.data)} is not a group of keys", "a programme"))
        return ProgrammeFile(None, document)
    programme, found = _validated(document)
    found += _durations(document) + _no_time_at_all(document) + _zone_and_languages(document)
    found += _illegible(document, {fault.field for fault in found})
    findings.faults += found
    if faults or found or programme is None:
        return ProgrammeFile(None, document)
    findings.notices += _notices(programme, document)
    return ProgrammeFile(programme, document)


def language_fault(tag: str) -> str | None:
    """What was expected instead of this language tag; None if it is one."""
    try:
        Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError, TypeError):
        return "a language tag such as en, de or pt-BR"
    return None


def zone_expected(name: str) -> str:
    """What was expected instead of this unknown zone."""
    return perhaps(name, zone_names(), "a name such as Europe/Berlin")


def _validated(document: YamlDocument) -> tuple[Programme | None, list[Fault]]:
    """Validates, puts stand-ins where something is wrong, and validates again: rules over several keys are checked only when each key is right."""
    faults: dict[KeyPath, list[Fault]] = {path: [fault] for path, fault in repeated(document).items()}
    programme: Programme | None = None
    data = repaired(document.data, faults)
    for _ in range(_PASSES):
        try:
            programme = Programme.model_validate_json(json.dumps(data, default=str), strict=True, by_alias=True, by_name=False)
        except ValidationError as error:
            found = _translated(document, error)
        else:
            break
        faults |= {path: told for path, told in found.items() if path not in faults and not may_follow_from(path, faults)}
        data = repaired(data, found)
    return (None if faults else programme), [fault for told in faults.values() for fault in told]


def _translated(document: YamlDocument, error: ValidationError) -> dict[KeyPath, list[Fault]]:
    """What pydantic found, by path; the list is empty where another fault says it already."""
    entries = [_placed(document, dict(entry)) for entry in error.errors(include_url=False)]
    below = {path[:length] for path, _ in entries for length in range(len(path))}
    meant = {(*path[:-1], nearest(str(path[-1]), keys_at(path[:-1]))) for path, entry in entries if entry["type"] == "extra_forbidden"}
    faults: dict[KeyPath, list[Fault]] = {}
    for path, entry in entries:
        union = path in below and entry["type"] in {"literal_error", "int_type"}  # an error of the union's other branch says more
        counted_right_ones = entry["type"] == "too_short" and len(document.value(path) or ()) >= entry["ctx"]["min_length"]
        if union or counted_right_ones or path in faults:
            continue
        if entry["type"] == "extra_forbidden":
            place = document.keys.get(path, document.place(path))
            told = unknown_key(str(path[-1]), keys_at(path[:-1]))
        else:
            place = document.place(path)
            told = plain_words(entry, str(path[-1]) if path else "", document.value(path))
            if entry["type"] == "value_error" and path not in document.values:
                told = ("its default does not fit", told[1])
        misspelt = entry["type"] == "missing" and path in meant
        faults[path] = [] if misspelt else [Fault(document.path, *place, dotted(path), *told)]
    return faults


def _placed(document: YamlDocument, entry: dict[str, Any]) -> tuple[KeyPath, dict[str, Any]]:
    """The error's path in the file: pydantic's own path without the names of a union's branches."""
    path: KeyPath = ()
    for index, key in enumerate(entry["loc"]):
        last = index == len(entry["loc"]) - 1
        if (*path, key) in document.values or (last and entry["type"] in {"missing", "extra_forbidden"}):
            path = (*path, key)
    if entry["type"] == "value_error":
        named = re.match(r"([a-z_]+(?:\.[a-z_]+)*): (.*)", str(entry["ctx"]["error"]))
        if named and not path:
            return tuple(named[1].split(".")), {**entry, "ctx": {"error": named[2]}}
        if len(path) > 1 and (blamed := _BLAMED.get(str(path[-2]))) and isinstance(document.value(path), dict):
            return (*path, blamed), entry
    return path, entry


_BLAMED = {"quiet": "to", "milestones": "by"}
"""For a rule over two keys, the key at which its fault points."""


def _durations(document: YamlDocument) -> list[Fault]:
    """Faults for durations that are not one word; the core's model would also take its own parts."""
    return [
        document.fault(path, f"{shown(value)} is not a duration", DURATION)
        for path in document.values
        if is_duration(path) and isinstance(value := document.value(path), dict)
    ]


def _no_time_at_all(document: YamlDocument) -> list[Fault]:
    """Faults for two durations that may not be zero: how often a matter that nobody takes up is asked about (H16), and for how long somebody may contest
    an absence (H13).

    Only the file is checked, not the core's models, since these also open programmes that were started before.
    """
    paths: tuple[KeyPath, ...] = (("attention", "unowned"), ("attendance", "contest_within"))
    return [
        document.fault(path, f"{shown(value)} does not fit", "a duration longer than nothing")
        for path in paths
        if isinstance(value := document.value(path), str) and _is_nothing(value)
    ]


def _is_nothing(text: str) -> bool:
    try:
        return not iso(text).span
    except ValidationError:  # reported already
        return False


def _zone_and_languages(document: YamlDocument) -> list[Fault]:
    faults: list[Fault] = []
    path: KeyPath = ("programme", "time_zone")
    name = document.value(path)
    if isinstance(name, str) and name not in zone_names():
        faults.append(document.fault(path, f"unknown time zone {shown(name)}", zone_expected(name)))
    languages = document.value(("programme", "languages"))
    for index, tag in enumerate(languages if isinstance(languages, list) else ()):
        path = ("programme", "languages", index)
        if isinstance(tag, str) and (expected := language_fault(tag)) is not None:
            faults.append(document.fault(path, f"{shown(tag)} is not a language", expected))
    return faults


def _illegible(document: YamlDocument, told: Collection[str]) -> list[Fault]:
    """Faults for control characters, as in a table's cells: no certificate, calendar or mail subject can print them. Prompts and benefits may have
    several lines. And for texts that show nothing at all.

    Only the file is checked, not the core's models, since these also open programmes that were started before. `told` are fields that are faulty anyhow.
    """
    texts = {path: _on_one_line(path, value) for path in document.values if isinstance(value := document.value(path), str)}
    wrong = {path: unreadable(text) for path, text in texts.items() if any(map(hides, text))}
    wrong |= {path: (f"{shown(text)} shows nothing", "text that can be seen") for path, text in texts.items() if text and is_blank(text)}
    return [document.fault(path, *what) for path, what in wrong.items() if dotted(path) not in told]


def _on_one_line(path: KeyPath, value: str) -> str:
    """The text trimmed, as it is kept, and without line ends where several lines are allowed."""
    text = value.strip(" \t\r\n")
    return text.replace("\n", " ") if "prompts" in path or path[:1] == ("benefits",) else text


def _notices(programme: Programme, document: YamlDocument) -> Iterable[Notice]:
    meetings = programme.meetings
    for index, tag in enumerate(programme.programme.languages):
        if tag.partition("-")[0].casefold() not in known():
            yield document.notice(("programme", "languages", index), f"nobody is written to in it: there are words in {', '.join(sorted(known()))} only")
    for path, comment in document.comments.items():
        if isinstance(document.value(path), str):
            yield document.notice(path, f"{shown(comment)} is left out, being a comment; quotes around the whole text keep it")
    for warning in doubts(programme):
        yield document.notice(warning.path, warning.message)
    if meetings.time_of_day is None:
        for key, used in (("working_days", "working_days" in meetings.model_fields_set), ("quiet", bool(meetings.quiet)), ("holidays", meetings.holidays)):
            if used:
                yield document.notice(("meetings", key), "has no effect without meetings.time_of_day")
