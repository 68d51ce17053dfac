"""Renders a notice's template twice, as text and as HTML: the words come from one place, the shape from another."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from functools import cache, partial
from typing import Literal

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mentorship.effects import NoticeKind
from notices.attention import line_words
from notices.digest_view import DigestView
from notices.language import language
from notices.view import CaseView, FreshLinkView, View

Medium = Literal["text", "html"]
Kind = NoticeKind | Literal["fresh_link", "concern", "unowned", "digest", "waiting"]
AnyView = View | FreshLinkView | CaseView | DigestView
_WIDTH = 72
_BLANKS = re.compile(r"[ \t\r\n\f\v]+")
"""Places where a line may break; it may not at a no-break space, which str.split() would count among them."""
_ISOLATE, _ISOLATED = "\u2068", "\u2069"
_SIGNATURE = "-- "
"""Programs leave out of a reply what follows it. They need the trailing blank to recognise it (RFC 3676)."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail's words: the subject on one line, and the same content in two shapes."""

    subject: str
    text: str
    html: str


def letter(kind: Kind, view: AnyView, code: str) -> Letter:
    """The words of one notice in the language `code`. Raises jinja2.UndefinedError if a template needs a fact that is missing."""
    lines = {part: " ".join(_part(kind, view, code, "text", part).split()) for part in ("subject", "glance")}
    return Letter(lines["subject"], text=_whole(kind, view, code, "text", lines), html=_whole(kind, view, code, "html", lines))


def title(view: View, code: str, part: Literal["title", "description"]) -> str:
    """The calendar event's words: never a topic."""
    module = _environment(code, "text").get_template("calendar.j2").make_module({"view": view})
    return " ".join(str(getattr(module, part)()).split())


def _part(kind: Kind, view: AnyView, code: str, medium: Medium, part: str) -> str:
    module = _environment(code, medium).get_template(f"kinds/{kind}.j2").make_module({"view": view})
    return str(getattr(module, part)())


def _whole(kind: Kind, view: AnyView, code: str, medium: Medium, lines: dict[str, str]) -> str:
    environment = _environment(code, medium)
    body = _part(kind, view, code, medium, "body")
    shown = Markup(body) if medium == "html" else body  # noqa: S704 - it was rendered by an escaping environment just above
    whole = environment.get_template(f"{medium}/base.j2").render(view=view, kind=kind, body=shown, **lines, code=code)
    return _tidied(whole)


def _tidied(text: str) -> str:
    """Without trailing blanks, except in the mark before a signature, and without two empty lines in a row."""
    lines = "\n".join(line if line == _SIGNATURE else line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"


@cache
def _environment(code: str, medium: Medium) -> Environment:
    environment = Environment(
        loader=PackageLoader("notices"),
        autoescape=medium == "html",  # noqa: S701 - text is text: escaping would show in it
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.filters["wrapped"] = wrapped
    environment.filters["listed"] = language(code).listed
    environment.install_gettext_translations(language(code).translations, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["direction"] = language(code).direction
    environment.globals["isolated"] = language(code).isolated
    environment.globals["line_words"] = partial(line_words, language=language(code))
    environment.globals["shape"] = environment.get_template(f"{medium}/shapes.j2").module
    return environment


def wrapped(text: str, first: str = "", rest: str | None = None) -> str:
    """`text` in lines of at most 72 characters, beginning with `first`, then `rest`. Addresses, and words joined by a no-break space, stay whole."""
    one = _BLANKS.sub(" ", text).strip(" ")
    indent = first if rest is None else rest
    return _apart(textwrap.fill(one, _WIDTH, initial_indent=first, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False))


def _apart(text: str) -> str:
    """Keeps isolated text isolated when a line ends within it: in plain text, each line has its own direction (rule P1 of UAX 9)."""
    lines, within = [], False
    for line in text.split("\n"):
        begun = re.sub(r"(?=\S)", _ISOLATE, line, count=1) if within else line
        within = begun.count(_ISOLATE) > begun.count(_ISOLATED)
        lines.append(begun + _ISOLATED if within else begun)
    return "\n".join(lines)
