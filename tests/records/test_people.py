from __future__ import annotations

import re
import unicodedata

import pytest

from records.errors import Erased, UnknownKey, UnknownPerson
from records.people import Profile


async def test_a_person_gets_an_opaque_id_that_says_nothing(records, ada):
    ref = (await records.people.enrol([ada]))["E-1001"]
    assert re.fullmatch(r"p-[a-z0-9]{16}", ref)
    assert await records.people.profile(ref) == ada


async def test_enrolling_again_keeps_the_id_and_takes_over_what_changed(records, ada, ben, people):
    moved = ada.model_copy(update={"email": "ada@new.example", "capacity": 2})
    assert await records.people.enrol([moved, ben]) == {"E-1001": people[0], "E-1002": people[1]}
    assert await records.people.profile(people[0]) == moved
    assert await records.people.by_email("ada.quill@corp.example") == ()
    assert await records.people.by_email("ADA@new.example ") == (people[0],)


async def test_enrolling_the_same_writes_nothing(records, ada, ben, people, meddle):
    before = await meddle("SELECT ref, sealed FROM people ORDER BY ref")
    await records.people.enrol([ada, ben])
    assert await meddle("SELECT ref, sealed FROM people ORDER BY ref") == before


async def test_a_roster_larger_than_a_statement_is_enrolled_at_once(records):
    roster = [Profile(person_id=f"E-{n}", name="n", email="shared@corp.example") for n in range(2500)]
    refs = await records.people.enrol(roster)
    assert len(set(refs.values())) == 2500
    assert await records.people.refs(["E-0", "E-2499", "E-2500"]) == {"E-0": refs["E-0"], "E-2499": refs["E-2499"]}
    assert len(await records.people.profiles(refs.values())) == 2500
    assert set(await records.people.by_email("shared@corp.example")) == set(refs.values())


@pytest.mark.parametrize(
    ("kept", "asked"),
    [
        ("ben@bücher.example", "Ben@xn--bcher-kva.example"),
        ("ben@xn--bcher-kva.example", " ben@Bücher.example"),
        ("ben@bücher.example", unicodedata.normalize("NFD", "BEN@BÜCHER.example")),
        ("ben@straße.example", "ben@xn--strae-oqa.example"),
        ("ben@a_b.example", "Ben@A_B.example"),
        ("ben@xn--nothing-of-the-kind.example", "BEN@XN--nothing-of-the-kind.example"),
    ],
)
async def test_an_address_is_found_however_its_domain_is_written(records, ben, kept, asked):
    """A browser sends the domain in ASCII, whatever was typed."""
    refs = await records.people.enrol([ben.model_copy(update={"email": kept})])
    assert await records.people.by_email(asked) == tuple(refs.values())
    assert await records.people.by_email(f"x{asked.strip()}") == ()


async def test_a_row_of_before_is_found_until_it_is_written_anew(records, ben, meddle):
    """Addresses used to be looked up as they were written, in lower case."""
    kept = "ben@bücher.example"
    refs = await records.people.enrol([ben.model_copy(update={"email": kept})])
    await meddle("UPDATE people SET email_lookup = :lookup", lookup=records.people._email_lookup(kept))
    assert await records.people.by_email("ben@xn--bcher-kva.example") == tuple(refs.values())
    assert await records.people.by_email("Ben@BÜCHER.example") == tuple(refs.values())
    assert await records.people.by_email("ben@buecher.example") == ()


async def test_nobody_is_found_by_nothing(records, ben):
    await records.people.enrol([ben.model_copy(update={"email": ""})])
    assert await records.people.by_email(" ") == ()


async def test_somebody_unknown_is_named_by_no_more_than_the_id(records):
    assert await records.people.ref("E-404") is None
    with pytest.raises(UnknownPerson, match=r"^no person p-nobody$"):
        await records.people.profile("p-nobody")


async def test_an_operator_is_apart_from_a_roster_person_with_the_same_name(records, ada, people):
    operator = await records.people.operator("E-1001")
    assert operator not in people
    assert await records.people.operator("E-1001") == operator
    assert await records.people.ref("E-1001") == people[0]
    assert (await records.people.profile(operator)).role == "operator"


async def test_who_was_erased_cannot_be_read_and_keeps_the_id(records, ada, people):
    await records.people.erase(people[0])
    with pytest.raises(Erased, match=people[0]):
        await records.people.profile(people[0])
    assert await records.people.profiles(people) == {people[1]: await records.people.profile(people[1])}
    assert await records.people.by_email(ada.email) == ()
    assert await records.people.ref("E-1001") == people[0]


async def test_a_roster_that_still_names_an_erased_person_does_not_bring_them_back(records, ada, ben, people):
    await records.people.erase(people[0])
    assert (await records.people.enrol([ada, ben]))["E-1001"] == people[0]
    with pytest.raises(Erased):
        await records.people.profile(people[0])


async def test_erasing_twice_keeps_the_first_instant(records, people, meddle):
    await records.people.erase(people[0])
    first = await meddle("SELECT erased_at FROM people WHERE ref = :ref", ref=people[0])
    await records.people.erase(people[0])
    assert await meddle("SELECT erased_at FROM people WHERE ref = :ref", ref=people[0]) == first
    with pytest.raises(UnknownPerson):
        await records.people.erase("p-nobody")


async def test_a_keyring_without_the_key_says_which_one_is_missing(reopen, other_keys, people):
    stranger = await reopen(other_keys)
    with pytest.raises(UnknownKey) as caught:
        await stranger.people.profile(people[0])
    assert caught.value.key_id == "k1"


async def test_after_a_rotation_the_older_key_can_go(reopen, next_keys, other_keys, ada, people):
    rotated = await reopen(next_keys)
    assert (await rotated.rewrap.everything()).values == 2
    assert (await rotated.rewrap.everything()).values == 0
    assert await (await reopen(other_keys)).people.profile(people[0]) == ada


async def test_a_profile_moved_to_another_person_does_not_open(records, people, meddle):
    await meddle("UPDATE people SET sealed = (SELECT sealed FROM people WHERE ref = :one) WHERE ref = :two", one=people[0], two=people[1])
    with pytest.raises(Exception, match=f"profile of {people[1]} cannot be opened"):
        await records.people.profile(people[1])
