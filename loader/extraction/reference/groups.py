"""Words for several at once: "X, Y and Z", "the leaders", "both countries", "participants", "each"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.document import Entity, EntityKind
from loader.extraction.text.nouns import PERSONAL, NounKind
from loader.extraction.text.verbs import verb_of

if TYPE_CHECKING:
    from loader.extraction.reference.discourse import Discourse
    from loader.extraction.reference.referents import Referent
    from loader.extraction.text.nouns import Noun
    from loader.extraction.text.tokens import Token

DEFINITE = frozenset({"the", "this", "that", "these", "those", "both"})
NUMBERS = {"two": 2, "both": 2, "bilateral": 2, "three": 3, "trilateral": 3, "four": 4, "quadrilateral": 4, "five": 5}

_LONGEST = 20  # members of a list
_LONGEST_TITLE = 7  # tokens
_TITLE = ("NOUN", "PROPN", "ADJ", "PART", "PRON")
_EXPLAINING = frozenset({",", ":", "-", "--", "–", "—"})
_OF_TITLES = frozenset({"of", "for"})  # "Secretary of State for Defence"
_OFFICES = frozenset({"secretary", "secretaries", "minister", "ministers"})
_MODIFYING = frozenset({"compound", "nmod", "amod", "poss"})
_LISTING = frozenset({",", "and", "the", "&", "both"})
_SEVERAL = frozenset({NounKind.LEADERS, NounKind.PARTIES, NounKind.COUNTRY, NounKind.GOVERNMENT, NounKind.TERRITORY})
_STATES = frozenset(
    {"country", "nation", "state", "government", "capital", "power", "neighbor", "neighbour", "republic", "territory"}
)
_ANY_LEADER = frozenset({"leader", "statesman", "chief", "principal"})
_MEETING = frozenset({"meet", "speak", "talk", "confer", "hold", "sit", "host", "join", "call", "negotiate", "discuss"})
_ENCOUNTERS = frozenset({"meeting", "talk", "call", "conversation", "summit", "negotiation", "discussion"})
_PLAIN = frozenset({"joint", "respective", "other", "same", "world", "key", "all", "meeting", "'", "’"})
_NARROWING = frozenset({"of", "from", "in", "at", "with"})


class Groups:
    """Finds and resolves words for groups in one article."""

    def __init__(self, discourse: Discourse) -> None:
        self._discourse = discourse
        self._words = discourse.words
        self._coordinated: dict[int, int] = {}  # by the first name of a list: how many it had when it was noted

    # ---- lists of names

    def coordinate(self, root: Token) -> None:
        """Note "X, Y and Z" as a group once its last name has been read."""
        places = self._listed(root) or self._conjoined(root)
        found = [self._discourse.at[i] for i in places]
        members = [referent.entity for referent in found if referent is not None]
        if len(members) < 2 or len({member.path for member in members}) < len(members):
            return
        if len(members) > self._coordinated.get(places[0], 0):
            self._coordinated[places[0]] = len(members)
            heads = [self._words.tokens[i] for i in places]
            head = next((token for token in heads if verb_of(token) is not None), heads[0])
            group = self._discourse.group(members)
            introduced = self._introducing(places[0]) if all(one.is_named_person for one in found if one) else None
            if introduced is not None:
                head, noun = introduced
                group.nouns.add(noun.words)
            self._discourse.use(head, group)

    def _introducing(self, first: int) -> tuple[Token, Noun] | None:
        """Return the plural that a list of persons explains: "the four ministers – Foreign Minister Jane Roe, …"."""
        words = self._words
        start = words.start(first)
        i = self._first(first, start)
        while i > max(start, first - _LONGEST_TITLE) and (words.pos[i - 1] in _TITLE or words.low[i - 1] in _OF_TITLES):
            i -= 1
        if i - 2 < start or words.low[i - 1] not in _EXPLAINING:
            return None
        token = words.tokens[i - 2]
        noun = words.noun(token) if token.tag_ == "NNS" else None
        return (token, noun) if noun is not None and noun.kind in (*PERSONAL, NounKind.LEADERS) else None

    def meet(self, root: Token, referent: Referent) -> None:
        """Note two persons, or two states, as a group once the second is read: "X met Y", "X spoke with Y"."""
        link = root.head if root.dep_ == "pobj" and root.head.lower_ == "with" else root
        if not referent.is_actor or (link is root and root.dep_ != "dobj"):
            return
        verb = link.head
        if verb.pos_ == "NOUN" and verb.lemma_ in _ENCOUNTERS:  # "held talks with Y"
            verb = verb.head
        elif verb.lemma_ not in _MEETING:
            return
        for child in verb.children:
            other = self._discourse.at[child.i] if child.dep_ == "nsubj" else None
            if other is not None and other is not referent and other.is_actor:
                if other.entity.kind is referent.entity.kind and not other.is_group:
                    self._discourse.use(child, self._discourse.group([other.entity, referent.entity]))
                return

    def _listed(self, root: Token) -> list[int]:
        """Return one token of each name in a list that ends with this one, as the commas and the "and" show it."""
        at, low = self._discourse.at, self._words.low
        start = self._words.start(root.i)
        i = self._first(root.i, start)
        found, joined = [root.i], False
        while i > start and len(found) <= _LONGEST:
            j = self._before_titles(i, start, commas=joined) - 1
            while j > start and low[j] in _LISTING:
                joined = joined or low[j] in ("and", "&")
                j -= 1
            if low[j + 1] not in _LISTING or not _is_actor(at[j]) or (not joined and len(found) == 1):
                break
            if self._is_of_title(root) and not _is_state(at[j]):
                break  # "Jane Roe and U.S. Secretary of State Paul Hansen"
            found.append(j)
            i = self._first(j, start)
        after = low[root.i + 1] if root.i + 1 < len(low) else ""
        continued = after in ("and", "&") or (after == "," and not joined)
        return found[::-1] if len(found) > 1 and joined and not continued else []

    def _is_of_title(self, root: Token) -> bool:
        """Whether the name of a state only tells whose office follows."""
        return _is_state(self._discourse.at[root.i]) and root.dep_ in _MODIFYING and root.head.i > root.i

    def _before_titles(self, i: int, start: int, *, commas: bool) -> int:
        """Return where the titles before a person's name at ``i`` begin.

        ``i`` itself where no "and" precedes them, nor, with ``commas``, a comma.
        """
        referent, j = self._discourse.at[i], i
        if referent is None or not referent.is_named_person:
            return i
        while j > max(start, i - _LONGEST_TITLE) and self._words.low[j - 1] not in _LISTING:
            other = self._discourse.at[j - 1]
            named = other is not None and other.is_named_person and self._words.pos[j - 1] != "PRON"
            inside = self._words.low[j - 1] in _OF_TITLES and (
                self._words.tokens[j].text[0].isupper() or self._words.low[j - 2] in _OFFICES
            )
            if (self._words.pos[j - 1] not in _TITLE and not inside) or named:
                return i
            j -= 1
        return j if self._words.low[j - 1] in ("and", "&") or (commas and self._words.low[j - 1] == ",") else i

    def _first(self, i: int, start: int) -> int:
        at = self._discourse.at
        while i > start and at[i - 1] is at[i]:
            i -= 1
        return i

    def _conjoined(self, root: Token) -> list[int]:
        """Return the heads of a coordination of names that ends with this one, as the parser sees it."""
        first, steps = root, 0
        while first.dep_ == "conj" and steps < _LONGEST:
            first, steps = first.head, steps + 1
        found = [first]
        for member in found:
            found += [child for child in member.children if child.dep_ == "conj"]
            if len(found) > _LONGEST:
                return []
        complete = root.dep_ == "conj" and root.i == max(member.i for member in found)
        if not complete or not all(_is_actor(self._discourse.at[member.i]) for member in found):
            return []
        return sorted(member.i for member in found)

    # ---- phrases

    def each(self, token: Token) -> Referent | None:
        """Return the group that "each", "both" or "the three" means."""
        number = NUMBERS.get(token.lower_)
        return self._discourse.trail.latest(
            lambda other: other.is_group and number in (None, len(other.members)), self._discourse.moment(token.i)
        )

    def phrase(self, token: Token, noun: Noun, start: int) -> Referent | None:
        """Return the group that a plural means: bare ("participants"), or with no more than an article and a number."""
        definite = self._words.low[start] in DEFINITE
        listed = self._of_states(token, noun)
        if listed is not None or noun.kind is NounKind.PARTNERSHIP:
            return listed or (self._partnerships(token, start) if definite else None)
        if noun.kind in PERSONAL and definite and self._is_bare(token, noun, start):
            holders = self._leaders(token, noun, None) if noun.kind is NounKind.OFFICE else None
            return self._counted(token, start) or holders
        if not self._may_take_up(token, noun, start):
            return None
        number = next((NUMBERS[word] for word in self._words.low[start : token.i] if word in NUMBERS), None)
        states = noun.words in _STATES

        def fits(referent: Referent) -> bool:
            if not referent.is_group or number not in (None, len(referent.members)):
                return False
            return not states or all(member.kind is EntityKind.STATE for member in referent.members)

        if noun.kind is NounKind.LEADERS:
            found = self._leaders(token, noun, number)
            loose = noun.words in _ANY_LEADER or (
                number is not None and definite
            )  # "the two ministers", one a secretary
            here = self._discourse.moment(token.i)
            latest = self._discourse.trail.latest(fits, here) if found is None and loose else None
            return found if latest is None else self._discourse.group(latest.members, noun.words)  # it stays theirs
        found = self._discourse.trail.latest(fits)
        return found or (self._latest_states(token, number) if states or number else None)

    def _counted(self, token: Token, start: int) -> Referent | None:
        """Return the persons of the latest sentence that names as many as "the three officials" counts."""
        number = next((NUMBERS[word] for word in self._words.low[start : token.i] if word in NUMBERS), 0)
        here = self._discourse.moment(token.i)
        moments: dict[int, list[Entity]] = {}
        for use in self._discourse.trail.back(here) if number else ():
            if use.referent.is_named_person:
                found = moments.setdefault(use.moment, [])
                found += [use.referent.entity] if use.referent.entity not in found else []
        fitting = [moment for moment, found in moments.items() if len(found) == number]
        return self._discourse.group(moments[max(fitting)][::-1]) if fitting else None

    def _may_take_up(self, token: Token, noun: Noun, start: int) -> bool:
        """Whether a plural may mean several named before; "among states" and "regions" mean none."""
        definite = self._words.low[start] in DEFINITE
        if noun.kind not in _SEVERAL or not (definite or start == noun.start) or not self._is_bare(token, noun, start):
            return False
        if noun.words in _STATES:
            return definite or self._words.low[start] in NUMBERS
        return noun.kind is not NounKind.TERRITORY

    def _of_states(self, token: Token, noun: Noun) -> Referent | None:
        """Return the states that "the governments of X, Y and Z" or "the leaders of X and Y" list."""
        if noun.kind not in (NounKind.LEADERS, NounKind.GOVERNMENT, NounKind.OFFICE, NounKind.PARTIES):
            return None
        end = noun.end
        if end + 1 >= len(self._words) or self._words.low[end] not in ("of", "from"):
            return None
        found: list[Entity] = []
        joined = False
        for i in range(end + 1, min(end + 1 + _LONGEST * 3, self._words.end(token.i))):
            referent = self._discourse.at[i]
            if referent is not None and referent.is_state and referent.entity not in found:
                found.append(referent.entity)
            elif referent is None and self._words.low[i] not in _LISTING:
                break
            joined = joined or self._words.low[i] in ("and", "&")
        return self._discourse.group(found, noun.words) if len(found) > 1 and joined else None

    def _partnerships(self, token: Token, start: int) -> Referent | None:
        """Return the partnerships named last that "the two blocs" count."""
        number = next((NUMBERS[word] for word in self._words.low[start : token.i] if word in NUMBERS), 0)
        known: list[Referent] = []
        for use in self._discourse.trail.back() if number else ():
            if not use.referent.is_group and use.referent.entity.kind is EntityKind.PARTNERSHIP:
                known += [use.referent] if use.referent not in known else []
        if not number or len(known) < number:
            return None
        others = sorted(known[1:], key=lambda referent: -referent.times)[: number - 1]  # the latest, and the best known
        return self._discourse.group([referent.entity for referent in (*others[::-1], known[0])])

    def _is_bare(self, token: Token, noun: Noun, start: int) -> bool:
        """Whether nothing narrows the plural down: "the two leaders", but not "the leaders of Europe"."""
        for word in self._words.low[start : noun.start]:
            if word not in DEFINITE and word not in NUMBERS and word not in _PLAIN:
                return False
        return not any(
            child.dep_ in ("relcl", "acl") or (child.dep_ == "prep" and child.lower_ in _NARROWING)
            for child in token.children
        )

    def _leaders(self, token: Token, noun: Noun, number: int | None) -> Referent | None:
        """Return the office holders of the latest sentence before this that names two or more."""
        here = self._discourse.moment(token.i)
        moments: dict[int, list[Referent]] = {}
        for use in self._discourse.trail.back():
            referent = use.referent
            if referent.is_group and _bears(referent, noun.words) and number in (None, len(referent.members)):
                return referent
            if referent.is_named_person and use.moment < here:
                found = moments.setdefault(use.moment, [])
                if referent not in found and _is_called(referent, noun.words):
                    found.append(referent)
        for moment in sorted(moments, reverse=True):
            found = moments[moment]
            if len(found) > 1 and number in (None, len(found)):
                return self._discourse.group([referent.entity for referent in reversed(found)], noun.words)
        return None

    def _latest_states(self, token: Token, number: int | None) -> Referent | None:
        found: list[Entity] = []
        for use in self._discourse.trail.back(self._discourse.moment(token.i)):
            if use.referent.is_state and use.referent.entity not in found:
                found.append(use.referent.entity)
            if len(found) == (number or 2):
                return self._discourse.group(found[::-1])
        return None


def _is_actor(referent: Referent | None) -> bool:
    return referent is not None and referent.is_actor


def _is_state(referent: Referent | None) -> bool:
    return referent is not None and referent.is_state


def _is_called(referent: Referent, noun: str) -> bool:
    """Whether a person holds an office that the noun covers: any for "leader", a "foreign minister" for "minister"."""
    return bool(referent.nouns) if noun in _ANY_LEADER else _bears(referent, noun)


def _bears(referent: Referent, noun: str) -> bool:
    """Whether the article called somebody so, or more precisely: "defence ministers" for "ministers"."""
    one = noun.removesuffix("s")
    return any((own := word.removesuffix("s")) == one or own.endswith(" " + one) for word in referent.nouns)
