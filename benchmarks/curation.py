"""CPU-seconds a web page costs from WARC to filtered documents: ours beside datatrove, same pages, same run.

    python -m benchmarks.curation CRAWL.warc.gz [--pages 6000] [--json FILE]

Both read the same WARC, made here of every n-th HTML page of status 200, and keep the English pages that pass
FineWeb's sequence of rules: Gopher's repetition and quality, C4, FineWeb's own. A ratio of CPU-seconds travels between
machines, a time does not; `benchmarks/README.md` says what is compared, what is not, and why.
"""

import argparse
import ctypes
import importlib.metadata
import json
import os
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow.parquet as pq
from warcio.archiveiterator import ArchiveIterator
from warcio.warcwriter import WARCWriter

from benchmarks.peers.environment import peer_python, requirements
from maslin.curation import resources

HERE = Path(__file__).resolve().parent
PEER_SCRIPT = HERE / "peers" / "datatrove_curate.py"
HTML_TYPES = ("text/html", "application/xhtml+xml")
PEER_TIMEOUT_SECONDS = 60.0  # datatrove's own default of 1 s of wall time makes its output depend on the load

RECIPE = """\
name: benchmark
sources: {web: {kind: warc, paths: [pages.warc.gz], max_failed: 1.0}}
corpora:
  web:
    from: web
    steps:
      - language: {keep: [en], min_score: 0.65}
      - gopher_repetition: {}
      - gopher_quality: {}
      - c4: {code: drop}
      - fineweb: {}
"""
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Cost:
    """What a command took: CPU-seconds (user and system, all descendants) and wall seconds."""

    cpu_seconds: float
    wall_seconds: float


@dataclass(frozen=True)
class Side:
    """One side of the comparison. `startup` is the cost of a crawl of one page, `runs` of the whole sample."""

    name: str
    startup: Cost
    runs: tuple[Cost, ...]
    kept: Mapping[str, str]  # URL → text

    @property
    def cpu_seconds(self) -> float:
        return statistics.median(run.cpu_seconds for run in self.runs)

    def per_page(self, pages: int) -> float:
        return self.cpu_seconds / pages

    def per_page_after_startup(self, pages: int) -> float:
        return (self.cpu_seconds - self.startup.cpu_seconds) / (pages - 1)


def become_reaper() -> None:
    """Have orphaned descendants handed to this process, so that the time of every worker is counted (Linux)."""
    if sys.platform != "linux":
        sys.exit("benchmarks/curation.py counts the CPU time of all descendants with Linux's help: run it on Linux.")
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def run(command: Sequence[str | Path], cwd: Path, environment: Mapping[str, str], accept: Sequence[int] = (0,)) -> Cost:
    """Run a command to the end of its last descendant. Exits, showing its output, when it fails."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [str(part) for part in command], cwd=cwd, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
            stdout=log, stderr=subprocess.STDOUT)
        code = process.wait()
        wall = time.monotonic() - started
        while True:  # orphans: servers of worker pools that outlive their parent by a moment
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                break
        if code not in accept:
            log.seek(0)
            sys.exit(f"{' '.join(map(str, command))}\nended with {code}:\n{log.read()[-4000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall)


def sample_pages(crawl: Path, target: Path, every: int, limit: int | None = None) -> int:
    """Copy every n-th HTML response of status 200, each URL once, to a WARC of their own. Returns the pages written.

    The header WARC-Identified-Payload-Type is added for datatrove, which loses most pages of a crawler that does not
    write it; Maslin needs none.
    """
    seen: set[str] = set()
    written = 0
    with open(crawl, "rb") as source, open(target, "wb") as sink:
        writer = WARCWriter(sink, gzip=True)
        for record in ArchiveIterator(source):
            if record.rec_type != "response" or record.http_headers is None:
                continue
            kind = (record.http_headers.get_header("Content-Type") or "").partition(";")[0].strip().lower()
            url = record.rec_headers.get_header("WARC-Target-URI").strip("<>")
            if record.http_headers.get_statuscode() != "200" or kind not in HTML_TYPES or url in seen:
                continue
            seen.add(url)
            if (len(seen) - 1) % every:
                continue
            record.rec_headers.replace_header("WARC-Target-URI", url)
            record.rec_headers.replace_header("WARC-Identified-Payload-Type", kind)
            writer.write_record(record)
            written += 1
            if written == limit:
                break
    return written


def count_pages(crawl: Path) -> int:
    with tempfile.TemporaryDirectory() as temporary:
        return sample_pages(crawl, Path(temporary) / "all.warc.gz", 1)


def run_ours(work: Path, warc: Path) -> tuple[Cost, dict[str, str]]:
    """`maslin curate` from nothing after `maslin setup`, one worker, no Prefect."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    shutil.copyfile(warc, work / "pages.warc.gz")
    (work / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    command = [sys.executable, "-m", "maslin.flows.cli", "curate", work / "recipe.yaml", "--workspace",
               work / "workspace",
               "--workers", "1", "--prefect", "off"]
    # 3: the corpus came out empty, as it may when one page is all there is
    cost = run(command, HERE.parent, {}, accept=(0, 3))
    lock = json.loads((work / "workspace" / "recipes" / "benchmark.lock.json").read_text(encoding="utf-8"))
    kept: dict[str, str] = {}
    for path in sorted((work / "workspace" / lock["corpora"]["web"]).glob("documents/*.parquet")):
        table = pq.read_table(path, columns=["url", "text"])
        kept |= dict(zip(table["url"].to_pylist(), table["text"].to_pylist(), strict=True))
    return cost, kept


def run_peer(work: Path, warc: Path, python: Path, extractor: str) -> tuple[Cost, dict[str, str]]:
    """datatrove's pipeline, one task in one worker."""
    shutil.rmtree(work, ignore_errors=True)
    (work / "warcs").mkdir(parents=True)
    shutil.copyfile(warc, work / "warcs" / "pages.warc.gz")
    cost = run(
        [python, PEER_SCRIPT, work / "warcs", work / "output", "--extractor", extractor, "--timeout",
         str(PEER_TIMEOUT_SECONDS), "--language-model", resources.path("lid176")],
        work, {})
    kept: dict[str, str] = {}
    for path in sorted((work / "output" / "kept").glob("*.parquet")):
        table = pq.read_table(path, columns=["text", "metadata"])
        urls = (metadata["url"] for metadata in table["metadata"].to_pylist())
        kept |= dict(zip(urls, table["text"].to_pylist(), strict=True))
    return cost, kept


def overlap(ours: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, float]:
    """Of pages that both keep: how many of the words they share, word by word with repetition.

    `both` is 2·shared / (ours + theirs), `of_ours` and `of_theirs` the shared part of each side; means over pages.
    """
    left = {unquote(url): text for url, text in ours.items()}
    right = {unquote(url): text for url, text in theirs.items()}
    common = sorted(left.keys() & right.keys())
    rows = []
    for url in common:
        a, b = (Counter(re.findall(r"\w+", side[url].lower())) for side in (left, right))
        shared = (a & b).total()
        rows.append((2 * shared / (a.total() + b.total()), shared / a.total(), shared / b.total()))
    means = [statistics.fmean(column) for column in zip(*rows, strict=True)] if rows else [float("nan")] * 3
    return {"pages": len(common), "both": means[0], "of_ours": means[1], "of_theirs": means[2],
            "median_both": statistics.median(row[0] for row in rows) if rows else float("nan")}


def measure(arguments: argparse.Namespace, work: Path) -> dict[str, Any]:
    """Run both sides and return what the table and the JSON show."""
    become_reaper()
    pages_there = count_pages(arguments.crawl)
    every = max(1, -(-pages_there // arguments.pages))
    sample, single = work / "sample.warc.gz", work / "single.warc.gz"
    pages = sample_pages(arguments.crawl, sample, every)
    if pages < 2:
        sys.exit(f"{arguments.crawl}: {pages} HTML pages of status 200 in it, too few to measure.")
    sample_pages(sample, single, 1, limit=1)

    run([sys.executable, "-m", "maslin.flows.cli", "setup"], HERE.parent, {})
    startup, _ = run_ours(work / "ours", single)
    runs = [run_ours(work / "ours", sample) for _ in range(arguments.repeats)]
    sides = [Side("maslin", startup, tuple(cost for cost, _ in runs), runs[-1][1])]
    python = peer_python("datatrove")
    for extractor in arguments.extractors:
        startup, _ = run_peer(work / "peer", single, python, extractor)
        cost, kept = run_peer(work / "peer", sample, python, extractor)
        sides.append(Side(f"datatrove, {extractor}", startup, (cost,), kept))

    ours = sides[0]
    return {
        "crawl": arguments.crawl.name, "pages_in_crawl": pages_there, "every": every, "pages": pages,
        "sides": [
            {
                "name": side.name, "startup": asdict(side.startup), "runs": [asdict(one) for one in side.runs],
                "kept": len(side.kept),
                "cpu_seconds_per_page": side.per_page(pages),
                "cpu_seconds_per_page_after_startup": side.per_page_after_startup(pages),
                "ratio_to_ours": side.per_page(pages) / ours.per_page(pages),
                "ratio_to_ours_after_startup":
                    side.per_page_after_startup(pages) / ours.per_page_after_startup(pages),
                "overlap": None if side is ours else overlap(ours.kept, side.kept),
            }
            for side in sides
        ],
        "versions": {
            "python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count(),
            "maslin": _installed("maslin"), "peer": _peer_versions(),
        },
    }


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _peer_versions() -> dict[str, str]:
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)$", requirements("datatrove").read_text(encoding="utf-8"), re.M))
    return {name: pins[name] for name in ("datatrove", "trafilatura", "resiliparse", "spacy", "xxhash", "numpy")}


def table(result: Mapping[str, Any]) -> str:
    """The result as a table in plain text."""
    lines = [
        f"{result['crawl']}: {result['pages']} of {result['pages_in_crawl']} HTML pages of status 200, one worker",
        f"{'':24}{'CPU-s':>9}{'wall s':>9}{'ms/page':>10}{'ratio':>8}{'start-up':>10}{'ms/page*':>10}{'ratio*':>8}"
        f"{'kept':>7}{'overlap':>9}{'in ours':>9}",
    ]
    for side in result["sides"]:
        runs = side["runs"]
        shared = f"{side['overlap']['both']:9.3f}{side['overlap']['of_theirs']:9.3f}" if side["overlap"] else ""
        lines.append(
            f"{side['name']:24}{statistics.median(run['cpu_seconds'] for run in runs):9.2f}"
            f"{statistics.median(run['wall_seconds'] for run in runs):9.2f}{1000 * side['cpu_seconds_per_page']:10.2f}"
            f"{side['ratio_to_ours']:8.1f}{side['startup']['cpu_seconds']:10.2f}"
            f"{1000 * side['cpu_seconds_per_page_after_startup']:10.2f}{side['ratio_to_ours_after_startup']:8.1f}"
            f"{side['kept']:7}{shared}")
    lines.append("*: without the start-up of a run over one page.")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("crawl", type=Path, help="a WARC file with HTML pages")
    parser.add_argument("--pages", type=int, default=6000, help="at most about so many pages (default 6000)")
    parser.add_argument("--repeats", type=int, default=3, help="runs of our side, of which the median (default 3)")
    parser.add_argument("--extractors", nargs="+", choices=["trafilatura", "resiliparse"], default=["trafilatura"],
                        help="what datatrove extracts with (default: trafilatura, its own)")
    parser.add_argument("--json", type=Path, help="write the result here too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        result = measure(arguments, Path(work))
    print(table(result))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
