"""A connection of the HTTP server that answers a request known by its bytes at once, and lets no client hold it up.

The one module that knows uvicorn. It adds to uvicorn's connection a look at the bytes: a whole GET that the service has
answered before, byte for byte, while the same snapshot is the current one, needs no parser, no task and no event loop's
turn; neither does the question whether the endpoint lives. It bounds what a client may send before it is answered: how
many lines of how many bytes a head has, how many requests come at once; and how long all of it takes (see door.py).
Everything else goes uvicorn's way; an endpoint under another server is as right, only slower there, and its proxy has
to keep such clients away.
"""

from __future__ import annotations

import logging
import socket
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

import httptools
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from endpoint.http.door import Door
from endpoint.http.exchange import ABORT, BEGUN, HOST, REQUEST
from endpoint.workers.reading import SHORT

if TYPE_CHECKING:
    import asyncio

    from uvicorn._types import ASGI3Application
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from endpoint.execution.lending import Loan
    from endpoint.execution.turn import Turn
    from endpoint.http.service import Service
    from endpoint.http.shortcut import Begun
    from endpoint.workers.worker import Worker

_LINE = b"\r\n"
_END = _LINE + _LINE
_HEALTH = b"GET /health HTTP/1.1\r\n"
_UNUSUAL = (b"\nconnection", b"\ncontent-length", b"\ntransfer-encoding", b"\nexpect")
_SHORT = 2048  # bytes of a question after the health that is answered at once
_URL = 65535  # bytes of a URL, in which a query may stand; the parser takes no longer ones
_PATH = 8192  # bytes of a URL's path, and of a whole URL besides that of a query
_FIELDS = 100  # header fields of a request
_HEADERS = 32768  # bytes of them
_HEAD_SLICE = 4096  # bytes of heads that are read at a time: a hundred tiny requests
_BODY_SLICE = 65536  # bytes of a body
_STEADY = 4  # short queries one after the other, after which a connection may be lent to a worker
_PAUSE = 0.05  # seconds between two of them at most
_PATIENCE = 0.05  # seconds that a query may run on when its client has gone


class Connection(HttpToolsProtocol):
    """One connection; ``service`` knows the requests, ``door`` the other connections."""

    service: ClassVar[Service]
    door: ClassVar[Door | None] = None
    _whole: bytes = b""
    _inside: bool = False
    _open: bool = False  # the head of a request has begun and is not whole yet
    _trailers: int = 0  # fields behind the body so far
    _size: int = 0  # bytes of the head, or of the body, so far
    _since: float = 0.0  # when that which is waited for began
    _rest: bytes = b""  # bytes behind requests that are not answered yet
    _refusal: tuple[int, str] | None = None
    _answered: RequestResponseCycle | None = None  # the request that is being answered
    _turn: Turn | None = None  # the query under way of a request that took the shortcut
    _loan: Loan | None = None  # the loan under which a worker answers what comes
    _steady: int = 0  # short queries that were answered one after the other
    _last: bool = False  # whether the server ends with the answer under way
    _begun: Begun | None = None
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
        if self._loan is not None:
            self._loan.drop(self)
            self._loan = None
        if self._turn is not None:  # a query that ends in this moment need not be killed
            self.loop.call_later(_PATIENCE, self._turn.abandon)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes from the client; answer at once where they are one request that is known."""
        if self._turn is not None:
            self._rest += data
            if len(self._rest) > _BODY_SLICE:
                self.flow.pause_reading()
            return
        idle = not self._inside and (self.cycle is None or self.cycle.response_complete)
        if (
            idle
            and not self.pipeline
            and not self._rest
            and data.startswith(b"GET ")
            and data.find(_END) == len(data) - len(_END)
            and not self.flow.write_paused
            and not self.transport.is_closing()
            and not self.access_logger.isEnabledFor(logging.INFO)
        ):
            if self._take_shortcut(data) or (data.startswith(_HEALTH) and self._answer_health(data)):
                return
            self._whole = data
        self._steady = 0
        if len(data) <= _HEAD_SLICE and not self._rest:
            self._feed(data)
        else:
            self._rest += data
            self._feed_rest()
        self._whole = b""

    def _feed_rest(self) -> None:
        """Read what has come, a slice at a time; what comes behind unanswered requests waits until they are."""
        data, self._rest = self._rest, b""
        at = 0
        while at < len(data) and not self.pipeline and not self.transport.is_closing():
            size = _BODY_SLICE if self._inside and not self._open else _HEAD_SLICE
            if self._open and len(self.url) > _HEAD_SLICE:  # amid a long URL, which is copied with each slice
                size *= 4
            self._feed(data[at : at + size])
            at += size
        if at < len(data) and not self.transport.is_closing():
            self._rest = data[at:]
            if len(self._rest) > _BODY_SLICE:
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
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]  # keys of our own
        scope[ABORT] = self.transport.abort
        if self._whole:
            scope[REQUEST], scope[BEGUN] = self._whole, self._begun
            self._whole, self._begun = b"", None

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

    def look(self, now: float) -> None:
        """End the connection where the client sends too slowly, or takes no byte of its answer."""
        if self._loan is not None:  # the worker gives it back where no request comes
            return
        limits = self._door().limits
        left = self.transport.get_write_buffer_size()
        if left != self._untaken:
            self._untaken, self._untaken_since = left, now
        if left and now - self._untaken_since > limits.stall:
            self.transport.abort()
        if left or self.transport.is_closing():
            return
        is_answering = self._turn is not None or (self.cycle is not None and not self.cycle.response_complete)
        if not self._inside:
            if not is_answering and now - self._since > limits.head:
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
            kind.door = Door(self.service.limits, proxies.__contains__)
        return kind.door

    def _refuse(self, status: int, sentence: str) -> None:
        """Send a refusal, where nothing else is under way, and end the connection."""
        self._rest = b""
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if is_answering:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.transport.is_closing() or self.pipeline or (is_answering and self.cycle.response_started):
            self.transport.close()
            return
        body = sentence.encode() + b"\n"
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()]
        lines += [b"%b: %b" % pair for pair in self.server_state.default_headers]
        lines += [b"content-type: text/plain; charset=utf-8", b"content-length: %d" % len(body), b"connection: close"]
        lines += [b"retry-after: 2"] if status in {429, 503} else []
        self.transport.write(b"\r\n".join([*lines, b"", body]))
        self.transport.close()

    def _answer_health(self, data: bytes) -> bool:
        """Answer whether the endpoint lives, where the question is a plain one."""
        if len(data) > _SHORT or self.transport.is_closing():
            return False
        lower = data.lower()
        closes = b"\r\nconnection: close\r\n" in lower
        if lower.count(b"\r\nhost:") != 1 or any(name in lower for name in _UNUSUAL[closes:]):
            return False
        if not lower.count(b"\r") == lower.count(b"\n") == lower.count(_LINE):  # the parser will say what is wrong
            return False
        status, head, body = self.service.health()
        head += b"connection: close\r\n" if closes else b""
        self._answer(b"HTTP/1.1 %d %b\r\n" % (status, HTTPStatus(status).phrase.encode()), head, body)
        if closes:
            self.transport.close()
        return True

    def _answer(self, status: bytes, head: bytes, body: bytes) -> None:
        self._write(b"".join((status, self._usual(), head, b"\r\n", body)))

    def _take_shortcut(self, data: bytes) -> bool:
        """Answer or begin to answer a whole request at once; return False where it is to go the usual way."""
        shortcut = self.service.shortcut
        if shortcut is None or len(data) > SHORT:
            return False
        known = shortcut.known(data)
        if known is None:
            if self.loop.time() - self._since > _PAUSE:
                self._steady = 0
            begun = shortcut.begin(data, self)
            if begun is None:
                return False
            if not isinstance(begun, bytes):
                if self._loan is None:
                    self._whole = data
                    self._turn = begun
                self._unset_keepalive_if_required()
                return True
            known = begun
        self._steady = 0
        self._write(b"".join((b"HTTP/1.1 200 OK\r\n", self._usual(), known)))
        return True

    @property
    def is_steady(self) -> bool:
        """Whether one short query after the other came, and the connection could be lent to a worker."""
        return self._steady >= _STEADY and self.transport.get_extra_info("sslcontext") is None

    @property
    def descriptor(self) -> int | None:
        """The descriptor of the socket; None where it cannot be lent now."""
        if self._last or self._rest or self.transport.is_closing() or self.transport.get_write_buffer_size():
            return None
        descriptor: int = self.transport.get_extra_info("socket").fileno()
        return descriptor

    def server_lines(self) -> list[tuple[bytes, bytes]]:
        """Return the header fields that the server adds to each response."""
        return self.server_state.default_headers

    def lent(self, loan: Loan) -> None:
        """Be lent to a worker: neither read nor write until it gives the connection back."""
        self._loan = loan
        self._turn, self._whole = None, b""
        self.flow.pause_reading()

    def give_back(self, unsent: bytes, unread: bytes) -> None:
        """Be back; ``unsent`` is to be sent, and ``unread`` has been read but not answered."""
        self._be_back()
        if self.transport.is_closing():
            return
        self._steady = 0 if unread else self._steady - 1
        if unsent:
            self.transport.write(unsent)
        self._wait_for_next()
        if unread:
            self.data_received(unread)
        if self._last:
            self.shutdown()

    def go_on(self, request: bytes, worker: Worker, since: float) -> bool:
        """Be back, with a request whose query a worker has run ``since``; return whether its answer is waited for."""
        self._steady = 0
        shortcut = self.service.shortcut
        turn = shortcut.go_on(request, self, worker, since) if shortcut is not None else None
        if turn is None:
            self.begin_anew(request)
            return False
        self._be_back()
        self._whole, self._turn = request, turn
        return True

    def begin_anew(self, request: bytes) -> None:
        """Be back, with a request that is to be answered the usual way."""
        self._be_back()
        self._steady = 0
        self._whole = request
        self.hand_over(None)

    def break_off(self) -> None:
        """Be closed, since nobody knows how much of an answer was sent."""
        self._loan = None
        self.transport.abort()

    def _be_back(self) -> None:
        self._loan = None
        if not self.transport.is_closing():
            self.flow.resume_reading()

    def deliver(self, response: bytes, *, short: bool) -> bool:
        """Send the whole response to the request that took the shortcut; return whether the client is still there."""
        self._turn, self._whole = None, b""
        self._steady = self._steady + 1 if short else 0
        if self.transport.is_closing():
            return False
        close = b"connection: close\r\n" if self._last else b""
        self._write(b"".join((b"HTTP/1.1 200 OK\r\n", self._usual(), close, response)))
        if self._last:
            self.transport.close()
        elif self._rest:
            self.loop.call_soon(self._read_on)
        return True

    def hand_over(self, begun: Begun | None) -> bool:
        """Have the request that took the shortcut go the usual way after all."""
        data, self._whole, self._turn = self._whole, b"", None
        if self.transport.is_closing():
            return False
        self._begun, self._whole = begun, data
        self._rest = data + self._rest
        self._feed_rest()
        if self._last:
            self.shutdown()
        return True

    def _read_on(self) -> None:
        """Read what has come while a query was under way."""
        if self._turn is None and self._rest and not self.transport.is_closing():
            self.flow.resume_reading()
            data, self._rest = self._rest, b""
            self.data_received(data)

    def _write(self, response: bytes) -> None:
        """Send a whole response, and wait for the next request from now on."""
        self.transport.write(response)
        self.server_state.total_requests += 1
        self._wait_for_next()

    def _wait_for_next(self) -> None:
        """Wait for the next request from now on."""
        self._since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def timeout_keep_alive_handler(self) -> None:
        """End the connection if it has been idle for long enough; else look again when it could be."""
        left = self._since + self.timeout_keep_alive - self.loop.time()
        if left <= 0:
            super().timeout_keep_alive_handler()
        else:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)

    def shutdown(self) -> None:
        """End the connection with the answer under way, or at once."""
        if self._loan is not None:
            self._last = True
            self._loan.recall()
        elif self._turn is None:
            super().shutdown()
        else:
            self._last = True

    def _usual(self) -> bytes:
        """Return the header lines that the server adds to each response; they change each second."""
        headers = self.server_state.default_headers
        usual = self.service.usual
        if usual[0] is not headers:
            usual = self.service.usual = headers, b"".join(b"%b: %b\r\n" % pair for pair in headers)
        return usual[1]


def connection(service: Service) -> type[Connection]:
    """Return the kind of connection that ``uvicorn.Config`` takes as ``http``."""
    return type("Connection", (Connection,), {"service": service})
