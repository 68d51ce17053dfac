"""Which milestones are done and when, and who earns a certificate by them (H7, P6)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, assert_never

from mentorship.effects import MilestoneFacts, counting_for
from mentorship.events import EarnedMilestone
from mentorship.instant import Instant
from mentorship.people import SIDES, Side, other
from mentorship.policy.meetings import closing_meeting, held_instants, stands_in
from mentorship.policy.pauses import pause_to_add
from mentorship.policy.remembered import remembered
from mentorship.programme import MeetingsHeld, MilestoneRule
from mentorship.state import State


def expectations_confirmed_at(state: State) -> Instant | None:
    mentor, mentee = state.mentor.confirmed_at, state.mentee.confirmed_at
    return max(mentor, mentee) if mentor is not None and mentee is not None else None


def closing_held_at(state: State) -> Instant | None:
    closing = state.rules.closing
    if closing is None:
        return None
    held = [m.start for m in state.meetings if m.held and m.session == closing]
    last = closing_meeting(state)  # asked again, since reports of the two meetings come in any order
    held += [extra.held_at for extra in state.extras if extra.session == closing or (last is not None and stands_in(last, extra.held_at, closing))]
    held += _without_their_slots(state)
    return min(held, default=None)


def _without_their_slots(state: State) -> list[Instant]:
    """Conversations since the last question for slots that the programme ended without: nobody is held to a plan that never came (P5)."""
    asked_at = state.plan_request.asked_at if state.plan_request is not None and state.closing else None
    return [at for at in held_instants(state) if at >= asked_at] if asked_at is not None else []


_READS = ("rules", "ends", "meetings", "extras", "milestones", "earned", "goals", "mentor", "mentee", "pausing", "plan_request", "closing", "ended")


@remembered(*_READS)
def done_instants(state: State) -> dict[str, Instant]:
    """When each milestone that is done was done, whether in time or not, in the programme's order."""
    brought = {earned.milestone: earned.done_at for earned in state.earned}
    held = held_instants(state)
    found = ((rule.id, brought.get(rule.id) or _done_at(state, rule, held)) for rule in state.rules.milestones)
    return {milestone: at for milestone, at in found if at is not None}


def _done_at(state: State, rule: MilestoneRule, held: Sequence[Instant]) -> Instant | None:
    known = state.milestones.get(rule.id)
    if known is not None and known.waived_at is not None:
        return min(known.waived_at, state.ends + pause_to_add(state) if state.rules.revision >= 2 else state.ends)
    match rule.when:
        case MeetingsHeld(meetings_held=needed):
            return held[needed - 1] if len(held) >= needed else None
        case "expectations_confirmed":
            return expectations_confirmed_at(state)
        case "goal_set":
            return min((goal.set_at for goal in state.goals.values()), default=None)
        case "goal_progressed":
            return min((goal.progressed_at for goal in state.goals.values() if goal.progressed_at is not None), default=None)
        case "closing_held":
            return closing_held_at(state)
        case None:
            return _confirmed_at(state, rule)
        case _:
            assert_never(rule.when)


def _confirmed_at(state: State, rule: MilestoneRule) -> Instant | None:
    known = state.milestones.get(rule.id)
    if known is None:
        return None
    if rule.by == "both" or known.objected_by is not None:
        return max(confirmation.done_at for confirmation in known.confirmations) if len(known.confirmations) == 2 else None
    return min((confirmation.done_at for confirmation in known.confirmations if rule.by in ("either", confirmation.side)), default=None)


@remembered(*_READS)
def milestone_facts(state: State, final: Instant | None = None) -> tuple[MilestoneFacts, ...]:
    """Each milestone with the instant at which it was done: in time, or after `final` (by default the end), and then it does not count."""
    final = final or final_instant(state)
    done = done_instants(state)
    brought = {earned.milestone: earned.waived for earned in state.earned}
    facts = []
    for rule in state.rules.milestones:
        at = done.get(rule.id)
        known = state.milestones.get(rule.id)
        waived = brought.get(rule.id, known is not None and known.waived_at is not None)
        in_time = at is not None and at <= final
        facts.append(_fact(rule.id, at if in_time else None, None if in_time else at, waived=waived, carried=rule.id in brought))
    return tuple(facts)


def standing(state: State, side: Side) -> tuple[tuple[MilestoneFacts, ...], int]:
    """The milestones that this person's share is taken of, and how many of them earn the certificate (H7)."""
    counted = counting_for(side, milestone_facts(state))
    return counted, needed(len(counted), state.rules.share)


class OneSided(NamedTuple):
    """Milestones that one of the two reported, and that need the word of both: those of both, and others after an objection."""

    answered: tuple[str, ...]
    """The side that is asked about reported it, or objected to it."""
    awaits: tuple[str, ...]
    """The partner reported it, and the word of the side that is asked about is missing."""


def one_sided(state: State, side: Side) -> OneSided:
    done = done_instants(state)
    answered: list[str] = []
    awaits: list[str] = []
    for rule in state.rules.milestones:
        known = state.milestones.get(rule.id)
        if rule.when is None and rule.id not in done and known is not None and len(known.confirmations) == 1:
            (answered if side in (known.confirmations[0].side, known.objected_by) else awaits).append(rule.id)
    return OneSided(tuple(answered), tuple(awaits))


@lru_cache(maxsize=1024)
def _fact(milestone: str, done_at: Instant | None, late_at: Instant | None, *, waived: bool, carried: bool) -> MilestoneFacts:
    """Cached, since every mail tells the same facts again."""
    return MilestoneFacts(id=milestone, done_at=done_at, late_at=late_at, waived=waived, carried=carried)


def done_in_time(state: State) -> dict[str, Instant]:
    """When each milestone that counts was done, in the programme's order."""
    final = final_instant(state)
    return {milestone: at for milestone, at in done_instants(state).items() if at <= final}


def earned(state: State) -> tuple[EarnedMilestone, ...]:
    """What goes along with the mentee to a new mentor: everything done in time, with this mentor or before (P6)."""
    facts = milestone_facts(state)
    return tuple(EarnedMilestone(milestone=fact.id, done_at=fact.done_at, waived=fact.waived) for fact in facts if fact.done_at is not None)


def certified(state: State, final: Instant) -> tuple[Side, ...]:
    """Who has reached the share at `final` (H7): both or nobody, except for a mentor who joined later, whose share is of what remained (P6).

    If nothing remained, that mentor has nothing to earn.
    """
    facts = milestone_facts(state, final)
    found: list[Side] = []
    for side in SIDES:
        counted = counting_for(side, facts)
        if is_complete(sum(fact.done_at is not None for fact in counted), len(counted), state.rules.share):
            found.append(side)
    return tuple(found)


def final_instant(state: State) -> Instant:
    """What was done at this instant still counts; one second later does not. A pause moves the end by its length."""
    ends = state.ends + pause_to_add(state)
    return min(ends, state.ended.at) if state.ended is not None else ends


def is_complete(done: int, total: int, share: int) -> bool:
    """The share rule, in whole numbers and inclusive (H7)."""
    return total > 0 and 100 * done >= share * total


def needed(total: int, share: int) -> int:
    """The least number of milestones that earns the certificate."""
    return -(-share * total // 100)


def partner_may_object_until(state: State, milestone: str, side: Side, at: Instant) -> Instant | None:
    """Until when `side` may object to the partner's report of this milestone; None if there is nothing to object to.

    If `side` has reported it, too, they agree. An objection made `at` an instant before that report counts all the same, even if it comes in later.
    """
    known = state.milestones.get(milestone)
    if known is None or known.objected_by is not None:
        return None
    if any(mine.side == side and mine.at <= at for mine in known.confirmations):
        return None
    return next(((theirs.asked_at or theirs.at) + state.rules.object_within.span for theirs in known.confirmations if theirs.side == other(side)), None)
