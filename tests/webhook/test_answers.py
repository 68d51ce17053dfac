"""Each answer in the contract other than 202."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from records.errors import RecordsUnavailable
from tests.webhook.outbox import Outbox
from webhook.app import create_app


async def test_403_outside_the_secrets_scope(sender, problem, running):
    answer = await sender.post("ask_extension", {"by": "ana"}, secret="autumn")
    assert answer.status_code == 403
    assert problem(answer)["type"].endswith(":out-of-scope")


async def test_403_also_for_a_cohort_that_does_not_exist(sender, problem, pair):
    answer = await sender.post("ask_extension", {"by": "ana"}, cohort="unheard-of", secret="spring")
    assert answer.status_code == 403


async def test_a_secret_speaks_for_the_cohorts_of_its_scope(sender, running):
    assert (await sender.post("ask_extension", {"by": "ana"}, secret="spring")).status_code == 202


@pytest.mark.parametrize(
    ("cohort", "pair_id"), [("spring-2027", "pair-8"), ("winter-2027", "pair-7"), ("spring-2027", "m-000000000000"), ("spring-2027", "%00")]
)
async def test_404_for_no_such_mentorship(cohort, pair_id, sender, problem, running):
    answer = await sender.post("ask_extension", {"by": "ana"}, cohort=cohort, pair=pair_id)
    assert answer.status_code == 404
    assert problem(answer)["type"].endswith(":no-such-mentorship")


async def test_404_for_the_minted_id_of_a_pair_since_the_door_speaks_the_rosters_language(sender, running, pair):
    assert (await sender.post("ask_extension", {"by": "ana"}, pair=pair.enrolment.pair)).status_code == 404


@pytest.mark.parametrize("command", ["pause", "end", "apply_plan", "run", "ask-extension"])
async def test_404_for_what_is_no_command_of_a_participant(command, sender, problem, running):
    answer = await sender.post(command, {"by": "ana"})
    assert answer.status_code == 404
    problem(answer)


async def test_405_is_a_problem_document_and_names_the_methods_that_are_there(http, problem):
    answer = await http.get("/v1/mentorships/spring-2027/pair-7/ask_extension")
    assert answer.status_code == 405
    assert problem(answer)["title"] == "Method Not Allowed"
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "path", ["/c/%00", "/c/abc%00/certificate.pdf", "/c/%1b%0a", "/v1/receipts/sp%00ring/pair-7/m", "/v1/receipts/spring-2027/pair-7/m%00", "/u/%00"]
)
async def test_an_address_with_a_control_character_is_nobodys_and_nothing_is_looked_up(path, http, sender, records, running, problem, monkeypatch):
    """Postgres accepts no NUL: an address that anybody can type would get a 503, as if records were away."""

    async def asked(*_: Any) -> None:
        raise RecordsUnavailable("records cannot be reached")

    for part, method in ((records.certificates, "get"), (records.cohorts, "find"), (records.journal, "receipt")):
        monkeypatch.setattr(part, method, asked)
    answer = await http.get(path, headers=sender.headers(b"", "ask_1"))
    assert problem(answer)["status"] == 404
    assert (await http.get(path, headers={"accept": "text/html"})).status_code == 404


async def test_409_when_the_mentorship_is_over(sender, problem, running, mentorship):
    await mentorship.end()
    for _ in range(2):
        answer = await sender.post("ask_extension", {"by": "ana"}, "msg_late")
        assert answer.status_code == 409
        assert problem(answer)["type"].endswith(":over")


async def test_413_for_a_body_that_is_too_large_whether_or_not_it_says_so(http, sender, settings, problem, running):
    raw = json.dumps({"by": "ana", "goal": "g", "text": "x" * settings.webhook_max_body}).encode()
    answer = await sender.post("set_goal", raw)
    assert answer.status_code == 413
    problem(answer)

    async def chunks():
        for _ in range(70):
            yield b" " * 1024

    headers = {**sender.headers(b"", "msg_1"), "transfer-encoding": "chunked"}
    answer = await http.post("/v1/mentorships/spring-2027/pair-7/set_goal", content=chunks(), headers=headers)
    assert answer.status_code == 413


async def test_a_body_of_exactly_the_limit_is_read(sender, settings, running):
    raw = json.dumps({"by": "ana"}).encode()
    raw += b" " * (settings.webhook_max_body - len(raw))
    assert (await sender.post("ask_extension", raw)).status_code == 202
    assert (await sender.post("ask_extension", raw + b" ")).status_code == 413


async def test_429_says_when_to_come_again_and_means_it(settings, client, records, clock, running, problem):
    few = settings.model_copy(update={"webhook_burst": 2, "webhook_rate": 6.0})
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(few, client, records, post=Outbox(), ticks=lambda: clock.ticks)), base_url="http://hook"
    ) as http:
        sender = _sender(http, few)
        answers = [(await sender("everything")).status_code for _ in range(3)]
        assert answers == [202, 202, 429]
        assert (await sender("spring")).status_code == 202, "another secret has its own pace"
        refused = await sender("everything")
        wait = int(refused.headers["retry-after"])
        assert problem(refused)["status"] == 429
        clock.forward(timedelta(seconds=wait - 1))
        assert (await sender("everything")).status_code == 429
        clock.forward(timedelta(seconds=1))
        assert (await sender("everything")).status_code == 202


def _sender(http, settings):
    numbers = iter(range(100))

    async def send(secret):
        raw, at, message_id = b'{"by": "ana"}', datetime.now(UTC), f"msg_{next(numbers)}"
        signature = Webhook(settings.webhook_secrets[secret].secret.get_secret_value()).sign(message_id, at, raw.decode())
        headers = {"webhook-id": message_id, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
        return await http.post("/v1/mentorships/spring-2027/pair-7/ask_extension", content=raw, headers=headers)

    return send


FAULTY = [
    ("ask_extension", b"", {"#"}),
    ("ask_extension", b"{", {"#"}),
    ("ask_extension", b"[]", {"#"}),
    ("ask_extension", b"null", {"#"}),
    ("ask_extension", b'"\\ud800"', {"#"}),
    ("ask_extension", b'{"by": "ana", "by": "ben"}', {"#"}),
    ("ask_extension", b'{"by": NaN}', {"#"}),
    ("ask_extension", b"[" * 20_000, {"#"}),
    ("ask_extension", {}, {"#/by"}),
    ("ask_extension", {"by": "cleo"}, {"#/by"}),
    ("ask_extension", {"by": "nobody"}, {"#/by"}),
    ("ask_extension", {"by": 7}, {"#/by"}),
    ("ask_extension", {"by": "ana", "at": "2027-01-01T00:00:00Z", "message_id": "x"}, {"#/at", "#/message_id"}),
    ("excuse", {"by": "cleo", "meeting": "2", "why": "x"}, {"#/by", "#/meeting", "#/why"}),
    ("excuse", {"by": "ana", "meeting": 0}, {"#/meeting"}),
    ("excuse", {"by": "ana", "meeting": True}, {"#/meeting"}),
    ("excuse", {"by": "ana", "meeting": 1.0}, {"#/meeting"}),
    ("excuse", {"by": "ana", "meeting": 10**40}, {"#/meeting"}),
    ("confirm_meeting", {"by": "ana", "meeting": "some"}, {"#/meeting"}),
    ("confirm_meeting", {"by": "ana", "meeting": False}, {"#/meeting"}),
    ("move_meeting", {"by": "ana", "meeting": 1, "to": "2027-04-01T12:00:00"}, {"#/to"}),
    ("move_meeting", {"by": "ana", "meeting": 1, "to": "0001-01-01T00:00:00+14:00"}, {"#/to"}),
    ("move_meeting", {"by": "ana", "meeting": 1, "to": 1_800_000_000}, {"#/to"}),
    ("move_meeting", {"by": "ana", "meeting": 1, "to": "1800000000"}, {"#/to"}),
    ("move_meeting", {"by": "ana", "meeting": 1, "to": "1800000000.5"}, {"#/to"}),
    ("move_meeting", {"by": "ana", "meeting": 1, "to": "2027-04-01"}, {"#/to"}),
    ("report_meeting", {"by": "ana", "held_at": "1800000000", "held": True}, {"#/held_at"}),
    ("record_milestone", {"by": "ana", "milestone": "shadowing", "done_at": "1800000000"}, {"#/done_at"}),
    ("cancel_meeting", {"by": "ana", "meeting": 1, "reason": "illness"}, {"#/reason"}),
    ("confirm_expectations", {"by": "ana", "expectations": []}, {"#/expectations"}),
    ("confirm_expectations", {"by": "ana", "expectations": ["trust", "confidentiality"]}, {"#/expectations/0"}),
    ("report_meeting", {"by": "ana", "held": True}, {"#"}),
    ("report_meeting", {"by": "ana", "held": True, "when": "today"}, {"#", "#/when"}),
    ("report_meeting", {"by": "ana", "meeting": 1}, {"#"}),
    ("report_meeting", {"by": "ana", "meeting": 1, "held_at": "2027-02-01T10:00:00Z", "held": True}, {"#"}),
    ("report_meeting", {"by": "ana", "meeting": 1, "attendance": {"own": "late"}}, {"#/attendance/own"}),
    ("record_milestone", {"by": "ana", "milestone": "Shadowing a day"}, {"#/milestone"}),
    ("withdraw", {"by": "ana"}, {"#/message_id"}),
    ("set_goal", {"by": "ana", "goal": "I want to lead", "text": "  "}, {"#/goal", "#/text"}),
    ("set_goal", {"by": "ana", "goal": "g", "actions": ["fine", ""]}, {"#/actions/1"}),
    ("set_goal", {"by": "ana", "goal": "g", "text": "\u200b\u00ad", "actions": ["\u200e"]}, {"#/text", "#/actions/0"}),
    ("submit_privately", {"by": "ana", "body": {"kind": "feedback", "meeting": "1"}}, {"#/body/meeting", "#/body/text"}),
    ("submit_privately", {"by": "ana", "body": {"kind": "complaint"}}, {"#/body"}),
    ("submit_privately", {"by": "ana", "body": {"kind": "survey", "answers": {"trust": 6}}}, {"#/body/answers/trust"}),
    ("submit_privately", {"by": "ana", "body": {"kind": "pins", "benefits": ["mentee.first"]}}, {"#/body/benefits/0"}),
]


@pytest.mark.parametrize(("command", "body", "expected"), FAULTY, ids=[f"{command}-{n}" for n, (command, _, _) in enumerate(FAULTY)])
async def test_422_names_every_problem_by_its_place(command, body, expected, sender, places, running, mentorship):
    answer = await sender.post(command, body, "msg_1")
    assert answer.status_code == 422
    assert places(answer) == expected
    assert (await sender.post("ask_extension", {"by": "ana"}, "msg_1")).status_code == 202, "a refused message leaves its id free"


async def test_422_does_not_repeat_what_was_written(sender, running):
    canary = "canary-58311"
    body = {"by": canary, "goal": canary.upper(), "text": [canary], "actions": canary}
    assert canary not in (await sender.post("set_goal", body)).text.lower()
    kind = await sender.post("submit_privately", {"by": "ben", "body": {"kind": f"{canary}' found using 'kind"}})
    assert kind.status_code == 422
    assert canary not in kind.text
    assert "'feedback', 'survey', 'pins', 'end_wish'" in kind.text


async def test_422_for_somebody_who_was_erased(sender, running, records, pair, places):
    await records.people.erase(pair.enrolment.mentee)
    answer = await sender.post("set_goal", {"by": "ben", "goal": "g", "text": "words"})
    assert answer.status_code == 422
    assert places(answer) == {"#/by"}


async def test_a_fault_of_ours_is_a_problem_document_too_and_tells_nothing(app, http, problem, caplog):
    @app.get("/broken")
    async def broken():
        raise ValueError("canary-58311")

    answer = await http.get("/broken")
    assert answer.status_code == 500
    assert problem(answer)["type"] == "about:blank"
    assert "canary" not in answer.text + caplog.text
