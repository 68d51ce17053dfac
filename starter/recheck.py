"""After a command has read a people file: which running pairs are within one reporting line now (H4)."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio.client import Client
from temporalio.service import RPCError

from gateway.orders import send_order
from gateway.settings import Settings
from records.cohorts import Enrolment
from records.reporting_line import orders
from records.store import Records
from starter.answer import aside
from starter.reach import login


async def recheck(records: Records, client: Client, settings: Settings) -> list[Enrolment]:
    """The pairs of any cohort that are within one reporting line now. Each goes on, and is in the coordinators' list once Temporal has its order."""
    by = await records.people.operator(login())
    needed = await orders(records, by=by)
    for order in needed:
        try:
            await send_order(client, order.enrolment.mentorship, order.command, settings.update_timeout)
        except (TimeoutError, RuntimeError, OSError, RPCError):
            aside(f"{order.enrolment.pair_id} of {order.enrolment.cohort} could not be told of its reporting line: start again")
    return [order.enrolment for order in needed if order.command.command == "flag"]


def listed(pairs: Sequence[Enrolment]) -> list[dict[str, str]]:
    """The pairs for a command's JSON."""
    return [{"cohort": pair.cohort, "pair_id": pair.pair_id} for pair in pairs]


def told(pairs: Sequence[Enrolment]) -> list[str]:
    """The lines for people who read a command's answer."""
    return [f"{pair.pair_id} of {pair.cohort}: the two lie within one reporting line now; it goes on, and stands in the coordinators' list" for pair in pairs]
