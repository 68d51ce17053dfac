"""`/case/{token}`: a concern, for somebody who was chosen to look after it (H16): they read, take and close it.

Opening the link shows no words, since programs that check mails open links as well. So reading, too, takes a button.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, get_args

from fastapi import Request, Response

from gateway.links import Bearer
from notices.language import Language
from notices.readers import plain
from records.cases import Case, Outcome
from records.errors import Erased, UnknownCase
from webhook.concern.door import ConcernDoor
from webhook.concern.raising import Place
from webhook.pages.addresses import see_other, token_of
from webhook.pages.fields import Wrong, status_with
from webhook.pages.form_tokens import FIELD
from webhook.pages.forms import Fields, keep_pace, read_form
from webhook.pages.languages import OFFERED, chosen_language, reader_language
from webhook.pages.problems import PageProblem, from_door
from webhook.pages.routes import PageRoute, Route, page_routes
from webhook.pages.site import Site

OUTCOMES: tuple[Outcome, ...] = tuple(outcome for outcome in get_args(Outcome) if outcome != "withdrawn")


class AskedForHelp:
    def __init__(self, site: Site, door: ConcernDoor) -> None:
        self._site = site
        self._door = door

    async def show(self, request: Request) -> Response:
        token = token_of(request)
        bearer = self._site.links.bearer("case", token)
        case, spoken = await self._case(request, bearer)
        return await self._page(request, token, bearer, case, spoken, "concern/asked.html")

    async def act(self, request: Request) -> Response:
        token, action = token_of(request), str(request.path_params["action"])
        bearer, fields = await read_form(request, self._site.links, "case", token)
        self._site.form_tokens.opened(bearer, "case", "", fields.get(FIELD))
        case, spoken = await self._case(request, bearer)
        if action != "read":  # which changes nothing
            keep_pace(self._site.pace, bearer, code=spoken.code)
        match action:
            case "read" if _may_read(case, bearer):
                return await self._read(request, token, bearer, case, spoken)
            case "take":
                await from_door(self._door.take(case, bearer.person))
            case "close":
                if not await self._close(case, bearer, fields):
                    return await self._read(request, token, bearer, case, spoken, wrong=Wrong("outcome", "choose"))
            case "read":
                pass  # somebody else took it meanwhile: the page says so
            case _:
                raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here", code=spoken.code)
        return see_other(Place(self._site.rendering, "case", token, "", chosen_language(request)).to())

    async def _close(self, case: Case, bearer: Bearer, fields: Fields) -> bool:
        """Closes the case. False if its outcome is missing, and this person may still give it."""
        outcome = next((outcome for outcome in OUTCOMES if outcome == fields.get("outcome")), None)
        if outcome is None:
            return not (case.state == "taken" and _may_read(case, bearer))
        await from_door(self._door.close(case, bearer.person, outcome, release=fields.get("release") == "yes"))
        return True

    async def _read(self, request: Request, token: str, bearer: Bearer, case: Case, spoken: Language, *, wrong: Wrong | None = None) -> Response:
        try:
            words = await from_door(self._door.words(case))
        except Erased:
            words = None
        named = await from_door(self._door.raiser_name(case))
        name = plain(named or "")
        facts = {"words": words, "name": spoken.isolated(name) if name else None, "wrong": wrong}
        return await self._page(request, token, bearer, case, spoken, "concern/read.html", status=status_with(wrong), **facts)

    async def _page(  # noqa: PLR0917 - what every page of it has
        self, request: Request, token: str, bearer: Bearer, case: Case, spoken: Language, template: str, *, status: HTTPStatus = HTTPStatus.OK, **facts: Any
    ) -> Response:
        chosen = chosen_language(request)
        title = await from_door(self._door.title(case))
        return self._site.rendering.page(
            template,
            spoken,
            status=status,
            chosen=chosen,
            here=Place(self._site.rendering, "case", token, spoken.isolated(title) if title else "", chosen),
            token=self._site.form_tokens.token(bearer, "case", "", "none"),
            state="another" if case.taken_by not in (None, bearer.person) and case.state == "taken" else case.state,
            held=await from_door(self._door.held(case)),
            outcomes=OUTCOMES,
            **facts,
        )

    async def _case(self, request: Request, bearer: Bearer) -> tuple[Case, Language]:
        """Raises PageProblem (404) for somebody who was not asked, or who may not look after it any more."""
        profile = (await self._site.reading.ask(self._site.records.people.profiles([bearer.person]))).get(bearer.person)
        chosen = chosen_language(request)
        spoken = reader_language(chosen, profile.language if profile is not None else None, OFFERED)
        try:
            case = await from_door(self._door.asked(bearer.scope, bearer.person))
        except UnknownCase:
            case = None
        if case is None:
            raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here", code=spoken.code)
        return case, spoken


def _may_read(case: Case, bearer: Bearer) -> bool:
    """While nobody has taken it, everybody who was asked may read; then only the person who took it; once it is closed, nobody."""
    return case.state == "waiting" or (case.state == "taken" and case.taken_by == bearer.person)


def routes(pages: AskedForHelp) -> list[PageRoute]:
    return page_routes("/case/{token}", (Route("", look=pages.show), Route("/{action}", act=pages.act)))
