"""What the name of a body tells of it: an acronym, a legal form, a name that bodies of many states have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from loader.linking.gazetteer import key_words
from loader.linking.scene import bare
from ontology.authority import acronym_form, fold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ontology.authority import Entity


def spelt_out(name: str, entity: Entity, words: frozenset[str]) -> float:
    """Return -1 for an acronym whose body an article of these words never spells out; a few need not be.

    Those of states and outlets, and those of bodies of nations that are long enough. A label with brackets has
    namesakes: of it, a legal form spells nothing out ("CNA Inc").
    """
    name = bare(name) if "(" in entity.label else name
    if entity.type not in ("organisation", "other") or not acronym_form(name) or fold(entity.label) == fold(name):
        return 0.0
    return 0.0 if key_words(entity.label) <= words or is_of_nations(entity, name) else -1.0


def is_of_nations(entity: Entity, name: str) -> bool:
    """Whether a name is an acronym of four letters or more of a well-known body of no state: "IAEA", "OSCE"."""
    letters = acronym_form(name).lower()
    if len(letters) < _OWN or entity.country is not None or entity.prior < _WELL_KNOWN:
        return False
    words = iter(re.findall(r"\b\w", entity.label.lower()))
    return entity.type in ("organisation", "partnership") and all(letter in words for letter in letters)


def is_part_of(entity: Entity, labels: set[str]) -> bool:
    """Whether something is said to be a part of another candidate, which a name that both have means."""
    found = _PART.search(entity.description)
    return found is not None and found[1].rstrip(".") in labels


def is_generic(name: str) -> bool:
    """Whether bodies of many states have a name: "Ministry of Transport"."""
    return _GENERIC.fullmatch(name) is not None


def states_of_form(name: str) -> tuple[str, ...]:
    """Return the ISO codes of the states that have the legal form behind a company's name; empty where many have."""
    form = _FORM.search(name)
    return _FORMS.get(form[1].upper().replace(".", ""), ()) if form else ()


_OWN = 4  # letters of an acronym that few have
_WELL_KNOWN = 50  # the prior from which a body is one that everybody knows
_GENERIC = re.compile(
    r"(?:The )?(?:(?:Department|Ministry|Directorate|Bureau|Office|Division|Secretariat|Board|Institute|House|Council)"
    r" (?:of|for) (?!.*(?:of|in) the [A-Z]).*|(?:Central|Federal|National|State|Supreme|High|Constitutional|Public"
    r"|North|South|East|West|Eastern|Western|Northern|Southern) (?:Bank|Police|Court|District|Assembly|Guard|Library"
    r"|Government|Institute|Park Service|Council|Health Service|Statistics Office|School District))"
)
_FORM = re.compile(r" (PLC|Plc|plc|AG|GmbH|NV|N\.V\.|SpA|SPA|Oyj|ASA|AB)\.?$")
_FORMS: Mapping[str, tuple[str, ...]] = {
    "PLC": ("GB", "IE"),
    "AG": ("DE", "CH", "AT", "LI", "LU"),
    "GMBH": ("DE", "CH", "AT"),
    "NV": ("NL", "BE", "CW"),
    "SPA": ("IT", "CL"),
    "OYJ": ("FI",),
    "ASA": ("NO",),
    "AB": ("SE", "FI"),
}
_PART = re.compile(r"\b(?:brand|subsidiary|division|unit|part|arm)\b.*\b(?:of|by) (?:the )?([A-Z].*)")
