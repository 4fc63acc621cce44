"""Work spread over processes, its results in the order of the items: a process that dies or hangs costs one item.

Items go to a worker in small batches. If a worker dies or is silent for too long, the items of its batch that have no
result yet are tried again, each alone; the one that fails alone is lost, and the rest goes on.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import queue
import signal
import threading
import time
import traceback
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from loader.deadline import TooLate, deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from multiprocessing.process import BaseProcess

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 4  # batches that a worker may be ahead of the slowest item, so that few results wait
_SELDOM = (20_000, 5, 10)  # see gc.set_threshold; saves a twentieth of the time that reading takes
_HELD = 2  # batches that a worker has at once: one in work, one at hand


class WorkerError(Exception):
    """No worker can be started; the message says why."""


@dataclass(frozen=True, slots=True)
class Lost:
    """An item without a result, and why ("It took longer than 60 s.")."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ready(Generic[Result]):
    """A result that needs no work, in the place of an item."""

    result: Result


@dataclass(frozen=True, slots=True)
class Plan:
    """How work is spread: over how many processes, how long an item may take, how much makes a batch.

    With one worker all is done in this process; None stands for as many as the work is worth, which the caller knows.
    ``seconds`` of wall time go by for one item before it is given up. A batch ends at ``items`` items, or where they
    weigh ``weight`` together.
    """

    workers: int | None = 1
    seconds: float = 300.0
    items: int = 16
    weight: int = 100_000


def in_order(
    items: Iterable[Item | Ready[Result]],
    make: Callable[[], Callable[[Sequence[Item]], Iterator[Result]]],
    plan: Plan,
    weigh: Callable[[Item], int],
) -> Generator[tuple[Item | None, Result | Lost]]:
    """Yield each item with its result, in the order of the items; None for an item that was ready.

    ``make`` is called once in each process and gives what turns a batch into one result an item, in order; both it
    and everything that passes must pickle. ``weigh`` says how heavy an item is. Raises WorkerError if ``make`` fails
    in a worker; in this process its error passes through. Closing the generator ends the workers.
    """
    stream = _Stream(items, plan, weigh)
    if (plan.workers or 1) <= 1:
        here = _Here(make, plan.seconds)
        with _seldom_collected():
            while batch := stream.batch():
                for item, result in zip(batch, here.each([item for _, item in batch]), strict=True):
                    stream.done(*item, result)
                yield from stream.finished()
            yield from stream.finished()
        return
    crew = _Crew(stream, make, plan)
    try:
        yield from crew.results()
    finally:
        crew.dismiss()


class _Stream(Generic[Item, Result]):
    """The items on their way out in batches, and the results on their way back into order."""

    def __init__(self, items: Iterable[Item | Ready[Result]], plan: Plan, weigh: Callable[[Item], int]) -> None:
        self._items = enumerate(items)
        self._plan = plan
        self._weigh = weigh
        self._results: dict[int, tuple[Item | None, Result | Lost]] = {}
        self._given = 0
        self._next = 0
        self._is_read = False

    def batch(self) -> list[tuple[int, Item]]:
        """Take the next items; none are left where the list is empty."""
        batch: list[tuple[int, Item]] = []
        weight = 0
        while not self._is_read and len(batch) < self._plan.items and weight < self._plan.weight:
            number, item = next(self._items, (None, None))
            if number is None:
                self._is_read = True
                break
            self._given = number + 1
            if isinstance(item, Ready):
                self._results[number] = (None, item.result)
            elif item is not None:
                batch.append((number, item))
                weight += self._weigh(item)
        return batch

    def done(self, number: int, item: Item, result: Result | Lost) -> None:
        """Note the result of an item."""
        self._results[number] = (item, result)

    def finished(self) -> Iterator[tuple[Item | None, Result | Lost]]:
        """Yield the results that are next in order."""
        while self._next in self._results:
            yield self._results.pop(self._next)
            self._next += 1

    @property
    def ahead(self) -> int:
        """How many items were given out and are not finished."""
        return self._given - self._next

    @property
    def is_read(self) -> bool:
        """Whether every item was given out."""
        return self._is_read


@dataclass(slots=True)
class _Worker:
    """One process with what it has in hand; ``since`` is when it was last heard of."""

    process: BaseProcess
    connection: Connection
    batches: deque[deque[tuple[int, Any]]] = field(default_factory=deque)
    is_ready: bool = False
    since: float = 0.0

    @property
    def is_busy(self) -> bool:
        return self.is_ready and bool(self.batches)


class _Crew(Generic[Item, Result]):
    """The workers."""

    def __init__(self, stream: _Stream[Item, Result], make: Callable[[], Any], plan: Plan) -> None:
        self._stream = stream
        self._make = make
        self._plan = plan
        self._again: deque[deque[tuple[int, Item]]] = deque()
        self._workers: list[_Worker] = [self._hire() for _ in range(plan.workers or 1)]

    def results(self) -> Iterator[tuple[Item | None, Result | Lost]]:
        while True:
            yield from self._stream.finished()
            if self._stream.is_read and not self._stream.ahead:
                return
            self._deal()
            if any(worker.batches for worker in self._workers):
                self._hear()

    def dismiss(self) -> None:
        for worker in self._workers:
            worker.connection.close()
            worker.process.kill()
            worker.process.join()

    def _hire(self) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._make), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _deal(self) -> None:
        """Give out work, first to those who have least."""
        for held in range(_HELD):
            for worker in self._workers:
                if len(worker.batches) == held and (batch := self._batch()):
                    if not worker.batches:
                        worker.since = time.monotonic()
                    worker.batches.append(batch)
                    with suppress(OSError):  # if it has died, `_hear` finds that out and gives the batch to another
                        worker.connection.send(list(batch))

    def _batch(self) -> deque[tuple[int, Item]]:
        if self._again:
            return self._again.popleft()
        full = self._stream.ahead >= _AHEAD * self._plan.items * len(self._workers)
        return deque() if full else deque(self._stream.batch())

    def _hear(self) -> None:
        """Take in what the workers have to say; wait for it no longer than until one of them is late."""
        now = time.monotonic()
        due = [worker.since + self._plan.seconds - now for worker in self._workers if worker.is_busy]
        for connection in wait([worker.connection for worker in self._workers], max(0.0, min(due, default=60.0))):
            worker = next(each for each in self._workers if each.connection is connection)
            try:
                while worker.connection.poll():
                    self._take(worker, worker.connection.recv())
            except (EOFError, OSError):
                worker.process.join()
                self._replace(worker, _death(worker.process.exitcode))
        for worker in list(self._workers):
            if worker.is_busy and time.monotonic() - worker.since > self._plan.seconds:
                self._replace(worker, _late(self._plan.seconds))

    def _take(self, worker: _Worker, message: Any) -> None:
        worker.since = time.monotonic()
        if message is None:
            worker.is_ready = True
        elif isinstance(message, WorkerError):
            raise message
        else:
            _, item = worker.batches[0].popleft()
            self._stream.done(message[0], item, message[1])
            if not worker.batches[0]:
                worker.batches.popleft()

    def _replace(self, worker: _Worker, reason: str) -> None:
        """Put another in the place of a worker who is dead, or late and about to be."""
        worker.connection.close()
        worker.process.kill()
        worker.process.join()
        if not worker.is_ready:
            message = f"A worker process could not start. {reason}"
            raise WorkerError(message)
        suspects, *others = worker.batches or [deque()]
        self._again.extendleft(reversed(others))
        if len(suspects) == 1:
            self._stream.done(*suspects[0], Lost(reason))
        else:
            self._again.extendleft(deque([suspect]) for suspect in reversed(suspects))
        self._workers[self._workers.index(worker)] = self._hire()


def _death(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        return f"The process that read it was killed ({name}); it may have needed more memory than there is."
    return f"The process that read it ended with code {code}."


def _serve(connection: Connection, make: Callable[[], Callable[[Sequence[Any]], Iterator[Any]]]) -> None:
    """Work in a process of its own until the connection closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted, and then it ends us
    try:
        work = make()
    except Exception as error:  # noqa: BLE001 (whatever it is, the parent has to tell it)
        connection.send(WorkerError(f"A worker process could not start: {_told(error)}."))
        return
    connection.send(None)
    here = _Here(make, float("inf"), work)  # the parent watches the time
    batches: queue.SimpleQueue[list[tuple[int, Any]] | None] = queue.SimpleQueue()
    # a thread takes in what is sent, so that the parent never waits for us to read while we wait for it to
    threading.Thread(target=_receive, args=(connection, batches), daemon=True).start()
    with _seldom_collected():
        while (batch := batches.get()) is not None:
            for (number, _), result in zip(batch, here.each([item for _, item in batch]), strict=True):
                connection.send((number, result))


def _receive(connection: Connection, batches: queue.SimpleQueue[list[tuple[int, Any]] | None]) -> None:
    try:
        while True:
            batches.put(connection.recv())
    except (EOFError, OSError):
        os._exit(0)  # the parent has gone, and nobody waits for what is in work


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Have Python look for garbage in cycles more seldom: work makes many small objects, most of them in no cycle."""
    thresholds = gc.get_threshold()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


class _Here(Generic[Item, Result]):
    """The work as one process does it: within its time, and what breaks off costs one item."""

    def __init__(
        self,
        make: Callable[[], Callable[[Sequence[Item]], Iterator[Result]]],
        seconds: float,
        work: Callable[[Sequence[Item]], Iterator[Result]] | None = None,
    ) -> None:
        self._make = make
        self._seconds = seconds
        self._work = work or make()

    def each(self, items: Sequence[Item]) -> Iterator[Result | Lost]:
        """Yield one result an item; where the work breaks off, the items left are tried again, each alone."""
        count = 0
        try:
            results = self._work(items)
            for _ in items:
                with deadline(self._seconds):
                    result = next(results)
                yield result
                count += 1
        except TooLate:
            self._work = self._make()  # nobody knows what the other was in the midst of
            reason = _late(self._seconds)
        except Exception as error:  # noqa: BLE001 (one item must not cost the others)
            reason = f"It could not be read: {_told(error)}."
        else:
            return
        left = items[count:]
        if len(left) == 1:
            yield Lost(reason)
        else:
            for item in left:
                yield from self.each([item])


def _late(seconds: float) -> str:
    return f"It was skipped: reading it took longer than {seconds:g} s (--timeout sets how long it may take)."


def _told(error: Exception) -> str:
    """Say what went wrong, and where, for an error that nobody foresaw."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"
