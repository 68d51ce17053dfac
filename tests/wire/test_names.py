from __future__ import annotations

import pytest

from wire.names import case_id, certificate_id, cohort_id, cohort_of, is_case, is_mentorship, mentorship_id, mentorships_of

IDS = (cohort_id("spring-2027"), case_id("c-1"), mentorship_id("spring-2027", "m-1"), certificate_id("mentorship.spring-2027.m-1", "p-1"))


def test_ids_hold_letters_digits_hyphens_and_dots_only():
    assert IDS == ("cohort.spring-2027", "case.c-1", "mentorship.spring-2027.m-1", "certificate.spring-2027.m-1.p-1")


def test_an_id_tells_what_it_is_of():
    assert [is_case(one) for one in IDS] == [False, True, False, False]
    assert [is_mentorship(one) for one in IDS] == [False, False, True, False]


@pytest.mark.parametrize("part", ["", "a.b", "A", "a/b", "a b", "-a", "ä", "a" * 41, "a\n"])
def test_a_part_that_would_not_fit_is_refused(part):
    for make in (cohort_id, case_id, lambda person: certificate_id("mentorship.spring-2027.m-1", person)):
        with pytest.raises(ValueError, match="lower-case"):
            make(part)


def test_a_mentorship_is_of_its_cohort():
    assert cohort_of("mentorship.spring-2027.m-1") == "spring-2027"
    assert mentorship_id("spring-2027", "m-1").startswith(mentorships_of("spring-2027"))
    assert not mentorship_id("spring-2027", "m-1").startswith(mentorships_of("spring"))


@pytest.mark.parametrize("text", ["", "mentorship", "mentorship.a", "mentorship.a.b.c", "cohort.a.b", "mentorship..b", "mentorship.a."])
def test_another_id_is_refused(text):
    for ask in (cohort_of, lambda other: certificate_id(other, "p-1")):
        with pytest.raises(ValueError, match="expected"):
            ask(text)
