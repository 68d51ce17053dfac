"""CSV as operators' programs write it, and the position of each cell."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from starter.faults import Findings
from starter.table import Row, read_table


def rows(tmp_path: Path, content: str | bytes) -> tuple[list[Row], list[str], list[str]]:
    path = tmp_path / "t.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    findings = Findings()
    found = list(read_table(path, ("id", "name"), ("note",), findings))
    strip = f"{tmp_path}/"
    return found, [str(f).removeprefix(strip) for f in findings.sorted_faults()], [str(n).removeprefix(strip) for n in findings.sorted_notices()]


def texts(found: list[Row]) -> list[dict[str, str]]:
    return [{name: cell.text for name, cell in row.cells.items()} for row in found]


@pytest.mark.parametrize(
    "content",
    [
        "id,name,note\n1,Ana,x\n",
        "\ufeffid,name,note\r\n1,Ana,x\r\n",
        "id;name;note\n1;Ana;x",
        "\ufeffid;name;note\r1;Ana;x\r",
        '"id","name","note"\n"1"," Ana ","x"\n',
        "ID, Name ,Note\n\n , ,\n1,Ana,x\n,,\n\n",
        "\ufeffsep=;\r\nid;name;note\r\n1;Ana;x\r\n",
        "  \n;;;\nid;name;note\n1;Ana;x\n",
        ",,,\nid,name,note\n1,Ana,x\n",
    ],
)
def test_commas_semicolons_marks_quotes_and_blank_rows_are_all_read_alike(tmp_path: Path, content: str) -> None:
    found, faults, notices = rows(tmp_path, content)

    assert texts(found) == [{"id": "1", "name": "Ana", "note": "x"}]
    assert (faults, notices) == ([], [])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PK\x03\x04\x14\x00\x06\x00", "a workbook or an archive, expected a table of text, which Excel saves as CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "a workbook or an archive, expected a table of text, which Excel saves as CSV UTF-8"),
        ("id,name\n1,Ana\n".encode("utf-16"), "UTF-16, or no text, expected text in UTF-8, which Excel saves as CSV UTF-8"),
        ("id,name\n1,Ana\n".encode("utf-16-be"), "UTF-16, or no text, expected text in UTF-8, which Excel saves as CSV UTF-8"),
    ],
)
def test_a_spreadsheets_own_file_is_told_to_be_one_and_not_cell_by_cell(tmp_path: Path, content: bytes, told: str) -> None:
    assert rows(tmp_path, content) == ([], [f"t.csv:1:1: file: {told}"], [])


def test_a_cell_without_an_end_is_told_where_it_begins(tmp_path: Path) -> None:
    _, faults, _ = rows(tmp_path, f'id,name\n1,Ana\n2,"{"x" * 200_000}\n')

    assert faults == ["t.csv:3:1: row: a cell without an end, as after a quote that is never closed, expected quotes in pairs around a cell, doubled inside it"]


def test_a_comma_in_a_semicolon_file_is_text(tmp_path: Path) -> None:
    assert texts(rows(tmp_path, "id;name\n1;Weber, Ana\n")[0]) == [{"id": "1", "name": "Weber, Ana"}]


def test_cells_of_several_lines_are_placed_where_they_begin_and_so_is_what_follows(tmp_path: Path) -> None:
    found, faults, _ = rows(tmp_path, 'id,name,note\n1,"Ana\nMaria",x\n2,"said ""hi"",\r\nleft",y\n3,Eve,z\n')

    assert faults == []
    assert [row["name"].text for row in found] == ["Ana Maria", 'said "hi", left', "Eve"]
    assert [(row.line, row["name"].line, row["name"].column) for row in found] == [(2, 2, 3), (4, 4, 3), (6, 6, 3)]
    assert [(row["note"].line, row["note"].column) for row in found] == [(3, 8), (5, 7), (6, 7)]


def test_extra_columns_get_one_notice_and_are_kept_out(tmp_path: Path) -> None:
    found, faults, notices = rows(tmp_path, "id,shoe,name,nota,\n1,44,Ana,x,\n")

    assert texts(found) == [{"id": "1", "name": "Ana"}]
    assert faults == []
    assert notices == ["t.csv:1:4: notice: header: extra columns kept out: 'shoe', 'nota' (for note?)"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "t.csv:1:1: file: nothing in it, expected a header with id and name"),
        ("id,note\n1,x\n", "t.csv:1:1: name: column missing, expected a column name in the header"),
        ("id,name,id\n1,Ana,2\n", "t.csv:1:9: id: a second column of this name, expected each column once"),
        ("id,name,note\n1,Ana\n", "t.csv:2:1: row: 2 cells, expected 3 as in the header"),
        ("id,name\n1, \n", "t.csv:2:3: name: nothing, expected a value"),
        ("id,name\n1,Ana,extra\n", "t.csv:2:7: row: 3 cells, expected 2 as in the header"),
        ('id,name\n1,Ana\n2,"Eve\n3,Max\n', "t.csv:3:1: row: a quote that is opened and never closed, expected quotes in pairs"),
        ('id,name\n1,"Ana"x\n', "t.csv:2:1: row: text after a closing quote, expected quotes in pairs"),
        ("id,name\n1,A\x1b[31mna\n", "t.csv:2:3: cell: 'A\\x1b[31mna' has a control character, expected text that can be read"),
        (b"id,name\n1,Gr\xfcn\n", "t.csv:2:5: file: not UTF-8 here, expected text in UTF-8, which Excel saves as CSV UTF-8"),
    ],
)
def test_what_is_no_table_is_told_in_its_place(tmp_path: Path, content: str | bytes, told: str) -> None:
    faults = rows(tmp_path, content)[1]

    assert len(faults) == 1
    assert faults[0].startswith(told)


def test_a_row_that_is_only_longer_by_blanks_is_fine(tmp_path: Path) -> None:
    assert rows(tmp_path, "id,name\n1,Ana,,\n")[1] == []


def test_a_joiner_that_a_script_needs_stays(tmp_path: Path) -> None:
    found, faults, _ = rows(tmp_path, "id,name\n1,می\u200cرا\n")

    assert faults == []
    assert found[0]["name"].text == "می\u200cرا"


CELLS = st.text(st.sampled_from('ab "\n\r,;ü'), max_size=8)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=6), delimiter=st.sampled_from(",;"), end=st.sampled_from(["\n", "\r\n"]))
def test_whatever_csv_writes_is_read_and_every_cell_stands_where_it_is_said_to(tmp_path: Path, table: list[tuple[str, ...]], delimiter: str, end: str) -> None:
    written = io.StringIO(newline="")
    always: Literal[0, 1] = csv.QUOTE_MINIMAL if end == "\r\n" else csv.QUOTE_ALL  # otherwise csv writes a lone carriage return without quotes
    writer = csv.writer(written, delimiter=delimiter, lineterminator=end, quoting=always)
    writer.writerows([("id", "name", "note"), *table])
    text = written.getvalue()

    found, faults, _ = rows(tmp_path, text)

    wanted = [tuple(" ".join(cell.split()) for cell in row) for row in table]
    assert len(faults) == sum(not cell for row in wanted if any(row) for cell in row[:2])  # each required cell without a value
    assert all(fault.endswith(": nothing, expected a value") for fault in faults)
    assert [tuple(row[name].text for name in ("id", "name", "note")) for row in found] == [row for row in wanted if any(row)]
    lines = list(io.StringIO(text, newline=""))
    for cell in (cell for row in found for cell in row.cells.values()):
        onwards = lines[cell.line - 1][cell.column - 1 :] + "".join(lines[cell.line :])
        there = next(csv.reader(io.StringIO(onwards, newline=""), delimiter=delimiter), [""])
        assert " ".join((there or [""])[0].split()) == cell.text
