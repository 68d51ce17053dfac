"""H8: a later edition supersedes the earlier one, is mailed once, and states share and milestones only if its holder wishes it."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from activities.notices import NoticeRequest
from certificates.verify import verify_file
from gateway.links import LinkSigner
from gateway.reissue import ask_reissue
from mentorship.effects import SendNotice
from mentorship.people import Pair
from notices.smtp import Mailer
from wire.names import certificate_id
from worker.post import SmtpPost

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def two(place):
    """A pair with its certificates; these tests, one after the other, are about the mentee's."""
    made = await place.done(400)
    await made.handle.result()
    return made


async def editions(place, two) -> list[Any]:
    return await place.records.certificates.editions(two.mentorship, two.enrolment.mentee)


async def fulfilled(place, two) -> dict[str, Any]:
    """What the latest request led to, once its mail was sent."""
    return await place.client.get_workflow_handle(certificate_id(two.mentorship, two.enrolment.mentee)).result()


async def test_after_a_change_of_name_the_operator_has_a_new_one_made_by_a_worker_and_its_holder_gets_it(place, two, attached):
    """The command has no issuer's key. The old certificate says superseded, and is not mailed again."""
    (first,) = await editions(place, two)
    await place.rename(two, "Noor Byron")
    code, told, err = await place.run("certificate", "reissue", first.id, "--out", str(place.folder / "anew"))
    assert code == 0, err
    old, new = await editions(place, two)
    assert (told["certificate"], told["supersedes"]) == (new.id, old.id)
    assert (old.status, old.superseded_by, new.status) == ("superseded", new.id, "valid")
    assert (await fulfilled(place, two)) == {"outcome": "reissued", "mailed": True}

    sent = [mail for mail in place.mails(two.address("mentee")) if attached(mail)]
    assert [attached(mail)[0] for mail in sent] == [(await place.records.certificates.document(one.id))[1] for one in (old, new)]
    assert len({mail["Message-ID"] for mail in sent}) == 2
    text = sent[-1].get_body(("plain",)).get_content()
    assert "superseded" in text
    assert f"/c/{new.id}" in text
    assert verify_file(attached(sent[-1])[0], trust=place.issuer.trust(), name="Noor Byron").valid
    assert not verify_file(attached(sent[-1])[0], trust=place.issuer.trust(), name="Noor Mentee").valid
    assert (place.folder / "anew" / f"{new.id}.pdf").read_bytes() == attached(sent[-1])[0]
    assert len([mail for mail in place.mails(two.address("mentor")) if attached(mail)]) == 1, "it is nothing to the partner"


async def test_asking_again_for_what_it_says_already_makes_and_mails_nothing(place, two, attached):
    before, mails = await editions(place, two), len(place.mails(two.address("mentee")))
    await asyncio.gather(*(ask_reissue(place.client, two.mentorship, two.enrolment.mentee) for _ in range(3)))
    assert (await fulfilled(place, two))["outcome"] == "unchanged"
    code, told, _ = await place.run("certificate", "reissue", before[0].id)
    assert (code, told["certificate"]) == (0, before[-1].id), "the old one's id leads to what took its place"
    assert await editions(place, two) == before
    assert len(place.mails(two.address("mentee"))) == mails


async def test_results_are_shown_once_their_holder_wishes_it_and_hidden_again(place, two):
    """The last request counts, however many come at once; each milestone appears with its instant."""
    edition = (await editions(place, two))[-1]
    assert "result" not in json.loads(await place.records.certificates.credential(edition.id))["credentialSubject"]
    await ask_reissue(place.client, two.mentorship, two.enrolment.mentee, results=True)
    assert (await fulfilled(place, two))["outcome"] == "reissued"
    shown = (await editions(place, two))[-1]
    subject = json.loads(await place.records.certificates.credential(shown.id))["credentialSubject"]
    names = {description["id"]: description["name"] for description in subject["achievement"]["resultDescription"]}
    said = {names[result["resultDescription"]]: result["value"] for result in subject["result"]}
    assert said["Milestones done"] == "5/5"
    done_at = f"{two.ends - timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}"
    assert [said[f"Milestone {number}"] for number in range(1, 6)] == [done_at] * 5

    await ask_reissue(place.client, two.mentorship, two.enrolment.mentee, results=False)
    assert (await fulfilled(place, two))["outcome"] == "reissued"
    hidden = (await editions(place, two))[-1]
    assert "result" not in json.loads(await place.records.certificates.credential(hidden.id))["credentialSubject"]
    assert [one.status for one in await editions(place, two)] == ["superseded"] * 3 + ["valid"]


async def test_a_mail_that_waited_while_its_holder_asked_for_another_edition_brings_the_one_that_counts(place, two, programme, attached):
    """The result's mail waits for the morning, while the page already offers to show the results."""
    first, *_, newest = await editions(place, two)
    pair = Pair(mentor=two.enrolment.mentor, mentee=two.enrolment.mentee)
    notice = SendNotice(id="waited", kind="result", to="mentee", due=two.ends, certificate=first.id, met_with_share=True)
    request = NoticeRequest(mentorship=two.mentorship, pair=pair, texts=programme().texts().digest, notice=notice, mail=programme().mail)
    settings = place.settings
    mailer = Mailer(settings.smtp_host, settings.smtp_port)
    post = SmtpPost(place.records, mailer, LinkSigner(settings.link_secrets), sender=settings.mail_from, base_url=settings.base_url)
    message_id = await post.deliver(two.enrolment.mentee, request, two.ends)
    (mail,) = [mail for mail in place.mails(two.address("mentee")) if mail["Message-ID"] == message_id]
    assert attached(mail) == [(await place.records.certificates.document(newest.id))[1]]
    text = mail.get_body(("plain",)).get_content()
    assert f"/c/{newest.id}" in text
    assert first.id not in text


async def test_nothing_of_it_in_temporal_leads_to_the_page_with_the_name(place, two):
    """H12: neither the certificate's id, which opens that page, nor the name."""
    handle = place.client.get_workflow_handle(certificate_id(two.mentorship, two.enrolment.mentee))
    history = (await handle.fetch_history()).to_json()
    assert all(one.id not in handle.id + history for one in await editions(place, two))
    assert "Noor" not in history


async def test_what_is_revoked_or_of_somebody_erased_is_not_made_anew(place):
    gone, revoked = await asyncio.gather(place.done(410), place.done(411))
    await asyncio.gather(gone.handle.result(), revoked.handle.result())
    (certificate,) = await editions(place, revoked)
    await place.records.certificates.revoke(certificate.id, "a test")
    await place.rename(revoked, "Another Name")
    await place.records.people.erase(gone.enrolment.mentee)
    for two, outcome in ((gone, "erased"), (revoked, "revoked")):
        await ask_reissue(place.client, two.mentorship, two.enrolment.mentee, results=True)
        assert await fulfilled(place, two) == {"outcome": outcome, "mailed": False}
        assert len(await editions(place, two)) == 1
