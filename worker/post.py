"""The mail port: looks up people and words at the last moment, composes the mail, and hands it over by SMTP."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Literal

from activities.mail_once import Undeliverable
from activities.notices import NoticeRequest
from certificates.credential import certificate_url
from certificates.linkedin import add_to_profile
from gateway.links import Addresses, Bearer, LinkSigner
from mentorship.budget import MERGING
from mentorship.people import SIDES, Side
from mentorship.programme import Programme
from notices.compose import compose
from notices.readers import Attachment, Elsewhere, Links, Reader
from notices.smtp import Mailer
from records.coordination import able
from records.errors import Erased, UnknownPerson
from records.people import Profile
from records.store import Records
from wire.names import cohort_of
from worker.elsewhere import elsewhere
from worker.handing_over import hand_over


class SmtpPost:
    """`sender` may carry a name; `base_url` is where the pages are."""

    def __init__(self, records: Records, mailer: Mailer, signer: LinkSigner, *, sender: str, base_url: str) -> None:
        self._records = records
        self._mailer = mailer
        self._addresses = Addresses(signer, base_url)
        self._sender = sender
        self._base_url = base_url

    async def readers(self, request: NoticeRequest) -> tuple[str, ...]:
        to = request.notice.to
        if to != "coordinators":
            return (request.pair.person(to),)
        programme = await self._programme(request.mentorship)
        return await able(self._records, programme, request.mentorship, request.pair)

    async def time_zone(self, reader: str, request: NoticeRequest) -> str:
        profile = await self._profile(reader)
        return profile.time_zone or (await self._records.programmes.texts(request.texts)).time_zone

    async def deliver(self, reader: str, request: NoticeRequest, at: datetime) -> str:
        request = await self._with_edition(request, reader)
        texts = await self._records.programmes.texts(request.texts)
        pair = {side: _reader(request.pair.person(side), await self._known(request.pair.person(side)), side) for side in SIDES}
        to = request.notice.to
        if to == "coordinators":
            addressee, partner = _reader(reader, await self._profile(reader), "coordinators"), None
        else:
            addressee, partner = pair[to], pair["mentor" if to == "mentee" else "mentee"]
        composed = partial(
            compose,
            request.notice,
            mentorship=request.mentorship,
            reader=addressee,
            partner=partner,
            texts=texts,
            links=await self._links(request, reader),
            key=request.key,
            sender=self._sender,
            attachments=await self._attachments(request),
            pair=tuple(pair.values()) if to == "coordinators" else (),
            free_before=request.free_before.span,
            began=request.began,
            elsewhere=await self._elsewhere(request, reader, at),
            at=at,
        )
        return await hand_over(self._mailer, composed)

    async def _elsewhere(self, request: NoticeRequest, reader: str, at: datetime) -> tuple[Elsewhere, ...]:
        if request.notice.to == "coordinators" or request.notice.kind not in MERGING:
            return ()
        return await elsewhere(self._records, request.mentorship, reader, at, lambda mentorship: self._addresses.of("page", Bearer(mentorship, reader)))

    async def _with_edition(self, request: NoticeRequest, reader: str) -> NoticeRequest:
        """A mail with a certificate brings the edition that counts, although its holder asked for another while it waited (H8)."""
        if request.notice.certificate is None:
            return request
        standing = await self._records.certificates.standing(request.mentorship, reader)
        return request if standing is None else request.model_copy(update={"notice": request.notice.model_copy(update={"certificate": standing.id})})

    async def _attachments(self, request: NoticeRequest) -> tuple[Attachment, ...]:
        """The result's mail carries the certificate: the document to print and the credential (H8)."""
        certificate = request.notice.certificate
        if certificate is None:
            return ()
        try:
            credential, pdf = await self._records.certificates.document(certificate)
        except Erased:  # erased between the certificate and its mail
            raise Undeliverable("no_address") from None
        return (
            Attachment("certificate.pdf", "application/pdf", pdf),
            Attachment("certificate.json", "application/json", credential.encode()),
        )

    async def _profile_link(self, request: NoticeRequest) -> str | None:
        certificate = await self._records.certificates.get(request.notice.certificate) if request.notice.certificate is not None else None
        if certificate is None:
            return None
        return add_to_profile(await self._records.certificates.credential(certificate.id), certificate.fields.get("time_zone"))

    async def _links(self, request: NoticeRequest, reader: str) -> Links:
        addresses = self._addresses
        if request.notice.to == "coordinators":
            bearer = Bearer(cohort_of(request.mentorship), reader)
            return Links(page=addresses.of("coordinator", bearer), who_sees_what=addresses.who_sees_what)
        bearer = Bearer(request.mentorship, reader)
        return Links(
            page=addresses.of("page", bearer),
            unsubscribe=addresses.of("unsubscribe", bearer),
            who_sees_what=addresses.who_sees_what,
            calendar=addresses.of("calendar", bearer),
            verify=certificate_url(self._base_url, request.notice.certificate) if request.notice.certificate else None,
            profile=await self._profile_link(request),
        )

    async def _programme(self, mentorship: str) -> Programme:
        """The cohort's newest version, whose coordinators are today's. The texts that a pair goes by come with each request."""
        cohort = await self._records.cohorts.get(cohort_of(mentorship))
        if cohort is None:
            raise LookupError("the cohort of this mentorship is not in records")
        return await self._records.programmes.get(cohort.programme, cohort.version)

    async def _profile(self, ref: str) -> Profile:
        try:
            return await self._records.people.profile(ref)
        except (Erased, UnknownPerson):
            raise Undeliverable("no_address") from None

    async def _known(self, ref: str) -> Profile | None:
        try:
            return await self._records.people.profile(ref)
        except Erased:
            return None


def _reader(ref: str, profile: Profile | None, side: Side | Literal["coordinators"]) -> Reader:
    """An erased person has no name and no address any more; a mail to their partner is still sent."""
    if profile is None:
        return Reader(ref=ref, name="", email="", side=side)
    return Reader(ref=ref, name=profile.name, email=profile.email, language=profile.language, time_zone=profile.time_zone, side=side)
