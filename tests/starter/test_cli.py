"""The command line as it is called: answers, exit codes, and that no command contacts a server before it must."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from gateway.keyring import UnknownKey
from starter.answer import Misused, columns
from starter.cohort_start import interrupted, still_waiting
from starter.doctor_mentorships import strangers
from starter.start_instant import parse_start

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("MENTORSHIP_CONNECT_TIMEOUT", "1")


def test_the_installed_command_answers_and_exits_as_programs_expect(tmp_path: Path) -> None:
    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "starter", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)

    right = call("programme", "check", "examples/engineering-2027.yaml")
    (tmp_path / "bad.yaml").write_text("programme: 3\n")
    wrong = call("programme", "check", str(tmp_path / "bad.yaml"))
    missing = call("programme", "check", "nowhere.yaml")
    usage = call("cohort", "start")
    release = call("--version")

    assert (release.returncode, release.stdout) == (0, f"mentorship {version('mentorship')}\n")
    assert (right.returncode, right.stderr) == (0, "")
    assert wrong.returncode == 1
    assert f"{tmp_path}/bad.yaml:1:12: programme: 3 is not a group of keys" in wrong.stderr
    assert wrong.stdout == ""
    assert (missing.returncode, missing.stderr) == (2, "nowhere.yaml: no such file\n")
    assert usage.returncode == 2


@pytest.mark.filterwarnings("ignore:Requested Holidays")  # Egypt's are known until 2035
def test_the_examples_pass_a_dry_run_and_show_the_calendar(run: Callable[..., Any]) -> None:
    files = [f"--{name}={EXAMPLES / file}" for name, file in (("programme", "engineering-2027.yaml"), ("people", "people.csv"), ("pairs", "pairs.csv"))]

    told = run("cohort", "start", *files, "--cohort", "engineering-27", "--starts", "2099-03-02", "--dry-run")

    assert (told.code, told.err) == (0, "")
    assert "8 pairs, 15 people" in told.out
    assert "Mon 2099-03-09 10:00" in told.out
    assert "mails to a diligent mentor: " in told.out
    assert told.out.endswith("dry run: nothing was started\n")


def test_a_dry_run_tells_start_and_end_in_the_programmes_zone_and_names_it(files: Any, run: Callable[..., Any]) -> None:
    """The first pair's mentee may live anywhere; their calendar is in their own zone, and says so."""
    told = run("cohort", "start", *files.options(), "--dry-run").out

    assert "starts Mon 2099-03-02 00:00 (2099-03-01T23:00:00Z), ends " in told
    assert "; times in Europe/Berlin\n" in told
    assert "calendar of p1 (America/New_York):" in told


def test_a_dry_run_as_json_tells_instants(files: Any, run: Callable[..., Any]) -> None:
    told = run("cohort", "start", *files.options(), "--dry-run", "--json").json

    assert told["pairs"] == 2
    assert told["people"] == 4
    assert told["starts"] == "2099-03-01T23:00:00+00:00"
    first = told["first_pair"]
    assert (first["pair_id"], first["time_zone"], len(first["meetings"])) == ("p1", "America/New_York", 12)
    assert first["meetings"][0]["start"] == "2099-03-09T14:00:00Z"
    assert first["mails"]["mentee"]["total"] <= 20  # a diligent person in 26 weeks


def test_every_fault_goes_to_stderr_a_line_each_and_nothing_is_opened(files: Any, run: Callable[..., Any], tmp_path: Path) -> None:
    files.write(pairs="pair_id,mentor_id,mentee_id\np1,m1,m1\np2,nobody,e1\n")

    told = run("cohort", "start", *files.options())

    assert told.code == 1
    assert told.out == ""
    assert [line.split(": ")[0].split("/")[-1] for line in told.err.splitlines()] == ["pairs.csv:2:7", "pairs.csv:2:7", "pairs.csv:3:4"]
    assert not (tmp_path / ".mentorship").exists()


def test_faults_as_json_stand_on_stdout_too(files: Any, run: Callable[..., Any]) -> None:
    files.write(pairs="pair_id,mentor_id,mentee_id\np1,nobody,e1\n")

    told = run("cohort", "start", *files.options(), "--json")

    assert told.code == 1
    assert told.json["ok"] is False
    assert (told.json["faults"][0]["line"], told.json["faults"][0]["column"], told.json["faults"][0]["field"]) == (2, 4, "mentor_id")


@pytest.mark.parametrize("extra", [[], ["--dry-run"]])
def test_files_that_are_not_there_are_all_named_and_exit_2(run: Callable[..., Any], extra: list[str]) -> None:
    told = run("cohort", "start", "--programme", "a", "--people", "b", "--pairs", "c", "--cohort", "x", "--starts", "now", *extra)

    assert (told.code, told.err.splitlines()) == (2, ["a: no such file", "b: no such file", "c: no such file"])


@pytest.mark.parametrize(("option", "value"), [("cohort", "Spring 27"), ("starts", "tomorrow"), ("starts", "2099-03-02T10:00:00")])
def test_an_option_that_makes_no_sense_exits_2(files: Any, run: Callable[..., Any], option: str, value: str) -> None:
    told = run("cohort", "start", *files.options(**{option: value}), "--dry-run")

    assert told.code == 2
    assert f"--{option}: {value!r}" in told.err


@pytest.mark.parametrize("far", ["0001-01-01", "9999-12-31"])
def test_a_start_at_the_calendars_ends_exits_2(files: Any, run: Callable[..., Any], far: str) -> None:
    for arguments in (["cohort", "start", *files.options(starts=far), "--dry-run"], ["cohort", "rehearse", *_rehearsed(files.options(starts=far)), "--fast"]):
        told = run(*arguments)
        assert (told.code, told.err.partition(": ")[0]) == (2, "--starts")


def _rehearsed(options: list[str]) -> list[str]:
    place = options.index("--cohort")
    return options[:place] + options[place + 2 :]


def test_a_share_that_no_number_says_exits_2(files: Any, run: Callable[..., Any]) -> None:
    told = run("cohort", "rehearse", *_rehearsed(files.options()), "--fast", "--personas", "diligent=²")
    assert (told.code, "expected a share such as diligent=60" in told.err) == (2, True)


def test_a_start_whose_first_meeting_is_past_is_refused(files: Any, run: Callable[..., Any]) -> None:
    told = run("cohort", "start", *files.options(starts="2020-01-06"), "--dry-run")

    assert told.code == 1
    assert "the first meeting of p2 would have been at 2020-01-13 09:00Z, which is past; expected a later --starts" in told.err


def test_a_start_that_is_past_with_a_first_meeting_to_come_is_fine(files: Any, run: Callable[..., Any]) -> None:
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()

    assert run("cohort", "start", *files.options(starts=yesterday), "--dry-run").code == 0


def test_a_programme_without_room_for_a_meeting_is_refused(files: Any, run: Callable[..., Any]) -> None:
    quiet = files.programme.read_text().replace('time_of_day: "10:00"', 'time_of_day: "10:00"\n  quiet: [{from: 2099-01-01, to: 2099-12-31}]')
    files.write(programme=quiet)

    told = run("cohort", "start", *files.options(), "--dry-run")

    assert told.code == 1
    assert "no meeting fits into the programme for 2 pairs: p1, p2; see meetings.quiet" in told.err


def test_meetings_that_do_not_fit_are_a_notice(files: Any, run: Callable[..., Any]) -> None:
    files.write(programme=files.programme.read_text().replace("length: P26W", "length: P10W"))

    told = run("cohort", "start", *files.options(), "--dry-run")

    assert told.code == 0
    assert "notice: 5 of 12 meetings fit for 2 pairs: p1, p2" in told.err


@pytest.mark.parametrize(
    "arguments",
    [["show", "c", "p"], ["pause", "c", "p"], ["extend", "c", "p", "--by", "P4W"], ["cohort", "status", "c"], ["cases"], ["journal", "verify"]],
)
def test_without_keys_a_command_says_so_and_exits_1(run: Callable[..., Any], arguments: list[str]) -> None:
    told = run(*arguments)

    assert (told.code, told.out) == (1, "")
    assert "there is no such key file" in told.err


@pytest.mark.parametrize("url", ["foo", "mysql://who:secret@host/name", "postgresql://who:secret@host:abc/name"])
def test_a_setting_that_names_no_database_is_refused_in_words(run: Callable[..., Any], past: Any, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("MENTORSHIP_DATABASE_URL", url)
    for arguments in (["cohort", "status", "c"], ["journal", "verify"], ["records", "sweep"], ["records", "backup", "b"], ["doctor"], ["doctor", "--fix"]):
        told = run(*arguments)
        assert told.code == 1
        assert "sqlite:///" in told.err
        assert "secret" not in told.err


def test_a_file_that_is_no_database_is_refused_in_words(run: Callable[..., Any], past: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bad.db").write_bytes(b"no database at all" * 500)
    monkeypatch.setenv("MENTORSHIP_DATABASE_URL", f"sqlite:///{tmp_path}/bad.db")
    for arguments in (["cohort", "status", "c"], ["doctor"], ["doctor", "--fix"]):
        told = run(*arguments)
        assert (told.code, "the file is no SQLite database, or a damaged one" in told.err) == (1, True)


def test_a_file_name_that_is_too_long_is_refused_in_words(run: Callable[..., Any]) -> None:
    told = run("cohort", "what-if", "c", "--programme", "x" * 300)
    assert (told.code, told.err) == (2, f"{'x' * 300}: File name too long\n")


@pytest.mark.parametrize("arguments", [["cohort", "status"], ["person", "export"], ["certificate", "reissue"], ["cases", "--cohort"]])
def test_an_argument_that_is_not_utf_8_is_wrong_usage(run: Callable[..., Any], past: Any, arguments: list[str]) -> None:
    told = run(*arguments, "\udcff")

    assert (told.code, told.err) == (2, "an argument is not text in UTF-8\n")


@pytest.mark.parametrize(
    "arguments", [["extend", "c", "p", "--by", "long"], ["extend", "c", "p", "--by", "P0D"], ["end", "c", "p", "--reason", "bored"], ["show", "c"]]
)
def test_wrong_arguments_exit_2(run: Callable[..., Any], arguments: list[str]) -> None:
    assert run(*arguments).code == 2


def test_a_duration_that_is_too_long_is_called_so(run: Callable[..., Any]) -> None:
    for length in ("P999999D", "PT9999999H"):
        assert run("extend", "c", "p", "--by", length).err == f"--by: '{length}' is too long, expected at most P99999D\n"
    assert "is not a duration" in run("extend", "c", "p", "--by", "P6M").err


def test_a_start_is_a_date_in_the_programmes_zone_an_instant_or_now() -> None:
    now = datetime(2027, 1, 1, tzinfo=UTC)

    assert parse_start("2027-07-01", "Europe/Berlin") == datetime(2027, 6, 30, 22, tzinfo=UTC)
    assert parse_start("2027-07-01T09:00:00+05:30", "Europe/Berlin") == datetime(2027, 7, 1, 3, 30, tzinfo=UTC)
    assert parse_start("2027-07-01T09:00:00Z", "Europe/Berlin") == datetime(2027, 7, 1, 9, tzinfo=UTC)
    assert parse_start("now", "Europe/Berlin", now) == now
    for wrong in ("2027-02-30", "20270701", "2027-07-01T09:00:00", "", "2027-07-01 09:00"):
        with pytest.raises(Misused, match=r"^--starts: .* is neither a date nor an instant"):
            parse_start(wrong, "Europe/Berlin")
    for far in ("0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-12:00", "1969-12-31", "3000-01-01"):
        with pytest.raises(Misused, match=r"^--starts: .* is out of reach: expected a year from 1970 to 2999"):
            parse_start(far, "Europe/Berlin")


@pytest.mark.parametrize("until", ["garbage", "now", "2027-05-01T09:00"])
def test_a_pause_is_not_offered_to_end_now(run: Callable[..., Any], past: Any, until: str) -> None:
    told = run("pause", "c", "p", "--until", until)

    expected = "expected a date such as 2027-03-01, or an instant with a zone such as 2027-03-01T09:00:00+01:00"
    assert (told.code, told.err) == (2, f"--until: {until!r} is neither a date nor an instant: {expected}\n")


@pytest.mark.parametrize(("ends", "cut"), [(datetime(2027, 4, 30, tzinfo=UTC), True), (datetime(2027, 5, 1, tzinfo=UTC), False), (None, False)])
def test_a_pause_that_ends_earlier_than_it_was_asked_for_says_so(
    run: Callable[..., Any], past: Any, monkeypatch: pytest.MonkeyPatch, ends: datetime | None, cut: bool
) -> None:
    """P6: also where earlier pauses used up most of what the programme allows, which only the mentorship knows."""

    async def update(*_: Any, **__: Any) -> dict[str, datetime]:
        return {"paused_until": ends} if ends is not None else {}

    monkeypatch.setattr("starter.mentorship.update", update)

    assert ("it ends before 2027-05-01" in run("pause", "c", "p", "--until", "2027-05-01").err) == cut


def test_a_key_that_the_workers_have_and_the_command_has_not_is_named(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    async def answered(*_: Any, **__: Any) -> None:
        raise UnknownKey("k-newer")

    monkeypatch.setattr("starter.mentorship.update", answered)
    told = run("resume", "c", "p")

    assert (told.code, told.err) == (1, "the keyring has no key 'k-newer', which the workers have; give this command the same keys\n")


def test_columns_are_aligned_and_never_wrapped() -> None:
    assert columns(("a", "long"), [("x" * 300, None), (True, 2.0)]) == ["a" + " " * 299 + "  long", "x" * 300 + "  -", "yes" + " " * 297 + "  2"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["pause", "spring", "p1", "--as", " "], "--as: nothing, expected who you are"),
        (["person", "erase", "e1", "--as", ""], "--as: nothing, expected who you are"),
        (["cohort", "rematch", "spring", "p1", "--mentor", ""], "--mentor: nothing, expected a person_id"),
        (["cohort", "rematch", "spring", "p1", "--mentor", "m", "--pair-id", ""], "--pair-id: nothing, expected an id"),
        (["certificate", "verify", "x.pdf", "--name", ""], "--name: nothing, expected a name"),
        (["pause", "spring", "p1", "--as", "\u200b"], "--as: nothing, expected who you are"),
        (["certificate", "verify", "x.pdf", "--email", " "], "--email: nothing, expected an address"),
    ],
)
def test_an_option_that_says_nothing_is_told(run: Callable[..., Any], words: list[str], told: str) -> None:
    """For example a variable in somebody's script that is not set."""
    ran = run(*words)

    assert (ran.code, ran.out, ran.err) == (2, "", f"{told}\n")


def test_a_meeting_at_night_or_on_a_day_off_where_one_of_the_two_lives_is_a_notice(files: Any, run: Callable[..., Any]) -> None:
    """`time_of_day` is the mentee's: ten o'clock in Auckland is late on the previous day in Berlin, and on Mondays that is a Sunday."""
    assert "notice: meetings outside" not in run("cohort", "start", *files.options(), "--dry-run").err
    files.write(people=files.people.read_text().replace("America/New_York", "Pacific/Auckland"))

    told = run("cohort", "start", *files.options(), "--dry-run")

    assert told.code == 0
    assert re.search(
        r"^notice: meetings outside 08:00-18:00 or the working days where one of the two lives, for 1 pair: p1 \(\w{3} 2[23]:00 in Europe/Berlin\)$",
        told.err,
        re.MULTILINE,
    )


def test_a_meeting_on_the_weekend_of_a_country_where_one_of_the_two_lives_is_a_notice(files: Any, run: Callable[..., Any]) -> None:
    """`working_days` is one list for both: Friday is not a working day in Cairo, nor Sunday in Berlin."""
    files.write(people=files.people.read_text().replace("America/New_York,en,US", "Africa/Cairo,en,EG"))
    assert "notice: meetings outside" not in run("cohort", "start", *files.options(starts="2099-03-02"), "--dry-run").err  # a Monday

    told = run("cohort", "start", *files.options(starts="2099-03-06"), "--dry-run").err

    assert "or the working days where one of the two lives, for 1 pair: p1 (Fri 10:00 in Africa/Cairo)" in told
    files.write(
        programme=files.programme.read_text().replace("count: 12", "count: 12\n  working_days: [sun, mon, tue, wed, thu]"), people=files.people.read_text()
    )

    told = run("cohort", "start", *files.options(starts="2099-03-01"), "--dry-run").err

    assert re.search(r"or the working days where one of the two lives, for 1 pair: p1 \(Sun (08|09|10|11):00 in Europe/Berlin\)", told)


@pytest.mark.parametrize(
    ("zone", "lasting", "told"),
    [
        ("Europe/Berlin", "PT1H", ["notice: two meetings of one person at the same time, for 2 pairs: p1, p2; they have to move one on their pages"]),
        ("Europe/London", "PT1H", []),
        ("Europe/London", "PT1H1M", ["notice: two meetings of one person at the same time, for 2 pairs: p1, p2; they have to move one on their pages"]),
        ("America/New_York", "PT1H", []),
    ],
)
def test_who_would_be_in_two_meetings_at_once_is_a_notice(files: Any, run: Callable[..., Any], zone: str, lasting: str, told: list[str]) -> None:
    """H9: times are set up for a mentor of several as for everybody, pair by pair; `time_of_day` is each mentee's."""
    files.write(
        programme=files.programme.read_text().replace("duration: PT1H", f"duration: {lasting}"),
        people=files.people.read_text().replace("America/New_York", zone),
        pairs="pair_id,mentor_id,mentee_id\np1,m1,e1\np2,m1,e2\n",
    )

    ran = run("cohort", "start", *files.options(), "--dry-run")

    assert ran.code == 0
    assert [line for line in ran.err.splitlines() if "two meetings" in line] == told


def test_a_country_whose_public_holidays_are_not_known_for_so_long_is_a_notice(files: Any, run: Callable[..., Any]) -> None:
    """Sri Lanka announces its holidays year by year: a pair there would meet on one without anybody having said so."""
    minding = files.programme.read_text().replace("count: 12", "count: 12\n  holidays: true")
    there = files.people.read_text().replace("America/New_York,en,US", "Asia/Colombo,en,LK")
    files.write(programme=minding)
    assert "notice: no public holidays" not in run("cohort", "start", *files.options(starts="2099-03-02"), "--dry-run").err
    files.write(people=there)
    assert "notice: no public holidays" not in run("cohort", "start", *files.options(starts="2099-03-02"), "--dry-run").err
    files.write(programme=minding, people=there)

    told = run("cohort", "start", *files.options(starts="2099-03-02"), "--dry-run")

    assert told.code == 0
    assert re.search(
        r"^notice: no public holidays of LK are known after 20\d\d, so that meetings may fall on one, for 1 pair: p1; see meetings.quiet$",
        told.err,
        re.MULTILINE,
    )


def test_one_is_told_as_one() -> None:
    assert still_waiting(1) == "1 pair still waits for a worker; nothing is lost, it starts when one runs"
    assert still_waiting(2) == "2 pairs still wait for a worker; nothing is lost, they start when one runs"
    assert interrupted("spring", {"pending": 1, "started": 1, "over": 0}) == (
        "interrupted: 1 pair of cohort spring is enrolled and goes on by itself, so that their people are written to;",
        "1 more is written down and may start as well: repeat the command for the rest",
    )
    [check] = strangers(["mentorship.spring.m-1"], ())
    assert check.detail.startswith("1 runs in Temporal and is not in records (mentorship.spring.m-1); ")


def test_a_pipe_is_a_file_that_can_be_read(files: Any, run: Callable[..., Any], tmp_path: Path) -> None:
    """A shell's `<(…)` gives such a file."""
    pipe = tmp_path / "people"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text(files.people.read_text()), daemon=True)  # if nobody reads from it, it would wait for ever
    writer.start()
    options = ["--programme", str(files.programme), "--people", str(pipe), "--pairs", str(files.pairs), "--cohort", "spring", "--starts", "2099-03-02"]
    assert run("cohort", "start", *options, "--dry-run").code == 0
    writer.join()


@pytest.mark.parametrize("command", [("programme", "check", "{}"), ("cohort", "what-if", "spring", "--programme", "{}")])
def test_a_file_to_read_that_is_none_is_told_alike_everywhere(run: Callable[..., Any], tmp_path: Path, command: tuple[str, ...]) -> None:
    for path, wrong in ((tmp_path, "is a folder"), (tmp_path / "nowhere", "no such file")):
        told = run(*(word.format(path) for word in command))
        assert (told.code, told.err) == (2, f"{path}: {wrong}\n")
