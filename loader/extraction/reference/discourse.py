"""The state of one article's resolution: what each word denotes, and what has been spoken of when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.document import Entity, EntityKind, Mention
from loader.extraction.reference.referents import Referent, Trail
from loader.extraction.text.reading import Denotations, Group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loader.extraction.reference.acting import BodyName
    from loader.extraction.reference.persons import Person
    from loader.extraction.reference.transcripts import Label
    from loader.extraction.text.reading import Quotation
    from loader.extraction.text.tokens import Token
    from loader.extraction.text.words import Words

_BESIDE = 8  # tokens around a quotation in which the subject of its verb stands


class Discourse:
    """One article while it is resolved, in order of the text.

    ``at`` gives for each token the referent that it denotes, so far as it is known; ``titles`` for the tokens of a
    title or apposition the person who bears it; ``trail`` what has been spoken of before; ``home`` the state that the
    article is written from, if it shows one.
    """

    def __init__(
        self,
        words: Words,
        quotations: Sequence[Quotation],
        persons: Sequence[tuple[Person, Entity]],
        bodies: Sequence[BodyName],
        *,
        labels: Sequence[tuple[Label, Entity]] = (),
        home: Entity | None = None,
    ) -> None:
        self.home = home
        self.words = words
        self.trail = Trail()
        self.at: list[Referent | None] = [None] * len(words)
        self.ends: dict[int, int] = {}
        self.titles: dict[int, Referent] = {}
        self.quotation = [-1] * len(words)
        self.speakers: dict[int, int] = {}
        self._taken = [False] * len(words)
        self._referents: dict[str, Referent] = {}
        self._mentions: list[Mention] = []
        self._groups: list[Group] = []
        self._unnamed: list[Mention] = []
        for number, quotation in enumerate(quotations):
            if not quotation.scare:
                self._quote(number, quotation)
        self._moments = self._count_moments()
        for body in bodies:
            self._place(body.start, body.end, self.referent(body.entity))
        for person, entity in persons:
            self._enter(person, self.referent(entity))
        for label, entity in labels:
            self._place(label.start, label.end, self.referent(entity))

    def _quote(self, number: int, quotation: Quotation) -> None:
        """Mark the tokens of a quotation, and note the subject of the verb beside it."""
        start, end = self.words.within(quotation.inner)
        self.quotation[start:end] = [number] * (end - start)
        after = range(end, min(end + _BESIDE, len(self.words)))
        before = range(start - 1, max(start - _BESIDE, -1), -1)
        for i in (*after, *before):
            token = self.words.tokens[i]
            if token.dep_ == "nsubj" and token.head.pos_ == "VERB" and not start <= token.head.i < end:
                self.speakers[number] = i
                return

    def _count_moments(self) -> list[int]:
        found: list[int] = []
        moment = 0
        for start, end in self.words.sentences:
            first = self.quotation[start]
            inside = start > 0 and first >= 0 and self.quotation[start - 1] == first
            wordless = not any(token.is_alpha for token in self.words.tokens[start:end])
            moment += 0 if inside or wordless else 1
            found.append(moment)
        return found

    def _enter(self, person: Person, referent: Referent) -> None:
        referent.gender, referent.sure = person.gender, person.sure
        referent.nouns = set(person.nouns)
        referent.speaks_for_a_body = person.speaks_for_a_body
        for noun in person.heads:
            for i in range(noun.start, noun.end):
                self.titles[i] = referent
        for name in person.names:
            self._place(name.start, name.end, referent)

    def _place(self, start: int, end: int, referent: Referent) -> None:
        self.ends[start] = end
        for i in range(start, end):
            self.at[i] = referent
            self._taken[i] = True

    def moment(self, i: int) -> int:
        """Return the number of the moment in the telling that token ``i`` belongs to."""
        return self._moments[self.words.sentence[i]]

    def referent(self, entity: Entity) -> Referent:
        """Return the referent of an entity, a new one at the first call."""
        found = self._referents.get(entity.path)
        if found is None:
            found = self._referents[entity.path] = Referent((entity,))
        return found

    def group(self, members: Sequence[Entity], noun: str = "") -> Referent:
        """Return the referent of several entities, in the order given, and let it be called by ``noun``."""
        key = "+".join(sorted(member.path for member in members))
        found = self._referents.get(key)
        if found is None:
            found = self._referents[key] = Referent(tuple(members), plural=True)
        if noun:
            found.nouns.add(noun)
        return found

    def use(self, token: Token, referent: Referent) -> None:
        """Note that the article speaks of a referent at this token."""
        self.trail.add(token, self.moment(token.i), self.quotation, referent)

    def name(self, start: int) -> tuple[Token, Referent] | None:
        """Write down the name that starts at this token; return its head and whom it names, None where none starts."""
        end, referent = self.ends.get(start), self.at[start]
        if end is None or referent is None:
            return None
        mention = Mention(self.words.span(start, end), referent.entity)
        if referent.entity.kind is EntityKind.UNNAMED_SOURCE:  # a label that names nobody known
            self._unnamed.append(mention)
            return None
        self._mentions.append(mention)
        root = self.words.root(start, end)
        self.use(root, referent)
        return root, referent

    def mention(self, start: int, end: int, token: Token, referent: Referent) -> None:
        """Write down that tokens with this head denote a referent; of words that cover a name only the end is kept."""
        if self.at[token.i] is None:
            self.at[token.i] = referent
        unnamed = not referent.is_group and referent.entity.kind is EntityKind.UNNAMED_SOURCE
        while not unnamed and start < end and (any(self._taken[start:end]) or self.words.tokens[start].tag_ == "POS"):
            start += 1
        if start < end:
            span = self.words.span(start, end)
            if referent.is_group:
                self._groups.append(Group(span, referent.members))
            else:
                (self._unnamed if unnamed else self._mentions).append(Mention(span, referent.entity))
            if not unnamed:
                self._taken[start:end] = [True] * (end - start)
        self.use(token, referent)

    def denotations(self) -> Denotations:
        """Return what was written down, each part in order of the text; a person is everywhere what was last learnt."""
        mentions = (Mention(mention.span, self._known(mention.entity)) for mention in self._mentions)
        groups = (Group(group.span, tuple(map(self._known, group.entities))) for group in self._groups)
        return Denotations(
            tuple(sorted(mentions, key=lambda mention: mention.span)),
            tuple(sorted(groups, key=lambda group: group.span)),
            tuple(sorted(self._unnamed, key=lambda mention: (mention.span.start, -mention.span.end))),
        )

    def _known(self, entity: Entity) -> Entity:
        """Return an entity with what a later description told of it."""
        found = self._referents.get(entity.path) if entity.kind is EntityKind.PERSON else None
        return found.entity if found is not None and not found.is_group else entity
