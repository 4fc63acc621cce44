"""SHACL as set queries: each rule of a shapes graph becomes SPARQL that is asked of all its nodes at once.

Rules that differ only in shape, path and argument share one query with a row for each of them, so a shapes graph of a
hundred and fifty constraints is some forty queries. What is understood of SHACL is listed at `compile_shapes`;
anything else raises, so no rule is ever skipped. The recommendation is https://www.w3.org/TR/2017/REC-shacl-20170720/.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import count
from string import Template
from typing import TYPE_CHECKING

import pyoxigraph
from rdflib import RDF, RDFS, SH, XSD, BNode, Literal, URIRef

from ontology.vocabulary import compact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rdflib import Graph
    from rdflib.term import Node

INSTANCES = "urn:pactgraph:instances"
"""The graph that tells the instances of the classes that rules ask for: ``?node`` `INSTANCE_OF` ``?class``."""
INSTANCE_OF = "urn:pactgraph:instance-of"
LISTS = "urn:pactgraph:lists"
"""The graph that tells the members of lists of allowed values: ``?list`` `HAS_MEMBER` ``?value``."""
HAS_MEMBER = "urn:pactgraph:has-member"


class UnsupportedShape(ValueError):
    """A shapes graph that uses SHACL in a way that cannot be compiled; ``shape`` is the node, ``term`` its property."""

    def __init__(self, shape: Node, term: URIRef, reason: str) -> None:
        self.shape = shape
        self.term = term
        super().__init__(f"{compact(term)} of the shape {shape} cannot be checked: {reason}.")


@dataclass(frozen=True, slots=True)
class Rule:
    """One constraint: ``name`` is shape, path and component; ``message`` may hold ``{value}`` and ``{times}``.

    ``path`` is the property that it constrains, if it does one. Where it ``counts``, all the values of a node are
    wrong together, not each by itself.
    """

    name: str
    message: str
    path: str | None
    counts: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A SELECT of ``?rule`` (an index), ``?this`` (the focus node) and ``?value``: a row for each thing that is wrong.

    It is asked of the union of all graphs. The graph that a target class names must hold the triples of the instances
    that are to be checked; the query is worth asking only if one of the graphs of its ``classes`` holds any.
    """

    text: str
    classes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Shapes:
    """A compiled shapes graph.

    ``targets`` are the classes whose instances are checked, ``classes`` those whose instances must be told in
    `INSTANCES`, and ``lists`` what must be told in `LISTS`, each member as it is written in N-Triples.
    """

    rules: tuple[Rule, ...]
    queries: tuple[Query, ...]
    targets: frozenset[str]
    classes: frozenset[str]
    lists: tuple[tuple[str, str], ...]


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

# What a value must meet: an expression that is true or false and never an error, and how a report goes on after
# "… is VALUE, which is". $argument may be a column of the query's table, so that rules share a query; $constant
# stands in the text itself, for what must be known when the query is planned. A key of two is component and argument.
_VALUE_TESTS: dict[URIRef | tuple[URIRef, Node], tuple[str, str]] = {
    SH["class"]: (f"EXISTS {{ GRAPH <{INSTANCES}> {{ $value <{INSTANCE_OF}> $argument }} }}", "not $an_argument"),
    SH["in"]: (f"EXISTS {{ GRAPH <{LISTS}> {{ $argument <{HAS_MEMBER}> $value }} }}", "not one of $an_argument"),
    SH.datatype: (
        "COALESCE(DATATYPE($value) = $constant && $constant(STR($value)) = $value, false)",
        "not $an_argument",
    ),
    (SH.nodeKind, SH.IRI): ("isIRI($value)", "not an IRI"),
    (SH.nodeKind, SH.Literal): ("isLiteral($value)", "not a literal"),
    (SH.nodeKind, SH.BlankNode): ("isBlank($value)", "not a blank node"),
    SH.pattern: ("COALESCE(REGEX(STR($value), $constant), false)", "not of the form $an_argument"),
    SH.minLength: ("COALESCE(STRLEN(STR($value)) >= $constant, false)", "shorter than $an_argument"),
    SH.maxLength: ("COALESCE(STRLEN(STR($value)) <= $constant, false)", "longer than $an_argument"),
    SH.minInclusive: ("COALESCE($value >= $constant, false)", "less than $an_argument"),
    SH.maxInclusive: ("COALESCE($value <= $constant, false)", "more than $an_argument"),
    SH.minExclusive: ("COALESCE($value > $constant, false)", "not more than $an_argument"),
    SH.maxExclusive: ("COALESCE($value < $constant, false)", "not less than $an_argument"),
}
# What must be told of a node, or must not: triples of its own, a filter on them, and what a report says.
_DEMANDED: dict[URIRef | tuple[URIRef, Node], tuple[str, str, str]] = {
    (SH.minCount, _ONE): ("$this $path $value", "", "$path is missing; $a_shape has at least one"),
    SH.hasValue: ("$this $path $argument", "", "$path lacks the value $an_argument"),
}
_FORBIDDEN: dict[URIRef | tuple[URIRef, Node], tuple[str, str, str]] = {
    (SH.maxCount, _ZERO): ("$this $path $value", "", "$path is given; $a_shape has none"),
    (SH.maxCount, _ONE): (
        "$this $path $value , $other",
        "!sameTerm($value, $other)",
        "$path is given {times}; $a_shape has at most one",
    ),
    (SH.uniqueLang, _TRUE): (
        "$this $path $value , $other",
        "!sameTerm($value, $other) && LANG($value) != '' && LCASE(LANG($value)) = LCASE(LANG($other))",
        "$path is given more than once in one language",
    ),
    SH.lessThan: (
        "$this $path $value ; $argument $other",
        "!COALESCE($value < $other, false)",
        "$path is {value}, which is not less than $an_argument",
    ),
    SH.lessThanOrEquals: (
        "$this $path $value ; $argument $other",
        "!COALESCE($value <= $other, false)",
        "$path is {value}, which is more than $an_argument",
    ),
}
_WITHOUT_EFFECT = {(SH.minCount, _ZERO), (SH.uniqueLang, Literal(False))}  # noqa: FBT003 (a literal of RDF)
_LOGIC = {SH["and"]: " && ", SH["or"]: " || ", SH.xone: " + ", SH["not"]: "", SH.node: "", SH.property: ""}
_CONSTRAINTS = {
    *_LOGIC,
    SH.sparql,
    *(key[0] if isinstance(key, tuple) else key for key in (*_VALUE_TESTS, *_DEMANDED, *_FORBIDDEN, *_WITHOUT_EFFECT)),
}
_OTHER_TERMS = {
    *(SH.targetClass, SH.path, SH.message, SH.name, SH.description),
    *(SH.select, SH.prefixes, SH.declare, SH.prefix, SH.namespace),
}
# The datatypes that Oxigraph can cast a string to, which tells a well-formed literal from an ill-formed one.
_CASTABLE = {
    *(XSD.string, XSD.integer, XSD.decimal, XSD.double, XSD.float, XSD.boolean),
    *(XSD.date, XSD.dateTime, XSD.time, XSD.gYear, XSD.duration, XSD.yearMonthDuration, XSD.dayTimeDuration),
}
_SELECT_THIS = re.compile(r"\s*SELECT\s+\$this\s+WHERE\s*\{(?P<body>.*)\}\s*", re.DOTALL)
_OTHER_PARAMETER = re.compile(r"\$(?!this\b)\w+")
_COLUMNS = ("?rule", "?class", "?path", "?argument")
_OUR_VARIABLES = re.compile(r"[?$](?:rule|class|path|argument|type)\b")
_IN_FOCUS = "GRAPH ?class { ?this a ?type }\n"
_MORE_THAN_ONE = "GRAPH ?class { ?this ?path ?each }"  # counted, which costs half of what asking for a pair does


class _Compiler:
    """Walks a shapes graph once, gathering rules and the rows of the queries that check them."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._rules: list[Rule] = []
        self._rows: dict[str, list[dict[str, str]]] = {}
        self._prefixes: dict[str, str] = {}
        self._classes: set[str] = set()
        self._lists: dict[tuple[Node, ...], str] = {}
        self._variables = (f"?v{number}" for number in count())

    def compile(self) -> Shapes:
        self._refuse_what_is_not_understood()
        for shape in sorted(set(self._graph.subjects(SH.targetClass)), key=str):
            self._add_shape(shape)
        return Shapes(
            rules=tuple(self._rules),
            queries=tuple(self._query(pattern, rows) for pattern, rows in self._rows.items()),
            targets=frozenset(str(target) for target in self._graph.objects(None, SH.targetClass)),
            classes=frozenset(self._classes),
            lists=tuple((name, member.n3()) for members, name in self._lists.items() for member in members),
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

    # ---- a row for each rule and class of a shape with targets

    def _add_shape(self, shape: Node) -> None:
        for component, argument in self._constraints(shape):
            if component == SH.property:
                self._add_property(shape, argument)
            elif component == SH.sparql:
                body = self._body(shape, argument)
                self._add_rule(shape, argument, component, argument, pattern=_IN_FOCUS + body)
            else:
                holds = self._value_holds(shape, component, argument, "?this", "?argument")
                self._add_rule(shape, shape, component, argument, pattern=f"{_IN_FOCUS}FILTER(!({holds}))")

    def _add_property(self, shape: Node, property_shape: Node) -> None:
        names = {"this": "?this", "path": "?path", "value": "?value", "other": "?other", "argument": "?argument"}
        if (property_shape, SH.path, None) not in self._graph:
            raise UnsupportedShape(shape, SH.path, "a property shape of it has none")
        for component, argument in self._constraints(property_shape):
            if component == SH.property:  # its results would be about the value, not about the focus node
                raise UnsupportedShape(
                    property_shape, component, "a property shape of a property shape is not understood"
                )
            demanded, triples, wrong = self._property_pattern(property_shape, component, argument, names)
            pattern = f"GRAPH ?class {{ {triples} }}" + (f" FILTER({wrong})" if wrong else "")
            if demanded:
                pattern = f"{_IN_FOCUS}FILTER NOT EXISTS {{ {pattern} }}"
            if (component, argument) == (SH.maxCount, _ONE):
                pattern = _MORE_THAN_ONE
            self._add_rule(shape, property_shape, component, argument, pattern=pattern)

    def _add_rule(self, shape: Node, owner: Node, component: URIRef, argument: Node, *, pattern: str) -> None:
        """Add the rule that a pattern asks about; ``owner`` is the node whose path and sh:message it has."""
        path = self._graph.value(owner, SH.path)
        parts = [str(shape).rsplit("#", 1)[-1], _word(path) if path else "", component.removeprefix(str(SH))]
        message = self._graph.value(owner, SH.message) or self._words(shape, path, component, argument)
        for target in sorted(self._graph.objects(shape, SH.targetClass), key=str):
            row = {
                "?rule": str(len(self._rules)),
                "?class": target.n3(),
                "?path": path.n3() if path else "",
                "?argument": self._in_query(component, argument),
            }
            self._rows.setdefault(pattern, []).append(row)
        rule = Rule(
            name="/".join(filter(None, parts)),
            message=str(message),
            path=str(path) if path else None,
            counts=(component, argument) == (SH.maxCount, _ONE),
        )
        self._rules.append(rule)

    def _query(self, pattern: str, rows: list[dict[str, str]]) -> Query:
        """Ask one pattern for all its rows; a column that it does not name is left out."""
        columns = [name for name in _COLUMNS if name == "?rule" or re.search(rf"\{name}\b", pattern)]
        table = " ".join("(" + " ".join(row[name] for name in columns) + ")" for row in rows)
        prefixes = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in self._prefixes.items() if f"{name}:" in pattern)
        where = f"WHERE {{\nVALUES ({' '.join(columns)}) {{ {table} }}\n{pattern}\n}}"
        text = f"{prefixes}SELECT ?rule ?this ?value {where}"
        if pattern == _MORE_THAN_ONE:
            text = f"SELECT ?rule ?this {where} GROUP BY ?rule ?this HAVING (COUNT(DISTINCT ?each) > 1)"
        return Query(text, frozenset(row["?class"][1:-1] for row in rows))

    # ---- what a rule asks

    def _constraints(self, shape: Node) -> Iterator[tuple[URIRef, Node]]:
        """Yield each component with its argument; what sh:node asks of the node alone is asked directly."""
        for component, argument in sorted(self._graph.predicate_objects(shape)):
            if component == SH.node and not {SH.property, SH.path} & set(self._graph.predicates(argument)):
                yield from self._constraints(argument)
            elif component in _CONSTRAINTS and (component, argument) not in _WITHOUT_EFFECT:
                yield URIRef(str(component)), argument

    def _property_pattern(
        self, shape: Node, component: URIRef, argument: Node, names: dict[str, str]
    ) -> tuple[bool, str, str]:
        """Return whether the triples that follow are demanded or forbidden, the triples, and a filter on them."""
        for demanded, table in ((True, _DEMANDED), (False, _FORBIDDEN)):
            found = table.get((component, argument)) or table.get(component)
            if found:
                triples, wrong, _ = (Template(part).safe_substitute(names) for part in found)
                return demanded, triples, wrong
        holds = self._value_holds(shape, component, argument, names["value"], names["argument"])
        return False, f"{names['this']} {names['path']} {names['value']}", f"!({holds})"

    def _value_holds(self, shape: Node, component: URIRef, argument: Node, value: str, parameter: str) -> str:
        """Return an expression that is true where the value is as it must be, and false, never an error, elsewhere."""
        if component in _LOGIC:
            return self._logic_holds(component, argument, value)
        found = _VALUE_TESTS.get((component, argument)) or _VALUE_TESTS.get(component)
        if found is None:
            raise UnsupportedShape(shape, component, f"{_word(argument)} is no argument for it here")
        if component == SH.datatype and argument not in _CASTABLE:
            raise UnsupportedShape(shape, component, f"{_word(argument)} cannot be told from ill-formed literals")
        if component == SH.pattern and not _is_regular_expression(str(argument)):
            raise UnsupportedShape(shape, component, f"Oxigraph does not know the regular expression {argument}")
        if component == SH["class"]:
            self._classes.add(str(argument))
        constant = self._in_query(component, argument)
        return Template(found[0]).substitute(value=value, argument=parameter, constant=constant)

    def _logic_holds(self, component: URIRef, argument: Node, value: str) -> str:
        if component in (SH.node, SH.property, SH["not"]):
            return ("!" if component == SH["not"] else "") + f"({self._shape_holds(argument, value)})"
        parts = [f"({self._shape_holds(part, value)})" for part in self._graph.items(argument)]
        if component == SH.xone:
            return _LOGIC[component].join(f"IF({part}, 1, 0)" for part in parts) + " = 1"
        return _LOGIC[component].join(parts)

    def _shape_holds(self, shape: Node, value: str) -> str:
        """Return an expression that is true where the value conforms to a shape within a shape."""
        path = self._graph.value(shape, SH.path)
        parts = []
        for component, argument in self._constraints(shape):
            parameter = self._in_query(component, argument)
            if path is None:
                parts.append(f"({self._value_holds(shape, component, argument, value, parameter)})")
                continue
            inner, other = next(self._variables), next(self._variables)
            names = {"this": value, "path": path.n3(), "value": inner, "other": other, "argument": parameter}
            demanded, triples, wrong = self._property_pattern(shape, component, argument, names)
            pattern = triples + (f" FILTER({wrong})" if wrong else "")
            parts.append(f"{'' if demanded else 'NOT '}EXISTS {{ {pattern} }}")
        return " && ".join(parts) or "true"

    def _body(self, shape: Node, constraint: Node) -> str:
        """Return what the query of an sh:sparql constraint asks of $this."""
        select = str(self._graph.value(constraint, SH.select) or "")
        match = _SELECT_THIS.fullmatch(select)
        if match is None or _OTHER_PARAMETER.search(select) or re.search(r"(?i)\bSELECT\b", match["body"]):
            raise UnsupportedShape(shape, SH.sparql, "its query is not one SELECT $this WHERE { … }")
        if _OUR_VARIABLES.search(select):
            raise UnsupportedShape(
                shape, SH.sparql, "its query has a variable of ours: rule, class, path, argument, type"
            )
        for declared in self._graph.objects(self._graph.value(constraint, SH.prefixes), SH.declare):
            prefix, namespace = (str(self._graph.value(declared, term)) for term in (SH.prefix, SH.namespace))
            if self._prefixes.setdefault(prefix, namespace) != namespace:
                raise UnsupportedShape(shape, SH.prefixes, f"the prefix {prefix} stands for two namespaces")
        return match["body"].replace("$this", "?this").strip()

    def _in_query(self, component: URIRef, argument: Node) -> str:
        """Return an argument as it stands in a query: a term, or the name of a list; "" where it has no such form."""
        if component == SH["in"]:
            members = tuple(self._graph.items(argument))
            return f"<{self._lists.setdefault(members, f'{LISTS}:{len(self._lists)}')}>"
        return "" if isinstance(argument, BNode) else argument.n3()

    # ---- what a rule says

    def _words(self, shape: Node, path: Node | None, component: URIRef, argument: Node) -> str:
        """Return the message of a rule that brings none of its own."""
        a_shape = _with_article(str(shape).rsplit("#", 1)[-1])
        subject = f"{_word(path)} is {{value}}, which is" if path else "the node is"
        words = f"{subject} not what {a_shape} asks for by {_word(component)}"
        for table in (_DEMANDED, _FORBIDDEN):
            words = (table.get((component, argument)) or table.get(component) or (words,))[-1]
        value_test = _VALUE_TESTS.get((component, argument)) or _VALUE_TESTS.get(component)
        if value_test:
            words = f"{subject} {value_test[1]}"
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


def _is_regular_expression(pattern: str) -> bool:
    """Whether Oxigraph can compile the pattern; it has no look-around, for one."""
    query = f"ASK {{ BIND(REGEX('', {Literal(pattern).n3()}) AS ?known) FILTER(BOUND(?known)) }}"
    return bool(pyoxigraph.Store().query(query))


def _word(term: Node) -> str:
    return compact(str(term)) if isinstance(term, URIRef) else str(term)


def _with_article(name: str) -> str:
    """Return ``a time reference`` for ``TimeReference``, ``an xsd:integer`` for ``xsd:integer``."""
    words = name if ":" in name else re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return f"{'an' if words[0] in 'aeiox' else 'a'} {words}"
