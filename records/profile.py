"""One person as the roster describes them. Apart from where profiles are kept, since reading a roster needs no database."""

from __future__ import annotations

from typing import Literal

from records.value import Value

Role = Literal["mentor", "mentee", "both", "coordinator", "owner", "contact", "operator"]


class Profile(Value):
    """One person as the roster describes them. `person_id` and `manager_id` are the company's ids; the role `operator` is for those who run the CLI."""

    person_id: str
    name: str
    email: str
    role: Role | None = None
    time_zone: str | None = None
    language: str | None = None
    country: str | None = None
    manager_id: str | None = None
    department: str | None = None
    skills: tuple[str, ...] = ()
    goals: tuple[str, ...] = ()
    capacity: int | None = None
    status: Literal["active", "leave", "gone"] = "active"
