"""The coordinators' weekly digest (P7): only what is on the list and what changed, in their language, and no digest when nobody waits."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.digests import DigestActivities, DigestRequest
from notices.attention import line_words
from notices.language import language
from notices.smtp import Mailer, TryLater
from tests.webhook.browser import found_in
from worker.digests import SmtpDigests

MONDAY = datetime(2027, 3, 1, 7, tzinfo=UTC)
LINES = (
    "cancellations_mentor",
    "cancellations_mentee",
    "not_held",
    "silence",
    "no_meeting",
    "rematch",
    "partner_left",
    "reporting_line",
    "on_leave",
    "unprintable",
)


@pytest.fixture
def digests(desk, mailbox, settings):
    mailer = Mailer("127.0.0.1", mailbox.port, None, None, "none", 5.0)
    return SmtpDigests(desk.records, mailer, desk.signer, sender=settings.mail_from, base_url=settings.base_url)


@pytest.fixture
def send(desk, digests):
    async def send(week: int = 1, *, closing: bool = False) -> None:
        due = MONDAY + timedelta(weeks=week)
        await digests.send(DigestRequest(cohort="spring", due=due, at=desk.clock.now, closing=closing))

    return send


def text_of(mail) -> str:
    return " ".join(mail.get_body(("plain",)).get_content().split())


async def test_it_says_which_pairs_why_and_one_next_step_and_links_to_the_list(desk, send, mailbox, browser):
    await desk.open("no_meeting", 0, days=5)
    await send()
    (mail,) = mailbox.to("ana@example.org")
    assert mail["Subject"] == "1 pair could use a hand"
    text = text_of(mail)
    assert "Mia Brandt and Noor Haddad: They have not had a first meeting yet. Help them to find a first date. On your list since Wednesday 28 April." in text
    assert "In the last seven days: 1 new, 0 closed." in text
    page = await browser.get(found_in(mail.get_body(("plain",)).get_content(), r"http://hook(/coordinator/\S+)"))
    assert page.status_code == 200
    html = mail.get_body(("html",)).get_content()
    assert '<html lang="en" dir="ltr">' in html
    assert "Mia Brandt and Noor Haddad" in html


async def test_its_envelope_is_that_of_every_mail_and_a_repeat_is_the_same(desk, send, mailbox):
    await desk.open("silence", 0)
    await send()
    await send()
    assert len(mailbox.mails) == 2  # one to each coordinator, once
    (mail,) = mailbox.to("ana@example.org")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["Content-Language"] == "en"
    assert mail["List-Unsubscribe"] is None
    assert re.fullmatch(r"<[0-9a-f]{40}@example\.org>", mail["Message-ID"])


async def test_it_comes_in_its_readers_own_hours(desk, digests, mailbox):
    """Meetings: messages go out between 08 and 18 in the reader's zone. A coordinator who has theirs already waits for nobody.

    Until then nothing was handed to the mail server, so an alert does not count it among the mails that were begun and not sent.
    """
    await desk.open("silence", 0)
    night = desk.clock.now.replace(hour=2, minute=0)
    again = await digests.send(DigestRequest(cohort="spring", due=night, at=night))
    assert again is not None
    assert night < again < night + timedelta(hours=12)
    assert not mailbox.mails
    assert (await desk.records.watch.figures(night)).mails == {}
    while again is not None:
        now, again = again, await digests.send(DigestRequest(cohort="spring", due=night, at=again))
    assert len(mailbox.mails) == 2
    assert now < night + timedelta(days=1)


async def test_its_name_is_the_instant_at_which_it_was_due_and_the_report_has_one_of_its_own(desk, send, mailbox):
    """P7: a cohort's workflow can begin again, and knows nothing of the weeks before."""
    await desk.open("silence", 0)
    await send(1)
    await send(2)
    await send(2, closing=True)
    await send(2, closing=True)
    assert len(mailbox.to("ana@example.org")) == 3
    keys = {notice.key.rpartition("/")[0] for notice in await desk.records.notices.of(desk.refs["ana"])}
    assert keys == {"cohort.spring/digest.20270308T070000Z", "cohort.spring/digest.20270315T070000Z", "cohort.spring/closing.20270315T070000Z"}


@pytest.mark.parametrize(
    ("code", "subject", "word"),
    [("de", "1 Tandem könnte Unterstützung brauchen", "Wartet auf jemanden"), ("ar", "ثنائي واحد قد يحتاج إلى مساعدة", "في انتظار من يتولاه")],
)
async def test_it_speaks_the_coordinators_language(code, subject, word, desk, send, mailbox):
    await desk.hire(ana={"language": code})
    await desk.open("silence", 0)
    await send()
    (mail,) = mailbox.to("ana@example.org")
    assert mail["Subject"] == subject
    assert mail["Content-Language"] == code
    assert word in text_of(mail)
    assert f'<html lang="{code}"' in mail.get_body(("html",)).get_content()


async def test_nobody_gets_a_mail_that_says_that_nobody_needs_them(desk, send, mailbox):
    await send(1)
    await desk.open("silence", 0)
    await desk.records.lines.take(desk.pairs[0].mentorship, "silence", desk.refs["carl"], desk.clock.now)
    await send(2)
    assert [mail["To"] for mail in mailbox.mails] == ["Carl Coordinator <carl@example.org>"]
    await desk.records.lines.set_aside(desk.pairs[0].mentorship, "silence", desk.refs["carl"], desk.clock.now + timedelta(days=7), desk.clock.now)
    await send(3)
    assert len(mailbox.mails) == 1


async def test_what_is_in_hand_is_told_to_who_has_it_and_counted_for_the_others(desk, send, mailbox):
    await desk.open("silence", 0)
    await desk.open("not_held", 1)
    await desk.open("rematch", 2)
    lines = desk.records.lines
    await lines.take(desk.pairs[0].mentorship, "silence", desk.refs["ana"], desk.clock.now)
    await lines.set_aside(desk.pairs[2].mentorship, "rematch", desk.refs["ana"], desk.clock.now + timedelta(days=7), desk.clock.now)
    await send()
    ana, carl = text_of(mailbox.to("ana@example.org")[0]), text_of(mailbox.to("carl@example.org")[0])
    assert ana.index("Waiting for somebody") < ana.index("Jonas") < ana.index("In your hands") < ana.index("Mia")
    assert "Priya" not in ana
    assert "With other coordinators: 0; set aside by you for later: 1." in ana
    assert "Mia" not in carl
    assert "Bei anderen aus der Koordination: 2;" in carl


async def test_nobody_reads_of_a_pair_that_they_are_close_to(desk, send, mailbox):
    """H16."""
    await desk.hire(noor={"manager_id": "ana"})
    await desk.open("silence", 0)
    await desk.open("silence", 1)
    await send()
    ana, carl = text_of(mailbox.to("ana@example.org")[0]), text_of(mailbox.to("carl@example.org")[0])
    assert ("Mia" in ana, "Jonas" in ana, "Mia" in carl) == (False, True, True)
    assert mailbox.to("ana@example.org")[0]["Subject"] == "1 pair could use a hand"


async def test_it_tells_no_reason_no_rung_no_pairs_numbers_and_no_id_of_the_company(desk, send, mailbox):
    """H12, H14."""
    for pair, line in enumerate(("cancellations_mentee", "not_held", "silence", "unprintable")):
        await desk.card(pair)
        await desk.open(line, pair)
    await send()
    (mail,) = mailbox.to("ana@example.org")
    told = text_of(mail)
    assert "meetings held: 284; milestones reached: 148" in told
    assert not re.search(
        r"\b(work|personal|technical|rung|ladder|late|71|37|mentee|mentor)\b",
        told.replace("Engineering mentorship 2027", "").replace("“mentorship doctor”", ""),
    )
    assert not any(hidden in told for pair in desk.pairs for hidden in (pair.pair_id, pair.mentorship, pair.mentor))
    assert "one of its characters is in no font that is installed" in told


async def test_of_500_lines_it_names_some_and_says_how_many_more(desk, send, mailbox):
    for n in range(20):
        await desk.records.lines.open(desk.pairs[n % 4].mentorship, f"kind-{n}", None, desk.clock.now - timedelta(days=n), f"k-{n}")
    await send()
    text = text_of(mailbox.to("ana@example.org")[0])
    assert text.count("This pair could use a person.") == 15
    assert "More of them on your list: 5" in text
    assert mailbox.to("ana@example.org")[0]["Subject"] == "4 pairs could use a hand"


async def test_the_report_at_the_close_goes_to_each_also_when_nobody_waits(desk, send, mailbox):
    for pair in range(4):
        await desk.card(pair)
    await send(9, closing=True)
    (mail,) = mailbox.to("ana@example.org")
    assert mail["Subject"] == "How the cohort went"
    assert "Pairs that took part: 5 - Meetings held: 284 - Milestones reached: 148 - Pairs that earned their certificates: 0" in text_of(mail)


async def test_the_report_at_the_close_counts_a_pair_whose_certificates_are_still_being_made(desk, send, mailbox):
    """H7: a mentorship is over once it was decided who earned a certificate. Making them takes a while, and days where no font prints a name."""
    for pair, certified in enumerate((["mentor", "mentee"], ["mentee"], [], ["mentor", "mentee"], [])):
        await desk.card(pair)
        await desk.card(pair, over=True)
        await desk.decide(pair, certified)
    await send(9, closing=True)
    assert "Pairs that earned their certificates: 3" in text_of(mailbox.to("ana@example.org")[0])


async def test_numbers_that_would_be_one_pairs_are_in_neither_mail(desk, send, mailbox):
    """H5, H14: this is about the last few that run, from one week to the next."""
    await desk.open("silence", 0)
    await desk.card(0)
    await desk.card(0, over=True)
    await send()
    assert "The cohort so far: 4 of 5 pairs on their way, 1 done." in text_of(mailbox.to("ana@example.org")[0])
    await send(9, closing=True)
    told = text_of(mailbox.to("ana@example.org")[1])
    assert "Pairs that took part: 5" in told
    assert not any(words in told for words in ("Meetings held", "Milestones reached", "earned"))


async def test_a_mailbox_that_refuses_does_not_keep_it_from_the_others(desk, send, mailbox):
    await desk.open("silence", 0)
    mailbox.refuse["ana@example.org"] = "550 no such user"
    await send()
    assert len(mailbox.to("carl@example.org")) == 1
    assert [notice.state for notice in await desk.records.notices.of(desk.refs["ana"])] == ["failed"]


@pytest.mark.parametrize("code", ["en", "de", "ar"])
def test_every_line_has_words_of_its_own_in_every_language(code):
    words = {line_words(line, language(code)) for line in LINES}
    assert len(words) == len(LINES) - 1  # whose cancellations they are is said by name, or not at all
    assert line_words("something new", language(code)) not in words


async def test_a_full_mailbox_keeps_the_digest_from_no_other_coordinator(desk, send, mailbox):
    """P7: retries send no second digest to coordinators who have theirs; the others' next digest comes as usual."""
    await desk.open("silence", 0)
    mailbox.refuse["ana@example.org"] = "452 4.2.2 the mailbox is full"
    for week in (1, 1, 2):
        with pytest.raises(TryLater):
            await send(week)
    assert len(mailbox.to("carl@example.org")) == 2
    mailbox.refuse.clear()
    await send(2)
    assert (len(mailbox.to("ana@example.org")), len(mailbox.to("carl@example.org"))) == (1, 2)


async def test_while_one_mailbox_is_full_the_mornings_of_the_others_come(desk, digests, mailbox):
    """The attempt uses its own clock: Carl's hours begin while Ana's mailbox is still being tried."""
    await desk.hire(carl={"time_zone": "America/New_York"})
    await desk.open("silence", 0)
    mailbox.refuse["ana@example.org"] = "452 4.2.2 the mailbox is full"
    first = desk.clock.now
    request = DigestRequest(cohort="spring", due=first, at=first)
    for hours, got in ((0, 0), (2, 0), (3, 1), (4, 1)):
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, started_time=first + timedelta(hours=hours))
        with pytest.raises(TryLater):
            await environment.run(DigestActivities(digests).send_digest, request)
        assert len(mailbox.to("carl@example.org")) == got


async def test_no_budget_keeps_the_week_from_a_coordinator_and_only_the_week_is_new_in_it(desk, send, mailbox):
    """P7, Calm: the digest is exempt."""
    for number in range(6):
        key, at = f"m/{number}", desk.clock.now - timedelta(days=1)
        assert await desk.records.notices.begin(key, desk.refs["ana"], "prepare", False, at, 6, timedelta(days=30)) == "send"
        await desk.records.notices.sent(key, f"<{number}@example.org>", at)
    await desk.open("silence", 0, days=8)
    await desk.open("no_meeting", 0, days=6)
    await send()
    (mail,) = mailbox.to("ana@example.org")
    assert "In the last seven days: 1 new, 0 closed." in text_of(mail)
