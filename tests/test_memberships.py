from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loader.document import EntityKind, SourceNaming, StatementKind
from loader.extraction.meaning.statements import compose
from loader.extraction.text.reading import Voices

if TYPE_CHECKING:
    from collections.abc import Callable

    from loader.document import Membership
    from loader.extraction.text.reading import Attribution, Reading

    Attribute = Callable[..., tuple[Reading, Attribution]]


def memberships_of(found: tuple[Reading, Attribution], speaker: str) -> list[tuple[str, str, str]]:
    reading, attribution = found
    entity = reading.registry.entity(f"actor/{speaker}")
    assert entity is not None
    _, memberships = compose(reading, (attribution,), (Voices(SourceNaming.INSTITUTION, speakers=(entity,)),), ())
    return [short(membership) for membership in memberships]


def short(membership: Membership) -> tuple[str, str, str]:
    body = membership.pillar or membership.partnership
    return membership.member.key, body.key, str(membership.status)


@pytest.mark.parametrize(
    ("sentence", "kind", "memberships"),
    [
        ("<Canada> {said} [Finland joined NATO].", "speech", [("finland", "nato", "member")]),
        ("<Canada> {said} [Finland has joined NATO].", "speech", [("finland", "nato", "member")]),
        ("<Canada> {said} [it does not want to become a member of NATO].", "speech", [("canada", "nato", "declined")]),
        ("<Canada> {said} [it does not wish to join NATO].", "speech", [("canada", "nato", "declined")]),
        ("<Canada> {said} [Finland is a member of NATO].", "speech", [("finland", "nato", "member")]),
        ("<Canada> {thanked} [Finland, a member of NATO].", "attitude", [("finland", "nato", "member")]),
        (
            "<Canada> {said} [France and other members of the European Union had balked].",
            "speech",
            [("france", "european-union", "member")],
        ),
        ("<Canada> {said} [NATO member Turkey had balked].", "speech", [("turkey", "nato", "member")]),
        ("<Canada> {said} [Japan will join AUKUS].", "speech", [("japan", "aukus", "prospective")]),
        ("<Canada> {said} [Japan may join AUKUS].", "speech", [("japan", "aukus", "prospective")]),
        (
            "<Canada> {said} [there is a possibility of Japan's participation in AUKUS].",
            "speech",
            [("japan", "aukus", "prospective")],
        ),
        ("<Canada> {supports} [Sweden's accession to NATO].", "attitude", [("sweden", "nato", "prospective")]),
        ("<Canada> {said} [Sweden should become a member of NATO].", "speech", [("sweden", "nato", "prospective")]),
        ("<Canada> {agreed to} [join AUKUS].", "promise", [("canada", "aukus", "prospective")]),
        ("<Canada> {expressed interest in} [the AUKUS partnership].", "attitude", [("canada", "aukus", "interested")]),
        ("<Canada> {said} [Japan is interested in joining AUKUS].", "speech", [("japan", "aukus", "interested")]),
        (
            "<Canada> {said} [Japan is considering a deeper involvement in AUKUS].",
            "speech",
            [("japan", "aukus", "interested")],
        ),
        (
            "<Canada> {said} [AUKUS invited Japan to join AUKUS Pillar II].",
            "speech",
            [("japan", "aukus-pillar-ii", "invited")],
        ),
        ("<Canada> {said} [Japan declined to join AUKUS].", "speech", [("japan", "aukus", "declined")]),
        ("<Canada> {said} [Japan will not join AUKUS].", "speech", [("japan", "aukus", "declined")]),
        (
            "<Canada> {named} [Japan and South Korea as candidates for work on AUKUS Pillar II].",
            "speech",
            [("japan", "aukus-pillar-ii", "candidate"), ("south-korea", "aukus-pillar-ii", "candidate")],
        ),
        ("<Canada> {said} [Japan is a candidate for AUKUS].", "speech", [("japan", "aukus", "candidate")]),
        ("<Canada> {said} [Japan is a partner of NATO].", "speech", [("japan", "nato", "partner")]),
        (
            "<Canada> {said} [the United Kingdom left the European Union].",
            "speech",
            [("united-kingdom", "european-union", "former")],
        ),
        (
            "<Canada> {said} [the United Kingdom is a former member of the European Union].",
            "speech",
            [("united-kingdom", "european-union", "former")],
        ),
    ],
)
def test_a_statement_tells_how_an_actor_stands_to_a_partnership(
    attribute: Attribute, sentence: str, kind: str, memberships: list[tuple[str, str, str]]
) -> None:
    assert memberships_of(attribute(sentence, StatementKind(kind)), "canada") == memberships


@pytest.mark.parametrize(
    "sentence",
    [
        "<Canada> {said} [Japan supports AUKUS].",
        "<Canada> {said} [Japan is not a member of NATO].",
        "<Canada> {said} [Kenya is a major non-NATO ally].",
        "<Canada> {said} [Japan has not joined AUKUS].",
        "<Canada> {said} [Japan and France are partners that share the values of NATO].",
        "<Canada> {said} [Japan joined the talks].",
        "<Canada> {said} [AUKUS is growing].",
    ],
)
def test_what_tells_of_no_standing_makes_no_membership(attribute: Attribute, sentence: str) -> None:
    assert memberships_of(attribute(sentence), "canada") == []


def test_a_membership_rests_on_a_statement_and_names_the_pillar_of_its_partnership(attribute: Attribute) -> None:
    reading, attribution = attribute("<Canada> {said} [Japan is a candidate for AUKUS Pillar II].")
    canada = reading.registry.entity("actor/canada")
    assert canada is not None
    voices = (Voices(SourceNaming.INSTITUTION, speakers=(canada,)),)
    statements, (membership,) = compose(reading, (attribution,), voices, ())
    assert membership.according_to in {statement.key for statement in statements}
    assert membership.partnership.key == "aukus"
    assert membership.pillar is not None
    assert membership.pillar.kind is EntityKind.PILLAR


@pytest.mark.parametrize(
    "sentence",
    [
        "<Canada> {said} [Japan joined a United Nations programme on drugs].",
        "<Canada> {said} [Japan joined a NATO exercise].",
        "<Canada> {said} [Japan participated in a NATO summit].",
        "<Canada> {said} [Japan's participation in the NATO summit was useful].",
        "<Canada> {said} [Turkey withdrew from the European Union's convention on customs].",
        "<Canada> {said} [Turkey withdrew from a convention of the European Union].",
        "<Canada> {said} [Japan left the NATO summit early].",
        "<Canada> {said} [the United States welcomed Kenya to the NATO summit].",
    ],
)
def test_who_takes_part_in_what_a_body_holds_or_leaves_it_does_not_join_or_leave_the_body(
    attribute: Attribute, sentence: str
) -> None:
    assert memberships_of(attribute(sentence), "canada") == []


@pytest.mark.parametrize(
    "sentence",
    [
        "<Canada> {said} [Kenya was joined by European Union officials at the talks].",
        "<Canada> {said} [Japan joined NATO allies in condemning the attack].",
        "<Canada> {said} [Japan joined NATO in condemning the attack].",
        "<Canada> {said} [Japan joined with NATO to condemn the attack].",
    ],
)
def test_who_joins_in_a_deed_is_no_member(attribute: Attribute, sentence: str) -> None:
    assert memberships_of(attribute(sentence), "canada") == []


@pytest.mark.parametrize("noun", ["alliance", "pact", "bloc"])
def test_a_noun_for_the_whole_body_may_stand_behind_its_name(attribute: Attribute, noun: str) -> None:
    found = attribute(f"<Canada> {{said}} [Finland joined the NATO {noun}].")
    assert memberships_of(found, "canada") == [("finland", "nato", "member")]
