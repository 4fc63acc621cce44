"""Facts of linked entities: copied from a file or a fake service on loopback, whole or not at all."""

from __future__ import annotations

import gzip
import json
import re
import threading
from contextlib import contextmanager
from dataclasses import replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from pyoxigraph import NamedNode, Quad, Triple
from typer.testing import CliRunner

from loader.linking.cache import Cache
from loader.linking.courier import Courier, LiveError, Settings
from loader.linking.facts import DEFAULT, RESULTS, EntityFile, Service, Unfetchable, checked, linked
from loader.linking.lines import Unreadable
from loader.links import fetch_facts
from loader.mapping.matches import EXACT_MATCH, WIKIDATA
from loader.storage.exports import export, snapshot
from loader.storage.store import Store
from ontology.vocabulary import DEFAULT_BASE, Mint
from pactgraph import app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MINT = Mint(DEFAULT_BASE)
NOW = 1_700_000_000.0
DIRECT = "http://www.wikidata.org/prop/direct/"
OFFLINE = f"""SELECT ?label WHERE {{ GRAPH <{MINT.facts_graph}> {{
  <{WIKIDATA}Q17> <{DIRECT}P31> ?class . ?class <http://www.w3.org/2000/01/rdf-schema#label> ?label }} }}"""


def statement(
    value: Any, rank: str = "normal", kind: str = "wikibase-entityid", datatype: str = "wikibase-item"
) -> Any:
    said = {"id": value} if kind == "wikibase-entityid" else value
    snak = {"snaktype": "value", "datatype": datatype, "datavalue": {"type": kind, "value": said}}
    return {"rank": rank, "mainsnak": snak}


def entity(identifier: str, label: str = "", **claims: Any) -> dict[str, Any]:
    labels = {"en": {"language": "en", "value": label}, "de": {"language": "de", "value": "x"}} if label else {}
    return {"type": "item", "id": identifier, "labels": labels, "claims": claims}


ENTITIES = [
    entity("Q6256", "country"),
    entity("Q17", "Japan", P31=[statement("Q6256")], P17=[statement("Q17")], P36=[statement("Q1490")]),
    entity("Q408", "Australia", P31=[statement("Q6256")], P17=[statement("Q408")]),
    entity("Q4", "nobody's", P31=[statement("Q6256")]),
]


def dump(path: Path, *entities: Any) -> Path:
    path.write_text("[\n" + ",\n".join(json.dumps(each) for each in entities) + "\n]\n", encoding="utf-8")
    return path


def rows(*said: tuple[str, str, dict[str, Any], str]) -> bytes:
    bindings = []
    for item, property_, value, label in said:
        row = {
            "item": {"type": "uri", "value": WIKIDATA + item},
            "property": {"type": "uri", "value": DIRECT + property_},
            "value": value,
        }
        if label:
            row["label"] = {"type": "literal", "value": label, "xml:lang": "en"}
        bindings.append(row)
    head = {"vars": ["item", "property", "value", "label"]}
    return json.dumps({"head": head, "results": {"bindings": bindings}}).encode()


def wd(identifier: str) -> dict[str, str]:
    return {"type": "uri", "value": WIKIDATA + identifier}


GOOD = rows(
    ("Q408", "P17", wd("Q408"), "Australia"),
    ("Q408", "P31", wd("Q6256"), "country"),
    ("Q17", "P31", wd("Q6256"), "country"),
    ("Q17", "P17", wd("Q17"), "Japan"),
)
Reply = tuple[int, dict[str, str], bytes]


class Fake:
    """A SPARQL service that gives prepared replies in turn, and a clock that moves by sleeping only."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.url = folder, ""
        self.replies: list[Reply] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.time, self.slept = NOW, []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    def service(self, **settings: Any) -> Service:
        chosen = Settings(**{"contact": "tests@example.org", **settings})
        courier = Courier(chosen, None, "pactgraph/0", lambda: self.time, self.sleep, RESULTS)
        return Service(self.url, DEFAULT, courier, Cache(self.folder / "partial.sqlite"))

    def items(self, request: int) -> list[str]:
        return re.findall(r"entity/(Q\d+)", parse_qs(self.asked[request][0])["query"][0])


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[Fake]:
    service = Fake(tmp_path)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            service.asked.append((body, {key.lower(): value for key, value in self.headers.items()}))
            status, headers, said = service.replies.pop(0)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(said)), "Content-Type": RESULTS, **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_port}/sparql"
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def written(path: Path) -> Iterator[Store]:
    with Store.open(path) as store:
        yield store
        store.publish()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a store whose registry has two links to Wikidata and one to elsewhere."""
    known = NamedNode(MINT.registry_graph)
    matches = {"actor/japan": WIKIDATA + "Q17", "actor/australia": WIKIDATA + "Q408", "actor/un": "https://un.example/"}
    with written(tmp_path / "store") as held:
        held._database.commit(
            [
                Quad(NamedNode(DEFAULT_BASE + path), EXACT_MATCH, NamedNode(target), known)
                for path, target in matches.items()
            ]
        )
    return tmp_path / "store"


def lines(path: Path) -> list[str]:
    """Return the lines of the graph of facts in the store's export."""
    export(path, path.parent / "out.nq")
    return [each for each in (path.parent / "out.nq").read_text().splitlines() if f"<{MINT.facts_graph}> ." in each]


def answer(path: Path) -> list[str]:
    with snapshot(path) as (data, _):
        return [row["label"].value for row in data.query(OFFLINE)]


def test_the_linked_entities_are_those_of_wikidata_by_number() -> None:
    def match(target: str) -> Quad:
        return Quad(NamedNode("https://a.example/"), EXACT_MATCH, NamedNode(target))

    matches = [
        match(WIKIDATA + "Q408"),
        match(WIKIDATA + "Q17"),
        match(WIKIDATA + "Q17"),
        match("https://un.example/Q1"),
    ]
    assert linked(matches) == ["Q17", "Q408"]


def test_properties_are_checked_and_have_an_order() -> None:
    assert checked(["P39", "P17", "P39"]) == ("P17", "P39")
    assert checked([]) == DEFAULT
    with pytest.raises(Unfetchable, match="'17' is no id"):
        checked(["17"])


def test_a_question_about_the_facts_is_answered_offline_out_of_a_file(store: Path, tmp_path: Path) -> None:
    items, found = fetch_facts(store, EntityFile(dump(tmp_path / "e.json", *ENTITIES), DEFAULT))
    assert (items, found.problems) == (2, ())
    assert answer(store) == ["country"]
    assert not any("P36" in line or "/Q4>" in line or "@de" in line for line in lines(store))


def test_the_file_and_the_service_give_the_same_bytes_in_any_order(store: Path, tmp_path: Path, fake: Fake) -> None:
    fetch_facts(store, EntityFile(dump(tmp_path / "e.json", *ENTITIES), DEFAULT))
    first = lines(store)
    (tmp_path / "e.jsonl.gz").write_bytes(
        gzip.compress("\n".join(json.dumps(each) for each in reversed(ENTITIES)).encode())
    )
    fetch_facts(store, EntityFile(tmp_path / "e.jsonl.gz", DEFAULT))
    assert lines(store) == first
    fake.replies = [(200, {}, GOOD)]
    fetch_facts(store, fake.service())
    assert lines(store) == first
    assert len(first) == 7


def test_a_run_replaces_the_graph_whole_and_touches_no_other(store: Path, tmp_path: Path) -> None:
    export(store, tmp_path / "before.nq")
    fetch_facts(store, EntityFile(dump(tmp_path / "e.json", *ENTITIES), DEFAULT))
    fetch_facts(store, EntityFile(tmp_path / "e.json", ("P36",)))
    assert [line.split()[1] for line in lines(store)] == [f"<{DIRECT}P36>"]
    fetch_facts(store, EntityFile(dump(tmp_path / "none.json"), DEFAULT))
    export(store, tmp_path / "after.nq")
    assert (tmp_path / "after.nq").read_bytes() == (tmp_path / "before.nq").read_bytes()


def test_of_ranked_statements_the_best_are_taken_and_unknown_values_are_not(tmp_path: Path) -> None:
    unknown = {"rank": "normal", "mainsnak": {"snaktype": "somevalue"}}
    ranked = [statement("Q1"), statement("Q2", "preferred"), statement("Q3", "deprecated")]
    path = dump(tmp_path / "e.json", entity("Q17", P31=ranked, P17=[unknown], P39=[statement("Q5", "deprecated")]))
    assert {each.object.value for each in EntityFile(path, DEFAULT).facts(["Q17"]).triples} == {WIKIDATA + "Q2"}


def test_values_are_those_of_the_query_service_and_other_kinds_are_told(tmp_path: Path) -> None:
    time = {"time": "+1945-10-00T00:00:00Z", "precision": 10, "calendarmodel": WIKIDATA + "Q1985727"}
    said = entity(
        "Q17",
        P1=[statement("https://a.example/", kind="string", datatype="url")],
        P2=[statement("JP", kind="string", datatype="external-id")],
        P3=[statement({"text": "日本", "language": "ja"}, kind="monolingualtext", datatype="monolingualtext")],
        P4=[statement({"amount": "+125.5", "unit": "1"}, kind="quantity", datatype="quantity")],
        P5=[statement(time, kind="time", datatype="time")],
        P6=[statement({"latitude": 1}, kind="globecoordinate", datatype="globe-coordinate")],
    )
    found = EntityFile(dump(tmp_path / "e.json", said), tuple(f"P{n}" for n in range(1, 7))).facts(["Q17"])
    assert sorted(str(each.object) for each in found.triples) == [
        '"125.5"^^<http://www.w3.org/2001/XMLSchema#decimal>',
        '"1945-10-01T00:00:00Z"^^<http://www.w3.org/2001/XMLSchema#dateTime>',
        '"JP"',
        '"日本"@ja',
        "<https://a.example/>",
    ]
    assert found.problems == ("e.json:2: Q17 has a P6 (globe-coordinate) that is left out.",)


def test_bad_lines_and_missing_entities_are_told_and_the_rest_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    bad = entity("Q408", P31=[{"rank": "normal"}])
    path.write_text("\n".join([json.dumps(ENTITIES[1]), "{broken", "[]", json.dumps(bad)]))
    found = EntityFile(path, ("P31",)).facts(["Q17", "Q408", "Q9"])
    assert [str(each.object) for each in found.triples] == [f"<{WIKIDATA}Q6256>"]
    assert [each.split(": ")[0] for each in found.problems[:3]] == ["e.jsonl:2", "e.jsonl:3", "e.jsonl:4"]
    assert found.problems[3] == "e.jsonl lacks 1 of 3 linked entities: Q9."


def test_an_archive_that_ends_early_and_a_missing_file_change_nothing(store: Path, tmp_path: Path) -> None:
    fetch_facts(store, EntityFile(dump(tmp_path / "e.json", *ENTITIES), DEFAULT))
    before = lines(store)
    text = "\n".join(json.dumps(entity(f"Q{n}", str(n) * 50)) for n in range(500, 1, -1)).encode()
    (tmp_path / "e.jsonl.gz").write_bytes(gzip.compress(text)[:-200])
    for name, why in (("e.jsonl.gz", "ends early after line [1-9]"), ("none.jsonl", "No such file")):
        with pytest.raises(Unreadable, match=f"cannot be read: .*{why}"):
            fetch_facts(store, EntityFile(tmp_path / name, DEFAULT))
    assert lines(store) == before


def test_a_service_is_told_who_asks_and_asked_for_fifty_at_a_time_with_a_pause(fake: Fake) -> None:
    fake.replies = [(200, {}, rows())] * 3
    fake.service().facts([f"Q{n}" for n in range(1, 121)])
    assert [len(fake.items(n)) for n in range(3)] == [50, 50, 20]
    assert fake.asked[0][1]["user-agent"].startswith("pactgraph/0 (tests@example.org)")
    assert fake.asked[0][1]["accept"] == RESULTS
    assert fake.slept == [1.0, 1.0]


@pytest.mark.parametrize("wait", ["7", formatdate(NOW + 7, usegmt=True)])
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_asked_again_when_it_says(fake: Fake, status: int, wait: str) -> None:
    fake.replies = [(status, {"Retry-After": wait}, b"busy"), (200, {}, GOOD)]
    assert len(fake.service().facts(["Q17", "Q408"]).triples) == 7
    assert fake.slept == [7.0]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((429, {"Retry-After": "3600"}, b""), "asks to wait 3600 s"),
        ((200, {"Content-Type": "text/html"}, b"<html>"), "text/html that is no whole JSON"),
        ((200, {}, GOOD[:-9]), "no whole JSON"),
        ((200, {}, b'{"head": {}}'), "gives no results of SPARQL"),
        ((200, {}, b'{"head": {}, "boolean": true}'), "gives no results of SPARQL"),
        ((200, {}, rows(("Q51", "P31", {"type": "uri", "value": "no iri"}, ""))), "gives no results of SPARQL"),
        ((400, {}, b"bad"), "answers with status 400"),
    ],
)
def test_a_service_that_stops_is_left_alone_and_what_came_is_not_asked_again(
    fake: Fake, reply: Reply, said: str
) -> None:
    items = [f"Q{n}" for n in range(1, 61)]
    fake.replies = [(200, {}, rows(("Q1", "P31", wd("Q6256"), "country"))), reply]
    with pytest.raises(Unfetchable, match=f"{said}.*; 10 of 60 entities are left.*goes on from there"):
        fake.service().facts(items)
    fake.replies = [(200, {}, rows(("Q60", "P31", wd("Q5"), "human")))]
    assert len(fake.service().facts(items).triples) == 4
    assert fake.items(2) == items[50:]


def test_a_stopped_run_leaves_the_graph_as_it_was(store: Path, tmp_path: Path, fake: Fake) -> None:
    fetch_facts(store, EntityFile(dump(tmp_path / "e.json", *ENTITIES), DEFAULT))
    before = lines(store)
    fake.replies = [(500, {}, b"")]
    with pytest.raises(Unfetchable, match="2 of 2 entities are left"):
        fetch_facts(store, fake.service())
    assert lines(store) == before


def test_what_was_fetched_more_than_a_day_ago_is_asked_anew(fake: Fake) -> None:
    fake.replies = [(200, {}, GOOD), (200, {}, rows())]
    fake.service().facts(["Q17"])
    fake.time += 86401
    assert fake.service().facts(["Q17"]).triples == frozenset()


def test_rows_that_were_not_asked_for_and_unknown_values_are_left_out(fake: Fake) -> None:
    genid = {"type": "uri", "value": "http://www.wikidata.org/.well-known/genid/1"}
    fake.replies = [
        (
            200,
            {},
            rows(
                ("Q408", "P31", wd("Q6256"), ""),
                ("Q17", "P36", wd("Q1490"), ""),
                ("Q17", "P39", genid, ""),
                ("Q17", "P39", {"type": "bnode", "value": "b"}, ""),
                ("Q17", "P31", wd("Q6256"), ""),
            ),
        )
    ]
    assert [str(each.object) for each in fake.service().facts(["Q17"]).triples] == [f"<{WIKIDATA}Q6256>"]


def test_nothing_is_asked_without_a_contact_or_an_address(fake: Fake) -> None:
    with pytest.raises(LiveError, match="--contact"):
        fake.service(contact="")
    fake.url = "file:///etc/passwd"
    with pytest.raises(Unfetchable, match="no web address"):
        fake.service()


def run(store: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["links", "fetch", "--store", str(store), *arguments])
    return done.exit_code, done.output


@pytest.mark.parametrize("before", [True, False], ids=["before its new entity", "after it"])
def test_a_linked_entity_that_was_merged_has_the_facts_of_the_one_it_went_into(tmp_path: Path, before: bool) -> None:
    redirect = {"redirects": {"from": "Q5", "to": "Q17"}}
    entities = [redirect, *ENTITIES] if before else [*ENTITIES, redirect]
    found = EntityFile(dump(tmp_path / "e.json", *entities), ("P31",)).facts(["Q5"])
    assert found.problems == ()
    stated = {(triple.subject.value, str(triple.object)) for triple in found.triples}
    assert stated == {(WIKIDATA + "Q5", f"<{WIKIDATA}Q6256>"), (WIKIDATA + "Q6256", '"country"@en')}
    along = ENTITIES[1] | redirect  # as a single entity is given away
    assert EntityFile(dump(tmp_path / "f.json", along), ("P31",)).facts(["Q5", "Q17"]).triples == {
        Triple(NamedNode(WIKIDATA + item), NamedNode(DIRECT + "P31"), NamedNode(WIKIDATA + "Q6256"))
        for item in ("Q5", "Q17")
    }
    away = EntityFile(dump(tmp_path / "g.json", redirect, ENTITIES[0]), ("P31",)).facts(["Q5"])
    assert away.problems == ("g.json lacks 1 of 1 linked entities: Q5.",)


def test_lines_on_entities_that_are_not_linked_are_passed_over_unread(tmp_path: Path) -> None:
    path = dump(tmp_path / "e.json", *ENTITIES)
    path.write_text(
        path.read_text() + '{"type": "item", "id": "Q4000", broken\n{"id": "Q408", broken\n', encoding="utf-8"
    )
    found = EntityFile(path, ("P31",)).facts(["Q17"])
    assert found.problems == ()
    assert len(EntityFile(path, ("P31",)).facts(["Q17", "Q408"]).problems) == 1


def test_both_sources_tell_how_far_they_are(tmp_path: Path, fake: Fake) -> None:
    told: list[int] = []
    many = [entity(f"Q{number}", "x") for number in range(5000, 9000)]
    EntityFile(dump(tmp_path / "e.json", *ENTITIES, *many), ("P31",), told.append).facts(["Q17"])
    assert 0 < sum(told) <= 2 * (tmp_path / "e.json").stat().st_size
    told.clear()
    fake.replies = [(200, {}, GOOD)]
    replace(fake.service(), told=told.append).facts(["Q17", "Q408"])
    assert told == [2]


def test_the_command_copies_out_of_a_file_and_says_what_it_lacks(store: Path, tmp_path: Path) -> None:
    whole = dump(tmp_path / "e.json", *ENTITIES)
    assert run(store, "--from", str(whole)) == (0, "Facts: 7 triples of 2 linked entities.\n")
    part = dump(tmp_path / "part.json", ENTITIES[1])
    status, said = run(store, "--from", str(part), "--property", "P31", "--quiet")
    assert (status, said) == (1, "pactgraph: part.json lacks 1 of 2 linked entities: Q408.\n")
    assert len(lines(store)) == 1
    status, said = run(store, "--from", str(whole), "--json")
    assert (status, json.loads(said)) == (0, {"entities": 2, "triples": 7, "problems": []})


def test_the_command_asks_a_service_and_keeps_what_came_only_until_it_is_whole(store: Path, fake: Fake) -> None:
    arguments = ("--service", fake.url, "--contact", "me@example.org")
    fake.replies = [(200, {}, b"<html>"), (200, {}, GOOD)]
    status, said = run(store, *arguments)
    assert (status, said.count("\n")) == (2, 1)
    assert (store / "facts.partial.sqlite").exists()
    assert run(store, *arguments) == (0, "Facts: 7 triples of 2 linked entities.\n")
    assert not (store / "facts.partial.sqlite").exists()
    assert answer(store) == ["country"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Give --from"),
        (("--from", "a", "--service", "http://b.example/"), "Give --from"),
        (("--from", "/nowhere/a.jsonl"), "cannot be read"),
        (("--from", "a", "--property", "country"), "'country' is no id"),
        (("--service", "b.example", "--contact", "me@example.org"), "no web address"),
    ],
)
def test_the_command_refuses_in_one_sentence(store: Path, arguments: tuple[str, ...], said: str) -> None:
    status, told = run(store, *arguments)
    assert (status, told.count("\n")) == (2, 1)
    assert said in told


def test_a_file_of_progress_that_is_none_is_told(store: Path, fake: Fake) -> None:
    (store / "facts.partial.sqlite").write_bytes(b"no database" * 100)
    status, told = run(store, "--service", fake.url, "--contact", "me@example.org")
    assert (status, told.count("\n"), fake.asked) == (2, 1, [])
    assert "facts.partial.sqlite cannot be used" in told


def test_the_graph_of_facts_is_the_loaders() -> None:
    assert MINT.is_reserved(MINT.facts_graph)
