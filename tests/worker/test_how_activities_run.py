"""Activities use the server's clock of their own attempt, however long no worker was there, and are retried for as long as it takes (P5)."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.cases import CaseActivities
from activities.certificates import CertificateActivities
from activities.digests import DigestActivities, DigestRequest
from activities.notices import NoticeActivities
from activities.options import OPTIONS
from activities.planning import PlanningActivities
from activities.setbacks import Setbacks
from mentorship.people import Pair
from mentorship.programme import Mail
from wire.inputs import CaseOf
from wire.names import NOTICES_QUEUE

BEGAN = datetime(2027, 3, 3, 9, tzinfo=UTC)


class Port:
    """Stands behind the activities and keeps the instants that it is given."""

    def __init__(self, *answers: Any) -> None:
        self.told: list[datetime] = []
        self.given: list[tuple[Any, ...]] = []
        self._answers = list(answers)

    def __getattr__(self, name: str) -> Any:
        async def asked(*given: Any) -> Any:
            self.given.append(given)
            self.told += [one for one in given if isinstance(one, datetime)]
            return self._answers.pop(0) if self._answers else None

        return asked


@pytest.fixture
def attempt() -> ActivityEnvironment:
    """An activity that was requested on Monday and failed on Tuesday, and that a worker has just begun."""
    environment = ActivityEnvironment()
    monday, tuesday = BEGAN - timedelta(days=2), BEGAN - timedelta(days=1)
    environment.info = dataclasses.replace(environment.info, scheduled_time=monday, current_attempt_scheduled_time=tuesday, started_time=BEGAN)
    return environment


async def test_a_case_a_plan_and_a_certificate_are_of_the_instant_at_which_the_attempt_began(attempt):
    port: Any = Port()
    await attempt.run(CaseActivities(port).tend_case, CaseOf(case="c-1"))
    await attempt.run(PlanningActivities(port).plan_meetings, SimpleNamespace())
    port._answers = ["k-1", None, SimpleNamespace(outcome="reissued")]
    pair = Pair(mentor="p-m", mentee="p-e")
    issued = await attempt.run(CertificateActivities(port).issue_certificates, SimpleNamespace(pair=pair, wanted=SimpleNamespace(to=("mentor", "mentee"))))
    assert (issued.certificates, issued.erased) == ({"p-m": "k-1"}, ("p-e",))
    await attempt.run(CertificateActivities(port).reissue_certificate, SimpleNamespace())
    assert port.told == [BEGAN] * 5


@pytest.mark.parametrize("ahead", [timedelta(days=-2), timedelta(seconds=1)])
async def test_a_digest_is_of_now_and_never_of_before_what_asked_for_it(attempt, ahead):
    asked: list[DigestRequest] = []

    class Digests(Port):
        async def send(self, request: DigestRequest) -> None:
            asked.append(request)

    digests: Any = Digests()
    await attempt.run(DigestActivities(digests).send_digest, DigestRequest(cohort="spring", due=BEGAN, at=BEGAN + ahead))
    assert [request.at for request in asked] == [max(BEGAN, BEGAN + ahead)]


def mail_to(to: str, kind: str = "prepare") -> Any:
    notice = SimpleNamespace(kind=kind, helps_until=None, to=to, id="3.0")
    return SimpleNamespace(mail=Mail(), notice=notice, key="m/3.0", mentorship="m")


async def test_a_mail_waits_for_the_morning_after_its_attempt_and_is_counted_then(attempt):
    post: Any = Port(("p-m",), "Europe/Berlin", "<id@example.org>")
    ledger: Any = Port("send")
    looked: list[datetime] = []

    def hours(now: datetime, *_: str) -> datetime:
        looked.append(now)
        return now

    delivery = await attempt.run(NoticeActivities(post, ledger, hours).send_notice, mail_to("mentor"))
    assert delivery.outcome == "sent"
    assert {*looked, *post.told, *ledger.told} == {BEGAN}


async def test_a_mail_to_several_comes_back_for_the_first_morning_and_one_to_nobody_at_all_did_not_go(attempt):
    """H14, P7: a coordinator who reads later delays nobody, and a line that nobody may read is reported as such."""
    mornings = {"Asia/Tokyo": BEGAN + timedelta(hours=14), "Europe/London": BEGAN + timedelta(hours=23)}
    for zones in (sorted(mornings), sorted(mornings, reverse=True)):
        post, ledger = Port(("p-1", "p-2"), *zones), Port(frozenset(), frozenset())
        activities: Any = NoticeActivities(post, ledger, lambda _, where, __: mornings[where])
        delivery = await attempt.run(activities.send_notice, mail_to("coordinators"))
        assert (delivery.outcome, delivery.until) == ("later", mornings["Asia/Tokyo"])
    nobody: Any = NoticeActivities(Port(()), Port(), lambda now, *_: now)
    delivery = await attempt.run(nobody.send_notice, mail_to("coordinators"))
    assert (delivery.outcome, delivery.why) == ("failed", "no_address")


@pytest.mark.parametrize(("to", "kind", "key", "exempt"), [("mentor", "prepare", "m/3.0", False), ("coordinators", "rescheduled", "m/3.0/p-m", True)])
async def test_the_ledger_hears_whose_mail_it_is_and_whether_their_budget_is_asked(attempt, to, kind, key, exempt):
    """Calm: changes are exempt. Coordinators come and go, so each has a key of their own."""
    ledger: Any = Port("send")
    post: Any = Port(("p-m",), "Europe/Berlin", "<id@example.org>")
    await attempt.run(NoticeActivities(post, ledger, lambda now, *_: now).send_notice, mail_to(to, kind))
    budget = Mail().budget
    assert ledger.given == [(key, "p-m", kind, exempt, BEGAN, budget.most, budget.per.span, None), (key, "<id@example.org>", BEGAN)]


def test_only_mails_are_given_up_everything_else_is_tried_until_it_works():
    """H7, P3, P7: a certificate, a row of the journal and a line of the list are tried for ever; a mail for a day."""
    assert {name: row.within for name, row in OPTIONS.items() if row.within is not None} == dict.fromkeys(("send_notice", "send_digest"), timedelta(days=1))
    assert {name: row.refuses for name, row in OPTIONS.items() if row.refuses} == {"append_journal": ("Diverged",)}
    assert [name for name, row in OPTIONS.items() if row.finished] == ["send_notice"]
    assert {name for name, row in OPTIONS.items() if row.heartbeat is None} == {"plan_meetings", "tell_coordinators", "cohort_progress"}, (
        "quick, and cheap to do again"
    )
    assert {name for name, row in OPTIONS.items() if row.queue == NOTICES_QUEUE} == {"send_notice", "send_digest"}, "what a mail server has patience for"
    assert max(row.longest_pause for row in OPTIONS.values()) <= timedelta(hours=1), "who repairs something waits no longer"


def test_of_several_setbacks_the_first_one_stands_for_all():
    setbacks = Setbacks()
    for told in ("one", "other"):
        with setbacks.kept():
            raise ValueError(told)
    with pytest.raises(ValueError, match="one"):
        setbacks.tell()
