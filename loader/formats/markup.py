"""Lines out of a record's body, whatever it is written in."""

from __future__ import annotations

import re

from loader.formats.fragment import fragment_lines
from loader.formats.markdown import markdown_lines
from loader.formats.record import Markup
from loader.formats.text import plain_lines

# What nobody writes in a plain text: a tag that ends a line; or Markdown's inline link, emphasis, heading or escape.
_HTML = re.compile(r"</(?:p|div|li|h[1-6]|article|section)\s*>|<br\s*/?>", re.IGNORECASE)
_MARKDOWN = re.compile(
    r"\]\(https?://|(?<![\w*])(\*{1,3})[^\s*][^*\n]*(?<!\s)\1(?![\w*])|^#{1,6} \S|\\[#*_\[\]]", re.MULTILINE
)


def lines_in(text: str, markup: Markup) -> list[str]:
    """Return the lines of a body; in ``AUTO``, its own marks say what it is written in."""
    chosen = recognised(text) if markup is Markup.AUTO else markup
    if chosen is Markup.HTML:
        return fragment_lines(text)
    return markdown_lines(text) if chosen is Markup.MARKDOWN else plain_lines(text)


def recognised(text: str) -> Markup:
    """Return what a text is written in, as its own marks show."""
    if _HTML.search(text):
        return Markup.HTML
    # Markdown joins lines that no blank line parts: a text that has none is read as it stands.
    return Markup.MARKDOWN if "\n\n" in text and _MARKDOWN.search(text) else Markup.PLAIN
