"""Temporal is told the names in the contract, and each activity runs as its row in the one table says."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest
from temporalio import activity, workflow
from temporalio.common import SearchAttributeIndexedValueType

from activities.options import OPTIONS
from webhook.bodies import BODIES
from wire import names, search_attributes
from worker.ports import activities
from workflows.case import Case
from workflows.certificate import Certificate
from workflows.cohort import Cohort
from workflows.mentorship import Mentorship

ROOT = Path(__file__).parents[2]

SIGNALS = {
    "confirm_expectations",
    "confirm_meeting",
    "move_meeting",
    "cancel_meeting",
    "excuse",
    "report_meeting",
    "dispute",
    "record_milestone",
    "object_to_milestone",
    "withdraw",
    "set_goal",
    "report_goal",
    "ask_extension",
    "submit_privately",
}
UPDATES = {"pause", "resume", "extend", "waive_milestone", "resolve", "end"}
QUERIES = {"status", "receipt", "timeline"}
ATTRIBUTES = {
    "MentorshipCohort": "KEYWORD",
    "MentorshipProgramme": "KEYWORD",
    "MentorshipPhase": "KEYWORD",
    "MentorshipPeople": "KEYWORD_LIST",
    "MentorshipMilestones": "INT",
    "MentorshipProgress": "DOUBLE",
    "MentorshipNextMeeting": "DATETIME",
    "MentorshipNeedsAttention": "BOOL",
    "MentorshipCertified": "BOOL",
}
"""A namespace keeps the type with which an attribute was registered; one of another type could not be upserted there."""


def test_search_attributes_are_those_of_the_contract():
    types = {key.name: key.indexed_value_type.name for key in search_attributes.ALL}
    assert types == ATTRIBUTES


@pytest.mark.parametrize("document", ["architecture.md", "operations.md"])
def test_the_documents_name_every_search_attribute(document):
    """In Temporal Cloud an admin registers the ones that operations.md names, and a workflow gets stuck at one that is missing."""
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    assert {name for name in ATTRIBUTES if f"{name}`" not in text and f"{name}=" not in text} == set()


def test_sqlite_visibility_has_room_for_the_search_attributes():
    """At most 10 Keyword attributes in a namespace, and 3 of each other type."""
    used = Counter(key.indexed_value_type for key in search_attributes.ALL)
    assert used.pop(SearchAttributeIndexedValueType.KEYWORD) <= 10
    assert max(used.values()) <= 3


def test_queues_are_those_of_the_contract():
    assert {row.queue for row in OPTIONS.values()} == {"mentorship", "mentorship-notices", "mentorship-certificates"}


def test_workflow_types_are_those_of_the_contract():
    assert [_definition(kind).name for kind in (Mentorship, Cohort, Case, Certificate)] == ["Mentorship", "Cohort", "Case", "Certificate"]


def test_every_signal_of_the_contract_is_taken_and_has_a_door():
    assert set(_definition(Mentorship).signals) == SIGNALS | {"order"}  # orders come from HR and the office, never from a participant
    assert set(BODIES) == SIGNALS
    assert [set(_definition(kind).signals) for kind in (Cohort, Case, Certificate)] == [{"enrol"}, {"look"}, {"ask"}]


def test_updates_and_queries_are_those_of_the_contract():
    assert set(_definition(Mentorship).updates) == UPDATES
    assert {name for name in _definition(Mentorship).queries if name and not name.startswith("__")} == QUERIES


def test_every_activity_that_a_workflow_asks_for_has_its_row():
    asked = {
        node.args[0].attr
        for path in (ROOT / "workflows").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "execute" and isinstance(node.args[0], ast.Attribute)
    }
    assert asked == set(OPTIONS)


@pytest.mark.parametrize(("group", "queue"), [("work", names.WORK_QUEUE), ("notices", names.NOTICES_QUEUE), ("certificates", names.CERTIFICATES_QUEUE)])
async def test_every_activity_runs_on_the_queue_of_its_row(settings, records, issuer, group, queue):
    built = activities(settings, records, None, issuer)  # type: ignore[arg-type]  # nothing is called here
    registered = {_activity_name(each) for each in getattr(built, group)}
    assert registered == {name for name, row in OPTIONS.items() if row.queue == queue}


def test_summaries_name_nobody():
    assert all(row.summary and "{" not in row.summary for row in OPTIONS.values())


def _definition(kind: type) -> workflow._Definition:
    return workflow._Definition.must_from_class(kind)


def _activity_name(registered: object) -> str | None:
    found = activity._Definition.from_callable(registered)  # type: ignore[arg-type]
    return found.name if found else None


def test_every_summary_in_the_ui_is_a_label():
    """Any other text is sealed, so an admin without a key would see ciphertext beside the timer (H12)."""
    found = [
        (
            f"{path.name}:{keyword.value.lineno}",
            keyword.value.func.id if isinstance(keyword.value, ast.Call) and isinstance(keyword.value.func, ast.Name) else None,
        )
        for path in sorted((ROOT / "workflows").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg in {"summary", "timeout_summary", "static_summary", "static_details"}
    ]
    assert len(found) >= 5
    assert {where: by for where, by in found if by != "Label"} == {}
