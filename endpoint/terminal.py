"""Answers in a terminal: a query over an open store, as a table for people or in the formats of the protocol."""

from __future__ import annotations

import difflib
import math
import re
from importlib.resources import files
from typing import IO, TYPE_CHECKING

import pyoxigraph
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from endpoint.protocol.negotiation import GRAPHS, RESULTS, by_name
from endpoint.protocol.requests import ProtocolError, rejected_syntax, rewrite_refused_calls
from endpoint.sparql.evaluation import evaluate
from endpoint.sparql.syntax import prologue_end, tokens
from ontology.vocabulary import PACT, PREFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

TABLE = "table"
_UPDATE = re.compile(r"(?:INSERT|DELETE|LOAD|CLEAR|DROP|CREATE|ADD|MOVE|COPY|WITH)\b", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_WORD = 15  # characters; a longer word may be broken
_READABLE = 24  # columns; where the widest column has fewer and wants more, each row becomes lines of its own


def answer(
    store: pyoxigraph.Store,
    prefixes: Mapping[str, str],
    text: str,
    form: str,
    out: IO[bytes],
    *,
    base: str,
    width: int | None = None,
) -> None:
    """Run a query over the union of all graphs, as the endpoint does, and write its answer to ``out``.

    ``form`` is ``table`` or the name of a format (`endpoint.protocol.negotiation`). ``prefixes`` may be used
    undeclared. A table is ``width`` columns wide, by default as wide as the terminal; where its columns would be too
    narrow, each row is lines of its own. Raises ProtocolError for a
    query that cannot be read or evaluated, that calls a service, or whose answer has no such form.
    """
    if _UPDATE.match(text, prologue_end(text)):
        raise ProtocolError(400, "This is an update, which is not run here; send it to /update of `pactgraph serve`.")
    allowed = rewrite_refused_calls(text, ())
    try:
        found = evaluate(store, allowed, base=base, prefixes=prefixes, use_default_graph_as_union=True)
        _write(found, prefixes, form, out, width)
    except SyntaxError as error:
        raise rejected_syntax(text, str(error)) from None
    except (RuntimeError, ValueError) as error:
        raise ProtocolError(500, f"The query cannot be evaluated: {str(error).rstrip('.')}.") from error


def _write(
    found: pyoxigraph.QuerySolutions | pyoxigraph.QueryBoolean | pyoxigraph.QueryTriples,
    prefixes: Mapping[str, str],
    form: str,
    out: IO[bytes],
    width: int | None,
) -> None:
    if form == TABLE:
        _tell(found, prefixes, out, width)
        return
    offers = GRAPHS if isinstance(found, pyoxigraph.QueryTriples) else RESULTS
    choice = by_name(form, offers)
    if choice is None or choice.format.engine is None:
        names = ", ".join([TABLE, *(each.name for each in offers)])
        raise ProtocolError(406, f"This answer has no form {form!r}; it has {names}.")
    if isinstance(found, pyoxigraph.QueryTriples):
        found.serialize(out, format=getattr(pyoxigraph.RdfFormat, choice.format.engine))
    else:
        found.serialize(out, format=getattr(pyoxigraph.QueryResultsFormat, choice.format.engine))


def unknown_terms(text: str) -> Iterator[str]:
    """Yield a sentence for each name under ``pact:`` in a query that the vocabulary lacks, which nothing can match."""
    space = PREFIXES["pact"]
    declared = re.search(r"PREFIX\s+pact:\s*<([^>]*)>", text, re.IGNORECASE)
    if declared and declared[1] != space:
        return
    names = [token.text.removeprefix("pact:") for token in tokens(text) if token.text.startswith("pact:")]
    for name in dict.fromkeys(names):
        if name and space + name not in PACT:
            own = sorted(str(term).removeprefix(space) for term in dir(PACT))
            near = difflib.get_close_matches(name, own, n=1)
            yield f"The vocabulary has no term pact:{name}" + (f"; did you mean pact:{near[0]}?" if near else ".")


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
        triples = list(found)
        terms = {str(node)[1:-1] for triple in triples for node in triple if isinstance(node, pyoxigraph.NamedNode)}
        used = {prefix: space for prefix, space in prefixes.items() if any(term.startswith(space) for term in terms)}
        pyoxigraph.serialize(triples, out, pyoxigraph.RdfFormat.TURTLE, prefixes=used)
        return
    names = [variable.value for variable in found.variables]
    rows = [[_short(row[name], prefixes) for name in names] for row in found]
    console = Console(width=width)
    columns = list(zip(names, *rows, strict=True))
    widths = _widths(columns, console.width - 3 * len(names))
    widest = max(widths, default=0)
    is_narrow = widest < _READABLE and any(len(cell) > widest for column in columns for cell in column)
    with console.capture() as captured:
        console.print(_list(names, rows) if is_narrow else _table(names, rows, widths))
        console.print(f"{len(rows):,} {'row' if len(rows) == 1 else 'rows'}", highlight=False)
    out.write(captured.get().encode())


def _table(names: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]) -> Table:
    """Return the rows one below the other, each variable a column."""
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, padding=(0, 1))
    for name, width in zip(names, widths, strict=True):
        table.add_column(name, width=width, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _list(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return each row as lines of its own, a variable a line, where columns would be too narrow to read."""
    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row("", "")
        for name, value in zip(names, row, strict=True):
            if value:
                table.add_row(Text(name), Text(value))
    table.add_row("", "")
    return table


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
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", value)  # it is a terminal that these would steer
