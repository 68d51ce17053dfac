"""`address`: what HR reports about a person, beside what the people file says."""

from __future__ import annotations


async def test_an_address_and_a_name_are_taken_over_and_the_rest_stays(company):
    assert (
        await company.say("ana", "address", {"email": "ana.new@example.org", "name": "Ana Neu", "time_zone": "Asia/Tokyo", "language": "de"})
    ).status_code == 202
    found = await company.profile("ana")
    assert (found.email, found.name, found.time_zone, found.language, found.manager_id) == ("ana.new@example.org", "Ana Neu", "Asia/Tokyo", "de", "eva")
    assert await company.records.people.by_email("ana@example.org") == ()
    assert await company.orders() == []


async def test_an_address_of_somebody_else_is_refused(company, places):
    answer = await company.say("ana", "address", {"email": "BEN@example.org"})
    assert (answer.status_code, places(answer)) == (422, {"#/email"})
    assert (await company.profile("ana")).email == "ana@example.org"


async def test_an_old_people_file_does_not_undo_what_hr_said_and_a_changed_one_does(company):
    filed = await company.profile("ana")
    await company.say("ana", "address", {"email": "hr@example.org", "name": "By HR"})
    await company.records.people.enrol([filed])
    assert (await company.profile("ana")).email == "hr@example.org"
    await company.records.people.enrol([filed.model_copy(update={"email": "later@example.org", "department": "new"})])
    found = await company.profile("ana")
    assert (found.email, found.name, found.department) == ("later@example.org", "By HR", "new")
