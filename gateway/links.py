"""Signed links: who may open which page of which mentorship, until when. Tokens are opaque to their bearer and never logged."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal, NamedTuple

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from pydantic import SecretStr

Purpose = Literal["page", "calendar", "unsubscribe", "private", "coordinator", "case"]

LIFETIMES: dict[Purpose, timedelta | None] = {
    "page": timedelta(days=60),
    "calendar": None,
    "unsubscribe": None,
    "private": timedelta(minutes=15),
    "coordinator": timedelta(days=30),
    "case": timedelta(days=15),
}
"""How long a link opens; None: until its secret is retired."""


class Bearer(NamedTuple):
    """For whom a link was made: a person's opaque id, and the mentorship (for a coordinator: the cohort; for who is asked about a concern: the case)."""

    scope: str
    person: str


class LinkExpired(Exception):  # noqa: N818 - it says what is the case
    """The link was ours, and is too old; `bearer` may be sent a fresh one."""

    def __init__(self, bearer: Bearer) -> None:
        super().__init__("expired")
        self.bearer = bearer


class LinkInvalid(Exception):  # noqa: N818 - it says what is the case
    """Forged, cut short, or made for another purpose."""


class LinkSigner:
    """`secrets` go from oldest to newest: the newest signs, all are believed. A token of one purpose never opens another."""

    def __init__(self, secrets: Sequence[SecretStr]) -> None:
        if not secrets:
            raise ValueError("MENTORSHIP_LINK_SECRETS: expected at least one secret")
        self._secrets = [secret.get_secret_value() for secret in secrets]

    def token(self, purpose: Purpose, bearer: Bearer) -> str:
        return self._serializer(purpose).dumps([bearer.scope, bearer.person])

    def bearer(self, purpose: Purpose, token: str) -> Bearer:
        """Whom the token was made for. Raises LinkExpired, LinkInvalid."""
        lifetime = LIFETIMES[purpose]
        try:
            value = self._serializer(purpose).loads(token, max_age=int(lifetime.total_seconds()) if lifetime else None)
        except SignatureExpired as expired:
            scope, person = self._serializer(purpose).load_payload(expired.payload or b"")
            raise LinkExpired(Bearer(scope, person)) from None
        except BadSignature:
            raise LinkInvalid from None
        scope, person = value
        return Bearer(scope, person)

    def _serializer(self, purpose: Purpose) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._secrets, salt=f"mentorship/{purpose}", signer_kwargs={"digest_method": hashlib.sha256})
