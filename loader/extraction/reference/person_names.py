"""Where an article names persons: the registry's names, the tagger's, and what follows a title."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from loader.extraction.lexicon import rows
from loader.extraction.reference.candidates import (
    LONGEST,
    NAME_WORD,
    PARTICLES,
    candidates,
    is_hyphenated,
    is_name_word,
)
from loader.extraction.text.nouns import (
    PERSONAL,
    NounKind,
    ends_title,
    fold,
    gender_of_given_name,
    kind_of,
    lacks_stop,
    title_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from loader.document import Entity
    from loader.extraction.text.tokens import Token
    from loader.extraction.text.words import Words

_VERBS = frozenset(words.split()[0] for words, pos, *_ in rows("cues") if pos == "verb")
_LONGEST_TITLE = 3  # tokens
_SUFFIXES = frozenset(
    ["jr", "jr.", "sr", "sr.", "ii", "iii", "iv", "phd", "ph.d.", "md", "m.d.", "mp", "mep", "kc", "qc"]
)
_INITIAL = re.compile(r"^[A-Z]\.$")
_ENDS = frozenset(["'s", "’s", ",", "(", "["])
_NO_NAME = frozenset({NounKind.THING, NounKind.BODY, NounKind.DOCUMENT, NounKind.TERRITORY, NounKind.COUNTRY})
_NO_LAST_NAME = PERSONAL | _NO_NAME
# Offices by which their holders are addressed: after "Mr." or "Madam" they are no name.
_ADDRESSES = frozenset(
    {"president", "minister", "secretary", "speaker", "chairman", "chairwoman", "chair", "ambassador", "mayor"}
    | {"governor", "senator", "chancellor", "premier", "secretary-general", "leader", "administrator"}
)


class PersonName(NamedTuple):
    """A person's name in the text: the tokens from ``start`` to ``end`` (not included), without title or suffix.

    ``words`` are folded, ``gender`` is what a title tells ("m", "f" or "-"), ``entity`` the registry's person.
    """

    start: int
    end: int
    words: tuple[str, ...]
    gender: str
    titled: bool
    entity: Entity | None


def find_names(words: Words, known: Sequence[Entity | None], labels: Iterable[str] = ()) -> list[PersonName]:
    """Return the persons' names of a parsed text, in order, without overlaps.

    ``known`` gives for each token the registry's entity that it is part of; ``labels`` are the last names, folded,
    that open turns of a transcript. The tagger's persons are trimmed of titles and possessives, lengthened after a
    title, and dropped where the registry knows the words as something else. A last name that stands somewhere in full
    is found everywhere.
    """
    taken = list(words.left_out)
    found: list[PersonName] = []
    for start, end, entity in candidates(words, known):
        name = _trim(words, start, end, known, entity)
        if name is not None and not any(taken[name.start : name.end]):
            taken[name.start : name.end] = [True] * (name.end - name.start)
            found.append(name)
    found = _without_headlines(words, found, frozenset(labels))
    surnames = _surnames(words, found)
    for token in words.capitals:
        i = token.i
        if not taken[i] and known[i] is None and fold(words.low[i]) in surnames and _stands_alone(words, token):
            found.append(PersonName(i, i + 1, (fold(token.text),), *_title(words, i), entity=None))
    return sorted(found, key=lambda name: name.start)


def _without_headlines(words: Words, names: Sequence[PersonName], labels: frozenset[str]) -> list[PersonName]:
    """Cut the names of a headline in capitals ("Jane Roe Backs Plan") to those that the report knows.

    What opens a turn of the report ends a name ("Jane Roe En Route"); a verb of telling is no last name ("Roe
    Highlighting").
    """
    end = words.end(0) if len(words) else 0
    known = {name.words for name in names if name.start >= end}
    known |= {words_[-1:] for words_ in known}
    found = []
    for name in names:
        size = len(name.words)
        plain = size == name.end - name.start  # a word a token: no hyphens
        if name.start < end and size > 1 and plain and name.words not in known and name.entity is None:
            size = next((n for n in range(size - 1, 0, -1) if name.words[:n] in known), size)
            size = next((n for n in range(1, size) if name.words[n - 1] in labels), size)
            size = next((n for n in range(1, size) if _tells(name.words[n])), size)
        found.append(name._replace(end=name.start + size, words=name.words[:size]) if plain else name)
    return found


def _tells(word: str) -> bool:
    """Whether a word is the participle of a verb of the table of cues: "highlighting", "announcing"."""
    return word.endswith("ing") and (word[:-3] in _VERBS or word[:-3] + "e" in _VERBS)


def _surnames(words: Words, names: Sequence[PersonName]) -> set[str]:
    """Return the words that name a person wherever they stand alone.

    They are the last words of names in full, and the single words that a title vouches for or that the tagger takes
    for a person more often than not.
    """
    full = {name.words[-1] for name in names if len(name.words) > 1 and len(name.words[-1]) > 2}
    single = Counter(name.words[0] for name in names if len(name.words) == 1)
    other = Counter(
        fold(words.tokens[ent.start].text) for ent in words.doc.ents if ent.label_ != "PERSON" and len(ent) == 1
    )
    titled = {name.words[0] for name in names if len(name.words) == 1 and name.titled}
    first = {name.words[0] for name in names if len(name.words) > 1 and gender_of_given_name(name.words[0]) == "-"}
    first = {word for word in first if len(word) > 3 and kind_of(word) is None}  # "Fiame" of "Fiame Naomi Mata'afa"
    return full | first | titled | {word for word, times in single.items() if times > 1 and times >= other[word]}


def title_before(words: Words, start: int) -> tuple[str, str] | None:
    """Return the gender and the office that the title right before a token tells, None where there is no title."""
    for size in range(_LONGEST_TITLE, 0, -1):
        first = start - size
        if first >= 0 and words.tokens[first].text[0].isupper():
            title = title_of(tuple(token.text for token in words.tokens[first:start]))
            if title is not None:
                return title
    return None


def _stands_alone(words: Words, token: Token) -> bool:
    """Whether somebody's last name is here no part of a longer name ("the Roe Foundation")."""
    if token.pos_ not in ("PROPN", "NOUN", "ADJ"):
        return False
    after = words.tokens[token.i + 1] if token.i + 1 < len(words) else None
    before = words.tokens[token.i - 1] if token.i > words.start(token.i) else None
    if before is not None and before.text[0].isupper() and before.pos_ == "PROPN" and not ends_title(before.text):
        return False
    return after is None or not (
        after.text[0].isupper() and after.pos_ == "PROPN" and words.sentence[after.i] == words.sentence[token.i]
    )


def _title(words: Words, start: int) -> tuple[str, bool]:
    title = title_before(words, start)
    return ("-", False) if title is None else (title[0], True)


def _trim(
    words: Words, start: int, end: int, known: Sequence[Entity | None], entity: Entity | None
) -> PersonName | None:
    """Cut a candidate to the name in it; None if it is no name of a person."""
    tokens = words.tokens
    if entity is None and end - start > 1 and title_of(tuple(token.text for token in tokens[start:end])):
        return None  # "Datuk Seri" Anwar Ibrahim
    if entity is None:
        for i in range(start, end):
            if tokens[i].text in _ENDS or tokens[i].is_space or tokens[i].tag_ == "POS":
                end = i
                break
        start = _after_titles(words, start, end)
        while start < end and not is_name_word(tokens[start]):
            start += 1
        start, end = _whole(words, start, end)
    while end > start and (words.low[end - 1] in _SUFFIXES or not NAME_WORD.match(tokens[end - 1].text)):
        end -= 1
    while end - start > 1 and not words.sentence[start] and kind_of(words.low[end - 1]) in _NO_LAST_NAME:
        end -= 1  # "Roe Ally", "Roe Plan" of a headline
    if start >= end:
        return None
    gender, titled = _title(words, start)
    if titled:
        while end < len(words) and end - start < LONGEST and _lengthens(words, start, end, known):
            end += 1
    if end - start > LONGEST:
        return None
    folded = tuple(fold(part).rstrip(".") for part in words.doc[start:end].text.split())
    if entity is None and not _may_name(words, start, end, folded, known):
        return None
    return PersonName(start, end, folded, gender, titled, entity)


def _whole(words: Words, start: int, end: int) -> tuple[int, int]:
    """Return the bounds of a name of which the tagger cut the first word, or the last."""
    while start < end < len(words) and words.low[end - 1] in PARTICLES and _may_follow(words, start, end):
        end += 1  # "Ursula von der" Leyen, in a headline
    if start < end and _INITIAL.match(words.tokens[start].text) and _is_first_name(words, start - 1):
        start -= 1  # "Lloyd" J. Austin III
    return start, end


def _is_first_name(words: Words, i: int) -> bool:
    """Whether a token before an initial is the name that the initial goes with."""
    if i < words.start(i + 1) or not is_name_word(words.tokens[i]):
        return False
    return kind_of(words.low[i]) is None and not ends_title(words.tokens[i].text)


def _after_titles(words: Words, start: int, end: int) -> int:
    """Return where the name begins that the tagger took together with its titles."""
    while start < end:
        sizes = (size for size in range(_LONGEST_TITLE, 0, -1) if start + size < end)
        size = next((n for n in sizes if title_of(tuple(token.text for token in words.tokens[start : start + n]))), 0)
        if not size and start + 1 < end and _is_role(words.low[start]):  # "Actress Jane Roe"
            size = 1
        if size == 1 and _is_no_title(words, start, end):
            break
        if not size:
            break
        start += size
    return start


def _is_no_title(words: Words, start: int, end: int) -> bool:
    """Whether a title without its stop is rather a given name behind an office: "Defence Minister Gen Nakatani"."""
    if not lacks_stop(words.tokens[start].text) or end - start != 2:
        return False
    return start > 0 and kind_of(words.low[start - 1]) in PERSONAL


def _may_follow(words: Words, start: int, i: int) -> bool:
    """Whether a token may be the word of a name that its particle stands before."""
    token = words.tokens[i]
    shaped = words.low[i] in PARTICLES or (token.text[0].isupper() and bool(NAME_WORD.match(token.text)))
    return shaped and i - start < LONGEST and words.sentence[i] == words.sentence[start]


def _is_role(word: str) -> bool:
    return kind_of(word) in PERSONAL and gender_of_given_name(word) == "-"


def _lengthens(words: Words, start: int, i: int, known: Sequence[Entity | None]) -> bool:
    """Whether the token after a titled name is one more word of it that the tagger missed."""
    if known[i] is not None or words.low[i] in _SUFFIXES or words.sentence[i] != words.sentence[start]:
        return False
    return is_name_word(words.tokens[i]) and kind_of(words.low[i]) is None


def _may_name(words: Words, start: int, end: int, folded: tuple[str, ...], known: Sequence[Entity | None]) -> bool:
    if not all(_may_be_in_name(words, i, alone=end - start == 1) for i in range(start, end)):
        return False
    if len(folded) == 1 and folded[0] in _ADDRESSES:  # "Mr. President"
        return False
    if len(folded) == 1 and start and kind_of(f"{words.low[start - 1]} {folded[0]}") in PERSONAL:
        return False  # "Director General"
    vouched = len(folded) == 1 and title_before(words, start) is not None  # "Mr. King"
    given = len(folded) > 1 and gender_of_given_name(folded[0]) != "-"  # "Steven Law"
    if (kind_of(folded[-1]) in _NO_NAME and not given) or (
        not vouched and (title_of(folded) or kind_of(" ".join(folded)))
    ):
        return False
    others = [entity for entity in known[start:end] if entity is not None]
    if others:  # "Jordan Smith" is a person, "Texas Republican" and "Artificial Intelligence" are none
        return len(others) < end - start and (known[end - 1] is None or gender_of_given_name(folded[0]) != "-")
    return end == len(words) or not _goes_on(words, start, end)


def _may_be_in_name(words: Words, i: int, *, alone: bool) -> bool:
    """Whether a token has the form of a part of a name; in a headline in capitals "Be Next" has, but is none."""
    token = words.tokens[i]
    if words.low[i] in PARTICLES or is_hyphenated(words, i):
        return True
    return token.text[0].isupper() and (alone or words.sentence[i] > 0 or not token.is_stop)


def _goes_on(words: Words, start: int, end: int) -> bool:
    """Whether the words are an acronym, or the first part of a longer name ("Roe Foundation")."""
    last, after = words.tokens[end - 1], words.tokens[end]
    if end - start == 1 and last.is_upper and len(last.text) > 1 and not after.is_upper:
        return True
    larger = after.text[0].isupper() and last.dep_ == "compound" and last.head.i == after.i
    return larger and kind_of(words.low[end]) is not None
