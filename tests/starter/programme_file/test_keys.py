"""What each key may say, and what a mentorship carries of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from starter.faults import Findings
from starter.programme_file import read_programme
from tests.starter.programme_file.written import HEAD, MEETINGS, REQUIRED, faults_of


def test_a_mentorship_carries_every_rule_and_records_every_word(tmp_path: Path) -> None:
    """A key that `rules()` or `texts()` leaves out has its default for ever, whatever the file says."""
    path = tmp_path / "p.yaml"
    path.write_text("".join(f"{key}: {value}\n" for key, value in REQUIRED.items()), encoding="utf-8")
    programme = read_programme(path, Findings()).programme
    assert programme is not None
    for carried in (programme.rules(), programme.texts()):
        assert set(type(carried).model_fields) - carried.model_fields_set == set(), "not handed on by mentorship/programme.py"


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


def test_a_default_that_does_not_fit_to_the_rest_is_told(tmp_path: Path) -> None:
    second_scale = "{count: 2, first_after: PT1S, interval: PT10S, duration: PT1S, prepare: PT1S, ask_after: PT1S}"

    assert "mail.spread: its default does not fit, expected at most a tenth" in faults_of(tmp_path, meetings=second_scale)[0]
    assert faults_of(tmp_path, meetings=second_scale, mail="{hours: none, spread: PT0S}") == []


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
    """H8: it would otherwise be found half a year later."""
    assert faults_of(tmp_path, **{key: value}) == [f"{told} has a control character, expected text that can be read"]


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("programme", r'{id: x, version: 1, title: "\u200b", length: P26W, time_zone: UTC}', r"p.yaml:1:39: programme.title: '\u200b'"),
        ("milestones", r'[{id: m, title: "\u3164", when: goal_set}]', r"p.yaml:5:29: milestones[0].title: '\u3164'"),
    ],
)
def test_a_text_that_shows_nothing_is_none(tmp_path: Path, key: str, value: str, told: str) -> None:
    """A title is on every certificate, and a milestone's on every page."""
    (fault,) = faults_of(tmp_path, **{key: value})
    assert fault.startswith(told[: told.rindex(":")])
    assert fault.endswith(" shows nothing, expected text that can be seen")


def test_prompts_and_benefits_may_have_several_lines_and_titles_blanks_around_them(tmp_path: Path) -> None:
    sessions = '[{topic: "A ", expectations: true, prompts: ["one\\n\\ntwo", "می\u200cخواهم"]}]'
    assert faults_of(tmp_path, sessions=sessions, milestones='[{id: m, title: "M\\n", when: goal_set}]', benefits='{mentor: ["one\\ntwo"]}') == []
