"""The W3C tests of SPARQL 1.1, asked over HTTP of `pactgraph serve`: what is passed, what not, and why.

    python benchmarks/conformance.py --tests RDF-TESTS [--suite protocol] [--verbose]

RDF-TESTS is a checkout of https://github.com/w3c/rdf-tests. Starts a server of its own on loopback (the bare SPARQL
dataset, a token for writes, an empty store) and ends by itself. Each test empties the store, fills it over the Graph
Store Protocol, and asks.

Told are, for each suite, how many tests passed, passed leniently, and failed, with the name and the reason of all that
did not simply pass. Lenient are an equal value in another lexical form (the engine keeps 1.50 as 1.5), the right
solutions where only their order differs, and a syntactically good update that is refused for what it does (LOAD: 403,
DROP of a graph that is not there: 409). The columns of CSV and TSV are compared by their names, since SELECT * leaves
their order open. The exit code is 1 where a suite is below its floor, 2 where there are no tests.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import httpx
import pyoxigraph
from rdflib import RDF, RDFS, Graph, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.compare import isomorphic
from solutions import Failed, Lenient, compare, expected_result, plain, read, tab_separated, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rdflib.term import Node

PACTGRAPH = str(Path(sys.executable).with_name("pactgraph"))
PATIENT = ("--timeout", "600")  # the machine may be busy
BASE = "https://nobody.example/"  # no graph of the store is the loader's then, so that DROP ALL may empty it
TOKEN = {"Authorization": "Bearer a token of this run"}
FLOORS = {"protocol": 34, "graph store": 13, "service description": 3, "query": 331, "update": 157}
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
UT = Namespace("http://www.w3.org/2009/sparql/tests/test-update#")
HT = Namespace("http://www.w3.org/2011/http#")
CNT = Namespace("http://www.w3.org/2011/content#")
SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
STATUSES = {"OK": 200, "Created": 201, "NoContent": 204, "BadRequest": 400, "NotFound": 404, "MethodNotAllowed": 405}
STATUSES |= {"UnsupportedMediaType": 415}
UNDERSTOOD = {403: "refused: it calls another service", 409: "refused: there is no such graph"}


@dataclass(frozen=True, slots=True)
class Test:
    """One entry of a manifest."""

    graph: Graph
    node: Node
    folder: str

    @property
    def name(self) -> str:
        """Its folder and its name there."""
        return f"{self.folder}/{self.graph.value(self.node, MF.name)}"

    @property
    def kind(self) -> str:
        """The local name of its class."""
        return str(self.graph.value(self.node, RDF.type)).rpartition("#")[2]


@dataclass(slots=True)
class Outcome:
    """What a suite came to: the number of tests that simply passed, and the others with their reasons."""

    passed: int = 0
    lenient: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)


def listed(graph: Graph, node: Node | None) -> list[Node]:
    return list(Collection(graph, node)) if node is not None else []


def path_of(iri: object) -> Path:
    return Path(unquote(urlsplit(str(iri)).path))


def tests_of(manifest: Path) -> Iterator[Test]:
    """Yield the tests of a manifest and of all that it includes."""
    graph = read(manifest)
    for node in graph.subjects(RDF.type, MF.Manifest):
        for included in listed(graph, graph.value(node, MF.include)):
            yield from tests_of(path_of(included))
        for entry in listed(graph, graph.value(node, MF.entries)):
            yield Test(graph, entry, manifest.parent.name)


class Server:
    """The endpoint that is tested, as a client sees it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx.Client(timeout=120)

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send one request."""
        url = path if path.startswith("http") else self.url + path
        return self.client.request(method, url, **more)

    def update(self, text: str) -> httpx.Response:
        """Send an update."""
        headers = TOKEN | {"Content-Type": "application/sparql-update"}
        return self.ask("POST", "/update", content=text.encode(), headers=headers)

    def clear(self) -> None:
        """Empty the store."""
        self.update("DROP ALL").raise_for_status()

    def put(self, graph: str | None, path: Path) -> None:
        """Add a file to a graph, its relative IRIs resolved against the file's own IRI."""
        format_ = pyoxigraph.RdfFormat.from_extension(path.suffix[1:])
        quads = pyoxigraph.parse(path.read_bytes(), format_, base_iri=path.as_uri())
        body = pyoxigraph.serialize([quad.triple for quad in quads], format=pyoxigraph.RdfFormat.N_TRIPLES)
        where = {"graph": graph} if graph else {"default": ""}
        headers = TOKEN | {"Content-Type": "application/n-triples"}
        self.ask("POST", "/graphs", params=where, content=body, headers=headers).raise_for_status()

    def graph(self, name: str | None) -> Graph:
        """Return a graph as it is now; the default graph for None."""
        where = {"graph": name} if name else {"default": ""}
        answer = self.ask("GET", "/graphs", params=where, headers={"Accept": "application/n-triples"})
        return Graph().parse(data=answer.content, format="nt")

    def graphs(self) -> list[str]:
        """Return the names of the named graphs."""
        answer = self.ask("GET", "/sparql", params={"query": "SELECT ?g { GRAPH ?g {} }"})
        return [row["g"]["value"] for row in answer.json()["results"]["bindings"]]


@contextlib.contextmanager
def served() -> Iterator[Server]:
    """Serve an empty store until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        store, log = Path(folder) / "store", Path(folder) / "log"
        nothing = Path(folder) / "nothing.nt"
        nothing.write_text("", encoding="utf-8")
        there = ["--store", str(store)]
        command = [PACTGRAPH, "import", "-q", "--graph", "http://nothing.example/", *there, str(nothing)]
        subprocess.run(command, check=True)
        environment = os.environ | {"PACTGRAPH_TOKEN": TOKEN["Authorization"].removeprefix("Bearer ")}
        command = [PACTGRAPH, "serve", *there, "--port", "0", "--default-graph", "plain", "--base", BASE, *PATIENT]
        with log.open("wb") as errors, subprocess.Popen(command, env=environment, stderr=errors) as process:
            try:
                yield Server(f"http://127.0.0.1:{port_of(process, log)}")
            finally:
                process.terminate()


def port_of(process: subprocess.Popen[bytes], log: Path) -> str:
    """Return the port that the server names once it listens."""
    while process.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text(encoding="utf-8"))
        if found:
            return found[1]
        time.sleep(0.05)
    raise SystemExit(log.read_text(encoding="utf-8"))


# What requests and responses are to be: the protocol and the graph store


def http_test(server: Server, test: Test) -> None:
    """Send the requests of a test and hold the responses against what it expects."""
    graph = test.graph
    for data in graph.objects(test.node, UT.graphData):
        server.put(str(graph.value(data, RDFS.label)), path_of(graph.value(data, UT.graph)))
    places: dict[str, str] = {}
    for request in listed(graph, graph.value(graph.value(test.node, MF.action), HT.requests)):
        headers = fields(graph, request)
        body = written(graph, graph.value(request, HT.body), places)
        if headers.get("content-type", "").startswith("multipart/"):
            body = body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        method, path = str(graph.value(request, HT.methodName)), str(graph.value(request, HT.absolutePath))
        for made_up, real in places.items():
            path = path.replace(made_up, real)
        path = re.sub(r"^/sparql/", "/sparql", re.sub(r"^/gsp", "/graphs", path))
        answer = server.ask(method, path, content=body or None, headers=TOKEN | headers)
        check_response(graph, graph.value(request, HT.resp), method, answer, places)


def fields(graph: Graph, message: Node | None) -> dict[str, str]:
    lines = listed(graph, graph.value(message, HT.headers))
    return {str(graph.value(n, HT.fieldName)).lower(): str(graph.value(n, HT.fieldValue)) for n in lines}


def written(graph: Graph, body: Node | None, places: dict[str, str]) -> bytes:
    if body is None:
        return b""
    text = str(graph.value(body, CNT.chars))
    for made_up, real in places.items():
        text = text.replace(made_up, real)
    return text.encode(str(graph.value(body, CNT.characterEncoding) or "UTF-8"))


def check_response(
    graph: Graph, wanted: Node | None, method: str, answer: httpx.Response, places: dict[str, str]
) -> None:
    status = answer.status_code
    names = [str(name).rpartition("#")[2] for name in graph.objects(wanted, MF.expectedStatus)]
    fits = [f"StatusCode{status // 100}xx" == name or STATUSES.get(name) == status for name in names]
    if names and not any(fits):
        raise Failed(f"{method} {answer.url}: {status} instead of {' or '.join(names)}: {answer.text[:100]}")
    place = graph.value(wanted, MF.expectedLocation)
    if place is not None:
        if "location" not in answer.headers:
            raise Failed("no Location")
        places[str(place)] = answer.headers["location"]
    format_ = graph.value(wanted, MF.expectedFormat)
    if status < 300 and format_ is not None:
        check_format(str(format_), answer)
    truth = graph.value(wanted, MF.expectedBoolean)
    if status < 300 and truth is not None and solutions_of(answer)["boolean"] != truth.toPython():
        raise Failed(f"the answer is not {truth}")
    body = graph.value(wanted, HT.body)
    if status < 300 and body is not None and method != "HEAD":
        base = str(answer.url)
        expected = Graph().parse(data=written(graph, body, places), format="turtle", publicID=base)
        if not isomorphic(expected, Graph().parse(data=answer.content, format="turtle", publicID=base)):
            raise Failed("the graph is another one")


def check_format(wanted: str, answer: httpx.Response) -> None:
    type_ = media_type(answer)
    if wanted == "RDF":
        pyoxigraph.parse(answer.content, pyoxigraph.RdfFormat.from_media_type(type_))
    elif ("boolean" in solutions_of(answer)) != (wanted == "boolean"):
        raise Failed(f"{type_} is not {wanted}")


def media_type(answer: httpx.Response) -> str:
    return answer.headers.get("content-type", "").partition(";")[0]


def solutions_of(answer: httpx.Response) -> dict[str, Any]:
    """Return a result as SPARQL JSON, whatever its format."""
    type_ = "application/sparql-results+json" if "json" in media_type(answer) else media_type(answer)
    return plain(answer.content, pyoxigraph.QueryResultsFormat.from_media_type(type_))


# The service description


def description_test(server: Server, test: Test) -> None:
    """Hold the description that a bare GET returns against what a test of it wants."""
    answer = server.ask("GET", "/sparql", headers={"Accept": "text/turtle, application/rdf+xml"})
    if answer.status_code != 200:
        raise Failed(f"GET answers {answer.status_code}")
    description = Graph().parse(data=answer.content, format=media_type(answer), publicID=str(answer.url))
    name = str(test.node).rpartition("#")[2]
    if name == "has-endpoint-triple" and not list(description.subjects(SD.endpoint, URIRef(f"{server.url}/sparql"))):
        raise Failed("no sd:endpoint with the URL that was asked")
    if name == "conforms-to-schema":
        check_schema(description)


def check_schema(description: Graph) -> None:
    """Raise Failed where a term of the vocabulary is used otherwise than its domain and range allow."""
    classes = {
        SD.defaultDataset: SD.Dataset,
        SD.defaultGraph: SD.Graph,
        SD.namedGraph: SD.NamedGraph,
        SD.graph: SD.Graph,
    }
    languages = {SD[name] for name in ("SPARQL10Query", "SPARQL11Query", "SPARQL11Update")}
    features = {SD[f] for f in ("DereferencesURIs", "UnionDefaultGraph", "RequiresDataset", "EmptyGraphs")}
    individuals = {SD.supportedLanguage: languages, SD.feature: features | {SD.BasicFederatedQuery}}
    literals_or_iris = {SD.endpoint, SD.name, SD.resultFormat, SD.inputFormat}
    for subject, property_, value in description:
        if property_ in classes and (value, RDF.type, classes[property_]) not in description:
            raise Failed(f"{value} is no {classes[property_]}")
        if property_ in individuals and value not in individuals[property_]:
            raise Failed(f"{value} is nothing that {property_} may be")
        if property_ in literals_or_iris and not isinstance(value, URIRef):
            raise Failed(f"{property_} is {value!r}")
        known = {*classes, *individuals, *literals_or_iris}
        if property_.startswith(str(SD)) and property_ not in known:
            raise Failed(f"the vocabulary has no {property_}")
        if property_ == SD.endpoint and (subject, RDF.type, SD.Service) not in description:
            raise Failed(f"{subject} is no sd:Service")
    if not list(description.subjects(RDF.type, SD.Service)):
        raise Failed("it describes no service")


# Queries and updates


def query_test(server: Server, test: Test) -> None:
    """Ask the query of a test and hold its result against the one that is expected."""
    if "Syntax" in test.kind:
        syntax_test(server, test)
        return
    graph, action = test.graph, test.graph.value(test.node, MF.action)
    for data in graph.objects(action, QT.data):
        server.put(None, path_of(data))
    for data in graph.objects(action, QT.graphData):
        server.put(str(data), path_of(data))
    file, expected = path_of(graph.value(action, QT.query)), path_of(graph.value(test.node, MF.result))
    text = file.read_text(encoding="utf-8")
    if not re.search(r"^\s*base\b", text, re.IGNORECASE):
        text = f"BASE <{file.as_uri()}>\n{text}"
    accept = {".csv": "text/csv", ".tsv": "text/tab-separated-values"}.get(expected.suffix)
    truth = None if accept else expected_result(expected)
    if isinstance(truth, Graph):
        accept = "application/n-triples"
    headers = {"Content-Type": "application/sparql-query", "Accept": accept or "application/sparql-results+json"}
    answer = server.ask("POST", "/sparql", content=text.encode(), headers=headers)
    if answer.status_code != 200:
        raise Failed(f"{answer.status_code}: {answer.text[:100].strip()}")
    check_result(truth, expected, answer, ordered="ORDER BY" in text.upper() and expected.suffix in (".srx", ".srj"))


def check_result(
    truth: dict[str, Any] | Graph | None, expected: Path, answer: httpx.Response, *, ordered: bool
) -> None:
    """Hold the answer to a query against the expected result, read from ``expected`` where ``truth`` is None."""
    if isinstance(truth, Graph):
        if not isomorphic(truth, Graph().parse(data=answer.content, format="nt")):
            raise Failed("the graph is another one")
    elif expected.suffix == ".csv":
        compare(table(expected.read_text(encoding="utf-8")), table(answer.text), ordered=False)
    elif truth is None:
        compare(tab_separated(expected.read_bytes()), tab_separated(answer.content), ordered=False)
    elif "boolean" in truth:
        if answer.json().get("boolean") != truth["boolean"]:
            raise Failed(f"the answer is not {truth['boolean']}")
    else:
        got = answer.json()
        if set(truth["head"].get("vars", [])) != set(got["head"].get("vars", [])):
            raise Failed(f"the variables are {got['head']}")
        compare(truth["results"]["bindings"], got["results"]["bindings"], ordered=ordered)


def syntax_test(server: Server, test: Test) -> None:
    """Send a query or an update that is, or is not, of the grammar."""
    text = path_of(test.graph.value(test.node, MF.action)).read_text(encoding="utf-8")
    if "Update" in test.kind:
        answer = server.update(text)
    else:
        headers = {"Content-Type": "application/sparql-query"}
        answer = server.ask("POST", "/sparql", content=text.encode(), headers=headers)
    status = answer.status_code
    if "Negative" in test.kind:
        if status != 400:
            raise Failed(f"{status} instead of 400")
    elif "Update" in test.kind and status in UNDERSTOOD:
        raise Lenient(UNDERSTOOD[status])
    elif status not in (200, 204):
        raise Failed(f"{status}: {answer.text[:100].strip()}")


def update_test(server: Server, test: Test) -> None:
    """Send the update of a test and hold the store against what is expected of it."""
    if "Syntax" in test.kind:
        syntax_test(server, test)
        return
    graph, action = test.graph, test.graph.value(test.node, MF.action)
    for data in graph.objects(action, UT.data):
        server.put(None, path_of(data))
    for data in graph.objects(action, UT.graphData):
        server.put(str(graph.value(data, RDFS.label)), path_of(graph.value(data, UT.graph)))
    answer = server.update(path_of(graph.value(action, UT.request)).read_text(encoding="utf-8"))
    if answer.status_code not in (200, 204):
        raise Failed(f"{answer.status_code}: {answer.text[:100].strip()}")
    result = graph.value(test.node, MF.result)
    expected: dict[str | None, Graph] = defaultdict(Graph)
    for data in graph.objects(result, UT.data):
        expected[None] += read(path_of(data))
    for data in graph.objects(result, UT.graphData):
        expected[str(graph.value(data, RDFS.label))] += read(path_of(graph.value(data, UT.graph)))
    got = {name: server.graph(name) for name in (None, *server.graphs())}
    for name in sorted({*expected, *got}, key=str):  # the tests do not tell an empty graph from none
        if not isomorphic(expected[name], got.get(name, Graph())):
            raise Failed(f"the {f'graph {name}' if name else 'default graph'} is another one")


SUITES = {
    "protocol": (http_test, ("protocol/manifest.ttl",)),
    "graph store": (
        http_test,
        ("graph-store-protocol/manifest-direct.ttl", "graph-store-protocol/manifest-indirect.ttl"),
    ),
    "service description": (description_test, ("service-description/manifest.ttl",)),
    "query": (query_test, ("manifest-sparql11-query.ttl", "manifest-sparql11-results.ttl")),
    "update": (update_test, ("manifest-sparql11-update.ttl",)),
}


def run(server: Server, name: str, folder: Path) -> Outcome:
    """Run a suite."""
    outcome = Outcome()
    check, manifests = SUITES[name]
    for test in (test for manifest in manifests for test in tests_of(folder / manifest)):
        if "Syntax" not in test.kind or "Update" in test.kind:
            server.clear()
        try:
            check(server, test)
        except Lenient as reason:
            outcome.lenient.append((test.name, str(reason)))
        except Failed as reason:
            outcome.failed.append((test.name, str(reason)))
        except (httpx.HTTPError, ValueError, OSError, SyntaxError) as error:
            outcome.failed.append((test.name, f"{type(error).__name__}: {error}"))
        else:
            outcome.passed += 1
    return outcome


def main() -> int:
    """Run what was asked for and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", type=Path, required=True, help="a checkout of https://github.com/w3c/rdf-tests")
    parser.add_argument("--suite", choices=sorted(SUITES), action="append", help="this suite only; may be repeated")
    parser.add_argument("--verbose", action="store_true", help="name each test that passed leniently, too")
    chosen = parser.parse_args()
    folder = (chosen.tests / "sparql" / "sparql11").resolve()
    if not folder.is_dir():
        print(f"{chosen.tests} is no checkout of w3c/rdf-tests: it has no folder sparql/sparql11.", file=sys.stderr)
        return 2
    below = []
    print(f"{'suite':<21}{'tests':>6}{'passed':>8}{'lenient':>9}{'failed':>8}{'floor':>7}")
    with served() as server:
        for name in chosen.suite or SUITES:
            outcome = run(server, name, folder)
            good = outcome.passed + len(outcome.lenient)
            total = good + len(outcome.failed)
            line = f"{name:<21}{total:>6}{outcome.passed:>8}{len(outcome.lenient):>9}{len(outcome.failed):>8}"
            print(f"{line}{FLOORS[name]:>7}", flush=True)
            for word, entries in (("failed", outcome.failed), ("lenient", outcome.lenient if chosen.verbose else [])):
                for entry, reason in entries:
                    print(f"    {word}: {entry}: {reason}", flush=True)
            if good < FLOORS[name]:
                below.append(name)
    if below:
        print(f"Below the floor: {', '.join(below)}.")
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main())
