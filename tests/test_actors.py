"""Actors that articles name and the registry lacks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.document import Article, Document, Entity, EntityKind, ReportMode, Section, SourceNaming, Span, Statement
from loader.mapping.actors import Naming, actor_quads, naming_node, naming_quads, read_naming
from loader.mapping.quads import contributions
from ontology.vocabulary import PREFIXES, Mint

MINT = Mint()
STATE = Entity(EntityKind.STATE, "norland", "Norland", registered=True)
BODY = Entity(EntityKind.ORGANIZATION, "body", "Body", affiliation=STATE, based_in=STATE)
ANN = Naming(MINT.entity("actor/ann-lee"), PREFIXES["pact"] + "Person", "Ann Lee", "en")


def said_by(*speakers: Entity, outlet: str | None = None) -> Document:
    """Make a document with one statement of these speakers."""
    statement = Statement(Span(0, 3), ReportMode.INDIRECT, SourceNaming.NAMED, Section.BODY, speakers=speakers)
    return Document(Article("She said it", "a.txt", outlet=outlet, language="en-GB"), (statement,))


def told(said: dict[Naming, int]) -> dict[str, str]:
    """Return what an actor is said to be, by the last part of each property."""
    return {quad.predicate.value.split("#")[1]: quad.object.value for quad in actor_quads(said, MINT)}


def test_an_article_contributes_every_actor_that_the_registry_lacks() -> None:
    unnamed = Entity(EntityKind.UNNAMED_SOURCE, "0-3", "She", affiliation=BODY)
    (body,) = contributions(said_by(unnamed, STATE), MINT)
    assert (body.actor, body.label, body.language) == (MINT.entity("actor/body"), "Body", "en-gb")
    assert (body.affiliation, body.based_in) == (MINT.entity("actor/norland"), MINT.entity("actor/norland"))


def test_an_outlet_is_contributed_as_the_publisher_unless_the_registry_has_it() -> None:
    (outlet,) = contributions(said_by(STATE, outlet="The Post"), MINT)
    assert (outlet.actor, outlet.publishes) == (MINT.entity("actor/the-post"), True)
    known = Entity(EntityKind.NEWS_OUTLET, "post", "The Post", registered=True)
    assert contributions(said_by(STATE, outlet="The Post"), MINT, known) == ()


def test_a_seat_is_told_only_in_a_state_that_the_registry_has() -> None:
    for based_in in (replace(STATE, registered=False), replace(BODY, registered=True)):
        found = {
            naming.label: naming.based_in for naming in contributions(said_by(replace(BODY, based_in=based_in)), MINT)
        }
        assert found["Body"] == ""


def test_a_naming_lies_under_its_article_and_is_no_actor_itself() -> None:
    article = MINT.article("She said it")
    found = naming_quads(ANN, article, MINT)
    assert {quad.subject.value for quad in found} == {f"{article}/mention/actor/ann-lee"}
    assert naming_node(ANN, article, MINT) == f"{article}/mention/actor/ann-lee"
    assert {quad.graph_name.value for quad in found} == {MINT.meta_graph}
    assert all(not quad.predicate.value.endswith("#type") for quad in found)


@given(st.text(), st.sampled_from(["", "actor/japan"]), st.sampled_from(["", "actor/japan"]), st.booleans())
def test_a_naming_is_read_back_as_it_was_written(label: str, affiliation: str, seat: str, publishes: bool) -> None:
    naming = replace(ANN, label=label, affiliation=affiliation and MINT.entity(affiliation), publishes=publishes)
    naming = replace(naming, based_in=seat and MINT.entity(seat))
    assert read_naming(naming_quads(naming, MINT.article("a"), MINT)) == naming


@given(st.permutations([("Ann Lee", 2), ("A. Lee", 2), ("Anne Lee", 1)]))
def test_of_equally_frequent_labels_the_smallest_is_taken_in_any_order(order: list[tuple[str, int]]) -> None:
    assert told({replace(ANN, label=label): count for label, count in order})["prefLabel"] == "A. Lee"


@pytest.mark.parametrize(
    ("name", "property_"), [("Pillar", "pillarOf"), ("Partnership", "affiliation"), ("Technology", None)]
)
def test_what_an_entity_belongs_to_is_said_in_the_words_of_its_class(name: str, property_: str | None) -> None:
    naming = replace(ANN, kind=PREFIXES["pact"] + name, affiliation=MINT.entity("partnership/aukus"))
    assert set(told({naming: 1})) == {"type", "prefLabel", *([property_] if property_ else [])}


def test_only_an_organisation_has_a_seat() -> None:
    seated = replace(ANN, based_in=MINT.entity("actor/japan"))
    assert "basedIn" not in told({seated: 1})
    assert "basedIn" in told({replace(seated, kind=PREFIXES["pact"] + "Organization"): 1})


def test_nothing_comes_of_no_articles() -> None:
    assert actor_quads({}, MINT) == []
