"""The mails that a plan leads to, before anyone has begun: what `cohort start --dry-run` shows and *Calm* promises."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from mentorship.advance import Advanced, advance, begin
from mentorship.commands import (
    EXPECTATIONS,
    Command,
    ConfirmExpectations,
    ConfirmMeeting,
    NoteCertificates,
    Plan,
    RecordMilestone,
    ReportGoal,
    ReportMeeting,
    SetGoal,
    SubmitPrivately,
    SurveyAnswers,
)
from mentorship.effects import IssueCertificates, NoticeKind, SendNotice
from mentorship.events import MentorshipStarted
from mentorship.instant import Instant
from mentorship.people import SIDES, Pair, Side
from mentorship.policy.deadlines import next_due
from mentorship.programme import Rules

_PAIR = Pair(mentor="p-mentor", mentee="p-mentee")


class ExpectedMail(NamedTuple):
    due: Instant
    kind: NoticeKind
    to: Side


def expected_mails(rules: Rules, plan: Plan) -> tuple[ExpectedMail, ...]:
    """Every mail of a diligent pair in order: both confirm, meet, report and answer. Computed by the real core, not estimated."""
    begun = MentorshipStarted(at=plan.starts, pair=_PAIR, rules=rules, starts=plan.starts, ends=plan.ends, reporting_ends=plan.reporting_ends, slots=plan.slots)
    turn = begin(begun)
    state, found = turn.state, _mails(turn)
    waiting = sorted(_diligent(rules, plan), key=lambda command: command.at or plan.starts)
    while not state.over:
        due = next_due(state)
        now = due.at if due is not None else plan.reporting_ends
        if waiting and waiting[0].at is not None and waiting[0].at <= now:
            command = waiting.pop(0)
            turn = advance(state, [command], command.at or now)
        else:
            turn = advance(state, [], now)
        while any(isinstance(effect, IssueCertificates) for effect in turn.effects):
            found += _mails(turn)
            turn = advance(turn.state, [NoteCertificates(message_id="certificates", certificates={_PAIR.mentor: "a", _PAIR.mentee: "b"})], turn.state.now)
        state = turn.state
        found += _mails(turn)
    return tuple(found)


def _mails(turn: Advanced) -> list[ExpectedMail]:
    """The turn's mails, without those that would help nobody any more, which are not sent."""
    mails = [effect for effect in turn.effects if isinstance(effect, SendNotice) and (effect.helps_until is None or effect.due < effect.helps_until)]
    return [ExpectedMail(mail.due, mail.kind, mail.to) for mail in mails if mail.to != "coordinators"]


def _diligent(rules: Rules, plan: Plan) -> list[Command]:
    first = plan.slots[0].start if plan.slots else plan.starts
    early = plan.starts + min(timedelta(hours=1), (plan.ends - plan.starts) / 100)
    commands: list[Command] = []
    for side in SIDES:
        by = _PAIR.person(side)
        commands.append(ConfirmMeeting(message_id=f"slots-{side}", by=by, at=early, meeting="all"))
        commands.append(ConfirmExpectations(message_id=f"expectations-{side}", by=by, at=first + rules.duration.span, expectations=EXPECTATIONS))
        for n, slot in enumerate(plan.slots, 1):
            commands.append(ReportMeeting(message_id=f"met-{n}-{side}", by=by, at=slot.start + rules.duration.span, meeting=n, held=True))
        for rule in rules.milestones:
            if rule.when is None and rule.by in ("either", "both", side):
                commands.append(RecordMilestone(message_id=f"{rule.id}-{side}", by=by, at=first + rules.duration.span, milestone=rule.id))
        survey = SurveyAnswers(survey="closing", answers={"satisfaction": 5})
        commands.append(SubmitPrivately(message_id=f"survey-{side}", by=by, at=plan.ends + rules.surveys.closing_reminder.span / 2, body=survey))
    mentee = _PAIR.mentee
    commands.append(SetGoal(message_id="goal", by=mentee, at=first + rules.duration.span, goal="goal"))
    commands.append(ReportGoal(message_id="progress", by=mentee, at=first + rules.interval.span, goal="goal", progress="progressed"))
    return commands
