"""What the registry knows, and whether it may be trusted."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from loader.document import Entity, EntityKind
from loader.registry import Preference, Registry, RegistryError, _read_preferences, _read_surroundings
from ontology.conformance import Conformance
from ontology.vocabulary import PACT, PREFIXES, Mint, slug

if TYPE_CHECKING:
    from pathlib import Path

REGISTRY = Registry.load()
BASE = "https://pactgraph.example/"

# ISO 3166-1, the officially assigned alpha-2 codes.
ISO = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC
CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD
GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH
KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW
MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC
SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY
UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""


@pytest.fixture(scope="module")
def quads() -> list[ox.Quad]:
    return REGISTRY.quads(Mint())


def known(path: str) -> Entity:
    entity = REGISTRY.entity(path)
    assert entity is not None, path
    return entity


def objects(quads: list[ox.Quad], predicate: str) -> list[tuple[str, str]]:
    return [(quad.subject.value, quad.object.value) for quad in quads if quad.predicate.value == predicate]


# ---- what is in it


def test_aukus_has_three_members_and_two_pillars() -> None:
    aukus = known("partnership/aukus")
    assert [member.key for member in REGISTRY.members(aukus)] == ["australia", "united-kingdom", "united-states"]
    assert [pillar.label for pillar in REGISTRY.pillars(aukus)] == ["AUKUS Pillar I", "AUKUS Pillar II"]
    assert [REGISTRY.partnership(pillar) for pillar in REGISTRY.pillars(aukus)] == [aukus, aukus]


def test_the_pillars_of_aukus_work_on_what_its_leaders_announced() -> None:
    first, second = REGISTRY.pillars(known("partnership/aukus"))
    assert [area.key for area in REGISTRY.focus_areas(first)] == ["nuclear-powered-submarines"]
    assert {"artificial-intelligence", "electronic-warfare", "hypersonics", "undersea-drones"} <= {
        area.key for area in REGISTRY.focus_areas(second)
    }
    assert [field.key for field in REGISTRY.broader(known("technology/undersea-drones"))] == ["undersea-capabilities"]


def test_a_reader_sees_one_short_name_of_each_pillar(quads: list[ox.Quad]) -> None:
    names = [(node, name) for node, name in objects(quads, f"{PREFIXES['skos']}altLabel") if "/pillar/" in node]
    assert names == [
        (f"{BASE}pillar/aukus-pillar-i", "Pillar I"),
        (f"{BASE}pillar/aukus-pillar-ii", "Pillar II"),
    ]


def test_every_country_of_iso_3166_is_a_state(quads: list[ox.Quad]) -> None:
    codes = {code: node for node, code in objects(quads, f"{PREFIXES['dcterms']}identifier") if len(code) == 2}
    assert sorted(codes) == sorted(ISO.split())
    assert len(set(codes.values())) == 249
    assert all(known(node.removeprefix(BASE)).kind is EntityKind.STATE for node in codes.values())


@pytest.mark.parametrize(
    ("partnership", "count"),
    [("nato", 32), ("european-union", 27), ("united-nations", 193), ("g7", 7), ("quad", 4), ("five-eyes", 5)],
)
def test_well_known_partnerships_have_their_members(partnership: str, count: int) -> None:
    assert len(REGISTRY.members(known(f"partnership/{partnership}"))) == count


def test_partners_are_no_members_and_those_of_a_region_are_known_by_it() -> None:
    nato = known("partnership/nato")
    assert REGISTRY.regions(nato) == ("indo-pacific",)
    assert [partner.key for partner in REGISTRY.partners(nato, "Indo-Pacific")] == [
        "australia",
        "japan",
        "new-zealand",
        "south-korea",
    ]
    assert REGISTRY.partners(nato) == ()
    for path in ("asean", "brics", "osce", "pacific-islands-forum", "shanghai-cooperation-organisation"):
        partnership = known(f"partnership/{path}")
        assert REGISTRY.partners(partnership)
        assert not set(REGISTRY.partners(partnership)) & set(REGISTRY.members(partnership))


def test_outlets_are_many_and_all_outlets() -> None:
    assert len(REGISTRY.outlets) >= 60
    assert {"afp", "nikkei", "reuters", "yonhap", "korean-central-news-agency"} <= {one.key for one in REGISTRY.outlets}
    assert {outlet.kind for outlet in REGISTRY.outlets} == {EntityKind.NEWS_OUTLET}


def test_an_entity_knows_whom_it_belongs_to_and_where_it_sits() -> None:
    embassy = known("actor/embassy-of-japan-in-australia")
    assert embassy.affiliation == known("actor/japan")
    assert embassy.based_in == known("actor/australia")
    assert known("actor/united-states-navy").affiliation == known("actor/united-states-armed-forces")


def test_an_embassy_that_nobody_registered_is_made_on_the_same_pattern() -> None:
    japan, korea = known("actor/japan"), known("actor/south-korea")
    assert REGISTRY.embassy(japan, known("actor/australia")) == known("actor/embassy-of-japan-in-australia")
    assert REGISTRY.embassy(japan, korea) == Entity(
        EntityKind.ORGANIZATION,
        "embassy-of-japan-in-south-korea",
        "Embassy of Japan in South Korea",
        affiliation=japan,
        based_in=korea,
    )


def test_it_says_all_that_the_annotated_seed_article_supposes(gold: Path, quads: list[ox.Quad]) -> None:
    facts = ox.parse((gold / "seed" / "gold.trig").read_bytes(), format=ox.RdfFormat.TRIG)
    supposed = {fact.triple for fact in facts if fact.graph_name == ox.NamedNode(Mint().registry_graph)}
    told = {quad.triple for quad in quads}
    # A capital has a property of its own here, and "the Japanese government" is read as the demonym with a noun.
    missing = {str(triple.object) for triple in supposed - told}
    assert supposed
    assert missing <= {'"Tokyo"@en', '"Japanese government"@en'}


# ---- whether it may be trusted


def test_the_registry_is_as_the_shapes_want_it(quads: list[ox.Quad]) -> None:
    Conformance().conform(quads)


def test_every_triple_is_written_once() -> None:
    sources = [file for file in files("seeds").iterdir() if file.name.endswith(".ttl")]
    facts = [str(fact) for file in sources for fact in ox.parse(file.read_bytes(), format=ox.RdfFormat.TURTLE)]
    assert len(facts) == len(set(facts))


def test_every_entity_names_a_source(quads: list[ox.Quad]) -> None:
    sourced = {node for node, _ in objects(quads, f"{PREFIXES['dcterms']}source")}
    sourced |= {node for node, _ in objects(quads, f"{PREFIXES['foaf']}homepage")}
    silent = {entity.path for entity in REGISTRY.entities if BASE + entity.path not in sourced}
    assert {path for path in silent if not path.startswith("technology/")} == set()


def test_a_wikidata_id_is_linked_only_where_evidence_is_listed(quads: list[ox.Quad]) -> None:
    table = files("seeds").joinpath("wikidata.tsv").read_text(encoding="utf-8").splitlines()[1:]
    listed = {tuple(line.split("\t")[:2]) for line in table}
    linked = {
        (node.removeprefix(BASE), link.removeprefix(PREFIXES["wd"]))
        for node, link in objects(quads, f"{PREFIXES['skos']}exactMatch")
    }
    assert linked == listed
    assert all(len(line.split("\t")[2]) > 20 for line in table)


def test_no_name_is_left_to_chance() -> None:
    alike = [[name.text for name in names] for names in REGISTRY.names.spelt_alike() if names[0].entity is not None]
    assert alike == [], "name two entities alike, and seeds/preferences.tsv has to say which of them is meant"


def test_every_preference_concerns_a_name_and_entities_that_there_are(quads: list[ox.Quad]) -> None:
    labels = {
        name for form in ("prefLabel", "altLabel", "hiddenLabel") for _, name in objects(quads, PREFIXES["skos"] + form)
    }
    labels |= {name for form in ("demonym", "capital") for _, name in objects(quads, PREFIXES["pact"] + form)}
    for line in files("seeds").joinpath("preferences.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        name, denotes, beside, why = line.split("\t")
        assert why, name
        assert denotes in ("-", "?") or REGISTRY.entity(denotes), name
        assert all(REGISTRY.entity(path) for path in beside.split()), name
        assert (denotes == "-") or name in labels, name


def test_the_key_of_a_state_is_the_slug_of_its_label() -> None:
    states = [entity for entity in REGISTRY.entities if entity.kind is EntityKind.STATE]
    assert [state.key for state in states] == [slug(state.label) for state in states]


# ---- the graph


def test_the_graph_moves_to_another_base_and_keeps_the_vocabulary() -> None:
    lines = [str(quad) for quad in REGISTRY.quads(Mint("https://news.example/kg/"))]
    assert lines == sorted(set(lines))
    assert any("<https://news.example/kg/actor/japan>" in line for line in lines)
    assert all("pactgraph.example" not in line.replace(f"<{PACT}", "") for line in lines)


def test_the_digest_tells_registries_apart_and_nothing_else() -> None:
    facts = list(
        ox.parse(
            b"<https://pactgraph.example/actor/a> a <https://pactgraph.example/ns#State> ; "
            b'<http://www.w3.org/2004/02/skos/core#prefLabel> "A"@en .',
            format=ox.RdfFormat.TURTLE,
        )
    )
    assert Registry(facts).digest == Registry(reversed(facts)).digest
    assert Registry(facts).digest != Registry(facts, [Preference("A", "?")]).digest
    assert REGISTRY.digest == Registry.load().digest


@pytest.mark.parametrize(
    ("facts", "complaint"),
    [
        ("<actor/a> a pact:State .", "needs one skos:prefLabel"),
        ('<actor/a> a pact:State ; skos:prefLabel "A" , "B" .', "but has 2"),
        ('<actor/a> a pact:Organization ; skos:prefLabel "A" ; pact:affiliation <actor/a> .', "affiliated to itself"),
        ('<actor/a> a pact:Organization ; skos:prefLabel "A" ; pact:affiliation <actor/b> .', "actor/b has no class"),
        ('<actor/a> a pact:Partnership ; skos:prefLabel "A" .', "belongs at partnership/a"),
        ("[] a pact:State .", "no blank node"),
    ],
)
def test_a_registry_at_fault_says_which_entity_is(facts: str, complaint: str) -> None:
    head = f"@base <{BASE}> . @prefix pact: <{PREFIXES['pact']}> . @prefix skos: <{PREFIXES['skos']}> . "
    with pytest.raises(RegistryError, match=complaint):
        Registry(ox.parse(head + facts, format=ox.RdfFormat.TURTLE))


def test_a_table_at_fault_says_which_line_is() -> None:
    with pytest.raises(RegistryError, match=r"Line 2 of the registry's preferences.tsv has 2 columns, not 4"):
        _read_preferences("name\tdenotes\tbeside\twhy\nGeorgia\tactor/georgia\n")
    with pytest.raises(RegistryError, match="knows no role 'behind'"):
        _read_surroundings("role\twords\twhy\nbehind\tMonday\t\n")


def test_the_registry_speaks_in_declared_terms_only() -> None:
    used = {
        quad.predicate.value.removeprefix(str(PACT._NS))
        for quad in Registry.load().quads(Mint())
        if quad.predicate.value.startswith(str(PACT._NS))
    }
    assert {"capital", "demonym", "member"} <= used
    for name in sorted(used):
        assert PACT[name]
