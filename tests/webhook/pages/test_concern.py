"""What the pages of a concern offer on the way (H16); what becomes of one is told in tests/cases."""

from __future__ import annotations

from datetime import timedelta


async def test_meetings_are_offered_to_be_held_only_while_there_are_any(browser, two, says):
    """H16: a concern can be raised afterwards, but there is nothing to hold."""
    hold = ("hold the meetings at once", "Hold the meetings now")

    async def pages():
        link = f"/concern/{two.token('ben', 'private')}"
        start = await browser.get(link)
        words = await browser.send(await browser.get(f"{link}/new"), "/new", about="nobody")
        assert words.status_code == 200
        return says(start), says(words)

    assert all(offer in page for offer, page in zip(hold, await pages(), strict=True))
    await two.until(two.state.ends + timedelta(hours=1))
    assert two.state.closing
    assert not any(offer in page for offer, page in zip(hold, await pages(), strict=True))
    await two.until(two.state.reporting_ends + timedelta(days=60))
    assert two.state.over
    assert not any(offer in page for offer, page in zip(hold, await pages(), strict=True))
