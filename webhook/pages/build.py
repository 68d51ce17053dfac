"""Mounts all pages: participants', those about concerns, coordinators'. Without link secrets, it mounts only those that need no link."""

from __future__ import annotations

import structlog
from fastapi import FastAPI
from temporalio.client import Client

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
from webhook.pages.certificate import CertificatePages
from webhook.pages.form_tokens import FormTokens
from webhook.pages.fresh_links import FreshLinks, Post
from webhook.pages.links import Links
from webhook.pages.new_link import NewLinkPages
from webhook.pages.own_certificate import Editions
from webhook.pages.participant import ParticipantPages
from webhook.pages.private import PrivatePages
from webhook.pages.problem_pages import ProblemPages
from webhook.pages.problems import PageProblem
from webhook.pages.reading import Reading
from webhook.pages.reminders import UnsubscribePages
from webhook.pages.rendering import Rendering
from webhook.pages.site import Site
from webhook.pages.who_sees_what import WhoSeesWhat

_log = structlog.stdlib.get_logger("webhook.pages")


def mount(
    app: FastAPI, settings: Settings, client: Client, records: Records, door: Door, *, clock: Clock, post: Post, pace: Pace, trust: Trust
) -> ProblemPages:
    """`trust` has our own issuer's public keys. Nobody's when there is no key file here: files cannot be checked then, and pages say so."""
    rendering = Rendering(settings.base_url)
    rendering.mount(app)
    reading = Reading(records, settings.webhook_retry_after, clock)
    problems = ProblemPages(rendering, reading)
    app.add_exception_handler(PageProblem, problems.of)
    routes = app.router.routes
    routes.extend(CertificatePages(rendering, reading, records, trust).routes())
    routes.extend(WhoSeesWhat(rendering).routes())
    if not settings.link_secrets:
        _log.warning("no participants' pages: MENTORSHIP_LINK_SECRETS is empty")
        return problems
    signer = LinkSigner(settings.link_secrets)
    links = Links(signer)
    fresh = FreshLinks(records, signer, post, clock, base_url=settings.base_url, sender=settings.mail_from)
    routes.extend(NewLinkPages(rendering, fresh).routes())
    routes.extend(UnsubscribePages(rendering, links, reading, records).routes())
    site = Site(rendering, links, reading, FormTokens(settings.link_secrets), door, records, fresh, pace)
    editions = Editions(client, records, patience=settings.webhook_timeout, retry_after=settings.webhook_retry_after)
    routes.extend(ParticipantPages(site, signer, editions, sender=settings.mail_from).routes())
    routes.extend(PrivatePages(site).routes())
    concerns = ConcernDoor(settings, client, records, clock)
    routes.extend(raising.routes(raising.RaisingConcerns(site, concerns)))
    routes.extend(asked.routes(asked.AskedForHelp(site, concerns)))
    routes.extend(coordinating.routes(coordinating.Coordinating(site, CoordinatorDoor(settings, client, records, clock))))
    return problems
