"""The door for programs: a POST for each command, and a GET for what became of it. Requests are signed and strict; answers tell only what was asked."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, FastAPI, Path, Request, Response

from webhook.bodies import BODIES, Body
from webhook.door import Door, Receipt
from webhook.parsing import body_of, digest, plainly_addressed
from webhook.problems import Fault, malformed
from webhook.programs import MessageId, Programs, ReceiptAnswer, Taken, take_at, tell_at
from webhook.signatures import MESSAGE_ID_PATTERN

Cohort = Annotated[str, Path(description="the cohort's id")]
PairId = Annotated[str, Path(description="the operator's pair_id, as in the pairs file")]


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
        # The service's messages to itself have ids that can be guessed but that no program can send: they would tell who is certified, which mail failed (H12).
        found = await self._door.receipt(enrolment, message_id) if re.fullmatch(MESSAGE_ID_PATTERN, message_id) else Receipt("waiting")
        return ReceiptAnswer.of(message_id, found)


def mount(app: FastAPI, programs: Programs, door: Door) -> None:
    app.state.commands = Commands(programs, door)
    app.router.routes.extend(_ROUTER.routes)


def _of(request: Request) -> Commands:
    """Those of the application that was asked."""
    commands: Commands = request.app.state.commands
    return commands


def _command(command: str, model: type[Body]) -> Callable[..., Awaitable[Taken]]:
    async def take(request: Request, response: Response, cohort: Cohort, pair: PairId) -> Taken:
        taken = await _of(request).post(request, cohort, pair, command, model)
        response.headers["Location"] = taken.receipt
        return taken

    return take


def _router() -> APIRouter:
    """A route for every command, so that each has its own schema in the OpenAPI document."""
    router = APIRouter(dependencies=[Depends(plainly_addressed)])
    for command, model in BODIES.items():
        take_at(
            router,
            f"/v1/mentorships/{{cohort}}/{{pair}}/{command}",
            _command(command, model),
            tag="programs",
            model=model,
            name=command,
            summary=command.replace("_", " ").capitalize(),
            said="Temporal has it; also for the same message again",
            problems=(401, 403, 404, 409, 413, 422, 429, 500, 503),
        )

    async def receipt(request: Request, cohort: Cohort, pair: PairId, message_id: MessageId) -> ReceiptAnswer:
        return await _of(request).receipt(request, cohort, pair, message_id)

    tell_at(router, "/v1/receipts/{cohort}/{pair}/{message_id}", receipt, tag="programs", name="receipt", summary="What became of a message")
    return router


_ROUTER = _router()
"""Made once a process: the framework takes a millisecond or two for each route."""
