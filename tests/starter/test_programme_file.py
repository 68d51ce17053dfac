"""The programme file: every fault at once, at its line and column, in plain words."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from starter.faults import Findings
from starter.programme_file import read_programme

REQUIRED = {
    "programme": "{id: x, version: 1, title: X, length: P26W, time_zone: UTC}",
    "contacts": "{coordinators: [a], owner: b, outside: [c]}",
    "meetings": "{count: 2, first_after: P7D, interval: P14D, duration: PT1H}",
    "sessions": "[{topic: A, expectations: true}]",
    "milestones": "[{id: m, title: M, when: goal_set}]",
}


def checked(tmp_path: Path, text: str) -> tuple[list[str], list[str]]:
    path = tmp_path / "p.yaml"
    path.write_text(text, encoding="utf-8")
    findings = Findings()
    read_programme(path, findings)
    strip = f"{tmp_path}/"
    return [str(f).removeprefix(strip) for f in findings.sorted_faults()], [str(n).removeprefix(strip) for n in findings.sorted_notices()]


def faults_of(tmp_path: Path, **keys: str | None) -> list[str]:
    """The faults of a file whose keys each stand on one line, with these put in or (None) left out."""
    lines = REQUIRED | keys
    return checked(tmp_path, "\n".join(f"{key}: {value}" for key, value in lines.items() if value is not None) + "\n")[0]


def test_a_mentorship_carries_every_rule_and_records_every_word(tmp_path: Path) -> None:
    """What `rules()` or `texts()` leaves out has its default for ever, whatever the file says."""
    path = tmp_path / "p.yaml"
    path.write_text("".join(f"{key}: {value}\n" for key, value in REQUIRED.items()), encoding="utf-8")
    programme = read_programme(path, Findings()).programme
    assert programme is not None
    for carried in (programme.rules(), programme.texts()):
        assert set(type(carried).model_fields) - carried.model_fields_set == set(), "not handed on by mentorship/programme.py"


HEAD = "{{id: x, version: 1, title: X, length: P26W, time_zone: UTC, {}}}"
MEETINGS = "{{count: 2, first_after: P7D, interval: P14D, duration: PT1H, {}}}"

IN_BOUNDS = [
    ("programme", HEAD.format("share: 1")),
    ("programme", HEAD.format("share: 100")),
    ("programme", HEAD.format("reporting_grace: PT0S")),
    ("programme", HEAD.format("languages: [pt-BR, ar, zh-Hant]")),
    ("meetings", "{count: 104, first_after: P0D, interval: P1W, duration: PT1S, prepare: PT150M, ask_after: P0D}"),
    ("meetings", MEETINGS.format("time_of_day: 00:00, working_days: [sun]")),
    ("meetings", MEETINGS.format('time_of_day: "23:59", quiet: [{from: 2027-07-19, to: 2027-07-19}]')),
    ("meetings", MEETINGS.format("feedback_after: []")),
    ("sessions", "[{topic: A, expectations: true, closing: true}]"),
    ("milestones", "[" + ", ".join(f"{{id: m{n}, title: M}}" for n in range(50)) + "]"),
    ("milestones", "[{id: m, title: M, when: {meetings_held: 1}}]"),
    ("object_within", "P0D"),
    ("cancellations", "{notice: PT0S, answer_within: P0D, window: P28D, ladder: [], episode_ends_after_held: 1}"),
    ("attention", "{not_held_in_a_row: 1, unreported_in_a_row: 1, no_meeting_by: P1D, unowned: P1D, offer_rematch: P1D}"),
    ("mail", "{budget: {most: 1, in: P1D}, follow_ups: 0, hours: none, spread: PT0S}"),
    ("mail", '{hours: "00:00-23:59"}'),
    ("reporting_line", "1"),
    ("reporting_line", "all"),
    ("pairing", "{mentees_per_mentor: 1, criteria: [{score: 1, when: {shares: [goals, skills]}}]}"),
    ("benefits", "{}"),
]

OUT_OF_BOUNDS = [
    ("programme", "{id: -x, version: 1, title: X, length: P26W, time_zone: UTC}", "1:17: programme.id: '-x' does not fit, expected 1 to 40 of a-z, 0-9 and -"),
    ("programme", "{id: x, version: 0, title: X, length: P26W, time_zone: UTC}", "programme.version: 0 is too small, expected at least 1"),
    ("programme", "{id: x, version: true, title: X, length: P26W, time_zone: UTC}", "programme.version: true is not a whole number"),
    ("programme", "{id: x, version: 1, title: '', length: P26W, time_zone: UTC}", "programme.title: empty, expected at least 1 character"),
    (
        "programme",
        "{id: x, version: 1, title: X, length: P0D, time_zone: UTC}",
        "programme.length: 'P0D' does not fit, expected a duration longer than nothing",
    ),
    ("programme", "{id: x, version: 1, title: X, length: P6M, time_zone: UTC}", "programme.length: 'P6M' does not fit, expected an ISO 8601 duration"),
    (
        "programme",
        "{id: x, version: 1, title: X, length: P99999999W, time_zone: UTC}",
        "programme.length: 'P99999999W' does not fit, expected a shorter duration, at most P99999D",
    ),
    ("programme", "{id: x, version: 1, title: X, length: 26, time_zone: UTC}", "programme.length: 26 is not a duration, expected an ISO 8601 duration"),
    ("programme", "{id: x, version: 1, title: X, length: {days: 3}, time_zone: UTC}", "programme.length: a group of keys is not a duration"),
    (
        "programme",
        "{id: x, version: 1, title: X, length: P26W, time_zone: Berlin}",
        "programme.time_zone: unknown time zone 'Berlin', expected Europe/Berlin perhaps",
    ),
    (
        "programme",
        "{id: x, version: 1, title: X, length: PT9999999H, time_zone: UTC}",
        "programme.length: 'PT9999999H' does not fit, expected a shorter duration, at most P99999D",
    ),
    ("programme", HEAD.format("share: 0"), "programme.share: 0 is too small, expected at least 1"),
    ("programme", HEAD.format("share: 101"), "programme.share: 101 is too big, expected at most 100"),
    ("programme", HEAD.format('share: "80"'), "programme.share: '80' is not a whole number"),
    ("programme", HEAD.format("share: 80.5"), "programme.share: 80.5 is not a whole number"),
    ("programme", HEAD.format("languages: []"), "programme.languages: 0 entries, expected at least 1 entry"),
    ("programme", HEAD.format("languages: [klingon]"), "programme.languages[0]: 'klingon' is not a language"),
    ("programme", HEAD.format("languages: [en, en]"), "programme.languages[1]: 'en' stands twice"),
    ("contacts", "{coordinators: [], owner: b, outside: [c]}", "contacts.coordinators: 0 entries, expected at least 1 entry"),
    ("contacts", "{coordinators: [a], owner: b, outside: []}", "contacts.outside: 0 entries, expected at least 1 entry"),
    ("contacts", "{coordinators: [a], outside: [c]}", "contacts.owner: missing, expected this key with a value"),
    ("meetings", "{count: 0, first_after: P7D, interval: P14D, duration: PT1H}", "meetings.count: 0 is too small"),
    ("meetings", "{count: 105, first_after: P7D, interval: P14D, duration: PT1H}", "meetings.count: 105 is too big, expected at most 104"),
    (
        "meetings",
        "{count: 2, first_after: P7D, interval: PT0S, duration: PT1H}",
        "meetings.interval: 'PT0S' does not fit, expected a duration longer than nothing",
    ),
    ("meetings", MEETINGS.format('time_of_day: "24:00"'), "meetings.time_of_day: '24:00' does not fit, expected a time of day such as 10:00"),
    ("meetings", MEETINGS.format("working_days: []"), "meetings.working_days: 0 entries"),
    ("meetings", MEETINGS.format("working_days: [monday]"), "meetings.working_days[0]: 'monday' is not one of them, expected mon, tue"),
    (
        "meetings",
        MEETINGS.format("quiet: [{from: 2027-07-19, to: 2027-07-18}]"),
        "meetings.quiet[0].to: 2027-07-18 does not fit, expected `to` on or after `from`",
    ),
    ("meetings", MEETINGS.format("quiet: [{from: summer, to: 2027-07-18}]"), "meetings.quiet[0].from: 'summer' is not a date"),
    ("meetings", MEETINGS.format("holidays: maybe"), "meetings.holidays: 'maybe' is neither true nor false"),
    ("meetings", MEETINGS.format("feedback_after: [0]"), "meetings.feedback_after[0]: 0 is too small"),
    ("meetings", MEETINGS.format("prepare: 3 days"), "meetings.prepare: '3 days' does not fit, expected an ISO 8601 duration"),
    ("sessions", "[]", "sessions: 0 entries, expected at least 1 entry"),
    ("sessions", "[{topic: A}]", "sessions[0]: the first session without the three expectations"),
    ("sessions", "[{topic: A, expectations: true}, {topic: B, expectations: true}]", "sessions[1].expectations: the three expectations again"),
    ("sessions", "[{topic: A, expectations: true, resources: [{title: T, url: ftp://x}]}]", "sessions[0].resources[0].url: 'ftp://x' does not fit"),
    ("milestones", "[]", "milestones: 0 entries, expected at least 1 entry"),
    ("milestones", "[" + ", ".join(f"{{id: m{n}, title: M}}" for n in range(51)) + "]", "milestones: 51 entries, expected at most 50 entries"),
    ("milestones", "[{id: m, title: M, when: never}]", "milestones[0].when: 'never' is not one of them, expected expectations_confirmed"),
    ("milestones", "[{id: m, title: M, when: {meetings_held: 0}}]", "milestones[0].when.meetings_held: 0 is too small"),
    ("milestones", "[{id: m, title: M, by: both, when: goal_set}]", "milestones[0].by: 'both' does not fit, expected either `by`"),
    ("milestones", "[{id: m, title: M}, {id: m, title: N}]", "milestones[1].id: 'm' stands on line 5 already"),
    ("cancellations", "{window: PT0S}", "cancellations.window: 'PT0S' does not fit"),
    ("cancellations", "{episode_ends_after_held: 0}", "cancellations.episode_ends_after_held: 0 is too small"),
    ("cancellations", "{ladder: [{at: 3, do: nudge}, {at: 3, do: coordinator}]}", "cancellations.ladder[1].at: 3 after 3, expected rising numbers"),
    ("cancellations", "{ladder: [{at: 2, do: nudge}, {at: 3, do: nudge}]}", "cancellations.ladder[1].do: 'nudge' stands twice"),
    ("cancellations", "{ladder: [{at: 2, do: shout}]}", "cancellations.ladder[0].do: 'shout' is not one of them, expected nudge or coordinator"),
    ("attention", "{not_held_in_a_row: 0}", "attention.not_held_in_a_row: 0 is too small"),
    ("surveys", "{pulse_after_meeting: 0}", "surveys.pulse_after_meeting: 0 is too small"),
    (
        "contacts",
        "{coordinators: [a, b], owner: c, outside: [d, b]}",
        "2:57: contacts.outside[1]: 'b' is of the programme's team, expected somebody outside it",
    ),
    ("contacts", "{coordinators: [a], owner: c, outside: [c]}", "contacts.outside[0]: 'c' is of the programme's team, expected somebody outside it"),
    ("attendance", "{contest_within: P0D}", "6:30: attendance.contest_within: 'P0D' does not fit, expected a duration longer than nothing"),
    (
        "cancellations",
        "{ladder: [{at: 1, do: coordinator}, {at: 2, do: nudge}]}",
        "6:64: cancellations.ladder[1].do: the private note after the coordinators were told, expected it before them, or none",
    ),
    ("attention", "{unowned: PT0S}", "6:22: attention.unowned: 'PT0S' does not fit, expected a duration longer than nothing"),
    ("pause", "{longest: P0D}", "pause.longest: 'P0D' does not fit"),
    ("extension", "{by_pair: P0D}", "extension.by_pair: 'P0D' does not fit"),
    ("mail", "{budget: {most: 0}}", "mail.budget.most: 0 is too small"),
    ("mail", "{follow_ups: -1}", "mail.follow_ups: -1 is too small, expected at least 0"),
    ("mail", '{hours: "18:00-08:00"}', "mail.hours: '18:00-08:00' does not fit, expected an opening time before the closing time"),
    ("mail", "{spread: P1D}", "mail.spread: 'P1D' does not fit, expected at most a tenth of the shortest lead"),
    ("reporting_line", "0", "reporting_line: 0 is not one of them, expected a whole number of levels, at least 1, or all"),
    ("pairing", "{mentees_per_mentor: 0}", "pairing.mentees_per_mentor: 0 is too small"),
    ("pairing", "{criteria: [{score: 0, when: {same: [a, a]}}]}", "pairing.criteria[0].score: 0 is too small"),
    ("pairing", "{criteria: [{score: 1, when: {}}]}", "pairing.criteria[0].when: a group of keys does not fit, expected exactly one of"),
    ("benefits", "{mentor: [1]}", "benefits.mentor[0]: 1 is not a text"),
    ("retention", "{words: never}", "retention.words: 'never' does not fit"),
    ("retenshion", "{words: P1D}", "retenshion: unknown key 'retenshion', expected retention perhaps"),
]


@pytest.mark.parametrize(("key", "value"), IN_BOUNDS)
def test_what_is_within_its_bounds_is_taken(tmp_path: Path, key: str, value: str) -> None:
    assert faults_of(tmp_path, **{key: value}) == []


@pytest.mark.parametrize(("key", "value", "told"), OUT_OF_BOUNDS)
def test_what_is_out_of_its_bounds_is_told_once(tmp_path: Path, key: str, value: str, told: str) -> None:
    faults = faults_of(tmp_path, **{key: value})

    assert len(faults) == 1
    assert told in faults[0]


@pytest.mark.parametrize("key", sorted(REQUIRED))
def test_a_key_that_must_be_there_is_missed(tmp_path: Path, key: str) -> None:
    assert faults_of(tmp_path, **{key: None}) == [f"p.yaml:1:1: {key}: missing, expected this key with a value"]


def test_every_fault_stands_at_its_line_and_column_also_behind_faulty_keys(tmp_path: Path) -> None:
    text = """\
programme:
  id: spring
  version: 1
  title: Spring
  lenght: P26W
  share: 0
  time_zone: UTC
contacts: {coordinators: [a], owner: b, outside: [c]}
meetings:
  count: 12
  first_after: P7D
  interval: P14D
  duration: PT1H
  count: 13
sessions:
  - topic: A
    expectations: true
  - topic: B
    closing: true
  - topic: C
    closing: true
milestones:
  - {id: one, title: One, when: goal_set}
  - {id: one, title: Two, bye: mentee}
mail:
  spread: P1D
"""
    assert checked(tmp_path, text)[0] == [
        "p.yaml:5:3: programme.lenght: unknown key 'lenght', expected length perhaps",
        "p.yaml:6:10: programme.share: 0 is too small, expected at least 1",
        "p.yaml:14:3: meetings.count: the same key as on line 10, expected each key once",
        "p.yaml:21:14: sessions[2].closing: a second closing session, expected at most one",
        "p.yaml:24:10: milestones[1].id: 'one' stands on line 23 already, expected each milestone id once",
        "p.yaml:24:27: milestones[1].bye: unknown key 'bye', expected by perhaps",
        "p.yaml:26:11: mail.spread: 'P1D' does not fit, expected at most a tenth of the shortest lead (P1D), so that no mail comes too late to help",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "p.yaml:1:1: file: nothing in it, expected a programme"),
        ("- a\n", "p.yaml:1:1: file: a list of 1 is not a group of keys, expected a programme"),
        ("a: [1\n", "p.yaml:2:1: file: brackets with no comma here, or not closed, expected `,` between entries, and a text with"),
        ("a: 1\n  b: 2\n", "p.yaml:2:4: file: a colon where none can be, expected keys of a group right below each other, one a line"),
        (
            "a: Sales: all\n",
            "p.yaml:1:9: file: a colon where none can be, expected keys of a group right below each other, one a line, and a text with a colon in quotes",
        ),
        (
            "a:\n  b: 1\n c: 2\n",
            "p.yaml:3:2: file: less to the right than what it belongs to, expected keys of a group, and entries of a list, right below each other",
        ),
        (
            "a:\n  b: 1\n  c:2\n  d: 3\n",
            "p.yaml:3:3: file: neither a key with a value nor an entry of a list, expected `key: value`, with a blank after the colon",
        ),
        ("a: 'b\n", "p.yaml:1:4: file: quotes that are opened here and not closed"),
        ("a: 'It's'\n", "p.yaml:1:8: file: text behind quotes or brackets that are closed"),
        ('a: "b",\nc: 1\n', "p.yaml:1:7: file: a bracket or a comma that belongs to nothing before it, expected none there, or a text with it in quotes"),
        ("a: [1, 2]]\n", "p.yaml:1:10: file: a bracket or a comma that belongs to nothing before it"),
        ("a: *b*\n", "p.yaml:1:4: file: a sign that has a meaning in YAML, expected a text with it in quotes"),
        ("a: - b\n", "p.yaml:1:4: file: a sign that has a meaning in YAML"),
        ("a:\n\t- b\n", "p.yaml:2:1: file: a tab, expected blanks at the beginning of a line"),
        ("a: [1,\n", "p.yaml:2:1: file: brackets that are opened and not closed, expected `]` or `}` at their end"),
        (
            "{a: 1}\nb: 2\n",
            "p.yaml:2:1: file: something behind what is a whole already, expected one group of keys, none of them in brackets or quotes by itself",
        ),
        ("a: |x\n  y\n", "p.yaml:1:5: file: something right behind `|` or `>`, expected the text on the lines below, or in quotes"),
        ('a: "C:\\q"\n', "p.yaml:1:8: file: a backslash in double quotes that means nothing, expected two of them, or single quotes around the text"),
        ("a: !mine b\n", "p.yaml:1:4: file: a tag, or `<<`, that makes nothing of its value, expected the value without it"),
        ("--- {}\n--- {}\n", "p.yaml:2:1: file: a second document, expected one programme a file"),
        ("a: &x [*x]\n", "a[0]: contains itself, expected plain values"),
        ("%YAML 1.1\n---\na: yes\n", "p.yaml:1:1: file: another version of YAML, expected YAML 1.2"),
        ("a: !!python/object:os.system x\n", "p.yaml:1:4: file: a tag, or `<<`, that makes nothing of its value"),
        ("a: \x07\n", "p.yaml:1:4: file: a character that YAML does not allow"),
    ],
)
def test_what_is_no_programme_at_all_is_told_in_its_place(tmp_path: Path, text: str, told: str) -> None:
    faults = checked(tmp_path, text)[0]

    assert told in faults[0]
    assert len(faults) == 1


def test_a_default_that_does_not_fit_to_the_rest_is_told(tmp_path: Path) -> None:
    second_scale = "{count: 2, first_after: PT1S, interval: PT10S, duration: PT1S, prepare: PT1S, ask_after: PT1S}"

    assert "mail.spread: its default does not fit, expected at most a tenth" in faults_of(tmp_path, meetings=second_scale)[0]
    assert faults_of(tmp_path, meetings=second_scale, mail="{hours: none, spread: PT0S}") == []


def test_a_file_that_is_not_utf_8_is_told_at_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_bytes("a: b\nc: grün\n".encode("latin-1"))
    findings = Findings()
    read_programme(path, findings)

    assert [(fault.line, fault.column) for fault in findings.faults] == [(2, 6)]


def test_a_byte_order_mark_moves_nothing(tmp_path: Path) -> None:
    assert checked(tmp_path, "\ufeffnonsense: 1\n")[0][-1] == checked(tmp_path, "nonsense: 1\n")[0][-1]


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
    ],
)
def test_what_comes_on_the_wrong_side_of_something_else_is_a_notice(tmp_path: Path, keys: dict[str, str], told: list[str]) -> None:
    """H10, H5: a guide before the meeting before, a reminder of a survey that is closed."""
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


def test_a_fault_is_one_line_whatever_the_value(tmp_path: Path) -> None:
    fault = faults_of(tmp_path, reporting_line='"a\\nb\\e[31m' + "x" * 500 + '"')

    assert len(fault) == 1
    assert "\n" not in fault[0]
    assert "\x1b" not in fault[0]
    assert len(fault[0]) < 250


@pytest.mark.parametrize("value", ["[a, b]", "{a: b}"])
def test_a_list_or_a_group_where_true_or_false_belongs_is_told_in_its_place(tmp_path: Path, value: str) -> None:
    told = faults_of(tmp_path, sessions=f"[{{topic: A, expectations: {value}}}, {{topic: B, expectations: {value}}}]")
    assert [line.partition(" is ")[2] for line in told] == ["neither true nor false, expected true or false"] * 2


@pytest.mark.parametrize(("key", "kind"), [("? [a, b]\n", "a list"), ("? {a: b}\n", "a group of keys")])
def test_a_key_that_is_no_word_is_told_with_all_other_faults(tmp_path: Path, key: str, kind: str) -> None:
    told, _ = checked(tmp_path, "".join(f"{name}: {value}\n" for name, value in REQUIRED.items()) + f"heads_up: soon\n{key}: c\n")
    assert told == [
        "p.yaml:6:11: heads_up: 'soon' does not fit, expected an ISO 8601 duration in weeks, days, hours, minutes or seconds, such as P2W, P7D or PT24H",
        f"p.yaml:7:3: file: {kind} as a key, expected a word as a key",
    ]


def test_a_date_or_a_number_as_a_key_is_an_unknown_key(tmp_path: Path) -> None:
    told = faults_of(tmp_path, benefits="{2027-01-01: a, 2027-02-30: b, 7: c, ~: d}")
    assert [line.partition(",")[0].partition("benefits.")[2] for line in told] == [
        "2027-01-01: unknown key '2027-01-01'",
        "2027-02-30: unknown key '2027-02-30'",
        "7: unknown key '7'",
        "~: unknown key '~'",
    ]


def test_a_mistyped_date_or_an_endless_number_hides_no_other_fault(tmp_path: Path) -> None:
    told = faults_of(
        tmp_path,
        meetings=MEETINGS.format("quiet: [{from: 2027-02-30, to: 2027-03-01}], count: 0").replace("count: 2, ", ""),
        reporting_line="9" * 5000,
        heads_up="soon",
    )
    assert [line.split(": ")[1] for line in told] == ["meetings.quiet[0].from", "meetings.count", "reporting_line", "heads_up"]
    assert "'2027-02-30' is not a date, expected a date such as 2027-07-19" in told[0]


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        (
            "meetings",
            MEETINGS.format("quiet: [{from_: 2027-01-01, to: 2027-01-02}]"),
            ["p.yaml:3:81: meetings.quiet[0].from_: unknown key 'from_', expected from perhaps"],
        ),
        ("mail", "{budget: {per: P1D}}", ["p.yaml:6:17: mail.budget.per: unknown key 'per', expected most or in"]),
    ],
)
def test_the_names_that_the_code_uses_inside_are_no_keys(tmp_path: Path, key: str, value: str, told: list[str]) -> None:
    assert faults_of(tmp_path, **{key: value}) == told


@pytest.mark.parametrize(
    ("key", "value", "most"),
    [
        ("programme", HEAD.format("share: 80").replace("version: 1", f"version: {2**31}"), "2147483647"),
        ("pairing", f"{{mentees_per_mentor: {10**30}}}", "1000"),
        ("pairing", f"{{require: [{{when: {{above: {{fields: [a, b], least: {10**400}}}}}}}]}}", "1000000000"),
    ],
)
def test_a_number_beyond_all_use_is_too_big(tmp_path: Path, key: str, value: str, most: str) -> None:
    (told,) = faults_of(tmp_path, **{key: value})
    assert told.endswith(f"is too big, expected at most {most}")


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("programme", r'{id: x, version: 1, title: "X\nY", length: P26W, time_zone: UTC}', r"p.yaml:1:39: programme.title: 'X\nY'"),
        ("programme", r'{id: x, version: 1, title: "X\0", length: P26W, time_zone: UTC}', r"p.yaml:1:39: programme.title: 'X\x00'"),
        ("sessions", r'[{topic: "A\tB", expectations: true}]', r"p.yaml:4:20: sessions[0].topic: 'A\tB'"),
        ("sessions", r'[{topic: A, expectations: true, prompts: ["a\n\e[31mb"]}]', r"p.yaml:4:53: sessions[0].prompts[0]: 'a \x1b[31mb'"),
        (
            "sessions",
            r'[{topic: A, expectations: true, resources: [{title: "a\u202eb", url: "https://x.example"}]}]',
            r"p.yaml:4:63: sessions[0].resources[0].title: 'a\u202eb'",
        ),
        ("milestones", r'[{id: m, title: "M\u2028N", when: goal_set}]', r"p.yaml:5:29: milestones[0].title: 'M\u2028N'"),
    ],
)
def test_what_no_certificate_could_print_is_told_as_in_a_table(tmp_path: Path, key: str, value: str, told: str) -> None:
    """H8: it would be found half a year later."""
    assert faults_of(tmp_path, **{key: value}) == [f"{told} has a control character, expected text that can be read"]


def test_prompts_and_benefits_may_have_several_lines_and_titles_blanks_around_them(tmp_path: Path) -> None:
    sessions = '[{topic: "A ", expectations: true, prompts: ["one\\n\\ntwo", "می\u200cخواهم"]}]'
    assert faults_of(tmp_path, sessions=sessions, milestones='[{id: m, title: "M\\n", when: goal_set}]', benefits='{mentor: ["one\\ntwo"]}') == []


def _bomb(first: str, inner: str) -> str:
    lines = [f"a0: &a0 {first}", *(f"a{n}: &a{n} " + inner.format(", ".join([f"*a{n - 1}"] * 9)) for n in range(1, 9))]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (_bomb("[1, 1, 1]", "[{}]"), "more than 20000 entries, aliases followed"),
        (_bomb("{k: 1}", "{{<<: [{}]}}"), "more than 20000 entries, aliases followed"),
        ("a0: &a0 [1]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 150)), "more than 100 levels"),
        ("[" * 3000, "more than 100 levels"),
        ("{a: " * 3000, "more than 100 levels"),
        ("- " * 3000, "more than 100 levels"),
        ("".join(f"{' ' * n}k{n}:\n" for n in range(200)), "more than 100 levels"),
    ],
)
def test_a_document_that_stands_for_more_than_a_programme_is_refused_at_once(tmp_path: Path, text: str, wrong: str) -> None:
    began = time.process_time()
    (told,), _ = checked(tmp_path, text)
    assert f": file: {wrong}, expected a programme" in told
    assert time.process_time() - began < 5


def test_brackets_in_texts_and_comments_are_no_levels(tmp_path: Path) -> None:
    brackets = "[" * 150
    told, _ = checked(tmp_path, f"# {brackets}\nbenefits: {{company: ['{brackets}', \"{brackets}\"]}}\n")
    assert told
    assert not any("levels" in line for line in told)
