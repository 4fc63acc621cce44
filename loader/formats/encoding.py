"""From bytes to characters: UTF-8, what a byte-order mark says, or what the user says; a guess only in a message."""

from __future__ import annotations

import codecs
import io
import re
from typing import TYPE_CHECKING, BinaryIO

from loader.formats.record import Refused

if TYPE_CHECKING:
    from typing_extensions import Buffer

_MARKS = (  # the longer first: the mark of UTF-32 starts with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
_SIGNATURES = (  # of the files that are taken for text most often
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\xd0\xcf\x11\xe0", "an old office document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "gzip data; give its name the suffix .gz"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"SQLite format 3\0", "a database"),
)
BLOCK = 2**18
"""Bytes that a stream is read by."""

_SAMPLE = 2**14  # bytes; enough for a guess, and quick
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SHARE_OF_BINARY = 0.02  # of such bytes in the sample; text in any 8-bit encoding has next to none

# What browsers read by these names (WHATWG Encoding Standard, section 4.2), where Python means something narrower.
_WEB_NAMES = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso-8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc-kr": "cp949",
    "x-sjis": "cp932",
}
_DECLARED = re.compile(
    rb"""<(?:meta[^>]{0,200}?charset|\?xml[^>]{0,100}?encoding)\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE
)


def decode(data: bytes, encoding: str | None) -> str:
    """Return the characters of a text file.

    A byte-order mark decides, then ``encoding``, and UTF-8 where neither is given. Raises Refused for bytes that are
    not text, or not in that encoding; its message names the first bad byte and what the file may be in.
    """
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            message = f"The file is not text but {kind}."
            raise Refused(message)
    named = marked(data) or encoding
    if named is None and b"\0" in data:
        raise Refused(_of_nulls(data))
    try:
        return data.decode(named or "utf-8")
    except UnicodeDecodeError as error:
        raise Refused(_of_bad_byte(data, error, named), data.count(b"\n", 0, error.start) + 1) from None
    except UnicodeError as error:  # UTF-16 and UTF-32 without an order of bytes
        message = f"The file cannot be read as {named}: {error}."
        raise Refused(message) from None


def decode_page(data: bytes) -> str:
    """Return the characters of a web page: by its byte-order mark, its declaration, UTF-8, or the likeliest encoding.

    Raises Refused where no encoding fits.
    """
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            message = f"The file is not a web page but {kind}."
            raise Refused(message)
    declared = _DECLARED.search(data[:2048])
    name = declared[1].decode("ascii", "ignore").lower() if declared else "utf-8"
    for candidate in (marked(data), _WEB_NAMES.get(name, name), "utf-8", likeliest(data)):
        try:
            text = data.decode(candidate) if candidate else None
        except (LookupError, UnicodeError):
            continue
        if text is not None and text.count("\0") <= _SHARE_OF_BINARY * len(text):
            return text
    raise Refused("The file is no web page: its bytes are not text in any known encoding.")


def marked(data: bytes) -> str | None:
    """Return the encoding that the byte-order mark at the start names, or None."""
    return next((name for mark, name in _MARKS if data.startswith(mark)), None)


def likeliest(data: bytes) -> str | None:
    """Return the name of the encoding that the bytes are most likely in, or None.

    Where the sample means the same in cp1252, that is named: of the Western encodings it is by far the commonest.
    """
    from charset_normalizer import from_bytes  # noqa: PLC0415 (only for what is not UTF-8; its tables load slowly)

    sample = data[:_SAMPLE]
    best = from_bytes(sample).best()
    if best is None:
        return None
    return "cp1252" if sample.decode("cp1252", "replace") == str(best) else best.encoding


def utf8(stream: io.BufferedReader, encoding: str | None) -> BinaryIO:
    """Return the stream as UTF-8 without a byte-order mark; a mark decides over ``encoding``.

    Bytes of UTF-8 are passed on as they are, right or wrong; of another encoding, reading raises Refused where they
    are wrong.
    """
    name = marked(stream.peek(4)[:4]) or encoding
    if name is None or codecs.lookup(name).name in {"utf-8", "utf-8-sig"}:
        if stream.peek(3)[:3] == codecs.BOM_UTF8:
            stream.read(3)
        return stream
    return io.BufferedReader(_Recoded(Decoder(stream, name)), BLOCK)


class Decoder:
    """The characters of a stream, as many at a time as are asked for."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._done = 0  # bytes of the stream that are read
        self._bad: Refused | None = None

    def read(self, size: int) -> str:
        """Return the characters of about ``size`` bytes, "" at the end.

        Raises Refused at the first bad byte, once the characters before it have been read.
        """
        text = ""
        while not text:
            if self._bad:
                raise self._bad
            block = self._stream.read(size)
            before = self._decoder.getstate()
            kept = len(before[0])
            try:
                text = self._decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                place = self._done - kept + error.start
                self._bad = Refused(
                    f"Byte 0x{error.object[error.start]:02X} at offset {place} cannot be read as {self._encoding}, and "
                    f"nothing after it is read; give the right --encoding."
                )
                self._decoder.setstate(before)
                text = self._decoder.decode(block[: max(0, error.start - kept)])
                continue
            except UnicodeError as error:
                message = f"The file cannot be read as {self._encoding}: {error}."
                raise Refused(message) from None
            self._done += len(block)
            if not block:
                break
        return text


class _Recoded(io.RawIOBase):
    """Characters as a stream of UTF-8."""

    def __init__(self, characters: Decoder) -> None:
        self._characters = characters
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        if not self._ready:
            self._ready = self._characters.read(BLOCK).encode()
        view = memoryview(buffer)
        count = min(len(view), len(self._ready))
        view[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count


def _of_nulls(data: bytes) -> str:
    sample = data[:_SAMPLE]
    for start, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = sample[start::2]
        if half.count(0) > len(half) // 2 and sample[1 - start :: 2].count(0) == 0:
            return f"The file is not UTF-8; it looks like UTF-16 without a byte-order mark: give --encoding {name}."
    return f"The file is binary: it has a NUL at byte {data.index(0)}, which no text has."


def _of_bad_byte(data: bytes, error: UnicodeDecodeError, named: str | None) -> str:
    place = f"Byte 0x{data[error.start]:02X} at offset {error.start}"
    if named:
        return f"{place} cannot be read as {named}; give the right --encoding."
    sample = data[:_SAMPLE]
    if len(_BINARY.findall(sample)) > _SHARE_OF_BINARY * len(sample):
        return f"The file is binary: {place[0].lower()}{place[1:]} is not UTF-8, and it is full of control characters."
    guess = likeliest(data)
    if guess is None:
        return f"{place} is not UTF-8, and the file looks like no other encoding; convert it to UTF-8."
    return f"{place} is not UTF-8; the file may be in {guess}: if it is, give --encoding {guess}."
