from __future__ import annotations

import asyncio
import errno
import io
import json
import logging
import os
from functools import partial

import pytest
import structlog
import temporalio.workflow
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from gateway import logs
from gateway.keyring import UnknownKey


@pytest.fixture
def stream():
    root, out = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    logs.configure("json", "INFO", out)
    yield out
    root.handlers[:] = before
    root.setLevel(level)


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_its_level_and_time(stream):
    structlog.get_logger("worker").info("started", queue="mentorship")
    [line] = lines(stream)
    assert {"event": "started", "queue": "mentorship", "level": "info", "logger": "worker"}.items() <= line.items()
    assert line["timestamp"].endswith("Z")


def test_the_standard_librarys_loggers_are_told_the_same_way(stream):
    logging.getLogger("temporalio.worker").warning("slow: %s", 7)
    logging.getLogger("temporalio.worker").debug("not at this level")
    [line] = lines(stream)
    assert (line["event"], line["logger"]) == ("slow: 7", "temporalio.worker")


@pytest.mark.parametrize("field", sorted(logs.KEPT_OUT))
def test_what_should_never_be_logged_is_kept_out_even_if_somebody_tries(field, stream):
    structlog.get_logger().info("mistake", **{field: "canary-58311"})
    assert "canary" not in stream.getvalue()
    assert lines(stream)[0][field] == "(kept out)"


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_shows_frames_without_what_was_in_them(log_format, stream):
    logs.configure(log_format, "INFO", stream)
    words = str(7 * 58_311)
    try:
        int(words[:0])
    except ValueError:
        structlog.get_logger().exception("fault")
    told = stream.getvalue()
    assert "ValueError" in told
    assert words not in told


def _fail():
    """The deepest case: an error of another process, in a group, behind an error of ours."""
    failed = _raised(ApplicationError("canary-58311", type="Unprintable"), _raised(LookupError("canary-58311")))
    full = _raised(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "canary-58311"), failed)
    raise UnknownKey("k-1") from _raised(ExceptionGroup("canary-58311", [full]))


def _raised(error, cause=None):
    try:
        raise error from cause
    except type(error) as found:
        return found


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize("logger", ["temporalio.worker", "ours"])
def test_an_error_of_a_library_is_told_by_kind_and_place_and_ours_with_what_they_say(logger, log_format, stream):
    """H12: a library's message repeats what it was given. The SDK logs whatever an activity raises; so do we, and so may any library."""
    logs.configure(log_format, "INFO", stream)
    tell = structlog.get_logger().exception if logger == "ours" else partial(logging.getLogger(logger).warning, exc_info=True)
    try:
        _fail()
    except UnknownKey:
        tell("fault")
    told = stream.getvalue()
    for said in ("LookupError", "ApplicationError", "Unprintable", "OSError", "No space left on device", "ExceptionGroup", "UnknownKey", "k-1", "test_logs.py"):
        assert said in told
    assert "canary-58311" not in "".join(line for line in told.splitlines(keepends=True) if not line.startswith("    "))  # the source's own lines


def test_an_error_that_leads_back_to_itself_is_told_once(stream):
    first, second = ValueError("one"), KeyError("two")
    first.__context__, second.__context__ = second, first
    structlog.get_logger().error("fault", exc_info=first)
    assert lines(stream)[0]["exception"][0]["exc_type"] == "ValueError"


def test_nothing_is_told_twice_when_a_workflow_replays(stream, monkeypatch):
    monkeypatch.setattr(temporalio.workflow, "in_workflow", lambda: True)
    monkeypatch.setattr(temporalio.workflow.unsafe, "is_replaying", lambda: True)
    structlog.get_logger().info("again")
    logging.getLogger("temporalio.workflow").info("again")
    assert lines(stream) == []
    monkeypatch.setattr(temporalio.workflow.unsafe, "is_replaying", lambda: False)
    structlog.get_logger().info("once")
    assert [line["event"] for line in lines(stream)] == ["once"]


def test_workflow_lines_carry_their_ids_as_fields_only(stream):
    assert temporalio.workflow.logger.workflow_info_on_message is False


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (UnknownKey("k-1"), ("UnknownKey", "the keyring has no key 'k-1'")),
        (ApplicationError("canary-58311", type="Diverged"), ("Diverged",)),
        (asyncio.CancelledError(), ("CancelledError",)),
        (RPCError("tcp connect error", RPCStatusCode.UNAVAILABLE, b""), ("RPCError", "tcp connect error")),
    ],
)
def test_an_attempt_that_failed_as_was_foreseen_is_one_line(error, told, log_format, stream):
    """An outage means many attempts: with their frames, eight pairs filled 2,700 lines in a minute."""
    logs.configure(log_format, "INFO", stream)
    logging.getLogger("temporalio.activity").warning("Completing activity as failed", exc_info=_raised(error, ValueError("canary-58311")))
    [line] = stream.getvalue().splitlines()
    assert all(part in line for part in (*told, "ValueError"))
    assert "canary" not in line


def test_what_nobody_foresaw_keeps_its_frames(stream):
    try:
        dict[str, str]()["a key"]
    except KeyError:
        logging.getLogger("temporalio.activity").warning("Completing activity as failed", exc_info=True)
    assert lines(stream)[0]["exception"][0]["frames"]


def test_that_temporal_is_away_is_told_once_a_minute(stream):
    retry = "temporalio.core-sdk_core::temporalio_client::retry"
    for created in (1_000.0, 1_010.0, 1_059.0, 1_061.0):
        for name in (retry, "temporalio.worker"):
            said = {"name": name, "created": created, "msg": "said again", "levelno": logging.WARNING, "levelname": "WARNING"}
            logging.getLogger(name).handle(logging.makeLogRecord(said))
    assert [line["logger"] for line in lines(stream)].count(retry) == 2
    assert len(lines(stream)) == 6


def test_the_core_repeats_no_frames(stream):
    said = r"""Failing workflow task {'failure': 'Failure { message: "no key", stack_trace: "  File \"a.py\", line 1", cause: None }'}"""
    logging.getLogger("temporalio.core-sdk_core::temporalio_sdk_core::worker::workflow").warning(said)
    told = lines(stream)[0]["event"]
    assert told == """Failing workflow task {'failure': 'Failure { message: "no key", stack_trace: …, cause: None }'}"""
