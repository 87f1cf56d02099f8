"""Web crawls as a kind of source: its options, and where its reader is."""

from dataclasses import dataclass, field
from typing import Literal

from maslin.curation.ingest.web.extractors import MASLIN, ONE_ALONE, Extractor, Extractors
from maslin.manifests.recipe.sources import Later, SourceKind

# A body may be transferred longer than it decodes to, by headers, chunk sizes and a little that does not compress.
_TRANSFER_SLACK_BYTES = 256 << 10


@dataclass(frozen=True)
class WarcOptions:
    """`reader`: who parses the records' heads. `max_page_bytes`: a larger HTML body is not parsed but dropped, with
    its size in the ledger. `extractor`: who finds the text of a page; `extractors`: several, the preferred first.
    """

    reader: Literal["fastwarc", "warcio"] = "fastwarc"
    max_page_bytes: int = field(default=2 << 20, metadata={"min": 1, "max": 2**40})
    extractor: Extractor = MASLIN
    extractors: Extractors = ONE_ALONE

    def wrong(self) -> tuple[str, str] | None:
        """The key that does not go with another, and why; None when all do."""
        both = self.extractors.each and self.extractor != MASLIN
        return ("extractors", "not beside `extractor`: name one of the two") if both else None

    @property
    def asked(self) -> tuple[Extractor, ...]:
        """Who is asked for the text of a page, in the order they are preferred."""
        return self.extractors.each or (self.extractor,)

    @property
    def keep_bytes(self) -> int:
        """How much of a record's block is held in memory."""
        return self.max_page_bytes + self.max_page_bytes // 8 + _TRANSFER_SLACK_BYTES


WARC = SourceKind(
    read=Later("maslin.curation.ingest.web.warc:read"), splits=Later("maslin.curation.ingest.web.warc:splits"),
    suffixes=(".warc", ".arc", ".wet", ".wat"), belongs=Later("maslin.curation.ingest.told_by_content:is_web_archive"),
    options=WarcOptions, libraries=("resiliparse",),  # encodings of pages that announce none
    further_libraries=lambda options: tuple(name for asked in options.asked for name in asked.libraries),
    extras=lambda options: tuple(asked.extra for asked in options.asked if asked.extra),
    has_variants=lambda options: len(options.asked) > 1, units=("site",), crawled=True)
