"""Effects on their way: which of them wait, which may go now, and how mails that wait for one reader give way to each other. Values and lists only."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import assert_never

from pydantic import BaseModel

from mentorship.effects import AnyEffect, IssueCertificates, PlanMeetings, SendNotice, TellCoordinators
from mentorship.instant import Instant
from mentorship.policy.helping import Joined


class Pending(BaseModel, frozen=True):
    """An effect on its way. `not_before` is set by the programme's spread, when the reader's hours have not begun, or for a pause after its time ran out."""

    effect: AnyEffect
    not_before: Instant | None = None
    in_vain: int = 0
    """How often its time ran out because there was no worker or no mail server. While it pauses, later mails go before it."""

    @property
    def seq(self) -> int:
        return int(self.effect.id.partition(".")[0])


class Waiting:
    """All effects on their way, in the order in which they came, including those that a carrier has in hand."""

    def __init__(self, carried: Iterable[Pending]) -> None:
        self._pending = list(carried)
        self._in_hand: set[str] = set()

    def __len__(self) -> int:
        return len(self._pending)

    def all(self) -> tuple[Pending, ...]:
        return tuple(self._pending)

    def add(self, effect: AnyEffect, not_before: datetime | None = None) -> None:
        self._pending.append(Pending(effect=effect, not_before=not_before))

    def remove(self, effect: AnyEffect) -> None:
        self._pending = [pending for pending in self._pending if pending.effect.id != effect.id]

    def change(self, notices: dict[str, SendNotice]) -> None:
        """Replaces mails that tell or ask something else by now. `notices` has the new ones by their ids."""
        for place, pending in enumerate(self._pending):
            changed = notices.get(pending.effect.id)
            if changed is not None and changed != pending.effect:
                self._pending[place] = pending.model_copy(update={"effect": changed})

    def settle(self, found: Joined) -> None:
        """Removes the mails that gave way. Those that stay tell and ask in their place."""
        for lost, _ in found.gone:
            self.remove(lost)
        self.change({one.id: one for one in found.waiting})

    def put_off(self, effect: SendNotice, until: datetime | None, in_vain: int) -> None:
        """Lets an effect that was in hand wait again."""
        self.release(effect)
        changes = {"not_before": until, "in_vain": in_vain}
        self._pending = [pending.model_copy(update=changes) if pending.effect.id == effect.id else pending for pending in self._pending]

    def take(self, effect: AnyEffect) -> None:
        """Notes that a carrier has the effect in hand: other mails do not join it any more."""
        self._in_hand.add(effect.id)

    def release(self, effect: AnyEffect) -> None:
        self._in_hand.discard(effect.id)

    def mails_to(self, reader: str) -> list[SendNotice]:
        """The reader's mails, except those that are on their way to the mail server just now."""
        notices = (pending.effect for pending in self._pending if isinstance(pending.effect, SendNotice))
        return [notice for notice in notices if notice.to == reader and notice.id not in self._in_hand]

    def resting(self) -> frozenset[str]:
        """The ids of mails whose time ran out: until they are tried again, others go before them."""
        return frozenset(pending.effect.id for pending in self._pending if pending.in_vain)

    def next_wake(self, now: datetime) -> datetime | None:
        """When the next mail that waits for its time may go; None if no mail waits for one."""
        waiting = [pending.not_before for pending in self._pending if pending.not_before is not None and pending.not_before > now]
        return min(waiting, default=None)

    def heads(self, busy: Collection[str], journalled: int, now: datetime) -> list[tuple[str, Pending]]:
        """The first effect of each lane that is not `busy`, if it may go now. `journalled` is the number of the last event in the journal."""
        found: list[tuple[str, Pending]] = []
        looked_at, older = set(busy), set[str]()
        for pending in self._pending:
            if pending.in_vain and pending.not_before is not None and pending.not_before > now:
                continue
            lane = _lane(pending.effect)
            waits = lane in looked_at or _after(pending.effect) in older
            older.add(lane)
            if waits:
                continue
            looked_at.add(lane)  # within a lane the order stays
            if pending.seq <= journalled and (pending.not_before is None or pending.not_before <= now):
                found.append((lane, pending))
        return found


def _lane(effect: AnyEffect) -> str:
    match effect:
        case SendNotice():
            return f"mail:{effect.to}"
        case PlanMeetings():
            return "planning"
        case IssueCertificates():
            return "certificates"
        case TellCoordinators():
            return "coordinators"
        case _:
            assert_never(effect)


def _after(effect: AnyEffect) -> str | None:
    """The lane whose older mails go before this one."""
    return f"mail:{effect.after}" if isinstance(effect, SendNotice) and effect.after is not None else None
