"""`keys status|rotate|rewrap|drop`: a rotation as the runbook has it. With running workflows: tests/service/test_rotation.py."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.keyring import Keyring
from starter import keys

STARTS = datetime(2027, 3, 1, tzinfo=UTC)


@pytest.fixture
def filled(files, past, monkeypatch):
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("MENTORSHIP_CONNECT_TIMEOUT", "1")
    past.happened(files.read()[0], STARTS, {})
    for mentorship in (pair.mentorship for pair in past.ask(lambda records: records.cohorts.enrolments("spring-27"))):
        past.ask(lambda records, name=mentorship: records.journal.seal(name))
    return past


@pytest.fixture
def no_workflows(monkeypatch):
    """A Temporal in which nothing runs."""

    async def none(_settings):
        return {}

    monkeypatch.setattr(keys, "_workflows", none)


def test_a_rotation_from_the_first_key_to_the_end_of_it(filled, run, no_workflows):
    old = filled.settings.keyring().active
    rotated = run("keys", "rotate", "--json").json
    new = rotated["key"]
    assert (rotated["added"], rotated["active"], rotated["before"]) == (True, new, old)
    assert filled.settings.keyring().active == new

    needed = run("keys", "drop", old, "--json")
    assert (needed.code, needed.json["dropped"]) == (1, False)
    assert needed.json["needed_by"]["data_keys"] > 0

    done = run("keys", "rewrap", "--json").json
    assert (done["still_older"], done["left"]) == ({}, [])
    assert run("journal", "verify", "--json").json["findings"] == []
    assert run("keys", "drop", old, "--json").json["dropped"] is True
    assert filled.settings.keyring().key_ids == (new,)
    assert run("cohort", "status", "spring-27", "--names", "--json").json["pairs"][0]["mentor"] == "Mia"


def test_where_processes_restart_one_by_one_a_key_is_known_before_it_seals(past, run):
    old = past.settings.keyring().active
    prepared = run("keys", "rotate", "--prepare", "--json").json
    assert (prepared["active"], prepared["added"]) == (old, True)
    assert run("keys", "rotate", "--prepare", "--json").json["key"] == prepared["key"], "again adds no other"
    rotated = run("keys", "rotate", "--json").json
    assert (rotated["key"], rotated["added"], rotated["active"]) == (prepared["key"], False, prepared["key"])


def test_the_status_says_what_needs_each_key_and_that_temporal_was_not_asked(filled, run):
    told = run("keys", "status", "--json")
    [key] = told.json["keys"]
    assert (told.code, key["active"], key["there"], key["running_workflows"]) == (0, True, True, None)
    assert key["records"]["journal"] > 0
    assert "running workflows were not asked" in told.err


def test_a_key_goes_only_when_temporal_could_be_asked(filled, run):
    old = filled.settings.keyring().active
    run("keys", "rotate")
    run("keys", "rewrap")
    told = run("keys", "drop", old)
    assert told.code == 1
    assert "could not be asked" in told.err
    assert old in filled.settings.keyring().key_ids


def test_a_key_that_is_missing_is_named(filled, run, no_workflows):
    old = filled.settings.keyring().active
    run("keys", "rotate")
    from gateway import key_file  # noqa: PLC0415 - as somebody who deletes it by hand

    key_file.drop(filled.settings.key_file, old)
    told = run("keys", "status", "--json")
    assert told.code == 1
    assert {key["key"]: key["there"] for key in told.json["keys"]}[old] is False
    assert f"the keyring lacks {old}" in told.err


@pytest.mark.parametrize("arguments", [["keys", "rotate"], ["keys", "drop", "k-old"]])
def test_keys_from_the_environment_are_changed_where_they_are_kept(past, run, monkeypatch, arguments):
    monkeypatch.setenv("MENTORSHIP_KEYS", past.settings.key_file.read_text())
    told = run(*arguments)
    assert told.code == 1
    assert "MENTORSHIP_KEYS" in told.err


def test_the_active_key_and_an_unknown_one_do_not_go(past, run):
    assert "is the active key" in run("keys", "drop", past.settings.keyring().active).err
    assert "there is no key k-nowhere" in run("keys", "drop", "k-nowhere").err


@pytest.mark.parametrize("command", [("person", "export", "e1"), ("person", "erase", "e1"), ("show", "spring-27", "p1"), ("pause", "spring-27", "p1")])
def test_by_other_keys_nobody_is_said_not_to_be_there(filled, run, monkeypatch, tmp_path, command):
    """The wrong keys find nothing. An operator who asks whether somebody is known, or wants them erased, would take that for an answer."""
    Keyring.generate(tmp_path / "others.json")
    own = filled.settings.keyring().active
    monkeypatch.setenv("MENTORSHIP_KEY_FILE", str(tmp_path / "others.json"))
    told = run(*command)
    assert (told.code, told.out) == (1, "")
    assert told.err == f"records: the keyring has no key '{own}'; give it back, or give this command the keys that the others have\n"
