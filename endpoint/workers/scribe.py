"""The process that writes: one update or one change of a graph, whole and durable, or nothing.

Forked from the nursery (see host.py) for each change, so that it can be killed at any moment before it says that it
is past the point of no return. It holds the writer's lock of the store from the beginning to the end; what it changes
is on disk and published before it reports success. A change is kept undoable until then (`Layout.keep`), so that
a process that dies half-way leaves the store as it was.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph

from endpoint.sparql.corrections import corrected, operations
from endpoint.workers.frames import HEADER, frame
from endpoint.workers.process import limit_memory, silence
from ontology.layout import Layout, StoreError, StoreLocked

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

_BEHIND = 10  # how much nicer a change is than the process that talks HTTP: as nice as a long query


class Refused(Exception):
    """The change is refused; ``status`` is the HTTP status, the message one sentence, ``detail`` more for a program."""

    def __init__(self, status: int, message: str, detail: object = None) -> None:
        self.status = status
        self.detail = detail
        super().__init__(message)


def write(channel: socket.socket) -> None:
    """Read one job from the channel, do it, and report."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_BEHIND)
    silence()
    stream = channel.makefile("rb")
    job = json.loads(stream.read(HEADER.unpack(stream.read(HEADER.size))[1]))
    body = stream.read(HEADER.unpack(stream.read(HEADER.size))[1])
    try:
        if "check" in job:
            letter, report = _checked(job)
        else:
            letter, report = _change(Layout(Path(job["store"])), job, body, channel)
    except StoreLocked as error:
        letter, report = b"X", {"status": 503, "message": str(error)}
    except StoreError as error:
        letter, report = b"X", {"status": 500, "message": str(error)}
    except OSError as error:
        letter, report = b"X", {"status": 507, "message": f"The store could not be written: {error}."}
    channel.sendall(frame(letter, json.dumps(report).encode()))


def _checked(job: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """Read an update that is not to run, and return the last frame's letter and content."""
    limit_memory(job["memory"])
    message = _misread(job["update"], job)
    return (b"E", {}) if message is None else (b"X", {"status": 400, "message": message, "detail": "syntax"})


def _misread(text: str, job: dict[str, Any]) -> str | None:
    """Return the engine's words on the syntax of an update, None where it has none; nothing of the update is run."""
    layout = Layout(Path(job["store"]))
    if layout.current_number() is None:  # a store that nothing was written to yet
        return None
    with layout.lease() as folder:
        store = pyoxigraph.Store.read_only(str(folder))
        for part in operations(text):
            try:
                store.update(part, base_iri=job["base"])
            except (SyntaxError, ValueError) as error:
                return str(error)
            except (RuntimeError, OSError):  # it could be read; the store cannot be written
                continue
    return None


def _change(layout: Layout, job: dict[str, Any], body: bytes, channel: socket.socket) -> tuple[bytes, dict[str, Any]]:
    """Make the change and return the last frame's letter and content."""
    layout.check()
    with layout.writer(job["wait"]):
        channel.sendall(frame(b"L", b""))  # the lock is held: from here on the change's own time counts
        layout.restore()
        store = pyoxigraph.Store(layout.data)
        store.flush()
        layout.keep(store.backup)
        published = not layout.unpublished.exists()
        layout.unpublished.touch()
        limit_memory(job["memory"])
        report, refused = _attempt(store, job, body)
        if refused is not None:
            del store  # closes the database: nothing refers to it any more
            layout.restore()
            if published:
                layout.unpublished.unlink()
            return b"X", refused
        store.flush()
        channel.sendall(frame(b"C", b""))  # nobody may kill it from here on
        layout.settle()
        report["snapshot"] = layout.release(store.backup)
    return b"E", report


def _attempt(store: pyoxigraph.Store, job: dict[str, Any], body: bytes) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the report of a change, or beside it why it is refused, as plain values.

    An error handed on would keep the database open with the frames of its traceback.
    """
    try:
        return _apply(store, job, body), None
    except Refused as error:
        return {}, {"status": error.status, "message": str(error), "detail": error.detail}
    except ValueError as error:  # an IRI that the engine does not take
        return {}, {"status": 400, "message": f"The change cannot be made: {str(error).rstrip('.')}.", "detail": None}


def _apply(store: pyoxigraph.Store, job: dict[str, Any], body: bytes) -> dict[str, Any]:
    reserved = job["reserved"]
    before = None if job["told"] else fingerprints(store, reserved)
    report = _update(store, job) if "update" in job else _replace(store, job, body)
    if before is not None and fingerprints(store, reserved) != before:
        raise Refused(
            403, f"The update would change a graph under {reserved}, which only the loader writes; nothing was changed."
        )
    if job["validate"]:
        _validate(store, job)
    return report


def _update(store: pyoxigraph.Store, job: dict[str, Any]) -> dict[str, Any]:
    text = corrected(job["update"])
    if text != job["update"] and _misread(text, job) is not None:
        text = job["update"]  # so that the place of the error is one of the client's text
    try:
        for part in operations(text):
            store.update(part, base_iri=job["base"])
    except (SyntaxError, ValueError) as error:
        raise Refused(400, str(error), "syntax") from None
    except RuntimeError as error:
        conflict = re.search(r"The graph <.*> (does not exist|already exists)", str(error))  # RFC 9110, 15.5.10
        status = 409 if conflict else 400
        raise Refused(status, f"The update cannot be carried out: {str(error).rstrip('.')}.") from None
    except OSError as error:
        if "No space" in str(error):
            raise
        raise Refused(400, f"The update cannot be carried out: {str(error).rstrip('.')}.") from None
    return {}


def _replace(store: pyoxigraph.Store, job: dict[str, Any], body: bytes) -> dict[str, Any]:
    """Do one operation of the Graph Store Protocol: PUT, POST or DELETE of one graph."""
    iri = job["graph"]
    graph: Any = pyoxigraph.NamedNode(iri) if iri is not None else pyoxigraph.DefaultGraph()
    exists = iri is None or store.contains_named_graph(graph)
    _check_conditions(store, job, graph, exists=exists)
    if job["method"] == "DELETE":
        if not exists:
            raise Refused(404, f"There is no graph {iri} in this store.")
        if iri is None:
            store.clear_graph(graph)
        else:
            store.remove_graph(graph)
        return {"existed": True}
    if job["method"] == "PUT" and exists:
        store.clear_graph(graph)
    if iri is not None:
        store.add_graph(graph)
    for part in job["parts"]:
        data = body[part["start"] : part["end"]]
        format_ = pyoxigraph.RdfFormat.from_media_type(part["media_type"])
        try:
            if format_ is not None and format_.supports_datasets:  # their named graphs have no place in one graph
                parsed = pyoxigraph.parse(
                    data, format_, base_iri=job["base"], without_named_graphs=True, rename_blank_nodes=True
                )
                store.extend([pyoxigraph.Quad(quad.subject, quad.predicate, quad.object, graph) for quad in parsed])
            else:
                store.load(data, format_, base_iri=job["base"], to_graph=graph)
        except (SyntaxError, ValueError) as error:
            raise Refused(400, f"The body cannot be read as {part['media_type']}: {str(error).rstrip('.')}.") from None
    return {"existed": exists}


def _check_conditions(store: pyoxigraph.Store, job: dict[str, Any], graph: Any, *, exists: bool) -> None:
    """Raise Refused 412 where If-Match or If-None-Match does not hold (RFC 9110, 13.1.1 and 13.1.2)."""
    wanted, unwanted = job["if_match"], job["if_none_match"]
    if wanted is None and unwanted is None:
        return
    current = graph_digest(quad.triple for quad in store.quads_for_pattern(None, None, None, graph)) if exists else None
    if wanted is not None and (not exists if wanted == ["*"] else current not in wanted):
        raise Refused(412, "The graph is not the one that If-Match names; read it again.")
    if unwanted is not None and (exists if unwanted == ["*"] else current in unwanted):
        raise Refused(412, "The graph is one that If-None-Match excludes.")


def _validate(store: pyoxigraph.Store, job: dict[str, Any]) -> None:
    """Raise Refused 422 where the user's graphs that were named break a rule of the shapes."""
    from ontology.conformance import Conformance, NonConforming  # noqa: PLC0415 (half a second, where it is asked for)

    graphs = job["graphs"]
    if graphs is None:
        graphs = [graph.value for graph in store.named_graphs() if isinstance(graph, pyoxigraph.NamedNode)]
        graphs = [graph for graph in graphs if not graph.startswith(job["reserved"])]
    registries = [pyoxigraph.NamedNode(job["reserved"] + name) for name in ("registry", "registry/auto")]
    context = [quad for graph in registries for quad in store.quads_for_pattern(None, None, None, graph)]
    conformance = Conformance(context)
    violations: list[dict[str, str | None]] = []
    for graph in sorted(graphs):
        try:
            conformance.conform(list(store.quads_for_pattern(None, None, None, pyoxigraph.NamedNode(graph))))
        except NonConforming as error:
            violations += [
                {"graph": graph, "focus": each.focus, "rule": each.rule, "message": each.message, "value": each.value}
                for each in error.report
            ]
    if violations:
        raise Refused(422, f"The change breaks {len(violations)} rules of the shapes; nothing was changed.", violations)


def fingerprints(store: pyoxigraph.Store, reserved: str) -> tuple[frozenset[str], int, int]:
    """Return what changes when any graph whose IRI begins with ``reserved`` does: names, number of quads, their sum."""
    writer = _Sum(f"<{reserved}".encode())
    store.dump(writer, pyoxigraph.RdfFormat.N_QUADS)  # type: ignore[arg-type]  # write and flush are all it calls
    writer.finish()
    names = frozenset(str(graph) for graph in store.named_graphs() if str(graph).startswith(f"<{reserved}"))
    return names, writer.count, writer.sum


class _Sum:
    """Adds up the hashes of the lines of N-Quads whose graph begins so; the order of the lines does not matter."""

    def __init__(self, start: bytes) -> None:
        self._start = start
        self._rest = b""
        self.count = 0
        self.sum = 0

    def write(self, data: bytes) -> int:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.rpartition(b" <")[2].startswith(self._start[1:]):
                self.count += 1
                self.sum += int.from_bytes(hashlib.blake2b(line, digest_size=16).digest())
        return len(data)

    def flush(self) -> None:
        """Do nothing: the last line is summed by ``finish``."""

    def finish(self) -> None:
        if self._rest:
            self.write(b"\n")


def graph_digest(triples: Iterable[pyoxigraph.Triple]) -> str:
    """Return 32 hexadecimal digits that stand for a graph up to the names of its blank nodes."""
    quads = [pyoxigraph.Quad(triple.subject, triple.predicate, triple.object) for triple in triples]
    kinds = Counter(type(term) for quad in quads for term in (quad.subject, quad.object))
    if kinds[pyoxigraph.BlankNode] or kinds[pyoxigraph.Triple]:
        dataset = pyoxigraph.Dataset(quads)
        dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
        quads = list(dataset)
    lines = sorted(str(quad) for quad in quads)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]
