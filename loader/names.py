"""Finding known names in a text: whole words, the longest name first, each in the case that it needs."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from loader.document import Entity, EntityKind, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class NameForm(StrEnum):
    """How a name denotes its entity."""

    LABEL = "label"  # the common name: "Japan", "AUKUS", "Agence France-Presse"
    ALIAS = "alias"  # another name or an acronym: "AFP", "the Quad", "Pillar Two"
    DEMONYM = "demonym"  # adjective or people: "Japanese", "the Australians"
    CAPITAL = "capital"  # the capital, which may stand for the government: "Tokyo"


@dataclass(frozen=True, slots=True)
class Name:
    """Words that denote an entity, or, with ``entity`` None, words that denote none and hide the names inside them.

    A name that begins with "The" ("The Guardian") is looked for without it, but counts only after "the". ``beside``
    are paths of entities, of which the text must name one in other words for the name to count ("Pillar II" beside
    "partnership/aukus"); it is for the caller to see to that.
    """

    text: str
    entity: Entity | None
    form: NameForm = NameForm.LABEL
    beside: tuple[str, ...] = ()


class Find(NamedTuple):
    """A name found in a text."""

    span: Span
    name: Name


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Words beside a name that tell whether it is part of the name of somebody or something else."""

    plain: frozenset[str] = frozenset()  # may stand beside a state or a capital in capitals: "Monday", "Northern"
    title: frozenset[str] = frozenset()  # stands before a person: "President"
    binding: frozenset[str] = frozenset()  # makes one name with what follows, whatever it is: "New"
    body: frozenset[str] = frozenset()  # the last word of a body named after a state: "Airways"
    body_of: frozenset[str] = frozenset()  # the word before "of" in such a name: "Bank"
    language: frozenset[str] = frozenset()  # before a demonym that ends its phrase it tells of the language: "speaks"
    after_military: frozenset[str] = frozenset()  # after it the military is no body, but an adjective: "bases"


class _Token(NamedTuple):
    start: int
    end: int
    raw: str
    folded: str


class _Ending(NamedTuple):
    """A name that ends at a place in the tree, with its words as they are spelt."""

    words: tuple[str, ...]
    name: Name
    after_the: bool


@dataclass(slots=True)
class _Node:
    following: dict[str, _Node] = field(default_factory=dict)
    endings: list[_Ending] = field(default_factory=list)


class Names:
    """Names compiled for search. Of names spelt alike the one given first is preferred."""

    def __init__(self, names: Iterable[Name], surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._root = _Node()
        for name in names:
            for tokens in _spellings(name):
                after_the = len(tokens) > 1 and tokens[0].raw == "The"
                sought = tokens[1:] if after_the else tokens
                node = self._root
                for token in sought:
                    node = node.following.setdefault(token.folded, _Node())
                node.endings.append(_Ending(tuple(token.raw for token in sought), name, after_the))

    def spelt_alike(self) -> Iterator[tuple[Name, ...]]:
        """Give the names that no text can tell apart: same words, same case, different entities (or none, for one)."""
        nodes = [self._root]
        while nodes:
            node = nodes.pop()
            nodes.extend(node.following.values())
            alike: dict[str, list[Name]] = {}
            for words, name, _ in node.endings:
                alike.setdefault(" ".join(words).replace(".", ""), []).append(name)
            yield from (tuple(names) for names in alike.values() if len({name.entity for name in names}) > 1)

    def find(self, text: str) -> Iterator[Find]:
        """Give the names found in ``text``, in order; no two overlap, and none cuts a word.

        Where names start at the same word the longest wins. An article before a name and a possessive after it are
        not part of the find, and a name inside the name of something else ("Bank of Japan") is none. Names that
        denote nothing are given too.
        """
        read = _Text(text, self._surroundings)
        index, matched = 0, -1
        while index < len(read.tokens):
            begins = read.tokens[index].folded in self._root.following
            found = self._longest(read, index, matched) if begins else None
            if found is None:
                index += 1
                continue
            last, name = found
            yield Find(Span(read.tokens[index].start, read.tokens[last].end), name)
            index, matched = last + 1, last

    def find_known(self, text: str) -> list[Find]:
        """Return what `find` gives, without the names that the text itself gives another meaning.

        "the Rehabilitation Services Administration (RSA)" takes "RSA" out of the whole text, and "Michael Bloomberg",
        where that is a name that hides, the outlet "Bloomberg".
        """
        finds = list(self.find(text))
        ends = {find.span.end: find.name.entity for find in finds}
        starts = {find.span.start: find.name.entity for find in finds}
        acronyms = {
            defined["acronym"]
            for defined in _DEFINED.finditer(text)
            if _abbreviates(defined["acronym"], text[max(0, defined.start() - _LONGEST_DEFINITION) : defined.start()])
            and ends.get(defined.start()) != starts.get(defined.start("acronym"))
        }
        surnames = {find.span.of(text).rsplit(" ", 1)[-1] for find in finds if find.name.entity is None}
        return [
            find
            for find in finds
            if find.span.of(text)
            not in (surnames | acronyms if _kind(find.name) is EntityKind.NEWS_OUTLET else acronyms)
        ]

    def _longest(self, text: _Text, first: int, matched: int) -> tuple[int, Name] | None:
        """Return the longest name that begins with the token ``first``; a name before it ended at ``matched``."""
        node = self._root.following[text.tokens[first].folded]
        if not text.may_start(first):
            return None
        best, last = None, first
        while True:
            name = text.chosen(node.endings, first, matched) if node.endings and text.may_end(last) else None
            best = (last, name) if name is not None else best
            last += 1
            if last == len(text.tokens) or not text.adjoin(last - 1):
                return best
            following = node.following.get(text.tokens[last].folded)
            if following is None:
                return best
            node = following


class _Text:
    """A text in words, and what its writing tells about each."""

    def __init__(self, text: str, surroundings: Surroundings) -> None:
        self.text = text
        self.surroundings = surroundings
        self.tokens = _tokens(text)

    @cached_property
    def addresses(self) -> list[tuple[int, int]]:
        """Where web and mail addresses and account names stand."""
        if not any(mark in self.text for mark in ("@", "://", "www.", "WWW.")):
            return []
        return [found.span() for found in _ADDRESS.finditer(self.text)]

    def adjoin(self, index: int) -> bool:
        """Whether only a space, a hyphen or one line break separates a token from the next."""
        return _GAP.fullmatch(self.text, self.tokens[index].end, self.tokens[index + 1].start) is not None

    def may_start(self, first: int) -> bool:
        """Whether a name can begin here: not in an address, nor inside "d'Ivoire"."""
        start = self.tokens[first].start
        before, earlier = self.text[start - 1 : start], self.text[start - 2 : start - 1] if start > 1 else ""
        if before and before in _APOSTROPHES + "." and earlier.isalnum():
            return False
        return not any(low <= start < high for low, high in self.addresses)

    def may_end(self, last: int) -> bool:
        """Whether a name can end here: not in an address, nor before "$", nor inside "Xi'an"."""
        end = self.tokens[last].end
        after, beyond = self.text[end : end + 1], self.text[end + 1 : end + 2]
        if after and after in _APOSTROPHES and beyond.isalnum():
            return beyond in "sS" and not self.text[end + 2 : end + 3].isalnum()
        return after not in ("$", "@") and not (after == "." and (beyond.islower() or beyond.isdigit()))

    def chosen(self, endings: list[_Ending], first: int, matched: int) -> Name | None:
        """Return the name that the words at ``first`` are: as it is spelt, or else the first in another spelling."""
        standing = [
            ending
            for ending in endings
            if self.agrees(first, ending) and self.stands(first, first + len(ending.words) - 1, ending.name, matched)
        ]
        words = tuple(token.raw for token in self.tokens[first : first + len(endings[0].words)])
        spelt = (ending for ending in standing if ending.words == words)
        best = next(spelt, standing[0] if standing else None)
        return best.name if best is not None else None

    def agrees(self, first: int, ending: _Ending) -> bool:
        """Whether the words at ``first`` stand in the case that the name asks for."""
        if ending.after_the and not (first > 0 and self.tokens[first - 1].folded == "the" and self.adjoin(first - 1)):
            return False
        free = _kind(ending.name) is EntityKind.TECHNOLOGY
        words = self.tokens[first : first + len(ending.words)]
        return all(
            _word_agrees(word.raw, wanted, free=free) and not (word.raw in _ALSO_WORDS and self._is_shouted(word.start))
            for word, wanted in zip(words, ending.words, strict=True)
        )

    def stands(self, first: int, last: int, name: Name, matched: int) -> bool:
        """Whether the words around leave the name its meaning: no part of the name of somebody or something else."""
        kind = _kind(name)
        if kind is EntityKind.ORGANIZATION:
            return self.tokens[last].folded != "military" or not self._is_followed(
                last, self.surroundings.after_military
            )
        if kind is EntityKind.STATE and name.form is NameForm.DEMONYM:
            return not self._names_a_body(first, last) and not self._is_language(first, last)
        if kind is EntityKind.STATE and self._names_a_body(first, last):
            return False
        if kind in (EntityKind.STATE, EntityKind.PERSON, EntityKind.NEWS_OUTLET) and first == last:
            return self._stands_alone(first, name, kind, matched)
        return True

    def _stands_alone(self, index: int, name: Name, kind: EntityKind, matched: int) -> bool:
        """Whether a name of one word is not the first or last word of a longer one."""
        if self.tokens[index].raw.isupper():
            return True
        if matched != index - 1 and self._follows_name(index, titles=kind is EntityKind.PERSON):
            return False
        may_precede = name.form is not NameForm.CAPITAL and kind is not EntityKind.NEWS_OUTLET
        return may_precede or not self._precedes_name(index)

    def _is_followed(self, last: int, words: frozenset[str]) -> bool:
        return last + 1 < len(self.tokens) and self.adjoin(last) and self.tokens[last + 1].folded in words

    def _is_language(self, first: int, last: int) -> bool:
        """Whether a demonym that ends its phrase is the name of the language: "he said in French"."""
        if first == 0 or not self.adjoin(first - 1) or self.tokens[first - 1].folded not in self.surroundings.language:
            return False
        return last + 1 == len(self.tokens) or not self.adjoin(last) or not self.tokens[last + 1].raw[0].isalpha()

    def _names_a_body(self, first: int, last: int) -> bool:
        """Whether a state is named in the name of a body of its own kind: "Bank of Japan", "British Airways"."""
        if (
            first > 1
            and self.tokens[first - 1].folded == "of"
            and self.tokens[first - 2].raw in self.surroundings.body_of
        ):
            return True
        for index in range(last + 1, min(last + 4, len(self.tokens))):
            if not self.adjoin(index - 1) or not self.tokens[index].raw[0].isupper():
                return False
            if self.tokens[index].raw in self.surroundings.body:
                return True
        return False

    def _follows_name(self, first: int, *, titles: bool) -> bool:
        """Whether the word before is part of the same name: "Michael Jordan", "Hunter Biden"."""
        if first == 0 or not self._adjoin_by_space(first - 1):
            return False
        before = self.tokens[first - 1]
        if before.raw in self.surroundings.binding:
            return True
        if not before.raw[0].isupper() or before.raw.isupper() or before.raw in self.surroundings.plain:
            return False
        if titles and before.raw in self.surroundings.title:
            return False
        return not self._begins_sentence(first - 1) and not self._is_titled(before.start)

    def _precedes_name(self, last: int) -> bool:
        """Whether the word after is part of the same name: "Paris Agreement"."""
        if last + 1 == len(self.tokens) or not self._adjoin_by_space(last):
            return False
        after = self.tokens[last + 1]
        return after.raw[0].isupper() and after.raw not in self.surroundings.plain and not self._is_titled(after.start)

    def _adjoin_by_space(self, index: int) -> bool:
        return self.text[self.tokens[index].end : self.tokens[index + 1].start] in (" ", "\u00a0")

    def _begins_sentence(self, index: int) -> bool:
        before = self.text[: self.tokens[index].start].rstrip(" \t\u00a0\"“”'‘’([")
        return not before or before[-1] in "\n.!?:;—–"

    def _line(self, position: int) -> str:
        start, end = self.text.rfind("\n", 0, position) + 1, self.text.find("\n", position)
        return self.text[start : end if end >= 0 else len(self.text)]

    def _is_shouted(self, position: int) -> bool:
        """Whether the line at ``position`` is a phrase in capitals throughout."""
        line = self._line(position)
        return line.isupper() and len(line.split()) > 2

    def _is_titled(self, position: int) -> bool:
        """Whether the long words of the line at ``position`` are capitalised, as in many headlines."""
        words = [word for word in self._line(position).split() if len(word) > 3 and word[0].isalpha()]
        return sum(word[0].isupper() for word in words) >= 0.7 * len(words)


# A word is letters and digits with their combining marks; initials with full stops are one word ("U.S.").
_WORD = re.compile(
    r"(?:[A-Z]\.){2,}(?![\w\u0300-\u036f])|(?:[A-Z]\.)+[A-Z](?![\w\u0300-\u036f])"
    r"|[\w\u0300-\u036f]+|[^\w\s\-\u2010\u2011\u2013]"
)
_GAP = re.compile(r"[ \t\u00a0\u202f]{0,3}|[-\u2010\u2011\u2013](?:[ \t]*\n[ \t]*)?|[ \t]*\n[ \t]*")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.\w+|(?<!\w)@\w+", re.IGNORECASE)
_DEFINED = re.compile(r" \([“\"]?(?P<acronym>[A-Z][A-Za-z]*[A-Z])[”\"]?\)")
_LONGEST_DEFINITION = 120  # characters before an acronym in brackets that may spell it out
_APOSTROPHES = "'’ʼ‘"
_SPELLINGS = {  # British, American
    "defence": "defense",
    "armour": "armor",
    "armoured": "armored",
    "centre": "center",
    "programme": "program",
    "programmes": "programs",
    "labour": "labor",
}
_ALSO_WORDS = frozenset({"US", "WHO", "IT", "CAR", "AID"})  # acronyms that a line in capitals cannot tell from the word


def _kind(name: Name) -> EntityKind | None:
    return name.entity.kind if name.entity is not None else None


def _abbreviates(acronym: str, words: str) -> bool:
    """Whether the capitals of an acronym are the initials of the last capitalised words before it."""
    initials = "".join(word[0] for word in re.split(r"[\s-]", words) if word[:1].isupper())
    return initials.endswith("".join(letter for letter in acronym if letter.isupper()))


def _tokens(text: str) -> list[_Token]:
    folded: dict[str, str] = {}
    tokens = []
    for found in _WORD.finditer(text):
        raw = found[0]
        if raw not in folded:
            folded[raw] = _fold(raw)
        tokens.append(_Token(found.start(), found.end(), raw, folded[raw]))
    return tokens


def _fold(word: str) -> str:
    """Return what the spellings of one word share: no accents, no case, no full stops, American endings."""
    if word.isascii():
        plain = word.lower()
    else:
        decomposed = unicodedata.normalize("NFKD", word)
        plain = "".join(character for character in decomposed if not unicodedata.combining(character)).lower()
    if len(plain) < 2:
        return "'" if plain in _APOSTROPHES else plain
    if "." in plain:
        return plain.replace(".", "")
    return _SPELLINGS.get(plain) or plain.replace("isation", "ization")


def _spellings(name: Name) -> Iterator[list[_Token]]:
    """Give a name's tokens; those of a technology also with its last word in the singular or in the plural."""
    tokens = _tokens(name.text)
    yield tokens
    if _kind(name) is EntityKind.TECHNOLOGY:
        last = tokens[-1]
        for other in _other_number(last.raw):
            yield [*tokens[:-1], last._replace(raw=other, folded=_fold(other))]


def _other_number(word: str) -> tuple[str, ...]:
    if word.endswith(("ss", "us", "is", "ics", "ing")) or word[-1].isdigit():
        return ()
    if word.endswith("s"):
        return (word[:-3] + "y" if word.endswith("ies") else word[:-1],)
    if word.endswith("y") and not word.endswith(("ay", "ey", "oy", "uy")):
        return (word[:-1] + "ies",)
    return (word + "s",)


def _word_agrees(word: str, wanted: str, *, free: bool) -> bool:
    """Whether a word of a text stands in the case of a name's; ``free``: case counts in acronyms only."""
    word, wanted = word.replace(".", ""), wanted.replace(".", "")
    if wanted[1:] != wanted[1:].lower():  # an acronym, or capitals inside: "AUKUS", "ICBMs", "McDonald"
        return word in (wanted, wanted.upper()) if not wanted.isupper() else word == wanted
    if free or wanted == wanted.lower():
        return True
    return word[:1].isupper() and (word[1:] == word[1:].lower() or word.isupper())
