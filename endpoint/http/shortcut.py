"""Answers a plain GET of a query from its bytes, without a task or a parser on the way: most requests are of this kind.

A request is plain where its URL holds nothing but the query and its header fields nothing that concerns the
connection or the validity of what the client holds. What is not plain, or cannot be answered whole at once, goes the
usual way (see service.py); nothing is decided otherwise here, it is only decided sooner. A query that turns out to
fail or to have a long answer is handed over with its answer begun.
"""

from __future__ import annotations

import asyncio
import binascii
import random
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import httptools

from endpoint.execution.cache import Cache, Kept, Key, Response
from endpoint.http.exchange import absolute_url, answer_headers, is_usual, raw, read_headers
from endpoint.http.journal import Entry
from endpoint.protocol.codings import coding
from endpoint.protocol.negotiation import GRAPHS, RESULTS, Choice
from endpoint.protocol.requests import ProtocolError, Query, Request, choose
from endpoint.sparql import syntax
from endpoint.workers.answer import WorkerLost

if TYPE_CHECKING:
    from endpoint.execution.engine import Engine
    from endpoint.execution.turn import Turn
    from endpoint.http.journal import Journal
    from endpoint.http.metrics import Metrics
    from endpoint.settings import Settings
    from endpoint.workers.answer import Answer

_PLAIN = re.compile(rb"GET /sparql\?query=((?:[!\"$'-~]++|%[0-9A-Fa-f]{2})++) HTTP/1\.1\r\n")
_CONDITIONS = frozenset({"content-encoding", "if-match", "if-none-match"})  # what a plain request does not have
_CLIENTS = 500  # kinds of header fields that are remembered
_FIELDS = 4096  # bytes of header fields that are worth remembering


@dataclass(frozen=True, slots=True)
class Fields:
    """What the header fields of a request say of its answer: the base IRI of the query, the formats, the coding."""

    base: str
    results: Choice | None
    graph: Choice | None
    coding: str


@dataclass(frozen=True, slots=True)
class Begun:
    """An answer that was begun for a request which then goes the usual way, and when that was (``perf_counter``)."""

    answer: Answer
    key: Key
    coming: asyncio.Future[Kept | None]
    start: float


class Courier(Protocol):
    """A connection: it brings the client what becomes of a query, and says whether the client is still there."""

    client: tuple[str, int] | None
    scheme: Literal["http", "https"] | None
    root_path: str

    def deliver(self, response: bytes) -> bool:
        """Send the whole response; the status line (200) and the server's own header lines are missing."""
        ...

    def hand_over(self, begun: Begun | None) -> bool:
        """Have the request go the usual way, with what was begun, if anything."""
        ...


class _Job:
    """A query under way."""

    __slots__ = ("_shortcut", "coming", "courier", "key", "query", "start")

    def __init__(self, shortcut: Shortcut, query: Query, key: Key, courier: Courier, start: float) -> None:
        self._shortcut = shortcut
        self.query = query
        self.key = key
        self.courier = courier
        self.start = start
        self.coming: asyncio.Future[Kept | None] = asyncio.get_running_loop().create_future()

    def take(self, answer: Answer | None) -> None:
        """Take the answer, when the first of it has come."""
        self._shortcut.take(self, answer)


class Shortcut:
    """Knows requests by their bytes, and begins the queries of plain ones. Belongs to one event loop."""

    def __init__(self, settings: Settings, engine: Engine, cache: Cache, metrics: Metrics, journal: Journal) -> None:
        self._settings = settings
        self._engine = engine
        self._cache = cache
        self._metrics = metrics
        self._journal = journal
        self._fields: dict[tuple[bytes, str | None, str], Fields | None] = {}
        self._heads: dict[str, bytes] = {}

    def known(self, request: bytes) -> bytes | None:
        """Return the response to a whole request that was answered before, byte for byte, behind its status line.

        None where it is not known, or where another snapshot answers now.
        """
        start = time.perf_counter()
        current = self._engine.current
        if current is None:
            return None
        found = self._cache.shelved(request, current.tag)
        if found is None:
            return None
        seconds = time.perf_counter() - start
        self._metrics.record("/sparql", "GET", 200, found.form, seconds)
        return b"".join((_repeated(seconds), found.lines, b"\r\n", found.body))

    def begin(self, request: bytes, courier: Courier) -> Turn | bytes | None:
        """Begin to answer a whole request, which came to ``courier``.

        Return None where the request is to go the usual way; the response behind its status line where that is known
        already; else the query's turn, whose end the courier is told of.
        """
        start = time.perf_counter()
        plain = _PLAIN.match(request)
        current = self._engine.current
        if plain is None or current is None or len(plain[1]) > self._settings.limits.query:
            return None
        fields = self._fields_of(request[plain.end() :], courier)
        query = self._query(plain[1], fields) if fields is not None else None
        if fields is None or query is None or query.choice is None:
            return None
        key = Key(current.tag, syntax.normal(query.text), query.base, (), (), query.choice.media_type, fields.coding)
        if self._cache.coming(key) is not None:
            return None
        kept = self._cache.get(key)
        if kept is not None:
            return self._repeat(request, query, key, kept, start)
        job = _Job(self, query, key, courier, start)
        try:
            turn = self._engine.ask(
                query, courier.client[0] if courier.client else "", coding=key.coding, take=job.take
            )
        except ProtocolError:  # too much waits; the usual way tells the client so
            return None
        self._cache.begin(key, job.coming)
        return turn

    def drop(self, begun: Begun) -> None:
        """Stop what was begun, where it has not ended."""
        begun.answer.abandon()
        if self._cache.coming(begun.key) is begun.coming:
            self._cache.end(begun.key, None)

    def take(self, job: _Job, answer: Answer | None) -> None:
        """Have the answer of a job delivered where it is whole, else go the usual way with it."""
        seconds = time.perf_counter() - job.start
        key, form = job.key, job.query.form or "invalid"
        whole = answer.whole if answer is not None else None
        if answer is None or whole is None or seconds >= self._settings.slow:  # slow queries are logged there
            begun = None
            if answer is None or isinstance(answer.error, WorkerLost):
                self._cache.end(key, None)
            else:
                begun = Begun(answer, key, job.coming, job.start)
            if not job.courier.hand_over(begun):
                self._metrics.record("/sparql", "GET", 499, form, seconds)
                who = job.courier.client[0] if job.courier.client else ""
                self._journal.record(Entry("", who, "GET", "/sparql", 499, form, job.query.text), seconds)
                if begun is not None:
                    self.drop(begun)
            return
        is_same = answer.snapshot == key.snapshot  # or it changed while the query waited: the tag names another one
        tag = f"etag: {key.tag}\r\n" if is_same else ""
        coding = f"content-encoding: {answer.encoding}\r\n" if answer.encoding else ""
        lines = (
            f"server-timing: wait;dur={answer.waited * 1000:.2f}, query;dur={(answer.seconds or 0) * 1000:.2f}\r\n"
            f"{tag}{coding}content-length: {len(whole)}\r\n\r\n"
        ).encode()
        is_there = job.courier.deliver(b"".join((_named(), self._head(job.query), lines, whole)))
        self._metrics.record("/sparql", "GET", 200 if is_there else 499, form, seconds)
        self._cache.end(key, Kept(answer.kind, answer.encoding, whole) if is_same else None)

    def _repeat(self, request: bytes, query: Query, key: Key, kept: Kept, start: float) -> bytes:
        coding = f"content-encoding: {kept.encoding}\r\n" if kept.encoding else ""
        lines = self._head(query) + (f"etag: {key.tag}\r\n{coding}content-length: {len(kept.body)}\r\n").encode()
        form = query.form or "invalid"
        self._cache.shelve(request, Response(key, form, lines, kept.body))
        seconds = time.perf_counter() - start
        self._metrics.record("/sparql", "GET", 200, form, seconds)
        return b"".join((_repeated(seconds), lines, b"\r\n", kept.body))

    def _query(self, text: bytes, fields: Fields) -> Query | None:
        """Return the query, unless there is something in it that the usual way has to look at."""
        try:
            query = _decoded(text)
        except UnicodeDecodeError:
            return None
        upper = query.upper()
        if "SERVICE" in upper or "LOAD" in upper or syntax.is_volatile(query):
            return None
        form = syntax.query_form(query)
        if form in ("SELECT", "ASK"):
            return Query(query, fields.base, form, fields.results, None)
        if form in ("CONSTRUCT", "DESCRIBE"):
            return Query(query, fields.base, form, None, fields.graph)
        return None

    def _fields_of(self, lines: bytes, courier: Courier) -> Fields | None:
        """Return what the header fields say; None where the request is not plain."""
        key = lines, courier.scheme, courier.root_path
        try:
            return self._fields[key]
        except KeyError:
            fields = _read_fields(lines, courier)
            if len(lines) <= _FIELDS:
                if len(self._fields) >= _CLIENTS:
                    del self._fields[next(iter(self._fields))]
                self._fields[key] = fields
            return fields

    def _head(self, query: Query) -> bytes:
        """Return the header lines that every answer of this content type has, a request id before them."""
        content_type = query.choice.content_type if query.choice is not None else ""
        head = self._heads.get(content_type)
        if head is None:
            lines = raw(answer_headers({"Content-Type": content_type}, volatile=False))
            head = b"".join(b"%b: %b\r\n" % line for line in lines)
            self._heads[content_type] = head
        return head


def _named() -> bytes:
    """Return a header line with a new name for a request: 16 hexadecimal digits."""
    return b"x-request-id: %016x\r\n" % random.getrandbits(64)


def _decoded(text: bytes) -> str:
    """Return the text that is percent-encoded, rightly, in a query string.

    Quoted-printable is the same but for its sign, and its reader goes faster than that of percent-encoding. Raises
    UnicodeDecodeError.
    """
    if b"%" in text:
        text = binascii.a2b_qp(text.replace(b"+", b"%20").replace(b"=", b"%3D").replace(b"%", b"="))
        return text.decode()
    return text.replace(b"+", b" ").decode()


def _repeated(seconds: float) -> bytes:
    """Return the header lines that name a repeated answer and tell its own time."""
    return b"x-request-id: %016x\r\nserver-timing: cache;dur=%.3f\r\n" % (random.getrandbits(64), 1000 * seconds)


def _read_fields(lines: bytes, courier: Courier) -> Fields | None:
    reader = _Reader()
    try:
        httptools.HttpRequestParser(reader).feed_data(b"GET / HTTP/1.1\r\n" + lines)
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        return None
    path = f"{courier.root_path}/sparql"
    scope: dict[str, Any] = {"headers": reader.headers, "path": path, "raw_path": path.encode()}
    scope |= {"scheme": courier.scheme, "root_path": courier.root_path}
    headers = read_headers(scope)
    if not is_usual(headers) or "host" not in headers or headers.keys() & _CONDITIONS:
        return None
    try:
        request = Request("GET", absolute_url(scope, headers), headers=headers)
    except ProtocolError:
        return None
    return Fields(
        request.url,
        _chosen(request, RESULTS),
        _chosen(request, GRAPHS),
        coding(request.header("accept-encoding")),
    )


def _chosen(request: Request, offers: tuple[Any, ...]) -> Choice | None:
    try:
        return choose(request, offers)
    except ProtocolError:
        return None


class _Reader:
    """What the parser of HTTP tells of header fields."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field."""
        self.headers.append((name.lower(), value))
