"""`/private/{token}`: what is only its author's business, behind a link of fifteen minutes. All of it travels as one kind of signal.

Sharing what one wrote takes no signal: records hold the words, and whether the partner may read them (H15). Downloading everything that
is kept about oneself takes none either (P8): looking changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response

from records.held import held
from webhook.pages.beforehand import refusal
from webhook.pages.forms import Fields
from webhook.pages.journal import Feedback
from webhook.pages.outcomes import refused
from webhook.pages.personal import PersonalPages, page_of
from webhook.pages.private_actions import feedback_about, private_probe, private_values
from webhook.pages.problems import PageProblem
from webhook.pages.reading import Known
from webhook.pages.rendering import HEADERS
from webhook.pages.routes import Route

KINDS = ("feedback", "pulse", "closing", "pins", "end_wish")


class PrivatePages(PersonalPages):
    kind = "private"
    purpose = "private"

    @property
    def further(self) -> Sequence[Route]:
        return (
            Route("/share/{note}", look=self.share_form, act=self.share),
            Route("/everything", look=self.everything),
            Route("/everything.json", look=self.download),
        )

    async def show(self, request: Request) -> Response:
        known, receipts = await self.known_after(request)
        if known.state is None:  # before it has begun there is nothing to say, but something is kept
            return self._everything(request, known)
        return self.page(
            request,
            known,
            "private.html",
            page=page_of(known),
            receipts=receipts,
            refused=refused(request, known, private=True),
            done=request.query_params.get("done"),
        )

    def _is(self, known: Known, action: str, target: str) -> bool:
        assert known.state is not None
        number = target.isdecimal() and len(target) < 5 and known.state.meeting(int(target)) is not None
        return action in KINDS and (target == "" or (action == "feedback" and number))

    def _values(self, known: Known, action: str, target: str, fields: Fields, message_id: str) -> dict[str, Any]:  # noqa: ARG002 - as of every kind
        return private_values(action, feedback_about(known, target), fields)

    def _refused(self, known: Known, action: str, target: str) -> str | None:
        return refusal(known, private_probe(action, feedback_about(known, target)))

    def _command(self, action: str) -> str:  # noqa: ARG002 - one for all
        return "submit_privately"

    def _template(self, action: str, target: str) -> str:  # noqa: ARG002 - as of every kind
        return f"private/{'survey' if action in ('pulse', 'closing') else action}.html"

    def _signed(self, action: str) -> str:
        return f"private/{action}"

    # -- sharing later ----------------------------------------------------------------------------------------------------

    async def share_form(self, request: Request) -> Response:
        known = await self.known(request)
        written = _written(known, request)
        token = self.token(known, "share", written.note, "none")
        return self.page(request, known, "private/share.html", page=page_of(known), written=written, token=token)

    async def share(self, request: Request) -> Response:
        known, _, _ = await self.opened(request, "share", str(request.path_params["note"]))
        written = _written(known, request)
        await self.site.reading.ask(self.site.records.notes.share(written.note, known.bearer.person))
        return self.back(request, known, done="shared")

    # -- everything that is kept ------------------------------------------------------------------------------------------

    async def everything(self, request: Request) -> Response:
        return self._everything(request, await self.known(request))

    def _everything(self, request: Request, known: Known) -> Response:
        return self.page(request, known, "private/everything.html", begun=known.state is not None)

    async def download(self, request: Request) -> Response:
        """What is kept about all of this person's mentorships, not only the link's: docs/own-data.schema.json. Raises PageProblem."""
        known = await self.known(request)
        found = await self.site.reading.ask(held(self.site.records, known.bearer.person, "own", known.now))
        if found.erased:  # between the two reads
            raise PageProblem(HTTPStatus.GONE, "erased")
        named = f'attachment; filename="mentorship-{known.now.astimezone(known.clock.zone):%Y-%m-%d}.json"'
        headers = {**HEADERS, "Content-Disposition": named}
        return Response(found.model_dump_json(indent=2) + "\n", media_type="application/json; charset=utf-8", headers=headers)


def _written(known: Known, request: Request) -> Feedback:
    """The reader's own feedback that the address names. Raises PageProblem."""
    wanted = request.path_params["note"]
    found = next((one for one in known.feedback if one.note == wanted and one.by == known.side), None)
    if found is None:
        raise PageProblem(HTTPStatus.NOT_FOUND, "nothing_here", code=known.clock.language.code)
    return found
