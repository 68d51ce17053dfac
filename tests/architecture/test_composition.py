"""The composition, as far as it can be judged without an engine: Compose itself reads it, and it is compared with the code."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from gateway.keyring import Keyring
from gateway.settings import Settings
from webhook.codec.app import create_app as create_codec
from worker.build import GRACE

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(sysconfig.get_path("scripts"))
COMPOSE = "docker-compose.yml"
OURS = ("prepare", "worker", "webhook", "codec", "cli")
PROFILES = ("--profile", "tools", "--profile", "monitoring")


def compose_program() -> Path | None:
    """Compose itself, as it comes in its wheel; the wheel's own command hides most options."""
    found = importlib.util.find_spec("compose")
    program = Path(found.origin).with_name("docker-compose") if found and found.origin else None
    if program is None or subprocess.run([program, "version"], capture_output=True, check=False).returncode:
        return None
    return program


@pytest.fixture(scope="module")
def host(make_secrets, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as an operator has it: the composition, and newly made secrets."""
    folder = tmp_path_factory.mktemp("host")
    shutil.copy(ROOT / COMPOSE, folder)
    (folder / "deploy").mkdir()
    make_secrets(folder / "deploy" / "secrets")
    return folder


@pytest.fixture(scope="module")
def composed(host: Path) -> dict[str, Any]:
    program = compose_program()
    if program is None:
        pytest.skip("Compose has no program for this machine")
    command: list[str | Path] = [program, "--env-file", "deploy/secrets/compose.env", *PROFILES, "config"]
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
    asked_for = {name: service["profiles"] for name, service in composed["services"].items() if "profiles" in service}
    assert asked_for == {"cli": ["tools"], "backup": ["tools"], "prometheus": ["monitoring"], "grafana": ["monitoring"]}
    assert composed["services"]["cli"]["restart"] == composed["services"]["backup"]["restart"] == "no"


def test_no_container_runs_as_it_pleases(composed):
    """Root has nothing to do here: a container that reads a secret runs as the secret's owner, the others as their image's own user."""
    mine = f"{os.getuid()}:{os.getgid()}"
    for name, service in composed["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service.get("read_only", False) == (name != "temporal-ui"), name
        assert "/tmp" in service["tmpfs"], name
        assert service["init"], name
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
    assert len(composed["secrets"]) == len(held) + 2, "and the two files of keys"
    assert all("file" in secret and "environment" not in secret for secret in composed["secrets"].values())


def test_everybody_has_the_secrets_of_their_own_work_and_no_others(composed):
    has = {name: {secret["source"] for secret in service["secrets"]} for name, service in composed["services"].items() if "secrets" in service}
    keeps_records = {"keys", "mentorship_database_url"}
    runs_mentorships = keeps_records | {"issuer", "mentorship_link_secrets", "mentorship_smtp_password"}
    assert has == {
        "prepare": keeps_records,
        "worker": runs_mentorships,
        "cli": runs_mentorships,
        "webhook": runs_mentorships | {"mentorship_webhook_secrets"},
        "codec": {"keys", "mentorship_codec_tokens"},
        "postgres": {"postgres_password", "records_password"},
        "temporal-schema": {"postgres_password"},
        "temporal": {"postgres_password"},
        "backup": {"postgres_password"},
        "grafana": {"grafana_password"},
    }


def test_what_has_to_last_lies_in_a_volume_of_its_own(composed):
    """What a container writes elsewhere is gone with it, at the next upgrade."""
    kept = {}
    for name, service in composed["services"].items():
        for volume in service.get("volumes", []):
            if volume["type"] == "volume":
                kept[name] = (volume["source"], volume["target"])
            else:
                assert volume.get("read_only", False) == (volume["target"] != "/backups"), name
    assert kept == {
        "postgres": ("postgres", "/var/lib/postgresql/data"),
        "prometheus": ("prometheus", "/prometheus"),
        "grafana": ("grafana", "/var/lib/grafana"),
    }
    assert composed["services"]["postgres"]["environment"]["PGDATA"].startswith("/var/lib/postgresql/data/")
    assert "/var/run/postgresql:mode=1777" in composed["services"]["postgres"]["tmpfs"], "for its socket"
    assert composed["services"]["backup"]["environment"]["BACKUP_DAYS"] == "35", "what programmes promise"
    assert "--storage.tsdb.path=/prometheus" in composed["services"]["prometheus"]["command"]
    assert composed["services"]["temporal"]["environment"]["NUM_HISTORY_SHARDS"] == "128", "a server with another number cannot read what is there"


def test_what_a_container_runs_and_reads_is_mounted_there(composed, host):
    """A script and its secrets are named by their place inside, which only the mounts connect with a file here."""
    found = set()
    for name, service in composed["services"].items():
        mounts = {volume["target"]: ROOT / Path(volume["source"]).relative_to(host) for volume in service.get("volumes", []) if volume["type"] == "bind"}
        words = [*(service["entrypoint"] or ()), *(service["command"] or ()), *service.get("environment", {}).values()]
        inside = re.findall(r"(?<![^= ])(?:/deploy|/etc/prometheus)/\S+", " ".join(words))
        here = [mounts[str(Path(path).parent)] / Path(path).name for path in inside]
        here += [source for target, source in mounts.items() if target.startswith("/docker-entrypoint-initdb.d/")]
        assert [path for path in here if not path.is_file()] == [], name
        found |= {path.relative_to(ROOT / "deploy") for path in here}
        texts = [path.read_text(encoding="utf-8") for path in here if path.suffix == ".sh"]
        wanted = set(re.findall(r"/run/secrets/(\w+)", " ".join([*words, *texts])))
        has = {secret["source"] for secret in service.get("secrets", [])}
        assert wanted == has or name in OURS, name  # ours read the whole folder
    mounted = {path.relative_to(ROOT / "deploy") for name in ("postgres", "temporal") for path in (ROOT / "deploy" / name).iterdir()}
    assert mounted <= found


def test_everybody_waits_for_what_they_need(composed):
    waits = {
        name: {other: wait["condition"].removeprefix("service_") for other, wait in service["depends_on"].items() if wait["required"]}
        for name, service in composed["services"].items()
        if "depends_on" in service
    }
    assert waits == {
        "temporal-schema": {"postgres": "healthy"},
        "temporal": {"temporal-schema": "completed_successfully"},
        "temporal-namespace": {"temporal": "healthy"},
        "temporal-ui": {"temporal": "healthy"},
        "prepare": {"postgres": "healthy", "temporal-namespace": "completed_successfully"},
        "worker": {"prepare": "completed_successfully"},
        "webhook": {"prepare": "completed_successfully"},
        "backup": {"postgres": "healthy"},
        "grafana": {"prometheus": "healthy"},
    }
    once = {name for waiting in waits.values() for name, condition in waiting.items() if condition == "completed_successfully"}
    assert {name: composed["services"][name]["restart"] for name in once} == dict.fromkeys(once, "on-failure:5")


def test_everybody_means_the_same_server_the_same_namespace_and_the_same_database(composed):
    told = {name: service.get("environment", {}) for name, service in composed["services"].items()}
    mine = [told[name] for name in (*OURS, "temporal-namespace")]
    assert {env["TEMPORAL_ADDRESS"] for env in (*mine, told["temporal-ui"])} == {"temporal:7233"}
    assert {env["TEMPORAL_NAMESPACE"] for env in mine} == {told["temporal-ui"]["TEMPORAL_DEFAULT_NAMESPACE"]} == {"mentorship"}
    assert {told["temporal"]["POSTGRES_SEEDS"], told["temporal-schema"]["SQL_HOST"], told["backup"]["PGHOST"]} == {"postgres"}
    users = told["postgres"]["POSTGRES_USER"], told["temporal"]["POSTGRES_USER"], told["temporal-schema"]["SQL_USER"], told["backup"]["PGUSER"]
    assert set(users) == {"temporal"}
    assert told["temporal"]["DB"] == told["temporal-schema"]["SQL_PLUGIN"]
    schema = (ROOT / "deploy" / "temporal" / "schema.sh").read_text(encoding="utf-8")
    assert {told["temporal"]["DBNAME"], told["temporal"]["VISIBILITY_DBNAME"]} == set(re.findall(r"^bring (\w+) ", schema, re.MULTILINE))
    networks = {name: set(service["networks"]) for name, service in composed["services"].items()}
    assert [name for name, env in told.items() if "postgres" in env.values() or "temporal:7233" in env.values() if "inside" not in networks[name]] == ["codec"]
    assert {"outside"} <= networks["worker"] & networks["webhook"] & networks["cli"], "mails go out"


def test_who_is_asked_from_outside_listens_there_and_is_watched_where_it_listens(composed):
    services = composed["services"]
    listens = {
        "worker": services["worker"]["environment"]["MENTORSHIP_METRICS_ADDRESS"],
        **{name: ":".join(services[name]["environment"][f"MENTORSHIP_{name.upper()}_{part}"] for part in ("HOST", "PORT")) for name in ("webhook", "codec")},
    }
    looked_at = {"worker": "/metrics", "webhook": "/readyz", "codec": "/healthz"}
    for name, address in listens.items():
        host, _, port = address.partition(":")
        assert host == "0.0.0.0", name
        assert {str(published["target"]) for published in services[name].get("ports", [])} <= {port}, name
        assert f"urlopen('http://127.0.0.1:{port}{looked_at[name]}'," in services[name]["healthcheck"]["test"][-1], name
    assert services["temporal"]["environment"]["BIND_ON_IP"] == "0.0.0.0"
    assert services["temporal"]["healthcheck"]["test"][-1] == "7233"
    assert {name: services[name]["ports"][0]["target"] for name in ("temporal-ui", "prometheus", "grafana")} == {
        "temporal-ui": 8080,
        "prometheus": 9090,
        "grafana": 3000,
    }


def test_who_is_told_to_stop_has_the_time_that_it_takes(composed):
    """What has no time of its own is killed after ten seconds, which is the worker's grace alone; a database that hangs takes thirty more."""
    given = {name: composed["services"][name]["stop_grace_period"] for name in ("postgres", "temporal", "worker", "webhook", "codec")}
    assert given == {"postgres": "1m0s", "temporal": "30s", "worker": f"{GRACE.seconds + 30}s", "webhook": "40s", "codec": "20s"}


def test_the_codec_door_reaches_neither_records_nor_temporal(composed):
    services = composed["services"]
    assert set(services["codec"]["networks"]) == {"outside"}
    assert set(services["postgres"]["networks"]) == set(services["temporal"]["networks"]) == {"inside"}
    assert composed["networks"]["inside"]["internal"]


def test_the_ui_asks_the_codec_door_with_the_browsers_sign_in(composed):
    ui = composed["services"]["temporal-ui"]["environment"]
    assert ui["TEMPORAL_CODEC_ENDPOINT"].endswith("/codec")
    assert ui["TEMPORAL_CODEC_INCLUDE_CREDENTIALS"] == "true"
    assert ui["TEMPORAL_DISABLE_WRITE_ACTIONS"] == "true", "a correction there would be in no journal"
    assert ui["TEMPORAL_CORS_ORIGINS"] == composed["services"]["codec"]["environment"]["MENTORSHIP_CODEC_ORIGINS"]


def test_everything_that_prometheus_asks_is_a_container_with_that_port(composed):
    jobs = YAML(typ="safe").load(ROOT / "deploy" / "prometheus" / "prometheus.yml")["scrape_configs"]
    asked = {sd["names"][0]: str(sd["port"]) for job in jobs for sd in job.get("dns_sd_configs", [])}
    asked |= dict(target.split(":") for job in jobs for config in job.get("static_configs", []) for target in config["targets"])
    alerts = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8")
    assert set(re.findall(r'job="([^"]*)"', alerts)) <= {job["job_name"] for job in jobs}
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
    assert settings.issuer_key_file.parent == tmp_path
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


def test_files_that_are_mounted_are_there(composed, host):
    mounted = [Path(volume["source"]) for service in composed["services"].values() for volume in service.get("volumes", []) if volume["type"] == "bind"]
    assert mounted
    assert [path for path in mounted if not (ROOT / path.relative_to(host)).exists() and not path.exists()] == []


def test_the_commands_of_the_containers_are_installed(composed):
    for name in ("worker", "webhook", "codec"):
        assert (SCRIPTS / composed["services"][name]["command"][0]).exists()
    assert f"COPY deploy/prepare.py {composed['services']['prepare']['command'][1]}\n" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
