"""Who may have a worker, and who waits: the queries that run and wait, by client, and the queue.

Free workers go to the client that used least lately (see accounts.py). No client has all of them, and a part is kept
for those who ask little; which queries are long, and what becomes of them, is for the lanes to say (see lanes.py).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from typing import TYPE_CHECKING

from endpoint.execution.lanes import Lanes
from endpoint.execution.lending import Lending
from endpoint.execution.turn import Turn
from endpoint.protocol.requests import ProtocolError

if TYPE_CHECKING:
    from endpoint.execution.accounts import Accounts
    from endpoint.execution.snapshots import Snapshots
    from endpoint.settings import Limits
    from endpoint.workers.answer import Answer
    from endpoint.workers.generation import Generation
    from endpoint.workers.worker import Worker

_PUT_BACK = 0.25  # worker seconds that it costs a client to have a query put back


class Admission:
    """Hands out the workers of the current snapshot. Belongs to one event loop.

    ``running`` and ``waiting`` count the queries of each client.
    """

    def __init__(self, limits: Limits, accounts: Accounts, snapshots: Snapshots) -> None:
        self.running: Counter[str] = Counter()
        self.waiting: Counter[str] = Counter()
        self.lanes = Lanes(limits, self)
        self.lending = Lending(limits, self, accounts.used)
        self._limits = limits
        self._accounts = accounts
        self._snapshots = snapshots
        self._queue: deque[tuple[str, asyncio.Future[Worker] | Turn]] = deque()

    def close(self) -> None:
        """Admit no more, and send away those who wait."""
        closing = ProtocolError(503, "The endpoint is shutting down.", {"Retry-After": "5"})
        for _, waiter in list(self._queue):
            if not waiter.done():
                waiter.set_exception(closing)
        self._queue.clear()
        self.lending.close()
        self.lanes.close(closing)

    def admit(self, turn: Turn) -> None:
        """Give a turn a worker, or lend one its connection, or have it wait; raises ProtocolError: 429 or 503."""
        if not self.lending.may_open(turn.client) and turn.joins():
            return
        worker = self._free_worker(turn.client)
        if worker is not None:
            turn.set_result(worker)
        elif not turn.joins():
            turn.waits = True
            self._queue_up(turn.client, turn)

    async def worker(self, client: str) -> Worker:
        """Wait for a worker for the client; raises ProtocolError as ``admit`` does."""
        worker = self._free_worker(client)
        if worker is not None:
            return worker
        waiter: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        self._queue_up(client, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            with contextlib.suppress(ValueError):
                self._queue.remove((client, waiter))
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                worker = waiter.result()  # given in the very moment of the hang-up: nothing was sent to it yet
                self.free(client)
                worker.generation.idle(worker)
            raise
        finally:
            self.leave(client)

    def _free_worker(self, client: str) -> Worker | None:
        """Return a worker for the client where it need not wait."""
        generation = self._snapshots.current
        if generation is not None and generation.free and not self._queue and self._may(client):
            return self._assign(generation, client)
        return None

    def _queue_up(self, client: str, waiter: asyncio.Future[Worker] | Turn) -> None:
        """Have a query of the client wait; raises ProtocolError 429 or 503 where too much waits already."""
        limits = self._limits
        if self.waiting[client] >= limits.waiting:
            raise ProtocolError(429, "Too many of your queries wait already; try again.", {"Retry-After": "2"})
        if len(self._queue) >= limits.queue:
            raise ProtocolError(503, "Too many queries wait already; try again in a moment.", {"Retry-After": "2"})
        self._queue.append((client, waiter))
        self.waiting[client] += 1
        self.dispatch()
        if self.lending.is_open and not waiter.done():
            self.lending.make_room(client)

    def leave(self, client: str, turn: Turn | None = None) -> None:
        """Take note that one of the client's queries waits no longer, and strike it off the queue."""
        if turn is not None:
            with contextlib.suppress(ValueError):
                self._queue.remove((client, turn))
        self.waiting[client] -= 1
        if not self.waiting[client]:
            del self.waiting[client]

    def dispatch(self) -> None:
        """Hand free workers to those who wait: to who used least lately, among equals to who waits longest."""
        generation = self._snapshots.current
        if generation is None or generation.retired:
            return
        while (
            generation.free
            and self.running.total() < self._limits.workers
            and (self.lanes.quick == 1 or self._leaves_room(""))
            and (answer := self.lanes.next_waiting(self._accounts.used)) is not None
        ):
            self.leave(answer.client)
            if not answer.finished:  # else its client has gone
                self._relaunch(answer, self._assign(generation, answer.client))
        while self._queue and generation.free:
            used: dict[str, float] = {}
            for client in {client: None for client, waiter in self._queue if not waiter.done()}:
                if self._may(client):
                    used[client] = self._accounts.used(client)
            if not used:
                return
            client = min(used, key=used.__getitem__)
            place = next(n for n, (who, waiter) in enumerate(self._queue) if who == client and not waiter.done())
            waiter = self._queue[place][1]
            del self._queue[place]
            waiter.set_result(self._assign(generation, client))
            if self.lending.is_open:
                self._lend_waiting()

    def _lend_waiting(self) -> None:
        """Lend the connections of those who wait to workers that are lent others of the same client already."""
        for client, waiter in list(self._queue):
            if isinstance(waiter, Turn) and not waiter.done() and waiter.joins():
                self._queue.remove((client, waiter))

    def end_loan(self, client: str, worker: Worker) -> None:
        """Take note that a worker is lent no connection of the client's any more."""
        self.free(client)
        if worker.pid in worker.generation.workers:
            worker.generation.idle(worker)
        else:
            self.dispatch()

    def charge_loan(self, client: str, idle: float) -> None:
        """Take note that a worker which counted as the client's had nothing to do for so many seconds."""
        self._accounts.prove(client, short=True, idle=idle)

    def who_waits(self) -> str | None:
        """Return a client that waits for a worker, or that has a query which could begin anew; None for none."""
        if self.lanes.waiting and not self.lanes.are_crowded:
            return self.lanes.waiting[0].client
        return next((client for client, waiter in self._queue if not waiter.done()), None)

    def is_pressed(self, client: str) -> bool:
        """Whether others than the client wait whose queries were short lately."""
        accounts = self._accounts
        return any(
            other != client and accounts.is_proven(other) and not waiter.done() and accounts.is_light(other)
            for other, waiter in self._queue
        )

    def is_alone(self, client: str) -> bool:
        """Whether nobody but the client has queries that run or wait."""
        return self.running.keys() | self.waiting.keys() <= {client}

    def put_back(self, answer: Answer) -> None:
        """Kill a query and have it wait until it may begin anew, unless too much waits already."""
        client, limits, worker = answer.client, self._limits, answer.worker
        self.free(client)
        self._accounts.charge(client, _PUT_BACK)
        self._accounts.prove(client, short=False)
        answer.rewind()
        if self.waiting[client] >= limits.waiting or self.waiting.total() >= limits.queue:
            answer.fail(ProtocolError(503, "Too many long queries wait already; try again.", {"Retry-After": "5"}))
        else:
            self.waiting[client] += 1
            self.lanes.waiting.append(answer)
        worker.answer = None
        worker.kill()

    def _relaunch(self, answer: Answer, worker: Worker) -> None:
        answer.begin_anew(worker)
        self.lanes.enter_slow(answer)
        worker.send(answer, answer.job)

    def free(self, client: str) -> None:
        """Take note that one of the client's queries runs no longer."""
        self.running[client] -= 1
        self._accounts.end(client)
        if self.running[client] <= 0:
            del self.running[client]

    def _assign(self, generation: Generation, client: str) -> Worker:
        self.running[client] += 1
        self._accounts.begin(client)
        return generation.free.pop()  # the last one used: its pages are its own already, its caches warm

    def _may(self, client: str) -> bool:
        """Whether the client may have one more worker: not beyond its share, nor one that is kept for others.

        Clients that are heavy, by what they used lately, and those whose last query was not short leave a quarter of
        the workers to the rest; where there is one such client only, it leaves one. Heavy ones wait while long queries
        do. Where the quick lane has one worker only, all light clients may have it. The last process of all is kept for
        light clients whose last query was short.
        """
        if self.running[client] >= self._limits.share:
            return False
        is_light, workers = self._accounts.is_light(client), self._limits.workers
        if is_light and self._accounts.is_proven(client):
            return True
        if self.running.total() >= workers:
            return False
        if workers == 1 or (is_light and self.lanes.quick == 1):
            return True
        return (is_light or not self.lanes.waiting) and self._leaves_room(client)

    def _leaves_room(self, client: str) -> bool:
        """Whether one more query of the client leaves room for those of light clients whose last one was short."""
        is_light, is_proven, workers = self._accounts.is_light, self._accounts.is_proven, self._limits.workers
        others = {each: count for each, count in self.running.items() if not (is_proven(each) and is_light(each))}
        kept = 1 if others.keys() <= {client} else max(1, workers // 4)
        return sum(others.values()) < workers - kept
