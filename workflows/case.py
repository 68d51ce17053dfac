"""The case of one concern (H16), or of one line of the coordinators' list (P7): it reminds people until somebody owns and closes it.

The workflow knows an id and nothing else. An activity finds in records what is due, and for whom; the workflow only waits.
"""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.cases import CaseActivities, Standing
    from wire.inputs import CaseOf
    from wire.names import CASE, LOOK_SIGNAL
    from workflows.execute import execute
    from workflows.waiting import SHORTEST, until, wait


@workflow.defn(name=CASE)
class Case:
    @workflow.init
    def __init__(self, _: CaseOf) -> None:
        self._stirred = False
        self._standing = Standing()

    @workflow.signal(name=LOOK_SIGNAL)
    def look(self) -> None:
        """Something changed in records. Nobody has to send this: the next reminder finds the change, too."""
        self._stirred = True

    @workflow.query
    def standing(self) -> Standing:
        return self._standing

    @workflow.run
    async def run(self, start: CaseOf) -> Standing:
        while True:
            try:
                return await self._live(start)
            except BaseException as stopped:
                if not is_cancelled_exception(stopped):
                    raise
                continue  # only a person closes a case, and not from Temporal's UI

    async def _live(self, start: CaseOf) -> Standing:
        while True:
            self._stirred = False
            self._standing = await execute(CaseActivities.tend_case, start)
            workflow.set_current_details(f"### Case\n\n- **State:** {self._standing.state}")
            if self._standing.look_again is None and not self._stirred:
                return self._standing
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(start)
            await self._wait()

    async def _wait(self) -> None:
        """Waits until somebody did something, or it is time to look again."""
        again = self._standing.look_again
        pause = max(until(again), SHORTEST) if again is not None else SHORTEST
        await wait(lambda: self._stirred, pause, "Look again")
