"""How long our processes stop while Python collects garbage among everything they have loaded: `python benchmarks/pauses.py`.

During that time no request is answered and no workflow task continues. It shows medians of a full collection, in milliseconds: for an
interpreter that has loaded only the loop (the floor), and for the web hook and the worker, both as their imports leave them and as
`gateway/event_loop.py` runs them.
"""

from __future__ import annotations

import gc
import importlib
import json
import statistics
import subprocess
import sys
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from gateway import event_loop

TIMES = 15
PROCESSES = ("gateway.event_loop", "webhook.main", "worker.main")
"""The first is the floor."""


def collection() -> float:
    """Milliseconds of one collection, as the median of some. The first one, which finds what the imports left, is not counted."""
    gc.collect()
    took = []
    for _ in range(TIMES):
        begun = perf_counter()
        gc.collect()
        took.append((perf_counter() - begun) * 1000)
    return statistics.median(took)


def measure(loaded: str) -> dict[str, float]:
    importlib.import_module(loaded)
    objects = len(gc.get_objects())

    async def as_it_runs() -> float:
        return collection()

    return {"objects": objects, "imported": collection(), "running": event_loop.run(as_it_runs())}


def main() -> None:
    print(f"{'':20}{'objects':>9}{'imported':>10}{'running':>9}   ms a full collection")
    for loaded in PROCESSES:
        done = subprocess.run([sys.executable, __file__, loaded], cwd=ROOT, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
        print(f"{loaded:20}{found['objects']:>9,}{found['imported']:>10.1f}{found['running']:>9.1f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
    else:
        main()
