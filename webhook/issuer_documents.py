"""What a stranger's verifier asks the issuer for (P4): the DID document with all its keys, and the signed list of revocations.

Both are public, contain no names, and can be read by pages of other origins: most verifiers run in a browser.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request, Response

from certificates.issuer import Issuer, IssuerKeysUnusable
from certificates.status import status_list
from certificates.status import status_list_url as list_url
from gateway.settings import Settings
from records.errors import RecordsUnavailable
from records.store import Records
from webhook.problems import Problem, unavailable

SIGN_AGAIN = timedelta(days=1)
"""A list is signed anew when something was revoked, and daily: a copy must not outlive its validity (seven days)."""

_log = structlog.stdlib.get_logger("webhook.issuer_documents")
_HEADERS = {"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=300"}


class IssuerDocuments:
    """`issuer` is None where this process has no key file: then there is nothing to serve."""

    def __init__(self, issuer: Issuer | None, records: Records, *, base_url: str, retry_after: int) -> None:
        self._issuer = issuer
        self._records = records
        self._url = list_url(base_url)
        self._retry_after = retry_after
        self._signing = asyncio.Lock()
        self._signed: tuple[tuple[int, ...], datetime, str] | None = None

    async def did_document(self, request: Request) -> Response:
        """Only for a did:web; a did:key contains its own document."""
        if self._issuer is None or self._issuer.web_did is None:
            raise Problem(HTTPStatus.NOT_FOUND, "no-did-document", "this issuer has no did:web")
        return _answer(request, json.dumps(self._issuer.did_document(), indent=2) + "\n")

    async def revocations(self, request: Request) -> Response:
        if self._issuer is None:
            raise Problem(HTTPStatus.NOT_FOUND, "no-status-list", "this process has no issuer's key")
        try:
            revoked = tuple(await self._records.certificates.invalid())
        except RecordsUnavailable:
            raise unavailable("not-ready", "cannot reach records", self._retry_after) from None
        return _answer(request, await self._list(self._issuer, revoked))

    async def _list(self, issuer: Issuer, revoked: tuple[int, ...]) -> str:
        """The signed list. It is signed again when it changes, or after SIGN_AGAIN."""
        async with self._signing:
            now = datetime.now(UTC)
            if self._signed is not None and self._signed[0] == revoked and now - self._signed[1] < SIGN_AGAIN:
                return self._signed[2]
            text = await asyncio.to_thread(status_list, issuer, revoked, url=self._url, at=now)
            self._signed = (revoked, now, text)
            return text


def mount(app: FastAPI, settings: Settings, records: Records) -> Issuer | None:
    """Returns the issuer, whose keys the pages need too; None where this process has no key file."""
    issuer = _issuer(settings)
    documents = IssuerDocuments(issuer, records, base_url=settings.base_url, retry_after=settings.webhook_retry_after)
    each = {
        "/.well-known/did.json": documents.did_document,
        "/did.json": documents.did_document,  # for an issuer below a path, if a proxy takes the path off
        "/status-lists/1": documents.revocations,
    }
    for path, document in each.items():
        app.add_api_route(path, document, methods=["GET", "HEAD"], include_in_schema=False)
    return issuer


def _answer(request: Request, text: str) -> Response:
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    headers = {**_HEADERS, "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(text, media_type="application/json", headers=headers)


def _issuer(settings: Settings) -> Issuer | None:
    try:
        return Issuer.of(settings)
    except IssuerKeysUnusable as error:
        if settings.issuer_key_file.exists():  # without a key file there is nothing to serve; one that cannot be read is worth a line
            _log.error("issuer keys unusable", reason=str(error))
        return None
