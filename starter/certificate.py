"""`mentorship certificate verify|revoke|reissue`, and the issuer's `issuer|rotate-key` (H8, P4)."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from certificates.issue import Issued
from certificates.trust import Trust
from certificates.typesetting import Unprintable, check_printable
from certificates.verify import Claim, State, Verdict, read_claim, verify_file
from gateway.reissue import ask_reissue
from gateway.settings import Settings
from records.certificates import Certificate
from records.errors import Erased
from records.store import Records
from starter import certificate_issuer
from starter.answer import Json, Misused, Refused, answer, harmless, stated
from starter.certificate_trust import Decision, Fetch, NotFetched, decide, fetch
from starter.out_file import out_folder
from starter.reach import open_records, reach_temporal

app = typer.Typer(no_args_is_help=True, help="Certificates.")
app.command()(certificate_issuer.issuer)
app.command("rotate-key")(certificate_issuer.rotate_key)
REVOCATION_UNKNOWN = "revocation unknown"
"""The state of what would be valid if the list that was given with it said anything."""
Id = Annotated[str, typer.Argument(metavar="ID", help="The certificate's id, or the address of its page.")]


@app.callback()
def certificate() -> None:
    """Certificates."""


@app.command()
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
    in_vain = status_list is not None and verdict.valid and verdict.revocation_unknown is not None
    result, lines = _said(claim, decision, verdict, named=name is not None, unlisted=unlisted, in_vain=in_vain)
    if not result["valid"]:
        raise Refused(*lines, result=result)
    answer(result, lines, as_json=json)


@app.command()
def revoke(
    certificate_id: Id,
    reason: Annotated[str, typer.Option(help="Why, for the records; sealed, and never shown on the certificate's page.", callback=stated("why"))],
    json: Json = False,
) -> None:
    """Revokes a certificate for good; its page and the list of revocations say so from now on."""
    asyncio.run(_revoke(_id(certificate_id), reason, json))


@app.command()
def reissue(
    certificate_id: Id,
    *,
    results: Annotated[
        bool | None, typer.Option("--results/--no-results", help="Say share and milestones, if the holder asks for it; default: as before.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A folder for the new PDF and JSON.")] = None,
    json: Json = False,
) -> None:
    """Has a new certificate made after a change of name in the people file, which supersedes the old one and is mailed to its holder.

    A worker makes it: here the issuer's key is not needed. Again gives the same one.
    """
    asyncio.run(_reissue(_id(certificate_id), results, out, json))


async def held_up(records: Records, settings: Settings) -> list[str]:
    """One line for each certificate that waits for a font, with the character named; for `doctor`."""
    lines = []
    for waiting in await records.certificates.waiting():
        if not waiting.fields:  # its holder was erased before it was made
            continue
        try:
            for text in (str(waiting.fields.get("holder_name", "")), str(waiting.fields.get("programme_title", "")), settings.issuer_name):
                await asyncio.to_thread(check_printable, text, font_folder=settings.font_folder)
        except Unprintable as error:
            lines.append(
                f"{waiting.id} of {waiting.mentorship}: {error}; put a font that has it into MENTORSHIP_FONT_FOLDER or write it differently in the people file, then it is issued by itself"
            )
    return lines


# -- verify ---------------------------------------------------------------------------------------------------------------------


def _read(source: str, get: Fetch | None) -> bytes:
    if not source.startswith(("http://", "https://")):
        try:
            return Path(source).read_bytes()
        except OSError as error:
            raise Misused(f"{source}: {error.strerror or 'cannot be read'}") from error
    if get is None:
        raise Misused(f"{source}: an address has to be asked, which --offline forbids")
    try:
        return get(f"{source.rstrip('/')}/certificate.json" if re.search(r"/c/[a-z0-9]+/?$", source) else source)
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
    """A did:key carries its key: whether something was changed can be told although nobody says whose it is."""
    try:
        own_word = verify_file(data, trust=Trust.of_did_key(claim.issuer))
    except ValueError:
        return verdict
    if own_word.state in (State.VALID, State.ANOTHER_HOLDER):
        return Verdict(verdict.state, ("Nothing was changed after it was signed, but nothing says who signed it.",))
    return own_word


def _said(claim: Claim, decision: Decision, verdict: Verdict, *, named: bool, unlisted: str | None, in_vain: bool) -> tuple[dict[str, Any], list[str]]:
    """The answer for programs and for people; what a file claims or somebody signed is a stranger's text, and made harmless.

    `in_vain` is a list that was given and could not be judged: who gave it wants to know of a revocation, so it is not valid for them.
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


# -- revoke and reissue -----------------------------------------------------------------------------------------------------------


def _id(given: str) -> str:
    """The id at the end of an address, or the id itself."""
    return given.rstrip("/").rpartition("/")[2]


async def _found(records: Records, certificate_id: str) -> Certificate:
    found = await records.certificates.get(certificate_id)
    if found is None:
        raise Refused(f"there is no certificate {certificate_id}")
    return found


async def _revoke(certificate_id: str, reason: str, as_json: bool) -> None:
    async with open_records(Settings.load()) as records:
        found = await _found(records, certificate_id)
        if found.status == "superseded":
            raise Refused(f"certificate {certificate_id} does not count any more: {found.superseded_by} superseded it; revoke that one")
        await records.certificates.revoke(certificate_id, reason)
        now = await _found(records, certificate_id)
    again = found.status == "revoked"
    said = f"{certificate_id}: {'was revoked already' if again else 'revoked'}, {now.changed_at:%Y-%m-%d %H:%M}Z"
    answer({"certificate": certificate_id, "status": now.status, "since": now.changed_at, "changed": not again}, [said], as_json=as_json)


async def _reissue(certificate_id: str, results: bool | None, out: Path | None, as_json: bool) -> None:
    settings = Settings.load()
    async with open_records(settings) as records:
        old = await _found(records, certificate_id)
        standing = await _standing(records, old)
        wanted = await _wanted(records, standing, results)
        if standing.says(wanted) and old.id == standing.id:
            raise Refused(
                f"certificate {old.id} says already what a new one would say; change the name in the people file first (`cohort start` again reads it)"
            )
        if out is not None:
            out_folder(out, f"--out: {out}")
        if standing.says(wanted):
            new = standing  # asked for again: what was made then is what there is
        else:
            client = await reach_temporal(settings)
            await ask_reissue(client, old.mentorship, old.person, results=results, patience=settings.connect_timeout)
            new = await _made(records, settings, standing)
        credential, pdf = await records.certificates.document(new.id)
    url = f"{settings.base_url}/c/{new.id}"
    answer({"certificate": new.id, "supersedes": old.id, "url": url}, [f"{new.id} supersedes {old.id}: {url}"], as_json=as_json)
    if out is not None:
        _write(out, new.id, Issued(credential, pdf))


async def _standing(records: Records, old: Certificate) -> Certificate:
    """The newest edition that has a document."""
    editions = await records.certificates.editions(old.mentorship, old.person)
    standing = next((one for one in reversed(editions) if one.stored), None)
    if standing is None:
        raise Refused(f"not reissued: certificate {old.id} has no document yet")
    if standing.status == "revoked":
        raise Refused(f"not reissued: certificate {standing.id} is revoked")
    return standing


async def _wanted(records: Records, standing: Certificate, results: bool | None) -> dict[str, Any]:
    try:
        profile = await records.people.profile(standing.person)
    except Erased as error:
        raise Refused(f"not reissued: the holder of {standing.id} was erased") from error
    return standing.renewed(name=profile.name, email=profile.email, results=results)


async def _made(records: Records, settings: Settings, before: Certificate) -> Certificate:
    """Waits for a worker, as long as for any command of an operator's. Raises Refused; it is done later all the same."""
    try:
        async with asyncio.timeout(settings.update_timeout):
            while (standing := await _standing(records, before)).id == before.id:  # noqa: ASYNC110 - another process makes it
                await asyncio.sleep(0.2)
    except TimeoutError:
        held = [line for line in await held_up(records, settings) if f"of {before.mentorship}:" in line]
        said = held or [f"no worker did it within {settings.update_timeout:g} seconds; it will be done once one runs, and mailed to its holder"]
        raise Refused(f"not reissued yet: {said[0]}", *said[1:]) from None
    return standing


def _write(folder: Path, name: str, issued: Issued) -> None:
    """The PDF carries a name: for its owner only."""
    try:
        for path, data in ((folder / f"{name}.pdf", issued.pdf), (folder / f"{name}.json", issued.credential_json.encode())):
            path.touch(mode=0o600)
            path.write_bytes(data)
    except OSError as error:
        raise Refused(
            f"--out: {folder}: {error.strerror or 'cannot be written'}", "the certificate is issued all the same; the same command again writes its files"
        ) from error
