"""Writing over HTTP: whole or not at all, on disk before the answer, the loader's graphs left alone."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph
import pytest
from serving import ARTICLE, BASE, HTTP, publish, running, settings

from ontology.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

TOKEN = {"Authorization": "Bearer right"}
UPDATE = TOKEN | {"Content-Type": "application/sparql-update"}
TURTLE = TOKEN | {"Content-Type": "text/turtle"}
GRAPH = {"graph": "urn:mine"}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    publish(tmp_path / "store", add=ARTICLE)
    return tmp_path / "store"


@pytest.fixture
def url(store: Path) -> Iterator[str]:
    with running(settings(store, token="right")) as base:
        yield base


def update(url: str, text: str, **parameters: Any) -> httpx.Response:
    return HTTP.post(f"{url}/update", content=text, headers=UPDATE, params=parameters or None, timeout=60)


def rows(url: str, text: str) -> list[str]:
    answer = HTTP.get(f"{url}/sparql", params={"query": text, "format": "csv"})
    assert answer.status_code == 200, answer.text
    return answer.text.split()[1:]


def on_disk(store: Path, graph: str = "urn:mine") -> int:
    with Layout(store).lease() as folder:
        snapshot = pyoxigraph.Store.read_only(str(folder))
        return len(list(snapshot.quads_for_pattern(None, None, None, pyoxigraph.NamedNode(graph))))


MINE = "SELECT ?o { GRAPH <urn:mine> { ?s ?p ?o } } ORDER BY ?o"


def test_an_update_is_visible_and_on_disk_when_it_is_answered(url: str, store: Path) -> None:
    assert update(url, "INSERT DATA { GRAPH <urn:mine> { <urn:s> <urn:p> 1 , 2 } }").status_code == 204
    assert rows(url, MINE) == ["1", "2"]
    assert on_disk(store) == 2


def test_an_update_comes_as_a_form_too(url: str) -> None:
    form = {"update": "INSERT DATA { GRAPH <urn:mine> { <urn:s> <urn:p> 1 } }"}
    assert HTTP.post(f"{url}/update", data=form, headers=TOKEN).status_code == 204
    assert HTTP.post(f"{url}/sparql", data=form, headers=TOKEN).status_code == 204


def test_an_update_that_fails_half_way_changes_nothing(url: str) -> None:
    text = "INSERT DATA { GRAPH <urn:mine> { <urn:s> <urn:p> 1 } } ; CREATE GRAPH <urn:mine>"
    answer = update(url, text)
    assert answer.status_code == 409
    assert rows(url, MINE) == []


def test_a_syntax_error_of_an_update_is_told_with_its_place(url: str) -> None:
    answer = update(url, "INSERT DATA {\n <urn:s> <urn:p> }")
    assert (answer.status_code, "line 2" in answer.text) == (400, True)


def test_the_dataset_of_an_update_is_the_protocols(url: str) -> None:
    update(url, "INSERT DATA { GRAPH <urn:a> { <urn:s> <urn:p> 1 } GRAPH <urn:b> { <urn:s> <urn:p> 2 } }")
    text = "INSERT { GRAPH <urn:mine> { ?s ?p ?o } } WHERE { ?s ?p ?o }"
    assert update(url, text, **{"using-graph-uri": "urn:a"}).status_code == 204
    assert rows(url, MINE) == ["1"]


RESERVED = f"{BASE}graph/registry"


@pytest.mark.parametrize(
    "text",
    [
        f"INSERT DATA {{ GRAPH <{RESERVED}> {{ <urn:s> <urn:p> 1 }} }}",
        f"CLEAR GRAPH <{RESERVED}>",
        f"PREFIX r: <{BASE}graph/> DROP GRAPH r:registry",
        f"BASE <{BASE}> CLEAR GRAPH <graph/registry>",
        "CLEAR ALL",
        "DROP NAMED",
        "DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }",
        f"INSERT {{ GRAPH ?g {{ <urn:s> <urn:p> 1 }} }} WHERE {{ BIND(IRI(CONCAT('{BASE}', 'graph/new')) AS ?g) }}",
        f"MOVE <{RESERVED}> TO <urn:mine>",
        f"INSERT DATA {{ GRAPH <urn:mine> {{ <urn:s> <urn:p> 1 }} }} ; CREATE GRAPH <{BASE}graph/new>",
    ],
)
def test_an_update_that_would_touch_a_graph_of_the_loaders_is_refused_whole(url: str, text: str) -> None:
    everything = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
    before = rows(url, everything)
    answer = update(url, text)
    assert (answer.status_code, "loader" in answer.text) == (403, True)
    assert rows(url, everything) == before


def test_an_update_over_variables_may_write_the_users_graphs(url: str) -> None:
    update(url, "INSERT DATA { GRAPH <urn:mine> { <urn:s> <urn:p> 1 } }")
    text = "DELETE { GRAPH ?g { ?s ?p 1 } } INSERT { GRAPH ?g { ?s ?p 2 } } WHERE { GRAPH ?g { ?s ?p 1 } }"
    assert update(url, text).status_code == 204
    assert rows(url, MINE) == ["2"]


def test_a_load_is_refused_and_a_silent_one_does_nothing(url: str) -> None:
    assert update(url, "LOAD <http://127.0.0.1:1/> INTO GRAPH <urn:mine>").status_code == 403
    assert update(url, "LOAD SILENT <http://127.0.0.1:1/> INTO GRAPH <urn:mine>").status_code == 204
    assert rows(url, MINE) == []


def test_an_update_that_cannot_be_read_is_told_so_whatever_it_would_load(url: str) -> None:
    answer = update(url, "CREATE GRAPH <urn:g>\n;;\nLOAD <http://127.0.0.1:1/> INTO GRAPH <urn:g>")
    assert (answer.status_code, "line 3" in answer.text) == (400, True)
    assert update(url, "INSERT DATA { GRAPH <urn:mine> { <urn:s> a <urn:o> } } ; LOAD <urn:x>").status_code == 403
    assert rows(url, MINE) == []


def test_a_prefix_may_be_called_load(url: str) -> None:
    text = "PREFIX load: <urn:> INSERT DATA { GRAPH load:mine { load:s load:p load:o ; load:q 1 } }"
    assert update(url, text).status_code == 204
    assert rows(url, MINE) == ["urn:o", "1"]


@pytest.mark.parametrize("text", ["DROP GRAPH <urn:none>", "CLEAR GRAPH <urn:none>"])
def test_an_update_of_a_graph_that_is_not_there_is_a_conflict(url: str, text: str) -> None:
    answer = update(url, text)
    assert (answer.status_code, "<urn:none>" in answer.text) == (409, True)
    assert update(url, text.replace(" ", " SILENT ", 1)).status_code == 204


def test_an_update_whose_last_operation_fails_changes_nothing_even_where_each_has_prefixes_of_its_own(url: str) -> None:
    good = "PREFIX m: <urn:> INSERT DATA { GRAPH m:mine { m:s m:p 1 } } ;\nPREFIX n: <urn:> "
    for bad, status in (("INSERT BOGUS", 400), ("DROP GRAPH n:none", 409), (f"DROP GRAPH <{RESERVED}>", 403)):
        assert update(url, good + bad).status_code == status
        assert rows(url, MINE) == []
    assert update(url, good + "INSERT DATA { GRAPH n:mine { n:s n:p 2 } }").status_code == 204
    assert rows(url, MINE) == ["1", "2"]


def test_an_update_past_its_time_changes_nothing(store: Path) -> None:
    publish(store, quads=700)
    with running(settings(store, token="right", limits={"seconds": 1.0})) as url:
        pattern = "GRAPH ?x { ?a ?b ?c } GRAPH ?y { ?d ?e ?f } GRAPH ?z { ?g ?h ?i }"
        text = f"INSERT {{ GRAPH <urn:mine> {{ ?a ?b ?i }} }} WHERE {{ {pattern} }}"
        answer = update(url, text)
        assert (answer.status_code, "nothing of it was stored" in answer.text) == (504, True)
        assert update(url, "INSERT DATA { GRAPH <urn:mine> { <urn:s> <urn:p> 1 } }").status_code == 204
        assert rows(url, MINE) == ["1"]


def test_while_another_writer_holds_the_store_a_change_waits_and_then_gives_up(store: Path) -> None:
    with running(settings(store, token="right", lock=0.3)) as url:
        with Layout(store).writer():
            answer = update(url, "INSERT DATA { GRAPH <urn:mine> { <urn:s> <urn:p> 1 } }")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert update(url, "INSERT DATA { GRAPH <urn:mine> { <urn:s> <urn:p> 1 } }").status_code == 204


def test_changes_from_many_clients_are_all_made(url: str) -> None:
    def write(number: int) -> None:
        statuses.append(update(url, f"INSERT DATA {{ GRAPH <urn:mine> {{ <urn:s> <urn:p> {number} }} }}").status_code)

    statuses: list[int] = []
    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [204] * 6
    assert len(rows(url, MINE)) == 6


# ---- the Graph Store Protocol


def test_put_makes_a_graph_and_replaces_it(url: str) -> None:
    first = HTTP.put(f"{url}/graphs", params=GRAPH, content="<urn:s> <urn:p> 1 .", headers=TURTLE)
    second = HTTP.put(f"{url}/graphs", params=GRAPH, content="<urn:s> <urn:p> 2 .", headers=TURTLE)
    assert (first.status_code, second.status_code) == (201, 204)
    assert rows(url, MINE) == ["2"]


def test_post_adds_to_a_graph_and_makes_it_where_it_is_missing(url: str) -> None:
    first = HTTP.post(f"{url}/graphs", params=GRAPH, content="<urn:s> <urn:p> 1 .", headers=TURTLE)
    second = HTTP.post(f"{url}/graphs", params=GRAPH, content="<urn:s> <urn:p> 2 .", headers=TURTLE)
    assert (first.status_code, second.status_code) == (201, 204)
    assert rows(url, MINE) == ["1", "2"]


def test_post_to_the_store_makes_a_graph_of_its_own(url: str) -> None:
    answer = HTTP.post(f"{url}/graphs", content="<> <urn:p> 1 .", headers=TURTLE)
    assert answer.status_code == 201
    there = answer.headers["location"]
    got = HTTP.get(there, headers={"Accept": "application/n-triples"})
    assert got.text.startswith(f"<{there}> <urn:p> ")


def test_delete_removes_a_graph_once(url: str) -> None:
    HTTP.put(f"{url}/graphs/mine", content="<urn:s> <urn:p> 1 .", headers=TURTLE)
    statuses = [HTTP.delete(f"{url}/graphs/mine", headers=TOKEN).status_code for _ in range(2)]
    assert statuses == [204, 404]
    assert HTTP.get(f"{url}/graphs/mine").status_code == 404


def test_an_empty_graph_is_a_graph(url: str) -> None:
    assert HTTP.put(f"{url}/graphs", params=GRAPH, content="", headers=TURTLE).status_code == 201
    got = HTTP.get(f"{url}/graphs", params=GRAPH | {"format": "nt"})
    assert (got.status_code, got.text) == (200, "")


def test_the_default_graph_can_be_written_and_read(url: str) -> None:
    assert HTTP.put(f"{url}/graphs?default", content="<urn:s> <urn:p> 1 .", headers=TURTLE).status_code == 204
    assert "<urn:s>" in HTTP.get(f"{url}/graphs?default&format=nt").text
    assert HTTP.delete(f"{url}/graphs?default", headers=TOKEN).status_code == 204
    assert HTTP.get(f"{url}/graphs?default&format=nt").text == ""


def test_a_form_with_files_is_taken(url: str) -> None:
    files = [
        ("a", ("a.ttl", "<urn:s> <urn:p> 1 .", "text/turtle")),
        ("b", ("b.nt", '<urn:s> <urn:p> "b" .\n', "application/n-triples")),
    ]
    answer = HTTP.post(f"{url}/graphs", params=GRAPH, files=files, headers=TOKEN)
    assert answer.status_code == 201
    assert rows(url, MINE) == ["b", "1"] or rows(url, MINE) == ["1", "b"]


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        ("<urn:s> <urn:p> ", "text/turtle", 400),
        ("<urn:s> <urn:p> 1 .", "text/plain", 415),
        ("{}", "application/json", 415),
        ("<urn:s> <urn:p> <urn:o> <urn:g> .", "application/n-quads", 400),
        ("x", "multipart/form-data", 400),
    ],
)
def test_a_body_that_cannot_be_read_changes_nothing(url: str, content: str, media_type: str, status: int) -> None:
    HTTP.put(f"{url}/graphs", params=GRAPH, content="<urn:s> <urn:p> 1 .", headers=TURTLE)
    answer = HTTP.put(f"{url}/graphs", params=GRAPH, content=content, headers=TOKEN | {"Content-Type": media_type})
    assert answer.status_code == status
    assert rows(url, MINE) == ["1"]


def test_a_graph_of_the_loaders_is_refused(url: str) -> None:
    answer = HTTP.put(f"{url}/graphs", params={"graph": RESERVED}, content="", headers=TURTLE)
    assert answer.status_code == 403


def test_a_graph_is_changed_only_if_it_is_the_one_that_was_read(url: str) -> None:
    there = f"{url}/graphs"
    HTTP.put(there, params=GRAPH, content="<urn:s> <urn:p> [] , 1 .", headers=TURTLE)
    tag = HTTP.get(there, params=GRAPH).headers["etag"]
    assert not tag.startswith("W/")
    update(url, "INSERT DATA { GRAPH <urn:other> { <urn:s> <urn:p> 1 } }")
    assert HTTP.get(there, params=GRAPH).headers["etag"] == tag
    assert HTTP.get(there, params=GRAPH, headers={"If-None-Match": tag}).status_code == 304
    assert HTTP.get(there, params=GRAPH | {"format": "nt"}, headers={"If-None-Match": tag}).status_code == 200
    fits = HTTP.post(there, params=GRAPH, content="<urn:s> <urn:p> 2 .", headers=TURTLE | {"If-Match": tag})
    late = HTTP.put(there, params=GRAPH, content="", headers=TURTLE | {"If-Match": tag})
    weak = HTTP.put(there, params=GRAPH, content="", headers=TURTLE | {"If-Match": f"W/{tag}"})
    assert (fits.status_code, late.status_code, weak.status_code) == (204, 412, 412)


def test_a_graph_can_be_made_only_if_there_is_none(url: str) -> None:
    headers = TURTLE | {"If-None-Match": "*"}
    statuses = [
        HTTP.put(f"{url}/graphs", params=GRAPH, content="<urn:s> <urn:p> 1 .", headers=headers).status_code
        for _ in range(2)
    ]
    assert statuses == [201, 412]
    missing = HTTP.put(f"{url}/graphs?graph=urn:no", content="", headers=TURTLE | {"If-Match": "*"})
    assert missing.status_code == 412


def test_a_graph_is_read_only_if_it_is_the_one_that_is_meant(url: str) -> None:
    there = f"{url}/graphs"
    many = " , ".join(map(str, range(500)))
    HTTP.put(there, params=GRAPH, content=f"<urn:s> <urn:p> {many} .", headers=TURTLE)
    plain = HTTP.get(there, params=GRAPH, headers={"Accept-Encoding": "identity"}).headers["etag"]
    packed = HTTP.get(there, params=GRAPH, headers={"Accept-Encoding": "gzip"}).headers["etag"]
    assert plain != packed  # other bytes, another tag
    statuses = [
        HTTP.get(there, params=GRAPH, headers=condition).status_code
        for condition in ({"If-Match": plain}, {"If-Match": '"other"'}, {"If-Match": "*"}, {"If-None-Match": "*"})
    ]
    assert statuses == [200, 412, 200, 304]
    assert HTTP.put(there, params=GRAPH, content="", headers=TURTLE | {"If-Match": packed}).status_code == 204


# ---- validation


def test_what_breaks_the_shapes_is_refused_with_a_report_when_asked(url: str) -> None:
    bad = f"<{BASE}user/s> a <https://pactgraph.example/ns#Statement> ."
    refused = HTTP.put(f"{url}/graphs", params=GRAPH | {"validate": "true"}, content=bad, headers=TURTLE)
    assert refused.status_code == 422
    violations = refused.json()["violations"]
    assert violations[0]["focus"] == f"{BASE}user/s"
    assert all(each["message"] for each in violations)
    assert rows(url, MINE) == []
    unasked = HTTP.put(f"{url}/graphs", params=GRAPH, content=bad, headers=TURTLE)
    assert unasked.status_code == 201
    fine = update(url, "CLEAR GRAPH <urn:mine>", validate="true")
    assert fine.status_code == 204


def test_what_the_loader_knows_of_actors_counts_when_a_change_is_held_against_the_shapes(tmp_path: Path) -> None:
    met = f"""<{BASE}graph/registry/auto> {{ <{BASE}actor/met> a <https://pactgraph.example/ns#State> ;
      <http://www.w3.org/2004/02/skos/core#prefLabel> "Met"@en }}"""
    publish(tmp_path / "met", add=ARTICLE + met)
    facts = (
        "@prefix pact: <https://pactgraph.example/ns#> . <urn:m> a pact:Membership ; pact:member <{}> ; "
        f"pact:partnership <{BASE}partnership/aukus> ; pact:status pact:status-interested ."
    )
    with running(settings(tmp_path / "met", token="right")) as url:
        about = {}
        for name in ("met", "unmet"):
            content = facts.replace("{}", f"{BASE}actor/{name}")
            answer = HTTP.put(f"{url}/graphs", params=GRAPH | {"validate": "true"}, content=content, headers=TURTLE)
            found = answer.json()["violations"] if answer.status_code == 422 else []
            about[name] = [each for each in found if each["value"] == f"<{BASE}actor/{name}>"]
    assert about["met"] == []
    assert about["unmet"]


# ---- sudden death


def test_whatever_dies_what_was_acknowledged_is_there_and_nothing_is_half_there(store: Path) -> None:
    chance = random.Random(7)
    acknowledged: list[int] = []
    unsure: list[int] = []
    others = set(_children_of(os.getpid()))  # servers of other tests stay alive
    numbers = count()
    for _ in range(5):
        with running(settings(store, token="right")) as url:

            def write(number: int) -> bool:
                pairs = " , ".join(str(number * 1000 + step) for step in range(50))
                text = f"INSERT DATA {{ GRAPH <urn:mine> {{ <urn:s{number}> <urn:p> {pairs} }} }}"
                status = update(url, text).status_code
                (acknowledged if status == 204 else unsure).append(number)
                return status == 204

            thread = threading.Thread(target=write, args=(next(numbers),))
            thread.start()
            time.sleep(chance.uniform(0.0, 0.4))
            for pid in set(_children_of(os.getpid())) - others:
                for below in _children_of(pid):
                    _kill(below)
                _kill(pid)
            thread.join(90)
            end = time.monotonic() + 60
            while not write(next(numbers)):  # others are in the place of the dead before long
                assert time.monotonic() < end
    with Layout(store).lease() as folder:
        snapshot = pyoxigraph.Store.read_only(str(folder))
        counts = {
            number: len(list(snapshot.quads_for_pattern(pyoxigraph.NamedNode(f"urn:s{number}"), None, None, None)))
            for number in [*acknowledged, *unsure]
        }
    assert all(counts[number] == 50 for number in acknowledged)
    assert all(counts[number] in (0, 50) for number in unsure)


def _children_of(pid: int) -> list[int]:
    children: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = (entry / "stat").read_text(encoding="ascii").rpartition(")")[2].split()[1]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(parent) == pid:
                children.append(int(entry.name))
    return children


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
