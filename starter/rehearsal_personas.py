"""How people behave in a rehearsal: personas by shares, and what each pair then says and when. The same seed gives the same story.

Everything is measured in the programme's own lengths (interval, preparation, notice), so that programmes of seconds can be rehearsed too.
"""

from __future__ import annotations

import random
from collections.abc import Generator, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Literal, NamedTuple, get_args

from mentorship.commands import (
    EXPECTATIONS,
    SURVEY_ITEMS,
    Attendance,
    CancelMeeting,
    Command,
    ConfirmExpectations,
    ConfirmMeeting,
    EndWish,
    MoveMeeting,
    Plan,
    RecordMilestone,
    ReportGoal,
    ReportMeeting,
    SetGoal,
    SubmitPrivately,
    SurveyAnswers,
)
from mentorship.people import SIDES, Pair, Side, other
from mentorship.programme import Rules

Persona = Literal["diligent", "busy", "late", "silent", "leaver"]
PERSONAS: tuple[Persona, ...] = get_args(Persona)
USUAL: Mapping[Persona, int] = {"diligent": 50, "busy": 30, "late": 8, "silent": 8, "leaver": 4}
"""The shares if an operator names none: our guess, not a measurement."""


class _Habits(NamedTuple):
    """How likely somebody does each thing: `reports` after a meeting, `moves` it ahead of time, `cancels` it late, `comes` to it."""

    confirms: float
    reports: float
    moves: float
    cancels: float
    comes: float
    answers: float
    leaves: float = 0.0


_HABITS: Mapping[Persona, _Habits] = {
    "diligent": _Habits(confirms=1, reports=1, moves=0.05, cancels=0, comes=1, answers=1),
    "busy": _Habits(confirms=0.8, reports=0.5, moves=0.3, cancels=0.05, comes=0.95, answers=0.5),
    "late": _Habits(confirms=1, reports=0.7, moves=0.1, cancels=0.35, comes=0.9, answers=0.5),
    "silent": _Habits(confirms=0, reports=0, moves=0, cancels=0, comes=0.6, answers=0),
    "leaver": _Habits(confirms=1, reports=0.8, moves=0.1, cancels=0.1, comes=0.9, answers=0.3, leaves=1),
}


def cast(people: Iterable[str], shares: Mapping[Persona, int], seed: int) -> dict[str, Persona]:
    """A persona for everybody: as many of each as the shares say (largest remainder), dealt out by the seed."""
    names = sorted(people)
    whole = sum(shares.values())
    exact = {persona: len(names) * share / whole for persona, share in shares.items()}
    counts = {persona: int(share) for persona, share in exact.items()}
    for persona in sorted(exact, key=lambda persona: (counts[persona] - exact[persona], PERSONAS.index(persona)))[: len(names) - sum(counts.values())]:
        counts[persona] += 1
    dealt = [persona for persona in PERSONAS if persona in counts for _ in range(counts[persona])]
    random.Random(f"cast {seed}").shuffle(dealt)  # noqa: S311 - a rehearsal, no secret
    return dict(zip(names, dealt, strict=True))


def story(pair: Pair, personas: Mapping[Side, Persona], rules: Rules, plan: Plan, seed: str) -> list[Command]:
    """What the two say, in order of time. Every command has an id, and an `at` before both reports and the closing survey close."""
    told = [*_Story(pair, personas, rules, plan, random.Random(seed)).tell()]  # noqa: S311 - as above
    said = sorted((command for command in told if command.at is not None and command.at < _close(rules, plan)), key=lambda command: (command.at, 0))
    return [command.model_copy(update={"message_id": f"rehearsed-{number}"}) for number, command in enumerate(said, 1)]


def _close(rules: Rules, plan: Plan) -> datetime:
    return max(plan.ends + rules.surveys.closes.span, plan.reporting_ends)


class _Story:
    def __init__(self, pair: Pair, personas: Mapping[Side, Persona], rules: Rules, plan: Plan, chance: random.Random) -> None:
        self._pair = pair
        self._habits = {side: _HABITS[personas[side]] for side in SIDES}
        self._rules = rules
        self._plan = plan
        self._chance = chance

    def tell(self) -> Iterator[Command]:
        plan, rules = self._plan, self._rules
        early = plan.starts + min(rules.interval.span, (plan.slots[0].start - plan.starts) if plan.slots else rules.interval.span) / 4
        confirmed = {side: self._is_so(self._habits[side].confirms) for side in SIDES}
        for side in SIDES:
            if confirmed[side]:
                yield ConfirmMeeting(by=self._by(side), at=self._a_little_after(early), meeting="all")
        met = 0
        for number, slot in enumerate(plan.slots, 1):
            nearest = plan.slots[number].start if number < len(plan.slots) else plan.ends
            start = yield from self._before(number, slot.start, nearest)
            if start is None:
                continue
            came = {side: self._is_so(self._habits[side].comes) for side in SIDES}
            yield from self._afterwards(number, start, came)
            if all(came.values()):
                met += 1
                yield from self._progress(met, start)
        yield from self._at_the_end()

    def _before(self, number: int, start: datetime, following: datetime) -> Generator[Command, None, datetime | None]:
        """Moves and cancellations. Returns when the meeting is, or None if it does not take place."""
        rules = self._rules
        mover = next((side for side in SIDES if self._is_so(self._habits[side].moves)), None)
        if mover is not None and self._habits[other(mover)].confirms:
            to = start + min(rules.interval.span / 14, (following - start) / 2)
            ahead = max(rules.prepare.span / 2, rules.cancellations.notice.span * 1.5)
            asked = self._a_little_after(max(start - ahead, self._plan.starts))
            if to + rules.duration.span < self._plan.ends:
                yield MoveMeeting(by=self._by(mover), at=asked, meeting=number, to=to)
                yield MoveMeeting(by=self._by(other(mover)), at=self._a_little_after(asked + rules.prepare.span / 12), meeting=number, to=to)
                start = to
        for side in SIDES:
            if self._is_so(self._habits[side].cancels):
                at = max(start - rules.cancellations.notice.span / 2, self._plan.starts)
                yield CancelMeeting(
                    by=self._by(side), at=self._a_little_after(at), meeting=number, reason=self._chance.choice(["work", "personal", "not_said"])
                )
                return None
        return start

    def _afterwards(self, number: int, start: datetime, came: Mapping[Side, bool]) -> Iterator[Command]:
        for side in SIDES:
            if not self._is_so(self._habits[side].reports):
                continue
            at = self._a_little_after(start + self._rules.duration.span)
            if came[side] and came[other(side)]:
                yield ReportMeeting(by=self._by(side), at=at, meeting=number, held=True)
            elif came[side]:
                yield ReportMeeting(by=self._by(side), at=at, meeting=number, held=False, attendance=Attendance(own="on_time", partner="absent"))
            else:
                yield ReportMeeting(by=self._by(side), at=at, meeting=number, held=False)

    def _progress(self, met: int, start: datetime) -> Iterator[Command]:
        """What people record after the first, the second and the middle of their meetings."""
        rules, half = self._rules, max(3, len(self._plan.slots) // 2)
        after = start + rules.duration.span * 2
        for side in SIDES:
            habits = self._habits[side]
            if met == 1 and habits.reports:
                yield ConfirmExpectations(by=self._by(side), at=self._a_little_after(after), expectations=EXPECTATIONS)
            if met == half and habits.leaves:
                yield SubmitPrivately(by=self._by(side), at=self._a_little_after(after + rules.interval.span / 14), body=EndWish())
        if self._habits["mentee"].reports:
            if met == min(2, half):
                yield SetGoal(by=self._pair.mentee, at=self._a_little_after(after), goal="goal-1")
            if met == half and self._is_so(max(self._habits["mentee"].reports, 0.6)):
                yield ReportGoal(by=self._pair.mentee, at=self._a_little_after(after), goal="goal-1", progress="progressed")
        for place, rule in enumerate(rule for rule in rules.milestones if rule.when is None):
            if met != 2 + place % half:
                continue
            for side in SIDES:
                if (rule.by in {"both", side} or (rule.by == "either" and side == "mentor")) and self._is_so(self._habits[side].reports):
                    yield RecordMilestone(by=self._by(side), at=self._a_little_after(after), milestone=rule.id)

    def _at_the_end(self) -> Iterator[Command]:
        for side in SIDES:
            if self._is_so(self._habits[side].answers):
                answers = {item: self._chance.choice([3, 4, 4, 5, 5]) for item in SURVEY_ITEMS}
                at = self._plan.ends + self._rules.surveys.closing_reminder.span * self._chance.choice([0.3, 0.6, 1.3])
                yield SubmitPrivately(by=self._by(side), at=at, body=SurveyAnswers(survey="closing", answers=answers))

    def _is_so(self, likely: float) -> bool:
        return self._chance.random() < likely

    def _a_little_after(self, at: datetime) -> datetime:
        """Later by at most a thirtieth of the interval, half a day for a fortnight. In whole milliseconds, as every door's clock has them."""
        later = at + self._rules.interval.span / 30 * self._chance.random()
        return later.replace(microsecond=later.microsecond // 1000 * 1000)

    def _by(self, side: Side) -> str:
        return self._pair.person(side)
