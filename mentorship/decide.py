"""decide(state, command, at) -> events. A refusal is an event with a reason, never an exception.

`at` is the instant in the mentorship's order: never before `state.now`. Where lateness is judged, the command's own `at` is read:
the instant at which the door accepted it, so that an outage makes nobody late (P5).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Literal, assert_never

from mentorship import commands as c
from mentorship import events as e
from mentorship.commands import SERVICE, Command, EndWish, Feedback, Pins, Slot, SurveyAnswers
from mentorship.duration import Duration
from mentorship.instant import Instant
from mentorship.people import SIDES, Side, is_id, other
from mentorship.policy import (
    final_instant,
    is_complete,
    milestone_facts,
    partner_may_object_until,
    pause_left,
    topic_for,
)
from mentorship.state import MOST_ACTIONS, MOST_EXTRA_MEETINGS, MOST_GOALS, Claim, Meeting, Report, State, report_digest

_FAR = datetime(9000, 1, 1, tzinfo=UTC)
_BENEFIT = re.compile(r"(company|everyone|mentor|mentee)\.\d{1,3}")

Refusal = Literal[
    "not_a_participant",  # `by` is neither of the two
    "in_the_future",  # an instant that has not come yet
    "before_start",  # done before the mentorship began
    "malformed",  # nothing to act on, or parts that contradict each other
    "no_such_meeting",
    "no_such_milestone",
    "no_such_goal",
    "no_such_report",
    "no_such_line",
    "not_yours",  # only the other of the two can say this
    "already_done",  # it stands already
    "already_started",  # a move or a cancellation came after the start
    "not_yet",  # a report came before the meeting's start
    "cancelled",
    "held",
    "time_passed",  # the proposed time is not ahead
    "after_the_end",  # the proposed time lies behind the programme's end
    "planned_meeting",  # an extra meeting at a planned one's time: report that one
    "nothing_to_excuse",
    "nothing_to_dispute",
    "too_late",  # the time to object or to report is over
    "a_fact",  # completed by a fact, not by a report
    "too_many",
    "paused",
    "not_paused",
    "closing",
    "decided",
    "over",
    "used_up",  # the one extension, or the longest pause
]


def decide(state: State, command: Command, at: Instant) -> tuple[e.AnyEvent, ...]:
    """What this command makes happen. Never raises; refused commands yield exactly one CommandRefused."""
    accepted = min(command.at or at, at)
    if command.by == SERVICE:
        return _result(state, command, at)
    if state.over:
        return _refuse(at, "over")
    match command:
        case c.Pause() | c.Resume() | c.Extend() | c.WaiveMilestone() | c.Resolve() | c.End():
            return _operator(state, command, at)
        case c.ApplyPlan() | c.NoteFailedNotice() | c.NoteCertificates():
            return _refuse(at, "not_a_participant")
        case _:
            side = state.pair.side(command.by)
            return _refuse(at, "not_a_participant") if side is None else _participant(state, command, side, at, accepted)


def _refuse(at: Instant, reason: Refusal) -> tuple[e.AnyEvent, ...]:
    return (e.CommandRefused(at=at, reason=reason),)


def _participant(state: State, command: c.ParticipantCommand, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    if isinstance(command, c.SubmitPrivately):
        return _submit_privately(state, command, side, at)
    if state.decided is not None:
        return _refuse(at, "decided")
    match command:
        case c.ConfirmExpectations():
            return _confirm_expectations(state, command, side, at, accepted)
        case c.ConfirmMeeting():
            return _confirm_meeting(state, command, side, at, accepted)
        case c.MoveMeeting():
            return _move_meeting(state, command, side, at, accepted)
        case c.CancelMeeting():
            return _cancel_meeting(state, command, side, at, accepted)
        case c.Excuse():
            return _excuse(state, command, side, at)
        case c.ReportMeeting():
            return _report_meeting(state, command, side, at, accepted)
        case c.Dispute():
            return _dispute(state, command, side, at, accepted)
        case c.RecordMilestone():
            return _record_milestone(state, command, side, at, accepted)
        case c.ObjectToMilestone():
            return _object_to_milestone(state, command, side, at, accepted)
        case c.Withdraw():
            return _withdraw(state, command, side, at)
        case c.SetGoal():
            return _set_goal(state, command, side, at, accepted)
        case c.ReportGoal():
            return _report_goal(state, command, side, at, accepted)
        case c.AskExtension():
            return _ask_extension(state, side, at, accepted)
        case _:
            assert_never(command)


# -- alignment and slots --------------------------------------------------------------------------------------------------


def _confirm_expectations(state: State, command: c.ConfirmExpectations, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    if not command.expectations:
        return _refuse(at, "malformed")
    fresh = tuple(sorted(set(command.expectations) - set(state.person(side).expectations)))
    if not fresh:
        return _refuse(at, "already_done")
    return (e.ExpectationsConfirmed(at=at, side=side, expectations=fresh, accepted_at=accepted),)


def _confirm_meeting(state: State, command: c.ConfirmMeeting, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    if state.closing:
        return _refuse(at, "closing")
    if command.meeting == "all":
        chosen = [m for m in state.meetings if m.cancelled is None and side not in m.accepted and accepted < m.start]
        return (e.SlotsAccepted(at=at, side=side, meetings=tuple(m.n for m in chosen)),) if chosen else _refuse(at, "already_done")
    meeting = state.meeting(command.meeting)
    if meeting is None:
        return _refuse(at, "no_such_meeting")
    if meeting.cancelled is not None:
        return _refuse(at, "cancelled")
    if side in meeting.accepted:
        return _refuse(at, "already_done")
    if accepted >= meeting.start:
        return _refuse(at, "already_started")
    return (e.SlotsAccepted(at=at, side=side, meetings=(meeting.n,)),)


def _move_meeting(state: State, command: c.MoveMeeting, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    meeting = state.meeting(command.meeting)
    if meeting is None:
        return _refuse(at, "no_such_meeting")
    if command.to is None:
        return _refuse(at, "malformed")
    if state.closing:
        return _refuse(at, "closing")
    if state.pausing is not None:
        return _refuse(at, "paused")
    if meeting.cancelled is not None:
        return _refuse(at, "cancelled")
    if meeting.held:
        return _refuse(at, "held")
    if command.to <= accepted:
        return _refuse(at, "time_passed")
    if command.to >= state.ends:
        return _refuse(at, "after_the_end")
    theirs = meeting.proposal(other(side))
    if theirs is not None and theirs.to == command.to:
        rules = state.rules
        slot = Slot(start=command.to, prepare_at=command.to - rules.prepare.span, ask_at=command.to + rules.duration.span + rules.ask_after.span)
        # Too soon for a preparation mail of its own: the topic goes with the news of the move, unless it went out already.
        session = topic_for(state, meeting.n) if slot.prepare_at <= at and not meeting.prepared else None
        again = session in state.sent_sessions
        return (e.MeetingMoved(at=at, meeting=meeting.n, previous_start=meeting.start, slot=slot, session=session, again=again),)
    mine = meeting.proposal(side)
    if command.to == meeting.start or (mine is not None and mine.to == command.to):
        return _refuse(at, "already_done")
    if accepted >= meeting.start:
        return _refuse(at, "already_started")
    late = meeting.confirmed and meeting.start - accepted < state.rules.cancellations.notice.span
    # A second proposal does not wash a late first one clean, nor does it start its three days again.
    if mine is not None and mine.late:
        asked_at = mine.asked_at or mine.at
        return (e.MoveProposed(at=at, side=side, meeting=meeting.n, to=command.to, late=True, accepted_at=mine.at, asked_at=asked_at),)
    return (e.MoveProposed(at=at, side=side, meeting=meeting.n, to=command.to, late=late, accepted_at=accepted),)


def _cancel_meeting(state: State, command: c.CancelMeeting, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    meeting = state.meeting(command.meeting)
    if meeting is None:
        return _refuse(at, "no_such_meeting")
    if meeting.cancelled is not None:
        return _refuse(at, "cancelled")
    if meeting.held:
        return _refuse(at, "held")
    if accepted >= meeting.start:  # after the start it is an absence
        report = Report(side=side, report=report_digest(command.message_id), at=accepted, held=None, own="absent", reason=command.reason)
        return _reported(state, meeting, report, at)
    late = meeting.confirmed and meeting.start - accepted < state.rules.cancellations.notice.span
    return (e.MeetingCancelled(at=at, meeting=meeting.n, side=side, reason=command.reason, late=late, accepted_at=accepted),)


def _excuse(state: State, command: c.Excuse, side: Side, at: Instant) -> tuple[e.AnyEvent, ...]:
    meeting = state.meeting(command.meeting)
    if meeting is None:
        return _refuse(at, "no_such_meeting")
    partner = other(side)
    if partner in meeting.excused:
        return _refuse(at, "already_done")
    cancelled = meeting.cancelled is not None and meeting.cancelled.side == partner
    proposal = meeting.proposal(partner)
    own = meeting.report(partner)
    absent = (own is not None and own.own == "absent") or meeting.claim(partner) is not None
    if not (cancelled or absent or (proposal is not None and proposal.late)):
        return _refuse(at, "nothing_to_excuse")
    return (e.MeetingExcused(at=at, meeting=meeting.n, side=partner),)


# -- what happened at a meeting -------------------------------------------------------------------------------------------


def _report_meeting(state: State, command: c.ReportMeeting, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    own, partner, held = command.attendance.own, command.attendance.partner, command.held
    if command.meeting is None:
        return _report_extra(state, command, side, at, accepted)
    meeting = state.meeting(command.meeting)
    if meeting is None:
        return _refuse(at, "no_such_meeting")
    if meeting.cancelled is not None and not (meeting.cancelled.lapsed and held):
        return _refuse(at, "cancelled")
    if held is None and own is None and partner is None:
        return _refuse(at, "malformed")
    if held and (own == "absent" or partner == "absent"):
        return _refuse(at, "malformed")
    if accepted < meeting.start:
        return _refuse(at, "not_yet")
    if held is None and own in ("on_time", "late") and partner == "present":
        held = True
    report = Report(side=side, report=report_digest(command.message_id), at=accepted, held=held, own=own, partner=partner)
    return _reported(state, meeting, report, at)


def _reported(state: State, meeting: Meeting, report: Report, at: Instant) -> tuple[e.AnyEvent, ...]:
    """One's latest word about a meeting replaces the earlier one, whichever comes in first."""
    side = report.side
    earlier = meeting.report(side)
    if earlier is not None and earlier.at > report.at:
        return _refuse(at, "already_done")
    found: list[e.AnyEvent] = [
        e.MeetingReported(
            at=at,
            meeting=meeting.n,
            side=side,
            report=report.report,
            held=report.held,
            own=report.own,
            partner=report.partner,
            reason=report.reason,
            accepted_at=report.at,
        )
    ]
    theirs = meeting.report(other(side))
    held = bool(report.held or (theirs is not None and theirs.held))
    if held and not meeting.held:
        found.append(e.MeetingHeld(at=at, meeting=meeting.n, session=topic_for(state, meeting.n)))
    if not held and meeting.held:
        found.append(e.MeetingUnheld(at=at, meeting=meeting.n))
    mine = meeting.claim(side)
    if mine is not None and _contestable(state, mine, report.at) and (report.held or report.own in ("on_time", "late")):
        found.append(e.AbsenceDisputed(at=at, meeting=meeting.n, side=side))
    claimed = meeting.claim(other(side))
    if report.partner == "absent":
        present = theirs is not None and (theirs.held or theirs.own in ("on_time", "late"))
        admitted = theirs is not None and theirs.own == "absent"  # nothing to ask
        if not admitted and (claimed is None or (claimed.stands == "no" and not claimed.disputed)):
            found.append(e.AbsenceClaimed(at=at, meeting=meeting.n, side=other(side)))
            if present:  # their word stands against it already
                found.append(e.AbsenceDisputed(at=at, meeting=meeting.n, side=other(side)))
    elif claimed is not None and claimed.stands != "no":
        found.append(e.AbsenceDropped(at=at, meeting=meeting.n, side=other(side)))
    return tuple(found)


def _report_extra(state: State, command: c.ReportMeeting, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    if command.held_at is None or command.held is False:
        return _refuse(at, "malformed")
    if command.held_at > accepted:
        return _refuse(at, "in_the_future")
    if command.held_at < state.starts:
        return _refuse(at, "before_start")
    length = state.rules.duration.span
    if any(m.cancelled is None and abs(m.start - command.held_at) < length for m in state.meetings):
        return _refuse(at, "planned_meeting")
    for extra in state.extras:
        if abs(extra.held_at - command.held_at) < length:  # the same conversation, told by both
            if any(report.side == side for report in extra.reports):
                return _refuse(at, "already_done")
            return (e.ExtraMeetingReported(at=at, side=side, report=report_digest(command.message_id), held_at=extra.held_at, session=extra.session),)
    if len(state.extras) >= MOST_EXTRA_MEETINGS:
        return _refuse(at, "too_many")
    session = topic_for(state, None, command.held_at)
    return (e.ExtraMeetingReported(at=at, side=side, report=report_digest(command.message_id), held_at=command.held_at, session=session),)


def _dispute(state: State, command: c.Dispute, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    meeting = state.meeting(command.meeting)
    if meeting is None:
        return _refuse(at, "no_such_meeting")
    claim = meeting.claim(side)
    if claim is None:
        return _refuse(at, "nothing_to_dispute")
    if claim.stands == "no":
        return _refuse(at, "already_done")
    if not _contestable(state, claim, accepted):
        return _refuse(at, "too_late")
    return (e.AbsenceDisputed(at=at, meeting=meeting.n, side=side),)


def _contestable(state: State, claim: Claim, accepted: Instant) -> bool:
    """Said within the time to contest, even if the claim was taken to stand before that came in (P5)."""
    return claim.stands == "open" or (claim.stands == "yes" and accepted <= claim.asked_at + state.rules.attendance.contest_within.span)


# -- milestones and goals -------------------------------------------------------------------------------------------------


def _record_milestone(state: State, command: c.RecordMilestone, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    rule = next((rule for rule in state.rules.milestones if rule.id == command.milestone), None)
    if rule is None:
        return _refuse(at, "no_such_milestone")
    if rule.when is not None:
        return _refuse(at, "a_fact")
    known = state.milestones.get(rule.id)
    objected = known is not None and known.objected_by is not None
    if rule.by in ("mentor", "mentee") and rule.by != side and not objected:
        return _refuse(at, "not_yours")
    done_at = command.done_at or accepted
    if done_at > accepted:
        return _refuse(at, "in_the_future")
    if done_at < state.starts:
        return _refuse(at, "before_start")
    if known is not None and any(confirmation.side == side and confirmation.at <= accepted for confirmation in known.confirmations):
        return _refuse(at, "already_done")
    report = report_digest(command.message_id)
    return (e.MilestoneRecorded(at=at, milestone=rule.id, side=side, report=report, done_at=done_at, accepted_at=accepted),)


def _object_to_milestone(state: State, command: c.ObjectToMilestone, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    rule = next((rule for rule in state.rules.milestones if rule.id == command.milestone), None)
    if rule is None:
        return _refuse(at, "no_such_milestone")
    if rule.when is not None:
        return _refuse(at, "a_fact")
    until = partner_may_object_until(state, rule.id, side, accepted)
    if until is None or rule.by == "both":
        return _refuse(at, "no_such_report")
    if accepted > until:
        return _refuse(at, "too_late")
    return (e.MilestoneObjected(at=at, milestone=rule.id, side=side),)


def _withdraw(state: State, command: c.Withdraw, side: Side, at: Instant) -> tuple[e.AnyEvent, ...]:
    report = report_digest(command.report)
    withdrawn = e.ReportWithdrawn(at=at, side=side, report=report)
    for known in state.milestones.values():
        if any(confirmation.side == side and confirmation.report == report for confirmation in known.confirmations):
            return (withdrawn,)
    for extra in state.extras:
        if any(told.side == side and told.report == report for told in extra.reports):
            return (withdrawn,)
    for meeting in state.meetings:
        mine = meeting.report(side)
        if mine is None or mine.report != report:
            continue
        found: list[e.AnyEvent] = [withdrawn]
        theirs = meeting.report(other(side))
        if meeting.held and not (theirs is not None and theirs.held):
            found.append(e.MeetingUnheld(at=at, meeting=meeting.n))
        claimed = meeting.claim(other(side))
        if claimed is not None and claimed.stands != "no":
            found.append(e.AbsenceDropped(at=at, meeting=meeting.n, side=other(side)))
        return tuple(found)
    return _refuse(at, "no_such_report")


def _set_goal(state: State, command: c.SetGoal, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    if not all(map(is_id, (command.goal, command.note_id or "none", *command.actions))):
        return _refuse(at, "malformed")
    if accepted > state.ends:
        return _refuse(at, "closing")
    known = state.goals.get(command.goal)
    if known is None and len(state.goals) >= MOST_GOALS:
        return _refuse(at, "too_many")
    if known is not None and not command.actions and command.note_id is None:
        return _refuse(at, "already_done")
    if (known.actions if known else 0) + len(command.actions) > MOST_ACTIONS:
        return _refuse(at, "too_many")
    return (e.GoalSet(at=at, side=side, goal=command.goal, note_id=command.note_id, actions=command.actions, accepted_at=accepted),)


def _report_goal(state: State, command: c.ReportGoal, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    known = state.goals.get(command.goal)
    if known is None:
        return _refuse(at, "no_such_goal")
    sooner = command.progress in ("progressed", "achieved") and known.progressed_at is not None and accepted < known.progressed_at
    if known.status == command.progress and command.progress != "progressed" and not sooner:
        return _refuse(at, "already_done")
    return (e.GoalReported(at=at, side=side, goal=command.goal, progress=command.progress, accepted_at=accepted),)


# -- private matters, extension -------------------------------------------------------------------------------------------


def _submit_privately(state: State, command: c.SubmitPrivately, side: Side, at: Instant) -> tuple[e.AnyEvent, ...]:
    body = command.body
    match body:
        case Feedback():
            if state.meeting(body.meeting) is None:
                return _refuse(at, "no_such_meeting")
            if body.note_id is not None and not is_id(body.note_id):
                return _refuse(at, "malformed")
            return (e.FeedbackGiven(at=at, side=side, meeting=body.meeting, note_id=body.note_id, shared=body.shared),)
        case SurveyAnswers():
            if not body.answers:
                return _refuse(at, "malformed")
            if body.survey == "closing" and not state.closing:
                return _refuse(at, "not_yet")
            return (e.SurveyAnswered(at=at, side=side, survey=body.survey, answers=dict(body.answers)),)
        case Pins():
            if not all(map(_BENEFIT.fullmatch, body.benefits)):
                return _refuse(at, "malformed")
            return (e.BenefitsPinned(at=at, side=side, benefits=tuple(dict.fromkeys(body.benefits))[:10]),)
        case None:
            return _refuse(at, "malformed")
        case EndWish():
            if state.closing:
                return _refuse(at, "closing")
            return _ended(state, "by_pair", at)
        case _:
            assert_never(body)


def _ask_extension(state: State, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    if state.extended_by_pair:
        return _refuse(at, "used_up")
    if state.closing or accepted > state.ends:
        return _refuse(at, "closing")
    if state.person(side).asked_extension:
        return _refuse(at, "already_done")
    asked = e.ExtensionAsked(at=at, side=side)
    if not state.person(other(side)).asked_extension:
        return (asked,)
    return (asked, _extended(state, state.rules.extension.by_pair, at, by_pair=True))


def _extended(state: State, length: Duration, at: Instant, *, by_pair: bool) -> e.Extended:
    span = length.span
    return e.Extended(at=at, by_pair=by_pair, length=length, ends=state.ends + span, reporting_ends=state.reporting_ends + span)


# -- operators ------------------------------------------------------------------------------------------------------------


def _operator(state: State, command: c.OperatorCommand, at: Instant) -> tuple[e.AnyEvent, ...]:
    match command:
        case c.Pause():
            return _pause(state, command, at)
        case c.Resume():
            return (resumed(state, at),) if state.pausing is not None else _refuse(at, "not_paused")
        case c.Extend():
            if state.closing:
                return _refuse(at, "closing")
            if not command.length.span or state.ends > _FAR - command.length.span:
                return _refuse(at, "malformed")
            return (_extended(state, command.length, at, by_pair=False),)
        case c.WaiveMilestone():
            if state.decided is not None:
                return _refuse(at, "decided")
            if all(rule.id != command.milestone for rule in state.rules.milestones):
                return _refuse(at, "no_such_milestone")
            known = state.milestones.get(command.milestone)
            if known is not None and known.waived_at is not None:
                return _refuse(at, "already_done")
            return (e.MilestoneWaived(at=at, milestone=command.milestone),)
        case c.Resolve():
            if command.line not in state.attention:
                return _refuse(at, "no_such_line")
            return (e.AttentionCleared(at=at, line=command.line, resolved=True),)
        case c.End():
            return _refuse(at, "decided") if state.decided is not None else _ended(state, command.reason, at)
        case _:
            assert_never(command)


def _pause(state: State, command: c.Pause, at: Instant) -> tuple[e.AnyEvent, ...]:
    if state.pausing is not None:
        return _refuse(at, "paused")
    if state.closing:
        return _refuse(at, "closing")
    longest = at + pause_left(state)
    until = min(command.until, longest) if command.until is not None else longest
    if until <= at:
        return _refuse(at, "used_up" if longest <= at else "time_passed")
    dropped = tuple(m.n for m in state.meetings if m.start > at and not m.reports and m.cancelled is None)
    return (e.Paused(at=at, until=until, dropped=dropped),)


def resumed(state: State, at: Instant) -> e.Resumed:
    """The pause is over; the end moves by its length."""
    since = state.pausing.since if state.pausing is not None else at
    return e.Resumed(at=at, ends=state.ends + (at - since), reporting_ends=state.reporting_ends + (at - since))


def _ended(state: State, reason: c.EndReason | Literal["by_pair"], at: Instant) -> tuple[e.AnyEvent, ...]:
    """Ended before its time: at or above the share then, both are certified, unless it was for conduct (H7)."""
    final = min(at, final_instant(state))
    done = sum(1 for fact in milestone_facts(state) if fact.done_at is not None and fact.done_at <= final)
    total = len(state.rules.milestones)
    earned = reason != "conduct" and is_complete(done, total, state.rules.share)
    return (
        *lines_closed(state, at),
        e.CertificatesDecided(at=at, earned=earned, done=done, total=total, ended_at=final),
        e.MentorshipEnded(at=at, reason=reason),
    )


def lines_closed(state: State, at: Instant) -> tuple[e.AttentionCleared, ...]:
    """Once certificates are decided, nobody needs to look after this pair any more."""
    return tuple(e.AttentionCleared(at=at, line=line) for line in state.attention)


# -- the service's own results --------------------------------------------------------------------------------------------


def _result(state: State, command: Command, at: Instant) -> tuple[e.AnyEvent, ...]:
    match command:
        case c.ApplyPlan():
            request = state.plan_request
            if request is None or state.closing or state.over or state.pausing is not None:
                return _refuse(at, "too_late")
            if command.after is not None and command.after != request.asked_at:  # the answer to an older question
                return _refuse(at, "too_late")
            ends, reporting_ends = command.ends or state.ends, command.reporting_ends or state.reporting_ends
            slots = tuple(slot for slot in command.slots[: request.count] if at < slot.start < ends)
            return (e.PlanApplied(at=at, change=request.change, slots=slots, ends=ends, reporting_ends=reporting_ends),)
        case c.NoteFailedNotice():
            failed = e.NoticeFailed(at=at, effect=command.effect, notice=command.notice, to=command.to, why=command.why)
            unheard = _unheard(state, command, at) if command.notice == "absence_reported" and not state.over else []
            return (failed, *unheard)
        case c.NoteCertificates():
            if state.certificates:
                return _refuse(at, "already_done")
            if state.decided is None or not state.decided.earned or not command.certificates:
                return _refuse(at, "malformed")
            return (e.CertificatesIssued(at=at, certificates=command.certificates),)
        case _:
            return _refuse(at, "not_a_participant")


def _unheard(state: State, command: c.NoteFailedNotice, at: Instant) -> list[Any]:
    """Who was never asked about an absence is not judged by it."""
    side: Side | None = next((side for side in SIDES if side == command.to), None)
    meeting = state.meeting(command.meeting) if command.meeting is not None else None
    claim = meeting.claim(side) if meeting is not None and side is not None else None
    if meeting is None or side is None or claim is None or claim.stands == "no":
        return []
    return [e.AbsenceDropped(at=at, meeting=meeting.n, side=side)]
