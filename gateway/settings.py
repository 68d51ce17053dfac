"""Every `MENTORSHIP_*` setting with its default. Temporal's own `TEMPORAL_*` say how to reach Temporal (gateway/connect.py).

Neither `repr` nor an error ever shows a secret.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
from email.utils import getaddresses
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from gateway.expected import expected
from gateway.keyring import Keyring
from mentorship.blank import is_blank
from mentorship.people import is_id

PREFIX = "MENTORSHIP_"
_SECRETS = f"{PREFIX}SECRETS_DIR"
PEOPLE = "people:*"
"""The scope for HR's events, about anybody. No cohort can have this id, and `*` does not include it."""
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
"""How long to wait for somebody. A day at most: clocks cannot count much longer times, and nobody waits that long."""
Rate = Annotated[float, Field(ge=1e-6, allow_inf_nan=False)]
_ADDRESS = re.compile(r"[^\s@<>(),;:\\\"\[\]]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?", re.ASCII)
_LISTENS = re.compile(r"(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}", re.ASCII)
_DID = re.compile(r"did:web(?::(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})+)+", re.ASCII)
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?|https?://\[[0-9a-f:]+\](:[0-9]+)?")


class SettingsInvalid(Exception):  # noqa: N818 - it says what is the case
    """Some `MENTORSHIP_*` settings cannot be used. The message has one line per problem, with the variable's name and never its value."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class WebhookSecret(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """What one program signs with, and what it may speak for: cohorts by their ids, `*` for all of them, `people:*` for HR's events."""

    secret: SecretStr
    scope: Annotated[tuple[str, ...], Field(min_length=1)] = ("*",)

    @field_validator("secret")
    @classmethod
    def _shape(cls, secret: SecretStr) -> SecretStr:
        text = secret.get_secret_value()
        try:
            size = len(base64.b64decode(text.removeprefix("whsec_"), validate=True))
        except (binascii.Error, ValueError):
            size = 0
        if not text.startswith("whsec_") or not 24 <= size <= 64:
            raise ValueError("expected `whsec_` and base64 of 24 to 64 bytes")
        return secret

    @field_validator("scope")
    @classmethod
    def _cohorts(cls, scope: tuple[str, ...]) -> tuple[str, ...]:
        if not all(item in {"*", PEOPLE} or is_id(item) for item in scope):
            raise ValueError("expected cohort ids, `*` or `people:*`")
        return scope

    def allows(self, cohort: str) -> bool:
        """Whether a message signed with this secret may be about that cohort."""
        return "*" in self.scope or cohort in self.scope

    @property
    def allows_people(self) -> bool:
        """Whether a message signed with this secret may say who left, is away, or has another address."""
        return PEOPLE in self.scope


def _decoded(value: Any) -> Any:
    """Decodes a variable that holds JSON. Our error replaces the decoder's own, which would contain the text."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            raise ValueError("expected JSON") from None
    return value


class Settings(BaseSettings):
    """One process's settings, frozen. `Settings()` reads the environment; tests pass fields by name. Load with `load()` for clear errors."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True, env_ignore_empty=True)

    # records and keys
    database_url: str = Field(default="sqlite+aiosqlite:///.mentorship/records.db", repr=False)  # may carry a password
    key_file: Path = Path(".mentorship/keys.json")
    keys: SecretStr | None = None
    """The key file's JSON itself, instead of a file."""

    # mail
    smtp_host: str = "localhost"
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 25
    smtp_user: str | None = Field(default=None, repr=False)
    smtp_password: SecretStr | None = None
    smtp_tls: Literal["none", "starttls", "tls"] = "starttls"
    smtp_timeout: Seconds = 30.0
    mail_from: str = "Mentorship <mentorship@localhost>"

    # pages and links
    base_url: str = "http://localhost:8080"
    """Where people and programs reach the web hook from outside; links in mails and certificates begin with it. No slash at the end."""
    link_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """These sign the links of pages, oldest to newest: the newest signs, and all are accepted. A JSON list, or one secret."""

    # web hook
    webhook_host: str = "127.0.0.1"
    webhook_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    webhook_secrets: Annotated[dict[str, WebhookSecret], NoDecode, Field(repr=False)] = {}
    """JSON: `{"hr-system": {"secret": "whsec_…", "scope": ["spring-2027"]}}`."""
    webhook_max_body: Annotated[int, Field(ge=1024)] = 65_536
    """The most bytes that a program may send; more gets a 413. Forms on pages have their own limit."""
    webhook_rate: Rate = 600.0
    """Requests per minute for each secret, in the long run; more get a 429."""
    webhook_burst: Annotated[int, Field(ge=1)] = 120
    """How many requests of one secret may come at once."""
    webhook_page_rate: Rate = 0.5
    """Forms per minute for each person in each mentorship, in the long run; more get a 429."""
    webhook_page_burst: Annotated[int, Field(ge=1)] = 120
    """How many forms of one person in one mentorship may come at once."""
    webhook_timeout: Seconds = 10.0
    """Seconds that Temporal has to take a signal; after them the answer is 503."""
    webhook_receipt_timeout: Seconds = 2.0
    """Seconds that a workflow has to answer for a receipt; after them the receipt says `waiting`."""
    webhook_retry_after: Annotated[int, Field(ge=1)] = 5
    """The Retry-After of a 503, in seconds."""

    # Temporal (where it is: TEMPORAL_*)
    connect_timeout: Seconds = 10.0
    """Seconds that the first connection may take."""

    # deployments of the worker (Temporal's Worker Deployments)
    deployment: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$")] = "mentorship"
    build_id: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")] = None
    """Names this release of the worker. With it a worker waits until its build is made the current one; without it there are no builds."""

    # admins' clear text in Temporal's UI (webhook/codec)
    codec_host: str = "127.0.0.1"
    codec_port: Annotated[int, Field(ge=0, le=65535)] = 8234
    codec_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """The UI's origin, exactly as browsers send it: `https://temporal.example.org`. A JSON list if the UI has several names."""
    codec_tokens: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """Tokens that open clear text: a JSON list of all accepted ones, or a single one. Without any, there is no clear text."""
    codec_max_body: Annotated[int, Field(ge=1024)] = 8_388_608
    """The most bytes in a request's body; more get a 413. A payload of 2 MiB, Temporal's own limit, is about 2.8 MB in base64."""

    # operators
    update_timeout: Seconds = 15.0
    """Seconds that an operator's command waits for a worker's answer."""

    # certificates
    issuer_key_file: Path = Path(".mentorship/issuer.json")
    issuer_name: str = "Mentorship programme"
    issuer_did: str | None = None
    issuer_url: str | None = None
    """The issuer's page; by default the base URL."""
    font_folder: Path | None = None

    # logs and metrics
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    metrics_address: str | None = None
    """Where a worker serves the SDK's metrics, such as `127.0.0.1:9464`; by default nowhere. The web hook has `/metrics`."""

    @field_validator("link_secrets", "codec_tokens", "codec_origins", mode="before")
    @classmethod
    def _links(cls, value: Any) -> Any:
        decoded = _decoded(value)
        return (decoded,) if isinstance(decoded, str) else decoded

    @field_validator("link_secrets", "codec_tokens")
    @classmethod
    def _long(cls, secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(secret.get_secret_value()) < 32 for secret in secrets):
            raise ValueError("expected secrets of at least 32 characters")
        return secrets

    @field_validator("webhook_secrets", mode="before")
    @classmethod
    def _secrets(cls, value: Any) -> Any:
        decoded = _decoded(value)
        if isinstance(decoded, str):
            raise ValueError('expected JSON such as {"hr-system": {"secret": "whsec_…", "scope": ["*"]}}')  # noqa: TRY004 - pydantic wants ValueError
        return decoded

    @field_validator("codec_origins")
    @classmethod
    def _origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        if any(not _ORIGIN.fullmatch(origin) for origin in origins):
            raise ValueError("expected scheme, host and port only, such as https://temporal.example.org")
        return origins

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, sender: str) -> str:
        found = getaddresses([sender])
        if not sender.isprintable() or len(found) != 1 or not found[0][1].isascii() or not _ADDRESS.fullmatch(found[0][1]):
            raise ValueError("expected one mail address, with or without a name, such as Mentorship <mentorship@example.org>")
        return sender

    @field_validator("smtp_host", "webhook_host", "codec_host")
    @classmethod
    def _bare(cls, host: str) -> str:
        """Takes the brackets off an IPv6 address, which needs them only where a port follows."""
        return host[1:-1] if host.startswith("[") and host.endswith("]") else host

    @field_validator("base_url")
    @classmethod
    def _base(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError("expected an address with http:// or https://")
        if not _has_a_host(url) or not url.isprintable() or set(url) & set(" ?#@"):
            raise ValueError("expected scheme, host, and a port or a path if need be, such as https://mentoring.example.org")
        return url.rstrip("/")

    @field_validator("issuer_name")
    @classmethod
    def _printed(cls, name: str) -> str:
        if is_blank(name):
            raise ValueError("expected a name that can be seen: every certificate prints it")
        return name

    @field_validator("issuer_did")
    @classmethod
    def _did(cls, did: str | None) -> str | None:
        if did is not None and not _DID.fullmatch(did):
            raise ValueError("expected did:web:host or did:web:host:path, a port as %3A8443, or nothing for the did:key of the signing key")
        return did

    @field_validator("issuer_url")
    @classmethod
    def _page(cls, url: str | None) -> str | None:
        if url is not None and (not url.startswith(("http://", "https://")) or not _has_a_host(url) or not url.isprintable() or " " in url):
            raise ValueError("expected an address with http:// or https://, such as https://example.org/mentoring")
        return url

    @field_validator("font_folder")
    @classmethod
    def _fonts(cls, folder: Path | None) -> Path | None:
        if folder is not None and not os.path.isdir(folder):  # noqa: PTH112 - also says so of what nobody may look at
            raise ValueError("expected a folder that is there, with fonts in it")
        if folder is not None and not os.access(folder, os.R_OK | os.X_OK):
            raise ValueError("expected a folder that this process's user may read")
        return folder

    @field_validator("metrics_address")
    @classmethod
    def _listens(cls, address: str | None) -> str | None:
        if address is not None and not _LISTENS.fullmatch(address):
            raise ValueError("expected the address and port of this machine, such as 127.0.0.1:9464")
        return address

    @classmethod
    def names(cls) -> frozenset[str]:
        """Every variable that is read."""
        return frozenset(f"{PREFIX}{name.upper()}" for name in cls.model_fields) | {_SECRETS}

    @classmethod
    def load(cls, **given: Any) -> Self:
        """Reads `given` first, then the environment, then the files in MENTORSHIP_SECRETS_DIR, each named after its variable.

        Raises SettingsInvalid with every problem at once. Unreadable files are reported alone, since nobody knows what is in them.
        """
        folder = os.environ.get(_SECRETS) or None
        if folder is not None and (unreadable := _unreadable(Path(folder).expanduser(), cls.names())):
            raise SettingsInvalid(unreadable)
        try:
            return cls(_secrets_dir=folder, **given)
        except ValidationError as error:
            found = error.errors(include_input=False, include_url=False)
            raise SettingsInvalid(tuple(_line(problem["loc"], expected(problem)) for problem in found)) from None
        except SettingsError as error:
            raise SettingsInvalid((str(error),)) from None

    def keyring(self) -> Keyring:
        """The keys of `keys` or `key_file`. Raises `KeyringUnusable`, also when the file is missing: it never makes keys."""
        return Keyring.load(self.key_file, self.keys.get_secret_value() if self.keys else None)


def _has_a_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # the port is none, or the brackets hold no address
        return False


def _unreadable(folder: Path, names: frozenset[str]) -> tuple[str, ...]:
    """What cannot be read in MENTORSHIP_SECRETS_DIR. Pydantic would only warn and take defaults, or raise some other error."""
    try:
        files = sorted(path for path in folder.iterdir() if path.name.upper() in names)
    except OSError as error:
        return (f"{_SECRETS}: {folder}: {error.strerror}, expected a folder of files that are called like their variables",)
    return tuple(f"{path.name.upper()}: {path}: {wrong}, expected a file with its value in UTF-8" for path in files if (wrong := _wrong(path)) is not None)


def _wrong(path: Path) -> str | None:
    try:
        if not path.is_file():
            return "is a folder" if path.is_dir() else "is no file"
        if path.parent.resolve() not in path.resolve().parents:
            return "leads out of its folder"
        path.read_text(encoding="utf-8")
    except OSError as error:
        return error.strerror or "cannot be read"
    except UnicodeDecodeError:
        return "is not UTF-8"
    return None


def _line(where: tuple[int | str, ...], what: str) -> str:
    name, *rest = [str(part) for part in where] or ["settings"]
    inside = "".join(f".{part}" for part in rest)
    return f"{PREFIX}{name.upper()}{inside}: {what}"
