"""`mentorship cohort report`: how a cohort is doing, from its journals. Nobody is named unless an operator asks for it (H5, H12)."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.settings import Settings
from mentorship.policy.meetings import held_instants
from mentorship.policy.milestones import done_in_time
from mentorship.policy.phase import phase
from mentorship.programme import Programme
from records.cohorts import Cohort, Enrolment
from records.store import Records
from starter.answer import Json, Misused, answer_only, columns, counted, local_time
from starter.out_file import check_out, write_out
from starter.reach import known_cohort, open_records
from starter.report_figures import Story, figures, told
from starter.report_page import NOT_SHOWN, number, page, word
from starter.report_shown import shown
from starter.what_if import journals


def report(
    cohort: Annotated[str, typer.Argument(metavar="COHORT", help="The cohort's id.")],
    *,
    html: Annotated[Path | None, typer.Option(help="Write it as one page that prints.")] = None,
    to_csv: Annotated[Path | None, typer.Option("--csv", help="Write it as a table: section, figure, value.")] = None,
    names: Annotated[
        bool, typer.Option("--names", help="Add the pairs with the people's names: for the programme's team alone; the page is then yours alone to read.")
    ] = False,
    json: Json = False,
) -> None:
    """Figures of a cohort, counted from its journals. Groups under five are not shown."""
    for path in (html, to_csv):
        if path is not None:
            check_out(path, str(path))
    if html is not None and to_csv is not None and html.resolve() == to_csv.resolve():
        raise Misused("--html and --csv: expected two files, this is one")
    facts, found, people = asyncio.run(_read(cohort, names=names))
    if html is not None:
        write_out(html, page(_readable(facts), found, people), str(html), private=names)
    if to_csv is not None:
        write_out(to_csv, _csv(facts, found), str(to_csv))
    result = {"ok": True, **facts, **found, **({"people": people} if names else {})}
    written = [f"written to {path}" for path in (html, to_csv) if path is not None]
    answer_only(result, [*_lines(_readable(facts), found, people), *(["", *written] if written else [])], as_json=json)


async def _read(cohort: str, *, names: bool) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    async with open_records(Settings.load()) as records:
        known = await known_cohort(records, cohort)
        programme = await records.programmes.get(known.programme, known.version)
        pairs = [(enrolment, told(enrolment.mentorship, journal)) for enrolment, journal in await journals(records, cohort)]
        people = await _people(records, pairs) if names else []
    return _facts(known, programme, datetime.now(UTC)), shown(figures([story for _, story in pairs], programme)), people


def _facts(cohort: Cohort, programme: Programme, now: datetime) -> dict[str, Any]:
    return {
        "title": programme.programme.title,
        "cohort": cohort.id,
        "programme": f"{cohort.programme} version {cohort.version}",
        "starts": cohort.starts_at,
        "as_of": now,
        "time_zone": programme.programme.time_zone,
    }


def _readable(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Instants in the programme's zone, and whether the start is past."""
    zone, starts, as_of = facts["time_zone"], facts["starts"], facts["as_of"]
    began = f"{'started' if starts <= as_of else 'starts'} {local_time(starts, zone)}"
    return {**facts, "began": began, "as_of": f"{local_time(as_of, zone)} ({zone})"}


async def _people(records: Records, pairs: Sequence[tuple[Enrolment, Story]]) -> list[dict[str, Any]]:
    """What the programme's team may see of each pair: nobody's rung, and no reasons (H12)."""
    profiles = await records.people.profiles({ref for enrolment, _ in pairs for ref in (enrolment.mentor, enrolment.mentee)})
    name = {ref: profile.name for ref, profile in profiles.items()}
    return [
        {
            "pair_id": enrolment.pair_id,
            "mentor": name.get(enrolment.mentor, "(erased)"),
            "mentee": name.get(enrolment.mentee, "(erased)"),
            "phase": phase(story.state),
            "milestones": f"{len(done_in_time(story.state))} of {len(story.state.rules.milestones)}",
            "meetings_held": len(held_instants(story.state)),
            "certified": None if story.state.decided is None else "yes" if story.state.decided.earned else "no",
        }
        for enrolment, story in pairs
    ]


def rows(found: Mapping[str, Any]) -> list[tuple[str, str, float | str | None]]:
    """Every figure of the report as (section, figure, value); None means not shown."""
    table: list[tuple[str, str, float | str | None]] = [("cohort", "pairs", found["pairs"])]
    for section in ("phases", "certificates", "meetings", "goals"):
        table += [(section, name, value) for name, value in found[section].items()]
    table += [("milestones done", one["id"], one["done"] if one["done"] is not None else one["band"]) for one in found["milestones"]]
    table += [("milestones waived", one["id"], one["waived"]) for one in found["milestones"]]
    for line, counts in found["attention"].items():
        table += [(f"attention {when}", line, counts[key]) for when, key in (("ever", "had"), ("now", "has"))]
    for month, kinds in found["months"].items():
        table += [(f"meetings {kind}", month, value) for kind, value in kinds.items()]
    for one in found["survey"]:
        table += [("survey answers", one["item"], one["answers"]), ("survey mean", one["item"], one["mean"])]
    return table


def _csv(facts: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("cohort", "section", "figure", "value"))
    writer.writerows((facts["cohort"], section, figure, NOT_SHOWN if value is None else value) for section, figure, value in rows(found))
    return text.getvalue()


def _lines(facts: Mapping[str, Any], found: Mapping[str, Any], people: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [f"{facts['title']}, cohort {facts['cohort']}: {counted(found['pairs'], 'pair')}, {facts['began']}, as of {facts['as_of']}"]
    if found["enough"]:
        table = [
            (section, word(section.partition(" ")[0], figure), value if isinstance(value, str) else number(value)) for section, figure, value in rows(found)
        ]
        lines += ["", *columns(("section", "figure", "value"), table)]
    else:
        lines.append("fewer than five pairs: figures would be about somebody, so that none are shown")
    if people:
        lines += ["", *columns(list(people[0]), [list(row.values()) for row in people])]
    return lines
