"""What the pairs of a reported cohort do."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from mentorship.commands import (
    SURVEY_ITEMS,
    CancelMeeting,
    Command,
    ConfirmMeeting,
    EndWish,
    MoveMeeting,
    RecordMilestone,
    ReportGoal,
    ReportMeeting,
    SetGoal,
    SubmitPrivately,
    SurveyAnswers,
    WaiveMilestone,
)

STARTS = datetime(2027, 1, 4, tzinfo=UTC)
ENDS = STARTS + timedelta(weeks=26)
PAIRS = 23
PROGRAMME = """\
programme: {id: spring, version: 1, title: "Spring <b>& growth</b>", length: P26W, time_zone: UTC}
contacts: {coordinators: [ana], owner: lee, outside: [sam]}
meetings: {count: 12, first_after: P7D, interval: P14D, duration: PT1H, time_of_day: "10:00"}
sessions:
  - {topic: Getting started, expectations: true}
  - {topic: Looking back, closing: true}
milestones:
  - {id: goal, title: A goal, when: goal_set}
  - {id: six, title: Six conversations, when: {meetings_held: 6}}
  - {id: shadowing, title: A day of shadowing}
"""


def meets(number: int, **after: float) -> datetime:
    return STARTS + timedelta(days=7 + 14 * (number - 1), hours=10) + timedelta(**after)


def story(pair: int) -> list[Command]:
    """What this pair does: a different mixture for each pair, the same every time."""
    chance = random.Random(pair)
    said: list[Command] = [ConfirmMeeting(by=who, at=STARTS + timedelta(hours=1), meeting="all") for who in ("mentor", "mentee")]
    for number in range(1, 13 if pair % 4 else 11):  # every fourth falls silent
        match chance.randrange(8):
            case 0:
                said.append(
                    CancelMeeting(by=chance.choice(["mentor", "mentee"]), at=meets(number, hours=-chance.choice([3, 30])), meeting=number, reason="work")
                )
            case 1:
                to = meets(number, days=1)
                said += [MoveMeeting(by=who, at=meets(number, hours=-50), meeting=number, to=to) for who in ("mentor", "mentee")]
                said.append(ReportMeeting(by="mentee", at=to + timedelta(hours=2), meeting=number, held=True))
            case 2:
                said.append(ReportMeeting(by="mentor", at=meets(number, hours=2), meeting=number, held=False))
            case 3:
                said.append(ReportMeeting(by="mentor", at=meets(number, days=5), held_at=meets(number, days=4), held=True))
            case _:
                said.append(ReportMeeting(by="mentor", at=meets(number, hours=2), meeting=number, held=True))
    if pair % 3:
        said.append(SetGoal(by="mentee", at=meets(2), goal="one"))
        said.append(SetGoal(by="mentor", at=meets(3), goal="two"))
        said.append(ReportGoal(by="mentee", at=meets(6), goal="one", progress="progressed"))
        if pair % 2:
            said.append(ReportGoal(by="mentee", at=meets(9), goal="one", progress="achieved"))
    if pair % 2:
        said.append(RecordMilestone(by="mentor", at=meets(5), milestone="shadowing"))
    elif pair % 4 == 0:
        said.append(WaiveMilestone(by="operator", at=meets(5), milestone="shadowing"))
    if pair % 5 == 4:
        said.append(SubmitPrivately(by="mentee", at=meets(8), body=EndWish()))
    for who in ("mentor", "mentee"):
        if chance.random() < 0.8:
            items = chance.sample(SURVEY_ITEMS, 4)
            body = SurveyAnswers(survey="closing", answers={item: chance.randint(1, 5) for item in items})
            said.append(SubmitPrivately(by=who, at=ENDS + timedelta(days=1, minutes=chance.randrange(9000)), body=body))
            said.append(SubmitPrivately(by=who, at=ENDS + timedelta(days=8), body=SurveyAnswers(survey="closing", answers=dict.fromkeys(items, 1))))
    return said


def closing(who: str, answer: int, **after: float) -> list[Command]:
    """They answer every question of the closing survey with this, so long after the end."""
    body = SurveyAnswers(survey="closing", answers=dict.fromkeys(SURVEY_ITEMS, answer))
    return [SubmitPrivately(by=who, at=ENDS + timedelta(hours=1) + timedelta(**after), body=body)]
