"""The linking decisions of a store: what they are, what they were made by, and which actors await them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from loader.mapping.matches import EXACT_MATCH, MAPPINGS, SOURCE, matched
from loader.mapping.metadata import LinkedBy
from loader.mapping.terms import AWAITS
from loader.storage.database import Draft

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from threading import RLock

    from pyoxigraph import Quad

    from loader.registry import Registry
    from loader.storage.database import Database
    from ontology.vocabulary import Mint


class Decisions:
    """The graph of links in a database, and what of the registry's graph follows from it.

    Its methods may be called from several threads; ``lock`` is the one that every change of the database takes.
    """

    def __init__(self, database: Database, mint: Mint, lock: RLock) -> None:
        self._database = database
        self._mint = mint
        self._lock = lock
        self._links = NamedNode(mint.links_graph)
        self._meta = NamedNode(mint.meta_graph)

    def replace(
        self,
        decisions: Iterable[Quad],
        registry: Registry,
        *,
        of: Collection[str] | None = None,
        by: LinkedBy | None = None,
    ) -> bool:
        """Have these decisions in the place of those before, in one transaction; return whether any is new.

        With ``of`` they are all there are on these entities, and those on others stay. ``by`` says what made them; then
        no actor of them awaits links any more. Matches in the registry's graph follow the decisions
        (`loader.mapping.matches.matched`); ``registry`` is the store's own. Raises StoreError.
        """
        known, new, draft = NamedNode(self._mint.registry_graph), set(decisions), Draft()
        with self._lock:
            if of is None:
                facts = self._database.quads(None, EXACT_MATCH, None, known)  # nothing else of the graph follows
                stated = [quad for quad in registry.quads(self._mint) if quad.predicate == EXACT_MATCH]
                draft.replace(self._database.quads(graph=self._links), new)
            else:
                facts = [
                    quad for each in of for quad in self._database.quads(NamedNode(each), EXACT_MATCH, None, known)
                ]
                stated = registry.matches_of(of, self._mint)
                draft.replace((quad for each in of for quad in self.on(each)), new)
            draft.replace(facts, matched(stated, new, known))
            if by is not None:
                draft.replace((quad for quad in self._waiting() if of is None or _actor(quad) in of), ())
                draft.replace(self._makers(), by.quads(self._mint))
            draft.commit(self._database)
        return not draft.is_empty

    def on(self, entity: str) -> list[Quad]:
        """Return all that the graph of links says of an entity, by IRI, in no order."""
        with self._lock:
            nodes = {quad.subject for quad in self._database.quads(None, SOURCE, NamedNode(entity), self._links)}
            named = [node for node in nodes if isinstance(node, NamedNode)]
            found = [quad for node in named for quad in self._database.quads(node, graph=self._links)]
            return found + [quad for node in named for quad in self._database.quads(None, MAPPINGS, node, self._links)]

    def awaited(self) -> tuple[str, ...]:
        """Return the actors beside the registry whose facts changed since they were linked last, in order of IRI.

        Some of them may be gone. Noted in the transaction that changes them, so that none is missed.
        """
        with self._lock:
            return tuple(sorted(map(_actor, self._waiting())))

    def made_by(self) -> LinkedBy | None:
        """Return what made the decisions, None where the store was never linked."""
        with self._lock:
            return LinkedBy.read(self._makers())

    def _waiting(self) -> list[Quad]:
        return self._database.quads(self._links, AWAITS, None, self._meta)

    def _makers(self) -> list[Quad]:
        return [quad for quad in self._database.quads(self._links, None, None, self._meta) if quad.predicate != AWAITS]


def _actor(quad: Quad) -> str:
    return str(getattr(quad.object, "value", quad.object))
