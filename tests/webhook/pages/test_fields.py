"""Whose forms are read, and what each field may say; the tests of the pages say what the core makes of it (H12, H15)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi import Request

from mentorship.commands import SurveyAnswers
from webhook.pages.actions import _report
from webhook.pages.fields import Wrong, instant_of, one_of, steps_of, text_of
from webhook.pages.forms import Fields, read_fields
from webhook.pages.private_actions import feedback_about, private_probe, private_values, survey_items
from webhook.pages.problems import PageProblem

BERLIN = ZoneInfo("Europe/Berlin")


def typed(**fields: Any) -> Fields:
    return Fields([(name, value) for name, values in fields.items() for value in (values if isinstance(values, list) else [values])])


def sent(body: bytes = b"text=x", **headers: str) -> Request:
    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "headers": named}, receive)


@pytest.mark.parametrize(("site", "read"), [(None, True), ("same-origin", True), ("none", True), ("same-site", False), ("cross-site", False), ("?", False)])
async def test_a_form_is_read_from_a_page_of_ours_or_from_a_browser_that_does_not_say(site, read):
    """A sibling page on the same domain counts as a foreign one, too."""
    request = sent() if site is None else sent(sec_fetch_site=site)
    if read:
        assert (await read_fields(request, 100)).get("text") == "x"
    else:
        with pytest.raises(PageProblem, match="foreign_form"):
            await read_fields(request, 100)


async def test_a_form_may_be_as_large_as_is_said_and_no_larger():
    body = b"text=" + b"x" * 95
    assert len((await read_fields(sent(body), 100)).get("text")) == 95
    with pytest.raises(PageProblem, match="too_large") as refused:
        await read_fields(sent(body), 99)
    assert refused.value.headers == {"Connection": "close"}, "the rest is not listened to"


def test_what_was_typed_is_kept_as_records_can_keep_it():
    fields = Fields([("text", " one\r\ntwo\rthree\0 "), ("steps", "  "), ("reason", "work"), ("contact", "a"), ("contact", "b"), ("contact", "a")])
    assert fields.get("text") == "one\ntwo\nthree"
    assert fields.all("contact") == ("a", "b")
    assert fields.typed() == (" one\ntwo\nthree ",)


def test_a_time_is_read_where_its_reader_is():
    assert instant_of(typed(at="2027-03-01T10:00"), "at", BERLIN) == datetime(2027, 3, 1, 9, tzinfo=UTC)
    assert instant_of(typed(), "at", BERLIN) is None


@pytest.mark.parametrize(
    "text", ["1999-12-31T23:59", "2200-01-01T00:00", "0001-01-01T00:00", "9999-12-31T23:59", "2027-03-01T10:00+05:00", "2027-03-01T10:00Z"]
)
def test_a_time_out_of_reach_or_with_a_zone_of_its_own_is_no_time(text):
    """No browser sends such a time; one at the calendar's ends has no instant in every zone."""
    with pytest.raises(Wrong) as wrong:
        instant_of(typed(at=text), "at", BERLIN)
    assert wrong.value.code == "when_unreadable"


def test_only_what_was_offered_is_chosen():
    assert one_of(typed(reason="work"), "reason", ("work", "personal")) == "work"
    assert one_of(typed(reason=""), "reason", ("work",)) is None
    with pytest.raises(Wrong):
        one_of(typed(reason="hangover"), "reason", ("work",))


@pytest.mark.parametrize("unseen", ["\u200b\u200b", "\u200e \u200f", "\xad", "\ufeff", "\u2066\u2069", "\u2800", "\u3164\u034f", " \t", "\u0301", "\ue000"])
def test_what_nobody_can_see_is_nothing_written(unseen):
    """A goal made of it would be an empty line on both pages."""
    with pytest.raises(Wrong) as missing:
        text_of(typed(text=unseen))
    assert missing.value.code == "text_missing"
    assert steps_of(typed(steps=f"Ask\n{unseen}\nTry")) == ["Ask", "Try"]


@pytest.mark.parametrize("seen", ["a", "\u200fمرحبا", "می\u200cخواهم", "👩\u200d💻", "❤\ufe0f", "!", "e\u0301", "नी"])
def test_letters_that_are_joined_or_turned_by_what_nobody_sees_are_written(seen):
    assert text_of(typed(text=seen)) == seen


def test_steps_are_one_a_line_and_no_more_than_ten():
    assert steps_of(typed(steps="Ask\n\n  Try  \n")) == ["Ask", "Try"]
    assert len(steps_of(typed(steps="\n".join("x" * 10)))) == 10
    for many in ("\n".join("x" * 11), "x" * 4001):
        with pytest.raises(Wrong):
            steps_of(typed(steps=many))


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, True),
        ({"held": "yes", "partner": "absent"}, True),
        ({"held": "yes", "self": "absent"}, True),
        ({"held": "no", "self": "absent"}, False),
        ({"partner": "absent"}, False),
        ({"held": "yes", "self": "late"}, False),
    ],
)
def test_a_report_says_something_and_does_not_contradict_itself(fields, wrong):
    """H13: two people cannot have met if one of them was not there."""
    if wrong:
        with pytest.raises(Wrong):
            _report(typed(**fields), None, "1", "m")  # type: ignore[arg-type]
        return
    said = _report(typed(**fields), None, "1", "m")  # type: ignore[arg-type]
    assert said.get("held") == {"yes": True, "no": False}.get(fields.get("held", ""))
    assert said["attendance"] == {name: value for name, value in fields.items() if name != "held"}


@pytest.mark.parametrize(("shared", "is_shared"), [("yes", True), ("", False), ("no", False), ("on", False)])
def test_feedback_is_shared_only_by_a_yes(shared, is_shared):
    """H15."""
    assert private_values("feedback", 3, typed(text="Kind", shared=shared))["body"] == {"kind": "feedback", "meeting": 3, "text": "Kind", "shared": is_shared}


@pytest.mark.parametrize("kind", ["pulse", "closing"])
def test_a_survey_takes_one_to_five_of_its_own_questions_and_any_of_them(kind):
    """H5."""
    items = {"pulse": ("trust", "satisfaction"), "closing": survey_items("closing")}[kind]
    assert (survey_items(kind), len(items)) == (items, 2 if kind == "pulse" else 6)
    given = private_values(kind, 0, typed(trust="5", satisfaction="", depth="1"))["body"]
    assert given == {"kind": "survey", "survey": kind, "answers": {"trust": 5} if kind == "pulse" else {"trust": 5, "depth": 1}}
    body = private_probe(kind).body
    assert isinstance(body, SurveyAnswers)
    assert body.survey == kind
    for wrong in ({}, {"trust": "0"}, {"trust": "6"}, {"trust": "x"}):
        with pytest.raises(Wrong):
            private_values(kind, 0, typed(**wrong))


def test_nobody_ends_it_by_a_slip_and_ten_benefits_are_pinned_at_most():
    with pytest.raises(Wrong):
        private_values("end_wish", 0, typed(sure=""))
    assert private_values("end_wish", 0, typed(sure="yes")) == {"body": {"kind": "end_wish"}}
    assert len(private_values("pins", 0, typed(benefit=[f"everyone.{n}" for n in range(12)]))["body"]["benefits"]) == 10


def test_feedback_outside_the_plan_goes_with_the_latest_meeting_that_began():
    """H15: or with the first meeting, before any has begun; the latest is judged by its time if it was moved."""
    at = datetime(2027, 3, 8, 9, tzinfo=UTC)
    meetings = [SimpleNamespace(n=n, start=at + timedelta(days=days)) for n, days in ((1, 14), (2, 0), (3, 28))]
    for after, n in ((-1, 2), (0, 2), (13, 2), (14, 1), (27, 1), (28, 3)):
        known: Any = SimpleNamespace(state=SimpleNamespace(meetings=meetings), now=at + timedelta(days=after))
        assert feedback_about(known, "") == n
        assert feedback_about(known, "2") == 2
