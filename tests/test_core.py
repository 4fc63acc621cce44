"""The core authority: its compiler on a small made input, and the file that ships."""

from __future__ import annotations

import csv
import hashlib
import json
import random
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from loader.linking.core import Disagreement, compile_core, is_own_acronym, is_poisonous, kind_of, write_core
from loader.linking.packages import City, Sources, Territory
from ontology.authority import Authority, open_authority

ROOT = Path(__file__).parent.parent
CURATED = {
    "qid": "Q900",
    "label": "Ann Example",
    "type": "person",
    "status": "verified",
    "description": "",
    "aliases": "Ann|A. Example",
    "country": "Q100",
    "offices": "Q901:2020/2022-05-01",
    "evidence": "one source|another source",
}


def item(path: str, qid: str, name: str, key: str = "brand") -> tuple[str, dict[str, object]]:
    return path, {"tags": {key: name, f"{key}:wikidata": qid}, "locationSet": {"include": ["aa"]}}


SOURCES = Sources(
    borders=(
        {"iso1A2": "AA", "iso1A3": "AAA", "wikidata": "Q100", "nameEn": "Aland"},
        {"iso1A2": "BB", "iso1A3": "BBB", "wikidata": "Q200", "nameEn": "Beland"},
    ),
    territories=(
        Territory("AA", "Q100", "Aland"),
        Territory("BB", "Q200", "Beland"),
        Territory("AA-X", "Q101", "Exshire", parent="AA"),
    ),
    items=(
        item("brands/shop/clothes", "Q300", "House"),
        item("brands/shop/clothes", "Q301", "Zedmart"),
        item("operators/office/government", "Q302", "Aland Weather Service", "operator"),
        item("brands/shop/newsagent", "Q303", "The Aland Gazette"),
        item("operators/amenity/bench", "Q400", "Ålaport", "operator"),
        item("operators/amenity/bench", "Q402", "Twinton", "operator"),
        item("operators/amenity/bench", "Q403", "Soloville", "operator"),
        item("operators/amenity/bench", "Q404", "Exford Province", "operator"),
        item("operators/amenity/bench", "Q405", "Wyeford Province", "operator"),
        item("operators/amenity/bench", "Q406", "Ålaport", "operator"),
        item("operators/amenity/bench", "Q407", "Largeville", "operator"),
    ),
    described={
        "Q300": {"label": "House", "description": "clothes shop"},
        "Q301": {"label": "Zedmart", "description": "chain", "officialWebsites": ["https://www.zedmart.example/"]},
        "Q302": {"label": "Aland Weather Service", "description": "government agency"},
        "Q303": {"label": "The Aland Gazette", "description": "Aland newspaper"},
        "Q400": {"label": "Ålaport", "description": "capital of Aland"},
        "Q402": {"label": "Twinton", "description": "city in Aland"},
        "Q403": {"label": "Soloville", "description": "city in Aland"},
        "Q404": {"label": "Exford Province", "description": "province of Aland"},
        "Q405": {"label": "Wyeford Province", "description": "province of Aland"},
        "Q406": {"label": "Ålaport", "description": "city in Beland"},
        "Q407": {"label": "Largeville", "description": "state of Aland"},
    },
    translations={"AA": {"de": "Aaland", "sv": "Island"}},
    places=(
        City("11", "Ålaport", "AA", "", 900_000, frozenset({"Ålaport", "Alaporto", "阿"})),
        City("12", "Twinton", "AA", "", 40_000, frozenset({"Twinton"})),
        City("13", "Twinton", "BB", "", 700_000, frozenset({"Twinton"})),
        City("14", "Soloville", "AA", "", 90_000, frozenset({"Soloville"})),
        City("15", "Wyeford", "AA", "", 20_000, frozenset({"Wyeford"})),
        City("16", "Ålaport", "BB", "", 30_000, frozenset({"Ålaport"})),
        City("17", "Largeville", "AA", "", 3_000_000, frozenset({"Largeville"})),
    ),
    states={"AA": (("demonym", "Alandish"), ("label", "Aland")), "BB": (("label", "Beland"),)},
    words=frozenset({"house", "island"}),
    curated=(CURATED,),
)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    path = tmp_path_factory.mktemp("core") / "core.sqlite"
    write_core(path, SOURCES)
    return open_authority(path)


@pytest.fixture(scope="module")
def shipped() -> Authority:
    return open_authority(Path(str(files("seeds") / "authority" / "core.sqlite")))


def ids(authority: Authority, text: str) -> list[str]:
    return [hit.entity.id for hit in authority.candidates(text)]


def test_the_same_sources_in_another_order_make_the_same_bytes(tmp_path: Path) -> None:
    chance = random.Random(3)
    shuffled = replace(
        SOURCES,
        borders=tuple(chance.sample(SOURCES.borders, len(SOURCES.borders))),
        territories=tuple(chance.sample(SOURCES.territories, len(SOURCES.territories))),
        items=tuple(chance.sample(SOURCES.items, len(SOURCES.items))),
        described=dict(reversed(SOURCES.described.items())),
    )
    for name, sources in (("one", SOURCES), ("two", SOURCES), ("three", shuffled)):
        write_core(tmp_path / name, sources)
    assert len({(tmp_path / name).read_bytes() for name in ("one", "two", "three")}) == 1


def test_a_state_has_the_names_and_codes_of_all_its_sources(small: Authority) -> None:
    assert ids(small, "Aland") == ids(small, "Alandish") == ids(small, "Aaland") == ["Q100"]
    assert ("iso3166-1-alpha-3", "AAA") in small.externals("Q100")
    assert len(small.evidence("Q100")) == 2


def test_what_one_source_tells_is_a_candidate(small: Authority) -> None:
    part, state = small.entity("Q101"), small.entity("Q100")
    assert part
    assert (part.status, part.country) == ("candidate", "Q100")
    assert state
    assert state.status == "verified"


def test_sources_that_disagree_stop_the_build_until_an_override_decides() -> None:
    other = replace(SOURCES, territories=(Territory("AA", "Q999", "Aland"),))
    with pytest.raises(Disagreement, match=r"AA: .*Q999.*Q100"):
        list(compile_core(other))
    decided = replace(other, overrides=({"subject": "AA", "qid": "Q999", "reason": "the people, not the land"},))
    assert any(record.entity.id == "Q999" for _, record in compile_core(decided))
    with pytest.raises(Disagreement, match="no reason"):
        list(compile_core(replace(other, overrides=({"subject": "AA", "qid": "Q999", "reason": ""},))))


def test_a_row_of_ours_with_one_source_cannot_be_verified() -> None:
    with pytest.raises(Disagreement, match="fewer than two sources"):
        list(compile_core(replace(SOURCES, curated=({**CURATED, "evidence": "one source"},))))


def test_names_that_nobody_means_are_left_out(small: Authority) -> None:
    assert ids(small, "House") == ids(small, "Island") == ids(small, "Ann") == []
    assert ids(small, "Zedmart") == ["Q301"]
    assert ids(small, "Ann Example") == ids(small, "A. Example") == ["Q900"]
    assert not is_poisonous("Aland Weather Service", SOURCES, brand=False, person=False)


def test_a_city_is_known_as_far_as_it_is_large_and_goes_by_its_name_without_accents_too(small: Authority) -> None:
    assert ids(small, "Ålaport") == ids(small, "Alaport") == ["Q400", "Q406"]
    capital, town = small.entity("Q400"), small.entity("Q403")
    assert capital
    assert town
    assert (capital.description, capital.country) == ("capital of Aland", "Q100")
    assert capital.prior > town.prior > 0
    assert ("geonames", "14") in small.externals("Q403")
    assert len(small.evidence("Q400")) == 2


def test_a_name_that_a_larger_city_outside_the_core_has_is_none_of_a_smaller_one(small: Authority) -> None:
    assert ids(small, "Twinton") == []
    assert ids(small, "Soloville") == ["Q403"]


CITY = {
    **CURATED,
    "qid": "Q800",
    "label": "Riverton",
    "type": "place",
    "aliases": "Rivertown",
    "offices": "",
    "geonames": "21",
}
RIVERTON = City("21", "Rívertona", "AA", "", 2_000_000, frozenset({"Rívertona", "Riverton", "Rivertown", "Rio"}))
NAMESAKE = City("22", "Riverton", "BB", "", 300_000, frozenset({"Riverton", "Ripa", "Ribera"}))
HAMLET = City("23", "Rivertown", "BB", "", 9_000, frozenset({"Rivertown", "Ripetta", "Riva"}))


def with_city(tmp_path: Path, *places: City, **changed: str) -> Authority:
    sources = replace(SOURCES, places=(*SOURCES.places, *places), curated=(CURATED, {**CITY, **changed}))
    write_core(tmp_path / "core.sqlite", sources)
    return open_authority(tmp_path / "core.sqlite")


def test_a_city_of_ours_has_the_names_of_its_row_and_what_geonames_tells_of_it(tmp_path: Path) -> None:
    core = with_city(tmp_path, RIVERTON, HAMLET)
    for name in ("Riverton", "Rivertown", "Rivertona"):
        assert ids(core, name) == ["Q800"]
    assert ids(core, "Rio") == []
    city = core.entity("Q800")
    assert city
    assert (city.description, city.country, city.status) == ("city in Aland", "Q100", "verified")
    assert core.externals("Q800") == (("geonames", "21"),)
    assert len(core.evidence("Q800")) == 3


def test_a_capital_of_ours_is_better_known_and_goes_by_its_name_in_the_registry(tmp_path: Path) -> None:
    sources = replace(
        SOURCES,
        places=(*SOURCES.places, RIVERTON),
        curated=(CITY,),
        capitals={"AA": frozenset({"Rivertona", "Ålaport"})},
        words=SOURCES.words | {"rivertona"},
    )
    found = {record.entity.id: record for _, record in compile_core(sources)}
    assert found["Q800"].entity.description == "capital of Aland"
    assert found["Q800"].entity.prior == 241
    assert "Rivertona" not in {name.text for name in found["Q800"].names}  # an English word, but for the accents


def test_a_name_that_a_city_outside_the_core_may_have_meant_is_kept_beside_the_country_only(tmp_path: Path) -> None:
    core = with_city(tmp_path, RIVERTON, NAMESAKE)
    assert ids(core, "Riverton") == []
    assert ids(core, "Riverton, Aland") == ids(core, "Rivertown") == ["Q800"]
    told_of_less = replace(NAMESAKE, names=frozenset({"Riverton"}))
    assert ids(with_city(tmp_path, RIVERTON, told_of_less), "Riverton") == ["Q800"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"geonames": "99"}, "not in GeoNames under 99"),
        ({"country": "Q200"}, "is Rívertona, AA in GeoNames"),
        ({"aliases": "Elsewhere"}, "not called Elsewhere in GeoNames"),
        ({"evidence": "one source"}, "fewer than two sources"),
    ],
)
def test_a_city_of_ours_that_geonames_contradicts_stops_the_build(
    tmp_path: Path, changed: dict[str, str], told: str
) -> None:
    with pytest.raises(Disagreement, match=told):
        with_city(tmp_path, RIVERTON, **changed)


def test_the_large_cities_ship_with_their_ids_at_geonames(shipped: Authority) -> None:
    for name, number in (("London", "2643743"), ("Tokyo", "1850147"), ("New York", "5128581"), ("Canberra", "2172517")):
        (best, *_) = shipped.candidates(name)
        assert best.entity.status == "verified"
        assert ("geonames", number) in shipped.externals(best.entity.id)


def test_a_region_loses_its_name_to_a_city_of_a_million_outside_the_core(small: Authority) -> None:
    assert ids(small, "Largeville") == []
    far = City("18", "Exshire", "BB", "", 2_000_000, frozenset({"Exshire"}))
    parts = {record.entity.id for _, record in compile_core(replace(SOURCES, places=(*SOURCES.places, far)))}
    assert "Q101" not in parts
    assert ids(small, "Exshire") == ["Q101"]


def test_a_province_goes_by_its_name_alone_too_unless_a_city_is_called_so(small: Authority) -> None:
    assert ids(small, "Exford") == ids(small, "Exford Province") == ["Q404"]
    assert ids(small, "Wyeford") == []
    assert ids(small, "Wyeford Province") == ["Q405"]


@pytest.mark.parametrize(
    ("description", "kind"),
    [
        ("capital and largest city of Aland", "place"),
        ("city in and county seat of Bonneville County, Idaho, United States", "place"),
        ("public school district in Texas, United States", "organisation"),
        ("government agency of the Aland state of Exshire", "organisation"),
        ("Aland newspaper", "outlet"),
        ("Aland politician (born 1950)", "person"),
    ],
)
def test_a_type_is_read_from_the_head_of_a_description(description: str, kind: str) -> None:
    assert kind_of(description) == kind


def test_an_acronym_of_three_letters_is_kept_where_the_label_bears_it_out() -> None:
    assert is_own_acronym("DSM", "Koninklijke DSM")
    assert is_own_acronym("IOM", "International Organization for Migration")
    assert not is_own_acronym("DSM", "DSM")
    assert not is_own_acronym("ABC", "Zedmart")


def test_types_and_addresses_are_read_from_what_is_said(small: Authority) -> None:
    gazette = small.entity("Q303")
    assert gazette
    assert gazette.type == "outlet"
    assert [each.id for each in small.by_external("domain", "zedmart.example")] == ["Q301"]


def test_the_file_that_ships_is_the_one_of_its_manifest(shipped: Authority) -> None:
    folder = files("seeds") / "authority"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert hashlib.sha256((folder / "core.sqlite").read_bytes()).hexdigest() == manifest["sha256"]
    assert shipped.meta["entities"] == str(manifest["entities"])
    assert (shipped.name, shipped.version, shipped.date) == (manifest["name"], manifest["version"], manifest["date"])


def test_the_links_of_the_registry_agree_with_the_core(shipped: Authority) -> None:
    with (ROOT / "seeds" / "wikidata.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    found = {row["qid"]: shipped.entity(row["qid"]) for row in rows}
    assert [qid for qid, entity in found.items() if entity is None or entity.status != "verified"] == []
    for row in rows:
        words = row["entity"].partition("/")[2].replace("-", " ")
        assert row["qid"] in ids(shipped, words) or row["qid"] in ids(shipped, words.upper()) or len(words.split()) > 3


def test_every_entity_that_ships_has_evidence_and_every_verified_row_of_ours_two(shipped: Authority) -> None:
    lines = (ROOT / "seeds" / "authority" / "curated.csv").read_text(encoding="utf-8").splitlines()
    curated = csv.DictReader(lines)
    verified = {row["qid"] for row in curated if row["status"] == "verified"}
    assert [each.id for each in shipped.entities() if not shipped.evidence(each.id)] == []
    assert [qid for qid in sorted(verified) if len(shipped.evidence(qid)) < 2] == []


def test_a_pact_with_one_source_ships_as_a_candidate(shipped: Authority) -> None:
    assert [(hit.entity.type, hit.entity.status) for hit in shipped.candidates("AUKUS")] == [
        ("partnership", "candidate")
    ]
