"""What whoever starts the endpoint may choose, with the defaults."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from ontology.authority import Authority

MEBIBYTE = 1 << 20


def _memory_of_machine() -> int:
    """Return the machine's memory in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request, one client and all of them together may use.

    ``seconds`` is the wall time of one query, the time that a slow client takes to read not counted; ``memory`` the
    bytes that one query may take beyond what its worker held before, ``together`` those of all that run; ``result`` the
    bytes of one answer before compression. ``query`` is the longest query or update in bytes, ``upload`` the longest
    body of a Graph Store request. ``workers`` queries run at once, at most ``running`` of one client (None: all but
    one); ``queue`` requests wait, at most ``waiting`` of one client. ``connections`` may be open, ``connected`` of them
    by one client (None: a tenth). The head of a request has to come within ``head`` seconds, a body within ``body``
    seconds and one more for each ``pace`` bytes. ``stall`` is how long in seconds a client may take no byte of its
    answer, ``transfer`` how long a whole answer may take. One call of another service may take ``service_seconds`` and
    bring ``service_rows`` solutions, each of its answers ``service_bytes`` bytes; it is restricted to the values of its
    variables where there are no more than ``service_values``.
    """

    seconds: float = 30.0
    memory: int = field(default_factory=lambda: max(256 * MEBIBYTE, _memory_of_machine() // 8))
    together: int = field(default_factory=lambda: max(512 * MEBIBYTE, _memory_of_machine() // 4))
    result: int = 1024 * MEBIBYTE
    rows: int | None = None
    query: int = 256 * 1024
    upload: int = 64 * MEBIBYTE
    workers: int = field(default_factory=lambda: max(4, 2 * _processors()))
    running: int | None = None
    queue: int = 256
    waiting: int = 128
    connections: int = 2000
    connected: int | None = None
    head: float = 15.0
    body: float = 15.0
    pace: int = 4096
    stall: float = 20.0
    transfer: float = 600.0
    service_seconds: float = 20.0
    service_bytes: int = 16 * MEBIBYTE
    service_rows: int = 50_000
    service_values: int = 2000

    @property
    def processes(self) -> int:
        """How many processes run queries: one more, for clients whose queries are short."""
        return self.workers + 1

    @property
    def share(self) -> int:
        """How many queries of one client run at once at most."""
        return self.running if self.running is not None else max(1, self.workers - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the endpoint answers.

    ``store`` is the store's directory, ``base`` the data's base IRI. ``default_graph`` says what a query that names no
    dataset takes as its default graph: the union of the named graphs, or the store's own default graph, which is
    the bare SPARQL dataset. Without ``token`` nothing can be written; it is the bearer token of RFC 6750.
    ``services`` are the IRIs that SERVICE in a query may call, none by default, ``loads``
    what LOAD in an update may load (all below an address that ends with ``/``), and ``agent`` what both are told of who
    asks (RFC 9110, 10.1.5). ``memory`` is the budget in bytes
    for holding the snapshot in memory (0: always on disk), ``cache`` the budget in bytes for results. ``lock`` is
    how long in seconds a write waits for another writer. ``authority`` is what /reconcile answers from, if anything.
    """

    store: Path
    base: str = "https://pactgraph.example/"
    default_graph: Literal["union", "plain"] = "union"
    token: str | None = None
    services: tuple[str, ...] = ()
    loads: tuple[str, ...] = ()
    agent: str = "pactgraph"
    limits: Limits = field(default_factory=Limits)
    memory: int = field(default_factory=lambda: _memory_of_machine() // 4)
    cache: int = 64 * MEBIBYTE
    lock: float = 30.0
    slow: float = 5.0
    authority: Authority | None = None
