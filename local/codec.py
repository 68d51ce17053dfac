"""The admins' door on this machine: the UI shows clear text without a login.

On a host of its own, the door requires a login. Here it listens on loopback, and everybody who can open the UI may read. So this adds the token
to whatever a browser sends from that UI's own pages; every other request must still bring one.
"""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway import event_loop, logs
from gateway.connect import configured
from gateway.settings import Settings
from gateway.stopping import Stop
from webhook.codec.app import create_app
from webhook.serving import serve_app


class ShownFor:
    """ASGI middleware. A browser truthfully says which page asks, and no other site's page can claim to be the UI's."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...], token: str) -> None:
        self._app = app
        self._origins = origins
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and Headers(scope=scope).get("origin") in self._origins:
            MutableHeaders(scope=scope)["authorization"] = f"Bearer {self._token}"
        await self._app(scope, receive, send)


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    app = create_app(settings, settings.keyring(), configured()["namespace"])
    shown = ShownFor(app, settings.codec_origins, settings.codec_tokens[-1].get_secret_value())
    await serve_app(shown, settings.codec_host, settings.codec_port, stop)


def main() -> None:
    settings = Settings.load()
    logs.configure(settings.log_format, settings.log_level)
    event_loop.run(serve(settings, Stop()))


if __name__ == "__main__":
    main()
