"""What is only its author's business: a fresh link, one signal for all of it (H2, H5, H15)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mentorship import commands as c


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
    assert page.text.count("<fieldset>") == 6


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
