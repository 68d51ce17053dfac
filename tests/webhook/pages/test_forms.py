"""What a form does: one command, applied once, however often anything is clicked; what it takes, and from whom (P5)."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from mentorship import commands as c
from tests.webhook.browser import found_in
from tests.webhook.pages.said import confirmed
from webhook.pages.forms import MOST


async def test_we_met_is_one_tap_on_the_page_that_the_mail_opened(browser, two, mentorship, running, says):
    await two.until(two.meeting(1).start + timedelta(hours=2))
    page = await browser.get(two.page())
    assert "Did you and Ana Mentor meet on Monday 8 March?" in says(page)
    after = await browser.send(page, "/report_meeting/1", held="yes")
    assert "Kept safely" in says(after)  # no worker is alive
    [(name, body)] = await mentorship.signals()
    assert (name, body["meeting"], body["held"], body["by"]) == ("report_meeting", 1, True, two.ref("ben"))
    assert body["at"] == two.clock.now.isoformat().replace("+00:00", "Z")


async def test_once_a_worker_took_it_the_page_says_done(browser, two, mentorship, running, says):
    await two.until(two.meeting(1).start + timedelta(hours=2))
    answer = await browser.send(await browser.get(two.page()), "/report_meeting/1", follow=False)
    assert answer.status_code == 303
    await two.handle(await mentorship.signals())
    after = says(await browser.get(answer.headers["location"]))
    assert "Done." in after
    assert "1 conversation held" in after
    assert "Did you and Ana Mentor meet" not in after


async def test_a_double_click_the_back_button_and_a_second_tab_are_one_command(browser, two, mentorship, running):
    tabs = [await browser.get(two.page("ben", "set_goal")) for _ in range(2)]
    for tab in (tabs[0], tabs[0], tabs[1]):
        answer = await browser.send(tab, "/set_goal", follow=False, text="Speak up in reviews", steps="Ask one question")
        assert answer.status_code == 303
    assert len(await mentorship.signals()) == 1
    assert [note.text for note in await two.records.notes.of(two.mentorship)] == ["Speak up in reviews", "Ask one question"]


async def test_the_next_goal_is_another_command_even_before_a_worker_took_the_first(browser, two, mentorship, running):
    for text in ("Speak up in reviews", "Write one article"):
        await browser.send(await browser.get(two.page("ben", "set_goal")), "/set_goal", text=text, steps="")
    assert len({body["goal"] for _, body in await mentorship.signals()}) == 2


async def test_a_form_that_was_sent_before_with_something_else_says_so_and_keeps_what_is_typed(browser, two, mentorship, running, says):
    tab = await browser.get(two.page("ben", "set_goal"))
    await browser.send(tab, "/set_goal", text="Speak up in reviews", steps="")
    again = await browser.send(tab, "/set_goal", text="Speak up in meetings", steps="")
    assert again.status_code == 409
    assert "This form was sent before" in says(again)
    assert "Speak up in meetings</textarea>" in again.text
    assert len(await mentorship.signals()) == 1
    assert (await browser.send(again, "/set_goal", follow=False, text="Speak up in meetings", steps="")).status_code == 303
    assert len(await mentorship.signals()) == 2


async def test_a_time_is_read_in_the_readers_zone(browser, two, mentorship, running):
    await browser.send(await browser.get(two.page("ana", "move_meeting", 4)), "/move_meeting/4", to="2027-04-20T10:30")
    [(_, body)] = await mentorship.signals()
    assert body["to"] == "2027-04-20T08:30:00Z"  # Berlin, in summer


async def test_a_time_that_the_clocks_skip_is_named_and_stays_in_the_form(browser, two, says):
    answer = await browser.send(await browser.get(two.page("ana", "move_meeting", 2)), "/move_meeting/2", to="2027-03-28T02:30")
    assert answer.status_code == 422
    assert 'value="2027-03-28T02:30"' in answer.text
    assert 'aria-invalid="true"' in answer.text


async def test_the_partners_time_is_agreed_with_one_tap(browser, two, mentorship, running):
    to = two.meeting(2).start + timedelta(days=1, seconds=7)
    await two.say("ana", c.MoveMeeting(meeting=2, to=to))
    await browser.send(await browser.get(two.page()), "/move_meeting/2")
    await two.handle(await mentorship.signals())
    assert two.meeting(2).start == to


async def test_a_refusal_is_told_in_words(browser, two, mentorship, running, says):
    tab = await browser.get(two.page("ben", "confirm_meeting", 1))
    await two.say("ben", c.ConfirmMeeting(meeting=1))
    answer = await browser.send(tab, "/confirm_meeting/1", follow=False)
    await two.handle(await mentorship.signals())
    assert "It was so already, so nothing had to change." in says(await browser.get(answer.headers["location"]))


async def test_nobody_reads_what_became_of_the_partners_message(browser, two, mentorship, running, says):
    answer = await browser.send(await browser.get(two.page("ana", "set_goal")), "/set_goal", follow=False, text="Zuhören", steps="")
    asked = answer.headers["location"].partition("?")[2]
    assert "Kept safely" not in says(await browser.get(f"{two.page('ben')}?{asked}"))


async def test_one_takes_back_what_one_reported(browser, two, mentorship, running):
    two.clock.now = two.meeting(1).start + timedelta(hours=3)
    await two.say("ben", c.RecordMilestone(milestone="shadowing"))
    page = await browser.get(two.page())
    report = found_in(page.text, r"/withdraw/([A-Za-z0-9_-]+)")
    tab = await browser.get(two.page("ben", "withdraw", report))
    await browser.send(tab, f"/withdraw/{report}", follow=False)
    await two.handle(await mentorship.signals())
    assert two.state.reached == ()
    assert "/withdraw/" not in (await browser.get(two.page("ana"))).text


async def test_one_takes_back_what_one_said_about_a_goal(browser, two, mentorship, running, says):
    """Authors can withdraw wrong reports until the decision (H6)."""
    await browser.send(await browser.get(two.page("ben", "set_goal")), "/set_goal", text="Speak up in reviews", steps="")
    await two.handle(await mentorship.signals())
    (goal,) = two.state.goals
    await two.say("ben", c.ReportGoal(goal=goal, progress="achieved"))
    page = await browser.get(two.page())
    assert "Speak up in reviews (said on" in says(page)
    report = found_in(page.text, r"/withdraw/([A-Za-z0-9_-]+)")
    await browser.send(await browser.get(two.page("ben", "withdraw", report)), f"/withdraw/{report}", follow=False)
    await two.handle((await mentorship.signals())[1:])
    assert two.state.goals[goal].status == "set"


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        (("cancel_meeting", 1), {"reason": "hangover"}),
        (("report_meeting", 1), {}),
        (("report_meeting", 1), {"held": "yes", "partner": "absent"}),
        (("set_goal",), {"text": "", "steps": "a"}),
        (("set_goal",), {"text": "x" * 4001, "steps": ""}),
        (("confirm_expectations",), {}),
        (("set_goal",), {"text": "a", "steps": "\n".join("abcdefghijk")}),
        (("move_meeting", 1), {"to": "tomorrow"}),
        (("move_meeting", 1), {"to": "2027-03-20"}),
        (("move_meeting", 1), {"to": "2027-03-02T10:00"}),
        (("report_meeting",), {"held_at": "2027-03-20T10:00"}),
        (("report_meeting",), {"held_at": "2027-02-20T10:00"}),
        (("record_milestone", "shadowing"), {"done_at": "2027-03-20T10:00"}),
        (("record_milestone", "shadowing"), {"done_at": "2027-02-20T10:00"}),
    ],
)
async def test_what_cannot_be_taken_is_said_beside_its_field(path, typed, browser, two, mentorship, running):
    two.clock.now = two.meeting(1).start + timedelta(hours=2) if path[0] == "report_meeting" else two.clock.now
    action = "/" + "/".join(map(str, path))
    answer = await browser.send(await browser.get(two.page("ben", *path)), action, **typed)
    assert answer.status_code == 422
    assert 'class="wrong"' in answer.text
    assert await mentorship.signals() == []


@pytest.mark.parametrize(
    "path",
    [
        "cancel_meeting/99",
        "cancel_meeting/x",
        "record_milestone/nothing",
        "report_goal/g-none",
        "withdraw/abc",
        "nonsense",
        "submit_privately",
        "cancel_meeting",
    ],
)
async def test_what_there_is_not_is_a_kind_page(path, http, two):
    answer = await http.get(two.page() + "/" + path)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


async def test_a_form_of_another_person_another_action_or_another_site_is_refused(browser, http, two, mentorship, running):
    hers = await browser.get(two.page("ana", "set_goal"))
    stolen = found_in(hers.text, r'name="form" value="([^"]*)"')
    own = found_in((await browser.get(two.page("ben", "set_goal"))).text, r'name="form" value="([^"]*)"')
    sends = [
        (two.page("ben", "set_goal"), stolen, {}),
        (two.page("ben", "ask_extension"), own, {}),
        (two.page("ben", "set_goal"), "", {}),
        (two.page("ben", "set_goal"), own, {"Sec-Fetch-Site": "cross-site"}),
    ]
    for address, token, headers in sends:
        answer = await http.post(urlsplit(address).path, data={"form": token, "text": "x", "steps": ""}, headers=headers)
        assert answer.status_code == 403
    assert await mentorship.signals() == []


@pytest.mark.parametrize(
    ("steps", "said"), [("\u6b65" * 30_000, "This is longer than we can keep."), ("Ask somebody\n" * 9_000, "These are more steps than can be taken at once.")]
)
async def test_who_pastes_a_whole_document_gets_it_back_with_what_is_wrong(steps, said, browser, two, says):
    """The text used to be lost where a phone's browser does not keep what was entered when one goes back."""
    answer = await browser.send(await browser.get(two.page("ben", "set_goal")), "/set_goal", text="Lead a review", steps=steps)
    assert answer.status_code == 422
    assert said in says(answer)
    assert "Lead a review" in answer.text
    assert steps.strip() in answer.text


async def test_a_form_that_is_too_large_is_not_read_to_its_end(http, two):
    answer = await http.post(two.page("ben", "set_goal"), content=b"x" * (MOST + 1))
    assert answer.status_code == 413


async def test_who_reports_a_milestone_reads_that_it_stands_on_the_partners_page_and_there_it_stands(browser, two, says):
    """No mail tells the partner."""
    form = says(await browser.get(two.page("ben", "record_milestone", "shadowing")))
    assert "It appears on the page of Ana Mentor, who has 7 days to see it differently; then it needs both of you." in form
    assert "is told" not in form
    await two.say("ben", c.RecordMilestone(milestone="shadowing"))
    page = await browser.get(two.page("ana"))
    assert "/object_to_milestone/shadowing" in page.text


async def test_after_an_objection_a_milestone_is_said_to_need_both(browser, two, says):
    await two.say("ben", c.RecordMilestone(milestone="shadowing"))
    await two.say("ana", c.ObjectToMilestone(milestone="shadowing"))
    assert "It needs a report from each of you" in says(await browser.get(f"{two.page('ana', 'record_milestone', 'shadowing')}?lang=en"))


async def test_who_opens_what_is_done_again_reads_that_it_is_so_and_not_that_it_cannot_be(browser, two, says):
    await confirmed(two)
    for target in (1, "all"):
        page = says(await browser.get(two.page("ben", "confirm_meeting", target)))
        assert "There is nothing to do here. It is so already." in page
        assert "not possible" not in page
