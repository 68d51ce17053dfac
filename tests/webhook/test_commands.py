"""What a program may request, and what Temporal then holds."""

from __future__ import annotations

import io
import logging
import re
from datetime import UTC, datetime
from importlib.resources import files
from typing import get_args

import pytest
from pydantic import TypeAdapter

from gateway import logs
from mentorship import commands as c
from webhook.bodies import BODIES
from webhook.pages.actions import ACTIONS

TEMPLATES = files("webhook") / "templates"
AT = datetime(2027, 3, 1, 9, 30, tzinfo=UTC)

WORDLESS = [
    (
        "confirm_expectations",
        {"expectations": ["confidentiality", "mutual_respect"]},
        c.ConfirmExpectations(expectations=("confidentiality", "mutual_respect")),
    ),
    ("confirm_meeting", {"meeting": 3}, c.ConfirmMeeting(meeting=3)),
    ("confirm_meeting", {"meeting": "all"}, c.ConfirmMeeting(meeting="all")),
    ("move_meeting", {"meeting": 2, "to": "2027-04-01T12:00:00+02:00"}, c.MoveMeeting(meeting=2, to=datetime(2027, 4, 1, 10, tzinfo=UTC))),
    ("cancel_meeting", {"meeting": 2, "reason": "personal"}, c.CancelMeeting(meeting=2, reason="personal")),
    ("cancel_meeting", {"meeting": 2}, c.CancelMeeting(meeting=2, reason="not_said")),
    ("excuse", {"meeting": 2}, c.Excuse(meeting=2)),
    (
        "report_meeting",
        {"meeting": 1, "held": True, "attendance": {"self": "late", "partner": "present"}},
        c.ReportMeeting(meeting=1, held=True, attendance=c.Attendance(own="late", partner="present")),
    ),
    ("report_meeting", {"held_at": "2027-02-27T10:00:00Z", "held": True}, c.ReportMeeting(held_at=datetime(2027, 2, 27, 10, tzinfo=UTC), held=True)),
    ("dispute", {"meeting": 4}, c.Dispute(meeting=4)),
    ("record_milestone", {"milestone": "shadowing"}, c.RecordMilestone(milestone="shadowing")),
    (
        "record_milestone",
        {"milestone": "shadowing", "done_at": "2027-02-27T10:00:00Z"},
        c.RecordMilestone(milestone="shadowing", done_at=datetime(2027, 2, 27, 10, tzinfo=UTC)),
    ),
    ("object_to_milestone", {"milestone": "shadowing"}, c.ObjectToMilestone(milestone="shadowing")),
    ("withdraw", {"message_id": "msg_0"}, c.Withdraw(report="msg_0")),
    ("report_goal", {"goal": "lead-a-team", "progress": "progressed"}, c.ReportGoal(goal="lead-a-team", progress="progressed")),
    ("ask_extension", {}, c.AskExtension()),
    ("submit_privately", {"body": {"kind": "survey", "answers": {"trust": 5}}}, c.SubmitPrivately(body=c.SurveyAnswers(answers={"trust": 5}))),
    ("submit_privately", {"body": {"kind": "pins", "benefits": ["mentee.0"]}}, c.SubmitPrivately(body=c.Pins(benefits=("mentee.0",)))),
    ("submit_privately", {"body": {"kind": "end_wish"}}, c.SubmitPrivately(body=c.EndWish())),
]


@pytest.mark.parametrize(("name", "body", "expected"), WORDLESS, ids=[f"{name}-{n}" for n, (name, _, _) in enumerate(WORDLESS)])
async def test_a_command_reaches_the_mentorship_as_the_core_knows_it(name, body, expected, sender, mentorship, running, pair):
    answer = await sender.post(name, {"by": "ben", **body}, "msg_1")
    assert answer.status_code == 202
    [(signal, sent)] = await mentorship.signals()
    assert signal == name
    command = TypeAdapter(c.Command).validate_python(sent)
    assert command == expected.model_copy(update={"message_id": "msg_1", "by": pair.enrolment.mentee, "at": AT})


def test_every_command_of_a_participant_has_a_door():
    assert {model.model_fields["command"].default for model in get_args(c.ParticipantCommand)} == set(BODIES)


def test_every_command_of_a_participant_has_a_form():
    """Whatever a program may send, a person can say on their page: it is an action in webhook/pages/actions.py, with a template of its own."""
    assert set(ACTIONS) == set(BODIES) - {"submit_privately"}  # which has pages of its own
    assert {name for name in ACTIONS if not (TEMPLATES / "acts" / f"{name}.html").is_file()} == set()


async def test_the_answer_says_where_the_receipt_will_be(sender, running):
    answer = await sender.post("ask_extension", {"by": "ana"}, "msg_7")
    assert answer.json() == {"message_id": "msg_7", "receipt": "/v1/receipts/spring-2027/pair-7/msg_7"}
    assert answer.headers["location"] == answer.json()["receipt"]


async def test_the_words_of_a_goal_become_notes_and_only_their_ids_travel(sender, mentorship, running, records, pair):
    body = {"by": "ben", "goal": "speak", "text": " Speak at the summit ", "actions": ["Find a topic", "Ask Cleo"]}
    assert (await sender.post("set_goal", body)).status_code == 202
    [(_, sent)] = await mentorship.signals()
    assert re.fullmatch("n-[a-z0-9]{16}", sent["note_id"])
    notes = [await records.notes.get(note) for note in (sent["note_id"], *sent["actions"])]
    assert [(note.kind, note.text) for note in notes] == [("goal", "Speak at the summit"), ("action", "Find a topic"), ("action", "Ask Cleo")]
    assert {note.author for note in notes} == {pair.enrolment.mentee}
    assert {note.mentorship for note in notes} == {pair.mentorship}


@pytest.mark.parametrize("shared", [True, False])
async def test_feedback_is_the_authors_own_and_shared_only_if_the_author_says_so(shared, sender, mentorship, running, records):
    body = {"kind": "feedback", "meeting": 3, "text": "You listened well", "shared": shared}
    assert (await sender.post("submit_privately", {"by": "ana", "body": body})).status_code == 202
    [(_, sent)] = await mentorship.signals()
    note = await records.notes.get(sent["body"]["note_id"])
    assert (note.text, note.shared, sent["body"]["shared"]) == ("You listened well", shared, shared)


@pytest.fixture
def told():
    """Everything that the process logs with its own configuration."""
    stream, root = io.StringIO(), logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.configure("json", "DEBUG", stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


async def test_what_a_person_writes_is_nowhere_in_temporal_and_nowhere_in_the_logs(sender, running, told):
    canary = "canary-58311"
    body = {"kind": "feedback", "meeting": 1, "text": canary}
    for command, said, status in (
        ("set_goal", {"by": "ben", "goal": "speak", "text": canary, "actions": [canary]}, 202),
        ("submit_privately", {"by": "ben", "body": body}, 202),
        ("set_goal", {"by": canary, "goal": canary.upper(), "text": 5, canary: canary}, 422),
    ):
        assert (await sender.post(command, said)).status_code == status
    history = (await running.fetch_history()).to_json()
    lines = told.getvalue()
    assert "set_goal" in history
    assert '"status": 422' in lines
    for secret in (canary, "ben@", '"ben"', "example.org", "pair-7", "whsec_"):
        assert secret not in history
        assert secret not in lines
