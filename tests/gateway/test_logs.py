from __future__ import annotations

import io
import json
import logging

import pytest
import structlog
import temporalio.workflow

from gateway import logs


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
