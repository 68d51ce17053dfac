"""The credential, which a stranger verifies without us (P4): an Open Badges 3.0 AchievementCredential with an embedded proof.

It says *completed*. It names the holder only by salted hashes and the partner not at all, and has share and milestones only if the
holder asked for them (H8). The same facts and the same key give the same bytes.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from openbadgeslib.ob3 import Achievement, IdentityObject, OB3LdpSigner, OpenBadgeCredential, Result, ResultDescription, status_entry
from openbadgeslib.ob3 import Issuer as Profile

from certificates.facts import CertificateFacts, MilestoneDone
from certificates.issuer import Issuer
from certificates.terms import lint
from certificates.wording import Wording, wording

CONTEXTS = ("https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json")


def credential(facts: CertificateFacts, issuer: Issuer, *, base_url: str) -> dict[str, Any]:
    """The signed document. Raises `UnsignedTerm`, before anything is signed, if the proof would leave something uncovered."""
    facts = facts.whole_seconds()
    words = wording(facts.language)
    draft = Draft(
        id=certificate_url(base_url, facts.id),
        issuer=Profile(id=issuer.did, name=issuer.name, url=issuer.url),
        recipient_id=None,
        achievement=_achievement(facts, issuer, words),
        name=facts.programme_title,
        issuance_date=_issued(facts),
        credential_status=_status(facts),
        identifiers=_identity(facts, issuer.salt(facts.id)),
        results=_results(facts, issuer) if facts.show_results else [],
        facts=facts,
        words=words,
    )
    lint(draft.to_vc())
    signed: dict[str, Any] = OB3LdpSigner(issuer.signing.private_pem(), issuer.verification_method(issuer.signing)).sign(draft, created=_issued(facts))
    signed["proof"] = [signed["proof"]]  # the official schema wants a list; the proof does not cover this wrapping
    return signed


def as_text(document: dict[str, Any]) -> str:
    """The only form in which we write a credential."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def certificate_url(base_url: str, certificate: str) -> str:
    """The address of its verification page: the credential's id, and the target of the QR code."""
    return f"{base_url.rstrip('/')}/c/{certificate}"


@dataclass(kw_only=True)
class Draft(OpenBadgeCredential):
    """The library's model, with the members of the standard for which it has no field."""

    facts: CertificateFacts
    words: Wording

    def to_vc(self) -> dict[str, Any]:
        document: dict[str, Any] = super().to_vc()
        document["@context"] = list(CONTEXTS)  # exactly these two: a stranger's verifier has them built in
        del document["credentialSchema"]  # only a third context defines its type
        document["description"] = document["credentialSubject"]["achievement"]["description"]
        document["awardedDate"] = _instant(_completed(self.facts))
        subject = document["credentialSubject"]
        subject["activityStartDate"] = _instant(_midnight(self.facts.started_on))
        subject["activityEndDate"] = _instant(_completed(self.facts))
        subject["achievement"]["inLanguage"] = self.words.language
        return document


def _achievement(facts: CertificateFacts, issuer: Issuer, words: Wording) -> Achievement:
    """The same for everybody in a programme with the same rule, so that its id says nothing about a person.

    If the holder shows milestones, the achievement describes them too, and has another id.
    """
    shown = facts.milestones if facts.show_results else ()
    return Achievement(
        id=_achievement_id(facts, issuer),
        name=facts.programme_title,
        description=words.achievement.format(title=facts.programme_title),
        criteria_narrative=words.criteria.format(share=facts.share),
        achievement_type="CertificateOfCompletion",
        result_descriptions=[
            ResultDescription(
                id=_result_id(facts, issuer, "share"),
                name=words.percent,
                result_type="Percent",
                value_min="0",
                value_max="100",
                required_value=str(facts.share),
            ),
            ResultDescription(id=_result_id(facts, issuer, "milestones"), name=words.milestones, result_type="Result"),
            *(
                ResultDescription(id=_result_id(facts, issuer, f"milestone {number}"), name=milestone.title, result_type="Status")
                for number, milestone in enumerate(shown)
            ),
        ],
    )


def _results(facts: CertificateFacts, issuer: Issuer) -> list[Result]:
    """The share, and each milestone with the instant at which it was done."""
    return [
        Result(value=str(facts.reached), result_description=_result_id(facts, issuer, "share")),
        Result(value=f"{facts.milestones_done}/{facts.milestones_total}", result_description=_result_id(facts, issuer, "milestones")),
        *(
            Result(status="Completed", value=_done(milestone), result_description=_result_id(facts, issuer, f"milestone {number}"))
            for number, milestone in enumerate(facts.milestones)
        ),
    ]


def _done(milestone: MilestoneDone) -> str:
    at = _instant(milestone.done_at.replace(microsecond=0))
    return f"{at} (waived)" if milestone.waived else at


def _status(facts: CertificateFacts) -> list[dict[str, Any]]:
    if facts.status_list_url is None or facts.status_index is None:
        return []
    return [status_entry(facts.status_list_url, "revocation", facts.status_index)]


def _identity(facts: CertificateFacts, salt: str) -> list[IdentityObject]:
    """Who may claim it (by address, or by our own opaque reference if there is none), and the printed name, so that a copy of the document with
    another name on it does not verify. The salt is each certificate's own: two certificates of one person cannot be linked.
    """
    holder, kind = (facts.holder_email, "emailAddress") if facts.holder_email else (facts.holder_ref, "systemId")
    return [
        IdentityObject.create(holder, salt, kind),
        IdentityObject.create(facts.holder_name, salt, "name"),
    ]


def _achievement_id(facts: CertificateFacts, issuer: Issuer) -> str:
    anchor = issuer.web_did or issuer.keys[0].did()  # the oldest key: an achievement outlives a rotation
    rule: list[Any] = [anchor, facts.programme_title, facts.share, wording(facts.language).language]
    if facts.show_results and facts.milestones:
        rule.append([milestone.title for milestone in facts.milestones])
    return uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(rule, ensure_ascii=False)).urn


def _result_id(facts: CertificateFacts, issuer: Issuer, name: str) -> str:
    return uuid.uuid5(uuid.UUID(_achievement_id(facts, issuer)), name).urn


_QUARTER = timedelta(minutes=15)
"""Instants are rounded to this, so that a stranger cannot find the partner's certificate by the second (H8).

All time zones differ by quarters of an hour, so days stay the same everywhere.
"""


def _issued(facts: CertificateFacts) -> datetime:
    """Rounded down, to the quarter in which a cohort's certificates are issued together."""
    return facts.issued_at - _into(facts.issued_at)


def _completed(facts: CertificateFacts) -> datetime:
    """Rounded up to its quarter: an end is the pair's own once it paused or ended early. An end at midnight stays, since it closes the day before."""
    return facts.completed_at + -_into(facts.completed_at) % _QUARTER


def _into(at: datetime) -> timedelta:
    return (at - datetime.min.replace(tzinfo=UTC)) % _QUARTER


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
