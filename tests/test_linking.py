"""Linking names in a text, and the entities of a store, to an authority."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from authorities import EVERYBODY, EVIDENCE, make_authority, names
from conftest import SEED
from hypothesis import given
from hypothesis import strategies as st
from mappings import AUKUS, JAPAN, LOST
from pyoxigraph import Literal, NamedNode, Quad
from typer.testing import CliRunner

from loader.document import EntityKind, Span
from loader.linking.decision import BIAS, Features, Scored, Status, Thresholds, decide, score
from loader.linking.entities import link, subjects
from loader.linking.externals import chained, kept
from loader.linking.gazetteer import Gazetteer, read_words
from loader.linking.linker import Linker
from loader.linking.review import NAME
from loader.linking.rows import Row, Verdict
from loader.linking.scene import Named, Scene, bare, untitled
from loader.linking.sssom import quads, read, record
from loader.linking.writer import Record, Tenure
from loader.mapping.matches import matched
from loader.registry import Registry
from loader.storage.store import Store
from ontology.authority import Entity, open_authority
from ontology.vocabulary import Mint
from pactgraph import app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from ontology.authority import Authority

MINT = Mint()
PLACE = NamedNode(MINT.registry_graph)
TOKYO = Record(
    Entity("Q1490", "Tokyo", "capital and largest city of Japan", "place", prior=250, country="Q17"),
    names("Tokyo"),
    evidence=EVIDENCE,
)
PARIS = Record(
    Entity("Q90", "Paris", "capital and largest city of France", "place", prior=300, country="Q142"), names("Paris")
)
PARIS_TEXAS = Record(
    Entity("Q830149", "Paris", "city in Texas, United States", "place", prior=280, country="Q30"), names("Paris")
)
HOUSE = Record(Entity("Q9294202", "House", "chain of clothing stores", "organisation"), names("House"))
UNION = Record(
    Entity("Q45670", "Maritime Union", "trade union", "organisation"), names("Maritime Union"), evidence=EVIDENCE
)
NEXT_PREMIER = Record(
    Entity("Q1", "Shigeru Ishiba", "Japanese politician", "person", prior=60, country="Q17"),
    names("Shigeru Ishiba"),
    tenures=(Tenure("Q274948", "2024-10-01"),),
    evidence=EVIDENCE,
)
IN_MARCH = dt.date(2024, 3, 6)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    path = tmp_path_factory.mktemp("authority") / "small.sqlite"
    make_authority(path, (*EVERYBODY, TOKYO, PARIS, PARIS_TEXAS, HOUSE, UNION, NEXT_PREMIER))
    return open_authority(path)


def links(authority: Authority, text: str, *read_: Named, on: dt.date | None = None) -> dict[str, str | None]:
    found = Linker(authority).link_text(text, read_, on)
    return {
        each.named.span.of(text): each.decision.accepted.id if each.decision.accepted else None
        for each in found
        if each.decision.best is not None
    }


def person(text: str, name: str, occurrence: int = 0) -> Named:
    start = -1
    for _ in range(occurrence + 1):
        start = text.index(name, start + 1)
    return Named(Span(start, start + len(name)), EntityKind.PERSON)


# ---- names in a text


def test_the_longest_name_is_found_whole_and_without_its_possessive(authority: Authority) -> None:
    text = "Japan's Fumio Kishida read The Nikkei in the United States of America."
    assert [found.span.of(text) for found in Gazetteer(authority).find(text)] == [
        "Japan",
        "Fumio Kishida",
        "The Nikkei",
        "United States of America",
    ]


@given(st.text(alphabet="Japan US.’'-\n the", max_size=60))
def test_words_lie_in_the_text_in_order_and_share_no_character(text: str) -> None:
    end = 0
    for word in read_words(text):
        assert end <= word.start < word.stop <= word.end <= len(text)
        end = word.end


def test_in_a_line_of_capitals_us_is_no_state(authority: Authority) -> None:
    assert list(Gazetteer(authority).find("LET US GO TO THE SEA")) == []


def test_a_brand_that_is_called_like_a_word_is_no_name_unless_the_reading_takes_it_for_one(
    authority: Authority,
) -> None:
    assert "House" not in links(authority, "He left the House.")


def test_a_place_inside_a_longer_name_is_not_linked(authority: Authority) -> None:
    assert links(authority, "The Tokyo Declaration was read.") == {}
    assert links(authority, "She flew to Tokyo.") == {"Tokyo": "Q1490"}


# ---- who is meant


def test_a_surname_after_the_whole_name_is_the_same_person(authority: Authority) -> None:
    text = "Fumio Kishida arrived. Kishida said so."
    assert links(authority, text, person(text, "Fumio Kishida"), person(text, "Kishida", 1)) == {
        "Fumio Kishida": "Q359480",
        "Kishida": "Q359480",
    }


def test_a_surname_alone_names_nobody(authority: Authority) -> None:
    text = "Kishida said so."
    assert links(authority, text, person(text, "Kishida")) == {}


def test_a_surname_behind_a_title_is_who_held_the_office_on_the_day(authority: Authority) -> None:
    text = "Japanese Prime Minister Kishida said so."
    named = person(text, "Kishida")
    assert links(authority, text, named, on=IN_MARCH)["Kishida"] == "Q359480"
    assert links(authority, text, named, on=dt.date(2025, 3, 6)).get("Kishida") is None


@pytest.mark.parametrize(("day", "holder"), [(IN_MARCH, "Q359480"), (dt.date(2025, 3, 6), "Q1"), (None, "Q274948")])
def test_an_office_alone_is_its_holder_on_the_articles_date_and_without_one_the_office(
    authority: Authority, day: dt.date | None, holder: str
) -> None:
    text = "It was the Japanese prime minister who said so."
    span = Span(text.index("Japanese"), text.index(" who"))
    (found,) = Linker(authority).link_given(text, [span], (), day)
    assert (found.decision.best and found.decision.best.entity.id) == holder


def test_an_acronym_that_the_text_defines_is_what_it_spells_out(authority: Authority) -> None:
    text = "The Maritime Union (MU) met. MU said so."
    span = Span(text.rindex("MU"), text.rindex("MU") + 2)
    (found,) = Linker(authority).link_given(text, [span], [Named(span, EntityKind.ORGANIZATION)])
    assert found.decision.best is not None
    assert found.decision.best.entity.id == "Q45670"


def test_of_two_places_of_one_name_neither_is_accepted_without_a_reason(authority: Authority) -> None:
    (found,) = Linker(authority).link_text("She lives in Paris.")
    assert found.decision.status is not Status.ACCEPTED


def test_a_capital_is_linked_as_a_city_and_flagged_where_it_stands_for_the_government(authority: Authority) -> None:
    text = "Tokyo is considering it."
    linker = Linker(authority, {"actor/japan": "Q17"}, {"Tokyo": "actor/japan"})
    (found,) = linker.link_text(text, [Named(Span(0, 5), EntityKind.STATE, "actor/japan", "Japan")])
    assert found.decision.accepted is not None
    assert found.decision.accepted.id == "Q1490"
    assert found.decision.metonym


def test_a_demonym_and_an_acronym_before_a_noun_are_adjectives_of_a_state(authority: Authority) -> None:
    found = Linker(authority).link_text("Japanese envoys met U.S. officials in the U.S. in May.")
    assert [each.is_adjective for each in found] == [True, True, False]


def test_what_the_authority_has_as_a_candidate_is_never_accepted(authority: Authority) -> None:
    (found,) = Linker(authority, {"partnership/aukus": "Q108556886"}).link_text("They joined AUKUS.")
    assert found.decision.status is Status.CANDIDATE


def test_what_the_authority_lacks_is_nil(authority: Authority) -> None:
    (found,) = Linker(authority).link_given("Gandalf came.", [Span(0, 7)])
    assert found.decision.status is Status.NIL


# ---- decisions


def test_nothing_known_of_a_candidate_speaks_against_it() -> None:
    assert score(Features()) < 0.5
    assert BIAS < 0


@given(st.lists(st.floats(0, 1), max_size=6), st.randoms())
def test_a_decision_does_not_hang_on_the_order_of_candidates(scores: list[float], random: Random) -> None:
    scored = [Scored(Entity(f"Q{n}", "x"), "x", Features(), each) for n, each in enumerate(scores, start=1)]
    mixed = list(scored)
    random.shuffle(mixed)
    assert decide(scored, Thresholds()) == decide(mixed, Thresholds())


def test_a_candidate_that_another_comes_close_to_is_not_accepted() -> None:
    one, other = (Scored(Entity(f"Q{n}", "x"), "x", Features(), 0.9 - n / 100) for n in (1, 2))
    assert decide([one], Thresholds()).status is Status.ACCEPTED
    assert decide([one, other], Thresholds()).status is Status.CANDIDATE


@pytest.mark.parametrize(
    ("name", "left"), [("Burlington Industries Inc", "Burlington Industries"), ("Inc", "Inc"), ("Nikkei", "Nikkei")]
)
def test_a_legal_form_is_no_part_of_a_companys_name(name: str, left: str) -> None:
    assert bare(name) == left


def test_titles_are_no_part_of_a_persons_name() -> None:
    assert untitled("Prime Minister Fumio Kishida") == "Fumio Kishida"
    assert untitled("Sen. Smith") == "Smith"


def test_a_longer_name_is_found_for_a_part_of_it_only() -> None:
    text = "Fumio Kishida"
    scene = Scene.of(text, [Named(Span(0, 13), EntityKind.PERSON)])
    assert scene.full_names("Kishida", EntityKind.PERSON) == ("Fumio Kishida",)
    assert scene.full_names("Ishiba", EntityKind.PERSON) == ()


# ---- the registry's graph


def test_accepted_links_stand_in_the_registrys_graph_and_rejected_ones_do_not() -> None:
    registry = Registry.load().quads(MINT)
    rows = (
        Row(AUKUS.subject, Verdict.ACCEPTED, "Q108556886", reviewer="reviewer:a"),
        Row(JAPAN.subject, Verdict.REJECTED, "Q17", reviewer="reviewer:a"),
        Row(f"{MINT.base}partnership/quad", Verdict.CANDIDATE, "Q1"),
    )
    graph = matched(registry, quads(rows, MINT), PLACE)
    exact = NamedNode("http://www.w3.org/2004/02/skos/core#exactMatch")
    gone, come = set(registry) - graph, graph - set(registry)
    japan, aukus = (NamedNode(f"http://www.wikidata.org/entity/{each}") for each in ("Q17", "Q108556886"))
    assert gone == {Quad(NamedNode(JAPAN.subject), exact, japan, PLACE)}
    assert come == {Quad(NamedNode(AUKUS.subject), exact, aukus, PLACE)}


def test_a_machines_agreement_with_the_registry_changes_nothing_in_its_graph(authority: Authority) -> None:
    registry = Registry.load().quads(MINT)
    found = subjects([each for each in registry if "japan" in each.subject.value], ())
    rows = link(found, authority, MINT)
    assert matched(registry, quads(rows, MINT), PLACE) == set(registry)


def test_pillars_and_embassies_are_not_linked_and_aukus_is_a_candidate(authority: Authority) -> None:
    rows = {
        row.subject.removeprefix(MINT.base): row
        for row in link(subjects(Registry.load().quads(MINT), ()), authority, MINT)
    }
    assert not any(path.startswith("pillar/") for path in rows)
    assert rows["partnership/aukus"].verdict is Verdict.CANDIDATE
    assert all(row.verdict is not Verdict.ACCEPTED for path, row in rows.items() if "embassy" in path)
    assert rows["actor/fumio-kishida"].target == "Q359480"


def test_links_survive_a_new_registry(tmp_path: Path) -> None:
    registry = Registry.load()
    rows = (Row(AUKUS.subject, Verdict.ACCEPTED, "Q108556886", reviewer="reviewer:a"),)
    with Store.open(tmp_path / "store", registry=registry) as store:
        assert store.decisions.replace(quads(rows, MINT), registry)
        assert not store.decisions.replace(quads(rows, MINT), registry)
    smaller = Registry(
        [each for each in registry.quads(MINT) if "quad" not in each.subject.value and "quad" not in str(each.object)]
    )
    with Store.open(tmp_path / "store", registry=smaller) as store:
        assert set(store.quads(MINT.registry_graph)) == matched(smaller.quads(MINT), quads(rows, MINT), PLACE)


def test_no_row_has_a_blank_node_and_each_lies_under_the_base() -> None:
    for quad in quads((JAPAN, LOST, AUKUS), MINT):
        assert isinstance(quad.subject, NamedNode)
        assert quad.subject.value.startswith((f"{MINT.base}link/", MINT.links_graph))
        assert quad.graph_name == NamedNode(MINT.links_graph)


def facts_of(graph: list[Quad]) -> dict[str, dict[str, str]]:
    """Return what is said of each id elsewhere, by its scheme: the last part of the predicate, and the value."""
    nodes: dict[str, dict[str, str]] = {}
    for quad in graph:
        assert isinstance(quad.object, (NamedNode, Literal))
        nodes.setdefault(str(quad.subject), {})[re.split("[/#]", quad.predicate.value)[-1]] = quad.object.value
    return {said["propertyID"]: said for said in nodes.values()}


def test_ids_elsewhere_come_through_an_accepted_link_only_and_name_it_and_its_confidence(authority: Authority) -> None:
    assert chained((replace(JAPAN, verdict=Verdict.CANDIDATE), LOST, AUKUS), authority, MINT) == []
    assert chained((replace(JAPAN, verdict=Verdict.REJECTED),), authority, MINT) == []
    graph = chained((JAPAN, LOST, AUKUS), authority, MINT)
    said = facts_of(graph)
    assert {scheme: (each["annotatedProperty"], each["annotatedTarget"]) for scheme, each in said.items()} == {
        "geonames": ("http://www.w3.org/2004/02/skos/core#closeMatch", "https://sws.geonames.org/1861060/"),
        "iso3166-1-alpha-2": ("http://purl.org/dc/terms/identifier", "JP"),
    }
    for each in said.values():
        assert each["annotatedSource"] == JAPAN.subject
        assert each["mapping_justification"] == "https://w3id.org/semapv/vocab/MappingChaining"
        assert each["wasDerivedFrom"] == record(JAPAN, MINT)
        assert each["confidence"] == "0.97"
    assert {quad.graph_name for quad in graph} == {NamedNode(MINT.links_graph)}
    known = Registry.load().quads(MINT)
    without = matched(known, quads((JAPAN,), MINT), PLACE)
    assert matched(known, [*quads((JAPAN,), MINT), *graph], PLACE) == without


def test_an_id_that_fits_no_iri_stays_a_text(tmp_path: Path) -> None:
    ids = (("isni", "0000 0001 2146 438X"), ("viaf", "no <id>"))
    elsewhere = Record(Entity("Q17", "Japan", "", "state"), names("Japan"), externals=ids)
    with open_authority(make_authority(tmp_path / "ids.sqlite", (elsewhere,))) as held:
        said = facts_of(chained((JAPAN,), held, MINT))
    assert said["isni"]["annotatedTarget"] == "https://isni.org/isni/000000012146438X"
    assert said["viaf"]["annotatedTarget"] == "no <id>"
    assert said["viaf"]["annotatedProperty"] == "http://purl.org/dc/terms/identifier"


def test_ids_elsewhere_are_gone_when_their_link_goes(authority: Authority) -> None:
    nikkei = Row(f"{MINT.base}actor/nikkei", Verdict.ACCEPTED, "Q1077694")
    graph = [*quads((JAPAN, nikkei), MINT), *chained((JAPAN, nikkei), authority, MINT)]
    assert kept(graph, (JAPAN, nikkei), MINT) == chained((JAPAN, nikkei), authority, MINT)
    for lost in ((nikkei,), (nikkei, replace(JAPAN, verdict=Verdict.REJECTED)), (nikkei, replace(JAPAN, target="Q1"))):
        assert kept(graph, lost, MINT) == chained((nikkei,), authority, MINT)


def test_details_of_a_decision_are_json(authority: Authority) -> None:
    from loader.linking.exchange import Text
    from loader.linking.exchange import record as told_of

    (found,) = Linker(authority).link_text("She flew to Tokyo.")
    told = json.loads(json.dumps(told_of(Text("1", "She flew to Tokyo.", 1), [found], details=True)))
    assert told["mentions"][0]["status"] == "accepted"


def test_an_id_is_accepted_for_one_entity_only_and_the_registrys_own_link_stands(authority: Authority) -> None:
    facts = [each for each in Registry.load().quads(MINT) if "nikkei" in each.subject.value]
    rows = {row.subject.rpartition("/")[2]: row for row in link(subjects(facts, ()), authority, MINT)}
    assert rows["nikkei"].verdict is Verdict.ACCEPTED
    assert [row for row in rows.values() if row.target == "Q1077694" and row.verdict is Verdict.ACCEPTED] == [
        rows["nikkei"]
    ]


# ---- the command


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return the way to run a command in a folder of its own, in this process; it returns all that is told."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == code, done.output
        return done.output

    return run


def test_the_seed_article_is_linked_right_and_to_nobody_of_its_teaser(
    tmp_path: Path, command: Callable[..., str]
) -> None:
    command("load", str(SEED))
    text = (tmp_path / "pactgraph-store" / NAME).read_text(encoding="utf-8")
    command("link")
    assert (tmp_path / "pactgraph-store" / NAME).read_text(encoding="utf-8") == text
    rows, problems = read(text, NAME, MINT)
    assert not problems
    found = {row.subject.removeprefix(MINT.base): row for row in rows}
    right = {
        "actor/japan": "Q17",
        "actor/australia": "Q408",
        "actor/united-states": "Q30",
        "actor/united-kingdom": "Q145",
        "actor/new-zealand": "Q664",
        "actor/south-korea": "Q884",
        "actor/afp": "Q40464",
        "actor/nikkei": "Q1077694",
        "actor/house-of-commons-of-the-united-kingdom": "Q11005",
        "actor/fumio-kishida": "Q359480",
    }
    assert {path: (found[path].verdict, found[path].target) for path in right} == {
        path: (Verdict.ACCEPTED, target) for path, target in right.items()
    }
    assert (found["partnership/aukus"].verdict, found["partnership/aukus"].target) == (Verdict.CANDIDATE, "Q108556886")
    assert not any("pillar" in path for path in found)
    assert found["actor/embassy-of-japan-in-australia"].verdict is Verdict.NIL
    whole = command("export", "-")
    assert "/graph/links>" in whole
    assert "<https://sws.geonames.org/1861060/>" in whole
    command("link")
    assert command("export", "-") == whole
    article = [line for line in whole.splitlines() if "/graph/article/" in line]
    for name in ("joe-biden", "rishi-sunak", "anthony-albanese"):
        assert not any(f"actor/{name}>" in line for line in article)
    assert "Everything conforms" in command("validate")
    command("links", "reject", "actor/japan", "Q17", "--reviewer", "reviewer:me")
    judged_ = command("export", "-")
    assert "<https://sws.geonames.org/1861060/>" not in judged_
    assert "<https://sws.geonames.org/2077456/>" in judged_


def test_a_load_links_unless_told_not_to_and_an_unload_takes_its_links_away(
    tmp_path: Path, command: Callable[..., str]
) -> None:
    sheet = tmp_path / "pactgraph-store" / NAME
    assert "Links" not in command("load", str(SEED), "--outlet", "Local Gazette", "--no-link")
    assert not sheet.exists()
    assert " accepted, " in command("load", str(SEED), "--outlet", "Local Gazette")  # nothing is new but the links
    with_article = sheet.read_text(encoding="utf-8")
    assert "Links" not in command("load", str(SEED), "--outlet", "Local Gazette")
    command("unload", "05908f127f035a79")
    (gone,) = {*with_article.splitlines()} - {*sheet.read_text(encoding="utf-8").splitlines()}
    assert gone.startswith("actor:local-gazette\t")
    sheet.write_bytes(with_article.encode() + b"\xff")
    told = command("load", str(SEED), code=1)  # the article is stored, and the file stays as it is
    assert f"{NAME}:{with_article.count(chr(10)) + 1}: The review file is no UTF-8 here" in told


def test_a_line_that_holds_no_text_is_told_with_its_number_and_the_others_are_linked(
    tmp_path: Path, command: Callable[..., str]
) -> None:
    good = {"doc_id": "a", "text": "Japan spoke.", "mentions": [{"start": 0, "end": 5}]}
    bad = {"doc_id": "b", "text": "Japan", "mentions": [{"start": 3, "end": 99}]}
    lines = ("{", json.dumps(bad), "", json.dumps(good))
    (tmp_path / "texts.jsonl").write_text("\n".join(lines), encoding="utf-8")
    told = command("link", "--given", "texts.jsonl", code=1)
    assert "texts.jsonl:1:" in told
    assert "texts.jsonl:2:" in told
    (answer,) = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    (mention,) = answer["mentions"]
    assert (answer["doc_id"], mention["start"], mention["end"], mention["qid"]) == ("a", 0, 5, "Q17")
    assert set(mention) == {"start", "end", "qid", "score"}
