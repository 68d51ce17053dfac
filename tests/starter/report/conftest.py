"""A cohort whose journal the core wrote."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from mentorship.commands import Command
from tests.starter.report.stories import PAIRS, PROGRAMME, STARTS, story


@pytest.fixture
def cohort(files: Any, past: Any) -> Callable[..., None]:
    def happened(
        pairs: int = PAIRS,
        until: datetime | None = None,
        *,
        mentors: int = PAIRS,
        said: Callable[[int], list[Command]] = story,
        programme: str = PROGRAMME,
    ) -> None:
        """With fewer `mentors` than pairs, one has several mentees."""
        rows = ["person_id,name,email,role", "ana,Ana,ana@example.com,coordinator", "lee,Lee,lee@example.com,owner", "sam,Sam,sam@example.com,contact"]
        rows += [
            f"{kind}{number},{kind.upper()} Person {number},{kind}{number}@example.com,{role}"
            for number in range(pairs)
            for kind, role in (("m", "mentor"), ("e", "mentee"))
        ]
        listed = ["pair_id,mentor_id,mentee_id", *(f"p{number},m{number % mentors},e{number}" for number in range(pairs))]
        files.write(programme, "\n".join(rows) + "\n", "\n".join(listed) + "\n")
        roster, faults, _ = files.read()
        assert roster is not None, faults
        past.happened(roster, STARTS, {f"p{number}": said(number) for number in range(pairs)}, until=until)

    return happened
