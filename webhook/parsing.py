"""Turns bytes into a body. It reports every problem at once, each with its place and never with what was written there."""

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
    """Refuses control characters in an address: none of ours has any, and Postgres could not even be asked for one of them (NUL).

    Raises what an unknown address answers (404): for programs a Problem, for people an HTTPException, which becomes a page.
    """
    parts = request.path_params
    if any(unicodedata.category(character) == "Cc" for part in parts.values() for character in str(part)):
        raise next((nobodys() for name, nobodys in _NOBODYS.items() if name in parts), HTTPException(HTTPStatus.NOT_FOUND))


async def read(request: Request, most: int) -> bytes:
    """The body, if it has at most `most` bytes; a longer one is never read to its end. Raises Problem (413)."""
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
    """The JSON value (None if unreadable), and what is wrong. A name that an object has twice is a fault: two readers could take two values."""
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
    if len(strange) == len(found):  # pydantic compares fields with each other only if each is right by itself
        _, more = validate(model, {name: given for name, given in value.items() if name not in strange})
        return None, [*(_fault(problem, value) for problem in found), *more]
    return None, [_fault(problem, value) for problem in found if not _follows(problem, found)]


def _fault(problem: ErrorDetails, value: Any) -> Fault:
    return Fault(_pointer(problem, value), expected(problem))


def _follows(problem: ErrorDetails, found: Sequence[ErrorDetails]) -> bool:
    """Whether it is too short only because something in it is wrong."""
    loc = problem["loc"]
    return problem["type"] == "too_short" and any(other["loc"][: len(loc)] == loc for other in found if other is not problem)


def _pointer(problem: ErrorDetails, value: Any) -> str:
    """The place in what was sent, as a JSON pointer. Pydantic's own path also names the branches of a union."""
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
