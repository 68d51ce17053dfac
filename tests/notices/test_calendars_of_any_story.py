"""Whatever two people do, and however often the mail server is away: once no update waits, a calendar holds exactly the meetings that are planned."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from mentorship import commands as c
from mentorship.effects import SendNotice
from mentorship.people import SIDES, Side, other
from mentorship.programme import Programme
from mentorship.spread import spread_out
from records.profile import Profile
from schedule.plan import Plans
from schedule.working_days import Home
from starter import rehearsal_fast
from starter.rehearsal_request import Couple, Request

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Sydney", "America/Los_Angeles", "Asia/Kolkata")
STARTS = datetime(2027, 2, 28, 23, tzinfo=UTC)
COUPLE = Couple(pair_id="p-1", mentor_id="e-1", mentee_id="e-2")
STORIES = 150


class Saying:
    """What the two and their operators say, chosen at the moment it is said, since an answer needs a question."""

    def __init__(self, chance: random.Random, instants: list[datetime]) -> None:
        self._chance = chance
        self._instants = instants
        self._said = 0
        self.run: rehearsal_fast._Run

    def __bool__(self) -> bool:
        return bool(self._instants)

    def __getitem__(self, place: int) -> c.Message:
        return c.Message(message_id="", at=self._instants[place])

    def popleft(self) -> c.Message:
        at = self._instants.pop(0)
        self._said += 1
        if self._chance.random() < 0.6:
            self._instants = sorted([*self._instants, at + timedelta(minutes=self._chance.choice([5, 30, 120, 600, 2000]))])
        return self._anything(at).model_copy(update={"message_id": f"said-{self._said}", "at": at})

    def _anything(self, at: datetime) -> c.Message:
        state, dice = self.run.state, self._chance.random()
        by = state.pair.person(self._chance.choice(SIDES))
        ahead = [meeting for meeting in state.meetings if meeting.cancelled is None and meeting.start > at]
        proposals = [(meeting.n, proposal) for meeting in ahead for proposal in meeting.proposals]
        if proposals and dice < 0.45:
            number, proposal = self._chance.choice(proposals)
            return c.MoveMeeting(by=state.pair.person(other(proposal.side)), meeting=number, to=proposal.to)
        if ahead and dice < 0.8:
            meeting = self._chance.choice(ahead[:3])
            if dice > 0.7:
                return c.CancelMeeting(by=by, meeting=meeting.n, reason="work")
            near, far = at + timedelta(hours=self._chance.choice([1, 6, 11, 16, 30, 200])), meeting.start + timedelta(hours=self._chance.randint(-200, 200))
            return c.MoveMeeting(by=by, meeting=meeting.n, to=self._chance.choice([near, far]))
        if dice < 0.93:
            away = c.Pause(by="hr", away=by, begins=at + timedelta(days=3), until=at + timedelta(days=15))
            return self._chance.choice([c.Pause(by="operator"), c.Resume(by="operator"), c.Resume(by="operator"), c.AskExtension(by=by), away])
        if dice < 0.94:
            return self._chance.choice([c.End(by="operator", reason="stepped_away", leaver=by), c.SubmitPrivately(by=by, body=c.EndWish())])
        return c.ConfirmMeeting(by=by, meeting="all")


class Post(rehearsal_fast._Post):
    """Keeps the mails it receives; the share `away` of all attempts fails and has to be repeated."""

    def __init__(self, request: Request, chance: random.Random, away: float) -> None:
        super().__init__(request)
        self._chance = chance
        self._away = away
        self.came: dict[Side, list[SendNotice]] = {side: [] for side in SIDES}

    def send(self, notice, cast, now):
        if notice.to in SIDES and self._chance.random() < self._away:
            return now + timedelta(hours=self._chance.choice([1, 5, 20]))
        answer = super().send(notice, cast, now)
        if answer is None and notice.to in SIDES and notice.calendar is not None:
            self.came[notice.to].append(notice)
        return answer


def acted(seed: int, away: float, programme: Programme) -> None:
    chance = random.Random(seed)
    people = tuple(Profile(person_id=name, name=name, email=f"{name}@people.example", time_zone=chance.choice(ZONES)) for name in ("e-1", "e-2"))
    request = Request(programme=programme, people=people, pairs=(COUPLE,), starts=STARTS, personas={}, seed=seed)
    zone = people[1].time_zone
    assert zone is not None
    plan = Plans(programme, STARTS).of(Home(zone))
    mentorship = "mentorship.rehearsal.p-1"
    plan = plan.model_copy(update={"slots": spread_out(plan.slots, mentorship, programme.mail.spread.span)})
    post = Post(request, chance, away)
    run = rehearsal_fast._Run(rehearsal_fast.Cast(COUPLE, mentorship, plan, []), request, post, keep=False)
    said = Saying(chance, sorted(plan.starts + (plan.ends - plan.starts) * chance.random() for _ in range(chance.randint(3, 15))))
    said.run = run
    run._said = said  # type: ignore[assignment]
    while (now := run.next_instant()) is not None:
        run.wake(now)
        for side in SIDES:
            waits = any(pending.effect.to == side and pending.effect.calendar is not None for pending in run._pending)
            if not waits and run.state.plan_request is None and post.came[side]:
                newest = max(post.came[side], key=lambda notice: notice.calendar_sequence)
                assert ahead(newest.calendar, now) == standing(run.state, now), (side, now)
    for side in SIDES:
        numbers = [notice.calendar_sequence for notice in post.came[side]]
        assert numbers == sorted(numbers)
        assert len(set(numbers)) == len({(notice.calendar_sequence, *(meeting.start for meeting in notice.calendar or ())) for notice in post.came[side]})


def ahead(meetings, now: datetime) -> set[datetime]:
    return {meeting.start for meeting in meetings if meeting.start > now}


def standing(state, now: datetime) -> set[datetime]:
    if state.ended is not None:
        return set()
    return ahead([meeting for meeting in state.meetings if meeting.cancelled is None], now)


@pytest.mark.parametrize("away", [0, 0.3], ids=["post", "hardly any post"])
def test_a_calendar_holds_exactly_the_meetings_that_stand(away):
    programme = Programme.model_validate(YAML(typ="safe").load(Path(__file__).parents[2] / "examples" / "engineering-2027.yaml"))
    for seed in range(STORIES):
        acted(seed, away, programme)
