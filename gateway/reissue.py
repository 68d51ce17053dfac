"""Asking for a later edition of a certificate (H8): durable once Temporal has it, fulfilled by any worker: who asks needs no issuer's key.

For the holder's page (share and milestones shown or not) and for the operators' command (a change of name) alike.
"""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from wire.inputs import CertificateOf, Wish
from wire.names import ASK_SIGNAL, CERTIFICATE, WORK_QUEUE, certificate_id


async def ask_reissue(client: Client, mentorship: str, person: str, *, results: bool | None = None, patience: float = 10.0) -> None:
    """`results` as in the Wish. Returns once it is durable. What comes of it stands in `records.certificates.editions(mentorship, person)`: its last one.

    Asking again is harmless: an edition that says already what it should is left as it is. One at a time a person and mentorship; what is
    asked meanwhile is done after. `patience` in seconds. Raises RPCError, and RuntimeError or OSError where a lazy client cannot connect.
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
