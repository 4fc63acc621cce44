"""What the commands share: options that several have, progress, and how they speak to who typed them."""

from __future__ import annotations

import json
import signal
import sys
from contextlib import contextmanager
from dataclasses import asdict
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from ontology.vocabulary import Mint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from loader.links import Linked
    from loader.summary import Summary

DEFAULT_STORE = Path("pactgraph-store")
StorePath = Annotated[Path, typer.Option("--store", help="The store's directory.", envvar="PACTGRAPH_STORE")]


def _base(iri: str) -> str:
    try:
        return Mint(iri).base
    except ValueError as error:
        refuse(str(error))


Base = Annotated[
    str,
    typer.Option("--base", help="What the IRIs of the data begin with.", envvar="PACTGRAPH_BASE", callback=_base),
]
Wait = Annotated[float, typer.Option("--wait", help="Seconds to wait for another process that writes.", min=0)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but problems.")]
Json = Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")]
AuthorityPath = Annotated[
    Path | None, typer.Option("--authority", help="An authority file; else ours.", envvar="PACTGRAPH_AUTHORITY")
]


def existing(store: Path) -> Path:
    """Return the store's directory, or raise StoreError where there is none."""
    from ontology.layout import Layout

    Layout(store).check()
    return store


def held_authority(path: Path | None) -> Any:
    """Open the authority at ``path``, or the one that the package has; refuse what is none."""
    from ontology.authority import AuthorityError, open_authority

    try:
        if path is not None:
            return open_authority(path)
        with as_file(files("seeds").joinpath("authority", "core.sqlite")) as ours:
            return open_authority(ours)
    except AuthorityError as error:
        refuse(str(error))


class Terminated(KeyboardInterrupt):
    """The process was asked to end (SIGTERM); it ends as on Ctrl-C, in order."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Have SIGTERM raise Terminated inside the block; a second one ends the process at once."""

    def stop(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        raise Terminated

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def progress(label: str, unit: str, *, quiet: bool, total: int | None = None) -> Iterator[Callable[[int], None]]:
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


def report(summary: Summary, done: str, *, quiet: bool, as_json: bool, links: Linked | None = None) -> None:
    """Tell what was skipped, how much was done, and what became of the links where they changed."""
    for problem in summary.problems:
        typer.echo(f"pactgraph: {problem}", err=True)
    tell_problems(links)
    if as_json:
        typer.echo(json.dumps(asdict(summary) | ({"links": links.counts} if links else {})))
        return
    counts = {
        "new": summary.added + summary.written,
        "revised": summary.revised,
        "replaced": summary.replaced,
        "unchanged": summary.unchanged,
        "duplicate": summary.duplicate,
        "skipped": summary.refused + summary.failed,
    }
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "none"
    loaded = summary.added + summary.written + summary.revised + summary.replaced
    articles = "article" if loaded == 1 else "articles"
    statements = "statement" if summary.statements == 1 else "statements"
    found = f"{summary.statements:,} {statements} in {summary.seconds.in_all:.1f} s."
    tell(f"{loaded:,} {articles} {done} ({told}): {found}", quiet=quiet)
    if links and links.counts and not links.other:
        tell(f"Links: {counted(links)}; `pactgraph links review` shows what is uncertain.", quiet=quiet)


def counted(links: Linked) -> str:
    """Return how many entities have which verdict, in words."""
    return ", ".join(f"{count:,} {verdict}" for verdict, count in links.counts.items()) or "nothing to link"


def tell_problems(links: Linked | None) -> None:
    """Tell what there is to say of a review file, and whose links a store has that was linked by another authority."""
    for problem in links.problems if links else ():
        typer.echo(f"pactgraph: {problem}", err=True)
    if links and links.other:
        typer.echo(
            f"pactgraph: The store's links were made with the authority {links.other}, so new actors have none yet; "
            "name its file with --authority, or use `pactgraph link`.",
            err=True,
        )


def tell(sentence: str, *, quiet: bool = False) -> None:
    """Say a sentence on standard error, where answers do not go."""
    if not quiet:
        typer.echo(sentence, err=True)


def refuse(sentence: str) -> NoReturn:
    """Say why the command cannot start, and end with exit code 2."""
    typer.echo(f"pactgraph: {sentence}", err=True)
    raise typer.Exit(2)
