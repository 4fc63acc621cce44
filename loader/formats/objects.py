"""JSON, as one document of any size or as lines: each record comes out before the next is read."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, BinaryIO

from loader.formats.encoding import BLOCK, Decoder, marked, utf8
from loader.formats.record import Refused
from loader.formats.shapes import records_in

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

    from loader.formats.record import Options, Record

_BLANK = re.compile(r"[ \t\r\n]*")


def decoder() -> json.JSONDecoder:
    """Return a decoder that keeps numbers as they are written and takes line ends inside strings."""
    return json.JSONDecoder(parse_int=str, parse_float=str, strict=False)


def read_json(stream: io.BufferedReader, options: Options) -> Iterator[Record | Refused]:
    """Yield the records of a JSON document: one object, a list of them, or several one after another.

    A list is read part by part, so its length costs no memory. After broken JSON the rest of the document is not
    read, for where the next record starts is not known.
    """
    document = _Document(utf8(stream, options.encoding), options.most_bytes)
    first = True
    try:
        while follows := document.peek():
            yield from _list(document, options) if follows == "[" else _value(document, options, first=first)
            first = False
        if first:
            yield Refused("The file is empty.")
    except Refused as refused:
        yield Refused(str(refused), refused.line or document.line)


def read_json_lines(stream: io.BufferedReader, options: Options) -> Iterator[Record | Refused]:
    """Yield the records of a file with one JSON value a line; a bad line is refused, and the next one read."""
    decode = decoder()
    number = 0
    empty = True
    try:
        for number, line in _lines(utf8(stream, options.encoding), options.most_bytes):
            if isinstance(line, Refused):
                empty = False
                yield line
            elif line.strip():
                empty = False
                yield from _line(line, number, decode, options)
    except Refused as refused:
        yield Refused(str(refused), number + 1)
        return
    if empty:
        yield Refused("The file is empty.")


def looks_spread(stream: io.BufferedReader) -> bool:
    """Whether JSON spreads one value over lines, whatever the file is called: its first line is no value of its own."""
    start = stream.peek(2**12)
    if marked(start) not in {None, "utf-8-sig"}:
        return False
    first = start.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)
    return len(first) == 2 and first[0].strip() in {b"[", b"{"}


def _line(line: bytes, number: int, decode: json.JSONDecoder, options: Options) -> Iterator[Record | Refused]:
    try:
        value = decode.decode(line.decode())
    except UnicodeDecodeError as error:
        message = f"Byte 0x{line[error.start]:02X}, byte {error.start + 1} of the line, is not UTF-8; give --encoding."
        yield Refused(message, number)
    except json.JSONDecodeError as error:
        yield Refused(_broken(error.msg, error.colno, ended=error.pos >= len(error.doc.rstrip())), number)
    except RecursionError:
        yield Refused("The JSON is nested too deeply.", number)
    else:
        yield from records_in(value, number, options)


def _lines(source: BinaryIO, most: int) -> Iterator[tuple[int, bytes | Refused]]:
    """Yield the number of each line with its bytes, or a Refused in place of a line longer than ``most`` bytes."""
    number = 0
    while line := source.readline(most + 1):
        number += 1
        if len(line) <= most:
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = source.readline(BLOCK)
        yield number, Refused(f"The line is longer than {most:,} bytes, the most that is read.", number)


def _list(document: _Document, options: Options) -> Iterator[Record | Refused]:
    opened = document.line
    document.skip()
    if document.peek() == "]":
        document.skip()
        yield Refused("The list is empty.", opened)
        return
    while True:
        line = document.line
        yield from records_in(document.value(), line, options)
        follows = document.peek()
        if follows not in {",", "]"}:
            reason = "the list is not closed" if not follows else "expecting a comma or ]"
            raise Refused(_broken(reason, document.column, ended=not follows), document.line)
        document.skip()
        if follows == "]":
            return
        document.peek()


def _value(document: _Document, options: Options, *, first: bool) -> Iterator[Record | Refused]:
    line = document.line
    value = document.value()
    yield from records_in(value, line, options, alone=first and not document.peek())


class _Document:
    """The characters of a JSON document, read as far as they are needed, with the place in the file.

    ``line`` and ``column`` (1-based) are those of the next character, once `peek` has passed the blanks before it.
    """

    def __init__(self, stream: BinaryIO, most: int) -> None:
        self._characters = Decoder(stream, "utf-8")
        self._most = most
        self._decode = decoder()
        self._text = ""
        self._place = 0
        self._ended = False
        self.line = 1
        self.column = 1

    def peek(self) -> str:
        """Return the next character that is not blank, "" at the end."""
        while True:
            blank = _BLANK.match(self._text, self._place)
            self._pass(blank.end() if blank else self._place)
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._more():
                return ""

    def skip(self) -> None:
        """Pass the character that `peek` returned."""
        self._pass(self._place + 1)

    def value(self) -> object:
        """Return the value that starts here and pass it. Raises Refused where it is not JSON, or too long."""
        while True:
            try:
                value, end = self._decode.raw_decode(self._text, self._place)
            except json.JSONDecodeError as error:
                if len(self._text) - self._place > self._most:
                    message = (
                        f"The value is longer than {self._most:,} characters, the most that is read at once; "
                        f"write the articles as one list, or one a line (.jsonl)."
                    )
                    raise Refused(message, self.line) from None
                if self._more():
                    continue
                self._pass(error.pos)
                raise Refused(_broken(error.msg, self.column, ended=not self.peek()), self.line) from None
            except RecursionError:
                raise Refused("The JSON is nested too deeply.", self.line) from None
            self._pass(end)
            return value

    def _more(self) -> bool:
        """Read on, at least as much again as is left; whether there was anything."""
        if self._ended:
            return False
        rest = self._text[self._place :]
        block = self._characters.read(max(BLOCK, len(rest)))
        if not block:
            self._ended = True
            return False
        self._text, self._place = rest + block, 0
        return True

    def _pass(self, place: int) -> None:
        line_ends = self._text.count("\n", self._place, place)
        if line_ends:
            self.line += line_ends
            self.column = place - self._text.rfind("\n", self._place, place)
        else:
            self.column += place - self._place
        self._place = place


def _broken(reason: str, column: int, *, ended: bool) -> str:
    if ended or reason.startswith("Unterminated string"):
        return f"The JSON is cut off inside a value (column {column})."
    return f"The JSON is broken at column {column}: {reason[0].lower()}{reason[1:].rstrip(': ')}."
