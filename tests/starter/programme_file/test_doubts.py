"""Notices about what is allowed but hardly meant; they hold up nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.starter.programme_file.written import HEAD, MEETINGS, REQUIRED, checked


def test_what_is_allowed_and_hardly_meant_is_a_notice_in_its_place(tmp_path: Path) -> None:
    text = "\n".join(
        f"{key}: {value}" for key, value in (REQUIRED | {"meetings": MEETINGS.format("holidays: true"), "cancellations": "{window: P27D}"}).items()
    )

    faults, notices = checked(tmp_path, text)

    assert faults == []
    assert notices == [
        "p.yaml:3:82: notice: meetings.holidays: has no effect without meetings.time_of_day",
        "p.yaml:6:25: notice: cancellations.window: shorter than two intervals: two late cancellations would hardly ever meet in it",
    ]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"meetings": MEETINGS.format("prepare: P14D")}, []),
        ({"meetings": MEETINGS.format("prepare: P15D")}, ["p.yaml:3:81: notice: meetings.prepare: P15D is longer than the interval (P2W): a meeting's guide"]),
        ({"surveys": "{closes: P8D}"}, []),
        ({"surveys": "{closes: P7D}"}, ["p.yaml:6:19: notice: surveys.closes: P1W is not after surveys.closing_reminder (P1W): nobody would be reminded"]),
        ({"surveys": "{closing_reminder: P30D}"}, ["p.yaml:6:10: notice: surveys.closes: P4W is not after surveys.closing_reminder (P30D): nobody"]),
        ({"heads_up": "P90D"}, []),
        ({"heads_up": "P13W"}, ["p.yaml:6:11: notice: heads_up: P13W before the end, half of the programme (P26W) is not over: people would"]),
        (
            {"programme": HEAD.format("length: P5W").replace("length: P26W, ", "")},
            ["p.yaml:1:1: notice: attention.offer_rematch: longer", "p.yaml:1:1: notice: heads_up: P3W before the end"],
        ),
    ],
)
def test_what_comes_on_the_wrong_side_of_something_else_is_a_notice(tmp_path: Path, keys: dict[str, str], told: list[str]) -> None:
    """H10, H5: a guide before the previous meeting, a reminder of a closed survey; what is left to do, told before the middle of the programme (Calm)."""
    faults, notices = checked(tmp_path, "\n".join(f"{key}: {value}" for key, value in (REQUIRED | keys).items()))

    assert faults == []
    assert len(notices) == len(told)
    assert all(notice.startswith(begins) for notice, begins in zip(notices, told, strict=True))


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (
            {"meetings": MEETINGS.format("prepare: PT0S")},
            ["meetings.prepare: a meeting's guide would come as the meeting begins, which helps nobody: none is sent"],
        ),
        ({"meetings": MEETINGS.format("working_days: [sun]")}, ["meetings.working_days: has no effect without meetings.time_of_day"]),
        ({"meetings": MEETINGS.format("working_days: [sun], time_of_day: 10:00")}, []),
        ({"meetings": MEETINGS.format("ask_after: P13DT22H")}, []),
        ({"meetings": MEETINGS.format("ask_after: P13DT23H")}, ["meetings.ask_after: P13DT23H after a meeting the next one has begun: nobody is asked"]),
        ({"meetings": "{count: 1, first_after: P7D, interval: P14D, duration: PT1H, ask_after: P20D}"}, []),
        (
            {"meetings": "{count: 2, first_after: P7D, interval: P14D, duration: P15D}"},
            ["meetings.duration: P15D is longer than the interval (P2W)", "meetings.ask_after: P1D after a meeting the next one has begun"],
        ),
        ({"heads_up": "PT0S"}, ["heads_up: it would come as the programme ends, which helps nobody: none is sent"]),
        ({"mail": "{follow_ups: 0}"}, ["mail.follow_ups: nobody is ever asked whether they met, or reminded of anything"]),
        ({"object_within": "P0D"}, ["object_within: nobody has any time to object"]),
        ({"cancellations": "{answer_within: P0D}"}, ["cancellations.answer_within: nobody has any time to answer"]),
        ({"attendance": "{contest_within: PT23H}"}, ["attendance.contest_within: shorter than a day: with mails from 08:00-18:00, somebody may be asked"]),
        ({"attendance": "{contest_within: PT23H}", "mail": "{hours: none}"}, []),
        ({"cancellations": "{ladder: [{at: 1, do: coordinator}]}"}, ["cancellations.ladder[0].at: it is about one meeting then"]),
        ({"attention": "{not_held_in_a_row: 1, unreported_in_a_row: 2}"}, ["attention.not_held_in_a_row: it is about one meeting then"]),
        ({"attention": "{unreported_in_a_row: 1}"}, ["attention.unreported_in_a_row: it is about one meeting then"]),
    ],
)
def test_what_helps_nobody_or_leaves_nobody_any_time_is_a_notice(tmp_path: Path, keys: dict[str, str], told: list[str]) -> None:
    """Each was acted out: the mail is never sent, or people read of several meetings where there was one (H3, H7, H13, H14)."""
    faults, notices = checked(tmp_path, "\n".join(f"{key}: {value}" for key, value in (REQUIRED | keys).items()))

    assert faults == []
    assert sorted(line.partition("notice: ")[2].partition(":")[0] for line in notices) == sorted(line.partition(":")[0] for line in told)
    assert all(any(line.partition("notice: ")[2].startswith(begins) for line in notices) for begins in told)


def test_words_that_are_lost_as_a_comment_are_a_notice(tmp_path: Path) -> None:
    told = "'#2 of 3' is left out, being a comment; quotes around the whole text keep it"
    sessions = """
  - topic: Meeting #2 of 3
    expectations: true # a comment as most write one
    prompts: ["#1: why?", C# or F#]  #of ours
    resources:
      - {title: "A #1", url: "https://example.org/#top"}
"""

    faults, notices = checked(tmp_path, "\n".join(f"{key}: {value}" for key, value in (REQUIRED | {"sessions": sessions}).items()))

    assert faults == []
    assert [line.partition("notice: ")[2] for line in notices] == [f"sessions[0].topic: {told}"]


def test_what_silently_does_nothing_is_a_notice_in_its_place(tmp_path: Path) -> None:
    idle = {
        "programme": HEAD.format("languages: [en, fr, de-AT, pt-BR]"),
        "meetings": MEETINGS.format("feedback_after: [1, 3]"),
        "cancellations": "{window: P27W}",
        "pause": "{longest: P27W}",
        "mail": "{budget: {in: P27W}}",
        "surveys": "{pulse_after_meeting: 3}",
    }

    faults, notices = checked(tmp_path, "\n".join(f"{key}: {value}" for key, value in (REQUIRED | idle).items()))

    assert faults == []
    longer = "longer than the programme (P26W), so that it never ends within it"
    assert [line.partition("notice: ")[2] for line in notices] == [
        "programme.languages[1]: nobody is written to in it: there are words in ar, de, en only",
        "programme.languages[3]: nobody is written to in it: there are words in ar, de, en only",
        "meetings.feedback_after[1]: there are only 2 planned meetings, so 3 hardly comes",
        f"cancellations.window: {longer}",
        f"pause.longest: {longer}",
        f"mail.budget.in: {longer}",
        "surveys.pulse_after_meeting: there are only 2 planned meetings, so 3 hardly comes",
    ]
