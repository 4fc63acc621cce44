from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loader.document import Certainty, ReportMode, Section
from loader.extraction.meaning.statements import compose
from loader.extraction.text.reading import Voices

if TYPE_CHECKING:
    from collections.abc import Callable

    from loader.document import Statement
    from loader.extraction.text.reading import Attribution, Reading

    Read = Callable[..., Reading]
    Attribute = Callable[..., tuple[Reading, Attribution]]


def told(reading: Reading) -> list[str]:
    return [statement.content.of(reading.article.text) for statement in tellings(reading)]


def tellings(reading: Reading) -> tuple[Statement, ...]:
    statements, _ = compose(reading, (), (), ())
    assert all(statement.mode is ReportMode.NARRATOR and statement.cue is None for statement in statements)
    return statements


@pytest.mark.parametrize(
    ("sentence", "contents"),
    [
        ("Formed in 2021, AUKUS has two pillars.", ["Formed in 2021", "Formed in 2021, AUKUS has two pillars"]),
        ("Russia attacked Ukraine.", ["Russia attacked Ukraine"]),
        ("Russia and Ukraine signed an agreement.", ["Russia and Ukraine signed an agreement"]),
        ("Australia left, and Japan met France in May.", ["Japan met France in May"]),
        ("The fleet of NATO sailed in May.", ["The fleet of NATO sailed in May"]),
        ("It is worth noting that Japan met France.", ["Japan met France"]),
        ("President Joe Biden will visit Tokyo next month.", ["President Joe Biden will visit Tokyo next month"]),
        ("Japan left AUKUS in May, and France joined NATO.", ["Japan left AUKUS in May", "France joined NATO"]),
        (
            "Japan and France held meetings of the groups, which were set up by AUKUS in May.",
            ["Japan and France held meetings of the groups", "were set up by AUKUS in May"],
        ),
    ],
)
def test_a_clause_about_a_partnership_or_between_actors_is_the_article_s_own_statement(
    read: Read, sentence: str, contents: list[str]
) -> None:
    assert set(told(read(f"A headline\n{sentence}"))) == set(contents)


@pytest.mark.parametrize(
    "sentence",
    [
        "The meeting was productive.",
        "Japan has many islands.",
        "Japan and France discussed the talks.",
        "Does Japan support NATO?",
        "We thank our friends in NATO.",
        'The minister left. "NATO is growing."',
        "The weather in Japan was fine.",
    ],
)
def test_what_tells_of_no_relation_is_no_statement(read: Read, sentence: str) -> None:
    assert told(read(f"A headline\n{sentence}")) == []


def test_a_condition_is_no_statement_of_its_own(read: Read) -> None:
    assert "Japan joins NATO" not in told(read("A headline\nIf Japan joins NATO, the fleet leaves."))


def test_boilerplate_is_nobody_s_statement(read: Read) -> None:
    reading = read(
        "A headline\nThe harbour was quiet in the morning.\nRead next: Japan joins NATO in talks with France"
    )
    assert told(reading) == []


def test_a_clause_before_what_somebody_said_is_the_article_s_and_one_inside_it_is_not(attribute: Attribute) -> None:
    reading, attribution = attribute(
        "As Russia attacked Ukraine, <Canada> {said} [it would send ships because France helps Ukraine]."
    )
    canada = reading.registry.entity("actor/canada")
    assert canada is not None
    statements, _ = compose(reading, (attribution,), (Voices("institution", speakers=(canada,)),), ())
    told_by_article = [s.content.of(reading.article.text) for s in statements if s.mode is ReportMode.NARRATOR]
    assert told_by_article == ["Russia attacked Ukraine"]


def test_an_inference_is_hedged_by_its_verb_and_rests_on_what_was_said(attribute: Attribute) -> None:
    reading, attribution = attribute(
        "<Canada> {said} [it supports AUKUS]. The statement suggests that Canada is considering a role in AUKUS."
    )
    canada = reading.registry.entity("actor/canada")
    assert canada is not None
    statements, _ = compose(reading, (attribution,), (Voices("institution", speakers=(canada,)),), ())
    said, inferred = statements
    text = reading.article.text
    assert inferred.content.of(text) == "Canada is considering a role in AUKUS"
    assert (inferred.mode, inferred.certainty) == (ReportMode.NARRATOR, Certainty.PROBABLE)
    assert [hedge.of(text) for hedge in inferred.hedges] == ["suggests"]
    assert inferred.derived_from == (said.key,)


def test_an_inference_that_was_found_as_an_attribution_becomes_the_article_s_own(attribute: Attribute) -> None:
    reading, attribution = attribute("<The statement> {suggests} that [Canada is considering a role in AUKUS].")
    (statement,), _ = compose(reading, (attribution,), (Voices("document"),), ())
    assert (statement.mode, statement.cue, statement.sources) == (ReportMode.NARRATOR, None, ())


def test_a_headline_in_the_article_s_voice_is_read_too(read: Read) -> None:
    (statement,) = tellings(read("Japan joins NATO\nThe harbour was quiet in the morning."))
    assert statement.section is Section.HEADLINE


@pytest.mark.parametrize(
    "headline",
    [
        "Joint Leaders Statement to Mark One Year of AUKUS",
        "Statement by the Minister on AUKUS and Trade",
        "FACT SHEET: Strengthening the Quad",
        "Why AUKUS matters to Japan again",
    ],
)
def test_the_name_of_a_document_tells_nothing(read: Read, headline: str) -> None:
    assert told(read(f"{headline}\nWe met in Oslo.")) == []
