"""How a command reaches records and Temporal, and what it says when it cannot."""

from __future__ import annotations

import getpass
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gateway.settings import Settings
from records.cohorts import Cohort, Enrolment
from records.errors import UnknownKey
from records.store import Records
from starter.answer import Refused

if TYPE_CHECKING:
    from temporalio.client import Client


@asynccontextmanager
async def open_records(settings: Settings) -> AsyncIterator[Records]:
    """Raises KeyringUnusable, RecordsUnavailable, SchemaOutdated."""
    records = await Records.open(settings.database_url, settings.keyring())
    try:
        yield records
    finally:
        await records.close()


async def reach_temporal(settings: Settings) -> Client:
    """Raises KeyringUnusable and TemporalUnavailable, the latter also for a namespace that is not there: in it everything would look lost."""
    from gateway.connect import (  # noqa: PLC0415 - Temporal's client takes as long to load as records, and many commands ask records alone
        connect,
        refuse_without_namespace,
    )

    client = await connect(settings, settings.keyring(), role="cli")
    await refuse_without_namespace(client)
    return client


async def known_cohort(records: Records, cohort: str) -> Cohort:
    """Raises Refused if there is none with this id."""
    found = await records.cohorts.get(cohort)
    if found is None:
        raise Refused(f"there is no cohort {cohort}")
    return found


async def enrolled(records: Records, cohort: str, pair_id: str) -> Enrolment:
    """The pair with these ids of the operator's. Raises Refused if there is none."""
    await known_cohort(records, cohort)
    found = await records.cohorts.find(cohort, pair_id)
    if found is None:
        await refuse_without_key(records)
        raise Refused(f"cohort {cohort} has no pair {pair_id}")
    return found


async def refuse_without_key(records: Records) -> None:
    """Raises UnknownKey if a key is missing. Call it before saying that somebody or something is not there: with other keys nothing is found."""
    if (lacking := await records.lacking_key()) is not None:
        raise UnknownKey(lacking)


def login() -> str:
    """The login of whoever runs this, for `--as`; in a container, the user may have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "operator"
