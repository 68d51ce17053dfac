"""`mentorship cohort what-if`: the facts of the past under another programme (P2). Reads records only; changes nothing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, assert_never

import typer

from gateway.settings import Settings
from mentorship.effects import SendNotice
from mentorship.events import MentorshipStarted
from mentorship.people import SIDES, Side
from mentorship.policy.meetings import held_instants
from mentorship.policy.milestones import done_in_time
from mentorship.policy.phase import phase
from mentorship.programme import MeetingsHeld, MilestoneRule, Programme, Rules
from mentorship.visibility import SMALLEST
from records.cohorts import Enrolment
from records.journal import JournalEntry
from records.journal_events import started
from records.store import Records
from schedule.calendar import moved
from starter.answer import Json, Refused, answer_only, columns
from starter.in_file import reading
from starter.programme_file import read_programme
from starter.reach import known_cohort, open_records
from starter.what_if_replay import Policy, Replayed, replay, reproduces

_NOT_DECIDED = ("interval", "duration", "prepare", "ask_after", "sessions", "closing", "feedback_after", "mail")
"""Rules that would have led to other meetings or mails. They are not decided again: the facts are about the actual ones."""
_NAMES = ("programme", "version", "revision")
_NOTHING = "nothing"
"""Shown for a key that one of the programmes does not have."""
_COUNTED = frozenset({"cancellations", "attendance"})
"""Rules that say what counts against somebody, and after how many times somebody is told."""


@dataclass(frozen=True)
class Pair:
    """One pair, decided again under its own rules and under the others."""

    pair_id: str
    version: int
    was: dict[str, Any]
    would_be: dict[str, Any]
    because: tuple[str, ...]
    exact: bool
    nudges: tuple[int, int]
    lines: tuple[int, int]
    """Numbers of lines about somebody's cancellations; they are shown only as a total."""


def what_if(
    cohort: Annotated[str, typer.Argument(metavar="COHORT", help="The cohort's id.")],
    *,
    programme: Annotated[Path, typer.Option(help="The other programme file.")],
    json: Json = False,
) -> None:
    """Which pairs would come out differently under another programme, and because of which of its keys."""
    with reading(programme) as findings:
        other = read_programme(programme, findings).programme
    if other is None:  # pragma: no cover - a reader that finds no fault and no programme has a defect
        raise Refused(f"{programme}: cannot be used")
    result, lines = asyncio.run(_what_if(cohort, other))
    answer_only(result, lines, as_json=json)


async def _what_if(cohort: str, other: Programme) -> tuple[dict[str, Any], list[str]]:
    async with open_records(Settings.load()) as records:
        known = await known_cohort(records, cohort)
        own: dict[int, Programme] = {}
        found = []
        for enrolment, journal in await journals(records, cohort):
            version = started(journal).rules.version
            if version not in own:
                own[version] = await records.programmes.get(known.programme, version)
            found.append(decided_again(enrolment, journal, own[version], other))
        versions = [own[version] for version in sorted(own)] or [await records.programmes.get(known.programme, known.version)]
    return told(cohort, versions, other, found)


def decided_again(enrolment: Enrolment, journal: Sequence[JournalEntry], own: Programme, other: Programme) -> Pair:
    """One pair under its own rules (of the version with which it began), under the others, and with each differing group of keys alone."""
    began = started(journal)
    until = None if enrolment.state == "over" else max(datetime.now(UTC), *(entry.at for entry in journal if entry.kind == "event"))
    theirs = other.rules()
    base = replay(journal, until=until)
    changed = _changed(began.rules, theirs)
    private = not _COUNTED.isdisjoint(changed)
    was = outcome(base, private=private)
    longer = own.programme.length != other.programme.length
    now = replay(journal, _policy(began, theirs, changed, own, other if longer else own), until=until)
    would_be = outcome(now, private=private)
    because: list[str] = []
    if was != would_be:
        for key in changed:
            alone = replay(journal, _policy(began, theirs, [key], own, own), until=until)
            if outcome(alone, private=private) != was:
                because.append(key)
        if longer and outcome(replay(journal, _policy(began, theirs, [], own, other), until=until), private=private) != was:
            because.append("programme.length")
        if not because:
            because = ["several keys together"]
    return Pair(
        enrolment.pair_id,
        own.programme.version,
        was,
        would_be,
        tuple(because),
        reproduces(journal, base),
        (_nudges(base), _nudges(now)),
        (_lines(base), _lines(now)),
    )


def outcome(of: Replayed, *, private: bool) -> dict[str, Any]:
    """Where the pair ended up, as far as an operator may see it: nobody's rung is included (H14).

    `private` means that the ladder itself differs. Then a line about cancellations would tell how often one person cancelled late, and so would
    whether an operator's command about such a line was refused. Both are left out.
    """
    state = of.state
    lines = {str(entry.body["line"]) for entry in of.entries if entry.name == "attention_raised"}
    lines = {line for line in lines if not (private and line.startswith("cancellations_"))}
    decided = state.decided
    return {
        "phase": phase(state),
        "milestones": f"{len(done_in_time(state))} of {len(state.rules.milestones)}",
        "certificates": "open" if decided is None else _certified(decided.certified),
        "decided_at": decided.at if decided is not None else None,
        "meetings_held": len(held_instants(state)),
        "coordinator_lines": sorted(lines),
        "refused": sum(entry.outcome == "refused" and not (private and entry.name == "resolve") for entry in of.entries),
    }


def _certified(sides: tuple[Side, ...]) -> str:
    """Who is certified. It can be one alone only if milestones came along with the mentee (P6)."""
    return "both" if len(sides) == len(SIDES) else sides[0] if sides else "none"


def told(cohort: str, versions: Sequence[Programme], other: Programme, pairs: Sequence[Pair]) -> tuple[dict[str, Any], list[str]]:
    """(the answer for programs, the same for people). `versions` are the programme's versions with which the pairs began."""
    differing_keys = [_differing(_keys(own), _keys(other)) for own in versions]
    keys = list(dict.fromkeys(key for some in differing_keys for key in some))
    apart = [key for key in keys if _is_apart(key)]
    counted = [sum(pair.version == own.programme.version for pair in pairs) for own in versions]
    differing = [pair for pair in pairs if pair.was != pair.would_be]
    certified = [sum(side["certificates"] in {"both", *SIDES} for side in sides) for sides in ([p.was for p in pairs], [p.would_be for p in pairs])]
    many = len(pairs) >= SMALLEST
    nudges = [sum(pair.nudges[place] for pair in pairs) for place in (0, 1)] if many else None
    told_of = [sum(pair.lines[place] for pair in pairs) for place in (0, 1)] if many else None
    result = {
        "ok": True,
        "cohort": cohort,
        "programme": f"{other.programme.id}.{other.programme.version}",
        "changed": keys,
        "not_decided_again": apart,
        "versions": [
            {"version": own.programme.version, "pairs": count, "changed": some} for own, count, some in zip(versions, counted, differing_keys, strict=True)
        ],
        "pairs": len(pairs),
        "exact": sum(pair.exact for pair in pairs),
        "would_differ": [_pair(pair) for pair in differing],
        "pairs_certified": {"was": certified[0], "would_be": certified[1]},
        "private_nudges": {"was": nudges[0], "would_be": nudges[1]} if nudges is not None else None,
        "cancellation_lines": {"was": told_of[0], "would_be": told_of[1]} if told_of is not None else None,
    }
    lines = [f"cohort {cohort} under {result['programme']}: {len(differing)} of {len(pairs)} pairs would stand otherwise"]
    lines += [f"pairs certified: {certified[0]} → {certified[1]}"]
    lines += [f"private nudges in all: {nudges[0]} → {nudges[1]}"] if nudges is not None else []
    lines += [f"lines about cancellations in all: {told_of[0]} → {told_of[1]}"] if told_of is not None else []
    inexact = sum(not pair.exact for pair in pairs)
    if inexact:
        lines.append(f"notice: of {inexact} of {len(pairs)} pairs today's rules no longer say what the journal says; both sides are decided anew")
    for own, count, some in zip(versions, counted, differing_keys, strict=True):
        of = f"; {count} of {len(pairs)} pairs began with version {own.programme.version}" if len(versions) > 1 else ""
        lines += (
            ["", f"what differs between the programmes{of}:", *(f"  {line}" for line in some)] if some else ["", f"the programmes decide by the same rules{of}"]
        )
    if apart:
        lines += ["", "the meetings are those that were; not decided again:", *(f"  {line}" for line in apart)]
    if differing:
        rows = [(pair.pair_id, what, before, after, ", ".join(pair.because)) for pair in differing for what, before, after in _rows(pair)]
        lines += ["", *columns(("pair", "what", "was", "would be", "because of"), rows)]
    return result, lines


def _is_apart(key: str) -> bool:
    return re.split(r"[.:]", key, maxsplit=1)[0] in (*_NOT_DECIDED, "meetings")


def _pair(pair: Pair) -> dict[str, Any]:
    changes = {what: {"was": pair.was[what], "would_be": pair.would_be[what]} for what in pair.was if pair.was[what] != pair.would_be[what]}
    return {"pair_id": pair.pair_id, "changes": changes, "because": list(pair.because)}


def _rows(pair: Pair) -> list[tuple[str, Any, Any]]:
    return [(what.replace("_", " "), _shown(value), _shown(pair.would_be[what])) for what, value in pair.was.items() if value != pair.would_be[what]]


def _shown(value: Any) -> Any:
    return ", ".join(value) or None if isinstance(value, list) else value


def _changed(mine: Rules, theirs: Rules) -> list[str]:
    """The keys of the rules that differ and decide something."""
    return [name for name in Rules.model_fields if name not in (*_NAMES, *_NOT_DECIDED) and getattr(mine, name) != getattr(theirs, name)]


def _policy(began: MentorshipStarted, theirs: Rules, keys: Iterable[str], own: Programme, lasting: Programme) -> Policy:
    """The pair's own rules with these keys of `theirs`, and with the end that the programme `lasting` gives."""
    chosen: Mapping[str, Any] = {key: getattr(theirs, key) for key in keys}
    rules = began.rules.model_copy(update=chosen)
    zone = own.programme.time_zone
    ends = began.ends if lasting is own else moved(began.starts, lasting.programme.length, zone)
    return Policy(rules, ends, moved(ends, rules.reporting_grace, zone), home=zone)


def _keys(programme: Programme) -> dict[str, str]:
    """Every key that decides something, with its value in an operator's words; conversations count from 1."""
    rules = programme.rules()
    told = {"programme.length": str(programme.programme.length), "meetings.count": str(programme.meetings.count)}
    told |= _in_words(rules.model_dump(mode="json", by_alias=True, exclude={*_NAMES, "closing", "milestones"}))
    if rules.closing is not None:
        told["closing"] = f"conversation {rules.closing + 1}"
    return told | {f"milestones.{milestone.id}": _completed_by(milestone) for milestone in rules.milestones}


def _in_words(part: Mapping[str, Any], above: str = "") -> dict[str, str]:
    words: dict[str, str] = {}
    for name, value in part.items():
        key = f"{above}{name}"
        match value:
            case dict():
                words |= _in_words(value, f"{key}.")
            case list():
                words[key] = ", ".join(f"{one['do']} at {one['at']}" if isinstance(one, dict) else str(one) for one in value) or _NOTHING
            case _:
                words[key] = str(value)
    return words


_REPORTED: Mapping[str, str] = {"either": "either reports", "both": "both report", "mentor": "the mentor reports", "mentee": "the mentee reports"}


def _completed_by(milestone: MilestoneRule) -> str:
    match milestone.when:
        case None:
            return f"when {_REPORTED[milestone.by]} it"
        case MeetingsHeld(meetings_held=number):
            return f"when {number} {'meetings are' if number > 1 else 'meeting is'} held"
        case "expectations_confirmed":
            return "when the expectations are confirmed"
        case "goal_set":
            return "when a goal is set"
        case "goal_progressed":
            return "when a goal is progressed"
        case "closing_held":
            return "when the closing conversation is held"
        case _:
            assert_never(milestone.when)


def _differing(mine: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    pairs = {key: (mine.get(key, _NOTHING), theirs.get(key, _NOTHING)) for key in (*mine, *theirs)}
    return [f"{key}: {before} → {after}" for key, (before, after) in pairs.items() if before != after]


def _nudges(of: Replayed) -> int:
    return sum(isinstance(effect, SendNotice) and effect.kind == "nudge" and effect.to in SIDES for effect in of.effects)


def _lines(of: Replayed) -> int:
    return sum(entry.name == "attention_raised" and str(entry.body["line"]).startswith("cancellations_") for entry in of.entries)


async def journals(records: Records, cohort: str) -> list[tuple[Enrolment, list[JournalEntry]]]:
    """Every pair of a cohort that has begun, with its journal."""
    found = [(enrolment, await records.journal.entries(enrolment.mentorship)) for enrolment in await records.cohorts.enrolments(cohort)]
    return [(enrolment, journal) for enrolment, journal in found if journal]
