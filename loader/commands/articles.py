"""The commands that read articles: load, extract, train."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loader.commands.console import (
    DEFAULT_STORE,
    AuthorityPath,
    Base,
    Json,
    Quiet,
    StorePath,
    Terminated,
    Wait,
    held_authority,
    progress,
    refuse,
    report,
    stoppable,
    tell,
)
from ontology.layout import StoreError
from ontology.vocabulary import DEFAULT_BASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loader.articles import Options
    from loader.links import Linked
    from loader.summary import Summary

app = typer.Typer()


Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH…",
        help="Files (.txt .md .html .mhtml .eml .json .jsonl .csv .rss, also .gz), folders, or - (standard input).",
    ),
]
Date = Annotated[str | None, typer.Option("--date", help="Date of publication, for articles that name none.")]
Outlet = Annotated[str | None, typer.Option("--outlet", help="Outlet, for articles that name none.")]
Url = Annotated[str | None, typer.Option("--url", help="Address, for one article that names none.")]
Language = Annotated[str | None, typer.Option("--language", help="Language tag, for articles that name none.")]
License = Annotated[str | None, typer.Option("--license", help="Licence, for articles that name none.")]
Author = Annotated[str | None, typer.Option("--author", help="Author, for articles that name none.")]
Markup = Annotated[str, typer.Option("--markup", help="What JSON texts are written in: auto, plain, markdown or html.")]
Limit = Annotated[int, typer.Option("--limit", help="The longest article that is read, in characters.", min=1)]
FieldMap = Annotated[
    str, typer.Option("--map", help="Fields of records and tables: title=headline,text=body,date=meta.published.")
]
InputFormat = Annotated[
    str | None,
    typer.Option("--input-format", help="txt, md, html, mhtml, eml, json, jsonl, csv or rss; else by the file's name."),
]
Encoding = Annotated[str | None, typer.Option("--encoding", help="Encoding of text files that are not UTF-8.")]
Least = Annotated[
    float, typer.Option("--min-confidence", help="Leave out statements less sure than this.", min=0, max=1)
]
Workers = Annotated[int | None, typer.Option("--workers", help="Processes that read articles; else by need.", min=1)]
Timeout = Annotated[
    float, typer.Option("--timeout", help="Seconds that reading one article may take; else it is skipped.", min=0.1)
]
Profile = Annotated[
    str, typer.Option("--profile", help="best, or fast: a fifth less time, fewer persons and bodies known by name.")
]
Llm = Annotated[
    str | None,
    typer.Option("--llm", metavar="URL", help="Ask a model at this OpenAI-compatible address who said what; see docs."),
]
LlmModel = Annotated[str | None, typer.Option("--llm-model", help="The model's name there.")]
Tagger = Annotated[
    Path | None,
    typer.Option("--tagger", help="A model of `pactgraph train`, which keeps or drops what the rules find."),
]
LlmTime = Annotated[float, typer.Option("--llm-timeout", help="Seconds that it may take for an article.", min=1)]


@app.command(epilog="Example: `pactgraph load articles/ --outlet 'Al Mayadeen' --store my-store`")
def load(
    paths: Paths,
    *,
    store: StorePath = DEFAULT_STORE,
    date: Date = None,
    outlet: Outlet = None,
    url: Url = None,
    author: Author = None,
    language: Language = None,
    licence: License = None,
    field_map: FieldMap = "",
    input_format: InputFormat = None,
    encoding: Encoding = None,
    markup: Markup = "auto",
    limit: Limit = 1_000_000,
    min_confidence: Least = 0.0,
    workers: Workers = None,
    timeout: Timeout = 300.0,
    profile: Profile = "best",
    llm: Llm = None,
    llm_model: LlmModel = None,
    llm_timeout: LlmTime = 120.0,
    tagger: Tagger = None,
    link: Annotated[bool, typer.Option("--link/--no-link", help="Link new actors to Wikidata at the end.")] = True,
    authority: AuthorityPath = None,
    base: Base = DEFAULT_BASE,
    wait: Wait = 30.0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Read articles and store what they say: one named graph for each article.

    The same article again changes nothing; another text of the same address is kept as a revision of the one before.
    """
    known = {"date": date, "outlet": outlet, "url": url, "author": author, "language": language, "license": licence}
    options = reading_options(known, field_map, input_format, encoding, markup, limit)
    reader = _reader(profile, llm, llm_model, llm_timeout, tagger)
    settings = {"base": base, "wait": wait, "plan": _plan(workers, timeout, llm, llm_timeout), "least": min_confidence}
    held = held_authority(authority) if link else None
    try:
        with stoppable():
            summary, links = load_into(paths, options, store, quiet=quiet, extractor=reader, authority=held, **settings)
    except KeyboardInterrupt as stopped:
        tell("Stopped; what was loaded before stays, and the same command adds the rest.", quiet=quiet)
        if isinstance(stopped, Terminated):
            raise typer.Exit(128 + signal.SIGTERM) from None
        raise
    report(summary, "loaded", quiet=quiet, as_json=as_json, links=links)
    raise typer.Exit(0 if summary.is_whole and not (links and links.problems) else 1)


@app.command(epilog="Example: `pactgraph extract article.txt --out readings/`")
def extract(
    paths: Paths,
    *,
    out: Annotated[Path, typer.Option("--out", help="The folder to write to: one file for each article.")],
    form: Annotated[str, typer.Option("--format", "-f", help="json (statements with offsets) or nq (quads).")] = "json",
    date: Date = None,
    outlet: Outlet = None,
    url: Url = None,
    author: Author = None,
    language: Language = None,
    licence: License = None,
    field_map: FieldMap = "",
    input_format: InputFormat = None,
    encoding: Encoding = None,
    markup: Markup = "auto",
    limit: Limit = 1_000_000,
    min_confidence: Least = 0.0,
    workers: Workers = None,
    timeout: Timeout = 300.0,
    profile: Profile = "best",
    llm: Llm = None,
    llm_model: LlmModel = None,
    llm_timeout: LlmTime = 120.0,
    tagger: Tagger = None,
    base: Base = DEFAULT_BASE,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Read articles and write what they say into files, without a store."""
    from loader import pipeline

    if form not in list(pipeline.Form):
        refuse(f"{form!r} is no format of an extract; json and nq are.")
    known = {"date": date, "outlet": outlet, "url": url, "author": author, "language": language, "license": licence}
    options = reading_options(known, field_map, input_format, encoding, markup, limit)
    reader = _reader(profile, llm, llm_model, llm_timeout, tagger)
    settings = pipeline.Settings(pipeline.Form(form), base, min_confidence, reader)
    with _articles(paths, options, quiet=quiet) as articles:
        summary = pipeline.extract(articles, out, settings=settings, plan=_plan(workers, timeout, llm, llm_timeout))
    report(summary, f"written to {out}", quiet=quiet, as_json=as_json)
    raise typer.Exit(0 if summary.is_whole else 1)


@app.command(epilog="Example: `pactgraph train corpus/ --out model.json`, then `pactgraph load … --tagger model.json`")
def train(
    corpus: Annotated[Path, typer.Argument(help="A folder of NAME.txt, each with its statements in NAME.json.")],
    *,
    out: Annotated[Path, typer.Option("--out", help="The model to write; its card is written beside it, as .md.")],
    quiet: Quiet = False,
) -> None:
    """Learn from annotated articles which of the attributions that the rules find are to be kept.

    The statements are in the form that `pactgraph extract` writes. The same corpus gives the same bytes.
    """
    from loader.extraction.training import CorpusError
    from loader.extraction.training import train as learn
    from loader.registry import Registry

    try:
        trained = learn(corpus, Registry.load())
        out.write_bytes(trained.arbiter.to_bytes())
        out.with_suffix(".md").write_text(trained.card(corpus.name), encoding="utf-8")
    except CorpusError as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{out} cannot be written: {error.strerror or error}.")
    tell(f"Trained on {trained.articles:,} articles: {out}, and {out.with_suffix('.md')} tells of it.", quiet=quiet)


def load_into(
    paths: list[str], options: Options, place: Path, *, quiet: bool = False, authority: Any = None, **settings: Any
) -> tuple[Summary, Linked | None]:
    """Load articles into the store at ``place``, and have its links follow them.

    A store that is not there is made, unless no article can be read. Without an ``authority`` the actors wait for their
    links.
    """
    from loader import links, pipeline
    from loader.registry import Registry
    from loader.storage.store import Store
    from loader.summary import Problem, failed

    base = settings.get("base", DEFAULT_BASE)
    chosen = pipeline.Settings(base=base, least=settings.get("least", 0.0), extractor=settings.get("extractor"))
    registry = Registry.load()
    with _articles(paths, options, quiet=quiet) as found:
        errors, articles = _first_article(found)
        if articles is None and not place.exists():
            return failed(Problem(each.source, each.line, each.message, each.fatal) for each in errors), None
        whole = chain(errors, articles or ())
        with Store.open(place, base=base, registry=registry, wait=settings.get("wait", 30.0)) as store:
            summary = pipeline.load(whole, store, settings=chosen, plan=settings.get("plan"))
            try:
                return summary, links.follow(store, registry, authority) if authority is not None else None
            except StoreError as error:  # what was loaded is loaded
                problem = Problem(str(place), None, f"The articles are stored, but not linked. {error}")
                return summary, links.Linked({}, (problem,))


def _first_article(found: Iterator[Any]) -> tuple[list[Any], Iterator[Any] | None]:
    """Return the errors before the first article, and the articles from it on; None where there is no article."""
    from loader.document import Article

    errors: list[Any] = []
    for each in found:
        if isinstance(each, Article):
            return errors, chain([each], found)
        errors.append(each)
    return errors, None


def _plan(workers: int | None, seconds: float, llm: str | None, answering: float) -> Any:
    """Return over how many processes to read, by need or in this one where a model elsewhere does the work; how long.

    What a model elsewhere may take for its answer comes on top of the time for reading.
    """
    from loader.processes import Plan

    if llm is not None:
        return Plan(workers=workers or 1, seconds=seconds + answering)
    return Plan(workers=workers, seconds=seconds)


def _reader(profile: str, llm: str | None, model: str | None, seconds: float, tagger: Path | None) -> Any:
    """Return what makes the extractor where the command line asks for another than the default."""
    if llm is None and model is not None:
        refuse("--llm-model needs --llm, the address where the model answers.")
    if profile not in ("fast", "best"):
        refuse(f"{profile!r} is no profile; fast and best are.")
    if llm is not None and tagger is not None:
        refuse("--llm and --tagger exclude each other.")
    if llm is None and tagger is None and profile == "best":
        return None
    from functools import partial

    from loader.extraction import Profile, make_extractor
    from loader.extraction.attribution.arbiter import ModelError, read_arbiter
    from loader.extraction.attribution.server import Server, ServerError

    if llm is not None and model is None:
        refuse("--llm needs --llm-model, the name of the model that is to answer.")
    try:
        key = os.environ.get("PACTGRAPH_LLM_KEY") or None
        server = Server(llm, model or "", key, seconds) if llm is not None else None
        arbiter = read_arbiter(tagger) if tagger is not None else None
    except (ServerError, ModelError) as error:
        refuse(str(error))
    return partial(make_extractor, profile=Profile(profile), server=server, arbiter=arbiter)


def reading_options(  # noqa: PLR0917 (the options of the command line, in its order)
    known: dict[str, str | None] | None = None,
    names: str = "",
    form: str | None = None,
    encoding: str | None = None,
    markup: str = "auto",
    limit: int = 1_000_000,
) -> Options:
    """Return how to read, as the command line says."""
    from loader.articles import Format, Markup, Options, defaults, field_map

    for value, kind, values in ((form, "format of articles", Format), (markup, "markup", Markup)):
        if value is not None and value not in list(values):
            refuse(f"{value!r} is no {kind}; {', '.join(values)} are.")
    return Options(
        defaults=defaults(**(known or {})),
        field_map=field_map(names) if names else {},
        format=Format(form) if form else None,
        encoding=encoding,
        markup=Markup(markup),
        limit=limit,
    )


@contextmanager
def _articles(paths: list[str], options: Options, *, quiet: bool) -> Iterator[Any]:
    """Give the articles of the inputs, with a progress bar over their bytes."""
    from loader.articles import find_inputs, read_articles

    inputs = find_inputs(paths, options.format)
    with progress("Reading", "bytes", quiet=quiet, total=inputs.size or None) as told:
        stdin = sys.stdin.buffer if sys.stdin else None  # none where whoever started us closed it
        yield read_articles(inputs, options=options, stdin=stdin, progress=told)
    if inputs.skipped:
        files = "file" if inputs.skipped == 1 else "files"
        kinds = ", ".join(sorted({suffix or "no suffix" for suffix in inputs.passed_over}))
        tell(f"{inputs.skipped:,} other {files} in the folders passed over ({kinds}).", quiet=quiet)
