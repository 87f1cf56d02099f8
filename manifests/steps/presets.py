"""Names that stand for several steps in a recipe."""

from dataclasses import dataclass

from maslin.manifests.steps.c4 import (
    C4,
    C4_LENGTH,
    C4_LINE_DEDUP,
    C4_STEP,
    C4_URL_DEDUP,
    OFFENSIVE,
    C4Length,
    C4LineDedup,
    C4UrlDedup,
    Offensive,
)
from maslin.manifests.steps.fineweb import FINEWEB, FineWeb
from maslin.manifests.steps.gopher import GOPHER_QUALITY, GOPHER_REPETITION, GopherQuality, GopherRepetition
from maslin.manifests.steps.language import LANGUAGE, Language
from maslin.manifests.steps.refinedweb import NEWLINE_REMOVAL, REFINEDWEB, NewlineRemoval, RefinedWeb
from maslin.manifests.steps.spec import CurationStep


@dataclass(frozen=True)
class Preset:
    """Steps that one name stands for in a recipe, and whose order and settings they are."""

    source: str
    steps: tuple[CurationStep, ...]


PRESETS: dict[str, Preset] = {
    "c4_full": Preset("TFDS 4.9.10 text/c4.py, English", (
        CurationStep(C4_LENGTH, C4Length()), CurationStep(C4_URL_DEDUP, C4UrlDedup()), CurationStep(C4_STEP, C4()),
        CurationStep(C4_LINE_DEDUP, C4LineDedup()),
        CurationStep(LANGUAGE, Language(method="langdetect", min_score=0.99)), CurationStep(OFFENSIVE, Offensive()),
    )),
    "gopher": Preset("Rae et al. 2021, A.1.1, by datatrove's definitions", (
        CurationStep(GOPHER_QUALITY, GopherQuality()), CurationStep(GOPHER_REPETITION, GopherRepetition()),
    )),
    "fineweb_full": Preset("datatrove 0.10.1 examples/fineweb.py, without its URL filter, MinHash and PII formatting", (
        CurationStep(LANGUAGE, Language()), CurationStep(GOPHER_REPETITION, GopherRepetition()),
        CurationStep(GOPHER_QUALITY, GopherQuality()),
        CurationStep(C4_STEP, C4(variant="datatrove", end_marks="optional")), CurationStep(FINEWEB, FineWeb()),
    )),
    "refinedweb_full": Preset("DCLM dclm_baseline_refinedweb.yaml, without its URL filters and URL removal", (
        CurationStep(NEWLINE_REMOVAL, NewlineRemoval()), CurationStep(LANGUAGE, Language()),
        CurationStep(GOPHER_QUALITY, GopherQuality(variant="dclm")),
        CurationStep(GOPHER_REPETITION, GopherRepetition(variant="dclm")), CurationStep(REFINEDWEB, RefinedWeb()),
    )),
}
