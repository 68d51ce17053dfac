"""Says in words why two people were put together, and why somebody is left over. It never names a protected trait (H12).

It names fields of the people file that are about work, and what an operator wrote as `reason`, unless the field or the words are about
a protected trait. Everything else is "the programme's other criteria".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from mentorship.programme import Condition, Criterion, Requirement
from starter.answer import counted
from starter.pairing_rules import Panel, Party, Rule

NAMED = frozenset({"skills", "goals", "language", "department", "time_zone"})
"""Fields of the people file that a reason may name."""

_PROTECTED = re.compile(
    r"\b(age|aged|birth\w*|born|caste|characteristic\w*|colou?r|countr\w+|descent|disab\w*|ethnic\w*|faith|famil\w+|gay|gender\w*|health\w*|identit\w*"
    r"|lesbian|lgbt\w*|marital|marri\w+|minorit\w+|nationalit\w*|national|neurodiver\w*|orientation|origin\w*|parent\w*|politic\w*|pregnan\w*|pronoun\w*"
    r"|queer|rac(?:e|ial)|religi\w*|belief\w*|sex\w*|trans\w*|union|veteran\w*|woman|women|man|men|female|male)\b",
    re.IGNORECASE,
)

_RULES: dict[Rule, str] = {
    "capacity": "have no room",
    "self": "would be the same person",
    "earlier": "were paired with them before",
    "excluded": "may not be paired with them",
    "reporting_line": "stand in the same reporting line",
}


def is_protected(text: str) -> bool:
    """Whether a column's name, or an operator's words, may be about a protected trait. It errs on the side of yes."""
    return _PROTECTED.search(re.sub(r"[\W_]+", " ", text)) is not None


def why_together(panel: Panel, mentee: int, mentor: int) -> list[str]:
    """One line for each criterion that the pair meets. Those that may not be named share the last line."""
    lines: list[str] = []
    unnamed = 0
    low, high = panel.mentees[mentee], panel.mentors[mentor]
    for place in panel.met(mentee, mentor):
        criterion = panel.pairing.criteria[place]
        words = _named(criterion, low, high)
        if words is None:
            unnamed += criterion.score
        else:
            lines.append(f"{words} (+{criterion.score})")
    if unnamed:
        lines.append(f"{'other criteria' if lines else 'criteria'} of the programme (+{unnamed})")
    return lines or ["possible, though no criterion speaks for it"]


def why_without_mentor(panel: Panel, mentee: int) -> str:
    """How many mentors each rule bars, counting each mentor under the first; or that those who are allowed are all with others."""
    count = len(panel.mentors)
    if not count:
        return "there is no mentor"
    told: list[str] = []
    gone = 0
    barred: Any = False
    for rule, mask in panel.barred(mentee):
        barred = mask | barred
        more = int(barred.sum()) - gone
        gone += more
        if more:
            told.append(f"{more} {barring(panel, rule)}")
    if gone < count:
        return f"{count - gone} of {count} mentors could, and each is with others; no exchange makes room for one more"
    return f"none of {count} mentors: {', '.join(told)}"


def why_room_left(panel: Panel, candidates: int, own: int) -> str:
    """Why a mentor still has room. `candidates` is how many mentees could have them, `own` how many of these do."""
    if not panel.mentees:
        return "there is no mentee"
    if not candidates:
        return f"none of {len(panel.mentees)} mentees may have this mentor"
    others = candidates - own
    if not others:
        return "every mentee who may have this mentor does"
    return f"{counted(others, 'other mentee' if own else 'mentee')} could have this mentor, best placed elsewhere"


def named_rule(requirement: Requirement, place: int) -> str:
    """A requirement, as the line of somebody left over may name it. The place that it shows counts from 1."""
    words = _told(requirement.reason) or _fields(requirement.when)
    return words or f"requirement {place + 1} of the programme"


def barring(panel: Panel, rule: Rule) -> str:
    """What a rule says about the mentors that it bars, as the end of a sentence."""
    if isinstance(rule, int):
        return f"by {named_rule(panel.pairing.require[rule], rule)}"
    return _RULES[rule]


def _named(criterion: Criterion, mentee: Party, mentor: Party) -> str | None:
    condition = criterion.when
    theirs, ours = condition.fields
    if is_protected(theirs) or is_protected(ours):
        return None
    if criterion.reason is not None:
        return _told(criterion.reason)
    if not NAMED.issuperset((theirs, ours)):
        return None
    if condition.shares is not None or condition.same is not None:
        common = _common(mentee.entries(theirs), mentor.entries(ours))
        where = _words(theirs) if theirs == ours else f"{_words(theirs)} of the mentee, {_words(ours)} of the mentor"
        return f"{', '.join(common)}: {where}"
    return _fields(condition)


def _fields(condition: Condition) -> str | None:
    theirs, ours = condition.fields
    if not NAMED.issuperset((theirs, ours)):
        return None
    what = _words(theirs) if theirs == ours else f"{_words(theirs)} and {_words(ours)}"
    if condition.above is not None:
        return f"higher {what}"
    return f"{'another' if condition.differs is not None else 'the same'} {what}"


def _told(reason: str | None) -> str | None:
    return None if reason is None or is_protected(reason) else reason


def _common(one: Sequence[str], other: Sequence[str]) -> list[str]:
    folded = {entry.casefold() for entry in other}
    return [entry for entry in one if entry.casefold() in folded]


def _words(name: str) -> str:
    return name.replace("_", " ")
