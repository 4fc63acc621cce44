"""Joining: whether a word of joining or leaving is said of a body itself, or of an event, a paper or company of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.extraction.text.clauses import children
from loader.extraction.text.nouns import NounKind, noun_of

if TYPE_CHECKING:
    from loader.extraction.text.tokens import Token

STRICT = frozenset({"joining", "taking-part", "leaving", "admitting"})
_MODIFYING = frozenset({"compound", "nmod", "amod", "poss"})
# Nouns that stand for the body whose name is before them: "the NATO alliance", "EU membership".
_WHOLES = frozenset(
    {"partnership", "alliance", "pact", "bloc", "grouping", "group", "union", "family", "club", "framework", "deal"}
    | {"membership", "accession", "entry", "admission", "inclusion", "participation", "involvement", "status", "bid"}
    | {"project", "work", "effort", "pillar", "structure", "organization", "organisation"}
)
# What a body holds or makes: who takes part in it or leaves it does not so join or leave the body.
_HELD = frozenset(
    {"summit", "meeting", "conference", "convention", "treaty", "agreement", "protocol", "resolution", "exercise"}
    | {
        "program",
        "programme",
        "initiative",
        "mission",
        "operation",
        "talk",
        "session",
        "forum",
        "council",
        "declaration",
    }
    | {
        "statement",
        "dialogue",
        "campaign",
        "plan",
        "event",
        "ceremony",
        "assembly",
        "committee",
        "panel",
        "fund",
        "call",
    }
)


def is_whole(name: Token) -> bool:
    """Whether a body's name stands for the body: "joined NATO", "the NATO alliance", not "joined a NATO exercise"."""
    head = name
    while head.dep_ in _MODIFYING and head.head != head:
        head = head.head
    if head != name:
        return head.pos_ not in ("NOUN", "PROPN") or head.lemma_.lower() in _WHOLES
    if name.dep_ == "pobj" and name.head.lower_ in ("of", "by", "within", "under"):
        return not is_held(name.head.head)
    return True


def is_company(verb: Token) -> bool:
    """Whether "join" tells of company and not of membership: "was joined by", "joined with", "joined X in saying"."""
    if verb.lemma_ != "join":
        return False
    links = list(children(verb, "prep", "agent"))
    if any(children(verb, "auxpass", "nsubjpass", "agent")) or (verb.tag_ == "VBN" and verb.dep_ == "acl"):
        return True
    alone = next(children(verb, "dobj"), None) is None
    return any((link.lower_ == "with" and alone) or any(children(link, "pcomp")) for link in links)


def is_held(noun: Token) -> bool:
    """Whether a noun is what a body holds or makes: a summit, an exercise, a declaration."""
    told = noun_of(noun)
    return noun.lemma_.lower() in _HELD or (told is not None and told.kind is NounKind.DOCUMENT)


def is_asked_to_event(asking: Token) -> bool:
    """Whether an invitation is to an event of a body and not to the body: "invited to the opening of the summit"."""
    for link in children(asking, "prep"):
        for noun in children(link, "pobj") if link.lower_ == "to" else ():
            if not is_whole(noun) or is_held(noun):
                return True
    return False
