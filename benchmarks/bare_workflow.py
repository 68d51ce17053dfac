"""The floor for other figures: a workflow with only timers and signals."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow


@workflow.defn(name="Bare")
class Bare:
    """The floor: as many timers and signals, and nothing else."""

    def __init__(self) -> None:
        self._signals = 0

    @workflow.signal
    def poke(self) -> None:
        self._signals += 1

    @workflow.run
    async def run(self, rounds: int) -> int:
        for _ in range(rounds):
            await workflow.sleep(timedelta(days=1))
            await workflow.wait_condition(lambda: self._signals > 0)
        return self._signals
