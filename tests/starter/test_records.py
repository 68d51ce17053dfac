"""`records backup|restore|sweep` as an operator types them. Under load: tests/service/test_restore.py."""

from __future__ import annotations

import json
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from gateway import key_file
from gateway.keyring import Keyring, KeyringUnusable
from mentorship.duration import iso
from records.people import People
from starter import records

STARTS = datetime(2023, 1, 2, tzinfo=UTC)


@pytest.fixture
def filled(files, past):
    """A cohort that ended more than two years ago, with its journals closed."""
    past.happened(files.read()[0], STARTS, {})
    for pair in past.ask(lambda records: records.cohorts.enrolments("spring-27")):
        past.ask(lambda records, name=pair.mentorship: records.journal.seal(name))
    return past


def test_a_copy_is_whole_for_its_owner_only_and_says_which_keys_it_needs(filled, run, tmp_path):
    told = run("records", "backup", str(tmp_path / "copy"), "--json")
    assert (told.code, told.err) == (0, "")
    active = filled.settings.keyring().active
    assert (told.json["keys_needed"], told.json["keys_missing"]) == ([active], [])
    copy = tmp_path / "copy" / "records.db"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700
    assert [path.name for path in copy.parent.iterdir()] == ["records.db"], "one file, without a log beside it"
    with closing(sqlite3.connect(copy)) as database, database:
        assert database.execute("SELECT count(*) FROM enrolments").fetchone() == (2,)


def test_temporals_store_goes_first_and_along(filled, run, tmp_path):
    with closing(sqlite3.connect(tmp_path / "store.db")) as store, store:
        store.execute("CREATE TABLE executions (id)")
    told = run("records", "backup", str(tmp_path / "copy"), "--temporal", str(tmp_path / "store.db"), "--json").json
    assert [one["file"].rpartition("/")[2] for one in told["copied"]] == ["temporal.db", "records.db"]


def test_nothing_is_ever_overwritten(filled, run, tmp_path):
    folder = str(tmp_path / "copy")
    assert run("records", "backup", folder).code == 0
    again = run("records", "backup", folder)
    assert (again.code, again.out) == (1, "")
    assert "is there already; nothing is overwritten" in again.err
    assert "is there already" in run("records", "restore", folder).err, "nor by a restore"


def test_a_folder_that_cannot_be_made_is_told_with_the_reason(filled, run, tmp_path):
    (tmp_path / "file").touch()
    told = run("records", "backup", str(tmp_path / "file" / "copy"))
    assert (told.code, told.err.splitlines()) == (1, [f"{tmp_path}/file/copy: Not a directory", "nothing was copied"])


def test_a_log_that_an_older_database_left_is_in_the_way_of_a_restore(filled, run, tmp_path):
    run("records", "backup", str(tmp_path / "copy"))
    records = tmp_path / "records.db"
    records.unlink()
    (tmp_path / "records.db-wal").write_bytes(b"an older database's")
    (tmp_path / "records.db-shm").unlink(missing_ok=True)
    told = run("records", "restore", str(tmp_path / "copy"))
    assert told.code == 1
    assert "records.db-wal is there already" in told.err
    assert not records.exists()


def test_a_copy_comes_back_and_everything_opens(filled, run, tmp_path):
    run("records", "backup", str(tmp_path / "copy"))
    for path in tmp_path.glob("records.db*"):
        path.unlink()
    told = run("records", "restore", str(tmp_path / "copy"), "--json")
    assert (told.code, told.json["keys_missing"]) == (0, [])
    assert run("cohort", "status", "spring-27", "--names", "--json").json["pairs"][0]["mentor"] == "Mia"
    assert run("journal", "verify", "--json").json["findings"] == []


def test_the_names_of_a_cohort_are_read_together_and_who_was_erased_has_none(filled, run, monkeypatch):
    """Read one after the other, the names of a thousand pairs took six times as long as everything else."""
    erased = filled.ask(lambda records: records.people.ref("m1"))
    filled.ask(lambda records: records.people.erase(erased))
    monkeypatch.delattr(People, "profile")
    assert run("cohort", "status", "spring-27", "--names", "--json").json["pairs"][0]["mentor"] == "(erased)"


def test_a_copy_whose_keys_are_lost_says_so_before_anybody_relies_on_it(filled, run, tmp_path):
    key = filled.settings.keyring().active
    run("records", "backup", str(tmp_path / "copy"))
    for path in tmp_path.glob("records.db*"):
        path.unlink()
    filled.settings.key_file.unlink()
    Keyring.generate(filled.settings.key_file)
    told = run("records", "restore", str(tmp_path / "copy"), "--json")
    assert (told.code, told.json["keys_missing"]) == (1, [key])


def test_a_copy_says_by_when_it_has_to_go(filled, run, tmp_path):
    by = (datetime.now(UTC) + timedelta(days=35)).date()
    assert run("records", "backup", str(tmp_path / "copy"), "--json").json["gone_by"] == str(by)
    told = run("records", "backup", str(tmp_path / "again"))
    assert f"has to be deleted by {by} (retention.backups: 35 days)" in told.out


def test_a_copy_of_records_without_a_cohort_is_kept_as_long_as_is_usual(past, run, tmp_path):
    told = run("records", "backup", str(tmp_path / "copy"), "--json")
    assert (told.code, told.err) == (0, "")
    assert told.json["gone_by"] == str((datetime.now(UTC) + timedelta(days=35)).date())


@pytest.mark.parametrize(
    ("name", "why"), [("cohort.spring", "programme cannot be read"), ("case.c-1", "it cannot be read"), ("mentorship.spring.m-1", "verify")]
)
def test_why_something_damaged_stays_is_said_of_each_kind(name, why):
    assert why in records._why_it_stays(name)


@pytest.mark.parametrize(("span", "said"), [("P35D", "35 days"), ("P2D", "2 days"), ("P1D", "1 day"), ("PT12H", "PT12H"), ("P1DT2H", "P1DT2H")])
def test_how_long_a_copy_is_kept_is_said_in_days(span, said):
    assert records._days(iso(span)) == said


@pytest.mark.parametrize("wrong", ["no key file", "other keys under the same id", "an older release's tables", "a newer release's tables"])
def test_a_copy_of_which_the_keys_cannot_be_said_is_a_copy(filled, run, tmp_path, wrong):
    """The copy was made, or put back, and the exit code says so. What is unknown is null, and stderr says why."""
    keys = filled.settings.key_file
    if wrong == "no key file":
        keys.unlink()
        why = f"{keys}: there is no such key file"
    elif wrong == "other keys under the same id":
        other = tmp_path / "other.json"
        Keyring.generate(other)
        stored, new = (json.loads(path.read_text()) for path in (keys, other))
        keys.write_text(json.dumps({**stored, "keys": {stored["active"]: new["keys"][new["active"]]}}))
        why = "programme spring 1 cannot be opened with the key that it names"
    else:
        revision, why = ("0001", "it stands at revision 0001") if "older" in wrong else ("9999", "records stand at revision 9999, which a newer release made")
        with closing(sqlite3.connect(tmp_path / "records.db")) as database, database:
            database.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    made = run("records", "backup", str(tmp_path / "copy"), "--json")
    for path in tmp_path.glob("records.db*"):
        path.unlink()
    restored = run("records", "restore", str(tmp_path / "copy"), "--json")
    for told, file in ((made, tmp_path / "copy" / "records.db"), (restored, tmp_path / "records.db")):
        assert (told.code, told.json["keys_needed"], told.json["keys_missing"]) == (0, None, None), told.err
        assert [one["file"] for one in told.json["copied"]] == [str(file)]
        assert told.err.startswith(f"notice: copied, but it could not be said which keys the copy opens with: {why}")
    assert made.json["gone_by"] is None
    plain = run("records", "backup", str(tmp_path / "again"))
    assert (plain.code, plain.out.startswith(f"{tmp_path / 'again' / 'records.db'}: ")) == (0, True)


@pytest.mark.parametrize("trouble", ["a log beside records", "damaged records"])
def test_a_restore_of_two_files_is_whole_or_nothing(filled, run, tmp_path, trouble):
    with closing(sqlite3.connect(tmp_path / "store.db")) as store, store:
        store.execute("CREATE TABLE executions (id)")
    run("records", "backup", str(tmp_path / "copy"), "--temporal", str(tmp_path / "store.db"))
    for path in tmp_path.glob("records.db*"):
        path.unlink()
    if trouble == "damaged records":
        (tmp_path / "copy" / "records.db").write_bytes(b"not a database" * 100)
    else:
        (tmp_path / "records.db-wal").write_bytes(b"an older database's")
    told = run("records", "restore", str(tmp_path / "copy"), "--temporal", str(tmp_path / "back.db"))
    assert told.code == 1
    assert told.err.splitlines()[-1] == "nothing was copied"
    assert not (tmp_path / "back.db").exists()
    assert not (tmp_path / "records.db").exists()


def test_what_is_no_database_is_no_backup(filled, run, tmp_path):
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "records.db").write_bytes(b"not a database" * 100)
    for path in tmp_path.glob("records.db*"):
        path.unlink()
    told = run("records", "restore", str(tmp_path / "copy"))
    assert told.code == 1
    assert "is not a SQLite database" in told.err
    assert not list(tmp_path.glob("records.db*")), "nothing half done is left"
    assert run("records", "restore", str(tmp_path / "nowhere")).code == 2


@pytest.mark.parametrize("url", ["postgresql://records:hidden@db.example/records", "postgresql://db.example/records?user=records&password=hidden"])
def test_a_servers_database_is_its_servers_to_copy_and_no_password_is_told(past, run, monkeypatch, tmp_path, url):
    monkeypatch.setenv("MENTORSHIP_DATABASE_URL", url)
    told = run("records", "backup", str(tmp_path / "copy"))
    assert told.code == 1
    assert told.err.startswith("records live in a database server (db.example/records), which makes its own copies, such as: pg_dump ")
    assert "hidden" not in told.err


def test_a_sweep_says_what_it_deleted_and_a_dry_run_what_it_would(filled, run):
    would = run("records", "sweep", "--dry-run", "--json").json
    assert (would["dry_run"], would["journals"]) == (True, 2), "it ended more than 24 months ago"
    what = f"0 notes, the contents of 0 cases, 0 closed cases, 2 journals of {would['rows']} rows\n"
    assert run("records", "sweep", "--dry-run").out == f"would go: {what}"
    did = run("records", "sweep", "--json").json
    assert {**did, "dry_run": True} == would
    assert run("journal", "verify", "--json").json["findings"] == []
    assert run("records", "sweep").out == "deleted: 0 notes, the contents of 0 cases, 0 closed cases, 0 journals of 0 rows\n", "all of it is gone"
    assert run("cohort", "report", "spring-27", "--json").json["pairs"] == 0, "nothing is left to report on"
    assert run("cohort", "status", "spring-27", "--json").json["counts"]["over"] == 2


def test_a_damaged_journal_is_named_and_kept(filled, run, tmp_path):
    pairs = filled.ask(lambda records: records.cohorts.enrolments("spring-27"))
    with closing(sqlite3.connect(tmp_path / "records.db")) as database, database:
        database.execute("UPDATE journal SET name = 'x' WHERE mentorship = ? AND seq = 2", (pairs[0].mentorship,))
    told = run("records", "sweep", "--json")
    assert (told.code, told.json["damaged"], told.json["journals"]) == (1, [pairs[0].mentorship], 1)


def test_a_key_file_is_never_half_written(tmp_path):
    path = tmp_path / "keys.json"
    Keyring.generate(path)
    first = Keyring.load(path).active
    second = key_file.add(path)
    assert (Keyring.load(path).active, key_file.newest(path)) == (first, second)
    key_file.activate(path, second)
    key_file.drop(path, first)
    assert Keyring.load(path).key_ids == (second,)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["keys.json"]
    third = key_file.add(path)
    with pytest.raises(KeyringUnusable, match="active"):
        key_file.drop(path, second)
    assert Keyring.load(path).key_ids == (second, third)
