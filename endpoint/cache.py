"""Answers that were given already, for as long as their snapshot is the current one."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import asyncio

_OVERHEAD = 500  # bytes that an entry takes besides its body and its query
_REQUESTS = 2000  # requests that are known by their bytes
_SHARE = 16  # an answer may take this part of the budget at most


class Key(NamedTuple):
    """What an answer depends on; the query's normal form stands for its text."""

    snapshot: str
    query: str
    base: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    media_type: str
    gzip: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """A whole answer: its body as it was sent, the format of its kind of result, and its content coding."""

    kind: str
    encoding: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """A whole response to a GET as it was sent, for the very same request again; ``lines`` are its header lines."""

    snapshot: str
    form: str
    headers: list[tuple[bytes, bytes]]
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
        self._responses: OrderedDict[tuple[object, ...], Response] = OrderedDict()
        self._shelf: OrderedDict[bytes, Response] = OrderedDict()
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
            self._responses.clear()
            self._shelf.clear()
            self.size = 0
            self._snapshot = key.snapshot
        weight = _weight(key, kept)
        if weight > self.largest or key in self._kept:
            return
        self._kept[key] = kept
        self.size += weight
        while self.size > self._budget:
            self.size -= _weight(*self._kept.popitem(last=False))

    def response(self, request: tuple[object, ...], snapshot: str) -> Response | None:
        """Return the response that the same request had from the same snapshot."""
        found = self._responses.get(request)
        if found is None or found.snapshot != snapshot:
            return None
        self.hits += 1
        return found

    def remember(self, request: tuple[object, ...], response: Response) -> None:
        """Keep a response whose body is kept anyway, for the very same request."""
        self._responses[request] = response
        if len(self._responses) > _REQUESTS or response.snapshot != self._snapshot:
            self._responses.popitem(last=False)

    def shelve(self, request: bytes, response: Response) -> None:
        """Keep a response for the bytes of its request; for none where there are none."""
        if request and response.snapshot == self._snapshot:
            self._shelf[request] = response
            if len(self._shelf) > _REQUESTS:
                self._shelf.popitem(last=False)

    def shelved(self, request: bytes) -> Response | None:
        """Return the response that the same bytes had; its snapshot may be an older one."""
        found = self._shelf.get(request)
        if found is not None:
            self.hits += 1
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


def _weight(key: Key, kept: Kept) -> int:
    return len(kept.body) + 2 * len(key.query) + _OVERHEAD
