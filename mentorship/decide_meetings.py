"""What one of the two says about a meeting: slots, moves, cancellations, and what happened there (H13, H14).

Each function returns events, or one refusal. `at` is the instant in the mentorship's order. `accepted` is when a door took the command, never
after `at`; it decides whether the command is early, in time or late (P5).
"""

from __future__ import annotations

from mentorship import commands as c
from mentorship import events as e
from mentorship.commands import Slot
from mentorship.instant import Instant
from mentorship.people import Side, other
from mentorship.policy.meetings import is_unasked, topic_for, who_has_topic
from mentorship.refusal import refuse
from mentorship.state import MOST_EXTRA_MEETINGS, Claim, Meeting, Report, State, report_digest


def _as_then(state: State, meeting: Meeting, accepted: Instant) -> Meeting:
    """The meeting as it was when somebody spoke: a proposal that waited for an answer then has not lapsed, however late the answer comes in (P5)."""
    if not state.rules.revision:
        return meeting
    within = state.rules.cancellations.answer_within.span
    waited = tuple(past for past in meeting.past if accepted <= (past.asked_at or past.at) + within and meeting.proposal(past.side) is None)
    off = meeting.cancelled
    if off is not None and off.lapsed and any(past.side == off.side for past in waited):
        off = None
    return meeting.model_copy(update={"proposals": (*meeting.proposals, *waited), "cancelled": off}) if waited else meeting


# -- slots ----------------------------------------------------------------------------------------------------------------


def confirm_meeting(state: State, command: c.ConfirmMeeting, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    if state.closing:
        return refuse(at, "closing")
    if command.meeting == "all":
        chosen = [m for m in state.meetings if m.cancelled is None and side not in m.accepted and accepted < m.start]
        return (e.SlotsAccepted(at=at, side=side, meetings=tuple(m.n for m in chosen)),) if chosen else refuse(at, "already_done")
    meeting = state.meeting(command.meeting)
    if meeting is None:
        return refuse(at, "no_such_meeting")
    if meeting.cancelled is not None:
        return refuse(at, "cancelled")
    if side in meeting.accepted:
        return refuse(at, "already_done")
    if accepted >= meeting.start:
        return refuse(at, "already_started")
    return (e.SlotsAccepted(at=at, side=side, meetings=(meeting.n,)),)


def move_meeting(state: State, command: c.MoveMeeting, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    meeting = state.meeting(command.meeting)
    if meeting is None:
        return refuse(at, "no_such_meeting")
    if command.to is None:
        return refuse(at, "malformed")
    if state.closing:
        return refuse(at, "closing")
    if state.pausing is not None:
        return refuse(at, "paused")
    then = _as_then(state, meeting, accepted)
    theirs = then.proposal(other(side))
    agreed = theirs is not None and theirs.to == command.to
    if (then if agreed else meeting).cancelled is not None:
        return refuse(at, "cancelled")
    if meeting.held:
        return refuse(at, "held")
    if command.to <= accepted:
        return refuse(at, "time_passed")
    if command.to >= state.ends:
        return refuse(at, "after_the_end")
    if agreed:
        rules = state.rules
        slot = Slot(start=command.to, prepare_at=command.to - rules.prepare.span, ask_at=command.to + rules.duration.span + rules.ask_after.span)
        # Too soon for a preparation mail of its own: the topic goes with the news of the move, unless it went out already.
        session = topic_for(state, meeting.n) if slot.prepare_at <= at and not meeting.prepared else None
        has = who_has_topic(state, session)
        return (e.MeetingMoved(at=at, meeting=meeting.n, previous_start=meeting.start, slot=slot, session=session, named_to=has),)
    mine = meeting.proposal(side)
    if command.to == meeting.start or (mine is not None and mine.to == command.to):
        return refuse(at, "already_done")
    if command.agreeing:
        return refuse(at, "not_proposed")
    if accepted >= meeting.start:
        return refuse(at, "already_started")
    late = meeting.confirmed and meeting.start - accepted < state.rules.cancellations.notice.span
    # A second proposal does not undo that the first was late, nor does it start its three days again.
    if mine is not None and mine.late:
        asked_at = mine.asked_at or mine.at
        return (e.MoveProposed(at=at, side=side, meeting=meeting.n, to=command.to, late=True, accepted_at=mine.at, asked_at=asked_at),)
    return (e.MoveProposed(at=at, side=side, meeting=meeting.n, to=command.to, late=late, accepted_at=accepted),)


def cancel_meeting(state: State, command: c.CancelMeeting, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    meeting = state.meeting(command.meeting)
    if meeting is None:
        return refuse(at, "no_such_meeting")
    then = _as_then(state, meeting, accepted)
    if then.cancelled is not None:
        return refuse(at, "cancelled")
    if meeting.held:
        return refuse(at, "held")
    if accepted >= meeting.start:  # after the start it is an absence
        report = Report(side=side, report=report_digest(command.message_id), at=accepted, held=None, own="absent", reason=command.reason)
        return _reported(state, meeting, report, at)
    late = meeting.confirmed and meeting.start - accepted < state.rules.cancellations.notice.span
    asked = then.late_proposal(accepted)
    answers = asked.at if asked is not None and asked.side != side else None
    return (e.MeetingCancelled(at=at, meeting=meeting.n, side=side, reason=command.reason, late=late, accepted_at=accepted, answers=answers),)


def excuse(state: State, command: c.Excuse, side: Side, at: Instant) -> tuple[e.AnyEvent, ...]:
    meeting = state.meeting(command.meeting)
    if meeting is None:
        return refuse(at, "no_such_meeting")
    partner = other(side)
    if partner in meeting.excused:
        return refuse(at, "already_done")
    whose = meeting.cancelled.owed_to if meeting.cancelled is not None else None
    cancelled = whose is not None and whose[0] == partner
    proposal = meeting.proposal(partner)
    own = meeting.report(partner)
    absent = (own is not None and own.own == "absent") or meeting.claim(partner) is not None
    if not (cancelled or absent or (proposal is not None and proposal.late)):
        return refuse(at, "nothing_to_excuse")
    return (e.MeetingExcused(at=at, meeting=meeting.n, side=partner),)


# -- what happened at a meeting -------------------------------------------------------------------------------------------


def report_meeting(state: State, command: c.ReportMeeting, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    own, partner, held = command.attendance.own, command.attendance.partner, command.held
    if command.meeting is None:
        return _report_extra(state, command, side, at, accepted)
    meeting = state.meeting(command.meeting)
    if meeting is None:
        return refuse(at, "no_such_meeting")
    off = _as_then(state, meeting, accepted).cancelled
    if off is not None and not (off.lapsed and held):
        return refuse(at, "cancelled")
    if held is None and own is None and partner is None:
        return refuse(at, "malformed")
    if held and (own == "absent" or partner == "absent"):
        return refuse(at, "malformed")
    if accepted < meeting.start:
        return refuse(at, "not_yet")
    if held is None and own in ("on_time", "late") and partner == "present":
        held = True
    report = Report(side=side, report=report_digest(command.message_id), at=accepted, held=held, own=own, partner=partner)
    return _reported(state, meeting, report, at)


def _reported(state: State, meeting: Meeting, report: Report, at: Instant) -> tuple[e.AnyEvent, ...]:
    """A person's latest word about a meeting replaces their earlier one, whichever comes in first."""
    side = report.side
    earlier = meeting.report(side)
    if earlier is not None:
        overtaken = report.at < earlier.at
        report = _completed(earlier, report) if overtaken else _completed(report, earlier)
        if report == earlier or (overtaken and not state.rules.revision):
            return refuse(at, "already_done")
    found: list[e.AnyEvent] = []
    if meeting.cancelled is not None and meeting.cancelled.side == side and report.own is not None and not report.held:
        found.append(e.ProposalExpired(at=at, meeting=meeting.n, side=side))  # they are judged by their own word instead
    found.append(
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
    )
    theirs = meeting.report(other(side))
    mine = meeting.claim(side)
    unasked = is_unasked(state, meeting, side)
    if unasked and report.own != "absent" and (mine is None or (earlier is not None and earlier.own == "absent")):  # no longer admitted
        found.append(e.AbsenceClaimed(at=at, meeting=meeting.n, side=side))
    if report.present and (unasked or (mine is not None and _contestable(state, mine, report.at))):
        found.append(e.AbsenceDisputed(at=at, meeting=meeting.n, side=side))
    claimed = meeting.claim(other(side))
    if report.partner == "absent":
        present = theirs is not None and theirs.present
        admitted = theirs is not None and theirs.own == "absent"  # nothing to ask
        if not admitted and (claimed is None or (claimed.stands == "no" and not claimed.disputed)):
            found.append(e.AbsenceClaimed(at=at, meeting=meeting.n, side=other(side)))
            if present:  # they have already said otherwise
                found.append(e.AbsenceDisputed(at=at, meeting=meeting.n, side=other(side)))
    elif claimed is not None and claimed.stands != "no":
        found.append(e.AbsenceDropped(at=at, meeting=meeting.n, side=other(side)))
    return tuple(found)


def _report_extra(state: State, command: c.ReportMeeting, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    if command.held_at is None or command.held is False:
        return refuse(at, "malformed")
    if command.held_at > accepted:
        return refuse(at, "in_the_future")
    if command.held_at < state.starts:
        return refuse(at, "before_start")
    length = state.rules.duration.span
    # A meeting that lapsed with a proposal may have taken place all the same: then the report is about that meeting, not about an extra one.
    if any((m.cancelled is None or m.cancelled.lapsed) and abs(m.start - command.held_at) < length for m in state.meetings):
        return refuse(at, "planned_meeting")
    for extra in state.extras:
        if abs(extra.held_at - command.held_at) < length:  # the same conversation, told by both
            if any(report.side == side for report in extra.reports):
                return refuse(at, "already_done")
            return (e.ExtraMeetingReported(at=at, side=side, report=report_digest(command.message_id), held_at=extra.held_at, session=extra.session),)
    if len(state.extras) >= MOST_EXTRA_MEETINGS:
        return refuse(at, "too_many")
    session = topic_for(state, None, command.held_at)
    return (e.ExtraMeetingReported(at=at, side=side, report=report_digest(command.message_id), held_at=command.held_at, session=session),)


def dispute(state: State, command: c.Dispute, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    meeting = state.meeting(command.meeting)
    if meeting is None:
        return refuse(at, "no_such_meeting")
    claim = meeting.claim(side)
    if claim is None:
        return refuse(at, "nothing_to_dispute")
    if claim.stands == "no":
        return refuse(at, "already_done")
    if not _contestable(state, claim, accepted):
        return refuse(at, "too_late")
    return (e.AbsenceDisputed(at=at, meeting=meeting.n, side=side),)


def _completed(report: Report, earlier: Report) -> Report:
    """The report, with what its author said before and need not say again (H14).

    It says whether they met, and who was there: a word about attendance alone takes "we met" back only if it contradicts it.
    """
    if earlier.own == report.own == "absent" and report.reason is None:
        report = report.model_copy(update={"reason": earlier.reason})
    if report.held is None and "absent" not in (report.own, report.partner):
        report = report.model_copy(update={"held": earlier.held})
    return report


def _contestable(state: State, claim: Claim, accepted: Instant) -> bool:
    """Whether it was said within the time to contest, even if the claim was taken to stand before it came in (P5)."""
    return claim.stands == "open" or (claim.stands == "yes" and accepted <= claim.asked_at + state.rules.attendance.contest_within.span)
