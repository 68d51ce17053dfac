"""The command line of the local stack, and how it ends: every program that it started is gone before it exits."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path

from rich.console import Console

from gateway import event_loop
from gateway.streams import stand_in_for_what_is_closed
from local.ports import OPTIONS, Ports, each
from local.trouble import Trouble

_DONE, _FAILED = 0, 1
_HOME = Path(".mentorship")


def main(arguments: Sequence[str] | None = None) -> None:
    """Exit 0 when done; 1 if something is missing or not as expected; 2 for wrong usage; 130 when interrupted."""
    stand_in_for_what_is_closed()
    chosen = _parser().parse_args(arguments)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    folder = chosen.folder.resolve()
    try:
        if chosen.command == "demo":
            from local.demo.play import demo  # noqa: PLC0415 - what a run does not need is not loaded

            good = event_loop.run(_until_signalled(demo(folder, console, keep=chosen.keep)))
        else:
            from local.service import serve  # noqa: PLC0415 - as above

            ports = Ports(**{name: getattr(chosen, name) for name in OPTIONS})
            good = event_loop.run(_until_signalled(serve(folder, ports, console)))
    except Trouble as trouble:
        print(f"{chosen.command}: {trouble}", file=sys.stderr)
        sys.exit(_FAILED)
    except asyncio.CancelledError:
        print("stopped", file=sys.stderr)
        sys.exit(130)
    sys.exit(_DONE if good else _FAILED)


async def _until_signalled(work: Coroutine[None, None, bool]) -> bool:
    """Runs `work`. The first SIGINT, SIGTERM or SIGHUP cancels it; later ones do not interrupt the clean-up."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    asked = False

    def stop() -> None:
        nonlocal asked
        if not asked:
            asked = True
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # with nohup it outlives its terminal
            loop.add_signal_handler(number, stop)
    return await task


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description="The whole service on this machine: Temporal, worker, web hook and a mailbox.")
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="a cohort from pairs to certificates in a minute; exit 0 only if all came out as expected")
    demo.add_argument("--keep", action="store_true", help="leave it up afterwards, until Ctrl-C")
    demo.add_argument("--folder", type=Path, default=_HOME / "demo", help="what it leaves goes there; what an earlier demo left is removed")
    run = commands.add_parser("run", help="the same stack with a persistent store, until Ctrl-C")
    run.add_argument("--folder", type=Path, default=_HOME / "run", help="keys, records, Temporal's store and mails")
    for name, port in each(Ports()):
        run.add_argument(OPTIONS[name], dest=name, type=int, default=port, metavar="PORT", help=f"default {port}")
    return parser
