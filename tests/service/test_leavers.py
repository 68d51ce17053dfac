"""P6 on the real server: people on leave, people who left, and the mentee who continues with another mentor."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from records.people import Profile
from webhook.bodies import BODIES
from webhook.door import utc_now
from webhook.parsing import digest
from webhook.people_bodies import EVENTS
from webhook.people_door import PeopleDoor
from worker.office import RecordsOffice

ROOT = Path(__file__).parents[2]


async def mentor_of_two(house: Any, programme: Any) -> None:
    """`mentor-1` with `mentee-1` and with `mentee-2`, both started."""
    await house.enrol(programme, 1)
    refs = await house.records.people.enrol([Profile(person_id="mentee-2", name="Mentee-2", email="mentee-2@example.org")])
    house.pairs += (await house.records.cohorts.enrol_pairs(house.cohort, [("pair-2", house.mentor, refs["mentee-2"])])).added
    await RecordsOffice(house.records, house.client).enrol(house.cohort, 2, lambda *_: None)


async def hr_says(house: Any, person: str, event: str, message_id: str, **body: Any) -> None:
    """Sends a report through the door, as a signed POST from HR's system would."""
    door = PeopleDoor(house.records, house.door(), utc_now)
    said = EVENTS[event].model_validate_json(json.dumps(body))
    await door.take(await door.person(person), "hr", message_id, digest(event, body), said)


async def receipt(house: Any, person: str, message_id: str) -> str:
    door = PeopleDoor(house.records, house.door(), utc_now)
    return str((await door.receipt(await door.person(person), message_id)).status)


def text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return re.sub(r"\s+", " ", str(body.get_content()))


def about(mailbox: Any, address: str, words: str) -> list[str]:
    return [text(mail) for mail in mailbox.to(address) if words in str(mail["Subject"])]


async def phases(house: Any) -> list[str]:
    return [(await house.status(pair)).phase for pair in (0, 1)]


async def test_a_leave_pauses_every_pair_with_no_worker_alive_and_back_lets_them_go_on(house, calm, mailbox):
    await mentor_of_two(house, calm())
    await hr_says(house, "mentor-1", "leave", "hr-1", until=(datetime.now(UTC) + timedelta(minutes=30)).isoformat())
    assert await receipt(house, "mentor-1", "hr-1") == "waiting"
    async with house.worker():
        await house.until(lambda: _all(house, "paused"))
        await hr_says(house, "mentor-1", "leave", "hr-1", until=(await _told_until(house)).isoformat())
        for pair in (0, 1):
            await house.idle(pair)
        assert await receipt(house, "mentor-1", "hr-1") == "accepted"
        told = {address: about(mailbox, f"{address}@example.org", "pause") for address in ("mentor-1", "mentee-1", "mentee-2")}
        assert [len(mails) for mails in told.values()] == [2, 1, 1]
        assert "leave" not in told["mentee-1"][0]

        await hr_says(house, "mentor-1", "back", "hr-2")
        await house.until(lambda: _none(house, "paused"))
        for pair in (0, 1):
            status = await house.idle(pair)
            assert status.next_meeting is not None
        assert about(mailbox, "mentee-1@example.org", "goes on")
    assert await house.records.lines.all() == []
    assert await house.records.journal.verify(cohort=house.cohort) == []


async def test_who_left_ends_both_pairs_kindly_and_who_stays_is_offered_a_new_match(house, calm, mailbox):
    await mentor_of_two(house, calm())
    async with house.worker():
        for pair in (0, 1):
            await house.idle(pair)
        await hr_says(house, "mentor-1", "left", "hr-1")
        for pair in (0, 1):
            assert (await house.outcome(pair)).ended == "stepped_away"
        lines = await house.records.lines.all()
        assert {(line.mentorship, line.line, line.side) for line in lines} == {(pair.mentorship, "partner_left", "mentee") for pair in house.pairs}
        for mentee in ("mentee-1", "mentee-2"):
            (mail,) = [mail for mail in mailbox.to(f"{mentee}@example.org") if "ended" in str(mail["Subject"])]
            assert "Mentor-1 has stepped away from the programme" in text(mail)
            assert any(part.get_content_type() == "text/calendar" for part in mail.walk())
    assert (await house.records.people.profile(house.mentor)).status == "gone"
    assert await receipt(house, "mentor-1", "hr-1") == "accepted"


async def test_a_mentee_goes_on_with_another_mentor_and_each_earns_their_own_share(house, quick, mailbox, tmp_path):
    """Two of five were carried over. Two more make the mentee's four of five, and are only two of the three that remained for the new mentor."""
    await mentor_of_two(house, quick(length="PT14S", meetings={"count": 2, "first_after": "PT4S", "interval": "PT4S"}))
    people = tmp_path / "people.csv"
    people.write_text("person_id,name,email,role\nmentor-9,Nia Neu,nia@example.org,mentor\n")
    async with house.worker():
        for milestone in ("shadowing", "talk"):
            await house.post(0, "mentee", "record_milestone", f"first-{milestone}", milestone=milestone)
            await house.journalled(f"first-{milestone}")
        await hr_says(house, "mentor-1", "left", "hr-1")
        assert (await house.outcome(0)).milestones_done == 2

        told = await house.cli("cohort", "rematch", "spring", "pair-1", "--mentor", "mentor-9", "--people", str(people))
        assert (told["old"], told["new"]["pair_id"], told["milestones"]["brought"]) == (
            {"pair_id": "pair-1", "ended_now": False},
            "pair-1-2",
            ["shadowing", "talk"],
        )
        assert (told["milestones"]["mentee_needs"], told["milestones"]["mentor_needs"]) == (4, 3)
        again = await house.cli("cohort", "rematch", "spring", "pair-1", "--mentor", "mentor-9")
        assert (again["new"]["pair_id"], again["new"]["was_there"]) == ("pair-1-2", True)
        assert [line.mentorship for line in await house.records.lines.all()] == [house.pairs[1].mentorship]

        found = await house.records.cohorts.find("spring", "pair-1-2")
        house.pairs[0] = found
        expectations = ["confidentiality", "mutual_respect", "psychological_safety"]
        door = house.door()
        said: tuple[tuple[str, str, dict[str, Any]], ...] = (
            (found.mentee, "record_milestone", {"milestone": "visit"}),
            (found.mentor, "confirm_expectations", {"expectations": expectations}),
            (found.mentee, "confirm_expectations", {"expectations": expectations}),
        )
        for number, (by, command, body) in enumerate(said):
            await _tell(door, found, by, command, f"second-{number}", body)
        outcome = await house.outcome(0)
    assert (outcome.phase, outcome.milestones_done) == ("completed", 4)
    assert list(outcome.certificates) == [found.mentee]
    assert about(mailbox, "mentee-1@example.org", "certificate")
    assert not about(mailbox, "nia@example.org", "certificate")
    (missed,) = about(mailbox, "nia@example.org", "come to its end")
    assert "needed 3 of 3 milestones" in missed
    assert await house.records.journal.verify(cohort=house.cohort) == []


async def _tell(door: Any, pair: Any, by: str, command: str, message_id: str, body: dict[str, Any]) -> None:
    value = {"by": "somebody", **body}
    written = BODIES[command].model_validate_json(json.dumps(value))
    await door.take(pair, by, message_id, digest(command, value), written.command)


async def _all(house: Any, phase: str) -> bool:
    return await phases(house) == [phase, phase]


async def _none(house: Any, phase: str) -> bool:
    return phase not in await phases(house)


async def _told_until(house: Any) -> datetime:
    (word,) = (await house.records.people.leave_words([house.mentor])).values()
    until: datetime = word.leave.until
    return until


async def test_what_hr_said_before_a_pair_was_started_is_told_when_it_is(house, calm):
    """The two are enrolled, and no worker has run yet: there is no mentorship to tell."""
    await house.enrol(calm(), 1)
    await hr_says(house, "mentee-1", "leave", "hr-1", until=(datetime.now(UTC) + timedelta(minutes=30)).isoformat())
    async with house.worker():
        await house.start_cohort()
        await house.until(lambda: house.records.cohorts.of_person(house.mentee))

        async def paused() -> bool:
            pairs = await house.records.cohorts.of_person(house.mentee)
            return pairs[0].state == "started" and (await house.status()).phase == "paused"

        await house.until(paused)
