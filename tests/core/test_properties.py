"""Whatever people, operators, outages and clocks do: the rules hold and nothing ever breaks (every row that names a limit)."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from random import Random
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from mentorship import commands as c
from mentorship.advance import Entry, advance, begin, receipt
from mentorship.consequences import consequences
from mentorship.decide_due import decide_due
from mentorship.duration import Duration
from mentorship.effects import AnyEffect, IssueCertificates, PlanMeetings, SendNotice
from mentorship.events import AnyEvent, EarnedMilestone, MentorshipStarted
from mentorship.evolve import evolve, fold
from mentorship.people import Pair
from mentorship.policy.deadlines import deadlines, decided_at, next_due
from mentorship.policy.milestones import done_in_time, final_instant, is_complete, milestone_facts
from mentorship.policy.phase import phase
from mentorship.programme import (
    REVISION,
    Alignment,
    Attendance,
    Attention,
    Cancellations,
    Extension,
    Fact,
    LadderRung,
    Mail,
    MilestoneRule,
    Pause,
    Rules,
    Surveys,
)
from mentorship.state import Memory, State

PAIR = Pair(mentor="p-mentor", mentee="p-mentee")
ZERO = datetime.fromisoformat("2027-01-11T09:00:00+00:00")
LAST = ZERO.replace(year=9900)
EVENT: TypeAdapter[Any] = TypeAdapter(AnyEvent)
EFFECT: TypeAdapter[Any] = TypeAdapter(AnyEffect)
COMMAND: TypeAdapter[Any] = TypeAdapter(c.Command)
AFTER_THE_END = {"certificates_issued", "notice_failed"}
"""A result of the service may come after everything else is over; nothing else happens then."""


# -- programmes -----------------------------------------------------------------------------------------------------------

CODES, *NUMBERED = get_args(Fact)
FACTS = st.sampled_from([*get_args(CODES), *(kind(**dict.fromkeys(kind.model_fields, number)) for kind in NUMBERED for number in (1, 3))])
COMPLETED = st.one_of(
    st.builds(lambda by: {"by": by}, st.sampled_from(["either", "both", "mentor", "mentee"])),
    st.builds(lambda fact: {"when": fact}, FACTS),
)


def hours(least: int, most: int) -> st.SearchStrategy[Duration]:
    return st.integers(least, most).map(lambda n: Duration(seconds=n * 3600))


LADDERS = st.sampled_from(
    [
        (LadderRung(at=2, do="nudge"), LadderRung(at=3, do="coordinator")),
        (LadderRung(at=1, do="nudge"), LadderRung(at=2, do="coordinator")),
        (LadderRung(at=1, do="coordinator"),),
        (),
    ]
)


Programme = tuple[Rules, c.Plan, tuple[EarnedMilestone, ...]]
"""The rules, the plan, and what came along with the mentee from an earlier pair."""


@st.composite
def programmes(draw: st.DrawFn) -> Programme:
    """Any programme: rhythms from an hour to a month, leads longer than the programme, graces of nothing."""
    interval = draw(hours(1, 24 * 28))
    count = draw(st.integers(0, 8))
    sessions = draw(st.integers(1, 6))
    milestones = draw(st.lists(COMPLETED, min_size=1, max_size=6))
    rules = Rules(
        programme="any",
        version=1,
        revision=draw(st.integers(0, REVISION)),
        share=draw(st.sampled_from([1, 50, 80, 100])),
        interval=interval,
        duration=draw(st.sampled_from([Duration(seconds=1), Duration(seconds=3600)])),
        prepare=draw(hours(0, 72)),
        ask_after=draw(hours(0, 24)),
        feedback_after=draw(st.sampled_from([(), (1,), (3, 6, 9)])),
        sessions=sessions,
        closing=draw(st.one_of(st.none(), st.just(sessions - 1))),
        milestones=tuple(MilestoneRule(id=f"m{n}", **completed) for n, completed in enumerate(milestones)),
        object_within=draw(hours(0, 168)),
        attendance=Attendance(contest_within=draw(hours(0, 168))),
        cancellations=Cancellations(
            notice=draw(hours(0, 48)),
            answer_within=draw(hours(0, 72)),
            window=draw(hours(1, 24 * 90)),
            ladder=draw(LADDERS),
            episode_ends_after_held=draw(st.integers(1, 3)),
        ),
        attention=Attention(
            not_held_in_a_row=draw(st.integers(1, 3)),
            unreported_in_a_row=draw(st.integers(1, 3)),
            no_meeting_by=draw(hours(0, 700)),
            offer_rematch=draw(hours(0, 1000)),
        ),
        alignment=Alignment(remind_after=draw(hours(0, 168))),
        heads_up=draw(hours(0, 600)),
        surveys=Surveys(pulse_after_meeting=draw(st.integers(1, 3)), closing_reminder=draw(hours(0, 300)), closes=draw(hours(0, 700))),
        pause=Pause(longest=draw(hours(1, 1000))),
        extension=Extension(by_pair=draw(hours(1, 700))),
        mail=Mail(follow_ups=draw(st.integers(0, 3))),
    )
    first = ZERO + draw(hours(0, 200)).span
    slots = tuple(_slot(rules, first + n * interval.span) for n in range(count))
    ends = ZERO + draw(hours(1, 24 * 180)).span
    brought = draw(st.sampled_from([0, 0, 0, 1, 2, len(milestones)]))
    earned = tuple(EarnedMilestone(milestone=rule.id, done_at=ZERO - timedelta(days=9)) for rule in rules.milestones[:brought])
    return rules, c.Plan(starts=ZERO, ends=ends, reporting_ends=ends + draw(hours(0, 200)).span, slots=slots), earned


def _slot(rules: Rules, start: datetime) -> c.Slot:
    return c.Slot(start=start, prepare_at=start - rules.prepare.span, ask_at=start + rules.duration.span + rules.ask_after.span)


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
    """The `number`th message: what, by whom, and when the door accepted it; sometimes by nobody who may."""
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
    """Turn after turn: the clock jumps, and what came in was accepted just now, a while ago, or without an instant."""
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


@settings(max_examples=1)
@given(st.data())
def test_the_stories_have_every_command(data):
    """What no story has, no law below is held against."""
    told = {type(data.draw(kind)) for kind in (*DONE_BY_PEOPLE, *DONE_BY_OPERATORS, *DONE_RARELY)}
    assert {*get_args(c.ParticipantCommand), *get_args(c.OperatorCommand), *get_args(c.ResultCommand)} - told == set()


# -- lives that look like one: most commands about what is going on ----------------------------------------------------------


@st.composite
def stories(draw: st.DrawFn) -> tuple[Programme, list[tuple[datetime, list[Any]]]]:
    """Either anything at all, or a life lived from a seed, where people answer what they see: that goes deeper."""
    if draw(st.integers(0, 3)) == 0:
        return draw(programmes()), draw(turns())
    rules, plan, earned = draw(programmes())
    interval = rules.interval.span * 24 if rules.interval.span < timedelta(days=1) else rules.interval.span
    rules = rules.model_copy(update={"interval": Duration(seconds=int(interval.total_seconds()))})
    slots = tuple(_slot(rules, ZERO + interval * (n + 1)) for n in range(draw(st.integers(4, 12))))
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
    """Before a meeting, right after one, a while later, or when something is due."""
    ahead = [meeting.start for meeting in state.meetings if meeting.start > now and meeting.cancelled is None]
    due = next_due(state)
    kind = luck.random()
    if kind < 0.5 and ahead:
        return min(ahead) + luck.choice([-25, -24, -23, -1, 0, 1, 1, 30]) * timedelta(hours=1)
    if kind < 0.6 and due is not None:
        return due.at + luck.choice([-1, 0, 1]) * timedelta(seconds=1)
    return now + luck.choice([0, 1, 24, 72, 168, 500]) * timedelta(hours=1)


def _likely(state: State, now: datetime, number: int, luck: Random) -> Any:
    """Something that somebody would do now, or what they should not."""
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


class Told:
    """A mentorship, the service's prompt answers included, with everything checked after every turn."""

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
            slots = [_slot(self.state.rules, start + (n + 1) * self.state.rules.interval.span) for n in range(min(effect.count, 5))]
            self.turn(now, [c.ApplyPlan(message_id=f"plan.{effect.id}", effect=effect.id, number=effect.number, slots=tuple(slots))])
        elif isinstance(effect, IssueCertificates):
            self.turn(now, [c.NoteCertificates(message_id=f"certificates.{effect.id}", certificates={PAIR.person(side): side for side in effect.to})])

    def events(self) -> list[Any]:
        return [_event(entry) for entry in self.entries if entry.kind == "event"]


def _event(entry: Entry) -> Any:
    return EVENT.validate_python({"event": entry.name, "at": entry.at, **entry.body})


def what_it_is(state: State) -> State:
    """Without the journal's number and the receipts, which are no events' doing."""
    return state.model_copy(update={"seq": 0, "recent": ()})


def tell(programme: Programme, story: list[tuple[datetime, list[Any]]]) -> Told:
    told = Told(*programme)
    for now, inbox in story:
        told.turn(now, inbox)
    return told


# -- the laws -------------------------------------------------------------------------------------------------------------


@settings(max_examples=80)
@given(stories())
def test_nothing_breaks_and_the_journal_tells_it_all(case):
    """P3, P5: no exception, no order but that of instants, no gap in the numbers, and the events alone give the state."""
    programme, story = case
    told = tell(programme, story)
    assert [entry.seq for entry in told.entries] == list(range(1, told.state.seq + 1))
    assert what_it_is(fold(told.events())) == what_it_is(told.state)
    dated = [entry.at for entry in told.entries if entry.kind == "event"]
    assert dated == sorted(dated)
    ids = [effect.id for effect in told.effects]
    assert len(set(ids)) == len(ids)
    assert phase(told.state) in {"aligning", "active", "paused", "closing", "completed", "ended"}


@settings(max_examples=80)
@given(stories())
def test_everything_survives_being_written_down(case):
    """State, commands, events and effects, as JSON."""
    programme, story = case
    told = tell(programme, story)
    assert State.model_validate(told.state.compact()) == told.state
    assert State.model_validate_json(told.state.model_dump_json(exclude_defaults=True)) == told.state
    for event in told.events():
        assert EVENT.validate_json(event.model_dump_json(exclude_defaults=False)) == event
    for effect in told.effects:
        assert EFFECT.validate_json(effect.model_dump_json(exclude_defaults=False)) == effect
    for _, inbox in story:
        for command in inbox:
            assert COMMAND.validate_json(command.model_dump_json()) == command
    for entry in told.entries:
        assert Entry.model_validate_json(entry.model_dump_json()) == entry


@settings(max_examples=80)
@given(stories())
def test_every_deadline_moves_on_when_it_is_decided(case):
    """One that stays due would loop for ever."""
    state = tell(*case).state
    for _ in range(600):
        due = next_due(state)
        if due is None:
            break
        events = decide_due(state, due)
        assert events
        rounds = 0
        while events:
            for event in events:
                state = evolve(state, event)
            events, rounds = consequences(state), rounds + 1
            assert rounds < 10
        assert (due.kind, due.at, due.meeting, due.side) not in {(d.kind, d.at, d.meeting, d.side) for d in deadlines(state)}
    else:
        pytest.fail(f"600 deadlines and still {next_due(state)}")
    assert state.over


@settings(max_examples=80)
@given(stories())
def test_certificates_exactly_when_the_share_was_reached(case):
    """H7: both people or nobody, once; never for conduct. A mentor who joined later by the share of what remained (P6)."""
    programme, story = case
    told = tell(programme, story)
    told.turn(LAST, [])
    state, rules = told.state, programme[0]
    assert state.decided is not None
    done = [fact for fact in milestone_facts(state) if fact.done_at is not None]
    assert all(fact.done_at <= final_instant(state) for fact in done if fact.done_at)
    assert (state.decided.done, state.decided.total) == (len(done), len(rules.milestones))
    conduct = state.ended is not None and state.ended.reason == "conduct"
    brought = {earned.milestone for earned in programme[2]}
    remained = [fact for fact in done if fact.id not in brought]
    mentee = is_complete(len(done), len(rules.milestones), rules.share) and not conduct
    mentor = is_complete(len(remained), len(rules.milestones) - len(brought), rules.share) and not conduct
    assert mentor is mentee or brought
    assert state.certificates == ({PAIR.mentor: "mentor"} if mentor else {}) | ({PAIR.mentee: "mentee"} if mentee else {})
    assert [isinstance(effect, IssueCertificates) for effect in told.effects].count(True) == (1 if mentor or mentee else 0)


MORE_THAN_ONCE = {"prepare", "ask", "rescheduled", "move_proposed", "absence_reported", "nudge", "coordinator_told", "case", "check_in", "heads_up"}
"""For a meeting, for an episode, or anew because the end moved; any other mail goes once to a person."""


@settings(max_examples=80)
@given(stories())
def test_each_rung_once_an_episode_and_each_thing_once(case):
    """H14, Calm: nothing is sent twice."""
    programme, story = case
    told = tell(programme, story)
    told.turn(LAST, [])
    climbed: dict[str, int] = {"mentor": 0, "mentee": 0}
    for event in told.events():
        if event.event == "ladder_climbed":
            assert event.rung > climbed[event.side]
            climbed[event.side] = event.rung
        elif event.event == "episode_ended":
            climbed[event.side] = 0
    once = Counter((effect.kind, effect.to) for effect in told.effects if isinstance(effect, SendNotice))
    for (kind, _), number in once.items():
        assert number == 1 or kind in MORE_THAN_ONCE, kind
    mails = [effect for effect in told.effects if isinstance(effect, SendNotice)]
    invited = Counter((effect.to, effect.feedback_for) for effect in mails if effect.feedback_for) + Counter(
        (effect.to, "pulse") for effect in mails if effect.pulse
    )
    assert not invited or max(invited.values()) == 1
    questions = Counter(effect.number for effect in told.effects if isinstance(effect, PlanMeetings))
    assert not questions or max(questions.values()) == 1
    lines = {effect.line: effect.opened for effect in told.effects if effect.effect == "tell_coordinators"}
    assert not any(lines.values()), "whoever is over needs nobody"


@settings(max_examples=60)
@given(stories())
def test_messages_that_come_again_change_nothing(case):
    """P5: applied once."""
    programme, story = case
    told = Told(*programme)
    for now, inbox in story:
        told.turn(now, inbox)
        again = advance(told.state, inbox, now)
        assert (again.state, again.entries, again.effects) == (told.state, (), ())
        for command in inbox:
            assert receipt(told.state, command.message_id) is not None


@settings(max_examples=60)
@given(stories(), st.integers(1, 400).map(lambda n: timedelta(days=n)))
def test_a_long_sleep_and_a_wake_for_every_deadline_are_the_same(case, slept):
    """P5: deadlines fall at their own instants, however late a worker got round to them."""
    programme, story = case
    told = tell(programme, story)
    until = told.state.now + slept
    if story:
        until = max(until, story[-1][0])
    asleep = advance(told.state, [], until)
    state, entries = told.state, []
    while (due := next_due(state)) is not None and due.at <= until:
        turn = advance(state, [], max(due.at, story[-1][0]))
        state = turn.state
        entries += turn.entries
    assert [(entry.name, entry.at, entry.body) for entry in entries] == [(entry.name, entry.at, entry.body) for entry in asleep.entries]
    assert state == asleep.state


# -- what makes no difference ---------------------------------------------------------------------------------------------


def _what_happened(told: Told) -> tuple[Counter[str], Counter[str]]:
    """Events, and what follows outside, without the numbers that say only in which order it was written down."""
    events = [event.model_dump(mode="json") for event in told.events()]
    effects = [effect.model_dump(mode="json", exclude={"id"}) for effect in told.effects]
    return Counter(repr(_unordered(event)) for event in events), Counter(repr(_unordered(effect)) for effect in effects)


def _unordered(part: Any) -> Any:
    """What is told of both is told in the order mentor, mentee."""
    if isinstance(part, dict):
        return sorted((name, _unordered(value)) for name, value in part.items())
    if isinstance(part, list):
        return sorted((_unordered(value) for value in part), key=repr)
    return part


@settings(max_examples=60)
@given(stories())
def test_what_is_refused_changes_nothing(case):
    """No mail, no line, no count: as if it had never been sent."""
    programme, story = case
    told = tell(programme, story)
    refused = {entry.message_id for entry in told.entries if entry.outcome == "refused"}
    without = tell(programme, [(now, [command for command in inbox if command.message_id not in refused]) for now, inbox in story])
    assert _what_happened(without) == _what_happened(told)


@settings(max_examples=60)
@given(stories())
def test_whoever_of_the_two_does_it_the_same_follows(case):
    """H1, H14: a mentor is judged, asked and told as a mentee is. Only what a mentee brought along is counted apart (P6)."""
    (rules, plan, _), story = case
    told = tell((rules, plan, ()), story)
    swapped = rules.model_copy(update={"milestones": tuple(rule.model_copy(update={"by": _SIDES.get(rule.by, rule.by)}) for rule in rules.milestones)})
    mirrored = tell((swapped, plan, ()), [(now, [COMMAND.validate_python(_mirrored(command.model_dump())) for command in inbox]) for now, inbox in story])
    events, effects = ([_mirrored(one.model_dump(mode="json", exclude={"id"})) for one in some] for some in (told.events(), told.effects))
    assert _what_happened(mirrored) == (Counter(repr(_unordered(event)) for event in events), Counter(repr(_unordered(effect)) for effect in effects))


_SIDES = {"mentor": "mentee", "mentee": "mentor"}


def _mirrored(part: Any) -> Any:
    """With the names of the two exchanged, in ids, sides and lines."""
    match part:
        case dict():
            return {_mirrored(name): _mirrored(value) for name, value in part.items()}
        case list() | tuple():
            return [_mirrored(value) for value in part]
        case str():
            return re.sub("mentor|mentee", lambda side: _SIDES[side[0]], part) if "mentorship" not in part else part
        case _:
            return part


# -- in any order ---------------------------------------------------------------------------------------------------------


@st.composite
def deeds(draw: st.DrawFn) -> tuple[Programme, list[Any], list[list[int]]]:
    """A programme, what the two did in it at different instants, and in which batches that reaches the service."""
    rules, plan, earned = draw(programmes())
    last = int((plan.reporting_ends - plan.starts).total_seconds()) - 1
    found: list[Any] = []
    for goal in ("g-0", "g-1"):
        found.append(c.SetGoal(by=PAIR.mentee, goal=goal))
    for person in (PAIR.mentor, PAIR.mentee):
        for expectation in draw(st.permutations(c.EXPECTATIONS)):
            found.append(c.ConfirmExpectations(by=person, expectations=(expectation,)))
    people = st.sampled_from([PAIR.mentor, PAIR.mentee])
    hour = st.integers(0, max(0, last // 7200)).map(lambda n: plan.starts + n * timedelta(hours=2))  # two hours apart: never the same conversation
    freely = st.one_of(
        st.builds(c.RecordMilestone, milestone=MILESTONE, done_at=st.one_of(st.none(), hour), by=people),
        st.builds(
            c.ReportGoal, goal=st.sampled_from(["g-0", "g-1"]), progress=st.sampled_from(["in_progress", "progressed", "achieved", "dropped"]), by=people
        ),
        st.builds(c.ReportMeeting, meeting=st.integers(1, 8), held=st.sampled_from([True, True, False]), by=people),
        st.builds(c.ReportMeeting, held_at=hour, held=st.just(True), by=people),
        st.builds(c.WaiveMilestone, milestone=MILESTONE, by=st.just("o-ana")),
    )
    found += draw(st.lists(freely, max_size=16))
    instants = draw(st.lists(st.integers(0, last), min_size=len(found), max_size=len(found), unique=True))
    goals, others = sorted(instants)[:2], instants  # goals are set before anything is said of them
    others = [at for at in instants if at not in goals]
    numbered = [
        command.model_copy(update={"message_id": f"x{n}", "at": plan.starts + timedelta(seconds=at)})
        for n, (command, at) in enumerate(zip(found, goals + others, strict=True))
    ]
    order = draw(st.permutations(range(2, len(numbered))))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=4)))
    batches = [list(order[low:high]) for low, high in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    return (rules, plan, earned), numbered, [[0, 1], *batches]


@settings(max_examples=200)
@given(deeds())
def test_whoever_is_certified_does_not_hang_on_the_order_in_which_reports_come_in(case):
    """H7, Time: as long as they come in before the decision.

    Holds for milestone reports, waivers, expectations, goals, reports of planned and of extra meetings, each at its own instant.
    It does not hold, and is not meant to, where one message is about another that has not come yet: an objection, an excuse, a
    dispute or a withdrawal before its report, progress before its goal, an agreement before its proposal. Those are refused with
    a reason, and their author hears it. The same expectation confirmed twice counts from the one that came in first.
    """
    programme, commands, batches = case
    plan = programme[1]
    at_once = Told(*programme)
    at_once.turn(plan.reporting_ends, commands)
    at_once.turn(decided_at(at_once.state), [])
    scattered = Told(*programme)
    arrival = max(command.at for command in commands)
    step = (plan.reporting_ends - arrival) / (len(batches) + 1)
    for number, batch in enumerate(batches):
        scattered.turn(arrival + number * step, [commands[index] for index in batch])
    scattered.turn(decided_at(scattered.state), [])
    assert at_once.state.decided is not None
    assert scattered.state.decided is not None
    assert done_in_time(scattered.state).keys() == done_in_time(at_once.state).keys()
    assert scattered.state.decided.certified == at_once.state.decided.certified
    assert scattered.state.certificates == at_once.state.certificates
