"""Linking names in a text, and the entities of a store, to an authority."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from authorities import EVERYBODY, EVIDENCE, make_authority, names
from conftest import SEED
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft201909Validator
from pyoxigraph import Literal, NamedNode, Quad
from rdflib import Graph
from typer.testing import CliRunner

from loader.document import EntityKind, Span
from loader.linking.decision import BIAS, Features, Scored, Status, Thresholds, decide, score
from loader.linking.entities import link, subjects
from loader.linking.externals import chained, kept
from loader.linking.gazetteer import Gazetteer, read_words
from loader.linking.linker import Linker
from loader.linking.review import NAME, by_uncertainty, judged, open_review, save_review
from loader.linking.rows import Row, Verdict, united
from loader.linking.scene import Named, Scene, bare, untitled
from loader.linking.sssom import COLUMNS, quads, read, record, write
from loader.linking.sssom import rows as rows_of
from loader.linking.writer import Record, Tenure
from loader.matches import matched
from loader.registry import Registry
from loader.store import Store
from ontology.authority import Entity, open_authority
from ontology.vocabulary import Mint
from pactgraph import app

if TYPE_CHECKING:
    from collections.abc import Callable
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


# ---- mapping sets

JAPAN = Row(f"{MINT.base}actor/japan", Verdict.ACCEPTED, "Q17", "Japan", "Japan", confidence=0.97, match="Japan")
LOST = Row(f"{MINT.base}actor/nobody", Verdict.NIL, label="Nobody", comment="not in this authority")
AUKUS = Row(f"{MINT.base}partnership/aukus", Verdict.CANDIDATE, "Q108556886", "AUKUS", confidence=0.6)


def test_a_mapping_set_is_read_as_it_was_written_in_any_order() -> None:
    rows = (JAPAN, LOST, AUKUS)
    text = write(rows, MINT)
    assert text == write(reversed(rows), MINT)
    assert read(text, "x", MINT) == (tuple(sorted(rows, key=lambda row: row.subject)), ())


def as_json(text: str) -> dict[str, Any]:
    """Return a mapping set as SSSOM has it in JSON: numbers and lists where the schema wants them, no empty cells."""
    lines = text.splitlines()
    head = [line.removeprefix("#") for line in lines if line.startswith("#")]
    said: dict[str, Any] = yaml.safe_load("\n".join(head))
    mappings: list[dict[str, Any]] = []
    for cells in csv.DictReader(lines[len(head) :], delimiter="\t"):
        row: dict[str, Any] = {name: cell for name, cell in cells.items() if cell}
        for name in {"reviewer_id", "match_string"} & {*row}:
            row[name] = re.split(r"(?<!\\)\|", row[name])
        if "confidence" in row:
            row["confidence"] = float(row["confidence"])
        mappings.append(row)
    return said | {"mappings": mappings}


@pytest.fixture(scope="module")
def sssom() -> Draft201909Validator:
    schema = json.loads((Path(__file__).parent / "schemas" / "sssom" / "sssom_schema.json").read_text(encoding="utf-8"))
    checker = Draft201909Validator.FORMAT_CHECKER
    return Draft201909Validator({"$defs": schema["$defs"], "$ref": "#/$defs/MappingSet"}, format_checker=checker)


def test_a_mapping_set_is_valid_by_the_schema_of_sssom_and_every_prefix_is_declared(
    authority: Authority, sssom: Draft201909Validator
) -> None:
    persons = (
        replace(JAPAN, reviewer="orcid:0000-0001-2345-6789|reviewer:me", reviewed="2026-01-31", match="Japan | Nippon"),
        replace(AUKUS, verdict=Verdict.REJECTED, reviewer="reviewer:me", reviewed="2026-01-31"),
        Row(f"{MINT.base}pillar/aukus-pillar-ii", Verdict.NIL, reviewer="https://example.org/me"),
    )
    rows = united(link(subjects(Registry.load().quads(MINT), ()), authority, MINT), persons)
    said = as_json(write(rows, MINT))
    assert [(list(error.path), error.message) for error in sssom.iter_errors(said)] == []
    assert len(said["mappings"]) == len(rows)
    curies = [
        row[name] for row in said["mappings"] for name in row if name.endswith(("_id", "_source", "_justification"))
    ]
    prefixes = {each.partition(":")[0] for some in curies for each in ([some] if isinstance(some, str) else some)}
    assert prefixes - {"https"} <= {*said["curie_map"]}


@pytest.mark.parametrize(
    "wrong",
    [{"predicate_id": None}, {"confidence": 2.0}, {"predicate_modifier": "No"}, {"review_date": "now"}, {"mood": 1}],
)
def test_the_schema_of_sssom_tells_a_wrong_row(wrong: dict[str, Any], sssom: Draft201909Validator) -> None:
    said = as_json(write((JAPAN,), MINT))
    said["mappings"][0] |= wrong
    assert not sssom.is_valid(said)


def test_the_graph_of_links_is_a_mapping_set_as_sssom_writes_it_in_rdf() -> None:
    row = replace(JAPAN, reviewer="reviewer:me", reviewed="2026-01-31", comment="seen", verdict=Verdict.REJECTED)
    turtle = "\n".join(f"{quad.triple} ." for quad in quads((row,), MINT))
    asked = """
        PREFIX sssom: <https://w3id.org/sssom/> PREFIX wd: <http://www.wikidata.org/entity/>
        PREFIX semapv: <https://w3id.org/semapv/vocab/> PREFIX dcterms: <http://purl.org/dc/terms/>
        ASK { <https://pactgraph.example/graph/links> a sssom:MappingSet ; sssom:mappings ?row ;
              dcterms:license <https://creativecommons.org/publicdomain/zero/1.0/> ; sssom:object_source wd:Q2013 .
          ?row a owl:Axiom ; owl:annotatedSource <https://pactgraph.example/actor/japan> ;
            owl:annotatedProperty skos:exactMatch ; owl:annotatedTarget wd:Q17 ;
            sssom:mapping_justification semapv:CompositeMatching ; sssom:predicate_modifier sssom:NegatedPredicate ;
            sssom:confidence "0.97"^^xsd:double ; sssom:review_date "2026-01-31"^^xsd:date ;
            sssom:reviewer_id <https://pactgraph.example/reviewer/me> ; rdfs:comment "seen" ;
            sssom:subject_label "Japan" ; sssom:object_label "Japan" ; sssom:match_string "Japan" }"""
    assert Graph().parse(data=turtle, format="nt").query(asked).askAnswer


def test_reviewers_by_a_prefix_of_their_own_file_and_several_of_them_are_kept() -> None:
    text = write((replace(JAPAN, reviewer="reviewer:b"),), MINT)
    text = text.replace("#curie_map:\n", "#curie_map:\n#  staff: https://example.org/staff/\n")
    text = text.replace("\treviewer:b\t", "\tstaff:7|reviewer:b|orcid:0000-0001\t")
    (row,), problems = read(text, "x.tsv", MINT)
    assert not problems
    assert row.reviewer == "https://example.org/staff/7|orcid:0000-0001|reviewer:b"
    assert read(write((row,), MINT), "x.tsv", MINT) == ((row,), ())
    graph = quads((row,), MINT)
    said = {quad.object for quad in graph if quad.predicate.value == "https://w3id.org/sssom/reviewer_id"}
    iris = ("https://example.org/staff/7", "https://orcid.org/0000-0001", f"{MINT.base}reviewer/b")
    assert said == {NamedNode(iri) for iri in iris}
    assert rows_of(graph, MINT) == (row,)


def changed(line: str, **cells: str) -> str:
    values = dict(zip(COLUMNS, line.split("\t"), strict=True)) | cells
    return "\t".join(values[name] for name in COLUMNS)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"subject_id": "urn:x"}, "is no entity"),
        ({"object_id": "wd:17"}, "neither a Wikidata id"),
        ({"predicate_id": "owl:sameAs"}, "no predicate of a link"),
        ({"confidence": "high"}, "'high' is no number"),
        ({"confidence": "7.5"}, "not between 0 and 1"),
        ({"confidence": "nan"}, "not between 0 and 1"),
        ({"reviewer_id": "me"}, "'me' is no CURIE"),
        ({"reviewer_id": "nowhere:me"}, "not in the file's curie_map"),
        ({"reviewer_id": "reviewer:me", "review_date": "yesterday"}, "is no date"),
        ({"review_date": "2026-01-31"}, "no reviewer_id says by whom"),
        ({"object_id": "sssom:NoTermFound", "predicate_modifier": "Not"}, "cannot say Not"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_with_its_line_and_left_out(cells: dict[str, str], reason: str) -> None:
    lines = write((JAPAN, AUKUS), MINT).splitlines()
    lines[-2] = changed(lines[-2], **cells)
    rows, (problem,) = read("\n".join(lines), "x.tsv", MINT)
    assert rows == (AUKUS,)
    assert problem.line == len(lines) - 1
    assert reason in problem.message


def test_a_row_of_too_few_cells_is_told_and_problems_stand_in_the_order_of_lines() -> None:
    yes, no = replace(JAPAN, reviewer="reviewer:a"), replace(JAPAN, verdict=Verdict.REJECTED, reviewer="reviewer:a")
    lines = write((yes, no), MINT).splitlines()
    _, problems = read("\n".join([*lines, "actor:x\ttoo few"]), "x.tsv", MINT)
    assert [problem.line for problem in problems] == [len(lines), len(lines) + 1]
    assert problems[1].message.startswith(f"It has 2 cells, and the head has {len(COLUMNS)}")


def test_unknown_columns_are_told_with_their_line_and_lose_no_row() -> None:
    lines = write((JAPAN,), MINT).splitlines()
    lines[-2] += "\tmood"
    lines[-1] += "\tgood"
    rows, (problem,) = read("\n".join(lines), "x.tsv", MINT)
    assert rows == (JAPAN,)
    assert (problem.line, problem.fatal) == (len(lines) - 1, False)
    assert "mood" in problem.message


def test_a_review_that_contradicts_an_earlier_one_is_told_and_left_out() -> None:
    yes = Row(JAPAN.subject, Verdict.ACCEPTED, "Q17", reviewer="reviewer:a")
    no = Row(JAPAN.subject, Verdict.REJECTED, "Q17", reviewer="reviewer:b")
    rows, (problem,) = read(write((yes, no), MINT), "x.tsv", MINT)
    assert rows == (yes,)
    assert "contradicts the review of line" in problem.message


def test_a_persons_rows_win_and_a_rejected_pair_is_not_proposed_again() -> None:
    no = Row(JAPAN.subject, Verdict.REJECTED, "Q17", reviewer="reviewer:a")
    other = Row(JAPAN.subject, Verdict.CANDIDATE, "Q161652")
    yes = Row(AUKUS.subject, Verdict.ACCEPTED, "Q108556886", reviewer="reviewer:a")
    assert set(united((JAPAN, other, AUKUS, LOST), (no, yes))) == {no, other, yes, LOST}


def test_a_new_judgement_takes_the_place_of_the_one_it_contradicts(tmp_path: Path) -> None:
    save_review(tmp_path, write((JAPAN, AUKUS), MINT))
    for verdict in (Verdict.REJECTED, Verdict.ACCEPTED):
        held = open_review(tmp_path, MINT)
        rows = judged(held, AUKUS.subject, verdict, AUKUS.target, by="reviewer:a", on="2026-01-01")
        save_review(tmp_path, write(rows, MINT))
    (row,) = open_review(tmp_path, MINT).rows
    assert (row.verdict, row.label, row.reviewed) == (Verdict.ACCEPTED, "AUKUS", "2026-01-01")
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_the_least_certain_links_come_first_in_a_review() -> None:
    sure = Row(f"{MINT.base}actor/a", Verdict.ACCEPTED, "Q1", confidence=0.9)
    assert by_uncertainty((sure, LOST, AUKUS)) == [AUKUS, sure]


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
