"""One query as the process that talks HTTP sees it: what its worker has sent, and how it ends."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from endpoint.protocol.requests import GraphRead, ProtocolError, rejected_syntax
from endpoint.workers.frames import WHOLE
from endpoint.workers.process import memory_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from endpoint.protocol.requests import Query
    from endpoint.workers.worker import Worker

_LOG = logging.getLogger("pactgraph.endpoint")
_AHEAD = 256 * 1024  # bytes of an answer that are read ahead of a slow client
_HELD = 4 << 20  # bytes of an answer that is held


class WorkerLost(ProtocolError):
    """A worker was killed from outside in the midst of a query."""

    def __init__(self) -> None:
        super().__init__(503, "The process that ran the query was killed; try again.", {"Retry-After": "1"})


class Answer:
    """One running or finished query: what its worker has sent and how it ends.

    ``identifier`` names it among those that run. ``kind`` is ``results`` or ``graph``, ``encoding`` the content coding
    or None, ``digest`` stands for a graph that was read whole. Iterate over ``chunks`` once; it raises ProtocolError
    where the query fails on the way. ``take``, where it is given, is called once, with the first that arrives. While
    it is ``held``, nothing but its end is told, so that it can begin anew (see lanes.py).
    """

    def __init__(
        self,
        worker: Worker,
        query: Query | GraphRead,
        client: str,
        limits: float,
        take: Callable[[Answer], None] | None = None,
    ) -> None:
        self.kind = ""
        self.encoding: str | None = None
        self.digest: str | None = None
        self.snapshot = worker.generation.tag
        self.query = query
        self.client = client
        self.started = time.monotonic()
        self.seconds: float | None = None
        self.written: int | None = None
        self.finished = False
        self.waited = 0.0
        self.stopped = ""
        self.identifier = f"{worker.pid}-{next(worker.numbers)}"
        self.worker = worker
        self.held = False
        self.job: dict[str, Any] = {}
        self._limit = limits
        self.error: ProtocolError | None = None
        self._take = take
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._waiter: asyncio.Future[None] | None = None
        self._blocked = 0.0
        self._blocked_since: float | None = None
        self._timer = asyncio.get_running_loop().call_later(limits, self._expire)

    @property
    def whole(self) -> bytes | None:
        """The whole body where it has arrived, else None."""
        if not self.finished or self.error is not None:
            return None
        return b"".join(self._chunks)

    async def head(self) -> None:
        """Wait until the first bytes are there; raises ProtocolError where there is an error instead."""
        while not self.finished and (self.held or not self.kind):
            await self._wait()
        if self.error is not None:
            raise self.error

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body; raises ProtocolError where the query ends before its answer."""
        while True:
            while self._chunks:
                chunk = self._chunks.popleft()
                self._size -= len(chunk)
                yield chunk
            if self._blocked_since is not None and self._size < _AHEAD:
                self._blocked += time.monotonic() - self._blocked_since
                self._blocked_since = None
                self.worker.resume()
            if self.finished:
                if self.error is not None:
                    raise self.error
                return
            await self._wait()

    def abandon(self) -> None:
        """Stop the query, since nobody wants its answer any more."""
        self.stop("client", ProtocolError(499, "The client went away."))

    def stop(self, reason: str, error: ProtocolError) -> None:
        """Kill the query and end with an error; ``reason`` is one word for the statistics."""
        if not self.finished:
            self.stopped = reason
            self.fail(error)
            self.worker.kill()

    @property
    def memory(self) -> int:
        """The bytes that the query's process holds beyond those it was born with; 0 where the kernel does not say."""
        return max(0, memory_of(self.worker.pid) - self.worker.inherited)

    @property
    def is_stuck(self) -> bool:
        """Whether so much has come while the answer is held that its process has to wait."""
        return self.held and self._blocked_since is not None

    def let_go(self) -> None:
        """Hold the answer no longer."""
        if self.held:
            self.held = False
            if self.kind:
                self._wake()

    def rewind(self) -> None:
        """Forget what has come of an answer that is held, since its query is to begin anew."""
        self._timer.cancel()
        self._chunks.clear()
        self._size, self._blocked, self._blocked_since = 0, 0.0, None
        self.kind, self.encoding, self.digest = "", None, None

    def begin_anew(self, worker: Worker) -> None:
        """Take note that another worker runs the query from now on."""
        self.worker = worker
        self.snapshot = worker.generation.tag
        self.waited += time.monotonic() - self.started
        self.started = time.monotonic()
        self._timer = asyncio.get_running_loop().call_later(self._limit, self._expire)

    def frame(self, letter: bytes, payload: bytes) -> None:
        """Take one frame from the worker."""
        if letter == b"W":
            self.seconds, self.written, is_graph, is_coded = WHOLE.unpack_from(payload)
            self.kind = "graph" if is_graph else "results"
            self.encoding = self.job["coding"] if is_coded else None
            self._chunks.append(payload[WHOLE.size :])
            self._finish()
            return
        if letter == b"D":
            self._chunks.append(payload)
            self._size += len(payload)
            if self._size >= (_HELD if self.held else _AHEAD) and self._blocked_since is None:
                self._blocked_since = time.monotonic()
                self.worker.pause()
        elif letter == b"H":
            head = json.loads(payload)
            self.kind, self.encoding, self.digest = head["kind"], head.get("encoding"), head.get("digest")
        elif letter == b"E":
            end = json.loads(payload)
            self.seconds, self.written = end["seconds"], end["bytes"]
            self._finish()
            return
        elif letter == b"X":
            self.fail(self._refusal(json.loads(payload)))
            return
        self._wake()

    def fail(self, error: ProtocolError) -> None:
        """End with an error."""
        if not self.finished:
            self.error = error
            self._finish()

    def _finish(self) -> None:
        self.finished = True
        self._timer.cancel()
        if self._blocked_since is not None:  # what is left of the answer is here; the next one must not wait for it
            self._blocked_since = None
            self.worker.resume()
        self._wake()

    def _wake(self) -> None:
        if self._take is not None and (self.finished or not self.held):
            take, self._take = self._take, None
            take(self)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter

    def _expire(self) -> None:
        now = time.monotonic()
        blocked = self._blocked + (now - self._blocked_since if self._blocked_since is not None else 0.0)
        left = self._limit - (now - self.started - blocked)
        if left > 0.001:
            self._timer = asyncio.get_running_loop().call_later(left, self._expire)
            return
        sentence = (
            f"The query was stopped after {self._limit:g} seconds, the longest this endpoint lets a query run; "
            "ask for less, for instance with LIMIT or a narrower pattern."
        )
        self.stop("time", ProtocolError(504, sentence))

    def _refusal(self, told: dict[str, str]) -> ProtocolError:
        error, message = told["error"], told["message"]
        if error == "missing":
            return ProtocolError(404, f"There is no graph {message} in this store.")
        if error == "syntax":
            text = "" if isinstance(self.query, GraphRead) else self.query.text
            return rejected_syntax(text, message)
        if error == "form":
            return ProtocolError(406, f"The client takes no format that this query's {message} can be written in.")
        if error == "rows":
            sentence = f"The answer has more than {message} rows, the most that this endpoint sends"
            return ProtocolError(503, f"{sentence}; ask for less, for instance with LIMIT.")
        if error == "large":
            return ProtocolError(
                503, "The answer is longer than this endpoint sends; ask for less, for instance with LIMIT."
            )
        _LOG.error("the engine failed: %s", message)
        return ProtocolError(500, f"The engine could not answer: {message.rstrip('.')}.")
