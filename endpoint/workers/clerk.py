"""Work on long requests, done in a process of its own so that the process that talks HTTP has time for the others.

Taking a query of 200 kB apart takes Python a tenth of a second, in which nobody else is answered. What is short is done
where it stands; what is long goes to the clerk, one piece of work after another, each with an end.
"""

from __future__ import annotations

import asyncio
import pickle
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

from endpoint.protocol.requests import ProtocolError
from endpoint.workers.frames import HEADER, frame
from endpoint.workers.reading import SHORT
from ontology.layout import StoreError

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable

    Birth = Callable[[dict[str, Any]], Awaitable[tuple[socket.socket, int]]]

_T = TypeVar("_T")
_SECONDS = 10.0  # that one piece of work may take; the longest query takes less than one
_QUEUE = 64  # pieces of work that wait at most
_WAITING = 16  # of one client


class Clerk:
    """Calls functions in another process; ``birth`` starts one (see host.py, and reading.py for what it does)."""

    def __init__(self, birth: Birth) -> None:
        self._birth = birth
        self._turn = asyncio.Lock()
        self._waiting: Counter[str] = Counter()
        self._ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(
        self, client: str, size: int, function: Callable[..., _T], *arguments: object, **options: object
    ) -> _T:
        """Return what a function of a module returns; it is called here for a request of a small ``size`` in bytes.

        Else it and its arguments are pickled. Raises what it raises here; there,
        ProtocolError where the function does, 429 or 503 where too much waits already, and 503 where the process is
        lost or takes too long.
        """
        if size <= SHORT:
            return function(*arguments, **options)
        if self._waiting[client] >= _WAITING:
            raise ProtocolError(429, "Too many of your long requests wait already; try again.", {"Retry-After": "2"})
        if self._waiting.total() >= _QUEUE:
            raise ProtocolError(503, "Too many long requests wait already; try again.", {"Retry-After": "2"})
        self._waiting[client] += 1
        try:
            async with self._turn:
                kind, value = await self._done(pickle.dumps((function, arguments, options)))
        finally:
            self._waiting[client] -= 1
            if not self._waiting[client]:
                del self._waiting[client]
        if kind == "refused":
            raise ProtocolError(*value)
        result: _T = value
        return result

    def close(self) -> None:
        """End the process."""
        if self._ends is not None:
            self._ends[1].transport.abort()
            self._ends = None

    async def _done(self, work: bytes) -> tuple[str, Any]:
        for last in (False, True):
            try:
                async with asyncio.timeout(_SECONDS):
                    if self._ends is None:
                        end, _ = await self._birth({"do": "read"})
                        self._ends = await asyncio.open_unix_connection(sock=end)
                    reader, writer = self._ends
                    writer.write(frame(b"Q", work))
                    await writer.drain()
                    _, length = HEADER.unpack(await reader.readexactly(HEADER.size))
                    done: tuple[str, Any] = pickle.loads(await reader.readexactly(length))  # noqa: S301 (from our own process)
            except (asyncio.IncompleteReadError, ConnectionError, StoreError, TimeoutError) as error:
                self.close()
                if last or isinstance(error, TimeoutError):
                    message = "The process that reads long requests was lost; try again."
                    raise ProtocolError(503, message, {"Retry-After": "1"}) from None
            except BaseException:
                self.close()  # the client is gone in the midst of it: what comes next is not its answer
                raise
            else:
                return done
        raise AssertionError
