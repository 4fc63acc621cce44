"""Counts the rows of a result in what the engine writes of it, so that a limit of rows can be held to.

The engine does not say how many solutions it has written, and asking it for each one costs more than writing it.
The end of a row can be told for certain in each format: in XML by a tag, which stands in no text; in TSV by a line
feed; in CSV by a line feed outside of quotes; in JSON by ``},{`` outside of strings. The triples of a graph are counted
one by one as they are handed on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyoxigraph

_ROW = {"XML": b"</result>", "JSON": b"},{", "CSV": b"\n", "TSV": b"\n"}


class TooManyRows(Exception):
    """The result has more rows than may be sent."""


class Rows:
    """Counts the rows of one result, ``most`` of which may be sent; ``format_`` is the engine's name of its format."""

    def __init__(self, format_: str, most: int) -> None:
        self.over = False
        self._format = format_
        self._end = _ROW.get(format_, b"")
        # a head line counts as well; in JSON it is what stands between rows that is counted
        self._left = most + {"CSV": 1, "TSV": 1, "JSON": -1}.get(format_, 0)
        self._tail = b""
        self._escape = b""
        self._quoted = False

    def take(self, data: bytes) -> None:
        """Take the next bytes of the result; raises TooManyRows where there is a row too many in them."""
        if not self._end:
            return
        if self._format in ("CSV", "JSON"):
            data = self._outside(data)
        data = self._tail + data
        self._tail = data[len(data) - len(self._end) + 1 :] if len(data) >= len(self._end) else data
        self._count(data.count(self._end))

    def triples(self, result: Iterable[pyoxigraph.Triple]) -> Iterator[pyoxigraph.Triple]:
        """Hand on the triples of a graph; raises TooManyRows at one too many."""
        for triple in result:
            self._count(1)
            yield triple

    def _outside(self, data: bytes) -> bytes:
        """Return what stands outside of quotes."""
        if self._format == "JSON":
            data = self._escape + data
            whole = data.rstrip(b"\\")  # a backslash at the end belongs to what follows
            self._escape = data[len(whole) :]
            data = whole.replace(b"\\\\", b"").replace(b'\\"', b"")
        pieces = data.split(b'"')
        outside = pieces[1 if self._quoted else 0 :: 2]
        if len(pieces) % 2 == 0:
            self._quoted = not self._quoted
        return b"".join(outside)

    def _count(self, number: int) -> None:
        self._left -= number
        if self._left < 0:
            self.over = True
            raise TooManyRows
