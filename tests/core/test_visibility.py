"""Who may see what (H12, H14, H16, H5, P8): the one table keeps what the handbook and the rules promise."""

from __future__ import annotations

import pytest

from mentorship.visibility import SMALLEST, THINGS, VIEWERS, Thing, is_private, may_read, sight


def seen(viewer, *, by="yes"):
    return {thing for thing in THINGS if sight(viewer, thing) == by}


def test_the_partner_sees_what_the_two_do_together_and_nothing_of_ones_own():
    """H14: the partner is not told. H8: a certificate says nothing of the other. H15: feedback is shared only if the author says so."""
    together = {"name", "address", "coordinator_address", "meetings", "slot_answers", "attendance", "milestones", "goals", "stepped_away"}
    assert (seen("partner"), seen("partner", by="if_shared")) == (together, {"feedback"})
    assert together | seen("partner", by="if_shared") | seen("partner", by="no") == set(THINGS)


def test_coordinators_see_who_needs_a_person_and_numbers_besides():
    """P7, H14: they see neither reasons nor a first cancellation's count; H5: surveys only in groups."""
    assert seen("coordinators") == {"name", "address", "coordinator_address", "coordinator_told", "stepped_away", "leave", "needs_a_person"}
    assert seen("coordinators", by="as_number") == {"meetings", "milestones", "certificate"}
    assert (seen("coordinators", by="in_groups"), SMALLEST) == ({"surveys"}, 5)
    assert not seen("coordinators", by="as_code") | seen("coordinators", by="if_shared")


def test_the_owner_hears_by_count_without_names():
    """H14."""
    assert seen("owner", by="as_number") == {"coordinator_told", "milestones", "needs_a_person", "concern"}
    assert seen("owner", by="in_groups") == {"surveys"}
    assert len(seen("owner", by="no")) == len(THINGS) - 5


def test_a_concern_is_read_by_who_raised_it_and_whom_they_chose():
    """H16: the partner can find no trace."""
    assert {viewer for viewer in VIEWERS if may_read(viewer, "concern")} == {"own", "chosen"}
    assert seen("chosen") == {"name", "concern"}
    assert {viewer for viewer in VIEWERS if sight(viewer, "concern") != "no"} == {"own", "chosen", "owner"}


def test_a_bearer_sees_a_certificate_and_results_only_if_its_holder_asks_for_them():
    """H8."""
    assert (seen("bearer"), seen("bearer", by="if_shared")) == ({"name", "certificate"}, {"certificate_results"})
    assert [may_read("bearer", "certificate_results", shared=shared) for shared in (True, False)] == [True, False]
    assert not may_read("partner", "surveys", shared=True)


def test_temporal_shows_codes_and_nothing_that_names_anybody():
    """H12."""
    names = {"name", "address", "coordinator_address", "people_file", "concern", "certificate_results"}
    assert (seen("temporal", by="no"), seen("temporal", by="as_code")) == (names, set(THINGS) - names)


def test_operators_read_what_they_wrote_themselves_and_which_mails_went():
    """H12: they read the rest as codes under opaque ids, and no address or concern."""
    read, nothing = {"name", "people_file", "mails"}, {"address", "coordinator_address", "concern"}
    assert (seen("operators"), seen("operators", by="no"), seen("operators", by="as_code")) == (read, nothing, set(THINGS) - read - nothing)


def test_everybody_reads_all_that_is_their_own():
    """P8: except that the list of who needs a person is the coordinators', and the journal belongs to both people."""
    assert set(THINGS) - seen("own") == {"needs_a_person", "journal"}


@pytest.mark.parametrize("thing", ["cancel_reasons", "late_count", "feedback", "surveys", "pins", "end_wish", "expectations", "certificate_results"])
def test_what_only_its_author_reads_is_private(thing):
    """P8: it never appears, not even as a code, where its author is named to others."""
    assert is_private(thing)
    assert may_read("own", thing)


def test_what_somebody_else_reads_as_well_is_not():
    things: tuple[Thing, ...] = ("goals", "milestones", "attendance", "meetings", "coordinator_told", "concern", "mails")
    assert not any(map(is_private, things))
