"""Answers that were given already, for as long as their snapshot is the current one."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import asyncio

    from endpoint.protocol.plain import Key

_OVERHEAD = 500  # bytes that an entry takes besides its body and its query
_REQUESTS = 4000  # requests that are known by their bytes
_ALIKE = 8  # of them for one answer
_SHARE = 16  # an answer may take this part of the budget at most


@dataclass(slots=True)
class Kept:
    """A whole answer: its body as it was sent, the format of its kind of result, and its content coding.

    ``requests`` are those that are known by their bytes to have this answer.
    """

    kind: str
    encoding: str | None
    body: bytes
    requests: list[bytes] = field(default_factory=list)


class Response(NamedTuple):
    """A whole response to a GET, for the same bytes again: the query's form, its header lines, its body."""

    key: Key
    form: str
    lines: bytes
    body: bytes


class Cache:
    """Keeps answers up to a number of bytes, the least used ones going first; and knows which are under way.

    Only the answers of one snapshot are kept: those of another are dropped when it is first seen.
    """

    def __init__(self, budget: int) -> None:
        self.hits = 0
        self.misses = 0
        self.size = 0
        self.largest = budget // _SHARE
        self._budget = budget
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._snapshot = ""
        self._shelf: dict[bytes, Response] = {}
        self._coming: dict[Key, asyncio.Future[Kept | None]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key) -> Kept | None:
        """Return the answer where it is kept."""
        kept = self._kept.get(key)
        if kept is None:
            self.misses += 1
            return None
        self.hits += 1
        self._kept.move_to_end(key)
        return kept

    def put(self, key: Key, kept: Kept) -> None:
        """Keep an answer, if it is not too large."""
        if key.snapshot != self._snapshot:
            self._kept.clear()
            self._shelf.clear()
            self.size = 0
            self._snapshot = key.snapshot
        weight = _weight(key, kept)
        if weight > self.largest or key in self._kept:
            return
        self._kept[key] = kept
        self.size += weight
        self._shrink()

    def shelve(self, request: bytes, response: Response) -> None:
        """Keep a response for the bytes of its request, as long as its answer is kept; for none where there are none.

        It is not kept where as many requests as are worth knowing have the answer already.
        """
        kept = self._kept.get(response.key)
        if not request or kept is None or request in self._shelf or len(kept.requests) >= _ALIKE:
            return
        if len(self._shelf) >= _REQUESTS:
            oldest = next(iter(self._shelf))
            self._kept[self._shelf.pop(oldest).key].requests.remove(oldest)
            self.size -= _burden(oldest)
        kept.requests.append(request)
        self._shelf[request] = response
        self.size += _burden(request)
        self._shrink()

    def shelved(self, request: bytes, snapshot: str) -> Response | None:
        """Return the response that the same bytes had from the same snapshot."""
        found = self._shelf.get(request)
        if found is None or found.key.snapshot != snapshot:
            return None
        self.hits += 1
        self._kept.move_to_end(found.key)
        return found

    def coming(self, key: Key) -> asyncio.Future[Kept | None] | None:
        """Return the future of an answer that is under way for somebody else."""
        return self._coming.get(key)

    def begin(self, key: Key, future: asyncio.Future[Kept | None]) -> None:
        """Note that an answer is under way."""
        self._coming[key] = future

    def end(self, key: Key, kept: Kept | None) -> None:
        """Note that it has come, or, with None, that it is of no use to others."""
        future = self._coming.pop(key, None)
        if future is not None and not future.done():
            future.set_result(kept)
        if kept is not None:
            self.put(key, kept)

    def _shrink(self) -> None:
        while self.size > self._budget:
            key, kept = self._kept.popitem(last=False)
            self.size -= _weight(key, kept)
            for request in kept.requests:
                self.size -= _burden(request)
                del self._shelf[request]


def _weight(key: Key, kept: Kept) -> int:
    return len(kept.body) + 2 * len(key.query) + _OVERHEAD


def _burden(request: bytes) -> int:
    return len(request) + 2 * _OVERHEAD
