"""The coordinators' pages, put together and mounted. Without link secrets there are no links, so none of them stands."""

from __future__ import annotations

from fastapi import FastAPI
from temporalio.client import Client

from gateway.links import LinkSigner
from gateway.settings import Settings
from records.store import Records
from webhook.coordinator.door import CoordinatorDoor
from webhook.coordinator.pages import Coordinating, routes
from webhook.door import Clock
from webhook.pace import Pace
from webhook.pages.forms import Forms
from webhook.pages.known import Reading
from webhook.pages.mails import FreshLinks
from webhook.pages.shell import Shell


def mount(app: FastAPI, settings: Settings, client: Client, records: Records, *, clock: Clock, fresh: FreshLinks | None, pace: Pace) -> None:
    """`fresh` mails fresh links; without it the page says that none can be sent."""
    if not settings.link_secrets:
        return
    signer = LinkSigner(settings.link_secrets)
    pages = Coordinating(
        Shell(settings.base_url),
        Reading(records, signer, settings.webhook_retry_after, clock),
        Forms(settings.link_secrets),
        CoordinatorDoor(settings, client, records, clock),
        fresh=fresh,
        pace=pace,
        most=settings.webhook_max_body,
    )
    app.router.routes.extend(routes(pages))
