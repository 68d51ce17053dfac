from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from records.errors import BeingSent, UnknownNotice

NOON = datetime(2027, 4, 1, 12, tzinfo=UTC)
MONTH = timedelta(days=30)


@pytest.fixture
def begin(records):
    async def call(key, at=NOON, person="p-1", kind="ask", exempt=False, most=6, lease=None):
        return await records.notices.begin(key, person, kind, exempt, at, most, MONTH, lease)

    return call


@pytest.fixture
def deliver(records, begin):
    async def call(key, at=NOON, **facts):
        assert await begin(key, at, **facts) == "send"
        await records.notices.sent(key, f"<{key}@x>", at)

    return call


async def test_nothing_is_sent_twice(records, begin, deliver):
    await deliver("m1/1.0")
    assert await begin("m1/1.0") == "already"
    await records.notices.sent("m1/1.0", "<again@x>", NOON + MONTH)
    assert [(notice.message_id, notice.at) for notice in await records.notices.of("p-1")] == [("<m1/1.0@x>", NOON)]


async def test_a_crash_before_the_mail_server_answered_sends_again(begin):
    assert await begin("m1/1.0") == "send"
    assert await begin("m1/1.0") == "send"


async def test_a_mail_that_several_may_send_is_in_the_hands_of_one_until_its_attempt_is_over(begin):
    """After a crash the mail is free again; whoever takes it over has it for as long."""
    lease = timedelta(minutes=2)
    assert await begin("shared", lease=lease) == "send"
    for at in (NOON - timedelta(seconds=1), NOON, NOON + timedelta(seconds=119)):
        with pytest.raises(BeingSent):
            await begin("shared", at, lease=lease)
    assert await begin("shared", NOON + lease, lease=lease) == "send"
    with pytest.raises(BeingSent):
        await begin("shared", NOON + timedelta(minutes=3), lease=lease)


async def test_a_mail_that_several_may_send_is_free_once_it_is_settled(records, begin):
    lease = timedelta(minutes=2)
    assert await begin("gone", lease=lease) == "send"
    await records.notices.sent("gone", "<1@x>", NOON)
    assert await begin("gone", lease=lease) == "already"
    assert await begin("bounced", lease=lease) == "send"
    await records.notices.failed("bounced", "bounced", NOON)
    assert await begin("bounced", lease=lease) == "send"
    with pytest.raises(BeingSent):
        await begin("bounced", lease=lease)


async def test_an_attempt_that_was_held_up_leaves_what_a_later_one_decided(records, begin):
    """A worker was stopped, another one found that the mail came too late, and the first went on: the mail would go after all, or count for two days."""
    assert await begin("held-up", NOON + timedelta(seconds=15)) == "send"
    with pytest.raises(BeingSent):
        await begin("held-up")
    await records.notices.failed("held-up", "too_late", NOON + timedelta(seconds=15))
    with pytest.raises(BeingSent):
        await begin("held-up")
    assert [(notice.state, notice.why) for notice in await records.notices.of("p-1")] == [("failed", "too_late")]
    assert await begin("held-up", NOON + timedelta(minutes=1)) == "send"


async def test_the_seventh_mail_in_thirty_days_is_over_budget_whatever_pair_it_is_about(begin, deliver):
    for number in range(6):
        await deliver(f"m{number}/1.0", NOON - timedelta(days=6 - number), kind="prepare")
    assert await begin("m9/1.0", kind="prepare") == "over_budget"
    assert await begin("m9/1.0", NOON + MONTH, kind="prepare") == "over_budget"  # an answer stays
    assert await begin("m9/1.0-other", person="p-2") == "send"


async def test_a_mail_exactly_thirty_days_ago_no_longer_counts(begin, deliver):
    await deliver("old", NOON - MONTH)
    assert await begin("new", most=1) == "send"


async def test_a_mail_one_second_less_than_thirty_days_ago_counts(begin, deliver):
    await deliver("old", NOON - MONTH + timedelta(seconds=1))
    assert await begin("new", most=1) == "over_budget"


async def test_exempt_mails_are_neither_counted_nor_refused(begin, deliver):
    await deliver("change", exempt=True)
    await deliver("ordinary", most=1)
    assert await begin("another", most=1) == "over_budget"
    assert await begin("certificate", exempt=True, most=1) == "send"


async def test_a_mail_that_failed_for_good_does_not_count_and_may_be_tried_again(records, begin):
    assert await begin("bounced", most=1) == "send"
    await records.notices.failed("bounced", "550 5.1.1 <ada@corp.example> unknown", NOON)
    assert await begin("next", most=1) == "send"
    assert [(notice.state, notice.why) for notice in await records.notices.of("p-1")] == [
        ("failed", "550 5.1.1 <ada@corp.example> unknown"),
        ("intended", None),
    ]
    assert await begin("bounced") == "send"


async def test_a_mail_about_to_be_sent_counts_so_that_two_workers_do_not_share_the_last_place(begin):
    assert await begin("one", most=1) == "send"
    assert await begin("two", most=1) == "over_budget"


async def test_what_was_begun_and_given_up_in_an_outage_takes_nobodys_place_for_a_month(begin, deliver):
    """The workflow drops mails that no longer help; the ledger only sees that nobody tries them again."""
    await deliver("m1/0")
    assert [await begin(f"m1/{n}") for n in range(1, 5)] == ["send"] * 4
    assert await begin("m1/5", NOON + timedelta(days=2, seconds=-1)) == "over_budget"
    later = NOON + timedelta(days=2)
    assert [await begin(f"m1/{n}", later) for n in range(6, 11)] == ["send"] * 4 + ["over_budget"]


async def test_what_was_sent_never_becomes_failed(records, begin, deliver):
    await deliver("one")
    await records.notices.failed("one", "late", NOON)
    assert await begin("one") == "already"


async def test_who_unsubscribed_gets_only_what_is_exempt(records, begin):
    await records.notices.unsubscribe("p-1")
    await records.notices.unsubscribe("p-1")
    assert await begin("ask") == "unsubscribed"
    assert await begin("ask") == "unsubscribed"
    assert await begin("certificate", exempt=True) == "send"
    assert await begin("other", person="p-2") == "send"


async def test_unsubscribing_can_be_undone_and_what_was_left_out_stays_left_out(records, begin):
    await records.notices.subscribe_again("p-1")
    await records.notices.unsubscribe("p-1")
    assert await records.notices.is_unsubscribed("p-1")
    assert await begin("k1") == "unsubscribed"
    await records.notices.subscribe_again("p-1")
    assert not await records.notices.is_unsubscribed("p-1")
    assert [await begin(key) for key in ("k1", "k2")] == ["unsubscribed", "send"]


async def test_who_stopped_the_reminders_is_welcomed_to_another_mentorship_all_the_same(records):
    """Partner, times and page appear in no other mail (H3, H11); preparation, questions and reminders stay off."""
    await records.notices.unsubscribe("p-1")
    asked = [await records.notices.begin(kind, "p-1", kind, False, NOON, 6, MONTH) for kind in ("welcome", "prepare", "ask")]
    assert asked == ["send", "unsubscribed", "unsubscribed"]


async def test_a_notice_that_was_never_begun_is_a_mistake(records):
    with pytest.raises(UnknownNotice):
        await records.notices.sent("never", "<x@x>", NOON)


async def test_a_key_is_one_mail_to_one_person(begin):
    await begin("m1/1.0")
    with pytest.raises(ValueError, match="a key of its own for each person"):
        await begin("m1/1.0", person="p-2")


async def test_the_last_mail_of_a_kind_is_found_by_its_kind_its_person_and_how_its_key_begins(records, begin, deliver):
    await deliver("cohort.a/1", NOON)
    await deliver("cohort.a/2", NOON + timedelta(days=1))
    await deliver("cohort.ab/3", NOON + timedelta(days=2))
    await deliver("cohort.a/4", NOON + timedelta(days=3), person="p-2")
    assert await begin("cohort.a/5", NOON + timedelta(days=4)) == "send"  # meant, and never sent
    assert await records.notices.last_sent("p-1", ["ask", "digest"], "cohort.a/") == NOON + timedelta(days=1)
    assert await records.notices.last_sent("p-1", ["digest"], "cohort.a/") is None
    assert await records.notices.last_sent("p-3", ["ask"], "cohort.a/") is None


async def test_who_missed_the_newest_mail_of_a_kind_about_a_thing_is_found(records, begin, deliver):
    day = timedelta(days=1)

    async def refused(key: str, at: datetime, **more: Any) -> None:
        await begin(key, at, **more)
        await records.notices.failed(key, "bounced", at)

    await refused("cohort.a/1", NOON)
    await deliver("cohort.a/2", NOON + day)  # it was sent after all
    await deliver("cohort.b/1", NOON)
    await refused("cohort.b/2", NOON + day)
    await refused("cohort.a/3", NOON, person="p-2")
    await refused("cohort.a/4", NOON + day, person="p-3", kind="prepare")
    assert [(mail.key, mail.why) for mail in await records.notices.missed("ask", NOON)] == [("cohort.a/3", "bounced"), ("cohort.b/2", "bounced")]
    assert [mail.key for mail in await records.notices.missed("ask", NOON + day)] == ["cohort.b/2"]


async def test_two_mails_at_one_moment_come_to_the_ledger_in_either_order_and_both_count(begin):
    """Calm: two attempts for two pairs of one person; the one that a worker began first reaches the ledger second."""
    assert [await begin(f"m{n}/1", NOON, kind="check_in") for n in range(1, 5)] == ["send"] * 4
    assert await begin("m5/1", NOON + timedelta(milliseconds=500), kind="check_in") == "send"
    assert await begin("m6/1", NOON + timedelta(milliseconds=200), kind="check_in") == "over_budget"


async def test_another_kind_for_another_pair_on_the_same_day_is_nothing_alike(begin, deliver):
    for n in range(1, 4):
        await deliver(f"m{n}/1", NOON, kind="prepare")
    assert await begin("m4/1", NOON, kind="heads_up") == "send"
    assert await begin("m5/1", NOON, kind="prepare") == "over_budget"


async def test_what_was_begun_before_a_window_shorter_than_two_days_takes_no_place_in_it(records):
    day = timedelta(days=1)
    assert await records.notices.begin("m1/1", "p-1", "check_in", False, NOON, 1, day) == "send"
    assert await records.notices.begin("m2/1", "p-1", "check_in", False, NOON + day - timedelta(seconds=1), 1, day) == "over_budget"
    assert await records.notices.begin("m3/1", "p-1", "check_in", False, NOON + day, 1, day) == "send"


async def test_a_mailbox_refuses_while_its_newest_mail_about_something_was_refused(records, begin, deliver):
    """H16: this tells whether anybody who was asked about a concern can be reached."""
    assert not await records.notices.refused("p-1", "case.c/")
    await begin("case.c/1", NOON, exempt=True)
    await records.notices.failed("case.c/1", "bounced", NOON)
    await begin("case.d/1", NOON + timedelta(days=2), exempt=True)
    await records.notices.failed("case.d/1", "bounced", NOON + timedelta(days=2))
    assert await records.notices.refused("p-1", "case.c/")
    assert not await records.notices.refused("p-2", "case.c/")
    await deliver("case.c/2", NOON + timedelta(days=1), exempt=True)
    assert not await records.notices.refused("p-1", "case.c/")
    await begin("case.c/3", NOON + timedelta(days=3), exempt=True)
    await records.notices.failed("case.c/3", "bounced", NOON + timedelta(days=3))
    assert await records.notices.refused("p-1", "case.c/")


async def test_what_is_settled_went_or_was_decided_not_to_go(records, begin, deliver):
    await deliver("m1/1.0", NOON)
    await begin("m1/2.0", NOON)
    await begin("m1/3.0", NOON)
    await records.notices.failed("m1/3.0", "bounced", NOON)
    assert await begin("m1/4.0", NOON, most=1) == "over_budget"
    await records.notices.unsubscribe("p-1")
    assert await begin("m1/5.0", NOON) == "unsubscribed"
    assert await begin("m10/6.0", NOON) == "unsubscribed"
    assert await records.notices.settled("m1") == {"1.0", "3.0", "4.0", "5.0"}


async def test_who_is_known_can_unsubscribe_and_of_who_was_erased_nothing_is_kept(records, people):
    for one in people:
        await records.notices.unsubscribe(one)
        assert await records.notices.is_unsubscribed(one)
        await records.notices.subscribe_again(one)
    await records.people.erase(people[0])
    for one in people:
        await records.notices.unsubscribe(one)
    assert [await records.notices.is_unsubscribed(one) for one in people] == [False, True]
