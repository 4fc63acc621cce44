"""Regions of places: the one that an article names behind a place, "Salem, Ore.", and the one called like a city."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loader.document import Span
    from loader.linking.gazetteer import Gazetteer
    from ontology.authority import Entity


def region_after(span: Span, text: str, gazetteer: Gazetteer) -> Entity | None:
    """Return the state or the part of one whose name stands behind a comma after a name, also abbreviated.

    A state has to end there: in "London, France said" it only comes next.
    """
    after = _AFTER.match(text, span.end)
    if after is None:
        return None
    first = after[1].split()[0]
    for each in dict.fromkeys((after[1], first, f"{first}.")):
        hits = gazetteer.hits(each)
        if hits:
            meant = hits[0].entity
            if meant.type == "state":
                return meant if _END.match(text, after.start(1) + len(each)) else None
            return meant if is_region(meant) else None
    return None


def is_region(entity: Entity) -> bool:
    """Whether something is a part of a state of the first level, by its description."""
    return entity.type == "place" and _REGION.match(entity.description) is not None


def lies_in(entity: Entity, region: Entity) -> bool:
    """Whether a place is known to lie in a region or state."""
    return entity.type == "place" and (region.label in entity.description or region.id == entity.country)


def is_elsewhere(entity: Entity, region: Entity) -> bool:
    """Whether a place lies in another state than a region, or in another part of the United States.

    Of other states it is not known which parts their places lie in.
    """
    if entity.type != "place" or entity.country is None or entity.id == region.id or lies_in(entity, region):
        return False
    return entity.country != region.country or "United States" in entity.description


def not_meant(entities: Iterable[Entity], span: Span, text: str, gazetteer: Gazetteer) -> frozenset[str]:
    """Return the ids of those places of one name that the words beside it rule out.

    "Washington state" is no city, nor is it in "Seattle, Washington". A region that has its name with a city in it, New
    York, is not meant unless there are words of regions or another region beside the name; then either may be.
    """
    places = [each for each in entities if each.type in ("state", "place")]
    regions = [each for each in places if is_region(each)]
    if not regions or len(places) == len(regions):
        return frozenset()
    before, after = text[max(0, span.start - _BESIDE) : span.start], text[span.end : span.end + _BESIDE]
    if _CALLED_STATE.match(after) or _ELECTED.search(before) or _is_behind_a_town(before, regions, gazetteer):
        return frozenset(each.id for each in places if each not in regions)
    if _GOVERNED.search(before) or _GOVERNED.search(after) or _is_listed(before, after, gazetteer):
        return frozenset()
    return frozenset(
        region.id
        for region in regions
        for city in places
        if city.label.startswith(region.label) and lies_in(city, region)
    )


def _is_behind_a_town(before: str, regions: Iterable[Entity], gazetteer: Gazetteer) -> bool:
    """Whether these words end with a town of a region, "Seattle, ", or with one that nobody knows, "in Spokane, "."""
    town = _TOWN.search(before)
    if town is None:
        return False
    words = town["town"].split()
    names = (" ".join(words[start:]) for start in range(len(words)))
    hits = [hit.entity for each in names for hit in gazetteer.hits(each) if hit.entity.type in ("state", "place")]
    is_unknown = not hits and town["where"] is not None
    return is_unknown or any(lies_in(hit, region) for hit in hits for region in regions)


def _is_listed(before: str, after: str, gazetteer: Gazetteer) -> bool:
    """Whether the name beside these words is one of several regions: "Pennsylvania and New York"."""
    names = (_LISTED_BEFORE.search(before), _LISTED_AFTER.match(after))
    hits = (hit.entity for each in names if each is not None for hit in gazetteer.hits(each[1])[:1])
    return any(is_region(each) for each in hits)


_AFTER = re.compile(r", ?((?:[A-Z]\.){2}|[A-Z][a-z]+\.?(?: [A-Z][a-z]+){0,2})")
_END = re.compile(r"[,.;:)\]\n—–-]|$| \(")
_REGION = re.compile(r"(?:\w+ ){0,2}(?:state|province|territory|prefecture|region|canton) (?:of|in) ")
_CALLED_STATE = re.compile(r" state\b(?! (?:visit|dinner|media|television|news|banquet|funeral))")
_TOWN = re.compile(
    r"(?:\b(?P<where>in|at|near|from|of|to|outside) )?\b(?P<town>(?:[A-Z][\w.’'-]* ){0,2}[A-Z][\w.’'-]*), $"
)
_BESIDE = 40  # characters before and behind a name that tell which of its places is meant
_GOVERNED = re.compile(
    r"\b(?:[Gg]overnor|[Gg]ov\.|[Ss]tates?|[Ss]enators?|[Ss]en\.|[Rr]epresentatives?|[Rr]ep\.|[Cc]ongress\w+"
    r"|[Ll]awmakers?|[Ll]egislat\w+|[Aa]ttorney [Gg]eneral|[Pp]rimary|[Uu]pstate|[Rr]epublicans?|[Dd]emocrats?"
    r"|[Dd]elegates?|[Ee]lectoral)(?!\w)"
)
_ELECTED = re.compile(
    r"\b(?:[Rr]epublican|[Dd]emocrat|[Ss]enator|[Gg]overnor|[Cc]ongress(?:wo)?man|[Rr]epresentative)s? (?:of|from) $"
)
_LISTED_BEFORE = re.compile(r"([A-Z]\w+(?: [A-Z]\w+)?)(?:,| and|, and| or) $")
_LISTED_AFTER = re.compile(r"(?:,| and|, and| or) ([A-Z]\w+(?: [A-Z]\w+)?)")
