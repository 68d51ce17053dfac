"""What a holder chooses to have on their certificate, and what they see of it (H8)."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from temporalio.service import RPCError

from tests.webhook.browser import found_in
from wire.names import ASK_SIGNAL, certificate_id


async def wishes(lived, client) -> list[str]:
    """The wishes that Temporal keeps for Ben's certificate, for whichever worker comes."""
    handle = client.get_workflow_handle(certificate_id(lived.mentorship, lived.ref("ben")))
    signals = [event.workflow_execution_signaled_event_attributes async for event in handle.fetch_history_events()]
    return [signal.signal_name for signal in signals if signal.signal_name]


async def test_share_and_milestones_are_asked_for_on_the_page_and_kept_while_no_worker_lives(browser, lived, certify, client, says):
    await certify()
    page = await browser.get(lived.page("ben", "certificate"))
    assert "9 of 10" in says(page)
    kept = await browser.send(page, "/certificate", results="yes")
    assert "Kept safely." in says(kept)
    assert "comes by mail" in says(kept)
    assert await wishes(lived, client) == [ASK_SIGNAL]


async def test_a_choice_that_was_not_made_is_asked_for(browser, lived, certify, says):
    await certify()
    answer = await browser.send(await browser.get(lived.page("ben", "certificate")), "/certificate")
    assert answer.status_code == 422
    assert "Please choose." in says(answer)


async def test_temporal_away_says_that_nothing_was_changed(browser, lived, certify, client, monkeypatch, says):
    await certify()

    async def away(*_args, **_more):
        raise RuntimeError("cannot connect")

    monkeypatch.setattr(client, "start_workflow", away)
    answer = await browser.send(await browser.get(lived.page("ben", "certificate")), "/certificate", results="yes")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "Not sent yet." in says(answer)


async def test_the_newest_edition_is_the_one_on_the_page_and_the_public_page_says_what_was_asked_for(browser, http, lived, certify, says):
    first = await certify()
    assert "9 of 10" not in says(await http.get(f"/c/{first.id}"))
    certificates = lived.records.certificates
    old = await certificates.get(first.id)
    new = await certificates.reissue(first.id, {**old.fields, "show_results": True})
    assert f"/c/{first.id}/certificate.pdf" in (await browser.get(lived.page("ben", "certificate"))).text, "the new one has no document yet"
    await certificates.supersede(first.id, new.id, first.credential, first.pdf)
    assert f"/c/{new.id}/certificate.pdf" in (await browser.get(lived.page("ben", "certificate"))).text
    assert "9 of 10" in says(await http.get(f"/c/{new.id}"))
    assert "Superseded" in says(await http.get(f"/c/{first.id}"))


async def test_linkedins_form_is_filled_in_with_what_is_public_anyhow(browser, lived, certify):
    made = await certify()
    page = await browser.get(lived.page("ben", "certificate"))
    address = found_in(page.text, r'href="(https://www\.linkedin\.com/[^"]*)"').replace("&amp;", "&")
    filled = {name: value for name, [value] in parse_qs(urlsplit(address).query).items()}
    assert filled["certId"] == made.id
    assert filled["name"] == "Engineering mentorship 2027"
    assert "Ben" not in address


async def test_without_a_certificate_there_is_no_page_of_one(browser, lived, certify):
    await certify("ana")
    assert (await browser.get(lived.page("ben", "certificate"))).status_code == 404


async def test_a_revoked_certificate_is_told_to_its_holder_and_offers_nothing(browser, lived, certify, client, says):
    made = await certify()
    before = await browser.get(lived.page("ben", "certificate"))
    await lived.records.certificates.revoke(made.id, "a mistake")
    page = await browser.get(lived.page("ben", "certificate"))
    assert "This certificate was taken back" in says(page)
    assert "<form" not in page.text.partition("<main")[2]
    assert "linkedin" not in page.text
    late = await browser.send(before, "/certificate", results="yes")
    assert "This certificate was taken back" in says(late)
    with pytest.raises(RPCError, match="not found"):
        await wishes(lived, client)
