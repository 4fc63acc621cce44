"""Names that are but parts of longer ones, or mean something that is only called after a place.

"Los Angeles Lakers", "Bank of Albania", "the submarine California", "Lima beans". Only the words beside a name tell.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from loader.linking.gazetteer import word_set

if TYPE_CHECKING:
    from loader.document import Span


def is_part(text: str, span: Span, type_: str, *, is_acronym: bool = False, has_article: bool = False) -> bool:
    """Whether words beside a name of something of this type tell that it is but a part of a longer name.

    ``has_article`` is for places that are called with one, "The Hague"; "the Texas," is a ship.
    """
    if type_ in ("state", "place", "organisation") and _LONGER_AFTER.match(text, span.end):
        return True
    if type_ not in ("state", "place"):
        return False
    if _EATEN.match(text, span.end) or _HONOURED.search(text, 0, span.start):
        return True
    if type_ == "state" and not is_acronym:
        given = _NAME_AFTER.match(text, span.end) if span.of(text) in GIVEN_NAMES else None
        return (given is not None and given[1] not in _OF_A_STATE) or is_within(text, span, before=_DIRECTION)
    if type_ == "place":
        is_thing = _VESSEL.search(text, 0, span.start) or (
            not has_article and _THE.search(text, 0, span.start) and _ENDS.match(text, span.end)
        )
        if is_thing or _AGREED.match(text, span.end):
            return True
    return is_within(text, span, before=_NAME_BEFORE, after=_NAME_AFTER if type_ == "place" else None)


def is_single_part(text: str, span: Span) -> bool:
    """Whether a single word that the reading took for no name is a part of one: "Laramie County"."""
    return is_within(text, span, before=_NAME_BEFORE, after=_NAME_AFTER)


def things_called(text: str) -> frozenset[str]:
    """Return the names that a text gives to ships, storms and spacecraft: "the Phoenix lander"."""
    return frozenset(each[1] or each[2] for each in _CALLED.finditer(text))


def is_within(text: str, span: Span, *, before: re.Pattern[str], after: re.Pattern[str] | None = None) -> bool:
    """Whether a capitalised word beside a name makes it a part of a longer one. In a headline every word is one."""
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.end)
    line = text[start : end if end >= 0 else len(text)]
    if _OWNER.search(line, 0, span.start - start) or _OWNED.match(line, span.end - start):
        return True
    if _is_headline(line):
        return bool(after and _HONOURABLE.search(line, 0, span.start - start) and after.match(text, span.end))
    ahead = after.match(text, span.end) if after is not None else None
    behind = before.search(text, max(start, span.start - 30), span.start)
    beside = [each[each.lastindex or 0] for each in (ahead, behind) if each is not None]
    return any(each not in _BESIDE for each in beside)


def _is_headline(line: str) -> bool:
    if line.rstrip().endswith((".", ";", ":", ",")):
        return False
    words = re.findall(r"[^\W\d_]{4,}", line)
    return len(words) > 2 and 3 * sum(word[0].isupper() for word in words) > 2 * len(words)


_NAME_AFTER = re.compile(r"[ -]([A-Z][\w.]*)|-(?=\d)()")
_LONGER_AFTER = re.compile(
    r"[ -](?:Airlines?|Airways|Band|Basin|Bay|Canal|Capitol|Code|(?:\w+ )?Courts?|Corps|Daily|Declaration|Foundation"
    r"|Gulf|Hospital|Institute|Islands?"
    r"|Mountains?|Museum|Ocean|Peninsula|Pipeline|Plateau|Post|Press|River|School|Sea|Straits?|Stadium|Stock Exchange"
    r"|Times|Tribune|University|Valley|Veterans)\b"
)
_NAME_BEFORE = re.compile(r"(?:(?<![.?!\n\"“”] )\b([A-Z][\w.]*)|\b([A-Z]{3,}))[ -]$")
_DIRECTION = re.compile(r"\b((?:North|South|East|West)(?:ern)?|Lake|River|Port|Fort|Mount)[ -]$")
_OWNER = re.compile(
    r"\b(?:Academy|Archbishop|Archdiocese|Army|Association|Authority|Bank|Battle|Bay|Bishop|Board|Chamber|Church|Club"
    r"|Co|College|Company|Congress|Convention|Council|Court|Daughters|Declaration|Department|Diocese|Duchess|Duke"
    r"|Embassy|Federation|Gulf|Institute|Isle|Journal|League|Ministry|Museum|Parliament|Party|Prince|Princess|Protocol"
    r"|School|Sea|Shield|Siege|Society|Sons|Statute|Strait|Straits|Times|Treaty|Union|University|Veterans|Voice"
    r"|Workers)\.? of (?:the )?$|\bAlternative for $"
)
_OWNED = re.compile(r",? (?:Inc|Corp|Ltd|PLC|Plc|LLC|LLP|LP|GmbH)\b")
_HONOURED = re.compile(r"\b(?:Mrs?|Ms|Dr)\.? $")
_HONOURABLE = re.compile(r"\b(?:Honou?rable|Judge|Justice|Sir|Dame|Lady|Ambassador) $")
_EATEN = re.compile(r"[ -](?:beans?|sprouts?|bacon|steaks?|cream pie|chowder|sandwich(?:es)?|vultures?|terriers?)\b")
_AGREED = re.compile(r" (?:accords?|agreements?|conventions?|declaration|pact|process|protocols?|treat(?:y|ies))\b")
_VESSELS = (
    r"(?:(?:aircraft )?carrier|battleship|cruiser|destroyer|ferry|frigate|lander|(?:ocean )?liner|rover|schooner"
    r"|spacecraft|(?:space )?shuttle|submarine|tanker|warship|yacht|[Hh]urricane|[Tt]yphoon)"
)
_VESSEL = re.compile(rf"\b{_VESSELS} $")
_CALLED = re.compile(
    rf"\b(?:{_VESSELS}|USS|HMS|HMAS) ([A-Z][a-z]+)"
    r"|\b([A-Z][a-z]+)(?: Mars)? (?:lander|orbiter|rover|spacecraft|telescope)\b"
)
_THE = re.compile(r"\b[Tt]he $")
_ENDS = re.compile(r"[,.;:)]| (?:was|is|sank|sailed|left|beat|lost|won)\b")
GIVEN_NAMES = word_set(  # states and places that people are called
    "Adelaide Alexandria Aurora Austin Brooklyn Carolina Chad Charlotte Chelsea Cleveland Dakota Dallas Denver Florence"
    " Georgia India Ireland Israel Jackson Jordan Kenya Kingston Lincoln Logan London Madison Milan Paris Phoenix"
    " Regina Santiago Savannah Sofia Sydney Troy Victoria Vienna Virginia"
)
_BESIDE = word_set(
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July"
    " August September October November December Gov. Sen. Rep. Mayor President Prime Foreign Defense"
    " Defence Minister Police Attorney I In At On From To For With By The A And But As If When While After"
    " Before Since Until"
)
_OF_A_STATE = _BESIDE | word_set(
    "Secretary Senate Senator Senators Republican Republicans Democrat Democrats Democratic Legislature State House"
    " Supreme Governor Congress Parliament Army Navy Air Border Court Justice National Central King Queen Crown Deputy"
    " Vice Ambassador Embassy Finance Interior Health Trade Energy"
)
