"""The web hook's process: opens what it needs, serves until SIGTERM or SIGINT, finishes what it took in, and leaves with 0."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Generator

import structlog
import uvicorn

from gateway import logs
from gateway.connect import TemporalUnavailable, connect
from gateway.keyring import KeyringUnusable
from gateway.settings import Settings, SettingsInvalid
from notices.smtp import Mailer
from records.errors import RecordsError
from records.store import Records
from webhook.app import create_app

_GRACE = 10
"""Seconds that requests under way have at the end."""

_log = structlog.stdlib.get_logger("webhook")


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn raises them again once it is done, which would kill the process before records are closed."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for server in getattr(self, "servers", ()):
            for listening in server.sockets:
                _log.info("listening", port=listening.getsockname()[1])


async def serve(settings: Settings, stop: asyncio.Event | None = None) -> None:
    """Serves until `stop` is set, or by default until SIGTERM or SIGINT.

    Temporal may be down: requests get 503 until it is back. Raises KeyringUnusable, RecordsError, TemporalUnavailable (configuration),
    and SystemExit when the port is taken.
    """
    keyring = settings.keyring()
    client = await connect(settings, keyring, role="webhook", lazy=True)
    records = await Records.open(settings.database_url, keyring)
    try:
        config = uvicorn.Config(
            create_app(settings, client, records, post=_mailer(settings)),
            host=settings.webhook_host,
            port=settings.webhook_port,
            log_config=None,
            access_log=False,  # paths hold tokens and the company's ids
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=_GRACE,
        )
        server = _Server(config)
        loop = asyncio.get_running_loop()
        leave = stop or asyncio.Event()
        if stop is None:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, leave.set)
        watching = loop.create_task(_leave(server, leave))
        try:
            await server.serve()
        finally:
            watching.cancel()
    finally:
        await records.close()


def _mailer(settings: Settings) -> Mailer:
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else None
    return Mailer(settings.smtp_host, settings.smtp_port, settings.smtp_user, password, settings.smtp_tls, settings.smtp_timeout)


async def _leave(server: uvicorn.Server, leave: asyncio.Event) -> None:
    await leave.wait()
    server.should_exit = True


def main() -> None:
    """The console script `mentorship-webhook`. Exit 1 with one line when it cannot start."""
    try:
        settings = Settings.load()
        logs.configure(settings.log_format, settings.log_level)
        asyncio.run(serve(settings))
    except (SettingsInvalid, KeyringUnusable, RecordsError, TemporalUnavailable, ValueError) as error:
        sys.stderr.write(f"mentorship-webhook: {error}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
