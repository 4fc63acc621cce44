"""What the article attributes: cue, source, content, mode and relays, one phenomenon a case."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loader.extraction.attribution.attributions import find_attributions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from loader.extraction.text.reading import Reading

CASES = Path(__file__).parent / "cases" / "attribution" / "cases.txt"


class Case(NamedTuple):
    """A text and what is to be found in it, each as the line of the file reads."""

    name: str
    text: str
    expected: list[str]


def cases() -> Iterator[Case]:
    """Yield the cases of the file."""
    for block in re.split(r"\n(?=# )", CASES.read_text(encoding="utf-8"))[1:]:
        name, *lines = block.strip().split("\n")
        text = "\n".join(line for line in lines if not line.startswith("= "))
        yield Case(name.removeprefix("# "), text, [line.removeprefix("= ") for line in lines if line.startswith("= ")])


def found(reading: Reading) -> list[str]:
    """Return the attributions of a reading as lines of the file."""
    text = reading.article.text
    return [
        " | ".join(
            [
                attribution.mode,
                attribution.source.of(text) if attribution.source else "-",
                attribution.cue.of(text),
                attribution.content.of(text),
                *(relay.of(text) for relay in attribution.relays),
            ]
        )
        for attribution in find_attributions(reading)
    ]


@pytest.mark.parametrize("case", tuple(cases()), ids=lambda case: case.name.replace(" ", "-"))
def test_the_article_attributes(read: Callable[[str], Reading], case: Case) -> None:
    reading = read(f"A headline of no account\n{case.text}")
    assert found(reading) == case.expected


@pytest.mark.parametrize(
    ("headline", "expected"),
    [
        ("Berg: Norway Will Leave The Pact", ["indirect | Berg | : | Norway Will Leave The Pact"]),
        ("A lesson from Anna Berg: 'Go home at once'", ["direct | Anna Berg | : | Go home at once"]),
        (
            "Foreign Minister Slams Norway: You Will Pay For This",
            ["indirect | Foreign Minister | : | You Will Pay For This"],
        ),
        ("Weather: Snow Falls In The North", []),
        ("Norway to leave the pact for good: Berg", ["indirect | Berg | : | Norway to leave the pact for good"]),
        ("Norway will leave the pact: report", ["indirect | report | : | Norway will leave the pact"]),
        ("Norway leaves the pact: snow", []),
    ],
)
def test_a_headline_gives_what_stands_beside_its_colon_to_the_speaker_it_names(
    read: Callable[[str], Reading], headline: str, expected: list[str]
) -> None:
    body = "\n\nAnna Berg said on Monday that the pact was dead.\n"
    told = "indirect | Anna Berg | said | the pact was dead"
    assert found(read(headline + body)) == [*expected, told]


WORDS = st.sampled_from(
    [
        "Japan",
        "said",
        "that",
        "it",
        "would",
        "join",
        ",",
        ".",
        '"',
        "“",
        "”",
        "'",
        "’",
        "and",
        "told",
        "AFP",
        "claims",
        "to",
        "pledged",
        "the",
        "pact",
        ":",
        "—",
        "according",
        "as",
        "quoted",
        "by",
        "not",
        "was",
        "accused",
        "of",
        "[he]",
        "…",
        "Mr.",
        "«oui»",
        '5"',
        "called",
        "\n",
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(WORDS, min_size=1, max_size=40), glue=st.sampled_from([" ", "  "]))
def test_any_text_gives_spans_inside_it_that_cut_no_word(
    read: Callable[[str], Reading], words: list[str], glue: str
) -> None:
    text = ("A headline\n" + glue.join(words)).rstrip()
    for attribution in find_attributions(read(text)):
        spans = [attribution.content, attribution.cue, *attribution.relays, *attribution.verbatim, *attribution.quotes]
        for span in [*spans, *([attribution.source] if attribution.source else [])]:
            assert 0 <= span.start < span.end <= len(text)
            assert not span.of(text)[0].isspace()
            assert not span.of(text)[-1].isspace()
        content = attribution.content
        assert not attribution.cue.overlaps(content)
        for edge in (content.start, content.end):
            assert not (0 < edge < len(text) and text[edge - 1].isalnum() and text[edge].isalnum())
