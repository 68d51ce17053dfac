"""A CSV file as rows of cells, each of which knows its line and column.

The standard library's csv reads the values. It tells only the line on which a record *ends*, so this module counts the places itself.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from starter.faults import Fault, Findings, Notice, hides, nearest, one_of, shown, unreadable
from starter.yaml_document import undecodable

_LONGEST_CELL = 10_000
_QUOTES = "quotes in pairs around a cell, doubled inside it"
_BLANK = ' \t\r\n,;"'
"""The characters of a row that holds no value."""
_WORKBOOKS = (b"PK\3\4", b"\xd0\xcf\x11\xe0", b"\x1f\x8b")
"""How workbooks and archives begin, which are not tables of text, whatever their name."""
_EXCELS_OWN = re.compile(r"\Asep=.(?=\r?\n)", re.IGNORECASE)
"""A first line that tells Excel the delimiter; here the header shows it."""


@dataclass(frozen=True)
class Cell:
    """One cell: its text, trimmed and with each run of blanks and line ends as one space, and its place, counted from 1."""

    text: str
    line: int
    column: int

    @property
    def entries(self) -> tuple[str, ...]:
        """The list in the cell, separated by `|`, without blanks around entries, empty entries and repeats."""
        return tuple(dict.fromkeys(entry for part in self.text.split("|") if (entry := part.strip())))


@dataclass(frozen=True)
class Row:
    """One record. A missing cell reads as a blank one at the beginning of the record."""

    line: int
    cells: dict[str, Cell]

    def __getitem__(self, column: str) -> Cell:
        return self.cells.get(column, Cell("", self.line, 1))


def read_table(path: Path, required: Sequence[str], optional: Sequence[str], findings: Findings) -> Iterator[Row]:
    """The rows of that file, without blank ones; cells are separated by `,` or `;`. What is wrong with it as a table goes to `findings`, and so does
    every cell without a value in a `required` column.

    Columns other than the named ones are left out, with one notice. Raises OSError when there is no such file.
    """
    shown_path = str(path)
    raw = path.read_bytes()
    if raw.startswith(_WORKBOOKS):
        findings.faults.append(Fault(shown_path, 1, 1, "file", "a workbook or an archive", "a table of text, which Excel saves as CSV UTF-8"))
        return
    if b"\0" in raw[:64]:
        findings.faults.append(Fault(shown_path, 1, 1, "file", "UTF-16, or no text", "text in UTF-8, which Excel saves as CSV UTF-8"))
        return
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        findings.faults.append(undecodable(shown_path, raw, error, "text in UTF-8, which Excel saves as CSV UTF-8"))
        return
    text = _EXCELS_OWN.sub("", text)
    known = (*required, *optional)
    if (tabs := _tabs(text)) is not None:
        findings.faults.append(Fault(shown_path, tabs, 1, "file", "separated by tabs", "cells separated by , or ;"))
        return
    records = _records(text, _delimiter(text, known), shown_path, findings)
    header = next((cells for cells in records if any(cell.text for cell in cells)), None)
    if header is None:
        findings.faults.append(Fault(shown_path, 1, 1, "file", "nothing in it", f"a header with {one_of(required).replace(' or ', ' and ')}"))
        return
    names = _header(header, required, known, shown_path, findings)
    for cells in records:
        if not any(cell.text for cell in cells):
            continue
        if len(cells) < len(names) or any(cell.text for cell in cells[len(names) :]):
            place = cells[min(len(cells), len(names)) if len(cells) > len(names) else 0]
            findings.faults.append(Fault(shown_path, place.line, place.column, "row", f"{len(cells)} cells", f"{len(names)} as in the header"))
        row = Row(cells[0].line, {name: cell for name, cell in zip(names, cells, strict=False) if name in known})
        for name in required:
            if not (cell := row[name]).text and name in names:  # a column that the whole table lacks is reported once, not for every row
                findings.faults.append(Fault(shown_path, cell.line, cell.column, name, "nothing", "a value"))
        yield row


def _header(cells: list[Cell], required: Sequence[str], known: Collection[str], path: str, findings: Findings) -> list[str]:
    names: list[str] = []
    extra: list[Cell] = []
    for cell in cells:
        name = cell.text.casefold()
        if name and name in names:
            findings.faults.append(Fault(path, cell.line, cell.column, name, "a second column of this name", "each column once"))
            name = ""
        elif cell.text and name not in known:
            extra.append(cell)
        names.append(name)
    for name in required:
        if name not in names:
            findings.faults.append(Fault(path, cells[0].line, 1, name, "column missing", f"a column {name} in the header"))
    if extra:
        told = ", ".join(f"{shown(cell.text)} (for {meant}?)" if (meant := nearest(cell.text, set(known) - set(names))) else shown(cell.text) for cell in extra)
        findings.notices.append(Notice(path, extra[0].line, extra[0].column, "header", f"extra columns kept out: {told}"))
    return names


def is_whole(path: str, findings: Findings) -> bool:
    """Whether that file was read to its end: a quote that is never closed swallows the rows after it."""
    return not any(fault.path == path and fault.expected == _QUOTES for fault in findings.faults)


def _tabs(text: str) -> int | None:
    """The line of the header if it has tabs but neither `,` nor `;`; else None."""
    number, line = next(((number, line) for number, line in enumerate(io.StringIO(text), start=1) if line.strip(_BLANK)), (1, ""))
    return number if "\t" in line.strip() and "," not in line and ";" not in line else None


def _delimiter(text: str, known: Collection[str]) -> str:
    """Whichever of `,` and `;` splits the header into more known columns."""
    line = next((line for line in io.StringIO(text) if line.strip(_BLANK)), "")
    columns = {sign: sum(cell.strip(' "\r\n').casefold() in known for cell in line.split(sign)) for sign in ",;"}
    return ";" if columns[";"] > columns[","] else ","


def _records(text: str, delimiter: str, path: str, findings: Findings) -> Iterator[list[Cell]]:
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            taken.append(line)
            yield line

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    start = 1
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            findings.faults.append(Fault(path, start, 1, "row", _in_words(error), _QUOTES))
            return
        places = _places("".join(taken), delimiter, start)
        start += len(taken)
        taken.clear()
        if values:
            yield [_cell(value, place, path, findings) for value, place in zip(values, places, strict=True)]


def _places(raw: str, delimiter: str, line: int) -> list[tuple[int, int]]:
    """Where each cell of a record begins. As in csv, a quote opens a quoted cell only at the cell's beginning."""
    places = [(line, 1)]
    column, quoted, at_start = 1, False, True
    index = 0
    while index < len(raw):
        sign = raw[index]
        doubled = quoted and raw[index : index + 2] == '""'
        if doubled:
            index += 1
            column += 1
        elif sign == '"' and (quoted or at_start):
            quoted = not quoted
        at_start = False
        index += 1
        column += 1
        if sign == "\n" or (sign == "\r" and raw[index : index + 1] != "\n"):
            line, column = line + 1, 1
        elif sign == delimiter and not quoted:
            places.append((line, column))
            at_start = True
    return places


def _cell(value: str, place: tuple[int, int], path: str, findings: Findings) -> Cell:
    text = " ".join(value.split())
    if any(hides(sign) for sign in text):
        findings.faults.append(Fault(path, *place, "cell", *unreadable(text)))
        text = "".join(sign for sign in text if not hides(sign))
    if len(text) > _LONGEST_CELL:
        findings.faults.append(Fault(path, *place, "cell", f"{len(text)} characters", f"at most {_LONGEST_CELL}"))
        text = text[:_LONGEST_CELL]
    return Cell(text, *place)


def _in_words(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end" in text:
        return "a quote that is opened and never closed"
    if "expected after" in text:
        return "text after a closing quote"
    if "field limit" in text:
        return "a cell without an end, as after a quote that is never closed"
    return text
