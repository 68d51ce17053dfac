"""Gauges of the whole service. The web hook serves them because it lives when no worker does, and that is when somebody has to know.

They are counted when Prometheus asks, but not again within a few seconds, since several may ask. Every hook of a service reports the same.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from records.errors import RecordsError
from records.figures import Figures, Waiting
from records.store import Records

KEPT_FOR = 10.0
"""Seconds for which the same figures are reported again."""
_TIMEOUT = 5.0
_STATES = ("pending", "started", "over")
_MAILS = ("sent", "failed", "over_budget", "unsubscribed", "intended")
_log = structlog.stdlib.get_logger("webhook.gauges")

Look = Callable[[], Awaitable[bool]]
"""Checks whether one thing is as it has to be."""


class Gauges(Collector):
    """Registers itself. If figures cannot be had they are left out, so that no old one passes for today's, and `mentorship_ready` says so."""

    def __init__(self, registry: CollectorRegistry, looks: Mapping[str, Look], records: Records) -> None:
        self._looks = looks
        self._records = records
        self._asking = asyncio.Lock()
        self._asked_at: float | None = None
        self._now = datetime.now(UTC)
        self._ready: dict[str, bool] = {}
        self._figures: Figures | None = None
        registry.register(self)

    async def refresh(self) -> None:
        """Asks Temporal and records, unless that was done a moment ago. Raises nothing."""
        async with self._asking:
            if self._asked_at is not None and time.monotonic() - self._asked_at < KEPT_FOR:
                return
            self._now = datetime.now(UTC)
            found, self._figures = await asyncio.gather(asyncio.gather(*(look() for look in self._looks.values())), self._count())
            self._ready = dict(zip(self._looks, found, strict=True))
            self._ready["records"] &= self._figures is not None
            self._asked_at = time.monotonic()

    def collect(self) -> Iterable[Metric]:
        ready = GaugeMetricFamily("mentorship_ready", "Whether what the web hook needs is there.", labels=["of"])
        for name, there in self._ready.items():
            ready.add_metric([name], int(there))
        yield ready
        found = self._figures
        if found is None:
            return
        yield from self._waiting("commands", "Commands that were acknowledged and are not in the journal yet.", found.commands)
        yield from self._waiting("certificates", "Certificates that were decided and have no document yet.", found.certificates)
        yield from self._waiting("lines", "Lines of the coordinators' lists that nobody has taken.", found.lines)
        yield _by_state("mentorship_mentorships", "Mentorships by state.", {state: found.mentorships.get(state, 0) for state in _STATES})
        yield _by_state("mentorship_mails_last_day", "Mails of the last 24 hours by what became of them.", {s: found.mails.get(s, 0) for s in _MAILS})
        if found.audit is not None:
            yield GaugeMetricFamily("mentorship_journal_verified_timestamp_seconds", "When all journals were last verified.", found.audit.at.timestamp())
            yield GaugeMetricFamily("mentorship_journal_findings", "What the last verification of all journals found.", found.audit.findings)

    def _waiting(self, what: str, help_text: str, waiting: Waiting) -> Iterable[Metric]:
        yield GaugeMetricFamily(f"mentorship_{what}_waiting", help_text, waiting.number)
        oldest = (self._now - waiting.since).total_seconds() if waiting.since is not None else 0
        yield GaugeMetricFamily(f"mentorship_{what}_waiting_oldest_seconds", f"For how long the first of them has waited. {help_text}", max(0.0, oldest))

    async def _count(self) -> Figures | None:
        try:
            async with asyncio.timeout(_TIMEOUT):
                return await self._records.watch.figures(self._now)
        except (RecordsError, TimeoutError) as error:
            _log.warning("records unavailable", why=str(error) or f"no answer within {_TIMEOUT:g} s")
            return None


def _by_state(name: str, help_text: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, help_text, labels=["state"])
    for value, number in values.items():
        family.add_metric([value], number)
    return family
