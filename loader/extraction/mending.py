"""Mending: a parse put right where the parser often errs in the language of news."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spacy.language import Language

from loader.extraction.referents import SPEECH

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

COMPONENT = "pactgraph_mending"

_FINITE = ("VBD", "VBZ", "VBP")
_SUBJECTS = ("nsubj", "nsubjpass", "csubj", "expl")
_PARTING = frozenset({",", "”", '"', "''", "’"})
_LONGEST = 14  # tokens of a subject
_NOMINAL = ("NOUN", "PROPN", "PRON")


@Language.component(COMPONENT)
def mend(doc: Doc) -> Doc:
    """Give a verb of saying behind a clause and a comma the subject that was taken for an apposition.

    "Japan will join the pact, a spokeswoman for the ministry said": the parser hangs the spokeswoman on the pact.
    """
    for token in doc:
        if token.tag_ in _FINITE and token.pos_ == "VERB" and token.lemma_.lower() in SPEECH:
            _give_subject(token)
    return doc


def _give_subject(verb: Token) -> None:
    clause = next((child for child in verb.lefts if child.dep_ in ("ccomp", "parataxis")), None)
    if clause is None or any(child.dep_ in _SUBJECTS for child in verb.children):
        return
    doc, start = verb.doc, verb.i
    least = max(verb.sent.start + 1, verb.i - _LONGEST)
    while start > least and doc[start - 1].text not in _PARTING:
        start -= 1
    if start == verb.i or doc[start - 1].text not in _PARTING or start - 1 <= clause.i:
        return
    heads = [token for token in doc[start : verb.i] if not start <= token.head.i < verb.i]
    outside = [token for token in heads if token.head.i < start]
    if len(outside) == 1 and outside[0].pos_ in _NOMINAL and outside[0].dep_ in ("appos", "conj", "dobj", "npadvmod"):
        outside[0].head, outside[0].dep_ = verb, "nsubj"
