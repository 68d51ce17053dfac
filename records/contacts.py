"""Who may be asked about whom (H16): nobody about themself, nor about anyone above or below them in a reporting line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ConfigDict

from mentorship.people import Pair
from mentorship.programme import Contacts
from records.cases import Case
from records.people import People
from records.reporting_line import lines_of
from records.store import Records

FEWEST = 2
"""A person who raises a concern chooses among at least so many."""


class Contact(BaseModel):
    """Somebody who can be asked. `outside`: not of the programme's team."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    ref: str
    name: str
    outside: bool


async def conflicted(people: People, candidates: Iterable[str], about: Iterable[str]) -> frozenset[str]:
    """Those of the candidates who are one of `about`, or stand in the reporting line of one of them, above or below.

    Everybody is an opaque id. A line goes as far as the people files knew it; who was erased ends it.
    """
    wanted, subjects = frozenset(candidates), frozenset(about)
    known, managers = await lines_of(people, wanted | subjects)
    above = {ref: _above(profile.person_id, managers) for ref, profile in known.items()}
    person_ids = {ref: profile.person_id for ref, profile in known.items()}
    found = set(wanted & subjects)
    for one in wanted & known.keys():
        for other in subjects & known.keys():
            if person_ids[one] in above[other] or person_ids[other] in above[one]:
                found.add(one)
    return frozenset(found)


async def offered(records: Records, contacts: Contacts, *, pair: Pair, raiser: str, subject: str | None) -> tuple[Contact, ...]:
    """Whom the raiser can choose from: coordinators, then those outside the team; nobody who is close to the partner or the subject.

    When that leaves fewer than two, the programme's owner is offered as well, under the same condition.
    """
    partner = pair.mentee if raiser == pair.mentor else pair.mentor
    about = {partner, *([subject] if subject is not None else [])} - {raiser}
    refs = await records.people.refs([*contacts.coordinators, *contacts.outside, contacts.owner])
    named = [(refs[person_id], False) for person_id in contacts.coordinators if person_id in refs]
    named += [(refs[person_id], True) for person_id in contacts.outside if person_id in refs]
    owner = [(refs[contacts.owner], False)] if contacts.owner in refs else []
    profiles = await records.people.profiles(ref for ref, _ in [*named, *owner])
    close = await conflicted(records.people, profiles, about) | {raiser}

    def able(listed: list[tuple[str, bool]]) -> list[Contact]:
        return [
            Contact(ref=ref, name=profiles[ref].name, outside=outside)
            for ref, outside in dict(listed).items()
            if ref in profiles and profiles[ref].status == "active" and ref not in close
        ]

    found = able(named)
    if len(found) < FEWEST:
        found += [contact for contact in able(owner) if contact.ref not in {one.ref for one in found}]
    return tuple(found)


async def still_fit(records: Records, case: Case, pair: Pair) -> tuple[str, ...]:
    """Those who were asked and may still be: lines change, people leave."""
    partner = pair.mentee if case.raiser == pair.mentor else pair.mentor
    about = {partner, *([case.subject] if case.subject is not None else [])} - {case.raiser}
    profiles = await records.people.profiles(case.contacts)
    close = await conflicted(records.people, profiles, about)
    return tuple(ref for ref in case.contacts if ref in profiles and profiles[ref].status == "active" and ref not in close)


async def in_reach(records: Records, case: Case, pair: Pair) -> bool:
    """Whether anybody who was asked may still look after it, and their mailbox took what was last sent to them about it."""
    for ref in await still_fit(records, case, pair):
        if not await records.notices.refused(ref, f"case.{case.id}/"):
            return True
    return False


async def blind_to(records: Records, mentorship: str, pair: Pair, readers: Iterable[str]) -> frozenset[str]:
    """Those of the readers who never see this pair's lines: the two, whom a concern of theirs is about, and everybody in one of their lines."""
    subjects = {case.subject for case in await records.cases.of_pair(mentorship) if case.subject is not None}
    return await conflicted(records.people, readers, {pair.mentor, pair.mentee, *subjects})


def _above(person_id: str, managers: Mapping[str, str]) -> frozenset[str]:
    found: list[str] = []
    at = managers.get(person_id)
    while at is not None and at != person_id and at not in found:
        found.append(at)
        at = managers.get(at)
    return frozenset(found)
