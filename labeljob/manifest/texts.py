"""Texts to label, one per line of a text file or per row of a CSV file."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from labeljob.manifest.crawl import LeftOut
from labeljob.manifest.lines import ATTRIBUTE_CHARACTERS, LINE_BYTES
from labeljob.manifest.reading import Manifest, rows
from shared.errors import ContractError

_BLANK = "blank lines"
_LONG = f"texts over {ATTRIBUTE_CHARACTERS:,} characters"
_TEXT_COLUMNS = ("source", "text")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of CSV files are used.

    Attributes:
        text: name, or number from 1, of the one with the text; None for the only one, or one named `source` or `text`.
        keep: names of those that become attributes.
        header: whether the first row names the columns.
    """

    text: str | None = None
    keep: tuple[str, ...] = ()
    header: bool = True


def texts(file: Manifest, columns: Columns, left_out: LeftOut) -> Iterator[dict[str, str]]:
    """The data objects of a file: `source`, and the columns kept.

    Args:
        file: text, or CSV if its name ends so.
        columns: of CSV.
        left_out: gets what is blank or too long.

    Raises:
        ContractError: the file is not UTF-8 or not CSV, or a column is not there.
    """
    is_csv = file.location.lower().endswith(".csv")
    for number, row in _csv_rows(file, columns) if is_csv else _text_rows(file):
        text = row["source"]
        if not text.strip():
            left_out.add(_BLANK, f"{file.location} line {number}")
        elif len(text) > ATTRIBUTE_CHARACTERS:
            left_out.add(_LONG, f"{file.location} line {number}")
        else:
            yield row


def _text_rows(file: Manifest) -> Iterator[tuple[int, dict[str, str]]]:
    for number, line in enumerate(_decoded(file), start=1):
        yield number, {"source": line}


def _csv_rows(file: Manifest, columns: Columns) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader((f"{line}\n" for line in _decoded(file)), strict=True)
    try:
        first = next(reader, None)
        if first is None:
            return
        chosen = _chosen(file.location, first, columns)
        if not columns.header:
            yield 1, _picked(first, chosen)
        for row in reader:
            yield reader.line_num, _picked(row, chosen)
    except csv.Error as failure:
        raise ContractError(f"{file.location} line {reader.line_num} is not CSV: {failure}") from failure


def _picked(row: Sequence[str], chosen: dict[str, int]) -> dict[str, str]:
    """A row shorter than its place in the table has empty cells at its end."""
    return {name: row[place] if place < len(row) else "" for name, place in chosen.items()}


def _chosen(location: str, first: Sequence[str], columns: Columns) -> dict[str, int]:
    """Attribute to place in the row."""
    names = list(first) if columns.header else []

    def place(wanted: str) -> int:
        if wanted in names:
            return names.index(wanted)
        if re.fullmatch(r"[1-9]\d*", wanted) and int(wanted) <= len(first):
            return int(wanted) - 1
        there = f"columns {', '.join(names)}" if names else f"{len(first)} columns and no header"
        raise ContractError(f"{location} has no column {wanted!r}: it has {there}")

    return {
        "source": _text_column(location, first, columns, place),
        **{name: place(name) for name in columns.keep},
    }


def _text_column(location: str, first: Sequence[str], columns: Columns, place: Callable[[str], int]) -> int:
    if columns.text is not None:
        return place(columns.text)
    if len(first) == 1:
        return 0
    named = [name for name in _TEXT_COLUMNS if columns.header and name in first]
    if len(named) == 1:
        return place(named[0])
    there = ", ".join(first) if columns.header else f"{len(first)} without header"
    raise ContractError(f"{location} has several columns ({there}): say which is the text with --column")


def _decoded(file: Manifest) -> Iterator[str]:
    """Lines without their ends; a byte-order mark is dropped."""
    for number, row in enumerate(rows(file.blocks()), start=1):
        # A line that was cut for its length may end within a character.
        errors = "ignore" if len(row) > LINE_BYTES else "strict"
        try:
            text = row.removesuffix(b"\r").decode("utf-8-sig" if number == 1 else "utf-8", errors)
        except UnicodeDecodeError as failure:
            raise ContractError(
                f"{file.location} line {number} is not UTF-8 ({failure.reason} at byte {failure.start + 1}): "
                "iconv -f latin1 -t utf-8 IN > OUT"
            ) from failure
        yield text
