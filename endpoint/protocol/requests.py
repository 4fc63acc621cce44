"""The SPARQL 1.1 Protocol as plain values: a request in, an operation or one sentence of error out.

https://www.w3.org/TR/sparql11-protocol/ (sections 2.1 and 2.2 for the forms of request, 2.1.4 and 2.2.3 for the
dataset), with the method QUERY and the parameter ``version`` of the SPARQL 1.2 drafts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from endpoint.protocol.negotiation import (
    GRAPHS,
    HTML,
    RESULTS,
    Choice,
    Format,
    NotNegotiable,
    by_name,
    listed,
    negotiate,
)
from endpoint.sparql import syntax

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FORM = "application/x-www-form-urlencoded"
QUERY_TYPE = "application/sparql-query"
UPDATE_TYPE = "application/sparql-update"
_FIELDS = 1000
_MARK = "\ufeff"  # with which some editors begin a file
_FORMATS = "format"
_ROUNDS = 3  # looks at a text for refused calls; one that is cut out may leave another to be read anew


class ProtocolError(Exception):
    """What the client is told instead of an answer: an HTTP status, one sentence, and headers besides."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.sentence = sentence
        self.headers = dict(headers or {})
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request without its web framework.

    ``url`` is the absolute URL without the query; ``query`` the raw query string; header names are in lower case.
    """

    method: str
    url: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return the value of a header, or None."""
        return self.headers.get(name)

    @property
    def media_type(self) -> str:
        """The body's media type in lower case, without parameters; empty where none is given."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Query:
    """A query: its text, the base IRI of its relative IRIs, its dataset, the formats for its two kinds of result.

    ``results`` serves SELECT and ASK, ``graph`` serves CONSTRUCT and DESCRIBE; the one that does not fit the form is
    None where the client does not take it. ``form`` is None where the text does not begin as a query. ``union`` says
    whether the default graph is the union of all graphs; None leaves it to the endpoint's setting. ``bounded`` says
    whether the limit of rows holds, as it does for all that clients ask.
    """

    text: str
    base: str
    form: str | None
    results: Choice | None
    graph: Choice | None
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    union: bool | None = None
    bounded: bool = True

    @property
    def names_dataset(self) -> bool:
        """Whether the request names a dataset, in its parameters or in the query."""
        return bool(self.default_graphs or self.named_graphs) or syntax.names_dataset(self.text)

    @property
    def choice(self) -> Choice | None:
        """The format for the query's form."""
        return self.graph if self.form in ("CONSTRUCT", "DESCRIBE") else self.results


@dataclass(frozen=True, slots=True)
class Update:
    """An update: its text, the base IRI of its relative IRIs, and the dataset of its WHERE clauses."""

    text: str
    base: str
    using: tuple[str, ...] = ()
    using_named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GraphRead:
    """The reading of one graph whole: its IRI, None for the store's default graph, and the format for it."""

    graph: str | None
    choice: Choice


@dataclass(frozen=True, slots=True)
class Describe:
    """The bare GET that asks for the service description; in HTML it is the page with the editor."""

    choice: Choice


def read_operation(request: Request, *, longest: int) -> Query | Update | Describe:
    """Return what the request asks for; ``longest`` is the longest query or update in bytes.

    Raises ProtocolError: 400 for what the protocol forbids, 405 for other methods, 406 where the client takes no
    format that fits, 413 for a text that is too long, 415 for a body of another type.
    """
    parameters = _parameters(request, longest)
    for name in ("query", "update"):
        if len(parameters.get(name, ())) > 1:
            raise ProtocolError(400, f"The parameter {name} may be given once only.")
    query, update = _only(parameters, "query"), _only(parameters, "update")
    query, update = (text.removeprefix(_MARK) if text else text for text in (query, update))
    if query is not None and update is not None:
        raise ProtocolError(400, "A request holds either a query or an update, not both.")
    if update is not None:
        if request.method != "POST":
            raise ProtocolError(400, "An update needs the method POST.")
        return _read_update(request, parameters, update, longest)
    if query is not None:
        return _read_query(request, parameters, query, longest)
    if request.method in ("GET", "HEAD"):
        return Describe(choose(request, (*GRAPHS, HTML), parameters))
    raise ProtocolError(400, "The request holds no query and no update.")


def choose(request: Request, offers: Sequence[Format], parameters: Mapping[str, Sequence[str]] | None = None) -> Choice:
    """Return the format among the offers for ``?format=`` or else the Accept header; ProtocolError 406 for none."""
    wanted = (parameters if parameters is not None else query_parameters(request)).get(_FORMATS)
    try:
        if wanted:  # some clients name a format twice, in two ways
            chosen = next((found for name in wanted if (found := by_name(name, offers)) is not None), None)
        else:
            chosen = negotiate(request.header("accept"), offers)
    except NotNegotiable as error:
        raise ProtocolError(400, str(error)) from None
    if chosen is None:
        raise ProtocolError(406, f"This answer can be had as {listed(offers)}.")
    return chosen


def query_parameters(request: Request) -> dict[str, list[str]]:
    """Return the parameters of the URL; ProtocolError 400 where they cannot be decoded."""
    return _decoded(request.query, "The URL")


def wants_validation(request: Request) -> bool:
    """Whether a change is to be held against the shapes (``?validate=true``); ProtocolError 400 for another value."""
    values = query_parameters(request).get("validate", ["false"])
    if values not in (["true"], ["false"]):
        raise ProtocolError(400, "The parameter validate is either true or false.")
    return values == ["true"]


def rejected_syntax(text: str, message: str, kind: str = "query") -> ProtocolError:
    """Return the 400 for a syntax error of the engine (``error at LINE:COLUMN: …``), with its position in words.

    The engine names the farthest place that it has looked at, which may lie some characters behind the mistake, so
    the sentence shows what stands before it.
    """
    match = re.match(r"error at (\d+):(\d+): ?(.*)", message, re.DOTALL)
    if not match:
        return ProtocolError(400, f"The {kind} cannot be read: {message.rstrip('.')}.")
    line, column = int(match[1]), int(match[2])
    lines = text.split("\n")
    before = lines[line - 1][: column - 1].strip() if line <= len(lines) else ""
    there = f"near {before[-40:]!r}" if before else "where the line begins"
    hint = re.sub(r",? ?\[_\]", "", match[3].strip())
    wanted = f": {hint}" if re.fullmatch(r"expected .*\w.*", hint) and len(hint) <= 120 and "..=" not in hint else ""
    return ProtocolError(400, f"The {kind} has a syntax error in line {line}, column {column}, {there}{wanted}.")


def rewrite_refused_calls(text: str, allowed: Sequence[str], words: Sequence[str] = ("LOAD", "SERVICE")) -> str:
    """Return the text without its refused SILENT calls, each replaced by what a silent failure means.

    A silent SERVICE binds nothing and a silent LOAD does nothing; ``words`` are the calls that the kind of text can
    hold. Raises ProtocolError 403 for any other call to an IRI that is not allowed, or that has no IRI in full.
    """
    for _ in range(_ROUNDS):
        calls = [call for call in syntax.calls(text) if call.word in words]
        refused = [call for call in calls if call.iri is None or call.iri not in allowed]
        if not refused:
            return text
        text = _without(text, refused)
    raise ProtocolError(400, "The calls of other services cannot be told apart from the text around them.")


def _without(text: str, refused: Sequence[syntax.Call]) -> str:
    """Return the text without the refused calls, in one pass: the work grows with its length only."""
    is_clear = not syntax.ambiguous(text)
    stream = list(syntax.tokens(text))
    places = {token.start: number for number, token in enumerate(stream)}
    closings = _closings(stream)
    parts: list[str] = []
    position = 0
    for call in refused:
        if call.start < position:
            continue  # it went with the group around it
        at = places.get(call.start)
        is_plain = at is not None and stream[at].text.upper() == call.word and at + 2 < len(stream)
        if at is None or not (call.silent and is_plain and is_clear):
            what = f"{call.word} to {call.target}"
            raise ProtocolError(
                403, f"{what} is refused: this endpoint calls no service that its owner has not allowed."
            )
        target = at + 2  # the word, SILENT, the target
        parts.append(text[position : call.start])
        if call.word == "LOAD":
            is_graph = [token.text.upper() for token in stream[target + 1 : target + 3]] == ["INTO", "GRAPH"]
            position = stream[target + 3 if is_graph and target + 3 < len(stream) else target].end
            parts.append("INSERT DATA {}")
        else:
            position = closings.get(text.find("{", stream[target].end), len(text))
            parts.append("{}")
    return "".join(parts) + text[position:]


def _closings(stream: Sequence[syntax.Token]) -> dict[int, int]:
    """Return for the place of each ``{`` that is closed the place behind its ``}``."""
    closings: dict[int, int] = {}
    opened: list[int] = []
    for token in stream:
        if token.text == "{":
            opened.append(token.start)
        elif token.text == "}" and opened:
            closings[opened.pop()] = token.end
    return closings


def with_using(update: Update) -> str:
    """Return the update's text with its protocol dataset as USING clauses (section 2.2.3), since the engine takes none.

    Raises ProtocolError 400 where the update names a dataset itself with USING, USING NAMED or WITH.
    """
    if not update.using and not update.using_named:
        return update.text
    clauses = " ".join(
        [f"USING <{iri}>" for iri in update.using] + [f"USING NAMED <{iri}>" for iri in update.using_named]
    )
    parts: list[str] = []
    position, depth, before = 0, 0, ""
    for token in syntax.tokens(update.text):
        if token.text == "{":
            depth += 1
        elif token.text == "}":
            depth -= 1
        elif depth == 0 and token.kind == "word":
            word = token.text.upper()
            if word in ("USING", "WITH"):
                message = (
                    f"The update names its dataset with {word}, so using-graph-uri and using-named-graph-uri clash."
                )
                raise ProtocolError(400, message)
            if word == "WHERE" and before == "DELETE":  # DELETE WHERE { p } is short for DELETE { p } WHERE { p }
                opening = update.text.find("{", token.end)
                pattern = update.text[opening : syntax.group_end(update.text, opening)] if opening >= 0 else ""
                parts += [update.text[position : token.start], f"{pattern} {clauses} "]
                position = token.start
            elif word == "WHERE":
                parts += [update.text[position : token.start], f"{clauses} "]
                position = token.start
            before = word
            continue
        before = ""
    return "".join(parts) + update.text[position:]


def _read_query(request: Request, parameters: Mapping[str, Sequence[str]], text: str, longest: int) -> Query:
    _check_text(text, longest, "query")
    form = syntax.query_form(text)
    if form in ("CONSTRUCT", "DESCRIBE"):
        results, graph = None, choose(request, GRAPHS, parameters)
    elif form in ("SELECT", "ASK"):
        results, graph = choose(request, RESULTS, parameters), None
    else:  # the engine will say what is wrong with it
        results, graph = Choice(RESULTS[0], RESULTS[0].media_types[0]), Choice(GRAPHS[0], GRAPHS[0].media_types[0])
    return Query(
        text,
        request.url,
        form,
        results,
        graph,
        _graphs(parameters, "default-graph-uri"),
        _graphs(parameters, "named-graph-uri"),
    )


def _read_update(request: Request, parameters: Mapping[str, Sequence[str]], text: str, longest: int) -> Update:
    _check_text(text, longest, "update")
    return Update(
        text, request.url, _graphs(parameters, "using-graph-uri"), _graphs(parameters, "using-named-graph-uri")
    )


def _check_text(text: str, longest: int, kind: str) -> None:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > longest:
        raise ProtocolError(413, f"The {kind} has {size} bytes; the longest that is taken has {longest}.")


def _graphs(parameters: Mapping[str, Sequence[str]], name: str) -> tuple[str, ...]:
    graphs = tuple(parameters.get(name, ()))
    for iri in graphs:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.\-]*:[^<>\"{}|^`\\\x00-\x20]*", iri):
            raise ProtocolError(400, f"The parameter {name} needs an absolute IRI, not {iri[:80]!r}.")
    return graphs


def _parameters(request: Request, longest: int) -> dict[str, list[str]]:
    if request.method in ("GET", "HEAD"):
        return query_parameters(request)
    if request.method not in ("POST", "QUERY"):
        allow = "GET, HEAD, OPTIONS, POST, QUERY"
        raise ProtocolError(405, f"The method {request.method} is not one of {allow}.", {"Allow": allow})
    media_type = request.media_type
    known = (FORM, QUERY_TYPE) if request.method == "QUERY" else (FORM, QUERY_TYPE, UPDATE_TYPE)
    if media_type not in known:
        said = f"not {media_type[:80]!r}" if media_type else "and the request names none"
        raise ProtocolError(
            415, f"The body's Content-Type has to be one of {', '.join(known)}, {said}.", {"Accept-Query": FORM}
        )
    check_charset(request)
    if media_type == FORM:
        return _form(request, longest)
    parameters = query_parameters(request)
    name = "query" if media_type == QUERY_TYPE else "update"
    if "query" in parameters or "update" in parameters:
        raise ProtocolError(400, f"The {name} is in the body, so the URL may hold neither query nor update.")
    if len(request.body) > longest:
        raise ProtocolError(413, f"The {name} has {len(request.body)} bytes; the longest that is taken has {longest}.")
    try:
        parameters[name] = [request.body.decode()]
    except UnicodeDecodeError as error:
        raise ProtocolError(400, f"The body is not UTF-8 at byte {error.start}.") from None
    return parameters


def _form(request: Request, longest: int) -> dict[str, list[str]]:
    try:
        body = request.body.decode("ascii")
    except UnicodeDecodeError:
        try:  # raw UTF-8 in a form is common and harmless
            body = request.body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ProtocolError(400, f"The body is not UTF-8 at byte {error.start}.") from None
    parameters = query_parameters(request)
    for name in ("query", "update"):
        if name in parameters:
            raise ProtocolError(400, f"With a form, the parameter {name} belongs in the body, not in the URL.")
    if len(body) > 3 * longest + 65536:
        raise ProtocolError(413, f"The form has {len(body)} bytes; a query or update may have {longest}.")
    for name, values in _decoded(body, "The form").items():
        parameters.setdefault(name, []).extend(values)
    return parameters


def check_charset(request: Request) -> None:
    """Raise ProtocolError 415 where the Content-Type names another charset than UTF-8."""
    match = re.search(r";\s*charset\s*=\s*\"?([^\s\";]+)", request.header("content-type") or "", re.IGNORECASE)
    if match and match.group(1).lower() not in ("utf-8", "utf8", "us-ascii"):
        raise ProtocolError(415, f"The body has to be UTF-8, not {match.group(1)}.")


def _decoded(text: str, where: str) -> dict[str, list[str]]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    except UnicodeDecodeError:
        raise ProtocolError(400, f"{where} holds percent-encoded bytes that are not UTF-8.") from None
    except ValueError:
        raise ProtocolError(400, f"{where} holds more than {_FIELDS} parameters.") from None
    parameters: dict[str, list[str]] = {}
    for name, value in pairs:
        parameters.setdefault(name, []).append(value)
    return parameters


def _only(parameters: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = parameters.get(name)
    return values[0] if values else None
