"""`python -m local demo`: a cohort from pairs to certificates in a minute, by the same code as in production."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from certificates.issuer import Issuer
from local.demo.actor import Actor
from local.demo.door import Door
from local.demo.evidence import gather
from local.demo.personas import KILLED_AFTER, PERSONAS, Cues
from local.demo.show import Show
from local.demo.verdict import judge, too_slow
from local.place import Place
from local.ports import free_ports
from local.stack import Stack, running
from local.trouble import Trouble, one_trouble
from mentorship.people import Side
from records.store import Records
from wire.names import cohort_id

COHORT = "demo"
EXAMPLE = Path(__file__).parents[2] / "examples" / "demo"

_LIMIT = 300.0
"""Seconds after which something must be wrong, however slow the machine is."""

_FILES = {"programme": "yaml", "people": "csv", "pairs": "csv"}

# A whole cohort shares one secret and one minute here; the real limits are for weeks.
_QUICK = {
    "MENTORSHIP_WEBHOOK_RATE": "60000",
    "MENTORSHIP_WEBHOOK_BURST": "2000",
    "MENTORSHIP_WEBHOOK_RETRY_AFTER": "1",
    "MENTORSHIP_UPDATE_TIMEOUT": "45",
}


async def demo(folder: Path, console: Console, *, keep: bool) -> bool:
    """Whether everything came out as expected. With `keep`, returns only when the task is cancelled. Raises Trouble."""
    place, show = Place(folder), Show(console)
    with place.locked():
        place.clear()
        ports = free_ports()
        show.line("stack", "starting Temporal, worker, web hook and a mail server")
        async with running(place, ports, store=None, more=_QUICK) as stack:
            show.line("stack", f"ready; Temporal's UI is at {ports.ui_url}")
            try:
                async with asyncio.timeout(_LIMIT):
                    good = await _play(stack, show)
            except TimeoutError:
                raise Trouble(f"the demo was not over after {_LIMIT:.0f} seconds; its logs are in {place.logs}") from None
            if keep:
                place.write_env(ports)
                show.say("\nIt stays up until Ctrl-C:")
                show.addresses(place, ports)
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()
        show.left(place)
        return good


async def _play(stack: Stack, show: Show) -> bool:
    door = Door(stack.ports.web, COHORT, stack.place.webhook_secret)
    await _start_cohort(stack, show)
    records = await Records.open(stack.place.database_url, stack.keyring)
    try:
        pairs = await _actors(stack, records, door, show)
        cues = Cues()
        with one_trouble():
            async with asyncio.TaskGroup() as group:
                for pair_id, act in PERSONAS.items():
                    group.create_task(act(pairs[pair_id], cues))
                outage = group.create_task(_outage(stack, pairs["finishes"], cues, door, show))
        show.line("cohort", "everybody has said what they had to say; waiting for the last certificates")
        await _over(stack, records)
        show.line("cohort", "over; reading receipts, histories and certificates")
        with one_trouble():
            async with asyncio.TaskGroup() as group:
                verified = group.create_task(stack.starter("journal", "verify", COHORT))
                evidence = await gather(stack, records, door, without_worker=outage.result())
    finally:
        await records.close()
    issuer = Issuer.load(stack.place.issuer_file, name="Mentorship on this machine")
    findings = judge(evidence, door, issuer, journal=verified.result())
    show.line("cohort", "done\n")
    show.table(evidence)
    show.mails(stack.place)
    show.commands(evidence)
    slow = too_slow(findings, door.behind)
    if slow is not None:
        show.say(f"\n{slow[0].upper()}{slow[1:]}.", good=False)
        return False
    show.verdict(findings)
    good = all(finding.holds for finding in findings)
    show.say("\nEverything came out as expected." if good else "\nSomething did not come out as expected.", good=good)
    return good


async def _start_cohort(stack: Stack, show: Show) -> None:
    files = [argument for name, suffix in _FILES.items() for argument in (f"--{name}", str(EXAMPLE / f"{name}.{suffix}"))]
    code, said = await stack.starter("cohort", "start", *files, "--cohort", COHORT, "--starts", "now")
    if code:
        raise Trouble(f"`mentorship cohort start` ended with {code}:\n{said}")
    show.line("operator", said.strip().splitlines()[-1])


async def _over(stack: Stack, records: Records) -> None:
    """Returns once every mentorship has sent its last mail, and the cohort its last digest."""
    for enrolment in await records.cohorts.enrolments(COHORT):
        await stack.client.get_workflow_handle(enrolment.mentorship).result()
    await stack.client.get_workflow_handle(cohort_id(COHORT)).result()


async def _actors(stack: Stack, records: Records, door: Door, show: Show) -> dict[str, Actor]:
    found: dict[str, Actor] = {}
    for enrolment in await records.cohorts.enrolments(COHORT):
        refs: dict[Side, str] = {"mentor": enrolment.mentor, "mentee": enrolment.mentee}
        people = {side: (await records.people.profile(ref)).person_id for side, ref in refs.items()}
        handle = stack.client.get_workflow_handle(enrolment.mentorship)
        found[enrolment.pair_id] = Actor(enrolment.pair_id, people, handle=handle, door=door, stack=stack, tell=show.line)
    return found


async def _outage(stack: Stack, pair: Actor, cues: Cues, door: Door, show: Show) -> tuple[str, ...]:
    """Half way the worker dies without warning. People continue as if nothing had happened; then another worker takes over.

    Returns the message ids of commands that were accepted in between.
    """
    await pair.look()
    await pair.at(pair.start(KILLED_AFTER), 0.3)
    await cues.plans_are_made.wait()  # the operator's updates, and the plans that follow them, need a worker
    assert stack.worker is not None
    pid = stack.worker.pid
    stack.worker.kill()
    killed = datetime.now(UTC)
    before = len(door.sent)
    show.line("worker", f"KILLED (kill -9 of process {pid}): nobody is left to handle anything")
    await cues.cancelled_in_time.wait()
    await door.accepted(before + 4)
    show.line("web hook", f"{len(door.sent) - before} commands taken since, with no worker alive")
    worker = stack.start_worker()
    await stack.worker_ready(worker)
    back = datetime.now(UTC)
    found = tuple(sent.message_id for sent in door.sent.values() if killed <= sent.at <= back)
    show.line("worker", f"a new one works after {(back - killed).total_seconds():.1f} s; {len(found)} commands had come meanwhile")
    return found
