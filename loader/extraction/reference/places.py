"""When the name of a place means those who govern it: "Tokyo is considering", but "in Tokyo"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.document import EntityKind
from loader.extraction.text.nouns import INSTITUTIONAL, PERSONAL, NounKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loader.document import Entity
    from loader.extraction.text.tokens import Token
    from loader.extraction.text.words import Words

WHERE = frozenset(
    {
        "in",
        "at",
        "near",
        "from",
        "around",
        "outside",
        "inside",
        "into",
        "through",
        "across",
        "throughout",
        "via",
        "within",
    }
)
_PLACE_NOUNS = frozenset(
    {
        "city",
        "town",
        "suburb",
        "street",
        "streets",
        "mayor",
        "airport",
        "outskirts",
        "centre",
        "center",
        "area",
        "attack",
    }
    | {"attacks", "bombing", "bombings", "metro", "subway", "stock", "residents", "university", "district", "capital"}
)
_GOING = frozenset(
    {"go", "travel", "fly", "return", "come", "head", "trip", "visit", "flight", "move", "back", "journey", "arrive"}
)
_AIMED_AT = frozenset(
    {"urge", "accuse", "warn", "press", "pressure", "blame", "support", "tell", "ask", "criticise", "criticize", "help"}
    | {"anger", "provoke", "reassure", "inform", "brief", "lobby", "sanction", "back", "defy", "thank", "upset"}
    | {"condemn"}
)
_STATEHOOD = frozenset(
    {"republic", "territory", "kingdom", "independence", "parliament", "government", "regime", "recognition", "state"}
    | {"sovereignty", "nation", "country"}
)
_DECIDES = frozenset(
    {"say", "announce", "declare", "deny", "accuse", "warn", "agree", "reject", "vote", "claim", "demand", "threaten"}
    | {"refuse", "sign", "join", "recognise", "recognize", "pledge", "confirm", "urge", "insist", "condemn", "welcome"}
    | {"secede"}
)
_GOVERNING = frozenset({NounKind.GOVERNMENT, NounKind.ASSEMBLY, NounKind.FORCES, NounKind.MINISTRY})


def stands_for_government(words: Words, root: Token, known: Sequence[Entity | None]) -> bool:
    """Whether a capital's name means the government: it acts, owns, or is dealt with, and is no place to be in."""
    head = root.head
    match root.dep_:
        case "nsubj":
            named = head.lemma_ == "be" and any(child.dep_ == "attr" for child in head.children)
            found = head.pos_ in ("VERB", "AUX") and not named
        case "poss":
            found = head.lower_ not in _PLACE_NOUNS
        case "pobj":
            going = head.lower_ in ("to", "for") and head.head.lemma_.lower() in _GOING
            found = head.lower_ not in WHERE and not going and head.head.lower_ not in _PLACE_NOUNS
        case "dobj":
            found = head.lemma_ in _AIMED_AT
        case "conj" if head.i != root.i and head.pos_ == "PROPN":
            other = known[head.i]
            state = other is not None and other.kind is EntityKind.STATE and head.text == other.label
            found = state or stands_for_government(words, head, known)
        case "compound" | "nmod" | "amod":
            noun = words.noun(head)
            found = noun is not None and (noun.kind in PERSONAL or noun.kind in INSTITUTIONAL)
        case _:
            found = False
    return found


def acts_as_state(words: Words, root: Token) -> bool:
    """Whether the words around a place that no registry knows make it a state: it decides, is recognised, governs."""
    if root.dep_ == "poss":
        noun = words.noun(root.head)
        return noun is not None and noun.kind in _GOVERNING
    if root.dep_ == "pobj" and root.head.lower_ == "of":
        noun = words.noun(root.head.head)
        return noun is not None and noun.words in _STATEHOOD
    if root.dep_ == "nsubj":
        return root.head.lemma_ in _DECIDES
    return root.dep_ == "dobj" and root.head.lemma_ in ("recognise", "recognize")
