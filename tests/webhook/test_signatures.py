"""Whose requests are accepted: Standard Webhooks, including the edge cases that other implementations let through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.webhook.outbox import Outbox
from webhook.app import create_app

BODY = b'{"by": "ana"}'


async def post(sender, headers, body=BODY):
    return await sender.post("ask_extension", body, headers=headers)


async def test_a_signed_message_is_taken(sender, running):
    assert (await post(sender, sender.headers(BODY, "msg_1"))).status_code == 202


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
async def test_401_unsigned(missing, sender, problem, running):
    headers = sender.headers(BODY, "msg_1")
    del headers[missing]
    answer = await post(sender, headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "StandardWebhooks"
    assert problem(answer)["type"].endswith(":unsigned")


@pytest.mark.parametrize("seconds", [-290, 290])
async def test_a_clock_that_is_a_little_off_is_fine(seconds, sender, running):
    assert (await post(sender, sender.headers(BODY, "msg_1", at=datetime.now(UTC) + timedelta(seconds=seconds)))).status_code == 202


@pytest.mark.parametrize("seconds", [-310, 310, -86_400])
async def test_401_stale(seconds, sender, running):
    assert (await post(sender, sender.headers(BODY, "msg_1", at=datetime.now(UTC) + timedelta(seconds=seconds)))).status_code == 401


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook-id", "msg_2"),
        ("webhook-timestamp", "another"),
        ("webhook-timestamp", "now"),
        ("webhook-timestamp", "nan"),
        ("webhook-timestamp", "1e9"),
        ("webhook-timestamp", "-5"),
        ("webhook-timestamp", "9" * 400),
        ("webhook-timestamp", "²"),
        ("webhook-signature", "v1"),
        ("webhook-signature", ","),
        ("webhook-signature", "v1,not base64"),
        ("webhook-signature", "v1,AAAA"),
        ("webhook-signature", "v1,a,b"),
        ("webhook-signature", "v1,ü"),
        ("webhook-signature", "v1a,AAAA"),
    ],
)
async def test_401_forged_or_malformed(name, value, sender, problem, running):
    headers: dict[str, str | bytes] = sender.headers(BODY, "msg_1")
    headers[name] = str(int(headers[name]) + 7).encode() if value == "another" else value.encode()
    answer = await post(sender, headers)
    assert answer.status_code == 401
    problem(answer)


async def test_401_for_another_body_than_was_signed(sender, running):
    assert (await post(sender, sender.headers(BODY, "msg_1"), b'{"by": "ben"}')).status_code == 401


async def test_401_for_bytes_that_are_no_text(sender, running):
    assert (await post(sender, sender.headers(BODY, "msg_1"), b"\xff")).status_code == 401


async def test_401_for_an_id_with_a_dot_since_its_signature_would_fit_two_messages(sender, problem, running):
    now = datetime.now(UTC)
    answer = await post(sender, sender.headers(BODY, "msg.1", at=now))
    assert answer.status_code == 401
    assert problem(answer)["type"].endswith(":ambiguous-id")


async def test_401_for_a_header_that_comes_twice(sender, http, running):
    headers = [*sender.headers(BODY, "msg_1").items(), ("webhook-id", "msg_2")]
    assert (await http.post("/v1/mentorships/spring-2027/pair-7/ask_extension", content=BODY, headers=headers)).status_code == 401


async def test_one_of_several_signatures_is_enough_also_behind_malformed_ones(sender, running):
    headers = sender.headers(BODY, "msg_1")
    headers["webhook-signature"] = f"garbage v2,AAAA v1,AAAA {headers['webhook-signature']}"
    assert (await post(sender, headers)).status_code == 202


async def test_a_signature_behind_too_many_others_is_not_looked_for(sender, running):
    headers = sender.headers(BODY, "msg_1")
    headers["webhook-signature"] = "v1,AAAA " * 5000 + headers["webhook-signature"]
    assert (await post(sender, headers)).status_code == 401


@pytest.mark.parametrize("message_id", ["msg 1", "msg/1", "x" * 201, "a@b"])
async def test_422_for_an_id_that_is_signed_but_cannot_be_used(message_id, sender, places, running):
    answer = await post(sender, sender.headers(BODY, message_id))
    assert answer.status_code == 422
    assert places(answer) == {"webhook-id"}


async def test_401_when_no_secret_is_configured_at_all(settings, client, records, sender, running):
    app = create_app(settings.model_copy(update={"webhook_secrets": {}}), client, records, post=Outbox())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hook") as http:
        headers = sender.headers(BODY, "msg_1")
        assert (await http.post("/v1/mentorships/spring-2027/pair-7/ask_extension", content=BODY, headers=headers)).status_code == 401


async def test_who_signs_what_is_no_text_hears_that_and_not_only_that_the_signature_is_wrong(sender, problem, running):
    told = problem(await post(sender, sender.headers(BODY, "msg_1"), '{"by": "ana", "text": "ä"}'.encode("latin-1")))
    assert told["type"].endswith(":bad-signature")
    assert "its body is not UTF-8" in told["detail"]
