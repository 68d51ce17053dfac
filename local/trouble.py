"""What keeps the local stack from starting or continuing, in words for the person who started it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Trouble(Exception):  # noqa: N818 - an answer to a person, not a defect
    """Printed without a traceback; exit 1."""


@contextmanager
def one_trouble() -> Iterator[None]:
    """If several tasks that ran together fail, raises the first Trouble: the others mostly follow from it."""
    try:
        yield
    except BaseExceptionGroup as several:
        found: BaseException | None = several.subgroup(Trouble)
        while isinstance(found, BaseExceptionGroup):
            found = found.exceptions[0]
        if found is None:
            raise
        raise found from None
