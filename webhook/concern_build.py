"""The pages about concerns, put together and mounted beside the others. Without link secrets there are no links, so none of them stands."""

from __future__ import annotations

from fastapi import FastAPI
from temporalio.client import Client

from gateway.links import LinkSigner
from gateway.settings import Settings
from records.store import Records
from webhook import concern, concern_case
from webhook.concern_door import ConcernDoor
from webhook.door import Clock
from webhook.pace import Pace
from webhook.pages.forms import Forms
from webhook.pages.known import Reading
from webhook.pages.shell import Shell


def mount(app: FastAPI, settings: Settings, client: Client, records: Records, *, clock: Clock, pace: Pace) -> None:
    if not settings.link_secrets:
        return
    shell = Shell(settings.base_url)
    reading = Reading(records, LinkSigner(settings.link_secrets), settings.webhook_retry_after, clock)
    forms = Forms(settings.link_secrets)
    door = ConcernDoor(settings, client, records, clock)
    app.router.routes.extend(concern.routes(concern.RaisingConcerns(shell, reading, forms, door, pace=pace, most=settings.webhook_max_body)))
    asked = concern_case.AskedForHelp(shell, reading, forms, door, records=records, pace=pace, most=settings.webhook_max_body)
    app.router.routes.extend(concern_case.routes(asked))
