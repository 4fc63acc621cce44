"""A parse as plain values: the tokens of a text, read from spaCy once.

The rules ask the same things of the same tokens many times. spaCy makes a new object and looks a string up for each
answer; here both are done once a token. Every name means what it means in spaCy (https://spacy.io/api/token), and
every answer is the one that spaCy gives; the tests hold them against each other.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, Any, overload

from spacy import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spacy.tokens import Doc as Parse

_WORDS = ("ORTH", "LOWER", "LEMMA", "POS", "TAG", "DEP", "ENT_TYPE")
_FLAGS = ("SPACY", "IS_ALPHA", "IS_LOWER", "IS_PUNCT", "IS_SPACE", "IS_STOP", "IS_UPPER", "LIKE_NUM")
_NUMBERS = ("IDX", "HEAD", "SENT_START")
_COLUMNS = [getattr(attrs, name) for name in (*_WORDS, *_FLAGS, *_NUMBERS)]
_BEGINS = 1  # the mark of a token that begins a sentence


class Token:
    """One token; its head, its dependents and its document are at hand."""

    __slots__ = (
        *("doc", "i", "idx", "text", "lower_", "lemma_", "pos_", "tag_", "dep_", "ent_type_", "whitespace_"),
        *("is_alpha", "is_lower", "is_punct", "is_space", "is_stop", "is_upper", "like_num", "sent"),
        *("head", "children", "left_edge", "right_edge", "_subtree"),
    )

    doc: Doc
    i: int
    idx: int
    text: str
    lower_: str
    lemma_: str
    pos_: str
    tag_: str
    dep_: str
    ent_type_: str
    whitespace_: str
    is_alpha: bool
    is_lower: bool
    is_punct: bool
    is_space: bool
    is_stop: bool
    is_upper: bool
    like_num: bool
    sent: TokenSpan
    head: Token
    children: tuple[Token, ...]
    left_edge: Token
    right_edge: Token

    def __init__(self) -> None:
        """Make an empty token, which `read` fills in."""
        self._subtree: tuple[Token, ...] | None = None

    def __len__(self) -> int:
        return len(self.text)

    def __repr__(self) -> str:
        return self.text

    @property
    def text_with_ws(self) -> str:
        """The token with the blank behind it, if there is one."""
        return self.text + self.whitespace_

    @property
    def is_sent_start(self) -> bool:
        """Whether a sentence begins here."""
        return self.sent.start == self.i

    @property
    def lefts(self) -> tuple[Token, ...]:
        """The dependents before the token."""
        return tuple(child for child in self.children if child.i < self.i)

    @property
    def rights(self) -> tuple[Token, ...]:
        """The dependents behind the token."""
        return tuple(child for child in self.children if child.i > self.i)

    @property
    def n_lefts(self) -> int:
        """How many dependents stand before the token."""
        return len(self.lefts)

    @property
    def n_rights(self) -> int:
        """How many dependents stand behind the token."""
        return len(self.rights)

    @property
    def subtree(self) -> tuple[Token, ...]:
        """The token with all that hangs on it."""
        if self._subtree is None:
            found: list[Token] = []
            above: list[Token] = [self]
            for child in self.children:
                if child.i > self.i:
                    found += above
                    above = []
                found += child.subtree
            self._subtree = (*found, *above)
        return self._subtree

    @property
    def ancestors(self) -> Iterator[Token]:
        """The tokens above this one, the nearest first."""
        token = self
        while token.head is not token:
            token = token.head
            yield token

    @property
    def conjuncts(self) -> tuple[Token, ...]:
        """The tokens that this one is coordinated with."""
        first = self
        while first.dep_ == "conj" and first.head is not first:
            first = first.head
        found = [first]
        for token in found:  # it grows
            found += [child for child in token.rights if child.dep_ == "conj"]
        return tuple(token for token in found if token is not self)

    def is_ancestor(self, descendant: Token) -> bool:
        """Whether the other token hangs on this one."""
        return any(token is self for token in descendant.ancestors)

    def nbor(self, i: int = 1) -> Token:
        """Return the token so many places behind. Raises IndexError where there is none."""
        if self.i + i < 0:
            raise IndexError(self.i + i)
        return self.doc.tokens[self.i + i]


class TokenSpan:
    """Tokens of a document side by side, from ``start`` to ``end`` (not included); a value, so leave it as it is.

    No frozen dataclass: some thousand are made of an article, and one of those takes five times as long to make.
    """

    __slots__ = ("doc", "end", "label_", "start")

    def __init__(self, doc: Doc, start: int, end: int, label_: str = "") -> None:
        """Take the bounds, and the label of an entity."""
        self.doc = doc
        self.start = start
        self.end = end
        self.label_ = label_

    def __eq__(self, other: object) -> bool:
        """Whether the other has the same tokens of the same document, and the same label."""
        if not isinstance(other, TokenSpan):
            return NotImplemented
        return self.doc is other.doc and (self.start, self.end, self.label_) == (other.start, other.end, other.label_)

    def __hash__(self) -> int:
        return hash((self.start, self.end, self.label_))

    def __len__(self) -> int:
        return self.end - self.start

    def __iter__(self) -> Iterator[Token]:
        return iter(self.doc.tokens[self.start : self.end])

    @overload
    def __getitem__(self, place: int) -> Token: ...
    @overload
    def __getitem__(self, place: slice) -> TokenSpan: ...
    def __getitem__(self, place: int | slice) -> Token | TokenSpan:
        """Return a token, or some of them; places below 0 count from the end."""
        places = range(self.start, self.end)[place]
        return self.doc.tokens[places] if isinstance(places, int) else TokenSpan(self.doc, places.start, places.stop)

    @property
    def text(self) -> str:
        """The words as they are written."""
        return self.doc.text[self.start_char : self.end_char] if self.start < self.end else ""

    @property
    def start_char(self) -> int:
        """Where the first token begins."""
        return self.doc.tokens[self.start].idx

    @property
    def end_char(self) -> int:
        """Where the last token ends."""
        last = self.doc.tokens[self.end - 1]
        return last.idx + len(last.text)

    @property
    def root(self) -> Token:
        """The token nearest to the root of its sentence; of several the first, a mark or blank in want of words."""
        tokens = self.doc.tokens[self.start : self.end]
        outside: list[Token] = []
        for token in tokens:
            head = token.head
            if head is token:
                return token
            if not self.start <= head.i < self.end:
                outside.append(token)
        if len(outside) < 2:
            return outside[0] if outside else self.doc.tokens[self.start]
        far = len(self.doc.tokens) - 1
        return min(
            outside,
            key=lambda token: (
                far if (token.is_punct or token.is_space) and not token.children else sum(1 for _ in token.ancestors)
            ),
        )


class Doc:
    """The tokens of a text, its sentences, and its entities with their labels."""

    __slots__ = ("_ends", "_starts", "ents", "sents", "text", "tokens")

    def __init__(self, text: str, tokens: list[Token]) -> None:
        """Take the tokens, which `read` fills in."""
        self.text = text
        self.tokens = tokens
        self.sents: tuple[TokenSpan, ...] = ()
        self.ents: tuple[TokenSpan, ...] = ()
        self._starts = [token.idx for token in tokens]
        self._ends = [token.idx + len(token.text) + len(token.whitespace_) for token in tokens]

    def __len__(self) -> int:
        return len(self.tokens)

    def __iter__(self) -> Iterator[Token]:
        return iter(self.tokens)

    @overload
    def __getitem__(self, place: int) -> Token: ...
    @overload
    def __getitem__(self, place: slice) -> TokenSpan: ...
    def __getitem__(self, place: int | slice) -> Token | TokenSpan:
        """Return a token, or some side by side; places below 0 count from the end."""
        if isinstance(place, slice):
            start, end, _ = place.indices(len(self.tokens))
            return TokenSpan(self, start, max(start, end))
        return self.tokens[place]

    def touched(self, start: int, end: int) -> TokenSpan | None:
        """Return the tokens that share characters with a span of the text, None where it is outside the text."""
        first, last = bisect_right(self._starts, start) - 1, bisect_right(self._starts, end - 1) - 1
        if first < 0 or last < 0 or start >= self._ends[first] or end > self._ends[last]:
            return None
        token = self.tokens[first]
        return TokenSpan(self, first + (start == token.idx + len(token.text)), last + 1)


def read(parse: Parse) -> Doc:
    """Return a parse, whole with its sentences, as plain values."""
    table: Any = parse.to_array(_COLUMNS).reshape(len(parse), len(_COLUMNS)).T
    words, flags = len(_WORDS), len(_WORDS) + len(_FLAGS)
    keys: list[list[int]] = table[:words].tolist()
    strings = {key: parse.vocab.strings[key] for key in set().union(*keys)}
    places, heads, starts = table[flags:].astype("int64").tolist()
    tokens = [Token() for _ in range(len(parse))]
    heads = [i + head for i, head in enumerate(heads)]
    dependents: list[list[Token]] = [[] for _ in tokens]
    for i, head in enumerate(heads):
        if head != i:
            dependents[head].append(tokens[i])
    edges = (_edges(heads, range(len(heads))), _edges(heads, range(len(heads))[::-1]))
    numbers = zip(range(len(heads)), places, heads, *edges, strict=True)
    columns = (*(map(strings.__getitem__, column) for column in keys), *table[words:flags].astype(bool).tolist())
    for token, below, (i, place, head, left, right), row in zip(
        tokens, dependents, numbers, zip(*columns, strict=True), strict=True
    ):
        token.i = i
        token.idx = place
        token.head = tokens[head]
        token.children = tuple(below)
        token.left_edge = tokens[left]
        token.right_edge = tokens[right]
        token.text, token.lower_, token.lemma_, token.pos_, token.tag_, token.dep_, token.ent_type_ = row[:words]
        is_before_blank, token.is_alpha, token.is_lower, token.is_punct, token.is_space = row[words : words + 5]
        token.is_stop, token.is_upper, token.like_num = row[words + 5 :]
        token.whitespace_ = " " if is_before_blank else ""
    doc = Doc("".join([token.text + token.whitespace_ for token in tokens]), tokens)
    begins = [i for i, start in enumerate(starts) if start == _BEGINS or not i]
    doc.sents = tuple(TokenSpan(doc, start, end) for start, end in pairwise([*begins, len(tokens)]))
    doc.ents = tuple(TokenSpan(doc, ent.start, ent.end, ent.label_) for ent in parse.ents)
    for sentence in doc.sents:
        for token in sentence:
            token.sent = sentence
            token.doc = doc
    return doc


def _edges(heads: list[int], places: range) -> list[int]:
    """Return for each token the one of those that hang on it, itself included, that comes first in ``places``."""
    edges = [-1] * len(heads)
    for i in places:
        above = i
        while edges[above] < 0:
            edges[above] = i
            above = heads[above]
    return edges
