"""A workflow that began under an older release can be carried on by this one: every stored history replays."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

from activities.journal import JournalBatch
from activities.options import OPTIONS
from mentorship.advance import Entry
from mentorship.commands import Command
from mentorship.events import AnyEvent, MentorshipStarted
from mentorship.evolve import fold
from records.journal import JournalEntry
from records.journal_events import events_of
from tests.replay.answers import Answers
from tests.replay.fingerprint import fingerprint, patches
from tests.replay.record import FOLDER, read
from tests.replay.replaying import REPLAYS, Witness, asked, replayed, says
from tests.replay.scenarios import HISTORIES, RULES
from wire.label import Label

STORED = sorted(FOLDER.glob("*.json.gz"))


def named(path: Path) -> str:
    return path.name.removesuffix(".json.gz")


def kinds(history: WorkflowHistory) -> Counter[str]:
    return Counter(EventType.Name(event.event_type).removeprefix("EVENT_TYPE_").lower() for event in history.events)


def test_there_is_a_history_of_everything_that_the_scenarios_act_out():
    assert {named(path).split(".", 1)[1] for path in STORED} >= set(HISTORIES)


@pytest.mark.parametrize("path", STORED, ids=named)
async def test_a_stored_history_replays(path):
    """An incompatible change of a workflow, or of the core that it replays, fails here; docs/extending.md says what to do then."""
    assert await replayed(read(path)) == REPLAYS


@pytest.mark.parametrize("path", STORED, ids=named)
def test_what_an_earlier_release_asked_and_wrote_is_understood(path):
    """A task may wait while workers are replaced, and a journal is read for years. So every new field has a default, and no field is renamed or removed."""
    written: list[Entry] = []
    for name, request in asked(read(path)):
        understood = next(iter(get_type_hints(getattr(Answers, name)).values())).model_validate(request)
        assert says(understood.model_dump(mode="json"), request), name
        if isinstance(understood, JournalBatch):
            written += understood.entries
    events = events_of(JournalEntry.model_validate(entry.model_dump()) for entry in written)
    for event, entry in zip(events, (entry for entry in written if entry.kind == "event"), strict=True):
        assert says(event.model_dump(mode="json"), entry.body), entry.name
    if events and isinstance(events[0], MentorshipStarted):  # a later run continues the previous one's journal
        fold(events)


def test_a_rule_keeps_the_default_that_it_was_written_with():
    """Journals, and what a run hands on, leave defaults out. If a default changed, running mentorships and reports of old ones would follow the new one."""
    inputs = (json.loads(read(path).events[0].workflow_execution_started_event_attributes.input.payloads[0].data) for path in STORED)
    written = [given["begins"]["rules"] for given in inputs if given.get("begins")]
    assert written
    for rules in written:  # in full, with whichever revision was the newest: the scenarios set hardly any rules, so the rest is default
        assert {key: value for key, value in rules.items() if key != "revision" and not says(RULES.model_dump(mode="json")[key], value)} == {}


def test_the_histories_hold_every_event_and_command():
    """Nobody would notice that a kind which no history holds cannot be read any more. If one is missing, let a scenario act it out, and record that."""
    entries = [entry for path in STORED for name, request in asked(read(path)) if name == "append_journal" for entry in request["entries"]]
    known = {kind.model_fields["event"].default for kind in get_args(get_args(AnyEvent)[0])} - {"command_refused"}  # the command's own outcome
    known |= {kind.model_fields["command"].default for kind in get_args(get_args(Command)[0])}
    assert known - {entry["name"] for entry in entries} == set()


def test_every_patch_has_a_history_that_went_through_it():
    """Otherwise nothing replays what mentorships do behind the patch, and the next release could change that unnoticed."""
    markers = [event.marker_recorded_event_attributes for path in STORED for event in read(path).events if event.HasField("marker_recorded_event_attributes")]
    recorded = {json.loads(marker.details["patch-data"].payloads[0].data)["id"] for marker in markers if marker.marker_name == "core_patch"}
    assert patches(fingerprint()) - recorded == set()


async def test_every_activity_is_run_as_its_row_of_the_table_says():
    """The table says on which queue, for how long and how often, and each activity has a line that admins can read."""
    run: set[str] = set()
    for name in ("3.in-full", "1.carried-on", "1.late-cancellations", "1.paused-and-extended", "1.case", "1.cohort", "1.certificate"):
        witness = Witness()
        assert await replayed(read(FOLDER / f"{name}.json.gz"), witness) == REPLAYS
        for one in witness.started:
            row = OPTIONS[one.activity]
            run.add(one.activity)
            assert (one.task_queue, one.start_to_close_timeout, one.schedule_to_close_timeout) == (row.queue, row.attempt, row.within)
            assert (one.heartbeat_timeout, one.retry_policy, one.summary) == (row.heartbeat, row.retry, row.summary)
            assert isinstance(one.summary, Label)
            to_its_end = row.finished and name.startswith("3.")  # the first release cut a mail off when a new run began
            assert one.cancellation_type.name == ("WAIT_CANCELLATION_COMPLETED" if to_its_end else "TRY_CANCEL")
    assert run == set(OPTIONS)


def test_the_histories_are_whole():
    """A history that was left open, or in which a task failed, would hide a change from the replay."""
    for path in STORED:
        found = kinds(read(path))
        assert not found["workflow_task_failed"], named(path)
        assert not found["workflow_task_timed_out"], named(path)
        assert found["workflow_execution_completed"] + found["workflow_execution_continued_as_new"] == 1, named(path)


def test_the_histories_hold_every_kind_of_thing_that_a_workflow_does():
    """Only the fingerprint would see a change of something that no history holds."""
    found = sum((kinds(read(path)) for path in STORED), Counter())
    for kind in (
        "timer_fired",
        "timer_canceled",
        "activity_task_cancel_requested",
        "marker_recorded",
        "workflow_execution_signaled",
        "workflow_execution_cancel_requested",
        "workflow_execution_continued_as_new",
        "workflow_execution_update_completed",
    ):
        assert found[kind], kind
    called = {
        event.activity_task_scheduled_event_attributes.activity_type.name
        for path in STORED
        for event in read(path).events
        if event.HasField("activity_task_scheduled_event_attributes")
    }
    assert called >= {
        "append_journal",
        "seal_journal",
        "send_notice",
        "plan_meetings",
        "tell_coordinators",
        "issue_certificates",
        "reissue_certificate",
        "tend_case",
        "enrol_batch",
        "cohort_progress",
        "send_digest",
    }
