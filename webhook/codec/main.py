"""`mentorship-codec`: shows admins clear text in Temporal's UI, until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import sys

from gateway import event_loop, logs
from gateway.connect import TemporalUnavailable, configured
from gateway.keyring import KeyringUnusable
from gateway.leaving import leave
from gateway.no_arguments import no_arguments
from gateway.settings import Settings, SettingsInvalid
from gateway.stopping import Stop
from gateway.streams import stand_in_for_what_is_closed
from webhook.codec.app import create_app
from webhook.serving import CannotListen, serve_app


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Serves the namespace that TEMPORAL_NAMESPACE names. Raises KeyringUnusable, TemporalUnavailable, ValueError (no token, no origin)."""
    await serve_app(create_app(settings, settings.keyring(), configured()["namespace"]), settings.codec_host, settings.codec_port, stop)


def main() -> None:
    """An error is one line; exit 2 means an unusable configuration, 1 that the port is taken. It needs nothing else."""
    stand_in_for_what_is_closed()
    no_arguments("mentorship-codec", "Shows admins clear text in Temporal's UI.")
    try:
        settings = Settings.load()
        logs.configure(settings.log_format, settings.log_level)
        event_loop.run(serve(settings, Stop()))
    except (SettingsInvalid, KeyringUnusable, TemporalUnavailable, ValueError) as error:
        sys.stderr.write(f"mentorship-codec: {error}\n")
        sys.exit(2)
    except CannotListen as error:
        sys.stderr.write(f"mentorship-codec: {error}; see MENTORSHIP_CODEC_HOST and MENTORSHIP_CODEC_PORT\n")
        sys.exit(1)
    leave()


if __name__ == "__main__":
    main()
