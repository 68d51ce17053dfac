"""What a mail still helps with after it had to wait: for its reader's morning, the spread, the mail server, or a worker (*Time*, Calm)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from mentorship.duration import Duration
from mentorship.effects import OUTLIVING, MeetingFacts, NoticeKind, SendNotice
from mentorship.instant import Instant
from mentorship.people import SIDES, Side, other
from mentorship.policy.follow_ups import feedback_given
from mentorship.policy.ladder import coordinator_told, frozen
from mentorship.policy.meetings import calendar, described, topic_for, topic_moves_on, topics_taken, who_has_topic
from mentorship.policy.milestones import one_sided, standing
from mentorship.policy.pauses import pause_to_add
from mentorship.state import State

ALONGSIDE: frozenset[NoticeKind] = frozenset({"prepare", "ask", "halfway", "heads_up"})
"""Mails that also say that the partner would like more time: no mail goes for that alone (Calm)."""


def still_helping(notice: SendNotice, state: State, now: Instant) -> SendNotice | None:
    """The mail with what it helps with now, asked right before it goes. None: it helps nobody any more.

    It leaves out questions that were answered meanwhile, and promises no topic to a conversation that was called off since. It brings the calendar and
    the end as they are now: another change may wait behind this mail, or have gone before it, and a pause moves the end. A welcome may have waited for
    the first day since its cohort was started. It brings the milestones as they are now, until it is decided who is certified, the benefits that its
    reader has pinned now, and who accepted the time of the meeting that it prepares; and it says whether the partner would like more time.
    """
    going = _going(notice, state, now)
    if going is None:
        return None
    notice = going
    side = next((side for side in SIDES if side == notice.to), None)
    still: dict[str, object] = {
        "unreported": tuple(n for n in notice.unreported if _without_word(state, n)),
        "topic_moves_on": notice.topic_moves_on and _topic_moves_on(notice, state, now),
        "pulse": notice.pulse and not (side is not None and state.person(side).pulse_answered),
        "survey": notice.survey and not (side is not None and state.person(side).closing_answered),
    }
    if notice.calendar is not None and notice.calendar_sequence != state.calendar_sequence and not state.over:  # an end has its own, of past meetings
        still |= {"calendar": calendar(state), "calendar_sequence": state.calendar_sequence}
    if notice.meeting is not None and side is not None:
        still["meeting"] = _as_it_is_now(notice, notice.meeting, state, side, now)
    if notice.ends is not None and not state.over:
        still["ends"] = state.ends + pause_to_add(state)
    if notice.kind in ALONGSIDE and side is not None:
        still["longer"] = longer_wanted(state, side)
    if notice.milestones and side is not None and state.decided is None and state.rules.revision:
        still["milestones"], still["needed"] = standing(state, side)
        still["answered"], still["awaits_reader"] = one_sided(state, side)
    if side is not None and state.rules.revision >= 3:
        person = state.person(side)
        given = notice.feedback_for is not None and feedback_given(state, side, notice.feedback_for)
        still["helps_until"], still["pins"] = _helps_until(notice, state), person.pins
        still["feedback_for"] = None if given else notice.feedback_for
        still["survey"] = notice.survey and not person.closing_answered and not state.over  # nobody takes an answer then
        still["survey_answered"] = _survey_answered(notice, state)
    return notice if all(getattr(notice, name) == value for name, value in still.items()) else notice.model_copy(update=still)


def _going(notice: SendNotice, state: State, now: Instant) -> SendNotice | None:
    """The mail, or the news that it took along if that is all that still helps; None if nothing does."""
    until = _helps_until(notice, state)
    return notice if (until is None or now < until) and _is_open(notice, state) else _news_taken_along(notice, state, now)


def _helps_until(notice: SendNotice, state: State) -> Instant | None:
    """Until reports close, if nothing else is left: for whoever has answered the survey, and for how the reader remembers an absence (H13)."""
    reports = _survey_answered(notice, state) or (notice.kind == "absence_reported" and state.rules.revision >= 3)
    closes = state.reporting_ends + pause_to_add(state)
    return min(notice.helps_until, closes) if reports and notice.helps_until is not None else notice.helps_until


def _survey_answered(notice: SendNotice, state: State) -> bool:
    """Whether this is the mail that asks for the closing survey, and its reader answered while it waited."""
    return notice.kind == "closing_survey" and state.rules.revision >= 3 and any(side == notice.to and state.person(side).closing_answered for side in SIDES)


def _as_it_is_now(notice: SendNotice, facts: MeetingFacts, state: State, side: Side, now: Instant) -> MeetingFacts:
    """The meeting with who accepted its time, if it is prepared, and with its topic of now.

    Another conversation may have taken the topic meanwhile (H10). Then the meeting has the next one, as its page says: the mail names that, and brings the
    questions of neither.
    """
    if notice.kind == "prepare":
        accepted = _accepted(state, facts.meeting)
        facts = facts.model_copy(update={"accepted": side in accepted, "confirmed": len(accepted) == len(SIDES)})
    meeting = state.meeting(facts.meeting)
    if state.rules.revision < 3 or meeting is None or meeting.start <= now or facts.session is None or facts.session not in topics_taken(state):
        return facts
    session = topic_for(state, meeting.n)
    if session == facts.session:
        return facts
    return facts.model_copy(update={"session": session, "session_sent": side in who_has_topic(state, session), "session_on_page": True})


def longer_wanted(state: State, side: Side) -> Duration | None:
    """How much more time the other asked for and this side has not agreed to; None if nobody waits for that."""
    waits = state.person(other(side)).asked_extension and not state.extended_by_pair and not state.closing
    return state.rules.extension.by_pair if waits else None


def _news_taken_along(notice: SendNotice, state: State, now: Instant) -> SendNotice | None:
    """What remains of a proposal that is settled or past, if it goes instead of the news of a move: the news that the meeting has another time.

    It brings the topic that it took along. Up to revision 2 that was lost.
    """
    facts, until = notice.meeting, notice.news_until
    meeting = state.meeting(facts.meeting) if facts is not None else None
    if facts is None or until is None or now >= until or state.over or meeting is None or meeting.cancelled is not None:
        return None
    topic = {"session": facts.session, "session_sent": facts.session_sent} if state.rules.revision >= 3 else {}
    moved = described(state, meeting, previous_start=notice.known_start, **topic)
    return notice.model_copy(update={"kind": "rescheduled", "change": "moved", "meeting": moved, "helps_until": until, "news_until": None})


def _is_open(notice: SendNotice, state: State) -> bool:
    """Whether what it asks or prepares for is still open. News stays open, unless it tells of a time, a pause or a resumption that is no longer so."""
    if state.over:
        return notice.kind in OUTLIVING
    side = next((side for side in SIDES if side == notice.to), None)
    match notice.kind:
        case "alignment_reminder":
            return side is None or state.person(side).confirmed_at is None
        case "check_in":
            return "run" in state.seen and not (state.pausing is not None and state.rules.revision >= 3)
        case "nudge" if side is not None and state.rules.revision >= 2:  # it says that nobody else was told
            stands = state.rules.revision < 3 or (state.person(side).rung > 0 and not frozen(state))
            return stands and not coordinator_told(state, side)
        case "heads_up" if state.rules.revision >= 3:  # an extension far enough lets it come again
            return "heads_up" in state.seen
        case "case" if state.rules.revision >= 3:
            return notice.line is None or notice.line in state.attention
        case "survey_reminder":
            return side is None or not state.person(side).closing_answered
        case "rescheduled" if notice.change in ("paused", "resumed") and state.rules.revision:
            return (notice.change == "paused") is (state.pausing is not None)
        case _:
            return notice.meeting is None or side is None or _meeting_is_open(notice, notice.meeting, state, side)


def _meeting_is_open(notice: SendNotice, facts: MeetingFacts, state: State, side: Side) -> bool:
    meeting = state.meeting(facts.meeting)
    match notice.kind:
        case "ask":
            return _without_word(state, facts.meeting)
        case "prepare":
            return meeting is not None and meeting.without_word and meeting.start == facts.start
        case "rescheduled" if notice.change == "moved":
            return meeting is not None and meeting.cancelled is None and meeting.start == facts.start
        case "move_proposed":
            proposal = meeting.proposal(other(side)) if meeting is not None else None
            return proposal is not None and proposal.to == facts.start
        case "absence_reported":
            claim, own = (meeting.claim(side), meeting.report(side)) if meeting is not None else (None, None)
            admitted = own is not None and own.own == "absent" and state.rules.revision
            return claim is not None and claim.stands == "open" and not admitted
        case _:
            return True


def _topic_moves_on(notice: SendNotice, state: State, now: Instant) -> bool:
    meeting = state.meeting(notice.meeting.meeting) if notice.meeting is not None else None
    return meeting is not None and topic_moves_on(state, meeting, now)


def _accepted(state: State, n: int) -> tuple[Side, ...]:
    meeting = state.meeting(n)
    return meeting.accepted if meeting is not None else ()


def _without_word(state: State, n: int) -> bool:
    meeting = state.meeting(n)
    return meeting is not None and meeting.without_word


class Joined(NamedTuple):
    """The mails that wait from now on, and which mail gave way to which."""

    waiting: tuple[SendNotice, ...]
    gone: tuple[tuple[SendNotice, SendNotice], ...]


def joined(waiting: Sequence[SendNotice], notice: SendNotice, state: State, now: Instant, resting: Collection[str] = ()) -> Joined:
    """Adds one more mail for a reader to those that wait: never two about one meeting at once.

    An older mail gives way to newer news of the same meeting, which also tells and asks what the older one would have. It does not if the newer one
    helps nobody: after an outage both may wait, with the newer one's time passed. A preparation goes along with news that waits, unless that is one
    of the `resting`: those could not be sent, and may never be.
    """
    stay: list[SendNotice] = []
    gone: list[tuple[SendNotice, SendNotice]] = []
    helps = _going(notice, state, now) is not None
    for older in waiting:
        if helps and notice.replaces(older):
            notice = notice.asking_for(older)
            gone.append((older, notice))
        else:
            stay.append(older)
    for place, news in enumerate(stay):
        as_likely = news.id not in resting or notice.id in resting
        if notice.rides_with(news) and as_likely and _going(news, state, now) is not None:
            stay[place] = news.asking_for(notice)
            return Joined(tuple(stay), (*gone, (notice, stay[place])))
    return Joined((*stay, notice), tuple(gone))


def joined_anew(waiting: Iterable[SendNotice], state: State, now: Instant, resting: Collection[str] = ()) -> Joined:
    """The same when a mail that was on its way waits again: each joins as if it came now, the oldest first."""
    stay: tuple[SendNotice, ...] = ()
    gone: list[tuple[SendNotice, SendNotice]] = []
    for notice in waiting:
        found = joined(stay, notice, state, now, resting)
        stay = found.waiting
        gone += found.gone
    return Joined(stay, tuple(gone))


def heir(lost: SendNotice, waiting: Iterable[SendNotice]) -> SendNotice | None:
    """The next preparation that waits for the same reader, with what it can bring of a mail that does not go (H10); None if it brings nothing more."""
    following = next((one for one in waiting if one.kind == "prepare" and one.to == lost.to), None)
    made = following.asking_for(lost) if following is not None else None
    return None if made == following else made
