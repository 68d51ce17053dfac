"""Acts out a cohort with the pure core, and its mails by the rules that the post keeps: hours, spread, budget, and what no longer helps.

It tells in seconds what the workflows would do; a test ensures that the two agree.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import NamedTuple, assert_never

from mentorship.advance import Advanced, Entry, Told, advance, begin
from mentorship.budget import room, together
from mentorship.commands import SERVICE, ApplyPlan, Command, NoteCertificates, NoteFailedNotice, Plan, Undelivered
from mentorship.effects import CHANGES, SPREAD, IssueCertificates, PlanMeetings, SendNotice, TellCoordinators
from mentorship.events import MentorshipStarted
from mentorship.policy.deadlines import next_due
from mentorship.policy.helping import heir, joined, still_helping
from mentorship.policy.meetings import held_instants
from mentorship.policy.milestones import done_in_time
from mentorship.policy.phase import phase
from mentorship.spread import spread, spread_out
from mentorship.state import State
from records.profile import Profile
from schedule.anew import plan_anew
from schedule.calendar import reading_hours
from schedule.plan import Plans
from schedule.working_days import Home
from starter.rehearsal_personas import story
from starter.rehearsal_request import Couple, Line, Mail, PairResult, Rehearsed, Request, Unsent, groups
from wire.names import mentorship_id


class Cast(NamedTuple):
    """One pair with its plan and what the two will say."""

    couple: Couple
    mentorship: str
    plan: Plan
    said: list[Command]


class Moment(NamedTuple):
    """An instant at which something happens to a pair. `due` means more than what somebody says then, such as a deadline or a mail that waited."""

    at: datetime
    due: bool


class Fast(NamedTuple):
    result: Rehearsed
    told: dict[str, tuple[Told, ...]]
    """By pair_id, if it was kept."""
    moments: dict[str, tuple[Moment, ...]]
    """By pair_id: when something happened, was said, or was sent."""

    @property
    def journals(self) -> dict[str, tuple[Entry, ...]]:
        """By pair_id, if they were kept."""
        return {pair_id: tuple(one.entry() for one in told) for pair_id, told in self.told.items()}


class Casting:
    """Gives pairs their plans and stories. `mentorships` are workflow ids by pair_id, from which each share of the spread comes."""

    def __init__(self, request: Request, mentorships: Mapping[str, str] | None) -> None:
        self._request = request
        self._mentorships = mentorships or {}
        self._rules = request.programme.rules()
        self._people = {profile.person_id: profile for profile in request.people}
        self._plans = Plans(request.programme, request.starts)

    def cast(self, couple: Couple) -> Cast:
        request = self._request
        mentorship = self._mentorships.get(couple.pair_id, mentorship_id("rehearsal", couple.pair_id))
        mentor, mentee = self._people[couple.mentor_id], self._people[couple.mentee_id]
        planned = self._plans.of(Home.of(mentee, request.programme), Home.of(mentor, request.programme))
        said = story(
            couple.pair,
            {"mentor": request.personas[couple.mentor_id], "mentee": request.personas[couple.mentee_id]},
            self._rules,
            planned,
            f"{request.seed} {couple.pair_id}",
        )
        slots = spread_out(planned.slots, mentorship, request.programme.mail.spread.span)
        return Cast(couple, mentorship, planned.model_copy(update={"slots": slots}), said)


def casts(request: Request, mentorships: Mapping[str, str] | None = None) -> list[Cast]:
    """Plans and stories of all pairs, in the request's order."""
    casting = Casting(request, mentorships)
    return [casting.cast(couple) for couple in request.pairs]


def rehearse(request: Request, mentorships: Mapping[str, str] | None = None, *, keep: bool = True) -> Fast:
    """Rehearses each group of pairs that share people in one order of time, since a person's budget counts over all their pairs, as in life.

    With `keep` it keeps what journals are made of: gigabytes for thousands of pairs.
    """
    casting, post = Casting(request, mentorships), _Post(request)
    told: dict[str, tuple[Told, ...]] = {}
    moments: dict[str, tuple[Moment, ...]] = {}
    results: dict[str, PairResult] = {}
    unsent: dict[str, list[Unsent]] = {}
    lines: dict[str, list[Line]] = {}
    with no_collection():
        for couples in groups(request.pairs):
            runs = [_Run(casting.cast(couple), request, post, keep=keep) for couple in couples]
            _act(runs)
            for pair_id, run in ((run.cast.couple.pair_id, run) for run in runs):
                told[pair_id], moments[pair_id] = tuple(run.told), tuple(run.moments)
                results[pair_id], unsent[pair_id], lines[pair_id] = run.result(), run.unsent, run.lines
    order = [couple.pair_id for couple in request.pairs]
    return Fast(
        Rehearsed(
            mode="fast",
            mails=tuple(sorted(post.sent)),
            unsent=tuple(one for pair_id in order for one in unsent[pair_id]),
            lines=tuple(line for pair_id in order for line in lines[pair_id]),
            pairs=tuple(results[pair_id] for pair_id in order),
        ),
        told,
        moments,
    )


def _act(runs: Sequence[_Run]) -> None:
    """Goes from one instant at which something happens to any of these pairs to the next."""
    waking = [(at, place) for place, run in enumerate(runs) if (at := run.next_instant()) is not None]
    heapify(waking)
    while waking:
        at, place = heappop(waking)
        runs[place].wake(at)
        if (again := runs[place].next_instant()) is not None:
            heappush(waking, (again, place))


@contextmanager
def no_collection() -> Iterator[None]:
    """Turns garbage collection off: millions of small values have no cycles, and looking for some would take a fifth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


class _Post:
    """Mails sent so far, and whether one more may go."""

    def __init__(self, request: Request) -> None:
        self._programme = request.programme
        self.people: Mapping[str, Profile] = {profile.person_id: profile for profile in request.people}
        self.sent: list[Mail] = []
        self._counted: dict[str, deque[Mail]] = {}
        self._keys: set[tuple[str, str, str]] = set()

    def readers(self, notice: SendNotice, couple: Couple) -> list[str]:
        if notice.to != "coordinators":
            return [couple.person(notice.to)]
        return [name for name in self._programme.contacts.coordinators if name in self.people and name not in (couple.mentor_id, couple.mentee_id)]

    def send(self, notice: SendNotice, cast: Cast, now: datetime) -> datetime | Undelivered | None:
        """None when it is done, or until when to wait, or why it cannot be sent at all."""
        mail = self._programme.mail
        readers = self.readers(notice, cast.couple)
        refused = 0
        later: list[datetime] = []
        for reader in readers:
            key = (cast.mentorship, notice.id, reader)
            if key in self._keys:
                continue
            zone = self.people[reader].time_zone or self._programme.programme.time_zone
            opens = reading_hours(now, zone, mail.hours)
            if opens > now:
                later.append(opens)
                continue
            one = Mail(at=now, person_id=reader, kind=notice.kind, pair_id=cast.couple.pair_id, exempt=notice.kind in CHANGES)
            if not one.exempt and not self._has_room(one):
                refused += 1
                continue
            self._keys.add(key)
            self.sent.append(one)
        if later:
            return min(later)
        return "over_budget" if refused and refused == len(readers) else None

    def _has_room(self, one: Mail) -> bool:
        """Whether there is room in the budget, as the ledger counts. If so, the mail is counted."""
        most, per = self._programme.mail.budget.most, self._programme.mail.budget.per.span
        counted = self._counted.setdefault(one.person_id, deque())
        while counted and counted[0].at <= one.at - per:
            counted.popleft()
        near = one.at - together(per)
        alike = any(other.kind == one.kind and other.at > near and other.pair_id != one.pair_id for other in counted)
        if len(counted) >= room(one.kind, most, alike=alike):
            return False
        counted.append(one)
        return True


class _Pending(NamedTuple):
    effect: SendNotice
    not_before: datetime | None


class _Run:
    """One pair: its state, what the two will still say, and its mails on their way, with a lane for each reader."""

    def __init__(self, cast: Cast, request: Request, post: _Post, *, keep: bool) -> None:
        self.cast = cast
        self._keep = keep
        self._later = spread(cast.mentorship, request.programme.mail.spread.span)
        self._programme = request.programme
        self._people = post.people
        self._post = post
        self._said = deque(cast.said)
        self._pending: list[_Pending] = []
        self._inbox: list[Command] = []
        self._begun = False
        self.told: list[Told] = []
        self.moments: list[Moment] = []
        self.unsent: list[Unsent] = []
        self.lines: list[Line] = []
        planned = cast.plan
        self._begins = begin(
            MentorshipStarted(
                at=planned.starts,
                pair=cast.couple.pair,
                rules=request.programme.rules(),
                starts=planned.starts,
                ends=planned.ends,
                reporting_ends=planned.reporting_ends,
                slots=planned.slots,
            )
        )
        self.state: State = self._begins.state

    def next_instant(self) -> datetime | None:
        if not self._begun:
            return self.cast.plan.starts
        if self.state.over and not self._pending:
            return None
        due = next_due(self.state)
        waits = [pending.not_before or self.state.now for pending in self._heads()]
        instants = [*(waits), *([due.at] if due is not None else []), *([said] if (said := self._next_said()) is not None else [])]
        return min(instants, default=None)

    def wake(self, now: datetime) -> None:
        """Does everything of this instant: what is said, what is due, what is sent, and what comes back from that."""
        due = next_due(self.state)
        waited = any(pending.not_before is not None and pending.not_before <= now for pending in self._pending)
        self.moments.append(Moment(now, due=waited or not self._begun or (due is not None and due.at <= now)))
        if not self._begun:
            self._begun = True
            self._take(self._begins, now)
        while (said := self._next_said()) is not None and said <= now:
            self._inbox.append(self._said.popleft())
        while True:
            inbox, self._inbox = self._inbox, []
            self._take(advance(self.state, inbox, now), now)
            for pending in self._heads():
                if pending.not_before is None or pending.not_before <= now:
                    self._send(pending, now)
            if not self._inbox and not any(pending.not_before is None or pending.not_before <= now for pending in self._heads()):
                return

    def result(self) -> PairResult:
        state = self.state
        return PairResult(
            pair_id=self.cast.couple.pair_id,
            phase=phase(state),
            milestones_done=len(done_in_time(state)),
            milestones_total=len(state.rules.milestones),
            meetings_held=len(held_instants(state)),
            certificates=len(state.certificates),
            ended=state.ended.reason if state.ended is not None else None,
            over_at=state.now if state.over else None,
        )

    def _next_said(self) -> datetime | None:
        return self._said[0].at if self._said and not self.state.over else None

    def _heads(self) -> list[_Pending]:
        """The first mail of each lane, since mails keep their order within a lane."""
        heads: dict[str, _Pending] = {}
        for pending in self._pending:
            if pending.effect.after not in heads:  # it comes after that reader's mails, and one of those waits
                heads.setdefault(pending.effect.to, pending)
        return list(heads.values())

    def _take(self, turn: Advanced, now: datetime) -> None:
        self.state = turn.state
        if self._keep:
            self.told += turn.told
        gone: list[tuple[SendNotice, SendNotice]] = []
        for effect in turn.effects:
            if isinstance(effect, SendNotice):
                gone += self._join(effect, now)
            else:
                self._carry(effect, now)
        for notice, instead in gone:
            self._fail(notice, "superseded", now, instead)

    def _carry(self, effect: PlanMeetings | IssueCertificates | TellCoordinators, now: datetime) -> None:
        match effect:
            case PlanMeetings():
                self._inbox.append(self._planned(effect, now))
            case IssueCertificates():
                couple = {"mentor": self.cast.couple.mentor_id, "mentee": self.cast.couple.mentee_id}
                issued = {couple[side]: f"rehearsed-{couple[side]}" for side in effect.to}
                self._inbox.append(NoteCertificates(message_id=f"certificates.{effect.id}", by=SERVICE, at=now, effect=effect.id, certificates=issued))
            case TellCoordinators():
                self._tell(effect)
            case _:
                assert_never(effect)

    def _tell(self, effect: TellCoordinators) -> None:
        if effect.opened:
            self.lines.append(Line(pair_id=self.cast.couple.pair_id, line=effect.line, opened_at=effect.at))
            return
        self.lines = [line.model_copy(update={"closed_at": effect.at}) if line.line == effect.line and line.closed_at is None else line for line in self.lines]

    def _send(self, pending: _Pending, now: datetime) -> None:
        effect = pending.effect
        notice = still_helping(effect, self.state, now)
        answer = self._post.send(notice, self.cast, now) if notice is not None else "too_late"
        if isinstance(answer, datetime):
            self._pending[self._pending.index(pending)] = _Pending(effect, answer)
            return
        self._pending.remove(pending)
        if answer is not None:
            self._fail(effect, answer, now)

    def _join(self, notice: SendNotice, now: datetime) -> tuple[tuple[SendNotice, SendNotice], ...]:
        """Takes in a mail as the outbox does: never two about one meeting at once."""
        found = joined(self._waiting(notice.to), notice, self.state, now)
        stay = {one.id: one for one in found.waiting}
        self._pending = [
            _Pending(stay.get(pending.effect.id, pending.effect), pending.not_before)
            for pending in self._pending
            if pending.effect.to != notice.to or pending.effect.id in stay
        ]
        if notice.id in stay:
            self._pending.append(_Pending(stay[notice.id], notice.due + self._later if notice.kind in SPREAD else None))
        return found.gone

    def _waiting(self, to: str) -> list[SendNotice]:
        return [pending.effect for pending in self._pending if pending.effect.to == to]

    def _fail(self, notice: SendNotice, why: Undelivered, now: datetime, instead: SendNotice | None = None) -> None:
        self.unsent.append(Unsent(at=now, kind=notice.kind, to=notice.to, pair_id=self.cast.couple.pair_id, why=why))
        left = notice.lacking(instead)
        following = heir(left, self._waiting(notice.to))
        if following is not None:
            self._pending = [_Pending(following, pending.not_before) if pending.effect.id == following.id else pending for pending in self._pending]
        self._inbox.append(NoteFailedNotice.of(left, why, now, following))

    def _planned(self, wanted: PlanMeetings, now: datetime) -> ApplyPlan:
        programme, couple = self._programme, self.cast.couple
        mentor, mentee = self._people[couple.mentor_id], self._people[couple.mentee_id]
        made = plan_anew(programme, wanted, now, mentee=Home.of(mentee, programme), mentor=Home.of(mentor, programme))
        return ApplyPlan(
            message_id=f"plan.{wanted.id}",
            by=SERVICE,
            at=now,
            effect=wanted.id,
            number=wanted.number,
            slots=spread_out(made.slots, self.cast.mentorship, programme.mail.spread.span),
            ends=made.ends,
            reporting_ends=made.reporting_ends,
        )
