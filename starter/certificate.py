"""`mentorship certificate revoke|reissue`, and which certificates wait for a font (H8, P4)."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from certificates.typesetting import Unprintable, check_printable
from gateway.reissue import ask_reissue
from gateway.settings import Settings
from records.certificates import Certificate
from records.errors import Erased, Superseded
from records.store import Records
from starter.answer import Json, Refused, answer, aside, stated
from starter.out_file import out_folder
from starter.reach import open_records, reach_temporal

Id = Annotated[str, typer.Argument(metavar="ID", help="The certificate's id, or the address of its page.")]


def revoke(
    certificate_id: Id,
    reason: Annotated[str, typer.Option(help="Why, for the records; sealed, and never shown on the certificate's page.", callback=stated("why"))],
    json: Json = False,
) -> None:
    """Revokes a certificate for good; its page and the list of revocations say so from now on."""
    asyncio.run(_revoke(_id(certificate_id), reason, json))


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

    A worker makes it: here the issuer's key is not needed. Running it again gives the same one.
    """
    asyncio.run(_reissue(_id(certificate_id), results, out, json))


async def held_up(records: Records, settings: Settings) -> list[str]:
    """One line for each certificate that waits for a font, naming the character; for `doctor`."""
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


def _id(given: str) -> str:
    """The id itself, or the id at the end of an address, whatever language that names."""
    return re.split("[?#]", given, maxsplit=1)[0].rstrip("/").rpartition("/")[2]


async def _found(records: Records, certificate_id: str) -> Certificate:
    found = await records.certificates.get(certificate_id)
    if found is None:
        raise Refused(f"there is no certificate {certificate_id}")
    return found


async def _revoke(certificate_id: str, reason: str, as_json: bool) -> None:
    async with open_records(Settings.load()) as records:
        found = await _found(records, certificate_id)
        try:
            await records.certificates.revoke(certificate_id, reason)
        except Superseded as error:
            raise Refused(f"{error}; revoke that one") from error
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
            new = standing  # asked for again: it was made the first time
        else:
            client = await reach_temporal(settings)
            await ask_reissue(client, old.mentorship, old.person, results=results, patience=settings.connect_timeout)
            new = await _made(records, settings, standing)
        credential, pdf = await records.certificates.document(new.id)
    url = f"{settings.base_url}/c/{new.id}"
    answer({"certificate": new.id, "supersedes": old.id, "url": url}, [f"{new.id} supersedes {old.id}: {url}"], as_json=as_json)
    if out is not None:
        _write(out, new.id, credential, pdf)
        aside(f"written to {out / new.id}.pdf and .json")


async def _standing(records: Records, old: Certificate) -> Certificate:
    """The edition that counts now. Raises Refused if there is none, or if it is revoked."""
    standing = await records.certificates.standing(old.mentorship, old.person)
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
    """Waits for a worker, as long as for any operator's command. Raises Refused; the edition is still made later."""
    try:
        async with asyncio.timeout(settings.update_timeout):
            while (standing := await _standing(records, before)).id == before.id:  # noqa: ASYNC110 - another process makes it
                await asyncio.sleep(0.2)
    except TimeoutError:
        held = [line for line in await held_up(records, settings) if f"of {before.mentorship}:" in line]
        said = held or [f"no worker did it within {settings.update_timeout:g} seconds; it will be done once one runs, and mailed to its holder"]
        raise Refused(f"not reissued yet: {said[0]}", *said[1:]) from None
    return standing


def _write(folder: Path, name: str, credential: str, pdf: bytes) -> None:
    """Writes the files for their owner only, since the PDF contains a name."""
    try:
        for path, data in ((folder / f"{name}.pdf", pdf), (folder / f"{name}.json", credential.encode())):
            path.touch(mode=0o600)
            path.write_bytes(data)
    except OSError as error:
        raise Refused(
            f"--out: {folder}: {error.strerror or 'cannot be written'}", "the certificate is issued all the same; the same command again writes its files"
        ) from error
