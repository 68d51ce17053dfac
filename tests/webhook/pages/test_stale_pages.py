"""A page opened before something happened, or a message refused when nobody was there to be told: what its sender reads afterwards."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from mentorship import commands as c
from tests.webhook.browser import GLUED


async def confirm(two, *who):
    for one in who:
        assert await two.say(one, c.ConfirmMeeting(meeting="all")) == "applied"


async def replanned(two):
    """A pause removed every time, and their numbers now belong to others."""
    await two.say("op-1", c.Pause(until=two.clock.now + timedelta(days=20)))
    await two.say("op-1", c.Resume())
    slots = tuple(two._slot(two.state.now + timedelta(days=5 + 14 * n, hours=1)) for n in range(12))
    assert await two.say("service", c.ApplyPlan(slots=slots)) == "applied"


async def agreed(two):
    """Ana says yes to the time that Ben proposed."""
    assert await two.say("ana", c.MoveMeeting(meeting=1, to=two.meeting(1).start + timedelta(days=2))) == "applied"


async def confirmed(two):
    await confirm(two, "ana")


@pytest.mark.parametrize(
    ("action", "typed", "happens"),
    [
        ("cancel_meeting", {"reason": "work"}, replanned),
        ("cancel_meeting", {"reason": "work"}, agreed),
        ("cancel_meeting", {"reason": "work"}, confirmed),
        ("move_meeting", {"to": "2027-03-12T10:00"}, confirmed),
    ],
)
async def test_a_meeting_is_called_off_or_moved_as_it_was_looked_at_or_not_at_all(action, typed, happens, browser, two, mentorship, running, says):
    """H14: the page named a time and said that nothing counts. It said nothing about another time, and on a confirmed meeting it would count."""
    if happens is not confirmed:
        await confirm(two, "ana")
    await confirm(two, "ben")
    if happens is agreed:
        await two.say("ben", c.MoveMeeting(meeting=1, to=two.meeting(1).start + timedelta(days=2)))
    else:
        await two.until(two.meeting(1).start - timedelta(hours=3))
    stale = await browser.get(two.page("ben", action, 1))
    await happens(two)
    answer = await browser.send(stale, f"/{action}/1", follow=False, **typed)
    assert answer.status_code == 422
    assert "Not sent yet. This meeting has changed since you opened the page" in says(answer)
    assert all(value in answer.text for value in typed.values())
    assert await mentorship.signals() == []
    await browser.send(answer, f"/{action}/1", **typed)
    assert [name for name, _ in await mentorship.signals()] == [action]
    assert (await browser.send(answer, f"/{action}/1", follow=False, **typed)).status_code == 303, "a double click is a repeat"


async def test_what_a_pause_took_leads_back_to_ones_page(browser, http, two, says):
    """The link is good: nobody is sent for a fresh one."""
    stale = await browser.get(two.page("ben", "cancel_meeting", 5) + "?lang=de")
    await two.say("op-1", c.Pause(until=two.clock.now + timedelta(days=20)))
    for answer in (await browser.send(stale, "/cancel_meeting/5", reason="work"), await http.get(two.page("ben", "cancel_meeting", 5) + "?lang=de")):
        assert answer.status_code == 404
        assert "Es wurde nichts gesendet. Ihre Seite zeigt, wie es jetzt steht." in says(answer)
        assert re.search(r'href="/p/[^"/]+\?lang=de">Zurück zu Ihrer Seite', answer.text)
        assert "new-link" not in answer.text


async def test_what_was_written_and_refused_is_given_back(browser, two, mentorship, running, says):
    stale = await browser.get(two.page("ben", "set_goal"))
    await two.until(two.state.ends + timedelta(hours=30))
    answer = await browser.send(stale, "/set_goal", follow=False, text="Lead a <design> review", steps="Ask who has led one")
    await two.handle(await mentorship.signals())
    page = says(await browser.get(answer.headers["location"]))
    assert "That changed nothing. The programme's time for that is over. What you had written: Lead a <design> review Ask who has led one" in page
    assert "Lead a" not in says(await browser.get(two.page("ana")))


async def test_who_read_that_it_is_kept_reads_on_their_page_that_it_changed_nothing(browser, two, mentorship, running, says, monkeypatch):
    """P5: the message was handled after they had gone, and they would think that they called the meeting off."""
    monkeypatch.setattr("webhook.pages.outcomes.JOURNAL_WAIT", 0)
    stale = await browser.get(two.page("ben", "cancel_meeting", 1))
    await two.say("ana", c.CancelMeeting(meeting=1))
    assert "Kept safely" in says(await browser.send(stale, "/cancel_meeting/1", reason="work"))
    await two.handle(await mentorship.signals())
    told = "“Call it off” for the meeting on Monday 8 March, 09:00, sent on Sunday 7 March, 08:00, changed nothing. That meeting was called off."
    assert told in says(await browser.get(two.page()))
    for other in (two.page("ana"), two.private("ben")):
        assert "changed nothing" not in says(await browser.get(other))
    await two.until(two.clock.now + timedelta(days=4))
    assert "changed nothing" not in says(await browser.get(two.page()))


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("en", "“Another time” for the meeting on Monday 8 March, 09:00, sent on Sunday 7 March, 08:00, changed nothing."),
        ("de", "„Anderer Termin“ zum Treffen am Montag, 8. März, 09:00 Uhr, gesendet am Sonntag, 7. März, 08:00 Uhr, hat nichts geändert."),
        ("ar", "«موعد آخر» بشأن لقاء الاثنين، 8 مارس، الساعة 09:00، المُرسل في الأحد، 7 مارس، الساعة 08:00، لم يغيّر شيئًا."),
    ],
    ids=["en", "de", "ar"],
)
async def test_what_changed_nothing_names_its_meeting_by_the_time_that_it_had_then(code, told, browser, two, mentorship, running, says, monkeypatch):
    """With six meetings ahead, nobody knows which one an answer was about, and after a move the meeting's current time does not tell."""
    monkeypatch.setattr("webhook.pages.outcomes.JOURNAL_WAIT", 0)
    at = two.meeting(1).start
    await two.say("ana", c.MoveMeeting(meeting=1, to=at + timedelta(days=1)))
    stale = await browser.get(two.page() + "?lang=" + code)
    await browser.send(stale, "/move_meeting/1", follow=False)
    await two.say("ana", c.MoveMeeting(meeting=1, to=at + timedelta(days=2)))
    await two.handle(await mentorship.signals())
    await two.say("ben", c.MoveMeeting(meeting=1, to=at + timedelta(days=2)))
    assert two.meeting(1).start != at
    assert told in says(await browser.get(two.page() + "?lang=" + code))


async def test_what_was_so_already_is_no_news_afterwards(browser, two, mentorship, running, says):
    stale = await browser.get(two.page("ben", "confirm_meeting", 1))
    await two.say("ben", c.ConfirmMeeting(meeting=1))
    await browser.send(stale, "/confirm_meeting/1", follow=False)
    await two.handle(await mentorship.signals())
    assert "changed nothing" not in says(await browser.get(two.page()))


async def test_what_is_private_is_told_behind_the_private_link_only(browser, two, mentorship, running, says):
    """H16: the page's link is in a mailbox for weeks."""
    stale = await browser.get(two.private("ben", "end_wish"))
    await two.until(two.state.ends + timedelta(hours=1))
    await browser.send(stale, "/end_wish", follow=False, sure="yes")
    await two.handle(await mentorship.signals())
    assert re.search("“End it”, sent on .*, changed nothing. The programme's time for that is over.", says(await browser.get(two.private())))
    assert "changed nothing" not in says(await browser.get(two.page()))


async def test_who_met_though_it_was_called_off_reads_where_to_say_so(browser, two, mentorship, running, says):
    await two.until(two.meeting(1).start + timedelta(hours=2))
    stale = await browser.get(two.page())
    await two.say("ana", c.CancelMeeting(meeting=1), at=two.meeting(1).start - timedelta(minutes=4))
    answer = await browser.send(stale, "/report_meeting/1", follow=False)
    await two.handle(await mentorship.signals())
    page = says(await browser.get(answer.headers["location"]))
    assert "That meeting was called off. If you met all the same, say so under “We met at another time”." in page


async def test_a_yes_to_a_time_that_is_no_longer_proposed_is_no_proposal_of_ones_own(browser, two, mentorship, running, says):
    """Unanswered, it would count as a late cancellation by somebody who only said yes (H14)."""
    for who in ("ana", "ben"):
        await two.say(who, c.ConfirmMeeting(meeting=1))
    start = two.meeting(1).start
    two.clock.now = start - timedelta(hours=30)
    await two.say("ana", c.MoveMeeting(meeting=1, to=start + timedelta(days=1)))
    stale = await browser.get(two.page())
    await two.say("ana", c.MoveMeeting(meeting=1, to=start + timedelta(days=2)))
    await two.until(start - timedelta(hours=20))
    answer = await browser.send(stale, "/move_meeting/1", follow=False)
    assert answer.status_code == 422
    assert "Not sent yet. That time is no longer proposed." in says(answer)
    assert await mentorship.signals() == []
    await browser.send(answer, "/move_meeting/1", follow=False)
    await two.handle(await mentorship.signals())
    assert two.meeting(1).start == start + timedelta(days=2)


@pytest.mark.parametrize("path", [(), ("confirm_meeting", 5), ("confirm_meeting", "all")])
async def test_only_times_that_were_looked_at_are_accepted(path, browser, two, mentorship, running, says):
    """A pause gives the numbers of the removed meetings to other times: an old page's yes would confirm one that its reader never saw (H14)."""
    action = "/" + "/".join(map(str, path or ("confirm_meeting", "all")))
    stale = await browser.get(two.page("ben", *path))
    await replanned(two)
    answer = await browser.send(stale, action, follow=False)
    assert answer.status_code == 422
    assert "Not sent yet. The times have changed meanwhile." in says(answer)
    assert await mentorship.signals() == []
    await browser.send(answer, action, follow=False)
    assert [name for name, _ in await mentorship.signals()] == ["confirm_meeting"]


async def test_times_are_looked_at_on_one_page_where_each_can_be_accepted_or_moved(browser, two):
    page = await browser.get(two.page())
    assert '/confirm_meeting/all">Look at them one by one</a>' in page.text
    assert "<details open" not in page.text, "however many wait for a yes, the list of all meetings is as short as ever"
    await two.say("ben", c.ConfirmMeeting(meeting=3))
    answer = await browser.get(two.page("ben", "confirm_meeting", "all"))
    for n in range(1, 13):
        for act in ("confirm_meeting", "move_meeting"):
            assert (f'/{act}/{n}"' in answer.text) == (n != 3 or act == "move_meeting")
    assert len({*re.findall(r'aria-label="Another time: ([^"]+)"', answer.text)}) == 12


async def test_who_accepts_times_sees_which_of_them_either_one_has_accepted(browser, two, says):
    """A yes to one that the partner has accepted confirms it, and only then can a late cancellation count (H14)."""
    for who, n in (("ben", 2), ("ana", 3), ("ben", 4), ("ana", 4)):
        await two.say(who, c.ConfirmMeeting(meeting=n))
    await two.say("ana", c.MoveMeeting(meeting=5, to=two.meeting(5).start + timedelta(days=1)))
    page = says(await browser.get(two.page("ben", "confirm_meeting", "all")))
    for stands in (
        "Monday 8 March, 09:00 Proposed. Accept",
        "Monday 22 March, 09:00 You accepted; Ana Mentor has not yet. Another time",
        "Monday 5 April, 10:00 Ana Mentor accepted; you have not yet. Accept",
        "Monday 19 April, 10:00 Confirmed by both. Another time",
        "Monday 3 May, 10:00 Proposed. Ana Mentor proposes Tuesday 4 May, 10:00 instead. Accept",
        "Accept all 10 times",
    ):
        assert stands in page
    assert "Ana Mentor accepted; you have not yet." in says(await browser.get(two.page("ben", "confirm_meeting", 3)))
    assert "Monday 8 March, 09:00 This time is a proposal until both of you accept it." in says(await browser.get(two.page()))
    await two.say("ana", c.ConfirmMeeting(meeting=1))
    assert "Monday 8 March, 09:00 Ana Mentor accepted; you have not yet." in says(await browser.get(two.page()))
    await two.say("ben", c.CancelMeeting(meeting=1))
    assert "That meeting was called off." in says(called_off := await browser.get(two.page("ben", "confirm_meeting", 1)))
    assert "Proposed." not in says(called_off)


async def test_while_a_pause_lasts_nobody_reads_that_they_accepted_its_times(browser, two, says):
    """A mail's link to all times may be followed then. There are none."""
    await two.say("op-1", c.Pause(until=two.clock.now + timedelta(days=20)))
    page = says(await browser.get(two.page("ben", "confirm_meeting", "all")))
    assert "This is not possible at the moment. The mentorship is paused." in page
    assert "It is so already." not in page


async def test_sentences_beside_each_other_are_apart(browser, two, says):
    await two.say("ben", c.MoveMeeting(meeting=1, to=two.meeting(1).start + timedelta(days=1)))
    page = says(await browser.get(two.page()))
    assert "until both of you accept it. You proposed Tuesday 9 March, 09:00 instead." in page
    assert "Proposed. You proposed Tuesday 9 March, 09:00 instead." in page
    assert not GLUED.search(page)


async def test_a_yes_that_is_sent_again_from_an_old_page_does_not_look_as_if_it_accepted_other_times(browser, two, mentorship, running, says):
    """It is the same message, which Temporal already has: somebody who looked at the new times and said yes again would be told that it is done (H14)."""
    old = await browser.get(two.page())
    await browser.send(old, "/confirm_meeting/all")
    await two.handle(await mentorship.signals())
    await replanned(two)
    back = await browser.send(old, "/confirm_meeting/all")
    assert "Accept all 12 times" in says(back)
    await browser.send(back, "/confirm_meeting/all")
    [_, second] = await mentorship.signals()
    await two.handle([second])
    assert "mentee" in two.meeting(1).accepted
