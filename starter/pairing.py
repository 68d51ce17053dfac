"""`mentorship cohort pair`: who meets whom, with a reason for every pair and everybody left over (H4, H9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from starter.answer import Json, Misused, Refused, answer, columns
from starter.faults import nearest, shown
from starter.in_file import reading
from starter.out_file import check_out, write_out

if TYPE_CHECKING:
    from starter.pairing_files import Given
    from starter.pairing_rules import Panel

_NEEDED = "pairing needs numpy and scipy, which are not installed: `make extras` installs them"


@dataclass(frozen=True)
class Paired:
    """A pair, by places in the panel. `pinned` means that an operator asked for it."""

    mentee: int
    mentor: int
    pinned: bool = False


def pair(
    people: Annotated[Path, typer.Argument(help="The people file (CSV); columns of your own may be criteria.")],
    *,
    programme: Annotated[Path, typer.Option(help="The programme file; `pairing` and `reporting_line` are read.")],
    out: Annotated[Path, typer.Option(help="The pairs file to write.")],
    pairs: Annotated[list[Path] | None, typer.Option(help="Earlier pairs, which are not repeated. Can be given several times.")] = None,
    forbid: Annotated[list[str] | None, typer.Option(metavar="A:B", help="Never pair these two.")] = None,
    pin: Annotated[list[str] | None, typer.Option(metavar="MENTOR:MENTEE", help="Pair these two in any case, within the rules.")] = None,
    json: Json = False,
) -> None:
    """Pairs mentors and mentees: as many people as can be, then the best fit. The same files give the same pairs."""
    try:
        from starter import pairing_files  # noqa: PLC0415 - numpy and scipy are an extra
    except ImportError as error:
        raise Refused(_NEEDED, result={"ok": False}) from error
    earlier = pairs or []
    given_files = (people, programme, *earlier)
    _refuse_out(out, given_files)
    with reading(*given_files) as findings:
        given = pairing_files.read_all(people, programme, earlier, findings)
    if given is None:  # pragma: no cover - readers that find no fault and nothing have a defect
        raise Refused("the files cannot be used")
    result, lines = paired(given, forbidden=forbid or [], pinned=pin or [])
    if not result["pairs"]:
        raise Refused(*lines, "nobody could be paired; nothing was written", result={**result, "ok": False})
    couples = [(one["pair_id"], one["mentor_id"], one["mentee_id"]) for one in result["pairs"]]
    write_out(out, pairing_files.pairs_csv(couples), f"--out {out}")
    answer({"ok": True, "out": str(out), **result}, [*lines, "", f"written to {out}"], as_json=json)


def paired(given: Given, *, forbidden: Sequence[str], pinned: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """(the answer for programs, the same for people). Raises Misused for ids that are not in the file, Refused for a pin against the rules."""
    import numpy as np  # noqa: PLC0415 - an extra

    from starter.pairing_match import NOBODY, match  # noqa: PLC0415

    panel = given.panel
    names = {party.person_id for party in (*panel.mentees, *panel.mentors)} | given.left_out.keys()
    panel = replace(panel, excluded=(*panel.excluded, *(_couple("--forbid", text, names) for text in forbidden)))
    pins = _pins(panel, [_couple("--pin", text, names) for text in pinned], given.left_out)
    allowed, scores = panel.allowed(), panel.scores()
    room = np.array([party.capacity for party in panel.mentors], dtype=np.int64)
    free = allowed.copy()
    for one in pins:
        room[one.mentor] -= 1
        free[one.mentee] = False
    matched = match(scores, free, room)
    found = sorted([*pins, *(Paired(place, int(mentor)) for place, mentor in enumerate(matched) if mentor != NOBODY)], key=lambda one: one.mentee)
    return _told(given, panel, found, allowed, scores)


def _told(given: Given, panel: Panel, found: Sequence[Paired], allowed: Any, scores: Any) -> tuple[dict[str, Any], list[str]]:
    from starter.pairing_reasons import why_room_left, why_together, why_without_mentor  # noqa: PLC0415

    mentor_of = {one.mentee: one.mentor for one in found}
    mentees_of: dict[int, list[str]] = {}
    for one in found:
        mentees_of.setdefault(one.mentor, []).append(panel.mentees[one.mentee].person_id)
    ids = _pair_ids(len(found), given.earlier.pair_ids)
    pairs = [
        {
            "pair_id": pair_id,
            "mentor_id": panel.mentors[one.mentor].person_id,
            "mentee_id": panel.mentees[one.mentee].person_id,
            "score": int(scores[one.mentee, one.mentor]),
            "pinned": one.pinned,
            "reasons": why_together(panel, one.mentee, one.mentor),
            "next_best": _next_best(panel, one.mentee, one.mentor, allowed=allowed, scores=scores, mentees_of=mentees_of),
        }
        for pair_id, one in zip(ids, found, strict=True)
    ]
    lonely = [
        {
            "person_id": party.person_id,
            "reason": why_without_mentor(panel, place),
            "next_best": _next_best(panel, place, None, allowed=allowed, scores=scores, mentees_of=mentees_of),
        }
        for place, party in enumerate(panel.mentees)
        if place not in mentor_of
    ]
    candidates = allowed.sum(axis=0)
    roomy = [
        {"person_id": party.person_id, "room": party.capacity - own, "reason": why_room_left(panel, int(candidates[place]), own)}
        for place, party in enumerate(panel.mentors)
        if party.capacity > (own := len(mentees_of.get(place, ())))
    ]
    absent = [{"person_id": name, "reason": reason} for name, reason in given.left_out.items()]
    result = {
        "mentees": len(panel.mentees),
        "mentors": len(panel.mentors),
        "paired": len(found),
        "score": sum(int(scores[one.mentee, one.mentor]) for one in found),
        "pairs": pairs,
        "left_over": {"mentees": lonely, "mentors": roomy, "not_asked": absent},
    }
    return result, _lines(result)


def _lines(result: dict[str, Any]) -> list[str]:
    lines = [f"{result['paired']} of {result['mentees']} mentees paired, {result['mentors']} mentors; total score {result['score']}"]
    if result["pairs"]:
        rows = [
            (
                one["pair_id"],
                one["mentor_id"],
                one["mentee_id"],
                one["score"],
                _next_words(one["next_best"]),
                ("pinned; " if one["pinned"] else "") + "; ".join(one["reasons"]),
            )
            for one in result["pairs"]
        ]
        lines += ["", *columns(("pair", "mentor", "mentee", "score", "next best", "because"), rows)]
    for title, key in (("mentees left over", "mentees"), ("mentors with room", "mentors"), ("not asked", "not_asked")):
        if people := result["left_over"][key]:
            reasons = [(one["person_id"], one["reason"] + _nearest_fit(one.get("next_best"))) for one in people]
            lines += ["", f"{title}:", *columns(("person", "because"), reasons)]
    return lines


def _next_words(other: dict[str, Any] | None) -> str | None:
    if other is None:
        return None
    return f"{other['mentor_id']} ({other['score']}{', has room' if other['room'] else ''})"


def _nearest_fit(other: dict[str, Any] | None) -> str:
    return f"; the best fit is {other['mentor_id']} ({other['score']}), who has {', '.join(other['has'])}" if other else ""


def _next_best(panel: Panel, mentee: int, mentor: int | None, *, allowed: Any, scores: Any, mentees_of: dict[int, list[str]]) -> dict[str, Any] | None:
    """The mentor who would fit this mentee best apart from the one they got, with or without room."""
    possible = allowed[mentee].copy()
    if mentor is not None:
        possible[mentor] = False
    if not possible.any():
        return None
    place = int((scores[mentee].astype("int64") * possible + possible).argmax())  # of equally good ones, the first by id
    having = mentees_of.get(place, [])
    other = panel.mentors[place]
    return {"mentor_id": other.person_id, "score": int(scores[mentee, place]), "room": other.capacity > len(having), "has": having}


def _pins(panel: Panel, couples: Sequence[tuple[str, str]], left_out: dict[str, str]) -> list[Paired]:
    from starter.pairing_reasons import barring  # noqa: PLC0415

    mentees = {party.person_id: place for place, party in enumerate(panel.mentees)}
    mentors = {party.person_id: place for place, party in enumerate(panel.mentors)}
    wrong: list[str] = []
    found: list[Paired] = []
    for mentor, mentee in dict.fromkeys(couples):
        away = [f"{name} is not asked: {left_out[name]}" for name in (mentor, mentee) if name in left_out]
        if away or mentor not in mentors or mentee not in mentees:
            wrong.append(f"--pin {mentor}:{mentee}: {away[0] if away else 'expected a mentor of the file, then a mentee'}")
            continue
        one = Paired(mentees[mentee], mentors[mentor], pinned=True)
        barred = [rule for rule, mask in panel.barred(one.mentee) if mask[one.mentor]]
        if barred:
            wrong.append(f"--pin {mentor}:{mentee}: not within the rules: {', '.join(barring(panel, rule) for rule in barred)}")
        elif any(other.mentee == one.mentee for other in found):
            wrong.append(f"--pin {mentor}:{mentee}: {mentee} is pinned to another mentor already")
        elif sum(other.mentor == one.mentor for other in found) >= panel.mentors[one.mentor].capacity:
            wrong.append(f"--pin {mentor}:{mentee}: {mentor} has room for {panel.mentors[one.mentor].capacity} only")
        else:
            found.append(one)
    if wrong:
        raise Refused(*wrong, result={"ok": False, "faults": wrong})
    return found


def _couple(option: str, text: str, names: set[str]) -> tuple[str, str]:
    """Two ids around a colon; an id may contain colons itself."""
    parts = text.split(":")
    splits = [(":".join(parts[:place]), ":".join(parts[place:])) for place in range(1, len(parts))]
    found = [couple for couple in splits if names.issuperset(couple)]
    if len(found) == 1:
        return found[0]
    if not splits:
        raise Misused(f"{option} {text}: expected two ids with a colon between them")
    unknown = next((name for name in splits[0] if name not in names), text)
    meant = nearest(unknown, names)
    raise Misused(f"{option} {text}: no mentor or mentee with the id {shown(unknown)}{f', {meant} perhaps' if meant else ''}")


def _pair_ids(count: int, taken: frozenset[str]) -> list[str]:
    """`p-01`, `p-02`, …, without those used before, since a pair id always names the same people."""
    width = max(2, len(str(count + len(taken))))
    found: list[str] = []
    number = 0
    while len(found) < count:
        number += 1
        if (name := f"p-{number:0{width}}") not in taken:
            found.append(name)
    return found


def _refuse_out(out: Path, read: Sequence[Path]) -> None:
    check_out(out, f"--out {out}")
    if any(path.resolve() == out.resolve() for path in read):
        raise Misused(f"--out {out}: this file is read here; expected another one")
