"""What a form carries so that it is ours and counts once: a token of this reader and this action, and in it the message's id.

The id is derived from the reader, the action and how often it was sent before: a double click, the back button and a second
tab send the same command, and the next one after it another.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Container, Sequence
from http import HTTPStatus
from itertools import count

from itsdangerous import BadData, URLSafeSerializer
from pydantic import SecretStr

from gateway.links import Bearer
from webhook.pages.problems import PageProblem

FIELD = "form"
"""Under which name a form has it."""


class FormTokens:
    """`secrets` as those of links, oldest to newest."""

    def __init__(self, secrets: Sequence[SecretStr]) -> None:
        self._secrets = [secret.get_secret_value() for secret in secrets]

    def writer(self, bearer: Bearer) -> str:
        """What begins all message ids of this person in this mentorship; it tells nobody who that is."""
        return f"page:{self._digest('writer', *bearer)[:10]}:"

    def message_id(self, bearer: Bearer, action: str, target: str, taken: Container[str]) -> str:
        """The first one that was not sent yet; `taken` are all that the door knows of this mentorship."""
        writer = self.writer(bearer)
        ids = (writer + self._digest("message", *bearer, action, target, str(number))[:22] for number in count())
        return next(found for found in ids if found not in taken)

    def token(self, bearer: Bearer, action: str, target: str, message_id: str) -> str:
        return str(self._serializer(bearer).dumps([action, target, message_id]))

    def opened(self, bearer: Bearer, action: str, target: str, token: str) -> str:
        """The message id. Raises PageProblem for a form of somebody else, of another action, or of nobody."""
        try:
            said = self._serializer(bearer).loads(token)
        except BadData:
            said = None
        if not isinstance(said, list) or said[:2] != [action, target] or len(said) != 3:
            raise PageProblem(HTTPStatus.FORBIDDEN, "foreign_form")
        return str(said[2])

    def _serializer(self, bearer: Bearer) -> URLSafeSerializer:
        return URLSafeSerializer(self._secrets, salt="\n".join(("mentorship/form", *bearer)), signer_kwargs={"digest_method": hashlib.sha256})

    def _digest(self, *parts: str) -> str:
        proof = hmac.new(self._secrets[-1].encode(), "\n".join(("mentorship/form", *parts)).encode(), hashlib.sha256).digest()
        return base64.b32encode(proof).decode().lower().rstrip("=")
