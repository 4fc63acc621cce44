"""Who is meant by a pronoun, a title or a definite phrase: "he", "the official", "the embassy", "both countries"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.extraction.reference.descriptions import Descriptions
from loader.extraction.reference.groups import Groups
from loader.extraction.reference.institutions import Institutions
from loader.extraction.reference.pronouns import Pronouns
from loader.extraction.text.nouns import PERSONAL, NounKind

if TYPE_CHECKING:
    from loader.extraction.reference.bodies import Bodies
    from loader.extraction.reference.discourse import Discourse
    from loader.extraction.text.nouns import Noun
    from loader.extraction.text.reading import Denotations
    from loader.extraction.text.tokens import Token

_VISITED = frozenset({"NOUN", "PROPN", "PRON", "ADJ", "NUM", "DET", "X", "VERB", "INTJ"})
_NOMINAL = frozenset({"nsubj", "nsubjpass", "pobj", "dobj", "dative"})
_ALL_OF_THEM = frozenset({"each", "both", "two", "three", "all"})


def resolve(discourse: Discourse, finder: Bodies, opening_end: int) -> Denotations:
    """Return what the words of an article denote, resolved sentence by sentence in order of the text.

    The names stand in ``discourse`` already; what is no name is resolved to what was named or spoken of before (a
    last name may come before the full one). ``opening_end`` is where headline and standfirst end.
    """
    walk = _Walk(discourse, finder, opening_end)
    words = discourse.words
    for token, pos, left_out in zip(words.tokens, words.pos, words.left_out, strict=True):
        if pos in _VISITED and not left_out:
            walk.visit(token, pos)
    return discourse.denotations()


class _Walk:
    """Visits the words of one article in order and asks for each kind of words the part that knows them."""

    def __init__(self, discourse: Discourse, finder: Bodies, opening_end: int) -> None:
        self._discourse = discourse
        self._words = discourse.words
        self._groups = Groups(discourse)
        self._pronouns = Pronouns(discourse)
        self._institutions = Institutions(discourse, finder)
        self._descriptions = Descriptions(discourse, self._institutions, opening_end)

    def visit(self, token: Token, pos: str) -> None:
        """Resolve what a token of this part of speech is the head of."""
        named = self._discourse.name(token.i)
        if named is not None:
            root, referent = named
            self._institutions.note_territory(root, referent)
            self._groups.coordinate(root)
            self._groups.meet(root, referent)
            return
        if self._discourse.at[token.i] is not None or token.i in self._discourse.titles:
            return
        if token.lower_ in _ALL_OF_THEM and token.dep_ in ("nsubj", "nsubjpass"):
            referent_of_all = self._groups.each(token)
            if referent_of_all is not None:
                self._discourse.mention(token.i, token.i + 1, token, referent_of_all)
                return
        if pos == "PRON" or token.tag_ == "PRP$":
            self._pronoun(token)
        elif pos in ("NOUN", "PROPN") or (pos in ("ADJ", "NUM", "DET") and token.dep_ in _NOMINAL):
            noun = self._words.noun(token)
            if noun is not None:
                self._phrase(token, noun)

    def _pronoun(self, token: Token) -> None:
        referent = self._pronouns.resolve(token)
        if referent is not None:
            self._discourse.mention(token.i, token.i + 1, token, referent)
        elif token.dep_ in _NOMINAL and token.tag_ != "PRP":
            noun = self._words.noun(token)
            if noun is not None and noun.kind in PERSONAL:
                self._phrase(token, noun)

    def _phrase(self, token: Token, noun: Noun) -> None:
        start = self._words.phrase_start(token)
        plural = token.tag_ in ("NNS", "NNPS") or noun.kind in (NounKind.PEOPLE, NounKind.LEADERS)
        group = self._groups.phrase(token, noun, start) if plural else None
        if group is not None:
            self._discourse.mention(start, token.i + 1, token, group)
        elif noun.kind in PERSONAL:
            self._descriptions.visit(token, noun, start, plural=plural)
        elif not plural or noun.words.endswith("forces") or token.lower_ == "authorities":
            self._institutions.visit(token, noun, start)
