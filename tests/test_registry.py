"""What the registry knows, and how it finds names."""

from __future__ import annotations

import pytest

from loader.document import Entity, EntityKind
from loader.registry import NameForm, Registry
from ontology.vocabulary import Mint


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.load()


def found(registry: Registry, text: str) -> list[tuple[str, str]]:
    return [(match.span.of(text), match.entity.path) for match in registry.matches(text)]


def known(registry: Registry, path: str) -> Entity:
    entity = registry.entity(path)
    assert entity is not None, path
    return entity


def test_aukus_has_three_members_and_two_pillars(registry: Registry) -> None:
    aukus = known(registry, "partnership/aukus")
    assert [member.key for member in registry.members(aukus)] == ["australia", "united-kingdom", "united-states"]
    assert [pillar.label for pillar in registry.pillars(aukus)] == ["AUKUS Pillar I", "AUKUS Pillar II"]


def test_a_possessive_is_no_part_of_the_match(registry: Registry) -> None:
    text = "Japan's offer, AUKUS' plans and Australia’s answer"
    assert [words for words, _ in found(registry, text)] == ["Japan", "AUKUS", "Australia"]


def test_a_demonym_and_a_capital_say_which_form_they_are(registry: Registry) -> None:
    forms = [match.form for match in registry.matches("Tokyo said the Japanese would talk to Japan's friends")]
    assert forms == [NameForm.CAPITAL, NameForm.DEMONYM, NameForm.LABEL]


def test_a_pillar_is_known_only_beside_its_partnership(registry: Registry) -> None:
    assert found(registry, "The OECD calls it Pillar Two.") == []
    assert ("Pillar Two", "pillar/aukus-pillar-ii") in found(registry, "AUKUS has a Pillar Two.")


def test_an_embassy_that_nobody_registered_is_made_on_the_same_pattern(registry: Registry) -> None:
    japan, korea = known(registry, "actor/japan"), known(registry, "actor/south-korea")
    assert registry.embassy(japan, known(registry, "actor/australia")).registered
    assert registry.embassy(japan, korea) == Entity(
        EntityKind.ORGANIZATION,
        "embassy-of-japan-in-south-korea",
        "Embassy of Japan in South Korea",
        affiliation=japan,
        based_in=korea,
    )


def test_the_graph_moves_to_another_base_and_keeps_the_vocabulary(registry: Registry) -> None:
    lines = [str(quad) for quad in registry.quads(Mint("https://news.example/kg/"))]
    assert lines == sorted(set(lines))
    assert any("<https://news.example/kg/actor/japan>" in line for line in lines)
    assert all("pactgraph.example" not in line.replace("<https://pactgraph.example/ns#", "") for line in lines)
