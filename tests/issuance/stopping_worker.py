"""A real worker that stops at one step of each pair's issuance and reports it, so that a test can kill it there: `stopping_worker.py STOPS`.

STOPS is JSON. For each mentorship it gives the step, the addresses of the two, and the file that is touched once the worker has stopped there. Only the
worker's parts are wrapped; the service itself knows nothing of steps. Without STOPS this is the ordinary worker, except that deaths are noticed sooner
and attempts are repeated sooner.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import worker.build
import worker.registrar
from activities.options import OPTIONS
from notices.smtp import Mailer
from records.certificates import Certificates
from records.journal import Journal
from records.notices import Notices
from worker.main import main

STEPS = (
    "before reserve 1",
    "after reserve 1",
    "before issue 1",
    "before store 1",
    "after store 1",
    "after reserve 2",
    "before issue 2",
    "before store 2",
    "after store 2",
    "before append 1",
    "after append 1",
    "after begin 1",
    "before send 1",
    "after send 1",
    "after sent 1",
    "before seal 1",
    "after seal 1",
)
"""The steps for a pair, in order: the registry's row, signature and document, storing; the journal's word of both; the ledger, the mail, the ledger; the
end.
"""

NOTICED = timedelta(seconds=5)
PAUSE = timedelta(seconds=1)


class Stopping:
    def __init__(self, stops: dict[str, Any]) -> None:
        self._stops = {name: stop["step"].split() for name, stop in stops.items()}
        self._markers = {name: Path(stop["marker"]) for name, stop in stops.items()}
        self._by_address = {address: name for name, stop in stops.items() for address in stop["addresses"]}
        self._counts: dict[str, int] = {}
        self._by_certificate: dict[str, str] = {}
        self._results: dict[str, str] = {}

    def wrap(self) -> None:
        self._around(Certificates, "reserve", lambda mentorship, *_: mentorship, self._remember)
        self._around(Certificates, "store", lambda certificate, *_: self._by_certificate.get(certificate))
        self._around(Journal, "append", lambda mentorship, rows, *_: mentorship if any(row.name == "certificates_issued" for row in rows) else None)
        self._around(Journal, "seal", lambda mentorship: mentorship)
        self._around(Mailer, "send", self._of_mail)
        self._around(Notices, "begin", self._of_result)
        self._around(Notices, "sent", lambda key, *_: self._results.get(key))
        self._before_signing()

    def _remember(self, mentorship: str, reserved: Any) -> None:
        self._by_certificate[reserved.id] = mentorship

    def _of_mail(self, message: Any) -> str | None:
        if not any(part.get_filename() == "certificate.pdf" for part in message.iter_attachments()):
            return None
        return next(name for address, name in self._by_address.items() if f"<{address}>" in str(message["To"]) or str(message["To"]) == address)

    def _of_result(self, key: str, _person: str, kind: str, *_: Any) -> str | None:
        if kind != "result":
            return None
        self._results[key] = key.partition("/")[0]
        return self._results[key]

    def _around(self, owner: type, name: str, whose: Callable[..., str | None], learn: Callable[[str, Any], None] | None = None) -> None:
        real = getattr(owner, name)

        async def call(this: Any, *args: Any, **kwargs: Any) -> Any:
            mentorship = whose(*args)
            if mentorship is not None and self._here(mentorship, "before", name):
                await asyncio.Event().wait()
            answer = await real(this, *args, **kwargs)
            if mentorship is not None and learn is not None:
                learn(mentorship, answer)
            if mentorship is not None and self._here(mentorship, "after", name):
                await asyncio.Event().wait()
            return answer

        setattr(owner, name, call)

    def _before_signing(self) -> None:
        real = worker.registrar.issue  # type: ignore[attr-defined]

        def call(facts: Any, *args: Any, **kwargs: Any) -> Any:
            if self._here(self._by_certificate[facts.id], "before", "issue"):
                threading.Event().wait()
            return real(facts, *args, **kwargs)

        worker.registrar.issue = call  # type: ignore[attr-defined]

    def _here(self, mentorship: str, when: str, what: str) -> bool:
        stop = self._stops.get(mentorship)
        if stop is None or (when, what) != (stop[0], stop[1]):
            return False
        self._counts[mentorship] = self._counts.get(mentorship, 0) + 1
        if self._counts[mentorship] != int(stop[2]):
            return False
        self._markers[mentorship].touch()
        return True


def unhurried() -> None:
    """Room for a whole crowd that stands still at once, and mails sent as fast as they come."""
    real = worker.build._worker

    def made(client: Any, queue: str, activities: Any, **options: Any) -> Any:
        options.pop("max_task_queue_activities_per_second", None)
        return real(client, queue, activities, **{**options, "max_concurrent_activities": 100})

    worker.build._worker = made


if __name__ == "__main__":
    OPTIONS.update(
        {name: row._replace(heartbeat=row.heartbeat and min(row.heartbeat, NOTICED), first_pause=PAUSE, longest_pause=PAUSE) for name, row in OPTIONS.items()}
    )
    if len(sys.argv) > 1:
        unhurried()
        Stopping(json.loads(sys.argv.pop())).wrap()
    main()
