from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from records.certificates import Certificates
from records.errors import Erased, NotStored, Revoked, Superseded, UnknownCertificate, UnknownPerson

FIELDS = {"holder": "Ada Quill", "share": 80}


async def test_there_is_one_certificate_for_a_person_and_mentorship_whatever_is_repeated(records, people, mentorship):
    first = await records.certificates.reserve(mentorship, people[0], FIELDS)
    again = await records.certificates.reserve(mentorship, people[0], {"holder": "Somebody else"})
    assert again == first
    assert first.fields == FIELDS
    assert re.fullmatch(r"[a-z2-7]{26}", first.id)
    partner = await records.certificates.reserve(mentorship, people[1], {})
    assert await records.certificates.of(mentorship) == [first, partner]
    assert await records.certificates.of_person(people[1]) == [partner]
    assert partner.status_index != first.status_index


async def test_a_place_in_the_status_list_tells_nothing_of_the_partners(records, people, mentorship):
    """H8, P4: adjacent places would tell a stranger who is shown two certificates that they belong to a pair."""
    places = [(await records.certificates.reserve(f"{mentorship}{n}", person, {})).status_index for n in range(8) for person in people]
    assert len(set(places)) == len(places)
    assert all(0 < place < 131_072 for place in places)
    assert sum(abs(one - other) == 1 for one, other in zip(places[::2], places[1::2], strict=True)) < 2
    assert places != sorted(places)


async def test_a_document_is_stored_once(records, people, mentorship):
    certificate = (await records.certificates.reserve(mentorship, people[0], FIELDS)).id
    assert not (await records.certificates.get(certificate)).stored
    with pytest.raises(NotStored):
        await records.certificates.document(certificate)
    assert await records.certificates.store(certificate, '{"id": 1}', b"%PDF one")
    assert not await records.certificates.store(certificate, '{"id": 2}', b"%PDF two")
    assert await records.certificates.document(certificate) == ('{"id": 1}', b"%PDF one")
    assert (await records.certificates.get(certificate)).stored


async def test_a_revoked_certificate_says_why_and_keeps_the_first_reason(records, people, mentorship):
    certificate = await records.certificates.reserve(mentorship, people[0], FIELDS)
    await records.certificates.reserve(mentorship, people[1], FIELDS)
    await records.certificates.revoke(certificate.id, "Issued by mistake")
    await records.certificates.revoke(certificate.id, "Another reason")
    found = await records.certificates.get(certificate.id)
    assert (found.status, found.reason) == ("revoked", "Issued by mistake")
    assert await records.certificates.invalid() == [certificate.status_index]
    assert (await records.certificates.reserve(mentorship, people[0], FIELDS)).status == "revoked"


async def test_after_erasure_the_certificate_can_be_verified_and_names_nobody(records, people, mentorship):
    certificate = (await records.certificates.reserve(mentorship, people[0], FIELDS)).id
    await records.certificates.store(certificate, '{"id": 1}', b"%PDF with a name")
    await records.people.erase(people[0])
    found = await records.certificates.get(certificate)
    assert (found.status, found.stored, found.fields) == ("valid", True, {})
    assert await records.certificates.credential(certificate) == '{"id": 1}'
    with pytest.raises(Erased):
        await records.certificates.document(certificate)
    await records.certificates.revoke(certificate, "Asked for by the holder")
    assert (await records.certificates.get(certificate)).status == "revoked"


async def test_what_is_not_there_is_said_so(records, mentorship):
    assert await records.certificates.get("unknown") is None
    for call in (records.certificates.document("unknown"), records.certificates.credential("unknown"), records.certificates.revoke("unknown", "why")):
        with pytest.raises(UnknownCertificate):
            await call
    with pytest.raises(UnknownPerson):
        await records.certificates.reserve(mentorship, "p-nobody", {})


async def test_the_database_itself_refuses_a_second_certificate(records, people, mentorship, meddle):
    await records.certificates.reserve(mentorship, people[0], FIELDS)
    with pytest.raises(Exception, match=r"(?i)unique"):
        await meddle(
            "INSERT INTO certificates (status_index, id, mentorship, person, edition, issued_at, status, fields_sealed)"
            " SELECT 99, 'another', mentorship, person, edition, issued_at, status, fields_sealed FROM certificates"
        )


async def test_after_a_change_of_name_a_new_edition_supersedes_the_old_one_once(records, people, mentorship):
    first = await records.certificates.reserve(mentorship, people[0], FIELDS)
    with pytest.raises(NotStored):
        await records.certificates.reissue(first.id, {"holder": "Ada Byron"})
    await records.certificates.store(first.id, "{}", b"%PDF Quill")
    abandoned = await records.certificates.reissue(first.id, {"holder": "Ada Biron"})
    second = await records.certificates.reissue(first.id, {"holder": "Ada Byron"})
    assert (second.id, second.edition, second.fields) == (abandoned.id, 2, {"holder": "Ada Byron"})
    assert (await records.certificates.get(first.id)).status == "valid", "nothing is superseded before there is something to turn to"

    for pdf in (b"%PDF Byron", b"%PDF another attempt"):
        await records.certificates.supersede(first.id, second.id, "{}", pdf)
    old, new = await records.certificates.of(mentorship)
    assert (old.status, old.superseded_by, old.changed_at is not None) == ("superseded", second.id, True)
    assert (new.status, new.edition, new.stored, new.changed_at) == ("valid", 2, True, None)
    assert await records.certificates.document(second.id) == ("{}", b"%PDF Byron")
    assert await records.certificates.invalid() == [first.status_index]
    assert (await records.certificates.reissue(first.id, {"holder": "Somebody else"})).fields == {"holder": "Ada Byron"}
    assert (await records.certificates.reserve(mentorship, people[0], FIELDS)).id == first.id, "a repeat of what the programme did gets what it got"


async def test_a_revoked_certificate_is_never_reissued(records, people, mentorship):
    first = await records.certificates.reserve(mentorship, people[0], FIELDS)
    await records.certificates.store(first.id, "{}", b"%PDF")
    second = await records.certificates.reissue(first.id, {})
    await records.certificates.revoke(first.id, "Issued by mistake")
    assert (await records.certificates.get(first.id)).changed_at is not None
    with pytest.raises(Revoked):
        await records.certificates.reissue(first.id, {})
    with pytest.raises(Revoked):
        await records.certificates.supersede(first.id, second.id, "{}", b"%PDF")
    assert not (await records.certificates.get(second.id)).stored


async def test_what_waits_for_its_document_is_told(records, people, mentorship):
    first = await records.certificates.reserve(mentorship, people[0], FIELDS)
    second = await records.certificates.reserve(mentorship, people[1], FIELDS)
    await records.certificates.store(first.id, "{}", b"%PDF")
    assert [waiting.id for waiting in await records.certificates.waiting()] == [second.id]


async def test_what_never_gets_a_document_is_not_waited_for(records, mentorship, people):
    """Its holder was erased, or the previous edition revoked, while no font printed it: an alarm for it would never end."""
    first = await records.certificates.reserve(mentorship, people[0], FIELDS)
    await records.certificates.store(first.id, "{}", b"%PDF")
    await records.certificates.reissue(first.id, FIELDS)
    await records.certificates.reserve(mentorship, people[1], FIELDS)
    assert (len(await records.certificates.waiting()), (await records.watch.figures(datetime.now(UTC))).certificates.number) == (2, 2)

    await records.certificates.revoke(first.id, "issued by mistake")
    await records.people.erase(people[1])

    assert (await records.certificates.waiting(), (await records.watch.figures(datetime.now(UTC))).certificates.number) == ([], 0)


async def test_before_there_is_a_document_a_name_may_be_corrected_and_after_it_never(records, people, mentorship):
    first = await records.certificates.reserve(mentorship, people[0], FIELDS)
    corrected = await records.certificates.correct(first.id, {"holder": "Ada Byron"})
    assert (corrected.id, corrected.fields) == (first.id, {"holder": "Ada Byron"})
    await records.certificates.store(first.id, "{}", b"%PDF Byron")
    assert (await records.certificates.correct(first.id, FIELDS)).fields == {"holder": "Ada Byron"}


async def test_the_editions_of_one_person_stand_in_their_order(records, people, mentorship):
    assert await records.certificates.editions(mentorship, people[0]) == []
    first = await records.certificates.reserve(mentorship, people[0], FIELDS)
    await records.certificates.reserve(mentorship, people[1], FIELDS)
    await records.certificates.store(first.id, "{}", b"%PDF")
    wanted = first.renewed(name="Ada Byron", email="ada@example.org", results=True)
    second = await records.certificates.reissue(first.id, wanted)
    assert [one.id for one in await records.certificates.editions(mentorship, people[0])] == [first.id, second.id]
    assert second.says(second.renewed(name="Ada Byron", email="ada@example.org", results=None))
    assert not second.says(second.renewed(name="Ada Byron", email="ada@example.org", results=False))


async def test_what_was_superseded_since_somebody_looked_is_not_revoked_in_the_place_of_what_counts(records, people, mentorship):
    """Otherwise the operator would read that it is revoked while its holder continues with an edition that came at that very moment (H8)."""
    first = await records.certificates.reserve(mentorship, people[0], FIELDS)
    await records.certificates.store(first.id, "{}", b"%PDF")
    second = await records.certificates.reissue(first.id, {"holder": "Ada Byron"})
    await records.certificates.supersede(first.id, second.id, "{}", b"%PDF Byron")
    with pytest.raises(Superseded) as refused:
        await records.certificates.revoke(first.id, "Issued by mistake")
    assert refused.value.by == second.id
    await records.certificates.revoke(second.id, "Issued by mistake")
    assert {one.status for one in await records.certificates.editions(mentorship, people[0])} == {"superseded", "revoked"}


async def test_a_document_that_came_meanwhile_keeps_what_it_says(records, reopen, keys, people, mentorship, monkeypatch):
    """An attempt that was given up for dead makes its edition while the next one writes what it shall say: row and document would show different names."""
    first = await records.certificates.reserve(mentorship, people[0], FIELDS)
    await records.certificates.store(first.id, "{}", b"%PDF")
    second = await records.certificates.reissue(first.id, {"holder": "Ada Byron"})
    beside, edition = await reopen(keys), Certificates._edition

    async def overtaken(self, connection, *of):
        found = await edition(self, connection, *of)
        if connection.dialect.name == "postgresql":  # SQLite has one writer at a time
            await beside.certificates.supersede(first.id, second.id, "{}", b"%PDF Byron")
        return found

    monkeypatch.setattr(Certificates, "_edition", overtaken)
    made = await records.certificates.reissue(first.id, {"holder": "Ada King"})
    assert made.fields == {"holder": "Ada Byron" if made.stored else "Ada King"}
