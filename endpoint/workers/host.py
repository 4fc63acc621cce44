"""The processes that hold snapshots and run queries, so that the process that talks HTTP can kill a query.

Three kinds, each single-threaded, forked from the first one, which starts in a fresh interpreter:

- the *nursery* holds nothing; it forks a keeper for each snapshot that it is told to open, and a scribe
  (see scribe.py) for each change;
- a *keeper* holds one snapshot (in memory, or only its path) and forks workers that share its memory;
- a *worker* answers one query after another on its own socket, in frames.

The engine offers no cancellation, and its results may be used by one thread only; a process of its own per running
query settles both. Every process ends when the socket to the one above it closes, a worker in the midst of a query
by the kernel's parent-death signal.

Control messages are JSON lines; a new socket travels beside its message as a file descriptor. Workers speak in frames
(see frames.py).
"""

from __future__ import annotations

import contextlib
import json
import marshal
import os
import resource
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import pyoxigraph

from endpoint.protocol.codings import Compressor, compressed
from endpoint.sparql.evaluation import evaluate
from endpoint.workers import ledger, reading, scribe
from endpoint.workers.frames import CHUNK, HEADER, NODE, WHOLE, Inbox, frame
from endpoint.workers.lent import Lent
from endpoint.workers.process import (
    die_with,
    limit_memory,
    offer,
    rank,
    run_at_a_time,
    silence,
    stand_back,
    unlimit_memory,
)
from endpoint.workers.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_COMPRESS_FROM = 1024
_BEHIND = 5  # how much nicer keepers and workers are than the process that talks HTTP, which must answer meanwhile
_LOADING = 5  # how much nicer yet the loading of a snapshot is, since the one before answers meanwhile
_SHORT = 0.0003  # seconds that a worker runs at a time, until its query turns out to be long
_DISPENSABLE = 800  # of 1000: what the kernel adds to a worker's part of all memory when it has to kill somebody
_AHEAD = 1 << 20  # bytes of an answer that a worker may be ahead of the process that talks HTTP
_PATIENCE = 0.005  # seconds that bytes of an answer wait for more
_LITTLE = 4096  # bytes up to which they wait for the end: the engine writes about twice as many at a time before it
_TAGGED = 50_000  # triples up to which a graph is read whole for its digest


class Way(Protocol):
    """What takes the frames of an answer: the worker's socket, as a rule."""

    def sendall(self, data: bytes, /) -> None:
        """Take frames."""


class TooLarge(Exception):
    """The answer outgrew its limit of bytes."""


def main(descriptor: int) -> None:
    """Be the nursery on the control socket ``descriptor``; returns when the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C at the terminal is for the process that talks HTTP
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers are not waited for
    run_at_a_time(0)  # not as the process that talks HTTP does
    control = socket.socket(fileno=descriptor)
    with contextlib.suppress(ConnectionError):  # the other end is gone: so is whoever would wait for the fork
        for message in _messages(control):
            life = {"write": scribe.write, "read": reading.work}.get(message["do"]) or partial(_keep, message)
            _fork(control, life, _DISPENSABLE // 2)


def _messages(control: socket.socket) -> Iterator[dict[str, Any]]:
    pending = b""
    while data := control.recv(CHUNK):
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            yield json.loads(line)


def _fork(
    control: socket.socket, life: Callable[[socket.socket], object], dispensable: int, gifts: Sequence[int] = ()
) -> int:
    """Fork a process that lives ``life`` with one end of a socket pair; send the other end up ``control``.

    ``gifts`` are descriptors that go up with it.
    """
    ours, theirs = socket.socketpair()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            control.close()
            ours.close()
            die_with(parent)
            offer(dispensable)
            life(theirs)
        os._exit(0)
    theirs.close()
    message = {"event": "forked", "pid": pid, "gifts": len(gifts)}
    socket.send_fds(control, [json.dumps(message).encode() + b"\n"], [ours.fileno(), *gifts])
    ours.close()
    return pid


def _keep(order: dict[str, Any], control: socket.socket) -> None:
    """Be the keeper of the snapshot that ``order`` names."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.nice(_BEHIND)
    path = order["path"]
    try:
        store = _in_memory(path, order["memory"]) if order["memory"] else None
        if path is not None and store is None:
            pyoxigraph.Store.read_only(path)  # fails here, once, rather than in each worker
    except (OSError, RuntimeError, ValueError, MemoryError) as error:
        _tell(control, event="failed", message=str(error) or type(error).__name__)
        return
    _tell(control, event="ready", quads=len(store) if store is not None else None)
    killed: list[int] = []  # a process that held much takes a while to end, and the next one is not to wait for it
    for message in _messages(control):
        killed = [pid for pid in killed if os.waitpid(pid, os.WNOHANG)[0] == 0]
        if message["do"] == "fork":
            _fork_worker(control, store, path, order["limit"])
        elif message["do"] == "kill":
            with contextlib.suppress(ProcessLookupError):
                os.kill(message["pid"], signal.SIGKILL)
                killed.append(message["pid"])
        elif message["do"] == "reap":
            try:
                status = os.waitpid(message["pid"], 0)[1]
            except ChildProcessError:
                status = 0
            _tell(control, event="ended", pid=message["pid"], status=status)


def _fork_worker(control: socket.socket, store: pyoxigraph.Store | None, path: str | None, limit: int) -> None:
    mine, gifts = ledger.made() if ledger.IS_POSSIBLE else ([], [])
    _fork(control, lambda end: _work(end, store, path, limit, mine), _DISPENSABLE, gifts)
    for descriptor in {*mine, *gifts}:
        os.close(descriptor)


def _tell(control: socket.socket, **message: object) -> None:
    control.sendall(json.dumps(message).encode() + b"\n")


def _in_memory(path: str | None, budget: int) -> pyoxigraph.Store:
    """Return the snapshot's quads and graph names in memory; the empty store for no path.

    The process may not take more than ``budget`` bytes: beyond, the kernel refuses memory and the process ends.
    """
    store = pyoxigraph.Store()
    if path is None:
        return store
    source = pyoxigraph.Store.read_only(path)
    limit_memory(budget)
    with ThreadPoolExecutor(2, initializer=_stand_back) as threads:  # not all of this process: it may never return
        reading, writing = os.pipe()
        dumped = threads.submit(_dump, source, writing)
        threads.submit(_load, store, reading).result()
        dumped.result()
    for graph in source.named_graphs():  # an empty graph has no quads to be loaded with
        store.add_graph(graph)
    unlimit_memory()
    return store


def _stand_back() -> None:
    stand_back(threading.get_native_id(), _LOADING)


def _load(store: pyoxigraph.Store, descriptor: int) -> None:
    with os.fdopen(descriptor, "rb", CHUNK) as quads:
        store.bulk_load(quads, pyoxigraph.RdfFormat.N_QUADS, lenient=True)


def _dump(source: pyoxigraph.Store, descriptor: int) -> None:
    with os.fdopen(descriptor, "wb", CHUNK) as file, contextlib.suppress(BrokenPipeError):
        source.dump(file, pyoxigraph.RdfFormat.N_QUADS)


def _work(
    channel: socket.socket, store: pyoxigraph.Store | None, path: str | None, memory: int, shared: Sequence[int]
) -> NoReturn:
    """Be a worker: answer queries until the channel closes.

    ``shared`` are the descriptors through which connections are lent to it (see `ledger.made`), if they can be.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run_at_a_time(_SHORT)
    silence()
    if store is None:
        if path is None:
            message = "a worker needs a store or the path of one"
            raise ValueError(message)
        store = pyoxigraph.Store.read_only(path)
    limit_memory(memory)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    turn = threading.Lock()
    channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _AHEAD)
    inbox = Inbox(channel)
    allowance = _Allowance()

    def answer(job: dict[str, Any], way: Way) -> None:
        allowance.extend(job["seconds"])
        _answer(store, job, way)

    lent = Lent(channel, shared[0], ledger.Ledger(*shared[1:]), answer) if shared else None
    _take_turn(turn, partial(_serve, inbox, channel, answer, lent))
    while True:  # the others go on
        signal.pause()


def _take_turn(turn: threading.Lock, serve: Callable[[], None]) -> None:
    """Serve once the turn is this thread's; another one is there for the next turn.

    A thread that was made nicer in the midst of a long query (see lanes.py) may not become what it was; the next one
    was started before and has not changed.
    """
    with turn:
        threading.Thread(target=_take_turn, args=(turn, serve), daemon=True).start()
        serve()


def _serve(
    inbox: Inbox, channel: socket.socket, answer: Callable[[dict[str, Any], Way], None], lent: Lent | None
) -> None:
    """Answer queries until the channel closes, or until this thread has been made nicer."""
    usual = rank()
    channel.sendall(frame(b"R", threading.get_native_id().to_bytes(8, "big")))
    while True:
        letter, payload = inbox.frame()
        if letter == b"Q":
            answer(marshal.loads(payload), channel)  # noqa: S302 (from the process that started us)
        elif letter == b"T" and lent is not None:
            lent.take(payload)
        elif letter == b"Z" and lent is not None:
            lent.give_all_back()
        elif letter == b"K" and lent is not None:
            lent.begin_anew()
        elif not letter:
            os._exit(0)
        if lent is not None and inbox.is_empty:
            lent.serve()
        if rank() != usual:
            return


class _Allowance:
    """The processor time that this process may take in all.

    This is a backstop behind the wall time that the other end watches: SIGXCPU ends a query that nobody watches any
    more. The kernel is asked only where what it was told before does not do.
    """

    def __init__(self) -> None:
        self._seconds = 0.0

    def extend(self, seconds: float) -> None:
        """Let the process take ``seconds`` more from now on, and some."""
        used = time.process_time()
        if self._seconds < used + seconds + 1:
            self._seconds = int(used + 2 * seconds) + 2
            resource.setrlimit(resource.RLIMIT_CPU, (int(self._seconds), resource.RLIM_INFINITY))


class _Writer:
    """What the engine writes an answer to: frames of up to 256 KiB, compressed where that was asked for."""

    def __init__(
        self,
        channel: Way,
        head: dict[str, Any],
        job: Mapping[str, Any],
        start: float,
        rows: Rows | None = None,
    ) -> None:
        self._channel = channel
        self._rows = rows
        self._head: dict[str, Any] | None = head
        self._coding: str = job["coding"]
        self._compressor: Compressor | None = None
        self._limit: int = job["limit"]
        self._pending: list[bytes] = []
        self._size = 0
        self._full = CHUNK // 2
        self._due = start + _PATIENCE
        self.written = 0

    def write(self, data: bytes) -> int:
        self.written += len(data)
        if self.written > self._limit:
            raise TooLarge
        if self._rows is not None:
            self._rows.take(data)
        self._pending.append(bytes(data))
        self._size += len(data)
        # what comes slowly goes out at once, so that a client sees the answer begin; the rest in large frames
        if self._size >= self._full or (self._size >= _LITTLE and time.perf_counter() >= self._due):
            self._full = min(2 * self._full, 4 * CHUNK)
            self._due = time.perf_counter() + _PATIENCE
            self._channel.sendall(self._frames())
        return len(data)

    def flush(self) -> None:
        """Do nothing: frames are flushed by size."""

    def _frames(self, *, last: bool = False) -> bytes:
        data = b"".join(self._pending)
        self._pending.clear()
        self._size = 0
        frames = []
        if self._head is not None:
            if self._coding and (not last or len(data) >= _COMPRESS_FROM):
                self._compressor = Compressor(self._coding)
                self._head["encoding"] = self._coding
            frames.append(frame(b"H", json.dumps(self._head).encode()))
            self._head = None
        if self._compressor is not None:
            data = self._compressor.part(data, last=last)
        if data:
            frames.append(frame(b"D", data))
        return b"".join(frames)

    def finish(self, seconds: float) -> None:
        """Send the rest and the end."""
        if self._head is not None and "digest" not in self._head:
            body = b"".join(self._pending)
            is_coded = bool(self._coding) and len(body) >= _COMPRESS_FROM
            if is_coded:
                body = compressed(self._coding, body)
            head = WHOLE.pack(seconds, self.written, self._head["kind"] == "graph", is_coded)
            self._channel.sendall(HEADER.pack(b"W", len(head) + len(body)) + head + body)
            return
        end = {"seconds": seconds, "bytes": self.written}
        self._channel.sendall(self._frames(last=True) + frame(b"E", json.dumps(end).encode()))


def _answer(store: pyoxigraph.Store, job: dict[str, Any], channel: Way) -> None:
    """Run one query and write its frames. The result lives and dies in this one thread."""
    start = time.perf_counter()
    result: Any = None
    rows: Rows | None = None
    try:
        if "read" in job:
            _read_graph(store, job, channel, start)
            return
        result = _run(store, job)
        kind = "graph" if isinstance(result, pyoxigraph.QueryTriples) else "results"
        name = job[kind]
        if name is None:
            channel.sendall(frame(b"X", json.dumps({"error": "form", "message": kind}).encode()))
            return
        rows = Rows("" if kind == "graph" else name, job["rows"]) if job["rows"] is not None else None
        writer = _Writer(channel, {"kind": kind}, job, start, rows)
        file: Any = writer
        chosen: Any = getattr(pyoxigraph.RdfFormat if kind == "graph" else pyoxigraph.QueryResultsFormat, name)
        if isinstance(result, pyoxigraph.QueryBoolean):  # short for certain: the engine need not call us to write it
            file.write(result.serialize(format=chosen) or b"")
        elif kind == "graph" and rows is not None:
            pyoxigraph.serialize(rows.triples(result), file, format=chosen)
        else:
            result.serialize(file, format=chosen)
        writer.finish(time.perf_counter() - start)
    except (BrokenPipeError, ConnectionResetError):
        os._exit(0)
    except BaseException as error:  # noqa: BLE001 (whatever the engine raises is told to the other end)
        message = {"error": _kind_of(error), "message": str(error)}
        if rows is not None and rows.over:  # the engine may have made an error of its own of it
            message = {"error": "rows", "message": str(job["rows"])}
        channel.sendall(frame(b"X", json.dumps(message).encode()))
    finally:
        del result


def _run(store: pyoxigraph.Store, job: dict[str, Any]) -> Any:
    functions = {NODE: _node} if NODE in job["query"] else {}
    return evaluate(store, job["query"], functions=functions, **_dataset(job))


def _node(label: Any = None, *_: Any) -> pyoxigraph.BlankNode | None:
    return pyoxigraph.BlankNode(label.value) if isinstance(label, pyoxigraph.Literal) else None


def _read_graph(store: pyoxigraph.Store, job: dict[str, Any], channel: Way, start: float) -> None:
    iri = job["read"]
    graph = pyoxigraph.NamedNode(iri) if iri is not None else pyoxigraph.DefaultGraph()
    if isinstance(graph, pyoxigraph.NamedNode) and not store.contains_named_graph(graph):
        channel.sendall(frame(b"X", json.dumps({"error": "missing", "message": iri}).encode()))
        return
    triples = [quad.triple for quad in islice(store.quads_for_pattern(None, None, None, graph), _TAGGED + 1)]
    format_: pyoxigraph.RdfFormat = getattr(pyoxigraph.RdfFormat, job["graph"])
    head = {"kind": "graph"}
    if len(triples) <= _TAGGED:
        head["digest"] = scribe.graph_digest(triples)
    writer = _Writer(channel, head, job, start)
    file: Any = writer
    if len(triples) <= _TAGGED:  # in order, so that equal graphs give equal bytes as far as their nodes have names
        pyoxigraph.serialize(sorted(triples, key=str), file, format=format_)
    else:
        store.dump(file, format_, from_graph=graph)
    writer.finish(time.perf_counter() - start)


def _kind_of(error: BaseException) -> str:
    if isinstance(error, TooLarge) or isinstance(error.__cause__, TooLarge):
        return "large"
    if isinstance(error, SyntaxError | ValueError):
        return "syntax"
    return "engine"


def _dataset(job: dict[str, Any]) -> dict[str, Any]:
    default, named = job["default_graphs"], job["named_graphs"]
    if default or named:
        return {
            "base": job["base"],
            "default_graph": [pyoxigraph.NamedNode(iri) for iri in default],
            "named_graphs": [pyoxigraph.NamedNode(iri) for iri in named],
        }
    return {"base": job["base"], "use_default_graph_as_union": job["union"]}
