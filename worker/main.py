"""`mentorship-worker`: runs workflows and activities until SIGTERM or SIGINT, then stops within the grace."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack

import structlog
from temporalio.common import WorkerDeploymentVersion

from certificates.issuer import Issuer, IssuerKeysUnusable
from certificates.typesetting import fonts_left_out
from gateway import event_loop
from gateway.connect import TemporalUnavailable, connect, refuse_without_namespace
from gateway.keyring import KeyringUnusable
from gateway.leaving import leave
from gateway.logs import configure
from gateway.no_arguments import no_arguments
from gateway.settings import Settings, SettingsInvalid
from gateway.stopping import Stop
from gateway.streams import stand_in_for_what_is_closed
from gateway.telemetry import make_runtime, start_tracing
from records.errors import RecordsError
from records.store import Records
from worker.build import workers
from worker.ports import activities
from worker.sweeping import sweeping

log = structlog.get_logger("worker")


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Runs until `stop` is set. Raises what `Settings.keyring`, `connect`, `make_runtime`, `Records.open` and `Issuer.of` raise."""
    keyring = settings.keyring()
    issuer = Issuer.of(settings)
    async with AsyncExitStack() as stack:
        records = await Records.open(settings.database_url, keyring)
        stack.push_async_callback(records.close)
        client = await connect(settings, keyring, role="worker", interceptors=start_tracing("worker"), runtime=make_runtime(settings.metrics_address))
        await refuse_without_namespace(client)
        told = asyncio.create_task(stop.wait())  # from here on what has begun is ended in order
        running = [
            await stack.enter_async_context(worker) for worker in workers(client, activities(settings, records, client, issuer), version=_version(settings))
        ]
        await stack.enter_async_context(sweeping(records.retention, records.clock.agreed))
        _tell_of_fonts(settings)
        log.info("worker_started", build_id=settings.build_id)
        await told
        log.info("worker_stopping")
        await asyncio.gather(*(worker.shutdown() for worker in running))  # together: otherwise the last would take new work until the others were done
    log.info("worker_stopped")


def _version(settings: Settings) -> WorkerDeploymentVersion | None:
    return WorkerDeploymentVersion(settings.deployment, settings.build_id) if settings.build_id is not None else None


def _tell_of_fonts(settings: Settings) -> None:
    for path, why in fonts_left_out(settings.font_folder):
        log.warning("font_left_out", path=str(path), why=why)


def main() -> None:
    """Exit 0 after a signal, 2 when the configuration is not usable, 1 when something cannot be reached."""
    stand_in_for_what_is_closed()
    no_arguments("mentorship-worker", "Runs workflows and activities.")
    try:
        settings = Settings.load()
        configure(settings.log_format, settings.log_level)
        event_loop.run(run(settings, Stop()))
    except (SettingsInvalid, KeyringUnusable, IssuerKeysUnusable, ValueError) as error:
        print(f"mentorship-worker: {error}", file=sys.stderr)  # noqa: T201 - logging may not stand yet
        sys.exit(2)
    except (TemporalUnavailable, RecordsError, RuntimeError) as error:
        print(f"mentorship-worker: {error}", file=sys.stderr)  # noqa: T201
        leave(1)  # Temporal's client may have run
    leave()


if __name__ == "__main__":
    main()
