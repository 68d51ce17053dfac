"""Whatever keeps one of the two from a certificate (an erasure, a name that no font prints) never costs the other theirs."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.service import RPCError, RPCStatusCode

from activities.mail_once import Undeliverable
from activities.notices import NoticeRequest
from gateway.links import LinkSigner
from mentorship.effects import SendNotice
from mentorship.people import Pair
from wire.names import case_id
from worker.post import SmtpPost

pytestmark = pytest.mark.asyncio(loop_scope="session")

FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
needs_font = pytest.mark.skipif(not FONT.is_file(), reason="DejaVu Sans is not installed here")
CHARACTER = "ⵣ"
"""Tifinagh: a script that we do not ship, but DejaVu Sans does."""


async def test_who_was_erased_gets_none_and_the_other_gets_theirs(place, attached):
    """P8: it is journaled as what it is, nobody writes to a person who was erased, and nothing waits."""
    one = await place.begin(300)
    both = await place.begin(301)
    await place.records.people.erase(one.enrolment.mentee)
    for ref in (both.enrolment.mentor, both.enrolment.mentee):
        await place.records.people.erase(ref)
    for two in (one, both):
        await two.report(two.enrolment.mentor, range(1, 6), two.ends - timedelta(minutes=1))
    outcomes = await asyncio.gather(one.handle.result(), both.handle.result())

    assert [set(outcome["certificates"]) for outcome in outcomes] == [{one.enrolment.mentor}, set()]
    assert {outcome["phase"] for outcome in outcomes} == {"completed"}
    (certificate,) = await place.records.certificates.of(one.mentorship)
    (mail,) = [mail for mail in place.mails(one.address("mentor")) if attached(mail)]
    assert attached(mail) == [(await place.records.certificates.document(certificate.id))[1]]
    assert await place.records.certificates.of(both.mentorship) == []
    for two, erased in ((one, ["mentee"]), (both, ["mentor", "mentee"])):
        rows = await place.records.journal.entries(two.mentorship)
        (issued,) = [row for row in rows if row.name == "certificates_issued"]
        assert issued.body["erased"] == erased
        assert not [row for row in rows if row.name == "notice_failed" and row.body["notice"] == "result"], "who is nobody any more is not written to"


async def test_who_is_erased_between_certificate_and_mail_holds_up_no_lane(place, programme):
    """The mail reports a failure at once, instead of being retried for a day."""
    two = await place.done(302)
    certificates = (await two.handle.result())["certificates"]
    await place.records.people.erase(two.enrolment.mentee)
    notice = SendNotice(id="1.0", kind="result", to="mentee", due=two.ends, certificate=certificates[two.enrolment.mentee], met_with_share=True)
    pair = Pair(mentor=two.enrolment.mentor, mentee=two.enrolment.mentee)
    request = NoticeRequest(mentorship=two.mentorship, pair=pair, texts=programme().texts().digest, notice=notice, mail=programme().mail)
    sender = place.settings.mail_from
    post = SmtpPost(place.records, None, LinkSigner(place.settings.link_secrets), sender=sender, base_url=place.settings.base_url)  # type: ignore[arg-type]
    with pytest.raises(Undeliverable, match="no_address"):
        await post.deliver(two.enrolment.mentee, request, two.ends)


@needs_font
async def test_a_name_that_no_font_prints_goes_to_the_operator_and_on_once_a_font_is_there(place, attached, eventually):
    """H8: nobody gets a broken certificate, and neither of the two gets a mail. The character is named, and nothing has to be started again."""
    two, named_otherwise = await asyncio.gather(place.done(310, mentee=f"Noor {CHARACTER}"), place.done(311, mentee=f"Ada {CHARACTER}"))

    async def told() -> bool:
        lines = await place.records.lines.all()
        return {two.mentorship, named_otherwise.mentorship} <= {line.mentorship for line in lines if line.line == "unprintable" and line.side == "mentee"}

    await eventually(told)
    waiting = {line.mentorship: line for line in await place.records.lines.all() if line.line == "unprintable"}
    cases_of_two = [await eventually(lambda key=line.key: place.records.cases.of_line(key)) for line in waiting.values()]
    handles = [place.client.get_workflow_handle(case_id(case.id)) for case in cases_of_two]
    await eventually(lambda: _all_wait(handles))
    (code, doctor, _), (_, cases, _) = await asyncio.gather(place.run("doctor"), place.run("cases"))
    details = [check["detail"] for check in doctor["checks"] if check["name"] == "certificate"]
    assert code == 1
    assert len(details) == 2
    assert all(f"U+{ord(CHARACTER):04X} TIFINAGH LETTER YAZ" in detail for detail in details)
    assert {case["pair_id"] for case in cases["cases"] if case["line"] == "unprintable"} == {"pair-310", "pair-311"}
    assert f"U+{ord(CHARACTER):04X}" in place.said
    assert "Noor" not in place.said
    assert not [mail for side in ("mentor", "mentee") for mail in place.mails(two.address(side)) if attached(mail)]

    await place.rename(named_otherwise, "Ada Yaz")  # the other way out: the people file spells it differently
    await named_otherwise.handle.result()
    (placed,) = [row for row in await place.records.certificates.of(named_otherwise.mentorship) if row.person == named_otherwise.enrolment.mentee]
    assert placed.fields["holder_name"] == "Ada Yaz"

    await asyncio.to_thread(shutil.copy, FONT, place.folder / "fonts")
    await two.handle.result()
    assert len(await place.documents(two)) == 2
    assert [line for line in await place.records.lines.all() if line.line == "unprintable"] == []
    for handle in handles:
        try:
            await handle.signal("look")  # it would find out by itself in some days
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:  # it checked a moment ago
                raise
        assert (await handle.result())["state"] == "closed"
    assert all(len([mail for mail in place.mails(two.address(side)) if attached(mail)]) == 1 for side in ("mentor", "mentee"))


async def _all_wait(handles: list[Any]) -> bool:
    """P7: each of them has its own clock, so that somebody is reminded."""
    try:
        return [(await handle.query("standing"))["state"] for handle in handles] == ["waiting", "waiting"]
    except RPCError:  # on its way: records come first
        return False
