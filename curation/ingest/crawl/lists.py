"""The lists of a crawl: the paths of its files, which of them are taken, the files of its index, addresses."""

import re
from collections.abc import Sequence
from pathlib import Path

from maslin.curation.ingest.decompression import SIGN_BYTES, Bounded, Unreadable, compression, expanded
from maslin.manifests.errors import UsageError
from maslin.manifests.identity import hash_int
from maslin.manifests.recipe.crawls import Crawl
from maslin.manifests.recipe.inputs import InputFile

# Of a path, as Common Crawl's are: where nobody has asked for the lengths.
TYPICAL_BYTES = {"warc": 900 << 20, "wet": 75 << 20, "wat": 220 << 20}
MOST_LINE_BYTES = 4096
MOST_PATHS = 5_000_000  # a crawl has some 90,000
_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.=+-]*(/[A-Za-z0-9_=+-][A-Za-z0-9_.=+-]*)*")  # none leads elsewhere


def check_lists(inputs: Sequence[InputFile], crawl: Crawl) -> None:
    """Raise UsageError where a list of a crawl is none, or holds nothing."""
    listed_paths(inputs[0].path)
    if crawl.select is not None:
        index_files(inputs, crawl)
        if crawl.select.urls is not None and not listed_urls(inputs[2].path):
            raise UsageError(f"{inputs[2].path}: no address is in it: write one a line.")


def taken_paths(inputs: Sequence[InputFile], crawl: Crawl) -> list[str]:
    """The paths that are read, in the list's order: so many of all, at least one, as `take` says.

    Those whose hash with the seed is smallest: what a smaller share takes, a larger one takes, too. Raises UsageError.
    """
    paths = listed_paths(inputs[0].path)
    number = max(1, round(crawl.take * len(paths)))
    if number == len(paths):
        return paths
    drawn = set(sorted(paths, key=lambda path: (hash_int(crawl.seed, path), path))[:number])
    return [path for path in paths if path in drawn]


def index_files(inputs: Sequence[InputFile], crawl: Crawl) -> list[str]:
    """The files of the crawl's index that speak of pages. Raises UsageError where there are none."""
    found = [path for path in listed_paths(inputs[1].path) if "/subset=warc/" in path and path.endswith(".parquet")]
    if not found:
        raise UsageError(f"{inputs[1].path}: no file of an index of pages (`…/subset=warc/….parquet`) is in it.")
    return found


def listed_paths(path: Path) -> list[str]:
    """The paths of a list, each once. Raises UsageError for what is none."""
    found = dict.fromkeys(_lines(path))
    for line in found:
        if not _PATH.fullmatch(line):
            raise UsageError(f"{path}: no list of paths: it holds {line[:80]!r}. Remove the file if it was fetched.")
    if not found:
        raise UsageError(f"{path}: the list of paths is empty. Remove the file if it was fetched.")
    return list(found)


def listed_urls(path: Path) -> frozenset[str]:
    """The addresses in a file, a line each."""
    return frozenset(_lines(path))


def _lines(path: Path) -> list[str]:
    """The lines of a text, packed or not, without those that are empty. Raises UsageError."""
    lines: list[str] = []
    rest = b""
    try:
        with open(path, "rb") as file:
            kind = compression(file.read(SIGN_BYTES))
            file.seek(0)
            bound = Bounded(path.stat().st_size)
            chunks = iter(lambda: file.read(1 << 20), b"") if kind is None else expanded(file.read, kind)
            for chunk in chunks:
                bound.note(len(chunk))
                *whole, rest = (rest + chunk).split(b"\n")
                lines += [text for line in whole if (text := line.decode().strip())]
                if len(rest) > MOST_LINE_BYTES or len(lines) > MOST_PATHS:
                    raise UsageError(f"{path}: no list: a line beyond {MOST_LINE_BYTES:,} bytes, or too many lines.")
            return lines + [text for text in [rest.decode().strip()] if text]
    except (Unreadable, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: the list cannot be read ({error}). Remove the file if it was fetched.") from error
