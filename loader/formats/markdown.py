"""Markdown, with metadata as YAML before it: CommonMark with tables, each block a line of text, all marks dropped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml
from markdown_it import MarkdownIt

from loader.formats.encoding import decode
from loader.formats.fields import metadata_of, value_of, words
from loader.formats.fragment import CELL, fragment_lines
from loader.formats.record import Metadata, Record, Refused
from loader.formats.text import compose, line_of, within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

    from loader.formats.record import Options

_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_FENCE = re.compile(r"(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_LONGEST_FRONT_MATTER = 2**16  # characters
_DEEPEST_FRONT_MATTER = 20  # lists and mappings inside each other
_NOTHING = ("", "~", "null", "Null", "NULL", "true", "false", "True", "False")  # as Jekyll's "published: true"


def read_markdown(data: bytes, options: Options) -> Record:
    """Read a Markdown file; without a title in the front matter, the first line of the text is it. Raises Refused."""
    text = decode(data, options.encoding).lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise Refused("The file is empty.")
    fields, body = _front_matter(text)
    lines = markdown_lines(within(body, options.limit))
    title = words(value_of(fields, "title"))
    return Record(compose(title, lines, options.limit), metadata_of(fields) if fields else Metadata(), alone=True)


def markdown_lines(text: str) -> list[str]:
    """Return the lines of a text in Markdown: one for each paragraph, heading, item, line of code or row of a table.

    Kept are the words of links, of emphasis and of code. Dropped are marks, the addresses of links, pictures with
    their descriptions, HTML tags and comments, rules, and link definitions. A line end inside a paragraph is a blank;
    a hard line break stays one. Escapes and character references are resolved.
    """
    lines: list[str] = []
    cells: list[str] | None = None
    for token in _PARSER.parse(text):
        if token.type == "inline":
            words_of_it = _inline(token.children or ())
            if cells is None:
                lines.extend(words_of_it.split("\n"))
            else:
                cells.append(line_of(words_of_it))
        elif token.type in {"fence", "code_block"}:
            lines.extend(token.content.split("\n"))
        elif token.type == "html_block":
            lines.extend(fragment_lines(token.content))
        elif token.type == "tr_open":
            cells = []
        elif token.type == "tr_close":
            lines.append(CELL.join(filter(None, cells or ())))
            cells = None
    return [line for line in map(line_of, lines) if line]


def _inline(tokens: Sequence[Token]) -> str:
    pieces: list[str] = []
    for token in tokens:
        if token.type in {"text", "text_special", "code_inline"}:
            pieces.append(token.content)
        elif token.type == "softbreak":
            pieces.append(" ")
        elif token.type == "hardbreak" or (token.type == "html_inline" and token.content.lower().startswith("<br")):
            pieces.append("\n")
    return "".join(pieces)


def _front_matter(text: str) -> tuple[dict[str, object], str]:
    """Return the fields before the text, and the text after them."""
    if text.startswith("+++\n"):
        raise Refused("The front matter is TOML (+++); write it as YAML between two lines of ---.", 1)
    opening = re.match(r"---[ \t]*\n", text)
    if not opening:
        return {}, text
    start = end = opening.end()
    closing = None
    while closing is None:
        closing = _FENCE.match(text, end)
        if closing is None:
            end = text.find("\n", end) + 1
            if end == 0:
                raise Refused("The front matter that opens here is not closed by a second line of ---.", 1)
            if end - start > _LONGEST_FRONT_MATTER:
                message = f"The front matter is not closed within {_LONGEST_FRONT_MATTER:,} characters."
                raise Refused(message, 1)
    try:
        fields = yaml.load(text[start:end], _Strings)  # noqa: S506 (it makes strings, lists and mappings only)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it has a character that YAML does not allow"
        message = (
            f"The front matter is not valid YAML: {line_of(problem)}; a value with a colon needs quotes around it."
        )
        raise Refused(message, mark.line + 2 if mark else None) from None
    if fields is None or fields == "":
        return {}, text[closing.end() :]
    if not isinstance(fields, dict):
        raise Refused("The front matter is not a list of fields such as title: …", 2)
    return {name: value for name, value in fields.items() if value not in _NOTHING}, text[closing.end() :]


class _Strings(yaml.BaseLoader):
    """YAML whose scalars all stay strings, so that a date stays as written, without aliases, so that it stays small."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # PyYAML's stubs leave it open
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not taken", mark)
        self._depth += 1
        if self._depth > _DEEPEST_FRONT_MATTER:
            raise yaml.composer.ComposerError(None, None, "it is nested too deeply", mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node
