"""What keeps the local stack from starting or going on, in words for the person who started it."""

from __future__ import annotations


class Trouble(Exception):  # noqa: N818 - an answer to a person, not a defect
    """Printed as it is, without a traceback; exit 1."""
