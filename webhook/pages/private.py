"""`/private/{token}`: what is only its author's business, behind a link of fifteen minutes. All of it travels as one signal."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from webhook.pages.actions import Wrong, private_probe, private_values, refusal, survey_items
from webhook.pages.forms import FIELD, Fields, read_fields
from webhook.pages.known import Known
from webhook.pages.participant import Here, Participant
from webhook.pages.shell import PageProblem
from webhook.pages.view import Page
from webhook.problems import Problem

KINDS = ("feedback", "pulse", "closing", "pins", "end_wish")


class Private:
    def __init__(self, owner: Participant) -> None:
        self._owner = owner

    async def show(self, request: Request, token: str) -> Response:
        bearer = self._owner.reading.bearer("private", token)
        receipt = await self._owner.became_of(request, bearer)
        known = await self._owner.known(bearer, request)
        page = _page(known)
        here = Here(self._owner, "private", token, known)
        return self._owner.shell.page("private.html", known.clock.language, chosen=known.chosen, here=here, page=page, receipt=receipt)

    async def form(self, request: Request, token: str, kind: str, target: str = "") -> Response:
        bearer = self._owner.reading.bearer("private", token)
        known = await self._owner.known(bearer, request)
        _check(known, kind, target)
        return self._form(known, token, kind, target, Fields())

    async def act(self, request: Request, token: str, kind: str, target: str = "") -> Response:
        fields = await read_fields(request, self._owner.most)
        bearer = self._owner.still("private", token, fields)
        message_id = self._owner.forms.opened(bearer, _action(kind), target, fields.get(FIELD))
        known = None
        try:
            known = await self._owner.known(bearer, request)
            _check(known, kind, target)
            values = private_values(kind, target, fields)
            message_id = await self._owner.send(known, "submit_privately", values, message_id, form=(_action(kind), target))
        except Wrong as wrong:
            assert known is not None
            return self._form(known, token, kind, target, fields, wrong=wrong, message_id=message_id, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        except Problem as problem:
            assert known is not None
            if problem.status == HTTPStatus.CONFLICT:
                return self._form(known, token, kind, target, fields, trouble="over", status=problem.status)
            if problem.status != HTTPStatus.SERVICE_UNAVAILABLE:
                return self._form(known, token, kind, target, fields, trouble="sent_before", status=HTTPStatus.CONFLICT)
            return self._form(known, token, kind, target, fields, trouble="away", message_id=message_id, status=problem.status, headers=problem.headers)
        except PageProblem as problem:
            raise problem.with_typed(fields.typed()) from None
        return self._owner.back("private", token, known, message_id)

    def _form(
        self,
        known: Known,
        token: str,
        kind: str,
        target: str,
        fields: Fields,
        *,
        wrong: Wrong | None = None,
        trouble: str | None = None,
        message_id: str | None = None,
        status: HTTPStatus = HTTPStatus.OK,
        headers: dict[str, str] | None = None,
    ) -> Response:
        forms = self._owner.forms
        message_id = message_id or forms.message_id(known.bearer, _action(kind), target, known.sent)
        page = _page(known)
        return self._owner.shell.page(
            f"private/{'survey' if kind in ('pulse', 'closing') else kind}.html",
            known.clock.language,
            status=status,
            headers=headers,
            chosen=known.chosen,
            here=Here(self._owner, "private", token, known),
            page=page,
            token=forms.token(known.bearer, _action(kind), target, message_id),
            action=kind,
            target=target,
            items=survey_items(kind),
            fields=fields,
            wrong=wrong,
            trouble=trouble,
            refused=None if status != HTTPStatus.OK else refusal(known, private_probe(kind, target)),
        )


def _action(kind: str) -> str:
    return f"private/{kind}"


def _page(known: Known) -> Page:
    if known.state is None:
        raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here", code=known.clock.language.code)
    return Page(known, known.state)


def _check(known: Known, kind: str, target: str) -> None:
    state = known.state
    number = target.isdecimal() and len(target) < 5 and state is not None and state.meeting(int(target)) is not None
    if kind not in KINDS or number != (kind == "feedback") or (kind != "feedback" and target):
        raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here", code=known.clock.language.code)


def router(owner: Participant) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    private = Private(owner)
    seeing = ["GET", "HEAD"]

    async def show(request: Request, token: str) -> Response:
        return await private.show(request, token)

    async def again(request: Request, token: str) -> Response:
        return await owner.again(request, "private", token)

    async def form(request: Request, token: str, kind: str, target: str = "") -> Response:
        return await private.form(request, token, kind, target)

    async def act(request: Request, token: str, kind: str, target: str = "") -> Response:
        return await private.act(request, token, kind, target)

    routes.add_api_route("/private/{token}", show, methods=seeing)
    routes.add_api_route("/private/{token}/again", again, methods=["POST"])
    for path in ("/private/{token}/{kind}", "/private/{token}/{kind}/{target}"):
        routes.add_api_route(path, form, methods=seeing)
        routes.add_api_route(path, act, methods=["POST"])
    return routes
