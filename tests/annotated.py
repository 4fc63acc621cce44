"""Documents built from annotated articles: what tests of mapping, store and pipeline take in place of extraction."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

from loader.document import (
    Anchor,
    Article,
    Certainty,
    Document,
    Entity,
    EntityKind,
    Medium,
    Membership,
    MembershipStatus,
    Polarity,
    ReportMode,
    Section,
    SourceNaming,
    Span,
    Stance,
    Statement,
    StatementKey,
    StatementKind,
    Temporality,
    TimeReference,
)
from ontology.vocabulary import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

FOLDERS = {
    "actor": EntityKind.ORGANIZATION,
    "partnership": EntityKind.PARTNERSHIP,
    "pillar": EntityKind.PILLAR,
    "technology": EntityKind.TECHNOLOGY,
}


def annotated_document(path: Path, known: Callable[[str], Entity | None] = lambda _: None) -> Document:
    """Build the document that a gold JSON file describes; its text is the ``.txt`` beside it.

    ``known`` gives the entity at a path (``actor/japan``); what it does not know becomes an organisation,
    partnership, pillar or technology of the registry, by its folder. Unnamed sources with one affiliation and one
    naming are taken as one, first met where its source words first stand. An annotation without an outlet's date or
    kinds of statement leaves them out here too.
    """
    data = json.loads(path.read_text(encoding="utf-8"))
    meta = data["meta"]
    article = Article(
        text=canonical(path.with_suffix(".txt").read_bytes()),
        source=str(path),
        url=meta.get("url"),
        published=day(meta.get("published")),
        outlet=meta.get("outlet"),
        language=meta["language"],
        license=meta.get("licence"),
    )
    return _Annotation(article, data, known).document()


def day(iso: str | None) -> date | None:
    """Read a date where there is one."""
    return date.fromisoformat(iso) if iso else None


class _Annotation:
    def __init__(self, article: Article, data: dict[str, Any], known: Callable[[str], Entity | None]) -> None:
        self.article = article
        self.data = data
        self.known = known
        self.unnamed: dict[tuple[str, str], Entity] = {}
        self.keys = {entry["id"]: self.key(entry) for entry in data["statements"]}

    def document(self) -> Document:
        return Document(
            article=self.article,
            statements=tuple(self.statement(entry) for entry in self.data["statements"]),
            memberships=tuple(self.membership(entry) for entry in self.data["memberships"]),
            times=tuple(self.time(entry) for entry in self.data["times"]),
            boilerplate=spans(self.data["boilerplate"]),
        )

    def statement(self, entry: dict[str, Any]) -> Statement:
        cues = spans(entry["cueSpan"])
        times = {name: self.times(entry[name]) for name in ("utteranceTime", "eventTime")}
        return Statement(
            content=Span(entry["start"], entry["end"]),
            mode=ReportMode(code(entry["reportMode"])),
            naming=SourceNaming(code(entry["sourceNaming"])),
            section=Section(code(entry["section"])),
            certainty=Certainty(code(entry["certainty"])),
            polarity=Polarity(code(entry["polarity"])),
            temporality=Temporality(code(entry["temporality"])),
            kind=StatementKind(code(entry["kind"])) if entry.get("kind") else None,
            medium=Medium(code(entry["medium"])) if entry["medium"] else None,
            stance=Stance(code(entry["stance"])) if entry["stance"] else None,
            cue=cues[0] if cues else None,
            sources=spans(entry["sourceSpan"]),
            quotes=spans(entry["quoteSpan"]),
            verbatim=spans(entry["verbatimSpan"]),
            relays=spans(entry["relaySpan"]),
            hedges=spans(entry["hedgeSpan"]),
            speakers=tuple(self.entity(iri, entry) for iri in entry["speaker"]),
            on_behalf_of=tuple(self.entity(iri, entry) for iri in entry["onBehalfOf"]),
            relayed_by=tuple(self.entity(iri, entry) for iri in entry["relayedBy"]),
            stance_holders=tuple(self.entity(iri, entry) for iri in entry["stanceHolder"]),
            about=tuple(self.entity(iri, entry) for iri in entry["about"]),
            involves=tuple(self.entity(iri, entry) for iri in entry["involves"]),
            utterance_times=times["utteranceTime"],
            event_times=times["eventTime"],
            restates=tuple(self.keys[name] for name in entry["restates"]),
            derived_from=tuple(self.keys[name] for name in entry["derivedFrom"]),
            edited=bool(entry["editedQuote"]),
        )

    def membership(self, entry: dict[str, Any]) -> Membership:
        return Membership(
            member=self.entity(entry["member"], entry),
            partnership=self.entity(entry["partnership"], entry),
            status=MembershipStatus(entry["status"].removeprefix("status-")),
            according_to=self.keys[entry["accordingTo"]],
            pillar=self.entity(entry["pillar"], entry) if entry["pillar"] else None,
        )

    def time(self, entry: dict[str, Any]) -> TimeReference:
        return TimeReference(
            span=Span(entry["start"], entry["end"]),
            anchor=Anchor(entry["anchor"].removeprefix("anchor-")),
            timex=entry["timex"],
            offset=entry.get("offset"),
            earliest=day(entry["earliest"]),
            latest=day(entry["latest"]),
        )

    def times(self, words: Iterable[str]) -> tuple[Span, ...]:
        """Find the times by their words; of two with the same words the first is meant."""
        first = {entry["text"]: entry for entry in reversed(self.data["times"])}
        return tuple(Span(first[word]["start"], first[word]["end"]) for word in words)

    def entity(self, iri: str, entry: dict[str, Any]) -> Entity:
        if iri.startswith("unnamed:"):
            return self.unnamed_source(iri.removeprefix("unnamed:"), entry)
        folder, slug = iri.rsplit("/", 2)[1:]
        found = self.known(f"{folder}/{slug}")
        return found or Entity(FOLDERS[folder], slug, slug.replace("-", " ").title(), registered=True)

    def unnamed_source(self, affiliation: str, entry: dict[str, Any]) -> Entity:
        identity = (affiliation, code(entry["sourceNaming"]))
        if identity not in self.unnamed:
            words = spans(entry["sourceSpan"])[0]
            self.unnamed[identity] = Entity(
                EntityKind.UNNAMED_SOURCE,
                f"{words.start}-{words.end}",
                words.of(self.article.text),
                affiliation=self.entity(affiliation, entry) if affiliation else None,
            )
        return self.unnamed[identity]

    def key(self, entry: dict[str, Any]) -> StatementKey:
        cue = entry["cueSpan"][0][0] if entry["cueSpan"] else -1
        return StatementKey(entry["start"], entry["end"], cue)


def spans(pairs: Iterable[Iterable[int]]) -> tuple[Span, ...]:
    """Read ``[[start, end], …]``."""
    return tuple(Span(*pair) for pair in pairs)


def code(values: list[str]) -> str:
    """Read a code of one value: ``["mode-direct"]`` is ``direct``."""
    return values[0].split("-", 1)[1]
