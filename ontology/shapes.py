"""SHACL compiled: core constraints as calls on what is told of a node, those in SPARQL as queries of all nodes at once.

What is understood of SHACL is listed at `compile_shapes`; anything else raises, so no rule is ever skipped. The
recommendation is https://www.w3.org/TR/2017/REC-shacl-20170720/.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import Template
from typing import TYPE_CHECKING, TypeAlias

import pyoxigraph
from rdflib import RDF, RDFS, SH, BNode, Literal, URIRef

from ontology.values import (
    CASTABLE,
    compared,
    is_blank,
    is_iri,
    is_literal,
    language_of,
    of_datatype,
    of_form,
    of_length,
)
from ontology.vocabulary import compact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rdflib import Graph
    from rdflib.term import Node

    from ontology.facts import Facts

    Holds: TypeAlias = Callable[[Facts, str], bool]
    Wrong: TypeAlias = Callable[[Facts, str, Sequence[str]], Sequence[str | None]]

FOCUS = "urn:pactgraph:focus"
"""The graph that tells which nodes queries are about: ``?node`` `IS_IN` ``?class``."""
IS_IN = "urn:pactgraph:is-in"


class UnsupportedShape(ValueError):
    """A shapes graph that uses SHACL in a way that cannot be compiled; ``shape`` is the node, ``term`` its property."""

    def __init__(self, shape: Node, term: URIRef, reason: str) -> None:
        self.shape = shape
        self.term = term
        super().__init__(f"{compact(term)} of the shape {shape} cannot be checked: {reason}.")


@dataclass(frozen=True, slots=True)
class Rule:
    """One constraint: ``name`` is shape, path and component; ``message`` may hold ``{value}`` and ``{times}``.

    Where it ``counts``, all the values of a node are wrong together, not each by itself.
    """

    name: str
    message: str
    counts: bool = False


@dataclass(frozen=True, slots=True)
class Constraint:
    """A rule, and what finds the values that are wrong by it: of some facts, a node, and its values.

    None stands for what is wrong without being one of the values. Only where it ``demands`` values can anything be
    wrong with none.
    """

    rule: Rule
    wrong: Wrong
    demands: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A SELECT of ``?rule`` (an index) and ``?this`` (the focus node): a row for each thing that is wrong.

    It is asked of the union of all graphs; `FOCUS` tells the instances of its ``classes``, and without any it need not
    be asked.
    """

    text: str
    classes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Shapes:
    """A compiled shapes graph.

    ``constraints`` are those on the instances of each target class, by property, as it is written in N-Quads; None
    stands for the node itself in the place of its values. ``rules`` are those that ``queries`` give the index of.
    """

    constraints: Mapping[str, Mapping[str | None, tuple[Constraint, ...]]]
    queries: tuple[Query, ...]
    rules: tuple[Rule, ...]

    @property
    def targets(self) -> frozenset[str]:
        """The classes whose instances are checked."""
        return frozenset(self.constraints)


def compile_shapes(graph: Graph) -> Shapes:
    """Compile a shapes graph.

    Understood are node shapes with sh:targetClass; property shapes whose path is one predicate; sh:node, sh:property,
    sh:and, sh:or, sh:xone, sh:not; sh:class, sh:datatype, sh:nodeKind, sh:in, sh:hasValue, sh:pattern, sh:minLength,
    sh:maxLength, sh:minInclusive, sh:maxInclusive, sh:minExclusive, sh:maxExclusive, sh:lessThan,
    sh:lessThanOrEquals, sh:uniqueLang; sh:minCount and sh:maxCount of 0 or 1; sh:sparql with SELECT $this.
    Raises UnsupportedShape for anything else.
    """
    return _Compiler(graph).compile()


_ONE, _ZERO, _TRUE = Literal(1), Literal(0), Literal(True)  # noqa: FBT003 (a literal of RDF)
_KINDS: dict[Node, tuple[Callable[[str], bool], str]] = {
    SH.IRI: (is_iri, "not an IRI"),
    SH.Literal: (is_literal, "not a literal"),
    SH.BlankNode: (is_blank, "not a blank node"),
}
_LENGTHS = {SH.minLength: (">=", "shorter than $an_argument"), SH.maxLength: ("<=", "longer than $an_argument")}
_BOUNDS = {
    SH.minInclusive: (">=", "less than $an_argument"),
    SH.maxInclusive: ("<=", "more than $an_argument"),
    SH.minExclusive: (">", "not more than $an_argument"),
    SH.maxExclusive: ("<", "not less than $an_argument"),
}
_ORDERS = {
    SH.lessThan: ("<", "$path is {value}, which is not less than $an_argument"),
    SH.lessThanOrEquals: ("<=", "$path is {value}, which is more than $an_argument"),
}
# How a report goes on after "… is VALUE, which is", for constraints on each value.
_OF_EACH = {
    SH["class"]: "not $an_argument",
    SH["in"]: "not one of $an_argument",
    SH.datatype: "not $an_argument",
    SH.pattern: "not of the form $an_argument",
    **{component: words for component, (_, words) in (_LENGTHS | _BOUNDS).items()},
}
# What a report says of constraints on the values together. A key of two is component and argument.
_OF_ALL: dict[URIRef | tuple[URIRef, Node], str] = {
    (SH.minCount, _ONE): "$path is missing; $a_shape has at least one",
    SH.hasValue: "$path lacks the value $an_argument",
    (SH.maxCount, _ZERO): "$path is given; $a_shape has none",
    (SH.maxCount, _ONE): "$path is given {times}; $a_shape has at most one",
    (SH.uniqueLang, _TRUE): "$path is given more than once in one language",
    **{component: words for component, (_, words) in _ORDERS.items()},
}
_WITHOUT_EFFECT = {(SH.minCount, _ZERO), (SH.uniqueLang, Literal(False))}  # noqa: FBT003 (a literal of RDF)
_LOGIC = {SH["and"], SH["or"], SH.xone, SH["not"], SH.node, SH.property}
_CONSTRAINTS = {
    *_LOGIC,
    *_OF_EACH,
    *(SH.sparql, SH.nodeKind),
    *(key[0] if isinstance(key, tuple) else key for key in (*_OF_ALL, *_WITHOUT_EFFECT)),
}
_OTHER_TERMS = {
    *(SH.targetClass, SH.path, SH.message, SH.name, SH.description),
    *(SH.select, SH.prefixes, SH.declare, SH.prefix, SH.namespace),
}
_SELECT_THIS = re.compile(r"\s*SELECT\s+\$this\s+WHERE\s*\{(?P<body>.*)\}\s*", re.DOTALL)
_OTHER_PARAMETER = re.compile(r"\$(?!this\b)\w+")
_OUR_VARIABLES = re.compile(r"[?$](?:rule|class|path)\b")


class _Compiler:
    """Walks a shapes graph once, gathering constraints, and the rows of the queries."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._constraints_on: dict[str, dict[str | None, list[Constraint]]] = {}
        self._rules: list[Rule] = []
        self._rows: dict[str, list[tuple[int, str]]] = {}
        self._prefixes: dict[str, str] = {}

    def compile(self) -> Shapes:
        self._refuse_what_is_not_understood()
        for shape in sorted(set(self._graph.subjects(SH.targetClass)), key=str):
            self._add_shape(shape)
        return Shapes(
            constraints={
                target: {path: tuple(constraints) for path, constraints in paths.items()}
                for target, paths in self._constraints_on.items()
            },
            queries=tuple(self._query(body, rows) for body, rows in self._rows.items()),
            rules=tuple(self._rules),
        )

    def _refuse_what_is_not_understood(self) -> None:
        for shape, term, value in self._graph:
            if not isinstance(term, URIRef) or not term.startswith(str(SH)):
                continue
            if term not in _CONSTRAINTS | _OTHER_TERMS:
                raise UnsupportedShape(shape, term, "it is not understood")
            if term == SH.path and not isinstance(value, URIRef):
                raise UnsupportedShape(shape, term, "a path is one predicate here")
            if term == SH.targetClass and (shape, SH.path, None) in self._graph:
                raise UnsupportedShape(shape, term, "only a node shape has a target here")
            if (shape, RDF.type, RDFS.Class) in self._graph:
                raise UnsupportedShape(shape, RDF.type, "a shape that is a class has itself as target; name a target")

    # ---- the rules of a shape with targets

    def _add_shape(self, shape: Node) -> None:
        targets = sorted(self._graph.objects(shape, SH.targetClass), key=str)
        for target in targets:
            self._constraints_on.setdefault(_written(target), {})
        for component, argument in self._constraints(shape):
            if component == SH.property:
                self._add_property(shape, argument, targets)
            elif component == SH.sparql:
                rows = self._rows.setdefault(self._body(shape, argument), [])
                rows += [(len(self._rules), target.n3()) for target in targets]
                self._rules.append(self._rule(shape, argument, component, argument))
            else:
                rule = self._rule(shape, shape, component, argument)
                self._add(targets, None, Constraint(rule, _at_fault(self._of_value(shape, component, argument))))

    def _add_property(self, shape: Node, property_shape: Node, targets: Sequence[Node]) -> None:
        path = self._graph.value(property_shape, SH.path)
        if path is None:
            raise UnsupportedShape(shape, SH.path, "a property shape of it has none")
        for component, argument in self._constraints(property_shape):
            if component == SH.property:  # its results would be about the value, not about the focus node
                raise UnsupportedShape(
                    property_shape, component, "a property shape of a property shape is not understood"
                )
            rule = self._rule(shape, property_shape, component, argument)
            wrong = self._of_values(property_shape, component, argument)
            demands = component in (SH.minCount, SH.hasValue)
            self._add(targets, _written(path), Constraint(rule, wrong, demands))

    def _add(self, targets: Sequence[Node], path: str | None, constraint: Constraint) -> None:
        for target in targets:
            self._constraints_on[_written(target)].setdefault(path, []).append(constraint)

    def _rule(self, shape: Node, owner: Node, component: URIRef, argument: Node) -> Rule:
        """Return a rule of a shape; ``owner`` is the node whose path and sh:message it has."""
        path = self._graph.value(owner, SH.path)
        parts = [str(shape).rsplit("#", 1)[-1], _word(path) if path else "", component.removeprefix(str(SH))]
        message = self._graph.value(owner, SH.message) or self._words(shape, path, component, argument)
        return Rule("/".join(filter(None, parts)), str(message), (component, argument) == (SH.maxCount, _ONE))

    def _query(self, body: str, rows: list[tuple[int, str]]) -> Query:
        """Ask one pattern for all its rules and classes."""
        table = " ".join(f"({rule} {target})" for rule, target in rows)
        prefixes = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in self._prefixes.items() if f"{name}:" in body)
        where = f"VALUES (?rule ?class) {{ {table} }}\nGRAPH <{FOCUS}> {{ ?this <{IS_IN}> ?class }}\n{body}"
        return Query(f"{prefixes}SELECT ?rule ?this WHERE {{\n{where}\n}}", frozenset(target for _, target in rows))

    # ---- what a rule asks

    def _constraints(self, shape: Node) -> Iterator[tuple[URIRef, Node]]:
        """Yield each component with its argument; what sh:node asks of the node alone is asked directly."""
        for component, argument in sorted(self._graph.predicate_objects(shape)):
            if component == SH.node and not {SH.property, SH.path} & set(self._graph.predicates(argument)):
                yield from self._constraints(argument)
            elif component in _CONSTRAINTS and (component, argument) not in _WITHOUT_EFFECT:
                yield URIRef(str(component)), argument

    def _of_values(self, shape: Node, component: URIRef, argument: Node) -> Wrong:
        """Return what finds the values of a property that are wrong by a constraint."""
        of_all: dict[tuple[URIRef, Node], Wrong] = {
            (SH.minCount, _ONE): lambda _, __, values: () if values else (None,),
            (SH.maxCount, _ZERO): lambda _, __, values: values,
            (SH.maxCount, _ONE): lambda _, __, values: values if len(values) > 1 else (),
            (SH.uniqueLang, _TRUE): _not_of_their_own_language,
        }
        if (component, argument) in of_all:
            return of_all[component, argument]
        if component == SH.hasValue:
            term = _written(argument)
            return lambda _, __, values: () if term in values else (None,)
        if component in _ORDERS:
            other, is_in_order = _written(argument), compared(_ORDERS[component][0])
            return lambda facts, node, values: [
                value for value in values if not all(is_in_order(value, each) for each in facts.values(node, other))
            ]
        holds = self._of_value(shape, component, argument)
        return lambda facts, _, values: [value for value in values if not holds(facts, value)]

    def _of_value(self, shape: Node, component: URIRef, argument: Node) -> Holds:
        """Return whether a value is as a constraint wants it."""
        if component in _LOGIC:
            return self._logic(component, argument)
        if component == SH["class"]:
            name = _written(argument)
            return lambda facts, value: name in facts.classes(value)
        if component == SH["in"]:
            members = frozenset(map(_written, self._graph.items(argument)))
            return lambda _, value: value in members
        if component in _BOUNDS:
            bound, is_within = _written(argument), compared(_BOUNDS[component][0])
            return lambda _, value: is_within(value, bound)
        test: Callable[[str], bool] | None = None
        if component == SH.nodeKind and argument in _KINDS:
            test = _KINDS[argument][0]
        elif component in _LENGTHS and str(argument).isdigit():
            test = of_length(_LENGTHS[component][0], int(str(argument)))
        elif component == SH.datatype:
            if argument not in CASTABLE:
                raise UnsupportedShape(shape, component, f"{_word(argument)} cannot be told from ill-formed literals")
            test = of_datatype(str(argument))
        elif component == SH.pattern:
            try:
                test = of_form(str(argument))
            except ValueError as error:
                raise UnsupportedShape(shape, component, str(error)) from error
        if test is None:
            raise UnsupportedShape(shape, component, f"{_word(argument)} is no argument for it here")
        chosen = test
        return lambda _, value: chosen(value)

    def _logic(self, component: URIRef, argument: Node) -> Holds:
        if component in (SH.node, SH.property):
            return self._conforms(argument)
        if component == SH["not"]:
            conforms = self._conforms(argument)
            return lambda facts, value: not conforms(facts, value)
        parts = [self._conforms(part) for part in self._graph.items(argument)]
        if component == SH["and"]:
            return lambda facts, value: all(part(facts, value) for part in parts)
        if component == SH["or"]:
            return lambda facts, value: any(part(facts, value) for part in parts)
        return lambda facts, value: sum(part(facts, value) for part in parts) == 1

    def _conforms(self, shape: Node) -> Holds:
        """Return whether a value conforms to a shape within a shape."""
        path = self._graph.value(shape, SH.path)
        if path is None:
            holds = [self._of_value(shape, component, argument) for component, argument in self._constraints(shape)]
            return lambda facts, value: all(each(facts, value) for each in holds)
        wrong = [self._of_values(shape, component, argument) for component, argument in self._constraints(shape)]
        name = _written(path)

        def conforms(facts: Facts, value: str) -> bool:
            values = facts.values(value, name)
            return not any(each(facts, value, values) for each in wrong)

        return conforms

    def _body(self, shape: Node, constraint: Node) -> str:
        """Return what the query of an sh:sparql constraint asks of $this."""
        select = str(self._graph.value(constraint, SH.select) or "")
        match = _SELECT_THIS.fullmatch(select)
        if match is None or _OTHER_PARAMETER.search(select) or re.search(r"(?i)\bSELECT\b", match["body"]):
            raise UnsupportedShape(shape, SH.sparql, "its query is not one SELECT $this WHERE { … }")
        if _OUR_VARIABLES.search(select):
            raise UnsupportedShape(shape, SH.sparql, "its query has a variable of ours: rule, class, path")
        for declared in self._graph.objects(self._graph.value(constraint, SH.prefixes), SH.declare):
            prefix, namespace = (str(self._graph.value(declared, term)) for term in (SH.prefix, SH.namespace))
            if self._prefixes.setdefault(prefix, namespace) != namespace:
                raise UnsupportedShape(shape, SH.prefixes, f"the prefix {prefix} stands for two namespaces")
        return match["body"].replace("$this", "?this").strip()

    # ---- what a rule says

    def _words(self, shape: Node, path: Node | None, component: URIRef, argument: Node) -> str:
        """Return the message of a rule that brings none of its own."""
        a_shape = _with_article(str(shape).rsplit("#", 1)[-1])
        subject = f"{_word(path)} is {{value}}, which is" if path else "the node is"
        words = f"{subject} not what {a_shape} asks for by {_word(component)}"
        words = _OF_ALL.get((component, argument)) or _OF_ALL.get(component) or words
        of_each = _KINDS[argument][1] if component == SH.nodeKind and argument in _KINDS else _OF_EACH.get(component)
        if of_each:
            words = f"{subject} {of_each}"
        an_argument = str(argument)
        if component == SH["in"]:
            an_argument = ", ".join(_word(member) for member in self._graph.items(argument))
        elif component in (SH["class"], SH.datatype):
            an_argument = _with_article(_word(argument))
        elif component in (SH.minLength, SH.maxLength):
            an_argument = f"{argument} characters"
        elif isinstance(argument, URIRef):
            an_argument = _word(argument)
        names = {"path": _word(path) if path else "", "a_shape": a_shape, "an_argument": an_argument}
        return Template(words).safe_substitute(names)


def _at_fault(holds: Holds) -> Wrong:
    """Tell of a node that it is wrong, and not by which value."""
    return lambda facts, node, _: () if holds(facts, node) else (None,)


def _not_of_their_own_language(_: Facts, __: str, values: Sequence[str]) -> Sequence[str]:
    if len(values) < 2:
        return ()
    languages = [language_of(value) for value in values]
    return [value for value, tag in zip(values, languages, strict=True) if tag and languages.count(tag) > 1]


def _written(term: Node) -> str:
    """Return a term as N-Quads writes it, and pyoxigraph does."""
    if isinstance(term, BNode):
        return term.n3()
    (triple,) = pyoxigraph.parse(f"<a:a> <a:a> {term.n3()} .", format=pyoxigraph.RdfFormat.N_TRIPLES)
    return str(triple.object)


def _word(term: Node) -> str:
    return compact(str(term)) if isinstance(term, URIRef) else str(term)


def _with_article(name: str) -> str:
    """Return ``a time reference`` for ``TimeReference``, ``an xsd:integer`` for ``xsd:integer``."""
    words = name if ":" in name else re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return f"{'an' if words[0] in 'aeiox' else 'a'} {words}"
