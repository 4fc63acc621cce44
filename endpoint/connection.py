"""A connection of the HTTP server that answers a request known by its bytes at once, without taking it apart again.

The one module that knows uvicorn. It adds to uvicorn's connection a look at the bytes: a whole GET that the service has
answered before, byte for byte, while the same snapshot is the current one, needs no parser, no task and no event loop's
turn. Everything else goes uvicorn's way; an endpoint under another server is as right, only slower there.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from endpoint.exchange import REQUEST

if TYPE_CHECKING:
    from endpoint.service import Service

_END = b"\r\n\r\n"
_HEAD = 1 << 20  # bytes of a request's head, in which a long query may stand; the parser's work grows with their square


class Connection(HttpToolsProtocol):
    """One connection; ``service`` knows the requests."""

    service: ClassVar[Service]
    _whole: bytes = b""
    _inside: bool = False
    _open: bool = False  # the head of a request has begun and is not whole yet
    _size: int = 0

    def data_received(self, data: bytes) -> None:
        """Take bytes from the client; answer at once where they are one request that is known."""
        idle = not self._inside and (self.cycle is None or self.cycle.response_complete) and not self.pipeline
        if (
            idle
            and data.startswith(b"GET ")
            and data.find(_END) == len(data) - len(_END)
            and not self.flow.write_paused
            and not self.access_logger.isEnabledFor(logging.INFO)
        ):
            known = self.service.again(data)
            if known is not None and not self.transport.is_closing():
                self._answer(*known)
                return
            self._whole = data
        if self._open:
            self._size += len(data)
            if self._size > _HEAD:
                self.send_400_response("The head of the request is too long.")
                return
        super().data_received(data)
        self._whole = b""

    def on_message_begin(self) -> None:
        """Take note that a request begins."""
        self._inside = self._open = True
        self._size = 0
        super().on_message_begin()
        if self._whole:
            scope: dict[str, Any] = self.scope  # type: ignore[assignment]  # a key of our own
            scope[REQUEST] = self._whole

    def on_headers_complete(self) -> None:
        """Take note that the head of a request is whole."""
        self._open = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Take note that a request is whole."""
        self._inside = False
        super().on_message_complete()

    def _answer(self, head: bytes, body: bytes) -> None:
        self._unset_keepalive_if_required()
        usual = b"".join(b"%b: %b\r\n" % pair for pair in self.server_state.default_headers)
        self.transport.write(b"".join((b"HTTP/1.1 200 OK\r\n", usual, head, b"\r\n", body)))
        self.server_state.total_requests += 1
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)


def connection(service: Service) -> type[Connection]:
    """Return the kind of connection that ``uvicorn.Config`` takes as ``http``."""
    return type("Connection", (Connection,), {"service": service})
