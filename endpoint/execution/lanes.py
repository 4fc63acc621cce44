"""Short queries and long ones: each begins in the quick lane, and moves to the slow one when it turns out to be long.

Nothing in a query's text tells how long it runs. So each one runs as a short one until it has used a slice of processor
time. Then it moves to the slow lane, as long as there is room: once anybody asks anything else, its process stands back
behind the others. Where there is no room, it may go on for a while, since most are soon through, but not while others
wait who ask short ones; then it is put back: its process is killed, and it begins anew when there is room. So workers
that are quickly free again are always there for short queries, whatever else is asked. Where one client alone asks
anything, its query goes on. A query is only put back while nothing of its answer has been sent; while the slow lane is
full, what quick queries answer is held until they are through or have moved.

The same watch keeps the memory of all queries together within its budget: past it, the query that holds most ends.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol

from endpoint.protocol.requests import ProtocolError
from endpoint.workers.process import processor_time, stand_back

if TYPE_CHECKING:
    from collections.abc import Callable

    from endpoint.settings import Limits
    from endpoint.workers.answer import Answer

_SLICE = 0.025  # seconds of processor time that a short query needs at most
_SPENT = 0.25  # seconds of it after which a query is put back anyway; a shorter one is sooner ended than begun anew
_LOOK = 0.01  # seconds between two looks
_WEIGH = 10  # looks between two at the memory


class Owner(Protocol):
    """What the lanes tell the engine that they belong to."""

    def dispatch(self) -> None:
        """Hand free workers to those who wait."""

    def is_pressed(self, client: str) -> bool:
        """Whether others than the client wait who would soon be through."""
        ...

    def is_alone(self, client: str) -> bool:
        """Whether nobody but the client has queries that run or wait."""
        ...

    def put_back(self, answer: Answer) -> None:
        """Take note that a query runs no longer, and waits for room in the slow lane."""


class Lanes:
    """Who runs in which lane. Belongs to one event loop."""

    def __init__(self, limits: Limits, owner: Owner) -> None:
        self.waiting: deque[Answer] = deque()
        self._limits = limits
        self._room = max(1, (limits.workers + 1) // 2)
        self._owner = owner
        self._quick: dict[Answer, float | None] = {}
        self._slow: set[Answer] = set()
        self._unmoved: set[Answer] = set()  # long ones that do not stand back yet
        self._staying: set[Answer] = set()  # those of the quick lane that are long, and in nobody's way
        self._has_rest = True  # whether no query has begun since the last look
        self._looks = 0
        self._next: asyncio.TimerHandle | None = None

    @property
    def quick(self) -> int:
        """How many workers the slow lane leaves to the quick one."""
        return max(1, self._limits.workers - self._room)

    @property
    def are_crowded(self) -> bool:
        """Whether there is no room in the slow lane."""
        return len(self._slow) >= self._room

    def running(self) -> list[Answer]:
        """Return the queries that run."""
        return [*self._quick, *self._slow]

    def enter(self, answer: Answer) -> None:
        """Take note that a query begins."""
        self._quick[answer] = None
        self._has_rest = False
        if len(self._slow) >= self._room:
            answer.held = True
        if self._next is None:
            self._next = asyncio.get_running_loop().call_later(_LOOK, self._look)

    def enter_slow(self, answer: Answer) -> None:
        """Take note that a query that was put back begins anew."""
        self._slow.add(answer)
        self._unmoved.add(answer)
        self._has_rest = False

    def leave(self, answer: Answer) -> bool:
        """Take note that a query runs no longer; return whether it was a short one to the end."""
        if answer in self._quick:
            del self._quick[answer]
            is_short = answer not in self._staying
            self._staying.discard(answer)
            self._unmoved.discard(answer)
            return is_short
        self._slow.discard(answer)
        self._unmoved.discard(answer)
        return False

    def next_waiting(self, used: Callable[[str], float]) -> Answer | None:
        """Return a query that was put back and may begin anew, or one that has ended meanwhile; None for neither.

        It is one of the client that used least, and of that the first.
        """
        chosen = next((answer for answer in self.waiting if answer.finished), None)
        if chosen is None and self.waiting and not self.are_crowded:
            chosen = min(self.waiting, key=lambda answer: used(answer.client))
        if chosen is not None:
            self.waiting.remove(chosen)
        return chosen

    def close(self, error: ProtocolError) -> None:
        """Look no more, and end what waits."""
        if self._next is not None:
            self._next.cancel()
        while self.waiting:
            self.waiting.popleft().fail(error)

    def _look(self) -> None:
        for answer, before in list(self._quick.items()):
            if answer not in self._quick:  # it ended when another was put back
                continue
            used = processor_time(answer.worker.pid)
            if before is None:
                self._quick[answer] = used
            elif answer.is_stuck or self._is_long(answer, used - before):
                if self.are_crowded and self._owner.is_alone(answer.client):
                    if answer not in self._staying:
                        self._staying.add(answer)
                        self._unmoved.add(answer)
                    answer.let_go()
                else:
                    self._move(answer)
        if not self._has_rest:
            for answer in self._unmoved:
                stand_back(answer.worker.thread)
            self._unmoved.clear()
        self._has_rest = True
        if not self.are_crowded:
            for answer in list(self._quick):
                answer.let_go()
        self._looks += 1
        if self._looks % _WEIGH == 0:
            self._weigh()
        self._owner.dispatch()
        is_busy = self._quick or self._slow or self.waiting
        self._next = asyncio.get_running_loop().call_later(_LOOK, self._look) if is_busy else None

    def _is_long(self, answer: Answer, used: float) -> bool:
        if used < _SLICE or used >= _SPENT:
            return used >= _SPENT
        return not self.are_crowded or self._owner.is_pressed(answer.client)

    def _move(self, answer: Answer) -> None:
        del self._quick[answer]
        self._staying.discard(answer)
        if not self.are_crowded or (answer.kind and not answer.held):
            self._slow.add(answer)
            self._unmoved.add(answer)
            answer.let_go()
        else:
            answer.held = False
            self._owner.put_back(answer)

    def _weigh(self) -> None:
        held = {answer: answer.memory for answer in self.running()}
        if sum(held.values()) > self._limits.together:
            largest = max(held, key=held.__getitem__)
            sentence = "The query was stopped: all queries together needed more memory than there is for them."
            largest.stop("memory", ProtocolError(503, sentence, {"Retry-After": "10"}))
