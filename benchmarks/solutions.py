"""Results of SPARQL queries held against each other, for conformance.py: equal, equal in value only, or others."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from typing import TYPE_CHECKING, Any

import pyoxigraph
from rdflib import RDF, BNode, Graph, Literal, Namespace

if TYPE_CHECKING:
    from pathlib import Path

    from rdflib.term import Node

    Term = tuple[str, ...]
    Row = dict[str, Term]

RS = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/result-set#")
XSD = "http://www.w3.org/2001/XMLSchema#"
NUMBERS = {"integer", "decimal", "float", "double", "int", "long", "short", "byte", "nonNegativeInteger"} | {
    "positiveInteger",
    "negativeInteger",
    "nonPositiveInteger",
    "unsignedInt",
    "unsignedLong",
    "unsignedByte",
}


class Failed(Exception):
    """A test that is not passed, and why."""


class Lenient(Exception):
    """A test that is passed all but, and what differs."""


def read(path: Path) -> Graph:
    return Graph().parse(path, format="xml" if path.suffix == ".rdf" else "turtle", publicID=path.as_uri())


def plain(data: bytes, format_: pyoxigraph.QueryResultsFormat | None) -> dict[str, Any]:
    results = pyoxigraph.parse_query_results(data, format_)
    found: dict[str, Any] = json.loads(results.serialize(format=pyoxigraph.QueryResultsFormat.JSON) or b"{}")
    return found


def expected_result(path: Path) -> dict[str, Any] | Graph:
    """Return the expected result in a file as SPARQL JSON, or as a graph where it is one."""
    if path.suffix in (".srx", ".srj"):
        return plain(path.read_bytes(), pyoxigraph.QueryResultsFormat.from_extension(path.suffix[1:]))
    graph = read(path)
    root = graph.value(None, RDF.type, RS.ResultSet)
    if root is None:
        return graph
    truth = graph.value(root, RS.boolean)
    if truth is not None:
        return {"head": {}, "boolean": truth.toPython()}
    rows = []
    for solution in graph.objects(root, RS.solution):
        pairs = [
            (graph.value(each, RS.variable), graph.value(each, RS.value))
            for each in graph.objects(solution, RS.binding)
        ]
        rows.append({str(variable): as_json(value) for variable, value in pairs})
    return {"head": {"vars": [str(v) for v in graph.objects(root, RS.resultVariable)]}, "results": {"bindings": rows}}


def as_json(term: Node | None) -> dict[str, str]:
    if isinstance(term, Literal):
        more = (
            {"xml:lang": term.language} if term.language else {"datatype": str(term.datatype)} if term.datatype else {}
        )
        return {"type": "literal", "value": str(term)} | more
    return {"type": "bnode" if isinstance(term, BNode) else "uri", "value": str(term)}


def table(text: str) -> list[dict[str, dict[str, str]]]:
    """Return the rows of CSV, which tells nothing but blank nodes apart; numbers may be compared by value."""
    return [{name: cell(value) for name, value in row.items()} for row in csv.DictReader(io.StringIO(text))]


def cell(value: str) -> dict[str, str]:
    is_number = re.fullmatch(r"[+-]?\d*\.?\d+([eE][+-]?\d+)?", value)
    more = {"datatype": f"{XSD}double"} if is_number else {}
    return {"type": "bnode" if value.startswith("_:") else "literal", "value": value} | more


def tab_separated(data: bytes) -> list[dict[str, dict[str, str]]]:
    rows: list[dict[str, dict[str, str]]] = plain(data, pyoxigraph.QueryResultsFormat.TSV)["results"]["bindings"]
    return rows


def compare(expected: list[Any], got: list[Any], *, ordered: bool) -> None:
    """Raise Failed where the solutions are others, Lenient where only their order or lexical forms are."""
    exact = [[{name: term_of(term) for name, term in row.items()} for row in rows] for rows in (expected, got)]
    if fit(*exact, ordered=ordered):
        return
    if fit(*exact, ordered=False):
        raise Lenient("the solutions come in another order")
    by_value = [[{name: term_of(t, value=True) for name, t in row.items()} for row in rows] for rows in (expected, got)]
    if fit(*by_value, ordered=ordered):
        raise Lenient("equal in value, in another lexical form")
    raise Failed(
        f"{len(got)} solutions, {json.dumps(got)[:150]}, instead of {len(expected)}, {json.dumps(expected)[:150]}"
    )


def term_of(term: dict[str, Any], *, value: bool = False) -> Term:
    """Return what makes a term the one it is; with ``value`` equal numbers and truth values are one."""
    kind, text = term["type"], term["value"]
    if kind not in ("literal", "typed-literal"):
        return (kind, text if isinstance(text, str) else json.dumps(text, sort_keys=True))
    datatype = term.get("datatype", "").removeprefix(XSD) if term.get("datatype") != f"{XSD}string" else ""
    if value and datatype in NUMBERS:
        number = float(text.replace("INF", "inf"))
        whole = datatype not in ("decimal", "float", "double")
        return ("literal", "NaN" if math.isnan(number) else repr(number), "integer" if whole else datatype)
    if value and datatype == "boolean":
        text = {"1": "true", "0": "false"}.get(text, text)
    return ("literal", text, datatype, term.get("xml:lang", "").lower())


def fit(expected: list[Row], got: list[Row], *, ordered: bool) -> bool:
    """Whether the solutions are the same up to the names of blank nodes."""
    if len(expected) != len(got):
        return False

    def place(at: int, free: tuple[int, ...], names: dict[Term, Term]) -> bool:
        if at == len(expected):
            return True
        for candidate in (at,) if ordered else free:
            more = same(expected[at], got[candidate], names)
            if more is not None and place(at + 1, tuple(n for n in free if n != candidate), more):
                return True
        return False

    return place(0, tuple(range(len(got))), {})


def same(expected: Row, got: Row, names: dict[Term, Term]) -> dict[Term, Term] | None:
    """Return how blank nodes are named, so that two solutions are one; None where they cannot be."""
    if expected.keys() != got.keys():
        return None
    names = dict(names)
    for name, term in expected.items():
        other = got[name]
        if term[0] == other[0] == "bnode":
            if names.setdefault(term, other) != other or sum(known == other for known in names.values()) > 1:
                return None
        elif term != other:
            return None
    return names
