"""A form that asks for a decision states the programme's own limits, and times with their zone (H13, Calm)."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from mentorship import commands as c
from mentorship.duration import Duration
from mentorship.programme import LadderRung, Programme


@pytest.fixture(scope="module")
def programme() -> Programme:
    """A programme whose limits are not whole hours, days and weeks."""
    written = YAML(typ="safe").load(Path(__file__).parents[3] / "examples" / "engineering-2027.yaml")
    written["cancellations"] = {**written.get("cancellations", {}), "notice": "PT90M", "answer_within": "PT12H", "window": "P84D"}
    written |= {"attendance": {"contest_within": "PT36H"}, "object_within": "P1DT12H", "extension": {"by_pair": "P10D"}}
    return Programme.model_validate(written)


@pytest.fixture
async def soon(two):
    """A confirmed meeting is an hour and twenty minutes ahead."""
    for who in ("ana", "ben"):
        await two.say(who, c.ConfirmMeeting(meeting="all"))
    await two.until(two.meeting(1).start - timedelta(minutes=80))
    return two


SAID = {
    "en": {
        "cancel_meeting/1": "less than 1 hour and 30 minutes before the start",
        "move_meeting/1": "within 12 hours, the proposal",
        "record_milestone/shadowing": "has 36 hours to see it differently",
        "ask_extension": "10 days more",
    },
    "de": {
        "cancel_meeting/1": "Es geht in weniger als 1 Stunde und 30 Minuten los",
        "move_meeting/1": "innerhalb von 12 Stunden weder",
        "ask_extension": "Verlängerung von 10 Tagen",
    },
    "ar": {"cancel_meeting/1": "أقل من ساعة واحدة و30 دقيقة قبل", "ask_extension": "لمدة 10 أيام"},
}


@pytest.mark.parametrize(("code", "path"), [(code, path) for code, paths in SAID.items() for path in paths])
async def test_a_limit_is_said_exactly(code, path, soon, http, says):
    assert SAID[code][path] in says(await http.get(f"{soon.page('ben', path)}?lang={code}"))


async def test_what_is_said_before_a_time_is_accepted_and_after_the_meeting_is_exact_too(two, http, says):
    assert "less than 1 hour and 30 minutes before counts as late" in says(await http.get(two.page("ben", "confirm_meeting", "all")))
    for who in ("ana", "ben"):
        await two.say(who, c.ConfirmMeeting(meeting=1))
    await two.until(two.meeting(1).start + timedelta(hours=1))
    assert "has 36 hours to see it differently" in says(await http.get(two.page("ben", "report_meeting", 1)))


async def test_the_page_says_by_how_much_it_is_longer_and_in_what_time_a_late_cancellation_counts(soon, http, says):
    await soon.say("ben", c.CancelMeeting(meeting=1, reason="work"))
    await soon.say("ana", c.AskExtension())
    said = says(await http.get(soon.page()))
    assert "Ana Mentor would like 10 days more" in said
    assert "In the last 12 weeks 1 late cancellation of yours counts." in said
    opens, too = "these open with a link that lasts fifteen minutes. We mail it to you when you ask.", "So does a way to tell somebody in confidence"
    assert f"{opens} {too}" in said, "nothing stands between what it refers to and `so does`"


@pytest.fixture
async def odd(matched):
    """No notice, no time to object or to answer, and coordinators are told at the first late cancellation."""
    rules = matched.programme.rules()
    ladder = (LadderRung(at=1, do="coordinator"),)
    late = rules.cancellations.model_copy(update={"answer_within": Duration(), "ladder": ladder})
    two = await matched.begin(rules=rules.model_copy(update={"cancellations": late, "object_within": Duration()}))
    for who in ("ana", "ben"):
        await two.say(who, c.ConfirmMeeting(meeting="all"))
    await two.until(two.meeting(1).start - timedelta(minutes=80))
    return two


ODD = {
    "en": {
        "cancel_meeting/1": "From 1 on, a coordinator is asked to offer help, and you hear it first; nothing is ever imposed.",
        "move_meeting/1": "The proposal counts as a late cancellation of yours, unless Ana Mentor says “fine by me”.",
        "record_milestone/shadowing": "It appears on the page of Ana Mentor. You can take",
    },
    "de": {
        "cancel_meeting/1": "Ab 1 bitten wir die Koordination, Hilfe anzubieten, und Sie erfahren es zuerst;",
        "move_meeting/1": "außer Ana Mentor sagt „Für mich in Ordnung“.",
        "record_milestone/shadowing": "Er steht auf der Seite von Ana Mentor. ",
    },
    "ar": {
        "cancel_meeting/1": "ابتداءً من 1 نطلب من فريق التنسيق أن يعرض المساعدة",
        "move_meeting/1": "يُحتسب الاقتراح إلغاءً متأخرًا عليكم، ما لم",
        "record_milestone/shadowing": "تظهر في صفحة",
    },
}


@pytest.mark.parametrize(("code", "path"), [(code, path) for code, paths in ODD.items() for path in paths])
async def test_what_is_promised_is_what_the_programme_does_also_where_it_is_an_odd_one(code, path, odd, http, says):
    """H14: a form promised a private note where the coordinators are told, and zero minutes in which to answer."""
    said = says(await http.get(f"{odd.page('ben', path)}?lang={code}"))
    assert ODD[code][path] in said
    assert not re.search(r"\b0 (?:minutes|Minuten|دقيقة)", said)


@pytest.mark.parametrize(
    ("code", "told"), [("en", "before it begins never counts"), ("de", "Eine Absage, bevor es losgeht, zählt nie"), ("ar", "وإلغاؤه قبل أن يبدأ لا يُحتسب أبدًا")]
)
async def test_where_nothing_is_late_nobody_is_told_how_late_it_would_be(code, told, matched, http, says):
    rules = matched.programme.rules()
    two = await matched.begin(rules=rules.model_copy(update={"cancellations": rules.cancellations.model_copy(update={"notice": Duration()})}))
    assert told in says(await http.get(f"{two.page('ben', 'confirm_meeting', 'all')}?lang={code}"))


async def test_nothing_is_said_to_count_once_it_is_over(soon, http, says):
    """H14."""
    await soon.say("ben", c.CancelMeeting(meeting=1, reason="work"))
    await soon.say("op-1", c.End())
    assert "late cancellation" not in says(await http.get(soon.page()))


@pytest.mark.parametrize("path", ["cancel_meeting/1", "confirm_meeting/1", "report_meeting/1", "move_meeting/1", "record_milestone/shadowing"])
async def test_a_form_with_a_time_names_its_zone(path, soon, http, says):
    assert "All times are London time." in says(await http.get(soon.page("ben", path)))
