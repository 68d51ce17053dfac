"""Somebody in a running mentorship is erased (P8): it ends, the partner gets what they earned, and nothing of the person is left."""

from __future__ import annotations

import pytest

from records.errors import Erased


async def test_who_is_erased_steps_away_and_the_partner_is_told_and_certified(house, calm, mailbox):
    await house.start(calm())
    async with house.worker():
        await house.post(0, "mentor", "confirm_expectations", "aligned-1", expectations=["confidentiality", "mutual_respect", "psychological_safety"])
        await house.post(0, "mentee", "confirm_expectations", "aligned-2", expectations=["confidentiality", "mutual_respect", "psychological_safety"])
        await house.post(0, "mentee", "set_goal", "goal", goal="g-1", text="My secret ambition")
        for milestone in ("shadowing", "talk", "visit"):
            await house.post(0, "mentor", "record_milestone", milestone, milestone=milestone)
        await house.journalled("visit")
        await house.idle()
        before = len(mailbox.mails)

        refused = await house.cli("person", "erase", "mentee-1", expect=1)
        assert refused["running"] == [{"cohort": "spring", "pair_id": "pair-1"}]
        erased = await house.cli("person", "erase", "mentee-1", "--end")
        assert erased["ended"] == [{"cohort": "spring", "pair_id": "pair-1"}]

        outcome = await house.outcome()
        assert outcome.ended == "stepped_away"
    with pytest.raises(Erased):
        await house.records.people.profile(house.mentee)
    held = await house.records.certificates.of(house.pairs[0].mentorship)
    assert house.mentor in {one.person for one in held if one.stored}
    assert house.mentor in outcome.certificates
    told = [mail for mail in mailbox.mails[before:] if "mentor-1@example.org" in mail["To"]]
    assert any("certificate.pdf" in [part.get_filename() for part in mail.iter_attachments()] for mail in told)
    stored = b"".join(path.read_bytes() for path in house.folder.glob("records.db*"))
    for trace in ("My secret ambition", "Mentee-1", "mentee-1@example.org"):
        assert trace.encode() not in stored
    assert (await house.cli("journal", "verify"))["findings"] == []
    export = await house.cli("person", "export", house.mentee)
    assert (export["erased"], export["mentorships"][0]["words"]) == (True, [])
