"""The steps in order: articles are read, extracted, mapped, held against the shapes, and stored.

Extraction, mapping and validation may run in worker processes; reading and storing stay in this one, in the order of
the input, so that the outcome hangs neither on the number of workers nor on their speed.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias
from urllib.parse import quote

from pyoxigraph import RdfFormat, parse

from loader.articles import STANDARD_INPUT, ArticleError
from loader.document import Article
from loader.language import other_language
from loader.mapping.actors import actor_quads
from loader.mapping.namesakes import distinguish
from loader.mapping.quads import Unmappable, contributions, known_outlet, line, rows
from loader.mapping.records import record
from loader.processes import Lost, Plan, Ready, in_order
from loader.registry import Registry
from loader.storage.exports import Unexportable
from loader.storage.store import Collision, Store
from loader.summary import Ledger, Outcome, Problem, Seconds, Summary
from ontology.conformance import Conformance, row
from ontology.vocabulary import DEFAULT_BASE, Mint

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from loader.document import Document, Statement
    from loader.mapping.actors import Naming
    from ontology.conformance import Violation
    from ontology.values import Row

    Articles: TypeAlias = Iterable[Article | ArticleError]


class Reader(Protocol):
    """What extraction is to the pipeline: articles in, a document for each out, in order."""

    def read_all(self, articles: Iterable[Article]) -> Iterator[Document]:
        """Yield the document of each article."""


class Form(StrEnum):
    """What a document becomes."""

    QUADS = "nq"
    RECORD = "json"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a worker makes of articles: which form, under which base, from which confidence on.

    ``extractor`` makes what reads them out of the registry; None stands for `loader.extraction.Extractor`. Statements
    less sure than ``least`` are left out, with what rests on them; those without a confidence stay.
    """

    form: Form = Form.QUADS
    base: str = DEFAULT_BASE
    least: float = 0.0
    extractor: Callable[[Registry], Reader] | None = None


def load(
    articles: Articles,
    store: Store,
    *,
    settings: Settings | None = None,
    plan: Plan | None = None,
    told: Callable[[Outcome], None] = lambda _: None,
) -> Summary:
    """Load articles into a store, one transaction each, and publish them while the run goes on.

    ``settings.base`` has to be the store's. Unless the ``plan`` says how many workers read, a few short articles are
    read in this process, and more in as many workers as there are cores. ``told`` hears of each article when it is
    done. What cannot be read, takes too long, breaks the shapes, or comes a second time is told in the summary. Raises
    StoreError where the store takes nothing more; what was stored before stays. Raises WorkerError where no worker can
    start.
    """
    ledger = Ledger()

    def put(article: Article, made: _Made) -> Outcome | Problem:
        try:
            return Outcome(store.put(list(parse(made.content, format=RdfFormat.N_QUADS)), made.namings))
        except Collision as error:
            return Problem(article.source, article.line, str(error))

    chosen = settings or Settings(base=store.mint.base)
    with store.run():
        _Run(chosen, ledger, put).over(articles, plan, told)
    ledger.spend(publishing=store.publishing)
    return ledger.summary()


def extract(
    articles: Articles,
    out: Path,
    *,
    settings: Settings,
    plan: Plan | None = None,
    told: Callable[[Outcome], None] = lambda _: None,
) -> Summary:
    """Write what is extracted from each article into a file of the folder ``out``, which is made if need be.

    The file is named after the article's own, or, for an article of a file of many, after its identifier, or else its
    id. Two articles with one name are an error of the second. Quads are held against the shapes first, records are
    not. Raises Unexportable where the folder cannot be written, WorkerError where no worker can start.
    """
    ledger = Ledger()
    mint = Mint(settings.base)
    sources: dict[str, str] = {}

    def put(article: Article, made: _Made) -> Outcome | Problem:
        name = f"{_name(article, mint)}.{settings.form}"
        if name in sources:
            message = f"Its output would be {name}, which is that of {sources[name]} already."
            return Problem(article.source, article.line, message)
        sources[name] = str(Problem(article.source, article.line, "")).removesuffix(": ")
        with _writing(out):
            fresh = out / f".{name}.new"
            fresh.write_bytes(made.content)
            fresh.replace(out / name)
        return Outcome.WRITTEN

    with _writing(out):
        out.mkdir(parents=True, exist_ok=True)
    _Run(settings, ledger, put).over(articles, plan, told)
    return ledger.summary()


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"{out} cannot be written: {error.strerror or error}."
        raise Unexportable(message) from error


# ---- in a worker


@dataclass(frozen=True, slots=True)
class _Made:
    """One article in its form, as bytes, with what the store and the summary need to know of it."""

    content: bytes
    namings: tuple[Naming, ...]
    statements: int
    quads: int
    seconds: Seconds


@dataclass(frozen=True, slots=True)
class _Mapped:
    """One article as quads that were not held against the shapes yet."""

    text: str
    graph: Sequence[Row]
    namings: tuple[Naming, ...]
    statements: int
    quads: int
    seconds: Seconds


@dataclass(frozen=True, slots=True)
class _Refused:
    """An article that has no form, and why."""

    reason: str
    seconds: Seconds


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of an article before any work: it is unreadable, or a duplicate; no outcome for a mere remark."""

    outcome: Outcome | None
    problem: Problem


_Result: TypeAlias = _Made | _Refused | _Known


class Workshop:
    """What one process needs to turn articles into their form."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._mint = Mint(settings.base)
        self._registry = Registry.load()
        self._extractor = (
            _extractor(self._registry) if settings.extractor is None else settings.extractor(self._registry)
        )
        is_held = settings.form is Form.QUADS
        self._conformance = Conformance(self._registry.quads(self._mint)) if is_held else None

    def __call__(self, articles: Sequence[Article]) -> Iterator[_Result]:
        """Yield the form of each article, in order. An error of the extractor passes through."""
        mapped: list[_Mapped | _Refused] = []
        started = time.perf_counter()
        for document in self._extractor.read_all(articles):
            spent = _Clock(extraction=time.perf_counter() - started)
            kept = distinguish(confident(document, self._settings.least), self._registry)
            if self._conformance is None:
                yield self._record(kept, spent)
            else:
                mapped.append(self._mapped(kept, spent))
                if sum(each.quads for each in mapped if isinstance(each, _Mapped)) >= _QUADS_AT_ONCE:
                    yield from self._held(mapped, self._conformance)
            started = time.perf_counter()
        if self._conformance is not None:
            yield from self._held(mapped, self._conformance)

    def _record(self, document: Document, spent: _Clock) -> _Made | _Refused:
        try:
            flat = json.dumps(record(document, self._mint), ensure_ascii=False, indent=1) + "\n"
        except Unmappable as error:
            return _Refused(str(error), spent.until("mapping"))
        return _Made(flat.encode(), (), len(document.statements), 0, spent.until("mapping"))

    def _mapped(self, document: Document, spent: _Clock) -> _Mapped | _Refused:
        outlet = known_outlet(document, self._registry)
        try:
            graph = rows(document, self._mint, outlet)
            namings = contributions(document, self._mint, outlet)
        except Unmappable as error:
            return _Refused(str(error), spent.until("mapping"))
        return _Mapped(
            document.article.text, graph, namings, len(document.statements), len(graph), spent.until("mapping")
        )

    def _held(self, mapped: list[_Mapped | _Refused], conformance: Conformance) -> Iterator[_Result]:
        """Hold what was mapped against the shapes, together, and empty the list; time is shared out by the quads."""
        graphs = [each for each in mapped if isinstance(each, _Mapped)]
        started = time.perf_counter()
        several = [
            (
                [*each.graph, *(row(quad) for one in each.namings for quad in actor_quads({one: 1}, self._mint))],
                each.text,
            )
            for each in graphs
        ]
        reports = iter(conformance.reports(several))
        del several
        share = (time.perf_counter() - started) / (sum(each.quads for each in graphs) or 1)
        del graphs
        while mapped:  # each, which may be large, is let go of before it is written
            yield self._written(mapped.pop(0), share, reports)

    def _written(
        self, mapped: _Mapped | _Refused, share: float, reports: Iterator[tuple[Violation, ...]]
    ) -> _Made | _Refused:
        if isinstance(mapped, _Refused):
            return mapped
        seconds = mapped.seconds + Seconds(validation=share * mapped.quads)
        report = next(reports)
        if report:
            return _Refused("It breaks the shapes: " + "; ".join(map(str, report)) + ".", seconds)
        started = time.perf_counter()
        content = "".join(map(line, mapped.graph)).encode()
        seconds += Seconds(mapping=time.perf_counter() - started)
        return _Made(content, mapped.namings, mapped.statements, mapped.quads, seconds)


class _Clock:
    """The time spent on one article, step after step."""

    def __init__(self, **spent: float) -> None:
        self._spent = Seconds(**spent)
        self._since = time.perf_counter()

    def until(self, step: str) -> Seconds:
        """Note that a step has ended; return all that was spent so far."""
        now = time.perf_counter()
        self._spent += Seconds(**{step: now - self._since})
        self._since = now
        return self._spent


def _extractor(registry: Registry) -> Reader:
    from loader.extraction import Extractor  # noqa: PLC0415 (spaCy takes a second to import; only workers need it)

    return Extractor(registry)


def confident(document: Document, least: float) -> Document:
    """Leave out the statements that are less sure than ``least``, with the memberships and references to them."""

    def stays(statement: Statement) -> bool:
        return statement.confidence is None or statement.confidence >= least

    if all(map(stays, document.statements)):
        return document
    kept = [statement for statement in document.statements if stays(statement)]
    keys = {statement.key for statement in kept}
    return replace(
        document,
        statements=tuple(
            replace(
                statement,
                restates=tuple(key for key in statement.restates if key in keys),
                derived_from=tuple(key for key in statement.derived_from if key in keys),
            )
            for statement in kept
        ),
        memberships=tuple(each for each in document.memberships if each.according_to in keys),
    )


# ---- in this process


@dataclass(frozen=True, slots=True)
class _Run:
    """One run over articles; ``put`` takes each where it belongs and says what became of it."""

    settings: Settings
    ledger: Ledger
    put: Callable[[Article, _Made], Outcome | Problem]

    def over(self, articles: Articles, plan: Plan | None, told: Callable[[Outcome], None]) -> None:
        """Have every article made and put, in the order of the input."""
        stream = _checked(articles, Mint(self.settings.base), self.ledger)
        head = list(islice(stream, _FEW))
        chosen = _staffed(plan or Plan(workers=None), head)
        self.ledger.workers = chosen.workers or 1
        with closing(_results(chain(head, stream), self.settings, chosen)) as results:  # closing ends the workers
            for article, result in results:
                outcome = self._settled(article, result)
                if outcome is not None:
                    self.ledger.outcomes[outcome] += 1
                    told(outcome)

    def _settled(self, article: Article | None, result: _Result | Lost) -> Outcome | None:
        if isinstance(result, _Known):
            self.ledger.problems.append(result.problem)
            return result.outcome
        assert article is not None  # noqa: S101 (only what was known beforehand comes without one)
        if isinstance(result, Lost):
            return self._noted(Outcome.FAILED, Problem(article.source, article.line, result.reason))
        self.ledger.seconds += result.seconds
        if isinstance(result, _Refused):
            return self._noted(Outcome.REFUSED, Problem(article.source, article.line, result.reason))
        started = time.perf_counter()
        outcome = self.put(article, result)
        self.ledger.spend(storing=time.perf_counter() - started)
        if isinstance(outcome, Problem):
            return self._noted(Outcome.REFUSED, outcome)
        self.ledger.statements += result.statements
        self.ledger.quads += result.quads
        return outcome

    def _noted(self, outcome: Outcome, problem: Problem) -> Outcome:
        self.ledger.problems.append(problem)
        return outcome


def _results(
    items: Iterable[Article | Ready[_Result]], settings: Settings, plan: Plan
) -> Generator[tuple[Article | None, _Result | Lost]]:
    return in_order(items, partial(Workshop, settings), plan, _weight)


def _checked(articles: Articles, mint: Mint, ledger: Ledger) -> Iterator[Article | Ready[_Result]]:
    """Pass each article on once, and problems in their place."""
    seen: set[int] = set()
    started = time.perf_counter()
    for found in articles:
        ledger.spend(reading=time.perf_counter() - started)
        if isinstance(found, ArticleError):
            problem = Problem(found.source, found.line, found.message, found.fatal)
            yield Ready(_Known(Outcome.FAILED if found.fatal else None, problem))
        else:
            yield _once(found, mint, seen)
        started = time.perf_counter()


def _once(article: Article, mint: Mint, seen: set[int]) -> Article | Ready[_Result]:
    """Pass an article on unless it was seen before or is not English; of those seen only ids are kept, as numbers."""
    try:
        identity = int(mint.article(article.text, article.url).rsplit("/", 1)[1], 16)
    except ValueError as error:  # its address is none
        return Ready(_Known(Outcome.FAILED, Problem(article.source, article.line, str(error))))
    if identity in seen:
        message = "It is the same text at the same address as an article before it; only the first was taken."
        return Ready(_Known(Outcome.DUPLICATE, Problem(article.source, article.line, message, fatal=False)))
    seen.add(identity)
    reason = other_language(article)
    if reason is not None:
        return Ready(_Known(Outcome.REFUSED, Problem(article.source, article.line, reason)))
    return article


def _staffed(plan: Plan, head: Sequence[object]) -> Plan:
    """Say how many workers read, where the plan does not: a few short articles are read before others are ready."""
    if plan.workers is not None:
        return plan
    weight = sum(_weight(article) for article in head if isinstance(article, Article))
    is_little = len(head) < _FEW and weight < _LIGHT
    return replace(plan, workers=1 if is_little else len(os.sched_getaffinity(0)))


def _weight(article: Article) -> int:
    return len(article.text)


def _name(article: Article, mint: Mint) -> str:
    """Return what a file for the article alone is called, without its ending."""
    if article.line is None and article.source != STANDARD_INPUT:
        path = Path(article.source)
        return (path.with_suffix("") if path.suffix.lower() == ".gz" else path).stem
    name = quote(article.identifier or "", safe=" ")
    if not name.strip(".") or len(name) > _LONGEST_NAME:
        return mint.article(article.text, article.url).rsplit("/", 1)[1]
    return name


_LIGHT = 100_000  # characters, likewise
_FEW = 8  # articles that one process reads in the time that another takes to start
_QUADS_AT_ONCE = 8_000  # held against the shapes together: some eight articles
_LONGEST_NAME = 200  # characters; file systems take 255 bytes, and the ending is among them
