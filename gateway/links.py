"""Signed links: who may open which page of which mentorship, until when, and at which address. Tokens hold ids, never names, and are never logged."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner, URLSafeTimedSerializer
from pydantic import SecretStr

Purpose = Literal["page", "calendar", "unsubscribe", "private", "coordinator", "case"]

LIFETIMES: dict[Purpose, timedelta | None] = {
    "page": timedelta(days=60),
    "calendar": None,
    "unsubscribe": None,
    "private": timedelta(minutes=15),
    "coordinator": timedelta(days=15),
    "case": timedelta(days=15),
}
"""How long a link works; None means until its secret is retired."""

_PATHS: dict[Purpose, str] = {
    "page": "p/{token}",
    "calendar": "p/{token}/calendar.ics",
    "unsubscribe": "u/{token}",
    "private": "private/{token}",
    "coordinator": "coordinator/{token}",
    "case": "case/{token}",
}
"""The web hook's path for the links of each purpose."""


class Bearer(NamedTuple):
    """For whom a link was made: a person's opaque id, and the mentorship as its scope.

    A coordinator's scope is the cohort; that of somebody who is asked about a concern is the case.
    """

    scope: str
    person: str


class LinkExpired(Exception):  # noqa: N818 - it says what is the case
    """The link is ours, but too old. Its `bearer` may be sent a fresh one."""

    def __init__(self, bearer: Bearer) -> None:
        super().__init__("expired")
        self.bearer = bearer


class LinkInvalid(Exception):  # noqa: N818 - it says what is the case
    """Forged, cut short, revoked, or made for another purpose."""


class _NotBefore(TimestampSigner):
    """Dates its signatures to now or to `earliest` (in seconds), whichever is later."""

    def __init__(self, *args: Any, earliest: int = 0, **more: Any) -> None:
        super().__init__(*args, **more)
        self._earliest = earliest

    def get_timestamp(self) -> int:
        return max(super().get_timestamp(), self._earliest)


class LinkSigner:
    """Makes and reads tokens. Of its `secrets`, oldest to newest, the newest signs and all are accepted. A token for one purpose never opens another.

    Tokens are dated to the second, so that those made up to an instant can be revoked: `after` is that instant, in whole seconds.
    """

    def __init__(self, secrets: Sequence[SecretStr]) -> None:
        if not secrets:
            raise ValueError("MENTORSHIP_LINK_SECRETS: expected at least one secret")
        self._secrets = [secret.get_secret_value() for secret in secrets]

    def token(self, purpose: Purpose, bearer: Bearer, *, after: datetime | None = None) -> str:
        """A fresh token. With `after` it is dated later than that instant, even if made in the same second."""
        earliest = int(after.timestamp()) + 1 if after is not None else 0
        return self._serializer(purpose, earliest).dumps([bearer.scope, bearer.person])

    def bearer(self, purpose: Purpose, token: str) -> Bearer:
        """Whom the token was made for. Raises LinkExpired, LinkInvalid."""
        return self.opened(purpose, token)[0]

    def opened(self, purpose: Purpose, token: str) -> tuple[Bearer, datetime]:
        """Whom the token was made for, and when. Raises LinkExpired, LinkInvalid."""
        lifetime = LIFETIMES[purpose]
        try:
            value, made_at = self._serializer(purpose).loads(token, max_age=int(lifetime.total_seconds()) if lifetime else None, return_timestamp=True)
        except SignatureExpired as expired:
            scope, person = self._serializer(purpose).load_payload(expired.payload or b"")
            raise LinkExpired(Bearer(scope, person)) from None
        except BadSignature:
            raise LinkInvalid from None
        scope, person = value
        return Bearer(scope, person), made_at.astimezone(UTC)

    def _serializer(self, purpose: Purpose, earliest: int = 0) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            self._secrets,
            salt=f"mentorship/{purpose}",
            signer=_NotBefore,
            signer_kwargs={"digest_method": hashlib.sha256, "earliest": earliest},
        )


class Addresses:
    """The addresses in mails and pages. `base_url` is where people reach the web hook."""

    def __init__(self, signer: LinkSigner, base_url: str) -> None:
        self._signer = signer
        self._base_url = base_url
        self.who_sees_what = f"{base_url}/who-sees-what"

    def of(self, purpose: Purpose, bearer: Bearer, *, after: datetime | None = None) -> str:
        """An address with a fresh token; `after` as in `LinkSigner.token`."""
        return f"{self._base_url}/{_PATHS[purpose].format(token=self._signer.token(purpose, bearer, after=after))}"
