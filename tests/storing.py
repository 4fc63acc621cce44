"""Documents of our own making, a store of them, and another process that writes to it, for the tests of the store."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyoxigraph import NamedNode

from loader.document import (
    Article,
    Document,
    Entity,
    EntityKind,
    ReportMode,
    Section,
    SourceNaming,
    Span,
    Statement,
)
from loader.mapping.quads import contributions, quads
from loader.storage.exports import export, snapshot
from loader.storage.store import Change, Store
from ontology.vocabulary import PREFIXES, Mint

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from loader.registry import Registry

MINT = Mint()
JAPAN = Entity(EntityKind.STATE, "japan", "Japan", registered=True)
AUKUS = Entity(EntityKind.PARTNERSHIP, "aukus", "AUKUS", registered=True)


def document(
    text: str, *speakers: Entity, url: str | None = None, published: date | None = None, outlet: str | None = None
) -> Document:
    """Make a document with one statement a speaker, each of another word; there must be as many words."""
    article = Article(text, "a.txt", url=url, published=published, outlet=outlet)
    starts = [0, *(place + 1 for place, letter in enumerate(text) if letter == " ")]
    statements = [
        Statement(
            Span(start, start + 1),
            ReportMode.INDIRECT,
            SourceNaming.NAMED,
            Section.BODY,
            cue=Span(start, start + 1),
            speakers=(speaker,),
            about=(AUKUS,),
        )
        for start, speaker in zip(starts, speakers, strict=False)
    ]
    return Document(article, tuple(statements))


def person(label: str, key: str = "ann-lee", affiliation: Entity | None = None) -> Entity:
    """Make a person whom the registry lacks."""
    return Entity(EntityKind.PERSON, key, label, affiliation=affiliation)


def put(store: Store, *documents: Document) -> list[Change]:
    """Store documents in the given order."""
    return [store.put(quads(each, store.mint), contributions(each, store.mint)) for each in documents]


def exported(path: Path, *, provenance: bool = False) -> bytes:
    """Return the canonical export of what a store has published."""
    out = path.with_name(path.name + ".nq")
    export(path, out, provenance=provenance)
    return out.read_bytes()


def loaded(path: Path, documents: Iterable[Document], registry: Registry | None = None) -> bytes:
    """Load documents into a store one after another and return its export."""
    with Store.open(path, registry=registry) as store, store.run():
        put(store, *documents)
    return exported(path)


def facts(path: Path, subject: str, prefix: str, name: str) -> list[str]:
    """Return what a published store says of a subject, as plain strings, in order."""
    with snapshot(path) as (store, _):
        found = store.quads_for_pattern(NamedNode(subject), NamedNode(PREFIXES[prefix] + name), None)
        return sorted(quad.object.value for quad in found)


def child(code: str, *arguments: object, **options: Any) -> subprocess.Popen[str]:
    """Run Python code in another process, with what the tests import at hand."""
    head = "import os, sys; from pathlib import Path; import storing as t; "
    head += "from loader.storage.database import DiskFull; from loader.storage.store import Store; "
    head += "from ontology.layout import StoreError\n"
    command = [sys.executable, "-c", head + textwrap.dedent(code), *map(str, arguments)]
    folders = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parent.parent)])
    environment = {**os.environ, "PYTHONPATH": folders, "PYTHONWARNINGS": "ignore"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, **options)


def filled(number: int) -> None:
    """Let no file of this process grow any more, as on a full disk, once some articles are stored."""
    if number == 20:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
