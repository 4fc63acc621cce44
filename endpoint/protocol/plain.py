"""A plain request: a GET or POST that holds nothing but a query, read from its bytes; and the head of its response.

Most requests are plain. They are read here in a tenth of the time that the parts of the usual way take one by one (see
requests.py), in the process that talks HTTP or in a worker. What has anything unusual in it is left to that way.
"""

from __future__ import annotations

import binascii
import hashlib
import random
import re
from typing import NamedTuple

from endpoint.sparql import syntax

_PLAIN = re.compile(rb"GET /sparql\?query=([!\"$%'-~]+) HTTP/1\.1\r\n")
_POST = b"POST /sparql HTTP/1.1\r\n"
_LENGTH = b"\r\ncontent-length: "
_TYPE = b"\r\ncontent-type: "
_FORM = re.compile(rb"query=([!\"$%'-~]+)")
_QUERIES = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")


class Plain(NamedTuple):
    """A plain request: its query and the form of that, its method and its header fields, the empty line included.

    The length of a body is not among these. ``may_name_dataset`` is true where the query names its dataset, and may be
    where it does not.
    """

    text: str
    form: str
    method: str
    fields: bytes
    may_name_dataset: bool


class Key(NamedTuple):
    """What an answer depends on; the query's normal form stands for its text."""

    snapshot: str
    query: str
    base: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    media_type: str
    coding: str

    @property
    def tag(self) -> str:
        """A weak validator for what the key determines (RFC 9110, 8.8.1): the answer's meaning, not its bytes."""
        graphs = "\n".join((*self.default_graphs, "", *self.named_graphs)) if self[3] or self[4] else ""
        told = f"{self.snapshot}\n{self.media_type}\n{self.base}\n{graphs}\n\n{self.query}"
        return f'W/"{hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()}"'


def read_plain(request: bytes, longest: int) -> Plain | None:
    """Return what a whole request asks; None where the usual way has to look at it.

    ``longest`` is the longest query in bytes as it stands there.
    """
    match = _PLAIN.match(request)
    if match is not None:
        method, fields = "GET", request[match.end() :]
        text = decoded(match[1]) if match.end(1) - match.start(1) <= longest else None
    else:
        method = "POST"
        fields, text = _posted(request, longest)
    if text is None:
        return None
    upper = text.upper()
    if "SERVICE" in upper or "LOAD" in upper or syntax.is_volatile(text, upper):
        return None
    form = syntax.query_form(text)
    return Plain(text, form, method, fields, "FROM" in upper) if form in _QUERIES else None


def _posted(request: bytes, longest: int) -> tuple[bytes, str | None]:
    """Return the header fields of a POST and the query in its body; None for it where the usual way has to look."""
    head, _, body = request.partition(b"\r\n\r\n")
    if not head.startswith(_POST) or len(body) > longest:
        return b"", None
    lower = head.lower()
    start, type_ = lower.find(_LENGTH), lower.find(_TYPE)
    if start < 0 or lower.count(_TYPE) != 1:
        return b"", None
    end = lower.find(b"\r\n", start + 2)
    end = len(head) if end < 0 else end
    if lower[start + len(_LENGTH) : end] != b"%d" % len(body):
        return b"", None
    rest = head[end + 2 :] + b"\r\n" if end < len(head) else b""
    fields = head[len(_POST) : start + 2] + rest + b"\r\n"
    kind = lower[type_ + len(_TYPE) :].partition(b"\r\n")[0]
    try:
        if kind in (b"application/sparql-query", b"application/sparql-query; charset=utf-8"):
            return fields, body.decode()
        match = _FORM.fullmatch(body) if kind == b"application/x-www-form-urlencoded" else None
        return fields, decoded(match[1]) if match is not None else None
    except UnicodeDecodeError:
        return fields, None


def decoded(quoted: bytes) -> str | None:
    """Return the text that is percent-encoded in a query string; None where that is not done right, or not of UTF-8.

    Quoted-printable is the same but for its sign, and its reader goes faster than that of percent-encoding.
    """
    if b"%" in quoted:
        marked = quoted.replace(b"+", b"%20").replace(b"=", b"%3D").replace(b"%", b"=")
        quoted = binascii.a2b_qp(marked)
        if len(marked) - len(quoted) != 2 * marked.count(b"="):  # what is no escape stays as it is
            return None
    else:
        quoted = quoted.replace(b"+", b" ")
    try:
        return quoted.decode()
    except UnicodeDecodeError:
        return None


def head_of(head: bytes, tag: str, encoding: str | None, length: int, times: tuple[float, float]) -> bytes:
    """Return the header lines of a whole answer, and the empty one behind them.

    ``head`` are those that depend on its content type only; ``times`` are the seconds that the query waited, and ran.
    """
    etag = f"etag: {tag}\r\n" if tag else ""
    coding = f"content-encoding: {encoding}\r\n" if encoding else ""
    timing = f"server-timing: wait;dur={times[0] * 1000:.2f}, query;dur={times[1] * 1000:.2f}\r\n"
    return named() + head + f"{timing}{etag}{coding}content-length: {length}\r\n\r\n".encode()


def named() -> bytes:
    """Return a header line with a new name for a request: 16 hexadecimal digits."""
    return b"x-request-id: %016x\r\n" % random.getrandbits(64)
