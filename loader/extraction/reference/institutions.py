"""Which state or body a definite phrase means: "the embassy", "the government", "the country's military"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.document import Entity, EntityKind
from loader.extraction.reference.groups import DEFINITE
from loader.extraction.reference.referents import Use, salience, state_of
from loader.extraction.text.nouns import PERSONAL, Noun, NounKind, fold
from ontology.vocabulary import slug

if TYPE_CHECKING:
    from loader.extraction.reference.bodies import Bodies
    from loader.extraction.reference.discourse import Discourse
    from loader.extraction.reference.referents import Referent
    from loader.extraction.text.tokens import Token

_STAFFS = frozenset({"campaign", "administration", "camp", "presidential campaign", "foundation"})
_STAFFS_OF = frozenset({"team", "office", "party", "company", "government"})  # with the possessive: "Roe's team"
_GOVERNING = frozenset({"government", "administration"})  # a state and its government are one
_NEWS = frozenset(
    {
        "newspaper",
        "paper",
        "magazine",
        "broadcaster",
        "news agency",
        "agency",
        "news outlet",
        "outlet",
        "website",
        "site",
    }
    | {"publication", "channel", "station", "daily", "tabloid", "network"}
)
_ANY_BODY = frozenset(
    {"group", "company", "organization", "organisation", "firm", "rights group", "advocacy group", "body", "think tank"}
    | {"institution", "charity", "nonprofit", "watchdog"}
)
_AT_HOME = 12  # what being the state that an article is written from adds to nearness
_ANY_PACT = frozenset({"group", "body", "organization", "organisation", "forum", "club"})
_MINISTRIES = frozenset({"ministry", "department"})
_OF_STATES = frozenset(
    {"parliament", "ministry", "military", "embassy", "army", "forces", "department", "senate", "congress", "house"}
)
_PARTS = frozenset({NounKind.FORCES, NounKind.ASSEMBLY, NounKind.MINISTRY})
_PARTIES = frozenset({"between", "among", "with"})  # whom a pact named so is made by
_OWN = frozenset({"our", "my", "your"})
_TERRITORIES = frozenset(
    {"territory", "region", "republic", "island", "enclave", "province", "area", "state", "peninsula"}
)


class Institutions:
    """Resolves definite phrases for states and bodies in one article."""

    def __init__(self, discourse: Discourse, finder: Bodies) -> None:
        self._discourse = discourse
        self._words = discourse.words
        self._finder = finder
        self._territories: dict[str, Referent] = {}

    def note_territory(self, root: Token, referent: Referent) -> None:
        """Remember that the article calls a state a territory: "the breakaway territory of South Ossetia"."""
        if not referent.is_state:
            return
        heads = [child for child in root.children if child.dep_ == "appos"]
        if root.dep_ == "pobj" and root.head.lower_ == "of":
            heads.append(root.head.head)
        if root.dep_ == "appos":
            heads.append(root.head)
        for head in heads:
            noun = self._words.noun(head)
            if noun is not None and noun.kind is NounKind.TERRITORY:
                self._territories[noun.words] = self._territories[""] = referent

    def visit(self, token: Token, noun: Noun, start: int) -> None:
        """Resolve a phrase for a state or body that is no name, and write down what it means."""
        owned = any(child.dep_ == "poss" for child in token.children)
        staff = self._staff(noun, start)
        if staff is not None:
            self._discourse.mention(noun.start, noun.end, token, staff)
        elif noun.words in _NEWS and any(self._is_own_name(i) for i in range(start, noun.start)):
            return  # "the Hindu newspaper" is none named before
        elif self._words.low[start] in DEFINITE or owned or _is_bare_subject(token, noun, start):
            if token.dep_ in ("compound", "nmod") and noun.kind is not NounKind.GOVERNMENT:
                return
            referent = self.resolve(token, noun, start)
            if referent is not None:
                self._discourse.mention(start, noun.end, token, referent)

    def _is_own_name(self, i: int) -> bool:
        """Whether a word before a noun is a name that the article has for nothing else."""
        token = self._words.tokens[i]
        return token.text[0].isupper() and token.pos_ != "DET" and self._discourse.at[i] is None

    def definite(self, token: Token) -> Referent | None:
        """Return what "the ministry" inside another phrase means."""
        noun = self._words.noun(token)
        start = self._words.phrase_start(token)
        if noun is None or noun.kind in PERSONAL:
            return None
        known = self._words.low[start] in DEFINITE or self._is_a_persons(token)
        return self.resolve(token, noun, start) if known else None

    def _staff(self, noun: Noun, start: int) -> Referent | None:
        """Return the organisation that a person's name makes of a campaign, a team or an administration."""
        if noun.words not in _STAFFS and noun.words not in _STAFFS_OF:
            return None
        at = self._discourse.at
        owner = next((at[i] for i in range(noun.start - 1, start - 1, -1) if at[i] is not None), None)
        if owner is None or not owner.is_named_person:
            return None
        state = state_of(owner.entity) if noun.words in _GOVERNING else None
        if state is not None:
            return self._discourse.referent(state)
        link = " " if noun.words in _STAFFS else "'s "
        label = f"{owner.entity.label}{link}{noun.words}"
        entity = Entity(EntityKind.ORGANIZATION, slug(label), label, affiliation=owner.entity)
        return self._discourse.referent(entity)

    def resolve(self, token: Token, noun: Noun, start: int) -> Referent | None:
        """Return the state or body that the phrase with this head means, None where the article has not told."""
        owner = self._owner(token)
        if owner is not None:
            itself = noun.kind is NounKind.COUNTRY or (noun.kind is NounKind.MINISTRY and self._is_a_persons(token))
            return self._discourse.referent(owner) if itself else self._of(owner, noun, start)
        if any(child.dep_ == "poss" and child.lower_ in _OWN for child in token.children):
            return None
        found: Referent | None = None
        match noun.kind:
            case NounKind.GOVERNMENT:
                found = self._government(token) if noun.start - start <= 1 else None
            case NounKind.COUNTRY:
                found = self._country()
            case NounKind.TERRITORY:
                found = self._territories.get(noun.words if noun.words not in _TERRITORIES else "")
            case NounKind.PARTNERSHIP:
                owned = any(child.dep_ == "poss" for child in token.children)  # "deepen their partnership"
                bilateral = "bilateral" in self._words.low[start : noun.start]  # no pact of several
                between = any(child.dep_ == "prep" and child.lower_ in _PARTIES for child in token.children)
                found = None if owned or bilateral or between else self._discourse.trail.latest(_is_partnership)
            case NounKind.THING | NounKind.DOCUMENT:
                found = None
            case _:
                found = None if _is_narrowed(token) else self._body(token, noun, start)
        return found

    def _body(self, token: Token, noun: Noun, start: int) -> Referent | None:
        """Return the body spoken of last that "the <noun>" can mean, before all one that shares a word with it."""
        latest = self._discourse.trail.latest
        said = {fold(self._words.tokens[i].text) for i in range(start, token.i)} - DEFINITE
        closer = latest(lambda other: is_called(other, noun) and bool(said & _label(other)))
        return closer or latest(lambda other: is_called(other, noun))

    def _country(self) -> Referent | None:
        """Return the state spoken of last, itself or by a body of its own."""
        found = self._discourse.trail.latest(lambda other: other.is_body and state_of(other.entity) is not None)
        state = state_of(found.entity) if found is not None else None
        return self._discourse.referent(state) if state is not None else None

    def _of(self, owner: Entity, noun: Noun, start: int) -> Referent | None:
        """Return the body of a state that the noun names: "its embassy in Oslo", "the country's military"."""
        if noun.kind is NounKind.GOVERNMENT:
            return self._discourse.referent(owner)
        if noun.kind is NounKind.MISSION:
            mission = self._finder.mission_of(owner, noun.end)
            return self._discourse.referent(mission) if mission is not None else None
        return self._discourse.referent(self._finder.body_of(noun, owner, start)) if noun.kind in _PARTS else None

    def _owner(self, token: Token) -> Entity | None:
        """Return the state that owns the noun, by name, by a pronoun or by "the country's"."""
        for child in token.children:
            if child.dep_ != "poss":
                continue
            referent = self._discourse.at[child.i]
            noun = self._words.noun(child)
            if referent is None and noun is not None and noun.kind is NounKind.COUNTRY:
                referent = self.resolve(child, noun, self._words.phrase_start(child))
            if child.lower_ == "whose" and token.head.dep_ == "relcl":  # "Roe, whose country joined"
                referent = self._discourse.at[token.head.head.i]
            if child.lower_ == "its" and self._is_ministry(token) and (referent is None or not referent.is_state):
                referent = self._discourse.trail.latest(lambda other: other.is_state)  # no other body has ministries
            if referent is not None and referent.is_state:
                return referent.entity
            if referent is not None and referent.is_named_person and self._is_of_officers(token):
                return state_of(referent.entity)
        return None

    def _is_ministry(self, token: Token) -> bool:
        noun = self._words.noun(token)
        return noun is not None and noun.kind is NounKind.MINISTRY

    def _is_a_persons(self, token: Token) -> bool:
        """Whether a named person owns what a noun means: "Roe's department"."""
        owners = [self._discourse.at[child.i] for child in token.children if child.dep_ == "poss"]
        return any(owner is not None and owner.is_named_person for owner in owners)

    def _is_of_officers(self, token: Token) -> bool:
        """Whether what a person owns is the person's state or a part of it: "her country", "his government"."""
        noun = self._words.noun(token)
        return noun is not None and noun.kind in (NounKind.COUNTRY, NounKind.GOVERNMENT, *_PARTS)

    def _government(self, token: Token) -> Referent | None:
        """Return the state whose government is meant: that of the one who speaks, else the one spoken of last."""
        discourse = self._discourse
        here, quotation = discourse.moment(token.i), discourse.quotation[token.i]
        for use in discourse.trail.back(here):
            if use.moment != here:
                break
            state = state_of(use.referent.entity) if use.spoke and not use.referent.is_group else None
            if state is not None:
                return discourse.referent(state)

        def score(use: Use) -> float | None:
            if not use.referent.is_state:
                return None
            own = discourse.home is not None and use.referent.entity.path == discourse.home.path
            return salience(use, here, quotation) + (_AT_HOME if own else 0)

        return discourse.trail.best(score, here)


def _is_bare_subject(token: Token, noun: Noun, start: int) -> bool:
    """Whether a government acts without an article, as headlines have it: "Govt claims papers prove it"."""
    alone = noun.kind is NounKind.GOVERNMENT and start == noun.start and token.tag_ not in ("NNS", "NNPS")
    return alone and token.text[0].isupper() and token.dep_ in ("nsubj", "nsubjpass")


def is_called(referent: Referent, noun: Noun) -> bool:
    """Whether a body can be meant by "the <noun>": by the words of its name, or by what it is."""
    if not referent.is_body:
        return False
    kind, words = referent.entity.kind, _label(referent)
    last = noun.words.split()[-1]
    if kind is EntityKind.PARTNERSHIP:
        return noun.kind is NounKind.BODY and (last in words or last in _ANY_PACT)
    if noun.words in _NEWS:
        return kind is EntityKind.NEWS_OUTLET or (last in words and kind is EntityKind.ORGANIZATION)
    if kind is not EntityKind.ORGANIZATION:
        return False
    return last in words or last + "s" in words or _is_of_kind(noun, words)


def _is_of_kind(noun: Noun, words: set[str]) -> bool:
    """Whether an organisation whose name has these words is one of those that a noun of its kind means."""
    if noun.kind is NounKind.MINISTRY:
        return bool(words & _MINISTRIES)
    if noun.kind is NounKind.FORCES:
        return bool(words & {"military", "army", "forces"})
    return noun.words in _ANY_BODY and not words & _OF_STATES


def _is_partnership(referent: Referent) -> bool:
    return not referent.is_group and referent.entity.kind is EntityKind.PARTNERSHIP


def _label(referent: Referent) -> set[str]:
    return set(fold(referent.entity.label).split())


def _is_narrowed(token: Token) -> bool:
    """Whether a clause, phrase or name says which one is meant, so that none named before need be."""
    for child in token.children:
        if child.dep_ == "appos" and child.tag_ == "NNP" and child.left_edge.i == token.i + 1:  # "the state agency APS"
            return True
        if child.i > token.i and child.dep_ in ("relcl", "acl") and child.left_edge.nbor(-1).text != ",":
            return True
        if child.i > token.i and child.dep_ == "prep" and child.lower_ in ("of", "for"):
            return True
    return False
