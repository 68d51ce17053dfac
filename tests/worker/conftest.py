"""What tests of the worker's ports share."""

from __future__ import annotations

import pytest

from mentorship.programme import Programme


@pytest.fixture
def programme() -> Programme:
    """The smallest programme with a coordinator, an owner and somebody outside; its mails go by day, in Berlin unless a person has another zone."""
    return Programme.model_validate(
        {
            "programme": {"id": "p", "version": 1, "title": "P", "length": "P26W", "time_zone": "Europe/Berlin"},
            "contacts": {"coordinators": ["ana"], "owner": "lee", "outside": ["sam"]},
            "meetings": {"count": 2, "first_after": "P7D", "interval": "P14D", "duration": "PT1H"},
            "sessions": [{"topic": "Getting started", "expectations": True}, {"topic": "On"}],
            "milestones": [{"id": "m", "title": "M"}],
            "mail": {"hours": "08:00-18:00"},
        }
    )
