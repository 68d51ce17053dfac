"""A rehearsal as a table for people, and as one page with inline plots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from starter.answer import columns, local_time
from starter.report_page import Part, bars, rendered

_HOW = {"fast": "by the rules alone (--fast)", "real": "on the real workflows with time skipped"}
_ABOUT = (
    "the diligent report everything, the busy move meetings and report half, the late cancel at short notice, the silent say nothing, leavers end it half-way."
)
_MOST_ROWS = 400
"""The most rows of a page's table; a terminal shows a tenth. Of thousands, it shows people who get most, and pairs that come off worst."""


def lines(found: Mapping[str, Any], *, zone: str, every_message: bool) -> list[str]:
    """The tables of the answer. It lists every message by date only if asked to, since there are thousands."""
    personas = ", ".join(f"{count} {persona}" for persona, count in found["personas"].items())
    told = [
        f"rehearsal of {found['programme']} from {_local(found['starts'], zone)} ({zone}), {_HOW[found['mode']]}; seed {found['seed']}, {personas}",
        f"{len(found['pairs'])} pairs, {found['mails']['sent']} mails, {found['certificates']} certificates",
        f"the coordinators' list: {found['coordinators']['most_open_at_once']} lines open at once, at most; a digest a week besides",
        "conduct is invented and dealt by the seed: it says nothing about these people",
        "",
        *columns(_PEOPLE, _people(found, _MOST_ROWS // 10)),
        *_left_out(found["people"], "people who get fewer"),
        "",
        *columns((*_PAIRS, *(_COST if found["temporal"] else ())), _pairs(found, _MOST_ROWS // 10)),
        *_left_out(found["pairs"], "pairs that fare better"),
    ]
    told += ["", "mails by kind:", *columns(("kind", "mails"), found["mails"]["by_kind"].items())]
    if found["mails"]["not_sent"]:
        told += ["", "not sent:", *columns(("kind", "why", "mails"), [tuple(one.values()) for one in found["mails"]["not_sent"]])]
    told += ["", *columns(("coordinator", "day", "mails"), _coordinators(found))] if _coordinators(found) else []
    if found["temporal"]:
        told += [
            "",
            "Temporal: {events} events, {actions} actions; the largest history {largest_events} events, {largest_bytes} bytes".format(**found["temporal"]),
        ]
    if every_message:
        told += ["", *columns(("at", "to", "what", "pair"), [(_local(m["at"], zone), m["person_id"], m["kind"], m["pair_id"]) for m in found["messages"]])]
    return told


def page(title: str, found: Mapping[str, Any], *, zone: str) -> str:
    """The HTML page. It shows instants in `zone`, the programme's."""
    people = found["people"]
    diligent = [person["mails"] for person in people if person["persona"] == "diligent" and person["pairs"] == 1]
    return rendered(
        "rehearsal_page.html",
        title=title,
        programme=found["programme"],
        starts=f"{_local(found['starts'], zone)} ({zone})",
        how=_HOW[found["mode"]],
        seed=found["seed"],
        personas=", ".join(f"{count} {persona}" for persona, count in found["personas"].items()),
        about=_ABOUT,
        key=[
            ("pairs", len(found["pairs"])),
            ("mails", found["mails"]["sent"]),
            ("most to a diligent person of one pair", max(diligent, default="–")),
            ("certificates", found["certificates"]),
            ("lines open at once, at most", found["coordinators"]["most_open_at_once"]),
        ],
        parts=_parts(found, zone),
    )


_PEOPLE = ("person", "persona", "pairs", "mails", "most in the budget's window", "budget", "with changes")
_PAIRS = ("pair", "phase", "milestones", "meetings held", "certificates", "ended", "coordinators' lines")
_COST = ("events", "bytes", "actions")


def _left_out(rows: Sequence[Any], what: str) -> list[str]:
    more = len(rows) - _MOST_ROWS // 10
    return [f"… and {more} {what}: --json has all"] if more > 0 else []


def _people(found: Mapping[str, Any], most: int) -> list[tuple[Any, ...]]:
    people = found["people"]
    if len(people) > most:
        people = sorted(people, key=lambda person: -person["mails"])[:most]
    return [tuple(person.values()) for person in people]


def _pairs(found: Mapping[str, Any], most: int) -> list[tuple[Any, ...]]:
    pairs = found["pairs"]
    if len(pairs) > most:
        pairs = sorted(pairs, key=lambda pair: (pair["certificates"], -len(pair["lines"]), pair["milestones_done"]))[:most]
    return [
        (
            pair["pair_id"],
            pair["phase"],
            f"{pair['milestones_done']} of {pair['milestones_total']}",
            pair["meetings_held"],
            pair["certificates"],
            pair["ended"] or "-",
            ", ".join(pair["lines"]) or "-",
            *(pair["history"][what] for what in (_COST if pair["history"] else ())),
        )
        for pair in pairs
    ]


def _coordinators(found: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    return [(name, day, count) for name, days in found["coordinators"]["people"].items() for day, count in days.items()]


def _parts(found: Mapping[str, Any], zone: str) -> list[Part]:
    weeks = _by_week(found["mails"]["by_day"])
    people = sorted(found["people"], key=lambda person: -person["mails"])
    shown = people[:40]
    temporal = found["temporal"]
    cost = "History sizes and actions are known from the real run only."
    if temporal:
        cost = "{events} events and {actions} actions in all; the largest history has {largest_events} events and {largest_bytes} bytes.".format(**temporal)
    return [
        Part(
            "Mails by week",
            "Of all people together, by the Monday.",
            bars("Mails by week", [(week, count, str(count)) for week, count in weeks], max(dict(weeks).values(), default=1), beside=100),
        ),
        Part(
            "Mails a person" + (f" (the {len(shown)} with most)" if len(people) > len(shown) else ""),
            f"Over all their pairs; in brackets the most that counted in one window of the budget, of {people[0]['budget'] if people else 0} allowed.",
            bars(
                "Mails a person",
                [(f"{one['person_id']} ({one['persona']})", one["mails"], f"{one['mails']} ({one['most_in_budget']})") for one in shown],
                max((one["mails"] for one in shown), default=1),
            ),
        ),
        Part(
            "What became of the pairs" + (f" (the {_MOST_ROWS} that fare worst)" if len(found["pairs"]) > _MOST_ROWS else ""),
            cost,
            header=(*_PAIRS, *(_COST if temporal else ())),
            rows=_texts(_pairs(found, _MOST_ROWS), codes_from=1),
        ),
        Part(
            "The coordinators",
            f"Lines opened in all: {sum(found['escalations'].values())}; at most {found['coordinators']['most_opened_in_a_day']} in a day, "
            f"{found['coordinators']['per_coordinator_and_week']} for each coordinator and week. One digest a week comes besides.",
            header=("coordinator", "day", "mails"),
            rows=_texts(_coordinators(found), codes_from=1),
        ),
        Part("Lines by why", header=("line", "pairs"), rows=_texts(found["escalations"].items())),
        Part("Mails by kind", header=("kind", "mails"), rows=_texts(found["mails"]["by_kind"].items())),
        Part("Not sent", header=("kind", "why", "mails"), rows=_texts(tuple(one.values()) for one in found["mails"]["not_sent"])),
        Part(
            "Every message by date",
            f"The first {_MOST_ROWS}; all of them with --json." if len(found["messages"]) > _MOST_ROWS else "",
            header=("at", "to", "what", "pair"),
            rows=tuple((_local(one["at"], zone), one["person_id"], _plain(one["kind"]), one["pair_id"]) for one in found["messages"][:_MOST_ROWS]),
            folded=f"Show {min(len(found['messages']), _MOST_ROWS)} messages",
        ),
    ]


def _texts(rows: Iterable[Iterable[Any]], *, codes_from: int = 0) -> tuple[tuple[str, ...], ...]:
    """Rows with codes as words from column `codes_from` on; the columns before it hold ids."""
    return tuple(tuple(str(cell) if place < codes_from else _plain(str(cell)) for place, cell in enumerate(row)) for row in rows)


def _plain(code: str) -> str:
    return code.replace("_", " ")


def _local(instant: str, zone: str) -> str:
    return local_time(datetime.fromisoformat(instant), zone)


def _by_week(days: Mapping[str, int]) -> Sequence[tuple[str, int]]:
    """Mails per week, by its Monday, including weeks without mail."""
    counted: Counter[date] = Counter()
    for day, count in days.items():
        at = date.fromisoformat(day)
        counted[at - timedelta(days=at.weekday())] += count
    if not counted:
        return []
    first, last = min(counted), max(counted)
    mondays = [first + timedelta(weeks=number) for number in range((last - first).days // 7 + 1)]
    return [(monday.isoformat(), counted[monday]) for monday in mondays]
