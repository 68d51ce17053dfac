"""The door for HR's system: a POST for each event about a person (P6), and a GET for what became of it. It has its own scope: `people:*`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, FastAPI, Path, Request, Response

from webhook.parsing import body_of, digest, plainly_addressed
from webhook.people_bodies import EVENTS, Event
from webhook.people_door import PeopleDoor
from webhook.problems import Fault, malformed
from webhook.programs import MessageId, Programs, ReceiptAnswer, Taken, take_at, tell_at

PersonId = Annotated[str, Path(description="the roster's person_id")]


class PeopleEvents:
    """Checks who sends and what the secret may speak for; only then does it look anybody up."""

    def __init__(self, programs: Programs, door: PeopleDoor) -> None:
        self._programs = programs
        self._door = door

    async def post(self, request: Request, person_id: str, name: str, model: type[Event]) -> Taken:
        """Raises Problem for every answer but 202."""
        raw, signed = await self._programs.hear(request)
        signed.speak_for_people()
        person = await self._door.person(person_id)
        value, event, faults = body_of(model, raw)
        if event is None or faults:
            raise malformed(faults)
        await self._door.take(person, signed.sender, signed.message_id, digest(name, value), event)
        return Taken(message_id=signed.message_id, receipt=f"/v1/people/{quote(person_id, safe='')}/receipts/{quote(signed.message_id, safe='')}")

    async def receipt(self, request: Request, person_id: str, message_id: str) -> ReceiptAnswer:
        """Raises Problem: 401, 403, 404, 413, 422, 429, 503."""
        raw, signed = await self._programs.hear(request)
        signed.speak_for_people()
        if raw:
            raise malformed([Fault("#", "expected an empty body")])
        found = await self._door.receipt(await self._door.person(person_id), message_id)
        return ReceiptAnswer.of(message_id, found)


def mount(app: FastAPI, programs: Programs, door: PeopleDoor) -> None:
    app.state.people = PeopleEvents(programs, door)
    app.router.routes.extend(_ROUTER.routes)


def _of(request: Request) -> PeopleEvents:
    """Those of the application that was asked."""
    events: PeopleEvents = request.app.state.people
    return events


def _event(name: str, model: type[Event]) -> Callable[..., Awaitable[Taken]]:
    async def take(request: Request, response: Response, person_id: PersonId) -> Taken:
        taken = await _of(request).post(request, person_id, name, model)
        response.headers["Location"] = taken.receipt
        return taken

    return take


def _router() -> APIRouter:
    """A route for every event, so that each has its own schema in the OpenAPI document."""
    router = APIRouter(dependencies=[Depends(plainly_addressed)])
    for name, model in EVENTS.items():
        take_at(
            router,
            f"/v1/people/{{person_id}}/{name}",
            _event(name, model),
            tag="people",
            model=model,
            name=f"person_{name}",
            summary=f"A person: {name}",
            said="it stands in records, and Temporal has it for every mentorship of this person; also for the same message again",
            problems=(401, 403, 404, 413, 422, 429, 500, 503),
        )

    async def receipt(request: Request, person_id: PersonId, message_id: MessageId) -> ReceiptAnswer:
        return await _of(request).receipt(request, person_id, message_id)

    path, summary = "/v1/people/{person_id}/receipts/{message_id}", "What became of an event about a person"
    tell_at(router, path, receipt, tag="people", name="person_receipt", summary=summary)
    return router


_ROUTER = _router()
"""Made once a process, as those of commands."""
