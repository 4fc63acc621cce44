"""Who speaks, how far they are named, for whom they speak, and who relays it."""

from __future__ import annotations

import pytest
from parsed import attribution, name, read, reading

from loader.document import EntityKind
from loader.extraction.meaning.speakers import identify


def voices(*lines: str, source: str | None, relays: tuple[str, ...] = (), nth: int = 0) -> tuple[str, str, str, str]:
    """Return naming, speakers, on behalf of, relayed by."""
    parsed = reading(*lines)
    found = identify(parsed, (attribution(parsed, source, *relays, nth=nth),))[0]
    lists = (found.speakers, found.on_behalf_of, found.relayed_by)
    speakers, behalf, relayed = (", ".join(name(entity) for entity in entities) for entities in lists)
    return str(found.naming), speakers, behalf, relayed


@pytest.mark.parametrize(
    ("line", "source", "naming", "speaker"),
    [
        ("Ingrid Solberg said no.", "Ingrid Solberg", "named", "ingrid-solberg"),
        ("Norway's president, Paul Hansen said no.", "Norway's president, Paul Hansen", "named", "paul-hansen"),
        ("The mayor of Oslo, Paul Hansen, said no.", "The mayor of Oslo, Paul Hansen", "named", "paul-hansen"),
        ("Paul Hansen, one of Roe's deputies, said no.", "Paul Hansen, one of Roe's deputies", "named", "paul-hansen"),
        ("Norway said no.", "Norway", "institution", "norway"),
        ("NATO said no.", "NATO", "institution", "nato"),
        ("US officials said no.", "US officials", "anonymous", "US officials <united-states>"),
        ("Two diplomats said no.", "Two diplomats", "anonymous", "Two diplomats <>"),
        ("Many Americans said no.", "Many Americans", "anonymous", "Many Americans <united-states>"),
        ("A study found nothing.", "A study", "document", ""),
        ("A report by NATO found it.", "A report by NATO", "document", "nato"),
        ("The Commission's report found it.", "The Commission's report", "document", "commission"),
        ("A briefing from Norway named it.", "A briefing from Norway", "document", "norway"),
    ],
)  # fmt: skip
def test_the_words_of_a_source_tell_who_speaks_and_how_far_they_are_named(
    line: str, source: str, naming: str, speaker: str
) -> None:
    assert voices(line, source=source)[:2] == (naming, speaker)


def test_without_source_words_there_is_no_speaker() -> None:
    assert voices("It is said that rain fell.", source=None) == ("none", "", "", "")


def test_a_spokesperson_without_a_name_speaks_for_the_body() -> None:
    source = "a Russian government spokesperson"
    expected = ("spokesperson", "a Russian government spokesperson <russia>", "russia", "")
    assert voices(f"However, {source} said there was no news.", source=source) == expected


def test_an_embassy_and_its_spokesperson_speak_for_the_state() -> None:
    lines = ("A spokesperson from Norway's embassy in Kenya spoke first.", "The embassy said so. The official agreed.")
    assert voices(*lines, source="The embassy")[2] == "norway"
    assert voices(*lines, source="The official")[::2] == ("spokesperson", "norway")


def test_a_named_spokesperson_speaks_for_the_body_and_a_ministrys_for_the_state() -> None:
    military = "Colonel Paul Hansen, a spokesman for the U.S. military in Kenya"
    assert voices(f"“It is over,” said {military}.", source=military)[1:3] == (
        "paul-hansen",
        "united-states-armed-forces",
    )
    ministry = "Ann Roe, a spokesperson for the Kenyan Foreign Ministry"
    assert voices(f"“It is over,” {ministry}, said.", source=ministry)[1:3] == ("ann-roe", "kenya")


def test_a_spokesman_stays_one_where_only_the_last_name_is_given() -> None:
    lines = ("Kremlin spokesman Paul Hansen spoke on Monday.", "“It is over,” Hansen said.")
    assert voices(*lines, source="Hansen", nth=1)[:2] == ("named", "paul-hansen")
    assert voices(*lines, source="Hansen", nth=1)[2] != ""


@pytest.mark.parametrize("title", ["President", "Foreign Minister"])
def test_a_president_or_minister_speaks_for_nobody_else(title: str) -> None:
    assert voices(f"Norwegian {title} Paul Hansen said no.", source=f"Norwegian {title} Paul Hansen")[2] == ""


def test_joint_speakers_are_all_of_them() -> None:
    assert voices("Paul Hansen and Ann Roe said no.", source="Paul Hansen and Ann Roe")[1] == "paul-hansen, ann-roe"
    three = "Japan, Norway and Kenya"
    assert voices(f"{three} look forward to it.", source=three)[1] == "japan, norway, kenya"
    lines = ("President Paul Hansen met Prime Minister Ann Roe.", "The leaders condemned it.")
    assert voices(*lines, source="The leaders")[:2] == ("named", "paul-hansen, ann-roe")


def test_a_pronoun_gives_the_full_name() -> None:
    lines = ("Hansen spoke for an hour. “It is over,” he said.", "Paul Hansen is the mayor.")
    assert voices(*lines, source="he")[:2] == ("named", "paul-hansen")


def test_a_pronoun_that_nothing_fits_is_an_unnamed_source_of_its_own() -> None:
    assert voices("Rain fell. She said so.", source="She")[:2] == ("anonymous", "She <>")


def test_one_unnamed_source_has_one_entity_throughout() -> None:
    parsed = reading("A spokesman for NATO spoke. The spokesman said no. “Never,” he added.")
    sources = ("A spokesman for NATO", "The spokesman", "he added")
    found = identify(
        parsed, tuple(attribution(parsed, words.split(" added")[0], nth=words == "he added") for words in sources)
    )
    assert len({voice.speakers for voice in found[:2]}) == 1


@pytest.mark.parametrize(
    ("words", "outlet"),
    [
        ("as quoted by AFP", "afp"),
        ("cited by Japan's Nikkei", "nikkei"),
        ("as quoted by the Harbour Times", "harbour-times"),
        ("told Radio Tromso", "radio-tromso"),
    ],
)
def test_a_relay_gives_its_outlet(words: str, outlet: str) -> None:
    relayed = voices(f"Paul Hansen said {words} that it was over.", source="Paul Hansen", relays=(words,))[3]
    assert relayed == outlet


def test_each_relay_gives_one_outlet_and_an_unknown_one_is_a_news_outlet() -> None:
    parsed = reading("Paul Hansen said in an interview with ABC News, as quoted by the Harbour Times, that rain fell.")
    found = identify(parsed, (attribution(parsed, "Paul Hansen", "ABC News", "as quoted by the Harbour Times"),))[0]
    assert [entity.key for entity in found.relayed_by] == ["abc-news", "harbour-times"]
    assert {entity.kind for entity in found.relayed_by} == {EntityKind.NEWS_OUTLET}


def test_spokesperson_and_anonymous_are_said_of_unnamed_speakers_only() -> None:
    parsed = reading("Paul Hansen and US officials said no. A NATO spokesman agreed; a report disagreed.")
    for source in ("Paul Hansen and US officials", "US officials", "A NATO spokesman", "a report"):
        found = identify(parsed, (attribution(parsed, source),))[0]
        unnamed = bool(found.speakers) and all(one.kind is EntityKind.UNNAMED_SOURCE for one in found.speakers)
        assert unnamed == (found.naming in ("spokesperson", "anonymous")), source


def test_the_first_person_of_a_statement_is_its_author() -> None:
    text = "Statement by President Paul Hansen on the harbour\nI condemn the attack on the harbour."
    parsed = read(text)
    assert [name(one) for one in identify(parsed, (attribution(parsed, "I"),))[0].speakers] == ["paul-hansen"]


def test_the_first_person_of_any_other_article_is_nobody_known() -> None:
    assert voices("I asked Paul Hansen.", source="I")[:2] == ("anonymous", "I <>")


def test_leaders_named_by_their_states_are_all_of_them() -> None:
    words = "the leaders of Chile, Peru, and Norway"
    assert voices(f"Today {words} announced a pact.", source=words)[1] == "chile, peru, norway"


def test_the_leaders_stay_who_they_were_when_others_are_listed() -> None:
    lines = (
        "Chile and Peru met in Oslo.",
        "The leaders welcomed a statement by Japan and Canada.",
        "The two leaders said no.",
        "The leaders said yes.",
    )
    for nth, source in ((0, "The leaders"), (0, "The two leaders"), (1, "The leaders")):
        assert voices(*lines, source=source, nth=nth)[1] == "chile, peru", source


@pytest.mark.parametrize(
    ("lines", "behalf"),
    [
        (("Chile's foreign ministry left. Spokesman Paul Hansen said no.",), "chile"),
        (("Norway left. Its spokesman, Paul Hansen, said no.",), "norway"),
        (("Norway left. Paul Hansen, a spokesman for the trade union, said no.",), ""),
        (("Norway left.", "The day ended. Spokesman Paul Hansen said no."), ""),
    ],
)
def test_a_bare_spokesman_speaks_for_the_subject_of_the_sentence_before(lines: tuple[str, ...], behalf: str) -> None:
    assert voices(*lines, source="Paul Hansen")[2] == behalf
