from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

MAKE_SECRETS = Path(__file__).parents[2] / "deploy" / "make_secrets.py"


@pytest.fixture(scope="session")
def make_secrets() -> Callable[[Path], subprocess.CompletedProcess[str]]:
    """Does what `make secrets` does, in a folder of the test's."""
    return lambda folder: subprocess.run([sys.executable, MAKE_SECRETS, folder], capture_output=True, text=True, check=False)
