"""`cohort what-if`: the facts of the past under another policy, checked against answers that are known beforehand (P2)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mentorship.advance import Entry, advance, begin
from mentorship.commands import (
    AskExtension,
    CancelMeeting,
    Command,
    ConfirmMeeting,
    Dispute,
    EndWish,
    Extend,
    MoveMeeting,
    Pause,
    RecordMilestone,
    ReportMeeting,
    Resume,
    SubmitPrivately,
)
from mentorship.duration import iso
from mentorship.events import EarnedMilestone, MentorshipStarted
from mentorship.people import Pair
from mentorship.policy.deadlines import next_due
from records.cohorts import Enrolment
from records.journal import JournalEntry
from records.journal_events import started
from starter.what_if import _changed, decided_again, outcome
from starter.what_if_replay import Policy, replay, reproduces

STARTS = datetime(2027, 1, 4, tzinfo=UTC)
PROGRAMME = """\
programme: {{id: spring, version: {version}, title: Spring, time_zone: UTC{head}}}
contacts: {{coordinators: [ana], owner: lee, outside: [sam]}}
meetings: {{count: {meetings}, first_after: P7D, interval: P14D, duration: PT1H, time_of_day: "10:00"}}
sessions:
  - {{topic: Getting started, expectations: true}}
  - {{topic: Looking back, closing: true}}
milestones:
  - {{id: m1, title: One}}
  - {{id: m2, title: Two}}
  - {{id: m3, title: Three}}
  - {{id: m4, title: Four}}
  - {{id: m5, title: Five}}
{more}
"""

PEOPLE = """\
person_id,name,email,role
ana,Ana,ana@example.com,coordinator
lee,Lee,lee@example.com,owner
sam,Sam,sam@example.com,contact
m1,Mia,mia@example.com,mentor
m2,Max,max@example.com,mentor
e1,Eve,eve@example.com,mentee
e2,Eli,eli@example.com,mentee
"""


def programme(version: int = 1, head: str = "", more: str = "", meetings: int = 12) -> str:
    head = head if "length" in head else f", length: P26W{head}"
    return PROGRAMME.format(version=version, head=head, more=more, meetings=meetings)


def meets(number: int, **before: float) -> datetime:
    return STARTS + timedelta(days=7 + 14 * (number - 1), hours=10) - timedelta(**before)


def done(number: int, at: datetime) -> Command:
    return RecordMilestone(by="mentor", at=at, milestone=f"m{number}")


def both_confirm() -> list[Command]:
    return [ConfirmMeeting(by=who, at=STARTS + timedelta(hours=1), meeting="all") for who in ("mentor", "mentee")]


@pytest.fixture
def what_if(files: Any, past: Any, run: Callable[..., Any]) -> Callable[..., Any]:
    """Has a cohort of two pairs live under the usual programme, then asks about another one."""

    def call(told: dict[str, list[Command]], *, head: str = "", more: str = "", meetings: int = 12, until: datetime | None = None, plain: bool = False) -> Any:
        files.write(programme(), PEOPLE)
        roster, faults, _ = files.read()
        assert roster is not None, faults
        past.happened(roster, STARTS, told, until=until)
        files.programme.write_text(programme(2, head, more, meetings))
        return run("cohort", "what-if", "spring-27", "--programme", str(files.programme), *([] if plain else ["--json"]))

    return call


def test_a_lower_share_certifies_who_had_fewer(what_if: Any) -> None:
    """p1 has 3 of 5, p2 has 4 of 5: with 60 % both pairs earn their certificates, by the share alone."""
    told = what_if({"p1": [done(n, meets(n)) for n in (1, 2, 3)], "p2": [done(n, meets(n)) for n in (1, 2, 3, 4)]}, head=", share: 60")

    assert told.code == 0
    assert told.json["changed"] == ["share: 80 → 60"]
    assert (told.json["pairs"], told.json["exact"]) == (2, 2)
    assert told.json["would_differ"] == [{"pair_id": "p1", "changes": {"certificates": {"was": "none", "would_be": "both"}}, "because": ["share"]}]
    assert told.json["pairs_certified"] == {"was": 1, "would_be": 2}


@pytest.mark.parametrize("many", [False, True])
def test_a_longer_notice_makes_cancellations_late_that_were_not(what_if: Any, monkeypatch: pytest.MonkeyPatch, many: bool) -> None:
    """Three cancellations 30 hours ahead are in time with 24 hours' notice and late with 48, and then the coordinator is told.

    Nobody is told of which pair: a ladder of one's own choice would reveal how often one person cancelled late (H14).
    """
    if many:
        monkeypatch.setattr("starter.what_if.SMALLEST", 2)
    cancelled: list[Command] = [CancelMeeting(by="mentee", at=meets(n, hours=30), meeting=n, reason="work") for n in (1, 2, 4)]
    kept: list[Command] = [ReportMeeting(by="mentor", at=meets(3) + timedelta(hours=1), meeting=3, held=True)]

    told = what_if({"p1": [*both_confirm(), *cancelled, *kept]}, more="cancellations: {notice: PT48H}")

    assert told.json["changed"] == ["cancellations.notice: PT24H → PT48H"]
    assert "cancellations_" not in json.dumps(told.json["would_differ"])
    totals = (told.json["private_nudges"], told.json["cancellation_lines"])
    if many:
        assert totals[1] == {"was": 0, "would_be": 1}
    else:
        assert totals == (None, None), "of two pairs, a total would be about somebody"


def test_a_grace_of_two_weeks_takes_a_report_that_came_too_late(what_if: Any) -> None:
    """The fourth milestone was done in time and reported ten days after the end."""
    ends = STARTS + timedelta(weeks=26)
    late = RecordMilestone(by="mentee", at=ends + timedelta(days=10), milestone="m4", done_at=ends - timedelta(days=1))

    told = what_if({"p1": [*(done(n, meets(n)) for n in (1, 2, 3)), late]}, head=", reporting_grace: P14D")

    changes = {pair["pair_id"]: pair["changes"] for pair in told.json["would_differ"]}
    assert changes["p1"]["certificates"] == {"was": "none", "would_be": "both"}
    assert changes["p1"]["refused"] == {"was": 1, "would_be": 0}
    assert changes["p1"]["milestones"] == {"was": "3 of 5", "would_be": "4 of 5"}
    assert set(changes["p2"]) == {"decided_at"}


def test_a_shorter_programme_ends_before_what_was_done(what_if: Any) -> None:
    """The fourth milestone was done in week 20; after 16 weeks it would have been too late, by the length alone."""
    told = what_if({"p1": [done(n, meets(3 * n - 2)) for n in (1, 2, 3, 4)]}, head=", length: P16W").json

    changes = {pair["pair_id"]: pair for pair in told["would_differ"]}["p1"]
    assert changes["changes"]["certificates"] == {"was": "both", "would_be": "none"}
    assert changes["changes"]["milestones"] == {"was": "4 of 5", "would_be": "3 of 5"}
    assert changes["because"] == ["programme.length"]


def test_the_same_rules_change_nothing_whatever_happened(what_if: Any) -> None:
    story: list[Command] = [
        *both_confirm(),
        MoveMeeting(by="mentor", at=meets(2, hours=5), meeting=2, to=meets(2) + timedelta(days=1)),
        ReportMeeting.model_validate({"by": "mentor", "at": meets(3) + timedelta(hours=2), "meeting": 3, "held": False, "attendance": {"partner": "absent"}}),
        Dispute(by="mentee", at=meets(3) + timedelta(days=2), meeting=3),
        RecordMilestone(by="nobody", at=meets(3), milestone="m1"),
        Pause(by="operator", at=meets(5)),
        Resume(by="operator", at=meets(5) + timedelta(days=9)),
        SubmitPrivately(by="mentee", at=meets(8), body=EndWish()),
    ]

    told = what_if({"p1": story})

    assert told.json["would_differ"] == []
    assert told.json["exact"] == 2
    assert told.json["changed"] == []


def test_meetings_are_those_that_were(what_if: Any) -> None:
    told = what_if({"p1": [done(1, meets(1))]}, more="attention: {no_meeting_by: P60D, offer_rematch: P365D}", meetings=6, plain=True)

    assert "attention.no_meeting_by: P4W → P60D" in told.out
    assert "2 of 2 pairs would stand otherwise" in told.out
    assert "p1    coordinator lines  no_meeting, rematch, silence" in told.out
    assert "meetings.count: 12 → 6" in told.out.partition("not decided again:")[2]


def test_what_differs_is_said_in_words_and_conversations_count_from_one(files: Any, past: Any, run: Callable[..., Any]) -> None:
    """P2: an operator wrote no indices and no Python."""
    more = "cancellations: {ladder: [{at: 3, do: nudge}]}\nmail: {hours: none}"
    files.write(programme(), PEOPLE)
    past.happened(files.read()[0], STARTS, {}, until=STARTS)
    other = programme(2, more=more).replace("Getting started, expectations: true}", "Getting started, expectations: true}\n  - {topic: Careers}")
    other = other.replace("{id: m1, title: One}", "{id: m1, title: One, by: both}").replace("  - {id: m2, title: Two}\n", "")
    other = other.replace("{id: m3, title: Three}", "{id: m3, title: Three, when: {meetings_held: 1}}").replace(
        "interval: P14D", "interval: P7D, feedback_after: [2]"
    )
    files.programme.write_text(other.replace("{id: m4, title: Four}", "{id: m4, title: Four, when: closing_held}"))

    told = run("cohort", "what-if", "spring-27", "--programme", str(files.programme), "--json").json

    assert told["changed"] == [
        "interval: P2W → P1W",
        "feedback_after: 3, 6, 9 → 2",
        "sessions: 2 → 3",
        "cancellations.ladder: nudge at 2, coordinator at 3 → nudge at 3",
        "mail.hours: 08:00-18:00 → none",
        "closing: conversation 2 → conversation 3",
        "milestones.m1: when either reports it → when both report it",
        "milestones.m2: when either reports it → nothing",
        "milestones.m3: when either reports it → when 1 meeting is held",
        "milestones.m4: when either reports it → when the closing conversation is held",
    ]
    assert [line.partition(":")[0] for line in told["not_decided_again"]] == ["interval", "feedback_after", "sessions", "mail.hours", "closing"]


def test_a_running_cohort_is_compared_as_it_stands_now(what_if: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not decided yet stays open, whatever the share."""
    told = what_if({"p1": [done(n, meets(n)) for n in (1, 2, 3)]}, head=", share: 60", until=meets(4))

    assert told.json["would_differ"] == []
    assert told.json["pairs_certified"] == {"was": 0, "would_be": 0}


@pytest.fixture
def lived(files: Any) -> Callable[..., list[JournalEntry]]:
    """The journal of a mentorship that handled these commands in these turns, and then continued until `until`."""

    def live(turns: list[tuple[datetime, list[Command]]], *, until: datetime) -> list[JournalEntry]:
        files.write(programme(), PEOPLE)
        roster = files.read()[0]
        plan = roster.plans(roster.pairs[:1], STARTS)[roster.pairs[0].pair_id]
        begun = MentorshipStarted(
            at=plan.starts,
            pair=Pair(mentor="p-a", mentee="p-b"),
            rules=roster.programme.rules(),
            starts=plan.starts,
            ends=plan.ends,
            reporting_ends=plan.reporting_ends,
            slots=plan.slots,
        )
        confirm: list[Command] = [ConfirmMeeting(message_id=f"c-{who}", by=who, at=STARTS + timedelta(hours=1), meeting="all") for who in ("p-a", "p-b")]
        told = [begin(begun)]
        for now, inbox in [(STARTS + timedelta(hours=1), confirm), *turns, (until, [])]:
            told.append(advance(told[-1].state, inbox, now))
        return [JournalEntry.model_validate(entry.model_dump()) for turn in told for entry in turn.entries]

    return live


def absent(message_id: str, at: datetime) -> Command:
    return ReportMeeting.model_validate({"message_id": message_id, "by": "p-a", "at": at, "meeting": 1, "held": False, "attendance": {"partner": "absent"}})


def recorded(message_id: str, at: datetime, milestone: str, done_at: datetime | None = None, by: str = "p-b") -> Command:
    return RecordMilestone(message_id=message_id, by=by, at=at, milestone=milestone, done_at=done_at)


def test_an_outage_is_decided_again_as_it_was(lived: Any) -> None:
    """An absence was handled two days late. The partner's week to answer counted from then, and does so again."""
    until = meets(1) + timedelta(days=12)
    goes_on = recorded("m1", meets(1) + timedelta(hours=20), "m1")
    journal = lived([(meets(1) + timedelta(days=2), [goes_on, absent("absent", meets(1) + timedelta(hours=2))])], until=until)

    assert any("asked_at" in entry.body for entry in journal)
    assert reproduces(journal, replay(journal, until=until))


def test_what_came_in_a_breath_apart_and_was_handled_apart_is_so_again(lived: Any) -> None:
    """Two taps in one evening: the second was accepted before the first was handled, and neither's partner was asked with the other's."""
    until, breath = meets(1) + timedelta(days=12), timedelta(milliseconds=200)
    first, second = (meets(1) + timedelta(hours=2) + breath * n for n in (0, 1))
    turns = [(first + breath * 1.5, [recorded("x1", first, "m1")]), (second + breath * 1.5, [recorded("x2", second, "m2")])]
    journal = lived(turns, until=until)

    assert reproduces(journal, replay(journal, until=until))


def test_what_came_late_behind_what_was_taken_earlier_is_so_again(lived: Any) -> None:
    until = meets(1) + timedelta(days=12)
    turns = [(meets(1) + timedelta(days=2), [absent("x1", meets(1) + timedelta(hours=3))]), (meets(1) + timedelta(days=3), [recorded("x2", meets(1), "m1")])]
    journal = lived(turns, until=until)

    assert reproduces(journal, replay(journal, until=until))


def test_how_an_earlier_release_decided_is_nothing_in_which_programmes_differ(files: Any, lived: Any) -> None:
    """docs/extending.md: a pair keeps the revision with which it began, under the other programme too."""
    files.write(programme(), PEOPLE)
    own = files.read()[0].programme
    told = lived([], until=meets(1))
    assert told[0].body["rules"].pop("revision")  # what earlier releases wrote
    pair = Enrolment(cohort="spring-27", pair="m-1", pair_id="p1", mentor="p-a", mentee="p-b", state="started")

    assert _changed(started(told).rules, own.rules()) == []
    assert decided_again(pair, told, own, own).exact


@pytest.mark.parametrize("alone", [True, False])
def test_a_message_that_no_rule_could_take_keeps_its_row_and_nothing_follows(lived: Any, alone: bool) -> None:
    """Done in the future, sent from the future, or empty: the journal's later rows keep their numbers, and an outage stays one."""
    until, at = meets(1) + timedelta(days=12), meets(1) + timedelta(hours=2)
    hour = timedelta(hours=1)
    came = [
        absent("x1", at),
        recorded("x2", at + hour, "m1", done_at=until),
        ReportMeeting(message_id="x3", by="p-a", at=at + hour * 2, meeting=1),
        recorded("x4", at + hour * 30, "m2"),
        recorded("x5", until, "m3"),
    ]
    journal = lived([(at + hour * n, [one]) for n, one in enumerate(came)] if alone else [(at + timedelta(days=3), came)], until=until)

    assert [entry.reason for entry in journal if entry.message_id in {"x2", "x3", "x5"}] == ["in_the_future", "malformed", "in_the_future"]
    assert reproduces(journal, replay(journal, until=until))


def test_a_message_from_the_future_ends_no_running_pair(files: Any, lived: Any) -> None:
    """A message from a host with a wrong clock was refused. Its row has that instant, but the pair's next months are still ahead."""
    journal = lived([(meets(1), [recorded("x1", meets(1), "m1"), recorded("x2", meets(99), "m2")])], until=meets(1))
    assert journal[-1].at == meets(99)
    files.write(programme(), PEOPLE)
    own = files.read()[0].programme
    pair = Enrolment(cohort="spring-27", pair="m-1", pair_id="p1", mentor="p-a", mentee="p-b", state="started")

    decided = decided_again(pair, journal, own, own.model_copy(update={"programme": own.programme.model_copy(update={"share": 20})}))

    assert [side["certificates"] for side in (decided.was, decided.would_be)] == ["open", "open"]


def brought_along(files: Any) -> tuple[MentorshipStarted, list[JournalEntry]]:
    """Two of five milestones came with the mentee, and one was done here; returns how it began, and its journal to the end."""
    files.write(programme(), PEOPLE)
    roster = files.read()[0]
    plan, rules = roster.plans(roster.pairs[:1], STARTS)[roster.pairs[0].pair_id], roster.programme.rules()
    begun = MentorshipStarted(
        at=plan.starts,
        pair=Pair(mentor="p-a", mentee="p-b"),
        rules=rules,
        starts=plan.starts,
        ends=plan.ends,
        reporting_ends=plan.reporting_ends,
        slots=plan.slots,
        earned=tuple(EarnedMilestone(milestone=f"m{n}", done_at=STARTS - timedelta(days=n)) for n in (1, 2)),
    )
    turns = [begin(begun)]
    turns.append(advance(turns[-1].state, [RecordMilestone(message_id="m3", by="p-a", at=meets(3), milestone="m3")], meets(3)))
    while (due := next_due(turns[-1].state)) is not None:
        turns.append(advance(turns[-1].state, [], due.at))
    return begun, [JournalEntry.model_validate(entry.model_dump()) for turn in turns for entry in turn.entries]


def test_what_came_along_with_the_mentee_counts_for_the_mentee_alone(files: Any) -> None:
    """P6: under 60 % the mentee has the share, and the new mentor with one of three does not."""
    begun, journal = brought_along(files)

    was = replay(journal)
    would_be = replay(journal, Policy(begun.rules.model_copy(update={"share": 60}), begun.ends, begun.reporting_ends))

    assert reproduces(journal, was)
    assert [outcome(of, private=False)["certificates"] for of in (was, would_be)] == ["none", "mentee"]
    assert outcome(would_be, private=False)["milestones"] == "3 of 5"


def test_where_the_ladder_is_another_one_an_operators_word_about_its_lines_is_not_counted(files: Any) -> None:
    """H14: whether it would be refused reveals whether there was a line, and so how often one of the two cancelled late."""
    was = replay(brought_along(files)[1])
    refused = [Entry(seq=n, at=STARTS, kind="command", name=name, outcome="refused") for n, name in enumerate(("resolve", "withdraw"), 100)]
    more = was._replace(entries=(*was.entries, *refused))
    assert [outcome(more, private=private)["refused"] - outcome(was, private=private)["refused"] for private in (False, True)] == [2, 1]


def test_a_shorter_programme_ends_earlier_for_an_extended_pair_too(what_if: Any) -> None:
    """Extended by four weeks, with the fourth milestone in the extension's second week: week 28 of 30, or of 20 where the programme has 16."""
    late = STARTS + timedelta(weeks=28)
    told = what_if(
        {"p1": [*(done(n, meets(n)) for n in (1, 2, 3)), Extend(by="op", at=meets(6), length=iso("P4W")), done(4, late)]}, head=", length: P16W"
    ).json

    p1 = {pair["pair_id"]: pair for pair in told["would_differ"]}["p1"]
    assert told["exact"] == 2
    assert p1["changes"]["certificates"] == {"was": "both", "would_be": "none"}
    assert p1["changes"]["decided_at"]["would_be"].startswith(str((STARTS + timedelta(weeks=21)).date()))
    assert p1["because"] == ["programme.length"]


def test_so_does_one_that_was_extended_in_a_pause(what_if: Any) -> None:
    """Two weeks of pause and four of extension: week 28 of 32, or of 22 where the programme has 16."""
    held = [Pause(by="op", at=meets(4)), Extend(by="op", at=meets(4, days=-1), length=iso("P4W")), Resume(by="op", at=meets(4, weeks=-2))]
    told = what_if({"p1": [*(done(n, meets(n)) for n in (1, 2, 3)), *held, done(4, STARTS + timedelta(weeks=28))]}, head=", length: P16W").json

    p1 = {pair["pair_id"]: pair for pair in told["would_differ"]}["p1"]
    assert told["exact"] == 2
    assert p1["changes"]["certificates"] == {"was": "both", "would_be": "none"}
    assert p1["changes"]["decided_at"]["would_be"].startswith(str((STARTS + timedelta(weeks=23)).date()))


def test_a_shorter_extension_by_the_pair_is_too_short_for_what_was_done_in_it(what_if: Any) -> None:
    """Both asked for four weeks and got them. The fourth milestone was done in the second of these; with one week it would have been too late."""
    asked: list[Command] = [AskExtension(by=who, at=meets(10)) for who in ("mentor", "mentee")]
    told = what_if({"p1": [*(done(n, meets(n)) for n in (1, 2, 3)), *asked, done(4, STARTS + timedelta(weeks=28))]}, more="extension: {by_pair: P1W}").json

    (p1,) = told["would_differ"]
    assert p1["changes"]["certificates"] == {"was": "both", "would_be": "none"}
    assert p1["because"] == ["extension"]


def test_each_pair_is_compared_with_the_version_that_it_began_with(files: Any, past: Any, run: Callable[..., Any]) -> None:
    """p1 and p2 began with a share of 80, p3 with 60; all did three of five. Under a share of 60 for all, p3's result does not change."""
    three = [done(n, meets(n)) for n in (1, 2, 3)]
    files.write(programme(), PEOPLE)
    past.happened(files.read()[0], STARTS, {"p1": three, "p2": three})
    files.write(programme(2, ", share: 60"), PEOPLE, "pair_id,mentor_id,mentee_id\np3,m1,e1\n")
    past.happened(files.read()[0], STARTS, {"p3": three})

    told = run("cohort", "what-if", "spring-27", "--programme", str(files.programme), "--json").json
    in_words = run("cohort", "what-if", "spring-27", "--programme", str(files.programme)).out

    assert [(pair["pair_id"], pair["because"]) for pair in told["would_differ"]] == [("p1", ["share"]), ("p2", ["share"])]
    assert told["pairs_certified"] == {"was": 1, "would_be": 3}
    assert told["versions"] == [{"version": 1, "pairs": 2, "changed": ["share: 80 → 60"]}, {"version": 2, "pairs": 1, "changed": []}]
    assert "what differs between the programmes; 2 of 3 pairs began with version 1:\n  share: 80 → 60" in in_words
    assert "the programmes decide by the same rules; 1 of 3 pairs began with version 2" in in_words


def test_an_unknown_cohort_and_a_file_that_is_not_there(past: Any, files: Any, run: Callable[..., Any]) -> None:
    unknown = run("cohort", "what-if", "nowhere", "--programme", str(files.programme))
    missing = run("cohort", "what-if", "nowhere", "--programme", "nowhere.yaml")

    assert (unknown.code, unknown.err) == (1, "there is no cohort nowhere\n")
    assert (missing.code, missing.err) == (2, "nowhere.yaml: no such file\n")


def test_what_is_worth_a_look_in_the_other_programme_is_told(what_if: Any) -> None:
    told = what_if({"p1": [], "p2": []}, head=", languages: [en, fr]")

    assert told.code == 0
    assert "programme.languages[1]: nobody is written to in it" in told.err
