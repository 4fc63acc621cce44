"""SERVICE: calls of other services in a query, to those that the owner allows (SPARQL 1.1 Federated Query).

The engine never calls anybody. What a SERVICE clause asks is asked first, by remote.py, and its solutions then stand
in the query in the clause's place, as VALUES: the multiset of solutions that the clause stands for (section 4), so
joins, OPTIONAL, UNION, MINUS, FILTER and EXISTS around it mean what they mean.

A clause is asked for no more than its neighbours can use. With W the variables that it shares with the patterns that
are joined to it, and V the distinct values of W in these, Join(G, S) = Join(G, Join(V, S)), since each solution of G
agrees with exactly one row of V. V comes from the local data, one query for each clause. FILTERs are left out of that
query, and so is every pattern that itself calls a service: more values only make the service's answer longer. Where
the shared variables may be unbound or blank nodes, they are not restricted.

What stands inside GRAPH is refused, since the engine would take GRAPH for the service's too; so is what ``groups``
cannot read.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyoxigraph

from endpoint.execution.remote import Remote, Table, Unavailable
from endpoint.protocol.negotiation import RESULTS, Choice
from endpoint.protocol.requests import ProtocolError
from endpoint.sparql import syntax
from endpoint.sparql.groups import Group, Unreadable, read_pattern
from endpoint.workers.frames import NODE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from endpoint.execution.engine import Engine
    from endpoint.protocol.requests import Query
    from endpoint.settings import Settings
    from endpoint.sparql.groups import Element, Pattern
    from endpoint.workers.answer import Answer

_NOWHERE = "urn:pactgraph:nowhere"  # a graph that no store has
_EACH = 200  # rows of values that one request carries
_ATTEMPTS = 3
_CLAUSES = 20
_JSON = Choice(RESULTS[0], RESULTS[0].media_types[0])
_JOINED = frozenset({"triples", "values", "group", "graph", "select"})


@dataclass(frozen=True, slots=True)
class Clause:
    """A SERVICE clause to be called: its element, and the pattern that is joined to it ("" for none)."""

    element: Element
    beside: str

    @property
    def service(self) -> str:
        """The IRI of the service."""
        return self.element.target[1:-1]

    @property
    def body(self) -> Group:
        """The group that the service is to answer."""
        return self.element.groups[0]


@dataclass(frozen=True, slots=True)
class Plan:
    """A query with SERVICE: its text, its pattern, and the clauses to be called in the order of the text."""

    text: str
    pattern: Pattern
    clauses: tuple[Clause, ...]

    def filled(self, fillings: Sequence[str]) -> str:
        """Return the text with other text in the place of the clauses."""
        parts, at = [], 0
        for clause, filling in zip(self.clauses, fillings, strict=True):
            parts += [self.text[at : clause.element.start], filling]
            at = clause.element.end
        return "".join(parts) + self.text[at:]

    def values(self, clause: Clause) -> tuple[tuple[str, ...], str]:
        """Return the variables that a clause shares with what is joined to it, and a SELECT of their values."""
        body = self.text[clause.body.start : clause.body.end]
        shared = tuple(sorted(_variables(body) & _variables(clause.beside)))
        named = " ".join(f"?{name}" for name in shared)
        head = f"{self.pattern.prologue}\nSELECT DISTINCT {named} {self.pattern.dataset}"
        return shared, f"{head}\nWHERE {{ {clause.beside}\n }}"

    def question(self, clause: Clause, variables: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        """Return what to ask the service: the clause's group, for these values of the variables if there are any."""
        inner = self.text[clause.body.start : clause.body.end]
        if variables:
            values = _data(variables, rows)
            first = clause.body.elements[0] if clause.body.elements else None
            opened = first is not None and first.kind == "triples"
            bound = _variables(self.text[first.start : first.end]) if first is not None and opened else frozenset()
            # where the first triples bind all of them, the values may stand in the same group, which services do fast
            inner = f"{{ {values} {inner[1:-1] if set(variables) <= bound else inner} }}"
        return f"{self.pattern.prologue}\nSELECT * WHERE {inner}"


def read_plan(text: str, allowed: Sequence[str]) -> Plan:
    """Return how to call what a query calls; a silent call that is not allowed becomes the solution that binds nothing.

    Raises ProtocolError: 403 for a call that is not allowed, 400 for one that is not evaluated here.
    """
    try:
        pattern = read_pattern(text)
    except Unreadable as error:
        raise ProtocolError(400, f"A query with SERVICE is read strictly here, and {error} is not known.") from None
    clauses = [*_clauses(text, pattern.where, ("", "")), *(c for g in pattern.others for c in _clauses(text, g, None))]
    clauses.sort(key=lambda clause: clause.element.start)
    for clause in clauses:
        target = clause.element.target
        if (not target.startswith("<") or clause.service not in allowed) and not clause.element.silent:
            sentence = f"SERVICE {target} is refused: this endpoint calls only the services that its owner allows"
            raise ProtocolError(
                403, f"{sentence}, named in full by their IRI." if allowed else f"{sentence}, and none."
            )
    if len(clauses) > _CLAUSES:
        raise ProtocolError(400, f"The query calls services {len(clauses)} times; {_CLAUSES} times is the most.")
    plan = Plan(text, pattern, tuple(clauses))
    if syntax.calls(plan.filled(["{}"] * len(clauses))):
        raise ProtocolError(400, "The query calls a service in a way that cannot be read here; put spaces around it.")
    return plan


def unfederated(text: str) -> str:
    """Return a query with each SERVICE as the group in it, every character in its place, to check its syntax."""
    for call in syntax.calls(text):
        opening = text.find("{", call.start)
        if call.word == "SERVICE" and opening >= 0:
            blank = "".join(mark if mark in "\r\n" else " " for mark in text[call.start : opening])
            text = text[: call.start] + blank + text[opening:]
    return text


class Federation:
    """Runs queries that call services."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._allowed = settings.services
        self._limits = settings.limits
        self._engine = engine
        self._remote = Remote(settings.services, settings.limits, settings.agent)

    async def run(self, query: Query, client: str, *, coding: str = "") -> Answer:
        """Run a query with SERVICE and return its answer, as Engine.run does.

        Raises ProtocolError as that does, and besides: 403 for a call that is not allowed, 502 to 504 where a service
        fails that is not called SILENT.
        """
        try:
            plan = read_plan(query.text, self._allowed)
        finally:
            await self.check(query, client)
        for attempt in range(_ATTEMPTS):
            snapshots: set[str] = set()
            last = attempt == _ATTEMPTS - 1  # while snapshots keep changing, services are asked for all they know
            known = None if last else snapshots
            text = plan.filled([await self._filling(plan, clause, query, client, known) for clause in plan.clauses])
            answer = await self._engine.run(replace(query, text=text), client, coding=coding)
            if snapshots <= {answer.snapshot}:
                return answer
            answer.abandon()
        raise AssertionError

    async def check(self, query: Query, client: str) -> None:
        """Let the engine read a query, over no data, before anybody is called or refused for it; 400 for its syntax."""
        nothing = replace(query, text=unfederated(query.text), default_graphs=(_NOWHERE,), named_graphs=())
        answer = await self._engine.run(nothing, client)
        answer.abandon()

    async def _filling(self, plan: Plan, clause: Clause, query: Query, client: str, snapshots: set[str] | None) -> str:
        """Return what stands for a clause; without ``snapshots`` the service is asked for all that it knows."""
        if not clause.element.target.startswith("<") or clause.service not in self._allowed:
            return "{}"  # silent: the solution that binds nothing
        variables: tuple[str, ...] = ()
        rows: list[tuple[str, ...]] = []
        if snapshots is not None:
            variables, rows = await self._values(plan, clause, query, client, snapshots)
        if variables and not rows:
            return "{ FILTER(false) }"
        try:
            table = await self._ask(plan, clause, variables, rows)
        except Unavailable as error:
            if clause.element.silent:
                return "{}"
            raise ProtocolError(error.status, str(error)) from None
        visible = _variables(plan.text[clause.body.start : clause.body.end])
        return _solutions(table, visible)

    async def _ask(self, plan: Plan, clause: Clause, variables: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
        """Ask a service for some rows of values after the other, all within the time of one call."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._limits.service_seconds
        named: tuple[str, ...] = ()
        found: list[tuple[Any, ...]] = []
        for start in range(0, max(1, len(rows)), _EACH):
            question = plan.question(clause, variables, rows[start : start + _EACH])
            left = self._limits.service_rows - len(found)
            table = await self._remote.select(clause.service, question, rows=left, seconds=deadline - loop.time())
            named = named or table.variables
            if set(named) != set(table.variables):
                sentence = f"The service {clause.service} names other variables from one answer to the next."
                raise Unavailable(502, sentence)
            order = [table.variables.index(name) for name in named]
            found += [tuple(_renamed(row[at], start) for at in order) for row in table.rows]
        return Table(named, tuple(found))

    async def _values(
        self, plan: Plan, clause: Clause, query: Query, client: str, snapshots: set[str]
    ) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Return the values to ask a service for: the variables, and the distinct rows in order; no variables for all.

        A variable that is unbound or a blank node in some row is left out.
        """
        shared, text = plan.values(clause)
        if not shared:
            return (), []
        most = self._limits.service_values
        select = replace(
            query, text=f"{text} LIMIT {most + 1}", form="SELECT", results=_JSON, graph=None, bounded=False
        )
        try:
            answer = await self._engine.run(select, client)
        except ProtocolError as error:
            if error.status == 400:  # blank nodes that only the whole query may hold, for instance
                return (), []
            raise
        body = b"".join([chunk async for chunk in answer.chunks()])
        snapshots.add(answer.snapshot)
        found: Any = pyoxigraph.parse_query_results(body, format=pyoxigraph.QueryResultsFormat.JSON)
        solutions = list(found)
        if len(solutions) > most:
            return (), []
        kept = tuple(name for name in shared if all(_is_value(solution[name]) for solution in solutions))
        return kept, sorted({tuple(str(solution[name]) for name in kept) for solution in solutions})


def _clauses(text: str, group: Group, outer: tuple[str, str] | None) -> Iterator[Clause]:
    """Yield the clauses of a group; ``outer`` is what stands before and after the group in what is joined to it."""
    before, after = outer or ("", "")
    for at, element in enumerate(group.elements):
        if element.kind == "service":
            own = " ".join(_kept(text, each) for each in group.elements[:at]) + " {} " + _following(text, group, at)
            yield Clause(element, f"{before}{own}{after}")
            continue
        if element.kind == "graph" and _calls(element):
            raise ProtocolError(400, "SERVICE inside GRAPH is not evaluated here; close GRAPH's group before SERVICE.")
        left = " ".join(_kept(text, each) for each in group.elements[:at])
        inside: tuple[str, str] | None = None
        if element.kind == "group":
            inside = (f"{before}{left} {{ ", f" }} {_following(text, group, at)}{after}")
        elif element.kind == "optional":
            inside = (f"{left} {{ ", " }")  # what is joined to the whole must not thin out its optional part
        for inner in element.groups:
            yield from _clauses(text, inner, inside)


def _following(text: str, group: Group, at: int) -> str:
    """Return the patterns behind an element that are joined to all before them, up to the first that is not."""
    parts = []
    for element in group.elements[at + 1 :]:
        if element.kind in ("optional", "minus", "bind"):
            break
        parts.append(_kept(text, element))
    return " ".join(parts)


def _kept(text: str, element: Element) -> str:
    """Return an element's text; nothing for a filter, or for what calls a service."""
    return "{}" if element.kind in ("filter", "service") or _calls(element) else text[element.start : element.end]


def _calls(element: Element) -> bool:
    return element.kind == "service" or any(_calls(each) for group in element.groups for each in group.elements)


def _variables(text: str) -> frozenset[str]:
    return frozenset(token.text[1:] for token in syntax.tokens(text) if token.kind == "variable")


def _is_value(term: Any) -> bool:
    return isinstance(term, pyoxigraph.NamedNode | pyoxigraph.Literal)


def _data(variables: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = " ".join(f"({' '.join(row)})" for row in rows)
    return f"VALUES ({' '.join(f'?{name}' for name in variables)}) {{ {lines} }}"


def _renamed(term: Any, answer: int) -> Any:
    """Return a term whose blank node is one of this answer's: equal labels in two answers are two nodes."""
    return pyoxigraph.BlankNode(f"{answer}x{term.value}") if isinstance(term, pyoxigraph.BlankNode) else term


def _solutions(table: Table, visible: frozenset[str]) -> str:
    """Return a group that has exactly the solutions of a table, its blank nodes new ones; other variables left out."""
    columns = [at for at, name in enumerate(table.variables) if name in visible]
    names = [table.variables[at] for at in columns]
    if not names:  # solutions that bind nothing: their number is what counts
        return "{ FILTER(false) }" if not table.rows else f"{{ VALUES () {{ {'() ' * len(table.rows)} }} }}"
    mark = secrets.token_hex(8)
    blank = {at for at in columns if any(isinstance(row[at], pyoxigraph.BlankNode) for row in table.rows)}
    written = [[_written(row[at], mark) for at in columns] for row in table.rows]
    if not blank:
        return f"{{ {_data(names, written)} }}"
    # VALUES holds no blank nodes: a second column holds their labels, of which a function makes nodes
    labels = [f"_{table.variables[at]}_{mark}" for at in sorted(blank)]
    rows = []
    for row, cells in zip(table.rows, written, strict=True):
        nodes = {at: isinstance(row[at], pyoxigraph.BlankNode) for at in sorted(blank)}
        plain = ["UNDEF" if nodes.get(at) else cell for at, cell in zip(columns, cells, strict=True)]
        extra = [cells[columns.index(at)] if is_node else "UNDEF" for at, is_node in nodes.items()]
        rows.append([*plain, *extra])
    held = {at: f"{table.variables[at]}_{mark}" for at in sorted(blank)}
    data = _data([*(held.get(at, table.variables[at]) for at in columns), *labels], rows)
    binds = " ".join(
        f"BIND(COALESCE(?{held[at]}, <{NODE}>(?{label})) AS ?{table.variables[at]})"
        for at, label in zip(sorted(blank), labels, strict=True)
    )
    return f"{{ SELECT {' '.join(f'?{name}' for name in names)} WHERE {{ {data} {binds} }} }}"


def _written(term: Any, mark: str) -> str:
    """Return a term as VALUES takes it; a blank node's label as a string, UNDEF for none."""
    if term is None:
        return "UNDEF"
    if isinstance(term, pyoxigraph.BlankNode):
        return f'"n{mark}{term.value.encode().hex()}"'
    if isinstance(term, pyoxigraph.Triple):
        parts = (term.subject, term.predicate, term.object)
        if any(isinstance(each, pyoxigraph.BlankNode | pyoxigraph.Triple) for each in parts):
            raise ProtocolError(502, "A service answered with a triple of blank nodes, which cannot be taken over.")
        return f"<<( {' '.join(map(str, parts))} )>>"
    return str(term)
