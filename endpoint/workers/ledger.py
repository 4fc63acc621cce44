"""What a worker does with connections that are lent to it, in memory that it shares with the process that lent them.

The worker notes each request before it runs its query, and each answer when it is sent. The other side reads on: it
counts the answers, sees a query that takes long, and knows what a worker was at that has ended. A token says whose a
query is: the worker lays it down when it begins, and whoever takes it up settles how the answer goes out; the worker
itself as a whole response to the client, the other side in frames through the process that talks HTTP.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import socket
import struct
from typing import NamedTuple

IDLE, BUSY, SENDING = 0, 1, 2
FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
LONGEST = 4096  # bytes of a request that can be noted
_RECALLED = 0  # where there stands whether the connections are wanted back
_READ = 8  # how many answers have been counted
_TAKEN = 16  # the number of the last connection that the worker has taken
_WORK = struct.Struct("<QQdQ")  # the state, the connection's number, when the request came, its length
_AT = 64
_DONE = struct.Struct("<Qd")  # how many answers there were, the seconds that they took
_TOTAL = 128
_ANSWER = struct.Struct("<dQ")  # the seconds that an answer took, the number of its query's form
_ANSWERS, _ROOM = 256, 512
_REQUEST = _ANSWERS + _ROOM * _ANSWER.size
_SIZE = _REQUEST + LONGEST
_COUNT = struct.Struct("<Q")
IS_POSSIBLE = hasattr(os, "eventfd") and hasattr(os, "memfd_create")


class Work(NamedTuple):
    """What a worker is at: one of IDLE, BUSY and SENDING; the connection; since when (``monotonic``); the request."""

    state: int
    connection: int
    since: float
    request: bytes


class Ledger:
    """One worker's ledger, at either side; ``memory`` and ``token`` are descriptors, which then belong to it."""

    def __init__(self, memory: int, token: int) -> None:
        self._memory = mmap.mmap(memory, _SIZE)
        self._token = token
        self._count, self._seconds = _DONE.unpack_from(self._memory, _TOTAL)
        self._seen = self._count
        os.close(memory)

    def close(self) -> None:
        """Let go of the memory and of the token."""
        self._memory.close()
        os.close(self._token)

    @property
    def taken(self) -> int:
        """The number of the last connection that the worker has taken."""
        (number,) = _COUNT.unpack_from(self._memory, _TAKEN)
        return int(number)

    @taken.setter
    def taken(self, number: int) -> None:
        _COUNT.pack_into(self._memory, _TAKEN, number)

    def begin(self, connection: int, since: float, request: bytes) -> None:
        """Note a request, and lay the token down."""
        self._memory[_REQUEST : _REQUEST + len(request)] = request
        _WORK.pack_into(self._memory, _AT, BUSY, connection, since, len(request))
        os.eventfd_write(self._token, 1)

    def take(self) -> bool:
        """Take the token up; return whether it lay there."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._token)
            return True
        return False

    def set(self, state: int) -> None:
        """Note what the worker is at now with the same request."""
        _COUNT.pack_into(self._memory, _AT, state)

    def answered(self, form: int, seconds: float) -> None:
        """Note an answer, which is out."""
        _ANSWER.pack_into(self._memory, _ANSWERS + self._count % _ROOM * _ANSWER.size, seconds, form)
        self._count += 1
        self._seconds += seconds
        _DONE.pack_into(self._memory, _TOTAL, self._count, self._seconds)
        self.set(IDLE)

    @property
    def is_full(self) -> bool:
        """Whether no more answers can be noted before those that there are have been counted."""
        (read,) = _COUNT.unpack_from(self._memory, _READ)
        return bool(self._count - read >= _ROOM)

    @property
    def is_recalled(self) -> bool:
        """Whether the connections are wanted back."""
        return bool(self._memory[_RECALLED])

    def recall(self, *, wanted: bool) -> None:
        """Say whether the connections are wanted back."""
        self._memory[_RECALLED] = wanted

    def work(self) -> Work:
        """Return what the worker is at; the request is only sure to be whole where the token has been taken up."""
        state, connection, since, length = _WORK.unpack_from(self._memory, _AT)
        return Work(state, connection, since, self._memory[_REQUEST : _REQUEST + length])

    def counted(self) -> tuple[list[tuple[str, float]], float]:
        """Return the form and the seconds of each answer since the last time, and the seconds of all of them."""
        count, seconds = _DONE.unpack_from(self._memory, _TOTAL)
        answers = []
        for n in range(self._seen, count):
            took, form = _ANSWER.unpack_from(self._memory, _ANSWERS + n % _ROOM * _ANSWER.size)
            answers.append((FORMS[form], took))
        spent = seconds - self._seconds
        self._seen, self._seconds = count, seconds
        _COUNT.pack_into(self._memory, _READ, count)
        return answers, spent


def made() -> tuple[list[int], list[int]]:
    """Return descriptors for a new worker, and those that the process that talks HTTP gets for the same ledger.

    They are each the end of a socket over which connections are lent, the memory, and the token.
    """
    ours, theirs = socket.socketpair()
    memory = os.memfd_create("ledger")
    os.ftruncate(memory, _SIZE)
    token = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
    return [ours.detach(), memory, token], [theirs.detach(), memory, token]
