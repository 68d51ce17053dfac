"""All pages, put together and mounted: participants', those about concerns, coordinators'. Without link secrets there are no links: only the open ones stand."""

from __future__ import annotations

import structlog
from fastapi import FastAPI
from temporalio.client import Client

from certificates.issuer import Issuer, IssuerKeysUnusable
from certificates.trust import Trust
from gateway.links import LinkSigner
from gateway.settings import Settings
from records.store import Records
from webhook.concern import asked, raising
from webhook.concern.door import ConcernDoor
from webhook.coordinator import pages as coordinating
from webhook.coordinator.door import CoordinatorDoor
from webhook.door import Clock, Door
from webhook.pace import Pace
from webhook.pages import open as open_pages
from webhook.pages.certificate import CertificatePages
from webhook.pages.forms import Forms
from webhook.pages.known import Reading
from webhook.pages.mails import FreshLinks
from webhook.pages.own import Shared
from webhook.pages.participant import ParticipantPages
from webhook.pages.private import PrivatePages
from webhook.pages.results import Editions
from webhook.pages.shell import PageProblem, Shell

_log = structlog.stdlib.get_logger("webhook.pages")


def mount(app: FastAPI, settings: Settings, client: Client, records: Records, door: Door, *, clock: Clock, fresh: FreshLinks | None, pace: Pace) -> None:
    """`fresh` mails fresh links; without it pages say that none can be sent."""
    shell = Shell(settings.base_url)
    app.add_exception_handler(PageProblem, shell.on_problem)
    shell.mount(app)
    signer = LinkSigner(settings.link_secrets) if settings.link_secrets else None
    reading = Reading(records, signer, settings.webhook_retry_after, clock)
    routes = app.router.routes
    routes.extend(CertificatePages(shell, reading, records, _issuer_trust(settings)).routes())
    routes.extend(open_pages.routes(open_pages.OpenPages(shell, reading, records, fresh), with_links=signer is not None))
    if signer is None:
        _log.warning("no participants' pages: MENTORSHIP_LINK_SECRETS is empty")
        return
    shared = Shared(shell, reading, Forms(settings.link_secrets), door, records, fresh, pace, settings.webhook_max_body)
    editions = Editions(client, records, patience=settings.webhook_timeout, retry_after=settings.webhook_retry_after)
    routes.extend(ParticipantPages(shared, signer, editions, sender=settings.mail_from).routes())
    routes.extend(PrivatePages(shared).routes())
    concerns = ConcernDoor(settings, client, records, clock)
    routes.extend(raising.routes(raising.RaisingConcerns(shared, concerns)))
    routes.extend(asked.routes(asked.AskedForHelp(shared, concerns)))
    routes.extend(coordinating.routes(coordinating.Coordinating(shared, CoordinatorDoor(settings, client, records, clock))))


def _issuer_trust(settings: Settings) -> Trust:
    """Our own issuer's public keys; nobody's when there is no key file here: then files cannot be checked, and pages say so."""
    try:
        return Issuer.of(settings).trust()
    except IssuerKeysUnusable:
        return Trust.nobody()
