"""Whether a worker really answers: a running one may lack a key, and the last one may be gone without Temporal knowing yet."""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from gateway.keyring import UnknownKey
from starter.doctor_check import Check
from wire.names import RECEIPT_QUERY

_NOBODY = {RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED, RPCStatusCode.FAILED_PRECONDITION}
_KEYS_DIFFER = "do all processes have the same keys? Each reads them when it starts (docs/operations.md, Rotate keys)"


async def answers(client: Client, mentorship: str, seconds: float) -> Check:
    """Asks one running mentorship for a receipt that nobody has. The question is sealed with our newest key, so the worker must have that key too.

    Raises RPCError when Temporal itself does not answer.
    """
    try:
        await client.get_workflow_handle(mentorship).query(RECEIPT_QUERY, "doctor", rpc_timeout=timedelta(seconds=seconds))
    except UnknownKey as error:
        return Check("answer", "wrong", f"{mentorship} answers under a key that is not here ({error.key_id}); {_KEYS_DIFFER}")
    except WorkflowQueryFailedError as error:
        why = f" ({error})" if "the keyring has no key" in str(error) else ""  # other failures are sealed, and their words do not belong here
        return Check("answer", "wrong", f"{mentorship} was asked and its worker could not answer{why}; {_KEYS_DIFFER}")
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return Check("answer", "ok", f"{mentorship} ended while it was asked")
        if error.status not in _NOBODY:
            raise
        return Check("answer", "wrong", f"{mentorship} was asked and no worker answered within {seconds:g} s; does one run, and with these keys?")
    return Check("answer", "ok", f"{mentorship} was asked and a worker answered")
