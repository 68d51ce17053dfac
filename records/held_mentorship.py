"""One person's side of one mentorship, as records hold it: the plan, what they asked for and what became of it, what they wrote.

The partner is not named. Of the partner's part, only what the two share is here: times, what was held, milestones.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, TypeAdapter

from mentorship import commands as c
from mentorship import events as e
from mentorship.about import about, side_of
from mentorship.evolve import fold
from mentorship.instant import Instant
from mentorship.people import Side
from mentorship.policy.milestones import milestone_facts
from mentorship.policy.phase import phase
from mentorship.programme import Texts
from mentorship.state import Meeting, State
from mentorship.visibility import Thing, Viewer, sight
from records.cohorts import Enrolment
from records.errors import UnknownProgramme
from records.held_by_reader import Eyes
from records.journal import JournalEntry
from records.journal_events import event_of, events_of
from records.notes import Note
from records.store import Records
from records.value import Value

_COMMAND: TypeAdapter[c.Command] = TypeAdapter(c.Command)
_OF_GOALS = ("goal", "action")


class Fact(Value):
    """A row of the journal: what the person asked for, with its outcome, or what happened on their side; codes and instants."""

    at: Instant
    kind: Literal["command", "event"]
    name: str
    outcome: Literal["applied", "refused"] | None
    reason: str | None
    body: dict[str, Any]


class Word(Value):
    """Something that the person wrote: `kind` is goal, action (a step towards one) or feedback."""

    note: str
    kind: str
    written_at: Instant
    shared: bool = Field(description="With the partner, by its author's choice.")
    meeting: int | None = Field(description="The meeting that feedback is about.")
    goal: str | None = Field(description="The goal that a goal's or a step's words belong to.")
    text: str | None = Field(description="None where the reader may not read it.")


class MeetingHeld(Value):
    """A planned meeting. `accepted` is the person's own word, `confirmed` both people's."""

    meeting: int
    start: Instant
    accepted: bool
    confirmed: bool
    held: bool
    called_off_by: Literal["own", "partner", "plan"] | None


class MilestoneHeld(Value):
    """`late_at`: done, but after the end, so that it does not count. `carried`: brought along from an earlier pair."""

    id: str
    title: str | None
    done_at: Instant | None
    late_at: Instant | None
    waived: bool
    carried: bool


class Plan(Value):
    """Where the journal stands: what both people's pages are drawn from."""

    title: str | None = Field(description="The programme's.")
    phase: Literal["aligning", "active", "paused", "closing", "completed", "ended"]
    starts: Instant
    ends: Instant
    reporting_ends: Instant
    paused_until: Instant | None
    ended_at: Instant | None = Field(description="Where it ended before its time; never who wished it.")
    meetings: tuple[MeetingHeld, ...]
    extra_meetings: tuple[Instant, ...]
    milestones: tuple[MilestoneHeld, ...]
    certified: bool | None = Field(description="Whether the person earned a certificate; None before that is decided.")


class GoalHeld(Value):
    """A goal that the person set; its words are in `words`."""

    goal: str
    set_at: Instant
    status: Literal["set", "in_progress", "progressed", "achieved", "dropped"]


class SurveyHeld(Value):
    """What the person answered, from 1 to 5."""

    at: Instant
    survey: Literal["pulse", "closing"]
    answers: dict[str, int]


class PinHeld(Value):
    """A benefit that the person pinned, in the programme's words."""

    benefit: str
    text: str | None


class InMentorship(Value):
    """The person's side of one mentorship. What is empty was never there, or is no longer kept, or is not the reader's (`withheld` counts it)."""

    cohort: str
    pair_id: str | None = Field(description="The operators' own name for the pair, for operators: it may hold the partner's.")
    mentorship: str
    side: Side
    state: Literal["pending", "started", "over"]
    started_at: Instant | None
    over_at: Instant | None
    calendar_link_since: Instant | None = Field(description="When the person replaced their calendar link last.")
    plan: Plan | None = Field(description="None before it began, and once the journal is no longer kept.")
    goals: tuple[GoalHeld, ...]
    surveys: tuple[SurveyHeld, ...]
    pins: tuple[PinHeld, ...]
    words: tuple[Word, ...]
    facts: tuple[Fact, ...]


async def in_mentorship(records: Records, enrolment: Enrolment, ref: str, eyes: Eyes) -> InMentorship:
    side: Side = "mentor" if enrolment.mentor == ref else "mentee"
    journal = await records.journal.entries(enrolment.mentorship)
    events = events_of(journal)
    state = fold(events) if events else None
    texts = await _texts(records, state) if state is not None else None
    written = [note for note in await records.notes.of(enrolment.mentorship) if note.author == ref]
    return InMentorship(
        cohort=enrolment.cohort,
        pair_id=enrolment.pair_id if eyes.reader == "operators" else None,
        mentorship=enrolment.mentorship,
        side=side,
        state=enrolment.state,
        started_at=enrolment.started_at,
        over_at=enrolment.over_at,
        calendar_link_since=await records.calendar_links.valid_after(enrolment.mentorship, ref),
        plan=_plan(state, side, texts, eyes) if state is not None else None,
        goals=_goals(events, state, side) if state is not None and eyes.may_know("goals") else (),
        surveys=_surveys(events, side) if eyes.may_read("surveys") else (),
        pins=_pins(state, side, texts) if state is not None and eyes.may_read("pins") else (),
        words=_words(written, events, eyes),
        facts=_facts(journal, ref, side, eyes),
    )


async def _texts(records: Records, state: State) -> Texts | None:
    try:
        return (await records.programmes.get(state.rules.programme, state.rules.version)).texts()
    except UnknownProgramme:
        return None


# -- what the two share -----------------------------------------------------------------------------------------------------


def _plan(state: State, side: Side, texts: Texts | None, eyes: Eyes) -> Plan:
    theirs: Viewer = "partner" if eyes.reader == "own" else eyes.reader  # as whom the reader sees the partner's part
    met, answered, reached = (sight(theirs, thing) != "no" for thing in ("meetings", "slot_answers", "milestones"))
    titles = {milestone.id: milestone.title for milestone in texts.milestones} if texts is not None else {}
    facts = milestone_facts(state) if reached else ()
    return Plan(
        title=texts.title if texts is not None else None,
        phase=phase(state),
        starts=state.starts,
        ends=state.ends,
        reporting_ends=state.reporting_ends,
        paused_until=state.pausing.until if state.pausing is not None else None,
        ended_at=state.ended.at if state.ended is not None else None,
        meetings=tuple(_meeting(meeting, side, answered=answered) for meeting in state.meetings) if met else (),
        extra_meetings=tuple(extra.held_at for extra in state.extras) if met else (),
        milestones=tuple(MilestoneHeld(title=titles.get(fact.id), **fact.model_dump()) for fact in facts),
        certified=side in state.decided.certified if state.decided is not None and eyes.may_know("certificate") else None,
    )


def _meeting(meeting: Meeting, side: Side, *, answered: bool) -> MeetingHeld:
    called_off: Literal["own", "partner", "plan"] | None = None
    if meeting.cancelled is not None:
        called_off = "plan" if meeting.cancelled.side is None else "own" if meeting.cancelled.side == side else "partner"
    return MeetingHeld(
        meeting=meeting.n,
        start=meeting.start,
        accepted=side in meeting.accepted,
        confirmed=answered and meeting.confirmed,
        held=meeting.held,
        called_off_by=called_off,
    )


# -- the person's own -------------------------------------------------------------------------------------------------------


def _goals(events: list[e.AnyEvent], state: State, side: Side) -> tuple[GoalHeld, ...]:
    first = {event.goal: event.side for event in reversed(events) if isinstance(event, e.GoalSet)}
    return tuple(GoalHeld(goal=goal, set_at=known.set_at, status=known.status) for goal, known in state.goals.items() if first.get(goal) == side)


def _surveys(events: list[e.AnyEvent], side: Side) -> tuple[SurveyHeld, ...]:
    answered = (event for event in events if isinstance(event, e.SurveyAnswered) and event.side == side)
    return tuple(SurveyHeld(at=event.at, survey=event.survey, answers={str(item): given for item, given in event.answers.items()}) for event in answered)


def _pins(state: State, side: Side, texts: Texts | None) -> tuple[PinHeld, ...]:
    offered = texts.benefits.model_dump() if texts is not None else {}

    def words(benefit: str) -> str | None:
        audience, _, index = benefit.partition(".")
        known = offered.get(audience, ())
        return known[int(index)] if index.isdecimal() and int(index) < len(known) else None

    return tuple(PinHeld(benefit=benefit, text=words(benefit)) for benefit in state.person(side).pins)


def _words(written: list[Note], events: list[e.AnyEvent], eyes: Eyes) -> tuple[Word, ...]:
    meetings = {event.note_id: event.meeting for event in events if isinstance(event, e.FeedbackGiven)}
    goals = {note: event.goal for event in events if isinstance(event, e.GoalSet) for note in (event.note_id, *event.actions)}
    found = []
    for note in written:
        thing: Thing = "goals" if note.kind in _OF_GOALS else "feedback"
        text = note.text if eyes.take_text(thing) else None
        if eyes.may_know(thing):
            where = {"meeting": meetings.get(note.id), "goal": goals.get(note.id)}
            found.append(Word(note=note.id, kind=note.kind, written_at=note.created_at, shared=note.shared, text=text, **where))
    return tuple(found)


def _facts(journal: list[JournalEntry], ref: str, side: Side, eyes: Eyes) -> tuple[Fact, ...]:
    found = []
    for entry in journal:
        thing = _about_own(entry, ref, side)
        if thing is not None and eyes.take_fact(thing):
            found.append(Fact(at=entry.at, kind=entry.kind, name=entry.name, outcome=entry.outcome, reason=entry.reason, body=entry.body))
    return tuple(found)


def _about_own(entry: JournalEntry, ref: str, side: Side) -> Thing | None:
    """What a journal entry of this person's own is about; None for any other entry."""
    if entry.kind == "command":
        return about(_COMMAND.validate_python({**entry.body, "command": entry.name})) if entry.by == ref else None
    event = event_of(entry)
    return about(event) if side_of(event) == side else None
