"""A worker process as the process that talks HTTP sees it: its socket, the answer it works on, its end."""

from __future__ import annotations

import asyncio
import marshal
import socket
from itertools import count
from typing import TYPE_CHECKING, Any, cast

from endpoint.workers.frames import HEADER, frame
from endpoint.workers.ledger import Ledger
from endpoint.workers.process import memory_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from endpoint.workers.answer import Answer
    from endpoint.workers.generation import Generation


class Worker(asyncio.Protocol):
    """This side of a worker process: takes its frames apart and hands them to the answer it works on."""

    def __init__(self, generation: Generation, pid: int, gifts: Sequence[int] = ()) -> None:
        self.generation = generation
        self.pid = pid
        self.answer: Answer | None = None
        self.doomed = False
        self.born = False
        self.thread = pid  # the one that runs queries now
        self.inherited = 0
        self.numbers = count(1)
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._side = socket.socket(fileno=gifts[0]) if gifts else None
        if self._side is not None:
            self._side.setblocking(False)  # noqa: FBT003 (the socket module's own signature)
        self.ledger = Ledger(*gifts[1:]) if gifts else None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = cast("asyncio.Transport", transport)  # a socket's transport writes; not all say so by class

    def data_received(self, data: bytes) -> None:
        """Take bytes from the process and hand on the frames that are whole."""
        buffer = self._buffer
        start, size = 0, HEADER.size
        if not buffer and len(data) >= size:  # most often one whole frame has come
            letter, length = HEADER.unpack_from(data)
            if len(data) == size + length:
                self._take(letter, data[size:])
                return
        buffer += data
        while len(buffer) - start >= size:
            letter, length = HEADER.unpack_from(buffer, start)
            if len(buffer) - start - size < length:
                break
            payload = bytes(memoryview(buffer)[start + size : start + size + length])
            start += size + length
            self._take(letter, payload)
        del buffer[:start]

    def _take(self, letter: bytes, payload: bytes) -> None:
        if letter == b"R":
            self.thread = int.from_bytes(payload, "big")
            if not self.born:
                self.born = True
                self.inherited = memory_of(self.pid)
                self.generation.idle(self)
        elif letter == b"Y":
            self.generation.owner.lending.returned(self, payload)
        elif letter == b"A":
            self.generation.owner.lending.claimed(self)
        elif self.answer is not None:
            self.answer.frame(letter, payload)
            if letter in b"EWX":
                self.part()
                self.generation.idle(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note that the process has closed its end."""
        del exc
        self.generation.lost(self)
        if self._side is not None and self.ledger is not None:
            self._side.close()
            self.ledger.close()
            self.ledger = None

    def send(self, answer: Answer, job: dict[str, Any]) -> None:
        """Have the process run a query; its frames go to the answer."""
        self.answer = answer
        if self._transport is not None:
            self._transport.write(frame(b"Q", marshal.dumps(job)))

    def lend(self, descriptor: int, terms: bytes) -> bool:
        """Lend the process a connection; ``terms`` is what it takes (see lent.py). Return False where that fails."""
        if self._transport is None or self._side is None or self.doomed:
            return False
        try:
            socket.send_fds(self._side, [b"T"], [descriptor])
        except OSError:  # it has ended, or takes no more
            return False
        self._transport.write(frame(b"T", terms))
        return True

    def acknowledge(self) -> None:
        """Tell the process that a query of a connection which was lent has been taken over."""
        if self._transport is not None and not self.doomed:
            self._transport.write(frame(b"K", b""))

    def recall(self) -> None:
        """Have the process give back what it was lent."""
        if self._transport is not None and self.ledger is not None:
            self.ledger.recall(wanted=True)
            self._transport.write(frame(b"Z", b""))

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
