"""What records give and take. A value never changes, and an error about it never quotes it (H12)."""

from __future__ import annotations

from pydantic import BaseModel


class Value(BaseModel, frozen=True, hide_input_in_errors=True):
    """The base of all of them."""
