"""Which graphs the text of an update tells that it writes, and when it does not tell."""

from __future__ import annotations

import pyoxigraph
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from endpoint.sparql.updates import Written, written_graphs

PREFIX = "PREFIX : <urn:x:> PREFIX g: <http://g.example/> "


@pytest.mark.parametrize(
    ("text", "graphs"),
    [
        ("INSERT DATA { <urn:s> <urn:p> <urn:o> }", set()),
        (
            "INSERT DATA { GRAPH <urn:g> { <urn:s> <urn:p> 'GRAPH <urn:no>' } GRAPH g:h { <urn:s> a g:x } }",
            {"urn:g", "http://g.example/h"},
        ),
        ("DELETE DATA { GRAPH <urn:g> { <urn:s> <urn:p> true } }", {"urn:g"}),
        ("DELETE WHERE { GRAPH <urn:g> { ?s ?p ?o } }", {"urn:g"}),
        (
            "WITH <urn:g> DELETE { ?s ?p ?o } INSERT { GRAPH :h { ?s ?p ?o } } WHERE { GRAPH ?x { ?s ?p ?o } }",
            {"urn:g", "urn:x:h"},
        ),
        ("WITH <urn:g> DELETE {} INSERT { GRAPH :h { ?s ?p ?o } . } WHERE { ?s ?p ?o }", {"urn:x:h"}),
        ("WITH <urn:g> INSERT { GRAPH :h { ?s ?p ?o } ?s ?p [] } WHERE { ?s ?p ?o }", {"urn:g", "urn:x:h"}),
        ("WITH <urn:g> DELETE { GRAPH :h { ?s ?p ?o } } WHERE {} ; INSERT { ?s ?p ?o } WHERE {}", {"urn:x:h"}),
        ("INSERT { ?s ?p ?o } USING <urn:no> USING NAMED <urn:no> WHERE { GRAPH <urn:no> { ?s ?p ?o } }", set()),
        (
            "CLEAR GRAPH <urn:a> ; DROP SILENT GRAPH g:b ; CREATE GRAPH <urn:c>",
            {"urn:a", "http://g.example/b", "urn:c"},
        ),
        (
            "COPY <urn:a> TO <urn:b> ; MOVE SILENT GRAPH <urn:c> TO DEFAULT ; ADD DEFAULT TO :d",
            {"urn:a", "urn:b", "urn:c", "urn:x:d"},
        ),
        ("CLEAR DEFAULT", set()),
    ],
)
def test_the_graphs_that_are_named_are_told(text: str, graphs: set[str]) -> None:
    assert written_graphs(PREFIX + text) == Written(frozenset(graphs), told=True)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }",
        "CLEAR ALL",
        "DROP NAMED",
        "DROPALL",
        "CLEAR GRAPH <relative>",
        "BASE <http://b.example/> CLEAR GRAPH <x>",
        "CLEAR GRAPH unknown:x",
        "INSERT DATA { GRAPH:x { <urn:s> <urn:p> <urn:o> } }",
        "INSERT DATA { GRAPH<urn:g>{} GRAPHx }",
        "LOAD <urn:x>",
        "COPYDEFAULT TO <urn:a>",
        "INSERT DATA { GRAPH <urn:g> {",
        "DELETE { ?s ?p <http:a#'> } WHERE { ?s ?p ?o }",
    ],
)
def test_what_cannot_be_told_is_not_guessed(text: str) -> None:
    assert not written_graphs(PREFIX + text).told


_PIECES = st.sampled_from(
    [
        *(
            "INSERT",
            "DELETE",
            "DATA",
            "WHERE",
            "GRAPH",
            "WITH",
            "USING",
            "NAMED",
            "CLEAR",
            "DROP",
            "CREATE",
            "COPY",
            "MOVE",
        ),
        *(
            "ADD",
            "TO",
            "ALL",
            "DEFAULT",
            "SILENT",
            "{",
            "}",
            ";",
            ".",
            "a",
            "?g",
            "GRAPH:a",
            ":a",
            ":b",
            "<urn:g>",
            "<urn:h>",
        ),
        *(
            "<urn:s> <urn:p> <urn:o> .",
            "?s ?p ?o",
            "'{'",
            '"}"',
            "# {\n",
            "INSERT DATA {",
            "DELETE WHERE {",
            "WHERE {}",
            " ",
        ),
    ]
)
GRAPHS = ("urn:g", "urn:h", "urn:x:a", "urn:x:b")


@settings(max_examples=500, deadline=None)
@given(st.lists(_PIECES, max_size=16), st.booleans())
def test_no_graph_changes_that_was_not_told(pieces: list[str], spaced: bool) -> None:
    text = "PREFIX : <urn:x:> " + (" " if spaced else "").join(pieces)
    written = written_graphs(text)
    store = pyoxigraph.Store()
    for graph in GRAPHS:
        quad = [pyoxigraph.NamedNode(f"urn:{part}") for part in "spq"]
        store.add(pyoxigraph.Quad(quad[0], quad[1], quad[2], pyoxigraph.NamedNode(graph)))

    def content() -> dict[str, list[str]]:
        names = {str(graph).strip("<>") for graph in store.named_graphs()}
        return {
            name: sorted(map(str, store.quads_for_pattern(None, None, None, pyoxigraph.NamedNode(name))))
            for name in names
        }

    before = content()
    try:
        store.update(text)
    except (SyntaxError, ValueError, RuntimeError, OSError):
        return
    after = content()
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert not written.told or changed <= written.graphs
