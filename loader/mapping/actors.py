"""Actors that articles name and the registry lacks: what each article says of them, and what they all say together.

An article's own naming of such an actor is a node under the article's IRI, kept in the graph of metadata; it is
never given a class of actor itself. The actor, in the graph beside the registry, is a function of the set of these
nodes alone, so it does not matter in which order the articles were loaded.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode, Quad

from loader.mapping.terms import (
    AFFILIATION,
    CLASS,
    LABEL,
    LOCATION,
    PART_OF,
    PUBLISHER,
    ROLE,
    SPECIALIZATION,
    TYPE,
    pact,
    term,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ontology.vocabulary import Mint


@dataclass(frozen=True, slots=True, order=True)
class Naming:
    """How one article names one actor that the registry lacks; all but the label and its language are IRIs.

    ``affiliation`` and ``based_in`` are empty where the article says none; ``publishes`` is true for the outlet that
    published the article, which nothing but a news outlet can be.
    """

    actor: str
    kind: str
    label: str
    language: str
    affiliation: str = ""
    based_in: str = ""
    publishes: bool = False


def naming_node(naming: Naming, article: str, mint: Mint) -> str:
    """Return the node that stands for an actor as one article names it."""
    return f"{article}/mention/{naming.actor.removeprefix(mint.base)}"


def naming_quads(naming: Naming, article: str, mint: Mint) -> list[Quad]:
    """Return what the graph of metadata holds of a naming."""
    facts: list[tuple[NamedNode, NamedNode | Literal]] = [
        (PART_OF, NamedNode(article)),
        (SPECIALIZATION, NamedNode(naming.actor)),
        (CLASS, NamedNode(naming.kind)),
        (LABEL, Literal(naming.label, language=naming.language)),
    ]
    if naming.affiliation:
        facts.append((AFFILIATION, NamedNode(naming.affiliation)))
    if naming.based_in:
        facts.append((LOCATION, NamedNode(naming.based_in)))
    if naming.publishes:
        facts.append((ROLE, PUBLISHER))
    node, graph = NamedNode(naming_node(naming, article, mint)), NamedNode(mint.meta_graph)
    return [Quad(node, predicate, value, graph) for predicate, value in facts]


def read_naming(quads: Iterable[Quad]) -> Naming:
    """Read a naming back from its quads, those of one node. Raises KeyError for a node that is none."""
    values: dict[NamedNode, NamedNode | Literal] = {
        quad.predicate: quad.object for quad in quads if isinstance(quad.object, (NamedNode, Literal))
    }
    label = values[LABEL]
    return Naming(
        values[SPECIALIZATION].value,
        values[CLASS].value,
        label.value,
        (label.language or "") if isinstance(label, Literal) else "",
        values[AFFILIATION].value if AFFILIATION in values else "",
        values[LOCATION].value if LOCATION in values else "",
        ROLE in values,
    )


def actor_quads(said: Mapping[Naming, int], mint: Mint) -> list[Quad]:
    """Return what the namings of one actor make of it together; ``said`` counts the articles behind each naming.

    Class, label, affiliation and seat are each what most articles say, and of equals the smallest; only an actor that
    published an article is a news outlet whatever the others say. Nothing comes of no namings.
    """
    if not said:
        return []
    actor = NamedNode(next(iter(said)).actor)
    graph = NamedNode(mint.auto_graph)
    outlet = any(naming.publishes for naming in said)
    kind = pact("NewsOutlet").value if outlet else _chosen({naming: naming.kind for naming in said}, said)
    label = _chosen({naming: naming.label for naming in said}, said)
    language = _chosen({naming: naming.language for naming in said if naming.label == label}, said)
    facts: list[tuple[NamedNode, NamedNode | Literal]] = [
        (TYPE, NamedNode(kind)),
        (term("skos", "prefLabel"), Literal(label, language=language)),
    ]
    affiliations = {naming: naming.affiliation for naming in said if naming.affiliation}
    if affiliations and kind != pact("Technology").value:
        belongs = "pillarOf" if kind == pact("Pillar").value else "affiliation"
        facts.append((pact(belongs), NamedNode(_chosen(affiliations, said))))
    seats = {naming: naming.based_in for naming in said if naming.based_in}
    if seats and kind in (pact("Organization").value, pact("NewsOutlet").value):
        facts.append((pact("basedIn"), NamedNode(_chosen(seats, said))))
    return [Quad(actor, predicate, value, graph) for predicate, value in facts]


def _chosen(values: Mapping[Naming, str], said: Mapping[Naming, int]) -> str:
    """Return the value that most articles give; of equals the smallest."""
    articles: Counter[str] = Counter()
    for naming, value in values.items():
        articles[value] += said[naming]
    return min(articles, key=lambda value: (-articles[value], value))
