"""How our programs serve HTTP: until SIGTERM or SIGINT, after which they finish what they took in. They never log paths."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Generator

import structlog
import uvicorn
from starlette.types import ASGIApp

_GRACE = 10
"""Seconds that requests under way have at the end."""

_log = structlog.stdlib.get_logger("webhook")


class CannotListen(Exception):  # noqa: N818 - it says what is the case
    """The port is taken, or the address is not one of this machine's."""


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


async def serve_app(app: ASGIApp, host: str, port: int, stop: asyncio.Event | None = None) -> None:
    """Serves until `stop` is set, or by default until SIGTERM or SIGINT. Raises CannotListen."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
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
    except SystemExit:  # uvicorn has logged why, and would take the process with it
        raise CannotListen(f"cannot listen on {f'[{host}]' if ':' in host else host}:{port}") from None
    finally:
        watching.cancel()


async def _leave(server: uvicorn.Server, leave: asyncio.Event) -> None:
    await leave.wait()
    server.should_exit = True
