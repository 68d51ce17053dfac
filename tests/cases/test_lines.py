"""The whole way, with everything real: a pair falls silent, and a coordinator closes the resulting line on their page (P7, H14)."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import httpx
import pytest

from activities.cases import Standing
from activities.digests import DigestRequest
from activities.notices import NoticeRequest
from gateway.links import Bearer, LinkSigner
from gateway.orders import send_order
from mentorship.commands import End, Flag
from mentorship.effects import SendNotice
from mentorship.people import Pair
from notices.smtp import Mailer
from records.coordination import able, looked_after
from tests.webhook.outbox import Outbox
from webhook.app import create_app
from worker.coordinators_list import CoordinatorsList
from worker.digests import SmtpDigests
from worker.office import RecordsOffice
from worker.post import SmtpPost


def text_of(mail) -> str:
    return " ".join(mail.get_body(("plain",)).get_content().split())


def reminders(mailbox, who):
    return [
        mail["Subject"] for mail in mailbox.to(f"{who}@example.org") if "waiting for somebody" in mail["Subject"] or "Still in your hands" in mail["Subject"]
    ]


def mailer(house):
    return Mailer(house.settings.smtp_host, house.settings.smtp_port, None, None, "none", 5.0)


def list_in(mail) -> str:
    found = re.search(r"https?://[^/]+(/coordinator/\S+)", mail.get_body(("plain",)).get_content())
    assert found is not None
    return found[1]


@pytest.fixture
async def page(house):
    app = create_app(house.settings, house.environment.client, house.records, post=Outbox(), clock=house.clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hook", follow_redirects=True) as http:
        yield http


async def press(http, answer, action, **typed):
    """Sends the form on this page whose address ends with `action`."""
    for found in re.finditer(r'<form method="post" action="([^"]*)"[^>]*>(.*?)</form>', answer.text, re.DOTALL):
        if found[1].partition("?")[0].endswith(action):
            hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', found[2])
            return await http.post(html.unescape(found[1]), data={**{name: html.unescape(value) for name, value in hidden}, **typed})
    raise AssertionError(f"no form {action}")


async def closer(http, answer):
    found = re.search(r'<a class="button second" href="([^"]*/[0-9a-f]{16})"', answer.text)
    assert found is not None
    return await http.get(html.unescape(found[1]))


async def silent(house):
    """Nobody says a word until a line is on the list; that happens at the same moment in every run."""
    for _ in range(60):
        await house.wait(1)
        if lines := await house.records.lines.all("spring"):
            return lines[0]
    raise AssertionError("no line")


async def case_of(house, line):
    case = await house.records.cases.of_line(line.key)
    assert case is not None
    return case


async def test_a_line_that_a_pair_raised_is_taken_and_closed_on_the_page_and_its_case_ends(house, mailbox, page):
    line = await silent(house)
    await house.wait(8)
    (told,) = [mail for mail in mailbox.to("ana@example.org") if mail["Subject"] == "1 pair is still waiting for somebody"]
    assert not any(name in text_of(told) for name in ("Mia", "Noor", "pair-1"))
    shown = await press(page, await page.get(list_in(told)), "/take")
    assert "It is in your hands." in shown.text
    case = await case_of(house, line)
    await house.wait(hours=1)
    assert (await house.standing(case)).state == "taken"
    assert "silence" in (await house.status()).attention

    shown = await press(page, await closer(page, shown), "/close", outcome="talked")
    assert "Closed: We talked." in shown.text
    await house.wait(hours=1)
    assert Standing.model_validate(await house.case(case).result()) == Standing(state="closed")
    assert "silence" not in (await house.status()).attention
    (resolved,) = [row for row in await house.records.journal.entries(house.enrolment.mentorship) if row.kind == "command" and row.name == "resolve"]
    assert (resolved.by, resolved.outcome, resolved.message_id) == (house.refs["ana"], "applied", case.resolve_id)
    assert resolved.at == next(one.closed_at for one in await house.records.lines.all("spring", open_only=False) if one.key == line.key)
    assert "own record says so too" in (await page.get(str(shown.request.url))).text


async def test_a_line_that_a_door_closes_whose_clock_is_ahead_closes_in_its_mentorship_too(house):
    """Else it would never come again: the mentorship would refuse for good what came from the future, and hold the line for an open one."""
    line = await silent(house)
    assert await house.records.lines.settle(line.mentorship, line.line, house.refs["ana"], "talked", house.clock.now + timedelta(minutes=2))
    await house.case(await case_of(house, line)).signal("look")
    await house.wait(hours=1)
    assert line.line not in (await house.status()).attention


async def test_everybody_who_may_is_reminded_once_a_week_until_somebody_takes_it_and_then_only_they(house, mailbox):
    line = await silent(house)
    await house.until(line.opened_at + timedelta(days=6.9))
    assert reminders(mailbox, "ana") == reminders(mailbox, "carl") == []
    await house.until(line.opened_at + timedelta(days=8))
    assert len(reminders(mailbox, "ana")) == len(reminders(mailbox, "carl")) == 1
    assert await house.records.lines.take(line.mentorship, line.line, house.refs["carl"], house.clock.now)
    for other in await house.records.lines.all("spring"):
        await house.records.lines.take(other.mentorship, other.line, house.refs["carl"], house.clock.now)
    before = len(reminders(mailbox, "carl"))
    await house.wait(13)
    assert len(reminders(mailbox, "carl")) == before
    await house.wait(3)
    assert len(reminders(mailbox, "ana")) == 1
    assert len(reminders(mailbox, "carl")) == before + 1
    assert "In your hands: 1" in text_of(mailbox.to("carl@example.org")[-1])
    assert [mail for mail in mailbox.to("lee@example.org") if "Waiting for" in mail["Subject"]] == []


async def test_a_repeat_that_comes_later_finds_the_line_of_an_attempt_that_came_half_way(house):
    """The worker died between the line and its case: the case uses the clock of the line that exists."""
    mentorship, opened = house.enrolment.mentorship, house.clock.now
    await house.records.lines.open(mentorship, "silence", None, opened, "a-line")
    await house.wait(hours=1)
    await CoordinatorsList(house.records, house.environment.client).open(mentorship, "silence", None, house.clock.now, "a-line")
    [line] = await house.records.lines.all("spring")
    case = await case_of(house, line)
    assert case.opened_at == line.opened_at == opened
    await house.wait(1)
    assert (await house.standing(case)).state == "waiting"


async def test_a_digest_is_a_reminder_so_that_nobody_gets_both(house, mailbox):
    line = await silent(house)
    await house.until(line.opened_at + timedelta(days=6))
    settings = house.settings
    digests = SmtpDigests(house.records, mailer(house), LinkSigner(settings.link_secrets), sender=settings.mail_from, base_url=settings.base_url)
    await digests.send(DigestRequest(cohort="spring", due=house.clock.now, at=house.clock.now))
    await house.wait(5)
    assert reminders(mailbox, "ana") == []
    assert len([mail for mail in mailbox.to("ana@example.org") if "could use a hand" in mail["Subject"]]) == 1
    await house.wait(4)
    assert len(reminders(mailbox, "ana")) == 1


async def test_who_set_it_aside_is_left_alone_until_that_day(house, mailbox):
    line = await silent(house)
    for _ in range(2):
        until = house.clock.now + timedelta(days=14)
        assert await house.records.lines.set_aside(line.mentorship, line.line, house.refs["ana"], until, house.clock.now)
    await house.until(line.opened_at + timedelta(days=27))
    mine = [subject for subject in reminders(mailbox, "ana") if "hands" in subject]
    assert mine == []


async def test_who_took_it_and_left_gives_it_back_and_the_others_hear_of_it(house, mailbox):
    line = await silent(house)
    await house.records.lines.take(line.mentorship, line.line, house.refs["ana"], house.clock.now)
    ana = await house.records.people.profile(house.refs["ana"])
    await house.records.people.enrol([ana.model_copy(update={"status": "gone"})])
    await house.wait(16)
    assert next(one for one in await house.records.lines.all("spring") if one.key == line.key).taken_by is None
    assert reminders(mailbox, "ana") == []
    assert reminders(mailbox, "carl")


async def test_who_is_close_to_the_pair_is_not_reminded_either(house, mailbox):
    """H16."""
    mia = await house.records.people.profile(house.refs["mia"])
    await house.records.people.enrol([mia.model_copy(update={"manager_id": "ana"})])
    line = await silent(house)
    await house.until(line.opened_at + timedelta(days=9))
    assert reminders(mailbox, "ana") == []
    assert len(reminders(mailbox, "carl")) == 1


async def test_where_no_coordinator_may_see_a_pair_the_owner_looks_after_it(house, mailbox, page):
    """H14: a person was told that a coordinator was asked, so somebody is; H16: never somebody close to the two."""
    for who, boss in (("mia", "ana"), ("noor", "carl")):
        profile = await house.records.people.profile(house.refs[who])
        await house.records.people.enrol([profile.model_copy(update={"manager_id": boss})])
    line = await silent(house)
    await house.until(line.opened_at + timedelta(days=9))
    assert reminders(mailbox, "ana") == reminders(mailbox, "carl") == []
    (told,) = [mail for mail in mailbox.to("lee@example.org") if "still waiting" in mail["Subject"]]
    shown = await press(page, await page.get(list_in(told)), "/take")
    assert "It is in your hands." in shown.text
    await house.wait(hours=1)
    assert (await house.standing(await case_of(house, line))).state == "taken"
    shown = await press(page, await closer(page, shown), "/close", outcome="talked")
    assert "Closed: We talked." in shown.text


async def test_rung_3_is_told_to_the_owner_where_no_coordinator_may_know_and_the_list_of_theirs_opens(house, mailbox, page):
    """H14, H16: a concern is about Carl, and Ana is above Mia."""
    mia = await house.records.people.profile(house.refs["mia"])
    await house.records.people.enrol([mia.model_copy(update={"manager_id": "ana"})])
    post = SmtpPost(house.records, mailer(house), LinkSigner(house.settings.link_secrets), sender="m@example.org", base_url="http://x")
    pair = Pair(mentor=house.enrolment.mentor, mentee=house.enrolment.mentee)
    notice = SendNotice(id="7.0", kind="case", to="coordinators", due=house.clock.now, line="cancellations_mentor")
    request = NoticeRequest(
        mentorship=house.enrolment.mentorship, pair=pair, texts=house.programme.texts().digest, notice=notice, mail=house.programme.rules().mail
    )
    assert await post.readers(request) == (house.refs["carl"],)
    await house.records.lines.open(house.enrolment.mentorship, "cancellations_mentor", None, house.clock.now, "a-line")
    lees = LinkSigner(house.settings.link_secrets).token("coordinator", Bearer("spring", house.refs["lee"]))
    assert (await page.get(f"/coordinator/{lees}")).status_code == 404, "somebody may look after every pair"
    assert await looked_after(house.records, house.refs["lee"]) == []

    await house.concern(about="carl", contacts=("sam",))
    assert await post.readers(request) == (house.refs["lee"],)
    await post.deliver(house.refs["lee"], request, house.clock.now)
    (told,) = [mail for mail in mailbox.to("lee@example.org") if mail["Subject"] == "A pair could use a hand"]
    assert "Mia" in (await page.get(list_in(told))).text
    assert [cohort.id for cohort, _ in await looked_after(house.records, house.refs["lee"])] == ["spring"]


async def test_where_nobody_at_all_may_nobody_is_told(house):
    """H16 takes precedence over H14; an operator is warned of it at the start."""
    for who, boss in (("mia", "ana"), ("noor", "carl"), ("ana", "lee")):
        profile = await house.records.people.profile(house.refs[who])
        await house.records.people.enrol([profile.model_copy(update={"manager_id": boss})])
    pair = Pair(mentor=house.enrolment.mentor, mentee=house.enrolment.mentee)
    assert await able(house.records, house.programme, house.enrolment.mentorship, pair) == ()


async def test_closing_while_the_mentorship_is_lost_is_told_once_it_is_revived(house, monkeypatch):
    """P5, H4: the case retries until the mentorship answers. Otherwise the pair would keep a line that nobody sees, and could never get it again."""

    async def listed(*_: object) -> list[str]:
        """The time-skipping server lists no runs; the newest one is found without."""
        return []

    monkeypatch.setattr("worker.unwritten.ended", listed)
    client, mentorship = house.environment.client, house.enrolment.mentorship
    await house.wait(hours=9)
    assert await send_order(client, mentorship, Flag(message_id="line-1", by="p-hr", at=house.clock.now, line="reporting_line"), 10)
    await house.wait(hours=1)
    (line,) = await house.records.lines.of(mentorship)
    case = await case_of(house, line)
    await house.mentorship.terminate()
    assert await house.records.lines.settle(mentorship, line.line, house.refs["ana"], "talked", house.clock.now)
    await house.case(case).signal("look")
    await house.wait(hours=1)
    assert (await house.now(case)).state != "closed"

    await house.records.cohorts.await_start(mentorship)
    await RecordsOffice(house.records, client).enrol("spring", 1, lambda *_: None)
    await house.wait(hours=1)
    assert (await house.status()).attention == {}
    assert Standing.model_validate(await house.case(case).result()) == Standing(state="closed")
    assert await send_order(client, mentorship, Flag(message_id="line-2", by="p-hr", at=house.clock.now, line="reporting_line"), 10)
    await house.wait(hours=1)
    assert [one.closed_at is None for one in await house.records.lines.of(mentorship)] == [False, True]


async def test_a_line_of_a_mentorship_that_is_over_is_closed_without_anybody_to_tell(house):
    """A line about somebody who stepped away stays after the end."""
    by = await house.records.people.operator("olga")
    await house.wait(hours=9)
    end = End(message_id="end", by=by, at=house.clock.now, reason="stepped_away", leaver=house.refs["mia"])
    await house.mentorship.execute_update("end", end)
    await house.wait(1)
    (line,) = await house.records.lines.of(house.enrolment.mentorship)
    case = await case_of(house, line)
    assert await house.records.lines.settle(line.mentorship, line.line, house.refs["ana"], "ended", house.clock.now)
    await house.case(case).signal("look")
    assert Standing.model_validate(await house.case(case).result()) == Standing(state="closed")
