"""Contents: which words a cue attributes, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loader.extraction.syntax import child, children, is_passive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spacy.tokens import Token

    from loader.extraction.cues import Entry


@dataclass(frozen=True, slots=True)
class Content:
    """Tokens (first and last, both included, maybe several runs) that a cue attributes, and the frame that found them.

    ``lead`` is the last token that belongs to the cue (a preposition or "to"), None where the cue ends with its verb.
    """

    runs: tuple[tuple[int, int], ...]
    frame: str
    lead: Token | None = None


def of_verb(token: Token, entry: Entry) -> Content | None:
    """Return the content of a verb by the first frame of its entry that its dependents fill."""
    for frame in _FRAMES:
        found = frame(token, entry)
        if found is not None:
            return found
    return None


def _span(first: Token, last: Token, frame: str, lead: Token | None = None) -> Content:
    return Content(((first.left_edge.i, last.right_edge.i),), frame, lead)


def _without_mark(clause: Token) -> int:
    """Index of the first token of a clause after "that" and punctuation."""
    start = clause.left_edge.i
    doc = clause.doc
    while start < clause.i and (doc[start].is_punct or doc[start].is_space) and doc[start].text not in "([":
        start += 1
    if doc[start].lower_ == "that" and doc[start].dep_ == "mark" and start < clause.i:
        start += 1
    return start


def _clause(token: Token, entry: Entry) -> Content | None:
    """Find a finite clause after the verb ("said that") or around it ("the bill, he said, would fail")."""
    if not entry.allows("that", "that-object", "quote"):
        return None
    clauses = [c for c in children(token, "ccomp") if _is_finite(c)]
    after = [c for c in clauses if c.i > token.i]
    if after:
        clause = after[0]
        return Content(((_without_mark(clause), clause.right_edge.i),), "clause")
    before = [c for c in clauses if c.i < token.i]
    if before:
        clause = before[-1]
        return _around(token, clause)
    if token.dep_ in ("parataxis", "ccomp", "advcl") and token.head.pos_ in ("VERB", "AUX") and _is_aside(token):
        return _around(token, token.head)
    return None


def _is_finite(clause: Token) -> bool:
    if child(clause, "nsubj", "nsubjpass", "csubj", "expl", "attr") is not None:
        return not any(c.dep_ == "aux" and c.tag_ == "TO" for c in clause.children)
    return clause.tag_ in ("VBD", "VBP", "VBZ", "MD") or any(c.tag_ == "MD" for c in clause.children)


def _is_aside(token: Token) -> bool:
    """Whether a clause stands between commas (or after one, at the end) without a conjunction: ", he said"."""
    doc = token.doc
    left = token.left_edge.i
    if left <= token.sent.start or child(token, "mark") is not None:
        return False
    return doc[left - 1].text in (",", "-", "--", "—", "―", "–", "”", '"', "''") or doc[left].text == ","


def _around(token: Token, clause: Token) -> Content | None:
    """Return the words of a clause without those of the cue's own clause inside or after it."""
    mine = _own(token, clause)
    theirs = [t.i for t in clause.subtree if t.i not in mine]
    if not theirs:
        return None
    runs: list[tuple[int, int]] = []
    for index in theirs:
        if runs and index == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], index)
        else:
            runs.append((index, index))
    return Content(tuple(runs), "around")


def _own(token: Token, clause: Token) -> frozenset[int]:
    """Return the tokens of the cue's clause: everything under it but the clause that it attributes."""
    other = {t.i for t in clause.subtree} if clause.head == token else set()
    return frozenset(t.i for t in token.subtree if t.i not in other)


def _infinitive(token: Token, entry: Entry) -> Content | None:
    """Find an infinitive: "plans to leave" (the cue ends with "to"), "urged X to leave"."""
    for clause in children(token, "xcomp", "ccomp", "advcl"):
        to = next((c for c in clause.children if c.tag_ == "TO"), None)
        if to is None or clause.i < token.i:
            continue
        subject = child(clause, "nsubj", "nsubjpass")
        thing = child(token, "dobj", "dative")
        if subject is None and thing is not None and token.i < thing.i < to.i:
            subject = thing
        if subject is not None and entry.allows("to-object"):
            return Content(((subject.left_edge.i, clause.right_edge.i),), "object-infinitive")
        if subject is None and clause.dep_ != "advcl":
            if is_passive(token) and entry.allows("passive-to"):
                return Content(((to.i + 1, clause.right_edge.i),), "passive-infinitive", to)
            if entry.allows("to"):
                lead = to if to.i == token.i + 1 else None
                return Content(((to.i + 1, clause.right_edge.i),), "infinitive", lead)
    return None


def _gerund(token: Token, entry: Entry) -> Content | None:
    """Find a gerund: "denied having used"."""
    if not entry.allows("ing"):
        return None
    clause = next((c for c in children(token, "xcomp", "ccomp") if c.tag_ == "VBG" and c.i > token.i), None)
    return _span(clause, clause, "gerund") if clause is not None else None


def _predicate(token: Token, entry: Entry) -> Content | None:
    """Find an object and what it is called or taken for: "called X a mistake", "accused X of Y"."""
    thing = child(token, "dobj")
    if entry.allows("small-clause"):
        clause = next((c for c in children(token, "ccomp", "oprd", "xcomp") if c.i > token.i and c.tag_ != "VB"), None)
        if clause is not None:
            first = thing if thing is not None and thing.i < clause.i else clause
            return _span(first, clause, "predicate")
    for frame, prepositions in (("as-object", ("as",)), ("of-object", ("of",)), ("for-object", ("for",))):
        if entry.allows(frame):
            link = next(
                (c for c in children(token, "prep", "dative") if c.lower_ in prepositions and c.i > token.i), None
            )
            if link is None and thing is not None:
                link = next(
                    (c for c in children(thing, "prep") if c.lower_ in prepositions and frame != "of-object"), None
                )
            if link is None:
                continue
            if thing is not None and thing.i < link.i and thing.i > token.i:
                return _span(thing, link, "predicate")
            if is_passive(token) and frame != "for-object":
                inner = child(link, "pobj", "pcomp", "amod", "advcl")
                if inner is not None:
                    return Content(((link.i + 1, link.right_edge.i),), "passive-predicate", link)
    return None


def _preposition(token: Token, entry: Entry) -> Content | None:
    """Find the object of a preposition that the verb takes: "called for", "commented on"."""
    for link in children(token, "prep", "prt", "advmod", "agent"):
        if link.lower_ in entry.prepositions and link.i > token.i:
            inner = child(link, "pobj", "pcomp")
            if inner is not None:
                lead = link if link.i == token.i + 1 else None
                return Content(((link.i + 1, link.right_edge.i),), f"preposition {link.lower_}", lead)
    return None


def _object(token: Token, entry: Entry) -> Content | None:
    """Find a noun phrase as object: "condemned the attack"; as subject of the passive: "was condemned by"."""
    if not entry.allows("np"):
        return None
    thing = child(token, "dobj")
    if thing is not None and thing.i > token.i and thing.lower_ not in _REFLEXIVE:
        return _span(thing, thing, "object")
    if is_passive(token) and child(token, "agent") is not None:
        subject = child(token, "nsubjpass")
        if subject is not None and subject.lower_ not in ("who", "which", "that"):
            return _span(subject, subject, "passive-object")
    return None


_REFLEXIVE = frozenset({"himself", "herself", "itself", "themselves", "myself", "yourself", "ourselves", "each"})

_FRAMES = (_clause, _infinitive, _predicate, _gerund, _preposition, _object)


def of_noun(token: Token, entry: Entry) -> Content | None:
    """Return the content of a noun: "the claim that", "a call for", "plans to"."""
    for clause in token.children:
        if clause.i <= token.i:
            continue
        if clause.dep_ in ("acl", "ccomp", "relcl") and entry.allows("that"):
            mark = next((c for c in clause.children if c.dep_ == "mark" and c.lower_ == "that"), None)
            if mark is not None and child(clause, "nsubj", "nsubjpass", "expl") is not None:
                return Content(((_without_mark(clause), clause.right_edge.i),), "noun-clause")
        if clause.dep_ in ("acl", "xcomp", "ccomp", "advcl") and entry.allows("to"):
            to = next((c for c in clause.children if c.tag_ == "TO"), None)
            if to is not None:
                lead = to if to.i == token.i + 1 else None
                return Content(((to.i + 1, clause.right_edge.i),), "noun-infinitive", lead)
    for link in children(token, "prep"):
        if link.lower_ in entry.prepositions and child(link, "pobj", "pcomp") is not None:
            lead = link if link.i == token.i + 1 else None
            return Content(((link.i + 1, link.right_edge.i),), f"noun {link.lower_}", lead)
    return None


def of_adjective(token: Token, entry: Entry) -> Content | None:
    """Return the content of a predicate adjective: "is confident that", "was aware of", "are eager to"."""
    for clause in children(token, "ccomp", "xcomp", "advcl"):
        if clause.i <= token.i:
            continue
        to = next((c for c in clause.children if c.tag_ == "TO"), None)
        if to is not None:
            if entry.allows("to"):
                lead = to if to.i == token.i + 1 else None
                return Content(((to.i + 1, clause.right_edge.i),), "adjective-infinitive", lead)
        elif entry.allows("that") and clause.dep_ == "ccomp" and _is_finite(clause):
            return Content(((_without_mark(clause), clause.right_edge.i),), "adjective-clause")
    for link in children(token, "prep"):
        if link.lower_ in entry.prepositions and child(link, "pobj", "pcomp") is not None:
            lead = link if link.i == token.i + 1 else None
            return Content(((link.i + 1, link.right_edge.i),), f"adjective {link.lower_}", lead)
    return None


def clause_of(token: Token) -> Token:
    """Return the head of the clause that a token stands in."""
    while token.pos_ not in ("VERB", "AUX") and token.head != token:
        token = token.head
    return token


def according(token: Token, last: int) -> Content | None:
    """Return the clause that "according to X" stands in: what follows the phrase, or all but it."""
    head = clause_of(token.head)
    phrase = range(token.left_edge.i, max(last, token.right_edge.i) + 1)
    first = token.i < head.i and token.left_edge.i <= head.left_edge.i + 1
    indices = [t.i for t in head.subtree if t.i not in phrase and (not first or t.i > token.i)]
    runs = list(_runs(indices))
    return Content(tuple(runs), "according") if runs else None


def _runs(indices: list[int]) -> Iterator[tuple[int, int]]:
    start = previous = -2
    for index in indices:
        if index != previous + 1:
            if previous >= 0:
                yield start, previous
            start = index
        previous = index
    if previous >= 0:
        yield start, previous
