"""The meetings as one reader's page shows them: what became of each, what its reader may still say, and what waits for an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from mentorship.people import Side, other
from mentorship.policy.ladder import COUNTING_REASONS
from mentorship.policy.meetings import held_instants, topic_for, topic_moves_on, waiting_slots
from mentorship.programme import Session
from mentorship.state import Meeting, State
from webhook.pages.actions import agreeing, as_seen, is_open, proposing
from webhook.pages.beforehand import refusal
from webhook.pages.reading import Known


@dataclass(frozen=True)
class MeetingView:
    """One planned meeting. `state` is held, off (called off or not held), ahead or open (past, and no report has decided it)."""

    n: int
    start: datetime
    seen: str
    """What a form about it carries, so that an answer to what the reader saw never counts for another time, or for one confirmed since."""
    day: str
    when: str
    state: str
    started: bool
    confirmed: bool
    mine: bool
    theirs: bool
    my_proposal: str | None
    their_proposal: str | None
    their_to: str | None
    agreeable: bool
    """The partner's proposal can still be agreed to."""
    movable: bool
    """Another time can be proposed."""
    called_off_by: str | None
    """me, partner, nobody (a pause or an operator), or None."""
    lapsed: bool
    """Nobody called it off: a late proposal to move it stayed unanswered."""
    free_until: str | None
    """Until when calling it off is free; None if that moment has passed, or if it is not confirmed and so never counts."""
    late_now: bool
    theirs_to_answer: bool
    """The partner proposed another time, too late. Whoever then calls the meeting off or stays away, it counts as the partner's (H14)."""
    excused: bool
    """The partner said “fine by me” to the reader, so it can no longer count against the reader."""
    away: bool
    """The reader was on leave then: nothing of theirs counts."""
    counts: bool
    """Whether an absence of the reader's could count (H14)."""
    excusable: str | None
    """To what of the partner's the reader may say “fine by me”: off (called off late, or an absence), proposal (a late one that stands), lapsed, or None."""
    topic_moves_on: bool
    """If this one does not take place, another planned conversation takes its topic; the closing one has its own (H10)."""
    claim_until: str | None
    """If the partner says that the reader was not there: until when the reader can say otherwise."""
    i_said: str | None
    they_said_held: bool
    topic: Session | None
    may: frozenset[str]


_ACTIONS = ("confirm_meeting", "move_meeting", "cancel_meeting", "excuse", "report_meeting", "dispute")


class Meetings:
    """Asked lazily by the template."""

    def __init__(self, known: Known, state: State) -> None:
        self._known = known
        self._state = state

    @cached_property
    def all(self) -> tuple[MeetingView, ...]:
        """In order of time."""
        return tuple(self._view(meeting) for meeting in sorted(self._state.meetings, key=lambda m: (m.start, m.n)))

    def by_number(self, n: int) -> MeetingView | None:
        return next((meeting for meeting in self.all if meeting.n == n), None)

    @property
    def before(self) -> tuple[MeetingView, ...]:
        return tuple(m for m in self.all if m.started)

    @property
    def ahead(self) -> tuple[MeetingView, ...]:
        return tuple(m for m in self.all if not m.started)

    @cached_property
    def coming(self) -> tuple[MeetingView, ...]:
        """Those ahead that nobody called off."""
        return tuple(m for m in self.all if m.state == "ahead") if not self._state.over else ()

    @property
    def next(self) -> MeetingView | None:
        return next(iter(self.coming), None)

    @cached_property
    def to_report(self) -> tuple[MeetingView, ...]:
        """Past ones that no report has decided and that the reader may still report."""
        return tuple(m for m in self.all if m.state == "open" and m.i_said is None and "report_meeting" in m.may)

    @property
    def proposals(self) -> tuple[MeetingView, ...]:
        return tuple(m for m in self.all if m.agreeable)

    @property
    def claims(self) -> tuple[MeetingView, ...]:
        return tuple(m for m in self.all if m.claim_until and "dispute" in m.may)

    @property
    def excusable(self) -> tuple[MeetingView, ...]:
        """Leaves out proposals that can still be agreed to: the page shows both answers to those together."""
        return tuple(m for m in self.all if m.excusable and not (m.excusable == "proposal" and m.agreeable))

    @property
    def to_accept(self) -> tuple[MeetingView, ...]:
        if not is_open(self._known, "confirm_meeting", "all"):
            return ()
        return tuple(m for m in self.coming if not m.mine)

    def _view(self, m: Meeting) -> MeetingView:
        state, known, clock, me = self._state, self._known, self._known.clock, self._known.side
        them = other(me)
        left = left_over(state, m)
        mine, theirs = (None, None) if left else (m.proposal(me), m.proposal(them))
        claim, my_report, their_report = m.claim(me), m.report(me), m.report(them)
        theirs_to_answer = m.unkept_by == them
        free_until = m.start - state.rules.cancellations.notice.span
        started = m.start <= known.now
        may = frozenset(name for name in _ACTIONS if is_open(known, name, str(m.n)))
        lapsed = m.cancelled is not None and m.cancelled.lapsed
        called_off = None
        if left:
            called_off = "nobody"
        elif m.cancelled is not None and not lapsed:
            called_off = "nobody" if m.cancelled.side is None else "me" if m.cancelled.side == me else "partner"
        return MeetingView(
            n=m.n,
            start=m.start,
            seen=as_seen(m),
            day=clock.day(m.start),
            when=clock.when(m.start),
            state="held" if m.held else "off" if m.not_held or left else "open" if started else "ahead",
            started=started,
            confirmed=m.confirmed,
            mine=me in m.accepted,
            theirs=them in m.accepted,
            my_proposal=clock.when(mine.to) if mine is not None else None,
            their_proposal=clock.when(theirs.to) if theirs is not None else None,
            their_to=theirs.to.isoformat() if theirs is not None else None,
            agreeable=any(refusal(known, command) is None for command in agreeing(known, state, str(m.n))),
            movable=refusal(known, proposing(known, state, str(m.n))) is None,
            called_off_by=called_off,
            lapsed=lapsed,
            free_until=clock.when(free_until) if m.confirmed and known.now <= free_until else None,
            late_now=m.confirmed and me not in m.excused and known.now > free_until and not started,
            theirs_to_answer=theirs_to_answer,
            excused=me in m.excused and me not in m.away,
            away=me in m.away,
            counts=_counts(m, me) and not theirs_to_answer,
            excusable=_excusable(m, them) if "excuse" in may else None,
            topic_moves_on=topic_moves_on(state, m, known.now),
            claim_until=clock.until(claim.asked_at + state.rules.attendance.contest_within.span) if claim is not None and claim.stands != "no" else None,
            i_said=None if my_report is None else "held" if my_report.held else "absent" if my_report.own == "absent" else "not_held",
            they_said_held=bool(their_report and their_report.held),
            topic=self._topic(m, started=started),
            may=may,
        )

    def _topic(self, m: Meeting, *, started: bool) -> Session | None:
        """The topic that a held one took, or that the next one ahead would take as things stand."""
        if m.cancelled is not None and not m.held:
            return None
        if m.held:
            return self._session(m.session)
        ahead = ((x.start, x.n) for x in self._state.meetings if not x.held and not x.not_held and x.start > self._known.now)  # as `next` finds it
        return self._session(topic_for(self._state, m.n)) if not started and (m.start, m.n) == min(ahead, default=None) else None

    def _session(self, index: int | None) -> Session | None:
        sessions = self._known.texts.sessions
        return sessions[index] if index is not None and 0 <= index < len(sessions) else None

    @cached_property
    def extras(self) -> tuple[str, ...]:
        return tuple(self._known.clock.when(extra.held_at) for extra in self._state.extras)

    @property
    def held(self) -> int:
        """How many were held, including those outside the plan."""
        return len(held_instants(self._state))

    @property
    def for_feedback(self) -> tuple[MeetingView, ...]:
        """Those that were held, newest first: feedback is welcome after any, asked for after some, and required after none (H15)."""
        return tuple(m for m in reversed(self.all) if m.state == "held")

    @property
    def planned(self) -> int:
        """How many are planned, including those that wait for a time, such as those that a pause took off the calendar (P6)."""
        return len(self._state.meetings) + (waiting_slots(self._state) or 0)


def left_over(state: State, m: Meeting) -> bool:
    """Whether it was still ahead when the mentorship ended early. It then is no longer a meeting that anybody can say something about."""
    return state.ended is not None and m.cancelled is None and m.start > state.ended.at


def _excusable(m: Meeting, side: Side) -> str | None:
    """What `side` did about it that may count against them, as the partner's page shows it."""
    own, cancelled, proposal = m.report(side), m.cancelled, m.proposal(side)
    if own is not None and own.own == "absent":
        return "off"
    if cancelled is not None:
        whose = cancelled.owed_to
        return ("lapsed" if cancelled.side != side or cancelled.lapsed else "off") if cancelled.late and whose is not None and whose[0] == side else None
    return "proposal" if proposal is not None and proposal.late else None


def _counts(m: Meeting, side: Side) -> bool:
    """Only if both confirmed it, it was neither called off nor held, the partner did not excuse it, and its reason is one that counts."""
    own = m.report(side)
    excepted = own is not None and own.own == "absent" and (own.reason or "not_said") not in COUNTING_REASONS
    return m.confirmed and m.cancelled is None and not m.held and side not in m.excused and not excepted
