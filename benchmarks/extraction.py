"""How much of an article is extracted, and how fast: ours beside resiliparse and trafilatura, same pages, same run.

    python -m benchmarks.extraction PAGES.tar GROUND-TRUTH.json.gz [--rounds 5] [--json FILE]

The inputs are those of scrapinghub/article-extraction-benchmark: `<id>.html.gz` files in a tar, and
`{id: {articleBody, url}}`. Scored as its `evaluate.py` does: shingles of four words with repetition; precision and
recall of each page, their means over pages, F1 of the means; here with a 95 % percentile bootstrap over pages.
`benchmarks/README.md` says what the columns mean.
"""

import argparse
import gzip
import json
import random
import re
import statistics
import subprocess
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from benchmarks.peers.environment import peer_python
from maslin.curation.ingest.html.page import main_text

HERE = Path(__file__).resolve().parent
PEER_SCRIPT = HERE / "peers" / "trafilatura_extract.py"
SHINGLE_WORDS = 4
BOOTSTRAP = 1000
_WORD = re.compile(r"\w+")
Score = tuple[float | None, float | None]  # precision and recall of a page; None where there is nothing to measure


LOCAL: dict[str, Callable[[str], str]] = {
    "maslin": main_text,
    "resiliparse, defaults": lambda page: extract_plain_text(page, main_content=True),
    "resiliparse, four options off": lambda page: extract_plain_text(
        page, main_content=True, list_bullets=False, alt_texts=False, comments=False, post_meta=False),
}


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Runs of four words with their counts; a shorter text is one run."""
    words = _WORD.findall(text)
    return Counter(
        tuple(words[place:place + SHINGLE_WORDS]) for place in range(max(1, len(words) - SHINGLE_WORDS + 1)) if words)


def page_score(truth: str, predicted: str) -> Score:
    """(precision, recall); None where the prediction, or the truth, has no words."""
    expected, found = shingles(truth), shingles(predicted)
    shared = (expected & found).total()
    if not expected and not found:
        return None, None
    precision = shared / found.total() if found else None
    return precision, shared / expected.total() if expected else None


def total_score(scores: Sequence[Score]) -> tuple[float, float, float]:
    """(F1, precision, recall): means over pages, and F1 of the means."""
    precision = statistics.fmean(score[0] for score in scores if score[0] is not None)
    recall = statistics.fmean(score[1] for score in scores if score[1] is not None)
    return 2 * precision * recall / (precision + recall), precision, recall


def interval(scores: Sequence[Score], seed: int = 0) -> tuple[float, float]:
    """95 % percentile interval of F1 over resampled pages."""
    draw = random.Random(seed)
    values = sorted(total_score(draw.choices(scores, k=len(scores)))[0] for _ in range(BOOTSTRAP))
    return values[int(0.025 * BOOTSTRAP)], values[int(0.975 * BOOTSTRAP) - 1]


def without_headline(page: str, text: str) -> str:
    """A text less the lines that are the page's top headings: the gold has none, and training text wants them."""
    document = HTMLTree.parse(page).document
    headings = {" ".join((heading.text_content or "").split())
                for heading in document.get_elements_by_tag_name("h1").values()}
    return "\n".join(line for line in text.split("\n") if " ".join(line.split()) not in headings)


def read_pages(archive: Path, truth: Path) -> tuple[list[str], list[str]]:
    """Pages and their article texts, in the order of their ids."""
    with gzip.open(truth, "rt", encoding="utf-8") as file:
        gold = json.load(file)
    pages = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.name.endswith(".html.gz"):
                data = gzip.decompress(tar.extractfile(member).read())
                pages[Path(member.name).name.removesuffix(".html.gz")] = data.decode("utf-8", "replace")
    return [pages[key] for key in sorted(gold)], [gold[key]["articleBody"] for key in sorted(gold)]


def extract_all(pages: Sequence[str], python: Path, rounds: int) -> tuple[dict[str, list[str]], dict[str, float]]:
    """Texts of every extractor, and the least CPU-seconds of its rounds; the extractors take turns."""
    texts: dict[str, list[str]] = {}
    seconds: dict[str, list[float]] = {}
    main_text(pages[0])  # compiles, or loads what was compiled
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "pages.json"), Path(folder, "texts.json")
        given.write_text(json.dumps(list(pages)), "utf-8")
        for _ in range(rounds):
            for name, extract in LOCAL.items():
                began = time.process_time()
                texts[name] = [extract(page) for page in pages]
                seconds.setdefault(name, []).append(time.process_time() - began)
            subprocess.run([python, PEER_SCRIPT, given, made], check=True)
            for name, result in json.loads(made.read_text("utf-8")).items():
                texts[name] = result["texts"]
                seconds.setdefault(name, []).append(result["cpu_seconds"])
    return texts, {name: min(values) for name, values in seconds.items()}


def report(pages: Sequence[str], truths: Sequence[str], texts: Mapping[str, list[str]], seconds: Mapping[str, float]):
    """Print the table; returns it as JSON values."""
    rows = {}
    print(f"{'':38}{'F1':>7}{'95 % interval':>16}{'precision':>11}{'recall':>8}{'F1, no h1':>11}{'pages/s':>9}")
    for name, found in texts.items():
        scores = [page_score(truth, text) for truth, text in zip(truths, found, strict=True)]
        bare = [page_score(truth, without_headline(page, text))
                for page, truth, text in zip(pages, truths, found, strict=True)]
        (f1, precision, recall), (low, high), bare_f1 = total_score(scores), interval(scores), total_score(bare)[0]
        speed = len(pages) / seconds[name]
        print(f"{name:38}{f1:7.4f}   [{low:.3f}, {high:.3f}]{precision:11.4f}{recall:8.4f}{bare_f1:11.4f}{speed:9.0f}")
        rows[name] = {"f1": f1, "low": low, "high": high, "precision": precision, "recall": recall,
                      "f1_without_headline": bare_f1, "pages_per_cpu_second": speed}
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pages", type=Path, help="tar of <id>.html.gz")
    parser.add_argument("truth", type=Path, help="ground-truth.json.gz")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each extractor; the fastest counts (default 5)")
    parser.add_argument("--json", type=Path, help="write the table here, too")
    arguments = parser.parse_args()
    pages, truths = read_pages(arguments.pages, arguments.truth)
    texts, seconds = extract_all(pages, peer_python("trafilatura"), arguments.rounds)
    rows = report(pages, truths, texts, seconds)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1), "utf-8")


if __name__ == "__main__":
    main()
