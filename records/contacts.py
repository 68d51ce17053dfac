"""Who may be asked about whom (H16): nobody about themselves, nor about anybody above or below them in a reporting line."""

from __future__ import annotations

from collections.abc import Iterable

from mentorship.people import Pair
from mentorship.programme import Contacts
from mentorship.reporting_line import way_between
from records.cases import Case
from records.people import People
from records.reporting_line import lines_of
from records.store import Records
from records.value import Value
from wire.names import case_id

FEWEST = 2
"""The least number of contacts among whom a person who raises a concern can choose."""


class Contact(Value):
    """Somebody who can be asked. `outside`: not in the programme's team."""

    ref: str
    name: str
    outside: bool


async def conflicted(people: People, candidates: Iterable[str], about: Iterable[str]) -> frozenset[str]:
    """Those of the candidates who are one of `about`, or are above or below one of them in a reporting line.

    Everybody is an opaque id. A line goes as far as the people files know it; an erased person ends it.
    """
    wanted, subjects = frozenset(candidates), frozenset(about)
    known, managers = await lines_of(people, wanted | subjects)
    found = set(wanted & subjects)
    for one in wanted & known.keys():
        if any(way_between(known[one].person_id, known[other].person_id, managers) is not None for other in subjects & known.keys()):
            found.add(one)
    return frozenset(found)


async def offered(records: Records, contacts: Contacts, *, pair: Pair, raiser: str, subject: str | None) -> tuple[Contact, ...]:
    """The contacts whom the raiser can choose: coordinators, then those outside the team, but nobody who is close to the partner or the subject.

    If that leaves fewer than two, the programme's owner is offered too, under the same condition.
    """
    refs = await records.people.refs([*contacts.coordinators, *contacts.outside, contacts.owner])
    named = [(refs[person_id], False) for person_id in contacts.coordinators if person_id in refs]
    named += [(refs[person_id], True) for person_id in contacts.outside if person_id in refs]
    owner = [(refs[contacts.owner], False)] if contacts.owner in refs else []
    profiles = await records.people.profiles(ref for ref, _ in [*named, *owner])
    close = await conflicted(records.people, profiles, _about(pair, raiser, subject)) | {raiser}

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
    """Those who were asked and may still be: reporting lines change, and people leave."""
    profiles = await records.people.profiles(case.contacts)
    close = await conflicted(records.people, profiles, _about(pair, case.raiser, case.subject))
    return tuple(ref for ref in case.contacts if ref in profiles and profiles[ref].status == "active" and ref not in close)


async def in_reach(records: Records, case: Case, pair: Pair) -> bool:
    """Whether anybody who was asked may still look after it, and has a mailbox that did not refuse the last mail about it."""
    for ref in await still_fit(records, case, pair):
        if not await records.notices.refused(ref, f"{case_id(case.id)}/"):
            return True
    return False


async def blind_to(records: Records, mentorship: str, pair: Pair, readers: Iterable[str]) -> frozenset[str]:
    """Those of the readers who never see this pair's lines: the pair, those whom their concerns are about, and everybody in a reporting line of theirs."""
    subjects = {case.subject for case in await records.cases.of_pair(mentorship) if case.subject is not None}
    return await conflicted(records.people, readers, {pair.mentor, pair.mentee, *subjects})


def _about(pair: Pair, raiser: str, subject: str | None) -> frozenset[str]:
    """The people whom a concern is about, as far as records know them: the partner and the subject, but never the raiser."""
    return frozenset(ref for ref in (pair.partner(raiser), subject) if ref is not None and ref != raiser)
