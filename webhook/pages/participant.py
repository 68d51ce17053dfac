"""`/p/{token}`: a participant's page and its forms. GET and HEAD change nothing; a POST is one command, then the page again."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway.links import Bearer
from gateway.settings import Settings
from mentorship.policy import milestone_facts
from webhook.bodies import BODIES
from webhook.door import Door, Receipt
from webhook.pages import feed
from webhook.pages.actions import ACTIONS, Wrong, is_open, refusal
from webhook.pages.forms import FIELD, Fields, Forms, read_fields
from webhook.pages.known import Known, Reading
from webhook.pages.mails import FreshLinks
from webhook.pages.shell import PageProblem, Shell
from webhook.pages.view import Page
from webhook.pages.wording import asked_for
from webhook.problems import Problem
from webhook.reading import digest, validate

JOURNAL_WAIT = 1.2
"""Seconds that a page waits for what was just sent to be journaled; then it says that it is kept."""


class Participant:
    """Pages of one person; also what the private pages share with them."""

    def __init__(self, shell: Shell, reading: Reading, forms: Forms, door: Door, *, fresh: FreshLinks | None, settings: Settings) -> None:
        self.shell = shell
        self.reading = reading
        self.forms = forms
        self.door = door
        self.fresh = fresh
        self.most = settings.webhook_max_body
        self.sender = settings.mail_from

    async def known(self, bearer: Bearer, request: Request) -> Known:
        return await self.reading.known(bearer, self.forms.writer(bearer), asked_for(request.query_params.get("lang")))

    # -- the page ---------------------------------------------------------------------------------------------------------

    async def show(self, request: Request, token: str) -> Response:
        bearer = self.reading.bearer("page", token)
        receipt = await self.became_of(request, bearer)
        known = await self.known(bearer, request)
        here = Here(self, "p", token, known)
        if known.state is None:
            return self.shell.page("waiting.html", known.clock.language, chosen=known.chosen, here=here, known=known, receipt=receipt)
        page = Page(known, known.state)
        return self.shell.page("page.html", known.clock.language, chosen=known.chosen, here=here, page=page, receipt=receipt, tokens=self.tokens(known))

    def tokens(self, known: Known) -> Callable[[str, str | int], str]:
        """Makes the tokens of the small forms on the page itself."""

        def made(action: str, target: str | int) -> str:
            message_id = self.forms.message_id(known.bearer, action, str(target), known.sent)
            return self.forms.token(known.bearer, action, str(target), message_id)

        return made

    async def became_of(self, request: Request, bearer: Bearer) -> Receipt | None:
        """What became of the message that the reader comes back from; the partner's are none of their business."""
        message_id = request.query_params.get("m", "")
        if not message_id.startswith(self.forms.writer(bearer)) or len(message_id) > 200:
            return None
        await self.reading.journaled(bearer.scope, message_id, JOURNAL_WAIT)
        enrolment = await self.reading.enrolment(bearer.scope)
        if enrolment is None:
            return None
        try:
            return await self.door.receipt(enrolment, message_id)
        except Problem:  # Temporal is away; it has the message all the same
            return Receipt("waiting")

    # -- the forms --------------------------------------------------------------------------------------------------------

    async def form(self, request: Request, token: str, action: str, target: str = "") -> Response:
        bearer = self.reading.bearer("page", token)
        known = await self.known(bearer, request)
        _check(known, action, target)
        return self._form(known, token, action, target, Fields())

    async def act(self, request: Request, token: str, action: str, target: str = "") -> Response:
        fields = await read_fields(request, self.most)
        bearer = self.still("page", token, fields)
        message_id = self.forms.opened(bearer, action, target, fields.get(FIELD))
        known = None
        try:
            known = await self.known(bearer, request)
            _check(known, action, target)
            values = ACTIONS[action].values(fields, known, target, message_id)
            message_id = await self.send(known, action, values, message_id, form=(action, target))
        except Wrong as wrong:
            assert known is not None
            return self._form(known, token, action, target, fields, wrong=wrong, message_id=message_id, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        except Problem as problem:
            assert known is not None
            if problem.status == HTTPStatus.CONFLICT:
                return self._form(known, token, action, target, fields, trouble="over", status=problem.status)
            if problem.status != HTTPStatus.SERVICE_UNAVAILABLE:  # the form was sent before, with something else in it
                return self._form(known, token, action, target, fields, trouble="sent_before", status=HTTPStatus.CONFLICT)
            return self._form(known, token, action, target, fields, trouble="away", message_id=message_id, status=problem.status, headers=problem.headers)
        except PageProblem as problem:
            raise problem.with_typed(fields.typed()) from None
        return self.back("p", token, known, message_id)

    async def send(self, known: Known, action: str, values: dict[str, Any], message_id: str, *, form: tuple[str, str]) -> str:
        """Through the one door, like a program's; the id that it went under. Raises Problem; Wrong for what the door's model refuses.

        A form that never reached Temporal and was changed since is another message, not a contradiction.
        """
        document = {"by": known.bearer.person, **values}
        body, faults = validate(BODIES[action], document)
        if body is None or faults:
            raise Wrong("", "unusable")
        try:
            await self.door.take(known.enrolment, known.bearer.person, message_id, digest(action, document), body.command)
        except Problem as problem:
            if problem.status != HTTPStatus.UNPROCESSABLE_ENTITY or message_id in known.sent:
                raise
            message_id = self.forms.message_id(known.bearer, *form, known.taken)
            await self.door.take(known.enrolment, known.bearer.person, message_id, digest(action, document), body.command)
        return message_id

    def back(self, kind: str, token: str, known: Known, message_id: str) -> Response:
        asked = urlencode({"m": message_id, **({"lang": known.chosen} if known.chosen else {})})
        return RedirectResponse(
            f"{self.shell.root}/{kind}/{quote(token)}?{asked}", status_code=HTTPStatus.SEE_OTHER, headers={"Referrer-Policy": "no-referrer"}
        )

    def still(self, purpose: Any, token: str, fields: Fields) -> Bearer:
        """A link that went stale while somebody was writing: the page about it shows what was typed."""
        try:
            return self.reading.bearer(purpose, token)
        except PageProblem as problem:
            raise problem.with_typed(fields.typed()) from None

    def _form(
        self,
        known: Known,
        token: str,
        action: str,
        target: str,
        fields: Fields,
        *,
        wrong: Wrong | None = None,
        trouble: str | None = None,
        message_id: str | None = None,
        status: HTTPStatus = HTTPStatus.OK,
        headers: dict[str, str] | None = None,
    ) -> Response:
        if known.state is None:
            raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here", code=known.clock.language.code)
        message_id = message_id or self.forms.message_id(known.bearer, action, target, known.sent)
        return self.shell.page(
            f"acts/{action}.html",
            known.clock.language,
            status=status,
            headers=headers,
            chosen=known.chosen,
            here=Here(self, "p", token, known),
            page=Page(known, known.state),
            token=self.forms.token(known.bearer, action, target, message_id),
            action=action,
            target=target,
            fields=fields,
            wrong=wrong,
            trouble=trouble,
            refused=None if status != HTTPStatus.OK or is_open(known, action, target) else _why(known, action, target),
        )

    # -- other things on this path ----------------------------------------------------------------------------------------

    async def calendar(self, token: str) -> Response:
        """The meetings as a calendar to subscribe to; its own token opens nothing else."""
        bearer = self.reading.bearer("calendar", token)
        known = await self.reading.known(bearer, self.forms.writer(bearer), None)
        content = feed.calendar(known, self.sender)
        return Response(content, media_type="text/calendar; charset=utf-8", headers={"Content-Disposition": 'inline; filename="meetings.ics"'})

    async def private_link(self, request: Request, token: str) -> Response:
        bearer = self.reading.bearer("page", token)
        known = await self.known(bearer, request)
        return self._private_link(known, token, sent=False)

    async def mail_private_link(self, request: Request, token: str) -> Response:
        fields = await read_fields(request, self.most)
        bearer = self.reading.bearer("page", token)
        self.forms.opened(bearer, "private_link", "", fields.get(FIELD))
        known = await self.known(bearer, request)
        if self.fresh is None or not await self.fresh.send_private(known):
            return self._private_link(known, token, sent=False, trouble=True)
        return self._private_link(known, token, sent=True)

    def _private_link(self, known: Known, token: str, *, sent: bool, trouble: bool = False) -> Response:
        return self.shell.page(
            "private_link.html",
            known.clock.language,
            status=HTTPStatus.SERVICE_UNAVAILABLE if trouble else HTTPStatus.OK,
            chosen=known.chosen,
            here=Here(self, "p", token, known),
            token=self.forms.token(known.bearer, "private_link", "", "none"),
            sent=sent,
            trouble=trouble,
            can_mail=self.fresh is not None,
        )

    async def again(self, request: Request, purpose: Any, token: str) -> Response:
        """Mails a fresh link to whom a link that is too old was made for: the address that we know, never one that is given here."""
        bearer = self.reading.bearer_of_old(purpose, token)
        known = await self.known(bearer, request)
        if self.fresh is not None:
            await (self.fresh.send_private(known) if purpose == "private" else self.fresh.send_page(known))
        return self.shell.page("asked.html", known.clock.language, chosen=known.chosen)


class Here:
    """Addresses of this reader's pages, for templates."""

    def __init__(self, owner: Participant, kind: str, token: str, known: Known) -> None:
        self._base = f"{owner.shell.root}/{kind}/{quote(token)}"
        self._lang = f"?lang={known.chosen}" if known.chosen else ""
        self.concern = f"{owner.shell.root}/concern/{quote(token)}{self._lang}"
        self.lang = known.chosen
        self.title = known.texts.title
        self.who_sees_what = f"{owner.shell.root}/who-sees-what{self._lang}"
        self.kind = kind

    def to(self, action: str = "", target: str | int = "") -> str:
        parts = [self._base, *(quote(str(part), safe="") for part in (action, target) if part != "")]
        return "/".join(parts) + self._lang

    def in_language(self, code: str) -> str:
        return f"{self._base}?lang={code}"


def _check(known: Known, action: str, target: str) -> None:
    """Raises PageProblem (404) for an action or a target that there is not."""
    found = ACTIONS.get(action)
    state = known.state
    if found is None or state is None:
        raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here", code=known.clock.language.code)
    match found.target:
        case "none":
            there = target == ""
        case "meeting" | "meeting_or_all":
            number = target.isdecimal() and len(target) < 5 and state.meeting(int(target)) is not None
            there = number or (target == "all" and found.target == "meeting_or_all") or (action == "report_meeting" and target == "")
        case "milestone":
            there = any(fact.id == target for fact in milestone_facts(state))
        case "goal":
            there = target in state.goals or (action == "set_goal" and target == "")
        case "report":
            there = any(report.code == target for report in known.reports)
    if not there:
        raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here", code=known.clock.language.code)


def _why(known: Known, action: str, target: str) -> str | None:
    assert known.state is not None
    return refusal(known, ACTIONS[action].probe(known, known.state, target))


def router(owner: Participant) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    seeing = ["GET", "HEAD"]

    async def show(request: Request, token: str) -> Response:
        return await owner.show(request, token)

    async def calendar(token: str) -> Response:
        return await owner.calendar(token)

    async def private_link(request: Request, token: str) -> Response:
        return await owner.private_link(request, token)

    async def mail_private_link(request: Request, token: str) -> Response:
        return await owner.mail_private_link(request, token)

    async def again(request: Request, token: str) -> Response:
        return await owner.again(request, "page", token)

    async def form(request: Request, token: str, action: str, target: str = "") -> Response:
        return await owner.form(request, token, action, target)

    async def act(request: Request, token: str, action: str, target: str = "") -> Response:
        return await owner.act(request, token, action, target)

    routes.add_api_route("/p/{token}", show, methods=seeing)
    routes.add_api_route("/p/{token}/calendar.ics", calendar, methods=seeing)
    routes.add_api_route("/p/{token}/private_link", private_link, methods=seeing)
    routes.add_api_route("/p/{token}/private_link", mail_private_link, methods=["POST"])
    routes.add_api_route("/p/{token}/again", again, methods=["POST"])
    for path in ("/p/{token}/{action}", "/p/{token}/{action}/{target}"):
        routes.add_api_route(path, form, methods=seeing)
        routes.add_api_route(path, act, methods=["POST"])
    return routes
