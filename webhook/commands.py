"""The door for programs: one POST a command, and one GET for what became of it. Signed, strict, and told nothing it did not ask."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import FastAPI, Path, Request, Response
from pydantic import BaseModel, Field

from webhook import openapi
from webhook.bodies import BODIES, Body
from webhook.door import Door, Receipt
from webhook.parsing import body_of, digest
from webhook.problems import Fault, malformed
from webhook.programs import Programs
from webhook.signatures import MESSAGE_ID_PATTERN

Cohort = Annotated[str, Path(description="the cohort's id")]
PairId = Annotated[str, Path(description="the operator's pair_id, as in the pairs file")]
MessageId = Annotated[str, Path(description="the webhook-id that the command was sent with")]


class Taken(BaseModel):
    """Durable: it will be handled, whatever crashes. Whether it is applied or refused, the receipt says."""

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


class Commands:
    """Checks who sends and what the secret may speak for; only then does it look anything up."""

    def __init__(self, programs: Programs, door: Door) -> None:
        self._programs = programs
        self._door = door

    async def post(self, request: Request, cohort: str, pair: str, command: str, model: type[Body]) -> Taken:
        """Raises Problem for every answer but 202."""
        raw, signed = await self._programs.hear(request)
        signed.speak_for(cohort)
        enrolment = await self._door.enrolment(cohort, pair)
        value, body, faults = body_of(model, raw)
        said = value.get("by") if isinstance(value, dict) else None
        by = await self._door.participant(enrolment, said) if isinstance(said, str) else None
        if by is None and not any(fault.where in ("#", "#/by") for fault in faults):
            faults.append(Fault("#/by", "expected the roster's id of the mentor or the mentee of this pair"))
        if body is None or by is None or faults:
            raise malformed(faults)
        await self._door.take(enrolment, by, signed.message_id, digest(command, value), body.command, sender=signed.sender)
        return Taken(message_id=signed.message_id, receipt="/v1/receipts/" + "/".join(quote(part, safe="") for part in (cohort, pair, signed.message_id)))

    async def receipt(self, request: Request, cohort: str, pair: str, message_id: str) -> ReceiptAnswer:
        """Raises Problem: 401, 403, 404, 413, 422, 429, 503."""
        raw, signed = await self._programs.hear(request)
        signed.speak_for(cohort)
        if raw:
            raise malformed([Fault("#", "expected an empty body")])
        enrolment = await self._door.enrolment(cohort, pair)
        # What the service tells itself has ids that no program can send, and that can be counted up: who is certified, which mail failed (H12).
        found = await self._door.receipt(enrolment, message_id) if re.fullmatch(MESSAGE_ID_PATTERN, message_id) else Receipt("waiting")
        return ReceiptAnswer.model_validate({"message_id": message_id, "status": found.status, "reason": found.reason, "at": found.at})


def mount(app: FastAPI, programs: Programs, door: Door) -> None:
    """A route for every command, so that each has its own schema in the OpenAPI document."""
    commands = Commands(programs, door)
    for command, model in BODIES.items():
        app.add_api_route(
            f"/v1/mentorships/{{cohort}}/{{pair}}/{command}",
            _command(commands, command, model),
            tags=["programs"],
            methods=["POST"],
            status_code=HTTPStatus.ACCEPTED,
            response_model=Taken,
            response_description="Temporal has it; also for the same message again",
            responses=openapi.problems(401, 403, 404, 409, 413, 422, 429, 500, 503),
            openapi_extra=openapi.signed(model),
            operation_id=command,
            name=command,
            summary=command.replace("_", " ").capitalize(),
        )

    async def receipt(request: Request, cohort: Cohort, pair: PairId, message_id: MessageId) -> ReceiptAnswer:
        return await commands.receipt(request, cohort, pair, message_id)

    for method in ("GET", "HEAD"):
        app.add_api_route(
            "/v1/receipts/{cohort}/{pair}/{message_id}",
            receipt,
            tags=["programs"],
            methods=[method],
            response_description="accepted, refused with its reason, or waiting",
            responses=openapi.problems(401, 403, 404, 413, 422, 429, 500, 503),
            openapi_extra=openapi.signed(),
            operation_id=f"{method.lower()}_receipt",
            include_in_schema=method == "GET",
            summary="What became of a message",
        )


def _command(commands: Commands, command: str, model: type[Body]) -> Callable[..., Awaitable[Taken]]:
    async def take(request: Request, response: Response, cohort: Cohort, pair: PairId) -> Taken:
        taken = await commands.post(request, cohort, pair, command, model)
        response.headers["Location"] = taken.receipt
        return taken

    return take
