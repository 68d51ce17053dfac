"""What concerns only its author: a fresh link, one signal for all of it (H2, H5, H15)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mentorship import commands as c
from tests.webhook.browser import found_in


async def met(two, n: int) -> None:
    await two.until(two.meeting(n).start + timedelta(hours=2))
    assert await two.say("ben", c.ReportMeeting(meeting=n, held=True)) == "applied"


async def test_the_page_mails_a_link_that_opens_the_private_things(browser, http, two, outbox, says):
    page = await browser.get(two.page("ben", "private_link"))
    assert outbox.mails == []
    sent = await browser.send(page, "/private_link")
    assert "It is on its way." in says(sent)
    text = outbox.mails[0].get_body(("plain",)).get_content()
    address = next(word for word in text.split() if word.startswith("http://hook/private/"))
    assert "Yours alone" in says(await http.get(address))


async def test_feedback_stays_the_authors_unless_it_is_shared(browser, two, mentorship, running, says):
    await met(two, 1)
    for text, shared in (("Kept to myself", {}), ("Meant for Ana", {"shared": "yes"})):
        await browser.send(await browser.get(two.private("ben", "feedback", 1)), "/feedback/1", text=text, **shared)
    signals = await mentorship.signals()
    assert {name for name, _ in signals} == {"submit_privately"}
    await two.handle(signals)
    hers = says(await browser.get(two.page("ana")))
    assert "Meant for Ana" in hers
    assert "Kept to myself" not in hers
    assert "Kept to myself" not in says(await browser.get(two.private("ana")))
    assert "Kept to myself" in says(await browser.get(two.private("ben")))


@pytest.mark.parametrize(
    ("kind", "typed", "sent"),
    [
        ("pulse", {"trust": "4"}, {"kind": "survey", "survey": "pulse", "answers": {"trust": 4}}),
        ("pins", {"benefit": "mentee.1"}, {"kind": "pins", "benefits": ["mentee.1"]}),
        ("end_wish", {"sure": "yes"}, {"kind": "end_wish"}),
    ],
)
async def test_each_private_matter_travels_as_one_signal(kind, typed, sent, browser, two, mentorship, running):
    await browser.send(await browser.get(two.private("ben", kind)), f"/{kind}", **typed)
    [(name, body)] = await mentorship.signals()
    assert name == "submit_privately"
    assert body["body"] == sent


async def test_the_closing_survey_waits_until_the_end_and_has_six_questions(browser, two, says):
    assert "It is too early for that." in says(await browser.get(two.private("ben", "closing")))
    await two.until(two.state.ends + timedelta(hours=1))
    page = await browser.get(two.private("ben", "closing"))
    assert page.text.count("<fieldset") == 6


async def test_the_wish_to_end_says_beforehand_what_happens(browser, two, says):
    said = says(await browser.get(two.private("ben", "end_wish")))
    assert "not who wished it and not why" in said
    assert "so there would be none" in said
    answer = await browser.send(await browser.get(two.private("ben", "end_wish")), "/end_wish")
    assert answer.status_code == 422


async def test_pinned_benefits_stand_on_the_own_page_only(browser, two, says):
    await two.say("ben", c.SubmitPrivately(body=c.Pins(benefits=("mentee.0",))))
    assert "A second pair of eyes on your plans." in says(await browser.get(two.page("ben")))
    assert "A second pair of eyes" not in says(await browser.get(two.page("ana")))


# -- feedback after conversations outside the plan --------------------------------------------------------------------------


@pytest.fixture
async def outside(two):
    """Three conversations, none of them planned; Ben is invited to give feedback."""
    for n in (1, 2, 3):
        await two.until(two.meeting(n).start - timedelta(days=2))
        assert await two.say("ben", c.CancelMeeting(meeting=n, reason="personal")) == "applied"
        await two.until(two.meeting(n).start + timedelta(days=1))
        assert await two.say("ben", c.ReportMeeting(held_at=two.clock.now - timedelta(hours=1), held=True)) == "applied"
    await two.until(two.meeting(4).start - timedelta(days=2))
    assert (two.state.mentor.feedback_asked, two.state.mentee.feedback_asked) == (3, 3)
    await two.say("ben", c.SubmitPrivately(body=c.SurveyAnswers(survey="pulse", answers={"trust": 4})))
    return two


async def test_who_was_invited_can_write_whatever_kind_of_meeting_was_held(browser, outside, mentorship, running, says):
    """H15: whatever is asked for can be given."""
    assert "If you like: feedback" in says(await browser.get(outside.page()))
    page = await browser.get(outside.private())
    assert "After your first conversation you can write here." not in says(page)
    assert "After a conversation outside the plan" in says(page)
    form = await browser.get(outside.private("ben", "feedback"))
    assert "About what you two talked about outside the plan." in says(form)
    await browser.send(form, "/feedback", follow=False, text="The walk helped.")
    signals = await mentorship.signals()
    assert signals[0][1]["body"]["meeting"] == 3
    await outside.handle(signals)
    assert "The walk helped." in says(await browser.get(outside.private()))
    assert "If you like: feedback" not in says(await browser.get(outside.page()))


# -- when all is over -------------------------------------------------------------------------------------------------------


async def test_what_would_be_refused_is_not_offered_when_it_is_over(browser, lived, says):
    await lived.say("ana", c.SubmitPrivately(body=c.EndWish()))
    page = await browser.get(lived.private())
    assert "/feedback" not in page.text
    assert "you can write here" not in says(page)
    assert "Your question about what I avoid stayed with me." in says(page), "what was written stays one's own"


async def test_an_empty_section_of_feedback_is_left_out(browser, two):
    assert 'id="feedback"' in (await browser.get(two.private())).text
    await two.say("ana", c.SubmitPrivately(body=c.EndWish()))
    assert 'id="feedback"' not in (await browser.get(two.private())).text


# -- feedback, shared later -------------------------------------------------------------------------------------------------


async def unshared(browser, two) -> str:
    page = await browser.get(two.private("ben"))
    return found_in(page.text, r"/share/(n-[a-z0-9]+)")


async def test_feedback_is_shared_later_and_read_by_the_partner_then_and_not_before(browser, lived, says):
    words = "Your question about what I avoid stayed with me."
    note = await unshared(browser, lived)
    form = await browser.get(lived.private("ben", "share", note))
    assert words in says(form)
    assert "sharing cannot be taken back" in says(form)
    assert words not in says(await browser.get(lived.page("ana")))
    after = await browser.send(form, f"/share/{note}")
    assert "Ana Mentor can read it from now on." in says(after)
    assert f"/share/{note}" not in after.text
    assert words in says(await browser.get(lived.page("ana")))
    assert "Ana Mentor can read it already." in says(await browser.get(lived.private("ben", "share", note)))


async def test_nobody_shares_what_somebody_else_wrote(browser, lived, says):
    note = await unshared(browser, lived)
    goal = next(note.id for note in await lived.records.notes.of(lived.mentorship) if note.kind == "goal")
    for who, wanted in (("ana", note), ("ben", goal), ("ben", "n-nothing")):
        assert (await browser.get(lived.private(who, "share", wanted))).status_code == 404
    stolen = found_in((await browser.get(lived.private("ben", "share", note))).text, r'name="form" value="([^"]*)"')
    assert (await browser.http.post(lived.private("ana", "share", note), data={"form": stolen})).status_code == 403
    assert "stayed with me" not in says(await browser.get(lived.page("ana")))
