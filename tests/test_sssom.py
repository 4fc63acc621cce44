"""The review file and the graph of links: mapping sets as SSSOM writes them, and a person's rows in them."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from authorities import make_authority
from jsonschema import Draft201909Validator
from mappings import AUKUS, JAPAN, LOST
from pyoxigraph import NamedNode
from rdflib import Graph

from loader.linking.entities import link, subjects
from loader.linking.review import NAME, by_uncertainty, judged, open_review, save_review
from loader.linking.rows import Row, Verdict, united
from loader.linking.sssom import COLUMNS, quads, read, write
from loader.linking.sssom import rows as rows_of
from loader.registry import Registry
from ontology.authority import open_authority
from ontology.vocabulary import Mint

MINT = Mint()


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
    tmp_path: Path, sssom: Draft201909Validator
) -> None:
    persons = (
        replace(JAPAN, reviewer="orcid:0000-0001-2345-6789|reviewer:me", reviewed="2026-01-31", match="Japan | Nippon"),
        replace(AUKUS, verdict=Verdict.REJECTED, reviewer="reviewer:me", reviewed="2026-01-31"),
        Row(f"{MINT.base}pillar/aukus-pillar-ii", Verdict.NIL, reviewer="https://example.org/me"),
    )
    authority = open_authority(make_authority(tmp_path / "small.sqlite"))
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
