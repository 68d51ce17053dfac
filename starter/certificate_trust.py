"""Whom `certificate verify` believes, and the reason that it gives. Everything that it fetches, it fetches here."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from certificates.issuer import Issuer, IssuerKeysUnusable
from certificates.trust import Trust, document_url
from certificates.verify import LARGEST, Claim
from gateway.settings import Settings
from starter.answer import Misused, harmless

Fetch = Callable[[str], bytes]
_SECONDS = 15


class NotFetched(Exception):  # noqa: N818 - it says what is the case
    """An address did not answer as hoped. Names the address and what it did; both may be a stranger's words."""

    def __init__(self, said: str) -> None:
        super().__init__(harmless(said))


@dataclass(frozen=True)
class Decision:
    """`known` is whether anything vouches for the key; `why` is a sentence for people that gives the reason either way."""

    trust: Trust
    known: bool
    why: str


def fetch(url: str) -> bytes:
    """One document over http or https. Raises NotFetched."""
    if not url.startswith(("http://", "https://")):
        raise NotFetched(f"{url}: expected http:// or https://")
    try:
        return _asked(url)
    except urllib.error.HTTPError as error:
        raise NotFetched(f"{url}: {error.code} {error.reason}") from error
    except (OSError, ValueError, HTTPException) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        raise NotFetched(f"{url}: cannot be reached ({reason})") from error


def _asked(url: str) -> bytes:
    request = urllib.request.Request(url, headers={"User-Agent": "mentorship-verify", "Accept": "application/json, application/pdf, */*"})  # noqa: S310 - its caller checked the scheme
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - its caller checked the scheme
        data: bytes = answer.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise NotFetched(f"{url}: too large for what it should be")
    return data


def decide(claim: Claim, named: Sequence[str], settings: Settings, get: Fetch | None) -> Decision:
    """Believes only those who were `named`, if any; else this service's own issuer; else the web host of a did:web. `get` is None offline.

    Raises Misused for a `named` that is neither a DID nor a DID document.
    """
    if named:
        trust = Trust.nobody()
        for one in named:
            trust |= _named(one, get)
        if claim.issuer in trust.issuers:
            return Decision(trust, True, f"you named {claim.issuer} with --trust")
        return Decision(trust, False, f"it names {claim.issuer} as its issuer, which is not among those that you named with --trust")
    own = _own(settings)
    if claim.issuer in own.issuers:
        return Decision(own, True, f"{claim.issuer} is this installation's own issuer ({settings.issuer_key_file})")
    if claim.issuer.startswith("did:web:"):
        return _by_web_host(claim, get)
    return Decision(Trust.nobody(), False, "a did:key is only a key: nothing says whose it is; if its owner told you, name it with --trust")


def _by_web_host(claim: Claim, get: Fetch | None) -> Decision:
    try:
        url = document_url(claim.issuer)
        host = urlsplit(url).netloc
    except ValueError as error:
        return Decision(Trust.nobody(), False, f"its issuer is no usable did:web: {error}")
    if get is None:
        return Decision(Trust.nobody(), False, f"its keys stand at {url}, which was not asked (--offline); a copy of that document will do for --trust")
    try:
        trust = _document(get(url))
    except (NotFetched, ValueError) as error:
        return Decision(Trust.nobody(), False, f"its keys could not be found out: {error}")
    if claim.issuer not in trust.issuers:
        return Decision(Trust.nobody(), False, f"{url} speaks for another issuer")
    return Decision(trust, True, f"{host} lists its keys at {url}, over TLS; whether {host} is who you expect is for you to say")


def _named(one: str, get: Fetch | None) -> Trust:
    try:
        if one.startswith("did:key:"):
            return Trust.of_did_key(one)
        if one.startswith("did:web:"):
            if get is None:
                raise Misused("--trust: a did:web has to be asked, which --offline forbids; give a copy of its document")
            return _document(get(document_url(one)))
        return _document(Path(one).read_bytes())
    except OSError as error:
        raise Misused(f"--trust: {one}: {error.strerror or 'cannot be read'}") from error
    except (NotFetched, ValueError) as error:
        raise Misused(f"--trust: {one}: {error}, expected did:key:…, did:web:… or the file of a DID document") from error


def _document(data: bytes) -> Trust:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("not a DID document") from None
    if not isinstance(found, dict):
        raise ValueError("not a DID document")  # noqa: TRY004 - a bad value, as every other fault of a document here
    return Trust.of_did_document(found)


def _own(settings: Settings) -> Trust:
    """Our own issuer, or nobody if there is no key file: a stranger has none."""
    try:
        return Issuer.of(settings).trust()
    except IssuerKeysUnusable:
        return Trust.nobody()
