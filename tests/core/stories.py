"""Generates what people, operators and the service may send, and whole lives made of it, for the laws of test_properties.py."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st
from pydantic import TypeAdapter

from mentorship import commands as c
from mentorship.advance import Entry, advance, begin
from mentorship.duration import Duration
from mentorship.effects import IssueCertificates, PlanMeetings
from mentorship.events import AnyEvent, EarnedMilestone, MentorshipStarted
from mentorship.policy.deadlines import next_due
from mentorship.programme import MilestoneRule, Rules
from mentorship.state import Memory, State
from tests.core.any_programme import PAIR, ZERO, Programme, hours, programmes, slot

EVENT: TypeAdapter[Any] = TypeAdapter(AnyEvent)
AFTER_THE_END = {"certificates_issued", "notice_failed"}
"""A result of the service may still come in after everything else is over; nothing else happens then."""


# -- what anybody may send ------------------------------------------------------------------------------------------------

MEETING = st.integers(-1, 9)
MILESTONE = st.integers(0, 6).map("m{}".format)
GOAL = st.integers(0, 2).map("g-{}".format)
INSTANT = st.integers(-48, 24 * 200).map(lambda n: ZERO + timedelta(hours=n))
NEAR = st.one_of(st.none(), INSTANT)
REPORTS = st.integers(0, 60).map("x{}".format)
BODIES = st.one_of(
    st.builds(c.Feedback, meeting=MEETING, note_id=st.sampled_from([None, "n-1", "no words here"]), shared=st.booleans()),
    st.builds(c.SurveyAnswers, survey=st.sampled_from(["pulse", "closing"]), answers=st.dictionaries(st.sampled_from(c.SURVEY_ITEMS), st.integers(1, 5))),
    st.builds(c.Pins, benefits=st.lists(st.sampled_from(["mentor.0", "everyone.12", "words"]), max_size=3).map(tuple)),
    st.just(c.EndWish()),
)
DONE_BY_PEOPLE = [
    st.builds(c.ConfirmExpectations, expectations=st.lists(st.sampled_from(c.EXPECTATIONS), max_size=3).map(tuple)),
    st.builds(c.ConfirmMeeting, meeting=st.one_of(MEETING, st.just("all"))),
    st.builds(c.ConfirmMeeting, meeting=st.just("all")),
    st.builds(c.MoveMeeting, meeting=MEETING, to=NEAR),
    st.builds(c.CancelMeeting, meeting=MEETING, reason=st.sampled_from(["work", "personal", "technical", "not_said"])),
    st.builds(c.CancelMeeting, meeting=MEETING, reason=st.just("work")),
    st.builds(c.Excuse, meeting=MEETING),
    st.builds(
        c.ReportMeeting,
        meeting=st.one_of(st.none(), MEETING, MEETING),
        held_at=NEAR,
        held=st.sampled_from([None, True, True, False]),
        attendance=st.builds(c.Attendance, own=st.sampled_from([None, "on_time", "late", "absent"]), partner=st.sampled_from([None, "present", "absent"])),
    ),
    st.builds(c.Dispute, meeting=MEETING),
    st.builds(c.RecordMilestone, milestone=MILESTONE, done_at=NEAR),
    st.builds(c.RecordMilestone, milestone=MILESTONE),
    st.builds(c.ObjectToMilestone, milestone=MILESTONE),
    st.builds(c.Withdraw, report=REPORTS),
    st.builds(c.SetGoal, goal=st.one_of(GOAL, st.just("no words here")), actions=st.lists(st.just("n-2"), max_size=2).map(tuple)),
    st.builds(c.ReportGoal, goal=GOAL, progress=st.sampled_from(["in_progress", "progressed", "achieved", "dropped"])),
    st.builds(c.AskExtension),
    st.builds(c.SubmitPrivately, body=BODIES),
]
AWAY = st.sampled_from(["p-mentor", "p-mentee", "p-stranger"])
DONE_BY_OPERATORS = [
    st.builds(c.Pause, until=NEAR),
    st.builds(c.Pause, until=NEAR, away=AWAY, begins=NEAR),
    st.builds(c.Resume),
    st.builds(c.Resume, away=AWAY),
    st.just(c.Flag()),
    st.builds(c.Extend, length=st.one_of(hours(0, 700), st.just(Duration(days=69_993)))),
    st.builds(c.WaiveMilestone, milestone=MILESTONE),
    st.builds(c.Resolve, line=st.sampled_from(["silence", "not_held", "no_meeting", "rematch", "cancellations_mentee", "on_leave", "reporting_line"])),
]
DONE_RARELY = [
    st.builds(c.End, reason=st.sampled_from(["operator", "stepped_away", "conduct", "rematch"])),
    st.builds(c.End, reason=st.just("stepped_away"), leaver=AWAY),
    st.builds(c.ApplyPlan, slots=st.lists(INSTANT.map(lambda at: c.Slot(start=at, prepare_at=at, ask_at=at)), max_size=2).map(tuple)),
    st.builds(c.NoteCertificates, certificates=st.just({"p-mentor": "forged"})),
    st.builds(
        c.NoteFailedNotice,
        notice=st.sampled_from(["absence_reported", "ask"]),
        to=st.sampled_from(["mentor", "mentee", "coordinators"]),
        meeting=st.one_of(st.none(), MEETING),
        why=st.just("bounced"),
    ),
]
PEOPLE = st.sampled_from(["p-mentor", "p-mentor", "p-mentee", "p-mentee", "p-stranger"])


@st.composite
def sent(draw: st.DrawFn, number: int) -> Any:
    """The `number`th message: what it says, who sent it, and when the door accepted it. Some senders are not allowed to send it."""
    kind = draw(st.integers(0, 19))
    if kind < 15:
        command, by = draw(st.one_of(*DONE_BY_PEOPLE)), draw(PEOPLE)
    elif kind < 19:
        command, by = draw(st.one_of(*DONE_BY_OPERATORS)), "o-ana"
    else:
        command, by = draw(st.one_of(*DONE_RARELY)), draw(st.sampled_from(["o-ana", "p-mentee", c.SERVICE]))
    return command.model_copy(update={"message_id": f"x{number}", "by": by})


@st.composite
def turns(draw: st.DrawFn) -> list[tuple[datetime, list[Any]]]:
    """Generates turn after turn: the clock jumps, and each message was accepted just now, a while ago, or without an instant."""
    now, number, found = ZERO, 0, []
    for _ in range(draw(st.integers(1, 12))):
        now += draw(st.sampled_from([timedelta(0), timedelta(hours=1), timedelta(days=1), timedelta(days=3), timedelta(days=11), timedelta(days=40)]))
        inbox = []
        for _ in range(draw(st.integers(0, 5))):
            ago = draw(st.sampled_from([timedelta(0), timedelta(0), timedelta(seconds=1), timedelta(hours=2), timedelta(days=2), timedelta(days=-1), None]))
            inbox.append(draw(sent(number)).model_copy(update={"at": None if ago is None else now - ago}))
            number += 1
        found.append((now, inbox))
    return found


# -- realistic lives: most commands concern what is going on -----------------------------------------------------------------


@st.composite
def stories(draw: st.DrawFn) -> tuple[Programme, list[tuple[datetime, list[Any]]]]:
    """Generates either anything at all, or a life lived from a seed in which people answer what they see; the latter reaches deeper."""
    if draw(st.integers(0, 3)) == 0:
        return draw(programmes()), draw(turns())
    rules, plan, earned = draw(programmes())
    interval = rules.interval.span * 24 if rules.interval.span < timedelta(days=1) else rules.interval.span
    rules = rules.model_copy(update={"interval": Duration(seconds=int(interval.total_seconds()))})
    slots = tuple(slot(rules, ZERO + interval * (n + 1)) for n in range(draw(st.integers(4, 12))))
    ends = ZERO + interval * draw(st.integers(6, 14))
    plan = plan.model_copy(update={"slots": slots, "ends": ends, "reporting_ends": ends + (plan.reporting_ends - plan.ends)})
    return (rules, plan, earned), _lived(rules, plan, Random(draw(st.integers(0, 2**32))))


def _lived(rules: Rules, plan: c.Plan, luck: Random) -> list[tuple[datetime, list[Any]]]:
    told, now, number, found = Told(rules, plan), plan.starts, 0, []
    if luck.random() < 0.8:
        inbox = [c.ConfirmMeeting(message_id=f"s{n}", by=by, at=now, meeting="all") for n, by in enumerate((PAIR.mentor, PAIR.mentee))]
        told.turn(now, inbox)
        found.append((now, inbox))
    for _ in range(luck.randint(5, 25)):
        now = max(now, _moment(told.state, now, luck))
        inbox = []
        for _ in range(luck.choice([0, 1, 1, 2, 3, 4])):
            command = _likely(told.state, now, number, luck)
            late = luck.choice([0, 0, 0, 0, 1, 3600, 100_000])
            inbox.append(command.model_copy(update={"message_id": f"x{number}", "at": now - timedelta(seconds=late) if luck.random() < 0.95 else None}))
            number += 1
        told.turn(now, inbox)
        found.append((now, inbox))
    return found


def _moment(state: State, now: datetime, luck: Random) -> datetime:
    """Picks an instant: before a meeting, right after one, a while later, or when something is due."""
    ahead = [meeting.start for meeting in state.meetings if meeting.start > now and meeting.cancelled is None]
    due = next_due(state)
    kind = luck.random()
    if kind < 0.5 and ahead:
        return min(ahead) + luck.choice([-25, -24, -23, -1, 0, 1, 1, 30]) * timedelta(hours=1)
    if kind < 0.6 and due is not None:
        return due.at + luck.choice([-1, 0, 1]) * timedelta(seconds=1)
    return now + luck.choice([0, 1, 24, 72, 168, 500]) * timedelta(hours=1)


def _likely(state: State, now: datetime, number: int, luck: Random) -> Any:
    """Picks something that somebody would do now, or something that they should not do."""
    by = luck.choice([PAIR.mentor, PAIR.mentee])
    near = sorted(state.meetings, key=lambda meeting: abs(meeting.start - now))[:3]
    meeting = luck.choice(near) if near else None
    n = meeting.n if meeting is not None else 1
    open_to = [(m.n, p.to) for m in state.meetings for p in m.proposals]
    claimed = [m.n for m in state.meetings if m.claims]
    kind = luck.random()
    if kind < 0.10 and open_to:
        agreed, to = luck.choice(open_to)
        return c.MoveMeeting(by=by, meeting=agreed, to=to)
    if kind < 0.15 and claimed:
        return luck.choice([c.Dispute, c.Excuse])(by=by, meeting=luck.choice(claimed))
    if kind < 0.22:
        return c.MoveMeeting(by=by, meeting=n, to=(meeting.start if meeting else now) + luck.choice([-1, 1, 2, 6]) * timedelta(days=1))
    if kind < 0.40:
        return c.CancelMeeting(by=by, meeting=n, reason=luck.choice(["work", "not_said", "work", "personal", "technical"]))
    if kind < 0.64:
        attendance = c.Attendance(own=luck.choice([None, None, "on_time", "absent"]), partner=luck.choice([None, None, "present", "absent"]))
        return c.ReportMeeting(by=by, meeting=n, held=luck.choice([True, True, None, False]), attendance=attendance)
    if kind < 0.68:
        return c.ReportMeeting(by=by, held_at=now - timedelta(hours=luck.randint(1, 99)), held=True)
    if kind < 0.74:
        return c.RecordMilestone(by=by, milestone=f"m{luck.randint(0, 5)}", done_at=luck.choice([None, now - timedelta(days=luck.randint(0, 9))]))
    if kind < 0.76:
        return c.ObjectToMilestone(by=by, milestone=f"m{luck.randint(0, 5)}")
    if kind < 0.80:
        return c.Withdraw(by=by, report=f"x{luck.randint(max(0, number - 9), number)}")
    if kind < 0.83:
        return c.Excuse(by=by, meeting=n)
    if kind < 0.88:
        return luck.choice([c.SetGoal(by=by, goal="g-1"), c.ReportGoal(by=by, goal="g-1", progress="progressed")])
    if kind < 0.91:
        return c.ConfirmExpectations(by=by, expectations=c.EXPECTATIONS)
    if kind < 0.92:
        return c.SubmitPrivately(by=by, body=c.EndWish())
    if kind < 0.94:
        return c.SubmitPrivately(by=by, body=c.SurveyAnswers(survey="closing", answers={"trust": 3}))
    if kind < 0.96:
        return c.AskExtension(by=by)
    if kind < 0.98:
        begins = now + timedelta(days=luck.choice([0, 3]))
        away = c.Pause(by="o-ana", away=by, begins=begins, until=begins + timedelta(days=luck.choice([5, 20, 200])))
        pause = c.Pause(by="o-ana", until=now + timedelta(days=20))
        return luck.choice([pause, away, c.Resume(by="o-ana"), c.Resume(by="o-ana", away=by), c.Extend(by="o-ana", length=Duration(days=30))])
    return c.NoteFailedNotice(by=c.SERVICE, notice="absence_reported", to=luck.choice(["mentor", "mentee"]), meeting=n, why="bounced")


@st.composite
def ends_while_slots_wait(draw: st.DrawFn) -> tuple[Programme, list[tuple[datetime, list[Any]]]]:
    """Generates a life that ends early, in a pause or while an extension waits for its slots. Until then the two meet outside the plan."""
    (rules, plan, earned), lived = draw(stories())
    closing = MilestoneRule(id="closing", when="closing_held")
    rules = rules.model_copy(update={"closing": rules.sessions - 1, "milestones": (*rules.milestones, closing)})
    found = lived[: draw(st.integers(1, len(lived)))]
    now = found[-1][0]
    pause, leave = c.Pause(by="o-ana", until=now + timedelta(days=60)), c.Pause(by="o-ana", away=PAIR.mentor, begins=now, until=now + timedelta(days=50))
    waits = draw(st.sampled_from([pause, leave, c.Extend(by="o-ana", length=Duration(days=30))]))
    found.append((now, [waits.model_copy(update={"message_id": "waits"})]))
    for n in range(draw(st.integers(1, 3))):
        now += draw(st.sampled_from([timedelta(hours=3), timedelta(days=2), timedelta(days=20)]))
        found.append((now, [c.ReportMeeting(message_id=f"extra{n}", by=PAIR.mentee, at=now, held_at=now - timedelta(hours=2), held=True)]))
    ends = [c.End(by="o-ana", reason="rematch"), c.End(by="o-ana", reason="conduct"), c.SubmitPrivately(by=PAIR.mentor, body=c.EndWish())]
    found.append((now, [draw(st.sampled_from(ends)).model_copy(update={"message_id": "end", "at": now})]))
    return (rules, plan, earned), found


class Told:
    """A mentorship together with the service's prompt answers. Everything is checked after every turn."""

    def __init__(self, rules: Rules, plan: c.Plan, earned: tuple[EarnedMilestone, ...] = ()) -> None:
        begun = MentorshipStarted(
            at=plan.starts, pair=PAIR, rules=rules, starts=plan.starts, ends=plan.ends, reporting_ends=plan.reporting_ends, slots=plan.slots, earned=earned
        )
        turn = begin(begun)
        self.state: State = turn.state
        self.entries: list[Entry] = list(turn.entries)
        self.effects: list[Any] = list(turn.effects)

    def turn(self, now: datetime, inbox: list[Any]) -> None:
        over = self.state.over
        turn = advance(self.state, inbox, now)
        forgetful = self.state.model_copy(update={"memory": Memory()})
        assert turn == advance(forgetful, list(reversed(inbox)), now), "an inbox has no order but its instants, and what is remembered changes nothing"
        if over:
            assert {entry.name for entry in turn.entries if entry.kind == "event"} <= AFTER_THE_END
        self.state = turn.state
        self.entries += turn.entries
        self.effects += turn.effects
        due = next_due(self.state)
        assert due is None or due.at > now, f"still due: {due}"
        for effect in turn.effects:
            self._answer(effect, now)

    def _answer(self, effect: Any, now: datetime) -> None:
        if isinstance(effect, PlanMeetings):
            start = effect.last_start or effect.after
            slots = [slot(self.state.rules, start + (n + 1) * self.state.rules.interval.span) for n in range(min(effect.count, 5))]
            self.turn(now, [c.ApplyPlan(message_id=f"plan.{effect.id}", effect=effect.id, number=effect.number, slots=tuple(slots))])
        elif isinstance(effect, IssueCertificates):
            self.turn(now, [c.NoteCertificates(message_id=f"certificates.{effect.id}", certificates={PAIR.person(side): side for side in effect.to})])

    def events(self) -> list[Any]:
        return [event(entry) for entry in self.entries if entry.kind == "event"]


class Unplanned(Told):
    """Nobody answers for schedule/, so that a slot that waits for a time waits to the end."""

    def _answer(self, effect: Any, now: datetime) -> None:
        if not isinstance(effect, PlanMeetings):
            super()._answer(effect, now)


def event(entry: Entry) -> Any:
    return EVENT.validate_python({"event": entry.name, "at": entry.at, **entry.body})


def what_it_is(state: State) -> State:
    """The state without the journal's number and the receipts, which do not come from events."""
    return state.model_copy(update={"seq": 0, "recent": ()})


def tell(programme: Programme, story: list[tuple[datetime, list[Any]]]) -> Told:
    told = Told(*programme)
    for now, inbox in story:
        told.turn(now, inbox)
    return told
