"""H12: a canary goes into every field that takes words or identifies a person; then everything that outlives a request is searched."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from gateway.links import Bearer, LinkSigner
from tests.processes import free_port

SECRET = "whsec_" + "Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5"
PRIVATE = "canary-of-unshared-feedback"
WORDS = ("canary-of-a-goal", "canary-of-an-action", "canary-of-shared-feedback", PRIVATE)
MISPLACED = "canary in a field that takes none"
WHO = ("Canary-Name", "canary-address", "mentor-1", "mentee-1", "Mentor-1", "pair-1")
"""What identifies a person, in the company's words: the roster's ids, names and addresses."""


class Program:
    """A program that signs what it sends, as the specification says."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._sent = 0

    async def post(self, path: str, body: Any) -> int:
        self._sent += 1
        raw, message_id, at = json.dumps(body), f"program_{self._sent}", datetime.now(UTC)
        signed = {"webhook-id": message_id, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": Webhook(SECRET).sign(message_id, at, raw)}
        return (await self._http.post(path, content=raw, headers=signed)).status_code


def told(mail: EmailMessage) -> str:
    """What a mail's reader sees: its subject and every part that is text."""
    return "\n".join([str(mail["Subject"]), *(part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")])


def holding(folder: Path, pattern: str, *words: str) -> set[tuple[str, str]]:
    """(file, word) for each of the words found in a file's bytes."""
    files = [(path.name, path.read_bytes()) for path in folder.glob(pattern)]
    assert files, f"no {pattern} to search"
    return {(name, word) for name, content in files for word in words if word.encode() in content}


@pytest.fixture
async def house(houses):
    return await houses(durable=True)


async def test_nothing_that_anybody_wrote_and_nobody_is_found_where_it_does_not_belong(house, calm, processes, mailbox):
    port, metrics = free_port(), free_port()
    await house.start(calm())
    processes(house.worker_process(LOG_LEVEL="DEBUG", METRICS_ADDRESS=f"127.0.0.1:{metrics}"))
    processes(house.hook_process(port, LOG_LEVEL="DEBUG", WEBHOOK_SECRETS=json.dumps({"hr": {"secret": SECRET, "scope": ["*", "people:*"]}})))
    pages = LinkSigner(house.settings.link_secrets)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as http:

        async def ready() -> bool:
            try:
                return (await http.get("/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        await house.until(ready)
        program, pair = Program(http), "/v1/mentorships/spring/pair-1"
        feedback = {"kind": "feedback", "meeting": 1}
        taken = [
            (f"{pair}/set_goal", {"by": "mentee-1", "goal": "g-1", "text": WORDS[0], "actions": [WORDS[1]]}),
            (f"{pair}/submit_privately", {"by": "mentor-1", "body": {**feedback, "text": WORDS[2], "shared": True}}),
            (f"{pair}/submit_privately", {"by": "mentor-1", "body": {**feedback, "text": PRIVATE}}),
            ("/v1/people/mentee-1/address", {"name": "Canary-Name", "email": "canary-address@example.org"}),
        ]
        refused = [
            (f"{pair}/record_milestone", {"by": "mentor-1", "milestone": MISPLACED}),
            (f"{pair}/cancel_meeting", {"by": "mentor-1", "meeting": 1, "reason": MISPLACED}),
            (f"{pair}/withdraw", {"by": "mentor-1", "message_id": MISPLACED}),
            (f"{pair}/excuse", {"by": MISPLACED, "meeting": 1}),
            (f"{pair}/excuse", {"by": "mentor-1", "meeting": 1, MISPLACED: MISPLACED}),
            (f"/v1/mentorships/spring/{MISPLACED}/excuse", {"by": "mentor-1", "meeting": 1}),
        ]
        assert [await program.post(*message) for message in taken] == [202] * len(taken)
        assert {await program.post(*message) for message in refused} <= {404, 422}
        for number in (1, 2, 3):
            await house.journalled(f"program_{number}")
        await house.idle()

        page = {who: (await http.get(f"/p/{pages.token('page', Bearer(house.pairs[0].mentorship, who))}")).text for who in (house.mentor, house.mentee)}
        assert WORDS[0] in page[house.mentor], "the two help each other with goals"
        assert WORDS[2] in page[house.mentee], "what its author shares is shared"
        assert PRIVATE not in page[house.mentee]

        own = {who: (await http.get(f"/private/{pages.token('private', Bearer(house.pairs[0].mentorship, who))}/everything.json")).text for who in page}
        assert all(word in own[house.mentor] for word in (WORDS[2], PRIVATE)), "who wrote it downloads it"
        assert all(word in own[house.mentee] for word in (*WORDS[:2], "Canary-Name", "canary-address"))
        assert not [word for word in (*WORDS[2:], MISPLACED, "Mentor-1") if word in own[house.mentee]], "the other's words and name are not the reader's"
        for who in (house.mentor, house.mentee):
            export = json.dumps(await house.cli("person", "export", who))
            assert not [word for word in (*WORDS, MISPLACED, "canary-address") if word in export], "words are nothing for operators"
        said = (await http.get("/metrics")).text
    async with httpx.AsyncClient() as outside:
        said += (await outside.get(f"http://127.0.0.1:{metrics}/metrics")).text

    everything = (*WORDS, MISPLACED, *WHO)
    assert "temporal_workflow_task" in said
    assert not [word for word in everything if word in said]
    mentorship = house.pairs[0].mentorship
    assert ("temporal.db-wal", mentorship) in holding(house.folder, "temporal.db*", mentorship), "what may stand there is found"
    assert not holding(house.folder, "temporal.db*", *everything)
    assert ("records.db-wal", mentorship) in holding(house.folder, "records.db*", mentorship)
    assert not holding(house.folder, "records.db*", *everything)
    assert ("worker.log", mentorship) in holding(house.folder, "worker.log", mentorship)
    assert not holding(house.folder, "*.log", *everything)
    assert mailbox.mails
    assert not [word for mail in mailbox.mails for word in (*WORDS, MISPLACED) if word in told(mail)], "what anybody wrote is read on pages"
