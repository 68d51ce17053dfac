"""Pages behind a personal link. Looking (GET, HEAD) changes nothing; a form sends a command, or several, and then leads back to the page.

Two kinds of link share this: the page's, which lasts for weeks, and the private one of fifteen minutes.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from fastapi import Request, Response

from gateway.links import Bearer, Purpose
from webhook.bodies import BODIES
from webhook.door import Receipt
from webhook.pages.addresses import Here, see_other, token_of
from webhook.pages.fields import Wrong
from webhook.pages.form_tokens import FIELD
from webhook.pages.forms import Fields, keep_pace, read_form, waiting
from webhook.pages.languages import chosen_language
from webhook.pages.outcomes import MOST_NAMED, became_of
from webhook.pages.participant_view import Page
from webhook.pages.problems import PageProblem
from webhook.pages.reading import Known
from webhook.pages.routes import PageRoute, Route, page_routes
from webhook.pages.site import Site
from webhook.parsing import digest, validate
from webhook.problems import Problem


@dataclass(frozen=True)
class Said:
    """One command of a form: what it is about, the id of its message, and its body."""

    target: str
    message_id: str
    values: dict[str, Any]


class PersonalPages(ABC):
    """One kind of link: `kind` begins its addresses, `purpose` is what its tokens are made for."""

    kind: ClassVar[str]
    purpose: ClassVar[Purpose]

    def __init__(self, site: Site) -> None:
        self.site = site

    # -- what each kind says of itself ------------------------------------------------------------------------------------

    def routes(self) -> list[PageRoute]:
        """Earlier rows take precedence, so what is not a command's form comes before the commands."""
        table = (
            Route("", look=self.show),
            Route("/again", act=self.again),
            *self.further,
            Route("/{action}", look=self.form, act=self.act),
            Route("/{action}/{target}", look=self.form, act=self.act),
        )
        return page_routes(f"/{self.kind}/{{token}}", table)

    @property
    def further(self) -> Sequence[Route]:
        """Addresses that are no command's form."""
        return ()

    @abstractmethod
    async def show(self, request: Request) -> Response: ...

    @abstractmethod
    def _is(self, known: Known, action: str, target: str) -> bool:
        """Whether there is such an action, and such a thing to do it to."""

    @abstractmethod
    def _values(self, known: Known, action: str, target: str, fields: Fields, message_id: str) -> dict[str, Any]:
        """The command's body. Raises Wrong."""

    @abstractmethod
    def _refused(self, known: Known, action: str, target: str) -> str | None:
        """Why the core would refuse it now, or None."""

    @abstractmethod
    def _command(self, action: str) -> str:
        """The signal's name."""

    @abstractmethod
    def _template(self, action: str, target: str) -> str: ...

    def _signed(self, action: str) -> str:
        """What the form's token names. A form of one kind of link must not pass for one of another."""
        return action

    def _carried(self, known: Known, action: str, target: str) -> str:
        """What a form's token carries: the id of the message that the form would send."""
        return self._message_id(known, action, target)

    def _said(self, known: Known, action: str, target: str, fields: Fields, carried: str) -> Sequence[Said]:
        """Every command of the form. Raises Wrong."""
        return (Said(target, carried, self._values(known, action, target, fields, carried)),)

    def _many(self, target: str, fields: Fields) -> int:  # noqa: ARG002 - as of every kind
        """How many commands the form sends at most."""
        return 1

    # -- reading ----------------------------------------------------------------------------------------------------------

    async def known(self, request: Request, bearer: Bearer | None = None) -> Known:
        """What records know of the link's bearer. Raises PageProblem for a link that opens nothing (any more)."""
        bearer = bearer or self.site.links.bearer(self.purpose, token_of(request))
        return await self.site.reading.known(bearer, self.site.form_tokens.writer(bearer), chosen_language(request))

    async def known_after(self, request: Request) -> tuple[Known, tuple[Receipt, ...]]:
        """Waits first for what became of what the reader has just sent, so that the page shows what it changed."""
        bearer = self.site.links.bearer(self.purpose, token_of(request))
        receipts = await became_of(self.site, request, bearer)
        return await self.known(request, bearer), receipts

    def page(self, request: Request, known: Known, template: str, /, *, status: HTTPStatus = HTTPStatus.OK, **facts: Any) -> Response:
        here = Here(self.site.rendering, self.kind, token_of(request), known, request.url.path)
        return self.site.rendering.page(template, known.clock.language, status=status, chosen=known.chosen, here=here, **facts)

    # -- commands ---------------------------------------------------------------------------------------------------------

    async def form(self, request: Request) -> Response:
        known = await self.known(request)
        self._check(request, known, *_action(request))
        return self._form(request, known, Fields())

    async def act(self, request: Request) -> Response:
        action, target = _action(request)
        known, fields, carried = await self.opened_uncounted(request, action, target)
        try:
            self.site.pace.take(known.bearer, self._many(target, fields))
            said = self._said(known, action, target, fields, carried)
            # At once, so that each keeps this instant even while Temporal is away (P5). What was sent of a form that comes back is a repeat the next time.
            sent = await asyncio.gather(*(self._send(known, action, one) for one in said), return_exceptions=True)
            for failure in sent:
                if isinstance(failure, BaseException):
                    raise failure
        except Wrong as wrong:
            return self._form(request, known, fields, wrong=wrong, carried=carried, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        except Problem as problem:
            match problem.status:
                case HTTPStatus.CONFLICT:
                    return self._form(request, known, fields, trouble="over", status=HTTPStatus.CONFLICT)
                case HTTPStatus.SERVICE_UNAVAILABLE as status:
                    return self._form(request, known, fields, trouble="away", carried=carried, status=status, headers=problem.headers)
                case HTTPStatus.TOO_MANY_REQUESTS as status:
                    wait = waiting(problem)
                    return self._form(request, known, fields, trouble="often", carried=carried, status=status, headers=problem.headers, wait=wait)
                case _:  # the form was sent before, with something else in it
                    return self._form(request, known, fields, trouble="sent_before", status=HTTPStatus.CONFLICT)
        return self.back(request, known, m=[str(message_id) for message_id in sent[-MOST_NAMED:]])

    async def opened(self, request: Request, action: str, target: str = "") -> tuple[Known, Fields, str]:
        """The reader, what they sent, and what the form carries. Raises PageProblem, also for one form too many."""
        known, fields, carried = await self.opened_uncounted(request, action, target)
        keep_pace(self.site.pace, known.bearer, code=known.clock.language.code)
        return known, fields, carried

    async def opened_uncounted(self, request: Request, action: str, target: str) -> tuple[Known, Fields, str]:
        """Like `opened`, but does not count the form. A command's form carries its message's id. A PageProblem's page shows what was typed."""
        bearer, fields = await read_form(request, self.site.links, self.purpose, token_of(request))
        try:
            carried = self.site.form_tokens.opened(bearer, self._signed(action), target, fields.get(FIELD))
            known = await self.known(request, bearer)
            if "action" in request.path_params:
                self._check(request, known, action, target)
        except PageProblem as problem:
            raise problem.with_typed(fields.typed()) from None
        return known, fields, carried

    async def again(self, request: Request) -> Response:
        """Mails a fresh link to the bearer of one that is too old: to the address that we know, never to one that is given here. Raises PageProblem."""
        known = await self.known(request, self.site.links.bearer_of_old(self.purpose, token_of(request)))
        if not await self.site.fresh.send(known, self.purpose):
            raise PageProblem(HTTPStatus.SERVICE_UNAVAILABLE, "no_mail", code=known.clock.language.code)
        return self.page(request, known, "asked.html", sent=True)

    def back(self, request: Request, known: Known, place: str = "", **said: str | Sequence[str]) -> Response:
        """Redirects to the page, or to a place below it, which says what became of the form."""
        asked = urlencode({**said, **({"lang": known.chosen} if known.chosen else {})}, doseq=True)
        return see_other("/".join([f"{self.site.rendering.root}/{self.kind}/{quote(token_of(request))}", *([place] if place else [])]) + f"?{asked}")

    def token(self, known: Known, action: str, target: str | int = "", carried: str | None = None) -> str:
        """A form's token. It carries `carried`, by default what its command needs."""
        carried = carried if carried is not None else self._carried(known, action, str(target))
        return self.site.form_tokens.token(known.bearer, self._signed(action), str(target), carried)

    def _message_id(self, known: Known, action: str, target: str, tried: frozenset[str] = frozenset()) -> str:
        return self.site.form_tokens.message_id(known.bearer, self._signed(action), target, known.sent | tried)

    async def _send(self, known: Known, action: str, said: Said) -> str:
        """Sends it through the same door as a program's command, and returns its message id. Raises Problem; Wrong for what the door's model refuses.

        A form that never reached Temporal and was changed since is a new message, not a contradiction. If it is changed back, or sent once more,
        it is the earlier message again, with that one's instant (P5).
        """
        command, door = self._command(action), self.site.door
        document, message_id = {"by": known.bearer.person, **said.values}, said.message_id
        body, faults = validate(BODIES[command], document)
        if body is None or faults:
            raise Wrong("", "unusable")
        tried: frozenset[str] = frozenset()
        while True:
            try:
                await door.take(known.enrolment, known.bearer.person, message_id, digest(command, document), body.command)
            except Problem as problem:
                if problem.status != HTTPStatus.UNPROCESSABLE_ENTITY or message_id in known.sent or message_id not in known.taken:
                    raise
                tried |= {message_id}
                message_id = self._message_id(known, action, said.target, tried)
            else:
                return message_id

    def _check(self, request: Request, known: Known, action: str, target: str) -> None:
        """Raises PageProblem (404) with the way back: the link is good, but a pause or a message has removed what the form was about."""
        if known.state is None or not self._is(known, action, target):
            back = Here(self.site.rendering, self.kind, token_of(request), known, request.url.path).to()
            raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here", code=known.clock.language.code, back=back)

    def _form(
        self,
        request: Request,
        known: Known,
        fields: Fields,
        *,
        wrong: Wrong | None = None,
        trouble: str | None = None,
        carried: str | None = None,
        status: HTTPStatus = HTTPStatus.OK,
        headers: dict[str, str] | None = None,
        wait: timedelta | None = None,
    ) -> Response:
        action, target = _action(request)
        return self.page(
            request,
            known,
            self._template(action, target),
            status=status,
            headers=headers,
            page=page_of(known),
            token=self.token(known, action, target, carried),
            action=action,
            target=target,
            fields=fields,
            wrong=wrong,
            trouble=trouble,
            wait=wait,
            refused=self._refused(known, action, target) if status == HTTPStatus.OK else None,
        )


def page_of(known: Known) -> Page:
    """Raises PageProblem (404) before the mentorship has begun."""
    if known.state is None:
        raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here", code=known.clock.language.code)
    return Page(known, known.state)


def _action(request: Request) -> tuple[str, str]:
    return str(request.path_params["action"]), str(request.path_params.get("target", ""))
