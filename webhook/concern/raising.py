"""`/concern/{token}`: raising a concern, behind a link of fifteen minutes (H16). What was written is never shown here again.

GET and HEAD change nothing. Nor does the first of the two forms: it asks whom the concern is about, so that the second can offer people to ask.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import quote

from fastapi import Request, Response

from gateway.links import Bearer
from records.cases import Case
from records.contacts import Contact
from records.errors import DifferentBody, Erased
from webhook.concern.door import Concern, ConcernDoor, Held
from webhook.pages.addresses import see_other, token_of
from webhook.pages.fields import Wrong, status_with, text_of
from webhook.pages.form_tokens import FIELD
from webhook.pages.forms import Fields, keep_pace, read_form, waiting
from webhook.pages.languages import chosen_language
from webhook.pages.problems import PageProblem, from_door
from webhook.pages.reading import Known
from webhook.pages.rendering import Rendering
from webhook.pages.routes import PageRoute, Route, page_routes
from webhook.pages.site import Site
from webhook.problems import Problem


class Place:
    """Addresses below one link, for templates. `step` is the part of the address that opens the same page in another language."""

    def __init__(self, rendering: Rendering, kind: str, token: str, title: str, lang: str | None, *, step: str = "") -> None:
        self._base = f"{rendering.root}/{kind}/{quote(token)}"
        self._step = f"/{step}" if step else ""
        self._asked = f"?lang={lang}" if lang else ""
        self.private = f"{rendering.root}/private/{quote(token)}{self._asked}"
        self.title = title

    def to(self, *parts: str) -> str:
        return "/".join([self._base, *(quote(part, safe="") for part in parts if part)]) + self._asked

    def in_language(self, code: str) -> str:
        return f"{self._base}{self._step}?lang={code}"


Trouble = Literal["away", "sent_before", "often"]
"""Why a form comes back with everything that was typed."""


class RaisingConcerns:
    def __init__(self, site: Site, door: ConcernDoor) -> None:
        self._site = site
        self._door = door

    # -- reading ----------------------------------------------------------------------------------------------------------

    async def show(self, request: Request) -> Response:
        token = token_of(request)
        return await self._start_page(await self._known(request, self._site.links.bearer("private", token)), token)

    async def _start_page(self, known: Known, token: str, *, wrong: Wrong | None = None) -> Response:
        cases = await from_door(self._door.of_raiser(known.bearer.person, known.bearer.scope))
        shown = [(case, await self._more(known, case)) for case in reversed(cases)]
        buttons = {case.id: self._site.form_tokens.token(known.bearer, "concern", case.id, "none") for case in cases}
        held = {case.id: await self._held(known, case) for case in cases}
        waiting = [case for case in cases if case.state == "waiting"]
        unheard = {case.id for case in waiting if not await from_door(self._door.in_reach(known.enrolment, case))}
        facts: dict[str, Any] = {"cases": shown, "buttons": buttons, "held": held, "unheard": unheard, "wrong": wrong}
        return self._page(known, token, "concern/start.html", status=status_with(wrong), **facts)

    async def about_form(self, request: Request) -> Response:
        token = token_of(request)
        known = await self._known(request, self._site.links.bearer("private", token))
        return await self._about_page(known, token, Fields())

    # -- writing ----------------------------------------------------------------------------------------------------------

    async def words_form(self, request: Request) -> Response:
        """The second form: who can be asked depends on whom the concern is about. Changes nothing."""
        return await self._then(request, self._words_page)

    async def send(self, request: Request) -> Response:
        return await self._then(request, self._send)

    async def _then(self, request: Request, go_on: Callable[[Known, str, Fields, str | None, str], Awaitable[Response]]) -> Response:
        """Goes on with the subject: whom the concern is about. If that cannot be used, the first form comes back."""
        token = token_of(request)
        known, fields, message_id = await self._opened(request, token)
        try:
            subject = await self._subject(known, fields)
        except Wrong as wrong:
            return await self._about_page(known, token, fields, wrong=wrong)
        return await go_on(known, token, fields, subject, message_id)

    async def _send(self, known: Known, token: str, fields: Fields, subject: str | None, message_id: str) -> Response:
        try:
            self._site.pace.take(_sender(known.bearer))
        except Problem as problem:
            return await self._words_page(known, token, fields, subject, message_id, trouble="often", headers=problem.headers, wait=waiting(problem))
        try:
            offered = await from_door(self._door.offered(known.enrolment, known.bearer.person, subject))
            concern = Concern(subject=subject, contacts=_chosen(fields, offered), words=text_of(fields), hold=fields.get("hold") == "yes")
            await self._door.take_in(known.enrolment, known.bearer.person, concern, message_id)
        except Wrong as wrong:
            return await self._words_page(known, token, fields, subject, message_id, wrong=wrong)
        except DifferentBody:
            return await self._words_page(known, token, fields, subject, secrets.token_hex(16), trouble="sent_before")
        except Problem:
            return await self._words_page(known, token, fields, subject, message_id, trouble="away")
        except Erased:
            raise PageProblem(HTTPStatus.GONE, "erased", code=known.clock.language.code) from None
        except PageProblem as problem:
            raise problem.with_typed(fields.typed()) from None
        return self._back(token, known)

    async def act(self, request: Request) -> Response:
        """What the raiser can still do: hold the meetings, let them go on, ask somebody else as well, or withdraw the concern."""
        token, case_id, action = token_of(request), str(request.path_params["case"]), str(request.path_params["action"])
        bearer, fields = await read_form(request, self._site.links, "private", token)
        self._site.form_tokens.opened(bearer, "concern", case_id, fields.get(FIELD))
        known = await self._known(request, bearer)
        keep_pace(self._site.pace, _sender(bearer), code=known.clock.language.code)
        mine = await from_door(self._door.of_raiser(bearer.person, bearer.scope))
        case = next((case for case in mine if case.id == case_id), None)
        if case is None:
            raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here", code=known.clock.language.code)
        match action:
            case "hold":
                await from_door(self._door.hold(case))
            case "release":
                await from_door(self._door.release(case))
            case "withdraw":
                await from_door(self._door.withdraw(case))
            case "ask":
                more = {contact.ref for contact in await self._more(known, case)}
                chosen = [ref for ref in fields.all("contact") if ref in more]
                if not chosen and more:
                    return await self._start_page(known, token, wrong=Wrong(f"contact-{case.id}", "choose"))
                await from_door(self._door.ask_also(case, chosen))
            case _:
                raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here", code=known.clock.language.code)
        return self._back(token, known)

    # -- pages ------------------------------------------------------------------------------------------------------------

    async def _about_page(self, known: Known, token: str, fields: Fields, *, wrong: Wrong | None = None) -> Response:
        team = await from_door(self._door.team(known.enrolment))
        message_id = secrets.token_hex(16)
        return self._form(known, token, "concern/about.html", fields, message_id, "new", wrong=wrong, team=team)

    async def _words_page(
        self,
        known: Known,
        token: str,
        fields: Fields,
        subject: str | None,
        message_id: str,
        *,
        wrong: Wrong | None = None,
        trouble: Trouble | None = None,
        **facts: Any,
    ) -> Response:
        try:
            offered = await from_door(self._door.offered(known.enrolment, known.bearer.person, subject))
        except PageProblem as problem:
            raise problem.with_typed(fields.typed()) from None
        return self._form(known, token, "concern/words.html", fields, message_id, "send", wrong=wrong, trouble=trouble, offered=offered, **facts)

    def _form(  # noqa: PLR0917 - what every form has
        self,
        known: Known,
        token: str,
        template: str,
        fields: Fields,
        message_id: str,
        action: str,
        *,
        wrong: Wrong | None,
        trouble: Trouble | None = None,
        **facts: Any,
    ) -> Response:
        troubled = {"away": HTTPStatus.SERVICE_UNAVAILABLE, "sent_before": HTTPStatus.CONFLICT, "often": HTTPStatus.TOO_MANY_REQUESTS}
        status = status_with(wrong) if trouble is None else troubled[trouble]
        signed = self._site.form_tokens.token(known.bearer, "concern", "new", message_id)
        facts |= {"token": signed, "action": action, "target": "", "fields": fields, "wrong": wrong, "trouble": trouble, "refused": None}
        return self._page(known, token, template, status=status, step="new", **facts)

    def _page(self, known: Known, link: str, template: str, *, status: HTTPStatus = HTTPStatus.OK, step: str = "", **facts: Any) -> Response:
        here = Place(self._site.rendering, "concern", link, known.clock.language.isolated(known.texts.title), known.chosen, step=step)
        facts |= {"partner": known.partner, "meetings_over": _meetings_over(known)}
        return self._site.rendering.page(template, known.clock.language, status=status, chosen=known.chosen, here=here, **facts)

    def _back(self, token: str, known: Known) -> Response:
        return see_other(Place(self._site.rendering, "concern", token, "", known.chosen).to())

    # -- what it needs ----------------------------------------------------------------------------------------------------

    async def _known(self, request: Request, bearer: Bearer) -> Known:
        return await self._site.reading.known(bearer, self._site.form_tokens.writer(bearer), chosen_language(request))

    async def _opened(self, request: Request, token: str) -> tuple[Known, Fields, str]:
        """The reader, what they wrote, and the form's own id. If the link expired while somebody was writing, its page shows what was typed."""
        bearer, fields = await read_form(request, self._site.links, "private", token)
        try:
            message_id = self._site.form_tokens.opened(bearer, "concern", "new", fields.get(FIELD))
            return await self._known(request, bearer), fields, message_id
        except PageProblem as problem:
            raise problem.with_typed(fields.typed()) from None

    async def _held(self, known: Known, case: Case) -> Held:
        """What became of the wish to hold the meetings, or `over` once they are."""
        held: Held = await from_door(self._door.held(case))
        return "over" if held != "none" and _meetings_over(known) else held

    async def _subject(self, known: Known, fields: Fields) -> str | None:
        """Whom it is about: the partner, one of the programme's people, somebody by address, or nobody whom we know (None). Raises Wrong."""
        kind = fields.get("about")
        enrolment = known.enrolment
        match kind:
            case "partner":
                return enrolment.people.partner(known.bearer.person)
            case "else":
                email = fields.get("email")
                return await from_door(self._door.by_address(email)) if "@" in email else None
            case "nobody":
                return None
            case _ if any(contact.ref == kind for contact in await from_door(self._door.team(enrolment))):
                return kind
        raise Wrong("about", "choose")

    async def _more(self, known: Known, case: Case) -> list[Contact]:
        """Whom else the raiser could ask."""
        if case.state != "waiting":
            return []
        offered = await from_door(self._door.offered(known.enrolment, known.bearer.person, case.subject))
        return [contact for contact in offered if contact.ref not in case.contacts]


def _sender(bearer: Bearer) -> tuple[str, ...]:
    """Concerns have a pace of their own: whatever else somebody sends too fast must not hold back their concern."""
    return ("concern", *bearer)


def _meetings_over(known: Known) -> bool:
    """Whether there are no meetings left to hold."""
    return known.gone or (known.state is not None and (known.state.closing or known.state.over))


def _chosen(fields: Fields, offered: tuple[Contact, ...]) -> tuple[str, ...]:
    """Raises Wrong if nobody was chosen, or somebody who was not offered."""
    there = {contact.ref for contact in offered}
    chosen = fields.all("contact")
    if not chosen or not there.issuperset(chosen):
        raise Wrong("contact", "choose")
    return chosen


def routes(pages: RaisingConcerns) -> list[PageRoute]:
    table = (
        Route("", look=pages.show),
        Route("/new", look=pages.about_form, act=pages.words_form),
        Route("/send", act=pages.send),
        Route("/{case}/{action}", act=pages.act),
    )
    return page_routes("/concern/{token}", table)
