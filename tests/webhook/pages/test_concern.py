"""What the pages of a concern offer on the way (H16); what becomes of one is told in tests/cases."""

from __future__ import annotations

import re
from datetime import timedelta

from structlog.testing import capture_logs

from gateway.links import Bearer


async def test_meetings_are_offered_to_be_held_only_while_there_are_any(browser, two, says):
    """H16: a concern can be raised afterwards, but there is nothing to hold."""
    hold = ("pause the meetings at once", "Pause the meetings now")

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


async def test_neither_logs_nor_metrics_tell_a_concern_from_feedback(browser, http, lived):
    """H16: a route of its own would say at which second somebody raised one, and so which case in Temporal is no line's."""
    link = f"/private/{lived.token('ben', 'private')}"
    asked = lived.signer.token("case", Bearer("c-0000000000000000", lived.ref("ana")))
    with capture_logs() as told:
        await browser.send(await browser.get(f"{link}/feedback/1"), "/feedback/1", text="Kind words")
        await browser.send(await browser.get(f"{link.replace('private', 'concern')}/new"), "/new", about="nobody")
        assert (await http.get(f"/case/{asked}")).status_code == 404
    requests = [(line["route"], line["method"], line["status"]) for line in told if line["event"] == "request"]
    assert {(route, method) for route, method, _ in requests} == {("(private)", "(none)")}
    assert [status for *_, status in requests] == [200, 503, 200, 200, 404], "no mentorship runs here"
    metrics = (await http.get("/metrics")).text
    assert 'requests_total{method="(none)",route="(private)",status="200"} 3.0' in metrics
    assert not re.search(r'route="/(concern|case|private)', metrics)
