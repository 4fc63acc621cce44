"""Whose text a statement in the first person is."""

from __future__ import annotations

import pytest
from parsed import read

from loader.extraction.meaning.signers import author, signers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A pact\nWe, the leaders of Chile, Peru, and Norway, met in Oslo.", "chile peru norway"),
        ("A pact\nToday we, the governments of Chile and Peru, open the road.", "chile peru"),
        ("A pact\nWe the Quad partners of India and Japan are launching a campaign.", "india japan"),
        ("A pact\nAs leaders of Chile and Peru, guided by Norway, we resolve to help.", "chile peru"),
        ("Joint Statement of Chile and Peru on Norway\nWe thank Norway.", "chile peru"),
        ("Chile-Peru Joint Statement on Norway\nWe thank Norway.", "chile peru"),
        ("Quad Leaders’ Joint Statement\nWe met in Oslo.", "australia india japan united-states"),
        ("Joint Leaders Statement on AUKUS\nWe met in Oslo.", "australia united-kingdom united-states"),
    ],
)
def test_we_are_those_who_sign_the_text(text: str, expected: str) -> None:
    assert " ".join(entity.key for entity in signers(read(text))) == expected


def test_we_are_the_persons_where_the_text_names_persons() -> None:
    found = signers(
        read("A pact\nWe, President Paul Hansen of Chile and Prime Minister Mary Roe of Norway, met in Oslo.")
    )
    assert [entity.key for entity in found] == ["paul-hansen", "mary-roe"]


@pytest.mark.parametrize(
    "text",
    [
        "A pact\nWe in Chile and Peru know the road.",
        "A pact\nWe thank Chile and Peru.",
        "A pact\n“We, the leaders of Chile and Peru, met in Oslo,” the paper reads.",
        "Joint Statement on NATO\nWe met in Oslo.",
        "Chile and Peru sign a pact\nWe met in Oslo.",
        "A pact\nWe, the people of Chile, met in Oslo.",
    ],
)
def test_we_are_nobody_known_where_the_text_does_not_say(text: str) -> None:
    assert signers(read(text)) == ()


def test_the_author_is_whom_the_headline_names() -> None:
    found = author(read("Statement by President Paul Hansen on the harbour\nI condemn the attack."))
    assert found is not None
    assert found.key == "paul-hansen"
    assert author(read("Statement on the harbour by the lake\nI condemn Paul Hansen.")) is None
