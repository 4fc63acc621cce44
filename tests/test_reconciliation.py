"""The Reconciliation API over the authority that is shipped: what OpenRefine asks, and the draft of version 1.0."""

from __future__ import annotations

import json
import re
import time
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7
from serving import ARTICLE, BASE, HTTP, publish, running, settings

from endpoint.protocol.requests import ProtocolError
from endpoint.reconciliation.answers import BATCH, Reconciliation, space_of
from loader.linking.courier import Courier
from loader.linking.courier import Settings as CourierSettings
from loader.linking.live import Reconciliation as Live
from ontology.authority import open_authority

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCHEMAS = Path(__file__).parent / "schemas" / "reconciliation"
_VERSIONS = ("0.2", "1.0-draft")
CHOIR = """
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
<https://pactgraph.example/graph/registry/auto> {
  actor:oslo-choir a pact:Organization ; skos:prefLabel "Oslo Choir"@en ; skos:altLabel "Choir of Oslo"@en ;
    pact:basedIn actor:norway ; skos:exactMatch <http://www.wikidata.org/entity/Q4> .
  actor:oslo-choir-of-bergen a pact:Organization ; skos:prefLabel "Oslo Choir"@en .
}
"""


CHOIR_ALONE = "".join(f"{line}\n" for line in ARTICLE.splitlines() if line.startswith("@prefix")) + CHOIR


@pytest.fixture(scope="module")
def service() -> Iterator[Reconciliation]:
    with as_file(files("seeds").joinpath("authority", "core.sqlite")) as path, open_authority(path) as authority:
        yield Reconciliation(authority, space_of(authority))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    store: Path = tmp_path_factory.mktemp("reconciliation") / "store"
    publish(store, add=ARTICLE + CHOIR)
    with (
        as_file(files("seeds").joinpath("authority", "core.sqlite")) as path,
        open_authority(path) as authority,
        running(settings(store, authority=authority)) as served,
    ):
        yield served


def assert_valid(version: str, name: str, value: Any) -> None:
    """Hold a value against a JSON schema of the specification."""
    schemas = {path.stem: json.loads(path.read_text("utf-8")) for path in (_SCHEMAS / version).glob("*.json")}
    for each in schemas.values():
        each.pop("$schema", None)  # "the newest", which is no draft that a validator knows; they are written in draft 7
    resources = [(each["$id"], DRAFT7.create_resource(each)) for each in schemas.values()]
    validator = Draft7Validator(schemas[name], registry=Registry().with_resources(resources))
    assert [(list(error.path), error.message) for error in validator.iter_errors(value)] == []


def first(service: Reconciliation, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = service.answer(json.dumps({"q0": query}))["q0"]["result"]
    return found


def assert_candidates(candidates: list[dict[str, Any]]) -> None:
    """Hold candidates against section 4.2 of version 0.2: what is required, of what kind, in which order."""
    scores = [each["score"] for each in candidates]
    assert scores == sorted(scores, reverse=True)
    for each in candidates:
        assert re.fullmatch(r"Q[1-9]\d*", each["id"])
        assert each["name"]
        assert isinstance(each["match"], bool)
        assert 0 <= each["score"] <= 100
        assert all(isinstance(type_["id"], str) for type_ in each["type"])
        assert len({feature["id"] for feature in each["features"]}) == len(each["features"])
        assert all(isinstance(feature["value"], bool | int | float) for feature in each["features"])
    assert sum(each["match"] for each in candidates) <= 1


def test_a_name_finds_its_entity_and_a_clear_one_is_a_match(service: Reconciliation) -> None:
    found = first(service, query="New Zealand", type="state")
    assert_candidates(found)
    assert (found[0]["id"], found[0]["match"]) == ("Q664", True)


def test_an_id_as_the_query_finds_its_entity(service: Reconciliation) -> None:
    assert first(service, query="Q408")[0]["id"] == "Q408"


def test_an_entity_of_another_type_has_half_the_score(service: Reconciliation) -> None:
    asked = {each["id"]: each["score"] for each in first(service, query="Japan", type="person", limit=50)}
    free = {each["id"]: each["score"] for each in first(service, query="Japan", limit=50)}
    assert asked["Q17"] == free["Q17"] / 2


def test_no_id_that_is_not_verified_is_a_match(service: Reconciliation) -> None:
    found = first(service, query="AUKUS")
    assert_candidates(found)
    assert found
    assert not any(each["match"] for each in found)


def test_a_property_that_a_candidate_lacks_lowers_its_score(service: Reconciliation) -> None:
    right = first(service, query="Tokyo", properties=[{"pid": "country", "v": {"id": "Q17"}}])
    wrong = first(service, query="Tokyo", properties=[{"pid": "country", "v": "Australia"}])
    scores = [next(each["score"] for each in found if each["id"] == "Q1490") for found in (right, wrong)]
    assert scores[0] > scores[1]


def test_the_draft_takes_conditions_and_drops_what_misses_a_required_one(service: Reconciliation) -> None:
    name = {"matchType": "name", "propertyValue": "Japan"}
    other = {"matchType": "property", "propertyId": "type", "propertyValue": "person", "required": True}
    queries = [{"conditions": [name]}, {"conditions": [name, other]}]
    one, two = service.answer_draft(json.dumps({"queries": queries}).encode())["results"]
    assert_candidates(one["candidates"])
    assert one["candidates"][0]["id"] == "Q17"
    assert all(feature["name"] for feature in one["candidates"][0]["features"])
    assert all(each["type"][0]["id"] == "person" for each in two["candidates"])


def test_what_cannot_be_read_is_refused_with_a_sentence(service: Reconciliation) -> None:
    batches = ("[", "[]", '{"q": 1}', '{"q": {}}', '{"q": {"query": "a", "limit": 0}}', '{"q": {"query": 5}}')
    wrong = '{"q": {"query": "a", "properties": [{"pid": "nonsense", "v": 1}]}}'
    for text in (*batches, wrong, '{"q": {"query": "a", "properties": [{"pid": "type", "v": [[]]}]}}'):
        with pytest.raises(ProtocolError) as refusal:
            service.answer(text)
        assert refusal.value.status == 400
        assert refusal.value.sentence.endswith(".")
    with pytest.raises(ProtocolError) as refusal:
        service.answer(json.dumps({str(n): {"query": "a"} for n in range(BATCH + 1)}))
    assert refusal.value.status == 413


def test_openrefine_asks_by_get_and_by_form_and_gets_the_same(url: str) -> None:
    queries = json.dumps({"q0": {"query": "Australia", "type": "state", "limit": 3}})
    got = HTTP.get(f"{url}/reconcile", params={"queries": queries})
    posted = HTTP.post(f"{url}/reconcile", data={"queries": queries})
    assert got.json() == posted.json()
    assert posted.json()["q0"]["result"][0]["id"] == "Q408"
    assert posted.headers["access-control-allow-origin"] == "*"
    assert HTTP.options(f"{url}/reconcile/1.0-draft/match").headers["access-control-allow-methods"]


def test_every_address_of_the_manifest_answers(url: str) -> None:
    manifest = HTTP.get(f"{url}/reconcile").json()
    assert manifest["versions"] == ["0.2"]
    assert manifest["identifierSpace"] == "http://www.wikidata.org/entity/"
    assert "{{id}}" in manifest["view"]["url"]
    for kind, prefix in (("entity", "New Zea"), ("property", "cou"), ("type", "sta")):
        at = manifest["suggest"][kind]
        found = HTTP.get(at["service_url"] + at["service_path"], params={"prefix": prefix}).json()["result"]
        assert found
        assert all(each["id"] and each["name"] for each in found)
    page = HTTP.get(manifest["preview"]["url"].replace("{{id}}", "Q664"))
    assert "New Zealand" in page.text
    assert "frame-ancestors" not in page.headers["content-security-policy"]
    at = manifest["suggest"]["entity"]
    assert HTTP.get(at["service_url"] + at["flyout_service_path"].replace("${id}", "Q664")).json()["id"] == "Q664"
    at = manifest["extend"]["propose_properties"]
    assert HTTP.get(at["service_url"] + at["service_path"], params={"type": "state"}).json()["properties"]
    draft = HTTP.get(f"{url}/reconcile/1.0-draft").json()
    assert draft["versions"] == ["1.0-draft"]
    assert draft["suggest"] == {"entity": True, "property": True, "type": True}


def test_data_extension_gives_each_property_of_each_entity_in_both_versions(url: str) -> None:
    query = {"ids": ["Q1490", "Q999999999"], "properties": [{"id": "country"}, {"id": "type"}]}
    old = HTTP.post(f"{url}/reconcile", data={"extend": json.dumps(query)}).json()
    draft = HTTP.post(f"{url}/reconcile/1.0-draft/extend", json=query).json()
    assert [each["id"] for each in old["meta"]] == ["country", "type"]
    assert old["rows"]["Q1490"]["country"] == [{"id": "Q17", "name": "Japan"}]
    assert old["rows"]["Q999999999"] == {"country": [], "type": []}
    rows = {row["id"]: {each["id"]: each["values"] for each in row["properties"]} for row in draft["rows"]}
    assert rows == old["rows"]


def test_every_id_elsewhere_of_an_entity_is_a_property(url: str) -> None:
    with (
        as_file(files("seeds").joinpath("authority", "core.sqlite")) as path,
        open_authority(path) as authority,
    ):
        schemes, held = authority.schemes(), authority.externals("Q17")
    proposed = HTTP.get(f"{url}/reconcile/extend/propose", params={"type": "state"}).json()["properties"]
    assert {*schemes} <= {each["id"] for each in proposed}
    query = {"ids": ["Q17"], "properties": [{"id": each} for each in schemes]}
    row = HTTP.post(f"{url}/reconcile", data={"extend": json.dumps(query)}).json()["rows"]["Q17"]
    assert [(name, each["str"]) for name, cells in row.items() for each in cells] == [*held]
    assert row["iso3166-1-alpha-2"] == [{"str": "JP"}]
    assert row["geonames"]


def test_an_id_elsewhere_tells_namesakes_apart(service: Reconciliation) -> None:
    assert not any(each["match"] for each in first(service, query="Georgia"))
    best, *_ = first(service, query="Georgia", properties=[{"pid": "iso3166-1-alpha-2", "v": "GE"}])
    assert (best["id"], best["match"]) == ("Q230", True)


def test_an_entity_that_is_not_there_has_no_page(url: str) -> None:
    assert HTTP.get(f"{url}/reconcile/preview", params={"id": "<script>"}).status_code == 404


@pytest.mark.parametrize("version", _VERSIONS)
def test_the_schemas_of_the_specification_tell_a_wrong_answer(version: str) -> None:
    wrong = {
        "manifest": {"name": "a"},
        "suggest-types-response": {"result": [{"id": 1}]},
        "data-extension-response": [],
    }
    for name, value in (wrong | {"reconciliation-result-batch": {"q0": {"result": [{"score": "high"}]}}}).items():
        with pytest.raises(AssertionError):
            assert_valid(version, name, value)


@pytest.mark.parametrize("version", _VERSIONS)
@pytest.mark.parametrize("space", ["/reconcile", "/reconcile/graph"])
def test_every_answer_is_valid_by_the_schemas_of_the_specification(url: str, space: str, version: str) -> None:
    root = f"{url}{space}" + ("" if version == "0.2" else f"/{version}")
    assert_valid(version, "manifest", HTTP.get(root).json())
    for kind, name in (("entity", "entities"), ("property", "properties"), ("type", "types")):
        for prefix in ("", "s", "Jap", "nothing begins so"):
            found = HTTP.get(f"{root}/suggest/{kind}", params={"prefix": prefix}).json()
            assert_valid(version, f"suggest-{name}-response", found)
    for type_ in ("person", "state", ""):
        proposed = HTTP.get(f"{root}/extend/propose", params={"type": type_}).json()
        assert_valid(version, "data-extension-property-proposal", proposed)
    properties = [{"id": each["id"]} for each in proposed["properties"]]
    ids = ["Q17", "Q359480", "Q1490", "Q7184", "Q999999999", "actor/norway", "actor/oslo-choir", "partnership/aukus"]
    query = {"ids": ids, "properties": properties}
    assert_valid(version, "data-extension-query", query)
    if version == "0.2":
        extended = HTTP.post(root, data={"extend": json.dumps(query)})
    else:
        extended = HTTP.post(f"{root}/extend", json=query)
    assert_valid(version, "data-extension-response", extended.json())


@pytest.mark.parametrize(
    ("space", "name"),
    [
        *(("/reconcile", name) for name in ("Japan", "AUKUS", "Georgia", "United", "Q408", "zzzz")),
        *(("/reconcile/graph", name) for name in ("Norway", "the dail", "actor/norway", "zzzz")),
    ],
)
def test_every_list_of_candidates_is_valid_by_the_schemas_of_the_specification(url: str, space: str, name: str) -> None:
    batch = {"q0": {"query": name, "limit": 20, "properties": [{"pid": "country", "v": {"id": "Q17"}}]}}
    assert_valid("0.2", "reconciliation-query-batch", batch)
    answer = HTTP.post(f"{url}{space}", data={"queries": json.dumps(batch)}).json()
    assert_valid("0.2", "reconciliation-result-batch", answer)
    condition = {"matchType": "property", "propertyId": "type", "propertyValue": "state"}
    draft = {"queries": [{"conditions": [{"matchType": "name", "propertyValue": name}, condition], "limit": 20}]}
    assert_valid("1.0-draft", "reconciliation-query-batch", draft)
    answer = HTTP.post(f"{url}{space}/1.0-draft/match", json=draft).json()
    assert_valid("1.0-draft", "reconciliation-result-batch", answer)
    assert all(each["candidates"] or name == "zzzz" for each in answer["results"])


# ---- the entities of the graph


def test_names_are_reconciled_with_the_entities_of_the_graph_under_their_own_iris(url: str) -> None:
    manifest = HTTP.get(f"{url}/reconcile/graph").json()
    assert manifest["identifierSpace"] == BASE
    assert manifest["view"] == {"url": BASE + "{{id}}"}
    assert [each["id"] for each in manifest["defaultTypes"]] == ["State", "Organization", "NewsOutlet", "Partnership"]
    queries = {
        "q0": {"query": "norway", "type": "State"},
        "q1": {"query": "Oslo Choir"},
        "q2": {"query": "Oslo Choir", "properties": [{"pid": "wikidata", "v": "Q4"}]},
        "q3": {"query": "choir of oslo", "properties": [{"pid": "country", "v": {"id": "actor/norway"}}]},
        "q4": {"query": "Al"},
    }
    found = HTTP.post(f"{url}/reconcile/graph", data={"queries": json.dumps(queries)}).json()
    best = {key: [(each["id"], each["match"]) for each in found[key]["result"]] for key in queries}
    assert best["q0"] == [("actor/norway", True)]
    assert best["q1"] == [("actor/oslo-choir", False), ("actor/oslo-choir-of-bergen", False)]
    assert best["q2"][0] == ("actor/oslo-choir", True)
    assert best["q3"] == [("actor/oslo-choir", True)]
    assert best["q4"] == []


def test_suggestions_and_extension_tell_what_the_graph_has_of_an_entity(url: str) -> None:
    root = f"{url}/reconcile/graph"
    said = HTTP.get(f"{root}/suggest/entity", params={"prefix": "osl", "limit": 1}).json()["result"]
    assert [(each["id"], each["description"]) for each in said] == [("actor/oslo-choir", "Organization, Norway")]
    query = {"ids": ["actor/oslo-choir"], "properties": [{"id": each} for each in ("name", "country", "wikidata")]}
    assert HTTP.post(root, data={"extend": json.dumps(query)}).json()["rows"]["actor/oslo-choir"] == {
        "name": [{"str": "Oslo Choir"}, {"str": "Choir of Oslo"}],
        "country": [{"id": "actor/norway", "name": "Norway"}],
        "wikidata": [{"str": "Q4"}],
    }
    assert "Oslo Choir" in HTTP.get(f"{root}/preview", params={"id": "actor/oslo-choir"}).text


@pytest.mark.parametrize(
    "path", ["/reconcile", "/reconcile/1.0-draft", "/reconcile/graph", "/reconcile/graph/1.0-draft"]
)
def test_our_own_client_reads_every_service_by_its_manifest(url: str, path: str) -> None:
    service = Live(Courier(CourierSettings("you@example.org", pause=0), None), url + path)
    name, expected = ("Norway", "actor/norway") if "graph" in path else ("Australia", "Q408")
    assert [hit.entity.id for hit in service.candidates(name) if hit.exact] == [expected]


def test_a_new_snapshot_is_reconciled_with_once_it_is_served(tmp_path: Path) -> None:
    publish(tmp_path / "store", add=ARTICLE)
    with running(settings(tmp_path / "store")) as url:
        ask = {"queries": json.dumps({"q": {"query": "Oslo Choir"}})}
        assert HTTP.get(f"{url}/reconcile/graph", params=ask).json()["q"]["result"] == []
        assert HTTP.get(f"{url}/reconcile").status_code == 404  # no authority was given
        publish(tmp_path / "store", add=CHOIR_ALONE)
        for _ in range(300):
            found = HTTP.get(f"{url}/reconcile/graph", params=ask).json()["q"]["result"]
            if found:
                break
            time.sleep(0.1)
        assert [each["id"] for each in found] == ["actor/oslo-choir", "actor/oslo-choir-of-bergen"]
