"""What a form carries, and from whom one is read: for one reader, one action and one thing, and from pages of ours only (H12)."""

from __future__ import annotations

import pytest
from fastapi import Request
from pydantic import SecretStr

from gateway.links import Bearer
from webhook.pages.forms import Fields, Forms, read_fields
from webhook.pages.shell import PageProblem

BEN = Bearer("m-1", "p-ben")
FORMS = Forms([SecretStr("a secret of this test, long enough to be one")])


def sent(body: bytes = b"text=x", **headers: str) -> Request:
    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "headers": named}, receive)


def test_a_token_is_for_one_reader_of_one_mentorship_one_action_and_one_thing():
    token = FORMS.token(BEN, "excuse", "1", "message-1")
    assert FORMS.opened(BEN, "excuse", "1", token) == "message-1"
    for bearer, action, target in (
        (BEN, "excuse", "2"),
        (BEN, "dispute", "1"),
        (Bearer("m-1", "p-ana"), "excuse", "1"),
        (Bearer("m-2", "p-ben"), "excuse", "1"),
    ):
        with pytest.raises(PageProblem, match="foreign_form"):
            FORMS.opened(bearer, action, target, token)


def test_ids_begin_with_their_writer_in_one_mentorship_and_none_comes_twice():
    taken: set[str] = set()
    for bearer in (BEN, Bearer("m-2", "p-ben"), Bearer("m-1", "p-ana")):
        for action, target in (("excuse", "1"), ("excuse", "1"), ("excuse", "2"), ("dispute", "1")):
            found = FORMS.message_id(bearer, action, target, taken)
            assert found.startswith(FORMS.writer(bearer))
            assert found not in taken
            taken.add(found)
    assert len({found[:16] for found in taken}) == 3
    assert not any(word in found for found in taken for word in ("ben", "ana", "m-1", "excuse"))


@pytest.mark.parametrize(("site", "read"), [(None, True), ("same-origin", True), ("none", True), ("same-site", False), ("cross-site", False), ("?", False)])
async def test_a_form_is_read_from_a_page_of_ours_or_from_a_browser_that_does_not_say(site, read):
    """A page beside ours on the same domain is another one's, too."""
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
