"""The folder of a local stack: its keys and secrets, its records, and the environment that its programs read."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO

from certificates import issuer as issuer_keys
from gateway.keyring import Keyring, KeyringUnusable
from local.ports import HOST, Ports
from local.trouble import Trouble
from records.database_url import of_file

SENDER = "local"
"""The name of the only web hook secret that is made here; it may speak for every cohort."""

_FOREIGN = ("TEMPORAL_", "MENTORSHIP_")
"""Variables of the person's environment that may belong to another stack, and must not reach this one."""


@dataclass(frozen=True)
class Place:
    folder: Path

    @property
    def mails(self) -> Path:
        return self.folder / "mails"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def certificates(self) -> Path:
        return self.folder / "certificates"

    @property
    def histories(self) -> Path:
        return self.folder / "histories"

    @property
    def outcome(self) -> Path:
        return self.folder / "outcome.json"

    @property
    def env_file(self) -> Path:
        return self.folder / "env"

    @property
    def temporal_store(self) -> Path:
        return self.folder / "temporal.db"

    @property
    def key_file(self) -> Path:
        return self.folder / "keys.json"

    @property
    def issuer_file(self) -> Path:
        return self.folder / "issuer.json"

    @property
    def records_file(self) -> Path:
        return self.folder / "records.db"

    @property
    def database_url(self) -> str:
        return of_file(self.records_file)

    @cached_property
    def webhook_secret(self) -> str:
        return self._secrets["webhook"]

    @cached_property
    def _secrets(self) -> dict[str, str]:
        """The secrets, made at the first start for this folder only, and kept with mode 0600 like every key here. Raises Trouble."""
        path = self.folder / "secrets.json"
        try:
            found: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
            if not isinstance(found, dict):
                raise ValueError  # noqa: TRY301,TRY004 - as what is no JSON
        except OSError as error:
            raise Trouble(f"{path}: cannot be read ({error.strerror})") from error
        except ValueError:
            raise Trouble(f"{path}: it is not whole; put its copy back, or move it away: without it links in old mails stop opening") from None
        lacking = {name: make() for name, make in _SECRETS.items() if name not in found}
        if lacking:  # the folder is new, or from an earlier release
            found |= lacking
            _write_private(path, json.dumps(found, indent=2) + "\n")
        return found

    def prepare(self) -> None:
        """Creates the folder with everything that programs need before they start. Existing files stay. Raises Trouble.

        Keys are made only if there are no records: new keys could not open those, and would seal what the old keys, if restored, could not open.
        """
        if self.records_file.exists() and not self.key_file.exists():
            raise Trouble(f"{self.records_file} is there and {self.key_file} is not: put the keys back that sealed it, or move it away to begin anew")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (self.mails, self.logs):
                folder.mkdir(exist_ok=True)
                if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
                    raise Trouble(f"{folder}: this user may not read and write in it")
            Keyring.load_or_generate(self.key_file)
            if not self.issuer_file.exists():
                issuer_keys.generate(self.issuer_file)
        except KeyringUnusable as error:
            raise Trouble(str(error)) from error
        except OSError as error:
            raise Trouble(f"{error.filename or self.folder}: {error.strerror or 'cannot be written'}") from error

    def clear(self) -> None:
        """Deletes what an earlier demo left. Raises Trouble for a folder that contains anything else."""
        if not self.folder.exists():
            return
        ours = {*_MADE_HERE, *(f"records.db{end}" for end in ("", "-wal", "-shm"))}
        others = sorted(path.name for path in self.folder.iterdir() if path.name not in ours)
        if others:
            raise Trouble(f"{self.folder} holds something that no demo made: {', '.join(others[:5])}; choose another --folder")
        shutil.rmtree(self.folder)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Allows one stack per folder. Raises Trouble if another one runs in it, or if none can."""
        path = self.folder.with_name(f"{self.folder.name}.lock")
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            lock = path.open("w")
        except OSError as error:
            raise Trouble(f"{error.filename or path}: {error.strerror or 'cannot be written'}") from error
        with lock as file:
            _lock(file, self.folder)
            yield

    def settings(self, ports: Ports) -> dict[str, str]:
        """`TEMPORAL_*` and `MENTORSHIP_*`, which tell our programs where everything is."""
        return {
            "TEMPORAL_ADDRESS": ports.address,
            "TEMPORAL_NAMESPACE": "default",
            "TEMPORAL_CONFIG_FILE": os.devnull,
            "MENTORSHIP_DATABASE_URL": self.database_url,
            "MENTORSHIP_KEY_FILE": str(self.key_file),
            "MENTORSHIP_ISSUER_KEY_FILE": str(self.issuer_file),
            "MENTORSHIP_ISSUER_NAME": "Mentorship on this machine",
            "MENTORSHIP_SMTP_HOST": HOST,
            "MENTORSHIP_SMTP_PORT": str(ports.smtp),
            "MENTORSHIP_SMTP_TLS": "none",
            "MENTORSHIP_MAIL_FROM": "Mentorship <mentorship@example.org>",
            "MENTORSHIP_BASE_URL": ports.web_url,
            "MENTORSHIP_WEBHOOK_HOST": HOST,
            "MENTORSHIP_WEBHOOK_PORT": str(ports.web),
            "MENTORSHIP_LINK_SECRETS": json.dumps([self._secrets["links"]]),
            "MENTORSHIP_CODEC_HOST": HOST,
            "MENTORSHIP_CODEC_PORT": str(ports.codec),
            "MENTORSHIP_CODEC_ORIGINS": json.dumps([ports.ui_url, f"http://localhost:{ports.ui}"]),
            "MENTORSHIP_CODEC_TOKENS": json.dumps([self._secrets["codec"]]),
            "MENTORSHIP_WEBHOOK_SECRETS": json.dumps({SENDER: {"secret": self.webhook_secret, "scope": ["*", "people:*"]}}),
        }

    def environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        """The person's own environment without the settings of other stacks, and with these settings.

        `MENTORSHIP_STACK` means nothing to our programs: it serves to find the processes of this folder's stack.
        """
        found = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        if sys.pycache_prefix and not sys.dont_write_bytecode:
            found.pop("PYTHONDONTWRITEBYTECODE", None)
            found["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
        return {**found, "MENTORSHIP_STACK": str(self.folder), **settings}

    def write_env(self, ports: Ports) -> None:
        """Writes a file for a shell to source, so that `mentorship …` reaches this stack."""
        lines = [f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH"]
        lines += [f"export {name}={shlex.quote(value)}" for name, value in self.settings(ports).items()]
        _write_private(self.env_file, "\n".join(lines) + "\n")


_SECRETS: dict[str, Callable[[], str]] = {
    "links": lambda: secrets.token_urlsafe(48),
    "webhook": lambda: "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(),
    "codec": lambda: secrets.token_urlsafe(48),
}

_MADE_HERE = ("mails", "logs", "certificates", "histories", "outcome.json", "keys.json", "issuer.json", "secrets.json", "env")


def _write_private(path: Path, text: str) -> None:
    """Writes in one step: after a crash or on a full disk, the old content is still there. Raises Trouble."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise Trouble(f"{path}: {error.strerror or 'cannot be written'}") from error
    finally:
        partial.unlink(missing_ok=True)


def _lock(file: IO[str], folder: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise Trouble(f"another stack is running in {folder}") from None
