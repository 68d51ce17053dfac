"""Which programs may report on people, and what all others learn (P6)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest


@pytest.mark.parametrize("secret", ["everything", "spring"])
async def test_every_cohort_is_not_everybody(company, problem, secret):
    """`*` means every cohort; speaking for people is a permission of its own."""
    answer = await company.say("ana", "left", secret=secret)
    assert (answer.status_code, problem(answer)["type"]) == (403, "urn:mentorship:problem:out-of-scope")
    assert (await company.profile("ana")).status == "active"


async def test_hr_may_not_speak_for_a_pair(sender, company, problem):
    answer = await sender.post("excuse", {"by": "ana", "meeting": 1}, pair="one", secret="hr")
    assert answer.status_code == 403


async def test_outside_the_scope_nobody_learns_who_is_known(company):
    known, unknown = [await company.say(person, "back", secret="spring") for person in ("ana", "nobody")]
    assert known.json() == unknown.json()


async def test_unsigned_is_refused_before_anything_is_looked_up(company):
    answer = await company.http.post("/v1/people/ana/left", content=b"{}")
    assert answer.status_code == 401


async def test_a_receipt_is_for_who_may_speak_for_people_and_signed_over_an_empty_body(company, places):
    """What became of an event reveals that somebody is known, and that something was reported about them."""
    await company.say("ana", "left", message_id="hr-1")

    async def asked(person: str, body: bytes = b"", **signed: Any) -> httpx.Response:
        headers = company.headers(body, f"ask_{next(company.numbers)}", **signed) if signed else {}
        return await company.http.request("GET", f"/v1/people/{person}/receipts/hr-1", content=body, headers=headers)

    assert (await asked("ana")).status_code == 401
    known, unknown = [await asked(person, secret="everything") for person in ("ana", "nobody")]
    assert (known.status_code, known.json()) == (403, unknown.json())
    assert (await asked("nobody", secret="hr")).status_code == 404
    with_a_body = await asked("ana", b"{}", secret="hr")
    assert (with_a_body.status_code, places(with_a_body)) == (422, {"#"})


async def test_somebody_unknown_or_erased_is_not_found(company, problem):
    assert problem(await company.say("nobody", "left"))["type"] == "urn:mentorship:problem:no-such-person"
    await company.records.people.erase(company.refs["ben"])
    assert (await company.say("ben", "left")).status_code == 404
