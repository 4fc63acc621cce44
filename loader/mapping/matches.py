"""What linking decisions do to the registry's graph: accepted matches stand in it, rejected ones do not."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode, Quad

from loader.mapping.terms import term

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OWL = "http://www.w3.org/2002/07/owl#"
SSSOM = "https://w3id.org/sssom/"
SEMAPV = "https://w3id.org/semapv/vocab/"
SOURCE, PROPERTY, TARGET = (
    NamedNode(OWL + name) for name in ("annotatedSource", "annotatedProperty", "annotatedTarget")
)
MAPPINGS = NamedNode(SSSOM + "mappings")
MODIFIER = NamedNode(SSSOM + "predicate_modifier")
EXACT_MATCH = term("skos", "exactMatch")
_TOLD = frozenset({SOURCE, PROPERTY, TARGET, MODIFIER})
WIKIDATA = "http://www.wikidata.org/entity/"


def matched(registry: Iterable[Quad], decisions: Iterable[Quad], graph: NamedNode) -> set[Quad]:
    """Return the registry's ``graph``, or a part of it, as the decisions have it; a function of all three alone.

    An accepted match replaces another match of the entity with the same data set; a rejected one is taken out.
    """
    facts = set(registry)
    matches: dict[object, set[Quad]] = defaultdict(set)
    for quad in facts:
        if quad.predicate == EXACT_MATCH:
            matches[quad.subject].add(quad)
    by_node: Mapping[NamedNode, dict[NamedNode, NamedNode]] = defaultdict(dict)
    for quad in decisions:
        if quad.predicate in _TOLD and isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode):
            by_node[quad.subject][quad.predicate] = quad.object
    for node in sorted(by_node, key=lambda each: each.value):
        said = by_node[node]
        subject, target = said.get(SOURCE), said.get(TARGET)
        if said.get(PROPERTY) != EXACT_MATCH or not isinstance(subject, NamedNode) or not isinstance(target, NamedNode):
            continue
        if not target.value.startswith(WIKIDATA):
            continue
        old = matches[subject]
        new: set[Quad] = set()
        if MODIFIER in said:
            gone = {each for each in old if each.object == target}
        else:
            gone = {each for each in old if str(getattr(each.object, "value", "")).startswith(WIKIDATA)}
            new = {Quad(subject, EXACT_MATCH, target, graph)}
        matches[subject] = (old - gone) | new
        facts.difference_update(gone)
        facts.update(new)
    return facts
