"""What a participant's page may say: the state, in the reader's language and zone. Nothing of the partner beyond the table of visibility."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from mentorship.commands import EXPECTATIONS, Expectation
from mentorship.people import Side, other
from mentorship.policy import (
    done_milestones,
    expectations_confirmed_at,
    held_instants,
    milestone_facts,
    needed,
    partner_may_object_until,
    phase,
    strikes_in_window,
    topic_for,
)
from mentorship.programme import MeetingsHeld, Milestone, Session
from mentorship.state import Meeting, State
from mentorship.visibility import may_read
from webhook.pages.actions import is_open, private_probe, refusal
from webhook.pages.known import Feedback, Goal, Known
from webhook.pages.picture import Picture, picture


@dataclass(frozen=True)
class MeetingView:
    """One planned meeting. `state` is held, off (called off or not held), ahead or open (past, and nobody said a word that decides)."""

    n: int
    start: datetime
    day: str
    when: str
    short: str
    state: str
    started: bool
    confirmed: bool
    mine: bool
    theirs: bool
    my_proposal: str | None
    their_proposal: str | None
    their_to: str | None
    called_off_by: str | None
    """me, partner, nobody (a pause or an operator), or None."""
    free_until: str | None
    """Until when calling it off is free; None when that moment has passed or it never counts."""
    late_now: bool
    excusable: bool
    claim_until: str | None
    """The partner says that the reader was not there; until when to say otherwise."""
    i_said: str | None
    they_said_held: bool
    topic: Session | None
    may: frozenset[str]


@dataclass(frozen=True)
class MilestoneView:
    """`state` is done, waived, late, waiting (one of two confirmed) or open. `fact` is what completes it without a report."""

    id: str
    title: str
    state: str
    when: str | None
    fact: str | None
    count: int
    by: str
    reported_by_partner: bool
    object_until: str | None
    may_record: bool
    may_object: bool


@dataclass(frozen=True)
class ReportView:
    code: str
    name: str
    about: str
    at: str


@dataclass(frozen=True)
class GoalView:
    goal: Goal
    status: str
    may_report: bool
    may_add: bool


_MEETING_ACTIONS = ("confirm_meeting", "move_meeting", "cancel_meeting", "excuse", "report_meeting", "dispute")


class Page:
    """Asked lazily by the template. Only for a mentorship that has begun."""

    def __init__(self, known: Known, state: State) -> None:
        self._known = known
        self._state = state
        self.clock = known.clock
        self.partner = known.partner
        self.side: Side = known.side
        self.title = known.texts.title
        self.phase = phase(state)
        self.over = state.over
        self.decided = state.decided
        self.pending = len(known.kept)
        self.place = known.clock.place()
        self.ended_on = known.clock.day(state.ended.at) if state.ended is not None else None
        self.paused_until = known.clock.when(state.pausing.until) if state.pausing is not None else None

    # -- meetings ---------------------------------------------------------------------------------------------------------

    @cached_property
    def meetings(self) -> tuple[MeetingView, ...]:
        return tuple(self.meeting(meeting) for meeting in sorted(self._state.meetings, key=lambda m: (m.start, m.n)))

    def by_number(self, n: int) -> MeetingView | None:
        return next((meeting for meeting in self.meetings if meeting.n == n), None)

    @property
    def meetings_before(self) -> tuple[MeetingView, ...]:
        return tuple(m for m in self.meetings if m.started)

    @property
    def meetings_ahead(self) -> tuple[MeetingView, ...]:
        return tuple(m for m in self.meetings if not m.started)

    @cached_property
    def next(self) -> MeetingView | None:
        return next((m for m in self.meetings if m.state == "ahead"), None) if not self.over else None

    @cached_property
    def to_report(self) -> tuple[MeetingView, ...]:
        """Past ones that neither decided by a word; the reader may still say."""
        return tuple(m for m in self.meetings if m.state == "open" and m.i_said is None and "report_meeting" in m.may)

    @property
    def proposals(self) -> tuple[MeetingView, ...]:
        return tuple(m for m in self.meetings if m.their_proposal and "move_meeting" in m.may)

    @property
    def claims(self) -> tuple[MeetingView, ...]:
        return tuple(m for m in self.meetings if m.claim_until and "dispute" in m.may)

    @property
    def excusable(self) -> tuple[MeetingView, ...]:
        return tuple(m for m in self.meetings if m.excusable)

    @property
    def to_accept(self) -> int:
        if not is_open(self._known, "confirm_meeting", "all"):
            return 0
        return sum(1 for m in self.meetings if not m.mine and m.state == "ahead")

    def meeting(self, m: Meeting) -> MeetingView:
        state, known, clock, me = self._state, self._known, self.clock, self.side
        them = other(me)
        mine, theirs = m.proposal(me), m.proposal(them)
        claim, my_report, their_report = m.claim(me), m.report(me), m.report(them)
        free_until = m.start - state.rules.cancellations.notice.span
        started = m.start <= known.now
        may = frozenset(name for name in _MEETING_ACTIONS if is_open(known, name, str(m.n)))
        called_off = None
        if m.cancelled is not None:
            called_off = "nobody" if m.cancelled.side is None else "me" if m.cancelled.side == me else "partner"
        late_by_them = (m.cancelled is not None and m.cancelled.side == them and m.cancelled.late) or (theirs is not None and theirs.late)
        absent = their_report is not None and their_report.own == "absent"
        return MeetingView(
            n=m.n,
            start=m.start,
            day=clock.day(m.start),
            when=clock.when(m.start),
            short=clock.short(m.start),
            state="held" if m.held else "off" if m.not_held else "open" if started else "ahead",
            started=started,
            confirmed=m.confirmed,
            mine=me in m.accepted,
            theirs=them in m.accepted,
            my_proposal=clock.when(mine.to) if mine is not None else None,
            their_proposal=clock.when(theirs.to) if theirs is not None else None,
            their_to=theirs.to.isoformat() if theirs is not None else None,
            called_off_by=called_off,
            free_until=clock.when(free_until) if m.confirmed and known.now <= free_until else None,
            late_now=m.confirmed and known.now > free_until and not started,
            excusable="excuse" in may and (late_by_them or absent),
            claim_until=clock.when(claim.asked_at + state.rules.attendance.contest_within.span) if claim is not None and claim.stands != "no" else None,
            i_said=None if my_report is None else "held" if my_report.held else "absent" if my_report.own == "absent" else "not_held",
            they_said_held=bool(their_report and their_report.held),
            topic=self._topic(m, started=started),
            may=may,
        )

    def _topic(self, m: Meeting, *, started: bool) -> Session | None:
        """Of a held one, what it took; of one ahead, what it would take as things stand."""
        if m.cancelled is not None and not m.held:
            return None
        if m.held:
            return self._session(m.session)
        following = min((x.n for x in self._state.meetings if x.cancelled is None and not x.held and x.start > self._known.now), default=None)
        return self._session(topic_for(self._state, m.n)) if not started and m.n == following else None

    def _session(self, index: int | None) -> Session | None:
        sessions = self._known.texts.sessions
        return sessions[index] if index is not None and 0 <= index < len(sessions) else None

    @cached_property
    def extras(self) -> tuple[str, ...]:
        return tuple(self.clock.when(extra.held_at) for extra in self._state.extras)

    @property
    def held(self) -> int:
        return len(held_instants(self._state))

    @property
    def planned(self) -> int:
        return len(self._state.meetings)

    # -- milestones -------------------------------------------------------------------------------------------------------

    @cached_property
    def milestones(self) -> tuple[MilestoneView, ...]:
        facts = {fact.id: fact for fact in milestone_facts(self._state)}
        return tuple(self._milestone(rule, facts[rule.id].done_at, waived=facts[rule.id].waived) for rule in self._known.texts.milestones if rule.id in facts)

    def milestone(self, identifier: str) -> MilestoneView | None:
        return next((milestone for milestone in self.milestones if milestone.id == identifier), None)

    def _milestone(self, rule: Milestone, done_at: datetime | None, *, waived: bool) -> MilestoneView:
        known = self._state.milestones.get(rule.id)
        reporters = {confirmation.side for confirmation in known.confirmations} if known is not None else set()
        until = partner_may_object_until(self._state, rule.id, self.side, self._known.now)
        return MilestoneView(
            id=rule.id,
            title=rule.title,
            state="waived" if waived else "done" if done_at is not None else "waiting" if reporters else "open",
            when=self.clock.when(done_at) if done_at is not None else None,
            fact="meetings_held" if isinstance(rule.when, MeetingsHeld) else rule.when,
            count=rule.when.meetings_held if isinstance(rule.when, MeetingsHeld) else 0,
            by=rule.by,
            reported_by_partner=other(self.side) in reporters,
            object_until=self.clock.when(until) if until is not None and until >= self._known.now else None,
            may_record=is_open(self._known, "record_milestone", rule.id),
            may_object=is_open(self._known, "object_to_milestone", rule.id),
        )

    @cached_property
    def done(self) -> int:
        return len(done_milestones(self._state))

    @property
    def total(self) -> int:
        return len(self._state.rules.milestones)

    @property
    def needed(self) -> int:
        return needed(self.total, self._state.rules.share)

    @property
    def picture(self) -> Picture:
        return picture(self._state, self._known.now, mirrored=self.clock.language.direction == "rtl")

    # -- goals, expectations, benefits ------------------------------------------------------------------------------------

    @cached_property
    def goals(self) -> tuple[GoalView, ...]:
        states = self._state.goals
        return tuple(
            GoalView(goal, states[goal.id].status, is_open(self._known, "report_goal", goal.id), is_open(self._known, "set_goal", goal.id))
            for goal in self._known.goals
            if goal.id in states
        )

    @property
    def may_set_goal(self) -> bool:
        return is_open(self._known, "set_goal")

    @property
    def expectations(self) -> tuple[tuple[Expectation, bool], ...]:
        """Each, and whether the reader confirmed it; never what the partner did."""
        mine = self._state.person(self.side).expectations
        return tuple((name, name in mine) for name in EXPECTATIONS)

    @property
    def expectations_open(self) -> bool:
        return self._state.person(self.side).confirmed_at is None and is_open(self._known, "confirm_expectations")

    @property
    def expectations_agreed(self) -> bool:
        return expectations_confirmed_at(self._state) is not None

    @property
    def pins(self) -> tuple[str, ...]:
        return tuple(text for code, text in self.benefits if code in self._state.person(self.side).pins)

    @property
    def benefits(self) -> tuple[tuple[str, str], ...]:
        """Each benefit that can be pinned, with its code (H2)."""
        offered = self._known.texts.benefits
        audiences = ((self.side, offered.mentor if self.side == "mentor" else offered.mentee), ("everyone", offered.everyone), ("company", offered.company))
        return tuple((f"{audience}.{index}", text) for audience, texts in audiences for index, text in enumerate(texts))

    def is_pinned(self, code: str) -> bool:
        return code in self._state.person(self.side).pins

    # -- the reader's own -------------------------------------------------------------------------------------------------

    @property
    def late_count(self) -> int:
        """The reader's own, in the window; nobody else's is ever shown here (H14)."""
        return len(strikes_in_window(self._state, self.side)) if may_read("own", "late_count") else 0

    @property
    def late_rungs(self) -> tuple[tuple[int, str], ...]:
        return tuple((rung.at, rung.do) for rung in self._state.rules.cancellations.ladder)

    @property
    def notice_hours(self) -> int:
        return int(self._state.rules.cancellations.notice.span.total_seconds() // 3600)

    @property
    def window_days(self) -> int:
        return self._state.rules.cancellations.window.span.days

    @property
    def answer_days(self) -> int:
        return self._state.rules.cancellations.answer_within.span.days

    @property
    def contest_days(self) -> int:
        return self._state.rules.attendance.contest_within.span.days

    @property
    def object_days(self) -> int:
        return self._state.rules.object_within.span.days

    @cached_property
    def reports(self) -> tuple[ReportView, ...]:
        """What the reader can take back, newest first."""
        found: dict[str, ReportView] = {}
        for report in self._known.reports:
            about = self._about(report.code)
            if about is not None and is_open(self._known, "withdraw", report.code):
                found[report.code] = ReportView(report.code, report.name, about, self.clock.short(report.at))
        return tuple(reversed(found.values()))

    def report(self, code: str) -> ReportView | None:
        return next((report for report in self.reports if report.code == code), None)

    def _about(self, code: str) -> str | None:
        titles = {milestone.id: milestone.title for milestone in self._known.texts.milestones}
        for identifier, milestone in self._state.milestones.items():
            if any(c.report == code and c.side == self.side for c in milestone.confirmations):
                return titles.get(identifier, identifier)
        for meeting in self._state.meetings:
            mine = meeting.report(self.side)
            if mine is not None and mine.report == code:
                return self.clock.when(meeting.start)
        for extra in self._state.extras:
            if any(report.report == code for report in extra.reports):
                return self.clock.when(extra.held_at)
        return None

    @property
    def shared_feedback(self) -> tuple[Feedback, ...]:
        """What the partner wrote and chose to share (H15)."""
        return tuple(f for f in self._known.feedback if f.by != self.side and may_read("partner", "feedback", shared=f.shared))

    @property
    def own_feedback(self) -> tuple[Feedback, ...]:
        return tuple(f for f in self._known.feedback if f.by == self.side)

    @property
    def feedback_for(self) -> tuple[MeetingView, ...]:
        """Meetings that were held, newest first: feedback is welcome after any, asked after some, forced after none."""
        return tuple(m for m in reversed(self.meetings) if m.state == "held")

    @property
    def survey(self) -> str | None:
        """Which survey waits for the reader."""
        person = self._state.person(self.side)
        if self._state.closing and not person.closing_answered and refusal(self._known, private_probe("closing", "")) is None:
            return "closing"
        return "pulse" if "pulse" in self._state.seen and not person.pulse_answered and not self._state.closing and not self.over else None

    @property
    def asks_feedback(self) -> int | None:
        asked = self._state.feedback_asked
        given = {f.meeting for f in self.own_feedback}
        return asked if asked and asked not in given and not self.over and not self._state.closing else None

    @property
    def certificate(self) -> str | None:
        return self._state.certificates.get(self._known.bearer.person)

    # -- time -------------------------------------------------------------------------------------------------------------

    @property
    def starts(self) -> str:
        return self.clock.day(self._state.starts)

    @property
    def ends(self) -> str:
        return self.clock.when(self._state.ends)

    @property
    def ends_day(self) -> str:
        return self.clock.day(self._state.ends)

    @property
    def reporting_ends(self) -> str:
        return self.clock.when(self._state.reporting_ends)

    @property
    def may_extend(self) -> bool:
        return is_open(self._known, "ask_extension")

    @property
    def partner_asks_extension(self) -> bool:
        return self._state.person(other(self.side)).asked_extension and not self._state.extended_by_pair

    @property
    def i_asked_extension(self) -> bool:
        return self._state.person(self.side).asked_extension and not self._state.extended_by_pair

    @property
    def extension_weeks(self) -> int:
        return max(1, self._state.rules.extension.by_pair.span.days // 7)

    @property
    def may_report_extra(self) -> bool:
        return is_open(self._known, "report_meeting")

    @property
    def may_end(self) -> bool:
        return refusal(self._known, private_probe("end_wish", "")) is None

    def local(self, instant: datetime) -> str:
        """As a `datetime-local` field wants it."""
        return instant.astimezone(self.clock.zone).strftime("%Y-%m-%dT%H:%M")
