"""Whether an article is in English, the only language that is read: by its words, or else by what it says of itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loader.document import Article

# Function words of English, without those that other languages in its letters have too (German "was", French "on").
_ENGLISH = frozenset(
    {
        "and",
        "are",
        "been",
        "by",
        "from",
        "had",
        "has",
        "it",
        "its",
        "of",
        "said",
        "that",
        "the",
        "their",
        "they",
        "this",
    }
    | {"to", "were", "which", "who", "with", "would"}
)
_WORD = re.compile(r"[^\W\d_]+")
_ADDRESS = re.compile(r"https?://\S+")
_ENOUGH = 30  # words that tell a language; likewise letters of another script
_LEAST = 0.05  # of the words: in 2,000 official texts in English never under 0.10, in 200 German pages never over 0.06
_FOREIGN = 0.5  # of the letters outside the Latin script
_READ = 20_000  # characters that are looked at


def other_language(article: Article) -> str | None:
    """Return why an article is not to be read as English, as a sentence; None where nothing speaks against it."""
    sample = article.text[:_READ]
    letters = [letter for letter in sample if letter.isalpha()]
    foreign = sum(not _is_latin(letter) for letter in letters)
    words = _WORD.findall(_ADDRESS.sub(" ", sample).lower())
    if foreign >= _ENOUGH and foreign > _FOREIGN * len(letters):
        return "The text is not in the Latin script; only English is read."
    if len(words) >= _ENOUGH:
        english = sum(word in _ENGLISH for word in words)
        return "The text is not in English; no other language is read." if english < _LEAST * len(words) else None
    if article.language.lower().partition("-")[0] != "en":
        return f"The language of the article is {article.language}; only English is read."
    return None


def _is_latin(letter: str) -> bool:
    """Whether a letter stands in one of the blocks of the Latin script, IPA and modifiers included."""
    return letter < "\u0370" or "\u1d00" <= letter < "\u1f00" or "\ufb00" <= letter <= "\ufb06"
