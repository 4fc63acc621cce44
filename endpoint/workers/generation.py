"""The workers of one snapshot: who is free, who is lost, and the control socket to the process that forks them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from endpoint.protocol.requests import ProtocolError
from endpoint.workers.answer import WorkerLost
from endpoint.workers.frames import CHUNK
from endpoint.workers.worker import Worker
from ontology.layout import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from endpoint.workers.answer import Answer
    from ontology.layout import Layout

_STILLBORN = 10  # workers that may end before they are ready until no more are started


class Owner(Protocol):
    """What a generation tells the engine that it belongs to."""

    def dispatch(self) -> None:
        """Hand free workers to those who wait."""

    def release(self, answer: Answer) -> None:
        """Take note that a client's query runs no longer."""

    def cause(self, status: int) -> ProtocolError:
        """Return what to tell a client whose worker ended by itself, from its exit status."""
        ...

    @property
    def lending(self) -> Lender:
        """Who lends connections to workers."""
        ...


class Lender(Protocol):
    """What a worker tells whoever lends connections to it."""

    def returned(self, worker: Worker, payload: bytes) -> None:
        """Take note that a worker gives a connection back."""

    def claimed(self, worker: Worker) -> None:
        """Take note that the query of a connection which is lent goes on as one of the process that talks HTTP."""

    def bereave(self, worker: Worker) -> None:
        """Take note that a worker has ended, to which connections may be lent."""


class Holder(Protocol):
    """What a generation tells whoever opened its snapshot."""

    def keeper_lost(self, generation: Generation) -> None:
        """Take note that the process that holds the snapshot has ended."""

    def forget(self, generation: Generation) -> None:
        """Drop a generation that has ended."""


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
            data, descriptors, _, _ = socket.recv_fds(self._socket, CHUNK, 64)
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
            end = None
            if message["event"] == "forked":
                end = socket.socket(fileno=self._descriptors.popleft())
                message["gifts"] = [self._descriptors.popleft() for _ in range(message["gifts"])]
            self.handle(message, end)


class Generation:
    """The workers of one snapshot, in memory or on disk."""

    def __init__(self, owner: Owner, holder: Holder, number: int | None, *, workers: int, in_memory: bool) -> None:
        self.number = number
        self.in_memory = in_memory
        self.tag = ""
        self.quads: int | None = None
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.retired = False
        self.workers: dict[int, Worker] = {}
        self.free: deque[Worker] = deque()
        self.owner = owner
        self._holder = holder
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
        self.owner.lending.bereave(worker)
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
        self._holder.forget(self)

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
            self._holder.keeper_lost(self)
        elif message["event"] == "failed":
            self.ready.set_exception(StoreError(self.path or Path(), message["message"]))
        elif message["event"] == "ready":
            self.quads = message["quads"]
            self.fill()
        elif message["event"] == "forked" and end is not None:
            task = asyncio.get_running_loop().create_task(self._connect(message["pid"], end, message["gifts"]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif message["event"] == "ended":
            bereaved = self._bereaved.pop(message["pid"], None)
            if bereaved is not None:
                bereaved.fail(self.owner.cause(message["status"]))

    async def _connect(self, pid: int, end: socket.socket, gifts: Sequence[int]) -> None:
        worker = Worker(self, pid, gifts)
        self._coming -= 1
        self.workers[pid] = worker
        end.setblocking(False)  # noqa: FBT003 (the socket module's own signature)
        await asyncio.get_running_loop().create_unix_connection(lambda: worker, sock=end)
        if self.retired:
            worker.close()
