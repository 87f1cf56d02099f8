"""Where the time of a web page goes from WARC to filtered documents: samples of one process's CPU time by stage.

    nice python -m benchmarks.page_time CRAWL.warc.gz --svg docs/page_time.svg

The recipe is that of `curation.py`, in one process; a first page is read before, so that imports, models and compiled
kernels are there and start-up is left out. A timer of the process's CPU time interrupts it some hundred times a second;
the time since the last interruption goes to the innermost function of Maslin's that then runs. A compiled kernel counts
as the function that calls it.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from html import escape
from io import StringIO
from pathlib import Path
from types import FrameType

from benchmarks.curation import RECIPE, sample_pages
from maslin.flows import cli
from maslin.flows.engine.memory import keep_freed

INTERVAL_SECONDS = 0.002
# A stage and what begins the names of its modules (within maslin), the first that fits.
STAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("WARC records", ("curation.ingest.web.framing", "curation.ingest.web.warc_records", "curation.ingest.web.arc")),
    ("HTTP and identity", (
        "curation.ingest.web.body", "curation.ingest.web.sniff", "curation.ingest.web.content_type",
        "curation.ingest.web.urls", "manifests.identity", "curation.ingest.web.warc", "curation.ingest.web.robots")),
    ("encodings", ("curation.ingest.web",)),
    ("HTML to text", ("curation.ingest.html", "curation.text.references")),
    ("documents as rows", ("curation.ingest",)),
    ("language", ("curation.text.language", "curation.rules.language")),
    ("words", ("curation.text.words", "curation.text.word_splitters", "curation.text.spacy")),
    ("Gopher: repetition", ("curation.rules.repetition", "curation.rules.gopher_repetition")),
    ("Gopher: quality", ("curation.rules.gopher",)),
    ("C4", ("curation.rules.c4",)),
    ("FineWeb", ("curation.rules.fineweb",)),
    ("batches and decisions", (
        "curation.rules", "curation.text", "curation.corpora.segment", "curation.stages",
        "curation.survivors")),
    ("Parquet and checksums", ("manifests.tables", "manifests.files", "manifests.soundness", "manifests.lookup")),
    ("corpus put together", ("curation.corpora",)),
)
OTHER = "plan, manifests, progress"


class Samples:
    """CPU-seconds by place, the innermost function of Maslin's that ran."""

    def __init__(self) -> None:
        self.seconds: Counter[tuple[str, str]] = Counter()
        self._last = 0.0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """While this lasts."""
        signal.signal(signal.SIGPROF, self._sample)
        self._last = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, INTERVAL_SECONDS, INTERVAL_SECONDS)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)

    def _sample(self, number: int, frame: FrameType | None) -> None:
        now = time.process_time()
        place = "", ""
        while frame is not None:
            module = str(frame.f_globals.get("__name__"))
            if module.startswith("maslin."):
                place = module.removeprefix("maslin."), frame.f_code.co_name
                break
            frame = frame.f_back
        self.seconds[place] += now - self._last
        self._last = time.process_time()


def stage_of(module: str) -> str:
    """The name of the stage that a module is part of."""
    return next((name for name, beginnings in STAGES if module.startswith(beginnings)), OTHER)


def curate(folder: Path, crawl: Path) -> None:
    """The recipe over a crawl, in this process."""
    folder.mkdir()
    (folder / "recipe.yaml").write_text(RECIPE.replace("pages.warc.gz", str(crawl)), encoding="utf-8")
    with redirect_stdout(StringIO()) as shown:
        code = cli.main(["curate", str(folder / "recipe.yaml"), "--workspace", str(folder / "workspace"), "--engine",
                         "serial", "--prefect", "off"])
    if code not in (0, 3):  # 3: nothing was kept, as of one page may be
        sys.exit(f"{shown.getvalue()}\nended with {code}")


def svg(rows: list[tuple[str, float]], pages: int) -> str:
    """A bar a stage, in milliseconds a page."""
    line, left, width = 22, 190, 460
    longest = max(value for _, value in rows)
    height = line * len(rows) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 70}" height="{height}" '
        'font-family="sans-serif" font-size="13">',
        f'<text x="0" y="16">Milliseconds of CPU time a page, beyond start-up ({pages} pages; '
        f"{sum(value for _, value in rows):.2f} in all)</text>",
    ]
    for number, (name, value) in enumerate(rows):
        top = 30 + line * number
        bar = width * value / longest
        parts += [
            f'<text x="{left - 8}" y="{top + 14}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{left}" y="{top}" width="{bar:.1f}" height="{line - 5}" fill="#4477aa"/>',
            f'<text x="{left + bar + 6:.1f}" y="{top + 14}">{value:.3f}</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("crawl", type=Path, help="a WARC file with HTML pages")
    parser.add_argument("--places", type=int, default=0, help="show the most expensive functions of each stage too")
    parser.add_argument("--svg", type=Path, help="write a picture here")
    arguments = parser.parse_args()
    keep_freed()  # as workers do
    samples = Samples()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        pages = sample_pages(arguments.crawl, folder / "pages.warc.gz", 1)
        sample_pages(folder / "pages.warc.gz", folder / "few.warc.gz", max(1, pages // 100))
        curate(folder / "few", folder / "few.warc.gz")
        with samples.taken():
            curate(folder / "all", folder / "pages.warc.gz")
    stages: Counter[str] = Counter()
    for (module, _), seconds in samples.seconds.items():
        stages[stage_of(module)] += 1000 * seconds / pages
    total = sum(stages.values())
    print(f"{pages} pages, {total:.3f} ms of CPU time a page beyond start-up")
    for name, value in stages.most_common():
        print(f"{value:8.3f} ms {100 * value / total:5.1f} %  {name}")
        places = Counter({place: seconds for place, seconds in samples.seconds.items() if stage_of(place[0]) == name})
        for (module, function), seconds in places.most_common(arguments.places):
            print(f"{'':4}{1000 * seconds / pages:8.3f}{'':11}{module}.{function}")
    if arguments.svg:
        arguments.svg.write_text(svg(stages.most_common(), pages), encoding="utf-8")


if __name__ == "__main__":
    main()
