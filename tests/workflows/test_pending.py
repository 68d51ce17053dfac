"""Mails that wait: which gives way while another is carried, which go together, and which no longer help (H10, *Time*, Calm)."""

from __future__ import annotations

import pytest

from activities.journal import JournalHead
from activities.notices import Delivery
from tests.workflows.place import DAY, EVENING, HOUR, about, mail
from workflows.outbox import Outbox, OutboxState
from workflows.pending import Pending


async def test_what_waits_behind_a_mail_that_is_being_carried_gives_way(place):
    """It may be carried for a day if the mail server is away; only a mail that is on its way to the server at this moment is exempt."""
    answer = place.held("1.0")
    place.outbox.add([], [mail("halfway", "1.0")])
    await place.carry()
    place.outbox.add([], [mail("prepare", "2.0", 1)])
    place.outbox.add([], [mail("rescheduled", "3.0", 1, change="cancelled")])
    assert place.waiting == ["1.0", "3.0"]
    place.outbox.add([], [mail("ended", "4.0")])
    assert place.waiting == ["1.0", "4.0"]
    answer.set_result(Delivery(outcome="sent"))
    await place.carry()
    assert ([notice.id for notice in place.asked], place.waiting) == (["1.0", "4.0"], [])
    assert [(lost.effect, lost.why) for lost in place.back] == [("2.0", "superseded"), ("3.0", "superseded")]


async def test_a_mail_that_has_to_wait_after_all_gives_way_to_what_came_meanwhile(place):
    """Calm, H10: it was on its way when the news came; in the morning one mail goes, with the topic."""
    answer = place.held("2.0")
    place.outbox.add([], [mail("prepare", "2.0", meeting=about(1, session=0))])
    await place.carry()
    news = about(1, previous_start=EVENING)
    place.outbox.add([], [mail("rescheduled", "3.0", meeting=news, change="moved")])
    assert place.waiting == ["2.0", "3.0"]
    answer.set_result(Delivery(outcome="later", until=EVENING + 12 * HOUR))
    await place.carry()
    assert [(notice.id, notice.meeting.session if notice.meeting else None) for notice in place.asked] == [("2.0", 0), ("3.0", 0)]
    assert [(lost.effect, lost.why, lost.session) for lost in place.back] == [("2.0", "superseded", None)]


async def test_a_preparation_goes_along_with_news_that_was_on_its_way_when_it_came(place):
    """Never two about one meeting at once: the news has to wait after all, for the morning or for a mail server."""
    answer = place.held("2.0")
    place.outbox.add([], [mail("rescheduled", "2.0", 1, change="moved")])
    await place.carry()
    place.outbox.add([], [mail("prepare", "3.0", meeting=about(1, session=0))])
    answer.set_result(Delivery(outcome="later", until=EVENING + 12 * HOUR))
    await place.carry()
    assert place.waiting == ["2.0"]
    assert [(lost.effect, lost.why, lost.session) for lost in place.back] == [("3.0", "superseded", None)]


def in_vain(place, *notices):
    """Gives the place an outbox in which these mails have used up their time and rest until tomorrow."""
    resting = tuple(Pending(effect=notice, not_before=EVENING + DAY, in_vain=3) for notice in notices)
    carried = OutboxState(head=JournalHead(seq=1000), pending=resting)
    place.outbox = Outbox("mentorship.spring.m-1", "t", carried, state=lambda: place.state, deliver=place._deliver, listed=dict)


@pytest.mark.parametrize(
    "news",
    [mail("move_proposed", "2.0", meeting=about(1, start=EVENING + 2 * DAY)), mail("rescheduled", "2.0", 1, change="moved")],
    ids=["settled meanwhile", "still true"],
)
async def test_a_mail_that_waits_again_does_not_give_way_to_older_news_that_rests(place, news):
    """The newer one stays: the older one, which nobody could send, may no longer help anybody."""
    in_vain(place, news)
    place.answers["3.0"] = lambda: Delivery(outcome="later", until=EVENING + 12 * HOUR)
    place.outbox.add([], [mail("prepare", "3.0", meeting=about(1, session=0))])
    await place.carry()
    assert (place.waiting, place.back) == (["2.0", "3.0"], [])


async def test_what_ran_out_of_its_day_is_tried_for_an_hour(place):
    """Calm: its reader's other mails no longer wait behind it."""
    in_vain(place, mail("halfway", "1.0"))
    place.now = EVENING + DAY
    await place.carry()
    place.outbox.add([], [mail("heads_up", "2.0", due=EVENING + DAY)])
    await place.carry()
    assert [(notice.id, within) for notice, within in zip(place.asked, place.within, strict=True)] == [("1.0", HOUR), ("2.0", None)]


async def test_a_preparation_does_not_go_along_with_what_could_not_be_sent(place):
    """A mail that always breaks would keep the preparation from going."""
    in_vain(place, mail("rescheduled", "2.0", 1, change="moved"))
    place.outbox.add([], [mail("prepare", "3.0", meeting=about(1, session=0))])
    await place.carry()
    assert ([notice.id for notice in place.asked], place.waiting) == (["3.0"], ["2.0"])


async def test_what_helps_no_more_is_dropped_right_before_it_would_go(place):
    """*Time*: while it waited for the morning its meeting moved elsewhere."""
    place.outbox.add([], [mail("prepare", "2.0", meeting=about(1, start=EVENING + DAY, session=0))])
    await place.carry()
    assert (place.asked, place.waiting) == ([], [])
    assert [(lost.effect, lost.why, lost.session) for lost in place.back] == [("2.0", "too_late", 0)]


@pytest.mark.parametrize("late", [True, False], ids=["an-outage", "too-much-mail"])
async def test_a_topic_that_could_not_go_goes_with_the_next_preparation_that_waits(place, late):
    """H10: both were decided before anybody knew that the first would not bring it."""
    helps = {"helps_until": EVENING - HOUR} if late else {}
    if not late:
        place.answers["2.0"] = lambda: Delivery(outcome="failed", why="over_budget")
    first, second = about(1, session=1), about(2, session=1, session_sent=True)
    place.outbox.add([], [mail("prepare", "2.0", meeting=first, **helps), mail("prepare", "3.0", meeting=second)])
    await place.carry()
    assert place.asked[-1].id == "3.0"
    assert place.asked[-1].meeting.session_sent is False
    assert [(lost.effect, lost.session) for lost in place.back] == [("2.0", None)]


async def test_a_topic_that_gave_way_goes_with_a_preparation_of_the_same_turn(place):
    """H10: the meeting was called off in an outage that covered two preparations."""
    off = mail("rescheduled", "3.0", 1, change="cancelled")
    place.outbox.add([], [mail("prepare", "2.0", meeting=about(1, session=1)), off, mail("prepare", "4.0", meeting=about(2, session=1, session_sent=True))])
    await place.carry()
    assert [(notice.id, notice.meeting.session_sent) for notice in place.asked] == [("3.0", False), ("4.0", False)]
    assert [(lost.effect, lost.session) for lost in place.back] == [("2.0", None)]
