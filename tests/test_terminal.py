"""Answers in a terminal: the same as the endpoint's, in a form that people read."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pyoxigraph
import pytest

from endpoint.protocol.requests import ProtocolError
from endpoint.terminal import TABLE, answer, unknown_terms
from ontology.vocabulary import PREFIXES

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE = "https://example.org/"
GRAPHS = """
<https://example.org/a> <http://www.w3.org/2004/02/skos/core#prefLabel> "A"@en <https://example.org/g1> .
<https://example.org/b> <http://www.w3.org/2004/02/skos/core#prefLabel> "B"@en <https://example.org/g1> .
<https://example.org/c> <http://www.w3.org/2004/02/skos/core#prefLabel> "C\\u001B[31m"@en <https://example.org/g2> .
"""


@pytest.fixture(scope="module")
def store() -> pyoxigraph.Store:
    store = pyoxigraph.Store()
    store.load(GRAPHS.encode(), pyoxigraph.RdfFormat.N_QUADS)
    return store


def asked(store: pyoxigraph.Store, text: str, form: str = "csv", prefixes: Mapping[str, str] = PREFIXES) -> list[str]:
    out = io.BytesIO()
    answer(store, prefixes, text, form, out, base=BASE, width=80)
    return out.getvalue().decode().splitlines()


def test_columns_come_in_the_order_of_the_query_also_with_undeclared_prefixes(store: pyoxigraph.Store) -> None:
    assert asked(store, "SELECT * { ?z skos:prefLabel ?a } ORDER BY ?z LIMIT 1") == ["z,a", "https://example.org/a,A"]


def test_a_sub_select_inside_graph_sees_one_graph_after_the_other(store: pyoxigraph.Store) -> None:
    question = "SELECT ?g ?n { GRAPH ?g { SELECT (COUNT(*) AS ?n) { ?s skos:prefLabel ?l } } } ORDER BY ?g"
    assert asked(store, question) == ["g,n", "https://example.org/g1,2", "https://example.org/g2,1"]


def test_joined_labels_bear_no_language(store: pyoxigraph.Store) -> None:
    question = "SELECT (GROUP_CONCAT(?l) AS ?all) { GRAPH <g1> { ?s skos:prefLabel ?l } }"
    assert '"xml:lang"' not in "".join(asked(store, question, "json"))


def test_a_function_that_nobody_knows_is_an_error_of_its_expression_only(store: pyoxigraph.Store) -> None:
    assert asked(store, "SELECT (<https://example.org/f>(1) AS ?x) ?y { VALUES ?y { 2 } }") == ["x,y", ",2"]


def test_where_columns_would_be_too_narrow_each_row_is_lines_of_its_own(store: pyoxigraph.Store) -> None:
    words = "the government is backing the initiatives in the region"
    variables = ("who", "stance", "about", "words", "through")
    bound = " ".join(f'"{name} {words}"' for name in variables)
    values = f"VALUES ({' '.join(f'?{name}' for name in variables)}) {{ ({bound}) (UNDEF UNDEF UNDEF UNDEF 2) }}"
    lines = [line.rstrip() for line in asked(store, f"SELECT * {{ {values} }}", TABLE)]
    assert [line for line in lines if line] == [
        *(f" {name:<7}  {name} {words}" for name in variables),
        " through  2",
        "2 rows",
    ]
    assert asked(store, "SELECT ?l ?m { VALUES (?l ?m) { (1 2) } }", TABLE)[1].split() == ["l", "m"]


def test_a_table_holds_no_character_that_would_steer_the_terminal(store: pyoxigraph.Store) -> None:
    table = "\n".join(asked(store, "SELECT ?l { <c> skos:prefLabel ?l }", TABLE))
    assert "\x1b" not in table
    assert "C\N{REPLACEMENT CHARACTER}[31m" in table


def test_triples_for_people_have_the_prefixes_that_they_use(store: pyoxigraph.Store) -> None:
    lines = asked(store, "CONSTRUCT WHERE { <a> skos:prefLabel ?l }", TABLE)
    assert lines[0] == "@prefix skos: <http://www.w3.org/2004/02/skos/core#> ."
    assert lines[1:] == ['<https://example.org/a> skos:prefLabel "A"@en .']


@pytest.mark.parametrize("update", ["INSERT DATA { <a> <b> <c> }", "PREFIX x: <y:>\n delete where { ?s ?p ?o }"])
def test_an_update_is_told_from_a_query_with_a_mistake(store: pyoxigraph.Store, update: str) -> None:
    with pytest.raises(ProtocolError, match="This is an update, which is not run here"):
        asked(store, update)


def test_a_name_that_the_vocabulary_lacks_is_told_with_the_one_that_is_near() -> None:
    question = "SELECT ?s { ?s a pact:Statment ; pact:stance pact:stance-supportive ; pact:xyz 'pact:zzz' }"
    assert list(unknown_terms(question)) == [
        "The vocabulary has no term pact:Statment; did you mean pact:Statement?",
        "The vocabulary has no term pact:xyz.",
    ]


def test_a_prefix_of_the_users_own_is_left_alone() -> None:
    assert list(unknown_terms("PREFIX pact: <https://example.org/> SELECT ?s { ?s a pact:Statment }")) == []
