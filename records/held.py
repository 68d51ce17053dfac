"""Everything that records hold about one person, for that person (P8): who asks gets it all, and nothing about anybody else.

The partner is not named, nor is what the partner wrote. Concerns are left out on purpose and always: what a person raised they read
with those whom they chose, and whether somebody raised one about them is nobody's business here (H16).
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mentorship.instant import Instant
from mentorship.people import Side
from records.certificates import Certificate
from records.cohorts import Enrolment
from records.errors import Erased
from records.journal import JournalEntry
from records.notes import Note
from records.notices import Notice
from records.store import Records

LEFT_OUT = (
    "Concerns are never part of this, whether there are any or not: what you raised yourself you read on your own page, "
    "and with the person who looks after it. Keyed hashes that you are found by are left out, since they say nothing without our keys."
)


class Fact(BaseModel):
    """A row of the journal: what the person asked for, with its outcome, or what happened on their side; codes and instants."""

    model_config = ConfigDict(frozen=True)

    at: Instant
    kind: Literal["command", "event"]
    name: str
    outcome: Literal["applied", "refused"] | None
    reason: str | None
    body: dict[str, Any]


class Word(BaseModel):
    """Something that the person wrote."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    note: str
    kind: str
    written_at: Instant
    shared: bool
    text: str


class InMentorship(BaseModel):
    """The person's side of one mentorship."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    cohort: str
    pair_id: str
    mentorship: str
    side: Side
    state: Literal["pending", "started", "over"]
    started_at: Instant | None
    over_at: Instant | None
    words: tuple[Word, ...]
    facts: tuple[Fact, ...]


class Mail(BaseModel):
    model_config = ConfigDict(frozen=True)

    kind: str
    at: Instant
    state: str
    why: str | None = Field(description="What the mail server said, when it refused.")


class Held(BaseModel):
    """`profile` is empty, and so is everything that was sealed with the person's key, once the person was erased."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    person: str = Field(description="The opaque id that stands for the person everywhere.")
    erased: bool
    profile: dict[str, Any] = Field(description="What the people file and HR said, by field.")
    unsubscribed: bool
    mentorships: tuple[InMentorship, ...]
    mails: tuple[Mail, ...]
    certificates: tuple[Certificate, ...]
    left_out: str = LEFT_OUT


async def held(records: Records, ref: str) -> Held:
    """Raises UnknownPerson."""
    try:
        profile, erased = await records.people.whole(ref), False
    except Erased:
        profile, erased = {}, True
    return Held(
        person=ref,
        erased=erased,
        profile=profile,
        unsubscribed=await records.notices.is_unsubscribed(ref),
        mentorships=tuple([await _in(records, enrolment, ref) for enrolment in await records.cohorts.of_person(ref)]),
        mails=tuple(_mail(notice) for notice in await records.notices.of(ref)),
        certificates=tuple(await records.certificates.of_person(ref)),
    )


async def _in(records: Records, enrolment: Enrolment, ref: str) -> InMentorship:
    side: Side = "mentor" if enrolment.mentor == ref else "mentee"
    written = [note for note in await records.notes.of(enrolment.mentorship) if note.author == ref]
    journal = await records.journal.entries(enrolment.mentorship)
    return InMentorship(
        cohort=enrolment.cohort,
        pair_id=enrolment.pair_id,
        mentorship=enrolment.mentorship,
        side=side,
        state=enrolment.state,
        started_at=enrolment.started_at,
        over_at=enrolment.over_at,
        words=tuple(_word(note) for note in written),
        facts=tuple(_fact(entry) for entry in journal if entry.by == ref or entry.body.get("side") == side),
    )


def _word(note: Note) -> Word:
    return Word(note=note.id, kind=note.kind, written_at=note.created_at, shared=note.shared, text=note.text)


def _fact(entry: JournalEntry) -> Fact:
    return Fact(at=entry.at, kind=entry.kind, name=entry.name, outcome=entry.outcome, reason=entry.reason, body=entry.body)


def _mail(notice: Notice) -> Mail:
    return Mail(kind=notice.kind, at=notice.at, state=notice.state, why=notice.why)
