"""Who may be meant by a name in an article: the authority's candidates, and what speaks for each.

The name itself is looked up, then what it is short for in the article, then, for a name behind a title or a title
alone, who held the office on the day.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loader.document import EntityKind
from loader.linking.bodies import is_generic, is_of_nations, is_part_of, spelt_out, states_of_form
from loader.linking.decision import Features, Scored, score
from loader.linking.gazetteer import key_words
from loader.linking.parts import GIVEN_NAMES
from loader.linking.regions import is_elsewhere, is_region, lies_in, not_meant, region_after
from loader.linking.scene import bare, description_of, untitled
from ontology.authority import covers, fold

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from loader.linking.gazetteer import Gazetteer
    from loader.linking.scene import Named, Scene, Title
    from ontology.authority import Entity, Hit


@dataclass(frozen=True, slots=True)
class Sources:
    """Which kinds of knowledge are used; all of them, unless somebody wants to see what each is good for."""

    context: bool = True  # countries and words around a name
    offices: bool = True  # who held an office on the day
    in_document: bool = True  # longer names and acronyms of the article


@dataclass(frozen=True, slots=True)
class Candidates:
    """Finds and weighs candidates in one authority.

    ``known`` maps paths of the registry to accepted ids, ``capitals`` names of capitals to the paths of their states.
    """

    gazetteer: Gazetteer
    known: Mapping[str, str]
    capitals: Mapping[str, str]
    sources: Sources = Sources()

    def of(self, named: Named, scene: Scene, *, name: str | None = None, given: bool = False) -> list[Scored]:
        """Return the candidates of one name in a scene, in no order.

        ``name`` stands for the words of the text. A name that is ``given`` may be short for more than a found one.
        """
        name = name or named.span.of(scene.text)
        kind = named.kind
        longer = self._longer(named, name, scene, given=given)
        region = self._region(name, scene)
        within = region_after(named.span, scene.text, self.gazetteer)
        namesakes = self._bodies_called(name, named, scene)
        anybodys = self._anybodys(named, name, scene)
        title = scene.title(named.span) if self.sources.offices else None
        held = {entity.id: entity for entity in self._holders(name, title, scene)}
        found: dict[str, tuple[Hit | None, Entity]] = {}
        for entity in held.values():
            found.setdefault(entity.id, (None, entity))
        by_longer = {hit.entity.id for each in longer for hit in self._hits(each)}
        for each in (name, *(longer or ())):
            for hit in self._hits(each):
                if hit.entity.type in _FORMLESS and fold(bare(each)) != fold(each) != fold(hit.name):
                    continue  # "Madeira Inc" is no island
                found.setdefault(hit.entity.id, (hit, hit.entity))
        behind = (f"{name}, {within.label}",) if within is not None else ()
        fuller = self._fuller_places(name, given=given) if kind not in _NO_PLACES else ()
        for each in (*fuller, *behind, *([region] if region else [])):
            for hit in self._hits(each):
                if hit.entity.type == "place":
                    found.setdefault(hit.entity.id, (hit, hit.entity))
        if region:
            by_longer |= {hit.entity.id for hit in self._hits(region)}
            longer = longer or (region,)
        known = self.known.get(named.known or "")
        if known is not None and known not in found:
            meant = self.gazetteer.authority.entity(known)
            if meant is not None:
                found[known] = (None, meant)
        if _is_single_person(name, kind) and not longer:  # a surname alone names nobody without a title or longer name
            found = {key: value for key, value in found.items() if key in held or key == known}
        found = {
            key: (hit, entity)
            for key, (hit, entity) in found.items()
            if key == known or not self._is_foreign(entity, hit.name if hit else entity.label, name, scene)
            if key == known or given or named.kind is not None or not _is_far(entity, scene)
            if within is None or not is_elsewhere(entity, within)
            if entity.type not in anybodys
        }
        labels = {entity.label for _, entity in found.values()}
        called = (entity for hit, entity in found.values() if hit is not None and fold(hit.name) == fold(name))
        others = not_meant(called, named.span, scene.text, self.gazetteer)
        found = {
            key: (hit, entity)
            for key, (hit, entity) in found.items()
            if key not in others and not is_part_of(entity, labels - {entity.label})
        }
        entities = [entity for _, entity in found.values()]
        return [
            self._scored(
                hit,
                entity,
                named,
                name,
                scene,
                full=-1.0 if namesakes and entity.type in _FORMLESS else _fullness(entity, name, longer, by_longer),
                office=self._office(entity, title, scene) if entity.id not in held else 1.0,
                rivals=entities,
            )
            for hit, entity in found.values()
        ]

    def _anybodys(self, named: Named, name: str, scene: Scene) -> tuple[str, ...]:
        """Return the types of what is not meant where a name is somebody's, or a ship's: "Valeska Paris", "Jordan"."""
        if _WHERE.search(scene.text, 0, named.span.start) or _POSTAL.match(scene.text, named.span.end):
            return ()
        if name in GIVEN_NAMES and name in scene.persons:
            return ("state", "place")
        return ("place",) if name in scene.surnames else ()

    def _longer(self, named: Named, name: str, scene: Scene, *, given: bool) -> tuple[str, ...]:
        """Return the longer names of the article that a name may be short for; a place's is so only if it is given."""
        if not self.sources.in_document:
            return ()
        if (
            any(hit.entity.type in ("state", "place") for hit in self.gazetteer.hits(name))
            and named.kind is not EntityKind.PERSON
        ):
            return tuple(sorted(scene.bodies(name))) if given else ()
        names = scene.full_names(name, named.kind)
        if given and not names and len(scene.bodies(name)) == 1:
            names = tuple(scene.bodies(name))
        if named.full and fold(named.full) != fold(name) and len(named.full.split()) > 1 and _may_be(name, named.full):
            names = tuple(dict.fromkeys((named.full, *names)))
        return names

    def _bodies_called(self, name: str, named: Named, scene: Scene) -> bool:
        """Whether the article has a body whose name begins with this one: "Hanover Insurance".

        It may be short for that. Not where the name clearly tells of a place: "in Hanover".
        """
        if not self.sources.in_document or _WHERE.search(scene.text, 0, named.span.start):
            return False
        return any(fold(each).startswith(fold(name) + " ") for each in scene.bodies(name))

    def national(self, name: str, scene: Scene) -> Iterator[str]:
        """Give the full names of bodies that a short one may stand for in the states of a scene: "Navy", "Treasury"."""
        for country in sorted(scene.shares, key=lambda each: (-scene.shares[each], each)):
            state = self.gazetteer.authority.entity(country)
            if state is not None:
                label = state.label
                for full in (f"{label} {name}", f"{label} Department of {name}", f"{name} of {label}"):
                    if any(hit.entity.type == "organisation" for hit in self.gazetteer.hits(full)):
                        yield full

    def _is_foreign(self, entity: Entity, matched: str, name: str, scene: Scene) -> bool:
        """Whether a candidate belongs to another state than the name tells of, or the article.

        A legal form is that of some states: no "plc" is American. A name that bodies of many states have, "Ministry
        of Transport", means one whose state the article names.
        """
        if entity.type not in ("organisation", "outlet", "other"):
            return False
        if is_generic(matched) and entity.country not in scene.countries:
            return True
        codes = states_of_form(name) if fold(name) != fold(matched) else ()
        return bool(codes) and entity.country is not None and entity.country not in self._states_of(codes)

    def _states_of(self, codes: tuple[str, ...]) -> set[str]:
        authority = self.gazetteer.authority
        return {each.id for code in codes for each in authority.by_external("iso3166-1-alpha-2", code)}

    def _region(self, name: str, scene: Scene) -> str:
        """Return the fuller name of a province or the like that the article calls so: "Buenos Aires province"."""
        if not self.sources.in_document or f"{name} " not in scene.text:  # nearly always, and quicker than a pattern
            return ""
        found = re.search(rf"\b{re.escape(name)} ({_REGION_WORDS})\b", scene.text)
        return f"{name} {found[1].title()}" if found and self._hits(f"{name} {found[1].title()}") else ""

    def _fuller_places(self, name: str, *, given: bool) -> tuple[str, ...]:
        """Return fuller names of a city that may be meant: "Panama City", and the other names of a capital.

        A region is not short for its city, "Oklahoma", nor is a state that is found: "Mexico".
        """
        called = [hit.entity for hit in self.gazetteer.hits(name)]
        if any(is_region(each) or (each.type == "state" and not given) for each in called):
            return ()
        city = name.title() if name.isupper() else name
        state = self.capitals.get(city)
        others = (each for each in self.capitals if state and self.capitals[each] == state and each.startswith(city))
        return (f"{city} City", *others)

    def _hits(self, name: str) -> tuple[Hit, ...]:
        """Return the hits of a name, or else of what is left of it without its title or legal form."""
        plain = name.strip()
        for each in dict.fromkeys(_variants(plain)):
            hits = self.gazetteer.hits(each) if each else ()
            if hits:
                return hits
        return ()

    # ---- offices

    def _holders(self, name: str, title: Title | None, scene: Scene) -> Iterator[Entity]:
        """Give those who held the office that stands before the name, or that the name is, on the day."""
        if not self.sources.offices:
            return
        described = description_of(name)
        wanted = described or title
        if wanted is None:
            return
        surname = None if described else fold(untitled(name)).split()[-1]
        found: dict[str, Entity] = {}
        for office in self._offices(wanted, scene, is_named=surname is not None):
            holders = self.gazetteer.authority.holders(office.id, scene.published)
            matching = [each for each in holders if surname is None or surname in _called(each, scene.published)]
            if surname is not None or (scene.published is not None and len(matching) == 1):
                found |= {each.id: each for each in matching}
        if wanted.of or len(found) == 1:  # a title that names no state has to tell of one person
            yield from found.values()

    def _offices(self, title: Title, scene: Scene, *, is_named: bool) -> Iterator[Entity]:
        """Give the offices of a title in the state that it names, or else in those that the article names.

        The latter only where a name comes with the title, or no other words do.
        """
        of = title.of.removesuffix("'s").removesuffix("’s")
        rank = " ".join(word.capitalize() if word != "of" else word for word in title.title.replace("-", " ").split())
        entity = self.gazetteer.authority.entity
        states = [hit.entity for hit in self.gazetteer.hits(of) if hit.entity.type in ("state", "place")] if of else []
        for state in states if states or (of and not is_named) else filter(None, map(entity, sorted(scene.countries))):
            known = self.gazetteer.authority.names(state.id)
            names = {state.label, *(n.text for n in known if n.kind in _NOUNS and n.language in ("en", "mul"))}
            for country in sorted(names):
                for label in (f"{rank} of {country}", f"{rank} of the {country}", f"{country} {rank}"):
                    yield from (each.entity for each in self.gazetteer.hits(label) if each.entity.type == "office")

    def _office(self, entity: Entity, title: Title | None, scene: Scene) -> float:
        """Return 1 if a person held the office that stands before the name on the day, -1 if others did and not it."""
        if title is None or entity.type != "person":
            return 0.0
        held = self.gazetteer.authority.offices(entity.id)
        wanted = key_words(title.title)
        fitting = [each for each in held if wanted <= key_words(each.label)]
        if not fitting:
            return 0.0
        if scene.published is None:
            return 0.5
        return 1.0 if any(covers(each.start, each.end, scene.published) for each in fitting) else 0.0

    # ---- what speaks for one

    def _scored(
        self,
        hit: Hit | None,
        entity: Entity,
        named: Named,
        name: str,
        scene: Scene,
        *,
        full: float,
        office: float,
        rivals: Sequence[Entity],
    ) -> Scored:
        matched = hit.name if hit is not None else entity.label
        known = self.known.get(named.known or "")
        whole = sum(each.prior for each in rivals)
        features = Features(
            exact=1.0 if hit is not None and hit.exact else 0.0,
            label=1.0 if _plain(matched) == _plain(entity.label) or is_of_nations(entity, matched) else 0.0,
            words=1.0 if len(matched.split()) > 1 else 0.0,
            kind=_agreement(named.kind if not name.isupper() or len(name) < 4 else None, entity.type),
            namesakes=1.0 if known is None and _is_open(rivals, scene) else min(1.0, math.log2(len(rivals)) / 3.0),
            state=1.0 if entity.type == "state" else 0.0,
            country=self._country(entity, scene),
            around=self._around(entity, named, scene, rivals),
            context=self._context(entity, scene, name),
            office=office,
            known=self._known(known, entity, rivals),
            full=full,
            capital=0.0 if self._region(name, scene) else self._capital(entity, name),
            prior=2.0 * entity.prior / whole - 1.0 if whole > entity.prior else 0.0,
            acronym=spelt_out(name, entity, scene.words),
            time=_time(entity, scene),
        )
        return Scored(entity, matched, features, score(features))

    def _known(self, known: str | None, entity: Entity, rivals: Sequence[Entity]) -> float:
        """Return 1 for what the registry means by the name, and for a state of the registry that alone has the name."""
        if known is not None:
            return 1.0 if known == entity.id else -1.0
        return 1.0 if entity.type == "state" and len(rivals) == 1 and entity.id in self.known.values() else 0.0

    def _country(self, entity: Entity, scene: Scene) -> float:
        if not self.sources.context or entity.country is None or entity.id == entity.country:
            return 0.0
        if entity.country in scene.countries:
            return 1.0
        return -1.0 if scene.countries and entity.type != "place" else 0.0

    def _around(self, entity: Entity, named: Named, scene: Scene, rivals: Sequence[Entity]) -> float:
        """Return 1 for a place in the region named after it, "Salem, Ore.", -1 for one elsewhere; else a share."""
        if not self.sources.context or entity.type not in ("state", "place"):
            return 0.0
        region = region_after(named.span, scene.text, self.gazetteer)
        if region is not None and any(lies_in(each, region) for each in rivals):
            return 1.0 if lies_in(entity, region) else -1.0
        return scene.shares.get(entity.country or "", 0.0)

    def _capital(self, entity: Entity, name: str) -> float:
        state = self.known.get(self.capitals.get(name.title() if name.isupper() else name, ""))
        if state is None or entity.type in ("state", "person"):
            return 0.0
        is_capital = entity.type == "place" and entity.country == state and "capital" in entity.description
        return 1.0 if is_capital else -1.0

    def _context(self, entity: Entity, scene: Scene, name: str) -> float:
        if not self.sources.context:
            return 0.0
        words = key_words(entity.description) - key_words(name)
        return len(words & scene.words) / len(words) if words else 0.0


_TYPES: Mapping[EntityKind, tuple[str, ...]] = {
    EntityKind.STATE: ("state", "place"),
    EntityKind.PERSON: ("person",),
    EntityKind.ORGANIZATION: ("organisation", "outlet", "partnership"),
    EntityKind.NEWS_OUTLET: ("outlet", "organisation"),
    EntityKind.PARTNERSHIP: ("partnership", "organisation"),
    EntityKind.TECHNOLOGY: ("technology", "other"),
}


_NOUNS = ("label", "alias")  # what a state is called, and its people are not
_NO_PLACES = (EntityKind.PERSON, EntityKind.PARTNERSHIP, EntityKind.TECHNOLOGY, EntityKind.NEWS_OUTLET)
_FORMLESS = ("state", "place", "person")
_WHERE = re.compile(
    r"\b(?:in|at|near|from|to|into|of|outside|around|across|throughout|leave|left|visit(?:ed)?) (?:the )?$"
)
_POSTAL = re.compile(r", [A-Z]{2}\b")  # "Atlanta, GA"
_PAIRS = (("Organisation", "Organization"), ("Defence", "Defense"), ("Centre", "Center"), ("Labour", "Labor"))
_OTHER_SPELLING: Mapping[str, str] = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}
_SPELLINGS = re.compile(rf"\b(?:{'|'.join(_OTHER_SPELLING)})\b")
_REGION_WORDS = "[Pp]rovince|[Pp]refecture|[Oo]blast|[Gg]overnorate"


def _is_far(entity: Entity, scene: Scene) -> bool:
    """Whether something is a body of a state that the article does not name, while it names others."""
    is_body = entity.type in ("organisation", "outlet", "other") and entity.country is not None
    return is_body and bool(scene.countries) and entity.country not in scene.countries


def _is_open(rivals: Sequence[Entity], scene: Scene) -> bool:
    """Whether a name is a state's and a region's, and the article names no place of either's state: "Georgia"."""
    countries = {each.country for each in rivals if each.type == "state" or is_region(each)}
    return len(countries) > 1 and any(each.type == "state" for each in rivals) and not countries & scene.countries


def _called(entity: Entity, day: dt.date | None) -> Sequence[str]:
    """Return the words by which a person in office is called: any of the name on a known day ("Xi", "Lula")."""
    words = fold(entity.label).split()
    return words if day is not None else words[-1:]


def _may_be(name: str, full: str) -> bool:
    """Whether words may stand for a full name: they share one with it, or are a description with an article."""
    is_description = name.lower().startswith(("the ", "this ", "that "))
    return is_description or bool(set(fold(name).split()) & set(fold(full).split()))


def _agreement(kind: EntityKind | None, type_: str) -> float:
    if kind is None:
        return 0.0
    types = _TYPES.get(kind, ())
    return 1.0 if types[:1] == (type_,) else 0.7 if type_ in types else -1.0


def _fullness(entity: Entity, name: str, longer: tuple[str, ...], by_longer: set[str]) -> float:
    """Return 1 for who goes by a longer name of the article, -1 for who does not, where that tells."""
    if not longer or (not by_longer and len(name.split()) > 1):  # a whole name, with a legal form elsewhere
        return 0.0
    return 1.0 if entity.id in by_longer else -1.0


def _variants(name: str) -> tuple[str, ...]:
    """Return a name and how an authority may spell it: without title or legal form, the American or British way."""
    short = bare(name)
    spelt = _SPELLINGS.sub(lambda found: _OTHER_SPELLING[found[0]], name)
    forms = tuple(f"{short} {form}" for form in ("Company", "Corporation", "Group", "Inc.")) if short != name else ()
    return (name, name.removeprefix("The ").removeprefix("the "), untitled(name), spelt, short, *forms)


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", bare(name))
    plain = fold("".join(each for each in letters if not unicodedata.combining(each)).partition(" (")[0])
    return plain.removeprefix("the ").removesuffix(" city")


def _is_single_person(name: str, kind: EntityKind | None) -> bool:
    return kind is EntityKind.PERSON and len(untitled(name).split()) == 1


def _time(entity: Entity, scene: Scene) -> float:
    """Return -1 where the thing began only after the article came out."""
    if scene.published is None or not entity.start:
        return 0.0
    return -1.0 if entity.start > scene.published.isoformat()[: len(entity.start)] else 0.0
