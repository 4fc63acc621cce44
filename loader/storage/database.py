"""The Oxigraph database of a store as its one writer holds it: whole transactions, whole bulk loads, snapshots."""

from __future__ import annotations

import errno
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

import pyoxigraph as ox

from ontology.layout import StoreError, StoreLocked

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from ontology.layout import Layout

_LARGE = 200_000  # quads: a transaction holds 1.5 kB of memory for each until it ends
SLICE = 100_000  # quads a bulk load takes at once: 150 MB of memory, and no slower than ten times as many


class DiskFull(StoreError):
    """There is no room left for the store; what was committed before stays."""


class Unwritable(StoreError):
    """The store's files may not be written by this user."""


class Damaged(StoreError):
    """The database's own files cannot be read."""


@contextmanager
def guarded(layout: Layout) -> Iterator[None]:
    """Turn an error of the system or the database into the StoreError that tells a user what to do."""
    try:
        yield
    except (StoreError, BrokenPipeError):  # the pipe is the reader's of an export, not the store's
        raise
    except OSError as error:
        raise fault(layout, error) from error
    except RuntimeError as error:
        if str(error).startswith("Corruption"):  # how the database says that it cannot read its own files
            raise fault(layout, OSError(str(error))) from error
        raise


def fault(layout: Layout, error: OSError) -> StoreError:
    """Return what an error of the system or of the database means for the user of the store."""
    root, text = layout.root, str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT) or "No space left" in text or "quota exceeded" in text:
        return DiskFull(
            root, f"The disk that holds {root} is full; what was loaded before stays. Free some space and try again."
        )
    if error.errno == errno.EFBIG or "File too large" in text:
        message = f"A file of the store at {root} has reached the size that this process may write (ulimit -f); "
        return DiskFull(root, message + "what was loaded before stays. Raise the limit and try again.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) or "ermission denied" in text or "Read-only" in text:
        return Unwritable(root, f"The store at {root} cannot be written ({_reason(error)}); name another --store.")
    if "lock file" in text or "lock hold" in text:
        return StoreLocked(root, None, 0)
    if error.errno is None:
        number = layout.current_number()
        way = "load the articles anew"
        if number is not None:
            way = f"its last whole snapshot is {layout.snapshot(number)}, put that in its place"
        return Damaged(root, f"The database in {layout.data} is damaged ({text}); {way}.")
    return StoreError(root, f"The store at {root} cannot be used: {_reason(error)}.")


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


class Database:
    """An open database; made by `opened`, under the writer's lock."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.publishing = 0.0  # seconds spent on snapshots
        with guarded(layout):
            layout.restore()
            self._store: ox.Store | None = ox.Store(str(layout.data))

    @property
    def inner(self) -> ox.Store:
        """The pyoxigraph store, for reading."""
        if self._store is None:
            message = f"The store at {self._layout.root} is closed."
            raise StoreError(self._layout.root, message)
        return self._store

    def close(self) -> None:
        """Let go of the database, so that another writer can open it."""
        self._store = None

    # ---- reading

    def quads(
        self,
        subject: ox.NamedNode | None = None,
        predicate: ox.NamedNode | None = None,
        value: ox.NamedNode | ox.Literal | None = None,
        graph: ox.NamedNode | None = None,
    ) -> list[ox.Quad]:
        """Return the quads that match, in no order."""
        with guarded(self._layout):
            return list(self.inner.quads_for_pattern(subject, predicate, value, graph))

    def has_graph(self, graph: ox.NamedNode) -> bool:
        """Whether there is such a named graph, and anything in it."""
        with guarded(self._layout):
            return next(self.inner.quads_for_pattern(None, None, None, graph), None) is not None

    def has(self, quad: ox.Quad) -> bool:
        """Whether the database holds the quad."""
        with guarded(self._layout):
            return quad in self.inner

    def graphs(self, ending: str) -> list[ox.NamedNode]:
        """Return the named graphs whose IRIs end so, in order."""
        with guarded(self._layout):
            named = [graph for graph in self.inner.named_graphs() if isinstance(graph, ox.NamedNode)]
        return sorted((graph for graph in named if graph.value.endswith(ending)), key=str)

    # ---- writing

    def commit(
        self, additions: Collection[ox.Quad], removals: Collection[ox.Quad] = (), dropped: ox.NamedNode | None = None
    ) -> None:
        """Add and remove quads in one transaction: all of it is stored, or, with an error raised, nothing.

        With the last quads of a graph its name has to go too: ``dropped`` is such a graph.
        """
        if not additions and not removals:
            return
        if len(additions) > _LARGE and not removals:
            self.bulk(additions)
            return
        with guarded(self._layout):
            self.mark()
            if removals:
                drop = f" ; DROP SILENT GRAPH {dropped}" if dropped else ""
                self.inner.update(f"DELETE DATA {{ {_data(removals)} }} ; INSERT DATA {{ {_data(additions)} }}{drop}")
            else:
                self.inner.extend(additions)

    def clear(self, graph: ox.NamedNode) -> None:
        """Remove a graph in one transaction."""
        with guarded(self._layout):
            self.mark()
            self.inner.update(f"DROP SILENT GRAPH {graph}")

    def bulk(self, quads: Iterable[ox.Quad], told: Callable[[int], None] = lambda _: None) -> int:
        """Add any number of quads in bounded memory, all or none; return how many were given.

        ``told`` hears of the number stored so far. An error of ``quads`` itself passes through after the database
        was put back to what it was.
        """
        stream, count = iter(quads), 0
        with guarded(self._layout):
            was_published = self.is_published
            self.mark()
            self.inner.flush()
            self._layout.keep(self.inner.backup)
            try:
                while part := list(islice(stream, SLICE)):
                    self.inner.bulk_extend(part)
                    count += len(part)
                    told(count)
                self.inner.flush()
            except BaseException:
                self.close()
                self._layout.restore()
                self._store = ox.Store(str(self._layout.data))
                if was_published:
                    self._layout.unpublished.unlink()
                raise
            self._layout.settle()
        return count

    def mark(self) -> None:
        """Note that the database is about to hold what no snapshot shows yet."""
        self._layout.unpublished.touch()

    # ---- snapshots

    @property
    def is_published(self) -> bool:
        """Whether the current snapshot shows all that the database holds."""
        return not self._layout.unpublished.exists() and self._layout.current_number() is not None

    def publish(self) -> int | None:
        """Make a snapshot of the database and hand it to readers; return its number, None if nothing was new."""
        if self.is_published:
            return None
        started = time.perf_counter()
        with guarded(self._layout):
            self.inner.flush()
            number = self._layout.release(self.inner.backup)
        self.publishing += time.perf_counter() - started
        return number


@dataclass(frozen=True, slots=True)
class Draft:
    """The additions and removals of one transaction."""

    additions: set[ox.Quad] = field(default_factory=set)
    removals: set[ox.Quad] = field(default_factory=set)

    def replace(self, old: Iterable[ox.Quad], new: Iterable[ox.Quad]) -> None:
        """Have the new quads in the place of the old; what one step removes and another adds, stays."""
        self.removals.update(old)
        self.additions.update(new)

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes by it."""
        return self.additions == self.removals

    def commit(self, database: Database, dropped: ox.NamedNode | None = None) -> None:
        """Have the database follow, in one transaction. Raises StoreError, and then nothing has changed.

        ``dropped`` is a graph of which nothing is left.
        """
        database.commit(self.additions - self.removals, self.removals - self.additions, dropped)


def _data(quads: Iterable[ox.Quad]) -> str:
    """Write quads as the data of a SPARQL update, one block a graph."""
    blocks: dict[str, list[str]] = defaultdict(list)
    for quad in quads:
        blocks[str(quad.graph_name)].append(f"{quad.subject} {quad.predicate} {quad.object} .")
    return " ".join(
        f"GRAPH {graph} {{ {' '.join(lines)} }}" if graph != "DEFAULT" else " ".join(lines)
        for graph, lines in blocks.items()
    )
