"""The front door: the command line ``pactgraph``, and nothing else.

Exit codes: 0 all went well, 1 some of the input was skipped or breaks the shapes, 2 the command could not start or
could not go on. Each command imports what it needs when it runs, so that none waits for what another needs.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
import tempfile
from contextlib import closing, contextmanager
from dataclasses import asdict
from importlib.metadata import version
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from ontology.layout import StoreError
from ontology.vocabulary import DEFAULT_BASE, PREFIXES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from loader.articles import Options
    from loader.summary import Summary
    from ontology.conformance import Violation

app = typer.Typer(
    name="pactgraph",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="From news articles to a knowledge graph of who said what about which partnership, served over SPARQL.",
    epilog="Start with `pactgraph demo`. Every command shows an example: `pactgraph load --help`.",
)

DEFAULT_STORE = Path("pactgraph-store")
_LIMITS = "Limits"
_CALLS = "Other services"

StorePath = Annotated[Path, typer.Option("--store", help="The store's directory.", envvar="PACTGRAPH_STORE")]
Base = Annotated[str, typer.Option("--base", help="What the IRIs of the data begin with.", envvar="PACTGRAPH_BASE")]
Wait = Annotated[float, typer.Option("--wait", help="Seconds to wait for another process that writes.", min=0)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but problems.")]
Json = Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")]
Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH…", help="Files (.txt .md .json .jsonl .html, also .gz), folders, or - for standard input."
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
    str, typer.Option("--map", help="Fields of JSON records: title=headline,text=body,date=meta.published.")
]
InputFormat = Annotated[
    str | None, typer.Option("--input-format", help="txt, md, json, jsonl or html; else by the file's name.")
]
Encoding = Annotated[str | None, typer.Option("--encoding", help="Encoding of text files that are not UTF-8.")]
Least = Annotated[
    float, typer.Option("--min-confidence", help="Leave out statements less sure than this.", min=0, max=1)
]
Workers = Annotated[int | None, typer.Option("--workers", help="Processes that read articles; else by need.", min=1)]
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
Port = Annotated[int, typer.Option("--port", help="The port to listen on; 0 takes a free one.", min=0, max=65535)]


def main() -> None:
    """Run the command line; a user's mistake is one sentence on standard error, never a traceback."""
    from endpoint.protocol import ProtocolError
    from loader.articles import InputError
    from loader.exports import Unexportable
    from loader.linking.courier import LiveError
    from loader.processes import WorkerError

    try:
        app()
    except (StoreError, InputError, Unexportable, ProtocolError, WorkerError, LiveError) as error:
        typer.echo(f"pactgraph: {error}", err=True)
        sys.exit(2)
    except BrokenPipeError:  # whoever reads our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        sys.exit(130)


@app.callback(invoke_without_command=True)
def about(
    *, show: Annotated[bool, typer.Option("--version", help="Print the version and end.", is_eager=True)] = False
) -> None:
    """Print the version where it is asked for."""
    if show:
        typer.echo(f"pactgraph {version('pactgraph')}")
        raise typer.Exit


@app.command(epilog="Example: `pactgraph demo --no-serve`")
def demo(
    *,
    serve: Annotated[bool, typer.Option(help="Serve the graph after the table, until stopped with Ctrl-C.")] = True,
    port: Port = 8000,
    store: Annotated[Path | None, typer.Option(help="Keep the store here; else it goes when the demo ends.")] = None,
) -> None:
    """Load the seed article, show in a table what it says, and serve the graph."""
    from endpoint.terminal import TABLE, first_question

    with tempfile.TemporaryDirectory(prefix="pactgraph-") as folder, as_file(files("seeds")) as seeds:
        place = store or Path(folder) / "store"
        _tell("Reading the seed article …")
        summary = _load([str(path) for path in sorted(seeds.glob("*.txt"))], _options(), place)
        _report(summary, "loaded", quiet=False, as_json=False)
        _ask(place, first_question(), TABLE)
        if serve:
            _serve(place, port=port)


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
    profile: Profile = "best",
    llm: Llm = None,
    llm_model: LlmModel = None,
    llm_timeout: LlmTime = 120.0,
    tagger: Tagger = None,
    base: Base = DEFAULT_BASE,
    wait: Wait = 30.0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Read articles and store what they say: one named graph for each article.

    The same article again changes nothing; another text of the same address is kept as a revision of the one before.
    """
    known = {"date": date, "outlet": outlet, "url": url, "author": author, "language": language, "license": licence}
    options = _options(known, field_map, input_format, encoding, markup, limit)
    reader = _reader(profile, llm, llm_model, llm_timeout, tagger)
    settings = {"base": base, "wait": wait, "plan": _plan(workers, llm, llm_timeout), "least": min_confidence}
    summary = _load(paths, options, store, quiet=quiet, extractor=reader, **settings)
    _report(summary, "loaded", quiet=quiet, as_json=as_json)
    raise typer.Exit(0 if summary.is_whole else 1)


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
        _refuse(f"{form!r} is no format of an extract; json and nq are.")
    known = {"date": date, "outlet": outlet, "url": url, "author": author, "language": language, "license": licence}
    options = _options(known, field_map, input_format, encoding, markup, limit)
    reader = _reader(profile, llm, llm_model, llm_timeout, tagger)
    settings = pipeline.Settings(pipeline.Form(form), base, min_confidence, reader)
    with _articles(paths, options, quiet=quiet) as articles:
        summary = pipeline.extract(articles, out, settings=settings, plan=_plan(workers, llm, llm_timeout))
    _report(summary, f"written to {out}", quiet=quiet, as_json=as_json)
    raise typer.Exit(0 if summary.is_whole else 1)


links_app = typer.Typer(no_args_is_help=True, help="Look through the links of a store, and judge them.")
app.add_typer(links_app, name="links")

AuthorityPath = Annotated[
    Path | None, typer.Option("--authority", help="An authority file; else ours.", envvar="PACTGRAPH_AUTHORITY")
]
Reviewer = Annotated[
    str, typer.Option("--reviewer", help="Who judges: orcid:0000-0001-2345-6789.", envvar="PACTGRAPH_REVIEWER")
]
Entity = Annotated[str, typer.Argument(metavar="ENTITY", help="Its path or IRI: actor/japan.")]
Qid = Annotated[str, typer.Argument(metavar="QID", help="The Wikidata id: Q17.")]


@app.command(epilog="Example: `pactgraph link --store my-store` or `pactgraph link --text texts.jsonl`")
def link(
    *,
    given: Annotated[Path | None, typer.Option(help="JSON lines with the places of the names; - for input.")] = None,
    text: Annotated[Path | None, typer.Option(help="JSON lines whose names are to be found; - for input.")] = None,
    adjectives: Annotated[bool, typer.Option(help="With --text: also 'Japanese' and 'U.S. forces'.")] = False,
    details: Annotated[bool, typer.Option(help="Tell of each decision what it rests on.")] = False,
    authority: AuthorityPath = None,
    live: Annotated[
        bool, typer.Option("--live", help="Ask Wikidata for names that the file lacks; needs --contact.")
    ] = False,
    service: Annotated[str | None, typer.Option(help="With --live: a reconciliation service's address.")] = None,
    contact: Annotated[
        str, typer.Option(help="With --live: where its operators reach you.", envvar="PACTGRAPH_CONTACT")
    ] = "",
    offline: Annotated[bool, typer.Option("--offline", help="With --live: take kept answers alone.")] = False,
    cache: Annotated[Path, typer.Option(help="With --live: where answers are kept.")] = Path("pactgraph-live.sqlite"),
    store: StorePath = DEFAULT_STORE,
    base: Base = DEFAULT_BASE,
    wait: Wait = 30.0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Link the actors, partnerships and technologies of a store to Wikidata, or the names in texts.

    Accepted links stand in the registry's graph; every decision in the graph of links, and in links.sssom.tsv.
    """
    if given and text:
        _refuse("Give --given or --text, not both.")
    held = _authority(authority)
    if live:
        held = _live(held, service, contact, cache, offline=offline)
    if given or text:
        _link_texts(given or text or Path(), held, given=given is not None, adjectives=adjectives, details=details)
    _link_store(store, held, base, wait, quiet=quiet, as_json=as_json)


@links_app.command(epilog="Example: `pactgraph links review --limit 10`")
def review(
    *,
    limit: Annotated[int, typer.Option(help="How many to show at most.", min=1)] = 50,
    store: StorePath = DEFAULT_STORE,
    base: Base = DEFAULT_BASE,
) -> None:
    """List the links that nobody judged yet, the least certain first."""
    from loader.linking.review import by_uncertainty, open_review
    from ontology.vocabulary import Mint

    found = open_review(_existing(store), Mint(base))
    for problem in found.problems:
        typer.echo(f"pactgraph: {problem}", err=True)
    for row in by_uncertainty(found.rows)[:limit]:
        path = row.subject.removeprefix(base)
        typer.echo(
            f"{row.confidence or 0:.2f}  {row.verdict:9}  {path}  {row.label}  ->  {row.target}  {row.target_label}"
        )


@links_app.command(epilog="Example: `pactgraph links accept partnership/aukus Q108556886 --reviewer orcid:0000-0001-…`")
def accept(
    entity: Entity, qid: Qid, *, reviewer: Reviewer, store: StorePath = DEFAULT_STORE, base: Base = DEFAULT_BASE
) -> None:
    """Say that an entity is the one with this id; no later run of the linker changes that."""
    _judge(store, base, entity, "accepted", qid, reviewer)


@links_app.command(epilog="Example: `pactgraph links reject actor/james-jones Q935931 --reviewer orcid:0000-0001-…`")
def reject(
    entity: Entity, qid: Qid, *, reviewer: Reviewer, store: StorePath = DEFAULT_STORE, base: Base = DEFAULT_BASE
) -> None:
    """Say that an entity is not the one with this id; the pair is never proposed again."""
    _judge(store, base, entity, "rejected", qid, reviewer)


@links_app.command(epilog="Example: `pactgraph links nil actor/a-local-council --reviewer orcid:0000-0001-…`")
def nil(entity: Entity, *, reviewer: Reviewer, store: StorePath = DEFAULT_STORE, base: Base = DEFAULT_BASE) -> None:
    """Say that there is no id for an entity."""
    _judge(store, base, entity, "nil", "", reviewer)


@links_app.command(epilog="Example: `pactgraph links diff --authority mine.sqlite`")
def diff(*, authority: AuthorityPath = None, store: StorePath = DEFAULT_STORE, base: Base = DEFAULT_BASE) -> None:
    """Show what linking the store anew, or with another authority, would change; nothing is written."""
    from loader import links

    for line in links.link_changes(_existing(store), _authority(authority), base):
        typer.echo(line)


@links_app.command(epilog="Example: `pactgraph links fetch --from latest-all.json.bz2 --property P17`")
def fetch(
    *,
    source: Annotated[Path | None, typer.Option("--from", help="Entities in JSON: a dump, .jsonl; also .gz.")] = None,
    service: Annotated[str | None, typer.Option(help="Or a SPARQL service's address; needs --contact.")] = None,
    contact: Annotated[
        str, typer.Option(help="With --service: where its operators reach you.", envvar="PACTGRAPH_CONTACT")
    ] = "",
    properties: Annotated[
        list[str] | None, typer.Option("--property", help="What to copy, P17; else P17, P31 and P39.")
    ] = None,
    store: StorePath = DEFAULT_STORE,
    wait: Wait = 30.0,
    quiet: Quiet = False,
) -> None:
    """Copy what Wikidata states of the linked entities into the graph of facts, for questions without a network.

    The graph is replaced whole. A service that stops answering changes nothing; the next run goes on from there.
    """
    import sqlite3

    from loader import links
    from loader.linking import facts
    from loader.linking.cache import Cache
    from loader.linking.courier import Courier, Settings
    from loader.linking.dump import Unreadable

    if (source is None) == (service is None):
        _refuse("Give --from, a file of entities, or --service, the address of a SPARQL service.")
    partial = _existing(store) / "facts.partial.sqlite"
    try:
        chosen = facts.checked(properties or ())
        if source is not None:
            items, found = links.fetch_facts(store, facts.EntityFile(source, chosen), wait=wait)
        else:
            courier = Courier(Settings(contact), None, f"pactgraph/{version('pactgraph')}", accept=facts.RESULTS)
            with closing(Cache(partial)) as progress:
                asked = facts.Service(service or "", chosen, courier, progress)
                items, found = links.fetch_facts(store, asked, wait=wait)
            partial.unlink(missing_ok=True)
    except (facts.Unfetchable, Unreadable) as error:
        _refuse(str(error))
    except sqlite3.Error as error:
        _refuse(f"{partial} cannot be used ({error}); remove it, and let its folder be writable.")
    for problem in found.problems:
        typer.echo(f"pactgraph: {problem}", err=True)
    _tell(f"Facts: {len(found.triples):,} triples of {items:,} linked entities.", quiet=quiet)
    raise typer.Exit(1 if found.problems else 0)


authority_app = typer.Typer(no_args_is_help=True, help="Look into the file of who a name may mean, or build your own.")
app.add_typer(authority_app, name="authority")


@authority_app.command(epilog="Example: `pactgraph authority info NATO`")
def info(
    text: Annotated[str | None, typer.Argument(metavar="[NAME|ID]", help="Whom it names; without, the file.")] = None,
    *,
    authority: AuthorityPath = None,
) -> None:
    """Say what an authority holds, or whom a name may mean in it, with the evidence for each."""
    with _authority(authority) as held:
        if text is None:
            typer.echo("\n".join(f"{key}: {value}" for key, value in held.meta.items()))
            return
        known = held.entity(text)
        for each in [known] if known else [hit.entity for hit in held.candidates(text)]:
            typer.echo(f"{each.id}  {each.label} ({each.type}, {each.status}) {each.description}".rstrip())
            for source, locator in held.evidence(each.id):
                typer.echo(f"    {source}: {locator}")


@authority_app.command(epilog="Example: `pactgraph authority build --from latest-all.json.bz2 --out world.sqlite`")
def build(
    *,
    sources: Annotated[
        list[Path],
        typer.Option("--from", help="JSON dump, .jsonl entities, .srj answer, .tsv or .parquet; also .gz .bz2 .zst."),
    ],
    out: Annotated[Path, typer.Option("--out", help="The authority file to write.")],
    classes: Annotated[list[str] | None, typer.Option("--class", help="Keep instances of this class, Q5.")] = None,
    sitelinks: Annotated[int, typer.Option("--sitelinks", help="Keep what has at least so many.", min=0)] = 0,
    languages: Annotated[list[str] | None, typer.Option("--language", help="Keep names in it, en.")] = None,
    name: Annotated[str, typer.Option("--name", help="What the authority is called.")] = "wikidata",
    date: Annotated[str, typer.Option("--date", help="The day of the sources, 2026-09-18.")] = "",
    quiet: Quiet = False,
) -> None:
    """Build an authority from Wikidata's own files; a build that was stopped goes on where it was."""
    from loader.linking import builder, dump

    choice = dump.Choice(frozenset(classes or ()), sitelinks, frozenset(languages or ()))
    total = sum(path.stat().st_size for path in sources if path.is_file())
    told: Callable[[Any], None] = lambda each: typer.echo(f"pactgraph: {each}", err=True)  # noqa: E731 (a line to read)
    try:
        with _bar("Reading", "bytes", quiet=quiet, total=total or None) as step:
            made = builder.build(sources, out, choice=choice, name=name, date=date, tell=told, progress=step)
    except (dump.Unreadable, OSError) as error:
        _refuse(str(error))
    _tell(f"{out}: {made.counts.entities:,} entities, {made.counts.names:,} names.", quiet=quiet)
    raise typer.Exit(1 if made.problems else 0)


@authority_app.command("build-core", epilog="Example: `pactgraph authority build-core --out core.sqlite`")
def build_core(
    *,
    out: Annotated[Path, typer.Option("--out", help="The authority file to write; its manifest goes beside.")],
    packages: Annotated[Path, typer.Option("--packages", help="Where the packages are kept.")] = Path("packages"),
) -> None:
    """Build the authority that Pactgraph ships, from pinned packages of npm and PyPI: the same bytes each time."""
    from loader.linking import core
    from loader.linking.packages import PackageError

    try:
        made = core.build_core(out, packages)
    except (core.Disagreement, PackageError) as error:
        _refuse(str(error))
    _tell(f"{out}: {made['entities']:,} entities, {made['names']:,} names, SHA-256 {made['sha256']}.")


def _existing(store: Path) -> Path:
    from ontology.layout import Layout

    Layout(store).check()
    return store


def _live(held: Any, service: str | None, contact: str, kept: Path, *, offline: bool) -> Any:
    from loader.linking.cache import Cache
    from loader.linking.courier import Courier, Settings
    from loader.linking.live import Beside, MediaWiki, Reconciliation

    agent = f"pactgraph/{version('pactgraph')}"
    courier = Courier(Settings(contact, offline), Cache(kept), agent)
    return Beside(held, Reconciliation(courier, service) if service else MediaWiki(courier))


def _authority(path: Path | None) -> Any:
    from ontology.authority import AuthorityError, open_authority

    try:
        if path is not None:
            return open_authority(path)
        with as_file(files("seeds").joinpath("authority", "core.sqlite")) as ours:
            return open_authority(ours)
    except AuthorityError as error:
        _refuse(str(error))


def _link_texts(path: Path, held: Any, *, given: bool, adjectives: bool, details: bool) -> NoReturn:
    from loader import links
    from loader.linking.exchange import read_texts, record
    from loader.summary import Problem

    skipped = False
    try:
        with sys.stdin.buffer if str(path) == "-" else path.open("rb") as file:
            texts = read_texts(file, str(path), given=given)
            for found in links.link_texts(texts, held, given=given, adjectives=adjectives):
                if isinstance(found, Problem):
                    skipped = True
                    typer.echo(f"pactgraph: {found}", err=True)
                else:
                    typer.echo(json.dumps(record(*found, details=details), ensure_ascii=False))
    except OSError as error:
        _refuse(f"{path} cannot be read: {error.strerror or error}.")
    raise typer.Exit(1 if skipped else 0)


def _link_store(
    store: Path, held: Any, base: str, wait: float = 30.0, *, quiet: bool = False, as_json: bool = False
) -> None:
    from loader import links
    from loader.registry import Registry
    from loader.store import Store

    registry = Registry.load()
    with Store.open(_existing(store), base=base, registry=registry, wait=wait) as opened:
        done = links.link(opened, registry, held)
    for problem in done.problems:
        typer.echo(f"pactgraph: {problem}", err=True)
    if as_json:
        typer.echo(json.dumps(done.counts))
    else:
        told = ", ".join(f"{count:,} {verdict}" for verdict, count in done.counts.items()) or "nothing to link"
        _tell(f"Links: {told}; {store / 'links.sssom.tsv'} has them all.", quiet=quiet)
    raise typer.Exit(1 if done.problems else 0)


def _judge(  # noqa: PLR0917 (as the commands have them)
    store: Path, base: str, entity: str, verdict: str, qid: str, reviewer: str
) -> None:
    """Note a person's judgement in the review file, and have the graphs follow it."""
    from loader import links
    from loader.linking.review import BadJudgement

    try:
        links.judge(_existing(store), base, entity, verdict, qid, reviewer)
    except BadJudgement as error:
        _refuse(str(error))
    _tell(f"Noted: {entity} {verdict} {qid}".rstrip() + ".")


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
        _refuse(str(error))
    except OSError as error:
        _refuse(f"{out} cannot be written: {error.strerror or error}.")
    _tell(f"Trained on {trained.articles:,} articles: {out}, and {out.with_suffix('.md')} tells of it.", quiet=quiet)


@app.command(epilog="Example: `pactgraph unload https://example.org/news/1` or `pactgraph unload 05908f127f035a79`")
def unload(
    names: Annotated[
        list[str], typer.Argument(metavar="ARTICLE…", help="Article's IRI, id or address; or an imported graph's IRI.")
    ],
    *,
    store: StorePath = DEFAULT_STORE,
    base: Base = DEFAULT_BASE,
    wait: Wait = 30.0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Remove articles from the store, with the actors that only they name."""
    from loader.store import NoSuchArticle, Store
    from ontology.layout import Layout

    Layout(store).check()
    removed: list[str] = []
    missing: list[str] = []
    with Store.open(store, base=base, wait=wait) as held:
        for name in names:
            try:
                removed.extend(held.unload(name))
            except NoSuchArticle as error:
                missing.append(name)
                typer.echo(f"pactgraph: {error}", err=True)
        held.publish()
    if as_json:
        typer.echo(json.dumps({"unloaded": removed, "missing": missing}))
    else:
        _tell("\n".join([f"Unloaded {len(removed)}:", *removed]) if removed else "Nothing was unloaded.", quiet=quiet)
    raise typer.Exit(1 if missing else 0)


@app.command("import", epilog="Example: `pactgraph import facts.ttl.gz --graph https://example.org/facts`")
def import_(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="RDF: .nt .nq .ttl .trig .rdf .jsonld, each also .gz.")
    ],
    *,
    graph: Annotated[str | None, typer.Option(help="The graph for triples; else {base}user/{file name}.")] = None,
    store: StorePath = DEFAULT_STORE,
    base: Base = DEFAULT_BASE,
    wait: Wait = 30.0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Bulk-load your own RDF beside the articles: each file whole or not at all."""
    from loader.imports import Unimportable
    from loader.store import Store

    counts: dict[str, int] = {}
    failed: list[str] = []
    with Store.open(store, base=base, wait=wait) as held:
        for path in paths:
            with _bar(f"Importing {path.name}", "quads", quiet=quiet) as told:
                try:
                    counts[str(path)] = held.import_rdf(path, graph, told)
                except Unimportable as error:
                    failed.append(str(path))
                    typer.echo(f"pactgraph: {error}", err=True)
        held.publish()
    if as_json:
        typer.echo(json.dumps({"imported": counts, "failed": failed, "quads": sum(counts.values())}))
    else:
        _tell(f"Imported {sum(counts.values()):,} quads from {len(counts)} of {len(paths)} files.", quiet=quiet)
    raise typer.Exit(1 if failed else 0)


@app.command(epilog="Example: `pactgraph query 'SELECT ?words WHERE { ?s pact:text ?words } LIMIT 3'`")
def query(
    text: Annotated[str, typer.Argument(metavar="QUERY", help="SPARQL, or @FILE; our prefixes need no declaration.")],
    *,
    store: StorePath = DEFAULT_STORE,
    form: Annotated[
        str, typer.Option("--format", "-f", help="table, json, xml, csv, tsv; for graphs ttl, nt, rdf, jsonld.")
    ] = "table",
) -> None:
    """Ask the store a question; the answer goes to standard output."""
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            _refuse(f"The query {text[1:]} cannot be read: {getattr(error, 'strerror', None) or error}.")
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the engine notices no other interruption
    _ask(store, text, form)


@app.command(epilog="Example: `pactgraph export graph.nq` or `pactgraph export - --format ttl | less`")
def export(
    out: Annotated[str, typer.Argument(metavar="OUT", help="The file to write (.gz compresses), or - for output.")],
    *,
    store: StorePath = DEFAULT_STORE,
    form: Annotated[
        str | None, typer.Option("--format", "-f", help="nq, trig, jsonld, nt, ttl or rdf; else by OUT's name.")
    ] = None,
    provenance: Annotated[bool, typer.Option(help="Tell also by which run, and when, each graph came.")] = False,
    quiet: Quiet = False,
) -> None:
    """Write the whole store as RDF; equal sets of articles give equal bytes."""
    from loader import exports

    if out == "-":
        exports.export(store, sys.stdout.buffer, form=form or "nq", provenance=provenance)
    else:
        count = exports.export(store, Path(out), form=form or exports.form_of(out), provenance=provenance)
        _tell(f"Wrote {count:,} triples to {out}.", quiet=quiet)


@app.command(epilog="Example: `pactgraph validate` for the store, `pactgraph validate mine.ttl` for a file")
def validate(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]…", help="RDF files; without any, the store.")
    ] = None,
    *,
    store: StorePath = DEFAULT_STORE,
    base: Base = DEFAULT_BASE,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Hold the store, or files of RDF, against the shapes of the vocabulary."""
    found = _violations(paths, store, base)
    if as_json:
        typer.echo(json.dumps({"conforms": not found, "violations": [asdict(each) for each in found]}))
    else:
        for violation in found:
            typer.echo(str(violation))
        _tell(f"{len(found):,} violations." if found else "Everything conforms to the shapes.", quiet=quiet)
    raise typer.Exit(1 if found else 0)


@app.command(epilog="Example: `pactgraph serve --store my-store --port 8000`")
def serve(
    *,
    store: StorePath = DEFAULT_STORE,
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for every network.")] = "127.0.0.1",
    port: Port = 8000,
    default_graph: Annotated[
        str, typer.Option(help="What a query that names no graph asks: union (of all named graphs) or plain.")
    ] = "union",
    base: Base = DEFAULT_BASE,
    root_path: Annotated[str, typer.Option(help="The path that a proxy puts before ours.")] = "",
    proxy: Annotated[
        str, typer.Option("--trust-proxy", help="Addresses of proxies whose X-Forwarded headers are believed.")
    ] = "127.0.0.1",
    timeout: Annotated[
        float, typer.Option(help="Seconds that one query may take.", min=0.01, rich_help_panel=_LIMITS)
    ] = 30.0,
    max_result: Annotated[
        int, typer.Option(help="MB that one answer may have.", min=1, rich_help_panel=_LIMITS)
    ] = 1024,
    workers: Annotated[
        int | None, typer.Option(help="Queries that run at once; else two per core.", min=2, rich_help_panel=_LIMITS)
    ] = None,
    queue: Annotated[int, typer.Option(help="Queries that may wait.", min=1, rich_help_panel=_LIMITS)] = 256,
    memory: Annotated[
        int | None,
        typer.Option(
            help="MB for holding the store in memory (0: on disk); else a quarter of all.",
            min=0,
            rich_help_panel=_LIMITS,
        ),
    ] = None,
    cache: Annotated[int, typer.Option(help="MB for answers that are kept.", min=0, rich_help_panel=_LIMITS)] = 64,
    services: Annotated[
        list[str] | None,
        typer.Option("--allow-service", metavar="URL", help="A service that SERVICE may call.", rich_help_panel=_CALLS),
    ] = None,
    contact: Annotated[
        str, typer.Option(help="Who to write to, told to services that are called.", rich_help_panel=_CALLS)
    ] = "",
    authority: AuthorityPath = None,
    log: Annotated[
        str, typer.Option(help="What is logged to standard error: warnings, requests (JSON lines) or nothing.")
    ] = "warnings",
) -> None:
    """Answer SPARQL over HTTP, with a query page at /, until stopped with Ctrl-C.

    Read-only, unless the environment's PACTGRAPH_TOKEN holds the bearer token for writes.
    """
    from endpoint.remote import check_service
    from endpoint.settings import Limits

    if default_graph not in ("union", "plain"):
        _refuse(f"The default graph is union or plain, not {default_graph!r}.")
    for url in services or ():
        try:
            check_service(url)
        except ValueError as error:
            _refuse(str(error))
    _set_up_logging(log)
    _set_up_tracing()
    chosen = {} if workers is None else {"workers": workers}
    limits = Limits(seconds=timeout, result=max_result << 20, queue=queue, **chosen)
    budget = {} if memory is None else {"memory": memory << 20}
    agent = f"pactgraph/{version('pactgraph')}" + (f" ({contact})" if contact else "")
    options = {"base": base, "default_graph": default_graph, "cache": cache << 20, "limits": limits, **budget}
    calls = {"services": tuple(services or ()), "agent": agent, "authority": _authority(authority)}
    _serve(store, host=host, port=port, root_path=root_path, proxy=proxy, **options, **calls)


def _set_up_logging(what: str) -> None:
    """Send the endpoint's logs to standard error; its loggers are pactgraph.endpoint, .access and .slow."""
    if what not in ("nothing", "warnings", "requests"):
        _refuse(f"What is logged is warnings, requests or nothing, not {what!r}.")
    logging.basicConfig(format="%(message)s")
    logging.getLogger("pactgraph").setLevel(logging.CRITICAL if what == "nothing" else logging.WARNING)
    if what == "requests":
        logging.getLogger("pactgraph.access").setLevel(logging.INFO)


def _set_up_tracing() -> None:
    """Send spans to the collector that OTEL_EXPORTER_OTLP_ENDPOINT names; nowhere without it."""
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        _refuse("OTEL_EXPORTER_OTLP_ENDPOINT is set; install what sends spans with `pip install 'pactgraph[otel]'`.")
    provider = TracerProvider(resource=Resource.create({"service.name": "pactgraph"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def _serve(
    store: Path, *, host: str = "127.0.0.1", port: int, root_path: str = "", proxy: str = "127.0.0.1", **options: Any
) -> None:
    """Run the endpoint until SIGINT or SIGTERM."""
    import uvicorn

    from endpoint.app import create_app
    from endpoint.connection import connection
    from endpoint.settings import Settings

    token = os.environ.get("PACTGRAPH_TOKEN") or None
    application = create_app(Settings(store=store, token=token, **options))
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        _refuse(f"Cannot listen on {host}:{port}: {(error.strerror or str(error)).lower()}; name another --port.")
    address = f"[{host}]" if ":" in host else host
    _tell(f"Serving on http://{address}:{listening.getsockname()[1]}/ (SPARQL at /sparql); stop with Ctrl-C.")
    config = uvicorn.Config(
        application,
        http=connection(application.sparql),
        log_level="warning",
        root_path=root_path,
        server_header=False,
        timeout_graceful_shutdown=5,
        forwarded_allow_ips=proxy,
    )
    server = uvicorn.Server(config)
    for number in (signal.SIGINT, signal.SIGTERM):  # the server raises again what stopped it, once it has ended
        signal.signal(number, lambda *_: None)
    server.run(sockets=[listening])
    if not server.started:
        _refuse("The endpoint could not start; the reason stands above.")


def _load(paths: list[str], options: Options, place: Path, *, quiet: bool = False, **settings: Any) -> Summary:
    """Load articles into the store at ``place``; make it if it is not there."""
    from loader import pipeline
    from loader.registry import Registry
    from loader.store import Store

    base = settings.get("base", DEFAULT_BASE)
    chosen = pipeline.Settings(base=base, least=settings.get("least", 0.0), extractor=settings.get("extractor"))
    with (
        _articles(paths, options, quiet=quiet) as articles,
        Store.open(place, base=base, registry=Registry.load(), wait=settings.get("wait", 30.0)) as store,
    ):
        return pipeline.load(articles, store, settings=chosen, plan=settings.get("plan"))


def _ask(place: Path, text: str, form: str) -> None:
    """Write the answer of the store at ``place`` to standard output."""
    from endpoint.terminal import answer
    from loader.exports import snapshot

    with snapshot(place) as (data, mint):
        answer(data, {**PREFIXES, **mint.prefixes}, text, form, sys.stdout.buffer)
    sys.stdout.flush()


def _violations(paths: list[Path] | None, place: Path, base: str) -> list[Violation]:
    """Hold the store, or each of the files beside the registry, against the shapes."""
    from loader.exports import snapshot
    from loader.imports import Unimportable, read_rdf
    from loader.registry import Registry
    from ontology.conformance import Conformance, validate
    from ontology.vocabulary import Mint

    if not paths:
        with snapshot(place) as (data, mint):
            return list(validate(data, mint))
    mint = Mint(base)
    conformance = Conformance(Registry.load().quads(mint))
    try:
        return [each for path in paths for each in conformance.report(read_rdf(path, path.absolute().as_uri(), mint))]
    except Unimportable as error:
        _refuse(str(error))


def _plan(workers: int | None, llm: str | None, seconds: float) -> Any:
    """Return over how many processes to read: by need, or in this one where a model elsewhere does the work."""
    from loader.processes import Plan

    if llm is not None:
        return Plan(workers=workers or 1, seconds=2 * seconds + 60)
    return None if workers is None else Plan(workers=workers)


def _reader(profile: str, llm: str | None, model: str | None, seconds: float, tagger: Path | None) -> Any:
    """Return what makes the extractor where the command line asks for another than the default."""
    if llm is None and model is not None:
        _refuse("--llm-model needs --llm, the address where the model answers.")
    if profile not in ("fast", "best"):
        _refuse(f"{profile!r} is no profile; fast and best are.")
    if llm is not None and tagger is not None:
        _refuse("--llm and --tagger exclude each other.")
    if llm is None and tagger is None and profile == "best":
        return None
    from functools import partial

    from loader.extraction import Profile, make_extractor
    from loader.extraction.arbiter import ModelError, read_arbiter
    from loader.extraction.server import Server, ServerError

    if llm is not None and model is None:
        _refuse("--llm needs --llm-model, the name of the model that is to answer.")
    try:
        key = os.environ.get("PACTGRAPH_LLM_KEY") or None
        server = Server(llm, model or "", key, seconds) if llm is not None else None
        arbiter = read_arbiter(tagger) if tagger is not None else None
    except (ServerError, ModelError) as error:
        _refuse(str(error))
    return partial(make_extractor, profile=Profile(profile), server=server, arbiter=arbiter)


def _options(  # noqa: PLR0917 (the options of the command line, in its order)
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
            _refuse(f"{value!r} is no {kind}; {', '.join(values)} are.")
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
    with _bar("Reading", "bytes", quiet=quiet, total=inputs.size or None) as told:
        yield read_articles(inputs, options=options, stdin=sys.stdin.buffer, progress=told)


@contextmanager
def _bar(label: str, unit: str, *, quiet: bool, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show progress on standard error, if that is a terminal; give what is told of each step."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(show_speed=True))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task(f"{label} ({unit})", total=total)
        yield lambda step: progress.advance(task, step)


def _report(summary: Summary, done: str, *, quiet: bool, as_json: bool) -> None:
    """Tell what was skipped, and how much was done."""
    for problem in summary.problems:
        typer.echo(f"pactgraph: {problem}", err=True)
    if as_json:
        typer.echo(json.dumps(asdict(summary)))
        return
    counts = {
        "new": summary.added + summary.written,
        "revised": summary.revised,
        "replaced": summary.replaced,
        "unchanged": summary.unchanged,
        "skipped": summary.refused + summary.failed + summary.duplicate,
    }
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "none"
    articles = "article" if summary.read == 1 else "articles"
    _tell(
        f"{summary.read:,} {articles} {done} ({told}): {summary.statements:,} statements "
        f"in {summary.seconds.in_all:.1f} s.",
        quiet=quiet,
    )


def _tell(sentence: str, *, quiet: bool = False) -> None:
    if not quiet:
        typer.echo(sentence, err=True)


def _refuse(sentence: str) -> NoReturn:
    typer.echo(f"pactgraph: {sentence}", err=True)
    raise typer.Exit(2)


if __name__ == "__main__":
    main()
