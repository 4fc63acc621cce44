"""What a document becomes in flat JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from annotated import annotated_document

from loader.document import (
    Article,
    Document,
    Entity,
    EntityKind,
    ReportMode,
    Section,
    SourceNaming,
    Span,
    Statement,
    StatementKey,
    StatementKind,
)
from loader.mapping.quads import Unmappable
from loader.mapping.records import record
from ontology.vocabulary import Mint

if TYPE_CHECKING:
    from pathlib import Path

MINT = Mint()
ADDED = {"kind", "confidence", "speakerName", "offset", "extractor", "model"}


def without(entry: dict[str, Any]) -> dict[str, Any]:
    """Leave out what the annotated files do not say, and write the one mark in which they differ one way."""
    kept = {name: value for name, value in entry.items() if name not in ADDED}
    return {**kept, "editedQuote": bool(kept["editedQuote"])} if "editedQuote" in kept else kept


@pytest.mark.parametrize("part", ["seed", "dev"])
def test_an_annotated_file_read_and_written_again_is_the_same(gold: Path, part: str) -> None:
    for path in sorted((gold / part).glob("*.json")):
        expected = json.loads(path.read_text(encoding="utf-8"))
        if "statements" not in expected:
            continue
        found = json.loads(json.dumps(record(annotated_document(path), MINT)))
        for name in ("statements", "memberships", "times"):
            assert [without(entry) for entry in found[name]] == [without(entry) for entry in expected[name]], path
        assert found["boilerplate"] == expected["boilerplate"]
        assert found["meta"]["contentHash"] == expected["meta"]["contentHash"]
        assert found["meta"]["title"] == expected["meta"]["title"]


def test_the_scorer_finds_nothing_wrong_with_the_annotation_written_again(gold: Path, tmp_path: Path) -> None:
    for path in sorted((gold / "dev").glob("*.json")):
        flat = record(annotated_document(path), MINT)
        (tmp_path / path.name).write_text(json.dumps(flat), encoding="utf-8")
    figures = tmp_path / "figures"
    command = [sys.executable, str(gold / "score.py"), str(gold / "dev"), str(tmp_path), "--json", str(figures)]
    subprocess.run(command, check=True, capture_output=True)
    scored = json.loads(figures.read_text(encoding="utf-8"))["all"]
    assert scored["statements exact"]["f1"] == 1
    assert scored["attributed + speaker"]["f1"] == 1
    assert scored["memberships"]["f1"] == 1
    assert scored["bad offsets"] == 0


def test_a_statement_says_its_kind_its_confidence_and_the_resolved_name() -> None:
    speaker = Entity(EntityKind.PERSON, "ann-lee", "Ann Lee")
    statement = Statement(
        Span(9, 20),
        ReportMode.INDIRECT,
        SourceNaming.NAMED,
        Section.BODY,
        kind=StatementKind.SPEECH,
        cue=Span(4, 8),
        speakers=(speaker,),
        confidence=0.81234567,
    )
    found = record(Document(Article("She said it was all so", "a.txt"), (statement,)), MINT)["statements"][0]
    assert found["kind"] == ["kind-speech"]
    assert found["confidence"] == 0.8123
    assert found["speakerName"] == "Ann Lee"
    assert found["text"] == "it was all "
    narrator = replace(statement, speakers=(), cue=None, confidence=None, kind=None)
    silent = record(Document(Article("She said it was all so", "a.txt"), (narrator,)), MINT)["statements"][0]
    assert (silent["speakerName"], silent["confidence"], silent["kind"]) == (None, None, [])


def test_a_statement_says_what_found_its_words() -> None:
    by_rules = Statement(Span(9, 20), ReportMode.INDIRECT, SourceNaming.NONE, Section.BODY)
    by_model = replace(by_rules, content=Span(0, 3), model="small")
    found = record(Document(Article("She said it was all so", "a.txt"), (by_model, by_rules)), MINT)["statements"]
    assert [(each["extractor"], each["model"]) for each in found] == [("llm", "small"), ("rules", None)]


def test_a_reference_to_a_statement_that_is_not_there_is_refused() -> None:
    statement = Statement(Span(0, 3), ReportMode.NARRATOR, SourceNaming.NONE, Section.BODY)
    lost = replace(statement, restates=(StatementKey(7, 9, -1),))
    with pytest.raises(Unmappable, match="does not have"):
        record(Document(Article("She said it", "a.txt"), (lost,)), MINT)
    with pytest.raises(Unmappable, match="same content"):
        record(Document(Article("She said it", "a.txt"), (statement, statement)), MINT)
