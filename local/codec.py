"""The admins' door on this machine: the UI is shown clear text without anybody signing in.

On a host of its own a login stands before it. Here it listens on loopback, and who can open the UI here may read: so this shows
the token for whatever a browser sends from that UI's own pages. Everything else still has to bring one.
"""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway import event_loop, logs
from gateway.connect import target
from gateway.settings import Settings
from gateway.stopping import Stop
from webhook.codec.app import create_app
from webhook.serving import serve_app


class ShownFor:
    """ASGI middleware. A browser says truthfully which page asks; no other site's page can say that it is the UI's."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...], token: str) -> None:
        self._app = app
        self._origins = origins
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and Headers(scope=scope).get("origin") in self._origins:
            MutableHeaders(scope=scope)["authorization"] = f"Bearer {self._token}"
        await self._app(scope, receive, send)


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    app = create_app(settings, settings.keyring(), target().namespace)
    shown = ShownFor(app, settings.codec_origins, settings.codec_tokens[-1].get_secret_value())
    await serve_app(shown, settings.codec_host, settings.codec_port, stop)


def main() -> None:
    settings = Settings.load()
    logs.configure(settings.log_format, settings.log_level)
    event_loop.run(serve(settings, Stop()))


if __name__ == "__main__":
    main()
