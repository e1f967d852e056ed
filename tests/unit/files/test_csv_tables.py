"""Nothing that a spreadsheet runs gets into a table, and everything comes back."""

from __future__ import annotations

import csv
import io
import itertools

import pytest

from objmask.files.csv_tables import Writer, as_cell, from_cell, read_rows

PIECES = ("", "=1", "+", "-", "@", "\t", "\r", "\n", "'", ";", ",", '"', "a", "＝")
RUN = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""With what OWASP says that a cell must not begin."""


def texts() -> list[str]:
    return ["".join(pieces) for pieces in itertools.product(PIECES, repeat=4)]


def test_no_text_begins_like_a_formula_however_cells_are_told_apart():
    for text in texts():
        written = as_cell(text)
        for separator in (None, ";", "\t"):
            for cell in written.split(separator) if separator else [written]:
                # A tab that is left is one that a spreadsheet has cut at.
                assert not cell.startswith(RUN), (text, written)


def test_every_text_comes_back():
    for text in texts():
        assert from_cell(as_cell(text)) == text


@pytest.mark.parametrize("number", ["-0.5", "+3", "1e-7", "-1.5E+3", ".5", "-.5", "0", "007", "12."])
def test_numbers_stay(number):
    assert as_cell(number) == from_cell(number) == number


@pytest.mark.parametrize("text", ["-", "+a", "-1-1", "-0x1", "=1", "-1\n", "@a", "-nan", "-inf"])
def test_what_only_looks_like_one_does_not(text):
    assert as_cell(text) == f"'{text}"


@pytest.mark.parametrize("separator", [",", "\t"])
def test_tables_come_back(separator):
    rows = [(text, -0.5, number) for number, text in enumerate(texts()) if "\r" not in text]
    stream = io.StringIO(newline="")
    table = Writer(stream, separator)
    table.row(("text", "value", "number"))
    table.rows(rows)
    stream.seek(0)
    assert [tuple(row.values()) for row in read_rows(stream, separator)] == [
        (text, "-0.5", str(number)) for text, _, number in rows
    ]


def test_none_is_an_empty_cell():
    stream = io.StringIO(newline="")
    Writer(stream).row([None, "", 1, "a"])
    assert stream.getvalue() == ",,1,a\n"


@pytest.mark.parametrize("text", ['a,b\n"1,2\n', "a,b\n1\n", "a,b\n1,2,3\n"])
def test_damaged_tables_are_refused(text):
    with pytest.raises(ValueError, match="damaged: "):
        list(read_rows(io.StringIO(text, newline="")))


def test_other_readers_find_plain_csv():
    stream = io.StringIO(newline="")
    Writer(stream).row(['a "b", c', "d"])
    assert next(csv.reader(io.StringIO(stream.getvalue()))) == ['a "b", c', "d"]
