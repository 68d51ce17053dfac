from __future__ import annotations

import base64
import json
import os
import re

import pytest
from pydantic import ValidationError

from gateway.keyring import KeyringUnusable
from gateway.settings import Settings, SettingsInvalid

SECRET = "whsec_" + base64.b64encode(b"canary-58311-canary-58311").decode()


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("MENTORSHIP_")]:
        monkeypatch.delenv(name)


def test_without_any_variable_there_is_a_default_for_everything():
    settings = Settings.load()
    assert settings.database_url.startswith("sqlite+aiosqlite:///")
    assert settings.webhook_max_body == 65_536
    assert settings.webhook_secrets == {}


def test_variables_are_read_by_their_names(monkeypatch):
    monkeypatch.setenv("MENTORSHIP_WEBHOOK_SECRETS", json.dumps({"hr": {"secret": SECRET, "scope": ["spring-2027"]}}))
    monkeypatch.setenv("MENTORSHIP_LINK_SECRETS", json.dumps(["o" * 32, "n" * 32]))
    monkeypatch.setenv("MENTORSHIP_BASE_URL", "https://mentorship.example.org/")
    monkeypatch.setenv("MENTORSHIP_SMTP_PORT", "587")
    settings = Settings.load()
    assert settings.webhook_secrets["hr"].allows("spring-2027")
    assert not settings.webhook_secrets["hr"].allows("autumn-2027")
    assert [secret.get_secret_value()[0] for secret in settings.link_secrets] == ["o", "n"]
    assert (settings.base_url, settings.smtp_port) == ("https://mentorship.example.org", 587)


def test_one_link_secret_needs_no_list(monkeypatch):
    monkeypatch.setenv("MENTORSHIP_LINK_SECRETS", "s" * 40)
    assert len(Settings.load().link_secrets) == 1


def test_a_secret_without_a_scope_speaks_for_every_cohort():
    assert Settings.load(webhook_secrets={"hr": {"secret": SECRET}}).webhook_secrets["hr"].allows("anything")


def test_every_problem_is_told_at_once_by_its_variable(monkeypatch):
    monkeypatch.setenv("MENTORSHIP_SMTP_PORT", "many")
    monkeypatch.setenv("MENTORSHIP_BASE_URL", "mentorship.example.org")
    monkeypatch.setenv("MENTORSHIP_WEBHOOK_SECRETS", '{"hr": {"secret": "x", "scope": []}}')
    with pytest.raises(SettingsInvalid) as caught:
        Settings.load()
    named = {line.partition(":")[0] for line in str(caught.value).splitlines()}
    assert named == {"MENTORSHIP_SMTP_PORT", "MENTORSHIP_BASE_URL", "MENTORSHIP_WEBHOOK_SECRETS.hr.secret", "MENTORSHIP_WEBHOOK_SECRETS.hr.scope"}


CANARY = "canary-58311"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WEBHOOK_SECRETS", f'{{"hr": {{"secret": "{CANARY}"}}}}'),
        ("WEBHOOK_SECRETS", f'{{"hr": {{"secret": "whsec_{CANARY}", "scope": "*"}}}}'),
        ("WEBHOOK_SECRETS", f'{{"hr": "{CANARY}"'),
        ("WEBHOOK_SECRETS", CANARY),
        ("LINK_SECRETS", f'["{CANARY}"]'),
        ("LINK_SECRETS", CANARY),
        ("LINK_SECRETS", f'["{CANARY}'),
        ("SMTP_TLS", CANARY),
        ("SMTP_PORT", CANARY),
        ("LOG_LEVEL", CANARY),
    ],
)
def test_an_error_never_shows_a_value(name, value, monkeypatch):
    monkeypatch.setenv(f"MENTORSHIP_{name}", value)
    with pytest.raises(SettingsInvalid) as caught:
        Settings.load()
    error: BaseException | None = caught.value
    assert f"MENTORSHIP_{name}" in str(error)
    while error is not None:
        assert CANARY not in f"{error!r} {error}"
        error = error.__cause__
    with pytest.raises(ValidationError) as direct:
        Settings()
    assert CANARY not in str(direct.value)


@pytest.mark.parametrize(
    ("name", "size", "taken"),
    [
        *(("webhook_secrets", size, 24 <= size <= 64) for size in (16, 23, 24, 64, 65)),
        *((name, size, size >= 32) for name in ("link_secrets", "codec_tokens") for size in (31, 32)),
    ],
)
def test_a_secret_that_could_be_guessed_is_refused(name, size, taken):
    """Whoever guesses one can send as anybody, open every page, or read Temporal's history in clear."""
    long = {"hr": {"secret": "whsec_" + base64.b64encode(bytes(size)).decode()}} if name == "webhook_secrets" else ("n" * 40, "s" * size)
    if taken:
        assert getattr(Settings.load(**{name: long}), name)
        return
    with pytest.raises(SettingsInvalid, match=f"MENTORSHIP_{name.upper()}"):
        Settings.load(**{name: long})


@pytest.mark.parametrize("secret", [base64.b64encode(bytes(32)).decode(), f"whsec_{base64.b64encode(bytes(32)).decode()}!"])
def test_a_webhook_secret_is_written_as_the_standard_has_it(secret):
    with pytest.raises(SettingsInvalid, match="expected `whsec_` and base64"):
        Settings.load(webhook_secrets={"hr": {"secret": secret}})


def test_what_is_open_and_how_wide_by_default():
    """Nothing listens beyond this machine, mail is not sent in clear, and nobody sends faster than decision 35 says."""
    settings = Settings.load()
    assert (settings.webhook_host, settings.codec_host, settings.metrics_address) == ("127.0.0.1", "127.0.0.1", None)
    assert settings.smtp_tls == "starttls"
    assert (settings.webhook_rate, settings.webhook_burst, settings.webhook_page_rate, settings.webhook_page_burst) == (600, 120, 0.5, 120)


@pytest.mark.parametrize("name", ["webhook_host", "codec_host", "smtp_host"])
def test_an_ipv6_address_is_a_host_with_brackets_and_without(name, monkeypatch):
    for written in ("[::1]", "::1"):
        monkeypatch.setenv(f"MENTORSHIP_{name.upper()}", written)
        assert getattr(Settings.load(), name) == "::1"


def test_nothing_secret_stands_in_the_settings_own_text():
    settings = Settings.load(
        database_url=f"postgresql+asyncpg://m:{CANARY}@db/m",
        keys=CANARY,
        smtp_user=CANARY,
        smtp_password=CANARY,
        link_secrets=[CANARY * 3],
        webhook_secrets={"hr": {"secret": SECRET}},
    )
    told = f"{settings!r} {settings} {settings.webhook_secrets!r}"
    for secret in (CANARY, SECRET):
        assert secret not in told


def test_a_keyring_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(KeyringUnusable):
        Settings.load(key_file=tmp_path / "keys.json").keyring()
    assert not (tmp_path / "keys.json").exists()


def test_keys_from_the_environment_come_before_the_file(tmp_path, monkeypatch, keyring):
    key = base64.b64encode(bytes(32)).decode()
    monkeypatch.setenv("MENTORSHIP_KEYS", json.dumps({"active": "k7", "keys": {"k7": key}, "index": key}))
    assert Settings.load(key_file=tmp_path / "keys.json").keyring().active == "k7"


REFUSED = {
    "mail_from": ["junk", "Mentoring team", "a@x.org, b@x.org", "Ünï@x.org", "x@exämple.org", "a\nb@x.org", "A <a@x.org>\nBcc: b@x.org", "@x.org", "a@", " "],
    "base_url": [
        "http://",
        "https:///p",
        "https://x.org?y=1",
        "https://x.org#y",
        "https://me@x.org",
        "https://x.org/a b",
        "https://x.org:many",
        "https://x.org:0",
    ],
    "issuer_name": [" ", "\u200b", "\u3164"],
    "issuer_did": ["junk", "did:key:z6Mk", "did:web:", "did:web:a%ZZ", "did:web:a:8443/people", "did:web:a::b"],
    "issuer_url": ["junk", "javascript:x", "https://", "https://x.org/a b"],
    "font_folder": ["/nowhere/fonts", "/etc/passwd"],
    "smtp_port": ["many", "0", "65536", "1.5"],
    "smtp_tls": ["maybe"],
    "build_id": ["a b"],
    "webhook_max_body": ["1"],
    "link_secrets": ["[1]", "{", "short"],
    "webhook_secrets": [
        "x",
        "[]",
        '{"a": 1}',
        '{"a": {}}',
        '{"a": {"secret": "x"}}',
        '{"a": {"secret": "x", "scope": []}}',
        '{"a": {"secret": "x", "more": 1}}',
    ],
    "metrics_address": ["junk", ":9464", "9464", "localhost:9464", "127.0.0.1"],
    **{
        name: ["inf", "nan", "0", "-1", "1e300"] for name in ("smtp_timeout", "webhook_timeout", "webhook_receipt_timeout", "connect_timeout", "update_timeout")
    },
    **{name: ["inf", "nan", "0", "1e-300"] for name in ("webhook_rate", "webhook_page_rate")},
}
TAKEN = {
    "mail_from": ["mentoring@localhost", "Mentoring <m@x.org>", '"Team, of Mentoring" <m@x.org>', "Förderung <m@mail.x.org>"],
    "base_url": ["http://localhost:8080", "https://x.org/mentoring/", "https://[::1]:8080", "https://exämple.org"],
    "issuer_did": ["did:web:x.org", "did:web:x.org:mentoring", "did:web:localhost%3A8443"],
    "issuer_url": ["https://x.org/mentoring?lang=en#us"],
    "font_folder": ["/usr", "."],
    "metrics_address": ["127.0.0.1:9464", "[::1]:9464", "0.0.0.0:9464"],
    "update_timeout": ["0.1", "86400"],
    "webhook_page_rate": ["0.01", "600"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in REFUSED.items() for value in values])
def test_what_would_only_fail_later_is_refused_by_its_variable_before_anything_starts(name, value, monkeypatch):
    """A sender without an address would stop every mail, a link without a host opens nothing, and no clock counts to infinity."""
    monkeypatch.setenv(f"MENTORSHIP_{name.upper()}", value)
    with pytest.raises(SettingsInvalid) as caught:
        Settings.load()
    for told in caught.value.problems:
        assert re.match(rf"MENTORSHIP_{name.upper()}[a-z0-9.]*: ", told)
        assert "expected" in told
        assert not set(told.split()) & {"Input", "Value", "String", "Tuple", "instance"}  # pydantic's own words, and the names of our classes


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in TAKEN.items() for value in values])
def test_what_can_be_worked_with_is_taken(name, value, monkeypatch):
    monkeypatch.setenv(f"MENTORSHIP_{name.upper()}", value)
    assert Settings.load()


def test_key_files_that_cannot_be_read_are_told_by_their_variables(tmp_path):
    """An operator who reads that something is a folder has to know which variable said that it should be a file."""
    with pytest.raises(KeyringUnusable, match=r"Is a directory\); see MENTORSHIP_KEY_FILE"):
        Settings.load(key_file=tmp_path).keyring()


@pytest.fixture
def secrets(tmp_path, monkeypatch):
    monkeypatch.setenv("MENTORSHIP_SECRETS_DIR", str(tmp_path))
    return tmp_path


def test_a_setting_may_be_a_file_that_is_called_like_its_variable(secrets):
    (secrets / "mentorship_smtp_password").write_text("pässword\n")
    (secrets / "keys").write_bytes(b"\xff of nobody's")
    password = Settings.load().smtp_password
    assert password is not None
    assert password.get_secret_value() == "pässword"


@pytest.mark.parametrize("kind", ["nothing", "file"])
def test_a_folder_of_secrets_that_is_none_is_told_and_no_default_is_taken(tmp_path, monkeypatch, kind):
    place = tmp_path / "secrets"
    if kind == "file":
        place.write_text("")
    monkeypatch.setenv("MENTORSHIP_SECRETS_DIR", str(place))
    with pytest.raises(SettingsInvalid) as caught:
        Settings.load()
    why = "Not a directory" if kind == "file" else "No such file or directory"
    assert str(caught.value) == f"MENTORSHIP_SECRETS_DIR: {place}: {why}, expected a folder of files that are called like their variables"


def test_every_secret_that_cannot_be_read_is_told_in_a_line_and_never_shown(secrets):
    (secrets / "MENTORSHIP_SMTP_PASSWORD").mkdir()
    (secrets / "mentorship_link_secrets").write_bytes(CANARY.encode() + b"\xff")
    (secrets / "mentorship_keys").symlink_to("nowhere")
    (secrets / "mentorship_smtp_user").symlink_to("/etc/hostname")
    with pytest.raises(SettingsInvalid) as caught:
        Settings.load()
    assert set(caught.value.problems) == {
        f"MENTORSHIP_{name.upper()}: {secrets / file}: {wrong}, expected a file with its value in UTF-8"
        for name, file, wrong in (
            ("smtp_password", "MENTORSHIP_SMTP_PASSWORD", "is a folder"),
            ("link_secrets", "mentorship_link_secrets", "is not UTF-8"),
            ("keys", "mentorship_keys", "is no file"),
            ("smtp_user", "mentorship_smtp_user", "leads out of its folder"),
        )
    }
    assert CANARY not in str(caught.value)
