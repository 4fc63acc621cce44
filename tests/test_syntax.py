"""What the text of a query tells before the engine sees it; above all, that no call of another service is missed."""

from __future__ import annotations

import pyoxigraph
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from endpoint.sparql.syntax import calls, group_end, is_volatile, names_dataset, normal, query_form, tokens

CANARY = "http://127.0.0.1:1/"  # port 1 is one that the engine itself refuses, so nothing is ever called


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("SELECT * {}", "SELECT"),
        ("select*{}", "SELECT"),
        ("# SELECT\nASK {}", "ASK"),
        ("BASE <http://select.example/> PREFIX ask: <urn:x> CONSTRUCT WHERE {}", "CONSTRUCT"),
        ("PREFIX :<urn:x>\nprefix a.b-c: <urn:y> # c\n DESCRIBE <urn:x>", "DESCRIBE"),
        ('VERSION "1.2" SELECT * {}', "SELECT"),
        ("INSERT DATA {}", None),
        ("", None),
        ("PREFIX a: <urn:SELECT>", None),
    ],
)
def test_the_form_is_the_first_word_after_the_prologue(text: str, form: str | None) -> None:
    assert query_form(text) == form


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { SERVICE <CANARY> {} }",
        "SELECT * { service<CANARY>{} }",
        "SELECT * { SERVICE SILENT <CANARY> {} }",
        "SELECT * { SERVICESILENT<CANARY>{} }",
        "SELECT * { SERVICE # comment\n <CANARY> {} }",
        "SELECT * { ?s ?p trueSERVICE<CANARY>{} }",
        "SELECT * { ?s ?p 1 .SERVICE<CANARY>{} }",
        "PREFIX : <CANARY> SELECT * { SERVICE:x{} }",
        "PREFIX : <CANARY> SELECT * { ?s ?p ?GRAPH SERVICE:x{} }",
        "PREFIX : <CANARY> SELECT * { SERVICE SILENT:x{} }",
        "SELECT * { ?s ?p <http://a/\\u0041'> . SERVICE <CANARY> {} . ?s ?p <http://b/\\u0041'> }",
        "SELECT * { FILTER(?a<?b+'x>y') SERVICE <CANARY> {} FILTER('' = '') }",
        "SELECT * { FILTER(?a<?b#>'''\n) SERVICE <CANARY> {} #'''\n }",
        "SELECT * { VALUES ?x { <CANARY> } SERVICE ?x {} }",
        "SELECT * { ?s ?p '''a''b\\'''' SERVICE <CANARY> {} }",
    ],
)
def test_a_service_is_found_however_it_is_written(text: str) -> None:
    assert [call.word for call in calls(text.replace("CANARY", CANARY))] == ["SERVICE"]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?s ?p 'SERVICE <CANARY> {}' }",
        'SELECT * { ?s ?p """SERVICE\n<CANARY> {}""" }',
        "SELECT * { ?s ?p <http://x.example/SERVICE> }",
        "SELECT ?service { ?service ?p $load }",
        "# SERVICE <CANARY>\nSELECT * {}",
        "PREFIX service: <urn:x> SELECT * { GRAPH service:g { service:a service:b service:c . } }",
        "SELECT * { ?s ex:service <CANARY> }",
        "PREFIX load: <CANARY> SELECT * { ?s a load:Ship ; load:weight ?tons }",
        "PREFIX load: <CANARY> INSERT DATA { <urn:s> a load:Ship ; load:weight 1 }",
        "PREFIX load: <CANARY> CLEAR GRAPH load:g ; COPY load:a TO load:b",
    ],
)
def test_words_that_only_look_like_a_call_are_left_alone(text: str) -> None:
    assert calls(text.replace("CANARY", CANARY)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "LOAD <CANARY>",
        "LOAD SILENT <CANARY> INTO GRAPH <urn:g>",
        "CLEAR ALL;load<CANARY>",
        "PREFIX : <CANARY> LOAD:x",
        "PREFIX : <CANARY> LOADSILENT:x INTO GRAPH <urn:g>",
        "PREFIX a: <urn:a>LOAD<CANARY>",
    ],
)
def test_a_load_is_found_however_it_is_written(text: str) -> None:
    assert [call.word for call in calls(text.replace("CANARY", CANARY))] == ["LOAD"]


_PIECES = st.sampled_from(
    [
        *(
            "SERVICE",
            "service",
            "SILENT",
            "SERVICE:x",
            "?s",
            "?p",
            "?o",
            "$GRAPH",
            ".",
            ";",
            ",",
            "{",
            "}",
            "{}",
            "(",
            ")",
        ),
        *("'", '"', "'''", '"""', "'a'", '"b"', "#", "\n", "<", ">", "=", "&&", "||", "+", "!", "^", "/", "*", "|"),
        *(
            f"<{CANARY}>",
            "<a>",
            "<http://a/'>",
            "<\\u0041'>",
            "<?b+'x>",
            "<?b#>",
            ":x",
            "p:x",
            "_:b",
            "@en",
            "a",
            "1",
            "true",
        ),
        *(
            "OPTIONAL",
            "GRAPH",
            "FILTER",
            "UNION",
            "MINUS",
            "VALUES",
            "BIND",
            "EXISTS",
            "NOT",
            " ",
            "\\",
            "@en--ltr",
            "1.0e0",
        ),
    ]
)


def calls_out(text: str) -> bool:
    """Whether the engine tries to call another service for the query."""
    try:
        result = pyoxigraph.Store().query(
            text, base_iri="http://base.example/", prefixes={"": "http://127.0.0.1:1/", "p": "http://127.0.0.1:1/"}
        )
        if isinstance(result, pyoxigraph.QuerySolutions):
            list(result)
    except (SyntaxError, ValueError):
        return False
    except OSError as error:
        return "port 1 " in str(error)
    return False


@settings(max_examples=600, deadline=None)
@given(st.lists(_PIECES, max_size=24))
@example(["FILTER", "(", "1", "<?b+'x>", "'y'", ")", "SERVICE", f"<{CANARY}>", "{}", "'"])
@example(["SERVICE:x", "{}"])
@example(["?s", "?p", "true", "SERVICE", f"<{CANARY}>", "{}"])
def test_no_query_that_the_engine_would_call_out_for_passes(pieces: list[str]) -> None:
    text = f"SELECT * WHERE {{ {{ SELECT * {{ {' '.join(pieces)} }} }} }}"
    for candidate in (text, text.replace(" ", ""), f"ASK {{ {''.join(pieces)} }}"):
        if not calls(candidate):
            assert not calls_out(candidate)


_UPDATE_PIECES = st.sampled_from(
    [
        *(
            "LOAD",
            "load",
            "LOAD:x",
            "LOAD:x",
            "LOADSILENT:x",
            "SILENT",
            f"<{CANARY}>",
            ":x",
            "INTO",
            "INTO GRAPH <urn:g>",
        ),
        *(";", ";", "{", "}", "{}", " ", "\n", "'", '"', "'''", "'a'", "#", "<?b+'x>", "<urn:g>", "p:x", "load:x"),
        *("INSERT DATA { :s :p :o }", "INSERT DATA {", "DELETE {", "INSERT {", "WHERE {", "WHERE {}", "WITH", "USING"),
        *("GRAPH", "CLEAR ALL", "CREATE", "COPY", "TO", "DEFAULT", "DROP", ":s :p", "FILTER(1<2)", "a", ",", "1", "."),
    ]
)


def loads(text: str) -> bool:
    """Whether the engine tries to load something for the update."""
    names = {"": "http://127.0.0.1:1/", "p": "http://127.0.0.1:1/", "load": "http://127.0.0.1:1/"}
    try:
        pyoxigraph.Store().update(text, base_iri="http://base.example/", prefixes=names)
    except (SyntaxError, ValueError, RuntimeError):
        return False
    except OSError as error:
        return "port 1 " in str(error)
    return False


@settings(max_examples=400, deadline=None)
@given(st.lists(_UPDATE_PIECES, max_size=12))
@example(["INSERT DATA { :s :p :o }", ";", "LOAD:x"])
@example(["INSERT {", "}", "WHERE {", "FILTER(1<2)", "}", ";", "LOAD", f"<{CANARY}>"])
def test_no_update_that_the_engine_would_load_for_passes(pieces: list[str]) -> None:
    text = " ".join(pieces)
    if loads(text):
        assert "LOAD" in [call.word for call in calls(text)]


@given(st.lists(_PIECES, max_size=24))
def test_the_tokens_are_the_text(pieces: list[str]) -> None:
    text = "".join(pieces)
    for token in tokens(text):
        assert text[token.start : token.end] == token.text


@given(st.lists(_PIECES, max_size=24))
def test_the_normal_form_of_a_normal_form_is_itself(pieces: list[str]) -> None:
    once = normal("".join(pieces))
    assert normal(once) == once


def test_the_normal_form_drops_indentation_and_lines_of_comment() -> None:
    assert normal("# all\n  SELECT *\n\n\t{ ?s ?p '  a  # b ' } # c\r\n") == "SELECT *\n{ ?s ?p '  a  # b ' } # c"


def test_a_string_of_several_lines_is_left_alone() -> None:
    text = "SELECT * { ?s ?p '''\n  # no comment\n''' }"
    assert normal(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT * FROM <urn:g> {}", True),
        ("SELECT*FROM NAMED<urn:g>{}", True),
        ("PREFIX : <urn:x> SELECT * FROM:g {}", True),
        ("SELECT * { ?from ?p 'FROM <urn:g>' }", False),
        ("SELECT ?from { ?s <http://x.example/FROM> ?from }", False),
        ("# FROM <urn:g>\nSELECT * {}", False),
    ],
)
def test_from_is_seen_where_the_query_names_its_dataset(text: str, expected: bool) -> None:
    assert names_dataset(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT (NOW() AS ?n) {}", True),
        ("SELECT * { BIND(rand() AS ?r) }", True),
        ("SELECT * { BIND(STRUUID () AS ?r) }", True),
        ("SELECT ?now { ?now foaf:knows ?brand }", False),
    ],
)
def test_a_query_whose_answer_changes_by_itself_is_seen(text: str, expected: bool) -> None:
    assert is_volatile(text) is expected


def test_a_group_ends_at_its_own_brace() -> None:
    text = "{ ?s ?p '}' . { } # }\n } rest"
    assert text[group_end(text, 0) :] == " rest"
    assert group_end("{ {", 0) == 3
