"""What things are called in Temporal: queues, workflow types, workflow ids. Opaque parts only (H12), in characters that every UI and proxy takes."""

from __future__ import annotations

from typing import NamedTuple

from mentorship.people import is_id

TASK_QUEUE = "mentorship"
NOTICES_QUEUE = "mentorship-notices"
CERTIFICATES_QUEUE = "mentorship-certificates"

MENTORSHIP = "Mentorship"
COHORT = "Cohort"
CASE = "Case"
CERTIFICATE = "Certificate"

RECEIPT_QUERY = "receipt"
ORDER_SIGNAL = "order"
"""An operator's command to a mentorship that nobody waits for; operators who wait use updates."""
LOOK_SIGNAL = "look"
"""The one signal of a case: it comes with its start, except where an operator starts again one that was lost. Its name tells nothing."""


class MentorshipName(NamedTuple):
    """The parts of a mentorship's workflow id. `pair` is the minted part, not the operator's pair_id."""

    cohort: str
    pair: str


def cohort_id(cohort: str) -> str:
    """`cohort.{cohort}`. Raises ValueError when the part would not fit into an id."""
    return f"cohort.{_part(cohort)}"


def case_id(case: str) -> str:
    """`case.{case}`. Raises ValueError like `cohort_id`."""
    return f"case.{_part(case)}"


def is_case(workflow_id: str) -> bool:
    return workflow_id.startswith("case.")


def certificate_id(mentorship: str, person: str) -> str:
    """`certificate.{cohort}.{pair}.{person}`: never the certificate's own id, since that opens a page with a name. Raises ValueError like `cohort_id`."""
    name = parse_mentorship_id(mentorship)
    return f"certificate.{name.cohort}.{name.pair}.{_part(person)}"


def parse_mentorship_id(workflow_id: str) -> MentorshipName:
    """The parts of a mentorship's workflow id. Raises ValueError for any other id."""
    kind, _, rest = workflow_id.partition(".")
    cohort, _, pair = rest.partition(".")
    if kind != "mentorship" or not (is_id(cohort) and is_id(pair)):
        raise ValueError("expected mentorship.{cohort}.{pair}")
    return MentorshipName(cohort, pair)


def _part(text: str) -> str:
    if not is_id(text):
        raise ValueError("expected up to 40 lower-case letters, digits and hyphens, not starting with a hyphen")
    return text
