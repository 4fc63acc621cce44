"""Runs queries on the published snapshot, in worker processes that can be killed.

The engine lives in the event loop of the process that talks HTTP and holds no store itself. For each snapshot there is
a generation of workers (see host.py); a new snapshot starts a new generation, which takes over once a worker of it is
ready, and the old generation ends with its last query. So each answer comes from one snapshot, and no query waits
for a snapshot to load. A snapshot is served from disk at once and from memory as soon as it is loaded there, as long
as it fits the budget.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from endpoint.execution.accounts import Accounts
from endpoint.execution.lanes import Lanes
from endpoint.execution.lending import Lending
from endpoint.execution.turn import Turn
from endpoint.protocol.negotiation import RESULTS, Choice
from endpoint.protocol.requests import GraphRead, ProtocolError, Query
from endpoint.workers.answer import Answer, WorkerLost
from endpoint.workers.clerk import Clerk
from endpoint.workers.generation import Control, Generation
from endpoint.workers.nursery import Nursery
from ontology.layout import Layout, NoStore, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from endpoint.execution.lending import Offer
    from endpoint.settings import Settings
    from endpoint.workers.worker import Worker

_LOG = logging.getLogger("pactgraph.endpoint")
_KILLED = 0.1  # worker seconds that it costs a client to have a query stopped: its worker has to be replaced
_PUT_BACK = 0.25  # worker seconds that it costs a client to have a query put back
_POLL = 0.25  # seconds between two looks at the name of the current snapshot
_SMALL = 8 << 20  # bytes on disk up to which a snapshot is loaded into memory at once: a fraction of a second
_SETTLED = 2.0  # seconds a snapshot has to stand before it is worth loading into memory
_GROWTH = 2.5  # bytes in memory for each byte on disk: 0.5 kB a quad in memory, 0.23 kB on disk
_OWN = 0.6  # part of that which each worker comes to hold for itself, since reading counts references


class Engine:
    """Answers queries from the newest snapshot that is ready. Start it in a running event loop, and close it there."""

    def __init__(self, settings: Settings, accounts: Accounts | None = None) -> None:
        self.settings = settings
        self._accounts = Accounts() if accounts is None else accounts
        self.layout = Layout(settings.store)
        self.current: Generation | None = None
        self.running: Counter[str] = Counter()
        self.waiting: Counter[str] = Counter()
        self.killed: Counter[str] = Counter()
        self.answers: dict[str, Answer] = {}
        self.lanes = Lanes(settings.limits, self)
        self.lending = Lending(settings.limits, self, self._accounts.used)
        self.nursery = Nursery(settings.store)
        self.clerk = Clerk(self.nursery.birth)
        self._queue: deque[tuple[str, asyncio.Future[Worker] | Turn]] = deque()
        self._generations: set[Generation] = set()
        self._watcher: asyncio.Task[None] | None = None
        self._too_large: set[str] = set()
        self._closed = False
        self._switched = asyncio.Event()
        self._opening = asyncio.Lock()

    async def start(self) -> None:
        """Start the processes and wait until the first snapshot can be asked; an empty one where none is published.

        Raises StoreError where the store or its snapshot cannot be read.
        """
        self.layout.check()
        try:
            await self.renew()
        except BaseException:
            await self.close()
            raise
        self._watcher = asyncio.get_running_loop().create_task(self._watch())

    async def close(self) -> None:
        """End every process; queries that still run are stopped."""
        self._closed = True
        if self._watcher is not None:
            self._watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watcher
        for _, waiter in list(self._queue):
            if not waiter.done():
                waiter.set_exception(ProtocolError(503, "The endpoint is shutting down.", {"Retry-After": "5"}))
        self._queue.clear()
        self.clerk.close()
        self.lending.close()
        self.lanes.close(ProtocolError(503, "The endpoint is shutting down.", {"Retry-After": "5"}))
        for generation in list(self._generations):
            generation.end()
        await self.nursery.close()

    async def run(self, query: Query | GraphRead, client: str, *, coding: str = "") -> Answer:
        """Run a query and return its answer as soon as the first bytes are there.

        Raises ProtocolError: 400 for a syntax error, 429 or 503 where too much waits already, 503 and 504 for a query
        past its limits.
        """
        for last in (False, True):
            queued = time.monotonic()
            worker = await self._worker(client)
            answer = self.launch(worker, query, client, coding=coding, queued=queued)
            try:
                await answer.head()
            except asyncio.CancelledError:
                answer.abandon()
                raise
            except WorkerLost:
                if last:
                    raise
                continue
            return answer
        raise AssertionError

    def ask(
        self,
        query: Query,
        client: str,
        *,
        coding: str,
        take: Callable[[Answer | None], None],
        offer: Offer | None = None,
    ) -> Turn:
        """Run a query as soon as there is a worker for it, and call ``take`` once its answer begins (see turn.py).

        Where there is an ``offer``, its connection may be lent to the worker instead (see lending.py).
        Raises ProtocolError: 429 or 503 where too much waits already.
        """
        turn = Turn(self, query, client, coding=coding, take=take, offer=offer)
        if offer is not None and not self.lending.may_open(client) and self.lending.join(client, offer):
            turn.join()
            return turn
        worker = self._free_worker(client)
        if worker is not None:
            turn.set_result(worker)
        elif offer is not None and self.lending.join(client, offer):
            turn.join()
        else:
            turn.waits = True
            self._queue_up(client, turn)
        return turn

    def launch(
        self,
        worker: Worker,
        query: Query | GraphRead,
        client: str,
        *,
        coding: str,
        queued: float,
        take: Callable[[Answer], None] | None = None,
    ) -> Answer:
        """Have a worker that was given to the client run a query; it has waited since ``queued``."""
        answer = self._enter(worker, query, client, coding=coding, take=take)
        answer.waited = answer.started - queued
        worker.send(answer, answer.job)
        return answer

    def take_over(
        self,
        worker: Worker,
        query: Query,
        client: str,
        *,
        coding: str,
        since: float,
        take: Callable[[Answer | None], None],
    ) -> Turn:
        """Take over a query from a connection that was lent to a worker, which has run it ``since``."""
        answer = self._enter(worker, query, client, coding=coding, take=take)
        answer.started = since
        worker.answer = answer
        turn = Turn(self, query, client, coding=coding, take=take)
        turn.answer = answer
        return turn

    def _enter(
        self,
        worker: Worker,
        query: Query | GraphRead,
        client: str,
        *,
        coding: str,
        take: Callable[[Answer], None] | None,
    ) -> Answer:
        answer = Answer(worker, query, client, self.settings.limits.seconds, take)
        self.answers[answer.identifier] = answer
        answer.job = self._job(query, coding=coding)
        self.lanes.enter(answer)
        return answer

    def leave(self, client: str, turn: Turn | None = None) -> None:
        """Take note that one of the client's queries waits no longer, and strike it off the queue."""
        if turn is not None:
            with contextlib.suppress(ValueError):
                self._queue.remove((client, turn))
        self.waiting[client] -= 1
        if not self.waiting[client]:
            del self.waiting[client]

    async def rows(self, text: str, *, client: str = "") -> list[dict[str, dict[str, str]]]:
        """Run a SELECT of our own over the union of all graphs and return its rows in the form of SPARQL JSON.

        Raises ProtocolError as ``run`` does.
        """
        json_format = RESULTS[0]
        query = Query(
            text,
            self.settings.base,
            "SELECT",
            Choice(json_format, json_format.media_types[0]),
            None,
            union=True,
            bounded=False,
        )
        answer = await self.run(query, client)
        body = b"".join([chunk async for chunk in answer.chunks()])
        rows: list[dict[str, dict[str, str]]] = json.loads(body)["results"]["bindings"]
        return rows

    async def fresh(self, number: int) -> None:
        """Wait until snapshot ``number`` or a later one answers."""
        while self.current is None or (self.current.number or 0) < number:
            self._switched.clear()
            await self.renew()
            if self.current is None or (self.current.number or 0) < number:
                await self._switched.wait()

    def dispatch(self) -> None:
        """Hand free workers to those who wait: to who used least lately, among equals to who waits longest."""
        generation = self.current
        if generation is None or generation.retired:
            return
        while (
            generation.free
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
            if not isinstance(waiter, Turn) or waiter.offer is None or waiter.done():
                continue
            if self.lending.join(client, waiter.offer):
                self._queue.remove((client, waiter))
                waiter.join()

    def lend(self, worker: Worker, client: str, offer: Offer) -> bool:
        """Lend a connection to a worker that was given to its client; return False where that cannot be."""
        return self.lending.open(worker, client, offer)

    def end_loan(self, client: str, worker: Worker) -> None:
        """Take note that a worker is lent no connection of the client's any more."""
        self._free(client)
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

    def returned(self, worker: Worker, payload: bytes) -> None:
        """Take note that a worker gives a connection back."""
        self.lending.returned(worker, payload)

    def claimed(self, worker: Worker) -> None:
        """Take note that the query of a connection which is lent goes on as one of the process that talks HTTP."""
        self.lending.claimed(worker)

    def bereave(self, worker: Worker) -> None:
        """Take note that a worker has ended, to which connections may be lent."""
        self.lending.bereave(worker)

    def release(self, answer: Answer) -> None:
        """Take note that a client's query runs no longer."""
        self.answers.pop(answer.identifier, None)
        is_short = self.lanes.leave(answer) and answer.seconds is not None
        if answer.stopped:
            self.killed[answer.stopped] += 1
            self._accounts.charge(answer.client, _KILLED)
        self._free(answer.client)
        if is_short:
            idle = time.monotonic() - answer.started - (answer.seconds or 0.0)
            self._accounts.prove(answer.client, short=True, idle=max(0.0, idle))
        self.dispatch()

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
        client, limits, worker = answer.client, self.settings.limits, answer.worker
        self.answers.pop(answer.identifier, None)
        self._free(client)
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
        self.answers[answer.identifier] = answer
        self.lanes.enter_slow(answer)
        worker.send(answer, answer.job)

    def cause(self, status: int) -> ProtocolError:
        """Return what to tell a client whose worker ended by itself, from its exit status."""
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        if number == signal.SIGABRT:
            self.killed["memory"] += 1
            mebibytes = self.settings.limits.memory >> 20
            return ProtocolError(
                503, f"The query was stopped: it needed more than the {mebibytes} MiB of memory that a query may take."
            )
        if number == signal.SIGSEGV:
            self.killed["nesting"] += 1
            return ProtocolError(400, "The query is nested too deeply.")
        if number == signal.SIGXCPU:
            self.killed["time"] += 1
            return ProtocolError(504, "The query was stopped: it took too much processor time.")
        return WorkerLost()

    def forget(self, generation: Generation) -> None:
        """Drop a generation that has ended."""
        self._generations.discard(generation)

    def keeper_lost(self, generation: Generation) -> None:
        """Replace a generation whose keeper was killed from outside; its workers die with it."""
        generation.retired = True
        generation.end()
        if generation is self.current and not self._closed:
            self.current = None

    @property
    def _share(self) -> int:
        limits = self.settings.limits
        return limits.running if limits.running is not None else max(1, limits.workers - 1)

    def _may(self, client: str) -> bool:
        """Whether the client may have one more worker: not beyond its share, nor one that is kept for others.

        Clients that are heavy, by what they used lately, and those whose last query was not short leave a quarter of
        the workers to the rest; where there is one such client only, it leaves one. Heavy ones wait while long queries
        do. Where the quick lane has one worker only, all light clients may have it.
        """
        if self.running[client] >= self._share:
            return False
        workers = self.settings.limits.workers
        if workers == 1:
            return True
        is_light, is_proven = self._accounts.is_light, self._accounts.is_proven
        if is_light(client):
            if self.lanes.quick == 1 or is_proven(client):
                return True
        elif self.lanes.waiting:
            return False
        return self._leaves_room(client)

    def _leaves_room(self, client: str) -> bool:
        """Whether one more query of the client leaves room for those of light clients whose last one was short."""
        is_light, is_proven, workers = self._accounts.is_light, self._accounts.is_proven, self.settings.limits.workers
        others = {each: count for each, count in self.running.items() if not (is_proven(each) and is_light(each))}
        kept = 1 if others.keys() <= {client} else max(1, workers // 4)
        return sum(others.values()) < workers - kept

    def _job(self, query: Query | GraphRead, *, coding: str) -> dict[str, Any]:
        limits = self.settings.limits
        job: dict[str, Any] = {"coding": coding, "limit": limits.result, "seconds": limits.seconds}
        if isinstance(query, GraphRead):
            return job | {"read": query.graph, "graph": query.choice.format.engine}
        return job | {
            "query": query.text,
            "rows": limits.rows if query.bounded else None,
            "base": query.base,
            "default_graphs": query.default_graphs,
            "named_graphs": query.named_graphs,
            "union": self._union(query),
            "results": query.results.format.engine if query.results else None,
            "graph": query.graph.format.engine if query.graph else None,
        }

    def _union(self, query: Query) -> bool:
        if query.union is not None:
            return query.union
        return self.settings.default_graph == "union" and not query.names_dataset

    async def _worker(self, client: str) -> Worker:
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
                self._free(client)
                worker.generation.idle(worker)
            raise
        finally:
            self.leave(client)

    def _free_worker(self, client: str) -> Worker | None:
        """Return a worker for the client where it need not wait."""
        generation = self.current
        if generation is not None and generation.free and not self._queue and self._may(client):
            return self._assign(generation, client)
        return None

    def _queue_up(self, client: str, waiter: asyncio.Future[Worker] | Turn) -> None:
        limits = self.settings.limits
        if self.waiting[client] >= limits.waiting:
            raise ProtocolError(429, "Too many of your queries wait already; try again.", {"Retry-After": "2"})
        if len(self._queue) >= limits.queue:
            raise ProtocolError(503, "Too many queries wait already; try again in a moment.", {"Retry-After": "2"})
        self._queue.append((client, waiter))
        self.waiting[client] += 1
        self.dispatch()
        if self.lending.is_open and not waiter.done():
            self.lending.make_room(client)

    def _assign(self, generation: Generation, client: str) -> Worker:
        self.running[client] += 1
        self._accounts.begin(client)
        return generation.free.pop()  # the last one used: its pages are its own already, its caches warm

    def _free(self, client: str) -> None:
        self.running[client] -= 1
        self._accounts.end(client)
        if self.running[client] <= 0:
            del self.running[client]

    async def renew(self) -> None:
        """Open the current snapshot if it is a newer one, and let it take over."""
        async with self._opening:
            if self._closed:
                return
            number = self.layout.current_number()
            here = self.current
            if here is None or here.number != number:
                await self._open_anew(number)
            elif not here.in_memory and self._worth_memory(here):
                try:
                    await self._open(number, in_memory=True)
                except StoreError as error:
                    self._too_large.add(here.tag)
                    _LOG.warning("snapshot %s stays on disk: %s", number, error)

    async def _open_anew(self, number: int | None) -> None:
        """Open a snapshot in memory where that takes no time, else on disk."""
        if number is None or self._small(number):
            try:
                await self._open(number, in_memory=True)
            except StoreError:
                if number is None:
                    raise
            else:
                return
        await self._open(number, in_memory=False)

    async def _open(self, number: int | None, *, in_memory: bool) -> None:
        generation = Generation(self, number, workers=self.settings.limits.workers, in_memory=in_memory)
        try:
            generation.take(self.layout)
        except NoStore:
            generation = Generation(self, None, workers=self.settings.limits.workers, in_memory=True)
        self._generations.add(generation)
        try:
            end, _ = await self.nursery.birth(
                {
                    "do": "keep",
                    "path": str(generation.path) if generation.path is not None else None,
                    "memory": (self.settings.memory or 1) if generation.in_memory else 0,
                    "limit": self.settings.limits.memory,
                }
            )
            generation.start(Control(end))
            await generation.ready
        except BaseException:
            generation.end()
            raise
        old, self.current = self.current, generation
        _LOG.info("snapshot %s answers, %s", generation.number, "in memory" if in_memory else "on disk")
        if old is not None:
            old.retire()
            self.lending.recall(old)
        self._switched.set()
        self.dispatch()

    @property
    def _growth(self) -> float:
        """The bytes that all processes together come to hold for each byte of the snapshot on disk."""
        return _GROWTH * (1 + _OWN * self.settings.limits.workers)

    def _small(self, number: int) -> bool:
        return _bytes_under(self.layout.snapshot(number)) <= min(_SMALL, self.settings.memory / self._growth)

    def _worth_memory(self, generation: Generation) -> bool:
        if generation.path is None or generation.tag in self._too_large:
            return False
        settled = time.time() - generation.since >= _SETTLED
        return settled and self._growth * _bytes_under(generation.path) <= self.settings.memory

    async def _watch(self) -> None:
        failures = 0
        while True:
            await asyncio.sleep(_POLL * min(1 + failures, 40))
            try:
                await self.renew()
            except StoreError as error:
                failures += 1
                _LOG.warning("the newest snapshot cannot be opened: %s", error)
            else:
                failures = 0


def _bytes_under(folder: Path) -> int:
    try:
        return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
    except FileNotFoundError:
        return 0
