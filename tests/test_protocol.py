"""The SPARQL Protocol, sentence by sentence, without a server."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.protocol.negotiation import GRAPHS, RESULTS, NotNegotiable, by_name, negotiate
from endpoint.protocol.requests import (
    FORM,
    QUERY_TYPE,
    UPDATE_TYPE,
    Describe,
    ProtocolError,
    Query,
    Request,
    Update,
    read_operation,
    rejected_syntax,
    rewrite_refused_calls,
    with_using,
)
from endpoint.sparql import syntax

if TYPE_CHECKING:
    from collections.abc import Iterator

URL = "http://h.example/sparql"
ASK = "ASK {}"


def request(method: str = "GET", query: object = "", body: bytes | str = b"", **headers: str) -> Request:
    text = query if isinstance(query, str) else urlencode(query, doseq=True)
    data = body.encode() if isinstance(body, str) else body
    return Request(method, URL, text, {name.replace("_", "-"): value for name, value in headers.items()}, data)


def read(*args: object, **kwargs: object) -> Query | Update | Describe:
    return read_operation(request(*args, **kwargs), longest=1000)


def refused(*args: object, **kwargs: object) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        read(*args, **kwargs)
    return caught.value


# ---- 2.1 the query operation


def test_a_query_comes_by_get_in_the_parameter_query() -> None:
    query = read(query={"query": "SELECT * {}"})
    assert isinstance(query, Query)
    assert (query.text, query.form, query.base) == ("SELECT * {}", "SELECT", URL)


def test_a_query_comes_by_post_as_a_form() -> None:
    query = read("POST", body=urlencode({"query": "ASK { ?s ?p '100%25' }"}), content_type=FORM)
    assert isinstance(query, Query)
    assert query.text == "ASK { ?s ?p '100%25' }"


def test_a_query_comes_by_post_directly_with_the_dataset_in_the_url() -> None:
    query = read(
        "POST", {"default-graph-uri": ["urn:a", "urn:b"], "named-graph-uri": "urn:c"}, ASK, content_type=QUERY_TYPE
    )
    assert isinstance(query, Query)
    assert (query.default_graphs, query.named_graphs) == (("urn:a", "urn:b"), ("urn:c",))
    assert query.names_dataset


def test_a_query_comes_by_the_method_query() -> None:
    assert isinstance(read("QUERY", body=ASK, content_type=QUERY_TYPE), Query)


@pytest.mark.parametrize("way", ["get", "form", "direct"])
def test_a_mark_of_byte_order_before_a_query_is_no_part_of_it(way: str) -> None:
    text = "\ufeff" + ASK
    if way == "get":
        query = read("GET", {"query": text})
    elif way == "form":
        query = read("POST", body=urlencode({"query": text}), content_type=FORM)
    else:
        query = read("POST", body=text, content_type=QUERY_TYPE)
    assert isinstance(query, Query)
    assert query.text == ASK


def test_the_dataset_may_stand_in_the_form() -> None:
    body = urlencode({"query": ASK, "named-graph-uri": ["urn:a", "urn:b"]}, doseq=True)
    query = read("POST", body=body, content_type=f"{FORM}; charset=UTF-8")
    assert isinstance(query, Query)
    assert query.named_graphs == ("urn:a", "urn:b")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "BREW"])
def test_other_methods_are_refused_with_what_is_allowed(method: str) -> None:
    error = refused(method, {"query": ASK})
    assert (error.status, error.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, POST, QUERY")


@pytest.mark.parametrize("name", ["query", "update"])
def test_more_than_one_query_or_update_is_refused(name: str) -> None:
    assert refused("POST", body=urlencode({name: [ASK, ASK]}, doseq=True), content_type=FORM).status == 400


def test_a_query_and_an_update_at_once_are_refused() -> None:
    assert refused("POST", body=urlencode({"query": ASK, "update": "CLEAR ALL"}), content_type=FORM).status == 400


def test_an_update_by_get_is_refused() -> None:
    assert refused(query={"update": "CLEAR ALL"}).status == 400


def test_a_post_without_query_or_update_is_refused() -> None:
    assert refused("POST", body="a=b", content_type=FORM).status == 400


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/json", "application/sparql-query-x"])
def test_a_body_of_another_type_is_refused(media_type: str) -> None:
    error = refused("POST", body=ASK, content_type=media_type)
    assert error.status == 415
    assert QUERY_TYPE in error.sentence


def test_a_body_in_another_charset_is_refused() -> None:
    assert refused("POST", body=ASK, content_type=f"{QUERY_TYPE}; charset=UTF-16").status == 415


@pytest.mark.parametrize("kind", [QUERY_TYPE, FORM])
def test_a_body_that_is_not_utf8_is_refused(kind: str) -> None:
    assert refused("POST", body=b"query=ASK \xff\xfe", content_type=kind).status == 400


def test_percent_encoded_bytes_that_are_not_utf8_are_refused() -> None:
    assert refused(query="query=%FF%FE").status == 400


def test_a_query_in_the_url_beside_a_direct_body_is_refused() -> None:
    assert refused("POST", {"query": ASK}, ASK, content_type=QUERY_TYPE).status == 400


@pytest.mark.parametrize("iri", ["not an iri", "relative", "<urn:a>", "", "urn:a b"])
def test_a_dataset_that_is_no_absolute_iri_is_refused(iri: str) -> None:
    assert refused(query={"query": ASK, "default-graph-uri": iri}).status == 400


@pytest.mark.parametrize("way", ["get", "form", "direct"])
def test_a_query_beyond_the_limit_is_refused_with_the_limit(way: str) -> None:
    text = "ASK {} #" + "x" * 1000
    error = {
        "get": lambda: refused(query={"query": text}),
        "form": lambda: refused("POST", body=urlencode({"query": text}), content_type=FORM),
        "direct": lambda: refused("POST", body=text, content_type=QUERY_TYPE),
    }[way]()
    assert error.status == 413
    assert "1000" in error.sentence


def test_a_bare_get_asks_for_the_service_description() -> None:
    described = read(accept="application/ld+json")
    assert isinstance(described, Describe)
    assert described.choice.media_type == "application/ld+json"


def test_the_parameter_version_of_the_drafts_is_ignored() -> None:
    assert isinstance(read(query={"query": ASK, "version": "1.2"}), Query)


# ---- 2.2 the update operation


def test_an_update_comes_by_post_as_a_form_or_directly() -> None:
    dataset = {"using-graph-uri": "urn:a", "using-named-graph-uri": ["urn:b", "urn:c"]}
    form = read("POST", body=urlencode({"update": "CLEAR ALL"} | dataset, doseq=True), content_type=FORM)
    direct = read("POST", dataset, "CLEAR ALL", content_type=UPDATE_TYPE)
    assert form == direct == Update("CLEAR ALL", URL, ("urn:a",), ("urn:b", "urn:c"))


def test_an_update_by_the_method_query_is_refused() -> None:
    assert refused("QUERY", body="CLEAR ALL", content_type=UPDATE_TYPE).status == 415


def using(text: str, graphs: tuple[str, ...] = ("urn:a",), named: tuple[str, ...] = ()) -> str:
    return with_using(Update(text, URL, graphs, named))


def test_the_dataset_of_an_update_becomes_using_clauses() -> None:
    text = "INSERT { ?s ?p 'WHERE {' } WHERE { ?s ?p ?o }"
    assert using(text, named=("urn:b",)) == (
        "INSERT { ?s ?p 'WHERE {' } USING <urn:a> USING NAMED <urn:b> WHERE { ?s ?p ?o }"
    )


def test_each_operation_of_an_update_gets_the_dataset() -> None:
    assert using("DELETE {?s ?p ?o} WHERE {?s ?p ?o} ; INSERT {} WHERE {}").count("USING <urn:a>") == 2


def test_the_short_form_delete_where_is_written_out() -> None:
    assert (
        " ".join(using("DELETE WHERE { ?s ?p ?o }").split()) == "DELETE { ?s ?p ?o } USING <urn:a> WHERE { ?s ?p ?o }"
    )


@pytest.mark.parametrize("clause", ["USING <urn:x>", "USING NAMED <urn:x>"])
def test_an_update_with_a_dataset_of_its_own_clashes_with_the_protocols(clause: str) -> None:
    with pytest.raises(ProtocolError, match="USING"):
        using(f"INSERT {{ ?s ?p ?o }} {clause} WHERE {{ ?s ?p ?o }}")


def test_with_clashes_with_the_protocols_dataset() -> None:
    with pytest.raises(ProtocolError, match="WITH"):
        using("WITH <urn:x> INSERT { ?s ?p ?o } WHERE { ?s ?p ?o }")


def test_insert_data_needs_no_dataset() -> None:
    assert using("INSERT DATA { <urn:s> <urn:p> 'WHERE' }") == "INSERT DATA { <urn:s> <urn:p> 'WHERE' }"


# ---- formats


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "application/sparql-results+json"),
        ("", "application/sparql-results+json"),
        ("*/*", "application/sparql-results+json"),
        ("text/csv", "text/csv"),
        ("TEXT/CSV", "text/csv"),
        ("text/*", "text/csv"),
        ("application/*", "application/sparql-results+json"),
        ("application/json", "application/json"),
        ("application/xml", "application/xml"),
        ("text/csv;q=0.5, application/sparql-results+xml", "application/sparql-results+xml"),
        ("text/csv;q=0.5, application/sparql-results+xml;q=0.4", "text/csv"),
        ("application/sparql-results+json;q=0, */*", "application/sparql-results+xml"),
        ("application/*;q=0, */*;q=0.1", "text/csv"),
        ("*/*;q=0.1, text/tab-separated-values", "text/tab-separated-values"),
        ("text/csv, */*", "text/csv"),
        ("text/csv;charset=utf-8", "text/csv"),
        ("text/csv;charset=iso-8859-1, application/sparql-results+xml;q=0.1", "application/sparql-results+xml"),
        ('text/csv;x="a,b;q=0";q=0.9, application/json;q=0.8', "text/csv"),
        ("image/png", None),
        ("text/csv;q=0", None),
        ("*/*;q=0", None),
        ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", "application/xml"),
        ("application/sparql-results+json, text/csv;q=1.0", "application/sparql-results+json"),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "application/sparql-results+json"),
        ("text/csv;q=0.33333, text/tab-separated-values;q=0.33334", "text/tab-separated-values"),
        (" text/csv ; q=0.5 ,, application/json ;q=.6,", "application/json"),
        ("Text/CSV;Q=1.0000", "text/csv"),
    ],
)
def test_the_most_precise_range_decides_and_the_highest_weight_wins(accept: str | None, expected: str | None) -> None:
    choice = negotiate(accept, RESULTS)
    assert (choice.media_type if choice else None) == expected


@pytest.mark.parametrize(
    "accept", ["text/csv;q=2", "text/csv;q=-1", "text/csv;q=abc", "text", "text/csv;q=", "text/csv;q=1.01", "a b/c"]
)
def test_a_malformed_accept_header_is_told(accept: str) -> None:
    with pytest.raises(NotNegotiable):
        negotiate(accept, RESULTS)
    assert refused(query={"query": ASK}, accept=accept).status == 400


def test_a_format_is_chosen_by_name_before_the_header() -> None:
    query = read(query={"query": ASK, "format": "csv"}, accept="image/png")
    assert isinstance(query, Query)
    assert query.choice is not None
    assert query.choice.content_type == "text/csv; charset=utf-8"


@pytest.mark.parametrize(("name", "form"), [("ttl", "SELECT * {}"), ("csv", "CONSTRUCT WHERE {}"), ("pdf", ASK)])
def test_a_format_that_does_not_fit_is_refused_with_those_that_do(name: str, form: str) -> None:
    error = refused(query={"query": form, "format": name})
    assert error.status == 406
    assert ("text/turtle" in error.sentence) == form.startswith("CONSTRUCT")


@pytest.mark.parametrize(
    ("name", "form", "expected"),
    [
        ("json", "CONSTRUCT WHERE {}", "application/ld+json"),
        ("xml", "DESCRIBE <urn:x>", "application/rdf+xml"),
        ("rdf+xml", "CONSTRUCT WHERE {}", "application/rdf+xml"),
        ("N-Triples", "CONSTRUCT WHERE {}", "application/n-triples"),
        ("json", ASK, "application/sparql-results+json"),
        ("application/json", ASK, "application/sparql-results+json"),
    ],
)
def test_a_format_may_have_the_name_that_other_endpoints_give_it(name: str, form: str, expected: str) -> None:
    query = read(query={"query": form, "format": name})
    assert isinstance(query, Query)
    assert query.choice is not None
    assert query.choice.content_type == expected


def test_a_format_that_is_named_in_two_ways_is_the_first_that_fits() -> None:
    body = urlencode({"query": ASK, "format": ["unheard-of", "tsv", "text/csv"]}, doseq=True)
    query = read("POST", body=body, content_type=FORM)
    assert isinstance(query, Query)
    assert query.choice is not None
    assert query.choice.media_type == "text/tab-separated-values"


def test_every_name_of_a_format_is_found() -> None:
    for offer in (*RESULTS, *GRAPHS):
        for name in (offer.name, *offer.media_types):
            assert by_name(name, [offer]) is not None


_MEDIA = st.sampled_from(
    [*(media for offer in RESULTS for media in offer.media_types), "text/*", "application/*", "*/*", "image/png"]
)
_RANGE = st.tuples(_MEDIA, st.integers(0, 1000))


@given(st.lists(_RANGE, min_size=1, max_size=6, unique_by=lambda pair: pair[0]))
def test_nothing_is_chosen_that_the_client_likes_less_than_another_offer(ranges: list[tuple[str, int]]) -> None:
    def weight(media: str) -> int:
        table = dict(ranges)
        return table.get(media, table.get(media.partition("/")[0] + "/*", table.get("*/*", 0)))

    choice = negotiate(", ".join(f"{media};q={value / 1000:.3f}" for media, value in ranges), RESULTS)
    best = max(weight(offer.media_types[0]) for offer in RESULTS)
    aliases = [media for offer in RESULTS for media in offer.media_types[1:] if media in dict(ranges)]
    best = max([best, *(dict(ranges)[media] for media in aliases)])
    assert (weight(choice.media_type) if choice else 0) == best


@given(st.text(max_size=60))
def test_any_accept_header_is_either_understood_or_told(accept: str) -> None:
    with contextlib.suppress(NotNegotiable):
        choice = negotiate(accept, RESULTS)
        assert choice is None or choice.format in RESULTS


# ---- errors and refusals


def test_a_syntax_error_is_told_with_its_place_in_words() -> None:
    error = rejected_syntax("SELECT *\nWHERE { ?s ?p }", "error at 2:16: expected one of LATERAL, [_]")
    assert error.status == 400
    assert "line 2, column 16, near 'WHERE { ?s ?p }': expected one of LATERAL." in error.sentence


def test_an_error_without_a_place_is_told_too() -> None:
    assert rejected_syntax("", "No scheme found in an absolute IRI").sentence.endswith("in an absolute IRI.")


def test_a_call_of_another_service_is_refused() -> None:
    with pytest.raises(ProtocolError, match=r"SERVICE to <http://x\.example/>") as caught:
        rewrite_refused_calls("SELECT * { SERVICE <http://x.example/> { ?s ?p ?o } }", ())
    assert caught.value.status == 403


def test_an_allowed_service_stays() -> None:
    text = "SELECT * { SERVICE <http://x.example/> { ?s ?p ?o } }"
    assert rewrite_refused_calls(text, ("http://x.example/",)) == text


def test_a_refused_silent_service_binds_nothing() -> None:
    text = "SELECT * { ?a ?b ?c SERVICE SILENT <http://x.example/> { ?s ?p '}' . { ?x ?y ?z } } ?d ?e ?f }"
    assert rewrite_refused_calls(text, ()) == "SELECT * { ?a ?b ?c {} ?d ?e ?f }"


def test_a_refused_silent_load_does_nothing() -> None:
    text = "LOAD SILENT <http://x.example/> INTO GRAPH <urn:g> ; CLEAR GRAPH <urn:h>"
    assert rewrite_refused_calls(text, ()) == "INSERT DATA {} ; CLEAR GRAPH <urn:h>"


def test_a_query_that_only_speaks_of_services_is_not_refused() -> None:
    text = "SELECT ?service { ?service a <http://x.example/service> ; :load 'SERVICE <http://x/>' } # LOAD <http://x/>"
    assert rewrite_refused_calls(text, ()) is text


def test_any_number_of_refused_silent_calls_is_looked_at_a_few_times_only(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    plain = syntax.tokens

    def counted(text: str) -> Iterator[syntax.Token]:
        looks.append(len(text))
        return plain(text)

    monkeypatch.setattr(syntax, "tokens", counted)
    call = "SERVICE SILENT <http://a.example/> { "
    assert rewrite_refused_calls("ASK { " + f"{call}}} " * 3000 + "}", ()) == "ASK { " + "{} " * 3000 + "}"
    assert rewrite_refused_calls("ASK { " + call * 3000 + "}" * 3001, ()) == "ASK { {}}"
    assert len(looks) <= 4


def test_many_quotes_behind_a_comparison_are_read_in_one_go() -> None:
    assert not syntax.ambiguous("ASK { FILTER(1 <" + "'" * 200_000)  # each quote once, not each with all behind it
