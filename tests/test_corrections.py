"""What is written otherwise for the engine means what the specification says of the text."""

from __future__ import annotations

import pyoxigraph
import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.corrections import corrected, in_order

BASE = "http://base.example/"
TWO = '<urn:s> <urn:p> "a"@en, "b"@en .'


def columns(text: str) -> list[str]:
    result = pyoxigraph.Store().query(text, base_iri=BASE)
    assert isinstance(result, pyoxigraph.QuerySolutions)
    return [variable.value for variable in result.variables]


def test_group_concat_has_no_language() -> None:
    store = pyoxigraph.Store()
    store.load(TWO, pyoxigraph.RdfFormat.TURTLE)
    text = "SELECT (GROUP_CONCAT(?o; SEPARATOR=')') AS ?all) { ?s ?p ?o } HAVING (STRLEN(GROUP_CONCAT(?o)) > 2)"
    solution = next(iter(store.query(corrected(text))))  # type: ignore[arg-type]  # a SELECT
    assert solution["all"].language is None
    assert sorted(solution["all"].value) == [")", "a", "b"]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?s ?p 'GROUP_CONCAT(?x)' }",
        "SELECT ?GROUP_CONCAT { ?s ?p ?GROUP_CONCAT } # GROUP_CONCAT(",
        "PREFIX g: <urn:GROUP_CONCAT(> SELECT (COUNT(*) AS ?n) { ?s g:x ?o }",
        "SELECT (1 AS ?x) { FILTER(1<2 && '>' != 'GROUP_CONCAT(1)') }",
    ],
)
def test_what_is_no_group_concat_stays_as_it_is(text: str) -> None:
    assert corrected(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT * { ?z ?y ?a }", ["z", "y", "a"]),
        ("# SELECT ?b\nPREFIX b: <urn:b> SELECT DISTINCT * { ?z b:x ?a ; b:y ?m }", ["z", "a", "m"]),
        ("SELECT * { ?z ?y ?a FILTER NOT EXISTS { ?b ?c ?d } }", ["z", "y", "a"]),
        ("SELECT * { ?z ?y 1 { SELECT ?k { ?b ?k ?d } } }", ["z", "y", "k"]),
        ("SELECT * { ?z ?y 1 MINUS { ?b ?y ?d } } ORDER BY ?z", ["z", "y"]),
        ("SELECT * { }", []),
        ("SELECT ?b ?a { ?a ?c ?b }", ["b", "a"]),
    ],
)
def test_select_star_has_its_columns_in_the_order_of_the_query(text: str, expected: list[str]) -> None:
    assert columns(in_order(text, BASE)) == expected


@pytest.mark.parametrize("text", ["SELECT * { ?z ?y", "ASK { ?z ?y ?a }", "SELECT * { ?z ?y ?a } LIMIT x", ""])
def test_what_cannot_be_read_is_left_for_the_engine_to_refuse(text: str) -> None:
    assert in_order(text, BASE) == text


@given(st.lists(st.sampled_from(["?a", "?b", "?c", "_:n", "<urn:x>", "'?d'"]), min_size=3, max_size=9))
def test_the_order_of_columns_changes_no_solution(terms: list[str]) -> None:
    store = pyoxigraph.Store()
    store.load("<urn:x> <urn:x> '?d', <urn:x> . <urn:y> <urn:x> <urn:x> .", pyoxigraph.RdfFormat.TURTLE)
    triples = [terms[at : at + 3] for at in range(0, len(terms) - 2, 3)]
    triples = [[s if s[0] != "'" else "?a", p if p[0] not in "'_" else "?b", o] for s, p, o in triples]
    text = "SELECT * { " + " . ".join(" ".join(triple) for triple in triples) + " }"
    answers = []
    for each in (text, in_order(text, BASE)):
        result = store.query(each)
        assert isinstance(result, pyoxigraph.QuerySolutions)
        names = sorted(variable.value for variable in result.variables)
        answers.append(sorted(str([solution[name] for name in names]) for solution in result))
    assert answers[0] == answers[1]
