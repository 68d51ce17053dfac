"""What a programme of 26 weeks costs Temporal: events, bytes, activities, timers, Cloud actions, and CPU per workflow task.

`python benchmarks/history.py` plays a diligent pair with 12 meetings on the time-skipping server, with sealed payloads. It replays their history
beside a bare workflow's (a loop of timers and signals) in the same run. Compare ratios and medians, since machines differ.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from benchmarks.bare_workflow import Bare
from gateway import search_attributes
from gateway.converter import data_converter
from gateway.keyring import Keyring
from mentorship.commands import EXPECTATIONS, ConfirmExpectations, ConfirmMeeting, RecordMilestone, ReportMeeting, SubmitPrivately, SurveyAnswers
from mentorship.events import MentorshipStarted
from rehearsal.bill import actions
from tests.replay import scenarios as acted
from tests.replay.answers import Answers
from workflows.mentorship import Mentorship, MentorshipInput

MEETINGS = 12
RUNS = 9


async def diligent(environment: WorkflowEnvironment) -> WorkflowHistory:
    starts = (await environment.get_current_time()).replace(microsecond=0)
    day = acted.DAY
    begun = MentorshipStarted(
        at=starts,
        pair=acted.PAIR,
        rules=acted.RULES,
        starts=starts,
        ends=starts + 182 * day,
        reporting_ends=starts + 189 * day,
        slots=tuple(acted.slot(starts + (7 + 14 * n) * day) for n in range(MEETINGS)),
    )
    handle = await environment.client.start_workflow(
        "Mentorship", MentorshipInput(cohort="bench", texts="0" * 64, begins=begun), id="mentorship.bench.diligent", task_queue="mentorship"
    )
    pair = acted.Story(environment, handle, starts)
    await pair.both(lambda who: ConfirmMeeting(by=who, meeting="all"))
    for n in range(MEETINGS):
        await pair.day(7.2 + 14 * n)
        await pair.both(lambda who, n=n: ReportMeeting(by=who, meeting=n + 1, held=True))
        if n == 0:
            await pair.both(lambda who: ConfirmExpectations(by=who, expectations=EXPECTATIONS))
        if n == 5:
            await pair.say(RecordMilestone(by=acted.PAIR.mentor, milestone="shadowing"))
        if n == 7:
            await pair.both(lambda who: RecordMilestone(by=who, milestone="letter"))
    await pair.day(183)
    answers = SurveyAnswers(survey="closing", answers={"satisfaction": 5})
    await pair.both(lambda who: SubmitPrivately(by=who, body=answers))
    await pair.day(215)
    return await handle.fetch_history()


async def bare(environment: WorkflowEnvironment, rounds: int) -> WorkflowHistory:
    handle = await environment.client.start_workflow("Bare", rounds, id="bare", task_queue="mentorship")
    for _ in range(rounds):
        await handle.signal("poke")
        await environment.sleep(timedelta(days=1, seconds=1))
    await environment.sleep(timedelta(days=1))
    return await handle.fetch_history()


def kinds(history: WorkflowHistory) -> Counter[str]:
    return Counter(EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") for event in history.events)


async def cpu_a_task(history: WorkflowHistory, converter: DataConverter) -> float:
    """Milliseconds of this process's CPU per workflow task, from replaying the whole history; the median of some runs."""
    tasks = kinds(history)["WORKFLOW_TASK_COMPLETED"]
    samples = []
    for _ in range(RUNS):
        replayer = Replayer(workflows=[Mentorship, Bare], data_converter=converter)
        before = time.process_time()
        await replayer.replay_workflow(history)
        samples.append((time.process_time() - before) / tasks * 1000)
    return statistics.median(samples)


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Keyring.generate(Path(folder) / "keys.json")
        converter = data_converter(Keyring.load(Path(folder) / "keys.json"))
    server = str(Path(sysconfig.get_path("scripts")) / "temporal-test-server")
    environment = await WorkflowEnvironment.start_time_skipping(test_server_existing_path=server, data_converter=converter)
    await search_attributes.register(environment.client)
    answers = Answers()
    given = [getattr(answers, name) for name in vars(Answers) if not name.startswith("_")]
    queues = ("mentorship", "mentorship-notices", "mentorship-certificates")
    running = [Worker(environment.client, task_queue=queue, workflows=[Mentorship, Bare], activities=given) for queue in queues]
    async with running[0], running[1], running[2]:
        ours = await diligent(environment)
        floor = await bare(environment, 30)
    await environment.shutdown()
    counted = kinds(ours)
    size = sum(event.ByteSize() for event in ours.events)
    print(f"{MEETINGS} meetings, 26 weeks, both diligent; encrypted payloads")
    for name, value in (
        ("events", len(ours.events)),
        ("bytes", size),
        ("activities", counted["ACTIVITY_TASK_SCHEDULED"]),
        ("markers", counted["MARKER_RECORDED"]),
        ("timers", counted["TIMER_STARTED"]),
        ("signals", counted["WORKFLOW_EXECUTION_SIGNALED"]),
        ("workflow tasks", counted["WORKFLOW_TASK_COMPLETED"]),
        ("Cloud actions", actions(ours)),
    ):
        print(f"  {name:18}{value:>9}   {value / MEETINGS:>8.1f} a meeting")
    mine, theirs = await cpu_a_task(ours, converter), await cpu_a_task(floor, converter)
    print(f"CPU a workflow task, replayed, median of {RUNS}: ours {mine:.2f} ms, bare {theirs:.2f} ms, ratio {mine / theirs:.1f}")


if __name__ == "__main__":
    asyncio.run(main())
