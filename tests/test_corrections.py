"""What is written otherwise for the engine means what the specification says of the text."""

from __future__ import annotations

import pyoxigraph
import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.sparql.corrections import corrected, in_order, operations

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


def run(text: str) -> list[str]:
    store = pyoxigraph.Store()
    for part in operations(text):
        store.update(part, base_iri=BASE)
    return sorted(str(quad) for quad in store)


def test_each_operation_of_an_update_may_declare_prefixes_of_its_own() -> None:
    text = """PREFIX a: <urn:1:> INSERT DATA { a:s a:p 1 } ; # a: <urn:2:> ;
      INSERT DATA { a:s a:p "; PREFIX" } ;
      PREFIX a: <urn:2:> BASE <http://b.example/> INSERT DATA { a:s a:p <x> } ;
      PREFIX b: <urn:3:> DELETE WHERE { GRAPH b:g { ?s ?p ?o } } ; INSERT DATA { b:s a:p <y> } ;"""
    one, two, three = "urn:1:", "urn:2:", "urn:3:"
    expected = [
        f'<{one}s> <{one}p> "1"^^<http://www.w3.org/2001/XMLSchema#integer> ',
        f'<{one}s> <{one}p> "; PREFIX" ',
        f"<{two}s> <{two}p> <http://b.example/x> ",
        f"<{three}s> <{two}p> <http://b.example/y> ",
    ]
    assert [line.removesuffix(".").strip() for line in run(text)] == sorted(line.strip() for line in expected)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { <urn:s> <urn:p> 1 } ; INSERT DATA { <urn:s> <urn:p> 2 }",
        "INSERT DATA { } ;; PREFIX a: <urn:a> INSERT DATA { }",
        "; PREFIX a: <urn:a> INSERT DATA { }",
        "INSERT DATA { <urn:s> <urn:p> '; PREFIX a: <urn:a>' ; <urn:q> 1 }",
        "",
    ],
)
def test_an_update_that_needs_no_parting_is_left_whole(text: str) -> None:
    assert list(operations(text)) == [text]


def test_a_mistake_behind_a_declaration_has_its_place_in_the_whole_update() -> None:
    with pytest.raises(SyntaxError, match="error at 3:"):
        run("INSERT DATA { <urn:s> <urn:p> 1 } ;\nPREFIX a: <urn:a>\n INSERT BOGUS { } ; CLEAR ALL")
