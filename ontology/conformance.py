"""Whether what is to be stored is as the shapes want it, told node by node and in words.

The shapes are asked as set queries in Oxigraph (`ontology.shapes`), of the nodes of the quads that are handed in and
of no other, so an article costs the same beside a small registry and a large one.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from itertools import chain, islice
from typing import TYPE_CHECKING

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QuerySolutions,
    RdfFormat,
    Store,
    Triple,
    parse,
)
from rdflib import RDF, RDFS, Graph

from ontology.shapes import HAS_MEMBER, INSTANCE_OF, INSTANCES, LISTS, compile_shapes
from ontology.vocabulary import PACT, PREFIXES, Mint, compact, content_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from typing import TypeAlias

    from ontology.shapes import Rule, Shapes

    Node: TypeAlias = NamedNode | BlankNode | Triple
    Term: TypeAlias = Node | Literal
    Types: TypeAlias = dict[Node, set[str]]

_TYPE = NamedNode(str(RDF.type))
_SUBCLASS = NamedNode(str(RDFS.subClassOf))
_INSTANCES, _INSTANCE_OF = NamedNode(INSTANCES), NamedNode(INSTANCE_OF)
_CONTEXT, _REST = NamedNode("urn:pactgraph:context"), NamedNode("urn:pactgraph:rest")
_START, _END, _EXACT = (NamedNode(f"{PREFIXES['oa']}{name}") for name in ("start", "end", "exact"))
_HASH, _LENGTH = NamedNode(str(PACT.contentHash)), NamedNode(str(PACT.textLength))
_OF_THE_TEXT = {_START, _END, _EXACT, _HASH, _LENGTH}
_GRAPHS_AT_ONCE = 50  # of a whole store: enough to share the cost of a query, few enough to stay small in memory
_QUADS_AT_ONCE = 10_000  # into the store: what is on its way there takes memory twice
_SHOWN = 80  # characters of a value in a message


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that one node breaks.

    ``focus`` is the node, ``rule`` names shape, path and component (``Statement/pact:stance/maxCount``), ``message``
    says in words what is wrong. ``value`` is what is wrong, where that is one value or several; ``graph`` is the graph
    that describes the node, None for the default graph.
    """

    focus: str
    rule: str
    message: str
    value: str | None = None
    graph: str | None = None

    def __str__(self) -> str:
        return f"{self.focus}: {self.message}"


class NonConforming(ValueError):
    """Quads that break the rules of ``report``, which is not empty."""

    def __init__(self, report: tuple[Violation, ...]) -> None:
        self.report = report
        more = f" (and {len(report) - 1} more)" if len(report) > 1 else ""
        super().__init__(f"{report[0]}{more}")


def our_shapes() -> Shapes:
    """Compile the shapes of ``shapes.ttl``."""
    return compile_shapes(Graph().parse(data=_packaged("shapes.ttl"), format="turtle"))


class Conformance:
    """Checks quads against the shapes, beside a context that they may speak of (the registry).

    The context itself is not checked. An instance serves one thread at a time.
    """

    def __init__(self, context: Iterable[Quad] = (), shapes: Shapes | None = None) -> None:
        """Hold the context in memory, and the shapes: our own, unless others are given."""
        self._shapes = shapes or our_shapes()
        context = [Quad(quad.subject, quad.predicate, quad.object, _CONTEXT) for quad in context]
        vocabulary = parse(_packaged("pactgraph.ttl"), RdfFormat.TURTLE)
        self._hierarchy = _Hierarchy({}).joined([*vocabulary, *context])
        self._types = _types(context)
        self._terms = {term for quad in context for term in (quad.subject, quad.object)}
        self._store = Store()
        self._store.extend([*context, *self._instances(self._types, self._hierarchy)])
        for name, member in self._shapes.lists:
            self._store.update(f"INSERT DATA {{ GRAPH <{LISTS}> {{ <{name}> <{HAS_MEMBER}> {member} }} }}")

    def conform(self, quads: Iterable[Quad], text: str | None = None) -> None:
        """Raise NonConforming with what `report` returns, if that is anything."""
        report = self.report(quads, text)
        if report:
            raise NonConforming(report)

    def reports(self, several: Sequence[tuple[Sequence[Quad], str | None]]) -> list[tuple[Violation, ...]]:
        """Return what `report` returns for each of several articles' quads and texts, at less cost.

        A query costs more to begin than to answer for one article, so those that cannot change each other's outcome
        are asked together, and each by itself where anything is wrong with one of them. An article stands by itself
        where it describes what the context knows or what another describes otherwise, speaks of what only another
        describes, or tells of classes.
        """
        apart = _apart([quads for quads, _ in several], self._terms)
        together = [place for place in range(len(several)) if place not in apart]
        union = list(dict.fromkeys(quad for place in together for quad in several[place][0]))
        if len(together) < 2 or self.report(union):
            return [self.report(*each) for each in several]
        found: list[tuple[Violation, ...]] = []
        for place, (quads, text) in enumerate(several):
            if place in apart:
                found.append(self.report(quads, text))
            else:
                found.append(() if text is None else tuple(sorted(_words_that_differ(quads, text), key=_order)))
        return found

    def report(self, quads: Iterable[Quad], text: str | None = None) -> tuple[Violation, ...]:
        """Return every violation by a node that these quads describe, in order of graph, node and rule.

        They may be one article's or many articles', in any named graphs, with what the registry lacks besides. Where
        they are one article's, its canonical ``text`` lets the words of every span be compared with it.
        """
        quads = list(quads)
        homes = _homes(quads)
        types = _types(quads)
        hierarchy = self._hierarchy.joined(quads)
        # A node that the context tells of too is described by both; a class of the caller's own may be any node's.
        shared = homes.keys() & self._types.keys()
        for node in shared if hierarchy is self._hierarchy else self._types:
            types[node] = types.get(node, set()) | self._types[node]
        places = self._places({node: types.get(node, set()) for node in homes}, hierarchy)
        known = [quad for node in shared for quad in self._store.quads_for_pattern(node, None, None, _CONTEXT)]
        told = (
            Quad(quad.subject, quad.predicate, quad.object, place)
            for quad in chain(quads, known)
            for place in places[quad.subject]
        )
        with self._beside(told, self._instances(types, hierarchy)):
            found = self._ask({place.value for some in places.values() for place in some})
        violations = [
            violation
            for (rule, node), values in found.items()
            for violation in _violations(rule, node, values, homes.get(node))
        ]
        if text is not None:
            violations.extend(_words_that_differ(quads, text))
        return tuple(sorted(violations, key=_order))

    def _ask(self, classes: set[str]) -> dict[tuple[Rule, Node], set[Term | None]]:
        """Ask every query that concerns one of the classes: what is wrong by each rule with each node."""
        found: dict[tuple[Rule, Node], set[Term | None]] = {}
        for query in self._shapes.queries:
            if query.classes.isdisjoint(classes):
                continue
            solutions = self._store.query(query.text, use_default_graph_as_union=True)
            assert isinstance(solutions, QuerySolutions)  # noqa: S101 (every query is a SELECT)
            for solution in solutions:
                rule, node = self._shapes.rules[int(solution["rule"].value)], solution["this"]
                values = found.setdefault((rule, node), set())
                if rule.counts and rule.path is not None:
                    path = NamedNode(rule.path)
                    values.update(quad.object for quad in self._store.quads_for_pattern(node, path, None))
                else:
                    values.add(solution["value"])
        return found

    def _places(self, types: Types, hierarchy: _Hierarchy) -> dict[Node, list[NamedNode]]:
        """Tell in which graphs the triples of each node belong: those of its classes, or else one for all the rest."""
        targets = {name: hierarchy.above(name) & self._shapes.targets for names in types.values() for name in names}
        return {
            node: [NamedNode(target) for target in set().union(*(targets[name] for name in names))] or [_REST]
            for node, names in types.items()
        }

    def _instances(self, types: Types, hierarchy: _Hierarchy) -> list[Quad]:
        """Tell of which of the classes that rules ask for each node is an instance."""
        asked = {name: hierarchy.above(name) & self._shapes.classes for names in types.values() for name in names}
        return [
            Quad(node, _INSTANCE_OF, NamedNode(target), _INSTANCES)
            for node, names in types.items()
            for target in set().union(*(asked[name] for name in names))
        ]

    @contextmanager
    def _beside(self, told: Iterator[Quad], instances: list[Quad]) -> Iterator[None]:
        """Hold quads in the store for a while, and afterwards what it held before."""
        fresh = [quad for quad in instances if quad not in self._store]
        try:
            self._store.extend(fresh)
            while some := list(islice(told, _QUADS_AT_ONCE)):
                self._store.extend(some)
            yield
        finally:
            for quad in fresh:
                self._store.remove(quad)
            for place in (_REST, *map(NamedNode, self._shapes.targets)):
                self._store.remove_graph(place)


def validate(source: Store | Iterable[Quad], mint: Mint | None = None) -> tuple[Violation, ...]:
    """Return every violation in a whole store, or in any quads.

    Of a store, the graphs of articles (by ``mint``, the default base if None) are checked a few at a time beside all
    other graphs, so memory holds no more than those.
    """
    shapes = our_shapes()
    if not isinstance(source, Store):
        return Conformance(shapes=shapes).report(source)
    mint = mint or Mint()
    graphs = sorted(source.named_graphs(), key=str)
    articles = [graph for graph in graphs if mint.article_of(_text_of(graph)) is not None]
    others = [DefaultGraph(), *(graph for graph in graphs if mint.article_of(_text_of(graph)) is None)]
    context = [quad for graph in others for quad in source.quads_for_pattern(None, None, None, graph)]
    violations = [*Conformance(shapes=shapes).report(context)]
    conformance = Conformance(context, shapes)
    for first in range(0, len(articles), _GRAPHS_AT_ONCE):
        some = articles[first : first + _GRAPHS_AT_ONCE]
        violations.extend(
            conformance.report(quad for graph in some for quad in source.quads_for_pattern(None, None, None, graph))
        )
    return tuple(sorted(violations, key=_order))


@dataclass(frozen=True, slots=True)
class _Hierarchy:
    """Which classes are subclasses of which."""

    parents: Mapping[str, frozenset[str]]

    def joined(self, triples: Iterable[Quad | Triple]) -> _Hierarchy:
        """Return a hierarchy that knows what these triples tell as well; this one, if that is nothing."""
        parents = dict(self.parents)
        for triple in triples:
            if triple.predicate == _SUBCLASS and isinstance(triple.object, NamedNode):
                name = _text_of(triple.subject)
                parents[name] = parents.get(name, frozenset()) | {triple.object.value}
        return self if parents == self.parents else _Hierarchy(parents)

    def above(self, name: str) -> set[str]:
        """Return a class and every class that it is a subclass of."""
        found, open_ends = {name}, [name]
        while open_ends:
            fresh = self.parents.get(open_ends.pop(), frozenset()) - found
            found |= fresh
            open_ends.extend(fresh)
        return found


def _apart(several: Sequence[Sequence[Quad]], known: AbstractSet[Term]) -> set[int]:
    """Return the places of those whose outcome may hang on another's quads, see `Conformance.reports`."""
    described: dict[Node, dict[int, set[Quad]]] = {}
    for place, quads in enumerate(several):
        for quad in quads:
            described.setdefault(quad.subject, {}).setdefault(place, set()).add(quad)
    apart: set[int] = set()
    for node, told in described.items():
        first, *others = told.values()
        if node in known or any(other != first for other in others):
            apart.update(told)
    for place, quads in enumerate(several):
        for quad in quads:
            speaks_of = described.get(quad.object, ()) if not isinstance(quad.object, Literal) else ()
            if quad.predicate == _SUBCLASS or (speaks_of and place not in speaks_of):
                apart.add(place)
                break
    return apart


def _violations(rule: Rule, node: Node, values: set[Term | None], home: str | None) -> list[Violation]:
    """Put what is wrong with one node by one rule into words: all in one where the rule counts, else each by itself."""
    written = sorted(_written(value) for value in values if value is not None)
    parts = [", ".join(written)] if rule.counts else written or [""]
    times = "twice" if len(written) == 2 else f"{len(written)} times"
    return [
        Violation(
            focus=_text_of(node),
            rule=rule.name,
            message=rule.message.replace("{times}", times).replace("{value}", _shortened(part)),
            value=part or None,
            graph=home,
        )
        for part in parts
    ]


def _words_that_differ(quads: Sequence[Quad], text: str) -> list[Violation]:
    """Compare the words of the spans, and what is told of the text, with the text itself."""
    told: dict[tuple[Node, NamedNode], Term] = {}
    for quad in sorted((quad for quad in quads if quad.predicate in _OF_THE_TEXT), key=str):
        told.setdefault((quad.subject, quad.predicate), quad.object)
    homes = _homes(quads)
    expected: dict[tuple[Node, NamedNode], str] = {}
    for node, predicate in told:
        if predicate == _EXACT:
            start, end = (_number(told.get((node, term))) for term in (_START, _END))
            if start is not None and end is not None:
                expected[node, predicate] = text[max(start, 0) : max(end, 0)]
        elif predicate == _HASH:
            expected[node, predicate] = f"sha256:{content_hash(text)}"
        elif predicate == _LENGTH:
            expected[node, predicate] = str(len(text))
    return [
        Violation(
            focus=_text_of(node),
            rule=f"Text/{compact(predicate.value)}",
            message=(
                f"{compact(predicate.value)} is {_shortened(_written(told[node, predicate]))}, "
                f"but the article has {_shortened(words)!r}"
            ),
            value=_written(told[node, predicate]),
            graph=homes[node],
        )
        for (node, predicate), words in expected.items()
        if _text_of(told[node, predicate]) != words
    ]


def _packaged(name: str) -> str:
    return files("ontology").joinpath(name).read_text(encoding="utf-8")


def _types(triples: Iterable[Quad]) -> Types:
    types: Types = {}
    for triple in triples:
        if triple.predicate == _TYPE and isinstance(triple.object, NamedNode):
            types.setdefault(triple.subject, set()).add(triple.object.value)
    return types


def _homes(quads: Iterable[Quad]) -> dict[Node, str | None]:
    """Tell the graph that describes each subject: of several, the one whose name comes first."""
    homes: dict[Node, str | None] = {}
    for node, graph in {(quad.subject, quad.graph_name) for quad in quads}:
        name = None if isinstance(graph, DefaultGraph) else _text_of(graph)
        known = homes.setdefault(node, name)
        if known is not None and (name or "") < known:
            homes[node] = name
    return homes


def _order(violation: Violation) -> tuple[str, str, str, str, str]:
    return (violation.graph or "", violation.focus, violation.rule, violation.message, violation.value or "")


def _text_of(term: Term) -> str:
    """Return an IRI or the characters of a literal; a blank node or a triple as it is written."""
    return str(term) if isinstance(term, BlankNode | Triple) else term.value


def _written(term: Term) -> str:
    return compact(term.value) if isinstance(term, NamedNode) else str(term)


def _shortened(value: str) -> str:
    return value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…"


def _number(term: Term | None) -> int | None:
    try:
        return None if term is None else int(_text_of(term))
    except ValueError:
        return None
