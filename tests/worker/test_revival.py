"""A mentorship folded from its journal equals the one that wrote it, whatever happened (P5). Pure: no server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from mentorship import commands as c
from mentorship.advance import advance, begin
from mentorship.commands import Slot
from mentorship.duration import iso
from mentorship.effects import AnyEffect, IssueCertificates, PlanMeetings, SendNotice, TellCoordinators
from mentorship.events import MentorshipStarted
from mentorship.people import Pair
from mentorship.programme import REVISION, MilestoneRule, Rules
from records.journal import JournalEntry
from worker.revival import Folded, fold, open_effects

STARTS = datetime(2027, 1, 11, 9, tzinfo=UTC)
PAIR = Pair(mentor="p-mentor", mentee="p-mentee")
RULES = Rules(
    programme="any",
    version=1,
    revision=REVISION,
    interval=iso("P14D"),
    duration=iso("PT1H"),
    sessions=12,
    closing=11,
    milestones=(
        MilestoneRule(id="aligned", when="expectations_confirmed"),
        MilestoneRule(id="goal", when="goal_set"),
        *(MilestoneRule(id=f"m{n}", by="either") for n in range(1, 4)),
    ),
)


def _slot(start: datetime) -> Slot:
    return Slot(start=start, prepare_at=start - timedelta(days=3), ask_at=start + timedelta(days=1, hours=1))


def _said(random: Random, by: str, meeting: int, at: datetime) -> c.Command:
    """Something that this person, or an operator, could say."""
    m = {"message_id": f"m-{random.getrandbits(60)}", "by": by, "at": at}
    operator = {**m, "by": "p-operator"}
    could: list[c.Command] = [
        c.ConfirmExpectations(**m, expectations=c.EXPECTATIONS),
        c.ConfirmMeeting(**m, meeting="all"),
        c.MoveMeeting(**m, meeting=meeting, to=at + timedelta(days=2)),
        c.CancelMeeting(**m, meeting=meeting, reason="work"),
        c.Excuse(**m, meeting=meeting),
        c.ReportMeeting(**m, meeting=meeting, held=True),
        c.ReportMeeting(**m, meeting=meeting, held=False, attendance=c.Attendance(partner="absent")),
        c.Dispute(**m, meeting=meeting),
        c.RecordMilestone(**m, milestone=random.choice(["m1", "m2", "m3", "nowhere"])),
        c.ObjectToMilestone(**m, milestone="m1"),
        c.SetGoal(**m, goal="g", note_id="n-1"),
        c.ReportGoal(**m, goal="g", progress="progressed"),
        c.AskExtension(**m),
        c.SubmitPrivately(**m, body=c.Feedback(meeting=meeting, note_id="n-2")),
        c.SubmitPrivately(**m, body=c.Pins(benefits=("mentee.0",))),
        c.Pause(**operator),
        c.Resume(**operator),
        c.Extend(**operator, length=iso("P4W")),
        c.WaiveMilestone(**operator, milestone="m2"),
    ]
    return random.choice(could)


def story(seed: int, turns: int = 0) -> tuple[Any, list[JournalEntry], list[Any]]:
    """Half a year of a mentorship, turn by turn: the state, the journal as records keep it, and the effects."""
    random = Random(seed)
    ends = STARTS + timedelta(weeks=26)
    slots = tuple(_slot(STARTS + timedelta(days=7 + 14 * n)) for n in range(12))
    turn = begin(MentorshipStarted(at=STARTS, pair=PAIR, rules=RULES, starts=STARTS, ends=ends, reporting_ends=ends + timedelta(days=7), slots=slots))
    entries, effects, now = [*turn.entries], [*turn.effects], STARTS
    for _ in range(turns or random.randrange(5, 80)):
        now += timedelta(hours=random.randrange(1, 150))
        inbox = [
            _said(random, random.choice([PAIR.mentor, PAIR.mentee]), random.randrange(1, 13), now - timedelta(hours=1)) for _ in range(random.randrange(3))
        ]
        for effect in effects[-5:]:
            if isinstance(effect, PlanMeetings):
                answer = {"message_id": f"plan.{effect.id}", "effect": effect.id, "number": effect.number, "at": now}
                inbox.append(c.ApplyPlan(**answer, slots=tuple(_slot(now + timedelta(days=7 + 14 * n)) for n in range(effect.count))))
            if isinstance(effect, IssueCertificates):
                inbox.append(
                    c.NoteCertificates(message_id=f"certificates.{effect.id}", at=now, effect=effect.id, certificates={PAIR.mentor: "a", PAIR.mentee: "b"})
                )
        turn = advance(turn.state, inbox, now)
        entries += turn.entries
        effects += turn.effects
    return turn.state, [JournalEntry.model_validate_json(JournalEntry.model_validate(entry.model_dump()).model_dump_json()) for entry in entries], effects


@pytest.mark.parametrize(("seed", "turns"), [*((seed, 0) for seed in range(60)), (60, 400)])
def test_the_fold_of_a_journal_is_the_state_that_wrote_it_with_the_same_effects(seed: int, turns: int) -> None:
    """Also of a journal with more messages than a mentorship remembers."""
    state, journal, effects = story(seed, turns)
    folded = fold(journal)
    # The mentorship's own clock also moves with deadlines that left no trace in the journal; the workflow's first turn moves it again.
    assert folded.state.model_copy(update={"now": state.now}) == state
    assert [effect for _, effect in folded.effects] == effects


def test_a_journal_that_does_not_begin_is_no_mentorship() -> None:
    _, journal, _ = story(1)
    with pytest.raises(ValueError, match="begins with mentorship_started"):
        fold(journal[1:])


def _mails(folded: Folded, settled: set[str]) -> set[str]:
    return {effect.id for effect in open_effects(folded, settled) if isinstance(effect, SendNotice)}


def test_a_mail_that_went_does_not_go_again_and_one_that_did_not_does() -> None:
    _, journal, _ = story(3)
    begun = fold(journal[:1])
    welcomes = _mails(begun, set())
    assert len(welcomes) == 2
    went = min(welcomes)
    assert _mails(begun, {went}) == welcomes - {went}


def test_a_mail_that_gave_way_does_not_go_beside_what_went_instead() -> None:
    begun = begin(MentorshipStarted(at=STARTS, pair=PAIR, rules=RULES, starts=STARTS, ends=STARTS + timedelta(weeks=26), reporting_ends=STARTS, slots=()))
    gone, other = (effect for effect in begun.effects if isinstance(effect, SendNotice))
    told = advance(begun.state, [c.NoteFailedNotice.of(gone, "superseded", STARTS, other)], STARTS)
    journal = [JournalEntry.model_validate(entry.model_dump()) for entry in (*begun.entries, *told.entries)]
    assert _mails(fold(journal), set()) == {other.id}


def test_old_mails_are_settled_whatever_the_ledger_says() -> None:
    _, journal, _ = story(3)
    folded = fold(journal)
    old = {effect.id for row, effect in folded.effects if isinstance(effect, SendNotice) and row.at < folded.state.now - timedelta(days=2)}
    assert old
    assert not old & _mails(folded, set())


def test_a_plan_or_certificates_that_were_asked_for_are_asked_for_again_however_long_ago() -> None:
    begun = begin(
        MentorshipStarted(
            at=STARTS, pair=PAIR, rules=RULES, starts=STARTS, ends=STARTS + timedelta(weeks=26), reporting_ends=STARTS + timedelta(weeks=27), slots=()
        )
    )
    said = [c.WaiveMilestone(message_id=f"w-{rule.id}", by="p-operator", at=STARTS, milestone=rule.id) for rule in RULES.milestones]
    extend = c.Extend(message_id="extend", by="p-operator", at=STARTS, length=iso("P4W"))
    asked = advance(begun.state, [*said, extend], STARTS + timedelta(days=1))
    late = advance(asked.state, [], STARTS + timedelta(weeks=60))
    journal = [JournalEntry.model_validate(entry.model_dump()) for entry in (*begun.entries, *asked.entries, *late.entries)]
    kinds = [type(effect) for effect in open_effects(fold(journal), set())]
    assert IssueCertificates in kinds
    assert fold(journal).state.plan_request is not None
    assert PlanMeetings not in kinds, "the programme has ended"
    early = [JournalEntry.model_validate(entry.model_dump()) for entry in (*begun.entries, *asked.entries)]
    assert PlanMeetings in [type(effect) for effect in open_effects(fold(early), set())]
    twice = advance(asked.state, [extend.model_copy(update={"message_id": "again", "at": STARTS + timedelta(days=2)})], STARTS + timedelta(days=2))
    anew = fold([*early, *(JournalEntry.model_validate(entry.model_dump()) for entry in twice.entries)])
    assert [effect.number for effect in open_effects(anew, set()) if isinstance(effect, PlanMeetings)] == [2], "the one that was asked for last"


def test_of_what_is_old_only_a_result_with_its_certificate_goes_and_coordinators_are_told_what_is_new() -> None:
    """H7: a certificate is tried until it is there. Anything else that nobody was told for days is settled, or late news by now (P5)."""
    _, journal, _ = story(3)
    begun, first = fold(journal[:1]), journal[0]
    end = STARTS + timedelta(days=30)
    rows = {"old": first, "new": first.model_copy(update={"at": end - timedelta(days=1)})}
    told: tuple[AnyEffect, ...] = (
        SendNotice(kind="halfway", to="mentee", due=STARTS),
        SendNotice(kind="result", to="mentee", due=STARTS, certificate="c-1"),
        TellCoordinators(line="silence", at=STARTS),
    )
    effects = [(row, effect.model_copy(update={"id": f"{age}.{n}"})) for age, row in rows.items() for n, effect in enumerate(told)]
    folded = Folded(begun.state.model_copy(update={"now": end}), tuple(effects), frozenset())
    assert [effect.id for effect in open_effects(folded, set())] == ["old.1", "new.0", "new.1", "new.2"]
    assert [effect.id for effect in open_effects(folded, {"old.1", "new.0"})] == ["new.1", "new.2"]
