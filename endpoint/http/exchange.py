"""One HTTP request over ASGI and its response, and the watch for a client that hangs up."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from endpoint.execution.writer import Invalid
from endpoint.protocol.requests import ProtocolError, Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

ABORT = "pactgraph.abort"  # the key under which it holds a call that ends the connection (see connection.py)
BEGUN = "pactgraph.begun"  # the key under which it holds an answer that was begun already (see shortcut.py)
REQUEST = "pactgraph.request"  # the key under which the scope holds a whole request's bytes (see connection.py)
_PATIENCE = 0.05  # seconds after which it is worth watching whether the client is still there
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Location, Retry-After, Server-Timing, WWW-Authenticate",
}


_ALLOWED = "Accept, Authorization, Cache-Control, Content-Type, If-Match, If-None-Match, X-Request-Id, X-Requested-With"
HOST = re.compile(r"[A-Za-z0-9.\-_~%]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
_IDENTIFIER = re.compile(r"[A-Za-z0-9._\-]{1,64}")
_OWN = frozenset({"content-length", "expect", "forwarded", "transfer-encoding", "upgrade", "x-request-id"})
_CLOSE = {"Connection": "close"}
_CLOSED = "the handler is closed"  # what uvloop says of a connection whose end the server has not been told yet
_LINGER = 5.0  # seconds that a body which is refused is still taken
_REST = 0.004  # seconds between two of its parts, so that others are served meanwhile: some 30 MB a second


class Gone(Exception):
    """The client has hung up."""


class Exchange:
    """One request and its response."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        self.version: str = scope["http_version"]
        self.path = local_path(scope)
        self.client: str = scope["client"][0] if scope.get("client") else ""
        self.started = False
        self._start = time.perf_counter()
        self.status = 499
        self.form = "other"
        self.query = ""
        self.headers = read_headers(scope)
        self.identifier = self.headers.get("x-request-id", "")
        if not self.identifier or not _IDENTIFIER.fullmatch(self.identifier):
            self.identifier = os.urandom(8).hex()
        self.scope = scope
        self._receive = receive
        self._deliver = send

    def request(self, body: bytes = b"") -> Request:
        """Return the request as a plain value."""
        query = self.scope["query_string"].decode("latin-1")
        return Request(self.method, absolute_url(self.scope, self.headers), query, self.headers, body)

    def bytes_of_its_own(self) -> bytes:
        """Return the request's bytes where the server hands them on and nothing but the connection depends on them."""
        if self.version != "1.1" or not is_usual(self.headers):
            return b""
        whole: bytes = self.scope.get(REQUEST, b"")
        return whole

    async def read(self, longest: int) -> Request:
        """Read the body, ``longest`` bytes at most, and return the request; Gone where the client hung up."""
        if self.headers.get("content-encoding", "identity").lower() != "identity":
            raise ProtocolError(415, "A request's body has to come without a content coding.", {"Accept-Encoding": ""})
        length = self.headers.get("content-length", "")
        if length.isdigit() and int(length) > longest:
            if int(length) <= 2 * longest and "expect" not in self.headers:
                await self._discard(2 * longest)
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
                await self._discard(2 * longest)
                raise ProtocolError(413, f"The body is longer than {longest} bytes, the most that is read.", _CLOSE)
            parts.append(part)
            if not message.get("more_body"):
                return self.request(b"".join(parts))

    async def _discard(self, most: int) -> None:
        """Take what is left of a body, for a while: a proxy still sending it would miss the answer (RFC 9112, 9.6)."""
        size = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER):
                while size <= most:
                    message = await self._receive()
                    size += len(message.get("body", b""))
                    if not message.get("more_body"):
                        return
                    await asyncio.sleep(_REST)

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
            "Access-Control-Allow-Headers": _ALLOWED,
            "Access-Control-Max-Age": "86400",
        }
        if "QUERY" in methods:
            headers["Accept-Query"] = "application/sparql-query, application/x-www-form-urlencoded"
        await self.respond(204, headers)

    async def _send(self, message: Message) -> None:
        """Hand the server a message; raises Gone where the connection has been closed a moment ago."""
        try:
            await self._deliver(message)
        except RuntimeError as error:
            if _CLOSED not in str(error):
                raise
            raise Gone from None

    @property
    def elapsed(self) -> float:
        """The milliseconds since the request came."""
        return 1000 * (time.perf_counter() - self._start)

    async def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the head of the response."""
        self.started = True
        self.status = status
        lines = [(b"x-request-id", self.identifier.encode()), *raw(headers)]
        if "Server-Timing" not in headers:
            lines.append((b"server-timing", f"total;dur={self.elapsed:.2f}".encode()))
        await self._send({"type": "http.response.start", "status": status, "headers": lines})

    async def send(self, chunk: bytes) -> None:
        """Send a part of the body."""
        await self._send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def end(self) -> None:
        """Say that the body was whole."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def break_off(self) -> None:
        """End the connection at once, since nothing right can follow; without that, the server does, and complains."""
        abort = self.scope.get(ABORT)
        if abort is not None:
            abort()
            while (await self._receive())["type"] != "http.disconnect":
                pass

    async def respond(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        """Send a whole response."""
        await self.begin(status, headers)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


class Watch:
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


def raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Return headers as ASGI wants them."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def is_usual(headers: Mapping[str, str]) -> bool:
    """Whether no header field of a GET concerns the connection, the proxies on the way, or a body."""
    if headers.get("connection", "keep-alive").lower() != "keep-alive":
        return False
    return not any(name in _OWN or name.startswith("x-forwarded") for name in headers)


def answer_headers(more: Mapping[str, str], *, volatile: bool) -> dict[str, str]:
    """Return the headers of every answer, with ``more``; a volatile answer is never stored."""
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
    if not HOST.fullmatch(name):
        raise ProtocolError(400, "The Host header names no host.")
    raw: bytes | None = scope.get("raw_path")
    path = raw.decode("latin-1").partition("?")[0] if raw else quote(scope["path"])
    if not re.fullmatch(r"[A-Za-z0-9.\-_~%!$&'()*+,;=:@/]*", path):
        path = quote(scope["path"])
    root: str = scope.get("root_path", "")
    if root and not path.startswith(root):
        path = root + path
    return f"{scope.get('scheme', 'http')}://{name}{path}"
