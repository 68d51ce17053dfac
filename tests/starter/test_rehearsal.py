"""`cohort rehearse`: the rules alone and the real workflows give the same result, and its figures add up (P1, Calm)."""

from __future__ import annotations

import asyncio
import io
import json
import signal
import sys
import sysconfig
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import event_loop
from mentorship.commands import Command
from rehearsal import __main__ as rehearsal_process
from rehearsal import real, server
from schedule.calendar import reading_hours
from starter import rehearsal_fast as fast
from starter import rehearsal_parts, rehearsal_real
from starter.faults import Findings
from starter.rehearsal_figures import figures, most_within
from starter.rehearsal_parts import joined, rehearse_fast, split
from starter.rehearsal_personas import PERSONAS, USUAL, cast
from starter.rehearsal_request import Couple, Mail, Rehearsed, Request
from starter.roster import Roster, read_roster

EXAMPLES = Path(__file__).parents[2] / "examples"
pytestmark = pytest.mark.filterwarnings("ignore:Requested Holidays")


@cache
def examples() -> Roster:
    roster = read_roster(EXAMPLES / "engineering-2027.yaml", EXAMPLES / "people.csv", EXAMPLES / "pairs.csv", Findings())
    assert roster is not None
    return roster


def request_for(pairs: int, *, personas: dict[str, Any] | None = None, seed: int = 1, starts: datetime | None = None) -> Request:
    roster = examples()
    chosen = roster.pairs[:pairs]
    acting = {name for pair in chosen for name in (pair.mentor_id, pair.mentee_id)}
    return Request(
        programme=roster.programme,
        people=tuple(roster.profiles()),
        pairs=tuple(Couple(pair_id=pair.pair_id, mentor_id=pair.mentor_id, mentee_id=pair.mentee_id) for pair in chosen),
        starts=starts or datetime(2027, 3, 1, tzinfo=UTC),
        personas=cast(acting, USUAL, seed) | (personas or {}),
        seed=seed,
    )


@pytest.fixture(scope="module")
def both() -> tuple[Request, fast.Fast, real.Real]:
    """Acts out two pairs, of busy and of late people, in both ways. A budget of four mails a month keeps some back."""
    year = datetime.now(UTC).year + 1
    starts = datetime.combine(datetime(year, 1, 4, tzinfo=UTC).date(), time(), ZoneInfo("Europe/Berlin")).astimezone(UTC)
    who = {"e-2003": "late", "e-3001": "busy", "e-2001": "busy", "e-3002": "diligent"}
    request = request_for(2, personas=who, seed=4, starts=starts)
    mail = request.programme.mail
    little = mail.model_copy(update={"budget": mail.budget.model_copy(update={"most": 4})})
    request = request.model_copy(update={"programme": request.programme.model_copy(update={"mail": little})})
    acted = asyncio.run(real.rehearse(request))
    return request, fast.rehearse(request, acted.mentorships), acted


def near(one: datetime, other: datetime) -> bool:
    return abs(one - other) < timedelta(seconds=20)


@pytest.mark.timeout(280)
def test_the_rules_alone_write_the_journals_that_the_workflows_write(both: Any) -> None:
    """Every command with its outcome and every event, in order, at the same instants."""
    request, quick, acted = both

    for couple in request.pairs:
        mine, theirs = quick.journals[couple.pair_id], acted.journals[couple.pair_id]
        assert [(row.kind, row.name, row.outcome, row.reason) for row in mine] == [(row.kind, row.name, row.outcome, row.reason) for row in theirs]
        assert all(near(one.at, other.at) for one, other in zip(mine, theirs, strict=True))
        assert len(mine) > 60


def test_the_rules_alone_send_the_mails_that_the_workflows_send(both: Any) -> None:
    """Each goes to the same person at the same minute; a coordinator's may wait for another coordinator's morning."""
    _, quick, acted = both
    coordinators = {"e-1001", "e-1002"}
    mine = sorted((mail.pair_id, mail.person_id, mail.kind, mail.at) for mail in quick.result.mails if mail.person_id not in coordinators)
    theirs = sorted((mail.pair_id, mail.person_id, mail.kind, mail.at) for mail in acted.result.mails if mail.person_id not in coordinators)

    assert [row[:3] for row in mine] == [row[:3] for row in theirs]
    assert [(one, other) for one, other in zip(mine, theirs, strict=True) if not near(one[3], other[3])] == []
    cases = [Counter((mail.person_id, mail.kind) for mail in of.result.mails if mail.person_id in coordinators) for of in (quick, acted)]
    assert cases[0] == cases[1]


def test_the_rules_alone_end_where_the_workflows_end(both: Any) -> None:
    _, quick, acted = both

    assert [pair.model_dump(exclude={"over_at"}) for pair in quick.result.pairs] == [pair.model_dump(exclude={"over_at"}) for pair in acted.result.pairs]
    assert [(line.pair_id, line.line) for line in quick.result.lines] == [(line.pair_id, line.line) for line in acted.result.lines]
    instants = [(one.over_at, other.over_at) for one, other in zip(quick.result.pairs, acted.result.pairs, strict=True)]
    for one, other in zip(quick.result.lines, acted.result.lines, strict=True):
        instants += [(one.opened_at, other.opened_at), (one.closed_at, other.closed_at)]
    assert [(one, other) for one, other in instants if one != other and (one is None or other is None or not near(one, other))] == []
    assert Counter((one.kind, one.to, one.why) for one in quick.result.unsent) == Counter((one.kind, one.to, one.why) for one in acted.result.unsent)
    assert "over_budget" in {one.why for one in acted.result.unsent}


async def test_a_server_that_lost_a_task_is_left_for_another_and_nothing_else_comes_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test server's own fault (temporalio/sdk-java#3088) costs time, and no answer."""
    stood: list[Any] = []
    quiet = real._Clock.quiet

    async def lost(self: Any, mentorship: str) -> None:
        await quiet(self, mentorship)
        if not stood:
            stood.append(self)
            raise real.StoodStill

    monkeypatch.setattr(real._Clock, "quiet", lost)
    of = request_for(1, starts=datetime(datetime.now(UTC).year + 1, 1, 4, tzinfo=UTC))
    acted = await real.rehearse(of)

    assert stood
    assert sent(acted.result) == sent(fast.rehearse(of, acted.mentorships).result)


def sent(result: Rehearsed) -> Counter[tuple[str, str]]:
    return Counter((mail.kind, mail.person_id) for mail in result.mails)


def test_the_real_run_knows_what_temporal_is_charged(both: Any) -> None:
    _, _, acted = both

    for history in acted.result.histories:
        assert 200 < history.events < 5000
        assert history.bytes > history.events
        assert 50 < history.actions < history.events


def test_parts_of_a_cohort_say_together_what_the_whole_says() -> None:
    """Pairs that share a person are in one part: a mentor of two pairs has one budget, however many processes there are."""
    request = request_for(8)
    parts = split(request, 3)

    people = [{name for couple in part.pairs for name in (couple.mentor_id, couple.mentee_id)} for part in parts]
    assert len(parts) == 3
    assert all(not one & other for one, other in combinations(people, 2))
    assert sorted(couple.pair_id for part in parts for couple in part.pairs) == sorted(couple.pair_id for couple in request.pairs)
    whole, together = fast.rehearse(request).result, joined(request, [fast.rehearse(part).result for part in parts])
    assert together.mails == whole.mails
    assert together.pairs == whole.pairs
    assert Counter(together.unsent) == Counter(whole.unsent)
    assert Counter(together.lines) == Counter(whole.lines)


def test_many_pairs_are_acted_out_in_parts_which_say_how_far_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal_parts, "LONG", 3)
    request, told = request_for(8), list[int]()
    whole, found = fast.rehearse(request).result, rehearse_fast(request, told.append)

    assert told in ([4, 8], [5, 8])
    assert (found.mails, found.pairs) == (whole.mails, whole.pairs)
    assert found.mails


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12), st.integers(1, 5))
def test_no_person_is_in_two_parts(pairs: list[tuple[int, int]], most: int) -> None:
    couples = tuple(Couple(pair_id=f"pair-{n}", mentor_id=f"m{one}", mentee_id=f"m{other + 20}") for n, (one, other) in enumerate(pairs))
    parts = split(request_for(1).model_copy(update={"pairs": couples}), most)

    where = [(name, place) for place, part in enumerate(parts) for couple in part.pairs for name in (couple.mentor_id, couple.mentee_id)]
    assert len(dict(where)) == len(set(where))
    assert 1 <= len(parts) <= most
    assert sum(len(part.pairs) for part in parts) == len(couples)


def test_the_same_seed_is_the_same_story_and_another_is_another() -> None:
    one, again, other = (fast.rehearse(request_for(8, seed=seed)).result for seed in (1, 1, 2))

    assert one == again
    assert one.mails != other.mails


def test_personas_are_dealt_by_their_shares() -> None:
    dealt = cast([f"p{number}" for number in range(200)], {"diligent": 50, "busy": 30, "late": 8, "silent": 8, "leaver": 4}, seed=3)

    assert Counter(dealt.values()) == {"diligent": 100, "busy": 60, "late": 16, "silent": 16, "leaver": 8}
    assert sum(Counter(cast(["a", "b", "c"], USUAL, seed=1).values()).values()) == 3


def test_a_diligent_pair_gets_its_certificates_with_at_most_twenty_mails_each() -> None:
    """Calm: 26 weeks in which nobody moves or cancels. The seed is chosen so that a diligent persona's few moves do not occur."""
    people = dict.fromkeys(("e-2003", "e-3001"), "diligent")
    quiet = next(found for seed in range(100) if not _moves(found := fast.rehearse(request_for(1, personas=people, seed=seed))))

    (pair,) = quiet.result.pairs
    assert (pair.phase, pair.certificates, pair.milestones_done) == ("completed", 2, 10)
    assert max(Counter(mail.person_id for mail in quiet.result.mails).values()) <= 20


def _moves(found: fast.Fast) -> bool:
    return any(entry.name == "move_proposed" for entries in found.journals.values() for entry in entries)


def test_a_silent_pair_is_asked_twice_then_left_in_peace_and_a_coordinator_sees_it() -> None:
    people = dict.fromkeys(("e-2003", "e-3001"), "silent")
    found = fast.rehearse(request_for(1, personas=people)).result

    asked = [mail for mail in found.mails if mail.person_id == "e-3001" and mail.kind in {"ask", "alignment_reminder", "survey_reminder", "check_in"}]
    assert len(asked) <= 2
    assert {"no_meeting", "rematch"} <= {line.line for line in found.lines}
    assert found.pairs[0].certificates == 0


def test_no_mail_leaves_outside_its_readers_hours_and_no_budget_is_broken() -> None:
    request = request_for(8)
    found = fast.rehearse(request).result
    zones = {profile.person_id: profile.time_zone or "Europe/Berlin" for profile in request.people}

    assert all(reading_hours(mail.at, zones[mail.person_id], request.programme.mail.hours) == mail.at for mail in found.mails)
    for person in figures(request, found)["people"]:
        assert person["most_in_budget"] <= person["budget"] == 6


def test_a_mentor_of_two_pairs_has_one_budget() -> None:
    """The budget covers all their pairs: mails beyond it are dropped, and the journal says so."""
    request = request_for(8)
    found = fast.rehearse(request)

    dropped = [one for one in found.result.unsent if one.why == "over_budget"]
    assert dropped
    assert {one.pair_id for one in dropped} <= {couple.pair_id for couple in request.pairs if couple.mentor_id == "e-2004"}
    failed = [entry.body["why"] for couple in request.pairs for entry in found.journals[couple.pair_id] if entry.name == "notice_failed"]
    assert failed.count("over_budget") == len(dropped)


@given(st.lists(st.integers(0, 90), max_size=25), st.integers(1, 40))
def test_the_most_in_a_window_is_what_trying_every_window_finds(days: list[int], per: int) -> None:
    begin = datetime(2027, 1, 1, tzinfo=UTC)
    mails = [Mail(at=begin + timedelta(days=day), person_id="p", kind="ask", pair_id="p") for day in days]

    assert most_within(mails, timedelta(days=per)) == max((sum(day - per < other <= day for other in days) for day in days), default=0)


def test_what_people_say_comes_in_order_and_each_message_once() -> None:
    for one in fast.casts(request_for(8)):
        said: list[Command] = one.said
        assert all(low.at <= high.at for low, high in pairwise(said) if low.at is not None and high.at is not None)
        assert len({command.message_id for command in said}) == len(said) > 0
        assert all(one.plan.starts <= command.at for command in said if command.at is not None)


def arguments(*more: str) -> list[str]:
    files = [f"--{name}={EXAMPLES / file}" for name, file in (("programme", "engineering-2027.yaml"), ("people", "people.csv"), ("pairs", "pairs.csv"))]
    return ["cohort", "rehearse", *files, *more]


def test_the_command_answers_tables_json_and_a_page(run: Callable[..., Any], tmp_path: Path) -> None:
    page = tmp_path / "rehearsal.html"
    plain = run(*arguments("--fast", "--starts", "2027-03-01", "--messages", "--html", str(page)))
    told = run(*arguments("--fast", "--starts", "2027-03-01", "--json")).json

    assert plain.code == 0
    assert "most in the budget's window" in plain.out
    assert plain.out.count(" welcome ") == 16
    assert told["certificates"] == sum(pair["certificates"] for pair in told["pairs"])
    assert told["mails"]["sent"] == len(told["messages"]) == sum(told["mails"]["by_kind"].values()) == sum(told["mails"]["by_day"].values())
    assert (
        sum(person["mails"] for person in told["people"]) + sum(sum(days.values()) for days in told["coordinators"]["people"].values()) == told["mails"]["sent"]
    )
    assert sum(told["escalations"].values()) == sum(told["coordinators"]["lines_opened"].values())
    text = page.read_text()
    assert text.count("<svg") == 2
    assert all(part not in text for part in ("http:", "https:", "<script", "src="))
    assert "example.com" not in text + plain.out + json.dumps(told)


def test_personas_of_the_operators_own(run: Callable[..., Any]) -> None:
    told = run(*arguments("--fast", "--personas", "diligent=1,silent=2", "--seed", "7", "--json")).json
    unknown = run(*arguments("--fast", "--personas", "lazy=3"))
    none = run(*arguments("--fast", "--personas", "busy=0"))

    assert told["personas"] == {"silent": 10, "diligent": 5}
    assert (unknown.code, unknown.err) == (2, f"--personas: no persona 'lazy', expected {', '.join(PERSONAS[:-1])} or {PERSONAS[-1]}\n")
    assert none.code == 2


def test_the_real_run_starts_in_the_future(run: Callable[..., Any]) -> None:
    told = run(*arguments("--starts", "2024-03-04"))

    assert told.code == 1
    assert "expected a later --starts, or --fast" in told.err


@pytest.mark.timeout(280)
def test_a_part_takes_nothing_of_the_operators_folder_for_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert rehearsal_real._apart() == ["-P"]
    monkeypatch.syspath_prepend(tmp_path)  # as `python -m starter` does, which would find it, too
    assert rehearsal_real._apart() == []


async def test_a_part_that_does_not_stop_is_ended_with_its_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server holds the pipe whose closing tells that a part has ended, so the command would wait for ever."""
    monkeypatch.setattr(rehearsal_real, "_GOING", 0.1)
    stubborn = (
        "import signal, subprocess, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); subprocess.Popen(['sleep', '600']); print(flush=True); time.sleep(600)"
    )
    part = await asyncio.create_subprocess_exec(sys.executable, "-c", stubborn, stdout=asyncio.subprocess.PIPE, start_new_session=True)
    assert part.stdout is not None
    await part.stdout.readline()

    async with asyncio.timeout(60):
        await rehearsal_real._stop(part)

    assert part.returncode == -signal.SIGKILL


def test_the_command_runs_the_real_workflows_in_a_process_of_its_own(run: Callable[..., Any], tmp_path: Path) -> None:
    """A short programme and one pair, through the same entry point that an operator uses."""
    programme = (EXAMPLES / "engineering-2027.yaml").read_text().replace("length: P26W", "length: P6W").replace("count: 12", "count: 2")
    for known, shorter in (
        ("sessions:", "heads_up: P7D\nattention: {no_meeting_by: P20D, offer_rematch: P30D}\nsessions:"),
        ("holidays: true", "holidays: false"),
    ):
        programme = programme.replace(known, shorter, 1)
    (tmp_path / "programme.yaml").write_text(programme)
    (tmp_path / "pairs.csv").write_text("pair_id,mentor_id,mentee_id\np-01,e-2003,e-3001\n")
    files = ["--programme", str(tmp_path / "programme.yaml"), "--people", str(EXAMPLES / "people.csv"), "--pairs", str(tmp_path / "pairs.csv")]

    told = run("cohort", "rehearse", *files, "--json")

    assert told.code == 0, told.err
    assert told.json["mode"] == "real"
    assert told.json["temporal"]["events"] > 50
    assert told.json["pairs"][0]["history"]["actions"] > 10
    assert {mail["kind"] for mail in told.json["messages"]} >= {"welcome", "prepare", "closing_survey"}


@pytest.mark.parametrize(
    ("raised", "code", "told"),
    [
        (None, 1, "this is not a request of `mentorship cohort rehearse`"),
        (ModuleNotFoundError(name="aiosmtpd"), 1, "aiosmtpd is not installed: `make extras` installs it"),
        (FileNotFoundError("temporal-test-server"), 1, "temporal-test-server is not installed: `make extras` installs it"),
        (RuntimeError("the server lost a task"), 1, "the server lost a task"),
        (ValueError("a real rehearsal starts in the future"), 1, "a real rehearsal starts in the future"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_what_keeps_a_real_rehearsal_from_its_end_is_its_last_line(raised, code, told, monkeypatch, capsys, tmp_path) -> None:
    """The command shows this line, and nothing else of what the process says."""

    def run(rehearsing: Coroutine[Any, Any, Any]) -> None:
        rehearsing.close()
        raise raised

    monkeypatch.setattr(event_loop, "run", run)
    monkeypatch.setattr(rehearsal_process, "configure", lambda *_, **__: None)
    monkeypatch.setattr(rehearsal_process, "stopped_as_by_ctrl_c", list)
    monkeypatch.setattr(sys, "argv", ["rehearsal", str(tmp_path / "result.json")])
    request = request_for(1).model_dump_json(by_alias=True) if raised is not None else "{}"
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(request.encode())))
    assert (rehearsal_process.main(), capsys.readouterr().err.strip()) == (code, told)
    assert not (tmp_path / "result.json").exists()


def test_a_real_rehearsal_needs_its_server_and_a_start_to_come(monkeypatch, tmp_path) -> None:
    with pytest.raises(ValueError, match="a real rehearsal starts in the future"):
        server.ready(request_for(1).model_copy(update={"starts": datetime.now(UTC)}))
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    with pytest.raises(FileNotFoundError, match="temporal-test-server"):
        server.ready(request_for(1))
