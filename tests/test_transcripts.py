"""Transcripts: whom the labels in capitals mean that open a turn, and who "I" is behind them."""

from __future__ import annotations

from functools import cache

import pytest

from loader.document import Article, EntityKind
from loader.extraction import Extractor
from loader.registry import Registry


@cache
def extractor() -> Extractor:
    return Extractor(Registry.load())


def speakers(*lines: str) -> list[tuple[str, bool]]:
    """Return label of and whether named, for each speaker of an article's attributed statements, in order."""
    document = extractor().read(Article("\n".join(lines), "-"))
    return [(e.label, e.kind is EntityKind.PERSON) for s in document.statements if s.cue for e in s.speakers]


TURNS = ("{0}: We signed the treaty today.", "{0}: We will keep the treaty.")


@pytest.mark.parametrize(
    ("headline", "label", "speaker"),
    [
        ("Press Briefing by Press Secretary Ingrid Solberg", "MS. SOLBERG", "Ingrid Solberg"),
        ("Remarks by Prime Minister Solberg of Norway", "PRIME MINISTER SOLBERG", "Solberg"),
        ("Remarks by President Paul Hansen of Peru", "THE PRESIDENT", "Paul Hansen"),
        ("Remarks by Vice President Hansen at a Port", "THE VICE PRESIDENT", "Hansen"),
        ("Remarks by President Paul Hansen and Prime Minister Solberg", "THE PRESIDENT", "Paul Hansen"),
        ("Remarks by President Ana el-Roe of Peru", "PRESIDENT EL-ROE", "Ana el-Roe"),
    ],
)
def test_a_label_means_the_person_whom_the_article_names(headline: str, label: str, speaker: str) -> None:
    found = speakers(headline, "Oslo", *(turn.format(label) for turn in TURNS))
    assert found
    assert set(found) == {(speaker, True)}


@pytest.mark.parametrize(
    "label", ["SENIOR ADMINISTRATION OFFICIAL", "MS. DALBY", "DALBY", "THE PRESIDENT", "MODERATOR"]
)
def test_a_label_that_the_article_does_not_explain_is_one_unnamed_source(label: str) -> None:
    found = speakers("Background Call on the Treaty", "Oslo", *(turn.format(label) for turn in TURNS))
    assert found
    assert set(found) == {(label, False)}


def test_a_body_that_opens_lines_in_capitals_stays_a_body() -> None:
    lines = ("NATO: We signed the treaty today.", "NATO: We will keep the treaty.")
    assert {label for label, _ in speakers("Two Statements on the Treaty", *lines)} == {"NATO"}


def test_two_presidents_of_one_headline_leave_the_president_open() -> None:
    headline = "Remarks by President Paul Hansen of Peru and President Ana Roe of Chile"
    found = speakers(headline, "Oslo", *(turn.format("THE PRESIDENT") for turn in TURNS))
    assert set(found) == {("THE PRESIDENT", False)}


def test_a_questioner_is_nobody_with_a_name() -> None:
    lines = (
        "Q Are you going to sign?",
        "MS. SOLBERG: Yes.",
        "Q: Why did Norway say it would leave?",
        "MS. SOLBERG: No.",
    )
    document = extractor().read(Article("\n".join(("Briefing by Ingrid Solberg", *lines)), "-"))
    assert not [m for m in document.mentions if m.span.of(document.article.text) == "Q"]


def test_who_has_the_floor_is_who_says_i() -> None:
    headline = "Remarks by President Paul Hansen and Prime Minister Ingrid Solberg"
    lines = ("PRESIDENT HANSEN: Welcome.", "PRIME MINISTER SOLBERG: Thank you. I believe that the treaty is fair.")
    assert ("Ingrid Solberg", True) in speakers(headline, *lines)
    assert ("I", False) not in speakers(headline, *lines)


@pytest.mark.parametrize("address", ["Mr. President", "Madam Secretary", "Mr. Speaker"])
def test_an_office_by_which_somebody_is_addressed_is_no_name(address: str) -> None:
    document = extractor().read(Article(f"A visit to Oslo\nThank you, {address}. {address}, we met in Oslo.", "-"))
    assert not [m.entity.label for m in document.mentions if m.entity.kind is EntityKind.PERSON]


def test_a_verb_of_telling_in_a_headline_is_no_last_name() -> None:
    document = extractor().read(Article("Minister Solberg Highlighting Jobs\nThe port was opened in Oslo.", "-"))
    assert not [m.entity.label for m in document.mentions if "Highlighting" in m.entity.label]


@pytest.mark.parametrize("source", ["*", "<u>", "**"])
def test_a_source_has_a_letter_in_it(source: str) -> None:
    document = extractor().read(Article(f"A visit to Oslo\n{source} announces that the port will open.", "-"))
    sources = [span.of(document.article.text) for s in document.statements for span in s.sources]
    assert not [words for words in sources if words.strip("*<>u ") == ""]
