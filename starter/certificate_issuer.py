"""`mentorship certificate issuer|rotate-key`: who signs certificates, what the web has to serve for that, and a new key (P4)."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import Annotated

import typer

from certificates import issuer as issuers
from certificates.issuer import Issuer, IssuerKeysUnusable
from certificates.trust import document_url
from gateway.settings import Settings
from starter.answer import Json, Refused, answer, answer_only
from starter.out_file import check_out, not_replaced, write_out


def issuer(
    out: Annotated[Path | None, typer.Option(help="Writes the DID document into this file, for a web host that is not the web hook.")] = None,
    json: Json = False,
) -> None:
    """Who signs: the DID, its keys, and where strangers look for them."""
    if out is not None:
        check_out(out, f"--out: {out}")
    own = _own(Settings.load())
    document = own.did_document()
    if out is not None:
        write_out(out, json_.dumps(document, indent=2) + "\n", f"--out: {out}")
    where = document_url(own.did) if own.web_did is not None else None
    lines = [
        f"{own.name}: {own.did}",
        f"  signs with: {own.signing.id}",
        f"  older keys, which still verify: {', '.join(key.id for key in own.keys[:-1]) or 'none'}",
    ]
    lines.append(f"  its document has to stand at {where}" if where else "  a did:key: nothing says whose it is; set MENTORSHIP_ISSUER_DID to a did:web")
    lines += ["", f"written to {out}"] if out is not None else []
    answer_only(
        {"did": own.did, "name": own.name, "keys": [key.id for key in own.keys], "signs_with": own.signing.id, "document_url": where}, lines, as_json=json
    )


def rotate_key(json: Json = False) -> None:
    """Adds a key that signs from the next start of web hook and worker on. Older ones stay, so that what they signed verifies."""
    settings = Settings.load()
    _own(settings)
    try:
        added = issuers.rotate(settings.issuer_key_file)
    except OSError as error:
        raise not_replaced(settings.issuer_key_file, error, "MENTORSHIP_ISSUER_KEY_FILE") from error
    lines = [
        f"{added} was added to {settings.issuer_key_file}",
        "restart the web hook first, which serves the DID document, then the workers, which sign; and keep a copy of the file",
    ]
    answer({"added": added, "file": str(settings.issuer_key_file)}, lines, as_json=json)


def _own(settings: Settings) -> Issuer:
    try:
        return Issuer.of(settings)
    except IssuerKeysUnusable as error:
        raise Refused(str(error)) from error
