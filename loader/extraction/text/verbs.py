"""Verbs of saying, by the table of cues, and whose verb it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.extraction.lexicon import rows

if TYPE_CHECKING:
    from loader.extraction.text.tokens import Token

SPEECH = frozenset(lemma for lemma, pos, kind, _, _ in rows("cues") if pos == "verb" and kind in ("speech", "question"))
TELLING = frozenset(lemma for lemma, pos, kind, _, _ in rows("cues") if pos == "verb" and kind != "intent")
_SUBJECT = ("nsubj", "nsubjpass", "csubj")


def verb_of(token: Token) -> Token | None:
    """Return the verb that the token is a subject of ("according to X" counts), None if it is none."""
    steps = 0
    while token.dep_ in ("conj", "appos") and steps < 8 and token.head.i != token.i:
        token, steps = token.head, steps + 1
    if token.dep_ in _SUBJECT:
        return token.head
    if token.dep_ == "pobj":
        if token.head.lower_ == "to" and token.head.head.lower_ == "according":
            return token.head.head
        if token.head.dep_ == "agent":
            return token.head.head
    return None
