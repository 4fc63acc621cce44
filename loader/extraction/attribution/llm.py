"""Attributions by a language model instead of the rules: whatever it answers, only words of the article get in."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from loader.document import Span, StatementKind
from loader.extraction.attribution import cues
from loader.extraction.attribution.attributions import find_attributions
from loader.extraction.attribution.findings import Finding, Marks
from loader.extraction.attribution.propositions import split
from loader.extraction.attribution.relays import find_relays
from loader.extraction.attribution.server import ServerError
from loader.extraction.attribution.sources import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from loader.extraction.attribution.server import Server
    from loader.extraction.text.reading import Attribution, Reading
    from loader.extraction.text.tokens import Token

RULE = "llm"

_MOST = 500  # statements of one article
_WORDS = {"content": 4_000, "cue": 200, "source": 500}  # characters of each at most
_LOG = logging.getLogger(__name__)
_TEXT = {"type": "string"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["statements"],
    "properties": {
        "statements": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["content", "cue", "source", "kind"],
                "properties": {
                    "content": _TEXT,
                    "cue": _TEXT,
                    "source": {"type": ["string", "null"]},
                    "kind": {"type": "string", "enum": [str(kind) for kind in StatementKind]},
                },
            },
        }
    },
}


class AnswerError(Exception):
    """A model's answer is not of the schema; the message says how in one sentence."""


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """Finds attributions by asking a model; called like `loader.extraction.attribution.attributions.find_attributions`.

    Of its answer each statement is taken or refused alone: content, cue and source have to stand in the article letter
    by letter, and the kind has to be one of the vocabulary's. Who is meant, stance, time and all else is read from
    the article, not from the answer. Where there is no usable answer the rules read the article, and a warning says so.
    """

    server: Server
    longest: int = 60_000  # characters of an article that is sent

    def __call__(self, reading: Reading) -> tuple[Attribution, ...]:
        """Return the attributions of an article in order of the text."""
        text = reading.article.text
        try:
            found, refused = attributions_of(reading, self._answer(text))
        except (ServerError, AnswerError) as error:
            _LOG.warning("%s: %s The rules read the article instead.", reading.article.source, error)
            return find_attributions(reading)
        if refused:
            source, whole = reading.article.source, refused + len(found)
            _LOG.warning("%s: %d of the model's %d statements were refused.", source, refused, whole)
        model = self.server.model
        return tuple(replace(attribution, model=model) for finding in found for attribution in finding)

    def _answer(self, text: str) -> str:
        if len(text) > self.longest:
            message = f"The article is longer than {self.longest:,} characters."
            raise AnswerError(message)
        return self.server.ask(_instructions(), text, SCHEMA)


def attributions_of(reading: Reading, answer: str) -> tuple[list[tuple[Attribution, ...]], int]:
    """Return the attributions of each statement of an answer that is taken, and how many were refused.

    Raises AnswerError for an answer that is no object of the schema.
    """
    marks = Marks(reading)
    taken: list[Finding] = []
    refused = 0
    after = 0
    for item in _items(answer):
        finding = _finding(reading, marks, item, after)
        if finding is None or any(_clash(finding, other) for other in taken):
            refused += 1
            continue
        after = finding.parts[0].start
        taken.append(finding)
    taken.sort(key=lambda finding: (finding.parts[0].start, finding.span.start))
    found = [tuple(split(reading, marks, find_relays(reading, marks, finding))) for finding in taken]
    return found, refused


def _instructions() -> str:
    return files(__package__).joinpath("prompt.md").read_text(encoding="utf-8")


def _items(answer: str) -> list[Any]:
    bare = answer.strip().removeprefix("```json").removeprefix("```").removesuffix("```")
    try:
        items = json.loads(bare)["statements"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        message = "The model's answer is not the JSON that was asked for."
        raise AnswerError(message) from error
    if not isinstance(items, list) or len(items) > _MOST:
        message = f"The model's answer has no list of statements, or one of more than {_MOST}."
        raise AnswerError(message)
    return items


def _finding(reading: Reading, marks: Marks, item: Any, after: int) -> Finding | None:
    """Return what an item of the answer says, with its words found in the article; None where that cannot be."""
    if not isinstance(item, dict) or item.get("kind") not in list(StatementKind):
        return None
    for name, longest in _WORDS.items():
        words = item.get(name)
        if words is None and name == "source":
            continue
        if not isinstance(words, str) or not words.strip() or len(words) > longest:
            return None
    content = _content(reading, marks, item["content"], after)
    if content is None:
        return None
    cue = _beside(reading, item["cue"], [content])
    if cue is None:
        return None
    source = _beside(reading, item["source"], [content, cue]) if item.get("source") else None
    if item.get("source") and source is None:
        return None
    return Finding(
        _cue(reading, cue),
        cue,
        (content,),
        Source(reading.tokens(source).root, source) if source else None,
        RULE,
        StatementKind(item["kind"]),
    )


def _content(reading: Reading, marks: Marks, words: str, after: int) -> Span | None:
    """Return where the words of a content stand: of several places the first that is not before the one before."""
    places = list(_places(reading.article.text, words))
    chosen = next((place for place in places if place.start >= after), places[0] if places else None)
    tidy = marks.tidy(chosen.start, chosen.end) if chosen else None
    return tidy if tidy is not None and any(token.is_alpha for token in reading.tokens(tidy)) else None


def _beside(reading: Reading, words: str, taken: list[Span]) -> Span | None:
    """Return where words stand in the content's line or one beside it, nearest to it, clear of what is taken."""
    text, content = reading.article.text, taken[0]
    before = text.rfind("\n", 0, content.start) + 1
    behind = text.find("\n", content.end)
    first = text.rfind("\n", 0, max(0, before - 1)) + 1
    last = text.find("\n", behind + 1) if behind >= 0 else -1
    end = len(text) if last < 0 else last
    places = [
        place
        for place in _places(text, words, first, end)
        if not any(place.overlaps(span) for span in taken) and "\n" not in place.of(text)
    ]
    return min(places, key=lambda place: _distance(place, content), default=None)


def _distance(one: Span, other: Span) -> int:
    return other.start - one.end if one.end <= other.start else one.start - other.end


def _places(text: str, words: str, start: int = 0, end: int | None = None) -> Iterator[Span]:
    """Yield where words stand in a text; no place cuts a word."""
    words = words.strip()
    at = text.find(words, start, end)
    while at >= 0:
        stop = at + len(words)
        if not _cuts(text, at) and not _cuts(text, stop):
            yield Span(at, stop)
        at = text.find(words, at + 1, end)


def _cuts(text: str, place: int) -> bool:
    return 0 < place < len(text) and text[place - 1].isalnum() and text[place].isalnum()


def _cue(reading: Reading, span: Span) -> cues.Cue:
    tokens = reading.tokens(span)
    entries: Iterable[cues.Entry | None] = (look_up(tokens.root) for look_up in _LOOK_UP)
    entry = next((found for found in entries if found is not None), cues.Entry(tokens.root.lemma_, {}))
    return cues.Cue(tokens.root, entry, tokens.start, tokens.end - 1, negated=entry.allows("denial"))


def _clash(one: Finding, other: Finding) -> bool:
    return any(part.overlaps(taken) for part in one.parts for taken in other.parts)


def _verbal(token: Token) -> cues.Entry | None:
    return cues.verb(token) if cues.is_verbal(token) else None


_LOOK_UP = (_verbal, cues.noun, cues.adjective)
