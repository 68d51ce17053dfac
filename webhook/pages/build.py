"""The pages, put together and mounted. Without link secrets there are no links, so only the open pages stand."""

from __future__ import annotations

import structlog
from fastapi import FastAPI
from temporalio.client import Client

from certificates.issuer import Issuer, IssuerKeysUnusable
from certificates.trust import Trust
from gateway.links import LinkSigner
from gateway.settings import Settings
from records.store import Records
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
    app.router.routes.extend(CertificatePages(shell, reading, records, issuer_trust(settings)).routes())
    pages = open_pages.OpenPages(shell, reading, records, fresh)
    app.router.routes.extend(open_pages.routes(pages, with_links=signer is not None))
    if signer is None:
        _log.warning("no participants' pages: MENTORSHIP_LINK_SECRETS is empty")
        return
    shared = Shared(shell, reading, Forms(settings.link_secrets), door, records, fresh, pace, settings.webhook_max_body)
    editions = Editions(client, records, patience=settings.webhook_timeout, retry_after=settings.webhook_retry_after)
    app.router.routes.extend(ParticipantPages(shared, signer, editions, sender=settings.mail_from).routes())
    app.router.routes.extend(PrivatePages(shared).routes())


def issuer_trust(settings: Settings) -> Trust:
    """Our own issuer's public keys; nobody's when there is no key file here: then files cannot be checked, and pages say so."""
    try:
        return Issuer.load(settings.issuer_key_file, name=settings.issuer_name, did=settings.issuer_did, url=settings.issuer_url).trust()
    except IssuerKeysUnusable:
        return Trust.nobody()
