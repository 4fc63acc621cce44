"""The ten questions the graph must answer, asked over HTTP: of the gold graph, and of the loader's own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import PACTGRAPH
from pyoxigraph import NamedNode, RdfFormat, Store

from ontology.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Iterator

QUESTIONS = [f"cq{number:02}" for number in range(1, 11)]
VOCABULARY = Path(__file__).parent.parent / "ontology" / "pactgraph.ttl"


@pytest.fixture(scope="session")
def gold_endpoint(gold: Path, serve: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the annotated graph of the seed article beside the vocabulary."""
    layout = Layout(tmp_path_factory.mktemp("gold") / "store")
    layout.create()
    store = Store(str(layout.data))
    store.load(path=str(gold / "seed" / "gold.trig"), format=RdfFormat.TRIG)
    graph = NamedNode("https://pactgraph.example/graph/ontology")
    store.load(path=str(VOCABULARY), format=RdfFormat.TURTLE, to_graph=graph)
    store.flush()
    store.backup(str(layout.snapshot(1)))
    del store
    layout.publish(1)
    with serve(layout.root) as url:
        yield url


@pytest.fixture(scope="session")
def loaded_endpoint(seed: Path, serve: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve what the loader itself reads out of the seed article."""
    store = tmp_path_factory.mktemp("loaded") / "store"
    subprocess.run([PACTGRAPH, "load", str(seed), "--store", str(store), "--quiet"], check=True)
    with serve(store) as url:
        yield url


def ask(url: str, query: Path) -> Any:
    """Send a query with curl, as a user would, and give its rows as plain values."""
    command = ["curl", "-sS", "--fail-with-body", f"{url}/sparql", "-H", "Accept: application/sparql-results+json"]
    done = subprocess.run([*command, "--data-urlencode", f"query@{query}"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    if "boolean" in answer:
        return answer["boolean"]
    return [[value(row.get(name)) for name in variables(query)] for row in answer["results"]["bindings"]]


def variables(query: Path) -> list[str]:
    """Return the projected names of a SELECT in the order of the query."""
    head = query.read_text().split("SELECT", 1)[1].split("WHERE", 1)[0]
    names: list[str] = []
    depth = 0
    words = head.replace("(", " ( ").replace(")", " ) ").split()
    for position, word in enumerate(words):
        depth += (word == "(") - (word == ")")
        if word.startswith("?") and (depth == 0 or words[position - 1].upper() == "AS"):
            names.append(word[1:])
    return names


def value(term: dict[str, str] | None) -> Any:
    """Return a bound term as the plain value that the expectation writes."""
    if term is None:
        return None
    kind = term.get("datatype", "").rpartition("#")[2]
    return {"integer": int, "boolean": "true".__eq__}.get(kind, str)(term["value"])


def expected(gold: Path, question: str) -> Any:
    """Return the answer written down before any program ran."""
    return json.loads((gold / "seed" / "competency" / "expected.json").read_text())[question]


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_gold_graph_answers_the_question_as_expected(question: str, gold: Path, gold_endpoint: str) -> None:
    assert ask(gold_endpoint, gold / "seed" / "competency" / f"{question}.rq") == expected(gold, question)


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_loaders_own_graph_answers_the_question_as_expected(
    question: str, gold: Path, loaded_endpoint: str
) -> None:
    assert ask(loaded_endpoint, gold / "seed" / "competency" / f"{question}.rq") == expected(gold, question)
