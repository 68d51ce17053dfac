"""The implementations behind the activities' ports, built once per process from settings. Tests build the same with other settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client

from activities.cases import CaseActivities
from activities.certificates import CertificateActivities, Registrar
from activities.coordination import CoordinationActivities
from activities.digests import DigestActivities
from activities.enrolment import EnrolmentActivities
from activities.journal import JournalActivities, JournalStore
from activities.mail_once import Ledger
from activities.notices import NoticeActivities, Post
from activities.planning import PlanningActivities
from certificates.issuer import Issuer
from gateway.links import LinkSigner
from gateway.settings import Settings
from notices.smtp import Mailer
from records.store import Records
from schedule.calendar import reading_hours
from worker.case_desk import CaseDesk
from worker.case_meetings import Meetings
from worker.case_post import CasePost
from worker.coordinators_list import CoordinatorsList
from worker.digests import SmtpDigests
from worker.journal import RecordsJournal
from worker.office import RecordsOffice
from worker.planner import RecordsPlanner
from worker.post import SmtpPost
from worker.registrar import RecordsRegistrar


@dataclass(frozen=True)
class Activities:
    """Every activity of the service, by the queue that it runs on."""

    work: tuple[Callable[..., Any], ...]
    notices: tuple[Callable[..., Any], ...]
    certificates: tuple[Callable[..., Any], ...]


@dataclass(frozen=True)
class Stage:
    """What a rehearsal uses in place of the journal and the ledger in records, and around the post and the registrar."""

    journal: JournalStore
    ledger: Ledger
    post: Callable[[Post], Post]
    registrar: Callable[[Registrar], Registrar]
    """`post` and `registrar` wrap the real ones."""


def activities(settings: Settings, records: Records, client: Client, issuer: Issuer, *, stage: Stage | None = None) -> Activities:
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else None
    mailer = Mailer(settings.smtp_host, settings.smtp_port, settings.smtp_user, password, settings.smtp_tls, settings.smtp_timeout)
    signer = LinkSigner(settings.link_secrets)
    post = SmtpPost(records, mailer, signer, sender=settings.mail_from, base_url=settings.base_url)
    digests = SmtpDigests(records, mailer, signer, sender=settings.mail_from, base_url=settings.base_url)
    enrolment = EnrolmentActivities(RecordsOffice(records, client))
    journals = JournalActivities(stage.journal if stage is not None else RecordsJournal(records))
    lines = CoordinatorsList(records, client)
    registrar = RecordsRegistrar(records, issuer, lines, base_url=settings.base_url, font_folder=settings.font_folder)
    case_post = CasePost(records, mailer, signer, reading_hours, sender=settings.mail_from, base_url=settings.base_url)
    certificates = CertificateActivities(stage.registrar(registrar) if stage is not None else registrar)
    notices = NoticeActivities(stage.post(post), stage.ledger, reading_hours) if stage is not None else NoticeActivities(post, records.notices, reading_hours)
    return Activities(
        work=(
            journals.append_journal,
            journals.seal_journal,
            PlanningActivities(RecordsPlanner(records)).plan_meetings,
            CoordinationActivities(lines).tell_coordinators,
            enrolment.enrol_batch,
            enrolment.cohort_progress,
            CaseActivities(CaseDesk(records, Meetings(records, client), case_post)).tend_case,
        ),
        notices=(notices.send_notice, DigestActivities(digests).send_digest),
        certificates=(certificates.issue_certificates, certificates.reissue_certificate),
    )
