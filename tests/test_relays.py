"""Through whom words come: outlets told, outlets that quote or cite another, interviews."""

from __future__ import annotations

from functools import cache

import pytest

from loader.document import Article
from loader.extraction import Extractor
from loader.registry import Registry


@cache
def extractor() -> Extractor:
    return Extractor(Registry.load())


def relayed(line: str) -> tuple[str, str, str, str]:
    """Return content, cue, speaker and outlets of the first attributed statement of a line."""
    text = f"A headline of no account\n{line}"
    found = next(statement for statement in extractor().read(Article(text, "-")).statements if statement.cue)
    assert found.cue is not None
    outlets = " ".join(outlet.key for outlet in found.relayed_by)
    return found.content.of(text), found.cue.of(text), " ".join(s.label for s in found.speakers), outlets


@pytest.mark.parametrize(
    ("line", "outlet"),
    [
        ('"We are ready," Jane Roe told Reuters.', "reuters"),
        ('"We are ready," Jane Roe told public broadcaster Yle.', "yle"),
        ('"We are ready," Jane Roe told the Warsaw-based daily Rzeczpospolita.', "rzeczpospolita"),
        ('"We are ready," Jane Roe told ABS-CBN.', "abs-cbn"),
        ('"We are ready," Jane Roe told The Examiner.', "the-examiner"),
        ('"We are ready," Jane Roe told Philippine outlet Mindanews in an interview on Monday.', "mindanews"),
        ("Jane Roe told the state news agency TASS that it was ready.", "tass"),
        ("TASS had a loss. Jane Roe was quoted as saying by the state news agency APS that it was ready.", "aps"),
        ("Jane Roe told CNN's John Doe that Sweden was ready.", "cnn"),
        ("In an interview with Rappler, Jane Roe said that it was ready.", "rappler"),
        ("Jane Roe, speaking to Kyodo on Monday, said that it was ready.", "kyodo-news"),
        ('"We are ready," Jane Roe said in comments carried by state news agency Antara.', "antara"),
        ('"We are ready," Jane Roe said, according to Xinhua.', "xinhua"),
    ],
)
def test_the_outlet_that_somebody_told_something_relays_it_known_or_not(line: str, outlet: str) -> None:
    assert relayed(line)[2:] == ("Jane Roe", outlet)


@pytest.mark.parametrize(
    "line",
    [
        '"We are ready," Jane Roe told parliament on Monday.',
        '"We are ready," Jane Roe told Congress.',
        '"We are ready," Jane Roe told Amnesty International.',
        '"We are ready," Jane Roe told Japan.',
        '"We are ready," Jane Roe told John Doe.',
        '"We are ready," Jane Roe told reporters in Oslo.',
    ],
)
def test_whoever_else_is_told_something_relays_nothing(line: str) -> None:
    assert relayed(line)[2:] == ("Jane Roe", "")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "Japan would go, Kyodo quoted a senior official as saying.",
            ("Japan would go", "saying", "a senior official", "kyodo-news"),
        ),
        (
            "Yonhap quoted a defence official as saying that Seoul was late.",
            ("Seoul was late", "saying", "a defence official", "yonhap"),
        ),
        (
            "Jane Roe was quoted as saying that Oslo would not go.",
            ("Oslo would not go", "was quoted as saying", "Jane Roe", ""),
        ),
        (
            '"It is late," Jane Roe was quoted as saying by the Bangkok Post.',
            ("It is late", "was quoted as saying", "Jane Roe", "bangkok-post"),
        ),
        (
            "Jane Roe was quoted by AFP as saying that Oslo would not go.",
            ("Oslo would not go", "saying", "Jane Roe", "afp"),
        ),
        ("John Doe quoted Jane Roe as saying that it was late.", ("it was late", "saying", "Jane Roe", "")),
    ],
)
def test_who_is_quoted_as_saying_something_is_its_source_and_an_outlet_that_quotes_relays_it(
    line: str, expected: tuple[str, str, str, str]
) -> None:
    assert relayed(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "Japan would go, Kyodo News reported on Saturday, citing people familiar with the matter.",
            ("Japan would go", "citing", "people familiar with the matter", "kyodo-news"),
        ),
        (
            "Kyodo reported, citing a senior official, that Japan would go.",
            ("Japan would go", "citing", "a senior official", "kyodo-news"),
        ),
        (
            "Bloomberg, quoting two diplomats, said Canada would go.",
            ("Canada would go", "quoting", "two diplomats", "bloomberg-news"),
        ),
    ],
)
def test_whom_an_outlet_cites_is_the_source_and_the_outlet_relays(line: str, expected: tuple[str, ...]) -> None:
    content, cue, speaker, outlet = relayed(line)
    assert (content, cue, outlet) == (expected[0], expected[1], expected[3])
    assert speaker
    assert expected[2].startswith(speaker)


def test_an_outlet_that_cites_a_reason_speaks_itself() -> None:
    assert relayed("Reuters reported that the visit was off, citing safety concerns.")[2:] == ("Reuters", "")
