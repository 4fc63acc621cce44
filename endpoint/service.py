"""SPARQL and the Graph Store Protocol over ASGI, without a web framework: one call less on the way of every query.

Takes HTTP requests apart, asks protocol.py what they mean and engine.py for the answer, and writes the response. An
answer whose query fails after its first bytes are out ends with a broken connection, so that half an answer never
looks like a whole one.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import os
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from endpoint.cache import Cache, Kept, Key, Response
from endpoint.graphstore import read_graph_request
from endpoint.metrics import Metrics
from endpoint.negotiation import accepts_gzip
from endpoint.protocol import (
    Describe,
    GraphRead,
    ProtocolError,
    Query,
    Request,
    Update,
    query_parameters,
    read_operation,
    rewrite_refused_calls,
)
from endpoint.syntax import is_volatile, normal
from endpoint.writer import Invalid

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

    from endpoint.description import Description
    from endpoint.engine import Engine
    from endpoint.generation import Answer
    from endpoint.graphstore import GraphWrite
    from endpoint.negotiation import Choice
    from endpoint.settings import Settings
    from endpoint.writer import Writer

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

_LOG = logging.getLogger("pactgraph.endpoint")
_ACCESS = logging.getLogger("pactgraph.access")
_SLOW = logging.getLogger("pactgraph.slow")
_SHOWN = 4000  # characters of a slow query that its log shows
_PATIENCE = 0.05  # seconds after which it is worth watching whether the client is still there
QUERY_METHODS = "GET, HEAD, OPTIONS, POST, QUERY"
UPDATE_METHODS = "OPTIONS, POST"
GRAPH_METHODS = "DELETE, GET, HEAD, OPTIONS, POST, PUT"
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Location, Retry-After, Server-Timing, WWW-Authenticate",
}


class Gone(Exception):  # noqa: N818 (it reads as a sentence)
    """The client has hung up."""


class Service:
    """The paths /sparql, /update and /graphs of the endpoint."""

    def __init__(self, settings: Settings, engine: Engine, writer: Writer, description: Description) -> None:
        self._settings = settings
        self._engine = engine
        self._writer = writer
        self._description = description
        self._cache = Cache(settings.cache)
        self.metrics = Metrics(engine, self._cache)

    @staticmethod
    def serves(path: str) -> bool:
        """Whether a path (without the root path) is one of the service's."""
        return path in ("/sparql", "/update", "/graphs") or path.startswith("/graphs/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        start = time.perf_counter()
        exchange = _Exchange(scope, receive, send)
        known = self._known(scope)
        if known is not None:
            exchange.form = known.form
            await exchange.resend(known)
            self._record(exchange, time.perf_counter() - start)
            return
        try:
            await self._attend(exchange, receive)
        finally:
            self._record(exchange, time.perf_counter() - start)

    def _known(self, scope: Scope) -> Response | None:
        """Return the response that these very bytes had already, for a GET without conditions."""
        current = self._engine.current
        if scope["method"] != "GET" or current is None:
            return None
        return self._cache.response(_same(scope), current.tag)

    def _record(self, exchange: _Exchange, seconds: float) -> None:
        """Count the request, and write it to the logs that want it."""
        path = "/graphs" if exchange.path.startswith("/graphs") else exchange.path
        self.metrics.record(path, exchange.method, exchange.status, exchange.form, seconds)
        slow = seconds >= self._settings.slow and exchange.query
        if not slow and not _ACCESS.isEnabledFor(logging.INFO):
            return
        entry = {
            "id": exchange.identifier,
            "client": exchange.client,
            "method": exchange.method,
            "path": exchange.path,
            "status": exchange.status,
            "seconds": round(seconds, 6),
            "form": exchange.form,
            "query": hashlib.sha256(exchange.query.encode()).hexdigest()[:16] if exchange.query else None,
        }
        _ACCESS.info("%s", json.dumps(entry))
        if slow:
            _SLOW.warning("%s", json.dumps(entry | {"text": exchange.query[:_SHOWN]}))

    async def _attend(self, exchange: _Exchange, receive: Receive) -> None:
        watch = _Watch(receive)
        try:
            await self._answer(exchange, watch)
        except ProtocolError as error:
            if not exchange.started:
                await exchange.refuse(error)
            elif error.status != 499:
                _LOG.warning("an answer was broken off: %s", error.sentence)
        except Gone:
            pass
        except asyncio.CancelledError:
            if not watch.gone:
                raise
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()
        finally:
            watch.stop()

    async def _answer(self, exchange: _Exchange, watch: _Watch) -> None:
        path = exchange.path
        if path == "/sparql":
            await self._sparql(exchange, watch)
        elif path == "/update":
            await self._update(exchange)
        else:
            await self._graphs(exchange, watch)

    async def _sparql(self, exchange: _Exchange, watch: _Watch) -> None:
        if exchange.method == "OPTIONS":
            await exchange.allow(QUERY_METHODS)
            return
        longest = self._settings.limits.query
        request = await exchange.read(3 * longest + 65536)
        watch.start()
        operation = read_operation(request, longest=longest)
        if isinstance(operation, Update):
            self.authorise(request)
            await self._write(exchange, request, operation)
        elif isinstance(operation, Describe):
            await self._describe(exchange, request, operation)
        else:
            await self._query(exchange, request, operation)

    async def _query(self, exchange: _Exchange, request: Request, query: Query) -> None:
        text = rewrite_refused_calls(query.text, self._settings.services)
        if text is not query.text:
            query = replace(query, text=text)
        exchange.form, exchange.query = query.form or "invalid", text
        gzip = accepts_gzip(request.header("accept-encoding"))
        current = self._engine.current
        if is_volatile(text) or current is None or query.choice is None:
            answer = await self._engine.run(query, exchange.client, gzip=gzip)
            await self._send(exchange, answer, query, {}, volatile=is_volatile(text))
            return
        key = Key(
            current.tag,
            normal(text),
            query.base,
            query.default_graphs,
            query.named_graphs,
            query.choice.media_type,
            gzip,
        )
        tag = entity_tag(key)
        if is_known(request, tag):
            await exchange.respond(304, _headers({"ETag": tag}, volatile=False))
            return
        kept = self._cache.get(key)
        if kept is None:
            coming = self._cache.coming(key)
            kept = await asyncio.shield(coming) if coming is not None else None
        if kept is None:
            await self._query_anew(exchange, query, key, {} if request.method == "POST" else {"ETag": tag})
        else:
            more = {"Server-Timing": "cache"} | ({} if request.method == "POST" else {"ETag": tag})
            await self._repeat(exchange, query, kept, more)

    async def _query_anew(self, exchange: _Exchange, query: Query, key: Key, more: Mapping[str, str]) -> None:
        """Run a query, and keep its answer for whoever asks the same meanwhile or later."""
        leads = self._cache.coming(key) is None
        if leads:
            self._cache.begin(key, asyncio.get_running_loop().create_future())
        kept: Kept | None = None
        try:
            answer = await self._engine.run(query, exchange.client, gzip=key.gzip)
            same = answer.snapshot == key.snapshot  # or it changed while the query waited: the tag names another one
            body = await self._send(exchange, answer, query, more if same else {}, volatile=False)
            if same and body is not None:
                kept = Kept(answer.kind, answer.encoding, body)
        finally:
            if leads:
                self._cache.end(key, kept)

    async def _repeat(self, exchange: _Exchange, query: Query, kept: Kept, more: Mapping[str, str]) -> None:
        choice = query.graph if kept.kind == "graph" else query.results
        headers = _headers({"Content-Type": choice.content_type if choice else "", **more}, volatile=False)
        if kept.encoding:
            headers["Content-Encoding"] = kept.encoding
        headers["Content-Length"] = str(len(kept.body))
        if exchange.method == "GET" and self._engine.current is not None:
            raw = _raw(headers)
            response = Response(self._engine.current.tag, exchange.form, raw, kept.body)
            self._cache.remember(_same(exchange.scope), response)
        await exchange.respond(200, headers, b"" if exchange.method == "HEAD" else kept.body)

    async def _send(
        self,
        exchange: _Exchange,
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
        headers = _headers({"Content-Type": choice.content_type, **more}, volatile=volatile)
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

    async def _stream(self, exchange: _Exchange, answer: Answer, headers: Mapping[str, str]) -> bytes | None:
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

    async def _describe(self, exchange: _Exchange, request: Request, operation: Describe) -> None:
        exchange.form = "description"
        body = await self._description.service(request.url, operation.choice.format)
        headers = _headers({"Content-Type": operation.choice.content_type}, volatile=False)
        headers["Content-Length"] = str(len(body))
        await exchange.respond(200, headers, b"" if request.method == "HEAD" else body)

    async def _update(self, exchange: _Exchange) -> None:
        if exchange.method == "OPTIONS":
            await exchange.allow(UPDATE_METHODS)
            return
        if exchange.method != "POST":
            raise ProtocolError(405, "An update needs the method POST.", {"Allow": UPDATE_METHODS})
        self.authorise(exchange.request())
        longest = self._settings.limits.query
        request = await exchange.read(3 * longest + 65536)
        operation = read_operation(request, longest=longest)
        if not isinstance(operation, Update):
            raise ProtocolError(400, "This path takes updates; queries go to /sparql.")
        await self._write(exchange, request, operation)

    async def _graphs(self, exchange: _Exchange, watch: _Watch) -> None:
        if exchange.method == "OPTIONS":
            await exchange.allow(GRAPH_METHODS)
            return
        if exchange.method not in GRAPH_METHODS:
            message = f"The method {exchange.method} is not one of {GRAPH_METHODS}."
            raise ProtocolError(405, message, {"Allow": GRAPH_METHODS})
        if exchange.method not in ("GET", "HEAD"):
            self.authorise(exchange.request())
        request = await exchange.read(self._settings.limits.upload)
        operation = read_graph_request(request, exchange.path)
        if isinstance(operation, GraphRead):
            watch.start()
            exchange.form = "graph"
            await self._read_graph(exchange, request, operation)
        else:
            await self._write_graph(exchange, request, operation)

    async def _read_graph(self, exchange: _Exchange, request: Request, operation: GraphRead) -> None:
        answer = await self._engine.run(
            operation, exchange.client, gzip=accepts_gzip(request.header("accept-encoding"))
        )
        tag = f'"{answer.digest}.{operation.choice.format.name}"' if answer.digest else None
        if tag is not None and answer.encoding:
            tag = f"W/{tag}"  # other bytes than those without the coding
        if tag is not None and is_known(request, tag):
            answer.abandon()
            await exchange.respond(304, _headers({"ETag": tag}, volatile=False))
            return
        await self._send(exchange, answer, operation, {"ETag": tag} if tag else {}, volatile=False)

    async def _write_graph(self, exchange: _Exchange, request: Request, operation: GraphWrite) -> None:
        exchange.form = "change"
        validate = operation.method != "DELETE" and _wants_validation(request)
        change = await self._writer.write(operation, validate=validate)
        headers = _headers({}, volatile=True)
        if operation.created is not None:
            headers["Location"] = operation.created
        created = operation.method != "DELETE" and not change.existed
        await exchange.respond(201 if created else 204, headers | ({"Content-Length": "0"} if created else {}))

    async def _write(self, exchange: _Exchange, request: Request, operation: Update) -> None:
        exchange.form, exchange.query = "update", operation.text
        await self._writer.update(operation, validate=_wants_validation(request))
        await exchange.respond(204, _headers({}, volatile=True))

    def authorise(self, request: Request) -> None:
        """Raise ProtocolError 403 where nobody may write, 401 without the right token."""
        if self._settings.token is None:
            raise ProtocolError(403, "This endpoint is read-only: it was started without a token for writing.")
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        if scheme.lower() != "bearer":
            challenge = {"WWW-Authenticate": 'Bearer realm="pactgraph"'}
            raise ProtocolError(401, "Writing needs the bearer token of this endpoint.", challenge)
        if not hmac.compare_digest(token.strip().encode(), self._settings.token.encode()):
            challenge = {"WWW-Authenticate": 'Bearer realm="pactgraph", error="invalid_token"'}
            raise ProtocolError(401, "The bearer token is not the one of this endpoint.", challenge)


class _Exchange:
    """One request and its response."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        self.version: str = scope["http_version"]
        self.path = local_path(scope)
        self.client: str = scope["client"][0] if scope.get("client") else ""
        self.started = False
        self.status = 499
        self.form = "other"
        self.query = ""
        self.headers = read_headers(scope)
        self.identifier = self.headers.get("x-request-id", "")
        if not self.identifier or not _IDENTIFIER.fullmatch(self.identifier):
            self.identifier = os.urandom(8).hex()
        self.scope = scope
        self._receive = receive
        self._send = send

    def request(self, body: bytes = b"") -> Request:
        """Return the request as a plain value."""
        query = self.scope["query_string"].decode("latin-1")
        return Request(self.method, absolute_url(self.scope, self.headers), query, self.headers, body)

    async def read(self, longest: int) -> Request:
        """Read the body, ``longest`` bytes at most, and return the request; Gone where the client hung up."""
        if self.headers.get("content-encoding", "identity").lower() != "identity":
            raise ProtocolError(415, "A request's body has to come without a content coding.", {"Accept-Encoding": ""})
        length = self.headers.get("content-length", "")
        if length.isdigit() and int(length) > longest:
            raise ProtocolError(413, f"The body has {length} bytes; {longest} are the most that is read.", _CLOSE)
        parts: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Gone
            part = message.get("body", b"")
            size += len(part)
            if size > longest:
                raise ProtocolError(413, f"The body is longer than {longest} bytes, the most that is read.", _CLOSE)
            parts.append(part)
            if not message.get("more_body"):
                return self.request(b"".join(parts))

    async def refuse(self, error: ProtocolError) -> None:
        """Answer with an error's sentence."""
        body = (error.sentence + "\n").encode()
        content_type = "text/plain; charset=utf-8"
        if isinstance(error, Invalid):
            body = json.dumps({"message": error.sentence, "violations": error.report}, indent=1).encode()
            content_type = "application/json"
        headers = {
            "Content-Type": content_type,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            **_CORS,
            **SECURITY,
            **error.headers,
        }
        await self.respond(error.status, headers, b"" if self.method == "HEAD" else body)

    async def allow(self, methods: str) -> None:
        """Answer OPTIONS, a preflight of CORS included."""
        headers = {
            "Allow": methods,
            **_CORS,
            **SECURITY,
            "Access-Control-Allow-Methods": methods,
            "Access-Control-Allow-Headers": "Accept, Authorization, Content-Type, If-Match, If-None-Match",
            "Access-Control-Max-Age": "86400",
            "Accept-Query": "application/sparql-query, application/x-www-form-urlencoded",
        }
        await self.respond(204, headers)

    async def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the head of the response."""
        self.started = True
        self.status = status
        raw = [(b"x-request-id", self.identifier.encode()), *_raw(headers)]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def resend(self, response: Response) -> None:
        """Send a response that was made before."""
        self.started = True
        self.status = 200
        raw = [(b"x-request-id", self.identifier.encode()), *response.headers]
        await self._send({"type": "http.response.start", "status": 200, "headers": raw})
        await self._send({"type": "http.response.body", "body": response.body, "more_body": False})

    async def send(self, chunk: bytes) -> None:
        """Send a part of the body."""
        await self._send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def end(self) -> None:
        """Say that the body was whole."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def respond(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        """Send a whole response."""
        await self.begin(status, headers)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


class _Watch:
    """Cancels the task that answers a request once its client hangs up; looks only when the answer takes a while."""

    def __init__(self, receive: Receive) -> None:
        self.gone = False
        self._receive = receive
        self._task = asyncio.current_task()
        self._handle: asyncio.TimerHandle | None = None
        self._watcher: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Watch from now on; the body has to be read before."""
        self._handle = asyncio.get_running_loop().call_later(_PATIENCE, self._begin)

    def stop(self) -> None:
        """Watch no longer."""
        if self._handle is not None:
            self._handle.cancel()
        if self._watcher is not None:
            self._watcher.cancel()

    def _begin(self) -> None:
        self._watcher = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        if self._task is not None:
            self._task.cancel()


_READ = frozenset({b"accept", b"accept-encoding", b"content-encoding", b"host", b"if-none-match"})
_IDENTIFIER = re.compile(r"[A-Za-z0-9._\-]{1,64}")
_CLOSE = {"Connection": "close"}


def _wants_validation(request: Request) -> bool:
    values = query_parameters(request).get("validate", ["false"])
    if values not in (["true"], ["false"]):
        raise ProtocolError(400, "The parameter validate is either true or false.")
    return values == ["true"]


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def _same(scope: Scope) -> tuple[object, ...]:
    """Return all that the response to a GET depends on, besides the snapshot; nothing else is a header we read."""
    headers = tuple(pair for pair in scope["headers"] if pair[0] in _READ)
    return scope["query_string"], scope["path"], scope.get("raw_path"), scope.get("root_path"), scope["scheme"], headers


def _headers(more: Mapping[str, str], *, volatile: bool) -> dict[str, str]:
    return {
        "Vary": "Accept, Accept-Encoding",
        "Cache-Control": "no-store" if volatile else "no-cache",
        **_CORS,
        **SECURITY,
        **more,
    }


def read_headers(scope: Scope) -> dict[str, str]:
    """Return the request's headers by their lower-case names; repeated ones joined by a comma."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def local_path(scope: Scope) -> str:
    """Return the request's path, decoded, without the root path under which a proxy shows the endpoint."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path[len(root) :] if root and path.startswith(root + "/") else path


def absolute_url(scope: Scope, headers: Mapping[str, str]) -> str:
    """Return the request's URL without its query; ProtocolError 400 where the Host header is no host."""
    name = headers.get("host", "")
    if not name and scope.get("server"):
        server, port = scope["server"]
        name = f"{server}:{port}" if port else server
    if not re.fullmatch(r"[A-Za-z0-9.\-_~%]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?", name):
        raise ProtocolError(400, "The Host header names no host.")
    raw: bytes | None = scope.get("raw_path")
    path = raw.decode("latin-1").partition("?")[0] if raw else quote(scope["path"])
    if not re.fullmatch(r"[A-Za-z0-9.\-_~%!$&'()*+,;=:@/]*", path):
        path = quote(scope["path"])
    root: str = scope.get("root_path", "")
    if root and not path.startswith(root):
        path = root + path
    return f"{scope.get('scheme', 'http')}://{name}{path}"


def entity_tag(key: Key) -> str:
    """Return a weak validator for what the key determines (RFC 9110, 8.8.1): the answer's meaning, not its bytes."""
    return f'W/"{hashlib.sha256(repr(key[:-1]).encode()).hexdigest()[:32]}"'


def is_known(request: Request, tag: str) -> bool:
    """Whether the client already holds the answer with this tag (If-None-Match, compared weakly)."""
    given = request.header("if-none-match") or ""
    return any(known.removeprefix("W/") == tag.removeprefix("W/") for known in re.findall(r'(?:W/)?"[^"]*"', given))
