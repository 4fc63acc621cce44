"""Nominals: which words a noun or an adjective attributes ("the claim that", "is confident that")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.extraction.attribution.contents import Content, is_finite, without_mark
from loader.extraction.attribution.extents import is_time, stray_clause
from loader.extraction.text.syntax import child, children

if TYPE_CHECKING:
    from loader.extraction.attribution.cues import Entry
    from loader.extraction.text.tokens import Token


def of_noun(token: Token, entry: Entry) -> Content | None:
    """Return the content of a noun: "the claim that", "a call for", "plans to"."""
    for clause in token.children:
        if clause.i <= token.i:
            continue
        if clause.dep_ in ("acl", "ccomp", "relcl") and entry.allows("that"):
            mark = next((c for c in clause.children if c.dep_ == "mark" and c.lower_ == "that"), None)
            if mark is None and _is_complete(token, clause):
                return Content(((token.i + 2, clause.right_edge.i),), "noun-clause")
            if mark is not None and child(clause, "nsubj", "nsubjpass", "expl") is not None:
                return Content(((without_mark(clause), clause.right_edge.i),), "noun-clause")
        if clause.dep_ in ("acl", "xcomp", "ccomp", "advcl") and entry.allows("to"):
            to = next((c for c in clause.children if c.tag_ == "TO"), None)
            if to is not None:
                lead = to if to.i == token.i + 1 else None
                return Content(((to.i + 1, clause.right_edge.i),), "noun-infinitive", lead)
    for link in children(token, "prep"):
        inner = child(link, "pobj", "pcomp")
        if link.lower_ in entry.prepositions and inner is not None and not is_time(inner):
            lead = link if link.i == token.i + 1 else None
            return Content(((link.i + 1, link.right_edge.i),), f"noun {link.lower_}", lead)
    return None


def _is_complete(token: Token, clause: Token) -> bool:
    """Whether "that" right behind a noun opens a clause that lacks nothing, though a parse takes it for an object."""
    that = token.nbor() if token.i + 1 < len(token.doc) else token
    if that.lower_ != "that" or that.head != clause or that.dep_ != "dobj":
        return False
    return child(clause, "nsubj") is not None and any(c.dep_ == "dobj" and c.i > clause.i for c in clause.children)


def of_adjective(token: Token, entry: Entry) -> Content | None:
    """Return the content of a predicate adjective: "is confident that", "was aware of", "are eager to"."""
    made = children(token.head, "ccomp") if token.dep_ == "ccomp" and token.head.lemma_ == "make" else ()
    for clause in (*children(token, "ccomp", "xcomp", "advcl"), *made):
        if clause.i <= token.i:
            continue
        to = next((c for c in clause.children if c.tag_ == "TO"), None)
        if to is not None:
            if entry.allows("to"):
                lead = to if to.i == token.i + 1 else None
                return Content(((to.i + 1, clause.right_edge.i),), "adjective-infinitive", lead)
        elif (
            entry.allows("that")
            and (clause.dep_ == "ccomp" or (clause.dep_ == "advcl" and token.dep_ == "ccomp" and not _is_hung(clause)))
            and is_finite(clause)
        ):
            return Content(((without_mark(clause), clause.right_edge.i),), "adjective-clause")
    if token.head.lemma_ == "make" and token.head.i < token.i and entry.allows("that"):
        run = stray_clause(token.head)  # "made clear on Monday that"
        if run is not None and run[0] > token.i:
            return Content((run,), "adjective-clause")
    for link in children(token, "prep"):
        if link.lower_ in entry.prepositions and child(link, "pobj", "pcomp") is not None:
            lead = link if link.i == token.i + 1 else None
            return Content(((link.i + 1, link.right_edge.i),), f"adjective {link.lower_}", lead)
    return None


def _is_hung(clause: Token) -> bool:
    """Whether a clause is opened by a word of time, reason or condition: "because", "when", "if"."""
    mark = child(clause, "mark") or next((c for c in clause.lefts if c.tag_ == "WRB"), None)
    return mark is not None and mark.lower_ != "that"
