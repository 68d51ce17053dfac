"""evolve(state, event) -> state: the fold, pure and total. A turn adds only the journal's number and its messages' digests (advance.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import reduce
from typing import Any, assert_never

from mentorship import events as e
from mentorship.effects import FOLLOW_UPS, Longer
from mentorship.instant import Instant
from mentorship.people import SIDES, Side, other
from mentorship.policy.meetings import latest_slot, waiting_slots
from mentorship.policy.pauses import leave_noted
from mentorship.state import (
    MOST_MEETINGS,
    ROWS,
    Cancelled,
    Claim,
    Confirmation,
    Decided,
    Ended,
    ExtraMeeting,
    Goal,
    GoalTold,
    Leave,
    Meeting,
    MilestoneState,
    Pausing,
    Person,
    PlanRequest,
    Proposal,
    Report,
    State,
)

ACTS = (
    e.ExpectationsConfirmed,
    e.SlotsAccepted,
    e.MoveProposed,
    e.MeetingReported,
    e.ExtraMeetingReported,
    e.MilestoneRecorded,
    e.MilestoneObjected,
    e.ReportWithdrawn,
    e.GoalSet,
    e.GoalReported,
    e.FeedbackGiven,
    e.SurveyAnswered,
    e.BenefitsPinned,
    e.ExtensionAsked,
)
"""Events that one of the two made happen; their `side` is that person."""


def start(event: e.MentorshipStarted) -> State:
    """The state of a mentorship that has just begun."""
    return State(
        pair=event.pair,
        rules=event.rules,
        starts=event.starts,
        ends=event.ends,
        reporting_ends=event.reporting_ends,
        now=event.at,
        meetings=tuple(Meeting(n=n, start=slot.start, prepare_at=slot.prepare_at, ask_at=slot.ask_at) for n, slot in enumerate(event.slots, 1)),
        earned=event.earned,
        reached=tuple(rule.id for rule in event.rules.milestones if any(earned.milestone == rule.id for earned in event.earned)),
    )


def fold(events: Iterable[e.AnyEvent]) -> State:
    """The state that a whole history of events gives. Raises ValueError when it does not begin with `mentorship_started`."""
    happened = iter(events)
    begun = next(happened, None)
    if not isinstance(begun, e.MentorshipStarted):
        raise ValueError("a history begins with mentorship_started")  # noqa: TRY004 - a bad value, not a bad type
    return reduce(evolve, happened, start(begun))


def evolve(state: State, event: e.AnyEvent) -> State:
    """The state after this event. `now` never moves back."""
    changes = _changes(state, event)
    acted = _acted(state, event)
    if acted is not None:  # whatever a person does answers the follow-ups that wait for them
        person = changes.get(acted, state.person(acted))
        if person.unanswered:
            changes[acted] = _with(person, unanswered=0)
    changes["now"] = max(state.now, event.at)
    return state.model_copy(update=changes)


def _acted(state: State, event: e.AnyEvent) -> Side | None:
    """Which of the two made this happen, if one of them did."""
    if isinstance(event, ACTS):
        return event.side
    match event:
        case e.MeetingCancelled():
            return None if event.lapsed else event.side
        case e.MeetingExcused():
            return other(event.side)
        case e.MeetingMoved():
            meeting = state.meeting(event.meeting)
            proposals = (*meeting.proposals, *meeting.past) if meeting is not None else ()
            return next((other(proposal.side) for proposal in proposals if proposal.to == event.slot.start), None)
        case e.AbsenceDisputed():
            meeting = state.meeting(event.meeting)
            own = meeting.report(event.side) if meeting is not None else None
            return None if own is not None and own.present else event.side  # their report was the act
        case _:
            return None


def _changes(state: State, event: e.AnyEvent) -> dict[str, Any]:  # noqa: PLR0915 - one arm an event; splitting it would hide that none is missing
    match event:
        case e.MentorshipStarted():
            return dict(start(event))
        case e.ExpectationsConfirmed():
            person = state.person(event.side)
            expectations = tuple(sorted({*person.expectations, *event.expectations}))
            talked_at = max(person.talked_at or event.accepted_at, event.accepted_at)
            complete = len(expectations) == 3 and person.confirmed_at is None
            return _person(state, event.side, expectations=expectations, talked_at=talked_at, **({"confirmed_at": talked_at} if complete else {}))
        case e.SlotsAccepted():
            chosen = set(event.meetings)
            return {"meetings": tuple(_with(m, accepted=_add(m.accepted, event.side)) if m.n in chosen else m for m in state.meetings)}
        case e.MoveProposed():
            proposal = Proposal(side=event.side, to=event.to, at=event.accepted_at, late=event.late, asked_at=event.asked_at)
            return _meeting(state, event.meeting, lambda m: _with(m, proposals=(*(p for p in m.proposals if p.side != event.side), proposal)))
        case e.MeetingMoved():
            slot = event.slot
            now_prepared = slot.prepare_at <= event.at
            changed = _meeting(
                state,
                event.meeting,
                lambda m: _with(
                    m,
                    start=slot.start,
                    prepare_at=slot.prepare_at,
                    ask_at=slot.ask_at,
                    accepted=("mentor", "mentee"),
                    proposals=(),
                    past=(),
                    cancelled=None,
                    prepared=m.prepared or now_prepared,
                    asked=False,
                    asked_again=False,
                    excused=(),
                    away=(),
                    unkept=None,
                    reports=(),
                    claims=(),
                    topic=m.topic if event.session is None else event.session,
                ),
            )
            return {
                "meetings": _taken(changed["meetings"], state.rules.closing, event.at),
                **(_topic_sent(state, event.session) if event.session is not None else {}),
                "calendar_sequence": state.calendar_sequence + 1,
            }
        case e.ProposalExpired():
            return _meeting(state, event.meeting, lambda m: _without_proposal(m, event))
        case e.MeetingCancelled():
            cancelled = Cancelled(side=event.side, at=event.accepted_at, reason=event.reason, late=event.late, lapsed=event.lapsed, answers=event.answers)
            return {
                **_meeting(
                    state,
                    event.meeting,
                    lambda m: _excused_by_leave(
                        _with(m, cancelled=cancelled, proposals=(), past=_past(m, m.proposals) if event.lapsed else ()), state.leaves, event.at
                    ),
                ),
                "calendar_sequence": state.calendar_sequence + 1,
            }
        case e.MeetingExcused():
            return _meeting(state, event.meeting, lambda m: _with(m, excused=_add(m.excused, event.side)))
        case e.MeetingReported():
            report = Report(
                side=event.side,
                report=event.report,
                at=event.accepted_at,
                held=event.held,
                own=event.own,
                partner=event.partner,
                reason=event.reason,
            )
            return _meeting(
                state,
                event.meeting,
                lambda m: _excused_by_leave(_with(m, reports=(*(r for r in m.reports if r.side != event.side), report)), state.leaves, event.at),
            )
        case e.MeetingHeld():
            meetings = _taken(state.meetings, event.session, event.at)
            held = {m.n: _with(m, session=event.session, proposals=(), laid_by=m.proposals, unkept=m.unkept_by) for m in meetings if m.n == event.meeting}
            return {"meetings": tuple(held.get(m.n, m) for m in meetings)}
        case e.MeetingUnheld():  # what was proposed is judged after all (H14)
            return _meeting(state, event.meeting, lambda m: _with(m, session=None, proposals=m.laid_by, laid_by=()))
        case e.ExtraMeetingReported():
            report = Report(side=event.side, report=event.report, at=event.at, held=True)
            if any(extra.held_at == event.held_at for extra in state.extras):
                extras = tuple(_with(x, reports=(*x.reports, report)) if x.held_at == event.held_at else x for x in state.extras)
            else:
                extras = (*state.extras, ExtraMeeting(held_at=event.held_at, session=event.session, reports=(report,)))
            return {"extras": extras, "meetings": _taken(state.meetings, event.session, event.at)}
        case e.AbsenceClaimed():
            claim = Claim(side=event.side, asked_at=event.asked_at or event.at)
            return _meeting(state, event.meeting, lambda m: _with(m, claims=(*(x for x in m.claims if x.side != event.side), claim)))
        case e.AbsenceDisputed():
            return _claim(state, event.meeting, event.side, stands="no", disputed=True)
        case e.AbsenceDropped():
            return _claim(state, event.meeting, event.side, stands="no")
        case e.AbsenceStood():
            return _claim(state, event.meeting, event.side, stands="yes")
        case e.MilestoneRecorded():
            confirmation = Confirmation(side=event.side, report=event.report, done_at=event.done_at, at=event.accepted_at, asked_at=event.asked_at)
            known = state.milestones.get(event.milestone, MilestoneState())
            others = tuple(theirs for theirs in known.confirmations if theirs.side != event.side)
            return _milestone(state, event.milestone, _with(known, confirmations=(*others, confirmation)))
        case e.MilestoneObjected():
            known = state.milestones.get(event.milestone, MilestoneState())
            return _milestone(state, event.milestone, _with(known, objected_by=event.side))
        case e.MilestoneWaived():
            known = state.milestones.get(event.milestone, MilestoneState())
            return _milestone(state, event.milestone, _with(known, waived_at=event.at))
        case e.ReportWithdrawn():
            return _withdrawn(state, event)
        case e.MilestoneReached():
            return {"reached": _add(state.reached, event.milestone)}
        case e.MilestoneReopened():
            return {"reached": _without(state.reached, event.milestone)}
        case e.GoalSet():
            known_goal = state.goals.get(event.goal)
            if known_goal is None:
                goal = Goal(set_at=event.accepted_at, actions=len(event.actions))
            else:
                goal = _with(known_goal, actions=known_goal.actions + len(event.actions), set_at=min(known_goal.set_at, event.accepted_at))
            return {"goals": {**state.goals, event.goal: goal}}
        case e.GoalReported():
            was = state.goals[event.goal]
            told = GoalTold(side=event.side, report=event.report, progress=event.progress, at=event.accepted_at)
            return {"goals": {**state.goals, event.goal: _with(was, reports=(*was.reports, told))}}
        case e.SurveyAnswered():
            done = {"pulse_answered": True} if event.survey == "pulse" else {"closing_answered": True}
            return _person(state, event.side, **done)
        case e.BenefitsPinned():
            return _person(state, event.side, pins=event.benefits)
        case e.MeetingPrepared():
            return {
                "meetings": tuple(
                    _with(m, prepared=True, topic=event.session) if m.n == event.meeting else _with(m, asked_again=True) if m.n in event.asks_again else m
                    for m in state.meetings
                ),
                **_invited(state, _topic_sent(state, event.session), event.feedback_for, event.feedback_to, event.pulse_to),
            }
        case e.MeetingAskedAbout():
            return {
                **_meeting(state, event.meeting, lambda m: _with(m, asked=True, asked_again=not event.readers)),
                **_invited(state, _followed_up(state, event.readers), event.feedback_for, event.feedback_to, event.pulse_to),
            }
        case e.AlignmentReminded():
            return {**_followed_up(state, event.readers), "seen": _add(state.seen, "alignment")}
        case e.HalfwayReached():
            return {"seen": _add(state.seen, "halfway")}
        case e.EndApproached():
            return {"seen": _add(state.seen, "heads_up")}
        case e.LadderClimbed():
            highest = max(state.person(event.side).highest_rung, event.rung)
            return _person(state, event.side, rung=event.rung, highest_rung=highest)
        case e.EpisodeEnded():
            return _person(state, event.side, rung=0, cleared_at=event.at)
        case e.CheckInDue():
            return {**_followed_up(state, event.readers), "seen": _add(state.seen, "run")}
        case e.AttentionRaised():
            seen = {"seen": _add(state.seen, event.line)} if event.line in ("no_meeting", "rematch", "silence") else {}
            return {"attention": {**state.attention, event.line: event.at}, **seen}
        case e.AttentionCleared():
            ended = {} if event.resolved or event.line not in ROWS else {"seen": _without(state.seen, ROWS[event.line])}
            return {"attention": {line: at for line, at in state.attention.items() if line != event.line}, **ended}
        case e.Paused():
            dropped = set(event.dropped)
            waiting, longer, moved = _unplanned(state)
            return {
                "pausing": Pausing(since=event.at, until=event.until, dropped=len(dropped) + waiting, by_leave=event.by_leave, longer=longer, moved=moved),
                "meetings": tuple(m for m in state.meetings if m.n not in dropped),
                "calendar_sequence": state.calendar_sequence + 1,
                "plan_request": None,
            }
        case e.PauseProlonged():
            return {"pausing": _with(state.pausing, until=event.until, by_leave=event.by_leave)} if state.pausing is not None else {}
        case e.LeaveNoted():
            leave = Leave(begins=event.begins, until=event.until, begun=event.begins <= event.at)
            leaves = {**state.leaves, event.side: leave_noted(state.leaves.get(event.side), leave, event.at)}
            return {"leaves": leaves, "meetings": _protected(_protected(state.meetings, state.leaves, event.at), leaves, event.at)}
        case e.LeaveBegan():
            begins = state.leaves[event.side].ahead
            leaves = {**state.leaves, event.side: _with(begins, begun=True)} if begins is not None else state.leaves
            return {"leaves": leaves, "meetings": _protected(state.meetings, state.leaves, event.at)}
        case e.LeaveOver():
            over = state.leaves.get(event.side)
            leaves = {side: theirs for side, theirs in state.leaves.items() if side != event.side}
            if over is not None and over.following is not None and over.until > event.at:
                leaves[event.side] = over.following
            return {"leaves": leaves, "meetings": _protected(state.meetings, state.leaves, event.at)}
        case e.Resumed():
            paused = event.at - (state.pausing.since if state.pausing is not None else event.at)
            again, longer, moved = _unplanned(state)
            number = state.calendar_sequence + 1
            wanted = PlanRequest(number=number, change="resumed", count=again, longer=longer, paused=moved + paused, asked_at=event.at)
            return {
                "calendar_sequence": number,
                "pausing": None,
                "paused_for": state.paused_for + paused,
                "ends": event.ends,
                "reporting_ends": event.reporting_ends,
                "plan_request": wanted if again or longer is not None else None,
            }
        case e.ExtensionAsked():
            return _person(state, event.side, asked_extension=True)
        case e.Extended():
            waiting, earlier, moved = _unplanned(state)
            count = waiting + max(0, min(event.length.span // state.rules.interval.span, MOST_MEETINGS - len(state.meetings) - waiting))
            longer = Longer(ends=state.ends, length=event.length) if earlier is None else _with(earlier, length=earlier.length + event.length)
            number = state.calendar_sequence + 1
            waits: dict[str, Any] = {"plan_request": PlanRequest(number=number, change="extended", count=count, longer=longer, paused=moved, asked_at=event.at)}
            if state.pausing is not None:
                waits = {"pausing": _with(state.pausing, dropped=count, longer=longer)}
            ahead = event.ends - state.rules.heads_up.span > event.at  # the heads-up goes once, unless the end moves far enough for another
            return {
                "ends": event.ends,
                "reporting_ends": event.reporting_ends,
                "extended_by_pair": state.extended_by_pair or event.by_pair,
                "seen": _without(state.seen, "heads_up") if ahead else state.seen,
                "calendar_sequence": number,
                "meetings": _taken(state.meetings, state.rules.closing, event.at),
                **waits,
            }
        case e.PlanApplied():
            first = max((m.n for m in state.meetings), default=0) + 1
            latest = latest_slot(state)
            slots = [slot for slot in event.slots if latest is None or slot.start > latest]
            added = tuple(Meeting(n=first + i, start=s.start, prepare_at=s.prepare_at, ask_at=s.ask_at) for i, s in enumerate(slots))
            return {
                "meetings": (*_taken(state.meetings, state.rules.closing, event.at), *added),
                "ends": event.ends,
                "reporting_ends": event.reporting_ends,
                "plan_request": None,
                "calendar_sequence": state.calendar_sequence + 1,
            }
        case e.EndReached():
            return {"closing": True, "plan_request": _never_planned(state), **_invited(state, {}, event.feedback_for, event.feedback_to)}
        case e.CertificatesDecided():
            decided = Decided(at=event.at, certified=event.certified, done=event.done, total=event.total)
            return {"decided": decided, "attention": {}}
        case e.CertificatesIssued():
            return {"certificates": event.certificates}
        case e.SurveyReminded():
            return {**_followed_up(state, event.readers), "seen": _add(state.seen, "survey")}
        case e.MentorshipEnded():
            waited = event.at - state.pausing.since if state.pausing is not None else timedelta()  # moves the end, as resuming does
            return {
                "ended": Ended(at=event.at, reason=event.reason, waiting=waiting_slots(state)),
                "ends": state.ends + waited,
                "reporting_ends": state.reporting_ends + waited,
                "pausing": None,
                "plan_request": state.plan_request if state.closing else None,
                "calendar_sequence": state.calendar_sequence + 1,
            }
        case e.MentorshipCompleted():
            return {"completed": True}
        case e.NoticeFailed():
            return _not_reached(state, event)
        case e.FeedbackGiven():
            return _person(state, event.side, feedback_at=event.at)
        case e.CommandRefused():
            return {}
        case _:
            assert_never(event)


# -- small steps ----------------------------------------------------------------------------------------------------------


def _with(part: Any, **changes: Any) -> Any:
    return part.model_copy(update=changes)


def _add(items: tuple[Any, ...], item: Any) -> tuple[Any, ...]:
    return items if item in items else (*items, item)


def _without(items: tuple[str, ...], *gone: str) -> tuple[str, ...]:
    return tuple(item for item in items if item not in gone)


def _unplanned(state: State) -> tuple[int, Longer | None, timedelta]:
    """What already waits for a plan: the number of slots, the extensions of the end, and the length of the pauses that move the rhythm on."""
    if state.pausing is not None:
        return state.pausing.dropped, state.pausing.longer, state.pausing.moved
    if state.plan_request is not None:
        return state.plan_request.count, state.plan_request.longer, state.plan_request.paused
    return 0, None, timedelta()


def _never_planned(state: State) -> PlanRequest | None:
    """The slots that the programme ended without, since nobody could plan them in an outage (P5). Up to revision 1 they were forgotten."""
    lost = state.plan_request is not None and state.plan_request.count > 0
    return state.plan_request if lost and state.rules.revision >= 2 else None


def _meeting(state: State, n: int, change: Any) -> dict[str, Any]:
    meetings = list(state.meetings)
    for place, meeting in enumerate(meetings):
        if meeting.n == n:
            meetings[place] = change(meeting)
    return {"meetings": tuple(meetings)}


def _claim(state: State, n: int, side: Side, **changes: Any) -> dict[str, Any]:
    return _meeting(state, n, lambda m: _with(m, claims=tuple(_with(x, **changes) if x.side == side else x for x in m.claims)))


def _person(state: State, side: Side, **changes: Any) -> dict[str, Any]:
    person: Person = _with(state.person(side), **changes)
    return {side: person}


def _followed_up(state: State, readers: tuple[Side, ...]) -> dict[str, Any]:
    return {side: _with(state.person(side), unanswered=state.person(side).unanswered + 1) for side in readers}


def _taken(meetings: tuple[Meeting, ...], topic: int | None, at: Instant) -> tuple[Meeting, ...]:
    """No meeting ahead keeps `topic`: it was talked about meanwhile (H10), or it is the closing one and another meeting may now be the last."""
    return tuple(_with(m, topic=None) if m.topic is not None and m.topic == topic and m.start > at else m for m in meetings)


def _topic_sent(state: State, session: int) -> dict[str, Any]:
    return {side: _with(state.person(side), topics=_add(state.person(side).topics, session)) for side in SIDES}


def _not_reached(state: State, event: e.NoticeFailed) -> dict[str, Any]:
    """A follow-up that did not arrive does not count as unanswered, unless a newer mail asked instead or its reader wants none (Calm).

    Its topic goes once more (H10), and a later mail asks what it would have asked besides.
    """
    side: Side | None = next((side for side in SIDES if side == event.to), None)
    if side is None:
        return {}
    person, changes = state.person(side), dict[str, Any]()
    if person.unanswered and event.notice in FOLLOW_UPS and event.why not in ("superseded", "unsubscribed"):
        changes["unanswered"] = person.unanswered - 1
    if event.session is not None:
        changes["topics"] = tuple(topic for topic in person.topics if topic != event.session)
    if event.feedback_for is not None and event.feedback_for == person.feedback_asked:
        changes["feedback_asked"] = max((number for number in state.rules.feedback_after if number < event.feedback_for), default=0)
    if event.pulse:
        changes["pulse_asked"] = False
    told = _person(state, side, **changes) if changes else {}
    if event.unreported:
        told["meetings"] = tuple(_with(m, asked_again=False) if m.n in event.unreported else m for m in state.meetings)
    return told


def _without_proposal(meeting: Meeting, event: e.ProposalExpired) -> Meeting:
    """Takes out a proposal. A person who stayed away since the partner could not come has missed nothing (H13): `unkept` still says so afterwards.

    If the proposal had counted as a cancellation, it does so no longer.
    """
    gone = tuple(proposal for proposal in meeting.proposals if proposal.side == event.side)
    left = tuple(proposal for proposal in meeting.proposals if proposal.side != event.side)
    unkept, cancelled = meeting.unkept_by if meeting.start <= event.at else None, meeting.cancelled
    if cancelled is not None and cancelled.lapsed and cancelled.side == event.side:
        unkept, cancelled = event.side, None
    made: Meeting = _with(meeting, proposals=left, past=_past(meeting, gone), unkept=unkept, cancelled=cancelled)
    return made


def _past(meeting: Meeting, gone: tuple[Proposal, ...]) -> tuple[Proposal, ...]:
    sides = {proposal.side for proposal in gone}
    return (*(proposal for proposal in meeting.past if proposal.side not in sides), *gone)


def _excused_by_leave(meeting: Meeting, leaves: Mapping[Side, Leave], now: Instant) -> Meeting:
    """A person who was on leave when this meeting was, or when they called it off, has missed nothing (H14), even if no pause covers the leave
    any more, or HR tells of it afterwards (P6). A meeting that is still ahead of `now` is not judged yet.
    """
    whose = meeting.cancelled.owed_to if meeting.cancelled is not None else None
    at = {side: whose[1] if whose is not None and whose[0] == side else meeting.start for side in leaves}
    away = tuple(side for side, leave in leaves.items() if leave.begins <= at[side] <= min(leave.until, now) and side not in meeting.excused)
    return _with(meeting, excused=(*meeting.excused, *away), away=(*meeting.away, *away)) if away else meeting


def _protected(meetings: tuple[Meeting, ...], leaves: Mapping[Side, Leave], now: Instant) -> tuple[Meeting, ...]:
    """Excuses the meetings of each leave before HR's word about it changes, so that later reports about its days do not count either."""
    return tuple(_excused_by_leave(m, leaves, now) for m in meetings)


def _invited(state: State, people: dict[str, Any], feedback_for: int | None, feedback_to: tuple[Side, ...], pulse_to: tuple[Side, ...] = ()) -> dict[str, Any]:
    """Adds to `people` who is invited to give feedback or to the pulse. Each is noted by themself, since a mail may reach only one of the two (H15)."""
    found = dict(people)
    for side in feedback_to:
        found[side] = _with(found.get(side, state.person(side)), feedback_asked=feedback_for)
    for side in pulse_to:
        found[side] = _with(found.get(side, state.person(side)), pulse_asked=True)
    return found


def _milestone(state: State, milestone: str, known: MilestoneState) -> dict[str, Any]:
    return {"milestones": {**state.milestones, milestone: known}}


def _withdrawn(state: State, event: e.ReportWithdrawn) -> dict[str, Any]:
    """Takes out the report, and with it an objection to it."""
    mine = (event.side, event.report)
    goals = {name: _with(goal, reports=tuple(told for told in goal.reports if (told.side, told.report) != mine)) for name, goal in state.goals.items()}
    milestones = {}
    for milestone, known in state.milestones.items():
        left = tuple(c for c in known.confirmations if (c.side, c.report) != mine)
        gone = len(left) < len(known.confirmations)
        about = any(c.side != known.objected_by for c in left)
        milestones[milestone] = _with(known, confirmations=left, objected_by=known.objected_by if about else None) if gone else known
    meetings = tuple(_with(m, reports=tuple(r for r in m.reports if (r.side, r.report) != mine)) for m in state.meetings)
    extras = tuple(_with(x, reports=tuple(r for r in x.reports if (r.side, r.report) != mine)) for x in state.extras)
    return {"milestones": milestones, "goals": goals, "meetings": meetings, "extras": tuple(x for x in extras if x.reports)}
