"""Who may see clear text: whoever shows one of the configured tokens, as a bearer or by having signed in with it in this browser.

Temporal's UI sends a bearer only if it has its own single sign-on, and only over https. The cookie serves every other UI.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from itsdangerous import BadSignature, URLSafeTimedSerializer
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

PATH = "/codec"
"""Cookies ignore ports: the path keeps ours from every other program of this host."""
LASTS = timedelta(hours=10)
"""How long a browser stays signed in: a working day."""

_COOKIE = "mentorship-codec"


class Admission:
    """All `tokens` are accepted; retiring one ends every sign-in with it. `secure` is True if admins come by https."""

    def __init__(self, tokens: Sequence[SecretStr], *, secure: bool) -> None:
        self._tokens = [token.get_secret_value() for token in tokens]
        self._secure = secure

    def admits(self, request: Request) -> bool:
        """Whether its bearer or its cookie lets it in."""
        return self._bears_token(request.headers.get("authorization", "")) or self.signed_in_until(request) is not None

    def knows(self, token: str) -> bool:
        """Compares with every token, so that it takes the same time whichever matches, or none."""
        given = hashlib.sha256(token.encode(errors="surrogateescape")).digest()
        return bool(sum(hmac.compare_digest(given, hashlib.sha256(known.encode()).digest()) for known in self._tokens))

    def signed_in_until(self, request: Request) -> datetime | None:
        """When this browser's sign-in ends; None when there is none."""
        made: datetime
        try:
            _, made = self._serializer(self._tokens).loads(request.cookies.get(_COOKIE, ""), max_age=int(LASTS.total_seconds()), return_timestamp=True)
        except BadSignature:
            return None
        return made.astimezone(UTC) + LASTS

    def sign_in(self, response: Response, token: str) -> None:
        """`token` must be one that we know: it signs the cookie itself."""
        self._set(response, self._serializer([token]).dumps("admin"), int(LASTS.total_seconds()))

    def sign_out(self, response: Response) -> None:
        self._set(response, "", 0)

    def _set(self, response: Response, value: str, seconds: int) -> None:
        # The exact origin decides who may read an answer; `none` lets the UI be on another site than this program.
        response.set_cookie(_COOKIE, value, max_age=seconds, path=PATH, secure=self._secure, httponly=True, samesite="none" if self._secure else "strict")

    def _bears_token(self, header: str) -> bool:
        scheme, _, token = header.partition(" ")
        return scheme.lower() == "bearer" and self.knows(token.strip())

    @staticmethod
    def _serializer(tokens: Sequence[str]) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(list(tokens), salt="mentorship/codec", signer_kwargs={"digest_method": hashlib.sha256})
