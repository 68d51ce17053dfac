"""What Temporal's lists can be filtered by: opaque ids, codes, numbers and instants (H12: search attributes are never encrypted).

SQLite's visibility takes at most 10 Keyword attributes and 3 of each other type in a namespace.
"""

from __future__ import annotations

from temporalio.common import SearchAttributeKey

COHORT = SearchAttributeKey.for_keyword("MentorshipCohort")
PROGRAMME = SearchAttributeKey.for_keyword("MentorshipProgramme")
PHASE = SearchAttributeKey.for_keyword("MentorshipPhase")
PEOPLE = SearchAttributeKey.for_keyword_list("MentorshipPeople")
MILESTONES = SearchAttributeKey.for_int("MentorshipMilestones")
"""How many milestones are done."""
PROGRESS = SearchAttributeKey.for_float("MentorshipProgress")
"""Per cent of the milestones done, 0 to 100."""
NEXT_MEETING = SearchAttributeKey.for_datetime("MentorshipNextMeeting")
NEEDS_ATTENTION = SearchAttributeKey.for_bool("MentorshipNeedsAttention")
CERTIFIED = SearchAttributeKey.for_bool("MentorshipCertified")

ALL = (COHORT, PROGRAMME, PHASE, PEOPLE, MILESTONES, PROGRESS, NEXT_MEETING, NEEDS_ATTENTION, CERTIFIED)
