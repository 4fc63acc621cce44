"""Training of the arbiter on a corpus of the user's: texts with their statements in the form that extraction writes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loader.document import Article, Span
from loader.extraction import Extractor
from loader.extraction.attribution.arbiter import Arbiter, features, fit
from loader.extraction.attribution.attributions import find_attributions
from loader.extraction.text.parse import MODEL, load_model
from ontology.vocabulary import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loader.extraction.text.reading import Attribution, Reading
    from loader.registry import Registry


class CorpusError(Exception):
    """A corpus cannot be trained on; the message says which file and why."""


@dataclass(frozen=True, slots=True)
class Trained:
    """An arbiter and what it was trained on.

    These are counts: of ``articles``, of their ``annotated`` statements, of what the rules ``found`` there, and of
    those that are ``right``.
    """

    arbiter: Arbiter
    articles: int
    annotated: int
    found: int
    right: int

    def card(self, corpus: str) -> str:
        """Return the model card: what the model is, what it was made of, what it is good for and what not."""
        share = self.right / self.found
        return (
            "# Model card\n\n"
            "An arbiter for Pactgraph: a logistic regression that keeps or drops what the rules find.\n\n"
            f"- Trained by `pactgraph train` on `{corpus}`: {self.articles} articles, {self.annotated} annotated "
            "statements.\n"
            f"- The rules found {self.found} attributions there, of which {self.right} ({share:.0%}) are right.\n"
            f"- {len(self.arbiter.weights)} weights; what is less likely than {self.arbiter.threshold:.2f} is dropped, "
            "the threshold of the best F1 when each fifth is judged by the other four.\n"
            f"- It reads the parse of `{MODEL}` and the rules of the version that trained it; train anew with another "
            "one.\n"
            "- It finds nothing that the rules miss. Of text unlike the corpus nothing is known.\n"
            "- Its words are cues and sources of the corpus, with weights: whoever may not pass on words of the corpus "
            "may not pass on the model.\n"
        )


def train(corpus: Path, registry: Registry) -> Trained:
    """Train on a folder of texts (``NAME.txt``), each with its statements beside it (``NAME.json``).

    Of a statement ``start``, ``end``, ``cueSpan`` and ``sourceSpan`` are read; those without a cue are the article's
    own voice and not looked at. Raises CorpusError where the folder holds no such pairs, or none to learn from.
    """
    examples: list[tuple[tuple[str, ...], bool]] = []
    articles = annotated = hits = 0
    tapped: list[tuple[Reading, tuple[Attribution, ...]]] = []

    def tap(reading: Reading) -> tuple[Attribution, ...]:
        found = find_attributions(reading)
        tapped.append((reading, found))
        return ()

    pairs = list(_pairs(corpus))  # what is wrong with the corpus is told before the parser is loaded
    extractor = Extractor(registry, load_model(), tap)
    for article, gold in pairs:
        extractor.read(article)
        (reading, found) = tapped.pop()
        articles += 1
        annotated += len(gold)
        met: set[int] = set()
        for attribution in found:
            best = max(range(len(gold)), key=lambda n: (_shared(attribution.content, gold[n][0]), -n), default=None)
            right = best is not None and _is_right(attribution, *gold[best])
            if right and best is not None:
                met.add(best)
            examples.append((features(reading, attribution), right))
        hits += len(met)
    try:
        arbiter = fit(examples, annotated - hits)
    except ValueError as error:
        message = f"{corpus} cannot be trained on: {error}"
        raise CorpusError(message) from error
    return Trained(arbiter, articles, annotated, len(examples), sum(right for _, right in examples))


def _pairs(corpus: Path) -> Iterator[tuple[Article, list[tuple[Span, list[Span]]]]]:
    paths = sorted(path for path in corpus.glob("*.json") if path.with_suffix(".txt").is_file())
    if not paths:
        message = f"{corpus} holds no text with its statements beside it (NAME.txt and NAME.json)."
        raise CorpusError(message)
    for path in paths:
        try:
            text = canonical(path.with_suffix(".txt").read_text(encoding="utf-8"))
            flat = json.loads(path.read_text(encoding="utf-8"))
            gold = [_annotated(each, text) for each in flat["statements"] if each["cueSpan"]]
        except OSError as error:
            message = f"{path} cannot be read: {error.strerror or error}."
            raise CorpusError(message) from error
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            message = f"{path} is not in the form that extraction writes, or its spans are not in {path.stem}.txt."
            raise CorpusError(message) from error
        yield Article(text, str(path)), gold


def _annotated(flat: dict[str, Any], text: str) -> tuple[Span, list[Span]]:
    content, *sources = [Span(*pair) for pair in ([flat["start"], flat["end"]], *flat["sourceSpan"])]
    if max(span.end for span in (content, *sources)) > len(text):
        raise ValueError
    return content, sources


def _is_right(attribution: Attribution, content: Span, sources: list[Span]) -> bool:
    """Whether half of the annotated and of the found content are the same, with words of the same source or none."""
    shared = _shared(attribution.content, content)
    if 2 * shared < max(content.end - content.start, attribution.content.end - attribution.content.start):
        return False
    source = attribution.source
    return any(source.overlaps(other) for other in sources) if source and sources else not (source or sources)


def _shared(one: Span, other: Span) -> int:
    return max(0, min(one.end, other.end) - max(one.start, other.start))
