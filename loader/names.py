"""Finding known names in a text: whole words, the longest name first, each in the case that it needs."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from loader.document import Entity, EntityKind, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class NameForm(StrEnum):
    """How a name denotes its entity."""

    LABEL = "label"  # the common name: "Japan", "AUKUS", "Agence France-Presse"
    ALIAS = "alias"  # another name or an acronym: "AFP", "the Quad", "Pillar Two"
    DEMONYM = "demonym"  # adjective or people: "Japanese", "the Australians"
    CAPITAL = "capital"  # the capital, which may stand for the government: "Tokyo"


@dataclass(frozen=True, slots=True)
class Match:
    """A name of the registry found in a text."""

    span: Span
    entity: Entity
    form: NameForm


@dataclass(frozen=True, slots=True)
class Name:
    """Words that denote an entity, or, with ``entity`` None, words that denote none and hide the names inside them."""

    text: str
    entity: Entity | None
    form: NameForm = NameForm.LABEL


class _Token(NamedTuple):
    start: int
    end: int
    raw: str
    folded: str


@dataclass(slots=True)
class _Node:
    """A place in the tree of names: the tokens that may follow, and the names that end here."""

    following: dict[str, _Node]
    names: list[tuple[tuple[str, ...], Name]]


class Names:
    """Names compiled for search. Of names spelt alike the one given first is preferred."""

    def __init__(self, names: Iterable[Name]) -> None:
        self._root = _Node({}, [])
        for name in names:
            for tokens in _spellings(name):
                node = self._root
                for token in tokens:
                    node = node.following.setdefault(token.folded, _Node({}, []))
                node.names.append((tuple(token.raw for token in tokens), name))

    def matches(self, text: str) -> tuple[Match, ...]:
        """Return the names found in ``text``, in order; no two overlap, and none cuts a word.

        Where names start at the same word the longest wins. An article before a name and a possessive after it are
        not part of the match.
        """
        return tuple(self._matches(text))

    def _matches(self, text: str) -> Iterator[Match]:
        addresses = [found.span() for found in _ADDRESS.finditer(text)]
        tokens = _tokens(text)
        index = 0
        while index < len(tokens):
            found = self._longest(text, tokens, index)
            if found is None:
                index += 1
                continue
            last, name = found
            start, end = tokens[index].start, tokens[last].end
            if name.entity is not None and not any(low < end and start < high for low, high in addresses):
                yield Match(Span(start, end), name.entity, name.form)
            index = last + 1

    def _longest(self, text: str, tokens: Sequence[_Token], first: int) -> tuple[int, Name] | None:
        node = self._root.following.get(tokens[first].folded)
        if node is None or not _may_start(text, tokens[first].start):
            return None
        best = None
        last = first
        while True:
            if node.names and _may_end(text, tokens[last].end):
                raw = [token.raw for token in tokens[first : last + 1]]
                shouted = _is_shouted(text, tokens[first].start)
                name = next((name for spelt, name in node.names if _agrees(raw, spelt, name, shouted=shouted)), None)
                best = (last, name) if name is not None else best
            last += 1
            if last == len(tokens) or not _GAP.fullmatch(text, tokens[last - 1].end, tokens[last].start):
                return best
            following = node.following.get(tokens[last].folded)
            if following is None:
                return best
            node = following


# A word is letters and digits with their combining marks; initials with full stops are one word ("U.S.").
_WORD = re.compile(r"(?:[A-Z]\.){2,}|(?:[A-Z]\.)+[A-Z](?!\w)|(?:\w[\u0300-\u036f]*)+|[^\w\s\-\u2010\u2011\u2013]")
_GAP = re.compile(r"[ \t\u00a0\u202f]{0,3}|[-\u2010\u2011\u2013](?:[ \t]*\n[ \t]*)?|[ \t]*\n[ \t]*")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\w+|@\w+", re.IGNORECASE)
_APOSTROPHE = "'’ʼ‘"
_SPELLINGS = {  # British, American
    "defence": "defense",
    "armour": "armor",
    "armoured": "armored",
    "centre": "center",
    "programme": "program",
    "programmes": "programs",
    "labour": "labor",
    "grey": "gray",
}
_ALSO_WORDS = frozenset({"US", "WHO", "IT", "AIM"})  # acronyms that a line in capitals cannot tell from the word


def _tokens(text: str) -> list[_Token]:
    return [_Token(found.start(), found.end(), found[0], _fold(found[0])) for found in _WORD.finditer(text)]


def _fold(word: str) -> str:
    """Return what spellings of one word share: no accents, no case, no full stops, American endings."""
    plain = word
    if not word.isascii():
        decomposed = unicodedata.normalize("NFKD", word)
        plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    plain = "'" if plain in _APOSTROPHE else plain.lower()
    if len(plain) > 1:
        plain = plain.replace(".", "")
    plain = _SPELLINGS.get(plain, plain)
    return plain.replace("isation", "ization")


def _spellings(name: Name) -> Iterator[list[_Token]]:
    """Give a name's tokens; those of a technology also with its last word in the singular and in the plural."""
    tokens = _tokens(name.text)
    yield tokens
    if name.entity is not None and name.entity.kind is EntityKind.TECHNOLOGY:
        last = tokens[-1]
        for other in _other_number(last.raw):
            yield [*tokens[:-1], last._replace(raw=other, folded=_fold(other))]


def _other_number(word: str) -> tuple[str, ...]:
    if word.endswith(("ss", "us", "is", "ics")):
        return ()
    if word.endswith("ies"):
        return (word[:-3] + "y",)
    if word.endswith("s"):
        return (word[:-1],)
    if word.endswith("y") and not word.endswith(("ay", "ey", "oy", "uy")):
        return (word[:-1] + "ies",)
    return (word + "s",)


def _agrees(words: Sequence[str], spelt: Sequence[str], name: Name, *, shouted: bool) -> bool:
    """Whether the words of a text stand in the case that the name asks for."""
    free = name.entity is not None and name.entity.kind is EntityKind.TECHNOLOGY
    return all(
        _word_agrees(word, wanted, free=free, shouted=shouted) for word, wanted in zip(words, spelt, strict=True)
    )


def _word_agrees(word: str, wanted: str, *, free: bool, shouted: bool) -> bool:
    word, wanted = word.replace(".", ""), wanted.replace(".", "")
    if wanted[1:] != wanted[1:].lower():  # an acronym, or capitals inside: "AUKUS", "ICBMs", "McDonald"
        if shouted and word in _ALSO_WORDS:
            return False
        return word == wanted or (word == wanted.upper() and (shouted or not wanted.isupper()))
    if free or wanted == wanted.lower():
        return True
    return word[:1].isupper() and (word[1:] == word[1:].lower() or word.isupper())


def _is_shouted(text: str, position: int) -> bool:
    """Whether the line at ``position`` is written in capitals throughout."""
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    line = text[start : end if end >= 0 else len(text)]
    return line.isupper()


def _may_start(text: str, start: int) -> bool:
    """Whether a name can begin here: not after "@", nor inside "example.org" or "d'Ivoire"."""
    before, earlier = text[start - 1 : start], text[start - 2 : start - 1] if start > 1 else ""
    return before != "@" and not (before and before in "." + _APOSTROPHE and earlier.isalnum())


def _may_end(text: str, end: int) -> bool:
    """Whether a name can end here: not before "$", nor inside "example.org" or "Xi'an"."""
    after, next_one = text[end : end + 1], text[end + 1 : end + 2]
    if after and after in _APOSTROPHE and next_one.isalnum():
        return next_one in "sS" and not text[end + 2 : end + 3].isalnum()
    return after not in ("$", "@") and not (after == "." and (next_one.islower() or next_one.isdigit()))
