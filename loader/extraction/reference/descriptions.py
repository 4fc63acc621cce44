"""Whom a phrase without a name means: "a spokesperson from Japan's embassy", "the official", "the Vermont senator"."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from loader.document import Entity, EntityKind
from loader.extraction.reference.groups import DEFINITE
from loader.extraction.reference.referents import salience, same_home, state_of
from loader.extraction.text.nouns import PERSONAL, Noun, NounKind, reworded, takes_up_anyone
from loader.extraction.text.verbs import TELLING, verb_of

if TYPE_CHECKING:
    from loader.extraction.reference.discourse import Discourse
    from loader.extraction.reference.institutions import Institutions
    from loader.extraction.reference.referents import Referent, Use
    from loader.extraction.text.tokens import Token

_BINDING = frozenset({"of", "from", "for", "at", "with", "in", "to", "on", "within", "inside", "under"})
_REMEMBERED = 100  # unnamed persons among whom a like phrase is looked for
_NEXT = 2  # sentences in which a name may follow "a doctor"
_OPENING = 12  # tokens of such a sentence in which it stands
_TITLES = 6  # tokens of titles before a name
_OFFICES = frozenset({"minister", "secretary", "chief", "president", "head", "of", "the", "prime", "deputy", "vice"})
_LEAD = 3  # sentences: the headline and the lead
_REPORT = 8  # sentences in which a report names whom its lead has by an office alone
_NOBLE = frozenset({"prince", "princess", "sheikh", "sheikha", "lord", "lady", "sir"})  # held beside any office
_COMMA_WITHIN = 8  # tokens after an office in which a comma and a name follow
_FORMER = frozenset({"former", "ex", "ex-", "onetime", "one-time", "then", "erstwhile"})
_DEPTH = 2  # phrases inside phrases in which an affiliation is looked for
_SAME, _ALIKE = 60.0, 10.0  # what a noun that the article used of a person, or one like it, adds to nearness
_NEAR = 6  # moments back in which a person may be taken up by a like noun
_KNOWN = 12  # mentions that count for a person who may be taken up by any fitting noun
_EPITHET_REACH = 3  # moments back in which a person may be taken up by any fitting noun


class Descriptions:
    """Resolves phrases for persons in one article.

    ``opening_end`` is where headline and standfirst end: what they tell of "an official" the report tells again.
    """

    def __init__(self, discourse: Discourse, institutions: Institutions, opening_end: int) -> None:
        self._discourse = discourse
        self._words = discourse.words
        self._institutions = institutions
        self._opening_end = opening_end
        self._people: list[tuple[Referent, bool]] = []

    def visit(self, token: Token, noun: Noun, start: int, *, plural: bool) -> None:
        """Find out whom a phrase for persons means, and write it down; a new unnamed person if nobody known."""
        if self._words.low[start] in ("no", "nobody"):
            return
        introduced = self._introduced(token)
        if introduced is not None:
            _bind(introduced, self._affiliation(token, noun, start))
            self._discourse.mention(start, noun.end, token, introduced)
        if introduced is not None or self._names_somebody(token):
            return
        if token.dep_ in ("compound", "amod", "nmod") or token.tag_ in ("JJ", "VBG"):
            return
        affiliation = self._affiliation(token, noun, start)
        definite = self._is_definite(token, start)
        end = self._words.phrase_end(token, noun)
        referent = None
        if definite and not plural and not _is_narrowed(token, noun, affiliation):
            former = any(word in _FORMER for word in self._words.low[start : noun.start])
            referent = self._taken_up(token, noun, None if former else affiliation, former=former)
        if referent is None:
            referent = self._told_before(noun, affiliation, plural=plural, definite=definite)
        if referent is None and not plural and noun.kind is not NounKind.SPOKESPERSON:
            next_ = self._holder_next(token, noun) if definite else self._named_next(token, noun, affiliation)
            referent = self._holder_later(token, noun, affiliation) or next_
        if referent is None:
            if token.dep_ == "attr":
                return
            referent = self._new(start, end, affiliation, plural=plural)
        if noun.kind is NounKind.OFFICE:
            _bind(referent, affiliation)
        referent.nouns.add(noun.words)
        if noun.kind is NounKind.SPOKESPERSON and affiliation is not None:
            referent.speaks_for_a_body = True
        if noun.gender != "-" and not referent.sure:
            referent.gender, referent.sure = noun.gender, True
        self._discourse.mention(start, noun.end if referent.is_named_person else end, token, referent)

    def _is_definite(self, token: Token, start: int) -> bool:
        """Whether an article or possessor makes the phrase definite, its own or that of "the president and emir"."""
        if self._words.low[start] in DEFINITE or self._words.tag[start] == "PRP$":
            return self._words.low[start] not in ("my", "our", "your")
        first = token.head
        return (
            token.dep_ == "conj" and start == token.i and self._words.low[self._words.phrase_start(first)] in DEFINITE
        )

    def _names_somebody(self, token: Token) -> bool:
        """Whether the phrase stands beside a name, which then says who it is."""
        beside = [token.head] if token.dep_ == "appos" else []
        beside += [child for child in token.children if child.dep_ == "appos"]
        found = (self._discourse.at[other.i] for other in beside)
        return any(one is not None and not (one.is_person and token.tag_ == "NNS") for one in found)

    def _introduced(self, token: Token) -> Referent | None:
        """Return the person whose name follows behind a comma and titles: "his Swedish counterpart, Minister Roe,"."""
        words = self._words
        if token.dep_ not in ("nsubj", "nsubjpass") or token.tag_ == "NNS":
            return None
        within = range(token.i + 1, min(token.i + _COMMA_WITHIN, words.end(token.i)))
        i = next((j for j in within if words.low[j] == "," or words.pos[j] == "VERB"), token.i)
        if words.low[i] != ",":
            return None
        for j in range(i + 1, min(i + 1 + _TITLES, words.end(i))):
            referent = self._discourse.at[j]
            if referent is not None and referent.is_named_person and j in self._discourse.ends:
                end = self._discourse.ends[j]
                return referent if end < len(words) and words.low[end] == "," else None
            if j not in self._discourse.titles and not words.tokens[j].text[0].isupper():
                return None
        return None

    def _new(self, start: int, end: int, affiliation: Entity | None, *, plural: bool) -> Referent:
        span = self._words.span(start, end)
        label = " ".join(span.of(self._words.text).split())
        entity = Entity(EntityKind.UNNAMED_SOURCE, f"{span.start}-{span.end}", label, affiliation=affiliation)
        referent = self._discourse.referent(entity)
        referent.plural = plural
        self._people.append((referent, span.end <= self._opening_end))
        return referent

    def _taken_up(
        self, token: Token, noun: Noun, affiliation: Entity | None, *, former: bool = False
    ) -> Referent | None:
        """Return the person of whom "the <noun>" speaks again: called so, called alike, or simply named last.

        What somebody was before ("the former premier") any person named last can have been.
        """
        trail, here = self._discourse.trail, self._discourse.moment(token.i)

        def agrees(referent: Referent) -> bool:
            if not referent.is_person or (noun.gender != "-" and referent.sure and referent.gender != noun.gender):
                return False
            own = referent.entity.affiliation
            stateless = own is not None and state_of(own) is None and not referent.entity.registered
            return affiliation is None or own is None or stateless or same_home(own, affiliation)

        own_office = self._house_style(token, noun)

        def score(use: Use) -> float | None:
            nouns = use.referent.nouns
            if not agrees(use.referent):
                return None
            value = salience(use, here, -1)
            if noun.words in nouns:
                return value + _SAME * (2 if use.referent is own_office else 1)
            near = here - use.moment <= _NEAR
            if noun.kind is NounKind.OFFICE and any(own.endswith(" " + noun.words) for own in nouns):
                return value + _SAME / 2
            return value + _ALIKE if near and reworded(noun.words, nouns) else None

        def last(use: Use) -> float | None:
            if not agrees(use.referent) or not use.referent.is_named_person or here - use.moment > _EPITHET_REACH:
                return None
            if noun.gender != "-" and use.referent.gender not in ("-", noun.gender):
                return None
            if use.subject and self._words.sentence[use.token] == self._words.sentence[token.i]:
                return None  # "Roe defended the candidate"
            return salience(use, here, -1) + min(use.referent.times, _KNOWN)

        found = None if former else trail.best(score)
        if found is not None or token.dep_ == "attr" or token.head.lower_ == "as":
            return found
        if not former and not takes_up_anyone(noun.words):
            return None
        return trail.best(last, here)

    def _house_style(self, token: Token, noun: Noun) -> Referent | None:
        """Return whom a release means by "the President" in capitals: its own, who was named first with that office."""
        if noun.kind is not NounKind.OFFICE or not token.text[0].isupper() or not self._words.sentence[token.i]:
            return None
        first = None
        for use in self._discourse.trail.back():
            if use.referent.is_named_person and noun.words in use.referent.nouns:
                first = use.referent
        return first

    def _told_before(self, noun: Noun, affiliation: Entity | None, *, plural: bool, definite: bool) -> Referent | None:
        """Return the unnamed person or people of whom a like phrase spoke before."""
        if affiliation is None and not (plural and definite):
            return None
        for referent, in_opening in reversed(self._people[-_REMEMBERED:]):
            if referent.plural is not plural or referent.entity.affiliation != affiliation:
                continue
            if noun.gender != "-" and referent.sure and referent.gender != noun.gender:
                continue
            if noun.kind is NounKind.SPOKESPERSON and referent.speaks_for_a_body:
                return referent
            if noun.words in referent.nouns and (plural or definite or in_opening):
                return referent
        return None

    def _named_next(self, token: Token, noun: Noun, affiliation: Entity | None) -> Referent | None:
        """Return the person whom one of the next sentences first names with this noun: "a doctor … Dr. Roe"."""
        at, sentences = self._discourse.at, self._words.sentences
        opening = self._words.span(token.i, token.i + 1).end <= self._opening_end
        seen = {id(use.referent) for use in self._discourse.trail.back()}
        here = self._words.sentence[token.i]
        for start, end in sentences[here + 1 : here + 1 + (_NEXT + opening)]:
            for referent in at[start : end if opening else min(end, start + _OPENING)]:
                if (
                    referent is not None
                    and referent.is_named_person
                    and self._may_be_called(referent, noun, opening=opening)
                ):
                    own = referent.entity.affiliation
                    other = own is not None and affiliation is not None and not same_home(own, affiliation)
                    return None if id(referent) in seen or other else referent
        return None

    def _holder_later(self, token: Token, noun: Noun, affiliation: Entity | None) -> Referent | None:
        """Return whom the report names for an office that headline or lead has without a name.

        "Italy's defence minister said …" and, three sentences on, "Defence Minister Ann Roe said", or "Ann Roe told a
        paper", where nothing else is told of her.
        """
        words, at, here = self._words, self._discourse.at, self._words.sentence[token.i]
        verb = verb_of(token)
        speaks = not here or (verb is not None and verb.lemma_.lower() in TELLING)
        if noun.kind is not NounKind.OFFICE or here >= _LEAD or not speaks:
            return None
        seen = {id(use.referent) for use in self._discourse.trail.back()}
        untitled: Referent | None = None
        for start, end in words.sentences[here + 1 : here + 1 + _REPORT]:
            for i in range(start, end):
                referent, stop = at[i], self._discourse.ends.get(i, 0)
                if referent is None or not referent.is_named_person or not stop or id(referent) in seen:
                    continue
                own = referent.entity.affiliation
                abroad = own is not None and affiliation is not None and not same_home(own, affiliation)
                if abroad or {noun.gender, referent.gender} == {"m", "f"}:
                    continue
                if self._may_be_called(referent, noun, opening=True):
                    return referent
                root = words.root(i, stop)
                tells = root.dep_ == "nsubj" and root.head.lemma_.lower() in TELLING
                if untitled is None and stop - i > 1 and tells and referent.nouns <= _NOBLE:
                    untitled = referent
        return untitled

    def _holder_next(self, token: Token, noun: Noun) -> Referent | None:
        """Return the person whom the next sentence names first and without a title: "its minister said. Jane Roe …".

        Only an office holder who speaks, and whom no sentence before names, is so introduced.
        """
        verb = verb_of(token)
        if noun.kind is not NounKind.OFFICE or verb is None or verb.lemma_.lower() not in TELLING:
            return None
        sentences, here = self._words.sentences, self._words.sentence[token.i]
        if here + 1 >= len(sentences):
            return None
        for i in range(*sentences[here + 1]):
            referent, stop = self._discourse.at[i], self._discourse.ends.get(i, 0)
            if referent is not None and referent.is_named_person and stop:
                known = any(use.referent is referent for use in self._discourse.trail.back())
                in_full = stop - i > 1 and self._words.root(i, stop).dep_ == "nsubj"
                fits = noun.gender in ("-", referent.gender) and self._is_alike(token, referent)
                return referent if in_full and fits and not known else None
        return None

    def _is_alike(self, token: Token, referent: Referent) -> bool:
        """Whether a person without a title, or with one of the same field, can hold an office ("defence chief")."""
        start = self._words.phrase_start(token)
        said = set(self._words.low[start : token.i]) - _OFFICES
        fields = {word for noun in referent.nouns for word in noun.split()} - _OFFICES
        return not referent.nouns or bool(said & fields)

    def _may_be_called(self, referent: Referent, noun: Noun, *, opening: bool) -> bool:
        """Whether a noun fits a person; a headline says "minister" for any kind of minister."""
        nouns = referent.nouns
        if noun.words in nouns:
            return True
        office = noun.kind is NounKind.OFFICE and reworded(noun.words, nouns)  # "NATO chief", its secretary general
        return opening and (office or any(own.endswith(" " + noun.words) for own in nouns))

    # ---- to whom a person belongs

    def _affiliation(self, token: Token, noun: Noun, start: int) -> Entity | None:
        """Return the actor to whom the words around a noun bind its bearer: "US officials", "a spokesman for Roe"."""
        for i in range(noun.start - 1, start - 1, -1):
            referent = self._discourse.at[i]
            if self._words.low[i] in ("our", "my", "your"):
                return None
            if referent is not None and referent.is_actor:
                return referent.entity
        return self._after(token, 0)

    def _after(self, token: Token, depth: int) -> Entity | None:
        links = list(token.children)
        links += [c for near in links if near.lower_ == "close" and near.i > token.i for c in near.children]
        for link in links:  # "a source close to Roe"
            if link.dep_ != "prep" or link.i < token.i or link.lower_ not in _BINDING:
                continue
            for target in link.children:
                if target.dep_ == "pobj":
                    found = self._target(target, depth)
                    if found is not None:
                        return found
        return None

    def _target(self, target: Token, depth: int) -> Entity | None:
        at = self._discourse.at
        referent = at[target.i] or self._institutions.definite(target)
        if referent is not None and referent.is_actor:
            return referent.entity
        for i in range(target.i - 1, self._words.phrase_start(target) - 1, -1):
            inner = at[i]
            if inner is not None and inner.is_actor:
                return inner.entity
        noun = self._words.noun(target)
        if noun is None or depth == _DEPTH or noun.kind in PERSONAL:
            return None
        return self._after(target, depth + 1)


def _bind(referent: Referent, affiliation: Entity | None) -> None:
    """Let a named person, of whom no title has told whose they are, belong to the actor that a description tells."""
    entity = referent.entity
    unbound = referent.is_named_person and entity.affiliation is None and not entity.registered
    if unbound and affiliation is not None and affiliation.kind is not EntityKind.PERSON:
        referent.members = (replace(entity, affiliation=affiliation),)


def _is_narrowed(token: Token, noun: Noun, affiliation: Entity | None) -> bool:
    """Whether a clause or phrase says which one is meant, so that nobody spoken of before need be."""
    for child in token.children:
        if child.i >= noun.end:
            if child.dep_ in ("relcl", "acl") and child.left_edge.nbor(-1).text != ",":
                return True
            if child.dep_ == "prep" and child.lower_ in ("of", "from", "behind") and affiliation is None:
                return True
    return False
