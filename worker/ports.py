"""Concrete things behind the activities' ports. Built once a process from settings; tests build the same with other settings."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio.client import Client

from activities.cases import CaseActivities
from activities.certificates import CertificateActivities
from activities.coordination import CoordinationActivities
from activities.enrolment import EnrolmentActivities
from activities.journal import JournalActivities
from activities.notices import NoticeActivities
from activities.planning import PlanningActivities
from certificates.issuer import Issuer
from gateway.links import LinkSigner
from gateway.settings import Settings
from notices.smtp import Mailer
from records.store import Records
from schedule.plan import reading_hours
from worker.case_desk import CaseDesk
from worker.case_lines import CaseLines
from worker.case_meetings import Meetings
from worker.digests import SmtpDigests
from worker.journal import RecordsJournal
from worker.office import RecordsOffice
from worker.planner import RecordsPlanner
from worker.post import SmtpPost
from worker.registrar import RecordsRegistrar


@dataclass(frozen=True)
class Activities:
    """Every activity of the service, by the queue that it runs on."""

    work: tuple[object, ...]
    notices: tuple[object, ...]
    certificates: tuple[object, ...]


def activities(settings: Settings, records: Records, client: Client, issuer: Issuer) -> Activities:
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else None
    mailer = Mailer(settings.smtp_host, settings.smtp_port, settings.smtp_user, password, settings.smtp_tls, settings.smtp_timeout)
    signer = LinkSigner(settings.link_secrets)
    post = SmtpPost(records, mailer, signer, sender=settings.mail_from, organizer=settings.mail_from, base_url=settings.base_url)
    digests = SmtpDigests(records, mailer, signer, sender=settings.mail_from, base_url=settings.base_url)
    enrolment = EnrolmentActivities(RecordsOffice(records, client, digests))
    journal = JournalActivities(RecordsJournal(records))
    registrar = RecordsRegistrar(records, issuer, base_url=settings.base_url, font_folder=settings.font_folder)
    desk = CaseDesk(records, Meetings(records, client), mailer, signer, reading_hours, sender=settings.mail_from, base_url=settings.base_url)
    notices = NoticeActivities(post, records.notices, reading_hours)
    return Activities(
        work=(
            journal.append_journal,
            journal.seal_journal,
            PlanningActivities(RecordsPlanner(records)).plan_meetings,
            CoordinationActivities(CaseLines(records, client)).tell_coordinators,
            enrolment.enrol_batch,
            enrolment.cohort_progress,
            CaseActivities(desk).tend_case,
        ),
        notices=(notices.send_notice, enrolment.send_digest),
        certificates=(CertificateActivities(registrar).issue_certificates,),
    )
