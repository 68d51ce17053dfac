"""What is stored in histories and waits in Temporal, byte for byte: an older or a newer build takes it up."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.converter import LabellingPayloadConverter
from wire.inputs import CaseOf, CertificateOf, CohortOf, Wish
from workflows.cohort import CohortInput

DUE = datetime(2027, 3, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "as_json"),
    [
        (CohortOf(cohort="spring"), b'{"cohort":"spring"}'),
        (CohortInput(cohort="spring", due=DUE, enrolled=True), b'{"cohort":"spring","due":"2027-03-01T08:00:00Z","enrolled":true,"unsent":null}'),
        (CaseOf(case="c-1"), b'{"case":"c-1"}'),
        (CertificateOf(mentorship="mentorship.spring.m-1", person="p-1"), b'{"mentorship":"mentorship.spring.m-1","person":"p-1"}'),
        (Wish(), b'{"results":null}'),
        (Wish(results=True), b'{"results":true}'),
    ],
)
def test_a_workflow_is_told_the_same_as_ever(told, as_json):
    (payload,) = LabellingPayloadConverter().to_payloads([told])
    assert payload.data == as_json


@pytest.mark.parametrize(
    ("told", "taken"),
    [
        (CohortOf(cohort="spring"), CohortInput(cohort="spring")),
        ({"cohort": "spring", "due": DUE.isoformat(), "enrolled": True}, CohortInput(cohort="spring", due=DUE, enrolled=True)),
        ({"cohort": "spring", "enrolled": True, "of_a_newer_build": 1}, CohortInput(cohort="spring", enrolled=True)),
    ],
    ids=["by the command line", "by a run of an older build", "by a run of a newer build"],
)
def test_a_cohort_takes_up_what_it_is_started_with(told, taken):
    (payload,) = LabellingPayloadConverter().to_payloads([told])
    assert LabellingPayloadConverter().from_payloads([payload], [CohortInput]) == [taken]
