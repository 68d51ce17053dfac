"""The test server on which a rehearsal runs: whether it is installed, and whether it can run a request."""

from __future__ import annotations

import sysconfig
from datetime import UTC, datetime
from pathlib import Path

from starter.rehearsal_request import Request


def time_skipping_server() -> Path | None:
    """The test server of the extra `rehearsal`, if it is installed."""
    path = Path(sysconfig.get_path("scripts")) / "temporal-test-server"
    return path if path.is_file() else None


def ready(request: Request) -> Path:
    """The test server. Raises FileNotFoundError without one, and ValueError for a start in the past, since its clock only goes forward."""
    server = time_skipping_server()
    if server is None:
        raise FileNotFoundError("temporal-test-server")
    if request.starts <= datetime.now(UTC):
        raise ValueError("a real rehearsal starts in the future")
    return server
