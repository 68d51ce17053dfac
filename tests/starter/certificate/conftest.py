"""One certificate, and a worker that makes others."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest

from activities.certificates import ReissueRequest
from certificates.typesetting import Unprintable
from gateway.logs import configure
from records.store import Records
from starter import certificate
from tests.starter.certificate.place import BASE, Place, nothing
from worker.registrar import RecordsRegistrar


@pytest.fixture
def place(tmp_path, template, monkeypatch):
    return Place(tmp_path, template, monkeypatch)


@pytest.fixture
def web_place(tmp_path, template, monkeypatch):
    return Place(tmp_path, template, monkeypatch, did="did:web:mentors.example.org")


@pytest.fixture
def worker(place, monkeypatch):
    """Does at once what Temporal is asked, as a worker would; tests/issuance has real ones."""
    asked = []

    async def do(_, mentorship, person, *, results=None, patience=0.0):
        asked.append((mentorship, person, results))
        records = await Records.open(place.url, place.keyring)
        try:
            registrar = RecordsRegistrar(records, place.issuer, records.lines, base_url=BASE, font_folder=None)
            with contextlib.suppress(Unprintable):  # Temporal would retry it
                await registrar.reissue(ReissueRequest(mentorship=mentorship, person=person, results=results), datetime.now(UTC))
        finally:
            await records.close()

    configure(level="WARNING")
    monkeypatch.setattr(certificate, "ask_reissue", do)
    monkeypatch.setattr(certificate, "reach_temporal", nothing)
    monkeypatch.setenv("MENTORSHIP_UPDATE_TIMEOUT", "0.5")
    monkeypatch.setenv("MENTORSHIP_ISSUER_KEY_FILE", "/nowhere")
    return asked
