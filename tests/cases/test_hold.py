"""Whoever raises a concern may put the meetings on hold at once. The pause is like any other, and everything earned stays (H16)."""

from __future__ import annotations

from datetime import timedelta

from mentorship.commands import CancelMeeting, ConfirmMeeting, Pause, RecordMilestone, Resume
from records.cases import Cases
from records.errors import RecordsUnavailable


async def pause(house, message_id="op-own", name="pause"):
    command = {"pause": Pause, "resume": Resume}[name]
    operator = await house.records.people.operator("ana")
    return (await house.mentorship.execute_update(name, command(message_id=message_id, by=operator, at=await house.environment.get_current_time())))["outcome"]


def paused_mails(mailbox, who):
    return [mail["Subject"] for mail in mailbox.to(f"{who}@example.org") if "pause" in mail["Subject"] or "goes on" in mail["Subject"]]


async def phase(house):
    return (await house.status()).phase


async def test_the_meetings_are_held_within_seconds_even_in_the_night(house):
    """The mail to the contacts who were asked waits for the morning; the hold does not."""
    await house.wait(20)
    before = await house.status()
    case = await house.concern(hold=True)
    await house.wait(seconds=5)
    assert await phase(house) == "paused"
    held = await house.now(case)
    assert held.hold == "held"
    assert len((await house.status()).meetings) < len(before.meetings)


async def test_the_pause_begins_when_the_door_took_it_in_not_when_a_worker_got_round_to_it(house):
    await house.wait(20)
    case = await house.concern(hold=True)
    await house.wait(hours=1)
    (event,) = [entry for entry in await house.records.journal.entries(house.enrolment.mentorship) if entry.name == "paused"]
    assert event.at == case.opened_at
    assert case.pause is not None
    assert case.pause.message_id.startswith("op-")
    profile = await house.records.people.profile(case.pause.by)
    assert (profile.role, case.pause.by in house.refs.values()) == ("operator", False)


async def test_the_raiser_lets_the_meetings_go_on_again(house, mailbox):
    await house.wait(20, hours=9)
    case = await house.concern(hold=True)
    await house.wait(5)
    await house.door.release(await house.now(case))
    await house.wait(hours=1)
    assert await phase(house) == "active" or await phase(house) == "aligning"
    assert (await house.now(case)).hold == "released"
    assert (await house.now(case)).state == "waiting"
    (event,) = [entry for entry in await house.records.journal.entries(house.enrolment.mentorship) if entry.name == "resumed"]
    assert event.at == (await house.now(case)).released_at, "when the door took it in"
    assert paused_mails(mailbox, "mia") == paused_mails(mailbox, "noor") == ["Your mentorship is paused", "Your mentorship goes on"]


async def test_a_door_whose_clock_is_ahead_holds_the_meetings_all_the_same(house):
    """The raiser would read that no meetings are left to pause, and would find nothing to ask once more with."""
    case = await house.concern()
    house.clock.now += timedelta(minutes=2)
    await house.door.hold(case)
    await house.wait(hours=1)
    assert await phase(house) == "paused"
    case = await house.now(case)
    assert (case.hold, await house.door.held(case)) == ("held", "held")
    await house.door.release(case)
    await house.wait(hours=1)
    assert await phase(house) != "paused"


async def test_a_door_whose_clock_is_ahead_lets_the_meetings_go_on_all_the_same(house):
    """Records would say that they go on, while the mentorship refused for good what came from the future."""
    case = await house.concern(hold=True)
    await house.wait(1)
    house.clock.now += timedelta(minutes=2)
    await house.door.release(await house.now(case))
    await house.wait(hours=1)
    assert (await house.now(case)).hold == "released"
    assert await phase(house) != "paused"


async def test_who_closes_the_case_may_let_the_meetings_go_on(house):
    case = await house.concern(hold=True)
    await house.wait(1)
    await house.door.take(case, house.refs["sam"])
    await house.door.close(case, house.refs["sam"], "talked", release=True)
    await house.wait(hours=1)
    assert await phase(house) != "paused"


async def test_a_hold_is_released_also_after_its_case_is_done(house):
    case = await house.concern(hold=True)
    await house.wait(1)
    await house.door.take(case, house.refs["sam"])
    await house.door.close(case, house.refs["sam"], "talked", release=False)
    await house.wait(95)
    assert await phase(house) == "paused"
    await house.door.release(await house.now(case))
    await house.wait(hours=1)
    assert await phase(house) != "paused"


async def test_an_operators_pause_is_not_ended_by_a_concern(house):
    """We held nothing, so there is nothing for us to release."""
    assert await pause(house) == "applied"
    case = await house.concern(hold=True)
    await house.wait(1)
    assert (await house.now(case)).hold == "not_held"
    await house.door.release(await house.now(case))
    await house.wait(1)
    assert await phase(house) == "paused"


async def test_a_pause_that_an_operator_ended_and_made_anew_is_theirs(house):
    case = await house.concern(hold=True)
    await house.wait(1)
    assert await pause(house, "op-a", "resume") == "applied"
    assert await pause(house, "op-b") == "applied"
    await house.wait(hours=1)
    await house.door.release(await house.now(case))
    await house.wait(1)
    assert await phase(house) == "paused"


async def test_a_hold_that_an_operator_ended_is_no_wish_that_a_later_one_of_the_partner_is_handed_to(house):
    """Noor was told that the meetings go on, so Mia's later hold does not pass to her."""
    noors = await house.concern("noor", hold=True, key="one")
    await house.wait(1)
    assert await pause(house, "op-a", "resume") == "applied"
    await house.wait(hours=1)
    assert await house.door.held(await house.now(noors)) == "goes_on"
    mias = await house.concern("mia", about="noor", hold=True, key="two")
    await house.wait(1)
    assert [await house.door.held(await house.now(case)) for case in (noors, mias)] == ["paused", "held"]
    await house.door.release(await house.now(mias))
    await house.wait(1)
    assert await phase(house) != "paused"


async def test_once_the_longest_pause_is_used_up_the_case_keeps_why_nothing_is_held(house):
    assert await pause(house) == "applied"
    await house.wait(183)
    assert await phase(house) != "paused"
    case = await house.concern(hold=True)
    await house.wait(1)
    told = await house.now(case)
    assert (told.hold, told.refused, await house.door.held(told)) == ("not_held", "used_up", "used_up")


async def test_what_an_operators_pause_kept_from_being_held_can_be_held_when_that_ends(house):
    assert await pause(house) == "applied"
    case = await house.concern(hold=True)
    await house.wait(1)
    assert await house.door.held(await house.now(case)) == "paused"
    assert await pause(house, "op-a", "resume") == "applied"
    await house.wait(hours=1)
    assert await house.door.held(await house.now(case)) == "goes_on"
    await house.door.hold(await house.now(case))
    await house.wait(hours=1)
    assert (await phase(house), await house.door.held(await house.now(case))) == ("paused", "held")


async def both_hold(house):
    """Raises Noor's concern with a hold, and Mia's after it."""
    noors = await house.concern("noor", hold=True, key="one")
    await house.wait(1)
    mias = await house.concern("mia", about="noor", hold=True, key="two")
    await house.wait(1)
    return noors, mias


async def test_when_both_hold_the_meetings_stay_held_until_both_let_go(house, mailbox):
    """Neither learns from it that the other raised something."""
    await house.wait(20, hours=9)
    noors = await house.concern("noor", hold=True, key="one")
    await house.wait(hours=1)
    mias = await house.concern("mia", about="noor", hold=True, key="two")
    await house.wait(1)
    await house.door.release(await house.now(noors))
    await house.wait(1)
    assert await phase(house) == "paused"
    assert paused_mails(mailbox, "mia") == ["Your mentorship is paused"]
    await house.door.release(await house.now(mias))
    await house.wait(1)
    assert await phase(house) != "paused"


async def test_a_pause_that_came_since_is_not_told_as_meetings_that_go_on_and_can_be_held_as_well(house):
    """An operator ended Noor's hold, and Mia has held the meetings since: Noor's page does not send her to a meeting, and her new wish counts."""
    noors = await house.concern("noor", hold=True, key="one")
    await house.wait(1)
    assert await pause(house, "op-a", "resume") == "applied"
    mias = await house.concern("mia", about="noor", hold=True, key="two")
    await house.wait(1)
    assert await house.door.held(await house.now(noors)) == "paused"
    await house.door.hold(await house.now(noors))
    await house.wait(1)
    await house.door.release(await house.now(mias))
    await house.wait(1)
    assert (await phase(house), await house.door.held(await house.now(noors))) == ("paused", "held")


async def test_a_worker_that_dies_while_it_hands_the_pause_on_hands_it_on_once_it_is_back(house, monkeypatch):
    noors, mias = await both_hold(house)
    noted, died = Cases.note_hold, list[str]()

    async def dies_once(self, case, before, after, *more, **named):
        if after == "released" and not died:
            died.append(case)
            raise RecordsUnavailable("a crash, to whoever was told nothing")
        return await noted(self, case, before, after, *more, **named)

    monkeypatch.setattr(Cases, "note_hold", dies_once)
    await house.door.release(await house.now(noors))
    await house.wait(1)
    assert died == [noors.id]
    assert (await phase(house), await house.door.held(await house.now(mias))) == ("paused", "held")


async def test_when_both_let_go_at_one_moment_the_meetings_go_on(house, monkeypatch):
    """The person to whom the pause would be handed lets go between two checks."""
    noors, mias = await both_hold(house)
    of_pair, let_go = Cases.of_pair, list[str]()

    async def mia_lets_go_meanwhile(self, mentorship):
        found = await of_pair(self, mentorship)
        if not let_go:
            let_go.append(mias.id)
            await self.release(mias.id, house.clock.now)
        return found

    monkeypatch.setattr(Cases, "of_pair", mia_lets_go_meanwhile)
    await house.door.release(await house.now(noors))
    await house.wait(1)
    assert let_go
    assert await phase(house) != "paused"


async def test_ladder_and_nudges_freeze_and_milestones_and_the_share_stay(house, mailbox):
    await house.mentorship.signal("confirm_meeting", ConfirmMeeting(message_id="slots-1", by=house.refs["mia"], meeting="all"))
    await house.mentorship.signal("confirm_meeting", ConfirmMeeting(message_id="slots-2", by=house.refs["noor"], meeting="all"))
    first = (await house.status()).meetings[0]
    await house.until(first.start - timedelta(hours=2))
    await house.mentorship.signal("cancel_meeting", CancelMeeting(message_id="late", by=house.refs["noor"], meeting=1, reason="work"))
    await house.mentorship.signal("record_milestone", RecordMilestone(message_id="m-1", by=house.refs["mia"], milestone="shadowing"))
    await house.wait(hours=1)
    done = {fact.id for fact in (await house.status()).milestones if fact.done_at is not None}
    assert "shadowing" in done
    await house.concern(hold=True)
    count = len(mailbox.to("noor@example.org"))
    await house.mentorship.signal("record_milestone", RecordMilestone(message_id="m-2", by=house.refs["noor"], milestone="introduction"))
    await house.wait(60)
    assert {fact.id for fact in (await house.status()).milestones if fact.done_at is not None} == done | {"introduction"}
    assert {notice.kind for notice in await house.records.notices.of(house.refs["noor"])}.isdisjoint({"nudge", "coordinator_told", "check_in"})
    kinds = [notice.kind for notice in await house.records.notices.of(house.refs["noor"])][count:]
    assert set(kinds) <= {"rescheduled"}, kinds
