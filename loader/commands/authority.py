"""The commands about the file of whom a name may mean: authority info, build, build-core."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loader.commands.console import (
    AuthorityPath,
    Quiet,
    held_authority,
    progress,
    refuse,
    tell,
)

if TYPE_CHECKING:
    from collections.abc import Callable

app = typer.Typer(no_args_is_help=True, help="Look into the file of who a name may mean, or build your own.")


@app.command(epilog="Example: `pactgraph authority info NATO`")
def info(
    text: Annotated[str | None, typer.Argument(metavar="[NAME|ID]", help="Whom it names; without, the file.")] = None,
    *,
    authority: AuthorityPath = None,
) -> None:
    """Say what an authority holds, or whom a name may mean in it, with the evidence for each."""
    with held_authority(authority) as held:
        if text is None:
            typer.echo("\n".join(f"{key}: {value}" for key, value in held.meta.items()))
            return
        known = held.entity(text)
        for each in [known] if known else [hit.entity for hit in held.candidates(text)]:
            typer.echo(f"{each.id}  {each.label} ({each.type}, {each.status}) {each.description}".rstrip())
            for source, locator in held.evidence(each.id):
                typer.echo(f"    {source}: {locator}")


@app.command(epilog="Example: `pactgraph authority build --from latest-all.json.bz2 --out world.sqlite`")
def build(
    *,
    sources: Annotated[
        list[Path],
        typer.Option("--from", help="JSON dump, .jsonl entities, .srj answer, .tsv or .parquet; also .gz .bz2 .zst."),
    ],
    out: Annotated[Path, typer.Option("--out", help="The authority file to write.")],
    classes: Annotated[list[str] | None, typer.Option("--class", help="Keep instances of this class, Q5.")] = None,
    subclasses: Annotated[
        bool, typer.Option("--subclasses", help="With --class: also of the classes below; reads the files twice.")
    ] = False,
    sitelinks: Annotated[int, typer.Option("--sitelinks", help="Keep what has at least so many.", min=0)] = 0,
    languages: Annotated[list[str] | None, typer.Option("--language", help="Keep names in it, en.")] = None,
    name: Annotated[str, typer.Option("--name", help="What the authority is called.")] = "wikidata",
    date: Annotated[str, typer.Option("--date", help="The day of the sources, 2026-09-18.")] = "",
    quiet: Quiet = False,
) -> None:
    """Build an authority from Wikidata's own files; a build that was stopped goes on where it was."""
    from loader.linking import builder, dump, lines

    choice = dump.Choice(frozenset(classes or ()), sitelinks, frozenset(languages or ()), subclasses)
    total = sum(path.stat().st_size for path in sources if path.is_file()) * (2 if subclasses and classes else 1)
    told: Callable[[Any], None] = lambda each: typer.echo(f"pactgraph: {each}", err=True)  # noqa: E731 (a line to read)
    try:
        with progress("Reading", "bytes", quiet=quiet, total=total or None) as step:
            made = builder.build(sources, out, choice=choice, name=name, date=date, tell=told, progress=step)
    except (lines.Unreadable, OSError) as error:
        refuse(str(error))
    tell(f"{out}: {made.counts.entities:,} entities, {made.counts.names:,} names.", quiet=quiet)
    raise typer.Exit(1 if made.problems else 0)


@app.command("build-core", epilog="Example: `pactgraph authority build-core --out core.sqlite`")
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
        refuse(str(error))
    tell(f"{out}: {made['entities']:,} entities, {made['names']:,} names, SHA-256 {made['sha256']}.")
