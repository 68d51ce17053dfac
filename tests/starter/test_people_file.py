"""The people file: every column's bounds."""

from __future__ import annotations

from typing import Any

import pytest

from notices.readers import NoAddress, Reader
from starter.faults import Findings
from starter.people_file import read_people

HEADER = "person_id,name,email,role,time_zone,language,country,manager_id,department,skills,goals,capacity,status"
COLUMNS = HEADER.split(",")


def one(**cells: str) -> str:
    values = {"person_id": "e9", "name": "Nina", "email": "nina@example.com"} | cells
    return ",".join(values.get(column, "") for column in COLUMNS)


def read(files: Any, *lines: str) -> tuple[dict[str, Any], list[str]]:
    files.write(people="\n".join((HEADER, *lines)) + "\n")
    findings = Findings()
    found = read_people(files.people, findings)
    return {name: person.profile for name, person in found.people.items()}, [str(f).removeprefix(f"{files.folder}/") for f in findings.sorted_faults()]


def test_a_person_is_read_with_lists_and_defaults(files: Any) -> None:
    people, faults = read(files, one(skills="a b| c |a b||a", goals="", country="de", language="pt-BR", role="Mentor", capacity="2", status="leave"))

    assert faults == []
    nina = people["e9"]
    assert (nina.skills, nina.goals, nina.country, nina.role, nina.capacity, nina.status) == (("a b", "c", "a"), (), "DE", "mentor", 2, "leave")
    assert (nina.time_zone, nina.manager_id, nina.department) == (None, None, None)


@pytest.mark.parametrize("address", ["a@b.example", "first.last+tag@sub.example.com", "o'neil@example.ie", "u@bücher.example", "a@xn--bcher-kva.example"])
def test_an_address_that_people_have_is_taken_and_mail_goes_there(files: Any, address: str) -> None:
    assert read(files, one(email=address))[1] == []
    assert Reader("p-1", "Nina", address).address.isascii()


@pytest.mark.parametrize("address", ["ü@bücher.example", "\u200bnina@x.example", "nina\u00ad@x.example", "\ufeffnina@x.example", "nina@\u0640.example"])
def test_an_address_that_no_mail_can_be_sent_to_is_refused_before_anything_starts(files: Any, address: str) -> None:
    """Otherwise nothing would reach that person and nobody would notice: an invisible character is easily copied along with an address."""
    with pytest.raises(NoAddress):
        _ = Reader("p-1", "Nina", address).address
    (fault,) = read(files, one(email=address))[1]
    assert "in ASCII before the @" in str(fault)


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("person_id", "", "person_id: nothing, expected a value"),
        ("person_id", "a/b", "person_id: 'a/b', expected at most 100 characters without blanks and without | / ? # % \\"),
        ("person_id", "a b", "person_id: 'a b', expected at most 100 characters"),
        ("name", "", "name: nothing, expected a value"),
        ("name", "x" * 201, "name: 201 characters, expected at most 200 characters"),
        *[("name", unseen, "shows nothing, expected a name that can be seen") for unseen in ("\u200b", "\u200d \u200f", "\u3164", "\u0301", "\ue000")],
        ("email", "", "email: nothing, expected a value"),
        *[
            ("email", bad, "is not an e-mail address, expected an e-mail address such as")
            for bad in (
                "nina",
                "nina@",
                "@x.example",
                "a b@x.example",
                "a@x",
                "a@x..example",
                ".a@x.example",
                "a@-x.example",
                "a@b@x.example",
                "a\u200b@x.example",
            )
        ],
        *[
            (column, value, f"{column}: {value!r} is a spreadsheet's formula or its error, expected a value, or nothing")
            for column, value in (
                ("name", "#NAME?"),
                ("name", "=B2"),
                ("manager_id", "#N/A"),
                ("skills", "#BEZUG!"),
                ("name", "#N/D"),
                ("department", "#¡REF!"),
                ("person_id", "#DIV/0!"),
                ("email", "#NV"),
            )
        ],
        ("role", "boss", "role: 'boss' is not one of them, expected mentor, mentee, both, coordinator, owner or contact"),
        ("time_zone", "Europe/Berlim", "time_zone: unknown time zone 'Europe/Berlim', expected Europe/Berlin perhaps"),
        ("time_zone", "CET+1", "time_zone: unknown time zone 'CET+1', expected"),
        ("language", "klingon", "language: 'klingon' is not a language"),
        ("country", "Germany", "country: unknown country 'Germany', expected an ISO 3166 code such as DE or DE-BY"),
        ("country", "DE-XX", "country: unknown country 'DE-XX', expected DE-"),
        ("manager_id", "e9", "manager_id: the person's own id, expected somebody else's, or nothing"),
        ("capacity", "two", "capacity: 'two' is not a whole number, expected a whole number from 0 to 1000, or nothing"),
        ("capacity", "-1", "capacity: '-1' is not a whole number"),
        ("capacity", "1001", "capacity: '1001' is too big, expected at most 1000"),
        ("status", "away", "status: 'away' is not one of them, expected active, leave or gone"),
    ],
)
def test_a_cell_out_of_its_bounds_is_told_at_the_cell(files: Any, column: str, value: str, told: str) -> None:
    line = one(**{column: value})
    place = sum(len(cell) + 1 for cell in line.split(",")[: COLUMNS.index(column)]) + 1

    faults = read(files, line)[1]

    assert len([fault for fault in faults if "nobody in it" not in fault]) == 1
    assert faults[-1].startswith(f"people.csv:2:{place}: ")
    assert told in faults[-1]


def test_an_id_or_an_address_that_stands_twice_is_told_with_the_first_line(files: Any) -> None:
    faults = read(files, one(), one(person_id="e8", email="NINA@example.com"), one(email="other@example.com"))[1]

    assert faults == [
        "people.csv:3:9: email: the same address as on line 2, expected each address once, since mail is private",
        "people.csv:4:1: person_id: 'e9' stands on line 2 already, expected each person once",
    ]


def test_one_address_in_two_ways_to_write_it_stands_twice(files: Any) -> None:
    faults = read(files, one(email="nina@bücher.example"), one(person_id="e8", email="Nina@xn--bcher-kva.example"))[1]

    assert faults == ["people.csv:3:9: email: the same address as on line 2, expected each address once, since mail is private"]


def test_a_manager_outside_the_file_is_fine(files: Any) -> None:
    people, faults = read(files, one(manager_id="somebody-else"))

    assert faults == []
    assert people["e9"].manager_id == "somebody-else"


@pytest.mark.parametrize(
    ("manager", "told"),
    [
        ("Mia Okafor", "'Mia Okafor' is nobody's person_id, expected e1 perhaps"),
        ("mia@Example.com", "'mia@Example.com' is nobody's person_id, expected e1 perhaps"),
        ("E1", "'E1' is nobody's person_id, expected e1 perhaps"),
        ("Lee Morgan", "'Lee Morgan', expected a person_id: at most 100 characters without blanks and without | / ? # % \\"),
    ],
)
def test_a_manager_who_is_named_otherwise_than_by_id_is_told_since_nobody_would_see_the_line(files: Any, manager: str, told: str) -> None:
    """H4: if her name or address were taken for a manager outside the file, Mia could be paired with Nina."""
    faults = read(files, one(person_id="e1", name="Mia Okafor", email="mia@example.com"), one(manager_id=manager))[1]

    assert faults == [f"people.csv:3:30: manager_id: {told}"]


def test_a_list_with_commas_is_worth_a_look_since_it_is_one_entry(files: Any) -> None:
    files.write(people="\n".join((HEADER, one(skills='"a, b"', goals="a; b|c"), one(person_id="e8", email="e8@example.com", skills="c;d"))) + "\n")
    findings = Findings()
    read_people(files.people, findings)

    assert findings.faults == []
    assert [str(notice) for notice in findings.notices] == [
        f"{files.people}:2:{len('e9,Nina,nina@example.com,,,,,,,') + 1}: notice: skills: 'a, b' is one entry, with 1 more like it; entries have | between them"
    ]


def test_a_file_with_nobody_in_it_is_told(files: Any) -> None:
    assert read(files)[1] == ["people.csv:1:1: file: nobody in it, expected at least one person"]
