"""What the web hook answers when it does not do what was asked: RFC 9457 problem documents, whatever went wrong and wherever."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from temporalio.service import RPCError

from gateway.keyring import UnknownKey as UnknownToKeyring
from records.errors import RecordsUnavailable, UnknownKey

T = TypeVar("T")

MEDIA_TYPE = "application/problem+json"
_TYPES = "urn:mentorship:problem:"
_log = structlog.stdlib.get_logger("webhook.problems")


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a request: where (a JSON pointer into the body, or a header's name) and what was expected."""

    where: str
    detail: str
    header: bool = False

    def document(self) -> dict[str, str]:
        return {"header" if self.header else "pointer": self.where, "detail": self.detail}


class Problem(Exception):  # noqa: N818 - the RFC's own word
    """Raised anywhere below a route; becomes the answer. `kind` is stable and for programs, `detail` is for people."""

    def __init__(self, status: HTTPStatus, kind: str, detail: str, *, faults: Sequence[Fault] = (), headers: Mapping[str, str] | None = None) -> None:
        super().__init__(kind)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = dict(headers or {})

    def response(self) -> JSONResponse:
        return problem_response(self.status, self.detail, kind=self.kind, faults=self.faults, headers=self.headers)


def unauthorised(kind: str, detail: str) -> Problem:
    """401: the request is not from anybody whom we know, or not recent."""
    return Problem(HTTPStatus.UNAUTHORIZED, kind, detail, headers={"WWW-Authenticate": "StandardWebhooks"})


def unavailable(kind: str, detail: str, retry_after: int) -> Problem:
    """503: the same request may succeed in `retry_after` seconds."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, kind, detail, headers={"Retry-After": str(retry_after)})


def no_such_mentorship() -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, "no-such-mentorship", "no such mentorship")


def no_such_person() -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, "no-such-person", "no such person")


def key_missing(retry_after: int) -> Problem:
    """503: keys were rotated, and this process has not read them since. Waiting does not help; a restart does, and loses nothing."""
    return unavailable("key-missing", "this process lacks a key that records are sealed with; it has to be restarted", retry_after)


def without_records(error: Exception, retry_after: int) -> Problem:
    """503 that says which it is: records that cannot be reached come back by themselves, a missing key does not."""
    tell_without_records(error)
    if isinstance(error, UnknownKey | UnknownToKeyring):
        return key_missing(retry_after)
    return unavailable("records-unavailable", "records cannot be reached at the moment", retry_after)


async def asked_of_records(asked: Awaitable[T], retry_after: int) -> T:
    """What records answer. Raises Problem (503) when they cannot be reached, or hold what this process has no key for."""
    try:
        return await asked
    except (RecordsUnavailable, UnknownKey) as error:
        raise without_records(error, retry_after) from None


@contextmanager
def asking_temporal(retry_after: int) -> Iterator[None]:
    """Raises Problem (503) when Temporal cannot be reached within the block."""
    try:
        yield
    except RPCError as error:
        why = error.status.name
    except (TimeoutError, RuntimeError, OSError) as error:  # a lazy client that cannot connect raises RuntimeError
        why = type(error).__name__
    else:
        return
    _log.warning("temporal unavailable", error=why)
    raise unavailable("temporal-unavailable", "Temporal cannot be reached at the moment", retry_after) from None


def tell_without_records(error: Exception) -> None:
    """Logs a line for the operator. The key's id is no secret: every sealed value shows it."""
    if isinstance(error, UnknownKey | UnknownToKeyring):
        _log.error("key missing", key=error.key_id, do="restart this process with the keys that others have")
    else:
        _log.warning("records unavailable", why=str(error))


def malformed(faults: Sequence[Fault]) -> Problem:
    """422 with every fault."""
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "malformed", f"{len(faults)} problem{'s' if len(faults) != 1 else ''} in the request", faults=faults)


def problem_response(
    status: HTTPStatus, detail: str | None = None, *, kind: str | None = None, faults: Sequence[Fault] = (), headers: Mapping[str, str] | None = None
) -> JSONResponse:
    document: dict[str, Any] = {"type": f"{_TYPES}{kind}" if kind else "about:blank", "title": status.phrase, "status": status.value}
    if detail:
        document["detail"] = detail
    if faults:
        document["errors"] = [fault.document() for fault in faults]
    return JSONResponse(document, status_code=status.value, headers=dict(headers or {}), media_type=MEDIA_TYPE)


async def on_problem(_: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, Problem)
    return problem.response()


async def on_http_error(_: Request, error: Exception) -> JSONResponse:
    """The framework's own errors, with the headers that belong to them (`Allow` of a 405)."""
    assert isinstance(error, HTTPException)
    return problem_response(HTTPStatus(error.status_code), headers=error.headers)


async def on_invalid_request(_: Request, error: Exception) -> JSONResponse:
    """What the framework itself found malformed; never repeats the input."""
    assert isinstance(error, RequestValidationError)
    faults = [Fault("#/" + "/".join(str(part) for part in found["loc"]), str(found["msg"])) for found in error.errors()]
    return malformed(faults).response()
