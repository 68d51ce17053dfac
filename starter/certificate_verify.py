"""`mentorship certificate verify`: checks a certificate for a stranger, who has neither records nor Temporal (P4)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from certificates.trust import Trust
from certificates.verify import Claim, State, Verdict, read_claim, verify_file
from gateway.settings import Settings
from starter.answer import Json, Misused, Refused, answer, harmless, stated
from starter.certificate_trust import Decision, Fetch, NotFetched, decide, fetch

REVOCATION_UNKNOWN = "revocation unknown"
"""The state of a certificate that is valid but for its list of revocations, which was given or fetched and cannot be judged."""


_PAGE = re.compile(r"(.+/c/[a-z0-9]+)/?(?:[?#].*)?")
"""The address of a certificate's page, which may name a language that somebody chose."""


def verify(
    source: Annotated[str, typer.Argument(metavar="FILE|URL", help="The PDF, the JSON, or the address of either or of the certificate's page.")],
    *,
    name: Annotated[
        str | None, typer.Option(help="Whether it was issued to this name: what a page prints is not signed, this is.", callback=stated("a name"))
    ] = None,
    email: Annotated[str | None, typer.Option(help="Whether it was issued to this address.", callback=stated("an address"))] = None,
    trust: Annotated[
        list[str] | None, typer.Option(help="Believe this issuer and no other: its DID (did:key, did:web), or the file of a DID document.")
    ] = None,
    status_list: Annotated[Path | None, typer.Option(help="The issuer's list of revocations as a file, instead of fetching it.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask nobody: judge by what is here.")] = False,
    json: Json = False,
) -> None:
    """Whether a certificate is genuine, unaltered and not revoked, and why its issuer is believed. Needs no server of ours."""
    get = None if offline else fetch
    data = _read(source, get)
    claim = read_claim(data)
    if claim is None:
        unreadable = verify_file(data, trust=Trust.nobody())
        raise Refused(f"unreadable: {' '.join(unreadable.reasons)}", result={"valid": False, "state": unreadable.state, "reasons": unreadable.reasons})
    decision = decide(claim, trust or (), Settings.load(), get)
    listed, unlisted = _listed(claim, status_list, get)
    verdict = verify_file(data, trust=decision.trust, name=name, email=email, status_list=listed)
    if verdict.state is State.UNKNOWN_ISSUER:
        verdict = _whether_altered(data, claim, verdict)
    unlisted = unlisted or verdict.revocation_unknown
    in_vain = verdict.valid and verdict.revocation_unknown is not None
    result, lines = _said(claim, decision, verdict, named=name is not None, unlisted=unlisted, in_vain=in_vain)
    if not result["valid"]:
        raise Refused(*lines, result=result)
    answer(result, lines, as_json=json)


def _read(source: str, get: Fetch | None) -> bytes:
    if not source.strip() or re.match(r"(?!https?://)[A-Za-z][A-Za-z0-9+.-]*://", source):
        raise Misused(f"{source.strip() or 'nothing'}: expected a file, or an address that begins with http:// or https://")
    if not source.startswith(("http://", "https://")):
        try:
            return Path(source).read_bytes()
        except OSError as error:
            raise Misused(f"{source}: {error.strerror or 'cannot be read'}") from error
    if get is None:
        raise Misused(f"{source}: an address has to be asked, which --offline forbids")
    try:
        return get(f"{page[1]}/certificate.json" if (page := _PAGE.fullmatch(source)) else source)
    except NotFetched as error:
        raise Refused(str(error)) from error


def _listed(claim: Claim, given: Path | None, get: Fetch | None) -> tuple[str | None, str | None]:
    """The list of revocations, or why there is none."""
    try:
        if given is not None:
            return given.read_bytes().decode("utf-8", "replace"), None
        if claim.status_list is None:
            return None, None
        if get is None:
            return None, f"the list at {claim.status_list} was not asked (--offline)"
        return get(claim.status_list).decode("utf-8", "replace"), None
    except OSError as error:
        raise Misused(f"--status-list: {given}: {error.strerror or 'cannot be read'}") from error
    except NotFetched as error:
        return None, str(error)


def _whether_altered(data: bytes, claim: Claim, verdict: Verdict) -> Verdict:
    """A did:key contains its key, so one can tell whether something was changed even though nobody says whose key it is."""
    try:
        own_word = verify_file(data, trust=Trust.of_did_key(claim.issuer))
    except ValueError:
        return verdict
    if own_word.state in (State.VALID, State.ANOTHER_HOLDER):
        return Verdict(verdict.state, ("Nothing was changed after it was signed, but nothing says who signed it.",))
    return own_word


def _said(claim: Claim, decision: Decision, verdict: Verdict, *, named: bool, unlisted: str | None, in_vain: bool) -> tuple[dict[str, Any], list[str]]:
    """The answer for programs and for people. Whatever a file claims, or somebody signed, is a stranger's text and is made harmless.

    `in_vain` means that a list was given or fetched and could not be judged: somebody may have put it there to hide a revocation.
    A list that was not asked for, or could not be reached, hides nothing, and the answer says that it was not checked.
    """
    signed = verdict.credential or {}
    subject = signed.get("credentialSubject", {})
    title, completed, issued = (_quoted(value) for value in (signed.get("name"), subject.get("activityEndDate"), signed.get("validFrom")))
    reasons = [harmless(reason) for reason in verdict.reasons]
    said = {
        "certificate": harmless(claim.id),
        "title": title,
        "completed": completed,
        "issued": issued,
        "issuer": harmless(claim.issuer),
        "issuer_name": harmless(claim.issuer_name),
        "key": harmless(claim.method),
        "trusted": decision.known,
        "trust": harmless(decision.why),
        "name_compared": named,
        "reasons": reasons,
        "revocation_not_checked": _quoted(unlisted),
    }
    state = REVOCATION_UNKNOWN if in_vain else verdict.state
    lines = [f"{state}: {said['certificate']}"]
    if signed:
        lines.append(f"  says: completed “{title}” on {str(completed)[:10]}, issued {str(issued)[:10]}")
    lines += [f"  issuer: {said['issuer_name']} ({said['issuer']})", f"  key: {said['key']}"]
    lines += [f"  trusted: {'yes' if decision.known else 'no'}: {said['trust']}", *(f"  {reason}" for reason in reasons)]
    if unlisted and verdict.revocation_unknown is None:
        lines.append(f"  {said['revocation_not_checked']}")
    if verdict.state is State.REVOKED:
        lines.append("  Its page says since when, and whether another certificate took its place.")
    return {"valid": verdict.valid and not in_vain, "state": state, **said}, lines


def _quoted(value: Any) -> str | None:
    return None if value is None else harmless(str(value))
