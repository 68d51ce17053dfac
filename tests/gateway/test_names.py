from __future__ import annotations

import pytest

from gateway.names import MentorshipName, case_id, cohort_id, parse_mentorship_id
from records.ids import mentorship_of


def test_ids_hold_letters_digits_hyphens_and_dots_only():
    assert cohort_id("spring-2027") == "cohort.spring-2027"
    assert case_id("c-4f0kq81zzx0a4f0k") == "case.c-4f0kq81zzx0a4f0k"


@pytest.mark.parametrize("part", ["", "a.b", "A", "a/b", "a b", "-a", "ä", "a" * 41, "a\n"])
def test_a_part_that_would_not_fit_is_refused(part):
    for make in (cohort_id, case_id):
        with pytest.raises(ValueError, match="lower-case"):
            make(part)


def test_an_id_is_taken_apart_again():
    assert parse_mentorship_id("mentorship.spring-2027.m-1") == MentorshipName("spring-2027", "m-1")


@pytest.mark.parametrize("text", ["", "mentorship", "mentorship.a", "mentorship.a.b.c", "cohort.a.b", "mentorship..b", "mentorship.a."])
def test_another_id_is_refused(text):
    with pytest.raises(ValueError, match="expected"):
        parse_mentorship_id(text)


def test_what_records_name_a_mentorship_is_taken_apart_again():
    assert parse_mentorship_id(mentorship_of("spring-2027", "m-1")) == MentorshipName("spring-2027", "m-1")
