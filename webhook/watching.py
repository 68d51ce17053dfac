"""What happens with every request: it is counted, timed, traced unless it may tell of a concern, and logged in one line. It never ends in a bare
traceback.

Paths hold tokens and the company's pair ids (H12), so logs and metrics name the route's template instead. Where a concern may be raised or
read, they do not name even that (H16).
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, StatusCode
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.telemetry import untraced
from webhook.problems import problem_response

_UNKNOWN = "(none)"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Machines ask for these all day; traces of them would hide the others."""
_CONFIDENTIAL = ("/concern/", "/case/", "/private/")
"""Pages about a concern: before it is raised, while it is open, and where its raiser looks after it. A trace would name the pair (H16)."""
_PRIVATE = "(private)"
"""Their one name in logs and metrics: separate routes would tell when somebody raised a concern, and which case it is (H16)."""
_log = structlog.stdlib.get_logger("webhook")
_tracer = trace.get_tracer("mentorship.webhook")


class Meters:
    """One process's counts. Labels are routes, methods and statuses only."""

    def __init__(self, registry: CollectorRegistry, program: str = "webhook") -> None:
        self.requests = Counter(f"mentorship_{program}_requests", "Requests answered.", ("route", "method", "status"), registry=registry)
        self.seconds = Histogram(f"mentorship_{program}_request_seconds", "Seconds until the answer was complete.", ("route",), registry=registry)


class Watching:
    """The outermost ASGI middleware of ours."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app = app
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        # Every trace begins here: a caller's own trace is ignored.
        with structlog.contextvars.bound_contextvars(sender=None), _traced(scope) as span:
            try:
                await self._app(scope, receive, watched)
            except ClientDisconnect:
                status = 499  # nobody is there to hear an answer
            except Exception as error:  # noqa: BLE001 - whatever it is, nobody else may tell it
                # The log gets the place and the kind, never the message, which may repeat what somebody wrote.
                # The error is not raised on, since the server would log it whole. The server itself ends an answer that broke off.
                _log.error("fault", error=type(error).__name__, at=place(error))
                if not status:
                    await problem_response(HTTPStatus.INTERNAL_SERVER_ERROR)(scope, receive, watched)
            finally:
                self._tell(scope, status, time.perf_counter() - began, span)

    def _tell(self, scope: Scope, status: int, seconds: float, span: Span) -> None:
        route = getattr(scope.get("route"), "path", _UNKNOWN)
        method = scope["method"] if scope["method"] in _METHODS else _UNKNOWN
        if _is_confidential(scope):  # hide method and success too: they would tell which form it was
            route, method, status = _PRIVATE, _UNKNOWN, status if status >= HTTPStatus.BAD_REQUEST else HTTPStatus.OK.value
        span.update_name(f"{method} {route}")
        span.set_attributes({"http.request.method": method, "http.route": route, "http.response.status_code": status})
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            span.set_status(StatusCode.ERROR)
        self._meters.requests.labels(route, method, str(status)).inc()
        self._meters.seconds.labels(route).observe(seconds)
        _log.info("request", route=route, method=method, status=status, ms=round(seconds * 1000, 1))


def _is_confidential(scope: Scope) -> bool:
    return bool(scope["path"].startswith(_CONFIDENTIAL))


@contextmanager
def _traced(scope: Scope) -> Iterator[Span]:
    if scope["path"] in _QUIET or _is_confidential(scope):
        with untraced():
            yield trace.INVALID_SPAN
        return
    with _tracer.start_as_current_span("request", context=Context(), kind=SpanKind.SERVER, record_exception=False, set_status_on_exception=False) as span:
        yield span


def place(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
