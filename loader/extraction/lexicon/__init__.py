"""Readable tables of words, one phenomenon a file, each line with where it comes from."""

from __future__ import annotations

from importlib.resources import files


def rows(name: str) -> tuple[tuple[str, ...], ...]:
    """Return the rows of the table ``name`` (``boilerplate`` for ``boilerplate.tsv``), its heading line left out.

    Fields are parted by tabs; blank lines and lines that start with ``#`` are notes. Every row has as many fields as
    the heading; a row that has not raises ValueError with the table and the line.
    """
    heading: int | None = None
    found = []
    text = files(__package__).joinpath(f"{name}.tsv").read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = tuple(field.strip() for field in line.split("\t"))
        if heading is None:
            heading = len(fields)
        elif len(fields) != heading:
            message = f"table {name}, line {number}: {len(fields)} fields, the heading has {heading}"
            raise ValueError(message)
        else:
            found.append(fields)
    return tuple(found)
