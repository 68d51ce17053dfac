"""Which workers ask for work, as Temporal lists them. It lists workers for minutes after they are gone, and builds beside workers that have none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio.api.deployment.v1 import RoutingConfig, WorkerDeploymentInfo, WorkerDeploymentOptions, WorkerDeploymentVersion
from temporalio.api.enums.v1 import WorkerVersioningMode
from temporalio.api.taskqueue.v1 import PollerInfo
from temporalio.api.workflowservice.v1 import DescribeTaskQueueResponse, DescribeWorkerDeploymentResponse
from temporalio.service import RPCError, RPCStatusCode

from starter.doctor_builds import builds
from starter.doctor_workers import workers


def poller(build: str | None, *, ago: float = 5.0) -> PollerInfo:
    mode = WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED if build else WorkerVersioningMode.WORKER_VERSIONING_MODE_UNVERSIONED
    found = PollerInfo(deployment_options=WorkerDeploymentOptions(deployment_name="mentorship", build_id=build or "", worker_versioning_mode=mode))
    found.last_access_time.FromDatetime(datetime.now(UTC) - timedelta(seconds=ago))
    return found


def temporal(*listed: PollerInfo, current: str | None = None) -> Any:
    """A client of a server that lists these workers for every queue."""

    async def queue(_: object) -> DescribeTaskQueueResponse:
        return DescribeTaskQueueResponse(pollers=listed)

    async def deployment(_: object) -> DescribeWorkerDeploymentResponse:
        version = WorkerDeploymentVersion(deployment_name="mentorship", build_id=current) if current else None
        routing = RoutingConfig(current_deployment_version=version)
        return DescribeWorkerDeploymentResponse(worker_deployment_info=WorkerDeploymentInfo(routing_config=routing))

    return SimpleNamespace(namespace="default", workflow_service=SimpleNamespace(describe_task_queue=queue, describe_worker_deployment=deployment))


@pytest.mark.parametrize(("ago", "state"), [(5, "ok"), (62, "ok"), (90, "wrong"), (280, "wrong")])
async def test_who_asked_minutes_ago_is_gone(ago: float, state: str) -> None:
    [work] = await workers(temporal(poller(None, ago=ago)))
    [build] = await builds(temporal(poller("b-1", ago=ago), current="b-1"), "mentorship")
    assert (work.state, build.state) == (state, state)


@pytest.mark.parametrize(
    ("listed", "current", "state", "said"),
    [
        ((("b-1", 5), ("b-2", 5)), "b-1", "ok", "b-1 is current, b-2 waits"),
        ((("b-1", 200), ("b-2", 5)), "b-1", "wrong", "b-1 is current, and no worker of it asks for work; running are b-2"),
        ((("b-1", 5), ("b-2", 5), ("b-3", 5)), "b-1", "ok", "b-1 is current, b-2, b-3 wait"),
        ((("b-1", 200),), "b-1", "wrong", "b-1 is current, and no worker of it asks for work"),
        ((("b-2", 5),), None, "wrong", "b-2 waits, since none is current"),
        ((("b-2", 5), (None, 5)), None, "ok", "workers without a build get the work, b-2 waits"),
        ((("b-2", 5), (None, 200)), None, "wrong", "b-2 waits, since none is current"),
    ],
)
async def test_which_build_gets_the_work_and_which_waits(listed: tuple[tuple[str | None, float], ...], current: str | None, state: str, said: str) -> None:
    [check] = await builds(temporal(*(poller(build, ago=ago) for build, ago in listed), current=current), "mentorship")
    assert (check.state, check.detail.partition(":")[0]) == (state, said), "and then how to make another one current"


async def test_nothing_to_say_where_no_worker_has_a_build() -> None:
    assert await builds(temporal(poller(None)), "mentorship") == []


@pytest.mark.parametrize("status", [RPCStatusCode.NOT_FOUND, RPCStatusCode.UNIMPLEMENTED, RPCStatusCode.UNAVAILABLE])
async def test_a_server_that_knows_no_such_deployment_has_no_builds_and_one_that_does_not_answer_is_told(status: RPCStatusCode) -> None:
    async def refuse(_: object) -> None:
        raise RPCError("it says no", status, b"")

    client: Any = SimpleNamespace(namespace="default", workflow_service=SimpleNamespace(describe_worker_deployment=refuse))
    asked = builds(client, "mentorship")
    if status is RPCStatusCode.UNAVAILABLE:
        with pytest.raises(RPCError):
            await asked
    else:
        assert await asked == []
