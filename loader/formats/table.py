"""Tables: CSV and TSV with the names of the fields in the first row, and an article in each row after it."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, BinaryIO

from loader.formats.encoding import utf8
from loader.formats.fields import NAMES, value_of
from loader.formats.record import Refused
from loader.formats.shapes import records_in

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

    from loader.formats.record import Options, Record

_DELIMITERS = ",;\t|"  # RFC 4180; what spreadsheets write where the comma is the decimal mark; TSV; the rest


def read_table(stream: io.BufferedReader, options: Options) -> Iterator[Record | Refused]:
    """Yield the articles of a table, each with the line that its row starts in.

    What parts the cells is told from the first row. After quotes that are broken the rest is not read, for where the
    next row starts is not known. A table whose first row does not name a title and a text is refused whole.
    """
    lines = _Lines(utf8(stream, options.encoding), options.most_bytes)
    csv.field_size_limit(options.most_bytes)  # its own, 131,072 characters for a cell, is less than long articles have
    started = 1
    header: list[str] = []
    try:
        rows = csv.reader(lines, delimiter=lines.delimiter(), strict=True)
        for row in rows:
            if not any(cell.strip() for cell in row):
                pass
            elif not header:
                header = row
                _check(header, options, started)
            elif len(row) != len(header):
                message = (
                    f"The row has {len(row)} cells, but the first row names {len(header)}; "
                    f"a cell that holds what parts the cells needs quotes around it."
                )
                yield Refused(message, started)
            else:
                yield from records_in(dict(zip(header, row, strict=True)), started, options)
            started = lines.number + 1
    except csv.Error as error:
        yield Refused(f"The table is broken in the row that starts here, and was read no further: {error}.", started)
    except Refused as refused:
        yield Refused(str(refused), refused.line or lines.number + 1)
    else:
        if not header:
            yield Refused("The file is empty.")


def _check(header: list[str], options: Options, line: int) -> None:
    """Raise Refused unless the first row names where the title and the text are, or the field map does."""
    named = dict.fromkeys(header, "named")
    for field in ("title", "text"):
        if field not in options.field_map and not value_of(named, field):
            names = ", ".join(NAMES[field][:4])
            message = (
                f"The first row names no {field} ({names}, …); if a column has another name, say --map {field}=NAME."
            )
            raise Refused(message, line)


class _Lines:
    """The lines of a stream of UTF-8 as characters; ``number`` is that of the last one given (from 1)."""

    def __init__(self, source: BinaryIO, most: int) -> None:
        self._source = source
        self._most = most
        self._ahead: list[str] = []
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._ahead.pop() if self._ahead else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        return line

    def delimiter(self) -> str:
        """Return what parts the cells: of the usual characters the one that the first line has most of."""
        first = self._read()
        self._ahead.append(first)
        return max(_DELIMITERS, key=first.count)

    def _read(self) -> str:
        """Return the next line, "" at the end; raises Refused for one that is too long or not UTF-8."""
        data = self._source.readline(self._most + 1)
        number = self.number + len(self._ahead) + 1
        if len(data) > self._most:
            message = f"The line is longer than {self._most:,} bytes, the most that is read."
            raise Refused(message, number)
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            message = (
                f"Byte 0x{data[error.start]:02X}, byte {error.start + 1} of the line, is not UTF-8, and nothing after "
                f"it is read; give --encoding."
            )
            raise Refused(message, number) from None
