"""Cues: the words that attribute (verbs, nouns and adjectives of saying, attitude, promise, intent and question)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from loader.document import StatementKind
from loader.extraction.lexicon import rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loader.extraction.text.tokens import Token


@dataclass(frozen=True, slots=True)
class Entry:
    """A word of the cue lexicon: the frames its content can stand in, each with the kind of statement it makes."""

    lemma: str
    kinds: Mapping[str, StatementKind]

    def allows(self, *frames: str) -> bool:
        """Whether the word takes one of the frames."""
        return any(frame in self.kinds for frame in frames)

    def kind(self, frame: str = "") -> StatementKind:
        """Return the kind of statement that the word makes in a frame; in a frame it lacks, that of its first."""
        return self.kinds.get(frame) or next(iter(self.kinds.values()), StatementKind.SPEECH)

    @property
    def prepositions(self) -> frozenset[str]:
        """The prepositions whose object is the content ("call for", "comment on")."""
        return frozenset(frame[2:] for frame in self.kinds if frame.startswith("p:"))


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
    found: dict[str, dict[str, StatementKind]] = {}
    for lemma, part, kind, frames, _source in rows("cues"):
        if part == pos:
            found.setdefault(lemma, {}).update(dict.fromkeys(frames.split(), StatementKind(kind)))
    return {lemma: Entry(lemma, kinds) for lemma, kinds in found.items()}


def verb(token: Token) -> Entry | None:
    """Return the entry of a verb, with its particle if it has one ("point out"); None if it is no cue."""
    table = _table("verb")
    lemma = _lemma(token)
    for child in token.children:
        if child.dep_ == "prt" or (child.dep_ in ("advmod", "prep") and child.i == token.i + 1):
            entry = table.get(f"{lemma} {child.lower_}")
            if entry and child.dep_ == "prep" and lemma in table:  # "refer to X" as well as "refer to X as Y"
                return Entry(entry.lemma, {**entry.kinds, **table[lemma].kinds})
            if entry:
                return entry
    return table.get(lemma)


def is_verb(lemma: str) -> bool:
    """Whether a verb with this lemma is a cue of speech."""
    entry = _table("verb").get(lemma)
    return entry is not None and (entry.allows("quote") or entry.kind() is StatementKind.SPEECH)


def is_quoting(token: Token) -> bool:
    """Whether a verb can stand beside a quotation."""
    entry = verb(token) if is_verbal(token) else None
    return entry is not None and entry.allows("quote")


def noun(token: Token) -> Entry | None:
    """Return the entry of a noun, None if it is no cue."""
    return _table("noun").get(_lemma(token))


def adjective(token: Token) -> Entry | None:
    """Return the entry of an adjective, None if it is no cue."""
    return _table("adj").get(token.lower_)


def is_verbal(token: Token) -> bool:
    """Whether a token serves as a verb here, by its tag or, where the tagger errs, by its place in the tree."""
    return token.pos_ == "VERB" or (token.tag_.startswith("VB") and token.pos_ != "AUX")


@cache
def _media() -> frozenset[str]:
    """Return the nouns that name a medium ("in a statement"), hearers left out."""
    return frozenset(words for words, place, *_ in rows("media") if place == "cue") - {"reporter", "journalist"}


def is_medium(token: Token) -> bool:
    """Whether a noun names a medium or a saying: what follows it may be its content ("a letter saying that")."""
    entry = noun(token)
    return (entry is not None and entry.allows("that")) or token.lemma_.lower() in _media() or token.lower_ in _media()


def with_medium(token: Token, last: int) -> int:
    """Return the last token of a cue with the medium that stands right behind it: "said in a statement"."""
    doc = token.doc
    if last + 1 >= len(doc):
        return last
    link = doc[last + 1]
    if link.head != token or link.dep_ != "prep" or link.lower_ not in ("in", "on", "at", "during", "via", "through"):
        return last
    noun = next((other for other in link.children if other.dep_ == "pobj"), None)
    if noun is None or not (noun.lemma_.lower() in _media() or noun.lower_ in _media()):
        return last
    return int(noun.i)


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
    "hopes": "hope",
    "hoping": "hope",
    "hoped": "hope",
}
