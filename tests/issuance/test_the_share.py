"""H7, from the report to the mail: what counts is when a milestone was done; reports are taken until the grace ends; both or nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from certificates.verify import read_claim, verify_file
from mentorship.policy import is_complete

GRACE = timedelta(seconds=10)


def test_79_point_99_percent_is_not_80():
    assert not is_complete(7999, 10_000, 80)
    assert is_complete(8000, 10_000, 80)


@pytest.mark.parametrize(
    ("milestones", "in_time", "late_by", "earned"),
    [
        pytest.param(49, 39, None, False, id="39 of 49 are 79.59 percent"),
        pytest.param(50, 40, None, True, id="40 of 50 are exactly 80 percent"),
        pytest.param(50, 39, timedelta(seconds=1), False, id="the 40th one second after the end"),
        pytest.param(50, 39, timedelta(0), True, id="the 40th at the end instant, reported in the grace"),
    ],
)
async def test_the_share_decides_from_the_report_to_the_mail(milestones, in_time, late_by, earned, place, mailbox, issuer, programme, eventually):
    chosen = programme(milestones)
    enrolment = await place.enrol(1, chosen)
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=6)
    handle = await place.start(enrolment, chosen, ends=ends, grace=GRACE)
    await place.report(handle, enrolment.mentor, range(1, in_time + 1), ends - timedelta(minutes=10))
    async with place.worker():
        if late_by is not None:
            await eventually(lambda: datetime.now(UTC) > ends + timedelta(seconds=1.5))
            await place.report(handle, enrolment.mentee, range(in_time + 1, in_time + 2), ends + late_by)
        outcome = await handle.result()

    documents = await place.documents(enrolment.mentorship)
    assert len(documents) == (2 if earned else 0)
    assert set(outcome["certificates"]) == ({enrolment.mentor, enrolment.mentee} if earned else set())
    for side in ("mentor", "mentee"):
        result = [mail for mail in mailbox.to(f"{side}-1@example.org") if "certificate" in mail["Subject"] or "come to its end" in mail["Subject"]]
        assert len(result) == 1
        text = result[0].get_body(("plain",)).get_content()
        pdfs = [part.get_content() for part in result[0].iter_attachments() if part.get_filename() == "certificate.pdf"]
        assert len(pdfs) == (1 if earned else 0)
        for number in range(1, milestones + 1):
            line = next(line for line in text.splitlines() if f"Milestone {number}:" in line)
            assert line.startswith("[x]") == (number <= in_time + (earned and late_by is not None)), line
            assert ("·" in line) or number > in_time, "each that was done has its instant"
        if not earned:
            assert "Thank you" in text
            assert "fail" not in text.lower()
        else:
            assert verify_file(pdfs[0], trust=issuer.trust()).valid


async def test_the_credential_names_its_place_in_the_issuers_list_and_no_results(place, programme, issuer, eventually):
    """P4, H8: share and milestones stay out until the holder asks; revocation can be looked up."""
    chosen = programme()
    enrolment = await place.enrol(1, chosen)
    ends = datetime.now(UTC) + timedelta(seconds=1)
    handle = await place.start(enrolment, chosen, ends=ends, grace=timedelta(seconds=1))
    await place.report(handle, enrolment.mentor, range(1, 6), ends - timedelta(minutes=1))
    async with place.worker():
        await handle.result()
    for row in await place.records.certificates.of(enrolment.mentorship):
        credential, pdf = await place.records.certificates.document(row.id)
        claim = read_claim(pdf)
        assert claim.status_list == f"{place.settings.base_url}/status-lists/1"
        assert f'"statusListIndex": "{row.status_index}"' in credential
        assert '"result":' not in credential
        assert enrolment.mentorship not in credential
        assert claim.issuer == issuer.did


async def test_a_name_that_no_font_prints_goes_to_the_operator_and_on_once_a_font_is_there(place, mailbox, programme, eventually, some_font):
    """H8: nobody gets a broken certificate, neither of the two gets a mail; the character is named; nothing has to be started again."""
    fonts = place.folder / "fonts"
    fonts.mkdir()
    held = place.with_fonts(fonts)
    chosen = programme()
    enrolment = await held.enrol(1, chosen, mentee=f"Noor {some_font.character}")
    ends = datetime.now(UTC) + timedelta(seconds=1)
    handle = await held.start(enrolment, chosen, ends=ends, grace=timedelta(seconds=1))
    await held.report(handle, enrolment.mentor, range(1, 6), ends - timedelta(minutes=1))
    async with held.worker():

        async def told() -> bool:
            return any(line.line == "unprintable" for line in await held.records.lines.all(enrolment.cohort))

        await eventually(told)
        line = next(line for line in await held.records.lines.all(enrolment.cohort) if line.line == "unprintable")
        assert line.side == "mentee"
        assert not [part for mail in mailbox.mails for part in mail.iter_attachments() if part.get_filename() == "certificate.pdf"]
        assert f"U+{ord(some_font.character):04X}" in (held.folder / "worker.log").read_text()
        assert "Noor" not in (held.folder / "worker.log").read_text()

        (fonts / some_font.path.name).write_bytes(some_font.path.read_bytes())
        await handle.result()

    assert len(await held.documents(enrolment.mentorship)) == 2
    assert await held.records.lines.all(enrolment.cohort) == []
    sent = [part for mail in mailbox.mails for part in mail.iter_attachments() if part.get_filename() == "certificate.pdf"]
    assert len(sent) == 2
