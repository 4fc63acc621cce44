"""What the endpoint says of itself is true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph
import pytest
from serving import ARTICLE, BASE, HTTP, publish, running, settings

from endpoint.site.description import SD, VOID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("store")
    publish(root, add=ARTICLE, quads=70)
    return root


@pytest.fixture(scope="module")
def url(store: Path) -> Iterator[str]:
    with running(settings(store)) as base:
        yield base


def described(url: str, path: str = "/sparql") -> pyoxigraph.Dataset:
    answer = HTTP.get(url + path, headers={"Accept": "application/n-triples"})
    assert answer.status_code == 200
    return pyoxigraph.Dataset(pyoxigraph.parse(answer.content, pyoxigraph.RdfFormat.N_TRIPLES))


def values(graph: pyoxigraph.Dataset, property_: str, subject: str | None = None) -> set[str]:
    return {
        quad.object.value
        for quad in graph
        if quad.predicate.value == property_ and (subject is None or quad.subject.value == subject)
    }


def test_the_service_description_names_the_endpoint_its_languages_and_its_graphs(url: str) -> None:
    graph = described(url)
    assert values(graph, SD + "endpoint") == {f"{url}/sparql"}
    assert values(graph, SD + "supportedLanguage") == {SD + "SPARQL11Query"}
    assert values(graph, SD + "feature") == {SD + "UnionDefaultGraph", SD + "EmptyGraphs"}
    assert f"{BASE}graph/registry" in values(graph, SD + "name")


def test_the_service_description_follows_the_settings(store: Path) -> None:
    chosen = settings(store, default_graph="plain", token="t", services=("http://x.example/",))
    with running(chosen) as url:
        graph = described(url)
    assert values(graph, SD + "feature") == {SD + "EmptyGraphs", SD + "BasicFederatedQuery"}
    assert SD + "SPARQL11Update" in values(graph, SD + "supportedLanguage")


def test_an_update_that_sees_another_default_graph_is_described_as_a_service_of_its_own(store: Path) -> None:
    with running(settings(store, token="t")) as url:
        graph = described(url)
        insert = {"update": "INSERT { <urn:s> <urn:p> ?n } WHERE { SELECT (COUNT(*) AS ?n) { ?s ?p ?o } }"}
        assert HTTP.post(f"{url}/update", data=insert, headers={"Authorization": "Bearer t"}).status_code == 204
        ask = f"{url}/graphs?default"
        assert '"0"' in HTTP.get(ask, headers={"Accept": "application/n-triples"}).text
    services = {quad.subject.value: quad.object.value for quad in graph if quad.predicate.value == SD + "endpoint"}
    assert sorted(services.values()) == [f"{url}/sparql", f"{url}/update"]
    for service, place in services.items():
        is_query = place.endswith("/sparql")
        language = "SPARQL11Query" if is_query else "SPARQL11Update"
        assert values(graph, SD + "supportedLanguage", service) == {SD + language}
        assert (SD + "UnionDefaultGraph" in values(graph, SD + "feature", service)) == is_query
        (dataset,) = values(graph, SD + "defaultDataset", service)
        assert len(values(graph, SD + "defaultGraph", dataset)) == 1
        assert values(graph, SD + "namedGraph", dataset) == values(graph, SD + "namedGraph")


def test_a_browser_that_asks_for_the_service_gets_the_page_with_the_editor(url: str) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    for path in ("/sparql", "/sparql/"):
        answer = HTTP.get(url + path, headers={"Accept": accept})
        assert (answer.status_code, answer.headers["location"]) == (303, f"{url}/")
    page = HTTP.get(f"{url}/sparql", headers={"Accept": accept}, follow_redirects=True)
    assert page.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("accept", ["text/turtle", "application/rdf+xml", "application/ld+json", "*/*"])
def test_the_service_description_comes_in_every_format_for_graphs(url: str, accept: str) -> None:
    answer = HTTP.get(f"{url}/sparql", headers={"Accept": accept})
    assert answer.status_code == 200
    media_type = answer.headers["content-type"].partition(";")[0]
    format_ = pyoxigraph.RdfFormat.from_media_type(media_type)
    assert format_ is not None
    assert list(pyoxigraph.parse(answer.content, format_))
    assert HTTP.get(f"{url}/sparql", headers={"Accept": "image/png"}).status_code == 406


def test_void_counts_what_is_there(url: str) -> None:
    graph = described(url, "/.well-known/void")
    dataset = f"{BASE}dataset"

    def count(expression: str, pattern: str) -> str:
        query = f"SELECT ({expression} AS ?n) WHERE {{ {pattern} }}"
        answer = HTTP.get(f"{url}/sparql", params={"query": query, "format": "csv"})
        return answer.text.split()[1]

    assert values(graph, VOID + "triples", dataset) == {count("COUNT(*)", "?s ?p ?o")}
    assert values(graph, VOID + "distinctSubjects", dataset) == {count("COUNT(DISTINCT ?s)", "?s ?p ?o")}
    assert values(graph, VOID + "properties", dataset) == {count("COUNT(DISTINCT ?p)", "?s ?p ?o")}
    assert values(graph, VOID + "classes", dataset) == {count("COUNT(DISTINCT ?c)", "?s a ?c")}
    parts = {quad.subject.value for quad in graph if quad.predicate.value == VOID + "class"}
    assert len(parts) == len(values(graph, VOID + "class"))
    assert values(graph, VOID + "sparqlEndpoint") == {f"{url}/sparql"}


def test_void_counts_again_when_the_data_changed(tmp_path: Path) -> None:
    publish(tmp_path, quads=5)
    with running(settings(tmp_path)) as url:
        assert values(described(url, "/dataset"), VOID + "triples", f"{BASE}dataset") == {"5"}
        number = publish(tmp_path, quads=5, first=5)
        while HTTP.get(f"{url}/health").json()["snapshot"] != number:
            pass
        assert values(described(url, "/.well-known/void"), VOID + "triples", f"{BASE}dataset") == {"10"}
