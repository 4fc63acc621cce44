"""A query that waits for a worker on behalf of somebody who is called back, where others await a future."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from endpoint.execution.lending import Offer
    from endpoint.protocol.requests import ProtocolError, Query
    from endpoint.workers.answer import Answer
    from endpoint.workers.worker import Worker


class Starter(Protocol):
    """What a turn needs of the engine."""

    def launch(
        self,
        worker: Worker,
        query: Query,
        client: str,
        *,
        coding: str,
        queued: float,
        take: Callable[[Answer], None] | None = None,
    ) -> Answer:
        """Have a worker run the query."""
        ...

    def lend(self, worker: Worker, client: str, offer: Offer) -> bool:
        """Lend a worker the connection instead; return False where that cannot be."""
        ...

    def leave(self, client: str, turn: Turn | None = None) -> None:
        """Take note that one of the client's queries waits no longer, and strike it off the queue."""


class Turn:
    """A query that waits or runs. It stands in the engine's queue as a future does.

    ``take`` is called once: with the answer when the first of it has arrived, or with None where the query never ran.
    It is not called where there is an ``offer`` and the connection is lent (see lending.py), and with it the query.
    """

    __slots__ = ("_client", "_coding", "_engine", "_over", "_query", "_queued", "_take", "answer", "offer", "waits")

    def __init__(
        self,
        engine: Starter,
        query: Query,
        client: str,
        *,
        coding: str,
        take: Callable[[Answer | None], None],
        offer: Offer | None = None,
    ) -> None:
        self.answer: Answer | None = None
        self.waits = False
        self.offer = offer
        self._engine = engine
        self._query = query
        self._client = client
        self._coding = coding
        self._take = take
        self._queued = time.monotonic()
        self._over = False

    def done(self) -> bool:
        """Whether the query waits no longer."""
        return self._over or self.answer is not None

    def set_result(self, worker: Worker) -> None:
        """Run the query on the worker."""
        if self.waits:
            self._engine.leave(self._client)
        if self.offer is not None and self._engine.lend(worker, self._client, self.offer):
            self._over = True
            return
        self.answer = self._engine.launch(
            worker, self._query, self._client, coding=self._coding, queued=self._queued, take=self._take
        )

    def join(self) -> None:
        """Be done: the connection has been lent to a worker that has others of the client's."""
        self._over = True
        if self.waits:
            self._engine.leave(self._client)

    def set_exception(self, error: ProtocolError) -> None:
        """Give up: the query will not run."""
        del error
        if not self.done():
            self._over = True
            self._engine.leave(self._client, self)
            self._take(None)

    def abandon(self) -> None:
        """Stop the query, since nobody wants its answer any more."""
        if self.answer is not None:
            self.answer.abandon()
        elif not self._over:
            self._over = True
            self._engine.leave(self._client, self)
            self._take(None)
