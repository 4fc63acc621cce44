from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loader.document import Entity, EntityKind, SourceNaming, StatementKind
from loader.extraction.meaning.participants import Participants
from loader.extraction.meaning.stance import find_stance
from loader.extraction.text.reading import Voices

if TYPE_CHECKING:
    from collections.abc import Callable

    from loader.extraction.text.reading import Attribution, Reading

    Attribute = Callable[..., tuple[Reading, Attribution]]

CANADA = Entity(EntityKind.STATE, "canada", "Canada", registered=True)
MINISTER = Entity(EntityKind.PERSON, "anna-berg", "Anna Berg", affiliation=CANADA)
SPEECH, PROMISE, INTENT = StatementKind.SPEECH, StatementKind.PROMISE, StatementKind.INTENT
ATTITUDE, QUESTION = StatementKind.ATTITUDE, StatementKind.QUESTION


def stance_of(found: tuple[Reading, Attribution], voices: Voices) -> tuple[str, list[str]] | None:
    reading, attribution = found
    held = find_stance(Participants(reading), attribution.content, attribution, voices)
    return (str(held[0]), [holder.key for holder in held[1]]) if held else None


STATE = Voices(SourceNaming.INSTITUTION, speakers=(CANADA,))
PERSON = Voices(SourceNaming.NAMED, speakers=(MINISTER,))


@pytest.mark.parametrize(
    ("sentence", "kind", "stance"),
    [
        ("<Canada> {welcomed} [the new pact].", ATTITUDE, "supportive"),
        ("<Canada> {praised} [the growing role of NATO].", SPEECH, "supportive"),
        ("<Canada> {reaffirmed} [the vision of the leaders].", SPEECH, "supportive"),
        ("<Canada> {strongly condemned} [the attack].", SPEECH, "opposed"),
        ("<Canada> {criticized} [the deal].", SPEECH, "opposed"),
        ("<Canada> {threatened to} [leave the pact].", PROMISE, "opposed"),
        ("<Canada> {expressed grave concern over} [the arms transfers].", ATTITUDE, "concerned"),
        ("<Canada> {apologized for} [the loss of the ships].", SPEECH, "concerned"),
        ("<Canada> {warned} that [the pact would end].", SPEECH, "concerned"),
        ("<Canada> {complained of} [the delay].", SPEECH, "concerned"),
        ("<Canada> {pledged to} [send ships].", PROMISE, "committed"),
        ("<Canada> {agreed to} [identify new fields of work].", PROMISE, "committed"),
        ("<Canada> {plans to} [build a fleet].", INTENT, "committed"),
        ("<Canada> {reaffirmed} [the commitment to build a fleet].", SPEECH, "committed"),
        ("<Canada> {is considering} [a new role in the pact].", INTENT, "interested"),
        ("<Canada> {expressed interest in} [the pact].", ATTITUDE, "interested"),
        ("<Canada> {looks forward to} [working with Japan].", INTENT, "interested"),
        ("<Canada> {urged} [Japan to join the talks].", QUESTION, "interested"),
    ],
)
def test_the_class_of_the_cue_tells_the_stance_of_the_speaker(
    attribute: Attribute, sentence: str, kind: StatementKind, stance: str
) -> None:
    assert stance_of(attribute(sentence, kind), STATE) == (stance, ["canada"])


@pytest.mark.parametrize(
    ("sentence", "stance", "holder"),
    [
        ("<Canada> {said} [Japan is backing the treaty].", "supportive", "japan"),
        ("<Canada> {said} [Japan remains steadfast in support of the treaty].", "supportive", "japan"),
        ("<Canada> {conveyed} [Japan's support for the treaty].", "supportive", "japan"),
        ("<Canada> {said} [Japan is interested in the pact].", "interested", "japan"),
        ("<Canada> {said} [Japan is exploring ways to work together].", "interested", "japan"),
        ("<Canada> {said} [Japan wants a new treaty].", "interested", "japan"),
        ("<Canada> {said} [Japan opposes the treaty].", "opposed", "japan"),
        ("<Canada> {said} [Japan does not support the treaty].", "opposed", "japan"),
        ("<Canada> {said} [Japan is worried about the treaty].", "concerned", "japan"),
        ("<Canada> {said} [Japan is committed to the treaty].", "committed", "japan"),
        ("<Canada> {said} [Canada will send ships].", "committed", "canada"),
        ("<Canada> {said} [Canada would send ships].", "committed", "canada"),
        ("<Canada> {said} [Canada will retaliate].", "opposed", "canada"),
        ("<Canada> {said} [Canada will not accept the treaty].", "opposed", "canada"),
        ("<Canada> {said} [the broadcasts will continue].", "committed", "canada"),
        ("<Canada> {said} [Japan must leave the island].", "interested", "canada"),
        ('"[The attack violates every treaty]," <Canada> {said}.', "opposed", "canada"),
        ('"[Their reckless acts have to end]," <Canada> {said}.', "opposed", "canada"),
        ('"[It would be imprudent to leave]," <Canada> {said}.', "opposed", "canada"),
        ('"[The treaty is excellent]," <Canada> {said}.', "supportive", "canada"),
    ],
)
def test_the_content_tells_the_stance_where_the_cue_only_says(
    attribute: Attribute, sentence: str, stance: str, holder: str
) -> None:
    assert stance_of(attribute(sentence), STATE) == (stance, [holder])


@pytest.mark.parametrize(
    "sentence",
    [
        "<Canada> {said} [the fleet left in May].",
        "<Canada> {said} [Japan is not interested in spoiling relations].",
        "<Canada> {said} [the region will be annexed by Japan].",
        "<Canada> {said} [this will require a new fleet].",
        "<Canada> {claims} that [the pact has two goals].",
        "<Canada> {agreed} that [the talks had ended].",
        "<Canada> {said} [it is aware of the talks].",
    ],
)
def test_a_content_without_an_attitude_has_no_stance(attribute: Attribute, sentence: str) -> None:
    assert stance_of(attribute(sentence), STATE) is None


def test_a_denial_has_no_stance(attribute: Attribute) -> None:
    assert stance_of(attribute("<Canada> {denied} [having broken the treaty].", denied=True), STATE) is None


@pytest.mark.parametrize(
    ("sentence", "voices", "holder"),
    [
        ('"[We will send ships]," <Anna Berg> {said}.', PERSON, "canada"),
        ('"[I will send ships]," <Anna Berg> {said}.', PERSON, "anna-berg"),
        ('"[This is a reckless act]," <Anna Berg> {said}.', PERSON, "anna-berg"),
        (
            '"[This is a reckless act]," <Anna Berg> {said}.',
            Voices(SourceNaming.NAMED, speakers=(MINISTER,), on_behalf_of=(CANADA,)),
            "canada",
        ),
    ],
)
def test_we_is_the_state_that_an_office_holder_serves(
    attribute: Attribute, sentence: str, voices: Voices, holder: str
) -> None:
    found = stance_of(attribute(sentence), voices)
    assert found is not None
    assert found[1] == [holder]


def test_a_stance_without_anybody_to_hold_it_is_none(attribute: Attribute) -> None:
    assert stance_of(attribute("The pact {was welcomed} as [a new step].", ATTITUDE), Voices(SourceNaming.NONE)) is None
