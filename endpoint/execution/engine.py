"""Runs queries on the published snapshot, in worker processes that can be killed.

The engine lives in the event loop of the process that talks HTTP and holds no store itself. Which snapshot answers is
for snapshots.py to say, who may have a worker of it for admission.py; here a query and its worker come together.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from endpoint.execution.accounts import Accounts
from endpoint.execution.admission import Admission
from endpoint.execution.snapshots import Snapshots
from endpoint.execution.turn import Turn
from endpoint.protocol.negotiation import RESULTS, Choice
from endpoint.protocol.requests import GraphRead, ProtocolError, Query
from endpoint.workers.answer import Answer, WorkerLost
from endpoint.workers.clerk import Clerk
from endpoint.workers.nursery import Nursery
from endpoint.workers.process import run_at_a_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from endpoint.execution.lending import Lending, Offer
    from endpoint.settings import Settings
    from endpoint.workers.generation import Generation
    from endpoint.workers.worker import Worker

_PROMPT = 0.0001  # seconds that the process which talks HTTP runs at a time, so that it runs as soon as something comes
_KILLED = 0.1  # worker seconds that it costs a client to have a query stopped: its worker has to be replaced


class Engine:
    """Answers queries from the newest snapshot that is ready. Start it in a running event loop, and close it there."""

    def __init__(self, settings: Settings, accounts: Accounts | None = None) -> None:
        self.settings = settings
        self.nursery = Nursery(settings.store)
        self.clerk = Clerk(self.nursery.birth)
        self.snapshots = Snapshots(settings, self.nursery, self)
        self._accounts = Accounts() if accounts is None else accounts
        self.admission = Admission(settings.limits, self._accounts, self.snapshots)
        self.killed: Counter[str] = Counter()

    @property
    def current(self) -> Generation | None:
        """The workers of the snapshot that answers; None before the first."""
        return self.snapshots.current

    @property
    def lending(self) -> Lending:
        """The connections that are lent to workers."""
        return self.admission.lending

    @property
    def answers(self) -> dict[str, Answer]:
        """The queries that run, by their identifiers."""
        return {answer.identifier: answer for answer in self.admission.lanes.running()}

    async def start(self) -> None:
        """Start the processes and wait until the first snapshot can be asked; an empty one where none is published.

        Raises StoreError where the store or its snapshot cannot be read.
        """
        run_at_a_time(_PROMPT)
        try:
            await self.snapshots.start()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """End every process; queries that still run are stopped."""
        await self.snapshots.stop()
        self.clerk.close()
        self.admission.close()
        self.snapshots.end()
        await self.nursery.close()

    async def run(self, query: Query | GraphRead, client: str, *, coding: str = "") -> Answer:
        """Run a query and return its answer as soon as the first bytes are there.

        Raises ProtocolError: 400 for a syntax error, 429 or 503 where too much waits already, 503 and 504 for a query
        past its limits.
        """
        for last in (False, True):
            queued = time.monotonic()
            worker = await self.admission.worker(client)
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
        self.admission.admit(turn)
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
        answer.job = self._job(query, coding=coding)
        self.admission.lanes.enter(answer)
        return answer

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

    def switched(self, old: Generation | None) -> None:
        """Take note that another snapshot answers than the old one."""
        if old is not None:
            self.lending.recall(old)
        self.dispatch()

    def dispatch(self) -> None:
        """Hand free workers to those who wait."""
        self.admission.dispatch()

    def release(self, answer: Answer) -> None:
        """Take note that a client's query runs no longer."""
        is_short = self.admission.lanes.leave(answer) and answer.seconds is not None
        if answer.stopped:
            self.killed[answer.stopped] += 1
            self._accounts.charge(answer.client, _KILLED)
        self.admission.free(answer.client)
        if is_short:
            idle = time.monotonic() - answer.started - (answer.seconds or 0.0)
            self._accounts.prove(answer.client, short=True, idle=max(0.0, idle))
        self.dispatch()

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
