"""What a demo leaves behind, read from where the service keeps it: Temporal's histories, the registry's certificates, the journal."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

from local.demo.door import Door
from local.mail_catcher import caught
from local.stack import Stack
from records.certificates import Certificate
from records.cohorts import Enrolment
from records.journal import JournalEntry
from records.notices import Notice
from records.people import Profile
from records.store import Records
from wire.names import cohort_id


@dataclass(frozen=True)
class PairEvidence:
    """One pair as records have it after the end. `notices` are the mails meant for each person, by side."""

    enrolment: Enrolment
    people: dict[str, Profile]
    journal: list[JournalEntry]
    certificates: list[tuple[Certificate, str, bytes]]
    notices: dict[str, list[Notice]]
    history: WorkflowHistory

    @property
    def card(self) -> dict[str, Any]:
        return self.enrolment.card or {}

    def events(self, name: str) -> list[JournalEntry]:
        return [entry for entry in self.journal if entry.name == name]


@dataclass(frozen=True)
class Evidence:
    pairs: dict[str, PairEvidence]
    coordinator: list[Notice]
    cohort: WorkflowHistory
    mails: int
    receipts: dict[str, dict[str, Any]]
    without_worker: tuple[str, ...]
    """Message ids of commands that were accepted after the first worker died and before the second one ran."""

    def statuses(self) -> Counter[str]:
        return Counter(receipt["status"] for receipt in self.receipts.values())

    def outcome(self) -> dict[str, Any]:
        counts = self.statuses()
        return {
            "pairs": [
                {
                    "pair_id": pair_id,
                    "phase": pair.card.get("phase"),
                    "milestones_done": pair.card.get("milestones_done"),
                    "milestones_total": pair.card.get("milestones_total"),
                    "ladder_rung": pair.card.get("ladder_rung"),
                    "certificates": pair.card.get("certificates"),
                    "ended": pair.card.get("ended"),
                }
                for pair_id, pair in self.pairs.items()
            ],
            "mails": self.mails,
            "commands_sent": len(self.receipts),
            "commands_applied": counts["accepted"],
            "commands_refused": counts["refused"],
            "worker_killed": bool(self.without_worker),
        }


async def gather(stack: Stack, records: Records, door: Door, *, without_worker: tuple[str, ...]) -> Evidence:
    """Reads everything, and writes certificates, histories and outcome.json."""
    enrolments = {enrolment.pair_id: enrolment for enrolment in await records.cohorts.enrolments(door.cohort)}
    pairs = {pair_id: await _pair(stack, records, enrolments[pair_id]) for pair_id in sorted(enrolments)}
    ana = (await records.people.refs(["ana"]))["ana"]
    receipts = await asyncio.gather(*(door.receipt(sent.pair_id, sent.message_id) for sent in door.sent.values()))
    evidence = Evidence(
        pairs=pairs,
        coordinator=await records.notices.of(ana),
        cohort=await stack.client.get_workflow_handle(cohort_id(door.cohort)).fetch_history(),
        mails=len(caught(stack.place.mails)),
        receipts={receipt["message_id"]: receipt for receipt in receipts},
        without_worker=without_worker,
    )
    await asyncio.to_thread(_write, stack, evidence)
    return evidence


async def _pair(stack: Stack, records: Records, enrolment: Enrolment) -> PairEvidence:
    refs = {"mentor": enrolment.mentor, "mentee": enrolment.mentee}
    certificates = [found for found in await records.certificates.of(enrolment.mentorship) if found.stored]
    return PairEvidence(
        enrolment=enrolment,
        people={side: await records.people.profile(ref) for side, ref in refs.items()},
        journal=await records.journal.entries(enrolment.mentorship),
        certificates=[(found, *(await records.certificates.document(found.id))) for found in certificates],
        notices={side: await records.notices.of(ref) for side, ref in refs.items()},
        history=await stack.client.get_workflow_handle(enrolment.mentorship).fetch_history(),
    )


def _write(stack: Stack, evidence: Evidence) -> None:
    place = stack.place
    for folder in (place.certificates, place.histories):
        folder.mkdir(exist_ok=True)
    for pair in evidence.pairs.values():
        for certificate, credential, pdf in pair.certificates:
            (place.certificates / f"{certificate.id}.json").write_text(credential, encoding="utf-8")
            (place.certificates / f"{certificate.id}.pdf").write_bytes(pdf)
    for history in (evidence.cohort, *(pair.history for pair in evidence.pairs.values())):
        (place.histories / f"{history.workflow_id}.json").write_text(history.to_json(), encoding="utf-8")
    place.outcome.write_text(json.dumps(evidence.outcome(), indent=2) + "\n", encoding="utf-8")


def troubles(history: WorkflowHistory) -> list[str]:
    """Workflow tasks that failed, and an end other than completion. A task that only timed out is what a killed worker leaves."""
    names = [EventType.Name(event.event_type).removeprefix("EVENT_TYPE_").lower() for event in history.events]
    found = [name for name in names if name == "workflow_task_failed"]
    return found if names and names[-1] == "workflow_execution_completed" else [*found, f"ends with {names[-1] if names else 'nothing'}"]
