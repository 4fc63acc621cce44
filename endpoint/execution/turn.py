"""A query that waits for a worker on behalf of somebody who is called back, where others await a future."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from endpoint.execution.admission import Admission
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

    @property
    def admission(self) -> Admission:
        """Where the query waits for a worker, and its connection may be lent to one."""
        ...


class Turn:
    """A query that waits or runs. It stands in the engine's queue as a future does.

    ``take`` is called once: with the answer when the first of it has arrived, or with None where the query never ran.
    It is not called where there is an ``offer`` and the connection is lent (see lending.py), and with it the query.
    """

    __slots__ = ("_coding", "_engine", "_offer", "_over", "_query", "_queued", "_take", "answer", "client", "waits")

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
        self._offer = offer
        self._engine = engine
        self._query = query
        self.client = client
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
            self._engine.admission.leave(self.client)
        if self._offer is not None and self._engine.admission.lending.open(worker, self.client, self._offer):
            self._over = True
            return
        self.answer = self._engine.launch(
            worker, self._query, self.client, coding=self._coding, queued=self._queued, take=self._take
        )

    def joins(self) -> bool:
        """Have the connection lent to a worker that has others of the client's; return whether that could be."""
        if self._offer is None or not self._engine.admission.lending.join(self.client, self._offer):
            return False
        self._over = True
        if self.waits:
            self._engine.admission.leave(self.client)
        return True

    def set_exception(self, error: ProtocolError) -> None:
        """Give up: the query will not run."""
        del error
        if not self.done():
            self._over = True
            self._engine.admission.leave(self.client, self)
            self._take(None)

    def abandon(self) -> None:
        """Stop the query, since nobody wants its answer any more."""
        if self.answer is not None:
            self.answer.abandon()
        elif not self._over:
            self._over = True
            self._engine.admission.leave(self.client, self)
            self._take(None)
