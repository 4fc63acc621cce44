"""The front door: the command line ``pactgraph``, and nothing else.

Here stand the commands that need both wings, and those that serve; the others stand in ``loader.commands``.
Exit codes: 0 all went well, 1 some of the input was skipped or breaks the shapes, 2 the command could not start or
could not go on. Each command imports what it needs when it runs, so that none waits for what another needs.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
import tempfile
from importlib.metadata import version
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Any

import typer

from loader.commands import articles, authority, graphs, links
from loader.commands.articles import load_into, reading_options
from loader.commands.console import DEFAULT_STORE, AuthorityPath, Base, StorePath, held_authority, refuse, report, tell
from ontology.layout import StoreError
from ontology.vocabulary import DEFAULT_BASE, PREFIXES

app = typer.Typer(
    name="pactgraph",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="From news articles to a knowledge graph of who said what about which partnership, served over SPARQL.",
    epilog="Start with `pactgraph demo`. Every command shows an example: `pactgraph load --help`.",
)
_LIMITS = "Limits"
_CALLS = "Other services"
Port = Annotated[int, typer.Option("--port", help="The port to listen on; 0 takes a free one.", min=0, max=65535)]


def main() -> None:
    """Run the command line; a user's mistake is one sentence on standard error, never a traceback."""
    from endpoint.protocol.requests import ProtocolError
    from loader.articles import InputError
    from loader.linking.courier import LiveError
    from loader.processes import WorkerError
    from loader.storage.exports import Unexportable

    _open_closed()
    try:
        try:
            app()
        finally:
            _flush()
    except (StoreError, InputError, Unexportable, ProtocolError, WorkerError, LiveError) as error:
        typer.echo(f"pactgraph: {error}", err=True)
        sys.exit(2)
    except BrokenPipeError:  # whoever reads our output has seen enough
        _let_go()
    except KeyboardInterrupt:
        sys.exit(130)


def _open_closed() -> None:
    """Have nobody read an output that was closed (``>&-``), and no file of the store take its descriptor."""
    while (opened := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(opened)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w")


def _flush() -> None:
    """Have the output written that still waits; raises Unexportable where there is no room for it."""
    from loader.storage.exports import unwritable

    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _let_go()
        raise unwritable(error) from None


def _let_go() -> None:
    """Have nothing more come of the output, so that Python does not fail on it when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
        tell("Reading the seed article …")
        texts = [str(path) for path in sorted(seeds.glob("*.txt"))]
        summary, linked = load_into(texts, reading_options(), place, authority=held_authority(None))
        report(summary, "loaded", quiet=False, as_json=False, links=linked)
        _ask(place, first_question(), TABLE)
        if serve:
            _serve(place, port=port)


for group in (articles.app, graphs.app, links.app):
    app.add_typer(group)
app.add_typer(authority.app, name="authority")


@app.command(epilog="Example: `pactgraph query 'SELECT ?words WHERE { ?s pact:text ?words } LIMIT 3'`")
def query(
    text: Annotated[
        str,
        typer.Argument(
            metavar="QUERY", help="SPARQL, @FILE, or - for standard input; our prefixes need no declaration."
        ),
    ],
    *,
    store: StorePath = DEFAULT_STORE,
    form: Annotated[
        str, typer.Option("--format", "-f", help="table, json, xml, csv, tsv; for graphs ttl, nt, rdf, jsonld.")
    ] = "table",
) -> None:
    """Ask the store a question; the answer goes to standard output."""
    if text == "-" or text.startswith("@"):
        name = text[1:] or "on standard input"
        try:
            text = (sys.stdin.buffer.read() if text == "-" else Path(name).read_bytes()).decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            refuse(f"The query {name} cannot be read: {getattr(error, 'strerror', None) or error}.")
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the engine notices no other interruption
    _ask(store, text, form)


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
    max_rows: Annotated[
        int | None, typer.Option(help="Rows that one answer may have; else no limit.", min=1, rich_help_panel=_LIMITS)
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Queries that run at once; else two per core.", min=2, rich_help_panel=_LIMITS)
    ] = None,
    queue: Annotated[int, typer.Option(help="Queries that may wait.", min=1, rich_help_panel=_LIMITS)] = 256,
    connections: Annotated[
        int,
        typer.Option(help="Connections that may be open; of one client a tenth.", min=10, rich_help_panel=_LIMITS),
    ] = 2000,
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
    loads: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-load",
            metavar="URL",
            help="What LOAD may load; with / at the end all below.",
            rich_help_panel=_CALLS,
        ),
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
    from endpoint.execution.remote import check_service
    from endpoint.settings import Limits

    if default_graph not in ("union", "plain"):
        refuse(f"The default graph is union or plain, not {default_graph!r}.")
    for url in [*(services or ()), *(loads or ())]:
        try:
            check_service(url)
        except ValueError as error:
            refuse(str(error))
    _set_up_logging(log)
    _set_up_tracing()
    chosen = {} if workers is None else {"workers": workers}
    chosen |= {"queue": queue, "connections": connections}
    limits = Limits(seconds=timeout, result=max_result << 20, rows=max_rows, **chosen)
    budget = {} if memory is None else {"memory": memory << 20}
    agent = f"pactgraph/{version('pactgraph')}" + (f" ({contact})" if contact else "")
    options = {"base": base, "default_graph": default_graph, "cache": cache << 20, "limits": limits, **budget}
    calls = {
        "services": tuple(services or ()),
        "loads": tuple(loads or ()),
        "agent": agent,
        "authority": held_authority(authority),
    }
    _serve(store, host=host, port=port, root_path=root_path, proxy=proxy, **options, **calls)


def _set_up_logging(what: str) -> None:
    """Send the endpoint's logs to standard error; its loggers are pactgraph.endpoint, .access and .slow."""
    if what not in ("nothing", "warnings", "requests"):
        refuse(f"What is logged is warnings, requests or nothing, not {what!r}.")
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
        refuse("OTEL_EXPORTER_OTLP_ENDPOINT is set; install what sends spans with `pip install 'pactgraph[otel]'`.")
    provider = TracerProvider(resource=Resource.create({"service.name": "pactgraph"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def _serve(
    store: Path, *, host: str = "127.0.0.1", port: int, root_path: str = "", proxy: str = "127.0.0.1", **options: Any
) -> None:
    """Run the endpoint until SIGINT or SIGTERM."""
    import uvicorn

    from endpoint.app import create_app
    from endpoint.http.connection import connection
    from endpoint.settings import Settings

    token = os.environ.get("PACTGRAPH_TOKEN") or None
    application = create_app(Settings(store=store, token=token, **options))
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        refuse(f"Cannot listen on {host}:{port}: {(error.strerror or str(error)).lower()}; name another --port.")
    address = f"[{host}]" if ":" in host else host
    tell(f"Serving on http://{address}:{listening.getsockname()[1]}/ (SPARQL at /sparql); stop with Ctrl-C.")
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
    application.openapi()  # now rather than when somebody asks, for it takes a while
    gc.collect()
    gc.freeze()  # looking through all that was loaded takes a twentieth of a second, in which nobody is answered
    server.run(sockets=[listening])
    if not server.started:
        refuse("The endpoint could not start; the reason stands above.")


def _ask(place: Path, text: str, form: str) -> None:
    """Write the answer of the store at ``place`` to standard output."""
    from endpoint.terminal import answer, unknown_terms
    from loader.storage.exports import snapshot

    with snapshot(place) as (data, mint):
        answer(data, {**PREFIXES, **mint.prefixes}, text, form, sys.stdout.buffer, base=mint.base)
    sys.stdout.flush()
    for sentence in unknown_terms(text):
        tell(f"pactgraph: {sentence}")


if __name__ == "__main__":
    main()
