"""The token in each form, which shows that the form is ours and makes it count once. It is for one reader and action, and contains the message's id.

The id is derived from the reader, the action and how often that was sent before. So a double click, the back button and a second
tab send the same command, and a form that is opened afterwards sends the next one.
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
"""The name of a form's field that holds the token."""


class FormTokens:
    """`secrets` as those of links, oldest to newest."""

    def __init__(self, secrets: Sequence[SecretStr]) -> None:
        self._secrets = [secret.get_secret_value() for secret in secrets]

    def writer(self, bearer: Bearer) -> str:
        """The beginning of all message ids of this person in this mentorship. It does not tell who they are."""
        return f"page:{self._digest('writer', *bearer)[:10]}:"

    def message_id(self, bearer: Bearer, action: str, target: str, taken: Container[str]) -> str:
        """The first id that is not in `taken`."""
        writer = self.writer(bearer)
        ids = (writer + self._digest("message", *bearer, action, target, str(number))[:22] for number in count())
        return next(found for found in ids if found not in taken)

    def token(self, bearer: Bearer, action: str, target: str, message_id: str) -> str:
        return str(self._serializer(bearer).dumps([action, target, message_id]))

    def opened(self, bearer: Bearer, action: str, target: str, token: str) -> str:
        """The message id. Raises PageProblem for a form of another person or another action, or a forged one."""
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
