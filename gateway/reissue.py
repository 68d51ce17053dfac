"""Asks for a later edition of a certificate (H8). A request is durable once Temporal has it. Any worker fulfils it, so the asker needs no issuer's key.

Both the holder's page (share and milestones shown or not) and the operators' command (a change of name) use it.
"""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from wire.inputs import CertificateOf, Wish
from wire.names import ASK_SIGNAL, CERTIFICATE, WORK_QUEUE, certificate_id


async def ask_reissue(client: Client, mentorship: str, person: str, *, results: bool | None = None, patience: float = 10.0) -> None:
    """Returns once the request is durable. The new edition will be the last of `records.certificates.editions(mentorship, person)`.

    `results` is as in the Wish, `patience` is in seconds. Asking again is harmless: an edition that already says what it should is kept.
    One person's requests in one mentorship are done one after another.
    Raises RPCError, and RuntimeError or OSError when a lazy client cannot connect.
    """
    await client.start_workflow(
        CERTIFICATE,
        CertificateOf(mentorship=mentorship, person=person),
        id=certificate_id(mentorship, person),
        task_queue=WORK_QUEUE,
        start_signal=ASK_SIGNAL,
        start_signal_args=[Wish(results=results)],
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        rpc_timeout=timedelta(seconds=patience),
    )
