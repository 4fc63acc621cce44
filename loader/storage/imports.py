"""The user's own RDF: files of all common formats as a stream of quads that the store can take."""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from typing import IO, TYPE_CHECKING, Any, cast

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Triple, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ontology.vocabulary import Mint

FORMATS: Mapping[str, RdfFormat] = {
    ".nt": RdfFormat.N_TRIPLES,
    ".nq": RdfFormat.N_QUADS,
    ".ttl": RdfFormat.TURTLE,
    ".trig": RdfFormat.TRIG,
    ".rdf": RdfFormat.RDF_XML,
    ".xml": RdfFormat.RDF_XML,
    ".owl": RdfFormat.RDF_XML,
    ".jsonld": RdfFormat.JSON_LD,
    ".json": RdfFormat.JSON_LD,
}
"""The formats by file name; any of them may be compressed (``.gz``)."""


class Unimportable(Exception):
    """A file that cannot be taken into the store: where it is at fault, and why.

    ``line`` counts from 1; None where no line is to blame.
    """

    def __init__(self, path: Path, line: int | None, message: str) -> None:
        self.path = path
        self.line = line
        self.message = message
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")


def read_rdf(path: Path, graph: str, mint: Mint, *, reserved: bool = False) -> Iterator[Quad]:
    """Read a file's quads one after another, in bounded memory but for its nameless blank nodes.

    Triples, and what a file of quads puts into no graph, go to ``graph``, which is also what relative IRIs are
    relative to. A blank node becomes ``{base}.well-known/genid/{hash of the file}/{its label}``, so that the same
    file gives the same quads. Raises Unimportable for a name or bytes of no known format, for bad syntax, and, unless
    ``reserved`` graphs are read too, for a graph under ``{base}graph/``.
    """
    if mint.is_reserved(graph):
        raise _reserved(path, graph)
    target = _target(path, graph)
    skolem = _Skolem(path, mint, numbered=format_of(path) not in (RdfFormat.N_TRIPLES, RdfFormat.N_QUADS))
    try:
        with _opened(path) as file:
            for quad in parse(file, format=format_of(path), base_iri=graph):
                subject, value, name = quad.subject, quad.object, quad.graph_name
                if not reserved and type(name) is NamedNode and mint.is_reserved(name.value):
                    raise _reserved(path, name.value)
                yield Quad(
                    subject if type(subject) is NamedNode else skolem.named(subject),
                    quad.predicate,
                    value if type(value) is NamedNode or type(value) is Literal else skolem.named(value),
                    target if type(name) is DefaultGraph else name if type(name) is NamedNode else skolem.named(name),
                )
    except SyntaxError as error:
        raise Unimportable(path, error.lineno, _complaint(error)) from error
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Unimportable(path, None, f"It cannot be read: {reason}.") from error


def format_of(path: Path) -> RdfFormat:
    """Return the format that a file's name stands for. Raises Unimportable for any other name."""
    ending = path.with_suffix("").suffix if path.suffix.lower() == ".gz" else path.suffix
    found = FORMATS.get(ending.lower())
    if found is None:
        known = ", ".join(FORMATS)
        raise Unimportable(path, None, f"Its name says no format of RDF; known are {known}, and each with .gz.")
    return found


def _target(path: Path, graph: str) -> NamedNode:
    try:
        return NamedNode(graph)
    except ValueError as error:
        raise Unimportable(path, None, f"{graph!r} is no absolute IRI, so no graph can have that name.") from error


def _reserved(path: Path, graph: str) -> Unimportable:
    return Unimportable(
        path, None, f"It writes into <{graph}>, which is the loader's own; put it into a graph of yours."
    )


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.suffix.lower() == ".gz" else path.open("rb")


def _complaint(error: SyntaxError) -> str:
    message = error.msg.removeprefix("Parser error ")
    if "LoadDocumentCallback" in message:
        return "Its JSON-LD context lies on the web, and nothing is fetched; write the context into the file."
    if "No scheme found" in message:
        return f"A relative IRI has nothing to be relative to ({message})."
    return message[:1].upper() + message[1:].rstrip(".") + "."


class _Skolem:
    """Names for the blank nodes of one file.

    A label that the file gives is kept. Formats that allow nodes without one (``numbered``) get a fresh random label
    from the parser; those are numbered as they come.
    """

    def __init__(self, path: Path, mint: Mint, *, numbered: bool) -> None:
        self._path = path
        self._root = f"{mint.base}.well-known/genid/"
        self._file = ""
        self._numbers: dict[str, int] | None = {} if numbered else None

    def named(self, term: Any) -> Any:
        """Return the term with a name in the place of every blank node in it."""
        if isinstance(term, BlankNode):
            return NamedNode(f"{self._root}{self._hash()}/{self._label(term.value)}")
        if isinstance(term, Triple):
            return Triple(self.named(term.subject), term.predicate, self.named(term.object))
        return term

    def _label(self, label: str) -> str:
        if self._numbers is None or not _RANDOM.fullmatch(label):
            return label
        return f"-{self._numbers.setdefault(label, len(self._numbers))}"  # no label of a file begins with a hyphen

    def _hash(self) -> str:
        if not self._file:
            with _opened(self._path) as file:
                digest = hashlib.sha256()
                while block := file.read(1 << 20):
                    digest.update(block)
            self._file = digest.hexdigest()[:16]
        return self._file


_RANDOM = re.compile(
    "[a-f][0-9a-f]{15,31}"
)  # a number of 128 bits in hex; the parser takes one that begins with a letter
