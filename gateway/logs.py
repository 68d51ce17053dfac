"""What this service writes about itself: one line per event, in codes and opaque ids (H12), for a person or for a machine."""

from __future__ import annotations

import logging
import re
import sys
from asyncio import CancelledError
from collections.abc import Iterator
from typing import Literal, TextIO

import structlog
import temporalio.activity
import temporalio.workflow
from structlog.typing import EventDict, Processor, WrappedLogger
from temporalio.exceptions import ApplicationError

from gateway.own_words import FORESEEN, own_words

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
"""Fields that would hold what people wrote, who they are, or a key to a door. Their values never reach a log, even if code passes them by mistake."""

_HIDDEN = "(kept out)"

_TRIES = ("temporalio.activity", "temporalio.worker._workflow")
"""The SDK's loggers that report every failed attempt."""
_CORE = "temporalio.core-"
_STACK = re.compile(r'stack_trace: "(?:[^"\\]|\\.)*"')
_KEEPS_SAYING = ("temporalio_client::retry", "worker::heartbeat")
_SPARING = 60.0


class ToldOnce(logging.Filter):
    """Drops what a workflow logs during a replay, so that each line appears once. It sits on the handler, so it applies to every logger."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - where we are decides, not what is said
        return not (temporalio.workflow.in_workflow() and temporalio.workflow.unsafe.is_replaying())


class ToldSparingly(logging.Filter):
    """Keeps one line a minute from each logger that reports every try while Temporal cannot be reached: that shows the outage and its length."""

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.endswith(_KEEPS_SAYING):
            return True
        if record.created - self._told.get(record.name, float("-inf")) < _SPARING:
            return False
        self._told[record.name] = record.created
        return True


def keep_out(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Hides the values of KEPT_OUT. This is only a safety net: nobody should pass them in the first place."""
    for key in KEPT_OUT & event.keys():
        event[key] = _HIDDEN
    return event


def in_one_line(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Shortens a foreseen failure of an attempt to its kind, its words and its causes. Otherwise an outage would fill the log with stack frames."""
    found, logger = event.get("exc_info"), str(event.get("logger", ""))
    error = sys.exc_info()[1] if found is True else found[1] if isinstance(found, tuple) else found
    if (
        logger in _TRIES
        and isinstance(error, BaseException)
        and (FORESEEN.match(type(error).__module__) or isinstance(error, ApplicationError | CancelledError))
    ):
        del event["exc_info"]
        event["error"] = (isinstance(error, ApplicationError) and error.type) or type(error).__name__
        if said := own_words(error):
            event["why"] = said
        if led := list(_leading_to(error)):
            event["because"] = ", ".join(led)
    elif logger.startswith(_CORE):  # the failure that it quotes has a line of its own
        event["event"] = _STACK.sub("stack_trace: …", str(event["event"]))
    return event


def _leading_to(error: BaseException) -> Iterator[str]:
    """The kinds of its causes, latest first, each with the words that `own_words` allows it."""
    seen = {id(error)}
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    while before is not None and id(before) not in seen:
        seen.add(id(before))
        said = own_words(before)
        yield f"{type(before).__name__}: {said}" if said else type(before).__name__
        before = before.__cause__ or (None if before.__suppress_context__ else before.__context__)


def without_quotes(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Reduces a library's error to its kind and its place: its message may quote what it was given."""
    found = event.get("exc_info")
    if found:
        error = sys.exc_info()[1] if found is True else found[1] if isinstance(found, tuple) else found
        if isinstance(error, BaseException):
            told = _told(error, set())
            event["exc_info"] = (type(told), told, told.__traceback__)
    return event


def _told(error: BaseException, seen: set[int]) -> BaseException:
    """A copy of the error for the log: the same frames and the same chain, but only its `own_words`."""
    seen.add(id(error))
    kind = type(error)
    said = own_words(error)
    if isinstance(error, BaseExceptionGroup):
        copy: BaseException = BaseExceptionGroup(said, [_told(one, seen) for one in error.exceptions])
    else:
        copy = type(kind.__name__, (Exception,), {"__module__": kind.__module__, "__qualname__": kind.__qualname__})(said)
    for link in ("__cause__", "__context__"):
        before = getattr(error, link)
        if before is not None and id(before) not in seen:
            setattr(copy, link, _told(before, seen))
    copy.__suppress_context__ = error.__suppress_context__
    return copy.with_traceback(error.__traceback__)


def configure(log_format: LogFormat = "console", level: str = "INFO", stream: TextIO | None = None) -> None:
    """Sets up structlog and the standard library's logging for the whole process. A second call replaces the first.

    Lines go to `stream`, by default stderr. Call it before the first line is logged.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(allow={"temporal_workflow", "temporal_activity"}),
        keep_out,
        in_one_line,
        without_quotes,
    ]
    out = stream or sys.stderr
    shown: list[Processor]
    if log_format == "json":
        # Frames are shown without their locals, which hold what a request or a mail was about.
        traces = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
        shown = [traces, structlog.processors.JSONRenderer()]
    else:
        shown = [structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback)]
    handler = logging.StreamHandler(out)
    handler.addFilter(ToldOnce())
    handler.addFilter(ToldSparingly())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shown])
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("httpx", "httpcore", "aiosqlite", "fontTools"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    # The ids have fields of their own; in the message they would be a second copy, as unreadable JSON.
    temporalio.workflow.logger.workflow_info_on_message = False
    temporalio.activity.logger.activity_info_on_message = False
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
