"""`mentorship doctor` names coordinators whose mailbox refuses their digest, since nobody else would notice (P7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from records.notices import DIGEST
from records.people import Profile
from records.store import Records

MONTH = timedelta(days=30)


def test_a_coordinator_who_gets_no_digest_is_named_until_the_next_one_went(past: Any, run: Callable[..., Any]) -> None:
    now = datetime.now(UTC)

    def mailed(person_id: str, days_ago: int, *, refused: bool) -> None:
        at = now - timedelta(days=days_ago)

        async def mail(records: Records) -> None:
            ref = (await records.people.enrol([Profile(person_id=person_id, name="Coordinator", email=f"{person_id}@example.org")]))[person_id]
            key = f"cohort.spring/digest.{days_ago}/{ref}"
            await records.notices.begin(key, ref, DIGEST, True, at, 6, MONTH)
            await (records.notices.failed(key, "bounced", at) if refused else records.notices.sent(key, "<m@x>", at))

        past.ask(mail)

    def named() -> list[str]:
        return [line for line in run("doctor").err.splitlines() if " mail: " in line]

    mailed("e-1", 8, refused=False)
    mailed("e-2", 8, refused=True)
    mailed("e-3", 15, refused=True)  # other tests say what became of its cohort
    [told] = named()
    assert told.startswith(f"wrong  mail: the digest about cohort.spring that e-2 was sent on {now - timedelta(days=8):%Y-%m-%d} was refused for good; put")
    mailed("e-2", 1, refused=False)
    assert named() == []
