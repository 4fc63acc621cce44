"""A connection of the HTTP server that answers a request known by its bytes at once, and can be lent to a worker.

It adds to uvicorn's connection (see bounds.py) a look at the bytes: a whole GET that the service has
answered before, byte for byte, while the same snapshot is the current one, needs no parser, no task and no event loop's
turn; neither does the question whether the endpoint lives. Other plain queries take the shortcut (see shortcut.py), on
which the connection may be lent (see lending.py).
Everything else goes uvicorn's way; an endpoint under another server is as right, only slower there, and its proxy has
to keep slow clients away.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from endpoint.http.bounds import BODY_SLICE, BoundedConnection
from endpoint.http.exchange import ABORT, BEGUN, REQUEST
from endpoint.workers.reading import SHORT

if TYPE_CHECKING:
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
_STEADY = 4  # short queries one after the other, after which a connection may be lent to a worker
_PAUSE = 0.05  # seconds between two of them at most
_PATIENCE = 0.05  # seconds that a query may run on when its client has gone


class Connection(BoundedConnection):
    """One connection; ``service`` knows the requests."""

    service: ClassVar[Service]
    _whole: bytes = b""
    _turn: Turn | None = None  # the query under way of a request that took the shortcut
    _loan: Loan | None = None  # the loan under which a worker answers what comes
    _steady: int = 0  # short queries that were answered one after the other
    _last: bool = False  # whether the server ends with the answer under way
    _begun: Begun | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note that the connection has ended."""
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
            if len(self._rest) > BODY_SLICE:
                self.flow.pause_reading()
            return
        idle = not self._inside and (self.cycle is None or self.cycle.response_complete)
        if (
            idle
            and not self.pipeline
            and not self._rest
            and not self.flow.write_paused
            and not self.transport.is_closing()
            and not self.access_logger.isEnabledFor(logging.INFO)
        ):
            if data.startswith(b"GET ") and data.find(_END) == len(data) - len(_END):
                if self._take_shortcut(data) or (data.startswith(_HEALTH) and self._answer_health(data)):
                    return
                self._whole = data
            elif data.startswith(b"POST ") and self._take_shortcut(data):
                return
        self._steady = 0
        super().data_received(data)
        self._whole = b""

    def on_message_begin(self) -> None:
        """Take note that a request begins."""
        super().on_message_begin()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]  # keys of our own
        scope[ABORT] = self.transport.abort
        if self._whole:
            scope[REQUEST], scope[BEGUN] = self._whole, self._begun
            self._whole, self._begun = b"", None

    @property
    def is_answering(self) -> bool:
        """Whether a request is being answered."""
        return self._turn is not None or super().is_answering

    def look(self, now: float) -> None:
        """End the connection where the client is too slow; a worker gives it back where no request comes."""
        if self._loan is None:
            super().look(now)

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
    return type("Connection", (Connection,), {"service": service, "limits": service.limits})
