"""The persons that an article names: which names are one person's, and what else it calls that person."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loader.document import EntityKind
from loader.extraction.reference.person_names import PersonName, title_before
from loader.extraction.text.nouns import PERSONAL, Noun, NounKind, fold, gender_of_given_name, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loader.document import Entity
    from loader.extraction.text.tokens import Token
    from loader.extraction.text.words import Words
    from loader.registry import Registry

_CLEARLY = 3  # times as often that one bearer of a last name is named in full as the first
_ALIKE = 40  # spellings that share a word and are compared
_CUT = 2  # words: a longer name may stand without its last ones
_ACRONYM = 4  # letters of a name in capitals that may be one
_TITLE_REACH = 7  # tokens before a name in which its titles stand
_SHORT_FORMS = {
    "bill": "william", "bob": "robert", "rob": "robert", "joe": "joseph", "jim": "james", "mike": "michael",
    "ted": "edward", "tom": "thomas", "tim": "timothy", "dan": "daniel", "dave": "david", "ed": "edward",
    "ben": "benjamin", "bernie": "bernard", "chuck": "charles", "charlie": "charles", "chris": "christopher",
    "dick": "richard", "rick": "richard", "steve": "stephen", "greg": "gregory", "jeff": "jeffrey", "ken": "kenneth",
    "larry": "lawrence", "matt": "matthew", "nick": "nicholas", "pat": "patrick", "pete": "peter", "ron": "ronald",
    "sam": "samuel", "tony": "anthony", "antony": "anthony", "liz": "elizabeth", "kate": "katherine",
    "jon": "jonathan", "josh": "joshua", "andy": "andrew", "alex": "alexander", "don": "donald", "ray": "raymond",
    "fred": "frederick", "sue": "susan", "debbie": "deborah", "jenny": "jennifer", "barb": "barbara",
    "vlad": "vladimir", "max": "maxwell", "will": "william", "jerry": "gerald", "mitch": "mitchell",
}  # fmt: skip


@dataclass(slots=True)
class Person:
    """One person of an article: how it names them, what it calls them besides, and what tells their gender.

    ``gender`` is "m", "f" or "-"; ``sure`` where a title or a noun tells it and not the given name alone. ``nouns``
    are the offices and roles in the singular ("prime minister"); ``heads`` the nouns in the text that gave them.
    """

    names: list[PersonName]
    label: str = ""
    entity: Entity | None = None
    gender: str = "-"
    sure: bool = False
    nouns: set[str] = field(default_factory=set)
    heads: list[Noun] = field(default_factory=list)
    speaks_for_a_body: bool = False

    def call(self, noun: Noun) -> None:
        """Take in that the article calls the person by this noun."""
        self.nouns.add(noun.words)
        self.heads.append(noun)
        if noun.kind is NounKind.SPOKESPERSON:
            self.speaks_for_a_body = True
        if noun.gender != "-" and not self.sure:
            self.gender, self.sure = noun.gender, True


def gather(words: Words, names: Iterable[PersonName], registry: Registry) -> list[Person]:
    """Return the persons that the names denote, in order of their first names in full, each name with one person.

    Names in full are one person's if the last words agree and the first do (or one shortens the other). A single
    word denotes the person in full who bears it as last word, or else as first; where two do, the one whose gender
    the titles fit, and of these the one named first, unless the other is named in full far more often. Single words
    that nobody so bears denote a person of their own where a title, a second mention or a word that is no given name
    vouches for them.
    """
    persons: list[Person] = []
    single: list[PersonName] = []
    bearers: dict[str, list[tuple[tuple[str, ...], Person]]] = {}  # by every word of the name
    for name in names:
        if len(name.words) == 1 and name.entity is None:
            single.append(name)
            continue
        alike = [*bearers.get(name.words[-1], ())[:_ALIKE], *bearers.get(name.words[0], ())[:_ALIKE]]
        person = next((other for words_, other in alike if _same(other, words_, name)), None)
        if person is None:
            person = Person([name], entity=name.entity)
            persons.append(person)
        else:
            person.entity = person.entity or name.entity
            person.names.append(name)
        for word in set(name.words):
            if not any(words_ == name.words for words_, _ in bearers.get(word, ())[:_ALIKE]):
                bearers.setdefault(word, []).append((name.words, person))
    _place(single, persons, registry)
    for person in persons:
        person.names.sort(key=lambda name: name.start)
        _describe(words, person)
    return persons


def titles(words: Words, name: PersonName) -> list[Noun]:
    """Return the offices and roles in the words before a name, and in apposition to it."""
    return [*_before(words, name), *_beside(words, name)]


def _same(person: Person, spelt: tuple[str, ...], name: PersonName) -> bool:
    """Whether a name in full is this person's, who is also spelt so."""
    if person.entity is not None and name.entity is not None:
        return person.entity == name.entity
    return _agree(spelt, name.words)


def _agree(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if one == other or (len(one) > 1 and set(one) == set(other)):
        return True
    if len(one) < 2 or len(other) < 2:
        return False
    if one[-1] != other[-1]:
        part, whole = sorted((one, other), key=len)
        return len(part) > _CUT and whole[: len(part)] == part  # "Mohamed bin Zayed" Al Nahyan
    if len(one) != len(other) and (one[-len(other) :] == other or other[-len(one) :] == one):
        return True  # "López Obrador"
    first, second = one[0], other[0]
    if first == second or _SHORT_FORMS.get(first, first) == _SHORT_FORMS.get(second, second):
        return True
    short, long = sorted((first, second), key=len)
    return len(short) == 1 and long.startswith(short)


def _place(single: list[PersonName], persons: list[Person], registry: Registry) -> None:
    """Give each single-word name to a person; new persons are appended for those that nobody bears in full."""
    last: dict[str, list[Person]] = {}
    other: dict[str, list[Person]] = {}
    for person in persons:
        for name in person.names:
            _enter(last, name.words[-1], person)
            _enter(other, name.words[0], person)
            if "-" in name.words[-1]:  # "Sudani" of "Al-Sudani"
                _enter(other, name.words[-1].rpartition("-")[2], person)
            if len(name.words) > 2:  # "López Obrador", "dos Santos"
                _enter(other, name.words[-2], person)
    times = Counter(name.words[0] for name in single)
    titled = {name.words[0] for name in single if name.titled}
    told: dict[str, set[str]] = {}
    for name in single:
        if name.gender != "-":
            told.setdefault(name.words[0], set()).add(name.gender)
    full = {id(person): len(person.names) for person in persons}
    made: dict[str, Person] = {}
    for name in single:
        word = name.words[0]
        genders = {name.gender} - {"-"} or told.get(word, set())
        bearers = [person for person in last.get(word) or other.get(word) or () if _may_be(person, genders)]
        if bearers:
            often = max(bearers, key=lambda person: full[id(person)])
            first = bearers[0]
            (often if full[id(often)] > _CLEARLY * full[id(first)] else first).names.append(name)
        elif word in made:
            made[word].names.append(name)
        elif word in titled or times[word] > 1 or gender_of_given_name(word) == "-":
            made[word] = Person([name], entity=_registered(word, registry) if word in titled else None)
            persons.append(made[word])


def _enter(index: dict[str, list[Person]], word: str, person: Person) -> None:
    bearers = index.setdefault(word, [])
    if not any(bearer is person for bearer in bearers):
        bearers.append(person)


def _may_be(person: Person, genders: set[str]) -> bool:
    """Whether the person can be of one of the genders that titles tell; none told fits everybody."""
    own = {name.gender for name in person.names} - {"-"}
    own = own or {gender_of_given_name(person.names[0].words[0])} - {"-"}
    return not genders or not own or bool(own & genders)


def _registered(surname: str, registry: Registry) -> Entity | None:
    """Return the one person of the registry with this last name; None if there is none or more than one."""
    bearers = [
        entity
        for entity in registry.entities
        if entity.kind is EntityKind.PERSON and fold(entity.label).split()[-1] == surname
    ]
    return bearers[0] if len(bearers) == 1 else None


def _describe(words: Words, person: Person) -> None:
    """Fill in label, gender and nouns from the person's names."""
    spelt = [words.doc[name.start : name.end].text for name in person.names]
    spelt = [text for text in spelt if not text.isupper()] or [_lowered(text) for text in spelt]
    counted = Counter([text for text in spelt if " " in text] or spelt)
    most = max(counted.values())
    label = next(text for text in counted if counted[text] == most)
    label = " ".join(label.split()) + next((suffix for name in person.names if (suffix := _suffix(words, name))), "")
    person.label = person.entity.label if person.entity is not None else label
    for name in person.names:
        if name.gender != "-" and not person.sure:
            person.gender, person.sure = name.gender, True
        for noun in titles(words, name):
            person.call(noun)
        title = title_before(words, name.start) if name.titled else None
        if title is not None and title[1]:
            person.nouns.add(title[1])
            if kind_of(title[1]) is NounKind.SPOKESPERSON:
                person.speaks_for_a_body = True
    if person.gender == "-":
        given = fold(person.label).split()
        person.gender = gender_of_given_name(given[0]) if len(given) > 1 else "-"


def _lowered(text: str) -> str:
    """Return a name in capitals as it is spelt elsewhere: "Jane Roe" of "JANE ROE"; short ones may be acronyms."""
    return text.title() if len(text) > _ACRONYM else text


def _suffix(words: Words, name: PersonName) -> str:
    """Return what tells a person from a parent of the same name: " Jr." of "John Roe Jr.", " Sr."."""
    i = name.end + (name.end + 1 < len(words) and words.low[name.end] == ",")
    word = words.low[i].rstrip(".") if i < len(words) and len(name.words) > 1 else ""
    return f" {word.capitalize()}." if word in ("jr", "sr") and words.tokens[i].text[0].isupper() else ""


def _before(words: Words, name: PersonName) -> list[Noun]:
    """Return the nouns in the words right before a name: "former prime minister Jane Roe"."""
    found: list[Noun] = []
    i = name.start - 1
    least = max(words.start(name.start), name.start - _TITLE_REACH)
    described = _ends_description(words, i - 1, least) if i > least and words.low[i] == "," else None
    if described is not None:  # "Peru's president, Jane Roe", "the ambassador to Peru, Jane Roe"
        return [described]
    while i >= least:
        token = words.tokens[i]
        if token.pos_ in ("NOUN", "PROPN"):
            noun = words.noun(token)
            if noun is not None and noun.end <= name.start and noun.kind in PERSONAL:
                found.append(noun)
                i = noun.start
        elif words.low[i] in ("of", "for", "to"):  # "secretary of state Jane Roe", not "spokeswoman for (Minister) Roe"
            if found or i == name.start - 1 or i == least or words.noun(words.tokens[i - 1]) is None:
                break
        elif token.pos_ == "CCONJ":  # "the president and Prime Minister Roe" are two
            other = words.noun(words.tokens[i - 1]) if i > least else None
            if other is None or (other.start > least and words.low[other.start - 1] in ("the", "a", "an")):
                break
        elif token.text not in _INSIDE_TITLES and token.pos_ not in ("ADJ", "PART"):
            break
        i -= 1
    return found


def _ends_description(words: Words, i: int, least: int) -> Noun | None:
    """Return the noun of a phrase that ends with token ``i`` and describes a person: "the mayor of Lima", else None."""
    while i >= least:
        token = words.tokens[i]
        noun = words.noun(token) if token.pos_ == "NOUN" or token.text[0].islower() else None
        if noun is not None and noun.kind in PERSONAL:
            one = token.tag_ not in ("NNS", "NNPS") and words.low[words.phrase_start(token)] not in ("a", "an")
            return noun if one else None
        if token.pos_ not in ("PROPN", "ADP", "DET", "ADJ") or words.low[i] in ("with", "by"):
            return None
        i -= 1
    return None


def _beside(words: Words, name: PersonName) -> list[Noun]:
    """Return the nouns in apposition to a name, before or after it: "Jane Roe, a spokeswoman for …"."""
    root = words.root(name.start, name.end)
    heads = [child for child in root.children if child.dep_ == "appos"]
    if root.dep_ == "appos":
        heads.append(root.head)
    if root.dep_ == "nsubj" and root.head.lemma_ == "be":
        heads += [child for child in root.head.children if child.dep_ == "attr"]
    nouns = (words.noun(_one_of(head)) for head in heads)
    return [noun for noun in nouns if noun is not None and noun.kind in PERSONAL]


def _one_of(head: Token) -> Token:
    """Return "deputies" for "one of Roe's deputies", else the head itself."""
    if head.lower_ in ("one", "some", "member"):
        for child in head.children:
            if child.lower_ == "of":
                return next((grandchild for grandchild in child.children if grandchild.dep_ == "pobj"), head)
    return head


_INSIDE_TITLES = frozenset(["-", "&", "."])
