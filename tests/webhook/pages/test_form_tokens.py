"""A form's token is valid for one reader, one action and one thing (H12)."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from gateway.links import Bearer
from webhook.pages.form_tokens import FormTokens
from webhook.pages.problems import PageProblem

BEN = Bearer("m-1", "p-ben")
TOKENS = FormTokens([SecretStr("a secret of this test, long enough to be one")])


def test_a_token_is_for_one_reader_of_one_mentorship_one_action_and_one_thing():
    token = TOKENS.token(BEN, "excuse", "1", "message-1")
    assert TOKENS.opened(BEN, "excuse", "1", token) == "message-1"
    for bearer, action, target in (
        (BEN, "excuse", "2"),
        (BEN, "dispute", "1"),
        (Bearer("m-1", "p-ana"), "excuse", "1"),
        (Bearer("m-2", "p-ben"), "excuse", "1"),
    ):
        with pytest.raises(PageProblem, match="foreign_form"):
            TOKENS.opened(bearer, action, target, token)


def test_ids_begin_with_their_writer_in_one_mentorship_and_none_comes_twice():
    taken: set[str] = set()
    for bearer in (BEN, Bearer("m-2", "p-ben"), Bearer("m-1", "p-ana")):
        for action, target in (("excuse", "1"), ("excuse", "1"), ("excuse", "2"), ("dispute", "1")):
            found = TOKENS.message_id(bearer, action, target, taken)
            assert found.startswith(TOKENS.writer(bearer))
            assert found not in taken
            taken.add(found)
    assert len({found[:16] for found in taken}) == 3
    assert not any(word in found for found in taken for word in ("ben", "ana", "m-1", "excuse"))
