"""What a common noun denotes: a person, a body, a document; read from the table ``nouns``."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from loader.extraction.lexicon import rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spacy.tokens import Token as Parsed

    from loader.extraction.text.tokens import Token


class NounKind(StrEnum):
    """What a noun denotes."""

    SPOKESPERSON = "spokesperson"
    OFFICE = "office"
    ROLE = "role"
    PEOPLE = "people"
    MISSION = "mission"
    MINISTRY = "ministry"
    GOVERNMENT = "government"
    FORCES = "forces"
    ASSEMBLY = "assembly"
    BODY = "body"
    COUNTRY = "country"
    TERRITORY = "territory"
    DOCUMENT = "document"
    LEADERS = "leaders"
    PARTIES = "parties"
    THING = "thing"
    PARTNERSHIP = "partnership"


PERSONAL = frozenset({NounKind.SPOKESPERSON, NounKind.OFFICE, NounKind.ROLE, NounKind.PEOPLE})
INSTITUTIONAL = frozenset(
    {NounKind.MISSION, NounKind.MINISTRY, NounKind.GOVERNMENT, NounKind.FORCES, NounKind.ASSEMBLY, NounKind.BODY}
)


class Noun(NamedTuple):
    """A noun as a text has it: its words in the singular, what it denotes, the gender it tells ("m", "f", "-").

    ``start`` and ``end`` are the tokens it stands in, ``end`` not included; it may reach past its head
    ("secretary of state").
    """

    words: str
    kind: NounKind
    gender: str
    start: int
    end: int


_NOUNS = {words: (NounKind(kind), gender) for words, kind, gender, _ in rows("nouns")}
_LASTS = frozenset(words.rpartition(" ")[2] for words in _NOUNS if " " in words)
_TITLES = {title.lower(): (gender, noun if noun != "-" else "") for title, gender, noun, _ in rows("titles")}
_TITLE_ENDS = frozenset(title.split()[-1] for title in _TITLES)
_GIVEN = {name.lower(): gender for name, gender, _ in rows("given_names")}
_OF: dict[str, tuple[tuple[str, ...], ...]] = {}
for _words in sorted(_NOUNS):
    if " of " in _words or " to " in _words:
        _entry = tuple(_words.split())
        _OF[_entry[0]] = (*_OF.get(_entry[0], ()), _entry)

_IN_CAPITALS = frozenset({"pm", "fm"})  # offices whose short forms are other words in lower case
_ANYONE = "anyone"
_GROUPS: dict[str, frozenset[str]] = {}
for _group, _noun, _ in rows("rewordings"):
    _GROUPS[_noun] = _GROUPS.get(_noun, frozenset()) | {_group}


def fold(word: str) -> str:
    """Return a word as spellings of it are compared: lower case, no accents, straight apostrophes."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.replace("’", "'"))
    return "".join(character for character in decomposed if not unicodedata.combining(character)).lower()


def noun_of(head: Token | Parsed) -> Noun | None:
    """Return what the noun with this head denotes, the longest entry of the table that its words spell; or None."""
    doc = head.doc
    last = _singular(head)
    before = [doc[i].lower_ for i in range(max(0, head.i - 3), head.i)] if last in _LASTS else []
    while before:
        words = " ".join([*before, last])
        if words in _NOUNS:
            return Noun(words, *_NOUNS[words], head.i - len(before), head.i + 1)
        before.pop(0)
    for form in (head.lower_, last):
        for entry in _OF.get(form, ()):
            if tuple(token.lower_ for token in doc[head.i + 1 : head.i + len(entry)]) == entry[1:]:
                words = " ".join(entry)
                return Noun(words, *_NOUNS[words], head.i, head.i + len(entry))
    for form in (head.lower_, last):
        if form in _NOUNS and (form not in _IN_CAPITALS or _is_short_title(head)):
            return Noun(last if last in _NOUNS else form, *_NOUNS[form], head.i, head.i + 1)
    return None


def _is_short_title(head: Token | Parsed) -> bool:
    """Whether "PM" stands for an office, and not for an hour ("3 PM")."""
    return head.text.isupper() and not (head.i and head.doc[head.i - 1].like_num)


def reworded(noun: str, others: Iterable[str]) -> bool:
    """Whether a noun may take up a person whom the article called by one of the others ("the envoy": ambassador)."""
    groups = _GROUPS.get(noun, frozenset()) - {_ANYONE}
    return any(groups & _GROUPS.get(other, frozenset()) for other in others)


def takes_up_anyone(noun: str) -> bool:
    """Whether "the <noun>" may mean the person named last, whatever the article called them."""
    return _ANYONE in _GROUPS.get(noun, frozenset())


def kind_of(words: str) -> NounKind | None:
    """Return what the table says of these words, in the singular and in lower case."""
    entry = _NOUNS.get(words)
    return entry[0] if entry else None


def title_of(words: tuple[str, ...]) -> tuple[str, str] | None:
    """Return the gender and the office that a title tells ("Sen." → "-", "senator"), None for words that are none."""
    joined = " ".join(words).lower()
    return _TITLES.get(joined) or _TITLES.get(joined + ".") or None


def lacks_stop(word: str) -> bool:
    """Whether a word is a title only if it is an abbreviation that lacks its full stop ("Gen", "Rep")."""
    low = word.lower()
    return low not in _TITLES and low + "." in _TITLES


def ends_title(word: str) -> bool:
    """Whether a title can end with this word."""
    low = word.lower()
    return low in _TITLE_ENDS or low + "." in _TITLE_ENDS


def gender_of_given_name(name: str) -> str:
    """Return "m" or "f" for a given name that nearly always tells the gender, "-" for any other."""
    return _GIVEN.get(fold(name), "-")


def _singular(head: Token | Parsed) -> str:
    low = head.lower_
    if head.tag_ not in ("NNS", "NNPS") and (low in _NOUNS or not low.endswith("s")):
        return low
    lemma = head.lemma_.lower()
    if lemma != low:
        return lemma
    if low.endswith("ies"):
        return low[:-3] + "y"
    return low[:-1] if low.endswith("s") and not low.endswith("ss") else low
