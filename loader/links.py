"""The links of a store and of texts to an authority: made, judged by a person, compared, and stored with their facts.

Like the pipeline it knows several stages: what extraction names, linking decides and the store holds.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from loader.document import Article, EntityKind
from loader.exports import snapshot
from loader.linking.entities import link as link_entities
from loader.linking.entities import subjects
from loader.linking.externals import chained, kept
from loader.linking.facts import linked
from loader.linking.linker import Linker
from loader.linking.review import judged, open_review, save_review
from loader.linking.scene import Named
from loader.linking.sssom import Verdict, united
from loader.linking.sssom import quads as link_quads
from loader.matches import EXACT_MATCH
from loader.registry import Registry
from loader.store import Store
from loader.summary import Problem
from ontology.vocabulary import Mint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from loader.document import Document
    from loader.linking.exchange import Text
    from loader.linking.facts import Facts, Source
    from loader.linking.linker import Link
    from loader.linking.review import Review
    from ontology.authority import Authority


@dataclass(frozen=True, slots=True)
class Linked:
    """What linking a store did: how many entities have which verdict, and what there is to say of the review file."""

    counts: dict[str, int]
    problems: tuple[Problem, ...]


def link(store: Store, registry: Registry, authority: Authority, review: Review | None = None) -> Linked:
    """Link the entities of a store, write the review file and the graph of links, and publish them.

    The graph also has the ids elsewhere that the authority gives for what is accepted (`loader.linking.externals`).
    A function of the loaded articles, the registry, the authority and the review file alone. ``review`` stands for
    the store's own review file. Raises StoreError where the store or the file cannot be written.
    """
    held = review or open_review(store.layout.root, store.mint)
    found = subjects(registry.quads(store.mint), store.quads(store.mint.auto_graph))
    rows = held.with_machine(link_entities(found, authority, store.mint))
    store.link([*link_quads(rows, store.mint), *chained(rows, authority, store.mint)], registry)
    save_review(store.layout.root, rows, store.mint)
    store.publish()
    return Linked(dict(sorted(Counter(str(row.verdict) for row in rows).items())), held.problems)


def judge(path: Path, base: str, entity: str, verdict: str, target: str, reviewer: str) -> None:  # noqa: PLR0917 (as the command line has them)
    """Note a person's judgement on an entity in the review file of the store at ``path``; its graphs follow.

    Ids elsewhere go with their link; those of a link that is new come when the store is linked anew.
    Raises BadJudgement for one that cannot be noted, StoreError where the store cannot be written.
    """
    registry, mint = Registry.load(), Mint(base)
    with Store.open(path, base=base, registry=registry) as store:
        held = open_review(path, mint)
        subject = entity if entity.startswith(base) else base + entity
        today = datetime.now(UTC).date().isoformat()
        persons = judged(held, subject, Verdict(verdict), target, by=reviewer, on=today)
        rows = united((row for row in held.rows if not row.is_reviewed), persons)
        store.link([*link_quads(rows, mint), *kept(store.quads(mint.links_graph), rows, mint)], registry)
        save_review(path, rows, mint)
        store.publish()


def link_changes(path: Path, authority: Authority, base: str) -> Iterator[str]:
    """Give a line for each decision that linking the store at ``path`` anew would add ("+") or take away ("-")."""
    mint = Mint(base)
    held = open_review(path, mint)
    with snapshot(path) as (data, _):
        auto = list(data.quads_for_pattern(None, None, None, NamedNode(mint.auto_graph)))
    new = held.with_machine(link_entities(subjects(Registry.load().quads(mint), auto), authority, mint))
    before = {(row.subject, row.verdict, row.target) for row in held.rows}
    after = {(row.subject, row.verdict, row.target) for row in new}
    for subject, verdict, target in sorted(before ^ after):
        mark = "-" if (subject, verdict, target) in before else "+"
        yield f"{mark} {subject.removeprefix(base)} {verdict} {target}".rstrip()


def fetch_facts(path: Path, source: Source, *, wait: float = 30.0) -> tuple[int, Facts]:
    """Have what a source states of the linked entities as the graph of facts of the store at ``path``.

    Returns how many entities are linked, and the facts. The store is open to other writers while the source is asked;
    ``wait`` is how many seconds to wait for one after that. Errors of the source pass through, and the graph then is as
    it was. Raises StoreError.
    """
    with snapshot(path) as (data, mint):
        items = linked(data.quads_for_pattern(None, EXACT_MATCH, None, NamedNode(mint.registry_graph)))
    found = source.facts(items)
    with Store.open(path, base=mint.base, wait=wait) as store:
        store.state(found.triples)
        store.publish()
    return len(items), found


def link_texts(
    texts: Iterable[Text | Problem], authority: Authority, *, given: bool, adjectives: bool = False
) -> Iterator[tuple[Text, tuple[Link, ...]] | Problem]:
    """Give each text with the links of its names: those at the places given, or those that are found in it.

    Found names that only tell of which state something is ("Japanese", "U.S. forces") are left out unless
    ``adjectives`` are wanted.
    """
    from loader.extraction import Extractor  # noqa: PLC0415 (spaCy takes a second to import; only texts need it)

    registry = Registry.load()
    linker = Linker(authority, known_links(registry, authority), registry.capitals())
    extractor = Extractor(registry)
    for text in texts:
        if isinstance(text, Problem):
            yield text
            continue
        try:
            read = named_in(next(iter(extractor.read_all([Article(text.text, text.doc_id, published=text.published)]))))
        except ValueError:  # a text without a word
            read = ()
        if given:
            yield text, linker.link_given(text.text, text.mentions, read, text.published)
        else:
            links = linker.link_text(text.text, read, text.published)
            yield text, tuple(each for each in links if adjectives or not each.is_adjective)


def named_in(document: Document) -> tuple[Named, ...]:
    """Return the names that extraction found outside boilerplate."""
    return tuple(
        Named(
            mention.span,
            mention.entity.kind,
            mention.entity.path if mention.entity.registered else None,
            mention.entity.label,
        )
        for mention in document.mentions
        if mention.entity.kind is not EntityKind.UNNAMED_SOURCE
    )


def known_links(registry: Registry, authority: Authority) -> dict[str, str]:
    """Return the id of each entity of the registry that has one: its stated link, or that of its ISO code."""
    mint = Mint()
    rows = link_entities(subjects(registry.quads(mint), ()), authority, mint)
    return {row.subject.removeprefix(mint.base): row.target for row in rows if row.verdict is Verdict.ACCEPTED}
