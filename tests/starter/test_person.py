"""`person export` and `person erase` as an operator types them (P8). The real workflows: tests/service/test_erasure.py."""

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime, timedelta

import pytest

from mentorship import commands as c
from starter import person

STARTS = datetime(2027, 3, 1, tzinfo=UTC)


@pytest.fixture
def over(files, past, monkeypatch):
    """A cohort that is over: m1 with e1, and m2 with e2."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("MENTORSHIP_CONNECT_TIMEOUT", "1")
    past.happened(files.read()[0], STARTS, {})
    return past


@pytest.fixture
def running(files, past, monkeypatch):
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("MENTORSHIP_CONNECT_TIMEOUT", "1")
    past.happened(files.read()[0], STARTS, {}, until=datetime(2027, 4, 1, tzinfo=UTC))
    return past


def _ref(past, person_id):
    return past.ask(lambda records: records.people.ref(person_id))


def test_an_export_is_what_an_operator_may_read_as_json_and_nothing_about_the_partner(over, run):
    told = run("person", "export", "e1", "--json")
    assert (told.code, told.err) == (0, "")
    assert told.json["profile"]["name"] == "Eve"
    assert "eve@example.com" not in told.out, "addresses are not for operators"
    [mentorship] = told.json["mentorships"]
    assert (mentorship["pair_id"], mentorship["side"], mentorship["state"]) == ("p1", "mentee", "over")
    assert "Mia" not in told.out
    assert "mia@example.com" not in told.out
    for_people = json.loads(run("person", "export", "e1").out)
    assert {**for_people, "taken_at": None} == {**told.json, "taken_at": None}, "for people it is the same"


def test_what_only_the_person_may_read_is_counted_and_how_they_get_it_is_said(files, past, run, monkeypatch):
    """H12, P8: an operator hands over what they may read, and never sees the rest."""
    monkeypatch.setenv("MENTORSHIP_BASE_URL", "https://mentors.example.org")
    private = [c.SubmitPrivately(by="mentee", at=STARTS + timedelta(days=8), body=c.SurveyAnswers(survey="pulse", answers={"trust": 2}))]
    past.happened(files.read()[0], STARTS, {"p1": private}, until=datetime(2027, 4, 1, tzinfo=UTC))
    ref = _ref(past, "e1")

    async def write(records):
        mentorship = (await records.cohorts.of_person(ref))[0].mentorship
        await records.notes.put(ref, mentorship, "feedback", "I dread the Tuesdays")

    assert "texts that they wrote (0), lines about what is theirs alone (2)" in run("person", "export", "e1").err
    past.ask(write)
    told = run("person", "export", "e1", "--json")
    assert "I dread the Tuesdays" not in told.out
    assert '"trust"' not in told.out
    assert told.json["withheld"] == {"texts": 1, "facts": 2}, "the feedback; the survey's command and its event"
    assert "texts that they wrote (1), lines about what is theirs alone (2)" in told.err
    assert "https://mentors.example.org/new-link" in told.err


def test_an_export_goes_to_a_new_file_for_its_owner_only(over, run, tmp_path):
    out = tmp_path / "eve.json"
    assert run("person", "export", "e1", "--out", str(out), "--json").json["out"] == str(out)
    assert json.loads(out.read_text())["profile"]["name"] == "Eve"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    again = run("person", "export", "e1", "--out", str(out))
    assert (again.code, again.out) == (1, "")
    assert "File exists" in again.err


def test_an_export_that_finds_no_room_leaves_nothing_and_can_be_taken_again(over, run, tmp_path, monkeypatch):
    out, into = tmp_path / "eve.json", os.fdopen
    with monkeypatch.context() as full:
        full.setattr(os, "fdopen", lambda *_, **how: into(os.open("/dev/full", os.O_WRONLY), "w", **how))
        cut = run("person", "export", "e1", "--out", str(out))
    assert (cut.code, cut.err) == (1, f"--out: {out}: No space left on device\n")
    assert not out.exists()
    assert run("person", "export", "e1", "--out", str(out)).code == 0


@pytest.mark.parametrize("command", ["export", "erase"])
def test_nobody_is_refused(over, run, command):
    told = run("person", command, "nobody")
    assert (told.code, told.out, told.err) == (1, "", "there is no person nobody\n")


def test_an_erasure_is_told_and_cannot_be_taken_back(over, run):
    ref = _ref(over, "e1")
    told = run("person", "erase", "e1", "--json")
    assert (told.code, told.err) == (0, "")
    nothing: dict[str, list[str]] = {"ended": [], "never_started": [], "still_named": []}
    assert told.json == {"person": ref, "erased": True, "again": False, "certificates": told.json["certificates"], **nothing}
    after = run("person", "export", "e1", "--json").json
    assert (after["erased"], after["profile"]) == (True, {})
    assert run("person", "erase", ref, "--json").json["again"] is True, "by the opaque id as well, as after a restore"


def test_of_who_is_in_a_running_mentorship_nothing_is_erased_and_what_to_do_is_said(running, run):
    told = run("person", "erase", "e1", "--json")
    assert told.code == 1
    assert (told.json["erased"], told.json["running"]) == (False, [{"cohort": "spring-27", "pair_id": "p1"}])
    assert "--end" in told.err
    assert run("person", "export", "e1", "--json").json["erased"] is False


def test_nothing_is_erased_when_a_mentorship_cannot_be_ended(running, run):
    told = run("person", "erase", "e1", "--end")
    assert told.code == 1
    assert "Temporal cannot be reached" in told.err
    assert run("person", "export", "e1", "--json").json["erased"] is False


def test_a_pair_of_another_cohort_that_never_starts_now_is_named(over, run):
    """Its other person would wait for a programme that nobody knows to be missing (P8, H9)."""

    async def enrolled(records):
        refs = await records.people.refs(["m2", "e1"])
        await records.cohorts.put((await records.cohorts.get("spring-27")).model_copy(update={"id": "autumn-27"}))
        await records.cohorts.enrol_pairs("autumn-27", [("a7", refs["m2"], refs["e1"])])

    over.ask(enrolled)
    told = run("person", "erase", "e1", "--json")
    assert told.json["never_started"] == [{"cohort": "autumn-27", "pair_id": "a7"}]
    assert "a7 of autumn-27 had not started, and never will" in told.err
    assert over.ask(lambda records: records.cohorts.counts("autumn-27"))["over"] == 1


def test_nothing_is_ended_for_an_erasure_that_another_pair_holds_up(files, running, run):
    """P6: e1 is in a running pair, and in one whose reports still come in; ending the first would not bring the erasure any nearer."""
    running.happened(files.read()[0], datetime(2026, 10, 5, tzinfo=UTC), {}, until=datetime(2027, 4, 7, tzinfo=UTC), cohort="autumn-26")
    told = run("person", "erase", "e1", "--end", "--json")
    assert told.code == 1
    assert told.json == {"person": _ref(running, "e1"), "erased": False, "running": [{"cohort": "autumn-26", "pair_id": "p1"}]}
    assert told.err.splitlines() == [
        "p1 of autumn-26 has come to its end, and this person was not told yet what came of it",
        "nothing was ended and nothing erased: try again once reports have closed and the result went out",
    ]


def test_a_survey_that_is_still_open_holds_up_no_erasure_once_the_result_went_out(files, past, run):
    """P8: their certificate is made and mailed. Nobody has to answer a survey, and the partner's survey continues."""
    past.happened(files.read()[0], datetime(2026, 10, 5, tzinfo=UTC), {}, until=datetime(2027, 4, 20, tzinfo=UTC), cohort="autumn-26")
    ref, mentorship = _ref(past, "e1"), past.ask(lambda records: records.cohorts.enrolments("autumn-26"))[0].mentorship
    month, now = timedelta(days=30), datetime.now(UTC)

    def erased():
        return run("person", "erase", "e1", "--json").json["erased"]

    assert not erased(), "it was decided, and nobody was told yet"
    past.ask(lambda records: records.notices.begin(f"{mentorship}/9.0", ref, "closing_survey", True, now, 6, month))
    past.ask(lambda records: records.notices.sent(f"{mentorship}/9.0", "<9.0>", now))
    past.ask(lambda records: records.notices.begin(f"{mentorship}/9.1", ref, "result", True, now, 6, month))
    assert not erased(), "it is on its way"
    past.ask(lambda records: records.notices.sent(f"{mentorship}/9.1", "<9.1>", now))
    assert erased()


def test_a_coordinator_who_is_erased_is_told_to_be_named_still(running, run):
    told = run("person", "erase", "ana", "--json")
    assert told.code == 0
    assert told.json["still_named"] == [{"cohort": "spring-27", "as": "coordinator"}]
    assert "give its programme a new version" in told.err


def test_a_cohort_that_is_over_needs_nobody_named_anew(over, run):
    assert run("person", "erase", "ana", "--json").json["still_named"] == []


def test_who_is_in_a_pair_that_waits_to_be_started_again_is_in_a_running_one(running, run):
    """P8, P5: Temporal lost the pair, and it continues from its journal."""
    mentorship = running.ask(lambda records: records.cohorts.enrolments("spring-27"))[0].mentorship
    running.ask(lambda records: records.cohorts.await_start(mentorship))
    told = run("person", "erase", "e1", "--json")
    assert (told.code, told.json["running"]) == (1, [{"cohort": "spring-27", "pair_id": "p1"}])


def test_a_pair_past_its_end_that_waits_to_be_started_again_holds_an_erasure_up_until_it_runs(files, past, run):
    """P8, P5: an erasure now would make it a pair that never started, and the news still due to the partner would be lost."""
    past.happened(files.read()[0], datetime(2026, 10, 5, tzinfo=UTC), {}, until=datetime(2027, 4, 20, tzinfo=UTC), cohort="autumn-26")
    ref, mentorship = _ref(past, "e1"), past.ask(lambda records: records.cohorts.enrolments("autumn-26"))[0].mentorship
    past.ask(lambda records: records.notices.begin(f"{mentorship}/9.1", ref, "result", True, datetime.now(UTC), 6, timedelta(days=30)))
    past.ask(lambda records: records.notices.sent(f"{mentorship}/9.1", "<9.1>", datetime.now(UTC)))
    past.ask(lambda records: records.cohorts.await_start(mentorship))
    told = run("person", "erase", "e1", "--json")
    assert (told.code, told.json["erased"], told.json["running"]) == (1, False, [{"cohort": "autumn-26", "pair_id": "p1"}])
    assert told.err.splitlines() == [
        "p1 of autumn-26 waits to be started again from its journal",
        "nothing was ended and nothing erased: try again once it runs",
    ]
    past.ask(lambda records: records.cohorts.mark_started(mentorship))
    assert run("person", "erase", "e1", "--json").json["erased"]


def test_a_valid_certificate_is_named_since_it_stays(over, run):
    issued = over.ask(lambda records: records.people.ref("e1"))
    mentorship = over.ask(lambda records: records.cohorts.enrolments("spring-27"))[0].mentorship
    certificate = over.ask(lambda records: records.certificates.reserve(mentorship, issued, {"holder_name": "Eve"}))
    told = run("person", "erase", "e1")
    assert f"still valid, without a name or a document: {certificate.id}" in told.out
    over.ask(lambda records: records.certificates.revoke(certificate.id, "asked for"))
    assert certificate.id not in run("person", "erase", issued).out


def test_nobody_is_erased_beside_a_pair_that_began_while_the_command_looked(over, run, monkeypatch):
    """P8: the command was about to say that this pair never starts. Run again, it says what there is to say about a running one."""

    async def enrolled(records):
        refs = await records.people.refs(["m2", "e1"])
        await records.cohorts.put((await records.cohorts.get("spring-27")).model_copy(update={"id": "autumn-27"}))
        return (await records.cohorts.enrol_pairs("autumn-27", [("a7", refs["m2"], refs["e1"])])).added[0].mentorship

    mentorship, look = over.ask(enrolled), person._duties

    async def started_meanwhile(records, ref):
        await records.cohorts.mark_started(mentorship)
        return await look(records, ref)

    monkeypatch.setattr(person, "_duties", started_meanwhile)
    told = run("person", "erase", "e1", "--json")
    assert (told.code, told.json["erased"], told.json["running"]) == (1, False, [{"cohort": "autumn-27", "pair_id": "a7"}])
    assert told.err.splitlines() == ["a7 of autumn-27 began a moment ago", "nothing was erased: do the same again"]
    assert "a7 of autumn-27 is running" in run("person", "erase", "e1").err
    assert run("person", "export", "e1", "--json").json["erased"] is False


@pytest.mark.parametrize(("reason", "erased"), [("malformed", False), ("over", True)])
def test_a_mentorship_that_refuses_to_end_keeps_its_person_unless_it_is_over(running, run, monkeypatch, reason, erased):
    """P8: nobody is erased out of a running mentorship; one that ended while the command looked is no obstacle."""
    ended = []

    async def reach(_):
        return None

    async def send(_, pair, message, patience):
        ended.append((pair.pair_id, message.command, message.reason, message.leaver))
        return {"outcome": "refused", "reason": reason}

    monkeypatch.setattr(person, "reach_temporal", reach)
    monkeypatch.setattr(person, "send", send)
    ref = _ref(running, "e1")
    told = run("person", "erase", "e1", "--end")
    assert ended == [("p1", "end", "stepped_away", ref)]
    assert (told.code, run("person", "export", "e1", "--json").json["erased"]) == ((0, True) if erased else (1, False))
    assert erased or told.err == "p1 of spring-27 could not be ended: malformed; nothing was erased\n"
