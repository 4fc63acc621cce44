"""Answers a plain GET or POST of a query from its bytes, without a task or a parser on the way: most requests are such.

A request is plain where its URL or its body holds nothing but the query and its header fields nothing that concerns the
connection or the validity of what the client holds. What is not plain, or cannot be answered whole at once, goes the
usual way (see service.py); nothing is decided otherwise here, it is only decided sooner. A query that turns out to
fail or to have a long answer is handed over with its answer begun.
"""

from __future__ import annotations

import asyncio
import marshal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import httptools

from endpoint.execution.cache import Cache, Kept, Response
from endpoint.execution.lending import Guest
from endpoint.http.exchange import absolute_url, answer_headers, is_usual, raw, read_headers
from endpoint.http.journal import Entry
from endpoint.protocol.codings import coding
from endpoint.protocol.negotiation import GRAPHS, RESULTS, Choice
from endpoint.protocol.plain import Key, head_of, named, read_plain
from endpoint.protocol.requests import ProtocolError, Query, Request, choose
from endpoint.sparql import syntax
from endpoint.workers.answer import WorkerLost
from endpoint.workers.lent import Terms

if TYPE_CHECKING:
    from endpoint.execution.engine import Engine
    from endpoint.execution.turn import Turn
    from endpoint.http.journal import Journal
    from endpoint.http.metrics import Metrics
    from endpoint.protocol.plain import Plain
    from endpoint.settings import Settings
    from endpoint.workers.answer import Answer
    from endpoint.workers.worker import Worker

_CONDITIONS = frozenset({"content-encoding", "if-match", "if-none-match"})  # what a plain request does not have
_CLIENTS = 500  # kinds of header fields that are remembered
_QUICK = 0.005  # seconds that a query takes after which more of its kind are expected to be short
_SLOW = 0.1  # seconds from which a query is written down as slow, below which all queries go the usual way
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


class Courier(Guest, Protocol):
    """A connection: it brings the client what becomes of a query, and says whether the client is still there."""

    client: tuple[str, int] | None
    scheme: Literal["http", "https"] | None
    root_path: str

    @property
    def is_steady(self) -> bool:
        """Whether it brought one short query after the other, and could be lent to a worker."""
        ...

    @property
    def descriptor(self) -> int | None:
        """The descriptor of its socket; None where it cannot be lent now."""
        ...

    def server_lines(self) -> list[tuple[bytes, bytes]]:
        """Return the header fields that the server adds to each response."""
        ...

    def deliver(self, response: bytes, *, short: bool) -> bool:
        """Send the whole response; the status line (200) and the server's own header lines are missing.

        ``short`` says whether the query was a short one.
        """
        ...

    def hand_over(self, begun: Begun | None) -> bool:
        """Have the request go the usual way, with what was begun, if anything."""
        ...


class _Request(NamedTuple):
    """A request: its bytes, its method, the bytes of its header fields, when it came (``perf_counter``)."""

    whole: bytes
    method: str
    fields: bytes
    start: float


class _Job:
    """A query under way; also an offer to lend the connection that it came over."""

    __slots__ = ("_shortcut", "coming", "fields", "guest", "key", "method", "query", "request", "start")

    def __init__(self, shortcut: Shortcut, query: Query, key: Key, courier: Courier, request: _Request) -> None:
        self._shortcut = shortcut
        self.query = query
        self.key = key
        self.guest = courier
        self.request, self.method, self.fields, self.start = request
        self.coming: asyncio.Future[Kept | None] = asyncio.get_running_loop().create_future()

    def take(self, answer: Answer | None) -> None:
        """Take the answer, when the first of it has come."""
        self._shortcut.take(self, answer)

    @property
    def descriptor(self) -> int | None:
        """The descriptor of the connection's socket; None where it cannot be lent now."""
        return self.guest.descriptor

    def terms(self, number: int) -> bytes:
        """Return the request and the connection's terms as Python marshals them."""
        return marshal.dumps((self.request, *self._shortcut.terms(self, number)))

    def accept(self) -> None:
        """Take note that it has been lent."""
        self._shortcut.forget(self)


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
        self._lends = settings.slow >= _SLOW
        engine.lending.record = self.count

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
        current = self._engine.current
        plain = read_plain(request, self._settings.limits.query)
        if plain is None or current is None:
            return None
        fields = self._fields_of(plain.fields, courier)
        query = _query(plain, fields) if fields is not None else None
        if fields is None or query is None or query.choice is None:
            return None
        key = Key(current.tag, syntax.normal(query.text), query.base, (), (), query.choice.media_type, fields.coding)
        if self._cache.coming(key) is not None:
            return None
        kept = self._cache.get(key)
        if kept is not None:
            return self._repeat(_Request(request, plain.method, plain.fields, start), query, key, kept)
        job = _Job(self, query, key, courier, _Request(request, plain.method, plain.fields, start))
        is_lent = self._lends and courier.is_steady and plain.method == "GET" and not plain.may_name_dataset
        offer = job if is_lent else None
        self._cache.begin(key, job.coming)
        try:
            return self._engine.ask(query, _who(courier), coding=key.coding, take=job.take, offer=offer)
        except ProtocolError:  # too much waits; the usual way tells the client so
            self.forget(job)
            return None

    def go_on(self, request: bytes, courier: Courier, worker: Worker, since: float) -> Turn | None:
        """Take over the query of a request that came over a connection which was lent to a worker.

        ``since`` is when the query began (``monotonic``). Return None where it need not go on.
        """
        current = self._engine.current
        plain = read_plain(request, self._settings.limits.query)
        fields = self._fields_of(plain.fields, courier) if plain is not None else None
        if plain is None or current is None or fields is None:
            return None
        query = _query(plain, fields)
        media_type = query.choice.media_type if query.choice is not None else ""
        key = Key(current.tag, syntax.normal(query.text), query.base, (), (), media_type, fields.coding)
        if self._cache.coming(key) is not None or self._cache.get(key) is not None:
            return None
        start = time.perf_counter() - (time.monotonic() - since)
        job = _Job(self, query, key, courier, _Request(request, plain.method, plain.fields, start))
        self._cache.begin(key, job.coming)
        return self._engine.take_over(worker, query, _who(courier), coding=key.coding, since=since, take=job.take)

    def terms(self, job: _Job, number: int) -> Terms:
        """Return how a worker is to answer what comes over the connection of a job."""
        courier, settings = job.guest, self._settings
        fields = self._fields_of(job.fields, courier)
        results = self._format(fields.results) if fields is not None else None
        graph = self._format(fields.graph) if fields is not None else None
        lines = courier.server_lines()
        usual = b"".join(b"%b: %b\r\n" % line for line in lines if line[0] != b"date")
        is_dated = any(name == b"date" for name, _ in lines)
        base, coding = job.query.base, job.key.coding
        work = {
            "limit": settings.limits.result,
            "seconds": settings.limits.seconds,
            "rows": settings.limits.rows,
            "base": base,
            "default_graphs": (),
            "named_graphs": (),
            "union": settings.default_graph == "union",
        }
        longest, tag = settings.limits.query, job.key.snapshot
        return Terms(number, job.fields, base, coding, results, graph, usual, is_dated, work, longest, tag)

    def forget(self, job: _Job) -> None:
        """Take note that nothing comes of a job here."""
        if self._cache.coming(job.key) is job.coming:
            self._cache.end(job.key, None)

    def count(self, form: str, seconds: float) -> None:
        """Take note of an answer that a worker gave by itself."""
        self._cache.misses += 1
        self._metrics.record("/sparql", "GET", 200, form, seconds)

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
            if not job.guest.hand_over(begun):
                self._metrics.record("/sparql", job.method, 499, form, seconds)
                who = _who(job.guest)
                self._journal.record(Entry("", who, job.method, "/sparql", 499, form, job.query.text), seconds)
                if begun is not None:
                    self.drop(begun)
            return
        is_same = answer.snapshot == key.snapshot  # or it changed while the query waited: the tag names another one
        times = answer.waited, answer.seconds or 0.0
        tag = key.tag if is_same and job.method == "GET" else ""
        head = head_of(self._head(job.query.choice), tag, answer.encoding, len(whole), times)
        is_there = job.guest.deliver(head + whole, short=times[1] < _QUICK)
        self._metrics.record("/sparql", job.method, 200 if is_there else 499, form, seconds)
        self._cache.end(key, Kept(answer.kind, answer.encoding, whole) if is_same else None)

    def _repeat(self, request: _Request, query: Query, key: Key, kept: Kept) -> bytes:
        coding = f"content-encoding: {kept.encoding}\r\n" if kept.encoding else ""
        tag = f"etag: {key.tag}\r\n" if request.method == "GET" else ""
        lines = self._head(query.choice) + f"{tag}{coding}content-length: {len(kept.body)}\r\n".encode()
        form = query.form or "invalid"
        if request.method == "GET":
            self._cache.shelve(request.whole, Response(key, form, lines, kept.body))
        seconds = time.perf_counter() - request.start
        self._metrics.record("/sparql", request.method, 200, form, seconds)
        return b"".join((_repeated(seconds), lines, b"\r\n", kept.body))

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

    def _format(self, choice: Choice | None) -> tuple[str, str, bytes] | None:
        if choice is None or choice.format.engine is None:
            return None
        return choice.format.engine, choice.media_type, self._head(choice)

    def _head(self, choice: Choice | None) -> bytes:
        """Return the header lines that every answer of this content type has, a request id before them."""
        content_type = choice.content_type if choice is not None else ""
        head = self._heads.get(content_type)
        if head is None:
            lines = raw(answer_headers({"Content-Type": content_type}, volatile=False))
            head = b"".join(b"%b: %b\r\n" % line for line in lines)
            self._heads[content_type] = head
        return head


def _who(courier: Courier) -> str:
    return courier.client[0] if courier.client else ""


def _query(plain: Plain, fields: Fields) -> Query:
    if plain.form in ("SELECT", "ASK"):
        return Query(plain.text, fields.base, plain.form, fields.results, None)
    return Query(plain.text, fields.base, plain.form, None, fields.graph)


def _repeated(seconds: float) -> bytes:
    """Return the header lines that name a repeated answer and tell its own time."""
    return b"%bserver-timing: cache;dur=%.3f\r\n" % (named(), 1000 * seconds)


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
