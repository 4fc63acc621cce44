"""How the articles of a store name actors that the registry lacks, and what those actors are by all that is said."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from loader.mapping.actors import actor_quads, read_naming
from loader.mapping.metadata import awaiting_quad
from loader.mapping.terms import PART_OF, SPECIALIZATION
from loader.storage.database import Draft

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from loader.mapping.actors import Naming
    from loader.storage.database import Database
    from ontology.vocabulary import Mint

_REMEMBERED = 20_000  # actors whose namings are kept in memory


class Namings:
    """The namings in a database, under its writer's lock; ``registered`` are the IRIs that the registry has."""

    def __init__(self, database: Database, mint: Mint, registered: Collection[str] = ()) -> None:
        self._database = database
        self._mint = mint
        self._registered = frozenset(registered)
        self._meta = NamedNode(mint.meta_graph)
        self._auto = NamedNode(mint.auto_graph)
        self._said: dict[str, Counter[Naming]] = {}

    def of(self, article: str) -> tuple[Naming, ...]:
        """Return how an article names such actors, in order."""
        nodes = {quad.subject for quad in self._database.quads(None, PART_OF, NamedNode(article), self._meta)}
        return tuple(sorted(self._naming(node) for node in nodes if isinstance(node, NamedNode)))

    def draft(self, draft: Draft, old: Iterable[Naming], new: Iterable[Naming]) -> Mapping[str, Counter[Naming]]:
        """Have the actors follow where an article's ``new`` namings come in the place of the ``old``.

        Returns the namings of each of these actors after that, to `remember` once the draft is committed.
        """
        said = {naming.actor: Counter(self._said_of(naming.actor)) for naming in (*old, *new)}
        for naming in old:
            said[naming.actor][naming] -= 1
        for naming in new:
            said[naming.actor][naming] += 1
        after = {actor: +counted for actor, counted in said.items()}
        for actor, counted in after.items():
            self._draft_actor(draft, actor, counted)
        return after

    def remember(self, said: Mapping[str, Counter[Naming]]) -> None:
        """Keep the namings of some actors at hand, in the place of those that were met longest ago."""
        self._said.update(said)
        while len(self._said) > _REMEMBERED:
            del self._said[next(iter(self._said))]

    def settle(self) -> None:
        """Compute anew every actor beside the registry: a new registry may hold some of them, or no longer."""
        draft = Draft()
        found = self._database.quads(None, SPECIALIZATION, None, self._meta)
        for actor in {quad.object.value for quad in found if isinstance(quad.object, NamedNode)}:
            self._draft_actor(draft, actor, self._said_of(actor))
            self.remember({})
        draft.commit(self._database)

    def _naming(self, node: NamedNode) -> Naming:
        return read_naming(self._database.quads(node, graph=self._meta))

    def _said_of(self, actor: str) -> Counter[Naming]:
        """Count the articles behind each naming of an actor: out of memory, or else out of the store."""
        if actor not in self._said:
            found = self._database.quads(None, SPECIALIZATION, NamedNode(actor), self._meta)
            nodes = [quad.subject for quad in found if isinstance(quad.subject, NamedNode)]
            self._said[actor] = Counter(self._naming(node) for node in nodes)
        return self._said[actor]

    def _draft_actor(self, draft: Draft, actor: str, said: Counter[Naming]) -> None:
        """Have an actor as its namings make it, and await links where that changes it."""
        old = self._database.quads(NamedNode(actor), graph=self._auto)
        new = [] if actor in self._registered else actor_quads(said, self._mint)
        draft.replace(old, new)
        if set(old) != set(new):
            draft.replace((), [awaiting_quad(actor, self._mint)])
