"""Mail: an article that came as one, and a web page that a browser saved as one (MHTML, RFC 2557)."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from email.errors import MessageError
from typing import TYPE_CHECKING

from loader.formats.encoding import decode
from loader.formats.fragment import fragment_lines
from loader.formats.record import Metadata, Record, Refused
from loader.formats.text import compose, line_of, plain_lines, within
from loader.formats.web import read_page

if TYPE_CHECKING:
    from email.message import EmailMessage, MIMEPart

    from loader.formats.record import Options

_FORWARDED = re.compile(r"(?:(?:fwd?|fw|wg)\s*:\s*)+", re.IGNORECASE)  # what mail programs put before a subject
_BROKEN = (MessageError, LookupError, ValueError, AttributeError, TypeError)  # what the parser of headers may raise


def read_mail(data: bytes, options: Options) -> Record:
    """Read a mail: the subject is the title, the plain body (or else the one in HTML) the text. Raises Refused.

    The date is that of sending, the identifier the Message-ID. Who sent it is neither outlet nor author.
    """
    try:
        message = _message(data)
        body = message.get_body(("plain", "html"))
        content = decode(_bytes(body), _charset(body) or options.encoding) if body else ""
        is_html = body is not None and body.get_content_subtype() == "html"
        subject, sent, identifier = (str(message[name] or "") for name in ("Subject", "Date", "Message-ID"))
    except _BROKEN as error:
        message_of_it = f"The mail cannot be taken apart: {error}."
        raise Refused(message_of_it) from None
    if not subject.strip():
        raise Refused("The mail has no subject, which would be the title.")
    if not content.strip():
        raise Refused("The mail has no text.")
    lines = fragment_lines(content) if is_html else plain_lines(within(content, options.limit))
    title = _FORWARDED.sub("", line_of(subject), count=1) if _FORWARDED.match(line_of(subject)) else subject
    metadata = Metadata(date=line_of(sent) or None, identifier=line_of(identifier).strip("<>") or None)
    return Record(compose(title, lines, options.limit), metadata, alone=True)


def read_saved_page(data: bytes, options: Options) -> Record:
    """Read a web page that a browser saved with its pictures in one file; its address is where it was saved from."""
    try:
        message = _message(data)
        body = message.get_body(("html",))
        page = _bytes(body) if body else b""
        charset = _charset(body) if body else None
        if charset:  # it overrules what the page declares, and so does a byte-order mark
            page = f"\ufeff{page.decode(charset, 'replace')}".encode()
        addresses = [message["Snapshot-Content-Location"], body["Content-Location"] if body else None]
    except _BROKEN as error:
        message_of_it = f"The saved page cannot be taken apart: {error}."
        raise Refused(message_of_it) from None
    if not page.strip():
        raise Refused("The file holds no web page.")
    record = read_page(page, options)
    saved = Metadata(url=next((line_of(str(address)) for address in addresses if address), None))
    return replace(record, metadata=record.metadata.filled_from(saved))


def _bytes(part: MIMEPart) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _charset(part: MIMEPart) -> str | None:
    """Return the charset that a part names; not US-ASCII, which is named, or meant, where nobody thought of it."""
    named = part.get_content_charset()
    return None if named == "us-ascii" else named


def _message(data: bytes) -> EmailMessage:
    if not data.strip():
        raise Refused("The file is empty.")
    return email.message_from_bytes(data, policy=email.policy.default)
