"""Lines of text out of a fragment of HTML, such as the body field of a record or a block inside Markdown."""

from __future__ import annotations

from html.parser import HTMLParser

from loader.formats.text import line_of

_SILENT = frozenset(
    {"script", "style", "template", "head", "title", "figcaption", "iframe", "object", "svg", "textarea"}
)
_CELLS = frozenset({"td", "th"})
_BLOCKS = frozenset(  # what starts and ends a line; every other tag leaves it whole
    {"address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details", "dialog", "div"}
    | {"dl", "dt", "fieldset", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html"}
    | {
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
    }
    | {"tr", "ul"}
)
CELL = " | "
"""What stands between the cells of a table's row."""


def fragment_lines(html: str) -> list[str]:
    """Return the lines that the fragment shows: one for each paragraph, heading, item or row of a table.

    A ``br`` ends a line too. Captions, scripts and styles are left out; character references are resolved.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.end_line()
    return reader.lines


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self._pieces: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag in _CELLS:
            self._pieces.append(CELL)
        elif tag in _BLOCKS:
            self.end_line()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _BLOCKS:
            self.end_line()

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            while self._silent.pop() != tag:
                pass
        elif tag in _BLOCKS:
            self.end_line()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._pieces.append(data)

    def end_line(self) -> None:
        line = line_of("".join(self._pieces)).strip(CELL)
        self._pieces.clear()
        if line:
            self.lines.append(line)
