from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loader.document import Certainty, Polarity, StatementKind, Temporality
from loader.extraction.meaning.modality import read_modality

if TYPE_CHECKING:
    from collections.abc import Callable

    from loader.extraction.text.reading import Attribution, Reading

    Attribute = Callable[..., tuple[Reading, Attribution]]

SPEECH, PROMISE, INTENT = StatementKind.SPEECH, StatementKind.PROMISE, StatementKind.INTENT
ATTITUDE, QUESTION = StatementKind.ATTITUDE, StatementKind.QUESTION


@pytest.mark.parametrize(
    ("sentence", "certainty", "hedges"),
    [
        ("<Canada> {said} [the treaty may be signed].", "possible", ["may"]),
        ("<Canada> {said} [the talks might fail].", "possible", ["might"]),
        ("<Canada> {said} [the talks could lead to a war].", "possible", ["could"]),
        ("<Canada> {said} [the treaty will probably be signed].", "probable", ["probably"]),
        ("<Canada> {said} [the fleet has reportedly left].", "probable", ["reportedly"]),
        ("<Canada> {said} [perhaps the fleet has left].", "possible", ["perhaps"]),
        ("<Canada> {said} [the fleet is likely to leave].", "probable", ["is likely to"]),
        ("<Canada> {said} [the fleet is expected to leave].", "probable", ["is expected to"]),
        ("<Canada> {said} [the fleet is believed to be lost].", "probable", ["is believed to"]),
        ("<Canada> {said} [the fleet seems to have left].", "probable", ["seems to"]),
        ("<Canada> {said} [there is a possibility of a new treaty].", "possible", ["there is a possibility of"]),
        ("<Canada> {said} [there is a chance that the fleet leaves].", "possible", ["there is a chance"]),
        ("<Analysts> {warned of} [the possible loss of the fleet].", "possible", ["possible"]),
        ("<Canada> {said} [it is possible that the fleet has left].", "possible", ["is possible"]),
    ],
)
def test_a_hedge_on_the_predicate_lowers_certainty(
    attribute: Attribute, sentence: str, certainty: str, hedges: list[str]
) -> None:
    reading, attribution = attribute(sentence)
    found = read_modality(reading, attribution.content, attribution)
    assert (found.certainty, [span.of(reading.article.text) for span in found.hedges]) == (certainty, hedges)


@pytest.mark.parametrize(
    "sentence",
    [
        "<Canada> {said} [it is interested in the possibility of technical cooperation].",
        "<Canada> {said} [Japan could use its influence].",
        "<Canada> {said} [it applies the strongest possible standards].",
        "<Canada> {said} [the parties identified potential areas of work].",
        "<Canada> {said} [the fleet leaves if the talks may fail].",
        "<Canada> {said} [it could not find the ship].",
        "<Canada> {said} [the minister is scheduled to visit Paris in May].",
    ],
)
def test_what_is_no_hedge_on_the_predicate_leaves_it_certain(attribute: Attribute, sentence: str) -> None:
    reading, attribution = attribute(sentence)
    found = read_modality(reading, attribution.content, attribution)
    assert (found.certainty, found.hedges) == (Certainty.CERTAIN, ())


@pytest.mark.parametrize(
    "sentence",
    [
        "<Canada> {said} [the fleet has not left].",
        "<Canada> {said} [it won't join the pact].",
        "<Canada> {said} [the fleet never left].",
        '<Canada> {said} there was "[no official information on the talks]".',
        "<Canada> {said} [there was no information on the talks].",
        "<Canada> {said} [no ship has left].",
        "<Canada> {said} [nobody was hurt].",
        "<Canada> {said} [the fleet is no longer at sea].",
        "<Canada> {said} [it has no plans for a new fleet].",
        "<Canada> {uses} it as a tool, but [not as a weapon].",
        '"[We do not think the fleet will leave]," <Canada> {said}.',
        "<Canada> {said} [the fleet is unlikely to leave].",
    ],
)
def test_a_negated_predicate_is_negated(attribute: Attribute, sentence: str) -> None:
    reading, attribution = attribute(sentence)
    assert read_modality(reading, attribution.content, attribution).polarity is Polarity.NEGATED


def test_a_denial_negates_what_is_denied(attribute: Attribute) -> None:
    reading, attribution = attribute("<Canada> {denied} [having sold the ships].", denied=True)
    assert read_modality(reading, attribution.content, attribution).polarity is Polarity.NEGATED


@pytest.mark.parametrize(
    "sentence",
    [
        "<Canada> {said} [its goal is not independence but union].",
        "<Canada> {said} [it not only sold the ships but built them].",
        "<Canada> {said} [the fleet that did not leave is safe].",
        "<Canada> {said} [the ships left no harbour unseen].",
        "<Canada> {said} [the fleet stays if the talks do not fail].",
    ],
)
def test_a_negation_elsewhere_leaves_the_proposition_affirmed(attribute: Attribute, sentence: str) -> None:
    reading, attribution = attribute(sentence)
    assert read_modality(reading, attribution.content, attribution).polarity is Polarity.AFFIRMED


@pytest.mark.parametrize(
    ("sentence", "kind", "time"),
    [
        ("<Canada> {said} [the fleet will leave].", SPEECH, "future"),
        ("<Canada> {said} [the fleet would leave].", SPEECH, "future"),
        ("<Canada> {says} [it is going to sell the ships].", SPEECH, "future"),
        ("<Canada> {says} [the fleet is scheduled to leave].", SPEECH, "future"),
        ("<Canada> {says} [the treaty is to be signed].", SPEECH, "future"),
        ("<Canada> {says} [it plans to sell the ships].", SPEECH, "future"),
        ("<Canada> {pledged to} [sell the ships].", PROMISE, "future"),
        ("<Canada> {committed to} [selling the ships].", PROMISE, "future"),
        ("<Canada> {agreed on} [the next steps].", PROMISE, "future"),
        ("<Canada> {reaffirmed} [the commitment to sell the ships].", SPEECH, "future"),
        ("<Canada> {said} [there is a possibility of a new treaty].", SPEECH, "future"),
        ("<Canada> {urged Japan} [to sell the ships].", QUESTION, "future"),
        ("<Canada> {said} [the fleet sailed in May].", SPEECH, "past"),
        ("<Canada> {said} [the fleet had left].", SPEECH, "past"),
        ("<Canada> {says} [Japan has sold the ships].", SPEECH, "past"),
        ("<Canada> {said} [it had the ships two years ago].", SPEECH, "past"),
        ("<Canada> {denied} [having sold the ships].", SPEECH, "past"),
        ("<Canada> {apologized for} [the loss of the ships].", ATTITUDE, "past"),
        ("<Canada> {says} [the fleet is at sea].", SPEECH, "present"),
        ("<Canada> {said} [it supported the treaty].", SPEECH, "present"),
        ("<Canada> {said} [there was no official information].", SPEECH, "present"),
        ("<Canada> {said} [the ships were leaving].", SPEECH, "present"),
        ("<Canada> {says} [the fleet has been placed on alert].", SPEECH, "present"),
        ("<Canada> {says} [no state has recognized the region].", SPEECH, "present"),
        ("<Canada> {welcomed} [the support for Ukraine].", ATTITUDE, "present"),
        ("<Canada> {expressed interest in} [joining the talks].", ATTITUDE, "present"),
        ('"[It would be imprudent to leave]," <Canada> {said}.', SPEECH, "present"),
        ('"[The fleet was at sea]," <Canada> {said}.', SPEECH, "past"),
    ],
)
def test_tense_and_cue_tell_when_the_proposition_holds(
    attribute: Attribute, sentence: str, kind: StatementKind, time: str
) -> None:
    reading, attribution = attribute(sentence, kind)
    assert read_modality(reading, attribution.content, attribution).temporality == Temporality(time)
