"""From bytes to a body: every problem at once, each with its place, and none with what was written there."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.requests import Request

from gateway.expected import expected
from webhook.bodies import Part
from webhook.problems import Fault, Problem, no_such_mentorship, no_such_person

B = TypeVar("B", bound=Part)

WHOLE = "#"

_NOBODYS: dict[str, Callable[[], Problem]] = {"pair": no_such_mentorship, "person_id": no_such_person}


async def plainly_addressed(request: Request) -> None:
    """No part of an address of ours holds a control character; Postgres could not even be asked for one (NUL).

    Raises what the address answers when it is nobody's (404): for programs a Problem, for people HTTPException, which becomes a page.
    """
    parts = request.path_params
    if any(unicodedata.category(character) == "Cc" for part in parts.values() for character in str(part)):
        raise next((nobodys() for name, nobodys in _NOBODYS.items() if name in parts), HTTPException(HTTPStatus.NOT_FOUND))


async def read(request: Request, most: int) -> bytes:
    """The body, as long as it has at most so many bytes: a longer one is never read to its end. Raises Problem (413)."""
    found = bytearray()
    announced = request.headers.get("content-length", "")
    if not announced.isdecimal() or int(announced[:20]) <= most:
        async for chunk in request.stream():
            found += chunk
            if len(found) > most:
                break
        else:
            return bytes(found)
    raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", f"expected at most {most} bytes", headers={"Connection": "close"})


def parse(raw: bytes) -> tuple[Any, list[Fault]]:
    """The JSON value, or None and what is wrong. A name twice in an object is a fault: two readers would take two values."""
    repeated: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            repeated.append("an object names something twice")
        return found

    try:
        value = json.loads(raw, object_pairs_hook=once, parse_constant=_no_constant)
        canonical(value)  # what has no canonical text (half a surrogate pair, nesting without end) is not JSON to us
    except (ValueError, RecursionError):
        return None, [Fault(WHOLE, "expected JSON in UTF-8")]
    return value, [Fault(WHOLE, text) for text in dict.fromkeys(repeated)]


def body_of(model: type[B], raw: bytes) -> tuple[Any, B | None, list[Fault]]:
    """The JSON value, the body that it makes, and every fault of either."""
    value, faults = parse(raw)
    if value is None and faults:
        return None, None, faults
    body, more = validate(model, value)
    return value, body, [*faults, *more]


def canonical(value: Any) -> bytes:
    """The same bytes for the same value, however it was spaced and ordered. Raises ValueError, RecursionError."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(command: str, value: Any) -> str:
    """What makes two messages the same: the command and its whole body."""
    return hashlib.sha256(command.encode() + b"\n" + canonical(value)).hexdigest()


def validate(model: type[B], value: Any) -> tuple[B | None, list[Fault]]:
    """The body, or None and every fault in it."""
    if not isinstance(value, dict):
        return None, [Fault(WHOLE, "expected an object")]
    try:
        return model.model_validate_json(canonical(value)), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
    strange = {problem["loc"][0] for problem in found if problem["type"] == "extra_forbidden" and len(problem["loc"]) == 1}
    if len(strange) == len(found):  # what is wrong between fields is looked for only where each of them is right
        _, more = validate(model, {name: given for name, given in value.items() if name not in strange})
        return None, [*(_fault(problem, value) for problem in found), *more]
    return None, [_fault(problem, value) for problem in found if not _follows(problem, found)]


def _fault(problem: ErrorDetails, value: Any) -> Fault:
    return Fault(_pointer(problem, value), expected(problem))


def _follows(problem: ErrorDetails, found: Sequence[ErrorDetails]) -> bool:
    """Too short only since what stands in it is wrong."""
    loc = problem["loc"]
    return problem["type"] == "too_short" and any(other["loc"][: len(loc)] == loc for other in found if other is not problem)


def _pointer(problem: ErrorDetails, value: Any) -> str:
    """A JSON pointer of the place in what was sent: pydantic's own also names the branches of a union on the way."""
    at = value
    steps: list[str] = []
    *way, last = problem["loc"] or ("",)
    for step in way:
        if _holds(at, step):
            at = at[step]
            steps.append(str(step))
    there = _holds(at, last)
    if problem["loc"] and (there or problem["type"] == "missing"):
        steps.append(str(last))
    return "/".join([WHOLE, *(step.replace("~", "~0").replace("/", "~1") for step in steps)])


def _holds(value: Any, step: int | str) -> bool:
    return (isinstance(value, dict) and step in value) or (isinstance(value, list) and isinstance(step, int) and step < len(value))


def _no_constant(_: str) -> None:
    raise ValueError("expected a finite number")
