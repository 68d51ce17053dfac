"""Lines that the service itself writes for an admin in the Temporal UI: codes, numbers and instants, never what a person wrote or who they are."""

from __future__ import annotations


class Label(str):
    """Left readable where everything else is sealed (H12): a timer's or an activity's summary, a mentorship's card."""

    __slots__ = ()
