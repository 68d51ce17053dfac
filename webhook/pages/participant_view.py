"""What a participant's page may say: the state, in the reader's language and zone. It says nothing about the partner beyond the table of visibility."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from mentorship.commands import EXPECTATIONS, Expectation
from mentorship.duration import Duration
from mentorship.people import Side, other
from mentorship.policy.helping import longer_wanted
from mentorship.policy.ladder import strikes_in_window
from mentorship.policy.meetings import held_instants
from mentorship.policy.pauses import pause_to_add
from mentorship.policy.phase import phase
from mentorship.state import State
from mentorship.visibility import may_read
from webhook.pages.actions import is_open
from webhook.pages.beforehand import refusal
from webhook.pages.journal import Feedback, Goal
from webhook.pages.meetings import Meetings
from webhook.pages.milestones import Milestones
from webhook.pages.private_actions import private_probe, survey_items
from webhook.pages.reading import Known
from webhook.pages.timeline import Timeline, timeline


@dataclass(frozen=True)
class ReportView:
    code: str
    about: str
    at: str


@dataclass(frozen=True)
class GoalView:
    goal: Goal
    status: str
    may_report: bool
    may_add: bool


class Page:
    """Asked lazily by the template. Only for a mentorship that has begun."""

    def __init__(self, known: Known, state: State) -> None:
        self._known = known
        self._state = state
        self.meetings = Meetings(known, state)
        self.milestones = Milestones(known, state)
        self.clock = known.clock
        self.partner = known.partner
        self.side: Side = known.side
        self.title = known.clock.language.isolated(known.texts.title)
        self.phase = phase(state)
        self.over = state.over
        self.decided = state.decided
        self.pending = len(known.kept)
        self.unsubscribed = known.unsubscribed
        self.place = known.clock.place()
        self.partner_left = known.leaver == other(known.side) and may_read("partner", "stepped_away")
        self.ended_on = known.clock.day(state.ended.at) if state.ended is not None and state.ended.at > state.starts else None
        self.paused_until = known.clock.when(state.pausing.until) if state.pausing is not None else None

    @property
    def timeline(self) -> Timeline:
        return timeline(self._state, self.milestones, self._known.now, mirrored=self.clock.language.direction == "rtl")

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
        """The reader's own late cancellations in the window; nobody else's are ever shown here (H14)."""
        return len(strikes_in_window(self._state, self.side)) if may_read("own", "late_count") else 0

    @property
    def late_rungs(self) -> tuple[tuple[int, str], ...]:
        return tuple((rung.at, rung.do) for rung in self._state.rules.cancellations.ladder)

    @property
    def notice(self) -> str | None:
        """None if no cancellation before a meeting's start is late."""
        return self._lasting_if_any(self._state.rules.cancellations.notice)

    @property
    def window(self) -> str:
        return self._lasting(self._state.rules.cancellations.window)

    @property
    def answer_within(self) -> str | None:
        return self._lasting_if_any(self._state.rules.cancellations.answer_within)

    @property
    def contest_within(self) -> str:
        return self._lasting(self._state.rules.attendance.contest_within)

    @property
    def object_within(self) -> str | None:
        return self._lasting_if_any(self._state.rules.object_within)

    @cached_property
    def reports(self) -> tuple[ReportView, ...]:
        """What the reader can take back, newest first."""
        found: dict[str, ReportView] = {}
        for report in self._known.reports:
            about = self._about(report.code)
            if about is not None and is_open(self._known, "withdraw", report.code):
                found[report.code] = ReportView(report.code, about, self.clock.short(report.at))
        return tuple(reversed(found.values()))

    def report(self, code: str) -> ReportView | None:
        return next((report for report in self.reports if report.code == code), None)

    def _about(self, code: str) -> str | None:
        for identifier, milestone in self._state.milestones.items():
            if any(c.report == code and c.side == self.side for c in milestone.confirmations):
                return self.milestones.title(identifier)
        for identifier, goal in self._state.goals.items():
            if any(told.report == code and told.side == self.side for told in goal.reports):
                words = next((theirs.text for theirs in self._known.goals if theirs.id == identifier), None)
                return self.clock.language.isolated(words) if words is not None else None
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
    def survey(self) -> str | None:
        """Which survey waits for the reader."""
        person = self._state.person(self.side)
        if self._state.closing and not person.closing_answered and refusal(self._known, private_probe("closing")) is None:
            return "closing"
        return "pulse" if person.pulse_asked and not person.pulse_answered and not self._state.closing and not self.over else None

    survey_items = staticmethod(survey_items)

    @property
    def asks_feedback(self) -> bool:
        """Whether the reader was invited to give feedback after a conversation, and has given none since that conversation (H15)."""
        held, asked = held_instants(self._state), self._state.person(self.side).feedback_asked
        if not asked or self.over or self._state.closing:
            return False
        since = held[asked - 1] if asked <= len(held) else held[-1] if held else self._state.starts
        return not any(feedback.at >= since for feedback in self.own_feedback)

    @property
    def certified(self) -> bool:
        """Whether the reader earned a certificate, made already or not."""
        return self.decided is not None and self.side in self.decided.certified

    @property
    def both_certified(self) -> bool:
        return self.decided is not None and len(self.decided.certified) == 2

    @property
    def certificate(self) -> str | None:
        """The id of the reader's newest edition, once it can be fetched. It is also its address."""
        return self._known.certificate.id if self._known.certificate is not None else None

    # -- time -------------------------------------------------------------------------------------------------------------

    @property
    def starts(self) -> str:
        return self.clock.day(self._state.starts)

    @property
    def ends(self) -> str:
        return self.clock.until(self._state.ends + pause_to_add(self._state))

    @property
    def ends_day(self) -> str:
        """The last day. If the end is at midnight, that is the day before."""
        return self.clock.day(self._state.ends + pause_to_add(self._state) - timedelta(microseconds=1))

    @property
    def reporting_ends(self) -> str:
        return self.clock.until(self._state.reporting_ends + pause_to_add(self._state))

    @property
    def may_extend(self) -> bool:
        return is_open(self._known, "ask_extension")

    @property
    def partner_asks_extension(self) -> bool:
        return longer_wanted(self._state, self.side) is not None

    @property
    def i_asked_extension(self) -> bool:
        return self._state.person(self.side).asked_extension and not self._state.extended_by_pair

    @property
    def extension(self) -> str:
        return self._lasting(self._state.rules.extension.by_pair)

    @property
    def may_report_extra(self) -> bool:
        return is_open(self._known, "report_meeting")

    @property
    def may_end(self) -> bool:
        return refusal(self._known, private_probe("end_wish")) is None

    def local(self, instant: datetime) -> str:
        """As a `datetime-local` field wants it."""
        return instant.astimezone(self.clock.zone).strftime("%Y-%m-%dT%H:%M")

    def _lasting_if_any(self, duration: Duration) -> str | None:
        return self._lasting(duration) if duration.span else None

    def _lasting(self, duration: Duration) -> str:
        return self.clock.language.lasting(duration.span)
