"""Mailboxes that refuse mail, for good or for a while: the journal records it, and the partner is never affected."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mentorship.commands import ConfirmMeeting
from tests.pace import PACES, behind

MENTOR, MENTEE, ANA = "mentor-1@example.org", "mentee-1@example.org", "ana@example.org"


class Counting(dict[str, str]):
    """A mail server's refusals, which count how often they are looked up."""

    times = 0

    def __getitem__(self, address):
        self.times += 1
        return super().__getitem__(address)


@pytest.mark.timeout(600)
async def test_a_bounce_comes_back_as_a_fact_and_the_partner_hears_everything(house, quick, mailbox):
    mailbox.refuse[MENTEE] = "550 5.1.1 no such mailbox"
    for pace in PACES:
        mailbox.mails.clear()
        house.cohort = f"spring-{pace}"
        await house.start(quick(pace, length="PT12S", meetings={"first_after": "PT4S", "interval": "PT4S", "prepare": "PT4S"}))
        async with house.worker():
            outcome = await house.outcome(within=60 * pace)
        ledger = [notice for notice in await house.records.notices.of(house.mentor) if notice.key.startswith(house.pairs[0].mentorship)]
        kinds = [notice.kind for notice in ledger if notice.state == "sent"]
        if len(kinds) == len(ledger) and {"welcome", "prepare", "ask", "closing_survey", "result"} <= set(kinds):
            break
        assert await behind(house.handle()) > pace * timedelta(seconds=1), "some mail did not go, and was not late"
    else:
        pytest.fail("this machine is too slow for a story of seconds")
    assert outcome.phase == "completed"
    assert not mailbox.to(MENTEE)
    rows = await house.journal()
    failed = [row.body for row in rows if row.name == "notice_failed"]
    assert {(body["to"], body["why"]) for body in failed if body["why"] == "bounced"} == {("mentee", "bounced")}
    assert len(mailbox.to(MENTOR)) == len(kinds)
    assert await house.records.journal.verify(cohort=house.cohort) == []


async def test_a_mailbox_that_is_busy_gets_its_mail_later_and_once(house, calm, hurried, mailbox):
    mailbox.refuse = Counting({MENTEE: "451 4.2.1 busy"})
    await house.start(calm())

    async def refused_three_times() -> bool:
        return mailbox.refuse.times >= 3

    async def the_mentor_has_theirs() -> bool:
        return bool(mailbox.to(MENTOR))

    async with house.worker():
        await house.until(refused_three_times)
        await house.until(the_mentor_has_theirs)  # who would otherwise wait for the mentee's mailbox
        mailbox.refuse.clear()
        await house.idle()
    assert len(mailbox.to(MENTEE)) == 1
    assert not [row for row in await house.journal() if row.name == "notice_failed"]


async def test_a_coordinators_own_bounce_ends_in_the_ledger_and_in_no_other_mail(house, calm, mailbox):
    mailbox.refuse[ANA] = "550 5.1.1 no such mailbox"
    late = {"notice": "PT12H", "answer_within": "PT5H", "window": "P30D"}  # every cancellation on this day is late
    await house.start(calm(cancellations=late))
    async with house.worker():
        for side in (house.mentor, house.mentee):
            await house.signal(ConfirmMeeting(message_id=f"all-{side}", by=side, meeting="all"))
            await house.receipt_within(f"all-{side}")
        for n in (1, 2, 3):
            await house.post(0, "mentor", "cancel_meeting", f"cancel-{n}", meeting=n, reason="work")
            await house.receipt_within(f"cancel-{n}")
            await house.idle()  # the nudge has gone: it says that nobody else was told, and would not go after the third
        assert "cancellations_mentor" in (await house.status()).attention
    ana = await house.records.people.ref("ana")
    ledger = await house.records.notices.of(ana)
    assert [(notice.kind, notice.state, notice.why) for notice in ledger] == [("case", "failed", "bounced")]
    assert not mailbox.to(ANA)
    assert [line.line for line in await house.records.lines.all(house.cohort)] == [
        line for line in ("cancellations_mentor", "not_held") if line in {found.line for found in await house.records.lines.all(house.cohort)}
    ]
    bounced = [row.body for row in await house.journal() if row.name == "notice_failed" and row.body["to"] == "coordinators"]
    assert [body["why"] for body in bounced] == ["bounced"]
    told = {notice.kind for person in (house.mentor, house.mentee) for notice in await house.records.notices.of(person)}
    assert told == {"welcome", "rescheduled", "nudge", "coordinator_told", "check_in"}
