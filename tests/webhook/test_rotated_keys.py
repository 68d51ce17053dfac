"""Keys were rotated and this web hook was not restarted: it says so, and does not blame records that answer (docs/operations.md)."""

from __future__ import annotations

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from gateway import key_file
from gateway.connect import connect
from records.store import Records

BODY = {"by": "ana", "meeting": 2}


@pytest_asyncio.fixture
async def rotated(settings, records, pair):
    """Returns the new key's id, after `keys rotate` and `keys rewrap` beside a process that still has only the old keys."""
    new = key_file.add(settings.key_file)
    key_file.activate(settings.key_file, new)
    later = await Records.open(settings.database_url, settings.keyring())
    try:
        await later.rewrap.everything()
    finally:
        await later.close()
    return new


async def test_the_door_says_that_a_key_is_missing_and_the_log_says_which(http, sender, running, rotated, problem):
    with capture_logs() as told:
        answer = await sender.post("excuse", BODY)
    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    assert problem(answer)["type"].endswith(":key-missing")
    assert "restarted" in problem(answer)["detail"]
    assert {"event": "key missing", "key": rotated}.items() <= next(line for line in told if line["event"] == "key missing").items()


async def test_it_is_not_ready_and_the_gauge_says_of_what(http, rotated, problem):
    answer = await http.get("/readyz")
    assert answer.status_code == 503
    assert problem(answer)["type"].endswith(":key-missing")
    metrics = (await http.get("/metrics")).text
    assert 'mentorship_ready{of="keys"} 0.0' in metrics
    assert 'mentorship_ready{of="records"} 1.0' in metrics


@pytest.mark.usefixtures("running")
async def test_an_answer_of_a_worker_with_newer_keys_is_no_fault_of_ours(settings, sender, mentorship, problem):
    assert (await sender.post("excuse", BODY, "msg_1")).status_code == 202
    key_file.activate(settings.key_file, key_file.add(settings.key_file))
    mentorship.client = await connect(settings, settings.keyring(), role="test")
    async with mentorship.worker():
        answer = await sender.answer("msg_1")
    assert answer.status_code == 503
    assert problem(answer)["type"].endswith(":key-missing")
