"""A parsed article word by word, with what is asked of its words again and again worked out once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.document import Span
from loader.extraction.text.nouns import Noun, noun_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loader.extraction.text.tokens import Doc, Token


_LONGEST_PHRASE = 12  # tokens before the head of a noun phrase
_LONGEST_TAIL = 40  # tokens after it
_OF = frozenset(["of", "from", "for", "at", "with", "in", "to", "on", "within", "inside", "under", "close", "familiar"])
_CUTS = frozenset([",", ";", ":", "—", "–", "--", "(", '"', "“", "”"])


class Words:
    """The tokens of one parse, their sentences by number, and the nouns of the table among them.

    ``low``, ``pos`` and ``tag`` are what spaCy says of each token; ``capitals`` are the tokens that begin with a
    capital; ``left_out`` says for each token whether it is no part of the report: boilerplate, or a blank.
    """

    def __init__(self, doc: Doc, boilerplate: Iterable[Span] = ()) -> None:
        self.doc = doc
        self.text: str = doc.text
        self.tokens = list(doc)
        self.low = [token.lower_ for token in self.tokens]
        self.pos = [token.pos_ for token in self.tokens]
        self.tag = [token.tag_ for token in self.tokens]
        self.capitals = [token for token in self.tokens if token.text[0].isupper()]
        self.left_out = [pos == "SPACE" for pos in self.pos]
        for span in boilerplate:
            found = doc.touched(span.start, span.end)
            if found is not None:
                self.left_out[found.start : found.end] = [True] * (found.end - found.start)
        self.sentence: list[int] = []
        self._bounds: list[tuple[int, int]] = []
        for number, sentence in enumerate(doc.sents):
            self._bounds.append((sentence.start, sentence.end))
            self.sentence += [number] * (sentence.end - sentence.start)
        self._nouns: dict[int, Noun | None] = {}

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def sentences(self) -> tuple[tuple[int, int], ...]:
        """The first token of each sentence, and the one after its last."""
        return tuple(self._bounds)

    def start(self, i: int) -> int:
        """Return the first token of the sentence that token ``i`` stands in."""
        return self._bounds[self.sentence[i]][0]

    def end(self, i: int) -> int:
        """Return the token after the last of the sentence that token ``i`` stands in."""
        return self._bounds[self.sentence[i]][1]

    def noun(self, token: Token) -> Noun | None:
        """Return what the table of nouns says of the noun with this head."""
        if token.i not in self._nouns:
            self._nouns[token.i] = noun_of(token)
        return self._nouns[token.i]

    def span(self, start: int, end: int) -> Span:
        """Return the characters of the tokens from ``start`` to ``end`` (not included)."""
        last = self.tokens[end - 1]
        return Span(self.tokens[start].idx, last.idx + len(last))

    def within(self, span: Span) -> tuple[int, int]:
        """Return the first token that a span touches, and the one after the last; equal for a span without words."""
        found = self.doc.touched(span.start, span.end)
        return (found.start, found.end) if found is not None else (0, 0)

    def root(self, start: int, end: int) -> Token:
        """Return the head of the tokens from ``start`` to ``end``: the first whose own head lies outside them."""
        for i in range(start, end):
            token = self.tokens[i]
            head = token.head.i
            if head == i or not start <= head < end:
                return token
        return self.tokens[end - 1]

    def phrase_start(self, token: Token) -> int:
        """Return the first token of the noun phrase before its head: determiner, possessor or first modifier."""
        i = max(token.left_edge.i, token.i - _LONGEST_PHRASE, self.start(token.i))
        while i < token.i and (self.tokens[i].is_punct or self.left_out[i]):
            i += 1
        return i

    def phrase_end(self, token: Token, noun: Noun) -> int:
        """Return where a noun phrase ends: after its prepositional phrases, before a clause, an apposition, a comma."""
        end = noun.end
        for child in token.children:
            if child.i < end or child.dep_ != "prep" or self.low[child.i] not in _OF:
                continue
            if child.i > end + 1:
                break
            last = child.i
            limit = min(child.right_edge.i, token.i + _LONGEST_TAIL)
            while last + 1 <= limit and not self._cuts(last + 1):
                last += 1
            if last == child.i:
                break
            end = last + 1
        return end

    def _cuts(self, i: int) -> bool:
        token = self.tokens[i]
        return (
            token.text in _CUTS or self.left_out[i] or token.dep_ in ("relcl", "acl", "ROOT") or token.tag_ in _RELATIVE
        )


_RELATIVE = frozenset(["WP", "WDT", "WRB"])
