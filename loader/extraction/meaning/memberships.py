"""Memberships: who stands how to which partnership or pillar, according to a statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.document import EntityKind, Membership, MembershipStatus, Span, Stance
from loader.extraction.lexicon import rows
from loader.extraction.meaning.joining import STRICT, is_asked_to_event, is_company, is_whole
from loader.extraction.meaning.participants import speakers
from loader.extraction.meaning.rosters import run_from
from loader.extraction.meaning.standings import (
    above,
    is_event,
    lemma_of,
    standing_noun,
)
from loader.extraction.meaning.statuses import ASKING, Statuses
from loader.extraction.meaning.topics import in_hand
from loader.extraction.text.clauses import children, controller_of, head_of, is_clause, subject_of
from loader.extraction.text.reading import Voices

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from loader.document import Entity, Statement
    from loader.extraction.meaning.participants import Participants
    from loader.extraction.meaning.rosters import Roster
    from loader.extraction.text.tokens import Token

_TABLE = {(words, pos): (use, MembershipStatus(status)) for words, pos, use, status, _source in rows("memberships")}
_POS = {"VERB": "verb", "NOUN": "noun", "PROPN": "noun"}
_CAN_JOIN = (EntityKind.STATE, EntityKind.ORGANIZATION, EntityKind.PARTNERSHIP)  # the African Union is in the G20
_LISTING = frozenset({"including", "like", "as", "namely"})
_PAPERS = frozenset({"Accords", "Accord", "Treaty", "Pact", "Agreement", "Declaration", "Compact"})
_BODIES = frozenset({"partnership", "alliance", "pact", "bloc", "grouping", "program", "programme", "initiative"})

_MEMBER = MembershipStatus.MEMBER

Standing = tuple["Entity", "Entity", MembershipStatus]


def find_memberships(
    participants: Participants, statements: Iterable[Statement], rosters: Sequence[Roster] = ()
) -> tuple[Membership, ...]:
    """Return the memberships that statements tell of, in order; each rests on one statement that names the body.

    ``rosters`` are the lists of members of the article; a statement tells those that its content holds a part of.
    """
    found: dict[tuple[str, ...], Membership] = {}
    for statement in statements:
        bodies = tuple(topic for topic in statement.about if topic.kind is not EntityKind.TECHNOLOGY)
        bodies = bodies or in_hand(participants, statement.content)
        told: list[Standing] = []
        listed = [roster for roster in rosters if statement.content.overlaps(roster.span)]
        told += [(member, roster.partnership, roster.status) for roster in listed for member in roster.members]
        if bodies:
            told += _Telling(participants, statement, bodies).standings()
        for source in statement.sources:
            told += _Telling(participants, statement, _bodies_in(participants, source), source).standings_of_source()
        for member, body, status in told:
            membership = _membership(participants, statement, member, body, status)
            if membership is not None:
                found.setdefault((*map(str, statement.key), member.path, body.path), membership)
    return tuple(found.values())


def _bodies_in(participants: Participants, words: Span) -> tuple[Entity, ...]:
    """Return the partnerships that some words name."""
    return tuple(e for _, named in participants.within(words) for e in named if e.kind is EntityKind.PARTNERSHIP)


def _membership(
    participants: Participants, statement: Statement, member: Entity, body: Entity, status: MembershipStatus
) -> Membership | None:
    if body.kind is EntityKind.PILLAR:
        partnership = participants.reading.registry.partnership(body) or body.affiliation
        return Membership(member, partnership, status, statement.key, body) if partnership is not None else None
    return Membership(member, body, status, statement.key)


class _Telling:
    """One statement, asked for the standings that its content tells, or other words of it."""

    def __init__(
        self, participants: Participants, statement: Statement, bodies: tuple[Entity, ...], words: Span | None = None
    ) -> None:
        self.participants = participants
        self.statement = statement
        self.voices = Voices(statement.naming, statement.speakers, statement.on_behalf_of)
        self.tokens = participants.reading.tokens(words or statement.content)
        self.bodies = bodies
        self.statuses = Statuses(participants, statement, self._is_taken_in)

    def standings(self) -> Iterator[Standing]:
        """Yield member, body and status for every word of joining, standing, inviting or leaving in the content."""
        for token in sorted(self.tokens, key=_depth):
            entry = _TABLE.get((lemma_of(token), _POS.get(token.pos_, "")))
            if entry is None:
                continue
            use, status = entry
            if token.lemma_ == "take" and not any(word.lemma_ == "part" for word in children(token, "dobj")):
                continue
            if is_company(token) or (token.lemma_ == "sign" and not self._is_of_paper(token)):
                continue
            bodies = self._bodies_of(token, use)
            for member in self._with_listed(token, self._members(token, use)) if bodies else ():
                found = self.statuses.of(token, use, status, member) if _can_join(member) else None
                for body in bodies:
                    if found is not None and member != body:
                        yield member, body, found
        yield from self._interests()

    def standings_of_source(self) -> Iterator[Standing]:
        """Yield the standings by which a source is introduced: "NATO member Turkey said"."""
        for token in self.tokens if self.bodies else ():
            use, status = _TABLE.get((lemma_of(token), _POS.get(token.pos_, "")), ("", _MEMBER))
            if use == "standing" and status is _MEMBER:
                for member in self._standing(token):
                    found = self.statuses.of_member(token, status, member) if _can_join(member) else None
                    for body in self._bodies_of(token, use):
                        if found is not None:
                            yield member, body, found

    def _is_of_paper(self, verb: Token) -> bool:
        """Whether somebody signs a paper that those who sign it make up: "signed the Artemis Accords"."""
        named = (self._named_by(thing) for thing in children(verb, "dobj", "nsubjpass"))
        return any(body is not None and body.label.split()[-1] in _PAPERS for body in named)

    # ---- the body

    def _bodies_of(self, token: Token, use: str) -> tuple[Entity, ...]:
        """Return the bodies that a word is said of: those that its object or complement names, else the only one."""
        word = standing_noun(token)
        if use == "asking" and is_asked_to_event(token):
            return ()
        links = [*children(token, "prep", "dobj", "poss", "compound", "agent")]
        links += [*children(word, "prep", "poss", "compound")] if word != token else []
        links += [*children(word.head, "agent", "prep")] if word.lemma_ == "status" else []
        if use == "taking-part" and len(self.bodies) > 1:  # "the entry of the African Union into the G20"
            links.sort(key=lambda link: link.dep_ != "prep" or link.lower_ not in ("in", "into", "to", "within"))
        for link in links:
            nouns = children(link, "pobj") if link.dep_ == "prep" else (link,)
            for noun in nouns:
                named = [entity for entity in self.participants.denoted_by(noun) if entity in self.bodies]
                if named:
                    return tuple(named) if self._is_meant(noun, named, use) else ()
        if token.dep_ in ("compound", "appos") and (beside := self._named_by(token.head)):
            return (beside,)
        if use == "standing" and lemma_of(token) != "candidate" and self.statement.about:
            return self._named_shortly_before(token) if token.dep_ == "compound" else ()
        within = Span(token.left_edge.idx, token.right_edge.idx + len(token.right_edge))
        found = [(span, e) for span, entities in self.participants.within(within) for e in entities if e in self.bodies]
        if found:
            named = [e for span, e in found if self._is_meant(self.participants.reading.tokens(span).root, [e], use)]
            pillars = [body for body in named if body.kind is EntityKind.PILLAR]
            return tuple((pillars or named)[:1])
        return self.bodies if len(self.bodies) == 1 else ()

    def _named_shortly_before(self, token: Token) -> tuple[Entity, ...]:
        """Return the body named last in the sentence before a word: "the NATO allies (and new member Sweden)"."""
        before = Span(token.sent.start_char, token.idx) if token.idx > token.sent.start_char else None
        found = (
            [e for _, named in self.participants.within(before) for e in named if e in self.bodies] if before else []
        )
        return tuple(found[-1:])

    def _is_meant(self, noun: Token, named: Sequence[Entity], use: str) -> bool:
        """Whether the words mean a body itself, where somebody joins or leaves it; a pillar's work is the pillar's."""
        if use not in STRICT or any(body.kind is EntityKind.PILLAR for body in named):
            return True
        return all(
            is_whole(self.participants.reading.tokens(span).root)
            for span, entities in self.participants.within(Span(noun.left_edge.idx, noun.idx + len(noun)))
            if any(entity in named for entity in entities)
        )

    def _named_by(self, noun: Token) -> Entity | None:
        return next((entity for entity in self.participants.denoted_by(noun) if entity in self.bodies), None)

    # ---- the members

    def _with_listed(self, token: Token, members: tuple[Entity, ...]) -> tuple[Entity, ...]:
        """Return the members with what a list goes on with that begins with one of them, also where the parse fails."""
        if not members or not all(member.kind in _CAN_JOIN for member in members):
            return members
        sentence = token.sent
        within = Span(max(sentence.start_char, self.statement.content.start), self.statement.content.end)
        for span, entities in self.participants.within(within):
            if entities[0] in members:
                run = run_from(self.participants, span.start, within.end)
                if len(run) > len(members) and set(members) <= set(run):
                    return run
        return members

    def _members(self, token: Token, use: str) -> tuple[Entity, ...]:
        if use == "joining":
            invited = self._object_above(token)
            return invited or self._subject(token)
        if use in ("taking-part", "standing"):
            return self._standing(token) if use == "standing" else self._owners(token) or self._subject_above(token)
        if use in ("asking", "admitting"):
            return self._invited(token)
        if use == "founding":
            return self._founders(token)
        return self._subject(token) if token.pos_ == "VERB" else self._owners(token)

    def _subject(self, verb: Token) -> tuple[Entity, ...]:
        controlled = controller_of(verb)
        if controlled is not None:  # "warned Japan against joining"
            return self.participants.denoted_by(controlled)
        if (
            verb.dep_ in ("acl", "relcl") and verb.tag_ == "VB" and not any(children(verb, "nsubj"))
        ):  # "the decision to join"
            return self._owners(verb.head) or self._subject_above(verb.head)
        named = subject_of(verb)
        if named is not None and named.ent_type_ == "NORP" and named.tag_ in ("NNPS", "NNS"):
            return ()  # "most Ukrainians do not want to join": a people, not its state
        found = self.participants.subject(verb, self.voices)
        if not found and named is not None:  # "several nations, including China and Peru"
            found = self._listed(named) or found
        return speakers(self.voices) if found is None else found

    def _object_above(self, verb: Token) -> tuple[Entity, ...]:
        """Return who is asked to join: the object of "invited Japan to join"."""
        above = verb.head
        if verb.dep_ not in ("xcomp", "ccomp", "advcl") or above.lemma_ not in ASKING:
            return ()
        noun = next(children(above, "dobj", "nsubjpass"), None)
        return self.participants.denoted_by(noun) if noun is not None else ()

    def _owners(self, noun: Token) -> tuple[Entity, ...]:
        """Return whose joining a noun tells: "Japan's participation", "the accession of Finland"."""
        found: list[Entity] = []
        for child in children(noun, "poss", "compound", "amod"):
            named = self.participants.denoted_by(child)
            bodies = child.dep_ == "poss"  # in "the African Union's G20 membership" only the first can join
            found += [e for e in named if e.kind in _CAN_JOIN and (bodies or e.kind is not EntityKind.PARTNERSHIP)]
        for link in children(noun, "prep"):
            if link.lower_ in ("of", "by"):
                for owner in children(link, "pobj"):
                    found += self.participants.denoted_by(owner)
        return tuple(found)

    def _subject_above(self, noun: Token) -> tuple[Entity, ...]:
        for token in above(noun):
            plan = token.dep_ == "acl" and token.tag_ == "VB"
            if token.pos_ in ("VERB", "AUX") and (plan or subject_of(token) is not None):
                return self._subject(token)
        return () if is_event(noun) else speakers(self.voices)

    def _standing(self, noun: Token) -> tuple[Entity, ...]:
        """Return who is a member, partner or candidate by the place of the noun."""
        noun = standing_noun(noun)
        words = {child.lower_ for child in noun.children}
        group = self.participants.at(noun)
        if noun.lemma_ == "status":
            return self._subject_above(noun)
        if group and all(entity.kind in _CAN_JOIN for entity in group):
            members = self.participants.reading.registry.members
            return () if any(group == members(body) for body in self.bodies) else group  # who they are is not told here
        if noun.dep_ == "attr":
            return self._congratulated(noun.head) or self._subject(noun.head)
        if "other" in words and words & {"no", "only"}:  # "no other member has followed": who acted before is one
            return self._acting_before(noun)
        return self._named_with(noun)

    def _named_with(self, noun: Token) -> tuple[Entity, ...]:
        """Return those whom the words around a noun name as what it says."""
        if noun.dep_ == "nsubj" and noun.head.lemma_ == "include":
            named_there = (e for named in children(noun.head, "dobj") for e in self.participants.denoted_by(named))
            return tuple(entity for entity in named_there if entity.kind is not EntityKind.PARTNERSHIP)
        if noun.dep_ == "compound":
            return self.participants.denoted_by(noun.head)
        if noun.dep_ == "pobj" and noun.head.lower_ == "among" and noun.head.head.lemma_ == "be":
            return self._subject(noun.head.head)
        named = self._beside(noun) or self._listed(noun)
        if not named and noun.dep_ == "pobj" and noun.head.lower_ == "as":
            asked = next(children(noun.head.head, "dobj", "nsubjpass"), None)  # "invited Japan as an observer"
            named = self.participants.denoted_by(asked) if asked is not None else ()
            return named or self._before(noun.head)
        return named

    def _congratulated(self, verb: Token) -> tuple[Entity, ...]:
        """Return whom somebody congratulates on becoming a member."""
        link = verb.head
        if verb.dep_ != "pcomp" or link.lower_ not in ("on", "for", "upon", "after") or link.head.pos_ != "VERB":
            return ()
        named = next(children(link.head, "dobj"), None)
        return self.participants.denoted_by(named) if named is not None else ()

    def _acting_before(self, noun: Token) -> tuple[Entity, ...]:
        """Return the states that the sentence before has as its subject."""
        start = noun.sent.start
        if start == 0:
            return ()
        subject = subject_of(noun.doc[start - 1].sent.root)
        found = self.participants.denoted_by(subject) if subject is not None else ()
        states = (entity.affiliation if entity.kind is EntityKind.ORGANIZATION else entity for entity in found)
        return tuple(state for state in states if state is not None and state.kind is EntityKind.STATE)

    def _beside(self, noun: Token) -> tuple[Entity, ...]:
        """Return those named with "and other members": whoever is coordinated before."""
        other = any(child.lower_ == "other" for child in noun.children)
        if noun.dep_ == "conj" and other:
            first = noun.head
            while first.dep_ == "conj":
                first = first.head
            return tuple(e for e in self.participants.denoted_by(first) if e.kind in _CAN_JOIN)
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

    def _founders(self, verb: Token) -> tuple[Entity, ...]:
        """Return the states that make a body: the subject of "formed the pact", the agent of "was formed by"."""
        thing = next(children(verb, "dobj", "nsubjpass"), None)
        made = verb.head if thing is None and verb.dep_ == "acl" else thing
        if made is None or self._named_by(made) is None:
            return ()
        if thing is not None and thing.dep_ == "dobj":
            return tuple(entity for entity in self._subject(verb) if entity.kind is EntityKind.STATE)
        found: tuple[Entity, ...] = ()
        for link in children(verb, "agent", "prep"):
            if link.lower_ in ("by", "between", "among"):
                for named in children(link, "pobj"):
                    found += tuple(e for e in self.participants.denoted_by(named) if e.kind is EntityKind.STATE)
        return found if len(found) > 1 else ()

    def _invited(self, token: Token) -> tuple[Entity, ...]:
        if token.pos_ == "VERB":
            noun = next(children(token, "dobj", "nsubjpass"), None)
            return self.participants.denoted_by(noun) if noun is not None else ()
        for link in children(token, "prep", "dative"):
            if link.lower_ == "to":
                for named in children(link, "pobj"):
                    return self.participants.denoted_by(named)
        return ()

    def _is_taken_in(self, token: Token) -> bool:
        """Whether the words name the body that somebody is taken into, or say what they become there."""
        for link in children(token, "prep"):
            for noun in children(link, "pobj"):
                body = self._named_by(noun) if link.lower_ in ("to", "into", "in") else None
                if body is not None and self._is_meant(noun, [body], "admitting"):
                    return True
                if link.lower_ == "as" and _TABLE.get((lemma_of(noun), "noun"), ("", None))[0] == "standing":
                    return True
        return False

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


def _can_join(member: Entity) -> bool:
    """Whether an actor can be a member: a state, or a body that is no part of a state, as a ministry is."""
    of_state = member.affiliation is not None and member.affiliation.kind is EntityKind.STATE
    return member.kind in _CAN_JOIN and not (member.kind is EntityKind.ORGANIZATION and of_state)


def _depth(token: Token) -> int:
    """Return how far a word stands below the root: the main clause tells what holds now."""
    return sum(1 for _ in token.ancestors)
