"""What becomes of everything that records hold about somebody who is erased (P8).

Erasing is dropping one key: whatever is sealed with it is noise from then on, here and in every copy that holds no key. What is sealed
with the keyring instead, or readable, is deleted or says nothing without the key. A test holds `BECOMES` to name every table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from sqlalchemy import delete, or_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from records.schema import calendar_links, certificates, enrolments, notices, unsubscribed

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


async def clear(connection: AsyncConnection, ref: str) -> None:
    """Everything but the key and the profile, which records/people.py deletes in the same transaction. Idempotent.

    A pair that was enrolled and never started does not start any more; it has no end, since it had no beginning.
    """
    await connection.execute(update(certificates).where(certificates.c.person == ref).values(pdf_sealed=None, reason_sealed=None))
    await connection.execute(update(notices).where(notices.c.person == ref).values(why_sealed=None))
    for table in (unsubscribed, calendar_links):
        await connection.execute(delete(table).where(table.c.person == ref))
    theirs = or_(enrolments.c.mentor == ref, enrolments.c.mentee == ref)
    await connection.execute(update(enrolments).where(theirs, enrolments.c.state == "pending").values(state="over"))
