"""What this service writes about itself: one line an event, in codes and opaque ids (H12), for a person or for a machine."""

from __future__ import annotations

import logging
import sys
from typing import Literal, TextIO

import structlog
import temporalio.activity
import temporalio.workflow
from structlog.typing import EventDict, Processor, WrappedLogger

LogFormat = Literal["console", "json"]

KEPT_OUT = frozenset(
    {
        "body",
        "text",
        "words",
        "email",
        "mail",
        "address",
        "to_address",
        "subject",
        "profile",
        "token",
        "secret",
        "password",
        "authorization",
        "signature",
        "keys",
        "pair_id",
        "person_id",
    }
)
"""Fields that would hold what people wrote or who they are, or open a door: their values never reach a log, whoever passes them by mistake."""

_HIDDEN = "(kept out)"


class ToldOnce(logging.Filter):
    """A workflow's past is told once, however often it is replayed; on the handler, so that it holds for every logger."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - where we are decides, not what is said
        return not (temporalio.workflow.in_workflow() and temporalio.workflow.unsafe.is_replaying())


def keep_out(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The net under the rule, not the rule: nobody should pass these in the first place."""
    for key in KEPT_OUT & event.keys():
        event[key] = _HIDDEN
    return event


def configure(log_format: LogFormat = "console", level: str = "INFO", stream: TextIO | None = None) -> None:
    """Sets up structlog and the standard library's logging alike, for the whole process; again replaces what was there.

    Written to `stream`, by default stderr. Call it before the first line is logged.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(allow={"temporal_workflow", "temporal_activity"}),
        keep_out,
    ]
    out = stream or sys.stderr
    shown: list[Processor]
    if log_format == "json":
        # Frames without their locals: those hold what a request or a mail was about.
        traces = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
        shown = [traces, structlog.processors.JSONRenderer()]
    else:
        shown = [structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback)]
    handler = logging.StreamHandler(out)
    handler.addFilter(ToldOnce())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shown])
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("httpx", "httpcore", "aiosqlite", "fontTools"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    # The ids are fields of their own; in the message they would be one more copy, and unreadable JSON.
    temporalio.workflow.logger.workflow_info_on_message = False
    temporalio.activity.logger.activity_info_on_message = False
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
