"""A cohort acted out on the real workflows, the real activities and a real mail server. Time is skipped, and all pairs share one time.

People say the same as in the fast rehearsal, to the millisecond. The server's clock stops at the same instants, too.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from heapq import merge
from pathlib import Path
from typing import Any, NamedTuple

from aiosmtpd.smtp import SMTP
from pydantic import SecretStr
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import WorkflowExecutionStatus
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse
from temporalio.client import WorkflowHandle, WorkflowHistory
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from certificates import issuer as issuer_keys
from certificates.issuer import Issuer
from gateway import search_attributes
from gateway.converter import data_converter
from gateway.keyring import Keyring
from gateway.settings import Settings
from mentorship.advance import Entry
from mentorship.commands import Command
from mentorship.people import Side
from records import migrate
from records.cohorts import Cohort, Enrolment
from records.database_url import of_file
from records.store import Records
from rehearsal.bill import actions
from rehearsal.ports import CountedPost, CountedRegistrar, HeldJournal, HeldLedger
from rehearsal.remembered import RememberedRecords
from rehearsal.server import ready
from starter import rehearsal_fast
from starter.rehearsal_fast import casts
from starter.rehearsal_request import History, Line, Mail, PairResult, Rehearsed, Request, Unsent
from worker.build import workers
from worker.office import RecordsOffice
from worker.ports import Stage, activities

COHORT = "rehearsal"
_ATTEMPTS = 3
_PATIENCE = 2000
_LOOK = 0.005  # seconds
_STILL = 20  # seconds without an end of a task: the test server has lost it
_HAIR = timedelta(milliseconds=3)
"""The workflow's timers fire a hair after their instants."""


class Real(NamedTuple):
    result: Rehearsed
    journals: dict[str, tuple[Entry, ...]]
    """By pair_id."""
    mentorships: dict[str, str]
    """Workflow ids by pair_id."""


class StoodStill(RuntimeError):  # noqa: N818 - named for what is the case
    """The test server lost a task: two deadlines came so close together, on so busy a machine, that one fired while the other was handled."""

    def __init__(self) -> None:
        super().__init__("the test server stands still with a task under way (temporalio/sdk-java#3088): try again, or with --fast")


async def rehearse(request: Request, progress: Callable[[str], None] = lambda _: None) -> Real:
    """Rehearses in this process, on one server. If that stands still, begins again on another one, since the outcome is the same.

    Raises what `ready` raises, and StoodStill when every server stood still.
    """
    server = ready(request)
    for _ in range(_ATTEMPTS - 1):
        with suppress(StoodStill):
            return await _once(request, server, progress)
    return await _once(request, server, progress)


async def _once(request: Request, server: Path, progress: Callable[[str], None]) -> Real:
    async with AsyncExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rehearsal-")))
        mails = await asyncio.get_running_loop().create_server(lambda: SMTP(_Sink(), hostname="localhost"), "127.0.0.1", 0)
        stack.callback(mails.close)
        settings, keyring, issuer = _equipped(place, int(mails.sockets[0].getsockname()[1]))
        await asyncio.to_thread(migrate.upgrade, settings.database_url)
        records = await RememberedRecords.open(settings.database_url, keyring)
        stack.push_async_callback(records.close)
        stage = _Stage(request, records, server, settings=settings, keyring=keyring, issuer=issuer)
        return await stage.outcome(await stage.act(await stage.enrolled(), progress))


class _Sink:
    """Takes every mail and drops it; the ledger knows what was sent."""

    async def handle_DATA(self, *_: Any) -> str:  # noqa: N802 - aiosmtpd's name
        return "250 OK"


def _equipped(place: Path, port: int) -> tuple[Settings, Keyring, Issuer]:
    Keyring.generate(place / "keys.json")
    issuer_keys.generate(place / "issuer.json")
    settings = Settings(
        database_url=of_file(place / "records.db"),
        key_file=place / "keys.json",
        smtp_host="127.0.0.1",
        smtp_port=port,
        smtp_tls="none",
        mail_from="Rehearsal <rehearsal@example.invalid>",
        base_url="http://127.0.0.1",
        link_secrets=(SecretStr("rehearsed links lead nowhere, and nobody gets them"),),
        issuer_key_file=place / "issuer.json",
        issuer_name="Rehearsal",
    )
    return settings, Keyring.load(place / "keys.json"), Issuer.load(place / "issuer.json", name="Rehearsal")


class _Stage:
    def __init__(self, request: Request, records: Records, server: Path, *, settings: Settings, keyring: Keyring, issuer: Issuer) -> None:
        self._request = request
        self._settings = settings
        self._keyring = keyring
        self._issuer = issuer
        self._records = records
        self._server = server
        self._journal = HeldJournal()
        self._ledger = HeldLedger()
        self._refs: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._enrolled: dict[str, Enrolment] = {}

    async def enrolled(self) -> list[Enrolment]:
        """Puts programme, people and pairs into records, as a cohort's start does, without anybody's real address."""
        request, programme = self._request, self._request.programme
        people = [profile.model_copy(update={"email": f"person-{place}@example.invalid"}) for place, profile in enumerate(request.people)]
        await self._records.programmes.put(programme)
        self._refs = await self._records.people.enrol(people)
        self._names = {ref: name for name, ref in self._refs.items()}
        await self._records.cohorts.put(
            Cohort(
                id=COHORT,
                programme=programme.programme.id,
                version=programme.programme.version,
                texts_digest=programme.texts().digest,
                starts_at=request.starts,
                created_at=datetime.now(UTC),
            )
        )
        listed = [(couple.pair_id, self._refs[couple.mentor_id], self._refs[couple.mentee_id]) for couple in request.pairs]
        found = (await self._records.cohorts.enrol_pairs(COHORT, listed)).added
        self._enrolled = {enrolment.pair_id: enrolment for enrolment in found}
        mentorships = {enrolment.pair_id: enrolment.mentorship for enrolment in found}
        self._said = {
            cast.couple.pair_id: [command.model_copy(update={"by": self._refs[command.by]}) for command in cast.said] for cast in casts(request, mentorships)
        }
        self._moments = rehearsal_fast.rehearse(request, mentorships, keep=False).moments
        return list(found)

    async def act(self, enrolments: Sequence[Enrolment], progress: Callable[[str], None]) -> tuple[History, ...]:
        """Plays all pairs at once from start to end, on one server: a person's mails count over all their pairs, in the order of time."""
        environment = await WorkflowEnvironment.start_time_skipping(test_server_existing_path=str(self._server), data_converter=data_converter(self._keyring))
        try:
            client = environment.client
            await search_attributes.register(client)
            made: dict[Side, str] = {}
            held = Stage(
                self._journal,
                self._ledger,
                post=lambda post: CountedPost(post, made),
                registrar=lambda registrar: CountedRegistrar(registrar, made),
            )
            ports = activities(self._settings, self._records, client, self._issuer, stage=held)
            async with _at_work(workers(client, ports, mails_per_second=10_000, rehearsing=True)):
                clock = _Clock(environment)
                await clock.until(self._request.starts)
                await RecordsOffice(self._records, client).enrol(COHORT, len(enrolments), lambda *_: None)
                handles = {enrolment.pair_id: client.get_workflow_handle(enrolment.mentorship) for enrolment in enrolments}
                await self._play(clock, handles, progress)
                return tuple([_cost(pair_id, await handle.fetch_history()) for pair_id, handle in handles.items()])
        finally:
            await environment.shutdown()

    async def _play(self, clock: _Clock, handles: Mapping[str, WorkflowHandle[Any, Any]], progress: Callable[[str], None]) -> None:
        """Goes from one instant at which something happens to the next, and never on before all is done that belongs to the last one.

        Otherwise the server would skip on while an activity runs, and a mail that waits for its reader's morning would leave days later. It
        would also lose a task that cancels a timer which fired meanwhile (temporalio/sdk-java#3088).
        """
        for handle in handles.values():
            await clock.quiet(handle.id)
        said = {pair_id: deque(commands) for pair_id, commands in self._said.items()}
        last = {pair_id: moments[-1] for pair_id, moments in self._moments.items()}
        for moment, pair_id in merge(*([(moment, pair_id) for moment in moments] for pair_id, moments in self._moments.items())):
            handle, waiting = handles[pair_id], said[pair_id]
            while waiting and (at := waiting[0].at) is not None and at <= moment.at:
                await clock.until(at)
                await self._say(clock, handle, waiting.popleft())
                await clock.quiet(handle.id)
            if moment.due:
                await clock.until(moment.at + _HAIR)
                await clock.quiet(handle.id)
            if moment is last[pair_id]:
                progress(pair_id)
        for handle in handles.values():
            await self._wait(clock, handle)

    async def _say(self, clock: _Clock, handle: WorkflowHandle[Any, Any], command: Command) -> None:
        """Says it to the mentorship. Nobody hears what is said after the end, as at the door."""
        try:
            await handle.signal(command.command, command)
        except RPCError:
            if await clock.is_running(handle.id):
                raise

    async def _wait(self, clock: _Clock, handle: WorkflowHandle[Any, Any]) -> None:
        """Waits until it is over, a twentieth of the programme at a time: to wait for the result would skip that wait's own time limit, too."""
        step = self._request.programme.programme.length.span / 20
        for _ in range(_PATIENCE):
            if not await clock.is_running(handle.id):
                return
            await clock.skip(step)
        raise RuntimeError("a mentorship did not come to its end")

    async def outcome(self, histories: tuple[History, ...]) -> Real:
        records = self._records
        pair_ids = {enrolment.mentorship: enrolment.pair_id for enrolment in self._enrolled.values()}
        journals = {pair_id: tuple(self._journal.entries[enrolment.mentorship]) for pair_id, enrolment in self._enrolled.items()}
        mails = [
            Mail(at=mail.at, person_id=self._names[mail.person], kind=mail.kind, pair_id=pair_ids[mail.key.partition("/")[0]], exempt=mail.exempt)
            for mail in self._ledger.mails.values()
            if mail.verdict == "send"
        ]
        lines = await records.lines.all(COHORT, open_only=False)
        unsent = [
            Unsent(at=entry.at, kind=entry.body["notice"], to=entry.body["to"], pair_id=pair_id, why=entry.body["why"])
            for pair_id, journal in journals.items()
            for entry in journal
            if entry.name == "notice_failed"
        ]
        result = Rehearsed(
            mode="real",
            mails=tuple(sorted(mails)),
            unsent=tuple(unsent),
            lines=tuple(Line(pair_id=pair_ids[line.mentorship], line=line.line, opened_at=line.opened_at, closed_at=line.closed_at) for line in lines),
            pairs=tuple([self._result(enrolment) for enrolment in self._enrolled.values()]),
            histories=histories,
        )
        return Real(result, journals, {pair_id: enrolment.mentorship for pair_id, enrolment in self._enrolled.items()})

    def _result(self, enrolment: Enrolment) -> PairResult:
        card = self._journal.cards[enrolment.mentorship]
        return PairResult(
            pair_id=enrolment.pair_id,
            phase=card["phase"],
            milestones_done=card["milestones_done"],
            milestones_total=card["milestones_total"],
            meetings_held=card["meetings_held"],
            certificates=len(card["certificates"]),
            ended=card["ended"],
            over_at=self._journal.over_at.get(enrolment.mentorship),
        )


@asynccontextmanager
async def _at_work(running: Sequence[Worker]) -> AsyncIterator[None]:
    """Starts and stops the workers together, since each waits for its last poll."""
    tasks = [asyncio.create_task(worker.run()) for worker in running]
    try:
        yield
    finally:
        await asyncio.gather(*(worker.shutdown() for worker in running))
        await asyncio.gather(*tasks)


def _cost(pair_id: str, history: WorkflowHistory) -> History:
    return History(pair_id=pair_id, events=len(history.events), bytes=sum(event.ByteSize() for event in history.events), actions=actions(history))


class _Clock:
    """The server's time, and whether a workflow has something under way in it."""

    def __init__(self, environment: WorkflowEnvironment) -> None:
        self._environment = environment

    async def until(self, instant: datetime) -> None:
        pause = instant - await self._environment.get_current_time()
        if pause > timedelta(0):
            await self._environment.sleep(pause)

    async def skip(self, span: timedelta) -> None:
        await self._environment.sleep(span)

    async def is_running(self, mentorship: str) -> bool:
        return (await self._describe(mentorship)).workflow_execution_info.status == WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING

    async def quiet(self, mentorship: str) -> None:
        """Waits until no task and no activity of this workflow is on its way. Raises StoodStill when that does not happen."""
        try:
            async with asyncio.timeout(_STILL):
                while True:
                    answer = await self._describe(mentorship)
                    if not answer.pending_activities and not answer.HasField("pending_workflow_task"):
                        return
                    await asyncio.sleep(_LOOK)
        except TimeoutError as error:
            raise StoodStill from error

    async def _describe(self, mentorship: str) -> DescribeWorkflowExecutionResponse:
        """Asks the service itself: the test server's answers have search attributes that the SDK's own description cannot read."""
        client = self._environment.client
        asked = DescribeWorkflowExecutionRequest(namespace=client.namespace, execution=WorkflowExecution(workflow_id=mentorship))
        return await client.workflow_service.describe_workflow_execution(asked)
