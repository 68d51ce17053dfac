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
from urllib.parse import parse_qsl

from fastapi import Request
from itsdangerous import BadData, URLSafeSerializer
from pydantic import SecretStr

from gateway.links import Bearer
from webhook.pages.shell import PageProblem
from webhook.parsing import read
from webhook.problems import Problem

FIELD = "form"
_MOST_FIELDS = 100


class Forms:
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


class Fields:
    """What was typed and chosen, as it came: shown again when it could not be taken."""

    def __init__(self, pairs: Sequence[tuple[str, str]] = ()) -> None:
        self.pairs = tuple((name, _plain(value)) for name, value in pairs)

    def get(self, name: str) -> str:
        """The first value, without blanks around it; empty when there is none."""
        return next((value.strip() for found, value in self.pairs if found == name), "")

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value for found, value in self.pairs if found == name))

    def typed(self) -> tuple[str, ...]:
        """The words that somebody wrote, for a page that cannot show the form again."""
        return tuple(value for name, value in self.pairs if name in ("text", "steps") and value.strip())


def _plain(value: str) -> str:
    """Line ends as we write them; no NUL, which no database takes."""
    return value.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


async def read_fields(request: Request, most: int) -> Fields:
    """A form as a browser sends it. Raises PageProblem: too large, or not one. A page of another site may not send it."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise PageProblem(HTTPStatus.FORBIDDEN, "foreign_form")
    raw = await read_limited(request, most)
    try:
        return Fields(parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"))
    except ValueError:
        raise PageProblem(HTTPStatus.UNPROCESSABLE_ENTITY, "unreadable_form") from None


async def read_limited(request: Request, most: int) -> bytes:
    """The body; a longer one is never read to its end. Raises PageProblem (413)."""
    try:
        return await read(request, most)
    except Problem as problem:
        raise PageProblem(problem.status, "too_large", headers=problem.headers) from None
