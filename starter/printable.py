"""Finds names and titles that no font can print. The operator hears of them at the start, not when certificates are due half a year later (H8)."""

from __future__ import annotations

from collections.abc import Mapping

from certificates.typesetting import Unprintable, check_printable
from gateway.settings import Settings


def unprintable(texts: Mapping[str, str], settings: Settings) -> list[str]:
    """A line for each text with a character that no font at hand prints. `texts` are by what they are called. If all is well, it checks only once."""
    if not texts or _problem(" ".join(texts.values()), settings) is None:
        return []
    found = {called: _problem(text, settings) for called, text in texts.items()}
    return [
        f"notice: {called}: {problem}; a font in MENTORSHIP_FONT_FOLDER that has it lets certificates be made" for called, problem in found.items() if problem
    ]


def _problem(text: str, settings: Settings) -> str | None:
    try:
        check_printable(text, font_folder=settings.font_folder)
    except Unprintable as error:
        return str(error)
    return None
