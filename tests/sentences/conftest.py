"""One company for all stories of a file."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from certificates import issuer as issuer_keys
from certificates.issuer import Issuer
from gateway.keyring import Keyring
from gateway.settings import Settings
from records.store import Records
from tests.sentences.house import House


@pytest.fixture(scope="module")
def house(founded: Callable[[], AbstractContextManager[House]]) -> Iterator[House]:
    with founded() as house:
        yield house


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Callable[[], AbstractContextManager[House]]:
    """A company of one's own, for stories that must not know of others."""
    return contextmanager(lambda: _found(tmp_path_factory.mktemp("house"), template))


def _found(folder: Path, template: Path) -> Iterator[House]:
    shutil.copy(template, folder / "records.db")
    Keyring.generate(folder / "keys.json")
    issuer_keys.generate(folder / "issuer.json")
    settings = Settings(
        database_url=f"sqlite+aiosqlite:///{folder}/records.db",
        key_file=folder / "keys.json",
        mail_from="Mentorship <mentorship@example.org>",
        base_url="http://hook",
        link_secrets=(SecretStr("a secret of this test, long enough to be one"),),
        issuer_key_file=folder / "issuer.json",
        issuer_name="Example Ltd",
    )
    with asyncio.Runner() as runner:
        records = runner.run(Records.open(settings.database_url, Keyring.load(settings.key_file)))
        yield House(runner, records, settings, Issuer.load(settings.issuer_key_file, name=settings.issuer_name))
        runner.run(records.close())
