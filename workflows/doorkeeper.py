"""Nothing that anybody sends may stop a workflow: a signal with more inputs than its handler takes is dropped, like one that cannot be decoded.

Otherwise Temporal's SDK would call the handler, and the TypeError would fail every later task of that workflow.
"""

from __future__ import annotations

import inspect

from temporalio import workflow
from temporalio.worker import HandleSignalInput, Interceptor, WorkflowInboundInterceptor, WorkflowInterceptorClassInput


class _Doorkeeper(WorkflowInboundInterceptor):
    def __init__(self, next: WorkflowInboundInterceptor) -> None:  # noqa: A002 - the SDK's own name for it
        super().__init__(next)
        self._takes: dict[str, int] = {}

    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002 - the SDK's own name for it
        if len(input.args) > self._most(input.signal):
            workflow.logger.warning("dropped a signal with %d inputs", len(input.args))
            return
        await super().handle_signal(input)

    def _most(self, signal: str) -> int:
        """How many inputs the signal's handler takes. Looked up once: thousands of signals can come in one task, which has two seconds for all of them."""
        if signal not in self._takes:
            handler = workflow.get_signal_handler(signal)
            self._takes[signal] = len(inspect.signature(handler).parameters) if handler is not None else 0
        return self._takes[signal]


class Doorkeeper(Interceptor):
    """Given to every worker that runs our workflows."""

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002, ARG002
        return _Doorkeeper
