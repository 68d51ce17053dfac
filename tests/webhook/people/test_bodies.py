"""What an event's body may say, and what the OpenAPI document says about it."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("event", "body", "where"),
    [
        ("address", {}, {"#"}),
        ("address", {"email": None}, {"#"}),
        ("address", {"email": "nowhere", "time_zone": "Mars/Base", "language": "??", "name": " "}, {"#/email", "#/time_zone", "#/language", "#/name"}),
        *[("address", {"name": unseen}, {"#/name"}) for unseen in ("\u200b", "\u202e \u2066", "\u3164", "\u0301", "\ue000", "\x07")],
        ("address", {"email": "\u200bana@example.org"}, {"#/email"}),
        ("address", {"email": "a\x00na@example.org"}, {"#/email"}),
        ("address", {"email": "=?utf-8?q?ana?=@example.org"}, {"#/email"}),
        ("address", {"mail": "a@b.example"}, {"#", "#/mail"}),
        ("manager", {}, {"#/manager_id"}),
        ("manager", {"manager_id": "ana"}, {"#/manager_id"}),
        ("manager", {"manager_id": "with blank"}, {"#/manager_id"}),
        ("leave", {"from": "soon"}, {"#/from"}),
        ("leave", {"from": "2027-05-01", "until": "2027-04-01"}, {"#/until"}),
        ("leave", {"from": "2027-05-01", "until": "2027-05-01"}, {"#/until"}),
        ("leave", {"until": "2027-05-01T00:00:00"}, {"#/until"}),
        ("leave", {"until": "0001-01-01"}, {"#/until"}),
        ("leave", {"until": "1900800000"}, {"#/until"}),
        ("left", {"why": "a better offer"}, {"#/why"}),
        ("back", [], {"#"}),
        ("back", b"{", {"#"}),
    ],
)
async def test_every_fault_has_its_place_and_nothing_is_told(company, places, event, body, where):
    answer = await company.say("ana", event, body)
    assert answer.status_code == 422, answer.text
    assert places(answer) == where
    assert await company.orders() == []


async def test_the_document_describes_every_event(http):
    described = (await http.get("/openapi.json")).json()
    assert {path.rpartition("/")[2] for path in described["paths"] if path.startswith("/v1/people/{person_id}/") and "receipts" not in path} == {
        "leave",
        "back",
        "left",
        "manager",
        "address",
    }
    for name in ("Leave", "Manager", "Address"):
        assert described["components"]["schemas"][name]["properties"]
