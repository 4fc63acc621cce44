"""Answers in a terminal: a query over an open store, as a table for people or in the formats of the protocol."""

from __future__ import annotations

import math
from importlib.resources import files
from typing import IO, TYPE_CHECKING

import pyoxigraph
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from endpoint.protocol.negotiation import GRAPHS, RESULTS, by_name
from endpoint.protocol.requests import ProtocolError, rejected_syntax, rewrite_refused_calls

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TABLE = "table"
_WORD = 15  # characters; a longer word may be broken


def answer(
    store: pyoxigraph.Store,
    prefixes: Mapping[str, str],
    text: str,
    form: str,
    out: IO[bytes],
    *,
    width: int | None = None,
) -> None:
    """Run a query over the union of all graphs and write its answer to ``out``.

    ``form`` is ``table`` or the name of a format (`endpoint.protocol.negotiation`). ``prefixes`` may be used
    undeclared. A table is ``width`` columns wide, by default as wide as the terminal. Raises ProtocolError for a
    query that cannot be read, that calls a service, or whose answer has no such form.
    """
    allowed = rewrite_refused_calls(text, ())
    try:
        found = store.query(allowed, use_default_graph_as_union=True, prefixes=dict(prefixes))
    except SyntaxError as error:
        raise rejected_syntax(text, str(error)) from None
    offers = GRAPHS if isinstance(found, pyoxigraph.QueryTriples) else RESULTS
    if form == TABLE:
        _tell(found, prefixes, out, width)
        return
    choice = by_name(form, offers)
    if choice is None or choice.format.engine is None:
        names = ", ".join([TABLE, *(each.name for each in offers)])
        raise ProtocolError(406, f"This answer has no form {form!r}; it has {names}.")
    if isinstance(found, pyoxigraph.QueryTriples):
        found.serialize(out, format=getattr(pyoxigraph.RdfFormat, choice.format.engine))
    else:
        found.serialize(out, format=getattr(pyoxigraph.QueryResultsFormat, choice.format.engine))


def first_question() -> str:
    """Return the query behind the table of the demo."""
    return (files("endpoint") / "static" / "demo.rq").read_text(encoding="utf-8")


def _tell(
    found: pyoxigraph.QuerySolutions | pyoxigraph.QueryBoolean | pyoxigraph.QueryTriples,
    prefixes: Mapping[str, str],
    out: IO[bytes],
    width: int | None,
) -> None:
    if isinstance(found, pyoxigraph.QueryBoolean):
        out.write(b"yes\n" if found else b"no\n")
        return
    if isinstance(found, pyoxigraph.QueryTriples):
        found.serialize(out, format=pyoxigraph.RdfFormat.TURTLE)
        return
    names = [variable.value for variable in found.variables]
    rows = [[_short(row[name], prefixes) for name in names] for row in found]
    console = Console(width=width)
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, padding=(0, 1))
    columns = list(zip(names, *rows, strict=True))
    for name, room in zip(names, _widths(columns, console.width - 3 * len(names)), strict=True):
        table.add_column(name, width=room, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    with console.capture() as captured:
        console.print(table)
        console.print(f"{len(rows):,} {'row' if len(rows) == 1 else 'rows'}", highlight=False)
    out.write(captured.get().encode())


def _widths(columns: Sequence[Sequence[str]], room: int) -> list[int]:
    """Share the characters of a line among columns: narrow ones get what they want, wide ones by how much they hold."""
    wanted = [max(map(len, column), default=1) for column in columns]
    if sum(wanted) <= room:
        return wanted
    words = [max((len(word) for cell in column for word in cell.split()), default=1) for column in columns]
    held = [math.sqrt(sum(map(len, column))) for column in columns]
    widths = [
        want if want <= room // len(columns) else max(min(word, _WORD), min(want, int(room * share / sum(held))))
        for want, word, share in zip(wanted, words, held, strict=True)
    ]
    widest = widths.index(max(widths))
    widths[widest] = max(_WORD, widths[widest] + room - sum(widths))  # it takes what is left, or gives what lacks
    return widths


def _short(term: object, prefixes: Mapping[str, str]) -> str:
    """Return a term as a person reads it: the characters of a literal, an IRI with its prefix."""
    value = str(getattr(term, "value", "" if term is None else term))
    if isinstance(term, pyoxigraph.NamedNode):
        for prefix, namespace in prefixes.items():
            if value.startswith(namespace):
                return f"{prefix}:{value[len(namespace) :]}"
    return value
