"""`/coordinator/{token}`: which pairs need a person, why, and one next step each (P7). GET and HEAD change nothing. If two act, the first counts."""

from __future__ import annotations

from datetime import date, datetime
from http import HTTPStatus
from urllib.parse import quote, urlencode

from fastapi import Request, Response

from gateway.links import Bearer
from records.lines import OUTCOMES
from webhook.coordinator.door import CoordinatorDoor
from webhook.coordinator.view import DAYS, GROUPS, Board, Group, Item
from webhook.pages.addresses import see_other, token_of
from webhook.pages.fields import Wrong, status_with
from webhook.pages.form_tokens import FIELD
from webhook.pages.forms import Fields, keep_pace, read_fields
from webhook.pages.languages import chosen_language
from webhook.pages.problems import PageProblem, from_door
from webhook.pages.rendering import Rendering
from webhook.pages.routes import PageRoute, Route, page_routes
from webhook.pages.site import Site


class Here:
    """Addresses of this reader's list, for templates."""

    def __init__(self, rendering: Rendering, token: str, board: Board, ref: str = "", **asked: str) -> None:
        self._list = f"{rendering.root}/coordinator/{quote(token)}"
        self._here = f"{self._list}/{ref}" if ref else self._list
        self._asked = asked
        self._lang = {"lang": board.chosen} if board.chosen else {}
        self.title = board.spoken.isolated(board.title)

    def show(self, group: str = "", page: int = 1) -> str:
        return _asking(self._list, {**({"show": group} if group else {}), **({"page": str(page)} if page > 1 else {}), **self._lang})

    def to(self, ref: str, action: str = "") -> str:
        return _asking("/".join(part for part in (self._list, ref, action) if part), self._lang)

    def done(self, ref: str) -> str:
        return _asking(self._list, {"done": ref, **self._lang})

    def in_language(self, code: str) -> str:
        return _asking(self._here, {**self._asked, "lang": code})


class Coordinating:
    def __init__(self, site: Site, door: CoordinatorDoor) -> None:
        self._site = site
        self._door = door

    # -- reading ----------------------------------------------------------------------------------------------------------

    async def show(self, request: Request) -> Response:
        token = token_of(request)
        bearer = self._site.links.bearer("coordinator", token)
        board = await self._board(request, bearer)
        asked = request.query_params
        group: Group = next((group for group in GROUPS if group == asked.get("show")), board.first)
        number = max(1, int(asked["page"])) if asked.get("page", "").isdecimal() and len(asked["page"]) < 5 else 1
        pairs, pages = board.page(group, number)
        done = board.item(asked.get("done", ""))
        return self._site.rendering.page(
            "coordinator/list.html",
            board.spoken,
            chosen=board.chosen,
            here=Here(self._site.rendering, token, board, show=group),
            board=board,
            group=group,
            pairs=pairs,
            page=number,
            pages=pages,
            done=done,
            followed=done is None or done.group != "closed" or await from_door(self._door.followed(done.entry)),
            token_for=lambda action, item: self._token(bearer, board, action, item),
        )

    async def line(self, request: Request) -> Response:
        token = token_of(request)
        bearer = self._site.links.bearer("coordinator", token)
        board = await self._board(request, bearer)
        return self._line_page(token, bearer, board, _found(board, request.path_params["ref"]), fields=Fields())

    def _line_page(self, token: str, bearer: Bearer, board: Board, item: Item, *, fields: Fields, wrong: Wrong | None = None) -> Response:
        return self._site.rendering.page(
            "coordinator/line.html",
            board.spoken,
            status=status_with(wrong),
            chosen=board.chosen,
            here=Here(self._site.rendering, token, board, item.ref),
            board=board,
            item=item,
            drafts=board.drafts(item),
            days=[(str(days), board.day(days)) for days in DAYS],
            outcomes=OUTCOMES,
            fields=fields,
            wrong=wrong,
            token_for=lambda action, of: self._token(bearer, board, action, of),
        )

    # -- writing ----------------------------------------------------------------------------------------------------------

    async def act(self, request: Request) -> Response:
        """Takes one form, then shows the list, which says what became of it."""
        token, ref, action = token_of(request), str(request.path_params["ref"]), str(request.path_params["action"])
        bearer = self._site.links.bearer("coordinator", token)
        fields = await read_fields(request)
        stamp = self._site.form_tokens.opened(bearer, action, ref, fields.get(FIELD))
        board = await self._board(request, bearer)
        keep_pace(self._site.pace, bearer, code=board.spoken.code)
        item = _found(board, ref)
        try:
            await from_door(self._do(action, item, bearer.person, board, fields, stamp))
        except Wrong as wrong:
            return self._line_page(token, bearer, board, item, fields=fields, wrong=wrong)
        return see_other(Here(self._site.rendering, token, board).done(ref))

    async def _do(self, action: str, item: Item, by: str, board: Board, fields: Fields, stamp: str) -> None:  # noqa: PLR0917 - a form and its reader
        """Raises Wrong, and PageProblem (404) for an action that does not exist."""
        match action:
            case "take":
                await self._door.take(item.entry, by)
            case "take_over":
                if stamp == _holding(item):  # whoever the reader saw with it still has it
                    await self._door.take(item.entry, by, instead_of=item.entry.line.taken_by)
            case "give_back":
                await self._door.give_back(item.entry, by)
            case "set_aside":
                await self._door.set_aside(item.entry, by, _until(board, fields, stamp))
            case "close" if not item.closes_itself:
                outcome = next((outcome for outcome in OUTCOMES if outcome == fields.get("outcome")), None)
                if outcome is None:
                    raise Wrong("outcome", "choose")
                await self._door.close(item.entry, by, outcome)
            case _:
                raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here", code=board.spoken.code)

    async def again(self, request: Request) -> Response:
        """Mails a fresh link to the bearer of one that is too old, if they still look after the cohort. Raises PageProblem."""
        bearer = self._site.links.bearer_of_old("coordinator", token_of(request))
        await read_fields(request)
        board = await self._board(request, bearer)
        if not await self._site.fresh.send_list(bearer):
            raise PageProblem(HTTPStatus.SERVICE_UNAVAILABLE, "no_mail", code=board.spoken.code)
        return self._site.rendering.page("asked.html", board.spoken, chosen=board.chosen, sent=True)

    # -- what it needs ----------------------------------------------------------------------------------------------------

    async def _board(self, request: Request, bearer: Bearer) -> Board:
        """Raises PageProblem: 404 for somebody who does not look after this cohort (any more), 503."""
        seen = await from_door(self._door.overview(bearer))
        if seen is None:
            raise PageProblem(HTTPStatus.NOT_FOUND, "link_invalid")
        return Board(seen, chosen_language(request))

    def _token(self, bearer: Bearer, board: Board, action: str, item: Item) -> str:
        stamp = {"set_aside": board.today.isoformat(), "take_over": _holding(item)}.get(action, "none")
        return self._site.form_tokens.token(bearer, action, item.ref, stamp)


def _found(board: Board, ref: str) -> Item:
    item = board.item(ref)
    if item is None:
        raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here", code=board.spoken.code)
    return item


def _holding(item: Item) -> str:
    """Since when somebody has the line. A form that was made while somebody else had it, or nobody, takes it from nobody."""
    at = item.entry.line.taken_at
    return at.isoformat() if at is not None else "none"


def _until(board: Board, fields: Fields, stamp: str) -> datetime:
    """Counted from the day on which the form was shown, so that a repeat says the same. Raises Wrong."""
    days = next((days for days in DAYS if str(days) == fields.get("days")), None)
    if days is None:
        raise Wrong("days", "choose")
    until = board.morning(days, date.fromisoformat(stamp))
    if until <= board.clock.now:
        raise Wrong("days", "choose")
    return until


def _asking(address: str, asked: dict[str, str]) -> str:
    return f"{address}?{urlencode(asked)}" if asked else address


def routes(pages: Coordinating) -> list[PageRoute]:
    table = (
        Route("", look=pages.show),
        Route("/again", act=pages.again),
        Route("/{ref}", look=pages.line),
        Route("/{ref}/{action}", act=pages.act),
    )
    return page_routes("/coordinator/{token}", table)
