"""Programmes that last seconds instead of weeks, and one in which nothing falls due while a test lasts."""

from __future__ import annotations

from typing import Any

from mentorship.programme import Programme
from tests.pace import slower


def seconds_programme(pace: int = 1, **changes: Any) -> Programme:
    """A programme of seconds instead of weeks, times `pace`. `length` and what `changes` names may be longer. Nothing is spread, and mail goes at any hour."""
    length = changes.pop("length", "PT40S")
    grace = changes.pop("grace", "PT1S")
    closes = changes.pop("closes", "PT1S")
    meetings = {
        "count": 3,
        "first_after": "PT3S",
        "interval": "PT3S",
        "duration": "PT1S",
        "prepare": "PT1S",
        "ask_after": "PT1S",
        **changes.pop("meetings", {}),
    }
    document = {
        "programme": {"id": "quick", "version": pace, "title": "Quick", "length": length, "reporting_grace": grace, "time_zone": "Europe/Berlin"},
        "contacts": {"coordinators": ["ana"], "owner": "lee", "outside": ["sam"]},
        "meetings": meetings,
        "sessions": [{"topic": "Getting started", "expectations": True}, {"topic": "Onwards"}, {"topic": "Looking back", "closing": True}],
        "milestones": [
            {"id": "aligned", "title": "Aligned", "when": "expectations_confirmed"},
            {"id": "goal", "title": "A goal", "when": "goal_set"},
            {"id": "shadowing", "title": "Shadowing", "by": "either"},
            {"id": "talk", "title": "A talk", "by": "either"},
            {"id": "visit", "title": "A visit", "by": "either"},
        ],
        "object_within": "PT5S",
        "attendance": {"contest_within": "PT5S"},
        "cancellations": {"notice": "PT1S", "answer_within": "PT5S", "window": "PT60S"},
        "attention": {"no_meeting_by": "PT300S", "offer_rematch": "PT300S", "unowned": "PT300S"},
        "alignment": {"remind_after": "PT60S"},
        "heads_up": "PT2S",
        "surveys": {"closing_reminder": "PT60S", "closes": closes},
        "pause": {"longest": "PT60S"},
        "extension": {"by_pair": "PT10S"},
        "mail": {"budget": {"most": 1000, "in": "P30D"}, "follow_ups": 100, "hours": "none", "spread": "PT0S"},
        **changes,
    }
    return Programme.model_validate(slower(document, pace))


def long_programme(**changes: Any) -> Programme:
    """A programme in which nothing falls due while a test lasts."""
    hours = {"first_after": "PT1H", "interval": "PT1H", "prepare": "PT10M", "ask_after": "PT10M"}
    return seconds_programme(length="PT24H", grace="PT1H", heads_up="PT1H", **{"meetings": hours, **changes})
