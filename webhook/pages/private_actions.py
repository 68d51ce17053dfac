"""How the forms behind the private link become `submit_privately`, and what to ask the core before they are offered."""

from __future__ import annotations

from typing import Any

from mentorship import commands as c
from mentorship.commands import SURVEY_ITEMS
from webhook.pages.beforehand import NOTE_ID
from webhook.pages.fields import Wrong, text_of
from webhook.pages.forms import Fields
from webhook.pages.reading import Known

PULSE_ITEMS: tuple[c.SurveyItem, ...] = ("trust", "satisfaction")
"""The two questions of the pulse, the survey on the way."""


def feedback_about(known: Known, target: str) -> int:
    """The planned meeting with which feedback is kept. Without a target it is about conversations outside the plan, and goes with the latest that began."""
    if target or known.state is None:
        return int(target or 0)
    planned = sorted(known.state.meetings, key=lambda m: (m.start, m.n))
    return next((m.n for m in reversed(planned) if m.start <= known.now), planned[0].n if planned else 0)


def private_values(kind: str, about: int, fields: Fields) -> dict[str, Any]:
    """The body of `submit_privately`; feedback is `about` a planned meeting. Raises Wrong."""
    match kind:
        case "feedback":
            return {"body": {"kind": "feedback", "meeting": about, "text": text_of(fields), "shared": fields.get("shared") == "yes"}}
        case "pulse" | "closing":
            answers = {item: fields.get(item) for item in survey_items(kind)}
            if any(value not in ("", "1", "2", "3", "4", "5") for value in answers.values()):
                raise Wrong("answers", "choose")
            given = {item: int(value) for item, value in answers.items() if value}
            if not given:
                raise Wrong("answers", "choose")
            return {"body": {"kind": "survey", "survey": kind, "answers": given}}
        case "pins":
            return {"body": {"kind": "pins", "benefits": list(fields.all("benefit"))[:10]}}
        case "end_wish":
            if fields.get("sure") != "yes":
                raise Wrong("sure", "sure")
            return {"body": {"kind": "end_wish"}}
        case _:
            raise ValueError(kind)


def survey_items(kind: str) -> tuple[c.SurveyItem, ...]:
    return PULSE_ITEMS if kind == "pulse" else SURVEY_ITEMS


def private_probe(kind: str, about: int = 0) -> c.SubmitPrivately:
    match kind:
        case "feedback":
            return c.SubmitPrivately(body=c.Feedback(meeting=about, note_id=NOTE_ID))
        case "pulse" | "closing":
            return c.SubmitPrivately(body=c.SurveyAnswers(survey="closing" if kind == "closing" else "pulse", answers={"trust": 3}))
        case "pins":
            return c.SubmitPrivately(body=c.Pins())
        case _:
            return c.SubmitPrivately(body=c.EndWish())
