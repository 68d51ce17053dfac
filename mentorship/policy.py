"""Questions about a mentorship's state. Every rule of the brief that is not a transition stands here, once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from mentorship.effects import MilestoneFacts, counting_for
from mentorship.events import EarnedMilestone
from mentorship.instant import Instant
from mentorship.people import SIDES, Side, other
from mentorship.programme import MeetingsHeld, MilestoneRule
from mentorship.state import Meeting, State

Phase = Literal["aligning", "active", "paused", "closing", "completed", "ended"]

COUNTING_REASONS = frozenset({"work", "not_said"})
"""`personal` (covers illness) and `technical` never count, nor what the partner excuses (H14)."""


def phase(state: State) -> Phase:
    if state.ended is not None:
        return "ended"
    if state.completed:
        return "completed"
    if state.closing:
        return "closing"
    if state.pausing is not None:
        return "paused"
    return "active" if expectations_confirmed_at(state) is not None or held_instants(state) else "aligning"


# -- meetings -------------------------------------------------------------------------------------------------------------


def held_instants(state: State) -> list[Instant]:
    """When each meeting that was held took place, in order: planned ones at their start, extra ones as reported."""
    held = [meeting.start for meeting in state.meetings if meeting.held]
    held += [extra.held_at for extra in state.extras]
    return sorted(held)


def last_planned(state: State) -> Meeting | None:
    return state.meetings[-1] if state.meetings else None


def topic_for(state: State, n: int | None, held_at: Instant | None = None) -> int:
    """The session of meeting `n`, or of an extra one at `held_at`: topics advance with meetings held, the last planned takes the closing one (H10).

    An extra meeting takes the closing session once the last planned one is past or cancelled, and was not held.
    """
    closing = state.rules.closing
    last = _closing_meeting(state)
    if closing is not None and last is not None:
        if n == last.n:
            return closing
        if n is None and held_at is not None and _stands_in(last, held_at) and not _closing_used(state, held_at):
            return closing
    open_sessions = [index for index in range(state.rules.sessions) if index != closing]
    used = sum(1 for m in state.meetings if m.held and m.session != closing) + sum(1 for extra in state.extras if extra.session != closing)
    return open_sessions[min(used, len(open_sessions) - 1)] if open_sessions else 0


def _closing_meeting(state: State) -> Meeting | None:
    """The last planned meeting; None while later slots are still to come."""
    whole = (state.pausing is None or not state.pausing.dropped) and state.plan_request is None
    return last_planned(state) if whole else None


def _stands_in(last: Meeting, held_at: Instant) -> bool:
    """Whether an extra meeting takes the place of the last planned one: past or cancelled by then, and not held."""
    return not last.held and (last.cancelled.at if last.cancelled is not None else last.start) <= held_at


def _closing_used(state: State, before: Instant) -> bool:
    """Reports come in any order, so only what was held before uses it up."""
    closing = state.rules.closing
    held = any(m.held and m.session == closing for m in state.meetings)
    return held or any(extra.session == closing and extra.held_at < before for extra in state.extras)


def latest_slot(state: State) -> Instant | None:
    """From where the rhythm goes on when slots are added: what was cancelled ahead of its time holds no place."""
    return max((m.start for m in state.meetings if m.cancelled is None or m.start <= state.now), default=None)


def resolved(state: State) -> list[Meeting]:
    """The planned meetings whose outcome is known, in order of their start."""
    return sorted((m for m in state.meetings if m.held or m.not_held), key=lambda m: (m.start, m.n))


def not_held_in_a_row(state: State) -> int:
    """The longest row of planned meetings not held since the last one that was, extra ones included.

    What is still ahead may be held, so meetings cancelled on either side of it are not in a row.
    """
    latest = max(held_instants(state), default=None)
    longest = run = 0
    for meeting in sorted(state.meetings, key=lambda m: (m.start, m.n)):
        if meeting.held or (latest is not None and meeting.start < latest):
            continue
        if meeting.not_held:
            run += 1
            longest = max(longest, run)
        elif meeting.start > state.now:
            run = 0
    return longest


def without_word_in_a_row(state: State) -> int:
    """How many meetings up to the latest one asked about stay without a word from either."""
    run = 0
    for meeting in sorted((m for m in state.meetings if m.asked or m.reports), key=lambda m: m.start, reverse=True):
        if not meeting.without_word:
            break
        run += 1
    return run


# -- the ladder (H14) -----------------------------------------------------------------------------------------------------


def strikes(state: State, side: Side) -> list[Instant]:
    """The instants of what counts against `side` in this episode: late cancellations by their own instant, absences by the meeting's start."""
    person = state.person(side)
    found = [at for meeting in state.meetings if (at := _strike(meeting, side)) is not None]
    return sorted(at for at in found if person.cleared_at is None or at > person.cleared_at)


def _strike(meeting: Meeting, side: Side) -> Instant | None:
    if (meeting.cancelled is None and not meeting.reports) or side in meeting.excused or meeting.held:
        return None
    cancelled = meeting.cancelled
    if cancelled is not None:
        return cancelled.at if cancelled.side == side and cancelled.late and cancelled.reason in COUNTING_REASONS else None
    if not meeting.confirmed:
        return None
    own = meeting.report(side)
    if own is not None and own.own == "absent":
        return meeting.start if (own.reason or "not_said") in COUNTING_REASONS else None
    claim = meeting.claim(side)
    return meeting.start if claim is not None and claim.stands == "yes" else None


def strikes_in_window(state: State, side: Side) -> list[Instant]:
    """Of these, the ones in the sliding window that ends now."""
    opens = state.now - state.rules.cancellations.window.span
    return [at for at in strikes(state, side) if at > opens]


def episode_is_over(state: State, side: Side) -> bool:
    """An episode ends after three meetings held since its last strike, or when the window has emptied."""
    counted = strikes(state, side)
    person = state.person(side)
    if not counted:
        return person.rung > 0
    if not strikes_in_window(state, side):
        return True
    return sum(1 for at in held_instants(state) if at > counted[-1]) >= state.rules.cancellations.episode_ends_after_held


def rung_reached(state: State, side: Side) -> int:
    """The rung, from 1, that the strikes in the window stand on; 0 for none."""
    count = len(strikes_in_window(state, side))
    return max((number for number, rung in enumerate(state.rules.cancellations.ladder, 1) if count >= rung.at), default=0)


# -- milestones (H7) ------------------------------------------------------------------------------------------------------


def expectations_confirmed_at(state: State) -> Instant | None:
    mentor, mentee = state.mentor.confirmed_at, state.mentee.confirmed_at
    return max(mentor, mentee) if mentor is not None and mentee is not None else None


def closing_held_at(state: State) -> Instant | None:
    closing = state.rules.closing
    if closing is None:
        return None
    held = [m.start for m in state.meetings if m.held and m.session == closing]
    last = _closing_meeting(state)  # asked again, since reports of the two meetings come in any order
    held += [extra.held_at for extra in state.extras if extra.session == closing or (last is not None and _stands_in(last, extra.held_at))]
    return min(held, default=None)


def done_at(state: State, rule: MilestoneRule) -> Instant | None:
    """When this milestone was done, whether in time or not; None while it is not."""
    brought = _brought(state, rule.id)
    if brought is not None:
        return brought.done_at
    known = state.milestones.get(rule.id)
    if known is not None and known.waived_at is not None:
        return min(known.waived_at, state.ends)
    match rule.when:
        case "expectations_confirmed":
            return expectations_confirmed_at(state)
        case "goal_set":
            return min((goal.set_at for goal in state.goals.values()), default=None)
        case "goal_progressed":
            return min((goal.progressed_at for goal in state.goals.values() if goal.progressed_at is not None), default=None)
        case "closing_held":
            return closing_held_at(state)
        case MeetingsHeld(meetings_held=needed):
            held = held_instants(state)
            return held[needed - 1] if len(held) >= needed else None
        case None:
            return _confirmed_at(state, rule)


def _confirmed_at(state: State, rule: MilestoneRule) -> Instant | None:
    known = state.milestones.get(rule.id)
    if known is None or not known.confirmations:
        return None
    instants = [confirmation.done_at for confirmation in known.confirmations]
    if rule.by == "both" or known.objected_by is not None:
        return max(instants) if len(instants) == 2 else None
    return min(instants)


def milestone_facts(state: State, final: Instant | None = None) -> tuple[MilestoneFacts, ...]:
    """Each milestone with the instant at which it was done: in time, or after `final` (by default the end), when it does not count."""
    final = final or final_instant(state)
    facts = []
    for rule in state.rules.milestones:
        at = done_at(state, rule)
        known = state.milestones.get(rule.id)
        brought = _brought(state, rule.id)
        waived = brought.waived if brought is not None else known is not None and known.waived_at is not None
        in_time = at is not None and at <= final
        facts.append(MilestoneFacts(id=rule.id, done_at=at if in_time else None, late_at=None if in_time else at, waived=waived, carried=brought is not None))
    return tuple(facts)


def _brought(state: State, milestone: str) -> EarnedMilestone | None:
    return next((earned for earned in state.earned if earned.milestone == milestone), None)


def earned(state: State) -> tuple[EarnedMilestone, ...]:
    """What goes along with the mentee to a new mentor: everything done in time, with this mentor or before (P6)."""
    facts = milestone_facts(state)
    return tuple(EarnedMilestone(milestone=fact.id, done_at=fact.done_at, waived=fact.waived) for fact in facts if fact.done_at is not None)


def certified(state: State, final: Instant) -> tuple[Side, ...]:
    """Who has the share at `final` (H7): both or nobody, but for a mentor who joined later, whose share is of what remained (P6).

    Where nothing remained, that mentor has nothing to earn.
    """
    facts = milestone_facts(state, final)
    found: list[Side] = []
    for side in SIDES:
        counted = counting_for(side, facts)
        if is_complete(sum(fact.done_at is not None for fact in counted), len(counted), state.rules.share):
            found.append(side)
    return tuple(found)


def final_instant(state: State) -> Instant:
    """What was done at this instant still counts; one second later does not."""
    return min(state.ends, state.ended.at) if state.ended is not None else state.ends


def done_milestones(state: State) -> tuple[str, ...]:
    return tuple(fact.id for fact in milestone_facts(state) if fact.done_at is not None)


def is_complete(done: int, total: int, share: int) -> bool:
    """The share rule, in whole numbers and inclusive (H7)."""
    return total > 0 and 100 * done >= share * total


def needed(total: int, share: int) -> int:
    """The least number of milestones that earns the certificate."""
    return -(-share * total // 100)


# -- deadlines ------------------------------------------------------------------------------------------------------------

DueKind = Literal[
    "prepare",
    "ask",
    "proposal",
    "claim",
    "alignment",
    "episode",
    "no_meeting",
    "rematch",
    "halfway",
    "heads_up",
    "end",
    "decide",
    "survey",
    "complete",
    "resume",
    "leave",
]


class Due:
    """A deadline of the mentorship: `kind` at the instant `at`, about a meeting and a person where it has them."""

    __slots__ = ("at", "kind", "meeting", "side")

    def __init__(self, at: datetime, kind: DueKind, meeting: int | None = None, side: Side | None = None) -> None:
        self.at = at
        self.kind: DueKind = kind
        self.meeting = meeting
        self.side: Side | None = side

    def __repr__(self) -> str:
        return f"Due({self.at:%Y-%m-%d %H:%M:%S} {self.kind} {self.meeting or ''} {self.side or ''})"


def next_due(state: State) -> Due | None:
    """The earliest deadline, or None when the mentorship is over. Deciding it always moves it on (a property test holds this)."""
    return min(deadlines(state), key=lambda due: due.at, default=None)


def deadlines(state: State) -> list[Due]:
    """Every deadline that stands."""
    if state.over:
        return []
    rules = state.rules
    found: list[Due] = []
    if state.decided is None:
        found += _meeting_deadlines(state)
    if not state.closing:
        found += [Due(leave.begins, "leave", side=side) for side, leave in state.leaves.items() if not leave.begun]
    if state.pausing is not None:
        return [*found, Due(state.pausing.until, "resume")]
    for side in SIDES:
        counted = strikes(state, side)
        if state.decided is None and counted:
            found.append(Due(counted[-1] + rules.cancellations.window.span, "episode", side=side))
    if not state.closing:
        return found + _programme_deadlines(state)
    if state.decided is None:
        found.append(Due(state.reporting_ends, "decide"))
    if "survey" not in state.seen and not survey_rides_along(state) and any(not state.person(side).closing_answered for side in SIDES):
        found.append(Due(state.ends + rules.surveys.closing_reminder.span, "survey"))
    if state.decided is not None:
        found.append(Due(max(state.ends + rules.surveys.closes.span, state.reporting_ends), "complete"))
    return found


def _meeting_deadlines(state: State) -> list[Due]:
    rules = state.rules
    found: list[Due] = []
    for meeting in state.meetings:
        if meeting.cancelled is None and not meeting.held:
            if not meeting.prepared and not state.closing and not meeting.reports:
                found.append(Due(meeting.prepare_at, "prepare", meeting.n))
            if not meeting.asked and not meeting.reports:
                found.append(Due(meeting.ask_at, "ask", meeting.n))
        for proposal in meeting.proposals:
            found.append(Due((proposal.asked_at or proposal.at) + rules.cancellations.answer_within.span, "proposal", meeting.n, proposal.side))
        for claim in meeting.claims:
            if claim.stands == "open":
                found.append(Due(claim.asked_at + rules.attendance.contest_within.span, "claim", meeting.n, claim.side))
    return found


def _programme_deadlines(state: State) -> list[Due]:
    rules, seen = state.rules, state.seen
    found = [Due(state.ends, "end")]
    if "halfway" not in seen:
        found.append(Due(halfway_at(state), "halfway"))
    if "heads_up" not in seen:
        found.append(Due(max(state.ends - rules.heads_up.span, state.starts), "heads_up"))
    if "alignment" not in seen and state.meetings and expectations_confirmed_at(state) is None:
        found.append(Due(state.meetings[0].start + rules.alignment.remind_after.span, "alignment"))
    if not held_instants(state):
        met_by = state.starts + state.paused_for
        if "no_meeting" not in seen:
            found.append(Due(met_by + rules.attention.no_meeting_by.span, "no_meeting"))
        if "rematch" not in seen:
            found.append(Due(met_by + rules.attention.offer_rematch.span, "rematch"))
    return found


def halfway_at(state: State) -> Instant:
    return state.starts + (state.ends - state.starts) / 2


# -- who hears ------------------------------------------------------------------------------------------------------------


def wants_follow_up(state: State, side: Side) -> bool:
    """Follow-ups stop after two unanswered; anything that the person does answers them (Calm)."""
    return state.person(side).unanswered < state.rules.mail.follow_ups


def survey_rides_along(state: State) -> bool:
    """Whether the survey's one reminder would come about when the result does: then the result's mail carries it (Calm)."""
    apart = state.ends + state.rules.surveys.closing_reminder.span - state.reporting_ends
    return abs(apart) <= (state.reporting_ends - state.ends) / 4


def partner_may_object_until(state: State, milestone: str, side: Side, at: Instant | None = None) -> Instant | None:
    """Until when `side` may object to the partner's report of this milestone; None if there is nothing to object to.

    One's own report says that one agrees; an objection made `at` an instant before it stands all the same, if it comes in later.
    """
    known = state.milestones.get(milestone)
    if known is None or known.objected_by is not None:
        return None
    if any(mine.side == side and (at is None or mine.at <= at) for mine in known.confirmations):
        return None
    return next((theirs.at + state.rules.object_within.span for theirs in known.confirmations if theirs.side == other(side)), None)


def away_until(state: State, at: Instant) -> Instant | None:
    """Until when somebody of the two is on leave; None when neither is."""
    return max((leave.until for leave in state.leaves.values() if leave.begun and leave.until > at), default=None)


def pause_left(state: State) -> timedelta:
    return max(state.rules.pause.longest.span - state.paused_for, timedelta())
