"""FineWeb's own quality filters."""

from dataclasses import dataclass, field
from typing import Literal

from maslin.manifests.steps.spec import Need, Rule, StepSpec, between


@dataclass(frozen=True)
class FineWeb:
    """FineWeb's own filters (Penedo et al. 2024) as datatrove has them: end marks, short and repeated lines, lists.

    `words`: spaCy's English ones, by our kernel or by the package itself: slow, the same, needs `pip install
    'maslin[spacy]'`.
    """

    words: Literal["kernel", "spacy"] = "kernel"
    min_line_punct_ratio: float = field(default=0.12, metadata=between(0, 1))
    max_short_line_ratio: float = field(default=0.67, metadata=between(0, 1))
    short_line_characters: int = field(default=30, metadata=between(0, 10**9))
    max_char_dup_ratio: float = field(default=0.01, metadata=between(0, 1))
    max_list_ratio: float = field(default=0.3, metadata=between(0, 10**6))


FINEWEB = StepSpec(
    "fineweb", FineWeb, "maslin.curation.rules.fineweb:judge",
    "datatrove 0.10.1 fineweb_quality_filter.py; Penedo et al. 2024",
    rules=(
        Rule("empty", "<", 1.0, words="has no line that is not blank"),
        Rule("line_punct_ratio", "<", "min_line_punct_ratio", "line_punct_ratio"),
        Rule("short_line_ratio", ">", "max_short_line_ratio", "short_line_ratio"),
        Rule("char_dup_ratio", ">", "max_char_dup_ratio", "char_dup_ratio"),
        Rule("list_ratio", ">", "max_list_ratio", "list_ratio"),
    ),
    signals=("line_punct_ratio", "short_line_ratio", "char_dup_ratio", "list_ratio"),
    needs=(Need("package", "spacy", ("words", ("spacy",))),),
)
