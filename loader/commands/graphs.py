"""The commands about what is stored: unload, import, export, validate."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loader.commands.console import (
    DEFAULT_STORE,
    AuthorityPath,
    Base,
    Json,
    Quiet,
    StorePath,
    Wait,
    held_authority,
    progress,
    refuse,
    tell,
    tell_problems,
)
from ontology.vocabulary import DEFAULT_BASE

if TYPE_CHECKING:
    from ontology.conformance import Violation

app = typer.Typer()


@app.command(epilog="Example: `pactgraph unload https://example.org/news/1` or `pactgraph unload 05908f127f035a79`")
def unload(
    names: Annotated[
        list[str], typer.Argument(metavar="ARTICLE…", help="Article's IRI, id or address; or an imported graph's IRI.")
    ],
    *,
    authority: AuthorityPath = None,
    store: StorePath = DEFAULT_STORE,
    base: Base = DEFAULT_BASE,
    wait: Wait = 30.0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Remove articles from the store, with the actors that only they name, and with the links of those."""
    from loader import links
    from loader.registry import Registry
    from loader.storage.store import NoSuchArticle, Store
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
        linked = links.follow(held, Registry.load(), held_authority(authority)) if held.decisions.made_by() else None
    tell_problems(linked)
    if as_json:
        typer.echo(json.dumps({"unloaded": removed, "missing": missing}))
    else:
        tell("\n".join([f"Unloaded {len(removed)}:", *removed]) if removed else "Nothing was unloaded.", quiet=quiet)
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
    from loader.storage.imports import Unimportable
    from loader.storage.store import Store

    counts: dict[str, int] = {}
    failed: list[str] = []
    with Store.open(store, base=base, wait=wait) as held:
        for path in paths:
            with progress(f"Importing {path.name}", "quads", quiet=quiet) as told:
                try:
                    counts[str(path)] = held.import_rdf(path, graph, told)
                except Unimportable as error:
                    failed.append(str(path))
                    typer.echo(f"pactgraph: {error}", err=True)
        held.publish()
    if as_json:
        typer.echo(json.dumps({"imported": counts, "failed": failed, "quads": sum(counts.values())}))
    else:
        tell(f"Imported {sum(counts.values()):,} quads from {len(counts)} of {len(paths)} files.", quiet=quiet)
    raise typer.Exit(1 if failed else 0)


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
    from loader.storage import exports

    if out == "-":
        exports.export(store, sys.stdout.buffer, form=form or "nq", provenance=provenance)
    else:
        count = exports.export(store, Path(out), form=form or exports.form_of(out), provenance=provenance)
        tell(f"Wrote {count:,} triples to {out}.", quiet=quiet)


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
        count = f"{len(found):,} violation{'s' if len(found) > 1 else ''}."
        tell(count if found else "Everything conforms to the shapes.", quiet=quiet)
    raise typer.Exit(1 if found else 0)


def _violations(paths: list[Path] | None, place: Path, base: str) -> list[Violation]:
    """Hold the store, or each of the files beside the registry, against the shapes."""
    from loader.registry import Registry
    from loader.storage.exports import snapshot
    from loader.storage.imports import Unimportable, read_rdf
    from ontology.conformance import Conformance, validate
    from ontology.vocabulary import Mint

    if not paths:
        with snapshot(place) as (data, mint):
            return list(validate(data, mint))
    mint = Mint(base)
    conformance = Conformance(Registry.load().quads(mint))
    try:
        files = (read_rdf(path, path.absolute().as_uri(), mint, reserved=True) for path in paths)
        return [violation for quads in files for violation in conformance.report(quads)]
    except Unimportable as error:
        refuse(str(error))
