"""What becomes of everything that records hold about a person who is erased (P8).

Erasing deletes one key. Whatever is sealed with it is noise from then on, here and in every copy without the key. What is readable, or
sealed with the keyring, is deleted or says nothing without the key. A test ensures that `BECOMES` names every table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from records.database import chunks
from records.schema import calendar_links, certificates, enrolments, journal, notices, people, unsubscribed

PEOPLE = "people"
"""The lock for storing people, erasing one, or pairing them."""

Becomes = Literal["deleted", "noise", "anonymous", "nobody"]
"""`deleted`: the person's part of it goes. `noise`: it stays, sealed with the key that is gone. `anonymous`: it stays under an opaque id
that leads to nobody any more. `nobody`: it never was about this person."""

BECOMES: Mapping[str, Becomes] = {
    "people": "deleted",  # but for the keyed hash of the company's id, so that a roster does not bring the person back
    "data_keys": "deleted",
    "programmes": "nobody",  # may name a coordinator by the company's id, sealed; a new version of the programme names another
    "texts": "nobody",
    "cohorts": "nobody",
    "enrolments": "anonymous",  # under our own name of the pair: the operators' may hold the person's
    "notes": "noise",
    "journal": "anonymous",
    "seals": "anonymous",
    "stubs": "anonymous",
    "certificates": "noise",  # the row, its status and the credential, which names nobody, stay: its holder may still show it
    "notices": "anonymous",  # a mail server's words, which repeat addresses, are deleted
    "unsubscribed": "deleted",
    "door_messages": "anonymous",
    "calendar_links": "deleted",
    "lines": "anonymous",
    "cases": "noise",
    "audits": "nobody",
}


async def erased(connection: AsyncConnection, refs: Iterable[str]) -> set[str]:
    """Those of them who were erased. In a transaction under the lock `PEOPLE`, the answer stays true to its end."""
    found: set[str] = set()
    for chunk in chunks(refs):
        found.update((await connection.execute(select(people.c.ref).where(people.c.ref.in_(chunk), people.c.erased_at.is_not(None)))).scalars())
    return found


async def is_erased(connection: AsyncConnection, ref: str) -> bool:
    """Whether this person was erased. Waits for an erasure that has begun; one that begins later waits for the transaction that asks."""
    asked = select(people.c.erased_at).where(people.c.ref == ref).with_for_update(read=True)
    return (await connection.execute(asked)).scalar_one_or_none() is not None


async def clear(connection: AsyncConnection, ref: str) -> None:
    """Clears everything but the key and the profile, which records/people.py deletes in the same transaction. Idempotent.

    A pair that was enrolled and never started will not start; it gets no end, since it had no beginning. One that waits to be started again
    has both: when it starts, it is told that the person is gone.
    """
    await connection.execute(update(certificates).where(certificates.c.person == ref).values(pdf_sealed=None, reason_sealed=None))
    await connection.execute(update(notices).where(notices.c.person == ref).values(why_sealed=None))
    for table in (unsubscribed, calendar_links):
        await connection.execute(delete(table).where(table.c.person == ref))
    never = (enrolments.c.state == "pending") & ~exists().where(journal.c.mentorship == enrolments.c.mentorship)
    await connection.execute(update(enrolments).where(_theirs(ref), never).values(state="over"))


async def running(connection: AsyncConnection, ref: str) -> list[str]:
    """The person's running mentorships. No other will run after `clear`: whoever starts one then tells it that the person is gone (worker/office.py)."""
    return list((await connection.execute(select(enrolments.c.mentorship).where(_theirs(ref), enrolments.c.state == "started"))).scalars())


def _theirs(ref: str) -> ColumnElement[bool]:
    return or_(enrolments.c.mentor == ref, enrolments.c.mentee == ref)
