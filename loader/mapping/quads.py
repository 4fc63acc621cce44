"""What a document becomes in RDF: the quads of its named graph, and how it names actors that nobody knew.

Both are functions of the document and the base alone, in one order.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from loader.document import Entity, EntityKind
from loader.mapping.actors import Naming
from loader.mapping.literals import day, decimal, duration, web_iri
from loader.mapping.terms import ASSOCIATED_WITH, GENERATED_BY, NAME, TYPE, USED, pact
from ontology.values import written
from ontology.vocabulary import PREFIXES, content_hash, slug

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pyoxigraph import Quad

    from loader.document import Document, Membership, Span, Statement, StatementKey, TimeReference
    from loader.registry import Registry
    from ontology.values import Row
    from ontology.vocabulary import Mint


class Unmappable(ValueError):
    """A document that no graph can be made of; the message says what is wrong with it."""


def quads(document: Document, mint: Mint, publisher: Entity | None = None) -> list[Quad]:
    """Give what `rows` gives, as quads."""
    return list(parse("".join(map(line, rows(document, mint, publisher))), RdfFormat.N_QUADS))


def line(row: Row) -> str:
    """Return a row as a line of N-Quads."""
    return " ".join(row) + " .\n"


def rows(document: Document, mint: Mint, publisher: Entity | None = None) -> list[Row]:
    """Give the article's named graph, sorted; every subject lies under the article's IRI.

    ``publisher`` is the outlet as the registry knows it; without it an outlet that the article names is taken as a
    new one. Literals are canonical, so the store gives back what it was given. Raises Unmappable for a document that
    refers to a statement or time which it does not have, says the same thing twice from one cue, or has an address or
    language that is none.
    """
    try:
        sheet = _Sheet.of(document, mint)
        sheet.put_article(publisher or new_outlet(document))
        for statement in document.statements:
            sheet.put_statement(statement)
        for membership in document.memberships:
            sheet.put_membership(membership)
        for time in document.times:
            sheet.put_time(time)
    except Unmappable:
        raise
    except ValueError as error:  # an IRI, a language tag or a slug that RDF does not allow
        raise Unmappable(str(error)) from error
    return sorted(sheet.rows)


def new_outlet(document: Document) -> Entity | None:
    """Return the outlet that the article names, as one that the registry lacks; None where it names none."""
    name = document.article.outlet
    return Entity(EntityKind.NEWS_OUTLET, slug(name), name) if name else None


def known_outlet(document: Document, registry: Registry) -> Entity | None:
    """Return the outlet that the article names, the registry's own where that has it; None where it names none.

    Where the registry has the name for something that is no outlet (a ministry that publishes), the outlet is another
    actor, whose slug says so.
    """
    new = new_outlet(document)
    if new is None:
        return None
    match = registry.find(new.label)
    if match and match.entity.kind is EntityKind.NEWS_OUTLET:
        return match.entity
    known = registry.entity(new.path)
    if known is None or known.kind is EntityKind.NEWS_OUTLET:
        return known or new
    return replace(new, key=f"{new.key}-outlet")


def entities(document: Document) -> tuple[Entity, ...]:
    """Return every entity that the article's graph names, with those they belong to; each once, by path."""
    found: dict[str, Entity] = {}
    ahead = [entity for statement in document.statements for entity in _named_in(statement)]
    for membership in document.memberships:
        ahead += [membership.member, membership.partnership, *([membership.pillar] if membership.pillar else [])]
    while ahead:
        entity = ahead.pop(0)
        if entity.path not in found:
            found[entity.path] = entity
            ahead += [other for other in (entity.affiliation, entity.based_in) if other]
    return tuple(found[path] for path in sorted(found))


def _named_in(statement: Statement) -> Iterable[Entity]:
    yield from statement.speakers
    yield from statement.on_behalf_of
    yield from statement.relayed_by
    yield from statement.stance_holders
    yield from statement.about
    yield from statement.involves


def contributions(document: Document, mint: Mint, publisher: Entity | None = None) -> tuple[Naming, ...]:
    """Return how the article names actors that the registry lacks, in order of their IRIs.

    ``publisher`` is the outlet as `quads` was given it. Partnerships, pillars and technologies that the registry lacks
    are among them; unnamed sources are not, as they live in the article's own graph.
    """
    language = document.article.language.lower()
    found: dict[str, Naming] = {}
    for entity in entities(document):
        if not entity.registered and entity.kind is not EntityKind.UNNAMED_SOURCE:
            naming = _naming(entity, language, mint)
            found[naming.actor] = naming
    outlet = publisher or new_outlet(document)
    if outlet and not outlet.registered:
        naming = _naming(outlet, language, mint, publishes=True)
        found[naming.actor] = naming
    return tuple(found[actor] for actor in sorted(found))


def _naming(entity: Entity, language: str, mint: Mint, *, publishes: bool = False) -> Naming:
    named = entity.affiliation is not None and entity.affiliation.kind is not EntityKind.UNNAMED_SOURCE
    # a seat must be a state, and of an unregistered one other articles may say something else
    seated = entity.based_in is not None and entity.based_in.kind is EntityKind.STATE and entity.based_in.registered
    return Naming(
        mint.entity(entity.path),
        pact(entity.kind).value,
        entity.label,
        language,
        mint.entity(entity.affiliation.path) if named and entity.affiliation else "",
        mint.entity(entity.based_in.path) if seated and entity.based_in else "",
        publishes,
    )


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The graph while it is written; nodes are IRIs, all else is as N-Quads writes it.

    ``iris``, ``spans`` and ``terms`` hold what was written already.
    """

    document: Document
    mint: Mint
    article: str
    graph: str
    statements: Mapping[tuple[int, int, int], str]
    times: frozenset[Span]
    rows: set[Row] = field(default_factory=set)
    iris: dict[str, str] = field(default_factory=dict)
    spans: dict[Span, str] = field(default_factory=dict)
    terms: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Document, mint: Mint) -> _Sheet:
        article = mint.article(document.article.text, document.article.url)
        minted = mint.statements(article, (statement.key for statement in document.statements))
        times = frozenset(time.span for time in document.times)
        return cls(document, mint, article, str(NamedNode(mint.graph(article))), minted, times)

    # ---- the nodes

    def put_article(self, publisher: Entity | None) -> None:
        article, text = self.document.article, self.document.article.text
        node = self.article
        self.put(node, _TYPE, self.pact("Article"))
        self.put(node, self.term("dcterms", "title"), self.words(article.title))
        self.put(node, self.term("dcterms", "language"), written(article.language))
        self.put(node, self.pact("contentHash"), written("sha256:" + content_hash(text)))
        self.put(node, self.pact("textLength"), _integer(len(text)))
        if article.identifier:
            self.put(node, self.term("dcterms", "identifier"), written(article.identifier))
        if article.published:
            self.put(node, self.term("schema", "datePublished"), str(day(article.published)))
        if article.url:
            self.put(node, self.term("schema", "url"), str(web_iri(article.url)))
            self.put(node, self.term("dcterms", "isVersionOf"), self.iri(self.mint.work(article.url)))
        if publisher:
            self.put(node, self.term("schema", "publisher"), self.entity(publisher))
        for author in article.authors:
            self.put(node, self.term("schema", "author"), written(author))
        if article.license:
            is_address = article.license.startswith(("http://", "https://"))
            named = str(web_iri(article.license)) if is_address else written(article.license)
            self.put(node, self.term("dcterms", "license"), named)
        for span in self.document.boilerplate:
            self.put(node, self.pact("boilerplateSpan"), self.span(span))
        for partnership in self.partnerships():
            self.put(node, self.term("schema", "about"), self.entity(partnership))

    def put_statement(self, statement: Statement) -> None:
        node = self.statements[statement.key]
        self.put(node, _TYPE, self.pact("Statement"))
        self.put(node, self.pact("inArticle"), self.iri(self.article))
        self.put(node, self.pact("text"), written(statement.content.of(self.document.article.text)))
        for name, code in _codes(statement).items():
            if code:
                self.put(node, self.pact(name), self.pact(code))
        for name, spans in _spans(statement).items():
            for span in spans:
                self.put(node, self.pact(name), self.span(span))
        for name, named in _entities(statement).items():
            for entity in named:
                self.put(node, self.pact(name), self.entity(entity))
        for name, times in (("utteranceTime", statement.utterance_times), ("eventTime", statement.event_times)):
            for span in times:
                self.put(node, self.pact(name), self.time(span))
        for key in statement.restates:
            self.put(node, self.pact("restates"), self.statement(key))
        for key in statement.derived_from:
            self.put(node, self.term("prov", "wasDerivedFrom"), self.statement(key))
        if statement.edited:
            self.put(node, self.pact("editedQuote"), str(Literal(value=True)))
        self.put_reading(node, statement)

    def put_reading(self, node: str, statement: Statement) -> None:
        """Tell how sure the reading of a statement is, and by which language model (PROV-O) if it is by one."""
        if statement.confidence is not None:
            self.put(node, self.pact("confidence"), str(decimal(statement.confidence)))
        if statement.model is not None:
            reading, reader = self.mint.reading(self.article), self.mint.reader(self.article)
            self.put(node, str(GENERATED_BY), self.iri(reading))
            self.put(reading, _TYPE, self.term("prov", "Activity"))
            self.put(reading, str(USED), self.iri(self.article))
            self.put(reading, str(ASSOCIATED_WITH), self.iri(reader))
            self.put(reader, _TYPE, self.term("prov", "SoftwareAgent"))
            self.put(reader, str(NAME), written(statement.model))

    def put_membership(self, membership: Membership) -> None:
        statement = self.statement(membership.according_to)
        member, partnership = self.entity(membership.member), self.entity(membership.partnership)
        pillar = self.entity(membership.pillar) if membership.pillar else None
        node = self.mint.membership(statement[1:-1], member[1:-1], partnership[1:-1], pillar[1:-1] if pillar else None)
        self.put(node, _TYPE, self.pact("Membership"))
        self.put(node, self.pact("member"), member)
        self.put(node, self.pact("partnership"), partnership)
        if pillar:
            self.put(node, self.pact("pillar"), pillar)
        self.put(node, self.pact("status"), self.pact(f"status-{membership.status}"))
        self.put(node, self.pact("accordingTo"), statement)

    def put_time(self, time: TimeReference) -> None:
        node = self.time(time.span)[1:-1]
        self.put(node, _TYPE, self.pact("TimeReference"))
        self.put(node, self.pact("timeSpan"), self.span(time.span))
        self.put(node, self.pact("anchor"), self.pact(f"anchor-{time.anchor}"))
        self.put(node, self.pact("timex"), written(time.timex))
        if time.offset:
            self.put(node, self.pact("offset"), str(duration(time.offset)))
        if time.earliest:
            self.put(node, self.pact("earliest"), str(day(time.earliest)))
        if time.latest:
            self.put(node, self.pact("latest"), str(day(time.latest)))

    # ---- what the nodes refer to; spans and unnamed sources are written as they are met

    def span(self, span: Span) -> str:
        text = self.document.article.text
        if span.end > len(text):
            message = f"A span at {span.start}-{span.end} runs past the end of the text, {len(text)} characters long."
            raise Unmappable(message)
        if span in self.spans:
            return self.spans[span]
        node = self.mint.span(self.article, span.start, span.end)
        self.put(node, _TYPE, self.pact("Span"))
        self.put(node, self.term("oa", "start"), _integer(span.start))
        self.put(node, self.term("oa", "end"), _integer(span.end))
        self.put(node, self.term("oa", "exact"), written(span.of(text)))
        self.spans[span] = self.iri(node)
        return self.spans[span]

    def entity(self, entity: Entity) -> str:
        if entity.kind is not EntityKind.UNNAMED_SOURCE:
            return self.iri(self.mint.entity(entity.path))
        start, _, end = entity.key.partition("-")
        node = self.mint.source(self.article, int(start), int(end))
        self.put(node, _TYPE, self.pact("UnnamedSource"))
        self.put(node, self.term("skos", "prefLabel"), self.words(entity.label))
        if entity.affiliation:
            self.put(node, self.pact("affiliation"), self.entity(entity.affiliation))
        return self.iri(node)

    def statement(self, key: StatementKey) -> str:
        if key not in self.statements:
            message = f"Something refers to a statement at {key.start}-{key.end} that the document does not have."
            raise Unmappable(message)
        return self.iri(self.statements[key])

    def time(self, span: Span) -> str:
        if span not in self.times:
            message = f"A statement refers to a time at {span.start}-{span.end} that the document does not have."
            raise Unmappable(message)
        return self.iri(self.mint.time(self.article, span.start, span.end))

    def partnerships(self) -> list[Entity]:
        """Return what the article is about as a whole: the partnerships its statements and memberships name."""
        named = [entity for statement in self.document.statements for entity in statement.about]
        named += [membership.partnership for membership in self.document.memberships]
        return [entity for entity in named if entity.kind is EntityKind.PARTNERSHIP]

    def words(self, label: str) -> str:
        return str(Literal(label, language=self.document.article.language.lower()))

    def pact(self, name: str) -> str:
        """Return a term of our vocabulary."""
        found = self.terms.get(name)
        if found is None:
            found = self.terms[name] = str(pact(name))
        return found

    def term(self, prefix: str, name: str) -> str:
        """Return a term of another vocabulary."""
        return self.iri(PREFIXES[prefix] + name)

    def iri(self, iri: str) -> str:
        found = self.iris.get(iri)
        if found is None:
            found = self.iris[iri] = str(NamedNode(iri))
        return found

    def put(self, node: str, predicate: str, value: str) -> None:
        self.rows.add((self.iri(node), predicate, value, self.graph))


_TYPE = str(TYPE)


def _integer(number: int) -> str:
    return f'"{number}"^^<{PREFIXES["xsd"]}integer>'


def _codes(statement: Statement) -> dict[str, str | None]:
    return {
        "section": f"section-{statement.section}",
        "reportMode": f"mode-{statement.mode}",
        "sourceNaming": f"naming-{statement.naming}",
        "kind": f"kind-{statement.kind}" if statement.kind else None,
        "medium": f"medium-{statement.medium}" if statement.medium else None,
        "stance": f"stance-{statement.stance}" if statement.stance else None,
        "certainty": f"certainty-{statement.certainty}",
        "polarity": f"polarity-{statement.polarity}",
        "temporality": f"time-{statement.temporality}",
    }


def _spans(statement: Statement) -> dict[str, tuple[Span, ...]]:
    return {
        "contentSpan": (statement.content,),
        "cueSpan": (statement.cue,) if statement.cue else (),
        "sourceSpan": statement.sources,
        "quoteSpan": statement.quotes,
        "verbatimSpan": statement.verbatim,
        "relaySpan": statement.relays,
        "hedgeSpan": statement.hedges,
    }


def _entities(statement: Statement) -> dict[str, tuple[Entity, ...]]:
    return {
        "speaker": statement.speakers,
        "onBehalfOf": statement.on_behalf_of,
        "relayedBy": statement.relayed_by,
        "stanceHolder": statement.stance_holders,
        "about": statement.about,
        "involves": statement.involves,
    }
