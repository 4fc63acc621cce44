"""Terms as they are written, and what constraints ask of them, held against Oxigraph."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, Store

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
    text_of,
    written,
)

XSD = "http://www.w3.org/2001/XMLSchema#"
LEXICAL = [
    *("7", "-7", "+07", "7.", ".5", "7.50", "1e3", "NaN", "many", "", " 7", "9" * 15, "9" * 30, "true", "1"),
    *("2024-02-29", "2023-02-29", "2024-2-9", "2024-02-29Z", "-0044-03-15", "12024-01-01", "2024-02-29T10:00:00"),
    *("P1D", "-P7D", "P1M", "P1Y2M", "PT0S", "P1DT2H", "P", "PT", "P1M1D", "P1W", "2024", "10:00:00"),
]
LITERALS = [Literal(text, datatype=NamedNode(str(datatype))) for text in LEXICAL for datatype in sorted(CASTABLE)]
OTHERS = [NamedNode("https://example.org/a"), Literal("Japan", language="en"), Literal('a "b" \\ c\n')]


def asked(expression: str) -> bool:
    return bool(Store().query(f"ASK {{ FILTER(COALESCE({expression}, false)) }}"))


@given(st.text())
def test_a_text_is_written_as_the_store_writes_it_and_read_back(text: str) -> None:
    assert written(text) == str(Literal(text))
    assert text_of(written(text)) == text


def test_half_of_a_pair_of_surrogates_is_no_text() -> None:
    with pytest.raises(ValueError, match="must be a str"):
        written("\ud800")


@given(st.text())
def test_any_literal_tells_its_characters_and_its_language(text: str) -> None:
    for literal in (Literal(text, language="en-GB"), Literal(text, datatype=NamedNode(f"{XSD}date"))):
        assert text_of(str(literal)) == text
        assert language_of(str(literal)) == (literal.language or "").lower()


def test_a_term_is_an_iri_a_literal_or_a_blank_node() -> None:
    terms = ["<https://example.org/a>", '"<a>"', "_:b", "<<( <a:a> <a:b> <a:c> )>>"]
    assert [[test(term) for test in (is_iri, is_literal, is_blank)] for term in terms] == [
        [True, False, False],
        [False, True, False],
        [False, False, True],
        [False, False, False],
    ]
    assert [text_of(term) for term in terms] == ["https://example.org/a", "<a>", "_:b", terms[-1]]
    assert text_of(str(BlankNode("b"))) == "_:b"


@pytest.mark.parametrize("datatype", sorted(map(str, CASTABLE)))
def test_a_literal_is_well_formed_where_oxigraph_can_cast_its_characters(datatype: str) -> None:
    test = of_datatype(datatype)
    for literal in [*LITERALS, *OTHERS]:
        expected = f"DATATYPE({literal}) = <{datatype}> && <{datatype}>(STR({literal})) = {literal}"
        assert test(str(literal)) == asked(expected), literal


@pytest.mark.parametrize(
    "pattern", ["^a-b$", "b?$", "[a-z]+#", r"\.$", "a|b$", r"\d", "(?i)A", "a++", "^.$", "(a/)*b$"]
)
def test_a_regular_expression_means_what_it_means_to_oxigraph(pattern: str) -> None:
    test = of_form(pattern)
    for text in ("a-b", "a-b\n", "b", "\n", "x#", "x.", "٣", "aa/b", "A", "", "a\nb", "a/a/b"):
        assert test(written(text)) == asked(f"REGEX({written(text)}, {written(pattern)})"), text
    assert not test("_:b")


def test_a_regular_expression_that_oxigraph_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="does not know"):
        of_form("(?!a)")


def test_a_length_counts_the_characters_of_an_iri_or_a_literal() -> None:
    assert of_length(">=", 3)('"a\\nb"@en')
    assert not of_length(">=", 4)('"a\\nb"@en')
    assert of_length("<=", 3)("<a:b>")
    assert not of_length("<=", 3)("_:b")


@pytest.mark.parametrize("comparison", ["<", "<=", ">", ">="])
def test_terms_are_compared_as_oxigraph_compares_them(comparison: str) -> None:
    terms = [*LITERALS[::7], *OTHERS]
    for left in terms:
        for right in terms[::5]:
            assert compared(comparison)(str(left), str(right)) == asked(f"{left} {comparison} {right}"), (left, right)


def test_numbers_are_compared_by_their_value() -> None:
    assert compared("<")(f'"2"^^<{XSD}integer>', f'"10.0"^^<{XSD}decimal>')
    assert not compared("<")(f'"2"^^<{XSD}integer>', f'"many"^^<{XSD}integer>')
