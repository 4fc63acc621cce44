from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loader.document import Entity, EntityKind, SourceNaming, Span, StatementKind
from loader.extraction.participants import Participants
from loader.extraction.reading import Voices
from loader.extraction.topics import about, goes_on_without_verb, involves, leaves_partner_open

if TYPE_CHECKING:
    from collections.abc import Callable

    from loader.extraction.reading import Attribution, Reading

    Attribute = Callable[..., tuple[Reading, Attribution]]

CANADA = Entity(EntityKind.STATE, "canada", "Canada", registered=True)
MINISTER = Entity(EntityKind.PERSON, "anna-berg", "Anna Berg", affiliation=CANADA)
STATE = Voices(SourceNaming.INSTITUTION, speakers=(CANADA,))
PERSON = Voices(SourceNaming.NAMED, speakers=(MINISTER,))


@pytest.mark.parametrize(
    ("sentence", "topics"),
    [
        ("<Canada> {said} [AUKUS is growing].", ["aukus"]),
        ("<Canada> {said} [it supports AUKUS Pillar II and NATO].", ["aukus-pillar-ii", "nato"]),
        ("<Canada> {said} [Pillar I of AUKUS would grow].", ["aukus-pillar-i", "aukus"]),
        ("<Canada> {said} [artificial intelligence is spreading].", ["artificial-intelligence"]),
        ("After a NATO summit <Canada> {said} [the fleet had left].", []),
        ("<Canada> {welcomed} [the deal].", []),
        ("<Canada> {spoke} of Pillar II of AUKUS and {said} [the program has grown].", ["aukus-pillar-ii"]),
        ("<Canada> {spoke} of Pillar II of AUKUS and {said} [a program has grown].", []),
        ("<AUKUS> {pledged to} [build a fleet].", ["aukus"]),
    ],
)
def test_a_content_is_about_the_partnerships_pillars_and_technologies_in_it(
    attribute: Attribute, sentence: str, topics: list[str]
) -> None:
    reading, attribution = attribute(sentence)
    assert [topic.key for topic in about(Participants(reading), attribution.content)] == topics


def test_a_leading_participle_is_about_the_partnership_that_it_goes_with(read: Callable[..., Reading]) -> None:
    reading = read("A headline\nFormed in 2021, AUKUS has two pillars.")
    assert [topic.key for topic in about(Participants(reading), Span(11, 25))] == ["aukus"]


@pytest.mark.parametrize(
    ("sentence", "kind", "voices", "actors"),
    [
        ("<Canada> {said} [Japan and France signed a treaty].", "speech", STATE, ["japan", "france"]),
        ("<Canada> {said} [NATO had met Japan].", "speech", STATE, ["japan"]),
        ("<Canada> {pledged to} [support Ukraine].", "promise", STATE, ["canada", "ukraine"]),
        ("<Canada> {committed to} [supporting Ukraine].", "promise", STATE, ["canada", "ukraine"]),
        ("<Canada> {reaffirmed} [the commitment to support Ukraine].", "speech", STATE, ["canada", "ukraine"]),
        ("<Canada> {agreed on} [the next steps for Ukraine].", "promise", STATE, ["ukraine"]),
        ("<Canada> {condemned} [the war of Russia against Ukraine].", "attitude", STATE, ["russia", "ukraine"]),
        ('"[We support Ukraine]," <Anna Berg> {said}.', "speech", PERSON, ["ukraine", "canada"]),
        ('"[They told me about Ukraine]," <Anna Berg> {said}.', "speech", PERSON, ["ukraine", "anna-berg"]),
        ("<Canada> {said} [the fleet had left].", "speech", STATE, []),
        (
            "<Canada> {said} [Japanese Prime Minister Fumio Kishida met France].",
            "speech",
            STATE,
            ["fumio-kishida", "france"],
        ),
        ("<Canada> {said} [President Joe Biden of the United States spoke].", "speech", STATE, ["joe-biden"]),
    ],
)
def test_those_who_take_part_are_named_elided_or_we(
    attribute: Attribute, sentence: str, kind: str, voices: Voices, actors: list[str]
) -> None:
    reading, attribution = attribute(sentence, StatementKind(kind))
    found = involves(Participants(reading), attribution.content, attribution, voices)
    assert [actor.key for actor in found] == actors


@pytest.mark.parametrize(
    ("sentence", "is_open"),
    [
        ("<Canada> {said} [it is exploring ways to enhance collaboration].", True),
        ("<Canada> {said} [it is exploring ways of cooperation with Japan].", False),
        ("<Canada> {said} [it wants a part].", False),
    ],
)
def test_bare_collaboration_leaves_open_with_whom(attribute: Attribute, sentence: str, is_open: bool) -> None:
    reading, attribution = attribute(sentence)
    assert leaves_partner_open(reading, attribution.content) is is_open


@pytest.mark.parametrize(
    ("sentence", "goes_on"),
    [
        ("<Canada> {admits} it uses gas as a tool, but [not as a weapon].", True),
        ("<Canada> {admits} [it does not use gas].", False),
    ],
)
def test_a_rest_without_a_verb_goes_on_with_the_proposition_before_it(
    attribute: Attribute, sentence: str, goes_on: bool
) -> None:
    reading, attribution = attribute(sentence)
    assert goes_on_without_verb(reading, attribution.content) is goes_on


def test_partners_of_a_partnership_are_the_states_whose_officers_met_and_that_are_no_members(
    read: Callable[..., Reading],
) -> None:
    text = (
        "Leaders meet\nPresident Joe Biden met Prime Minister Fumio Kishida of Japan and Prime Minister "
        "Christopher Luxon of New Zealand. He welcomed the role of NATO's Pacific partners."
    )
    reading = read(text)
    content = Span(text.index("the role"), len(text) - 1)
    found = involves(Participants(reading), content, None, Voices(SourceNaming.NONE))
    assert [actor.key for actor in found] == ["japan", "new-zealand"]
