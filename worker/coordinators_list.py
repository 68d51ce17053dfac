"""The coordinators' list with a clock beside each line: its case sees that the owner hears a number when nobody takes it (H14, P7).

The case is the same kind of workflow as a concern's and begins, looks and ends like one, so that a look at it in Temporal does not tell
which it is (H16).
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
        """Idempotent by `key`, also where an earlier attempt came half-way.

        Coordinators hear of it by the list, by the weekly digest, and by what its case sends: nobody is mailed here.
        """
        await self._records.lines.open(mentorship, line, side, at, key)
        standing = next(one for one in await self._records.lines.of(mentorship) if one.key == key)
        cohort = await self._records.cohorts.get(cohort_of(mentorship))
        if cohort is None:
            return
        # The case finds its line by the instant at which that opened, which a repeat may not know.
        case = await self._records.cases.open_line(mentorship, line, programme=cohort.programme, at=standing.opened_at, key=key)
        if not await self._started(case.id):
            await start_case(self._client, case.id, again=False)

    async def _started(self, case: str) -> bool:
        """A line that is raised again and again, as one of a certificate that waits, does not stir its case each time."""
        try:
            await self._client.get_workflow_handle(case_id(case)).describe()
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            return False
        return True

    async def close(self, mentorship: str, line: str, at: datetime, side: Side | None = None) -> None:
        """Idempotent. Its case finds out by itself."""
        await self._records.lines.close(mentorship, line, at, side)
