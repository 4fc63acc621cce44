"""A connection of the HTTP server that lets no client hold it up.

It bounds what a client may send before it is answered: how many lines of how many bytes a head has, how many requests
come at once; and how long all of it takes (see door.py). A head that two readers may read in two ways is refused.
"""

from __future__ import annotations

import socket
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar

import httptools
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from endpoint.http.door import Door
from endpoint.http.exchange import HOST

if TYPE_CHECKING:
    import asyncio

    from uvicorn._types import ASGI3Application
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from endpoint.settings import Limits

_URL = 65535  # bytes of a URL, in which a query may stand; the parser takes no longer ones
_PATH = 8192  # bytes of a URL's path, and of a whole URL besides that of a query
_FIELDS = 100  # header fields of a request
_HEADERS = 32768  # bytes of them
HEAD_SLICE = 4096  # bytes of heads that are read at a time: a hundred tiny requests
BODY_SLICE = 65536  # bytes of a body


class BoundedConnection(HttpToolsProtocol):
    """One connection within ``limits``; ``door`` knows the others."""

    limits: ClassVar[Limits]
    door: ClassVar[Door | None] = None
    _inside: bool = False  # whether a request has begun and is not whole yet
    _open: bool = False  # whether its head is not
    _trailers: int = 0  # fields behind the body so far
    _size: int = 0  # bytes of the head, or of the body, so far
    _since: float = 0.0  # when that which is waited for began
    _rest: bytes = b""  # bytes behind requests that are not answered yet
    _refusal: tuple[int, str] | None = None
    _answered: RequestResponseCycle | None = None  # the request that is being answered
    _untaken: int = 0  # bytes that wait for the client to take them
    _untaken_since: float = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Let the client in, or refuse it."""
        super().connection_made(transport)
        self._since = self.loop.time()
        if self.client is None and transport.get_extra_info("socket").family != socket.AF_UNIX:
            transport.abort()  # it was reset before we saw it
            return
        refusal = self._door().enter(self, self.client[0] if self.client else "")
        if refusal is not None:
            self._refuse(*refusal)

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note that the connection has ended."""
        self._door().leave(self)
        self._rest = b""
        if self._answered is not None and not self._answered.response_complete:  # others may have come behind it
            self._answered.disconnected = True
            self._answered.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes from the client."""
        if len(data) <= HEAD_SLICE and not self._rest:
            self._feed(data)
        else:
            self._rest += data
            self._feed_rest()

    def _feed_rest(self) -> None:
        """Read what has come, a slice at a time; what comes behind unanswered requests waits until they are."""
        data, self._rest = self._rest, b""
        at = 0
        while at < len(data) and not self.pipeline and not self.transport.is_closing():
            size = BODY_SLICE if self._inside and not self._open else HEAD_SLICE
            if self._open and len(self.url) > HEAD_SLICE:  # amid a long URL, which is copied with each slice
                size *= 4
            self._feed(data[at : at + size])
            at += size
        if at < len(data) and not self.transport.is_closing():
            self._rest = data[at:]
            if len(self._rest) > BODY_SLICE:
                self.flow.pause_reading()

    def _feed(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._inside:
            self._size += len(data)
        super().data_received(data)
        if self._open and (
            len(self.headers) > _FIELDS or self._size > len(self.url) + _HEADERS or len(self.url) > _URL
        ):
            long_url = len(self.url) > _URL
            sentence = "The URL is too long; send a long query by POST." if long_url else "The headers are too long."
            self._refuse(414 if long_url else 431, sentence)

    def on_message_begin(self) -> None:
        """Take note that a request begins."""
        self._inside = self._open = True
        self._size = self._trailers = 0
        self._since = self.loop.time()
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header field; those behind the body are no part of the head (RFC 9110, 6.5.1), and are dropped."""
        if self._open:
            super().on_header(name, value)
            return
        self._trailers += 1
        if self._trailers > _FIELDS:
            self._refusal = 431, "The headers are too long."
            raise ValueError(self._refusal[1])

    def on_headers_complete(self) -> None:
        """Take note that the head of a request is whole; raises ValueError where it cannot be trusted."""
        self._open = False
        self._size = 0
        self._since = self.loop.time()
        most = _URL if self.url.find(b"/sparql?", 0, _PATH) >= 0 else _PATH
        if len(self.url) > most:
            self._refusal = 414, f"The URL has {len(self.url)} bytes; {most} are the most; send a long query by POST."
            raise ValueError(self._refusal[1])
        self._refusal = self._fault()
        if self._refusal is not None:
            raise ValueError(self._refusal[1])
        super().on_headers_complete()

    def _fault(self) -> tuple[int, str] | None:
        """Return the refusal of a head on whose end or host two readers might differ (RFC 9112, 2.3, 3.2 and 6.1)."""
        version = self.parser.get_http_version()
        if version not in ("1.0", "1.1"):
            return 505, "This endpoint speaks HTTP/1.1."
        codings = [value.strip().lower() for name, value in self.headers if name == b"transfer-encoding"]
        if codings and version == "1.0":
            return 400, "HTTP/1.0 has no Transfer-Encoding."
        if codings and codings != [b"chunked"]:
            return 501, "A body may come in chunks; no other Transfer-Encoding is understood."
        hosts = [value.decode("latin-1") for name, value in self.headers if name == b"host"]
        if len(hosts) > 1 or (version == "1.1" and not hosts):
            return 400, "A request names its host once."
        if hosts and hosts[0] and not HOST.fullmatch(hosts[0]):
            return 400, "The Host header names no host."
        if self.url[:1] != b"/" and b"://" in self.url:  # its host is the one that counts
            place = httptools.parse_url(self.url)
            name = place.host + (b":%d" % place.port if place.port else b"")
            self.headers[:] = [(b"host", name), *(field for field in self.headers if field[0] != b"host")]
        return None

    def on_message_complete(self) -> None:
        """Take note that a request is whole."""
        self._inside = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Take note that a request is answered; read on where more has come meanwhile."""
        super().on_response_complete()
        self._since = self.loop.time()
        if self._rest and not self.pipeline:
            self.loop.call_soon(self._feed_rest)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def send_400_response(self, msg: str) -> None:
        """Refuse a request that cannot be read, or is too long, and end the connection."""
        self._refuse(*(self._refusal or (400, msg)))

    @property
    def is_answering(self) -> bool:
        """Whether a request is being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def look(self, now: float) -> None:
        """End the connection where the client sends too slowly, or takes no byte of its answer."""
        limits = self.limits
        left = self.transport.get_write_buffer_size()
        if left != self._untaken:
            self._untaken, self._untaken_since = left, now
        if left and now - self._untaken_since > limits.stall:
            self.transport.abort()
        if left or self.transport.is_closing():
            return
        if not self._inside:
            if not self.is_answering and now - self._since > limits.head:
                self.transport.close()
        elif self.flow.read_paused:
            self._since = now  # it is we who are slow
        elif self._open:
            if now - self._since > limits.head:
                self._refuse(408, f"The head of the request took more than {limits.head:g} seconds.")
        elif now - self._since > limits.body + self._size / limits.pace:
            self._refuse(408, "The body of the request comes too slowly.")

    def _door(self) -> Door:
        """Return the door of this kind of connection; the first connection puts it up."""
        kind = type(self)
        if kind.door is None:
            proxies = ProxyHeadersMiddleware(self.app, self.config.forwarded_allow_ips or "").trusted_hosts
            kind.door = Door(self.limits, proxies.__contains__)
        return kind.door

    def _refuse(self, status: int, sentence: str) -> None:
        """Send a refusal, where nothing else is under way, and end the connection."""
        self._rest = b""
        has_cycle = self.cycle is not None and not self.cycle.response_complete
        if has_cycle:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.transport.is_closing() or self.pipeline or (has_cycle and self.cycle.response_started):
            self.transport.close()
            return
        body = sentence.encode() + b"\n"
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()]
        lines += [b"%b: %b" % pair for pair in self.server_state.default_headers]
        lines += [b"content-type: text/plain; charset=utf-8", b"content-length: %d" % len(body), b"connection: close"]
        lines += [b"retry-after: 2"] if status in {429, 503} else []
        self.transport.write(b"\r\n".join([*lines, b"", body]))
        self.transport.close()

    def timeout_keep_alive_handler(self) -> None:
        """End the connection if it has been idle for long enough; else look again when it could be."""
        left = self._since + self.timeout_keep_alive - self.loop.time()
        if left <= 0:
            super().timeout_keep_alive_handler()
        else:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
