"""Cues: the words that attribute (verbs, nouns and adjectives of saying, attitude, promise, intent and question)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from loader.document import StatementKind
from loader.extraction.lexicon import rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spacy.tokens import Token


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the cue lexicon: a word, the kind of statement it makes and the frames its content can stand in."""

    lemma: str
    kind: StatementKind
    frames: frozenset[str]

    def allows(self, *frames: str) -> bool:
        """Whether the word takes one of the frames."""
        return any(frame in self.frames for frame in frames)

    @property
    def prepositions(self) -> frozenset[str]:
        """The prepositions whose object is the content ("call for", "comment on")."""
        return frozenset(frame[2:] for frame in self.frames if frame.startswith("p:"))


@dataclass(frozen=True, slots=True)
class Cue:
    """A cue as it stands in a text: its head, its entry, and the tokens of the cue (first and last, both included)."""

    token: Token
    entry: Entry
    first: int
    last: int
    negated: bool = False


@cache
def _table(pos: str) -> Mapping[str, Entry]:
    """Return the lexicon of one part of speech by lemma (a phrasal verb by "point out")."""
    return {
        lemma: Entry(lemma, StatementKind(kind), frozenset(frames.split()))
        for lemma, part, kind, frames, _source in rows("cues")
        if part == pos
    }


def verb(token: Token) -> Entry | None:
    """Return the entry of a verb, with its particle if it has one ("point out"); None if it is no cue."""
    table = _table("verb")
    lemma = _lemma(token)
    for child in token.children:
        if child.dep_ == "prt" or (child.dep_ in ("advmod", "prep") and child.i == token.i + 1):
            entry = table.get(f"{lemma} {child.lower_}")
            if entry:
                return entry
    return table.get(lemma)


def noun(token: Token) -> Entry | None:
    """Return the entry of a noun, None if it is no cue."""
    return _table("noun").get(_lemma(token))


def adjective(token: Token) -> Entry | None:
    """Return the entry of an adjective, None if it is no cue."""
    return _table("adj").get(token.lower_)


def is_verbal(token: Token) -> bool:
    """Whether a token serves as a verb here, by its tag or, where the tagger errs, by its place in the tree."""
    return token.pos_ == "VERB" or (token.tag_.startswith("VB") and token.pos_ != "AUX")


def _lemma(token: Token) -> str:
    return _IRREGULAR.get(token.lower_) or str(token.lemma_).lower()


# Forms that the lemmatizer gets wrong.
_IRREGULAR = {
    "said": "say",
    "says": "say",
    "saying": "say",
    "told": "tell",
    "pledged": "pledge",
    "vowed": "vow",
    "hoping": "hope",
    "hoped": "hope",
}
