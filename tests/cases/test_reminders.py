"""A case sends reminders until somebody takes it and closes it; after 14 days the owner is told a number (H16)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from activities.cases import Standing
from mentorship.duration import iso
from mentorship.programme import Attention
from records.errors import Erased
from worker.coordinators_list import CoordinatorsList


def concerns(mailbox, who):
    return [mail for mail in mailbox.to(f"{who}@example.org") if "in confidence" in mail["Subject"]]


def to_owner(mailbox):
    return [mail for mail in mailbox.to("lee@example.org") if "Waiting for" in mail["Subject"]]


async def test_who_was_chosen_gets_a_link_within_their_hours_and_nobody_else_hears(house, mailbox):
    await house.wait(hours=3)  # three in the night
    await house.concern(contacts=("sam",))
    await house.wait(hours=2)
    assert concerns(mailbox, "sam") == []
    await house.wait(hours=4)
    (mail,) = concerns(mailbox, "sam")
    assert "/case/" in mail.get_body(("plain",)).get_content()
    assert not any(concerns(mailbox, who) for who in ("ana", "carl", "lee", "mia", "noor", "vera", "max"))


async def test_nobody_took_it_so_it_reminds_after_3_7_and_14_days_and_then_every_14(house, mailbox):
    await house.wait(hours=9)
    case = await house.concern(contacts=("sam", "ana"))
    seen = []
    for _ in range(43):
        await house.wait(hours=1)
        seen.append(len(concerns(mailbox, "sam")))
        await house.wait(hours=23)
    assert [day for day, (before, after) in enumerate(zip([0, *seen], seen, strict=False)) if after > before] == [0, 3, 7, 14, 28, 42]
    assert len(concerns(mailbox, "ana")) == len(concerns(mailbox, "sam"))
    assert await house.standing(case) == Standing(state="waiting", look_again=case.opened_at + timedelta(days=45))


async def test_whoever_was_chosen_hears_of_it_also_in_a_programme_that_has_no_patience_at_all(build, keyring, mailbox, tmp_path):
    """H16: `unowned: PT0S` used to be accepted, and a case that divides by it would never have reached anybody."""
    async with build(tmp_path, attention=Attention(unowned=iso("PT0S"))) as house:
        await house.wait(hours=9)
        case = await house.concern(contacts=("sam",))
        await CoordinatorsList(house.records, house.environment.client).open(house.enrolment.mentorship, "silence", None, house.clock.now, "a-line")
        await house.wait(hours=1)
        assert len(concerns(mailbox, "sam")) == 1
        assert (await house.standing(case)).state == "waiting"
        await house.wait(2)
        assert 2 <= len(concerns(mailbox, "sam")) <= 6
        await house.door.take(case, house.refs["sam"])
        await house.wait(1.5)
        assert concerns(mailbox, "sam")[-1]["Subject"] == "Still in your hands, in confidence"


async def test_who_is_asked_later_is_asked_and_not_reminded(house, mailbox):
    await house.wait(hours=9)
    case = await house.concern(contacts=("sam",))
    await house.wait(4)
    await house.door.ask_also(case, [house.refs["ana"]])
    await house.wait(hours=1)
    (first,) = concerns(mailbox, "ana")
    assert first["Subject"] == "Somebody would like to talk to you, in confidence"
    assert "Nobody has taken it yet" not in first.get_body(("plain",)).get_content()
    assert [mail["Subject"] for mail in concerns(mailbox, "sam")] == [
        "Somebody would like to talk to you, in confidence",
        "Somebody is still waiting for you, in confidence",
    ]
    await house.wait(4)
    assert concerns(mailbox, "ana")[1]["Subject"] == "Somebody is still waiting for you, in confidence"


async def test_the_owner_hears_a_number_after_14_days_and_no_name(house, mailbox):
    """H14, H16: concerns and lines of the coordinators' list are counted alike."""
    await house.wait(hours=9)
    await house.records.lines.open(house.enrolment.mentorship, "silence", None, house.clock.now, "a-line")
    await house.concern(key="one")
    await house.wait(hours=1)
    await house.concern("mia", about="noor", contacts=("ana",), key="two")
    await house.wait(13.9)
    assert to_owner(mailbox) == []
    await house.wait(7.5)
    assert [mail["Subject"] for mail in to_owner(mailbox)] == ["Waiting for somebody: 2", "Waiting for somebody: 3"]
    text = to_owner(mailbox)[1].get_body(("plain",)).get_content()
    assert "3 matters in your programme have waited for more than 2 weeks" in " ".join(text.split())
    assert not any(name in text for name in ("Mia", "Noor", "Sam", "Ana", "spring", "pair-1", "/case/", "/coordinator/"))
    await house.wait(6)
    assert len(to_owner(mailbox)) == 2
    await house.wait(1.5)
    assert len(to_owner(mailbox)) >= 3


async def test_every_mail_about_a_case_leads_to_who_sees_what(house, mailbox):
    """H12: so does the owner's, which contains nothing else to open."""
    await house.wait(hours=9)
    await house.concern(contacts=("ana",))
    await house.wait(15)
    assert to_owner(mailbox)
    for mail in mailbox.mails:
        assert all("/who-sees-what" in mail.get_body((shape,)).get_content() for shape in ("plain", "html"))


async def test_who_takes_it_is_the_only_one_who_is_reminded_until_they_close_it(house, mailbox):
    await house.wait(hours=9)
    case = await house.concern(contacts=("sam", "ana"))
    await house.wait(1)
    assert (await house.door.take(case, house.refs["sam"])).taken_by == house.refs["sam"]
    assert (await house.door.take(case, house.refs["ana"])).taken_by == house.refs["sam"]
    await house.wait(13)
    assert (len(concerns(mailbox, "sam")), len(concerns(mailbox, "ana"))) == (1, 1)
    await house.wait(2)
    assert [mail["Subject"] for mail in concerns(mailbox, "sam")[1:]] == ["Still in your hands, in confidence"]
    assert to_owner(mailbox) == []

    assert (await house.door.close(case, house.refs["ana"], "talked", release=False)).state == "taken"
    assert (await house.door.close(case, house.refs["sam"], "talked", release=False)).state == "closed"
    await house.wait(60)
    assert (len(concerns(mailbox, "sam")), len(concerns(mailbox, "ana"))) == (2, 1)


async def test_the_case_is_done_once_it_is_closed_and_its_words_stay_for_90_days(house):
    """H12: a workflow that continued without words would reveal to Temporal that it was a concern."""
    case = await house.concern()
    await house.wait(1)
    await house.door.take(case, house.refs["sam"])
    await house.door.close(case, house.refs["sam"], "arranged", release=False)
    assert Standing.model_validate(await house.case(case).result()) == Standing(state="closed")
    closed_at = (await house.now(case)).closed_at
    assert (await house.records.retention.sweep(closed_at + timedelta(days=89))).nothing
    assert await house.records.cases.words(case.id) is not None
    assert (await house.records.retention.sweep(closed_at + timedelta(days=90))).cases == 1
    assert await house.records.cases.words(case.id) is None


async def test_a_cancelled_workflow_goes_on_reminding(house, mailbox):
    """Only a person closes a case, and not from Temporal's UI."""
    await house.wait(hours=9)
    case = await house.concern()
    await house.wait(1)
    await house.case(case).cancel()
    await house.wait(3)
    assert len(concerns(mailbox, "sam")) == 2
    await house.case(case).cancel()
    await house.wait(5)
    assert len(concerns(mailbox, "sam")) == 3


async def test_a_mailbox_that_is_away_for_a_day_delays_the_mail_and_nothing_else(house, mailbox):
    await house.wait(hours=9)
    mailbox.refuse["sam@example.org"] = "451 try later"
    case = await house.concern(contacts=("sam",), hold=True)
    await house.wait(hours=2)
    assert (await house.status()).phase == "paused"
    assert (await house.now(case)).hold == "held"
    del mailbox.refuse["sam@example.org"]
    await house.wait(hours=2)
    assert len(concerns(mailbox, "sam")) == 1


async def test_an_address_that_does_not_exist_stops_neither_the_others_nor_the_case(house, mailbox):
    await house.wait(hours=9)
    mailbox.refuse["sam@example.org"] = "550 no such user"
    case = await house.concern(contacts=("sam", "ana"))
    await house.wait(4)
    assert len(concerns(mailbox, "ana")) == 2
    assert (await house.standing(case)).state == "waiting"


async def test_who_took_it_and_left_gives_it_back(house, mailbox):
    await house.wait(hours=9)
    case = await house.concern(contacts=("sam", "ana"))
    await house.wait(1)
    await house.door.take(case, house.refs["sam"])
    await house.records.people.erase(house.refs["sam"])
    await house.wait(21)
    assert (await house.now(case)).state == "waiting"
    assert len(concerns(mailbox, "ana")) >= 2


async def test_an_erased_raiser_leaves_no_words_and_the_case_can_still_be_closed(house):
    """P8: erasure erases. Whoever looks after the case is told, and nobody is reminded for ever."""
    case = await house.concern()
    await house.wait(1)
    await house.records.people.erase(house.refs["noor"])
    with pytest.raises(Erased):
        await house.records.cases.words(case.id)
    assert await house.door.raiser_name(case) is None
    await house.door.take(case, house.refs["sam"])
    assert (await house.door.close(case, house.refs["sam"], "nothing_needed", release=False)).state == "closed"


async def test_the_same_form_twice_is_one_case(house):
    first = await house.concern(key="form")
    assert await house.concern(key="form") == first
    second = await house.concern(key="form", words="Something else.", contacts=("ana",))
    assert (second.id, second.contacts) == (first.id, (house.refs["ana"],))
    assert await house.records.cases.words(first.id) == "Something else."
    assert [case.id for case in await house.records.cases.of_raiser(house.refs["noor"], house.enrolment.mentorship)] == [first.id]


async def test_a_line_that_nobody_took_reaches_the_owner_as_a_number_and_one_that_was_taken_never(house, mailbox):
    """H14: only the owner is mailed about a coordinators' line, after 14 days; the case ends with its line."""
    await house.wait(hours=9)
    lines = CoordinatorsList(house.records, house.environment.client)
    mentorship, at = house.enrolment.mentorship, house.clock.now
    for _ in range(2):  # a repeat of the same effect
        await lines.open(mentorship, "silence", None, at, "a-line")
    await lines.open(mentorship, "not_held", None, at, "another")
    assert await house.records.lines.take(mentorship, "not_held", house.refs["ana"], at)
    await house.wait(13.9)
    assert to_owner(mailbox) == []
    await house.wait(0.5)
    assert [mail["Subject"] for mail in to_owner(mailbox)] == ["Waiting for somebody: 1"]
    assert [mail for mail in mailbox.to("ana@example.org") if "confidence" in mail["Subject"]] == []
    await lines.close(mentorship, "silence", house.clock.now)
    await house.wait(15)  # past the day on which the owner would be told again
    assert len(to_owner(mailbox)) == 1
    assert await house.records.cases.of_pair(mentorship) == []


async def test_a_pair_that_never_says_a_word_reaches_the_owner_through_its_line(house, mailbox):
    """P7, H14: the whole way from the mentorship to the number, while nobody does anything."""
    for _ in range(60):
        await house.wait(1)
        if lines := await house.records.lines.all("spring"):
            break
    assert to_owner(mailbox) == []
    opened = min(line.opened_at for line in lines)
    await house.until(opened + timedelta(days=15))
    assert len(to_owner(mailbox)) == 1


async def test_each_owner_of_a_programme_s_cohorts_hears_the_number(house, mailbox):
    """H14: a newer version names another owner, who is told on the same days as the previous one."""
    await house.wait(hours=9)
    case = await house.concern()
    await house.wait(14.1)
    assert len(to_owner(mailbox)) == 1
    head, contacts = house.programme.programme, house.programme.contacts
    named = {"programme": head.model_copy(update={"version": 2}), "contacts": contacts.model_copy(update={"owner": "max"})}
    newer = house.programme.model_copy(update=named)
    await house.records.programmes.put(newer)
    cohort = await house.records.cohorts.get("spring")
    await house.records.cohorts.put(cohort.model_copy(update={"version": 2, "texts_digest": newer.texts().digest}))
    await house.case(case).signal("look")
    await house.wait(hours=1)
    assert [mail["Subject"] for mail in mailbox.to("max@example.org")] == ["Waiting for somebody: 1"]
