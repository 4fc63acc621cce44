"""What a person and a program see at an IRI of the data."""

from __future__ import annotations

import itertools
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pyoxigraph
import pytest
from serving import ARTICLE, BASE, HTTP, publish, running, settings

from endpoint.site.questions import questions

if TYPE_CHECKING:
    from collections.abc import Iterator

ARTICLE_PATH = "/article/00000000000000a1"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("store")
    publish(root, add=ARTICLE + f"<urn:g> {{ <{BASE}actor/norway> <urn:near> <{BASE}place/north> }}")
    with running(settings(root)) as base:
        yield base


def page(url: str, path: str) -> str:
    answer = HTTP.get(url + path, headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, _: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("href", "src")]


def links(html: str) -> list[str]:
    parser = Links()
    parser.feed(html)
    return parser.found


@pytest.mark.parametrize(
    "path", ["/actor/norway", "/partnership/aukus", ARTICLE_PATH, f"{ARTICLE_PATH}/statement/10-40"]
)
def test_a_page_shows_the_exact_words_who_spoke_and_through_whom(url: str, path: str) -> None:
    html = page(url, path)
    assert "we back the &lt;b&gt;pact&lt;/b&gt; &quot;fully&quot;" in html
    for words in ("Norway", "The Daily", "through", "supportive", "<q>said</q> 42–46", "10–40"):
        assert words in html


def test_what_the_data_says_is_never_read_as_html(url: str) -> None:
    assert "<b>pact" not in page(url, ARTICLE_PATH)
    assert "<title>Oslo &amp; &lt;friends&gt; – Pactgraph</title>" in page(url, ARTICLE_PATH)


def test_the_page_of_an_article_links_to_where_it_was_published(url: str) -> None:
    assert "https://news.example/oslo?a=1&b=2" in links(page(url, ARTICLE_PATH))


def test_the_links_of_a_page_stay_on_this_server_and_lead_somewhere(url: str) -> None:
    for path in ("/actor/norway", ARTICLE_PATH, "/ns", "/graph/registry"):
        for link in links(page(url, path)):
            if link.startswith("/"):
                answer = HTTP.get(url + link, headers={"Accept": "*/*"})
                assert answer.status_code == 200, link


def test_a_page_of_an_actor_shows_memberships_with_the_statement_they_rest_on(url: str) -> None:
    html = page(url, "/actor/norway")
    assert "interested" in html
    assert f"{ARTICLE_PATH}/statement/10-40" in links(html)


@pytest.mark.parametrize(
    ("accept", "content_type", "format_"),
    [
        ("text/turtle", "text/turtle; charset=utf-8", pyoxigraph.RdfFormat.TURTLE),
        ("application/n-triples", "application/n-triples", pyoxigraph.RdfFormat.N_TRIPLES),
        ("application/ld+json", "application/ld+json", pyoxigraph.RdfFormat.JSON_LD),
        ("application/rdf+xml", "application/rdf+xml", pyoxigraph.RdfFormat.RDF_XML),
        ("*/*", "text/turtle; charset=utf-8", pyoxigraph.RdfFormat.TURTLE),
    ],
)
@pytest.mark.parametrize(
    "path", ["/actor/norway", ARTICLE_PATH, "/ns", "/ns/0.1.0", "/dataset", "/graph/article/00000000000000a1"]
)
def test_a_program_gets_rdf_at_the_same_iri(
    url: str, path: str, accept: str, content_type: str, format_: pyoxigraph.RdfFormat
) -> None:
    answer = HTTP.get(url + path, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)
    assert "Accept" in answer.headers["vary"]
    place = answer.headers["content-location"]
    assert place.startswith(f"{path}?format=")
    assert HTTP.get(url + place).headers["content-type"] == content_type
    assert list(pyoxigraph.parse(answer.content, format_))


def test_the_rdf_of_an_article_is_its_whole_graph(url: str) -> None:
    answer = HTTP.get(url + ARTICLE_PATH, headers={"Accept": "application/n-triples"})
    graph = HTTP.get(f"{url}/graphs", params={"graph": f"{BASE}graph{ARTICLE_PATH}", "format": "nt"})
    assert sorted(answer.text.splitlines()) == sorted(graph.text.splitlines())


def test_what_is_only_spoken_of_has_a_page_that_says_where(url: str) -> None:
    html = page(url, "/place/north")
    assert '<a href="/actor/norway">Norway</a>' in html
    assert "urn:near" in html


def test_the_description_of_the_data_has_a_page(url: str) -> None:
    html = page(url, "/dataset")
    assert "void:triples" in html
    assert "Who said what about which partnership" in html
    assert "pact:Statement" in html


@pytest.mark.parametrize("path", ["/actor/norway", "/partnership/aukus", ARTICLE_PATH])
def test_turtle_is_written_for_people_with_prefixes_and_the_thing_itself_first(url: str, path: str) -> None:
    turtle = HTTP.get(url + path, headers={"Accept": "text/turtle"}).text
    assert "@prefix pact: <https://pactgraph.example/ns#> ." in turtle
    triples = [quad.triple for quad in pyoxigraph.parse(turtle.encode(), pyoxigraph.RdfFormat.TURTLE)]
    head = turtle.partition("\n\n")[0].splitlines()
    assert head == sorted(head)
    assert "\\/" not in turtle
    lines = HTTP.get(url + path, headers={"Accept": "application/n-triples"}).content
    assert set(triples) == {quad.triple for quad in pyoxigraph.parse(lines, pyoxigraph.RdfFormat.N_TRIPLES)}
    assert triples[0].subject == pyoxigraph.NamedNode(BASE + path.removeprefix("/"))
    assert triples[0].predicate.value.endswith("#type")
    assert len({triple.subject for triple in triples}) == 1 + sum(
        one.subject != other.subject for one, other in itertools.pairwise(triples)
    )


@pytest.mark.parametrize("accept", ["text/html", "text/turtle"])
@pytest.mark.parametrize("path", ["/actor/atlantis", "/graph/none", "/a b<c>", "/article/none", "/%7B%7D"])
def test_an_iri_of_which_nothing_is_said_is_not_found(url: str, path: str, accept: str) -> None:
    assert HTTP.get(url + path, headers={"Accept": accept}).status_code == 404


def test_a_page_is_refused_in_a_format_that_there_is_not(url: str) -> None:
    answer = HTTP.get(f"{url}/actor/norway", headers={"Accept": "image/png"})
    assert answer.status_code == 406
    assert "text/html" in answer.text


def test_the_vocabulary_is_explained_term_by_term(url: str) -> None:
    html = page(url, "/ns")
    assert '<tr id="speaker">' in html
    assert "The actor whose words or attitude the article reports." in html


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
def test_each_example_question_is_a_question_and_a_query_with_a_limit(url: str, question: object) -> None:
    from endpoint.site.questions import Question

    assert isinstance(question, Question)
    assert question.title.endswith("?")
    assert "LIMIT" in question.text
    answer = HTTP.get(f"{url}/sparql", params={"query": question.text})
    assert answer.status_code == 200, answer.text


def test_each_example_question_finds_something_in_the_gold_graph(gold: object, tmp_path: object) -> None:
    from pathlib import Path

    assert isinstance(gold, Path)
    assert isinstance(tmp_path, Path)
    ontology = pyoxigraph.parse(path=str(Path(__file__).parent.parent / "ontology" / "pactgraph.ttl"))
    nquads = "".join(f"{q.subject} {q.predicate} {q.object} <{BASE}graph/ontology> .\n" for q in ontology)
    publish(tmp_path, add=(gold / "seed" / "gold.trig").read_text())
    layout_add = "\n".join(f"<{BASE}graph/ontology> {{ {line[: line.rindex('<')]} . }}" for line in nquads.splitlines())
    publish(tmp_path, add=layout_add)
    with running(settings(tmp_path)) as url:
        for question in questions():
            rows = HTTP.get(f"{url}/sparql", params={"query": question.text}).json()["results"]["bindings"]
            assert rows, question.title
