"""The workers of one snapshot as the process that talks HTTP sees them: their sockets, their answers, their ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import resource
import socket
import time
from collections import deque
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from endpoint.frames import CHUNK, HEADER, WHOLE, frame
from endpoint.protocol import GraphRead, ProtocolError, rejected_syntax
from ontology.layout import Layout, StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from endpoint.protocol import Query

_LOG = logging.getLogger("pactgraph.endpoint")
_STILLBORN = 10  # workers that may end before they are ready until no more are started
_AHEAD = 256 * 1024  # bytes of an answer that are read ahead of a slow client


class Owner(Protocol):
    """What a generation tells the engine that it belongs to."""

    def dispatch(self) -> None:
        """Hand free workers to those who wait."""

    def release(self, answer: Answer) -> None:
        """Take note that a client's query runs no longer."""

    def cause(self, status: int) -> ProtocolError:
        """Return what to tell a client whose worker ended by itself, from its exit status."""
        ...

    def keeper_lost(self, generation: Generation) -> None:
        """Take note that the process that holds the snapshot has ended."""

    def forget(self, generation: Generation) -> None:
        """Drop a generation that has ended."""


class WorkerLost(ProtocolError):  # noqa: N818 (it reads as a sentence)
    """A worker was killed from outside in the midst of a query."""

    def __init__(self) -> None:
        super().__init__(503, "The process that ran the query was killed; try again.", {"Retry-After": "1"})


class Answer:
    """One running or finished query: what its worker has sent and how it ends.

    ``identifier`` names it among those that run. ``kind`` is ``results`` or ``graph``, ``encoding`` the content coding
    or None, ``digest`` stands for a graph that was read whole. Iterate over ``chunks`` once; it raises ProtocolError
    where the query fails on the way.
    """

    def __init__(self, worker: Worker, query: Query | GraphRead, client: str, limits: float) -> None:
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
        self._worker = worker
        self._limit = limits
        self._error: ProtocolError | None = None
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._waiter: asyncio.Future[None] | None = None
        self._blocked = 0.0
        self._blocked_since: float | None = None
        self._timer = asyncio.get_running_loop().call_later(limits, self._expire)

    @property
    def whole(self) -> bytes | None:
        """The whole body where it has arrived, else None."""
        if not self.finished or self._error is not None:
            return None
        return b"".join(self._chunks)

    async def head(self) -> None:
        """Wait until the first bytes are there; raises ProtocolError where there is an error instead."""
        while not self.kind and not self.finished:
            await self._wait()
        if self._error is not None:
            raise self._error

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
                self._worker.resume()
            if self.finished:
                if self._error is not None:
                    raise self._error
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
            self._worker.kill()

    @property
    def memory(self) -> int:
        """The bytes of private memory that the query's process holds; 0 where the kernel does not say."""
        try:
            resident, shared = Path(f"/proc/{self._worker.pid}/statm").read_text(encoding="ascii").split()[1:3]
        except OSError:
            return 0
        return (int(resident) - int(shared)) * resource.getpagesize()

    def frame(self, letter: bytes, payload: bytes) -> None:
        """Take one frame from the worker."""
        if letter == b"W":
            self.seconds, is_graph = WHOLE.unpack_from(payload)
            self.kind = "graph" if is_graph else "results"
            self._chunks.append(payload[WHOLE.size :])
            self.written = len(payload) - WHOLE.size
            self._finish()
            return
        if letter == b"D":
            self._chunks.append(payload)
            self._size += len(payload)
            if self._size >= _AHEAD and self._blocked_since is None:
                self._blocked_since = time.monotonic()
                self._worker.pause()
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
            self._error = error
            self._finish()

    def _finish(self) -> None:
        self.finished = True
        self._timer.cancel()
        self._wake()

    def _wake(self) -> None:
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
        if error == "large":
            return ProtocolError(
                503, "The answer is longer than this endpoint sends; ask for less, for instance with LIMIT."
            )
        _LOG.error("the engine failed: %s", message)
        return ProtocolError(500, f"The engine could not answer: {message.rstrip('.')}.")


class Worker(asyncio.Protocol):
    """This side of a worker process: takes its frames apart and hands them to the answer it works on."""

    def __init__(self, generation: Generation, pid: int) -> None:
        self.generation = generation
        self.pid = pid
        self.answer: Answer | None = None
        self.doomed = False
        self.born = False
        self.numbers = count(1)
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = cast("asyncio.Transport", transport)  # a socket's transport writes; not all say so by class

    def data_received(self, data: bytes) -> None:
        """Take bytes from the process and hand on the frames that are whole."""
        buffer = self._buffer
        buffer += data
        start, size = 0, HEADER.size
        while len(buffer) - start >= size:
            letter, length = HEADER.unpack_from(buffer, start)
            if len(buffer) - start - size < length:
                break
            payload = bytes(memoryview(buffer)[start + size : start + size + length])
            start += size + length
            if letter == b"R":
                self.born = True
                self.generation.idle(self)
            elif self.answer is not None:
                self.answer.frame(letter, payload)
                if letter in b"EWX":
                    self.part()
                    self.generation.idle(self)
        del buffer[:start]

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note that the process has closed its end."""
        del exc
        self.generation.lost(self)

    def send(self, answer: Answer, job: dict[str, Any]) -> None:
        """Have the process run a query; its frames go to the answer."""
        self.answer = answer
        if self._transport is not None:
            self._transport.write(frame(b"Q", json.dumps(job).encode()))

    def pause(self) -> None:
        """Read no more until ``resume``; the process then waits with the rest."""
        if self._transport is not None and not self.doomed:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._transport is not None and not self.doomed and not self._transport.is_closing():
            self._transport.resume_reading()

    def kill(self) -> None:
        """Kill the process at once; its place is taken by a new one."""
        if not self.doomed:
            self.doomed = True
            self.generation.order(do="kill", pid=self.pid)
            self.part()
            self.close()

    def part(self) -> None:
        """Be done with the answer."""
        if self.answer is not None:
            self.generation.owner.release(self.answer)
            self.answer = None

    def close(self) -> None:
        """Close the connection; the process then ends."""
        if self._transport is not None:
            self._transport.abort()


class Control:
    """A control socket to the nursery or a keeper: JSON lines, some with a socket beside them."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._socket.setblocking(False)  # noqa: FBT003 (the socket module's own signature)
        self._pending = b""
        self._descriptors: deque[int] = deque()
        self.handle: Any = None  # called with (message, socket or None), and with (None, None) at the end

    def listen(self) -> None:
        """Start to hand messages to ``handle``."""
        asyncio.get_running_loop().add_reader(self._socket, self._readable)

    def send(self, message: dict[str, Any]) -> None:
        """Send a message."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the end is told by the reading side
            self._socket.sendall(json.dumps(message).encode() + b"\n")

    def close(self) -> None:
        """Close the connection; the process at the other end then ends."""
        if self._socket.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()

    def _readable(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._socket, CHUNK, 16)
        except BlockingIOError:
            return
        except ConnectionResetError:
            data, descriptors = b"", []
        self._descriptors.extend(descriptors)
        if not data:
            self.close()
            self.handle(None, None)
            return
        *lines, self._pending = (self._pending + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            end = socket.socket(fileno=self._descriptors.popleft()) if message["event"] == "forked" else None
            self.handle(message, end)


class Generation:
    """The workers of one snapshot, in memory or on disk."""

    def __init__(self, owner: Owner, number: int | None, *, workers: int, in_memory: bool) -> None:
        self.number = number
        self.in_memory = in_memory
        self.tag = ""
        self.quads: int | None = None
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.retired = False
        self.workers: dict[int, Worker] = {}
        self.free: deque[Worker] = deque()
        self.owner = owner
        self._wanted = workers
        self._lease = contextlib.ExitStack()
        self._control: Control | None = None
        self._coming = 0
        self._stillborn = 0
        self._bereaved: dict[int, Answer] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self.path: Path | None = None
        self.since = time.time()

    def take(self, layout: Layout) -> None:
        """Take the lease of the current snapshot."""
        if self.number is not None:
            self.path = self._lease.enter_context(layout.lease())
            self.number = int(self.path.name)
            status = self.path.stat()
            self.tag = f"{self.number}-{status.st_mtime_ns:x}"
            self.since = status.st_mtime

    def start(self, control: Control) -> None:
        """Be connected to the keeper."""
        self._control = control
        control.handle = self._heard
        control.listen()

    def order(self, **message: Any) -> None:
        """Send the keeper a message."""
        if self._control is not None:
            self._control.send(message)

    def idle(self, worker: Worker) -> None:
        """Take note that a worker waits for its next query."""
        if self.retired:
            worker.close()
        elif not worker.doomed:
            self.free.append(worker)
            if not self.ready.done():
                self.ready.set_result(None)
            self.owner.dispatch()

    def lost(self, worker: Worker) -> None:
        """Take note that a worker's process has ended."""
        self.workers.pop(worker.pid, None)
        with contextlib.suppress(ValueError):
            self.free.remove(worker)
        if not worker.doomed:
            worker.doomed = True
            self._stillborn += not worker.born
            if worker.answer is not None:
                if self._control is None:
                    worker.answer.fail(WorkerLost())
                else:  # the keeper will tell why the process ended
                    self._bereaved[worker.pid] = worker.answer
                worker.part()
            self.order(do="reap", pid=worker.pid)
        if self.retired:
            self._end_if_empty()
        elif self._stillborn < _STILLBORN:
            self.fill()
        elif not self.ready.done():
            self.ready.set_exception(StoreError(self.path or Path(), "no process could open the snapshot"))

    def fill(self) -> None:
        """Ask for as many workers as are missing."""
        while not self.retired and len(self.workers) + self._coming < self._wanted:
            self._coming += 1
            self.order(do="fork")

    def retire(self) -> None:
        """Take no more queries; end with the last one that runs."""
        self.retired = True
        for worker in list(self.free):
            worker.close()
        self.free.clear()
        self._end_if_empty()

    def end(self) -> None:
        """Stop at once, with every query that still runs."""
        self.retired = True
        for worker in list(self.workers.values()):
            if worker.answer is not None:
                worker.answer.fail(ProtocolError(503, "The endpoint is shutting down.", {"Retry-After": "5"}))
            worker.kill()
        if self._control is not None:
            self._control.close()
            self._control = None
        if not self.ready.done():
            self.ready.cancel()
        self._lease.close()
        self.owner.forget(self)

    def _end_if_empty(self) -> None:
        if not self.workers and not self._coming:
            self.end()

    def _heard(self, message: dict[str, Any] | None, end: socket.socket | None) -> None:
        if message is None:
            self._control = None
            for answer in [*self._bereaved.values(), *(worker.answer for worker in self.workers.values())]:
                if answer is not None:
                    answer.fail(WorkerLost())
            self._bereaved.clear()
            if not self.ready.done():
                self.ready.set_exception(StoreError(Path(), "the process that holds the snapshot ended"))
            self.owner.keeper_lost(self)
        elif message["event"] == "failed":
            self.ready.set_exception(StoreError(self.path or Path(), message["message"]))
        elif message["event"] == "ready":
            self.quads = message["quads"]
            self.fill()
        elif message["event"] == "forked" and end is not None:
            task = asyncio.get_running_loop().create_task(self._connect(message["pid"], end))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif message["event"] == "ended":
            bereaved = self._bereaved.pop(message["pid"], None)
            if bereaved is not None:
                bereaved.fail(self.owner.cause(message["status"]))

    async def _connect(self, pid: int, end: socket.socket) -> None:
        worker = Worker(self, pid)
        self._coming -= 1
        self.workers[pid] = worker
        end.setblocking(False)  # noqa: FBT003 (the socket module's own signature)
        await asyncio.get_running_loop().create_unix_connection(lambda: worker, sock=end)
        if self.retired:
            worker.close()
