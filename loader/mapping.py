"""What a document becomes in RDF: the quads of its named graph, and how it names actors that nobody knew.

Both are functions of the document and the base alone, in one order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode, Quad

from loader.actors import Naming
from loader.document import Entity, EntityKind
from loader.terms import ASSOCIATED_WITH, GENERATED_BY, NAME, TYPE, USED, pact, term
from ontology.vocabulary import content_hash, slug

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from loader.document import Document, Membership, Span, Statement, StatementKey, TimeReference
    from loader.registry import Registry
    from ontology.vocabulary import Mint


class Unmappable(ValueError):
    """A document that no graph can be made of; the message says what is wrong with it."""


def quads(document: Document, mint: Mint, publisher: Entity | None = None) -> list[Quad]:
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
    return sorted(sheet.quads, key=str)


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
    """The graph while it is written."""

    document: Document
    mint: Mint
    article: str
    graph: NamedNode
    statements: Mapping[tuple[int, int, int], str]
    times: frozenset[Span]
    quads: set[Quad] = field(default_factory=set)

    @classmethod
    def of(cls, document: Document, mint: Mint) -> _Sheet:
        article = mint.article(document.article.text, document.article.url)
        minted = mint.statements(article, (statement.key for statement in document.statements))
        times = frozenset(time.span for time in document.times)
        return cls(document, mint, article, NamedNode(mint.graph(article)), minted, times)

    # ---- the nodes

    def put_article(self, publisher: Entity | None) -> None:
        article, text = self.document.article, self.document.article.text
        node = self.article
        self.put(node, TYPE, pact("Article"))
        self.put(node, term("dcterms", "title"), self.words(article.title))
        self.put(node, term("dcterms", "language"), Literal(article.language))
        self.put(node, pact("contentHash"), Literal("sha256:" + content_hash(text)))
        self.put(node, pact("textLength"), Literal(len(text)))
        if article.identifier:
            self.put(node, term("dcterms", "identifier"), Literal(article.identifier))
        if article.published:
            self.put(node, term("schema", "datePublished"), _date(article.published.isoformat()))
        if article.url:
            self.put(node, term("schema", "url"), _web_iri(article.url))
            self.put(node, term("dcterms", "isVersionOf"), NamedNode(self.mint.work(article.url)))
        if publisher:
            self.put(node, term("schema", "publisher"), self.entity(publisher))
        for author in article.authors:
            self.put(node, term("schema", "author"), Literal(author))
        if article.license:
            is_address = article.license.startswith(("http://", "https://"))
            named = _web_iri(article.license) if is_address else Literal(article.license)
            self.put(node, term("dcterms", "license"), named)
        for span in self.document.boilerplate:
            self.put(node, pact("boilerplateSpan"), self.span(span))
        for partnership in self.partnerships():
            self.put(node, term("schema", "about"), self.entity(partnership))

    def put_statement(self, statement: Statement) -> None:
        node = self.statements[statement.key]
        self.put(node, TYPE, pact("Statement"))
        self.put(node, pact("inArticle"), NamedNode(self.article))
        self.put(node, pact("text"), Literal(statement.content.of(self.document.article.text)))
        for name, code in _codes(statement).items():
            if code:
                self.put(node, pact(name), pact(code))
        for name, spans in _spans(statement).items():
            for span in spans:
                self.put(node, pact(name), self.span(span))
        for name, named in _entities(statement).items():
            for entity in named:
                self.put(node, pact(name), self.entity(entity))
        for name, times in (("utteranceTime", statement.utterance_times), ("eventTime", statement.event_times)):
            for span in times:
                self.put(node, pact(name), self.time(span))
        for key in statement.restates:
            self.put(node, pact("restates"), self.statement(key))
        for key in statement.derived_from:
            self.put(node, term("prov", "wasDerivedFrom"), self.statement(key))
        if statement.edited:
            self.put(node, pact("editedQuote"), Literal(value=True))
        self.put_reading(node, statement)

    def put_reading(self, node: str, statement: Statement) -> None:
        """Tell how sure the reading of a statement is, and by which language model (PROV-O) if it is by one."""
        if statement.confidence is not None:
            self.put(node, pact("confidence"), _decimal(statement.confidence))
        if statement.model is not None:
            reading, reader = self.mint.reading(self.article), self.mint.reader(self.article)
            self.put(node, GENERATED_BY, NamedNode(reading))
            self.put(reading, TYPE, term("prov", "Activity"))
            self.put(reading, USED, NamedNode(self.article))
            self.put(reading, ASSOCIATED_WITH, NamedNode(reader))
            self.put(reader, TYPE, term("prov", "SoftwareAgent"))
            self.put(reader, NAME, Literal(statement.model))

    def put_membership(self, membership: Membership) -> None:
        statement = self.statement(membership.according_to)
        member, partnership = self.entity(membership.member), self.entity(membership.partnership)
        pillar = self.entity(membership.pillar) if membership.pillar else None
        node = self.mint.membership(statement.value, member.value, partnership.value, pillar.value if pillar else None)
        self.put(node, TYPE, pact("Membership"))
        self.put(node, pact("member"), member)
        self.put(node, pact("partnership"), partnership)
        if pillar:
            self.put(node, pact("pillar"), pillar)
        self.put(node, pact("status"), pact(f"status-{membership.status}"))
        self.put(node, pact("accordingTo"), statement)

    def put_time(self, time: TimeReference) -> None:
        node = self.time(time.span).value
        self.put(node, TYPE, pact("TimeReference"))
        self.put(node, pact("timeSpan"), self.span(time.span))
        self.put(node, pact("anchor"), pact(f"anchor-{time.anchor}"))
        self.put(node, pact("timex"), Literal(time.timex))
        if time.offset:
            self.put(node, pact("offset"), duration(time.offset))
        if time.earliest:
            self.put(node, pact("earliest"), _date(time.earliest.isoformat()))
        if time.latest:
            self.put(node, pact("latest"), _date(time.latest.isoformat()))

    # ---- what the nodes refer to; spans and unnamed sources are written as they are met

    def span(self, span: Span) -> NamedNode:
        text = self.document.article.text
        if span.end > len(text):
            message = f"A span at {span.start}-{span.end} runs past the end of the text, {len(text)} characters long."
            raise Unmappable(message)
        node = self.mint.span(self.article, span.start, span.end)
        self.put(node, TYPE, pact("Span"))
        self.put(node, term("oa", "start"), Literal(span.start))
        self.put(node, term("oa", "end"), Literal(span.end))
        self.put(node, term("oa", "exact"), Literal(span.of(text)))
        return NamedNode(node)

    def entity(self, entity: Entity) -> NamedNode:
        if entity.kind is not EntityKind.UNNAMED_SOURCE:
            return NamedNode(self.mint.entity(entity.path))
        start, _, end = entity.key.partition("-")
        node = self.mint.source(self.article, int(start), int(end))
        self.put(node, TYPE, pact("UnnamedSource"))
        self.put(node, term("skos", "prefLabel"), self.words(entity.label))
        if entity.affiliation:
            self.put(node, pact("affiliation"), self.entity(entity.affiliation))
        return NamedNode(node)

    def statement(self, key: StatementKey) -> NamedNode:
        if key not in self.statements:
            message = f"Something refers to a statement at {key.start}-{key.end} that the document does not have."
            raise Unmappable(message)
        return NamedNode(self.statements[key])

    def time(self, span: Span) -> NamedNode:
        if span not in self.times:
            message = f"A statement refers to a time at {span.start}-{span.end} that the document does not have."
            raise Unmappable(message)
        return NamedNode(self.mint.time(self.article, span.start, span.end))

    def partnerships(self) -> list[Entity]:
        """Return what the article is about as a whole: the partnerships its statements and memberships name."""
        named = [entity for statement in self.document.statements for entity in statement.about]
        named += [membership.partnership for membership in self.document.memberships]
        return [entity for entity in named if entity.kind is EntityKind.PARTNERSHIP]

    def words(self, label: str) -> Literal:
        return Literal(label, language=self.document.article.language.lower())

    def put(self, subject: str, predicate: NamedNode, value: NamedNode | Literal) -> None:
        self.quads.add(Quad(NamedNode(subject), predicate, value, self.graph))


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


def duration(offset: str) -> Literal:
    """Return an ISO 8601 duration as the canonical literal of years and months, or of days and time.

    ``P1M``, ``-P7D``, ``P2W``, ``PT48H``. Raises Unmappable for anything else, and for months and days together:
    how long that is depends on the month.
    """
    found = _DURATION.fullmatch(offset)
    if not found or offset.endswith(("P", "T")):
        message = f"{offset!r} is no duration; one is written as P1M or -P7D."
        raise Unmappable(message)
    count = {name: int(number or 0) for name, number in found.groupdict().items() if name != "sign"}
    months = 12 * count["years"] + count["months"]
    seconds = 86400 * (7 * count["weeks"] + count["days"])
    seconds += 3600 * count["hours"] + 60 * count["minutes"] + count["seconds"]
    if months and seconds:
        message = f"The duration {offset} mixes months and days; give one of them."
        raise Unmappable(message)
    sign = found["sign"] if months or seconds else ""
    if months or "Y" in offset or ("M" in offset and "T" not in offset):
        years, months = divmod(months, 12)
        parts = (f"{years}Y" if years else "") + (f"{months}M" if months or not years else "")
        return Literal(f"{sign}P{parts}", datatype=term("xsd", "yearMonthDuration"))
    days, seconds = divmod(seconds, 86400)
    hours, minutes, seconds = seconds // 3600, seconds % 3600 // 60, seconds % 60
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "") + (f"{seconds}S" if seconds else "")
    clock = clock or ("" if days else "0S")
    parts = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
    return Literal(f"{sign}P{parts}", datatype=term("xsd", "dayTimeDuration"))


_DURATION = re.compile(
    r"(?P<sign>-?)P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)


def _decimal(number: float) -> Literal:
    """Return a number to four places, in the form that the store keeps: ``0.9``, ``1``."""
    return Literal(f"{Decimal(repr(round(number, 4))).normalize():f}", datatype=term("xsd", "decimal"))


def _date(day: str) -> Literal:
    return Literal(day, datatype=term("xsd", "date"))


def _web_iri(address: str) -> NamedNode:
    """Return a web address as an IRI: characters that an IRI may not hold are percent-encoded."""
    return NamedNode(_NOT_IN_IRI.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), address))


_NOT_IN_IRI = re.compile(r"[\x00-\x20\x7f\"<>\[\]\\^`{|}]")
