"""Memberships: who stands how to which partnership or pillar, according to a statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.document import Certainty, EntityKind, Membership, MembershipStatus, Span, Stance, Temporality
from loader.extraction.clauses import auxiliaries, children, head_of, is_clause, subject_of, tense
from loader.extraction.lexicon import rows
from loader.extraction.modality import is_negated
from loader.extraction.participants import speakers
from loader.extraction.reading import Voices

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spacy.tokens import Token

    from loader.document import Entity, Statement
    from loader.extraction.participants import Participants

_TABLE = {(words, pos): (use, MembershipStatus(status)) for words, pos, use, status, _source in rows("memberships")}
_POS = {"VERB": "verb", "NOUN": "noun", "PROPN": "noun"}
_CAN_JOIN = (EntityKind.STATE, EntityKind.ORGANIZATION)
_FORMER = frozenset({"former", "ex", "onetime"})
_LISTING = frozenset({"including", "like", "as", "namely"})
# What is still wished for: an interest in taking part, no part yet.
_WISHING = frozenset({"consider", "explore", "want", "hope", "wish", "seek", "eye", "mull", "weigh", "contemplate"})
_WISHES = frozenset({"interest", "interested", "keen", "eager", "desire", "bid", "willing", "aspiration"})
_ASKING = frozenset({"invite", "ask", "urge", "encourage"})
_BODIES = frozenset({"partnership", "alliance", "pact", "bloc", "grouping", "program", "programme", "initiative"})
_STEPS = 5  # how far above a word the verb is looked for that says how it is meant

Standing = tuple["Entity", "Entity", MembershipStatus]


def find_memberships(participants: Participants, statements: Iterable[Statement]) -> tuple[Membership, ...]:
    """Return the memberships that statements tell of, in order; each rests on one statement that names the body."""
    found: dict[tuple[str, ...], Membership] = {}
    before: Statement | None = None
    for statement in statements:
        if any(topic.kind is not EntityKind.TECHNOLOGY for topic in statement.about):
            for member, body, status in _Telling(participants, statement, before).standings():
                membership = _membership(participants, statement, member, body, status)
                if membership is not None:
                    key = (*map(str, statement.key), member.path, body.path)
                    found.setdefault(key, membership)
        before = statement
    return tuple(found.values())


def _membership(
    participants: Participants, statement: Statement, member: Entity, body: Entity, status: MembershipStatus
) -> Membership | None:
    if body.kind is EntityKind.PILLAR:
        partnership = participants.reading.registry.partnership(body)
        return Membership(member, partnership, status, statement.key, body) if partnership is not None else None
    return Membership(member, body, status, statement.key)


class _Telling:
    """One statement, asked for the standings that its words tell."""

    def __init__(self, participants: Participants, statement: Statement, before: Statement | None) -> None:
        self.participants = participants
        self.statement = statement
        self.before = before
        self.voices = Voices(statement.naming, statement.speakers, statement.on_behalf_of)
        self.tokens = participants.reading.tokens(statement.content)
        self.bodies = tuple(topic for topic in statement.about if topic.kind is not EntityKind.TECHNOLOGY)

    def standings(self) -> Iterator[Standing]:
        """Yield member, body and status for every word of joining, standing, inviting or leaving in the content."""
        for token in self.tokens:
            entry = _TABLE.get((token.lemma_.lower(), _POS.get(token.pos_, "")))
            if entry is None:
                continue
            use, status = entry
            body = self._body(token, use)
            if body is None:
                continue
            found = self._status(token, use, status)
            if found is None:
                continue
            for member in self._members(token, use):
                if member.kind in _CAN_JOIN and member != body:
                    yield member, body, found
        yield from self._interests()

    # ---- the body

    def _body(self, token: Token, use: str) -> Entity | None:
        """Return the partnership or pillar that a word is said of: in its phrase, else the only one of the content."""
        first, last = token.left_edge, token.right_edge
        within = Span(first.idx, last.idx + len(last))
        named = [e for _, entities in self.participants.within(within) for e in entities if e in self.bodies]
        if named:
            pillars = [body for body in named if body.kind is EntityKind.PILLAR]
            return (pillars or named)[0]
        if token.dep_ in ("compound", "appos") and (beside := self._named_by(token.head)):
            return beside
        if use == "standing" and token.lemma_ != "candidate":
            return None
        return self.bodies[0] if len(self.bodies) == 1 else None

    def _named_by(self, noun: Token) -> Entity | None:
        return next((entity for entity in self.participants.denoted_by(noun) if entity in self.bodies), None)

    # ---- the members

    def _members(self, token: Token, use: str) -> tuple[Entity, ...]:
        if use == "joining":
            invited = self._object_above(token)
            return invited or self._subject(token)
        if use in ("taking-part", "standing"):
            return self._standing(token) if use == "standing" else self._owners(token) or self._subject_above(token)
        if use == "asking":
            return self._invited(token)
        return self._subject(token) if token.pos_ == "VERB" else self._owners(token)

    def _subject(self, verb: Token) -> tuple[Entity, ...]:
        found = self.participants.subject(verb, self.voices)
        return speakers(self.voices) if found is None else found

    def _object_above(self, verb: Token) -> tuple[Entity, ...]:
        """Return who is asked to join: the object of "invited Japan to join"."""
        above = verb.head
        if verb.dep_ not in ("xcomp", "ccomp", "advcl") or above.lemma_ not in _ASKING:
            return ()
        noun = next(children(above, "dobj", "nsubjpass"), None)
        return self.participants.denoted_by(noun) if noun is not None else ()

    def _owners(self, noun: Token) -> tuple[Entity, ...]:
        """Return whose joining a noun tells: "Japan's participation", "the accession of Finland"."""
        found: list[Entity] = []
        for child in children(noun, "poss", "compound", "amod"):
            found += [entity for entity in self.participants.denoted_by(child) if entity.kind in _CAN_JOIN]
        for link in children(noun, "prep"):
            if link.lower_ in ("of", "by"):
                for named in children(link, "pobj"):
                    found += self.participants.denoted_by(named)
        return tuple(found)

    def _subject_above(self, noun: Token) -> tuple[Entity, ...]:
        for token in _above(noun):
            if token.pos_ in ("VERB", "AUX") and subject_of(token) is not None:
                return self._subject(token)
        return speakers(self.voices)

    def _standing(self, noun: Token) -> tuple[Entity, ...]:
        """Return who is a member, partner or candidate by the place of the noun."""
        group = self.participants.at(noun)
        if group and all(entity.kind in _CAN_JOIN for entity in group):
            return group
        if noun.dep_ == "attr":
            return self._subject(noun.head)
        if noun.dep_ == "compound":
            return self.participants.denoted_by(noun.head)
        named = self._beside(noun) or self._listed(noun)
        if not named and noun.dep_ == "pobj" and noun.head.lower_ == "as":
            return self._before(noun.head)
        return named or self._others(noun)

    def _beside(self, noun: Token) -> tuple[Entity, ...]:
        """Return those named with "and other members": whoever is coordinated before."""
        other = any(child.lower_ == "other" for child in noun.children)
        if noun.dep_ != "appos" and not (noun.dep_ == "conj" and other):
            return ()
        return tuple(e for e in self.participants.denoted_by(noun.head) if e.kind in _CAN_JOIN)

    def _listed(self, noun: Token) -> tuple[Entity, ...]:
        for child in noun.children:
            if child.i > noun.i and child.lower_ in _LISTING:
                for named in children(child, "pobj"):
                    return self.participants.denoted_by(named)
            if child.dep_ == "appos":
                return self.participants.denoted_by(child)
        return ()

    def _before(self, word: Token) -> tuple[Entity, ...]:
        """Return the states and bodies named in the content before a word ("named Japan and Korea as candidates")."""
        span = Span(self.statement.content.start, word.idx) if word.idx > self.statement.content.start else None
        if span is None:
            return ()
        return tuple(e for _, entities in self.participants.within(span) for e in entities if e.kind in _CAN_JOIN)

    def _others(self, noun: Token) -> tuple[Entity, ...]:
        """Return whom "no other member" leaves out: the subject of the statement before."""
        if noun.dep_ not in ("nsubj", "nsubjpass") or self.before is None:
            return ()
        if not any(child.lower_ == "other" for child in noun.children):
            return ()
        verb = head_of(self.participants.reading, self.before.content)
        return self.participants.subject(verb, Voices("none")) or () if is_clause(verb) else ()

    def _invited(self, token: Token) -> tuple[Entity, ...]:
        if token.pos_ == "VERB":
            noun = next(children(token, "dobj", "nsubjpass"), None)
            return self.participants.denoted_by(noun) if noun is not None else ()
        for link in children(token, "prep", "dative"):
            if link.lower_ == "to":
                for named in children(link, "pobj"):
                    return self.participants.denoted_by(named)
        return ()

    # ---- the status

    def _status(self, token: Token, use: str, status: MembershipStatus) -> MembershipStatus | None:
        if use == "standing":
            former = any(child.lower_ in _FORMER for child in token.children)
            return (
                MembershipStatus.FORMER
                if former
                else None
                if is_negated(token.head) and token.dep_ == "attr"
                else status
            )
        if use in ("asking", "leaving"):
            done = token.pos_ != "VERB" or tense(token) is Temporality.PAST or use == "asking"
            return status if done and not is_negated(token) else None
        if use == "refusing":
            return status if any(t.lemma_ in ("join", "invitation", "membership") for t in token.subtree) else None
        return self._status_of_joining(token, status)

    def _status_of_joining(self, token: Token, status: MembershipStatus) -> MembershipStatus | None:
        above = {word.lemma_ for word in _above(token)}
        if above & {"decline", "refuse", "reject", "rebuff"}:
            return MembershipStatus.DECLINED
        if above & _ASKING:
            return MembershipStatus.INVITED
        will = tense(token) is Temporality.FUTURE if token.pos_ == "VERB" else False
        if is_negated(token):
            return MembershipStatus.DECLINED if will else None
        if above & (_WISHING | _WISHES) or self.statement.stance is Stance.INTERESTED:
            return MembershipStatus.INTERESTED
        open_ = any(helper.tag_ == "MD" or helper.lower_ == "to" for helper in auxiliaries(token))
        ahead = self.statement.temporality is Temporality.FUTURE or self.statement.stance is Stance.COMMITTED
        if will or ahead or open_ or self.statement.certainty is not Certainty.CERTAIN:
            return MembershipStatus.PROSPECTIVE
        return status

    def _interests(self) -> Iterator[Standing]:
        """Yield an interest in the body itself: "Japan expresses interest in the pact"."""
        if self.statement.stance is not Stance.INTERESTED:
            return
        head = head_of(self.participants.reading, self.statement.content)
        nouns = [head] if not is_clause(head) else []
        for word in self.tokens:
            if word.lemma_ in ("interest", "interested"):
                nouns += [
                    noun for link in children(word, "prep") if link.lower_ == "in" for noun in children(link, "pobj")
                ]
        for noun in nouns:
            body = self._named_by(noun) or (self.bodies[0] if noun.lemma_ in _BODIES and self.bodies else None)
            if body is not None:
                for holder in self.statement.stance_holders:
                    if holder.kind in _CAN_JOIN:
                        yield holder, body, MembershipStatus.INTERESTED


def _above(token: Token) -> Iterator[Token]:
    for _ in range(_STEPS):
        if token.head == token:
            return
        token = token.head
        yield token
