"""SPARQL and the Graph Store Protocol over ASGI, without a web framework: one call less on the way of every query.

Takes HTTP requests (see exchange.py), asks protocol.py what they mean and engine.py for the answer, and responds. An
answer whose query fails after its first bytes are out ends with a broken connection, so that half an answer never
looks like a whole one.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from typing import TYPE_CHECKING

from endpoint.execution.cache import Cache, Kept, Response
from endpoint.execution.federation import Federation
from endpoint.http.exchange import BEGUN, Exchange, Gone, Watch, answer_headers, raw
from endpoint.http.health import response_of
from endpoint.http.journal import Entry, Journal
from endpoint.http.metrics import Metrics
from endpoint.http.shortcut import Begun, Shortcut
from endpoint.protocol.bearer import authorise
from endpoint.protocol.codings import coding
from endpoint.protocol.conditions import excludes_any, is_known, is_wanted
from endpoint.protocol.graphstore import read_graph_request
from endpoint.protocol.negotiation import HTML
from endpoint.protocol.plain import Key
from endpoint.protocol.requests import (
    Describe,
    GraphRead,
    ProtocolError,
    Query,
    Request,
    Update,
    wants_validation,
)
from endpoint.workers.reading import Reading, read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from endpoint.execution.engine import Engine
    from endpoint.execution.writer import Writer
    from endpoint.http.exchange import Receive, Scope, Send
    from endpoint.protocol.graphstore import GraphWrite
    from endpoint.protocol.negotiation import Choice
    from endpoint.settings import Limits, Settings
    from endpoint.site.description import Description
    from endpoint.workers.answer import Answer

_LOG = logging.getLogger("pactgraph.endpoint")
_SHUTDOWN = "graceful shutdown"  # in what the server says when it cancels what has not ended in time
QUERY_METHODS = "GET, HEAD, OPTIONS, POST, QUERY"
UPDATE_METHODS = "OPTIONS, POST"
ALL_METHODS = "DELETE, GET, HEAD, OPTIONS, POST, PUT, QUERY"
GRAPH_METHODS = "DELETE, GET, HEAD, OPTIONS, POST, PUT"


class Service:
    """The paths /sparql, /update and /graphs of the endpoint."""

    def __init__(self, settings: Settings, engine: Engine, writer: Writer, description: Description) -> None:
        self._settings = settings
        self._engine = engine
        self._writer = writer
        self._description = description
        self._federation = Federation(settings, engine)
        self._cache = Cache(settings.cache)
        self.metrics = Metrics(engine, self._cache)
        self._journal = Journal(settings.slow)
        self._shortcut = Shortcut(settings, engine, self._cache, self.metrics, self._journal)
        self.usual: tuple[object, bytes] = None, b""  # the server's own header lines, and what they were made of

    @staticmethod
    def serves(path: str) -> bool:
        """Whether a path (without the root path) is one of the service's."""
        return path in ("/sparql", "/sparql/", "/update", "/update/", "/graphs", "*") or path.startswith("/graphs/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        begun: Begun | None = scope.get(BEGUN)
        start = begun.start if begun is not None else time.perf_counter()
        exchange = Exchange(scope, receive, send)
        try:
            await self._attend(exchange, receive)
        finally:
            if begun is not None:
                self._shortcut.drop(begun)
            self._record(exchange, time.perf_counter() - start)

    @property
    def shortcut(self) -> Shortcut | None:
        """The way past the usual one; None where each request is logged, which it is not there."""
        return None if self._journal.wants_all else self._shortcut

    def health(self) -> tuple[int, bytes, bytes]:
        """Return the status, the header lines and the body of the response to GET /health."""
        return response_of(self._engine)

    @property
    def limits(self) -> Limits:
        """What one request, one client and all of them may use."""
        return self._settings.limits

    def _record(self, exchange: Exchange, seconds: float) -> None:
        """Count the request, and write it to the logs that want it."""
        path = "/graphs" if exchange.path.startswith("/graphs") else exchange.path.rstrip("/")
        self.metrics.record(path, exchange.method, exchange.status, exchange.form, seconds)
        who, what, status = exchange.client, exchange.form, exchange.status
        entry = Entry(exchange.identifier, who, exchange.method, exchange.path, status, what, exchange.query)
        self._journal.record(entry, seconds)

    async def _attend(self, exchange: Exchange, receive: Receive) -> None:
        watch = Watch(receive)
        try:
            await self._attempt(exchange, watch)
        except asyncio.CancelledError as error:
            if not watch.gone and _SHUTDOWN not in str(error):
                raise
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()
            if not watch.gone:
                await exchange.break_off()
        finally:
            watch.stop()

    async def _attempt(self, exchange: Exchange, watch: Watch) -> None:
        try:
            await self._answer(exchange, watch)
        except ProtocolError as error:
            if not exchange.started:
                await exchange.refuse(error)
                return
            if error.status != 499:
                _LOG.warning("an answer was broken off: %s", error.sentence)
            watch.stop()
            await exchange.break_off()
        except Gone:
            watch.stop()
            await exchange.break_off()

    async def _answer(self, exchange: Exchange, watch: Watch) -> None:
        path = exchange.path
        if path in ("/sparql", "/sparql/"):
            await self._sparql(exchange, watch)
        elif path in ("/update", "/update/"):
            await self._update(exchange)
        elif path == "*":  # the server as a whole (RFC 9110, 9.3.7)
            if exchange.method != "OPTIONS":
                raise ProtocolError(400, "Only OPTIONS may ask of no path.")
            await exchange.allow(ALL_METHODS)
        else:
            await self._graphs(exchange, watch)

    async def _sparql(self, exchange: Exchange, watch: Watch) -> None:
        if exchange.method == "OPTIONS":
            await exchange.allow(QUERY_METHODS)
            return
        longest = self._settings.limits.query
        request = await exchange.read(3 * longest + 65536)
        watch.start()
        reading = await self._read(exchange, request)
        if isinstance(reading.operation, Update):
            self.authorise(request)
            await self._write(exchange, request, reading.operation)
        elif isinstance(reading.operation, Describe):
            await self._describe(exchange, request, reading.operation)
        else:
            await self._query(exchange, request, reading, reading.operation)

    async def _read(self, exchange: Exchange, request: Request) -> Reading:
        settings = self._settings
        return await self._engine.clerk.call(
            exchange.client,
            len(request.query) + len(request.body),
            read,
            request,
            settings.limits.query,
            calls=bool(settings.services),
            union=settings.default_graph == "union",
        )

    async def _query(self, exchange: Exchange, request: Request, reading: Reading, query: Query) -> None:
        if reading.calls:
            await self._federate(exchange, request, query)
            return
        if reading.refusal is not None:
            await self._federation.check(query, exchange.client)
            raise ProtocolError(*reading.refusal)
        exchange.form, exchange.query = query.form or "invalid", query.text
        begun: Begun | None = exchange.scope.get(BEGUN)
        if begun is not None:
            more = {} if request.method == "POST" else {"ETag": begun.key.tag}
            await self._query_anew(exchange, query, begun.key, more, begun.answer)
            return
        liked = coding(request.header("accept-encoding"))
        current = self._engine.current
        if reading.volatile or current is None or query.choice is None:
            answer = await self._engine.run(query, exchange.client, coding=liked)
            await self._send(exchange, answer, query, {}, volatile=reading.volatile)
            return
        key = Key(
            current.tag,
            reading.normal,
            query.base,
            query.default_graphs,
            query.named_graphs,
            query.choice.media_type,
            liked,
        )
        tag = key.tag
        if request.method in ("GET", "HEAD") and is_known(request, tag):  # RFC 9110, 13.1.2
            await exchange.respond(304, answer_headers({"ETag": tag}, volatile=False))
            return
        if request.method in ("GET", "HEAD") and (excludes_any(request) or not is_wanted(request, None)):
            answer = await self._engine.run(query, exchange.client)
            answer.abandon()
            if not is_wanted(request, None):
                raise ProtocolError(412, "The answer has no tag that If-Match could name.")
            await exchange.respond(304, answer_headers({"ETag": tag}, volatile=False))
            return
        kept = self._cache.get(key)
        if kept is None:
            coming = self._cache.coming(key)
            kept = await asyncio.shield(coming) if coming is not None else None
        if kept is None:
            await self._query_anew(exchange, query, key, {} if request.method == "POST" else {"ETag": tag})
        else:
            await self._repeat(exchange, query, key, kept, {} if request.method == "POST" else {"ETag": tag})

    async def _federate(self, exchange: Exchange, request: Request, query: Query) -> None:
        """Answer a query that calls other services; they may answer otherwise at any time, so it is never kept."""
        exchange.form, exchange.query = query.form or "invalid", query.text
        liked = coding(request.header("accept-encoding"))
        answer = await self._federation.run(query, exchange.client, coding=liked)
        await self._send(exchange, answer, query, {}, volatile=True)

    async def _query_anew(
        self, exchange: Exchange, query: Query, key: Key, more: Mapping[str, str], answer: Answer | None = None
    ) -> None:
        """Run a query, if it is not begun, and keep its answer for whoever asks the same meanwhile or later."""
        leads = answer is not None or self._cache.coming(key) is None
        if leads and answer is None:
            self._cache.begin(key, asyncio.get_running_loop().create_future())
        kept: Kept | None = None
        try:
            if answer is None:
                answer = await self._engine.run(query, exchange.client, coding=key.coding)
            else:
                await answer.head()
            same = answer.snapshot == key.snapshot  # or it changed while the query waited: the tag names another one
            body = await self._send(exchange, answer, query, more if same else {}, volatile=False)
            if same and body is not None:
                kept = Kept(answer.kind, answer.encoding, body)
        finally:
            if leads:
                self._cache.end(key, kept)

    async def _repeat(self, exchange: Exchange, query: Query, key: Key, kept: Kept, more: Mapping[str, str]) -> None:
        choice = query.graph if kept.kind == "graph" else query.results
        headers = answer_headers({"Content-Type": choice.content_type if choice else "", **more}, volatile=False)
        if kept.encoding:
            headers["Content-Encoding"] = kept.encoding
        headers["Content-Length"] = str(len(kept.body))
        if exchange.method == "GET":
            lines = b"".join(b"%b: %b\r\n" % line for line in raw(headers))
            self._cache.shelve(exchange.bytes_of_its_own(), Response(key, exchange.form, lines, kept.body))
        headers["Server-Timing"] = f"cache;dur={exchange.elapsed:.2f}"
        await exchange.respond(200, headers, b"" if exchange.method == "HEAD" else kept.body)

    async def _send(
        self,
        exchange: Exchange,
        answer: Answer,
        query: Query | GraphRead,
        more: Mapping[str, str],
        *,
        volatile: bool,
    ) -> bytes | None:
        """Send an answer; return its body where it is whole and small enough to be kept."""
        if isinstance(query, GraphRead):
            choice: Choice | None = query.choice
        else:
            choice = query.graph if answer.kind == "graph" else query.results
        if choice is None:  # the worker would have refused
            raise ProtocolError(406, "The client takes no format of this answer.")
        headers = answer_headers({"Content-Type": choice.content_type, **more}, volatile=volatile)
        if answer.encoding:
            headers["Content-Encoding"] = answer.encoding
        try:
            whole = answer.whole
            if whole is None and exchange.version == "1.0":  # no chunks there, so the end has to be known before
                whole = b"".join([chunk async for chunk in answer.chunks()])
            if answer.seconds is not None:
                timing = f"wait;dur={answer.waited * 1000:.2f}, query;dur={answer.seconds * 1000:.2f}"
                headers["Server-Timing"] = timing
            if whole is not None:
                headers["Content-Length"] = str(len(whole))
                await exchange.respond(200, headers, b"" if exchange.method == "HEAD" else whole)
                return whole
            if exchange.method == "HEAD":
                await exchange.respond(200, headers)
                return None
            return await self._stream(exchange, answer, headers)
        finally:
            answer.abandon()

    async def _stream(self, exchange: Exchange, answer: Answer, headers: Mapping[str, str]) -> bytes | None:
        limits = self._settings.limits
        start = time.monotonic()
        await exchange.begin(200, headers)
        small: list[bytes] | None = []
        size = 0
        async for chunk in answer.chunks():
            try:
                async with asyncio.timeout(limits.stall):
                    await exchange.send(chunk)
            except TimeoutError:
                raise ProtocolError(408, "The client did not take its answer.") from None
            if time.monotonic() - start > limits.transfer:
                raise ProtocolError(408, "The client took its answer too slowly.")
            size += len(chunk)
            if small is not None:
                small.append(chunk)
                if size > self._cache.largest:
                    small = None
        await exchange.end()
        return b"".join(small) if small is not None else None

    async def _describe(self, exchange: Exchange, request: Request, operation: Describe) -> None:
        exchange.form = "description"
        if operation.choice.format is HTML:  # a person with a browser: the page with the editor
            place = re.sub(r"/sparql/?$", "/", request.url)
            headers = answer_headers({"Location": place, "Content-Length": "0"}, volatile=False)
            await exchange.respond(303, headers)
            return
        body = await self._description.service(request.url, operation.choice.format)
        headers = answer_headers({"Content-Type": operation.choice.content_type}, volatile=False)
        headers["Content-Length"] = str(len(body))
        await exchange.respond(200, headers, b"" if request.method == "HEAD" else body)

    async def _update(self, exchange: Exchange) -> None:
        if exchange.method == "OPTIONS":
            await exchange.allow(UPDATE_METHODS)
            return
        if exchange.method != "POST":
            raise ProtocolError(405, "An update needs the method POST.", {"Allow": UPDATE_METHODS})
        self.authorise(exchange.request())
        longest = self._settings.limits.query
        request = await exchange.read(3 * longest + 65536)
        reading = await self._read(exchange, request)
        if not isinstance(reading.operation, Update):
            raise ProtocolError(400, "This path takes updates; queries go to /sparql.")
        await self._write(exchange, request, reading.operation)

    async def _graphs(self, exchange: Exchange, watch: Watch) -> None:
        if exchange.method == "OPTIONS":
            await exchange.allow(GRAPH_METHODS)
            return
        if exchange.method not in GRAPH_METHODS:
            message = f"The method {exchange.method} is not one of {GRAPH_METHODS}."
            raise ProtocolError(405, message, {"Allow": GRAPH_METHODS})
        if exchange.method not in ("GET", "HEAD"):
            self.authorise(exchange.request())
        request = await exchange.read(self._settings.limits.upload)
        if request.media_type == "multipart/form-data":  # taking a long one apart takes seconds
            operation = await asyncio.to_thread(read_graph_request, request, exchange.path)
        else:
            operation = read_graph_request(request, exchange.path)
        if isinstance(operation, GraphRead):
            watch.start()
            exchange.form = "graph"
            await self._read_graph(exchange, request, operation)
        else:
            await self._write_graph(exchange, request, operation)

    async def _read_graph(self, exchange: Exchange, request: Request, operation: GraphRead) -> None:
        answer = await self._engine.run(operation, exchange.client, coding=coding(request.header("accept-encoding")))
        tag = f'"{answer.digest}.{operation.choice.format.name}"' if answer.digest else None
        if tag is not None and answer.encoding:
            tag = f'{tag[:-1]}.{answer.encoding}"'  # other bytes than those without the coding
        if answer.digest is not None and not is_wanted(request, answer.digest):
            answer.abandon()
            raise ProtocolError(412, "The graph is not the one that If-Match names.")
        if tag is not None and (is_known(request, tag) or excludes_any(request)):
            answer.abandon()
            await exchange.respond(304, answer_headers({"ETag": tag}, volatile=False))
            return
        await self._send(exchange, answer, operation, {"ETag": tag} if tag else {}, volatile=False)

    async def _write_graph(self, exchange: Exchange, request: Request, operation: GraphWrite) -> None:
        exchange.form = "change"
        validate = operation.method != "DELETE" and wants_validation(request)
        change = await self._writer.write(operation, validate=validate)
        headers = answer_headers({}, volatile=True)
        if operation.created is not None:
            headers["Location"] = operation.created
        created = operation.method != "DELETE" and not change.existed
        await exchange.respond(201 if created else 204, headers | ({"Content-Length": "0"} if created else {}))

    async def _write(self, exchange: Exchange, request: Request, operation: Update) -> None:
        exchange.form, exchange.query = "update", operation.text
        await self._writer.update(operation, validate=wants_validation(request))
        await exchange.respond(204, answer_headers({}, volatile=True))

    def authorise(self, request: Request) -> None:
        """Raise ProtocolError 403 where nobody may write, 401 without the right token."""
        authorise(request, self._settings.token)
