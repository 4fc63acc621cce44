"""Sub-SELECTs inside GRAPH ?g see one graph at a time."""

from __future__ import annotations

import pyoxigraph
import pytest

from endpoint.sparql.pergraph import per_graph

DATA = """
<urn:1> { <urn:a> <urn:p> 1, 2 ; <urn:q> 7 } <urn:2> { <urn:b> <urn:p> 5 ; <urn:q> 8 . <urn:a> <urn:p> 5 }
<urn:3> { <urn:b> <urn:q> 5 , [ <urn:p> 5 ] } { <urn:d> <urn:p> 9 }
"""
NAMES = ("urn:1", "urn:2", "urn:3", "urn:4")


@pytest.fixture(scope="module")
def store() -> pyoxigraph.Store:
    store = pyoxigraph.Store()
    store.load(DATA, pyoxigraph.RdfFormat.TRIG)
    store.add_graph(pyoxigraph.NamedNode("urn:4"))
    return store


def solutions(store: pyoxigraph.Store, text: str, **more: str) -> list[dict[str, str]]:
    result = store.query(text)
    assert isinstance(result, pyoxigraph.QuerySolutions)
    names = [variable.value for variable in result.variables]
    return [{name: str(row[name]) for name in names if row[name] is not None} | more for row in result]


@pytest.mark.parametrize(
    "pattern",
    [
        "SELECT (COUNT(*) AS ?n) { ?s <urn:p> ?o }",
        "SELECT (COUNT(*) AS ?n) (SUM(?o) AS ?t) (MAX(?o) AS ?m) WHERE { ?s <urn:p> ?o } ORDER BY ?n",
        "{ SELECT (COUNT(DISTINCT ?o) AS ?n) { ?s <urn:p> ?o } } ?s <urn:q> ?z",
        "SELECT ?s { ?s <urn:p> ?o }",
        "SELECT * { ?s <urn:p> ?o }",
        "{ SELECT DISTINCT ?s { ?s <urn:p> ?o } } ?s <urn:q> ?z",
        "?s <urn:q> ?z OPTIONAL { { SELECT ?s (COUNT(*) AS ?n) { ?s <urn:p> ?o } GROUP BY ?s } }",
        "SELECT ?s (COUNT(*) AS ?n) { ?s <urn:p> ?o } GROUP BY ?s ORDER BY ?s",
        "{ SELECT (COUNT(*) AS ?n) { { SELECT DISTINCT ?o { ?s <urn:p> ?o } } } } UNION { ?s <urn:q> ?o }",
        "SELECT ?s (COUNT(*) AS ?n) { ?s <urn:p> ?o } GROUP BY ?s HAVING(COUNT(*) > 1) ORDER BY ?s",
        "SELECT (COUNT(*) AS ?n) { ?s <urn:p> ?o } HAVING(COUNT(*) = 0)",
        "SELECT (SUM(?o) AS ?n) { ?s <urn:p> ?o } HAVING(SUM(?o) > 2)",
        "SELECT ?s ?o { ?s <urn:p> ?o } VALUES ?o { 2 5 }",
        "SELECT ?s (COUNT(*) AS ?n) { ?s <urn:p> ?o } GROUP BY ?s VALUES ?s { <urn:a> }",
        "SELECT (COUNT(*) AS ?n) { ?s <urn:p> ?o } VALUES ?o { 2 5 }",
        "SELECT reduced ?o { ?s <urn:q> [ <urn:p> ?o ] }",
        "?s <urn:p> ?o FILTER EXISTS { { SELECT ?s { ?s <urn:q> ?z } } }",
    ],
)
def test_a_sub_select_has_the_solutions_of_each_graph(store: pyoxigraph.Store, pattern: str) -> None:
    expected = []
    for name in NAMES:  # the engine is right where the graph is named
        expected += solutions(store, f"SELECT * {{ GRAPH <{name}> {{ {pattern} }} }}", g=f"<{name}>")
    got = solutions(store, per_graph(f"SELECT * {{ GRAPH ?g {{ {pattern} }} }}"))
    assert sorted(map(sorted, map(dict.items, got))) == sorted(map(sorted, map(dict.items, expected)))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { GRAPH ?g { ?s ?p ?o } }",
        "SELECT * { GRAPH <urn:1> { SELECT (COUNT(*) AS ?n) { ?s ?p ?o } } }",
        "SELECT * { GRAPH ?g { SELECT ?s { ?s ?p ?o } LIMIT 1 } }",
        "SELECT * { GRAPH ?g { SELECT ?s { ?s ?p ?o } HAVING(true) } }",
        "SELECT * { GRAPH ?g { SELECT ?g { ?s ?p ?g } } }",
        "SELECT * { GRAPH ?g { ?s ?p 'SELECT' } }",
        "SELECT * { GRAPH ?g { ?s ?p ?o MINUS { { SELECT ?x { ?x ?y 1 } } } } }",
        "SELECT * { GRAPH ?g { SELECT (COUNT(*) AS ?n) { _:b ?p ?o } } }",
        "SELECT * { GRAPH ?g { SELECT ?s { ?s ?p",
    ],
)
def test_what_is_right_already_or_cannot_be_written_so_is_left_as_it_is(text: str) -> None:
    assert per_graph(text) == text
