"""How the CLI answers: lines for people on stdout, `--json` for programs, what went wrong on stderr, and the exit code."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from mentorship.blank import is_blank
from schedule.calendar import zone

REFUSED, USAGE = 1, 2
_JOINERS = "\u200c\u200d"
"""Invisible, but part of how some scripts are written."""


wants_json: ContextVar[bool] = ContextVar("wants_json", default=False)


def remember_json(value: bool) -> bool:
    """The callback of every `--json`, so that refusals know of it, too."""
    wants_json.set(value)
    return value


class Refused(Exception):  # noqa: N818 - an answer, not a defect
    """Exit 1: refused, invalid or not applied. Each of `lines` is a line on stderr."""

    def __init__(self, *lines: str, result: Any = None) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.result = result
        """With `--json`, what goes to stdout all the same."""


class Misused(Exception):  # noqa: N818 - as Refused
    """Exit 2: wrong usage, or a file that is not there."""


def answer(result: Any, lines: Iterable[str], *, as_json: bool) -> None:
    """Writes the result as JSON for programs, or the lines for people. If it cannot, what was done stays done with exit 0; stderr tells of a full disk."""
    if (lost := _answered(result, lines, as_json=as_json)) is not None:
        aside(lost)


def answer_only(result: Any, lines: Iterable[str], *, as_json: bool) -> None:
    """Like `answer`, for commands that do nothing else: raises Refused when the disk is full."""
    if (lost := _answered(result, lines, as_json=as_json)) is not None:
        raise Refused(lost)


def _answered(result: Any, lines: Iterable[str], *, as_json: bool) -> str | None:
    """Why it could not be written, or None."""
    said = [json.dumps(result, ensure_ascii=False, indent=2, default=_jsonable)] if as_json else lines
    return next((lost for lost in [_tell(line) for line in said] if lost is not None), None)


def harmless(text: str) -> str:
    """A stranger's text made safe for a terminal: on one line, with escapes for what could steer the terminal or turn what follows."""
    return "".join(sign if sign.isprintable() or sign in _JOINERS else sign.encode("unicode_escape").decode() for sign in " ".join(text.split()))


def aside(line: str) -> None:
    """Writes to stderr what is worth knowing but is not the answer."""
    _tell(line, err=True)


def _tell(line: str, *, err: bool = False) -> str | None:
    """Why the line could not be written, or None. Also None for a pipe that nobody reads any more."""
    try:
        typer.echo(line, err=err)
    except OSError as error:
        with contextlib.suppress(OSError), Path(os.devnull).open("w") as nowhere:  # what is left in the buffer goes there
            os.dup2(nowhere.fileno(), (sys.stderr if err else sys.stdout).fileno())
        if error.errno != errno.EPIPE:
            return f"the answer could not be written: {error.strerror}"
    return None


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 pair`, `2 pairs`; `many` is for plurals without `s`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def columns(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Rows in aligned columns, never wrapped, so that they can be piped."""
    table = [list(header), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[index]) for row in table) for index in range(len(header))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in table]


def local_time(at: datetime, where: str) -> str:
    return at.astimezone(zone(where)).strftime("%a %Y-%m-%d %H:%M")


def is_terminal() -> bool:
    return sys.stderr.isatty()


def _cell(value: Any) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.0f}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}Z"
        case _:
            return str(value)


def stated(what: str) -> Callable[[typer.CallbackParam, str | None], str | None]:
    """The callback of an option that takes words, and not blanks alone. `what` is what was expected."""

    def check(option: typer.CallbackParam, value: str | None) -> str | None:
        if value is not None and is_blank(value):
            raise Misused(f"{option.opts[0]}: nothing, expected {what}")
        return value

    return check


Json = Annotated[bool, typer.Option("--json", help="Answer as JSON.", callback=remember_json)]


def _jsonable(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)
