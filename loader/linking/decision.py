"""From the candidates of a name to one decision: accepted, candidate, or not in this authority.

The score estimates the chance that a candidate is right, by a logistic model over its features. The weights come from a
fit on public news annotated with Wikidata's ids; those of office, known, acronym, prior, around and time, of which that
news tells little, were set by hand. So the score orders candidates better than it counts chances.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ontology.authority import Entity


class Status(StrEnum):
    """What was decided on a name."""

    ACCEPTED = "accepted"
    CANDIDATE = "candidate"  # the best there is, and not good enough to be stated
    NIL = "nil"  # not in this authority, which says nothing about Wikidata


@dataclass(frozen=True, slots=True)
class Features:
    """What speaks for a candidate and against it; each between -1 and 1, 0 where nothing is known."""

    exact: float = 0.0  # the name is spelt as the authority has it
    label: float = 0.0  # the name is the entity's label, no mere alias
    words: float = 0.0  # the name has several words
    kind: float = 0.0  # the reading of the article takes it for such a thing: 1, for another: -1
    namesakes: float = 0.0  # others of the name: 0 of one, 1 of many
    state: float = 0.0  # it is a state
    country: float = 0.0  # the article names its country
    around: float = 0.0  # the share of the states and places that the article names that belong to its country
    context: float = 0.0  # words of its description stand in the article
    office: float = 0.0  # it held the office that the article names: 1; it held none such: -1
    known: float = 0.0  # the registry's entity that the article means has this link
    full: float = 0.0  # the article has a longer name that it also goes by: 1; that it does not go by: -1
    capital: float = 0.0  # it is the capital of that name: 1; another place, where a capital has the name: -1
    prior: float = 0.0  # how much better known it is than all other candidates together: 1; how much less: -1
    acronym: float = 0.0  # -1: a body's acronym in an article that nowhere spells the body out
    time: float = 0.0  # -1: it began only after the article came out

    def nonzero(self) -> dict[str, float]:
        """Return the features that say something, by name."""
        return {each.name: getattr(self, each.name) for each in fields(self) if getattr(self, each.name)}


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with what speaks for it; ``score`` is the chance that it is right, ``name`` what it matched by."""

    entity: Entity
    name: str
    features: Features
    score: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a candidate is accepted: its score, how far the next one is behind, and when one is worth a mention."""

    accept: float = 0.6
    gap: float = 0.2
    mention: float = 0.05


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided on one name; ``best`` is None where no candidate is worth a mention.

    ``metonym`` is true for a capital that stands for its government: the city is named, the state is meant.
    """

    status: Status
    best: Scored | None = None
    gap: float = 0.0
    metonym: bool = False

    @property
    def accepted(self) -> Entity | None:
        """The entity, if it is accepted."""
        return self.best.entity if self.best is not None and self.status is Status.ACCEPTED else None

    @property
    def score(self) -> float:
        """The score of the best candidate, 0 where there is none."""
        return self.best.score if self.best is not None else 0.0


def score(features: Features) -> float:
    """Return the chance that a candidate with these features is right, between 0 and 1."""
    total = BIAS + sum(WEIGHTS[each.name] * getattr(features, each.name) for each in fields(features))
    return 1.0 / (1.0 + math.exp(-total))


def decide(scored: Iterable[Scored], thresholds: Thresholds, *, metonym: bool = False) -> Decision:
    """Choose among candidates: the best is accepted if it is good enough, and better enough than the next.

    An entity that the authority itself has only as a candidate is never accepted.
    """
    ranked = sorted(scored, key=lambda each: (-each.score, -each.entity.prior, int(each.entity.id[1:])))
    if not ranked or ranked[0].score < thresholds.mention:
        return Decision(Status.NIL)
    best = ranked[0]
    gap = best.score - (ranked[1].score if len(ranked) > 1 else 0.0)
    good = best.score >= thresholds.accept and gap >= thresholds.gap and best.entity.status == "verified"
    return Decision(Status.ACCEPTED if good else Status.CANDIDATE, best, gap, metonym)


BIAS = -1.0
WEIGHTS = {
    "exact": 0.2,
    "label": 1.4,
    "words": 0.3,
    "kind": 0.7,
    "namesakes": -3.0,
    "state": 0.7,
    "country": 0.4,
    "around": 1.0,
    "context": 1.8,
    "office": 2.0,
    "known": 1.5,
    "full": 0.8,
    "capital": 2.2,
    "prior": 1.5,
    "acronym": 1.0,
    "time": 3.0,
}
