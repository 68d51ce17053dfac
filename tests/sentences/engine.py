"""Temporal, as far as the doors know it: keeps what they send, and answers as workflows would. What came is handled once its sender has the answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from temporalio.service import RPCError, RPCStatusCode

from mentorship.advance import Told, advance
from mentorship.commands import Command
from wire.inputs import CaseOf, CertificateOf, Wish

if TYPE_CHECKING:
    from tests.sentences.house import Pair


class Engine:
    """In the place of a client. Nobody reaches it while it is `away`."""

    def __init__(self) -> None:
        self.pairs: dict[str, Pair] = {}
        self.told: list[Pair] = []
        """Those that somebody sent something."""
        self.woken: list[str] = []
        """Cases that were told to look."""
        self.wishes: list[tuple[CertificateOf, Wish]] = []
        self.away = False

    def get_workflow_handle(self, workflow: str) -> _Handle:
        return _Handle(self, workflow)

    async def start_workflow(self, _: str, start: CaseOf | CertificateOf, *, start_signal_args: Iterable[Wish] = (), **__: Any) -> None:
        self.reach()
        if isinstance(start, CaseOf):
            self.woken.append(start.case)
        else:
            self.wishes += [(start, wish) for wish in start_signal_args]

    def reach(self) -> None:
        if self.away:
            raise RPCError("nobody is there", RPCStatusCode.UNAVAILABLE, b"")


class _Handle:
    def __init__(self, engine: Engine, workflow: str) -> None:
        self._engine = engine
        self._workflow = workflow

    async def signal(self, _: str, command: Command, **__: Any) -> None:
        self._tell(command)

    async def execute_update(self, _: str, command: Command, **__: Any) -> dict[str, Any]:
        """What the core made of it, if it came before as a signal, or will make of it."""
        pair = self._tell(command)
        turn = advance(pair.state, [command], max(command.at or pair.state.now, pair.state.now))
        return _outcome((*pair.told, *turn.told), command.message_id)

    async def query(self, _: str, message_id: str, **__: Any) -> dict[str, Any]:
        """A message's receipt."""
        return _outcome(self._pair().told, message_id)

    async def describe(self) -> None:
        """A case is always there: a story has it looked after itself."""

    def _tell(self, command: Command) -> Pair:
        pair = self._pair()
        pair.hear(command)
        self._engine.told.append(pair)
        return pair

    def _pair(self) -> Pair:
        self._engine.reach()
        pair = self._engine.pairs.get(self._workflow)
        if pair is None or pair.state.over:
            raise RPCError("not found", RPCStatusCode.NOT_FOUND, b"")
        return pair


def _outcome(told: Iterable[Told], message_id: str) -> dict[str, Any]:
    found = [one for one in told if getattr(one.what, "message_id", None) == message_id]
    if not found:
        return {"outcome": "waiting"}
    return {"outcome": "refused", "reason": found[-1].refused} if found[-1].refused else {"outcome": "applied"}
