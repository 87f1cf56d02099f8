"""Whether what is a page's text is extracted, and in order, and what is not is left out, beside peers.

    python -m benchmarks.labelled_pages FOLDER [--show] [--half look|hold]

FOLDER holds the archives whose names `labels/pages.json` begins with (`benchmarks/README.md` says where they are from);
pages whose archive is not there are left out and counted. White space and soft hyphens are not compared.
`labels/structures.json` has, for a table, list, listing or formula of a page, the lines that it is to make, each as the
pieces that stand on it; a listing's lines are compared as they stand.
"""

import argparse
import hashlib
import json
import re
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from resiliparse.parse.encoding import bytes_to_str, detect_encoding
from warcio.archiveiterator import ArchiveIterator

sys.path.insert(0, str(Path(__file__).resolve().parent))
from benchmarks.extraction import HERE, extract_all
from benchmarks.peers.environment import peer_python

LABELS, STRUCTURES = HERE / "labels" / "pages.json", HERE / "labels" / "structures.json"
Label = Mapping[str, Sequence[str]]  # must and must_not: strings of a page


def half_of(name: str) -> str:
    """`look`: pages that were read while rules were made; `hold`: pages that were only scored."""
    return ("look", "hold")[hashlib.sha256(name.encode()).digest()[0] % 2]


def _members(archive: Path) -> Iterator[tuple[str, bytes]]:
    if ".warc" in archive.name:
        with archive.open("rb") as file:
            for record in ArchiveIterator(file):
                if record.rec_type == "response":
                    yield record.rec_headers.get_header("WARC-Target-URI").strip("<>"), record.content_stream().read()
        return
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isfile() and member.name.endswith(".html"):
                yield member.name, tar.extractfile(member).read()


def read_labelled(folder: Path, labels: Mapping[str, Label]) -> dict[str, str]:
    """The pages that are labelled and at hand: a label's name is its archive's and the end of its own."""
    pages = {}
    for archive in sorted(path for path in folder.rglob("*") if path.is_file()):
        wanted = {name.partition("/")[2]: name for name in labels if name.partition("/")[0] == archive.name}
        for member, data in _members(archive) if wanted else ():
            for end, name in wanted.items():
                if member == end or member.endswith("/" + end):
                    try:
                        pages[name] = data.decode()
                    except UnicodeDecodeError:
                        pages[name] = bytes_to_str(data, detect_encoding(data))
    return pages


def bare(text: str) -> str:
    """A text without white space and soft hyphens."""
    return re.sub(r"[\s\xad]+", "", text)


def score(label: Label, text: str) -> tuple[list[str], list[str]]:
    """The strings that must be in a text and are not, and those that must not and are."""
    text = bare(text)
    return ([string for string in label["must"] if bare(string) not in text],
            [string for string in label["must_not"] if bare(string) in text])


def kept_in_order(kind: str, lines: Sequence[Sequence[str]], text: str) -> int:
    """How many lines of a structure a text has on lines of their own, in their order."""
    kept, found = 0, text.split("\n")
    place = 0
    for pieces in lines:
        for further in range(place, len(found)):
            if _has(kind, pieces, found[further]):
                kept, place = kept + 1, further + (kind != "formula")
                break
    return kept


def _has(kind: str, pieces: Sequence[str], line: str) -> bool:
    if kind == "code":
        return line.rstrip() == pieces[0]
    line, place = bare(line), 0
    if kind == "list" and not re.sub(r"^(?:[-*•]|\d+\.)", "", line).startswith(bare(pieces[0])):
        return False
    for piece in map(bare, pieces):
        place = line.find(piece, place) + len(piece)
        if place < len(piece):
            return False
    return True


def report_structures(structures: Mapping[str, Mapping], pages: Mapping[str, str], python: Path) -> None:
    """Print, by extractor, the share of the lines of tables, lists, listings and formulas that are kept in order."""
    names = [name for name in structures if name in pages]
    kinds = {kind: sum(len(structures[name].get(kind, ())) for name in names)
             for kind in ("table", "list", "code", "formula")}
    texts, _ = extract_all([pages[name] for name in names], python, rounds=1)
    print("".join([f"{'':38}", *(f"{f'{kind} ({lines})':>16}" for kind, lines in kinds.items())]))
    for extractor, found in texts.items():
        kept = dict.fromkeys(kinds, 0)
        for name, text in zip(names, found, strict=True):
            for kind, lines in structures[name].items():
                kept[kind] += kept_in_order(kind, lines, text)
        print("".join([f"{extractor:38}", *(f"{kept[kind] / kinds[kind]:16.3f}" for kind in kinds)]))


def report(names: Sequence[str], labels: Mapping[str, Label], texts: Mapping[str, Sequence[str]], show: bool) -> None:
    """Print, by extractor, the shares of strings that are in and that are left out."""
    print(f"{'':38}{'must':>7}{'must not':>10}")
    must = sum(len(labels[name]["must"]) for name in names)
    must_not = sum(len(labels[name]["must_not"]) for name in names)
    for extractor, found in texts.items():
        missed = wrong = 0
        for name, text in zip(names, found, strict=True):
            lost, extra = score(labels[name], text)
            missed, wrong = missed + len(lost), wrong + len(extra)
            if show and extractor == "maslin" and (lost or extra):
                print(f"{name}\n    lost: {lost}\n    extra: {extra}")
        print(f"{extractor:38}{1 - missed / must:7.3f}{1 - wrong / must_not:10.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="folder with the archives")
    parser.add_argument("--half", choices=("look", "hold"), help="pages of one half alone")
    parser.add_argument("--show", action="store_true", help="print what was lost and what was extra, of ours")
    arguments = parser.parse_args()
    labels = json.loads(LABELS.read_text("utf-8"))
    structures = json.loads(STRUCTURES.read_text("utf-8"))
    pages = read_labelled(arguments.folder, {**labels, **structures})
    print(f"{len(pages)} of {len({*labels, *structures})} labelled pages are at hand")
    python = peer_python("trafilatura")
    for half in (arguments.half,) if arguments.half else ("look", "hold"):
        names = [name for name in labels if name in pages and half_of(name) == half]
        must, must_not = (sum(len(labels[name][kind]) for name in names) for kind in ("must", "must_not"))
        print(f"\n{half}: {len(names)} pages, {must} strings that must be in and {must_not} that must not")
        texts, _ = extract_all([pages[name] for name in names], python, rounds=1)
        report(names, labels, texts, arguments.show)
    print()
    report_structures(structures, pages, python)


if __name__ == "__main__":
    main()
