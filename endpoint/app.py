"""The web application: the one file that knows FastAPI.

SPARQL and the graph store go past the framework to service.py; the rest (pages, health, the vocabulary, the
descriptions) is FastAPI's.
"""

from __future__ import annotations

import json
import re
import time
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.utils import get_openapi
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from endpoint.execution.engine import Engine
from endpoint.execution.writer import Writer
from endpoint.http import exchange, service
from endpoint.http.health import state_of
from endpoint.protocol import requests
from endpoint.protocol.negotiation import GRAPHS, HTML, Choice, Format
from endpoint.reconciliation.answers import Reconciliation, space_of
from endpoint.reconciliation.entities import GraphReconciliation
from endpoint.site.description import Description
from endpoint.site.pages import NotFound, Pages
from endpoint.site.questions import questions
from endpoint.site.words import Vocabulary

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.middleware.base import RequestResponseEndpoint

    from endpoint.http.exchange import Receive, Scope, Send
    from endpoint.settings import Settings

_STATIC = Path(__file__).parent / "static"
_READS = ["GET", "HEAD"]
_NOT_READY: dict[int | str, dict[str, Any]] = {503: {"description": "No snapshot is ready yet"}}
_NEEDS_TOKEN: dict[int | str, dict[str, Any]] = {
    401: {"description": "The bearer token is missing or wrong"},
    403: {"description": "The endpoint was started without a token"},
}
_NO_SUCH_QUERY: dict[int | str, dict[str, Any]] = {
    204: {"description": "Stopped"},
    404: {"description": "No such query runs"},
    **_NEEDS_TOKEN,
}
_LONGEST = 1 << 20  # bytes of a batch of queries
_REFUSED: dict[int | str, dict[str, Any]] = {
    400: {"description": "The request cannot be read"},
    404: {"description": "The authority holds no such entity"},
    413: {"description": "The request holds too much"},
}
_FORM_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "properties": {"queries": {"type": "string"}, "extend": {"type": "string"}},
                }
            }
        },
    }
}
_JSON_BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}}
_PREFLIGHT = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS, POST",
    "Access-Control-Allow-Headers": "Accept, Accept-Language, Content-Type",
    "Access-Control-Max-Age": "86400",
}
_PREVIEW_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'"  # a client shows it in a frame of its page
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_EDITOR_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)  # the editor sets the sizes of its parts by style attributes


class Endpoint(FastAPI):
    """FastAPI, with the paths of SPARQL taken past it."""

    sparql: service.Service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and self.sparql.serves(exchange.local_path(scope)):
            await self.sparql(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(settings: Settings) -> Endpoint:
    """Return the endpoint for a store as an ASGI application; its lifespan starts and ends the engine's processes.

    Raises StoreError where there is no store at ``settings.store`` or where it cannot be read.
    """
    engine = Engine(settings)
    engine.snapshots.layout.check()
    description = Description(settings, engine)
    vocabulary = Vocabulary.load()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await engine.start()
        try:
            yield
        finally:
            await engine.close()

    app = Endpoint(
        title="Pactgraph",
        summary="Who said what about which partnership, in which words, through whom.",
        version="0.1.0",
        lifespan=lifespan,
        docs_url=None,  # their pages load scripts from another host
        redoc_url=None,
    )
    app.sparql = service.Service(settings, engine, Writer(settings, engine), description)
    app.middleware("http")(_secure)
    app.add_exception_handler(requests.ProtocolError, _refuse)
    app.add_exception_handler(HTTPException, _refuse_plainly)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    app.include_router(_operations(engine, app.sparql))
    if settings.authority is not None:
        held = Reconciliation(settings.authority, space_of(settings.authority))
        app.include_router(_reconcile("/reconcile", partial(_always, held)))
    app.include_router(_reconcile("/reconcile/graph", GraphReconciliation(engine, settings.base).now))
    app.include_router(_front(settings.base, vocabulary))
    app.include_router(_data(Pages(settings.base, engine), description, vocabulary))
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # the way that FastAPI documents
    return app


def _operations(engine: Engine, sparql: service.Service) -> APIRouter:
    router = APIRouter()

    @router.head("/health", include_in_schema=False)
    @router.get("/health", summary="Whether the endpoint lives and answers", tags=["operations"], responses=_NOT_READY)
    async def health() -> Response:
        status, state = state_of(engine)
        return JSONResponse(state, status, {"Cache-Control": "no-store"})

    @router.head("/metrics", include_in_schema=False)
    @router.get(
        "/metrics", summary="Counts and times for Prometheus", tags=["operations"], response_class=PlainTextResponse
    )
    async def metrics() -> PlainTextResponse:
        return PlainTextResponse(sparql.metrics.text(), media_type="text/plain; version=0.0.4")

    @router.head("/queries", include_in_schema=False)
    @router.get("/queries", summary="The queries that run", tags=["operations"], responses=_NEEDS_TOKEN)
    async def queries(request: Request) -> Response:
        sparql.authorise(_plain(request))
        now = time.monotonic()
        running = [
            {
                "id": answer.identifier,
                "client": answer.client,
                "seconds": round(now - answer.started, 3),
                "memory": answer.memory,
                "form": getattr(answer.query, "form", None),
                "query": getattr(answer.query, "text", None),
            }
            for answer in engine.answers.values()
        ]
        return JSONResponse({"running": running, "waiting": sum(engine.admission.waiting.values())})

    @router.delete("/queries/{identifier}", summary="Stop a query", tags=["operations"], responses=_NO_SUCH_QUERY)
    async def stop(request: Request, identifier: str) -> Response:
        sparql.authorise(_plain(request))
        answer = engine.answers.get(identifier)
        if answer is None:
            return PlainTextResponse("No such query runs.\n", 404)
        sentence = "The query was stopped by the owner of this endpoint."
        answer.stop("owner", requests.ProtocolError(503, sentence))
        return PlainTextResponse("", 204)

    return router


async def _always(service_: Reconciliation) -> Reconciliation:
    return service_


def _reconcile(root: str, now: Callable[[], Awaitable[Reconciliation]]) -> APIRouter:
    """Return the paths of a service of the Reconciliation API: 0.2 at ``root``, the draft of 1.0 one step below.

    ``now`` gives what answers.
    """
    router = APIRouter(tags=["reconciliation"], responses=_REFUSED)

    @router.get(root, summary="The manifest; or the answers to a batch of queries, or to a data extension")
    async def old(request: Request, queries: str | None = None, extend: str | None = None) -> Response:
        service_ = await now()
        if queries is not None:
            return JSONResponse(await run_in_threadpool(service_.answer, queries))
        if extend is not None:
            return JSONResponse(await run_in_threadpool(service_.extend, extend, draft=False))
        return JSONResponse(service_.manifest(str(request.url.replace(query="")).rstrip("/")))

    @router.post(root, summary="A batch of queries, or a data extension, as a form", openapi_extra=_FORM_BODY)
    async def old_form(request: Request) -> Response:
        fields = requests.query_parameters(requests.Request("POST", "", (await _short_body(request)).decode("latin-1")))
        service_ = await now()
        for name, answer in (("queries", service_.answer), ("extend", partial(service_.extend, draft=False))):
            if name in fields:
                return JSONResponse(await run_in_threadpool(answer, fields[name][0]))
        raise requests.ProtocolError(400, "The form holds neither queries nor extend.")

    @router.get(f"{root}/flyout", summary="What a client shows of an entity under the pointer")
    async def flyout(id: str) -> Response:
        return JSONResponse(await run_in_threadpool((await now()).flyout, id))

    @router.get(f"{root}/1.0-draft", summary="The manifest of the draft of version 1.0")
    async def manifest() -> Response:
        return JSONResponse((await now()).manifest_of_draft())

    @router.post(f"{root}/1.0-draft/match", summary="A batch of queries of the draft", openapi_extra=_JSON_BODY)
    async def match(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool((await now()).answer_draft, await _short_body(request)))

    @router.post(f"{root}/1.0-draft/extend", summary="A data extension of the draft", openapi_extra=_JSON_BODY)
    async def extend_draft(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool((await now()).extend, await _short_body(request), draft=True))

    _add_shared(router, root, now)

    @router.options(root, include_in_schema=False)
    @router.options(f"{root}/{{path:path}}", include_in_schema=False)
    def preflight() -> Response:
        return Response(status_code=204, headers=_PREFLIGHT)

    return router


def _add_shared(router: APIRouter, root: str, now: Callable[[], Awaitable[Reconciliation]]) -> None:
    """Add the paths that both versions of the Reconciliation API have, with the same answers."""
    for path in (root, f"{root}/1.0-draft"):

        @router.get(f"{path}/suggest/{{kind}}", summary="Entities, properties or types that begin so")
        async def suggest(
            kind: Literal["entity", "property", "type"], prefix: str = "", limit: int = 10, offset: int = 0
        ) -> Response:
            return JSONResponse(await run_in_threadpool((await now()).suggest, kind, prefix, limit, offset))

        @router.get(f"{path}/preview", summary="A small page on an entity", response_class=HTMLResponse)
        async def preview(id: str) -> Response:
            page = await run_in_threadpool((await now()).preview, id)
            return HTMLResponse(page, headers={"Content-Security-Policy": _PREVIEW_POLICY})

        @router.get(f"{path}/extend/propose", summary="Properties that entities of a type can be extended by")
        async def propose(type: str = "", limit: int = 20) -> Response:
            return JSONResponse((await now()).propose(type, limit))


async def _short_body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _LONGEST:
            raise requests.ProtocolError(413, f"The body is longer than {_LONGEST} bytes, the most that is read.")
    return bytes(body)


def _front(base: str, vocabulary: Vocabulary) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.api_route("/", methods=_READS)
    async def front() -> Response:
        return FileResponse(_STATIC / "index.html", media_type="text/html; charset=utf-8")

    @router.api_route("/questions.json", methods=_READS)
    async def examples() -> Response:
        return JSONResponse(
            {
                "base": base,
                "prefixes": vocabulary.prefixes(base),
                "questions": [{"name": each.name, "title": each.title, "query": each.text} for each in questions()],
                "terms": {"classes": vocabulary.classes, "properties": vocabulary.properties},
            }
        )

    return router


def _data(pages: Pages, description: Description, vocabulary: Vocabulary) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.api_route("/.well-known/void", methods=_READS)
    @router.api_route("/dataset", methods=_READS)
    async def void(request: Request) -> Response:
        choice = requests.choose(_plain(request), (*GRAPHS, HTML))
        endpoint = str(request.url.replace(path=f"{_root(request)}/sparql", query=""))
        if choice.format is HTML:
            return _html(request, await description.html(endpoint, _root(request)))
        return _rdf(request, await description.void(endpoint, choice.format), choice)

    @router.api_route("/ns", methods=_READS)
    @router.api_route(f"/ns/{vocabulary.version}", methods=_READS)
    async def vocabulary_page(request: Request) -> Response:
        choice = requests.choose(_plain(request), (*GRAPHS, HTML))
        if choice.format is HTML:
            return _html(request, vocabulary.html(_root(request)))
        return _rdf(request, vocabulary.written(choice.format), choice)

    @router.api_route("/{path:path}", methods=_READS)
    async def thing(request: Request, path: str) -> Response:
        choice = requests.choose(_plain(request), (*GRAPHS, HTML))
        client = request.client.host if request.client else ""
        try:
            if choice.format is HTML:
                return _html(request, await pages.under(_root(request)).html(path, client))
            return _rdf(request, await pages.rdf(path, choice.format, client), choice)
        except NotFound as error:
            return PlainTextResponse(f"Nothing is said of {error}.\n", 404)

    return router


def _root(request: Request) -> str:
    """Return the path under which a proxy shows the endpoint."""
    root: str = request.scope.get("root_path", "")
    return root.rstrip("/")


async def _secure(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Add the headers that keep a browser from doing more than the page needs."""
    start = time.perf_counter()
    response = await call_next(request)
    if response.status_code == 405:
        response = _told_methods(request, response)
    is_editor = exchange.local_path(request.scope) == "/"
    response.headers.setdefault("Content-Security-Policy", _EDITOR_POLICY if is_editor else _POLICY)
    for name, value in exchange.SECURITY.items():
        response.headers.setdefault(name, value)
    if request.method in _READS or exchange.local_path(request.scope).startswith("/reconcile"):
        response.headers.setdefault("Access-Control-Allow-Origin", "*")
    response.headers["Server-Timing"] = f"total;dur={1000 * (time.perf_counter() - start):.2f}"
    return response


def _told_methods(request: Request, response: Response) -> Response:
    """Complete the methods that the framework names in Allow; answer OPTIONS, a preflight of CORS included, by them."""
    named = set(re.findall(r"[A-Z]+", response.headers.get("allow", "")))
    allow = ", ".join(sorted(named | {"OPTIONS"} | ({"HEAD"} if "GET" in named else set())))
    if request.method != "OPTIONS":
        response.headers["Allow"] = allow
        return response
    return Response(status_code=204, headers=_PREFLIGHT | {"Allow": allow, "Access-Control-Allow-Methods": allow})


def _refuse(_: Request, error: Exception) -> Response:
    if not isinstance(error, requests.ProtocolError):
        raise error
    return PlainTextResponse(error.sentence + "\n", error.status, error.headers)


def _refuse_plainly(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return PlainTextResponse(f"{error.detail}.\n", error.status_code, error.headers)


def _plain(request: Request) -> requests.Request:
    return requests.Request(
        request.method, str(request.url.replace(query="")), request.url.query, exchange.read_headers(request.scope)
    )


def _html(request: Request, body: str) -> Response:
    return Response(body, media_type="text/html; charset=utf-8", headers=_of_page(request, HTML))


def _rdf(request: Request, body: bytes, choice: Choice) -> Response:
    return Response(body, headers=_of_page(request, choice.format) | {"Content-Type": choice.content_type})


def _of_page(request: Request, format_: Format) -> dict[str, str]:
    """Return the headers of a page; Content-Location tells what describes a thing from the thing (RFC 9110, 8.7)."""
    path, root = request.url.path, _root(request)
    place = path if path.startswith(f"{root}/") else root + path
    place = f"{place}?format={format_.name}"
    return {"Vary": "Accept", "Cache-Control": "no-cache", "Content-Location": place}


def _openapi(app: FastAPI) -> dict[str, Any]:
    """Return the description of the interface: FastAPI's for its own routes, ours for those that go past it."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        ours = json.loads((Path(__file__).parent / "openapi.json").read_text(encoding="utf-8"))
        named = {"/graphs/{name}": _of_named_graph(ours["paths"]["/graphs"])}
        schema["paths"] = ours["paths"] | named | schema["paths"]
        schema.setdefault("components", {}).update(ours["components"])
        app.openapi_schema = schema
    return app.openapi_schema


def _of_named_graph(operations: dict[str, Any]) -> dict[str, Any]:
    """Describe the operations on the graph that the path itself names (Graph Store Protocol, 4.1)."""
    name = {
        "name": "name",
        "in": "path",
        "required": True,
        "description": "The graph's IRI is the URL itself",
        "schema": {"type": "string"},
    }
    described = {}
    for method, operation in operations.items():
        others = [each for each in operation["parameters"] if each["name"] not in ("graph", "default")]
        summary = "Add to a graph" if method == "post" else operation["summary"]
        described[method] = operation | {
            "operationId": f"named_{operation['operationId']}",
            "summary": summary,
            "parameters": [name, *others],
        }
        if "requestBody" in operation:  # no bytes are Turtle, too: of an empty graph
            described[method]["requestBody"] = operation["requestBody"] | {"required": False}
    return described
