"""The report as one page that needs nothing else: inline SVG, no script, prints on A4."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup

NOT_SHOWN = "not shown"
WORDS: Mapping[str, Mapping[str, str]] = {
    "phases": {
        "aligning": "Aligning",
        "active": "Active",
        "paused": "Paused",
        "closing": "Closing",
        "completed": "Completed",
        "ended": "Ended early",
    },
    "certificates": {"certified": "Certified", "not_certified": "Not certified", "not_decided": "Not decided yet"},
    "meetings": {"held": "held", "moved": "moved", "cancelled": "cancelled", "not_held": "planned and not held", "extra": "held beside the plan"},
    "attention": {
        "no_meeting": "No meeting yet",
        "rematch": "Offer another partner",
        "silence": "Meetings without a word",
        "not_held": "Meetings in a row not held",
        "cancellations": "Repeated late cancellations",
        "reporting_line": "Both in one reporting line",
        "on_leave": "Away for longer than a pause may last",
    },
    "survey": {
        "past_getting_to_know": "Past getting to know each other",
        "trust": "Trust",
        "accountability": "Accountability",
        "depth": "Talk below the surface",
        "opportunities": "Opportunities",
        "satisfaction": "Satisfaction",
    },
}
"""What a code is called, by section, since the same code means different figures in different sections."""
_WIDTH, _NARROW = 720, 380
_LINE, _SIGNS = 18, 32
"""For a label beside its value: the height of a line, and how many signs fit into one."""
_COLOURS = {"held": "var(--one)", "moved": "var(--two)", "cancelled": "var(--three)"}


class Part(NamedTuple):
    title: str
    text: str = ""
    plot: Markup | None = None
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    folded: str = ""
    """What to press to see the rows, if they are too many to show at once; such rows are not printed."""


def page(facts: Mapping[str, Any], report: Mapping[str, Any], people: Sequence[Mapping[str, Any]] = ()) -> str:
    """`facts` are title, cohort, programme, began and as_of as texts. `people` are shown as they are, if there are any."""
    return rendered("report_page.html", **facts, report=report, key=_key(report), parts=_parts(report), people=people)


def rendered(template: str, **shown: Any) -> str:
    """Renders a template of this folder. A value that it needs and is not given raises an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - most answers are lines on a terminal, not a page

    loader = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return loader.get_template(template).render(**shown)


def number(value: float | None) -> str:
    return NOT_SHOWN if value is None else f"{value:,}"


def _key(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    meetings = report["meetings"]
    return [
        ("pairs", number(report["pairs"])),
        ("meetings held", number(meetings["held"])),
        ("meetings moved", number(meetings["moved"])),
        ("goals with progress", number(report["goals"]["progressed"])),
        ("certificates", number(report["certificates"]["issued"])),
    ]


def _parts(report: Mapping[str, Any]) -> list[Part]:
    pairs = report["pairs"]
    phases = [(word("phases", name), count, number(count)) for name, count in report["phases"].items()]
    milestones = [(one["title"], one["done"], number(one["done"]) if one["done"] is not None else f"{one['band']} of them") for one in report["milestones"]]
    meetings, goals, certificates = report["meetings"], report["goals"], report["certificates"]
    survey = [
        (word("survey", one["item"]), one["mean"], f"{one['mean']:.1f}, {one['answers']} answers" if one["mean"] is not None else NOT_SHOWN)
        for one in report["survey"]
    ]
    return [
        Part("Pairs by phase", plot=bars("Pairs by phase", phases, pairs)),
        Part("Milestones", f"Of {pairs} pairs, how many have done each.", bars("Pairs that have done each milestone", milestones, pairs)),
        Part(
            "Meetings",
            f"Held: {number(meetings['held'])}. {_beside_the_plan(meetings['extra'])} Moved: {number(meetings['moved'])}. "
            f"Cancelled: {number(meetings['cancelled'])}. Planned and not held: {number(meetings['not_held'])}.",
            months(report["months"]),
        ),
        Part(
            "Goals",
            f"Set: {number(goals['set'])}. With progress: {number(goals['progressed'])}. Achieved: {number(goals['achieved'])}. "
            "Progress counts as well as achievement.",
        ),
        Part(
            "Where a coordinator was asked to look",
            "Pairs that were ever in the coordinators’ list, by why, and those that are now.",
            header=("", "ever", "now"),
            rows=tuple((word("attention", line), number(counts["had"]), number(counts["has"])) for line, counts in report["attention"].items()),
        ),
        Part(
            "What they say at the end",
            "Means of answers from 1 to 5. They never decide who earns a certificate.",
            bars("Closing survey, means from 1 to 5", survey, 5, least=1),
        ),
        Part(
            "Certificates",
            f"Issued: {number(certificates['issued'])}. One for each of the two; where milestones came along from an earlier mentor, it can be one.",
            bars(
                "Pairs by certificates",
                [(word("certificates", name), certificates[name], number(certificates[name])) for name in ("certified", "not_certified", "not_decided")],
                pairs,
            ),
        ),
    ]


def _beside_the_plan(extra: int | None) -> str:
    return "How many of these were beside the plan is not shown." if extra is None else f"{number(extra)} of these were beside the plan."


def word(section: str, code: str) -> str:
    """What a code of that section is called. Milestones and months are not our codes and stay as they are."""
    known = WORDS.get(section)
    return code if known is None else known.get(code, code.replace("_", " "))


def bars(title: str, rows: Sequence[tuple[str, float | None, str]], most: float, *, least: float = 0, beside: int = 0) -> Markup:
    """Horizontal bars under their labels and values, so that a phone shows both. A value that is not shown has no bar.

    With `beside`, short labels are to the left of their bars, in a column that wide.
    """
    high = 16 if beside else 14
    room = _NARROW - beside - (70 if beside else 0)
    parts: list[Markup] = []
    top = 0
    for label, value, words in rows:
        written = [label] if beside else _wrapped(label)
        last = top + 17 + _LINE * (len(written) - 1)
        bar = top + 4 if beside else last + 7
        length = 0.0 if value is None else max(0.0, room * (value - least) / max(most - least, 1))
        soft = Markup(' class="soft"') if value is None else Markup("")
        end = Markup("") if beside else Markup(' text-anchor="end"')
        parts += [Markup('<text x="0" y="{}">{}</text>').format(top + 17 + _LINE * place, text) for place, text in enumerate(written)]
        parts.append(Markup('<rect x="{}" y="{}" width="{}" height="{}" fill="var(--track)"/>').format(beside, bar, room, high))
        parts.append(Markup('<rect x="{}" y="{}" width="{:.1f}" height="{}" fill="var(--one)"/>').format(beside, bar, length, high))
        parts.append(Markup('<text x="{}" y="{}"{}{}>{}</text>').format(beside + room + 10 if beside else room, last, end, soft, words))
        top = bar + high + 6
    spoken = "; ".join(f"{label}: {words}" for label, _, words in rows)
    return _svg(title, spoken, (_NARROW, top + 4), parts, kind="bars")


def months(counts: Mapping[str, Mapping[str, int | None]]) -> Markup | None:
    """Columns by month: held, moved and cancelled side by side, each with its number; `·` means that the number is not shown."""
    if not counts:
        return None
    top, base, left = 34, 190, 8
    most = max((value for kinds in counts.values() for value in kinds.values() if value is not None), default=1) or 1
    step = (_WIDTH - 2 * left) / len(counts)
    wide = min(26.0, step / 3.6)
    parts: list[Markup] = []
    for place, kind in enumerate(_COLOURS):
        x = left + place * 120
        parts.append(Markup('<rect x="{}" y="6" width="12" height="12" fill="{}"/>').format(x, _COLOURS[kind]))
        parts.append(Markup('<text x="{}" y="17">{}</text>').format(x + 18, word("meetings", kind)))
    parts.append(Markup('<text x="{}" y="17" class="soft">· {}</text>').format(left + 120 * len(_COLOURS), NOT_SHOWN))
    parts.append(Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="var(--line)"/>').format(left, base, _WIDTH - left, base))
    for column, (month, kinds) in enumerate(counts.items()):
        centre = left + step * (column + 0.5)
        for place, (kind, value) in enumerate(kinds.items()):
            edge = centre + (place - 1.5) * wide
            length = 0.0 if value is None else (base - top - 18) * value / most
            parts.append(
                Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"/>').format(
                    edge + 1, base - length, wide - 2, length, _COLOURS[kind]
                )
            )
            text = "·" if value is None else str(value) if value else ""
            parts.append(
                Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="middle" style="font-size:11px">{}</text>').format(edge + wide / 2, base - length - 4, text)
            )
        parts.append(Markup('<text x="{:.1f}" y="{}" text-anchor="middle" class="soft" style="font-size:11px">{}</text>').format(centre, base + 17, month))
    spoken = "; ".join(
        f"{month}: " + ", ".join(f"{number(value)} {word('meetings', kind)}" for kind, value in kinds.items()) for month, kinds in counts.items()
    )
    return _svg("Meetings held, moved and cancelled by month", spoken, (_WIDTH, base + 24), parts, kind="months")


def _svg(title: str, spoken: str, size: tuple[int, int], parts: Sequence[Markup], *, kind: str) -> Markup:
    head = Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}"><desc>{}</desc>').format(kind, *size, title, spoken)
    return head + Markup("").join(parts) + Markup("</svg>")


def _wrapped(label: str) -> list[str]:
    """A label as lines that leave room for a value. Signs of double width, such as Chinese ones, count twice."""
    double = any(unicodedata.east_asian_width(sign) in {"F", "W"} for sign in label)
    return textwrap.wrap(label, _SIGNS // 2 if double else _SIGNS) or [""]
