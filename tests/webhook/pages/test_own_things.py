"""What belongs to one reader alone: the calendar's link, reminders, feedback shared later, what the certificate says (H8, H12, H15, Calm)."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from icalendar import Calendar
from temporalio.service import RPCError

from mentorship import visibility
from mentorship.commands import EndWish, SubmitPrivately
from records.errors import RecordsUnavailable
from records.people import Profile
from wire.names import ASK_SIGNAL, certificate_id

MONTH = timedelta(days=30)


def calendar_link(page) -> str:
    """The path of the link that the page shows."""
    return urlsplit(re.search(r'id="address"[^>]*value="([^"]*)"', page.text)[1]).path


# -- the calendar -----------------------------------------------------------------------------------------------------------


async def test_a_new_calendar_link_opens_and_the_old_ones_stop(browser, http, two, says):
    page = await browser.get(two.page("ben", "calendar"))
    mailed, shown = f"/p/{two.token('ben', 'calendar')}/calendar.ics", calendar_link(page)
    assert Calendar.from_ical((await http.get(mailed)).text).walk("VEVENT")
    after = await browser.send(page, "/calendar")
    assert "This is your new calendar link." in says(after)
    for old in (mailed, shown):
        answer = await http.get(old)
        assert answer.status_code == 410
        assert "This calendar link was replaced" in answer.text
    assert Calendar.from_ical((await http.get(calendar_link(after))).text).walk("VEVENT")


async def sweep(two) -> None:
    """It ended at somebody's wish, and its journal's 24 months have gone by since."""
    await two.say("ana", SubmitPrivately(body=EndWish()))
    await two.until(two.clock.now + 2 * MONTH)
    await two.records.journal.seal(two.mentorship)
    assert (await two.records.retention.sweep(two.clock.now + 30 * MONTH)).journals == 1


async def test_a_calendar_link_that_was_replaced_stays_shut_when_the_journal_is_gone(browser, http, two):
    """That it was replaced goes with the journal: it opened again then, on nothing."""
    page = await browser.get(two.page("ben", "calendar"))
    old, new = calendar_link(page), calendar_link(await browser.send(page, "/calendar"))
    await sweep(two)
    for path in (old, new, two.page("ben", "calendar")):
        answer = await http.get(path)
        assert answer.status_code == 410, path
        assert "There is nothing here" in answer.text


async def test_no_new_calendar_link_is_kept_of_a_mentorship_that_is_not(browser, two):
    page = await browser.get(two.page("ben", "calendar"))
    await sweep(two)
    assert (await browser.send(page, "/calendar")).status_code == 410
    assert await two.records.calendar_links.valid_after(two.mentorship, two.ref("ben")) is None


async def test_what_is_no_longer_kept_is_not_said_to_be_set_up(browser, certify, two, says):
    """A fresh link opens it for ever; certificates stay (H8)."""
    await certify("ben")
    await sweep(two)
    for who, button in (("ana", False), ("ben", True)):
        page = await browser.get(two.page(who) + "?lang=en")
        assert "This mentorship is over. What happened in it is no longer kept." in says(page)
        assert "set up" not in says(page)
        assert ("/certificate" in page.text) == button
    assert (await browser.get(two.page("ben", "certificate"))).status_code == 200
    concern = says(await browser.get(f"/concern/{two.token('ben', 'private')}"))
    assert "Tell somebody" in concern
    assert "pause the meetings" not in concern


async def test_only_the_readers_own_link_stops(browser, http, two):
    hers = f"/p/{two.token('ana', 'calendar')}/calendar.ics"
    await browser.send(await browser.get(two.page("ben", "calendar")), "/calendar")
    assert (await http.get(hers)).status_code == 200
    assert (await browser.get(two.page("ben"))).status_code == 200, "the page's own link stays"


async def test_a_double_click_and_a_second_tab_make_one_new_calendar_link(browser, http, two):
    tabs = [await browser.get(two.page("ben", "calendar")) for _ in range(2)]
    new = calendar_link(await browser.send(tabs[0], "/calendar"))
    for tab in tabs:
        await browser.send(tab, "/calendar")
    assert (await http.get(new)).status_code == 200


# -- reminders --------------------------------------------------------------------------------------------------------------


async def begins(two, key: str) -> str:
    return await two.records.notices.begin(key, two.ref("ben"), "ask", False, two.clock.now, 6, MONTH)


async def test_who_unsubscribed_is_offered_to_undo_it_on_the_same_page(browser, two, says):
    path = f"/u/{two.token('ben', 'unsubscribe')}"
    off = await browser.http.post(path, content="List-Unsubscribe=One-Click")
    assert await begins(two, "k1") == "unsubscribed"
    assert "Turn them back on" in says(off)
    assert "Reminders are off" in says(await browser.get(path)), "looking again does not switch them on"
    again = await browser.send(off, "/again")
    assert "Reminders reach you again from now on." in says(again)
    assert await begins(two, "k2") == "send"


async def test_that_page_speaks_its_readers_language_like_the_mail_that_led_there(http, two, says):
    path = f"/u/{two.token('ana', 'unsubscribe')}"
    assert "Erinnerungen beenden" in says(await http.get(path, headers={"Accept-Language": "en"}))
    assert "Stop the reminders" in says(await http.get(f"{path}?lang=en"))


async def test_undoing_it_is_for_pages_of_ours_only(http, two):
    path = f"/u/{two.token('ben', 'unsubscribe')}"
    await http.post(path)
    assert (await http.post(f"{path}/again", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert await begins(two, "k1") == "unsubscribed"


async def test_the_participants_page_stops_reminders_and_offers_them_again(browser, two, says):
    stopped = await browser.send(await browser.get(two.page("ben", "reminders")), "/reminders")
    assert "Reminders are off." in says(stopped)
    assert await begins(two, "k1") == "unsubscribed"
    back = await browser.send(stopped, "/reminders")
    assert "Reminders reach you again from now on." in says(back)
    assert await begins(two, "k2") == "send"


# -- feedback, shared later -------------------------------------------------------------------------------------------------


async def unshared(browser, two) -> str:
    page = await browser.get(two.private("ben"))
    return re.search(r"/share/(n-[a-z0-9]+)", page.text)[1]


async def test_feedback_is_shared_later_and_read_by_the_partner_then_and_not_before(browser, lived, says):
    words = "Your question about what I avoid stayed with me."
    note = await unshared(browser, lived)
    form = await browser.get(lived.private("ben", "share", note))
    assert words in says(form)
    assert "sharing cannot be taken back" in says(form)
    assert words not in says(await browser.get(lived.page("ana")))
    after = await browser.send(form, f"/share/{note}")
    assert "Ana Mentor can read it from now on." in says(after)
    assert f"/share/{note}" not in after.text
    assert words in says(await browser.get(lived.page("ana")))
    assert "Ana Mentor can read it already." in says(await browser.get(lived.private("ben", "share", note)))


async def test_nobody_shares_what_somebody_else_wrote(browser, lived, says):
    note = await unshared(browser, lived)
    goal = next(note.id for note in await lived.records.notes.of(lived.mentorship) if note.kind == "goal")
    for who, wanted in (("ana", note), ("ben", goal), ("ben", "n-nothing")):
        assert (await browser.get(lived.private(who, "share", wanted))).status_code == 404
    stolen = re.search(r'name="form" value="([^"]*)"', (await browser.get(lived.private("ben", "share", note))).text)[1]
    assert (await browser.http.post(lived.private("ana", "share", note), data={"form": stolen})).status_code == 403
    assert "stayed with me" not in says(await browser.get(lived.page("ana")))


# -- the certificate --------------------------------------------------------------------------------------------------------


async def wishes(lived, client) -> list[str]:
    """Which wishes Temporal keeps for Ben's certificate, for whichever worker comes."""
    handle = client.get_workflow_handle(certificate_id(lived.mentorship, lived.ref("ben")))
    signals = [event.workflow_execution_signaled_event_attributes async for event in handle.fetch_history_events()]
    return [signal.signal_name for signal in signals if signal.signal_name]


async def test_share_and_milestones_are_asked_for_on_the_page_and_kept_while_no_worker_lives(browser, lived, certify, client, says):
    await certify()
    page = await browser.get(lived.page("ben", "certificate"))
    assert "9 of 10" in says(page)
    kept = await browser.send(page, "/certificate", results="yes")
    assert "Kept safely." in says(kept)
    assert "comes by mail" in says(kept)
    assert await wishes(lived, client) == [ASK_SIGNAL]


async def test_a_choice_that_was_not_made_is_asked_for(browser, lived, certify, says):
    await certify()
    answer = await browser.send(await browser.get(lived.page("ben", "certificate")), "/certificate")
    assert answer.status_code == 422
    assert "Please choose." in says(answer)


async def test_temporal_away_says_that_nothing_was_changed(browser, lived, certify, client, monkeypatch, says):
    await certify()

    async def away(*_args, **_more):
        raise RuntimeError("cannot connect")

    monkeypatch.setattr(client, "start_workflow", away)
    answer = await browser.send(await browser.get(lived.page("ben", "certificate")), "/certificate", results="yes")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "Not sent yet." in says(answer)


async def test_the_newest_edition_is_the_one_on_the_page_and_the_public_page_says_what_was_asked_for(browser, http, lived, certify, says):
    first = await certify()
    assert "9 of 10" not in says(await http.get(f"/c/{first.id}"))
    certificates = lived.records.certificates
    old = await certificates.get(first.id)
    new = await certificates.reissue(first.id, {**old.fields, "show_results": True})
    assert f"/c/{first.id}/certificate.pdf" in (await browser.get(lived.page("ben", "certificate"))).text, "the new one has no document yet"
    await certificates.supersede(first.id, new.id, first.credential, first.pdf)
    assert f"/c/{new.id}/certificate.pdf" in (await browser.get(lived.page("ben", "certificate"))).text
    assert "9 of 10" in says(await http.get(f"/c/{new.id}"))
    assert "Superseded" in says(await http.get(f"/c/{first.id}"))


async def test_linkedins_form_is_filled_in_with_what_is_public_anyhow(browser, lived, certify):
    made = await certify()
    page = await browser.get(lived.page("ben", "certificate"))
    address = re.search(r'href="(https://www\.linkedin\.com/[^"]*)"', page.text)[1].replace("&amp;", "&")
    filled = {name: value for name, [value] in parse_qs(urlsplit(address).query).items()}
    assert filled["certId"] == made.id
    assert filled["name"] == "Engineering mentorship 2027"
    assert "Ben" not in address


async def test_without_a_certificate_there_is_no_page_of_one(browser, lived, certify):
    await certify("ana")
    assert (await browser.get(lived.page("ben", "certificate"))).status_code == 404


async def test_a_revoked_certificate_is_told_to_its_holder_and_offers_nothing(browser, lived, certify, client, says):
    made = await certify()
    before = await browser.get(lived.page("ben", "certificate"))
    await lived.records.certificates.revoke(made.id, "a mistake")
    page = await browser.get(lived.page("ben", "certificate"))
    assert "This certificate was taken back" in says(page)
    assert "<form" not in page.text.partition("<main")[2]
    assert "linkedin" not in page.text
    late = await browser.send(before, "/certificate", results="yes")
    assert "This certificate was taken back" in says(late)
    with pytest.raises(RPCError, match="not found"):
        await wishes(lived, client)


# -- whatever happens -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["calendar", "reminders", "private_link"])
async def test_a_form_from_elsewhere_changes_nothing(path, http, two):
    answer = await http.post(two.page("ben", path), data={"form": "x", "reminders": "off"})
    assert answer.status_code == 403
    assert await begins(two, "k1") == "send"


async def test_a_fault_of_ours_is_a_page_that_repeats_nothing(browser, two, monkeypatch, says):
    async def broken(*_args, **_more):
        raise ZeroDivisionError("what somebody wrote")

    monkeypatch.setattr(two.records.journal, "entries", broken)
    answer = await browser.get(two.page())
    assert answer.status_code == 500
    assert "Something went wrong here" in says(answer)
    assert "what somebody wrote" not in answer.text


@pytest.mark.parametrize("path", ["", "calendar", "reminders", "set_goal"])
async def test_records_away_is_a_page_that_says_so(path, browser, two, monkeypatch, says):
    async def gone(*_args, **_more):
        raise RecordsUnavailable("gone")

    monkeypatch.setattr(two.records.cohorts, "by_mentorship", gone)
    answer = await browser.get(two.page("ben", *([path] if path else [])))
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "Nothing is lost, and an outage makes nobody late." in says(answer)


async def test_an_address_that_there_is_not_is_a_page_for_people_and_a_document_for_programs(http, two):
    for path in ("/nonsense", "/v1/nothing", "/p"):
        for_people = await http.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
        assert (for_people.status_code, "There is nothing here" in for_people.text) == (404, True)
        assert (await http.get(path)).headers["content-type"] == "application/problem+json"


async def test_the_front_door_mails_a_fresh_link(http, two, says):
    assert "Your page opens with a link of your own" in says(await http.get("/"))


# -- whom to write to -------------------------------------------------------------------------------------------------------


async def test_the_page_names_who_looks_after_the_programme_and_leaves_out_who_left(http, two, says):
    """Mails send people to their coordinators: they can find them."""
    coordinators = [
        Profile(person_id="e-1001", name="Ines Coordinator", email="ines@example.org", role="coordinator"),
        Profile(person_id="e-1002", name="Gil Gone", email="gil@example.org", role="coordinator", status="gone"),
    ]
    assert "Your coordinators" not in says(await http.get(two.page("ben"))), "nobody is in records yet"
    await two.records.people.enrol(coordinators)
    page = await http.get(two.page("ben"))
    assert "A line to one of them is enough." in says(page)
    assert "Ines Coordinator ines@example.org" in says(page)
    assert 'href="mailto:ines@example.org"' in page.text
    assert "Gil" not in page.text


async def test_a_participant_is_shown_a_coordinators_address_because_the_table_says_so(http, two, says, monkeypatch):
    await two.records.people.enrol([Profile(person_id="e-1001", name="Ines Coordinator", email="ines@example.org")])
    assert "The names and mail addresses of your coordinators yes yes" in says(await http.get("/who-sees-what"))
    assert "ines@example.org" in (await http.get(two.page("ben"))).text
    monkeypatch.setitem(visibility._TABLE, "coordinator_address", {})
    assert "Ines" not in (await http.get(two.page("ben"))).text


async def test_who_looks_after_the_cohort_now_stands_there_in_the_programmes_order(http, two, says):
    """A newer version of the programme may name others, also for the pairs that began with an older one (P7)."""
    await two.records.people.enrol([Profile(person_id=name, name=name.title(), email=f"{name}@example.org") for name in ("abe", "zoe", "e-1001")])
    newer = two.programme.model_copy(
        update={
            "programme": two.programme.programme.model_copy(update={"version": 2}),
            "contacts": two.programme.contacts.model_copy(update={"coordinators": ("zoe", "abe")}),
        }
    )
    await two.records.programmes.put(newer)
    cohort = await two.records.cohorts.get(two.enrolment.cohort)
    await two.records.cohorts.put(cohort.model_copy(update={"version": 2, "texts_digest": newer.texts().digest}))
    shown = says(await http.get(two.page("ben")))
    assert "Zoe zoe@example.org Abe abe@example.org" in shown
    assert "e-1001@example.org" not in shown


async def test_who_looks_after_the_programme_stands_there_whoever_a_concern_is_about(http, two):
    """Nobody may read out of a name that is missing that something was raised (H16)."""
    ana = await two.records.people.profile(two.ref("ana"))
    manager = Profile(person_id="e-1001", name="Ines Coordinator", email="ines@example.org", role="coordinator", manager_id=ana.person_id)
    await two.records.people.enrol([manager])
    for who in ("ana", "ben"):
        assert "Ines" in (await http.get(two.page(who))).text
