"""What an article has spoken of so far: who can be meant by a pronoun or a definite phrase, and how near they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from loader.document import Entity, EntityKind
from loader.extraction.text.verbs import TELLING, verb_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from loader.extraction.text.tokens import Token


_BODIES = (EntityKind.STATE, EntityKind.ORGANIZATION, EntityKind.NEWS_OUTLET, EntityKind.PARTNERSHIP)
_PERSONS = (EntityKind.PERSON, EntityKind.UNNAMED_SOURCE)
_REACH = 80  # uses looked back over: bounds the search in a long text
_ABOVE = 5  # steps from a verb of telling up to one that it is told by
_MOMENTS = 6  # moments looked back over for a pronoun
_NEARNESS = (10.0, 8.0, 4.0, 2.0, 1.0, 0.5, 0.0)  # by the moments that lie between


@dataclass(slots=True, eq=False)
class Referent:
    """Somebody or something that the article has spoken of.

    ``members`` is one entity, or several for a group. ``gender`` is "m", "f" or "-", ``sure`` where more than a given
    name tells it. ``nouns`` are the common nouns that the article has used.
    """

    members: tuple[Entity, ...]
    gender: str = "-"
    sure: bool = False
    plural: bool = False
    nouns: set[str] = field(default_factory=set)
    speaks_for_a_body: bool = False
    times: int = 0

    @property
    def entity(self) -> Entity:
        """The one entity meant, or the first of a group."""
        return self.members[0]

    @property
    def is_group(self) -> bool:
        """Whether several entities are meant."""
        return len(self.members) > 1

    @property
    def is_person(self) -> bool:
        """Whether one person is meant, with a name or without."""
        return len(self.members) == 1 and not self.plural and self.members[0].kind in _PERSONS

    @property
    def is_named_person(self) -> bool:
        """Whether one person with a name is meant."""
        return len(self.members) == 1 and self.members[0].kind is EntityKind.PERSON

    @property
    def is_body(self) -> bool:
        """Whether one state, organisation, outlet or partnership is meant."""
        return len(self.members) == 1 and self.members[0].kind in _BODIES

    @property
    def is_state(self) -> bool:
        """Whether one state is meant."""
        return len(self.members) == 1 and self.members[0].kind is EntityKind.STATE

    @property
    def is_actor(self) -> bool:
        """Whether one entity is meant that can act."""
        return len(self.members) == 1 and self.members[0].kind.is_actor


class Use(NamedTuple):
    """One mention of a referent: its head token, the moment in the telling, the part it plays there.

    A moment is a sentence of the article's own; the sentences inside one quotation share that of their quotation.
    """

    token: int
    moment: int
    subject: bool
    spoke: bool
    quotation: int  # -1 outside quotations
    referent: Referent


class Trail:
    """The uses of an article's referents in order of the text."""

    def __init__(self) -> None:
        self._uses: list[Use] = []

    def add(self, token: Token, moment: int, quotations: Sequence[int], referent: Referent) -> None:
        """Note that ``token`` is the head of words for ``referent``; ``quotations`` are those of all tokens."""
        verb = verb_of(token)
        quotation = quotations[token.i]
        subject = verb is not None and quotations[verb.i] == quotation
        spoke = subject and verb is not None and _speaks(verb)
        referent.times += 1
        self._uses.append(Use(token.i, moment, subject, spoke, quotation, referent))

    def back(self, moment: int | None = None) -> Iterator[Use]:
        """Yield the latest uses, latest first; with ``moment`` only those of the few moments up to it."""
        for place in range(len(self._uses) - 1, max(-1, len(self._uses) - _REACH - 1), -1):
            use = self._uses[place]
            if moment is not None and moment - use.moment > _MOMENTS:
                return
            yield use

    def latest(self, fits: Callable[[Referent], bool], moment: int | None = None) -> Referent | None:
        """Return the referent used last of those that fit."""
        return next((use.referent for use in self.back(moment) if fits(use.referent)), None)

    def best(self, score: Callable[[Use], float | None], moment: int | None = None) -> Referent | None:
        """Return the referent whose best use scores highest, of equals the one used last; None where none scores."""
        best: tuple[float, Referent] | None = None
        for use in self.back(moment):
            value = score(use)
            if value is not None and (best is None or value > best[0]):
                best = (value, use.referent)
        return best[1] if best else None


def _speaks(verb: Token) -> bool:
    """Whether the subject of a verb speaks for the article: not in what somebody else tells ("Roe told us Li said")."""
    if verb.lower_ == "according":
        return True
    later = (c for c in verb.children if c.dep_ == "conj" and c.i > verb.i)
    if verb.lemma_.lower() not in TELLING and not any(c.lemma_.lower() in TELLING for c in later):
        return False
    for _ in range(_ABOVE):
        if verb.dep_ == "ccomp" and verb.head.lemma_.lower() in TELLING and verb.head.i < verb.i:
            return False
        verb = verb.head
    return True


def salience(use: Use, moment: int, quotation: int) -> float:
    """Return how near a use is to words at a moment: subjects and speakers before others, the latest before all."""
    distance = moment - use.moment
    value = _NEARNESS[min(distance, len(_NEARNESS) - 1)]
    if use.subject:
        value += (6, 4, 2)[min(distance, 2)]
    if use.spoke and use.quotation in (-1, quotation):
        value += 3
    if use.quotation >= 0 and use.quotation != quotation:
        value -= 6
    return value + min(use.referent.times, 8) * 0.4


def state_of(entity: Entity) -> Entity | None:
    """Return the state that an actor belongs to, itself if it is one, None where none is known."""
    current: Entity | None = entity
    while current is not None and current.kind is not EntityKind.STATE:
        current = current.affiliation
    return current


def same_home(one: Entity, other: Entity) -> bool:
    """Whether two actors belong to one state, or are one actor."""
    return (state_of(one) or one).path == (state_of(other) or other).path
