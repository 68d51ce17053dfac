"""What a programme file may say, but its author probably did not mean. `programme check` prints each doubt with its line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pydantic import BaseModel

from mentorship.programme import MeetingsHeld, Programme

_A_DAY = timedelta(days=1)


class Doubt(BaseModel, frozen=True):
    """Something allowed that an operator probably did not mean. `path` leads to the key in the file."""

    path: tuple[str | int, ...]
    message: str


def doubts(programme: Programme) -> tuple[Doubt, ...]:
    """Every doubt about this file."""
    found: list[Doubt] = []
    facts = sum(milestone.when is not None for milestone in programme.milestones)
    if 2 * facts < len(programme.milestones):
        found.append(Doubt(path=("milestones",), message=f"{facts} of {len(programme.milestones)} milestones are completed by a fact; expected at least half"))
    if programme.cancellations.window.span < 2 * programme.meetings.interval.span:
        found.append(Doubt(path=("cancellations", "window"), message="shorter than two intervals: two late cancellations would hardly ever meet in it"))
    length = programme.programme.length.span
    for path, value in _leads(programme).items():
        if value > length:
            found.append(Doubt(path=path, message=f"longer than the programme ({programme.programme.length}); set it to something shorter"))
    for key, value in _spans_that_were_set(programme).items():
        if value > length:
            found.append(Doubt(path=key, message=f"longer than the programme ({programme.programme.length}), so that it never ends within it"))
    for key, number in _meetings_that_were_named(programme).items():
        if number > programme.meetings.count:
            found.append(Doubt(path=key, message=f"there are only {programme.meetings.count} planned meetings, so {number} hardly comes"))
    last = programme.meetings.first_after.span + (programme.meetings.count - 1) * programme.meetings.interval.span + programme.meetings.duration.span
    if last > length:
        found.append(Doubt(path=("meetings", "count"), message="the last planned meeting would be after the programme's end"))
    for index, milestone in enumerate(programme.milestones):
        if isinstance(milestone.when, MeetingsHeld) and milestone.when.meetings_held > programme.meetings.count:
            found.append(Doubt(path=("milestones", index, "when"), message=f"needs more meetings than the {programme.meetings.count} that are planned"))
        if milestone.when == "closing_held" and not any(session.closing for session in programme.sessions):
            found.append(Doubt(path=("milestones", index, "when"), message="no session is marked `closing: true`, so this can never be completed"))
    return (*found, *_too_early_or_late(programme), *_never_sent(programme), *_unfair(programme), *_spoken_of_as_several(programme))


def _too_early_or_late(programme: Programme) -> Iterator[Doubt]:
    """Moments that come before or after another one, where it should be the other way round (H10, H5, Calm)."""
    meetings, surveys, length = programme.meetings, programme.surveys, programme.programme.length
    if meetings.prepare.span > meetings.interval.span:
        message = f"{meetings.prepare} is longer than the interval ({meetings.interval}): a meeting's guide would come before the meeting before it"
        yield Doubt(path=("meetings", "prepare"), message=message)
    if surveys.closes.span <= surveys.closing_reminder.span:
        message = f"{surveys.closes} is not after surveys.closing_reminder ({surveys.closing_reminder}): nobody would be reminded"
        yield Doubt(path=("surveys", "closes"), message=message)
    if length.span <= 2 * programme.heads_up.span <= 2 * length.span:
        message = (
            f"{programme.heads_up} before the end, half of the programme ({length}) is not over: people would hear of the last stretch first, then of half-way"
        )
        yield Doubt(path=("heads_up",), message=message)


def _never_sent(programme: Programme) -> Iterator[Doubt]:
    """Mails that would come when they help nobody any more, and those that would never come (H3, Calm)."""
    meetings = programme.meetings
    if meetings.duration.span > meetings.interval.span:
        message = f"{meetings.duration} is longer than the interval ({meetings.interval}): a meeting would last into the next one"
        yield Doubt(path=("meetings", "duration"), message=message)
    if not meetings.prepare.span:
        yield Doubt(path=("meetings", "prepare"), message="a meeting's guide would come as the meeting begins, which helps nobody: none is sent")
    if meetings.count > 1 and meetings.duration.span + meetings.ask_after.span >= meetings.interval.span:
        message = f"{meetings.ask_after} after a meeting the next one has begun: nobody is asked whether they met, but after the last"
        yield Doubt(path=("meetings", "ask_after"), message=message)
    if not programme.heads_up.span:
        yield Doubt(path=("heads_up",), message="it would come as the programme ends, which helps nobody: none is sent")
    if not programme.mail.follow_ups:
        yield Doubt(path=("mail", "follow_ups"), message="nobody is ever asked whether they met, or reminded of anything")


def _unfair(programme: Programme) -> Iterator[Doubt]:
    """Settings that leave somebody no time to say otherwise (H7, H13, H14)."""
    if not programme.object_within.span:
        yield Doubt(path=("object_within",), message="nobody has any time to object to what the other reported")
    if not programme.cancellations.answer_within.span:
        yield Doubt(path=("cancellations", "answer_within"), message="nobody has any time to answer: each late proposal counts as a cancellation")
    if programme.mail.hours != "none" and programme.attendance.contest_within.span < _A_DAY:
        message = f"shorter than a day: with mails from {programme.mail.hours}, somebody may be asked about an absence too late, and it then never counts"
        yield Doubt(path=("attendance", "contest_within"), message=message)


def _spoken_of_as_several(programme: Programme) -> Iterator[Doubt]:
    """Mails, drafts and the coordinators' list tell nobody's numbers (H14), so their words always speak of several meetings."""
    rungs = {("cancellations", "ladder", index, "at"): rung.at for index, rung in enumerate(programme.cancellations.ladder)}
    rows = {("attention", name): getattr(programme.attention, name) for name in ("not_held_in_a_row", "unreported_in_a_row")}
    for path, number in (rungs | rows).items():
        if number == 1:
            yield Doubt(path=path, message="it is about one meeting then, and what people read of it speaks of several")


def _spans_that_were_set(programme: Programme) -> dict[tuple[str | int, ...], timedelta]:
    """Spans that limit nothing if they are longer than the programme. Defaults may be, so only those in the file are looked at."""
    spans: dict[tuple[str | int, ...], timedelta] = {}
    if "window" in programme.cancellations.model_fields_set:
        spans["cancellations", "window"] = programme.cancellations.window.span
    if "longest" in programme.pause.model_fields_set:
        spans["pause", "longest"] = programme.pause.longest.span
    if "per" in programme.mail.budget.model_fields_set:
        spans["mail", "budget", "in"] = programme.mail.budget.per.span
    return spans


def _meetings_that_were_named(programme: Programme) -> dict[tuple[str | int, ...], int]:
    """The numbers of meetings after which something is asked, if the file names them."""
    named: dict[tuple[str | int, ...], int] = {}
    if "feedback_after" in programme.meetings.model_fields_set:
        named |= {("meetings", "feedback_after", index): number for index, number in enumerate(programme.meetings.feedback_after)}
    if "pulse_after_meeting" in programme.surveys.model_fields_set:
        named["surveys", "pulse_after_meeting"] = programme.surveys.pulse_after_meeting
    return named


def _leads(programme: Programme) -> dict[tuple[str, ...], timedelta]:
    return {
        ("programme", "reporting_grace"): programme.programme.reporting_grace.span,
        ("meetings", "interval"): programme.meetings.interval.span,
        ("meetings", "first_after"): programme.meetings.first_after.span,
        ("meetings", "prepare"): programme.meetings.prepare.span,
        ("meetings", "ask_after"): programme.meetings.ask_after.span,
        ("heads_up",): programme.heads_up.span,
        ("object_within",): programme.object_within.span,
        ("attendance", "contest_within"): programme.attendance.contest_within.span,
        ("cancellations", "notice"): programme.cancellations.notice.span,
        ("cancellations", "answer_within"): programme.cancellations.answer_within.span,
        ("alignment", "remind_after"): programme.alignment.remind_after.span,
        ("attention", "no_meeting_by"): programme.attention.no_meeting_by.span,
        ("attention", "offer_rematch"): programme.attention.offer_rematch.span,
        ("attention", "unowned"): programme.attention.unowned.span,
        ("surveys", "closing_reminder"): programme.surveys.closing_reminder.span,
        ("surveys", "closes"): programme.surveys.closes.span,
        ("extension", "by_pair"): programme.extension.by_pair.span,
    }
