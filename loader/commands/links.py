"""The commands that link to Wikidata, and those that judge the links: link, links."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from loader.commands.console import (
    DEFAULT_STORE,
    AuthorityPath,
    Base,
    Json,
    Quiet,
    StorePath,
    Wait,
    counted,
    existing,
    held_authority,
    progress,
    refuse,
    tell,
)
from ontology.vocabulary import DEFAULT_BASE

app = typer.Typer()

links_app = typer.Typer(no_args_is_help=True, help="Look through the links of a store, and judge them.")
app.add_typer(links_app, name="links")
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
        refuse("Give --given or --text, not both.")
    held = held_authority(authority)
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

    found = open_review(existing(store), Mint(base))
    for problem in found.problems:
        typer.echo(f"pactgraph: {problem}", err=True)
    for row in by_uncertainty(found.rows)[:limit]:
        path = row.subject.removeprefix(base)
        typer.echo(
            f"{row.confidence or 0:.2f}  {row.verdict:9}  {path}  {row.label}  ->  {row.target}  {row.target_label}"
        )
    raise typer.Exit(1 if found.problems else 0)


@links_app.command(epilog="Example: `pactgraph links accept partnership/aukus Q108556886 --reviewer orcid:0000-0001-…`")
def accept(
    entity: Entity,
    qid: Qid,
    *,
    reviewer: Reviewer,
    authority: AuthorityPath = None,
    store: StorePath = DEFAULT_STORE,
    base: Base = DEFAULT_BASE,
) -> None:
    """Say that an entity is the one with this id; no later run of the linker changes that."""
    _judge(store, base, entity, "accepted", qid, reviewer, authority)


@links_app.command(epilog="Example: `pactgraph links reject actor/james-jones Q935931 --reviewer orcid:0000-0001-…`")
def reject(
    entity: Entity,
    qid: Qid,
    *,
    reviewer: Reviewer,
    authority: AuthorityPath = None,
    store: StorePath = DEFAULT_STORE,
    base: Base = DEFAULT_BASE,
) -> None:
    """Say that an entity is not the one with this id; the pair is never proposed again."""
    _judge(store, base, entity, "rejected", qid, reviewer, authority)


@links_app.command(epilog="Example: `pactgraph links nil actor/a-local-council --reviewer orcid:0000-0001-…`")
def nil(
    entity: Entity,
    *,
    reviewer: Reviewer,
    authority: AuthorityPath = None,
    store: StorePath = DEFAULT_STORE,
    base: Base = DEFAULT_BASE,
) -> None:
    """Say that there is no id for an entity."""
    _judge(store, base, entity, "nil", "", reviewer, authority)


@links_app.command(epilog="Example: `pactgraph links diff --authority mine.sqlite`")
def diff(*, authority: AuthorityPath = None, store: StorePath = DEFAULT_STORE, base: Base = DEFAULT_BASE) -> None:
    """Show what linking the store anew, or with another authority, would change; nothing is written."""
    from loader import links

    changes = list(links.link_changes(existing(store), held_authority(authority), base))
    for line in changes:
        typer.echo(line)
    if not changes:
        tell("Nothing would change.")


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
    as_json: Json = False,
) -> None:
    """Copy what Wikidata states of the linked entities into the graph of facts, for questions without a network.

    The graph is replaced whole. A service that stops answering changes nothing; the next run goes on from there.
    """
    import sqlite3

    from loader import links
    from loader.linking import facts
    from loader.linking.cache import Cache
    from loader.linking.courier import Courier, Settings
    from loader.linking.lines import Unreadable

    if (source is None) == (service is None):
        refuse("Give --from, a file of entities, or --service, the address of a SPARQL service.")
    partial = existing(store) / "facts.partial.sqlite"
    try:
        chosen = facts.checked(properties or ())
        if source is not None:
            size = 2 * source.stat().st_size if source.is_file() else None  # it is read twice
            with progress("Reading", "bytes", quiet=quiet, total=size) as step:
                items, found = links.fetch_facts(store, facts.EntityFile(source, chosen, step), wait=wait)
        else:
            courier = Courier(Settings(contact), None, f"pactgraph/{version('pactgraph')}", accept=facts.RESULTS)
            with closing(Cache(partial)) as kept, progress("Asking", "entities", quiet=quiet) as step:
                asked = facts.Service(service or "", chosen, courier, kept, step)
                items, found = links.fetch_facts(store, asked, wait=wait)
            partial.unlink(missing_ok=True)
    except (facts.Unfetchable, Unreadable) as error:
        refuse(str(error))
    except sqlite3.Error as error:
        refuse(f"{partial} cannot be used ({error}); remove it, and let its folder be writable.")
    for problem in found.problems:
        typer.echo(f"pactgraph: {problem}", err=True)
    if as_json:
        typer.echo(json.dumps({"entities": items, "triples": len(found.triples), "problems": list(found.problems)}))
    else:
        tell(f"Facts: {len(found.triples):,} triples of {items:,} linked entities.", quiet=quiet)
    raise typer.Exit(1 if found.problems else 0)


def _live(held: Any, service: str | None, contact: str, kept: Path, *, offline: bool) -> Any:
    from loader.linking.cache import Cache
    from loader.linking.courier import Courier, Settings
    from loader.linking.live import Beside, MediaWiki, Reconciliation

    agent = f"pactgraph/{version('pactgraph')}"
    courier = Courier(Settings(contact, offline), Cache(kept), agent)
    return Beside(held, Reconciliation(courier, service) if service else MediaWiki(courier))


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
        refuse(f"{path} cannot be read: {error.strerror or error}.")
    raise typer.Exit(1 if skipped else 0)


def _link_store(
    store: Path, held: Any, base: str, wait: float = 30.0, *, quiet: bool = False, as_json: bool = False
) -> None:
    from loader import links
    from loader.registry import Registry
    from loader.storage.store import Store

    registry = Registry.load()
    with Store.open(existing(store), base=base, registry=registry, wait=wait) as opened:
        done = links.link(opened, registry, held)
    for problem in done.problems:
        typer.echo(f"pactgraph: {problem}", err=True)
    if as_json:
        typer.echo(json.dumps(done.counts))
    else:
        tell(f"Links: {counted(done)}; {store / 'links.sssom.tsv'} has them all.", quiet=quiet)
    raise typer.Exit(1 if done.problems else 0)


def _judge(  # noqa: PLR0917 (as the commands have them)
    store: Path, base: str, entity: str, verdict: str, qid: str, reviewer: str, authority: Path | None
) -> None:
    """Note a person's judgement in the review file, and have the graphs follow it."""
    from loader import links
    from loader.linking.review import BadJudgement

    try:
        problems = links.judge(existing(store), base, entity, verdict, qid, reviewer, held_authority(authority))
    except BadJudgement as error:
        refuse(str(error))
    for problem in problems:
        typer.echo(f"pactgraph: {problem}", err=True)
    tell(f"Noted: {entity} {verdict} {qid}".rstrip() + ".")
    raise typer.Exit(1 if problems else 0)
