"""The names of an authority found in a text: whole words, the longest name first, each in the case that it needs.

Nothing is loaded beforehand: each run of capitalised words is looked up in the authority's file and remembered, so an
authority of a hundred million names costs no more memory here than one of ten.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from loader.document import Span
from ontology.authority import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ontology.authority import Authority, Hit


class Found(NamedTuple):
    """Words of a text that an authority has a name for, with whom they may name."""

    span: Span
    hits: tuple[Hit, ...]


class Word(NamedTuple):
    """A word of a text: ``stop`` is where it ends without its possessive, ``end`` where it ends with it."""

    start: int
    stop: int
    end: int
    text: str


class Gazetteer:
    """An authority's names, looked up as they are needed; ``remembered`` bounds how many look-ups are kept."""

    def __init__(self, authority: Authority, remembered: int = 50_000) -> None:
        self.authority = authority
        self._remembered = remembered
        self._abbreviations = _read_abbreviations()
        self._hits: dict[str, tuple[Hit, ...]] = {}

    def hits(self, name: str) -> tuple[Hit, ...]:
        """Return whom a name may stand for, as `Authority.candidates` does."""
        found = self._hits.get(name)
        if found is None:
            if len(self._hits) >= self._remembered:
                self._hits.clear()
            found = self._hits[name] = self.authority.candidates(self._abbreviations.get(name, name))
        return found

    def find(self, text: str) -> Iterator[Found]:
        """Give the names found in ``text``, in order; no two overlap, none cuts a word.

        A name begins with a capital or a digit and ends with one; between them may stand "of", "and" and their like.
        In a line of capitals a word is no acronym, so that "US" there is not the state.
        """
        words = tuple(read_words(text))
        shouted = tuple(_shouted(text))
        index = 0
        while index < len(words):
            found = self._longest(text, words, index, shouted)
            if found is None:
                index += 1
                continue
            yield found
            while index < len(words) and words[index].start < found.span.end:
                index += 1

    def _longest(
        self, text: str, words: tuple[Word, ...], first: int, shouted: tuple[tuple[int, int], ...]
    ) -> Found | None:
        if not _is_capital(words[first].text):
            return None
        last = first
        ends: list[int] = []
        while True:
            if _is_capital(words[last].text):
                ends.append(last)
            last += 1
            if (
                last - first == _LONGEST
                or last == len(words)
                or not _GAP.fullmatch(text, words[last - 1].end, words[last].start)
            ):
                break
            if not _is_capital(words[last].text) and words[last].text not in LINKS:
                break
        for last in reversed(ends):
            start = words[first].start
            for end in dict.fromkeys((words[last].end, words[last].stop)):
                name = text[start:end]
                if (_is_shouted(start, end, shouted) and len(name) <= _SHORT) or name.lower().rstrip(".") in _NO_NAMES:
                    continue
                hits = self.hits(name)
                if hits and (end == words[last].stop or hits[0].exact):  # "Moody's", but not "Iraq's"
                    return Found(Span(start, end), hits)
        return None


def read_words(text: str) -> Iterator[Word]:
    """Give the words of a text: runs of letters and digits with the stops and apostrophes inside them."""
    for found in _WORD.finditer(text):
        possessive = _POSSESSIVE.search(found[0])
        end = found.end()
        if found[0].endswith(".") and not _DOTTED.fullmatch(found[0]) and not _ABBREVIATED.match(text, found.start()):
            end -= 1  # the full stop ends the sentence; that of "U.S." belongs to the name
        stop = found.start() + possessive.start() if possessive else end
        if stop > found.start():
            yield Word(found.start(), stop, end, text[found.start() : end])


def key_words(text: str) -> frozenset[str]:
    """Return the words of a text by which two texts are compared: folded, without those that every text has."""
    return frozenset(word for word in fold(text).split() if len(word) > 2 and word not in _PLAIN)


def _read_abbreviations() -> dict[str, str]:
    """Return the abbreviations that news writes for the states of the United States, with and without the last stop."""
    table = files("loader.linking").joinpath("abbreviations.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines()[1:]]
    bare = {short.removesuffix("."): name for short, name in rows if "." in short.removesuffix(".")}
    return bare | dict(rows)


def word_set(words: str) -> frozenset[str]:
    """Return the words of a line."""
    return frozenset(words.split())


def _is_capital(word: str) -> bool:
    return word[0].isupper() or word[0].isdigit()


def _is_shouted(start: int, end: int, lines: tuple[tuple[int, int], ...]) -> bool:
    return any(low <= start and end <= high for low, high in lines)


def _shouted(text: str) -> Iterator[tuple[int, int]]:
    """Give where lines stand that are written in capitals throughout."""
    for line in _LINE.finditer(text):
        letters = [character for character in line[0] if character.isalpha()]
        if len(letters) > _SHORT and all(map(str.isupper, letters)) and " " in line[0].strip():
            yield line.span()


_WORD = re.compile(r"[^\W_]+(?:[.’'&][^\W_]+)*\.?(?:['’](?![^\W_]))?")
_DOTTED = re.compile(r"(?:[^\W\d_]\.)+['’]?")
_ABBREVIATED = re.compile(
    r"(?:Ala|Ariz|Ark|Calif|Colo|Conn|Del|Fla|Ill|Ind|Kan|Ky|La|Md|Mich|Minn|Miss|Mo|Mont|Neb|Nev|Okla|Ore|Pa|Tenn|Tex"
    r"|Va|Vt|Wis|Wyo)\.(?=,| [a-z(]|\))"
)
_POSSESSIVE = re.compile(r"['’](?:[sS])?$")
_GAP = re.compile(r"[ \t]*(?:[ \t\n]|[-\u2010\u2011\u2013/])[ \t]*|\.? (?:& )?")
_LINE = re.compile(r"[^\n]+")
LINKS = word_set("of the and de la le les du des del da do dos di van von der den al el bin for in on y e et und zu")
_PLAIN = word_set(
    "the and for with from that this which who whose its was were are has had have not but also other"
    " into over about than more most after before between under new one two first last year years"
)
_NO_NAMES = word_set("inc corp co ltd plc ag sa nv gmbh llc no mr mrs ms dr st")
_LONGEST = 9  # words in a name
_SHORT = 5  # letters up to which a word in a line of capitals may be any word
