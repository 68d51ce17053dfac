"""decide(state, command, at) -> events. A refusal is an event with a reason, never an exception.

`at` is the instant in the mentorship's order: never before `state.now`. Where lateness is judged, the command's own `at` is read:
the instant at which the door accepted it, so that an outage makes nobody late (P5).
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Literal, assert_never

from mentorship import commands as c
from mentorship import events as e
from mentorship.commands import SERVICE, Command, EndWish, Feedback, Pins, SurveyAnswers
from mentorship.decide_meetings import cancel_meeting, confirm_meeting, dispute, excuse, move_meeting, report_meeting
from mentorship.decide_pause import pause, resume
from mentorship.decide_progress import confirm_expectations, object_to_milestone, record_milestone, report_goal, set_goal, withdraw
from mentorship.duration import Duration
from mentorship.instant import Instant, within_reach
from mentorship.people import SIDES, Side, is_id, other
from mentorship.policy.milestones import certified, final_instant, milestone_facts
from mentorship.refusal import Refusal, refuse
from mentorship.state import State

_DAY = timedelta(days=1)
_BENEFIT = re.compile(r"(company|everyone|mentor|mentee)\.\d{1,3}")


def decide(state: State, command: Command, at: Instant) -> tuple[e.AnyEvent, ...]:
    """What this command makes happen. Never raises; refused commands yield exactly one CommandRefused."""
    if not within_reach(command):
        return refuse(at, "malformed")
    accepted = min(command.at or at, at)
    if command.by == SERVICE:
        return _result(state, command, at)
    if state.over:
        return refuse(at, "over")
    match command:
        case c.Pause() | c.Resume() | c.Extend() | c.WaiveMilestone() | c.Flag() | c.Resolve() | c.End():
            return _operator(state, command, at)
        case c.ApplyPlan() | c.NoteFailedNotice() | c.NoteCertificates():
            return refuse(at, "not_a_participant")
        case _:
            side = state.pair.side(command.by)
            return refuse(at, "not_a_participant") if side is None else _participant(state, command, side, at, accepted)


def _participant(state: State, command: c.ParticipantCommand, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    if isinstance(command, c.SubmitPrivately):
        return _submit_privately(state, command, side, at)
    if state.decided is not None or (state.closing and accepted > state.reporting_ends):
        return refuse(at, "decided")
    match command:
        case c.ConfirmExpectations():
            return confirm_expectations(state, command, side, at, accepted)
        case c.ConfirmMeeting():
            return confirm_meeting(state, command, side, at, accepted)
        case c.MoveMeeting():
            return move_meeting(state, command, side, at, accepted)
        case c.CancelMeeting():
            return cancel_meeting(state, command, side, at, accepted)
        case c.Excuse():
            return excuse(state, command, side, at)
        case c.ReportMeeting():
            return report_meeting(state, command, side, at, accepted)
        case c.Dispute():
            return dispute(state, command, side, at, accepted)
        case c.RecordMilestone():
            return record_milestone(state, command, side, at, accepted)
        case c.ObjectToMilestone():
            return object_to_milestone(state, command, side, at, accepted)
        case c.Withdraw():
            return withdraw(state, command, side, at)
        case c.SetGoal():
            return set_goal(state, command, side, at, accepted)
        case c.ReportGoal():
            return report_goal(state, command, side, at, accepted)
        case c.AskExtension():
            return _ask_extension(state, side, at)
        case _:
            assert_never(command)


# -- private matters, extension -------------------------------------------------------------------------------------------


def _submit_privately(state: State, command: c.SubmitPrivately, side: Side, at: Instant) -> tuple[e.AnyEvent, ...]:
    body = command.body
    match body:
        case Feedback():
            if state.meeting(body.meeting) is None:
                return refuse(at, "no_such_meeting")
            if body.note_id is not None and not is_id(body.note_id):
                return refuse(at, "malformed")
            return (e.FeedbackGiven(at=at, side=side, meeting=body.meeting, note_id=body.note_id, shared=body.shared),)
        case SurveyAnswers():
            if not body.answers:
                return refuse(at, "malformed")
            if body.survey == "closing" and not state.closing:
                return refuse(at, "not_yet")
            return (e.SurveyAnswered(at=at, side=side, survey=body.survey, answers=dict(body.answers)),)
        case Pins():
            if not all(map(_BENEFIT.fullmatch, body.benefits)):
                return refuse(at, "malformed")
            return (e.BenefitsPinned(at=at, side=side, benefits=tuple(dict.fromkeys(body.benefits))[:10]),)
        case None:
            return refuse(at, "malformed")
        case EndWish():
            if state.closing:
                return refuse(at, "closing")
            return _ended(state, "by_pair", at)
        case _:
            assert_never(body)


def _ask_extension(state: State, side: Side, at: Instant) -> tuple[e.AnyEvent, ...]:
    if state.extended_by_pair:
        return refuse(at, "used_up")
    if state.closing:
        return refuse(at, "closing")
    if state.person(side).asked_extension:
        return refuse(at, "already_done")
    asked = e.ExtensionAsked(at=at, side=side)
    if not state.person(other(side)).asked_extension:
        return (asked,)
    return _extended(state, state.rules.extension.by_pair, at, asked)


def _extended(state: State, length: Duration, at: Instant, *asked: e.ExtensionAsked) -> tuple[e.AnyEvent, ...]:
    """The extension: by the pair once both `asked`, otherwise by an operator."""
    extended = e.Extended(at=at, by_pair=bool(asked), length=length, ends=state.ends + length.span, reporting_ends=state.reporting_ends + length.span)
    return (*asked, extended) if length.span and within_reach(extended) else refuse(at, "malformed")


def unfit_extension(state: State, length: Duration) -> Refusal | None:
    """Why an operator's extension looks like a slip of the pen, or None. It is refused, since mails tell both of the new end and nothing takes it back.

    Only asked about new commands, before they are taken: `decide` also repeats what was decided before this rule existed.
    """
    if length.span > state.ends - state.starts - state.paused_for:
        return "too_long"
    return "too_short" if length.span < min(_DAY, state.rules.interval.span) else None


# -- operators ------------------------------------------------------------------------------------------------------------


def _operator(state: State, command: c.OperatorCommand, at: Instant) -> tuple[e.AnyEvent, ...]:
    match command:
        case c.Pause():
            return pause(state, command, at)
        case c.Resume():
            return resume(state, command, at)
        case c.Extend():
            if state.closing:
                return refuse(at, "closing")
            return _extended(state, command.length, at)
        case c.WaiveMilestone():
            if state.decided is not None:
                return refuse(at, "decided")
            if all(rule.id != command.milestone for rule in state.rules.milestones):
                return refuse(at, "no_such_milestone")
            known = state.milestones.get(command.milestone)
            brought = any(earned.milestone == command.milestone for earned in state.earned)
            if brought or (known is not None and known.waived_at is not None):
                return refuse(at, "already_done")
            return (e.MilestoneWaived(at=at, milestone=command.milestone),)
        case c.Flag():
            if state.decided is not None or command.line in state.attention:
                return refuse(at, "decided" if state.decided is not None else "already_done")
            return (e.AttentionRaised(at=at, line=command.line),)
        case c.Resolve():
            if command.line not in state.attention:
                return refuse(at, "no_such_line")
            return (e.AttentionCleared(at=at, line=command.line, resolved=True),)
        case c.End():
            return _end(state, command, at)
        case _:
            assert_never(command)


def _end(state: State, command: c.End, at: Instant) -> tuple[e.AnyEvent, ...]:
    if state.decided is not None:
        return refuse(at, "decided")
    if state.closing and command.reason != "conduct":  # it has ended, and both have been told until when they can report
        return refuse(at, "closing")
    leaver = state.pair.side(command.leaver) if command.leaver is not None else None
    if command.leaver is not None and (leaver is None or command.reason != "stepped_away"):
        return refuse(at, "not_a_participant" if leaver is None else "malformed")
    return _ended(state, command.reason, at, leaver)


def _ended(state: State, reason: c.EndReason | Literal["by_pair"], at: Instant, leaver: Side | None = None) -> tuple[e.AnyEvent, ...]:
    """Ends the mentorship before its time. If the share is reached by then, both are certified, unless it ends for conduct (H7)."""
    decided = certificates_decided(state, at, min(at, final_instant(state)), conduct=reason == "conduct")
    return (*decided, e.MentorshipEnded(at=at, reason=reason, leaver=leaver))


def certificates_decided(state: State, at: Instant, final: Instant, *, conduct: bool = False) -> tuple[e.AnyEvent, ...]:
    """Decides by what was done by `final`. From then on no coordinator needs to look after this pair, so its lines close."""
    facts = milestone_facts(state, final)
    closed = [e.AttentionCleared(at=at, line=line) for line in state.attention]
    decided = e.CertificatesDecided(
        at=at,
        certified=() if conduct else certified(state, final),
        done=sum(fact.done_at is not None for fact in facts),
        total=len(facts),
        carried=sum(fact.carried for fact in facts),
        ended_at=final,
    )
    return (*closed, decided)


# -- the service's own results --------------------------------------------------------------------------------------------


def _result(state: State, command: Command, at: Instant) -> tuple[e.AnyEvent, ...]:
    match command:
        case c.ApplyPlan():
            request = state.plan_request
            if request is None or state.closing:  # nothing waits for a plan, as in a pause or after the end
                return refuse(at, "too_late")
            if command.number is not None and command.number != request.number:  # the answer to an older question
                return refuse(at, "too_late")
            ends, reporting_ends = command.ends or state.ends, command.reporting_ends or state.reporting_ends
            slots = tuple(slot for slot in command.slots[: request.count] if at < slot.start < ends)
            return (e.PlanApplied(at=at, change=request.change, slots=slots, ends=ends, reporting_ends=reporting_ends),)
        case c.NoteFailedNotice():
            failed = e.NoticeFailed(
                at=at,
                effect=command.effect,
                notice=command.notice,
                to=command.to,
                why=command.why,
                session=command.session,
                feedback_for=command.feedback_for,
                pulse=command.pulse,
                unreported=command.unreported,
            )
            unheard = _unheard(state, command, at) if command.notice == "absence_reported" and not state.over else []
            return (failed, *unheard)
        case c.NoteCertificates():
            if state.certificates:
                return refuse(at, "already_done")
            if state.decided is None or not state.decided.earned or not (command.certificates or command.erased):
                return refuse(at, "malformed")
            erased = tuple(side for side in SIDES if state.pair.person(side) in command.erased)
            return (e.CertificatesIssued(at=at, certificates=command.certificates, erased=erased),)
        case _:
            return refuse(at, "not_a_participant")


def _unheard(state: State, command: c.NoteFailedNotice, at: Instant) -> list[Any]:
    """A person who was never asked about an absence is not judged by it."""
    side: Side | None = next((side for side in SIDES if side == command.to), None)
    meeting = state.meeting(command.meeting) if command.meeting is not None else None
    claim = meeting.claim(side) if meeting is not None and side is not None else None
    if meeting is None or side is None or claim is None or claim.stands == "no":
        return []
    return [e.AbsenceDropped(at=at, meeting=meeting.n, side=side)]
