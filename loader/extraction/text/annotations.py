"""What spaCy's tagger of words and recogniser of names would write, written faster: the model's own weights and tables.

Some parts of spaCy's pipeline do the same work again and again: the attribute ruler and the lemmatizer ask the same
questions of every token anew, as do the layers that turn a token's form into a vector, and the recogniser checks the
validity of 74 actions for every token under a lock. The components here give the same annotations from the same
weights and tables; the tests hold them against spaCy's own.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from spacy.attrs import DEP, IS_SPACE, LEMMA, MORPH, ORTH, POS, SENT_START, TAG
from spacy.language import Language
from spacy.matcher import Matcher
from spacy.tokens import Doc, Span
from thinc.api import Model

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

_WRITTEN = [POS, MORPH, LEMMA, TAG, DEP]
_MOST = 300_000  # answers kept: some 50 MB
_FORMS = 40_000  # forms of words whose vectors are kept: some 25 MB
_FEW = 4  # documents through the recogniser at once: more fall out of the processor's cache
_OTHER = "other"  # stands for every role that no pattern names
_APART = "#"  # stands between words that are looked at each for itself


def quicken(model: Language) -> None:
    """Put the components of this module in the place of a model's own, which they keep and ask."""
    for mine, (name, *others) in _INSTEAD.items():
        if name in model.pipe_names:
            model.add_pipe(mine, after=name)
            for other in (name, *others):
                model.disable_pipe(other)
    for vectors in _vectors(model):
        vectors.layers[0] = Embedding(vectors.layers[0]).model()


def _vectors(model: Language) -> list[Any]:
    """Return the layers of vectors: those that the parts share, and the recogniser's own."""
    shared = [_part(model, "tok2vec").model] if "tok2vec" in model.component_names else []
    return [*shared, _part(model, "ner").model.layers[0].layers[0]] if "ner" in model.component_names else shared


class Embedding:
    """The vectors of tokens by their forms alone, before the words around them count.

    They hang on a few attributes of the form, such as its first letter and its shape, so each form is worked out once.
    """

    def __init__(self, layers: Any) -> None:
        """Take spaCy's own layers: the attributes of the tokens, a vector for each, and one made of these."""
        extract, _, self._tables, self._mixture, _ = layers.layers
        self._columns = extract.attrs["columns"]
        self._width: int = layers.get_dim("nO")
        self._known: dict[bytes, int] = {}
        self._vectors: NDArray[np.float32] = np.zeros((0, self._width), dtype=np.float32)

    def model(self) -> Any:
        """Return what stands in the place of spaCy's layers; it cannot be trained."""
        return Model("embedding", self._forward, dims={"nO": self._width})

    def _forward(self, _: Any, docs: Sequence[Doc], is_train: bool) -> tuple[list[NDArray[np.float32]], Any]:  # noqa: ARG002, FBT001 (as thinc calls it)
        if len(self._known) > _FORMS:
            self._known.clear()
            self._vectors = self._vectors[:0]
        return [self._of(doc) for doc in docs], None

    def _of(self, doc: Doc) -> NDArray[np.float32]:
        rows: Any = np.ascontiguousarray(doc.to_array(self._columns))
        keys: list[bytes] = rows.view(f"V{rows.shape[1] * rows.itemsize}").ravel().tolist()
        known = self._known
        unknown = list(dict.fromkeys(key for key in keys if key not in known))
        if unknown:
            fresh: Any = np.frombuffer(b"".join(unknown), dtype=rows.dtype).reshape(len(unknown), -1)
            vectors = self._mixture.predict(self._tables.predict(fresh))
            known |= zip(unknown, range(len(known), len(known) + len(unknown)), strict=True)
            self._vectors = np.concatenate([self._vectors, vectors])
        found: NDArray[np.float32] = self._vectors[[known[key] for key in keys]]
        return found


def _part(model: Language, name: str) -> Any:
    return model.get_pipe(name)


class Words:
    """Part of speech, morphology and lemma of each token, as attribute ruler and lemmatizer give them.

    What these give for a token hangs on its characters, its tag and (few roles only) its role, and for a few words on
    the token beside it; so each such triple is asked once.
    """

    def __init__(self, model: Language) -> None:
        self._vocab = model.vocab
        self._ruler = _part(model, "attribute_ruler")
        self._lemmatizer = _part(model, "lemmatizer")
        lemmas = self._lemmatizer.lookups.get_table("lemma_index")
        for part in list(lemmas.keys()):  # lists of thousands, searched for every new word
            lemmas[part] = frozenset(lemmas[part])
        self._pairs = Matcher(self._vocab)
        self._pairs.add("pairs", _first_of_pairs(self._ruler.patterns))
        self._roles = [self._vocab.strings.add(role) for role in sorted(_roles(self._ruler.patterns))]
        self._other = self._vocab.strings.add(_OTHER)
        self._paired: set[tuple[int, int, int]] = set()
        self._known: dict[tuple[int, int, int], NDArray[np.uint64]] = {}

    def __call__(self, doc: Doc) -> Doc:
        """Annotate a document that is tagged and parsed."""
        if not len(doc):
            return doc
        rows: Any = doc.to_array([ORTH, TAG, DEP])
        roles = rows[:, 2].copy()
        rows[~np.isin(roles, self._roles), 2] = self._other
        keys: list[tuple[int, int, int]] = list(map(tuple, rows.tolist()))
        unknown = list(dict.fromkeys(key for key in keys if key not in self._known))
        if unknown:
            self._learn(unknown)
        values: Any = np.array([self._known[key] for key in keys], dtype=np.uint64)
        for i, key in enumerate(keys):
            if key in self._paired:
                first = max(0, i - 2)
                beside = self._annotated(keys[first : i + 4]).to_array(_WRITTEN)
                values[max(0, i - 1) : i + 3] = beside[max(0, i - 1) - first : i + 3 - first]
        values[:, -1] = np.where(values[:, -1] == rows[:, 2], roles, values[:, -1])
        doc.from_array(_WRITTEN, values)
        if len(self._known) > _MOST:
            self._known.clear()
            self._paired.clear()
        return doc

    def _learn(self, keys: Sequence[tuple[int, int, int]]) -> None:
        apart = (self._vocab.strings.add(_APART), self._vocab.strings.add("SYM"), 0)
        spread = [apart] * (2 * len(keys))
        spread[::2] = keys
        doc = self._annotated(spread)
        self._known |= zip(keys, doc.to_array(_WRITTEN)[::2], strict=True)
        plain = self._bare(spread)
        self._paired |= {spread[start] for _, start, _ in self._pairs(plain, allow_missing=True)}

    def _bare(self, keys: Sequence[tuple[int, int, int]]) -> Doc:
        doc = Doc(self._vocab, words=[self._vocab.strings[orth] for orth, _, _ in keys])
        columns: Any = np.array(keys, dtype=np.uint64)[:, 1:]
        doc.from_array([TAG, DEP], columns)
        return doc

    def _annotated(self, keys: Sequence[tuple[int, int, int]]) -> Doc:
        """Return these tokens side by side as spaCy's own components annotate them."""
        doc: Doc = self._lemmatizer(self._ruler(self._bare(keys)))
        return doc


def _first_of_pairs(patterns: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return the first token's part of each pattern of two tokens.

    Raises ValueError for a longer pattern, which would see further than :class:`Words` looks.
    """
    wholes = [pattern for rule in patterns for pattern in rule["patterns"] if len(pattern) > 1]
    if any(len(pattern) > 2 for pattern in wholes):
        message = "The model's attribute ruler has a pattern of more than two tokens."
        raise ValueError(message)
    return [pattern[:1] for pattern in wholes]


def _roles(patterns: Iterable[dict[str, Any]]) -> set[str]:
    """Return the roles that patterns name; all others are alike to them."""
    found: set[str] = set()
    for rule in patterns:
        for role in (token["DEP"] for pattern in rule["patterns"] for token in pattern if "DEP" in token):
            found.update([role] if isinstance(role, str) else role.get("IN", role.get("NOT_IN", ())))
    return found


class Names:
    """The entities of a document, as spaCy's recogniser finds them: the best valid action at each token, greedily.

    Outside an entity the scores hang on the token alone, so they are worked out for all tokens at once; inside, on
    its first token and the one before besides. Documents must come without entities.
    """

    def __init__(self, model: Language) -> None:
        recogniser = _part(model, "ner")
        vectors, hidden, output = recogniser.model.layers
        self._vectors = vectors
        weights = hidden.get_param("W")
        self._features, self._units, self._pieces, width = weights.shape
        self._weights = np.ascontiguousarray(weights.reshape(-1, width).T)
        self._bias = hidden.get_param("b").reshape(-1)
        self._padding = hidden.get_param("pad").reshape(self._features, -1)
        self._output, self._output_bias = output.get_param("W"), output.get_param("b")
        actions = recogniser.moves
        moves = [actions.get_class_name(number).partition("-")[::2] for number in range(actions.n_moves)]
        if self._features != 3 or recogniser.cfg["beam_width"] != 1 or recogniser.model.attrs["unseen_classes"]:
            message = "The model's recogniser is of another build than the one this module reads."
            raise ValueError(message)
        self._moves = moves
        self._goes_on = {label: number for number, (move, label) in enumerate(moves) if move == "I"}
        self._ends = {label: number for number, (move, label) in enumerate(moves) if move == "L"}
        self._closed = np.array([move in "IL" or (move == "U" and not label) for move, label in moves])
        self._begins = np.array([move == "B" for move, _ in moves])
        self._names = np.array([move in "BU" for move, _ in moves])

    def __call__(self, doc: Doc) -> Doc:
        """Write the entities of one document."""
        self._annotate([doc])
        return doc

    def pipe(self, docs: Iterable[Doc], *, batch_size: int = _FEW) -> Iterator[Doc]:
        """Write the entities of each document, in order."""
        coming = iter(docs)
        while batch := list(islice(coming, min(batch_size, _FEW))):
            self._annotate(batch)
            yield from batch

    def _annotate(self, docs: Sequence[Doc]) -> None:
        filled = [doc for doc in docs if len(doc)]
        if not filled:
            return
        vectors = self._vectors.predict(filled)
        hidden = (vectors @ self._weights).reshape(len(vectors), self._features, -1)
        scores = self._scores(hidden[:, 0] + self._padding[1] + self._padding[2])
        start = 0
        for doc in filled:
            end = start + len(doc)
            doc.set_ents(self._entities(doc, scores[start:end], hidden[start:end]))
            start = end

    def _scores(self, summed: NDArray[np.float32]) -> NDArray[np.float32]:
        pieces = (summed + self._bias).reshape(-1, self._units, self._pieces)
        scored: NDArray[np.float32] = pieces.max(axis=2) @ self._output.T + self._output_bias
        return scored

    def _entities(self, doc: Doc, scores: NDArray[np.float32], hidden: NDArray[np.float32]) -> list[Span]:
        facts: Any = doc.to_array([SENT_START, IS_SPACE])
        last = np.append(facts[1:, 0] == 1, True)  # the last token ends its sentence
        alone = np.where(self._closed, -np.inf, scores)
        alone[np.ix_(last, self._begins)] = -np.inf
        alone[np.ix_(facts[:, 1] == 1, self._names)] = -np.inf
        best = alone.argmax(axis=1)
        found: list[Span] = []
        free = 0
        for i in np.flatnonzero(self._names[best]).tolist():
            if i >= free:
                move, label = self._moves[best[i]]
                free = i + 1 if move == "U" else self._end(hidden, last, i, label)
                found.append(Span(doc, i, free, label=label))
        return found

    def _end(self, hidden: NDArray[np.float32], last: NDArray[np.bool_], start: int, label: str) -> int:
        """Return where the entity that begins at ``start`` ends: it goes on while that scores higher."""
        on, end = self._goes_on[label], self._ends[label]
        for i in range(start + 1, len(hidden)):
            scores = self._scores(hidden[i, 0] + hidden[start, 1] + hidden[i - 1, 2])[0]
            if last[i] or scores[end] > scores[on] or (scores[end] == scores[on] and end < on):
                return i + 1
        return len(hidden)


@Language.factory("pactgraph_words")
def _words(nlp: Language, name: str) -> Words:  # noqa: ARG001 (spaCy hands the name to every factory)
    return Words(nlp)


@Language.factory("pactgraph_names")
def _names(nlp: Language, name: str) -> Names:  # noqa: ARG001 (likewise)
    return Names(nlp)


_INSTEAD = {"pactgraph_words": ("attribute_ruler", "lemmatizer"), "pactgraph_names": ("ner",)}
