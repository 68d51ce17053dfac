"""Stand-ins for the activities. Only the workflow's own decisions are replayed later, so these answer as simply as they can."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import activity

from activities.cases import Standing
from activities.certificates import CertificateRequest, Certificates, Reissued, ReissueRequest
from activities.coordination import LineRequest
from activities.digests import DigestRequest, DigestSent
from activities.enrolment import EnrolRequest, Progress
from activities.journal import JournalBatch, JournalHead, JournalOf
from activities.notices import Delivery, NoticeRequest
from activities.planning import Planned, PlanRequest
from mentorship.effects import SendNotice
from mentorship.people import SIDES
from mentorship.programme import Mail
from tests.replay.scenarios import DAY, OVER_MORE_RUNS, PAIR, SLOW, slot, workflow_id
from wire.inputs import CaseOf, CohortOf


class Answers:
    """Activities that do nothing and report success."""

    def __init__(self) -> None:
        self.late: set[str] = set()
        self.looks = 0

    @activity.defn
    async def append_journal(self, batch: JournalBatch) -> JournalHead:
        return JournalHead(seq=batch.entries[-1].seq, mac="0" * 64)

    @activity.defn
    async def seal_journal(self, _: JournalOf) -> None:
        return None

    @activity.defn
    async def send_notice(self, request: NoticeRequest) -> Delivery:
        if request.notice.kind == "welcome" and request.mentorship in map(workflow_id, OVER_MORE_RUNS):
            await asyncio.sleep(SLOW)
        if request.notice.kind == "halfway" and request.notice.to == "mentee":
            return Delivery(outcome="failed", why="over_budget")
        waits, wait = {"heads_up", "reissued"}, timedelta(hours=9)
        if request.mentorship == workflow_id("mails-that-wait"):
            waits |= {"prepare", "nudge", "case", "check_in", "closing_survey", "absence_reported"}
            wait += (*SIDES, "coordinators").index(request.notice.to) * timedelta(minutes=5)  # not two at once: skipping.py
        if request.notice.kind in waits and request.key not in self.late:
            self.late.add(request.key)
            return Delivery(outcome="later", until=activity.info().current_attempt_scheduled_time + wait)
        return Delivery(outcome="sent")

    @activity.defn
    async def plan_meetings(self, request: PlanRequest) -> Planned:
        """Plans five hours off: the test server stumbles over two deadlines that are a few milliseconds apart (skipping.py)."""
        wanted = request.wanted
        starts = [wanted.after + (n + 1) * 7 * DAY + timedelta(hours=5) for n in range(wanted.count)]
        return Planned(slots=tuple(slot(at) for at in starts))

    @activity.defn
    async def tell_coordinators(self, _: LineRequest) -> None:
        return None

    @activity.defn
    async def issue_certificates(self, request: CertificateRequest) -> Certificates:
        return Certificates(certificates={request.pair.mentor: "certificate-a", request.pair.mentee: "certificate-b"})

    @activity.defn
    async def reissue_certificate(self, request: ReissueRequest) -> Reissued:
        notice = SendNotice(id="0.0", kind="reissued", to="mentor", due=activity.info().current_attempt_scheduled_time, certificate="certificate-c")
        mail = NoticeRequest(mentorship=request.mentorship, pair=PAIR, texts="0" * 64, notice=notice, mail=Mail())
        return Reissued(outcome="reissued", certificate="certificate-c", notice=mail)

    @activity.defn
    async def tend_case(self, _: CaseOf) -> Standing:
        """Waits twice, is taken, is closed."""
        self.looks += 1
        again = activity.info().current_attempt_scheduled_time + 3 * DAY
        match self.looks:
            case 1 | 2:
                return Standing(state="waiting", look_again=again)
            case 3 | 4:
                return Standing(state="taken", look_again=again)
            case _:
                return Standing(state="closed")

    @activity.defn
    async def enrol_batch(self, _: EnrolRequest) -> Progress:
        return Progress(started=2, look_again=DAY)

    @activity.defn
    async def cohort_progress(self, _: CohortOf) -> Progress:
        return Progress(over=2, look_again=DAY)

    @activity.defn
    async def send_digest(self, _: DigestRequest) -> DigestSent:
        return DigestSent()
