"""Texts to link, one JSON object a line, and their links, likewise."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import IO, TYPE_CHECKING, Any

from loader.document import Span
from loader.summary import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from loader.linking.linker import Link


@dataclass(frozen=True, slots=True)
class Text:
    """A text to link; ``mentions`` are the places of its names where they are given. ``line`` is where it stands."""

    doc_id: str
    text: str
    line: int
    mentions: tuple[Span, ...] = ()
    published: date | None = None


def read_texts(file: IO[bytes], source: str, *, given: bool) -> Iterator[Text | Problem]:
    """Give the texts of JSON lines, and a Problem for each line that holds none; blank lines are passed over.

    A line is ``{"doc_id", "text", "mentions": [{"start", "end"}]}``, offsets in code points, with ``"date"`` (ISO 8601)
    where it is known; ``mentions`` are needed only if they are ``given``.
    """
    for number, line in enumerate(file, start=1):
        if line.strip():
            try:
                yield _text(json.loads(line), number, given=given)
            except (ValueError, KeyError, TypeError) as error:
                yield Problem(source, number, _reason(error))


def record(text: Text, links: Iterable[Link], *, details: bool = False) -> dict[str, Any]:
    """Return a text's links as a JSON object: ``qid`` is null where nothing is accepted."""
    return {"doc_id": text.doc_id, "mentions": [_mention(link, details=details) for link in links]}


def _text(found: Any, line: int, *, given: bool) -> Text:
    if not isinstance(found, dict) or not isinstance(found.get("text"), str) or "doc_id" not in found:
        message = 'it is no object with "doc_id" and "text"'
        raise ValueError(message)
    text = found["text"]
    spans = tuple(_span(each, text) for each in found["mentions"]) if given else ()
    day = found.get("date")
    return Text(str(found["doc_id"]), text, line, spans, date.fromisoformat(day) if day else None)


def _span(found: Any, text: str) -> Span:
    start, end = found["start"], found["end"]
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= len(text):
        message = f"a mention at {start}-{end} is no place in a text of {len(text)} characters"
        raise ValueError(message)
    return Span(start, end)


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"It is no JSON: {error.msg} at column {error.colno}."
    if isinstance(error, UnicodeDecodeError):
        return "It is not UTF-8."
    if isinstance(error, KeyError):
        return f"It has no {error.args[0]!r}."
    return f"It cannot be read: {error}."


def _mention(link: Link, *, details: bool) -> dict[str, Any]:
    decision, span = link.decision, link.named.span
    accepted = decision.accepted
    plain = {
        "start": span.start,
        "end": span.end,
        "qid": accepted.id if accepted else None,
        "score": round(decision.score, 4),
    }
    if not details:
        return plain
    best = decision.best
    return {
        **plain,
        "status": str(decision.status),
        "candidate": best.entity.id if best else None,
        "label": best.entity.label if best else None,
        "gap": round(decision.gap, 4),
        "metonym": decision.metonym,
        "adjective": link.is_adjective,
        "features": {name: round(value, 3) for name, value in best.features.nonzero().items()} if best else {},
    }
