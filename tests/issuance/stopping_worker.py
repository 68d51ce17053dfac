"""A real worker that stands still at one step of issuance and says so, to be killed there: `stopping_worker.py STEP MARKER`.

Only what the worker is made of is wrapped; the service itself knows nothing of steps. Without arguments it is the worker as it is.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import worker.registrar
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
"""In order, for a pair: the registry's row, signature and document, storing; the journal's word of both; the ledger, the mail, the ledger; the end."""


class Stopping:
    def __init__(self, step: str, marker: Path) -> None:
        self._when, self._what, number = step.split()
        self._left = int(number)
        self._marker = marker
        self._results: set[str] = set()

    def wrap(self) -> None:
        self._around(Certificates, "reserve", lambda *_: True)
        self._around(Certificates, "store", lambda *_: True)
        self._around(Journal, "append", lambda _mentorship, rows, *_: any(row.name == "certificates_issued" for row in rows))
        self._around(Journal, "seal", lambda *_: True)
        self._around(Mailer, "send", lambda message: any(message.iter_attachments()) and "certificate.pdf" in str(message))
        self._around(Notices, "begin", self._is_result)
        self._around(Notices, "sent", lambda key, *_: key in self._results)
        self._before_signing()

    def _is_result(self, key: str, _person: str, kind: str, *_: Any) -> bool:
        if kind == "result":
            self._results.add(key)
        return kind == "result"

    def _around(self, owner: type, name: str, concerned: Callable[..., bool]) -> None:
        real = getattr(owner, name)

        async def call(this: Any, *args: Any, **kwargs: Any) -> Any:
            counts = concerned(*args)
            if counts and self._here("before", name):
                await asyncio.Event().wait()
            answer = await real(this, *args, **kwargs)
            if counts and self._here("after", name):
                await asyncio.Event().wait()
            return answer

        setattr(owner, name, call)

    def _before_signing(self) -> None:
        real = worker.registrar.issue

        def call(*args: Any, **kwargs: Any) -> Any:
            if self._here("before", "issue"):
                threading.Event().wait()
            return real(*args, **kwargs)

        worker.registrar.issue = call  # type: ignore[assignment]

    def _here(self, when: str, what: str) -> bool:
        if (when, what) != (self._when, self._what):
            return False
        self._left -= 1
        if self._left:
            return False
        self._marker.touch()
        return True


if __name__ == "__main__":
    if len(sys.argv) > 1:
        Stopping(sys.argv[1], Path(sys.argv[2])).wrap()
    main()
