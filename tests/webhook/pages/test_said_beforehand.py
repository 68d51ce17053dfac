"""What a page says of a meeting beforehand is what the core then does, whatever the two have done before (H14, H13, H10).

Pure: stories made up by chance, told to the core, and looked at through the eyes of both at many moments.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mentorship import commands as c
from mentorship.advance import advance, begin
from mentorship.commands import Slot
from mentorship.events import MentorshipStarted
from mentorship.people import SIDES, Pair, Side, other
from mentorship.policy.ladder import strikes
from mentorship.programme import Programme
from mentorship.state import Person, State
from webhook.pages.meetings import Meetings, MeetingView

STARTS = datetime(2027, 3, 1, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
STORIES = 60
LOOKED_AT = 0.25


def begun(programme: Programme) -> State:
    """Two meetings, five days apart."""
    starts = [STARTS + timedelta(days=5 * n, hours=1) for n in (1, 2)]
    slots = tuple(Slot(start=start, prepare_at=start - 3 * DAY, ask_at=start + DAY) for start in starts)
    ends = STARTS + timedelta(weeks=3)
    pair = Pair(mentor="p-m", mentee="p-e")
    event = MentorshipStarted(at=STARTS, pair=pair, rules=programme.rules(), starts=STARTS, ends=ends, reporting_ends=ends + 7 * DAY, slots=slots)
    return begin(event).state


def told(state: State, side: Side, command: Any, at: datetime) -> State:
    named = command.model_copy(update={"message_id": f"{side} {command!r} {at}", "by": state.pair.person(side), "at": at})
    return advance(state, [named], max(at, state.now)).state


def counts(state: State, n: int, side: Side) -> bool:
    """Whether this meeting counts against them."""
    fresh: dict[str, Person] = {one: state.person(one).model_copy(update={"cleared_at": None}) for one in SIDES}
    alone = tuple(meeting for meeting in state.meetings if meeting.n == n)
    return bool(strikes(state.model_copy(update={"meetings": alone, **fresh}), side))


def likely(state: State, now: datetime, chance: random.Random) -> Any:
    near = min(state.meetings, key=lambda meeting: abs(meeting.start - now))
    meeting = chance.choice([near, near, near, chance.choice(state.meetings)])
    proposals = [proposal.to for proposal in meeting.proposals]
    to = chance.choice([*proposals, meeting.start + timedelta(hours=chance.randint(-30, 60)), now + timedelta(hours=chance.randint(1, 90))])
    n, reason = meeting.n, chance.choice(["work", "personal", "not_said"])
    return chance.choice(
        [
            c.ConfirmMeeting(meeting=n),
            *(c.MoveMeeting(meeting=n, to=to) for _ in range(4)),
            c.CancelMeeting(meeting=n, reason=reason),
            c.Excuse(meeting=n),
            c.Dispute(meeting=n),
            c.ReportMeeting(meeting=n, held=chance.random() < 0.5),
            c.ReportMeeting(meeting=n, attendance=c.Attendance(self=chance.choice(["on_time", "late", "absent"]))),
            c.ReportMeeting(meeting=n, attendance=c.Attendance(partner="absent")),
            c.ReportMeeting(meeting=n, attendance=c.Attendance(partner="absent")),
        ]
    )


def moments(programme: Programme, seed: int) -> Any:
    """(state, now) at many moments of one story, near its meetings, where things happen."""
    chance = random.Random(seed)
    state, now = begun(programme), STARTS + DAY
    for side in SIDES:
        if chance.random() < 0.7:
            state = told(state, side, c.ConfirmMeeting(meeting="all"), now)
    while now < STARTS + timedelta(weeks=2):
        later = now + timedelta(hours=chance.choice([1, 3, 12, 20]))
        edges = [at for meeting in state.meetings for at in (meeting.start - state.rules.cancellations.notice.span, meeting.start) if now < at <= later]
        now = min(edges, default=later) if chance.random() < 0.5 else later
        side = chance.choice(SIDES)
        if chance.random() < 0.05:
            away = c.Pause(away=state.pair.person(side), begins=now + chance.choice([0, 2]) * DAY, until=now + 6 * DAY, message_id=f"hr-{now}", by="hr", at=now)
            state = advance(state, [away], max(now, state.now)).state
        elif state.meetings:
            state = told(state, side, likely(state, now, chance), now)
        if any(-DAY <= now - meeting.start <= 4 * DAY for meeting in state.meetings) and chance.random() < LOOKED_AT:
            yield state, max(now, state.now)


@pytest.fixture(scope="module")
def pages(programme, known) -> list[tuple[int, State, datetime, Side, Meetings]]:
    """What each of the two sees at many moments of many stories."""
    return [
        (seed, state, now, side, Meetings(known(state, side, now), state))
        for seed in range(STORIES)
        for state, now in moments(programme, seed)
        for side in SIDES
    ]


@pytest.fixture(scope="module")
def looks(pages) -> list[tuple[Any, State, datetime, Side, MeetingView]]:
    """Every meeting of every page."""
    return [((seed, now, side, view.n), state, now, side, view) for seed, state, now, side, meetings in pages for view in meetings.all]


def said_to_count(view: MeetingView) -> bool:
    """Whether the page of `cancel_meeting` says that calling the meeting off, or not having been there, counts."""
    if view.theirs_to_answer:
        return False
    return view.confirmed and not view.excused and not view.away if view.started else view.late_now


def test_what_is_said_to_count_counts_and_nothing_else(looks):
    seen: Counter[str] = Counter()
    for where, state, now, side, view in looks:
        if "cancel_meeting" not in view.may:
            continue
        for reason in ("work", "personal"):
            after = told(state, side, c.CancelMeeting(meeting=view.n, reason=reason), now)
            assert counts(after, view.n, side) == (said_to_count(view) and reason == "work"), where
        seen["theirs" if view.theirs_to_answer else "late" if view.late_now else "absent" if view.started else "free" if view.free_until else "never"] += 1
    assert all(seen[what] for what in ("late", "absent", "free", "never", "theirs")), seen


def test_an_absence_that_is_not_contested_counts_where_the_page_says_so(looks):
    seen: Counter[bool] = Counter()
    for where, state, _, side, view in looks:
        meeting = state.meeting(view.n)
        claim = meeting.claim(side) if meeting is not None else None
        if claim is not None and view.claim_until and "dispute" in view.may:
            over = advance(state, [], claim.asked_at + state.rules.attendance.contest_within.span + MINUTE).state
            if not view.lapsed:  # then a proposal counts, whose it was, and no absence
                assert counts(over, view.n, side) == view.counts, where
                seen[view.counts] += 1
    assert all(seen[what] for what in (True, False)), seen


def test_fine_by_me_is_offered_where_something_of_the_partners_would_count_and_then_it_does_not(looks):
    seen: Counter[str | None] = Counter()
    for where, state, now, side, view in looks:
        meeting = state.meeting(view.n)
        assert meeting is not None
        in_the_end = advance(state, [], now + 9 * DAY).state
        if counts(in_the_end, view.n, other(side)) and meeting.claim(other(side)) is None:  # who said so themself takes it back
            assert view.excusable or "excuse" not in view.may, where
        if view.excusable:
            excused = advance(told(state, side, c.Excuse(meeting=view.n), now), [], now + 9 * DAY).state
            assert not counts(excused, view.n, other(side)), where
            seen[view.excusable] += 1
    assert all(seen[what] for what in ("off", "proposal", "lapsed")), seen


def test_what_the_next_conversation_is_said_to_be_about_is_what_it_is_about(looks, programme):
    """H10; and a page says what a held meeting was about."""
    seen = 0
    for where, state, _, side, view in looks:
        meeting = state.meeting(view.n)
        assert meeting is not None
        if view.topic is not None and not view.started:
            met = told(advance(state, [], view.start + 60 * MINUTE).state, side, c.ReportMeeting(meeting=view.n, held=True), view.start + 60 * MINUTE)
            held = met.meeting(view.n)
            if held is not None and held.held:
                assert held.session is not None
                assert programme.texts().sessions[held.session] == view.topic, where
                seen += 1
        assert (view.state == "held") == meeting.held
        if view.free_until is not None and view.n == meeting.n and "cancel_meeting" in view.may:
            until = told(state, side, c.CancelMeeting(meeting=view.n, reason="work"), view.start - state.rules.cancellations.notice.span).meeting(view.n)
            assert until is None or until.cancelled is None or not until.cancelled.late, where
    assert seen > 20


def test_what_a_page_asks_for_is_what_can_be_said_and_was_not(pages):
    seen: Counter[str] = Counter()
    for seed, state, now, side, page in pages:
        where = (seed, now, side)
        assert [view.start for view in page.all] == sorted(meeting.start for meeting in state.meetings), where
        ahead = [meeting for meeting in state.meetings if meeting.cancelled is None and not meeting.held and meeting.start > now]
        coming = min(ahead, key=lambda meeting: meeting.start, default=None)
        assert (page.next.n if page.next is not None else None) == (coming.n if coming is not None else None), where
        agreed = told(state, side, c.ConfirmMeeting(meeting="all"), now)
        newly = {meeting.n for meeting in agreed.meetings if side in meeting.accepted} - {meeting.n for meeting in state.meetings if side in meeting.accepted}
        assert {view.n for view in page.to_accept} == newly, where
        for view in page.to_report:
            meeting = told(state, side, c.ReportMeeting(meeting=view.n, held=True), now).meeting(view.n)
            assert (view.i_said, view.state, meeting is not None and meeting.held) == (None, "open", True), where
        for view in page.claims:
            meeting = told(state, side, c.Dispute(meeting=view.n), now).meeting(view.n)
            claim = meeting.claim(side) if meeting is not None else None
            assert claim is not None, where
            assert claim.stands == "no", where
        seen.update(next=page.next is not None, accept=len(page.to_accept), report=len(page.to_report), claims=len(page.claims))
    assert all(seen[what] for what in ("next", "accept", "report", "claims")), seen
