"""The meetings as a calendar to subscribe to, and the page with its link. The calendar tells times and that there is a partner, never a topic or a name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus

from fastapi import Request, Response

from gateway.links import Addresses, Bearer
from mentorship.effects import MeetingFacts
from notices.calendar import feed
from notices.envelope import domain
from webhook.pages.addresses import token_of
from webhook.pages.meetings import left_over
from webhook.pages.personal import PersonalPages
from webhook.pages.problems import PageProblem
from webhook.pages.reading import Known
from webhook.pages.routes import Route


class CalendarPages:
    """Below a participant's page. `sender` is that of the mails, since the calendar continues their series."""

    def __init__(self, pages: PersonalPages, addresses: Addresses, sender: str) -> None:
        self._pages = pages
        self._site = pages.site
        self._addresses = addresses
        self._sender = sender

    @property
    def routes(self) -> Sequence[Route]:
        return (Route("/calendar.ics", look=self.feed), Route("/calendar", look=self.show, act=self.new_link))

    async def feed(self, request: Request) -> Response:
        """The meetings as a calendar to subscribe to; its own token opens nothing else."""
        bearer = await self._bearer(token_of(request))
        content = feed_of(_with_calendar(await self._pages.known(request, bearer)), self._sender)
        return Response(content, media_type="text/calendar; charset=utf-8", headers={"Content-Disposition": 'inline; filename="meetings.ics"'})

    async def show(self, request: Request) -> Response:
        known = _with_calendar(await self._pages.known(request))
        address = self._addresses.of("calendar", known.bearer, after=known.calendar_after)
        token = self._pages.token(known, "calendar", carried=_instant(known.calendar_after))
        replaced = request.query_params.get("done") == "calendar" and known.calendar_after is not None
        subscribe = "webcal:" + address.partition(":")[2]
        return self._pages.page(request, known, "calendar.html", address=address, subscribe=subscribe, token=token, replaced=replaced)

    async def new_link(self, request: Request) -> Response:
        """Revokes all links made so far. The form carries the instant of the last revocation, so that a second click revokes nothing more."""
        known, _, seen = await self._pages.opened(request, "calendar")
        if seen == _instant(_with_calendar(known).calendar_after):
            now = datetime.now(UTC).replace(microsecond=0)  # as tokens are dated
            renewed = self._site.records.calendar_links.renew(known.bearer.scope, known.bearer.person, now, seen=known.calendar_after)
            await self._site.reading.ask(renewed)
        return self._pages.back(request, known, "calendar", done="calendar")

    async def _bearer(self, token: str) -> Bearer:
        """Whose calendar link it is. Raises PageProblem, also for one that its owner has replaced."""
        bearer, made_at = self._site.links.opened("calendar", token)
        after = await self._site.reading.ask(self._site.records.calendar_links.valid_after(bearer.scope, bearer.person))
        if after is not None and made_at <= after:
            raise PageProblem(HTTPStatus.GONE, "calendar_replaced")
        return bearer


def feed_of(known: Known, sender: str) -> bytes:
    """All meetings but those called off or left over by an early end. Empty before the mentorship begins."""
    spoken = known.clock.language
    translated = spoken.translations.ugettext
    state = known.state
    meetings = []
    if state is not None:
        length = state.rules.duration.span
        standing = (m for m in state.meetings if m.cancelled is None and not left_over(state, m))
        meetings = [MeetingFacts(meeting=m.n, start=m.start, ends=m.start + length, confirmed=m.confirmed) for m in standing]
    return feed(
        meetings,
        mentorship=known.bearer.scope,
        sequence=state.calendar_sequence if state is not None else 0,
        stamp=known.now.replace(microsecond=0),
        domain=domain(sender),
        title=translated("Mentoring conversation"),
        description=translated("To move this meeting, call it off or say that it happened, use your page: the link is in your mails."),
    )


def _with_calendar(known: Known) -> Known:
    """Raises PageProblem once nothing is kept, for revoked links too: that they were revoked is not kept either."""
    if known.gone:
        raise PageProblem(HTTPStatus.GONE, "nothing_here", code=known.clock.language.code)
    return known


def _instant(instant: datetime | None) -> str:
    return instant.isoformat() if instant is not None else "never"
