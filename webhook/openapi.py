"""What `/openapi.json` says beyond what the framework finds out: bodies that we read ourselves, signatures, problem documents."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from webhook.bodies import BODIES, Part
from webhook.people_bodies import EVENTS
from webhook.problems import MEDIA_TYPE
from webhook.signatures import ID, MESSAGE_ID_PATTERN, SIGNATURE, TIMESTAMP

_REFS = "#/components/schemas/{model}"

_SAID = {
    401: "unsigned, stale or forged",
    403: "outside the secret's scope",
    404: "no such mentorship, or no such person",
    409: "the mentorship is over",
    413: "the body is too large",
    422: "malformed, or the same webhook-id with another body or at another address; every problem is named",
    429: "this secret's requests come too fast",
    500: "a fault of ours",
    503: "Temporal or records cannot be reached, this process lacks a key, or too much waits for this mentorship already",
}
_SECONDS = {"Retry-After": {"description": "seconds", "schema": {"type": "integer", "minimum": 1}, "required": True}}
_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"description": "`StandardWebhooks`", "schema": {"type": "string"}, "required": True}},
    429: _SECONDS,
    503: _SECONDS,
}

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. `type` is stable and for programs, `detail` is for people; `errors` names every problem of a 422.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "a JSON pointer into the body, as a fragment"},
                    "header": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The answers of a route that are problem documents."""
    found: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        found[status] = {
            "description": _SAID.get(status, HTTPStatus(status).phrase),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        if status in _HEADERS:
            found[status]["headers"] = _HEADERS[status]
    return found


def signed(model: type[Part] | None = None) -> dict[str, Any]:
    """What a route says about its signature and, with a model, its body."""
    headers = [
        {
            "name": ID,
            "in": "header",
            "required": True,
            "schema": {"type": "string", "pattern": f"^{MESSAGE_ID_PATTERN}$"},
            "description": "the message's id, of one message to one address: the same again changes nothing, at another address it is refused; "
            "it is kept readable, so let it name nobody",
        },
        {
            "name": TIMESTAMP,
            "in": "header",
            "required": True,
            "schema": {"type": "string", "pattern": "^[0-9]{1,12}$"},
            "description": "seconds since 1970, at most 300 off",
        },
        {
            "name": SIGNATURE,
            "in": "header",
            "required": True,
            "schema": {"type": "string"},
            "description": "`v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`, which leaves the address out; several, apart by a space",
        },
    ]
    found: dict[str, Any] = {"parameters": headers}
    if model is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": {"$ref": _REFS.format(model=model.__name__)}}}}
    return found


def document(app: FastAPI) -> dict[str, Any]:
    """The whole document, made once."""
    if app.openapi_schema is None:
        found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        _, bodies = models_json_schema([(model, "validation") for model in (*BODIES.values(), *EVENTS.values())], ref_template=_REFS)
        found.setdefault("components", {}).setdefault("schemas", {}).update({**bodies["$defs"], "Problem": PROBLEM})
        app.openapi_schema = found
    return app.openapi_schema
