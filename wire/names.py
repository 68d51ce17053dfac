"""What things are called in Temporal: queues, workflow types, messages, ids. Opaque parts only (H12), in characters that every UI and proxy takes.

A participant's signal and an operator's update have the name of their command (`mentorship/commands.py`).
"""

from __future__ import annotations

from mentorship.people import is_id

WORK_QUEUE = "mentorship"
"""Workflows, and every activity that has no queue of its own."""
NOTICES_QUEUE = "mentorship-notices"
CERTIFICATES_QUEUE = "mentorship-certificates"

MENTORSHIP = "Mentorship"
COHORT = "Cohort"
CASE = "Case"
CERTIFICATE = "Certificate"

ORDER_SIGNAL = "order"
"""An operator's command to a mentorship that nobody waits for; operators who wait use updates, and for a pause both."""
ENROL_SIGNAL = "enrol"
"""To a cohort: there are new pairs in records. It comes with its start."""
LOOK_SIGNAL = "look"
"""The one signal of a case. It comes with the case's start, except when an operator restarts one that was lost. Its name tells nothing."""
ASK_SIGNAL = "ask"
"""To a later edition of a certificate: a wish. It comes with its start."""

STATUS_QUERY = "status"
RECEIPT_QUERY = "receipt"
TIMELINE_QUERY = "timeline"
BETWEEN_TASKS = "asked between two tasks of this workflow: the next one goes first"
"""What a worker answers to a query that it cannot take just now (worker/punctual.py)."""


def mentorship_id(cohort: str, pair: str) -> str:
    """`mentorship.{cohort}.{pair}`, which is the mentorship's name everywhere inside. `pair` is the minted part, not the operator's pair_id."""
    return f"{mentorships_of(cohort)}{pair}"


def mentorships_of(cohort: str) -> str:
    """What the ids of a cohort's mentorships begin with."""
    return f"mentorship.{cohort}."


def is_mentorship(workflow_id: str) -> bool:
    return workflow_id.startswith("mentorship.")


def cohort_of(mentorship: str) -> str:
    """The cohort's part of a mentorship's id. Raises ValueError for any other id."""
    return _parts(mentorship)[0]


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
    cohort, pair = _parts(mentorship)
    return f"certificate.{cohort}.{pair}.{_part(person)}"


def _parts(mentorship: str) -> tuple[str, str]:
    kind, _, rest = mentorship.partition(".")
    cohort, _, pair = rest.partition(".")
    if kind != "mentorship" or not (is_id(cohort) and is_id(pair)):
        raise ValueError("expected mentorship.{cohort}.{pair}")
    return cohort, pair


def _part(text: str) -> str:
    if not is_id(text):
        raise ValueError("expected up to 40 lower-case letters, digits and hyphens, not starting with a hyphen")
    return text
