"""The states and organisations that an article names: by the registry, by what the words say, by the tagger."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from loader.document import Entity, EntityKind
from loader.extraction.reference.acting import OUTLET, BodyName, acting, speaking
from loader.extraction.reference.candidates import POSTS
from loader.extraction.reference.places import WHERE, stands_for_government
from loader.extraction.text.nouns import INSTITUTIONAL, PERSONAL, Noun, NounKind, kind_of
from loader.names import NameForm
from ontology.vocabulary import slug

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from loader.extraction.text.tokens import Token
    from loader.extraction.text.words import Words
    from loader.registry import Match, Registry

_QUOTES = frozenset(['"', "“", "‘", "'", "``"])
_REACH = 6  # tokens between a state and the noun of its body
_LONGEST_NAME = 12  # tokens
_ACRONYM = re.compile(r"^[A-Z][A-Za-z&-]{0,8}[A-Z]s?$")
_ARTICLED = re.compile(
    r"^United |Republic|Kingdom|Islands$|^(?:Netherlands|Philippines|Maldives|Bahamas|Gambia|Holy See)$"
)
_ORGANS = frozenset({"commission", "secretariat", "parliament", "council", "court", "bank"})  # of a partnership
# Nouns that in capitals take up a body named before ("the Department said"), and name none alone.
_TAKING_UP = frozenset(
    {"department", "ministry", "commission", "committee", "secretariat", "council", "embassy", "agency"}
)
_QUARTERS = {"North": "South", "South": "North", "East": "West", "West": "East"}
_OF_STATES = frozenset({NounKind.MINISTRY, NounKind.ASSEMBLY, NounKind.FORCES, NounKind.MISSION})
_NO_BODY = frozenset({NounKind.THING, NounKind.DOCUMENT, NounKind.LEADERS, NounKind.PARTIES, NounKind.TERRITORY})
_BODIES = (EntityKind.ORGANIZATION, EntityKind.NEWS_OUTLET)
_SPEAKING = ("nsubj", "dobj", "dative", "pobj", "poss", "appos", "conj")


_PORTFOLIOS = ("minister", "secretary", "commissioner")
# Names with an article that are only likened to ("an Asian NATO", "another AUKUS"), by the word before the name.
_LIKENESS = frozenset({"mini", "new", "second", "third", "so-called", "eastern", "western", "another", "global"})


class Bodies:
    """Finds the names of one parsed article that denote no person.

    ``known`` holds for each token the registry's entity that it is part of, None where there is none.
    """

    def __init__(self, words: Words, registry: Registry) -> None:
        self._words = words
        self._registry = registry
        self._found: dict[str, Match | None] = {}
        self.known: list[Entity | None] = [None] * len(words)
        self._form: list[NameForm | None] = [None] * len(words)
        self._matches: list[tuple[int, int, Match]] = []
        for match in registry.matches(words.text):
            start, end, meant = self._as_meant(*words.within(match.span), match)
            self._matches.append((start, end, meant))
            for i in range(start, end):
                self.known[i], self._form[i] = meant.entity, meant.form

    def find(self, persons: Iterable[tuple[int, int]]) -> list[BodyName]:
        """Return the names in order, none overlapping another or one of the ``persons``."""
        taken = list(self._words.left_out)
        found: list[BodyName] = []

        def take(names: Iterable[BodyName]) -> None:
            for name in names:
                if not any(taken[name.start : name.end]):
                    taken[name.start : name.end] = [True] * (name.end - name.start)
                    found.append(name)

        tagged = list(self._tagged())
        take(name for name in tagged if self._outgrows(name))
        for start, end in persons:
            taken[start:end] = [True] * (end - start)
        take(self._institutions())
        take(self._registered())
        take(self._quarters(found))
        take(tagged)
        take(self._acronyms(found))
        take(acting(self._words, self.known, found))
        take(speaking(self._words, taken))
        return sorted(found, key=lambda name: name.start)

    # ---- what the registry knows

    def _look_up(self, name: str) -> Match | None:
        """Return what a name alone denotes, asked of the registry once."""
        if name not in self._found:
            self._found[name] = self._registry.find(name)
        return self._found[name]

    def _as_meant(self, start: int, end: int, match: Match) -> tuple[int, int, Match]:
        """Return the match as the words around it ask for: in "the Australian coast" no newspaper is named."""
        last = self._words.tokens[end - 1]
        if match.entity.kind is EntityKind.NEWS_OUTLET and end - start == 2 and self._words.tokens[start].text == "the":
            placed = last.dep_ == "pobj" and last.head.lower_ in WHERE
            if placed or last.dep_ not in _SPEAKING:
                other = self._look_up(last.text)
                if other is not None:
                    return (end - 1, end, other)
        return (start, end, match)

    def _registered(self) -> Iterator[BodyName]:
        for start, end, match in self._matches:
            if match.entity.kind is EntityKind.PERSON:
                continue
            if match.form is NameForm.CAPITAL:
                root = self._words.root(start, end)
                if not stands_for_government(self._words, root, self.known):
                    continue
            if match.entity.kind is EntityKind.PARTNERSHIP and self._is_likeness(start, end):
                continue
            yield BodyName(start, end, match.entity)

    def _is_likeness(self, start: int, end: int) -> bool:
        """Whether something is only likened to a partnership: "an Asian NATO", "another AUKUS"."""
        words, root = self._words, self._words.root(start, end)
        if root.dep_ == "compound" or start == words.start(start):
            return False
        i = start - 1
        if words.low[i] == "another":
            return True
        if words.low[i] in ("-", "‑") and i:
            i -= 1
        narrowed = words.low[i] in _LIKENESS or words.tokens[i].text[0].isupper()
        while i > 1 and words.low[i - 1] in _QUOTES:  # 'an "Asian NATO"'
            i -= 1
        return narrowed and i > 0 and words.low[i - 1] in ("a", "an")

    def _state_at(self, i: int) -> Entity | None:
        entity = self.known[i]
        return entity if entity is not None and entity.kind is EntityKind.STATE else None

    def _quarters(self, found: Iterable[BodyName]) -> Iterator[BodyName]:
        """Yield "the South" and the "North" of "North and South Korea", where the article names such states."""
        named: dict[str, Entity] = {}
        for name in found:
            first, _, rest = name.entity.label.partition(" ")
            if name.entity.kind is EntityKind.STATE and rest and first in _QUARTERS and first not in named:
                named[first] = name.entity
                sibling = self._look_up(f"{_QUARTERS[first]} {rest}")
                if sibling is not None:
                    named.setdefault(_QUARTERS[first], sibling.entity)
        if not named:
            return
        words = self._words
        for token in words.capitals:
            i, entity = token.i, named.get(token.text)
            if entity is None or self.known[i] is not None or i + 2 >= len(words):
                continue
            after = words.tokens[i + 1]
            listed = words.low[i + 1] == "and" and self._state_at(i + 2) is not None
            alone = i > 0 and words.low[i - 1] == "the" and not after.text[0].isupper() and after.text != "-"
            if listed or alone:
                yield BodyName(i, i + 1, entity)

    # ---- bodies of states

    def _institutions(self) -> Iterator[BodyName]:
        """Yield the bodies that the words give a state: "Japan's embassy in Australia", "the parliament of Georgia"."""
        words = self._words
        for token, pos in zip(words.tokens, words.pos, strict=True):
            if pos not in ("NOUN", "PROPN") or words.left_out[token.i]:
                continue
            noun = words.noun(token)
            if (
                noun is not None
                and noun.kind in INSTITUTIONAL
                and noun.kind is not NounKind.BODY
                and _is_one(token, noun)
            ):
                found = self._of_state(noun)
                if found is not None:
                    yield found

    def _of_state(self, noun: Noun) -> BodyName | None:
        start, end, own = noun.start, noun.end, ""
        owner = self._owner_before(noun.start)
        if owner is not None:
            state, start = owner
        else:
            after = self._state_after(noun.end, ("of",)) or self._state_of_portfolio(noun)
            if after is None:
                return None
            state, end = after
            own = self._words.doc[start : self._portfolio_end(noun)].text
        if noun.kind is NounKind.GOVERNMENT:
            return BodyName(start, end, state)
        if noun.kind is NounKind.MISSION:
            host = self._state_after(end, ("in", "to"))
            if host is not None and host[0] != state:
                return BodyName(start, host[1], self._registry.embassy(state, host[0]))
        return BodyName(start, end, self.body_of(noun, state, start, own))

    def _state_of_portfolio(self, noun: Noun) -> tuple[Entity, int] | None:
        """Return the state behind a ministry and its field: "the Ministry of Foreign Affairs of Japan"."""
        end = self._portfolio_end(noun)
        return self._state_after(end, ("of",)) if end > noun.end else None

    def _portfolio_end(self, noun: Noun) -> int:
        """Return where the field of a ministry ends: "of Foreign Affairs" behind "Ministry"."""
        words, i = self._words, noun.end + 1
        if noun.kind is not NounKind.MINISTRY or i >= len(words) or words.low[noun.end] not in ("of", "for"):
            return noun.end
        while i < min(noun.end + _REACH, words.end(noun.start)) and self.known[i] is None and self._is_field(i):
            i += 1
        return i if i > noun.end + 1 else noun.end

    def _is_field(self, i: int) -> bool:
        return self._words.tokens[i].text[0].isupper() or self._words.low[i] in ("and", "&")

    def mission_of(self, state: Entity, end: int) -> Entity | None:
        """Return the embassy of a state in the country that the words from token ``end`` on name, if they name one."""
        host = self._state_after(end, ("in", "to"))
        return self._registry.embassy(state, host[0]) if host is not None and host[0] != state else None

    def body_of(self, noun: Noun, state: Entity, start: int, own: str = "") -> Entity:
        """Return the body of a state that a noun names, by the registry or by the words from token ``start`` on.

        ``own`` are its words without the state where they are known ("Ministry of Defence").
        """
        own = own if " " in own else self._own_words(noun, start)
        label = f"{own} of {with_article(state.label)}"
        for name in (f"{state.label} {noun.words}", f"{state.label} {own}", label):
            match = self._look_up(name)
            if match is not None and match.entity.kind is EntityKind.ORGANIZATION:
                return match.entity
        return Entity(EntityKind.ORGANIZATION, slug(label), label, affiliation=state, based_in=state)

    def _own_words(self, noun: Noun, start: int) -> str:
        """Return the words of a body without its state: "Culture Ministry" of "Russian Culture Ministry"."""
        words = noun.words.split()
        if noun.kind is NounKind.MINISTRY and len(words) == 1:
            before = (self._words.tokens[i] for i in range(start, noun.start) if self.known[i] is None)
            words = [token.text for token in before if token.text.isalpha()][-3:] + words
        if noun.kind is NounKind.FORCES and noun.words in ("forces", "armed forces", "military forces"):
            words = ["military"]
        return " ".join(word if word in ("of", "and") else word[0].upper() + word[1:] for word in words)

    def _owner_before(self, i: int) -> tuple[Entity, int] | None:
        """Return the state that the words before token ``i`` give the noun there, and where its name starts."""
        words = self._words
        least = max(words.start(i), i - _REACH)
        j = i - 1
        while j >= least:
            state = self._state_at(j)
            if state is not None:
                while j > least and self.known[j - 1] is state:
                    j -= 1
                return (state, j)
            if words.tokens[j].pos_ not in ("ADJ", "NOUN", "PROPN", "PART") or self.known[j] is not None:
                return None
            j -= 1
        return None

    def _state_after(self, i: int, prepositions: tuple[str, ...]) -> tuple[Entity, int] | None:
        words = self._words
        if i + 1 >= len(words) or words.low[i] not in prepositions:
            return None
        j = i + 2 if words.low[i + 1] == "the" else i + 1
        if j >= len(words) or self._form[j] is NameForm.DEMONYM:
            return None
        state = self._state_at(j)
        if state is None:
            return self._doubtful_state(j)
        while j < len(words) and self.known[j] is state:
            j += 1
        return (state, j)

    def _doubtful_state(self, i: int) -> tuple[Entity, int] | None:
        """Return the state of a name that the registry would not take for one here; "parliament of" dispels doubt."""
        token = self._words.tokens[i]
        match = self._look_up(token.text) if token.ent_type_ in ("GPE", "LOC") else None
        if match is None or match.entity.kind is not EntityKind.STATE or match.form is NameForm.CAPITAL:
            return None
        return (match.entity, i + 1)

    # ---- what the tagger finds

    def _tagged(self) -> Iterator[BodyName]:
        words = self._words
        for ent in words.doc.ents:
            if ent.label_ != "ORG":
                continue
            start, end = self._trimmed(ent.start, ent.end)
            end = self._whole(start, end)
            if start < end <= start + _LONGEST_NAME and self._is_organisation(start, end):
                label = " ".join(words.doc[start:end].text.split())
                match = self._look_up(label)
                if match is not None and match.entity.kind in _BODIES:
                    yield BodyName(start, end, match.entity)
                    continue
                state = next((entity for i in range(start, end) if (entity := self._state_at(i)) is not None), None)
                kind = EntityKind.NEWS_OUTLET if OUTLET.search(label) else EntityKind.ORGANIZATION
                yield BodyName(start, end, Entity(kind, slug(label), label, affiliation=state))

    def _trimmed(self, start: int, end: int) -> tuple[int, int]:
        """Cut articles, possessives, marks and what follows a line break from a tagged name."""
        words = self._words
        while start < end and (words.low[start] in ("the", "a", "an", "'s", "’s") or not words.low[start][0].isalnum()):
            start += 1
        end = next((i for i in range(start, end) if words.tokens[i].is_space), end)
        while end > start and (words.tokens[end - 1].tag_ in ("POS", "CC") or not words.low[end - 1][-1].isalnum()):
            end -= 1
        return start, end

    def _is_organisation(self, start: int, end: int) -> bool:
        words, last = self._words, self._words.tokens[end - 1]
        known = [entity for entity in self.known[start:end] if entity is not None]
        if len(known) == end - start or any(e.kind in (EntityKind.TECHNOLOGY, EntityKind.PILLAR) for e in known):
            return False
        if self._is_list(start, end) or self._is_portfolio(end) or self._is_place_of_post(start):
            return False
        if not words.tokens[start].text[0].isupper() or any(words.tokens[i].like_num for i in range(start, end)):
            return False
        text = words.doc[start:end].text
        generic = kind_of(text.lower()) in (NounKind.THING, NounKind.GOVERNMENT)
        if generic or self._is_taken_up(start, end) or "," in text or last.tag_ == "IN":
            return False  # "the Government", "Economy, Energy, Health", "Group of" Ten
        first = words.noun(words.root(start, end))
        named = (
            first is not None and first.kind is NounKind.BODY and "for" in words.low[start:end]
        )  # "Center for Studies"
        for noun in () if named else (words.noun(last), first):
            if noun is not None and (noun.kind in PERSONAL or noun.kind in _NO_BODY):
                return noun.kind is NounKind.DOCUMENT and bool(OUTLET.search(text))
        return end - start > 1 or self._is_one_word(last)

    def _is_taken_up(self, start: int, end: int) -> bool:
        """Whether "the Commission" takes up a longer name before it that ends so: "the ECOWAS Commission"."""
        words, word = self._words, self._words.low[start]
        if end - start > 1 or word not in _TAKING_UP or not start or words.low[start - 1] != "the":
            return False
        before = (i for i in range(1, start) if words.low[i] == word and words.tokens[i].text[0].isupper())
        return any(words.tokens[i - 1].text[0].isupper() and words.low[i - 1] != "the" for i in before)

    def _whole(self, start: int, end: int) -> int:
        """Return where a name ends that the tagger cut short: "Center for Strategic and International Studies"."""
        words = self._words
        if end <= start or end >= len(words) or words.low[end] not in ("and", "&") or "for" not in words.low[start:end]:
            return end
        i = end + 1
        while i < min(end + 5, words.end(start)) and words.tokens[i].text[0].isupper() and self.known[i] is None:
            i += 1
        return i if i > end + 1 and words.tokens[i - 1].tag_ in ("NNS", "NNPS", "NN", "NNP") else end

    def _is_list(self, start: int, end: int) -> bool:
        """Whether the tagger took the first names of a list for one: "Mali, Burkina Faso and Niger"."""
        joined = any(self._words.low[i] in (",", "and", "&") for i in range(start, end))
        return joined and (self._state_at(start) is not None or self._state_at(end - 1) is not None)

    def _is_place_of_post(self, start: int) -> bool:
        """Whether a state opens the words, to which somebody is sent: "Ambassador to the United States Jane Roe"."""
        low, i = self._words.low, start - 1
        while i > 0 and low[i] in ("the", "to"):
            i -= 1
        return i < start - 1 and low[i] in POSTS and self._state_at(start) is not None

    def _is_portfolio(self, end: int) -> bool:
        """Whether the words only say which minister somebody is: "External Affairs Minister Jane Roe"."""
        after = self._words.noun(self._words.tokens[end]) if end < len(self._words) else None
        last = self._words.noun(self._words.tokens[end - 1])
        own = last is not None and last.kind in INSTITUTIONAL and last.end <= end
        return after is not None and after.kind is NounKind.OFFICE and after.words.endswith(_PORTFOLIOS) and not own

    def _is_one_word(self, token: Token) -> bool:
        """Whether a single word can be an organisation's name: no town ("in Herat"), no part of a title."""
        words, noun = self._words, self._words.noun(token)
        if not token.text[0].isupper() or (noun is None and token.pos_ not in ("PROPN", "NOUN")):
            return False
        after = words.noun(words.tokens[token.i + 1]) if token.i + 1 < len(words) else None
        if after is not None and after.start <= token.i:  # "Defense" of "Defense Minister"
            return False
        before = words.low[token.i - 1] if token.i else ""
        return token.is_upper or noun is not None or before not in ("in", "near")

    def _outgrows(self, name: BodyName) -> bool:
        """Whether a tagged organisation is the whole of which the registry knows a part ("Bank of Japan")."""
        inside = [entity for entity in self.known[name.start : name.end] if entity is not None]
        if not inside or name.entity.registered:
            return bool(inside)
        last = self._words.tokens[name.end - 1]
        if any(entity.kind is not EntityKind.STATE for entity in inside):
            return self._is_organ(last, inside)
        first = self._words.noun(self._words.root(name.start, name.end))
        if first is not None and first.kind in _OF_STATES and first.start == name.start:
            whole = self._of_state(first)  # "the Foreign Ministry of the People's Republic of China"
            if whole is not None and whole.end >= name.end:
                return False
        noun = self._words.noun(last)
        if noun is not None and noun.kind in INSTITUTIONAL and noun.kind is not NounKind.BODY:
            return self._of_state(noun) is None
        text = self._words.doc[name.start : name.end].text
        return last.text[0].isupper() and "-" not in text

    def _is_organ(self, last: Token, inside: Sequence[Entity]) -> bool:
        """Whether a name is that of a body of a partnership: "ECOWAS Commission", "African Union Commission"."""
        of_one = all(entity.kind is EntityKind.PARTNERSHIP for entity in inside)
        return of_one and last.text.istitle() and last.lower_ in _ORGANS

    def _acronyms(self, found: list[BodyName]) -> Iterator[BodyName]:
        """Yield the uses of acronyms that brackets after a name define; names so spelt get the entity of the whole."""
        words = self._words
        meanings: dict[str, Entity] = {}
        for name in found:
            i = name.end
            if i + 2 < len(words) and words.low[i] in ("(", "[") and words.low[i + 2] in (")", "]"):
                short = words.tokens[i + 1].text
                initials = {word[0] for word in words.low[name.start : name.end]}
                if _ACRONYM.match(short) and short[0].lower() in initials and self.known[i + 1] is None:
                    meanings.setdefault(short, name.entity)
        if not meanings:
            return
        for place, name in enumerate(found):
            entity = meanings.get(words.doc[name.start : name.end].text)
            if entity is not None:
                found[place] = name._replace(entity=entity)
        for token in words.capitals:
            if token.text in meanings:
                yield BodyName(token.i, token.i + 1, meanings[token.text])


def with_article(label: str) -> str:
    """Return a state's name as it stands after "of": "the United Kingdom", "Japan"."""
    return f"the {label}" if _ARTICLED.search(label) else label


def _is_one(token: Token, noun: Noun) -> bool:
    """Whether the noun is in the singular, or one of those that mean one body in the plural."""
    return token.tag_ not in ("NNS", "NNPS") or noun.words.endswith("forces") or token.lower_ == "authorities"
