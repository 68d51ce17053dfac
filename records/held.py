"""Everything that records hold about one person (P8), for the person or for an operator: assembled once, and the table of visibility decides
what each of them gets.

The partner is not named, nor is what the partner wrote. Only its raiser gets a concern: whether somebody raised one about the person is
not for them to know here (H16). An operator gets none, since a concern may be about the operator.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import Field

from mentorship.effects import NoticeKind
from mentorship.instant import Instant
from mentorship.visibility import Thing
from records.cases import Case
from records.certificates import Certificate
from records.errors import Erased
from records.held_by_reader import Eyes, Reader, Withheld
from records.held_mentorship import InMentorship, in_mentorship
from records.notices import DIGEST, Notice
from records.store import Records
from records.value import Value

LEFT_OUT: dict[Reader, str] = {
    "own": (
        "Not in here: what your partner wrote, and what is theirs alone; concerns that others raise, whether there are any or not; your printed "
        "certificate, which you get on its own page; keyed hashes that you are found by, since they say nothing without our keys."
    ),
    "operators": (
        "Not in here: the person's address and texts, and what is theirs alone, which `withheld` counts. They download the whole from their own "
        "page, behind a link of fifteen minutes; /new-link mails the way to it. Concerns are never part of this, whether there are any or not. "
        "Keyed hashes that the person is found by are left out, since they say nothing without our keys."
    ),
}

_FIELDS: dict[str, Thing] = {"name": "name", "email": "address", "leave": "leave", "leave_told_at": "leave"}
"""What each field of a profile is about; the others are the people file's."""

_MAILS: dict[str, Thing] = {
    **dict.fromkeys((*get_args(NoticeKind), DIGEST, "waiting"), "mails"),
    "nudge": "late_count",
    "coordinator_told": "coordinator_told",
}
"""What the kind of a mail reveals. A kind that is not here is, or may be, about a concern."""


class Mail(Value):
    kind: str
    at: Instant
    state: str
    why: str | None = Field(description="Why it did not go, as a code: `bounced` when the mail server refused it for good.")


class Raised(Value):
    """A concern that the person raised: what they wrote and how it stands, never who looks after it."""

    mentorship: str
    raised_at: Instant
    state: Literal["waiting", "taken", "closed"]
    closed_at: Instant | None
    holds_meetings: bool
    text: str | None = Field(description="None once words are no longer kept.")


class Held(Value):
    """`profile` is empty, and so is everything that was sealed with the person's key, once the person was erased."""

    person: str = Field(description="The opaque id that stands for the person everywhere.")
    reader: Reader = Field(description="For whom this was put together: the person (`own`), or an operator.")
    taken_at: Instant
    erased: bool
    profile: dict[str, Any] = Field(description="What the people file and HR said, by field.")
    unsubscribed: bool
    mentorships: tuple[InMentorship, ...]
    concerns: tuple[Raised, ...] = Field(description="Those that the person raised, for the person; empty for everybody else, whether there are any or not.")
    mails: tuple[Mail, ...]
    certificates: tuple[Certificate, ...] = Field(description="With what stands on them for the person; for an operator without.")
    withheld: Withheld
    left_out: str


async def held(records: Records, ref: str, reader: Reader, now: Instant) -> Held:
    """What is held about `ref`, for `reader`; the caller has made sure that the reader is who they say. Raises UnknownPerson."""
    eyes = Eyes(reader)
    try:
        profile, erased = await records.people.whole(ref), False
    except Erased:
        profile, erased = {}, True
    enrolments = await records.cohorts.of_person(ref)
    mentorships = tuple([await in_mentorship(records, enrolment, ref, eyes) for enrolment in enrolments])
    raised = [case for pair in enrolments for case in await records.cases.of_raiser(ref, pair.mentorship)] if eyes.may_read("concern") else []
    mails = tuple(_mail(notice, eyes) for notice in await records.notices.of(ref) if eyes.take_fact(_MAILS.get(notice.kind, "concern")))
    return Held(
        person=ref,
        reader=reader,
        taken_at=now,
        erased=erased,
        profile={name: value for name, value in profile.items() if eyes.may_know(_FIELDS.get(name, "people_file"))},
        unsubscribed=await records.notices.is_unsubscribed(ref),
        mentorships=mentorships,
        concerns=tuple([await _raised(records, case) for case in raised]),
        mails=mails,
        certificates=tuple(_certificate(one, eyes) for one in await records.certificates.of_person(ref) if eyes.may_know("certificate")),
        withheld=eyes.withheld,
        left_out=LEFT_OUT[reader],
    )


async def _raised(records: Records, case: Case) -> Raised:
    try:
        text = await records.cases.words(case.id)
    except Erased:
        text = None
    return Raised(mentorship=case.mentorship, raised_at=case.opened_at, state=case.state, closed_at=case.closed_at, holds_meetings=case.holding, text=text)


def _mail(notice: Notice, eyes: Eyes) -> Mail:
    return Mail(kind=notice.kind, at=notice.at, state=notice.state, why=notice.why if eyes.may_read("address") else None)


def _certificate(one: Certificate, eyes: Eyes) -> Certificate:
    """Only the holder gets what the certificate says, the address that it was made for, and why it was revoked."""
    return one if eyes.may_read("certificate") else one.model_copy(update={"fields": {}, "reason": None})
