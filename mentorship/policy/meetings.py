"""Which meetings were held, which topic one takes (H10), and what happened several times in a row."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from mentorship.effects import MeetingFacts
from mentorship.instant import Instant
from mentorship.people import SIDES, Side, other
from mentorship.policy.remembered import remembered
from mentorship.state import Meeting, State

_BY_START = attrgetter("start", "n")


@remembered("meetings", "extras")
def held_instants(state: State) -> tuple[Instant, ...]:
    """When each meeting that was held took place, in order: planned ones at their start, extra ones as reported."""
    held = [meeting.start for meeting in state.meetings if meeting.held]
    held += [extra.held_at for extra in state.extras]
    return tuple(sorted(held))


def described(state: State, meeting: Meeting, **more: Any) -> MeetingFacts:
    """A meeting as a mail needs it."""
    return MeetingFacts(meeting=meeting.n, start=meeting.start, ends=meeting.start + state.rules.duration.span, confirmed=meeting.confirmed, **more)


def calendar(state: State) -> tuple[MeetingFacts, ...]:
    """The series as it is now: past meetings and those to come, without those that were called off."""
    return tuple(described(state, meeting) for meeting in state.meetings if meeting.cancelled is None)


def _last_planned(state: State) -> Meeting | None:
    """The last by its start: a meeting may move behind one that was planned after it, or be held although a proposal for it lapsed.

    A meeting that is called off leaves its place to the one before, unless that one already has a topic of its own, from its preparation or because
    it was held. Then no meeting takes that place, and the last one is the one that was called off last.
    """
    off: list[Meeting] = []
    for meeting in sorted(state.meetings, key=_BY_START, reverse=True):
        if meeting.cancelled is None or meeting.held:
            if not off or {meeting.topic, meeting.session} <= {None, state.rules.closing}:
                return meeting
            break
        off.append(meeting)
    return max(off, key=_called_off_at, default=None)


def _called_off_at(meeting: Meeting) -> Instant:
    return meeting.cancelled.at if meeting.cancelled is not None else meeting.start


def topic_for(state: State, n: int | None, held_at: Instant | None = None) -> int:
    """The session of meeting `n`, or of an extra one at `held_at`. Topics advance with meetings held, and the last planned takes the closing one (H10).

    A meeting keeps the topic that its preparation brought; otherwise its topic is the first that no meeting held has taken. An extra meeting takes
    the closing session once the last planned one is past or cancelled, and was not held.
    """
    closing = state.rules.closing
    last = closing_meeting(state)
    if closing is not None and last is not None:
        if n == last.n:
            return closing
        if held_at is not None and stands_in(last, held_at, closing) and not _closing_used(state, held_at):
            return closing
    meeting = state.meeting(n) if n is not None else None
    if meeting is not None and meeting.topic is not None:
        return meeting.topic
    topics = [index for index in range(state.rules.sessions) if index != closing]
    taken = topics_taken(state)
    return next((topic for topic in topics if topic not in taken), topics[-1] if topics else 0)


def topics_taken(state: State) -> set[int | None]:
    """The sessions of the meetings that were held, planned or extra."""
    return {m.session for m in state.meetings} | {extra.session for extra in state.extras}


def who_has_topic(state: State, session: int | None) -> tuple[Side, ...]:
    """To whom this topic's questions have already gone."""
    return tuple(side for side in SIDES if session in state.person(side).topics)


def waiting_slots(state: State) -> int | None:
    """How many slots wait for a time, such as those that a pause took off the calendar (P6); None when every slot is planned.

    An early end in between leaves it at that: no slot is planned any more, and what was not done when it was decided is not done afterwards (H7).
    """
    if state.ended is not None:
        return state.ended.waiting
    if state.plan_request is not None:
        return state.plan_request.count
    return (state.pausing.dropped or None) if state.pausing is not None else None


def closing_meeting(state: State) -> Meeting | None:
    """The planned meeting that takes the closing session; None while later slots are still to be planned."""
    return _last_planned(state) if waiting_slots(state) is None else None


def topic_moves_on(state: State, meeting: Meeting, now: Instant) -> bool:
    """Whether another planned conversation takes this one's topic if this one does not take place (H10). Mails and pages promise it.

    The other one has to be later than this one and than `now`. It cannot be the closing one, which has a topic of its own.
    """
    closing = closing_meeting(state) if state.rules.closing is not None else None
    after = max(meeting.start, now)
    return any(later.start > after and later.cancelled is None and later != closing for later in state.meetings)


def stands_in(last: Meeting, held_at: Instant, closing: int) -> bool:
    """Whether an extra meeting takes the place of the last planned one, which was past or cancelled by then, and not held.

    It also does if that one was held about another topic, while later slots were still to come.
    """
    if last.held and last.session in (None, closing):
        return False
    return _called_off_at(last) <= held_at


def _closing_used(state: State, before: Instant) -> bool:
    """Whether a meeting has used up the closing session. An extra one does only if it was held `before`: reports come in any order."""
    closing = state.rules.closing
    held = any(m.held and m.session == closing for m in state.meetings)
    return held or any(extra.session == closing and extra.held_at < before for extra in state.extras)


def latest_slot(state: State) -> Instant | None:
    """The start from which the rhythm goes on when slots are added. A cancelled meeting that is still ahead holds no place."""
    return max((m.start for m in state.meetings if m.cancelled is None or m.start <= state.now), default=None)


@remembered("meetings", "extras")
def _since_the_last_held(state: State) -> tuple[Meeting, ...]:
    """Planned meetings that were not held, in the order of their start, since the last meeting that was held."""
    held = held_instants(state)
    left = [meeting for meeting in state.meetings if not meeting.held and not (held and meeting.start < held[-1])]
    return tuple(sorted(left, key=_BY_START))


def not_held_in_a_row(state: State) -> int:
    """The longest row of planned meetings not held since the last meeting that was held, planned or extra.

    A meeting that is still ahead may be held, so meetings cancelled on either side of it are not in a row.
    """
    longest = run = 0
    for meeting in _since_the_last_held(state):
        if meeting.not_held:
            run += 1
            longest = max(longest, run)
        elif meeting.start > state.now:
            run = 0
    return longest


@remembered("meetings", "extras")
def without_word_in_a_row(state: State) -> int:
    """How many meetings up to the latest one asked about are without a word from either, with no word about another conversation between them.

    To call off a meeting between them, or to report an extra one, is such a word. To call off a later meeting says nothing about them.
    """
    silent = [meeting.start for meeting in state.meetings if meeting.asked and meeting.without_word]
    last = max(silent, default=None)
    if last is None:
        return 0
    words = [meeting.start for meeting in state.meetings if meeting.reports or (meeting.cancelled is not None and meeting.start <= last)]
    words += [extra.held_at for extra in state.extras]
    latest = max(words, default=None)
    return len(silent) if latest is None else sum(start > latest for start in silent)


def is_unasked(state: State, meeting: Meeting, side: Side) -> bool:
    """Whether the partner says that `side` was absent, and `side` was not asked, since they had admitted it or were not reached (H13)."""
    if not state.rules.revision:
        return False
    theirs, claim = meeting.report(other(side)), meeting.claim(side)
    return theirs is not None and theirs.partner == "absent" and (claim is None or (claim.stands == "no" and not claim.disputed))
