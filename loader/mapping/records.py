"""What a document becomes in flat JSON: one object a statement, membership and time; no RDF, no store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loader.document import EntityKind
from loader.mapping.quads import Unmappable
from ontology.vocabulary import content_hash

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from loader.document import Document, Entity, Membership, Span, Statement, StatementKey, TimeReference
    from ontology.vocabulary import Mint


def record(document: Document, mint: Mint) -> dict[str, Any]:
    """Give the flat form of a document, ready for ``json.dumps``.

    ``statements``, ``memberships``, ``times`` and ``boilerplate`` are lists in order of the text; ``meta`` tells of
    the article. A statement's many-valued fields are sorted lists; a code keeps its prefix (``mode-direct``); an
    actor is its IRI, an unnamed one ``unnamed:`` and the IRI of its affiliation; spans are ``[start, end]``, the end
    not included; ``restates``, ``derivedFrom`` and ``accordingTo`` refer to ``id`` (``S1`` …). Raises Unmappable
    where they refer to a statement that is not there.
    """
    names = {statement.key: f"S{number}" for number, statement in enumerate(document.statements, start=1)}
    if len(names) < len(document.statements):
        message = "Two statements have the same content and the same cue."
        raise Unmappable(message)
    return {
        "meta": _meta(document, mint),
        "statements": [_flat_statement(statement, document, names, mint) for statement in document.statements],
        "memberships": [_flat_membership(membership, names, mint) for membership in document.memberships],
        "times": [_flat_time(time, document.article.text) for time in document.times],
        "boilerplate": _pairs(document.boilerplate),
    }


def _meta(document: Document, mint: Mint) -> dict[str, Any]:
    article = document.article
    return {
        "id": article.identifier,
        "article": mint.article(article.text, article.url),
        "title": article.title,
        "language": article.language,
        "published": _iso(article.published),
        "outlet": article.outlet,
        "url": article.url,
        "licence": article.license,
        "contentHash": "sha256:" + content_hash(article.text),
        "textLength": len(article.text),
    }


def _flat_statement(
    statement: Statement, document: Document, names: dict[StatementKey, str], mint: Mint
) -> dict[str, Any]:
    text = document.article.text
    return {
        "id": names[statement.key],
        "start": statement.content.start,
        "end": statement.content.end,
        "text": statement.content.of(text),
        "section": [f"section-{statement.section}"],
        "reportMode": [f"mode-{statement.mode}"],
        "sourceNaming": [f"naming-{statement.naming}"],
        "speaker": _iris(statement.speakers, mint),
        "speakerName": ", ".join(entity.label for entity in statement.speakers) or None,
        "onBehalfOf": _iris(statement.on_behalf_of, mint),
        "relayedBy": _iris(statement.relayed_by, mint),
        "kind": [f"kind-{statement.kind}"] if statement.kind else [],
        "medium": [f"medium-{statement.medium}"] if statement.medium else [],
        "stance": [f"stance-{statement.stance}"] if statement.stance else [],
        "stanceHolder": _iris(statement.stance_holders, mint),
        "certainty": [f"certainty-{statement.certainty}"],
        "polarity": [f"polarity-{statement.polarity}"],
        "temporality": [f"time-{statement.temporality}"],
        "about": _iris(statement.about, mint),
        "involves": _iris(statement.involves, mint),
        "cueSpan": _pairs([statement.cue] if statement.cue else []),
        "sourceSpan": _pairs(statement.sources),
        "hedgeSpan": _pairs(statement.hedges),
        "relaySpan": _pairs(statement.relays),
        "verbatimSpan": _pairs(statement.verbatim),
        "quoteSpan": _pairs(statement.quotes),
        "utteranceTime": [span.of(text) for span in sorted(statement.utterance_times)],
        "eventTime": [span.of(text) for span in sorted(statement.event_times)],
        "restates": _names(statement.restates, names),
        "derivedFrom": _names(statement.derived_from, names),
        "editedQuote": statement.edited,
        "confidence": None if statement.confidence is None else round(statement.confidence, 4),
        "extractor": "rules" if statement.model is None else "llm",
        "model": statement.model,
    }


def _flat_membership(membership: Membership, names: dict[StatementKey, str], mint: Mint) -> dict[str, Any]:
    return {
        "member": _iri(membership.member, mint),
        "partnership": _iri(membership.partnership, mint),
        "pillar": _iri(membership.pillar, mint) if membership.pillar else None,
        "status": f"status-{membership.status}",
        "accordingTo": _names([membership.according_to], names)[0],
    }


def _flat_time(time: TimeReference, text: str) -> dict[str, Any]:
    return {
        "start": time.span.start,
        "end": time.span.end,
        "text": time.span.of(text),
        "anchor": f"anchor-{time.anchor}",
        "timex": time.timex,
        "offset": time.offset,
        "earliest": _iso(time.earliest),
        "latest": _iso(time.latest),
    }


def _iri(entity: Entity, mint: Mint) -> str:
    if entity.kind is EntityKind.UNNAMED_SOURCE:
        return "unnamed:" + (_iri(entity.affiliation, mint) if entity.affiliation else "")
    return str(mint.entity(entity.path))


def _iris(entities: Iterable[Entity], mint: Mint) -> list[str]:
    return sorted({_iri(entity, mint) for entity in entities})


def _names(keys: Iterable[StatementKey], names: dict[StatementKey, str]) -> list[str]:
    try:
        return sorted((names[key] for key in keys), key=lambda name: int(name[1:]))
    except KeyError as error:
        message = f"something refers to a statement at {error.args[0]} which the document does not have"
        raise Unmappable(message) from None


def _pairs(spans: Iterable[Span]) -> list[list[int]]:
    return [[span.start, span.end] for span in sorted(spans)]


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
