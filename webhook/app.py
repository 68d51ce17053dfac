"""The participants' door, put together. Stores and clients are handed in; `webhook.main` opens them."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException
from temporalio.client import Client

from certificates.trust import Trust
from gateway.settings import Settings
from records.store import Records
from webhook import commands, health, issuer_documents, openapi, people
from webhook.door import Clock, Door, utc_now
from webhook.pace import Pace
from webhook.pages import build
from webhook.pages.fresh_links import Post
from webhook.parsing import plainly_addressed
from webhook.people_door import PeopleDoor
from webhook.problems import Problem, on_http_error, on_invalid_request, on_problem
from webhook.programs import Programs
from webhook.watching import Meters, Watching


def create_app(
    settings: Settings, client: Client, records: Records, *, post: Post, clock: Clock = utc_now, ticks: Callable[[], float] = time.monotonic
) -> FastAPI:
    """`post` mails fresh links. `clock` says when a command was accepted, `ticks` (seconds) how fast requests come. Neither client nor records are closed here."""
    app = FastAPI(
        title="Mentorship web hook",
        version=_version(),
        description="The door for participants and for programs that speak for them. Answers that are not a success are RFC 9457 problem documents.",
        docs_url=None,  # the framework's pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # the framework's own trusts callers and reports every page; `Watching` does not
        dependencies=[Depends(plainly_addressed)],
    )
    registry = CollectorRegistry()
    door = Door(settings, client, records, clock)
    programs = Programs(settings, Pace(settings.webhook_rate, settings.webhook_burst, ticks, said="this secret's requests come too fast"))
    forms = Pace(settings.webhook_page_rate, settings.webhook_page_burst, ticks)
    commands.mount(app, programs, door)
    people.mount(app, programs, PeopleDoor(records, door, clock))
    health.mount(app, settings, client, records, registry)
    issuer = issuer_documents.mount(app, settings, records)
    trust = issuer.trust() if issuer is not None else Trust.nobody()
    problems = build.mount(app, settings, client, records, door, clock=clock, post=post, pace=forms, trust=trust)
    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(HTTPException, problems.lost(on_http_error))
    app.add_exception_handler(RequestValidationError, on_invalid_request)
    app.add_middleware(Watching, meters=Meters(registry))
    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]  # the framework's own way to extend it
    return app


def _version() -> str:
    try:
        return version("mentorship")
    except PackageNotFoundError:  # run from a checkout that was not installed
        return "0"
