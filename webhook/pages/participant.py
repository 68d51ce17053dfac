"""`/p/{token}`: a participant's page, its forms, and what belongs to its reader alone: calendar, reminders, certificate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response

from certificates.linkedin import add_to_profile
from gateway.links import Addresses, LinkSigner
from mentorship.policy.milestones import milestone_facts
from webhook.door import Receipt
from webhook.pages import feed
from webhook.pages.actions import ACTIONS, is_open, refusal
from webhook.pages.forms import Fields
from webhook.pages.known import Known
from webhook.pages.own import OwnPages, Shared, page_of, token_of
from webhook.pages.results import Editions, shows_results
from webhook.pages.routes import Route
from webhook.pages.shell import PageProblem
from webhook.problems import Problem


class ParticipantPages(OwnPages):
    kind = "p"
    purpose = "page"

    def __init__(self, shared: Shared, signer: LinkSigner, editions: Editions, *, sender: str) -> None:
        super().__init__(shared)
        self._addresses = Addresses(signer, shared.shell.base_url)
        self._editions = editions
        self._sender = sender

    @property
    def further(self) -> Sequence[Route]:
        return (
            Route("/calendar.ics", look=self.feed),
            Route("/calendar", look=self.calendar, act=self.new_calendar_link),
            Route("/reminders", look=self.reminders, act=self.change_reminders),
            Route("/certificate", look=self.certificate, act=self.change_certificate),
            Route("/private_link", look=self.private_link, act=self.mail_private_link),
        )

    async def show(self, request: Request) -> Response:
        bearer = self.shared.reading.bearer(self.purpose, token_of(request))
        receipt = await self.became_of(request, bearer)
        known = await self.known(request, bearer)
        if known.state is None:
            return self.page(request, known, "waiting.html", known=known, receipt=receipt)

        def tokens(action: str, target: str | int = "") -> str:
            """For the small forms on the page itself."""
            return self.token(known, action, target)

        facts: dict[str, Any] = {
            "receipt": receipt,
            "refused": self.refused(request, known),
            "tokens": tokens,
            "linkedin": await self._linkedin(known),
            "done": request.query_params.get("done"),
        }
        return self.page(request, known, "page.html", page=page_of(known), **facts)

    # -- commands ---------------------------------------------------------------------------------------------------------

    def _is(self, known: Known, action: str, target: str) -> bool:
        found, state = ACTIONS.get(action), known.state
        if found is None or state is None:
            return False
        match found.target:
            case "none":
                return target == ""
            case "meeting" | "meeting_or_all":
                number = target.isdecimal() and len(target) < 5 and state.meeting(int(target)) is not None
                return number or (target == "all" and found.target == "meeting_or_all") or (action == "report_meeting" and target == "")
            case "milestone":
                return any(fact.id == target for fact in milestone_facts(state))
            case "goal":
                return target in state.goals or (action == "set_goal" and target == "")
            case "report":
                return any(report.code == target for report in known.reports)

    def _values(self, known: Known, action: str, target: str, fields: Fields, message_id: str) -> dict[str, Any]:
        return ACTIONS[action].values(fields, known, target, message_id)

    def _refused(self, known: Known, action: str, target: str) -> str | None:
        if known.state is None or is_open(known, action, target):
            return None
        *_, last = ACTIONS[action].probes(known, known.state, target)
        return refusal(known, last)

    def _command(self, action: str) -> str:
        return action

    def _template(self, action: str) -> str:
        return f"acts/{action}.html"

    # -- the calendar -----------------------------------------------------------------------------------------------------

    async def feed(self, request: Request) -> Response:
        """The meetings as a calendar to subscribe to; its own token opens nothing else."""
        bearer = await self.shared.reading.calendar_bearer(token_of(request))
        content = feed.calendar(_with_calendar(await self.known(request, bearer)), self._sender)
        return Response(content, media_type="text/calendar; charset=utf-8", headers={"Content-Disposition": 'inline; filename="meetings.ics"'})

    async def calendar(self, request: Request) -> Response:
        known = _with_calendar(await self.known(request))
        address = self._addresses.of("calendar", known.bearer, after=known.calendar_after)
        token = self.token(known, "calendar", carried=_instant(known.calendar_after))
        replaced = request.query_params.get("done") == "calendar" and known.calendar_after is not None
        subscribe = "webcal:" + address.partition(":")[2]
        return self.page(request, known, "calendar.html", address=address, subscribe=subscribe, token=token, replaced=replaced)

    async def new_calendar_link(self, request: Request) -> Response:
        """All that were made so far stop opening. The form carries since when that was so: a second click revokes nothing more."""
        known, _, seen = await self.opened(request, "calendar")
        if seen == _instant(_with_calendar(known).calendar_after):
            now = datetime.now(UTC).replace(microsecond=0)  # as tokens are dated
            renewed = self.shared.records.calendar_links.renew(known.bearer.scope, known.bearer.person, now, seen=known.calendar_after)
            await self.shared.reading.ask(renewed)
        return self.back(request, known, "calendar", done="calendar")

    # -- reminders --------------------------------------------------------------------------------------------------------

    async def reminders(self, request: Request) -> Response:
        known = await self.known(request)
        return self.page(request, known, "reminders.html", off=known.unsubscribed, token=self.token(known, "reminders", carried="none"))

    async def change_reminders(self, request: Request) -> Response:
        known, fields, _ = await self.opened(request, "reminders")
        notices, on = self.shared.records.notices, fields.get("reminders") == "on"
        await self.shared.reading.ask(notices.subscribe_again(known.bearer.person) if on else notices.unsubscribe(known.bearer.person))
        return self.back(request, known, done="reminders")

    # -- the certificate --------------------------------------------------------------------------------------------------

    async def certificate(self, request: Request) -> Response:
        known = await self.known(request)
        asked = request.query_params.get("asked")
        receipt = None
        if known.certificate is not None and asked in ("yes", "no"):
            made = await self.shared.reading.ask(self._editions.made(known.certificate, results=asked == "yes"))
            receipt = Receipt("accepted" if made else "waiting")
            known = await self.known(request)
        return await self._certificate(request, known, receipt=receipt)

    async def change_certificate(self, request: Request) -> Response:
        """Says share and milestones from now on, or no longer: a new edition takes the place of the one before (H8)."""
        known, fields, _ = await self.opened(request, "certificate")
        wanted = fields.get("results")
        if known.certificate is None or known.certificate.status != "valid":
            return await self._certificate(request, known)
        if wanted not in ("yes", "no"):
            return await self._certificate(request, known, trouble="choose", status=HTTPStatus.UNPROCESSABLE_ENTITY)
        try:
            await self._editions.wish(known.certificate, results=wanted == "yes")
        except Problem as problem:
            return await self._certificate(request, known, trouble="away", status=problem.status, headers=problem.headers)
        return self.back(request, known, "certificate", asked=wanted)

    async def _certificate(self, request: Request, known: Known, *, status: HTTPStatus = HTTPStatus.OK, **facts: Any) -> Response:
        certificate = known.certificate
        if certificate is None:
            raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here", code=known.clock.language.code)
        facts = {
            "trouble": None,
            "receipt": None,
            "certificate": certificate,
            "shown": shows_results(certificate),
            "linkedin": await self._linkedin(known),
            "token": self.token(known, "certificate", carried="none"),
            **facts,
        }
        return self.page(request, known, "own_certificate.html", status=status, **facts)

    async def _linkedin(self, known: Known) -> str | None:
        """An address that fills in LinkedIn's form; nothing is sent until its reader opens it."""
        certificate = known.certificate
        if certificate is None or certificate.status != "valid":
            return None
        credential = await self.shared.reading.ask(self.shared.records.certificates.credential(certificate.id))
        return add_to_profile(credential, certificate.fields.get("time_zone"))

    # -- the private link -------------------------------------------------------------------------------------------------

    async def private_link(self, request: Request) -> Response:
        return self._private_link(request, await self.known(request), sent=False)

    async def mail_private_link(self, request: Request) -> Response:
        """Not counted, as no mailed link is: concerns are raised behind this one, and what else came too fast keeps none back (H16)."""
        known, _, _ = await self._opened(request, "private_link", "")
        sent = self.shared.fresh is not None and await self.shared.fresh.send_private(known)
        return self._private_link(request, known, sent=sent, trouble=not sent)

    def _private_link(self, request: Request, known: Known, *, sent: bool, trouble: bool = False) -> Response:
        status = HTTPStatus.SERVICE_UNAVAILABLE if trouble else HTTPStatus.OK
        facts = {"sent": sent, "trouble": trouble, "can_mail": self.shared.fresh is not None}
        return self.page(request, known, "private_link.html", status=status, token=self.token(known, "private_link", carried="none"), **facts)


def _with_calendar(known: Known) -> Known:
    """Raises PageProblem once nothing is kept: also for links that were revoked, since that they were is not kept either."""
    if known.gone:
        raise PageProblem(HTTPStatus.GONE, "nothing_here", code=known.clock.language.code)
    return known


def _instant(instant: datetime | None) -> str:
    return instant.isoformat() if instant is not None else "never"
