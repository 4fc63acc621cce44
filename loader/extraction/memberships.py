"""Memberships: who stands how to which partnership or pillar, according to a statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.document import Certainty, EntityKind, Membership, MembershipStatus, Polarity, Span, Stance, Temporality
from loader.extraction.clauses import children, head_of, is_clause, subject_of, tense
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
_REFUSALS = frozenset({"decline", "refuse", "reject", "rebuff"})
# Deeds and words about a joining that has not come yet.
_FAVOURS = frozenset(
    {"support", "back", "favour", "favor", "ratify", "ratification", "oppose", "block", "apply", "approve", "approval"}
    | {"application", "bid", "veto", "delay", "opposition", "announce", "path", "pathway", "bridge"}
)
_EVENTS = frozenset({"accession", "entry", "admission", "inclusion"})
_AHEAD = frozenset({"future", "eventual", "prospective", "possible", "potential", "planned", "proposed"})
_BODIES = frozenset({"partnership", "alliance", "pact", "bloc", "grouping", "program", "programme", "initiative"})
_STEPS = 5  # how far above a word the verb is looked for that says how it is meant

Standing = tuple["Entity", "Entity", MembershipStatus]


def find_memberships(participants: Participants, statements: Iterable[Statement]) -> tuple[Membership, ...]:
    """Return the memberships that statements tell of, in order; each rests on one statement that names the body."""
    found: dict[tuple[str, ...], Membership] = {}
    for statement in statements:
        if any(topic.kind is not EntityKind.TECHNOLOGY for topic in statement.about):
            for member, body, status in _Telling(participants, statement).standings():
                membership = _membership(participants, statement, member, body, status)
                if membership is not None:
                    key = (*map(str, statement.key), member.path, body.path)
                    found.setdefault(key, membership)
    return tuple(found.values())


def _membership(
    participants: Participants, statement: Statement, member: Entity, body: Entity, status: MembershipStatus
) -> Membership | None:
    if body.kind is EntityKind.PILLAR:
        partnership = participants.reading.registry.partnership(body) or body.affiliation
        return Membership(member, partnership, status, statement.key, body) if partnership is not None else None
    return Membership(member, body, status, statement.key)


class _Telling:
    """One statement, asked for the standings that its words tell."""

    def __init__(self, participants: Participants, statement: Statement) -> None:
        self.participants = participants
        self.statement = statement
        self.voices = Voices(statement.naming, statement.speakers, statement.on_behalf_of)
        self.tokens = participants.reading.tokens(statement.content)
        self.bodies = tuple(topic for topic in statement.about if topic.kind is not EntityKind.TECHNOLOGY)

    def standings(self) -> Iterator[Standing]:
        """Yield member, body and status for every word of joining, standing, inviting or leaving in the content."""
        for token in self.tokens:
            entry = _TABLE.get((_lemma(token), _POS.get(token.pos_, "")))
            if entry is None:
                continue
            use, status = entry
            bodies = self._bodies_of(token, use)
            for member in self._members(token, use) if bodies else ():
                found = self._status(token, use, status, member) if member.kind in _CAN_JOIN else None
                for body in bodies:
                    if found is not None and member != body:
                        yield member, body, found
        yield from self._interests()

    # ---- the body

    def _bodies_of(self, token: Token, use: str) -> tuple[Entity, ...]:
        """Return the bodies that a word is said of: those that its object or complement names, else the only one."""
        for link in children(token, "prep", "dobj", "poss", "compound", "agent"):
            nouns = children(link, "pobj") if link.dep_ == "prep" else (link,)
            for noun in nouns:
                named = [entity for entity in self.participants.denoted_by(noun) if entity in self.bodies]
                if named:
                    return tuple(named)
        if token.dep_ in ("compound", "appos") and (beside := self._named_by(token.head)):
            return (beside,)
        if use == "standing" and _lemma(token) != "candidate":
            return ()
        within = Span(token.left_edge.idx, token.right_edge.idx + len(token.right_edge))
        named = [e for _, entities in self.participants.within(within) for e in entities if e in self.bodies]
        if named:
            pillars = [body for body in named if body.kind is EntityKind.PILLAR]
            return tuple((pillars or named)[:1])
        return self.bodies if len(self.bodies) == 1 else ()

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
        if verb.dep_ == "acl" and verb.tag_ == "VB" and not any(children(verb, "nsubj")):  # "the decision to join"
            return self._owners(verb.head)
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
            plan = token.dep_ == "acl" and token.tag_ == "VB"
            if token.pos_ in ("VERB", "AUX") and (plan or subject_of(token) is not None):
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
        return named

    def _beside(self, noun: Token) -> tuple[Entity, ...]:
        """Return those named with "and other members": whoever is coordinated before."""
        other = any(child.lower_ == "other" for child in noun.children)
        if noun.dep_ == "conj" and other:
            return tuple(e for e in self.participants.denoted_by(noun.head) if e.kind in _CAN_JOIN)
        edge = noun.left_edge
        if edge.i < 2 or edge.nbor(-1).text != ",":
            return ()
        return tuple(e for e in self.participants.at(edge.nbor(-2)) if e.kind in _CAN_JOIN)

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

    def _status(self, token: Token, use: str, status: MembershipStatus, member: Entity) -> MembershipStatus | None:
        if self.statement.polarity is Polarity.NEGATED and use in ("joining", "leaving") and _is_denied(token):
            return None
        if use == "standing":
            found = _status_of_standing(token, status)
            still_open = self.statement.stance is Stance.INTERESTED or self.statement.temporality is Temporality.FUTURE
            as_such = token.dep_ == "pobj" and token.head.lower_ == "as"  # "look forward to welcoming X as a member"
            return (
                MembershipStatus.PROSPECTIVE if found is MembershipStatus.MEMBER and still_open and as_such else found
            )
        if use == "asking":
            return None if is_negated(token) else status
        if use == "leaving":
            done = token.pos_ != "VERB" or tense(token) is Temporality.PAST
            return status if done and not is_negated(token) else None
        if use == "refusing":
            return status if any(t.lemma_ in ("join", "invitation", "membership") for t in token.subtree) else None
        return self._status_of_joining(token, status, member)

    def _status_of_joining(self, token: Token, status: MembershipStatus, member: Entity) -> MembershipStatus | None:
        """Return what a joining comes to: asked for, refused, wished for, still to come, or done."""
        above = {word.lemma_ for word in _above(token)}
        if token.dep_ in ("xcomp", "ccomp", "advcl") and token.head.lemma_ in _ASKING:
            return MembershipStatus.INVITED
        will = token.pos_ == "VERB" and tense(token) is Temporality.FUTURE
        refused = any(map(_is_refusal, _above(token)))
        if refused or is_negated(token):
            return MembershipStatus.DECLINED if refused or will else None
        wished = above & (_WISHING | _WISHES) or self.statement.stance is Stance.INTERESTED
        if wished and member in (*self.statement.stance_holders, *self.statement.speakers):
            return MembershipStatus.INTERESTED
        if self.statement.certainty is not Certainty.CERTAIN or wished or above & _FAVOURS:
            return MembershipStatus.PROSPECTIVE
        done = _is_done(token) and self.statement.temporality is not Temporality.FUTURE
        return status if done else MembershipStatus.PROSPECTIVE

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


def _status_of_standing(noun: Token, status: MembershipStatus) -> MembershipStatus | None:
    if any(child.lower_ in _FORMER for child in noun.children):
        return MembershipStatus.FORMER
    if noun.dep_ not in ("attr", "oprd", "dobj") or noun.head.lemma_ not in ("be", "become", "remain"):
        return status
    if is_negated(noun.head):
        return None
    if noun.head.lemma_ == "become" and status is MembershipStatus.MEMBER:
        done = tense(noun.head) is Temporality.PAST
        return status if done else MembershipStatus.PROSPECTIVE
    return status


def _is_done(token: Token) -> bool:
    """Whether a joining is told as a fact: "joined", "has joined", "its membership", not "to join", "accession"."""
    if token.pos_ == "VERB":
        return tense(token) in (Temporality.PAST, Temporality.PRESENT)
    if token.lemma_ in _EVENTS or any(child.lower_ in _AHEAD for child in token.children):
        return False
    return not (token.dep_ == "pobj" and token.head.lower_ in ("to", "toward", "towards"))


def _is_denied(token: Token) -> bool:
    """Whether nothing in the words negates a joining: then it is the source that denies it ("denied that it left")."""
    return not is_negated(token) and not any(is_negated(word) or _is_refusal(word) for word in _above(token))


def _lemma(token: Token) -> str:
    """Return the lemma; of a capitalised plural ("NATO's Partners") the parser gives none."""
    lemma = token.lemma_.lower()
    return lemma[:-1] if token.tag_ == "NNPS" and lemma.endswith("s") else lemma


def _above(token: Token) -> Iterator[Token]:
    for _ in range(_STEPS):
        if token.head == token:
            return
        token = token.head
        yield token


def _is_refusal(word: Token) -> bool:
    """Whether a verb refuses: "declined to join", "ruled out joining"."""
    return word.lemma_ in _REFUSALS or (word.lemma_ == "rule" and any(child.lower_ == "out" for child in word.children))
