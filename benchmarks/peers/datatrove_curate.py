"""datatrove's side of `benchmarks/curation.py`, run by the Python of datatrove's own environment.

WarcReader → extractor → the filters of datatrove's own FineWeb pipeline, in its order → ParquetWriter, with TFDS's
numbers for C4 as our recipe has them. Nothing is downloaded: the language model is given as a file, put in by patching
the place where datatrove would fetch it.
"""

import argparse
import importlib.machinery
import sys
import types

try:
    import magic  # noqa: F401
except ImportError:  # no libmagic here; the reader imports it, but never asks it about records that say their type
    stub = types.ModuleType("magic")
    stub.__spec__ = importlib.machinery.ModuleSpec("magic", None)
    sys.modules["magic"] = stub

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.extractors import Trafilatura
from datatrove.pipeline.extractors.base import BaseExtractor
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
    LanguageFilter,
)
from datatrove.pipeline.readers import WarcReader
from datatrove.pipeline.writers import ParquetWriter
from datatrove.utils import lid


class Resiliparse(BaseExtractor):
    """resiliparse in datatrove, with the options we use: the same parser, the rest of the pipeline theirs."""

    name = "Resiliparse"
    _requires_dependencies = ("resiliparse",)

    def __init__(self, timeout: float) -> None:
        super().__init__(timeout)

    def extract(self, text: str) -> str:
        from resiliparse.extract.html2text import extract_plain_text

        return extract_plain_text(
            text, main_content=True, alt_texts=False, list_bullets=False, comments=False, post_meta=False)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("warcs", help="folder of WARC files")
    parser.add_argument("output", help="folder for what is kept")
    parser.add_argument("--extractor", choices=["trafilatura", "resiliparse"], default="trafilatura")
    parser.add_argument("--language-model", required=True, help="lid.176.ftz")
    parser.add_argument("--timeout", type=float, required=True, help="seconds of wall time for extracting a page")
    arguments = parser.parse_args()

    lid.cached_asset_path_or_download = lambda *_, **__: arguments.language_model
    extractor = {"trafilatura": Trafilatura, "resiliparse": Resiliparse}[arguments.extractor]
    LocalPipelineExecutor(
        [
            WarcReader(arguments.warcs),
            extractor(timeout=arguments.timeout),
            LanguageFilter("en", language_threshold=0.65),
            GopherRepetitionFilter(),
            GopherQualityFilter(),
            C4QualityFilter(min_num_sentences=3, min_words_per_line=5),
            FineWebQualityFilter(),
            ParquetWriter(f"{arguments.output}/kept"),
        ],
        tasks=1, workers=1, logging_dir=f"{arguments.output}/logs",
    ).run()


if __name__ == "__main__":
    main()
