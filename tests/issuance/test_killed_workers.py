"""H7, H8: one certificate a person, the same bytes, one mail by Message-ID, wherever a worker dies and whatever is repeated."""

from __future__ import annotations

import asyncio
import signal
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from runpy import run_path

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

from certificates.verify import verify_file
from workflows.mentorship import Status

STEPS = run_path(str(Path(__file__).parent / "stopping_worker.py"))["STEPS"]
AT_ONCE = 5
"""Steps that are tried side by side: most of each is waiting for Temporal to notice a death."""


def certificate_mails(mailbox) -> dict[str, list[tuple[str, bytes]]]:
    """By address: the Message-ID and the document of each mail that carried a certificate."""
    found = defaultdict(list)
    for mail in mailbox.mails:
        for part in mail.iter_attachments():
            if part.get_filename() == "certificate.pdf":
                found[mail["To"]].append((mail["Message-ID"], part.get_content()))
    return found


async def begun(place, programme):
    """A pair that has done all, in Temporal before any worker lives: what a worker does first never depends on how fast we signal."""
    chosen = programme()
    enrolment = await place.enrol(1, chosen)
    ends = datetime.now(UTC) + timedelta(seconds=1)
    handle = await place.start(enrolment, chosen, ends=ends, grace=timedelta(seconds=1))
    await place.report(handle, enrolment.mentor, range(1, 6), ends - timedelta(minutes=1))
    return enrolment, handle


async def holds(place, enrolment, before: dict[str, tuple[str, bytes]]) -> None:
    """Exactly one certificate for each of the two, genuine, unchanged since `before`, and one mail each by Message-ID."""
    certificates = await place.records.certificates.of(enrolment.mentorship)
    assert {one.person for one in certificates} == {enrolment.mentor, enrolment.mentee}
    assert len(certificates) == 2
    documents = await place.documents(enrolment.mentorship)
    assert len(documents) == 2
    assert {name: documents[name] for name in before} == before
    mails = certificate_mails(place.mailbox)
    assert {address.partition("<")[2] or address for address in mails} == {"mentor-1@example.org>", "mentee-1@example.org>"}
    for sent in mails.values():
        assert len({message_id for message_id, _ in sent}) == 1, "a repeat is the same mail"
        assert {pdf for _, pdf in sent} <= {pdf for _, pdf in documents.values()}
        assert len({pdf for _, pdf in sent}) == 1
    for _, pdf in documents.values():
        assert verify_file(pdf, trust=place.issuer.trust()).valid
    assert await place.records.journal.verify() == []


@pytest.mark.timeout(900)
async def test_a_worker_killed_at_each_step_of_issuance_leaves_one_certificate_a_person(another_place, programme, eventually):
    """H7: kill -9 at every step in turn, then another worker; each mentorship ends as if nothing had happened."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def at(step: str) -> None:
        async with gate:
            await killed_at(step, await another_place(step.replace(" ", "-")), programme, eventually)

    outcomes = await asyncio.gather(*(at(step) for step in STEPS), return_exceptions=True)
    failed = {step: outcome for step, outcome in zip(STEPS, outcomes, strict=True) if outcome is not None}
    assert not failed, {step: repr(error) for step, error in failed.items()}


async def killed_at(step: str, place, programme, eventually) -> None:
    marker = place.folder / "here"
    enrolment, handle = await begun(place, programme)
    async with place.worker(step, str(marker)) as doomed:
        await eventually(lambda: marker.exists() or doomed.poll() is not None, 180)
        assert doomed.poll() is None, (place.folder / "worker.log").read_text()
        before = await place.documents(enrolment.mentorship)
        reserved = {one.id for one in await place.records.certificates.of(enrolment.mentorship)}
        doomed.send_signal(signal.SIGKILL)
        doomed.wait()

    async with place.worker():
        await asyncio.wait_for(handle.result(), 180)

    assert {one.id for one in await place.records.certificates.of(enrolment.mentorship)} >= reserved
    await holds(place, enrolment, before)


@pytest.mark.timeout(900)
async def test_a_workflow_reset_to_any_of_its_steps_gives_the_same_certificates_and_no_other_mail(place, programme, eventually):
    """H7: a run that decides differently stops and shows it; none makes a second certificate or another mail."""
    enrolment, handle = await begun(place, programme)
    async with place.worker():
        await handle.result()
        before = await place.documents(enrolment.mentorship)
        first = await handle.describe()
        events = [event async for event in handle.fetch_history_events()]
        steps = [event.event_id for event in events if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED]
        assert len(steps) >= 4

        async def settled() -> bool:
            """Completed again, or waiting for an operator because it decided differently."""
            if (await handle.describe()).close_time is not None:
                return True
            status = Status.model_validate(await handle.query("status"))
            return status.diverged

        outcomes = []
        for number, step in enumerate(steps):
            await place.client.workflow_service.reset_workflow_execution(
                ResetWorkflowExecutionRequest(
                    namespace=place.client.namespace,
                    workflow_execution=WorkflowExecution(workflow_id=handle.id, run_id=first.run_id),
                    reason="a test",
                    request_id=f"reset-{number}",
                    workflow_task_finish_event_id=step,
                )
            )
            await eventually(settled, 120)
            outcomes.append((await handle.describe()).close_time is not None)
            await holds(place, enrolment, before)

    assert any(outcomes), "no reset run ever completed, so this says nothing about those that do"
    assert all(len(sent) == 1 for sent in certificate_mails(place.mailbox).values()), "what was recorded as sent is never sent again"
