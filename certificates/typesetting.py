"""From a template to a PDF, and which text no font at hand prints.

So a line in a people file can be checked long before it is printed on a certificate, without anything that credentials and signatures need.
"""

from __future__ import annotations

import os
import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst

HERE = Path(__file__).parent
FONTS = HERE / "fonts"
PROBE = HERE / "probe.typ"
STANDARDS: list[Any] = ["a-3a", "ua-1"]
_FONT_FILES = frozenset({".ttf", ".otf", ".ttc", ".otc", ".woff", ".woff2"})
JOINERS_AND_MARKS = "\u200c\u200d\u200e\u200f"  # Persian and mixed scripts are written with them


class Unprintable(Exception):  # noqa: N818 - it says what is wrong, as the other packages' errors do
    """No font here can print this character: add one to the font folder. The text has the character, never what surrounds it."""

    def __init__(self, character: str) -> None:
        named = ", ".join(f"U+{ord(part):04X} {unicodedata.name(part, 'unnamed')}" for part in character)
        super().__init__(f"no font at hand prints {named}")
        self.character = character


class NotRendered(Exception):  # noqa: N818 - it says what is wrong, as the other packages' errors do
    """The document could not be made, for a reason other than a missing glyph."""


def check_printable(text: str, *, font_folder: Path | None = None) -> None:
    """Raises `Unprintable` now for a name or a title that would stop its certificate half a year later."""
    refuse_invisible(text)
    compiled(PROBE, {"text": text}, font_folder)


def refuse_invisible(text: str) -> None:
    """Refuses controls, and marks that reorder what surrounds them: the print would differ from what was signed."""
    for character in text:
        kind = unicodedata.category(character)
        if kind in ("Cc", "Cs", "Co", "Cn") or (kind == "Cf" and character not in JOINERS_AND_MARKS):
            raise Unprintable(character)


def compiled(template: Path, inputs: dict[str, str], font_folder: Path | None) -> bytes:
    """The PDF of a template here. System fonts are never used. Raises `Unprintable`, `NotRendered`."""
    try:
        return typst.compile(
            template,
            root=HERE,
            font_paths=_fonts(font_folder, _seen(font_folder)),
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs=inputs,
            pdf_standards=STANDARDS,  # without a standard a missing glyph is only a warning
            timestamp=0,  # the template states the date
        )
    except typst.TypstError as problem:
        raise _explained(problem) from None


def fonts_left_out(folder: Path | None) -> list[tuple[Path, str]]:
    """Files of the folder that have a font's name and print nothing, each with the reason: the compiler does not report them."""
    if folder is None:
        return []
    read = {Path(font.path) for font in _fonts(folder, _seen(folder)).fonts() if font.path is not None}
    files = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _FONT_FILES and not path.is_dir() and path not in read]
    return [
        (path, "no font that is read here, or a damaged one" if os.access(path, os.R_OK) else "not there, or not for this process's user") for path in files
    ]


def _seen(folder: Path | None) -> tuple[tuple[str, int, int], ...]:
    """What is in the folder now: running processes use a font at once when an operator adds it."""
    if folder is None:
        return ()
    found = ((path, path.stat()) for path in sorted(folder.rglob("*")) if path.is_file())
    return tuple((str(path), known.st_mtime_ns, known.st_size) for path, known in found)


@lru_cache(maxsize=4)
def _fonts(folder: Path | None, _: tuple[tuple[str, int, int], ...]) -> typst.Fonts:
    paths: list[Any] = [FONTS] if folder is None else [FONTS, folder]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=paths)


def _explained(problem: typst.TypstError) -> Exception:
    """The compiler quotes what it could not print: one character, perhaps with its accents, in Rust's escapes."""
    if quoted := re.search(r'the text `"(.+?)"` could not be displayed', problem.message):
        plain = re.sub(r"\\u\{([0-9a-f]+)\}", lambda escape: chr(int(escape[1], 16)), quoted[1])
        return Unprintable(plain)
    return NotRendered(re.sub(r"`[^`]*`", "`…`", problem.message))  # what it quotes might be a person's
