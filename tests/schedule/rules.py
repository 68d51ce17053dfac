"""A programme that meets every other week, for the tests of plans to vary."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from mentorship.programme import Programme

BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "Pacific/Kiritimati", "Australia/Lord_Howe", "Africa/Cairo", "UTC"]
COUNTRIES = [None, "DE", "IN", "US", "EG", "NZ", "DE-BY"]

DURING_2027 = st.datetimes(datetime(2027, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants its bounds bare


def programme(*, length: str = "P26W", time_zone: str = "Europe/Berlin", mail: dict[str, Any] | None = None, **meetings: Any) -> Programme:
    return Programme.model_validate(
        {
            "programme": {"id": "x", "version": 1, "title": "X", "length": length, "time_zone": time_zone},
            "contacts": {"coordinators": ["a"], "owner": "b", "outside": ["c"]},
            "meetings": {"count": 12, "first_after": "P7D", "interval": "P14D", "duration": "PT1H", **meetings},
            "sessions": [{"topic": "Start", "expectations": True}],
            "milestones": [{"id": "m", "title": "M", "when": "goal_set"}],
            "mail": mail or {},
        },
    )


def berlin(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=BERLIN)
