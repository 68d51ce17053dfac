"""How a server's program that runs is told to stop."""

from __future__ import annotations

import asyncio
import signal
from typing import Literal


class Stop(asyncio.Event):
    """Set by SIGTERM or SIGINT, from when somebody waits for it.

    Until then they end the program at once, as `gateway.starting` has it: what it needs to start may never answer, and there is nothing to put away.
    """

    async def wait(self) -> Literal[True]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.set)
        return await super().wait()
