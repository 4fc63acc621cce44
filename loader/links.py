"""The links of a store and of texts to an authority: made, judged by a person, compared, and stored with their facts.

Like the pipeline it knows several stages: what extraction names, linking decides and the store holds.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from loader.document import Article, EntityKind, NoText
from loader.linking.entities import judge as link_each
from loader.linking.entities import link as link_entities
from loader.linking.entities import subjects
from loader.linking.externals import chained, kept
from loader.linking.facts import linked
from loader.linking.linker import Linker
from loader.linking.review import Sheet, counted, judged, keep_aside, open_review, read_review, save_review
from loader.linking.rows import Row, Verdict, single, undoubted, united
from loader.linking.scene import Named
from loader.linking.sssom import quads as link_quads
from loader.linking.sssom import rows as link_rows
from loader.linking.sssom import write
from loader.mapping.matches import EXACT_MATCH, TARGET, WIKIDATA
from loader.mapping.metadata import LinkedBy, software
from loader.mapping.terms import pact
from loader.registry import Registry
from loader.storage.exports import snapshot
from loader.storage.store import Store
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
    """What linking a store did.

    ``counts`` is how many of the entities have which verdict, ``problems`` what there is to say of the review file;
    ``other`` is the authority, by name and version, whose links the store keeps because another was offered.
    """

    counts: dict[str, int]
    problems: tuple[Problem, ...] = ()
    other: str = ""


def link(store: Store, registry: Registry, authority: Authority, review: Review | None = None) -> Linked:
    """Link the entities of a store, write the review file and the graph of links, and publish them.

    The graph also has the ids elsewhere that the authority gives for what is accepted (`loader.linking.externals`).
    A function of the loaded articles, the registry, the authority and the review file alone. Rows of persons on
    entities that the store no longer names stay in the file alone. ``review`` stands for the store's own review file.
    Raises StoreError where the store or the file cannot be written.
    """
    mint = store.mint
    held = review or open_review(store.layout.root, mint)
    known, auto = registry.quads(mint), store.quads(mint.auto_graph)
    rows = single(united(link_each(subjects(known, auto), authority, mint), held.persons))
    there = {str(getattr(quad.subject, "value", "")) for quad in (*known, *auto)}
    text = write(rows, mint)
    stands = [row for row in rows if row.subject in there]
    by = _by(text, registry, authority)
    problems = keep_aside(store.layout.root, held.problems)
    store.decisions.replace([*link_quads(stands, mint), *chained(stands, authority, mint)], registry, by=by)
    save_review(store.layout.root, text)
    store.publish()
    return Linked(counted(row.verdict for row in rows), problems)


def follow(store: Store, registry: Registry, authority: Authority) -> Linked | None:
    """Have the links of a store follow its articles: what `link` would make of it, with less work.

    Judged are only the actors whose facts changed since they were linked, and those that belong to them; everything,
    where the store was never linked, or the registry, the review file or the release of the authority is another.
    Where the store was linked by an authority of another name, only the links of actors that are gone are taken away.
    Returns None where there was nothing to do. Raises StoreError.
    """
    text = read_review(store.layout.root)
    by = store.decisions.made_by()
    if by is None or by.authority != authority.name:
        return _withdraw(store, registry, by) if by else link(store, registry, authority)
    if by != _by(text, registry, authority):
        return link(store, registry, authority)
    awaiting = store.decisions.awaited()
    if not awaiting:
        return None
    sheet = Sheet(text, store.mint)
    _amend(store, registry, authority, sheet, _belonging(store, awaiting))
    return Linked(sheet.counts(), ())


def _amend(
    store: Store,
    registry: Registry,
    authority: Authority,
    sheet: Sheet,
    about: set[str],
    *,
    persons: Iterable[Row] = (),
) -> None:
    """Judge some entities anew, and have the decisions on others follow where one id is claimed by both.

    ``persons`` stand for what the sheet has of persons on these entities, where they are given.
    """
    mint = store.mint
    auto = [quad for each in about for quad in store.quads(mint.auto_graph, each)]
    around = [str(getattr(quad.object, "value", "")) for quad in auto if quad.predicate in _AROUND]
    seen = set(about)
    while around:  # whom they belong to, through others
        each = around.pop()
        if each not in seen:
            seen.add(each)
            above = store.quads(mint.auto_graph, each)
            auto += above
            around += [str(getattr(quad.object, "value", "")) for quad in above if quad.predicate in _AROUND]
    found = subjects(registry.quads(mint), auto)
    said = tuple(persons) or tuple(row for row in sheet.about(sorted(about)) if row.is_reviewed)
    old = link_rows((quad for each in about for quad in store.decisions.on(each)), mint)
    new = united(link_each(found, authority, mint, about), said)
    rivals = _rivals(store, {row.target for row in map(undoubted, (*old, *new)) if row.verdict is Verdict.ACCEPTED})
    settled = single(map(undoubted, (*new, *(row for row in rivals if row.subject not in about))))
    changed = about | {row.subject for row in {*settled} - {*rivals}}
    others = [row for each in changed - about for row in link_rows(store.decisions.on(each), mint) if row not in rivals]
    rows = [*(row for row in settled if row.subject in changed), *others]
    sheet.put(changed, rows)
    text = sheet.text()
    there = {str(getattr(quad.subject, "value", "")) for quad in auto} | {each.iri for each in found}
    stands = [row for row in rows if row.subject in there or row.subject not in about]
    by = _by(text, registry, authority)
    store.decisions.replace([*link_quads(stands, mint), *chained(stands, authority, mint)], registry, of=changed, by=by)
    save_review(store.layout.root, text)
    store.publish()


def _rivals(store: Store, targets: set[str]) -> set[Row]:
    """Return the rows of a store by which an entity claims one of these ids."""
    links = store.mint.links_graph
    quads = [quad for target in targets for quad in store.quads(links, None, TARGET, WIKIDATA + target)]
    nodes = {quad.subject.value for quad in quads if isinstance(quad.subject, NamedNode)}
    rows = link_rows((quad for node in nodes for quad in store.quads(links, node)), store.mint)
    return {row for row in rows if undoubted(row).verdict is Verdict.ACCEPTED}


def _belonging(store: Store, actors: Iterable[str]) -> set[str]:
    """Return these actors and all that belong to them or sit in them, through others too."""
    found: set[str] = set()
    ahead = list(actors)
    while ahead:
        each = ahead.pop()
        if each not in found:
            found.add(each)
            below = [quad for by in _AROUND for quad in store.quads(store.mint.auto_graph, None, by, each)]
            ahead += [quad.subject.value for quad in below if isinstance(quad.subject, NamedNode)]
    return found


def _withdraw(store: Store, registry: Registry, by: LinkedBy) -> Linked | None:
    """Take the links of actors away that no article names any more; what only another authority can tell waits."""
    waiting = store.decisions.awaited()
    if not waiting:
        return None
    gone = {each for each in waiting if not store.quads(store.mint.auto_graph, each)}
    held = open_review(store.layout.root, store.mint)
    left = [row for row in held.rows if row.subject not in gone or row.is_reviewed]
    settled, as_before = single(map(undoubted, left)), frozenset(left)
    free = {row.subject for row in settled if row not in as_before}.difference(waiting)
    rows = [row for row in settled if row in as_before or row.subject in free]
    stands = [row for row in rows if row.subject in free]
    text = write(rows, store.mint)
    problems = keep_aside(store.layout.root, held.problems)
    store.decisions.replace(link_quads(stands, store.mint), registry, of=gone | free, by=replace(by, digest=""))
    save_review(store.layout.root, text)
    store.publish()
    return Linked(counted(row.verdict for row in rows), problems, by.authority)


def _by(text: str, registry: Registry, authority: Authority) -> LinkedBy:
    """Return what decisions are made by, with a digest of all that they hang on beside the actors of articles."""
    parts = f"{registry.digest} {software()} {authority.name} {authority.version} {text}"
    return LinkedBy(authority.name, hashlib.sha256(parts.encode()).hexdigest())


def judge(  # noqa: PLR0917 (as the command line has them)
    path: Path, base: str, entity: str, verdict: str, target: str, reviewer: str, authority: Authority | None = None
) -> tuple[Problem, ...]:
    """Note a person's judgement on an entity in the review file of the store at ``path``; its graphs follow at once.

    The ids elsewhere of what is accepted come from ``authority``, if it is given, and go with their link. Where it is
    the one by which the store was linked, others of the same id are judged anew. Returns what there is to say of the
    review file. Raises BadJudgement for a judgement that cannot be noted, StoreError where the store cannot be written.
    """
    registry, mint = Registry.load(), Mint(base)
    with Store.open(path, base=base, registry=registry) as store:
        text = read_review(path)
        held = open_review(path, mint)
        subject = entity if entity.startswith(base) else base + entity
        today = datetime.now(UTC).date().isoformat()
        persons = judged(held, subject, Verdict(verdict), target, by=reviewer, on=today)
        if authority is not None and store.decisions.made_by() == _by(text, registry, authority):
            own = [row for row in persons if row.subject == subject]
            _amend(store, registry, authority, Sheet(text, mint), {subject}, persons=own)
            return ()
        rows = single(united((undoubted(row) for row in held.rows if not row.is_reviewed), persons))
        stands = [
            row
            for row in rows
            if any(store.quads(each, row.subject) for each in (mint.registry_graph, mint.auto_graph))
        ]
        found = kept(store.quads(mint.links_graph), rows, mint)
        if authority is not None:
            found += chained([row for row in stands if row.subject == subject], authority, mint)
        problems = keep_aside(path, held.problems)
        store.decisions.replace([*link_quads(stands, mint), *found], registry)
        save_review(path, write(rows, mint))
        store.publish()
        return problems


def link_changes(path: Path, authority: Authority, base: str) -> Iterator[str]:
    """Give a line for each decision that linking the store at ``path`` anew would add ("+") or take away ("-")."""
    mint = Mint(base)
    held = open_review(path, mint)
    with snapshot(path) as (data, _):
        auto = list(data.quads_for_pattern(None, None, None, NamedNode(mint.auto_graph)))
    new = single(united(link_each(subjects(Registry.load().quads(mint), auto), authority, mint), held.persons))
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
        except NoText:
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


_AROUND = (pact("affiliation"), pact("basedIn"))
