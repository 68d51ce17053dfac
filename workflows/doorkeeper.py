"""Nothing that anybody sends may stop a workflow: a signal with more inputs than its handler takes is dropped, like one that cannot be decoded.

Temporal's SDK calls the handler all the same, and the TypeError would fail every later task of that workflow.
"""

from __future__ import annotations

import inspect

from temporalio import workflow
from temporalio.worker import HandleSignalInput, Interceptor, WorkflowInboundInterceptor, WorkflowInterceptorClassInput


class _Doorkeeper(WorkflowInboundInterceptor):
    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002 - the SDK's own name for it
        handler = workflow.get_signal_handler(input.signal)
        if handler is not None:
            try:
                inspect.signature(handler).bind(*input.args)
            except TypeError:
                workflow.logger.warning("dropped a signal with %d inputs", len(input.args))
                return
        await super().handle_signal(input)


class Doorkeeper(Interceptor):
    """Given to every worker that runs our workflows."""

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002, ARG002
        return _Doorkeeper
