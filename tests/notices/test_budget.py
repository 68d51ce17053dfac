"""Over budget, the least important mails merge or are dropped: the ledger's decision, kind by kind (Calm)."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from temporalio.testing import ActivityEnvironment

from activities.notices import NoticeActivities, NoticeRequest
from mentorship.budget import room, together
from mentorship.effects import SendNotice
from mentorship.people import Pair
from mentorship.programme import Mail
from rehearsal.ports import HeldLedger

MONTH = timedelta(days=30)
START = datetime(2027, 3, 1, 8, tzinfo=UTC)


@pytest.fixture(params=["records", "rehearsal"])
def send(request, records):
    """Asks the ledger whether a mail may go; `day` counts from the start. Six in thirty days are allowed. A rehearsal's ledger counts as records do (P1)."""
    numbers = count(1)
    ledger = HeldLedger() if request.param == "rehearsal" else records.notices

    async def ask(kind: str, day: float = 0, pair: str = "one", *, exempt: bool = False) -> str:
        key = f"mentorship.spring.{pair}/{next(numbers)}.0"
        at = START + timedelta(days=day)
        answer = await ledger.begin(key, "p-ana", kind, exempt, at, 6, MONTH)
        if answer == "send":
            await ledger.sent(key, f"<{key}>", at)
        again = await ledger.begin(key, "p-ana", kind, exempt, at, 6, MONTH)
        assert again == ("already" if answer == "send" else answer)
        return answer

    return ask


async def test_what_asks_again_leaves_the_budgets_last_place_to_a_preparation(send):
    assert [await send("prepare", day) for day in range(5)] == ["send"] * 5
    for kind in ("ask", "alignment_reminder", "survey_reminder", "check_in", "halfway"):
        assert await send(kind, 5) == "over_budget"
    assert await send("prepare", 5) == "send"
    assert await send("prepare", 6) == "over_budget"
    assert await send("rescheduled", 6, exempt=True) == "send"


async def test_what_went_a_month_ago_to_the_second_is_not_counted_and_what_went_later_is(send):
    assert [await send("prepare", day) for day in range(6)] == ["send"] * 6
    assert await send("prepare", 30 - 1e-6) == "over_budget"
    assert await send("rescheduled", 30 - 1e-6, exempt=True) == "send"
    assert await send("prepare", 30) == "send"
    assert await send("prepare", 30) == "over_budget"


async def test_preparations_of_one_day_for_several_pairs_become_one_once_half_the_budget_is_used(send):
    assert [await send("welcome", 0, pair) for pair in ("one", "two", "three")] == ["send"] * 3
    assert await send("prepare", 4, "one") == "send"
    assert await send("prepare", 4.2, "two") == "over_budget"
    assert await send("prepare", 4.9, "three") == "over_budget"
    assert await send("prepare", 5, "two") == "send"  # another day


async def test_while_there_is_room_each_pair_has_its_own(send):
    assert [await send("prepare", 0, pair) for pair in ("one", "two", "three")] == ["send"] * 3
    assert await send("prepare", 0, "four") == "over_budget"
    assert await send("ask", 0.5, "four") == "send"  # no other one of its kind went


@pytest.mark.parametrize("kind", ["welcome", "nudge", "check_in"])
async def test_what_no_other_mail_can_say_never_merges(send, kind):
    assert [await send(kind, 0, pair) for pair in ("one", "two", "three", "four")] == ["send"] * 4


async def test_two_mails_of_one_pair_never_merge(send):
    assert [await send("prepare", day / 10, "one") for day in range(6)] == ["send"] * 6


async def test_a_mentor_of_many_is_still_written_to_once_a_fortnight(send):
    went = {day: [await send("prepare", day, f"pair-{number}") for number in range(6)].count("send") for day in (0, 14, 28, 42, 56, 70)}
    assert all(number >= 1 for number in went.values())


@pytest.mark.parametrize("held", [False, True], ids=["records", "rehearsal"])
async def test_what_came_too_late_is_not_counted(records, held):
    """P5: when a worker was there again, the mail no longer helped anybody."""
    ledger = HeldLedger() if held else records.notices
    notice = SendNotice(id="1.0", kind="prepare", to="mentee", due=START, helps_until=START + timedelta(days=1))
    request = NoticeRequest(mentorship="mentorship.spring.one", pair=Pair(mentor="p-ben", mentee="p-ana"), texts="t", notice=notice, mail=Mail())

    class Post:
        async def readers(self, _: NoticeRequest) -> tuple[str, ...]:
            return ("p-ana",)

    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, started_time=START + timedelta(days=1))
    delivery = await environment.run(NoticeActivities(Post(), ledger, max).send_notice, request)  # type: ignore[arg-type]
    assert (delivery.outcome, delivery.why) == ("failed", "too_late")
    assert await ledger.begin("mentorship.spring.one/2.0", "p-ana", "prepare", False, START + timedelta(days=1), 1, MONTH) == "send"


@pytest.mark.parametrize(
    ("kind", "alike", "places"),
    [
        *((kind, False, [1, 2, 5, 6]) for kind in ("welcome", "prepare", "heads_up", "closing_survey", "nudge")),
        *((kind, False, [1, 1, 4, 5]) for kind in ("ask", "alignment_reminder", "survey_reminder", "check_in", "halfway")),
        *((kind, True, [1, 1, 3, 3]) for kind in ("prepare", "ask", "halfway", "heads_up", "closing_survey", "alignment_reminder", "survey_reminder")),
        *((kind, True, [1, 2, 5, 6]) for kind in ("welcome", "nudge")),
    ],
)
def test_how_many_may_go_before_one_more_of_this_kind(kind, alike, places):
    """Calm: repeated questions leave the last place to others; mails that can stand for several merge once half is used; one always may go."""
    assert [room(kind, most, alike=alike) for most in (1, 2, 5, 6)] == places


def test_one_mail_stands_for_another_within_a_day_of_thirty():
    assert together(timedelta(days=30)) == timedelta(days=1)
