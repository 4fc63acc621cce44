"""Which files are read, in which order: what was named, and what is in the folders that were named."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loader.formats.record import Format, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STANDARD_INPUT = "-"
SIDECAR = ".meta.json"
"""How the name of a sidecar ends: ``a.meta.json`` beside ``a.txt``."""

_FORMATS = {
    ".txt": Format.TEXT,
    ".text": Format.TEXT,
    ".md": Format.MARKDOWN,
    ".markdown": Format.MARKDOWN,
    ".json": Format.JSON,
    ".jsonl": Format.JSON_LINES,
    ".ndjson": Format.JSON_LINES,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".xhtml": Format.HTML,
    ".csv": Format.TABLE,
    ".tsv": Format.TABLE,
    ".rss": Format.FEED,
    ".atom": Format.FEED,
    ".xml": Format.FEED,
    ".eml": Format.MAIL,
    ".mhtml": Format.SAVED_PAGE,
    ".mht": Format.SAVED_PAGE,
}
_OF_MANY = frozenset({Format.JSON, Format.JSON_LINES, Format.TABLE, Format.FEED})
_ADVICE = {
    suffix: advice
    for suffixes, advice in (
        (".pdf", "A PDF is not read; make text of it (`pdftotext FILE`), and see that its first line is the title."),
        (".docx .doc .odt .rtf .pages", "Office documents are not read; save it as plain text or as a web page."),
        (
            ".xlsx .xls .ods",
            "Spreadsheets are not read; save it as CSV, with the names of the fields in its first row.",
        ),
        (".zip .tar .tgz .7z", "Archives are not read; unpack it and name the folder."),
        (".warc .wacz", "Web archives are not read; take the pages out of it as .html files."),
        (".mbox", "Mailboxes are not read; save each mail as .eml."),
        (".epub", "Books are not read; save the text as plain text or HTML."),
        (".png .jpg .jpeg .tif .tiff", "Pictures are not read; save the text that it shows as plain text."),
    )
    for suffix in suffixes.split()
}
_RDF = frozenset({".nt", ".nq", ".ttl", ".trig", ".rdf", ".owl", ".n3", ".jsonld"})


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file to read, or standard input.

    ``name`` is what reports call it, ``path`` what is opened (None for standard input), ``size`` its bytes on disk (0
    where they are not known). ``format`` is None where reading has to find out. ``problem`` is a sentence if it cannot
    be read at all.
    """

    name: str
    path: str | None
    format: Format | None = None
    size: int = 0
    compressed: bool = False
    problem: str | None = None

    @property
    def stem(self) -> str | None:
        """The file's name without folder and suffixes; None for standard input."""
        if self.path is None:
            return None
        name = Path(self.name).name
        return _without_suffix(name)

    @property
    def sidecar(self) -> Path | None:
        """The file beside this one that may hold its metadata; None for standard input and for files of many."""
        if self.path is None or self.format in _OF_MANY:
            return None
        path = Path(self.path)
        return path.with_name(_without_suffix(path.name) + SIDECAR)


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files to read in order, and the suffixes of other entries of the folders, which were passed over."""

    files: tuple[InputFile, ...]
    passed_over: tuple[str, ...] = ()

    @property
    def skipped(self) -> int:
        """How many entries of the folders were passed over."""
        return len(self.passed_over)

    @property
    def size(self) -> int:
        """The bytes of all files on disk, as far as they are known."""
        return sum(file.size for file in self.files)


def find_inputs(paths: Iterable[str | os.PathLike[str]], format: Format | None = None) -> Inputs:
    """Return the files that the paths name, each once (a link is the file it leads to), a folder's sorted by name.

    A path is a file, a folder, which is searched to any depth, or ``-`` for standard input. In folders hidden files,
    links to folders and files of other suffixes are passed over; sidecars are not articles. ``format`` is for files
    that are named, whatever their suffix. Raises InputError for a path that is not there, and where nothing is left to
    read.
    """
    named = [os.fspath(path) for path in paths]
    if not named:
        raise InputError("Name at least one file or folder to read, or - for standard input.")
    found: dict[str, InputFile] = {}
    passed: list[str] = []
    for path in named:
        if path == STANDARD_INPUT:
            found.setdefault(path, InputFile(path, None, format))
        elif os.path.isdir(path):
            for file in _in_folder(path):
                if isinstance(file, str):
                    passed.append(file)
                else:
                    found.setdefault(os.path.realpath(file.path or path), file)
        elif not os.path.lexists(path):
            message = f"There is no file or folder {shown(path)}."
            raise InputError(message, path)
        elif not path.endswith(SIDECAR):
            found.setdefault(os.path.realpath(path), _named(path, format))
    if not found:
        others = f" ({len(passed)} passed over)" if passed else ""
        places = shown(", ".join(named[:3]))
        message = (
            f"There is no article in {places}: no .txt, .md, .html, .eml, .json, .jsonl, .csv or .rss file{others}."
        )
        raise InputError(message, named[0])
    return Inputs(tuple(found.values()), tuple(passed))


def _in_folder(folder: str) -> Iterator[InputFile | str]:
    """Yield the files under a folder in order of their names; of each entry that is passed over the suffix."""
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        name = os.path.basename(path)
        if path is folder or (os.path.isdir(path) and not os.path.islink(path)):
            try:
                names = sorted((each for each in os.listdir(path) if not each.startswith(".")), reverse=True)
            except OSError as error:
                yield InputFile(shown(path), path, problem=f"The folder cannot be read: {reason(error)}.")
            else:
                waiting.extend(os.path.join(path, each) for each in names)
        elif not name.endswith(SIDECAR):
            is_read = _kind(name)[0] and not os.path.isdir(path)
            yield _named(path, None) if is_read else os.path.splitext(name)[1].lower()


def _named(path: str, format: Format | None) -> InputFile:
    kind, compressed = _kind(path)
    name = shown(path)
    try:
        status = os.stat(path)
    except OSError as error:
        return InputFile(name, path, problem=f"The file cannot be read: {reason(error)}.")
    if not stat.S_ISREG(status.st_mode):
        problem = "This is a pipe or a device, not a file; read it through standard input, with - for its name."
        return InputFile(name, path, problem=problem)
    if not (format or kind):
        suffix = Path(path).suffix
        problem = (
            "This is RDF, not an article; use `pactgraph import` for it."
            if suffix.lower() in _RDF
            else _ADVICE[advised]
            if (advised := Path(path.lower().removesuffix(".gz")).suffix) in _ADVICE
            else f"Files ending in {suffix} are not read; convert it to text or HTML, or name its --input-format."
            if suffix
            else "The file's name has no suffix; say what it holds with --input-format."
        )
        return InputFile(name, path, problem=problem)
    return InputFile(name, path, format or kind, status.st_size, compressed)


def _kind(name: str) -> tuple[Format | None, bool]:
    """Return the format that the name's suffix stands for, if any, and whether it ends in .gz."""
    lower = name.lower()
    compressed = lower.endswith(".gz")
    return _FORMATS.get(os.path.splitext(lower.removesuffix(".gz"))[1]), compressed


def _without_suffix(name: str) -> str:
    plain = name[:-3] if name.lower().endswith(".gz") else name
    stem, suffix = os.path.splitext(plain)
    return stem if suffix.lower() in _FORMATS else plain


def reason(error: OSError) -> str:
    """Return the system's own words for an error, in lower case."""
    words = error.strerror or str(error)
    return words[:1].lower() + words[1:]


def shown(path: str | os.PathLike[str]) -> str:
    """Return a path that can be printed: bytes that are no UTF-8 as escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
