"""The coordinators' list, with a case as a clock beside each line: when nobody takes the line, the owner hears a number (H14, P7).

The case is the same kind of workflow as a concern's and begins, looks and ends like one, so that nobody can tell in Temporal which of the
two it is (H16).
"""

from __future__ import annotations

from datetime import datetime

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from gateway.cases import start_case
from mentorship.people import Side
from records.store import Records
from wire.names import case_id, cohort_of


class CoordinatorsList:
    def __init__(self, records: Records, client: Client) -> None:
        self._records = records
        self._client = client

    async def open(self, mentorship: str, line: str, side: Side | None, at: datetime, key: str) -> None:
        """Idempotent by `key`, also when an earlier attempt got only half-way.

        Nobody is mailed here: coordinators hear of the line from the list, the weekly digest, and the mails of its case.
        """
        await self._records.lines.open(mentorship, line, side, at, key)
        standing = next(one for one in await self._records.lines.of(mentorship) if one.key == key)
        cohort = await self._records.cohorts.get(cohort_of(mentorship))
        if cohort is None:
            return
        # The case finds its line by the instant at which the line opened, which a repeat may not know.
        case = await self._records.cases.open_line(mentorship, line, programme=cohort.programme, at=standing.opened_at, key=key)
        if not await self._started(case.id):
            await start_case(self._client, case.id, again=False)

    async def _started(self, case: str) -> bool:
        """Keeps a case from being woken each time its line is raised again, as happens while a certificate waits."""
        try:
            await self._client.get_workflow_handle(case_id(case)).describe()
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            return False
        return True

    async def close(self, mentorship: str, line: str, at: datetime, side: Side | None = None) -> None:
        """Idempotent. The line's case finds out by itself."""
        await self._records.lines.close(mentorship, line, at, side)
