"""Compiles the core authority: states, places, bodies, companies, outlets and leaders, from pinned sources.

A row needs two sources that agree on its id, or one that was fetched from Wikidata by the id, to be "verified"; else it
is a "candidate". Where sources disagree on the id of a country, the build fails unless ``overrides.csv`` decides, with
a reason. Names that would be found where nobody meant them are left out: one-word brands that are English words or
cities, acronyms of three letters or that are English words, one-word names of persons, names in other languages that
are English words.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from loader.linking.cities import GEONAMES, METROPOLIS, Cities, Countries, bare_region, plain, region_priors, weight
from loader.linking.cities import problems as city_problems
from loader.linking.cities import record as city_record
from loader.linking.packages import ARCHIVES, INSTALLED, Sources, read_sources
from loader.linking.writer import Record, Tenure, Writer
from ontology.authority import Entity, Name, acronym_form, cased, fold

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from loader.linking.packages import City

DATE: Final = "2026-09-18"  # of the newest package
VERSION: Final = f"{DATE}.9"  # another for each change of what is built
RANKS: Final = {"curated": 0, "country": 1, "territory": 2, "index": 3}
_CODER, _INDEX, _RIGOUR = (
    "npm @rapideditor/country-coder 5.6.1",
    "npm name-suggestion-index 8.0.20260918",
    "PyPI rigour 2.6.1",
)
_FEW = 10  # people of a place that GeoNames does not know
_WORDY = 160_000  # people of a place that goes by an English word
_SHORT = 3  # letters of an acronym that many have
_QID = re.compile(r"Q[1-9][0-9]*")
_OUTLET = re.compile(
    r"\b(newspaper|news agency|magazine|broadcast\w*|television (network|channel|station)|radio station)\b"
)
_PLACE = re.compile(
    r"(?!.*\b(school|park|library|fire|water|sanitation|health|hospital|transit|police|safety|tax\w*|railway)\b)"
    r"(?:.* )?(continent|city|town|village|municipality|borough|county|capital|state|province|prefecture|region"
    r"|island|islands|district|territory|commune|canton|archipelago|neighbou?rhood|township|oblast|voivodeship|governorate)"
)
_TOWN = re.compile(r"\b(?:city|town|village|borough|capital)\b", re.IGNORECASE)  # a municipality may be more than it
_FIRST_LEVEL = re.compile(
    r"(?:constituent |federal |federated |Canadian |Australian |autonomous |administrative )?"
    r"(?:state|province|territory|prefecture|region|canton) (?:of|in) (?:the )?(?:[A-Z][\w ]+)$"
)
_HEAD = re.compile(
    r".+?(?= (?:of|in|on|near|for|from|that|which|serving|located|situated|based|under|at|between|with|containing"
    r"|within|off|to|named)\b|[,;(/]|$)"
)
_PACT = re.compile(r"\b(intergovernmental|military alliance|political and economic union)\b")
_OTHER = re.compile(r"\b(flag of|flag|emblem|railway line|line in|airport|film|song|album|disambiguation)\b")
_PERSON = re.compile(r"\b(politician|businessman|businesswoman|businessperson|actor|singer|\((born )?1[0-9]{3}\b)")
_PRIORS: Final = {"person": 80, "partnership": 150, "outlet": 80, "office": 60, "place": 200}
_KEYS: Final = ("brand", "operator", "subject")
_FORMS: Final = (("", "alias"), (":short", "short"), (":en", "alias"))


class Disagreement(Exception):
    """Sources that contradict each other, or rows of our own that lack evidence; the message has one line for each."""


def build_core(path: Path, folder: Path) -> dict[str, Any]:
    """Build the core authority at ``path`` from packages kept in ``folder``; return its manifest, and write it beside.

    Raises Disagreement, PackageError.
    """
    sources = read_sources(folder)
    counts = write_core(path, sources)
    manifest = {
        "name": "core",
        "date": DATE,
        "version": VERSION,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        **counts,
        "packages": {name: {"sha256": digest} for name, (_, digest) in ARCHIVES.items()}
        | {f"{name}=={version}": {} for name, version in INSTALLED.items()},
        "tables": {
            "curated.csv": len(sources.curated),
            "overrides.csv": len(sources.overrides),
        },
    }
    text = json.dumps(manifest, indent=1, sort_keys=True) + "\n"
    path.with_name("manifest.json").write_text(text, encoding="utf-8")
    return manifest


def write_core(path: Path, sources: Sources) -> dict[str, int]:
    """Write what ``compile_core`` makes of the sources; return how much it is."""
    with Writer(path) as writer:
        for rank, record in compile_core(sources):
            writer.add(record, rank)
        counts = writer.finish({"name": "core", "version": VERSION, "date": DATE})
    return {"entities": counts.entities, "names": counts.names}


def compile_core(sources: Sources) -> Iterator[tuple[int, Record]]:
    """Give the records of the core with their ranks. Raises Disagreement before the first."""
    countries, problems = _countries(sources)
    cities = Cities.of(sources)
    problems += [*_problems(sources), *city_problems(sources.curated, cities, countries)]
    if problems:
        raise Disagreement("\n".join(sorted(problems)))
    subjects = tuple(_subjects(sources, countries, cities))
    ours = {row["qid"]: row["geonames"] for row in sources.curated if row.get("geonames")}
    inside = {each.city.number for each in subjects if each.city} | set(ours.values())
    cities = replace(cities, inside=frozenset(inside), ours=frozenset(ours))
    for row in sources.curated:
        yield RANKS["curated"], city_record(row, sources, cities) if row["qid"] in ours else _curated(row)
    yield from ((RANKS["country"], record) for record in _states(sources, countries))
    yield from ((RANKS["territory"], record) for record in _territories(sources, countries, cities))
    yield from ((RANKS["index"], record) for record in _index(sources, countries, subjects, cities))


def _countries(sources: Sources) -> tuple[dict[str, str], list[str]]:
    """Return the id of each country by its ISO code, and what the sources do not agree on."""
    said: dict[str, dict[str, str]] = defaultdict(dict)
    for each in sources.borders:
        if "iso1A2" in each and each.get("isoStatus") != "excRes":
            said[each["iso1A2"]][_CODER] = each["wikidata"]
    for territory in sources.territories:
        if territory.code in said:
            said[territory.code][_RIGOUR] = territory.qid
    for _, item in sources.items:
        tags = item["tags"]
        if tags.get("flag:type") == "national" and tags.get("country") in said and "subject:wikidata" in tags:
            same = fold(tags.get("subject", "")) == fold(_name_of(sources, tags["country"]))
            if same:
                said[tags["country"]][_INDEX] = tags["subject:wikidata"]
    chosen = {row["subject"]: row["qid"] for row in sources.overrides}
    found, problems = {}, []
    for code, claims in sorted(said.items()):
        ids = set(claims.values())
        if code in chosen:
            found[code] = chosen[code]
        elif len(ids) == 1:
            found[code] = ids.pop()
        else:
            told = ", ".join(f"{source} says {qid}" for source, qid in sorted(claims.items()))
            problems.append(f"{code}: {told}; decide in overrides.csv.")
    return found, problems


def _name_of(sources: Sources, code: str) -> str:
    return next((name for kind, name in sources.states.get(code, ()) if kind == "label"), "")


def _problems(sources: Sources) -> list[str]:
    """Return what is wrong with our own tables."""
    found = [f"overrides.csv: {row['subject']} has no reason." for row in sources.overrides if not row["reason"]]
    for row in sources.curated:
        count = len(set(filter(None, row["evidence"].split("|"))))
        if not _QID.fullmatch(row["qid"]):
            found.append(f"curated.csv: {row['label']} has no id.")
        if row["status"] == "verified" and count < 2:
            found.append(f"curated.csv: {row['label']} is verified by fewer than two sources.")
        if not count:
            found.append(f"curated.csv: {row['label']} has no evidence.")
    return found


def _curated(row: Any) -> Record:
    aliases = [each for each in row["aliases"].split("|") if each]
    if row["type"] == "person":
        aliases = [each for each in aliases if " " in each]
        aliases += [bare for each in (row["label"], *aliases) if (bare := plain(each)) != each]
    tenures = []
    for each in filter(None, row["offices"].split("|")):
        office, _, times = each.partition(":")
        start, _, end = times.partition("/")
        tenures.append(Tenure(office, start or None, end or None))
    entity = Entity(
        row["qid"],
        row["label"],
        row["description"],
        row["type"],
        row["status"],
        prior=_PRIORS.get(row["type"], 50),
        country=row["country"] or None,
    )
    names = (Name(row["label"], "en", "label"), *(Name(each, "en", "alias") for each in aliases))
    evidence = tuple((each, row["qid"]) for each in row["evidence"].split("|") if each)
    return Record(entity, names, tenures=tuple(tenures), evidence=evidence)


def _states(sources: Sources, countries: dict[str, str]) -> Iterator[Record]:
    coded = {each["iso1A2"]: each for each in sources.borders if "iso1A2" in each}
    reasons = {row["subject"]: row["reason"] for row in sources.overrides}
    rigour = {each.code: each.qid for each in sources.territories}
    for code, qid in sorted(countries.items()):
        feature = coded[code]
        known = sources.states.get(code, ())
        label = _name_of(sources, code) or feature["nameEn"]
        names = {Name(label, "en", "label")}
        names |= {Name(name, "en", kind) for kind, name in known if kind != "label"}
        names |= {
            Name(name, "en", "alias") for name in (feature["nameEn"],) if qid == feature["wikidata"] and name != label
        }
        for language, name in sources.translations.get(code, {}).items():
            if name.casefold() not in sources.words:
                names.add(Name(name, language, "label"))
        schemes = ("iso1A2", "iso3166-1-alpha-2"), ("iso1A3", "iso3166-1-alpha-3"), ("iso1N3", "iso3166-1-numeric")
        externals = {(scheme, feature[key]) for key, scheme in schemes if key in feature}
        if code in sources.geonames:
            externals.add(("geonames", sources.geonames[code]))
        evidence = (
            {(_CODER, code)} if feature["wikidata"] == qid else {("seeds/authority/overrides.csv", reasons[code])}
        )
        evidence |= {(_RIGOUR, code)} if rigour.get(code) == qid else set()
        evidence |= {(_INDEX, "wikidata.json")} if qid in sources.described else set()
        status = "verified" if len(evidence) > 1 else "candidate"
        prior = 100 + weight(sources.people.get(code, 0))
        entity = Entity(qid, label, "", "state", status, prior=prior, country=qid)
        yield Record(entity, tuple(names), tuple(externals), evidence=tuple(evidence))


def _territories(sources: Sources, countries: dict[str, str], cities: Cities) -> Iterator[Record]:
    """Give the parts of countries, and what else has a code of its own but is no country."""
    coder = {each["wikidata"]: each["nameEn"] for each in sources.borders}
    states = set(countries.values())
    for each in sources.territories:
        if each.code in countries or each.qid in states or not _QID.fullmatch(each.qid) or each.code == "ZZ":
            continue
        if cities.is_overshadowed(each.name, METROPOLIS):
            continue
        evidence = {(_RIGOUR, each.code)}
        evidence |= {(_CODER, "borders.json")} if each.qid in coder else set()
        described = sources.described.get(each.qid, {})
        evidence |= {(_INDEX, "wikidata.json")} if fold(described.get("label", "")) == fold(each.name) else set()
        status = "verified" if len(evidence) > 1 else "candidate"
        parent = countries.get(each.parent or "")
        entity = Entity(each.qid, each.name, "", "place", status, prior=80, country=parent)
        yield Record(entity, (Name(each.name, "en", "label"),), evidence=tuple(evidence))


@dataclass(frozen=True, slots=True)
class _Subject:
    """What name-suggestion-index tells of one brand, operator or subject; ``city`` is what GeoNames has of it."""

    qid: str
    label: str
    description: str
    kind: str
    country: str | None
    texts: frozenset[tuple[str, str]]
    seen: int
    is_brand: bool
    city: City | None


def _subjects(sources: Sources, countries: dict[str, str], cities: Cities) -> Iterator[_Subject]:
    """Give what name-suggestion-index tells of, by id."""
    texts: dict[str, set[tuple[str, str]]] = defaultdict(set)
    brands: set[str] = set()
    places: dict[str, set[str]] = defaultdict(set)
    seen: dict[str, int] = defaultdict(int)
    for path, item in sources.items:
        if path.startswith("transit/"):
            continue
        tags = item["tags"]
        for key in _KEYS:
            qid = tags.get(f"{key}:wikidata", "")
            if _QID.fullmatch(qid) and qid in sources.described:
                texts[qid] |= {(tags[key + form], kind) for form, kind in _FORMS if tags.get(key + form)}
                places[qid].update(map(str, item.get("locationSet", {}).get("include", ())))
                seen[qid] += 1
                if key == "brand":
                    brands.add(qid)
    states = set(countries.values())
    told = Countries.of(sources)
    for qid in sorted(texts):
        described = sources.described[qid]
        label, description = described.get("label", ""), described.get("description", "")
        kind = kind_of(description)
        if not label or qid in states or kind == "other" or label.startswith("flag of"):
            continue
        only = next(iter(places[qid])).upper() if len(places[qid]) == 1 else ""
        code = told.of_description(description) or (only if only in countries else None)
        is_town = kind == "place" and _TOWN.search(description) is not None
        city = cities.meant(label, description, code, told.names) if is_town else None
        yield _Subject(
            qid,
            label,
            description,
            kind,
            code,
            frozenset(texts[qid]),
            seen[qid],
            qid in brands and kind == "organisation",
            city,
        )


def _index(
    sources: Sources, countries: dict[str, str], subjects: Iterable[_Subject], cities: Cities
) -> Iterator[Record]:
    """Give what name-suggestion-index says of brands, operators and the subjects of flags.

    No names of cities that are ours: our rows tell which those may have.
    """
    regions = region_priors(sources)
    taken = {fold(name) for known in sources.states.values() for _, name in known} | set(map(fold, regions))
    for each in subjects:
        names = {Name(each.label, "en", "label")}
        names |= {Name(text, "mul", kind) for text, kind in each.texts if text != each.label}
        externals = {("domain", host) for host in _hosts(sources.described[each.qid].get("officialWebsites", ()))}
        evidence = {(_INDEX, "wikidata.json")}
        prior = min(60, 5 + each.seen)
        if each.kind == "place":
            known = regions.get(each.label.partition(" (")[0], 100) if _is_region(each.description) else 10
            prior = weight(each.city.people) if each.city else known
            names = set(_place_names(each, names, cities, sources.words)) if each.qid not in cities.ours else set()
            if each.city is not None:
                externals.add(("geonames", each.city.number))
                evidence.add(
                    (GEONAMES, f"{each.city.number} is {each.city.name}, {each.city.region or each.city.country}")
                )
        else:
            names = {
                name
                for name in names
                if not (each.is_brand and fold(name.text) in taken)  # "Georgia" is a coffee, too
                if is_own_acronym(name.text, each.label)
                or not is_poisonous(name.text, sources, brand=each.is_brand, person=each.kind == "person")
            }
        if names or each.qid in cities.ours:
            country = countries.get(each.country or "")
            entity = Entity(each.qid, each.label, each.description, each.kind, "verified", prior=prior, country=country)
            yield Record(entity, tuple(names), tuple(sorted(externals)), evidence=tuple(sorted(evidence)))


def _place_names(subject: _Subject, names: set[Name], cities: Cities, words: Collection[str]) -> Iterator[Name]:
    """Give the names of a place that no city outside the core has before it, also without accents.

    A smaller place has none that is an English word: "Orange". A region goes by its name without the word for what it
    is, too, if no city outside the core is called so.
    """
    people = subject.city.people if subject.city else METROPOLIS if _is_region(subject.description) else _FEW
    kept = {name for name in names if not cities.is_overshadowed(name.text, people)}
    kept -= {name for name in kept if people < _WORDY and name.text.casefold() in words}
    if subject.city and subject.city.region:  # what it loses it keeps beside the name of its region
        lost = sorted(name.text for name in names - kept if "," not in name.text)
        kept |= {Name(f"{text}, {subject.city.region}", "en", "alias") for text in lost}
    region = bare_region(subject.label, subject.description)
    if region and not cities.is_overshadowed(region, 0):
        kept.add(Name(region, "en", "short"))
    for name in kept:
        yield name
        if plain(name.text) != name.text:
            yield Name(plain(name.text), name.language, "alias")


def _is_region(description: str) -> bool:
    return bool(_FIRST_LEVEL.match(description))


def is_poisonous(text: str, sources: Sources, *, brand: bool, person: bool) -> bool:
    """Whether a name would be found where nobody meant it."""
    key = fold(text)
    if len(key) < 2 or len(text) > 120 or not any(each.isalpha() for each in key):
        return True
    one = " " not in key
    if person:
        return one
    if acronym_form(text):
        return len(key) < 4 or key in sources.words
    words = key.split()
    if all(word in sources.words for word in words) and (one or brand):
        return True
    return brand and one and (key in sources.cities or len(key) < 4)


def is_own_acronym(text: str, label: str) -> bool:
    """Whether an acronym of three letters is a word of a longer label, or its initials: "DSM", "IOM"."""
    form = acronym_form(text)
    if len(form) != _SHORT or acronym_form(label):
        return False
    return form in cased(label).split() or "".join(filter(str.isupper, re.findall(r"\b\w", label))).startswith(form)


def kind_of(description: str) -> str:
    """Return the type of what a description in English tells of: by the noun at its head, mostly."""
    text = description.casefold()
    for pattern, kind in ((_PERSON, "person"), (_OUTLET, "outlet"), (_PACT, "partnership")):
        if pattern.search(text):
            return kind
    if _OTHER.search(text):
        return "other"
    head = _HEAD.match(text.replace("\xa0", " "))
    return "place" if head and _PLACE.fullmatch(head[0]) else "organisation"


def _hosts(addresses: Iterable[str]) -> set[str]:
    hosts = {(urlsplit(address).hostname or "").removeprefix("www.") for address in addresses}
    return {host for host in hosts if "." in host}
