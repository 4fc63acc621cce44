from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loader.document import Entity, EntityKind, SourceNaming, Span, StatementKind
from loader.extraction.meaning.participants import Participants
from loader.extraction.meaning.topics import about, goes_on_without_verb, involves, leaves_partner_open
from loader.extraction.text.reading import Voices

if TYPE_CHECKING:
    from collections.abc import Callable

    from loader.extraction.text.reading import Attribution, Reading

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
        ("<Canada> {warned} Japan against [supporting Ukraine].", "speech", STATE, ["japan", "ukraine"]),
        ("<Canada> {urged} [ministers to support Ukraine].", "attitude", STATE, ["ukraine"]),
        ("<Canada> {welcomed} [Peru's decision to support Ukraine].", "attitude", STATE, ["peru", "ukraine"]),
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


@pytest.mark.parametrize(
    ("words", "actors"),
    [
        ("NATO's Indo-Pacific partners", ["australia", "japan", "new-zealand", "south-korea"]),
        ("the role of the four Indo-Pacific partners", []),
        ("NATO's Martian partners", []),
        ("NATO's partners", []),  # those of one region only are on record
        ("BRICS partners", ["belarus", "bolivia", "cuba", "kazakhstan", "malaysia"]),
    ],
)
def test_partners_of_a_partnership_are_those_on_record_for_the_region_named(
    read: Callable[..., Reading], words: str, actors: list[str]
) -> None:
    text = f"Leaders meet in Riga\nThe ministers welcomed {words}."
    found = involves(Participants(read(text)), Span(text.index(words), len(text) - 1), None, Voices(SourceNaming.NONE))
    assert [actor.key for actor in found][:5] == actors


@pytest.mark.parametrize(
    ("sentence", "topics"),
    [
        (
            "<Canada> {welcomed} [the Japan-Philippines Trilateral Partnership].",
            ["japan-philippines-trilateral-partnership"],
        ),
        ("<Canada> {welcomed} [the U.S.-Australia Alliance].", ["us-australia-alliance"]),
        ("<Canada> {joined} [the Quad Critical Minerals Initiative].", ["quad", "quad-critical-minerals-initiative"]),
        ("<Canada> {said} [Pillar III of AUKUS would come].", ["aukus-pillar-iii", "aukus"]),
        ("<Canada> {said} [the Strategic Partnership is old].", []),
        ("<Canada> {said} [the Syrian National Coalition had left].", []),
        ("<Canada> {said} [the Boston Housing Initiative had failed].", []),
        ("AUKUS is young and <Canada> {said} [the pact has grown].", ["aukus"]),
        ("The United Nations is old and <Canada> {said} [the pact has grown].", []),
    ],
)
def test_a_partnership_or_pillar_that_the_registry_lacks_is_proposed_by_its_name(
    attribute: Attribute, sentence: str, topics: list[str]
) -> None:
    reading, attribution = attribute(sentence)
    assert [topic.key for topic in about(Participants(reading), attribution.content)] == topics
