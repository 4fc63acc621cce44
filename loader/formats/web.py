"""Web pages: the article by trafilatura in precision mode, its metadata by JSON-LD and the page's head. No network."""

from __future__ import annotations

import html
import re
import warnings
from typing import TYPE_CHECKING, Any

from loader.formats.encoding import decode_page
from loader.formats.fields import Draft, names_of
from loader.formats.markup import lines_in
from loader.formats.metadata import published_on, web_address
from loader.formats.newsarticle import articles_in
from loader.formats.objects import decoder
from loader.formats.record import Markup, Metadata, Record, Refused
from loader.formats.text import compose, line_of, without_controls

if TYPE_CHECKING:
    HtmlElement = Any  # lxml has no type stubs

    from loader.formats.record import Options

_LEAST_PARAGRAPH = 60  # characters; a page whose longest line is shorter has menus and forms, but no article
_DATING: dict[str, Any] = {
    "original_date": True,  # when it was published, not when it was last changed
    "extensive_search": False,  # what the head, time elements and the address say, not the first date in the text
    "max_date": "2100-01-01",  # its own is today, and the outcome would depend on the day
}
_ITEM = re.compile(r"\A- (?=\S)")
_RESTRICTED = "The page says that it is for subscribers; its text may be cut off, or ask the reader to subscribe."
_ROW_RULE = re.compile(r"[|\s:-]*")
_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_UNFIT = re.compile(  # references to control characters, for which trafilatura drops the page
    r"&#(?:x0*(?:[0-8bcef]|1[0-9a-f]|fff[ef])|0*(?:[0-8]|1[1-9]|2\d|3[01]|6553[45]))(?![0-9a-f]);?", re.IGNORECASE
)
_WRAPPING = re.compile(r"\A\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>|;)\s*\Z")


def read_page(data: bytes, options: Options) -> Record:
    """Read a web page.

    The title is the headline of its JSON-LD, else what trafilatura takes for the title; the text what trafilatura
    takes for the article, else the JSON-LD's articleBody, also where only that is whole. The date is the first that is
    clear of JSON-LD, htmldate and OpenGraph. Raises Refused for a page without an article.
    """
    with warnings.catch_warnings():
        # It imports its downloader, which is never used here, and urllib3 then misses what proxies would need.
        warnings.filterwarnings("ignore", message="SOCKS support in urllib3 requires")
        import trafilatura  # noqa: PLC0415 (a third of a second to import, and most runs read no page)
    from lxml import etree  # type: ignore[import-untyped]  # noqa: PLC0415 (comes with it, and has no type stubs)

    if not data.strip():
        raise Refused("The file is empty.")
    source = _DECLARATION.sub("", without_controls(decode_page(data)), count=1)
    try:
        tree = trafilatura.load_html(_UNFIT.sub(" ", source).encode())
        if tree is None:
            raise Refused("The file is not a web page.")
        linked = _linked(tree)
        metadata = _metadata(tree, linked.metadata)
        headings = {line_of(heading.text_content()) for heading in tree.xpath("//h1")}
        page: Any = trafilatura.bare_extraction(
            tree, favor_precision=True, include_comments=False, with_metadata=True, date_extraction_params=_DATING
        )
    except (etree.LxmlError, ValueError, RecursionError) as error:
        message = f"The page cannot be taken apart: {error}."
        raise Refused(message) from None
    lines = _lines(page.text or "") if page else []
    given = lines_in(linked.text or "", Markup.AUTO)
    is_more = linked.is_restricted and sum(map(len, given)) > sum(map(len, lines))
    if is_more or max(map(len, lines), default=0) < _LEAST_PARAGRAPH:
        lines = given
    if not lines:
        raise Refused("There is no article text on the page.")
    title = html.unescape(linked.title or "") or (page.title if page else None)
    if not title:
        raise Refused("The page has no headline.")
    if lines[0] in headings:  # the title again, as the page shows it
        del lines[0]
    remark = _RESTRICTED if linked.is_restricted and not linked.text else None
    return Record(compose(title, lines, options.limit), metadata, alone=True, remark=remark)


def _lines(text: str) -> list[str]:
    """Return trafilatura's lines without the marks that it sets before items and around the cells of tables."""
    lines = []
    for raw in text.splitlines():
        line = _ITEM.sub("", line_of(raw))
        if line.startswith("|"):
            line = "" if _ROW_RULE.fullmatch(line) else line.strip("| ")
        lines.append(line)
    return [line for line in lines if line]


def _metadata(tree: HtmlElement, linked: Metadata) -> Metadata:
    from htmldate import find_date  # noqa: PLC0415 (comes with trafilatura)

    published = _meta(tree, "article:published_time")
    dates = [linked.date, find_date(tree, **_DATING), *published]
    addresses = [*_texts(tree, "//link[@rel='canonical']/@href"), linked.url, *_meta(tree, "og:url")]
    licenses = [linked.license, *_texts(tree, "//*[self::link or self::a][@rel='license']/@href")]
    languages = [*_texts(tree, "/html/@lang"), linked.language, *_meta(tree, "og:locale")]
    outlets = [linked.outlet, *_meta(tree, "og:site_name")]
    return Metadata(
        date=next((date for date in dates if date and published_on(date)), linked.date),
        url=next((address for address in addresses if address and web_address(address)), None),
        outlet=next(filter(None, outlets), None),
        authors=linked.authors or names_of(_meta(tree, "author")),
        language=next(filter(None, languages), None),
        license=next(filter(None, licenses), None),
    )


def _linked(tree: HtmlElement) -> Draft:
    """Return what JSON-LD says of the page's article: of several, the one at the page's address, or the first."""
    drafts: list[Draft] = []
    decode = decoder()
    for script in tree.xpath("//script[@type='application/ld+json']"):
        text = script.text or ""
        try:
            drafts.extend(articles_in(decode.decode(_WRAPPING.sub("", text))))
        except (ValueError, RecursionError):  # broken by its author; the page itself may still be read
            continue
    own = {address.rstrip("/") for address in _texts(tree, "//link[@rel='canonical']/@href")}
    here = (draft for draft in drafts if (draft.metadata.url or "").rstrip("/") in own)
    return next(here, drafts[0] if drafts else Draft(None, None, Markup.AUTO, Metadata()))


def _meta(tree: HtmlElement, name: str) -> list[str]:
    return _texts(tree, f"//meta[@property='{name}' or @name='{name}']/@content")


def _texts(tree: HtmlElement, path: str) -> list[str]:
    return [line for line in map(line_of, tree.xpath(path)) if line]
