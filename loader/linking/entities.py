"""The entities of a store, linked: each actor, partnership and technology with the decision on its name."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from loader.document import EntityKind, Span
from loader.linking.candidates import Candidates, Sources
from loader.linking.decision import Decision, Status, Thresholds, decide
from loader.linking.gazetteer import Gazetteer, key_words
from loader.linking.rows import Row, Verdict, single
from loader.linking.scene import Named, Scene

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from pyoxigraph import Quad

    from ontology.authority import Authority
    from ontology.vocabulary import Mint

_PACT = "https://pactgraph.example/ns#"
_SKOS = "http://www.w3.org/2004/02/skos/core#"
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_IDENTIFIER = "http://purl.org/dc/terms/identifier"
_HOMEPAGE = "http://xmlns.com/foaf/0.1/homepage"
_WIKIDATA = "http://www.wikidata.org/entity/"
_STRICT = Thresholds(accept=0.7, gap=0.3)


@dataclass(frozen=True, slots=True)
class Subject:
    """An entity to be linked: what it is called and what is said of it. ``match`` is the registry's own link."""

    iri: str
    kind: EntityKind
    label: str
    names: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    around: tuple[str, ...] = ()
    homepage: str | None = None
    match: str | None = None
    is_registered: bool = False


def subjects(registry: Iterable[Quad], auto: Iterable[Quad]) -> tuple[Subject, ...]:
    """Return the entities that the graphs of the registry describe, in order of their IRIs; pillars are left out.

    ``around`` are the IRIs of those that an entity belongs to, and of the state where it sits.
    """
    found: list[Subject] = []
    for quads, is_registered in ((registry, True), (auto, False)):
        said: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for quad in quads:
            said[_text(quad.subject)][_text(quad.predicate)].append(_text(quad.object))
        for iri, facts in said.items():
            kind = next((_KINDS[each] for each in sorted(facts[_TYPE]) if each in _KINDS), None)
            if kind is None or not facts[f"{_SKOS}prefLabel"]:
                continue
            links = sorted(each for each in facts[f"{_SKOS}exactMatch"] if each.startswith(_WIKIDATA))
            found.append(
                Subject(
                    iri,
                    kind,
                    min(facts[f"{_SKOS}prefLabel"]),
                    tuple(sorted(facts[f"{_SKOS}altLabel"])),
                    tuple(sorted(facts[_IDENTIFIER])),
                    tuple(sorted(facts[f"{_PACT}affiliation"] + facts[f"{_PACT}basedIn"])),
                    min(facts[_HOMEPAGE], default=None),
                    links[0].removeprefix(_WIKIDATA) if links else None,
                    is_registered,
                )
            )
    return tuple(sorted(found, key=lambda each: each.iri))


def link(found: Iterable[Subject], authority: Authority, mint: Mint) -> tuple[Row, ...]:
    """Return the decision on each entity, in order of their IRIs, with each id accepted for one of them only."""
    return single(judge(found, authority, mint))


def judge(
    found: Iterable[Subject], authority: Authority, mint: Mint, only: Collection[str] | None = None
) -> tuple[Row, ...]:
    """Return what is decided on each entity by itself, in order of their IRIs; of ``only`` these where they are given.

    A link that the registry states stands as it is. A state is found by its ISO code. Everything else by its names:
    the whole name of a person, the label of a body that is no common word, and never against what is known of it.
    A decision hangs on what ``found`` has of the entity, of those it belongs to, and of the registry; on nothing else.
    """
    everybody = {each.iri: each for each in found}
    known: dict[str, str] = {}
    for each in everybody.values():
        identifier = each.match or _by_code(each, authority)
        if identifier is not None:
            known[each.iri.removeprefix(mint.base)] = identifier
    weigh = Candidates(Gazetteer(authority), known, {}, Sources())
    version = f"{authority.name} {authority.version}".strip()
    chosen = [each for each in everybody.values() if only is None or each.iri in only]
    return tuple(_decided(each, weigh, everybody, mint, version) for each in chosen)


def _decided(subject: Subject, weigh: Candidates, everybody: Mapping[str, Subject], mint: Mint, version: str) -> Row:
    row = Row(subject.iri, Verdict.NIL, label=subject.label, version=version, comment="not in this authority")
    if subject.match is not None:
        held = weigh.gazetteer.authority.entity(subject.match)
        return replace(
            row,
            verdict=Verdict.ACCEPTED,
            target=subject.match,
            target_label=held.label if held else "",
            justification="semapv:ManualMappingCuration",
            confidence=1.0,
            match=subject.label,
            comment="stated by the registry, with its evidence",
        )
    decision = _best(subject, weigh, everybody, mint)
    best = decision.best
    if best is None or decision.status is Status.NIL:
        return row
    accepted = decision.accepted is not None and not _is_doubtful(subject, decision, weigh)
    return replace(
        row,
        verdict=Verdict.ACCEPTED if accepted else Verdict.CANDIDATE,
        target=best.entity.id,
        target_label=best.entity.label,
        confidence=round(best.score, 3),
        match=best.name,
        comment="" if accepted else "candidate: not accepted",
    )


def _best(subject: Subject, weigh: Candidates, everybody: Mapping[str, Subject], mint: Mint) -> Decision:
    """Return the decision by the label, or by the first other name that has one where the label has none."""
    countries = _countries(subject, weigh, everybody, mint)
    around = " ".join(everybody[iri].label for iri in subject.around if iri in everybody)
    words = key_words(" ".join((subject.label, *subject.names, around)))
    path = subject.iri.removeprefix(mint.base)
    decision = Decision(Status.NIL)
    for name in (subject.label, *(name for name in subject.names if len(name) > 3)):
        scene = Scene(name, None, words, countries)
        scored = weigh.of(Named(Span(0, len(name)), subject.kind, path), scene)
        fitting = [each for each in scored if each.features.kind >= 0]
        decision = decide(fitting, _STRICT)
        if decision.status is not Status.NIL:
            return decision
    return decision


def _countries(subject: Subject, weigh: Candidates, everybody: Mapping[str, Subject], mint: Mint) -> frozenset[str]:
    """Return the ids of the states that an entity belongs to, through others if need be."""
    found: set[str] = set()
    ahead, seen = list(subject.around), {subject.iri}
    while ahead:
        iri = ahead.pop()
        if iri in seen:
            continue
        seen.add(iri)
        identifier = weigh.known.get(iri.removeprefix(mint.base))
        held = everybody.get(iri)
        if held is not None and held.kind is EntityKind.STATE and identifier:
            found.add(identifier)
        ahead += held.around if held else ()
    return frozenset(found)


def _is_doubtful(subject: Subject, decision: Decision, weigh: Candidates) -> bool:
    """Whether a good score is not enough, as it may be somebody else of the same name.

    A name of one word, which a shop may have as well, needs something besides: the country, or a longer name that fits
    too. So does a person whom articles alone name.
    """
    assert decision.best is not None  # noqa: S101 (only asked of a decision that has one)
    features, entity = decision.best.features, decision.best.entity
    if features.country < 0 or (features.kind < 1.0 and not subject.is_registered):
        return True
    if subject.kind is EntityKind.STATE or features.country > 0 or features.known > 0:
        return False
    if subject.kind is EntityKind.PERSON:
        return not subject.is_registered
    longer = [name for name in subject.names if len(name.split()) > 1]
    is_borne_out = any(hit.entity.id == entity.id for name in longer for hit in weigh.gazetteer.hits(name))
    return len(subject.label.split()) == 1 and not is_borne_out


def _by_code(subject: Subject, authority: Authority) -> str | None:
    """Return the id of the one state with the ISO code of this one, or of the one outlet with its site."""
    if subject.kind is EntityKind.NEWS_OUTLET and subject.homepage:
        host = (urlsplit(subject.homepage).hostname or "").removeprefix("www.")
        sites = [each for each in authority.by_external("domain", host) if each.type == "outlet"]
        return sites[0].id if len(sites) == 1 and sites[0].status == "verified" else None
    if subject.kind is not EntityKind.STATE:
        return None
    for code in subject.codes:
        if len(code) == 2:
            held = [each for each in authority.by_external("iso3166-1-alpha-2", code) if each.status == "verified"]
            if len(held) == 1:
                return held[0].id
    return None


def _text(node: object) -> str:
    return str(getattr(node, "value", node))


_KINDS = {
    f"{_PACT}{kind}": kind
    for kind in (
        EntityKind.STATE,
        EntityKind.ORGANIZATION,
        EntityKind.NEWS_OUTLET,
        EntityKind.PERSON,
        EntityKind.PARTNERSHIP,
        EntityKind.TECHNOLOGY,
    )
}
