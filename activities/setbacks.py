"""One reader's full mailbox never keeps a mail from anybody else (H16, P7)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Setbacks:
    """Keeps the failure of one of several readers until all the others had their turn, and raises it then, so that the attempt is repeated.

    A repeat recognises by its key a mail that was sent, so nobody gets one twice. Of several failures the first is raised.
    """

    def __init__(self) -> None:
        self._first: Exception | None = None

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Around one turn."""
        try:
            yield
        except Exception as setback:  # noqa: BLE001 - a port may raise whatever may pass, and all of it is raised in the end
            self._first = self._first or setback

    def tell(self) -> None:
        """Raises the failure after the last turn, outside of any handler: without a context, no trace shows what a mail server said of somebody (H12)."""
        if self._first is not None:
            raise self._first
