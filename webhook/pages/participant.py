"""`/p/{token}`: a participant's page and its forms. Below it are its reader's own pages: calendar, reminders, certificate, private link."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from fastapi import Request, Response

from gateway.links import Addresses, LinkSigner
from mentorship.policy.milestones import milestone_facts
from webhook.pages.actions import ACTIONS, SEVERAL, is_open
from webhook.pages.beforehand import refusal
from webhook.pages.calendar import CalendarPages
from webhook.pages.fields import Wrong
from webhook.pages.forms import Fields
from webhook.pages.new_link import PrivateLinkPage
from webhook.pages.outcomes import refused
from webhook.pages.own_certificate import Editions, OwnCertificatePage
from webhook.pages.personal import PersonalPages, Said, page_of
from webhook.pages.reading import Known
from webhook.pages.reminders import ReminderPages
from webhook.pages.routes import Route
from webhook.pages.site import Site

WE_MET = Fields([("held", "yes")])


class ParticipantPages(PersonalPages):
    kind = "p"
    purpose = "page"

    def __init__(self, site: Site, signer: LinkSigner, editions: Editions, *, sender: str) -> None:
        super().__init__(site)
        self._calendar = CalendarPages(self, Addresses(signer, site.rendering.base_url), sender)
        self._certificate = OwnCertificatePage(self, editions)

    @property
    def further(self) -> Sequence[Route]:
        return (*self._calendar.routes, *ReminderPages(self).routes, *self._certificate.routes, *PrivateLinkPage(self).routes)

    async def show(self, request: Request) -> Response:
        known, receipts = await self.known_after(request)
        if known.state is None:
            return self.page(request, known, "waiting.html", known=known)
        facts: dict[str, Any] = {
            "receipts": receipts,
            "refused": refused(request, known, private=False),
            "tokens": partial(self.token, known),
            "linkedin": await self._certificate.linkedin(known),
            "done": request.query_params.get("done"),
        }
        return self.page(request, known, "participant.html", page=page_of(known), **facts)

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
                return number or (target == "all" and found.target == "meeting_or_all") or (action == "report_meeting" and target in ("", SEVERAL))
            case "milestone":
                return any(fact.id == target for fact in milestone_facts(state))
            case "goal":
                return target in state.goals or (action == "set_goal" and target == "")
            case "report":
                return any(report.code == target for report in known.reports)

    def _values(self, known: Known, action: str, target: str, fields: Fields, message_id: str) -> dict[str, Any]:
        return ACTIONS[action].values(fields, known, target, message_id)

    def _refused(self, known: Known, action: str, target: str) -> str | None:
        if known.state is None:
            return None
        if target == SEVERAL and not page_of(known).meetings.to_report:
            return "already_done" if known.state.decided is None else "decided"
        if target == SEVERAL or is_open(known, action, target):
            return None
        if target == "all" and known.state.pausing is not None:  # the core says that all are accepted: there are none
            return "paused"
        *_, last = ACTIONS[action].probes(known, known.state, target)
        return refusal(known, last)

    def _command(self, action: str) -> str:
        return action

    def _template(self, action: str, target: str) -> str:
        return f"acts/{action}{'_several' if target == SEVERAL else ''}.html"

    # -- several meetings in one form -------------------------------------------------------------------------------------

    def _carried(self, known: Known, action: str, target: str) -> str:
        """For several meetings, the id that each one's own form would send: said here and there, it is the same message."""
        if target != SEVERAL:
            return super()._carried(known, action, target)
        return " ".join(f"{n}={message_id}" for n, message_id in self._ids(known, action).items())

    def _said(self, known: Known, action: str, target: str, fields: Fields, carried: str) -> Sequence[Said]:
        if target != SEVERAL:
            return super()._said(known, action, target, fields, carried)
        ids = self._ids(known, action) | dict(pair.split("=") for pair in carried.split())
        chosen = [n for n in fields.all("meeting") if n in ids]
        if not chosen:
            raise Wrong("meeting", "choose")
        return [Said(n, ids[n], self._values(known, action, n, WE_MET, ids[n])) for n in chosen]

    def _ids(self, known: Known, action: str) -> dict[str, str]:
        assert known.state is not None
        return {str(meeting.n): self._message_id(known, action, str(meeting.n)) for meeting in known.state.meetings if meeting.start <= known.now}

    def _many(self, target: str, fields: Fields) -> int:
        return max(1, len(fields.all("meeting"))) if target == SEVERAL else 1
