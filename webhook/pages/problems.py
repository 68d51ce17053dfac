"""What is raised when a page cannot be shown; `problem_pages` turns it into the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

from webhook.problems import Problem

T = TypeVar("T")


class PageProblem(Exception):  # noqa: N818 - like Problem: it becomes the answer
    """A page that says kindly what is the matter. `kind` names its words in problem.html; `facts` are what they need.

    Its language is `code` if the reader is known. If only the link's owner is known, `person`, it is that person's.
    """

    def __init__(
        self, status: HTTPStatus, kind: str, *, code: str | None = None, person: str | None = None, headers: Mapping[str, str] | None = None, **facts: Any
    ) -> None:
        super().__init__(kind)
        self.status = status
        self.kind = kind
        self.code = code
        self.person = person
        self.headers = dict(headers or {})
        self.facts = facts

    def with_typed(self, typed: tuple[str, ...]) -> PageProblem:
        """The same page, with what somebody had written, so that nothing is lost."""
        return PageProblem(self.status, self.kind, code=self.code, person=self.person, headers=self.headers, **{**self.facts, "typed": typed})


async def from_door(answer: Awaitable[T]) -> T:
    """What a door answers. Raises PageProblem (503) when the door raises Problem."""
    try:
        return await answer
    except Problem as problem:
        raise PageProblem(HTTPStatus.SERVICE_UNAVAILABLE, "records_away", headers=problem.headers) from None
