"""Connections that are lent to workers, which read plain requests from them and answer these themselves (see lent.py).

A worker to which connections of one client are lent counts as one that runs a query of that client's, for as long as
this lasts: so nothing changes in who may have how many workers. It lasts while the client asks one short query after
the other. A query that takes longer than a look's time is taken over: it becomes an answer like all others, under the
same limits, and the other connections come back at once. They are also called back when others wait for a worker, and
when another snapshot answers: a worker looks whether they are before it answers a request.
"""

from __future__ import annotations

import asyncio
import os
import time
from itertools import count
from typing import TYPE_CHECKING, Protocol

from endpoint.workers.frames import RETURN
from endpoint.workers.ledger import BUSY, SENDING

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from endpoint.settings import Limits
    from endpoint.workers.generation import Generation
    from endpoint.workers.ledger import Ledger, Work
    from endpoint.workers.worker import Worker

_LOOK = 0.01  # seconds between two looks at what is lent; a query may take as long before it is taken over
_MOST = 64  # connections that are lent to one worker


class Guest(Protocol):
    """A connection that can be lent."""

    def lent(self, loan: Loan) -> None:
        """Be lent: neither read nor write until one of the other calls."""

    def give_back(self, unsent: bytes, unread: bytes) -> None:
        """Be back; ``unsent`` is to be sent, and ``unread`` has been read but not answered."""

    def go_on(self, request: bytes, worker: Worker, since: float) -> bool:
        """Be back, with a request whose query a worker has run ``since``; return whether its answer is waited for."""
        ...

    def begin_anew(self, request: bytes) -> None:
        """Be back, with a request that is to be answered the usual way."""

    def break_off(self) -> None:
        """Be closed, since nobody knows how much of an answer was sent."""


class Offer(Protocol):
    """A request whose connection may be lent."""

    @property
    def guest(self) -> Guest:
        """The connection."""
        ...

    @property
    def request(self) -> bytes:
        """The request's bytes."""
        ...

    @property
    def descriptor(self) -> int | None:
        """The descriptor of the connection's socket; None where it cannot be lent now."""
        ...

    def terms(self, number: int) -> bytes:
        """Return the request and the connection's terms (see lent.py) as Python marshals them."""
        ...

    def accept(self) -> None:
        """Take note that it has been lent."""


class Owner(Protocol):
    """What lending tells the engine that it belongs to."""

    running: Counter[str]

    def end_loan(self, client: str, worker: Worker) -> None:
        """Take note that a worker is lent no connection of the client's any more."""

    def charge_loan(self, client: str, idle: float) -> None:
        """Take note that a worker which counted as the client's had nothing to do for so many seconds."""

    def who_waits(self) -> str | None:
        """Return a client that waits for a worker, or that has a query which could begin anew; None for none."""
        ...


class Loan:
    """The connections that are lent to one worker, by number; None for one that has ended meanwhile.

    ``requests`` are those that went with the connections which the worker may not have taken yet.
    """

    __slots__ = ("_lending", "client", "counted", "guests", "is_recalled", "ledger", "requests", "worker")

    def __init__(self, lending: Lending, worker: Worker, ledger: Ledger, client: str) -> None:
        self._lending = lending
        self.worker = worker
        self.ledger = ledger
        self.client = client
        self.guests: dict[int, Guest | None] = {}
        self.requests: dict[int, bytes] = {}
        self.is_recalled = False
        self.counted = time.monotonic()

    def drop(self, guest: Guest) -> None:
        """Take note that a connection has ended."""
        for number, other in self.guests.items():
            if other is guest:
                self.guests[number] = None
        self.recall()

    def recall(self) -> None:
        """Call the connections back."""
        if not self.is_recalled:
            self.is_recalled = True
            self.worker.recall()


class Lending:
    """What is lent to whom. Belongs to one event loop. ``record`` is told the form and the seconds of each answer."""

    def __init__(self, limits: Limits, owner: Owner, used: Callable[[str], float]) -> None:
        self.record: Callable[[str, float], None] = lambda form, seconds: None  # noqa: ARG005 (nobody counts)
        self._owner = owner
        self._used = used
        processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
        self._most = max(1, min(limits.share - 1, processors))  # one is left for its other requests
        self._loans: dict[Worker, Loan] = {}
        self._numbers = count(1)
        self._next: asyncio.TimerHandle | None = None

    @property
    def is_open(self) -> bool:
        """Whether anything is lent."""
        return bool(self._loans)

    def may_open(self, client: str) -> bool:
        """Whether another worker may be lent connections of the client."""
        return sum(loan.client == client for loan in self._loans.values()) < self._most

    def open(self, worker: Worker, client: str, offer: Offer) -> bool:
        """Lend a connection to a worker that was given to its client; return False where that cannot be."""
        if worker.ledger is None or not self.may_open(client):
            return False
        loan = Loan(self, worker, worker.ledger, client)
        if not self._lend(loan, offer):
            return False
        self._loans[worker] = loan
        if self._next is None:
            self._next = asyncio.get_running_loop().call_later(_LOOK, self._look)
        return True

    def join(self, client: str, offer: Offer) -> bool:
        """Lend a connection to the one with the fewest of those that are lent others of the same client."""
        loans = [
            loan
            for loan in self._loans.values()
            if loan.client == client and not loan.is_recalled and len(loan.guests) < _MOST
        ]
        return bool(loans) and self._lend(min(loans, key=lambda loan: len(loan.guests)), offer)

    def returned(self, worker: Worker, payload: bytes) -> None:
        """Take note that a worker gives a connection back."""
        loan = self._loans.get(worker)
        if loan is None:
            return
        number, length = RETURN.unpack_from(payload)
        guest = loan.guests.pop(number, None)
        loan.requests.pop(number, None)
        if not loan.guests:
            self._end(loan)
        if guest is not None:
            guest.give_back(payload[RETURN.size : RETURN.size + length], payload[RETURN.size + length :])

    def claimed(self, worker: Worker) -> None:
        """Take over the query that a worker runs, since its answer is long, or an error."""
        loan = self._loans.get(worker)
        if loan is not None:
            self._take_over(loan, loan.ledger.work())

    def bereave(self, worker: Worker) -> None:
        """Take back what was lent to a worker that has ended; what it was at goes on as its answer."""
        loan = self._loans.pop(worker, None)
        if loan is None:
            return
        self._count(loan)
        work = loan.ledger.work()
        guest = loan.guests.pop(work.connection, None) if work.state in (BUSY, SENDING) else None
        if guest is None or work.state == SENDING or worker.doomed:
            self._owner.end_loan(loan.client, worker)
        if guest is not None:
            if work.state == SENDING:
                guest.break_off()
            elif worker.doomed:
                guest.begin_anew(work.request)
            elif not guest.go_on(work.request, worker, work.since):
                self._owner.end_loan(loan.client, worker)
        self._dissolve(loan)

    def recall(self, generation: Generation) -> None:
        """Call back what is lent to workers of a generation."""
        for loan in self._loans.values():
            if loan.worker.generation is generation:
                loan.recall()

    def make_room(self, client: str) -> None:
        """Call something back, since a client waits for a worker: from who used most, others first."""
        loans = list(self._loans.values())
        if any(loan.is_recalled for loan in loans):
            return
        others = [loan for loan in loans if loan.client != client]
        if not others and len(loans) < self._owner.running[client]:  # one of its own queries will soon be through
            return
        if loans:
            max(others or loans, key=lambda loan: self._used(loan.client)).recall()

    def count(self) -> None:
        """Record what has been answered so far."""
        for loan in self._loans.values():
            self._count(loan)

    def close(self) -> None:
        """Look no more."""
        if self._next is not None:
            self._next.cancel()

    def _lend(self, loan: Loan, offer: Offer) -> bool:
        descriptor = offer.descriptor
        if descriptor is None:
            return False
        number = next(self._numbers)
        if not loan.worker.lend(descriptor, offer.terms(number)):
            return False
        loan.guests[number] = offer.guest
        loan.requests[number] = offer.request
        offer.accept()
        offer.guest.lent(loan)
        return True

    def _look(self) -> None:
        now = time.monotonic()
        for loan in list(self._loans.values()):
            self._count(loan)
            work = loan.ledger.work()
            if work.state == BUSY and now - work.since >= _LOOK and loan.ledger.take():
                self._take_over(loan, loan.ledger.work())
        waits = self._owner.who_waits()
        if waits is not None:
            self.make_room(waits)
        self._next = asyncio.get_running_loop().call_later(_LOOK, self._look) if self._loans else None

    def _take_over(self, loan: Loan, work: Work) -> None:
        del self._loans[loan.worker]
        self._count(loan)
        loan.ledger.recall(wanted=False)
        loan.worker.acknowledge()
        guest = loan.guests.pop(work.connection, None)
        if guest is None or not guest.go_on(work.request, loan.worker, work.since):
            loan.worker.kill()
            self._owner.end_loan(loan.client, loan.worker)
        self._dissolve(loan)

    def _dissolve(self, loan: Loan) -> None:
        """Have the connections go on here that the worker does not touch any more."""
        taken = loan.ledger.taken
        for number, guest in loan.guests.items():
            if guest is not None and number > taken:
                guest.begin_anew(loan.requests[number])
            elif guest is not None:
                guest.give_back(b"", b"")

    def _end(self, loan: Loan) -> None:
        del self._loans[loan.worker]
        self._count(loan)
        loan.ledger.recall(wanted=False)
        self._owner.end_loan(loan.client, loan.worker)

    def _count(self, loan: Loan) -> None:
        taken = loan.ledger.taken
        if loan.requests:
            loan.requests = {number: request for number, request in loan.requests.items() if number > taken}
        answers, spent = loan.ledger.counted()
        for form, seconds in answers:
            self.record(form, seconds)
        now = time.monotonic()
        if answers:
            self._owner.charge_loan(loan.client, max(0.0, now - loan.counted - spent))
        loan.counted = now
