"""Whose link it is, and what a page says about one that opens nothing (any more)."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from gateway.links import Bearer, LinkExpired, LinkInvalid, LinkSigner, Purpose
from webhook.pages.problems import PageProblem


class Links:
    def __init__(self, signer: LinkSigner) -> None:
        self._signer = signer

    def bearer(self, purpose: Purpose, token: str) -> Bearer:
        """For whom the link was made. Raises PageProblem if it is too old (with a way to a fresh one) or not ours."""
        return self.opened(purpose, token)[0]

    def opened(self, purpose: Purpose, token: str) -> tuple[Bearer, datetime]:
        """As `bearer`, and when it was made."""
        try:
            return self._signer.opened(purpose, token)
        except LinkExpired as expired:
            raise PageProblem(HTTPStatus.GONE, "link_expired", person=expired.bearer.person, purpose=purpose, token=token) from None
        except LinkInvalid:
            raise PageProblem(HTTPStatus.NOT_FOUND, "link_invalid") from None

    def bearer_of_old(self, purpose: Purpose, token: str) -> Bearer:
        """For whom the link was made, even if it is too old. Raises PageProblem."""
        try:
            return self._signer.bearer(purpose, token)
        except LinkExpired as expired:
            return expired.bearer
        except LinkInvalid:
            raise PageProblem(HTTPStatus.NOT_FOUND, "link_invalid") from None
