"""What the names in an article denote."""

from __future__ import annotations

from itertools import pairwise

import pytest
from parsed import denoted, reading

from loader.document import EntityKind


def kinds(*lines: str) -> dict[str, EntityKind]:
    return {mention.entity.key: mention.entity.kind for mention in reading(*lines).mentions}


def test_a_name_of_the_registry_denotes_its_entity_by_label_alias_and_demonym() -> None:
    parsed = reading("Japan and the U.K. spoke to Australian officials about AUKUS.")
    assert denoted(parsed, "Japan") == "japan"
    assert denoted(parsed, "U.K.") == "united-kingdom"
    assert denoted(parsed, "Australian") == "australia"
    assert denoted(parsed, "AUKUS") == "aukus"


def test_a_capital_that_acts_is_the_government() -> None:
    parsed = reading(
        "Tokyo is considering a wider role.", "That was Moscow's choice, and relations with Tbilisi broke."
    )
    assert denoted(parsed, "Tokyo") == "japan"
    assert denoted(parsed, "Moscow") == "russia"
    assert denoted(parsed, "Tbilisi") == "georgia"


@pytest.mark.parametrize(
    "sentence",
    ["The minister will visit Tokyo next month.", "Thousands marched in Tokyo.", "She flew to Tokyo on Monday."],
)
def test_a_capital_to_be_in_is_a_place_and_denotes_no_actor(sentence: str) -> None:
    assert denoted(reading(sentence), "Tokyo") == ""


def test_a_person_is_named_without_title_and_belongs_where_the_title_says() -> None:
    parsed = reading("Norwegian Foreign Minister Ingrid Solberg spoke. General James T. Hale, a U.S. adviser, left.")
    assert denoted(parsed, "Ingrid Solberg") == "ingrid-solberg"
    assert denoted(parsed, "James T. Hale") == "james-t-hale"
    homes = {mention.entity.key: mention.entity.affiliation for mention in parsed.mentions}
    assert homes["ingrid-solberg"] is not None
    assert homes["ingrid-solberg"].key == "norway"
    assert homes["james-t-hale"] is not None
    assert homes["james-t-hale"].key == "united-states"


def test_a_last_name_denotes_the_person_named_in_full_even_later() -> None:
    parsed = reading("Solberg said no.", "Ingrid Solberg is the minister of Norway.", "Mrs. Solberg left.")
    assert [denoted(parsed, "Solberg"), denoted(parsed, "Solberg", 2)] == ["ingrid-solberg", "ingrid-solberg"]


def test_two_spellings_of_one_name_are_one_person() -> None:
    parsed = reading("Hugo Chávez spoke.", "Later Chavez said that he would go. Hugo Chavez is ill.")
    assert {mention.entity.key for mention in parsed.mentions if mention.entity.kind is EntityKind.PERSON} == {
        "hugo-chavez"
    }


def test_a_title_tells_apart_two_persons_of_one_last_name() -> None:
    parsed = reading("Robert Dole and Elizabeth Dole met voters.", "Mrs. Dole said little. Mr. Dole said more.")
    assert denoted(parsed, "Dole", 2) == "elizabeth-dole"
    assert denoted(parsed, "Dole", 3) == "robert-dole"


def test_an_embassy_is_named_by_its_two_states() -> None:
    parsed = reading("Officials at Norway's embassy in Kenya declined to comment.")
    assert denoted(parsed, "Norway's embassy in Kenya") == "embassy-of-norway-in-kenya"


@pytest.mark.parametrize("words", ["the parliament of Georgia", "Georgia's parliament", "the Georgian Parliament"])
def test_a_parliament_is_named_by_its_state_however_it_is_worded(words: str) -> None:
    assert "parliament-of-georgia" in kinds(f"On Monday {words} voted to close the border.")


def test_a_government_is_its_state() -> None:
    assert denoted(reading("The Japanese government said so."), "Japanese government") == "japan"


def test_an_acronym_in_brackets_means_the_name_before_it() -> None:
    parsed = reading("The Harbour Workers Federation (HWF) went on strike.", "The HWF said it would not give in.")
    assert denoted(parsed, "HWF", 1) == denoted(parsed, "Harbour Workers Federation") == "harbour-workers-federation"


def test_a_body_that_holds_a_states_name_is_that_body() -> None:
    assert "bank-of-japan" in kinds("The Bank of Japan raised rates on Monday, and the Bank of Japan gave no reason.")


def test_the_south_is_the_state_where_the_article_names_it_so() -> None:
    parsed = reading("North and South Korea exchanged fire.", "The South retaliated.")
    assert denoted(parsed, "North") == "north-korea"
    assert denoted(parsed, "South", 1) == "south-korea"


def test_a_place_that_the_registry_lacks_is_a_state_only_where_it_acts_as_one() -> None:
    acting = kinds("Puntland said it would join them.", "Officials in Puntland agreed.")
    assert acting.get("puntland") is EntityKind.STATE
    assert "springfield" not in kinds("Two men were seen in Springfield on Friday.")


def test_a_newspaper_is_not_read_into_a_demonym() -> None:
    assert denoted(reading("The fleet left the Australian coast."), "Australian") == "australia"


def test_nothing_in_boilerplate_denotes_anything() -> None:
    parsed = reading(
        "Ministers met in the north and spoke for two hours about fish and fences.",
        "Read next: Japan and Ingrid Solberg",
    )
    assert parsed.mentions == ()


def test_mentions_and_groups_are_in_order_and_do_not_overlap() -> None:
    parsed = reading(
        "Japan, Norway and Kenya met Prime Minister Ingrid Solberg. The three countries said they agreed.",
        "A spokesman for Norway's embassy in Kenya said it was pleased, and both sides signed.",
    )
    spans = sorted([mention.span for mention in parsed.mentions] + [group.span for group in parsed.groups])
    assert all(one.end <= other.start for one, other in pairwise(spans))
    assert list(parsed.mentions) == sorted(parsed.mentions, key=lambda mention: mention.span)


def test_a_hyphen_parts_no_name() -> None:
    parsed = reading("Prime Minister Mohammed Al-Sudani spoke first. Later Sudani met Ban Ki-moon.")
    assert denoted(parsed, "Mohammed Al-Sudani") == "mohammed-al-sudani"
    assert denoted(parsed, "Sudani", 1) == "mohammed-al-sudani"
    assert denoted(parsed, "Ban Ki-moon") == "ban-ki-moon"


def test_a_capitalised_name_that_says_something_is_an_organisation() -> None:
    parsed = reading("The reefs along the coast are dying, according to AZCentral.")
    assert denoted(parsed, "AZCentral") == "azcentral"


def test_an_unknown_body_is_an_outlet_by_its_words() -> None:
    found = kinds("The strike is over, the Harbour Gazette reported on Monday. The Harbour Gazette named no source.")
    assert found.get("harbour-gazette") is EntityKind.NEWS_OUTLET


def test_an_ordinary_word_in_a_headline_in_capitals_is_no_part_of_a_name() -> None:
    text = "Jane Roe Is Next"
    assert not [mention for mention in reading(text).mentions if "next" in mention.entity.key]


def test_a_ministry_of_a_state_by_its_official_name_is_that_of_the_state() -> None:
    parsed = reading(
        "The Foreign Ministry of the Democratic People's Republic of Korea denounced the drill.",
        "The Ministry of Defence of the Russian Federation said nothing.",
    )
    keys = {mention.entity.key for mention in parsed.mentions}
    assert {"foreign-ministry-of-north-korea", "ministry-of-defence-of-russia"} <= keys


def test_the_state_behind_a_titled_name_is_the_state_of_the_person() -> None:
    parsed = reading("Prime Minister Jane Roe of Peru spoke on Friday.")
    roe = next(mention.entity for mention in parsed.mentions if mention.entity.key == "jane-roe")
    assert roe.affiliation is not None
    assert roe.affiliation.key == "peru"
