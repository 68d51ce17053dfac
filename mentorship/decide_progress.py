"""What one of the two says about their progress: expectations, milestones, goals (H11, H7, H6). Arguments and answers are as in `decide_meetings`."""

from __future__ import annotations

from mentorship import commands as c
from mentorship import events as e
from mentorship.instant import Instant
from mentorship.people import Side, is_id, other
from mentorship.policy.meetings import is_unasked
from mentorship.policy.milestones import final_instant, partner_may_object_until
from mentorship.refusal import refuse
from mentorship.state import MOST_ACTIONS, MOST_GOAL_REPORTS, MOST_GOALS, State, report_digest


def confirm_expectations(state: State, command: c.ConfirmExpectations, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    if not command.expectations:
        return refuse(at, "malformed")
    fresh = tuple(sorted(set(command.expectations) - set(state.person(side).expectations)))
    if not fresh:
        return refuse(at, "already_done")
    return (e.ExpectationsConfirmed(at=at, side=side, expectations=fresh, accepted_at=accepted),)


def record_milestone(state: State, command: c.RecordMilestone, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    rule = next((rule for rule in state.rules.milestones if rule.id == command.milestone), None)
    if rule is None:
        return refuse(at, "no_such_milestone")
    if rule.when is not None:
        return refuse(at, "a_fact")
    if any(earned.milestone == rule.id for earned in state.earned):
        return refuse(at, "already_done")
    known = state.milestones.get(rule.id)
    objected = known is not None and known.objected_by is not None
    if rule.by in ("mentor", "mentee") and rule.by != side and not objected:
        return refuse(at, "not_yours")
    done_at = command.done_at or accepted
    if done_at > accepted:
        return refuse(at, "in_the_future")
    if done_at < state.starts:
        return refuse(at, "before_start")
    if known is not None and any(confirmation.side == side and confirmation.at <= accepted for confirmation in known.confirmations):
        return refuse(at, "already_done")
    report = report_digest(command.message_id)
    return (e.MilestoneRecorded(at=at, milestone=rule.id, side=side, report=report, done_at=done_at, accepted_at=accepted),)


def object_to_milestone(state: State, command: c.ObjectToMilestone, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    rule = next((rule for rule in state.rules.milestones if rule.id == command.milestone), None)
    if rule is None:
        return refuse(at, "no_such_milestone")
    if rule.when is not None:
        return refuse(at, "a_fact")
    until = partner_may_object_until(state, rule.id, side, accepted)
    if until is None or rule.by == "both":
        return refuse(at, "no_such_report")
    if accepted > until:
        return refuse(at, "too_late")
    return (e.MilestoneObjected(at=at, milestone=rule.id, side=side),)


def withdraw(state: State, command: c.Withdraw, side: Side, at: Instant) -> tuple[e.AnyEvent, ...]:
    report = report_digest(command.report)
    withdrawn = e.ReportWithdrawn(at=at, side=side, report=report)
    for known in state.milestones.values():
        if any(confirmation.side == side and confirmation.report == report for confirmation in known.confirmations):
            return (withdrawn,)
    told = [(one.side, one.report) for extra in state.extras for one in extra.reports]
    told += [(one.side, one.report) for goal in state.goals.values() for one in goal.reports]
    if (side, report) in told:
        return (withdrawn,)
    for meeting in state.meetings:
        mine = meeting.report(side)
        if mine is None or mine.report != report:
            continue
        claimed = meeting.claim(other(side))
        dropped = claimed is not None and claimed.stands != "no"
        asked = mine.own == "absent" and is_unasked(state, meeting, side)  # no longer admitted
        return (
            withdrawn,
            *((e.AbsenceDropped(at=at, meeting=meeting.n, side=other(side)),) if dropped else ()),
            *((e.AbsenceClaimed(at=at, meeting=meeting.n, side=side),) if asked else ()),
        )
    return refuse(at, "no_such_report")


def set_goal(state: State, command: c.SetGoal, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    if not all(map(is_id, (command.goal, command.note_id or "none", *command.actions))):
        return refuse(at, "malformed")
    if accepted > final_instant(state):
        return refuse(at, "closing")
    known = state.goals.get(command.goal)
    if known is None and len(state.goals) >= MOST_GOALS:
        return refuse(at, "too_many")
    if known is not None and not command.actions and command.note_id is None:
        return refuse(at, "already_done")
    if (known.actions if known else 0) + len(command.actions) > MOST_ACTIONS:
        return refuse(at, "too_many")
    return (e.GoalSet(at=at, side=side, goal=command.goal, note_id=command.note_id, actions=command.actions, accepted_at=accepted),)


def report_goal(state: State, command: c.ReportGoal, side: Side, at: Instant, accepted: Instant) -> tuple[e.AnyEvent, ...]:
    known = state.goals.get(command.goal)
    if known is None:
        return refuse(at, "no_such_goal")
    sooner = command.progress in ("progressed", "achieved") and known.progressed_at is not None and accepted < known.progressed_at
    if known.status == command.progress and command.progress != "progressed" and not sooner:
        return refuse(at, "already_done")
    if len(known.reports) >= MOST_GOAL_REPORTS:
        return refuse(at, "too_many")
    report = report_digest(command.message_id)
    return (e.GoalReported(at=at, side=side, goal=command.goal, report=report, progress=command.progress, accepted_at=accepted),)
