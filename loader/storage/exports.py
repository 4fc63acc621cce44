"""What leaves a store: its published snapshot as RDF, the same bytes for the same articles, and its counts."""

from __future__ import annotations

import errno
import gzip
import heapq
import os
import re
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar, cast

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Store, parse, serialize

from loader.mapping.terms import AWAITS, GENERATED_BY, TYPE, pact
from loader.storage.database import fault, guarded
from ontology.layout import Layout
from ontology.vocabulary import DEFAULT_BASE, Mint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pyoxigraph import Triple

FORMATS: Mapping[str, RdfFormat] = {
    "nq": RdfFormat.N_QUADS,
    "trig": RdfFormat.TRIG,
    "jsonld": RdfFormat.JSON_LD,
    "nt": RdfFormat.N_TRIPLES,
    "ttl": RdfFormat.TURTLE,
    "rdf": RdfFormat.RDF_XML,
}
"""The formats of an export. The first three keep the named graphs, the others are the union of all graphs."""

_Thing = TypeVar("_Thing")
_CHUNK = 200_000  # lines that are sorted in memory at once, some 50 MB


class Unexportable(Exception):
    """An export that cannot be written; the message says why."""


def unwritable(error: OSError) -> Unexportable:
    """Return what to tell of an output that finds no room."""
    return Unexportable(f"The output cannot be written: {error.strerror}.")


@dataclass(frozen=True, slots=True)
class Status:
    """How much a store's published snapshot holds."""

    snapshot: int
    quads: int
    articles: int
    statements: int
    memberships: int
    user_graphs: int


@contextmanager
def snapshot(path: Path) -> Iterator[tuple[Store, Mint]]:
    """Open the published snapshot of a store for reading, with the mint of its base.

    Needs no lock, so a writer may go on. Raises NoStore, NewerStore or another StoreError, and Unexportable where what
    is written meanwhile finds no room.
    """
    layout = Layout(path)
    with layout.lease() as folder, guarded(layout):
        store = Store.read_only(str(folder))
        try:
            yield store, Mint(_base(store))
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise unwritable(error) from error  # reading a snapshot takes no room


def export(path: Path, out: Path | IO[bytes], *, form: str = "nq", provenance: bool = False) -> int:
    """Write the published snapshot of the store at ``path``; return the number of lines or quads written.

    ``form`` is one of FORMATS. The lines of N-Quads and N-Triples are sorted by code point, and the other formats
    follow that order, so equal articles give equal bytes. The times of runs are left out unless ``provenance`` is
    wanted. A file appears whole or not at all, and is compressed if its name ends in ``.gz``. Raises StoreError for a
    store that cannot be read, Unexportable for a file that cannot be written.
    """
    if form not in FORMATS:
        message = f"{form!r} is no format of an export; one of {', '.join(FORMATS)} is."
        raise Unexportable(message)
    with snapshot(path) as (store, mint), _written(out) as file:
        sheet = _Sheet(store, mint, provenance=provenance)
        try:
            return sheet.write(file, FORMATS[form])
        except OSError as error:
            if error.errno is None:  # it comes from the database, not from the system
                raise fault(Layout(path), error) from error
            raise
        except ValueError as error:  # a predicate that XML has no name for, say
            message = f"The store holds what {FORMATS[form].name} cannot say: {error}."
            raise Unexportable(message) from error


def form_of(name: str) -> str:
    """Return the form that a file's name stands for (``graph.ttl.gz`` is ``ttl``); N-Quads where it has no suffix.

    Raises Unexportable for a suffix of another format.
    """
    ending = Path(name.lower().removesuffix(".gz")).suffix
    form = ending.removeprefix(".") or "nq"
    if form not in FORMATS:
        message = f"No export ends in {ending}; .{', .'.join(FORMATS)} do, or say with --format which it is."
        raise Unexportable(message)
    return form


def status(path: Path) -> Status:
    """Count what the published snapshot of a store holds. Raises NoStore or another StoreError."""
    with snapshot(path) as (store, mint):
        graphs = [graph.value for graph in store.named_graphs()]
        return Status(
            snapshot=Layout(path).current_number() or 0,
            quads=len(store),
            articles=_count(store, "Article"),
            statements=_count(store, "Statement"),
            memberships=_count(store, "Membership"),
            user_graphs=sum(not mint.is_reserved(graph) for graph in graphs),
        )


def _count(store: Store, name: str) -> int:
    return sum(1 for _ in store.quads_for_pattern(None, TYPE, pact(name)))


def _base(store: Store) -> str:
    """Return what the IRIs of a store begin with: the vocabulary's graph tells."""
    if store.contains_named_graph(NamedNode(Mint(DEFAULT_BASE).ontology_graph)):
        return DEFAULT_BASE
    ending = "graph/ontology"
    named = sorted(str(getattr(graph, "value", "")) for graph in store.named_graphs())
    return next((graph.removesuffix(ending) for graph in named if graph.endswith("/" + ending)), DEFAULT_BASE)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What is written of one snapshot, in the order in which it is written."""

    store: Store
    mint: Mint
    provenance: bool

    def write(self, file: IO[bytes], form: RdfFormat) -> int:
        if form == RdfFormat.N_QUADS:
            return self._write_lines(file, self._quad_lines())
        if form == RdfFormat.N_TRIPLES:
            return self._write_lines(file, self._triple_lines())
        counted = _Counted()
        if form.supports_datasets:
            quads = (quad for graph in self._graphs() for quad in self._quads(graph))
            serialize(counted.each(quads), file, format=form, prefixes=self.mint.prefixes)
        else:
            triples = _triples(self._triple_lines())
            if form == RdfFormat.RDF_XML:
                triples = _named_in_xml(triples)
            serialize(counted.each(triples), file, format=form, prefixes=self.mint.prefixes)
        return counted.count

    def _write_lines(self, file: IO[bytes], lines: Iterable[bytes]) -> int:
        count = 0
        for line in lines:
            file.write(line)
            count += 1
        return count

    def _graphs(self) -> list[NamedNode | DefaultGraph]:
        """Return the default graph, which only the user writes to, and then the named ones in order."""
        named = [graph for graph in self.store.named_graphs() if isinstance(graph, NamedNode)]
        return [DefaultGraph(), *sorted(named, key=lambda graph: graph.value)]

    def _quads(self, graph: NamedNode | DefaultGraph) -> Iterator[Quad]:
        for triple in _triples(ordered(self._lines_of(graph))):
            yield Quad(triple.subject, triple.predicate, triple.object, graph)

    def _quad_lines(self) -> Iterator[bytes]:
        with tempfile.TemporaryFile() as spool:
            self.store.dump(spool, format=RdfFormat.N_QUADS)
            spool.seek(0)
            ending = f" <{self.mint.meta_graph}> .\n".encode()
            yield from ordered(line for line in spool if not line.endswith(ending) or self._keeps(line))

    def _triple_lines(self) -> Iterator[bytes]:
        """Give the union of all graphs, each triple once."""
        before = b""
        for line in ordered(line for graph in self._graphs() for line in self._lines_of(graph)):
            if line != before:
                yield line
            before = line

    def _lines_of(self, graph: NamedNode | DefaultGraph) -> Iterator[bytes]:
        is_meta = graph == NamedNode(self.mint.meta_graph)
        with tempfile.SpooledTemporaryFile(max_size=1 << 22) as spool:
            self.store.dump(cast("IO[bytes]", spool), format=RdfFormat.N_TRIPLES, from_graph=graph)
            spool.seek(0)
            yield from (line for line in spool if not is_meta or self._keeps(line))

    def _keeps(self, line: bytes) -> bool:
        """Whether a line of the graph of metadata is told: what is said of runs and links hangs on when they ran."""
        subject, predicate = line.split(b" ", 2)[:2]
        is_timed = predicate in _TIMED or subject.startswith(f"<{self.mint.base}activity/".encode())
        return self.provenance or not is_timed


class _Counted:
    """A count of what passed through."""

    def __init__(self) -> None:
        self.count = 0

    def each(self, things: Iterable[_Thing]) -> Iterator[_Thing]:
        for thing in things:
            self.count += 1
            yield thing


def _triples(lines: Iterable[bytes]) -> Iterator[Triple]:
    stream = iter(lines)
    while part := b"".join(islice(stream, 10_000)):
        for quad in parse(part, format=RdfFormat.N_TRIPLES):
            yield quad.triple


def _named_in_xml(triples: Iterable[Triple]) -> Iterator[Triple]:
    """Pass triples on; raise ValueError at one that no XML can hold, which the serialiser would write all the same."""
    for triple in triples:
        if not _XML_NAME.search(triple.predicate.value):
            message = f"the property {triple.predicate} ends in no XML name"
            raise ValueError(message)
        if isinstance(triple.object, Literal) and _NO_XML.search(triple.object.value):
            message = f"{triple.subject} has a control character in its {triple.predicate}"
            raise ValueError(message)
        yield triple


_XML_NAME = re.compile(r"[^\W\d][\w.\-]*$")
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def ordered(lines: Iterable[bytes], chunk: int = _CHUNK) -> Iterator[bytes]:
    """Sort lines by their bytes, which is by code point, with ``chunk`` of them in memory: the rest waits in files."""
    runs: list[Iterable[bytes]] = []
    stream = iter(lines)
    with ExitStack() as stack:
        while part := sorted(islice(stream, chunk)):
            if len(part) < chunk:
                runs.append(part)
                break
            file = stack.enter_context(tempfile.TemporaryFile())
            file.writelines(part)
            file.seek(0)
            runs.append(file)
        yield from runs[0] if len(runs) == 1 else heapq.merge(*runs)


@contextmanager
def _written(out: Path | IO[bytes]) -> Iterator[IO[bytes]]:
    """Give a file to write to that takes its name once it is whole."""
    if not isinstance(out, os.PathLike):
        yield out
        out.flush()
        return
    fresh = out.with_name(f".{out.name}.{os.getpid()}.new")
    try:
        with fresh.open("xb") as file:
            if out.suffix == ".gz":
                with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed:
                    yield cast("IO[bytes]", packed)
            else:
                yield file
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(out)
    except OSError as error:
        message = f"{out} cannot be written: {error.strerror or error}."
        raise Unexportable(message) from error
    finally:
        fresh.unlink(missing_ok=True)


_TIMED = {str(GENERATED_BY).encode(), str(AWAITS).encode()}
