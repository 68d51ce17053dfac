"""The web hook's process: opens what it needs, serves until SIGTERM or SIGINT, finishes what it took in, and exits with 0."""

from __future__ import annotations

import asyncio
import sys

from gateway import event_loop, logs
from gateway.connect import TemporalUnavailable, connect
from gateway.keyring import KeyringUnusable
from gateway.leaving import leave
from gateway.no_arguments import no_arguments
from gateway.settings import Settings, SettingsInvalid
from gateway.stopping import Stop
from gateway.streams import stand_in_for_what_is_closed
from gateway.telemetry import make_runtime, start_tracing
from notices.smtp import Mailer
from records.errors import RecordsError
from records.store import Records
from webhook.app import create_app
from webhook.serving import CannotListen, serve_app

_BUSY = 5.0
"""Seconds that a command waits for a SQLite file that another program has locked. After them the sender gets a 503 rather than wait for longer."""


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Serves until `stop` is set.

    Temporal may be down: requests get 503 until it is back. Raises KeyringUnusable, RecordsError, TemporalUnavailable (configuration),
    and CannotListen.
    """
    keyring = settings.keyring()
    client = await connect(settings, keyring, role="webhook", interceptors=start_tracing("webhook"), runtime=make_runtime(None), lazy=True)
    records = await Records.open(settings.database_url, keyring, busy=_BUSY)
    try:
        app = create_app(settings, client, records, post=_mailer(settings))
        await serve_app(app, settings.webhook_host, settings.webhook_port, stop)
    finally:
        await records.close()


def _mailer(settings: Settings) -> Mailer:
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else None
    return Mailer(settings.smtp_host, settings.smtp_port, settings.smtp_user, password, settings.smtp_tls, settings.smtp_timeout)


def main() -> None:
    """The console script `mentorship-webhook`. An error is one line; exit 2 means an unusable configuration, 1 that something cannot be reached."""
    stand_in_for_what_is_closed()
    no_arguments("mentorship-webhook", "Serves the web hook, people's pages and the metrics.")
    try:
        settings = Settings.load()
        logs.configure(settings.log_format, settings.log_level)
        event_loop.run(serve(settings, Stop()))
    except (SettingsInvalid, KeyringUnusable, TemporalUnavailable, ValueError) as error:
        sys.stderr.write(f"mentorship-webhook: {error}\n")
        sys.exit(2)
    except RecordsError as error:
        sys.stderr.write(f"mentorship-webhook: {error}\n")
        sys.exit(1)
    except CannotListen as error:
        sys.stderr.write(f"mentorship-webhook: {error}; see MENTORSHIP_WEBHOOK_HOST and MENTORSHIP_WEBHOOK_PORT\n")
        leave(1)  # Temporal's client exists by now
    leave()


if __name__ == "__main__":
    main()
