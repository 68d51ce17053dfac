"""What operators do to a running pair, and how the mentorship answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.settings import Settings
from tests.starter.on_temporal.place import Run, registered, worker


def ends(run: Run) -> datetime:
    return datetime.fromisoformat(run("show", "busy", "p1", "--json").json["status"]["ends"])


def paused_until(run: Run) -> datetime:
    return datetime.fromisoformat(run("show", "busy", "p1", "--json").json["status"]["paused_until"])


def test_operators_commands_are_answered_and_refused_by_the_mentorship(site: Settings, files: Any, run: Run, tmp_path: Path) -> None:
    registered(run)
    with worker(tmp_path / "worker.log"):
        assert run("cohort", "start", *files.options(cohort="busy")).code == 0

        assert run("waive", "busy", "p1", "shadowing").out == "waive: done for p1 of busy\n"
        unknown = run("waive", "busy", "p1", "nonsense", "--json")
        assert unknown.code == 1
        assert (unknown.json["outcome"], unknown.json["reason"]) == ("refused", "no_such_milestone")
        assert run("pause", "busy", "p1", "--until", "2020-01-01").err == "pause: refused: that is past, expected an instant to come\n"
        for until, cut in (("2099-05-01", False), ("2100-01-01", True)):
            paused = run("pause", "busy", "p1", "--until", until)
            assert (paused.code, paused.out) == (0, f"pause: done for p1 of busy, paused until {paused_until(run):%Y-%m-%d %H:%M}Z\n")
            assert (f"it ends before {until}: all pauses of a pair together take at most pause.longest" in paused.err) == cut
            assert run("resume", "busy", "p1").code == 0
        assert run("pause", "busy", "p1").code == 0
        held = run("extend", "busy", "p1", "--by", "P1W")
        shown = run("show", "busy", "p1", "--json").json["status"]
        told = [f"{datetime.fromisoformat(shown[end]).astimezone(UTC):%Y-%m-%d %H:%M}Z" for end in ("ends", "ends_with_pause")]
        assert (held.code, held.out) == (0, f"extend: done for p1 of busy, which ends {told[0]}, with its pause {told[1]}\n")
        assert told[0] < told[1]
        assert run("resume", "busy", "p1", "--as", "ana").code == 0
        before = ends(run)
        longer = run("extend", "busy", "p1", "--by", "P10W")
        after = before + timedelta(days=70, hours=1)  # the clocks change in between: ten weeks are calendar time
        assert (longer.code, longer.out) == (0, f"extend: done for p1 of busy, which ends {after:%Y-%m-%d %H:%M}Z\n")
        assert ends(run) == after
        for length, code in (("P9000D", "too_long"), ("PT1S", "too_short")):
            refused = run("extend", "busy", "p1", "--by", length, "--json")
            assert (refused.code, refused.json["outcome"], refused.json["reason"]) == (1, "refused", code)
            assert ends(run) == after
        assert run("resolve", "busy", "p1", "no_such_line").code == 1

        shown = run("show", "busy", "p1", "--json").json
        assert (shown["state"], shown["from"], shown["status"]["phase"]) == ("started", "workflow", "aligning")
        assert [milestone["id"] for milestone in shown["status"]["milestones"] if milestone["waived"]] == ["shadowing"]

        in_words = run("show", "busy", "p1").out.splitlines()
        assert {"  phase: aligning", "  milestones_done: 1 of 3", "  meetings_held: 0", "  diverged: no", "  paused_until: -", "  ends_with_pause: -"} <= set(
            in_words[:20]
        )
        assert len(in_words) < 50, "a line a meeting, a line a milestone"
        assert [line.split()[0] for line in in_words[in_words.index("  milestones:") + 2 :]] == ["aligned", "goal", "shadowing"]

        verified = run("journal", "verify", "busy", "--json").json
        assert verified["ok"]
        assert verified["compared_with_running"] == 2

        status = run("cohort", "status", "busy", "--names", "--json").json
        first = status["pairs"][0]
        assert (first["pair_id"], first["mentor"], first["milestones_done"]) == ("p1", "Mia", 1)
        assert run("cases").out == "no pair needs anybody\n"

        assert run("end", "busy", "p2", "--leaver", "mentor").code == 2
        assert run("end", "busy", "p2", "--reason", "stepped_away").code == 2
        assert run("end", "busy", "p2", "--reason", "stepped_away", "--leaver", "mentor").code == 0
    assert run("pause", "busy", "p1").code == 1


def test_a_command_that_no_worker_answers_may_still_apply_and_says_so(site: Settings, files: Any, run: Run, tmp_path: Path) -> None:
    registered(run)
    with worker(tmp_path / "worker.log"):
        assert run("cohort", "start", *files.options(cohort="quiet")).code == 0

    told = run("pause", "quiet", "p1", "--json")

    assert told.code == 1
    assert (told.json["outcome"], told.json["reason"], told.json["message_id"][:3]) == ("unknown", "no_answer", "op-")
    assert "pause: no answer within 2 seconds: no worker runs, or Temporal went away; it may still apply once they are back" in told.err


def test_a_pair_or_cohort_that_is_not_there_is_named(site: Settings, files: Any, run: Run) -> None:
    assert run("cohort", "start", *files.options(cohort="there"), "--wait", "0").code == 0

    assert run("show", "nowhere", "p1").err == "there is no cohort nowhere\n"
    assert run("show", "there", "p9").err == "cohort there has no pair p9\n"
    assert run("pause", "there", "p1").err == "pause: p1 was not started yet\n"
    assert run("waive", "there", "p1", "shadowing").err == "waive: p1 was not started yet\n"
    assert run("show", "there", "p1").code == 0
