"""An arbiter trained on a corpus: which of the rules' attributions that corpus would count, and how sure that is.

Corpora differ in what they take for a statement: plans, opinions, beliefs. The arbiter is a logistic regression over
what can be seen of an attribution, fitted to the optimum, so that the same corpus gives the same bytes.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loader.extraction.attribution.attributions import find_attributions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from loader.extraction.text.reading import Attribution, Reading

FORMAT = "pactgraph-arbiter-1"
_LEAST = 3  # how often a feature has to be met
_MOST = 4_000  # features; the time of fitting grows with the cube
_PENALTY = 3.0  # of the squares of the weights
_STEPS = 30  # of Newton's method; ten are enough
_DIGITS = 6  # of a weight: what lies below is not the same on every processor
_THRESHOLDS = tuple(number / 20 for number in range(1, 12))


class ModelError(Exception):
    """A file holds no model that this version reads; the message says why."""


@dataclass(frozen=True, slots=True)
class Arbiter:
    """Keeps the attributions of the rules that are likely enough; called like `find_attributions`.

    ``weights`` are by feature, ``bias`` is added to each sum, ``threshold`` is the least likelihood, from 0 to 1.
    """

    weights: Mapping[str, float]
    bias: float
    threshold: float

    def __call__(self, reading: Reading) -> tuple[Attribution, ...]:
        """Return the attributions of an article that the corpus would count."""
        return tuple(
            attribution
            for attribution in find_attributions(reading)
            if self.likelihood(features(reading, attribution)) >= self.threshold
        )

    def likelihood(self, seen: Iterable[str]) -> float:
        """Return how likely an attribution with these features is right, from 0 to 1."""
        total = self.bias + sum(self.weights.get(feature, 0.0) for feature in seen)
        return float(1 / (1 + np.exp(-total)))

    def to_bytes(self) -> bytes:
        """Return the model as a file holds it: JSON, the features in order."""
        flat = {
            "format": FORMAT,
            "threshold": self.threshold,
            "bias": self.bias,
            "weights": dict(sorted(self.weights.items())),
        }
        return (json.dumps(flat, ensure_ascii=False, indent=0) + "\n").encode()


def read_arbiter(path: Path) -> Arbiter:
    """Read a model that was written by training. Raises ModelError where the file holds none."""
    try:
        flat = json.loads(path.read_text(encoding="utf-8"))
        if flat["format"] != FORMAT:
            raise KeyError(FORMAT)
        weights = {str(feature): float(weight) for feature, weight in flat["weights"].items()}
        arbiter = Arbiter(weights, float(flat["bias"]), float(flat["threshold"]))
    except OSError as error:
        message = f"The model {path} cannot be read: {error.strerror or error}."
        raise ModelError(message) from error
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        message = f"{path} holds no model that this version of Pactgraph reads."
        raise ModelError(message) from error
    if not np.isfinite([*weights.values(), arbiter.bias, arbiter.threshold]).all():
        message = f"{path} holds weights that are no numbers."
        raise ModelError(message)
    return arbiter


def features(reading: Reading, attribution: Attribution) -> tuple[str, ...]:
    """Return what can be seen of an attribution: its rule, its cue's word and place, its source's, its content's."""
    cue, source = attribution.cue_token, attribution.source_token
    content = reading.tokens(attribution.content)
    root = content.root
    beside = sorted({child.lower_ for child in cue.children if child.dep_ in ("aux", "auxpass", "neg")})
    return (
        f"rule={attribution.rule}",
        f"kind={attribution.kind}",
        f"mode={attribution.mode}",
        f"cue={cue.lemma_}",
        f"cue+rule={cue.lemma_}|{attribution.rule}",
        f"cue+content={cue.lemma_}|{root.tag_}",
        f"cue-role={cue.dep_}",
        f"cue-tag={cue.tag_}",
        f"beside={','.join(beside)}",
        f"denied={attribution.negated_cue}",
        f"source={source.lemma_.lower() if source is not None else ''}",
        f"source-tag={source.tag_ if source is not None else ''}",
        f"content={root.pos_}|{root.dep_}",
        f"content-tag={root.tag_}",
        f"content-first={content[0].tag_}",
        f"content-length={min(6, len(content).bit_length())}",
    )


def fit(examples: Sequence[tuple[tuple[str, ...], bool]], missed: int) -> Arbiter:
    """Return the arbiter for attributions by their features and whether each is right.

    ``missed`` is how many annotated statements none of them stands for. The threshold is that with the best F1 when
    each of five parts of the examples is judged by the other four. Raises ValueError without examples of both kinds.
    """
    if len({right for _, right in examples}) < 2:
        message = "A corpus needs attributions that it counts and attributions that it does not count."
        raise ValueError(message)
    right = np.array([right for _, right in examples], dtype=float)
    judged = np.empty(len(examples))
    for part in range(5):
        inside = [example for number, example in enumerate(examples) if number % 5 != part]
        weights, bias = _weigh(inside)
        scorer = Arbiter(weights, bias, 0.0)
        for number in range(part, len(examples), 5):
            judged[number] = scorer.likelihood(examples[number][0])
    whole = right.sum() + missed

    def f1(threshold: float) -> float:
        kept = judged >= threshold
        return float(2 * right[kept].sum() / (kept.sum() + whole))

    threshold = max((0.0, *_THRESHOLDS), key=lambda each: (round(f1(each), 4), -each))
    weights, bias = _weigh(examples)
    return Arbiter(weights, bias, threshold)


def _weigh(examples: Sequence[tuple[tuple[str, ...], bool]]) -> tuple[dict[str, float], float]:
    """Return the weights and the bias of the logistic regression over some examples, by Newton's method."""
    counts = Counter(feature for seen, _ in examples for feature in set(seen))
    common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST]
    places = {feature: place for place, (feature, count) in enumerate(common) if count >= _LEAST}
    columns: Any = np.zeros((len(examples), len(places) + 1))
    columns[:, -1] = 1
    for row, (seen, _) in enumerate(examples):
        columns[row, [places[feature] for feature in seen if feature in places]] = 1
    right = np.array([right for _, right in examples], dtype=float)
    penalty = np.full(len(places) + 1, _PENALTY)
    penalty[-1] = 1e-6
    weights = np.zeros(len(places) + 1)
    for _ in range(_STEPS):
        likely = 1 / (1 + np.exp(-np.clip(columns @ weights, -30, 30)))
        curve = (columns * (likely * (1 - likely))[:, None]).T @ columns + np.diag(penalty)
        step = np.linalg.solve(curve, columns.T @ (likely - right) + penalty * weights)
        weights -= step
        if np.abs(step).max() < 1e-9:
            break
    rounded = np.round(weights, _DIGITS) + 0.0
    found = {feature: float(rounded[place]) for feature, place in places.items() if rounded[place]}
    return found, float(rounded[-1])
