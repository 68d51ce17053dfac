"""Which link opens which list, for whom and for how long (P7)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr

from gateway.links import LIFETIMES, Bearer, LinkSigner
from tests.webhook.browser import found_in
from webhook.pages.forms import MOST


@pytest.mark.parametrize("purpose", ["page", "private", "case", "calendar", "unsubscribe"])
async def test_a_link_for_another_purpose_does_not_open_the_list(purpose, browser, desk):
    token = desk.signer.token(purpose, Bearer("spring", desk.refs["ana"]))
    assert (await browser.get(f"/coordinator/{token}")).status_code == 404


async def test_a_forged_or_shortened_link_opens_nothing(browser, desk):
    token = desk.token()
    forged = LinkSigner([SecretStr("somebody else's secret, just as long as ours")]).token("coordinator", Bearer("spring", desk.refs["ana"]))
    assert (await browser.get(f"/coordinator/{token}")).status_code == 200
    for address in (forged, token[:-1], token + "x", "x"):
        assert (await browser.get(f"/coordinator/{address}")).status_code == 404, address


@pytest.mark.parametrize("who", ["lee", "sam", "mia", "max"])
async def test_a_link_of_somebody_who_does_not_coordinate_opens_nothing(who, browser, desk):
    assert (await browser.get(desk.address(who))).status_code == 404


async def test_who_left_or_stopped_coordinating_is_out_at_once(browser, desk, programme):
    address = desk.address("carl")
    assert (await browser.get(address)).status_code == 200
    await desk.hire(carl={"status": "gone"})
    assert (await browser.get(address)).status_code == 404


async def test_another_cohorts_link_opens_another_list(browser, desk):
    assert (await browser.get(f"/coordinator/{desk.token(cohort='autumn')}")).status_code == 404


async def test_a_link_that_is_too_old_leads_to_a_fresh_one_by_mail_only(browser, desk, outbox, says, monkeypatch):
    old = desk.address()
    monkeypatch.setitem(LIFETIMES, "coordinator", timedelta(seconds=-1))
    page = await browser.get(old)
    assert page.status_code == 410
    assert "This link is too old" in says(page)
    assert "A link to your list works for fifteen days, since it shows names." in says(page)
    assert "Mia" not in page.text
    assert (await browser.get(f"{old}/any-line")).status_code == 410
    assert "Dieser Link ist zu alt" in says(await browser.get(desk.address("carl"), headers={"Accept-Language": "ar"})), "in whose language it is"
    monkeypatch.setitem(LIFETIMES, "coordinator", timedelta(seconds=-1))
    answer = await browser.send(page, "/again")
    assert answer.status_code == 200
    (mail,) = outbox.mails
    assert mail["To"] == "Ana Coordinator <ana@example.org>"
    assert "/coordinator/" not in answer.text
    monkeypatch.setitem(LIFETIMES, "coordinator", timedelta(days=15))
    fresh = found_in(mail.get_body(("plain",)).get_content(), r"http://hook(/coordinator/\S+)")
    assert (await browser.get(fresh)).status_code == 200


async def test_a_fresh_link_is_asked_for_by_a_link_of_ours_before_anything_is_read(http, desk):
    answer = await http.post(f"/coordinator/{desk.token()[:-3]}/again", content=b"x" * (MOST + 1))
    assert answer.status_code == 404


async def test_a_link_that_is_too_old_says_so_when_no_fresh_one_could_be_sent(browser, desk, outbox, says, monkeypatch):
    monkeypatch.setitem(LIFETIMES, "coordinator", timedelta(seconds=-1))
    outbox.away = True
    answer = await browser.send(await browser.get(desk.address()), "/again")
    assert answer.status_code == 503
    assert "No mail can be sent at the moment" in says(answer)


async def test_a_link_lives_for_two_digests_and_no_longer():
    assert LIFETIMES["coordinator"] == timedelta(days=15)
