"""For whom a link opens what, and until when, to the second and for every purpose; pages' tests only ever see links of one age (H12, H16)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import get_args

import pytest
from pydantic import SecretStr

from gateway.links import LIFETIMES, Bearer, LinkExpired, LinkInvalid, LinkSigner, Purpose

BEN = Bearer("mentorship.spring.m-0123456789ab", "p-0123456789abcdef")
MADE = 1_800_000_000
PROMISED = {"page": 60 * 24 * 60, "private": 15, "coordinator": 15 * 24 * 60, "case": 15 * 24 * 60}
"""Minutes."""


@pytest.fixture
def at(monkeypatch):
    """Sets the clock that dates links and judges them."""

    def turn(seconds):
        monkeypatch.setattr("time.time", lambda: seconds)

    turn(MADE)
    return turn


def signer(*secrets):
    return LinkSigner([SecretStr(f"the {name} secret of this test, long enough") for name in secrets or ("only",)])


@pytest.mark.parametrize(("purpose", "minutes"), PROMISED.items())
def test_a_link_opens_to_the_second_as_long_as_is_promised(purpose, minutes, at):
    token = signer().token(purpose, BEN)
    at(MADE + minutes * 60)
    assert signer().opened(purpose, token) == (BEN, datetime.fromtimestamp(MADE, UTC))
    at(MADE + minutes * 60 + 1)
    with pytest.raises(LinkExpired) as late:
        signer().bearer(purpose, token)
    assert late.value.bearer == BEN, "a fresh one may be sent"


def test_links_that_were_sent_open_in_later_releases():
    """A calendar polls its address for years: another way to sign would close all these links at once."""
    sent = ".eJyLVspNzSvJLyrOyCzQKy4oysxL18vVNTA0MjYxNTO3sExMUtJRKkARSE5JTVOKBQATtxEO.a0nSAA.aSbLRYhD2ZUVmK3Aq3b16inM42Uz4BIBMWt7CMKGJ6I"
    assert signer().bearer("calendar", sent) == BEN


def test_what_calendars_and_mail_programs_keep_does_not_grow_old(at):
    tokens = {purpose: signer().token(purpose, BEN) for purpose in LIFETIMES.keys() - PROMISED.keys()}
    at(MADE + 100 * 365 * 24 * 60 * 60)
    assert {purpose: signer().bearer(purpose, token) for purpose, token in tokens.items()} == {"calendar": BEN, "unsubscribe": BEN}


@pytest.mark.parametrize(("made_for", "opens"), [*permutations(get_args(Purpose), 2)])
def test_a_link_of_one_purpose_opens_none_of_the_others(made_for, opens):
    with pytest.raises(LinkInvalid):
        signer().bearer(opens, signer().token(made_for, BEN))


def test_the_newest_secret_signs_and_all_are_believed():
    rotated = signer("old", "new")
    assert rotated.bearer("page", signer("old").token("page", BEN)) == BEN
    assert signer("new").bearer("page", rotated.token("page", BEN)) == BEN
    with pytest.raises(LinkInvalid):
        signer("old").bearer("page", rotated.token("page", BEN))


def test_a_link_made_after_a_revocation_of_the_same_second_is_dated_later(at):
    revoked = datetime.fromtimestamp(MADE, UTC)
    _, made = signer().opened("calendar", signer().token("calendar", BEN, after=revoked))
    assert made == revoked + timedelta(seconds=1)
    at(MADE + 60)
    assert signer().opened("calendar", signer().token("calendar", BEN, after=revoked))[1] == revoked + timedelta(minutes=1)


def test_without_a_secret_there_are_no_links():
    with pytest.raises(ValueError, match="MENTORSHIP_LINK_SECRETS"):
        LinkSigner([])
