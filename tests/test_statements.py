from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad

from loader.document import Document, Entity, EntityKind, ReportMode, SourceNaming, Span, StatementKind
from loader.extraction.dating.times import find_times
from loader.extraction.meaning.statements import compose
from loader.extraction.text.reading import Voices
from loader.mapping.quads import quads
from loader.registry import Registry
from ontology.conformance import Conformance
from ontology.vocabulary import Mint

if TYPE_CHECKING:
    from collections.abc import Callable

    from loader.document import Statement
    from loader.extraction.text.reading import Attribution, Reading

    Attribute = Callable[..., tuple[Reading, Attribution]]

MINT = Mint("https://pactgraph.example/")
CANADA = Entity(EntityKind.STATE, "canada", "Canada", registered=True)
OUTLET = Entity(EntityKind.NEWS_OUTLET, "reuters", "Reuters", registered=True)
MINISTER = Entity(EntityKind.PERSON, "anna-berg", "Anna Berg", affiliation=CANADA)
SOMEBODY = Entity(EntityKind.UNNAMED_SOURCE, "11-20", "an official", affiliation=CANADA)
STATE = Voices(SourceNaming.INSTITUTION, speakers=(CANADA,))


def said(found: tuple[Reading, Attribution], voices: Voices = STATE) -> Statement:
    reading, attribution = found
    statements, _ = compose(reading, (attribution,), (voices,), find_times(reading))
    (statement,) = (statement for statement in statements if statement.cue)
    return statement


@pytest.mark.parametrize(
    ("sentence", "medium"),
    [
        ('"[It is over]," <Canada> {said in a statement}.', "written-statement"),
        ("<Canada> {said} in an interview that [it was over].", "interview"),
        ("<Canada> {told} reporters that [it was over].", "spoken"),
        ("<Canada> {said} at a press conference that [it was over].", "spoken"),
        ("<Canada> {tweeted} that [it was over].", "social"),
        ("<Canada> {wrote} on Facebook that [it was over].", "social"),
        ("<The report> {says} that [it was over].", "report"),
        ("<A briefing from the House> {named} [three states].", "report"),
        ("<The joint statement> {said} [it was over].", "written-statement"),
        ("<Canada> {said} [it was over].", None),
        ("<Canada> {said} [the statement was false].", None),
    ],
)
def test_the_medium_is_what_the_cue_or_the_source_names(
    attribute: Attribute, sentence: str, medium: str | None
) -> None:
    assert said(attribute(sentence)).medium == medium


@pytest.mark.parametrize(
    ("sentence", "utterance", "event"),
    [
        ("<Canada> {said} on Wednesday that [the fleet would leave].", ["Wednesday"], []),
        ("<Canada> {said} [the fleet would leave on Friday].", [], ["Friday"]),
        ("<Canada> {said} today [the fleet would leave in May].", ["today"], ["May"]),
        ("<A briefing, compiled last year>, {named} [three states].", ["last year"], []),
        ("<Canada> {said} [it opposed the ministers who met in May].", [], []),
        ("<Canada> {said} [it would act if nothing changed by Friday].", [], []),
        ("<Canada> {backed} [the plan]. The statement on Wednesday was short.", ["Wednesday"], []),
        (
            "The minister will visit Paris next month, and <Canada> {expects} [a treaty during the visit].",
            [],
            ["next month"],
        ),
    ],
)
def test_a_time_belongs_to_the_saying_or_to_what_is_said(
    attribute: Attribute, sentence: str, utterance: list[str], event: list[str]
) -> None:
    found = attribute(sentence)
    statement, text = said(found), found[0].article.text
    assert [time.of(text) for time in statement.utterance_times] == utterance
    assert [time.of(text) for time in statement.event_times] == event


def test_added_keeps_the_medium_of_what_it_goes_on_with(attribute: Attribute) -> None:
    reading, first = attribute('"[It is over]," <Canada> {said in a statement}. "We won," it added.')
    text = reading.article.text
    cue = Span(text.index("added"), text.index("added") + 5)
    content = Span(text.index("We won"), text.index("We won") + 6)
    second = replace(first, cue=cue, content=content, cue_token=reading.tokens(cue).root, verbatim=(content,))
    statements, _ = compose(reading, (first, second), (STATE, STATE), ())
    assert [statement.medium for statement in statements] == ["written-statement", "written-statement"]


def test_a_participle_that_explains_an_attitude_shares_its_stance(attribute: Attribute) -> None:
    reading, first = attribute("<Canada> {criticized} [the attack], saying Japan is losing the battle.")
    text = reading.article.text
    cue = Span(text.index("saying"), text.index("saying") + 6)
    content = Span(text.index("Japan"), text.index("battle") + 6)
    second = replace(first, cue=cue, content=content, cue_token=reading.tokens(cue).root)
    statements, _ = compose(reading, (first, second), (STATE, STATE), ())
    assert [statement.stance for statement in statements if statement.cue] == ["opposed", "opposed"]


@pytest.mark.parametrize(
    ("headline", "body", "restates"),
    [
        ("<Canada> {says} [it will join AUKUS]", "Canada will join AUKUS next year.", True),
        ("<Canada> {says} [it will join AUKUS]", "The fleet of NATO sailed in May.", False),
        ("<Canada> {says} [it will join AUKUS]", "Canada will not join AUKUS.", False),
    ],
)
def test_a_headline_restates_the_body_statement_with_its_words(
    attribute: Attribute, headline: str, body: str, restates: bool
) -> None:
    reading, attribution = attribute(headline + "\n" + body, before="")
    statements, _ = compose(reading, (attribution,), (STATE,), ())
    first, *rest = statements
    assert first.section == "headline"
    assert bool(first.restates) is restates
    assert set(first.restates) <= {statement.key for statement in rest}
    assert not any(statement.restates for statement in rest)


def test_words_in_boilerplate_make_no_statement(attribute: Attribute) -> None:
    reading, attribution = attribute("Read next: <Canada> {says} [it will join AUKUS]")
    assert reading.page.boilerplate
    assert compose(reading, (attribution,), (STATE,), ()) == ((), ())


def test_the_same_content_and_cue_make_one_statement(attribute: Attribute) -> None:
    reading, attribution = attribute("<Canada> {said} [it was over].")
    statements, _ = compose(reading, (attribution, attribution), (STATE, STATE), ())
    assert len(statements) == 1


def test_voices_must_be_aligned_with_the_attributions(attribute: Attribute) -> None:
    reading, attribution = attribute("<Canada> {said} [it was over].")
    with pytest.raises(ValueError, match="zip"):
        compose(reading, (attribution,), (), ())


_SENTENCES = (
    "<Canada> {said} [AUKUS may grow].",
    '"[We will join AUKUS in 2025]," <Canada> {said in a statement} on Friday.',
    "<Canada> {welcomed} [the fleet of NATO].",
    "<Canada> {named} [Japan and France as candidates for AUKUS Pillar II].",
    "<Canada> {denied} [having left NATO].",
    "Russia attacked Ukraine, and <Canada> {said} [it would probably help].",
)


@pytest.fixture(scope="module")
def conformance() -> Conformance:
    known = Registry.load().quads(MINT)
    return Conformance([*known, *_minister()])


@settings(max_examples=50, deadline=None)
@given(
    sentence=st.sampled_from(_SENTENCES),
    naming=st.sampled_from(list(SourceNaming)),
    speakers=st.lists(st.sampled_from([CANADA, MINISTER, SOMEBODY]), unique=True, max_size=2),
    mode=st.sampled_from([ReportMode.DIRECT, ReportMode.INDIRECT, ReportMode.MIXED]),
    kind=st.sampled_from(list(StatementKind)),
    shift=st.integers(0, 30),
    relays=st.booleans(),
    outlet=st.booleans(),
    denied=st.booleans(),
)
def test_whatever_is_found_conforms_to_the_shapes(
    *,
    attribute: Attribute,
    conformance: Conformance,
    sentence: str,
    naming: SourceNaming,
    speakers: list[Entity],
    mode: ReportMode,
    kind: StatementKind,
    shift: int,
    relays: bool,
    outlet: bool,
    denied: bool,
) -> None:
    reading, attribution = attribute(sentence, kind)
    words = Span(attribution.content.start - 5 + shift, attribution.content.start + shift)
    attribution = replace(
        attribution,
        mode=mode,
        verbatim=(words,),
        quotes=(words,),
        relays=(attribution.cue,) if relays else (),
        negated_cue=denied,
    )
    voices = Voices(naming, speakers=tuple(speakers), relayed_by=(OUTLET,) if outlet else ())
    times = find_times(reading)
    statements, memberships = compose(reading, (attribution,), (voices,), times)
    document = Document(reading.article, statements, memberships, times, reading.page.boilerplate, reading.mentions)
    conformance.conform(quads(document, MINT), reading.article.text)


def _minister() -> list[Quad]:
    """Return what the loader tells beside an article of an actor that the registry lacks."""
    node, graph = NamedNode(MINT.entity(MINISTER.path)), NamedNode(MINT.auto_graph)
    kind = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    label = NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel")
    person = NamedNode("https://pactgraph.example/ns#Person")
    return [Quad(node, kind, person, graph), Quad(node, label, Literal("Anna Berg", language="en"), graph)]


@pytest.mark.parametrize(
    ("rule", "voices", "least", "most"),
    [
        ("quote", STATE, 0.9, 1.0),
        ("clause+quote+quote", STATE, 0.9, 1.0),
        ("object", STATE, 0.6, 0.85),
        ("noun of", STATE, 0.3, 0.7),
        ("a rule that no table knows", STATE, 0.3, 0.8),
        ("clause", Voices(SourceNaming.NONE), 0.3, 0.7),
    ],
)
def test_confidence_follows_the_rule_and_how_well_the_source_is_known(
    attribute: Attribute, rule: str, voices: Voices, least: float, most: float
) -> None:
    reading, attribution = attribute("<Canada> {said} [it was over].")
    statement = said((reading, replace(attribution, rule=rule)), voices)
    assert statement.confidence is not None
    assert least <= statement.confidence <= most
