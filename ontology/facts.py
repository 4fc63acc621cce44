"""What is told of nodes, as constraints look it up: values by node and property, and the classes of a node.

Terms are strings, see `ontology.values`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rdflib import RDF, RDFS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

TYPE, SUBCLASS = f"<{RDF.type}>", f"<{RDFS.subClassOf}>"
_NOTHING: Mapping[str, Sequence[str]] = {}
_NO_CLASS: frozenset[str] = frozenset()


class Facts:
    """Triples, each counted once, and beside them those of a context that they may speak of.

    A node that both tell of has the values and classes of both. A class that is a subclass of another counts as that,
    whichever of them tells so: ``parents`` are the classes that each is told to be a subclass of, ``above`` what
    follows from that for sets of classes, as far as it was asked.
    """

    def __init__(self, triples: Iterable[tuple[str, str, str]], context: Facts | None = None) -> None:
        """Take in the triples."""
        self.told: dict[str, dict[str, list[str]]] = {}
        self._context = context
        self._known: Mapping[str, Mapping[str, Sequence[str]]] = {} if context is None else context.told
        self._classes: dict[str, frozenset[str]] = {}
        self.above: dict[frozenset[str], frozenset[str]] = {} if context is None else context.above
        self.parents: dict[str, frozenset[str]] = {} if context is None else context.parents
        parents: dict[str, frozenset[str]] = {}
        for subject, predicate, value in dict.fromkeys(triples):
            self.told.setdefault(subject, {}).setdefault(predicate, []).append(value)
            if predicate == SUBCLASS:
                parents[subject] = parents.get(subject, self.parents.get(subject, _NO_CLASS)) | {value}
        self.tells_of_classes = any(self.parents.get(name) != above for name, above in parents.items())
        if self.tells_of_classes:
            self.above, self.parents = {}, {**self.parents, **parents}

    def of(self, node: str) -> Mapping[str, Sequence[str]]:
        """Return what is told of a node: its values by property."""
        own, known = self.told.get(node, _NOTHING), self._known.get(node)
        if not known:
            return own
        return {path: list(dict.fromkeys([*own.get(path, ()), *known.get(path, ())])) for path in {**own, **known}}

    def values(self, node: str, path: str) -> Sequence[str]:
        """Return the values of a property of a node."""
        if node in self._known:
            return self.of(node).get(path, ())
        return self.told.get(node, _NOTHING).get(path, ())

    def classes(self, node: str) -> frozenset[str]:
        """Return every class that a node is an instance of."""
        found = self._classes.get(node)
        if found is None:
            found = self._classes[node] = self._all_above(frozenset(self.values(node, TYPE)))
        return found

    def _all_above(self, names: frozenset[str]) -> frozenset[str]:
        """Return classes and every class that they are subclasses of."""
        if not names:
            return _NO_CLASS
        above = self.above.get(names)
        if above is None:
            found, open_ends = set(names), list(names)
            while open_ends:
                fresh = self.parents.get(open_ends.pop(), _NO_CLASS) - found
                found |= fresh
                open_ends.extend(fresh)
            above = self.above[names] = frozenset(found)
        return above
