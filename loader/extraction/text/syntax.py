"""Syntax: what a parse tells of dependents, verb groups, negation and voice."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from loader.extraction.text.tokens import Token


SUBJECTS = ("nsubj", "nsubjpass", "csubj", "expl")
_GROUP = ("aux", "auxpass", "neg")


def child(token: Token, *deps: str) -> Token | None:
    """Return the first dependent of a token in one of the relations."""
    return next((other for other in token.children if other.dep_ in deps), None)


def children(token: Token, *deps: str) -> tuple[Token, ...]:
    """Return the dependents of a token in one of the relations, in order."""
    return tuple(other for other in token.children if other.dep_ in deps)


def group(token: Token) -> tuple[int, int]:
    """Return the first and last token of a verb's group: auxiliaries, negation, adverbs and particle beside it."""
    first = last = token.i
    doc = token.doc
    while first > token.sent.start:
        before = doc[first - 1]
        if before.head.i == token.i and (
            before.dep_ in _GROUP
            or (before.dep_ == "advmod" and before.n_lefts + before.n_rights == 0 and before.tag_ != "WRB")
        ):
            first -= 1
        else:
            break
    while last + 1 < token.sent.end:
        behind = doc[last + 1]
        if behind.head.i == token.i and behind.dep_ == "prt":
            last += 1
        else:
            break
    return first, last


def is_negated(token: Token) -> bool:
    """Whether a verb is negated ("did not say", "never said")."""
    return any(other.dep_ == "neg" or other.lower_ in ("never", "nor", "neither") for other in token.children)


def is_passive(token: Token) -> bool:
    """Whether a verb is passive ("was accused of", "is believed to")."""
    return any(other.dep_ in ("nsubjpass", "auxpass", "csubjpass") for other in token.children)


def runs(indices: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last of each run of consecutive numbers; they come in rising order."""
    start = previous = -2
    for index in indices:
        if index != previous + 1:
            if previous >= 0:
                yield start, previous
            start = index
        previous = index
    if previous >= 0:
        yield start, previous


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return character offsets without blanks, commas, stops and dashes at the ends."""
    while start < end and text[start] in _TRIMMED:
        start += 1
    while end > start and text[end - 1] in _TRIMMED:
        end -= 1
    return start, end


_TRIMMED = frozenset(" \n\t\r,;:-–—―.…\u00a0")
