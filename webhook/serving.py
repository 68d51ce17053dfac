"""How our programs serve HTTP: until they are told to stop, after which they finish what they took in. They never log paths."""

from __future__ import annotations

import asyncio
import contextlib
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


async def serve_app(app: ASGIApp, host: str, port: int, stop: asyncio.Event) -> None:
    """Serves until `stop` is set. Raises CannotListen."""
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
    watching = asyncio.create_task(_leave(server, stop))
    try:
        await server.serve()
    except SystemExit:  # uvicorn has logged why, and would take the process with it
        raise CannotListen(f"cannot listen on {f'[{host}]' if ':' in host else host}:{port}") from None
    finally:
        watching.cancel()


async def _leave(server: uvicorn.Server, stop: asyncio.Event) -> None:
    await stop.wait()
    server.should_exit = True
