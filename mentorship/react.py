"""react(event, state) -> effects: what follows outside the mentorship. `state` is the one after the event."""

from __future__ import annotations

from typing import Any, assert_never

from mentorship import events as e
from mentorship.effects import AnyEffect, IssueCertificates, MeetingFacts, NoticeKind, PlanMeetings, SendNotice, TellCoordinators
from mentorship.instant import Instant
from mentorship.people import SIDES, Side, other
from mentorship.policy.follow_ups import survey_rides_along
from mentorship.policy.meetings import calendar, described, latest_slot, topic_moves_on
from mentorship.policy.milestones import milestone_facts, one_sided, standing
from mentorship.state import State


def react(event: e.AnyEvent, state: State) -> tuple[AnyEffect, ...]:
    """The effects of this event, in order; their ids are set when they enter the outbox."""
    match event:
        case e.MentorshipStarted():
            return _both(state, "welcome", event.at, calendar=calendar(state), ends=state.ends, counts=True)
        case e.MoveProposed():
            return (_notice(state, "move_proposed", other(event.side), event.at, meeting=_proposed(state, event), helps_until=event.to),)
        case e.MeetingMoved():
            return tuple(
                _notice(
                    state,
                    "rescheduled",
                    side,
                    event.at,
                    change="moved",
                    meeting=_facts(
                        state,
                        event.meeting,
                        previous_start=event.previous_start,
                        session=event.session,
                        session_sent=side in event.named_to,
                    ),
                    calendar=calendar(state),
                    # A calendar that did not hear of the move still shows the meeting at its old time.
                    helps_until=max(event.slot.start, event.previous_start),
                )
                for side in SIDES
            )
        case e.MeetingCancelled():
            return _cancelled(event, state)
        case e.AbsenceClaimed():
            if _denied(event, state):
                return ()
            until = (event.asked_at or event.at) + state.rules.attendance.contest_within.span
            return (_notice(state, "absence_reported", event.side, event.at, meeting=_facts(state, event.meeting), helps_until=until),)
        case e.MeetingPrepared():
            return _prepare(event, state)
        case e.MeetingAskedAbout():
            return tuple(
                _notice(
                    state,
                    "ask",
                    side,
                    event.at,
                    meeting=_facts(state, event.meeting),
                    topic_moves_on=_topic_moves_on(state, event.meeting, event.at),
                    helps_until=_next_start(state, event.meeting),
                    feedback_for=event.feedback_for if side in event.feedback_to else None,
                    pulse=side in event.pulse_to,
                    counts=True,
                )
                for side in event.readers
            )
        case e.AlignmentReminded():
            return tuple(_notice(state, "alignment_reminder", side, event.at, helps_until=state.ends) for side in event.readers)
        case e.HalfwayReached():
            return _progress(state, "halfway", event.at)
        case e.EndApproached():
            return _progress(state, "heads_up", event.at)
        case e.LadderClimbed():
            return _climbed(event, state)
        case e.CheckInDue():
            return tuple(_notice(state, "check_in", side, event.at, helps_until=state.ends) for side in event.readers)
        case e.AttentionRaised():
            return (TellCoordinators(line=event.line, at=event.at),)
        case e.AttentionCleared():
            return (TellCoordinators(line=event.line, at=event.at, opened=False),)
        case e.Paused():
            return _both(state, "rescheduled", event.at, change="paused", calendar=calendar(state))
        case e.Resumed() | e.Extended():
            return _plan(event, state) or _as_it_stands(event, state)
        case e.PlanApplied():
            return _both(state, "rescheduled", event.at, change=event.change, calendar=calendar(state), ends=state.ends)
        case e.EndReached():
            return tuple(
                _notice(
                    state,
                    "closing_survey",
                    side,
                    event.at,
                    helps_until=max(state.ends + state.rules.surveys.closes.span, state.reporting_ends),
                    reporting_ends=state.reporting_ends,
                    feedback_for=event.feedback_for if side in event.feedback_to else None,
                    counts=True,
                    ends=state.ends,
                )
                for side in SIDES
            )
        case e.CertificatesDecided():
            return _decided(event, state)
        case e.CertificatesIssued():
            certified = [side for side in (state.decided.certified if state.decided is not None else ()) if side not in event.erased]
            return tuple(_result(state, side, event.at, certificate=event.certificates.get(state.pair.person(side))) for side in certified)
        case e.SurveyReminded():
            return tuple(_notice(state, "survey_reminder", side, event.at, helps_until=state.ends + state.rules.surveys.closes.span) for side in event.readers)
        case e.MentorshipEnded():
            past = tuple(described(state, meeting) for meeting in state.meetings if meeting.cancelled is None and meeting.start <= event.at)
            earned = state.decided.certified if state.decided is not None else ()
            told = tuple(
                _notice(state, "ended", side, event.at, calendar=past, stepped_away=event.leaver, certificate_follows=side in earned) for side in SIDES
            )
            if event.leaver is None or (state.decided is not None and state.decided.earned):
                return told
            return (*told, TellCoordinators(line="partner_left", side=other(event.leaver), at=event.at))  # the one who stays is offered a new match
        case (
            e.CommandRefused()
            | e.ExpectationsConfirmed()
            | e.SlotsAccepted()
            | e.ProposalExpired()
            | e.MeetingExcused()
            | e.MeetingReported()
            | e.MeetingHeld()
            | e.MeetingUnheld()
            | e.ExtraMeetingReported()
            | e.AbsenceDisputed()
            | e.AbsenceStood()
            | e.AbsenceDropped()
            | e.MilestoneRecorded()
            | e.MilestoneObjected()
            | e.MilestoneWaived()
            | e.ReportWithdrawn()
            | e.MilestoneReached()
            | e.MilestoneReopened()
            | e.GoalSet()
            | e.GoalReported()
            | e.FeedbackGiven()
            | e.SurveyAnswered()
            | e.BenefitsPinned()
            | e.EpisodeEnded()
            | e.PauseProlonged()
            | e.LeaveNoted()
            | e.LeaveBegan()
            | e.LeaveOver()
            | e.ExtensionAsked()
            | e.MentorshipCompleted()
            | e.NoticeFailed()
        ):
            return ()
        case _:
            assert_never(event)


# -- one mail to one reader -----------------------------------------------------------------------------------------------


def _notice(state: State, kind: NoticeKind, to: Side, at: Instant, *, counts: bool = False, **facts: Any) -> SendNotice:
    """`counts` adds the reader's milestones, and how many of them earn the certificate."""
    if counts:
        facts["milestones"], facts["needed"] = standing(state, to)
        facts["answered"], facts["awaits_reader"] = one_sided(state, to)
    return SendNotice(kind=kind, to=to, due=at, pins=state.person(to).pins, calendar_sequence=state.calendar_sequence, **facts)


def _both(state: State, kind: NoticeKind, at: Instant, **facts: Any) -> tuple[SendNotice, ...]:
    return tuple(_notice(state, kind, side, at, **facts) for side in SIDES)


def _prepare(event: e.MeetingPrepared, state: State) -> tuple[SendNotice, ...]:
    known = state.meeting(event.meeting)
    if known is None:
        return ()
    return tuple(
        _notice(
            state,
            "prepare",
            side,
            event.at,
            meeting=described(state, known, session=event.session, session_sent=side in event.named_to),
            helps_until=known.start,
            unreported=event.asks_again,
            feedback_for=event.feedback_for if side in event.feedback_to else None,
            pulse=side in event.pulse_to,
            counts=True,
        )
        for side in SIDES
    )


def _cancelled(event: e.MeetingCancelled, state: State) -> tuple[SendNotice, ...]:
    """News that a meeting ahead was called off; a proposal that lapses after the meeting is no news to anybody.

    It helps until "did you meet?" would have been asked. A meeting may begin before its reader's hours do: whoever reads in the morning
    that it was called off in the night knows why nobody came, and their calendar takes it out.
    """
    meeting = state.meeting(event.meeting)
    if meeting is None or meeting.start <= event.at:
        return ()
    return _both(
        state,
        "rescheduled",
        event.at,
        change="cancelled",
        meeting=described(state, meeting),
        topic_moves_on=topic_moves_on(state, meeting, event.at),
        calendar=calendar(state),
        helps_until=meeting.ask_at,
    )


def _denied(event: e.AbsenceClaimed, state: State) -> bool:
    """Whether `side` has already said that they were there: then there is nothing to ask."""
    meeting = state.meeting(event.meeting)
    own = meeting.report(event.side) if meeting is not None else None
    return own is not None and own.present


def _progress(state: State, kind: NoticeKind, at: Instant) -> tuple[SendNotice, ...]:
    return _both(state, kind, at, counts=True, ends=state.ends, helps_until=state.ends)


def _climbed(event: e.LadderClimbed, state: State) -> tuple[AnyEffect, ...]:
    match event.do:
        case "nudge":
            return (_notice(state, "nudge", event.side, event.at),)
        case "coordinator":
            line = f"cancellations_{event.side}"
            return (
                _notice(state, "coordinator_told", event.side, event.at),
                SendNotice(kind="case", to="coordinators", due=event.at, line=line),
            )
        case _:
            assert_never(event.do)


def _decided(event: e.CertificatesDecided, state: State) -> tuple[AnyEffect, ...]:
    early = event.at < state.reporting_ends  # then the mail about the end says enough
    missed = () if early else tuple(side for side in SIDES if side not in event.certified)
    told = tuple(_result(state, side, event.at) for side in missed)
    if not event.certified:
        return told
    facts = milestone_facts(state, event.ended_at)
    issue = IssueCertificates(
        to=event.certified, completed_at=event.ended_at, decided_at=event.at, started_at=state.starts, milestones=facts, share=state.rules.share
    )
    return (issue, *told)


def _result(state: State, side: Side, at: Instant, certificate: str | None = None) -> SendNotice:
    """The certificate, or kindly what was missing and when (H7); and the survey's reminder if it falls on the same days."""
    met = state.decided is not None and side in state.decided.certified
    survey = state.closing and not state.person(side).closing_answered and survey_rides_along(state)
    return _notice(state, "result", side, at, met_with_share=met, certificate=certificate, survey=survey, counts=True, ends=state.ends)


def _plan(event: e.Resumed | e.Extended, state: State) -> tuple[AnyEffect, ...]:
    request = state.plan_request
    if request is None:
        return ()
    return (
        PlanMeetings(
            number=request.number,
            after=event.at,
            count=request.count,
            ends=state.ends,
            longer=request.longer,
            last_start=latest_slot(state),
            paused=request.paused,
        ),
    )


def _as_it_stands(event: e.Resumed | e.Extended, state: State) -> tuple[SendNotice, ...]:
    """There is nothing to plan, so the new end is the whole news. News of an extension in a pause waits until the pause is over."""
    if isinstance(event, e.Extended):
        return ()
    return _both(state, "rescheduled", event.at, change="resumed", calendar=calendar(state), ends=state.ends)


# -- facts ----------------------------------------------------------------------------------------------------------------


def _facts(state: State, n: int, **more: Any) -> MeetingFacts | None:
    meeting = state.meeting(n)
    if meeting is None:
        return None
    return described(state, meeting, **more)


def _proposed(state: State, event: e.MoveProposed) -> MeetingFacts | None:
    meeting = state.meeting(event.meeting)
    if meeting is None:
        return None
    return MeetingFacts(meeting=meeting.n, start=event.to, ends=event.to + state.rules.duration.span, previous_start=meeting.start)


def _topic_moves_on(state: State, n: int, at: Instant) -> bool:
    meeting = state.meeting(n)
    return meeting is not None and topic_moves_on(state, meeting, at)


def _next_start(state: State, n: int) -> Instant:
    """Until when asking about meeting `n` helps: the next meeting, or the end of the reporting grace."""
    meeting = state.meeting(n)
    later = [m.start for m in state.meetings if meeting is not None and m.start > meeting.start and m.cancelled is None]
    return min(later, default=state.reporting_ends)
