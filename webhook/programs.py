"""What all routes for programs share: a request is read, verified and counted, in this order, before anything is looked up. And their answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field

from gateway.settings import Settings
from webhook import openapi
from webhook.bodies import Part
from webhook.door import Receipt
from webhook.pace import Pace
from webhook.parsing import read
from webhook.signatures import Signatures, Signed

MessageId = Annotated[str, Path(description="the webhook-id that the command was sent with")]


class Taken(BaseModel):
    """The message is durable: it will be handled, whatever crashes. Its receipt says whether it was applied or refused."""

    message_id: str
    receipt: Annotated[str, Field(description="where to ask what became of it; an address relative to this one")]


class ReceiptAnswer(BaseModel):
    message_id: str
    status: Annotated[
        Literal["accepted", "refused", "waiting"],
        Field(description="waiting: nobody has looked at it yet, or it never came; only an answer of 202 says that it is kept"),
    ]
    reason: Annotated[str | None, Field(description="why it was refused, as a code")] = None
    at: Annotated[datetime | None, Field(description="the journal's instant, once it is there")] = None

    @classmethod
    def of(cls, message_id: str, found: Receipt) -> ReceiptAnswer:
        return cls.model_validate({"message_id": message_id, "status": found.status, "reason": found.reason, "at": found.at})


class Programs:
    """Checks size, then signature, then pace. The route itself then checks what the secret may speak for."""

    def __init__(self, settings: Settings, pace: Pace) -> None:
        self._most = settings.webhook_max_body
        self._signatures = Signatures(settings.webhook_secrets)
        self._pace = pace

    async def hear(self, request: Request) -> tuple[bytes, Signed]:
        """Raises Problem: 401, 413, 422 for an id that cannot be used, 429."""
        raw = await read(request, self._most)
        signed = self._signatures.verify(request.headers, raw)
        structlog.contextvars.bind_contextvars(sender=signed.sender)
        self._pace.take(signed.sender)
        return raw, signed


def take_at(
    router: APIRouter,
    path: str,
    handler: Callable[..., Awaitable[Taken]],
    *,
    tag: str,
    model: type[Part],
    name: str,
    summary: str,
    said: str,
    problems: tuple[int, ...],
) -> None:
    """Adds a POST with a schema of its own in the OpenAPI document. `said` is what 202 means, `problems` are the statuses of its other answers."""
    router.add_api_route(
        path,
        handler,
        tags=[tag],
        methods=["POST"],
        status_code=HTTPStatus.ACCEPTED,
        response_model=Taken,
        response_description=said,
        responses=openapi.problems(*problems),
        openapi_extra=openapi.signed(model),
        operation_id=name,
        name=name,
        summary=summary,
    )


def tell_at(router: APIRouter, path: str, handler: Callable[..., Awaitable[ReceiptAnswer]], *, tag: str, name: str, summary: str) -> None:
    """Adds a GET for a receipt, and a HEAD, which the OpenAPI document leaves out."""
    for method in ("GET", "HEAD"):
        router.add_api_route(
            path,
            handler,
            tags=[tag],
            methods=[method],
            response_description="accepted, refused with its reason, or waiting",
            responses=openapi.problems(401, 403, 404, 413, 422, 429, 500, 503),
            openapi_extra=openapi.signed(),
            operation_id=f"{method.lower()}_{name}",
            include_in_schema=method == "GET",
            summary=summary,
        )
