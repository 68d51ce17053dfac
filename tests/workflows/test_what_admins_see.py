"""What an admin who looks into Temporal sees of a mentorship: its search attributes, its card, its timers. Nothing private (H12). Pure: no server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from activities.journal import JournalHead
from mentorship import commands as c
from mentorship.advance import advance, begin
from mentorship.commands import Slot
from mentorship.duration import iso
from mentorship.events import MentorshipStarted
from mentorship.people import Pair
from mentorship.policy.deadlines import Due, DueKind
from mentorship.programme import MilestoneRule, Rules
from wire import search_attributes as shown
from workflows.attributes import attributes, card, changes
from workflows.mentorship import _timer_label
from workflows.status import MeetingStatus, Outcome, Status, listed, outcome_of, status_of

STARTS = datetime(2027, 1, 11, 9, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MENTOR, MENTEE = "p-mentor", "p-mentee"


def meets(n: int) -> datetime:
    """A fortnight apart, the first after a week."""
    return STARTS + (7 + 14 * (n - 1)) * DAY


class Seen:
    """A mentorship of three meetings and three milestones, and what is shown of it."""

    def __init__(self) -> None:
        ends = STARTS + 56 * DAY
        rules = Rules(
            programme="engineering",
            version=3,
            interval=iso("P14D"),
            duration=iso("PT1H"),
            sessions=3,
            milestones=tuple(MilestoneRule(id=f"m{n}") for n in (1, 2, 3)),
        )
        slots = tuple(Slot(start=at, prepare_at=at - 3 * DAY, ask_at=at + DAY) for at in map(meets, (1, 2, 3)))
        begun = MentorshipStarted(
            at=STARTS, pair=Pair(mentor=MENTOR, mentee=MENTEE), rules=rules, starts=STARTS, ends=ends, reporting_ends=ends + 7 * DAY, slots=slots
        )
        self.state = begin(begun).state
        self._told = 0

    def tell(self, command: Any, at: datetime, by: str = MENTEE) -> Seen:
        self._told += 1
        turn = advance(self.state, [command.model_copy(update={"message_id": f"m{self._told}", "by": by, "at": at})], at)
        assert turn.entries[-1].outcome != "refused"
        self.state = turn.state
        return self

    def wait(self, until: datetime) -> Seen:
        self.state = advance(self.state, [], until).state
        return self

    def attributes(self, *, diverged: bool = False) -> dict[str, Any]:
        return {name.removeprefix("Mentorship"): pair.value for name, pair in attributes(self.state, "spring", diverged=diverged).items()}

    def status(self) -> Status:
        return status_of(self.state, head=JournalHead(seq=9), diverged=False, pending_effects=2)

    def lines(self, *, diverged: bool = False) -> list[str]:
        return card(self.state, diverged=diverged).split("\n")


def test_the_attributes_tell_who_of_which_programme_stands_where():
    assert Seen().attributes() == {
        "Cohort": "spring",
        "Programme": "engineering.3",
        "Phase": "aligning",
        "People": [MENTOR, MENTEE],
        "Milestones": 0,
        "Progress": 0.0,
        "NextMeeting": meets(1),
        "NeedsAttention": False,
        "Certified": False,
    }


def test_progress_is_whole_per_cents_of_what_is_done_and_both_certified_is_told_at_the_end():
    pair = Seen()
    for n in (1, 2, 3):
        pair.tell(c.RecordMilestone(milestone=f"m{n}"), STARTS + n * DAY)
        assert (pair.attributes()["Milestones"], pair.attributes()["Progress"]) == (n, (33.0, 66.0, 100.0)[n - 1])
    pair.wait(STARTS + 64 * DAY)
    assert (pair.attributes()["Phase"], pair.attributes()["Certified"]) == ("closing", False)
    pair.tell(c.NoteCertificates(certificates={MENTOR: "c-1", MENTEE: "c-2"}), STARTS + 64 * DAY, by=c.SERVICE)
    assert pair.attributes()["Certified"] is True
    assert "- **Certificates:** 2 issued" in pair.lines()


@pytest.mark.parametrize(
    "gone",
    [
        lambda pair: pair.tell(c.CancelMeeting(meeting=1, reason="personal"), meets(1) - 2 * DAY),
        lambda pair: pair.tell(c.ReportMeeting(meeting=1, held=True), meets(1) + HOUR),
        lambda pair: pair.wait(meets(1) + DAY),
    ],
    ids=["called off", "held", "over without a word"],
)
def test_the_next_meeting_is_the_next_that_is_still_ahead(gone):
    pair = gone(Seen())
    assert pair.attributes()["NextMeeting"] == meets(2)
    assert pair.lines()[2] == "- **Next meeting:** 2027-02-01 09:00 UTC (number 2 of 3)"


def test_a_meeting_that_was_moved_behind_another_is_not_the_next():
    pair = Seen()
    for who in (MENTOR, MENTEE):
        pair.tell(c.MoveMeeting(meeting=1, to=meets(2) + DAY), STARTS + DAY, by=who)
    assert pair.attributes()["NextMeeting"] == meets(2)


@pytest.mark.parametrize("how", ["paused", "ended", "closing"])
def test_who_does_not_meet_has_no_next_meeting(how):
    pair = Seen()
    if how == "closing":
        pair.wait(STARTS + 57 * DAY)
    else:
        pair.tell(c.Pause() if how == "paused" else c.End(reason="operator"), STARTS + DAY, by="p-operator")
    assert pair.attributes()["Phase"] == how
    assert "NextMeeting" not in pair.attributes()
    assert pair.lines()[:3] == [f"### {how.capitalize()}", "", "- **Next meeting:** none planned"]


def test_the_card_of_a_pair_that_has_just_begun():
    assert Seen().lines() == [
        "### Aligning",
        "",
        "- **Next meeting:** 2027-01-18 09:00 UTC (number 1 of 3)",
        "- **Milestones:** 0 of 3 done",
        "- **Meetings held:** 0",
        "- **Runs:** 2027-01-11 to 2027-03-08",
        "- **Needs a person:** no",
    ]


def test_the_card_counts_what_was_held_and_done():
    pair = Seen().tell(c.ReportMeeting(meeting=1, held=True), meets(1) + HOUR).tell(c.RecordMilestone(milestone="m1"), meets(1) + HOUR)
    assert pair.lines()[3:5] == ["- **Milestones:** 1 of 3 done", "- **Meetings held:** 1"]


def test_neither_says_why_a_person_is_needed_or_whose_cancellations_it_is_about():
    """H14: the coordinator is told, but not everybody who may look into Temporal."""
    pair = Seen()
    for who in (MENTOR, MENTEE):
        pair.tell(c.ConfirmMeeting(meeting="all"), STARTS + HOUR, by=who)
    for n in (1, 2, 3):
        pair.tell(c.CancelMeeting(meeting=n, reason="work"), meets(n) - HOUR)
    assert "cancellations_mentee" in pair.state.attention
    assert pair.attributes()["NeedsAttention"] is True
    assert pair.lines()[-1] == "- **Needs a person:** yes, see the coordinators’ list"
    told = " ".join([card(pair.state, diverged=False), *(str(value) for name, value in pair.attributes().items() if name != "People")])
    assert not [word for word in ("cancel", "work", "ladder", "rung", "nudge", "mentor", "mentee") if word in told]


def test_one_that_diverged_needs_somebody_and_says_where_to_read_on():
    assert Seen().attributes(diverged=True)["NeedsAttention"] is True
    assert Seen().lines(diverged=True)[-2:] == [
        "",
        "**Diverged:** this run decides differently from the journal. It sends nothing until an operator resolves it: see docs/operations.md.",
    ]


def test_only_what_changed_is_upserted():
    before = attributes(Seen().state, "spring", diverged=False)
    after = attributes(Seen().tell(c.ReportMeeting(meeting=1, held=True), meets(1) + HOUR).state, "spring", diverged=False)
    assert {(update.key.name, update.value) for update in changes(before, after)} == {("MentorshipPhase", "active"), ("MentorshipNextMeeting", meets(2))}
    assert changes(before, before) == []


def test_what_has_no_value_any_more_is_taken_away_also_where_a_run_before_showed_it():
    """Temporal passes what one run showed to the next, which does not know what that was."""
    before = attributes(Seen().state, "spring", diverged=False)
    paused = attributes(Seen().tell(c.Pause(), STARTS + DAY, by="p-operator").state, "spring", diverged=False)
    assert [update.key for update in changes(before, paused) if update.value is None] == [shown.NEXT_MEETING]
    assert [update.key for update in changes({}, paused) if update.value is None] == [shown.NEXT_MEETING]
    assert {update.key for update in changes({}, paused)} == set(shown.ALL)
    assert changes(paused, paused) == []


def test_a_timer_says_what_it_waits_for_and_not_whose_cancellations_or_absences_it_is_about():
    labels = {kind: _timer_label(Due(STARTS, kind, 3, "mentee")) for kind in get_args(DueKind)}
    assert {kind for kind, label in labels.items() if label == "a deadline"} == {"claim", "proposal", "episode", "leave"}
    assert (labels["prepare"], labels["ask"]) == ("prepare meeting 3", "ask about meeting 3")
    assert (labels["heads_up"], labels["end"]) == ("heads up", "end")
    assert not [label for label in labels.values() if "mentee" in label]


def test_the_status_tells_how_each_meeting_stands():
    pair = Seen()
    for who in (MENTOR, MENTEE):
        pair.tell(c.ConfirmMeeting(meeting=1), STARTS + HOUR, by=who)
    pair.tell(c.CancelMeeting(meeting=2, reason="personal"), STARTS + DAY)
    pair.tell(c.ReportMeeting(meeting=1, held=True), meets(1) + HOUR)
    for who, to in ((MENTOR, meets(3) + DAY), (MENTEE, meets(3) + 2 * DAY)):
        pair.tell(c.MoveMeeting(meeting=3, to=to), meets(1) + DAY, by=who)
    told = pair.status()
    assert told.meetings == (
        MeetingStatus(meeting=1, start=meets(1), confirmed=True, held=True, cancelled=False),
        MeetingStatus(meeting=2, start=meets(2), confirmed=False, held=False, cancelled=True),
        MeetingStatus(meeting=3, start=meets(3), confirmed=False, held=False, cancelled=False, moves_to=meets(3) + DAY),
    )
    assert (told.meetings_held, told.next_meeting) == (1, meets(3))


def test_the_status_tells_of_goals_milestones_and_a_pause_and_the_journal_as_the_workflow_knows_it():
    pair = Seen().tell(c.SetGoal(goal="g-1", text="write"), STARTS + DAY).tell(c.RecordMilestone(milestone="m2"), STARTS + DAY)
    told = pair.status()
    assert (told.phase, told.starts, told.ends, told.reporting_ends) == ("aligning", STARTS, STARTS + 56 * DAY, STARTS + 63 * DAY)
    assert (told.goals, [one.done_at for one in told.milestones]) == ({"g-1": "set"}, [None, STARTS + DAY, None])
    assert (told.paused_until, told.ended, told.certificates, told.attention) == (None, None, {}, {})
    assert (told.head.seq, told.diverged, told.pending_effects) == (9, False, 2)
    paused = pair.tell(c.Pause(until=STARTS + 9 * DAY), STARTS + 2 * DAY, by="p-operator").status()
    assert (paused.phase, paused.paused_until, paused.next_meeting) == ("paused", STARTS + 9 * DAY, None)
    assert (told.ends_with_pause, paused.ends, paused.ends_with_pause) == (None, told.ends, told.ends + 7 * DAY), "as the two read it"
    assert paused.reporting_ends_with_pause == told.reporting_ends + 7 * DAY
    assert listed(pair.state)["ends_with_pause"] == (told.ends + 7 * DAY).isoformat()


def test_lists_in_records_tell_the_same_and_the_highest_rung_of_either():
    pair = Seen()
    for who in (MENTOR, MENTEE):
        pair.tell(c.ConfirmMeeting(meeting="all"), STARTS + HOUR, by=who)
    pair.tell(c.RecordMilestone(milestone="m1"), STARTS + DAY)
    begun = listed(pair.state)
    assert begun == {
        "phase": "aligning",
        "milestones_done": 1,
        "milestones_total": 3,
        "meetings_held": 0,
        "next_meeting": meets(1).isoformat(),
        "ends": (STARTS + 56 * DAY).isoformat(),
        "ends_with_pause": None,
        "attention": [],
        "ladder_rung": 0,
        "certificates": [],
        "ended": None,
    }
    for n in (1, 2, 3):
        pair.tell(c.CancelMeeting(meeting=n, reason="work"), meets(n) - HOUR)
    assert (listed(pair.state)["ladder_rung"], "cancellations_mentee" in listed(pair.state)["attention"]) == (2, True)
    assert listed(pair.state)["attention"] == sorted(pair.state.attention)
    assert listed(pair.state)["next_meeting"] is None
    assert set(pair.status().attention) == set(pair.state.attention)


def test_the_outcome_counts_what_was_done_and_says_why_it_ended():
    pair = Seen().tell(c.RecordMilestone(milestone="m1"), STARTS + DAY)
    pair.tell(c.End(reason="operator"), STARTS + 2 * DAY, by="p-operator")
    assert outcome_of(pair.state) == Outcome(phase="ended", milestones_done=1, milestones_total=3, certificates={}, ended="operator")
    assert (pair.status().ended, listed(pair.state)["ended"]) == ("operator", "operator")


def test_certificates_stand_in_status_lists_and_outcome():
    """A list tells how many, but not whose is which."""
    pair = Seen()
    for n in (1, 2, 3):
        pair.tell(c.RecordMilestone(milestone=f"m{n}"), STARTS + n * DAY)
    pair.wait(STARTS + 64 * DAY)
    issued = {MENTOR: "c-2", MENTEE: "c-1"}
    pair.tell(c.NoteCertificates(certificates=issued), STARTS + 64 * DAY, by=c.SERVICE)
    assert pair.status().certificates == outcome_of(pair.state).certificates == issued
    assert listed(pair.state)["certificates"] == ["c-1", "c-2"]
    assert outcome_of(pair.state).ended is None
