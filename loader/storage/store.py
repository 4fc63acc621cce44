"""A store of articles: the graph of each, what they say of actors together, and which text revises which.

One writer at a time; one transaction an article; readers see the snapshots that the writer publishes. What hangs on
the set of loaded articles is computed from that set, never from the order in which they came.
"""

from __future__ import annotations

import hashlib
import threading
from contextlib import contextmanager
from enum import StrEnum
from importlib.resources import files
from itertools import chain, islice
from typing import TYPE_CHECKING

from oxrdflib import OxigraphStore
from pyoxigraph import NamedNode, Quad, RdfFormat, parse
from rdflib import Dataset

from loader.mapping.matches import matched
from loader.mapping.metadata import article_quads, digest_quad, ended_run, order_quads, started_run
from loader.mapping.terms import DATE, GENERATED_BY, HASH, IDENTIFIER, TYPE, VERSION_OF, term
from loader.storage.database import Database, Draft, guarded
from loader.storage.decisions import Decisions
from loader.storage.imports import read_rdf
from loader.storage.namings import Namings
from ontology.layout import Layout, StoreError
from ontology.vocabulary import DEFAULT_BASE, Mint

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from pyoxigraph import Triple

    from loader.mapping.actors import Naming
    from loader.registry import Registry


class Change(StrEnum):
    """What storing an article did to the store."""

    ADDED = "added"
    REVISED = "revised"  # added, beside another text of the same address
    REPLACED = "replaced"
    UNCHANGED = "unchanged"


class NoSuchArticle(StoreError):
    """The store holds nothing of that name."""


class Collision(StoreError):
    """Two texts have the same article id."""


class Store:
    """The writer's hold on a store; made by `open`.

    Its methods may be called from several threads. Each article and each file is one transaction; any method may raise
    DiskFull, Damaged or another StoreError, and then that article or file has changed nothing.
    """

    def __init__(self, layout: Layout, mint: Mint, database: Database) -> None:
        self.layout = layout
        self.mint = mint
        self._database = database
        self._lock = threading.RLock()
        self.decisions = Decisions(database, mint, self._lock)
        self._meta = NamedNode(mint.meta_graph)
        self._vocabulary = NamedNode(mint.ontology_graph)  # its version, once the vocabulary is there
        self._namings = Namings(database, mint)  # likewise: it knows the registry then
        self._run: list[Quad] = []
        self._failure: StoreError | None = None
        self._lent: list[OxigraphStore] = []

    @classmethod
    @contextmanager
    def open(
        cls, path: Path, *, base: str = DEFAULT_BASE, registry: Registry | None = None, wait: float = 30.0
    ) -> Iterator[Store]:
        """Open the store in a directory for writing, or make a new one; nobody else can write until the block ends.

        ``base`` is what every IRI of the store begins with; ``wait`` how many seconds to wait for another writer. The
        vocabulary is written where the store's is another, and so is the ``registry``, if one is given. Raises
        StoreLocked, NewerStore or another StoreError, ValueError for a base that is none.
        """
        layout, mint = Layout(path), Mint(base)
        with guarded(layout):
            layout.create()
        with _writing(layout, wait):
            store = cls(layout, mint, Database(layout))
            try:
                store._check_base()
                store._ground(registry)
                yield store
            finally:
                store._close()

    # ---- articles

    def put(self, quads: Collection[Quad], namings: Iterable[Naming] = ()) -> Change:
        """Store one article's graph in the place of what the store had for it, in one transaction.

        ``quads`` are those of `loader.mapping.quads`, ``namings`` those of `loader.mapping.quads.contributions`. Raises
        Collision if the store has another text under the same id, ValueError for quads that are not one article's.
        """
        graphs = {quad.graph_name for quad in quads}
        article = self.mint.article_of(_value(graphs.pop())) if len(graphs) == 1 else None
        if article is None:
            message = "The quads are not those of one article's graph."
            raise ValueError(message)
        with self._lock:
            if self._failure:
                raise self._failure
            return self._replace(article, set(quads), tuple(namings))

    def unload(self, name: str) -> tuple[str, ...]:
        """Remove an article, or all texts of one address, or a graph that the user imported; return their IRIs.

        ``name`` is an article's IRI or id, the address it was published at, or the IRI of a user's graph. Raises
        NoSuchArticle where the store has none.
        """
        with self._lock:
            articles = self._named(name)
            for article in articles:
                self._replace(article, set(), ())
            if articles:
                return articles
            graph = _iri_or_none(name)
            if graph is not None and not self.mint.is_reserved(name) and self._database.has_graph(graph):
                self._database.clear(graph)
                return (name,)
        message = f"The store at {self.layout.root} holds no article {name}; its id, its IRI or its address names one."
        raise NoSuchArticle(self.layout.root, message)

    # ---- links

    def quads(
        self,
        graph: str,
        subject: str | None = None,
        predicate: NamedNode | None = None,
        value: str | None = None,
    ) -> list[Quad]:
        """Return the quads of a named graph, or those about an entity, of a property, with an IRI; in no order."""
        of, to = (NamedNode(each) if each is not None else None for each in (subject, value))
        with self._lock:
            return self._database.quads(of, predicate, to, NamedNode(graph))

    def state(self, facts: Iterable[Triple]) -> bool:
        """Have these facts of linked entities in the place of those before, in one transaction.

        They stand in the mint's graph of facts. Returns whether the graph is another than before.
        """
        graph = NamedNode(self.mint.facts_graph)
        draft = Draft()
        with self._lock:
            new = [Quad(fact.subject, fact.predicate, fact.object, graph) for fact in facts]
            draft.replace(self._database.quads(graph=graph), new)
            draft.commit(self._database)
        return not draft.is_empty

    # ---- other graphs

    def import_rdf(self, path: Path, graph: str | None = None, told: Callable[[int], None] = lambda _: None) -> int:
        """Add a file of RDF to the store, all of it or nothing; return how many quads it holds.

        The formats are those of `loader.storage.imports.read_rdf`. Triples go to ``graph``, by default a graph named
        after the file; quads keep their own graphs. ``told`` hears how many quads are stored. Raises Unimportable for
        a file that cannot be read, or that writes into a graph that is the loader's own.
        """
        with self._lock:
            stream = read_rdf(path, graph or self.mint.user_graph(path.name), self.mint)
            first = list(islice(stream, _SMALL))
            if len(first) == _SMALL:
                return self._database.bulk(chain(first, stream), told)
            self._database.commit([quad for quad in first if not self._database.has(quad)])
            told(len(first))
            return len(first)

    def dataset(self) -> Dataset:
        """Give the store as an rdflib dataset whose default graph is the union of all graphs.

        What is written through it is published like any other change. Graphs under ``{base}graph/`` are the loader's;
        write into others only. It ends with the block of `open`.
        """
        self._database.mark()
        lent = OxigraphStore(store=self._database.inner)
        self._lent.append(lent)
        return Dataset(store=lent, default_union=True)

    # ---- snapshots

    def publish(self) -> int | None:
        """Make what is stored durable and show it to readers; return the snapshot's number, None if all is shown."""
        with self._lock:
            return self._database.publish()

    @property
    def publishing(self) -> float:
        """Seconds that were spent on snapshots since the store was opened."""
        return self._database.publishing

    @contextmanager
    def run(self, every: float = 1.0) -> Iterator[None]:
        """Publish what the block stores, each ``every`` seconds while it runs and at its end, and note its times.

        An error of the block passes through after what was stored before it is published.
        """
        end = threading.Event()
        thread = threading.Thread(target=self._publish_until, args=(end, every), name="publish", daemon=True)
        thread.start()
        try:
            yield
        except StoreError as error:
            self._failure = self._failure or error  # the database takes nothing more, so there is nothing to publish
            raise
        finally:
            end.set()
            thread.join()
            if self._failure is None:
                self._end_run()
                self.publish()
        if self._failure:
            raise self._failure

    def _publish_until(self, end: threading.Event, every: float) -> None:
        while not end.wait(every):
            try:
                self.publish()
            except StoreError as error:
                self._failure = error
                return

    def _end_run(self) -> None:
        with self._lock:
            if self._run and isinstance(run := self._run[0].subject, NamedNode):
                self._database.commit([ended_run(run, self.mint)])
                self._run = []

    def _close(self) -> None:
        while self._lent:
            self._lent.pop().close()
        self._database.close()

    # ---- one article's transaction

    def _named(self, name: str) -> tuple[str, ...]:
        identifier = name.removeprefix(self.mint.base).removeprefix("graph/").removeprefix("article/")
        article = self.mint.article_of(f"{self.mint.base}graph/article/{identifier}")
        if article and self._database.has_graph(NamedNode(self.mint.graph(article))):
            return (article,)
        try:
            work = NamedNode(self.mint.work(name))
        except ValueError:
            return ()
        return tuple(sorted(_value(quad.subject) for quad in self._database.quads(None, VERSION_OF, work)))

    def _replace(self, article: str, new: set[Quad], namings: tuple[Naming, ...]) -> Change:
        graph = NamedNode(self.mint.graph(article))
        old = set(self._database.quads(graph=graph)) if self._database.has_graph(graph) else set()
        self._check_hash(article, old, new)
        old_namings = self._namings.of(article) if old else ()
        draft = Draft()
        draft.replace(old, new)
        draft.replace(self._about(article, old_namings) if old else (), self._about(article, namings) if new else ())
        if draft.is_empty:
            return Change.UNCHANGED
        said = self._namings.draft(draft, old_namings, namings)
        texts = self._texts(article, old, new)
        for text in {article, *texts}:
            draft.replace(self._database.quads(NamedNode(text), graph=self._meta), ())
        draft.replace((), order_quads(texts, self.mint))
        draft.replace(self._database.quads(graph, GENERATED_BY), self._generation(graph) if new else ())
        draft.commit(self._database, None if new else graph)
        self._namings.remember(said)
        if old:
            return Change.REPLACED
        return Change.REVISED if len(texts) > 1 else Change.ADDED

    def _check_hash(self, article: str, old: set[Quad], new: set[Quad]) -> None:
        """Compare whole hashes: an id is 64 bits of one, so two texts may share it, if very rarely."""
        had, has = ({quad.object for quad in quads if quad.predicate == HASH} for quads in (old, new))
        if had and has and had != has:
            message = f"The store has another text under {article}; unload that one to load this."
            raise Collision(self.layout.root, message)

    def _about(self, article: str, namings: Iterable[Naming]) -> set[Quad]:
        return article_quads(article, namings, self._vocabulary, self.mint)

    def _texts(self, article: str, old: set[Quad], new: set[Quad]) -> dict[str, str]:
        """Return the texts that share the article's address, itself included while it stays, with their dates."""
        texts = {article: _published(new)} if new else {}
        work = next((quad.object for quad in old | new if quad.predicate == VERSION_OF), None)
        if isinstance(work, NamedNode):
            for quad in self._database.quads(None, VERSION_OF, work):
                if isinstance(quad.subject, NamedNode) and quad.subject.value != article:
                    texts[quad.subject.value] = _published(self._database.quads(quad.subject, DATE))
        return texts

    def _generation(self, graph: NamedNode) -> list[Quad]:
        """Return by which run the graph was written, and what is known of that run."""
        self._run = self._run or started_run(self.mint)
        return [Quad(graph, GENERATED_BY, self._run[0].subject, self._meta), *self._run]

    # ---- what stands in every store

    def _check_base(self) -> None:
        """Refuse a store whose IRIs begin otherwise: what was added to it would hang together with nothing."""
        if not self._database.has_graph(NamedNode(self.mint.ontology_graph)):
            for graph in self._database.graphs("graph/ontology"):
                base = graph.value.removesuffix("graph/ontology")
                message = f"The store at {self.layout.root} was made with the base {base}, not {self.mint.base}."
                raise StoreError(self.layout.root, message)

    def _ground(self, registry: Registry | None) -> None:
        """Write the vocabulary and the registry where the store holds others."""
        draft = Draft()
        vocabulary, known = NamedNode(self.mint.ontology_graph), NamedNode(self.mint.registry_graph)
        source = files("ontology").joinpath("pactgraph.ttl").read_bytes()
        if self._is_new(draft, vocabulary, hashlib.sha256(source).hexdigest()):
            new = [Quad(quad.subject, quad.predicate, quad.object, vocabulary) for quad in _turtle(source)]
            draft.replace(self._database.quads(graph=vocabulary), new)
        is_new = registry is not None and self._is_new(draft, known, registry.digest)
        if registry is not None and is_new:  # a new registry loses no link
            decisions = self._database.quads(graph=NamedNode(self.mint.links_graph))
            draft.replace(self._database.quads(graph=known), matched(registry.quads(self.mint), decisions, known))
        draft.commit(self._database)
        registered = {_value(quad.subject) for quad in self._database.quads(None, TYPE, None, known)}
        self._namings = Namings(self._database, self.mint, registered)
        for quad in self._database.quads(None, term("owl", "versionIRI"), None, vocabulary):
            self._vocabulary = NamedNode(_value(quad.object))
        if is_new:
            self._namings.settle()

    def _is_new(self, draft: Draft, graph: NamedNode, digest: str) -> bool:
        known, mark = self._database.quads(graph, IDENTIFIER, None, self._meta), digest_quad(graph, digest, self.mint)
        draft.replace(known, [mark])
        return known != [mark]


@contextmanager
def _writing(layout: Layout, wait: float) -> Iterator[None]:
    """Hold the writer's lock; an error in taking it is the user's to know, one of the block passes through as it is."""
    lock = layout.writer(wait)
    with guarded(layout):
        lock.__enter__()
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


def _turtle(source: bytes) -> Iterable[Quad]:
    return parse(source, format=RdfFormat.TURTLE)


def _published(quads: Iterable[Quad]) -> str:
    """Return an article's date out of its quads, empty where it has none."""
    return next((_value(quad.object) for quad in quads if quad.predicate == DATE), "")


def _value(term: object) -> str:
    return str(getattr(term, "value", term))


def _iri_or_none(name: str) -> NamedNode | None:
    try:
        return NamedNode(name)
    except ValueError:
        return None


_SMALL = 20_000  # quads that one transaction takes in well under a second
