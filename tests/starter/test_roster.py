"""A cohort's files together: who may be paired with whom (H4, H9), and every fault of all files at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorship.reporting_line import circles, levels_between

HEADER = "person_id,name,email,role,manager_id,status\n"
TEAM = "ana,Ana,ana@x.example,coordinator,,\nlee,Lee,lee@x.example,owner,,\nsam,Sam,sam@x.example,contact,,\n"


def people(**others: str) -> str:
    """The team, and for the others `id="role,manager_id,status"`."""
    return HEADER + TEAM + "".join(f"{name},{name.title()},{name}@x.example,{rest}\n" for name, rest in others.items())


def pairs(*lines: str) -> str:
    return "pair_id,mentor_id,mentee_id\n" + "".join(f"{line}\n" for line in lines)


def test_a_roster_that_is_right_is_read(files: Any) -> None:
    roster, faults, notices = files.read()

    assert (faults, notices) == ([], [])
    assert [(pair.pair_id, pair.mentor_id, pair.mentee_id) for pair in roster.pairs] == [("p1", "m1", "e1"), ("p2", "m2", "e2")]
    assert {profile.person_id: profile.role for profile in roster.profiles()}["e2"] == "mentee"  # by the pairs
    assert roster.home("e1").zone == "America/New_York"
    assert roster.home("e2").zone == "Europe/Berlin"  # the programme's


TEN_FAULTS = """\
person_id,name,email,role,time_zone,manager_id,skills,status,shoe
ana,Ana,ana@x.example,coordinator,,,,,
lee,Lee,lee@x.example,mentor,,,,,
sam,Sam,sam@x.example,contact,,,,,
m1,"Mia
Maria",mia@x,mentor,Europe/Berlim,,"a|
b",,
m2,Max,max@x.example,mentor,,,,gone,
m2,Moe,moe@x.example,mentor,,,,,44
e1,Eve,eve@x.example,mentee,,m3,,,
m3,Mo,mo@x.example,mentor,,e2,,,
e2,Eli,eli@x.example,mentee,,m4,,,
m4,Mel,mel@x.example,mentor,,e2,,,
"""
TEN_PAIRS = """\
\ufeffpair_id;mentor_id;mentee_id
p1;m1;nobody
p1;m3;e1
p3;e1;e1
p4;m2;e2
"""


def test_ten_planted_faults_are_all_told_at_their_places_and_nothing_can_start(files: Any) -> None:
    files.write(people=TEN_FAULTS, pairs=TEN_PAIRS)

    roster, faults, notices = files.read()

    assert roster is None
    assert faults == [
        "pairs.csv:2:7: mentee_id: nobody with the id 'nobody' in people.csv, expected a person_id of that file",
        "pairs.csv:3:1: pair_id: 'p1' stands on line 2 already, expected each pair id once",
        "pairs.csv:3:4: mentor_id: mentor and mentee are 1 level apart in the reporting line, expected more than 2 levels, or another line",
        "pairs.csv:4:4: mentor_id: 'e1' has the role mentee, expected mentor or both",
        "pairs.csv:4:7: mentee_id: the mentor of this pair, expected somebody else",
        "pairs.csv:5:4: mentor_id: 'm2' is gone, expected somebody active",
        "people.csv:6:8: email: 'mia@x' is not an e-mail address, expected an e-mail address such as ana@example.com, in ASCII before the @",
        "people.csv:6:21: time_zone: unknown time zone 'Europe/Berlim', expected Europe/Berlin perhaps",
        "people.csv:9:1: person_id: 'm2' stands on line 8 already, expected each person once",
        "people.csv:12:30: manager_id: the reporting line leads back to itself: e2 → m4 → e2, expected a line that ends",
        "programme.yaml:10:10: contacts.owner: 'lee' has the role mentor, expected the role owner",
    ]
    assert notices == ["people.csv:1:62: notice: header: extra columns kept out: 'shoe'"]


def test_faults_of_a_faulty_programme_do_not_hide_those_of_the_roster(files: Any) -> None:
    broken = files.programme.read_text().replace("version: 1", "version: 0").replace("[ana]", "[anna]")
    files.write(programme=broken, pairs=pairs("p1,m1,m1"))

    assert ["".join(fault.split(" ")[:2]) for fault in files.faults()] == [
        "pairs.csv:2:7:mentee_id:",  # m1 does not have the role
        "pairs.csv:2:7:mentee_id:",  # m1 is the mentor
        "programme.yaml:3:12:programme.version:",
        "programme.yaml:9:18:contacts.coordinators[0]:",
    ]


@pytest.mark.parametrize(
    ("distance", "refused"),
    [("1", False), ("2", True), ("3", True), ("all", True)],
)
def test_a_mentor_two_levels_above_is_refused_from_a_distance_of_two_on(files: Any, distance: str, refused: bool) -> None:
    text = files.programme.read_text() + f"reporting_line: {distance}\n"
    files.write(programme=text, people=people(m="mentor,,", x="mentor,m,", e="mentee,x,"), pairs=pairs("p1,m,e"))

    faults = files.faults()

    assert bool(faults) == refused
    assert all("2 levels apart" in fault for fault in faults)


def test_a_mentor_below_the_mentee_is_refused_too(files: Any) -> None:
    files.write(people=people(m="mentor,e,", e="mentee,,"), pairs=pairs("p1,m,e"))

    assert "1 level apart" in files.faults()[0]


def test_colleagues_with_the_same_manager_may_be_a_pair(files: Any) -> None:
    files.write(people=people(m="mentor,boss,", e="mentee,boss,"), pairs=pairs("p1,m,e"))

    assert files.faults() == []


def test_the_whole_line_is_refused_with_all(files: Any) -> None:
    chain = people(m="mentor,,", a="both,m,", b="both,a,", c="both,b,", e="mentee,c,")
    files.write(people=chain, pairs=pairs("p1,m,e"))
    assert files.faults() == []

    files.write(programme=files.programme.read_text() + "reporting_line: all\n", people=chain, pairs=pairs("p1,m,e"))
    assert "4 levels apart in the reporting line, expected nobody of the mentee's own line" in files.faults()[0]


def test_the_same_two_people_twice_are_told_at_the_second(files: Any) -> None:
    files.write(pairs=pairs("p1,m1,e1", "p2,m1,e1"))

    assert files.faults() == ["pairs.csv:3:4: mentor_id: the same pair as on line 2, expected each pair once"]


def test_somebody_on_leave_cannot_be_paired_and_cannot_be_a_contact(files: Any) -> None:
    files.write(people=people(m="mentor,,leave", e="mentee,,").replace("sam@x.example,contact,,", "sam@x.example,contact,,leave"), pairs=pairs("p1,m,e"))

    assert files.faults() == [
        "pairs.csv:2:4: mentor_id: 'm' is on leave, expected somebody active",
        "programme.yaml:11:13: contacts.outside[0]: 'sam' is on leave, expected somebody active",
    ]


def test_a_contact_for_concerns_is_outside_the_programmes_team(files: Any) -> None:
    files.write(programme=files.programme.read_text().replace("outside: [sam]", "outside: [ana]"))

    assert files.faults() == ["programme.yaml:11:13: contacts.outside[0]: 'ana' is of the programme's team, expected somebody outside it, for concerns"]


def test_a_contact_whom_nobody_knows_is_told_with_who_is_meant(files: Any) -> None:
    files.write(programme=files.programme.read_text().replace("owner: lee", "owner: leee"))

    assert files.faults() == ["programme.yaml:10:10: contacts.owner: nobody with the id 'leee' in people.csv, expected lee perhaps"]


def test_a_file_without_a_pair_is_told(files: Any) -> None:
    files.write(pairs="pair_id,mentor_id,mentee_id\n")

    assert files.faults() == ["pairs.csv:1:1: file: no pair in it, expected at least one pair"]


def test_more_pairs_than_a_mentors_own_capacity_are_a_notice(files: Any) -> None:
    files.write(pairs=pairs("p1,m1,e1", "p2,m1,e2"))

    roster, faults, notices = files.read()

    assert roster is not None
    assert faults == []
    assert notices == ["people.csv:5:61: notice: capacity: 1, and 2 pairs in pairs.csv"]


def test_a_circle_is_told_once_and_a_line_into_it_is_followed_once() -> None:
    managers = {"a": "b", "b": "c", "c": "b", "d": "outside", "e": None}

    assert circles(managers) == [("b", "c")]
    assert levels_between("a", "c", managers) == 2
    assert levels_between("a", "d", managers) is None


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.none() | st.sampled_from("abcdefghxy")))
def test_whatever_the_lines_they_are_followed_to_an_end(managers: dict[str, str | None]) -> None:
    found = circles(managers)

    for circle in found:
        assert all(managers[low] == high for low, high in zip(circle, (*circle[1:], circle[0]), strict=True))
    assert len({name for circle in found for name in circle}) == sum(len(circle) for circle in found)
    for one in "abcdefgh":
        distance = levels_between(one, "a", managers)
        assert distance is None or 1 <= distance <= 8


def test_a_header_that_is_wrong_is_told_once(files: Any) -> None:
    files.write(people=files.people.read_text().replace("person_id", "id", 1))
    assert files.faults() == ["people.csv:1:1: person_id: column missing, expected a column person_id in the header"]

    files.write(pairs=files.pairs.read_text().replace("mentor_id", "mentor", 1))
    assert files.faults() == ["pairs.csv:1:1: mentor_id: column missing, expected a column mentor_id in the header"]


def test_a_file_with_tabs_is_told_once(files: Any) -> None:
    files.write(people="\n" + files.people.read_text().replace(",", "\t"))
    assert files.faults() == ["people.csv:2:1: file: separated by tabs, expected cells separated by , or ;"]


def test_whom_an_open_quote_swallowed_is_not_said_to_be_missing(files: Any) -> None:
    files.write(people=files.people.read_text().replace("m1,Mia", 'm1,"Mia', 1))
    assert files.faults() == ["people.csv:5:1: row: a quote that is opened and never closed, expected quotes in pairs around a cell, doubled inside it"]
