"""One article as the linker sees it: its names, which of them are short for which, and what tells namesakes apart."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loader.document import EntityKind, Span
from loader.linking.gazetteer import key_words, word_set
from loader.linking.parts import things_called
from ontology.authority import fold

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Named:
    """Words of an article that name somebody or something.

    ``kind`` is what they name, as far as the reading of the article tells; ``known`` the path of the entity of the
    registry that it takes them for ("actor/japan"); ``full`` the name that the article gives it elsewhere.
    """

    span: Span
    kind: EntityKind | None = None
    known: str | None = None
    full: str | None = None


@dataclass(frozen=True, slots=True)
class Title:
    """A title before a name, and the words for the state or body before it ("Japanese", "Prime Minister")."""

    of: str
    title: str


@dataclass(frozen=True, slots=True)
class Scene:
    """What an article says around its names.

    ``countries`` are the ids of the states that it names or has places of, ``shares`` how many of the states and places
    that it names are of each, 1 in all. ``surnames`` are the words that stand behind a first name, as it seems, or are
    what a ship or the like is called; ``persons`` the first and last words of the persons that were read.
    """

    text: str
    published: dt.date | None = None
    words: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    shares: Mapping[str, float] = field(default_factory=dict)
    longer: Mapping[str, frozenset[str]] = field(default_factory=dict)
    called: Mapping[str, frozenset[str]] = field(default_factory=dict)
    spelt_out: Mapping[str, str] = field(default_factory=dict)
    surnames: frozenset[str] = frozenset()
    persons: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        text: str,
        named: Iterable[Named],
        *,
        published: dt.date | None = None,
        countries: Mapping[str, int] | None = None,
    ) -> Scene:
        """Return the scene of a text with these names in it; ``countries`` has how often each is named."""
        names = list(named)
        counted = countries or {}
        whole = sum(counted.values())
        return cls(
            text,
            published,
            key_words(text),
            frozenset(counted),
            {each: count / whole for each, count in counted.items()},
            _longer((each.span.of(text), each.kind) for each in names),
            _longer(((each.span.of(text), each.kind) for each in names if each.kind in _BODIES), whole=True),
            dict(_acronyms(text)),
            frozenset(_surnames(text)) | things_called(text),
            _parts_of_persons(names, text),
        )

    def full_names(self, name: str, kind: EntityKind | None) -> tuple[str, ...]:
        """Return the longer names in the article that a name is short for, sorted: "Fumio Kishida" for "Kishida".

        A person is named short by the last words, a body by the first ones or by an acronym that the text defines.
        """
        if name in self.spelt_out:
            return (self.spelt_out[name],)
        key = fold(name)
        found = self.longer.get(key, frozenset())
        if kind is EntityKind.PERSON:
            found = frozenset(each for each in found if fold(each).endswith(" " + key) or " " not in key)
        return tuple(sorted(found))

    def bodies(self, name: str) -> frozenset[str]:
        """Return the longer names of bodies in the article that begin with a name; persons' are no part of them."""
        return self.called.get(fold(name), frozenset())

    def title(self, span: Span) -> Title | None:
        """Return the title that stands before a name, None if there is none; its state may stand behind the name."""
        before = self.text[max(0, span.start - _REACH) : span.start]
        found = _TITLE.search(before)
        if found is None:
            return None
        behind = None if found["of"] else _OF_STATE.match(self.text, span.end)
        return Title(behind["of"] if behind else found["of"].strip(), found["title"].strip())


def description_of(words: str) -> Title | None:
    """Read words that are an office and no name: "the Japanese prime minister", "president of Peru"; else None."""
    found = _DESCRIPTION.fullmatch(words) or _OFFICE_OF.fullmatch(words)
    return Title(found["of"].strip(), found["title"].strip()) if found else None


def bare(name: str) -> str:
    """Return a company's name without the words for its legal form: "Burlington Industries" of "… Inc"."""
    shorter = _LEGAL_FORM.sub("", name).rstrip(" ,&").removesuffix(" and")
    return _FORM_BEFORE.sub("", shorter) or name


def untitled(name: str) -> str:
    """Return a person's name without the titles before it: "Shinzo Abe" of "Prime Minister Shinzo Abe"."""
    found = _LEADING_TITLE.match(name)
    return name[found.end() :] if found and found.end() < len(name) else name


def _longer(names: Iterable[tuple[str, EntityKind | None]], *, whole: bool = False) -> dict[str, frozenset[str]]:
    """Return, for each part that may stand for a longer name, the longer names; common words only with ``whole``."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, kind in names:
        plain = re.sub(r"['’]s?$", "", untitled(name))
        words = fold(plain).split()
        if len(words) < 2 or kind in (EntityKind.STATE, EntityKind.TECHNOLOGY):
            continue
        if kind is EntityKind.PERSON:
            found[words[-1]].add(plain)
            found[words[0]].add(plain)
            found[" ".join(words[1:])].add(plain)
        else:
            for length in range(1, len(words)):
                if whole or length > 1 or words[0] not in _COMMON:
                    found[" ".join(words[:length])].add(plain)
    return {key: frozenset(each for each in full if fold(each) != key) for key, full in found.items()}


def _acronyms(text: str) -> Iterable[tuple[str, str]]:
    """Give the acronyms that a text defines, with the names that they stand for.

    By initials, "Advanced Micro Devices (AMD)", or by letters of one word, "Volkswagen AG, VW,". Codes of stock
    exchanges behind a company's name are of them: "NV DSM (DSMN.AS)".
    """
    for found in _CODE.finditer(text):
        yield found["code"], found["words"].rstrip()
    yield from ((acronym, span.of(text)) for acronym, span in spelt_out_names(text))
    for found in _LETTERS.finditer(text):
        rest = iter(found["word"].upper())
        if found["word"].startswith(found["acronym"][0]) and all(letter in rest for letter in found["acronym"]):
            yield found["acronym"], found["words"]


def spelt_out_names(text: str) -> Iterator[tuple[str, Span]]:
    """Give the acronyms that a text defines by initials, each with where its name stands."""
    for found in _DEFINITION.finditer(text):
        letters = [letter for letter in found["acronym"].upper() if letter.isalpha()]
        starts = [word.start() for word in _CAPITALISED.finditer(text, *found.span("words"))]
        if [text[start] for start in starts[-len(letters) :]] == letters:
            yield found["acronym"], Span(starts[-len(letters)], found.end("words"))


def _parts_of_persons(names: Iterable[Named], text: str) -> frozenset[str]:
    """Return the first and last words of persons that were read by two or three words."""
    read = (untitled(each.span.of(text)).split() for each in names if each.kind is EntityKind.PERSON)
    return frozenset(word for words in read if len(words) in (2, 3) for word in (words[0], words[-1]))


def _surnames(text: str) -> Iterable[str]:
    """Give the words behind a word with a capital that is no title, no direction and begins no sentence."""
    for found in _FULL_NAME.finditer(text):
        if found[1] not in _NO_FIRST_NAMES and not found[1].endswith(("ly", "ern")):
            yield found[2]


_COMMON = word_set(  # no body goes by such a word alone
    "university department ministry bank office bureau commission council committee national international united"
    " federal american british european general first new north south east west central public royal state"
    " house institute agency association board court college school centre center group world global"
)
_NO_FIRST_NAMES = word_set(
    "After Air All Although An And April As At August Before Beside Both But By Central City December Downtown"
    " Earlier East Even February For Foreign Fort Friday From General Global Governor Great Greater Here How However"
    " If In Inner Inside Into It Its January July June Last Later Like Little Lower March May Mayor Meanwhile"
    " Metropolitan Mid Minister Monday Mount Mr Mrs Ms Nearby Neither New Next No Nor North Northeast Northwest"
    " November Now October Of Old On Once One Only Or Our Outer Outside Over Perhaps Port President Prime Radio"
    " Saturday Secretary September Since So South Southeast Southwest State Still Sunday Than That The Their Then"
    " There These They This Those Though Three Through Thursday To Today Tomorrow Tuesday Two Under Union Unlike Until"
    " Upper Wednesday West What When Where Which While Who Why With Within Without Would Yesterday Yet You"
)
_FULL_NAME = re.compile(r"\b([A-Z][a-z]+) ([A-Z][a-z]{2,})\b(?=,(?! [A-Z])|[.;]| [a-z(]|['’]s)")
_BODIES = (EntityKind.ORGANIZATION, EntityKind.NEWS_OUTLET)
_CAPITALISED = re.compile(r"(?<![\w’'])[A-Z]")
_REACH = 80  # characters before a name in which its title stands
_TITLES = (
    r"(?:[Vv]ice[ -])?[Pp]resident(?:[ -]elect)?|(?:[Dd]eputy )?[Pp]rime [Mm]inister|[Pp]remier|[Cc]hancellor|PM"
    r"|(?:[Dd]eputy )?(?:[Ff]oreign|[Dd]efen[cs]e|[Ff]inance|[Ii]nterior|[Tt]rade|[Ee]nergy|[Hh]ealth|[Jj]ustice) "
    r"(?:[Mm]inister|[Ss]ecretary)|[Ss]ecretary of (?:[Ss]tate|[Dd]efense|the [Tt]reasury)|[Tt]reasury [Ss]ecretary"
    r"|[Kk]ing|[Qq]ueen|[Ee]mperor|[Gg]overnor|[Ss]ecretary[- ][Gg]eneral|[Ss]peaker|[Ss]upreme [Ll]eader"
    r"|(?:VICE )?PRESIDENT|(?:DEPUTY )?PRIME MINISTER|CHANCELLOR"
)
_OF_WORD = r"(?!(?:Vice|Deputy|Former|The|Today|Then|When|But|And)[ ])[A-Z][\w.’'-]*[ ]"
_OF = rf"(?P<of>(?:{_OF_WORD}){{0,2}})"
_TITLE = re.compile(rf"(?:^|(?<=[\s(\"“])){_OF}(?P<title>{_TITLES}),? (?:(?:Mr|Dr|Sir)\.? )?$")
_DESCRIPTION = re.compile(rf"(?:[Tt]he )?(?P<of>(?:{_OF_WORD}){{1,3}})(?P<title>{_TITLES})")
_OFFICE_OF = re.compile(rf"(?:[Tt]he )?(?P<title>{_TITLES}) of (?:the )?(?P<of>[A-Z][\w.’' -]*)")
_OF_STATE = re.compile(r" of (?:the )?(?P<of>[A-Z]\w+(?: (?:of (?:the )?)?[A-Z]\w+){0,3})")
_LEADING_TITLE = re.compile(
    rf"(?:(?:[A-Z][\w.’'-]*[ ])?(?:{_TITLES}) |(?:Mr|Mrs|Ms|Dr|Sir|Dame|Lord|Lady|Sen|Rep|Gov|Gen|Senator"
    r"|Representative|Congressman|Congresswoman|General|Admiral|Ambassador|Minister|Secretary)\.? )+"
)
_LEGAL_FORM = re.compile(
    r"(?:,? (?:Inc|Corp|Corporation|Incorporated|Ltd|Limited|Co|Cos|Company|PLC|Plc|plc|AG|SA|NV|N\.V|A\.G|S\.A|GmbH"
    r"|LLC|LP|Group|Holdings)\.?)+$"
)
_FORM_BEFORE = re.compile(r"^(?:NV|N\.V\.|PT|AB|OAO|OOO|ZAO|PAO) (?=\w)")
_DEFINITION = re.compile(
    r"(?P<words>(?:[A-Z][\w’'.-]*)(?:(?: (?:of|for|the|and|on|in|to|&))* [A-Z][\w’'.-]*)+) \([\"“]?"
    r"(?P<acronym>[A-Z][A-Za-z]{0,5}[A-Z])[\"”]?\)"
)
_LETTERS = re.compile(
    r"(?P<words>\b(?P<word>[A-Z][a-z]{4,})(?: (?:AG|Inc|Corp|Co|Ltd|PLC|Plc|SA|NV|SpA)\.?)?)"
    r"(?: \(|(?: [A-Z]+\.[A-Z]+)?, )(?P<acronym>[A-Z]{2,4})[),]"
)
_CODE = re.compile(r"(?P<words>(?:[A-Z][\w’'&.-]* ){1,5})\(?(?P<code>[A-Z]{1,5}\.[A-Z]{1,2})\b(?!\.)")
