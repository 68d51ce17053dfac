"""Which side a journal row belongs to and what it is about: nothing that names a side is handed on before that is decided (H12, P8)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest

from mentorship import commands as c
from mentorship import events as e
from mentorship.about import about, side_of
from mentorship.visibility import THINGS, may_read

AT = datetime(2027, 3, 1, tzinfo=UTC)
EVENTS = get_args(get_args(e.AnyEvent)[0])
NEEDED = {"do": "nudge", "reason": None}
"""What the answer depends on besides the kind."""


@pytest.mark.parametrize("kind", [kind for kind in EVENTS if "side" in kind.model_fields], ids=lambda kind: kind.__name__)
def test_every_event_of_one_side_is_about_something_that_this_side_may_read(kind):
    event = kind.model_construct(at=AT, side="mentee", **NEEDED)
    thing = about(event)
    assert thing in THINGS
    assert may_read("own", thing)
    assert side_of(event) == "mentee"


@pytest.mark.parametrize("kind", get_args(c.ParticipantCommand), ids=lambda kind: kind.__name__)
def test_every_command_of_a_participant_is_about_something_that_they_may_read(kind):
    thing = about(kind())
    assert thing in THINGS
    assert may_read("own", thing)


@pytest.mark.parametrize("kind", get_args(c.OperatorCommand), ids=lambda kind: kind.__name__)
def test_what_operators_order_is_nobodys_own(kind):
    assert about(kind()) is None


def test_an_end_is_whose_who_stepped_away_and_nobodys_when_one_of_the_two_wished_it():
    assert side_of(e.MentorshipEnded(at=AT, reason="stepped_away", leaver="mentor")) == "mentor"
    assert side_of(e.MentorshipEnded(at=AT, reason="by_pair")) is None


def test_an_absence_with_a_reason_is_as_private_as_the_reason():
    said = {"at": AT, "meeting": 1, "side": "mentee", "report": "x", "held": None, "own": "absent", "partner": None, "accepted_at": AT}
    assert about(e.MeetingReported(**said)) == "attendance"
    assert about(e.MeetingReported(**said, reason="personal")) == "cancel_reasons"


@pytest.mark.parametrize(
    ("body", "thing"),
    [(c.Feedback(), "feedback"), (c.SurveyAnswers(), "surveys"), (c.Pins(), "pins"), (c.EndWish(), "end_wish")],
)
def test_what_is_submitted_privately_is_about_what_is_in_it(body, thing):
    assert about(c.SubmitPrivately(body=body)) == thing
