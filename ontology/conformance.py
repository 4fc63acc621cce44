"""Whether what is to be stored is as the shapes want it, told node by node and in words.

The constraints (`ontology.shapes`) are held against the nodes of the quads that are handed in and no other, so an
article costs the same beside a small registry and a large one.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING

from pyoxigraph import DefaultGraph, NamedNode, Quad, QuerySolutions, RdfFormat, Store, parse
from rdflib import Graph

from ontology.facts import SUBCLASS, Facts
from ontology.shapes import FOCUS, IS_IN, compile_shapes
from ontology.values import is_iri, text_of
from ontology.vocabulary import PACT, PREFIXES, Mint, compact, content_hash

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from pyoxigraph import Triple

    from ontology.shapes import Constraint, Rule, Shapes
    from ontology.values import Row

_CONTEXT, _TOLD = "urn:pactgraph:context", "urn:pactgraph:told"
_START, _END, _EXACT = (f"<{PREFIXES['oa']}{name}>" for name in ("start", "end", "exact"))
_HASH, _LENGTH = f"<{PACT.contentHash}>", f"<{PACT.textLength}>"
_DEFAULT = str(DefaultGraph())
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
        vocabulary = Facts(_triple(each) for each in parse(_packaged("pactgraph.ttl"), RdfFormat.TURTLE))
        hierarchy = ((name, SUBCLASS, above) for name in vocabulary.told for above in vocabulary.values(name, SUBCLASS))
        told = list(dict.fromkeys(map(_triple, context)))
        self._context = Facts([*hierarchy, *told])
        self._terms = {term for subject, _, value in told for term in (subject, value)}
        self._constraints: dict[frozenset[str], _Constraints | None] = {}
        self._store = Store()
        if self._shapes.queries:
            self._store.extend(_quads(told, _CONTEXT))

    def conform(self, quads: Iterable[Quad], text: str | None = None) -> None:
        """Raise NonConforming with what `report` returns, if that is anything."""
        report = self.report(quads, text)
        if report:
            raise NonConforming(report)

    def report(self, quads: Iterable[Quad], text: str | None = None) -> tuple[Violation, ...]:
        """Return every violation by a node that these quads describe, in order of graph, node and rule.

        They may be one article's or many articles', in any named graphs, with what the registry lacks besides. Where
        they are one article's, its canonical ``text`` lets the words of every span be compared with it.
        """
        return self.reports([(list(map(row, quads)), text)])[0]

    def reports(self, several: Sequence[tuple[Sequence[Row], str | None]]) -> list[tuple[Violation, ...]]:
        """Return what `report` returns for each of several articles' quads and texts, at less cost.

        A query costs more to begin than to answer for one article, so those that cannot change each other's outcome
        are asked together, and each by itself where anything is wrong with one of them. An article stands by itself
        where it describes what the context knows or what another describes otherwise, speaks of what only another
        describes, or tells of classes.
        """
        facts = [Facts((row[:3] for row in rows), self._context) for rows, _ in several]
        apart = _apart(facts, self._terms) if len(facts) > 1 else {0}
        together = [each for place, each in enumerate(facts) if place not in apart]
        if together and self._ask(together):
            together, apart = [], set(range(len(facts)))
        reports: list[tuple[Violation, ...]] = []
        for place, (rows, text) in enumerate(several):
            wrong = self._weigh(facts[place])
            if place in apart:
                wrong |= self._ask([facts[place]])
            violations = [
                violation for (rule, node), values in wrong.items() for violation in _violations(rule, node, values)
            ]
            if text is not None:
                violations += _words_that_differ(facts[place], text)
            reports.append(_at_home(violations, rows) if violations else ())
        return reports

    def _weigh(self, facts: Facts) -> dict[tuple[Rule, str], set[str | None]]:
        """Tell what is wrong by each constraint with each node."""
        found: dict[tuple[Rule, str], set[str | None]] = {}
        for node in facts.told:
            on = self._constraints_on(facts.classes(node))
            if on is None:
                continue
            told = facts.of(node)
            asked: list[tuple[Constraint, Sequence[str]]] = [(constraint, ()) for constraint in on.node]
            asked += [(constraint, ()) for path, constraint in on.demands if path not in told]
            asked += [(constraint, told[path]) for path in told if path in on.values for constraint in on.values[path]]
            for constraint, values in asked:
                wrong = constraint.wrong(facts, node, values)
                if wrong:
                    found.setdefault((constraint.rule, node), set()).update(wrong)
        return found

    def _constraints_on(self, classes: frozenset[str]) -> _Constraints | None:
        """Return the constraints on the instances of all of these classes, None where there is none."""
        if classes not in self._constraints:
            targets = sorted(classes & self._shapes.targets)
            self._constraints[classes] = _Constraints.of(self._shapes.constraints[name] for name in targets)
        return self._constraints[classes]

    def _ask(self, several: Sequence[Facts]) -> dict[tuple[Rule, str], set[str | None]]:
        """Ask every query that concerns the nodes of these facts: what is wrong by each rule with each node."""
        found: dict[tuple[Rule, str], set[str | None]] = {}
        asked = frozenset().union(*(query.classes for query in self._shapes.queries))
        focus = {
            (node, f"<{IS_IN}>", name): None
            for facts in several
            for node in facts.told
            for name in facts.classes(node) & asked
        }
        if not focus:
            return found
        classes = {name for _, _, name in focus}
        with self._beside(several, focus):
            for query in self._shapes.queries:
                if query.classes.isdisjoint(classes):
                    continue
                solutions = self._store.query(query.text, use_default_graph_as_union=True)
                assert isinstance(solutions, QuerySolutions)  # noqa: S101 (every query is a SELECT)
                for solution in solutions:
                    rule = self._shapes.rules[int(solution["rule"].value)]
                    found.setdefault((rule, str(solution["this"])), {None})
        return found

    @contextmanager
    def _beside(self, several: Sequence[Facts], focus: Collection[tuple[str, str, str]]) -> Iterator[None]:
        """Hold what is told in the store for a while, and afterwards what it held before."""
        told = (
            (node, path, value)
            for facts in several
            for node, described in facts.told.items()
            for path, values in described.items()
            for value in values
        )
        try:
            self._store.extend(_quads(focus, FOCUS))
            while some := list(islice(told, _QUADS_AT_ONCE)):
                self._store.extend(_quads(some, _TOLD))
            yield
        finally:
            for graph in (_TOLD, FOCUS):
                self._store.remove_graph(NamedNode(graph))


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
    articles = [graph for graph in graphs if mint.article_of(text_of(str(graph))) is not None]
    others = [DefaultGraph(), *(graph for graph in graphs if mint.article_of(text_of(str(graph))) is None)]
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
class _Constraints:
    """The constraints on a node: on itself, on values that are demanded, and on each property's values."""

    node: tuple[Constraint, ...]
    demands: tuple[tuple[str, Constraint], ...]
    values: Mapping[str, tuple[Constraint, ...]]

    @classmethod
    def of(cls, several: Iterable[Mapping[str | None, tuple[Constraint, ...]]]) -> _Constraints | None:
        paths: dict[str | None, dict[Constraint, None]] = {}
        for constraints in several:
            for path, some in constraints.items():
                paths.setdefault(path, {}).update(dict.fromkeys(some))
        node = tuple(paths.pop(None, ()))
        values = {path: tuple(some) for path, some in paths.items() if path is not None}
        demands = tuple((path, each) for path, some in values.items() for each in some if each.demands)
        return cls(node, demands, values) if node or values else None


def row(quad: Quad) -> Row:
    """Return a quad as its terms are written; its graph is ``DEFAULT`` if that is the default graph."""
    return (str(quad.subject), str(quad.predicate), str(quad.object), str(quad.graph_name))


def _triple(quad: Quad | Triple) -> tuple[str, str, str]:
    return (str(quad.subject), str(quad.predicate), str(quad.object))


def _quads(triples: Iterable[tuple[str, str, str]], graph: str) -> Iterator[Quad]:
    """Read written triples into a graph: all in one, which takes half the time of making each."""
    lines = "".join(f"{subject} {predicate} {value} <{graph}> .\n" for subject, predicate, value in triples)
    return parse(lines.encode(), RdfFormat.N_QUADS)


def _apart(several: Sequence[Facts], known: AbstractSet[str]) -> set[int]:
    """Return the places of those whose outcome may hang on another's quads, see `Conformance.reports`."""
    described: dict[str, list[int]] = {}
    for place, facts in enumerate(several):
        for node in facts.told:
            described.setdefault(node, []).append(place)
    apart = {place for place, facts in enumerate(several) if facts.tells_of_classes}
    for node, places in described.items():
        if node in known:
            apart.update(places)
        elif len(places) > 1:
            first, *others = (_sets(several[place].told[node]) for place in places)
            if any(other != first for other in others):
                apart.update(places)
    for place, facts in enumerate(several):
        values = (value for told in facts.told.values() for values in told.values() for value in values)
        if any(place not in described.get(value, (place,)) for value in values):
            apart.add(place)
    return apart


def _sets(told: Mapping[str, Sequence[str]]) -> dict[str, set[str]]:
    return {path: set(values) for path, values in told.items()}


def _violations(rule: Rule, node: str, values: set[str | None]) -> list[Violation]:
    """Put what is wrong with one node by one rule into words: all in one where the rule counts, else each by itself."""
    shown = sorted(_shown(value) for value in values if value is not None)
    parts = [", ".join(shown)] if rule.counts else shown or [""]
    times = "twice" if len(shown) == 2 else f"{len(shown)} times"
    return [
        Violation(
            focus=text_of(node),
            rule=rule.name,
            message=rule.message.replace("{times}", times).replace("{value}", _shortened(part)),
            value=part or None,
        )
        for part in parts
    ]


def _words_that_differ(facts: Facts, text: str) -> list[Violation]:
    """Compare the words of the spans, and what is told of the text, with the text itself."""
    found: list[Violation] = []
    for node, told in facts.told.items():
        expected: dict[str, str] = {}
        if _EXACT in told:
            start, end = (_number(told.get(path)) for path in (_START, _END))
            if start is not None and end is not None:
                expected[_EXACT] = text[max(start, 0) : max(end, 0)]
        if _HASH in told:
            expected[_HASH] = f"sha256:{content_hash(text)}"
        if _LENGTH in told:
            expected[_LENGTH] = str(len(text))
        for path, words in expected.items():
            value = min(told[path])
            if text_of(value) != words:
                name = compact(path[1:-1])
                message = f"{name} is {_shortened(_shown(value))}, but the article has {_shortened(words)!r}"
                found.append(Violation(text_of(node), f"Text/{name}", message, _shown(value)))
    return found


def _packaged(name: str) -> str:
    return files("ontology").joinpath(name).read_text(encoding="utf-8")


def _at_home(violations: Iterable[Violation], rows: Sequence[Row]) -> tuple[Violation, ...]:
    """Tell the graph that describes each node, of several the one whose name comes first, and put all in order."""
    homes: dict[str, str] = {}
    for subject, _, _, graph in rows:
        name = "" if graph == _DEFAULT else text_of(graph)
        node = text_of(subject)
        homes[node] = min(homes.get(node, name), name)
    return tuple(sorted((replace(each, graph=homes[each.focus] or None) for each in violations), key=_order))


def _order(violation: Violation) -> tuple[str, str, str, str, str]:
    return (violation.graph or "", violation.focus, violation.rule, violation.message, violation.value or "")


def _shown(term: str) -> str:
    return compact(term[1:-1]) if is_iri(term) else term


def _shortened(value: str) -> str:
    return value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…"


def _number(values: Sequence[str] | None) -> int | None:
    try:
        return int(text_of(min(values))) if values else None
    except ValueError:
        return None
