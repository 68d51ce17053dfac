"""Every action of a participant's page: how its form becomes a command's body, and what to ask the core before the action is offered."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from mentorship import commands as c
from mentorship import events as e
from mentorship.commands import EXPECTATIONS
from mentorship.people import other
from mentorship.state import Meeting, State
from webhook.pages.beforehand import NOTE_ID, refusal, would
from webhook.pages.fields import Wrong, instant_of, needed_instant, one_of, steps_of, text_of
from webhook.pages.forms import Fields
from webhook.pages.reading import Known

SEVERAL = "several"
"""The target of a form that says of several meetings at once that they took place: a command for each."""
_NEVER_IN_TIME = frozenset({"in_the_future", "before_start", "time_passed"})


@dataclass(frozen=True)
class Action:
    """`name` is the signal's own name; the address contains it and the target. `values` makes the body, or raises Wrong.

    `probes` are commands like those that the form would send. The action is offered if the core would take at least one of them.
    """

    name: str
    target: Literal["none", "meeting", "meeting_or_all", "milestone", "goal", "report"]
    values: Callable[[Fields, Known, str, str], dict[str, Any]]
    probes: Callable[[Known, State, str], tuple[c.ParticipantCommand, ...]]


# -- what a form says -----------------------------------------------------------------------------------------------------


def _check_time(known: Known, field: str, command: c.ParticipantCommand, message_id: str) -> None:
    """Raises Wrong for a time that the core would refuse whatever else is on its way to it. The form then says so beside the field, and keeps what was typed.

    A message that the door had before counts from then and passes, so that an outage of Temporal makes nobody late (P5).
    """
    reason = refusal(known, command) if message_id not in known.taken else None
    if reason in _NEVER_IN_TIME:
        raise Wrong(field, reason)


def _confirm_expectations(fields: Fields, *_: Any) -> dict[str, Any]:
    chosen = [name for name in fields.all("expectation") if name in EXPECTATIONS]
    if not chosen:
        raise Wrong("expectation", "choose")
    return {"expectations": chosen}


def _confirm_meeting(fields: Fields, known: Known, target: str, message_id: str) -> dict[str, Any]:
    """Accepts only times that the page showed: a time that both accepted can be cancelled late, and a pause gives its number to another time (H14).

    A yes that Temporal has is a repeat, which accepts nothing more. If it came back with other times, a second yes would seem to have accepted those.
    """
    body = {"meeting": "all" if target == "all" else int(target)}
    if message_id in known.sent:
        return body
    seen = fields.get("seen").split()
    accepted = [n for event in would(known, c.ConfirmMeeting(**body)) if isinstance(event, e.SlotsAccepted) for n in event.meetings]
    if known.state is not None and any(meeting.n in accepted and meeting.start.isoformat() not in seen for meeting in known.state.meetings):
        raise Wrong("seen", "times_changed")
    return body


def as_seen(meeting: Meeting) -> str:
    """What a form about a meeting carries: its time, and whether both accepted that, which decides what counts (H14)."""
    return f"{meeting.start.isoformat()} {'confirmed' if meeting.confirmed else 'proposed'}"


def _check_seen(fields: Fields, known: Known, target: str, message_id: str) -> None:
    """Raises Wrong if the meeting is no longer what the page showed. A pause or a move gives its number another time, and the partner's yes makes a
    cancellation late that the page said would not count (H14). A message that Temporal has is a repeat and passes.
    """
    meeting = known.state.meeting(int(target)) if known.state is not None else None
    if meeting is not None and message_id not in known.sent and fields.get("seen") != as_seen(meeting):
        raise Wrong("seen", "meeting_changed")


def _move(fields: Fields, known: Known, target: str, message_id: str) -> dict[str, Any]:
    exact = fields.get("exact")  # the partner's own proposal, to the second
    if exact:
        try:
            agreed = datetime.fromisoformat(exact)
        except ValueError:
            raise Wrong("exact", "when_unreadable") from None
        agree = c.MoveMeeting(meeting=int(target), to=agreed, agreeing=True)
        if message_id not in known.taken and refusal(known, agree) == "not_proposed":
            raise Wrong("exact", "not_proposed")
        return {"meeting": agree.meeting, "to": agreed.isoformat(), "agreeing": True}
    to = needed_instant(fields, "to", known.clock.zone)
    _check_seen(fields, known, target, message_id)
    _check_time(known, "to", c.MoveMeeting(meeting=int(target), to=to), message_id)
    return {"meeting": int(target), "to": to.isoformat()}


def _cancel(fields: Fields, known: Known, target: str, message_id: str) -> dict[str, Any]:
    reason = one_of(fields, "reason", get_args(c.CancelReason)) or "not_said"
    _check_seen(fields, known, target, message_id)
    return {"meeting": int(target), "reason": reason}


def _report(fields: Fields, known: Known, target: str, message_id: str) -> dict[str, Any]:
    if not target:
        held_at = needed_instant(fields, "held_at", known.clock.zone)
        _check_time(known, "held_at", c.ReportMeeting(held_at=held_at, held=True), message_id)
        return {"held_at": held_at.isoformat(), "held": True}
    held = one_of(fields, "held", ("yes", "no"))
    own = one_of(fields, "self", get_args(c.OwnAttendance))
    partner = one_of(fields, "partner", get_args(c.PartnerAttendance))
    if held is None and own is None and partner is None:
        raise Wrong("held", "choose")
    if held == "yes" and "absent" in (own, partner):
        raise Wrong("held", "contradiction")
    attendance = {name: value for name, value in (("self", own), ("partner", partner)) if value}
    return {"meeting": int(target), **({"held": held == "yes"} if held else {}), "attendance": attendance}


def _milestone(fields: Fields, known: Known, target: str, message_id: str) -> dict[str, Any]:
    done_at = instant_of(fields, "done_at", known.clock.zone)
    _check_time(known, "done_at", c.RecordMilestone(milestone=target, done_at=done_at), message_id)
    return {"milestone": target, **({"done_at": done_at.isoformat()} if done_at else {})}


def _withdraw(_: Fields, known: Known, target: str, __: str) -> dict[str, Any]:
    return {"message_id": next(report.message_id for report in known.reports if report.code == target)}


def _set_goal(fields: Fields, _: Known, target: str, message_id: str) -> dict[str, Any]:
    steps = steps_of(fields)
    if target:  # more steps towards a goal that is set
        if not steps:
            raise Wrong("steps", "text_missing")
        return {"goal": target, "actions": steps}
    return {"goal": goal_id(message_id), "text": text_of(fields), "actions": steps}


def _report_goal(fields: Fields, _: Known, target: str, __: str) -> dict[str, Any]:
    progress = one_of(fields, "progress", get_args(c.GoalProgress))
    if progress is None:
        raise Wrong("progress", "choose")
    return {"goal": target, "progress": progress}


def goal_id(message_id: str) -> str:
    """The same for every try of one form."""
    return "g-" + base64.b32encode(hashlib.sha256(message_id.encode()).digest()[:10]).decode().lower()


# -- what to ask of the core ----------------------------------------------------------------------------------------------


def agreeing(known: Known, state: State, target: str) -> tuple[c.MoveMeeting, ...]:
    """A yes to the partner's proposal, if there is one. The core may take it for longer than a new one, even once the meeting's old time has passed."""
    meeting = state.meeting(int(target))
    theirs = meeting.proposal(other(known.side)) if meeting is not None else None
    return (c.MoveMeeting(meeting=int(target), to=theirs.to),) if theirs is not None else ()


def proposing(known: Known, state: State, target: str) -> c.MoveMeeting:
    """A time that could be proposed, if any can."""
    some_time = max(known.now, min(state.ends - timedelta(seconds=1), known.now + timedelta(days=1, seconds=1)))
    return c.MoveMeeting(meeting=int(target), to=some_time)


def _reporting(known: Known, _: State, target: str) -> tuple[c.ParticipantCommand, ...]:
    if not target:  # an extra one
        return (c.ReportMeeting(held_at=known.now, held=True),)
    return tuple(c.ReportMeeting(meeting=int(target), held=held) for held in (True, False))


ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        Action("confirm_expectations", "none", _confirm_expectations, lambda *_: (c.ConfirmExpectations(expectations=EXPECTATIONS),)),
        Action(
            "confirm_meeting",
            "meeting_or_all",
            _confirm_meeting,
            lambda _k, _s, target: (c.ConfirmMeeting(meeting="all" if target == "all" else int(target)),),
        ),
        Action("move_meeting", "meeting", _move, lambda known, state, target: (*agreeing(known, state, target), proposing(known, state, target))),
        Action("cancel_meeting", "meeting", _cancel, lambda _k, _s, target: (c.CancelMeeting(meeting=int(target)),)),
        Action("excuse", "meeting", lambda _f, _k, target, _m: {"meeting": int(target)}, lambda _k, _s, target: (c.Excuse(meeting=int(target)),)),
        Action("report_meeting", "meeting", _report, _reporting),
        Action("dispute", "meeting", lambda _f, _k, target, _m: {"meeting": int(target)}, lambda _k, _s, target: (c.Dispute(meeting=int(target)),)),
        Action("record_milestone", "milestone", _milestone, lambda _k, _s, target: (c.RecordMilestone(milestone=target),)),
        Action(
            "object_to_milestone",
            "milestone",
            lambda _f, _k, target, _m: {"milestone": target},
            lambda _k, _s, target: (c.ObjectToMilestone(milestone=target),),
        ),
        Action(
            "withdraw",
            "report",
            _withdraw,
            lambda known, _s, target: (c.Withdraw(report=next((report.message_id for report in known.reports if report.code == target), "")),),
        ),
        Action("set_goal", "goal", _set_goal, lambda _k, _s, target: (c.SetGoal(goal=target or "g-probe", note_id=NOTE_ID, actions=(NOTE_ID,)),)),
        Action("report_goal", "goal", _report_goal, lambda _k, _s, target: (c.ReportGoal(goal=target, progress="progressed"),)),
        Action("ask_extension", "none", lambda *_: {}, lambda *_: (c.AskExtension(),)),
    )
}
"""What the page offers; `submit_privately` has pages of its own."""


def is_open(known: Known, name: str, target: str = "") -> bool:
    """Whether this action can be taken now."""
    if known.state is None:
        return False
    if name == "report_meeting" and not target:  # an extra one: any time since the start will do
        return known.state.decided is None and known.now > known.state.starts
    return any(refusal(known, probe) is None for probe in ACTIONS[name].probes(known, known.state, target))
