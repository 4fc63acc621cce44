"""How the names of the registry are found in a text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.registry import NameForm, Registry

if TYPE_CHECKING:
    from loader.document import Entity

REGISTRY = Registry.load()


def found(text: str) -> list[tuple[str, str]]:
    return [(match.span.of(text), match.entity.path) for match in REGISTRY.matches(text)]


def words(text: str) -> list[str]:
    return [match.span.of(text) for match in REGISTRY.matches(text)]


def known(path: str) -> Entity:
    entity = REGISTRY.entity(path)
    assert entity is not None, path
    return entity


def test_a_possessive_and_an_article_are_no_part_of_the_match() -> None:
    assert words(
        "Japan's offer, AUKUS' plans, Australia’s answer, the United States' part and the Guardian's view"
    ) == [
        "Japan",
        "AUKUS",
        "Australia",
        "United States",
        "Guardian",
    ]


def test_a_demonym_and_a_capital_say_which_form_they_are() -> None:
    forms = [match.form for match in REGISTRY.matches("Tokyo said the Japanese would talk to Japan's friends, the US")]
    assert forms == [NameForm.CAPITAL, NameForm.DEMONYM, NameForm.LABEL, NameForm.ALIAS]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("South Korea", "actor/south-korea"),
        ("the Republic of Korea", "actor/south-korea"),
        ("the DPRK", "actor/north-korea"),
        ("the People's Republic of China", "actor/china"),
        ("the Republic of China", "actor/taiwan"),
        ("the New York Times", "actor/the-new-york-times"),
        ("UN Security Council", "partnership/united-nations-security-council"),
        ("South Ossetians", "actor/south-ossetia"),
        ("Equatorial Guineans", "actor/equatorial-guinea"),
        ("US military", "actor/united-states-armed-forces"),
    ],
)
def test_the_longest_name_wins(text: str, path: str) -> None:
    assert [entity for _, entity in found(f"Officials of {text} said so.")] == [path]


@pytest.mark.parametrize(
    "text",
    [
        "nuclear-powered submarines",
        "nuclear-powered submarine",
        "nuclear powered submarines",
        "Nuclear-Powered Submarines",
        "NUCLEAR-POWERED SUBMARINES",
        "nuclear‑powered attack submarine",
        "nuclear-\npowered submarines",
    ],
)
def test_a_technology_is_found_in_any_case_number_and_hyphenation(text: str) -> None:
    assert found(f"a fleet of {text} for Canberra")[0] == (text, "technology/nuclear-powered-submarines")


@pytest.mark.parametrize("text", ["cyber defence", "cyber defense", "Cyber Defence", "cyberdefence"])
def test_british_and_american_spellings_are_one(text: str) -> None:
    assert found(text) == [(text, "technology/cyber-defense")]


@pytest.mark.parametrize(
    "text", ["Côte d'Ivoire", "Côte d’Ivoire", "Cote d'Ivoire", "Co\u0302te d'Ivoire", "Ivory Coast"]
)
def test_accents_and_apostrophes_may_be_written_in_any_way(text: str) -> None:
    assert found(f"in {text}.") == [(text, "actor/cote-d-ivoire")]


def test_an_acronym_and_a_common_word_match_only_in_their_case() -> None:
    assert words("They told us that a quad of turkeys, ai and the un are no names; a turkey crossed a chad.") == []
    assert words("The US and the UK joined the Quad, said Turkey.") == ["US", "UK", "Quad", "Turkey"]


def test_a_line_in_capitals_is_read_but_its_us_may_be_the_word() -> None:
    assert words("JAPAN TELLS US OF AUKUS PLANS\nThe US agrees.") == ["JAPAN", "AUKUS", "US"]
    assert words("JAPAN TELLS U.S. OF AUKUS PLANS") == ["JAPAN", "U.S.", "AUKUS"]


def test_a_headline_in_title_case_is_read_like_any_line() -> None:
    assert words("Why Japan Wants Hypersonic Weapons From Aukus") == ["Japan", "Hypersonic Weapons", "Aukus"]


@pytest.mark.parametrize(
    "text",
    [
        "the South China Sea",
        "the Bank of Japan",
        "the University of Georgia in Athens, Georgia",
        "Japan Airlines",
        "the Australian Open",
        "Native Americans",
        "Northern Ireland",
        "the Paris Agreement",
        "a talk with Michael Jordan",
        "a talk with Hunter Biden",
        "New London",
        "the Nikkei index",
        "US$5",
        "www.nikkei.com",
        "japan@example.org",
        "@AFP",
        "Xi'an",
        "Guinea pigs",
        "Feel the Bern",
        "a nuclear power",
    ],
)
def test_a_name_inside_the_name_of_something_else_is_none(text: str) -> None:
    assert found(f"They saw {text}.") == []


def test_words_that_only_stand_beside_a_name_are_no_part_of_it() -> None:
    assert words("On Monday Japan met President Biden in Tokyo Wednesday, in Eastern Ukraine and US-led Iraq.") == [
        "Japan",
        "Biden",
        "Tokyo",
        "Ukraine",
        "US",
        "Iraq",
    ]


def test_a_pillar_is_known_only_beside_its_partnership() -> None:
    assert found("The OECD calls it Pillar Two.") == [("OECD", "partnership/oecd")]
    assert ("Pillar Two", "pillar/aukus-pillar-ii") in found("AUKUS has a Pillar Two.")
    assert found("It is AUKUS Pillar II.") == [("AUKUS Pillar II", "pillar/aukus-pillar-ii")]


def test_a_name_of_two_meanings_counts_only_beside_its_neighbours() -> None:
    assert found("Voters in Georgia went to the polls.") == []
    assert ("Georgia", "actor/georgia") in found("Georgia said that tanks had crossed from South Ossetia.")


def test_an_acronym_that_the_text_gives_another_meaning_is_not_ours() -> None:
    assert words("The Space for Climate Observatory (SCO) met. The SCO agreed.") == []
    assert words("The Shanghai Cooperation Organisation (SCO) met. The SCO agreed.") == [
        "Shanghai Cooperation Organisation",
        "SCO",
        "SCO",
    ]


def test_an_outlet_is_not_meant_where_a_person_of_its_name_is() -> None:
    assert words("Bloomberg reported it.") == ["Bloomberg"]
    assert words("Voters liked Michael Bloomberg. Bloomberg said no.") == []


def test_the_military_is_a_body_only_where_it_is_no_adjective() -> None:
    assert found("The Russian military agreed.") == [("Russian military", "actor/russian-armed-forces")]
    assert found("The Russian military bases stay.") == [("Russian", "actor/russia")]


def test_a_language_is_no_state() -> None:
    assert words("He said in French. In Japanese waters, he speaks Russian, they said.") == ["Japanese"]


def test_spelling_tells_namesakes_apart() -> None:
    text = "Australia's Department of Defence met the Department of Defense."
    assert [path for _, path in found(text)][1:] == [
        "actor/australian-department-of-defence",
        "actor/united-states-department-of-defense",
    ]


def test_the_australian_is_a_person_before_a_newspaper() -> None:
    assert found("the Australian said") == [("Australian", "actor/australia")]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("Japan", "actor/japan"),
        ("the Quad", "partnership/quad"),
        ("AFP", "actor/afp"),
        ("Georgia", "actor/georgia"),
        ("Nikkei", "actor/nikkei"),
    ],
)
def test_a_name_alone_is_found(name: str, path: str) -> None:
    match = REGISTRY.find(name)
    assert match is not None
    assert match.entity == known(path)


@pytest.mark.parametrize("name", ["", " ", "Atlantis", "Japan and Korea", "japan", "South China Sea"])
def test_what_is_no_name_is_not_found(name: str) -> None:
    assert REGISTRY.find(name) is None


NAMES = st.sampled_from(
    ["Japan", "the US", "U.S.", "South Korea", "AUKUS", "Pillar II", "Côte d'Ivoire", "AI", "white phosphorus", "Quad"]
)
GLUE = st.sampled_from([" ", "-", "’s ", "'", ". ", "\n", "\n\n", "x", "_", "\u0301", "@", "/", "日本", "🇯🇵", ".x"])


@given(st.lists(st.one_of(NAMES, GLUE, st.text(max_size=5)), max_size=20).map("".join))
def test_matches_are_in_order_never_overlap_and_never_cut_a_word(text: str) -> None:
    end = 0
    for match in REGISTRY.matches(text):
        assert match.span.start >= end
        end = match.span.end
        assert match.span.of(text)
        assert not re.search(r"[\w\u0300-\u036f]\Z", text[: match.span.start]), text
        assert not re.match(r"[\w\u0300-\u036f]", text[end:]), text


@given(st.lists(NAMES, min_size=1, max_size=5))
def test_the_words_of_a_match_alone_are_the_same_name(names: list[str]) -> None:
    text = "; ".join(names)
    for match in REGISTRY.matches(text):
        again = REGISTRY.find(match.span.of(text))
        assert again is not None
        assert again.entity == match.entity
