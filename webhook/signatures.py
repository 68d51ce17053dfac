"""Who sent a request: checks Standard Webhooks signatures against every secret in the settings.

A signature covers `{id}.{timestamp}.{body}`. An id with a dot in it would let one signature fit two messages, so it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from standardwebhooks import Webhook, WebhookVerificationError
from starlette.datastructures import Headers

from gateway.settings import WebhookSecret
from webhook.problems import Fault, Problem, malformed, unauthorised

ID = "webhook-id"
TIMESTAMP = "webhook-timestamp"
SIGNATURE = "webhook-signature"

MESSAGE_ID_PATTERN = r"[A-Za-z0-9_:-]{1,200}"
_TIMESTAMP = re.compile(r"\d{1,12}", re.ASCII)
_MOST_SIGNATURES = 10
"""How many signatures of one request are tried; a sender that rotates its secret sends two."""


@dataclass(frozen=True)
class Signed:
    """A request that somebody we know signed within the last (or next) five minutes. `sender` is the secret's name in the settings."""

    sender: str
    secret: WebhookSecret
    message_id: str

    def speak_for(self, cohort: str) -> None:
        """Raises Problem (403) outside the secret's scope, whether or not there is such a cohort."""
        if not self.secret.allows(cohort):
            raise Problem(HTTPStatus.FORBIDDEN, "out-of-scope", "this secret may not speak for this cohort")

    def speak_for_people(self) -> None:
        """Raises Problem (403) outside the secret's scope, whether or not there is such a person."""
        if not self.secret.allows_people:
            raise Problem(HTTPStatus.FORBIDDEN, "out-of-scope", "this secret may not speak for people")


class Signatures:
    def __init__(self, secrets: Mapping[str, WebhookSecret]) -> None:
        self._secrets = [(name, secret, Webhook(secret.secret.get_secret_value())) for name, secret in secrets.items()]

    def verify(self, headers: Headers, body: bytes) -> Signed:
        """Raises Problem: 401 when unsigned, stale, forged or ambiguous; 422 for a well signed id that cannot be used."""
        message_id, timestamp, given = (self._only(headers, name) for name in (ID, TIMESTAMP, SIGNATURE))
        if "." in message_id:
            raise unauthorised("ambiguous-id", "expected a webhook-id without a dot")
        if not _TIMESTAMP.fullmatch(timestamp):
            raise unauthorised("malformed-timestamp", "expected webhook-timestamp in whole seconds since 1970")
        for signature in given.split(" ")[:_MOST_SIGNATURES]:
            for name, secret, webhook in self._secrets:
                if self._fits(webhook, body, {ID: message_id, TIMESTAMP: timestamp, SIGNATURE: signature}):
                    if not re.fullmatch(MESSAGE_ID_PATTERN, message_id):
                        raise malformed([Fault(ID, "expected 1 to 200 letters, digits, `_`, `:` or `-`", header=True)])
                    return Signed(name, secret, message_id)
        why = "" if _is_text(body) else ": its body is not UTF-8, and what is not cannot be signed"
        raise unauthorised("bad-signature", f"no signature of this request is ours and recent{why}")

    @staticmethod
    def _fits(webhook: Webhook, body: bytes, headers: dict[str, str]) -> bool:
        """Whether this one signature fits this secret. The library leaves malformed ones (and bytes that are not UTF-8) to its caller."""
        try:
            webhook.verify(body, headers, json_parse=False)
        except (WebhookVerificationError, ValueError):
            return False
        return True

    @staticmethod
    def _only(headers: Headers, name: str) -> str:
        values = headers.getlist(name)
        if len(values) != 1 or not values[0]:
            raise unauthorised("unsigned", f"expected exactly one {name} header")
        return values[0]


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
