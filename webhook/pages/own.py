"""Pages behind a link of one's own: looking is GET and HEAD and changes nothing; a form is one command, and then the page again.

Two kinds of link share this: the page's, which lasts for weeks, and the private one of fifteen minutes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from gateway.links import Bearer, Purpose
from records.store import Records
from webhook.bodies import BODIES
from webhook.door import Door, Receipt
from webhook.pace import Pace
from webhook.pages.actions import Wrong
from webhook.pages.forms import FIELD, Fields, Forms
from webhook.pages.incoming import keep_pace, read_form, waiting
from webhook.pages.known import Known, Reading
from webhook.pages.mails import FreshLinks
from webhook.pages.routes import PageRoute, Route, page_routes
from webhook.pages.shell import PageProblem, Shell
from webhook.pages.view import Page
from webhook.pages.wording import asked_for
from webhook.parsing import digest, validate
from webhook.problems import Problem

JOURNAL_WAIT = 1.2
"""Seconds that a page waits for what was just sent to be journaled; then it says that it is kept."""
TOLD_FOR = timedelta(days=3)
"""How long a page tells what changed nothing."""


@dataclass(frozen=True)
class Shared:
    """What all pages of a process share. `most` is a form's size in bytes, `pace` how often one person may send one; without `fresh` no link can be mailed."""

    shell: Shell
    reading: Reading
    forms: Forms
    door: Door
    records: Records
    fresh: FreshLinks | None
    pace: Pace
    most: int


@dataclass(frozen=True)
class RefusedView:
    """What a page tells of a message that changed nothing. `this`: its sender has just come back from it."""

    name: str
    when: str
    reason: str
    words: tuple[str, ...]
    this: bool


class Here:
    """Addresses of this reader's pages, for templates. `looking_at` is what another language shows as well: it answers a GET."""

    def __init__(self, shell: Shell, kind: str, token: str, known: Known, looking_at: str) -> None:
        self._base = f"{shell.root}/{kind}/{quote(token)}"
        self._this = shell.root + quote(looking_at)
        self._lang = f"?lang={known.chosen}" if known.chosen else ""
        self.concern = f"{shell.root}/concern/{quote(token)}{self._lang}"
        self.title = known.clock.language.isolated(known.texts.title)
        self.coordinators = known.coordinators
        self.kind = kind

    def to(self, action: str = "", target: str | int = "") -> str:
        parts = [self._base, *(quote(str(part), safe="") for part in (action, target) if part != "")]
        return "/".join(parts) + self._lang

    def in_language(self, code: str) -> str:
        return f"{self._this}?lang={code}"


class OwnPages(ABC):
    """One kind of link: `kind` begins its addresses, `purpose` is what its tokens are made for."""

    kind: ClassVar[str]
    purpose: ClassVar[Purpose]

    def __init__(self, shared: Shared) -> None:
        self.shared = shared

    # -- what each kind says of itself ------------------------------------------------------------------------------------

    def routes(self) -> list[PageRoute]:
        """Earlier rows come first: what is no command's form stands before them."""
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
    def _template(self, action: str) -> str: ...

    def _signed(self, action: str) -> str:
        """What the form's token names: a form of one kind of link is none of another."""
        return action

    # -- reading ----------------------------------------------------------------------------------------------------------

    async def known(self, request: Request, bearer: Bearer | None = None) -> Known:
        """Raises PageProblem for a link that opens nothing (any more)."""
        bearer = bearer or self.shared.reading.bearer(self.purpose, token_of(request))
        return await self.shared.reading.known(bearer, self.shared.forms.writer(bearer), asked_for(request.query_params.get("lang")))

    def page(self, request: Request, known: Known, template: str, /, *, status: HTTPStatus = HTTPStatus.OK, **facts: Any) -> Response:
        here = Here(self.shared.shell, self.kind, token_of(request), known, request.url.path)
        return self.shared.shell.page(template, known.clock.language, status=status, chosen=known.chosen, here=here, **facts)

    async def became_of(self, request: Request, bearer: Bearer) -> Receipt | None:
        """What became of the message that the reader comes back from; the partner's are none of their business."""
        message_id = request.query_params.get("m", "")
        if not message_id.startswith(self.shared.forms.writer(bearer)) or len(message_id) > 200 or not message_id.isprintable():
            return None
        await self.shared.reading.journaled(bearer.scope, message_id, JOURNAL_WAIT)
        enrolment = await self.shared.reading.enrolment(bearer.scope)
        if enrolment is None:
            return None
        try:
            return await self.shared.door.receipt(enrolment, message_id)
        except Problem:  # Temporal is away; it has the message all the same
            return Receipt("waiting")

    def refused(self, request: Request, known: Known) -> list[RefusedView]:
        """What of the reader's changed nothing: the message that they come back from, and for some days what was told to nobody,
        since it was handled after its sender had read that it is kept safely (P5). What was so already is no news.
        """
        this = request.query_params.get("m")
        shown = [
            one
            for one in known.refused
            if one.private == (self.purpose == "private") and (one.message_id == this or (one.reason != "already_done" and known.now - one.at < TOLD_FOR))
        ]
        return [RefusedView(one.name, known.clock.when(one.at), one.reason, one.words, one.message_id == this) for one in shown]

    # -- commands ---------------------------------------------------------------------------------------------------------

    async def form(self, request: Request) -> Response:
        known = await self.known(request)
        self._check(request, known, *_action(request))
        return self._form(request, known, Fields())

    async def act(self, request: Request) -> Response:
        action, target = _action(request)
        known, fields, message_id = await self._opened(request, action, target)
        try:
            self.shared.pace.take(known.bearer)
            values = self._values(known, action, target, fields, message_id)
            message_id = await self._send(known, action, target, values, message_id)
        except Wrong as wrong:
            return self._form(request, known, fields, wrong=wrong, message_id=message_id, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        except Problem as problem:
            match problem.status:
                case HTTPStatus.CONFLICT:
                    return self._form(request, known, fields, trouble="over", status=HTTPStatus.CONFLICT)
                case HTTPStatus.SERVICE_UNAVAILABLE as status:
                    return self._form(request, known, fields, trouble="away", message_id=message_id, status=status, headers=problem.headers)
                case HTTPStatus.TOO_MANY_REQUESTS as status:
                    wait = waiting(problem)
                    return self._form(request, known, fields, trouble="often", message_id=message_id, status=status, headers=problem.headers, wait=wait)
                case _:  # the form was sent before, with something else in it
                    return self._form(request, known, fields, trouble="sent_before", status=HTTPStatus.CONFLICT)
        return self.back(request, known, m=message_id)

    async def opened(self, request: Request, action: str, target: str = "") -> tuple[Known, Fields, str]:
        """The reader, what they sent, and what the form carries. Raises PageProblem: also for one form too many."""
        known, fields, carried = await self._opened(request, action, target)
        keep_pace(self.shared.pace, known.bearer, code=known.clock.language.code)
        return known, fields, carried

    async def _opened(self, request: Request, action: str, target: str) -> tuple[Known, Fields, str]:
        """As `opened`, before it is counted; a command's form carries its message's id. What was typed stands on the page of a PageProblem."""
        bearer, fields = await read_form(request, self.shared.reading, self.purpose, token_of(request), self.shared.most)
        try:
            carried = self.shared.forms.opened(bearer, self._signed(action), target, fields.get(FIELD))
            known = await self.known(request, bearer)
            if "action" in request.path_params:
                self._check(request, known, action, target)
        except PageProblem as problem:
            raise problem.with_typed(fields.typed()) from None
        return known, fields, carried

    async def again(self, request: Request) -> Response:
        """Mails a fresh link to whom a link that is too old was made for: the address that we know, never one that is given here. Raises PageProblem."""
        known = await self.known(request, self.shared.reading.bearer_of_old(self.purpose, token_of(request)))
        fresh = self.shared.fresh
        if fresh is None or not await (fresh.send_private(known) if self.purpose == "private" else fresh.send_page(known)):
            raise PageProblem(HTTPStatus.SERVICE_UNAVAILABLE, "no_mail", code=known.clock.language.code)
        return self.page(request, known, "asked.html", sent=True)

    def back(self, request: Request, known: Known, place: str = "", **said: str) -> Response:
        """To the page, or to a place below it, which tells what became of it."""
        asked = urlencode({**said, **({"lang": known.chosen} if known.chosen else {})})
        address = "/".join([f"{self.shared.shell.root}/{self.kind}/{quote(token_of(request))}", *([place] if place else [])]) + f"?{asked}"
        return RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER.value, headers={"Referrer-Policy": "no-referrer"})

    def token(self, known: Known, action: str, target: str | int = "", carried: str | None = None) -> str:
        """For a form; it carries the id of the message that the form would be, unless it is something else."""
        carried = carried if carried is not None else self.shared.forms.message_id(known.bearer, self._signed(action), str(target), known.sent)
        return self.shared.forms.token(known.bearer, self._signed(action), str(target), carried)

    async def _send(self, known: Known, action: str, target: str, values: dict[str, Any], message_id: str) -> str:
        """Through the one door, like a program's; the id that it went under. Raises Problem; Wrong for what the door's model refuses.

        A form that never reached Temporal and was changed since is another message, not a contradiction; changed back, or sent once more, it is
        that one again, of its own instant (P5).
        """
        command, door = self._command(action), self.shared.door
        document = {"by": known.bearer.person, **values}
        body, faults = validate(BODIES[command], document)
        if body is None or faults:
            raise Wrong("", "unusable")
        tried: set[str] = set()
        while True:
            try:
                await door.take(known.enrolment, known.bearer.person, message_id, digest(command, document), body.command)
            except Problem as problem:
                if problem.status != HTTPStatus.UNPROCESSABLE_ENTITY or message_id in known.sent or message_id not in known.taken:
                    raise
                tried.add(message_id)
                message_id = self.shared.forms.message_id(known.bearer, self._signed(action), target, known.sent | tried)
            else:
                return message_id

    def _check(self, request: Request, known: Known, action: str, target: str) -> None:
        """Raises PageProblem (404), with the way back: the link is good, and a pause or somebody's word took what the form was about."""
        if known.state is None or not self._is(known, action, target):
            back = Here(self.shared.shell, self.kind, token_of(request), known, request.url.path).to()
            raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here", code=known.clock.language.code, back=back)

    def _form(
        self,
        request: Request,
        known: Known,
        fields: Fields,
        *,
        wrong: Wrong | None = None,
        trouble: str | None = None,
        message_id: str | None = None,
        status: HTTPStatus = HTTPStatus.OK,
        headers: dict[str, str] | None = None,
        wait: timedelta | None = None,
    ) -> Response:
        action, target = _action(request)
        return self.page(
            request,
            known,
            self._template(action),
            status=status,
            headers=headers,
            page=page_of(known),
            token=self.token(known, action, target, message_id),
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


def token_of(request: Request) -> str:
    return str(request.path_params["token"])


def _action(request: Request) -> tuple[str, str]:
    return str(request.path_params["action"]), str(request.path_params.get("target", ""))
