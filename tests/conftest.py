"""What tests at every level may use: a real mail server, real records, real keys. Nothing leaves the machine."""

from __future__ import annotations

import asyncio
import email
import email.policy
import gc
import os
import shutil
import signal
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from playwright.async_api import expect
from pydantic import SecretStr
from xdist.scheduler import LoadFileScheduling

from certificates import issuer as issuer_keys
from certificates.issuer import Issuer
from gateway.keyring import Keyring
from gateway.settings import Settings
from records import migrate
from records.store import Records

# The same examples every time, with no deadline on a slow machine.
hypothesis_settings.register_profile(
    "suite", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
hypothesis_settings.load_profile("suite")
expect.set_options(timeout=30_000)  # ms: a page of Temporal's UI loads slowly while other tests run


MEMORY = Path("/dev/shm")
ROOM = 2 * 1024**3


def pytest_configure() -> None:
    """Keeps the tests' files in memory where there is room: records flush each transaction to the disk, which takes 5 ms about ten times a test.

    What a killed process had written survives all the same; only a power failure would show the difference.
    """
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a script: what tests start would not heed Ctrl-C either
        signal.signal(signal.SIGINT, signal.default_int_handler)


LONGEST = (
    "local/test_demo.py",
    "webhook/pages/test_browser.py",
    "webhook/test_contract.py",
    "service/test_kills.py",
    "issuance/test_killed_workers.py",
    "webhook/pages/test_journey.py",
    "starter/test_rehearsal_in_real_time.py",
    "webhook/coordinator/test_browser.py",
    "starter/on_temporal/test_corrections.py",
)
"""Files that take most of a minute or more. They begin first, so that no worker is still busy with one when the other has finished."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    rank = {here / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path, len(LONGEST)))


class FileByFile(LoadFileScheduling):  # type: ignore[misc]  # it has no types
    """Gives each worker one file at a time, but all of tests/local: two stacks that begin at once find the same ports free, and one would reach the other."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "tests/local" if file.startswith("tests/local/") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FileByFile:
    return FileByFile(config, log)


def pytest_collection_finish() -> None:
    """Freezes the objects loaded so far. Collecting them repeatedly takes a tenth of the time, and a workflow takes a pause of a second for a deadlock."""
    gc.collect()
    gc.freeze()


class Mailbox:
    """A real SMTP server on loopback. It keeps the mails it is given, refuses those that a test tells it to, and answers when the test lets it."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuse: dict[str, str] = {}
        self.given = 0
        """All mails that it was given, including those that it has not answered or has put off."""
        self.answers = asyncio.Event()
        self.answers.set()
        self.puts_off = 0
        """How many mails it still refuses, each once it has received all of it."""
        self._server: asyncio.Server | None = None

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - the names that aiosmtpd calls
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the names that aiosmtpd calls
        self.given += 1
        await self.answers.wait()
        if self.puts_off:
            self.puts_off -= 1
            return "451 try again later"
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"

    async def start(self) -> None:
        self._server = await asyncio.get_running_loop().create_server(lambda: SMTP(self, hostname="localhost"), "127.0.0.1", 0)

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if address in mail["To"]]


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    box = Mailbox()
    await box.start()
    yield box
    box.stop()


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    Keyring.generate(tmp_path / "keys.json")
    return Keyring.load(tmp_path / "keys.json")


@pytest.fixture
def settings(tmp_path: Path, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings that a process of this test would read: every store is in a folder of the test's own."""
    for name in ("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return Settings(
        database_url=f"sqlite+aiosqlite:///{tmp_path}/records.db",
        key_file=tmp_path / "keys.json",
        smtp_host="127.0.0.1",
        smtp_port=mailbox.port,
        smtp_tls="none",
        mail_from="Mentorship <mentorship@example.org>",
        base_url="http://127.0.0.1:8080",
        link_secrets=(SecretStr("a secret of this test, long enough to be one"),),
        issuer_key_file=tmp_path / "issuer.json",
        issuer_name="Example Ltd",
    )


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Empty records in a SQLite file, made once; each test that needs records copies it."""
    path = tmp_path_factory.mktemp("template") / "records.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
async def records(settings: Settings, keyring: Keyring, tmp_path: Path, template: Path) -> AsyncIterator[Records]:
    shutil.copy(template, tmp_path / "records.db")
    opened = await Records.open(settings.database_url, keyring)
    yield opened
    await opened.close()


@pytest.fixture
def issuer(settings: Settings) -> Issuer:
    issuer_keys.generate(settings.issuer_key_file)
    return Issuer.load(settings.issuer_key_file, name=settings.issuer_name)
