"""What tells the linker who is meant: what stands beside a name, where the other names lie, what is better known."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from authorities import EVERYBODY, EVIDENCE, make_authority, names

from loader.document import EntityKind, Span
from loader.linking.linker import Linker
from loader.linking.scene import Named, Scene, bare
from loader.linking.writer import Record
from ontology.authority import Entity, open_authority

if TYPE_CHECKING:
    from ontology.authority import Authority


def place(qid: str, label: str, description: str, prior: int, country: str, *aliases: str) -> Record:
    entity = Entity(qid, label, description, "place", prior=prior, country=country)
    return Record(entity, names(label, *aliases), evidence=EVIDENCE)


def body(qid: str, label: str, description: str, country: str | None, *aliases: str) -> Record:
    entity = Entity(qid, label, description, "organisation", prior=20, country=country)
    return Record(entity, names(label, *aliases), evidence=EVIDENCE)


def state(qid: str, label: str, code: str, prior: int = 300) -> Record:
    entity = Entity(qid, label, "", "state", prior=prior, country=qid)
    return Record(entity, names(label), externals=(("iso3166-1-alpha-2", code),), evidence=EVIDENCE)


RECORDS = (
    *EVERYBODY,
    state("Q145", "United Kingdom", "GB"),
    state("Q414", "Argentina", "AR"),
    state("Q739", "Colombia", "CO"),
    place("Q84", "London", "capital of United Kingdom", 399, "Q145"),
    place("Q65", "Los Angeles", "city in California, United States", 197, "Q30"),
    place("Q824", "Oregon", "state of the United States of America", 120, "Q30"),
    place("Q43919", "Salem", "city in Oregon, United States", 42, "Q30"),
    place("Q60", "New York City", "city in New York, United States", 297, "Q30", "New York"),
    place("Q1384", "New York", "state of the United States of America", 200, "Q30"),
    place("Q5083", "Seattle", "city in Washington, United States", 90, "Q30"),
    place("Q1223", "Washington", "state of the United States of America", 200, "Q30"),
    place("Q61", "Washington, D.C.", "capital of United States", 183, "Q30", "Washington"),
    place("Q1904", "Ontario", "province of Canada", 100, "Q16"),
    place("Q172", "Ontario City", "city in Canada", 90, "Q16"),
    state("Q230", "Colchis", "GE"),
    place("Q1428", "Colchis", "state of the United States of America", 150, "Q30"),
    place("Q172415", "Kutaisi", "city in Colchis", 80, "Q230"),
    place("Q9863", "Salem", "city in India", 96, "Q668"),
    place("Q1486", "Buenos Aires", "capital of Argentina", 400, "Q414"),
    place("Q44754", "Buenos Aires Province", "province of Argentina", 100, "Q414", "Buenos Aires"),
    place("Q26253", "Madeira", "archipelago of Portugal", 90, "Q45"),
    Record(
        Entity("Q81299", "Council for Security and Co-operation in Europe", "", "organisation", prior=50),
        names("Council for Security and Co-operation in Europe", "CSCE"),
        evidence=EVIDENCE,
    ),
    body("Q1061", "Clark School Co-operative Establishment", "school in Nevada", "Q30", "CSKE"),
    body("Q82151", "Food Organization", "agency of the United Nations", None),
    body("Q54173", "General Electric", "American multinational conglomerate", "Q30"),
    body("Q11220", "United States Navy", "maritime branch of the United States military", "Q30"),
    body("Q3315422", "Ministry of Transport", "ministry of the Government of Colombia", "Q739"),
    body("Q246", "Volkswagen", "German automotive brand; manufacturing subsidiary of Volkswagen Group", None),
    body("Q156578", "Volkswagen Group", "German automotive conglomerate", None, "Volkswagen"),
    body("Q902650", "Koninklijke DSM", "Dutch chemical company", None, "DSM"),
)


@pytest.fixture(scope="module")
def linker(tmp_path_factory: pytest.TempPathFactory) -> Linker:
    path = make_authority(tmp_path_factory.mktemp("linker") / "small.sqlite", RECORDS)
    authority: Authority = open_authority(path)
    return Linker(authority, {"actor/united-states": "Q30"})


def accepted(linker: Linker, text: str, *read: Named, on: dt.date | None = None) -> list[tuple[str, str]]:
    return [
        (each.named.span.of(text), each.decision.accepted.id)
        for each in linker.link_text(text, read, on)
        if each.decision.accepted is not None and not each.is_adjective
    ]


def given(linker: Linker, text: str, name: str, *read: Named) -> str | None:
    start = text.index(name)
    (found,) = linker.link_given(text, [Span(start, start + len(name))], read)
    return found.decision.accepted.id if found.decision.accepted else None


def named(text: str, name: str, kind: EntityKind = EntityKind.ORGANIZATION, known: str | None = None) -> Named:
    start = text.index(name)
    return Named(Span(start, start + len(name)), kind, known)


# ---- parts of longer names


@pytest.mark.parametrize(
    "text",
    [
        "They met the Los Angeles Lakers.",
        "It is the University of Japan.",
        "He bought Acme Corp Japan Inc.",
        "The fleet of North Japan came.",
        "They sailed the Japan Sea.",
        "It is a party to the Treaty of London.",
        "It launched the London-8 operation.",
        "Citizens for Ethics in London (CEL) said so.",
        "They asked Pharmacy Network Japan, LLC for it.",
        "The London accords were signed.",
        "They fished in Lake Japan.",
        "It went to Japan District Court.",
        "He leads the Veterans of Japan.",
    ],
)
def test_a_place_in_a_longer_name_is_not_meant(linker: Linker, text: str) -> None:
    assert accepted(linker, text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("He flew from Japan on Monday.", ("Japan", "Q17")),
        ("Acme Trading Ltd of Japan said so.", ("Japan", "Q17")),
        ("Experts At London Talk Of Peace", ("London", "Q84")),
        ("The president of Japan said so.", ("Japan", "Q17")),
    ],
)
def test_a_place_beside_other_words_is_meant(linker: Linker, text: str, found: tuple[str, str]) -> None:
    assert accepted(linker, text) == [found]


@pytest.mark.parametrize(
    "text",
    [
        "They ate London beans and Japan bacon.",
        "They saw the London, a ship, sail.",
        "The submarine London sailed. London sank.",
        "The London lander came down. London found water.",
        "It was told to Mr. London by them.",
        "The Honorable London Romero, Mayor of Unheardof",
    ],
)
def test_what_is_called_after_a_place_is_not_the_place(linker: Linker, text: str) -> None:
    assert accepted(linker, text) == []


def test_a_first_name_that_is_a_place_too_is_meant_only_where_a_place_would_stand(linker: Linker) -> None:
    text = "We met London Breed today. London said so. She came from London in May."
    assert accepted(linker, text, named(text, "London Breed", EntityKind.PERSON)) == [("London", "Q84")]


def test_a_region_is_not_short_for_its_city(linker: Linker) -> None:
    assert accepted(linker, "He lives in Ontario.") == [("Ontario", "Q1904")]


def test_a_body_of_a_state_that_the_article_does_not_name_is_not_found_by_its_name_alone(linker: Linker) -> None:
    assert accepted(linker, "They met General Electric in Japan.") == [("Japan", "Q17")]
    assert ("General Electric", "Q54173") in accepted(linker, "They met General Electric in the U.S. in May.")


def test_a_name_of_a_state_and_of_a_region_is_open_unless_the_article_names_a_place_of_either(linker: Linker) -> None:
    assert accepted(linker, "Regulators in Colchis met.") == []
    assert accepted(linker, "Regulators in Colchis met. Kutaisi was quiet.")[0] == ("Colchis", "Q230")


def test_a_states_acronym_behind_a_companys_name_is_a_part_of_it(linker: Linker) -> None:
    assert accepted(linker, "It bought Monobloc U.S.A. from them.") == []
    assert accepted(linker, "He came to the U.S. in May.") == [("U.S.", "Q30")]


def test_a_government_is_no_state_and_the_state_before_it_an_adjective(linker: Linker) -> None:
    text = "He told U.S. Government sources."
    read = named(text, "U.S. Government", EntityKind.STATE, "actor/united-states")
    assert accepted(linker, text, read) == []
    text = "Both U.S. and Japanese officials came."
    assert accepted(linker, text, named(text, "U.S.", EntityKind.STATE, "actor/united-states")) == []


def test_a_body_that_begins_with_a_states_name_is_not_the_state(linker: Linker) -> None:
    text = "The U.S. Small Business Administration said so."
    assert accepted(linker, text, named(text, "U.S. Small Business Administration", EntityKind.STATE)) == []


# ---- which of several


@pytest.mark.parametrize(
    ("text", "qid"),
    [("She lives in Salem, Oregon.", "Q43919"), ("She lives in Salem, Ore, near them.", "Q43919")],
)
def test_a_region_behind_a_comma_tells_which_place(linker: Linker, text: str, qid: str) -> None:
    assert given(linker, text, "Salem") == qid


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("She lives in London, Ontario, with them.", ["Q1904"]),
        ("She lives in London, Argentina.", ["Q414"]),
        ("She lives in Los Angeles, Oregon.", ["Q824"]),
        ("She lives in Los Angeles, Calif.", ["Q65"]),
        ("In London, Argentina and Japan agreed.", ["Q84", "Q414", "Q17"]),
    ],
)
def test_a_place_elsewhere_than_the_region_behind_it_is_not_meant(linker: Linker, text: str, found: list[str]) -> None:
    assert [qid for _, qid in accepted(linker, text)] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The council met in New York on Monday.", ["Q60"]),
        ("The New York governor came.", []),
        ("They voted in Oregon and New York.", ["Q824"]),
        ("She is a senator from New York.", ["Q1384"]),
    ],
)
def test_a_city_called_like_its_region_is_meant_unless_regions_are_spoken_of(
    linker: Linker, text: str, found: list[str]
) -> None:
    assert [qid for _, qid in accepted(linker, text)] == found


def test_a_place_that_is_the_surname_of_somebody_in_the_article_is_meant_only_where_a_place_would_stand(
    linker: Linker,
) -> None:
    text = "Jack London wrote it. London said so. He came from London in May."
    assert accepted(linker, text) == [("London", "Q84")]
    assert len(accepted(linker, "On Monday London said so. London says so.")) == 2


@pytest.mark.parametrize(
    ("text", "qid"),
    [
        ("She lives in Unheardof, New York, with them.", "Q1384"),
        ("Flowers from Utica, New York, are fine. Utica, New York, has more.", "Q1384"),
        ("She lives in Los Angeles, New York and London.", "Q60"),
        ("Los Angeles, New York and London met.", "Q60"),
    ],
)
def test_a_region_behind_a_town_is_no_city(linker: Linker, text: str, qid: str) -> None:
    assert ("New York", qid) in accepted(linker, text)


def test_a_region_behind_a_known_town_of_it_is_no_city(linker: Linker) -> None:
    assert given(linker, "Seattle, Washington, has rain.", "Washington") == "Q1223"


def test_a_state_of_a_state_is_no_city(linker: Linker) -> None:
    assert given(linker, "Lawmakers of Washington state met.", "Washington") == "Q1223"
    assert given(linker, "Lawmakers came on a New York state visit.", "New York") == "Q60"


def test_the_better_known_of_two_places_needs_a_reason_where_it_is_found_and_none_where_it_is_given(
    linker: Linker,
) -> None:
    assert accepted(linker, "She lives in Salem.") == []
    assert given(linker, "She lives in Salem.", "Salem") == "Q9863"


def test_a_province_that_the_article_calls_so_is_no_city(linker: Linker) -> None:
    text = "It rained in Buenos Aires province of Argentina."
    assert given(linker, text, "Buenos Aires") == "Q44754"
    assert given(linker, "It rained in Buenos Aires, Argentina.", "Buenos Aires") == "Q1486"


def test_of_a_whole_and_its_part_of_one_name_the_whole_is_meant(linker: Linker) -> None:
    text = "Volkswagen said so."
    assert accepted(linker, text, named(text, "Volkswagen")) == [("Volkswagen", "Q156578")]


def test_a_legal_form_of_another_country_names_another_company(linker: Linker) -> None:
    text = "General Electric Co Plc said so."
    assert given(linker, text, "General Electric Co Plc", named(text, "General Electric Co Plc")) is None
    text = "General Electric Co said so."
    assert given(linker, text, "General Electric Co", named(text, "General Electric Co")) == "Q54173"


def test_a_company_that_is_called_like_an_island_is_none(linker: Linker) -> None:
    assert given(linker, "Madeira Inc said so.", "Madeira Inc") is None


def test_a_ministry_that_many_states_have_means_one_whose_state_is_named(linker: Linker) -> None:
    text = "The Ministry of Transport said so in Japan."
    assert given(linker, text, "Ministry of Transport", named(text, "Ministry of Transport")) is None
    text = "The Ministry of Transport said so in Colombia."
    assert given(linker, text, "Ministry of Transport", named(text, "Ministry of Transport")) == "Q3315422"


# ---- offices


def test_a_title_that_names_no_state_is_of_one_that_the_article_names(linker: Linker) -> None:
    text = "Prime Minister Kishida of Japan came."
    read = named(text, "Kishida", EntityKind.PERSON)
    day = dt.date(2024, 3, 6)
    assert accepted(linker, text, read, on=day) == [("Kishida", "Q359480"), ("Japan", "Q17")]
    text = "Prime Minister Kishida came."
    assert accepted(linker, text, named(text, "Kishida", EntityKind.PERSON), on=day) == []


def test_another_words_title_is_not_read_as_one_of_a_state(linker: Linker) -> None:
    text = "The Vice Prime Minister came to Japan."
    read = named(text, "Vice Prime Minister", EntityKind.PERSON)
    assert accepted(linker, text, read, on=dt.date(2024, 3, 6)) == [("Japan", "Q17")]


def test_a_word_that_shares_nothing_with_a_full_name_does_not_stand_for_it(linker: Linker) -> None:
    text = "Ambassador and guests came."
    read = Named(Span(0, 10), EntityKind.PERSON, None, "Fumio Kishida")
    assert accepted(linker, text, read) == []


# ---- short names


def test_a_given_name_may_be_short_for_a_body_of_a_state_that_is_named(linker: Linker) -> None:
    text = "He left the Navy of the United States."
    assert given(linker, text, "Navy") == "Q11220"
    assert accepted(linker, text) == [("United States", "Q30")]


@pytest.mark.parametrize(
    ("text", "short", "full"),
    [
        ("Volkswagen AG, VW, said so.", "VW", "Volkswagen AG"),
        ("Advanced Micro Devices (AMD) said so.", "AMD", "Advanced Micro Devices"),
        ("The firm NV DSM (DSMN.AS) said so.", "DSMN.AS", "NV DSM"),
    ],
)
def test_letters_and_codes_of_exchanges_stand_for_the_name_before_them(text: str, short: str, full: str) -> None:
    assert Scene.of(text, []).spelt_out[short] == full


@pytest.mark.parametrize("name", ["Food Organization", "Food Organisation"])
def test_a_body_is_found_by_the_british_and_the_american_spelling(linker: Linker, name: str) -> None:
    text = f"He joined {name} in May."
    assert given(linker, text, name) == "Q82151"


def test_a_long_acronym_names_a_body_of_nations_without_its_name_but_none_of_a_state(linker: Linker) -> None:
    for acronym, found in (("CSCE", [("CSCE", "Q81299")]), ("CSKE", [])):
        text = f"Officials of the {acronym} met in May."
        assert accepted(linker, text, named(text, acronym)) == found


def test_a_given_name_may_begin_with_whose_body_it_is(linker: Linker) -> None:
    name = "U.N.'s Food Organisation"
    assert given(linker, f"He joined the {name}.", name) == "Q82151"


def test_words_that_are_no_name_are_taken_off_a_companys(linker: Linker) -> None:
    assert bare("Morgan Stanley and Co Inc") == "Morgan Stanley"
    assert bare("NV DSM") == "DSM"


def test_many_bodies_share_a_common_word_so_none_goes_by_it_alone() -> None:
    text = "He taught at the University of Cambridge. She leads the University."
    scene = Scene.of(text, [named(text, "University of Cambridge")])
    assert scene.full_names("University", EntityKind.ORGANIZATION) == ()
    assert scene.bodies("University") == {"University of Cambridge"}
